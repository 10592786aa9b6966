use expect_test::expect;
use serde_json::json;

use super::kit::{Case, Expected, HASTE, Listing, check, iso};
use super::server::{Reply, Server};
use crate::adapters::tickets::InternalNote;

pub(super) const CASE: Case = Case {
    kind: "redmine",
    host: "redmine.harbor.test",
    account: None,
    user: None,
    client: None,
    plan_field: Some("Plan"),
    link: "https://redmine.harbor.test/issues/1#note-2",
    id: "1",
    signed: ("x-redmine-api-key", "t0ken-of-the-account"),
    recorded: || {
        let journal = |id: u32, user: u32, name: &str, notes: &str, private: bool| {
            json!({"id": id, "user": {"id": user, "name": name}, "notes": notes, "private_notes": private,
                "created_on": "2026-11-23T09:44:36Z", "details": []})
        };
        vec![
            (
                "GET /issues/1.json",
                json!({"issue": {"id": 1, "project": {"id": 1, "name": "Support"}, "tracker": {"id": 3, "name": "Support"},
                    "status": {"id": 4, "name": "Feedback", "is_closed": false}, "priority": {"id": 5, "name": "Immediate"},
                    "author": {"id": 5, "name": "Dana Customer"}, "assigned_to": {"id": 7, "name": "Sofia"},
                    "subject": "Router drops", "description": "It drops every night", "is_private": false,
                    "created_on": "2026-11-23T09:44:35Z", "updated_on": "2026-11-23T09:48:02Z", "closed_on": null,
                    "custom_fields": [{"id": 1, "name": "Plan", "value": "gold"}],
                    "journals": [journal(1, 1, "Redmine Admin", "known fault", true), journal(2, 1, "Redmine Admin", "", false),
                        journal(3, 5, "Dana Customer", "Still so", false)]}}),
            ),
            (
                "GET /users/current.json",
                json!({"user": {"id": 7, "login": "bellhop", "admin": false, "memberships": [
                    {"id": 1, "project": {"id": 2, "name": "Sales"}, "roles": [{"id": 4, "name": "Developer"}]},
                    {"id": 2, "project": {"id": 1, "name": "Support"}, "roles": [{"id": 4, "name": "Developer"},
                        {"id": 3, "name": "Manager"}]}]}}),
            ),
            ("GET /roles/3.json", json!({"role": {"id": 3, "permissions": ["view_issues", "set_notes_private"]}})),
            ("GET /roles/4.json", json!({"role": {"id": 4, "permissions": ["view_issues"]}})),
            ("GET /users/5.json", json!({"user": {"id": 5, "mail": "dana@customer.test"}})),
            ("GET /issues.json", json!({"issues": [], "total_count": 3, "offset": 0, "limit": 1})),
            ("PUT /issues/1.json", json!(null)),
        ]
    },
    with_note: |text| {
        let note = json!({"id": 9, "user": {"id": 1}, "notes": text, "private_notes": true,
            "created_on": "2026-11-23T10:00:00Z"});
        let issue = json!({"id": 1, "project": {"id": 1}, "author": {"id": 5}, "created_on": "2026-11-23T09:44:35Z",
            "updated_on": "2026-11-23T09:48:02Z", "journals": [note]});
        ("GET /issues/1.json", json!({"issue": issue}))
    },
    is_internal: |asked| asked.method == "PUT" && asked.body["issue"]["private_notes"] == json!(true),
    is_public: |asked| asked.method == "PUT" && asked.body["issue"]["private_notes"] != json!(true),
    group: "12",
    person: "7",
    changes: Listing {
        route: "GET /issues.json",
        size: 100,
        id: |n| n.to_string(),
        item: |id, at| json!({"id": id, "updated_on": iso(at)}),
        page: |items, _| json!({"issues": items, "total_count": 1_000, "offset": 0, "limit": 100}),
        asked: |asked| asked.asks_for("offset").map_or(0, |offset| offset.parse::<usize>().expect("a number") / 100),
    },
};

#[tokio::test]
async fn verbs() {
    let expected = Expected {
        ticket: expect![[r#"
            1 (#1) "Router drops": waiting, priority urgent, tags []
            from 5 "Dana Customer" <dana@customer.test>, organisation -, plan gold, tags []
            assignee Sofia, group Support
            created 2026-11-23 09:44:35, updated 2026-11-23 09:48:02
            description 2026-11-23 09:44:35 Customer Public "Dana Customer": "It drops every night"
            1 2026-11-23 09:44:36 Agent Internal "Redmine Admin": "known fault"
            3 2026-11-23 09:44:36 Customer Public "Dana Customer": "Still so"
        "#]],
        read: expect![[r#"
            GET /issues/1.json ? include=journals
            GET /users/5.json
        "#]],
        note: expect![[r#"
            PUT /issues/1.json
              {"issue":{"notes":"Taken by Sofia.\n<b>\"Tier 2\" & co</b>\n\n[ESC-12 #3]","private_notes":true}}
        "#]],
        reply: expect![[r#"
            PUT /issues/1.json
              {"issue":{"notes":"We are on it.\n1 < 2","private_notes":false}}
        "#]],
        assign: expect![[r#"
            PUT /issues/1.json
              {"issue":{"assigned_to_id":12}}
            PUT /issues/1.json
              {"issue":{"assigned_to_id":7}}
            [Err(Refused { status: 204, why: "it says nothing, and did not do it: may the account edit the issue?" }), Ok(())]
        "#]],
        tag: expect![[r#"
            Err(Impossible { why: "Redmine has no tags" })
        "#]],
        count: expect![[r#"
            GET /issues.json ? author_id=5 & status_id=* & created_on=>=2026-10-24T00:00:00Z & limit=1
            Ok(3)
        "#]],
        changed: expect![[r#"
            GET /issues.json ? status_id=* & updated_on=>=2026-10-24T00:00:00Z & sort=updated_on:asc & limit=100
            Ok(["1 at 2026-10-24 00:00:00 UTC"])
        "#]],
    };
    check(&CASE, expected).await;
}

/// It would take the note and make it public.
#[tokio::test]
async fn who_may_not_write_private_notes_writes_none() {
    let sales = json!({"project": {"id": 2}, "roles": [{"id": 3}]});
    let developer = json!({"project": {"id": 1}, "roles": [{"id": 4}]});
    let manager = json!({"project": {"id": 1}, "roles": [{"id": 4}, {"id": 3}]});
    for (admin, memberships, may) in [
        (false, vec![], false),
        (false, vec![sales.clone()], false),
        (false, vec![sales, developer], false),
        (false, vec![manager], true),
        (true, vec![], true),
    ] {
        let answer = CASE.answer();
        let user = json!({"user": {"admin": admin, "memberships": memberships}});
        let server = Server::start(move |asked| match asked.path.as_str() {
            "/users/current.json" => Reply::Json(200, user.clone()),
            _ => answer(asked),
        })
        .await;
        let account = CASE.account(&server.url, HASTE);
        let id = account.ticket_id("1").expect("an id");
        let noted = account.internal_note(&id, &InternalNote::new("for staff only", "[ESC-12 #3]"), false).await;
        assert_eq!((noted.is_ok(), server.written().len()), (may, usize::from(may)), "{admin}");
    }
}
