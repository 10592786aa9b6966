//! How many webhooks a second are taken, each signed, checked, and on disk before it is answered; beside what axum alone
//! answers on the same machine.
//!
//! ```sh
//! cargo bench --bench webhooks
//! ```

#![expect(clippy::cast_precision_loss, reason = "figures to be looked at")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::post;
use bellhop::adapters::secret::SecretPlace;
use bellhop::adapters::tickets::{Account, Facts, Patience, Settings as TicketSettings};
use bellhop::adapters::web::{Behind, Bound, Secrets, Settings, Web};
use bellhop::config::Config;
use bellhop::engine::clock::Clock;
use bellhop::engine::connector::{Connector, Outgoing, Receipt, Undelivered};
use bellhop::engine::store::SqliteStore;
use bellhop::engine::{self, Engine};
use bellhop::words::{Language, Markup, Words};
use chrono::Utc;
use data_encoding::BASE64;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::net::TcpListener;

const DELIVERIES: usize = 20_000;
/// Connections that deliver, one after the other on each.
const SENDERS: usize = 64;
const SECRET: &str = "s3cr3t-key";
const EXAMPLE: &str = include_str!("../config.example.toml");

/// A ticket system that hangs: nothing that is taken is ever read.
struct Hanging;

impl Connector for Hanging {
    fn deliver(&self, _: Outgoing) -> BoxFuture<'_, Result<Receipt, Undelivered>> {
        std::future::pending().boxed()
    }
}

#[tokio::main]
async fn main() {
    let echo = echo().await;
    let plain = round("axum, which echoes", echo).await;
    let folder = tempfile::tempdir().expect("a folder for the log");
    let (web, engine) = desk(&folder.path().join("desk.sqlite")).await;
    let taken = round("a desk that takes them", web.address()).await;
    println!("{:.2} of what axum alone answers", taken / plain);
    web.close().await;
    engine.stop().await.expect("the log is written");
}

async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let service = Router::new().route("/hooks/help", post(|body: axum::body::Bytes| async move { body }));
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

async fn desk(log: &std::path::Path) -> (Web, Engine) {
    let tickets = "\n[web]\nlisten = \"127.0.0.1:0\"\n[[tickets]]\nkind = \"zendesk\"\nsystem = \"help\"\nhost = \"harbor.zendesk.com\"\n\
                   token_env = \"NEVER_READ\"\nwebhook_secret_env = \"NEVER_READ\"\n";
    let config = Config::parse("example", &format!("{EXAMPLE}{tickets}")).expect("the example is valid");
    let store = SqliteStore::open(log, "harbor").await.expect("a log");
    let (clock, connector) = (Clock::system(), Arc::new(Hanging));
    let procedure = Arc::new(config.procedure);
    let settings = engine::Settings { procedure: Arc::clone(&procedure), clock: clock.clone(), store, connector };
    let engine = Engine::start(settings).await.expect("the desk starts");
    let place = || SecretPlace::Variable("NEVER_READ".to_owned());
    let settings = TicketSettings {
        name: "help".to_owned(),
        kind: Facts::of("zendesk").expect("it is known"),
        host: "harbor.zendesk.com".to_owned(),
        api: "http://127.0.0.1:1".to_owned(),
        account: None,
        user: None,
        client: None,
        plan_field: None,
        token: Some(place()),
        webhook: Some(place()),
        poll: None,
    };
    let account = Account::with_secrets(&settings, "token".into(), Some(SECRET.into()), Patience::default(), None);
    let accounts = vec![Arc::new(account.expect("it can be spoken with"))];
    let settings = Settings::at(([127, 0, 0, 1], 0).into());
    let bound = Bound::to(settings.listen).await.expect("a free port");
    let words = Words::load(Language::English, None, Markup::none(), &procedure.teams);
    let behind = Behind {
        engine: &engine,
        clock,
        procedure: Arc::clone(&procedure),
        accounts,
        words: words.unwrap_or_else(|problems| panic!("{problems:?}")),
        secrets: Secrets::default(),
        sign_in: None,
        hears: Vec::new(),
    };
    let web = bound.serve(&settings, behind).expect("a listener");
    (web, engine)
}

/// Delivers all of them, and says how many a second were answered.
async fn round(what: &str, address: SocketAddr) -> f64 {
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let senders = (0..SENDERS).map(|_| tokio::spawn(deliver(address, next.clone())));
    let mut took = Vec::with_capacity(DELIVERIES);
    for sender in senders.collect::<Vec<_>>() {
        took.extend(sender.await.expect("a sender does not fail"));
    }
    let rate = DELIVERIES as f64 / started.elapsed().as_secs_f64();
    took.sort_unstable();
    let at = |percent: usize| took[(took.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
    println!(
        "{what:<24} {rate:>7.0} a second; answered in {:.1} ms (median), {:.1} ms (p99), {:.1} ms (longest)",
        at(50),
        at(99),
        at(100)
    );
    rate
}

/// Each delivery is of a ticket of its own.
async fn deliver(address: SocketAddr, next: Arc<AtomicUsize>) -> Vec<Duration> {
    let client = reqwest::Client::new();
    let mut took = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= DELIVERIES {
            return took;
        }
        let (body, sent) = (format!(r#"{{"ticket_id": "{}"}}"#, number + 1), Utc::now().to_rfc3339());
        let mut keyed = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key will do");
        keyed.update(format!("{sent}{body}").as_bytes());
        let signature = BASE64.encode(&keyed.finalize().into_bytes());
        let started = Instant::now();
        let request = client
            .post(format!("http://{address}/hooks/help"))
            .header("content-type", "application/json")
            .header("x-zendesk-webhook-signature", signature)
            .header("x-zendesk-webhook-signature-timestamp", sent)
            .header("x-zendesk-webhook-invocation-id", number.to_string())
            .body(body);
        let answer = request.send().await.expect("it answers");
        took.push(started.elapsed());
        assert!(answer.status().is_success(), "{}", answer.status());
    }
}
