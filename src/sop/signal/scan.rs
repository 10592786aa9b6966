//! One pass over a normalised text for every term and cue.

use std::ops::Range;

use super::layout::{Layout, is_word_char};
use super::lexicon::{Cue, Lexicon, Mode, Role};

/// A term or cue in the text, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found<T> {
    pub what: T,
    pub start: usize,
    pub end: usize,
    /// The words of the gap, empty where there is none.
    pub hole: Range<usize>,
}

impl<T> Found<T> {
    fn whole(what: T, start: usize, end: usize) -> Self {
        Self { what, start, end, hole: start..start }
    }

    /// How much of the text the match itself names; the more, the more specific it is.
    fn length(&self) -> usize {
        self.end - self.start - self.hole.len()
    }
}

/// Both lists in the order of the text.
pub(crate) struct Scan {
    /// By number of the entry. Live matches of one kind do not overlap.
    pub terms: Vec<Found<usize>>,
    /// Cues about money do not overlap one another, nor do the others: at most two stand on one word.
    pub cues: Vec<Found<Cue>>,
}

/// Finds overlapping matches and lets the longest of each kind win. (The automaton's own "leftmost longest" would let
/// a longer text that then fails the word boundary hide a shorter one that holds.)
pub(crate) fn scan(text: &str, layout: &Layout, lexicon: &Lexicon) -> Scan {
    let mut terms = Vec::new();
    let mut cues = Vec::new();
    let mut heads: Vec<Option<Range<usize>>> = vec![None; lexicon.gaps];
    for hit in lexicon.automaton.find_overlapping_iter(text) {
        let (start, end) = (hit.start(), hit.end());
        if !stands_alone(text, start, end) {
            continue;
        }
        for role in &lexicon.roles[hit.pattern().as_usize()] {
            match *role {
                Role::Term(entry) => terms.push(Found::whole(entry, start, end)),
                Role::Cue(cue) => cues.push(Found::whole(cue, start, end)),
                Role::Head(gap) => heads[gap] = Some(start..end),
                Role::Tail { gap, entry, words } => {
                    let near = |head: &Range<usize>| head.end <= start && is_near(layout, head, start, words);
                    let head = heads[gap].clone().filter(near);
                    terms.extend(head.map(|head| Found { what: entry, start: head.start, end, hole: head.end..start }));
                }
            }
        }
    }
    let (money, other): (Vec<_>, Vec<_>) = cues.into_iter().partition(|cue| cue.what.is_about_money());
    let mut scan = Scan { terms: Vec::with_capacity(terms.len()), cues: most_specific(other) };
    scan.cues.extend(most_specific(money));
    scan.cues.sort_by_key(|found| (found.start, found.end));
    // A term that is only watched competes with its like, so that watching it changes nothing.
    let league = |found: &Found<usize>| {
        let entry = &lexicon.entries[found.what];
        (&entry.kind, entry.mode == Mode::Watch)
    };
    terms.sort_by(|a, b| league(a).cmp(&league(b)));
    for one_league in terms.chunk_by(|a, b| league(a) == league(b)) {
        scan.terms.extend(most_specific(one_league.to_vec()));
    }
    scan.terms.sort_by_key(|found| (found.start, found.end));
    scan
}

/// Word boundaries on both sides, where the match begins and ends with a letter or digit.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let splits = |before: Option<char>, after: Option<char>| match (before, after) {
        (Some(before), Some(after)) => {
            !(is_word_char(before) && is_word_char(after)) || is_unspaced(before) && is_unspaced(after)
        }
        _ => true,
    };
    let before = |at: usize| text[..at].chars().next_back();
    let after = |at: usize| text[at..].chars().next();
    splits(before(start), after(start)) && splits(before(end), after(end))
}

/// Scripts written without spaces, where any place may be a boundary: Thai to Khmer, kana, Han.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_near(layout: &Layout, head: &Range<usize>, tail: usize, words: usize) -> bool {
    layout.sentence(head.start) == layout.sentence(tail) && layout.word(tail) <= layout.word(head.end - 1) + words + 1
}

/// Of matches that overlap, the one that names more of the text.
fn most_specific<T>(mut found: Vec<Found<T>>) -> Vec<Found<T>> {
    found.sort_by_key(|found| (found.start, found.end));
    let mut kept: Vec<Found<T>> = Vec::with_capacity(found.len());
    for next in found {
        match kept.last_mut() {
            Some(last) if next.start < last.end => {
                if next.length() > last.length() {
                    *last = next;
                }
            }
            _ => kept.push(next),
        }
    }
    kept
}
