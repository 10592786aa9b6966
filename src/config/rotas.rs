//! The tables of the config that say who is on call: people and rotas.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;

use super::beside::Beside;
use super::judge::Remark;
use super::procedure::{Names, known};
use super::raw::{Item, Table, Wrong, wrong};
use super::values;
use crate::sop::message::PersonId;
use crate::sop::rota::import::{self, Imported};
use crate::sop::rota::{self, Away, Conflict, End, Every, Layer, Override, Participant, Rota, Rotation, Span, Window};

/// Everyone in `[[people]]`.
pub(super) fn people(document: &Table<'_>) -> Vec<Participant> {
    let Some(item) = document.get("people") else { return Vec::new() };
    let mut people: Vec<Participant> = Vec::new();
    for table in item.tables() {
        let id = table.need("id", "the person's Discord id").and_then(|item| {
            let id = item.read(values::snowflake)?.to_string();
            note_taken(&item, &id, people.iter().map(|person| person.id.as_str()));
            Some(id)
        });
        let name = table.need("name", "what rotas call the person: name = \"Lena\"").and_then(|item| {
            let name = item.read(values::name)?;
            note_taken(&item, &name, people.iter().map(|person| person.name.as_str()));
            Some(name)
        });
        let zone = table.get("zone").map_or(Some(Tz::UTC), |item| item.read(zone));
        table.close();
        if let (Some(id), Some(name), Some(zone)) = (id, name, zone) {
            people.push(Participant { id: id.into(), name, zone });
        }
    }
    people
}

fn note_taken<'n>(item: &Item<'_>, text: &str, mut taken: impl Iterator<Item = &'n str>) {
    if taken.any(|other| other == text) {
        item.note(wrong(format!("\"{text}\" is taken"), "give everyone in [[people]] an id and a name of their own"));
    }
}

/// Every rota of `[[rotas]]`, and what their authors should know of them.
pub(super) fn rotas(
    document: &Table<'_>,
    names: &Names,
    files: &Beside<'_>,
    people: &[Participant],
) -> (Vec<Rota>, Vec<Remark>) {
    let Some(item) = document.get("rotas") else { return (Vec::new(), Vec::new()) };
    let (mut rotas, mut warnings) = (Vec::new(), Vec::new());
    let mut ids = Vec::new();
    for table in item.tables() {
        let roster = Roster { names, files, people };
        if let Some(rota) = roster.rota(&table, &mut ids, &mut warnings) {
            let conflicts = rota.conflicts();
            warnings.extend(conflicts.iter().map(|conflict| Remark {
                key: format!("{}.overrides", table.key),
                what: told(conflict, &rota, people),
                hint: "shorten one of them, or delete it",
            }));
            rotas.push(rota);
        }
        table.close();
    }
    (rotas, warnings)
}

/// A conflict as a sentence, in the rota's own time.
fn told(conflict: &Conflict<'_>, rota: &Rota, people: &[Participant]) -> String {
    let name = |id: &PersonId| people.iter().find(|person| person.id == *id).map_or("?", |person| person.name.as_str());
    let time = |at: DateTime<Utc>| at.with_timezone(&rota.zone).format("%Y-%m-%d %H:%M %Z").to_string();
    let (Conflict::Overlap { span, .. } | Conflict::IsAway { span, .. }) = conflict;
    let when = format!("rota {}, {} to {}", rota.id, time(span.from), time(span.to));
    match conflict {
        Conflict::Overlap { wins, loses, .. } => {
            let (wins, loses) = (name(&wins.person), name(&loses.person));
            format!("{when}: two overrides, for {loses} and for {wins}; the later one in the file counts: {wins}")
        }
        Conflict::IsAway { left_out, .. } => {
            let person = name(&left_out.person);
            format!("{when}: an override for {person}, who is away then; it does not count")
        }
    }
}

/// What rotas refer to.
#[derive(Clone, Copy)]
struct Roster<'n> {
    names: &'n Names,
    files: &'n Beside<'n>,
    people: &'n [Participant],
}

impl Roster<'_> {
    fn rota(self, table: &Table<'_>, ids: &mut Vec<String>, warnings: &mut Vec<Remark>) -> Option<Rota> {
        let team = table.need("team", "name one of [[teams]]").and_then(|item| self.names.team(&item));
        let id = match table.get("id") {
            Some(item) => item.read(values::id),
            None => team.as_ref().map(ToString::to_string),
        };
        if let Some(id) = &id {
            if ids.contains(id) {
                let hint = "a second rota of a team needs an id of its own: id = \"legal-backup\"";
                table.note(wrong(format!("there is a rota \"{id}\" already"), hint));
            }
            ids.push(id.clone());
        }
        let hint = "the zone of its wall clock times: zone = \"Europe/Berlin\"";
        let zone = table.need("zone", hint).and_then(|item| item.read(zone));
        let (layers, file) = (table.get("layers"), table.get("file"));
        if layers.is_none() && file.is_none() {
            let hint =
                "add layers = [{ people = […], every = \"1 week\", handover = \"mon 09:00\", from = … }], or a file";
            table.note(wrong("a rota without layers and without a file has nobody on call", hint));
        }
        // What is read below needs a zone; without one any will do to find what else is wrong.
        let clock = zone.unwrap_or(Tz::UTC);
        let layers = layers.map_or(Some(Vec::new()), |item| item.each(|item| self.layer(item)));
        let overrides = table.get("overrides");
        let overrides = overrides.map_or(Some(Vec::new()), |item| item.each(|item| self.change(item, clock)));
        let away = table.get("away").map_or(Some(Vec::new()), |item| item.each(|item| self.away(item, clock)));
        let imported = match file {
            Some(item) => item.read(|path| self.imported(path, clock)),
            None => Some((Imported::default(), Vec::new())),
        };
        let (id, team, zone, layers) = (id?, team?, zone?, layers?);
        let (imported, left_out) = imported?;
        let hint = "change the event in its calendar and export it again";
        warnings.extend(left_out.into_iter().map(|what| Remark { key: format!("{}.file", table.key), what, hint }));
        Some(Rota { id, team, zone, layers, imported: imported.into(), overrides: overrides?, away: away? })
    }

    /// A person by name or id.
    fn person(self, item: &Item<'_>) -> Option<PersonId> {
        let is_id = |text: &str| self.names.people_ids.iter().any(|id| id == text);
        let name = item.text()?;
        if !is_id(name) {
            item.read(|name| known("person", name, &self.names.people))?;
        }
        // Not there: the person's own table has a problem, which is noted.
        let named = self.people.iter().find(|person| person.name == name || person.id.as_str() == name);
        named.map(|person| person.id.clone())
    }

    fn layer(self, item: &Item<'_>) -> Option<Layer> {
        let table = item.table()?;
        let people = table.need("people", "list who takes turns, in order: people = [\"Lena\", \"Ivy\"]");
        let people = people.and_then(|item| match item.each(|item| self.person(item))? {
            people if people.is_empty() => item.refuse(wrong("a rotation of nobody", "list at least one person")),
            people => Some(people),
        });
        let every = table.need("every", "how long a turn lasts: every = \"1 week\"").and_then(|item| item.read(every));
        let handover = table.need("handover", "when turns begin: handover = \"mon 09:00\", or \"09:00\" for days");
        let time = handover.as_ref().and_then(|item| item.read(handover_time));
        let from = table.need("from", "the day of the first hand-over: from = \"2026-01-05\"");
        let date = from.as_ref().and_then(|item| item.read(date));
        let only = table.get("only").map_or(Some(Vec::new()), |item| item.each(|item| item.read(window)));
        table.close();
        let (every, (weekday, time), date) = (every?, time?, date?);
        match weekday {
            Some(_) if !every.is_weeks => {
                let hint = "write the time alone: handover = \"09:00\"; from says the first day";
                return handover?.refuse(wrong("only turns of whole weeks are handed over on a weekday", hint));
            }
            Some(weekday) if date.weekday() != weekday => return from?.refuse(other_weekday(date, weekday)),
            _ => {}
        }
        let rotation = Rotation { people: people?, every: every.turn, start: date.and_time(time) };
        Some(Layer { rotation, only: only? })
    }

    fn change(self, item: &Item<'_>, zone: Tz) -> Option<Override> {
        let table = item.table()?;
        let person = table.need("person", "name who takes it").and_then(|item| self.person(&item));
        let covers_item = table.get("covers");
        let covers = covers_item.as_ref().map_or(Some(None), |item| self.person(item).map(Some));
        let span = span(&table, zone);
        table.close();
        let (person, covers) = (person?, covers?);
        if covers.as_ref() == Some(&person) {
            return covers_item?.refuse(wrong("nobody covers for themselves", "name whose time it is"));
        }
        Some(Override { person, span: span?, covers })
    }

    fn away(self, item: &Item<'_>, zone: Tz) -> Option<Away> {
        let table = item.table()?;
        let person = table.need("person", "name who is away").and_then(|item| self.person(&item));
        let span = span(&table, zone);
        table.close();
        Some(Away { person: person?, span: span? })
    }

    /// The shifts of an iCalendar file, and what was left out of it.
    fn imported(self, path: &str, zone: Tz) -> Result<(Imported, Vec<String>), Wrong> {
        let (imported, left_out) = import::read(&self.files.read(path)?, self.people, zone).ok_or_else(|| {
            wrong(
                format!("{path} is not an iCalendar file"),
                "export the calendar as .ics; it begins with BEGIN:VCALENDAR",
            )
        })?;
        let left_out = left_out.into_iter().map(|event| format!("{path}:{event}, left out")).collect();
        Ok((imported, left_out))
    }
}

fn other_weekday(date: NaiveDate, weekday: Weekday) -> Wrong {
    let next = date + Days::new(u64::from(weekday.days_since(date.weekday())));
    let hint = format!("write {} or {next}", next - Days::new(7));
    wrong(format!("{date} is a {}, and turns begin on a {}", date.format("%A"), next.format("%A")), hint)
}

fn span(table: &Table<'_>, zone: Tz) -> Option<Span> {
    let hint = "a day or a time: \"2026-12-24\", \"2026-12-24 18:00\"";
    let from = table.need("from", hint).and_then(|item| item.read(|text| moment(text, zone, End::First)));
    let to_item = table.need("to", hint);
    let to = to_item.as_ref().and_then(|item| item.read(|text| moment(text, zone, End::Last)));
    let (from, to) = (from?, to?);
    if to <= from {
        return to_item?
            .refuse(wrong("it ends before it begins", "`to` is later than `from`; a day alone ends at midnight"));
    }
    Some(Span { from, to })
}

/// As people write it, see [`rota::moment`].
pub(super) fn moment(text: &str, zone: Tz, end: End) -> Result<DateTime<Utc>, Wrong> {
    let hint = "write a day or a time: \"2026-12-24\", \"2026-12-24 18:00\", \"2026-12-24T18:00:00+01:00\"";
    rota::moment(text, zone, end).ok_or_else(|| wrong(format!("\"{text}\" is not a time"), hint))
}

fn date(text: &str) -> Result<NaiveDate, Wrong> {
    let day = text.parse::<NaiveDate>().ok().filter(|day| rota::in_range(*day));
    day.ok_or_else(|| wrong(format!("\"{text}\" is not a day"), "write year, month and day: \"2026-01-05\""))
}

/// A name of the IANA database.
fn zone(text: &str) -> Result<Tz, Wrong> {
    values::zone_or(text, "write a name of the IANA database: \"Europe/Berlin\"")
}

/// How long a turn lasts, and whether it begins on a day of the week.
#[derive(Clone, Copy)]
struct Turn {
    turn: Every,
    is_weeks: bool,
}

/// "1 week", "12 hours", "10 days", "1 month"; "daily", "weekly", "monthly", "hourly".
fn every(text: &str) -> Result<Turn, Wrong> {
    let hint = "write a number and hours, days, weeks or months: \"1 week\", \"12 hours\"";
    let written = match text {
        "hourly" => "1 hour",
        "daily" => "1 day",
        "weekly" => "1 week",
        "monthly" => "1 month",
        other => other,
    };
    let not_one = || wrong(format!("\"{text}\" is not the length of a turn"), hint);
    let (count, unit) = written.split_once(' ').ok_or_else(not_one)?;
    let count: u32 = count.parse().map_err(|_| not_one())?;
    let (turn, most) = match unit.trim() {
        "hour" | "hours" => (Every::Hours(count), 366 * 24),
        "day" | "days" => (Every::Hours(count.saturating_mul(24)), 366),
        "week" | "weeks" => (Every::Hours(count.saturating_mul(24 * 7)), 52),
        "month" | "months" => (Every::Months(count), 12),
        _ => return Err(not_one()),
    };
    match count {
        0 => Err(wrong(format!("\"{text}\" is no time at all"), "the shortest turn is \"1 hour\"")),
        count if count > most => Err(wrong(format!("\"{text}\" is more than a year"), "the longest turn is a year")),
        _ => Ok(Turn { turn, is_weeks: unit.starts_with("week") }),
    }
}

/// "mon 09:00", or "09:00".
fn handover_time(text: &str) -> Result<(Option<Weekday>, NaiveTime), Wrong> {
    let (weekday, clock) = match text.split_once(' ') {
        Some((day, clock)) => (day.parse::<Weekday>().ok().map(Some), clock.trim()),
        None => (Some(None), text),
    };
    let read = weekday.zip(time(clock));
    read.ok_or_else(|| {
        wrong(format!("\"{text}\" is not a hand-over"), "write it like \"mon 09:00\", or \"09:00\" for days")
    })
}

/// Hours and minutes.
fn time(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").ok()
}

/// "mon-fri 09:00-17:00", "sat 22:00-06:00", "sun 00:00-24:00".
fn window(text: &str) -> Result<Window, Wrong> {
    let read = || {
        let (days, hours) = text.split_once(' ')?;
        let (first, last) = days.split_once('-').unwrap_or((days, days));
        let (from, to) = hours.trim().split_once('-')?;
        // Midnight at the end of a day is the beginning of the next.
        let to = if to == "24:00" { NaiveTime::MIN } else { time(to)? };
        Some(Window { first: first.parse().ok()?, last: last.parse().ok()?, from: time(from)?, to })
    };
    let hint = "write days and hours: \"mon-fri 09:00-17:00\", \"sat 22:00-06:00\"";
    read().ok_or_else(|| wrong(format!("\"{text}\" are no hours of a week"), hint))
}
