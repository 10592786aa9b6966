use expect_test::expect;
use serde_json::json;

use super::kit::{Case, Expected, Listing, check, iso, numbered};

pub(super) const CASE: Case = Case {
    kind: "github",
    host: "github.com",
    account: Some("harbor/router"),
    user: None,
    client: None,
    plan_field: None,
    link: "https://github.com/harbor/router/issues/42#issuecomment-1",
    id: "42",
    signed: ("authorization", "Bearer t0ken-of-the-account"),
    recorded: || {
        let said = |id: u32, login: &str, kind: &str, as_what: &str, body: &str| {
            json!({"id": id, "user": {"login": login, "type": kind}, "author_association": as_what, "body": body,
                "created_at": "2026-11-23T09:10:00Z"})
        };
        let full: Vec<_> = (1..101).map(|id| said(id, "dana", "User", "NONE", "+1")).collect();
        vec![
            (
                "GET /repos/harbor/router/issues/42",
                json!({"id": 9001, "number": 42, "title": "Router drops", "state": "open", "body": "It drops",
                    "user": {"login": "dana", "type": "User"}, "author_association": "NONE",
                    "labels": [{"id": 1, "name": "bug"}], "assignees": [{"login": "sofia"}],
                    "created_at": "2026-11-23T09:00:00Z", "updated_at": "2026-11-23T09:20:00Z"}),
            ),
            (
                "GET /repos/harbor/router/issues/42/comments page=2",
                json!([
                    said(201, "sofia", "User", "MEMBER", "We look"),
                    said(202, "ci[bot]", "Bot", "NONE", "built"),
                    said(203, "eve", "User", "CONTRIBUTOR", "me too")
                ]),
            ),
            ("GET /repos/harbor/router/issues/42/comments", full.into()),
            ("GET /search/issues", json!({"total_count": 3, "items": []})),
            ("POST /repos/harbor/router/issues/42/comments", json!({"id": 301})),
            ("POST /repos/harbor/router/issues/42/assignees", json!({"number": 42})),
            ("POST /repos/harbor/router/issues/42/labels", json!([])),
        ]
    },
    with_note: |_| ("GET /repos/harbor/router/issues/42/comments", json!([])),
    // There is nothing for staff only.
    is_internal: |_| false,
    is_public: |asked| asked.path.ends_with("/comments"),
    group: "tier-2",
    person: "sofia",
    changes: Listing {
        route: "GET /repos/harbor/router/issues",
        size: 100,
        id: |n| n.to_string(),
        item: |id, at| json!({"id": 9001, "number": id, "updated_at": iso(at)}),
        page: |mut items, _| {
            // It comes along, and is no issue.
            items.push(json!({"id": 9002, "number": 999, "updated_at": "2026-11-27T00:00:00Z", "pull_request": {}}));
            items.into()
        },
        asked: numbered,
    },
};

#[tokio::test]
async fn verbs() {
    let expected = Expected {
        ticket: expect![[r#"
            42 (#42) "Router drops": open, priority -, tags ["bug"]
            from dana "dana" <->, organisation -, plan -, tags []
            assignee sofia, group harbor/router
            created 2026-11-23 09:00:00, updated 2026-11-23 09:20:00
            9001 2026-11-23 09:00:00 Customer Public "dana": "It drops"
            1 2026-11-23 09:10:00 Customer Public "dana": "+1"
            2 2026-11-23 09:10:00 Customer Public "dana": "+1"
            3 2026-11-23 09:10:00 Customer Public "dana": "+1"
            4 2026-11-23 09:10:00 Customer Public "dana": "+1"
            5 2026-11-23 09:10:00 Customer Public "dana": "+1"
            6 2026-11-23 09:10:00 Customer Public "dana": "+1"
            7 2026-11-23 09:10:00 Customer Public "dana": "+1"
            8 2026-11-23 09:10:00 Customer Public "dana": "+1"
            9 2026-11-23 09:10:00 Customer Public "dana": "+1"
            10 2026-11-23 09:10:00 Customer Public "dana": "+1"
            11 2026-11-23 09:10:00 Customer Public "dana": "+1"
            12 2026-11-23 09:10:00 Customer Public "dana": "+1"
            13 2026-11-23 09:10:00 Customer Public "dana": "+1"
            14 2026-11-23 09:10:00 Customer Public "dana": "+1"
            15 2026-11-23 09:10:00 Customer Public "dana": "+1"
            16 2026-11-23 09:10:00 Customer Public "dana": "+1"
            17 2026-11-23 09:10:00 Customer Public "dana": "+1"
            18 2026-11-23 09:10:00 Customer Public "dana": "+1"
            19 2026-11-23 09:10:00 Customer Public "dana": "+1"
            20 2026-11-23 09:10:00 Customer Public "dana": "+1"
            21 2026-11-23 09:10:00 Customer Public "dana": "+1"
            22 2026-11-23 09:10:00 Customer Public "dana": "+1"
            23 2026-11-23 09:10:00 Customer Public "dana": "+1"
            24 2026-11-23 09:10:00 Customer Public "dana": "+1"
            25 2026-11-23 09:10:00 Customer Public "dana": "+1"
            26 2026-11-23 09:10:00 Customer Public "dana": "+1"
            27 2026-11-23 09:10:00 Customer Public "dana": "+1"
            28 2026-11-23 09:10:00 Customer Public "dana": "+1"
            29 2026-11-23 09:10:00 Customer Public "dana": "+1"
            30 2026-11-23 09:10:00 Customer Public "dana": "+1"
            31 2026-11-23 09:10:00 Customer Public "dana": "+1"
            32 2026-11-23 09:10:00 Customer Public "dana": "+1"
            33 2026-11-23 09:10:00 Customer Public "dana": "+1"
            34 2026-11-23 09:10:00 Customer Public "dana": "+1"
            35 2026-11-23 09:10:00 Customer Public "dana": "+1"
            36 2026-11-23 09:10:00 Customer Public "dana": "+1"
            37 2026-11-23 09:10:00 Customer Public "dana": "+1"
            38 2026-11-23 09:10:00 Customer Public "dana": "+1"
            39 2026-11-23 09:10:00 Customer Public "dana": "+1"
            40 2026-11-23 09:10:00 Customer Public "dana": "+1"
            41 2026-11-23 09:10:00 Customer Public "dana": "+1"
            42 2026-11-23 09:10:00 Customer Public "dana": "+1"
            43 2026-11-23 09:10:00 Customer Public "dana": "+1"
            44 2026-11-23 09:10:00 Customer Public "dana": "+1"
            45 2026-11-23 09:10:00 Customer Public "dana": "+1"
            46 2026-11-23 09:10:00 Customer Public "dana": "+1"
            47 2026-11-23 09:10:00 Customer Public "dana": "+1"
            48 2026-11-23 09:10:00 Customer Public "dana": "+1"
            49 2026-11-23 09:10:00 Customer Public "dana": "+1"
            50 2026-11-23 09:10:00 Customer Public "dana": "+1"
            51 2026-11-23 09:10:00 Customer Public "dana": "+1"
            52 2026-11-23 09:10:00 Customer Public "dana": "+1"
            53 2026-11-23 09:10:00 Customer Public "dana": "+1"
            54 2026-11-23 09:10:00 Customer Public "dana": "+1"
            55 2026-11-23 09:10:00 Customer Public "dana": "+1"
            56 2026-11-23 09:10:00 Customer Public "dana": "+1"
            57 2026-11-23 09:10:00 Customer Public "dana": "+1"
            58 2026-11-23 09:10:00 Customer Public "dana": "+1"
            59 2026-11-23 09:10:00 Customer Public "dana": "+1"
            60 2026-11-23 09:10:00 Customer Public "dana": "+1"
            61 2026-11-23 09:10:00 Customer Public "dana": "+1"
            62 2026-11-23 09:10:00 Customer Public "dana": "+1"
            63 2026-11-23 09:10:00 Customer Public "dana": "+1"
            64 2026-11-23 09:10:00 Customer Public "dana": "+1"
            65 2026-11-23 09:10:00 Customer Public "dana": "+1"
            66 2026-11-23 09:10:00 Customer Public "dana": "+1"
            67 2026-11-23 09:10:00 Customer Public "dana": "+1"
            68 2026-11-23 09:10:00 Customer Public "dana": "+1"
            69 2026-11-23 09:10:00 Customer Public "dana": "+1"
            70 2026-11-23 09:10:00 Customer Public "dana": "+1"
            71 2026-11-23 09:10:00 Customer Public "dana": "+1"
            72 2026-11-23 09:10:00 Customer Public "dana": "+1"
            73 2026-11-23 09:10:00 Customer Public "dana": "+1"
            74 2026-11-23 09:10:00 Customer Public "dana": "+1"
            75 2026-11-23 09:10:00 Customer Public "dana": "+1"
            76 2026-11-23 09:10:00 Customer Public "dana": "+1"
            77 2026-11-23 09:10:00 Customer Public "dana": "+1"
            78 2026-11-23 09:10:00 Customer Public "dana": "+1"
            79 2026-11-23 09:10:00 Customer Public "dana": "+1"
            80 2026-11-23 09:10:00 Customer Public "dana": "+1"
            81 2026-11-23 09:10:00 Customer Public "dana": "+1"
            82 2026-11-23 09:10:00 Customer Public "dana": "+1"
            83 2026-11-23 09:10:00 Customer Public "dana": "+1"
            84 2026-11-23 09:10:00 Customer Public "dana": "+1"
            85 2026-11-23 09:10:00 Customer Public "dana": "+1"
            86 2026-11-23 09:10:00 Customer Public "dana": "+1"
            87 2026-11-23 09:10:00 Customer Public "dana": "+1"
            88 2026-11-23 09:10:00 Customer Public "dana": "+1"
            89 2026-11-23 09:10:00 Customer Public "dana": "+1"
            90 2026-11-23 09:10:00 Customer Public "dana": "+1"
            91 2026-11-23 09:10:00 Customer Public "dana": "+1"
            92 2026-11-23 09:10:00 Customer Public "dana": "+1"
            93 2026-11-23 09:10:00 Customer Public "dana": "+1"
            94 2026-11-23 09:10:00 Customer Public "dana": "+1"
            95 2026-11-23 09:10:00 Customer Public "dana": "+1"
            96 2026-11-23 09:10:00 Customer Public "dana": "+1"
            97 2026-11-23 09:10:00 Customer Public "dana": "+1"
            98 2026-11-23 09:10:00 Customer Public "dana": "+1"
            99 2026-11-23 09:10:00 Customer Public "dana": "+1"
            100 2026-11-23 09:10:00 Customer Public "dana": "+1"
            201 2026-11-23 09:10:00 Agent Public "sofia": "We look"
            202 2026-11-23 09:10:00 System Public "ci[bot]": "built"
            203 2026-11-23 09:10:00 Customer Public "eve": "me too"
        "#]],
        read: expect![[r#"
            GET /repos/harbor/router/issues/42
            GET /repos/harbor/router/issues/42/comments ? per_page=100
            GET /repos/harbor/router/issues/42/comments ? per_page=100 & page=2
        "#]],
        note: expect![[r#"
            Err(Impossible { why: "GitHub has no notes for staff: everyone who sees the issue reads all of it" })
        "#]],
        reply: expect![[r#"
            POST /repos/harbor/router/issues/42/comments
              {"body":"We are on it.\n1 < 2"}
        "#]],
        assign: expect![[r#"
            POST /repos/harbor/router/issues/42/assignees
              {"assignees":["sofia"]}
            [Err(Impossible { why: "GitHub assigns issues to people only" }), Ok(())]
        "#]],
        tag: expect![[r#"
            POST /repos/harbor/router/issues/42/labels
              {"labels":["escalated"]}
        "#]],
        count: expect![[r#"
            GET /search/issues ? q=repo:harbor/router type:issue author:dana created:>=2026-10-24T00:00:00Z & per_page=1
            Ok(3)
        "#]],
        changed: expect![[r#"
            GET /repos/harbor/router/issues ? since=2026-10-24T00:00:00Z & state=all & sort=updated & direction=asc & per_page=100
            Ok(["1 at 2026-10-24 00:00:00 UTC"])
        "#]],
    };
    check(&CASE, expected).await;
}
