//! `bellhop tickets test`: what becomes of a link, against a system that answers what it is told to.

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use expect_test::{Expect, expect};
use regex::Regex;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::desk;
use crate::program::{Done, Program};

const TOKEN: &str = "t0ken-of-the-account";

/// A Zendesk with one ticket. It asks for the token.
async fn zendesk() -> Result<String> {
    let dana = json!({"id": 7, "name": "Dana", "email": "dana@customer.test", "role": "end-user"});
    let answer = move |headers: axum::http::HeaderMap, uri: Uri| {
        let dana = dana.clone();
        async move {
            if headers.get("authorization").is_none_or(|it| it != &format!("Bearer {TOKEN}")) {
                let echo = headers.get("authorization").and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
                return (StatusCode::UNAUTHORIZED, axum::Json(json!({"error": format!("no {echo}")}))).into_response();
            }
            let times = json!({"created_at": "2026-11-23T09:00:00Z", "updated_at": "2026-11-23T09:20:00Z"});
            let body = match uri.path() {
                "/api/v2/tickets/42.json" => json!({"users": [dana], "ticket": {"id": 42, "subject": "Router drops",
                    "status": "open", "priority": "high", "requester_id": 7, "tags": ["vip"],
                    "created_at": times["created_at"], "updated_at": times["updated_at"]}}),
                "/api/v2/tickets/42/comments.json" => json!({"users": [dana], "comments": [{"id": 1, "author_id": 7,
                    "public": true, "plain_body": "It drops\nevery night.\u{1b}[2J", "created_at": times["created_at"]}]}),
                "/api/v2/search/count.json" => json!({"count": 3}),
                _ => return StatusCode::NOT_FOUND.into_response(),
            };
            axum::Json(body).into_response()
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    Ok(url)
}

fn desk_with(api: &str, more: &str) -> Result<TempDir> {
    let account =
        format!("\n[[tickets]]\nkind = \"zendesk\"\nhost = \"h.test\"\napi = \"{api}\"\n{more}\n\n[[tickets]]\n");
    let pattern = ("system = \"zendesk\"\nlink", "system = \"elsewhere\"\nlink");
    desk(&[("\n[[tickets]]\n", account.as_str()), pattern])
}

async fn test(desk: &TempDir, arguments: &[&str], token: &str) -> Result<Done> {
    let arguments = [&["tickets", "test"], arguments].concat();
    let done = Program::start(desk.path(), &arguments, &[("ZENDESK_TOKEN", token)])?.finish().await?;
    ensure!(!done.to_string().contains(TOKEN) && !done.to_string().contains("wr0ng"), "a secret is shown: {done}");
    Ok(done)
}

/// Times and ports are never the same.
fn check(done: &Done, expected: &Expect) -> Result<()> {
    let steady = Regex::new(r"\d+ ms")?.replace_all(&done.to_string(), "(ms)").into_owned();
    expected.assert_eq(&Regex::new(r"127\.0\.0\.1:\d+")?.replace_all(&steady, "(here)"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_can_be_read() -> Result<()> {
    let desk = desk_with(&zendesk().await?, "token_env = \"ZENDESK_TOKEN\"")?;
    let done = test(&desk, &["see https://h.test/agent/tickets/42"], TOKEN).await?;
    check(
        &done,
        &expect![[r#"
        exit 0
        --- out
        recognised  zendesk ticket 42
        called      GET /api/v2/tickets/42.json: 200, 263 bytes, (ms)
        called      GET /api/v2/tickets/42/comments.json: 200, 214 bytes, (ms)
        called      GET /api/v2/search/count.json: 200, 11 bytes, (ms)
        understood  #42 Router drops
        understood  status open, priority high, tags vip
        understood  requester Dana <dana@customer.test>
        understood  assigned to nobody, in no group
        understood  created 2026-11-23 09:00 UTC, updated 2026-11-23 09:20 UTC, comments 1
        understood  the customer said last, 2026-11-23 09:00 UTC: It drops every night.[2J
        understood  the requester opened 3 in 30 days
    "#]],
    )?;
    let done = test(&desk, &["https://h.test/agent/tickets/42", "--json"], TOKEN).await?;
    let told: Value = serde_json::from_str(&done.out).context("JSON")?;
    ensure!(done.code == Some(0) && told["recent"] == 3 && told["ticket"]["requester"]["name"] == "Dana", "{done}");
    ensure!(told["calls"].as_array().is_some_and(|calls| calls.len() == 3) && told["problem"].is_null(), "{done}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_way_is_told_with_what_to_do() -> Result<()> {
    let url = zendesk().await?;
    let desk = desk_with(&url, "token_env = \"ZENDESK_TOKEN\"")?;
    check(
        &test(&desk, &["https://h.test/agent/tickets/42"], "wr0ng").await?,
        &expect![[r#"
        exit 1
        --- out
        recognised  zendesk ticket 42
        called      GET /api/v2/tickets/42.json: 401, 27 bytes, (ms)
        problem     Zendesk: it does not accept the account (401): no Bearer …
        to do       look whether the token still holds and its account may read tickets; make a new one if not
    "#]],
    )?;
    check(
        &test(&desk, &["https://h.test/agent/tickets/43"], TOKEN).await?,
        &expect![[r#"
        exit 1
        --- out
        recognised  zendesk ticket 43
        called      GET /api/v2/tickets/43.json: 404, 0 bytes, (ms)
        problem     Zendesk: there is no such ticket, or the account may not see it
        to do       open the link as the account's user: it may be merged, deleted, or not theirs to see
    "#]],
    )?;
    check(
        &test(&desk, &["https://h.test/agent/tickets/42"], "").await?,
        &expect![[r#"
        exit 1
        --- out
        recognised  zendesk ticket 42
        problem     the environment variable ZENDESK_TOKEN is not set
        to do       look at [[tickets]] of zendesk: token_env, token_file, webhook_secret_…
    "#]],
    )?;
    check(
        &test(&desk, &["https://elsewhere.test/agent/tickets/42"], TOKEN).await?,
        &expect![[r#"
        exit 1
        --- out
        problem     no ticket is recognised in it
        to do       links to these are recognised: h.test; see kind, host, account in [[tickets]]
    "#]],
    )?;
    let away = desk_with("http://127.0.0.1:9", "token_env = \"ZENDESK_TOKEN\"")?;
    check(
        &test(&away, &["https://h.test/agent/tickets/42"], TOKEN).await?,
        &expect![[r#"
        exit 1
        --- out
        recognised  zendesk ticket 42
        called      GET /api/v2/tickets/42.json: no answer, 0 bytes, (ms)
        called      GET /api/v2/tickets/42.json: no answer, 0 bytes, (ms)
        called      GET /api/v2/tickets/42.json: no answer, 0 bytes, (ms)
        problem     Zendesk: it did not answer: Connection refused (os error 111)
        to do       look whether http://(here) can be reached from this machine
    "#]],
    )?;
    check(
        &test(&desk, &[], TOKEN).await?,
        &expect![[r#"
        exit 2
        --- err
        error: the following required arguments were not provided:
          <LINK>

        Usage: bellhop tickets test <LINK>

        For more information, try '--help'.
    "#]],
    )?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_is_linked_only() -> Result<()> {
    let linked = desk_with("http://127.0.0.1:9", "")?;
    check(
        &test(&linked, &["https://h.test/agent/tickets/42"], TOKEN).await?,
        &expect![[r#"
        exit 0
        --- out
        recognised  zendesk ticket 42
        note        it is linked and not read, for there is no token
        to do       name one in [[tickets]] of zendesk: token_env or token_file
    "#]],
    )?;
    let own = desk(&[])?;
    check(
        &test(&own, &["https://harbor.freshdesk.com/a/tickets/42"], TOKEN).await?,
        &expect![[r#"
        exit 0
        --- out
        recognised  freshdesk ticket 42
        note        it is linked and not read: a pattern of your own names no system
        to do       if the system is a known one, name it in [[tickets]]: kind = …, host = …
    "#]],
    )?;
    Ok(())
}
