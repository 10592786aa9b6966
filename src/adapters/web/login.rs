//! Signing in with Discord, and out again.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Extension, Form, Query, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::adapters::web::access::{Entrance, Guard, Turned, Viewer};
use crate::adapters::web::house::House;
use crate::adapters::web::listen::Peer;
use crate::adapters::web::seal::{Attempt, Session, keep, kept, unguessable};

/// Where Discord sends people back to.
pub(super) const BACK: &str = "/login/callback";
/// Characters of an address that somebody wanted to see before they had to sign in.
const WANTED_MAX: usize = 200;

#[derive(Deserialize)]
pub(super) struct Wanted {
    to: Option<String>,
}

/// Sends a browser to Discord, with a state that only this browser can bring back.
pub(super) async fn begin(
    State(house): State<Arc<House>>,
    Extension(peer): Extension<Peer>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Response {
    let Some((guard, sign_in)) = house.discord() else { return house.turn_away(Turned::Off, "/") };
    if !house.sign_ins.take(peer.0.ip(), Instant::now()) {
        return house.too_often();
    }
    let to = wanted.ok().and_then(|Query(wanted)| wanted.to).unwrap_or_default();
    let Ok(state) = unguessable() else { return house.fault("no chance to be had") };
    let page = sign_in.page(&house.address(BACK), &state);
    let attempt = guard.seal.close(Attempt { state, to: own_page(&to).to_owned() }, Utc::now());
    let headers = [(LOCATION, page), (SET_COOKIE, keep::<Attempt>(Some(&attempt), house.is_secure()))];
    (StatusCode::SEE_OTHER, headers).into_response()
}

#[derive(Deserialize)]
pub(super) struct Answer {
    code: Option<String>,
    state: Option<String>,
}

/// A browser comes back from Discord.
pub(super) async fn finish(
    State(house): State<Arc<House>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    answer: Result<Query<Answer>, QueryRejection>,
) -> Response {
    let Some((guard, sign_in)) = house.discord() else { return house.turn_away(Turned::Off, "/") };
    if !house.sign_ins.take(peer.0.ip(), Instant::now()) {
        return house.too_often();
    }
    let attempt =
        kept::<Attempt>(&headers, house.is_secure()).and_then(|it| guard.seal.open::<Attempt>(it, Utc::now()));
    let (Some(attempt), Ok(Query(Answer { code, state: Some(state) }))) = (attempt, answer) else {
        return house.turn_away(Turned::SignedOut, "/");
    };
    let is_ours = bool::from(attempt.state.as_bytes().ct_eq(state.as_bytes()));
    // Without a code they have said no.
    let Some(code) = code.filter(|_| is_ours) else { return house.turn_away(Turned::SignedOut, &attempt.to) };
    let person = match sign_in.who(&code, &house.address(BACK)).await {
        Ok(person) => person,
        Err(error) => {
            tracing::warn!("web.not_signed_in {error}");
            return house.turn_away(Turned::Unknown, &attempt.to);
        }
    };
    if let Err(turned) = guard.actor(&person).await {
        return house.turn_away(turned, &attempt.to);
    }
    let (Ok(id), Ok(csrf)) = (unguessable(), unguessable()) else { return house.fault("no chance to be had") };
    let session = guard.seal.close(Session { id, person, csrf }, Utc::now());
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, attempt.to)]).into_response();
    let cookies = [keep::<Session>(Some(&session), house.is_secure()), keep::<Attempt>(None, house.is_secure())];
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie.parse().expect("a cookie is ASCII"));
    }
    response
}

#[derive(Deserialize)]
pub(super) struct SignOut {
    csrf: String,
}

/// Ends a session, if it was this browser's own page that asked.
pub(super) async fn sign_out(
    State(house): State<Arc<House>>,
    viewer: Viewer,
    form: Result<Form<SignOut>, FormRejection>,
) -> Response {
    let (Entrance::Guarded(guard), Some(session)) = (&house.entrance, viewer.session) else {
        return house.turn_away(Turned::SignedOut, "/");
    };
    let is_ours = form.is_ok_and(|Form(form)| bool::from(form.csrf.as_bytes().ct_eq(session.csrf.as_bytes())));
    if !is_ours {
        return house.say(StatusCode::FORBIDDEN, "This form is not from a page of yours. Load the page anew.");
    }
    Guard::end(guard, session);
    let headers = [(LOCATION, "/".to_owned()), (SET_COOKIE, keep::<Session>(None, house.is_secure()))];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// A page of ours, never an address elsewhere.
fn own_page(to: &str) -> &str {
    let is_own = to.starts_with('/') && !to.starts_with("//") && to.len() <= WANTED_MAX;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/-_?=&.".contains(letter);
    if is_own && to.chars().all(is_plain) { to } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::own_page;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for to in ["", "//evil.example", "https://evil.example", "/\\evil.example", "/\r\nset-cookie: a=b", "evil"] {
            assert_eq!(own_page(to), "/", "{to:?}");
        }
        assert_eq!(own_page("/cases/ESC-1"), "/cases/ESC-1");
    }
}
