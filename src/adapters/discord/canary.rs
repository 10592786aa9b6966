//! A message to itself, again and again: whether the gateway still brings what is said.
//!
//! A connection can look well and bring nothing. So the bot posts a word by REST and waits to hear it by the gateway,
//! at the end of the way that customers' messages take. When it does not, the connection is made anew, which reads back
//! what was missed, and the desk is told.

use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use serde_json::json;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

use crate::adapters::discord::api::{Api, ApiError};
use crate::adapters::discord::guild::snowflake;
use crate::engine::input::Input;
use crate::sop::desk::Request;

/// Longest way of a word there and back, on a bad day.
const ECHO_WITHIN: Duration = Duration::from_secs(30);
/// First pause before the next word when one was not heard: it takes a while to connect. It doubles up to
/// [`PAUSE_MAX`], for Discord allows 1,000 new sessions a day
/// (<https://discord.com/developers/docs/events/gateway#session-start-limit-object>).
const PAUSE_MIN: Duration = Duration::from_secs(30);
const PAUSE_MAX: Duration = Duration::from_mins(10);
/// Nobody is to be woken by it (<https://discord.com/developers/docs/resources/message#message-object-message-flags>).
const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;

/// Where the words are posted, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanarySettings {
    pub channel: u64,
    pub every: Duration,
}

/// Sings and listens.
pub(crate) struct Canary {
    pub(crate) api: Arc<Api>,
    pub(crate) settings: CanarySettings,
    /// The latest message of the bot that came by the gateway.
    pub(crate) echo: watch::Receiver<u64>,
    /// True once everything said before has been read.
    pub(crate) ready: watch::Receiver<bool>,
    /// Has the connection made anew.
    pub(crate) reconnect: Arc<Notify>,
    pub(crate) inbox: mpsc::Sender<Input>,
}

impl Canary {
    /// Runs until the desk is gone.
    pub(crate) async fn run(mut self) {
        if self.ready.wait_for(|ready| *ready).await.is_err() {
            return;
        }
        let (every, pause_min) = (self.settings.every, PAUSE_MIN.min(self.settings.every));
        let (mut heard_at, mut pause) = (Instant::now(), pause_min);
        while !self.inbox.is_closed() {
            match self.is_heard().await {
                Ok(true) => {
                    // Also after a start: the desk may have been found deaf before.
                    self.tell(Request::FindHearing).await;
                    (heard_at, pause) = (Instant::now(), pause_min);
                    tokio::time::sleep(every).await;
                }
                Ok(false) => {
                    tracing::warn!("canary.unheard the gateway brings nothing: connecting anew");
                    let silence = TimeDelta::from_std(heard_at.elapsed()).unwrap_or_default();
                    self.tell(Request::FindDeaf { silence }).await;
                    self.reconnect.notify_one();
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
                Err(error) => {
                    // That Discord takes nothing says nothing about what it brings.
                    tracing::warn!("canary.unsaid {error}");
                    tokio::time::sleep(every).await;
                }
            }
        }
    }

    /// Says a word, and whether it came back in time.
    async fn is_heard(&mut self) -> Result<bool, ApiError> {
        let place = format!("channels/{}/messages", self.settings.channel);
        let word = json!({
            "content": "🐤", "flags": SUPPRESS_NOTIFICATIONS, "allowed_mentions": {"parse": []},
            "nonce": format!("canary-{}", Utc::now().timestamp_micros()), "enforce_nonce": true,
        });
        let said = self.api.post(&place, &word).await?;
        let Some(id) = snowflake(&said["id"]) else { return Ok(false) };
        let heard = async { self.echo.wait_for(|echo| *echo >= id).await.is_ok() };
        let heard = tokio::time::timeout(ECHO_WITHIN.min(self.settings.every), heard).await;
        if let Err(error) = self.api.delete(&format!("{place}/{id}")).await {
            // It only stays where nobody reads.
            tracing::debug!("canary.left {error}");
        }
        // Too late is unheard.
        Ok(heard.unwrap_or(false))
    }

    async fn tell(&self, request: Request) {
        let input = Input::request(format!("canary:{}", Utc::now().timestamp_micros()), request);
        // A desk that has ended says so by itself.
        let _ = self.inbox.send(input).await;
    }
}
