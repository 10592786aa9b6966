//! The listener on a socket with a real desk behind it.

mod dashboard;
mod health;
mod hooks;
mod login;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::sync::{oneshot, watch};

use super::listen::Limits;
use super::{Behind, Bound, Door, Login, Secrets, Settings, Web};
use crate::adapters::discord::SignIn;
use crate::adapters::secret::SecretPlace;
use crate::adapters::tickets::{Account, Facts, Patience, Settings as TicketSettings};
use crate::engine::clock::Clock;
use crate::engine::connector::{Connector, Destination, Outgoing, Posted, Receipt, Undelivered};
use crate::engine::input::{Body, Input, InputId};
use crate::engine::store::SqliteStore;
use crate::engine::{self, Engine};
use crate::sop::desk::{About, Request};
use crate::sop::escalation::{Act, Actor};
use crate::sop::fixture::{at, build, says};
use crate::sop::notice::ReplyTo;
use crate::sop::procedure::{Procedure, TicketAccess};
use crate::words::{Language, Markup, Words};

const SECRET: &str = "s3cr3t-key";
/// What a proxy brings.
const TOKEN: &str = "a token of a proxy";

/// Notes what would be sent. Tickets are never answered; everything else arrives at once.
#[derive(Default)]
struct Prompt(Mutex<Vec<String>>);

impl Connector for Prompt {
    fn deliver(&self, outgoing: Outgoing) -> BoxFuture<'_, Result<Receipt, Undelivered>> {
        let Outgoing { key, to, .. } = outgoing;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(key.clone());
        match to {
            Destination::Ticket(_) => std::future::pending().boxed(),
            Destination::Place(place) => {
                let message = key.as_str().into();
                std::future::ready(Ok(Receipt::Posted(Posted { place, message }))).boxed()
            }
            _ => std::future::ready(Ok(Receipt::Done)).boxed(),
        }
    }
}

/// What a stage is opened with.
struct Opening {
    procedure: Procedure,
    door: Door,
    secrets: Secrets,
    sign_in: Option<SignIn>,
    url: Option<String>,
    limits: Limits,
}

impl Default for Opening {
    fn default() -> Self {
        let (door, secrets) = (Door::Login(Login::default()), Secrets::default());
        Self { procedure: reading(), door, secrets, sign_in: None, url: None, limits: Limits::default() }
    }
}

/// A desk that reads the tickets of "zendesk", and its listener.
struct Stage {
    folder: TempDir,
    clock: Clock,
    engine: Engine,
    web: Web,
    sent: Arc<Prompt>,
    connected: watch::Sender<bool>,
}

/// An answer, read.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

fn reading() -> Procedure {
    let mut procedure = build();
    for link in &mut procedure.ticket_links {
        (link.system, link.access) = ("zendesk".to_owned(), Some(TicketAccess::default()));
    }
    procedure
}

/// A desk that a proxy may look at with the eyes of these teams.
fn with_token(teams: &[&str]) -> Opening {
    let token_teams = teams.iter().map(|team| (*team).into()).collect();
    Opening {
        door: Door::Login(Login { token_teams, ..Login::default() }),
        secrets: Secrets { token: Some(TOKEN.into()), ..Secrets::default() },
        ..Opening::default()
    }
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
        Self::with(Opening::default()).await
    }

    async fn with(opening: Opening) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the log");
        Self::open(folder, Clock::manual(at(0)), opening).await
    }

    async fn open(folder: TempDir, clock: Clock, opening: Opening) -> Self {
        let Opening { procedure, door, secrets, sign_in, url, limits } = opening;
        let store = SqliteStore::open(&folder.path().join("desk.sqlite"), "harbor").await.expect("a log");
        let sent = Arc::new(Prompt::default());
        let (procedure, connector) = (Arc::new(procedure), sent.clone());
        let settings = engine::Settings { procedure: Arc::clone(&procedure), clock: clock.clone(), store, connector };
        let engine = Engine::start(settings).await.expect("the desk starts");
        let settings = Settings { url, door, ..Settings::at(([127, 0, 0, 1], 0).into()) };
        let bound = Bound::to(settings.listen).await.expect("a free port");
        let words = Words::load(Language::English, None, Markup::none(), &procedure.teams);
        let (connected, is_connected) = watch::channel(true);
        let behind = Behind {
            engine: &engine,
            clock: clock.clone(),
            procedure: Arc::clone(&procedure),
            accounts: vec![account(true), account(false)],
            words: words.unwrap_or_else(|problems| panic!("{problems:?}")),
            secrets,
            sign_in,
            hears: vec![("the gateway is not connected", is_connected)],
        };
        let web = bound.serve_within(&settings, behind, limits).expect("a listener");
        Self { folder, clock, engine, web, sent, connected }
    }

    /// As after a crash.
    async fn crash(self) -> Self {
        let Self { folder, clock, engine, web, .. } = self;
        web.close().await;
        engine.kill().await;
        Self::open(folder, clock, Opening::default()).await
    }

    fn asked(&self) -> Vec<String> {
        self.sent.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until the desk has recorded this, and nothing waits to be told.
    async fn handle(&self, request: Request) {
        let id = format!("test:{}", self.engine.pulse().borrow().handled);
        let inbox = self.engine.inbox();
        inbox.send(Input::request(id, request)).await.expect("the desk runs");
        let (done, recorded) = oneshot::channel();
        inbox.send(Input { id: InputId("mark".to_owned()), body: Body::Mark(done) }).await.expect("the desk runs");
        recorded.await.expect("the desk runs");
        let mut pulse = self.engine.pulse();
        let quiet = tokio::time::timeout(Duration::from_secs(10), pulse.wait_for(|pulse| pulse.to_tell == 0));
        quiet.await.expect("it is quiet in time").expect("the desk runs");
    }

    /// A customer writes.
    async fn hear(&self, id: &str, customer: &str, text: &str) {
        self.handle(Request::Message(says(id, customer, text))).await;
    }

    async fn act(&self, actor: Actor, case: &str, act: Act) {
        let (about, reply) = (About::Typed(case.to_owned()), ReplyTo("nobody".to_owned()));
        self.handle(Request::Act { actor, about, act, reply }).await;
    }

    async fn get(&self, path: &str, headers: &[(&'static str, &str)]) -> Answer {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let mut request = client.get(format!("http://{}{path}", self.web.address()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request).await
    }

    /// As whoever brings the proxy's token.
    async fn page(&self, path: &str) -> Answer {
        self.get(path, &[("authorization", &format!("Bearer {TOKEN}"))]).await
    }
}

impl Answer {
    async fn of(request: reqwest::RequestBuilder) -> Self {
        let answer = request.send().await.expect("it answers");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Self { status, headers, body: answer.text().await.expect("a text") }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
