//! What a hundred thousand open cases cost: to fold from their log, to start with, to act on, to find the next deadline
//! of. What they take to keep is in `memory`.
//!
//! ```sh
//! cargo bench --bench escalations [-- fold start deadline command message]
//! ```
//!
//! Every case comes from a made-up message of its own customer under the example procedure, was paged, and its page was
//! delivered. Times are the fastest of several rounds.

#![expect(clippy::cast_precision_loss, reason = "figures to be looked at")]

mod made_up;

use std::hint::black_box;
use std::time::{Duration, Instant};

use bellhop::config::Config;
use bellhop::engine::input::InputId;
use bellhop::engine::store::{Batch, Recorded, SqliteStore};
use bellhop::sop::desk::{Desk, Fact, Request};
use bellhop::sop::escalation::{Act, Actor, Command, Escalation, EscalationId, OnCall};
use bellhop::sop::message::{Person, Standing};
use bellhop::sop::procedure::Procedure;
use chrono::{DateTime, Utc};

use mimalloc::MiMalloc;

use made_up::{CASES, EXAMPLE, instant, log, read_back, says, written};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    let procedure = Config::parse("config.example.toml", EXAMPLE).expect("the example is valid").procedure;
    let facts = log(&procedure, CASES);
    println!("{CASES} open cases, {} facts\n", facts.len());
    let named: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let figures: [(&str, &dyn Fn()); 5] = [
        ("fold", &|| folding(&facts)),
        ("start", &|| starting(&facts)),
        ("deadline", &|| deadlines(&facts)),
        ("command", &|| commands(&facts)),
        ("message", &|| messages(&procedure, &facts)),
    ];
    for (name, figure) in figures {
        if named.is_empty() || named.iter().any(|named| named == name) {
            figure();
        }
    }
}

fn folded(facts: &[(DateTime<Utc>, Fact)]) -> Desk {
    facts.iter().cloned().collect()
}

fn folding(facts: &[(DateTime<Utc>, Fact)]) {
    let written = written(facts);
    let bytes: usize = written.iter().map(|(_, line)| line.len()).sum();
    let time = fastest(3, || read_back(&written));
    println!("fold        {:>8.2} s from {} MB of JSON (goal 1 s)", time.as_secs_f64(), bytes / 1_000_000);
}

/// As a bot starts: from the file of the log to a desk that knows its deadlines.
fn starting(facts: &[(DateTime<Utc>, Fact)]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let time = runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = SqliteStore::open(&folder.path().join("log.sqlite"), "desk").await.expect("a log");
        let mut seq = 0;
        for facts in facts.chunks(256) {
            let mut batch = Batch::default();
            for (at, fact) in facts {
                seq += 1;
                let (at, fact, procedure) = (*at, fact.clone(), "0123456789ab".to_owned());
                batch.facts.push(Recorded { seq, at, input: InputId(format!("input:{seq}")), procedure, fact });
            }
            store.append(&batch).await.expect("it is recorded");
        }
        let mut best = Duration::MAX;
        for _ in 0..3 {
            let began = Instant::now();
            let desk = store.past().await.expect("a log").desk;
            best = best.min(began.elapsed());
            assert!(desk.next_deadline().is_some());
        }
        best
    });
    println!("start       {:>8.2} s from a log on disk (goal 1 s)", time.as_secs_f64());
}

fn deadlines(facts: &[(DateTime<Utc>, Fact)]) {
    for share in [100, 10, 1] {
        let desk = folded(&facts[..facts.len() / share]);
        let time = fastest(5, || (0..1_000).filter_map(|_| black_box(&desk).next_deadline()).count());
        println!("deadline    {:>8.1} ns of {} cases", time.as_secs_f64() * 1e9 / 1_000.0, desk.open_cases().len());
    }
}

fn commands(facts: &[(DateTime<Utc>, Fact)]) {
    let desk = folded(facts);
    let now = instant(CASES);
    let by = Actor {
        person: Person { id: "1400".into(), name: "Mona".into(), standing: Standing::Staff },
        teams: ["managers", "legal", "security", "team-leads"].map(Into::into).to_vec(),
        manages: true,
    };
    let command = Command::Act { by, act: Act::Acknowledge { next: None }, seen: None };
    let mut cases: Vec<Escalation> = desk.cases().cloned().collect();
    let nobody_special = OnCall::default();
    let began = Instant::now();
    for case in &mut cases {
        for event in case.decide(&command, &nobody_special, now).expect("nobody has it yet") {
            case.apply(event, now);
        }
    }
    let each = began.elapsed().as_secs_f64() * 1e6 / CASES as f64;
    println!("command     {each:>8.2} µs in decide and apply, an acknowledgement (goal 2 µs)");
    assert!(desk.case(EscalationId(1)).is_some());
}

/// A message of the customer of a case, and of somebody new, beside all that are open.
fn messages(procedure: &Procedure, facts: &[(DateTime<Utc>, Fact)]) {
    for share in [100, 1] {
        let mut desk = folded(&facts[..facts.len() / share]);
        let now = instant(2 * CASES);
        // The first message pays for what is made once.
        desk.handle(Request::Message(says(2 * CASES)), procedure, now);
        let began = Instant::now();
        for number in 0..1_000 {
            black_box(desk.handle(Request::Message(says(CASES + number)), procedure, now));
        }
        let each = began.elapsed().as_secs_f64() * 1e6 / 1_000.0;
        println!("message     {each:>8.2} µs that opens a case beside {} others", CASES / share as u64);
    }
}

fn fastest<T>(rounds: usize, mut work: impl FnMut() -> T) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..rounds {
        let began = Instant::now();
        let done = black_box(work());
        best = best.min(began.elapsed());
        drop(done);
    }
    best
}
