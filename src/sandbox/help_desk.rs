//! A small ticket system on loopback that speaks Zendesk's protocol, as far as the bot uses it.
//!
//! Like the small Discord it is stricter than the real one: a field it does not know, or a comment that does not say
//! whether it is public, is refused and on the record as a violation. What happened to its tickets is told in lines.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use crate::engine::clock::Clock;

/// The token that it takes.
pub const TOKEN: &str = "help-desk-token";
/// The agent behind that token.
const AGENT: u64 = 1;

/// A running help desk.
pub struct HelpDesk {
    shared: Arc<Shared>,
    address: SocketAddr,
    _serving: AbortOnDropHandle<io::Result<()>>,
}

struct Shared {
    clock: Clock,
    desk: Mutex<Desk>,
}

#[derive(Default)]
struct Desk {
    tickets: BTreeMap<u64, Ticket>,
    /// Whoever wrote or is written about, by name: their id is their place here.
    people: Vec<String>,
    is_down: bool,
    told: Vec<String>,
    violations: Vec<String>,
}

/// A ticket as somebody opens it.
#[derive(Clone, Debug, Default)]
pub struct NewTicket {
    pub subject: String,
    pub requester: String,
    pub organisation: Option<String>,
    pub plan: Option<String>,
    pub priority: Option<String>,
    pub tags: Vec<String>,
}

struct Ticket {
    new: NewTicket,
    group: Option<Value>,
    assignee: Option<Value>,
    comments: Vec<Comment>,
    created: DateTime<Utc>,
    updated: DateTime<Utc>,
}

struct Comment {
    author: u64,
    text: String,
    is_public: bool,
    at: DateTime<Utc>,
}

impl HelpDesk {
    pub async fn start(clock: Clock) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { clock, desk: Mutex::default() });
        let service = routes(shared.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, service).await });
        Ok(Self { shared, address, _serving: AbortOnDropHandle::new(serving) })
    }

    /// What `api` is in the config.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Opens a ticket, or changes all that is not a comment.
    pub fn open(&self, id: u64, new: NewTicket) {
        let now = self.shared.clock.now();
        let mut desk = self.shared.lock();
        let ticket = desk.tickets.entry(id).or_insert_with(|| Ticket::opened(now));
        (ticket.new, ticket.updated) = (new, now);
    }

    /// The requester writes, or else somebody on staff answers. Whether there is such a ticket.
    pub fn write(&self, id: u64, who: &str, text: &str) -> bool {
        let now = self.shared.clock.now();
        let mut desk = self.shared.lock();
        let author = desk.person(who);
        let Some(ticket) = desk.tickets.get_mut(&id) else { return false };
        ticket.say(Comment { author, text: text.to_owned(), is_public: true, at: now });
        true
    }

    /// It answers 503 from now on, or works again.
    pub fn set_down(&self, is_down: bool) {
        self.shared.lock().is_down = is_down;
    }

    pub fn is_down(&self) -> bool {
        self.shared.lock().is_down
    }

    /// What the bot did to tickets since this was asked last, one line each.
    pub fn news(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.lock().told)
    }

    /// What must not be.
    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    fn person(&mut self, name: &str) -> u64 {
        let known = self.people.iter().position(|known| known == name);
        let index = known.unwrap_or_else(|| {
            self.people.push(name.to_owned());
            self.people.len() - 1
        });
        // After the agent behind the token.
        AGENT + 1 + index as u64
    }

    fn users(&self, requester: &str) -> Vec<Value> {
        let user = |(id, name): (u64, &str)| {
            let role = if name == requester { "end-user" } else { "agent" };
            json!({"id": id, "name": name, "role": role, "email": null, "tags": [], "user_fields": {}})
        };
        let people = (AGENT + 1..).zip(self.people.iter().map(String::as_str));
        [(AGENT, "Bellhop")].into_iter().chain(people).map(user).collect()
    }
}

impl Ticket {
    fn opened(now: DateTime<Utc>) -> Self {
        let (new, group, assignee, comments) = (NewTicket::default(), None, None, Vec::new());
        Self { new, group, assignee, comments, created: now, updated: now }
    }

    fn say(&mut self, comment: Comment) {
        self.updated = comment.at;
        self.comments.push(comment);
    }
}

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/api/v2/tickets/{file}", get(ticket).put(update))
        .route("/api/v2/tickets/{id}/comments.json", get(comments))
        .route("/api/v2/tickets/{id}/tags.json", put(tag))
        .route("/api/v2/search/count.json", get(count))
        .layer(middleware::from_fn_with_state(shared.clone(), let_in))
        .with_state(shared)
}

async fn let_in(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if shared.lock().is_down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let signed = request.headers().get(AUTHORIZATION).is_some_and(|value| *value == format!("Bearer {TOKEN}"));
    if signed { next.run(request).await } else { StatusCode::UNAUTHORIZED.into_response() }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

async fn ticket(State(shared): State<Arc<Shared>>, Path(file): Path<String>) -> Result<Json<Value>, StatusCode> {
    let id = number(file.strip_suffix(".json"))?;
    let mut desk = shared.lock();
    let name = desk.tickets.get(&id).ok_or(StatusCode::NOT_FOUND)?.new.requester.clone();
    let requester = desk.person(&name);
    let Ticket { new, group, assignee, created, updated, .. } = &desk.tickets[&id];
    let organisation = new.organisation.as_ref().map(|_| 1);
    let organisations = new
        .organisation
        .iter()
        .map(|name| json!({"id": 1, "name": name, "tags": [], "organization_fields": {"plan": new.plan}}));
    Ok(Json(json!({
        "ticket": {
            "id": id, "subject": new.subject, "status": "open", "priority": new.priority, "tags": new.tags,
            "requester_id": requester, "organization_id": organisation, "assignee_id": assignee, "group_id": group,
            "created_at": time(*created), "updated_at": time(*updated), "custom_fields": [],
        },
        "users": desk.users(&name),
        "organizations": organisations.collect::<Vec<_>>(),
        "groups": [],
    })))
}

async fn comments(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
    let id = number(Some(&id))?;
    let desk = shared.lock();
    let ticket = desk.tickets.get(&id).ok_or(StatusCode::NOT_FOUND)?;
    let comment = |(number, comment): (usize, &Comment)| {
        json!({
            "id": id * 1_000 + number as u64, "author_id": comment.author, "public": comment.is_public,
            "plain_body": comment.text, "body": comment.text, "created_at": time(comment.at),
        })
    };
    Ok(Json(json!({
        "comments": ticket.comments.iter().enumerate().map(comment).collect::<Vec<_>>(),
        "users": desk.users(&ticket.new.requester),
        "meta": {"has_more": false},
    })))
}

async fn update(
    State(shared): State<Arc<Shared>>,
    Path(file): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, StatusCode> {
    let id = number(file.strip_suffix(".json"))?;
    let now = shared.clock.now();
    let mut desk = shared.lock();
    let change = body["ticket"].as_object().cloned().unwrap_or_default();
    if let Some(what) = strange(&change) {
        desk.violations.push(format!("the help desk cannot do this with ticket {id}: {what}"));
        return Err(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let ticket = desk.tickets.get_mut(&id).ok_or(StatusCode::NOT_FOUND)?;
    let mut told = Vec::new();
    for (key, value) in change {
        match key.as_str() {
            "comment" => {
                let text = value["body"].as_str().unwrap_or_default().to_owned();
                let is_public = value["public"].as_bool().unwrap_or(true);
                let what = if is_public { "reply to the customer" } else { "note for staff" };
                told.push(format!("ticket {id}, {what}: {text}"));
                ticket.say(Comment { author: AGENT, text, is_public, at: now });
            }
            "group_id" => {
                told.push(format!("ticket {id} goes to group {value}"));
                ticket.group = Some(value);
            }
            _ => {
                told.push(format!("ticket {id} goes to agent {value}"));
                ticket.assignee = Some(value);
            }
        }
    }
    desk.told.extend(told);
    Ok(Json(json!({})))
}

/// What is not understood of a change.
fn strange(change: &Map<String, Value>) -> Option<String> {
    let is_known = |(key, value): (&String, &Value)| match key.as_str() {
        "comment" => value["body"].is_string() && value["public"].is_boolean(),
        "group_id" | "assignee_id" => value.is_u64(),
        _ => false,
    };
    let strange = change.iter().find(|pair| !is_known(*pair)).map(|(key, value)| format!("{key}: {value}"));
    strange.or_else(|| change.is_empty().then(|| "nothing".to_owned()))
}

async fn tag(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, StatusCode> {
    let id = number(Some(&id))?;
    let mut desk = shared.lock();
    let ticket = desk.tickets.get_mut(&id).ok_or(StatusCode::NOT_FOUND)?;
    let tags: Vec<String> = serde_json::from_value(body["tags"].clone()).map_err(|_| StatusCode::BAD_REQUEST)?;
    let tags: Vec<String> = tags.into_iter().filter(|tag| !ticket.new.tags.contains(tag)).collect();
    ticket.new.tags.extend(tags.iter().cloned());
    desk.told.extend(tags.iter().map(|tag| format!("ticket {id} is tagged {tag}")));
    Ok(Json(json!({"tags": tags})))
}

/// Of the requester in the query, whatever else it asks for.
async fn count(State(shared): State<Arc<Shared>>, Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    let asked = query.get("query").map_or("", String::as_str);
    let mut desk = shared.lock();
    let requesters: Vec<String> = desk.tickets.values().map(|ticket| ticket.new.requester.clone()).collect();
    let mut is_theirs = |name: &&String| asked.contains(&format!("requester:{} ", desk.person(name)));
    Json(json!({"count": requesters.iter().filter(|name| is_theirs(name)).count()}))
}

fn number(text: Option<&str>) -> Result<u64, StatusCode> {
    text.and_then(|text| text.parse().ok()).ok_or(StatusCode::NOT_FOUND)
}
