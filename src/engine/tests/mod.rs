//! The shell on a real log: what a restart, a crash, a slow receiver and a late clock must not change.

mod delivery;
mod post;
mod restart;

use std::sync::Arc;
use std::time::Duration;

use chrono::{SubsecRound, TimeDelta};
use tempfile::TempDir;

use crate::engine::clock::Clock;
use crate::engine::input::{Input, InputId};
use crate::engine::store::{Recorded, SqliteStore, ToTell};
use crate::engine::tests::post::Post;
use crate::engine::{Engine, Pulse, Settings};
use crate::sop::desk::{About, Desk, Request};
use crate::sop::escalation::Act;
use crate::sop::escalation::{Escalation, EscalationId};
use crate::sop::fixture::{at, procedure, says, staff};
use crate::sop::notice::ReplyTo;

/// A level that is not reached in this time is never reached.
const PATIENCE: Duration = Duration::from_secs(20);

/// A desk with a log in a folder of its own, a clock that the test moves, and a post office that remembers.
struct Stage {
    folder: TempDir,
    clock: Clock,
    post: Arc<Post>,
    engine: Engine,
}

impl Stage {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the log");
        let (clock, post) = (Clock::manual(at(0)), Arc::new(Post::default()));
        let engine = engine(&folder, &clock, &post).await;
        Self { folder, clock, post, engine }
    }

    async fn restart(self) -> Self {
        let Self { folder, clock, post, engine } = self;
        engine.stop().await.expect("it stops in order");
        let engine = self::engine(&folder, &clock, &post).await;
        Self { folder, clock, post, engine }
    }

    /// As after a crash: nothing that was not recorded is known any more.
    async fn crash(self) -> Self {
        let Self { folder, clock, post, engine } = self;
        engine.kill().await;
        post.let_go();
        let engine = self::engine(&folder, &clock, &post).await;
        Self { folder, clock, post, engine }
    }

    /// What lies on the disk after an orderly end.
    async fn end(self) -> Left {
        self.engine.stop().await.expect("it stops in order");
        let mut store = open(&self.folder).await;
        let facts = store.facts().await.expect("the log can be read");
        Left { facts, to_tell: store.past().await.expect("the log can be read").to_tell }
    }

    async fn send(&self, input: Input) {
        self.engine.inbox().send(input).await.expect("the loop runs");
    }

    /// Asks, and waits until everything that follows has been told.
    async fn ask(&self, id: &str, request: Request) {
        self.send(Input::request(id, request)).await;
        let id = InputId(id.to_owned());
        self.until(|pulse| self.engine.has_settled(&id) && pulse.to_tell == 0).await;
    }

    /// Asks, and waits until it has been recorded.
    async fn ask_only(&self, id: &str, request: Request) {
        self.send(Input::request(id, request)).await;
        let id = InputId(id.to_owned());
        self.until(|_| self.engine.has_settled(&id)).await;
    }

    async fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
        let now = self.clock.now().trunc_subsecs(3);
        let nothing_due = |pulse: &Pulse| pulse.next_deadline.is_none_or(|due| due > now);
        self.until(|pulse| pulse.to_tell == 0 && nothing_due(pulse)).await;
    }

    async fn until(&self, reached: impl Fn(&Pulse) -> bool) {
        let mut pulse = self.engine.pulse();
        let waited = tokio::time::timeout(PATIENCE, pulse.wait_for(|pulse| reached(pulse))).await;
        waited.expect("the level is reached in time").expect("the loop runs");
    }
}

/// What an orderly end leaves.
struct Left {
    facts: Vec<Recorded>,
    to_tell: Vec<ToTell>,
}

async fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(&folder.path().join("log.sqlite"), "desk").await.expect("the log opens")
}

async fn engine(folder: &TempDir, clock: &Clock, post: &Arc<Post>) -> Engine {
    let store = open(folder).await;
    let settings =
        Settings { procedure: procedure(), clock: clock.clone(), store, connector: Arc::clone(post) as Arc<_> };
    Engine::start(settings).await.expect("the desk starts")
}

/// The cases that a log folds to.
fn fold(left: &Left) -> Vec<Escalation> {
    let desk: Desk = left.facts.iter().map(|line| (line.at, line.fact.clone())).collect();
    desk.cases().cloned().collect()
}

fn message(id: &str, customer: &str, text: &str) -> Request {
    Request::Message(says(id, customer, text))
}

fn angry(id: &str, customer: &str) -> Request {
    message(id, customer, "You LIARS, what a scam!!")
}

fn act(team: &str, case: u32, act: Act) -> Request {
    let about = About::Typed(EscalationId(case).to_string());
    Request::Act { actor: staff(&format!("of {team}"), &[team]), about, act, reply: ReplyTo("asker".to_owned()) }
}

fn resolve() -> Act {
    Act::Resolve { note: "done".to_owned() }
}
