//! What single values mean: durations, amounts, ids of a chat platform, languages, modes.

use chrono::{TimeDelta, Weekday};
use chrono_tz::Tz;
use rust_decimal::Decimal;

use super::raw::{Wrong, wrong};
use crate::sop::calendar::MINUTES_OF_A_DAY;
use crate::sop::signal::Currency;
use crate::sop::typo::closest;

/// No clock of a procedure runs longer.
const DURATION_MAX: TimeDelta = TimeDelta::days(365);

/// "15m", "2h 30m", "30d": more than nothing, at most a year, in whole seconds.
pub(super) fn duration(text: &str) -> Result<TimeDelta, Wrong> {
    let written = humantime::parse_duration(text).map_err(|_| {
        wrong(format!("\"{text}\" is not a duration"), "write a number and a unit: \"15m\", \"2h\", \"30d\"")
    })?;
    let duration = i64::try_from(written.as_secs()).ok().and_then(TimeDelta::try_seconds);
    match duration.filter(|duration| *duration <= DURATION_MAX) {
        Some(_) if written.as_secs() == 0 => {
            Err(wrong(format!("\"{text}\" is no time at all"), "the shortest duration is \"1s\""))
        }
        Some(duration) => Ok(duration),
        None => Err(wrong(format!("\"{text}\" is more than a year"), "the longest duration is \"365d\"")),
    }
}

/// "500 USD": a decimal above 0 and a currency.
pub(super) fn amount(text: &str) -> Result<(Decimal, Currency), Wrong> {
    let hint = "write a number, a space and a currency: \"500 USD\"";
    let (number, code) =
        text.split_once(' ').ok_or_else(|| wrong(format!("\"{text}\" is not an amount with a currency"), hint))?;
    let number = number.parse::<Decimal>().map_err(|_| wrong(format!("\"{number}\" is not a decimal number"), hint))?;
    if number.is_sign_negative() {
        return Err(wrong(format!("\"{text}\" is below 0"), "an amount that somebody claims back is at least 0"));
    }
    Ok((number, currency(code.trim())?))
}

/// What one unit of a currency is worth.
pub(super) fn rate(text: &str) -> Result<Decimal, Wrong> {
    match text.parse::<Decimal>() {
        Ok(rate) if rate > Decimal::ZERO => Ok(rate),
        _ => Err(wrong(format!("\"{text}\" is not a rate"), "write a decimal above 0 in quotes: \"1.08\"")),
    }
}

/// Three capital letters (ISO 4217).
pub(super) fn currency(code: &str) -> Result<Currency, Wrong> {
    let not_one =
        |_| wrong(format!("\"{code}\" is not a currency"), "write the three capital letters of ISO 4217: USD, EUR");
    code.parse().map_err(not_one)
}

/// A Discord id: a decimal number above 0 that fits 64 bits
/// (<https://docs.discord.com/developers/reference#snowflakes>).
pub(super) fn snowflake(text: &str) -> Result<u64, Wrong> {
    match text.parse::<u64>() {
        Ok(id) if id > 0 && text.bytes().all(|digit| digit.is_ascii_digit()) => Ok(id),
        _ => Err(wrong(
            format!("\"{text}\" is not a Discord id"),
            "switch on Developer Mode in Discord, right-click the channel, role or server, \"Copy ID\"",
        )),
    }
}

/// An id is typed in commands and stands in the log.
pub(super) const ID_MAX_CHARS: usize = 40;

/// An id of the author's own: small letters, digits, `-`.
pub(super) fn id(text: &str) -> Result<String, Wrong> {
    let fits = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
    if !text.is_empty() && text.len() <= ID_MAX_CHARS && text.bytes().all(fits) {
        Ok(text.to_owned())
    } else {
        let hint = "an id has small letters, digits and \"-\" only, at most 40: \"tier-2\"";
        Err(wrong(format!("\"{text}\" is not an id"), hint))
    }
}

/// A name stands in the title of a card together with other facts.
pub(super) const NAME_MAX_CHARS: usize = 80;

/// A name people read: not blank, on one line, and short enough for a card.
pub(super) fn name(text: &str) -> Result<String, Wrong> {
    if !text.trim().is_empty() && text.chars().count() <= NAME_MAX_CHARS && !text.chars().any(char::is_control) {
        Ok(text.trim().to_owned())
    } else {
        Err(wrong("not a name", format!("a name is one line of 1 to {NAME_MAX_CHARS} characters")))
    }
}

/// Two small letters (ISO 639-1).
pub(super) fn language(text: &str) -> Result<String, Wrong> {
    if text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_lowercase()) {
        Ok(text.to_owned())
    } else {
        Err(wrong(format!("\"{text}\" is not a language"), "write the two letters of ISO 639-1: \"en\", \"es\""))
    }
}

/// A name of the IANA time zone database.
pub(super) fn zone(text: &str) -> Result<Tz, Wrong> {
    zone_or(text, "write region and city: \"Europe/Berlin\", \"America/New_York\"")
}

/// The same; `hint` is for what is like no name at all, for there are six hundred to choose from.
pub(super) fn zone_or(text: &str, hint: &str) -> Result<Tz, Wrong> {
    text.parse().map_err(|_| {
        let meant = closest(text, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
        let hint = meant.map_or_else(|| hint.to_owned(), |meant| format!("did you mean `{meant}`?"));
        wrong(format!("there is no zone \"{text}\""), hint)
    })
}

/// "09:00", "24:00": minutes after midnight, 0 to 1440.
pub(super) fn time_of_day(text: &str) -> Result<u16, Wrong> {
    let number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())?;
    let minutes = text.split_once(':').and_then(|(hour, minute)| {
        let (hours, minutes): (u16, u16) = (number(hour)?, number(minute)?);
        (hour.len() <= 2 && minute.len() == 2 && minutes < 60).then_some(hours * 60 + minutes)
    });
    match minutes.filter(|minutes| *minutes <= MINUTES_OF_A_DAY) {
        Some(minutes) => Ok(minutes),
        None => {
            Err(wrong(format!("\"{text}\" is not a time of day"), "write hours and minutes: \"09:00\" to \"24:00\""))
        }
    }
}

/// "mon-fri", "sat", "mon, wed, fri-sun": in the order they are written, a range may pass Sunday.
pub(super) fn weekdays(text: &str) -> Result<Vec<Weekday>, Wrong> {
    let mut days = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut day, last) = (weekday(first)?, weekday(last)?);
        days.push(day);
        while day != last {
            day = day.succ();
            days.push(day);
        }
    }
    Ok(days)
}

fn weekday(text: &str) -> Result<Weekday, Wrong> {
    let hint = "write mon, tue, wed, thu, fri, sat, sun; \"mon-fri\" is a range, \"mon, wed\" a list";
    text.trim().parse().map_err(|_| match text.trim() {
        "" => wrong("a day of the week is missing", hint),
        text => wrong(format!("\"{text}\" is not a day of the week"), hint),
    })
}
