//! At the edge of each of Discord's limits nothing is cut; one more, and what is sent is still taken.

use serde_json::Value;

use crate::adapters::discord::compose;
use crate::sandbox::check::{Purpose, message};
use crate::words::{Field, Sheet};

fn text(chars: usize) -> String {
    "ß".repeat(chars)
}

fn field(name: usize, value: usize) -> Field {
    Field { name: text(name), value: text(value) }
}

/// A page with a title, a body, small print and fields of so many characters.
fn page(title: usize, body: usize, footer: usize, fields: &[(usize, usize)]) -> Sheet {
    let fields = fields.iter().map(|(name, value)| field(*name, *value)).collect();
    Sheet { title: text(title), body: text(body), footer: text(footer), fields }
}

/// The characters of a message and the number of its fields, and whether anything was cut. Discord takes it.
fn sent(body: &Value) -> (usize, usize, bool) {
    let problems = message(body, Purpose::Answer);
    assert!(problems.is_empty(), "{}", problems.summary());
    let embed = &body["embeds"][0];
    let fields = embed["fields"].as_array().map_or(&[][..], Vec::as_slice);
    let texts = [&body["content"], &embed["title"], &embed["description"], &embed["footer"]["text"]];
    let texts = texts.into_iter().chain(fields.iter().flat_map(|field| [&field["name"], &field["value"]]));
    let texts: Vec<&str> = texts.filter_map(Value::as_str).collect();
    let chars = texts.iter().map(|text| text.chars().count()).sum();
    (chars, fields.len(), texts.iter().any(|text| text.ends_with('…')))
}

/// `edge` fits, `beyond` is longer by one in one place and is cut to the same length.
fn check(edge: &Sheet, beyond: &Sheet) {
    let (chars, fields, is_cut) = sent(&compose::answer(edge));
    assert!(!is_cut, "what fits is not cut");
    assert_eq!(sent(&compose::answer(beyond)), (chars, fields, true));
}

#[test]
fn each_part_of_a_page_is_cut_at_its_end() {
    check(&page(256, 0, 0, &[]), &page(257, 0, 0, &[]));
    check(&page(1, 4_096, 0, &[]), &page(1, 4_097, 0, &[]));
    check(&page(1, 0, 2_048, &[]), &page(1, 0, 2_049, &[]));
    check(&page(1, 0, 0, &[(256, 1)]), &page(1, 0, 0, &[(257, 1)]));
    check(&page(1, 0, 0, &[(1, 1_024)]), &page(1, 0, 0, &[(1, 1_025)]));
}

#[test]
fn a_page_is_cut_at_6000_characters_in_all() {
    let edge = page(100, 4_096, 0, &[(10, 1_024), (10, 760)]);
    assert_eq!(sent(&compose::answer(&edge)), (6_000, 2, false));
    check(&edge, &page(100, 4_096, 0, &[(10, 1_024), (10, 761)]));
    // What identifies a page is kept: its small print, too.
    let full = page(256, 4_096, 2_048, &[(10, 10)]);
    assert_eq!(sent(&compose::answer(&full)), (6_000, 0, true));
}

#[test]
fn a_page_has_25_fields_at_most() {
    let fields = |count| page(1, 0, 0, &vec![(1, 1); count]);
    assert_eq!(sent(&compose::answer(&fields(25))).1, 25);
    assert_eq!(sent(&compose::answer(&fields(26))).1, 25);
}

#[test]
fn a_line_has_2000_characters_at_most() {
    assert_eq!(sent(&compose::line(&text(2_000), &[], &[])), (2_000, 0, false));
    assert_eq!(sent(&compose::line(&text(2_001), &[], &[])), (2_000, 0, true));
}
