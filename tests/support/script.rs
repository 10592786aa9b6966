//! How a transcript is played with the real bot. Its grammar is that of `bellhop simulate`.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use bellhop::cli::simulate::script::{Happening, Line, Mistake, Script, config_for, day as day_of};
use bellhop::engine::input::InputId;
use bellhop::sandbox::{AnswerKind, BadAnswer, Fault, GatewayFault, NewTicket, Scope, Seen};
use regex::Regex;
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

pub const EXAMPLE: &str = include_str!("../../config.example.toml");

/// Reads a scenario.
pub fn read(path: &Path) -> Result<Script> {
    Script::parse(&std::fs::read_to_string(path)?).map_err(|mistakes| {
        let mistakes: Vec<String> = mistakes.iter().map(Mistake::to_string).collect();
        anyhow!("{}", mistakes.join("\n"))
    })
}

/// The example with the scenario's tables in the place of its own.
pub fn config(script: &Script) -> Result<String> {
    config_for(EXAMPLE, &script.config).context("the scenario's config")
}

/// Plays the scenario; what happened and what was seen, as a chat.
pub async fn play(script: &Script, way: Way) -> Result<String> {
    let mut play = Play {
        stage: Stage::open(&config(script)?, Script::start()).await?,
        way,
        changes: script.changes.clone().into(),
        chat: String::new(),
        last_form: BTreeMap::new(),
        deliveries: 0,
    };
    play.stage.discord.every_event_twice(way == Way::Twice);
    for line in &script.lines {
        play.line(line).await.with_context(|| format!("line {}: {}\n{}", line.number, line.text, play.chat))?;
    }
    let chat = play.chat;
    play.stage.close().await.with_context(|| chat.clone())?;
    Ok(chat)
}

struct Play {
    stage: Stage,
    way: Way,
    /// What will yet be added to the config.
    changes: VecDeque<String>,
    chat: String,
    /// The form each person was shown last: its id and the channel.
    last_form: BTreeMap<u64, (String, u64)>,
    /// Webhooks so far.
    deliveries: u32,
}

impl Play {
    async fn line(&mut self, line: &Line) -> Result<()> {
        let at = line.moment(self.stage.clock.now());
        writeln!(self.chat, "{}", line.text)?;
        for (at, seen) in self.stage.advance_to(at).await? {
            let seen = chat::render(&seen, &self.stage.discord, at);
            if !seen.is_empty() {
                write!(self.chat, "  {}\n{seen}", at.format("%H:%M"))?;
            }
        }
        self.happen(&line.what).await?;
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
        for line in self.stage.help_desk.news() {
            let line: Vec<&str> = line.lines().filter(|line| !line.is_empty()).collect();
            writeln!(self.chat, "    {}", line.join(" ")).expect("a string takes it");
        }
    }

    /// The one account that is read is told of the change.
    async fn deliver_webhook(&mut self, ticket: u64) -> Result<()> {
        self.deliveries += 1;
        let times = if self.way == Way::Twice { 2 } else { 1 };
        let delivery = format!("delivery-{}", self.deliveries);
        self.stage.deliver_webhook("help", ticket, &delivery, times).await
    }

    async fn open_ticket(&mut self, told: &str) -> Result<()> {
        let form = Regex::new(
            r#"^ticket (?<id>\d+) "(?<subject>[^"]*)" by (?<who>\w+)(?: of (?<of>\w+))?(?:, plan (?<plan>\w+))?(?:, priority (?<priority>\w+))?(?:, tags (?<tags>.+))?$"#,
        )?;
        let found = form.captures(told).with_context(|| format!("nobody can direct this: {told}"))?;
        let part = |name| found.name(name).map(|part| part.as_str().to_owned());
        let tags = part("tags").unwrap_or_default();
        let id = found["id"].parse()?;
        let new = NewTicket {
            subject: found["subject"].to_owned(),
            requester: found["who"].to_owned(),
            organisation: part("of"),
            plan: part("plan"),
            priority: part("priority"),
            tags: tags.split(' ').filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        };
        self.stage.help_desk.open(id, new);
        self.deliver_webhook(id).await
    }

    async fn happen(&mut self, what: &Happening) -> Result<()> {
        let user = |name: &str| self.stage.discord.user(name);
        match what {
            Happening::Direction(direction) => self.direct(direction).await,
            Happening::Say { who, channel, thread, text } => {
                self.say(user(who), channel, thread.as_deref(), text).await
            }
            Happening::Comment { who, ticket, text } => {
                ensure!(self.stage.help_desk.write(*ticket, who, text), "there is no ticket {ticket}");
                self.deliver_webhook(*ticket).await
            }
            Happening::Edit { who, old, new } => self.edit(user(who), old, new).await,
            Happening::Delete { who, old } => {
                let (channel, message) = self.said(old)?;
                self.stage.discord.delete(user(who), channel, message);
                self.stage.settle(&[]).await
            }
            Happening::Press { who, label, case, place, first } => {
                let place = place.as_ref().map(|place| self.stage.discord.channel(place));
                let (channel, message, id) = self.button(label, case.as_deref(), place, *first)?;
                let interaction = self.stage.discord.press(user(who), channel, message, &id);
                self.stage.settle_interaction(interaction).await
            }
            Happening::Type { who, command, options, place } => {
                let channel = self.stage.discord.channel(place);
                let options: Map<String, Value> =
                    options.iter().map(|(name, value)| (name.clone(), self.option(value))).collect();
                let interaction = self.stage.discord.slash(user(who), channel, command, options);
                self.stage.settle_interaction(interaction).await
            }
            Happening::Typing { who, command, options, place } => {
                let channel = self.stage.discord.channel(place);
                let (option, typed) = options.last().context("nothing is being typed")?;
                let before: Map<String, Value> =
                    options.iter().map(|(name, value)| (name.clone(), self.option(value))).collect();
                let interaction = self.stage.discord.complete(user(who), channel, command, option, typed, before);
                self.stage.settle_interaction(interaction).await
            }
            Happening::Menu { who, name, old } => {
                let (channel, message) = self.said(old)?;
                let interaction = self.stage.discord.menu(user(who), channel, name, message);
                self.stage.settle_interaction(interaction).await
            }
            Happening::Fill { who, answers } => self.fill(user(who), answers).await,
        }
    }

    async fn say(&mut self, user: u64, channel: &str, thread: Option<&str>, text: &str) -> Result<()> {
        let discord = &self.stage.discord;
        let parent = discord.channel(channel);
        let message = match thread {
            None => discord.say(user, parent, text),
            Some(thread) if discord.has_channel(thread) => discord.say(user, discord.channel(thread), text),
            Some(thread) => {
                let thread = discord.open_thread(user, parent, thread, text);
                self.newest(user, thread)?
            }
        };
        let input = InputId(format!("message:{message}"));
        self.stage.settle(if channel == "support" { std::slice::from_ref(&input) } else { &[] }).await
    }

    async fn edit(&mut self, user: u64, old: &str, new: &str) -> Result<()> {
        let (channel, message) = self.said(old)?;
        self.stage.discord.edit(user, channel, message, new);
        let messages = self.stage.discord.messages(user, channel);
        let id = message.to_string();
        let edited = messages.iter().find(|one| one["id"].as_str() == Some(&id)).context("the edited message")?;
        let at = edited["edited_timestamp"].as_str().context("the time of the edit")?;
        let at = chrono::DateTime::parse_from_rfc3339(at)?.timestamp_millis();
        self.stage.settle(&[InputId(format!("edit:{message}:{at}"))]).await
    }

    /// The channel, message and id of a button: the newest drawn one, or the first.
    fn button(&self, label: &str, case: Option<&str>, place: Option<u64>, first: bool) -> Result<(u64, u64, String)> {
        let number = case.map(|case| case.trim_start_matches("ESC-"));
        let is_it = |button: &Value| {
            let id = button["custom_id"].as_str().unwrap_or_default();
            button["label"] == label && number.is_none_or(|number| id.split(':').nth(2) == Some(number))
        };
        let seen = self.stage.discord.seen();
        let mut found = seen.iter().filter_map(|seen| {
            let (Seen::Posted { channel, message, .. }
            | Seen::Edited { channel, message, .. }
            | Seen::FollowUp { channel, message, .. }
            | Seen::AnswerEdited { channel, message, .. }) = seen
            else {
                return None;
            };
            let rows = message["components"].as_array()?.iter();
            let mut ids = rows.flat_map(|row| row["components"].as_array().into_iter().flatten());
            let id = ids.find(|button| is_it(button))?["custom_id"].as_str()?;
            let message = message["id"].as_str()?.parse().ok()?;
            place.is_none_or(|place| place == *channel).then(|| (*channel, message, id.to_owned()))
        });
        let button = if first { found.next() } else { found.next_back() };
        button.with_context(|| format!("there is no button {label} on {case:?}"))
    }

    /// The value of an option as Discord's client sends it: "@Sam" is his id.
    fn option(&self, typed: &str) -> Value {
        match typed.strip_prefix('@').filter(|name| name.chars().all(char::is_alphabetic)) {
            Some(name) => self.stage.discord.user(name).to_string().into(),
            None => typed.into(),
        }
    }

    async fn fill(&mut self, user: u64, answers: &[(String, String)]) -> Result<()> {
        let (id, channel) = self.last_form.get(&user).cloned().context("nobody showed them a form")?;
        let answers: Vec<(&str, &str)> = answers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
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
            day if day_of(day).is_some() => {}
            "the config changes" => {
                let tables = self.changes.pop_front().context("there is no block of toml for it")?;
                self.stage.change_config(&tables).await?;
            }
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
            "Discord takes no more edits of a card" => discord.fault(Fault::Rest {
                method: Some("PATCH".to_owned()),
                path_contains: "channels/".to_owned(),
                times: 1,
                answer: BadAnswer::Refused { status: 400, code: 30_046 },
            }),
            // What follows happens before the bot is back.
            "the ticket system is down" => self.stage.help_desk.set_down(true),
            "the ticket system is back" => {
                self.stage.help_desk.set_down(false);
                self.stage.settle(&[]).await?;
            }
            ticket if ticket.starts_with("ticket ") => self.open_ticket(ticket).await?,
            "the gateway drops" => discord.gateway_fault(GatewayFault::Drop),
            "the gateway asks to reconnect" => discord.gateway_fault(GatewayFault::Reconnect),
            "the gateway forgets the session" => discord.gateway_fault(GatewayFault::InvalidSession(false)),
            other => {
                let card = Regex::new(r"^the card of (?<case>ESC-\d+) is deleted$")?;
                if let Some(found) = card.captures(other) {
                    let (channel, message, _) = self.button("Why", Some(&found["case"]), None, false)?;
                    discord.remove_message(channel, message);
                    return self.stage.settle(&[InputId(format!("deleted:{message}"))]).await;
                }
                let thread = Regex::new(r"^the thread of (?<case>ESC-\d+) is (?<fate>archived|deleted|not found)$")?;
                if let Some(found) = thread.captures(other) {
                    // A thread has the id of the card that it hangs on.
                    let (_, thread, _) = self.button("Why", Some(&found["case"]), None, false)?;
                    match &found["fate"] {
                        "archived" => discord.archive_thread(thread),
                        "deleted" => discord.remove_channel(thread),
                        _ => discord.fault(Fault::Rest {
                            method: Some("POST".to_owned()),
                            path_contains: format!("channels/{thread}/messages"),
                            times: 1,
                            answer: BadAnswer::Refused { status: 404, code: 10_003 },
                        }),
                    }
                    return Ok(());
                }
                if let Some(place) = other.strip_prefix("the bot may not open threads in #") {
                    discord.forbid_threads(discord.channel(place));
                    return Ok(());
                }
                let place = Regex::new(
                    r"^(?:#(?<gone>\S+) is deleted|#(?<open>\S+) is opened to all|the bot may not see #(?<shut>\S+))$",
                )?;
                let found = place.captures(other).with_context(|| format!("nobody can direct this: {other}"))?;
                match (found.name("gone"), found.name("open"), found.name("shut")) {
                    (Some(gone), ..) => {
                        let gone = discord.channel(gone.as_str());
                        discord.remove_channel(gone);
                        return self.stage.settle(&[InputId(format!("gone:{gone}"))]).await;
                    }
                    (_, Some(open), _) => discord.open_to_all(discord.channel(open.as_str())),
                    (.., Some(shut)) => discord.lock_out_bot(discord.channel(shut.as_str())),
                    _ => unreachable!("one of the three matched"),
                }
            }
        }
        Ok(())
    }
}
