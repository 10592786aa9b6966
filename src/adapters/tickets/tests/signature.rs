//! Webhooks: the golden vectors of every system, and what must not pass.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use expect_test::expect;
use reqwest::header::{HeaderMap, HeaderValue};

use super::CASES;
use super::kit::{Case, HASTE, SECRET};
use crate::adapters::tickets::{Account, Delivery, Event, Facts, NotHeard};

/// Signed with the key "s3cr3t-key"; 40 bytes.
const BODY: &str = r#"{"ticket":{"id":42,"subject":"Grüße"}}"#;
const URL: &str = "https://bot.example.com/hooks/hubspot";

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 23, 9, 31, 0).single().expect("an instant")
}

/// A system, and the headers with which the body above is genuine.
const GOLDEN: [(&str, &[(&str, &str)]); 13] = [
    (
        "zendesk",
        &[
            ("x-zendesk-webhook-signature", "Jeb5EImv+plFY/mIBs+18PQodx+fvVo0bCIMnq2qFYc="),
            ("x-zendesk-webhook-signature-timestamp", "2026-11-23T09:30:00Z"),
        ],
    ),
    ("freshdesk", &[("x-escalation-secret", SECRET)]),
    ("intercom", &[("x-hub-signature", "sha1=e4a8fdcc2afda161431f65fc7d56c3de550121c8")]),
    ("jira", &[("x-hub-signature", "sha256=06db2c30727b52b3f545541b14bf95cbaadb13c26c6097a7eb8a6b2f7b1d4338")]),
    ("zammad", &[("x-hub-signature", "sha1=e4a8fdcc2afda161431f65fc7d56c3de550121c8")]),
    ("helpscout", &[("x-helpscout-signature", "5Kj9zCr9oWFDH2X8fVbD3lUBIcg=")]),
    ("front", &[("x-front-signature", "5Kj9zCr9oWFDH2X8fVbD3lUBIcg=")]),
    (
        "front",
        &[
            ("x-front-signature", "dut8a/q60upLo1XK8U5t/vIqihQOmx14rYZj3LqfAdA="),
            ("x-front-request-timestamp", "1795426200000"),
        ],
    ),
    (
        "hubspot",
        &[
            ("x-hubspot-signature-v3", "GhHALs3I+0pS/Q8Fl2FKQGVzqtVC6aB4isJoKJyJRNQ="),
            ("x-hubspot-request-timestamp", "1795426200000"),
        ],
    ),
    ("rt", &[("x-escalation-secret", SECRET)]),
    ("redmine", &[("x-escalation-secret", SECRET)]),
    ("github", &[("x-hub-signature-256", "sha256=06db2c30727b52b3f545541b14bf95cbaadb13c26c6097a7eb8a6b2f7b1d4338")]),
    ("gitlab", &[("x-gitlab-token", SECRET)]),
];

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| ((*name).parse().expect("a name"), value.parse().expect("a value"))).collect()
}

fn case(kind: &str) -> &'static Case {
    CASES.into_iter().find(|case| case.kind == kind).expect("a case")
}

fn account(kind: &str) -> Account {
    case(kind).account("http://127.0.0.1:9", HASTE)
}

/// Whether a signature passes, whatever the body says.
fn verdict(account: &Account, headers: &HeaderMap, body: &str, now: DateTime<Utc>) -> Result<(), NotHeard> {
    match account.verify(&Delivery { headers, body: body.as_bytes(), url: URL }, now) {
        // What is signed was read: the golden body is not every system's.
        Ok(_) | Err(NotHeard::NotUnderstood { .. }) => Ok(()),
        Err(refused) => Err(refused),
    }
}

#[test]
fn golden_vectors() {
    for (kind, pairs) in GOLDEN {
        assert_eq!(verdict(&account(kind), &headers(pairs), BODY, now()), Ok(()), "{kind}");
    }
}

#[test]
fn what_is_not_exactly_so_is_forged() {
    for (kind, pairs) in GOLDEN {
        let (account, good) = (account(kind), headers(pairs));
        let signed_body = !["x-escalation-secret", "x-gitlab-token"].contains(&pairs[0].0);
        if signed_body {
            let flipped = BODY.replacen("42", "43", 1);
            let rewritten = BODY.replace("\":", "\": ");
            for body in [flipped.as_str(), rewritten.as_str(), ""] {
                assert_eq!(verdict(&account, &good, body, now()), Err(NotHeard::Forged), "{kind}: {body}");
            }
        }
        let value = pairs[0].1;
        let bare = value.split_once('=').map_or("x", |(_, rest)| rest);
        for wrong in [&value.to_uppercase(), &value[1..], bare, "", "sha256=", &format!("{value} "), "\u{e4}"] {
            let mut headers = good.clone();
            headers.insert(pairs[0].0, HeaderValue::from_bytes(wrong.as_bytes()).expect("a header"));
            // Spaces around a header's value are not part of it.
            let expected = if wrong.trim() == value { Ok(()) } else { Err(NotHeard::Forged) };
            let found = verdict(&account, &headers, BODY, now());
            assert!(found == expected || found == Err(NotHeard::Forged), "{kind}: {wrong:?}: {found:?}");
        }
        let mut without = good.clone();
        without.remove(pairs[0].0);
        assert!(matches!(verdict(&account, &without, BODY, now()), Err(NotHeard::NotSigned { .. })), "{kind}");
    }
}

#[test]
fn what_was_recorded_cannot_be_sent_again_later() {
    for (kind, pairs) in GOLDEN.into_iter().filter(|(_, pairs)| pairs.len() == 2) {
        let (account, good) = (account(kind), headers(pairs));
        for (minutes, expected) in [(4, Ok(())), (6, Err(NotHeard::Stale)), (-7, Err(NotHeard::Stale))] {
            let later = now() + TimeDelta::minutes(minutes);
            assert_eq!(verdict(&account, &good, BODY, later), expected, "{kind} after {minutes} min");
        }
        let mut moved = good.clone();
        moved.insert(pairs[1].0, "2026-11-23T09:30:01Z".parse().expect("a value"));
        assert_eq!(verdict(&account, &moved, BODY, now()), Err(NotHeard::Forged), "{kind}: the time is signed too");
    }
}

#[test]
fn another_key_another_address_and_no_key() {
    let settings = case("zendesk").settings("http://127.0.0.1:9");
    let with = |key: Option<&str>| {
        let key = key.map(secrecy::SecretString::from);
        Account::with_secrets(&settings, "token".into(), key, HASTE, None).expect("an account")
    };
    let good = headers(GOLDEN[0].1);
    assert_eq!(verdict(&with(Some("another")), &good, BODY, now()), Err(NotHeard::Forged));
    assert_eq!(verdict(&with(None), &good, BODY, now()), Err(NotHeard::NoSecret));
    let hubspot = headers(GOLDEN[8].1);
    let elsewhere = Delivery { headers: &hubspot, body: BODY.as_bytes(), url: "https://bot.example.com/hooks/other" };
    assert_eq!(account("hubspot").verify(&elsewhere, now()), Err(NotHeard::Forged));
    // The older signature of HubSpot's is none.
    let old = headers(&[("x-hubspot-signature", "b05484d8b833166365d9dce1b943f215f62024c246497694109d11eff27b7205")]);
    let refused = verdict(&account("hubspot"), &old, BODY, now());
    assert_eq!(refused, Err(NotHeard::NotSigned { header: "x-hubspot-signature-v3" }));
}

/// What a genuine body is about; signatures are not looked at.
fn about(kind: &str, pairs: &[(&'static str, &str)], body: &str) -> String {
    let interface = Facts::of(kind).and_then(|facts| facts.interface.as_ref()).expect("an interface");
    let value: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let headers = headers(pairs);
    let delivery = Delivery { headers: &headers, body: body.as_bytes(), url: URL };
    let account = case(kind).account.unwrap_or_default();
    match (interface.events)(&super::super::node::Node::root(&value), &delivery, account) {
        Ok(events) if events.is_empty() => format!("{kind}: nothing\n"),
        Ok(events) => {
            let told = events
                .iter()
                .map(|Event { delivery, ticket }| format!("{ticket} by {}", &delivery[..delivery.len().min(12)]));
            format!("{kind}: {}\n", told.collect::<Vec<_>>().join(", "))
        }
        Err(error) => format!("{kind}: {error}\n"),
    }
}

#[test]
fn what_webhooks_are_about() {
    let all = [
        about("zendesk", &[("x-zendesk-webhook-invocation-id", "01HABC")], r#"{"ticket_id": "42", "event": "x"}"#),
        about(
            "zendesk",
            &[],
            r#"{"type":"zen:event-type:ticket.priority_changed","subject":"zen:ticket:42","detail":{"id":"42"}}"#,
        ),
        about("zendesk", &[], r#"{"hello": 1}"#),
        about("freshdesk", &[], r#"{"ticket_id": 42, "updated_at": "2026-11-23T09:20:00Z"}"#),
        about("freshdesk", &[], r#"{"ticket_id": 42}"#),
        about(
            "intercom",
            &[],
            r#"{"id":"notif_1","topic":"conversation.user.replied","data":{"item":{"type":"conversation","id":"215469"}}}"#,
        ),
        about("intercom", &[], r#"{"id":"notif_2","topic":"ping","data":{"item":{"type":"ping"}}}"#),
        about(
            "jira",
            &[("x-atlassian-webhook-identifier", "w1")],
            r#"{"webhookEvent":"jira:issue_updated","issue":{"id":"10001","key":"SUP-42"}}"#,
        ),
        about("jira", &[], r#"{"webhookEvent":"user_created"}"#),
        about("zammad", &[("x-zammad-delivery", "d1")], r#"{"ticket":{"id":5,"number":"22005"},"article":{"id":9}}"#),
        about(
            "helpscout",
            &[("x-helpscout-event", "convo.customer.reply.created")],
            r#"{"id":2391938111,"number":349}"#,
        ),
        about("helpscout", &[("x-helpscout-event", "helpscout.test")], r#"{"id":1}"#),
        about("front", &[], r#"{"id":"evt_1","type":"inbound","conversation":{"id":"cnv_55c8"}}"#),
        about("front", &[], r#"{"type":"inbound_received","payload":{"id":"evt_2","conversation":{"id":"cnv_55c8"}}}"#),
        about("front", &[], r#"{"type":"sync"}"#),
        about(
            "hubspot",
            &[],
            r#"[{"eventId":1,"subscriptionId":12,"portalId":62515,"occurredAt":1795426200000,"subscriptionType":"ticket.propertyChange","objectId":123},{"eventId":2,"subscriptionId":12,"portalId":1,"occurredAt":1,"subscriptionType":"ticket.creation","objectId":9}]"#,
        ),
        about("rt", &[], r#"{"ticket_id": "1", "updated_at": "2026-11-23T09:20:00Z"}"#),
        about(
            "github",
            &[("x-github-delivery", "g1")],
            r#"{"action":"opened","issue":{"number":42},"repository":{"full_name":"Harbor/Router"}}"#,
        ),
        about("github", &[], r#"{"action":"opened","issue":{"number":42},"repository":{"full_name":"evil/router"}}"#),
        about(
            "gitlab",
            &[("x-gitlab-event-uuid", "l1")],
            r#"{"object_kind":"note","issue":{"iid":42},"project":{"path_with_namespace":"support/desk"}}"#,
        ),
        about(
            "gitlab",
            &[],
            r#"{"object_kind":"issue","object_attributes":{"iid":42},"project":{"path_with_namespace":"other/desk"}}"#,
        ),
    ];
    expect![[r#"
        zendesk: 42 by 01HABC
        zendesk: 42 by 4e3a7d399631
        zendesk: its answer cannot be understood: ticket_id is nothing instead of an id
        freshdesk: 42 by a47630ca64aa
        freshdesk: its answer cannot be understood: updated_at is nothing instead of an id
        intercom: 215469 by notif_1
        intercom: nothing
        jira: SUP-42 by w1
        jira: nothing
        zammad: 5 by d1
        helpscout: 2391938111 by 4fac10871508
        helpscout: nothing
        front: cnv_55c8 by evt_1
        front: cnv_55c8 by evt_2
        front: nothing
        hubspot: 123 by 1-12-1795426
        rt: 1 by fca403ada861
        github: 42 by g1
        github: nothing
        gitlab: 42 by l1
        gitlab: nothing
    "#]]
    .assert_eq(&all.concat());
}

#[test]
fn an_event_is_about_a_ticket_that_could_be() {
    let secret = headers(&[("x-escalation-secret", SECRET)]);
    let heard = |body: &str| {
        account("freshdesk").verify(&Delivery { headers: &secret, body: body.as_bytes(), url: URL }, now())
    };
    let events = heard(r#"{"ticket_id": 42, "updated_at": "now"}"#).expect("an event");
    assert_eq!(events[0].ticket, "42");
    assert_eq!(heard(r#"{"ticket_id": "../users/7?x=", "updated_at": "now"}"#), Ok(Vec::new()));
    assert_eq!(heard("ticket_id=42"), Err(NotHeard::NotUnderstood { what: "it is not JSON".to_owned() }));
    assert!(matches!(heard("[]"), Err(NotHeard::NotUnderstood { .. })));
}
