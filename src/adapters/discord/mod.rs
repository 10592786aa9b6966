//! Discord: its gateway and commands become inputs, notices become messages. No rules live here.
//!
//! Reading order: [`Discord::connect`] asks Discord who we are, [`Discord::missing`] whether everything is there;
//! [`Discord::connector`] is what the outbox sends with; [`Discord::listen`] opens the gateway.
//!
//! - `gateway`: serenity's client in a runtime of its own · `events`: the way from there, and its gaps
//! - `intake`: messages, in order and without gaps · `interactions`: buttons, forms and commands, answered at once
//! - `convert`: what Discord says, in the desk's terms · `compose`: what the desk says, in Discord's form
//! - `completion`: what somebody may mean who is still typing
//! - `locales`: what commands are called and described as in other languages
//! - `canary`: whether the gateway still brings what is said
//! - `checkup`: whether everything is there
//! - `survey`: what a server has, for a config that is yet to be written
//! - `sign_in`: who somebody is who comes with a browser
//! - `bundles`: lines that are said close together
//! - `deliver`: the connector · `api`: the REST client · `guild`: what is known of the server · `markup`: how it writes
//! - `typed`: commands as they are written where no Discord takes them apart

mod api;
mod bundles;
mod calls;
mod canary;
mod checkup;
mod commands;
mod completion;
pub(crate) mod compose;
mod convert;
mod custom_id;
mod deliver;
mod events;
mod gateway;
mod guild;
mod intake;
mod interactions;
mod locales;
mod markup;
mod reply;
mod sign_in;
mod survey;
mod typed;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use secrecy::SecretString;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

use crate::adapters::discord::api::{Api, ApiError};
pub(crate) use crate::adapters::discord::bundles::Bundles;
use crate::adapters::discord::canary::Canary;
use crate::adapters::discord::commands::Ear;
use crate::adapters::discord::completion::Completions;
use crate::adapters::discord::deliver::Postman;
use crate::adapters::discord::gateway::{Gateway, Line};
use crate::adapters::discord::guild::Guild;
use crate::adapters::discord::intake::Intake;
use crate::adapters::discord::interactions::Counter;
use crate::engine::connector::Connector;
use crate::engine::input::{Input, InputId};
use crate::sop::message::{MessageId, PlaceId};
use crate::sop::notice::{Check, Outcome};
use crate::sop::procedure::Procedure;
use crate::sop::team::Team;
use crate::sop::trigger::Mode;
use crate::words::{Language, Markup, Words, WordsError};

pub(crate) use crate::adapters::discord::api::REQUESTS_PER_SECOND;
pub use crate::adapters::discord::canary::CanarySettings;
pub(crate) use crate::adapters::discord::commands::{Asked, Call};
pub(crate) use crate::adapters::discord::convert::Roles;
pub(crate) use crate::adapters::discord::custom_id::CustomId;
pub(crate) use crate::adapters::discord::interactions::{Clerk, Plan};
pub use crate::adapters::discord::markup::markup;
pub(crate) use crate::adapters::discord::reply::{Reply, ReplyKind};
pub use crate::adapters::discord::sign_in::{NotSignedIn, SignIn};
pub(crate) use crate::adapters::discord::survey::{Named, Survey};
pub(crate) use crate::adapters::discord::typed::{asked, completing};

/// Which Discord, and what of it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server that speaks Discord's protocol, for example `https://discord.com`. The gateway's address is asked
    /// of it.
    pub api_base: String,
    pub guild: u64,
    /// Channels that customers write in.
    pub watched: Vec<u64>,
    pub staff_roles: Vec<u64>,
    /// Where the bot finds out whether it still hears.
    pub canary: Option<CanarySettings>,
    /// What the bot speaks; `None`: what the server does.
    pub language: Option<Language>,
    /// A folder with words instead of the built-in ones.
    pub templates: Option<std::path::PathBuf>,
}

/// Why the bot cannot work with this Discord. Each is one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartProblem {
    /// Something that `bellhop doctor` would find, too.
    #[error("{}: {}", .0.says, .0.todo.as_deref().unwrap_or_default())]
    Check(Check),
    #[error(transparent)]
    Words(#[from] WordsError),
    #[error("{0}")]
    Discord(#[from] ApiError),
    #[error("the connection to Discord cannot be set up")]
    Local(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the gateway ended: {0}")]
    Gateway(String),
}

/// Everything there is to look at on Discord's side, without changing anything there.
pub async fn examine(settings: &Settings, token: SecretString, procedure: &Procedure) -> Vec<Check> {
    match Api::new(&settings.api_base, token) {
        Ok(api) => checkup::examine(&api, settings, procedure).await,
        Err(error) => vec![Check::error("network", error.to_string(), "check this machine's certificates")],
    }
}

/// A Discord that answered.
pub struct Discord {
    settings: Settings,
    token: SecretString,
    api: Arc<Api>,
    words: Arc<Words>,
    guild: Arc<Guild>,
    procedure: Arc<Procedure>,
    completions: Arc<Completions>,
    desk: String,
    /// What its server speaks.
    spoken: Language,
}

/// An open gateway. Dropping it hangs up.
pub struct Listening {
    gateway: Gateway,
    ready: watch::Receiver<bool>,
    connected: watch::Receiver<bool>,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

/// Events that may wait for the intake; more than the gateway can send while the log flushes.
const EVENTS_MAX: usize = 16_384;
const CALLS_MAX: usize = 1_024;
/// Calls remembered, so that one that comes twice is served once.
const CALLS_REMEMBERED: usize = 4_096;
/// Interactions served at once.
const SERVED_MAX: usize = 64;

impl Discord {
    /// Asks Discord who we are and what is there, and registers the commands. All problems at once.
    pub async fn connect(
        settings: Settings,
        token: SecretString,
        procedure: Arc<Procedure>,
        desk: String,
    ) -> Result<Self, Vec<StartProblem>> {
        let local = |error: reqwest::Error| vec![StartProblem::Local(Box::new(error))];
        let api = Arc::new(Api::new(&settings.api_base, token.clone()).map_err(local)?);
        let met = checkup::introduce(&api, &settings, &procedure).await.map_err(|problem| vec![problem])?;
        let words = checkup::words(&settings, met.language, &procedure);
        let words = words.map_err(|problems| problems.into_iter().map(StartProblem::Words).collect::<Vec<_>>())?;
        let guild = Arc::new(met.guild);
        let path = format!("applications/{}/guilds/{}/commands", guild.application(), guild.id());
        let registered = api.put(&path, &commands::registered()).await;
        registered.map_err(|error| vec![StartProblem::Discord(error)])?;
        let (words, completions) = (Arc::new(words), Arc::default());
        Ok(Self { settings, token, api, words, guild, procedure, completions, desk, spoken: met.language })
    }

    /// Everything the procedure names that is not there, or not closed as it should be.
    pub fn missing(&self) -> Vec<StartProblem> {
        let found = checkup::look_around(&self.guild, &self.settings, &self.procedure);
        found.into_iter().filter(|check| check.outcome == Outcome::Error).map(StartProblem::Check).collect()
    }

    /// The words of this desk for somewhere else, in its language.
    pub fn words_for(&self, markup: Markup) -> Result<Words, Vec<WordsError>> {
        let language = self.settings.language.unwrap_or(self.spoken);
        Words::load(language, self.settings.templates.as_deref(), markup, &self.procedure.teams)
    }

    /// What the outbox sends with.
    pub fn connector(&self) -> Arc<dyn Connector> {
        Arc::new(Postman {
            api: Arc::clone(&self.api),
            words: Arc::clone(&self.words),
            guild: Arc::clone(&self.guild),
            completions: Arc::clone(&self.completions),
            bundles: Bundles::default(),
            without_threads: Mutex::default(),
            desk: self.desk.clone(),
        })
    }

    /// Opens the gateway. `read` is how far each place had been read.
    pub fn listen(
        &self,
        inbox: mpsc::Sender<Input>,
        read: BTreeMap<PlaceId, MessageId>,
    ) -> Result<Listening, StartProblem> {
        let roles = Arc::new(Roles::new(&self.settings.staff_roles, &self.procedure));
        let (events_in, events) = events::events(EVENTS_MAX);
        let (calls_in, calls) = mpsc::channel(CALLS_MAX);
        let (ready_in, ready) = watch::channel(false);
        let usable = self.procedure.triggers.iter().filter(|trigger| trigger.mode != Mode::Off);
        let reasons = usable.map(|trigger| (trigger.id.clone(), trigger.name.clone())).collect();
        let has_rota = |team: &&Team| self.procedure.rotas_of(&team.id).next().is_some();
        let with_rota = self.procedure.teams.iter().filter(has_rota);
        let duties = with_rota.map(|team| (team.id.to_string(), team.name.clone())).collect();
        let reconnect = Arc::new(Notify::new());
        let (echo_in, echo) = watch::channel(0);
        let (connected_in, connected) = watch::channel(false);
        let gateway = Gateway::start(Line {
            api_base: self.settings.api_base.clone(),
            token: self.token.clone(),
            events: events_in,
            reconnect: Arc::clone(&reconnect),
            connected: connected_in,
            ear: Ear { calls: calls_in, reasons, duties, completions: Arc::clone(&self.completions) },
        });
        let gateway = gateway.map_err(|error| StartProblem::Local(Box::new(error)))?;
        let intake = Intake {
            api: Arc::clone(&self.api),
            guild: Arc::clone(&self.guild),
            roles: Arc::clone(&roles),
            procedure: Arc::clone(&self.procedure),
            watched: self.settings.watched.clone(),
            events,
            inbox: inbox.clone(),
            read,
            ready: ready_in,
            echo: echo_in,
        };
        let canary = self.settings.canary.map(|settings| Canary {
            api: Arc::clone(&self.api),
            settings,
            echo,
            ready: ready.clone(),
            reconnect,
            inbox: inbox.clone(),
        });
        let counter = Counter {
            api: Arc::clone(&self.api),
            words: Arc::clone(&self.words),
            guild: Arc::clone(&self.guild),
            roles,
            procedure: Arc::clone(&self.procedure),
            inbox,
            settings: self.settings.clone(),
        };
        let mut tasks = vec![spawn(intake.run()), spawn(serve(counter, calls))];
        tasks.extend(canary.map(|canary| spawn(canary.run())));
        Ok(Listening { gateway, ready, connected, _tasks: tasks })
    }
}

impl Listening {
    /// True once everything said so far has been read.
    pub fn ready(&self) -> watch::Receiver<bool> {
        self.ready.clone()
    }

    /// Whether the gateway is connected, looked at once a second.
    pub fn connected(&self) -> watch::Receiver<bool> {
        self.connected.clone()
    }

    /// Returns when the connection ended for good, with what to do about it.
    pub async fn ended(&mut self) -> StartProblem {
        use serenity::gateway::GatewayError::{DisallowedGatewayIntents, InvalidAuthentication, InvalidGatewayIntents};
        match (&mut self.gateway.ended).await.map(|error| *error) {
            Ok(serenity::Error::Gateway(InvalidAuthentication)) => checkup::wrong_token(),
            Ok(serenity::Error::Gateway(DisallowedGatewayIntents | InvalidGatewayIntents)) => {
                StartProblem::Check(checkup::content_off())
            }
            Ok(error) => StartProblem::Gateway(error.to_string()),
            Err(_) => StartProblem::Gateway("it was told to".to_owned()),
        }
    }

    /// Ends the connection; what was heard goes on to the desk.
    pub fn hang_up(&mut self) {
        self.gateway.hang_up();
    }
}

fn spawn(task: impl Future<Output = ()> + Send + 'static) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(task))
}

/// Serves calls side by side: one slow form must not keep a button waiting. A call that comes twice is served once.
async fn serve(counter: Counter, mut calls: mpsc::Receiver<Call>) {
    let counter = Arc::new(counter);
    let served = Arc::new(tokio::sync::Semaphore::new(SERVED_MAX));
    let mut known = crate::engine::Handled::new(CALLS_REMEMBERED);
    while let Some(call) = calls.recv().await {
        if !known.insert(InputId(call.interaction.to_string())) {
            continue;
        }
        let Ok(permit) = Arc::clone(&served).acquire_owned().await else { return };
        let counter = Arc::clone(&counter);
        tokio::spawn(async move {
            counter.serve(call).await;
            drop(permit);
        });
    }
}

#[cfg(test)]
mod tests;
