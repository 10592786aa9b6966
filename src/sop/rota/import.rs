//! Shifts from an iCalendar text (RFC 5545): each event is a shift, its summary or an attendee names the person.
//!
//! Repeating events are expanded by the wall clock of their zone, with exceptions and moved occurrences. Times without a
//! zone are the rota's. An event that cannot be used is left out and told; the rest goes on.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use icalendar::parser::{Component, Property, unfold};
use rrule::{RRule, Unvalidated};

use super::{Participant, Span, instant};
use crate::sop::message::{PersonId, cut};

/// The shifts of a calendar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Ordered by their beginning; those that begin together as in the file.
    shifts: Vec<(Span, PersonId)>,
    /// The longest shift.
    longest: TimeDelta,
}

/// An event, or a part of it, that is not in the rota.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Where the event begins in the text; counts from 1.
    pub line: usize,
    /// The event's own name, where it has one.
    pub uid: Option<String>,
    /// Why, as a sentence without a full stop.
    pub why: String,
}

/// The line, the event's name, and why it is left out.
impl std::fmt::Display for LeftOut {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: ", self.line)?;
        if let Some(uid) = &self.uid {
            write!(out, "event {}: ", cut(uid, SHOWN_CHARS))?;
        }
        out.write_str(&self.why)
    }
}

/// Names and values from a calendar are shown up to this length.
const SHOWN_CHARS: usize = 60;

/// Nothing is planned further ahead: rules without an end are read up to here.
const LAST_YEAR: i32 = 2100;

/// One event repeats at most so often: daily, that is more than 50 years.
const OCCURRENCES_MAX: usize = 20_000;

impl Imported {
    pub fn new(mut shifts: Vec<(Span, PersonId)>) -> Self {
        shifts.sort_by_key(|(span, _)| span.from);
        let longest = shifts.iter().map(|(span, _)| span.to - span.from).max().unwrap_or_default();
        Self { shifts, longest }
    }

    /// Ordered by their beginning; those that begin together as in the file.
    pub fn shifts(&self) -> &[(Span, PersonId)] {
        &self.shifts
    }

    /// Whose shifts hold a moment: the one that began last comes first.
    pub(super) fn at(&self, at: DateTime<Utc>) -> impl Iterator<Item = &PersonId> {
        self.near(at).rev().filter(move |(span, _)| span.holds(at)).map(|(_, person)| person)
    }

    /// When the next shift begins or ends after a moment.
    pub(super) fn next_change(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let begins = self.shifts.get(self.begun(after)).map(|(span, _)| span.from);
        let ends = self.near(after).map(|(span, _)| span.to).filter(|end| *end > after);
        ends.chain(begins).min()
    }

    /// How many shifts have begun at a moment.
    fn begun(&self, at: DateTime<Utc>) -> usize {
        self.shifts.partition_point(|(span, _)| span.from <= at)
    }

    /// The shifts that have begun and may still last.
    fn near(&self, at: DateTime<Utc>) -> impl DoubleEndedIterator<Item = &(Span, PersonId)> {
        let oldest = self.shifts.partition_point(|(span, _)| span.from + self.longest <= at);
        let begun = self.begun(at);
        self.shifts[oldest.min(begun)..begun].iter()
    }
}

/// Reads a calendar. `zone` is meant where a time names none. `None`: the text is no calendar at all.
pub fn read(text: &str, people: &[Participant], zone: Tz) -> Option<(Imported, Vec<LeftOut>)> {
    if !text.lines().any(|line| line.trim_end() == "BEGIN:VCALENDAR") {
        return None;
    }
    let (mut events, mut left_out) = (Vec::new(), Vec::new());
    for block in blocks(text) {
        let mut uid = None;
        match Event::read(&block, &mut uid, people, zone) {
            Ok(event) => events.push(event),
            Err(why) => left_out.push(LeftOut { line: block.line, uid, why }),
        }
    }
    let moved: HashSet<(&str, DateTime<Utc>)> =
        events.iter().filter_map(|event| Some((event.uid.as_deref()?, event.replaces?))).collect();
    let mut shifts = Vec::new();
    for event in &events {
        let Some(person) = &event.person else { continue };
        let is_moved = |span: &Span| {
            let uid = event.uid.as_deref().filter(|_| event.replaces.is_none());
            uid.is_some_and(|uid| moved.contains(&(uid, span.from)))
        };
        match event.spans() {
            Ok(spans) => shifts.extend(spans.filter(|span| !is_moved(span)).map(|span| (span, person.clone()))),
            Err(why) => left_out.push(LeftOut { line: event.line, uid: event.uid.clone(), why }),
        }
    }
    left_out.sort_by_key(|event| event.line);
    Some((Imported::new(shifts), left_out))
}

/// The text of an event, and where it begins.
struct Block {
    line: usize,
    text: String,
    /// It has an end.
    is_whole: bool,
}

/// The events of a text, each on its own, so that a broken one breaks no other.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_open = false;
    for (index, line) in text.lines().enumerate() {
        let begins = line.trim_end() == "BEGIN:VEVENT";
        if begins {
            blocks.push(Block { line: index + 1, text: String::new(), is_whole: false });
            is_open = true;
        }
        if let Some(block) = blocks.last_mut().filter(|_| is_open) {
            block.text.push_str(line);
            block.text.push('\n');
            block.is_whole = line.trim_end() == "END:VEVENT";
            is_open = !block.is_whole;
        }
    }
    blocks
}

/// An event as it is written.
struct Event {
    line: usize,
    uid: Option<String>,
    /// `None`: cancelled.
    person: Option<PersonId>,
    start: When,
    /// By the wall clock.
    length: TimeDelta,
    rule: Option<RRule<Unvalidated>>,
    /// More beginnings, and beginnings that do not count, by the wall clock of `start`'s zone.
    more: Vec<NaiveDateTime>,
    without: Vec<NaiveDateTime>,
    /// It stands for the occurrence of a repeating event that would have begun then.
    replaces: Option<DateTime<Utc>>,
}

impl Event {
    fn read(block: &Block, uid: &mut Option<String>, people: &[Participant], zone: Tz) -> Result<Self, String> {
        let text = unfold(&block.text);
        // Before anything else, so that a broken event can be named.
        *uid = text.lines().find_map(|line| line.strip_prefix("UID:")).map(|uid| uid.trim().to_owned());
        if !block.is_whole {
            return Err("it has no END:VEVENT".to_owned());
        }
        let event =
            Component::try_from(text.as_str()).map_err(|_| "it is not written as an event of a calendar".to_owned())?;
        let property = event.find_prop("DTSTART").ok_or("it has no DTSTART, so it never begins")?;
        let start = When::read(property, zone)?;
        let is_cancelled = event.find_prop("STATUS").is_some_and(|status| status.val.as_str() == "CANCELLED");
        let replaces = event.find_prop("RECURRENCE-ID").map(|property| {
            if property.params.iter().any(|parameter| parameter.key.as_str() == "RANGE") {
                return Err(
                    "it changes all later occurrences (RANGE): end the old event and begin a new one".to_owned()
                );
            }
            When::read(property, zone).map(When::instant)
        });
        Ok(Self {
            line: block.line,
            uid: uid.clone(),
            person: if is_cancelled { None } else { Some(person(&event, people)?) },
            length: if is_cancelled { TimeDelta::zero() } else { length(&event, start, zone)? },
            rule: event.find_prop("RRULE").map(|rule| start.rule(rule.val.as_str())).transpose()?,
            more: start.list(&event, "RDATE", zone)?,
            without: start.list(&event, "EXDATE", zone)?,
            replaces: replaces.transpose()?,
            start,
        })
    }

    /// Every occurrence.
    fn spans(&self) -> Result<impl Iterator<Item = Span>, String> {
        let mut walls = match &self.rule {
            Some(rule) => self.occurrences(rule)?,
            None => vec![self.start.wall],
        };
        walls.extend(&self.more);
        walls.retain(|wall| !self.without.contains(wall));
        walls.sort_unstable();
        walls.dedup();
        let at = |wall| instant(self.start.zone, wall);
        // An occurrence that falls into hours which the clocks skip has no time.
        Ok(walls.into_iter().filter_map(move |wall| {
            let span = Span { from: at(wall), to: at(wall.checked_add_signed(self.length)?) };
            (span.from < span.to).then_some(span)
        }))
    }

    /// The wall clock is given to the rule as if it were UTC: so the rule knows no zones, and [`instant`] decides.
    fn occurrences(&self, rule: &RRule<Unvalidated>) -> Result<Vec<NaiveDateTime>, String> {
        let start = self.start.wall.and_utc().with_timezone(&rrule::Tz::UTC);
        let dates = rule.clone().build(start).map_err(|error| format!("its RRULE cannot be used: {error}"))?.limit();
        let end = NaiveDate::from_ymd_opt(LAST_YEAR, 1, 1).unwrap_or_default().and_time(NaiveTime::MIN);
        let walls = dates.into_iter().map(|date| date.naive_utc()).take_while(|wall| *wall < end);
        let walls: Vec<NaiveDateTime> = walls.take(OCCURRENCES_MAX + 1).collect();
        match walls.len() {
            0 => Err("its RRULE never happens".to_owned()),
            1..=OCCURRENCES_MAX => Ok(walls),
            _ => Err(format!("it repeats more than {OCCURRENCES_MAX} times: give its RRULE an end (UNTIL)")),
        }
    }
}

/// A time of the calendar.
#[derive(Clone, Copy)]
struct When {
    wall: NaiveDateTime,
    zone: Tz,
    is_date: bool,
}

impl When {
    fn read(property: &Property<'_>, zone: Tz) -> Result<Self, String> {
        Self::parse(property.val.as_str(), property, zone)
    }

    /// A value of a property, which may name its zone.
    fn parse(value: &str, property: &Property<'_>, zone: Tz) -> Result<Self, String> {
        let named = property.params.iter().find(|parameter| parameter.key.as_str() == "TZID");
        let zone = match named.and_then(|parameter| parameter.val.as_ref()) {
            Some(name) => self::zone(name.as_str())?,
            None => zone,
        };
        written(value, zone).ok_or_else(|| format!("its {} is not a time: {}", property.name.as_str(), shown(value)))
    }

    fn instant(self) -> DateTime<Utc> {
        instant(self.zone, self.wall)
    }

    /// The same moment as the clocks of another zone show it. A date is the same everywhere.
    fn wall_in(self, zone: Tz) -> NaiveDateTime {
        if self.zone == zone || self.is_date { self.wall } else { self.instant().with_timezone(&zone).naive_local() }
    }

    /// The times of all properties of a name, by the wall clock of this one's zone.
    fn list(self, event: &Component<'_>, name: &str, zone: Tz) -> Result<Vec<NaiveDateTime>, String> {
        let properties = event.properties.iter().filter(|property| property.name.as_str() == name);
        let times = properties.flat_map(|property| {
            // A period (RFC 5545, 3.3.9) counts by its beginning.
            let values = property.val.as_str().split(',').map(|value| value.split('/').next().unwrap_or_default());
            values.map(|value| When::parse(value, property, zone)).collect::<Vec<_>>()
        });
        // A date in a list of exceptions to a time of day means the occurrence of that day.
        let wall = |when: When| {
            if when.is_date { when.wall.date().and_time(self.wall.time()) } else { when.wall_in(self.zone) }
        };
        times.map(|when| when.map(wall)).collect()
    }

    /// A rule whose end is by the wall clock of this time's zone, written as if that were UTC.
    fn rule(self, rule: &str) -> Result<RRule<Unvalidated>, String> {
        let mut parts = Vec::new();
        for part in rule.split(';') {
            let Some(until) = part.strip_prefix("UNTIL=") else {
                parts.push(part.to_owned());
                continue;
            };
            let end = written(until, self.zone).ok_or_else(|| format!("its UNTIL is not a time: {}", shown(until)))?;
            let wall = if end.is_date {
                end.wall + TimeDelta::days(1) - TimeDelta::seconds(1)
            } else {
                end.wall_in(self.zone)
            };
            parts.push(format!("UNTIL={}", wall.format("%Y%m%dT%H%M%SZ")));
        }
        parts.join(";").parse().map_err(|_| format!("its RRULE is not a rule: {}", shown(rule)))
    }
}

/// "20260105", "20260105T090000" in a zone, "20260105T080000Z". In the years that calendars are made for.
fn written(value: &str, zone: Tz) -> Option<When> {
    let is_utc = value.ends_with('Z');
    let digits = value.strip_suffix('Z').unwrap_or(value);
    let is_date = !digits.contains('T');
    let wall = if is_date {
        NaiveDate::parse_from_str(digits, "%Y%m%d").ok()?.and_time(NaiveTime::MIN)
    } else {
        NaiveDateTime::parse_from_str(digits, "%Y%m%dT%H%M%S").ok()?
    };
    let is_planned = (1970..LAST_YEAR).contains(&chrono::Datelike::year(&wall));
    is_planned.then_some(When { wall, zone: if is_utc { Tz::UTC } else { zone }, is_date })
}

/// A zone by its name in the IANA database, also behind the prefix of the program that wrote it.
fn zone(name: &str) -> Result<Tz, String> {
    let name = name.trim_matches('"');
    let tails = name.match_indices('/').map(|(at, _)| &name[at + 1..]);
    let known = std::iter::once(name).chain(tails).find_map(|name| name.parse().ok());
    known.ok_or_else(|| format!("there is no zone {}: write one like \"Europe/Berlin\"", shown(name)))
}

/// How long an event lasts, by the wall clock of its beginning.
fn length(event: &Component<'_>, start: When, zone: Tz) -> Result<TimeDelta, String> {
    let length = match (event.find_prop("DTEND"), event.find_prop("DURATION")) {
        (Some(end), _) => When::read(end, zone)?.wall_in(start.zone) - start.wall,
        (None, Some(length)) => {
            let value = length.val.as_str();
            duration(value).ok_or_else(|| format!("its DURATION is not a length of time: {}", shown(value)))?
        }
        (None, None) if start.is_date => TimeDelta::days(1),
        (None, None) => return Err("it has neither DTEND nor DURATION, so it lasts no time".to_owned()),
    };
    if length <= TimeDelta::zero() {
        return Err("it ends before it begins".to_owned());
    }
    if length > LENGTH_MAX {
        return Err("it lasts longer than ten years".to_owned());
    }
    Ok(length)
}

const LENGTH_MAX: TimeDelta = TimeDelta::days(3653);

/// "PT8H", "P1W", "P1DT12H30M" (RFC 5545, 3.3.6).
fn duration(value: &str) -> Option<TimeDelta> {
    let mut rest = value.strip_prefix('+').unwrap_or(value).strip_prefix('P')?;
    let mut total = TimeDelta::zero();
    while !rest.is_empty() {
        rest = rest.strip_prefix('T').unwrap_or(rest);
        let unit = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let count: i64 = rest[..unit].parse().ok()?;
        let seconds = match rest[unit..].chars().next()? {
            'W' => 7 * 24 * 3600,
            'D' => 24 * 3600,
            'H' => 3600,
            'M' => 60,
            'S' => 1,
            _ => return None,
        };
        total = total.checked_add(&TimeDelta::try_seconds(count.checked_mul(seconds)?)?)?;
        rest = &rest[unit + 1..];
    }
    Some(total)
}

/// The person whom an event names: its summary, or else an attendee.
fn person(event: &Component<'_>, people: &[Participant]) -> Result<PersonId, String> {
    let summary = event.find_prop("SUMMARY").map_or("", |summary| summary.val.as_str());
    match named(summary, people)[..] {
        [person] => return Ok(person.id.clone()),
        [one, other, ..] => {
            return Err(format!("its summary {} names both {} and {}", shown(summary), one.name, other.name));
        }
        [] => {}
    }
    let attendees = event.properties.iter().filter(|property| property.name.as_str() == "ATTENDEE");
    let mut names = attendees.filter_map(|attendee| {
        let name = attendee.params.iter().find(|parameter| parameter.key.as_str() == "CN")?;
        Some(name.val.as_ref()?.as_str().trim_matches('"'))
    });
    let attending = names.find_map(|name| match named(name, people)[..] {
        [person] => Some(person.id.clone()),
        _ => None,
    });
    attending.ok_or_else(|| format!("neither its summary {} nor an attendee names one of the people", shown(summary)))
}

/// The people whose name or id stands in a text as whole words. A name within a longer one that also stands there does
/// not count.
fn named<'p>(text: &str, people: &'p [Participant]) -> Vec<&'p Participant> {
    let text = text.to_lowercase();
    let stands = |name: &str| {
        let joins = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        text.match_indices(name)
            .any(|(at, _)| !joins(text[..at].chars().next_back()) && !joins(text[at + name.len()..].chars().next()))
    };
    let found: Vec<(String, &Participant)> = people
        .iter()
        .map(|person| (person.name.to_lowercase(), person))
        .filter(|(name, person)| stands(name) || text.trim() == person.id.as_str())
        .collect();
    let is_part = |name: &str| found.iter().any(|(other, _)| other.len() > name.len() && other.contains(name));
    found.iter().filter(|(name, _)| !is_part(name)).map(|(_, person)| *person).collect()
}

fn shown(value: &str) -> String {
    format!("{:?}", cut(value, SHOWN_CHARS))
}
