//! What a digest costs, over a log of a million facts about cases.
//!
//! ```sh
//! cargo bench --bench digest
//! ```
//!
//! A year of 125,000 cases of the example procedure: each is opened, paged, taken, noted, replied to and resolved, and one
//! in four is graded. The digest is about the last month, with the month before. Times are the fastest of several rounds;
//! folding the facts is what a bot does at its start anyway.

#![expect(clippy::cast_precision_loss, reason = "figures to be looked at")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use bellhop::config::Config;
use bellhop::sop::calendar::Span;
use bellhop::sop::desk::{About, Desk, Fact, Request};
use bellhop::sop::digest::{Audience, digest};
use bellhop::sop::escalation::{Act, Actor, Grade};
use bellhop::sop::message::{Message, Person, Standing};
use bellhop::sop::notice::{Notice, ReplyTo};
use bellhop::sop::procedure::Procedure;
use chrono::{DateTime, TimeDelta, Utc};

const CASES: u32 = 125_000;
const EXAMPLE: &str = include_str!("../config.example.toml");

fn main() {
    let procedure = Config::parse("config.example.toml", EXAMPLE).expect("the example is valid").procedure;
    let start = DateTime::parse_from_rfc3339("2026-01-01T00:00:00Z").expect("an instant").to_utc();
    let mut year = Year { desk: Desk::default(), procedure: &procedure, facts: 0, now: start };
    let every = TimeDelta::days(365) / i32::try_from(CASES).expect("small");
    for number in 1..=CASES {
        year.now += every;
        year.case(number);
    }
    let window = Span { from: year.now - TimeDelta::days(30), to: year.now + TimeDelta::seconds(1) };
    let (desk, audience) = (&year.desk, Audience::everybody());
    let taken = fastest(|| digest(desk, &procedure, &audience, window));
    let told = digest(desk, &procedure, &audience, window);
    println!("{CASES} cases, {} facts about them; {} opened in the last 30 days", year.facts, told.figures.opened);
    println!("digest      {:>8.1} ms (goal 1,000)", taken.as_secs_f64() * 1e3);
    println!("            {:>8.1} ns a fact", taken.as_secs_f64() * 1e9 / year.facts as f64);
}

fn fastest<T>(mut work: impl FnMut() -> T) -> Duration {
    let rounds = (0..5).map(|_| {
        let begun = Instant::now();
        black_box(work());
        begun.elapsed()
    });
    rounds.min().expect("five rounds")
}

struct Year<'p> {
    desk: Desk,
    procedure: &'p Procedure,
    facts: u64,
    now: DateTime<Utc>,
}

impl Year<'_> {
    /// One case from its beginning to its end, within ten minutes.
    fn case(&mut self, number: u32) {
        let begun = self.now;
        let customer = format!("10000000000{number:07}");
        let author = Person { id: customer.as_str().into(), name: "Dana".into(), standing: Standing::Customer };
        self.says(&format!("12000000000{number:07}"), author, "I want my $700 back, today.");
        let case = self.desk.cases().next_back().expect("it opened one").id.to_string();
        let note = || "Called.".to_owned();
        self.acts(&case, Act::Acknowledge { next: None }, 3);
        self.acts(&case, Act::Note { text: note() }, 5);
        self.acts(&case, Act::Resolve { note: note() }, 9);
        if number.is_multiple_of(4) {
            self.acts(&case, Act::Grade { grade: Grade::RightCall }, 10);
        }
        self.now = begun;
    }

    fn says(&mut self, id: &str, author: Person, text: &str) {
        let (id, place, text, at) = (id.into(), "2001".into(), text.to_owned(), self.now);
        self.handle(Request::Message(Message { id, place, author, text, at, edited: false, to: Vec::new() }));
    }

    fn acts(&mut self, case: &str, act: Act, minute: i64) {
        let before = self.now;
        self.now += TimeDelta::minutes(minute);
        let person = Person { id: "4003".into(), name: "Tess".into(), standing: Standing::Staff };
        let actor = Actor { person, teams: vec!["managers".into()], manages: true };
        let (about, reply) = (About::Typed(case.to_owned()), ReplyTo(String::new()));
        self.handle(Request::Act { actor, about, act, reply });
        self.now = before;
    }

    fn handle(&mut self, request: Request) {
        let outcome = self.desk.handle(request, self.procedure, self.now);
        self.facts += outcome.facts.iter().filter(|fact| matches!(fact, Fact::Case { .. })).count() as u64;
        for notice in outcome.notices {
            if let Notice::Page { escalation, page } = notice {
                let (place, message) = ("2005".into(), format!("card{}", escalation.0).as_str().into());
                self.handle(Request::PageDelivered { escalation, page, place, message });
            }
        }
    }
}
