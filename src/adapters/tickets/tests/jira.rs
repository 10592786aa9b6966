use expect_test::expect;
use serde_json::json;

use super::kit::{Case, Expected, Listing, check, mark, marked};

pub(super) const CASE: Case = Case {
    kind: "jira",
    host: "harbor.atlassian.net",
    account: None,
    user: Some("bot@harbor.test"),
    client: None,
    plan_field: Some("customfield_10050"),
    link: "https://harbor.atlassian.net/jira/servicedesk/projects/SUP/queues/custom/7/SUP-42",
    id: "SUP-42",
    signed: ("authorization", "Basic Ym90QGhhcmJvci50ZXN0OnQwa2VuLW9mLXRoZS1hY2NvdW50"),
    recorded: || {
        let dana = json!({"accountId": "qm:1:2", "displayName": "Dana"});
        let sofia = json!({"accountId": "5b10", "displayName": "Sofia"});
        let said = |id: &str, public: bool, author: &serde_json::Value, body: &str| {
            json!({"id": id, "body": body, "public": public, "author": author,
                "created": {"iso8601": "2026-11-23T10:10:00+0100", "epochMillis": 1_795_425_000_000_i64}})
        };
        vec![
            (
                "GET /rest/api/2/issue/SUP-42",
                json!({"id": "10001", "key": "SUP-42", "fields": {"summary": "Router drops",
                    "description": "It drops every night", "labels": ["vip"], "priority": {"id": "1", "name": "Highest"},
                    "status": {"name": "Waiting for customer", "statusCategory": {"key": "indeterminate"}},
                    "reporter": dana, "assignee": sofia, "customfield_10050": {"id": "3", "value": "gold"},
                    "created": "2026-11-23T10:00:00.000+0100", "updated": "2026-11-23T10:20:00.000+0100"}}),
            ),
            (
                "GET /rest/servicedeskapi/request/SUP-42/comment start=50",
                json!({"values": [said("12", true, &dana, "Still so")], "isLastPage": true, "size": 1}),
            ),
            (
                "GET /rest/servicedeskapi/request/SUP-42/comment",
                json!({"values": [said("10", false, &sofia, "known fault"), said("11", true, &sofia, "We look at it")],
                    "isLastPage": false, "size": 2}),
            ),
            ("POST /rest/api/3/search/approximate-count", json!({"count": 3})),
            ("POST /rest/servicedeskapi/request/SUP-42/comment", json!({"id": "13"})),
            ("PUT /rest/api/2/issue/SUP-42/assignee", json!(null)),
            ("PUT /rest/api/2/issue/SUP-42", json!(null)),
        ]
    },
    with_note: |text| {
        let note = json!({"id": "13", "body": text, "public": false, "author": {"accountId": "5b10"},
            "created": {"epochMillis": 1_795_425_000_000_i64}});
        ("GET /rest/servicedeskapi/request/SUP-42/comment", json!({"values": [note], "isLastPage": true}))
    },
    is_internal: |asked| asked.path.contains("servicedeskapi") && asked.body["public"] == json!(false),
    is_public: |asked| asked.path.ends_with("/comment") && asked.body["public"] != json!(false),
    group: "tier-2",
    person: "5b10",
    changes: Listing {
        route: "GET /rest/api/3/search/jql",
        size: 100,
        id: |n| format!("SUP-{n}"),
        item: |id, at| json!({"id": "10001", "key": id, "fields": {"updated": at.format("%Y-%m-%dT%H:%M:%S%.3f%z").to_string()}}),
        page: |items, next| json!({"issues": items, "isLast": next.is_none(), "nextPageToken": mark(next)}),
        asked: |asked| marked(asked.asks_for("nextPageToken")),
    },
};

#[tokio::test]
async fn verbs() {
    let expected = Expected {
        ticket: expect![[r#"
            SUP-42 (#SUP-42) "Router drops": waiting, priority urgent, tags ["vip"]
            from qm:1:2 "Dana" <->, organisation -, plan gold, tags []
            assignee Sofia, group -
            created 2026-11-23 09:00:00, updated 2026-11-23 09:20:00
            description 2026-11-23 09:00:00 Customer Public "Dana": "It drops every night"
            10 2026-11-23 09:10:00 Agent Internal "Sofia": "known fault"
            11 2026-11-23 09:10:00 Agent Public "Sofia": "We look at it"
            12 2026-11-23 09:10:00 Customer Public "Dana": "Still so"
        "#]],
        read: expect![[r#"
            GET /rest/api/2/issue/SUP-42 ? fields=summary,status,priority,reporter,assignee,labels,created,updated,description,customfield_10050
            GET /rest/servicedeskapi/request/SUP-42/comment ? public=true & internal=true & limit=50
            GET /rest/servicedeskapi/request/SUP-42/comment ? public=true & internal=true & limit=50 & start=50
        "#]],
        note: expect![[r#"
            POST /rest/servicedeskapi/request/SUP-42/comment
              {"body":"Taken by Sofia.\n<b>\"Tier 2\" & co</b>\n\n[ESC-12 #3]","public":false}
        "#]],
        reply: expect![[r#"
            POST /rest/servicedeskapi/request/SUP-42/comment
              {"body":"We are on it.\n1 < 2","public":true}
        "#]],
        assign: expect![[r#"
            PUT /rest/api/2/issue/SUP-42/assignee
              {"accountId":"5b10"}
            [Err(Impossible { why: "Jira has no groups to assign to: its queues are searches; add a tag that the queue looks for" }), Ok(())]
        "#]],
        tag: expect![[r#"
            PUT /rest/api/2/issue/SUP-42
              {"update":{"labels":[{"add":"escalated"}]}}
        "#]],
        count: expect![[r#"
            POST /rest/api/3/search/approximate-count
              {"jql":"reporter = \"qm:1:2\" AND created >= \"2026-10-24 00:00\""}
            Ok(3)
        "#]],
        changed: expect![[r#"
            GET /rest/api/3/search/jql ? jql=updated >= "-(n)m" ORDER BY updated ASC & fields=updated & maxResults=100
            Ok(["SUP-1 at 2026-10-24 00:00:00 UTC"])
        "#]],
    };
    check(&CASE, expected).await;
}
