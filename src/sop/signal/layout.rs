//! Where words, clauses and sentences begin in a normalised text: what "near" means to everything that weighs.

use super::mask::MASK;

/// Bytes where each word, clause and sentence begins, ascending; each list is searched by halving.
pub(crate) struct Layout {
    words: Vec<usize>,
    clauses: Vec<usize>,
    sentences: Vec<usize>,
}

impl Layout {
    pub fn of(text: &str) -> Self {
        let mut layout = Self { words: Vec::with_capacity(text.len() / 4), clauses: vec![0], sentences: vec![0] };
        let mut inside_word = false;
        let mut rest = text.char_indices().peekable();
        while let Some((at, c)) = rest.next() {
            let next = rest.peek().map(|&(_, next)| next);
            if is_word_char(c) || (c == '\'' && inside_word) {
                if !inside_word {
                    layout.words.push(at);
                }
                inside_word = true;
                continue;
            }
            inside_word = false;
            let after = at + c.len_utf8();
            if ends_sentence(c, next) && !layout.is_abbreviation(&text[..at], c) {
                // "?!" and ". . ." end one sentence, not several.
                if layout.words.last() >= layout.sentences.last() {
                    layout.sentences.push(after);
                }
                layout.clauses.push(after);
            } else if matches!(c, ',' | ';' | ':' | '(' | ')' | '"' | '–' | '—' | MASK)
                && !is_inside_number(text, at, next)
            {
                layout.clauses.push(after);
            }
        }
        layout
    }

    /// The number of the word at or before a byte, from 1; 0 before the first.
    pub fn word(&self, byte: usize) -> usize {
        self.words.partition_point(|&start| start <= byte)
    }

    /// The number of the clause that a byte is in, from 1.
    pub fn clause(&self, byte: usize) -> usize {
        self.clauses.partition_point(|&start| start <= byte)
    }

    /// The number of the sentence that a byte is in, from 1.
    pub fn sentence(&self, byte: usize) -> usize {
        self.sentences.partition_point(|&start| start <= byte)
    }

    /// The byte after a sentence, by its number; `None` for the last one.
    pub fn sentence_end(&self, sentence: usize) -> Option<usize> {
        self.sentences.get(sentence).copied()
    }

    fn is_abbreviation(&self, before: &str, c: char) -> bool {
        let last = self.words.last().map_or("", |&start| &before[start..]);
        c == '.' && matches!(last, "rs" | "mr" | "mrs" | "ms" | "dr" | "sr" | "sra" | "vs" | "approx")
    }
}

/// Letters, digits, marks that belong to letters, and the low line, as in Unicode's word boundaries (UAX 29).
pub(crate) fn is_word_char(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || c == '_'
        || (!c.is_ascii() && (c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c)))
}

fn ends_sentence(c: char, next: Option<char>) -> bool {
    match c {
        '\n' | '!' | '?' | '…' | '。' | '！' | '？' => true,
        // Not in "1.50" and "example.org".
        '.' => next.is_none_or(|next| !is_word_char(next)),
        _ => false,
    }
}

fn is_inside_number(text: &str, at: usize, next: Option<char>) -> bool {
    let digit_before = at > 0 && text.as_bytes()[at - 1].is_ascii_digit();
    digit_before && next.is_some_and(|next| next.is_ascii_digit())
}
