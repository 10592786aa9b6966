//! What people see, as lines of a transcript.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use regex::{Captures, Regex};
use serde_json::Value;

/// What ids are called by the people of a transcript.
pub trait Names {
    fn person(&self, id: u64) -> String;
    fn channel(&self, id: u64) -> String;
    /// The channel that a thread hangs on; `None` for what is no thread.
    fn parent(&self, id: u64) -> Option<u64>;
    fn role(&self, id: u64) -> String;
}

/// What was seen at one moment. In which order things reach different messages is not part of the promise, so
/// entries are sorted: answers, then channel by channel what was posted and what was edited. Of several edits of one
/// message only the last counts: it is what people see.
pub struct View<'a> {
    names: &'a dyn Names,
    now: DateTime<Utc>,
    shown: BTreeMap<Place, String>,
}

/// An answer, a channel or a thread; which channel; a page, another post, or an edit; which message, or the order of coming.
type Place = (u8, u64, u8, u64);

impl<'a> View<'a> {
    pub fn new(names: &'a dyn Names, now: DateTime<Utc>) -> Self {
        Self { names, now, shown: BTreeMap::new() }
    }

    /// The bot posted; `pinged` got a notification. What stands in threads comes last.
    pub fn posted(&mut self, channel: u64, message: &Value, id: u64, pinged: &[u64]) {
        let names: Vec<String> = pinged.iter().map(|id| self.names.person(*id)).collect();
        let pings = if names.is_empty() { String::new() } else { format!(" pings {}", names.join(" and ")) };
        let (kind, place) = match self.names.parent(channel) {
            Some(parent) => (2, format!("{} › {}", self.channel(parent), self.thread(channel))),
            None => (1, self.channel(channel)),
        };
        let text = block(&format!("{place}{pings}"), &self.message(message, true));
        self.shown.insert((kind, channel, if pinged.is_empty() { 2 } else { 1 }, id), text);
    }

    /// The bot changed a message. It shows what changes: not the fields, which stay.
    pub fn edited(&mut self, channel: u64, message: &Value, id: u64) {
        let text = block(&format!("{} (edited)", self.channel(channel)), &self.message(message, false));
        self.shown.insert((1, channel, 3, id), text);
    }

    /// Somebody was answered, in private or for all to see.
    pub fn told(&mut self, user: u64, channel: u64, ephemeral: bool, message: &Value) {
        let head = if ephemeral { format!("only {} sees", self.names.person(user)) } else { self.channel(channel) };
        self.answer(channel, block(&head, &self.message(message, true)));
    }

    /// Somebody was shown a form.
    pub fn form(&mut self, user: u64, channel: u64, form: &Value) {
        let mut lines = vec![self.plain(form["title"].as_str().unwrap_or_default())];
        let rows = form["components"].as_array().into_iter().flatten();
        for input in rows.flat_map(|row| row["components"].as_array().into_iter().flatten()) {
            let label = input["label"].as_str().unwrap_or_default();
            let needed = if input["required"].as_bool().unwrap_or(true) { " (needed)" } else { "" };
            let value = input["value"].as_str().unwrap_or_default();
            let hint = input["placeholder"].as_str().map(|hint| format!(" [{hint}]")).unwrap_or_default();
            lines.push(format!("{label}{needed}{hint}: {value}").trim_end().to_owned());
        }
        self.answer(channel, block(&format!("{} gets a form", self.names.person(user)), &lines));
    }

    /// Somebody who is typing was offered choices.
    pub fn offered(&mut self, user: u64, channel: u64, choices: &Value) {
        let choices = choices.as_array().into_iter().flatten();
        let names: Vec<String> =
            choices.map(|choice| self.plain(choice["name"].as_str().unwrap_or_default())).collect();
        let names = if names.is_empty() { vec!["nothing".to_owned()] } else { names };
        self.answer(channel, block(&format!("{} is offered", self.names.person(user)), &names));
    }

    /// As lines of a transcript.
    pub fn into_text(self) -> String {
        self.shown.into_values().collect()
    }

    /// Answers come first: they are what the person who acted sees.
    fn answer(&mut self, channel: u64, text: String) {
        let order = self.shown.len() as u64;
        self.shown.insert((0, channel, 0, order), text);
    }

    fn channel(&self, id: u64) -> String {
        format!("#{}", self.names.channel(id))
    }

    /// What a thread is called, up to the title of its case.
    fn thread(&self, id: u64) -> String {
        let name = self.names.channel(id);
        name.split(" · ").next().unwrap_or_default().to_owned()
    }

    /// A message's text, embed and buttons.
    fn message(&self, message: &Value, full: bool) -> Vec<String> {
        let mut lines = Vec::new();
        let mut say = |text: &str| lines.extend(self.plain(text).lines().map(str::to_owned));
        say(message["content"].as_str().unwrap_or_default());
        for embed in message["embeds"].as_array().into_iter().flatten() {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            say(&text(&embed["title"]));
            say(&text(&embed["description"]));
            for field in embed["fields"].as_array().into_iter().flatten().filter(|_| full) {
                let value = text(&field["value"]).replace('\n', " / ");
                say(&format!("{}: {value}", text(&field["name"])));
            }
            if full {
                say(&text(&embed["footer"]["text"]));
            }
        }
        let rows = message["components"].as_array().into_iter().flatten();
        let buttons = rows.flat_map(|row| row["components"].as_array().into_iter().flatten());
        let labels: Vec<String> =
            buttons.map(|button| format!("[{}]", button["label"].as_str().unwrap_or_default())).collect();
        if !labels.is_empty() {
            lines.push(labels.join(" "));
        }
        lines
    }

    /// Ids become names, times become the transcript's.
    fn plain(&self, text: &str) -> String {
        static MARKUP: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"<(@&|@|#|t:)(\d+)(?::([a-zA-Z]))?>|https://discord\.com/channels/\d+/\d+/\d+")
                .expect("a pattern written here")
        });
        // The version of the procedure, and where its lines stand, change with every word of the config.
        static VERSION: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"\b(?P<what>procedure|Verfahren|[Vv]ersion|it was|line) (?:[0-9a-f]{12}\b|\d+\b)")
                .expect("a pattern written here")
        });
        let named = MARKUP.replace_all(text, |found: &Captures<'_>| {
            let Some(sigil) = found.get(1) else { return "its place".to_owned() };
            let id: i64 = found[2].parse().unwrap_or_default();
            let name = u64::try_from(id).unwrap_or_default();
            match sigil.as_str() {
                "@&" => format!("@{}", self.names.role(name)),
                "@" => format!("@{}", self.names.person(name)),
                "#" => self.channel(name),
                _ if found.get(3).is_some_and(|style| style.as_str() == "R") => distance(id - self.now.timestamp()),
                _ => clock(id, self.now),
            }
        });
        VERSION.replace_all(&named, "$what …").replace('\u{2060}', "")
    }
}

fn block(head: &str, lines: &[String]) -> String {
    let mut text = match lines {
        [line] => return format!("    {head}: {line}\n"),
        _ => format!("    {head}:\n"),
    };
    for line in lines {
        text.push_str("        ");
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// "10:30", with the date where it is another day.
fn clock(seconds: i64, now: DateTime<Utc>) -> String {
    let at = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    let format = if at.date_naive() == now.date_naive() { "%H:%M" } else { "%a %-d %b %H:%M" };
    at.format(format).to_string()
}

fn distance(seconds: i64) -> String {
    if seconds == 0 {
        return "now".to_owned();
    }
    let span = TimeDelta::seconds(seconds.abs());
    let said = match (span.num_days(), span.num_hours(), span.num_minutes()) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) if minutes % 60 == 0 => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {} min", minutes % 60),
        (days, _, _) => format!("{days} d"),
    };
    if seconds < 0 { format!("{said} ago") } else { format!("in {said}") }
}
