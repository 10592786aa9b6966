//! `bellhop export`: the cases as a table, or what happened as lines of JSON.
//!
//! The same log gives the same bytes. What the reader may not know is neither shown nor counted.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use clap::ValueEnum;
use csv::{Terminator, WriterBuilder};
use serde::Serialize;

use crate::cli::log::{LogFile, wait_for};
use crate::cli::moment;
use crate::cli::oncall::teams;
use crate::cli::spreadsheet::harmless;
use crate::engine::store::{Recorded, SqliteStore, StoreError};
use crate::sop::desk::{Desk, Fact, Fold, Unfounded};
use crate::sop::escalation::{Actor, Escalation, EscalationId, Event, Fate};
use crate::sop::message::Person;
use crate::sop::procedure::Procedure;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A table with a row a case, or a JSON object a line for all that happened.
    #[arg(long, value_enum)]
    format: Format,
    /// Only from this time on: "2026-12-24 18:00" (UTC), or a day. It counts when a case was opened, or something happened.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// With the confidential cases that this team may read. Without it there are none.
    #[arg(long = "for", value_name = "TEAM")]
    team: Option<String>,
    /// Where to; without it, to stdout.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    log: LogFile,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Csv,
    Jsonl,
}

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (config, path) = arguments.log.find()?;
    arguments.log.ensure_other(arguments.output.as_deref(), &path)?;
    let time = |flag, text: Option<&String>| text.map(|text| moment(flag, text, Tz::UTC)).transpose();
    let wanted = Wanted {
        since: time("since", arguments.since.as_ref())?,
        until: time("until", arguments.until.as_ref())?,
        reader: reader(&config.procedure, arguments.team.as_deref())?,
    };
    let facts = wait_for(async { Ok(SqliteStore::look(&path, &config.desk.id).await?.facts().await?) })?;
    let mut out: Box<dyn Write> = match &arguments.output {
        Some(file) => {
            let made = File::create(file).with_context(|| format!("{} cannot be written", file.display()))?;
            Box::new(BufWriter::new(made))
        }
        None => Box::new(BufWriter::new(stdout().lock())),
    };
    match arguments.format {
        Format::Csv => write_cases(&facts, &wanted, &mut out)?,
        Format::Jsonl => write_events(&facts, &wanted, &mut out)?,
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Somebody on staff, of this team or of none.
fn reader(procedure: &Procedure, wanted: Option<&str>) -> anyhow::Result<Actor> {
    let teams = wanted.map_or(Ok(Vec::new()), |team| teams(procedure, Some(team)))?;
    Ok(Actor::unnamed(teams, false))
}

/// What is asked for, and who reads it.
struct Wanted {
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    reader: Actor,
}

impl Wanted {
    fn has(&self, at: DateTime<Utc>) -> bool {
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
    }
}

/// A case as a row. Its texts are as people wrote them.
#[derive(Serialize)]
struct Row {
    case: String,
    status: &'static str,
    severity: &'static str,
    drill: bool,
    confidential: bool,
    /// Ids, the leading one first.
    triggers: String,
    plan: String,
    team: String,
    opened: String,
    /// Who escalated it by hand; empty where a trigger did.
    opened_by: String,
    customer: String,
    ticket: String,
    messages: usize,
    /// When its first page arrived.
    paged: String,
    pages: usize,
    /// The first time.
    acknowledged: String,
    acknowledged_by: String,
    resolved: String,
    resolved_by: String,
    merged_into: String,
    /// Pages that nobody answered in time.
    breaches: u32,
    grade: String,
    graded_by: String,
    /// The version that it follows.
    procedure: String,
}

/// The names of its columns, in the order of its fields.
const COLUMNS: [&str; 24] = [
    "case",
    "status",
    "severity",
    "drill",
    "confidential",
    "triggers",
    "plan",
    "team",
    "opened",
    "opened_by",
    "customer",
    "ticket",
    "messages",
    "paged",
    "pages",
    "acknowledged",
    "acknowledged_by",
    "resolved",
    "resolved_by",
    "merged_into",
    "breaches",
    "grade",
    "graded_by",
    "procedure",
];

/// Who took a case first, and when.
type Taken<'f> = BTreeMap<EscalationId, (DateTime<Utc>, &'f Person)>;

fn write_cases(facts: &[Recorded], wanted: &Wanted, out: &mut impl Write) -> anyhow::Result<()> {
    let mut taken = Taken::new();
    for line in facts {
        if let Fact::Case { id, event: Event::Acknowledged { by } } = &line.fact {
            taken.entry(*id).or_insert((line.at, by));
        }
    }
    let desk = folded(facts)?;
    let mut table = WriterBuilder::new().has_headers(false).terminator(Terminator::CRLF).from_writer(out);
    // Also where there is no case.
    table.write_record(COLUMNS)?;
    let is_wanted = |case: &&Escalation| wanted.has(case.opened_at) && case.may_be_read_by(&wanted.reader);
    for case in desk.cases().filter(is_wanted) {
        table.serialize(Row::of(case, &taken))?;
    }
    Ok(table.flush()?)
}

impl Row {
    fn of(case: &Escalation, taken: &Taken<'_>) -> Self {
        let opened = &case.opened;
        let person = |person: Option<&Person>| person.map_or_else(String::new, |person| harmless(&person.name));
        let instant = |at: Option<DateTime<Utc>>| at.map(instant).unwrap_or_default();
        let mut triggers: Vec<&str> = Vec::new();
        for name in case.reports().flat_map(|report| report.triggers.iter()) {
            if !triggers.contains(&name.id.as_str()) {
                triggers.push(&name.id);
            }
        }
        let delivered = case.pages.iter().find_map(|page| match page.fate {
            Fate::Delivered { at, .. } => Some(at),
            _ => None,
        });
        let first = taken.get(&case.id);
        let resolution = case.resolution.as_deref();
        let ticket = opened.subject.ticket.as_ref().map(|ticket| format!("{} {}", ticket.system, ticket.id));
        let grade = case.grade.as_deref();
        Self {
            case: case.id.to_string(),
            status: case.status().name(),
            severity: case.severity.name(),
            drill: opened.drill,
            confidential: opened.confidential,
            triggers: harmless(&triggers.join("; ")),
            plan: harmless(&opened.plan.id),
            team: harmless(&case.team().0),
            opened: self::instant(case.opened_at),
            opened_by: person(opened.by.as_deref()),
            customer: person(opened.subject.customer.as_deref()),
            ticket: harmless(&ticket.unwrap_or_default()),
            messages: case.joined() + 1,
            paged: instant(delivered),
            pages: case.pages.len(),
            acknowledged: instant(first.map(|(at, _)| *at)),
            acknowledged_by: person(first.map(|(_, by)| *by)),
            resolved: instant(resolution.map(|done| done.at)),
            resolved_by: person(resolution.map(|done| &done.by)),
            merged_into: case.merged_into().map(|into| into.to_string()).unwrap_or_default(),
            breaches: case.breaches,
            grade: grade.map(|(_, grade)| word(grade)).unwrap_or_default(),
            graded_by: person(grade.map(|(by, _)| by)),
            procedure: opened.procedure.to_string(),
        }
    }
}

/// A word of the log, as it stands there.
fn word(word: &impl Serialize) -> String {
    let written = serde_json::to_value(word).ok();
    written.as_ref().and_then(|word| word.as_str()).unwrap_or_default().to_owned()
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A line of the log.
#[derive(Serialize)]
struct Happened<'f> {
    line: i64,
    at: String,
    procedure: &'f str,
    #[serde(flatten)]
    fact: &'f Fact,
}

fn folded(facts: &[Recorded]) -> anyhow::Result<Desk> {
    let mut fold = Fold::default();
    for line in facts {
        let taken = fold.take(line.fact.clone(), line.at);
        taken.map_err(|Unfounded| StoreError::Unfounded { seq: line.seq })?;
    }
    Ok(fold.done())
}

/// What happened to cases, and what concerns the desk as a whole. What is kept of messages and tickets beside the cases
/// is nobody's to read.
fn write_events(facts: &[Recorded], wanted: &Wanted, out: &mut impl Write) -> anyhow::Result<()> {
    let desk = folded(facts)?;
    let is_readable = |fact: &Fact| match fact {
        Fact::Case { id, .. } => desk.case(*id).is_some_and(|case| case.may_be_read_by(&wanted.reader)),
        Fact::Covered(_)
        | Fact::HandedOver { .. }
        | Fact::Deaf { .. }
        | Fact::Hearing
        | Fact::Adopted { .. }
        | Fact::OutOfReach { .. } => true,
        _ => false,
    };
    for Recorded { seq, at, procedure, fact, .. } in facts.iter().filter(|line| wanted.has(line.at)) {
        if is_readable(fact) {
            let happened = Happened { line: *seq, at: instant(*at), procedure, fact };
            serde_json::to_writer(&mut *out, &happened)?;
            writeln!(out)?;
        }
    }
    Ok(())
}
