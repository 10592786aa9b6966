//! `bellhop replay`: what the procedure would have opened over a history, on the history's own clock.
//!
//! Each brand is a desk of its own: it reads, remembers and triages its own customers, and knows what is usual there.
//! In a history that names brands, a message without one may be about any: it is read, but never counted together with
//! those of other customers.
//! Nobody is paged and nobody answers; a case that nothing was added to for a while counts as settled, so that the next
//! trouble opens a new one.

mod history;

use std::collections::BTreeMap;
use std::io::{BufWriter, Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::ensure;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::cli::progress::Progress;
use crate::cli::{ConfigFile, NO, english};
use crate::sop::desk::{About, Desk, Fact, Request};
use crate::sop::escalation::Act;
use crate::sop::escalation::{Actor, Escalation, EscalationId, Event, Report};
use crate::sop::message::{Message, Person, Standing, cut};
use crate::sop::notice::ReplyTo;
use crate::sop::procedure::Procedure;
use crate::sop::team::Severity;
use crate::words::Words;
use history::{History, Said};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The history: one JSON object a line with `ts` (RFC 3339), `author`, `text`, and perhaps `brand`, `channel` and
    /// `ticket`; may be gzipped (.gz).
    #[arg(value_name = "FILE.jsonl")]
    file: PathBuf,
    /// How fast: "max", or so many times as fast as it happened.
    #[arg(long, value_name = "SPEED", default_value = "max", value_parser = speed)]
    speed: Speed,
    /// A case that nothing was added to for this long counts as settled.
    #[arg(long, value_name = "TIME", default_value = "12h", value_parser = humantime::parse_duration)]
    settle_after: Duration,
    /// Show cases of this trigger only; may be given more than once.
    #[arg(long, value_name = "ID")]
    trigger: Vec<String>,
    /// One JSON object a case, then one about all.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Clone, Copy, Debug)]
enum Speed {
    Max,
    Times(f64),
}

fn speed(text: &str) -> Result<Speed, String> {
    match text.parse::<f64>() {
        _ if text == "max" => Ok(Speed::Max),
        Ok(times) if times.is_finite() && times > 0.0 => Ok(Speed::Times(times)),
        _ => Err("write \"max\", or how many times as fast as it happened: 60".to_owned()),
    }
}

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.config.read()?;
    let procedure = &config.procedure;
    for id in &arguments.trigger {
        let known: Vec<&str> = procedure.triggers.iter().map(|trigger| trigger.id.as_str()).collect();
        ensure!(known.contains(&id.as_str()), "there is no trigger \"{id}\"; there are {}", known.join(", "));
    }
    let mut history = History::open(&arguments.file)?;
    let settle_after = TimeDelta::from_std(arguments.settle_after)?;
    let mut replay = Replay {
        procedure,
        words: english(&config)?,
        settle_after,
        desks: BTreeMap::new(),
        opened: Vec::new(),
        messages: 0,
        names_brands: false,
    };
    let mut pace = Pace::new(arguments.speed);
    let progress = Progress::unknown("messages replayed");
    while let Some(said) = history.next()? {
        pace.wait(said.ts);
        progress.advance(1);
        replay.hear(said);
    }
    drop(progress);
    if replay.messages == 0 {
        if history.left_out == 0 {
            eprintln!("{}:1: the file is empty", arguments.file.display());
        }
        return Ok(NO.into());
    }
    let mut out = BufWriter::new(stdout().lock());
    replay.tell(&arguments.trigger, arguments.json, &mut out)?;
    out.flush()?;
    Ok(if history.left_out == 0 { ExitCode::SUCCESS } else { NO.into() })
}

/// Keeps a history to its speed.
struct Pace {
    speed: Speed,
    began: Option<(Instant, DateTime<Utc>)>,
}

impl Pace {
    fn new(speed: Speed) -> Self {
        Self { speed, began: None }
    }

    fn wait(&mut self, until: DateTime<Utc>) {
        let Speed::Times(times) = self.speed else { return };
        let (began, first) = *self.began.get_or_insert((Instant::now(), until));
        let due = Duration::from_secs_f64((until - first).as_seconds_f64().max(0.0) / times);
        std::thread::sleep(due.saturating_sub(began.elapsed()));
    }
}

struct Replay<'p> {
    procedure: &'p Procedure,
    words: Words,
    settle_after: TimeDelta,
    desks: BTreeMap<Whose, Shift>,
    opened: Vec<Opened>,
    messages: usize,
    /// The first message named a brand.
    names_brands: bool,
}

/// A brand, or a customer of nobody knows whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Brand(String),
    Customer(String),
}

/// A desk, and when something was last added to each case that is open.
#[derive(Default)]
struct Shift {
    desk: Desk,
    stirred: BTreeMap<EscalationId, DateTime<Utc>>,
}

/// A case that would have been opened.
#[derive(Serialize)]
struct Opened {
    at: DateTime<Utc>,
    #[serde(skip)]
    whose: Whose,
    brand: String,
    case: EscalationId,
    triggers: Vec<String>,
    severity: Severity,
    customer: String,
    /// The line in the file of the message that opened it.
    line: usize,
    text: String,
    why: Vec<String>,
    /// Earlier messages that were counted, by the line in the file.
    counted: Vec<String>,
    /// Messages that joined it later, and how many customers it has in all.
    joined: usize,
    customers: usize,
}

impl Replay<'_> {
    fn hear(&mut self, said: Said) {
        self.messages += 1;
        let now = said.ts;
        if self.messages == 1 {
            self.names_brands = !said.brand.is_empty();
        }
        let whose = if said.brand.is_empty() && self.names_brands {
            Whose::Customer(said.author.clone())
        } else {
            Whose::Brand(said.brand.clone())
        };
        let shift = self.desks.entry(whose.clone()).or_default();
        shift.settle(self.procedure, now - self.settle_after, now);
        let text = match &said.ticket {
            Some(ticket) => format!("{}\n{ticket}", said.text),
            None => said.text,
        };
        let author = Person { id: said.author.clone().into(), name: said.author.into(), standing: Standing::Customer };
        let (id, place) = (said.line.to_string().into(), said.channel.into());
        let message = Message { id, place, author, text, at: now, edited: false, to: Vec::new() };
        let outcome = shift.desk.handle(Request::Message(message.clone()), self.procedure, now);
        for fact in outcome.facts {
            let Fact::Case { id, event } = fact else { continue };
            shift.stirred.insert(id, now);
            if let (Event::Opened(_), Some(case)) = (&event, shift.desk.case(id)) {
                self.opened.push(Opened::of(whose.clone(), case, said.line, &message, now, &self.words));
            }
        }
    }

    fn brands(&self) -> usize {
        self.desks.keys().filter(|whose| matches!(whose, Whose::Brand(_))).count()
    }

    /// What the cases have come to, and all of it.
    fn tell(&mut self, wanted: &[String], json: bool, out: &mut impl Write) -> anyhow::Result<()> {
        for opened in &mut self.opened {
            let case = self.desks.get(&opened.whose).and_then(|shift| shift.desk.case(opened.case));
            let case = case.expect("what was opened is there");
            opened.joined = case.reports().count() - 1;
            opened.customers = customers(case.reports());
        }
        let is_wanted =
            |opened: &&Opened| wanted.is_empty() || opened.triggers.iter().any(|trigger| wanted.contains(trigger));
        let shown: Vec<&Opened> = self.opened.iter().filter(is_wanted).collect();
        if json {
            for opened in &shown {
                writeln!(out, "{}", serde_json::to_string(opened)?)?;
            }
            let all = Summary { messages: self.messages, brands: self.brands(), opened: by_trigger(&shown) };
            writeln!(out, "{}", serde_json::to_string(&all)?)?;
            return Ok(());
        }
        if !shown.is_empty() {
            writeln!(
                out,
                "{:<20} {:<18} {:<10} {:<24} {:>4} {:>6}  why",
                "opened", "brand", "case", "triggers", "who", "joined"
            )?;
        }
        for opened in &shown {
            let Opened { at, brand, case, triggers, customers, joined, why, text, line, .. } = opened;
            let (at, brand, triggers) =
                (at.format("%Y-%m-%d %H:%M:%SZ"), cut(brand, 18), cut(&triggers.join(", "), 24));
            let why = why.join("; ");
            writeln!(
                out,
                "{at} {brand:<18} {:<10} {triggers:<24} {customers:>4} {joined:>6}  {why}",
                case.to_string()
            )?;
            writeln!(out, "{:<20} line {line}: {}", "", cut(&text.replace('\n', " "), 120))?;
        }
        writeln!(out, "\n{} messages of {} brands", self.messages, self.brands())?;
        for (trigger, count) in by_trigger(&shown) {
            writeln!(out, "  {trigger:<24} {count:>6} cases")?;
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Summary {
    messages: usize,
    brands: usize,
    /// Cases by the trigger that led.
    opened: BTreeMap<String, usize>,
}

fn by_trigger(opened: &[&Opened]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for trigger in opened.iter().filter_map(|opened| opened.triggers.first()) {
        *counts.entry(trigger.clone()).or_default() += 1;
    }
    counts
}

/// Different customers that the reports of a case speak of.
fn customers<'r>(reports: impl Iterator<Item = &'r Report>) -> usize {
    let mut known: Vec<&Person> = Vec::new();
    for report in reports {
        let counted = report.counted.iter().map(|counted| &counted.customer);
        for customer in report.customer.as_deref().into_iter().chain(counted) {
            if !known.iter().any(|other| other.id == customer.id) {
                known.push(customer);
            }
        }
    }
    known.len()
}

impl Opened {
    fn of(whose: Whose, case: &Escalation, line: usize, message: &Message, at: DateTime<Utc>, words: &Words) -> Self {
        let report = &case.opened.report;
        Self {
            at,
            brand: match &whose {
                Whose::Brand(brand) => brand.clone(),
                Whose::Customer(_) => String::new(),
            },
            whose,
            case: case.id,
            triggers: report.triggers.iter().map(|trigger| trigger.id.clone()).collect(),
            severity: case.severity,
            customer: message.author.name.to_string(),
            line,
            text: message.text.clone(),
            why: report.findings.iter().map(|finding| words.finding(finding)).collect(),
            counted: report.counted.iter().map(|counted| counted.message.to_string()).collect(),
            joined: 0,
            customers: 0,
        }
    }
}

impl Shift {
    /// Settles what nothing was added to since.
    fn settle(&mut self, procedure: &Procedure, since: DateTime<Utc>, now: DateTime<Utc>) {
        let quiet = |(_, at): &(&EscalationId, &DateTime<Utc>)| **at <= since;
        let settled: Vec<EscalationId> = self.stirred.iter().filter(quiet).map(|(id, _)| *id).collect();
        for id in settled {
            self.stirred.remove(&id);
            let person = Person { id: "replay".into(), name: "replay".into(), standing: Standing::Staff };
            let teams = procedure.teams.iter().map(|team| team.id.clone()).collect();
            let actor = Actor { person, teams, manages: true };
            let act = Act::Resolve { note: "quiet".to_owned() };
            let request =
                Request::Act { actor, about: About::Typed(id.to_string()), act, reply: ReplyTo(String::new()) };
            self.desk.handle(request, procedure, now);
        }
    }
}
