//! `bellhop sop`: the procedure as a guide for people, what is different in another version, and how cases really went.

mod import;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{bail, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::cli::log::folded;
use crate::cli::{ConfigFile, ensure_other, moment, write_out};
use crate::config::Config;
use crate::sop::desk::Desk;
use crate::sop::escalation::Actor;
use crate::sop::guide::Guide;
use crate::sop::paths::{Paths, paths};
use crate::sop::procedure::Procedure;
use crate::words::guide;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    /// What to write. A guide cannot be JSON, and how cases went is no picture.
    #[arg(long, value_enum, default_value_t = Format::Md)]
    format: Format,
    /// Where to write it. Default: stdout.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What was added, removed and changed since this older version of the config.
    #[arg(long, value_name = "OLD.toml")]
    diff: Option<PathBuf>,
    /// How cases really went, from the log that the config names.
    #[arg(long, conflicts_with = "diff")]
    paths: bool,
    /// Cases opened from this time on: "2026-12-24 18:00" or a day, by the clocks of UTC. Default: 30 days ago.
    #[arg(long, value_name = "TIME", requires = "paths")]
    since: Option<String>,
    /// Cases opened before this time. Default: now.
    #[arg(long, value_name = "TIME", requires = "paths")]
    until: Option<String>,
    /// Count confidential cases, too. Give what is written only to those who may read them.
    #[arg(long, requires = "paths")]
    cleared: bool,
    /// The same as --format json: one object a change, or one for all paths.
    #[arg(long, conflicts_with = "format")]
    json: bool,
    #[command(flatten)]
    config: ConfigFile,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Markdown.
    Md,
    /// One page that needs nothing else.
    Html,
    /// The ladders as a picture.
    Svg,
    /// For programs.
    Json,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Write a config from a procedure that is written as Markdown.
    ///
    /// Reads a table of triggers (what, an example, who gets it), a table of tiers, and lists of steps. What it cannot
    /// decide is written so that nobody is paged by it, and is told on stderr with its line. Exits with 1 if something
    /// is left to decide; the config is written all the same, and bellhop check accepts it.
    Import(import::Arguments),
}

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if let Some(What::Import(arguments)) = &arguments.what {
        return import::main(arguments);
    }
    let source = arguments.config.path();
    let sources: Vec<&Path> = source.as_deref().into_iter().chain(arguments.diff.as_deref()).collect();
    ensure_other(arguments.output.as_deref(), &sources)?;
    let format = if arguments.json { Format::Json } else { arguments.format };
    let config = arguments.config.read()?;
    let now = Utc::now();
    let written = match &arguments.diff {
        Some(old) => difference(&Config::read(old)?, &config, old, format, now)?,
        None if arguments.paths => told(&config, arguments, format, now)?,
        None => whole(&config, format, now)?,
    };
    write_out(arguments.output.as_deref(), written.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn whole(config: &Config, format: Format, now: DateTime<Utc>) -> anyhow::Result<String> {
    let guide = Guide::of(&config.procedure, now);
    let title = format!("{}: what goes up, to whom, how fast", config.desk.name);
    Ok(match format {
        Format::Md => guide::markdown(&guide, &title),
        Format::Html => guide::page(&guide, &title),
        Format::Svg => guide::svg(&guide, &title),
        Format::Json => bail!("a guide is for people: choose --format md, html or svg"),
    })
}

fn difference(old: &Config, new: &Config, path: &Path, format: Format, now: DateTime<Utc>) -> anyhow::Result<String> {
    let (before, after) = (Guide::of(&old.procedure, now), Guide::of(&new.procedure, now));
    let title = format!("{}: what is different since {}", new.desk.name, path.display());
    Ok(match format {
        Format::Md => guide::difference_markdown(&before, &after, &title),
        Format::Html => guide::difference_page(&before, &after, &title),
        Format::Svg => guide::difference_svg(&before, &after, &title),
        Format::Json => {
            let changes = guide::changes(&before, &after);
            let lines: Result<Vec<String>, _> = changes.iter().map(serde_json::to_string).collect();
            lines?.into_iter().map(|line| line + "\n").collect()
        }
    })
}

fn told(config: &Config, arguments: &Arguments, format: Format, now: DateTime<Utc>) -> anyhow::Result<String> {
    let until = arguments.until.as_deref().map_or(Ok(now), |text| moment("until", text, Tz::UTC))?;
    let since = arguments.since.as_deref().map_or(Ok(until - SINCE), |text| moment("since", text, Tz::UTC))?;
    ensure!(since < until, "--since is not before --until: nothing lies between them");
    let reader = reader(&config.procedure, arguments.cleared);
    let desk = desk(config)?;
    let paths = paths(&desk, &reader, since, until);
    let time = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M").to_string();
    let counted = if arguments.cleared { "confidential ones counted" } else { "without confidential ones" };
    let span = format!("Opened from {} to {} UTC, {counted}", time(since), time(until));
    Ok(match format {
        Format::Md => guide::paths_markdown(&paths, &config.procedure, &span),
        Format::Html => guide::paths_page(&paths, &config.procedure, &span),
        Format::Json => json(&paths)?,
        Format::Svg => bail!("how cases went is no picture: choose --format md, html or json"),
    })
}

/// How far back cases are looked at.
const SINCE: TimeDelta = TimeDelta::days(30);

fn json(paths: &Paths) -> anyhow::Result<String> {
    Ok(serde_json::to_string(paths)? + "\n")
}

/// Somebody of every team, or of none.
fn reader(procedure: &Procedure, is_cleared: bool) -> Actor {
    let teams = procedure.teams.iter().filter(|_| is_cleared).map(|team| team.id.clone()).collect();
    Actor::unnamed(teams, is_cleared)
}

/// What the log says, also while the bot runs.
fn desk(config: &Config) -> anyhow::Result<Desk> {
    let log = &config.desk.log;
    ensure!(
        log.exists(),
        "there is no log {}: start where the bot runs, for that is where its path begins",
        log.display()
    );
    folded(log, &config.desk.id, None)
}
