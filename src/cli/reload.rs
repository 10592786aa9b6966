//! The config is read again while the bot runs. A right one takes over for new cases, a wrong one changes nothing.
//!
//! Taking over is an orderly end and a start on the same log: whatever survives a crash survives this, so nothing
//! has to be exchanged while it works.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::watch;

use crate::cli::bot::{Bot, Ended, NotStarted, Start};
use crate::cli::words;
use crate::config::{Config, ConfigError};
use crate::engine::Pulse;
use crate::sop::desk::Request;

/// Longest wait for what is still to be told before the bot ends, in real time: an answer is lost with it.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What stays as it is while a bot runs, and the version that it runs.
#[derive(Clone, Debug)]
pub struct Running {
    version: String,
    desk: String,
    log: PathBuf,
    api_base: String,
    guild: u64,
    token_file: Option<PathBuf>,
    /// How often this bot was asked in the chat to read the config again, as far as that was done.
    heard: u64,
}

/// Why a bot that was to take over did not.
#[derive(Debug, thiserror::Error)]
pub enum NotTakenOver {
    #[error(transparent)]
    Ended(#[from] Ended),
    #[error(transparent)]
    NotStarted(#[from] NotStarted),
}

impl Running {
    pub fn of(config: &Config) -> Self {
        Self {
            version: config.procedure.version.clone(),
            desk: config.desk.id.clone(),
            log: config.desk.log.clone(),
            api_base: config.discord.api_base.clone(),
            guild: config.discord.guild,
            token_file: config.discord.token_file.clone(),
            heard: 0,
        }
    }

    /// Whether somebody in the chat wants the config to be read again; said once for each time.
    pub fn is_asked(&mut self, pulse: Pulse) -> bool {
        std::mem::replace(&mut self.heard, pulse.reloads) < pulse.reloads
    }

    /// Returns when somebody in the chat wants the config to be read again.
    pub async fn asked(&mut self, mut pulse: watch::Receiver<Pulse>) {
        let heard = self.heard;
        match pulse.wait_for(|pulse| pulse.reloads > heard).await {
            Ok(pulse) => self.heard = pulse.reloads,
            // The desk has ended, which is told elsewhere.
            Err(_) => std::future::pending().await,
        }
    }

    /// The config, if it can take over; else every reason against it, in a sentence.
    pub fn check(&self, read: Result<Config, ConfigError>) -> Result<Config, Vec<String>> {
        let config = match read {
            Ok(config) => config,
            Err(ConfigError::Wrong(report)) => return Err(report.problems.iter().map(ToString::to_string).collect()),
            Err(error) => return Err(vec![error.to_string()]),
        };
        let mut problems = self.changed(&config);
        problems.extend(words(&config).err().into_iter().flatten().map(|problem| problem.to_string()));
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    fn changed(&self, config: &Config) -> Vec<String> {
        let fixed = [
            ("[desk] id", self.desk == config.desk.id),
            ("[desk] log", self.log == config.desk.log),
            ("[discord] api_base", self.api_base == config.discord.api_base),
            ("[discord] guild", self.guild == config.discord.guild),
            ("[discord] token_file", self.token_file == config.discord.token_file),
        ];
        let changed = fixed.into_iter().filter(|(_, is_same)| !is_same);
        changed.map(|(key, _)| format!("{key} cannot change while the bot runs: stop it and start it again")).collect()
    }
}

/// Takes a config over, or says in the chat why not. `start` makes what a bot is started with.
pub async fn reload(
    bot: Bot,
    running: &mut Running,
    read: Result<Config, ConfigError>,
    start: impl FnOnce(Config) -> Start,
) -> Result<Bot, NotTakenOver> {
    let config = match running.check(read) {
        Ok(config) => config,
        Err(problems) => {
            tracing::warn!(problems = problems.len(), "sop.kept the config that was read again is not taken");
            bot.tell(Request::Keep { problems }).await;
            return Ok(bot);
        }
    };
    let next = Running::of(&config);
    let is_same = next.version == running.version;
    *running = next;
    let mut pulse = bot.engine().pulse();
    // Words that Discord does not take now are told by the next bot, but for answers.
    let _ = tokio::time::timeout(LAST_WORDS, pulse.wait_for(|pulse| pulse.to_tell == 0)).await;
    bot.stop().await.map_err(Ended::from)?;
    let bot = Bot::start(start(config)).await?;
    if is_same {
        bot.tell(Request::Keep { problems: Vec::new() }).await;
    }
    tracing::info!("sop.reloaded");
    Ok(bot)
}
