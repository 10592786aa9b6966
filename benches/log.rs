//! What it costs to record a batch, with its links and salts, and to read it all back and prove it.
//!
//! ```sh
//! cargo bench --bench log
//! ```
//!
//! What a line's link costs by itself is in the second figure: many lines share one flush there.

use std::time::{Duration, Instant};

use bellhop::engine::input::InputId;
use bellhop::engine::store::{Batch, Proof, Recorded, SqliteStore, StoreError};
use bellhop::sop::conversation::{Noted, Sketch};
use bellhop::sop::desk::Fact;
use bellhop::sop::message::{Person, Standing};
use chrono::DateTime;

/// Lines in each run.
const LINES: i64 = 20_000;

fn main() -> Result<(), StoreError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        for batch in [1, 256] {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("log.sqlite");
            let mut store = SqliteStore::open(&path, "desk").await?;
            let lines = if batch == 1 { LINES / 10 } else { LINES };
            let began = Instant::now();
            for first in (1..=lines).step_by(batch) {
                let facts = (first..first + i64::try_from(batch).expect("small")).map(line).collect();
                store.append(&Batch { facts, ..Batch::default() }).await?;
            }
            tell(&format!("append, {batch} lines a batch"), began.elapsed(), lines);
            let (mut proof, began) = (Proof::new("desk", None), Instant::now());
            store
                .each_line(|line| {
                    proof.take(line);
                    Ok::<(), StoreError>(())
                })
                .await?;
            proof.end();
            assert!(proof.broken.is_empty());
            tell("prove", began.elapsed(), lines);
        }
        Ok(())
    })
}

/// What is recorded of a message, the most frequent line.
fn line(seq: i64) -> Recorded {
    let words: Vec<String> = (0..12).map(|word| format!("word{}", seq * word)).collect();
    let id = format!("12000000000{seq:07}");
    let noted = Noted {
        message: id.as_str().into(),
        place: "1100000000000002001".into(),
        customer: Person {
            id: format!("10000000000{seq:07}").into(),
            name: "customer".into(),
            standing: Standing::Customer,
        },
        ticket: None,
        kinds: Vec::new(),
        failing: Vec::new(),
        sketch: Sketch::of(&words),
    };
    Recorded {
        seq,
        at: DateTime::from_timestamp_millis(1_772_442_000_000 + seq).expect("an instant"),
        input: InputId(format!("message:{id}")),
        procedure: "0123456789ab".to_owned(),
        fact: Fact::Noted(Box::new(noted)),
    }
}

fn tell(what: &str, took: Duration, lines: i64) {
    let each = took.as_secs_f64() * 1e6 / f64::from(u32::try_from(lines).expect("few lines"));
    println!("{what:<28} {each:>8.1} µs a line");
}
