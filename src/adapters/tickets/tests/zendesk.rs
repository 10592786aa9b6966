use expect_test::expect;
use serde_json::json;

use super::kit::{Case, Expected, Listing, check, iso, numbered};

pub(super) const CASE: Case = Case {
    kind: "zendesk",
    host: "harbor.zendesk.com",
    account: None,
    user: None,
    client: None,
    plan_field: Some("plan"),
    link: "https://harbor.zendesk.com/agent/tickets/42",
    id: "42",
    signed: ("authorization", "Bearer t0ken-of-the-account"),
    recorded: || {
        let dana = json!({"id": 20_978_392, "name": "Dana\u{202e}", "email": "dana@customer.test", "role": "end-user",
            "organization_id": 509_974, "user_fields": {"plan": "silver"}, "tags": ["beta"]});
        let sofia = json!({"id": 235_323, "name": "Sofia", "email": "sofia@harbor.test", "role": "agent"});
        vec![
            (
                "GET /api/v2/tickets/42.json",
                json!({"ticket": {"id": 42, "subject": "Router drops", "description": "It drops", "status": "pending",
                    "priority": "high", "type": "incident", "requester_id": 20_978_392, "assignee_id": 235_323,
                    "organization_id": 509_974, "group_id": 98_738, "tags": ["vip"],
                    "custom_fields": [{"id": 27_642, "value": "745"}], "via": {"channel": "email"},
                    "created_at": "2026-11-23T09:00:00Z", "updated_at": "2026-11-23T09:20:00Z"},
                    "users": [dana, sofia], "groups": [{"id": 98_738, "name": "Tier 2"}],
                    "organizations": [{"id": 509_974, "name": "Acme", "tags": ["key"],
                        "organization_fields": {"plan": "gold"}}]}),
            ),
            (
                "GET /api/v2/tickets/42/comments.json page[after]=xyz",
                json!({"comments": [{"id": 3, "type": "Comment", "author_id": -1, "public": false,
                    "plain_body": "A rule ran.", "created_at": "2026-11-23T09:20:00Z"}],
                    "users": [], "meta": {"has_more": false}}),
            ),
            (
                "GET /api/v2/tickets/42/comments.json",
                json!({"comments": [
                    {"id": 1, "type": "Comment", "author_id": 20_978_392, "public": true, "body": "It drops  ",
                        "plain_body": "It drops\r\nevery night. @everyone", "html_body": "<p>It drops", "attachments": [],
                        "via": {"channel": "email"}, "created_at": "2026-11-23T09:00:00Z"},
                    {"id": 2, "type": "Comment", "author_id": 235_323, "public": false, "body": "known fault",
                        "created_at": "2026-11-23T09:10:00Z"}],
                    "users": [dana, sofia], "meta": {"has_more": true, "after_cursor": "xyz"},
                    "links": {"next": "https://evil.example/next"}}),
            ),
            ("GET /api/v2/search/count.json", json!({"count": 3})),
            ("PUT /api/v2/tickets/42.json", json!({"ticket": {"id": 42}})),
            ("PUT /api/v2/tickets/42/tags.json", json!({"tags": ["vip", "escalated"]})),
        ]
    },
    with_note: |text| {
        let note = json!({"id": 9, "author_id": 235_323, "public": false, "plain_body": text,
            "created_at": "2026-11-23T10:00:00Z"});
        ("GET /api/v2/tickets/42/comments.json", json!({"comments": [note], "meta": {"has_more": false}}))
    },
    is_internal: |asked| asked.method == "PUT" && asked.body["ticket"]["comment"]["public"] == json!(false),
    is_public: |asked| asked.body["ticket"]["comment"]["public"] != json!(false),
    group: "98738",
    person: "235323",
    changes: Listing {
        route: "GET /api/v2/search.json",
        size: 100,
        id: |n| n.to_string(),
        item: |id, at| json!({"id": id, "result_type": "ticket", "updated_at": iso(at)}),
        page: |items, _| json!({"results": items, "count": 1_000}),
        asked: numbered,
    },
};

#[tokio::test]
async fn verbs() {
    let expected = Expected {
        ticket: expect![[r#"
            42 (#42) "Router drops": waiting, priority high, tags ["vip"]
            from 20978392 "Dana" <dana@customer.test>, organisation Acme, plan gold, tags ["beta", "key"]
            assignee Sofia, group Tier 2
            created 2026-11-23 09:00:00, updated 2026-11-23 09:20:00
            1 2026-11-23 09:00:00 Customer Public "Dana": "It drops\nevery night. @everyone"
            2 2026-11-23 09:10:00 Agent Internal "Sofia": "known fault"
            3 2026-11-23 09:20:00 System Internal "": "A rule ran."
        "#]],
        read: expect![[r#"
            GET /api/v2/tickets/42.json ? include=users,groups,organizations
            GET /api/v2/tickets/42/comments.json ? include=users & page[size]=100
            GET /api/v2/tickets/42/comments.json ? include=users & page[size]=100 & page[after]=xyz
        "#]],
        note: expect![[r#"
            PUT /api/v2/tickets/42.json
              {"ticket":{"comment":{"body":"Taken by Sofia.\n<b>\"Tier 2\" & co</b>\n\n[ESC-12 #3]","public":false}}}
        "#]],
        reply: expect![[r#"
            PUT /api/v2/tickets/42.json
              {"ticket":{"comment":{"body":"We are on it.\n1 < 2","public":true}}}
        "#]],
        assign: expect![[r#"
            PUT /api/v2/tickets/42.json
              {"ticket":{"group_id":98738}}
            PUT /api/v2/tickets/42.json
              {"ticket":{"assignee_id":235323}}
        "#]],
        tag: expect![[r#"
            PUT /api/v2/tickets/42/tags.json
              {"tags":["escalated"]}
        "#]],
        count: expect![[r#"
            GET /api/v2/search/count.json ? query=type:ticket requester:20978392 created>2026-10-24T00:00:00Z
            Ok(3)
        "#]],
        changed: expect![[r#"
            GET /api/v2/search.json ? query=type:ticket updated>=2026-10-24T00:00:00Z & sort_by=updated_at & sort_order=asc & per_page=100
            Ok(["1 at 2026-10-24 00:00:00 UTC"])
        "#]],
    };
    check(&CASE, expected).await;
}
