//! Holidays from an iCalendar text (RFC 5545), as public holiday lists and office programs export them.
//!
//! Every event is a holiday, whatever it is called and whether or not it is marked as busy; only a cancelled one is
//! none. An event on dates closes these dates, one with times closes that part of its days; times are rounded outwards
//! to minutes. A rule of repetition is read if it says "every year on the same day". Whatever else an event may say
//! about its days is refused by name, for a holiday that is silently lost makes a promise too early.

use std::iter;
use std::sync::LazyLock;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use icalendar::parser::{Component, Property, read_components, unfold};
use regex::Regex;

use crate::sop::calendar::{Holiday, Hours, MINUTES_OF_A_DAY};

/// Why a text gives no holidays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("this is not an iCalendar file, or it is damaged")]
    NotICalendar,
    #[error("there is no event in it")]
    Empty,
    #[error("the event \"{event}\" {why}")]
    Event { event: String, why: String },
}

/// The holidays of every event, on the wall of a calendar in `zone`, in the order of their dates.
pub fn holidays(text: &str, zone: Tz) -> Result<Vec<Holiday>, Unreadable> {
    let text = unfold(text.trim_start_matches('\u{feff}'));
    if is_too_deep(&text) {
        return Err(Unreadable::NotICalendar);
    }
    let calendars = read_components(&text).map_err(|_| Unreadable::NotICalendar)?;
    if !calendars.iter().any(|calendar| calendar.name.as_str().eq_ignore_ascii_case("VCALENDAR")) {
        return Err(Unreadable::NotICalendar);
    }
    let parts = calendars.iter().flat_map(|calendar| &calendar.components);
    let events: Vec<&Component<'_>> = parts.filter(|part| part.name.as_str().eq_ignore_ascii_case("VEVENT")).collect();
    if events.is_empty() {
        return Err(Unreadable::Empty);
    }
    let mut holidays = Vec::new();
    for event in events {
        let of_event = holidays_of(event, zone);
        holidays.extend(of_event.map_err(|why| Unreadable::Event { event: name(event), why })?);
    }
    holidays.sort_unstable();
    holidays.dedup();
    Ok(holidays)
}

/// An event holds alarms, and they hold nothing. The parser calls itself for each level.
const DEPTH_MAX: usize = 8;

fn is_too_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    text.lines().any(|line| {
        let starts = |word: &str| line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        if starts("BEGIN:") {
            depth += 1;
        } else if starts("END:") {
            depth = depth.saturating_sub(1);
        }
        depth > DEPTH_MAX
    })
}

fn property<'p, 't>(event: &'p Component<'t>, name: &str) -> Option<&'p Property<'t>> {
    event.properties.iter().find(|property| property.name.as_str().eq_ignore_ascii_case(name))
}

fn value<'p>(event: &'p Component<'_>, name: &str) -> Option<&'p str> {
    property(event, name).map(|property| property.val.as_str().trim())
}

/// What the author of the file calls the event, else when it starts.
fn name(event: &Component<'_>) -> String {
    let name = value(event, "SUMMARY").filter(|summary| !summary.is_empty());
    name.or_else(|| value(event, "DTSTART")).unwrap_or("without a name").to_owned()
}

/// The longest event that can be meant as a holiday.
const EVENT_DAYS_MAX: i64 = 366;

/// The dates of an event, or what it says that is not read.
fn holidays_of(event: &Component<'_>, zone: Tz) -> Result<Vec<Holiday>, String> {
    if value(event, "STATUS").is_some_and(|status| status.eq_ignore_ascii_case("CANCELLED")) {
        return Ok(Vec::new());
    }
    if let Some(name) =
        ["RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"].into_iter().find(|name| property(event, name).is_some())
    {
        return Err(format!("has {name}, which is not read: list its dates as events of their own"));
    }
    let start = property(event, "DTSTART").ok_or("has no start")?;
    let start = Moment::read(start)?;
    let (from, to) = (start.on_the_wall(zone), end(event, start)?.on_the_wall(zone));
    if to <= from {
        return Err("takes no time: its end is not after its start".to_owned());
    }
    if to - from > TimeDelta::days(EVENT_DAYS_MAX) {
        return Err("lasts longer than a year".to_owned());
    }
    let yearly = match value(event, "RRULE") {
        Some(rule) => is_yearly(rule, from.date())?,
        None => false,
    };
    Ok(by_date(from, to).map(|(on, hours)| Holiday { on, hours, yearly }).collect())
}

/// When an event ends. Without an end or a duration, one on a date lasts that day, and one with a time takes none
/// (RFC 5545, section 3.6.1).
fn end(event: &Component<'_>, start: Moment) -> Result<Moment, String> {
    if let Some(end) = property(event, "DTEND") {
        return Moment::read(end);
    }
    let length = match value(event, "DURATION") {
        Some(text) => duration(text).ok_or_else(|| format!("has a duration that is not read: {text}"))?,
        None if matches!(start, Moment::Date(_)) => TimeDelta::days(1),
        None => TimeDelta::zero(),
    };
    start.later(length).ok_or_else(|| "lasts longer than a year".to_owned())
}

/// A start or an end, in one of the four ways to write it.
#[derive(Clone, Copy, Debug)]
enum Moment {
    Date(NaiveDate),
    /// As the wall of whoever reads it shows it.
    Floating(NaiveDateTime),
    Utc(NaiveDateTime),
    Zoned(NaiveDateTime, Tz),
}

impl Moment {
    fn read(property: &Property<'_>) -> Result<Self, String> {
        let text = property.val.as_str().trim();
        let unclear = || format!("has a time that is not read: {text}");
        if let Ok(date) = NaiveDate::parse_from_str(text, "%Y%m%d") {
            return Ok(Self::Date(date));
        }
        let local = |text: &str| NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").map_err(|_| unclear());
        if let Some(text) = text.strip_suffix(['Z', 'z']) {
            return local(text).map(Self::Utc);
        }
        let zone = property.params.iter().find(|parameter| parameter.key.as_str().eq_ignore_ascii_case("TZID"));
        match zone.and_then(|zone| zone.val.as_ref()) {
            Some(zone) => {
                let name = zone.as_str().trim_matches('"');
                let zone = name.parse().map_err(|_| format!("is in the zone \"{name}\", which IANA does not know"))?;
                Ok(Self::Zoned(local(text)?, zone))
            }
            None => local(text).map(Self::Floating),
        }
    }

    fn later(self, length: TimeDelta) -> Option<Self> {
        Some(match self {
            Self::Date(date) => Self::Floating(date.and_time(NaiveTime::MIN).checked_add_signed(length)?),
            Self::Floating(time) => Self::Floating(time.checked_add_signed(length)?),
            Self::Utc(time) => Self::Utc(time.checked_add_signed(length)?),
            // A day is as long as its date, an hour is an hour (RFC 5545, section 3.3.6).
            Self::Zoned(time, zone) if length == TimeDelta::days(length.num_days()) => {
                Self::Zoned(time.checked_add_signed(length)?, zone)
            }
            Self::Zoned(time, zone) => Self::Utc(instant(time, zone).checked_add_signed(length)?.naive_utc()),
        })
    }

    /// What the wall shows then in the calendar's zone.
    fn on_the_wall(self, calendar: Tz) -> NaiveDateTime {
        let shown = |at: NaiveDateTime| at.and_utc().with_timezone(&calendar).naive_local();
        match self {
            Self::Date(date) => date.and_time(NaiveTime::MIN),
            Self::Floating(time) => time,
            Self::Utc(time) => shown(time),
            Self::Zoned(time, zone) if zone == calendar => time,
            Self::Zoned(time, zone) => shown(instant(time, zone).naive_utc()),
        }
    }
}

/// A time that the wall shows twice is the first of the two; one that it never shows is counted by the offset before
/// the change (RFC 5545, section 3.3.5).
fn instant(time: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    if let Some(shown) = zone.from_local_datetime(&time).earliest() {
        return shown.to_utc();
    }
    let the_day_before = (time - TimeDelta::days(1)).and_utc();
    let before = zone.offset_from_utc_datetime(&the_day_before.naive_utc()).fix().local_minus_utc();
    (time - TimeDelta::seconds(before.into())).and_utc()
}

/// `P1D`, `PT4H30M`, `P1W` (RFC 5545, section 3.3.6).
fn duration(text: &str) -> Option<TimeDelta> {
    let parts = DURATION.captures(text)?;
    let part = |name: &str| parts.name(name).map_or(Some(0), |digits| digits.as_str().parse::<i64>().ok());
    let days = part("weeks")? * 7 + part("days")?;
    let minutes = (days * 24 + part("hours")?) * 60 + part("minutes")?;
    TimeDelta::try_seconds(minutes * 60 + part("seconds")?)
}

/// At most five digits each: more than a year of seconds is refused anyway, and no sum overflows.
static DURATION: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"^\+?P(?:(?P<weeks>\d{1,5})W)?(?:(?P<days>\d{1,5})D)?(?:T(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,5})M)?(?:(?P<seconds>\d{1,5})S)?)?$";
    Regex::new(pattern).expect("a regular expression written here")
});

/// Whether a rule says "every year on this day"; a rule that says anything else is an error.
fn is_yearly(rule: &str, on: NaiveDate) -> Result<bool, String> {
    let (month, day) = (on.month().to_string(), on.day().to_string());
    let adds_nothing = |part: &str| match part.to_ascii_uppercase().split_once('=') {
        Some(("FREQ", frequency)) => frequency == "YEARLY",
        Some(("INTERVAL", interval)) => interval == "1",
        Some(("BYMONTH", months)) => months == month,
        Some(("BYMONTHDAY", days)) => days == day,
        Some(("WKST", _)) => true,
        _ => false,
    };
    let frequency = rule.to_ascii_uppercase().contains("FREQ=YEARLY");
    if frequency && rule.split(';').filter(|part| !part.is_empty()).all(adds_nothing) {
        return Ok(true);
    }
    let what = "repeats in a way that is not read";
    Err(format!("{what} ({rule}): only \"every year on the same day\" is; list its dates as events of their own"))
}

/// The part of each date between two times on the wall, rounded outwards to minutes.
fn by_date(from: NaiveDateTime, to: NaiveDateTime) -> impl Iterator<Item = (NaiveDate, Hours)> {
    let minute = |time: NaiveDateTime| u16::try_from(time.hour() * 60 + time.minute()).unwrap_or(MINUTES_OF_A_DAY);
    let started = u16::from(to.second() > 0);
    let dates = iter::successors(Some(from.date()), NaiveDate::succ_opt).take_while(move |date| *date <= to.date());
    dates.filter_map(move |date| {
        let hours = Hours {
            from: if date == from.date() { minute(from) } else { 0 },
            to: if date == to.date() { minute(to) + started } else { MINUTES_OF_A_DAY },
        };
        Some((date, hours)).filter(|(_, hours)| !hours.is_empty())
    })
}
