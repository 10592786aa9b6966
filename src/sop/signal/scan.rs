//! One pass over the words of a text for every term and cue.

use std::ops::Range;

use super::lexicon::{Cue, League, Lexicon, Role};
use super::token::Token;
use super::vocabulary::Word;

/// A term or cue in the text, in tokens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found<T> {
    pub what: T,
    pub first: usize,
    /// The last one that belongs to it.
    pub last: usize,
    /// The tokens of the gap, empty where there is none.
    pub hole: Range<usize>,
}

impl<T> Found<T> {
    fn whole(what: T, first: usize, last: usize) -> Self {
        Self { what, first, last, hole: first..first }
    }

    /// How many bytes of the text the match itself names; the more, the more specific it is.
    fn length(&self, tokens: &[Token]) -> u32 {
        let whole = tokens[self.last].end - tokens[self.first].start;
        if self.hole.is_empty() {
            return whole;
        }
        whole - (tokens[self.hole.end - 1].end - tokens[self.hole.start].start)
    }
}

/// Everything found in a text, in its order.
pub(crate) struct Scan {
    /// By number of the entry. Matches of one league do not overlap.
    pub terms: Vec<Found<usize>>,
    /// Cues about money do not overlap one another, nor do the others: at most two stand on one word.
    pub cues: Vec<Found<Cue>>,
    /// What could fail: the token, and what kind of thing it is.
    pub things: Vec<(usize, u8)>,
}

/// Finds overlapping matches and lets the longest of each league win.
pub(crate) fn scan(tokens: &[Token], lexicon: &Lexicon) -> Scan {
    // As many as most texts have, so that the lists do not grow step by step.
    let (some, many) = (tokens.len() / 8 + 4, tokens.len() / 4 + 4);
    let mut scan =
        Scan { terms: Vec::with_capacity(some), cues: Vec::with_capacity(many), things: Vec::with_capacity(some) };
    let mut heads = Heads { found: Vec::with_capacity(2 * many), seen: [0; Heads::SEEN] };
    // The last cue of either sort.
    let mut last_cues: [Option<usize>; 2] = [None; 2];
    let mut in_order = true;
    for first in 0..tokens.len() {
        let follows = tokens.get(first + 1).filter(|next| next.clause == tokens[first].clause);
        let mut place = lexicon.tree.first(tokens[first].word, follows.map_or(Word::UNKNOWN, |next| next.word));
        let mut last = first;
        while let Some(here) = place {
            for role in lexicon.tree.roles(here) {
                match *role {
                    Role::Term(entry) => scan.terms.push(Found::whole(entry as usize, first, last)),
                    Role::Cue(cue) => {
                        let next = Found::whole(cue, first, last);
                        let before = &mut last_cues[usize::from(cue.is_about_money())];
                        in_order &= add_most_specific(&mut scan.cues, next, before, tokens);
                    }
                    Role::Thing(thing) => scan.things.push((first, thing)),
                    Role::Head(entry) => heads.push(Head { entry, first, last }),
                    Role::Tail { entry, words } => {
                        if heads.may_hold(entry)
                            && let Some(head) = heads.latest(entry, words as usize, first, tokens)
                        {
                            let hole = head.last + 1..first;
                            scan.terms.push(Found { what: entry as usize, first: head.first, last, hole });
                        }
                    }
                }
            }
            last += 1;
            let next = tokens.get(last).filter(|next| next.clause == tokens[first].clause);
            place = next.and_then(|next| lexicon.tree.next(here, next.word));
        }
    }
    if !in_order {
        scan.cues.sort_unstable_by_key(|found| (found.first, found.last));
    }
    if scan.terms.len() > 1 {
        keep_most_specific(&mut scan.terms, tokens, &lexicon.leagues);
    }
    scan
}

/// Adds a cue unless it overlaps one of its sort that names more of the text; one that names less gives way. Answers
/// whether the list is still in order.
fn add_most_specific(
    cues: &mut Vec<Found<Cue>>,
    next: Found<Cue>,
    before: &mut Option<usize>,
    tokens: &[Token],
) -> bool {
    if let Some(index) = *before
        && next.first <= cues[index].last
    {
        if next.length(tokens) > cues[index].length(tokens) {
            cues[index] = next;
            return index + 1 == cues.len();
        }
        return true;
    }
    *before = Some(cues.len());
    cues.push(next);
    true
}

/// What may become a match with a gap.
struct Heads {
    /// By where they end.
    found: Vec<Head>,
    /// A bit for the entry of each: for most tails there is no head anywhere before, and one look tells.
    seen: [u64; Heads::SEEN],
}

/// The words before an entry's gap, in tokens.
struct Head {
    entry: u32,
    first: usize,
    last: usize,
}

impl Heads {
    /// Far more bits than a text has heads.
    const SEEN: usize = 8;

    fn push(&mut self, head: Head) {
        let (at, bit) = Self::bit(head.entry);
        self.seen[at] |= bit;
        self.found.push(head);
    }

    fn may_hold(&self, entry: u32) -> bool {
        let (at, bit) = Self::bit(entry);
        self.seen[at] & bit != 0
    }

    fn bit(entry: u32) -> (usize, u64) {
        (entry as usize / 64 % Self::SEEN, 1 << (entry % 64))
    }

    /// The latest words before an entry's gap that are near enough to its tail.
    fn latest(&self, entry: u32, words: usize, tail: usize, tokens: &[Token]) -> Option<&Head> {
        // The list grows with the text: a head that ended before the reach of any gap is followed by none within it,
        // but for those as long as a term, which is as far as it is looked.
        let reach = tail.saturating_sub(words + 1 + TERM_WORDS_LOOKED_AT);
        let mut recent = self.found.iter().rev().take_while(|head| head.first >= reach);
        let near = |head: &&Head| {
            head.entry == entry
                && head.last < tail
                && head.last + words + 1 >= tail
                && tokens[head.first].sentence == tokens[tail].sentence
        };
        recent.find(near)
    }
}

/// The words before a gap are fewer than this.
const TERM_WORDS_LOOKED_AT: usize = 8;

/// Of matches of one league that overlap, the one that names more of the text.
fn keep_most_specific(terms: &mut Vec<Found<usize>>, tokens: &[Token], leagues: &[League]) {
    terms.sort_unstable_by_key(|found| (leagues[found.what], found.first, found.last, found.what));
    let mut kept = 0;
    for next in 1..terms.len() {
        let overlaps = leagues[terms[next].what] == leagues[terms[kept].what] && terms[next].first <= terms[kept].last;
        if !overlaps {
            kept += 1;
            terms.swap(kept, next);
        } else if terms[next].length(tokens) > terms[kept].length(tokens) {
            terms.swap(kept, next);
        }
    }
    terms.truncate(kept + 1);
    terms.sort_unstable_by_key(|found| (found.first, found.last, found.what));
}
