//! What in a text is not speech: code, links, mentions, addresses, custom emoji, and whatever is not quoted where
//! only quotes count.
//!
//! A mask is a stretch of the original that is passed over; nothing is moved, so every position keeps pointing into
//! what was written. One pass per rule, each linear.

use std::ops::Range;

use memchr::{memchr_iter, memchr3};

/// Whose words a text holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// The writer's own: all of it is read.
    Whole,
    /// Staff citing a customer: only block quotes (lines that start with `> `, all lines after `>>> `) are read.
    QuotesOnly,
}

/// A chat platform's markup in angle brackets is at most this long, in bytes; a bound on how far a lone `<` looks
/// ahead.
const MARKUP_MAX: usize = 120;
/// The longest local part of a mail address (RFC 5321 §4.5.3.1.1); a bound on how far an `@` looks back.
const LOCAL_PART_MAX: usize = 64;
/// Longer than any scheme in use.
const SCHEME_MAX: usize = 20;

/// The bytes of `text` that are not speech: ascending, and no two touch.
pub(crate) fn masks(text: &str, speech: Speech) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut masks = Vec::new();
    if speech == Speech::QuotesOnly {
        mask_outside_quotes(text, &mut masks);
    }
    // Most texts have none of these signs, and one look is enough.
    if memchr3(b'`', b'<', b'@', bytes).is_some() {
        mask_code(bytes, &mut masks);
        mask_markup(text, &mut masks);
        mask_addresses(text, &mut masks);
    }
    mask_links(text, &mut masks);
    if masks.len() > 1 {
        masks.sort_unstable_by_key(|mask| mask.start);
        masks.dedup_by(|next, last| {
            let together = next.start <= last.end;
            if together {
                last.end = last.end.max(next.end);
            }
            together
        });
    }
    masks
}

fn mask_outside_quotes(text: &str, masks: &mut Vec<Range<usize>>) {
    let mut rest_is_quoted = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        rest_is_quoted |= line.starts_with(">>> ");
        if !rest_is_quoted && !line.starts_with("> ") {
            // The line break stays: it ends the sentence.
            masks.extend(Some(at..at + line.trim_end_matches('\n').len()).filter(|mask| !mask.is_empty()));
        }
        at += line.len();
    }
}

/// Code is a run of backticks up to the next run of the same length (three or more count as three).
fn mask_code(bytes: &[u8], masks: &mut Vec<Range<usize>>) {
    let runs = backtick_runs(bytes);
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
            masks.push(runs[index].start..runs[close].end);
            index = close;
        }
        index += 1;
    }
}

fn backtick_runs(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for at in memchr_iter(b'`', bytes) {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// Mentions, custom emoji, timestamps, links to commands: `<`, one of a few signs, no space, `>`.
fn mask_markup(text: &str, masks: &mut Vec<Range<usize>>) {
    const SIGNS: [&str; 7] = ["@", "#", ":", "/", "a:", "t:", "id:"];
    let bytes = text.as_bytes();
    for at in memchr_iter(b'<', bytes) {
        let inside = &bytes[at + 1..bytes.len().min(at + MARKUP_MAX)];
        if !SIGNS.iter().any(|sign| inside.starts_with(sign.as_bytes())) {
            continue;
        }
        let end = inside.iter().position(|&byte| byte == b'>' || byte == b'<' || byte.is_ascii_whitespace());
        if let Some(end) = end.filter(|&end| inside[end] == b'>') {
            masks.push(at..at + end + 2);
        }
    }
}

/// `scheme://…` and `www.…` up to a space, an angle bracket or the bracket that closes a named link.
fn mask_links(text: &str, masks: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut end = 0;
    for at in memchr_iter(b':', bytes).filter(|&at| bytes[at..].starts_with(b"://")) {
        let scheme = bytes[..at].iter().rev().take(SCHEME_MAX).take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if at >= end && scheme > 0 {
            end = link_end(text, at);
            masks.push(at - scheme..end);
        }
    }
    end = 0;
    for at in memchr_iter(b'.', bytes) {
        let is_www = at >= 3 && bytes[at - 3..at].eq_ignore_ascii_case(b"www");
        // At the start of a word: what stands before is neither a letter nor a digit.
        if at >= end && is_www && !text[..at - 3].ends_with(char::is_alphanumeric) {
            end = link_end(text, at);
            masks.push(at - 3..end);
        }
    }
}

fn link_end(text: &str, from: usize) -> usize {
    let closes = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | ')' | '"');
    text[from..].find(closes).map_or(text.len(), |length| from + length)
}

/// `@handle` and `name@example.org`; an `@` inside a word without a dot after it may be a disguised letter and stays.
fn mask_addresses(text: &str, masks: &mut Vec<Range<usize>>) {
    let mut covered = 0;
    for at in memchr_iter(b'@', text.as_bytes()) {
        if at < covered {
            continue;
        }
        let after = text[at + 1..].find(|c| !is_address_char(c)).map_or(text.len(), |length| at + 1 + length);
        // The full stop behind a handle ends the sentence.
        let end = at + 1 + text[at + 1..after].trim_end_matches('.').len();
        let before = text[..at].char_indices().rev().take(LOCAL_PART_MAX);
        let local = before.take_while(|(_, c)| is_address_char(*c)).last().map(|(start, _)| start);
        match local {
            Some(local) if text[at + 1..end].contains('.') => masks.push(local..end),
            None => masks.push(at..end),
            Some(_) => {}
        }
        covered = after;
    }
}

fn is_address_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-')
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "expect! makes a value")]
    fn check(speech: Speech, text: &str, want: Expect) {
        let mut shown = text.to_owned();
        for mask in masks(text, speech) {
            shown.replace_range(mask.clone(), &"_".repeat(mask.len()));
        }
        want.assert_eq(&shown);
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
        check(Speech::Whole, "I wrote to @lawyer. Nothing.", expect!["I wrote to _______. Nothing."]);
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
