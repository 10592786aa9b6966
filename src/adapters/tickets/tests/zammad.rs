use expect_test::expect;
use serde_json::json;

use super::kit::{Case, Expected, Listing, check, numbered};

pub(super) const CASE: Case = Case {
    kind: "zammad",
    host: "desk.harbor.test",
    account: None,
    user: None,
    client: None,
    plan_field: Some("plan"),
    link: "https://desk.harbor.test/#ticket/zoom/5/9",
    id: "5",
    signed: ("authorization", "Token token=t0ken-of-the-account"),
    recorded: || {
        vec![
            (
                "GET /api/v1/tickets/5",
                json!({"id": 5, "number": "22005", "title": "Router drops", "state": "pending reminder",
                    "priority": "3 high", "group": "Users", "owner": "sofia@harbor.test", "customer": "dana@customer.test",
                    "customer_id": 3, "organization": "Acme", "created_at": "2026-11-23T09:00:00.000Z",
                    "updated_at": "2026-11-23T09:20:00.000Z"}),
            ),
            (
                "GET /api/v1/ticket_articles/by_ticket/5",
                json!([
                    {"id": 9, "ticket_id": 5, "type": "email", "sender": "Customer", "internal": false,
                        "from": "Dana <dana@customer.test>", "content_type": "text/html",
                        "body": "<p>It drops <b>every</b> night.</p><script>x()</script><p>Please &amp; thanks</p>",
                        "created_by": "dana@customer.test", "created_at": "2026-11-23T09:00:00.000Z"},
                    {"id": 10, "ticket_id": 5, "type": "note", "sender": "Agent", "internal": true, "from": "Sofia",
                        "content_type": "text/plain", "body": "known <fault>", "created_by": "sofia@harbor.test",
                        "created_at": "2026-11-23T09:10:00.000Z"}
                ]),
            ),
            ("GET /api/v1/tags", json!({"tags": ["vip"]})),
            (
                "GET /api/v1/users/3",
                json!({"id": 3, "firstname": "Dana", "lastname": "Doe", "email": "dana@customer.test", "vip": true,
                    "plan": "gold"}),
            ),
            ("GET /api/v1/tickets/search", json!({"total_count": 3})),
            ("POST /api/v1/ticket_articles", json!({"id": 11})),
            ("POST /api/v1/tags/add", json!(true)),
            ("PUT /api/v1/tickets/5", json!({"id": 5})),
        ]
    },
    with_note: |text| {
        let note = json!({"id": 11, "type": "note", "sender": "Agent", "internal": true, "from": "Bot",
            "content_type": "text/plain", "body": text, "created_at": "2026-11-23T10:00:00.000Z"});
        ("GET /api/v1/ticket_articles/by_ticket/5", json!([note]))
    },
    is_internal: |asked| {
        asked.path.ends_with("/ticket_articles")
            && asked.body["type"] == json!("note")
            && asked.body["internal"] == json!(true)
    },
    // A mail is sent whatever `internal` says.
    is_public: |asked| {
        asked.path.ends_with("/ticket_articles")
            && (asked.body["type"] != json!("note") || asked.body["internal"] != json!(true))
    },
    group: "2nd Level",
    person: "sofia@harbor.test",
    changes: Listing {
        route: "GET /api/v1/tickets/search",
        size: 100,
        id: |n| n.to_string(),
        item: |id, at| json!({"id": id, "number": "22005", "updated_at": at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()}),
        page: |items, _| items.into(),
        asked: numbered,
    },
};

#[tokio::test]
async fn verbs() {
    let expected = Expected {
        ticket: expect![[r#"
            5 (#22005) "Router drops": waiting, priority high, tags ["vip"]
            from 3 "Dana Doe" <dana@customer.test>, organisation Acme, plan gold, tags ["vip"]
            assignee sofia@harbor.test, group Users
            created 2026-11-23 09:00:00, updated 2026-11-23 09:20:00
            9 2026-11-23 09:00:00 Customer Public "Dana <dana@customer.test>": "It drops every night.\n\nPlease & thanks"
            10 2026-11-23 09:10:00 Agent Internal "Sofia": "known <fault>"
        "#]],
        read: expect![[r#"
            GET /api/v1/tickets/5 ? expand=true
            GET /api/v1/ticket_articles/by_ticket/5
            GET /api/v1/tags ? object=Ticket & o_id=5
            GET /api/v1/users/3 ? expand=true
        "#]],
        note: expect![[r#"
            POST /api/v1/ticket_articles
              {"body":"Taken by Sofia.\n<b>\"Tier 2\" & co</b>\n\n[ESC-12 #3]","content_type":"text/plain","internal":true,"ticket_id":5,"type":"note"}
        "#]],
        reply: expect![[r#"
            POST /api/v1/ticket_articles
              {"body":"We are on it.\n1 < 2","content_type":"text/plain","internal":false,"ticket_id":5,"to":"dana@customer.test","type":"email"}
        "#]],
        assign: expect![[r#"
            PUT /api/v1/tickets/5
              {"group":"2nd Level"}
            PUT /api/v1/tickets/5
              {"owner":"sofia@harbor.test"}
        "#]],
        tag: expect![[r#"
            POST /api/v1/tags/add
              {"item":"escalated","o_id":5,"object":"Ticket"}
        "#]],
        count: expect![[r#"
            GET /api/v1/tickets/search ? query=customer_id:3 AND created_at:[2026-10-24 TO *] & only_total_count=true
            Ok(3)
        "#]],
        changed: expect![[r#"
            GET /api/v1/tickets/search ? query=updated_at:[2026-10-24T00:00:00Z TO *] & sort_by=updated_at & order_by=asc & expand=true & per_page=100
            Ok(["1 at 2026-10-24 00:00:00 UTC"])
        "#]],
    };
    check(&CASE, expected).await;
}
