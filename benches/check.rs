//! How long it takes to look at a procedure over a year, against an oracle that looks at every minute of it.
//!
//! ```sh
//! cargo bench --bench check                      # the example
//! cargo bench --bench check -- config.toml       # your own
//! ```
//!
//! | row | what is done |
//! |---|---|
//! | read | the config is read: TOML, words, rotas, calendars |
//! | judge | everything that `bellhop check` says of it: ladders, gaps, answers, conditions, with their sentences |
//! | every minute | for each minute of the year, on which rung of each plan a case would find somebody |
//!
//! Times are the fastest of several rounds: what disturbs a run only ever adds to it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bellhop::config::{self, Config};
use bellhop::sop::calendar::Span;
use bellhop::sop::procedure::Procedure;
use bellhop::sop::team::Plan;
use chrono::{DateTime, TimeDelta, Utc};

/// The fastest of so many.
const ROUNDS: usize = 9;
const EXAMPLE: &str = include_str!("../config.example.toml");
/// A Tuesday, so that two runs look at the same year.
const FROM: &str = "2026-11-24T00:00:00Z";

fn main() {
    let file = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let (name, text) = match file {
        Some(file) => (file.clone(), std::fs::read_to_string(&file).expect("a config")),
        None => ("config.example.toml".to_owned(), EXAMPLE.to_owned()),
    };
    let year = Span::after(FROM.parse().expect("an instant"), TimeDelta::days(365));
    let config = Config::parse(&name, &text).unwrap_or_else(|report| panic!("{report}"));

    let read = fastest(ROUNDS, || Config::parse(&name, &text).is_ok());
    let judge = fastest(ROUNDS, || config::judge(&name, &text, &config, year, &[]).problems.len());
    // Slow enough to be measured once.
    let every_minute = fastest(1, || minutes_without_anybody(&config.procedure, year));

    println!("read          {:>10.3} ms", millis(read));
    println!("judge         {:>10.3} ms", millis(judge));
    println!(
        "every minute  {:>10.3} ms, {:.0} times as long",
        millis(every_minute),
        millis(every_minute) / millis(judge)
    );
    assert!(read + judge < GOAL, "slower than {GOAL:?}");
}

/// Nobody waits longer for an answer about a config.
const GOAL: Duration = Duration::from_secs(1);

fn fastest<T>(rounds: usize, work: impl Fn() -> T) -> Duration {
    let round = |_| {
        let started = Instant::now();
        black_box(work());
        started.elapsed()
    };
    (0..rounds).map(round).min().expect("at least one round")
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Counts, over all plans, the minutes in which no rung has anybody on call.
fn minutes_without_anybody(procedure: &Procedure, year: Span) -> usize {
    let minutes = (0..year.length().num_minutes()).map(|minute| year.from + TimeDelta::minutes(minute));
    let is_silent = |plan: &Plan, at: DateTime<Utc>| {
        let is_there = |team| procedure.on_call(team, &[], at).is_none_or(|people| !people.is_empty());
        !plan.rungs.iter().any(|rung| is_there(&rung.team))
    };
    let plans: Vec<&Plan> =
        procedure.triggers.iter().map(|trigger| &*trigger.plan).chain([&*procedure.default_plan]).collect();
    minutes.map(|at| plans.iter().filter(|plan| is_silent(plan, at)).count()).sum()
}
