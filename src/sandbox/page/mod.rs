//! The team-chat page: what a newcomer sees at the sandbox's address.
//!
//! Plain HTML, CSS and JavaScript modules, compiled into the binary: no build step, nothing fetched from elsewhere.
//! The page only speaks the control API below `/sandbox/api`, so whatever it can do, `curl` can do too.
//!
//! | file | what it draws or does |
//! |---|---|
//! | `index.html`, `style.css` | the fixed frame: top bar, channel list, messages, composer, tour |
//! | `app.js` | who speaks, which channel is open, what happens; starts everything else |
//! | `api.js` | the control API: calls and the live stream of events |
//! | `world.js` | people, roles, channels and commands, by id and by name |
//! | `clock.js` | the sandbox's clock and every way a time is written |
//! | `channels.js`, `unread.js` | the channel list; what each person has read |
//! | `log.js` | the messages of the open channel, kept in step with what happens |
//! | `message.js`, `embed.js` | one message: author, text, card, buttons, its menu |
//! | `emoji.js` | the signs in the bot's words, drawn |
//! | `markdown.js` | text → DOM nodes; what people write never becomes HTML |
//! | `composer.js`, `command.js`, `suggestions.js` | the input line, a slash command's fields, lists to choose from |
//! | `mentions.js` | "@Lena" as typed and as sent |
//! | `form.js` | forms the bot opens (Discord's modals) |
//! | `tour.js`, `desk.js` | the guided tour, and the verbs its steps are made of |
//! | `dom.js` | making an element |

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};

/// Only our own files run or style the page, and it talks to nobody but us: text that a visitor's "customer" writes
/// has no way out, even if it found a hole in `markdown.js`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// The file of the page at `path` (`/`, `/page/app.js`, …), or `None` if there is none.
pub fn file(path: &str) -> Option<Response> {
    let (kind, body) = match path {
        "/" => (HTML, include_str!("index.html")),
        "/page/style.css" => (STYLE, include_str!("style.css")),
        "/page/api.js" => (SCRIPT, include_str!("api.js")),
        "/page/app.js" => (SCRIPT, include_str!("app.js")),
        "/page/channels.js" => (SCRIPT, include_str!("channels.js")),
        "/page/clock.js" => (SCRIPT, include_str!("clock.js")),
        "/page/command.js" => (SCRIPT, include_str!("command.js")),
        "/page/composer.js" => (SCRIPT, include_str!("composer.js")),
        "/page/desk.js" => (SCRIPT, include_str!("desk.js")),
        "/page/dom.js" => (SCRIPT, include_str!("dom.js")),
        "/page/emoji.js" => (SCRIPT, include_str!("emoji.js")),
        "/page/embed.js" => (SCRIPT, include_str!("embed.js")),
        "/page/form.js" => (SCRIPT, include_str!("form.js")),
        "/page/log.js" => (SCRIPT, include_str!("log.js")),
        "/page/markdown.js" => (SCRIPT, include_str!("markdown.js")),
        "/page/mentions.js" => (SCRIPT, include_str!("mentions.js")),
        "/page/message.js" => (SCRIPT, include_str!("message.js")),
        "/page/suggestions.js" => (SCRIPT, include_str!("suggestions.js")),
        "/page/tour.js" => (SCRIPT, include_str!("tour.js")),
        "/page/unread.js" => (SCRIPT, include_str!("unread.js")),
        "/page/world.js" => (SCRIPT, include_str!("world.js")),
        _ => return None,
    };
    let headers = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        // A new binary shows its own page at the next reload.
        (CACHE_CONTROL, "no-cache"),
    ];
    Some((headers, body).into_response())
}
