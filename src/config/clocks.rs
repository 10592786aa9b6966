//! `clocks` of a plan: how long a reply, a word to the customer, the solution and a team's part may take.

use std::sync::Arc;

use super::procedure::{Names, calendar};
use super::raw::{Item, wrong};
use super::values;
use crate::sop::calendar::Calendar;
use crate::sop::clock::{ClockKind, Limit, Limits};

/// The clocks that a plan may limit, as the config calls them; the time to answer belongs to its rungs.
const LIMITED: [ClockKind; 4] = [ClockKind::FirstReply, ClockKind::Update, ClockKind::Resolve, ClockKind::TimeInTier];

pub(super) fn limits(item: &Item<'_>, names: &Names, calendars: &[Arc<Calendar>]) -> Option<Limits> {
    let table = item.table()?;
    let given = LIMITED.into_iter().filter_map(|clock| Some((clock, table.get(clock.name())?)));
    let limits: Vec<Option<Limit>> =
        given.map(|(clock, item)| Some(Limit { clock, within: item.read(values::duration)? })).collect();
    let calendar = calendar(&table, names, calendars);
    let warn_at_percent = table.get("warn_at").map_or(Some(Vec::new()), |item| warnings(&item));
    if limits.is_empty() {
        let names = LIMITED.map(ClockKind::name).join(", ");
        table.note(wrong(
            "no clock, so nothing is measured",
            format!("give a time to one of {names}: {{ update = \"4h\" }}"),
        ));
    }
    table.close();
    let limits = limits.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Limits { limits, calendar: calendar?, warn_at_percent: warn_at_percent? })
}

/// Shares of the time in percent, rising: at 0 and at 100 there is nothing to warn of.
fn warnings(item: &Item<'_>) -> Option<Vec<u8>> {
    let percents = item.each(|item| match u8::try_from(item.count()?) {
        Ok(percent @ 1..=99) => Some(percent),
        _ => item.refuse(wrong("not a share of the time", "write percent without quotes, 1 to 99: warn_at = [50, 80]")),
    })?;
    if percents.is_sorted_by(|one, next| one < next) {
        return Some(percents);
    }
    item.refuse(wrong("not in order", "write each share once, the smallest first: warn_at = [50, 80]"))
}
