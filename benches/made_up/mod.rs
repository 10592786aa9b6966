//! Cases under the example procedure, each from a message of its own customer, paged and delivered; and their log.

use bellhop::sop::desk::{Desk, Fact, Reader, Request};
use bellhop::sop::message::{Message, Person, Standing};
use bellhop::sop::procedure::Procedure;
use chrono::{DateTime, TimeDelta, Utc};

pub const CASES: u64 = 100_000;
pub const EXAMPLE: &str = include_str!("../../config.example.toml");

pub fn instant(milliseconds: u64) -> DateTime<Utc> {
    let start = DateTime::parse_from_rfc3339("2026-03-02T09:00:00Z").expect("an instant").to_utc();
    start + TimeDelta::milliseconds(i64::try_from(milliseconds).expect("a day or two"))
}

/// What so many different customers write, one after the other.
pub fn says(number: u64) -> Message {
    const TEXTS: [&str; 4] = [
        "My lawyer will call you tomorrow.",
        "I want my $700 back, today.",
        "You idiots, this is a disgrace! I am furious!!!",
        "Somebody hacked my account and changed the password.",
    ];
    let author = Person {
        id: format!("10000000000{number:07}").into(),
        name: format!("customer-{number}").into(),
        standing: Standing::Customer,
    };
    let text = TEXTS[usize::try_from(number).expect("small") % TEXTS.len()].to_owned();
    Message {
        id: format!("12000000000{number:07}").into(),
        place: "1100000000000002001".into(),
        author,
        text,
        at: instant(number),
        edited: false,
        to: Vec::new(),
    }
}

/// The facts of so many cases, with their instants, as the log has them.
pub fn log(procedure: &Procedure, cases: u64) -> Vec<(DateTime<Utc>, Fact)> {
    let mut desk = Desk::default();
    let mut facts = Vec::new();
    for number in 0..cases {
        let now = instant(number);
        let opened = desk.handle(Request::Message(says(number)), procedure, now).facts;
        let opened: Vec<Fact> = opened.into_iter().filter(|fact| matches!(fact, Fact::Case { .. })).collect();
        let Some(Fact::Case { id, .. }) = opened.first() else { panic!("message {number} opens nothing") };
        let delivered = Request::PageDelivered {
            escalation: *id,
            page: 0,
            place: "1100000000000002005".into(),
            message: format!("13000000000{number:07}").into(),
        };
        let delivered = desk.handle(delivered, procedure, now).facts;
        facts.extend(opened.into_iter().chain(delivered).map(|fact| (now, fact)));
    }
    facts
}

/// The lines of the log.
pub fn written(facts: &[(DateTime<Utc>, Fact)]) -> Vec<(DateTime<Utc>, String)> {
    facts.iter().map(|(at, fact)| (*at, serde_json::to_string(fact).expect("plain data"))).collect()
}

pub fn read_back(written: &[(DateTime<Utc>, String)]) -> Desk {
    let mut reader = Reader::default();
    written.iter().map(|(at, line)| (*at, reader.read(line).expect("what was written"))).collect()
}
