//! What a text says: the kinds of trouble in it, how strongly, and the words that say so.
//!
//! [`read`] is one linear pass: mask what is not speech, normalise, find the lexicon's terms, weigh each match by
//! what stands around it, add up. Every strength is explained by its evidence, and every evidence points into the
//! original text.
//!
//! ```text
//! text ─► mask ─► normalize ─► scan ─► weigh ─► strength per kind
//!                     │          └───► money ─► claims
//!                     └► language: is the text one the lexicon can read?
//! ```

mod language;
mod layout;
mod lexicon;
mod mask;
mod money;
mod normalize;
mod scan;
mod weigh;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use layout::Layout;
pub use lexicon::{Entry, Lexicon, Mode, Problem};
pub use mask::Speech;
use normalize::Normal;
use weigh::Surroundings;

/// How much of a text is read, in Unicode scalar values. Chat messages are shorter; of a longer text, such as a
/// ticket's comment or an attached log, the start says what it is about. What was left is marked by
/// [`Signals::truncated`].
pub const TEXT_MAX_CHARS: usize = 4_000;
/// What a claimed amount says about [`Kind::Financial`]: near certainty, because amount and demand were both read.
const CLAIM_WEIGHT: f64 = 0.9;

/// Reads one text. Total and linear: any string has an answer, in time proportional to its length.
pub fn read(text: &str, speech: Speech, lexicon: &Lexicon) -> Signals {
    let original = Original::of(text);
    let mut masked = original.chars.clone();
    mask::mask(&mut masked, speech);
    let normal = normalize::normalize(&masked, Some(&lexicon.spellings));
    let truncated = original.truncated;
    let Some(language) = language::language(&masked, &normal.text, lexicon) else {
        return Signals { truncated, ..Signals::default() };
    };
    let layout = Layout::of(&normal.text);
    let scan = scan::scan(&normal.text, &layout, lexicon);
    let claimed = money::claims(&normal.text, &layout, &scan.cues);

    let surroundings = Surroundings::new(&normal.text, &layout, &scan.cues, original.all_capitals());
    let mut signals = Gathered::default();
    for found in &scan.terms {
        let entry = &lexicon.entries[found.what];
        let mut evidence = original.evidence(&normal, found.start..found.end, &entry.term);
        (evidence.weight, evidence.why) = surroundings.weigh(found, entry, &evidence.text);
        signals.add(&entry.kind, evidence);
    }
    let mut claims = Vec::with_capacity(claimed.len());
    for claim in claimed {
        let mut evidence = original.evidence(&normal, claim.start..claim.end, "amount claimed");
        (evidence.weight, evidence.why) = (CLAIM_WEIGHT, format!("claimed by \"{}\"", claim.demand));
        let (amount, currency) = (claim.value, claim.currency.to_owned());
        claims.push(Claim { amount, currency, start: evidence.start, end: evidence.end });
        signals.add(&Kind::Financial, evidence);
    }
    Signals { language: Some(language.to_owned()), signals: signals.strongest_first(), claims, truncated }
}

/// A kind of signal. Six are built in; a team can name its own in the config.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Kind {
    Angry,
    Legal,
    Security,
    Financial,
    Outage,
    Repeat,
    /// A kind of the team's own, by its name in the config.
    Own(Box<str>),
}

impl Kind {
    pub const BUILT_IN: [Self; 6] =
        [Self::Angry, Self::Legal, Self::Security, Self::Financial, Self::Outage, Self::Repeat];

    pub fn name(&self) -> &str {
        match self {
            Self::Angry => "angry",
            Self::Legal => "legal",
            Self::Security => "security",
            Self::Financial => "financial",
            Self::Outage => "outage",
            Self::Repeat => "repeat",
            Self::Own(name) => name,
        }
    }
}

impl From<String> for Kind {
    fn from(name: String) -> Self {
        Self::from(name.as_str())
    }
}

impl From<&str> for Kind {
    fn from(name: &str) -> Self {
        Self::BUILT_IN.into_iter().find(|kind| kind.name() == name).unwrap_or_else(|| Self::Own(name.into()))
    }
}

impl From<Kind> for String {
    fn from(kind: Kind) -> Self {
        kind.name().to_owned()
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name())
    }
}

/// One match of a term of the lexicon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Half-open span in Unicode scalar values of the original text.
    pub start: usize,
    pub end: usize,
    /// The original words in that span.
    pub text: String,
    /// The lexicon's term that matched.
    pub term: String,
    /// The weight after adjusting, 0 to 1; 0 where the surroundings cancelled it.
    pub weight: f64,
    /// What adjusted the weight ("negated by \"not\"", "emphasis"), empty where nothing did.
    pub why: String,
}

/// How strongly a text shows one kind of trouble.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    pub kind: Kind,
    /// 0 to 1.
    pub strength: f64,
    /// In the order of the text. Cancelled matches are kept, with weight 0, because they explain a near miss.
    pub evidence: Vec<Evidence>,
}

/// Money the writer wants back: not a price, a gift card or a refund already received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    #[serde(with = "rust_decimal::serde::str")]
    pub amount: Decimal,
    /// ISO 4217 code.
    pub currency: String,
    /// Half-open span of the amount in Unicode scalar values of the original text.
    pub start: usize,
    pub end: usize,
}

/// Everything read from one text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Signals {
    /// ISO 639-1 code of the language the text was read as; `None` where the lexicon covers none of it, and then
    /// there is no score.
    pub language: Option<String>,
    /// At most one per kind, strongest first. Kinds whose every match was cancelled stand here with strength 0.
    pub signals: Vec<Signal>,
    pub claims: Vec<Claim>,
    /// The text was longer than is read.
    pub truncated: bool,
}

impl Signals {
    /// The strength of a kind, 0 where it does not occur.
    pub fn strength(&self, kind: &Kind) -> f64 {
        self.signals.iter().find(|signal| signal.kind == *kind).map_or(0.0, |signal| signal.strength)
    }

    /// Nothing that could matter to any trigger.
    pub fn is_silent(&self) -> bool {
        self.claims.is_empty() && self.signals.iter().all(|signal| signal.strength <= 0.0)
    }
}

/// The part of a text that is read, open to both ways of counting.
struct Original<'a> {
    text: &'a str,
    chars: Vec<char>,
    /// Where each scalar value begins, and where the last one ends, in bytes.
    bytes: Vec<usize>,
    truncated: bool,
}

impl<'a> Original<'a> {
    fn of(text: &'a str) -> Self {
        let mut chars = Vec::with_capacity(text.len().min(TEXT_MAX_CHARS));
        let mut bytes = Vec::with_capacity(chars.capacity() + 1);
        let mut rest = text.char_indices();
        for (at, c) in rest.by_ref().take(TEXT_MAX_CHARS) {
            chars.push(c);
            bytes.push(at);
        }
        bytes.push(rest.offset());
        Self { text, chars, bytes, truncated: rest.offset() < text.len() }
    }

    /// Evidence without a verdict yet, for bytes of the normal spelling.
    fn evidence(&self, normal: &Normal, bytes: std::ops::Range<usize>, term: &str) -> Evidence {
        let span = normal.span(bytes);
        let text = self.text[self.bytes[span.start]..self.bytes[span.end]].trim_end();
        Evidence {
            start: span.start,
            end: span.start + text.chars().count(),
            text: text.to_owned(),
            term: term.to_owned(),
            weight: 0.0,
            why: String::new(),
        }
    }

    fn all_capitals(&self) -> bool {
        !self.chars.iter().any(|c| c.is_lowercase())
    }
}

/// Evidence by kind, in the order of finding.
#[derive(Default)]
struct Gathered(Vec<(Kind, Vec<Evidence>)>);

impl Gathered {
    fn add(&mut self, kind: &Kind, evidence: Evidence) {
        match self.0.iter_mut().find(|(known, _)| known == kind) {
            Some((_, list)) => list.push(evidence),
            None => self.0.push((kind.clone(), vec![evidence])),
        }
    }

    fn strongest_first(self) -> Vec<Signal> {
        let signal = |(kind, mut evidence): (Kind, Vec<Evidence>)| {
            evidence.sort_by_key(|evidence| (evidence.start, evidence.end));
            Signal { kind, strength: strength(&evidence), evidence }
        };
        let mut signals: Vec<Signal> = self.0.into_iter().map(signal).collect();
        signals.sort_by(|a, b| b.strength.total_cmp(&a.strength).then_with(|| a.kind.cmp(&b.kind)));
        signals
    }
}

/// Independent hints add up: `1 - Π(1 - weight)`. Saying the same thing twice does not make it truer, so each term
/// counts once, at its heaviest.
fn strength(evidence: &[Evidence]) -> f64 {
    let mut heaviest: Vec<(&str, f64)> = evidence.iter().map(|e| (e.term.as_str(), e.weight)).collect();
    heaviest.sort_by(|a, b| a.0.cmp(b.0).then(b.1.total_cmp(&a.1)));
    heaviest.dedup_by_key(|(term, _)| *term);
    1.0 - heaviest.iter().map(|(_, weight)| 1.0 - weight).product::<f64>()
}

#[cfg(test)]
mod tests;
