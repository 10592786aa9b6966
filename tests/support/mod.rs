//! The stage that transcripts are played on: the real bot against the small Discord, over real sockets, on a clock
//! that the test moves.
//!
//! A test says what people do; everything that anybody could then see is collected. Waiting is for a level ("this
//! input has settled, nothing waits to be told, nothing is due"), never for an event, and always bounded.

pub mod chat;
pub mod evidence;
pub mod log;
pub mod script;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use bellhop::adapters::secret::SecretPlace;
use bellhop::adapters::web;
use bellhop::cli::bot::{Bot, Start};
use bellhop::cli::reload::{Running, reload};
use bellhop::cli::simulate::script::config_over;
use bellhop::config::{Config, ConfigError};
use bellhop::engine::clock::Clock;
use bellhop::engine::input::{Body, Input, InputId};
use bellhop::sandbox::{AnswerKind, HelpDesk, Seen, Settings, SmallDiscord, World, help_desk};
use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::SecretString;
use sha2::Sha256;
use tempfile::TempDir;

pub const TOKEN: &str = "sandbox.bot.token";
/// What the help desk signs with.
const SECRET: &str = "s3cr3t-key";
/// Longest wait for a level, in real time.
const PATIENCE: Duration = Duration::from_secs(30);

/// The small Discord, the bot, and the clock they share.
pub struct Stage {
    pub discord: SmallDiscord,
    pub help_desk: HelpDesk,
    pub clock: Clock,
    config: String,
    folder: TempDir,
    bot: Option<Bot>,
    running: Running,
    /// How much of what was seen has been shown.
    shown: usize,
}

impl Stage {
    /// Raises the curtain: a fresh server, a fresh log, a bot that is ready.
    pub async fn open(config: &str, start: DateTime<Utc>) -> Result<Self> {
        let clock = Clock::manual(start);
        let settings = Settings {
            world: World::example(),
            clock: clock.clone(),
            address: ([127, 0, 0, 1], 0).into(),
            token: TOKEN.to_owned(),
            next_deadline: None,
        };
        let discord = SmallDiscord::start(settings).await?;
        let folder = tempfile::tempdir()?;
        let help_desk = HelpDesk::start(clock.clone()).await?;
        std::fs::write(folder.path().join("token"), help_desk::TOKEN)?;
        std::fs::write(folder.path().join("secret"), SECRET)?;
        let running = Running::of(&parsed(config)?);
        let mut stage =
            Self { discord, help_desk, clock, config: config.to_owned(), folder, bot: None, running, shown: 0 };
        stage.start_bot().await?;
        Ok(stage)
    }

    pub fn log(&self) -> PathBuf {
        self.folder.path().join("desk.sqlite")
    }

    pub async fn start_bot(&mut self) -> Result<()> {
        ensure!(self.bot.is_none(), "the bot is already running");
        let config = parsed(&self.config)?;
        self.running = Running::of(&config);
        let bot = Bot::start(self.start(config)).await?;
        self.let_in(bot).await
    }

    /// Accounts that are read are those of the small help desk, which delivers webhooks.
    fn start(&self, mut config: Config) -> Start {
        let file = |name: &str| Some(SecretPlace::File(self.folder.path().join(name)));
        for account in config.tickets.iter_mut().filter(|account| account.token.is_some()) {
            (account.api, account.token, account.webhook) = (self.help_desk.url(), file("token"), file("secret"));
            config.web = Some(web::Settings::at(([127, 0, 0, 1], 0).into()));
        }
        Start {
            config,
            clock: self.clock.clone(),
            token: SecretString::from(TOKEN),
            api_base: Some(self.discord.url()),
            log: Some(self.log()),
        }
    }

    /// Waits until a bot is ready.
    async fn let_in(&mut self, bot: Bot) -> Result<()> {
        let mut ready = bot.ready();
        let is_ready = tokio::time::timeout(PATIENCE, ready.wait_for(|ready| *ready)).await;
        is_ready.context("the bot was not ready in time")?.context("the bot stopped before it was ready")?;
        self.bot = Some(bot);
        self.settle(&[]).await
    }

    /// Adds tables to the config, and has it read again.
    pub async fn change_config(&mut self, tables: &str) -> Result<()> {
        let config = config_over(&self.config, tables)?;
        let is_taken = parsed(&config).is_ok_and(|config| self.running.check(Ok(config)).is_ok());
        self.read_again(&config).await?;
        if is_taken {
            self.config = config;
        }
        Ok(())
    }

    async fn read_again(&mut self, config: &str) -> Result<()> {
        let bot = self.bot.take().context("the bot is not running")?;
        let read = Config::parse("config", config).map_err(ConfigError::Wrong);
        let mut running = self.running.clone();
        let bot = reload(bot, &mut running, read, |config| self.start(config)).await?;
        self.running = running;
        // Everything the bot was asked is behind it.
        let (done, recorded) = tokio::sync::oneshot::channel();
        let mark = Input { id: InputId("mark".to_owned()), body: Body::Mark(done) };
        bot.engine().inbox().send(mark).await?;
        recorded.await?;
        self.let_in(bot).await
    }

    /// Ends the bot as a crash would.
    pub async fn kill_bot(&mut self) -> Result<()> {
        let bot = self.bot.take().context("the bot is not running")?;
        bot.kill().await;
        // A connection that still stands would take events that nobody hears.
        self.discord.until(|discord| discord.gateway_sessions() == 0).await?;
        Ok(())
    }

    pub fn is_running(&self) -> bool {
        self.bot.is_some()
    }

    /// Waits until these inputs have settled, everything is told, and nothing is due.
    pub async fn settle(&self, inputs: &[InputId]) -> Result<()> {
        let Some(bot) = &self.bot else { return Ok(()) };
        let mut pulse = bot.engine().pulse();
        let quiet = pulse.wait_for(|pulse| {
            inputs.iter().all(|input| bot.engine().has_settled(input))
                && pulse.to_tell == if self.help_desk.is_down() { pulse.held_up } else { 0 }
                && pulse.next_deadline.is_none_or(|due| due > self.clock.now())
        });
        let quiet = tokio::time::timeout(PATIENCE, quiet).await;
        quiet.with_context(|| format!("not quiet in time, waiting for {inputs:?}"))?.context("the desk has ended")?;
        self.discord.until(|discord| discord.pending_interactions() == 0).await?;
        Ok(())
    }

    /// Waits for the first answer to an interaction, and for the desk if the answer only promised one.
    pub async fn settle_interaction(&mut self, interaction: u64) -> Result<()> {
        if self.bot.is_none() {
            return Ok(());
        }
        let answer = |seen: &[Seen]| {
            seen.iter().find_map(|seen| match seen {
                Seen::Answer { interaction: id, kind, .. } if *id == interaction => Some(*kind),
                _ => None,
            })
        };
        self.discord.wait(|seen| answer(seen).is_some()).await?;
        let promised = matches!(answer(&self.discord.seen()), Some(AnswerKind::Deferred | AnswerKind::DeferredUpdate));
        if promised {
            self.settle(&[InputId(format!("interaction:{interaction}"))]).await?;
        }
        let pulse = self.bot.as_ref().map(|bot| *bot.engine().pulse().borrow());
        if pulse.is_some_and(|pulse| self.running.is_asked(pulse)) {
            let config = self.config.clone();
            self.read_again(&config).await?;
        }
        Ok(())
    }

    /// Moves the clock to `at`, stopping at every deadline on the way; what was seen at each stop.
    pub async fn advance_to(&mut self, at: DateTime<Utc>) -> Result<Vec<(DateTime<Utc>, Vec<Seen>)>> {
        let mut stops = Vec::new();
        loop {
            let now = self.clock.now();
            let due = self.bot.as_ref().and_then(|bot| bot.engine().pulse().borrow().next_deadline);
            let next = due.filter(|due| *due <= at).unwrap_or(at);
            if next > now {
                self.clock.advance(next - now);
            }
            self.settle(&[]).await?;
            stops.push((next, self.news()));
            if next >= at {
                return Ok(stops);
            }
        }
    }

    /// The ticket system says that a ticket has changed, as Zendesk does: `times` the same delivery.
    pub async fn deliver_webhook(&self, account: &str, ticket: u64, delivery: &str, times: usize) -> Result<()> {
        let Some(address) = self.bot.as_ref().and_then(Bot::web) else { return Ok(()) };
        let at = self.clock.now().to_rfc3339();
        let body = format!(r#"{{"ticket_id": "{ticket}"}}"#);
        let mut keyed = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
        keyed.update(format!("{at}{body}").as_bytes());
        let signature = BASE64.encode(&keyed.finalize().into_bytes());
        for attempt in 0..times {
            let answer = reqwest::Client::new()
                .post(format!("http://{address}/hooks/{account}"))
                .header("content-type", "application/json")
                .header("x-zendesk-webhook-signature", &signature)
                .header("x-zendesk-webhook-signature-timestamp", &at)
                .header("x-zendesk-webhook-invocation-id", delivery)
                .body(body.clone())
                .send()
                .await?;
            let expected = if attempt == 0 { 202 } else { 409 };
            ensure!(answer.status().as_u16() == expected, "the webhook was answered with {}", answer.status());
        }
        self.settle(&[]).await
    }

    /// What was seen since the last call.
    pub fn news(&mut self) -> Vec<Seen> {
        let news = self.discord.seen_since(self.shown);
        self.shown += news.len();
        news
    }

    /// Lowers the curtain: nothing may be left that nobody looked at.
    pub async fn close(mut self) -> Result<()> {
        if let Some(bot) = self.bot.take() {
            bot.stop().await?;
        }
        evidence::prove(&self.log(), &parsed(&self.config)?.desk.id).await?;
        let violations = self.discord.violations();
        let of_tickets = self.help_desk.violations();
        ensure!(of_tickets.is_empty(), "the help desk saw what must not be:\n{}", of_tickets.join("\n"));
        ensure!(violations.is_empty(), "the small Discord saw what must not be:\n{}", violations.join("\n"));
        self.discord.stop().await;
        Ok(())
    }
}

fn parsed(config: &str) -> Result<Config> {
    Config::parse("scenario", config).map_err(|report| anyhow!("{}", report.draw(false, false)))
}
