use expect_test::expect;
use serde_json::json;

use super::kit::{Case, Expected, HASTE, Listing, check, numbered, since};
use super::server::{Reply, Server};
use crate::adapters::tickets::InternalNote;
use crate::sop::ticket::Requester;

pub(super) const CASE: Case = Case {
    kind: "gitlab",
    host: "gitlab.harbor.test",
    account: Some("support/desk"),
    user: None,
    client: None,
    plan_field: None,
    link: "https://gitlab.harbor.test/support/desk/-/issues/42",
    id: "42",
    signed: ("private-token", "t0ken-of-the-account"),
    recorded: || {
        let note = |id: u32, login: &str, system: bool, internal: bool, body: &str| {
            json!({"id": id, "author": {"id": 1, "username": login, "name": login}, "system": system,
                "internal": internal, "body": body, "created_at": "2026-11-23T09:10:00.000Z"})
        };
        vec![
            (
                "GET /api/v4/projects/support%2Fdesk/issues/42",
                json!({"id": 9001, "iid": 42, "title": "Router drops", "description": "It drops", "state": "opened",
                    "labels": ["bug"], "author": {"id": 1, "username": "support-bot", "name": "Support Bot"},
                    "assignees": [{"id": 7, "name": "Sofia"}], "confidential": true,
                    "service_desk_reply_to": "dana@customer.test",
                    "created_at": "2026-11-23T09:00:00.000Z", "updated_at": "2026-11-23T09:20:00.000Z"}),
            ),
            (
                "GET /api/v4/projects/support%2Fdesk/issues/42/notes",
                json!([
                    note(1, "sofia", true, false, "assigned to @sofia"),
                    note(2, "sofia", false, true, "known fault"),
                    note(3, "support-bot", false, false, "Still so")
                ]),
            ),
            ("GET /api/v4/projects/support%2Fdesk/issues", json!([])),
            ("GET /api/v4/user", json!({"id": 77, "username": "bellhop"})),
            ("GET /api/v4/projects/support%2Fdesk/members/all/77", json!({"id": 77, "access_level": 20})),
            ("POST /api/v4/projects/support%2Fdesk/issues/42/notes", json!({"id": 4})),
            ("PUT /api/v4/projects/support%2Fdesk/issues/42", json!({"iid": 42})),
        ]
    },
    with_note: |text| {
        let note = json!({"id": 4, "author": {"username": "bot", "name": "Bot"}, "system": false, "internal": true,
            "body": text, "created_at": "2026-11-23T10:00:00.000Z"});
        ("GET /api/v4/projects/support%2Fdesk/issues/42/notes", json!([note]))
    },
    is_internal: |asked| asked.path.ends_with("/notes") && asked.body["internal"] == json!(true),
    is_public: |asked| asked.path.ends_with("/notes") && asked.body["internal"] != json!(true),
    group: "tier-2",
    person: "7",
    changes: Listing {
        route: "GET /api/v4/projects/support%2Fdesk/issues",
        size: 100,
        id: |n| n.to_string(),
        item: |id, at| json!({"id": 9001, "iid": id, "updated_at": at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()}),
        page: |items, _| items.into(),
        asked: numbered,
    },
};

#[tokio::test]
async fn verbs() {
    let expected = Expected {
        ticket: expect![[r#"
            42 (#42) "Router drops": open, priority -, tags ["bug"]
            from support-bot "Support Bot" <dana@customer.test>, organisation -, plan -, tags []
            assignee Sofia, group support/desk
            created 2026-11-23 09:00:00, updated 2026-11-23 09:20:00
            description 2026-11-23 09:00:00 Customer Public "Support Bot": "It drops"
            1 2026-11-23 09:10:00 System Public "sofia": "assigned to @sofia"
            2 2026-11-23 09:10:00 Agent Internal "sofia": "known fault"
            3 2026-11-23 09:10:00 Customer Public "support-bot": "Still so"
        "#]],
        read: expect![[r#"
            GET /api/v4/projects/support%2Fdesk/issues/42
            GET /api/v4/projects/support%2Fdesk/issues/42/notes ? sort=asc & order_by=created_at & per_page=100
        "#]],
        note: expect![[r#"
            POST /api/v4/projects/support%2Fdesk/issues/42/notes
              {"body":"Taken by Sofia.\n<b>\"Tier 2\" & co</b>\n\n[ESC-12 #3]","internal":true}
        "#]],
        reply: expect![[r#"
            POST /api/v4/projects/support%2Fdesk/issues/42/notes
              {"body":"We are on it.\n1 < 2","internal":false}
        "#]],
        assign: expect![[r#"
            PUT /api/v4/projects/support%2Fdesk/issues/42
              {"assignee_ids":[7]}
            [Err(Impossible { why: "GitLab assigns issues to people only" }), Ok(())]
        "#]],
        tag: expect![[r#"
            PUT /api/v4/projects/support%2Fdesk/issues/42
              {"add_labels":"escalated"}
        "#]],
        count: expect![[r#"
            Err(Impossible { why: "GitLab does not count the issues of who writes by mail" })
        "#]],
        changed: expect![[r#"
            GET /api/v4/projects/support%2Fdesk/issues ? updated_after=2026-10-24T00:00:00Z & scope=all & order_by=updated_at & sort=asc & per_page=100
            Ok(["1 at 2026-10-24 00:00:00 UTC"])
        "#]],
    };
    check(&CASE, expected).await;
}

/// It would take the note and make it public.
#[tokio::test]
async fn who_may_not_write_internal_notes_writes_none() {
    for (level, may) in [(None, false), (Some(10), false), (Some(15), true), (Some(50), true)] {
        let answer = CASE.answer();
        let server = Server::start(move |asked| match (asked.path.contains("/members/"), level) {
            (true, None) => Reply::Json(404, json!({"message": "404 Not found"})),
            (true, Some(level)) => Reply::Json(200, json!({"id": 77, "access_level": level})),
            (false, _) => answer(asked),
        })
        .await;
        let account = CASE.account(&server.url, HASTE);
        let id = account.ticket_id("42").expect("an id");
        let noted = account.internal_note(&id, &InternalNote::new("for staff only", "[ESC-12 #3]"), false).await;
        assert_eq!((noted.is_ok(), server.written().len()), (may, usize::from(may)), "{level:?}");
    }
}

#[tokio::test]
async fn the_number_of_issues_stands_in_a_header() {
    let answer = Reply::Text { status: 200, headers: vec![("x-total", "3".to_owned())], body: "[]".to_owned() };
    let server = Server::start(move |_| answer.clone()).await;
    let dana = Requester { id: "dana".to_owned(), ..Requester::default() };
    assert_eq!(CASE.account(&server.url, HASTE).recent_count(&dana, since()).await, Ok(3));
    expect![[r#"
        GET /api/v4/projects/support%2Fdesk/issues ? author_username=dana & created_after=2026-10-24T00:00:00Z & per_page=1
    "#]].assert_eq(&super::server::told(&server.asked()));
}
