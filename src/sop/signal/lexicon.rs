//! The words that say trouble, as data, made ready for one pass over a text.
//!
//! The built-in lexicon is one file per language in `lexicon/`: terms by kind and weight, and *cues*, the words around
//! a term that change what it means. A team adds terms of its own, also in other languages and of kinds of its own.
//!
//! # How a term is written
//! - Words as people type them; case, accents, hyphens and typographic quotes do not matter.
//! - `(is|was|)` stands for any one of its alternatives; an empty one makes it optional.
//! - `{service}` stands for any word of that set of the language's file.
//! - One gap is possible: `…` stands for up to six words of the same sentence, `~` for up to two.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aho_corasick::{AhoCorasick, MatchKind};
use serde::{Deserialize, Serialize};

use super::Kind;
use super::language::{FunctionWords, function_words};
use super::normalize::{Spellings, normalize};

/// A term longer than this, in characters, is a paragraph somebody pasted by mistake.
const TERM_MAX_CHARS: usize = 200;
/// What one side of a gap may expand to; alternatives multiply.
const EXPANSION_MAX: usize = 2_000;
/// The gaps, by their sign, and how many words they may hold.
const GAPS: [(char, usize); 2] = [('…', 6), ('~', 2)];

/// A word or phrase and what it says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// As described in the module's docs.
    pub term: String,
    pub kind: Kind,
    /// How strongly one occurrence by itself shows the kind, 0 to 1. A weight of 0 makes an exception: a longer
    /// harmless phrase takes the place of a shorter term inside it.
    pub weight: f64,
    /// ISO 639-1 code. Texts in a language that no term is in are not read; in those that are read every term counts,
    /// because people mix languages.
    pub language: String,
    #[serde(default)]
    pub mode: Mode,
}

/// Whether a term counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Off,
    /// Shown as evidence of weight 0, to see what it would do.
    Watch,
    #[default]
    Live,
}

/// What is wrong with an entry, as a sentence for whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which of the entries.
    pub index: usize,
    pub sentence: String,
}

/// Terms and cues, compiled.
#[derive(Debug)]
pub struct Lexicon {
    pub(super) entries: Vec<Entry>,
    pub(super) automaton: AhoCorasick,
    /// What each pattern of the automaton is part of.
    pub(super) roles: Vec<Vec<Role>>,
    /// How many terms have a gap.
    pub(super) gaps: usize,
    pub(super) spellings: Spellings,
    pub(super) function_words: FunctionWords,
    languages: BTreeSet<String>,
}

impl Lexicon {
    /// The terms this version ships with.
    pub fn built_in() -> Vec<Entry> {
        let entries = |file: File| {
            let language = file.language;
            file.terms.into_iter().flat_map(move |group| group.entries(language.clone()))
        };
        files().into_iter().flat_map(entries).collect()
    }

    /// Compiles entries, together with the built-in cues. Every entry with a problem is reported.
    pub fn new(entries: Vec<Entry>) -> Result<Self, Vec<Problem>> {
        let files = files();
        let mut patterns = Patterns::default();
        let mut problems = Vec::new();
        for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.mode != Mode::Off) {
            let written = check(entry).and_then(|()| with_sets(&entry.term, &entry.language, &files));
            let added = written.and_then(|written| patterns.add_term(&written, index));
            let problem = |what| Problem { index, sentence: format!("the term \"{}\": {what}", entry.term) };
            problems.extend(added.err().map(problem));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        for (cue, phrase) in files.iter().flat_map(File::cues) {
            patterns.add(phrase, Role::Cue(cue)).expect("a built-in cue is well written");
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&patterns.texts)
            .map_err(|error| vec![Problem { index: 0, sentence: format!("the lexicon is too large: {error}") }])?;
        let languages = entries.iter().map(|entry| entry.language.clone()).collect();
        let Patterns { roles, gaps, spellings, .. } = patterns;
        Ok(Self { entries, automaton, roles, gaps, spellings, function_words: function_words(), languages })
    }

    /// Whether there are terms in a language.
    pub fn covers(&self, language: &str) -> bool {
        self.languages.contains(language)
    }
}

/// What a word near a term does to it, or says about money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Cue {
    /// "not", "never": the term after it is not so.
    Negation,
    /// "don't want", "no need for": the same, for what a person asks for too.
    Declined,
    /// "if", "might": the term after it has not happened.
    Hypothetical,
    /// "I will": whatever was hypothetical before it, this is meant.
    Commitment,
    /// "my friend", "I read that": somebody else's story.
    Reported,
    /// "sorry for my": the writer takes it back.
    Courtesy,
    /// "last year": long ago.
    Past,
    /// "all good now": over.
    Solved,
    /// "still": not over, whatever else is said.
    Ongoing,
    /// "so", "absolutely": stronger.
    Intensifier,
    /// Holds another cue, but none about money, and means nothing: "not only".
    Plain,
    /// "refund", "give me back": money is asked for.
    Demand,
    /// "took", "charged": money is gone.
    Loss,
    /// "refunded me": money came back.
    Received,
    /// "gift card", "per month": the amount beside it is a price.
    Price,
}

impl Cue {
    pub fn is_about_money(self) -> bool {
        matches!(self, Self::Demand | Self::Loss | Self::Received | Self::Price)
    }
}

/// What a pattern is part of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Role {
    Term(usize),
    /// The words before a gap, by the gap's number.
    Head(usize),
    /// The words after a gap, the entry they complete, and how many words the gap may hold.
    Tail {
        gap: usize,
        entry: usize,
        words: usize,
    },
    Cue(Cue),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    language: String,
    sets: BTreeMap<String, Vec<String>>,
    cues: BTreeMap<Cue, Vec<String>>,
    terms: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    kind: Kind,
    weight: f64,
    terms: Vec<String>,
}

impl File {
    fn cues(&self) -> impl Iterator<Item = (Cue, &str)> {
        self.cues.iter().flat_map(|(cue, phrases)| phrases.iter().map(|phrase| (*cue, phrase.as_str())))
    }
}

impl Group {
    fn entries(self, language: String) -> impl Iterator<Item = Entry> {
        let Self { kind, weight, terms } = self;
        let entry =
            move |term| Entry { term, kind: kind.clone(), weight, language: language.clone(), mode: Mode::Live };
        terms.into_iter().map(entry)
    }
}

fn files() -> [File; 2] {
    [include_str!("lexicon/en.toml"), include_str!("lexicon/es.toml")]
        .map(|text| toml::from_str(text).expect("a built-in lexicon is well written"))
}

fn check(entry: &Entry) -> Result<(), String> {
    if !(0.0..=1.0).contains(&entry.weight) {
        return Err(format!("its weight is {}; it must be between 0 and 1", entry.weight));
    }
    if entry.language.len() != 2 || !entry.language.bytes().all(|b| b.is_ascii_lowercase()) {
        return Err(format!("its language is \"{}\"; write two letters, like \"en\"", entry.language));
    }
    Ok(())
}

/// A term with the words of each `{set}` in its place.
fn with_sets(term: &str, language: &str, files: &[File]) -> Result<String, String> {
    if term.chars().count() > TERM_MAX_CHARS {
        return Err(format!("it has more than {TERM_MAX_CHARS} characters"));
    }
    let mut out = String::with_capacity(term.len());
    let mut rest = term;
    while let Some((plain, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let sets = files.iter().find(|file| file.language == language).map(|file| &file.sets);
        let words = sets.and_then(|sets| sets.get(name)).ok_or_else(|| {
            let known: Vec<&str> = sets.into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect();
            format!("there is no set {{{name}}} in \"{language}\"; there are: {}", known.join(", "))
        })?;
        out.extend([plain, "(", &words.join("|"), ")"]);
        rest = after;
    }
    Ok(out + rest)
}

/// Collects the texts to look for; a text that serves several terms is there once.
#[derive(Default)]
struct Patterns {
    texts: Vec<String>,
    roles: Vec<Vec<Role>>,
    numbers: HashMap<String, usize>,
    gaps: usize,
    spellings: Spellings,
}

impl Patterns {
    fn add_term(&mut self, written: &str, entry: usize) -> Result<(), String> {
        let Some(sign) = written.find(GAPS.map(|(sign, _)| sign)) else {
            return self.add(written, Role::Term(entry));
        };
        let (head, rest) = written.split_at(sign);
        let (sign, words) =
            GAPS.into_iter().find(|(sign, _)| rest.starts_with(*sign)).expect("it was found by its sign");
        let tail = &rest[sign.len_utf8()..];
        if tail.contains(GAPS.map(|(sign, _)| sign)) {
            return Err("it has more than one gap; one is possible".to_owned());
        }
        let gap = self.gaps;
        self.gaps += 1;
        self.add(head, Role::Head(gap))?;
        self.add(tail, Role::Tail { gap, entry, words })
    }

    fn add(&mut self, written: &str, role: Role) -> Result<(), String> {
        for text in expand(written)? {
            let chars: Vec<char> = text.chars().collect();
            let normal = normalize(&chars, None).text;
            let text = normal.trim();
            if text.is_empty() {
                return Err("it can stand for nothing at all; every way to read it needs a word".to_owned());
            }
            text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 2).for_each(|word| {
                self.spellings.add(word);
            });
            let number = *self.numbers.entry(text.to_owned()).or_insert_with(|| {
                self.texts.push(text.to_owned());
                self.roles.push(Vec::new());
                self.texts.len() - 1
            });
            if !self.roles[number].contains(&role) {
                self.roles[number].push(role);
            }
        }
        Ok(())
    }
}

/// Every text that a term with alternatives stands for. The innermost brackets go first, so they may nest.
fn expand(term: &str) -> Result<BTreeSet<String>, String> {
    let unbalanced = || "it has brackets that do not match; write (one|two)".to_owned();
    let mut done = BTreeSet::new();
    let mut open = vec![term.to_owned()];
    while let Some(text) = open.pop() {
        let Some((before, after)) = text.split_once(')') else {
            if text.contains(['(', '|']) {
                return Err(unbalanced());
            }
            done.insert(text);
            continue;
        };
        let (before, group) = before.rsplit_once('(').ok_or_else(unbalanced)?;
        open.extend(group.split('|').map(|alternative| format!("{before}{alternative}{after}")));
        if open.len() + done.len() > EXPANSION_MAX {
            return Err(format!("it stands for more than {EXPANSION_MAX} texts; split it"));
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn entry(term: &str) -> Entry {
        Entry { term: term.to_owned(), kind: Kind::Legal, weight: 0.5, language: "en".to_owned(), mode: Mode::Live }
    }

    #[expect(clippy::needless_pass_by_value, reason = "expect! makes a value")]
    fn check(entries: Vec<Entry>, want: Expect) {
        let problems = Lexicon::new(entries).err().unwrap_or_default();
        let lines = problems.iter().map(|problem| format!("{}: {}\n", problem.index, problem.sentence));
        want.assert_eq(&lines.collect::<String>());
    }

    #[test]
    fn every_problem_is_reported() {
        let foreign = Entry { language: "English".to_owned(), ..entry("sue") };
        let heavy = Entry { weight: 1.5, ..entry("sue") };
        let many = "(a|b|c|d)".repeat(7);
        let terms = ["", "(a|)", "(a", "a)", "{services}", "a … b ~ c", "… a", "a|b", &many];
        let entries = [foreign, heavy].into_iter().chain(terms.into_iter().map(entry)).collect();
        check(
            entries,
            expect![[r#"
                0: the term "sue": its language is "English"; write two letters, like "en"
                1: the term "sue": its weight is 1.5; it must be between 0 and 1
                2: the term "": it can stand for nothing at all; every way to read it needs a word
                3: the term "(a|)": it can stand for nothing at all; every way to read it needs a word
                4: the term "(a": it has brackets that do not match; write (one|two)
                5: the term "a)": it has brackets that do not match; write (one|two)
                6: the term "{services}": there is no set {services} in "en"; there are: contacted, contacts, down, entered, insult, intrusion, law, many, nth, service, somebody, suspect, verb-before-down
                7: the term "a … b ~ c": it has more than one gap; one is possible
                8: the term "… a": it can stand for nothing at all; every way to read it needs a word
                9: the term "a|b": it has brackets that do not match; write (one|two)
                10: the term "(a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b|c|d)": it stands for more than 2000 texts; split it
            "#]],
        );
    }

    #[test]
    fn alternatives_multiply() {
        let texts = expand("(my|our( own|)) lawyer").expect("it is well written");
        assert_eq!(Vec::from_iter(texts), ["my lawyer", "our lawyer", "our own lawyer"]);
    }

    #[test]
    fn the_built_in_lexicon_has_no_problems() {
        let lexicon = Lexicon::new(Lexicon::built_in()).expect("no problems");
        assert!(lexicon.covers("en") && lexicon.covers("es") && !lexicon.covers("de"));
        for kind in Kind::BUILT_IN {
            let count = |language| lexicon.entries.iter().filter(|e| e.kind == kind && e.language == language).count();
            assert!(count("en") >= 10 && count("es") >= 5, "{kind}");
        }
    }
}
