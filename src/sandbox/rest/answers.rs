//! What the bot answers to interactions: callbacks, and messages on an interaction's token.

use std::sync::Arc;
use std::time::Instant;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::super::check::{self, Purpose};
use super::super::interactions::{
    FIRST_RESPONSE, Interaction, InteractionKind, Stage, TOKEN_LIFE, is_ephemeral, loaded,
};
use super::super::mentions::Allowed;
use super::super::messages::{Draft, EPHEMERAL, LOADING, Posted, is_empty};
use super::super::seen::{AnswerKind, Seen};
use super::super::state::State;
use super::messages::{allowed, with_files};
use super::{Answer, Call, Outcome, Refused};

/// The first response.
pub(super) fn callback(state: &mut State, id: u64, token: &str, call: &Call) -> Outcome {
    let interaction =
        state.interactions.get(&id).filter(|one| one.token == token).ok_or(Refused::UNKNOWN_INTERACTION)?;
    if !state.places.contains_key(&interaction.place) {
        return Err(Refused::UNKNOWN_CHANNEL);
    }
    match interaction.stage {
        Stage::Dead => return Err(Refused::UNKNOWN_INTERACTION),
        Stage::Waiting if interaction.opened.elapsed() > FIRST_RESPONSE => return Err(Refused::UNKNOWN_INTERACTION),
        Stage::Waiting => {}
        Stage::Deferred | Stage::Answered => return Err(Refused::ALREADY_ANSWERED),
    }
    Refused::unless_fine(&check::fields(&call.body, &["type", "data"]))?;
    let data = check::object_or_empty(call.body.get("data"));
    let who = Who::of(interaction);
    let seen = match (call.body["type"].as_u64(), who.kind) {
        (Some(4), kind) if kind != InteractionKind::Completion => reply(state, &who, &data, call)?,
        (Some(5), kind) if kind != InteractionKind::Completion => defer(state, &who, &data)?,
        (Some(6), InteractionKind::Component | InteractionKind::Form) if who.message.is_some() => {
            settle(state, &who, Stage::Answered, who.message);
            who.answer(AnswerKind::DeferredUpdate, Arc::new(Value::Null), false, Vec::new())
        }
        (Some(7), InteractionKind::Component | InteractionKind::Form) if who.message.is_some() => {
            update(state, &who, &data, call)?
        }
        (Some(8), InteractionKind::Completion) => {
            Refused::unless_fine(&check::choices(&data))?;
            give(state, &who, AnswerKind::Choices, data["choices"].clone())
        }
        (Some(9), InteractionKind::Command | InteractionKind::Component) => {
            Refused::unless_fine(&check::form(&data))?;
            open_form(state, &who, data)
        }
        (kind, what) => {
            let refused = Refused::new(StatusCode::BAD_REQUEST, 50035, "Invalid Form Body");
            return Err(refused.violating(format!("a callback of type {kind:?} does not answer a {what:?}")));
        }
    };
    state.record.seen(seen);
    state.show("answered", Some(who.place), Some(who.user), || json!({"interaction": id.to_string()}));
    if call.query.get("with_response").is_some_and(|with| with == "true") {
        return Answer::ok(with_response(state, id, &call.body["type"]));
    }
    Answer::nothing()
}

/// The parts of an interaction that its answers need.
struct Who {
    id: u64,
    kind: InteractionKind,
    user: u64,
    place: u64,
    message: Option<u64>,
    menu: bool,
}

impl Who {
    fn of(interaction: &Interaction) -> Self {
        let Interaction { id, kind, user, place, message, menu, .. } = *interaction;
        Self { id, kind, user, place, message: message.filter(|_| !menu), menu }
    }

    fn answer(&self, kind: AnswerKind, body: Arc<Value>, ephemeral: bool, pinged: Vec<u64>) -> Seen {
        let at = Instant::now();
        Seen::Answer { interaction: self.id, user: self.user, channel: self.place, kind, body, ephemeral, pinged, at }
    }

    /// The type of a message that answers this.
    fn message_type(&self) -> u8 {
        match self.kind {
            InteractionKind::Command if self.menu => 23,
            InteractionKind::Command => 20,
            _ => 0,
        }
    }
}

fn reply(state: &mut State, who: &Who, data: &Value, call: &Call) -> Result<Seen, Refused> {
    Refused::unless_fine(&check::message(data, Purpose::Answer))?;
    let body = with_files(state, call, data, None)?;
    if is_empty(&body) {
        return Err(Refused::EMPTY_MESSAGE.violating("an empty answer"));
    }
    let allowed = allowed(state, call, Allowed::users_only());
    let posted = post(state, who, &body, allowed);
    settle(state, who, Stage::Answered, Some(posted.id));
    Ok(who.answer(AnswerKind::Message, posted.message, is_ephemeral(data), posted.pings.people))
}

fn defer(state: &mut State, who: &Who, data: &Value) -> Result<Seen, Refused> {
    Refused::unless_fine(&check::message(data, Purpose::Answer))?;
    let flags = data["flags"].as_u64().unwrap_or(0);
    if flags & !EPHEMERAL != 0 {
        let refused = Refused::new(StatusCode::BAD_REQUEST, 50035, "Invalid Form Body");
        return Err(refused.violating("a deferral takes no flag but EPHEMERAL"));
    }
    let posted = post(state, who, &json!({"flags": flags | LOADING}), Allowed::users_only());
    settle(state, who, Stage::Deferred, Some(posted.id));
    Ok(who.answer(AnswerKind::Deferred, Arc::new(Value::Null), is_ephemeral(data), Vec::new()))
}

fn update(state: &mut State, who: &Who, data: &Value, call: &Call) -> Result<Seen, Refused> {
    Refused::unless_fine(&check::message(data, Purpose::Answer))?;
    let message = who.message.ok_or(Refused::UNKNOWN_MESSAGE)?;
    let old = state.message(who.place, message).ok_or(Refused::UNKNOWN_MESSAGE)?.json.clone();
    let change = with_files(state, call, data, Some(&old))?;
    let allowed = allowed(state, call, Allowed::users_only());
    let revised = state.revise(who.place, message, &change, &allowed, false).ok_or(Refused::UNKNOWN_MESSAGE)?;
    settle(state, who, Stage::Answered, Some(message));
    let ephemeral = is_ephemeral(&revised);
    Ok(who.answer(AnswerKind::Update, revised, ephemeral, Vec::new()))
}

fn open_form(state: &mut State, who: &Who, form: Value) -> Seen {
    let shown = json!({
        "interaction": who.id.to_string(), "custom_id": form["custom_id"], "title": form["title"],
        "components": form["components"], "channel_id": who.place.to_string(),
    });
    state.show("modal", Some(who.place), Some(who.user), || shown);
    give(state, who, AnswerKind::Modal, form)
}

fn give(state: &mut State, who: &Who, kind: AnswerKind, body: Value) -> Seen {
    let body = Arc::new(body);
    settle(state, who, Stage::Answered, None);
    if let Some(interaction) = state.interactions.get_mut(&who.id) {
        interaction.given = Some(body.clone());
    }
    who.answer(kind, body, true, Vec::new())
}

fn settle(state: &mut State, who: &Who, now: Stage, original: Option<u64>) {
    if let Some(interaction) = state.interactions.get_mut(&who.id) {
        interaction.stage = now;
        interaction.original = original;
    }
}

fn post(state: &mut State, who: &Who, body: &Value, allowed: Allowed) -> Posted {
    let only_for = is_ephemeral(body).then_some(who.user);
    let (author, via, kind) = (state.bot, Some(who.id), who.message_type());
    state.post(&Draft { place: who.place, author, body, allowed, only_for, via, kind })
}

fn with_response(state: &State, id: u64, kind: &Value) -> Value {
    let interaction = &state.interactions[&id];
    let original = interaction.original.map(|id| id.to_string());
    let message = interaction.original.and_then(|id| state.places[&interaction.place].messages.get(&id));
    json!({
        "interaction": {
            "id": id.to_string(), "type": interaction.kind.number(), "response_message_id": original,
            "response_message_loading": interaction.stage == Stage::Deferred,
            "response_message_ephemeral": message.is_some_and(|message| message.only_for.is_some()),
        },
        "resource": {"type": kind, "message": message.map(|message| message.json.as_ref())},
    })
}

// --- on the token, for a quarter of an hour ------------------------------------------------------------------------

/// A further message; after a deferral, the one that it promised.
pub(super) fn follow_up(state: &mut State, app: u64, token: &str, call: &Call) -> Outcome {
    let (who, before, original) = live(state, app, token)?;
    Refused::unless_fine(&check::message(&call.body, Purpose::Answer))?;
    if let (Stage::Deferred, Some(original)) = (before, original) {
        return revise(state, &who, original, call);
    }
    let body = with_files(state, call, &call.body, None)?;
    if is_empty(&body) {
        return Err(Refused::EMPTY_MESSAGE.violating("an empty follow-up"));
    }
    let allowed = allowed(state, call, Allowed::users_only());
    let posted = post(state, &who, &body, allowed);
    let answer = posted.message.as_ref().clone();
    state.record.seen(Seen::FollowUp {
        interaction: who.id,
        user: who.user,
        channel: who.place,
        message: posted.message,
        ephemeral: is_ephemeral(&call.body),
        pinged: posted.pings.people,
        at: Instant::now(),
    });
    Answer::ok(answer)
}

/// Reads, edits or deletes `@original` or a follow-up.
pub(super) fn change(state: &mut State, method: &str, app: u64, token: &str, message: &str, call: &Call) -> Outcome {
    let (who, _, original) = live(state, app, token)?;
    let message = match message {
        "@original" => original.ok_or(Refused::UNKNOWN_MESSAGE)?,
        id => super::number(id)?,
    };
    let found =
        state.message(who.place, message).filter(|found| found.via == Some(who.id) || original == Some(message));
    let found = found.ok_or(Refused::UNKNOWN_MESSAGE)?;
    match method {
        "GET" => Answer::ok(found.json.as_ref().clone()),
        "PATCH" => {
            Refused::unless_fine(&check::message(&call.body, Purpose::Edit))?;
            revise(state, &who, message, call)
        }
        "DELETE" => {
            state.remove(who.place, message);
            if original == Some(message) {
                settle(state, &who, Stage::Answered, None);
            }
            let (interaction, user, channel) = (who.id, who.user, who.place);
            state.record.seen(Seen::AnswerDeleted { interaction, user, channel, message, at: Instant::now() });
            Answer::nothing()
        }
        _ => super::unknown_route(),
    }
}

fn revise(state: &mut State, who: &Who, message: u64, call: &Call) -> Outcome {
    let old = state.message(who.place, message).ok_or(Refused::UNKNOWN_MESSAGE)?;
    let (flags, old) = (old.flags(), old.json.clone());
    let completes = flags & LOADING != 0;
    let mut change = with_files(state, call, &call.body, Some(&old))?.into_owned();
    if completes && is_empty(&change) {
        return Err(Refused::EMPTY_MESSAGE.violating("an empty answer"));
    }
    let allowed = allowed(state, call, Allowed::users_only());
    change["flags"] = json!(loaded(flags));
    let revised = state.revise(who.place, message, &change, &allowed, completes).ok_or(Refused::UNKNOWN_MESSAGE)?;
    if completes {
        settle(state, who, Stage::Answered, Some(message));
    }
    let answer = revised.as_ref().clone();
    state.record.seen(Seen::AnswerEdited {
        interaction: who.id,
        user: who.user,
        channel: who.place,
        ephemeral: is_ephemeral(&revised),
        message: revised,
        at: Instant::now(),
    });
    Answer::ok(answer)
}

/// The interaction of a token that still works.
fn live(state: &State, app: u64, token: &str) -> Result<(Who, Stage, Option<u64>), Refused> {
    if app != state.bot {
        return Err(Refused::UNKNOWN_WEBHOOK);
    }
    let found = state.interaction_of(token);
    let interaction = found.filter(|one| state.places.contains_key(&one.place)).ok_or(Refused::UNKNOWN_WEBHOOK)?;
    if interaction.expired || interaction.opened.elapsed() > TOKEN_LIFE {
        return Err(Refused::BAD_TOKEN);
    }
    if matches!(interaction.stage, Stage::Waiting | Stage::Dead) {
        return Err(Refused::UNKNOWN_WEBHOOK);
    }
    Ok((Who::of(interaction), interaction.stage, interaction.original))
}
