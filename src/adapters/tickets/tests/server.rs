//! A ticket system that says what it is told to say, over real connections, and remembers what it was asked.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Response};
use futures_util::StreamExt;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A request that arrived.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub method: String,
    pub path: String,
    /// Decoded.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    /// A form is an object of texts.
    pub body: Value,
    /// How many requests for the same came before.
    pub before: usize,
}

/// What is answered.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    Json(u16, Value),
    Text {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// Nothing, ever.
    Never,
    /// The beginning of an answer.
    BrokenOff,
}

impl Asked {
    /// "GET /api/v2/tickets/42.json"
    pub(super) fn route(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub(super) fn asks_for(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

pub(super) struct Server {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    _stop: DropGuard,
}

impl Server {
    pub(super) async fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (asked.clone(), Arc::new(answer));
        let router = axum::Router::new().fallback(move |request: Request| {
            let (log, answer) = (log.clone(), answer.clone());
            async move {
                let asked = note(request, &log).await;
                send(answer(&asked)).await
            }
        });
        let stop = CancellationToken::new();
        let serving = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
        tokio::spawn(async move { serving.await });
        Self { url, asked, _stop: stop.drop_guard() }
    }

    /// Everything that was asked so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("nobody panics with it").clone()
    }

    /// What arrived that changes something.
    pub(super) fn written(&self) -> Vec<Asked> {
        let reads = ["/search", "/approximate-count", "/batch/read", "/token", "/tokens"];
        let is_read = |it: &Asked| it.method == "GET" || reads.iter().any(|read| it.path.ends_with(read));
        self.asked().into_iter().filter(|it| !is_read(it)).collect()
    }

    pub(super) fn forget(&self) {
        self.asked.lock().expect("nobody panics with it").clear();
    }
}

async fn note(request: Request, log: &Mutex<Vec<Asked>>) -> Asked {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
    let pairs = |text: &str| {
        let url = reqwest::Url::parse(&format!("http://x/?{text}")).expect("a query");
        url.query_pairs().into_owned().filter(|(name, _)| !name.is_empty()).collect::<Vec<_>>()
    };
    let is_form = parts.headers.get("content-type").is_some_and(|kind| kind == "application/x-www-form-urlencoded");
    let body = if is_form {
        let fields = pairs(std::str::from_utf8(&body).expect("a form"));
        Value::Object(fields.into_iter().map(|(name, value)| (name, value.into())).collect())
    } else {
        serde_json::from_slice(&body).unwrap_or_default()
    };
    let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
    let query = pairs(parts.uri.query().unwrap_or_default());
    let mut log = log.lock().expect("nobody panics with it");
    let before = log.iter().filter(|it| it.method == method && it.path == path).count();
    let asked = Asked { method, path, query, headers: parts.headers, body, before };
    log.push(asked.clone());
    asked
}

async fn send(reply: Reply) -> Response<Body> {
    let (status, headers, body) = match reply {
        Reply::Json(204, _) => (204, Vec::new(), Body::empty()),
        Reply::Json(status, value) => {
            (status, vec![("content-type", "application/json".to_owned())], Body::from(value.to_string()))
        }
        Reply::Text { status, headers, body } => (status, headers, Body::from(body)),
        Reply::Never => std::future::pending().await,
        Reply::BrokenOff => {
            let parts = [Ok(Bytes::from_static(b"{\"ticket\":")), Err(std::io::Error::other("broken off"))];
            // What was said before is sent while the next thing is waited for.
            let parts = futures_util::stream::iter(parts).then(async |part| {
                tokio::task::yield_now().await;
                part
            });
            let body = Body::from_stream(parts);
            (200, vec![("content-type", "application/json".to_owned())], body)
        }
    };
    let response =
        headers.into_iter().fold(Response::builder().status(status), |it, (name, value)| it.header(name, value));
    response.body(body).expect("an answer")
}

/// Without how long ago something was.
fn steady(value: &str) -> String {
    let ago = regex::Regex::new(r"[0-9]+( minutes ago|m\x22)").expect("a regular expression written here");
    ago.replace(value, "(n)$1").into_owned()
}

/// Requests as people read them: the route with its query, and what was sent.
pub(super) fn told(asked: &[Asked]) -> String {
    let mut text = String::new();
    for it in asked {
        let query: Vec<String> = it.query.iter().map(|(name, value)| format!("{name}={}", steady(value))).collect();
        let query = if query.is_empty() { String::new() } else { format!(" ? {}", query.join(" & ")) };
        writeln!(text, "{}{query}", it.route()).expect("a string takes it");
        let mut body = it.body.clone();
        if let Some(now) = body.pointer_mut("/properties/hs_timestamp") {
            *now = "(now)".into();
        }
        if !body.is_null() {
            writeln!(text, "  {body}").expect("a string takes it");
        }
    }
    text
}
