//! What is still to be told. The rows are on disk with the facts they follow from; this is their life in memory:
//! one at a time per lane, tried again with growing pauses, dropped when they say what is no longer so.
//!
//! The outbox chooses only *when* to try. Back-off is I/O time and stays real when SOP time is moved.

mod sending;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::engine::connector::{Connector, Outgoing, Receipt, Undelivered};
pub(crate) use crate::engine::outbox::sending::{Sending, sending};
use crate::engine::store::{ToTell, Told};
use crate::sop::desk::Desk;
use crate::sop::message::{PlaceId, TicketRef};
use crate::sop::notice::{self, Notice};
use crate::sop::procedure::Procedure;
use crate::sop::team::{Severity, Step};

/// First pause after a failed attempt; it doubles with each one …
const PAUSE_MIN: Duration = Duration::from_millis(500);
/// … up to this. There is no last attempt: while Discord is away nobody else can be told either.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// A card is drawn anew at most this often. In an outage with many reports a card changes all the time, and drawing
/// it each time would use up the requests that pages need.
const REDRAW_EVERY: Duration = Duration::from_millis(250);
/// A page that has not got out for so long goes to the next team instead: somebody else may be reached.
const PAGE_PATIENCE: Duration = Duration::from_mins(5);
/// Attempts under way at once. Discord allows a bot 50 requests a second
/// (<https://discord.com/developers/docs/topics/rate-limits>); more in flight would only queue in the limiter.
const IN_FLIGHT_MAX: usize = 32;
/// Places among them that only pages may take: redraws that wait for one channel's limit hold up nobody's page.
const IN_FLIGHT_FOR_PAGES: usize = 8;

/// A row, its number in the order of deciding, and what became of one attempt.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) order: u64,
    pub(crate) result: Result<Receipt, Undelivered>,
}

/// A row that is done with: for the log, and for the procedure.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) told: Option<Told>,
    pub(crate) notice: Notice,
    pub(crate) created: DateTime<Utc>,
    pub(crate) result: Result<Receipt, Undelivered>,
}

#[derive(Debug)]
struct Row {
    to_tell: ToTell,
    lane: String,
    attempts: u32,
    in_flight: bool,
    /// Since when every attempt has failed.
    failing_since: Option<Instant>,
    /// An attempt before the restart may have arrived.
    replayed: bool,
    /// What was sent is older than what is to be told now.
    overtaken: bool,
}

/// Every row is under way, or in one of `resting`, `ready`, `parked` and `behind`, so that a turn looks at those only that it can
/// do something about, however many wait.
pub(crate) struct Outbox {
    connector: Arc<dyn Connector>,
    rows: BTreeMap<u64, Row>,
    by_key: BTreeMap<String, u64>,
    /// Rows whose time has not come, by when it does.
    resting: BTreeSet<(Instant, u64)>,
    /// Rows whose time has come, in the order in which they may leave.
    ready: BTreeSet<(Rank, u64)>,
    /// Rows whose time has come while another of their lane was under way. It brings the oldest back when it ends.
    parked: BTreeMap<String, BTreeSet<(Rank, u64)>>,
    /// Lanes in which an attempt is under way.
    busy: BTreeSet<String>,
    /// Rows whose last attempt failed, and the next one has not begun.
    failed: BTreeSet<u64>,
    /// Notes in one ticket, in the order in which they are to stand there …
    notes: BTreeMap<PlaceId, BTreeSet<u64>>,
    /// … and those of them whose time has come before that of an older one.
    behind: BTreeMap<PlaceId, BTreeSet<(Rank, u64)>>,
    /// When a card drawn lately may be drawn again, by lane.
    drawn: BTreeMap<String, Instant>,
    next_order: u64,
    /// Attempts under way at ticket systems.
    tickets_under_way: usize,
    attempts: JoinSet<Attempt>,
    /// Sendings that wait for their batch to be recorded, in their order.
    held: Vec<oneshot::Sender<()>>,
}

impl Outbox {
    pub(crate) fn new(connector: Arc<dyn Connector>, waiting: Vec<ToTell>) -> Self {
        let mut outbox = Self {
            connector,
            rows: BTreeMap::new(),
            by_key: BTreeMap::new(),
            resting: BTreeSet::new(),
            ready: BTreeSet::new(),
            parked: BTreeMap::new(),
            busy: BTreeSet::new(),
            failed: BTreeSet::new(),
            notes: BTreeMap::new(),
            behind: BTreeMap::new(),
            drawn: BTreeMap::new(),
            next_order: 1,
            tickets_under_way: 0,
            attempts: JoinSet::new(),
            held: Vec::new(),
        };
        for row in waiting {
            outbox.add(row, true);
        }
        outbox
    }

    /// What a notice is known by: telling the same thing anew replaces what was to be told before.
    pub(crate) fn key(notice: &Notice) -> String {
        match notice {
            Notice::Page { escalation, page } => format!("page/{}/{page}", escalation.0),
            Notice::Card { escalation, page } => format!("card/{}/{page}", escalation.0),
            Notice::Line { team, escalation, version, line } => {
                format!("line/{}/{version}/{team}/{}", escalation.0, line.key())
            }
            Notice::Post { team, made_at, post, .. } => {
                format!("post/{team}/{}/{}", post.name(), made_at.timestamp_millis())
            }
            Notice::Sop { sop, .. } => format!("sop/{}", sop.name()),
            Notice::Digest { team, window, .. } => format!("digest/{team}/{}", window.to.timestamp()),
            Notice::DigestSection { team, window, section, .. } => {
                format!("digest/{team}/{}/{}", window.to.timestamp(), section.name())
            }
            Notice::Word { escalation, text, .. } => format!("word/{}/{text}", escalation.0),
            Notice::ReadTicket { ticket: TicketRef { system, id, .. }, is_glance: true, .. } => {
                format!("glance/{system}/{id}")
            }
            Notice::ReadTicket { ticket: TicketRef { system, id, .. }, again, .. } => {
                let again = again.as_ref().map_or("", |message| message.id.as_str());
                format!("ticket/{system}/{id}/{again}")
            }
            Notice::TicketNote { escalation, version, line, .. } => {
                format!("note/{}/{version}/{}", escalation.0, line.name())
            }
            Notice::History { escalation, number, .. } => format!("history/{}/{number}", escalation.0),
            Notice::Reply { to, .. } => format!("reply/{}", to.0),
        }
    }

    /// The row for a notice: of the next generation if the same thing still waits to be told.
    pub(crate) fn row(&self, notice: Notice, now: DateTime<Utc>) -> ToTell {
        let key = Self::key(&notice);
        let waiting = self.by_key.get(&key).map(|order| &self.rows[order].to_tell);
        let (generation, created) = waiting.map_or((1, now), |row| (row.generation + 1, row.created));
        ToTell { key, generation, created, notice }
    }

    /// Takes a row in. It leaves once it is recorded.
    pub(crate) fn add(&mut self, to_tell: ToTell, replayed: bool) {
        if let Some(order) = self.by_key.get(&to_tell.key)
            && let Some(row) = self.rows.get_mut(order)
        {
            row.overtaken |= row.in_flight;
            row.to_tell = to_tell;
            return;
        }
        let order = self.next_order;
        self.next_order += 1;
        self.by_key.insert(to_tell.key.clone(), order);
        let lane = lane(&to_tell);
        if let Notice::TicketNote { ticket, .. } = &to_tell.notice {
            self.notes.entry(ticket.place()).or_default().insert(order);
        }
        let ready_at = self.drawn.get(&lane).copied().unwrap_or_else(Instant::now);
        self.resting.insert((ready_at, order));
        let row = Row { lane, to_tell, attempts: 0, in_flight: false, failing_since: None, replayed, overtaken: false };
        self.rows.insert(order, row);
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Rows that have failed and wait to be tried again.
    pub(crate) fn held_up(&self) -> usize {
        let behind: usize = self.behind.values().map(BTreeSet::len).sum();
        behind + self.failed.len()
    }

    /// When the next row may be tried; `None` while there is none that only waits for its time.
    pub(crate) fn next_attempt(&self) -> Option<Instant> {
        // Where a lane is busy or there is no room, the end of an attempt wakes the loop.
        self.resting.first().map(|(ready_at, _)| *ready_at)
    }

    /// Whether one more may be under way.
    fn has_room(&self, rank: Rank) -> bool {
        if rank == Rank::Ticket && self.tickets_under_way >= TICKETS_MAX {
            return false;
        }
        let places = if rank.is_page() { IN_FLIGHT_MAX } else { IN_FLIGHT_MAX - IN_FLIGHT_FOR_PAGES };
        self.attempts.len() < places
    }

    /// The next attempt that ended. Pending for ever while none is under way.
    pub(crate) async fn attempt_ended(&mut self) -> Attempt {
        match self.attempts.join_next().await {
            Some(ended) => ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())),
            None => std::future::pending().await,
        }
    }

    /// An attempt that has already ended.
    pub(crate) fn attempt_waiting(&mut self) -> Option<Attempt> {
        let ended = self.attempts.try_join_next()?;
        Some(ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())))
    }

    /// Starts what can be started: its words are made at once, while the batch is written, but nothing leaves before
    /// [`Self::release`]. Returns the rows that say what is no longer so.
    pub(crate) fn dispatch(&mut self, desk: &Desk, procedure: &Procedure, now: DateTime<Utc>) -> Vec<Told> {
        self.wake(desk);
        let mut obsolete = Vec::new();
        // Pages come first: where there is no room for the first, there is none for those behind it.
        while let Some((rank, order)) = self.ready.first().copied().filter(|(rank, _)| self.has_room(*rank)) {
            self.ready.remove(&(rank, order));
            let row = &self.rows[&order];
            if self.busy.contains(&row.lane) {
                self.parked.entry(row.lane.clone()).or_default().insert((rank, order));
                continue;
            }
            if let Some(ticket) = self.is_behind(order) {
                let lane = row.lane.clone();
                self.behind.entry(ticket).or_default().insert((rank, order));
                self.free(&lane);
                continue;
            }
            let outgoing = notice::is_still_wanted(&row.to_tell.notice, desk)
                .then(|| compose(row, desk, procedure, now))
                .flatten();
            if let Some(outgoing) = outgoing {
                self.start(order, outgoing);
            } else if let Some(row) = self.remove(order) {
                self.free(&row.lane);
                obsolete.extend(told(row));
            }
        }
        obsolete
    }

    /// The ticket in which an older note is to stand above this one.
    fn is_behind(&self, order: u64) -> Option<PlaceId> {
        let Notice::TicketNote { ticket, .. } = &self.rows[&order].to_tell.notice else { return None };
        let ticket = ticket.place();
        let oldest = self.notes.get(&ticket).and_then(BTreeSet::first);
        oldest.is_some_and(|oldest| *oldest < order).then_some(ticket)
    }

    /// Those whose time has come are ready.
    fn wake(&mut self, desk: &Desk) {
        let instant = Instant::now();
        while let Some((ready_at, order)) = self.resting.first().copied().filter(|(at, _)| *at <= instant) {
            self.resting.remove(&(ready_at, order));
            self.ready.insert((Rank::of(&self.rows[&order].to_tell.notice, desk), order));
        }
    }

    /// Nothing of this lane is under way: the first that was parked for it is ready.
    fn free(&mut self, lane: &str) {
        let Some(parked) = self.parked.get_mut(lane) else { return };
        self.ready.extend(parked.pop_first());
        if parked.is_empty() {
            self.parked.remove(lane);
        }
    }

    fn start(&mut self, order: u64, outgoing: Outgoing) {
        let Some(row) = self.rows.get_mut(&order) else { return };
        self.failed.remove(&order);
        row.in_flight = true;
        row.overtaken = false;
        row.attempts += 1;
        self.tickets_under_way += usize::from(is_of_ticket(&row.to_tell.notice));
        self.busy.insert(row.lane.clone());
        let (release, released) = oneshot::channel();
        self.held.push(release);
        let connector = Arc::clone(&self.connector);
        self.attempts.spawn(async move {
            let sending = connector.deliver(outgoing);
            let result = match released.await {
                Ok(()) => sending.await,
                // Never recorded, so never sent: the outbox is gone, and this with it.
                Err(_) => Err(Undelivered::Retry { after: None, why: "it is not recorded".to_owned() }),
            };
            Attempt { order, result }
        });
    }

    /// The batch of this turn is recorded: what was dispatched in it may leave.
    pub(crate) fn release(&mut self) {
        for held in self.held.drain(..) {
            // An attempt that has ended already needs no release.
            let _ = held.send(());
        }
    }

    /// Takes the end of an attempt in: done, to be tried again, or given up.
    pub(crate) fn settle(&mut self, mut attempt: Attempt, desk: &Desk) -> Option<Done> {
        let lane = self.rows.get(&attempt.order)?.lane.clone();
        self.busy.remove(&lane);
        self.free(&lane);
        let row = self.rows.get_mut(&attempt.order)?;
        row.in_flight = false;
        self.tickets_under_way -= usize::from(is_of_ticket(&row.to_tell.notice));
        if let Err(Undelivered::Retry { after, why }) = &attempt.result {
            let pause = after.unwrap_or_default().max(pause(row));
            let failing = row.failing_since.get_or_insert_with(Instant::now).elapsed();
            if failing + pause <= PAGE_PATIENCE || !can_go_on(&row.to_tell.notice, desk) {
                let (key, attempts) = (logged(&row.to_tell), row.attempts);
                tracing::warn!(key, attempts, pause_ms = pause.as_millis(), "outbox.retry {key}: {why}");
                self.resting.insert((Instant::now() + pause, attempt.order));
                self.failed.insert(attempt.order);
                row.replayed = true;
                return None;
            }
            attempt.result = Err(Undelivered::GiveUp { why: why.clone() });
        }
        if matches!(row.to_tell.notice, Notice::Card { .. }) {
            self.drawn.retain(|_, until| *until > Instant::now());
            self.drawn.insert(lane.clone(), Instant::now() + REDRAW_EVERY);
        }
        if row.overtaken {
            // What arrived is older than what is to be told now: the row stays, for its newer generation.
            let ready_at = self.drawn.get(&lane).copied().unwrap_or_else(Instant::now);
            self.resting.insert((ready_at, attempt.order));
            return None;
        }
        let row = self.remove(attempt.order)?;
        let (notice, created) = (row.to_tell.notice.clone(), row.to_tell.created);
        Some(Done { told: told(row), notice, created, result: attempt.result })
    }

    /// A note is written, or never will be: the next one may be.
    fn go_on_below(&mut self, ticket: &PlaceId, order: u64) {
        if let Some(notes) = self.notes.get_mut(ticket) {
            notes.remove(&order);
            if notes.is_empty() {
                self.notes.remove(ticket);
            }
        }
        if let Some(behind) = self.behind.get_mut(ticket) {
            self.ready.extend(behind.pop_first());
            if behind.is_empty() {
                self.behind.remove(ticket);
            }
        }
    }

    fn remove(&mut self, order: u64) -> Option<Row> {
        let row = self.rows.remove(&order)?;
        self.by_key.remove(&row.to_tell.key);
        self.failed.remove(&order);
        if let Notice::TicketNote { ticket, .. } = &row.to_tell.notice {
            self.go_on_below(&ticket.place(), order);
        }
        Some(row)
    }
}

/// What the program's own log calls a row: never by what an answer is addressed to.
fn logged(row: &ToTell) -> &str {
    if row.notice.is_stored() { &row.key } else { row.notice.name() }
}

fn told(row: Row) -> Option<Told> {
    row.to_tell.notice.is_stored().then_some(Told { key: row.to_tell.key, generation: row.to_tell.generation })
}

/// Pages before everything else, the most severe first; a history, which nobody waits for, and ticket systems,
/// which may be slow, after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Page(Reverse<Severity>),
    Other,
    History,
    /// What a ticket system is asked.
    Ticket,
}

impl Rank {
    fn of(notice: &Notice, desk: &Desk) -> Self {
        match notice {
            Notice::Page { escalation, .. } => {
                desk.case(*escalation).map_or(Self::Other, |case| Self::Page(Reverse(case.severity)))
            }
            Notice::History { .. } | Notice::Digest { .. } | Notice::DigestSection { .. } => Self::History,
            notice if is_of_ticket(notice) => Self::Ticket,
            _ => Self::Other,
        }
    }

    fn is_page(self) -> bool {
        matches!(self, Self::Page(_))
    }
}

/// Whether a ticket system is asked for it.
fn is_of_ticket(notice: &Notice) -> bool {
    match notice {
        Notice::ReadTicket { .. } | Notice::TicketNote { .. } => true,
        Notice::Word { place, .. } => place.ticket().is_some(),
        _ => false,
    }
}

/// Requests under way at once to one ticket system: one that hangs must not take every place that the chat needs, and a
/// vendor's limit is soon reached.
const TICKET_LANES: u32 = 4;

/// … and to all of them together.
const TICKETS_MAX: usize = 8;

/// What must not overtake each other: lines in one place, redraws of one card, the history of one case, digests, what
/// becomes of one ticket.
fn lane(row: &ToTell) -> String {
    let of_ticket = |TicketRef { system, id, .. }: &TicketRef| {
        let number = id.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        format!("tickets/{system}/{}", number % TICKET_LANES)
    };
    match &row.notice {
        Notice::ReadTicket { ticket, .. } | Notice::TicketNote { ticket, .. } => of_ticket(ticket),
        Notice::Word { place, .. } => place.ticket().as_ref().map_or_else(|| row.key.clone(), of_ticket),
        Notice::Line { team, .. } | Notice::Post { team, .. } | Notice::Sop { team, .. } => format!("lines/{team}"),
        Notice::History { escalation, .. } => format!("history/{}", escalation.0),
        Notice::Digest { .. } | Notice::DigestSection { .. } => "digests".to_owned(),
        Notice::Page { .. } | Notice::Card { .. } | Notice::Reply { .. } => row.key.clone(),
    }
}

/// A page of a case that has somewhere else to go. The last resort has not: it is tried for ever.
fn can_go_on(notice: &Notice, desk: &Desk) -> bool {
    let Notice::Page { escalation, page } = notice else { return false };
    desk.case(*escalation).and_then(|case| case.pages.get(*page)).is_some_and(|page| page.step != Step::CatchAll)
}

/// Doubles with each attempt. A quarter is spread by key, so that rows that failed together do not come back together.
fn pause(row: &Row) -> Duration {
    let doubled = PAUSE_MIN.saturating_mul(1 << row.attempts.saturating_sub(1).min(10)).min(PAUSE_MAX);
    let spread = row.to_tell.key.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % 256;
    doubled + doubled * spread / 1024
}

/// The sending in full, from the case as it stands now.
fn compose(row: &Row, desk: &Desk, procedure: &Procedure, now: DateTime<Utc>) -> Option<Outgoing> {
    let Sending { to, telling, confidential } = sending(&row.to_tell.notice, desk, procedure, now)?;
    let (key, created) = (row.to_tell.key.clone(), row.to_tell.created);
    Some(Outgoing { key, created, to, telling, maybe_sent: row.replayed, confidential })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::notice::{Answer, ReplyTo};

    #[test]
    fn the_address_of_an_answer_is_not_logged() {
        let notice = Notice::Reply { to: ReplyTo("secret".to_owned()), answer: Box::new(Answer::Help { staff: true }) };
        let row = ToTell { key: Outbox::key(&notice), generation: 1, created: DateTime::UNIX_EPOCH, notice };
        assert_eq!(logged(&row), "reply");
    }
}
