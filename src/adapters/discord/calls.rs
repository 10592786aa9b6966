//! What a person asked for, by a command, a button or a form.

use poise::serenity_prelude as serenity;

use crate::sop::desk::Choosing;
use crate::sop::escalation::Act;

/// Something a person asked for, with what is needed to answer.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) interaction: u64,
    pub(crate) token: String,
    pub(crate) user: serenity::User,
    pub(crate) roles: Vec<serenity::RoleId>,
    pub(crate) channel: u64,
    pub(crate) what: Asked,
}

#[derive(Clone, Debug)]
pub(crate) enum Asked {
    EscalateForm {
        reason: Option<String>,
        /// As typed.
        ticket: Option<String>,
        message: Option<Box<serenity::Message>>,
    },
    Act {
        case: String,
        act: Act,
    },
    /// The time in which the next step comes, as typed.
    Ack {
        case: String,
        next: Option<String>,
    },
    /// The same.
    Next {
        case: String,
        within: Option<String>,
    },
    Merge {
        case: String,
        into: String,
    },
    HandOff {
        case: String,
        to: Box<serenity::User>,
        roles: Vec<serenity::RoleId>,
    },
    Status {
        case: String,
    },
    Why {
        case: String,
    },
    Playbook {
        case: String,
    },
    Customer {
        case: String,
    },
    Queue,
    OnCall {
        team: Option<String>,
        at: Option<String>,
    },
    Cover(Box<Cover>),
    Help,
    Sop,
    MoveOver {
        case: String,
    },
    Health,
    /// The stretch of time, as typed.
    Digest {
        period: Option<String>,
    },
    Reload,
    Doctor,
    Drill {
        trigger: String,
    },
    /// Somebody is still typing.
    Complete {
        what: Choosing,
        typed: String,
    },
    /// A button, by its id.
    Pressed {
        id: String,
    },
    /// A form, by its id, with its answers by name.
    Submitted {
        id: String,
        answers: Vec<(String, String)>,
    },
}

/// A duty that somebody takes, as typed.
#[derive(Clone, Debug)]
pub(crate) struct Cover {
    pub(crate) team: String,
    pub(crate) from: Option<String>,
    pub(crate) to: String,
    pub(crate) instead_of: Option<serenity::User>,
    pub(crate) who: Option<(serenity::User, Vec<serenity::RoleId>)>,
}
