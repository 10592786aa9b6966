//! What templates can do with facts. Everything else that they write is escaped.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::DateTime;
use chrono_tz::Tz;
use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind};

use crate::sop::escalation::EscalationId;
use crate::sop::message::{PersonId, PlaceId, TicketRef};
use crate::sop::team::Team;
use crate::words::{Language, Markup};

/// Adds the filters, and the formatter that escapes what no filter made safe.
pub(crate) fn add(env: &mut Environment<'static>, language: Language, markup: Markup, teams: &[Team]) {
    let markup = Arc::new(markup);
    let names: Arc<BTreeMap<String, String>> =
        Arc::new(teams.iter().map(|team| (team.id.to_string(), team.name.clone())).collect());

    let escape = markup.escape;
    env.set_formatter(move |out, _state, value| {
        let written = match value.as_str() {
            _ if value.is_undefined() => return Err(Error::from(ErrorKind::UndefinedError)),
            Some(text) if value.is_safe() => out.write_str(text),
            Some(text) => out.write_str(&escape(text)),
            None if value.is_none() => Ok(()),
            None if matches!(value.kind(), ValueKind::Number | ValueKind::Bool) => write!(out, "{value}"),
            None => out.write_str(&escape(&value.to_string())),
        };
        written.map_err(|_| Error::from(ErrorKind::WriteFailure))
    });

    let plain = markup.plain;
    env.add_filter("plain", move |value: Value| -> Result<Value, Error> {
        Ok(Value::from_safe_string(plain(text(&value, "a text")?)))
    });
    let at_home = markup.person;
    let person = move |value: &Value| -> Result<String, Error> {
        let id = value.get_attr("id")?;
        let id = text(&id, "a person's id")?;
        // Whoever is known from a ticket only has no id on the platform.
        if PersonId::from(id).is_of_ticket() { name(value, escape) } else { Ok(at_home(id)) }
    };
    env.add_filter("person", move |value: Value| person(&value).map(Value::from_safe_string));
    env.add_filter("people", move |people: Vec<Value>| -> Result<Value, Error> {
        let written: Vec<String> = people.iter().map(&person).collect::<Result<_, _>>()?;
        Ok(Value::from_safe_string(written.join(", ")))
    });
    env.add_test("in_chat", |id: String| !PersonId::from(id).is_of_ticket());
    let place = markup.place;
    env.add_filter("place", move |id: String| match PlaceId::from(id.as_str()).ticket() {
        Some(TicketRef { system, id, .. }) => Value::from(format!("{system} {id}")),
        None => Value::from_safe_string(place(&id)),
    });
    let when = markup.when;
    env.add_filter("when", move |at: Value| instant(&at).map(|at| Value::from_safe_string(when(at))));
    let clock = markup.clock;
    env.add_filter("clock", move |at: Value| instant(&at).map(|at| Value::from_safe_string(clock(at))));
    let countdown = markup.countdown;
    env.add_filter("countdown", move |at: Value| instant(&at).map(|at| Value::from_safe_string(countdown(at))));
    env.add_filter("link", move |message: String, place: String| {
        // What was said in a ticket has no address of its own.
        let is_in_chat = PlaceId::from(place.as_str()).ticket().is_none();
        let link = is_in_chat.then(|| (markup.link)(&markup.home, &place, &message));
        Value::from_safe_string(link.unwrap_or_default())
    });
    env.add_filter("url", |address: String| -> Result<Value, Error> {
        // Only an address that a configured pattern recognised comes here; this keeps it one even so.
        let harmless = address.starts_with("https://") && !address.contains([')', '>', ' ', '\n', '<', '"']);
        let address = if harmless { address } else { String::new() };
        Ok(Value::from_safe_string(address))
    });
    env.add_filter("case", |number: u32| EscalationId(number).to_string());
    env.add_filter("span", move |minutes: i64| language.span(minutes));
    env.add_filter("lasting", move |seconds: i64| language.span((seconds + 30) / 60));
    env.add_filter("local", |at: Value, zone: &str| -> Result<String, Error> {
        let zone: Tz = zone.parse().map_err(|_| Error::new(ErrorKind::InvalidOperation, "a zone was expected"))?;
        let at = DateTime::from_timestamp(instant(&at)?, 0).unwrap_or_default();
        Ok(at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string())
    });
    env.add_filter("strength", |strength: f64| format!("{strength:.2}"));
    env.add_filter("percent", |share: f64| format!("{:.0} %", share * 100.0));
    // `2 | plural` is what most words end in, `2 | plural("Fall", "Fälle")` one of two words.
    env.add_filter("plural", move |count: i64, one: Option<String>, more: Option<String>| {
        if language.is_singular(count) { one.unwrap_or_default() } else { more.unwrap_or_else(|| "s".to_owned()) }
    });
    let known = Arc::clone(&names);
    env.add_filter("team", move |id: String| known.get(&id).cloned().unwrap_or(id));
    env.add_filter("teams", move |ids: Vec<String>| {
        let listed: Vec<String> = ids.into_iter().map(|id| names.get(&id).cloned().unwrap_or(id)).collect();
        listed.join(", ")
    });
}

/// Seconds since 1970 from a number, or from a date as facts write it (RFC 3339).
fn instant(value: &Value) -> Result<i64, Error> {
    if let Ok(seconds) = i64::try_from(value.clone()) {
        return Ok(seconds);
    }
    let written = text(value, "an instant")?;
    let at = DateTime::parse_from_rfc3339(written);
    at.map(|at| at.timestamp()).map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
}

fn name(person: &Value, escape: fn(&str) -> String) -> Result<String, Error> {
    let name = person.get_attr("name")?;
    Ok(escape(text(&name, "a person's name")?))
}

fn text<'v>(value: &'v Value, what: &str) -> Result<&'v str, Error> {
    value.as_str().ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("{what} was expected")))
}
