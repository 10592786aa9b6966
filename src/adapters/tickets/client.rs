//! The one HTTP client for all ticket systems: signs in, waits, gives up, asks again where that can do no harm, and
//! says of every failure what it means.
//!
//! Only the config decides whom it speaks with: addresses are made of it and of ids that were checked, redirects are not
//! followed, and pages are turned by their marks and never by the links that an answer holds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable};
use chrono::{DateTime, Utc};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::error::{Result, TicketError};
use super::node::Node;
use super::sign_in::{Access, OauthClient, SignIn};
use super::text;
use crate::adapters::cause;

/// How long a ticket system is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    pub connect: Duration,
    /// From the request to the last byte of its answer.
    pub request: Duration,
    /// How often a request that may be repeated is repeated.
    pub repeats: usize,
    /// The pause before the first repetition, about: it varies, and doubles.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            request: Duration::from_secs(10),
            repeats: 2,
            pause: Duration::from_millis(500),
        }
    }
}

/// A longer wait is left to whoever asked: a case is told of without its ticket meanwhile.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// How long a limit lasts whose answer does not say.
const WAIT: Duration = Duration::from_secs(10);
/// No limit of a vendor's lasts longer than its counters do: a day.
const LIMIT_MAX: Duration = Duration::from_hours(24);
/// Bytes of an answer. A page of a hundred long comments has less than two million.
const ANSWER_MAX: usize = 4 << 20;
/// Pages that are turned for one question: 2,000 comments of a ticket, at a hundred a page.
pub(super) const PAGES_MAX: usize = 20;

/// Speaks with one account of one ticket system.
pub(super) struct Client {
    http: reqwest::Client,
    /// Without a slash at its end.
    base: String,
    headers: HeaderMap,
    sign_in: SignIn,
    secrets: Vec<String>,
    patience: Patience,
    watcher: Option<Watcher>,
}

/// Is told of every request with its outcome.
pub type Watcher = Arc<dyn Fn(Exchange) + Send + Sync>;

/// One request and what came back.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub method: String,
    /// Without the query, and without what is a person's.
    pub path: String,
    /// `None`: there was no answer.
    pub status: Option<u16>,
    pub bytes: usize,
    pub took: Duration,
}

struct Call<'a> {
    method: Method,
    path: &'a str,
    query: &'a [(&'a str, &'a str)],
    body: Option<Body<'a>>,
    /// It changes nothing, so it may be repeated.
    is_read: bool,
}

enum Body<'a> {
    Json(Value),
    Form(Vec<(&'a str, &'a str)>),
}

/// What a system answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) headers: HeaderMap,
    /// Null where there was none.
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn node(&self) -> Node<'_> {
        Node::root(&self.body)
    }
}

/// The answers that belong to one question.
#[derive(Debug)]
pub(super) struct Pages {
    answers: Vec<Answer>,
    /// There are more.
    pub(super) is_cut: bool,
}

impl Pages {
    /// The mark of the page after the last, unless so many were turned that it is left.
    fn next(&mut self, mut next: impl FnMut(&Node<'_>, usize) -> Result<Option<String>>) -> Result<Option<String>> {
        let read = self.answers.len();
        let at = next(&self.answers[read - 1].node(), read)?;
        self.is_cut = at.is_some() && read == PAGES_MAX;
        Ok(at.filter(|_| !self.is_cut))
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        self.answers.iter().map(Answer::node)
    }

    /// All items of the list that each page has under this key; of the page itself, if the key is empty.
    pub(super) fn items(&self, key: &str) -> Result<Vec<Node<'_>>> {
        let mut items = Vec::new();
        for page in self.nodes() {
            items.extend(if key.is_empty() { page.items()? } else { page.list(key)? });
        }
        Ok(items)
    }
}

/// A text as one part of a path.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Pages with numbers: there is another one after one that is full.
pub(super) fn while_full(key: &str, size: usize) -> impl Fn(&Node<'_>, usize) -> Result<Option<String>> {
    move |page, read| {
        let items = if key.is_empty() { page.items()? } else { page.list(key)? };
        Ok((items.len() >= size).then(|| (read + 1).to_string()))
    }
}

impl Client {
    pub(super) fn new(
        base: &str,
        headers: &[(&'static str, &'static str)],
        sign_in: SignIn,
        patience: Patience,
        watcher: Option<Watcher>,
    ) -> std::result::Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("bellhop/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(patience.connect)
            .timeout(patience.request)
            .build()?;
        let header = |(name, value): &(&'static str, &'static str)| {
            (name.parse().expect("a header's name"), value.parse().expect("a header's value"))
        };
        let headers = headers.iter().map(header).collect::<HeaderMap>();
        let secrets = sign_in.secrets();
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), headers, sign_in, secrets, patience, watcher })
    }

    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer> {
        self.ask(Call { method: Method::GET, path, query, body: None, is_read: true }).await
    }

    /// The same for what may be gone, or kept from us, without the ticket being so.
    pub(super) async fn get_if_there(&self, path: &str, query: &[(&str, &str)]) -> Result<Option<Answer>> {
        match self.get(path, query).await {
            Ok(answer) => Ok(Some(answer)),
            Err(TicketError::NotFound | TicketError::Unauthorised { status: 403, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A question that is too long for an address.
    pub(super) async fn search(&self, path: &str, body: Value) -> Result<Answer> {
        self.ask(Call { method: Method::POST, path, query: &[], body: Some(Body::Json(body)), is_read: true }).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Result<Answer> {
        self.ask(Call { method: Method::POST, path, query: &[], body: Some(Body::Json(body)), is_read: false }).await
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> Result<Answer> {
        self.ask(Call { method: Method::PUT, path, query: &[], body: Some(Body::Json(body)), is_read: false }).await
    }

    pub(super) async fn patch(&self, path: &str, body: Value) -> Result<Answer> {
        self.ask(Call { method: Method::PATCH, path, query: &[], body: Some(Body::Json(body)), is_read: false }).await
    }

    /// Turns pages. `next` looks at one and says what `mark` has to be for the next, given how many were read.
    pub(super) async fn pages(
        &self,
        path: &str,
        query: &[(&str, &str)],
        mark: &str,
        mut next: impl FnMut(&Node<'_>, usize) -> Result<Option<String>>,
    ) -> Result<Pages> {
        let mut pages = Pages { answers: vec![self.get(path, query).await?], is_cut: false };
        while let Some(at) = pages.next(&mut next)? {
            let query: Vec<(&str, &str)> = query.iter().copied().chain([(mark, at.as_str())]).collect();
            pages.answers.push(self.get(path, &query).await?);
        }
        Ok(pages)
    }

    /// The same for a question that is too long for an address; the pointer `mark` says where in it the mark is.
    pub(super) async fn search_pages(
        &self,
        path: &str,
        mut question: Value,
        mark: &str,
        mut next: impl FnMut(&Node<'_>, usize) -> Result<Option<String>>,
    ) -> Result<Pages> {
        let mut pages = Pages { answers: vec![self.search(path, question.clone()).await?], is_cut: false };
        while let Some(at) = pages.next(&mut next)? {
            *question.pointer_mut(mark).expect("the question has a place for the mark") = at.into();
            pages.answers.push(self.search(path, question.clone()).await?);
        }
        Ok(pages)
    }

    /// Asks, and asks again where that can do no harm.
    async fn ask(&self, call: Call<'_>) -> Result<Answer> {
        let Patience { repeats, pause, .. } = self.patience;
        let pauses = ExponentialBuilder::default().with_min_delay(pause).with_max_times(repeats).with_jitter();
        let is_harmless = |error: &TicketError| match error {
            TicketError::RateLimited { after } => *after <= WAIT_MAX,
            TicketError::Unavailable { maybe_done, .. } => call.is_read || !maybe_done,
            _ => false,
        };
        let ask = || self.once(&call);
        let at_least = |error: &TicketError, pause: Option<Duration>| match error {
            TicketError::RateLimited { after } => pause.map(|pause| pause.max(*after)),
            _ => pause,
        };
        ask.retry(pauses).when(is_harmless).adjust(at_least).await
    }

    /// One request; a second one where a token that was fetched has ended before its time.
    async fn once(&self, call: &Call<'_>) -> Result<Answer> {
        let SignIn::Client(client) = &self.sign_in else { return self.request(call, None).await };
        let token = self.access(client).await?;
        match self.request(call, Some(&token)).await {
            Err(TicketError::Unauthorised { status: 401, .. }) => {
                *client.access.lock().await = None;
                self.request(call, Some(&self.access(client).await?)).await
            }
            answer => answer,
        }
    }

    /// The token of an OAuth client, fetched where there is none that lasts.
    async fn access(&self, client: &OauthClient) -> Result<SecretString> {
        let mut access = client.access.lock().await;
        if let Some(Access { token, until }) = &*access
            && *until > Instant::now()
        {
            return Ok(token.clone());
        }
        let secret = client.secret.expose_secret();
        let mut form = vec![("grant_type", "client_credentials"), ("client_id", &client.id), ("client_secret", secret)];
        form.extend(client.scope.map(|scope| ("scope", scope)));
        let body = Some(Body::Form(form));
        let call = Call { method: Method::POST, path: client.path, query: &[], body, is_read: true };
        let answer = self.request(&call, None).await?;
        let token = answer.body["access_token"].as_str();
        let token = token.ok_or_else(|| TicketError::not_understood("access_token is missing"))?;
        let fetched = Access::new(token.to_owned(), answer.body["expires_in"].as_u64());
        Ok(access.insert(fetched).token.clone())
    }

    async fn request(&self, call: &Call<'_>, token: Option<&SecretString>) -> Result<Answer> {
        let request = self.http.request(call.method.clone(), format!("{}{}", self.base, call.path));
        let request = request.query(call.query).headers(self.headers.clone());
        let request = self.sign_in.sign(request, token);
        let request = match &call.body {
            Some(Body::Json(body)) => request.json(body),
            Some(Body::Form(fields)) => request.form(fields),
            None => request,
        };
        let asked = Instant::now();
        let response = request.send().await;
        let status = response.as_ref().ok().map(|response| response.status().as_u16());
        let (answer, bytes) = match response {
            Ok(response) => self.read(call, response).await,
            Err(error) => (Err(unavailable(call, error)), 0),
        };
        if let Some(watcher) = &self.watcher {
            let path = text::reason(&percent_decode_str(call.path).decode_utf8_lossy(), &self.secrets);
            watcher(Exchange { method: call.method.to_string(), path, status, bytes, took: asked.elapsed() });
        }
        answer
    }

    /// What an answer means, and how long it was.
    async fn read(&self, call: &Call<'_>, mut response: Response) -> (Result<Answer>, usize) {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > ANSWER_MAX => {
                    let what = format!("it has more than {} MiB", ANSWER_MAX >> 20);
                    return (Err(TicketError::not_understood(what)), body.len());
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => return (Err(unavailable(call, error)), body.len()),
            }
        }
        (self.understood(call, status, headers, &body), body.len())
    }

    fn understood(&self, call: &Call<'_>, status: u16, headers: HeaderMap, body: &[u8]) -> Result<Answer> {
        let parsed = serde_json::from_slice::<Value>(body);
        if let Some(after) = limited(status, &headers) {
            return Err(TicketError::RateLimited { after });
        }
        let why = || text::reason(&reasons(parsed.as_ref().unwrap_or(&Value::Null)), &self.secrets);
        match status {
            204 => Ok(Answer { headers, body: Value::Null }),
            200..=299 if body.trim_ascii().is_empty() => Ok(Answer { headers, body: Value::Null }),
            200..=299 => match parsed {
                Ok(body) => Ok(Answer { headers, body }),
                Err(_) if is_page(&headers, body) => Err(TicketError::not_understood(
                    "a web page instead of data; is there a login page or a proxy in between?",
                )),
                Err(_) => Err(TicketError::not_understood("it is not JSON")),
            },
            300..=399 => {
                let why = "it sends us elsewhere, where nobody goes: put the right address into the config as `api`";
                Err(TicketError::Refused { status, why: why.to_owned() })
            }
            401 | 403 => Err(TicketError::Unauthorised { status, why: why() }),
            404 | 410 => Err(TicketError::NotFound),
            408 | 500.. => Err(TicketError::Unavailable { why: format!("status {status}"), maybe_done: !call.is_read }),
            _ => Err(TicketError::Refused { status, why: why() }),
        }
    }
}

fn unavailable(call: &Call<'_>, error: reqwest::Error) -> TicketError {
    // What was never sent cannot have been done.
    let maybe_done = !call.is_read && !error.is_connect();
    let error = error.without_url();
    if error.is_timeout() {
        return TicketError::Unavailable { why: "no answer in time".to_owned(), maybe_done };
    }
    if error.is_body() || error.is_decode() {
        return TicketError::Unavailable { why: "its answer broke off".to_owned(), maybe_done };
    }
    let why = cause::innermost(&error).unwrap_or_else(|| error.to_string());
    TicketError::Unavailable { why, maybe_done }
}

fn is_page(headers: &HeaderMap, body: &[u8]) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.contains("html") || body.trim_ascii_start().starts_with(b"<")
}

/// For how long nothing may be asked. Some say it with 403 instead of 429.
fn limited(status: u16, headers: &HeaderMap) -> Option<Duration> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let is_used_up = header("x-ratelimit-remaining") == Some("0") || header("retry-after").is_some();
    if status != 429 && !(status == 403 && is_used_up) {
        return None;
    }
    let until = |at: DateTime<Utc>| (at - Utc::now()).to_std().unwrap_or_default();
    let after = ["retry-after", "x-ratelimit-retry-after"].into_iter().find_map(header);
    let after = after.and_then(|after| match after.trim().parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => DateTime::parse_from_rfc2822(after).ok().map(|at| until(at.to_utc())),
    });
    let reset = || DateTime::from_timestamp(header("x-ratelimit-reset")?.parse().ok()?, 0);
    Some(after.or_else(|| reset().map(until)).unwrap_or(WAIT).min(LIMIT_MAX))
}

/// What stands in the places where vendors put their reasons.
fn reasons(answer: &Value) -> String {
    let texts = ["/description", "/message", "/error_description", "/error/message", "/error/title", "/_error/message"];
    let lists = ["/errors", "/errorMessages", "/_embedded/errors"];
    let of_text = texts.iter().filter_map(|place| answer.pointer(place)?.as_str());
    let items = lists.iter().filter_map(|place| answer.pointer(place));
    let items = items.flat_map(|list| match list {
        Value::Array(items) => items.iter().collect::<Vec<_>>(),
        Value::Object(fields) => fields.values().collect(),
        _ => Vec::new(),
    });
    let of_item = items.filter_map(|item| item.as_str().or_else(|| item["message"].as_str()));
    let mut reasons: Vec<&str> = of_text.chain(of_item).collect();
    reasons.dedup();
    match (reasons.is_empty(), answer["error"].as_str()) {
        (true, Some(code)) => code.to_owned(),
        (true, None) => "no reason given".to_owned(),
        (false, _) => reasons.join("; "),
    }
}
