//! What the prover finds in a procedure, told to its author: each finding at its line, with what to do and an example.

use std::fmt;
use std::ops::Range;

use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Config;
use super::report::{Found, Report, Severity};
use crate::sop::calendar::Span;
use crate::sop::message::PlaceId;
use crate::sop::procedure::Procedure;
use crate::sop::prover::{self, Contradiction, Defect, Finding, Gravity, Happens, Moment, Place};
use crate::sop::trigger::{Condition, TicketTest};

/// What an author should know of a part of the config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The path of the part.
    pub key: String,
    /// A sentence without a full stop.
    pub what: String,
    /// What to do about it.
    pub hint: &'static str,
}

impl fmt::Display for Remark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.what)
    }
}

/// Everything that the author of a valid config should know, looked at over a span of time. `name` and `text` are the
/// config's; `errors` were found elsewhere.
pub fn judge(name: &str, text: &str, config: &Config, year: Span, errors: &[Remark]) -> Report {
    let Ok(document) = DeTable::parse(text) else { return Report::new(name, text, Vec::new()) };
    let words = Words { procedure: &config.procedure, document: document.get_ref() };
    let findings = findings(config, year);
    let mut found: Vec<Found> = findings.iter().map(|finding| words.found(finding)).collect();
    let remark = |remark: &Remark, severity| {
        let Remark { key, what, hint } = remark.clone();
        Found { span: words.span(&key), key, severity, what, hint: Some(hint.to_owned()), timeline: Vec::new() }
    };
    found.extend(config.warnings.iter().map(|it| remark(it, Severity::Warning)));
    found.extend(errors.iter().map(|it| remark(it, Severity::Error)));
    Report::new(name, text, found)
}

/// How many errors and how many warnings [`judge`] would tell.
pub fn weigh(config: &Config, year: Span) -> (usize, usize) {
    let findings = findings(config, year);
    let errors = findings.iter().filter(|finding| finding.gravity == Gravity::Error).count();
    (errors, findings.len() - errors + config.warnings.len())
}

fn findings(config: &Config, year: Span) -> Vec<Finding> {
    let watched: Vec<PlaceId> = config.discord.watch.iter().map(|id| id.to_string().into()).collect();
    prover::judge(&config.procedure, &watched, year)
}

/// Finds the words and the places for what the prover found.
struct Words<'t> {
    procedure: &'t Procedure,
    document: &'t DeTable<'t>,
}

impl Words<'_> {
    fn found(&self, finding: &Finding) -> Found {
        let key = self.key(&finding.place);
        let severity = match finding.gravity {
            Gravity::Error => Severity::Error,
            Gravity::Warning => Severity::Warning,
        };
        let (what, hint) = sentence(&finding.defect);
        let timeline = finding.timeline.iter().map(|moment| self.moment(moment, finding.zone)).collect();
        Found { span: self.span(&key), key, severity, what, hint: Some(hint), timeline }
    }

    /// The path of a part of the procedure.
    fn key(&self, place: &Place) -> String {
        match place {
            Place::Rota(index) => format!("rotas[{index}]"),
            Place::Calendar(index) => format!("calendars[{index}]"),
            Place::Ladder { plan } => format!("{}.rungs", self.plan(plan)),
            Place::Rung { plan, index } => format!("{}.rungs[{index}].respond_within", self.plan(plan)),
            Place::CatchAll => "catch_all.respond_within".to_owned(),
            Place::PlanOf(trigger) => format!("triggers[{trigger}].plan"),
            Place::When(trigger) => format!("triggers[{trigger}].when"),
            Place::Alternative { trigger, index } => format!("triggers[{trigger}].when.any[{index}]"),
        }
    }

    fn plan(&self, id: &str) -> String {
        let plans = self.document.get("plans").and_then(|plans| plans.get_ref().as_array());
        let has_id = |plan: &Spanned<DeValue<'_>>| {
            let plan = plan.get_ref().as_table().and_then(|plan| plan.get("id"));
            plan.and_then(|it| it.get_ref().as_str()) == Some(id)
        };
        let index = plans.and_then(|plans| plans.iter().position(has_id)).unwrap_or_default();
        format!("plans[{index}]")
    }

    /// Where a path of keys and indexes leads, as far as it can be followed.
    fn span(&self, path: &str) -> Range<usize> {
        let mut span = 0..0;
        let mut table = Some(self.document);
        for part in path.split('.') {
            let (name, index) = part.trim_end_matches(']').split_once('[').unwrap_or((part, ""));
            let Some(mut value) = table.and_then(|table| table.get(name)) else { break };
            span = value.span();
            if let Some(item) = index.parse().ok().and_then(|index: usize| value.get_ref().as_array()?.get(index)) {
                value = item;
                span = value.span();
            }
            table = value.get_ref().as_table();
        }
        span
    }

    fn moment(&self, moment: &Moment, zone: Tz) -> String {
        let happens = match &moment.happens {
            Happens::Fires => "a case comes up".to_owned(),
            Happens::NobodyOnCall(team) => format!("{team}: nobody is on call"),
            Happens::PagedOffDuty(team) => {
                format!("{team}, the last resort, is paged as a whole: nobody of it is on call")
            }
            Happens::PagedLast(team) => format!("{team}, the last resort, is paged"),
            Happens::PagedClosed { team, calendar } => format!("{team} is paged: {calendar} is closed"),
            Happens::Delivered(team) => format!("{team} is paged"),
            Happens::Opens { calendar } => format!("{calendar} opens"),
            Happens::AnswerDue(team) => format!("the answer of {team} is due"),
            Happens::BackOnCall { team, person } => {
                let name = self.procedure.person(person).map_or("somebody", |person| person.name.as_str());
                format!("{team}: {name} is on call")
            }
            Happens::StillNobody(team) => format!("{team}: still nobody, and no further was looked"),
        };
        format!("{}  {happens}", time(moment.at, zone))
    }
}

/// What is so, and what to do about it.
fn sentence(defect: &Defect) -> (String, String) {
    let (what, hint) = match defect {
        Defect::Gap { team, times, length, is_last } => {
            let (times, length) = (often(*times), span(*length));
            if *is_last {
                let what = format!("nobody of {team}, the last resort, is on call {times}, {length} in all");
                (what, "all of it is paged then; add a layer without `only`, or a catch_all team without a rota")
            } else {
                let what = format!("nobody of {team} is on call {times}, {length} in all");
                (what, "the next rung is paged at once then; add a layer below, or somebody who covers")
            }
        }
        Defect::OnlyCatchAll { plan, times } => (
            format!("the plan {plan} finds nobody on call {}, and pages the last resort at once", often(*times)),
            "close the gaps of one of its rotas, or add a rung whose team has none",
        ),
        Defect::Nobody { plan, times } => (
            format!("the plan {plan} finds nobody on call {}, not even in the last resort", often(*times)),
            "close the gaps of the catch-all's rota, or name a team without a rota as catch_all",
        ),
        Defect::Waits { severity, calendar, wait } => (
            format!("a {severity} case can wait {} for the hours of {calendar}", span(*wait)),
            "nobody else is paged meanwhile; take the calendar off the rung, or put a team with a rota before it",
        ),
        Defect::NeverOpen { calendar } => (
            format!("the calendar {calendar} has no minute of work in a year"),
            "its clocks would stand still; look at its days and its holidays",
        ),
        Defect::Late { within, wait: Some(wait) } => (
            format!("an answer within {} can be due after {}", span(*within), span(*wait)),
            "shorten the time, add hours to the calendar, or count the time around the clock",
        ),
        Defect::Late { within, wait: None } => (
            format!("the calendar does not open for {} in ten years", span(*within)),
            "the time would be counted around the clock; shorten it, or add hours to the calendar",
        ),
        Defect::NeverHolds(why) => return never(why),
        Defect::AlwaysHolds => {
            ("this holds for every message".to_owned(), "ask for something that not every message has")
        }
        Defect::Silenced { by } => (
            format!("it never fires: {by} fires whenever this holds, and silences it"),
            "take it out of the other's exclusive_with, or ask for something that the other does not",
        ),
        Defect::Shadowed { by } => (
            format!("it changes nothing: {by} fires whenever this holds, with the same plan, and leads the case"),
            "delete it, give it a plan of its own, or make it more severe",
        ),
        Defect::Unwatched(place) => (
            format!("the channel {} is not in discord.watch", place.as_str()),
            "what is written there is not read, unless it is a thread in a watched channel; add it to watch",
        ),
    };
    (what, hint.to_owned())
}

/// Why a condition cannot hold, and what to do about it.
fn never(why: &Contradiction) -> (String, String) {
    match why {
        Contradiction::NoTerm(kind) => (
            format!("it never holds: no term shows {kind}"),
            format!("add one that is live: [[terms]] term = \"…\", kind = \"{kind}\", weight = 0.8"),
        ),
        Contradiction::NoLanguage(language) => (
            format!("it never holds: there are no terms in the language {language}, so nothing is read in it"),
            "choose a language that has terms: en, es, de, fr, nl, pt".to_owned(),
        ),
        Contradiction::Between(one, other) => {
            let literal = |(leaf, wanted): &(Condition, bool)| match wanted {
                true => format!("`{}`", as_written(leaf)),
                false => format!("not `{}`", as_written(leaf)),
            };
            let what = format!("it never holds: {} excludes {}", literal(one), literal(other));
            (what, "one of the two has to go, or both go into `any`".to_owned())
        }
    }
}

/// A leaf of a condition as the config writes it.
fn as_written(leaf: &Condition) -> String {
    match leaf {
        Condition::Signal { kind, at_least } => format!("signal = \"{kind}\", at_least = {at_least}"),
        Condition::Amount { over, currency } => format!("amount_over = \"{over} {currency}\""),
        Condition::Contacts { at_least, within } => format!("contacts = {at_least}, within = \"{}\"", span(*within)),
        Condition::Customers { kind, at_least, within, .. } => {
            format!("customers = {at_least}, of = \"{kind}\", within = \"{}\"", span(*within))
        }
        Condition::Places(places) => {
            let places: Vec<String> = places.iter().map(|place| format!("\"{}\"", place.as_str())).collect();
            format!("channel = [{}]", places.join(", "))
        }
        Condition::Language(language) => format!("language = \"{language}\""),
        Condition::Ticket { field, test } => {
            let (how, value) = match test {
                TicketTest::Equals(value) => ("equals", value),
                TicketTest::Contains(value) => ("contains", value),
            };
            format!("ticket = \"{}\", {how} = \"{value}\"", field.name())
        }
        Condition::Waits(length) => format!("waits = \"{}\"", span(*length)),
        Condition::All(_) => "all".to_owned(),
        Condition::Any(_) => "any".to_owned(),
        Condition::Not(_) => "not".to_owned(),
    }
}

fn often(times: usize) -> String {
    if times == 1 { "once in the year".to_owned() } else { format!("{times} times in the year") }
}

/// "65d 3h", "30m": days, hours and minutes, and seconds where there is nothing else.
pub(crate) fn span(length: TimeDelta) -> String {
    let seconds = length.num_seconds();
    let parts = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "m")];
    let told: Vec<String> = parts.iter().filter(|part| part.0 > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if told.is_empty() { format!("{seconds}s") } else { told.join(" ") }
}

/// "Sat 2026-11-28 02:00 CET".
fn time(at: DateTime<chrono::Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%a %Y-%m-%d %H:%M %Z").to_string()
}

#[cfg(test)]
mod tests;
