//! `[[calendars]]`: when teams work, with the holidays of the config and of iCalendar files beside it.

use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::beside::Beside;
use super::procedure::each_with_id_in;
use super::raw::{Item, Table, Wrong, wrong};
use super::values;
use crate::sop::calendar::holiday_file;
use crate::sop::calendar::{Calendar, Holiday, Hours, MINUTES_OF_A_DAY, Window};

/// The calendars in the order of the config.
pub(super) fn calendars(document: &Table<'_>, files: &Beside<'_>) -> Vec<Arc<Calendar>> {
    let Some(item) = document.get("calendars") else { return Vec::new() };
    let all = each_with_id_in(&item, "calendars", |table, id| calendar(table, id, files));
    all.into_iter().map(Arc::new).collect()
}

fn calendar(table: Table<'_>, id: Option<String>, files: &Beside<'_>) -> Option<Calendar> {
    let zone = table.need("zone", "where the team's clocks are: zone = \"Europe/Berlin\"");
    let zone = zone.and_then(|item| item.read(values::zone));
    let open = table.need("open", OPEN_HINT).and_then(|item| windows(&item));
    let listed = match table.get("holidays") {
        Some(item) => item.each(holiday),
        None => Some(Vec::new()),
    };
    let file = table.get("holiday_file");
    table.close();
    let imported = match (file, zone) {
        (Some(item), Some(zone)) => item.read(|name| holidays_in(&files.read(name)?, zone)),
        // A wrong zone was noted; without it nothing can be said of the file.
        _ => Some(Vec::new()),
    };
    let mut holidays = listed?;
    holidays.extend(imported?);
    Some(Calendar::new(&id?, zone?, &open?, &holidays))
}

const OPEN_HINT: &str = "say when the team works: open = [{ days = \"mon-fri\", from = \"09:00\", to = \"17:30\" }]";

/// The opening hours; a calendar without any would make every clock stand still for good.
fn windows(item: &Item<'_>) -> Option<Vec<Window>> {
    let windows = item.each(window)?;
    if windows.is_empty() {
        return item.refuse(wrong("a calendar that never opens", OPEN_HINT));
    }
    Some(windows)
}

fn window(item: &Item<'_>) -> Option<Window> {
    let table = item.table()?;
    let days = table.need("days", "the days of the week: days = \"mon-fri\"");
    let days = days.and_then(|item| item.read(values::weekdays));
    let from = table.need("from", "when the team comes: from = \"09:00\"");
    let from = from.and_then(|item| item.read(start));
    let to_item = table.need("to", "when the team goes: to = \"17:30\"");
    let to = to_item.as_ref().and_then(|item| item.read(values::time_of_day));
    table.close();
    let (days, from, to) = (days?, from?, to?);
    if from == to {
        let hint = "a whole day is from = \"00:00\", to = \"24:00\"; a `to` before `from` is on the next day";
        return to_item?.refuse(wrong("open from and to the same time", hint));
    }
    Some(Window { days, from, to })
}

/// The midnight at the end of a day is the start of the next.
fn start(text: &str) -> Result<u16, Wrong> {
    match values::time_of_day(text)? {
        MINUTES_OF_A_DAY => Err(wrong("nothing starts at \"24:00\"", "write \"00:00\" and the day after")),
        minutes => Ok(minutes),
    }
}

fn holiday(item: &Item<'_>) -> Option<Holiday> {
    let table = item.table()?;
    let on = table.need("on", "the date: on = \"2026-12-24\"").and_then(|item| item.read(date));
    let from = match table.get("from") {
        Some(item) => item.read(start),
        None => Some(Hours::WHOLE_DAY.from),
    };
    let to_item = table.get("to");
    let to = match &to_item {
        Some(item) => item.read(values::time_of_day),
        None => Some(Hours::WHOLE_DAY.to),
    };
    let yearly = table.flag("yearly", false);
    table.close();
    let hours = Hours { from: from?, to: to? };
    if hours.is_empty() {
        let hint = "it ends on its own date, \"24:00\" at the latest; list the next date as a holiday of its own";
        return to_item?.refuse(wrong("a holiday that ends before it starts", hint));
    }
    Some(Holiday { on: on?, hours, yearly: yearly? })
}

fn date(text: &str) -> Result<NaiveDate, Wrong> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d");
    date.map_err(|_| wrong(format!("\"{text}\" is not a date"), "write year, month and day: \"2026-12-24\""))
}

/// Every open case keeps the calendars it is counted by, so they stay small: this is thirty years of public holidays.
const FILE_DATES_MAX: usize = 500;

fn holidays_in(text: &str, zone: Tz) -> Result<Vec<Holiday>, Wrong> {
    let holidays = holiday_file::holidays(text, zone).map_err(|why| {
        wrong(why.to_string(), "change the file, or write the holidays here: holidays = [{ on = \"2026-12-24\" }]")
    })?;
    if holidays.len() > FILE_DATES_MAX {
        let what = format!("it closes {} dates, more than {FILE_DATES_MAX}", holidays.len());
        return Err(wrong(what, "export the years to come only, and nothing but holidays"));
    }
    Ok(holidays)
}
