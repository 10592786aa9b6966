//! Money the writer wants back.
//!
//! An amount is a claim where somebody asks for money in the same breath (the same sentence or one of its neighbours)
//! and nothing beside the amount says that it is a price, a card or a credit, or that it came back already.

mod amount;

use amount::{Amount, amounts};

use super::layout::Layout;
use super::lexicon::Cue;
use super::scan::Found;

/// How far, in sentences, a demand and its amount may be apart.
const DEMAND_SENTENCES: usize = 2;
/// The same where the amount is said to be charged or taken: stories of a loss are long.
const LOSS_SENTENCES: usize = 4;
/// How close, in words, "charged" stands to the amount.
const LOSS_WORDS: usize = 5;
/// How close, in words, "gift card" or "per month" stands to the amount it is about.
const PRICE_WORDS: usize = 3;
/// The same for "refunded me".
const RECEIVED_WORDS: usize = 5;

/// A claimed amount in the normalised text.
#[derive(Debug, PartialEq)]
pub(crate) struct Claimed<'a> {
    pub value: rust_decimal::Decimal,
    pub currency: &'static str,
    pub start: usize,
    pub end: usize,
    /// The words that ask for it.
    pub demand: &'a str,
}

/// The claims of a text, in its order.
pub(crate) fn claims<'a>(text: &'a str, layout: &Layout, cues: &[Found<Cue>]) -> Vec<Claimed<'a>> {
    let demands: Vec<&Found<Cue>> = demands(layout, cues);
    let claimed = |amount: Amount| {
        let beside = Beside::of(&amount, layout, cues);
        if beside.has(Cue::Received, RECEIVED_WORDS) || beside.has(Cue::Price, PRICE_WORDS) {
            return None;
        }
        let reach = if beside.has(Cue::Loss, LOSS_WORDS) { LOSS_SENTENCES } else { DEMAND_SENTENCES };
        let demand = match nearest(&demands, layout, &amount, reach) {
            Some(demand) => &text[demand.start..demand.end],
            None => asked_back(text, &amount)?,
        };
        let Amount { value, currency, start, end } = amount;
        Some(Claimed { value, currency, start, end, demand })
    };
    amounts(text).into_iter().filter_map(claimed).collect()
}

/// "my $900 back", but not "got my $900 back": the word that asks stands right behind the amount.
fn asked_back<'a>(text: &'a str, amount: &Amount) -> Option<&'a str> {
    let rest = text[amount.end..].trim_start();
    let word = rest.strip_prefix("back").filter(|rest| !rest.starts_with(char::is_alphanumeric)).map(|_| &rest[..4])?;
    let mut before = text[..amount.start].split(|c: char| !c.is_alphanumeric()).rev().filter(|word| !word.is_empty());
    let had = |word: &str| matches!(word, "got" | "gotten" | "received" | "had" | "gave" | "given");
    (!before.by_ref().take(BACK_WORDS).any(had)).then_some(word)
}

/// How close, in words, "got" stands before an amount that came back.
const BACK_WORDS: usize = 3;

/// What asks for money, but "I don't want a refund".
fn demands<'c>(layout: &Layout, cues: &'c [Found<Cue>]) -> Vec<&'c Found<Cue>> {
    let declined = |index: usize| {
        let before = index.checked_sub(1).map(|index| &cues[index]);
        before.is_some_and(|before| {
            before.what == Cue::Declined && layout.clause(before.start) == layout.clause(cues[index].start)
        })
    };
    let asks = |index: &usize| cues[*index].what == Cue::Demand && !declined(*index);
    (0..cues.len()).filter(asks).map(|index| &cues[index]).collect()
}

/// The demand closest to an amount, if one is close enough.
fn nearest<'c>(
    demands: &[&'c Found<Cue>],
    layout: &Layout,
    amount: &Amount,
    sentences: usize,
) -> Option<&'c Found<Cue>> {
    let after = demands.partition_point(|demand| demand.start < amount.start);
    let sentence = layout.sentence(amount.start);
    let near = |demand: &&&Found<Cue>| layout.sentence(demand.start).abs_diff(sentence) <= sentences;
    let neighbours = demands[after.saturating_sub(1)..].iter().take(2);
    neighbours.filter(near).min_by_key(|demand| demand.start.abs_diff(amount.start)).copied()
}

/// The words of the same clause on both sides of an amount.
struct Beside<'a> {
    layout: &'a Layout,
    before: &'a [Found<Cue>],
    after: &'a [Found<Cue>],
    clause: usize,
    /// The words of the amount itself.
    first: usize,
    last: usize,
}

impl<'a> Beside<'a> {
    fn of(amount: &Amount, layout: &'a Layout, cues: &'a [Found<Cue>]) -> Self {
        let (before, after) = cues.split_at(cues.partition_point(|cue| cue.start < amount.start));
        let (first, last) = (layout.word(amount.start), layout.word(amount.end - 1));
        Self { layout, before, after, clause: layout.clause(amount.start), first, last }
    }

    /// Whether a cue stands at most so many words away.
    fn has(&self, wanted: Cue, words: usize) -> bool {
        let Self { layout, before, after, clause, first, last } = self;
        let near = |cue: &&Found<Cue>| {
            layout.clause(cue.start) == *clause
                && layout.word(cue.end - 1) + words + 1 >= *first
                && layout.word(cue.start) <= last + words + 1
        };
        // At most two cues stand on one word, so this many reach far enough.
        let enough = 2 * (words + 1);
        let nearest = before.iter().rev().take(enough).chain(after.iter().take(enough));
        nearest.filter(near).any(|cue| cue.what == wanted)
    }
}
