//! Our own thin client for Discord's REST interface, version 10.
//!
//! serenity's client drops `Retry-After` and waits badly; this one asks a proper limiter before each call, has
//! time-outs, and says of every failure whether trying again makes sense. It never tries again by itself: the outbox
//! does.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{DATE, HeaderMap};
use reqwest::multipart::{Form, Part};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use twilight_http_ratelimiting::{Endpoint, Method, RateLimitHeaders, RateLimiter};

use crate::adapters::cause;

/// Discord allows 50 requests a second per bot
/// (<https://discord.com/developers/docs/topics/rate-limits#global-rate-limit>); the rest is for serenity's few.
pub(crate) const REQUESTS_PER_SECOND: u16 = 45;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// Waiting longer than this for a 429 is a fault of Discord's, not a limit.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(15);

/// Speaks with one Discord-compatible server on behalf of one bot.
pub struct Api {
    http: reqwest::Client,
    base: String,
    token: SecretString,
    limiter: RateLimiter,
}

/// A call that did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("Discord asks to wait {} s", after.as_secs_f32())]
    RateLimited { after: Duration },
    /// Discord is not well, or not reachable. The text names no address and no token.
    #[error("Discord did not answer: {why}")]
    Unavailable { why: String },
    /// `code` is Discord's own
    /// (<https://discord.com/developers/docs/topics/opcodes-and-status-codes#json-json-error-codes>).
    #[error("Discord refused ({status}, code {code}): {message}")]
    Refused { status: u16, code: i64, message: String },
}

impl ApiError {
    /// Discord's code for a refusal.
    pub fn code(&self) -> Option<i64> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::RateLimited { .. } | Self::Unavailable { .. } => None,
        }
    }

    /// Whether the same call may do later. The codes say "resource overloaded".
    pub fn is_passing(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Unavailable { .. } => true,
            Self::Refused { code, .. } => matches!(code, 40_062 | 130_000),
        }
    }

    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::RateLimited { .. } | Self::Unavailable { .. } => None,
        }
    }
}

impl Api {
    /// `base` is the server without a path, for example `https://discord.com`. Must be called inside a runtime: the
    /// limiter is a task.
    pub fn new(base: &str, token: SecretString) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("DiscordBot (https://example.invalid/bellhop, ", env!("CARGO_PKG_VERSION"), ")"))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .tcp_nodelay(true)
            .build()?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { http, base, token, limiter: RateLimiter::new(REQUESTS_PER_SECOND) })
    }

    pub async fn get(&self, path: &str) -> Result<Value, ApiError> {
        self.call(Method::Get, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, ApiError> {
        self.call(Method::Post, path, Some(body)).await
    }

    /// A message with a file, the first of its attachments
    /// (<https://discord.com/developers/docs/reference#uploading-files>).
    pub async fn post_with(&self, path: &str, body: &Value, file: Option<Vec<u8>>) -> Result<Value, ApiError> {
        self.exchange(Method::Post, path, Some(body), file).await
    }

    /// The same, in the place of a message.
    pub async fn patch_with(&self, path: &str, body: &Value, file: Option<Vec<u8>>) -> Result<Value, ApiError> {
        self.exchange(Method::Patch, path, Some(body), file).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, ApiError> {
        self.call(Method::Put, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value, ApiError> {
        self.call(Method::Patch, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Result<Value, ApiError> {
        self.call(Method::Delete, path, None).await
    }

    /// How far Discord's clock is ahead of this machine's, by the `Date` header of an answer: to about a second.
    pub async fn clock_ahead(&self) -> Result<TimeDelta, ApiError> {
        let asked = Utc::now();
        let response = self.send(Method::Get, "gateway", None, None).await?;
        let half_way = asked + (Utc::now() - asked) / 2;
        let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        let date = date.ok_or_else(|| ApiError::Unavailable { why: "its answer has no date".to_owned() })?;
        // Dates are cut to whole seconds: on average half of one is missing.
        Ok(date.to_utc() + TimeDelta::milliseconds(500) - half_way)
    }

    /// One call. `path` has no slash in front; a query may follow it.
    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, ApiError> {
        self.exchange(method, path, body, None).await
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        file: Option<Vec<u8>>,
    ) -> Result<Value, ApiError> {
        let response = self.send(method, path, body, file).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.map_err(unavailable)?;
        let answer = serde_json::from_str::<Value>(&text).unwrap_or(Value::Null);
        match status {
            200..=299 => Ok(answer),
            429 => Err(ApiError::RateLimited { after: retry_after(&headers, &answer) }),
            500.. => Err(ApiError::Unavailable { why: format!("status {status}") }),
            _ => Err(ApiError::Refused {
                status,
                code: answer["code"].as_i64().unwrap_or_default(),
                message: described(&answer),
            }),
        }
    }

    /// Sends a call once the limiter lets it; the answer may be of any status.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        file: Option<Vec<u8>>,
    ) -> Result<reqwest::Response, ApiError> {
        let route = path.split('?').next().unwrap_or(path).to_owned();
        let permit = self.limiter.acquire(Endpoint { method, path: route }).await;
        let url = format!("{}/api/v10/{path}", self.base);
        let mut request =
            self.http.request(verb(method), url).header("authorization", format!("Bot {}", self.token.expose_secret()));
        request = match (body, file) {
            (Some(body), Some(file)) => request.multipart(multipart(body, file)),
            (Some(body), None) => request.json(body),
            (None, _) => request,
        };
        // The address holds the token of an interaction: it must not reach a log.
        let response = request.send().await.map_err(unavailable)?;
        permit.complete(limits(response.headers()));
        Ok(response)
    }
}

/// The message as JSON, and its file under the name that the message gives it.
fn multipart(body: &Value, file: Vec<u8>) -> Form {
    let name = body["attachments"][0]["filename"].as_str().unwrap_or("file").to_owned();
    Form::new().text("payload_json", body.to_string()).part("files[0]", Part::bytes(file).file_name(name))
}

/// Why there was no answer, without the address.
pub(crate) fn unavailable(error: reqwest::Error) -> ApiError {
    let error = error.without_url();
    let cause = cause::innermost(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    ApiError::Unavailable { why: format!("{error}{cause}") }
}

/// Discord's message, with the tree of what is wrong with which field.
fn described(answer: &Value) -> String {
    let message = answer["message"].as_str().unwrap_or("no reason given");
    match &answer["errors"] {
        Value::Null => message.to_owned(),
        errors => format!("{message} {errors}"),
    }
}

fn verb(method: Method) -> reqwest::Method {
    match method {
        Method::Delete => reqwest::Method::DELETE,
        Method::Patch => reqwest::Method::PATCH,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        _ => reqwest::Method::GET,
    }
}

fn limits(headers: &HeaderMap) -> Option<RateLimitHeaders> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let seconds: f64 = text(RateLimitHeaders::RESET_AFTER)?.parse().ok()?;
    let reset_after = Duration::try_from_secs_f64(seconds).ok()?;
    Some(RateLimitHeaders {
        bucket: text(RateLimitHeaders::BUCKET)?.as_bytes().to_vec(),
        limit: text(RateLimitHeaders::LIMIT)?.parse().ok()?,
        remaining: text(RateLimitHeaders::REMAINING)?.parse().ok()?,
        reset_at: Instant::now() + reset_after,
    })
}

/// From the body, which is finer, or the header.
fn retry_after(headers: &HeaderMap, answer: &Value) -> Duration {
    let header = || headers.get("retry-after")?.to_str().ok()?.parse().ok();
    let seconds: f64 = answer["retry_after"].as_f64().or_else(header).unwrap_or(1.0);
    Duration::try_from_secs_f64(seconds).unwrap_or_default().min(RETRY_AFTER_MAX)
}
