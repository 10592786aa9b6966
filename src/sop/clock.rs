//! The clocks of a case: what runs, against which target, and when it runs out.
//!
//! | clock | from | to | stands still |
//! |---|---|---|---|
//! | acknowledge | a page was delivered | somebody takes the case | never |
//! | first reply | the customer's oldest unanswered message | a reply the customer can see | never |
//! | update | the last word to the customer, or a promise | the next one | never |
//! | resolve | the case was opened | it is resolved | while waiting on the customer |
//! | time in tier | a tier got the case | it left the tier | never |
//!
//! A [`Clock`] keeps the target it was started with: a changed procedure does not bend what is running. It knows
//! nothing of cases; whoever holds it says what happened, in the order in which it did.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::sop::calendar::{Calendar, Span};
use crate::sop::team::seconds;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    Acknowledge,
    FirstReply,
    Update,
    Resolve,
    TimeInTier,
}

impl ClockKind {
    pub const ALL: [Self; 5] = [Self::Acknowledge, Self::FirstReply, Self::Update, Self::Resolve, Self::TimeInTier];

    /// As in the config and the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::FirstReply => "first_reply",
            Self::Update => "update",
            Self::Resolve => "resolve",
            Self::TimeInTier => "time_in_tier",
        }
    }

    /// Whether it stands still while the desk waits on the customer.
    pub fn can_pause(self) -> bool {
        self == Self::Resolve
    }
}

/// How much time there is, whose time it is, and who is warned before it is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub clock: ClockKind,
    /// Above zero.
    #[serde(with = "seconds")]
    pub within: TimeDelta,
    /// Around the clock without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Arc<Calendar>>,
    /// Shares of the time after which there is a warning: percent, 1 to 99, rising.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warn_at_percent: Vec<u8>,
}

/// How long the clocks of a case may run, those of its pages aside; one calendar and the same warnings for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// At most one for each clock.
    pub limits: Vec<Limit>,
    /// Around the clock without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Arc<Calendar>>,
    /// As in [`Target`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warn_at_percent: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    pub clock: ClockKind,
    /// Above zero.
    #[serde(with = "seconds")]
    pub within: TimeDelta,
}

impl Limits {
    /// Nothing is measured.
    pub fn is_empty(&self) -> bool {
        self.limits.is_empty()
    }

    /// Whether a clock is limited that staff stop by writing to the customer.
    pub fn measures_replies(&self) -> bool {
        self.limits.iter().any(|limit| matches!(limit.clock, ClockKind::FirstReply | ClockKind::Update))
    }

    /// What a clock is started with; `None` where it is not limited.
    pub fn target(&self, clock: ClockKind) -> Option<Target> {
        let limit = self.limits.iter().find(|limit| limit.clock == clock)?;
        let (calendar, warn_at_percent) = (self.calendar.clone(), self.warn_at_percent.clone());
        Some(Target { clock, within: limit.within, calendar, warn_at_percent })
    }
}

/// Whether something is at risk that is not late: less than a quarter of its time is left.
pub fn is_nearly_due(from: DateTime<Utc>, due: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (now - from) * 100 >= (due - from) * AT_RISK_PERCENT
}

/// The share of the time, in percent.
const AT_RISK_PERCENT: i32 = 75;

/// When a length of time has passed that counts in a calendar, around the clock without one. Where the calendar does
/// not open for that long it is counted around the clock: a deadline that never comes would make a case silent.
pub fn due(calendar: Option<&Calendar>, from: DateTime<Utc>, length: TimeDelta, pauses: &[Span]) -> DateTime<Utc> {
    let calendars = calendar.into_iter().chain([Calendar::around_the_clock()]);
    let due = calendars.into_iter().find_map(|calendar| calendar.due(from, length, pauses));
    due.unwrap_or_else(|| Span::after(from, length).to)
}

/// A clock that was started. Its pauses come in order, for they are recorded as they happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    pub target: Target,
    pub started_at: DateTime<Utc>,
    /// Those that are over, in order and apart.
    pub pauses: Vec<Span>,
    pub paused_since: Option<DateTime<Utc>>,
    pub stopped_at: Option<DateTime<Utc>>,
}

impl Clock {
    pub fn start(target: Target, at: DateTime<Utc>) -> Self {
        Self { target, started_at: at, pauses: Vec::new(), paused_since: None, stopped_at: None }
    }

    /// Nothing where it stands still already, has stopped, or is one that never pauses.
    pub fn pause(&mut self, at: DateTime<Utc>) {
        if self.target.clock.can_pause() && self.stopped_at.is_none() && self.paused_since.is_none() {
            self.paused_since = Some(at);
        }
    }

    /// Nothing where it runs.
    pub fn resume(&mut self, at: DateTime<Utc>) {
        if let Some(from) = self.paused_since.take() {
            self.pauses.push(Span { from, to: at });
        }
    }

    /// For good. Nothing where it has stopped before.
    pub fn stop(&mut self, at: DateTime<Utc>) {
        if self.stopped_at.is_none() {
            self.resume(at);
            self.stopped_at = Some(at);
        }
    }

    /// How much of its time is gone, up to `now` or to its stop.
    pub fn elapsed(&self, now: DateTime<Utc>) -> TimeDelta {
        let now = self.stopped_at.map_or(now, |stopped| stopped.min(now));
        // The pause that still lasts has no end yet.
        let lasting = self.paused_since.map(|from| Span { from, to: DateTime::<Utc>::MAX_UTC });
        let pauses: Vec<Span> = self.pauses.iter().copied().chain(lasting).collect();
        let calendar = self.target.calendar.as_deref().unwrap_or(Calendar::around_the_clock());
        calendar.elapsed(self.started_at, now, &pauses)
    }

    /// When it runs out as things stand. `None` once it has stopped in time, and while it stands still before then.
    pub fn due(&self) -> Option<DateTime<Utc>> {
        self.passes(self.target.within)
    }

    /// Of which share of its time to warn, in percent, and when; earliest first. What is past by now is for the caller
    /// to know. Warnings never come while it stands still.
    pub fn warnings(&self) -> impl Iterator<Item = (u8, DateTime<Utc>)> {
        let after = |percent: u8| self.target.within * i32::from(percent) / 100;
        let at = move |percent| Some((percent, self.passes(after(percent))?));
        self.target.warn_at_percent.iter().copied().filter_map(at)
    }

    /// Whether its time was gone before it stopped, as seen at `now`. At its due time it is.
    pub fn breached(&self, now: DateTime<Utc>) -> bool {
        self.due().is_some_and(|due| due <= now)
    }

    /// When it has run for a length of time; `None` where it stopped, or stands still, before that.
    fn passes(&self, length: TimeDelta) -> Option<DateTime<Utc>> {
        let at = due(self.target.calendar.as_deref(), self.started_at, length, &self.pauses);
        let ends = [self.paused_since, self.stopped_at];
        ends.into_iter().flatten().all(|end| at <= end).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use chrono::Weekday;
    use chrono_tz::Tz;
    use expect_test::{Expect, expect};

    use super::*;
    use crate::sop::calendar::Window;
    use crate::sop::fixture::at;

    fn target(clock: ClockKind, minutes: i64) -> Target {
        Target { clock, within: TimeDelta::minutes(minutes), calendar: None, warn_at_percent: vec![50, 80] }
    }

    fn minute(minutes: i64) -> DateTime<Utc> {
        at(minutes * 60)
    }

    /// Minutes after the start: when it warns, when it is due, what is gone after two hours and whether that was too much.
    fn told(clock: &Clock) -> String {
        let minutes = |instant: DateTime<Utc>| (instant - clock.started_at).num_minutes().to_string();
        let warnings: Vec<String> = clock.warnings().map(|(_, at)| minutes(at)).collect();
        let due = clock.due().map_or_else(|| "-".to_owned(), minutes);
        let (elapsed, breached) = (clock.elapsed(minute(120)).num_minutes(), clock.breached(minute(120)));
        format!("warns at [{}], due {due}, {elapsed} of 120 gone, breached: {breached}", warnings.join(" "))
    }

    /// What happens at which minute, and how the clock stands after each.
    fn check(target: Target, steps: &[(&str, i64)], expected: &Expect) {
        let mut clock = Clock::start(target, minute(0));
        let mut table = format!("start     0: {}\n", told(&clock));
        for (step, at) in steps {
            match *step {
                "pause" => clock.pause(minute(*at)),
                "resume" => clock.resume(minute(*at)),
                _ => clock.stop(minute(*at)),
            }
            writeln!(table, "{step:<6} {at:>4}: {}", told(&clock)).expect("a string takes it");
        }
        expected.assert_eq(&table);
    }

    #[test]
    fn a_clock_stands_still_while_the_desk_waits_on_the_customer() {
        let steps = [
            ("pause", 20),
            ("pause", 25),
            ("resume", 50),
            ("resume", 55),
            ("pause", 70),
            ("resume", 80),
            ("stop", 115),
            ("stop", 200),
        ];
        check(
            target(ClockKind::Resolve, 100),
            &steps,
            &expect![[r#"
            start     0: warns at [50 80], due 100, 120 of 120 gone, breached: true
            pause    20: warns at [], due -, 20 of 120 gone, breached: false
            pause    25: warns at [], due -, 20 of 120 gone, breached: false
            resume   50: warns at [80 110], due 130, 90 of 120 gone, breached: false
            resume   55: warns at [80 110], due 130, 90 of 120 gone, breached: false
            pause    70: warns at [], due -, 40 of 120 gone, breached: false
            resume   80: warns at [90 120], due 140, 80 of 120 gone, breached: false
            stop    115: warns at [90], due -, 75 of 120 gone, breached: false
            stop    200: warns at [90], due -, 75 of 120 gone, breached: false
        "#]],
        );
    }

    #[test]
    fn an_acknowledgement_is_never_paused_and_late_at_its_due_time() {
        check(
            target(ClockKind::Acknowledge, 60),
            &[("pause", 10), ("stop", 60)],
            &expect![[r#"
            start     0: warns at [30 48], due 60, 120 of 120 gone, breached: true
            pause    10: warns at [30 48], due 60, 120 of 120 gone, breached: true
            stop     60: warns at [30 48], due 60, 60 of 120 gone, breached: true
        "#]],
        );
        check(
            target(ClockKind::Acknowledge, 60),
            &[("stop", 59)],
            &expect![[r#"
            start     0: warns at [30 48], due 60, 120 of 120 gone, breached: true
            stop     59: warns at [30 48], due -, 59 of 120 gone, breached: false
        "#]],
        );
    }

    /// The fixture's day starts on Monday at 09:00 UTC.
    #[test]
    fn a_clock_counts_the_hours_of_its_calendar() {
        let window = Window { days: vec![Weekday::Mon], from: 9 * 60 + 30, to: 10 * 60 };
        let calendar = Some(Arc::new(Calendar::new("short", Tz::UTC, &[window], &[])));
        check(
            Target { calendar, ..target(ClockKind::Resolve, 20) },
            &[("pause", 35), ("resume", 40)],
            &expect![[r#"
            start     0: warns at [40 46], due 50, 30 of 120 gone, breached: true
            pause    35: warns at [], due -, 5 of 120 gone, breached: false
            resume   40: warns at [45 51], due 55, 25 of 120 gone, breached: true
        "#]],
        );
    }

    #[test]
    fn a_calendar_that_stays_closed_makes_nothing_silent() {
        let closed = Calendar::new("closed", Tz::UTC, &[], &[]);
        assert_eq!(due(Some(&closed), minute(0), TimeDelta::minutes(30), &[]), minute(30));
    }

    #[test]
    fn names_are_those_of_the_log() {
        for kind in ClockKind::ALL {
            assert_eq!(serde_json::to_value(kind).expect("a name"), kind.name());
        }
    }
}
