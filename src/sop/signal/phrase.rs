//! How a term is written, and the tree of all of them.
//!
//! A term is a pattern over words: `(is|was|) down`, `{service} ~ down`, `called … # times`. Every way to read it is a
//! path of words from the root of one tree, so that a text is compared with all terms at once, at most one step a word
//! and beginning.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::slots::{Slots, mixed};
use super::vocabulary::{Vocabulary, Word};

/// A term longer than this, in characters, is a paragraph somebody pasted by mistake.
const TERM_MAX_CHARS: usize = 400;
/// The ways to read one side of a gap; alternatives multiply.
const READINGS_MAX: usize = 4_000;
/// The gaps, by their sign, and how many words they may hold.
const GAPS: [(char, u32); 2] = [('…', 6), ('~', 2)];

/// The sets of a language: words that are written as `{name}` in its terms.
pub(crate) type Sets = BTreeMap<String, Set>;

/// One of them, which many terms name.
#[derive(Debug)]
pub(crate) struct Set {
    words: Vec<String>,
    /// Read when a term first names it, and shared.
    piece: OnceCell<Piece>,
}

impl From<Vec<String>> for Set {
    fn from(words: Vec<String>) -> Self {
        Self { words, piece: OnceCell::new() }
    }
}

/// A term taken apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Phrase {
    pub head: Vec<Piece>,
    /// The words that may stand between, and what follows them.
    pub tail: Option<(u32, Vec<Piece>)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Piece {
    Word(Word),
    /// Any one of these, each a row of pieces.
    Either(Rc<[Vec<Piece>]>),
}

/// Reads how a term is written. What is wrong with it is a sentence that goes on after "the term …: ".
pub(crate) fn parse(term: &str, sets: Option<&Sets>, vocabulary: &mut Vocabulary) -> Result<Phrase, String> {
    if term.chars().count() > TERM_MAX_CHARS {
        return Err(format!("it has more than {TERM_MAX_CHARS} characters"));
    }
    let mut parser = Parser { sets, vocabulary, depth: 0 };
    let Some(sign) = term.find(GAPS.map(|(sign, _)| sign)) else {
        return Ok(Phrase { head: parser.row(term)?, tail: None });
    };
    let (head, rest) = term.split_at(sign);
    let (sign, words) = GAPS.into_iter().find(|(sign, _)| rest.starts_with(*sign)).expect("it was found by its sign");
    let tail = &rest[sign.len_utf8()..];
    if tail.contains(GAPS.map(|(sign, _)| sign)) {
        return Err("it has more than one gap; one is possible".to_owned());
    }
    Ok(Phrase { head: parser.row(head)?, tail: Some((words, parser.row(tail)?)) })
}

struct Parser<'a> {
    sets: Option<&'a Sets>,
    vocabulary: &'a mut Vocabulary,
    depth: usize,
}

/// Brackets in brackets in …, deeper than anybody can follow; a bound on recursion.
const DEPTH_MAX: usize = 8;

impl Parser<'_> {
    /// Pieces with spaces between them.
    fn row(&mut self, text: &str) -> Result<Vec<Piece>, String> {
        let mut pieces = Vec::new();
        for chunk in chunks(text)? {
            if let Some(alternatives) = whole_group(chunk) {
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return Err(format!("it has brackets in brackets, more than {DEPTH_MAX} deep"));
                }
                let rows: Result<_, _> = alternatives.into_iter().map(|alternative| self.row(alternative)).collect();
                self.depth -= 1;
                pieces.push(either(rows?));
            } else if chunk.contains('(') {
                let rows: Result<_, _> = spelled_out(chunk)?.iter().map(|text| self.row(text)).collect();
                pieces.push(either(rows?));
            } else if let Some(name) = chunk.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                pieces.push(self.set(name)?);
            } else if let Some(class) = class(chunk) {
                pieces.push(Piece::Word(class));
            } else if chunk.contains(['|', ')', '{', '}']) {
                return Err(unbalanced());
            } else {
                let words = self.vocabulary.learn_all(chunk);
                if words.is_empty() {
                    return Err(format!("\"{chunk}\" holds no word"));
                }
                pieces.extend(words.into_iter().map(Piece::Word));
            }
        }
        Ok(pieces)
    }

    fn set(&mut self, name: &str) -> Result<Piece, String> {
        let Some(set) = self.sets.and_then(|sets| sets.get(name)) else {
            let known: Vec<&str> = self.sets.into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect();
            return Err(format!("there is no set {{{name}}} in this language; there are: {}", known.join(", ")));
        };
        let row = |text: &String| match class(text) {
            Some(class) => vec![Piece::Word(class)],
            None => self.vocabulary.learn_all(text).into_iter().map(Piece::Word).collect(),
        };
        Ok(set.piece.get_or_init(|| either(set.words.iter().map(row).collect())).clone())
    }
}

/// In an order of their own, so that terms that read the same are the same.
fn either(mut rows: Vec<Vec<Piece>>) -> Piece {
    rows.sort_unstable();
    rows.dedup();
    Piece::Either(rows.into())
}

/// What any one of many will do for, or what is masked.
fn class(text: &str) -> Option<Word> {
    match text {
        "#" => Some(Word::COUNT),
        "#th" => Some(Word::ORDINAL),
        "@" => Some(Word::HANDLE),
        "://" => Some(Word::LINK),
        _ => None,
    }
}

fn unbalanced() -> String {
    "it has brackets that do not match; write (one|two)".to_owned()
}

/// What stands between the spaces outside of brackets.
fn chunks(text: &str) -> Result<Vec<&str>, String> {
    let mut chunks = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1).ok_or_else(unbalanced)?,
            _ if c.is_whitespace() && depth == 0 => {
                chunks.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    if depth > 0 {
        return Err(unbalanced());
    }
    chunks.push(&text[start..]);
    chunks.retain(|chunk| !chunk.is_empty());
    Ok(chunks)
}

/// The alternatives of a chunk that is one pair of brackets.
fn whole_group(chunk: &str) -> Option<Vec<&str>> {
    let inside = chunk.strip_prefix('(')?.strip_suffix(')')?;
    let mut alternatives = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, c) in inside.char_indices() {
        match c {
            '(' => depth += 1,
            // The first bracket closes before the end: "(a|b)(c|d)".
            ')' => depth = depth.checked_sub(1)?,
            '|' if depth == 0 => {
                alternatives.push(&inside[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    alternatives.push(&inside[start..]);
    Some(alternatives)
}

/// Every text that brackets glued to letters stand for: "refund(s|ed|)". The innermost go first, so they may nest.
fn spelled_out(chunk: &str) -> Result<Vec<String>, String> {
    let mut done = Vec::new();
    let mut open = vec![chunk.to_owned()];
    while let Some(text) = open.pop() {
        let Some((before, after)) = text.split_once(')') else {
            done.push(text);
            continue;
        };
        let (before, group) = before.rsplit_once('(').ok_or_else(unbalanced)?;
        open.extend(group.split('|').map(|alternative| format!("{before}{alternative}{after}")));
        if open.len() + done.len() > READINGS_MAX {
            return Err(too_many());
        }
    }
    Ok(done)
}

fn too_many() -> String {
    format!("it can be read in more than {READINGS_MAX} ways; split it")
}

/// A place in the tree. The root is 0, and nothing leads back to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Node(u32);

impl Node {
    const ROOT: Self = Self(0);

    fn number(number: usize) -> Self {
        Self(u32::try_from(number).expect("far fewer than four billion places"))
    }

    fn index(self) -> usize {
        self.0 as usize
    }
}

/// All phrases, each a row of places of its own: one word may lead to many of them at once.
#[derive(Debug)]
pub(crate) struct Seedling<R> {
    sprouts: Vec<Sprout<R>>,
    /// The words that `#` and `#th` stand for.
    numbers: [Vec<Word>; 2],
    words: usize,
}

#[derive(Debug)]
struct Sprout<R> {
    ways: Vec<(Word, Node)>,
    /// What a phrase that ends here means.
    role: Option<R>,
}

impl<R> Sprout<R> {
    const NEW: Self = Self { ways: Vec::new(), role: None };
}

impl<R: Copy + PartialEq> Seedling<R> {
    pub fn new(vocabulary: &Vocabulary) -> Self {
        let written = |class| vocabulary.written_in_digits(class).chain([class]).collect();
        let numbers = [Word::COUNT, Word::ORDINAL].map(written);
        Self { sprouts: vec![Sprout::NEW], numbers, words: vocabulary.len() }
    }

    /// Plants a row, which means this wherever it ends.
    pub fn add(&mut self, row: &[Piece], role: R) -> Result<(), String> {
        if readings(row) > READINGS_MAX {
            return Err(too_many());
        }
        let to = self.sprout();
        let ends = self.follow(&[Node::ROOT], row, to);
        if ends.contains(&Node::ROOT) {
            return Err("it can stand for nothing at all; every way to read it needs a word".to_owned());
        }
        for end in ends {
            self.sprouts[end.index()].role = Some(role);
        }
        Ok(())
    }

    fn sprout(&mut self) -> Node {
        self.sprouts.push(Sprout::NEW);
        Node::number(self.sprouts.len() - 1)
    }

    /// Lets a row lead from these places to another, and answers where it may end: there, and, where the last words may
    /// be left out, before.
    fn follow(&mut self, from: &[Node], row: &[Piece], to: Node) -> Vec<Node> {
        let mut places = from.to_vec();
        for (index, piece) in row.iter().enumerate() {
            let next = if index + 1 == row.len() { to } else { self.sprout() };
            places = match piece {
                Piece::Word(word) => {
                    self.lead(&places, *word, next);
                    vec![next]
                }
                Piece::Either(rows) => {
                    let mut ends: Vec<Node> = rows.iter().flat_map(|row| self.follow(&places, row, next)).collect();
                    ends.sort_unstable();
                    ends.dedup();
                    ends
                }
            };
        }
        places
    }

    fn lead(&mut self, from: &[Node], word: Word, to: Node) {
        let one = [word];
        let words: &[Word] = match word {
            Word::COUNT => &self.numbers[0],
            Word::ORDINAL => &self.numbers[1],
            _ => &one,
        };
        for place in from {
            self.sprouts[place.index()].ways.extend(words.iter().map(|word| (*word, to)));
        }
    }

    /// The tree as it is walked: one place for all those that the same words lead to, so that a text is in one place at
    /// a time. (The subset construction; it ends with at most one place for every way to read a phrase, and in most
    /// cases far fewer, because the words of a set lead to the same.) What a place means is told the meanings of all
    /// phrases that end there, in the order of planting.
    pub fn grown(self, mut meaning: impl FnMut(&mut Vec<R>)) -> Tree<R> {
        let mut joined = Joined::new(self.sprouts.len());
        let (mut places, mut meanings) = (Vec::new(), Vec::new());
        let mut steps: Vec<(Node, Word, Node)> = Vec::new();
        let mut here = Vec::new();
        let mut ways: Vec<(Word, Node)> = Vec::new();
        while let Some(members) = joined.members.get(places.len()) {
            let sprouts = || members.iter().map(|member| &self.sprouts[member.index()]);
            here.clear();
            for role in sprouts().filter_map(|sprout| sprout.role) {
                if !here.contains(&role) {
                    here.push(role);
                }
            }
            meaning(&mut here);
            ways.clear();
            ways.extend(sprouts().flat_map(|sprout| sprout.ways.iter().copied()));
            ways.sort_unstable();
            ways.dedup();
            let node = Node::number(places.len());
            let mut signs = 0;
            for ways in ways.chunk_by(|a, b| a.0 == b.0) {
                let word = ways[0].0;
                signs |= sign(word);
                steps.push((node, word, joined.place(ways.iter().map(|(_, to)| *to))));
            }
            let first_meaning = meanings.len();
            meanings.extend_from_slice(&here);
            places.push(Place { node, signs, roles: range(first_meaning, meanings.len()) });
        }
        let mut first = vec![Place::NOWHERE; self.words];
        let mut next = Slots::for_many(steps.len());
        for (from, word, to) in steps {
            match from {
                Node::ROOT => first[word.0 as usize] = places[to.index()],
                _ => next.put(step(from, word), to.0),
            }
        }
        Tree { first, next, places, roles: meanings }
    }
}

/// How many ways there are to read a row.
fn readings(row: &[Piece]) -> usize {
    let ways = |piece: &Piece| match piece {
        Piece::Word(_) => 1,
        Piece::Either(rows) => rows.iter().fold(0, |sum: usize, row| sum.saturating_add(readings(row))),
    };
    row.iter().fold(1, |product: usize, piece| product.saturating_mul(ways(piece)))
}

/// Places that are reached together.
struct Joined {
    /// By number of the place they become: ascending.
    members: Vec<Vec<Node>>,
    numbers: HashMap<Vec<Node>, Node>,
    /// What a place becomes that is reached alone; the root where it is not known yet. Most are.
    alone: Vec<Node>,
}

impl Joined {
    fn new(sprouts: usize) -> Self {
        Self { members: vec![vec![Node::ROOT]], numbers: HashMap::new(), alone: vec![Node::ROOT; sprouts] }
    }

    fn place(&mut self, members: impl ExactSizeIterator<Item = Node> + Clone) -> Node {
        let new = Node::number(self.members.len());
        let known = match members.clone().next() {
            Some(only) if members.len() == 1 => {
                let known = &mut self.alone[only.index()];
                if *known == Node::ROOT {
                    *known = new;
                }
                *known
            }
            _ => *self.numbers.entry(members.clone().collect()).or_insert(new),
        };
        if known == new {
            self.members.push(members.collect());
        }
        known
    }
}

/// All ways to read all phrases.
#[derive(Debug)]
pub(crate) struct Tree<R> {
    /// Where the first step leads, by the number of the word. Most go no further, so what is there is kept with it.
    first: Vec<Place>,
    /// Where all other steps lead.
    next: Slots,
    /// By number.
    places: Vec<Place>,
    /// The meanings of all places.
    roles: Vec<R>,
}

/// Where one is in the tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    node: Node,
    /// A bit for every word that a way may go on with: most steps that are not there are not even looked for.
    signs: u128,
    /// From and to, in the list of all meanings.
    roles: [u32; 2],
}

impl Place {
    const NOWHERE: Self = Self { node: Node::ROOT, signs: 0, roles: [0; 2] };
}

fn range(from: usize, to: usize) -> [u32; 2] {
    [from, to].map(|at| u32::try_from(at).expect("far fewer than four billion meanings"))
}

/// No way goes on with an unknown word.
fn sign(word: Word) -> u128 {
    u128::from(word.is_known()) << (word.0 & 127)
}

impl<R> Tree<R> {
    /// The step from the root, where it means something or the word that follows may lead on: one question that is
    /// mostly answered "no", in place of three that no processor can guess.
    pub fn first(&self, word: Word, follows: Word) -> Option<Place> {
        let place = self.first[word.0 as usize];
        let means = place.roles[0] ^ place.roles[1];
        (u128::from(means) | place.signs & sign(follows) != 0).then_some(place)
    }

    /// The step from any other place.
    pub fn next(&self, place: Place, word: Word) -> Option<Place> {
        if place.signs & sign(word) == 0 {
            return None;
        }
        let node = Node(self.next.get(step(place.node, word)));
        (node != Node::ROOT).then(|| self.places[node.index()])
    }

    /// What a place means.
    pub fn roles(&self, place: Place) -> &[R] {
        let [from, to] = place.roles;
        &self.roles[from as usize..to as usize]
    }
}

fn step(from: Node, word: Word) -> u64 {
    mixed(u64::from(from.0) << 32 | u64::from(word.0))
}
