//! Floor 3: a small Discord on loopback.
//!
//! `bellhop sandbox` lets people play with it in a page; the tests run the bot against it. It speaks the wire
//! protocol that the bot really uses, HTTP and WebSocket, and keeps the state of one guild: roles, members,
//! channels, threads, messages, interactions. Where Discord is lenient it is strict: what Discord refuses it refuses
//! with the same code, and what is merely dangerous (a message without `allowed_mentions`, a post without a nonce,
//! an interaction left unanswered, a route or a field it does not know) is on the record as a *violation*.
//!
//! | file | |
//! |---|---|
//! | [`world`] | the guild it starts with |
//! | `state`, `messages`, `interactions`, `permissions`, `mentions` | the model: what there is, who sees it, whom it pings |
//! | `objects` | the model as Discord's JSON |
//! | `people`, `commands` | what people do |
//! | `gateway`, `sessions` | the bot's WebSocket |
//! | `rest` | the bot's REST calls |
//! | `check` | limits |
//! | `attachments` | files that the bot uploads |
//! | `oauth` | people sign in elsewhere with it |
//! | [`help_desk`] | a small ticket system beside it |
//! | [`seen`] | what happened, in order |
//! | [`faults`] | what goes wrong on demand |
//! | `control`, [`page`] | the API below, and the page that uses it |
//! | `wire` | TCP |
//!
//! # One address
//! `GET /` with an upgrade is the gateway, without one the page; `/api/v10/…` is REST; `/oauth2/authorize` lets people
//! sign in elsewhere; `/sandbox/api/…` is the control API. The bot needs only the address: `GET /api/v10/gateway` tells it the rest.
//!
//! # Time
//! Message ids and timestamps show the desk's [`Clock`], which may stand still or jump. What the protocol is timed
//! by (three seconds for an answer, fifteen minutes for a token, five for a nonce) is real time.
//!
//! # In a test
//! [`SmallDiscord::start`] with [`World::example`], a stopped clock and port 0; the bot gets
//! [`url`](SmallDiscord::url) as its API base. People act through [`say`](SmallDiscord::say),
//! [`press`](SmallDiscord::press) and so on. [`until`](SmallDiscord::until) waits for a level, never for an edge;
//! [`seen`](SmallDiscord::seen) says what happened in which order, with who was really pinged; at the end
//! [`violations`](SmallDiscord::violations) must be empty.
//!
//! # The control API
//! JSON in and out; ids are strings in answers, and strings or numbers in requests. An error is a 4xx with
//! `{"error": "a sentence"}`. Only pages and programs on this machine are let in.
//!
//! | call | answer |
//! |---|---|
//! | `GET /sandbox/api/world?as=USER` | `{guild, bot, dashboard, channels: [{id, name, topic, type, parent, private}], users: [{id, name, roles, color, standing}], roles, commands}`; with `as`, only the channels that this person sees |
//! | `GET /sandbox/api/channels/{c}/messages?as=USER` | the channel's Discord messages, oldest first, each with `pinged: [user]`; ephemeral ones for this person with `ephemeral_to` |
//! | `GET /sandbox/api/events?as=USER` | an event stream, see below |
//! | `POST`, `PATCH`, `DELETE /sandbox/api/messages` `{as, channel, text}`, `{as, channel, message, text}`, `{as, channel, message}` | `{message}` |
//! | `POST /sandbox/api/threads` `{as, channel, name, text}` | `{channel}` |
//! | `POST /sandbox/api/press` `{as, channel, message, custom_id, values?}` | `{interaction}` |
//! | `POST /sandbox/api/command` `{as, channel, name, options, message?}` | `{interaction}` |
//! | `POST /sandbox/api/submit` `{as, channel, custom_id, values: {input: text}, interaction?}` | `{interaction}` |
//! | `POST /sandbox/api/complete` `{as, channel, command, option, typed, options}` | `{choices: [{name, value}]}`, after at most three seconds |
//! | `GET /sandbox/api/clock` | `{now, next_deadline}`; null if nothing is due |
//! | `POST /sandbox/api/clock` `{"advance_seconds": n}` or `{"to": "next deadline"}` | the same |
//! | `GET /sandbox/api/seen?since=N` | `{seen: […], next: N}` |
//! | `GET /sandbox/api/violations` | `{violations: ["sentence"]}` |
//! | `POST /sandbox/api/fault` `{"rest": {…}}`, `"expire_tokens"`, `{"clock_ahead": {seconds}}`, `{"close_direct_messages": {user}}`, `{"gateway": …}`, `{"every_event_twice": true}`, `{"lock_out_bot": channel}` | `{}` |
//!
//! Events, as far as this person sees them: `message` and `edit` (a message as above), `delete` `{id, channel_id}`,
//! `modal` `{interaction, custom_id, title, components, channel_id}`, `answered` `{interaction}`, `refused`
//! `{interaction, reason}` (nobody answered in time), `channel` (the list of channels or people has changed),
//! `commands` (the bot has registered its commands), `typing` `{channel}`, `clock` (as `GET clock`).

mod attachments;
pub(crate) mod check;
mod commands;
mod control;
pub mod faults;
mod gateway;
pub mod help_desk;
mod interactions;
pub(crate) mod mentions;
mod messages;
mod oauth;
mod objects;
pub mod page;
mod people;
pub mod permissions;
mod rest;
pub mod seen;
mod server;
mod sessions;
mod state;
#[cfg(test)]
mod tests;
mod wire;
pub mod world;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio_util::sync::DropGuard;

use crate::engine::clock::Clock;
pub use faults::{BadAnswer, Fault, GatewayFault, Scope};
pub use help_desk::{HelpDesk, NewTicket};
pub use oauth::CLIENT_SECRET;
use people::{Act, Id};
pub use seen::{AnswerKind, Seen};
use server::Shared;
pub use world::World;

/// How long [`SmallDiscord::until`] waits at most, in real time.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a small Discord is started with.
pub struct Settings {
    pub world: World,
    /// The time that messages show.
    pub clock: Clock,
    /// Loopback; port 0 takes a free one.
    pub address: SocketAddr,
    /// The bot's, without "Bot ".
    pub token: String,
    /// For the page's "to the next deadline".
    pub next_deadline: Option<watch::Receiver<Option<DateTime<Utc>>>>,
}

/// A running small Discord. Cheap to clone; it serves until it is stopped or the last clone is gone.
#[derive(Clone)]
pub struct SmallDiscord {
    shared: Arc<Shared>,
    _running: Arc<DropGuard>,
}

/// It did not come to pass in time.
#[derive(Debug, thiserror::Error)]
#[error(
    "not within {PATIENCE:?}; {sessions} gateway session(s), {seen} thing(s) seen, violations: {violations:?}, last: {last}"
)]
pub struct Impatient {
    sessions: usize,
    seen: usize,
    violations: Vec<String>,
    /// The last entry, as JSON.
    last: String,
}

impl SmallDiscord {
    /// Listens and serves on the current runtime.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let (shared, running) = server::start(settings).await?;
        Ok(Self { shared, _running: Arc::new(running) })
    }

    /// The address, "http://127.0.0.1:PORT".
    pub fn url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// Closes every connection and frees the port.
    pub async fn stop(&self) {
        self.shared.stop().await;
    }

    // --- names ---------------------------------------------------------------------------------------------------

    /// The id of the member of this name. Panics if there is none: a test that asks is wrong.
    pub fn user(&self, name: &str) -> u64 {
        let found = self.shared.read(|state| state.members.values().find(|one| one.name == name).map(|one| one.id));
        found.unwrap_or_else(|| panic!("there is nobody called {name:?}"))
    }

    /// The name of a member; the number itself if there is none.
    pub fn name_of(&self, user: u64) -> String {
        self.shared.read(|state| state.name_of(user))
    }

    /// The id of the channel or thread of this name. Panics if there is none.
    pub fn channel(&self, name: &str) -> u64 {
        let found = self.shared.read(|state| state.places.values().find(|one| one.name == name).map(|one| one.id));
        found.unwrap_or_else(|| panic!("there is no channel called {name:?}"))
    }

    /// The id of the role of this name. Panics if there is none.
    pub fn role(&self, name: &str) -> u64 {
        let found = self.shared.read(|state| state.roles.values().find(|one| one.name == name).map(|one| one.id));
        found.unwrap_or_else(|| panic!("there is no role called {name:?}"))
    }

    /// Whether there is a channel or thread of this name.
    pub fn has_channel(&self, name: &str) -> bool {
        self.shared.read(|state| state.places.values().any(|one| one.name == name))
    }

    /// The name of a channel or thread; the id where there is none.
    pub fn channel_name(&self, id: u64) -> String {
        let found = self.shared.read(|state| state.places.get(&id).map(|one| one.name.clone()));
        found.unwrap_or_else(|| id.to_string())
    }

    /// The channel that a thread hangs on; `None` for what is no thread.
    pub fn parent(&self, id: u64) -> Option<u64> {
        let parent = |place: &state::Place| match &place.kind {
            state::Kind::Thread(thread) => Some(thread.parent),
            state::Kind::Text | state::Kind::Direct(_) => None,
        };
        self.shared.read(|state| state.places.get(&id).and_then(parent))
    }

    /// The name of a role; the id where there is none.
    pub fn role_name(&self, id: u64) -> String {
        let found = self.shared.read(|state| state.roles.get(&id).map(|one| one.name.clone()));
        found.unwrap_or_else(|| id.to_string())
    }

    // --- people act ----------------------------------------------------------------------------------------------
    // Each panics with a sentence if a person could not do that: the test that tries is wrong.

    /// The new message's id.
    pub fn say(&self, user: u64, channel: u64, text: &str) -> u64 {
        self.act(&Act::Say { r#as: Id(user), channel: Id(channel), text: text.to_owned() })
    }

    pub fn edit(&self, user: u64, channel: u64, message: u64, text: &str) {
        let text = text.to_owned();
        self.act(&Act::Edit { r#as: Id(user), channel: Id(channel), message: Id(message), text });
    }

    pub fn delete(&self, user: u64, channel: u64, message: u64) {
        self.act(&Act::Delete { r#as: Id(user), channel: Id(channel), message: Id(message) });
    }

    /// The new thread's id; `text` is said in it.
    pub fn open_thread(&self, user: u64, channel: u64, name: &str, text: &str) -> u64 {
        let (name, text) = (name.to_owned(), text.to_owned());
        self.act(&Act::Thread { r#as: Id(user), channel: Id(channel), name, text })
    }

    /// Presses a button, also one that is no longer on the message. The interaction's id.
    pub fn press(&self, user: u64, channel: u64, message: u64, custom_id: &str) -> u64 {
        let custom_id = custom_id.to_owned();
        self.act(&Act::Press { r#as: Id(user), channel: Id(channel), message: Id(message), custom_id, values: None })
    }

    /// Chooses from a select. The interaction's id.
    pub fn choose(&self, user: u64, channel: u64, message: u64, custom_id: &str, values: &[&str]) -> u64 {
        let values = Some(values.iter().map(ToString::to_string).collect());
        let custom_id = custom_id.to_owned();
        self.act(&Act::Press { r#as: Id(user), channel: Id(channel), message: Id(message), custom_id, values })
    }

    /// A slash command; a subcommand's name follows its command's ("oncall show"). The interaction's id.
    pub fn slash(&self, user: u64, channel: u64, name: &str, options: Map<String, Value>) -> u64 {
        let name = name.to_owned();
        self.act(&Act::Command { r#as: Id(user), channel: Id(channel), name, options, message: None })
    }

    /// A command from a message's menu. The interaction's id.
    pub fn menu(&self, user: u64, channel: u64, name: &str, message: u64) -> u64 {
        let (name, options, message) = (name.to_owned(), Map::new(), Some(Id(message)));
        self.act(&Act::Command { r#as: Id(user), channel: Id(channel), name, options, message })
    }

    /// Sends the newest form with this `custom_id`, or one that only the client still has; `message` is the one that
    /// the form was opened from, if the small Discord cannot know. The interaction's id.
    pub fn submit(
        &self,
        user: u64,
        channel: u64,
        custom_id: &str,
        values: &[(&str, &str)],
        message: Option<u64>,
    ) -> u64 {
        let own = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        let values: BTreeMap<_, _> = values.iter().map(own).collect();
        let (custom_id, message) = (custom_id.to_owned(), message.map(Id));
        self.act(&Act::Submit { r#as: Id(user), channel: Id(channel), custom_id, values, interaction: None, message })
    }

    /// Types in an option; the bot's [`Choices`](AnswerKind::Choices) follow. The interaction's id.
    /// `options` are those filled in so far.
    pub fn complete(
        &self,
        user: u64,
        channel: u64,
        command: &str,
        option: &str,
        typed: &str,
        options: Map<String, Value>,
    ) -> u64 {
        let (command, option, typed) = (command.to_owned(), option.to_owned(), typed.to_owned());
        self.act(&Act::Complete { r#as: Id(user), channel: Id(channel), command, option, typed, options })
    }

    fn act(&self, act: &Act) -> u64 {
        self.shared.act(act).unwrap_or_else(|impossible| panic!("{impossible} ({act:?})"))
    }

    // --- the guild changes ---------------------------------------------------------------------------------------

    /// A new customer. The id.
    pub fn join(&self, name: &str) -> u64 {
        self.shared.change(|state| state.join(name, world::Standing::Customer))
    }

    /// The channel in which `user` and the bot talk alone.
    pub fn direct(&self, user: u64) -> u64 {
        self.shared.change(|state| state.direct(user))
    }

    pub fn set_roles(&self, user: u64, roles: &[u64]) {
        self.shared.change(|state| state.set_roles(user, roles));
    }

    /// The commands as the bot registered them.
    pub fn registered(&self) -> Vec<Value> {
        self.shared.read(|state| state.commands.clone())
    }

    /// Other commands than those that the bot registered.
    pub fn register(&self, commands: Vec<Value>) {
        self.shared.change(|state| state.commands = commands);
    }

    /// Where people who sign in may be sent back to, as the developer portal has it.
    pub fn allow_redirect(&self, url: &str) {
        self.shared.change(|state| state.oauth.redirects.push(url.to_owned()));
    }

    /// The bot's dashboard, for a link on the page.
    pub fn show_dashboard(&self, url: &str) {
        self.shared.change(|state| state.dashboard = Some(url.to_owned()));
    }

    /// Deletes a channel or thread.
    pub fn remove_channel(&self, channel: u64) {
        self.shared.change(|state| state.remove_place(channel));
    }

    /// Somebody who may takes a message away.
    pub fn remove_message(&self, channel: u64, message: u64) {
        self.shared.change(|state| state.remove(channel, message));
    }

    /// The bot may no longer see this channel (50001).
    pub fn lock_out_bot(&self, channel: u64) {
        self.shared.change(|state| state.deny_bot(channel, permissions::VIEW_CHANNEL));
    }

    /// The bot may no longer open threads in this channel (50013).
    pub fn forbid_threads(&self, channel: u64) {
        self.shared.change(|state| state.deny_bot(channel, permissions::CREATE_PUBLIC_THREADS));
    }

    /// Takes a thread out of sight, until something is said in it.
    pub fn archive_thread(&self, thread: u64) {
        self.shared.change(|state| state.archive_thread(thread));
    }

    /// From now on everybody on the server can see this channel.
    pub fn open_to_all(&self, channel: u64) {
        self.shared.change(|state| state.open_to_all(channel));
    }

    // --- what happened -------------------------------------------------------------------------------------------

    /// Everything since the start, as far as it is kept: the newest 20,000 entries at least, or as many as
    /// [`keep_seen`](Self::keep_seen) says.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen_since(0)
    }

    /// Everything from entry `from` on, counted from 0 since the start.
    pub fn seen_since(&self, from: usize) -> Vec<Seen> {
        self.shared.read(|state| state.record.since(from).to_vec())
    }

    /// How many entries there were since the start: where [`seen_since`](Self::seen_since) goes on.
    pub fn seen_count(&self) -> usize {
        self.shared.read(|state| state.record.count())
    }

    /// How many entries are kept at least (twice as many at most).
    pub fn keep_seen(&self, entries: usize) {
        self.shared.change(|state| state.record.kept = entries);
    }

    /// What the bot must never do and did.
    pub fn violations(&self) -> Vec<String> {
        self.shared.read(|state| state.record.violations().to_vec())
    }

    /// REST calls so far, refused ones too.
    pub fn calls(&self) -> u64 {
        self.shared.read(|state| state.record.calls)
    }

    /// The message objects of a channel, oldest first, as `user` sees them.
    pub fn messages(&self, user: u64, channel: u64) -> Vec<Arc<Value>> {
        self.shared.read(|state| state.messages_for(user, channel).map(|message| message.json.clone()).collect())
    }

    /// Interactions that wait for an answer, or for the message that a deferral promised.
    pub fn pending_interactions(&self) -> usize {
        self.shared.read(state::State::pending_interactions)
    }

    /// How often the bot identified or resumed: it is back after a fault when this has risen.
    pub fn handshakes(&self) -> u64 {
        self.shared.read(|state| state.sessions.handshakes())
    }

    /// Gateway sessions that are connected and have been told READY.
    pub fn gateway_sessions(&self) -> usize {
        self.shared.read(|state| state.sessions.connected())
    }

    /// Events that went out to connected sessions. READY, GUILD_CREATE, RESUMED and what is replayed do not count.
    pub fn dispatched(&self) -> u64 {
        self.shared.read(|state| state.sessions.dispatched())
    }

    /// The names of the registered commands.
    pub fn commands(&self) -> Vec<String> {
        let name = |command: &Value| command["name"].as_str().unwrap_or_default().to_owned();
        self.shared.read(|state| state.commands.iter().map(name).collect())
    }

    /// Waits until what was seen satisfies `enough`; at once if it already does.
    pub async fn wait(&self, enough: impl Fn(&[Seen]) -> bool) -> Result<(), Impatient> {
        self.shared.until(|state| enough(state.record.since(0))).await.map_err(|()| self.impatient())
    }

    /// Waits until `enough` holds of this small Discord; at once if it already does.
    pub async fn until(&self, enough: impl Fn(&Self) -> bool) -> Result<(), Impatient> {
        self.shared.until_true(|| enough(self)).await.map_err(|()| self.impatient())
    }

    fn impatient(&self) -> Impatient {
        self.shared.read(|state| Impatient {
            sessions: state.sessions.connected(),
            seen: state.record.count(),
            violations: state.record.violations().to_vec(),
            last: json!(state.record.since(0).last()).to_string(),
        })
    }

    // --- faults --------------------------------------------------------------------------------------------------

    pub fn fault(&self, fault: Fault) {
        self.shared.change(|state| state.fault(fault));
    }

    /// Befalls every connected gateway session.
    pub fn gateway_fault(&self, fault: GatewayFault) {
        self.shared.change(|state| state.sessions.suffer(fault));
    }

    /// From now on every message and interaction event is sent twice, with the same ids.
    pub fn every_event_twice(&self, twice: bool) {
        self.shared.change(|state| state.sessions.twice = twice);
    }

    /// Switches MESSAGE_CONTENT off in the developer portal: who asks for it is closed with 4014.
    pub fn disallow_message_content(&self, disallow: bool) {
        self.shared.change(|state| state.sessions.content_disallowed = disallow);
    }

    /// The interval that connections from now on are told (Discord's is 41.25 s).
    pub fn heartbeat_every(&self, interval: Duration) {
        self.shared.change(|state| state.sessions.heartbeat = interval);
    }
}
