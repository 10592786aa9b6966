//! Webhooks: a ticket system says that a ticket has changed. It is believed only if it is signed, and then only that:
//! the ticket itself is read again.
//!
//! `POST /hooks/{account}`, where the account is `system` in `[[tickets]]`:
//!
//! | answer | |
//! |---|---|
//! | 202 | it is recorded, and the ticket will be read |
//! | 400 | no JSON, or none that this system sends |
//! | 401 | the signature is missing or wrong, or too old |
//! | 404 | no such account, or none that listens to webhooks |
//! | 408 | it comes too slowly |
//! | 409 | it was delivered before |
//! | 413, 415 | too large · not `application/json` |
//! | 503 | too many at once, or the desk is too busy to record it now: deliver it again |

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body as Bytes, to_bytes};
use axum::extract::{Path, Request as HttpRequest, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::adapters::tickets::{Account, Delivery, Event, NotHeard};
use crate::engine::clock::Clock;
use crate::engine::input::{Body, Input, InputId};
use crate::sop::desk::Request;
use crate::sop::message::TicketRef;

/// Bytes of one delivery. The largest that a vendor documents are GitHub's: 25 MB, with a push of thousands of commits;
/// one about a ticket has its text once or twice.
const DELIVERY_MAX: usize = 1 << 20;
/// From the first byte of a body to its last.
const READ_WITHIN: Duration = Duration::from_secs(5);
/// Deliveries at once: all that they may hold in memory together is 256 MiB.
pub(super) const AT_ONCE_MAX: usize = 256;
/// Vendors give up after 5 (HubSpot) to 12 seconds (Zendesk), and deliver again.
const RECORDED_WITHIN: Duration = Duration::from_secs(4);

pub(super) struct Hooks {
    pub(super) accounts: Vec<Arc<Account>>,
    pub(super) inbox: mpsc::Sender<Input>,
    pub(super) clock: Clock,
    /// Our own address, as those who send know it.
    pub(super) url: String,
    /// Deliveries that are read or recorded.
    pub(super) places: Semaphore,
}

pub(super) fn routes(hooks: Hooks) -> Router {
    Router::new().route("/hooks/{account}", post(serve)).with_state(Arc::new(hooks))
}

/// Why a delivery changes nothing.
struct Refused {
    status: StatusCode,
    why: String,
}

async fn serve(
    State(hooks): State<Arc<Hooks>>,
    Path(name): Path<String>,
    request: HttpRequest,
) -> (StatusCode, String) {
    match hooks.hear(&name, request).await {
        Ok(()) => (StatusCode::ACCEPTED, String::new()),
        Err(Refused { status, why }) => {
            let account = hooks.account(&name).map_or("?", |account| account.settings().name.as_str());
            tracing::warn!(account, status = status.as_u16(), "webhook.refused {account}: {why}");
            (status, format!("{why}\n"))
        }
    }
}

impl Hooks {
    fn account(&self, name: &str) -> Option<&Account> {
        let mut accounts = self.accounts.iter().filter(|account| account.settings().webhook.is_some());
        accounts.find(|account| account.settings().name == name).map(Arc::as_ref)
    }

    async fn hear(&self, name: &str, request: HttpRequest) -> Result<(), Refused> {
        let refused = |status, why: &str| Refused { status, why: why.to_owned() };
        let account = self.account(name).ok_or_else(|| refused(StatusCode::NOT_FOUND, "no account listens here"))?;
        let (Parts { headers, .. }, body) = request.into_parts();
        // Nothing is read, let alone kept, of what is not even signed.
        account.is_signed(&headers).map_err(|why| refused(StatusCode::UNAUTHORIZED, &why.to_string()))?;
        let _place =
            self.places.try_acquire().map_err(|_| refused(StatusCode::SERVICE_UNAVAILABLE, "too many at once"))?;
        let body = tokio::time::timeout(READ_WITHIN, read(body)).await;
        let body = body.map_err(|_| refused(StatusCode::REQUEST_TIMEOUT, "it is too slow"))??;
        let url = format!("{}/hooks/{name}", self.url);
        let delivery = Delivery { headers: &headers, body: &body, url: &url };
        let events = account
            .verify(&delivery, self.clock.now())
            .map_err(|why| Refused { status: status(&why, &headers), why: why.to_string() })?;
        self.record(name, events).await
    }

    /// Answers once everything is on disk.
    async fn record(&self, system: &str, events: Vec<Event>) -> Result<(), Refused> {
        let busy = || Refused { status: StatusCode::SERVICE_UNAVAILABLE, why: "the desk is busy".to_owned() };
        let mut answers = Vec::new();
        for Event { delivery, ticket } in events {
            let (recorded, answer) = oneshot::channel();
            let ticket = TicketRef { system: system.to_owned(), id: ticket, url: None };
            let request = Box::new(Request::TicketChanged { ticket });
            let id = InputId(format!("webhook:{system}:{delivery}"));
            let input = Input { id, body: Body::Offer { request, recorded } };
            self.inbox.send_timeout(input, RECORDED_WITHIN).await.map_err(|_| busy())?;
            answers.push(answer);
        }
        let mut is_new = answers.is_empty();
        for answer in answers {
            let answer = tokio::time::timeout(RECORDED_WITHIN, answer).await;
            is_new |= answer.map_err(|_| busy())?.map_err(|_| busy())?;
        }
        let again = || Refused { status: StatusCode::CONFLICT, why: "it was delivered before".to_owned() };
        if is_new { Ok(()) } else { Err(again()) }
    }
}

async fn read(body: Bytes) -> Result<axum::body::Bytes, Refused> {
    let too_large = format!("it is larger than {DELIVERY_MAX} bytes, or broke off");
    to_bytes(body, DELIVERY_MAX).await.map_err(|_| Refused { status: StatusCode::PAYLOAD_TOO_LARGE, why: too_large })
}

/// Whoever cannot sign learns nothing of what would be understood.
fn status(why: &NotHeard, headers: &HeaderMap) -> StatusCode {
    let is_json = headers.get(CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")
    });
    match why {
        NotHeard::NoSecret => StatusCode::NOT_FOUND,
        NotHeard::NotSigned { .. } | NotHeard::Forged | NotHeard::Stale => StatusCode::UNAUTHORIZED,
        NotHeard::NotUnderstood { .. } if is_json => StatusCode::BAD_REQUEST,
        NotHeard::NotUnderstood { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
    }
}
