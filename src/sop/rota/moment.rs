//! Times as people write them.

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;

use super::instant;

/// Which end of a day is meant where a day stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    First,
    Last,
}

/// A wall clock time of a zone, a time with its offset, or a day, of which its first or its last moment is meant.
pub fn moment(text: &str, zone: Tz, end: End) -> Option<DateTime<Utc>> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        let day = if end == End::Last { day.checked_add_days(Days::new(1)) } else { Some(day) };
        return day.filter(|day| in_range(*day)).map(|day| instant(zone, day.and_time(NaiveTime::MIN)));
    }
    let wall = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
    let wall = wall.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let wall = wall.filter(|wall| in_range(wall.date())).map(|wall| instant(zone, wall));
    let exact = DateTime::<FixedOffset>::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc));
    wall.or(exact.filter(|at| in_range(at.date_naive())))
}

/// The same, or a time of the day alone: the next one after `after`.
pub fn moment_after(text: &str, zone: Tz, end: End, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let Ok(clock) = NaiveTime::parse_from_str(text, "%H:%M") else { return moment(text, zone, end) };
    let today = after.with_timezone(&zone).date_naive();
    let days = [Some(today), today.succ_opt(), today.checked_add_days(Days::new(2))];
    days.into_iter().flatten().map(|day| instant(zone, day.and_time(clock))).find(|at| *at > after)
}

/// The years in which rotas are made.
pub fn in_range(day: NaiveDate) -> bool {
    (2000..2100).contains(&day.year())
}
