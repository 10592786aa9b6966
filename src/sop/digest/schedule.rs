//! When a digest is due, and which stretch of time it is about: that since the one before.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::Cron;

use crate::sop::calendar::Span;
use crate::sop::team::TeamId;

/// A digest that a team gets again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub team: TeamId,
    /// As written in the config: "0 17 * * MON-FRI", by the clock of the zone.
    pub at: String,
    pub zone: Tz,
    cron: Cron,
}

/// Why a schedule is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoSchedule {
    /// It cannot be read, and why.
    Unreadable(String),
    /// The day that it names never comes.
    Never,
    /// More than one in an hour.
    TooOften,
}

/// What is asked of a schedule is asked of one that was tried out: it comes again within a few years.
impl Schedule {
    pub fn new(team: TeamId, at: &str, zone: Tz) -> Result<Self, NoSchedule> {
        let cron = Cron::from_str(at).map_err(|error| NoSchedule::Unreadable(error.to_string()))?;
        let schedule = Self { team, at: at.to_owned(), zone, cron };
        let first = schedule.next(DateTime::UNIX_EPOCH + TimeDelta::days(20_000)).ok_or(NoSchedule::Never)?;
        let second = schedule.next(first).ok_or(NoSchedule::Never)?;
        let is_too_often = second - first < TimeDelta::hours(1);
        if is_too_often { Err(NoSchedule::TooOften) } else { Ok(schedule) }
    }

    /// Tells it from the others of a desk: what is changed in the config is another one.
    pub fn id(&self) -> String {
        format!("{} {} {}", self.team, self.zone, self.at)
    }

    /// The first time after an instant.
    pub fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let next = self.cron.find_next_occurrence(&after.with_timezone(&self.zone), false);
        next.ok().map(|next| next.to_utc())
    }

    /// The time before an instant, at which the stretch begins that ends there.
    pub fn before(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let before = self.cron.find_previous_occurrence(&at.with_timezone(&self.zone), false);
        before.ok().map(|before| before.to_utc())
    }

    /// The last time that is due by now, of those after `since`: with what it is about. Of several that were missed it is
    /// about all of them.
    pub fn due(&self, since: DateTime<Utc>, is_first: bool, now: DateTime<Utc>) -> Option<Span> {
        let first = self.next(since).filter(|first| *first <= now)?;
        let last = self.before(now + TimeDelta::seconds(1)).filter(|last| *last >= first).unwrap_or(first);
        let from = if is_first { self.before(first).unwrap_or(since) } else { since };
        Some(Span { from, to: last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).expect("an instant").to_utc()
    }

    fn evenings() -> Schedule {
        Schedule::new("managers".into(), "0 17 * * MON-FRI", chrono_tz::Europe::Berlin).expect("a schedule")
    }

    #[test]
    fn a_digest_is_about_the_time_since_the_one_before() {
        let monday = at("2026-10-26T16:00:00Z");
        let since = at("2026-10-23T15:00:00Z");
        // The weekend, an hour longer for the end of summer time, belongs to Monday.
        assert_eq!(evenings().due(since, false, monday), Some(Span { from: since, to: monday }));
        assert_eq!(evenings().due(since, false, monday - TimeDelta::seconds(1)), None);
        assert_eq!(evenings().due(monday, false, at("2026-10-27T15:59:59Z")), None);
    }

    #[test]
    fn the_first_one_looks_back_as_far_as_any_other() {
        let adopted = at("2026-10-26T09:00:00Z");
        let due = evenings().due(adopted, true, at("2026-10-26T16:00:05Z")).expect("it is due");
        assert_eq!(due, Span { from: at("2026-10-23T15:00:00Z"), to: at("2026-10-26T16:00:00Z") });
    }

    #[test]
    fn what_was_missed_comes_in_one() {
        let since = at("2026-10-20T15:00:00Z");
        let due = evenings().due(since, false, at("2026-10-24T03:00:00Z"));
        assert_eq!(due, Some(Span { from: since, to: at("2026-10-23T15:00:00Z") }));
    }

    #[test]
    fn what_never_comes_or_comes_all_the_time_is_none() {
        let schedule = |at: &str| Schedule::new("managers".into(), at, Tz::UTC).expect_err("no schedule");
        assert_eq!(schedule("0 0 31 2 *"), NoSchedule::Never);
        assert_eq!(schedule("* * * * *"), NoSchedule::TooOften);
        assert!(matches!(schedule("61 * * * *"), NoSchedule::Unreadable(_)));
        assert!(matches!(schedule("every day"), NoSchedule::Unreadable(_)));
    }
}
