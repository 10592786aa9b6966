use expect_test::expect;
use serde_json::json;

use super::kit::{Case, Expected, Listing, check, iso, numbered};

pub(super) const CASE: Case = Case {
    kind: "freshdesk",
    host: "harbor.freshdesk.com",
    account: None,
    user: None,
    client: None,
    plan_field: Some("cf_plan"),
    link: "https://harbor.freshdesk.com/a/tickets/42",
    id: "42",
    signed: ("authorization", "Basic dDBrZW4tb2YtdGhlLWFjY291bnQ6WA=="),
    recorded: || {
        let full: Vec<_> = (2..102)
            .map(|id| {
                json!({"id": id, "user_id": 43_000_000_009_u64, "incoming": false, "private": true, "source": 2,
                    "body_text": format!("note {id}"), "created_at": "2026-11-23T09:10:00Z"})
            })
            .collect();
        let last = json!([{"id": 200, "user_id": 43_000_000_001_u64, "incoming": true, "private": false, "source": 0,
            "body": "<div>Still so</div>", "body_text": "Still so", "created_at": "2026-11-23T09:20:00Z"}]);
        vec![
            (
                "GET /api/v2/tickets/42",
                json!({"id": 42, "subject": "Router drops", "description_text": "It drops every night", "status": 6,
                    "priority": 4, "source": 1, "type": "Incident", "requester_id": 43_000_000_001_u64,
                    "responder_id": null, "group_id": 43_000_000_055_u64, "company_id": 43_000_000_077_u64,
                    "tags": ["vip"], "custom_fields": {"cf_plan": "gold"}, "is_escalated": false,
                    "created_at": "2026-11-23T09:00:00Z", "updated_at": "2026-11-23T09:20:00Z",
                    "requester": {"id": 43_000_000_001_u64, "name": "Dana", "email": "dana@customer.test"},
                    "company": {"id": 43_000_000_077_u64, "name": "Acme"}}),
            ),
            ("GET /api/v2/tickets/42/conversations page=2", last),
            ("GET /api/v2/tickets/42/conversations", full.into()),
            (
                "GET /api/v2/tickets",
                json!([{"id": 42, "created_at": "2026-11-23T09:00:00Z"}, {"id": 7, "created_at": "2026-01-01T09:00:00Z"}]),
            ),
            ("POST /api/v2/tickets/42/notes", json!({"id": 201})),
            ("POST /api/v2/tickets/42/reply", json!({"id": 202})),
            ("PUT /api/v2/tickets/42", json!({"id": 42})),
        ]
    },
    with_note: |text| {
        let note = json!({"id": 201, "user_id": 9, "incoming": false, "private": true, "body_text": text,
            "created_at": "2026-11-23T10:00:00Z"});
        ("GET /api/v2/tickets/42/conversations", json!([note]))
    },
    is_internal: |asked| asked.path.ends_with("/notes") && asked.body["private"] == json!(true),
    is_public: |asked| asked.path.ends_with("/reply") || asked.body["private"] == json!(false),
    group: "43000000055",
    person: "43000000009",
    changes: Listing {
        route: "GET /api/v2/tickets",
        size: 100,
        id: |n| n.to_string(),
        item: |id, at| json!({"id": id, "updated_at": iso(at)}),
        page: |items, _| items.into(),
        asked: numbered,
    },
};

#[tokio::test]
async fn verbs() {
    let expected = Expected {
        ticket: expect![[r#"
            42 (#42) "Router drops": on hold, priority urgent, tags ["vip"]
            from 43000000001 "Dana" <dana@customer.test>, organisation Acme, plan gold, tags []
            assignee -, group 43000000055
            created 2026-11-23 09:00:00, updated 2026-11-23 09:20:00
            description 2026-11-23 09:00:00 Customer Public "Dana": "It drops every night"
            2 2026-11-23 09:10:00 Agent Internal "": "note 2"
            3 2026-11-23 09:10:00 Agent Internal "": "note 3"
            4 2026-11-23 09:10:00 Agent Internal "": "note 4"
            5 2026-11-23 09:10:00 Agent Internal "": "note 5"
            6 2026-11-23 09:10:00 Agent Internal "": "note 6"
            7 2026-11-23 09:10:00 Agent Internal "": "note 7"
            8 2026-11-23 09:10:00 Agent Internal "": "note 8"
            9 2026-11-23 09:10:00 Agent Internal "": "note 9"
            10 2026-11-23 09:10:00 Agent Internal "": "note 10"
            11 2026-11-23 09:10:00 Agent Internal "": "note 11"
            12 2026-11-23 09:10:00 Agent Internal "": "note 12"
            13 2026-11-23 09:10:00 Agent Internal "": "note 13"
            14 2026-11-23 09:10:00 Agent Internal "": "note 14"
            15 2026-11-23 09:10:00 Agent Internal "": "note 15"
            16 2026-11-23 09:10:00 Agent Internal "": "note 16"
            17 2026-11-23 09:10:00 Agent Internal "": "note 17"
            18 2026-11-23 09:10:00 Agent Internal "": "note 18"
            19 2026-11-23 09:10:00 Agent Internal "": "note 19"
            20 2026-11-23 09:10:00 Agent Internal "": "note 20"
            21 2026-11-23 09:10:00 Agent Internal "": "note 21"
            22 2026-11-23 09:10:00 Agent Internal "": "note 22"
            23 2026-11-23 09:10:00 Agent Internal "": "note 23"
            24 2026-11-23 09:10:00 Agent Internal "": "note 24"
            25 2026-11-23 09:10:00 Agent Internal "": "note 25"
            26 2026-11-23 09:10:00 Agent Internal "": "note 26"
            27 2026-11-23 09:10:00 Agent Internal "": "note 27"
            28 2026-11-23 09:10:00 Agent Internal "": "note 28"
            29 2026-11-23 09:10:00 Agent Internal "": "note 29"
            30 2026-11-23 09:10:00 Agent Internal "": "note 30"
            31 2026-11-23 09:10:00 Agent Internal "": "note 31"
            32 2026-11-23 09:10:00 Agent Internal "": "note 32"
            33 2026-11-23 09:10:00 Agent Internal "": "note 33"
            34 2026-11-23 09:10:00 Agent Internal "": "note 34"
            35 2026-11-23 09:10:00 Agent Internal "": "note 35"
            36 2026-11-23 09:10:00 Agent Internal "": "note 36"
            37 2026-11-23 09:10:00 Agent Internal "": "note 37"
            38 2026-11-23 09:10:00 Agent Internal "": "note 38"
            39 2026-11-23 09:10:00 Agent Internal "": "note 39"
            40 2026-11-23 09:10:00 Agent Internal "": "note 40"
            41 2026-11-23 09:10:00 Agent Internal "": "note 41"
            42 2026-11-23 09:10:00 Agent Internal "": "note 42"
            43 2026-11-23 09:10:00 Agent Internal "": "note 43"
            44 2026-11-23 09:10:00 Agent Internal "": "note 44"
            45 2026-11-23 09:10:00 Agent Internal "": "note 45"
            46 2026-11-23 09:10:00 Agent Internal "": "note 46"
            47 2026-11-23 09:10:00 Agent Internal "": "note 47"
            48 2026-11-23 09:10:00 Agent Internal "": "note 48"
            49 2026-11-23 09:10:00 Agent Internal "": "note 49"
            50 2026-11-23 09:10:00 Agent Internal "": "note 50"
            51 2026-11-23 09:10:00 Agent Internal "": "note 51"
            52 2026-11-23 09:10:00 Agent Internal "": "note 52"
            53 2026-11-23 09:10:00 Agent Internal "": "note 53"
            54 2026-11-23 09:10:00 Agent Internal "": "note 54"
            55 2026-11-23 09:10:00 Agent Internal "": "note 55"
            56 2026-11-23 09:10:00 Agent Internal "": "note 56"
            57 2026-11-23 09:10:00 Agent Internal "": "note 57"
            58 2026-11-23 09:10:00 Agent Internal "": "note 58"
            59 2026-11-23 09:10:00 Agent Internal "": "note 59"
            60 2026-11-23 09:10:00 Agent Internal "": "note 60"
            61 2026-11-23 09:10:00 Agent Internal "": "note 61"
            62 2026-11-23 09:10:00 Agent Internal "": "note 62"
            63 2026-11-23 09:10:00 Agent Internal "": "note 63"
            64 2026-11-23 09:10:00 Agent Internal "": "note 64"
            65 2026-11-23 09:10:00 Agent Internal "": "note 65"
            66 2026-11-23 09:10:00 Agent Internal "": "note 66"
            67 2026-11-23 09:10:00 Agent Internal "": "note 67"
            68 2026-11-23 09:10:00 Agent Internal "": "note 68"
            69 2026-11-23 09:10:00 Agent Internal "": "note 69"
            70 2026-11-23 09:10:00 Agent Internal "": "note 70"
            71 2026-11-23 09:10:00 Agent Internal "": "note 71"
            72 2026-11-23 09:10:00 Agent Internal "": "note 72"
            73 2026-11-23 09:10:00 Agent Internal "": "note 73"
            74 2026-11-23 09:10:00 Agent Internal "": "note 74"
            75 2026-11-23 09:10:00 Agent Internal "": "note 75"
            76 2026-11-23 09:10:00 Agent Internal "": "note 76"
            77 2026-11-23 09:10:00 Agent Internal "": "note 77"
            78 2026-11-23 09:10:00 Agent Internal "": "note 78"
            79 2026-11-23 09:10:00 Agent Internal "": "note 79"
            80 2026-11-23 09:10:00 Agent Internal "": "note 80"
            81 2026-11-23 09:10:00 Agent Internal "": "note 81"
            82 2026-11-23 09:10:00 Agent Internal "": "note 82"
            83 2026-11-23 09:10:00 Agent Internal "": "note 83"
            84 2026-11-23 09:10:00 Agent Internal "": "note 84"
            85 2026-11-23 09:10:00 Agent Internal "": "note 85"
            86 2026-11-23 09:10:00 Agent Internal "": "note 86"
            87 2026-11-23 09:10:00 Agent Internal "": "note 87"
            88 2026-11-23 09:10:00 Agent Internal "": "note 88"
            89 2026-11-23 09:10:00 Agent Internal "": "note 89"
            90 2026-11-23 09:10:00 Agent Internal "": "note 90"
            91 2026-11-23 09:10:00 Agent Internal "": "note 91"
            92 2026-11-23 09:10:00 Agent Internal "": "note 92"
            93 2026-11-23 09:10:00 Agent Internal "": "note 93"
            94 2026-11-23 09:10:00 Agent Internal "": "note 94"
            95 2026-11-23 09:10:00 Agent Internal "": "note 95"
            96 2026-11-23 09:10:00 Agent Internal "": "note 96"
            97 2026-11-23 09:10:00 Agent Internal "": "note 97"
            98 2026-11-23 09:10:00 Agent Internal "": "note 98"
            99 2026-11-23 09:10:00 Agent Internal "": "note 99"
            100 2026-11-23 09:10:00 Agent Internal "": "note 100"
            101 2026-11-23 09:10:00 Agent Internal "": "note 101"
            200 2026-11-23 09:20:00 Customer Public "Dana": "Still so"
        "#]],
        read: expect![[r#"
            GET /api/v2/tickets/42 ? include=requester,company
            GET /api/v2/tickets/42/conversations ? per_page=100
            GET /api/v2/tickets/42/conversations ? per_page=100 & page=2
        "#]],
        note: expect![[r#"
            POST /api/v2/tickets/42/notes
              {"body":"Taken by Sofia.<br>&lt;b&gt;&quot;Tier 2&quot; &amp; co&lt;/b&gt;<br><br>[ESC-12 #3]","private":true}
        "#]],
        reply: expect![[r#"
            POST /api/v2/tickets/42/reply
              {"body":"We are on it.<br>1 &lt; 2"}
        "#]],
        assign: expect![[r#"
            PUT /api/v2/tickets/42
              {"group_id":43000000055}
            PUT /api/v2/tickets/42
              {"responder_id":43000000009}
        "#]],
        tag: expect![[r#"
            PUT /api/v2/tickets/42
              {"tags":["vip","escalated"]}
        "#]],
        count: expect![[r#"
            GET /api/v2/tickets ? requester_id=43000000001 & updated_since=2026-10-24T00:00:00Z & per_page=100
            Ok(1)
        "#]],
        changed: expect![[r#"
            GET /api/v2/tickets ? updated_since=2026-10-24T00:00:00Z & order_by=updated_at & order_type=asc & per_page=100
            Ok(["1 at 2026-10-24 00:00:00 UTC"])
        "#]],
    };
    check(&CASE, expected).await;
}
