//! What a procedure says, in plain English: conditions, times, hours of a week, turns on a rota.

use chrono::{DateTime, TimeDelta, Timelike, Utc, Weekday};
use chrono_tz::Tz;

use crate::sop::calendar::{Calendar, Hours};
use crate::sop::clock::{ClockKind, Limits};
use crate::sop::guidance::information::{AnswerKind, Field, Need};
use crate::sop::message::{PersonId, PlaceId};
use crate::sop::procedure::Procedure;
use crate::sop::rota::{Every, Layer, Rota, Window};
use crate::sop::signal::Kind;
use crate::sop::team::{Plan, Rung};
use crate::sop::trigger::{Condition, Mode, Ownership, Scope, TicketTest};

/// "2 h", "1 h 30 min", "90 s".
pub(super) fn length(time: TimeDelta) -> String {
    let seconds = time.num_seconds();
    let parts = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let said: Vec<String> = parts.iter().filter(|part| part.0 > 0).map(|(n, unit)| format!("{n} {unit}")).collect();
    if said.is_empty() { "no time".to_owned() } else { said.join(" ") }
}

/// What must be so, as a clause: "more than 500 USD is claimed back".
pub(super) fn plainly(condition: &Condition) -> String {
    clause(condition, false)
}

/// The same with how strong signs have to be.
pub(super) fn condition(condition: &Condition) -> String {
    clause(condition, true)
}

fn clause(condition: &Condition, exact: bool) -> String {
    match condition {
        Condition::Signal { kind, at_least } if exact => format!("{} (strength {at_least} or more)", shows(kind)),
        Condition::Signal { kind, .. } => shows(kind),
        Condition::Amount { over, currency } => {
            format!("more than {over} {currency} is claimed back (exactly {over} {currency} is not enough)")
        }
        Condition::Contacts { at_least, within } => {
            format!(
                "the customer writes for the {} time about the same issue within {}",
                ordinal(*at_least),
                length(*within)
            )
        }
        Condition::Customers { kind, at_least, within, unusual } => {
            let unusual = if *unusual { ", which is more than is usual" } else { "" };
            format!("{at_least} different customers write within {} that {}{unusual}", length(*within), shows(kind))
        }
        Condition::Places(places) => {
            let places: Vec<&str> = places.iter().map(PlaceId::as_str).collect();
            format!("it is written in the channel {}", places.join(" or "))
        }
        Condition::Language(language) => format!("it is written in the language \"{language}\""),
        Condition::Ticket { field, test: TicketTest::Equals(value) } => {
            format!("the {} of the ticket is \"{value}\"", field.name())
        }
        Condition::Ticket { field, test: TicketTest::Contains(value) } => {
            format!("the {} of the ticket holds \"{value}\"", field.name())
        }
        Condition::Waits(time) => format!("the customer has waited {} for an answer", length(*time)),
        Condition::All(parts) => joined(parts, " and ", exact),
        Condition::Any(parts) => joined(parts, ", or ", exact),
        Condition::Not(part) => format!("it is not so that {}", part_of(part, exact)),
    }
}

fn joined(parts: &[Condition], word: &str, exact: bool) -> String {
    parts.iter().map(|part| part_of(part, exact)).collect::<Vec<_>>().join(word)
}

/// A part that has parts itself stands in brackets.
fn part_of(part: &Condition, exact: bool) -> String {
    let has_parts = matches!(part, Condition::All(_) | Condition::Any(_));
    if has_parts { format!("({})", clause(part, exact)) } else { clause(part, exact) }
}

fn shows(kind: &Kind) -> String {
    match kind {
        Kind::Angry => "the customer is angry".to_owned(),
        Kind::Legal => "a lawyer, a court or a regulator is brought up".to_owned(),
        Kind::Security => "somebody else is in an account, or data has leaked".to_owned(),
        Kind::Financial => "money is claimed back".to_owned(),
        Kind::Outage => "something is down".to_owned(),
        Kind::Repeat => "the customer says that they have asked before".to_owned(),
        Kind::Own(name) => format!("there are words for \"{name}\""),
    }
}

fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (1, not) if not != 11 => "st",
        (2, not) if not != 12 => "nd",
        (3, not) if not != 13 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

pub(super) fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Off => "off",
        Mode::Watch => "only watched",
        Mode::Live => "live",
    }
}

pub(super) fn owner(ownership: Ownership) -> &'static str {
    match ownership {
        Ownership::Responder => "whoever acknowledged",
        Ownership::Reporter => "the rep, also after somebody else has acknowledged",
    }
}

pub(super) fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Customer => "one case for each customer",
        Scope::Everyone => "one case that everybody with the same trouble joins",
    }
}

/// "30 min", with in whose hours, and how many have to answer.
pub(super) fn within(rung: &Rung) -> String {
    let hours = rung.calendar.as_ref().map(|calendar| format!(" in the hours of {}", calendar.id)).unwrap_or_default();
    let acks = if rung.required_acks > 1 { format!(", {} people", rung.required_acks) } else { String::new() };
    format!("{}{hours}{acks}", length(rung.respond_within))
}

pub(super) fn team<'p>(rung: &'p Rung, procedure: &'p Procedure) -> &'p str {
    procedure.team(&rung.team).map_or(rung.team.0.as_str(), |team| team.name.as_str())
}

/// "Team leads 15 min → Managers 30 min, 2 rounds → last resort Managers 30 min, again and again".
pub(super) fn ladder(plan: &Plan, procedure: &Procedure) -> String {
    let rung = |rung: &Rung| format!("{} {}", team(rung, procedure), within(rung));
    let rungs: Vec<String> = plan.rungs.iter().map(rung).collect();
    let rounds = if plan.repeat == 0 { String::new() } else { format!(", {} rounds", plan.repeat + 1) };
    format!("{}{rounds} → last resort {}, again and again", rungs.join(" → "), rung(&plan.catch_all))
}

/// "a reply within 1 h · the solution within 2 d, in the hours of office; warned at 50 % and 80 %".
pub(super) fn clocks(limits: &Limits) -> String {
    let limit = |kind: ClockKind, time: TimeDelta| {
        let what = match kind {
            ClockKind::Acknowledge => "an answer",
            ClockKind::FirstReply => "a reply to the customer",
            ClockKind::Update => "the next word to the customer",
            ClockKind::Resolve => "the solution",
            ClockKind::TimeInTier => "on from a team",
        };
        format!("{what} within {}", length(time))
    };
    let said: Vec<String> = limits.limits.iter().map(|it| limit(it.clock, it.within)).collect();
    let hours = limits.calendar.as_ref().map(|it| format!(", in the hours of {}", it.id)).unwrap_or_default();
    let warned: Vec<String> = limits.warn_at_percent.iter().map(|percent| format!("{percent} %")).collect();
    let warned = if warned.is_empty() { String::new() } else { format!("; warned at {}", warned.join(" and ")) };
    format!("{}{hours}{warned}", said.join(" · "))
}

/// What an answer has to be, where that is more than text.
pub(super) fn answer(kind: &AnswerKind) -> String {
    match kind {
        AnswerKind::Short | AnswerKind::Long => String::new(),
        AnswerKind::Number => "a number".to_owned(),
        AnswerKind::Money => "an amount with its currency".to_owned(),
        AnswerKind::Date => "a date, as 2026-03-02".to_owned(),
        AnswerKind::Link => "a link".to_owned(),
        AnswerKind::Choice { choices } => choices.join(" / "),
    }
}

/// When an answer is needed.
pub(super) fn need(field: &Field) -> String {
    match field.need {
        Need::Now => "at once".to_owned(),
        Need::Owed => format!("within {}", length(field.owed_within)),
        Need::Optional => "if known".to_owned(),
    }
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

fn day(day: Weekday) -> &'static str {
    DAYS[day.num_days_from_monday() as usize]
}

/// "Mon–Thu 09:00–17:30 · Fri 09:00–12:00, 13:00–16:00": neighbours with the same hours together.
pub(super) fn week(calendar: &Calendar) -> String {
    if calendar.is_always_open() {
        return "around the clock".to_owned();
    }
    let mut said: Vec<String> = Vec::new();
    let week = calendar.week();
    let mut first = 0;
    while first < week.len() {
        let last = (first..week.len()).take_while(|at| week[*at] == week[first]).last().unwrap_or(first);
        if !week[first].is_empty() {
            let days = if first == last { DAYS[first].to_owned() } else { format!("{}–{}", DAYS[first], DAYS[last]) };
            said.push(format!("{days} {}", week[first].iter().copied().map(hours).collect::<Vec<_>>().join(", ")));
        }
        first = last + 1;
    }
    if said.is_empty() { "never".to_owned() } else { said.join(" · ") }
}

fn hours(hours: Hours) -> String {
    let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    format!("{}–{}", time(hours.from), time(hours.to))
}

/// The dates that are closed after a day: at most so many, and how many more.
pub(super) fn closed(calendar: &Calendar, now: DateTime<Utc>, shown: usize) -> Vec<String> {
    let today = now.with_timezone(&calendar.zone).date_naive();
    let closed: Vec<String> = calendar
        .closed()
        .filter(|holiday| holiday.yearly || holiday.on >= today)
        .map(|holiday| {
            let whole = holiday.hours == Hours::WHOLE_DAY;
            let part = if whole { String::new() } else { format!(" {}", hours(holiday.hours)) };
            let date =
                if holiday.yearly { holiday.on.format("%-d %b, every year") } else { holiday.on.format("%Y-%m-%d") };
            format!("{date}{part}")
        })
        .collect();
    let more = closed.len().saturating_sub(shown);
    let more = (more > 0).then(|| format!("and {more} more"));
    closed.into_iter().take(shown).chain(more).collect()
}

fn person<'p>(id: &'p PersonId, procedure: &'p Procedure) -> &'p str {
    procedure.person(id).map_or(id.as_str(), |person| person.name.as_str())
}

/// Who takes turns, how long, and when they are handed over.
pub(super) fn layer(layer: &Layer, procedure: &Procedure) -> String {
    let people: Vec<&str> = layer.rotation.people.iter().map(|id| person(id, procedure)).collect();
    let start = layer.rotation.start;
    let clock = start.format("%H:%M");
    let (turn, handover) = match layer.rotation.every {
        Every::WEEK => ("a week".to_owned(), format!("{} {clock}", start.format("%a"))),
        Every::DAY => ("a day".to_owned(), clock.to_string()),
        Every::Hours(hours) if hours % 168 == 0 => {
            (format!("{} weeks", hours / 168), format!("{} {clock}", start.format("%a")))
        }
        Every::Hours(hours) if hours % 24 == 0 => (format!("{} days", hours / 24), clock.to_string()),
        Every::Hours(1) => ("an hour".to_owned(), format!("{} past", start.minute())),
        Every::Hours(hours) => (format!("{hours} hours"), format!("from {clock} on")),
        Every::Months(1) => ("a month".to_owned(), format!("on day {} at {clock}", start.format("%-d"))),
        Every::Months(months) => (format!("{months} months"), format!("on day {} at {clock}", start.format("%-d"))),
    };
    let who = match people.as_slice() {
        [alone] => format!("{alone} alone"),
        people => format!("{} in turn, {turn} each, handed over {handover}", people.join(", ")),
    };
    let only: Vec<String> = layer.only.iter().map(window).collect();
    let only = if only.is_empty() { String::new() } else { format!(", only {}", only.join(", ")) };
    format!("{who}{only}, from {} on", start.format("%Y-%m-%d"))
}

fn window(window: &Window) -> String {
    let days = match (window.first, window.last) {
        (first, last) if first == last => day(first).to_owned(),
        (first, last) => format!("{}–{}", day(first), day(last)),
    };
    format!("{days} {}–{}", window.from.format("%H:%M"), window.to.format("%H:%M"))
}

/// What is otherwise for a while, as far as it is not over.
pub(super) fn changes(rota: &Rota, procedure: &Procedure, now: DateTime<Utc>) -> Vec<String> {
    let time = |at: DateTime<Utc>| instant(at, rota.zone);
    let overrides = rota.overrides.iter().filter(|change| change.span.to > now).map(|change| {
        let instead = change.covers.as_ref().map(|who| format!(" instead of {}", person(who, procedure)));
        let instead = instead.unwrap_or_default();
        let who = person(&change.person, procedure);
        format!("{who}{instead} from {} to {}", time(change.span.from), time(change.span.to))
    });
    let away = rota.away.iter().filter(|away| away.span.to > now).map(|away| {
        format!("{} is away from {} to {}", person(&away.person, procedure), time(away.span.from), time(away.span.to))
    });
    overrides.chain(away).collect()
}

pub(super) fn instant(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
}
