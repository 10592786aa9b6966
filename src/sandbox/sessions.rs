//! Gateway sessions: who listens, from which sequence number, and what a resumed session still has to hear.
//! <https://github.com/discord/discord-api-docs> events/gateway

use std::collections::VecDeque;
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use serde_json::Value;
use tokio::sync::mpsc;

/// GUILDS
pub const GUILDS: u64 = 1;
/// GUILD_MEMBERS (privileged)
pub const GUILD_MEMBERS: u64 = 1 << 1;
/// GUILD_MESSAGES
pub const GUILD_MESSAGES: u64 = 1 << 9;
/// DIRECT_MESSAGES
pub const DIRECT_MESSAGES: u64 = 1 << 12;
/// MESSAGE_CONTENT (privileged)
pub const MESSAGE_CONTENT: u64 = 1 << 15;

/// Discord tells an application about its interactions whatever it asked for.
pub const ANY: u64 = u64::MAX;

/// What a session can still be told after a reconnect. Discord keeps minutes; this keeps a burst.
const REPLAY_FRAMES: usize = 5_000;
/// A client this far behind is cut off, as by Discord.
pub const WIRE_FRAMES: usize = 16_384;
/// Sessions without a connection that can still be resumed; the oldest are forgotten.
const DETACHED_SESSIONS: usize = 8;

/// What the socket of a session is told to do.
#[derive(Debug)]
pub(super) enum Out {
    Frame(Utf8Bytes),
    /// Sends a close frame, with or without a code, and ends the connection.
    Close(Option<u16>),
    /// Ends the connection without a close frame.
    Drop,
    /// Leaves heartbeats unanswered from now on.
    Deaf,
}

/// One event for everybody who listens.
pub(super) struct Dispatch<'a> {
    pub kind: &'static str,
    /// The session hears it if it asked for any of these.
    pub intents: u64,
    pub data: &'a Value,
    /// The same for sessions that may not read message content.
    pub redacted: Option<Value>,
}

pub(super) struct Sessions {
    list: Vec<Session>,
    opened: u64,
    connections: u64,
    handshakes: u64,
    dispatched: u64,
    /// Every message and interaction event goes out twice.
    pub twice: bool,
    /// The developer portal's switch for MESSAGE_CONTENT is off.
    pub content_disallowed: bool,
    pub heartbeat: Duration,
}

struct Session {
    id: String,
    intents: u64,
    sequence: u64,
    /// The newest frames, the last one being number `sequence`.
    replay: VecDeque<Utf8Bytes>,
    wire: Option<Wire>,
}

/// The way to a connection's socket. Dropping it ends the connection.
pub(super) struct Wire {
    /// Which connection, counted from 1.
    pub connection: u64,
    pub out: mpsc::Sender<Out>,
    /// Events get lost on it.
    pub silent: bool,
}

impl Sessions {
    pub fn new() -> Self {
        Self {
            list: Vec::new(),
            opened: 0,
            connections: 0,
            handshakes: 0,
            dispatched: 0,
            twice: false,
            content_disallowed: false,
            // What Discord says today.
            heartbeat: Duration::from_millis(41_250),
        }
    }

    /// Counts a new connection; the number is its own.
    pub fn connect(&mut self) -> u64 {
        self.connections += 1;
        self.connections
    }

    /// The id of the session that is opened next.
    pub fn next_id(&self) -> String {
        format!("session-{}", self.opened + 1)
    }

    /// Opens a session on `wire` and sends it its first events (READY, then one GUILD_CREATE).
    pub fn open(&mut self, intents: u64, wire: Wire, first: &[(&str, &Value)]) -> String {
        let mut session =
            Session { id: self.next_id(), intents, sequence: 0, replay: VecDeque::new(), wire: Some(wire) };
        self.opened += 1;
        self.handshakes += 1;
        for (kind, data) in first {
            session.send(kind, &data.to_string());
        }
        let id = session.id.clone();
        self.list.push(session);
        id
    }

    /// Attaches `wire` to an old session and sends what it missed after `sequence`.
    /// Gives the wire back if that is no longer possible: the client has to identify anew.
    pub fn resume(&mut self, id: &str, sequence: u64, wire: Wire) -> Result<(), Wire> {
        let Some(session) = self.list.iter_mut().find(|session| session.id == id) else { return Err(wire) };
        let missed = session.sequence.checked_sub(sequence).and_then(|missed| usize::try_from(missed).ok());
        let Some(from) = missed.and_then(|missed| session.replay.len().checked_sub(missed)) else { return Err(wire) };
        for frame in session.replay.range(from..) {
            if wire.out.try_send(Out::Frame(frame.clone())).is_err() {
                return Err(wire);
            }
        }
        session.wire = Some(wire);
        session.send("RESUMED", "{}");
        self.handshakes += 1;
        Ok(())
    }

    /// The connection is gone. `ended`: the client closed with 1000 or 1001, so there is nothing to resume.
    pub fn detach(&mut self, id: &str, connection: u64, ended: bool) {
        let Some(at) = self.list.iter().position(|session| session.id == id) else { return };
        if self.list[at].wire.as_ref().is_some_and(|wire| wire.connection != connection) {
            return;
        }
        if ended {
            self.list.remove(at);
            return;
        }
        self.list[at].wire = None;
        while self.list.iter().filter(|session| session.wire.is_none()).count() > DETACHED_SESSIONS {
            let oldest = self.list.iter().position(|session| session.wire.is_none()).expect("there are several");
            self.list.remove(oldest);
        }
    }

    pub fn dispatch(&mut self, event: &Dispatch) {
        if self.list.is_empty() {
            return;
        }
        let data = event.data.to_string();
        let redacted = event.redacted.as_ref().map(Value::to_string);
        let repeats = event.kind.starts_with("MESSAGE_") || event.kind == "INTERACTION_CREATE";
        let times = if self.twice && repeats { 2 } else { 1 };
        for session in self.list.iter_mut().filter(|session| session.intents & event.intents != 0) {
            let text = match &redacted {
                Some(redacted) if session.intents & MESSAGE_CONTENT == 0 => redacted,
                _ => &data,
            };
            for _ in 0..times {
                session.send(event.kind, text);
            }
            if session.wire.is_some() {
                self.dispatched += 1;
            }
        }
    }

    /// Ends every connection as `out` says. Nothing that is sent from now on goes out on them.
    pub fn end(&mut self, out: impl Fn() -> Out) {
        for wire in self.list.iter_mut().filter_map(|session| session.wire.take()) {
            // A full wire ends without it.
            let _ = wire.out.try_send(out());
        }
    }

    /// Tells every connected session's socket what to do.
    pub fn tell(&mut self, out: impl Fn() -> Out) {
        for wire in self.list.iter().filter_map(|session| session.wire.as_ref()) {
            // A full wire is about to be cut off anyway.
            let _ = wire.out.try_send(out());
        }
    }

    /// Nothing that happens is told on the connections that there are.
    pub fn silence(&mut self) {
        self.list.iter_mut().filter_map(|session| session.wire.as_mut()).for_each(|wire| wire.silent = true);
    }

    /// Forgets all sessions: none can be resumed.
    pub fn forget(&mut self) {
        self.list.clear();
    }

    pub fn connected(&self) -> usize {
        self.list.iter().filter(|session| session.wire.is_some()).count()
    }

    /// Whether any session did without MESSAGE_CONTENT.
    pub fn some_read_no_content(&self) -> bool {
        self.list.iter().any(|session| session.intents & MESSAGE_CONTENT == 0)
    }

    /// How often a session was opened or resumed.
    pub fn handshakes(&self) -> u64 {
        self.handshakes
    }

    /// Events (not frames: a doubled event is one) that went to a connected session.
    pub fn dispatched(&self) -> u64 {
        self.dispatched
    }
}

impl Session {
    fn send(&mut self, kind: &str, data: &str) {
        self.sequence += 1;
        let frame = Utf8Bytes::from(format!(r#"{{"op":0,"s":{},"t":"{kind}","d":{data}}}"#, self.sequence));
        if self.replay.len() == REPLAY_FRAMES {
            self.replay.pop_front();
        }
        self.replay.push_back(frame.clone());
        if let Some(wire) = &self.wire
            && !wire.silent
            && wire.out.try_send(Out::Frame(frame)).is_err()
        {
            // Dropping the last sender ends the connection.
            self.wire = None;
        }
    }
}
