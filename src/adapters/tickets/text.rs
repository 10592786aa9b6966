//! Texts from ticket systems as people may see them, and ours as HTML where a system wants it.

use html5gum::{DefaultEmitter, Token, Tokenizer};

use crate::sop::message::cut;
use crate::words::shown::shown;

/// A name, a subject, a tag: what is longer says no more.
const LINE_CHARS_MAX: usize = 300;
/// A comment. Ours are shorter, so that a marker at the end of one is always found again.
pub(super) const TEXT_CHARS_MAX: usize = 10_000;
/// Bytes of HTML that are looked at for so much text; mails quote whole threads in more.
const HTML_BYTES_MAX: usize = 100_000;

pub(super) fn line(text: &str) -> String {
    let spaced: String =
        cut(text, LINE_CHARS_MAX).chars().map(|it| if it.is_whitespace() { ' ' } else { it }).collect();
    shown(&spaced).collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn plain(text: &str) -> String {
    let text = cut(text, TEXT_CHARS_MAX).replace("\r\n", "\n").replace('\t', " ");
    shown(&text).collect::<String>().trim().to_owned()
}

/// Elements whose content nobody reads.
const HIDDEN: [&[u8]; 4] = [b"script", b"style", b"title", b"template"];
/// Elements that begin a line, in mails and in what editors of ticket systems write.
const LINES: [&[u8]; 12] =
    [b"br", b"div", b"tr", b"table", b"ul", b"ol", b"blockquote", b"hr", b"pre", b"section", b"article", b"dt"];
/// Elements with an empty line around them.
const PARAGRAPHS: [&[u8]; 7] = [b"p", b"h1", b"h2", b"h3", b"h4", b"h5", b"h6"];

/// The text of HTML, element after element: nothing is nested, so that the time is that of reading it once.
pub(super) fn from_html(html: &str) -> String {
    let html = &html[..html.floor_char_boundary(HTML_BYTES_MAX)];
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut text = Lines::default();
    let mut hidden_in: Option<Vec<u8>> = None;
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::EndTag(tag) if hidden_in.as_deref().is_some_and(|hidden| *tag.name == *hidden) => hidden_in = None,
            _ if hidden_in.is_some() => {}
            Token::StartTag(tag) if HIDDEN.contains(&&**tag.name) => hidden_in = Some(tag.name.to_vec()),
            Token::StartTag(tag) => match &**tag.name {
                b"li" => {
                    text.break_to(1);
                    text.say("* ");
                }
                b"td" | b"th" => text.say(" "),
                name => text.around(name),
            },
            Token::EndTag(tag) if *tag.name != b"br"[..] => text.around(&tag.name),
            Token::String(said) => text.say(&String::from_utf8_lossy(&said)),
            _ => {}
        }
    }
    plain(&text.said)
}

/// A text in which spaces and lines are those that one would see.
#[derive(Default)]
struct Lines {
    said: String,
}

impl Lines {
    fn say(&mut self, text: &str) {
        for character in text.chars() {
            // A space that may not break counts for what it shows.
            match if character.is_whitespace() { ' ' } else { character } {
                ' ' if self.said.is_empty() || self.said.ends_with([' ', '\n']) => {}
                character => self.said.push(character),
            }
        }
    }

    fn around(&mut self, name: &[u8]) {
        match name {
            b"br" => self.said.push('\n'),
            name if PARAGRAPHS.contains(&name) => self.break_to(2),
            name if LINES.contains(&name) => self.break_to(1),
            _ => {}
        }
    }

    /// Ends the line, so that so many ends of lines stand there.
    fn break_to(&mut self, lines: usize) {
        self.said.truncate(self.said.trim_end_matches(' ').len());
        let there = self.said.bytes().rev().take_while(|byte| *byte == b'\n').count();
        if !self.said.is_empty() {
            (there..lines).for_each(|_| self.said.push('\n'));
        }
    }
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
