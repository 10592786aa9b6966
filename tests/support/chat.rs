//! What people see, as lines of a transcript.

use std::collections::BTreeMap;

use bellhop::sandbox::{AnswerKind, Seen, SmallDiscord};
use chrono::{DateTime, TimeDelta, Utc};
use regex::{Captures, Regex};
use serde_json::Value;

/// Writes what was seen at one moment. In which order things reach different messages is not part of the promise, so
/// entries are sorted: answers, then channel by channel what was posted and what was edited. Of several edits of one
/// message only the last counts: it is what people see.
pub fn render(seen: &[Seen], discord: &SmallDiscord, now: DateTime<Utc>) -> String {
    let mut shown: BTreeMap<Place, String> = BTreeMap::new();
    for (index, seen) in seen.iter().enumerate() {
        if let Some((place, text)) = entry(seen, index, discord, now) {
            shown.insert(place, text);
        }
    }
    shown.into_values().collect()
}

/// An answer or a channel; which channel; a page, another post, or an edit; which message, or the order of coming.
type Place = (u8, u64, u8, u64);

/// Answers come first: they are what the person who acted sees.
fn entry(seen: &Seen, index: usize, discord: &SmallDiscord, now: DateTime<Utc>) -> Option<(Place, String)> {
    let names = Names { discord, now };
    let answer = |channel: u64| (0, channel, 0, index as u64);
    let id = |message: &Value| message["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default();
    match seen {
        Seen::Posted { channel, message, pinged, .. } if is_bots(message) => {
            let head = format!("{}{}", names.channel(*channel), names.pings(pinged));
            Some((
                (1, *channel, if pinged.is_empty() { 2 } else { 1 }, id(message)),
                block(&head, &names.message(message, true)),
            ))
        }
        Seen::Edited { channel, message, .. } if is_bots(message) => {
            let head = format!("{} (edited)", names.channel(*channel));
            Some(((1, *channel, 3, id(message)), block(&head, &names.message(message, false))))
        }
        Seen::Answer { user, channel, kind, body, ephemeral, .. } => match kind {
            AnswerKind::Deferred | AnswerKind::DeferredUpdate => None,
            AnswerKind::Modal => {
                let head = format!("{} gets a form", names.person(*user));
                Some((answer(*channel), block(&head, &names.form(body))))
            }
            _ => Some((answer(*channel), names.told(*user, *channel, *ephemeral, body))),
        },
        Seen::FollowUp { user, channel, message, ephemeral, .. }
        | Seen::AnswerEdited { user, channel, message, ephemeral, .. } => {
            Some((answer(*channel), names.told(*user, *channel, *ephemeral, message)))
        }
        Seen::Posted { .. } | Seen::Edited { .. } | Seen::Deleted { .. } | Seen::AnswerDeleted { .. } => None,
    }
}

fn is_bots(message: &Value) -> bool {
    message["author"]["bot"].as_bool().unwrap_or(false)
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

struct Names<'a> {
    discord: &'a SmallDiscord,
    now: DateTime<Utc>,
}

impl Names<'_> {
    fn channel(&self, id: u64) -> String {
        format!("#{}", self.discord.channel_name(id))
    }

    fn person(&self, id: u64) -> String {
        self.discord.name_of(id)
    }

    fn pings(&self, pinged: &[u64]) -> String {
        let names: Vec<String> = pinged.iter().map(|id| self.person(*id)).collect();
        if names.is_empty() { String::new() } else { format!(" pings {}", names.join(" and ")) }
    }

    fn told(&self, user: u64, channel: u64, ephemeral: bool, message: &Value) -> String {
        let head = if ephemeral { format!("only {} sees", self.person(user)) } else { self.channel(channel) };
        block(&head, &self.message(message, true))
    }

    /// A message's text, embed and buttons. An edit shows what changes: not the fields, which stay.
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

    fn form(&self, form: &Value) -> Vec<String> {
        let mut lines = vec![self.plain(form["title"].as_str().unwrap_or_default())];
        let rows = form["components"].as_array().into_iter().flatten();
        for input in rows.flat_map(|row| row["components"].as_array().into_iter().flatten()) {
            let label = input["label"].as_str().unwrap_or_default();
            let needed = if input["required"].as_bool().unwrap_or(true) { " (needed)" } else { "" };
            let value = input["value"].as_str().unwrap_or_default();
            lines.push(format!("{label}{needed}: {value}").trim_end().to_owned());
        }
        lines
    }

    /// Ids become names, times become the scenario's.
    fn plain(&self, text: &str) -> String {
        let pattern = Regex::new(r"<(@&|@|#|t:)(\d+)(?::([a-zA-Z]))?>|https://discord\.com/channels/\d+/\d+/\d+")
            .expect("the pattern is one");
        let named = pattern.replace_all(text, |found: &Captures<'_>| {
            let Some(sigil) = found.get(1) else { return "its place".to_owned() };
            let id: i64 = found[2].parse().unwrap_or_default();
            let name = u64::try_from(id).unwrap_or_default();
            match sigil.as_str() {
                "@&" => format!("@{}", self.discord.role_name(name)),
                "@" => format!("@{}", self.person(name)),
                "#" => self.channel(name),
                _ if found.get(3).is_some_and(|style| style.as_str() == "R") => distance(id - self.now.timestamp()),
                _ => clock(id, self.now),
            }
        });
        // The version of the procedure changes with every word of the example.
        let version = Regex::new(r"under procedure [0-9a-f]{12}").expect("the pattern is one");
        version.replace(&named, "under procedure …").replace('\u{2060}', "")
    }
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
