//! How the client asks: again, later, not at all, and for a new token.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use serde_json::json;

use super::kit::{HASTE, TOKEN};
use super::server::{Asked, Reply, Server};
use super::{help_scout, zendesk};
use crate::adapters::tickets::{Account, InternalNote, Patience, TicketError, TicketId};

fn refused(status: u16, headers: &[(&'static str, String)]) -> Reply {
    Reply::Text {
        status,
        headers: headers.to_vec(),
        body: "Number of allowed API requests per minute exceeded".to_owned(),
    }
}

fn ticket(account: &Account) -> TicketId {
    account.ticket_id("42").expect("an id")
}

async fn asked_with(
    patience: Patience,
    answer: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static,
) -> (Server, Account) {
    let recorded = zendesk::CASE.answer();
    let server = Server::start(move |asked| answer(asked).unwrap_or_else(|| recorded(asked))).await;
    let account = zendesk::CASE.account(&server.url, patience);
    (server, account)
}

#[tokio::test]
async fn a_short_limit_is_waited_for() {
    let limited = |asked: &Asked| (asked.before == 0).then(|| refused(429, &[("retry-after", "0.2".to_owned())]));
    let (server, account) = asked_with(HASTE, limited).await;
    let started = Instant::now();
    assert!(account.fetch(&ticket(&account)).await.is_ok());
    assert!(started.elapsed() >= Duration::from_millis(200), "it waited");
    assert!(server.asked().len() > 3, "it asked again");
}

/// One that wrote nothing because of a limit may write again.
#[tokio::test]
async fn a_limit_on_writing_is_waited_for_too() {
    let limited = |asked: &Asked| {
        (asked.method == "PUT" && asked.before == 0).then(|| refused(429, &[("retry-after", "0".to_owned())]))
    };
    let (server, account) = asked_with(HASTE, limited).await;
    let note = InternalNote::new("text", "[ESC-1 #1]");
    assert!(account.internal_note(&ticket(&account), &note, false).await.is_ok());
    assert_eq!(server.written().len(), 2);
    assert_eq!(server.asked().len(), 2, "there was nothing to look for");
}

#[tokio::test]
async fn a_long_limit_is_told() {
    let in_a_minute = (Utc::now() + TimeDelta::seconds(60)).to_rfc2822().replace("+0000", "GMT");
    let reset = (Utc::now() + TimeDelta::seconds(60)).timestamp().to_string();
    let limits = [
        (429, ("retry-after", "60".to_owned())),
        (429, ("retry-after", in_a_minute)),
        (429, ("x-ratelimit-reset", reset)),
        (403, ("retry-after", "60".to_owned())),
    ];
    for (status, header) in limits {
        let (server, account) = asked_with(HASTE, move |_| Some(refused(status, std::slice::from_ref(&header)))).await;
        let error = account.fetch(&ticket(&account)).await.expect_err("a limit");
        let TicketError::RateLimited { after } = error else { panic!("{error:?}") };
        assert!((58..=60).contains(&after.as_secs()), "{after:?}");
        assert_eq!(server.asked().len(), 1);
    }
    for (header, wait) in [("soon", 10), ("1e300", 10), ("-5", 10), ("999999999", 86_400)] {
        let headers = [("retry-after", header.to_owned())];
        let (_server, account) = asked_with(HASTE, move |_| Some(refused(429, &headers))).await;
        let error = account.fetch(&ticket(&account)).await.expect_err("a limit");
        assert_eq!(error, TicketError::RateLimited { after: Duration::from_secs(wait) }, "{header}");
    }
}

#[tokio::test]
async fn a_fault_that_passes_is_asked_about_again_and_then_told() {
    let patience = Patience { repeats: 2, ..HASTE };
    let (server, account) = asked_with(patience, |asked| (asked.before < 2).then(|| refused(503, &[]))).await;
    assert!(account.fetch(&ticket(&account)).await.is_ok(), "the third time");
    server.forget();
    let (server, account) = asked_with(patience, |_| Some(refused(503, &[]))).await;
    assert!(account.fetch(&ticket(&account)).await.is_err());
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn nobody_there() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
    let account = zendesk::CASE.account(&format!("http://127.0.0.1:{port}"), HASTE);
    let error = account.fetch(&ticket(&account)).await.expect_err("nobody there");
    assert_eq!(error.to_string(), "it did not answer: Connection refused (os error 111)");
    let note = InternalNote::new("text", "[ESC-1 #1]");
    let error = account.internal_note(&ticket(&account), &note, false).await.expect_err("nobody there");
    assert!(matches!(error, TicketError::Unavailable { maybe_done: false, .. }), "it was never sent: {error:?}");
}

/// Neither written nor known not to be: whoever asks has to say so next time.
#[tokio::test]
async fn a_note_that_nobody_can_look_for_is_not_repeated() {
    let (server, account) = asked_with(HASTE, |_| Some(refused(500, &[]))).await;
    let note = InternalNote::new("text", "[ESC-1 #1]");
    let error = account.internal_note(&ticket(&account), &note, false).await.expect_err("a fault");
    assert!(matches!(error, TicketError::Unavailable { maybe_done: true, .. }), "{error:?}");
    assert_eq!(server.written().len(), 1);
}

/// Among more comments than are read a note may hide.
#[tokio::test]
async fn more_comments_than_are_read() {
    let endless = |asked: &Asked| {
        let page = json!({"comments": [], "meta": {"has_more": true, "after_cursor": "again"}});
        asked.path.ends_with("comments.json").then_some(Reply::Json(200, page))
    };
    let (server, account) = asked_with(HASTE, endless).await;
    let ticket = ticket(&account);
    assert!(account.fetch(&ticket).await.expect("a ticket").is_cut);
    assert_eq!(server.asked().len(), 21);
    let note = InternalNote::new("text", "[ESC-1 #1]");
    let error = account.internal_note(&ticket, &note, true).await.expect_err("it cannot be known");
    assert_eq!(error.to_string(), "it did not answer: the ticket has too many comments to look through");
    assert!(server.written().is_empty());
}

#[tokio::test]
async fn a_token_that_ended_early_is_fetched_anew_once() {
    let recorded = help_scout::CASE.answer();
    let server = Server::start(move |asked| {
        let is_first_token = asked.path.ends_with("2391938111") && asked.before == 0;
        if is_first_token { Reply::Json(401, json!({})) } else { recorded(asked) }
    })
    .await;
    let account = help_scout::CASE.account(&server.url, HASTE);
    let ticket = account.ticket_id("2391938111").expect("an id");
    assert!(account.fetch(&ticket).await.is_ok());
    assert!(account.fetch(&ticket).await.is_ok());
    let tokens: Vec<Asked> = server.asked().into_iter().filter(|asked| asked.path.ends_with("/token")).collect();
    assert_eq!(tokens.len(), 2, "one at first, one when it had ended, none after");
    let form = json!({"grant_type": "client_credentials", "client_id": "app-id", "client_secret": TOKEN});
    assert_eq!(tokens[0].body, form);
}

#[tokio::test]
async fn a_client_that_is_not_accepted() {
    let server = Server::start(|_| Reply::Json(401, json!({"error": "invalid_client"}))).await;
    let account = help_scout::CASE.account(&server.url, HASTE);
    let error = account.fetch(&account.ticket_id("7").expect("an id")).await.expect_err("not accepted");
    assert_eq!(error.to_string(), "it does not accept the account (401): invalid_client");
}

#[tokio::test]
async fn a_watcher_sees_what_was_asked_without_what_is_a_persons() {
    let server = Server::start(super::front::CASE.answer()).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let watcher: crate::adapters::tickets::Watcher =
        Arc::new(move |exchange| log.lock().expect("no panic").push(exchange));
    let settings = super::front::CASE.settings(&server.url);
    let account = Account::with_secrets(&settings, TOKEN.into(), None, HASTE, Some(watcher)).expect("an account");
    let ticket = account.fetch(&account.ticket_id("cnv_55c8").expect("an id")).await.expect("a ticket");
    account.recent_count(&ticket.requester, super::kit::since()).await.expect("a count");
    let seen: Vec<String> = seen
        .lock()
        .expect("no panic")
        .iter()
        .map(|it| format!("{} {} {} {}", it.method, it.path, it.status.unwrap_or_default(), it.bytes > 10))
        .collect();
    expect_test::expect![[r#"
        GET /conversations/cnv_55c8 200 true
        GET /conversations/cnv_55c8/messages 200 true
        GET /conversations/cnv_55c8/messages 200 true
        GET /conversations/cnv_55c8/comments 200 true
        GET /contacts/alt:email:…@…/conversations 200 true"#]]
    .assert_eq(&seen.join("\n"));
}
