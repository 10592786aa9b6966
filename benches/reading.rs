//! How fast a message is read, against what a team could pick instead, on the same texts, in one thread, in one run.
//!
//! ```sh
//! cargo bench --bench reading                      # on made-up messages
//! cargo bench --bench reading -- MESSAGES.tsv      # on your own: a table with a column `text`
//! ```
//!
//! | row | what is done with every text |
//! |---|---|
//! | read | everything: masks, spelling, terms, surroundings, money, evidence |
//! | aho-corasick | a bare pass of the crate's DFA over as many terms, that counts what it finds |
//! | vader-sentimental | the crate's polarity scores |
//! | links to tickets | what the desk looks for beside reading |
//!
//! Times are the fastest of several rounds: what disturbs a run only ever adds to it.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "figures to be looked at"
)]

use std::alloc::System;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use bellhop::config::Config;
use bellhop::sop::conversation::Conversation;
use bellhop::sop::message::{Message, Person, Standing};
use bellhop::sop::signal::{Entry, Kind, Lexicon, Mode, Signals, Speech, read};
use bellhop::sop::trigger::{Condition, Scene, Trigger, fired};
use chrono::{DateTime, TimeDelta};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use vader_sentimental::SentimentIntensityAnalyzer;

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The fastest of so many.
const ROUNDS: usize = 15;
const EXAMPLE: &str = include_str!("../config.example.toml");

fn main() {
    let texts = texts();
    let bytes: usize = texts.iter().map(String::len).sum();
    let lexicon = Lexicon::new(Vec::new()).expect("the built-in lexicon has no problems");
    println!("{} messages, {} bytes on average; {} terms\n", texts.len(), bytes / texts.len(), lexicon.entries().len());

    against_others(&texts, bytes, &lexicon);
    links(&texts);
    spread(&texts, &lexicon);
    memory(&texts, &lexicon);
    hostile(&lexicon);
    start_up();
    more_terms(&texts);
    triggers();
}

/// The texts of the table named on the command line, or those that ship with the tests.
fn texts() -> Vec<String> {
    let named = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let Some(path) = named else {
        let corpora = [include_str!("../tests/corpus/innocent.txt"), include_str!("../tests/corpus/wicked.txt")];
        let lines = corpora.into_iter().flat_map(str::lines).filter(|line| !line.is_empty() && !line.starts_with('#'));
        return lines.map(|line| line.split_once('\t').map_or(line, |(_, text)| text).to_owned()).collect();
    };
    let table = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path} cannot be read: {error}"));
    let mut lines = table.lines();
    let column = lines.next().and_then(|heading| heading.split('\t').position(|name| name == "text"));
    let column = column.unwrap_or_else(|| panic!("{path} has no column `text`"));
    lines.filter_map(|line| line.split('\t').nth(column)).map(str::to_owned).collect()
}

fn against_others(texts: &[String], bytes: usize, lexicon: &Lexicon) {
    let ours = fastest(|| texts.iter().map(|text| read(text, Speech::Whole, lexicon).signals.len()).sum());
    let terms = one_reading_each(lexicon);
    let automaton = AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::DFA))
        .ascii_case_insensitive(true)
        .build(&terms)
        .expect("so many terms fit");
    let bare = fastest(|| texts.iter().map(|text| automaton.find_overlapping_iter(text).count()).sum());
    let vader = SentimentIntensityAnalyzer::new();
    let few = &texts[..texts.len().min(1_000)];
    let few_bytes: usize = few.iter().map(String::len).sum();
    let sentiment =
        fastest_of(3, || few.iter().map(|text| usize::from(vader.polarity_scores(text).compound > 0.0)).sum());
    let row = |name: &str, time: Duration, count: usize, bytes: usize, ratio: f64| {
        let (each, byte) = (time.as_secs_f64() * 1e9 / count as f64, time.as_secs_f64() * 1e9 / bytes as f64);
        println!("{name:<20} {each:>9.0} ns a message {byte:>7.2} ns a byte {ratio:>8.2} × read");
    };
    let byte_cost = |time: Duration, bytes: usize| time.as_secs_f64() / bytes as f64;
    let ours_each = byte_cost(ours, bytes);
    row("read", ours, texts.len(), bytes, 1.0);
    row("aho-corasick", bare, texts.len(), bytes, byte_cost(bare, bytes) / ours_each);
    row("vader-sentimental", sentiment, few.len(), few_bytes, byte_cost(sentiment, few_bytes) / ours_each);
    println!("read takes {:.2} × the bare pass\n", ours_each / byte_cost(bare, bytes));
}

/// A plain text for each term: the first of every choice, so that there are as many texts as terms.
/// Looking for links to tickets of the systems of the example.
fn links(texts: &[String]) {
    let procedure = Config::parse("config.example.toml", EXAMPLE).expect("the example is valid").procedure;
    let time = fastest(|| texts.iter().filter(|text| procedure.ticket_in(text).is_some()).count());
    let each = time.as_nanos() as f64 / texts.len() as f64;
    println!("links to tickets     {each:>9.0} ns a message, of {} systems\n", procedure.ticket_links.len());
}

fn one_reading_each(lexicon: &Lexicon) -> Vec<String> {
    let mut terms: Vec<String> = lexicon
        .entries()
        .iter()
        .map(|entry| {
            let mut term = entry.term.to_lowercase().replace(['…', '~'], " ");
            while let Some((before, after)) = term.split_once(')') {
                let (outside, group) = before.rsplit_once('(').expect("brackets match");
                term = format!("{outside}{}{after}", group.split('|').next().unwrap_or_default());
            }
            let plain = term.split_whitespace().map(|word| word.trim_matches(['{', '}', '#']));
            plain.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
        })
        .filter(|term| !term.is_empty())
        .collect();
    terms.sort();
    terms.dedup();
    terms
}

/// How evenly: each message by itself, the fastest of several times.
fn spread(texts: &[String], lexicon: &Lexicon) {
    let mut times: Vec<(f64, f64)> = texts
        .iter()
        .filter(|text| !text.is_empty())
        .map(|text| {
            let time = fastest(|| read(text, Speech::Whole, lexicon).signals.len()).as_secs_f64() * 1e9;
            (time, time / text.len() as f64)
        })
        .collect();
    let quantile = |times: &[f64], share: f64| times[((times.len() - 1) as f64 * share) as usize];
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    let whole: Vec<f64> = times.iter().map(|(time, _)| *time).collect();
    times.sort_by(|a, b| a.1.total_cmp(&b.1));
    let byte: Vec<f64> = times.iter().map(|(_, byte)| *byte).collect();
    for (name, times) in [("a message", whole), ("a byte", byte)] {
        let (middle, late) = (quantile(&times, 0.5), quantile(&times, 0.99));
        println!("{name:<20} p50 {middle:>8.2} ns, p99 {late:>8.2} ns, {:.2} × as much", late / middle);
    }
    println!();
}

fn memory(texts: &[String], lexicon: &Lexicon) {
    let mut most = (0, 0);
    let region = Region::new(MEMORY);
    for text in texts {
        let one = Region::new(MEMORY);
        black_box(read(text, Speech::Whole, lexicon));
        let change = one.change();
        most = most.max((change.allocations + change.reallocations, change.bytes_allocated));
    }
    let change = region.change();
    let each = |count: usize| count as f64 / texts.len() as f64;
    println!(
        "memory               {:.1} allocations and {:.0} bytes a message, at most {} and {}; {} bytes kept\n",
        each(change.allocations + change.reallocations),
        each(change.bytes_allocated),
        most.0,
        most.1,
        change.bytes_allocated.saturating_sub(change.bytes_deallocated)
    );
}

/// Texts of 4,000 characters that break careless readers.
fn hostile(lexicon: &Lexicon) {
    let fill = |piece: &str| piece.chars().cycle().take(4_000).collect::<String>();
    let zalgo = "l\u{336}\u{321}\u{30d}a\u{334}\u{34a}w\u{337}\u{317}y\u{335}e\u{338}r\u{336} ";
    let rows = [
        ("zalgo", fill(zalgo)),
        ("U+FDFA", fill("\u{fdfa}")),
        ("not", fill("not ")),
        ("nested quotes", fill("> \"'«“> ")),
        ("digits", fill("1234567890")),
        ("amounts", fill("refund $5 or ")),
        ("single letters", fill("l a w y e r ")),
        ("stretched letters", fill("laaaawyeeeer ")),
        ("look-alikes", fill("my lаwyеr ")),
        ("shouting", fill("YOU LIARS!! ")),
        ("every word a term", fill("fuck lawyer hacked outage ")),
        ("heads of gaps", fill("called me and i called ")),
        ("at signs", fill("a@")),
        ("backticks", fill("` ``")),
        ("Cyrillic", fill("мой заказ ")),
        ("Han", fill("返金")),
        ("emoji", fill("😡🤬👿")),
        ("full width", fill("ｌａｗｙｅｒ ")),
    ];
    for (name, text) in rows {
        let time = fastest(|| read(&text, Speech::Whole, lexicon).signals.len());
        println!("4,000 × {name:<18} {:>7.1} µs", time.as_secs_f64() * 1e6);
    }
    println!();
}

fn start_up() {
    let time = fastest_of(5, || Lexicon::new(Vec::new()).expect("no problems").entries().len());
    println!("compiling the lexicon {:.1} ms\n", time.as_secs_f64() * 1e3);
}

/// The same texts with few terms and with many, of the team's own beside those built in.
fn more_terms(texts: &[String]) {
    let built_in = Lexicon::new(Vec::new()).expect("no problems").entries().to_vec();
    let time = |wanted: usize| {
        // Switched off are all built-in terms but so many; switched on are as many new ones as are still missing.
        let off = built_in.iter().skip(wanted).map(|entry| Entry { mode: Mode::Off, ..entry.clone() });
        let own = (built_in.len()..wanted.max(built_in.len())).map(|number| Entry {
            term: format!("{} {}", word(number), word(number * 7 + 3)),
            kind: Kind::from("own"),
            weight: 0.5,
            language: "en".to_owned(),
            mode: Mode::Live,
        });
        let lexicon = Lexicon::new(off.chain(own).collect()).expect("no problems");
        fastest(|| texts.iter().map(|text| read(text, Speech::Whole, &lexicon).signals.len()).sum()).as_secs_f64()
    };
    let (few, many) = (time(300), time(2_000));
    println!("2,000 terms instead of 300 take {:.2} × the time\n", many / few);
}

/// A word of its own for every number.
fn word(number: usize) -> String {
    const SYLLABLES: [&str; 16] =
        ["ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu", "za"];
    let mut word = String::new();
    let mut rest = number + 256;
    while rest > 0 {
        write!(word, "{}", SYLLABLES[rest % 16]).expect("a string takes all");
        rest /= 16;
    }
    word
}

/// Twenty rules on one message's signals, with the reasons of those that fire or nearly do.
fn triggers() {
    let config = Config::parse("config.example.toml", EXAMPLE).expect("the example is fine");
    let procedure = config.procedure;
    let template = procedure.triggers.first().expect("the example has triggers").clone();
    let kinds = ["angry", "legal", "security", "financial", "outage", "repeat"];
    let rules: Vec<Trigger> = (0..20)
        .map(|number| {
            let signal = |shift: usize, at_least| Condition::Signal {
                kind: Kind::from(kinds[(number + shift) % kinds.len()]),
                at_least,
            };
            let over = Condition::Amount {
                over: (200 * (number as i64 + 1)).into(),
                currency: "USD".parse().expect("a currency"),
            };
            let condition = match number % 4 {
                0 => signal(0, 0.5),
                1 => Condition::All(vec![signal(0, 0.6), Condition::Not(Box::new(signal(1, 0.5)))]),
                2 => Condition::Any(vec![signal(0, 0.95), over]),
                _ => over,
            };
            Trigger { id: format!("rule-{number}"), condition, ..template.clone() }
        })
        .collect();
    let text = "This is the fourth time I write. Refund my $700 or my lawyer will.";
    let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    let author = Person { id: "customer".into(), name: "customer".into(), standing: Standing::Customer };
    let message = Message {
        id: "1".into(),
        place: "1".into(),
        author,
        text: text.to_owned(),
        at: now,
        edited: false,
        to: Vec::new(),
    };
    let past = Conversation::default();
    let look = |name: &str, signals: &Signals| {
        let labels: Vec<Kind> = procedure.labels(signals).cloned().collect();
        let scene = Scene {
            message: &message,
            customer: Some(&message.author.id),
            ticket: None,
            fields: None,
            waited: None,
            signals,
            labels: &labels,
            lexicon: &procedure.lexicon,
            past: &past,
            rates: &procedure.rates,
            now,
        };
        let time = fastest(|| (0..1_000).map(|_| fired(black_box(&scene), &rules).firings.len()).sum());
        let firings = fired(&scene, &rules).firings.len();
        println!("20 rules, {name:<22} {:>6.3} µs ({firings} fire)", time.as_secs_f64() * 1e3);
    };
    look("a message with trouble", &read(text, Speech::Whole, &procedure.lexicon));
    look("a harmless message", &read("Where can I see my invoices?", Speech::Whole, &procedure.lexicon));
}

fn fastest(work: impl FnMut() -> usize) -> Duration {
    fastest_of(ROUNDS, work)
}

fn fastest_of(rounds: usize, mut work: impl FnMut() -> usize) -> Duration {
    let round = |_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed()
    };
    (0..rounds).map(round).min().unwrap_or_default()
}
