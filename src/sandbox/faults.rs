//! What can go wrong between the bot and Discord, on demand.

use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Deserializer};

use super::people::id_in;
use super::sessions::{Out, Sessions};
use super::state::State;

/// Something that goes wrong with the bot's REST calls.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The next `times` calls of this method (any if none) whose path, after `/api/v10/`, contains `path_contains`.
    Rest {
        #[serde(default)]
        method: Option<String>,
        path_contains: String,
        times: u32,
        answer: BadAnswer,
    },
    /// Every interaction token handed out so far is older than its 15 minutes.
    ExpireTokens,
    /// Discord's clock, as answers show it, is ahead of this machine's by so many seconds, or behind.
    ClockAhead { seconds: i32 },
    /// This person takes no direct messages from now on (50007).
    CloseDirectMessages {
        #[serde(deserialize_with = "id_in")]
        user: u64,
    },
}

/// What a call that goes wrong is answered with.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum BadAnswer {
    /// 429. `retry_after` in seconds; nothing is done.
    TooManyRequests { retry_after: f64, scope: Scope },
    /// This HTTP status without a Discord body, as from a proxy; nothing is done.
    Status(u16),
    /// Discord's refusal with this status and code; nothing is done.
    Refused { status: u16, code: i64 },
    /// No answer for so long (in JSON: milliseconds), then the connection is cut; nothing is done.
    Hang(#[serde(deserialize_with = "millis")] Duration),
    /// The connection is cut at once; nothing is done.
    Reset,
    /// The call is carried out, then the connection is cut: the caller cannot know.
    Lost,
}

/// Whose limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The bot's, for this route.
    User,
    /// Everybody's, for this resource: not the bot's doing.
    Shared,
    /// The bot's, for everything.
    Global,
}

/// Something that goes wrong with the connected gateway sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayFault {
    /// Op 7: resume, please.
    Reconnect,
    /// Op 9: the session is over; true: it may still be resumed.
    InvalidSession(bool),
    /// A close frame, with or without a code.
    Close(Option<u16>),
    /// The connection ends without a close frame.
    Drop,
    /// The connections that there are look well and bring nothing any more.
    Silent,
    /// Heartbeats are not acknowledged any more on this connection.
    Deaf,
}

/// The faults still to come.
#[derive(Default)]
pub(super) struct Faults {
    rest: Vec<RestFault>,
    pub closed_to_direct: Vec<u64>,
    pub clock_ahead: TimeDelta,
}

struct RestFault {
    method: Option<String>,
    path_contains: String,
    times: u32,
    answer: BadAnswer,
}

impl Faults {
    /// What goes wrong with this call. The first fault that fits is used up by one.
    pub fn take(&mut self, method: &str, path: &str) -> Option<BadAnswer> {
        let fits = |fault: &RestFault| {
            fault.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
                && path.contains(&fault.path_contains)
        };
        let at = self.rest.iter().position(fits)?;
        let fault = &mut self.rest[at];
        let answer = fault.answer.clone();
        fault.times = fault.times.saturating_sub(1);
        if fault.times == 0 {
            self.rest.remove(at);
        }
        Some(answer)
    }
}

impl State {
    pub(super) fn fault(&mut self, fault: Fault) {
        match fault {
            Fault::Rest { method, path_contains, times, answer } => {
                self.faults.rest.push(RestFault { method, path_contains, times, answer });
            }
            Fault::ClockAhead { seconds } => self.faults.clock_ahead = TimeDelta::seconds(seconds.into()),
            Fault::ExpireTokens => self.expire_tokens(),
            Fault::CloseDirectMessages { user } => self.faults.closed_to_direct.push(user),
        }
    }
}

impl BadAnswer {
    /// How long the caller is kept waiting before the connection is cut, if it is cut without an answer.
    pub(super) fn cut_after(&self) -> Option<Duration> {
        match self {
            Self::Hang(duration) => Some(*duration),
            Self::Reset => Some(Duration::ZERO),
            Self::TooManyRequests { .. } | Self::Status(_) | Self::Refused { .. } | Self::Lost => None,
        }
    }
}

impl Sessions {
    pub(super) fn suffer(&mut self, fault: GatewayFault) {
        let frame = |text: &'static str| Out::Frame(text.into());
        match fault {
            GatewayFault::Reconnect => self.tell(|| frame(r#"{"op":7,"d":null}"#)),
            GatewayFault::InvalidSession(true) => self.tell(|| frame(r#"{"op":9,"d":true}"#)),
            GatewayFault::InvalidSession(false) => {
                self.tell(|| frame(r#"{"op":9,"d":false}"#));
                self.forget();
            }
            GatewayFault::Close(code) => self.end(|| Out::Close(code)),
            GatewayFault::Drop => self.end(|| Out::Drop),
            GatewayFault::Silent => self.silence(),
            GatewayFault::Deaf => self.tell(|| Out::Deaf),
        }
    }
}

fn millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}
