//! What customers say, in order and without gaps.
//!
//! Events come from the gateway one after the other. Whenever something may have been missed (the start, a new
//! session, an inbox that was full), each place is read back by REST from the last message that was handed on, before
//! anything newer goes on: so the desk's note of how far it has read is never ahead of a hole.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use serenity::all::Event;
use tokio::sync::{mpsc, oneshot, watch};

use crate::adapters::discord::api::{Api, ApiError};
use crate::adapters::discord::convert::{self, Roles};
use crate::adapters::discord::events::{EventsOut, Next};
use crate::adapters::discord::guild::{Guild, snowflake};
use crate::engine::input::{Body, Input, InputId, Position, is_later};
use crate::sop::desk::{Request, says_anything};
use crate::sop::message::{Message, MessageId, PlaceId, Standing};
use crate::sop::procedure::Procedure;

/// Messages per page when reading back (Discord's limit).
const PAGE: usize = 100;
/// First pause when Discord does not let us read back; it doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Members whose roles are remembered while reading back.
const MEMBERS_MAX: usize = 10_000;

/// Hears events and hands on messages.
pub(crate) struct Intake {
    pub(crate) api: Arc<Api>,
    pub(crate) guild: Arc<Guild>,
    pub(crate) roles: Arc<Roles>,
    pub(crate) procedure: Arc<Procedure>,
    pub(crate) watched: Vec<u64>,
    pub(crate) events: EventsOut<Box<Event>>,
    pub(crate) inbox: mpsc::Sender<Input>,
    /// The last message of each place that was handed on.
    pub(crate) read: BTreeMap<PlaceId, MessageId>,
    /// Set once everything said so far has been read and what followed is recorded.
    pub(crate) ready: watch::Sender<bool>,
    /// The latest message of the bot itself.
    pub(crate) echo: watch::Sender<u64>,
}

impl Intake {
    /// Runs until the gateway or the desk is gone.
    pub(crate) async fn run(mut self) {
        while let Some(next) = self.events.next().await {
            match next {
                Next::Event(event) => self.hear(*event).await,
                Next::Gap => {
                    tracing::warn!("intake.overflow events came faster than they were read: reading back");
                    self.catch_up().await;
                }
            }
            if self.inbox.is_closed() {
                return;
            }
        }
    }

    async fn hear(&mut self, event: Event) {
        match event {
            Event::MessageCreate(event) => self.posted(&event.message).await,
            Event::MessageUpdate(event) => {
                if self.is_watched(event.channel_id.get()).await
                    && let Some((id, message)) = convert::edited(&event, &self.roles)
                {
                    let request = Box::new(Request::Message(message));
                    self.send(Input { id, body: Body::Request { request, position: None } }).await;
                }
            }
            // A whole session begins with this: what was said before it is read back.
            Event::GuildCreate(event) if event.guild.id.get() == self.guild.id() => self.catch_up().await,
            Event::ChannelCreate(event) => self.guild.learn_channel(&json(&event.channel)),
            Event::ChannelUpdate(event) => self.guild.learn_channel(&json(&event.channel)),
            Event::ChannelDelete(event) => {
                let place = event.channel.id.get();
                self.guild.forget_channel(place);
                let request = Request::PlaceGone { place: place.to_string().into() };
                self.send(Input::request(format!("gone:{place}"), request)).await;
            }
            Event::MessageDelete(event) => self.deleted(&[event.message_id]).await,
            Event::MessageDeleteBulk(event) => self.deleted(&event.ids).await,
            Event::ThreadCreate(event) => self.guild.learn_channel(&json(&event.thread)),
            Event::ThreadUpdate(event) => self.guild.learn_channel(&json(&event.thread)),
            Event::ThreadDelete(event) => self.guild.forget_channel(event.thread.id.get()),
            Event::GuildRoleCreate(event) => self.guild.learn_role(&json(&event.role)),
            Event::GuildRoleUpdate(event) => self.guild.learn_role(&json(&event.role)),
            // serenity cannot read a message with a component it does not know; what we need of it, we can.
            Event::Unknown(event) if event.kind == "MESSAGE_CREATE" => {
                tracing::info!("intake.salvaged a message with something new in it");
                self.salvage(&event.value).await;
            }
            _ => {}
        }
    }

    async fn posted(&mut self, message: &serenity::all::Message) {
        if message.author.id.get() == self.guild.me() {
            self.echo.send_replace(message.id.get());
        }
        if self.is_watched(message.channel_id.get()).await {
            self.hand_on(convert::posted(message, &self.roles)).await;
        }
    }

    /// Whose they were, Discord does not say: the desk knows its own.
    async fn deleted(&self, messages: &[serenity::all::MessageId]) {
        let Some(first) = messages.first() else { return };
        let request = Request::Deleted { messages: messages.iter().map(|id| id.to_string().into()).collect() };
        self.send(Input::request(format!("deleted:{first}"), request)).await;
    }

    async fn salvage(&mut self, message: &Value) {
        let Some(channel) = snowflake(&message["channel_id"]) else { return };
        if self.is_watched(channel).await
            && let Some(message) = convert::salvaged(message, &self.roles, &convert::roles_in(&message["member"]))
        {
            self.hand_on(message).await;
        }
    }

    async fn hand_on(&mut self, message: Message) {
        let known = self.read.get(&message.place);
        if known.is_none_or(|known| is_later(&message.id, known)) {
            self.read.insert(message.place.clone(), message.id.clone());
        }
        self.send(convert::heard(message)).await;
    }

    /// Waits for room: a full inbox slows the reading down and loses nothing.
    async fn send(&self, input: Input) {
        if self.inbox.send(input).await.is_err() {
            tracing::debug!("intake.ignored the desk is closing");
        }
    }

    /// A watched channel, or a thread that hangs on one.
    async fn is_watched(&self, channel: u64) -> bool {
        if self.watched.contains(&channel) {
            return true;
        }
        if !self.guild.has_channel(channel)
            && let Some(found) = self.insist(&format!("channels/{channel}")).await
        {
            self.guild.learn_channel(&found);
        }
        self.guild.parent(channel).is_some_and(|parent| self.watched.contains(&parent))
    }

    /// Reads every watched place from where it was left, oldest first.
    async fn catch_up(&mut self) {
        let mut members = HashMap::new();
        self.look_around().await;
        let threads = format!("guilds/{}/threads/active", self.guild.id());
        if let Some(active) = self.insist(&threads).await {
            self.guild.learn_channels(&active["threads"]);
        }
        let mut places = self.watched.clone();
        places.extend(self.guild.threads_of(&self.watched));
        for place in places {
            self.read_back(place, &mut members).await;
        }
        let (recorded, reached) = oneshot::channel();
        self.send(Input { id: InputId("caught-up".to_owned()), body: Body::Mark(recorded) }).await;
        // Without an answer the desk is closing.
        if reached.await.is_ok() {
            self.ready.send_replace(true);
        }
    }

    /// Who may see which channel may have changed unheard, too: nothing confidential may go by what was known before.
    async fn look_around(&self) {
        let (channels, roles) =
            (format!("guilds/{}/channels", self.guild.id()), format!("guilds/{}/roles", self.guild.id()));
        if let (Some(channels), Some(roles)) = (self.insist(&channels).await, self.insist(&roles).await) {
            self.guild.relearn(&channels, &roles);
        }
    }

    async fn read_back(&mut self, place: u64, members: &mut HashMap<u64, Vec<String>>) {
        let id = PlaceId::from(place.to_string());
        let Some(mut after) = self.left_at(place, &id) else {
            self.follow(place, id).await;
            return;
        };
        loop {
            let path = format!("channels/{place}/messages?after={after}&limit={PAGE}");
            let Some(page) = self.insist(&path).await else { return };
            // Newest first, as Discord gives them.
            let messages: Vec<&Value> = page.as_array().into_iter().flatten().rev().collect();
            for message in &messages {
                if let Some(message) = self.written(message, members).await {
                    after = message.id.clone();
                    self.hand_on(message).await;
                }
            }
            if messages.len() < PAGE {
                return;
            }
        }
    }

    /// Where reading stopped. A thread never read before begins where its channel was left: it may be new.
    fn left_at(&self, place: u64, id: &PlaceId) -> Option<MessageId> {
        let parent = self.guild.parent(place).map(|parent| PlaceId::from(parent.to_string()));
        self.read.get(id).or_else(|| self.read.get(&parent?)).cloned()
    }

    /// A place seen for the first time is followed from now on; what was said before is not ours.
    async fn follow(&mut self, place: u64, id: PlaceId) {
        let Some(page) = self.insist(&format!("channels/{place}/messages?limit=1")).await else { return };
        let message: MessageId = page[0]["id"].as_str().unwrap_or("0").into();
        self.read.insert(id.clone(), message.clone());
        let input = InputId(format!("follow:{place}"));
        self.send(Input { id: input, body: Body::Follow(Position { place: id, message }) }).await;
    }

    /// A message as REST gives it. Who wrote it is asked only where that can matter: after a long gap there may be
    /// thousands of authors.
    async fn written(&self, message: &Value, members: &mut HashMap<u64, Vec<String>>) -> Option<Message> {
        let read = convert::salvaged(message, &self.roles, &[])?;
        if read.author.standing == Standing::Bot || !says_anything(&read, &self.procedure) {
            return Some(read);
        }
        let roles = self.roles_of(message, members).await;
        convert::salvaged(message, &self.roles, &roles)
    }

    /// REST leaves the roles of an author out: they are asked for once per reading back.
    async fn roles_of(&self, message: &Value, members: &mut HashMap<u64, Vec<String>>) -> Vec<String> {
        if message["member"].is_object() {
            return convert::roles_in(&message["member"]);
        }
        let Some(author) = snowflake(&message["author"]["id"]) else { return Vec::new() };
        if let Some(known) = members.get(&author) {
            return known.clone();
        }
        let member = self.insist(&format!("guilds/{}/members/{author}", self.guild.id())).await;
        let roles = member.map(|member| convert::roles_in(&member)).unwrap_or_default();
        if members.len() < MEMBERS_MAX {
            members.insert(author, roles.clone());
        }
        roles
    }

    /// Asks until there is an answer; `None` where Discord will not give one.
    async fn insist(&self, path: &str) -> Option<Value> {
        let mut pause = PAUSE_MIN;
        loop {
            let wait = match self.api.get(path).await {
                Ok(answer) => return Some(answer),
                // The author has left the server: a customer like any other.
                Err(ApiError::Refused { code: 10_007 | 10_013, .. }) => return None,
                Err(error @ ApiError::Refused { .. }) => {
                    tracing::warn!("intake.refused reading back: {error}");
                    return None;
                }
                Err(ApiError::RateLimited { after }) => after,
                Err(ApiError::Unavailable { .. }) => pause,
            };
            tracing::warn!(pause_ms = wait.as_millis(), "intake.waiting Discord does not let us read back yet");
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(PAUSE_MAX);
            if self.inbox.is_closed() {
                return None;
            }
        }
    }
}

fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
