//! When a team works, and what that makes of its clocks.
//!
//! A [`Calendar`] is a week of opening hours in a zone, less its holidays. Everything else follows from one sentence:
//! **it is open while the clock on the team's wall shows a time within its hours, on a date that is not closed.** So:
//!
//! - Where clocks go forward, the hour the wall never shows is nobody's working time: a window 02:00–03:00 is empty on
//!   that day. Where they go back, the wall shows an hour twice, and both count. That is also how long people are at
//!   their desks. (RFC 5545, section 3.3.5, which says what a *single* local time in such an hour means, agrees: by it
//!   both ends of 02:00–03:00 are the same instant on the day without that hour.)
//! - A window over midnight belongs to the day it starts on, but a holiday closes its own date on the wall: the shift
//!   that starts the evening before is cut at midnight.
//! - Intervals are half-open: at 17:30 a team that works until 17:30 is gone.
//!
//! A clock's time is the length of (active ∩ calendar ∖ paused), [`Calendar::elapsed`]; when it runs out is the inverse
//! of that, [`Calendar::due`].

pub mod holiday_file;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::iter;
use std::sync::LazyLock;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Timelike, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// How far ahead an opening is looked for. The longest target, a year of opening hours, takes about four years at forty
/// hours a week; a calendar that is closed for longer than this does not open again.
pub const HORIZON: TimeDelta = TimeDelta::days(3_653);

const DAY: TimeDelta = TimeDelta::days(1);

/// Time from an instant up to, not including, another. Empty where `to` is not after `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

impl Span {
    /// The time from an instant on; cut where the calendar of the world ends.
    pub fn after(from: DateTime<Utc>, length: TimeDelta) -> Self {
        Self { from, to: from.checked_add_signed(length).unwrap_or(DateTime::<Utc>::MAX_UTC) }
    }

    pub fn is_empty(&self) -> bool {
        self.to <= self.from
    }

    /// Never below zero.
    pub fn length(&self) -> TimeDelta {
        if self.is_empty() { TimeDelta::zero() } else { self.to - self.from }
    }

    pub fn holds(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && at < self.to
    }

    /// The time in both, if there is any.
    pub fn common(self, other: Self) -> Option<Self> {
        let common = Self { from: self.from.max(other.from), to: self.to.min(other.to) };
        (!common.is_empty()).then_some(common)
    }
}

/// A part of a day as the wall shows it, in minutes after midnight: 0 to 1440, the midnight at its end. Half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "(u16, u16)", into = "(u16, u16)")]
pub struct Hours {
    pub from: u16,
    pub to: u16,
}

impl Hours {
    pub const WHOLE_DAY: Self = Self { from: 0, to: MINUTES_OF_A_DAY };

    pub fn is_empty(&self) -> bool {
        self.to <= self.from
    }
}

/// The midnight at the end of a day.
pub const MINUTES_OF_A_DAY: u16 = 24 * 60;

impl From<(u16, u16)> for Hours {
    fn from((from, to): (u16, u16)) -> Self {
        Self { from, to: to.min(MINUTES_OF_A_DAY) }
    }
}

impl From<Hours> for (u16, u16) {
    fn from(hours: Hours) -> Self {
        (hours.from, hours.to)
    }
}

/// Opening hours on some days of every week. Where `to` is not after `from` they end on the next day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    pub days: Vec<Weekday>,
    pub from: u16,
    pub to: u16,
}

/// A date, or a part of it, on which the team does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holiday {
    pub on: NaiveDate,
    pub hours: Hours,
    /// Again on the same day of the same month in every later year.
    pub yearly: bool,
}

impl Holiday {
    pub fn whole_day(on: NaiveDate) -> Self {
        Self { on, hours: Hours::WHOLE_DAY, yearly: false }
    }
}

/// When a team works. Frozen with whatever is counted by it, so all of it can be written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// Its id in the config, for example `office`.
    pub id: String,
    pub zone: Tz,
    /// The hours of each day from Monday on, in order and apart; what a window has after midnight stands at the next day.
    week: [Vec<Hours>; 7],
    /// What is closed, by date.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    closed: BTreeMap<NaiveDate, Vec<Hours>>,
    /// What is closed on the same day of each year, from the given date on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    closed_yearly: Vec<(NaiveDate, Hours)>,
}

impl Calendar {
    /// Windows may overlap, holidays may repeat each other: it is open in any window and closed by any holiday.
    pub fn new(id: &str, zone: Tz, windows: &[Window], holidays: &[Holiday]) -> Self {
        let mut closed: BTreeMap<NaiveDate, Vec<Hours>> = BTreeMap::new();
        let mut closed_yearly = Vec::new();
        for holiday in holidays {
            if holiday.yearly {
                closed_yearly.push((holiday.on, holiday.hours));
            } else {
                closed.entry(holiday.on).or_default().push(holiday.hours);
            }
        }
        Self { id: id.to_owned(), zone, week: week(windows), closed, closed_yearly }
    }

    /// The calendar of whoever has none.
    pub fn around_the_clock() -> &'static Self {
        static ALWAYS: LazyLock<Calendar> = LazyLock::new(|| Calendar {
            id: "around-the-clock".to_owned(),
            zone: Tz::UTC,
            week: std::array::from_fn(|_| vec![Hours::WHOLE_DAY]),
            closed: BTreeMap::new(),
            closed_yearly: Vec::new(),
        });
        &ALWAYS
    }

    /// The hours of each day from Monday on, in order and apart; what a window has after midnight stands at the next day.
    pub fn week(&self) -> &[Vec<Hours>; 7] {
        &self.week
    }

    /// What is closed, by date: the single dates in their order, then those of every year from a date on.
    pub fn closed(&self) -> impl Iterator<Item = Holiday> {
        let once = self.closed.iter().flat_map(|(on, closed)| closed.iter().map(|hours| (*on, *hours, false)));
        let yearly = self.closed_yearly.iter().map(|(on, hours)| (*on, *hours, true));
        once.chain(yearly).map(|(on, hours, yearly)| Holiday { on, hours, yearly })
    }

    /// No day of the week has hours.
    pub fn never_opens(&self) -> bool {
        self.week.iter().all(Vec::is_empty)
    }

    /// Every hour of every day. Its time is everybody's time, whatever the zone.
    pub fn is_always_open(&self) -> bool {
        let all_week = self.week.iter().all(|hours| hours.as_slice() == [Hours::WHOLE_DAY]);
        all_week && self.closed.is_empty() && self.closed_yearly.is_empty()
    }

    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        if self.is_always_open() {
            return true;
        }
        let wall = at.with_timezone(&self.zone).naive_local();
        let minute = wall.hour() * 60 + wall.minute();
        let now = |hours: &Hours| (u32::from(hours.from)..u32::from(hours.to)).contains(&minute);
        self.hours_on(wall.date()).iter().any(now)
    }

    /// The instant itself where the calendar is open, else its next opening. `None` if there is none within [`HORIZON`].
    pub fn next_open(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.pieces(Span::after(at, HORIZON)).next().map(|open| open.from)
    }

    /// When it is open within a span: in order, apart, none empty. Looks no further ahead than it is asked.
    pub fn open(&self, within: Span) -> impl Iterator<Item = Span> {
        self.counted(within, &[])
    }

    /// The parts of a span that count: the calendar is open, and nothing is paused. In order, apart, none empty.
    pub fn counted(&self, within: Span, pauses: &[Span]) -> impl Iterator<Item = Span> {
        let mut pieces = self.counting(within, pauses).peekable();
        iter::from_fn(move || {
            let mut open = pieces.next()?;
            while let Some(next) = pieces.next_if(|next| next.from == open.to) {
                open.to = next.to;
            }
            Some(open)
        })
    }

    /// How much of the time from `start` to `now` counts: the calendar is open, and nothing is paused. Pauses may
    /// overlap and come in any order. Zero where `now` is before `start`.
    pub fn elapsed(&self, start: DateTime<Utc>, now: DateTime<Utc>, pauses: &[Span]) -> TimeDelta {
        self.counting(Span { from: start, to: now }, pauses).map(|span| span.length()).sum()
    }

    /// The earliest instant at which `target` has elapsed; `start` itself where there is nothing to wait for. A target
    /// that is reached when the team goes home is due then, not when it comes back. `None` if it is not reached within
    /// [`HORIZON`].
    pub fn due(&self, start: DateTime<Utc>, target: TimeDelta, pauses: &[Span]) -> Option<DateTime<Utc>> {
        if target <= TimeDelta::zero() {
            return Some(start);
        }
        let mut left = target;
        for span in self.counting(Span::after(start, HORIZON), pauses) {
            if left <= span.length() {
                return Some(span.from + left);
            }
            left -= span.length();
        }
        None
    }

    /// The same; parts may touch.
    fn counting(&self, within: Span, pauses: &[Span]) -> impl Iterator<Item = Span> {
        let pauses = joined(pauses);
        self.pieces(within).flat_map(move |open| without(open, &pauses))
    }

    /// When it is open within a span, in order; pieces may touch. One piece if it is always open, else it goes day by
    /// day, so that only what is used is worked out.
    fn pieces(&self, within: Span) -> impl Iterator<Item = Span> {
        let always = self.is_always_open();
        let all = Some(within).filter(|within| always && !within.is_empty());
        let days = days(within).take_while(move |_| !always);
        let stretches = days.flat_map(|day| stretches(self.zone, day));
        all.into_iter().chain(stretches.flat_map(|stretch| self.open_in(&stretch)))
    }

    /// When it is open while the offset stays the same: then the wall goes as the world does.
    fn open_in(&self, stretch: &Stretch) -> Vec<Span> {
        let Stretch { span, offset } = *stretch;
        let wall = |at: DateTime<Utc>| at.naive_utc() + offset;
        let last = wall(span.to).date();
        let dates = wall(span.from).date().iter_days().take_while(|date| *date <= last);
        let mut open = Vec::new();
        for date in dates {
            let midnight = (date.and_time(NaiveTime::MIN) - offset).and_utc();
            for hours in self.hours_on(date).iter() {
                let minute = |minute: u16| midnight + TimeDelta::minutes(minute.into());
                open.extend(Span { from: minute(hours.from), to: minute(hours.to) }.common(span));
            }
        }
        open
    }

    /// The hours of a date, in order and apart.
    fn hours_on(&self, date: NaiveDate) -> Cow<'_, [Hours]> {
        let usual = self.week[weekday(date.weekday())].as_slice();
        let this_year = self.closed.get(&date).into_iter().flatten();
        let every_year = self
            .closed_yearly
            .iter()
            .filter(|(since, _)| *since <= date && (since.month(), since.day()) == (date.month(), date.day()));
        let mut open = Cow::Borrowed(usual);
        for closed in this_year.chain(every_year.map(|(_, hours)| hours)) {
            open = Cow::Owned(open.iter().flat_map(|hours| outside(*hours, *closed)).collect());
        }
        open
    }
}

/// A span in which a zone keeps its offset from UTC.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    span: Span,
    offset: TimeDelta,
}

/// A span in pieces of 24 hours.
fn days(within: Span) -> impl Iterator<Item = Span> {
    let starts = iter::successors(Some(within.from), |at| at.checked_add_signed(DAY));
    starts.map_while(move |from| Span::after(from, DAY).common(within))
}

/// A day or less, cut where the zone changes its offset. No zone does that twice within a day.
fn stretches(zone: Tz, day: Span) -> impl Iterator<Item = Stretch> {
    let (before, after) = (offset(zone, day.from), offset(zone, day.to));
    let change = if before == after { day.to } else { change(zone, day) };
    let stretches = [
        Stretch { span: Span { to: change, ..day }, offset: before },
        Stretch { span: Span { from: change, ..day }, offset: after },
    ];
    stretches.into_iter().filter(|stretch| !stretch.span.is_empty())
}

fn offset(zone: Tz, at: DateTime<Utc>) -> TimeDelta {
    TimeDelta::seconds(zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc().into())
}

/// The second from which on a zone has another offset than at the start of a span.
fn change(zone: Tz, span: Span) -> DateTime<Utc> {
    let before = offset(zone, span.from);
    // Offsets change on whole seconds: it still has the old one at `old`, and the new one at `new`.
    let (mut old, mut new) = (span.from.timestamp(), span.to.timestamp());
    let instant = |second: i64| DateTime::from_timestamp(second, 0).unwrap_or(span.to);
    while new - old > 1 {
        let middle = old + (new - old) / 2;
        if offset(zone, instant(middle)) == before {
            old = middle;
        } else {
            new = middle;
        }
    }
    instant(new)
}

fn weekday(day: Weekday) -> usize {
    day.num_days_from_monday() as usize
}

/// The hours of each day, from Monday on.
fn week(windows: &[Window]) -> [Vec<Hours>; 7] {
    let mut week: [Vec<Hours>; 7] = Default::default();
    for window in windows {
        for day in &window.days {
            if window.from < window.to {
                week[weekday(*day)].push((window.from, window.to).into());
            } else {
                week[weekday(*day)].push((window.from, MINUTES_OF_A_DAY).into());
                week[weekday(day.succ())].push((0, window.to).into());
            }
        }
    }
    week.map(|mut hours| {
        hours.retain(|hours| !hours.is_empty());
        hours.sort_unstable();
        hours.dedup_by(|next, last| goes_on(&mut last.to, next.from, next.to));
        hours
    })
}

/// Whether what comes next, in the order of beginnings, begins before the last has ended or just then: then they are one.
fn goes_on<T: Ord + Copy>(end: &mut T, next_from: T, next_to: T) -> bool {
    let goes_on = next_from <= *end;
    if goes_on {
        *end = next_to.max(*end);
    }
    goes_on
}

/// What remains of `hours` before and after `closed`.
fn outside(hours: Hours, closed: Hours) -> impl Iterator<Item = Hours> {
    let before = Hours { to: hours.to.min(closed.from), ..hours };
    let after = Hours { from: hours.from.max(closed.to), ..hours };
    let remains = if closed.is_empty() { [hours, Hours { from: 0, to: 0 }] } else { [before, after] };
    remains.into_iter().filter(|hours| !hours.is_empty())
}

/// The same time in order and apart.
fn joined(spans: &[Span]) -> Vec<Span> {
    let mut joined: Vec<Span> = spans.iter().copied().filter(|span| !span.is_empty()).collect();
    joined.sort_unstable_by_key(|span| span.from);
    joined.dedup_by(|next, last| goes_on(&mut last.to, next.from, next.to));
    joined
}

/// What remains of a span outside of `pauses`, which are in order and apart.
fn without(span: Span, pauses: &[Span]) -> Vec<Span> {
    let first = pauses.partition_point(|pause| pause.to <= span.from);
    let mut remains = Vec::new();
    let mut rest = span;
    for pause in pauses[first..].iter().take_while(|pause| pause.from < span.to) {
        remains.push(Span { to: pause.from.min(rest.to), ..rest });
        rest.from = pause.to;
    }
    remains.push(rest);
    remains.retain(|span| !span.is_empty());
    remains
}
