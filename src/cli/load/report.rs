//! The figures of a run, for people and for machines.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::time::Duration;

use serde::Serialize;

use crate::adapters::discord::REQUESTS_PER_SECOND;
use crate::cli::load::account::Account;
use crate::cli::load::bot::Complaints;
use crate::cli::load::crowd::{Card, Downtime, Said};

/// What a run gave to count. Times are in milliseconds, memory in mebibytes.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    said: usize,
    customers: usize,
    /// Asked for, and reached.
    rate: [f64; 2],
    read: usize,
    fire_alone: usize,
    escalations: BTreeMap<String, usize>,
    cards: usize,
    acknowledged: usize,
    /// Commands typed and buttons pressed, and how long their first answers took: those that came.
    asked: usize,
    first_answer: Option<Spread>,
    /// From each kill until the next bot was ready.
    downtimes: Vec<f64>,
    /// From a message said to its page posted, without those that waited while there was no bot …
    delay: Option<Spread>,
    /// … and with them.
    delay_with_downtime: Option<Spread>,
    /// The delay of the page of the last message that led to one: how far behind the bot was at the end.
    delay_of_last: Option<f64>,
    /// Half of the delays of the first and of the last fifth of the pages were no longer than this.
    delay_of_fifths: Option<[f64; 2]>,
    /// From the last message said until everything was read and told, as far as polling can tell.
    settled_after: f64,
    /// From the start of the process until it had connected, registered its commands and caught up.
    ready_after: f64,
    memory_idle: Option<f64>,
    memory_after: Option<f64>,
    /// Processor time of the bot since its last start, in percent of one processor.
    processor: Option<f64>,
    /// Requests in the busiest second, among those that leave something to see.
    requests_at_most: usize,
    warnings: usize,
    must_be_none: MustBeNone,
}

/// What must not happen once.
#[derive(Debug, Serialize)]
struct MustBeNone {
    duplicates: usize,
    lost: usize,
    unread: usize,
    untold: usize,
    errors: usize,
    violations: usize,
    /// The first of the latter two, as they were written.
    examples: Vec<String>,
}

/// How values spread: nearest rank, so that each is one that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Spread {
    count: usize,
    p50: f64,
    p90: f64,
    p99: f64,
    max: f64,
}

/// Everything measured in a run.
pub(super) struct Run {
    pub(super) rate: u32,
    pub(super) customers: usize,
    pub(super) said: Vec<Said>,
    pub(super) cards: Vec<Card>,
    pub(super) acknowledged: usize,
    pub(super) asked: usize,
    pub(super) answered: Vec<Duration>,
    pub(super) requests: BTreeMap<u64, usize>,
    pub(super) downtimes: Vec<Downtime>,
    pub(super) ready_after: Duration,
    pub(super) settled_after: Duration,
    pub(super) memory_idle: Option<u64>,
    pub(super) memory_after: Option<u64>,
    /// Used, and in which time.
    pub(super) processor: Option<(Duration, Duration)>,
    pub(super) account: Account,
    pub(super) complaints: Complaints,
    pub(super) violations: Vec<String>,
}

impl Report {
    pub(super) fn of(run: Run) -> Self {
        let delays = delays(&run);
        let all: Vec<Duration> = delays.iter().map(|delay| delay.took).collect();
        let up: Vec<Duration> = delays.iter().filter(|delay| !delay.waited).map(|delay| delay.took).collect();
        let fifth = all.len() / 5;
        let median = |delays: &[Duration]| Spread::of(delays).map(|spread| spread.p50);
        let fifths = median(&all[..fifth]).zip(median(&all[all.len() - fifth..]));
        let spoken = run.said.last().zip(run.said.first()).map(|(last, first)| last.at - first.at);
        let reached = spoken.map_or(0.0, |spoken| count(run.said.len().saturating_sub(1)) / spoken.as_secs_f64());
        let Complaints { warnings, errors, first_errors } = run.complaints;
        let examples = first_errors.into_iter().chain(run.violations.iter().take(EXAMPLES).cloned());
        Self {
            said: run.said.len(),
            customers: run.customers,
            rate: [f64::from(run.rate), rounded(reached)],
            read: run.account.read,
            fire_alone: run.account.expected,
            escalations: run.account.escalations,
            cards: run.cards.len(),
            acknowledged: run.acknowledged,
            asked: run.asked,
            first_answer: Spread::of(&run.answered),
            downtimes: run.downtimes.iter().map(|down| millis(down.to - down.from)).collect(),
            delay: Spread::of(&up),
            delay_with_downtime: Spread::of(&all),
            delay_of_last: all.last().copied().map(millis),
            delay_of_fifths: fifths.map(|(first, last)| [first, last]),
            settled_after: millis(run.settled_after),
            ready_after: millis(run.ready_after),
            memory_idle: run.memory_idle.map(mebibytes),
            memory_after: run.memory_after.map(mebibytes),
            processor: run.processor.map(|(used, lived)| rounded(100.0 * used.as_secs_f64() / lived.as_secs_f64())),
            requests_at_most: run.requests.values().copied().max().unwrap_or(0),
            warnings,
            must_be_none: MustBeNone {
                duplicates: run.account.duplicates,
                lost: run.account.lost,
                unread: run.said.len() - run.account.read,
                untold: run.account.untold,
                errors,
                violations: run.violations.len(),
                examples: examples.collect(),
            },
        }
    }

    /// Whether nothing happened that must not.
    pub(super) fn is_fine(&self) -> bool {
        let MustBeNone { duplicates, lost, unread, untold, errors, violations, examples: _ } = &self.must_be_none;
        [duplicates, lost, unread, untold, errors, violations].into_iter().all(|count| *count == 0)
    }

    /// Whether Discord's limit may have been what pages waited for.
    fn is_limited(&self) -> bool {
        self.requests_at_most >= usize::from(REQUESTS_PER_SECOND)
    }
}

/// Violations that are shown.
const EXAMPLES: usize = 20;

/// From a message to its page.
struct Delay {
    took: Duration,
    /// There was no bot for a part of the time.
    waited: bool,
}

/// In the order in which the messages were said.
fn delays(run: &Run) -> Vec<Delay> {
    let said: BTreeMap<u64, Said> = run.said.iter().map(|said| (said.id, *said)).collect();
    let mut delays = BTreeMap::new();
    for card in &run.cards {
        let cause = run.account.causes.get(&(card.case, card.page)).and_then(|message| said.get(message));
        let Some(said) = cause else { continue };
        let waited = run.downtimes.iter().any(|down| said.at < down.to && card.at > down.from);
        let delay = Delay { took: card.at.saturating_duration_since(said.at), waited };
        delays.entry((said.id, card.case, card.page)).or_insert(delay);
    }
    delays.into_values().collect()
}

impl Spread {
    pub(super) fn of(values: &[Duration]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        let rank = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).max(1) - 1).copied().map(millis);
        Some(Self { count: sorted.len(), p50: rank(50)?, p90: rank(90)?, p99: rank(99)?, max: rank(100)? })
    }
}

fn millis(span: Duration) -> f64 {
    rounded(span.as_secs_f64() * 1_000.0)
}

fn mebibytes(bytes: u64) -> f64 {
    const KIBIBYTES_PER_MEBIBYTE: f64 = 1_024.0;
    rounded(f64::from(u32::try_from(bytes / 1_024).unwrap_or(u32::MAX)) / KIBIBYTES_PER_MEBIBYTE)
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// To a hundredth, finer than anything here is repeatable.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

impl Display for Spread {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { count, p50, p90, p99, max } = self;
        write!(out, "p50 {p50:.2}   p90 {p90:.2}   p99 {p99:.2}   max {max:.2} ms   ({count})")
    }
}

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        let mut row = |name: &str, value: String| writeln!(out, "{name:<30}{value}");
        let [asked, reached] = self.rate;
        row("messages said", format!("{} by {} customers, {reached} of {asked} a second", self.said, self.customers))?;
        row("messages read", self.read.to_string())?;
        row("that fire by themselves", self.fire_alone.to_string())?;
        let by_trigger: Vec<String> = self.escalations.iter().map(|(id, count)| format!("{id} {count}")).collect();
        let total: usize = self.escalations.values().sum();
        row("escalations", format!("{total} ({})", by_trigger.join(", ")))?;
        row("cards posted", format!("{}, {} acknowledged", self.cards, self.acknowledged))?;
        let spread = |spread: Option<Spread>| spread.map_or_else(|| "none".to_owned(), |spread| spread.to_string());
        row("commands and buttons", self.asked.to_string())?;
        row("  first answer", spread(self.first_answer))?;
        row("message to page", spread(self.delay))?;
        if !self.downtimes.is_empty() {
            row("  downtime included", spread(self.delay_with_downtime))?;
        }
        if let Some([first, last]) = self.delay_of_fifths {
            row("  first and last fifth", format!("p50 {first:.2} and {last:.2} ms"))?;
        }
        if let Some(last) = self.delay_of_last {
            row("  of the last page", format!("{last:.2} ms"))?;
        }
        row("quiet after the last message", format!("{:.0} ms", self.settled_after))?;
        row("ready after its start", format!("{:.0} ms", self.ready_after))?;
        if !self.downtimes.is_empty() {
            let down: Vec<String> = self.downtimes.iter().map(|down| format!("{down:.0} ms")).collect();
            row("killed, down for", down.join(", "))?;
        }
        let memory = |size: Option<f64>| size.map_or_else(|| "unknown".to_owned(), |size| format!("{size:.1} MiB"));
        row("memory idle, after", format!("{}, {}", memory(self.memory_idle), memory(self.memory_after)))?;
        if let Some(processor) = self.processor {
            row("processor", format!("{processor:.1} % of one"))?;
        }
        let limited = if self.is_limited() { ": pages waited for Discord's limit" } else { "" };
        row("requests in busiest second", format!("{} of {REQUESTS_PER_SECOND}{limited}", self.requests_at_most))?;
        row("warnings in the log", self.warnings.to_string())?;
        let MustBeNone { duplicates, lost, unread, untold, errors, violations, examples } = &self.must_be_none;
        let none = format!(
            "duplicates {duplicates}, lost {lost}, unread {unread}, untold {untold}, errors {errors}, violations {violations}"
        );
        row("must be none", none)?;
        examples.iter().try_for_each(|example| writeln!(out, "  {example}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_shows_values_that_were_measured() {
        let values: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
        let expected = Spread { count: 200, p50: 100.0, p90: 180.0, p99: 198.0, max: 200.0 };
        assert_eq!(Spread::of(&values), Some(expected));
        assert_eq!(Spread::of(&[]), None);
        let one = Spread { count: 1, p50: 7.0, p90: 7.0, p99: 7.0, max: 7.0 };
        assert_eq!(Spread::of(&[Duration::from_millis(7)]), Some(one));
    }
}
