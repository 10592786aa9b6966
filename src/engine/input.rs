//! What wakes the loop.

use chrono::{DateTime, Utc};
use tokio::sync::oneshot;

use crate::engine::store::Plan;
use crate::sop::desk::{Desk, Request};
use crate::sop::message::{MessageId, PlaceId};
use crate::sop::procedure::Procedure;

/// The stable id of an input, given by where it came from: the same thing heard twice has the same id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InputId(pub String);

/// One thing that happened. Handling it twice changes nothing.
#[derive(Debug)]
pub struct Input {
    pub id: InputId,
    pub body: Body,
}

#[derive(Debug)]
pub enum Body {
    /// Something for the procedure. `position` is set where it is the newest message of a place: once handled, it
    /// is not read back again.
    Request { request: Box<Request>, position: Option<Position> },
    /// The same from somebody who waits: once it is recorded, they are told whether it was new.
    Offer { request: Box<Request>, recorded: oneshot::Sender<bool> },
    /// A place is followed from here on.
    Follow(Position),
    /// Answered once everything that came before it is recorded.
    Mark(oneshot::Sender<()>),
    /// Somebody wants to see how things stand. Nothing else happens meanwhile, so it takes plain data and leaves.
    Look(Look),
    /// Take this out of the log: it is too old.
    Forget(Box<Plan>),
    /// Finish what is recorded, then stop.
    Shutdown,
}

/// What somebody makes of the desk as it is recorded, at this instant.
pub type See = dyn FnOnce(&Desk, &Procedure, DateTime<Utc>) + Send + Sync;

/// Sees the desk.
pub struct Look(pub Box<See>);

impl std::fmt::Debug for Look {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Look(…)")
    }
}

/// How far a place has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub place: PlaceId,
    pub message: MessageId,
}

impl Input {
    pub fn request(id: impl Into<String>, request: Request) -> Self {
        Self { id: InputId(id.into()), body: Body::Request { request: Box::new(request), position: None } }
    }
}

/// Ids of messages grow with time, as decimal numbers of any length.
pub fn is_later(id: &MessageId, than: &MessageId) -> bool {
    (id.0.len(), &id.0) > (than.0.len(), &than.0)
}
