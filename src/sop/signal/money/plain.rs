//! The text as amounts are looked for in it: lower case, plain signs, single spaces.

use std::ops::Range;

use crate::sop::signal::spelling::{self, Part};
use crate::sop::signal::token::index;

/// Stands where something was masked: neither a letter nor a space, so that no amount reaches across it.
const MASK: char = '\u{1a}';

pub(super) struct Plain {
    pub text: String,
    /// For each byte of `text`, the byte of the original it came from; and for the end.
    from: Vec<u32>,
}

impl Plain {
    pub fn of(original: &str, masks: &[Range<usize>]) -> Self {
        let mut plain =
            Self { text: String::with_capacity(original.len()), from: Vec::with_capacity(original.len() + 1) };
        let mut at = 0;
        for mask in masks {
            plain.read(original, at.min(mask.start)..mask.start);
            plain.push(MASK, mask.start);
            at = mask.end;
        }
        plain.read(original, at..original.len());
        plain.from.push(index(original.len()));
        plain
    }

    /// The bytes of the original that some bytes of the text come from.
    pub fn original(&self, bytes: Range<usize>) -> Range<usize> {
        self.from[bytes.start] as usize..self.from[bytes.end] as usize
    }

    fn read(&mut self, original: &str, bytes: Range<usize>) {
        for (offset, c) in original[bytes.clone()].char_indices() {
            let at = bytes.start + offset;
            if c.is_whitespace() {
                if !self.text.ends_with([' ', '\n']) {
                    self.push(if c == '\n' { '\n' } else { ' ' }, at);
                }
                continue;
            }
            match spelling::part(c) {
                Part::Inside => spelling::fold(c, |c| self.push(c, at)),
                Part::Nothing => {}
                Part::Apostrophe => self.push('\'', at),
                Part::Alone | Part::Outside => self.push(sign(c), at),
            }
        }
    }

    fn push(&mut self, c: char, at: usize) {
        self.text.push(c);
        self.from.resize(self.text.len(), index(at));
    }
}

/// Full-width signs as plain ones.
fn sign(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '￥' => '¥',
        '￡' => '£',
        other => other,
    }
}
