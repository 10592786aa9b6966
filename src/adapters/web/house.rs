//! What all requests share: the desk, who may look at it, and how pages are made.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{FromRequestParts, Request};
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::{mpsc, watch};

use crate::adapters::discord::SignIn;
use crate::adapters::web::access::{Entrance, Guard, Turned, Viewer};
use crate::adapters::web::limit::Buckets;
use crate::adapters::web::listen::Peer;
use crate::adapters::web::look::Shared;
use crate::adapters::web::pages::{self, BotSeen, CaseSeen, Duties};
use crate::adapters::web::show::{self, Frame, Pages};
use crate::adapters::web::{guide, health, login, trends};
use crate::engine::clock::Clock;
use crate::engine::input::Input;
use crate::engine::store::LogAt;
use crate::engine::{Measured, Pulse};
use crate::sop::escalation::EscalationId;
use crate::sop::health::Health;
use crate::sop::message::PersonId;
use crate::sop::notice::DigestFacts;
use crate::sop::overview::Overview;
use crate::sop::paths::Paths;
use crate::sop::procedure::Procedure;
use crate::words::Words;

/// The listener's rooms and what stands in them.
pub(super) struct House {
    pub(super) inbox: mpsc::Sender<Input>,
    pub(super) clock: Clock,
    pub(super) pulse: watch::Receiver<Pulse>,
    pub(super) measured: Arc<Measured>,
    pub(super) log: LogAt,
    /// All true: what is said is heard.
    pub(super) hears: Vec<(&'static str, watch::Receiver<bool>)>,
    pub(super) entrance: Entrance,
    /// Our own address, as browsers know it.
    pub(super) url: String,
    /// When it began to listen, in real time.
    pub(super) since: DateTime<Utc>,
    pub(super) procedure: Arc<Procedure>,
    pub(super) words: Words,
    pub(super) pages: Pages,
    pub(super) asked: Buckets,
    pub(super) sign_ins: Buckets,
    pub(super) overview: Shared<(), Overview>,
    pub(super) cases: Shared<EscalationId, Option<CaseSeen>>,
    pub(super) duties: Shared<(), Duties>,
    pub(super) bot: Shared<(), BotSeen>,
    /// By who reads: what one may know of the triggers another may not.
    pub(super) triggers: Shared<PersonId, Health>,
    /// The same, and over how many days.
    pub(super) trends: Shared<(PersonId, u16), DigestFacts>,
    /// How cases went, by who reads.
    pub(super) ways: Shared<PersonId, Paths>,
}

impl House {
    /// Everything there is, with the webhooks.
    pub(super) fn routes(self: Arc<Self>, hooks: Router) -> Router {
        let looked_at = Router::new()
            .route("/", get(pages::now))
            .route("/cases/{id}", get(pages::case))
            .route("/triggers", get(pages::triggers))
            .route("/trends", get(trends::page))
            .route("/trends/chart.svg", get(trends::chart))
            .route("/guide", get(guide::page))
            .route("/guide/paths", get(guide::ways))
            .route("/rota", get(pages::rota))
            .route("/bot", get(pages::bot))
            .route("/logout", post(login::sign_out));
        let open = Router::new()
            .route("/login/discord", get(login::begin))
            .route(login::BACK, get(login::finish))
            .route("/assets/{file}", get(show::asset))
            .route("/healthz", get(health::alive))
            .route("/readyz", get(health::ready))
            .route("/metrics", get(health::metrics));
        let guarded = middleware::from_fn_with_state(Arc::clone(&self), guard);
        let nothing = async || (StatusCode::NOT_FOUND, "There is no such page.\n");
        looked_at.merge(open).with_state(self).merge(hooks).fallback(nothing).layer(guarded)
    }

    pub(super) fn is_secure(&self) -> bool {
        self.url.starts_with("https://")
    }

    /// The address of a path, as browsers know it.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Who asks Discord, where people sign in there.
    pub(super) fn discord(&self) -> Option<(&Guard, &SignIn)> {
        let Entrance::Guarded(guard) = &self.entrance else { return None };
        guard.sign_in.as_ref().map(|sign_in| (&**guard, sign_in))
    }

    /// Says why somebody is not let in, and how they would be. Nothing of the desk.
    pub(super) fn turn_away(&self, why: Turned, wanted: &str) -> Response {
        if why == Turned::Off {
            return (why.status(), format!("{}\n", why.sentence())).into_response();
        }
        let may_sign_in = self.discord().is_some() && matches!(why, Turned::SignedOut | Turned::NotStaff);
        let to = utf8_percent_encode(wanted, NON_ALPHANUMERIC).to_string();
        let title = if may_sign_in { "Sign in" } else { title(why.status()) };
        let facts = serde_json::json!({ "title": title, "sentence": why.sentence(), "sign_in": may_sign_in, "to": to });
        let page = self.pages.render("login.html", &Frame::of_nobody(self), &facts);
        let mut response = (why.status(), Html(page)).into_response();
        if why.status() == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }

    /// Whether an address has not asked too often.
    pub(super) fn may_ask(&self, peer: Peer) -> bool {
        self.asked.take(peer.0.ip(), Instant::now())
    }

    /// A page with one sentence.
    pub(super) fn say(&self, status: StatusCode, sentence: &str) -> Response {
        let facts = serde_json::json!({ "title": title(status), "sentence": sentence, "sign_in": false, "to": "/" });
        (status, Html(self.pages.render("login.html", &Frame::of_nobody(self), &facts))).into_response()
    }

    pub(super) fn too_often(&self) -> Response {
        let mut response =
            self.say(StatusCode::TOO_MANY_REQUESTS, "Too many requests from your address. Wait a minute.");
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        response
    }

    pub(super) fn fault(&self, what: &str) -> Response {
        tracing::error!("web.fault {what}");
        self.say(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong here, and stands in the log.")
    }
}

/// What a page is called that says only why there is nothing else.
fn title(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}

/// Headers for every answer: nothing is fetched from elsewhere, nothing frames us, nothing is kept by a cache.
async fn guard(
    axum::extract::State(house): axum::extract::State<Arc<House>>,
    request: Request,
    next: Next,
) -> Response {
    let answer = tokio::time::timeout(show::ANSWERED_WITHIN, next.run(request)).await;
    let mut response = answer.unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response());
    let headers = response.headers_mut();
    for (name, value) in show::GUARDS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if house.is_secure() {
        let value = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    response
}

/// Whoever is let in; or what they are told instead.
impl FromRequestParts<Arc<House>> for Viewer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Response> {
        let peer = parts.extensions.get::<Peer>().copied();
        if peer.is_none_or(|peer| !house.may_ask(peer)) {
            return Err(house.too_often());
        }
        let viewer = house.entrance.viewer(&parts.headers, house.is_secure()).await;
        viewer.map_err(|turned| house.turn_away(turned, parts.uri.path()))
    }
}
