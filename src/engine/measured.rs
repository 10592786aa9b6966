//! What the desk measures of itself, in the text format that Prometheus reads
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/>). No label names a customer, a person or a ticket.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::sop::desk::Fact;
use crate::sop::escalation::Event;
use crate::sop::notice::Notice;

/// One label, with one of a few values that are written in the code.
type ByKind = Family<[(&'static str, &'static str); 1], Counter>;

/// Upper bounds of what the loop does by itself, in seconds: from a decision of a few µs to a disk that hangs.
const QUICK: [f64; 11] = [0.000_01, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];
/// … and of what waits for others or for a deadline: from at once to an hour.
const SLOW: [f64; 12] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0];

/// Counters and histograms since the start; [`Figures`] are what changes up and down.
pub struct Measured {
    registry: Registry,
    inputs: Counter,
    facts: ByKind,
    notices: ByKind,
    breaches: Counter,
    undeliverable: Counter,
    lateness: Histogram,
    decision: Histogram,
    recording: Histogram,
    delivery: Histogram,
    outbox_waiting: Gauge,
    outbox_held_up: Gauge,
    inbox_waiting: Gauge,
    open: Gauge,
    unacknowledged: Gauge,
    ready: Gauge,
    /// The latest that a deadline was noticed, in milliseconds.
    latest: AtomicI64,
}

/// How things stand at the moment they are shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Notices that wait or are under way, and those of them that have failed.
    pub to_tell: usize,
    pub held_up: usize,
    /// Inputs that wait.
    pub inbox: usize,
    /// Cases that are open, and those of them that nobody has taken; `None`: as when last known.
    pub cases: Option<(usize, usize)>,
    /// Nothing is known to be wrong.
    pub is_ready: bool,
}

impl Default for Measured {
    fn default() -> Self {
        let quick = || Histogram::new(QUICK);
        let slow = || Histogram::new(SLOW);
        let mut measured = Self {
            registry: Registry::with_prefix("bellhop"),
            inputs: Counter::default(),
            facts: Family::default(),
            notices: Family::default(),
            breaches: Counter::default(),
            undeliverable: Counter::default(),
            lateness: slow(),
            decision: quick(),
            recording: quick(),
            delivery: slow(),
            outbox_waiting: Gauge::default(),
            outbox_held_up: Gauge::default(),
            inbox_waiting: Gauge::default(),
            open: Gauge::default(),
            unacknowledged: Gauge::default(),
            ready: Gauge::default(),
            latest: AtomicI64::new(0),
        };
        measured.register();
        measured
    }
}

impl Measured {
    /// Names end without a full stop and without the unit, which the format adds.
    fn register(&mut self) {
        let Self { registry, .. } = self;
        registry.register("build", "The version that runs", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        registry.register("inputs", "Inputs handled, repetitions included", self.inputs.clone());
        registry.register("facts", "Lines of the log, by what they say", self.facts.clone());
        registry.register("notices", "What was to be told, by kind", self.notices.clone());
        registry.register("breaches", "Times that ran out: of pages and of other clocks", self.breaches.clone());
        registry.register("undeliverable", "Notices that were given up", self.undeliverable.clone());
        registry.register(
            "deadline_lateness_seconds",
            "From a deadline until the loop saw to it",
            self.lateness.clone(),
        );
        registry.register("decision_seconds", "What one input takes the procedure", self.decision.clone());
        registry.register("recording_seconds", "What it takes to have a batch on the disk", self.recording.clone());
        registry.register("delivery_seconds", "From deciding on a notice until it has arrived", self.delivery.clone());
        registry.register("outbox_waiting", "Notices that wait or are under way", self.outbox_waiting.clone());
        registry.register("outbox_held_up", "Those that have failed and wait", self.outbox_held_up.clone());
        registry.register("inbox_waiting", "Inputs that wait", self.inbox_waiting.clone());
        registry.register("cases_open", "Cases that are not resolved", self.open.clone());
        registry.register("cases_unacknowledged", "Open cases that nobody has taken", self.unacknowledged.clone());
        registry.register("ready", "1 while /readyz says so, else 0", self.ready.clone());
    }

    pub(crate) fn handled(&self, inputs: u64) {
        self.inputs.inc_by(inputs);
    }

    pub(crate) fn fact(&self, fact: &Fact) {
        self.facts.get_or_create(&[("kind", kind(fact))]).inc();
        if let Fact::Case { event: Event::Breached { .. } | Event::RanOut { .. }, .. } = fact {
            self.breaches.inc();
        }
    }

    pub(crate) fn notice(&self, notice: &Notice) {
        self.notices.get_or_create(&[("kind", notice.name())]).inc();
    }

    pub(crate) fn late(&self, by: TimeDelta) {
        self.lateness.observe(seconds(by));
        self.latest.fetch_max(by.num_milliseconds(), Ordering::Relaxed);
    }

    pub(crate) fn decided(&self, after: Duration) {
        self.decision.observe(after.as_secs_f64());
    }

    pub(crate) fn recorded(&self, after: Duration) {
        self.recording.observe(after.as_secs_f64());
    }

    pub(crate) fn delivered(&self, after: TimeDelta) {
        self.delivery.observe(seconds(after));
    }

    pub(crate) fn given_up(&self) {
        self.undeliverable.inc();
    }

    /// The latest that a deadline was noticed since the start.
    pub fn latest(&self) -> TimeDelta {
        TimeDelta::milliseconds(self.latest.load(Ordering::Relaxed))
    }

    /// Everything, as Prometheus reads it.
    pub fn text(&self, figures: Figures) -> String {
        let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.outbox_waiting.set(whole(figures.to_tell));
        self.outbox_held_up.set(whole(figures.held_up));
        self.inbox_waiting.set(whole(figures.inbox));
        self.ready.set(i64::from(figures.is_ready));
        if let Some((open, unacknowledged)) = figures.cases {
            self.open.set(whole(open));
            self.unacknowledged.set(whole(unacknowledged));
        }
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a string takes everything");
        text
    }
}

/// SOP time may have been moved back; nothing takes less than no time.
fn seconds(span: TimeDelta) -> f64 {
    span.to_std().unwrap_or_default().as_secs_f64()
}

/// As the log names it; of a case, what happened to it.
fn kind(fact: &Fact) -> &'static str {
    match fact {
        Fact::Case { event, .. } => event.name(),
        Fact::Noted(_) => "message_noted",
        Fact::Reported { .. } => "reported",
        Fact::Watched { .. } => "watched",
        Fact::Covered(_) => "covered",
        Fact::HandedOver { .. } => "handed_over",
        Fact::Asked(_) => "asked",
        Fact::Answered { .. } => "place_answered",
        Fact::WaitedLong { .. } => "waited_long",
        Fact::Deaf { .. } => "deaf",
        Fact::Hearing => "hearing",
        Fact::Adopted { .. } => "adopted",
        Fact::Drafted(_) => "drafted",
        Fact::OutOfReach { .. } => "out_of_reach",
        Fact::TicketRead { .. } => "ticket_read",
        Fact::TicketLost { .. } => "ticket_lost",
        Fact::Erased(_) => "erased",
    }
}
