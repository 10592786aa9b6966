//! The calendar of a rota: how long a turn lasts, when it is handed over, in which hours of the week it counts.
//!
//! Hand-overs are wall clock times of a zone, so a turn lasts an hour more or less when the clocks change. [`instant`]
//! says what a wall clock time means that the clocks skip or show twice.

use std::cmp::Ordering;

use chrono::{
    DateTime, Datelike, Days, LocalResult, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
    Weekday,
};
use chrono_tz::Tz;

use super::Span;
use crate::sop::message::PersonId;

/// The moment at which the clocks of a zone show `wall`. A time they show twice is the first of the two; a time they
/// skip is the moment of the skip. So of two wall clock times the later one is never the earlier moment.
pub fn instant(zone: Tz, wall: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.with_timezone(&Utc),
        LocalResult::None => skip_before(zone, wall),
    }
}

/// The moment at which the clocks skip over `wall`.
fn skip_before(zone: Tz, wall: NaiveDateTime) -> DateTime<Utc> {
    // No zone was ever more than 26 hours away from UTC or from itself the day before.
    let (mut shown, mut skipped) = (wall.and_utc() - SKIP_SEARCHED, wall.and_utc() + SKIP_SEARCHED);
    while skipped - shown > TimeDelta::seconds(1) {
        let middle = shown + TimeDelta::seconds((skipped - shown).num_seconds() / 2);
        if middle.with_timezone(&zone).naive_local() < wall { shown = middle } else { skipped = middle }
    }
    skipped
}

const SKIP_SEARCHED: TimeDelta = TimeDelta::hours(50);

/// How long a turn lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// By the wall clock: at least an hour. Days and weeks are hours here: a day of the wall clock has 24.
    Hours(u32),
    Months(u32),
}

impl Every {
    pub const DAY: Self = Self::Hours(24);
    pub const WEEK: Self = Self::Hours(24 * 7);
}

/// People who take turns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// In the order of their turns; at least one.
    pub people: Vec<PersonId>,
    pub every: Every,
    /// When the first turn begins, by the wall clock of the rota's zone. Nobody has a turn before it.
    ///
    /// Turns of months begin on the day of the month that stands here, in a shorter month on its last day: a turn from
    /// 31 January lasts to 28 (29) February, the next one to 31 March.
    pub start: NaiveDateTime,
}

impl Rotation {
    /// When turn number `turn` begins. Turns count from 0. `None` beyond the calendar.
    fn begins(&self, zone: Tz, turn: u32) -> Option<DateTime<Utc>> {
        let wall = match self.every {
            Every::Hours(hours) => {
                let since = TimeDelta::try_hours(i64::from(hours.max(1)) * i64::from(turn))?;
                self.start.checked_add_signed(since)?
            }
            Every::Months(months) => self.start.checked_add_months(Months::new(months.max(1).checked_mul(turn)?))?,
        };
        Some(instant(zone, wall))
    }

    /// The number of the turn at a moment. `None` before the first.
    pub(super) fn turn(&self, zone: Tz, at: DateTime<Utc>) -> Option<u32> {
        if at < self.begins(zone, 0)? {
            return None;
        }
        // A guess by the wall clock, which is off by a turn or two where the clocks change or months are short.
        let wall = at.with_timezone(&zone).naive_local();
        let guess = match self.every {
            Every::Hours(hours) => (wall - self.start).num_hours() / i64::from(hours.max(1)),
            Every::Months(months) => {
                let count = |day: NaiveDateTime| i64::from(day.year()) * 12 + i64::from(day.month0());
                (count(wall) - count(self.start)) / i64::from(months.max(1))
            }
        };
        let mut turn = u32::try_from(guess.max(0)).unwrap_or(u32::MAX);
        while turn > 0 && self.begins(zone, turn).is_none_or(|begins| at < begins) {
            turn -= 1;
        }
        while self.begins(zone, turn.saturating_add(1)).is_some_and(|next| next <= at) {
            turn += 1;
        }
        Some(turn)
    }

    /// When the next turn begins after a moment.
    pub(super) fn next_turn(&self, zone: Tz, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.turn(zone, after) {
            None => self.begins(zone, 0),
            Some(turn) => self.begins(zone, turn.checked_add(1)?),
        }
    }

    /// Everyone, whose turn it is first, then whoever would come next.
    pub(super) fn in_order(&self, turn: u32) -> impl Iterator<Item = &PersonId> {
        let first = turn as usize % self.people.len().max(1);
        self.people[first..].iter().chain(&self.people[..first])
    }
}

/// Hours of some days of the week, by the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The days on which it begins: from this one …
    pub first: Weekday,
    /// … through this one. Sunday comes before Monday: `sat` to `mon` are three days.
    pub last: Weekday,
    pub from: NaiveTime,
    /// Not later than `from`: on the following day. Both the same: a whole day long.
    pub to: NaiveTime,
}

impl Window {
    fn begins_on(&self, day: Weekday) -> bool {
        day.days_since(self.first) <= self.last.days_since(self.first)
    }

    /// The window that begins on a date, if one does.
    fn on(&self, zone: Tz, date: NaiveDate) -> Option<Span> {
        if !self.begins_on(date.weekday()) {
            return None;
        }
        let end = match self.to.cmp(&self.from) {
            Ordering::Greater => date,
            Ordering::Less | Ordering::Equal => date.checked_add_days(Days::new(1))?,
        };
        Some(Span { from: instant(zone, date.and_time(self.from)), to: instant(zone, end.and_time(self.to)) })
    }

    pub(super) fn holds(&self, zone: Tz, at: DateTime<Utc>) -> bool {
        self.around(zone, at, 0).any(|span| span.holds(at))
    }

    /// When it next begins or ends after a moment.
    pub(super) fn next_change(&self, zone: Tz, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // Two weeks: a date that the clocks skip may have held the only window of a week.
        let mut edges = self.around(zone, after, 15).flat_map(|span| [span.from, span.to]);
        edges.find(|edge| *edge > after)
    }

    /// The windows that begin on the day before a moment, on its day, and on so many days after.
    fn around(&self, zone: Tz, at: DateTime<Utc>, days: u64) -> impl Iterator<Item = Span> {
        let today = at.with_timezone(&zone).date_naive();
        let dates = (0..=days + 1).filter_map(move |day| today.pred_opt()?.checked_add_days(Days::new(day)));
        dates.filter_map(move |date| self.on(zone, date))
    }
}
