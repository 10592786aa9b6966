//! `bellhop doctor`: whether everything is there that the bot needs, on this machine and on Discord.

use std::io::{ErrorKind, Write, stdout};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use chrono::Utc;
use clap::builder::styling::{AnsiColor, Style};

use crate::adapters::discord;
use crate::adapters::tickets::{Account, Patience, Settings, TicketError};
use crate::adapters::web::{self, Secrets};
use crate::cli::oncall::Duty;
use crate::cli::run::{TOKEN_ADVICE, token};
use crate::cli::tickets::advice;
use crate::cli::{NO, style, year};
use crate::config::{self, Config, ConfigError, Report};
use crate::engine::store::{SqliteStore, StoreError};
use crate::sop::notice::{Check, Outcome};
use crate::sop::procedure::Procedure;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The procedure.
    #[arg(short, long, value_name = "FILE", env = "BELLHOP_CONFIG", default_value = "config.toml")]
    config: PathBuf,
    /// One JSON object a check.
    #[arg(long)]
    json: bool,
}

/// How far ahead gaps in the rotas are looked for, in days.
const DAYS_AHEAD: u16 = 14;
/// How long whoever listens where the dashboard is to may take to say who it is.
const ANSWER: Duration = Duration::from_secs(2);

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let checks = match Config::read(&arguments.config) {
        Ok(config) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.context("the runtime cannot be started")?.block_on(examine(&config))
        }
        // For people there is a drawing of it.
        Err(ConfigError::Wrong(report)) if arguments.json => wrong(&report),
        Err(error) => return Err(error.into()),
    };
    let mut out = stdout().lock();
    if arguments.json {
        for check in &checks {
            serde_json::to_writer(&mut out, check)?;
            writeln!(out)?;
        }
    } else {
        write!(out, "{}", told(&checks, style::colored(&stdout())))?;
    }
    let is_error = checks.iter().any(|check| check.outcome == Outcome::Error);
    Ok(if is_error { NO.into() } else { ExitCode::SUCCESS })
}

async fn examine(config: &Config) -> Vec<Check> {
    let Config { procedure, desk, discord, .. } = config;
    let tried = SqliteStore::try_out(&desk.log).await;
    let bot_runs = matches!(tried, Err(StoreError::InUse { .. }));
    let mut checks = vec![judged(config), log(tried)];
    if let Some(settings) = &config.web {
        checks.extend([port(settings, bot_runs).await, dashboard(settings)]);
    }
    checks.extend(duties(procedure));
    for account in config.tickets.iter().filter(|account| account.token.is_some()) {
        checks.push(ticket_system(account).await);
    }
    match token(discord.token_file.as_ref()) {
        Ok(token) => {
            let settings = discord::Settings {
                api_base: discord.api_base.clone(),
                guild: discord.guild,
                watched: discord.watch.clone(),
                staff_roles: discord.staff_roles.clone(),
                canary: discord.canary,
                language: desk.language,
                templates: desk.templates.clone(),
            };
            checks.extend(discord::examine(&settings, token, procedure).await);
        }
        Err(says) => checks.push(Check::error("token", says, TOKEN_ADVICE)),
    }
    checks
}

/// What is wrong with a config that cannot be used.
fn wrong(report: &Report) -> Vec<Check> {
    let todo = "run bellhop check, which shows each problem with its line and what to do";
    report.problems.iter().map(|problem| Check::error("config", problem.to_string(), todo)).collect()
}

/// The config was read, and the files that it names with it.
fn judged(config: &Config) -> Check {
    let says = |count: usize, what: &str| {
        format!("it can be used, but bellhop check has {count} {what}{}", if count == 1 { "" } else { "s" })
    };
    match config::weigh(config, year(Utc::now())) {
        (0, 0) => Check::fine("config", "it and the files it names can be read, and bellhop check finds nothing"),
        (0, warnings) => Check::warning("config", says(warnings, "warning"), "run bellhop check"),
        (errors, _) => Check::error("config", says(errors, "error"), "run bellhop check"),
    }
}

fn log(tried: Result<(), StoreError>) -> Check {
    match tried {
        Ok(()) => Check::fine("log", "it can be written"),
        Err(StoreError::InUse { .. }) => Check::fine("log", "a bot that runs writes to it"),
        Err(error) => {
            let says = style::sentence(&error.into());
            Check::error("log", says, "give the bot a folder that it may write to, and name it as log in [desk]")
        }
    }
}

/// Whether it can listen where it is to, for webhooks as for people.
async fn port(settings: &web::Settings, bot_runs: bool) -> Check {
    let (about, listen) = ("web", settings.listen);
    match TcpListener::bind(listen) {
        Ok(_) => Check::fine(about, format!("it can listen on {listen}")),
        Err(error) if error.kind() == ErrorKind::AddrInUse && bot_runs && is_bot(listen).await => {
            Check::fine(about, format!("a bot that runs listens on {listen}"))
        }
        Err(error) => {
            let todo = "name an address of this machine and a free port as listen in [web]";
            Check::error(about, format!("it cannot listen on {listen} ({error})"), todo)
        }
    }
}

/// Whether a bot answers there.
async fn is_bot(listen: SocketAddr) -> bool {
    let asked = async {
        let client = reqwest::Client::builder().no_proxy().timeout(ANSWER).build()?;
        client.get(format!("http://{listen}/healthz")).send().await?.error_for_status()?.text().await
    };
    asked.await.is_ok_and(|answer| answer == web::ALIVE)
}

/// Whether anybody can look at it.
fn dashboard(settings: &web::Settings) -> Check {
    let about = "dashboard";
    let todo = "see [web]: client_secret_file, token_file, session_key_file";
    match Secrets::read(&settings.door) {
        Ok(secrets) if secrets.let_somebody_in() => Check::fine(about, "its secrets are there"),
        Ok(_) => Check::warning(about, "nobody can sign in: it has no client secret and no token", todo),
        Err(says) => Check::error(about, says, todo),
    }
}

/// Whether an account signs in, by the cheapest question there is.
async fn ticket_system(settings: &Settings) -> Check {
    let about = format!("tickets of {}", settings.name);
    let account = match Account::open(settings, Patience::default(), None) {
        Ok(account) => account,
        Err(error) => return Check::error(about, error.to_string(), "see token_env and token_file in [[tickets]]"),
    };
    match account.changed_since(Utc::now()).await {
        Ok(_) => Check::fine(about, "it answers"),
        Err(TicketError::Impossible { .. }) => Check::fine(about, "its token is there; bellhop tickets test tries it"),
        Err(error) => Check::error(about, error.to_string(), advice(&error, settings)),
    }
}

/// Who is on call, rota by rota.
fn duties(procedure: &Procedure) -> impl Iterator<Item = Check> {
    let rotas = procedure.teams.iter().flat_map(|team| procedure.rotas_of(&team.id));
    rotas.map(|rota| {
        let duty = Duty::of(rota, procedure, Utc::now(), DAYS_AHEAD);
        let (about, todo) =
            (format!("rota {}", rota.id), "add a layer below, or somebody who covers; see bellhop oncall");
        match (&duty.on_call, duty.gaps.first()) {
            (None, _) => Check::warning(about, "nobody is on call now", todo),
            (Some(who), Some(gap)) => {
                let from = duty.time(gap.from);
                Check::warning(about, format!("{} is on call, but nobody is from {from} on", who.name), todo)
            }
            (Some(who), None) => {
                Check::fine(about, format!("{} is on call, and there is no gap in {DAYS_AHEAD} days", who.name))
            }
        }
    })
}

/// One line a check, one more for what to do, and the sum.
fn told(checks: &[Check], colored: bool) -> String {
    let lines: String = checks.iter().map(|check| line(check, colored)).collect();
    let count = |outcome: Outcome| checks.iter().filter(|check| check.outcome == outcome).count();
    let several = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let (errors, warnings) = (several(count(Outcome::Error), "error"), several(count(Outcome::Warning), "warning"));
    lines + &format!("{errors}, {warnings}, {} fine\n", count(Outcome::Ok))
}

fn line(check: &Check, colored: bool) -> String {
    let (mark, color) = match check.outcome {
        Outcome::Ok => ('✓', AnsiColor::Green),
        Outcome::Warning => ('!', AnsiColor::Yellow),
        Outcome::Error => ('✗', AnsiColor::Red),
    };
    let style = if colored { color.on_default() } else { Style::new() };
    let todo = check.todo.as_ref().map(|todo| format!("  → {todo}\n")).unwrap_or_default();
    format!("{style}{mark}{style:#} {}: {}\n{todo}", check.about, check.says)
}
