//! `bellhop evaluate`: how well the procedure reads, measured on messages that people labelled.
//!
//! | column | what |
//! |---|---|
//! | `id`, `text` | the message |
//! | `labels` | the kinds a person found in it, with commas between, or `none` |
//! | `amount`, `currency` | what is claimed back, for `financial` |
//! | `note` | `borderline:KIND` where readers could differ, `hard:KIND` where it only looks like that kind |

pub(crate) mod figures;
pub(crate) mod labelled;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::cli::progress::Progress;
use crate::cli::{ConfigFile, NO};
use crate::sop::procedure::Procedure;
use crate::sop::signal::{self, Claim, Kind, Signals, Speech};
use figures::{Clear, Figures, Tally};
use labelled::{Labelled, Messages};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The messages: tab-separated, without quoting; the first line names the columns `id`, `text`, and perhaps `labels`,
    /// `amount`, `currency`, `note`.
    #[arg(value_name = "FILE.tsv")]
    file: PathBuf,
    /// Write what was read of each message: `id`, `labels`, `amount`, `currency`.
    #[arg(long, value_name = "OUT.tsv")]
    predictions: Option<PathBuf>,
    /// The worst misses and false alarms of each kind to show.
    #[arg(long, value_name = "N", default_value_t = 3)]
    worst: usize,
    /// One JSON object a line: a kind, the false alarms, an error.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFile,
}

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.config.read()?;
    let procedure = &config.procedure;
    let kinds: Vec<Kind> = procedure.lexicon.kinds().to_vec();
    let messages = messages(&arguments.file, &kinds)?;
    if messages.messages.is_empty() {
        return Ok(NO.into());
    }
    let readings = readings(&messages.messages, procedure);
    if let Some(path) = &arguments.predictions {
        write_predictions(path, &readings).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let report = Report::of(&readings, &kinds, procedure, arguments.worst);
    let mut out = BufWriter::new(stdout().lock());
    if arguments.json {
        report.write_json(&mut out)?;
    } else {
        write!(out, "{report}")?;
    }
    out.flush()?;
    Ok(if messages.is_complete { ExitCode::SUCCESS } else { NO.into() })
}

fn messages(path: &Path, kinds: &[Kind]) -> anyhow::Result<Messages> {
    let size = std::fs::metadata(path).map_or(0, |file| file.len());
    let progress = Progress::bytes(size, "read");
    labelled::read(path, kinds, |bytes| progress.advance(bytes))
}

/// A message, and what was read of it.
struct Reading<'m> {
    message: &'m Labelled,
    signals: Signals,
    labels: Vec<Kind>,
}

impl Reading<'_> {
    /// The claim that decides: the largest.
    fn claim(&self) -> Option<&Claim> {
        self.signals.claims.iter().max_by_key(|claim| claim.amount)
    }

    /// The labels with commas between, or "none".
    fn names(&self) -> String {
        let names: Vec<&str> = self.labels.iter().map(Kind::name).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(",") }
    }
}

fn readings<'m>(messages: &'m [Labelled], procedure: &Procedure) -> Vec<Reading<'m>> {
    let progress = Progress::items(messages.len(), "messages understood");
    let reading = |message: &'m Labelled| {
        progress.advance(1);
        let signals = signal::read(&message.text, Speech::Whole, &procedure.lexicon);
        let mut labels: Vec<Kind> = procedure.labels(&signals).cloned().collect();
        labels.sort();
        Reading { message, signals, labels }
    };
    messages.iter().map(reading).collect()
}

fn write_predictions(path: &Path, readings: &[Reading<'_>]) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "id\tlabels\tamount\tcurrency")?;
    for reading in readings {
        let claim = reading.claim().filter(|_| reading.labels.contains(&Kind::Financial));
        let (amount, currency) =
            claim.map(|claim| (claim.amount.to_string(), claim.currency.as_str())).unwrap_or_default();
        writeln!(out, "{}\t{}\t{amount}\t{currency}", reading.message.id, reading.names())?;
    }
    out.flush()
}

/// Everything that is told.
struct Report<'r> {
    messages: usize,
    /// How often each kind was seen: all there is to tell without labels.
    seen: BTreeMap<Kind, usize>,
    /// What there is to tell with labels.
    measured: Option<Measured<'r>>,
}

struct Measured<'r> {
    figures: Vec<Figures>,
    exact_amounts: (u32, u32),
    on_none: (u32, u32),
    on_hard: (u32, u32),
    errors: Vec<Mistake<'r>>,
}

/// A message that was read otherwise than a person would.
#[derive(Serialize)]
struct Mistake<'r> {
    kind: Kind,
    /// "missed" or "false alarm".
    error: &'static str,
    id: &'r str,
    strength: f64,
    borderline: bool,
    text: &'r str,
    evidence: Vec<Piece<'r>>,
}

#[derive(Serialize)]
struct Piece<'r> {
    text: &'r str,
    weight: f64,
    why: &'r str,
}

impl<'r> Report<'r> {
    fn of(readings: &'r [Reading<'r>], kinds: &[Kind], procedure: &Procedure, worst: usize) -> Self {
        let mut seen: BTreeMap<Kind, usize> = BTreeMap::new();
        for kind in readings.iter().flat_map(|reading| &reading.labels) {
            *seen.entry(kind.clone()).or_default() += 1;
        }
        let is_labelled = readings.iter().any(|reading| reading.message.labels.is_some());
        let measured = is_labelled.then(|| Measured::of(readings, kinds, procedure, worst));
        Self { messages: readings.len(), seen, measured }
    }

    fn write_json(&self, out: &mut impl Write) -> anyhow::Result<()> {
        #[derive(Serialize)]
        struct Whole {
            messages: usize,
            seen: BTreeMap<String, usize>,
            #[serde(skip_serializing_if = "Option::is_none")]
            exact_amounts: Option<(u32, u32)>,
            #[serde(skip_serializing_if = "Option::is_none")]
            false_alarms_on_none: Option<(u32, u32)>,
            #[serde(skip_serializing_if = "Option::is_none")]
            false_alarms_on_hard: Option<(u32, u32)>,
        }
        let mut line = |value: String| writeln!(out, "{value}");
        let measured = self.measured.as_ref();
        line(serde_json::to_string(&Whole {
            messages: self.messages,
            seen: self.seen.iter().map(|(kind, count)| (kind.name().to_owned(), *count)).collect(),
            exact_amounts: measured.map(|measured| measured.exact_amounts),
            false_alarms_on_none: measured.map(|measured| measured.on_none),
            false_alarms_on_hard: measured.map(|measured| measured.on_hard),
        })?)?;
        for figures in measured.iter().flat_map(|measured| &measured.figures) {
            line(serde_json::to_string(figures)?)?;
        }
        for error in measured.iter().flat_map(|measured| &measured.errors) {
            line(serde_json::to_string(error)?)?;
        }
        Ok(())
    }
}

impl<'r> Measured<'r> {
    fn of(readings: &'r [Reading<'r>], kinds: &[Kind], procedure: &Procedure, worst: usize) -> Self {
        let mut figures = Vec::new();
        let mut errors = Vec::new();
        for kind in kinds {
            let (mut all, mut clear) = (Tally::default(), Tally::default());
            for Reading { message, labels, .. } in readings {
                let (labelled, seen) = (message.has(kind), labels.contains(kind));
                all.count(labelled, seen);
                if !message.is_borderline(kind) {
                    clear.count(labelled, seen);
                }
            }
            // A kind that neither knows is no finding.
            if all.right + all.missed + all.false_alarms > 0 {
                figures.push(Figures::of(kind.clone(), all, clear));
                errors.extend(mistakes(readings, kind, procedure, worst));
            }
        }
        let alarms = |rows: &mut dyn Iterator<Item = &Reading<'_>>| {
            rows.fold((0, 0), |(alarms, all), reading| (alarms + u32::from(!reading.labels.is_empty()), all + 1))
        };
        let none = || readings.iter().filter(|reading| reading.message.labels.as_ref().is_some_and(Vec::is_empty));
        Self {
            figures,
            exact_amounts: amounts(readings),
            on_none: alarms(&mut none()),
            on_hard: alarms(&mut none().filter(|reading| reading.message.is_hard())),
            errors,
        }
    }
}

/// Of the claims that a person found and that were seen, those with the same amount, in the same currency if the
/// person named one.
fn amounts(readings: &[Reading<'_>]) -> (u32, u32) {
    let mut counted = (0, 0);
    for reading in readings.iter().filter(|reading| reading.labels.contains(&Kind::Financial)) {
        let Some(amount) = reading.message.amount else { continue };
        let same = |claim: &Claim| {
            let off = (claim.amount - amount).abs();
            let currency = &reading.message.currency;
            off < Decimal::new(1, 2) && (currency.is_empty() || *currency == claim.currency.as_str())
        };
        counted.0 += u32::from(reading.claim().is_some_and(same));
        counted.1 += 1;
    }
    counted
}

/// The false alarms that were surest, and the misses that were furthest off; what readers could differ about last.
fn mistakes<'r>(readings: &'r [Reading<'r>], kind: &Kind, procedure: &Procedure, worst: usize) -> Vec<Mistake<'r>> {
    let mistake = |reading: &'r Reading<'r>, error| {
        let signal = reading.signals.signals.iter().find(|signal| signal.kind == *kind);
        let pieces = signal.into_iter().flat_map(|signal| &signal.evidence);
        Mistake {
            kind: kind.clone(),
            error,
            id: &reading.message.id,
            strength: reading.signals.strength(kind),
            borderline: reading.message.is_borderline(kind),
            text: &reading.message.text,
            evidence: pieces.map(|e| Piece { text: &e.text, weight: e.weight, why: &e.why }).collect(),
        }
    };
    let wrong = |reading: &&'r Reading<'r>, seen: bool| {
        reading.labels.contains(kind) == seen && reading.message.has(kind) != seen
    };
    let threshold = procedure.label_threshold(kind);
    let pick = |seen: bool, error| {
        let wrong = readings.iter().filter(|reading| wrong(reading, seen));
        let mut wrong: Vec<Mistake<'r>> = wrong.map(|reading| mistake(reading, error)).collect();
        let off = |mistake: &Mistake<'_>| (mistake.strength - threshold).abs();
        wrong.sort_by(|a, b| a.borderline.cmp(&b.borderline).then_with(|| off(b).total_cmp(&off(a))));
        wrong.truncate(worst);
        wrong
    };
    pick(true, "false alarm").into_iter().chain(pick(false, "missed")).collect()
}

impl std::fmt::Display for Report<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some(measured) = &self.measured else {
            writeln!(out, "{} messages without labels; seen in them:", self.messages)?;
            return self.seen.iter().try_for_each(|(kind, count)| writeln!(out, "  {kind:<12} {count:>6}"));
        };
        writeln!(out, "{} messages\n", self.messages)?;
        writeln!(out, "{:<12} labelled  {:<20} {:<20} {:<20} without borderline", "kind", "precision", "recall", "F1")?;
        for Figures { kind, labelled, precision, recall, f1, clear } in &measured.figures {
            let (precision, recall, f1) = (precision.to_string(), recall.to_string(), f1.to_string());
            let Clear { precision: p, recall: r, f1: f } = clear;
            writeln!(
                out,
                "{kind:<12} {labelled:>8}  {precision:<20} {recall:<20} {f1:<20} P {p:.2} R {r:.2} F1 {f:.2}"
            )?;
        }
        writeln!(out, "\nIn brackets: what other messages of the same making would show, in 95 of 100 cases.")?;
        let of = |(some, all): (u32, u32)| match all {
            0 => "none to count".to_owned(),
            _ => format!("{some} of {all} ({:.1} %)", f64::from(some) * 100.0 / f64::from(all)),
        };
        writeln!(out, "exact amounts          {}", of(measured.exact_amounts))?;
        writeln!(out, "false alarms on none   {}", of(measured.on_none))?;
        writeln!(out, "false alarms on hard   {}", of(measured.on_hard))?;
        for mistake in &measured.errors {
            let Mistake { kind, error, id, strength, borderline, text, evidence } = mistake;
            let borderline = if *borderline { ", borderline" } else { "" };
            writeln!(out, "\n{kind} {error} {id} ({strength:.2}{borderline}): {text}")?;
            for Piece { text, weight, why } in evidence {
                let why = if why.is_empty() { String::new() } else { format!(", {why}") };
                writeln!(out, "    {text:?} {weight:.2}{why}")?;
            }
        }
        Ok(())
    }
}
