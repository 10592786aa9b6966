//! The gateway: one WebSocket connection of the bot.
//! <https://github.com/discord/discord-api-docs> events/gateway, topics/opcodes-and-status-codes

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::server::Shared;
use super::sessions::{self, Out, Wire};

/// What a client may send per window, heartbeats included.
const CLIENT_EVENTS: u32 = 120;
const CLIENT_WINDOW: Duration = Duration::from_mins(1);
/// The longest event a client may send, in bytes.
const CLIENT_EVENT_BYTES: usize = 4096;

const UNKNOWN_OPCODE: u16 = 4001;
const DECODE_ERROR: u16 = 4002;
const NOT_AUTHENTICATED: u16 = 4003;
const AUTHENTICATION_FAILED: u16 = 4004;
const ALREADY_AUTHENTICATED: u16 = 4005;
const RATE_LIMITED: u16 = 4008;
const DISALLOWED_INTENTS: u16 = 4014;

/// Serves one connection until either side ends it.
pub(super) async fn serve(mut socket: WebSocket, shared: Arc<Shared>) {
    let (out, mut outbox) = mpsc::channel(sessions::WIRE_FRAMES);
    let (connection, heartbeat) = shared.change(|state| (state.sessions.connect(), state.sessions.heartbeat));
    let wire = Some(Wire { connection, out, silent: false });
    let mut client = Client { shared: shared.clone(), wire, session: None, deaf: false, window: (Instant::now(), 0) };

    let hello = json!({"op": 10, "d": {"heartbeat_interval": millis(heartbeat)}, "s": null, "t": null});
    let mut end = if socket.send(text(&hello)).await.is_ok() { None } else { Some(End::Lost) };
    while end.is_none() {
        end = tokio::select! {
            out = outbox.recv() => client.pass_on(&mut socket, out, &mut outbox).await,
            heard = socket.recv() => client.hear(&mut socket, heard).await,
            () = shared.stopped.cancelled() => Some(End::Close(Some(1001))),
        };
    }
    // The client may already be gone.
    let _ = match end {
        Some(End::Close(code)) => {
            let frame = code.map(|code| CloseFrame { code, reason: Utf8Bytes::from_static("") });
            socket.send(Message::Close(frame)).await
        }
        // The answer to its goodbye is written and waits to be sent.
        Some(End::ByClient { .. }) => socket.flush().await,
        Some(End::Lost) | None => Ok(()),
    };
    if let Some(session) = client.session {
        let for_good = matches!(end, Some(End::ByClient { for_good: true }));
        shared.change(|state| state.sessions.detach(&session, connection, for_good));
    }
}

/// Why a connection ended.
enum End {
    /// We close, with or without a code.
    Close(Option<u16>),
    /// The client closed; with 1000 or 1001 it never comes back to this session.
    ByClient { for_good: bool },
    /// No close frame from either side.
    Lost,
}

struct Client {
    shared: Arc<Shared>,
    /// Ours until a session takes it over.
    wire: Option<Wire>,
    session: Option<String>,
    deaf: bool,
    /// Since when, and how many events the client sent since.
    window: (Instant, u32),
}

impl Client {
    /// Sends what is waiting, flushing once.
    async fn pass_on(
        &mut self,
        socket: &mut WebSocket,
        first: Option<Out>,
        outbox: &mut mpsc::Receiver<Out>,
    ) -> Option<End> {
        if first.is_none() {
            // The session has let go of the wire: the client was too slow, or replaced by a new connection.
            return Some(End::Lost);
        }
        let mut next = first;
        while let Some(out) = next {
            match out {
                Out::Frame(frame) => {
                    if socket.feed(Message::Text(frame)).await.is_err() {
                        return Some(End::Lost);
                    }
                }
                Out::Close(code) => return Some(End::Close(code)),
                Out::Drop => return Some(End::Lost),
                Out::Deaf => self.deaf = true,
            }
            next = outbox.try_recv().ok();
        }
        socket.flush().await.is_err().then_some(End::Lost)
    }

    async fn hear(&mut self, socket: &mut WebSocket, heard: Option<Result<Message, axum::Error>>) -> Option<End> {
        let text = match heard {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(frame))) => {
                let for_good = frame.is_some_and(|frame| matches!(frame.code, 1000 | 1001));
                return Some(End::ByClient { for_good });
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return None,
            Some(Ok(Message::Binary(_))) => return Some(End::Close(Some(DECODE_ERROR))),
            Some(Err(_)) | None => return Some(End::Lost),
        };
        let answer = match self.understand(&text) {
            Ok(Some(answer)) => answer,
            Ok(None) => return None,
            Err(code) => {
                self.shared.change(|state| state.record.violation(format!("gateway: closed with {code}")));
                return Some(End::Close(Some(code)));
            }
        };
        socket.send(answer).await.is_err().then_some(End::Lost)
    }

    /// What one event of the client is answered with, or the code it is closed with.
    fn understand(&mut self, text: &str) -> Result<Option<Message>, u16> {
        if self.window.0.elapsed() > CLIENT_WINDOW {
            self.window = (Instant::now(), 0);
        }
        self.window.1 += 1;
        if self.window.1 > CLIENT_EVENTS {
            return Err(RATE_LIMITED);
        }
        if text.len() > CLIENT_EVENT_BYTES {
            return Err(DECODE_ERROR);
        }
        let event: Value = serde_json::from_str(text).map_err(|_| DECODE_ERROR)?;
        match event["op"].as_u64() {
            Some(1) => Ok((!self.deaf).then(|| self::text(&json!({"op": 11})))),
            Some(2) => self.identify(&event["d"]).map(|()| None),
            Some(6) => self.resume(&event["d"]),
            // Presence and requests for members: heard, without effect.
            Some(3 | 4 | 8) if self.session.is_some() => Ok(None),
            Some(3 | 4 | 8) => Err(NOT_AUTHENTICATED),
            _ => Err(UNKNOWN_OPCODE),
        }
    }

    fn identify(&mut self, identify: &Value) -> Result<(), u16> {
        self.authenticate(identify)?;
        let intents = identify["intents"].as_u64().ok_or(DECODE_ERROR)?;
        let wire = self.wire.take().ok_or(ALREADY_AUTHENTICATED)?;
        self.shared.change(|state| {
            if state.sessions.content_disallowed && intents & sessions::MESSAGE_CONTENT != 0 {
                return Err(DISALLOWED_INTENTS);
            }
            let ready = json!({
                "v": 10,
                "user": state.user(state.bot),
                "guilds": [{"id": state.guild.to_string(), "unavailable": true}],
                "session_id": state.sessions.next_id(),
                "resume_gateway_url": state.gateway_url,
                "shard": identify.get("shard").cloned().unwrap_or(json!([0, 1])),
                "application": {"id": state.bot.to_string(), "flags": 0},
            });
            let guild = state.guild_create();
            let both = [("READY", &ready), ("GUILD_CREATE", &guild)];
            let first = if intents & sessions::GUILDS == 0 { &both[..1] } else { &both[..] };
            self.session = Some(state.sessions.open(intents, wire, first));
            Ok(())
        })
    }

    fn resume(&mut self, resume: &Value) -> Result<Option<Message>, u16> {
        self.authenticate(resume)?;
        let wire = self.wire.take().ok_or(ALREADY_AUTHENTICATED)?;
        let id = resume["session_id"].as_str().ok_or(DECODE_ERROR)?;
        let sequence = resume["seq"].as_u64().ok_or(DECODE_ERROR)?;
        match self.shared.change(|state| state.sessions.resume(id, sequence, wire)) {
            Ok(()) => {
                self.session = Some(id.to_owned());
                Ok(None)
            }
            Err(wire) => {
                self.wire = Some(wire);
                Ok(Some(text(&json!({"op": 9, "d": false}))))
            }
        }
    }

    fn authenticate(&self, hello: &Value) -> Result<(), u16> {
        let token = hello["token"].as_str().ok_or(DECODE_ERROR)?;
        let token = token.strip_prefix("Bot ").unwrap_or(token);
        if token == self.shared.token { Ok(()) } else { Err(AUTHENTICATION_FAILED) }
    }
}

fn text(value: &Value) -> Message {
    Message::Text(value.to_string().into())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
