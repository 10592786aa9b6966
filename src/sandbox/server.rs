//! The one listener, and what all its connections share.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, Request, State as Extract};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::interactions::{FIRST_RESPONSE, Stage};
use super::people::{Act, Impossible};
use super::state::State;
use super::wire::{Cut, Entrance};
use super::{PATIENCE, Settings, attachments, control, gateway, oauth, page, rest};
use crate::engine::clock::Clock;

pub(super) struct Shared {
    pub address: SocketAddr,
    pub token: String,
    pub clock: Clock,
    pub stopped: CancellationToken,
    /// Counts up after every change.
    pub changed: watch::Sender<u64>,
    next_deadline: Option<watch::Receiver<Option<DateTime<Utc>>>>,
    state: Mutex<State>,
    runtime: Handle,
    tasks: TaskTracker,
}

pub(super) async fn start(settings: Settings) -> io::Result<(Arc<Shared>, DropGuard)> {
    let listener = TcpListener::bind(settings.address).await?;
    let address = listener.local_addr()?;
    let stopped = CancellationToken::new();
    let shared = Arc::new(Shared {
        address,
        token: settings.token,
        clock: settings.clock.clone(),
        stopped: stopped.clone(),
        changed: watch::Sender::new(0),
        next_deadline: settings.next_deadline,
        state: Mutex::new(State::new(settings.world, settings.clock, format!("ws://{address}"))),
        runtime: Handle::current(),
        tasks: TaskTracker::new(),
    });
    let service = routes(shared.clone()).into_make_service_with_connect_info::<Cut>();
    let serving = axum::serve(Entrance(listener), service).with_graceful_shutdown(stopped.clone().cancelled_owned());
    shared.tasks.spawn(async move { serving.await });
    shared.tasks.spawn(tell_deadlines(shared.clone()));
    Ok((shared, stopped.drop_guard()))
}

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(front))
        .route("/oauth2/authorize", get(oauth::authorize))
        .route("/api/v10/oauth2/token", post(oauth::token))
        .route("/api/v10/{*path}", any(rest_call))
        .route("/attachments/{id}/{name}", get(attachments::serve))
        .nest("/sandbox/api", control::routes(shared.clone()))
        .fallback(page_file)
        .with_state(shared)
}

/// The gateway for who asks for an upgrade, the page for everybody else.
async fn front(
    Extract(shared): Extract<Arc<Shared>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    request: Request,
) -> Response {
    match upgrade {
        Ok(upgrade) => upgrade.on_upgrade(move |socket| gateway::serve(socket, shared)),
        Err(_) => page_file(request).await,
    }
}

async fn page_file(request: Request) -> Response {
    page::file(request.uri().path()).unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

async fn rest_call(
    Extract(shared): Extract<Arc<Shared>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    if oauth::bearer(request.headers()).is_some() {
        return oauth::me(&shared, request.uri().path(), request.headers());
    }
    rest::serve(shared, cut, request).await
}

/// Keeps open pages informed of what is due next.
async fn tell_deadlines(shared: Arc<Shared>) {
    let Some(mut deadline) = shared.next_deadline.clone() else { return };
    loop {
        tokio::select! {
            changed = deadline.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            () = shared.stopped.cancelled() => return,
        }
        let shown = shared.clock_shown();
        shared.read(|state| state.show("clock", None, None, || shown));
    }
}

impl Shared {
    /// Looks.
    pub fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// Changes something and wakes everybody who waits for it.
    pub fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.lock());
        self.changed.send_modify(|count| *count += 1);
        changed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the state")
    }

    /// Somebody does something; an interaction that is not answered in time is given up.
    pub fn act(self: &Arc<Self>, act: &Act) -> Result<u64, Impossible> {
        let (id, waits) = self.change(|state| {
            let id = state.act(act)?;
            let waits = state.interactions.get(&id).is_some_and(|one| one.stage == Stage::Waiting);
            Ok((id, waits))
        })?;
        if waits {
            let shared = self.clone();
            self.runtime.spawn(async move {
                tokio::select! {
                    () = tokio::time::sleep(FIRST_RESPONSE) => shared.change(|state| state.give_up(id)),
                    () = shared.stopped.cancelled() => {}
                }
            });
        }
        Ok(id)
    }

    /// Waits until `enough` holds of the state, for [`PATIENCE`].
    pub async fn until(&self, enough: impl Fn(&State) -> bool) -> Result<(), ()> {
        self.until_true(|| self.read(&enough)).await
    }

    pub async fn until_true(&self, enough: impl Fn() -> bool) -> Result<(), ()> {
        let mut changed = self.changed.subscribe();
        // The sender lives in `self`: the wait can only end by success.
        let success = async { changed.wait_for(|_| enough()).await.map(|_| ()) };
        tokio::time::timeout(PATIENCE, success).await.map_err(|_| ())?.map_err(|_| ())
    }

    pub fn next_deadline(&self) -> Option<DateTime<Utc>> {
        self.next_deadline.as_ref().and_then(|deadline| *deadline.borrow())
    }

    pub fn clock_shown(&self) -> Value {
        let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        json!({"now": text(self.clock.now()), "next_deadline": self.next_deadline().map(text)})
    }

    /// Ends all connections. What a client holds open without asking anything is not waited for.
    pub async fn stop(&self) {
        self.stopped.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
