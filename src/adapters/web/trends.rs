//! What the last days came to, beside as many before them: the digest that managers get in the chat.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::adapters::web::access::Viewer;
use crate::adapters::web::house::House;
use crate::adapters::web::show::Frame;
use crate::sop::calendar::Span;
use crate::sop::desk::Desk;
use crate::sop::digest::{Audience, Digest, digest};
use crate::sop::notice::DigestFacts;
use crate::sop::procedure::Procedure;

/// Over how many days there are trends; the first where nothing else is asked for.
const DAYS: [u16; 2] = [7, 30];
/// A digest walks over all that happened: it is made anew only so often.
pub(super) const LASTS: Duration = Duration::from_secs(30);
/// The picture has its own style in it, and nothing else.
const PICTURE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; frame-ancestors 'none'";

#[derive(Deserialize)]
pub(super) struct Asked {
    days: Option<String>,
}

type Asking = Result<Query<Asked>, QueryRejection>;

#[derive(Serialize)]
struct Trends<'d> {
    days: u16,
    choices: [u16; 2],
    digest: &'d Digest,
    /// The threshold that might be moved; empty: there is none.
    suggestion: String,
    /// The picture in words; empty: there is none.
    alt: String,
    /// Names of the teams in which nobody was on call, and how often.
    gaps: Vec<(String, u32)>,
}

/// For managers, as in the chat.
pub(super) async fn page(State(house): State<Arc<House>>, viewer: Viewer, asked: Asking) -> Response {
    let days = days(asked);
    let facts = match house.trends(&viewer, days).await {
        Ok(facts) => facts,
        Err(refused) => return refused,
    };
    let digest = &facts.digest;
    let gaps = digest.gaps.iter().map(|gap| (gap.team.to_string(), gap.times)).collect();
    let alt = house.words.chart(&facts).map(|chart| chart.alt).unwrap_or_default();
    let change = digest.suggestion.as_ref().map(|suggestion| std::slice::from_ref(&suggestion.change));
    let suggestion = change.map(|change| house.words.flip(change)).unwrap_or_default();
    let shown = Trends { days, choices: DAYS, digest, suggestion, alt, gaps };
    house.show("trends.html", &Frame::new("trends", &viewer, house.clock.now()), &shown)
}

/// How long each team took to answer, as a picture.
pub(super) async fn chart(State(house): State<Arc<House>>, viewer: Viewer, asked: Asking) -> Response {
    let facts = match house.trends(&viewer, days(asked)).await {
        Ok(facts) => facts,
        Err(refused) => return refused,
    };
    let Some(chart) = house.words.chart(&facts) else { return StatusCode::NOT_FOUND.into_response() };
    // Drawing takes long enough to keep others waiting.
    match tokio::task::spawn_blocking(move || chart.svg()).await {
        Ok(svg) => ([(CONTENT_TYPE, "image/svg+xml"), (CONTENT_SECURITY_POLICY, PICTURE_POLICY)], svg).into_response(),
        Err(_) => house.fault("a chart could not be drawn"),
    }
}

fn days(asked: Asking) -> u16 {
    let typed = asked.ok().and_then(|Query(asked)| asked.days?.parse().ok());
    typed.filter(|days| DAYS.contains(days)).unwrap_or(DAYS[0])
}

impl House {
    async fn trends(&self, viewer: &Viewer, days: u16) -> Result<Arc<DigestFacts>, Response> {
        if !viewer.actor.manages {
            return Err(self.say(StatusCode::FORBIDDEN, "What the last days came to is for managers."));
        }
        let audience = Audience::person(&viewer.actor);
        let see = move |desk: &Desk, procedure: &Procedure, now: DateTime<Utc>| {
            let window = Span { from: now - TimeDelta::days(days.into()), to: now };
            DigestFacts { digest: digest(desk, procedure, &audience, window), team: None, late_minutes: 0 }
        };
        let seen = self.trends.see((viewer.actor.person.id.clone(), days), &self.inbox, see).await;
        seen.map_err(|why| self.unanswered(why))
    }
}
