//! Signing in with the small Discord from a browser: OAuth2's authorization code, as far as `identify` goes.
//! <https://discord.com/developers/docs/topics/oauth2#authorization-code-grant>

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Query, State as Extract};
use axum::http::header::{AUTHORIZATION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use data_encoding::BASE64;
use minijinja::HtmlEscape;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};

use super::server::Shared;
use super::state::State;
use super::world::Standing;

/// The secret of the application.
pub const CLIENT_SECRET: &str = "sandbox.client.secret";
/// How long a real token lasts, in seconds. Here it lasts as long as the small Discord.
const EXPIRES_IN: u64 = 604_800;

/// Who was let through, and where to.
#[derive(Default)]
pub(super) struct Oauth {
    /// As the developer portal has them.
    pub redirects: Vec<String>,
    /// By code: whose it is, and where it was sent.
    codes: BTreeMap<String, (u64, String)>,
    tokens: BTreeMap<String, u64>,
}

/// What a page was asked with.
type Asked = BTreeMap<String, String>;

/// `GET /oauth2/authorize`: the page on which a person agrees. With `as=USER` they have agreed already.
pub(super) async fn authorize(Extract(shared): Extract<Arc<Shared>>, Query(asked): Query<Asked>) -> Response {
    let text = |name: &str| asked.get(name).map_or("", String::as_str);
    let wrong = shared.read(|state| why_not(state, &asked));
    if let Some(wrong) = wrong {
        shared.change(|state| state.record.violation(format!("GET /oauth2/authorize: {wrong}")));
        return (StatusCode::BAD_REQUEST, format!("{wrong}\n")).into_response();
    }
    let agreed = text("as").parse().ok().filter(|user| shared.read(|state| state.members.contains_key(user)));
    let Some(user) = agreed else {
        let policy = [(CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'")];
        return (policy, Html(shared.read(|state| page(state, &asked)))).into_response();
    };
    let back = text("redirect_uri").to_owned();
    let code = shared.change(|state| {
        let code = format!("code{}", state.new_id());
        state.oauth.codes.insert(code.clone(), (user, back.clone()));
        code
    });
    let state = utf8_percent_encode(text("state"), NON_ALPHANUMERIC);
    (StatusCode::FOUND, [(LOCATION, format!("{back}?code={code}&state={state}"))]).into_response()
}

/// What Discord would refuse.
fn why_not(state: &State, asked: &Asked) -> Option<&'static str> {
    let text = |name: &str| asked.get(name).map_or("", String::as_str);
    let checks = [
        (text("client_id") == state.bot.to_string(), "Unknown Application"),
        (text("response_type") == "code", "Invalid response_type"),
        (text("scope") == "identify", "The small Discord knows the scope identify only"),
        (state.oauth.redirects.iter().any(|known| known == text("redirect_uri")), "Invalid OAuth2 redirect_uri"),
        (!text("state").is_empty(), "there is no state: another site could sign people in"),
    ];
    checks.into_iter().find(|(is_so, _)| !is_so).map(|(_, wrong)| wrong)
}

fn page(state: &State, asked: &Asked) -> String {
    let mut page =
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Authorize</title><h1>Bellhop wants to \
                    know who you are</h1><form action=\"/oauth2/authorize\">"
            .to_owned();
    for (name, value) in asked.iter().filter(|(name, _)| *name != "as") {
        let [name, value] = [name, value].map(|text| HtmlEscape(text));
        let _ = write!(page, "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
    }
    for member in state.members.values().filter(|member| member.standing != Standing::Bot) {
        let (id, name) = (member.id, HtmlEscape(&member.name));
        let _ = write!(page, "<p><button name=\"as\" value=\"{id}\">Authorize as {name}</button>");
    }
    page
}

/// `POST /api/v10/oauth2/token`: a code for a token, once.
pub(super) async fn token(Extract(shared): Extract<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let is_form = headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/x-www-form-urlencoded");
    let form = std::str::from_utf8(&body).map(form).unwrap_or_default();
    let text = |name: &str| form.get(name).map_or("", String::as_str);
    let refused = |status, error: &str| (status, json!({ "error": error }));
    let (status, answer) = shared.change(|state| {
        if !is_form {
            return refused(StatusCode::BAD_REQUEST, "invalid_request");
        }
        if !is_application(state, &headers) {
            return refused(StatusCode::UNAUTHORIZED, "invalid_client");
        }
        if text("grant_type") != "authorization_code" {
            return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type");
        }
        let known = state.oauth.codes.remove(text("code"));
        let Some((user, _)) = known.filter(|(_, back)| back == text("redirect_uri")) else {
            return refused(StatusCode::BAD_REQUEST, "invalid_grant");
        };
        let token = format!("token{}", state.new_id());
        state.oauth.tokens.insert(token.clone(), user);
        let answer = json!({
            "access_token": token, "token_type": "Bearer", "expires_in": EXPIRES_IN, "refresh_token": "never",
            "scope": "identify",
        });
        (StatusCode::OK, answer)
    });
    json_answer(status, &answer)
}

/// `GET /api/v10/users/@me` with a person's token.
pub(super) fn me(shared: &Shared, path: &str, headers: &HeaderMap) -> Response {
    let user = bearer(headers).and_then(|token| shared.read(|state| state.oauth.tokens.get(token).copied()));
    match user.filter(|_| path == "/api/v10/users/@me") {
        Some(user) => json_answer(StatusCode::OK, &shared.read(|state| state.user(user))),
        None => json_answer(StatusCode::UNAUTHORIZED, &json!({ "message": "401: Unauthorized", "code": 0 })),
    }
}

/// What a person's token is brought with.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The application says who it is by HTTP Basic.
fn is_application(state: &State, headers: &HeaderMap) -> bool {
    let brought = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    brought == Some(&format!("Basic {}", BASE64.encode(format!("{}:{CLIENT_SECRET}", state.bot).as_bytes())))
}

fn form(body: &str) -> BTreeMap<String, String> {
    let text = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (text(name), text(value))).collect()
}

fn json_answer(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
