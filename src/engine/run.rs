//! The loop.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::engine::clock::Clock;
use crate::engine::connector::{Connector, Posted, Receipt, Undelivered};
use crate::engine::handled::{Handled, REMEMBERED};
use crate::engine::input::{Body, Input, InputId, Look, Position, is_later};
use crate::engine::measured::Measured;
use crate::engine::outbox::{Attempt, Done, Outbox};
use crate::engine::store::{Batch, LogAt, Past, Plan, Recorded, SqliteStore, StoreError};
use crate::sop::desk::{Desk, Fact, Request};
use crate::sop::escalation::{EscalationId, Fate};
use crate::sop::message::{MessageId, PlaceId};
use crate::sop::notice::Notice;
use crate::sop::procedure::Procedure;

/// Inputs that may wait. A full inbox makes the adapters wait or read back later; nothing is dropped here.
const INBOX_MAX: usize = 8_192;
/// Inputs recorded in one transaction: one flush serves them all, and none waits long behind the others.
const BATCH_MAX: usize = 256;
/// Inputs that [`Engine::has_settled`] knows.
const SETTLED_REMEMBERED: usize = 4_096;
/// How far a place has been read is recorded at least this often, and with every batch that records anything else.
/// Losing it costs reading a few harmless messages again.
const POSITIONS_EVERY: Duration = Duration::from_secs(1);

/// What a desk runs on.
pub struct Settings {
    pub procedure: Arc<Procedure>,
    pub clock: Clock,
    pub store: SqliteStore,
    pub connector: Arc<dyn Connector>,
}

/// What the loop shows of itself, for waiting and for watching.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// Inputs handled since the start, repetitions included.
    pub handled: u64,
    /// Notices that still wait or are under way.
    pub to_tell: usize,
    /// Those among them that have failed and wait to be tried again.
    pub held_up: usize,
    pub next_deadline: Option<DateTime<Utc>>,
    /// Deadlines up to this instant have been seen to.
    pub seen_to: Option<DateTime<Utc>>,
    /// How often somebody wanted the config to be read again.
    pub reloads: u64,
}

/// A running desk.
pub struct Engine {
    inbox: mpsc::Sender<Input>,
    pulse: watch::Receiver<Pulse>,
    positions: BTreeMap<PlaceId, MessageId>,
    settled: Arc<Mutex<Handled>>,
    measured: Arc<Measured>,
    log: LogAt,
    running: JoinHandle<Result<(), Failure>>,
}

/// Why a desk had to stop: what cannot be recorded must not be done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the loop stopped by a fault of its own")]
    Panicked,
}

impl Engine {
    /// Folds the log and starts the loop. Whatever became due meanwhile happens now.
    pub async fn start(settings: Settings) -> Result<Self, Failure> {
        let Settings { procedure, clock, mut store, connector } = settings;
        let Past { mut desk, last, to_tell, inputs, positions } = store.past().await?;
        desk.look_ahead(&procedure);
        let mut handled = Handled::new(REMEMBERED);
        for id in inputs {
            handled.insert(id);
        }
        let positions: BTreeMap<_, _> = positions.into_iter().map(|at| (at.place, at.message)).collect();
        let (inbox, waiting) = mpsc::channel(INBOX_MAX);
        // What a crash left to do is shown from the first moment, before the loop has turned once.
        let next_deadline = desk.next_deadline();
        let (pulse_out, pulse) = watch::channel(Pulse { to_tell: to_tell.len(), next_deadline, ..Pulse::default() });
        let settled = Arc::new(Mutex::new(Handled::new(SETTLED_REMEMBERED)));
        let measured = Arc::<Measured>::default();
        let log = store.lies_at();
        let state = Loop {
            next_seq: last + 1,
            outbox: Outbox::new(connector, to_tell),
            desk,
            procedure,
            clock,
            store,
            handled,
            positions: positions.clone(),
            moved: BTreeMap::new(),
            positions_recorded: Instant::now(),
            pulse: pulse_out,
            settled: Arc::clone(&settled),
            measured: Arc::clone(&measured),
            settling: Vec::new(),
            reloads: 0,
            faulty: false,
            marks: Vec::new(),
            offers: Vec::new(),
            looks: Vec::new(),
            outdated: Vec::new(),
        };
        let running = tokio::spawn(state.run(waiting));
        Ok(Self { inbox, pulse, positions, settled, measured, log, running })
    }

    /// Where inputs go.
    pub fn inbox(&self) -> mpsc::Sender<Input> {
        self.inbox.clone()
    }

    pub fn pulse(&self) -> watch::Receiver<Pulse> {
        self.pulse.clone()
    }

    /// What the loop measures of itself.
    pub fn measured(&self) -> Arc<Measured> {
        Arc::clone(&self.measured)
    }

    /// Its log, to be read beside the loop.
    pub fn log(&self) -> LogAt {
        self.log.clone()
    }

    /// How far each place had been read when the desk started.
    pub fn positions(&self) -> &BTreeMap<PlaceId, MessageId> {
        &self.positions
    }

    /// Whether an input was handled, what follows from it recorded, and its notices handed to the outbox. Known for
    /// the latest ones only.
    pub fn has_settled(&self, id: &InputId) -> bool {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    /// Records what waits, then ends.
    pub async fn stop(self) -> Result<(), Failure> {
        // A loop that has already ended cannot hear this; its result says why.
        let _ = self.inbox.send(Input { id: InputId("shutdown".into()), body: Body::Shutdown }).await;
        self.running.await.unwrap_or(Err(Failure::Panicked))
    }

    /// Ends at once, wherever it is: as a crash would.
    pub async fn kill(self) {
        self.running.abort();
        let _ = self.running.await;
    }

    /// Returns when the loop cannot go on.
    pub async fn failed(&mut self) -> Failure {
        match (&mut self.running).await {
            Ok(Err(failure)) => failure,
            // It ends in peace only when it was told to, which takes the engine away.
            Ok(Ok(())) | Err(_) => Failure::Panicked,
        }
    }
}

struct Loop {
    desk: Desk,
    procedure: Arc<Procedure>,
    clock: Clock,
    store: SqliteStore,
    outbox: Outbox,
    handled: Handled,
    positions: BTreeMap<PlaceId, MessageId>,
    /// Positions that moved and are not recorded yet.
    moved: BTreeMap<PlaceId, MessageId>,
    positions_recorded: Instant,
    next_seq: i64,
    pulse: watch::Sender<Pulse>,
    settled: Arc<Mutex<Handled>>,
    measured: Arc<Measured>,
    /// Inputs of this batch.
    settling: Vec<InputId>,
    /// How often somebody wanted the config to be read again.
    reloads: u64,
    /// Handling an input panicked: what is complete is recorded, and the loop ends.
    faulty: bool,
    /// Who waits for this batch …
    marks: Vec<oneshot::Sender<()>>,
    /// … and who waits for it to be told whether what they offered was new.
    offers: Vec<(oneshot::Sender<bool>, bool)>,
    /// Who wants to see what is recorded with it.
    looks: Vec<Look>,
    /// What has grown too old.
    outdated: Vec<Plan>,
}

/// Why the loop woke.
enum Woken {
    Input(Option<Input>),
    Delivered(Attempt),
    /// A deadline, a retry or a flush is due: each turn looks at all three.
    Timer,
}

impl Loop {
    async fn run(mut self, mut inbox: mpsc::Receiver<Input>) -> Result<(), Failure> {
        let mut batch = Batch::default();
        let mut stopping = false;
        let adopted = InputId(format!("procedure:{}:{}", self.procedure.version, self.next_seq));
        self.ask_desk(&adopted, Request::Adopt, &mut batch);
        loop {
            self.pass_deadlines(&mut batch);
            self.finish(&mut batch).await?;
            if stopping {
                return Ok(self.store.close().await?);
            }
            match self.wait(&mut inbox).await {
                Woken::Timer => {}
                Woken::Delivered(attempt) => {
                    self.settle(attempt, &mut batch);
                    while let Some(attempt) = self.outbox.attempt_waiting() {
                        self.settle(attempt, &mut batch);
                    }
                }
                Woken::Input(first) => {
                    let mut next = first;
                    let mut taken = 0;
                    stopping = next.is_none();
                    while let Some(input) = next.take() {
                        stopping |= matches!(input.body, Body::Shutdown);
                        self.take(input, &mut batch);
                        taken += 1;
                        if taken < BATCH_MAX && !stopping {
                            next = inbox.try_recv().ok();
                        }
                    }
                }
            }
        }
    }

    async fn wait(&mut self, inbox: &mut mpsc::Receiver<Input>) -> Woken {
        let clock = self.clock.clone();
        let deadline = self.desk.next_deadline();
        let deadline = async move {
            match deadline {
                Some(at) => clock.reached(at).await,
                None => std::future::pending().await,
            }
        };
        let flush_at = (!self.moved.is_empty()).then(|| self.positions_recorded + POSITIONS_EVERY);
        let timer = [self.outbox.next_attempt(), flush_at].into_iter().flatten().min();
        let timer = async move {
            match timer {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            attempt = self.outbox.attempt_ended() => Woken::Delivered(attempt),
            input = inbox.recv() => Woken::Input(input),
            () = deadline => Woken::Timer,
            () = timer => Woken::Timer,
        }
    }

    /// SOP time in the grain of the log, so that what is folded again is the same to the instant.
    fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(3)
    }

    fn take(&mut self, input: Input, batch: &mut Batch) {
        if self.faulty {
            // Not handled, and not recorded as read: it is heard again after the restart.
            return;
        }
        if let Body::Look(look) = input.body {
            self.looks.push(look);
            return;
        }
        self.settling.push(input.id.clone());
        match input.body {
            Body::Shutdown | Body::Look(_) => {}
            Body::Forget(plan) => self.outdated.push(*plan),
            Body::Mark(reached) => self.marks.push(reached),
            Body::Follow(position) => {
                if !self.positions.contains_key(&position.place) {
                    self.move_to(position);
                    // Recorded with the next batch at once: what is said from here on must be found after a crash.
                    self.record_positions(batch);
                }
            }
            Body::Request { request, position } => {
                if let Some(position) = position {
                    self.move_to(position);
                }
                self.ask_once(&input.id, *request, batch);
            }
            Body::Offer { request, recorded } => {
                let is_new = self.ask_once(&input.id, *request, batch);
                self.offers.push((recorded, is_new));
            }
        }
    }

    /// Whether it was new.
    fn ask_once(&mut self, id: &InputId, request: Request, batch: &mut Batch) -> bool {
        let is_new = self.handled.insert(id.clone());
        if is_new {
            self.ask_desk(id, request, batch);
        }
        is_new
    }

    fn move_to(&mut self, position: Position) {
        let known = self.positions.get(&position.place);
        if known.is_none_or(|known| is_later(&position.message, known)) {
            self.positions.insert(position.place.clone(), position.message.clone());
            self.moved.insert(position.place, position.message);
        }
    }

    fn pass_deadlines(&mut self, batch: &mut Batch) {
        let now = self.now();
        if let Some(due) = self.desk.next_deadline().filter(|at| *at <= now) {
            self.measured.late(now - due);
            self.ask_desk(&InputId(format!("clock:{}", now.timestamp_millis())), Request::DeadlineReached, batch);
        }
    }

    fn ask_desk(&mut self, id: &InputId, request: Request, batch: &mut Batch) {
        let now = self.now();
        let begun = Instant::now();
        let handled = catch_unwind(AssertUnwindSafe(|| self.desk.handle(request, &self.procedure, now)));
        self.measured.decided(begun.elapsed());
        let Ok(outcome) = handled else {
            // A fault of ours. The desk in memory may be half changed, so nothing goes on with it; and the input is
            // on record as handled, so that the next start does not fail of it again.
            tracing::error!("desk.fault {} could not be handled and is left out", id.0);
            batch.inputs.push((id.clone(), now));
            self.faulty = true;
            return;
        };
        self.reloads += u64::from(outcome.reload);
        if !outcome.facts.is_empty() || outcome.notices.iter().any(Notice::is_stored) {
            batch.inputs.push((id.clone(), now));
        }
        for fact in outcome.facts {
            let procedure = self.procedure.version.clone();
            log(&fact);
            self.measured.fact(&fact);
            batch.facts.push(Recorded { seq: self.next_seq, at: now, input: id.clone(), procedure, fact });
            self.next_seq += 1;
        }
        for notice in outcome.notices {
            self.measured.notice(&notice);
            let row = self.outbox.row(notice, now);
            // A row is in memory before it is on disk, but nothing leaves before the batch is recorded.
            if row.notice.is_stored() {
                batch.tell(row.clone());
            }
            self.outbox.add(row, false);
        }
    }

    fn settle(&mut self, attempt: Attempt, batch: &mut Batch) {
        let Some(Done { told, notice, created, result }) = self.outbox.settle(attempt, &self.desk) else { return };
        match &result {
            Ok(_) => self.measured.delivered(self.now() - created),
            Err(_) => self.measured.given_up(),
        }
        let key = told.as_ref().map_or_else(String::new, |told| told.key.clone());
        batch.told.extend(told);
        let request = match (notice, result) {
            (Notice::Page { escalation, page }, Ok(Receipt::Posted(Posted { place, message }))) => {
                Request::PageDelivered { escalation, page, place, message }
            }
            (Notice::Page { escalation, page }, Err(Undelivered::GiveUp { why })) => {
                tracing::warn!(escalation = %escalation, "page.undeliverable {escalation}: {why}");
                Request::PageUndeliverable { escalation, page, why }
            }
            (Notice::Card { escalation, page }, Ok(Receipt::Posted(Posted { place, message })))
                if self.is_new_card(escalation, page, &message) =>
            {
                Request::CardReposted { escalation, page, place, message }
            }
            (Notice::ReadTicket { ticket, is_glance: true, .. }, Ok(Receipt::Ticket(reading))) => {
                Request::TicketGlanced { ticket, reading }
            }
            (Notice::ReadTicket { ticket, again, .. }, Ok(Receipt::Ticket(reading))) => {
                Request::TicketRead { ticket, reading, again }
            }
            (Notice::ReadTicket { ticket, .. }, Err(Undelivered::GiveUp { why })) => {
                tracing::warn!("ticket.unreadable {} {}: {why}", ticket.system, ticket.id);
                Request::TicketLost { ticket, why }
            }
            (Notice::TicketNote { escalation, .. }, Err(Undelivered::GiveUp { why })) => {
                tracing::warn!(escalation = %escalation, "ticket_note.undeliverable {escalation}: {why}");
                Request::NoteUndeliverable { escalation, why }
            }
            (Notice::Digest { team, window, .. }, Ok(Receipt::Posted(Posted { place, message }))) => {
                Request::DigestPosted { team, window, place, message }
            }
            (Notice::Card { escalation, page }, Err(Undelivered::GiveUp { why })) => {
                tracing::warn!(escalation = %escalation, "card.undeliverable {escalation}: {why}");
                Request::CardUndeliverable { escalation, page, why }
            }
            (Notice::Line { team, escalation, line, .. }, Err(Undelivered::GiveUp { why })) => {
                tracing::warn!(escalation = %escalation, "line.undeliverable {escalation} {team}: {why}");
                Request::LineUndeliverable { team, escalation, line, why }
            }
            (Notice::Word { escalation, by: to, .. }, Err(Undelivered::GiveUp { why })) => {
                tracing::warn!(escalation = %escalation, "word.undeliverable {escalation}: {why}");
                Request::WordUndeliverable { escalation, to, why }
            }
            (notice, Err(error)) => {
                let what = notice.name();
                tracing::warn!("notice.undeliverable {what}: {error}");
                return;
            }
            (_, Ok(_)) => return,
        };
        self.ask_desk(&InputId(format!("delivery:{key}")), request, batch);
    }

    /// Whether a card stands elsewhere than the log says.
    fn is_new_card(&self, escalation: EscalationId, page: usize, message: &MessageId) -> bool {
        let known = self.desk.case(escalation).and_then(|case| case.pages.get(page)).map(|page| &page.fate);
        matches!(known, Some(Fate::Delivered { message: known, .. }) if known != message)
    }

    /// Records the batch, then lets the outbox start what may start.
    async fn finish(&mut self, batch: &mut Batch) -> Result<(), Failure> {
        if !batch.is_empty() || self.positions_recorded.elapsed() >= POSITIONS_EVERY {
            self.record_positions(batch);
        }
        let now = self.now();
        if !self.faulty {
            batch.told.extend(self.outbox.dispatch(&self.desk, &self.procedure, now));
        }
        if !batch.is_empty() {
            let begun = Instant::now();
            self.store.append(batch).await?;
            self.measured.recorded(begun.elapsed());
            *batch = Batch::default();
        }
        if self.faulty {
            return Err(Failure::Panicked);
        }
        self.forget(now).await?;
        self.outbox.release();
        let next_deadline = self.desk.next_deadline();
        let (to_tell, held_up) = (self.outbox.len(), self.outbox.held_up());
        let settling = std::mem::take(&mut self.settling);
        let handled = settling.len() as u64;
        self.measured.handled(handled);
        let reloads = self.reloads;
        // Both at once: whoever sees an input as settled also sees what it left to tell.
        self.pulse.send_modify(|pulse| {
            let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
            for id in settling {
                settled.insert(id);
            }
            let handled = pulse.handled + handled;
            *pulse = Pulse { handled, to_tell, held_up, next_deadline, seen_to: Some(now), reloads };
        });
        for mark in self.marks.drain(..) {
            // Whoever asked may have stopped waiting.
            let _ = mark.send(());
        }
        for (recorded, is_new) in self.offers.drain(..) {
            let _ = recorded.send(is_new);
        }
        for Look(look) in self.looks.drain(..) {
            let seen = catch_unwind(AssertUnwindSafe(|| look(&self.desk, &self.procedure, now)));
            if seen.is_err() {
                // It could change nothing, so the desk goes on.
                tracing::error!("desk.fault somebody who only looked could not be shown anything");
            }
        }
        Ok(())
    }

    /// Takes out what is too old. A case that was opened again since that was looked up keeps all until the next time.
    async fn forget(&mut self, now: DateTime<Utc>) -> Result<(), Failure> {
        for plan in std::mem::take(&mut self.outdated) {
            let is_open = |id: &EscalationId| self.desk.case(*id).is_some_and(|case| case.resolution.is_none());
            if !plan.cases.iter().any(is_open) {
                self.next_seq = self.store.take_out(&plan, now, &self.procedure.version).await?;
            }
        }
        Ok(())
    }

    fn record_positions(&mut self, batch: &mut Batch) {
        if self.faulty {
            return;
        }
        let moved = std::mem::take(&mut self.moved);
        batch.positions.extend(moved.into_iter().map(|(place, message)| Position { place, message }));
        self.positions_recorded = Instant::now();
    }
}

/// What the program's own log says about a fact: ids, never words of a customer.
fn log(fact: &Fact) {
    match fact {
        Fact::Case { id, event } => tracing::info!(escalation = %id, "case.{} {id}", event.name()),
        Fact::Deaf { since } => tracing::warn!("desk.deaf since {since}"),
        Fact::Hearing => tracing::info!("desk.hearing"),
        Fact::Adopted { version } => tracing::info!(version, "sop.adopted {version}"),
        Fact::Noted(_)
        | Fact::Watched { .. }
        | Fact::Covered(_)
        | Fact::HandedOver { .. }
        | Fact::Asked(_)
        | Fact::Answered { .. }
        | Fact::Drafted(_)
        | Fact::OutOfReach { .. }
        | Fact::Reported { .. }
        | Fact::TicketRead { .. }
        | Fact::TicketLost { .. }
        | Fact::Erased(_)
        | Fact::WaitedLong { .. } => {}
    }
}
