//! `bellhop load`: how fast the bot is, and whether it loses or repeats anything when it is killed.
//!
//! A small Discord runs in this process and the bot in one of its own, over real sockets on the real clock. Customers
//! say messages at a steady rate, staff acknowledge a share of the cards, and the bot is killed (SIGKILL) on the way
//! as often as asked. Afterwards the bot's own log is compared with what was said and with what was seen.
//!
//! | figure | from |
//! |---|---|
//! | message to page | the instant before a message goes to the small Discord, and that at which its page is there |
//! | read | the position that the bot recorded |
//! | first answer | the instant before a command goes to the small Discord, and that at which the bot first answers it |
//! | lost | messages that fire by themselves (read here, by the same procedure) and that no case in the log reports |
//! | duplicates | cards of the same page of a case, cases with the same plan for the same message |
//!
//! With `--deadlines` nobody says anything: the log holds cases already, whose times run out one after the other, and
//! each must be noticed in time, once, whatever happens to the bot.
//!
//! - `messages`: what is said · `crowd`: the people · `bot`: the process · `account`: the log · `report`: the figures
//! - `tickets`: a ticket system that hangs · `deadlines`: the run with cases that run out

mod account;
mod bot;
mod crowd;
mod deadlines;
mod messages;
mod report;
mod tickets;

use std::collections::HashSet;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde::Serialize;
use tokio::sync::watch;

use crate::cli::folder::Folder;
use crate::cli::load::account::Account;
use crate::cli::load::bot::{Bot, Complaints};
use crate::cli::load::crowd::{Said, Staff};
use crate::cli::load::messages::Line;
use crate::cli::load::report::{Report, Run};
use crate::cli::load::tickets::Hanging;
use crate::cli::progress::Progress;
use crate::cli::sandbox::TOKEN;
use crate::cli::{ConfigFile, NO};
use crate::config::Config;
use crate::engine::clock::Clock;
use crate::engine::store::{Past, Recorded, SqliteStore};
use crate::sandbox::{Settings, SmallDiscord, World};
use crate::sop::message::PlaceId;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What customers say: one JSON object with `author` and `text` a line, may be gzipped (.gz); without it, made-up
    /// messages.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Messages a second.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// Messages in all.
    #[arg(long, value_name = "N", default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    count: u32,
    /// Kill the bot this often, evenly on the way, and start it again at once.
    #[arg(long, value_name = "N", default_value_t = 0)]
    kill: u32,
    /// The share of the cards that staff acknowledge.
    #[arg(long, value_name = "PERCENT", default_value_t = 30, value_parser = clap::value_parser!(u8).range(0..=100))]
    acknowledge: u8,
    /// Commands that staff type, a second, as long as customers write.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    commands: u32,
    /// Every tenth message names a ticket, and so does every fifth command, of a ticket system that never answers.
    #[arg(long)]
    hanging_tickets: bool,
    /// Instead of messages, so many cases whose time to answer runs out, spread over `--over`.
    #[arg(long, value_name = "N", conflicts_with_all = ["file", "rate", "count"], value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    deadlines: Option<u32>,
    /// The time in which the deadlines lie, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    over: u32,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFile,
}

/// How long the bot is left alone before its memory is read: what a start leaves behind has settled by then.
const IDLE_FOR: Duration = Duration::from_secs(2);
/// How often staff look.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How often the log is looked at for whether the bot is done.
const POLL_EVERY: Duration = Duration::from_millis(250);
/// Without anything new in the log for this long the bot will not get done. Longer than its longest pause between
/// two attempts.
const PATIENCE: Duration = Duration::from_secs(45);

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.config.read()?;
    if let Some(count) = arguments.deadlines {
        let runtime = tokio::runtime::Runtime::new().context("the runtime cannot be started")?;
        let report = runtime.block_on(deadlines::run(arguments, count, &config))?;
        return shown(&report, arguments.json, report.is_fine());
    }
    let count = usize::try_from(arguments.count)?;
    let mut lines = match &arguments.file {
        Some(file) => messages::from_file(file, count)?,
        None => messages::made_up(count, usize::try_from(arguments.rate)?),
    };
    ensure!(!lines.is_empty(), "there is nothing to say");
    if arguments.hanging_tickets {
        tickets::name_in(&mut lines);
    }
    let runtime = tokio::runtime::Runtime::new().context("the runtime cannot be started")?;
    let report = runtime.block_on(run(arguments, &config, &lines))?;
    shown(&report, arguments.json, report.is_fine())
}

fn shown(report: &(impl Serialize + Display), json: bool, is_fine: bool) -> anyhow::Result<ExitCode> {
    if json {
        println!("{}", serde_json::to_string(report)?);
    } else {
        print!("{report}");
    }
    Ok(if is_fine { ExitCode::SUCCESS } else { NO.into() })
}

async fn run(arguments: &Arguments, config: &Config, lines: &[Line]) -> anyhow::Result<Report> {
    let world = World::example();
    let discord = SmallDiscord::start(Settings {
        world: world.clone(),
        clock: Clock::system(),
        address: ([127, 0, 0, 1], 0).into(),
        token: TOKEN.to_owned(),
        next_deadline: None,
    });
    let discord = discord.await.context("the small Discord cannot be started")?;
    let folder = Folder::new("load")?;
    let log = folder.path().join("desk.sqlite");
    let bot_config = folder.path().join("config.toml");
    let tickets = if arguments.hanging_tickets { Some(Hanging::listen().await?) } else { None };
    write_config(&arguments.config, &bot_config, &discord.url(), &log, tickets.as_ref())?;

    let speakers = crowd::invite(&discord, lines);
    let complaints = Arc::new(Mutex::new(Complaints::default()));
    let bot = Bot::start(&bot_config, &complaints).await?;
    let ready_after = bot.ready_after;
    tokio::time::sleep(IDLE_FOR).await;
    let memory_idle = bot.memory();

    let channel = *config.discord.watch.first().context("the config watches no channel")?;
    let place = PlaceId::from(channel.to_string());
    let mut staff = Staff::new(&discord, &world, config, arguments.acknowledge.into());
    let (count_in, count) = watch::channel(0);
    let (kills, rate) = (usize::try_from(arguments.kill)?, usize::try_from(arguments.rate)?);
    let kill_at: Vec<usize> = (1..=kills).map(|kill| lines.len() * kill / (kills + 1)).collect();
    let progress = Progress::items(lines.len(), "messages said");
    let plot = async {
        let talking = crowd::talk(&discord, channel, lines, &speakers, arguments.rate, &count_in);
        let killing = crowd::pull_the_plug(bot, &bot_config, &complaints, count.clone(), &kill_at);
        let (said, survived) = tokio::join!(talking, killing);
        let spoken = Instant::now();
        let (facts, past) = quiet(&log, &config.desk.id, &place, &said).await?;
        anyhow::Ok((said, survived?, (facts, past), spoken.elapsed()))
    };
    let watching = async {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            looks.tick().await;
            staff.look();
            let said = *count.borrow();
            staff.type_commands(
                arguments.hanging_tickets,
                said * usize::try_from(arguments.commands).unwrap_or(0) / rate,
            );
            progress.set(said as u64);
        }
    };
    let (said, (bot, downtimes), (facts, past), settled_after) = tokio::select! {
        plotted = plot => plotted?,
        () = watching => unreachable!("the staff never go home"),
    };
    staff.look();
    drop(progress);

    let (memory_after, processor) = (bot.memory(), bot.processor());
    bot.kill();
    let account = Account::of(&facts, &past, &place, lines, &said, &staff.cards, &config.procedure);
    let complaints = complaints.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let violations = discord.violations();
    discord.stop().await;
    Ok(Report::of(Run {
        rate: arguments.rate,
        customers: speakers.iter().collect::<HashSet<_>>().len(),
        said,
        cards: staff.cards,
        acknowledged: staff.acknowledged,
        asked: staff.asked,
        answered: staff.answered,
        requests: staff.requests,
        downtimes,
        ready_after,
        settled_after,
        memory_idle,
        memory_after,
        processor,
        account,
        complaints,
        violations,
    }))
}

/// The bot's config: the one asked for, but for where Discord is and where the log goes.
fn write_config(
    source: &ConfigFile,
    target: &Path,
    api_base: &str,
    log: &Path,
    tickets: Option<&Hanging>,
) -> anyhow::Result<()> {
    let (_, text) = source.text()?;
    let mut config: toml::Table = text.parse().context("the config is not TOML")?;
    let mut set = |table: &str, key: &str, value: String| {
        if let Some(toml::Value::Table(table)) = config.get_mut(table) {
            table.insert(key.to_owned(), value.into());
        }
    };
    set("discord", "api_base", api_base.to_owned());
    set("desk", "log", log.display().to_string());
    if let Some(tickets) = tickets {
        let own = config.entry("tickets").or_insert_with(|| toml::Value::Array(Vec::new()));
        own.as_array_mut().context("tickets are no list")?.insert(0, tickets.account());
    }
    std::fs::write(target, config.to_string()).with_context(|| format!("{} cannot be written", target.display()))
}

/// Waits until the bot has read and told everything, or until nothing moves any more. What its log says then.
async fn quiet(log: &Path, desk: &str, place: &PlaceId, said: &[Said]) -> anyhow::Result<(Vec<Recorded>, Past)> {
    let last = said.last().map_or(0, |said| said.id);
    let mut store = SqliteStore::look(log, desk).await?;
    let mut moved = (Instant::now(), None);
    loop {
        let (facts, past) = (store.facts().await?, store.past().await?);
        let read_to = account::read_to(&past, place);
        let shape = Some((read_to, facts.len(), past.to_tell.len()));
        let is_still = shape == moved.1;
        if !is_still {
            moved = (Instant::now(), shape);
        }
        // Still for one look more: what a delivery led to would be on its way by then.
        let is_told = past.to_tell.iter().all(|row| tickets::is_for_them(&row.notice));
        let is_done = read_to.is_some_and(|read| read >= last) && is_told;
        if is_still && is_done || moved.0.elapsed() > PATIENCE {
            return Ok((facts, past));
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
}
