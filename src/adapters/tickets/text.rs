//! Texts from ticket systems as people may see them, and ours as HTML where a system wants it.

use crate::adapters::shown::shown;
use crate::sop::message::cut;

/// A name, a subject, a tag: what is longer says no more.
const LINE_CHARS_MAX: usize = 300;
/// A comment. Ours are shorter, so that a marker at the end of one is always found again.
pub(super) const TEXT_CHARS_MAX: usize = 10_000;
/// Bytes of HTML that are looked at for so much text; mails quote whole threads in more.
const HTML_BYTES_MAX: usize = 100_000;
/// Wide enough that only the writer's own lines are lines.
const WIDTH: usize = 2_000;

pub(super) fn line(text: &str) -> String {
    let text: String = shown(&cut(text, LINE_CHARS_MAX)).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn plain(text: &str) -> String {
    let text = cut(text, TEXT_CHARS_MAX).replace("\r\n", "\n");
    shown(&text).collect::<String>().trim().to_owned()
}

pub(super) fn from_html(html: &str) -> String {
    let html = &html[..html.floor_char_boundary(HTML_BYTES_MAX)];
    let config = html2text::config::plain_no_decorate().raw_mode(true).no_table_borders().allow_width_overflow();
    // It fails only where a width is too small for what stands in it.
    plain(&config.string_from_read(html.as_bytes(), WIDTH).unwrap_or_default())
}

/// A text that looks the same in HTML, whatever stands in it.
pub(super) fn to_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\n' => html.push_str("<br>"),
            _ => html.push(character),
        }
    }
    html
}

/// Addresses of mail: a vendor repeats what it was asked for, and its words go into logs.
static MAIL: std::sync::LazyLock<regex::Regex> = std::sync::LazyLock::new(|| {
    regex::Regex::new(r"[^\s@:/?=&\x22']+@[^\s@:/?=&\x22']+").expect("a regular expression written here")
});

/// What a vendor gives as its reason, on one line, and without what is nobody's business.
pub(super) fn reason(text: &str, secrets: &[String]) -> String {
    let without = secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "…"));
    MAIL.replace_all(&line(&without), "…@…").into_owned()
}
