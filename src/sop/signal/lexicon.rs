//! The words that say trouble, as data, made ready for one pass over a text.
//!
//! The built-in lexicon is one file per language in `lexicon/`: terms by kind and weight, and *cues*, the words around
//! a term that change what it means. `weights.tsv` beside them holds the weights that were learnt from labelled
//! messages (`bellhop train`). A team adds terms of its own, also in other languages and of kinds of its own.
//!
//! # How a term is written
//! - Words as people type them; case, accents, hyphens and typographic quotes do not matter.
//! - `(is|was|)` stands for any one of its alternatives; an empty one makes it optional.
//! - `{service}` stands for any word of that set of the language's file.
//! - `#` stands for any whole number from 3 to 999 in digits, `#th` for any ordinal from the third on, `@` for a handle
//!   and `://` for a link.
//! - One gap is possible: `…` stands for up to six words of the same sentence, `~` for up to two.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use super::language::FUNCTION_WORDS;
use super::money::currency_words;
use super::phrase::{Phrase, Seedling, Sets, Tree, parse};
use super::vocabulary::{Vocabulary, Words};
use super::{CLAIM_TERM, Kind};

/// A word or phrase and what it says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// As described in the module's docs.
    pub term: String,
    pub kind: Kind,
    /// How strongly one occurrence by itself shows the kind, -1 to 1. A weight of 0 makes an exception: a longer
    /// harmless phrase takes the place of a shorter term inside it. Below 0 it speaks against the kind: of what
    /// everything else says, this share is taken off.
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
    /// Counts nothing, and silences the built-in term that reads the same.
    Off,
    /// Shown as evidence of weight 0, to see what it would do.
    Watch,
    #[default]
    Live,
}

/// What is wrong with an entry, as a sentence for whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which of the team's own entries; `None` is one that ships with the program.
    pub index: Option<usize>,
    pub sentence: String,
}

/// Terms and cues, compiled.
#[derive(Debug)]
pub struct Lexicon {
    /// The built-in ones, then the team's own.
    pub(super) entries: Vec<Entry>,
    /// Their terms, to be shared by everything that was found.
    pub(super) terms: Vec<Arc<str>>,
    pub(super) claim_term: Arc<str>,
    /// Their weights as people wrote them, before any were learnt.
    by_hand: Vec<f64>,
    /// Every kind there is an entry for.
    pub(super) kinds: Vec<Kind>,
    /// For each entry, what it competes with for a word.
    pub(super) leagues: Vec<League>,
    pub(super) words: Words,
    pub(super) tree: Tree<Role>,
    /// The kinds of things that can fail; the first stands for any.
    pub(super) things: Vec<String>,
    languages: BTreeSet<String>,
    /// Which of the languages with function words there are terms in.
    pub(super) covered: [bool; FUNCTION_WORDS.len()],
}

impl Lexicon {
    /// The built-in terms alone, compiled once: most desks have no others, and some of them start often.
    pub fn built_in() -> Arc<Self> {
        static BUILT_IN: LazyLock<Arc<Lexicon>> = LazyLock::new(|| {
            let lexicon = Lexicon::new(Vec::new()).expect("the built-in lexicon has no problems");
            Arc::new(lexicon)
        });
        Arc::clone(&BUILT_IN)
    }

    /// Compiles the built-in terms and a team's own. Every entry with a problem is reported.
    pub fn new(own: Vec<Entry>) -> Result<Self, Vec<Problem>> {
        let files = files();
        let sets: BTreeMap<String, Sets> = files.iter().map(|file| (file.language.clone(), file.sets())).collect();
        let mut vocabulary = vocabulary();
        let mut things: Vec<String> = vec![ANYTHING.to_owned()];
        // What is not a term, and so has no weight.
        let mut signs: Vec<(Role, Phrase)> = Vec::new();
        for file in &files {
            let mut phrase = |text: &str| {
                parse(text, sets.get(&file.language), &mut vocabulary).expect("a built-in phrase is well written")
            };
            signs.extend(file.cues().map(|(cue, text)| (Role::Cue(cue), phrase(text))));
            for (thing, words) in &file.things {
                let number = things.iter().position(|known| known == thing).unwrap_or(things.len());
                if number == things.len() {
                    things.push(thing.clone());
                }
                let role = Role::Thing(u8::try_from(number).expect("a handful of kinds of things"));
                signs.extend(words.iter().map(|text| (role, phrase(text))));
            }
        }
        let mut entries = built_in(files);
        let own_from = entries.len();
        entries.extend(own);
        let by_hand = entries.iter().map(|entry| entry.weight).collect();
        use_learnt_weights(&mut entries[..own_from]);

        let mut problems = Vec::new();
        let mut phrases = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let parsed = check(entry).and_then(|()| parse(&entry.term, sets.get(&entry.language), &mut vocabulary));
            phrases.push(parsed.map_err(|what| problems.push((index, what))).ok());
        }
        let (kinds, leagues) = leagues(&entries);
        let mut seedling = Seedling::new(&vocabulary);
        for (role, phrase) in &signs {
            assert!(phrase.tail.is_none(), "a cue has no gap");
            seedling.add(&phrase.head, *role).expect("a built-in phrase is well written");
        }
        // The team's own terms are planted first: where two read the same, the team knows better.
        let mut claims = Claims::new(&entries, &leagues);
        for index in (own_from..entries.len()).chain(0..own_from) {
            let Some(phrase) = &phrases[index] else { continue };
            if let Err(what) = claims.plant(phrase, index, &mut seedling) {
                problems.push((index, what));
            }
        }
        let tree = seedling.grown(|roles| claims.settle(roles));
        for (index, by) in claims.lost() {
            // A team's own term takes the place of a built-in one, and languages share words.
            let is_meant = by >= own_from && index < own_from || entries[by].language != entries[index].language;
            if !is_meant {
                let what = format!("whatever it reads, \"{}\" reads already; remove one", entries[by].term);
                problems.push((index, what));
            }
        }
        if !problems.is_empty() {
            problems.sort_unstable();
            let problem = |(index, what): (usize, String)| Problem {
                index: index.checked_sub(own_from),
                sentence: format!("the term \"{}\": {what}", entries[index].term),
            };
            return Err(problems.into_iter().map(problem).collect());
        }
        let languages: BTreeSet<String> = entries.iter().map(|entry| entry.language.clone()).collect();
        let covered = FUNCTION_WORDS.map(|(language, _)| languages.contains(language));
        Ok(Self {
            terms: entries.iter().map(|entry| entry.term.as_str().into()).collect(),
            claim_term: CLAIM_TERM.into(),
            entries,
            by_hand,
            kinds,
            leagues,
            words: vocabulary.ready(),
            tree,
            things,
            languages,
            covered,
        })
    }

    /// The kinds built in, then the team's own.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// Every term: those built in, then the team's own.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The weight of an entry as a person wrote it.
    pub fn by_hand(&self, entry: usize) -> f64 {
        self.by_hand[entry]
    }

    /// Whether there are terms in a language.
    pub fn covers(&self, language: &str) -> bool {
        self.languages.contains(language)
    }
}

/// Where [`Kind::Financial`] stands among the lexicon's kinds, which begin with those built in.
pub(super) const FINANCIAL: u16 = 3;
/// The same for [`Kind::Outage`].
pub(super) const OUTAGE: u16 = 4;

/// Entries of one league compete: of two that overlap, the one that names more of the text counts. A league is a kind;
/// what is only watched is a league of its own, so that watching it changes nothing, and so is what speaks against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct League {
    /// Which of the lexicon's kinds.
    pub kind: u16,
    pub watched: bool,
    pub against: bool,
}

fn leagues(entries: &[Entry]) -> (Vec<Kind>, Vec<League>) {
    let mut kinds: Vec<Kind> = Kind::BUILT_IN.into();
    let leagues = entries.iter().map(|entry| {
        let kind = kinds.iter().position(|kind| *kind == entry.kind).unwrap_or_else(|| {
            kinds.push(entry.kind.clone());
            kinds.len() - 1
        });
        let kind = u16::try_from(kind).expect("far fewer than 65,536 kinds");
        League { kind, watched: entry.mode == Mode::Watch, against: entry.weight < 0.0 }
    });
    let leagues = leagues.collect();
    (kinds, leagues)
}

/// Which entry a way to read means, where several of a league can be read so: the one planted first.
struct Claims<'a> {
    entries: &'a [Entry],
    leagues: &'a [League],
    /// For each entry, whether there is a way to read that means it.
    has_place: Vec<bool>,
    /// For each entry, one that took a way from it.
    loses_to: Vec<Option<usize>>,
    /// The first with a gap, by how it reads.
    gaps: BTreeMap<(Phrase, League), usize>,
}

impl<'a> Claims<'a> {
    fn new(entries: &'a [Entry], leagues: &'a [League]) -> Self {
        let (has_place, loses_to) = (vec![false; entries.len()], vec![None; entries.len()]);
        Self { entries, leagues, has_place, loses_to, gaps: BTreeMap::new() }
    }

    fn plant(&mut self, phrase: &Phrase, entry: usize, seedling: &mut Seedling<Role>) -> Result<(), String> {
        let number = u32::try_from(entry).expect("far fewer than four billion entries");
        let Some((words, tail)) = &phrase.tail else { return seedling.add(&phrase.head, Role::Term(number)) };
        let owner = *self.gaps.entry((phrase.clone(), self.leagues[entry])).or_insert(entry);
        if owner != entry {
            self.loses_to[entry] = Some(owner);
            return Ok(());
        }
        self.has_place[entry] = true;
        seedling.add(&phrase.head, Role::Head(number))?;
        seedling.add(tail, Role::Tail { entry: number, words: *words })
    }

    /// Of what may be meant at one place, leaves what is. An entry that is off keeps its place and means nothing.
    fn settle(&mut self, roles: &mut Vec<Role>) {
        let mut owners: Vec<usize> = Vec::new();
        let is_off = |entry: &u32| self.entries[*entry as usize].mode == Mode::Off;
        roles.retain(|role| match role {
            Role::Term(number) => {
                let entry = *number as usize;
                let owner = owners.iter().find(|owner| self.leagues[**owner] == self.leagues[entry]);
                if let Some(owner) = owner {
                    self.loses_to[entry] = Some(*owner);
                    return false;
                }
                owners.push(entry);
                self.has_place[entry] = true;
                !is_off(number)
            }
            Role::Head(entry) | Role::Tail { entry, .. } => !is_off(entry),
            Role::Cue(_) | Role::Thing(_) => true,
        });
    }

    /// The entries that no way to read means, each with one that took its place.
    fn lost(&self) -> impl Iterator<Item = (usize, usize)> {
        let lost = self.loses_to.iter().zip(&self.has_place).enumerate();
        lost.filter_map(|(entry, (by, has_place))| by.filter(|_| !has_place).map(|by| (entry, by)))
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
    /// "Mr.", "called": the word behind it is a name.
    Name,
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

/// What a place in the tree means: an entry by its number, or a cue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Role {
    Term(u32),
    /// The words before an entry's gap.
    Head(u32),
    /// The words after it, and how many the gap may hold.
    Tail {
        entry: u32,
        words: u32,
    },
    Cue(Cue),
    /// Something that can fail, by what kind of thing it is.
    Thing(u8),
}

/// Names nothing that could be told apart: "the service".
const ANYTHING: &str = "any";
/// Where it stands among the lexicon's things.
pub(super) const ANYTHING_NUMBER: u8 = 0;
/// The set of everything that can fail.
const SERVICE: &str = "service";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    language: String,
    /// By what kind of thing they are.
    things: BTreeMap<String, Vec<String>>,
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
    /// What may be written as `{name}`.
    fn sets(&self) -> Sets {
        let services = self.things.values().flatten().cloned().collect();
        let sets = self.sets.clone().into_iter().chain([(SERVICE.to_owned(), services)]);
        sets.map(|(name, words)| (name, words.into())).collect()
    }

    fn cues(&self) -> impl Iterator<Item = (Cue, &str)> {
        self.cues.iter().flat_map(|(cue, phrases)| phrases.iter().map(|phrase| (*cue, phrase.as_str())))
    }
}

impl Group {
    fn entries(self, language: &str) -> impl Iterator<Item = Entry> {
        let Self { kind, weight, terms } = self;
        terms.into_iter().map(move |term| Entry {
            term,
            kind: kind.clone(),
            weight,
            language: language.to_owned(),
            mode: Mode::Live,
        })
    }
}

fn files() -> Vec<File> {
    [
        include_str!("lexicon/en.toml"),
        include_str!("lexicon/es.toml"),
        include_str!("lexicon/de.toml"),
        include_str!("lexicon/fr.toml"),
        include_str!("lexicon/nl.toml"),
        include_str!("lexicon/pt.toml"),
    ]
    .iter()
    .map(|text| toml::from_str(text).expect("a built-in lexicon is well written"))
    .collect()
}

fn built_in(files: Vec<File>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for file in files {
        let language = file.language;
        entries.extend(file.terms.into_iter().flat_map(|group| group.entries(&language)));
    }
    entries
}

/// What was learnt takes the place of what was guessed.
fn use_learnt_weights(entries: &mut [Entry]) {
    let learnt = learnt_weights();
    for entry in entries {
        if let Some(weight) = learnt.get(&(entry.kind.name(), entry.language.as_str(), entry.term.as_str())) {
            entry.weight = *weight;
        }
    }
}

/// `kind`, `language`, `term`, `weight`, a line each, below a line of headings.
fn learnt_weights() -> HashMap<(&'static str, &'static str, &'static str), f64> {
    let row = |line: &'static str| {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().expect("a line of weights has four cells");
        let key = (cell(), cell(), cell());
        (key, cell().parse().expect("a weight is a number"))
    };
    include_str!("lexicon/weights.tsv").lines().skip(1).map(row).collect()
}

/// The words that have a meaning of their own, whatever the terms are.
fn vocabulary() -> Vocabulary {
    let mut vocabulary = Vocabulary::default();
    for (language, (_, words)) in FUNCTION_WORDS.iter().enumerate() {
        vocabulary.learn_function_words(words, language);
    }
    vocabulary.learn_currencies(currency_words());
    vocabulary
}

fn check(entry: &Entry) -> Result<(), String> {
    if !(-1.0..=1.0).contains(&entry.weight) {
        return Err(format!("its weight is {}; it must be between -1 and 1", entry.weight));
    }
    if entry.language.len() != 2 || !entry.language.bytes().all(|b| b.is_ascii_lowercase()) {
        return Err(format!("its language is \"{}\"; write two letters, like \"en\"", entry.language));
    }
    Ok(())
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
        let lines = problems.iter().map(|problem| {
            let index = problem.index.map_or("built in".to_owned(), |index| index.to_string());
            format!("{index}: {}\n", problem.sentence)
        });
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
                1: the term "sue": its weight is 1.5; it must be between -1 and 1
                2: the term "": it can stand for nothing at all; every way to read it needs a word
                3: the term "(a|)": it can stand for nothing at all; every way to read it needs a word
                4: the term "(a": it has brackets that do not match; write (one|two)
                5: the term "a)": it has brackets that do not match; write (one|two)
                6: the term "{services}": there is no set {services} in this language; there are: contacted, contacts, down, entered, firm, foul, insult, intrusion, law, many, nth, service, somebody, suspect, verb-before-down
                7: the term "a … b ~ c": it has more than one gap; one is possible
                8: the term "… a": it can stand for nothing at all; every way to read it needs a word
                9: the term "a|b": it has brackets that do not match; write (one|two)
                10: the term "(a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b|c|d)": it can be read in more than 4000 ways; split it
            "#]],
        );
    }

    #[test]
    fn what_reads_the_same_is_told() {
        check(
            [
                "(my|our) notary",
                "our notary",
                "My NOTARY",
                "notary … (bill|note)",
                "notary … (note|bill)",
                "our own notary",
            ]
            .map(entry)
            .into(),
            expect![[r#"
            1: the term "our notary": whatever it reads, "(my|our) notary" reads already; remove one
            2: the term "My NOTARY": whatever it reads, "(my|our) notary" reads already; remove one
            4: the term "notary … (note|bill)": whatever it reads, "notary … (bill|note)" reads already; remove one
        "#]],
        );
        // Another kind, and what is only watched, are other matters.
        let other = Entry { kind: Kind::Angry, ..entry("my notary") };
        let watched = Entry { mode: Mode::Watch, ..entry("my notary") };
        check(vec![entry("my notary"), other, watched], expect![[""]]);
        // A built-in term gives way.
        check(vec![entry("class action")], expect![[""]]);
    }

    #[test]
    fn the_built_in_lexicon_has_no_problems() {
        let lexicon = Lexicon::new(Vec::new()).expect("no problems");
        for language in ["en", "es", "de", "fr", "nl", "pt"] {
            assert!(lexicon.covers(language), "{language}");
            for kind in Kind::BUILT_IN {
                let ours = |entry: &&Entry| entry.kind == kind && entry.language == language;
                assert!(lexicon.entries.iter().filter(ours).count() >= 5, "{language} {kind}");
            }
        }
        assert!(!lexicon.covers("it"));
    }
}
