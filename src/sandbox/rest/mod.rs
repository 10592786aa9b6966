//! The REST API, version 10: who may call, what goes wrong on demand, which route does what.
//! <https://github.com/discord/discord-api-docs> reference, topics/rate-limits

mod answers;
mod guild;
mod messages;
mod upload;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use chrono::Utc;
use serde_json::{Value, json};

use super::attachments::File;
use super::check::Problems;
use super::faults::{BadAnswer, Scope};
use super::interactions::without_token;
use super::server::Shared;
use super::state::State;
use super::wire::Cut;
use upload::Upload;

/// The longest request, in bytes (reference, "Uploading Files").
const REQUEST_BYTES: usize = 25 * 1024 * 1024;
/// What the headers say a route allows each second. Nothing is enforced: to be limited, ask for a fault.
const CALLS_PER_SECOND: u32 = 1_000;

/// One call, understood as far as HTTP goes.
pub(super) struct Call<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub query: BTreeMap<String, String>,
    pub body: Value,
    /// Uploaded with it, by their number in `files[n]`.
    pub files: Vec<(u64, File)>,
}

/// What a call is answered with.
pub(super) struct Answer {
    status: StatusCode,
    /// None: no content.
    body: Option<Value>,
}

/// Why a call is refused: Discord's code and words.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    code: u32,
    message: &'static str,
    errors: Option<Value>,
    /// What the bot must never do, as a sentence for the record.
    violation: Option<String>,
}

pub(super) type Outcome = Result<Answer, Refused>;

#[expect(clippy::unnecessary_wraps, reason = "each is the last line of a handler")]
impl Answer {
    pub fn ok(body: Value) -> Outcome {
        Ok(Self { status: StatusCode::OK, body: Some(body) })
    }

    pub fn created(body: Value) -> Outcome {
        Ok(Self { status: StatusCode::CREATED, body: Some(body) })
    }

    pub fn nothing() -> Outcome {
        Ok(Self { status: StatusCode::NO_CONTENT, body: None })
    }
}

impl Refused {
    const fn new(status: StatusCode, code: u32, message: &'static str) -> Self {
        Self { status, code, message, errors: None, violation: None }
    }

    pub const UNKNOWN_CHANNEL: Self = Self::new(StatusCode::NOT_FOUND, 10003, "Unknown Channel");
    pub const UNKNOWN_GUILD: Self = Self::new(StatusCode::NOT_FOUND, 10004, "Unknown Guild");
    pub const UNKNOWN_MEMBER: Self = Self::new(StatusCode::NOT_FOUND, 10007, "Unknown Member");
    pub const UNKNOWN_MESSAGE: Self = Self::new(StatusCode::NOT_FOUND, 10008, "Unknown Message");
    pub const UNKNOWN_USER: Self = Self::new(StatusCode::NOT_FOUND, 10013, "Unknown User");
    pub const UNKNOWN_WEBHOOK: Self = Self::new(StatusCode::NOT_FOUND, 10015, "Unknown Webhook");
    pub const UNKNOWN_INTERACTION: Self = Self::new(StatusCode::NOT_FOUND, 10062, "Unknown interaction");
    pub const ALREADY_ANSWERED: Self =
        Self::new(StatusCode::BAD_REQUEST, 40060, "Interaction has already been acknowledged.");
    pub const MISSING_ACCESS: Self = Self::new(StatusCode::FORBIDDEN, 50001, "Missing Access");
    pub const NOT_YOURS: Self =
        Self::new(StatusCode::FORBIDDEN, 50005, "Cannot edit a message authored by another user");
    pub const EMPTY_MESSAGE: Self = Self::new(StatusCode::BAD_REQUEST, 50006, "Cannot send an empty message");
    pub const NO_DIRECT_MESSAGES: Self = Self::new(StatusCode::FORBIDDEN, 50007, "Cannot send messages to this user");
    pub const MISSING_PERMISSIONS: Self = Self::new(StatusCode::FORBIDDEN, 50013, "Missing Permissions");
    pub const BAD_TOKEN: Self = Self::new(StatusCode::UNAUTHORIZED, 50027, "Invalid Webhook Token");
    pub const ARCHIVED: Self = Self::new(StatusCode::BAD_REQUEST, 50083, "Thread is archived");
    pub const TOO_MANY_THREADS: Self =
        Self::new(StatusCode::BAD_REQUEST, 160_006, "Maximum number of active threads reached");
    pub const THREAD_EXISTS: Self =
        Self::new(StatusCode::BAD_REQUEST, 160_004, "A thread has already been created for this message");

    /// 50035 if there are any problems. Also a violation: the bot must know the limits.
    pub fn unless_fine(problems: &Problems) -> Result<(), Self> {
        if problems.is_empty() {
            return Ok(());
        }
        let refused = Self::new(StatusCode::BAD_REQUEST, 50035, "Invalid Form Body");
        Err(Self { errors: Some(problems.tree()), ..refused.violating(problems.summary()) })
    }

    /// An entry of `attachments` for which no file was sent.
    pub fn missing_file() -> Self {
        Self::new(StatusCode::BAD_REQUEST, 50035, "Invalid Form Body").violating("an attachment without its file")
    }

    /// The same refusal, also put on the record.
    pub fn violating(self, what: impl Into<String>) -> Self {
        Self { violation: Some(what.into()), ..self }
    }

    fn body(&self) -> Value {
        let mut body = json!({"code": self.code, "message": self.message});
        if let Some(errors) = &self.errors {
            body["errors"] = errors.clone();
        }
        body
    }
}

/// Answers one request under `/api/v10/`.
pub(super) async fn serve(shared: Arc<Shared>, cut: Cut, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path().strip_prefix("/api/v10/").unwrap_or_default().to_owned();
    let method = head.method.as_str();
    let fault = shared.change(|state| {
        state.record.calls += 1;
        state.faults.take(method, &path)
    });
    if let Some(after) = fault.as_ref().and_then(BadAnswer::cut_after) {
        tokio::select! {
            () = tokio::time::sleep(after) => {}
            () = shared.stopped.cancelled() => {}
        }
        return cut.now();
    }
    match fault {
        Some(BadAnswer::TooManyRequests { retry_after, scope }) => return too_many_requests(retry_after, scope),
        Some(BadAnswer::Status(status)) => return without_body(status),
        Some(BadAnswer::Refused { status, code }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            return respond(status, Some(&json!({"message": "This is refused.", "code": code})), "");
        }
        _ => {}
    }
    let Ok(bytes) = to_bytes(body, REQUEST_BYTES).await else { return without_body(413) };
    let query = head.uri.query().unwrap_or_default();
    let outcome = understand(&head.method, &head.headers, &path, query, &bytes)
        .and_then(|call| authorize(&shared, &head.headers, &call).map(|()| call))
        .and_then(|call| shared.change(|state| route(state, &call)));
    if let Err(Refused { violation: Some(what), .. }) = &outcome {
        shared.change(|state| state.record.violation(format!("{method} {}: {what}", without_token(&path))));
    }
    if fault == Some(BadAnswer::Lost) {
        return cut.now();
    }
    let (status, body) = match outcome {
        Ok(Answer { status, body }) => (status, body),
        Err(refused) => (refused.status, Some(refused.body())),
    };
    let mut response = respond(status, body.as_ref(), &path);
    let now = Utc::now() + shared.read(|state| state.faults.clock_ahead);
    let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    response.headers_mut().insert(header::DATE, date.parse().expect("a date is ASCII"));
    response
}

fn understand<'a>(
    method: &'a Method,
    headers: &HeaderMap,
    path: &'a str,
    query: &str,
    bytes: &Bytes,
) -> Result<Call<'a>, Refused> {
    let bad = |what: &str| {
        let refused = Refused::new(StatusCode::BAD_REQUEST, 50109, "The request body contains invalid JSON.");
        refused.violating(what)
    };
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let Upload { json: body, files } = if bytes.is_empty() {
        Upload { json: json!({}), files: Vec::new() }
    } else if let Some((_, boundary)) = kind.split_once("boundary=") {
        Upload::read(bytes, boundary.trim_matches('"')).map_err(bad)?
    } else if kind.starts_with("application/json") {
        let json = serde_json::from_slice(bytes).map_err(|_| bad("the body is not JSON"))?;
        Upload { json, files: Vec::new() }
    } else {
        return Err(bad("the body is neither application/json nor a form"));
    };
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    Ok(Call { method: method.as_str(), path, query, body, files })
}

/// A bot says who it is; answers to interactions carry their token in the path instead.
fn authorize(shared: &Shared, headers: &HeaderMap, call: &Call) -> Result<(), Refused> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !text(header::USER_AGENT).starts_with("DiscordBot (") {
        let refused = Refused::new(StatusCode::FORBIDDEN, 40333, "internal network error");
        return Err(refused.violating("the User-Agent is not \"DiscordBot (url, version)\""));
    }
    let needs_none = ["interactions/", "webhooks/", "gateway"].iter().any(|open| call.path.starts_with(open));
    if (needs_none && call.path != "gateway/bot")
        || text(header::AUTHORIZATION).strip_prefix("Bot ") == Some(&shared.token)
    {
        return Ok(());
    }
    Err(Refused::new(StatusCode::UNAUTHORIZED, 0, "401: Unauthorized"))
}

fn route(state: &mut State, call: &Call) -> Outcome {
    let segments: Vec<&str> = call.path.split('/').collect();
    match (call.method, segments.as_slice()) {
        ("GET", ["gateway"]) => guild::gateway(state),
        ("GET", ["gateway", "bot"]) => guild::gateway_bot(state),
        ("GET", ["users", "@me"]) => Answer::ok(state.user(state.bot)),
        ("GET", ["users", "@me", "guilds"]) => guild::guilds(state),
        ("POST", ["users", "@me", "channels"]) => guild::open_direct(state, call),
        ("GET", ["users", user]) => guild::user(state, number(user)?),
        ("GET", ["oauth2", "applications", "@me"]) => guild::application(state),
        ("GET" | "PUT", ["applications", app, "commands"]) if number(app)? == state.bot => guild::commands(state, call),
        ("GET" | "PUT", ["applications", app, "guilds", guild, "commands"])
            if number(app)? == state.bot && number(guild)? == state.guild =>
        {
            guild::guild_commands(state, call)
        }
        ("GET", ["guilds", guild, rest @ ..]) => guild::read(state, number(guild)?, rest),
        ("GET", ["channels", channel]) => guild::channel(state, number(channel)?),
        ("PATCH", ["channels", channel]) => guild::change_thread(state, number(channel)?, call),
        ("POST", ["channels", channel, "typing"]) => guild::typing(state, number(channel)?),
        ("POST", ["channels", channel, "threads"]) => guild::start_thread(state, number(channel)?, None, call),
        ("POST", ["channels", channel, "messages", message, "threads"]) => {
            guild::start_thread(state, number(channel)?, Some(number(message)?), call)
        }
        ("PUT", ["channels", channel, "thread-members", user]) => {
            guild::add_to_thread(state, number(channel)?, number(user)?)
        }
        ("GET", ["channels", channel, "messages"]) => messages::history(state, number(channel)?, call),
        ("POST", ["channels", channel, "messages"]) => messages::post(state, number(channel)?, call),
        (method, ["channels", channel, "messages", message]) => {
            let (channel, message) = (number(channel)?, number(message)?);
            match method {
                "GET" => messages::get(state, channel, message),
                "PATCH" => messages::edit(state, channel, message, call),
                "DELETE" => messages::delete(state, channel, message),
                _ => unknown_route(),
            }
        }
        ("POST", ["interactions", id, token, "callback"]) => answers::callback(state, number(id)?, token, call),
        ("POST", ["webhooks", app, token]) => answers::follow_up(state, number(app)?, token, call),
        (method, ["webhooks", app, token, "messages", message]) => {
            answers::change(state, method, number(app)?, token, message, call)
        }
        _ => unknown_route(),
    }
}

fn unknown_route() -> Outcome {
    Err(Refused::new(StatusCode::BAD_REQUEST, 0, "404: Not Found").violating("the small Discord has no such route"))
}

/// An id in a path.
fn number(segment: &str) -> Result<u64, Refused> {
    let bad = Refused::new(StatusCode::BAD_REQUEST, 50035, "Invalid Form Body");
    segment.parse().map_err(|_| bad.violating(format!("{segment:?} is not a snowflake")))
}

// --- HTTP out ----------------------------------------------------------------------------------------------------

fn respond(status: StatusCode, body: Option<&Value>, path: &str) -> Response {
    // Limits are I/O time: the desk's clock has no part in them.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut response = Response::builder()
        .status(status)
        .header("x-ratelimit-limit", CALLS_PER_SECOND)
        .header("x-ratelimit-remaining", CALLS_PER_SECOND - 1)
        .header("x-ratelimit-reset", format!("{:.3}", (now + Duration::from_secs(1)).as_secs_f64()))
        .header("x-ratelimit-reset-after", "1.000")
        .header("x-ratelimit-bucket", bucket(path));
    let body = match body {
        Some(body) => {
            response = response.header(header::CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    response.body(body).expect("every header is ASCII")
}

/// One bucket per shape of path: numbers and tokens do not count.
fn bucket(path: &str) -> String {
    let letters = path.split('/').map(|segment| {
        let is_id = segment.bytes().any(|byte| byte.is_ascii_digit());
        if is_id { "x" } else { segment }
    });
    letters.collect::<Vec<_>>().join("-")
}

fn too_many_requests(retry_after: f64, scope: Scope) -> Response {
    let global = scope == Scope::Global;
    let body = json!({"message": "You are being rate limited.", "retry_after": retry_after, "global": global});
    let scope = match scope {
        Scope::User => "user",
        Scope::Shared => "shared",
        Scope::Global => "global",
    };
    let mut response = respond(StatusCode::TOO_MANY_REQUESTS, Some(&body), "");
    let mut put = |name: &'static str, value: String| {
        response.headers_mut().insert(name, value.parse().expect("numbers are ASCII"));
    };
    put("retry-after", retry_after.ceil().to_string());
    put("x-ratelimit-scope", scope.to_owned());
    put("x-ratelimit-remaining", "0".to_owned());
    put("x-ratelimit-reset-after", retry_after.to_string());
    if global {
        put("x-ratelimit-global", "true".to_owned());
    }
    response
}

fn without_body(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Response::builder().status(status).body(Body::empty()).expect("there is no header")
}
