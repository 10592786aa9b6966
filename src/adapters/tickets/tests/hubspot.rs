use expect_test::expect;
use serde_json::json;

use super::kit::{Case, Expected, Listing, check, iso, mark, marked};

pub(super) const CASE: Case = Case {
    kind: "hubspot",
    host: "app.hubspot.com",
    account: Some("62515"),
    user: None,
    client: None,
    plan_field: Some("plan"),
    link: "https://app.hubspot.com/contacts/62515/record/0-5/123",
    id: "123",
    signed: ("authorization", "Bearer t0ken-of-the-account"),
    recorded: || {
        let ids = |ids: &[&str]| {
            let results: Vec<_> = ids.iter().map(|id| json!({"id": id, "type": "ticket_to_it"})).collect();
            json!({"results": results})
        };
        vec![
            (
                "GET /crm/v3/objects/tickets/123",
                json!({"id": "123", "properties": {"subject": "Router drops", "content": "It drops every night",
                    "hs_pipeline_stage": "2", "hs_ticket_priority": "HIGH", "hubspot_owner_id": "77",
                    "createdate": "2026-11-23T09:00:00.000Z", "hs_lastmodifieddate": "2026-11-23T09:20:00.000Z"},
                    "createdAt": "2026-11-23T09:00:00.000Z", "updatedAt": "2026-11-23T09:20:00.000Z", "archived": false,
                    "associations": {"contacts": ids(&["51"]), "companies": ids(&["61", "61"]), "notes": ids(&["71"])}}),
            ),
            (
                "GET /crm/v3/objects/contacts/51",
                json!({"id": "51", "properties": {"email": "dana@customer.test", "firstname": "Dana", "lastname": null,
                    "plan": "gold"}}),
            ),
            ("GET /crm/v3/objects/companies/61", json!({"id": "61", "properties": {"name": "Acme"}})),
            (
                "POST /crm/v3/objects/notes/batch/read",
                json!({"status": "COMPLETE", "results": [{"id": "71", "properties": {
                    "hs_note_body": "<div>known<br>fault</div>", "hs_timestamp": "2026-11-23T09:10:00Z"}}]}),
            ),
            ("POST /crm/v3/objects/tickets/search", json!({"total": 3, "results": []})),
            ("POST /crm/v3/objects/notes", json!({"id": "72"})),
            ("PATCH /crm/v3/objects/tickets/123", json!({"id": "123"})),
        ]
    },
    with_note: |text| {
        let note = json!({"id": "72", "properties": {"hs_note_body": super::super::text::to_html(text),
            "hs_timestamp": "2026-11-23T10:00:00Z"}});
        ("POST /crm/v3/objects/notes/batch/read", json!({"results": [note]}))
    },
    is_internal: |asked| asked.path.ends_with("/objects/notes"),
    is_public: |asked| asked.path.contains("/conversations/"),
    group: "2",
    person: "77",
    changes: Listing {
        route: "POST /crm/v3/objects/tickets/search",
        size: 100,
        id: |n| n.to_string(),
        item: |id, at| json!({"id": id, "properties": {"hs_lastmodifieddate": iso(at)}}),
        page: |items, next| json!({"total": 1_000, "results": items, "paging": {"next": {"after": mark(next)}}}),
        asked: |asked| marked(asked.body["after"].as_str().filter(|after| *after != "0")),
    },
};

#[tokio::test]
async fn verbs() {
    let expected = Expected {
        ticket: expect![[r#"
            123 (#123) "Router drops": waiting, priority high, tags []
            from 51 "Dana" <dana@customer.test>, organisation Acme, plan gold, tags []
            assignee 77, group -
            created 2026-11-23 09:00:00, updated 2026-11-23 09:20:00
            content 2026-11-23 09:00:00 Customer Public "Dana": "It drops every night"
            71 2026-11-23 09:10:00 Agent Internal "": "known\nfault"
        "#]],
        read: expect![[r#"
            GET /crm/v3/objects/tickets/123 ? properties=subject,content,hs_pipeline_stage,hs_ticket_priority,hubspot_owner_id,createdate,hs_lastmodifieddate & associations=contacts,companies,notes
            GET /crm/v3/objects/contacts/51 ? properties=email,firstname,lastname,plan
            GET /crm/v3/objects/companies/61 ? properties=name
            POST /crm/v3/objects/notes/batch/read
              {"inputs":[{"id":"71"}],"properties":["hs_note_body","hs_timestamp"]}
        "#]],
        note: expect![[r#"
            POST /crm/v3/objects/notes
              {"associations":[{"to":{"id":"123"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":228}]}],"properties":{"hs_note_body":"Taken by Sofia.<br>&lt;b&gt;&quot;Tier 2&quot; &amp; co&lt;/b&gt;<br><br>[ESC-12 #3]","hs_timestamp":"(now)"}}
        "#]],
        reply: expect![[r#"
            Err(Impossible { why: "HubSpot sends replies in the thread of a conversation, which a ticket does not name: answer there" })
        "#]],
        assign: expect![[r#"
            PATCH /crm/v3/objects/tickets/123
              {"properties":{"hubspot_owner_id":"77"}}
            [Err(Impossible { why: "HubSpot tickets belong to a person: name an owner" }), Ok(())]
        "#]],
        tag: expect![[r#"
            Err(Impossible { why: "HubSpot tickets have no tags" })
        "#]],
        count: expect![[r#"
            POST /crm/v3/objects/tickets/search
              {"after":"0","filterGroups":[{"filters":[{"operator":"EQ","propertyName":"associations.contact","value":"51"},{"operator":"GTE","propertyName":"createdate","value":"1792800000000"}]}],"limit":1,"properties":[],"sorts":[]}
            Ok(3)
        "#]],
        changed: expect![[r#"
            POST /crm/v3/objects/tickets/search
              {"after":"0","filterGroups":[{"filters":[{"operator":"GTE","propertyName":"hs_lastmodifieddate","value":"1792800000000"}]}],"limit":100,"properties":["hs_lastmodifieddate"],"sorts":[{"direction":"ASCENDING","propertyName":"hs_lastmodifieddate"}]}
            Ok(["1 at 2026-10-24 00:00:00 UTC"])
        "#]],
    };
    check(&CASE, expected).await;
}
