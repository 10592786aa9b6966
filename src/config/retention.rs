//! The table `[retention]`: how long the log keeps what people wrote.

use chrono::TimeDelta;

use super::raw::{Table, Wrong, wrong};
use crate::sop::retention::Retention;

/// For ever, where the config does not say. `None` when a problem was noted.
pub(super) fn retention(document: &Table<'_>) -> Option<Retention> {
    let Some(table) = document.get("retention") else { return Some(Retention::default()) };
    let table = table.table()?;
    let read = |name| table.get(name).map_or(Some(None), |item| item.read(age).map(Some));
    let (resolved_cases, heard, tickets) = (read("resolved_cases"), read("heard"), read("tickets"));
    table.close();
    Some(Retention { resolved_cases: resolved_cases?, heard: heard?, tickets: tickets? })
}

/// What is younger is still worked with: a promise may be for a week.
const AGE_MIN: TimeDelta = TimeDelta::days(14);
/// Longer than anybody has to keep records of such things.
const AGE_MAX: TimeDelta = TimeDelta::days(20 * 366);

fn age(text: &str) -> Result<TimeDelta, Wrong> {
    let written = humantime::parse_duration(text).ok().and_then(|age| TimeDelta::from_std(age).ok());
    let age = written.ok_or_else(|| {
        wrong(format!("\"{text}\" is not a duration"), "write a number and a unit: \"90d\", \"365d\", \"3years\"")
    })?;
    if age < AGE_MIN {
        return Err(wrong(format!("\"{text}\" is too short"), "the desk still works with that: at least \"14d\""));
    }
    if age > AGE_MAX {
        return Err(wrong(format!("\"{text}\" is more than 20 years"), "leave the key out to keep it for ever"));
    }
    Ok(age)
}
