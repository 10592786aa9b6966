//! What other programs watch the bot by. Nothing here names a customer, a person or a ticket.
//!
//! | path | |
//! |---|---|
//! | `/healthz` | 200: the process answers |
//! | `/readyz` | 200: everything works; 503: what does not, a line each |
//! | `/metrics` | what is counted and measured, for Prometheus |

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;

use crate::adapters::web::house::House;
use crate::adapters::web::listen::Peer;
use crate::adapters::web::look::look;
use crate::engine::Figures;

/// Deadlines are seen to within milliseconds; one that is older than this is not seen to at all.
const OVERDUE: TimeDelta = TimeDelta::minutes(1);

/// The format of what `/metrics` says (<https://prometheus.io/docs/instrumenting/content_negotiation/>).
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What a process that answers says.
pub const ALIVE: &str = "ok\n";

pub(super) async fn alive() -> &'static str {
    ALIVE
}

pub(super) async fn ready(State(house): State<Arc<House>>, Extension(peer): Extension<Peer>) -> Response {
    if !house.may_ask(peer) {
        return house.too_often();
    }
    let (problems, _) = house.problems().await;
    if problems.is_empty() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, problems.join("\n") + "\n").into_response()
}

pub(super) async fn metrics(State(house): State<Arc<House>>, Extension(peer): Extension<Peer>) -> Response {
    if !house.may_ask(peer) {
        return house.too_often();
    }
    let (problems, cases) = house.problems().await;
    let pulse = *house.pulse.borrow();
    let text = house.measured.text(Figures {
        to_tell: pulse.to_tell,
        held_up: pulse.held_up,
        inbox: house.waiting(),
        cases,
        is_ready: problems.is_empty(),
    });
    ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response()
}

impl House {
    /// Inputs that wait.
    pub(super) fn waiting(&self) -> usize {
        self.inbox.max_capacity() - self.inbox.capacity()
    }

    /// What does not work, in a sentence each; and how many cases are open and nobody's, as far as the desk says.
    pub(super) async fn problems(&self) -> (Vec<String>, Option<(usize, usize)>) {
        let mut problems = Vec::new();
        let seen = look(&self.inbox, |desk, _, now| (desk.count_open(), desk.silences(now).since)).await;
        let cases = match &seen {
            Ok((cases, deaf)) => {
                if deaf.is_some() {
                    problems.push("what is said in the chat is not heard".to_owned());
                }
                Some(*cases)
            }
            Err(problem) => {
                problems.push(problem.to_string());
                None
            }
        };
        let unmet = self.hears.iter().filter(|(_, is_so)| !*is_so.borrow());
        problems.extend(unmet.map(|(otherwise, _)| (*otherwise).to_owned()));
        let due = self.pulse.borrow().next_deadline;
        if let Some(late) = due.map(|due| self.clock.now() - due).filter(|late| *late > OVERDUE) {
            problems.push(format!("a deadline is {} s old and not seen to", late.num_seconds()));
        }
        (problems, cases)
    }
}
