//! The gateway client, in a runtime of its own.
//!
//! serenity 0.12 spins when Discord closes the connection without a code, and every timer of its runtime stands
//! still meanwhile. So it gets a thread and a runtime to itself; a second thread watches whether that one still
//! breathes. One thread also means that the tasks serenity starts per event run in the order of the events.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serenity::all::{
    ActionRowComponent, ClientBuilder, ComponentInteraction, Context, CreateAllowedMentions, Event, GatewayIntents,
    Interaction, ModalInteraction, RawEventHandler, ShardId,
};
use serenity::async_trait;
use serenity::gateway::ConnectionStage;
use serenity::http::HttpBuilder;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::adapters::discord::commands::{self, Asked, Call, Ear};
use crate::adapters::discord::events::EventsIn;

/// What the gateway is asked to send. MESSAGE_CONTENT is privileged: it must be switched on in the developer portal.
const INTENTS: GatewayIntents =
    GatewayIntents::GUILDS.union(GatewayIntents::GUILD_MESSAGES).union(GatewayIntents::MESSAGE_CONTENT);

/// How often the gateway's thread shows that it breathes …
const BREATH: Duration = Duration::from_secs(1);
/// … and after how long without a breath the process ends, for its supervisor to start it again. serenity's longest
/// known spin that ends by itself takes 50 s.
const BREATHLESS_MAX: Duration = Duration::from_secs(90);
/// The exit code for it: "internal software error" (sysexits.h).
const BREATHLESS_EXIT: i32 = 70;

/// What the gateway needs to run.
pub(crate) struct Line {
    pub(crate) api_base: String,
    pub(crate) token: SecretString,
    /// Events of messages, channels and roles, in order.
    pub(crate) events: EventsIn<Box<Event>>,
    pub(crate) ear: Ear,
    /// Says that the connection is to be made anew, as a new session.
    pub(crate) reconnect: Arc<Notify>,
    /// Whether it is connected, for whoever watches the bot.
    pub(crate) connected: watch::Sender<bool>,
}

/// A running gateway client.
pub(crate) struct Gateway {
    hang_up: Option<oneshot::Sender<()>>,
    /// Why it ended by itself.
    pub(crate) ended: oneshot::Receiver<Box<serenity::Error>>,
}

impl Gateway {
    pub(crate) fn start(line: Line) -> std::io::Result<Self> {
        let (hang_up, told_to_end) = oneshot::channel();
        let (reason, ended) = oneshot::channel();
        let breaths = Arc::new(AtomicU64::new(0));
        let own_breaths = Arc::clone(&breaths);
        std::thread::Builder::new().name("gateway".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match runtime {
                Ok(runtime) => {
                    let error = runtime.block_on(listen(line, told_to_end, &own_breaths));
                    own_breaths.store(u64::MAX, Ordering::Relaxed);
                    // Whatever serenity still has running ends with its runtime.
                    runtime.shutdown_background();
                    // Nobody waits for the reason where the bot was told to end.
                    drop(error.map(|error| reason.send(Box::new(error))));
                }
                Err(error) => drop(reason.send(Box::new(error.into()))),
            }
        })?;
        std::thread::Builder::new().name("watchdog".to_owned()).spawn(move || watch(&breaths))?;
        Ok(Self { hang_up: Some(hang_up), ended })
    }

    /// Ends the connection.
    pub(crate) fn hang_up(&mut self) {
        self.hang_up.take().map(|hang_up| hang_up.send(()));
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.hang_up();
    }
}

/// Builds and runs the client until it ends or is told to.
async fn listen(line: Line, told_to_end: oneshot::Receiver<()>, breaths: &AtomicU64) -> Option<serenity::Error> {
    // The built-in limiter would send requests to the real service, whatever the proxy says.
    let http = HttpBuilder::new(line.token.expose_secret())
        .proxy(&line.api_base)
        .ratelimiter_disabled(true)
        .default_allowed_mentions(CreateAllowedMentions::new())
        .build();
    let calls = line.ear.calls.clone();
    let handler = Listener { events: line.events, calls };
    let client = ClientBuilder::new_with_http(http, INTENTS)
        .framework(commands::framework(line.ear))
        .raw_event_handler(handler)
        .await;
    let mut client = match client {
        Ok(client) => client,
        Err(error) => return Some(error),
    };
    let shards = Arc::clone(&client.shard_manager);
    let alive = async {
        loop {
            breaths.fetch_add(1, Ordering::Relaxed);
            let runners = shards.runners.lock().await;
            let is_connected = runners.values().any(|runner| runner.stage == ConnectionStage::Connected);
            drop(runners);
            line.connected.send_if_modified(|known| std::mem::replace(known, is_connected) != is_connected);
            tokio::time::sleep(BREATH).await;
        }
    };
    let again = async {
        loop {
            line.reconnect.notified().await;
            // There is one.
            shards.restart(ShardId(0)).await;
        }
    };
    tokio::select! {
        ended = client.start() => ended.err(),
        _ = told_to_end => {
            shards.shutdown_all().await;
            None
        }
        () = alive => None,
        () = again => None,
    }
}

fn watch(breaths: &AtomicU64) {
    let mut last = 0;
    loop {
        std::thread::sleep(BREATHLESS_MAX);
        match breaths.load(Ordering::Relaxed) {
            u64::MAX => return,
            now if now == last => {
                tracing::error!(
                    "gateway.stuck the connection to Discord no longer breathes: ending, to be started again"
                );
                std::process::exit(BREATHLESS_EXIT);
            }
            now => last = now,
        }
    }
}

/// Hears every event and keeps none: the first thing it does is hand it on.
struct Listener {
    events: EventsIn<Box<Event>>,
    calls: mpsc::Sender<Call>,
}

#[async_trait]
impl RawEventHandler for Listener {
    async fn raw_event(&self, _: Context, event: Event) {
        match event {
            Event::InteractionCreate(event) => {
                let call = match event.interaction {
                    Interaction::Component(pressed) => self::pressed(pressed),
                    Interaction::Modal(form) => submitted(form),
                    // Commands and completions come by the framework.
                    _ => return,
                };
                if self.calls.send(call).await.is_err() {
                    tracing::debug!("interaction.ignored the desk is closing");
                }
            }
            event => self.events.hand_on(Box::new(event)),
        }
    }
}

fn pressed(pressed: ComponentInteraction) -> Call {
    Call {
        interaction: pressed.id.get(),
        token: pressed.token,
        roles: pressed.member.map(|member| member.roles).unwrap_or_default(),
        user: pressed.user,
        channel: pressed.channel_id.get(),
        what: Asked::Pressed { id: pressed.data.custom_id },
    }
}

fn submitted(form: ModalInteraction) -> Call {
    let inputs = form.data.components.into_iter().flat_map(|row| row.components);
    let answers = inputs.filter_map(|component| match component {
        ActionRowComponent::InputText(text) => Some((text.custom_id, text.value.unwrap_or_default())),
        _ => None,
    });
    Call {
        interaction: form.id.get(),
        token: form.token,
        roles: form.member.map(|member| member.roles).unwrap_or_default(),
        user: form.user,
        channel: form.channel_id.get(),
        what: Asked::Submitted { id: form.data.custom_id, answers: answers.collect() },
    }
}
