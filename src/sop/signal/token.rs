//! A text as words: which of the lexicon's each one is, and in which clause and sentence it stands.
//!
//! One pass over the bytes. Plain ASCII words, which most are, are looked up where they stand; only what is spelled
//! unusually is spelled out first.

use std::ops::Range;

use memchr::memchr;

use super::spelling::{self, Part, WORD_MAX_BYTES};
use super::vocabulary::{Spread, Word, Words, number};

/// One word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub word: Word,
    /// Bytes of the text.
    pub start: u32,
    pub end: u32,
    /// Counted from 0, as are sentences.
    pub clause: u32,
    pub sentence: u32,
}

/// A text taken apart.
pub(crate) struct Tokens {
    pub list: Vec<Token>,
    /// Function words by language.
    pub spread: Spread,
    /// Sentences that end in "!!", ascending.
    pub loud: Vec<u32>,
    /// Bytes of words in letters beyond ASCII, and of all words.
    pub beyond_ascii: usize,
    pub word_bytes: usize,
    /// Digits occur, and so does something that makes money of them.
    pub may_hold_money: bool,
}

/// What a byte is to the pass.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Letter,
    Digit,
    Space,
    /// A line break, "!", "?".
    Sentence,
    /// A full stop, unless something follows at once.
    Stop,
    /// A comma and its like, unless between digits.
    Clause,
    Apostrophe,
    /// "$": may stand for a letter, and makes money of digits.
    Dollar,
    /// "@" and "*": may stand for a letter.
    Disguise,
    Sign,
    BeyondAscii,
}

const CLASSES: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut classes = [Class::Sign; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "counted up to 255")]
        let class = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => Class::Letter,
            b'0'..=b'9' => Class::Digit,
            b' ' | b'\t' | b'\r' => Class::Space,
            b'\n' | b'!' | b'?' => Class::Sentence,
            b'.' => Class::Stop,
            b',' | b';' | b':' | b'(' | b')' | b'"' => Class::Clause,
            b'\'' => Class::Apostrophe,
            b'$' => Class::Dollar,
            b'@' | b'*' => Class::Disguise,
            0x80.. => Class::BeyondAscii,
            _ => Class::Sign,
        };
        classes[byte] = class;
        byte += 1;
    }
    classes
}

/// Takes a text apart, passing over its masks.
pub(crate) fn tokens(text: &str, masks: &[Range<usize>], words: &Words) -> Tokens {
    let mut pass = Pass {
        text,
        bytes: text.as_bytes(),
        words,
        clause: 0,
        sentence: 0,
        // Words have some five letters; a text of shorter ones lets the list grow.
        found: Tokens {
            list: Vec::with_capacity(text.len() / 4 + 4),
            spread: Spread::default(),
            loud: Vec::new(),
            beyond_ascii: 0,
            word_bytes: 0,
            may_hold_money: false,
        },
        digits: false,
        money: false,
        plain_until: 0,
        tricks: memchr(b'#', text.as_bytes()).is_some() || spelling::may_be_stretched(text.as_bytes()),
        hashtag_until: 0,
        sentence_start: 0,
        spelled: String::new(),
    };
    let mut at = 0;
    for mask in masks {
        at = pass.read(at, mask.start).max(mask.end);
        pass.masked(mask);
    }
    pass.read(at, text.len());
    pass.add_up();
    pass.found.may_hold_money = pass.digits && pass.money;
    pass.found
}

struct Pass<'a> {
    text: &'a str,
    bytes: &'a [u8],
    words: &'a Words,
    clause: u32,
    sentence: u32,
    found: Tokens,
    digits: bool,
    money: bool,
    /// Signs up to here part words.
    plain_until: usize,
    /// Plain letters may be more than they seem: there is a hashtag, or a stretched word.
    tricks: bool,
    /// Capitals up to here part words.
    hashtag_until: usize,
    /// Where the sentence begins, in tokens.
    sentence_start: usize,
    /// An unusually spelled word, spelled out.
    spelled: String,
}

/// What follows a name in hashtags of small letters.
const TAG_ENDING: &[u8] = b"outage";
/// As many single letters in a row may spell a word.
const SINGLES_MIN: usize = 3;
/// Longest word that is looked for among single letters.
const SINGLES_MAX: usize = 12;
/// Nobody spells a paragraph: a bound on what a row can cost.
const SINGLES_LOOKED_AT: usize = 64;

impl Pass<'_> {
    /// No speech, but whether there is a link or a handle says something, too. No term reaches across a link.
    fn masked(&mut self, mask: &Range<usize>) {
        let word = match self.bytes[mask.start] {
            b'@' => Word::HANDLE,
            b'<' if self.text[mask.clone()].starts_with("<@") => Word::HANDLE,
            _ if self.text[mask.clone()].contains("://") => Word::LINK,
            _ => {
                self.clause += 1;
                return;
            }
        };
        // A handle is a noun of its sentence: "is @shop down"; a link stands beside it.
        let is_beside = u32::from(word == Word::LINK);
        self.clause += is_beside;
        let (clause, sentence) = (self.clause, self.sentence);
        self.found.list.push(Token { word, start: index(mask.start), end: index(mask.end), clause, sentence });
        self.clause += is_beside;
    }

    /// Reads from one byte to another; both stand between characters.
    fn read(&mut self, from: usize, to: usize) -> usize {
        let mut at = from;
        while at < to {
            match CLASSES[self.bytes[at] as usize] {
                Class::Letter | Class::Digit => {
                    at = self.word(at, to);
                    // Most words end at a space: one guess less for each of them.
                    at += usize::from(at < to && self.bytes[at] == b' ');
                    continue;
                }
                Class::Space | Class::Sign | Class::Apostrophe | Class::Disguise => {}
                Class::Dollar => self.money = true,
                Class::Sentence => {
                    if self.bytes[at] == b'!' && self.bytes.get(at + 1) == Some(&b'!') {
                        self.shout();
                    }
                    self.end_sentence();
                }
                // Not in "1.50" and "example.org".
                Class::Stop => {
                    if !self.is_word_byte(at + 1) && !self.is_abbreviation() {
                        self.end_sentence();
                    }
                }
                Class::Clause => {
                    if !self.is_between_digits(at) {
                        self.clause += 1;
                    }
                }
                Class::BeyondAscii => {
                    at = self.beyond_ascii(at, to);
                    continue;
                }
            }
            at += 1;
        }
        at
    }

    /// The word that begins at a letter or digit, and where it ends.
    fn word(&mut self, start: usize, to: usize) -> usize {
        let mut end = letters_end(&self.bytes[..to], start);
        let mut digits = false;
        let mut apostrophe = false;
        while end < to && self.bytes[end] != b' ' {
            match CLASSES[self.bytes[end] as usize] {
                Class::Letter => {}
                Class::Digit => digits = true,
                Class::Apostrophe if self.is_letter(end + 1) => apostrophe = true,
                Class::Disguise | Class::Dollar | Class::Sentence
                    if start >= self.plain_until && self.is_disguise(end, end - start) =>
                {
                    return self.odd_word(start, to);
                }
                Class::BeyondAscii if self.goes_on(end) => return self.odd_word(start, to),
                _ => break,
            }
            end += 1;
        }
        self.digits |= digits;
        let mut word = self.words.find_in(self.bytes, start, end);
        // In this order: the first is nearly never so, and whether a word is known nobody can guess.
        if (digits | apostrophe | self.tricks) && !word.is_known() {
            let spelled = &self.text[start..end];
            if digits {
                word = number(spelled);
                // "500usd", "rs4500".
                let currency = self.words.find(spelled.trim_matches(|c: char| c.is_ascii_digit()));
                self.money |= self.words.is_currency(currency);
            }
            if !word.is_known()
                && let Some(cut) = self.hashtag_word(start, end)
            {
                self.push(self.words.find_in(self.bytes, start, cut), start, cut);
                return cut;
            }
            if !word.is_known() && apostrophe {
                // "bank's", "l'avocat": neither is a word of the lexicon, their parts may be.
                let cut = start + spelled.find('\'').expect("there is one");
                self.push(self.words.find(&self.text[start..cut]), start, cut);
                return cut + 1;
            }
            if !word.is_known() && (digits || spelling::is_stretched(spelled)) {
                word = self.words.undisguised(&spelled.to_ascii_lowercase());
            }
        }
        self.push(word, start, end);
        end
    }

    /// Where the first of several words in a hashtag ends, each beginning with a capital, "#BunchOfThieves", or what
    /// is out, "#shopoutage".
    fn hashtag_word(&mut self, start: usize, end: usize) -> Option<usize> {
        if start > 0 && self.bytes[start - 1] == b'#' {
            self.hashtag_until = end;
        }
        if start >= self.hashtag_until {
            return None;
        }
        let tag = &self.bytes[start..end];
        let is_end = |pair: &[u8]| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
        let by_capitals = tag.windows(2).position(is_end).map(|at| at + 1);
        let by_ending = || {
            let name = tag.len().checked_sub(TAG_ENDING.len()).filter(|name| *name > 0)?;
            tag[name..].eq_ignore_ascii_case(TAG_ENDING).then_some(name)
        };
        Some(start + by_capitals.or_else(by_ending)?)
    }

    /// A word with anything but plain letters, digits and apostrophes in it: spelled out, then looked up.
    fn odd_word(&mut self, start: usize, to: usize) -> usize {
        self.spelled.clear();
        let mut end = start;
        // Where the word would end if it had no sign in it.
        let mut plain_end = None;
        let mut rest = self.text[start..to].char_indices().peekable();
        while let Some((offset, c)) = rest.next() {
            let next = rest.peek().map(|&(_, next)| next);
            let at = start + offset;
            match spelling::part(c) {
                Part::Inside => {
                    self.found.beyond_ascii += if c.is_ascii() { 0 } else { c.len_utf8() };
                    let (spelled, digits) = (&mut self.spelled, &mut self.digits);
                    spelling::fold(c, |c| {
                        *digits |= c.is_ascii_digit();
                        if spelled.len() < WORD_MAX_BYTES {
                            spelled.push(c);
                        }
                    });
                }
                Part::Nothing => {}
                Part::Apostrophe if next.is_some_and(char::is_alphabetic) && !self.spelled.is_empty() => {
                    plain_end.get_or_insert((at, self.spelled.len()));
                    self.spelled.push('\'');
                }
                _ if c.is_ascii() && start >= self.plain_until && self.is_disguise(at, self.spelled.len()) => {
                    plain_end.get_or_insert((at, self.spelled.len()));
                    if !(c == '*' && self.spelled.ends_with('*')) {
                        self.spelled.push(c);
                    }
                }
                _ => break,
            }
            end = at + c.len_utf8();
        }
        let mut word = self.words.find(&self.spelled);
        if !word.is_known() {
            word = number(&self.spelled);
        }
        if !word.is_known() {
            word = self.words.undisguised(&self.spelled);
        }
        if let (false, Some((plain_end, length))) = (word.is_known(), plain_end) {
            // "refund!now", "bank’s": the sign parts two words, and so do those behind it.
            self.plain_until = end;
            word = self.words.find(&self.spelled[..length]);
            self.push(word, start, plain_end);
            return plain_end;
        }
        self.push(word, start, end);
        end
    }

    /// A character beyond ASCII at which no word goes on: it may begin one, stand for one, or end a sentence.
    fn beyond_ascii(&mut self, at: usize, to: usize) -> usize {
        let c = self.char_at(at);
        let end = at + c.len_utf8();
        match (spelling::part(c), c) {
            (Part::Inside, _) => return self.odd_word(at, to),
            (Part::Alone, _) => {
                self.found.beyond_ascii += c.len_utf8();
                self.push(self.words.find(&self.text[at..end]), at, end);
            }
            (Part::Nothing | Part::Apostrophe, _) => {}
            (_, '…' | '。' | '！' | '？') => self.end_sentence(),
            (_, '–' | '—' | '“' | '”' | '„' | '«' | '»' | '，' | '、' | '¿' | '¡') => self.clause += 1,
            _ if spelling::is_picture(c) => {
                let word = self.words.find(&self.text[at..end]);
                if word.is_known() {
                    self.push(word, at, end);
                }
            }
            _ => self.money |= matches!(c, '€' | '£' | '¥' | '\u{20a0}'..='\u{20cf}' | '＄' | '￡' | '￥'),
        }
        end
    }

    #[inline]
    fn push(&mut self, word: Word, start: usize, end: usize) {
        let (clause, sentence) = (self.clause, self.sentence);
        self.found.list.push(Token { word, start: index(start), end: index(end), clause, sentence });
    }

    /// What all words come to, in a loop of its own, because its sums then need no memory.
    fn add_up(&mut self) {
        let (mut spread, mut word_bytes) = (Spread::default(), 0);
        // Single letters in a row, and whether there was a row that may spell a word.
        let (mut singles, mut spelled_out) = (0, false);
        for token in &self.found.list {
            let is_masked = matches!(token.word, Word::HANDLE | Word::LINK);
            let bytes = if is_masked { 0 } else { (token.end - token.start) as usize };
            singles = if bytes == 1 { singles + 1 } else { 0 };
            spelled_out |= singles == SINGLES_MIN;
            word_bytes += bytes;
            spread.add(self.words.spread(token.word));
            self.money |= self.words.is_currency(token.word);
        }
        (self.found.spread, self.found.word_bytes) = (spread, word_bytes);
        if spelled_out {
            self.join_singles();
        }
    }

    /// "?!" and ". . ." end one sentence, not several.
    fn end_sentence(&mut self) {
        self.clause += 1;
        if self.found.list.len() > self.sentence_start {
            self.sentence += 1;
            self.sentence_start = self.found.list.len();
        }
    }

    /// The sentence ends in "!!".
    fn shout(&mut self) {
        if self.found.list.len() > self.sentence_start && self.found.loud.last() != Some(&self.sentence) {
            self.found.loud.push(self.sentence);
        }
    }

    /// Words spelled in single letters, "f u c k" and "l.a.w.y.e.r", become one.
    fn join_singles(&mut self) {
        let tokens = std::mem::take(&mut self.found.list);
        let is_single = |token: &Token| token.end - token.start == 1;
        let mut rest = tokens.as_slice();
        while let Some(first) = rest.first() {
            let row = if is_single(first) { row(rest) } else { 1 };
            if row >= SINGLES_MIN {
                self.join_row(&rest[..row]);
            } else {
                self.found.list.extend_from_slice(&rest[..row]);
            }
            rest = &rest[row..];
        }
    }

    /// The longest words first, from the left.
    fn join_row(&mut self, row: &[Token]) {
        let letters: String = row.iter().map(|token| &self.text[token.start as usize..token.end as usize]).collect();
        let mut at = 0;
        while at < row.len() {
            let lengths = (SINGLES_MIN..=SINGLES_MAX.min(row.len() - at)).rev().filter(|_| at < SINGLES_LOOKED_AT);
            let mut words = lengths.map(|length| (length, self.words.find(&letters[at..at + length])));
            let joined = words.find(|(_, word)| word.is_known());
            if let Some((length, word)) = joined {
                self.found.list.push(Token { word, end: row[at + length - 1].end, ..row[at] });
                at += length;
            } else {
                self.found.list.push(row[at]);
                at += 1;
            }
        }
    }

    fn char_at(&self, at: usize) -> char {
        self.text[at..].chars().next().unwrap_or_default()
    }

    fn is_letter(&self, at: usize) -> bool {
        match self.bytes.get(at) {
            Some(0x80..) => self.char_at(at).is_alphabetic(),
            byte => byte.is_some_and(u8::is_ascii_alphabetic),
        }
    }

    /// A letter or digit, in any script.
    fn is_word_byte(&self, at: usize) -> bool {
        match self.bytes.get(at) {
            Some(0x80..) => self.char_at(at).is_alphanumeric(),
            byte => byte.is_some_and(|byte| matches!(CLASSES[*byte as usize], Class::Letter | Class::Digit)),
        }
    }

    /// Whether the word before a character beyond ASCII goes on with it.
    fn goes_on(&self, at: usize) -> bool {
        let c = self.char_at(at);
        match spelling::part(c) {
            Part::Inside | Part::Nothing => true,
            Part::Apostrophe => self.is_letter(at + c.len_utf8()),
            Part::Alone | Part::Outside => false,
        }
    }

    /// A sign inside a word that has so many letters or digits before it: past repetitions of it there is a letter behind
    /// it, too. Stars may also end a word: "f***".
    fn is_disguise(&self, at: usize, letters: usize) -> bool {
        /// "a$$hole", "sh!!t"; more in a row is shouting.
        const REPEATED_MAX: usize = 3;
        /// "**word**" is stressed, not disguised.
        const STARRED_MAX: usize = 2;
        let sign = self.bytes[at];
        if !matches!(sign, b'@' | b'$' | b'!' | b'*') {
            return false;
        }
        let repeated = self.bytes[at..].iter().take(REPEATED_MAX).take_while(|byte| **byte == sign).count();
        letters > 0 && (self.is_letter(at + repeated) || (sign == b'*' && repeated > 1 && letters <= STARRED_MAX))
    }

    /// "Rs. 500" and "Mr. Smith" are inside one sentence.
    fn is_abbreviation(&self) -> bool {
        const ABBREVIATIONS: [&str; 9] = ["rs", "mr", "mrs", "ms", "dr", "sr", "sra", "vs", "approx"];
        self.found.list.last().is_some_and(|token| {
            let last = &self.text[token.start as usize..token.end as usize];
            // "U.S. Code", "e.g. this".
            if last.len() == 1 && token.start > 0 && self.bytes[token.start as usize - 1] == b'.' {
                return true;
            }
            last.len() <= "approx".len() && ABBREVIATIONS.iter().any(|known| last.eq_ignore_ascii_case(known))
        })
    }

    fn is_between_digits(&self, at: usize) -> bool {
        let digit = |at: usize| self.bytes.get(at).is_some_and(u8::is_ascii_digit);
        at > 0 && digit(at - 1) && digit(at + 1)
    }
}

/// Where a row of plain letters ends, eight bytes at a time: a branch for each of them, most of all the one that ends the
/// word, was a third of what it took to find the words.
fn letters_end(bytes: &[u8], start: usize) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * EACH;
    let mut at = start;
    while let Some(chunk) = bytes[at..].first_chunk() {
        // The high bit of every byte of a letter, in either case: no sum carries into the byte beside it.
        let lower = u64::from_le_bytes(*chunk) | (0x20 * EACH);
        let (from_a, past_z) = ((lower & !HIGH) + 0x1f * EACH, (lower & !HIGH) + 0x05 * EACH);
        let others = !(from_a & !past_z & !lower) & HIGH;
        at += others.trailing_zeros() as usize / 8;
        if others != 0 {
            return at;
        }
    }
    at + bytes[at..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count()
}

/// How many tokens from the first are single letters, each one character after the one before.
fn row(tokens: &[Token]) -> usize {
    let next = |pair: &[Token]| pair[1].end - pair[1].start == 1 && pair[1].start == pair[0].end + 1;
    1 + tokens.windows(2).take_while(|pair| next(pair)).count()
}

/// Texts are capped far below four billion bytes.
pub(crate) fn index(byte: usize) -> u32 {
    u32::try_from(byte).expect("texts are capped far below four billion bytes")
}
