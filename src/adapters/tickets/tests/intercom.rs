use expect_test::expect;
use serde_json::json;

use super::kit::{Case, Expected, Listing, check, mark, marked};

pub(super) const CASE: Case = Case {
    kind: "intercom",
    host: "app.intercom.com",
    account: Some("abc123"),
    user: Some("991"),
    client: None,
    plan_field: Some("plan"),
    link: "https://app.intercom.com/a/inbox/abc123/inbox/shared/all/conversation/215469",
    id: "215469",
    signed: ("authorization", "Bearer t0ken-of-the-account"),
    recorded: || {
        let dana = json!({"type": "user", "id": "6762f1", "name": "Dana", "email": "dana@customer.test"});
        let part = |id: &str, kind: &str, body: serde_json::Value, author: serde_json::Value| {
            json!({"type": "conversation_part", "id": id, "part_type": kind, "body": body,
                "created_at": 1_795_424_700, "author": author})
        };
        let sofia = json!({"type": "admin", "id": "991", "name": "Sofia", "email": "sofia@harbor.test"});
        vec![
            (
                "GET /conversations/215469",
                json!({"type": "conversation", "id": "215469", "title": null, "state": "open", "priority": "priority",
                    "created_at": 1_795_424_400, "updated_at": 1_795_425_600, "waiting_since": 1_795_424_400,
                    "admin_assignee_id": 991, "team_assignee_id": 0, "company": {"name": "Acme"},
                    "tags": {"type": "tag.list", "tags": [{"id": "17", "name": "vip"}]},
                    "contacts": {"type": "contact.list", "contacts": [{"type": "contact", "id": "6762f1"}]},
                    "source": {"type": "conversation", "id": "403", "subject": "<p>Router drops</p>",
                        "body": "It drops every night", "author": dana},
                    "conversation_parts": {"total_count": 4, "conversation_parts": [
                        part("1", "assignment", json!(null), sofia.clone()),
                        part("2", "note", json!("known fault"), sofia.clone()),
                        part("3", "comment", json!("We look at it"), sofia),
                        part("4", "comment", json!("thanks"), dana)]}}),
            ),
            (
                "GET /contacts/6762f1",
                json!({"type": "contact", "id": "6762f1", "name": "Dana", "email": "dana@customer.test",
                    "custom_attributes": {"plan": "gold"}}),
            ),
            ("POST /conversations/search", json!({"type": "conversation.list", "total_count": 3, "conversations": []})),
            ("POST /conversations/215469/reply", json!({"id": "215469"})),
            ("POST /conversations/215469/parts", json!({"id": "215469"})),
            ("POST /tags", json!({"type": "tag", "id": "18", "name": "escalated"})),
            ("POST /conversations/215469/tags", json!({"id": "18"})),
        ]
    },
    with_note: |text| {
        let source =
            json!({"id": "403", "subject": "", "body": "It drops", "author": {"type": "user", "id": "6762f1"}});
        let note = json!({"id": "9", "part_type": "note", "body": text, "created_at": 1_795_425_600,
            "author": {"type": "admin", "id": "991"}});
        let conversation = json!({"id": "215469", "state": "open", "created_at": 1_795_424_400,
            "updated_at": 1_795_424_400, "source": source, "conversation_parts": {"conversation_parts": [note]}});
        ("GET /conversations/215469", conversation)
    },
    is_internal: |asked| asked.path.ends_with("/reply") && asked.body["message_type"] == json!("note"),
    is_public: |asked| asked.path.ends_with("/reply") && asked.body["message_type"] != json!("note"),
    group: "5017691",
    person: "992",
    changes: Listing {
        route: "POST /conversations/search",
        size: 100,
        id: |n| n.to_string(),
        item: |id, at| json!({"type": "conversation", "id": id, "updated_at": at.timestamp()}),
        page: |items, next| json!({"conversations": items, "pages": {"type": "pages", "next": {"starting_after": mark(next)}}}),
        asked: |asked| marked(asked.body["pagination"]["starting_after"].as_str()),
    },
};

#[tokio::test]
async fn verbs() {
    let expected = Expected {
        ticket: expect![[r#"
            215469 (#215469) "Router drops": open, priority high, tags ["vip"]
            from 6762f1 "Dana" <dana@customer.test>, organisation Acme, plan gold, tags []
            assignee 991, group -
            created 2026-11-23 09:00:00, updated 2026-11-23 09:20:00
            403 2026-11-23 09:00:00 Customer Public "Dana": "It drops every night"
            2 2026-11-23 09:05:00 Agent Internal "Sofia": "known fault"
            3 2026-11-23 09:05:00 Agent Public "Sofia": "We look at it"
            4 2026-11-23 09:05:00 Customer Public "Dana": "thanks"
        "#]],
        read: expect![[r#"
            GET /conversations/215469 ? display_as=plaintext
            GET /contacts/6762f1
        "#]],
        note: expect![[r#"
            POST /conversations/215469/reply
              {"admin_id":"991","body":"Taken by Sofia.<br>&lt;b&gt;&quot;Tier 2&quot; &amp; co&lt;/b&gt;<br><br>[ESC-12 #3]","message_type":"note","type":"admin"}
        "#]],
        reply: expect![[r#"
            POST /conversations/215469/reply
              {"admin_id":"991","body":"We are on it.<br>1 &lt; 2","message_type":"comment","type":"admin"}
        "#]],
        assign: expect![[r#"
            POST /conversations/215469/parts
              {"admin_id":"991","assignee_id":"5017691","message_type":"assignment","type":"team"}
            POST /conversations/215469/parts
              {"admin_id":"991","assignee_id":"992","message_type":"assignment","type":"admin"}
        "#]],
        tag: expect![[r#"
            POST /tags
              {"name":"escalated"}
            POST /conversations/215469/tags
              {"admin_id":"991","id":"18"}
        "#]],
        count: expect![[r#"
            POST /conversations/search
              {"pagination":{"per_page":1},"query":{"operator":"AND","value":[{"field":"contact_ids","operator":"=","value":"6762f1"},{"field":"created_at","operator":">","value":1792800000}]}}
            Ok(3)
        "#]],
        changed: expect![[r#"
            POST /conversations/search
              {"pagination":{"per_page":100,"starting_after":null},"query":{"field":"updated_at","operator":">","value":1792799999},"sort":{"field":"updated_at","order":"ascending"}}
            Ok(["1 at 2026-10-24 00:00:00 UTC"])
        "#]],
    };
    check(&CASE, expected).await;
}
