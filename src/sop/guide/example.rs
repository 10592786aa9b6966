//! Example wording: what a customer may write so that a trigger fires, or what counts towards it, tried out with the procedure itself.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::sop::desk::{self, Desk};
use crate::sop::message::{Message, Person, Standing};
use crate::sop::procedure::Procedure;
use crate::sop::signal::{self, Kind, Lexicon, Speech};
use crate::sop::trigger::{Condition, Mode, Trigger};

/// Examples that are shown of one trigger.
const SHOWN: usize = 2;
/// Terms of a kind of the desk's own that are tried out, the strongest ones.
const TRIED: usize = 24;

/// What customers write who are in such trouble, the plainest first.
const WRITTEN: [(Kind, &[&str]); 6] = [
    (Kind::Angry, &["I am furious with you!", "This is the worst service I have ever had, you should be ashamed!"]),
    (Kind::Legal, &["You will hear from my lawyer.", "I will sue you.", "I will take legal action."]),
    (Kind::Security, &["Somebody else has logged into my account.", "My account was hacked."]),
    (Kind::Financial, &["I want a refund of $600.", "I want my money back."]),
    (Kind::Outage, &["Your website is down.", "The app does not work since this morning."]),
    (Kind::Repeat, &["This is the third time I contact you about this.", "I have asked three times already."]),
];

/// What the config gives, else texts made of the terms and amounts that it looks for, of which each fires it by itself.
pub(super) fn of(trigger: &Trigger, procedure: &Procedure, now: DateTime<Utc>) -> Vec<String> {
    if let Some(example) = &trigger.example {
        return vec![example.clone()];
    }
    if trigger.mode == Mode::Off {
        return Vec::new();
    }
    if let Condition::Customers { kind, .. } = &trigger.condition {
        return counts(kind, procedure);
    }
    let tried = candidates(&trigger.condition, &procedure.lexicon).into_iter();
    tried.filter(|text| fires(text, trigger, procedure, now)).take(SHOWN).collect()
}

/// What counts towards a trigger that looks for the same trouble at several customers.
fn counts(kind: &Kind, procedure: &Procedure) -> Vec<String> {
    let shows =
        |text: &String| procedure.labels(&signal::read(text, Speech::Whole, &procedure.lexicon)).any(|it| it == kind);
    texts(kind, &procedure.lexicon).into_iter().filter(shows).take(SHOWN).collect()
}

/// Whether a customer of whom nothing else is known fires it with this text.
fn fires(text: &str, trigger: &Trigger, procedure: &Procedure, now: DateTime<Utc>) -> bool {
    let author = Person { id: "example".into(), name: "example".into(), standing: Standing::Customer };
    let message = Message {
        id: "example".into(),
        place: "example".into(),
        author,
        text: text.to_owned(),
        at: now,
        edited: false,
        to: Vec::new(),
    };
    let (_, _, fired) = desk::read(&message, &Desk::default(), procedure, now);
    fired.firings.iter().any(|firing| firing.trigger.id == trigger.id)
}

/// Texts that may fire a condition.
fn candidates(condition: &Condition, lexicon: &Lexicon) -> Vec<String> {
    match condition {
        Condition::Signal { kind, .. } => texts(kind, lexicon),
        Condition::Amount { over, currency } => {
            let amount = over.checked_add(Decimal::ONE).unwrap_or(*over).normalize();
            vec![format!("I want my {amount} {currency} back.")]
        }
        Condition::Any(parts) => {
            // One of each alternative first, so that all are shown.
            let mut texts: Vec<_> = parts.iter().map(|part| candidates(part, lexicon).into_iter()).collect();
            let mut mixed = Vec::new();
            for _ in 0..TRIED {
                mixed.extend(texts.iter_mut().filter_map(Iterator::next));
            }
            mixed
        }
        Condition::All(parts) => {
            let parts: Vec<Vec<String>> = parts.iter().map(|part| candidates(part, lexicon)).collect();
            let longest = parts.iter().map(Vec::len).max().unwrap_or_default();
            let text = |at: usize| {
                let said = parts.iter().filter_map(|texts| texts.get(at).or_else(|| texts.last()));
                said.map(String::as_str).collect::<Vec<_>>().join(" ")
            };
            (0..longest).map(text).collect()
        }
        Condition::Contacts { .. }
        | Condition::Customers { .. }
        | Condition::Places(_)
        | Condition::Language(_)
        | Condition::Ticket { .. }
        | Condition::Waits(_)
        | Condition::Not(_) => Vec::new(),
    }
}

/// Sentences for a kind that everybody has, and terms of one that is the desk's own.
fn texts(kind: &Kind, lexicon: &Lexicon) -> Vec<String> {
    match WRITTEN.iter().find(|(known, _)| known == kind) {
        Some((_, texts)) => texts.iter().map(|text| (*text).to_owned()).collect(),
        None => terms(kind, lexicon),
    }
}

/// Terms of a kind that stand for nothing but themselves, the strongest first; of equals the one with more words, for it
/// says more.
fn terms(kind: &Kind, lexicon: &Lexicon) -> Vec<String> {
    let is_plain = |term: &str| term.chars().all(|letter| letter.is_alphabetic() || matches!(letter, ' ' | '\'' | '-'));
    let entries = lexicon.entries().iter();
    let mut terms: Vec<_> = entries
        .filter(|entry| entry.kind == *kind && entry.mode == signal::Mode::Live && entry.weight > 0.0)
        .filter(|entry| is_plain(&entry.term))
        .collect();
    let words = |term: &str| term.split(' ').count().min(4);
    terms.sort_by(|one, other| {
        let by_weight = other.weight.total_cmp(&one.weight);
        by_weight.then_with(|| words(&other.term).cmp(&words(&one.term)))
    });
    terms.into_iter().take(TRIED).map(|entry| entry.term.clone()).collect()
}
