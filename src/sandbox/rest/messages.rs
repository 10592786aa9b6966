//! Messages of the bot with its own token.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::check::{self, Purpose};
use super::super::interactions::without_token;
use super::super::mentions::{Allowed, id};
use super::super::messages::{Draft, Message, is_empty};
use super::super::objects::merge;
use super::super::permissions::{self, Bits};
use super::super::seen::Seen;
use super::super::state::{Kind, State};
use super::{Answer, Call, Outcome, Refused};

/// How long Discord recognises an `enforce_nonce` ("a few minutes").
const NONCE_WINDOW: Duration = Duration::from_mins(5);
/// Nonces remembered per channel.
const NONCES_KEPT: usize = 1_000;
/// The most messages one call reads.
const PAGE: usize = 100;

pub(super) fn post(state: &mut State, place: u64, call: &Call) -> Outcome {
    writable(state, place, &call.body)?;
    Refused::unless_fine(&check::message(&call.body, Purpose::Post))?;
    if call.body.get("nonce").is_none() || call.body["enforce_nonce"] != true {
        state.record.violation(format!("POST {}: without nonce and enforce_nonce it may be posted twice", call.path));
    }
    if let Some(first) = used_nonce(state, place, &call.body["nonce"]) {
        return Answer::ok(first);
    }
    let body = with_files(state, call, &call.body, None)?;
    if is_empty(&body) {
        return Err(Refused::EMPTY_MESSAGE.violating("an empty message"));
    }
    let (author, allowed) = (state.bot, allowed(state, call, Allowed::everything()));
    let posted = state.post(&Draft { place, author, body: &body, allowed, only_for: None, via: None, kind: 0 });
    if let Some(place) = state.places.get_mut(&place).filter(|_| call.body["enforce_nonce"] == true) {
        if place.nonces.len() == NONCES_KEPT {
            place.nonces.pop_front();
        }
        place.nonces.push_back((author, call.body["nonce"].clone(), Instant::now(), posted.id));
    }
    let mut answer = posted.message.as_ref().clone();
    answer["nonce"] = call.body["nonce"].clone();
    state.record.seen(Seen::Posted {
        channel: place,
        message: posted.message,
        pinged: posted.pings.people,
        pinged_roles: posted.pings.roles,
        at: Instant::now(),
    });
    Answer::ok(answer)
}

/// The message that the bot posted here with the same nonce not long ago.
fn used_nonce(state: &State, place: u64, nonce: &Value) -> Option<Value> {
    if nonce.is_null() {
        return None;
    }
    let place = &state.places[&place];
    let (.., first) = place
        .nonces
        .iter()
        .find(|(author, used, at, _)| *author == state.bot && used == nonce && at.elapsed() < NONCE_WINDOW)?;
    let mut message = place.messages.get(first)?.json.as_ref().clone();
    message["nonce"] = nonce.clone();
    Some(message)
}

pub(super) fn edit(state: &mut State, place: u64, message: u64, call: &Call) -> Outcome {
    readable(state, place, permissions::VIEW_CHANNEL)?;
    let old = own_reach(state, place, message)?;
    if old.author != state.bot {
        return Err(Refused::NOT_YOURS);
    }
    Refused::unless_fine(&check::message(&call.body, Purpose::Edit))?;
    if matches!(&state.places[&place].kind, Kind::Thread(thread) if thread.archived) {
        return Err(Refused::ARCHIVED);
    }
    let old = old.json.clone();
    let change = with_files(state, call, &call.body, Some(&old))?;
    let mut after = old.as_ref().clone();
    merge(&mut after, change.as_ref().clone());
    if is_empty(&after) {
        return Err(Refused::EMPTY_MESSAGE.violating("an edit that leaves an empty message"));
    }
    let allowed = allowed(state, call, Allowed::everything());
    let message = state.revise(place, message, &change, &allowed, false).ok_or(Refused::UNKNOWN_MESSAGE)?;
    let answer = message.as_ref().clone();
    state.record.seen(Seen::Edited { channel: place, message, at: Instant::now() });
    Answer::ok(answer)
}

pub(super) fn delete(state: &mut State, place: u64, message: u64) -> Outcome {
    readable(state, place, permissions::VIEW_CHANNEL)?;
    if own_reach(state, place, message)?.author != state.bot {
        readable(state, place, permissions::MANAGE_MESSAGES)?;
    }
    state.remove(place, message);
    state.record.seen(Seen::Deleted { channel: place, message, at: Instant::now() });
    Answer::nothing()
}

pub(super) fn get(state: &State, place: u64, message: u64) -> Outcome {
    readable(state, place, permissions::READ_MESSAGE_HISTORY)?;
    Answer::ok(as_read(state, own_reach(state, place, message)?))
}

/// Newest first, whichever way the page is cut.
pub(super) fn history(state: &State, place: u64, call: &Call) -> Outcome {
    readable(state, place, permissions::VIEW_CHANNEL)?;
    let number = |key: &str| call.query.get(key).and_then(|text| text.parse::<u64>().ok());
    let limit = number("limit").map_or(50, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    if !(1..=PAGE).contains(&limit) {
        let refused = Refused::new(axum::http::StatusCode::BAD_REQUEST, 50035, "Invalid Form Body");
        return Err(refused.violating("limit: int value should be between 1 and 100"));
    }
    // Without the permission there is no error, and nothing to read.
    if !state.may(state.bot, place, permissions::READ_MESSAGE_HISTORY) {
        return Answer::ok(json!([]));
    }
    let messages = &state.places[&place].messages;
    let public = |message: &&Message| message.only_for.is_none();
    let older = |than: u64, count: usize| messages.range(..than).rev().map(|(_, m)| m).filter(public).take(count);
    let newer = |from: u64, count: usize| messages.range(from..).map(|(_, m)| m).filter(public).take(count);
    let mut page: Vec<&Message>;
    if let Some(after) = number("after") {
        page = newer(after.saturating_add(1), limit).collect();
        page.reverse();
    } else if let Some(around) = number("around") {
        page = newer(around, limit - limit / 2).collect();
        page.reverse();
        page.extend(older(around, limit / 2));
    } else {
        page = older(number("before").unwrap_or(u64::MAX), limit).collect();
    }
    Answer::ok(page.into_iter().map(|message| as_read(state, message)).collect())
}

/// A message as REST shows it to the bot.
fn as_read(state: &State, message: &Message) -> Value {
    let mut json = message.json.as_ref().clone();
    if state.sessions.content_disallowed && message.author != state.bot {
        merge(&mut json, json!({"content": "", "embeds": [], "attachments": [], "components": []}));
    }
    json
}

/// A message that the bot's token reaches: an ephemeral one does not exist for it.
fn own_reach(state: &State, place: u64, message: u64) -> Result<&Message, Refused> {
    let found = state.places.get(&place).and_then(|place| place.messages.get(&message));
    found.filter(|message| message.only_for.is_none()).ok_or(Refused::UNKNOWN_MESSAGE)
}

/// The place exists, the bot sees it and may do `wanted` there.
pub(super) fn readable(state: &State, place: u64, wanted: Bits) -> Result<(), Refused> {
    if !state.places.contains_key(&place) {
        return Err(Refused::UNKNOWN_CHANNEL);
    }
    if !state.sees(state.bot, place) {
        return Err(Refused::MISSING_ACCESS);
    }
    if state.may(state.bot, place, wanted) { Ok(()) } else { Err(Refused::MISSING_PERMISSIONS) }
}

fn writable(state: &State, place: u64, body: &Value) -> Result<(), Refused> {
    let embeds = body["embeds"].as_array().is_some_and(|embeds| !embeds.is_empty());
    let wanted = permissions::SEND_MESSAGES | if embeds { permissions::EMBED_LINKS } else { 0 };
    readable(state, place, wanted)?;
    match &state.places[&place].kind {
        Kind::Direct(with) if state.faults.closed_to_direct.contains(with) => Err(Refused::NO_DIRECT_MESSAGES),
        Kind::Thread(thread) if thread.archived && thread.locked => {
            if state.may(state.bot, place, permissions::MANAGE_THREADS) { Ok(()) } else { Err(Refused::ARCHIVED) }
        }
        _ => Ok(()),
    }
}

/// What the body lets its text ping. Saying nothing is a violation: Discord's default is generous.
pub(super) fn allowed(state: &mut State, call: &Call, otherwise: Allowed) -> Allowed {
    let object = call.body.get("allowed_mentions").or_else(|| call.body["data"].get("allowed_mentions"));
    if let Some(object) = object.filter(|object| object.is_object()) {
        return Allowed::read(object);
    }
    let path = without_token(call.path);
    state.record.violation(format!("{} {path}: without allowed_mentions anything may ping", call.method));
    otherwise
}

/// The body with its attachments as Discord keeps them; on an edit, those of the `old` message may stay.
pub(super) fn with_files<'b>(
    state: &mut State,
    call: &Call,
    body: &'b Value,
    old: Option<&Value>,
) -> Result<Cow<'b, Value>, Refused> {
    if call.files.is_empty() && body.get("attachments").is_none() {
        return Ok(Cow::Borrowed(body));
    }
    let mut body = body.clone();
    state.attach(&mut body, &call.files, old).ok_or_else(Refused::missing_file)?;
    Ok(Cow::Owned(body))
}

/// The id of the person a body names.
pub(super) fn recipient(body: &Value) -> Option<u64> {
    id(&body["recipient_id"])
}
