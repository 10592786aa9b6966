use expect_test::expect;
use serde_json::json;

use super::kit::{Case, Expected, HASTE, Listing, check, marked, since};
use super::server::{Reply, Server};
use crate::adapters::tickets::TicketError;

pub(super) const CASE: Case = Case {
    kind: "front",
    host: "app.frontapp.com",
    account: None,
    user: Some("tea_9"),
    client: None,
    plan_field: Some("Plan"),
    link: "https://app.frontapp.com/open/msg_1ab",
    id: "msg_1ab",
    signed: ("authorization", "Bearer t0ken-of-the-account"),
    recorded: || {
        let sofia = json!({"id": "tea_9", "first_name": "Sofia", "last_name": "Sand", "email": "sofia@harbor.test"});
        vec![
            (
                "GET /messages/msg_1ab",
                json!({"id": "msg_1ab", "_links": {"related": {
                    "conversation": "https://harbor.api.frontapp.com/conversations/cnv_55c8"}}}),
            ),
            (
                "GET /conversations/cnv_55c8",
                json!({"id": "cnv_55c8", "subject": "Router drops", "status": "assigned", "status_category": "waiting",
                    "assignee": sofia, "recipient": {"name": "Dana", "handle": "dana@customer.test", "role": "from"},
                    "tags": [{"id": "tag_1", "name": "vip"}], "is_private": false, "custom_fields": {"Plan": "gold"},
                    "created_at": 1_795_424_400.25, "waiting_since": 1_795_424_400.25}),
            ),
            (
                "GET /conversations/cnv_55c8/messages page_token=next",
                json!({"_pagination": {"next": null}, "_results": [{"id": "msg_1ab", "type": "email", "is_inbound": true,
                    "created_at": 1_795_424_400.25, "author": null, "body": "<p>It drops</p>", "text": "It drops",
                    "recipients": [{"name": "Dana", "handle": "dana@customer.test", "role": "from"},
                        {"handle": "help@harbor.test", "role": "to"}]}]}),
            ),
            (
                "GET /conversations/cnv_55c8/messages",
                json!({"_pagination": {"next": "https://evil.example/conversations/cnv_55c8/messages?page_token=next"},
                    "_results": [{"id": "msg_2", "type": "email", "is_inbound": false, "created_at": 1_795_425_000.5,
                    "author": sofia, "body": "<p>We <i>look</i> at it</p>", "recipients": []}]}),
            ),
            (
                "GET /conversations/cnv_55c8/comments",
                json!({"_pagination": {"next": null}, "_results": [{"id": "com_3", "author": sofia, "body": "known fault",
                    "posted_at": 1_795_424_700.0}]}),
            ),
            (
                "GET /contacts/alt%3Aemail%3Adana%40customer%2Etest/conversations",
                json!({"_pagination": {"next": null}, "_results": [{"id": "cnv_55c8", "created_at": 1_795_424_400.25},
                    {"id": "cnv_1", "created_at": 1_700_000_000.0}]}),
            ),
            ("POST /conversations/cnv_55c8/comments", json!({"id": "com_4"})),
            ("POST /conversations/cnv_55c8/messages", json!({"status": "accepted"})),
            ("PUT /conversations/cnv_55c8/assignee", json!(null)),
            ("PATCH /conversations/cnv_55c8", json!(null)),
            ("POST /conversations/cnv_55c8/tags", json!(null)),
        ]
    },
    with_note: |text| {
        let note = json!({"id": "com_4", "author": null, "body": text, "posted_at": 1_795_425_600.0});
        ("GET /conversations/cnv_55c8/comments", json!({"_results": [note]}))
    },
    is_internal: |asked| asked.path.ends_with("/comments"),
    is_public: |asked| asked.path.ends_with("/messages"),
    group: "inb_2",
    person: "tea_9",
    changes: Listing {
        route: "GET /events",
        size: 15,
        id: |n| format!("cnv_{n}"),
        item: |id, at| json!({"id": "evt_1", "type": "inbound", "emitted_at": at.timestamp(), "conversation": {"id": id}}),
        page: |items, next| {
            let next = next.map(|next| format!("https://evil.example/events?page_token=mark{next}"));
            // Not all that happens is about a conversation.
            let other = json!({"id": "evt_2", "type": "other", "emitted_at": 1_800_000_000});
            let items = items.into_iter().chain([other]).collect::<Vec<_>>();
            json!({"_results": items, "_pagination": {"next": next}})
        },
        asked: |asked| marked(asked.asks_for("page_token")),
    },
};

#[tokio::test]
async fn verbs() {
    let expected = Expected {
        ticket: expect![[r#"
            cnv_55c8 (#cnv_55c8) "Router drops": waiting, priority -, tags ["vip"]
            from dana@customer.test "Dana" <dana@customer.test>, organisation -, plan gold, tags []
            assignee Sofia Sand, group -
            created 2026-11-23 09:00:00, updated 2026-11-23 09:10:00
            msg_1ab 2026-11-23 09:00:00 Customer Public "Dana": "It drops"
            com_3 2026-11-23 09:05:00 Agent Internal "Sofia Sand": "known fault"
            msg_2 2026-11-23 09:10:00 Agent Public "Sofia Sand": "We look at it"
        "#]],
        read: expect![[r#"
            GET /messages/msg_1ab
            GET /conversations/cnv_55c8
            GET /conversations/cnv_55c8/messages ? limit=100
            GET /conversations/cnv_55c8/messages ? limit=100 & page_token=next
            GET /conversations/cnv_55c8/comments ? limit=100
        "#]],
        note: expect![[r#"
            POST /conversations/cnv_55c8/comments
              {"author_id":"tea_9","body":"Taken by Sofia.\n<b>\"Tier 2\" & co</b>\n\n[ESC-12 #3]"}
        "#]],
        reply: expect![[r#"
            POST /conversations/cnv_55c8/messages
              {"author_id":"tea_9","body":"We are on it.<br>1 &lt; 2"}
        "#]],
        assign: expect![[r#"
            PATCH /conversations/cnv_55c8
              {"inbox_id":"inb_2"}
            PUT /conversations/cnv_55c8/assignee
              {"assignee_id":"tea_9"}
        "#]],
        tag: expect![[r#"
            POST /conversations/cnv_55c8/tags
              {"tag_ids":["escalated"]}
        "#]],
        count: expect![[r#"
            GET /contacts/alt%3Aemail%3Adana%40customer%2Etest/conversations ? limit=100
            Ok(1)
        "#]],
        changed: expect![[r#"
            GET /events ? q[after]=1792799999 & sort_order=asc & limit=15
            Ok(["cnv_1 at 2026-10-24 00:00:00 UTC"])
        "#]],
    };
    check(&CASE, expected).await;
}

#[tokio::test]
async fn the_newest_event_first_is_not_what_was_asked_for() {
    let event = |at: u32| json!({"emitted_at": at, "conversation": {"id": "cnv_1"}});
    let page = json!({"_results": [event(1_795_000_002), event(1_795_000_001)], "_pagination": {"next": null}});
    let server = Server::start(move |_| Reply::Json(200, page.clone())).await;
    let refused = CASE.account(&server.url, HASTE).changed_since(since()).await;
    assert!(matches!(refused, Err(TicketError::NotUnderstood { .. })), "{refused:?}");
}
