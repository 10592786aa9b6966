//! `bellhop explain`: what the procedure makes of a text, and why.

use std::io::{BufRead, IsTerminal, Read, Write, stdin, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Error};
use chrono::Utc;
use serde::Serialize;

use crate::cli::table::Table;
use crate::cli::{ConfigFile, NO, english};
use crate::sop::desk::{self, Desk};
use crate::sop::message::{Message, Person, Standing, cut};
use crate::sop::procedure::Procedure;
use crate::sop::signal::{Claim, Kind, Signal, Signals};
use crate::sop::trigger::{Change, Fired, Firing, Mode};
use crate::words::Words;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What a customer wrote; without it, one text a line on stdin.
    #[arg(value_name = "TEXT", conflicts_with = "tsv")]
    text: Vec<String>,
    /// A table with the columns `id` and `text`, tab-separated, without quoting.
    #[arg(long, value_name = "FILE")]
    tsv: Option<PathBuf>,
    /// One JSON object a text.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFile,
}

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.config.read()?;
    let words = english(&config)?;
    let mut out = stdout().lock();
    let mut tell = |id: &str, text: &str| -> std::io::Result<()> {
        explain(id, text, &config.procedure, &words, |explained| {
            if arguments.json {
                serde_json::to_writer(&mut out, explained)?;
                writeln!(out)
            } else {
                write!(out, "{explained}")
            }
        })
    };
    let is_complete = match &arguments.tsv {
        Some(file) => {
            let table = std::fs::File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
            from_table(table, &file.display().to_string(), &mut tell)?
        }
        None if arguments.text.is_empty() => {
            if stdin().is_terminal() {
                eprintln!("Write what a customer would, a text a line. Ctrl-D ends it.");
            }
            from_lines(stdin().lock(), &mut tell)?
        }
        None => {
            tell("1", &arguments.text.join(" "))?;
            true
        }
    };
    Ok(if is_complete { ExitCode::SUCCESS } else { NO.into() })
}

/// Each line is a text; its number is its id. `false` if a line could not be read; the rest goes on.
fn from_lines(
    mut source: impl BufRead,
    tell: &mut impl FnMut(&str, &str) -> std::io::Result<()>,
) -> anyhow::Result<bool> {
    let mut fine = true;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if source.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if let Ok(text) = std::str::from_utf8(&line) {
            tell(&number.to_string(), text.trim_end_matches(['\n', '\r']))?;
        } else {
            eprintln!("line {number}: not valid UTF-8, left out");
            fine = false;
        }
    }
    Ok(fine)
}

/// A table: its first line names the columns. `false` if a line was left out.
fn from_table(
    source: impl Read,
    name: &str,
    tell: &mut impl FnMut(&str, &str) -> std::io::Result<()>,
) -> anyhow::Result<bool> {
    let mut table = Table::open(source, name.to_owned())?;
    let (id, text) = (table.need("id").map_err(Error::msg)?, table.need("text").map_err(Error::msg)?);
    while let Some(row) = table.next(&[id, text])? {
        tell(row.cell(Some(id)), row.cell(Some(text)))?;
    }
    Ok(table.left_out == 0)
}

/// What `--json` prints. Spans count Unicode scalar values of the text; amounts are decimal strings.
#[derive(Serialize)]
struct Explained<'a> {
    id: &'a str,
    text_chars: usize,
    language: Option<&'a str>,
    labels: Vec<&'a str>,
    signals: &'a [Signal],
    claims: &'a [Claim],
    failing: &'a [String],
    firings: Vec<Fires<'a>>,
    near: Vec<Near<'a>>,
    decision: String,
    #[serde(skip)]
    truncated: bool,
}

#[derive(Serialize)]
struct Fires<'a> {
    trigger: &'a str,
    mode: Mode,
    severity: crate::sop::team::Severity,
    teams: Vec<&'a str>,
    /// The smallest change that would have kept it quiet.
    flip: Vec<Change>,
    #[serde(skip)]
    name: &'a str,
    #[serde(skip)]
    reasons: Vec<String>,
    #[serde(skip)]
    quiet: String,
}

#[derive(Serialize)]
struct Near<'a> {
    trigger: &'a str,
    why: String,
    /// The smallest change that would have made it fire.
    flip: Vec<Change>,
    #[serde(skip)]
    fires: String,
}

/// Reads one text as a customer's and shows what was made of it.
fn explain<T>(id: &str, text: &str, procedure: &Procedure, words: &Words, show: impl FnOnce(&Explained<'_>) -> T) -> T {
    let now = Utc::now();
    let message = Message {
        id: id.into(),
        place: "".into(),
        author: Person { id: "customer".into(), name: "a customer".into(), standing: Standing::Customer },
        text: text.to_owned(),
        at: now,
        edited: false,
        to: Vec::new(),
    };
    let (signals, _, fired) = desk::read(&message, &Desk::default(), procedure, now);
    let firings: Vec<Fires<'_>> = fired.firings.iter().map(|firing| fires(firing, words)).collect();
    let near = fired.near.iter().map(|miss| {
        let (why, flip) = (words.finding(&miss.finding), miss.flip());
        Near { trigger: &miss.trigger.id, why, fires: words.flip(&flip), flip }
    });
    show(&Explained {
        id,
        text_chars: text.chars().count(),
        language: signals.language.as_deref(),
        labels: procedure.labels(&signals).map(Kind::name).collect(),
        decision: decision(&signals, &fired),
        near: near.collect(),
        signals: &signals.signals,
        claims: &signals.claims,
        failing: &signals.failing,
        truncated: signals.truncated,
        firings,
    })
}

fn fires<'a>(firing: &'a Firing<'_>, words: &Words) -> Fires<'a> {
    let (trigger, flip) = (firing.trigger, firing.flip());
    Fires {
        trigger: &trigger.id,
        name: &trigger.name,
        mode: trigger.mode,
        severity: trigger.severity,
        teams: trigger.plan.rungs.iter().map(|rung| rung.team.0.as_str()).collect(),
        reasons: firing.findings().map(|finding| words.finding(finding)).collect(),
        quiet: words.flip(&flip),
        flip,
    }
}

/// The decision in a sentence, the decision to do nothing too.
fn decision(signals: &Signals, fired: &Fired<'_>) -> String {
    let live: Vec<_> = fired.firings.iter().filter(|firing| firing.trigger.mode == Mode::Live).collect();
    if live.is_empty() {
        let watched = fired.firings.iter().map(|firing| firing.trigger.id.as_str()).collect::<Vec<_>>();
        return match (signals.language.is_none(), watched.is_empty()) {
            (_, false) => format!("nobody is paged: {} is only watched", watched.join(", ")),
            (true, true) => "no score: the lexicon does not cover this language".to_owned(),
            (false, true) => "nothing: no trigger fires".to_owned(),
        };
    }
    let page = |firing: &&Firing<'_>| format!("page {} ({})", firing.trigger.plan.rungs[0].team, firing.trigger.id);
    live.iter().map(page).collect::<Vec<_>>().join(", ")
}

/// A term with many alternatives is cut for people; `--json` has all of it.
const TERM_SHOWN_CHARS: usize = 60;

/// For people: the words first, then what follows from them.
impl std::fmt::Display for Explained<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(out, "{}: {}", self.id, self.decision)?;
        for signal in self.signals {
            writeln!(out, "  {} {:.2}", signal.kind, signal.strength)?;
            for evidence in &signal.evidence {
                let why = if evidence.why.is_empty() { String::new() } else { format!(", {}", evidence.why) };
                let term = cut(&evidence.term, TERM_SHOWN_CHARS);
                writeln!(out, "    {:?} as {term:?}: {:.2}{why}", evidence.text, evidence.weight)?;
            }
        }
        if !self.failing.is_empty() {
            writeln!(out, "  fails: {}", self.failing.join(", "))?;
        }
        for claim in self.claims {
            writeln!(out, "  claims {} {}", claim.amount, claim.currency)?;
        }
        for firing in &self.firings {
            let mode = if firing.mode == Mode::Watch { ", only watched" } else { "" };
            writeln!(out, "  fires: {} ({}{mode}): {}", firing.name, firing.severity, firing.reasons.join("; "))?;
            writeln!(out, "    quiet {}", firing.quiet)?;
        }
        for miss in &self.near {
            writeln!(out, "  nearly: {}: {}", miss.trigger, miss.why)?;
            writeln!(out, "    fires {}", miss.fires)?;
        }
        if self.truncated {
            writeln!(out, "  the text is longer than is read: its end was left out")?;
        }
        Ok(())
    }
}
