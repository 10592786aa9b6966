//! Pages: facts go in, HTML comes out. What customers write is a text wherever it stands.

use std::time::Duration;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use crate::adapters::web::access::Viewer;
use crate::adapters::web::house::House;
use crate::words::shown::shown;

/// A page takes milliseconds; this is for a sign-in that waits for Discord.
pub(super) const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// Only our own files run or style a page, and it talks to nobody but us.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// Headers of every answer that has none of its own.
pub(super) const GUARDS: [(HeaderName, &str); 8] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

const TEMPLATES: [(&str, &str); 9] = [
    ("layout.html", include_str!("../../../templates/web/layout.html")),
    ("now.html", include_str!("../../../templates/web/now.html")),
    ("case.html", include_str!("../../../templates/web/case.html")),
    ("triggers.html", include_str!("../../../templates/web/triggers.html")),
    ("trends.html", include_str!("../../../templates/web/trends.html")),
    ("guide.html", include_str!("../../../templates/web/guide.html")),
    ("rota.html", include_str!("../../../templates/web/rota.html")),
    ("bot.html", include_str!("../../../templates/web/bot.html")),
    ("login.html", include_str!("../../../templates/web/login.html")),
];

/// The style and the script of every page.
pub(super) async fn asset(Path(file): Path<String>) -> Response {
    let (kind, body) = match file.as_str() {
        "style.css" => ("text/css; charset=utf-8", include_str!("../../../templates/web/style.css")),
        "guide.css" => (
            "text/css; charset=utf-8",
            concat!(include_str!("../../../templates/guide.css"), include_str!("../../../templates/ladder.css"),),
        ),
        "script.js" => ("text/javascript; charset=utf-8", include_str!("../../../templates/web/script.js")),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    // A new binary shows its own at the next load.
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache")], body).into_response()
}

/// What stands around a page's own facts.
#[derive(Serialize)]
pub(super) struct Frame {
    /// SOP time, in seconds since 1970.
    now: i64,
    /// Which entry of the menu it is; empty: there is no menu.
    page: &'static str,
    /// Who looks; `None`: nobody is signed in.
    viewer: Option<String>,
    manages: bool,
    csrf: Option<String>,
}

impl Frame {
    pub(super) fn of_nobody(house: &House) -> Self {
        Self { now: house.clock.now().timestamp(), page: "", viewer: None, manages: false, csrf: None }
    }

    pub(super) fn new(page: &'static str, viewer: &Viewer, now: DateTime<Utc>) -> Self {
        Self {
            now: now.timestamp(),
            page,
            viewer: Some(viewer.actor.person.name.to_string()),
            manages: viewer.actor.manages,
            csrf: viewer.session.as_ref().map(|session| session.csrf.clone()),
        }
    }
}

#[derive(Serialize)]
struct Facts<'a, T> {
    frame: &'a Frame,
    #[serde(flatten)]
    facts: &'a T,
}

/// The templates, ready.
pub(super) struct Pages {
    env: Environment<'static>,
}

impl Pages {
    pub(super) fn new() -> Self {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_auto_escape_callback(|_| AutoEscape::Html);
        env.set_formatter(|out, state, value| match value.as_str() {
            // What would turn a line around or paint over others goes first.
            Some(text) if !value.is_safe() => {
                let text: String = shown(text).collect();
                minijinja::escape_formatter(out, state, &Value::from(text))
            }
            _ => minijinja::escape_formatter(out, state, value),
        });
        env.add_filter("when", |at: i64| Value::from_safe_string(moment(at)));
        env.add_filter("due", |at: i64, now: i64| Value::from_safe_string(countdown(at, now)));
        env.add_filter("ago", |at: i64, now: i64| Value::from_safe_string(since(at, now)));
        env.add_filter("span", span);
        env.add_filter("percent", |share: f64| format!("{:.0} %", share * 100.0));
        for (name, text) in TEMPLATES {
            env.add_template(name, text).expect("the built-in templates are well formed");
        }
        Self { env }
    }

    /// A failure here is a fault of ours: every page is tried by a test with facts of every shape.
    pub(super) fn render(&self, name: &str, frame: &Frame, facts: &impl Serialize) -> String {
        let rendered = self.env.get_template(name).and_then(|page| page.render(Serde(Facts { frame, facts })));
        rendered.unwrap_or_else(|error| {
            tracing::error!("web.broken {name}: {error:#}");
            "<!doctype html><html lang=\"en\"><title>Bellhop</title><p>This page could not be made.".to_owned()
        })
    }
}

/// An instant; a script writes it by the reader's own clock.
fn moment(at: i64) -> String {
    let Some(at) = DateTime::from_timestamp(at, 0) else { return String::new() };
    let (machine, shown) = (at.format("%Y-%m-%dT%H:%M:%SZ"), at.format("%-d %b %H:%M UTC"));
    format!("<time datetime=\"{machine}\" data-at=\"{}\">{shown}</time>", at.timestamp())
}

/// The time that is left, or by how much it is late; a script counts on.
fn countdown(at: i64, now: i64) -> String {
    let Some(instant) = DateTime::from_timestamp(at, 0) else { return String::new() };
    let machine = instant.format("%Y-%m-%dT%H:%M:%SZ");
    let (left, late) = (at - now, now - at);
    let shown = if left > 0 { format!("in {}", span(left)) } else { format!("{} late", span(late)) };
    format!("<time class=\"due\" datetime=\"{machine}\" data-due=\"{at}\">{shown}</time>")
}

/// How long it is past; a script counts on.
fn since(at: i64, now: i64) -> String {
    let Some(instant) = DateTime::from_timestamp(at, 0) else { return String::new() };
    let machine = instant.format("%Y-%m-%dT%H:%M:%SZ");
    format!("<time datetime=\"{machine}\" data-since=\"{at}\">{} ago</time>", span((now - at).max(0)))
}

/// As the script writes it, too.
fn span(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{minutes} min"),
        3_600..86_400 => format!("{hours} h {:02} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_short() {
        let written = [0, 59, 60, 3_599, 3_600, 7_500, 86_400, 200_000].map(span);
        assert_eq!(written, ["0 s", "59 s", "1 min", "59 min", "1 h 00 min", "2 h 05 min", "1 d 0 h", "2 d 7 h"]);
    }

    #[test]
    fn what_customers_write_stays_text() {
        let pages = Pages::new();
        let frame = Frame { now: 0, page: "", viewer: None, manages: false, csrf: None };
        let hostile = "<img src=x onerror=alert(1)>\u{202e}\"'";
        let facts = serde_json::json!({ "title": hostile, "sentence": hostile, "sign_in": false, "to": "/" });
        let page = pages.render("login.html", &frame, &facts);
        assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;"), "{page}");
        assert!(!page.contains('\u{202e}') && !page.contains("<img"), "{page}");
    }
}
