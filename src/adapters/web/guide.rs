//! The procedure as people read it, made of what runs: the guide, and how cases really went.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::adapters::web::access::Viewer;
use crate::adapters::web::house::House;
use crate::adapters::web::show::Frame;
use crate::sop::desk::Desk;
use crate::sop::guide::Guide;
use crate::sop::paths::paths;
use crate::sop::procedure::Procedure;
use crate::words::guide;

/// How far back paths are looked at.
const PATHS_DAYS: i64 = 30;

#[derive(Serialize)]
struct Document {
    title: &'static str,
    /// Made, and escaped, by the guide's own templates.
    body: String,
    /// Whether it is the guide itself.
    is_guide: bool,
}

/// For everybody on staff, without the confidential rules whose cases they may not read.
pub(super) async fn page(State(house): State<Arc<House>>, viewer: Viewer) -> Response {
    let (procedure, actor, now) = (Arc::clone(&house.procedure), viewer.actor.clone(), house.clock.now());
    // Its examples are tried out, which takes long enough to keep others waiting.
    let body =
        tokio::task::spawn_blocking(move || guide::body(&Guide::for_reader(&procedure, &actor, now), "The procedure"));
    let Ok(body) = body.await else { return house.fault("the guide could not be written") };
    let shown = Document { title: "The procedure", body, is_guide: true };
    house.show("guide.html", &Frame::new("guide", &viewer, now), &shown)
}

/// For managers, like all that is said of the desk as a whole.
pub(super) async fn ways(State(house): State<Arc<House>>, viewer: Viewer) -> Response {
    if !viewer.actor.manages {
        return house.say(StatusCode::FORBIDDEN, "How cases went is for managers.");
    }
    let actor = viewer.actor.clone();
    let see = move |desk: &Desk, _: &Procedure, now: DateTime<Utc>| {
        paths(desk, &actor, now - TimeDelta::days(PATHS_DAYS), now)
    };
    let seen = house.ways.see(viewer.actor.person.id.clone(), &house.inbox, see).await;
    let paths = match seen {
        Ok(paths) => paths,
        Err(why) => return house.unanswered(why),
    };
    let body = guide::paths_body(&paths, &house.procedure, &format!("The last {PATHS_DAYS} days"));
    let shown = Document { title: "How cases went", body, is_guide: false };
    house.show("guide.html", &Frame::new("guide", &viewer, house.clock.now()), &shown)
}
