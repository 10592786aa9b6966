//! Every word of the lexicon by its spelling: one look-up tells which word it is, whether it is a function word of a
//! language, and whether it names a currency.

use std::collections::HashMap;
use std::ops::Range;

use super::slots::{Slots, mixed};
use super::spelling::{self, is_stretched, plain_letters, unleet, unstretched, words};

/// A word by its number in the vocabulary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Word(pub u32);

impl Word {
    pub const UNKNOWN: Self = Self(0);
    /// Any whole number from 3 to 999 in digits that is not a word of its own.
    pub const COUNT: Self = Self(1);
    /// Any ordinal from the third on in digits, likewise.
    pub const ORDINAL: Self = Self(2);
    /// Somebody's handle, or a mention; where it stood there is no speech.
    pub const HANDLE: Self = Self(3);
    /// A link.
    pub const LINK: Self = Self(4);
    const RESERVED: usize = 5;

    pub fn is_known(self) -> bool {
        self != Self::UNKNOWN
    }
}

/// How many function words of each language a text has: a lane of 16 bits for each, so that one addition counts all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spread(u128);

impl Spread {
    const LANE: usize = 16;

    fn one_of(language: usize) -> Self {
        Self(1 << (language * Self::LANE))
    }

    pub fn add(&mut self, other: Self) {
        self.0 += other.0;
    }

    pub fn count(self, language: usize) -> usize {
        usize::from(u16::try_from(self.0 >> (language * Self::LANE) & 0xffff).expect("it was masked"))
    }
}

/// Words while they are learnt.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    numbers: HashMap<Box<str>, Word>,
    /// By number.
    spelled: Vec<Box<str>>,
    /// One of each language that a word is a function word of, by number; they are learnt first.
    spreads: Vec<Spread>,
    currencies: Range<u32>,
}

impl Default for Vocabulary {
    fn default() -> Self {
        let reserved = ["", "#", "#th", "@", "://"];
        debug_assert_eq!(reserved.len(), Word::RESERVED);
        let spelled = reserved.map(Box::from).into();
        let spreads = vec![Spread::default(); Word::RESERVED];
        Self { numbers: HashMap::new(), spelled, spreads, currencies: 0..0 }
    }
}

impl Vocabulary {
    /// The number of a word in its one spelling, which becomes known if it is not.
    pub fn learn(&mut self, spelled: &str) -> Word {
        if let Some(word) = self.numbers.get(spelled) {
            return *word;
        }
        let word = Word(u32::try_from(self.spelled.len()).expect("far fewer than four billion words"));
        self.numbers.insert(spelled.into(), word);
        self.spelled.push(spelled.into());
        word
    }

    /// Every word of a text in its one spelling.
    pub fn learn_all(&mut self, text: &str) -> Vec<Word> {
        // Most are in their one spelling already.
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if !text.is_empty() && text.bytes().all(is_plain) {
            return vec![self.learn(text)];
        }
        words(text).iter().map(|word| self.learn(word)).collect()
    }

    /// The words that are written in digits and mean a count, or an ordinal.
    pub fn written_in_digits(&self, wanted: Word) -> impl Iterator<Item = Word> {
        let numbered = (0..).map(Word).zip(&self.spelled);
        numbered.filter(move |(_, spelled)| number(spelled) == wanted).map(|(word, _)| word)
    }

    /// Words that make up much of any text in a language.
    pub fn learn_function_words(&mut self, words: &[&str], language: usize) {
        for word in words {
            let word = self.learn(word);
            self.spreads.resize(self.len(), Spread::default());
            self.spreads[word.0 as usize].add(Spread::one_of(language));
        }
    }

    /// Words for a currency, all at once: they are told by their numbers.
    pub fn learn_currencies<'w>(&mut self, words: impl Iterator<Item = &'w str>) {
        let first = self.len();
        let count = words.map(|word| self.learn(word)).count();
        assert_eq!(self.len(), first + count, "no word for a currency was learnt before");
        let number = |at: usize| u32::try_from(at).expect("far fewer than four billion words");
        self.currencies = number(first)..number(self.len());
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.spelled.len()
    }

    /// All that was learnt, made ready for looking up.
    pub fn ready(self) -> Words {
        let mut slots = Slots::for_many(self.numbers.len());
        let mut squeezed: HashMap<String, Word> = HashMap::new();
        // In the order of learning, so that of two words with the same letters the first stays.
        for spelled in self.spelled.iter().skip(Word::RESERVED) {
            slots.put(key(spelled.as_bytes()), self.numbers[spelled].0);
            if let Some(letters) = spelling::squeezed(spelled) {
                squeezed.entry(letters).or_insert(self.numbers[spelled]);
            }
        }
        // What all other words have.
        let mut spreads = self.spreads;
        spreads.push(Spread::default());
        Words { slots, squeezed, spreads, currencies: self.currencies }
    }
}

/// A number in digits, with or without the ending of an ordinal.
pub(crate) fn number(written: &str) -> Word {
    const DIGITS_MAX: usize = 3;
    const ENDINGS: [&str; 14] = ["st", "nd", "rd", "th", "e", "eme", "er", "ere", "ra", "ro", "era", "da", "ta", "va"];
    let digits = written.bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=DIGITS_MAX).contains(&digits) || !written[..digits].parse::<u32>().is_ok_and(|value| value >= 3) {
        return Word::UNKNOWN;
    }
    match &written[digits..] {
        "" => Word::COUNT,
        ending if ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)) => Word::ORDINAL,
        _ => Word::UNKNOWN,
    }
}

/// Words to be looked up.
#[derive(Debug)]
pub(crate) struct Words {
    slots: Slots,
    /// By the spelling without repeated letters.
    squeezed: HashMap<String, Word>,
    /// By number; the last is that of all words behind it. So few that they stay at hand.
    spreads: Vec<Spread>,
    currencies: Range<u32>,
}

impl Words {
    /// A word as written in ASCII of any case, or in its one spelling.
    pub fn find(&self, written: &str) -> Word {
        Word(self.slots.get(key(written.as_bytes())))
    }

    /// The same for a word within a text, by its bytes.
    pub fn find_in(&self, text: &[u8], from: usize, to: usize) -> Word {
        Word(self.slots.get(key_in(text, from, to)))
    }

    /// The word behind an unknown spelling in lower case, if it is one in disguise. What is not a word of the lexicon
    /// then is none: numbers and names of products stay what they are.
    pub fn undisguised(&self, spelled: &str) -> Word {
        let signs = spelled.chars().filter(|c| matches!(c, '0'..='9' | '@' | '$' | '!')).count();
        let plain = plain_letters(spelled);
        if signs == 0 && plain.is_none() && !spelled.contains('*') && !is_stretched(spelled) {
            return Word::UNKNOWN;
        }
        let plain = plain.as_deref().unwrap_or(spelled);
        let letters = || spelled.chars().filter(|c| c.is_alphabetic()).count();
        let is_leet = signs > 0 && letters() >= signs.max(2);
        let ones = is_leet.then_some(['i', 'l']).into_iter().flatten();
        // "sh*t": a star hides a vowel.
        let vowels = plain.contains('*').then_some(['a', 'e', 'i', 'o', 'u']).into_iter().flatten();
        let starred = vowels.map(|vowel| plain.replace('*', vowel.encode_utf8(&mut [0; 4])));
        let mut candidates = ones.map(|one| unleet(plain, one)).chain(starred).chain([plain.to_owned()]);
        candidates.find_map(|word| self.stretched(&word)).unwrap_or_default()
    }

    /// A word whose letters may be stretched.
    fn stretched(&self, spelled: &str) -> Option<Word> {
        let mut word = self.find(spelled);
        if !word.is_known() && is_stretched(spelled) {
            let spellings = [2, 1].map(|to| self.find(&unstretched(spelled, to)));
            word = spellings.into_iter().find(|word| word.is_known()).unwrap_or_default();
            if !word.is_known() {
                word =
                    spelling::squeezed(spelled).and_then(|word| self.squeezed.get(&word).copied()).unwrap_or_default();
            }
        }
        word.is_known().then_some(word)
    }

    pub fn spread(&self, word: Word) -> Spread {
        self.spreads[(word.0 as usize).min(self.spreads.len() - 1)]
    }

    pub fn is_function_word(&self, word: Word) -> bool {
        self.spread(word) != Spread::default()
    }

    pub fn is_currency(&self, word: Word) -> bool {
        self.currencies.contains(&word.0)
    }
}

/// A hash of a word in ASCII of any case, eight bytes at a time. Setting the sixth bit lowers letters and leaves digits
/// and the apostrophe as they are.
fn key(word: &[u8]) -> u64 {
    key_in(word, 0, word.len())
}

/// The same of some bytes of a text: what follows the word is read with it and masked out, for that is faster than to
/// copy its last few bytes.
#[inline]
fn key_in(text: &[u8], from: usize, to: usize) -> u64 {
    const LOWER: u64 = 0x2020_2020_2020_2020;
    let mut hash = (to - from) as u64;
    let mut at = from;
    while to - at >= 8 {
        let chunk = text[at..].first_chunk().expect("eight bytes are left");
        hash = mixed(hash ^ (u64::from_le_bytes(*chunk) | LOWER));
        at += 8;
    }
    let last = match text[at..].first_chunk() {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => text[at..].iter().rev().fold(0, |last, byte| last << 8 | u64::from(*byte)),
    };
    let inside = !(u64::MAX << ((to - at) * 8));
    mixed(hash ^ ((last & inside) | LOWER))
}
