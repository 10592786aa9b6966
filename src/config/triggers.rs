//! `[[triggers]]`: what fires, how severe it is, and whom it goes to.

use std::sync::Arc;

use super::information::required;
use super::procedure::{Names, each_with_id, known};
use super::raw::{Item, Table, Wrong, did_you_mean, wrong};
use super::values;
use crate::sop::guidance::Guidance;
use crate::sop::signal::Currency;
use crate::sop::team::{Plan, Severity, Team, TeamId};
use crate::sop::trigger::{Condition, Mode, Ownership, Scope, TicketField, TicketTest, Trigger};

pub(super) const MODES: [(&str, Mode); 3] = [("off", Mode::Off), ("watch", Mode::Watch), ("live", Mode::Live)];
pub(super) const OWNERSHIPS: [(&str, Ownership); 2] =
    [("responder", Ownership::Responder), ("reporter", Ownership::Reporter)];
pub(super) const SCOPES: [(&str, Scope); 2] = [("customer", Scope::Customer), ("everyone", Scope::Everyone)];

/// The triggers in the order of the config.
pub(super) fn triggers(
    document: &Table<'_>,
    names: &Names,
    teams: &[Team],
    plans: &[Arc<Plan>],
    asked: &Guidance,
) -> Vec<Trigger> {
    each_with_id(document, "triggers", |table, id| trigger(table, id, names, teams, plans, asked))
}

fn trigger(
    table: Table<'_>,
    id: Option<String>,
    names: &Names,
    teams: &[Team],
    plans: &[Arc<Plan>],
    asked: &Guidance,
) -> Option<Trigger> {
    let name = table.need("name", "the name on cards: name = \"Legal threat\"").and_then(|it| it.read(values::name));
    let severity = table.choice("severity", None, &Severity::ALL.map(|severity| (severity.name(), severity)));
    let plan_item = table.need("plan", "name one of [[plans]]");
    let plan = plan_item.as_ref().and_then(|item| names.plan(item));
    let plan = plan.and_then(|id| plans.iter().find(|plan| plan.id == id));
    let condition = table.need("when", WHEN_HINT).and_then(|item| condition(&item, names));
    let mode = table.choice("mode", Some(Mode::Live), &MODES);
    let confidential = table.flag("confidential", false);
    let ownership = table.choice("ownership", Some(Ownership::Responder), &OWNERSHIPS);
    let scope = table.choice("scope", Some(Scope::Customer), &SCOPES);
    let exclusive_with = match table.get("exclusive_with") {
        Some(item) => excluded(&item, id.as_deref(), names),
        None => Some(Vec::new()),
    };
    let required = match table.get("required") {
        Some(item) => required(&item, names, &asked.information),
        None => Some(asked.by_default.clone()),
    };
    let example = match table.get("example") {
        Some(item) => item.read(example).map(Some),
        None => Some(None),
    };
    table.close();
    if let (Some(item), Some(plan), Some(true)) = (&plan_item, plan, confidential) {
        note_uncleared(item, plan, teams);
    }
    let (plan, confidential, exclusive_with) = (plan?.clone(), confidential?, exclusive_with?);
    let (mode, severity, ownership, scope) = (mode?, severity?, ownership?, scope?);
    let (id, name, condition, required, example) = (id?, name?, condition?, required?, example?);
    Some(Trigger {
        id,
        name,
        mode,
        severity,
        condition,
        plan,
        confidential,
        ownership,
        scope,
        exclusive_with,
        required,
        example,
    })
}

/// Longest example, in characters: a few sentences.
const EXAMPLE_MAX_CHARS: usize = 300;

fn example(text: &str) -> Result<String, Wrong> {
    if text.trim().is_empty() || text.chars().count() > EXAMPLE_MAX_CHARS {
        let hint = format!("write what a customer would, in 1 to {EXAMPLE_MAX_CHARS} characters, or delete the key");
        return Err(wrong("not an example", hint));
    }
    Ok(text.trim().to_owned())
}

/// Ids of other triggers.
fn excluded(item: &Item<'_>, own: Option<&str>, names: &Names) -> Option<Vec<String>> {
    let other = |id: &str| match known("trigger", id, &names.triggers)? {
        id if Some(id.as_str()) == own => Err(wrong("a trigger cannot exclude itself", "name another trigger")),
        id => Ok(id),
    };
    item.each(|item| item.read(other))
}

/// Whoever can be paged about a confidential case reads it, so all of them must be cleared.
fn note_uncleared(item: &Item<'_>, plan: &Plan, teams: &[Team]) {
    let open = |id: &TeamId| teams.iter().find(|team| team.id == *id && !team.cleared);
    let mut uncleared: Vec<&str> = plan.teams().filter_map(open).map(|team| team.id.0.as_str()).collect();
    uncleared.dedup();
    if !uncleared.is_empty() {
        let what = format!("confidential, but the plan reaches teams that are not cleared: {}", uncleared.join(", "));
        item.note(wrong(what, "close the team's channel and set cleared = true, or choose another plan or catch-all"));
    }
}

const WHEN_HINT: &str = "say when it fires: when = { signal = \"legal\", at_least = 0.5 }";

/// The keys that make a condition; exactly one stands in each table.
pub(super) const CONDITIONS: [&str; 12] = [
    "signal",
    "amount_over",
    "contacts",
    "customers",
    "channel",
    "language",
    "ticket",
    "tag",
    "waits",
    "all",
    "any",
    "not",
];

fn condition(item: &Item<'_>, names: &Names) -> Option<Condition> {
    let table = item.table()?;
    let given: Vec<(&str, Item<'_>)> =
        CONDITIONS.into_iter().filter_map(|name| Some((name, table.get(name)?))).collect();
    let condition = match given.as_slice() {
        [(name, value)] => one_condition(name, value, &table, names),
        [] => {
            let hint = format!("write one of {}", CONDITIONS.join(", "));
            table.refuse(wrong("no condition, so it would never fire", hint))
        }
        [(first, _), (second, _), ..] => {
            let hint = "put each in brackets of its own: all = [{ … }, { … }] or any = [{ … }, { … }]";
            table.refuse(wrong(format!("`{first}` and `{second}` in one condition"), hint))
        }
    };
    table.close();
    condition
}

fn one_condition(name: &str, value: &Item<'_>, table: &Table<'_>, names: &Names) -> Option<Condition> {
    match name {
        "signal" => {
            let kind = value.read(|name| names.kind(name));
            let at_least = table.need("at_least", "the strength from which on it fires, 0 to 1: at_least = 0.5");
            let at_least = at_least.and_then(|item| threshold(&item));
            Some(Condition::Signal { kind: kind?, at_least: at_least? })
        }
        "amount_over" => {
            let (over, currency) = value.read(|text| {
                let (over, currency) = values::amount(text)?;
                Ok((over, known_currency(currency, names)?))
            })?;
            Some(Condition::Amount { over, currency })
        }
        "contacts" => {
            let at_least = at_least_two(value);
            let within = table.need("within", WITHIN_HINT).and_then(|item| item.read(values::duration));
            Some(Condition::Contacts { at_least: at_least?, within: within? })
        }
        "customers" => {
            let at_least = at_least_two(value);
            let kind = table.need("of", "the kind of trouble they share: of = \"outage\"");
            let kind = kind.and_then(|item| item.read(|name| names.kind(name)));
            let within = table.need("within", WITHIN_HINT).and_then(|item| item.read(values::duration));
            let unusual = table.flag("unusual", true);
            Some(Condition::Customers { kind: kind?, at_least: at_least?, within: within?, unusual: unusual? })
        }
        "channel" => {
            let places = super::snowflakes(value)?;
            Some(Condition::Places(places.iter().map(|place| place.to_string().into()).collect()))
        }
        "language" => value.read(values::language).map(Condition::Language),
        "ticket" => ticket(value, table),
        "tag" => tags(value),
        "waits" => value.read(values::duration).map(Condition::Waits),
        "all" => parts(value, names).map(Condition::All),
        "any" => parts(value, names).map(Condition::Any),
        _ => condition(value, names).map(|part| Condition::Not(Box::new(part))),
    }
}

/// A field of the ticket, and what it has to be.
fn ticket(value: &Item<'_>, table: &Table<'_>) -> Option<Condition> {
    let field = value.read(|name| {
        let found = TicketField::ALL.into_iter().find(|field| field.name() == name);
        let names = TicketField::ALL.map(TicketField::name);
        found.ok_or_else(|| wrong(format!("tickets have no field \"{name}\""), did_you_mean(name, names)))
    });
    let test = match (table.get("equals"), table.get("contains")) {
        (Some(item), None) => item.read(values::name).map(TicketTest::Equals),
        (None, Some(item)) => item.read(values::name).map(TicketTest::Contains),
        _ => table.refuse(wrong("what is the field to be?", "write either equals = \"…\" or contains = \"…\"")),
    };
    Some(Condition::Ticket { field: field?, test: test? })
}

/// One of these tags.
fn tags(item: &Item<'_>) -> Option<Condition> {
    let tags = item.each(|item| item.read(values::name))?;
    if tags.is_empty() {
        return item.refuse(wrong("no tag, so it would never fire", "list at least one: tag = [\"billing\"]"));
    }
    let one = |tag| Condition::Ticket { field: TicketField::Tag, test: TicketTest::Equals(tag) };
    Some(Condition::Any(tags.into_iter().map(one).collect()))
}

const WITHIN_HINT: &str = "the time that is looked back: within = \"30d\"";

fn parts(item: &Item<'_>, names: &Names) -> Option<Vec<Condition>> {
    let parts = item.each(|part| condition(part, names))?;
    if parts.is_empty() {
        return item.refuse(wrong("nothing to combine", "list at least one condition in its own brackets: [{ … }]"));
    }
    Some(parts)
}

/// A strength of 0 is reached by every message.
fn threshold(item: &Item<'_>) -> Option<f64> {
    match item.share()? {
        share if share > 0.0 => Some(share),
        _ => item.refuse(wrong("every message is at least 0", "write a threshold above 0: 0.5 is a usual one")),
    }
}

/// One contact, or one customer, is every message.
fn at_least_two(item: &Item<'_>) -> Option<u32> {
    match item.count()? {
        0 | 1 => item.refuse(wrong("fewer than 2 is every message", "count from 2 on; 3 is usual")),
        count => Some(count),
    }
}

fn known_currency(code: Currency, names: &Names) -> Result<Currency, Wrong> {
    if names.currencies.iter().any(|known| known == code.as_str()) {
        return Ok(code);
    }
    Err(wrong(format!("{code} has no rate"), format!("add it to [rates]: {code} = \"…\"")))
}
