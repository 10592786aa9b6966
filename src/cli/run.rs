//! `bellhop run`: the bot.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use secrecy::SecretString;
use tokio::signal::unix::{SignalKind, signal};

use crate::adapters::secret;
use crate::cli::bot::{Bot, Ended, NotStarted, Start};
use crate::cli::reload::{Running, reload};
use crate::cli::{NO, style, warn_of_findings};
use crate::config::Config;
use crate::engine::clock::Clock;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The procedure.
    #[arg(short, long, value_name = "FILE", env = "BELLHOP_CONFIG", default_value = "config.toml")]
    config: PathBuf,
}

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    style::log("info,serenity=warn,poise=warn");
    // The message of a panic can quote what was being read; its place is enough.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!("bot.fault at {place}");
    }));
    let config = Config::read(&arguments.config)?;
    let token = token(config.discord.token_file.as_ref()).map_err(|says| anyhow!("{says}: {TOKEN_ADVICE}"))?;
    warn_of_findings(&config);
    // One thread: 3,000 messages a second keep it busy for less than a fifth of the time (`bellhop load`).
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("the runtime cannot be started")?;
    runtime.block_on(run(&arguments.config, config, token))
}

/// Where the secret comes from.
pub(crate) const TOKEN_ADVICE: &str = "set DISCORD_TOKEN, or name a file with it as token_file in [discord]. The \
    developer portal shows it on the page Bot. To try without one: bellhop sandbox";

/// The secret, from the environment or from a file; otherwise, why there is none.
pub(crate) fn token(file: Option<&PathBuf>) -> Result<SecretString, String> {
    match (secret::in_environment("DISCORD_TOKEN"), file) {
        (Some(token), _) => Ok(token),
        (None, Some(file)) => secret::in_file(file),
        (None, None) => Err("there is no token".to_owned()),
    }
}

async fn run(path: &Path, config: Config, token: SecretString) -> anyhow::Result<ExitCode> {
    let started = std::time::Instant::now();
    // Heard from the first moment: unheard, this signal ends a program.
    let mut hang_up = signal(SignalKind::hangup()).context("SIGHUP cannot be heard")?;
    let start = |config| Start { config, clock: Clock::system(), token: token.clone(), api_base: None, log: None };
    let mut running = Running::of(&config);
    let mut bot = match Bot::start(start(config)).await {
        Ok(bot) => bot,
        Err(problem) => return Ok(refuse(problem)),
    };
    let mut ready = bot.ready();
    // One for the whole run: a signal that comes while nobody listens is lost.
    let mut to_end = std::pin::pin!(told_to_end());
    tokio::select! {
        biased;
        ended = bot.ended() => return Ok(give_up(ended)),
        _ = ready.wait_for(|ready| *ready) => {
            tracing::info!(duration_ms = started.elapsed().as_millis(), "bot.ready");
        }
        () = &mut to_end => return stop(bot).await,
    }
    loop {
        let pulse = bot.engine().pulse();
        tokio::select! {
            ended = bot.ended() => return Ok(give_up(ended)),
            () = &mut to_end => return stop(bot).await,
            _ = hang_up.recv() => {}
            () = running.asked(pulse) => {}
        }
        bot = reload(bot, &mut running, Config::read(path), start).await?;
    }
}

/// Says everything that keeps the bot from starting.
fn refuse(problem: NotStarted) -> ExitCode {
    match problem {
        NotStarted::Discord(problems) => problems.into_iter().for_each(|problem| style::complain(&problem.into())),
        problem => style::complain(&problem.into()),
    }
    NO.into()
}

/// Says why the bot cannot go on.
fn give_up(ended: Ended) -> ExitCode {
    style::complain(&ended.into());
    NO.into()
}

async fn stop(bot: Bot) -> anyhow::Result<ExitCode> {
    tracing::info!("bot.stopping");
    bot.stop().await?;
    Ok(ExitCode::SUCCESS)
}

/// Ctrl-C, or what a supervisor sends.
pub(crate) async fn told_to_end() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
