//! The people: customers who write, staff who acknowledge, and somebody who pulls the plug.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::adapters::discord::CustomId;
use crate::cli::load::bot::{Bot, Complaints};
use crate::cli::load::messages::Line;
use crate::cli::load::tickets;
use crate::config::Config;
use crate::sandbox::{Seen, SmallDiscord, World};
use crate::sop::notice::Verb;

/// Customers who join at most; further authors of a file speak through these in turn.
const CUSTOMERS_MAX: usize = 2_000;

/// A message as it was said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) id: u64,
    /// Just before it went to the small Discord.
    pub(super) at: Instant,
}

/// The members who speak the lines, one for each line.
pub(super) fn invite(discord: &SmallDiscord, lines: &[Line]) -> Vec<u64> {
    let mut joined: Vec<u64> = Vec::new();
    let mut by_author: HashMap<&str, u64> = HashMap::new();
    let mut speakers = Vec::with_capacity(lines.len());
    for line in lines {
        let authors = by_author.len();
        let speaker = *by_author.entry(&line.author).or_insert_with(|| {
            if authors < CUSTOMERS_MAX {
                joined.push(discord.join(&line.author));
            }
            joined[authors % CUSTOMERS_MAX]
        });
        speakers.push(speaker);
    }
    speakers
}

/// Says all lines in `channel`, `rate` a second, whatever the bot does meanwhile. `count` tells how many were said.
pub(super) async fn talk(
    discord: &SmallDiscord,
    channel: u64,
    lines: &[Line],
    speakers: &[u64],
    rate: u32,
    count: &watch::Sender<usize>,
) -> Vec<Said> {
    let started = tokio::time::Instant::now();
    let mut said = Vec::with_capacity(lines.len());
    for (line, speaker) in lines.iter().zip(speakers) {
        let due = Duration::from_secs(said.len() as u64) / rate;
        tokio::time::sleep_until(started + due).await;
        let at = Instant::now();
        said.push(Said { id: discord.say(*speaker, channel, &line.text), at });
        count.send_replace(said.len());
    }
    said
}

/// A span in which there was no bot: from the kill until the next one was ready.
#[derive(Clone, Copy, Debug)]
pub(super) struct Downtime {
    pub(super) from: Instant,
    pub(super) to: Instant,
}

/// Kills the bot each time `said` has passed one of `at`, and starts it again at once.
pub(super) async fn pull_the_plug(
    mut bot: Bot,
    config: &Path,
    complaints: &Arc<Mutex<Complaints>>,
    mut said: watch::Receiver<usize>,
    at: &[usize],
) -> anyhow::Result<(Bot, Vec<Downtime>)> {
    let mut downtimes = Vec::new();
    for at in at {
        said.wait_for(|said| said >= at).await.context("nobody speaks any more")?;
        let from = Instant::now();
        bot.kill();
        bot = Bot::start(config, complaints).await?;
        downtimes.push(Downtime { from, to: Instant::now() });
    }
    Ok((bot, downtimes))
}

/// A card as it was posted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Card {
    pub(super) case: u32,
    pub(super) page: usize,
    pub(super) at: Instant,
}

/// What staff type, in turn.
const COMMANDS: [&str; 4] = ["queue", "oncall", "help", "sop show"];

/// The staff: they see everything that is posted, and acknowledge their share of the cards.
pub(super) struct Staff {
    discord: SmallDiscord,
    /// Who acknowledges in which channel.
    on_duty: BTreeMap<u64, u64>,
    /// How many cards in a hundred they acknowledge.
    percent: usize,
    /// How much of what was seen they have looked at.
    looked_at: usize,
    since: Instant,
    pub(super) cards: Vec<Card>,
    pub(super) acknowledged: usize,
    /// Commands that were typed, and buttons that were pressed …
    pub(super) asked: usize,
    typed: usize,
    /// … those that have no answer yet, by interaction, and how long the first answers of the others took.
    waiting: HashMap<u64, Instant>,
    pub(super) answered: Vec<Duration>,
    /// The bot's requests that leave something to see and count against Discord's limit, by the second since the start.
    pub(super) requests: BTreeMap<u64, usize>,
}

impl Staff {
    /// One member of each team stands by in its channel.
    pub(super) fn new(discord: &SmallDiscord, world: &World, config: &Config, percent: usize) -> Self {
        let duty = |team: &crate::sop::team::Team| {
            let (place, group): (u64, u64) = (team.place.as_str().parse().ok()?, team.group.parse().ok()?);
            let member = world.members.iter().find(|member| member.roles.contains(&group))?;
            Some((place, member.id))
        };
        Self {
            discord: discord.clone(),
            on_duty: config.procedure.teams.iter().filter_map(duty).collect(),
            percent,
            looked_at: discord.seen_count(),
            since: Instant::now(),
            cards: Vec::new(),
            acknowledged: 0,
            asked: 0,
            typed: 0,
            waiting: HashMap::new(),
            answered: Vec::new(),
            requests: BTreeMap::new(),
        }
    }

    /// Looks at what is new.
    pub(super) fn look(&mut self) {
        let news = self.discord.seen_since(self.looked_at);
        self.looked_at += news.len();
        for seen in &news {
            let at = match seen {
                Seen::Posted { message, .. } if message["author"]["bot"] != true => continue,
                Seen::Posted { channel, message, at, .. } => {
                    self.look_at(*channel, message, *at);
                    at
                }
                Seen::Edited { at, .. } | Seen::Deleted { at, .. } => at,
                Seen::Answer { interaction, at, .. } => {
                    let asked = self.waiting.remove(interaction);
                    self.answered.extend(asked.map(|asked| at.saturating_duration_since(asked)));
                    continue;
                }
                // Answers are free of the limit that the requests are counted for.
                Seen::FollowUp { .. } | Seen::AnswerEdited { .. } | Seen::AnswerDeleted { .. } => continue,
            };
            *self.requests.entry(at.saturating_duration_since(self.since).as_secs()).or_default() += 1;
        }
    }

    fn look_at(&mut self, channel: u64, message: &Value, at: Instant) {
        let Some((button, case, page)) = acknowledge_button(message) else { return };
        self.cards.push(Card { case, page, at });
        let wanted = self.cards.len() * self.percent / 100;
        if wanted > self.acknowledged
            && let Some(member) = self.on_duty.get(&channel)
            && let Some(id) = message["id"].as_str().and_then(|id| id.parse().ok())
        {
            self.acknowledged += 1;
            let (member, pressed) = (*member, Instant::now());
            let interaction = self.discord.press(member, channel, id, button);
            self.wait_for(interaction, pressed);
        }
    }

    /// Types further commands, up to so many in all, in the teams' channels in turn; every fifth is about a ticket, if
    /// any is.
    pub(super) fn type_commands(&mut self, of_tickets: bool, wanted: usize) {
        let desks: Vec<(u64, u64)> = self.on_duty.iter().map(|(channel, member)| (*channel, *member)).collect();
        while self.typed < wanted && !desks.is_empty() {
            let (channel, member) = desks[self.typed % desks.len()];
            let typed = Instant::now();
            let command = COMMANDS[self.typed % COMMANDS.len()];
            self.typed += 1;
            let interaction = if of_tickets && self.typed.is_multiple_of(5) {
                let options = Map::from_iter([("ticket".to_owned(), tickets::link(self.typed).into())]);
                self.discord.slash(member, channel, "escalate", options)
            } else {
                self.discord.slash(member, channel, command, Map::new())
            };
            self.wait_for(interaction, typed);
        }
    }

    fn wait_for(&mut self, interaction: u64, since: Instant) {
        self.asked += 1;
        self.waiting.insert(interaction, since);
    }
}

/// The button on a card that takes the case, the case, and its page.
fn acknowledge_button(message: &Value) -> Option<(&str, u32, usize)> {
    let rows = message["components"].as_array()?.iter().filter_map(|row| row["components"].as_array());
    let mut ids = rows.flatten().filter_map(|button| button["custom_id"].as_str());
    ids.find_map(|id| match id.parse() {
        Ok(CustomId::Button { verb: Verb::Acknowledge, case, page, .. }) => Some((id, case.0, page)),
        _ => None,
    })
}
