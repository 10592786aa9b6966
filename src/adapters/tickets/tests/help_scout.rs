use expect_test::expect;
use serde_json::json;

use super::kit::{Case, Expected, Listing, check, iso, numbered};

pub(super) const CASE: Case = Case {
    kind: "helpscout",
    host: "secure.helpscout.net",
    account: None,
    user: None,
    client: Some("app-id"),
    plan_field: Some("Plan"),
    link: "https://secure.helpscout.net/conversation/2391938111/349?folderId=7",
    id: "2391938111",
    signed: ("authorization", "Bearer fetched"),
    recorded: || {
        vec![
            (
                "POST /v2/oauth2/token",
                json!({"token_type": "bearer", "access_token": "fetched", "expires_in": 172_800}),
            ),
            (
                "GET /v2/conversations/2391938111",
                json!({"id": 2_391_938_111_u64, "number": 349, "subject": "Router drops", "status": "pending",
                    "state": "published", "mailboxId": 85, "assignee": {"id": 256, "first": "Sofia", "last": "Sand"},
                    "createdBy": {"id": 238_604, "type": "customer", "email": "dana@customer.test"},
                    "primaryCustomer": {"id": 238_604, "type": "customer", "first": "Dana"},
                    "tags": [{"id": 9150, "tag": "vip"}], "customFields": [{"id": 6688, "name": "Plan", "value": "Gold"}],
                    "createdAt": "2026-11-23T09:00:00Z", "userUpdatedAt": "2026-11-23T09:20:00Z",
                    "_embedded": {"threads": [
                        {"id": 5, "type": "message", "state": "draft", "status": "active", "body": "half a sent",
                            "createdBy": {"id": 256, "type": "user", "first": "Sofia"}, "createdAt": "2026-11-23T09:21:00Z"},
                        {"id": 4, "type": "lineitem", "status": "active", "action": {"text": "assigned"},
                            "createdBy": {"id": 1, "type": "user"}, "createdAt": "2026-11-23T09:20:00Z"},
                        {"id": 3, "type": "note", "state": "published", "status": "active", "body": "known fault",
                            "createdBy": {"id": 256, "type": "user", "first": "Sofia"}, "createdAt": "2026-11-23T09:10:00Z"},
                        {"id": 2, "type": "message", "state": "published", "status": "active", "body": "<p>We look</p>",
                            "createdBy": {"id": 256, "type": "user", "first": "Sofia"}, "createdAt": "2026-11-23T09:05:00Z"},
                        {"id": 1, "type": "customer", "state": "published", "status": "active",
                            "body": "<p>It drops<br>every night", "createdBy": {"id": 238_604, "type": "customer",
                            "first": "Dana"}, "createdAt": "2026-11-23T09:00:00Z"}]}}),
            ),
            (
                "GET /v2/customers/238604",
                json!({"id": 238_604, "firstName": "Dana", "lastName": "Doe", "organization": "Acme",
                    "_embedded": {"emails": [{"id": 1, "value": "dana@customer.test", "type": "work"}]}}),
            ),
            ("GET /v2/conversations", json!({"page": {"size": 25, "totalElements": 3, "totalPages": 1, "number": 1}})),
            ("POST /v2/conversations/2391938111/notes", json!(null)),
            ("POST /v2/conversations/2391938111/reply", json!(null)),
            ("PATCH /v2/conversations/2391938111", json!(null)),
            ("PUT /v2/conversations/2391938111/tags", json!(null)),
        ]
    },
    with_note: |text| {
        let note = json!({"id": 9, "type": "note", "body": super::super::text::to_html(text),
            "createdBy": {"type": "user"}, "createdAt": "2026-11-23T10:00:00Z"});
        let conversation = json!({"id": 2_391_938_111_u64, "number": 349, "status": "active",
            "primaryCustomer": {"id": 238_604}, "createdAt": "2026-11-23T09:00:00Z",
            "userUpdatedAt": "2026-11-23T09:20:00Z", "_embedded": {"threads": [note]}});
        ("GET /v2/conversations/2391938111", conversation)
    },
    is_internal: |asked| asked.path.ends_with("/notes"),
    is_public: |asked| asked.path.ends_with("/reply"),
    group: "86",
    person: "256",
    changes: Listing {
        route: "GET /v2/conversations",
        size: 25,
        id: |n| n.to_string(),
        item: |id, at| json!({"id": id, "userUpdatedAt": iso(at), "customerWaitingSince": {"time": iso(at)}}),
        page: |items, next| {
            let page =
                json!({"size": 25, "number": next.unwrap_or(1_000), "totalPages": next.map_or(1_000, |next| next + 1)});
            if items.is_empty() {
                json!({"page": page})
            } else {
                json!({"_embedded": {"conversations": items}, "page": page})
            }
        },
        asked: numbered,
    },
};

#[tokio::test]
async fn verbs() {
    let expected = Expected {
        ticket: expect![[r#"
            2391938111 (#349) "Router drops": waiting, priority -, tags ["vip"]
            from 238604 "Dana Doe" <dana@customer.test>, organisation Acme, plan Gold, tags []
            assignee Sofia Sand, group 85
            created 2026-11-23 09:00:00, updated 2026-11-23 09:20:00
            1 2026-11-23 09:00:00 Customer Public "Dana": "It drops\nevery night"
            2 2026-11-23 09:05:00 Agent Public "Sofia": "We look"
            3 2026-11-23 09:10:00 Agent Internal "Sofia": "known fault"
            5 2026-11-23 09:21:00 Agent Internal "Sofia": "half a sent"
        "#]],
        read: expect![[r#"
            POST /v2/oauth2/token
              {"client_id":"app-id","client_secret":"t0ken-of-the-account","grant_type":"client_credentials"}
            GET /v2/conversations/2391938111 ? embed=threads
            GET /v2/customers/238604
        "#]],
        note: expect![[r#"
            POST /v2/conversations/2391938111/notes
              {"text":"Taken by Sofia.<br>&lt;b&gt;&quot;Tier 2&quot; &amp; co&lt;/b&gt;<br><br>[ESC-12 #3]"}
        "#]],
        reply: expect![[r#"
            POST /v2/conversations/2391938111/reply
              {"customer":{"id":238604},"draft":false,"text":"We are on it.<br>1 &lt; 2"}
        "#]],
        assign: expect![[r#"
            PATCH /v2/conversations/2391938111
              {"op":"move","path":"/mailboxId","value":86}
            PATCH /v2/conversations/2391938111
              {"op":"replace","path":"/assignTo","value":256}
        "#]],
        tag: expect![[r#"
            PUT /v2/conversations/2391938111/tags
              {"tags":["vip","escalated"]}
        "#]],
        count: expect![[r#"
            GET /v2/conversations ? status=all & query=(email:"dana@customer.test" AND createdAt:[2026-10-24T00:00:00Z TO *])
            Ok(3)
        "#]],
        changed: expect![[r#"
            GET /v2/conversations ? status=all & modifiedSince=2026-10-24T00:00:00Z & sortField=modifiedAt & sortOrder=asc
            Ok(["1 at 2026-10-24 00:00:00 UTC"])
        "#]],
    };
    check(&CASE, expected).await;
}
