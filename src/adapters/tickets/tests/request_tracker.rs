use expect_test::expect;
use serde_json::json;

use super::kit::{Case, Expected, Listing, check, iso, numbered};

pub(super) const CASE: Case = Case {
    kind: "rt",
    host: "support.harbor.test",
    account: None,
    user: None,
    client: None,
    plan_field: Some("Plan"),
    link: "https://support.harbor.test/rt/Ticket/Display.html?id=1#txn-3",
    id: "1",
    signed: ("authorization", "token t0ken-of-the-account"),
    recorded: || {
        let by = |login: &str| json!({"id": login, "type": "user", "_url": "http://127.0.0.1:8089/REST/2.0/user/x"});
        let said = |id: &str, kind: &str, login: &str| json!({"id": id, "type": "transaction", "Type": kind, "Creator": by(login), "Created": "2026-11-23T09:35:09Z"});
        let text = |id: &str, of: &str, kind: &str, content: &str| {
            json!({"id": id, "type": "attachment", "TransactionId": {"id": of, "type": "transaction"},
                "ContentType": kind, "Content": content})
        };
        vec![
            (
                "GET /REST/2.0/tickets per_page=1",
                json!({"count": 1, "page": 1, "pages": 3, "per_page": 1, "total": 3, "items": [{"id": "1"}]}),
            ),
            (
                "GET /REST/2.0/tickets",
                json!({"count": 1, "page": 1, "pages": 1, "per_page": 20, "total": 1, "items": [{"id": "1",
                    "type": "ticket", "Subject": "Router drops every night", "Status": "stalled", "Priority": "90",
                    "Created": "2026-11-23T09:35:07Z", "LastUpdated": "2026-11-23T09:35:09Z",
                    "Queue": {"id": "3", "type": "queue", "Name": "Tier2"}, "Owner": by("root"),
                    "CustomFields": [{"id": "1", "name": "Plan", "values": ["gold"]}],
                    "Requestor": [{"id": "dana@customer.test", "type": "user", "EmailAddress": "dana@customer.test",
                        "RealName": "Dana Customer", "Organization": "Acme GmbH"}]}]}),
            ),
            (
                "GET /REST/2.0/ticket/1/history page=2",
                json!({"page": 2, "pages": 2, "items": [said("36", "Correspond", "dana@customer.test")]}),
            ),
            (
                "GET /REST/2.0/ticket/1/history",
                json!({"page": 1, "pages": 2, "items": [said("30", "Create", "dana@customer.test"),
                    said("31", "EmailRecord", "RT_System"), said("34", "Comment", "root"),
                    said("35", "Correspond", "root")]}),
            ),
            (
                "GET /REST/2.0/ticket/1/attachments",
                json!({"page": 1, "pages": 1, "items": [text("1", "30", "text/plain", "It drops at 2am."),
                    text("2", "31", "text/plain", "a copy"), text("3", "34", "multipart/mixed", ""),
                    text("4", "34", "text/plain", "known fault"), text("5", "35", "text/plain; charset=utf-8", "We look"),
                    text("6", "36", "text/plain", "Still so")]}),
            ),
            ("POST /REST/2.0/ticket/1/comment", json!(["Comments added"])),
            ("POST /REST/2.0/ticket/1/correspond", json!(["Correspondence added"])),
            ("PUT /REST/2.0/ticket/1", json!(["Ticket 1: That user does not exist"])),
        ]
    },
    with_note: |text| {
        let text = json!({"id": "9", "TransactionId": "34", "ContentType": "text/plain", "Content": text});
        ("GET /REST/2.0/ticket/1/attachments", json!({"page": 1, "pages": 1, "items": [text]}))
    },
    is_internal: |asked| asked.path.ends_with("/comment"),
    is_public: |asked| asked.path.ends_with("/correspond"),
    group: "Tier2",
    person: "sofia",
    changes: Listing {
        route: "GET /REST/2.0/tickets",
        size: 100,
        id: |n| n.to_string(),
        item: |id, at| json!({"id": id, "type": "ticket", "LastUpdated": iso(at)}),
        page: |items, next| json!({"count": items.len(), "items": items, "pages": next.map_or(1, |next| next + 1)}),
        asked: numbered,
    },
};

#[tokio::test]
async fn verbs() {
    let expected = Expected {
        ticket: expect![[r#"
            1 (#1) "Router drops every night": waiting, priority high, tags []
            from dana@customer.test "Dana Customer" <dana@customer.test>, organisation Acme GmbH, plan gold, tags []
            assignee root, group Tier2
            created 2026-11-23 09:35:07, updated 2026-11-23 09:35:09
            30 2026-11-23 09:35:09 Customer Public "dana@customer.test": "It drops at 2am."
            34 2026-11-23 09:35:09 Agent Internal "root": "known fault"
            35 2026-11-23 09:35:09 Agent Public "root": "We look"
            36 2026-11-23 09:35:09 Customer Public "dana@customer.test": "Still so"
        "#]],
        read: expect![[r#"
            GET /REST/2.0/tickets ? query=id=1 & fields=Subject,Status,Priority,Queue,Owner,Requestor,Created,LastUpdated,CustomFields & fields[Queue]=Name & fields[Requestor]=EmailAddress,RealName,Organization
            GET /REST/2.0/ticket/1/history ? per_page=100 & fields=Type,Creator,Created
            GET /REST/2.0/ticket/1/history ? per_page=100 & fields=Type,Creator,Created & page=2
            GET /REST/2.0/ticket/1/attachments ? per_page=100 & fields=Content,ContentType,TransactionId
        "#]],
        note: expect![[r#"
            POST /REST/2.0/ticket/1/comment
              {"Content":"Taken by Sofia.\n<b>\"Tier 2\" & co</b>\n\n[ESC-12 #3]","ContentType":"text/plain"}
        "#]],
        reply: expect![[r#"
            POST /REST/2.0/ticket/1/correspond
              {"Content":"We are on it.\n1 < 2","ContentType":"text/plain"}
        "#]],
        assign: expect![[r#"
            PUT /REST/2.0/ticket/1
              {"Queue":"Tier2"}
            PUT /REST/2.0/ticket/1
              {"Owner":"sofia"}
            [Ok(()), Err(Refused { status: 200, why: "Ticket 1: That user does not exist" })]
        "#]],
        tag: expect![[r#"
            Err(Impossible { why: "Request Tracker has no tags" })
        "#]],
        count: expect![[r#"
            GET /REST/2.0/tickets ? query=Requestor.Name = 'dana@customer.test' AND Created >= '2026-10-24 00:00:00' & per_page=1
            Ok(3)
        "#]],
        changed: expect![[r#"
            GET /REST/2.0/tickets ? query=LastUpdated >= '(n) minutes ago' & fields=LastUpdated & orderby=LastUpdated & order=ASC & per_page=100
            Ok(["1 at 2026-10-24 00:00:00 UTC"])
        "#]],
    };
    check(&CASE, expected).await;
}
