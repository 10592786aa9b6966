//! The listener on a socket with a real desk behind it: what is taken, what is refused, and what of it is on disk.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{SecondsFormat, TimeDelta};
use data_encoding::BASE64;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::SecretString;
use sha2::Sha256;
use tempfile::TempDir;

use super::{Settings, Web};
use crate::adapters::secret::SecretPlace;
use crate::adapters::tickets::{Account, Facts, Patience, Settings as TicketSettings};
use crate::engine::clock::Clock;
use crate::engine::connector::{Connector, Outgoing, Receipt, Undelivered};
use crate::engine::store::SqliteStore;
use crate::engine::{self, Engine};
use crate::sop::fixture::{at, build};
use crate::sop::procedure::{Procedure, TicketAccess};

const SECRET: &str = "s3cr3t-key";

/// Notes what would be read, and never answers.
#[derive(Default)]
struct Silent(Mutex<Vec<String>>);

impl Connector for Silent {
    fn deliver(&self, outgoing: Outgoing) -> BoxFuture<'_, Result<Receipt, Undelivered>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(outgoing.key);
        std::future::pending().boxed()
    }
}

/// A desk that reads the tickets of "zendesk", and its listener.
struct Stage {
    folder: TempDir,
    clock: Clock,
    engine: Engine,
    web: Web,
    asked: Arc<Silent>,
}

fn reading() -> Procedure {
    let mut procedure = build();
    for link in &mut procedure.ticket_links {
        (link.system, link.access) = ("zendesk".to_owned(), Some(TicketAccess::default()));
    }
    procedure
}

fn account(webhook: bool) -> Arc<Account> {
    let place = || SecretPlace::Variable("NEVER_READ".to_owned());
    let settings = TicketSettings {
        name: if webhook { "zendesk" } else { "deaf" }.to_owned(),
        kind: Facts::of("zendesk").expect("it is known"),
        host: "harbor.zendesk.com".to_owned(),
        api: "http://127.0.0.1:1".to_owned(),
        account: None,
        user: None,
        client: None,
        plan_field: None,
        token: Some(place()),
        webhook: webhook.then(place),
        poll: None,
    };
    let secret = webhook.then(|| SecretString::from(SECRET));
    let account = Account::with_secrets(&settings, "token".into(), secret, Patience::default(), None);
    Arc::new(account.expect("it can be spoken with"))
}

impl Stage {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the log");
        Self::open(folder, Clock::manual(at(0))).await
    }

    async fn open(folder: TempDir, clock: Clock) -> Self {
        let store = SqliteStore::open(&folder.path().join("desk.sqlite"), "harbor").await.expect("a log");
        let asked = Arc::new(Silent::default());
        let (procedure, connector) = (Arc::new(reading()), asked.clone());
        let settings = engine::Settings { procedure, clock: clock.clone(), store, connector };
        let engine = Engine::start(settings).await.expect("the desk starts");
        let settings = Settings { listen: ([127, 0, 0, 1], 0).into(), url: None };
        let accounts = vec![account(true), account(false)];
        let web = Web::start(&settings, accounts, engine.inbox(), clock.clone()).await.expect("a free port");
        Self { folder, clock, engine, web, asked }
    }

    /// As after a crash.
    async fn crash(self) -> Self {
        let Self { folder, clock, engine, web, .. } = self;
        web.close().await;
        engine.kill().await;
        Self::open(folder, clock).await
    }

    /// The status of the answer.
    async fn post(&self, to: &str, delivery: Delivery<'_>) -> u16 {
        let Delivery { body, kind, secret, id, age } = delivery;
        let sent = (self.clock.now() - age).to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut request = reqwest::Client::new().post(format!("http://{}/hooks/{to}", self.web.address()));
        request = request.header("content-type", kind).header("x-zendesk-webhook-invocation-id", id);
        if let Some(secret) = secret {
            request = request
                .header("x-zendesk-webhook-signature", signature(secret, &sent, body))
                .header("x-zendesk-webhook-signature-timestamp", sent);
        }
        request.body(body.to_owned()).send().await.expect("it answers").status().as_u16()
    }

    fn asked(&self) -> Vec<String> {
        self.asked.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn signature(secret: &str, sent: &str, body: &str) -> String {
    let mut keyed = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key will do");
    keyed.update(sent.as_bytes());
    keyed.update(body.as_bytes());
    BASE64.encode(&keyed.finalize().into_bytes())
}

#[derive(Clone, Copy)]
struct Delivery<'a> {
    body: &'a str,
    kind: &'a str,
    /// `None`: it is not signed.
    secret: Option<&'a str>,
    id: &'a str,
    age: TimeDelta,
}

const GOOD: Delivery<'_> = Delivery {
    body: r#"{"ticket_id": "42"}"#,
    kind: "application/json",
    secret: Some(SECRET),
    id: "one",
    age: TimeDelta::zero(),
};

#[tokio::test]
async fn a_delivery_is_taken_once_and_survives_a_crash() {
    let stage = Stage::start().await;
    assert_eq!(stage.post("zendesk", GOOD).await, 202);
    assert_eq!(stage.post("zendesk", GOOD).await, 409, "delivered before");
    assert_eq!(stage.post("zendesk", Delivery { id: "two", ..GOOD }).await, 202, "another about the same ticket");
    let stage = stage.crash().await;
    assert_eq!(stage.post("zendesk", GOOD).await, 409, "what was answered is remembered");
    // The ticket is still to be read, once.
    assert_eq!(stage.asked(), ["ticket/zendesk/42/"]);
}

#[tokio::test]
async fn what_is_not_to_be_believed_changes_nothing() {
    let stage = Stage::start().await;
    let large = format!(r#"{{"ticket_id": "42", "text": "{}"}}"#, "x".repeat(1 << 20));
    let elsewhere = r#"{"ticket_id": "../../users/1"}"#;
    for (delivery, to, expected, why) in [
        (Delivery { secret: None, ..GOOD }, "zendesk", 401, "not signed"),
        (Delivery { secret: Some("guessed"), ..GOOD }, "zendesk", 401, "forged"),
        (Delivery { age: TimeDelta::minutes(6), ..GOOD }, "zendesk", 401, "stale"),
        (Delivery { age: TimeDelta::minutes(-6), ..GOOD }, "zendesk", 401, "from the future"),
        (Delivery { body: &large, ..GOOD }, "zendesk", 413, "too large"),
        (Delivery { body: "ticket 42", ..GOOD }, "zendesk", 400, "not JSON"),
        (Delivery { body: r#"{"ticket": 42}"#, ..GOOD }, "zendesk", 400, "no ticket in it"),
        (
            Delivery { body: "ticket_id=42", kind: "application/x-www-form-urlencoded", ..GOOD },
            "zendesk",
            415,
            "a form",
        ),
        (GOOD, "deaf", 404, "an account without webhooks"),
        (GOOD, "nobody", 404, "no account"),
        (Delivery { body: elsewhere, ..GOOD }, "zendesk", 202, "no ticket of ours, as when a webhook is tried out"),
    ] {
        assert_eq!(stage.post(to, delivery).await, expected, "{why}");
    }
    assert_eq!(stage.asked(), Vec::<String>::new());
    assert_eq!(stage.post("zendesk", GOOD).await, 202, "it still works");
}
