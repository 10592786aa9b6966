//! What there is to know of a ticket system: the facts that its file lists, and the verbs that it has to have.

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use secrecy::SecretString;

use super::changes::Changed;
use super::client::Client;
use super::error::Result;
use super::node::Node;
use super::sign_in::SignIn;
use super::signature::{Delivery, Event, Signature};
use super::{Assignee, InternalNote, PublicReply, Settings, TicketId};
use crate::sop::ticket::{Requester, Ticket, TicketPriority, Visibility};

/// One ticket system.
pub struct Facts {
    /// As the config writes it.
    pub name: &'static str,
    /// As its vendor writes it.
    pub title: &'static str,
    /// What an id looks like, as a regular expression. It stands in paths as it is, so it has no `/`, `?`, `#` or `%`.
    pub id: &'static str,
    /// What stands between host and id in its links, as a regular expression; `{account}` is what the config says.
    pub link: &'static str,
    /// What `account` is in the config.
    pub account: Use,
    /// How it is spoken with; `None`: its links are recognised, and that is all.
    pub interface: Option<Interface>,
}

/// Whether the config has a key for a system, and what it is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Never,
    Optional(&'static str),
    Needed(&'static str),
}

/// How a ticket system is spoken with.
pub struct Interface {
    /// Where it is, unless the config says; `{host}` is what the config says.
    pub api: &'static str,
    /// What `user` is in the config.
    pub user: Use,
    /// What `client` is in the config.
    pub client: Use,
    /// Whether it has notes that only staff can read.
    pub notes: bool,
    /// Headers of every request.
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) sign_in: fn(&Settings, SecretString) -> SignIn,
    /// How its webhooks are signed. The first whose headers are there counts.
    pub(super) signatures: &'static [Signature],
    /// What a delivery with a good signature is about; `account` as in the config.
    pub(super) events: fn(&Node<'_>, &Delivery<'_>, account: &str) -> Result<Vec<Event>>,
    pub(super) open: fn(Client, &Settings) -> Box<dyn System>,
}

/// The verbs. Each asks once for what it wants: the client asks again where that is harmless, and
/// [`Account`](super::Account) where it is not.
#[async_trait]
pub(super) trait System: Send + Sync {
    async fn fetch(&self, id: &TicketId) -> Result<Ticket>;
    /// Only staff can ever read it.
    async fn internal_note(&self, id: &TicketId, note: &InternalNote) -> Result<()>;
    /// The customer reads it.
    async fn public_reply(&self, id: &TicketId, reply: &PublicReply) -> Result<()>;
    async fn assign(&self, id: &TicketId, to: &Assignee) -> Result<()>;
    async fn add_tag(&self, id: &TicketId, tag: &str) -> Result<()>;
    /// How many tickets somebody opened since then.
    async fn recent_count(&self, requester: &Requester, since: DateTime<Utc>) -> Result<u32>;
    /// What changed at that time or later, the oldest change first.
    async fn changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Changed>>;
}

/// Ids are numbers, without zeros in front.
pub(super) const NUMBER: &str = r"[1-9][0-9]{0,18}";

/// What people mean by the name of a priority, whatever the system; `None` where it says nothing.
pub(super) fn priority(name: &str) -> Option<TicketPriority> {
    let name = name.to_lowercase();
    let words: [(&[&str], TicketPriority); 4] = [
        (&["urgent", "immediate", "critical", "blocker", "highest"], TicketPriority::Urgent),
        (&["high", "major"], TicketPriority::High),
        (&["normal", "medium"], TicketPriority::Normal),
        (&["low", "minor", "trivial"], TicketPriority::Low),
    ];
    let meant = words.into_iter().find(|(words, _)| words.iter().any(|word| name.contains(word)));
    meant.map(|(_, priority)| priority)
}

/// An instant as most of them want it: "2026-11-23T09:00:00Z".
pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Two clocks that are kept right differ by less.
const CLOCKS_DIFFER_MAX: TimeDelta = TimeDelta::minutes(15);

/// So many minutes ago is before that, whatever the other side's clock says: for systems that read an instant in the
/// zone of the account that asks, which nobody knows.
pub(super) fn minutes_ago(at: DateTime<Utc>) -> i64 {
    (Utc::now() - at + CLOCKS_DIFFER_MAX).num_minutes().max(0) + 1
}

pub(super) fn visibility(is_internal: bool) -> Visibility {
    if is_internal { Visibility::Internal } else { Visibility::Public }
}
