//! How soon the dashboard's first byte comes while many people look at a desk with a long past: at most 50 ms with fifty
//! viewers and 100,000 facts in its log, and the loop goes on meanwhile. They look one after the other, each once a second.
//!
//! ```sh
//! cargo bench --bench dashboard
//! ```

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bellhop::adapters::web::{Behind, Bound, Door, Secrets, Settings, Web};
use bellhop::config::Config;
use bellhop::engine::clock::Clock;
use bellhop::engine::connector::{Connector, Outgoing, Posted, Receipt, Undelivered};
use bellhop::engine::input::{Body, Input, InputId};
use bellhop::engine::store::SqliteStore;
use bellhop::engine::{self, Engine};
use bellhop::sop::desk::{About, Request};
use bellhop::sop::escalation::{Act, Actor};
use bellhop::sop::message::{Message, Person, Standing};
use bellhop::sop::notice::ReplyTo;
use bellhop::words::{Language, Markup, Words};
use chrono::{TimeDelta, Utc};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use mimalloc::MiMalloc;
use reqwest::Client;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Each comes to about ten facts.
const CASES: usize = 10_000;
/// Of these so many stay open.
const OPEN: usize = 200;
const VIEWERS: u8 = 50;
const LOOKS: usize = 20;
/// How often each looks: a page in a browser does so every five seconds.
const EVERY: Duration = Duration::from_secs(1);
const EXAMPLE: &str = include_str!("../config.example.toml");

/// Everything arrives at once.
struct Prompt;

impl Connector for Prompt {
    fn deliver(&self, outgoing: Outgoing) -> BoxFuture<'_, Result<Receipt, Undelivered>> {
        let posted = Posted { place: "place".into(), message: outgoing.key.as_str().into() };
        std::future::ready(Ok(Receipt::Posted(posted))).boxed()
    }
}

fn manager() -> Actor {
    let person = Person { id: "4004".into(), name: "Mona".into(), standing: Standing::Staff };
    Actor { person, teams: vec!["managers".into()], manages: true }
}

async fn desk(log: &std::path::Path) -> (Web, Engine) {
    let config = Config::parse("example", EXAMPLE).expect("the example is valid");
    let store = SqliteStore::open(log, "harbor").await.expect("a log");
    let (clock, connector, procedure) = (Clock::system(), Arc::new(Prompt), Arc::new(config.procedure));
    let settings = engine::Settings { procedure: Arc::clone(&procedure), clock: clock.clone(), store, connector };
    let engine = Engine::start(settings).await.expect("the desk starts");
    let settings = Settings { door: Door::Open(manager()), ..Settings::at(([127, 0, 0, 1], 0).into()) };
    let bound = Bound::to(settings.listen).await.expect("a free port");
    let words = Words::load(Language::English, None, Markup::none(), &procedure.teams);
    let behind = Behind {
        engine: &engine,
        clock,
        procedure: Arc::clone(&procedure),
        accounts: Vec::new(),
        words: words.unwrap_or_else(|problems| panic!("{problems:?}")),
        secrets: Secrets::default(),
        sign_in: None,
        hears: Vec::new(),
    };
    let web = bound.serve(&settings, behind).expect("a listener");
    (web, engine)
}

/// Customers want money; nearly all of them get it.
async fn live(engine: &Engine) {
    let inbox = engine.inbox();
    for number in 1..=CASES {
        let author =
            Person { id: format!("c{number}").as_str().into(), name: "Customer".into(), standing: Standing::Customer };
        let message = Message {
            id: format!("{number}").as_str().into(),
            place: "2001".into(),
            author,
            text: "I want a refund of $700.".to_owned(),
            at: Utc::now() - TimeDelta::seconds(1),
            edited: false,
            to: Vec::new(),
        };
        let mut requests = vec![Request::Message(message)];
        if number > OPEN {
            for act in [Act::Acknowledge { next: None }, Act::Resolve { note: "Paid.".to_owned() }] {
                let about = About::Typed(number.to_string());
                requests.push(Request::Act { actor: manager(), about, act, reply: ReplyTo("nobody".to_owned()) });
            }
        }
        for (part, request) in requests.into_iter().enumerate() {
            inbox.send(Input::request(format!("{number}:{part}"), request)).await.expect("the desk runs");
        }
    }
    let (done, recorded) = tokio::sync::oneshot::channel();
    inbox.send(Input { id: InputId("mark".to_owned()), body: Body::Mark(done) }).await.expect("the desk runs");
    recorded.await.expect("the desk runs");
}

/// A browser with an address of its own: whoever asks too often from one is told to wait.
fn browser(of: u8) -> Client {
    Client::builder().local_address(IpAddr::from([127, 0, 1, of])).build().expect("a client")
}

/// Until the first byte of each answer.
async fn viewer(after: Duration, client: Client, address: SocketAddr, path: &'static str) -> Vec<Duration> {
    tokio::time::sleep(after).await;
    let mut took = Vec::with_capacity(LOOKS);
    for _ in 0..LOOKS {
        let started = Instant::now();
        let answer = client.get(format!("http://{address}{path}")).send().await.expect("it answers");
        took.push(started.elapsed());
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.bytes().await.expect("a page");
        tokio::time::sleep(EVERY).await;
    }
    took
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder for the log");
    let (web, engine) = desk(&folder.path().join("desk.sqlite")).await;
    live(&engine).await;
    let browsers: Vec<Client> = (1..=VIEWERS).map(browser).collect();
    for path in ["/", "/cases/ESC-1", "/trends", "/triggers", "/rota", "/bot"] {
        let viewers = browsers.iter().zip(0..).map(|(browser, of)| {
            tokio::spawn(viewer(EVERY * of / u32::from(VIEWERS), browser.clone(), web.address(), path))
        });
        let viewers: Vec<_> = viewers.collect();
        let mut took = Vec::new();
        for viewer in viewers {
            took.extend(viewer.await.expect("a viewer does not fail"));
        }
        took.sort_unstable();
        let at = |percent: usize| took[(took.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
        println!(
            "{path:<14} first byte after {:.1} ms (median), {:.1} ms (p99), {:.1} ms (longest)",
            at(50),
            at(99),
            at(100)
        );
    }
}
