//! Cases whose time to answer runs out, one after the other, while the bot is killed and started again.
//!
//! The cases are in the log before the bot starts: opened, paged, and the page delivered so long ago that its time
//! runs out soon. Their cards are real messages of the small Discord, so that the bot redraws them as ever. A deadline
//! counts as noticed at the instant of the fact that says so in the log, in whole milliseconds.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, ensure};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::Serialize;

use crate::cli::folder::Folder;
use crate::cli::load::bot::{Bot, Complaints};
use crate::cli::load::report::Spread;
use crate::cli::load::{Arguments, PATIENCE, POLL_EVERY, write_config};
use crate::cli::progress::Progress;
use crate::cli::sandbox::TOKEN;
use crate::config::Config;
use crate::engine::clock::Clock;
use crate::engine::input::InputId;
use crate::engine::store::{Batch, Recorded, SqliteStore};
use crate::sandbox::{Settings, SmallDiscord, World};
use crate::sop::clock::Limits;
use crate::sop::desk::Fact;
use crate::sop::escalation::{EscalationId, Event, Opened, PageReason, Report as Said, Subject};
use crate::sop::message::{Person, Standing};
use crate::sop::procedure::Procedure;
use crate::sop::team::{Plan, Rung, Severity, Step, Team};
use crate::sop::trigger::{Ownership, Scope};

/// From the end of the preparations to the first deadline: the bot has started by then.
const LEAD: TimeDelta = TimeDelta::seconds(3);
/// Facts written in one transaction while preparing.
const FACTS_AT_ONCE: usize = 240;
/// The time that has run out for the first team.
const ANSWER_WITHIN: TimeDelta = TimeDelta::minutes(10);
/// No team after it runs out while the run lasts.
const LATER: TimeDelta = TimeDelta::hours(24);

/// What became of the deadlines. Times are in milliseconds.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    deadlines: usize,
    /// After their instant, those in a time without a bot left out …
    lateness: Option<Spread>,
    /// … and those, noticed when it was back.
    lateness_after_downtime: Option<Spread>,
    downtimes: Vec<f64>,
    must_be_none: MustBeNone,
}

/// What must not happen once.
#[derive(Debug, Serialize)]
struct MustBeNone {
    early: usize,
    twice: usize,
    missed: usize,
    errors: usize,
    violations: usize,
    /// The first of the latter two, as they were written.
    examples: Vec<String>,
}

/// From a kill until the next bot was ready.
#[derive(Clone, Copy, Debug)]
struct Downtime {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

pub(super) async fn run(arguments: &Arguments, count: u32, config: &Config) -> anyhow::Result<Report> {
    let world = World::example();
    let (bot_user, address) = (world.bot, ([127, 0, 0, 1], 0).into());
    let settings = Settings { world, clock: Clock::system(), address, token: TOKEN.to_owned(), next_deadline: None };
    let discord = SmallDiscord::start(settings).await.context("the small Discord cannot be started")?;
    let folder = Folder::new("deadlines")?;
    let (log, bot_config) = (folder.path().join("desk.sqlite"), folder.path().join("config.toml"));
    write_config(&arguments.config, &bot_config, &discord.url(), &log, None)?;

    let over = TimeDelta::seconds(arguments.over.into());
    let cases = Cases::prepare(&discord, bot_user, config, count, over)?;
    let first = cases.write(&log, &config.desk.id).await?;

    let complaints = Arc::new(Mutex::new(Complaints::default()));
    let mut bot = Bot::start(&bot_config, &complaints).await?;
    ensure!(
        Utc::now() < first,
        "the bot was ready only after the first deadline: this machine is too slow for so many"
    );
    let mut downtimes = Vec::new();
    for kill in 1..=arguments.kill {
        let at = first + over * i32::try_from(kill)? / i32::try_from(arguments.kill + 1)?;
        Clock::system().reached(at).await;
        let from = Utc::now();
        bot.kill();
        bot = Bot::start(&bot_config, &complaints).await?;
        downtimes.push(Downtime { from, to: Utc::now() });
    }
    // Reading the log takes the processor that the bot needs.
    Clock::system().reached(first + over).await;
    let facts = all_noticed(&log, &config.desk.id, cases.due.len()).await?;
    bot.kill();
    let complaints = complaints.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let violations = discord.violations();
    discord.stop().await;
    let due = cases.due_from(first);
    Ok(Report::of(&due, &facts, &downtimes, &complaints, &violations))
}

/// What is in the log before the bot starts.
struct Cases {
    opened: Opened,
    /// The card of each.
    cards: Vec<u64>,
    channel: u64,
    /// When each runs out, after the first.
    due: Vec<TimeDelta>,
    procedure: String,
}

impl Cases {
    fn prepare(discord: &SmallDiscord, bot: u64, config: &Config, count: u32, over: TimeDelta) -> anyhow::Result<Self> {
        let procedure = &config.procedure;
        let teams: Vec<&Team> = procedure.teams.iter().filter(|team| !team.cleared).collect();
        let [first, next, ..] = teams.as_slice() else { anyhow::bail!("the config has no two teams in the open") };
        let rung = |team: &Team, within| Rung {
            team: team.id.clone(),
            respond_within: within,
            calendar: None,
            required_acks: 1,
        };
        let plan = Plan {
            id: "running-out".to_owned(),
            rungs: vec![rung(first, ANSWER_WITHIN), rung(next, LATER)],
            repeat: 0,
            catch_all: rung(next, LATER),
            clocks: Limits::default(),
            confirm_within: LATER,
            lower_when: Vec::new(),
        };
        let channel = first.place.as_str().parse()?;
        let progress = Progress::items(usize::try_from(count)?, "cases prepared");
        let card = |number: u32| {
            progress.set(number.into());
            discord.say(bot, channel, &format!("The card of case {}", number + 1))
        };
        Ok(Self {
            opened: opened(plan, procedure),
            cards: (0..count).map(card).collect(),
            channel,
            due: (0..count)
                .map(|number| over * i32::try_from(number).unwrap_or(0) / i32::try_from(count).unwrap_or(1))
                .collect(),
            procedure: procedure.version.as_str().into(),
        })
    }

    /// Writes the log. The instant of the first deadline.
    async fn write(&self, log: &Path, desk: &str) -> anyhow::Result<DateTime<Utc>> {
        let mut store = SqliteStore::open(log, desk).await?;
        // The deadlines are known before the writing has ended, and are to lie after it.
        let began = Utc::now();
        let written_within = TimeDelta::microseconds(200) * i32::try_from(self.cards.len())?;
        let first = began + LEAD + written_within;
        let due = self.due_from(first);
        let facts: Vec<(DateTime<Utc>, Fact)> =
            due.iter().zip(1..).zip(&self.cards).flat_map(|((due, id), card)| self.facts(*due, id, *card)).collect();
        let lines = facts.into_iter().zip(1..).map(|((at, fact), seq)| Recorded {
            seq,
            at,
            input: InputId("prepared".to_owned()),
            procedure: self.procedure.clone(),
            fact,
        });
        let lines: Vec<Recorded> = lines.collect();
        for lines in lines.chunks(FACTS_AT_ONCE) {
            store.append(&Batch { facts: lines.to_vec(), ..Batch::default() }).await?;
        }
        store.close().await?;
        Ok(first)
    }

    fn due_from(&self, first: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        self.due.iter().map(|after| (first + *after).trunc_subsecs(3)).collect()
    }

    /// A case whose page was delivered so long ago that its time runs out at `due`.
    fn facts(&self, due: DateTime<Utc>, id: u32, card: u64) -> Vec<(DateTime<Utc>, Fact)> {
        let delivered_at = due - ANSWER_WITHIN;
        let delivered =
            Event::Delivered { page: 0, place: self.channel.to_string().into(), message: card.to_string().into() };
        let events = [
            Event::Opened(Box::new(self.opened.clone())),
            Event::Paged { step: Step::FIRST, reason: PageReason::Opened, on_call: Vec::new() },
            delivered,
        ];
        events.into_iter().map(|event| (delivered_at, Fact::Case { id: EscalationId(id), event })).collect()
    }
}

fn opened(plan: Plan, procedure: &Procedure) -> Opened {
    let customer = Arc::new(Person { id: "1".into(), name: "A customer".into(), standing: Standing::Customer });
    let place = crate::sop::message::PlaceId::from("1");
    Opened {
        subject: Subject {
            customer: Some(customer.clone()),
            place: place.clone(),
            ticket: None,
            scope: Scope::Customer,
        },
        severity: Severity::Sev3,
        confidential: false,
        ownership: Ownership::Responder,
        plan: Arc::new(plan),
        procedure: procedure.version.as_str().into(),
        by: None,
        report: Said {
            customer: Some(customer),
            place,
            message: None,
            said_at: Utc::now(),
            counted: Box::default(),
            triggers: Arc::default(),
            findings: Box::default(),
            flips: Box::default(),
            quotes: Box::default(),
            information: Box::default(),
        },
        near: Box::default(),
        after: None,
        drill: false,
    }
}

/// Waits until so many deadlines are on record, or until nothing new comes.
async fn all_noticed(log: &Path, desk: &str, deadlines: usize) -> anyhow::Result<Vec<Recorded>> {
    let mut store = SqliteStore::look(log, desk).await?;
    let mut moved = (tokio::time::Instant::now(), 0);
    loop {
        let facts = store.facts().await?;
        let noticed = breaches(&facts).count();
        if noticed != moved.1 {
            moved = (tokio::time::Instant::now(), noticed);
        }
        if noticed >= deadlines || moved.0.elapsed() > PATIENCE {
            return Ok(facts);
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
}

/// Which case was noticed when.
fn breaches(facts: &[Recorded]) -> impl Iterator<Item = (EscalationId, DateTime<Utc>)> {
    facts.iter().filter_map(|recorded| match &recorded.fact {
        Fact::Case { id, event: Event::Breached { .. } } => Some((*id, recorded.at)),
        _ => None,
    })
}

impl Report {
    fn of(
        due: &[DateTime<Utc>],
        facts: &[Recorded],
        downtimes: &[Downtime],
        complaints: &Complaints,
        violations: &[String],
    ) -> Self {
        let mut noticed: BTreeMap<EscalationId, Vec<DateTime<Utc>>> = BTreeMap::new();
        for (id, at) in breaches(facts) {
            noticed.entry(id).or_default().push(at);
        }
        let (mut up, mut down) = (Vec::new(), Vec::new());
        let (mut early, mut missed) = (0, 0);
        for (due, id) in due.iter().zip((1..).map(EscalationId)) {
            let Some(at) = noticed.get(&id).and_then(|all| all.first()) else {
                missed += 1;
                continue;
            };
            let Ok(late) = (*at - *due).to_std() else {
                early += 1;
                continue;
            };
            let waited = downtimes.iter().any(|downtime| *due < downtime.to && *at > downtime.from);
            if waited { down.push(late) } else { up.push(late) }
        }
        let millis = |downtime: &Downtime| (downtime.to - downtime.from).as_seconds_f64() * 1_000.0;
        Self {
            deadlines: due.len(),
            lateness: Spread::of(&up),
            lateness_after_downtime: Spread::of(&down),
            downtimes: downtimes.iter().map(millis).collect(),
            must_be_none: MustBeNone {
                early,
                twice: noticed.values().map(|all| all.len() - 1).sum(),
                missed,
                errors: complaints.errors,
                violations: violations.len(),
                examples: complaints.first_errors.iter().chain(violations).take(20).cloned().collect(),
            },
        }
    }

    /// Whether nothing happened that must not.
    pub(super) fn is_fine(&self) -> bool {
        let MustBeNone { early, twice, missed, errors, violations, examples: _ } = &self.must_be_none;
        [early, twice, missed, errors, violations].into_iter().all(|count| *count == 0)
    }
}

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        let mut row = |name: &str, value: String| writeln!(out, "{name:<30}{value}");
        let spread = |spread: Option<Spread>| spread.map_or_else(|| "none".to_owned(), |spread| spread.to_string());
        row("deadlines", self.deadlines.to_string())?;
        row("noticed late by", spread(self.lateness))?;
        if !self.downtimes.is_empty() {
            row("  due while it was down", spread(self.lateness_after_downtime))?;
            let down: Vec<String> = self.downtimes.iter().map(|down| format!("{down:.0} ms")).collect();
            row("killed, down for", down.join(", "))?;
        }
        let MustBeNone { early, twice, missed, errors, violations, examples } = &self.must_be_none;
        row(
            "must be none",
            format!("early {early}, twice {twice}, missed {missed}, errors {errors}, violations {violations}"),
        )?;
        examples.iter().try_for_each(|example| writeln!(out, "  {example}"))
    }
}
