use expect_test::expect;
use serde_json::json;

use super::kit::{Case, Expected, HASTE, Listing, check, iso, numbered, since};
use super::server::{Reply, Server};
use crate::sop::ticket::Requester;

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
            json!({"id": id, "type": "attachment", "TransactionId": of, "ContentType": kind, "Content": content,
                "Filename": ""})
        };
        let file = json!({"id": "3", "type": "attachment", "TransactionId": {"id": "36", "type": "transaction"},
            "ContentType": "text/plain", "Content": "a log", "Filename": "router.log"});
        vec![
            (
                "GET /REST/2.0/tickets per_page=1",
                json!({"count": 1, "page": 1, "pages": 3, "per_page": 1, "total": 3, "items": [{"id": "1"}]}),
            ),
            (
                "GET /REST/2.0/tickets",
                json!({"count": 1, "page": 1, "pages": null, "per_page": 20, "total": null, "items": [{"id": "1",
                    "type": "ticket", "Subject": "Router drops every night", "Status": "stalled", "Priority": "90",
                    "Created": "2026-11-23T09:35:07Z", "LastUpdated": "2026-11-23T09:35:09Z",
                    "Queue": {"id": "3", "type": "queue", "Name": "Tier2"}, "Owner": by("root"),
                    "CustomFields": [{"id": "1", "name": "Plan", "values": ["gold"]}],
                    "Requestor": [{"id": "dana@customer.test", "type": "user", "EmailAddress": "dana@customer.test",
                        "RealName": "Dana Customer", "Organization": "Acme GmbH"}]}]}),
            ),
            (
                "GET /REST/2.0/ticket/1/history page=3",
                json!({"count": 0, "page": 3, "pages": null, "total": null, "items": []}),
            ),
            (
                "GET /REST/2.0/ticket/1/history page=2",
                json!({"count": 1, "page": 2, "pages": null, "total": null,
                    "items": [said("36", "Correspond", "dana@customer.test")]}),
            ),
            (
                "GET /REST/2.0/ticket/1/history",
                json!({"count": 4, "page": 1, "pages": null, "total": null, "items": [said("30", "Create", "dana@customer.test"),
                    said("31", "EmailRecord", "RT_System"), said("34", "Comment", "root"),
                    said("35", "Correspond", "root")]}),
            ),
            (
                "GET /REST/2.0/ticket/1/attachments",
                json!({"page": 1, "pages": 1, "items": [text("1", "30", "text/plain", "It drops at 2am."),
                    text("2", "31", "text/plain", "a copy"), file, text("4", "34", "text/html", "<p>known fault</p>"),
                    text("5", "34", "text/plain", "known fault"), text("6", "35", "text/plain; charset=utf-8", "We look"),
                    text("7", "36", "text/html", "<p>Still so</p><p>Dana</p>")]}),
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
            36 2026-11-23 09:35:09 Customer Public "dana@customer.test": "Still so\n\nDana"
        "#]],
        read: expect![[r#"
            GET /REST/2.0/tickets ? query=id=1 & fields=Subject,Status,Priority,Queue,Owner,Requestor,Created,LastUpdated,CustomFields & fields[Queue]=Name & fields[Requestor]=EmailAddress,RealName,Organization
            GET /REST/2.0/ticket/1/history ? per_page=100 & fields=Type,Creator,Created
            GET /REST/2.0/ticket/1/history ? per_page=100 & fields=Type,Creator,Created & page=2
            GET /REST/2.0/ticket/1/history ? per_page=100 & fields=Type,Creator,Created & page=3
            GET /REST/2.0/ticket/1/attachments ? query=[{"field":"ContentType","operator":"STARTSWITH","value":"text/"}] & per_page=100 & fields=Content,ContentType,TransactionId,Filename
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

/// As it answers an account that may not see everything.
#[tokio::test]
async fn without_totals_tickets_are_counted() {
    let page = |items: &[u32]| {
        let items: Vec<_> = items.iter().map(|id| json!({"id": id.to_string()})).collect();
        json!({"count": items.len(), "items": items, "pages": null, "total": null})
    };
    let answers = [page(&[7]), page(&[7, 8]), page(&[9]), page(&[])];
    let server = Server::start(move |asked| Reply::Json(200, answers[asked.before].clone())).await;
    let dana = Requester { id: "dana".to_owned(), ..Requester::default() };
    assert_eq!(CASE.account(&server.url, HASTE).recent_count(&dana, since()).await, Ok(3));
}

/// As it answers where there is nothing.
#[tokio::test]
async fn nothing_is_written_in_its_own_way() {
    let ticket = json!({"id": "1", "Subject": "Router drops", "Status": "new", "Priority": "0", "Owner": {"id": "Nobody"},
        "Queue": {"id": "1", "Name": "General"}, "Requestor": "", "CustomFields": "",
        "Created": "2026-11-23T09:35:07Z", "LastUpdated": "2026-11-23T09:35:09Z"});
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/REST/2.0/tickets" => Reply::Json(200, json!({"count": 1, "items": [ticket], "pages": 1, "total": 1})),
        _ => Reply::Json(200, json!({"count": 0, "items": [], "pages": 0.0, "total": 0})),
    })
    .await;
    let account = CASE.account(&server.url, HASTE);
    let ticket = account.fetch(&account.ticket_id("1").expect("an id")).await.expect("a ticket");
    assert_eq!((ticket.comments.len(), ticket.requester, ticket.assignee), (0, Requester::default(), None));
    assert_eq!(account.changed_since(since()).await.map(|changed| changed.len()), Ok(1));
}
