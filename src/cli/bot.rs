//! A whole bot: config → Discord → desk. What `run`, `sandbox` and the tests start.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tokio::sync::watch;

use crate::adapters::Routes;
use crate::adapters::discord::{self, Discord, Listening, StartProblem};
use crate::adapters::tickets::{self, NotOpen, Polls};
use crate::adapters::web::{Behind, Bound, NotListening, Secrets, Web};
use crate::config::Config;
use crate::engine::clock::Clock;
use crate::engine::input::Input;
use crate::engine::store::{SqliteStore, StoreError};
use crate::engine::{Engine, Failure, Forgetting, Pulse};
use crate::sop::desk::Request;
use crate::words::{Language, Markup, Words, WordsError};

/// What a bot is started with, beside its config.
pub struct Start {
    pub config: Config,
    pub clock: Clock,
    pub token: SecretString,
    /// Another server than the config's: the small Discord.
    pub api_base: Option<String>,
    /// Another log than the config's.
    pub log: Option<PathBuf>,
}

/// Why a bot did not start: all reasons at once.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    #[error("{}", list(.0))]
    Discord(Vec<StartProblem>),
    #[error("{}", list(.0))]
    Words(Vec<WordsError>),
    #[error("{}", list(.0))]
    Tickets(Vec<NotOpen>),
    #[error(transparent)]
    Web(#[from] NotListening),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Engine(#[from] Failure),
}

fn list(problems: &[impl ToString]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A running bot.
pub struct Bot {
    engine: Engine,
    listening: Listening,
    web: Option<Web>,
    polls: Polls,
    forgetting: Option<Forgetting>,
}

/// Why a bot ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    #[error(transparent)]
    Discord(#[from] StartProblem),
    #[error(transparent)]
    Desk(#[from] Failure),
}

impl Bot {
    /// Starts a bot. It is ready once [`Self::ready`] says so.
    pub async fn start(start: Start) -> Result<Self, NotStarted> {
        let Start { config, clock, token, api_base, log } = start;
        let Config { procedure, desk, discord, tickets, web, retention, .. } = config;
        let procedure = Arc::new(procedure);
        let settings = discord::Settings {
            api_base: api_base.unwrap_or(discord.api_base),
            guild: discord.guild,
            watched: discord.watch,
            staff_roles: discord.staff_roles,
            canary: discord.canary,
            language: desk.language,
            templates: desk.templates,
        };
        let secrets = web.as_ref().map(|web| Secrets::read(&web.door).map_err(NotListening::Secret)).transpose()?;
        // The log first: what is due is known before anybody is asked anything.
        let mut store = SqliteStore::open(&log.unwrap_or(desk.log), &desk.id).await?;
        store.forget(&retention, clock.now(), &procedure.version).await?;
        let discord = Discord::connect(settings, token, Arc::clone(&procedure), desk.id);
        let discord = discord.await.map_err(NotStarted::Discord)?;
        let missing = discord.missing();
        if !missing.is_empty() && store.is_new().await? {
            return Err(NotStarted::Discord(missing));
        }
        for problem in missing {
            // Cases may be open: whoever can still be reached must be.
            tracing::warn!("bot.incomplete {problem}");
        }
        let words = discord.words_for(tickets::markup()).map_err(NotStarted::Words)?;
        let tickets = Arc::new(tickets::Accounts::open(&tickets, words).map_err(NotStarted::Tickets)?);
        let connector = Arc::new(Routes { chat: discord.connector(), tickets: tickets.clone() });
        let bound = match &web {
            Some(web) => Some(Bound::to(web.listen).await?),
            None => None,
        };
        let settings =
            crate::engine::Settings { procedure: Arc::clone(&procedure), clock: clock.clone(), store, connector };
        let engine = Engine::start(settings).await?;
        let forgetting = Forgetting::start(retention, engine.log(), engine.inbox(), clock.clone());
        let polls = Polls::start(tickets.all(), &engine.inbox(), &clock, engine.positions());
        let mut read = engine.positions().clone();
        read.retain(|place, _| !tickets::is_mark(place));
        let listening = discord.listen(engine.inbox(), read);
        let listening = listening.map_err(|problem| NotStarted::Discord(vec![problem]))?;
        let web = match (web, bound) {
            (Some(web), Some(bound)) => {
                let secrets = secrets.unwrap_or_default();
                let sign_in = secrets.client_secret().map(|secret| discord.sign_in(secret.clone())).transpose();
                let behind = Behind {
                    engine: &engine,
                    clock,
                    procedure: Arc::clone(&procedure),
                    accounts: tickets.all().to_vec(),
                    // As its pages.
                    words: Words::load(Language::English, None, Markup::none(), &procedure.teams)
                        .map_err(NotStarted::Words)?,
                    sign_in: sign_in
                        .map_err(|error| NotStarted::Discord(vec![StartProblem::Local(Box::new(error))]))?,
                    secrets,
                    hears: vec![
                        ("what was said while the bot was away is not read yet", listening.ready()),
                        ("the gateway to the chat is not connected", listening.connected()),
                    ],
                };
                Some(bound.serve(&web, behind)?)
            }
            _ => None,
        };
        Ok(Self { engine, listening, web, polls, forgetting })
    }

    /// The desk behind it.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Where it is reached over HTTP, if it is.
    pub fn web(&self) -> Option<SocketAddr> {
        self.web.as_ref().map(Web::address)
    }

    /// Asks the desk for something that nobody in the chat has asked for.
    pub async fn tell(&self, request: Request) {
        // Not a repetition of anything: the operator may want the same thing twice.
        let id = format!("operator:{}:{}", Utc::now().timestamp_micros(), self.engine.pulse().borrow().handled);
        // A desk that has ended says so by itself.
        let _ = self.engine.inbox().send(Input::request(id, request)).await;
    }

    /// True once everything said so far has been read.
    pub fn ready(&self) -> watch::Receiver<bool> {
        self.listening.ready()
    }

    /// When the next case wants to be woken, as it changes.
    pub fn next_deadline(&self) -> watch::Receiver<Option<DateTime<Utc>>> {
        let mut pulse: watch::Receiver<Pulse> = self.engine.pulse();
        let (next, shown) = watch::channel(pulse.borrow().next_deadline);
        tokio::spawn(async move {
            while pulse.changed().await.is_ok() {
                next.send_if_modified(|next| std::mem::replace(next, pulse.borrow().next_deadline) != *next);
            }
        });
        shown
    }

    /// Returns when the bot cannot go on.
    pub async fn ended(&mut self) -> Ended {
        tokio::select! {
            problem = self.listening.ended() => problem.into(),
            failure = self.engine.failed() => failure.into(),
        }
    }

    /// Hangs up, records what was heard, ends.
    pub async fn stop(mut self) -> Result<(), Failure> {
        self.listening.hang_up();
        drop((self.polls, self.forgetting));
        if let Some(web) = self.web {
            web.close().await;
        }
        self.engine.stop().await
    }

    /// Ends at once, wherever it is, as a crash would.
    pub async fn kill(self) {
        drop(self.listening);
        if let Some(web) = self.web {
            web.close().await;
        }
        self.engine.kill().await;
    }
}
