//! The grammar of a transcript, and how one is played.
//!
//! A scenario is a Markdown file: a title that is a claim, a paragraph that says why, optionally a `toml` block that
//! is added to the example config, and a `chat` block. In the chat, lines at the margin are what happens; indented
//! lines are everything that anybody could see of the bot because of it. An extra line is as wrong as a missing one.
//!
//! ```text
//! 09:00 Dana in #support: I want my $700 back
//!     #managers pings Mona: …
//! 09:05 Mona presses Acknowledge on ESC-1
//! ```
//!
//! | what happens | |
//! |---|---|
//! | `Dana in #support: text` | says; `\n` breaks the line. `Dana in #support/Broken router: …` opens a thread of that name or writes in it |
//! | `Dana edits "old" to "new"` · `Dana deletes "text"` | her latest message that reads so |
//! | `Mona presses Acknowledge on ESC-1 [in #managers]` | the newest card of the case with that button, in that channel |
//! | `Mona presses the old Acknowledge on ESC-1` | the button as it was first drawn |
//! | `Rosa types /ack escalation:ESC-1 in #tier-1` | options are `name:value`, a value goes on to the next `name:`; `@Sam` is a person |
//! | `Rosa uses "Escalate this" on "text"` | the menu of the latest message that reads so |
//! | `Rosa fills in ticket: 42; steps: tried` | the form she was shown last |
//! | `(time passes)` | up to the time in front |
//! | `(the bot restarts)` · `(the bot stops)` · `(the bot starts)` | a stop is a crash |
//! | `(Discord answers 429 to the next post)` · `(Discord answers 500 to the next 2 posts)` · `(Discord loses the answer to the next post)` · `(Discord asks to wait 10 minutes before posting in #team-leads)` | |
//! | `(the gateway drops)` · `(the gateway asks to reconnect)` · `(the gateway forgets the session)` | |
//! | `(#legal is deleted)` · `(#legal is opened to all)` · `(the bot may not see #legal)` | |

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use bellhop::engine::input::InputId;
use bellhop::sandbox::{AnswerKind, BadAnswer, Fault, GatewayFault, Scope, Seen};
use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use regex::{Captures, Regex};
use serde_json::{Map, Value};

use super::Stage;
use super::chat;

/// How a scenario is played. The words are the same each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    AsWritten,
    /// The bot crashes and starts again after every input.
    Restarted,
    /// Every gateway event comes twice.
    Twice,
}

/// A scenario, taken apart.
pub struct Script {
    /// Everything before the chat.
    head: String,
    /// Added to the example config.
    config: String,
    chat: String,
    /// Everything after the chat.
    tail: String,
}

const EXAMPLE: &str = include_str!("../../config.example.toml");

impl Script {
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)?;
        let (head, rest) = text.split_once("```chat\n").context("there is no chat block")?;
        let (chat, tail) = rest.split_once("\n```\n").context("the chat block has no end")?;
        let config = match head.split_once("```toml\n").and_then(|(_, rest)| rest.split_once("```")) {
            Some((config, _)) => config.to_owned(),
            None => String::new(),
        };
        ensure!(head.starts_with("# "), "a scenario begins with a title");
        Ok(Self { head: head.to_owned(), config, chat: format!("{chat}\n"), tail: tail.to_owned() })
    }

    /// The file with this chat in it.
    pub fn with_chat(&self, chat: &str) -> String {
        format!("{}```chat\n{chat}```\n{}", self.head, self.tail)
    }

    pub fn chat(&self) -> &str {
        &self.chat
    }

    /// Plays the scenario; what happened and what was seen, as a chat.
    pub async fn play(&self, way: Way) -> Result<String> {
        let start = Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).single().context("a time")?;
        let mut play = Play {
            stage: Stage::open(&merged(&self.config)?, start).await?,
            way,
            day: start,
            chat: String::new(),
            last_form: BTreeMap::new(),
        };
        play.stage.discord.every_event_twice(way == Way::Twice);
        let is_input = |line: &&str| !line.starts_with(' ') && !line.trim().is_empty();
        let inputs: Vec<&str> = self.chat.lines().filter(is_input).collect();
        for line in inputs {
            play.line(line).await.with_context(|| format!("at: {line}\n{}", play.chat))?;
        }
        let chat = play.chat;
        play.stage.close().await.with_context(|| chat.clone())?;
        Ok(chat)
    }
}

/// The example with the scenario's tables in the place of its own.
fn merged(changes: &str) -> Result<String> {
    let mut config: toml::Table = EXAMPLE.parse()?;
    let changes: toml::Table = changes.parse().context("the scenario's config")?;
    for (key, value) in changes {
        merge(&mut config, key, value);
    }
    Ok(config.to_string())
}

/// Tables are merged key by key; entries of a list of tables by their id.
fn merge(config: &mut toml::Table, key: String, value: toml::Value) {
    match (config.get_mut(&key), value) {
        (Some(toml::Value::Table(ours)), toml::Value::Table(theirs)) => {
            for (key, value) in theirs {
                merge(ours, key, value);
            }
        }
        (Some(toml::Value::Array(ours)), toml::Value::Array(theirs)) if theirs.iter().all(toml::Value::is_table) => {
            for entry in theirs {
                let same = |known: &&mut toml::Value| known.get("id").is_some() && known.get("id") == entry.get("id");
                match (ours.iter_mut().find(same), entry) {
                    (Some(toml::Value::Table(known)), toml::Value::Table(entry)) => {
                        for (key, value) in entry {
                            known.insert(key, value);
                        }
                    }
                    (_, entry) => ours.push(entry),
                }
            }
        }
        (_, value) => {
            config.insert(key, value);
        }
    }
}

struct Play {
    stage: Stage,
    way: Way,
    /// The day that times are read on; it goes on when a time is earlier than the one before.
    day: DateTime<Utc>,
    chat: String,
    /// The form each person was shown last: its id and the channel.
    last_form: BTreeMap<u64, (String, u64)>,
}

impl Play {
    async fn line(&mut self, line: &str) -> Result<()> {
        let (time, what) = line.split_once(' ').context("a line begins with a time")?;
        let at = self.moment(time)?;
        writeln!(self.chat, "{line}")?;
        for (at, seen) in self.stage.advance_to(at).await? {
            let seen = chat::render(&seen, &self.stage.discord, at);
            if !seen.is_empty() {
                write!(self.chat, "  {}\n{seen}", at.format("%H:%M"))?;
            }
        }
        self.happen(what).await?;
        self.show();
        if self.way == Way::Restarted && self.stage.is_running() {
            self.stage.kill_bot().await?;
            self.stage.start_bot().await?;
            self.show();
        }
        Ok(())
    }

    fn show(&mut self) {
        let news = self.stage.news();
        for seen in &news {
            if let Seen::Answer { user, channel, kind: AnswerKind::Modal, body, .. } = seen {
                let id = body["custom_id"].as_str().unwrap_or_default().to_owned();
                self.last_form.insert(*user, (id, *channel));
            }
        }
        self.chat.push_str(&chat::render(&news, &self.stage.discord, self.stage.clock.now()));
    }

    /// The next instant that the clock shows this time.
    fn moment(&mut self, time: &str) -> Result<DateTime<Utc>> {
        let time = NaiveTime::parse_from_str(time, "%H:%M").with_context(|| format!("{time} is no time"))?;
        let mut at = self.day.date_naive().and_time(time).and_utc();
        if at < self.stage.clock.now() {
            at += TimeDelta::days(1);
        }
        self.day = at;
        Ok(at)
    }

    async fn happen(&mut self, what: &str) -> Result<()> {
        if let Some(direction) = what.strip_prefix('(').and_then(|what| what.strip_suffix(')')) {
            return self.direct(direction).await;
        }
        for (pattern, act) in ACTS {
            let pattern = Regex::new(pattern).with_context(|| format!("the pattern {pattern}"))?;
            if let Some(found) = pattern.captures(what) {
                let user = self.stage.discord.user(&found["who"]);
                return match act {
                    Act::Say => self.say(user, &found).await,
                    Act::Edit => self.edit(user, &found).await,
                    Act::Delete => {
                        let (channel, message) = self.said(&unquoted(&found["old"]))?;
                        self.stage.discord.delete(user, channel, message);
                        self.stage.settle(&[]).await
                    }
                    Act::Press => self.press(user, &found).await,
                    Act::Type => self.type_command(user, &found).await,
                    Act::Menu => {
                        let (channel, message) = self.said(&unquoted(&found["old"]))?;
                        let interaction = self.stage.discord.menu(user, channel, &found["name"], message);
                        self.stage.settle_interaction(interaction).await
                    }
                    Act::Fill => self.fill(user, &found).await,
                };
            }
        }
        bail!("nobody knows how to do this: {what}")
    }

    async fn say(&mut self, user: u64, found: &Captures<'_>) -> Result<()> {
        let text = unquoted(&found["text"]);
        let place = &found["place"];
        let message = match place.split_once('/') {
            None => self.stage.discord.say(user, self.stage.discord.channel(place), &text),
            Some((channel, thread)) => {
                let known = self.stage.discord.has_channel(thread);
                if known {
                    self.stage.discord.say(user, self.stage.discord.channel(thread), &text)
                } else {
                    let parent = self.stage.discord.channel(channel);
                    let thread = self.stage.discord.open_thread(user, parent, thread, &text);
                    self.newest(user, thread)?
                }
            }
        };
        let is_watched = place == "support" || place.starts_with("support/");
        let input = InputId(format!("message:{message}"));
        self.stage.settle(if is_watched { std::slice::from_ref(&input) } else { &[] }).await
    }

    async fn edit(&mut self, user: u64, found: &Captures<'_>) -> Result<()> {
        let (channel, message) = self.said(&unquoted(&found["old"]))?;
        self.stage.discord.edit(user, channel, message, &unquoted(&found["new"]));
        let messages = self.stage.discord.messages(user, channel);
        let id = message.to_string();
        let edited = messages.iter().find(|one| one["id"].as_str() == Some(&id)).context("the edited message")?;
        let at = edited["edited_timestamp"].as_str().context("the time of the edit")?;
        let at = DateTime::parse_from_rfc3339(at)?.timestamp_millis();
        self.stage.settle(&[InputId(format!("edit:{message}:{at}"))]).await
    }

    async fn press(&mut self, user: u64, found: &Captures<'_>) -> Result<()> {
        let channel = found.name("place").map(|place| self.stage.discord.channel(place.as_str()));
        let first = found.name("old").is_some();
        let (channel, message, id) = self.button(&found["label"], &found["case"], channel, first)?;
        let interaction = self.stage.discord.press(user, channel, message, &id);
        self.stage.settle_interaction(interaction).await
    }

    /// The channel, message and id of a button: the newest drawn one, or the first.
    fn button(&self, label: &str, case: &str, place: Option<u64>, first: bool) -> Result<(u64, u64, String)> {
        let verb = label.to_lowercase();
        let number = case.trim_start_matches("ESC-");
        let prefix = format!("bh1:{verb}:{number}:");
        let seen = self.stage.discord.seen();
        let mut found = seen.iter().filter_map(|seen| {
            let (Seen::Posted { channel, message, .. } | Seen::Edited { channel, message, .. }) = seen else {
                return None;
            };
            let rows = message["components"].as_array()?.iter();
            let mut ids = rows.flat_map(|row| row["components"].as_array().into_iter().flatten());
            let id = ids.find_map(|button| button["custom_id"].as_str().filter(|id| id.starts_with(&prefix)))?;
            let message = message["id"].as_str()?.parse().ok()?;
            place.is_none_or(|place| place == *channel).then(|| (*channel, message, id.to_owned()))
        });
        let button = if first { found.next() } else { found.next_back() };
        button.with_context(|| format!("there is no button {label} on {case}"))
    }

    async fn type_command(&mut self, user: u64, found: &Captures<'_>) -> Result<()> {
        let channel = self.stage.discord.channel(&found["place"]);
        let typed = found.name("options").map_or("", |options| options.as_str());
        let options: Map<String, Value> =
            named(typed, r"(?:^| )([a-z_]+):")?.into_iter().map(|(name, value)| (name, self.option(&value))).collect();
        let interaction = self.stage.discord.slash(user, channel, &found["name"], options);
        self.stage.settle_interaction(interaction).await
    }

    /// The value of an option as Discord's client sends it: "@Sam" is his id.
    fn option(&self, typed: &str) -> Value {
        match typed.strip_prefix('@').filter(|name| name.chars().all(char::is_alphabetic)) {
            Some(name) => self.stage.discord.user(name).to_string().into(),
            None => typed.into(),
        }
    }

    async fn fill(&mut self, user: u64, found: &Captures<'_>) -> Result<()> {
        let (id, channel) = self.last_form.get(&user).cloned().context("nobody showed them a form")?;
        let answers = named(&found["answers"], r"(?:^|; )([a-z_]+):")?;
        let answers: Vec<(&str, String)> =
            answers.iter().map(|(name, value)| (name.as_str(), unquoted(value))).collect();
        let answers: Vec<(&str, &str)> = answers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let interaction = self.stage.discord.submit(user, channel, &id, &answers, None);
        self.stage.settle_interaction(interaction).await
    }

    /// The latest message that reads so.
    fn said(&self, text: &str) -> Result<(u64, u64)> {
        let seen = self.stage.discord.seen();
        let found = seen.iter().rev().find_map(|seen| match seen {
            Seen::Posted { channel, message, .. } | Seen::Edited { channel, message, .. }
                if message["content"] == text =>
            {
                Some((*channel, message["id"].as_str()?.parse().ok()?))
            }
            _ => None,
        });
        found.with_context(|| format!("nobody said {text:?}"))
    }

    fn newest(&self, user: u64, channel: u64) -> Result<u64> {
        let messages = self.stage.discord.messages(user, channel);
        let newest = messages.last().context("the thread is empty")?;
        newest["id"].as_str().and_then(|id| id.parse().ok()).ok_or_else(|| anyhow!("a message without an id"))
    }

    async fn direct(&mut self, direction: &str) -> Result<()> {
        let discord = self.stage.discord.clone();
        let rest = |times: u32, answer: BadAnswer| Fault::Rest {
            method: Some("POST".to_owned()),
            path_contains: "/messages".to_owned(),
            times,
            answer,
        };
        match direction {
            "time passes" => {}
            "the bot restarts" => {
                self.stage.kill_bot().await?;
                self.stage.start_bot().await?;
            }
            "the bot stops" => self.stage.kill_bot().await?,
            "the bot starts" => self.stage.start_bot().await?,
            "Discord answers 429 to the next post" => {
                let answer = BadAnswer::TooManyRequests { retry_after: 0.05, scope: Scope::User };
                discord.fault(rest(1, answer));
            }
            "Discord asks to wait 10 minutes before posting in #team-leads" => discord.fault(Fault::Rest {
                method: Some("POST".to_owned()),
                path_contains: format!("channels/{}/messages", discord.channel("team-leads")),
                times: 1,
                answer: BadAnswer::TooManyRequests { retry_after: 600.0, scope: Scope::User },
            }),
            "Discord answers 500 to the next 2 posts" => discord.fault(rest(2, BadAnswer::Status(500))),
            "Discord loses the answer to the next post" => discord.fault(rest(1, BadAnswer::Lost)),
            // What follows happens before the bot is back.
            "the gateway drops" => discord.gateway_fault(GatewayFault::Drop),
            "the gateway asks to reconnect" => discord.gateway_fault(GatewayFault::Reconnect),
            "the gateway forgets the session" => discord.gateway_fault(GatewayFault::InvalidSession(false)),
            other => {
                let place = Regex::new(
                    r"^(?:#(?<gone>\S+) is deleted|#(?<open>\S+) is opened to all|the bot may not see #(?<shut>\S+))$",
                )?;
                let found = place.captures(other).with_context(|| format!("nobody can direct this: {other}"))?;
                match (found.name("gone"), found.name("open"), found.name("shut")) {
                    (Some(gone), ..) => discord.remove_channel(discord.channel(gone.as_str())),
                    (_, Some(open), _) => discord.open_to_all(discord.channel(open.as_str())),
                    (.., Some(shut)) => discord.lock_out_bot(discord.channel(shut.as_str())),
                    _ => unreachable!("one of the three matched"),
                }
            }
        }
        Ok(())
    }
}

/// "name: value" pairs; a value goes on to the next name. The pattern's first group is a name.
fn named(text: &str, pattern: &str) -> Result<Vec<(String, String)>> {
    let pattern = Regex::new(pattern)?;
    let starts: Vec<_> = pattern.captures_iter(text).collect();
    let mut pairs = Vec::new();
    for (index, start) in starts.iter().enumerate() {
        let from = start.get(0).context("a match")?.end();
        let to = starts.get(index + 1).and_then(|next| next.get(0)).map_or(text.len(), |next| next.start());
        pairs.push((start[1].to_owned(), text[from..to].trim().to_owned()));
    }
    Ok(pairs)
}

fn unquoted(text: &str) -> String {
    text.replace("\\n", "\n")
}

#[derive(Clone, Copy)]
enum Act {
    Say,
    Edit,
    Delete,
    Press,
    Type,
    Menu,
    Fill,
}

const ACTS: [(&str, Act); 7] = [
    (r"^(?<who>\w+) in #(?<place>[^:]+): (?<text>.*)$", Act::Say),
    (r#"^(?<who>\w+) edits "(?<old>.*)" to "(?<new>.*)"$"#, Act::Edit),
    (r#"^(?<who>\w+) deletes "(?<old>.*)"$"#, Act::Delete),
    (r"^(?<who>\w+) presses (?<old>the old )?(?<label>\w+) on (?<case>ESC-\d+)(?: in #(?<place>\S+))?$", Act::Press),
    (r"^(?<who>\w+) types /(?<name>[a-z]+)(?: (?<options>.*))? in #(?<place>\S+)$", Act::Type),
    (r#"^(?<who>\w+) uses "(?<name>[^"]+)" on "(?<old>.*)"$"#, Act::Menu),
    (r"^(?<who>\w+) fills in (?<answers>.*)$", Act::Fill),
];
