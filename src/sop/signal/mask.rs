//! What in a text is not speech: code, links, mentions, addresses, custom emoji, and whatever is not quoted where
//! only quotes count.
//!
//! Masking replaces, it never removes: the masked text has as many scalar values as the original, so every later
//! position still points into what was written. One pass per rule, each linear.

use std::ops::Range;

/// Whose words a text holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// The writer's own: all of it is read.
    Whole,
    /// Staff citing a customer: only block quotes (lines that start with `> `, all lines after `>>> `) are read.
    QuotesOnly,
}

/// Stands where something was masked: neither a letter nor a space, so that no term reaches across it.
pub(crate) const MASK: char = '\u{1a}';

/// A chat platform's markup in angle brackets is at most this long; a bound on how far a lone `<` looks ahead.
const MARKUP_MAX: usize = 120;
/// The longest local part of a mail address (RFC 5321 §4.5.3.1.1); a bound on how far an `@` looks back.
const LOCAL_PART_MAX: usize = 64;

/// Masks `text`, one scalar value each, in place.
pub(crate) fn mask(text: &mut [char], speech: Speech) {
    if speech == Speech::QuotesOnly {
        mask_outside_quotes(text);
    }
    if text.contains(&'`') {
        mask_code(text);
    }
    if text.contains(&'<') {
        mask_markup(text);
    }
    if text.contains(&':') || text.contains(&'.') {
        mask_links(text);
    }
    if text.contains(&'@') {
        mask_addresses(text);
    }
}

fn cover(text: &mut [char], range: Range<usize>) {
    text[range].fill(MASK);
}

fn mask_outside_quotes(text: &mut [char]) {
    let mut rest_is_quoted = false;
    for line in text.split_inclusive_mut(|&c| c == '\n') {
        rest_is_quoted |= line.starts_with(&['>', '>', '>', ' ']);
        if !rest_is_quoted && !line.starts_with(&['>', ' ']) {
            // The line break stays: it ends the sentence.
            line.iter_mut().filter(|c| **c != '\n').for_each(|c| *c = MASK);
        }
    }
}

/// Code is a run of backticks up to the next run of the same length (three or more count as three).
fn mask_code(text: &mut [char]) {
    let runs = backtick_runs(text);
    // Where the next run of each length is, found from the back, so that unpaired runs cost nothing.
    let mut next: [Option<usize>; 4] = [None; 4];
    let mut closing = vec![None; runs.len()];
    for (index, run) in runs.iter().enumerate().rev() {
        let length = run.len().min(3);
        closing[index] = next[length];
        next[length] = Some(index);
    }
    let mut index = 0;
    while index < runs.len() {
        if let Some(close) = closing[index] {
            cover(text, runs[index].start..runs[close].end);
            index = close;
        }
        index += 1;
    }
}

fn backtick_runs(text: &[char]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.iter().enumerate().filter(|(_, c)| **c == '`') {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// Mentions, custom emoji, timestamps, links to commands: `<`, one of a few signs, no space, `>`.
fn mask_markup(text: &mut [char]) {
    let mut at = 0;
    while at < text.len() {
        let ahead = &text[at..text.len().min(at + MARKUP_MAX)];
        let is_markup = ahead[0] == '<'
            && (matches!(ahead.get(1), Some('@' | '#' | ':' | '/'))
                || matches!(ahead.get(1..3), Some(['a' | 't', ':']))
                || ahead.starts_with(&['<', 'i', 'd', ':']));
        let end = ahead.iter().position(|&c| c == '>' || c.is_whitespace()).filter(|&end| ahead[end] == '>');
        match end {
            Some(end) if is_markup => {
                cover(text, at..at + end + 1);
                at += end;
            }
            _ => {}
        }
        at += 1;
    }
}

/// `scheme://…` and `www.…` up to a space, an angle bracket or the bracket that closes a named link.
fn mask_links(text: &mut [char]) {
    let mut at = 0;
    while at < text.len() {
        let Some(start) = link_start(text, at) else {
            at += 1;
            continue;
        };
        let end = (at..text.len()).find(|&end| text[end].is_whitespace() || matches!(text[end], '<' | '>' | ')' | '"'));
        let end = end.unwrap_or(text.len());
        cover(text, start..end);
        at = end.max(at + 1);
    }
}

/// Where the link begins that shows itself at `at` (`://` or `www.`), if one does.
fn link_start(text: &[char], at: usize) -> Option<usize> {
    let before = |at: usize| at.checked_sub(1).map(|at| text[at]);
    if text[at..].starts_with(&[':', '/', '/']) {
        /// Longer than any scheme in use.
        const SCHEME_MAX: usize = 20;
        let scheme = (at.saturating_sub(SCHEME_MAX)..at).rev().take_while(|&at| text[at].is_ascii_alphanumeric());
        return scheme.last();
    }
    let lower = |at: usize| text.get(at).map(char::to_ascii_lowercase);
    let www = (0..3).all(|offset| lower(at + offset) == Some('w')) && text.get(at + 3) == Some(&'.');
    (www && !before(at).is_some_and(char::is_alphanumeric)).then_some(at)
}

/// `@handle` and `name@example.org`; an `@` inside a word without a dot after it may be a disguised letter and stays.
fn mask_addresses(text: &mut [char]) {
    let mut at = 0;
    while at < text.len() {
        if text[at] != '@' {
            at += 1;
            continue;
        }
        let end = (at + 1..text.len()).find(|&end| !is_address_char(text[end])).unwrap_or(text.len());
        let local = (at.saturating_sub(LOCAL_PART_MAX)..at).rev().take_while(|&at| is_address_char(text[at])).last();
        let has_dot = text[at..end].windows(2).any(|pair| pair[0] == '.' && pair[1].is_alphanumeric());
        match local {
            Some(local) if has_dot => cover(text, local..end),
            None => cover(text, at..end),
            Some(_) => {}
        }
        at = end.max(at + 1);
    }
}

fn is_address_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-')
}

#[cfg(test)]
#[expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "expect! makes a value")]
    fn check(speech: Speech, text: &str, want: Expect) {
        let mut chars: Vec<char> = text.chars().collect();
        mask(&mut chars, speech);
        assert_eq!(chars.len(), text.chars().count());
        want.assert_eq(&chars.iter().map(|&c| if c == MASK { '_' } else { c }).collect::<String>());
    }

    #[test]
    fn code_is_not_speech() {
        check(Speech::Whole, "run `sue --all` now", expect!["run ___________ now"]);
        check(
            Speech::Whole,
            "log:\n```\nlawyer\n```\nhelp",
            expect![[r#"
                log:
                ______________
                help"#]],
        );
        check(Speech::Whole, "a lone ` stays, ``so does `this` one", expect!["a lone ____________________this` one"]);
    }

    #[test]
    fn links_mentions_and_addresses_are_not_speech() {
        check(
            Speech::Whole,
            "see https://x.test/legal?a=b (or www.sue.test) ok",
            expect!["see ________________________ (or ____________) ok"],
        );
        check(Speech::Whole, "[my lawyer](https://x.test/a) said", expect!["[my lawyer](________________) said"]);
        check(
            Speech::Whole,
            "hey <@123> <:rage:42> <t:1:R> a < b > c",
            expect!["hey ______ __________ _______ a < b > c"],
        );
        check(
            Speech::Whole,
            "@lawyer write to sue@firm.test, you l@wyer",
            expect!["_______ write to _____________, you l@wyer"],
        );
    }

    #[test]
    fn only_quotes_are_the_customers_words() {
        check(
            Speech::QuotesOnly,
            "he says\n> I will sue\nso I told him no",
            expect![[r#"
                _______
                > I will sue
                ________________"#]],
        );
        check(
            Speech::QuotesOnly,
            "look\n>>> one\ntwo",
            expect![[r#"
                ____
                >>> one
                two"#]],
        );
    }
}
