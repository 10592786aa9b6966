//! The control API under `/sandbox/api`: what the page and `curl` drive the small Discord with. The module
//! documentation of [`sandbox`](super) lists the calls.

use std::convert::Infallible;
use std::fmt::Display;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, Request, State as Extract};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::TimeDelta;
use futures_util::{Stream, stream};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::faults::{Fault, GatewayFault};
use super::objects::texts;
use super::people::{Act, Id};
use super::permissions;
use super::seen::Seen;
use super::server::Shared;
use super::state::{Kind, PageEvent, Place, State};
use super::world::Standing;

/// The furthest one call moves the clock: a year, in seconds.
const FURTHEST: i64 = 366 * 24 * 3600;

pub(super) fn routes(shared: Arc<Shared>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/world", get(world))
        .route("/channels/{channel}/messages", get(messages))
        .route("/events", get(events))
        .route("/messages", post(act).patch(act).delete(act))
        .route("/threads", post(act))
        .route("/press", post(act))
        .route("/command", post(act))
        .route("/submit", post(act))
        .route("/complete", post(complete))
        .route("/clock", get(clock).post(move_clock))
        .route("/seen", get(seen))
        .route("/violations", get(violations))
        .route("/fault", post(fault))
        .fallback(async || Wrong(StatusCode::NOT_FOUND, "The sandbox has no such call.".to_owned()))
        .layer(middleware::from_fn_with_state(shared, only_from_here))
}

/// A sentence for a person, with a 4xx.
struct Wrong(StatusCode, String);

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        (self.0, json_body(&json!({"error": self.1}))).into_response()
    }
}

fn bad(sentence: &(impl Display + ?Sized)) -> Wrong {
    Wrong(StatusCode::BAD_REQUEST, sentence.to_string())
}

fn json_body(value: &Value) -> impl IntoResponse + use<> {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string())
}

/// Lets only this machine's pages in. A foreign page could otherwise reach a loopback port through a name that it
/// points here (the Host is checked), or by a plain form post (the Origin is).
async fn only_from_here(Extract(shared): Extract<Arc<Shared>>, request: Request, next: Next) -> Response {
    match foreigner(request.headers(), shared.address.port()) {
        Some(sentence) => Wrong(StatusCode::FORBIDDEN, sentence.to_owned()).into_response(),
        None => next.run(request).await,
    }
}

/// Why a request with these headers is refused, if it is.
fn foreigner(headers: &HeaderMap, port: u16) -> Option<&'static str> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let ours = ["127.0.0.1", "localhost", "[::1]"].map(|host| format!("{host}:{port}"));
    let is_ours = |host: &str| ours.iter().any(|own| own == host);
    if !text(header::HOST).is_some_and(is_ours) {
        return Some("The sandbox answers to its loopback address only.");
    }
    let foreign = |origin: &str| !origin.strip_prefix("http://").is_some_and(is_ours);
    text(header::ORIGIN).is_some_and(foreign).then_some("Another site may not drive the sandbox.")
}

// --- looking -----------------------------------------------------------------------------------------------------

#[derive(Deserialize)]
struct Viewer {
    r#as: Option<u64>,
}

/// A query that may not be what it should.
type Asked<T> = Result<Query<T>, QueryRejection>;

async fn world(Extract(shared): Extract<Arc<Shared>>, asked: Asked<Viewer>) -> Result<impl IntoResponse, Wrong> {
    let Query(viewer) = asked.map_err(|error| bad(&error))?;
    Ok(shared.read(|state| {
        let shown = |place: &&Place| {
            let open = !matches!(&place.kind, Kind::Thread(thread) if thread.archived);
            open && viewer.r#as.is_none_or(|user| state.sees(user, place.id))
        };
        json_body(&json!({
            "guild": {"id": state.guild.to_string(), "name": state.name},
            "bot": {"id": state.bot.to_string(), "name": state.name_of(state.bot)},
            "dashboard": state.dashboard,
            "channels": state.places.values().filter(shown).map(|place| channel(state, place)).collect::<Vec<_>>(),
            "users": users(state),
            "roles": state.roles.values().map(|role| state.role(role)).collect::<Vec<_>>(),
            "commands": state.commands,
        }))
    }))
}

fn channel(state: &State, place: &Place) -> Value {
    let (parent, private) = match &place.kind {
        Kind::Thread(thread) => (Some(thread.parent), thread.private || !everyone_sees(state, thread.parent)),
        Kind::Text => (None, !everyone_sees(state, place.id)),
        Kind::Direct(_) => (None, true),
    };
    let name = match &place.kind {
        Kind::Direct(_) => state.name_of(state.bot),
        Kind::Text | Kind::Thread(_) => place.name.clone(),
    };
    json!({
        "id": place.id.to_string(), "name": name, "topic": place.topic, "type": place.type_number(),
        "parent": parent.map(|parent| parent.to_string()), "private": private,
    })
}

fn everyone_sees(state: &State, place: u64) -> bool {
    let base = state.roles.get(&state.guild).map_or(0, |role| role.permissions);
    let overwrites = state.places.get(&place).map(|place| place.overwrites.as_slice()).unwrap_or_default();
    permissions::in_channel(base, overwrites, state.guild, &[], 0) & permissions::VIEW_CHANNEL != 0
}

fn users(state: &State) -> Vec<Value> {
    let people = state.members.values().filter(|member| member.standing != Standing::Bot);
    let user = |member: &super::world::Member| {
        let roles: Vec<_> = member.roles.iter().filter_map(|role| state.roles.get(role)).collect();
        let color = roles.iter().map(|role| role.color).find(|color| *color != 0).unwrap_or(0);
        json!({
            "id": member.id.to_string(), "name": member.name, "standing": member.standing, "color": color,
            "roles": roles.iter().map(|role| &role.name).collect::<Vec<_>>(),
        })
    };
    people.map(user).collect()
}

async fn messages(
    Extract(shared): Extract<Arc<Shared>>,
    place: Result<Path<u64>, PathRejection>,
    asked: Asked<Viewer>,
) -> Result<impl IntoResponse, Wrong> {
    let Path(place) = place.map_err(|error| bad(&error))?;
    let user = viewer(asked)?;
    shared.read(|state| {
        let found = state.places.get(&place);
        let channel = found.ok_or_else(|| Wrong(StatusCode::NOT_FOUND, format!("There is no channel {place}.")))?;
        if !state.sees(user, place) {
            let sentence = format!("{} may not look into #{}.", state.name_of(user), channel.name);
            return Err(Wrong(StatusCode::FORBIDDEN, sentence));
        }
        Ok(json_body(&state.messages_for(user, place).map(State::page_message).collect()))
    })
}

async fn events(
    Extract(shared): Extract<Arc<Shared>>,
    asked: Asked<Viewer>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Wrong> {
    let user = viewer(asked)?;
    let events = shared.read(|state| state.page.subscribe());
    let stream = stream::unfold((shared, events), move |(shared, mut events)| async move {
        loop {
            let event = tokio::select! {
                event = events.recv() => event,
                () = shared.stopped.cancelled() => return None,
            };
            match event {
                Ok(event) if !may_hear(&shared, user, &event) => {}
                Ok(event) => {
                    let event = Event::default().event(event.name).data(&*event.data);
                    return Some((Ok(event), (shared, events)));
                }
                // The page reads everything anew when its stream starts again.
                Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
            }
        }
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

fn may_hear(shared: &Shared, user: u64, event: &PageEvent) -> bool {
    event.only_for.is_none_or(|only| only == user)
        && event.place.is_none_or(|place| shared.read(|state| state.sees(user, place)))
}

fn viewer(asked: Asked<Viewer>) -> Result<u64, Wrong> {
    let Query(viewer) = asked.map_err(|error| bad(&error))?;
    viewer.r#as.ok_or_else(|| bad("Say who looks: ?as=USER."))
}

async fn seen(Extract(shared): Extract<Arc<Shared>>, asked: Asked<Since>) -> Result<impl IntoResponse, Wrong> {
    let Query(from) = asked.map_err(|error| bad(&error))?;
    let (seen, next): (Vec<Seen>, usize) =
        shared.read(|state| (state.record.since(from.since).to_vec(), state.record.count()));
    Ok(json_body(&json!({"seen": seen.iter().map(with_text_ids).collect::<Vec<_>>(), "next": next})))
}

/// An entry whose own ids are strings, as in the Discord objects it holds.
fn with_text_ids(seen: &Seen) -> Value {
    let mut entry = json!(seen);
    let fields = entry.as_object_mut().into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut);
    for field in fields.flat_map(Map::values_mut) {
        if let Some(id) = field.as_u64() {
            *field = json!(id.to_string());
        } else if let Some(ids) =
            field.as_array().and_then(|list| list.iter().map(Value::as_u64).collect::<Option<Vec<_>>>())
        {
            *field = json!(texts(&ids));
        }
    }
    entry
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    since: usize,
}

async fn violations(Extract(shared): Extract<Arc<Shared>>) -> impl IntoResponse {
    json_body(&shared.read(|state| json!({"violations": state.record.violations()})))
}

// --- acting ------------------------------------------------------------------------------------------------------

async fn act(
    Extract(shared): Extract<Arc<Shared>>,
    method: Method,
    request: axum::extract::OriginalUri,
    body: Bytes,
) -> Result<impl IntoResponse, Wrong> {
    let what = match (method.as_str(), request.path().rsplit('/').next().unwrap_or_default()) {
        ("PATCH", "messages") => "edit",
        ("DELETE", "messages") => "delete",
        (_, "messages") => "say",
        (_, "threads") => "thread",
        (_, other) => other,
    };
    let body: Value = serde_json::from_slice(&body).map_err(|error| bad(&error))?;
    let act: Act = serde_json::from_value(json!({what: body})).map_err(|error| bad(&error))?;
    let id = shared.act(&act).map_err(|error| bad(&error))?.to_string();
    let name = match what {
        "press" | "command" | "submit" => "interaction",
        "thread" => "channel",
        _ => "message",
    };
    Ok(json_body(&json!({name: id})))
}

/// Waits for the bot's choices; three seconds later the interaction is dead and there are none.
async fn complete(Extract(shared): Extract<Arc<Shared>>, body: Bytes) -> Result<impl IntoResponse, Wrong> {
    let body: Value = serde_json::from_slice(&body).map_err(|error| bad(&error))?;
    let act: Act = serde_json::from_value(json!({"complete": body})).map_err(|error| bad(&error))?;
    let id = shared.act(&act).map_err(|error| bad(&error))?;
    let mut changed = shared.changed.subscribe();
    loop {
        changed.borrow_and_update();
        let (waiting, choices) = shared.read(|state| {
            let interaction = state.interactions.get(&id);
            let waiting = interaction.is_some_and(|one| one.stage == super::interactions::Stage::Waiting);
            (waiting, interaction.and_then(|one| one.given.clone()))
        });
        if !waiting {
            let choices = choices.map_or(json!([]), |choices| choices.as_ref().clone());
            return Ok(json_body(&json!({"choices": choices})));
        }
        if changed.changed().await.is_err() {
            return Err(bad("The sandbox is shutting down."));
        }
    }
}

async fn clock(Extract(shared): Extract<Arc<Shared>>) -> impl IntoResponse {
    json_body(&shared.clock_shown())
}

async fn move_clock(Extract(shared): Extract<Arc<Shared>>, body: Bytes) -> Result<impl IntoResponse, Wrong> {
    let body: Value = serde_json::from_slice(&body).map_err(|error| bad(&error))?;
    let by = if body["to"] == "next deadline" {
        let deadline = shared.next_deadline().ok_or_else(|| bad("Nothing is due."))?;
        (deadline - shared.clock.now()).max(TimeDelta::zero())
    } else {
        let seconds = body["advance_seconds"].as_i64().filter(|seconds| (0..=FURTHEST).contains(seconds));
        let seconds = seconds.ok_or_else(|| {
            bad(&format!(r#"Expected {{"advance_seconds": 0 to {FURTHEST}}} or {{"to": "next deadline"}}."#))
        })?;
        TimeDelta::seconds(seconds)
    };
    shared.clock.advance(by);
    let shown = shared.clock_shown();
    shared.read(|state| state.show("clock", None, None, || shown.clone()));
    Ok(json_body(&shown))
}

/// A [`Fault`], a [`GatewayFault`] under "gateway", or a switch.
#[derive(Deserialize)]
#[serde(untagged)]
enum Trouble {
    Gateway { gateway: GatewayFault },
    Twice { every_event_twice: bool },
    LockOut { lock_out_bot: Id },
    Rest(Fault),
}

async fn fault(Extract(shared): Extract<Arc<Shared>>, body: Bytes) -> Result<impl IntoResponse, Wrong> {
    let trouble: Trouble = serde_json::from_slice(&body).map_err(|error| bad(&error))?;
    shared.change(|state| match trouble {
        Trouble::Gateway { gateway } => state.sessions.suffer(gateway),
        Trouble::Twice { every_event_twice } => state.sessions.twice = every_event_twice,
        Trouble::LockOut { lock_out_bot } => state.deny_bot(lock_out_bot.0, permissions::VIEW_CHANNEL),
        Trouble::Rest(fault) => state.fault(fault),
    });
    Ok(json_body(&json!({})))
}
