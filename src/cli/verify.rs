//! `bellhop verify`: whether the log is what was recorded, and whether its results follow from it.

use std::collections::BTreeMap;
use std::io::{Write, stdout};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use anyhow::ensure;
use chrono::{DateTime, SecondsFormat, TimeZone, Utc};
use serde::Serialize;
use serde_json::json;

use crate::cli::log::{LogFile, wait_for};
use crate::cli::progress::Progress;
use crate::cli::{NO, read_or_not};
use crate::engine::store::{Broken, Line, Link, Proof, SqliteStore, StoreError};
use crate::sop::audit::{Audit, Doubt};
use crate::sop::desk::Fact;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A link that the log has to hold: the last one of an earlier run, kept elsewhere.
    #[arg(long, value_name = "LINK")]
    head: Option<Link>,
    /// One JSON object for each thing that is wrong, then one about all of it.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    log: LogFile,
}

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (config, path) = arguments.log.find()?;
    let desk = config.desk.id;
    // A log that was changed may hold what cannot be; where that shows is told, and not how.
    std::panic::set_hook(Box::new(|_| {}));
    let examined: anyhow::Result<Examined> = wait_for(async {
        let mut store = SqliteStore::look(&path, &desk).await?;
        let mut examined = Examined::new(&desk, arguments.head);
        let progress = Progress::items(usize::try_from(store.count().await?)?, "lines checked");
        store
            .each_line(|line| {
                progress.advance(1);
                examined.take(line);
                Ok::<(), StoreError>(())
            })
            .await?;
        Ok(examined)
    });
    drop(std::panic::take_hook());
    let mut examined = examined?;
    examined.end();
    ensure!(examined.proof.lines > 0, "there is nothing of the desk \"{desk}\" in {}", path.display());
    let mut out = stdout().lock();
    let told = if arguments.json {
        examined.write_json(&mut out)
    } else {
        examined.tell(&desk, &mut out).map_err(anyhow::Error::from)
    };
    read_or_not(told)?;
    Ok(if examined.wrong() == 0 { ExitCode::SUCCESS } else { NO.into() })
}

/// What was found so far.
struct Examined {
    proof: Proof,
    head: Option<Link>,
    /// `None` once the fold cannot go on.
    audit: Option<Audit>,
    /// Lines that cannot be read, or cannot follow what came before them.
    unreadable: Vec<(i64, String)>,
    doubts: Vec<Doubt>,
    span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    erased: usize,
    cases: usize,
    results: BTreeMap<&'static str, u64>,
}

impl Examined {
    fn new(desk: &str, head: Option<Link>) -> Self {
        Self {
            proof: Proof::new(desk, head),
            head,
            audit: Some(Audit::default()),
            unreadable: Vec::new(),
            doubts: Vec::new(),
            span: None,
            erased: 0,
            cases: 0,
            results: BTreeMap::new(),
        }
    }

    fn take(&mut self, line: Line) {
        let seq = line.seq;
        match (Fact::read(&line.fact), Utc.timestamp_millis_opt(line.at).single()) {
            (Ok(fact), Some(at)) => {
                if let Fact::Erased(erased) = &fact {
                    self.erased += erased.lines.len();
                    self.proof.erased(erased);
                }
                self.span = Some((self.span.map_or(at, |(first, _)| first), at));
                self.follow(seq, at, fact);
            }
            // What the error quotes may be anything.
            (Err(error), _) => {
                let where_it_stops = error.column();
                self.give_up(seq, format!("is none that this version understands, from character {where_it_stops} on"));
            }
            (_, None) => self.give_up(seq, "has a time that is none".to_owned()),
        }
        self.proof.take(line);
    }

    fn follow(&mut self, seq: i64, at: DateTime<Utc>, fact: Fact) {
        let Some(audit) = &mut self.audit else { return };
        match catch_unwind(AssertUnwindSafe(|| audit.take(seq, at, fact))) {
            Ok(doubts) => self.doubts.extend(doubts),
            Err(_) => self.give_up(seq, "cannot have happened after what stands before it".to_owned()),
        }
    }

    /// Nothing that comes later can be worked out.
    fn give_up(&mut self, seq: i64, why: String) {
        self.unreadable.push((seq, why));
        self.keep_results();
        self.audit = None;
    }

    fn keep_results(&mut self) {
        if let Some(audit) = &self.audit {
            self.cases = audit.desk().cases().count();
            self.results = audit.results().clone();
        }
    }

    fn end(&mut self) {
        self.proof.end();
        if let Some(audit) = &mut self.audit {
            self.doubts.extend(audit.end(i64::try_from(self.proof.lines).unwrap_or(i64::MAX)));
        }
        self.keep_results();
    }

    fn is_cut_off(&self) -> bool {
        self.head.is_some() && !self.proof.head_found
    }

    /// How many things are wrong.
    fn wrong(&self) -> usize {
        self.proof.broken.len() + self.unreadable.len() + self.doubts.len() + usize::from(self.is_cut_off())
    }

    fn tell(&self, desk: &str, out: &mut impl Write) -> std::io::Result<()> {
        let broken = self.proof.broken.iter().map(|Broken { line, how }| format!("line {line} {}", how.told()));
        let unreadable = self.unreadable.iter().map(|(line, why)| format!("line {line} {why}"));
        let doubts = self.doubts.iter().map(|Doubt { line, case, what }| {
            let case = case.map_or_else(String::new, |case| format!("{case}, "));
            format!("{case}line {line}: {what}")
        });
        let cut_off = self.is_cut_off().then(|| {
            "the link of --head is not in it: lines were cut off or written anew, or this is another log".to_owned()
        });
        let wrong: Vec<String> = cut_off.into_iter().chain(broken).chain(unreadable).chain(doubts).collect();
        for what in wrong.iter().take(TOLD_MAX) {
            writeln!(out, "✗ {what}")?;
        }
        if wrong.len() > TOLD_MAX {
            writeln!(out, "  and {} more: --json tells all", wrong.len() - TOLD_MAX)?;
        }
        if self.audit.is_none() {
            writeln!(out, "  From there on no result could be worked out.")?;
        }
        let (lines, cases) = (self.proof.lines, self.cases);
        let judged = if wrong.is_empty() { "✓ The log is whole" } else { "✗ The log is not whole" };
        writeln!(
            out,
            "{judged}: {lines} line{} of the desk \"{desk}\"{}, {cases} case{}.",
            s(lines),
            self.times(),
            s(cases as u64)
        )?;
        let names: Vec<String> = self.results.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let count: u64 = self.results.values().sum();
        let names = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
        writeln!(out, "  {count} result{} of time worked out again{names}.", s(count))?;
        if self.erased > 0 {
            writeln!(out, "  {} of its lines were erased, and that is on record.", self.erased)?;
        }
        writeln!(out, "  Last link: {}", self.proof.head)?;
        writeln!(out, "  Kept elsewhere, it shows later that nothing was cut off: bellhop verify --head LINK")
    }

    fn times(&self) -> String {
        let told = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M:%SZ");
        self.span.map_or_else(String::new, |(first, last)| format!(" from {} to {}", told(first), told(last)))
    }

    fn write_json(&self, out: &mut impl Write) -> anyhow::Result<()> {
        if self.is_cut_off() {
            write_line(out, &json!({"broken": "cut_off"}))?;
        }
        for broken in &self.proof.broken {
            write_line(out, broken)?;
        }
        for (line, why) in &self.unreadable {
            write_line(out, &json!({"line": line, "unreadable": why}))?;
        }
        for Doubt { line, case, what } in &self.doubts {
            let case = case.map(|case| case.to_string());
            write_line(out, &json!({"line": line, "case": case, "doubt": what.to_string()}))?;
        }
        let told = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let all = All {
            lines: self.proof.lines,
            first: self.span.map(|(first, _)| told(first)),
            last: self.span.map(|(_, last)| told(last)),
            cases: self.cases,
            results: &self.results,
            erased: self.erased,
            head: self.proof.head.to_string(),
            wrong: self.wrong(),
        };
        write_line(out, &all)
    }
}

/// What makes a word several.
fn s(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Things told one by one.
const TOLD_MAX: usize = 20;

#[derive(Serialize)]
struct All<'e> {
    lines: u64,
    first: Option<String>,
    last: Option<String>,
    cases: usize,
    results: &'e BTreeMap<&'static str, u64>,
    erased: usize,
    head: String,
    wrong: usize,
}

fn write_line(out: &mut impl Write, what: &impl Serialize) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, what)?;
    Ok(writeln!(out)?)
}
