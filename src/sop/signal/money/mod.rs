//! Money the writer wants back.
//!
//! An amount is a claim where somebody asks for money in the same breath (the same sentence or one of its neighbours)
//! and nothing beside the amount says that it is a price, a card or a credit, or that it came back already.

mod amount;
mod currency;
mod plain;

use std::ops::Range;

use amount::amounts;
pub(super) use amount::currency_words;
pub use currency::Currency;
use plain::Plain;
use rust_decimal::Decimal;

use super::lexicon::Cue;
use super::scan::Found;
use super::token::Token;

/// How far, in sentences, a demand and its amount may be apart.
const DEMAND_SENTENCES: u32 = 2;
/// The same where the amount is said to be charged or taken: stories of a loss are long.
const LOSS_SENTENCES: u32 = 4;
/// How close, in words, "charged" stands to the amount.
const LOSS_WORDS: usize = 5;
/// How close, in words, "gift card" or "per month" stands to the amount it is about.
const PRICE_WORDS: usize = 3;
/// The same for "refunded me".
const RECEIVED_WORDS: usize = 5;
/// How close, in words, "got" stands before an amount that came back.
const BACK_WORDS: usize = 3;

/// A claimed amount, in bytes of the text.
#[derive(Debug, PartialEq)]
pub(crate) struct Claimed<'a> {
    pub value: Decimal,
    pub currency: Currency,
    pub bytes: Range<usize>,
    /// The words that ask for it.
    pub demand: &'a str,
    reason: Reason,
}

/// How an amount is tied to what asks for it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reason {
    /// "Refund the $2".
    Asked { sentence: u32 },
    /// Said to be charged or taken.
    Lost,
    /// Somewhere near.
    Near { sentence: u32 },
}

/// An amount among the words.
struct Amount {
    value: Decimal,
    currency: Currency,
    bytes: Range<usize>,
    /// Its first and last word.
    first: usize,
    last: usize,
}

/// The one amount with a currency that a text names: "500 USD", "$1.5k". `None` where there is none, or more than one.
pub fn amount(text: &str) -> Option<(Decimal, Currency)> {
    match amounts(&Plain::of(text, &[]).text).as_slice() {
        [one] => Some((one.value, one.currency)),
        _ => None,
    }
}

/// The claims of a text, in its order.
pub(crate) fn claims<'a>(
    text: &'a str,
    masks: &[Range<usize>],
    tokens: &[Token],
    cues: &[Found<Cue>],
) -> Vec<Claimed<'a>> {
    let demands: Vec<&Found<Cue>> = demands(tokens, cues);
    let says_back = |token: &Token| text[token.start as usize..token.end as usize].eq_ignore_ascii_case("back");
    if demands.is_empty() && !tokens.iter().any(says_back) {
        return Vec::new();
    }
    let plain = Plain::of(text, masks);
    let placed = |amount: amount::Amount| {
        let bytes = plain.original(amount.start..amount.end);
        let first = tokens.partition_point(|token| (token.end as usize) <= bytes.start);
        let after = tokens.partition_point(|token| (token.start as usize) < bytes.end);
        (first < after).then(|| Amount {
            value: amount.value,
            currency: amount.currency,
            bytes,
            first,
            last: after - 1,
        })
    };
    let claimed = |amount: Amount| {
        let beside = Beside { amount: &amount, tokens, cues };
        if beside.has(Cue::Received, RECEIVED_WORDS) || beside.has(Cue::Price, PRICE_WORDS) {
            return None;
        }
        let is_lost = beside.has(Cue::Loss, LOSS_WORDS);
        let reach = if is_lost { LOSS_SENTENCES } else { DEMAND_SENTENCES };
        let sentence = tokens[amount.first].sentence;
        let (demand, reason) = match nearest(&demands, tokens, &amount, reach) {
            Some(demand) => {
                let reason = match (is_asked(text, tokens, demand, &amount), is_lost) {
                    (true, _) => Reason::Asked { sentence },
                    (false, true) => Reason::Lost,
                    (false, false) => Reason::Near { sentence },
                };
                (words(text, tokens, demand.first, demand.last), reason)
            }
            None => (asked_back(text, tokens, &amount)?, Reason::Asked { sentence }),
        };
        let Amount { value, currency, bytes, .. } = amount;
        Some(Claimed { value, currency, bytes, demand, reason })
    };
    let mut claims: Vec<Claimed<'_>> =
        amounts(&plain.text).into_iter().filter_map(placed).filter_map(claimed).collect();
    keep_asked(&mut claims);
    claims
}

/// In "refund the $2, because the $8 covers it" one amount is asked for, and the other only stands near.
fn keep_asked(claims: &mut Vec<Claimed<'_>>) {
    let asked = |claim: &Claimed<'_>| match claim.reason {
        Reason::Asked { sentence } => Some(sentence),
        Reason::Lost | Reason::Near { .. } => None,
    };
    // Ascending, as the claims are.
    let asked: Vec<u32> = claims.iter().filter_map(asked).collect();
    let is_beside =
        |reason: Reason| matches!(reason, Reason::Near { sentence } if asked.binary_search(&sentence).is_ok());
    claims.retain(|claim| !is_beside(claim.reason));
}

fn words<'a>(text: &'a str, tokens: &[Token], first: usize, last: usize) -> &'a str {
    &text[tokens[first].start as usize..tokens[last].end as usize]
}

/// "my $900 back", but not "got my $900 back": the word that asks stands right behind the amount.
fn asked_back<'a>(text: &'a str, tokens: &[Token], amount: &Amount) -> Option<&'a str> {
    let word = |index: usize| words(text, tokens, index, index);
    let is = |index: usize, wanted: &[&str]| wanted.iter().any(|wanted| word(index).eq_ignore_ascii_case(wanted));
    let back = amount.last + 1;
    let asked = back < tokens.len() && is(back, &["back"]);
    let had = (amount.first.saturating_sub(BACK_WORDS)..amount.first)
        .any(|index| is(index, &["got", "gotten", "received", "receive", "had", "gave", "given", "only"]));
    (asked && !had).then(|| word(back))
}

/// "Refund the $2", but neither "refunded $2" nor "a refund of $2", which tell of what was offered.
fn is_asked(text: &str, tokens: &[Token], demand: &Found<Cue>, amount: &Amount) -> bool {
    let is_article = |index: usize| {
        let word = words(text, tokens, index, index);
        ["the", "my", "our", "this", "that"].iter().any(|article| word.eq_ignore_ascii_case(article))
    };
    let asks = !words(text, tokens, demand.last, demand.last).to_lowercase().ends_with("ed");
    let is_beside =
        demand.last + 1 == amount.first || (demand.last + 2 == amount.first && is_article(amount.first - 1));
    asks && is_beside && tokens[demand.first].clause == tokens[amount.first].clause
}

/// What asks for money, but "I don't want a refund".
fn demands<'c>(tokens: &[Token], cues: &'c [Found<Cue>]) -> Vec<&'c Found<Cue>> {
    let clause = |cue: &Found<Cue>| tokens[cue.first].clause;
    let declined = |index: usize| {
        let before = index.checked_sub(1).map(|index| &cues[index]);
        before.is_some_and(|before| before.what == Cue::Declined && clause(before) == clause(&cues[index]))
    };
    let asks = |index: &usize| cues[*index].what == Cue::Demand && !declined(*index);
    (0..cues.len()).filter(asks).map(|index| &cues[index]).collect()
}

/// The demand closest to an amount, if one is close enough.
fn nearest<'c>(
    demands: &[&'c Found<Cue>],
    tokens: &[Token],
    amount: &Amount,
    sentences: u32,
) -> Option<&'c Found<Cue>> {
    let after = demands.partition_point(|demand| demand.first < amount.first);
    let sentence = |token: usize| tokens[token].sentence;
    let near = |demand: &&&Found<Cue>| sentence(demand.first).abs_diff(sentence(amount.first)) <= sentences;
    let neighbours = demands[after.saturating_sub(1)..].iter().take(2);
    neighbours.filter(near).min_by_key(|demand| demand.first.abs_diff(amount.first)).copied()
}

/// The words of the same clause on both sides of an amount.
struct Beside<'a> {
    amount: &'a Amount,
    tokens: &'a [Token],
    cues: &'a [Found<Cue>],
}

impl Beside<'_> {
    /// Whether a cue stands at most so many words away.
    fn has(&self, wanted: Cue, words: usize) -> bool {
        let Self { amount, tokens, cues } = self;
        let (before, after) = cues.split_at(cues.partition_point(|cue| cue.first < amount.first));
        let near = |cue: &Found<Cue>| {
            tokens[cue.first].clause == tokens[amount.first].clause
                && cue.last + words + 1 >= amount.first
                && cue.first <= amount.last + words + 1
        };
        // At most two cues stand on one word, so this many reach far enough.
        let enough = 2 * (words + 1);
        let nearest = before.iter().rev().take(enough).chain(after.iter().take(enough));
        nearest.filter(|cue| cue.what == wanted).any(near)
    }
}
