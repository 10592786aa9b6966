//! One spelling for what people write in many: lower case, plain letters, no tricks.
//!
//! Lower-cased, compatibility-decomposed (NFKD), accents and invisible characters dropped, white space and typographic
//! quotes made plain, hyphens between letters opened. Words that look disguised are respelled: letters of other
//! scripts among Latin ones, digits and signs for letters, stretched letters. The terms of the lexicon go through the
//! same door, so both sides meet in the same spelling; the result is for matching, not for reading.
//!
//! Every byte of the result knows the scalar value of the original it came from.

use std::collections::HashMap;
use std::ops::Range;

use unicode_normalization::char::decompose_compatible;

/// Abbreviations such as "bbb" squeeze to next to nothing; below this many letters only the word itself is known.
const SQUEEZED_MIN: usize = 3;

/// A text in its one spelling.
pub(crate) struct Normal {
    pub text: String,
    /// For each byte of `text`, the index of the original scalar value.
    from: Vec<u32>,
    /// Scalar values in the original.
    length: u32,
}

impl Normal {
    /// The half-open span of the original, in scalar values, that the bytes come from. What was dropped right after
    /// them (a stretched letter, an accent, a zero-width space) belongs to them.
    pub fn span(&self, bytes: Range<usize>) -> Range<usize> {
        let start = self.from[bytes.start];
        let last = self.from[bytes.end - 1];
        let next = self.from.get(bytes.end).copied().unwrap_or(self.length);
        start as usize..next.max(last + 1) as usize
    }
}

/// The words of the lexicon by their squeezed spelling: what a disguised word is compared with.
#[derive(Debug, Default)]
pub(crate) struct Spellings(HashMap<String, String>);

impl Spellings {
    /// Adds a word in its normal spelling. Of two words with one squeezed spelling the first stays.
    pub fn add(&mut self, word: &str) {
        let squeezed = squeezed(word);
        if squeezed.chars().count() < SQUEEZED_MIN {
            self.0.insert(word.to_owned(), word.to_owned());
        } else {
            self.0.entry(squeezed).or_insert_with(|| word.to_owned());
        }
    }

    fn find(&self, word: &str) -> Option<&str> {
        self.0.get(word).or_else(|| self.0.get(&squeezed(word))).map(String::as_str)
    }
}

/// Without `spellings` nothing is taken for disguised: that is how the lexicon itself is read.
pub(crate) fn normalize(original: &[char], spellings: Option<&Spellings>) -> Normal {
    let mut writer = Writer {
        // One byte a character is the usual case; longer texts grow the buffers a few times.
        text: String::with_capacity(original.len() + 16),
        from: Vec::with_capacity(original.len() + 16),
        word: Word::default(),
        spellings,
    };
    for (at, &c) in original.iter().enumerate() {
        let at_index = u32::try_from(at).expect("texts are capped far below 4 billion characters");
        if c.is_ascii() {
            writer.ascii(c, at_index, &original[at + 1..]);
        } else {
            writer.fold(c, at_index);
        }
    }
    writer.end_word();
    let length = u32::try_from(original.len()).expect("texts are capped far below 4 billion characters");
    Normal { text: writer.text, from: writer.from, length }
}

struct Writer<'a> {
    text: String,
    from: Vec<u32>,
    word: Word,
    spellings: Option<&'a Spellings>,
}

/// What is known of the word being written.
#[derive(Default)]
struct Word {
    /// Byte where it begins, while inside one.
    start: Option<usize>,
    last: Option<char>,
    /// How often `last` stands in a row.
    run: usize,
    stretched: bool,
    letters: usize,
    /// Digits and signs that may stand for letters.
    disguises: usize,
    latin: bool,
    foreign: bool,
}

impl Writer<'_> {
    fn ascii(&mut self, c: char, at: u32, ahead: &[char]) {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => self.word_char(c.to_ascii_lowercase(), at),
            '@' | '$' | '!' if self.is_disguise(c, ahead) => self.word_char(c, at),
            '-' if self.is_between_letters(ahead) => self.space(' ', at),
            // A hashtag is a word in its sentence.
            '#' if ahead.first().is_some_and(|c| c.is_alphabetic()) => self.end_word(),
            _ if c.is_ascii_whitespace() => self.space(c, at),
            _ => self.other(c, at),
        }
    }

    fn fold(&mut self, c: char, at: u32) {
        match c {
            _ if is_invisible(c) => {}
            '‘' | '’' | 'ʼ' | '′' => self.other('\'', at),
            '“' | '”' | '„' | '«' | '»' => self.other('"', at),
            '\u{2010}'..='\u{2012}' => self.space(' ', at),
            _ => decompose_compatible(c, |part| {
                if let Some(letter) = small_capital(part) {
                    self.word_char(letter, at);
                } else {
                    self.folded(part, at);
                }
            }),
        }
    }

    fn folded(&mut self, part: char, at: u32) {
        for c in part.to_lowercase().filter(|&c| !is_accent(c)) {
            if c.is_whitespace() {
                self.space(c, at);
            } else if c.is_alphanumeric() {
                self.word_char(c, at);
            } else {
                self.other(c, at);
            }
        }
    }

    fn word_char(&mut self, c: char, at: u32) {
        let word = &mut self.word;
        word.start.get_or_insert(self.text.len());
        word.run = if word.last == Some(c) { word.run + 1 } else { 1 };
        word.last = Some(c);
        if c.is_alphabetic() {
            word.letters += 1;
            word.stretched |= word.run >= 3;
            word.latin |= c.is_ascii();
            word.foreign |= look_alike(c).is_some();
        } else {
            word.disguises += 1;
        }
        self.push(c, at);
    }

    fn other(&mut self, c: char, at: u32) {
        self.end_word();
        self.push(c, at);
    }

    /// White space runs together; a line break in the run wins, because it ends the sentence.
    fn space(&mut self, c: char, at: u32) {
        self.end_word();
        let is_break = c == '\n';
        if self.text.ends_with([' ', '\n']) {
            if is_break {
                self.text.pop();
                self.text.push('\n');
            }
        } else {
            self.push(if is_break { '\n' } else { ' ' }, at);
        }
    }

    fn push(&mut self, c: char, at: u32) {
        self.text.push(c);
        self.from.resize(self.text.len(), at);
    }

    /// A sign inside a word: letters before it and, past repetitions of it, after it.
    fn is_disguise(&self, sign: char, ahead: &[char]) -> bool {
        /// "a$$hole", "sh!!t"; more in a row is shouting.
        const REPEATED_MAX: usize = 3;
        self.word.letters > 0
            && ahead.iter().take(REPEATED_MAX).find(|&&c| c != sign).is_some_and(|c| c.is_alphabetic())
    }

    fn is_between_letters(&self, ahead: &[char]) -> bool {
        self.word.last.is_some_and(char::is_alphabetic) && ahead.first().is_some_and(|c| c.is_alphabetic())
    }

    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        let Some(start) = word.start else { return };
        let respelled = self.spellings.and_then(|spellings| word.respelled(&self.text[start..], spellings));
        if let Some(respelled) = respelled {
            let at = self.from[start];
            self.text.truncate(start);
            self.text.push_str(&respelled);
            self.from.truncate(start);
            self.from.resize(self.text.len(), at);
        }
    }
}

impl Word {
    /// The plain spelling of a word that looks disguised.
    fn respelled(&self, word: &str, spellings: &Spellings) -> Option<String> {
        let mixed = self.latin && self.foreign;
        // Numbers and product names stay: only a word that then is one of the lexicon's is read as disguised.
        let leet = self.disguises > 0 && self.letters >= 2 && self.letters >= self.disguises;
        if !(mixed || leet || self.stretched) {
            return None;
        }
        let plain: String = word.chars().map(|c| look_alike(c).filter(|_| mixed).unwrap_or(c)).collect();
        if leet {
            let known = ['i', 'l'].into_iter().find_map(|one| spellings.find(&unleet(&plain, one)));
            return known.map(str::to_owned).or(mixed.then_some(plain));
        }
        if self.stretched {
            return Some(spellings.find(&plain).map_or_else(|| unstretched(&plain), str::to_owned));
        }
        Some(plain)
    }
}

/// Every run of a letter down to one.
fn squeezed(word: &str) -> String {
    let mut last = None;
    word.chars().filter(|&c| last.replace(c) != Some(c)).collect()
}

/// Runs of three or more down to one; doubles are spelling.
fn unstretched(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut rest = word.chars().peekable();
    while let Some(c) = rest.next() {
        let mut run = 1;
        while rest.next_if_eq(&c).is_some() {
            run += 1;
        }
        out.extend(std::iter::repeat_n(c, if run == 2 { 2 } else { 1 }));
    }
    out
}

fn unleet(word: &str, one: char) -> String {
    let letter = |c| match c {
        '0' => 'o',
        '1' => one,
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        '8' => 'b',
        '!' => 'i',
        other => other,
    };
    word.chars().map(letter).collect()
}

/// Format characters, joiners, fillers and variation selectors: drawn as nothing.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// The combining marks of Latin, Greek and Cyrillic, and those that stack on anything. Vowel signs of other scripts
/// are letters and stay.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// The Latin letter that a Cyrillic or Greek one is drawn like.
fn look_alike(c: char) -> Option<char> {
    Some(match c {
        'а' | 'α' => 'a',
        'в' => 'b',
        'с' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' | 'ε' => 'e',
        'һ' | 'н' => 'h',
        'і' | 'ι' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'п' | 'η' => 'n',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'г' => 'r',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'υ' => 'u',
        'ѵ' | 'ν' => 'v',
        'ԝ' | 'ω' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        _ => return None,
    })
}

/// Small capitals, which Unicode holds to be letters of their own and does not decompose.
fn small_capital(c: char) -> Option<char> {
    const SMALL: &str = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ";
    const PLAIN: &[u8] = b"abcdefghijklmnopqrstuvwyz";
    // Most text has no letters of these blocks at all.
    if !matches!(c, '\u{250}'..='\u{2af}' | '\u{1d00}'..='\u{1d7f}' | '\u{a720}'..='\u{a7ff}') {
        return None;
    }
    SMALL.chars().position(|small| small == c).map(|index| char::from(PLAIN[index]))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "expect! makes a value")]
    fn check(text: &str, want: Expect) {
        let mut spellings = Spellings::default();
        for word in ["still", "lawyer", "furious", "asshole", "hacked", "bbb"] {
            spellings.add(word);
        }
        let original: Vec<char> = text.chars().collect();
        let normal = normalize(&original, Some(&spellings));
        assert_eq!(normal.from.len(), normal.text.len());
        want.assert_eq(&normal.text);
    }

    #[test]
    fn case_width_accents_and_quotes_are_plain() {
        check(
            "I’m  FURIOUS,\tdemandaré\r\n  “Ｓｕｅ”",
            expect![[r#"
                i'm furious, demandare
                "sue""#]],
        );
        check("charge-back, 400-600, a - b", expect!["charge back, 400-600, a - b"]);
        check("𝐥𝐚𝐰𝐲𝐞𝐫 ʟᴀᴡʏᴇʀ", expect!["lawyer lawyer"]);
    }

    #[test]
    fn disguised_words_are_respelled() {
        check("sоооо stilllll furiiious, goooood", expect!["so still furious, god"]);
        check("l4wy3r h4ck3d l@wyer a$$hole", expect!["lawyer hacked lawyer asshole"]);
        check("bbb b bbbb", expect!["bbb b b"]);
        check("b2b mp3 4th $500 500usd i18n win10", expect!["b2b mp3 4th $500 500usd i18n win10"]);
        check("my lаwyеr (mixed) and юрист (not)", expect!["my lawyer (mixed) and юрист (not)"]);
        check("law\u{200b}yer la\u{301}\u{302}\u{303}wyer", expect!["lawyer lawyer"]);
    }

    #[test]
    fn spans_point_into_the_original() {
        let original: Vec<char> = "\u{fdfa} la\u{200b}wyer\u{301}! stilllll".chars().collect();
        let mut spellings = Spellings::default();
        spellings.add("still");
        let normal = normalize(&original, Some(&spellings));
        let find = |word: &str| {
            let start = normal.text.find(word).expect("it is there");
            original[normal.span(start..start + word.len())].iter().collect::<String>()
        };
        assert_eq!(find("lawyer"), "la\u{200b}wyer\u{301}");
        assert_eq!(find("still"), "stilllll");
    }
}
