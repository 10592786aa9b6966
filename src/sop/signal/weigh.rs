//! What stands around a term and changes what it says.
//!
//! Each rule looks at one match and either has nothing to say or changes its weight and says why. A rule sees a few
//! words around the match and lists that are searched by halving, never the whole text.

use super::Kind;
use super::layout::Layout;
use super::lexicon::{Cue, Entry, Mode};
use super::scan::Found;

/// How far before a term an "if" or "my friend" still speaks of it, in words between.
const CONTEXT_WORDS: usize = 6;
/// Enough to make a strong term weak without silencing it.
const HYPOTHETICAL: f64 = 0.6;
/// Somebody else's trouble is worth a look, not a page.
const REPORTED: f64 = 0.3;
/// Old trouble may be the reason for today's message, or a story.
const PAST: f64 = 0.5;
/// Not zero, because "solved" is sometimes said of something else in the same breath.
const SOLVED: f64 = 0.25;
/// The share of what is missing to certainty that emphasis adds.
const EMPHASIS: f64 = 0.15;
/// Shorter words in capitals are abbreviations.
const SHOUTED_MIN_LETTERS: usize = 5;

/// The text as the rules see it.
pub(crate) struct Surroundings<'a> {
    text: &'a str,
    layout: &'a Layout,
    cues: &'a [Found<Cue>],
    /// Numbers of sentences, ascending.
    solved: Vec<usize>,
    past: Vec<usize>,
    ongoing: Vec<usize>,
    /// The whole text is in capitals, so a word in capitals stresses nothing.
    all_capitals: bool,
}

impl<'a> Surroundings<'a> {
    pub fn new(text: &'a str, layout: &'a Layout, cues: &'a [Found<Cue>], all_capitals: bool) -> Self {
        let sentences = |wanted: Cue| {
            let of_kind = cues.iter().filter(move |cue| cue.what == wanted);
            of_kind.map(|cue| layout.sentence(cue.start)).collect()
        };
        Self {
            text,
            layout,
            cues,
            solved: sentences(Cue::Solved),
            past: sentences(Cue::Past),
            ongoing: sentences(Cue::Ongoing),
            all_capitals,
        }
    }

    /// The weight of a match after every rule, and what the rules said.
    pub fn weigh(&self, found: &Found<usize>, entry: &Entry, original: &str) -> (f64, String) {
        if entry.mode == Mode::Watch {
            return (0.0, "watch only".to_owned());
        }
        if entry.weight <= 0.0 {
            return (0.0, "harmless phrase".to_owned());
        }
        let place = Place { around: self, found, kind: &entry.kind, original };
        let mut weight = entry.weight;
        let mut why = Vec::new();
        for rule in [Place::taken_back, Place::negated, Place::reported, Place::hypothetical, Place::over] {
            if let Some((factor, reason)) = rule(&place) {
                weight *= factor;
                why.push(reason);
            }
        }
        if why.is_empty()
            && let Some(reason) = place.stressed()
        {
            weight += (1.0 - weight) * EMPHASIS;
            why.push(reason);
        }
        (weight, why.join("; "))
    }
}

/// One match among its surroundings.
struct Place<'a> {
    around: &'a Surroundings<'a>,
    found: &'a Found<usize>,
    kind: &'a Kind,
    original: &'a str,
}

type Verdict = Option<(f64, String)>;

impl Place<'_> {
    /// "Sorry for my angry message."
    fn taken_back(&self) -> Verdict {
        let cue = self.nearest(CONTEXT_WORDS, &[Cue::Courtesy])?;
        (*self.kind == Kind::Angry).then(|| (0.0, format!("taken back by {}", self.quote(cue))))
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
        let cue = declined.or_else(|| nearest().filter(|cue| cue.what == Cue::Negation))?;
        Some((0.0, format!("negated by {}", self.quote(cue))))
    }

    /// "My friend sued them."
    fn reported(&self) -> Verdict {
        let cue = self.nearest(CONTEXT_WORDS, &[Cue::Reported])?;
        let applies = matches!(self.kind, Kind::Legal | Kind::Security | Kind::Financial | Kind::Own(_));
        applies.then(|| (REPORTED, format!("reported by {}", self.quote(cue))))
    }

    /// "If a lawyer looked at this", but "if you don't, I will sue".
    fn hypothetical(&self) -> Verdict {
        let nearest = self.nearest(CONTEXT_WORDS, &[Cue::Hypothetical, Cue::Commitment])?;
        let applies = matches!(self.kind, Kind::Legal | Kind::Security | Kind::Own(_));
        (applies && nearest.what == Cue::Hypothetical)
            .then(|| (HYPOTHETICAL, format!("hypothetical by {}", self.quote(nearest))))
    }

    /// "Was hacked last year, all good now." Being over calms nobody who swears.
    fn over(&self) -> Verdict {
        let sentence = self.around.layout.sentence(self.found.start);
        let says = |sentences: &[usize], sentence: usize| sentences.binary_search(&sentence).is_ok();
        if *self.kind == Kind::Angry || says(&self.around.ongoing, sentence) {
            return None;
        }
        if says(&self.around.solved, sentence) || says(&self.around.solved, sentence + 1) {
            return Some((SOLVED, "solved since".to_owned()));
        }
        says(&self.around.past, sentence).then(|| (PAST, "long ago".to_owned()))
    }

    /// Capitals, "!!", or a word that strengthens right before.
    fn stressed(&self) -> Option<String> {
        let letters = self.original.chars().filter(|c| c.is_alphabetic()).count();
        let shouted = letters >= SHOUTED_MIN_LETTERS && !self.original.chars().any(char::is_lowercase);
        if shouted && !self.around.all_capitals {
            return Some("emphasis: capitals".to_owned());
        }
        let layout = self.around.layout;
        let end = layout.sentence_end(layout.sentence(self.found.start));
        if end.is_some_and(|end| self.around.text[..end].ends_with('!') && self.around.text[end..].starts_with('!')) {
            return Some("emphasis: !!".to_owned());
        }
        let cue = self.nearest(1, &[Cue::Intensifier])?;
        Some(format!("emphasis: {}", self.quote(cue)))
    }

    /// The nearest of some cues that begins in the same clause before the match, with at most so many words between,
    /// or stands in its gap. A commitment may also be part of the match ("I'll sue").
    fn nearest(&self, words_between: usize, wanted: &[Cue]) -> Option<&Found<Cue>> {
        let Surroundings { layout, cues, .. } = self.around;
        let (start, hole) = (self.found.start, &self.found.hole);
        let clause = layout.clause(start);
        let is_near = |cue: &&Found<Cue>| {
            layout.word(cue.end - 1) + words_between + 1 >= layout.word(start) && layout.clause(cue.start) >= clause
        };
        let is_beside = |cue: &Found<Cue>| {
            cue.start < start || (hole.start <= cue.start && cue.end <= hole.end) || cue.what == Cue::Commitment
        };
        let last = cues.partition_point(|cue| cue.start < self.found.end);
        cues[..last].iter().rev().take_while(is_near).find(|cue| wanted.contains(&cue.what) && is_beside(cue))
    }

    fn quote(&self, cue: &Found<Cue>) -> String {
        format!("\"{}\"", &self.around.text[cue.start..cue.end])
    }
}
