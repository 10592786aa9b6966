//! One spelling for what people write in many: lower case, plain letters, no tricks.
//!
//! A word is lower-cased, compatibility-decomposed (NFKD), freed of accents and invisible characters, its typographic
//! apostrophes made plain. The lexicon goes through the same door, so both sides meet in the same spelling; it is for
//! matching, not for reading. A word that then is none of the lexicon's may be one in disguise: letters of other
//! scripts among Latin ones, digits and signs for letters, stretched letters.

use std::ops::Range;
use std::sync::LazyLock;

use unicode_normalization::char::decompose_compatible;

/// Longer words are none of the lexicon's, whatever they decompose to: what a text can cost is bounded by its length.
pub(crate) const WORD_MAX_BYTES: usize = 64;
/// Abbreviations such as "bbb" squeeze to next to nothing; below this many letters only the word itself is known.
const SQUEEZED_MIN: usize = 3;

/// What a character is to the word it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A letter, digit or mark that belongs to words.
    Inside,
    /// Drawn as nothing: a joiner, a filler, an accent on the letter before.
    Nothing,
    Apostrophe,
    /// A word of its own: Han, kana, Thai and others are written without spaces.
    Alone,
    /// Anything else ends a word.
    Outside,
}

pub(crate) fn part(c: char) -> Part {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => Part::Inside,
        '\'' => Part::Apostrophe,
        _ if c.is_ascii() => Part::Outside,
        // The commonest first, without a look at any table.
        _ if is_common_letter(c) => Part::Inside,
        _ => Table::place(c).map_or_else(|| part_by_unicode(c), |place| TABLE.parts[place]),
    }
}

fn part_by_unicode(c: char) -> Part {
    match c {
        '‘' | '’' | 'ʼ' | '′' => Part::Apostrophe,
        '\u{1f000}'..='\u{1f0ff}' | '\u{1f300}'..='\u{1f3fa}' | '\u{1f400}'..='\u{1faff}' => Part::Outside,
        _ if is_invisible(c) || is_accent(c) => Part::Nothing,
        _ if is_unspaced(c) => Part::Alone,
        _ if c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c) => Part::Inside,
        _ => Part::Outside,
    }
}

/// Letters beyond ASCII that texts are full of, all in one look: Latin, Greek, Cyrillic, Hebrew, Arabic, Devanagari,
/// Hangul and full-width ones. The tables of Unicode, which would say the same, take many steps for each.
fn is_common_letter(c: char) -> bool {
    matches!(c,
        'À'..='Ö' | 'Ø'..='ö' | 'ø'..='\u{2af}' | 'Α'..='Ρ' | 'Σ'..='ώ' | 'Ѐ'..='ҁ' | 'Ҋ'..='ԯ' | 'א'..='ת' | 'ؠ'..='ي' | 'ऄ'..='ह'
        | '\u{1100}'..='\u{115e}' | '\u{1161}'..='\u{11ff}' | '\u{1e00}'..='\u{1eff}' | '가'..='힣'
        | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}')
}

/// Gives the plain letters and digits of a character, mostly one.
pub(crate) fn fold(c: char, mut letter: impl FnMut(char)) {
    match c {
        '\0'..='\x7f' => letter(c.to_ascii_lowercase()),
        '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' => {
            // Full-width letters.
            letter(char::from_u32(u32::from(c) - 0xfee0).map_or(c, |plain| plain.to_ascii_lowercase()));
        }
        // One of these ligatures of Arabic decomposes to a whole phrase; they stay what they are.
        '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' => letter(c),
        '\u{400}'..='\u{52f}' => c.to_lowercase().for_each(letter),
        // Scripts without case or compatibility forms that matter: nothing to look up.
        '\u{900}'..='\u{109f}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{12000}'..='\u{1cfff}' => {
            letter(c);
        }
        // Syllables of Hangul come apart into letters that have no case.
        '가'..='힣' => decompose_compatible(c, letter),
        _ => match Table::place(c) {
            Some(place) => TABLE.folded(place).chars().for_each(letter),
            None => fold_by_unicode(c, letter),
        },
    }
}

fn fold_by_unicode(c: char, mut letter: impl FnMut(char)) {
    decompose_compatible(c, |part| match small_capital(part) {
        Some(plain) => letter(plain),
        None => part.to_lowercase().filter(|&c| part_by_unicode(c) == Part::Inside).for_each(&mut letter),
    });
}

/// What Unicode says of the characters of most alphabets and of those that are drawn like Latin ones: its own tables take
/// many steps for each, so they are asked once, when first needed.
struct Table {
    parts: Vec<Part>,
    /// What the characters fold to, all in a row, and where each begins.
    letters: String,
    begins: Vec<u32>,
}

static TABLE: LazyLock<Table> = LazyLock::new(Table::new);

impl Table {
    /// Alphabets and signs up to Han, and up to Hangul; ligatures; alphabets of scholars; letters of mathematics; letters
    /// in circles and squares.
    const RANGES: [Range<u32>; 6] =
        [0..0x3400, 0xa000..0xac00, 0xf900..0xfb50, 0x1_0000..0x1_2000, 0x1_d400..0x1_d800, 0x1_f100..0x1_f200];

    fn new() -> Self {
        let mut table = Self { parts: Vec::new(), letters: String::new(), begins: vec![0] };
        for number in Self::RANGES.into_iter().flatten() {
            let c = char::from_u32(number).expect("there are no surrogates in the ranges");
            table.parts.push(part_by_unicode(c));
            fold_by_unicode(c, |c| table.letters.push(c));
            table.begins.push(super::token::index(table.letters.len()));
        }
        table
    }

    fn place(c: char) -> Option<usize> {
        let mut before = 0;
        for range in Self::RANGES {
            if range.contains(&u32::from(c)) {
                return Some((before + u32::from(c) - range.start) as usize);
            }
            before += range.end - range.start;
        }
        None
    }

    fn folded(&self, place: usize) -> &str {
        &self.letters[self.begins[place] as usize..self.begins[place + 1] as usize]
    }
}

/// A term of the lexicon, word by word in their one spelling. Signs and white space between the words are dropped.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let word = words.last_mut().expect("there is always a last one");
        match part(c) {
            Part::Inside => fold(c, |c| word.push(c)),
            Part::Apostrophe if !word.is_empty() && rest.peek().is_some_and(|c| c.is_alphabetic()) => word.push('\''),
            Part::Nothing => {}
            Part::Outside if c == '*' && !word.is_empty() => {
                // "f***", "f**k": however many.
                if !word.ends_with('*') {
                    word.push('*');
                }
            }
            Part::Alone => words.extend([c.to_string(), String::new()]),
            Part::Outside if is_picture(c) => words.extend([c.to_string(), String::new()]),
            Part::Apostrophe | Part::Outside => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Emoji and other signs that stand for a word.
pub(crate) fn is_picture(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// Every run of a letter down to one; `None` for words too short to be told apart so.
pub(crate) fn squeezed(word: &str) -> Option<String> {
    let mut last = None;
    let squeezed: String = word.chars().filter(|&c| last.replace(c) != Some(c)).collect();
    (squeezed.chars().nth(SQUEEZED_MIN - 1).is_some()).then_some(squeezed)
}

/// Runs of three or more letters down to so many; doubles are spelling.
pub(crate) fn unstretched(word: &str, to: usize) -> String {
    let mut out = String::with_capacity(word.len());
    let mut rest = word.chars().peekable();
    while let Some(c) = rest.next() {
        let mut run = 1;
        while rest.next_if_eq(&c).is_some() {
            run += 1;
        }
        out.extend(std::iter::repeat_n(c, if run > 2 { to } else { run }));
    }
    out
}

/// Three of a letter in a row.
pub(crate) fn is_stretched(word: &str) -> bool {
    word.as_bytes().windows(3).any(|three| three[0] == three[1] && three[1] == three[2] && !three[0].is_ascii_digit())
}

/// Whether a text may hold such a word of plain letters. Without an early end, so that many bytes are compared at once.
pub(crate) fn may_be_stretched(text: &[u8]) -> bool {
    let rows = text.iter().zip(text.iter().skip(1)).zip(text.iter().skip(2));
    rows.fold(false, |any, ((a, b), c)| any | (a == b && b == c && a.is_ascii_alphabetic()))
}

/// The letters that digits and signs in a word may stand for; a "1" is an "i" or an "l".
pub(crate) fn unleet(word: &str, one: char) -> String {
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

/// Letters that are drawn like Latin ones, as those: only for a word that has both.
pub(crate) fn plain_letters(word: &str) -> Option<String> {
    let is_mixed = word.contains(|c: char| c.is_ascii_alphabetic()) && word.contains(|c| look_alike(c).is_some());
    is_mixed.then(|| word.chars().map(|c| look_alike(c).unwrap_or(c)).collect())
}

/// Format characters, joiners, fillers and variation selectors: drawn as nothing.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e0fff}')
}

/// The combining marks of Latin, Greek and Cyrillic, and those that stack on anything. Vowel signs of other scripts
/// are letters and stay.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Scripts written without spaces: Thai to Khmer, kana, Han.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
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
    use super::*;

    #[test]
    fn words_have_one_spelling() {
        let check = |text: &str, want: &[&str]| assert_eq!(words(text), want, "{text}");
        check("I’m  FURIOUS,\tdemandaré “Ｓｕｅ”", &["i'm", "furious", "demandare", "sue"]);
        check("charge-back 'quoted' o'clock", &["charge", "back", "quoted", "o'clock"]);
        check("𝐥𝐚𝐰𝐲𝐞𝐫 ʟᴀᴡʏᴇʀ la\u{200b}w\u{301}yer Straße ﬁne", &["lawyer", "lawyer", "lawyer", "straße", "fine"]);
        check("f***ing f**k 🖕🖕 返金", &["f*ing", "f*k", "🖕", "🖕", "返", "金"]);
        check("\u{fdfa} юрист", &["\u{fdfa}", "юрист"]);
    }

    #[test]
    fn disguises_come_off() {
        assert_eq!(unleet("l4wy3r", 'i'), "lawyer");
        assert_eq!(plain_letters("lаwyеr").as_deref(), Some("lawyer"));
        assert_eq!(plain_letters("юрист"), None);
        assert_eq!(squeezed("furiiious").as_deref(), Some("furious"));
        assert_eq!(squeezed("bbb"), None);
        assert_eq!(unstretched("goooood", 2), "good");
        assert!(is_stretched("soooo") && !is_stretched("1000") && !is_stretched("good"));
    }
}
