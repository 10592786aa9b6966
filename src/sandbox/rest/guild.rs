//! The guild, its channels, threads and members, and the application's commands.

use serde_json::{Value, json};

use super::super::check;
use super::super::messages::Message;
use super::super::objects::merge;
use super::super::permissions;
use super::super::state::{Kind, State};
use super::messages::{readable, recipient};
use super::{Answer, Call, Outcome, Refused};

/// Minutes until a quiet thread is archived, if the request does not say.
const AUTO_ARCHIVE: u64 = 1440;
/// Threads of a guild that may be active at a time.
const ACTIVE_THREADS: usize = 1000;

pub(super) fn gateway(state: &State) -> Outcome {
    Answer::ok(json!({"url": state.gateway_url}))
}

pub(super) fn gateway_bot(state: &State) -> Outcome {
    let limit = json!({"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1});
    Answer::ok(json!({"url": state.gateway_url, "shards": 1, "session_start_limit": limit}))
}

/// GATEWAY_MESSAGE_CONTENT_LIMITED: the switch of an application with few servers is on.
const MESSAGE_CONTENT_LIMITED: u64 = 1 << 19;

pub(super) fn application(state: &State) -> Outcome {
    let flags = if state.sessions.content_disallowed { 0 } else { MESSAGE_CONTENT_LIMITED };
    Answer::ok(json!({
        "id": state.bot.to_string(), "name": state.name_of(state.bot), "description": "", "icon": null,
        "bot_public": false, "bot_require_code_grant": false, "verify_key": "0".repeat(64),
        "owner": state.user(state.owner), "flags": flags,
    }))
}

/// The servers that the bot is on: this one, if it was invited.
pub(super) fn guilds(state: &State) -> Outcome {
    let guild = json!({
        "id": state.guild.to_string(), "name": state.name, "icon": null, "owner": false,
        "permissions": permissions::INVITED.to_string(), "features": [],
    });
    Answer::ok(if state.members.contains_key(&state.bot) { json!([guild]) } else { json!([]) })
}

pub(super) fn user(state: &State, user: u64) -> Outcome {
    if state.members.contains_key(&user) { Answer::ok(state.user(user)) } else { Err(Refused::UNKNOWN_USER) }
}

pub(super) fn open_direct(state: &mut State, call: &Call) -> Outcome {
    Refused::unless_fine(&check::fields(&call.body, &["recipient_id"]))?;
    let user = recipient(&call.body).filter(|user| state.members.contains_key(user)).ok_or(Refused::UNKNOWN_USER)?;
    let place = state.direct(user);
    Answer::ok(state.channel(&state.places[&place]))
}

// --- commands ----------------------------------------------------------------------------------------------------

/// The small Discord has one guild, so its commands are the guild's.
pub(super) fn guild_commands(state: &mut State, call: &Call) -> Outcome {
    if call.method == "GET" {
        return Answer::ok(Value::Array(state.commands.clone()));
    }
    let Some(list) = call.body.as_array() else {
        return Err(Refused::new(axum::http::StatusCode::BAD_REQUEST, 50035, "Invalid Form Body")
            .violating("commands come as a list"));
    };
    Refused::unless_fine(&check::commands(list))?;
    let commands = list.iter().map(|command| registered(state, command)).collect();
    state.commands = commands;
    state.show("commands", None, None, || json!({}));
    Answer::ok(Value::Array(state.commands.clone()))
}

/// Global commands would be shown beside the guild's: only an empty list keeps them from being doubled.
pub(super) fn commands(state: &mut State, call: &Call) -> Outcome {
    if call.method == "PUT" && call.body.as_array().is_none_or(|list| !list.is_empty()) {
        return guild_commands(state, call);
    }
    Answer::ok(json!([]))
}

/// A command as Discord gives it back. One that keeps its name keeps its id.
fn registered(state: &mut State, command: &Value) -> Value {
    let kind = command["type"].as_u64().unwrap_or(1);
    let same = |old: &&Value| old["name"] == command["name"] && old["type"] == kind;
    let id = state.commands.iter().find(same).map(|old| old["id"].clone());
    let id = id.unwrap_or_else(|| json!(state.new_id().to_string()));
    let mut registered = json!({"description": "", "default_member_permissions": null});
    merge(&mut registered, command.clone());
    let more = json!({
        "id": id, "application_id": state.bot.to_string(), "guild_id": state.guild.to_string(), "type": kind,
        "version": id,
    });
    merge(&mut registered, more);
    registered
}

// --- reading -----------------------------------------------------------------------------------------------------

pub(super) fn read(state: &State, guild: u64, what: &[&str]) -> Outcome {
    if guild != state.guild || !state.members.contains_key(&state.bot) {
        return Err(Refused::UNKNOWN_GUILD);
    }
    match what {
        [] => Answer::ok(state.guild_object()),
        ["channels"] => {
            let text = state.places.values().filter(|place| matches!(place.kind, Kind::Text));
            Answer::ok(text.map(|place| state.channel(place)).collect())
        }
        ["roles"] => Answer::ok(state.roles.values().map(|role| state.role(role)).collect()),
        ["members", "@me"] => Answer::ok(state.member(state.bot)),
        ["members", user] => {
            let user = super::number(user)?;
            if state.members.contains_key(&user) {
                Answer::ok(state.member(user))
            } else {
                Err(Refused::UNKNOWN_MEMBER)
            }
        }
        ["threads", "active"] => {
            let active = state.active_threads().filter(|place| state.sees(state.bot, place.id));
            let threads: Vec<_> = active.map(|place| state.channel(place)).collect();
            Answer::ok(json!({"threads": threads, "members": []}))
        }
        _ => super::unknown_route(),
    }
}

pub(super) fn channel(state: &State, place: u64) -> Outcome {
    readable(state, place, permissions::VIEW_CHANNEL)?;
    Answer::ok(state.channel(&state.places[&place]))
}

pub(super) fn typing(state: &State, place: u64) -> Outcome {
    readable(state, place, permissions::SEND_MESSAGES)?;
    state.show("typing", Some(place), None, || json!({"channel": place.to_string()}));
    Answer::nothing()
}

// --- threads -----------------------------------------------------------------------------------------------------

/// A thread on a message has the message's id.
pub(super) fn start_thread(state: &mut State, place: u64, message: Option<u64>, call: &Call) -> Outcome {
    readable(state, place, permissions::VIEW_CHANNEL)?;
    let known = ["name", "auto_archive_duration", "rate_limit_per_user", "type", "invitable"];
    Refused::unless_fine(&check::thread(&call.body, &known, true))?;
    // Discord's default, to everybody's surprise, is a private one.
    let private = message.is_none() && call.body["type"] != 11;
    readable(
        state,
        place,
        if private { permissions::CREATE_PRIVATE_THREADS } else { permissions::CREATE_PUBLIC_THREADS },
    )?;
    if let Some(message) = message {
        let there = |message: &&Message| message.only_for.is_none();
        state.places[&place].messages.get(&message).filter(there).ok_or(Refused::UNKNOWN_MESSAGE)?;
        if state.places.contains_key(&message) {
            return Err(Refused::THREAD_EXISTS);
        }
    }
    if state.active_threads().count() >= ACTIVE_THREADS {
        return Err(Refused::TOO_MANY_THREADS);
    }
    let id = message.unwrap_or_else(|| state.new_id());
    let name = call.body["name"].as_str().unwrap_or_default();
    let auto_archive = call.body["auto_archive_duration"].as_u64().unwrap_or(AUTO_ARCHIVE);
    state.open_thread(id, name, place, state.bot, private, auto_archive);
    Answer::created(state.channel(&state.places[&id]))
}

pub(super) fn change_thread(state: &mut State, place: u64, call: &Call) -> Outcome {
    readable(state, place, permissions::VIEW_CHANNEL)?;
    let known = ["name", "archived", "locked", "auto_archive_duration", "invitable", "rate_limit_per_user"];
    Refused::unless_fine(&check::thread(&call.body, &known, false))?;
    let may_manage = state.may(state.bot, place, permissions::MANAGE_THREADS);
    let bot = state.bot;
    let found = state.places.get_mut(&place).ok_or(Refused::UNKNOWN_CHANNEL)?;
    let Kind::Thread(thread) = &mut found.kind else { return Err(Refused::MISSING_PERMISSIONS) };
    if !may_manage && thread.owner != bot {
        return Err(Refused::MISSING_PERMISSIONS);
    }
    if thread.archived && call.body["archived"] != false {
        return Err(Refused::ARCHIVED);
    }
    thread.archived = call.body["archived"].as_bool().unwrap_or(thread.archived);
    thread.locked = call.body["locked"].as_bool().unwrap_or(thread.locked);
    thread.auto_archive = call.body["auto_archive_duration"].as_u64().unwrap_or(thread.auto_archive);
    if let Some(name) = call.body["name"].as_str() {
        name.clone_into(&mut found.name);
    }
    state.tell_thread("THREAD_UPDATE", place);
    Answer::ok(state.channel(&state.places[&place]))
}

pub(super) fn add_to_thread(state: &mut State, place: u64, user: u64) -> Outcome {
    readable(state, place, permissions::SEND_MESSAGES)?;
    if !state.members.contains_key(&user) {
        return Err(Refused::UNKNOWN_MEMBER);
    }
    let found = state.places.get_mut(&place).ok_or(Refused::UNKNOWN_CHANNEL)?;
    let Kind::Thread(thread) = &mut found.kind else { return Err(Refused::UNKNOWN_CHANNEL) };
    thread.members.insert(user);
    state.show("channel", Some(place), Some(user), || json!({"id": place.to_string()}));
    Answer::nothing()
}
