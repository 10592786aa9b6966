//! Ticket systems: a link becomes a [`Ticket`], a note becomes one of theirs.
//!
//! One file per system, which reads like a table of facts ([`Facts`]) and a few shapes; what they share stands once: the
//! `client` that asks, the `node` that reads answers, the `signature` of webhooks. Facts and sources are the vendors' own;
//! what they sent is kept in the tests.
//!
//! Three things hold for all of them:
//! - **The config alone decides whom we speak with.** A link only gives an id, and only one of a host that is configured.
//! - **Internal cannot become public.** An [`InternalNote`] and a [`PublicReply`] are different types for different calls,
//!   and no call has a switch for it.
//! - **A note is written once.** It carries a marker, which is looked for wherever an earlier attempt may have arrived.

mod changes;
mod client;
mod error;
mod node;
mod poll;
mod post;
mod sign_in;
mod signature;
mod system;
mod text;

mod freshdesk;
mod front;
mod github;
mod gitlab;
mod help_scout;
mod hubspot;
mod intercom;
mod jira;
mod linked;
mod redmine;
mod request_tracker;
mod zammad;
mod zendesk;

#[cfg(test)]
mod tests;

use std::time::Duration;

use chrono::{DateTime, Utc};
use regex::Regex;
use secrecy::SecretString;

pub use self::changes::{CHANGED_MAX, Changed};
pub use self::client::{Exchange, Patience, Watcher};
pub use self::error::{Result, TicketError};
pub use self::poll::{Polls, is_mark};
pub use self::post::{Accounts, markup};
pub use self::signature::{Delivery, Event, NotHeard};
pub use self::system::{Facts, Interface, Use};

use self::client::Client;
use self::system::System;
use crate::adapters::secret::SecretPlace;
use crate::sop::ticket::{Requester, Role, Ticket};

/// Every system that is known, in the order in which people are told of them.
pub const KINDS: [&Facts; 16] = [
    &zendesk::FACTS,
    &freshdesk::FACTS,
    &intercom::FACTS,
    &jira::FACTS,
    &zammad::FACTS,
    &help_scout::FACTS,
    &front::FACTS,
    &hubspot::FACTS,
    &request_tracker::FACTS,
    &redmine::FACTS,
    &github::FACTS,
    &gitlab::FACTS,
    &linked::SERVICENOW,
    &linked::SALESFORCE,
    &linked::OSTICKET,
    &linked::LINEAR,
];

/// One account of a ticket system, as the config has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What cards and cases call it.
    pub name: String,
    pub kind: &'static Facts,
    /// In whose links its tickets are: `harbor.zendesk.com`.
    pub host: String,
    /// The address of its interface, without a slash at its end.
    pub api: String,
    /// What stands in its links besides: the repository, the portal.
    pub account: Option<String>,
    /// The account's own user.
    pub user: Option<String>,
    /// The id of an OAuth client, whose secret the token then is.
    pub client: Option<String>,
    /// The field that holds what the customer has bought.
    pub plan_field: Option<String>,
    /// `None`: its links are recognised, and that is all.
    pub token: Option<SecretPlace>,
    /// `None`: webhooks are not listened to.
    pub webhook: Option<SecretPlace>,
    /// How often it is asked what has changed; `None`: never.
    pub poll: Option<Duration>,
}

impl Facts {
    pub fn of(name: &str) -> Option<&'static Self> {
        KINDS.into_iter().find(|facts| facts.name == name)
    }

    /// How links look; the first group is the ticket's id.
    pub fn links(&self, host: &str, account: Option<&str>) -> Regex {
        let link = self.link.replace("{account}", &regex::escape(account.unwrap_or_default()));
        let pattern = format!(r"https?://{}/{link}({})\b", regex::escape(host), self.id);
        Regex::new(&pattern).expect("the links of a system are a regular expression")
    }
}

impl std::fmt::Debug for Facts {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name)
    }
}

impl PartialEq for Facts {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Facts {}

/// The id of a ticket, in exactly the form that its system has: it can stand in a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketId(String);

impl TicketId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for TicketId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

/// Characters of what is written back: no marker at its end is ever cut off by who reads it.
pub const NOTE_CHARS_MAX: usize = 4_000;

/// Something for staff only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InternalNote {
    text: String,
    marker: String,
}

impl InternalNote {
    /// `marker` tells this note from every other, on one line, for example `[ESC-12 #3]`; it is written below the text.
    pub fn new(text: &str, marker: &str) -> Self {
        let text = crate::sop::message::cut(&text::plain(text), NOTE_CHARS_MAX);
        Self { text, marker: text::line(marker) }
    }

    pub fn marker(&self) -> &str {
        &self.marker
    }

    /// As it is written.
    pub(self) fn plain(&self) -> String {
        format!("{}\n\n{}", self.text, self.marker)
    }

    /// The same for systems that want HTML.
    pub(self) fn html(&self) -> String {
        text::to_html(&self.plain())
    }
}

/// Something that the customer reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicReply(String);

impl PublicReply {
    /// The only way to one: whoever calls this means that the customer reads it.
    pub fn for_the_customer_to_read(text: &str) -> Self {
        Self(crate::sop::message::cut(&text::plain(text), NOTE_CHARS_MAX))
    }

    pub(self) fn plain(&self) -> String {
        self.0.clone()
    }

    pub(self) fn html(&self) -> String {
        text::to_html(&self.0)
    }
}

/// Whom a ticket is given to, by what the system's interface calls them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assignee {
    Person(String),
    /// A team, queue or inbox.
    Group(String),
}

impl Assignee {
    /// An id as JSON: systems with numbers want numbers.
    fn number(id: &str) -> serde_json::Value {
        id.parse::<u64>().map_or_else(|_| id.into(), Into::into)
    }
}

/// What became of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    Written,
    /// An earlier attempt had arrived.
    WasThere,
}

/// One account of a ticket system that can be spoken with.
pub struct Account {
    settings: Settings,
    interface: &'static Interface,
    system: Box<dyn System>,
    webhook_secret: Option<SecretString>,
    links: Regex,
    id: Regex,
}

/// Why an account cannot be spoken with.
#[derive(Debug, thiserror::Error)]
pub enum NotOpen {
    #[error("{title} tickets are recognised and linked; there is no way to read them")]
    LinkOnly { title: &'static str },
    #[error("there is no token for {name}: name where it is as token_env or token_file")]
    NoToken { name: String },
    #[error("{0}")]
    Secret(String),
    #[error("no HTTP client can be made: {0}")]
    Client(#[from] reqwest::Error),
}

impl Account {
    /// Reads the secrets and makes ready. Nothing is asked yet.
    pub fn open(
        settings: &Settings,
        patience: Patience,
        watcher: Option<Watcher>,
    ) -> std::result::Result<Self, NotOpen> {
        let place = settings.token.as_ref().ok_or_else(|| NotOpen::NoToken { name: settings.name.clone() });
        let webhook = settings.webhook.as_ref().map(SecretPlace::read).transpose().map_err(NotOpen::Secret)?;
        Self::with_secrets(settings, place?.read().map_err(NotOpen::Secret)?, webhook, patience, watcher)
    }

    /// The same with secrets that are at hand.
    pub fn with_secrets(
        settings: &Settings,
        token: SecretString,
        webhook_secret: Option<SecretString>,
        patience: Patience,
        watcher: Option<Watcher>,
    ) -> std::result::Result<Self, NotOpen> {
        let Facts { title, id, interface, .. } = settings.kind;
        let interface = interface.as_ref().ok_or(NotOpen::LinkOnly { title })?;
        let sign_in = (interface.sign_in)(settings, token);
        let client = Client::new(&settings.api, interface.headers, sign_in, patience, watcher)?;
        Ok(Self {
            settings: settings.clone(),
            interface,
            system: (interface.open)(client, settings),
            webhook_secret,
            links: settings.kind.links(&settings.host, settings.account.as_deref()),
            id: Regex::new(&format!("^(?:{id})$")).expect("the id of a system is a regular expression"),
        })
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The ticket that a link of this account or an id names.
    pub fn ticket_id(&self, text: &str) -> Option<TicketId> {
        let text = text.trim();
        let of_link = || self.links.captures(text)?.get(1).map(|id| id.as_str());
        let id = if self.id.is_match(text) { Some(text) } else { of_link() };
        id.map(|id| TicketId(id.to_owned()))
    }

    pub async fn fetch(&self, id: &TicketId) -> Result<Ticket> {
        self.system.fetch(id).await
    }

    /// Whether there is a place that only staff can read; where there is none, an internal note is impossible.
    pub fn has_internal_notes(&self) -> bool {
        self.interface.notes
    }

    /// Writes a note for staff, once. `maybe_written`: an earlier attempt may have arrived. If it is not known in the end
    /// whether it is written, the error says so, and the next attempt has to say that it may be.
    pub async fn internal_note(&self, id: &TicketId, note: &InternalNote, maybe_written: bool) -> Result<Noted> {
        if maybe_written && self.has_internal_notes() && self.holds(id, note).await? {
            return Ok(Noted::WasThere);
        }
        match self.system.internal_note(id, note).await {
            Err(TicketError::Unavailable { maybe_done: true, .. }) if self.holds(id, note).await? => Ok(Noted::Written),
            Err(TicketError::Unavailable { maybe_done: true, .. }) => {
                self.system.internal_note(id, note).await.map(|()| Noted::Written)
            }
            done => done.map(|()| Noted::Written),
        }
    }

    /// Whether a note is there; an error if that cannot be known, because it may be among what was not read.
    async fn holds(&self, id: &TicketId, note: &InternalNote) -> Result<bool> {
        let unknown = |why: String| TicketError::Unavailable { why, maybe_done: true };
        let ticket = self.system.fetch(id).await.map_err(|error| match error {
            TicketError::Unavailable { why, .. } => unknown(why),
            error => error,
        })?;
        // Whoever asks for help may write anything.
        let mut by_staff = ticket.comments.iter().filter(|comment| comment.role != Role::Customer);
        match by_staff.any(|comment| comment.says(&note.marker)) {
            false if ticket.is_cut => Err(unknown("the ticket has too many comments to look through".to_owned())),
            is_there => Ok(is_there),
        }
    }

    /// Writes to the customer. Nobody looks whether it is written already: a person has to.
    pub async fn public_reply(&self, id: &TicketId, reply: &PublicReply) -> Result<()> {
        self.system.public_reply(id, reply).await
    }

    pub async fn assign(&self, id: &TicketId, to: &Assignee) -> Result<()> {
        self.system.assign(id, to).await
    }

    pub async fn add_tag(&self, id: &TicketId, tag: &str) -> Result<()> {
        self.system.add_tag(id, tag).await
    }

    /// How many tickets the requester opened since then, the one at hand among them.
    pub async fn recent_count(&self, requester: &Requester, since: DateTime<Utc>) -> Result<u32> {
        self.system.recent_count(requester, since).await
    }

    /// The tickets that changed at that time or later, the one that changed longest ago first, each once. There are about
    /// [`CHANGED_MAX`] at most; more only where so many changed at one moment.
    ///
    /// Whoever asks goes on from the newest time that was told: at once after a full answer, else after a while and from
    /// a minute or two before it, for searches lag behind and whole seconds hide an order. What comes again is known by
    /// its id and time. If the newest time is that which was asked for, a full answer goes on from a second later.
    pub async fn changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Changed>> {
        let changed = self.system.changed_since(since).await?;
        if changed.iter().all(|change| self.id.is_match(change.id.as_str())) {
            Ok(changed)
        } else {
            Err(TicketError::not_understood("the id of a ticket that changed is none"))
        }
    }

    /// Whether a webhook has a signature at all, to be looked at once its body is there.
    pub fn is_signed(&self, headers: &reqwest::header::HeaderMap) -> std::result::Result<(), NotHeard> {
        signature::is_there(self.interface.signatures, headers).map(drop)
    }

    /// What a webhook says, if it comes from whom it says. Nothing if it is about no ticket, as when a webhook is tried
    /// out. Whoever calls this remembers the ids of deliveries.
    pub fn verify(&self, delivery: &Delivery<'_>, now: DateTime<Utc>) -> std::result::Result<Vec<Event>, NotHeard> {
        signature::verify(self.interface.signatures, delivery, self.webhook_secret.as_ref(), now)?;
        let body = serde_json::from_slice(delivery.body);
        let body: serde_json::Value =
            body.map_err(|_| NotHeard::NotUnderstood { what: "it is not JSON".to_owned() })?;
        let account = self.settings.account.as_deref().unwrap_or_default();
        let events = (self.interface.events)(&node::Node::root(&body), delivery, account)?;
        // What is no ticket of ours is nothing to us.
        Ok(events.into_iter().filter(|event| self.id.is_match(&event.ticket)).collect())
    }
}
