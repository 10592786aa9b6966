//! What a text says: the kinds of trouble in it, how strongly, and the words that say so.
//!
//! [`read`] is one linear pass: mask what is not speech, take the rest apart into words, find the lexicon's terms among
//! them, weigh each match by what stands around it, add up. Every strength is explained by its evidence, and every
//! evidence points into the original text.
//!
//! ```text
//! text ─► mask ─► token ─► scan ─► weigh ─► strength per kind
//!                  │         └───► money ─► claims
//!                  └► language: is the text one the lexicon can read?
//! ```
//!
//! The words are data: `lexicon` reads them, `phrase` knows how a term is written and grows the tree of all of them,
//! `vocabulary` numbers the words, `slots` finds the numbers, `spelling` makes one spelling of many.

mod language;
mod lexicon;
mod mask;
mod money;
mod phrase;
mod scan;
mod slots;
mod spelling;
mod token;
mod vocabulary;
mod weigh;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use compact_str::CompactString;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use lexicon::{Entry, Lexicon, Mode, Problem};
pub use mask::Speech;
pub use money::{Currency, amount};
use scan::Found;
use vocabulary::Word;
pub use weigh::EMPHASIS;
use weigh::{Surroundings, Weighed};

/// How much of a text is read, in Unicode scalar values. Chat messages are shorter; of a longer text, such as a
/// ticket's comment or an attached log, the start says what it is about. What was left is marked by
/// [`Signals::truncated`].
pub const TEXT_MAX_CHARS: usize = 4_000;
/// What a claimed amount says about [`Kind::Financial`]: near certainty, because amount and demand were both read.
pub const CLAIM_WEIGHT: f64 = 0.9;
/// What a claimed amount is called in the evidence.
const CLAIM_TERM: &str = "amount claimed";

/// Reads one text. Total and linear: any string has an answer, in time proportional to its length.
pub fn read(text: &str, speech: Speech, lexicon: &Lexicon) -> Signals {
    let (text, truncated) = start(text);
    let Some(Parts { language, masks, tokens, scan }) = take_apart(text, speech, lexicon) else {
        return Signals { truncated, ..Signals::default() };
    };
    let claimed =
        if tokens.may_hold_money { money::claims(text, &masks, &tokens.list, &scan.cues) } else { Vec::new() };
    let language = Some(Cow::Borrowed(language));
    if scan.terms.is_empty() && claimed.is_empty() {
        return Signals { language, truncated, ..Signals::default() };
    }
    let surroundings = Surroundings::new(text, &tokens, &scan.cues);
    let bytes = |found: &Found<usize>| tokens.list[found.first].start as usize..tokens.list[found.last].end as usize;
    let mut hints: Vec<Hint> = Vec::with_capacity(scan.terms.len() + claimed.len());
    let mut often = Often::new(scan.terms.len(), lexicon);
    for found in &scan.terms {
        let weighed = surroundings.weigh(found, &lexicon.entries[found.what]);
        let (kind, weight) = (lexicon.leagues[found.what].kind, weighed.weight);
        if often.is_old_news(found.what, weight) {
            continue;
        }
        hints.push(Hint { kind, term: Some(found.what), bytes: bytes(found), weight, says: Says::Term(weighed) });
    }
    for claim in &claimed {
        let (kind, bytes) = (lexicon::FINANCIAL, claim.bytes.clone());
        hints.push(Hint { kind, term: None, bytes, weight: CLAIM_WEIGHT, says: Says::Claim(claim.demand) });
    }
    let failing = failing(&hints, &scan.things, &tokens.list, lexicon);
    hints.sort_by(Hint::by_kind_and_term);
    let positions = Positions::of(text);
    let signal = |hints: &[Hint]| signal(hints, text, &positions, &surroundings, lexicon);
    let mut signals: Vec<Signal> = hints.chunk_by(|a, b| a.kind == b.kind).filter_map(signal).collect();
    signals.sort_by(|a, b| b.strength.total_cmp(&a.strength).then_with(|| a.kind.cmp(&b.kind)));
    let claims = claimed.into_iter().map(|claim| Claim {
        amount: claim.value,
        currency: claim.currency,
        start: positions.of_byte(claim.bytes.start),
        end: positions.of_byte(claim.bytes.end),
    });
    Signals { language, signals, claims: claims.collect(), failing, truncated }
}

/// The words of a text that say what it is about, in the order of the text: those of speech that are neither function
/// words nor too short to mean anything. What is masked, links and names, is not among them.
pub fn subject_words(text: &str, lexicon: &Lexicon) -> Vec<String> {
    let (text, _) = start(text);
    let masks = mask::masks(text, Speech::Whole);
    let tokens = token::tokens(text, &masks, &lexicon.words);
    let says = |token: &&token::Token| {
        let is_speech = !matches!(token.word, Word::HANDLE | Word::LINK) && !lexicon.words.is_function_word(token.word);
        is_speech && (token.end - token.start) as usize >= SUBJECT_WORD_MIN
    };
    let word = |token: &token::Token| spelling::words(&text[token.start as usize..token.end as usize]).concat();
    tokens.list.iter().filter(says).take(SUBJECT_WORDS_MAX).map(word).collect()
}

/// Shorter words, in bytes, say nothing about the subject.
const SUBJECT_WORD_MIN: usize = 4;
/// As many words tell what a text is about.
const SUBJECT_WORDS_MAX: usize = 64;

/// What the terms in a text would contribute, whatever their weights are: what weights are learnt from.
pub fn clues(text: &str, speech: Speech, lexicon: &Lexicon) -> Vec<Clue> {
    let (text, _) = start(text);
    let Some(Parts { tokens, scan, .. }) = take_apart(text, speech, lexicon) else { return Vec::new() };
    let surroundings = Surroundings::new(text, &tokens, &scan.cues);
    let clue = |found: &Found<usize>| {
        let Weighed { factor, is_stressed, .. } = surroundings.weigh(found, &lexicon.entries[found.what]);
        Clue { entry: found.what, factor, is_stressed }
    };
    scan.terms.iter().map(clue).collect()
}

/// One match of an entry of the lexicon, apart from its weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clue {
    /// Which of [`Lexicon::entries`].
    pub entry: usize,
    /// The share of the weight that the surroundings leave, 0 to 1.
    pub factor: f64,
    /// Emphasis adds [`EMPHASIS`] of what the weight lacks to certainty.
    pub is_stressed: bool,
}

/// A text taken apart.
struct Parts {
    language: &'static str,
    masks: Vec<Range<usize>>,
    tokens: token::Tokens,
    scan: scan::Scan,
}

/// `None` where the text is in a language that the lexicon does not cover.
fn take_apart(text: &str, speech: Speech, lexicon: &Lexicon) -> Option<Parts> {
    let masks = mask::masks(text, speech);
    let tokens = token::tokens(text, &masks, &lexicon.words);
    let language = language::language(text, &tokens, lexicon)?;
    let scan = scan::scan(&tokens.list, lexicon);
    Some(Parts { language, masks, tokens, scan })
}

/// The part of a text that is read, and whether there is more.
fn start(text: &str) -> (&str, bool) {
    if text.len() <= TEXT_MAX_CHARS {
        return (text, false);
    }
    text.char_indices().nth(TEXT_MAX_CHARS).map_or((text, false), |(end, _)| (&text[..end], true))
}

/// A kind of signal. Six are built in; a team can name its own in the config.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "CompactString", into = "CompactString")]
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

impl From<CompactString> for Kind {
    fn from(name: CompactString) -> Self {
        Self::from(name.as_str())
    }
}

impl From<&str> for Kind {
    fn from(name: &str) -> Self {
        Self::BUILT_IN.into_iter().find(|kind| kind.name() == name).unwrap_or_else(|| Self::Own(name.into()))
    }
}

impl From<Kind> for CompactString {
    fn from(kind: Kind) -> Self {
        kind.name().into()
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(self.name())
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
    pub term: Arc<str>,
    /// The weight after adjusting, -1 to 1; 0 where the surroundings cancelled it, below 0 where it speaks against the
    /// kind.
    pub weight: f64,
    /// What adjusted the weight ("negated by \"not\"", "emphasis"), empty where nothing did.
    pub why: String,
}

/// How strongly a text shows one kind of trouble.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    pub kind: Kind,
    /// 0 to 1, in hundredths.
    pub strength: f64,
    /// In the order of the text. Cancelled matches are kept, with weight 0, because they explain a near miss.
    pub evidence: Vec<Evidence>,
}

/// Money the writer wants back: not a price, a gift card or a refund already received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    #[serde(with = "rust_decimal::serde::str")]
    pub amount: Decimal,
    pub currency: Currency,
    /// Half-open span of the amount in Unicode scalar values of the original text.
    pub start: usize,
    pub end: usize,
}

/// Everything read from one text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Signals {
    /// ISO 639-1 code of the language the text was read as; `None` where the lexicon covers none of it, and then
    /// there is no score.
    pub language: Option<Cow<'static, str>>,
    /// At most one per kind, strongest first. Kinds whose every match was cancelled stand here with strength 0.
    pub signals: Vec<Signal>,
    pub claims: Vec<Claim>,
    /// What kinds of things are said to fail ("network", "site", "power"), for [`Kind::Outage`]; empty where none is
    /// named.
    pub failing: Vec<String>,
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

/// The kinds of things that are said to fail: those named in a sentence that speaks of an outage.
fn failing(hints: &[Hint<'_>], things: &[(usize, u8)], tokens: &[token::Token], lexicon: &Lexicon) -> Vec<String> {
    let mut failing: Vec<String> = Vec::new();
    let mut last = None;
    for hint in hints.iter().filter(|hint| hint.kind == lexicon::OUTAGE && hint.weight > 0.0) {
        let token = tokens.partition_point(|token| (token.end as usize) <= hint.bytes.start);
        let sentence = tokens[token].sentence;
        if last.replace(sentence) == Some(sentence) {
            continue;
        }
        let first = things.partition_point(|(token, _)| tokens[*token].sentence < sentence);
        let named = things[first..].iter().take_while(|(token, _)| tokens[*token].sentence == sentence);
        for (_, thing) in named.filter(|(_, thing)| *thing != lexicon::ANYTHING_NUMBER) {
            let thing = &lexicon.things[usize::from(*thing)];
            if !failing.contains(thing) {
                failing.push(thing.clone());
            }
        }
    }
    failing
}

/// Something in the text that speaks for a kind, or against it.
struct Hint<'a> {
    /// Which of the lexicon's kinds.
    kind: u16,
    /// Which of the lexicon's entries; `None` for a claimed amount.
    term: Option<usize>,
    bytes: Range<usize>,
    weight: f64,
    says: Says<'a>,
}

enum Says<'a> {
    Term(Weighed),
    /// The words that ask for the amount.
    Claim(&'a str),
}

impl Hint<'_> {
    /// Hints of one term stand together, the heaviest first.
    fn by_kind_and_term(&self, other: &Self) -> std::cmp::Ordering {
        let order = (self.kind, self.term).cmp(&(other.kind, other.term));
        order.then_with(|| other.weight.total_cmp(&self.weight)).then_with(|| self.bytes.start.cmp(&other.bytes.start))
    }
}

/// Matches of the same few terms over and over say nothing new: only in a text with many of them is counted, so that no
/// text costs more than its length.
struct Often {
    /// For each entry how often it was found, and its heaviest weight; empty where there are few matches.
    found: Vec<(usize, f64)>,
}

impl Often {
    /// Fewer matches need no counting.
    const MANY: usize = 64;

    fn new(matches: usize, lexicon: &Lexicon) -> Self {
        let entries = if matches > Self::MANY { lexicon.entries.len() } else { 0 };
        Self { found: vec![(0, f64::MIN); entries] }
    }

    /// Whether as many matches as are shown came before, and none was lighter than this one.
    fn is_old_news(&mut self, entry: usize, weight: f64) -> bool {
        let Some((count, heaviest)) = self.found.get_mut(entry) else { return false };
        let is_old = *count >= SHOWN_PER_TERM && weight <= *heaviest;
        *count += 1;
        *heaviest = heaviest.max(weight);
        is_old
    }
}

/// As many matches of one term are shown as evidence; the strength takes the heaviest.
const SHOWN_PER_TERM: usize = 3;

/// What the hints of one kind come to; `None` where they only speak against it.
///
/// Independent hints add up: `1 - Π(1 - weight)`. Saying the same thing twice does not make it truer, so each term
/// counts once, at its heaviest. What speaks against takes its share off the whole.
fn signal(
    hints: &[Hint<'_>],
    text: &str,
    positions: &Positions,
    surroundings: &Surroundings<'_>,
    lexicon: &Lexicon,
) -> Option<Signal> {
    let (mut doubt, mut left) = (1.0, 1.0);
    let mut evidence = Vec::with_capacity(hints.len());
    for term in hints.chunk_by(|a, b| a.term == b.term) {
        match term[0].weight {
            weight if weight < 0.0 => left *= 1.0 + weight,
            weight => doubt *= 1.0 - weight,
        }
        for hint in term.iter().take(SHOWN_PER_TERM) {
            let (term, why) = match &hint.says {
                Says::Term(weighed) => (&lexicon.terms[hint.term?], surroundings.why(weighed)),
                Says::Claim(demand) => (&lexicon.claim_term, format!("claimed by \"{}\"", demand.to_lowercase())),
            };
            evidence.push(Evidence {
                start: positions.of_byte(hint.bytes.start),
                end: positions.of_byte(hint.bytes.end),
                text: text[hint.bytes.clone()].to_owned(),
                term: Arc::clone(term),
                weight: hint.weight,
                why,
            });
        }
    }
    if evidence.iter().all(|evidence| evidence.weight < 0.0) {
        return None;
    }
    evidence.sort_by_key(|evidence| (evidence.start, evidence.end));
    let strength = as_shown((1.0 - doubt) * left);
    Some(Signal { kind: lexicon.kinds[usize::from(hints[0].kind)].clone(), strength, evidence })
}

/// In hundredths: what is compared is what people read, and it reads back from a log to the last bit.
fn as_shown(strength: f64) -> f64 {
    (strength * 100.0).round() / 100.0
}

/// Where bytes stand in Unicode scalar values, without counting from the start each time.
struct Positions<'a> {
    text: &'a str,
    /// Scalar values before every block of bytes; empty where a byte is a scalar value.
    blocks: Vec<u32>,
}

impl<'a> Positions<'a> {
    const BLOCK: usize = 64;

    fn of(text: &'a str) -> Self {
        let mut blocks = Vec::new();
        if !text.is_ascii() {
            let mut before = 0;
            for block in text.as_bytes().chunks(Self::BLOCK) {
                blocks.push(before);
                before += token::index(starts(block));
            }
            blocks.push(before);
        }
        Self { text, blocks }
    }

    fn of_byte(&self, byte: usize) -> usize {
        let block = byte / Self::BLOCK;
        let Some(before) = self.blocks.get(block) else { return byte };
        *before as usize + starts(&self.text.as_bytes()[block * Self::BLOCK..byte])
    }
}

/// How many scalar values begin in these bytes of UTF-8.
fn starts(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !matches!(byte, 0x80..=0xbf)).count()
}

#[cfg(test)]
mod tests;
