//! Accounts that send no webhooks are asked what has changed.
//!
//! How far an account was asked is a [`Position`] of the log, recorded with what was found; so after a crash it goes on
//! from there. The same change found twice has the same id, and is looked at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::Account;
use super::changes::{CHANGED_MAX, Changed};
use crate::engine::clock::Clock;
use crate::engine::input::{Body, Input, InputId, Position};
use crate::sop::desk::Request;
use crate::sop::message::{MessageId, PlaceId, TicketRef};

/// Searches lag behind, and whole seconds hide an order: what changed so shortly before is asked for again.
const OVERLAP: TimeDelta = TimeDelta::minutes(2);
/// After a failure the pause doubles up to this.
const PAUSE_MAX: Duration = Duration::from_mins(10);

/// Asks, as long as it is kept.
pub struct Polls(#[expect(dead_code, reason = "kept for its end")] Vec<AbortOnDropHandle<()>>);

impl Polls {
    /// `read` is how far each account had been asked.
    pub fn start(
        accounts: &[Arc<Account>],
        inbox: &mpsc::Sender<Input>,
        clock: &Clock,
        read: &BTreeMap<PlaceId, MessageId>,
    ) -> Self {
        let asked = accounts.iter().filter_map(|account| Some((account.clone(), account.settings().poll?)));
        let polls = asked.map(|(account, every)| {
            let since = read.get(&place(&account)).and_then(instant);
            let poll = Poll { account, every, inbox: inbox.clone(), clock: clock.clone() };
            AbortOnDropHandle::new(tokio::spawn(poll.run(since)))
        });
        Self(polls.collect())
    }
}

/// What begins the places of the log that are no places of the chat.
const MARKS: &str = "changes/";

/// Where the log keeps how far an account was asked.
fn place(account: &Account) -> PlaceId {
    format!("{MARKS}{}", account.settings().name).into()
}

/// Whether a place of the log is one of these, and not one of the chat.
pub fn is_mark(place: &PlaceId) -> bool {
    place.as_str().starts_with(MARKS)
}

/// Milliseconds since 1970: they grow, as ids of messages do.
fn mark(at: DateTime<Utc>) -> MessageId {
    at.timestamp_millis().to_string().into()
}

fn instant(mark: &MessageId) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(mark.as_str().parse().ok()?)
}

struct Poll {
    account: Arc<Account>,
    every: Duration,
    inbox: mpsc::Sender<Input>,
    clock: Clock,
}

impl Poll {
    /// Ends with the desk.
    async fn run(self, since: Option<DateTime<Utc>>) {
        let name = &self.account.settings().name;
        let mut since = match since {
            Some(since) => since,
            // What happened before is not news.
            None => match self.follow().await {
                Some(now) => now,
                None => return,
            },
        };
        let mut from = since - OVERLAP;
        let mut failures = 0;
        loop {
            let pause = match self.account.changed_since(from).await {
                Ok(changed) => {
                    if failures > 0 {
                        tracing::info!(account = %name, "tickets.answer {name} again");
                    }
                    failures = 0;
                    let newest = changed.last().map_or(from, |last| last.at);
                    since = since.max(newest);
                    let is_full = changed.len() >= CHANGED_MAX;
                    if self.hand_on(changed).await.is_none() {
                        return;
                    }
                    if is_full {
                        // There is more; where it is all of one moment, what comes after that can only be asked for.
                        from = if newest > from { newest } else { from + TimeDelta::seconds(1) };
                        Duration::ZERO
                    } else {
                        from = since - OVERLAP;
                        self.every
                    }
                }
                Err(error) => {
                    failures += 1;
                    if failures == 1 {
                        tracing::warn!(account = %name, "tickets.silent {name}: {error}");
                    }
                    let doubled = self.every.saturating_mul(1 << failures.min(10));
                    doubled.min(PAUSE_MAX.max(self.every))
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Looks from now on; `None` if the desk has ended.
    async fn follow(&self) -> Option<DateTime<Utc>> {
        let now = self.clock.now();
        let position = Position { place: place(&self.account), message: mark(now) };
        let id = InputId(format!("follow:{}", position.place));
        self.inbox.send(Input { id, body: Body::Follow(position) }).await.ok()?;
        Some(now)
    }

    /// `None` if the desk has ended.
    async fn hand_on(&self, changed: Vec<Changed>) -> Option<()> {
        let name = &self.account.settings().name;
        for Changed { id, at } in changed {
            let ticket = TicketRef { system: name.clone(), id: id.to_string(), url: None };
            let request = Box::new(Request::TicketChanged { ticket });
            let position = Some(Position { place: place(&self.account), message: mark(at) });
            let id = InputId(format!("changed:{name}:{id}:{}", at.timestamp_millis()));
            self.inbox.send(Input { id, body: Body::Request { request, position } }).await.ok()?;
        }
        Some(())
    }
}
