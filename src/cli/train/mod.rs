//! `bellhop train`: learns the weights of the lexicon's terms from labelled messages.
//!
//! The words are written by people; how much each of them says is better counted than guessed. The weights are held
//! where they were put by hand, the more so the rarer a term is, and the figures are cross-validated: every message is
//! read with weights that were learnt without it.

mod fit;

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};

use crate::cli::evaluate::figures::{Figures, Tally};
use crate::cli::evaluate::labelled::{self, Labelled};
use crate::cli::progress::Progress;
use crate::cli::{ConfigFile, NO};
use crate::sop::procedure::Procedure;
use crate::sop::signal::{self, Clue, EMPHASIS, Entry, Kind, Lexicon, Speech};
use fit::{Course, Example, Weights, fit, strength};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Labelled messages, as for `bellhop evaluate`.
    #[arg(value_name = "FILE.tsv", required = true)]
    files: Vec<PathBuf>,
    /// Where the weights go; without it, they are only measured.
    #[arg(long, value_name = "WEIGHTS.tsv")]
    out: Option<PathBuf>,
    /// In how many parts the messages are divided, each read with what was learnt from the others.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..=100))]
    folds: u32,
    /// How strongly a weight is held where it was, in messages.
    #[arg(long, value_name = "MESSAGES", default_value_t = 0.5)]
    hold: f64,
    /// How much more a label counts than its absence.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.5)]
    favor: f64,
    #[command(flatten)]
    config: ConfigFile,
}

/// A message that readers could differ about teaches half as much.
const BORDERLINE_COUNTS: f64 = 0.5;

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.config.read()?;
    let procedure = &config.procedure;
    let mut is_complete = true;
    let mut messages = Vec::new();
    for file in &arguments.files {
        let read = labelled::read(file, procedure.lexicon.kinds(), |_| {})?;
        is_complete &= read.is_complete;
        messages.extend(read.messages.into_iter().filter(|message| message.labels.is_some()));
    }
    ensure!(messages.len() >= arguments.folds as usize, "there are fewer labelled messages than folds");
    let course = Course { hold: arguments.hold, favor: arguments.favor, emphasis: EMPHASIS };
    let folds = arguments.folds as usize;
    let kinds = procedure.lexicon.kinds();
    let progress = Progress::items(kinds.len() * (folds + 1), "lessons learnt");
    let mut learnt = Weights::new();
    for (number, kind) in kinds.iter().enumerate() {
        let before = weights(procedure, kind);
        let examples: Vec<Example> = messages.iter().map(|message| example(message, kind, procedure)).collect();
        let (mut all, mut clear) = (Tally::default(), Tally::default());
        for fold in 0..folds {
            let is_in = |at: usize| at % folds == fold;
            let others: Vec<Example> = pick(&examples, |at| !is_in(at));
            let weights = fit(&others, &before, course);
            for (at, example) in examples.iter().enumerate().filter(|(at, _)| is_in(*at)) {
                let seen = strength(example, &weights, EMPHASIS) >= procedure.label_threshold(kind);
                all.count(example.is_so, seen);
                if !messages[at].is_borderline(kind) {
                    clear.count(example.is_so, seen);
                }
            }
            progress.advance(1);
        }
        if number == 0 {
            println!("cross-validated on {} messages, {folds} folds:", messages.len());
        }
        let Figures { kind, precision, recall, f1, clear, .. } = Figures::of(kind.clone(), all, clear);
        println!("{:<12} P {precision}  R {recall}  F1 {f1}  clear {:.2}", kind.name(), clear.f1);
        learnt.extend(fit(&pick(&examples, |_| true), &before, course));
        progress.advance(1);
    }
    drop(progress);
    if let Some(path) = &arguments.out {
        let text = table(&procedure.lexicon, &learnt);
        std::fs::File::create(path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(if is_complete { ExitCode::SUCCESS } else { NO.into() })
}

/// Those that somebody could tell apart from what gives them no say at all.
fn pick(examples: &[Example], wanted: impl Fn(usize) -> bool) -> Vec<Example> {
    let picked = examples.iter().enumerate().filter(|(at, example)| wanted(*at) && !example.terms.is_empty());
    picked.map(|(_, example)| example.clone()).collect()
}

/// The weights of a kind's terms as people wrote them. Exceptions have none to learn.
fn weights(procedure: &Procedure, kind: &Kind) -> Weights {
    let entries = procedure.lexicon.entries().iter().enumerate();
    let ours = entries.filter(|(_, entry)| entry.kind == *kind && entry.weight != 0.0);
    ours.map(|(number, _)| (number, procedure.lexicon.by_hand(number))).collect()
}

fn example(message: &Labelled, kind: &Kind, procedure: &Procedure) -> Example {
    let entries = procedure.lexicon.entries();
    let mut terms: BTreeMap<usize, Clue> = BTreeMap::new();
    for clue in signal::clues(&message.text, Speech::Whole, &procedure.lexicon) {
        let entry = &entries[clue.entry];
        if entry.kind != *kind || entry.weight == 0.0 || clue.factor == 0.0 {
            continue;
        }
        let known = terms.entry(clue.entry).or_insert(clue);
        if (clue.factor, clue.is_stressed) > (known.factor, known.is_stressed) {
            *known = clue;
        }
    }
    let claims = if *kind == Kind::Financial {
        let signals = signal::read(&message.text, Speech::Whole, &procedure.lexicon);
        i32::try_from(signals.claims.len()).unwrap_or(i32::MAX).min(1)
    } else {
        0
    };
    Example {
        is_so: message.has(kind),
        counts: if message.is_borderline(kind) { BORDERLINE_COUNTS } else { 1.0 },
        terms: terms.into_values().map(|clue| (clue.entry, clue.factor, clue.is_stressed)).collect(),
        rest: (1.0 - signal::CLAIM_WEIGHT).powi(claims),
    }
}

/// The learnt weights of the built-in terms that moved, in an order of their own.
fn table(lexicon: &Lexicon, learnt: &Weights) -> String {
    let mut rows: Vec<String> = Vec::new();
    for (number, weight) in learnt {
        let Entry { kind, language, term, .. } = &lexicon.entries()[*number];
        let weight = (weight * 100.0).round() / 100.0;
        if (weight - lexicon.by_hand(*number)).abs() >= 0.01 {
            rows.push(format!("{kind}\t{language}\t{term}\t{weight}"));
        }
    }
    rows.sort();
    let unique: HashSet<&String> = rows.iter().collect();
    debug_assert_eq!(unique.len(), rows.len(), "a term stands once in its language");
    format!("kind\tlanguage\tterm\tweight\n{}\n", rows.join("\n"))
}
