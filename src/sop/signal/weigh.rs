//! What stands around a term and changes what it says.
//!
//! Each rule looks at one match and either has nothing to say or changes its weight and says why. A rule sees a few
//! words around the match and lists that are searched by halving, never the whole text.

use std::cell::OnceCell;
use std::fmt::Write as _;

use super::Kind;
use super::lexicon::{Cue, Entry, Mode};
use super::scan::Found;
use super::token::{Token, Tokens};

/// How far before a term an "if" or "my friend" still speaks of it, in words between.
const CONTEXT_WORDS: usize = 6;
/// Enough to make a strong term weak without silencing it.
const HYPOTHETICAL: f64 = 0.5;
/// A lawyer who might be called is a threat all the same.
const HYPOTHETICAL_THREAT: f64 = 0.6;
/// Somebody else's trouble is worth a look, not a page.
const REPORTED: f64 = 0.3;
/// Old trouble may be the reason for today's message, or a story.
const PAST: f64 = 0.5;
/// Not zero, because "solved" is sometimes said of something else in the same breath.
const SOLVED: f64 = 0.25;
/// The share of what is missing to certainty that emphasis adds.
pub const EMPHASIS: f64 = 0.15;
/// Shorter words in capitals are abbreviations.
const SHOUTED_MIN_LETTERS: usize = 5;

/// The text as the rules see it.
pub(crate) struct Surroundings<'a> {
    text: &'a str,
    tokens: &'a Tokens,
    cues: &'a [Found<Cue>],
    /// Numbers of sentences, ascending.
    solved: Vec<u32>,
    past: Vec<u32>,
    ongoing: Vec<u32>,
    /// Looked for once, when first asked for.
    has_lowercase: OnceCell<bool>,
}

/// A weight after every rule, and what the rules said.
#[derive(Clone, Debug)]
pub(crate) struct Weighed {
    pub weight: f64,
    /// The share of the entry's own weight that is left, and whether emphasis was added.
    pub factor: f64,
    pub is_stressed: bool,
    reasons: Vec<Reason>,
}

/// What changed a weight, with the number of the cue that did it.
#[derive(Clone, Copy, Debug)]
enum Reason {
    WatchOnly,
    Harmless,
    Named(usize),
    TakenBack(usize),
    Negated(usize),
    Reported(usize),
    Hypothetical(usize),
    Solved,
    Past,
    Capitals,
    Exclaimed,
    Intensified(usize),
}

impl<'a> Surroundings<'a> {
    pub fn new(text: &'a str, tokens: &'a Tokens, cues: &'a [Found<Cue>]) -> Self {
        let sentences = |wanted: Cue| {
            let of_kind = cues.iter().filter(|cue| cue.what == wanted);
            of_kind.map(|cue| tokens.list[cue.first].sentence).collect()
        };
        let (solved, past, ongoing) = (sentences(Cue::Solved), sentences(Cue::Past), sentences(Cue::Ongoing));
        Self { text, tokens, cues, solved, past, ongoing, has_lowercase: OnceCell::new() }
    }

    /// The weight of a match after every rule.
    pub fn weigh(&self, found: &Found<usize>, entry: &Entry) -> Weighed {
        let mut weighed = Weighed { weight: entry.weight, factor: 1.0, is_stressed: false, reasons: Vec::new() };
        let place = Place { around: self, found, kind: &entry.kind };
        if entry.mode == Mode::Watch {
            weighed.times(0.0, Reason::WatchOnly);
        } else if entry.weight == 0.0 {
            weighed.times(0.0, Reason::Harmless);
        } else if entry.weight > 0.0 {
            let rules =
                [Place::named, Place::taken_back, Place::negated, Place::reported, Place::hypothetical, Place::over];
            // Each of them needs a cue, and many a text has none.
            for rule in rules.into_iter().filter(|_| !self.cues.is_empty()) {
                if let Some((factor, reason)) = rule(&place) {
                    weighed.times(factor, reason);
                }
            }
            if weighed.reasons.is_empty()
                && let Some(reason) = place.stressed()
            {
                weighed.weight += (1.0 - weighed.weight) * EMPHASIS;
                weighed.is_stressed = true;
                weighed.reasons.push(reason);
            }
        }
        weighed
    }

    /// What the rules said, in words; empty where they had nothing to say.
    pub fn why(&self, weighed: &Weighed) -> String {
        let mut why = String::new();
        for reason in &weighed.reasons {
            if !why.is_empty() {
                why.push_str("; ");
            }
            let (what, cue) = match *reason {
                Reason::WatchOnly => ("watch only", None),
                Reason::Harmless => ("harmless phrase", None),
                Reason::Named(cue) => ("a name by", Some(cue)),
                Reason::TakenBack(cue) => ("taken back by", Some(cue)),
                Reason::Negated(cue) => ("negated by", Some(cue)),
                Reason::Reported(cue) => ("reported by", Some(cue)),
                Reason::Hypothetical(cue) => ("hypothetical by", Some(cue)),
                Reason::Solved => ("solved since", None),
                Reason::Past => ("long ago", None),
                Reason::Capitals => ("emphasis: capitals", None),
                Reason::Exclaimed => ("emphasis: !!", None),
                Reason::Intensified(cue) => ("emphasis:", Some(cue)),
            };
            why.push_str(what);
            if let Some(cue) = cue {
                let Found { first, last, .. } = self.cues[cue];
                let words = &self.text[self.start(first)..self.tokens.list[last].end as usize];
                write!(why, " \"{}\"", words.to_lowercase()).expect("a string takes all");
            }
        }
        why
    }

    fn start(&self, token: usize) -> usize {
        self.tokens.list[token].start as usize
    }
}

impl Weighed {
    fn times(&mut self, factor: f64, reason: Reason) {
        self.weight *= factor;
        self.factor *= factor;
        self.reasons.push(reason);
    }
}

/// One match among its surroundings.
struct Place<'a> {
    around: &'a Surroundings<'a>,
    found: &'a Found<usize>,
    kind: &'a Kind,
}

type Verdict = Option<(f64, Reason)>;

impl Place<'_> {
    /// "Mr. Hacker", "a band called Thieves"; but "called support three times" names nobody.
    fn named(&self) -> Verdict {
        if *self.kind == Kind::Repeat {
            return None;
        }
        Some((0.0, Reason::Named(self.nearest(0, &[Cue::Name])?)))
    }

    /// "Sorry for my angry message."
    fn taken_back(&self) -> Verdict {
        if *self.kind != Kind::Angry {
            return None;
        }
        Some((0.0, Reason::TakenBack(self.nearest(CONTEXT_WORDS, &[Cue::Courtesy])?)))
    }

    /// "I'm not going to sue", but "not refunded, so I will sue". A missing refund and a third call are trouble in the
    /// negative too, so for those only "I don't want" counts.
    fn negated(&self) -> Verdict {
        let reach = match self.kind {
            Kind::Financial | Kind::Repeat => None,
            Kind::Angry => Some(1),
            Kind::Legal | Kind::Security | Kind::Outage | Kind::Own(_) => Some(2),
        };
        let declined = self.nearest(CONTEXT_WORDS, &[Cue::Declined]);
        let nearest = || self.nearest(reach?, &[Cue::Negation, Cue::Commitment]);
        let is_negation = |cue: &usize| self.around.cues[*cue].what == Cue::Negation;
        Some((0.0, Reason::Negated(declined.or_else(|| nearest().filter(is_negation))?)))
    }

    /// "My friend sued them."
    fn reported(&self) -> Verdict {
        if matches!(self.kind, Kind::Angry | Kind::Repeat) {
            return None;
        }
        Some((REPORTED, Reason::Reported(self.nearest(CONTEXT_WORDS, &[Cue::Reported])?)))
    }

    /// "If a lawyer looked at this", but "if you don't, I will sue".
    fn hypothetical(&self) -> Verdict {
        if matches!(self.kind, Kind::Angry | Kind::Financial | Kind::Repeat) {
            return None;
        }
        let nearest = self.nearest(CONTEXT_WORDS, &[Cue::Hypothetical, Cue::Commitment])?;
        let factor = if *self.kind == Kind::Legal { HYPOTHETICAL_THREAT } else { HYPOTHETICAL };
        (self.around.cues[nearest].what == Cue::Hypothetical).then_some((factor, Reason::Hypothetical(nearest)))
    }

    /// "Was hacked last year, all good now." Being over calms nobody who swears.
    fn over(&self) -> Verdict {
        let sentence = self.token(self.found.first).sentence;
        let says = |sentences: &[u32], sentence: u32| sentences.binary_search(&sentence).is_ok();
        if *self.kind == Kind::Angry || says(&self.around.ongoing, sentence) {
            return None;
        }
        if says(&self.around.solved, sentence) || says(&self.around.solved, sentence + 1) {
            return Some((SOLVED, Reason::Solved));
        }
        says(&self.around.past, sentence).then_some((PAST, Reason::Past))
    }

    /// Capitals, "!!", or a word that strengthens right before.
    fn stressed(&self) -> Option<Reason> {
        let Surroundings { text, tokens, .. } = self.around;
        let (first, last) = (self.token(self.found.first), self.token(self.found.last));
        let original = &text[first.start as usize..last.end as usize];
        let is_shouted = original.len() >= SHOUTED_MIN_LETTERS
            && !original.contains(char::is_lowercase)
            && original.chars().filter(|c| c.is_alphabetic()).nth(SHOUTED_MIN_LETTERS - 1).is_some();
        // Where the whole text is in capitals, a word in capitals stresses nothing.
        if is_shouted && *self.around.has_lowercase.get_or_init(|| text.contains(char::is_lowercase)) {
            return Some(Reason::Capitals);
        }
        if tokens.loud.binary_search(&last.sentence).is_ok() {
            return Some(Reason::Exclaimed);
        }
        self.nearest(1, &[Cue::Intensifier]).map(Reason::Intensified)
    }

    /// The nearest of some cues that begins in the same clause before the match, with at most so many words between,
    /// or stands in its gap. A commitment may also be part of the match ("I'll sue").
    fn nearest(&self, words_between: usize, wanted: &[Cue]) -> Option<usize> {
        let Found { first, last, hole, .. } = self.found;
        let clause = self.token(*first).clause;
        let cues = self.around.cues;
        let end = cues.partition_point(|cue| cue.first <= *last);
        let mut near = (0..end).rev().take_while(|cue| {
            let cue = &cues[*cue];
            cue.last + words_between + 1 >= *first && self.token(cue.first).clause >= clause
        });
        let is_beside = |cue: &Found<Cue>| {
            cue.first < *first || (hole.start <= cue.first && cue.last < hole.end) || cue.what == Cue::Commitment
        };
        near.find(|cue| wanted.contains(&cues[*cue].what) && is_beside(&cues[*cue]))
    }

    fn token(&self, index: usize) -> &Token {
        &self.around.tokens.list[index]
    }
}
