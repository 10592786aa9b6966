//! A stretch of time as people name it: "yesterday", "last week", "7d", "2026-10", "2026-10-05..2026-10-11".

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use crate::sop::calendar::Span;
use crate::sop::rota::{in_range, instant};

/// Why it is none that can be reported on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodRefusal {
    Unknown,
    /// It has not begun.
    Future,
    TooLong,
}

/// Longer is no digest.
const DAYS_MAX: i64 = 3_660;

/// Names are those of the languages that the bot speaks. Days begin at midnight by the clock of the zone, weeks on Monday. What is not over yet ends now.
pub fn period(typed: &str, zone: Tz, now: DateTime<Utc>) -> Result<Span, PeriodRefusal> {
    let typed = typed.trim().to_lowercase().replace('’', "'");
    let today = now.with_timezone(&zone).date_naive();
    let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
    let first = today.with_day(1).unwrap_or(today);
    let (from, to) = match typed.as_str() {
        "today" | "heute" | "hoy" | "aujourd'hui" => (today, today + Days::new(1)),
        "yesterday" | "gestern" | "ayer" | "hier" => (today - Days::new(1), today),
        "week" | "this week" | "diese woche" | "esta semana" | "cette semaine" => (monday, monday + Days::new(7)),
        "last week" | "letzte woche" | "semana pasada" | "semaine dernière" => (monday - Days::new(7), monday),
        "month" | "this month" | "dieser monat" | "este mes" | "ce mois" => (first, first + Months::new(1)),
        "last month" | "letzter monat" | "mes pasado" | "mois dernier" => (first - Months::new(1), first),
        _ => match (length(&typed), dates(&typed)) {
            (Some(length), _) => return checked(Span { from: now - length, to: now }, now),
            (None, Some(dates)) => dates,
            (None, None) => return Err(PeriodRefusal::Unknown),
        },
    };
    let at = |day: NaiveDate| midnight(day, zone).ok_or(PeriodRefusal::Unknown);
    checked(Span { from: at(from)?, to: at(to)? }, now)
}

/// What has begun, as far as it has come.
fn checked(span: Span, now: DateTime<Utc>) -> Result<Span, PeriodRefusal> {
    let span = Span { from: span.from, to: span.to.min(now) };
    if span.is_empty() {
        Err(PeriodRefusal::Future)
    } else if span.length().num_days() > DAYS_MAX {
        Err(PeriodRefusal::TooLong)
    } else {
        Ok(span)
    }
}

/// The first moment of a day: where a zone skips midnight, that after it.
fn midnight(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    in_range(day).then(|| instant(zone, day.and_time(NaiveTime::MIN)))
}

/// "24h", "7d", "4w".
fn length(typed: &str) -> Option<TimeDelta> {
    let digits = typed.trim_end_matches(|letter: char| letter.is_ascii_alphabetic() || letter == ' ');
    let number: u32 = digits.parse().ok().filter(|number| (1..=100_000).contains(number))?;
    let hours = match typed[digits.len()..].trim() {
        "h" | "hours" | "hour" => 1,
        "d" | "days" | "day" => 24,
        "w" | "weeks" | "week" => 24 * 7,
        _ => return None,
    };
    Some(TimeDelta::hours(i64::from(number) * hours))
}

/// A month, a day, or a day to a day; the second is exclusive.
fn dates(typed: &str) -> Option<(NaiveDate, NaiveDate)> {
    let day = |text: &str| NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok();
    if let Some((first, last)) = typed.split_once("..") {
        return Some((day(first)?, day(last)?.checked_add_days(Days::new(1))?));
    }
    if let Some(day) = day(typed) {
        return Some((day, day.checked_add_days(Days::new(1))?));
    }
    let first = day(&format!("{typed}-01"))?;
    Some((first, first.checked_add_months(Months::new(1))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(typed: &str, zone: Tz) -> String {
        let now = DateTime::parse_from_rfc3339("2026-11-25T16:30:00Z").expect("an instant").to_utc();
        match period(typed, zone, now) {
            Ok(span) => {
                let shown = |at: DateTime<Utc>| at.with_timezone(&zone).format("%m-%d %H:%M").to_string();
                format!("{} to {}", shown(span.from), shown(span.to))
            }
            Err(refusal) => format!("{refusal:?}"),
        }
    }

    #[test]
    fn stretches_of_time_have_names() {
        let berlin = |typed: &str| named(typed, chrono_tz::Europe::Berlin);
        assert_eq!(berlin("today"), "11-25 00:00 to 11-25 17:30");
        assert_eq!(berlin(" Yesterday "), "11-24 00:00 to 11-25 00:00");
        assert_eq!(berlin("this week"), "11-23 00:00 to 11-25 17:30");
        for last_week in ["last week", "Letzte Woche", "semana pasada", "semaine dernière"] {
            assert_eq!(berlin(last_week), "11-16 00:00 to 11-23 00:00");
        }
        assert_eq!(berlin("aujourd’hui"), berlin("today"));
        assert_eq!(berlin("month"), "11-01 00:00 to 11-25 17:30");
        assert_eq!(berlin("last month"), "10-01 00:00 to 11-01 00:00");
        assert_eq!(berlin("24h"), "11-24 17:30 to 11-25 17:30");
        assert_eq!(berlin("2 weeks"), "11-11 17:30 to 11-25 17:30");
        assert_eq!(berlin("2026-10-25"), "10-25 00:00 to 10-26 00:00");
        assert_eq!(berlin("2026-09"), "09-01 00:00 to 10-01 00:00");
        assert_eq!(berlin("2026-11-02..2026-11-08"), "11-02 00:00 to 11-09 00:00");
    }

    /// October 25 has 25 hours in Berlin.
    #[test]
    fn a_day_is_as_long_as_its_zone_makes_it() {
        let now = DateTime::parse_from_rfc3339("2026-11-25T16:30:00Z").expect("an instant").to_utc();
        let day = period("2026-10-25", chrono_tz::Europe::Berlin, now).expect("a day that is over");
        assert_eq!(day.length(), TimeDelta::hours(25));
    }

    #[test]
    fn what_is_none_is_refused() {
        let utc = |typed: &str| named(typed, chrono_tz::UTC);
        for unknown in ["", "soon", "0d", "-3d", "7", "7 moons", "2026-13", "2026-02-30", "99999999999d", "é", "1..2"]
        {
            assert_eq!(utc(unknown), "Unknown", "{unknown}");
        }
        for future in ["2026-11-26", "2027-01", "2026-11-08..2026-11-02"] {
            assert_eq!(utc(future), "Future", "{future}");
        }
        assert_eq!(utc("90000d"), "TooLong");
    }
}
