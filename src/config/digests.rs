//! The tables `[[digests]]`: who is told again and again what a stretch of time came to.

use chrono_tz::Tz;

use super::procedure::Names;
use super::raw::{Table, Wrong, wrong};
use super::values;
use crate::sop::digest::{NoSchedule, Schedule};
use crate::sop::team::TeamId;

const AT_HINT: &str = "write minute, hour, day, month, weekday: at = \"0 17 * * MON-FRI\" is 17:00 on working days";

/// `None` where a problem was noted.
pub(super) fn digests(document: &Table<'_>, names: &Names) -> Option<Vec<Schedule>> {
    let tables = document.get("digests").map(|item| item.tables()).unwrap_or_default();
    let read: Vec<Option<Schedule>> = tables.into_iter().map(|table| digest(table, names)).collect();
    read.into_iter().collect()
}

fn digest(table: Table<'_>, names: &Names) -> Option<Schedule> {
    let team = table.need("team", "name the team that is told: team = \"managers\"").and_then(|item| names.team(&item));
    let zone = table.get("zone").map_or(Some(Tz::UTC), |item| item.read(values::zone));
    let at = table.need("at", AT_HINT);
    // Where team or zone are wrong, the time is still looked at.
    let (team_or_any, zone_or_any) = (team.clone().unwrap_or_else(|| TeamId::from("")), zone.unwrap_or(Tz::UTC));
    let schedule = at.and_then(|item| item.read(|at| schedule(team_or_any, at, zone_or_any)));
    table.close();
    team.and(zone).and(schedule)
}

fn schedule(team: TeamId, at: &str, zone: Tz) -> Result<Schedule, Wrong> {
    Schedule::new(team, at, zone).map_err(|why| match why {
        NoSchedule::Unreadable(why) => wrong(format!("\"{at}\" is not a schedule: {why}"), AT_HINT),
        NoSchedule::Never => wrong(format!("\"{at}\" never comes"), "name a day that there is"),
        NoSchedule::TooOften => wrong(
            format!("\"{at}\" comes more than once an hour"),
            "a digest is read at most once an hour: give a minute",
        ),
    })
}
