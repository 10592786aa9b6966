//! What can be asked of a desk.

use chrono::{DateTime, TimeDelta, Utc};

use crate::sop::calendar::Span;
use crate::sop::desk::{Choosing, CoverForm};
use crate::sop::escalation::{Act, Actor, EscalationId};
use crate::sop::guidance::form::Purpose;
use crate::sop::message::{Message, MessageId, Person, PlaceId, TicketRef};
use crate::sop::notice::{Check, Line, ReplyTo};
use crate::sop::team::TeamId;
use crate::sop::ticket::Reading;

/// Everything that can be asked of a desk.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Somebody posted a message, or edited one.
    Message(Message),
    Act {
        actor: Actor,
        about: About,
        act: Act,
        reply: ReplyTo,
    },
    /// Somebody has seen that two cases are one.
    Merge {
        actor: Actor,
        about: About,
        /// The case that goes on, as typed.
        into: String,
        reply: ReplyTo,
    },
    /// Somebody tells the customer to expect something by then: `by_us`, the bot is to post it where they wrote.
    TellCustomer {
        actor: Actor,
        escalation: EscalationId,
        due: DateTime<Utc>,
        by_us: bool,
        reply: ReplyTo,
    },
    /// A ticket system says that this has changed.
    TicketChanged {
        ticket: TicketRef,
    },
    /// A ticket was read. `again` is a message that was heard before anything was known of it.
    TicketRead {
        ticket: TicketRef,
        reading: Box<Reading>,
        again: Option<Box<Message>>,
    },
    /// A ticket was read for a form only.
    TicketGlanced {
        ticket: TicketRef,
        reading: Box<Reading>,
    },
    /// A ticket cannot be read, now or later.
    TicketLost {
        ticket: TicketRef,
        why: String,
    },
    /// A note about a case could not be written into its ticket.
    NoteUndeliverable {
        escalation: EscalationId,
        why: String,
    },
    /// A word to a customer could not be posted; `to` is who sent it.
    WordUndeliverable {
        escalation: EscalationId,
        to: Person,
        why: String,
    },
    /// Somebody did a step of a playbook: its id, and the step, from 0.
    DoStep {
        actor: Actor,
        escalation: EscalationId,
        playbook: String,
        step: usize,
        reply: ReplyTo,
    },
    Escalate {
        actor: Actor,
        form: Box<Form>,
        reply: ReplyTo,
    },
    /// Somebody tells what a case owes: by the field's id, as typed.
    Inform {
        actor: Actor,
        escalation: EscalationId,
        typed: Vec<(String, String)>,
        reply: ReplyTo,
    },
    Ask {
        actor: Actor,
        question: Question,
        reply: ReplyTo,
    },
    PageDelivered {
        escalation: EscalationId,
        page: usize,
        place: PlaceId,
        message: MessageId,
    },
    PageUndeliverable {
        escalation: EscalationId,
        page: usize,
        why: String,
    },
    /// The card of a page was posted again, as another message.
    CardReposted {
        escalation: EscalationId,
        page: usize,
        place: PlaceId,
        message: MessageId,
    },
    /// The card of a delivered page can be drawn no more.
    CardUndeliverable {
        escalation: EscalationId,
        page: usize,
        why: String,
    },
    /// A line about a case could not be posted where a team reads.
    LineUndeliverable {
        team: TeamId,
        escalation: EscalationId,
        line: Line,
        why: String,
    },
    /// Somebody deleted messages of ours.
    Deleted {
        messages: Vec<MessageId>,
    },
    /// A place was deleted.
    PlaceGone {
        place: PlaceId,
    },
    /// A team's digest stands in its place.
    DigestPosted {
        team: TeamId,
        window: Span,
        place: PlaceId,
        message: MessageId,
    },
    /// The timer rang.
    DeadlineReached,
    /// Somebody takes a duty for a while.
    Cover {
        actor: Actor,
        form: Box<CoverForm>,
        reply: ReplyTo,
    },
    /// The procedure is in use from now on.
    Adopt,
    /// The config was read again and is not taken, because of these problems; none if it says what it said before.
    Keep {
        problems: Vec<String>,
    },
    /// Somebody wants people to practise for what a trigger is for.
    Drill {
        actor: Actor,
        /// A trigger's id.
        trigger: String,
        /// Where it was asked for.
        place: PlaceId,
        reply: ReplyTo,
    },
    /// Somebody has seen what the version in use changes about a case, and wants it.
    MoveOver {
        actor: Actor,
        escalation: EscalationId,
        /// The version that was shown.
        procedure: String,
        reply: ReplyTo,
    },
    /// Nothing has been heard for so long, though something was said.
    FindDeaf {
        silence: TimeDelta,
    },
    /// Something said just now was heard.
    FindHearing,
    /// Somebody wants to know whether everything is there. What could be looked at outside was.
    Examine {
        actor: Actor,
        checks: Vec<Check>,
        reply: ReplyTo,
    },
    /// Somebody wants the config to be read again.
    Reload {
        actor: Actor,
        reply: ReplyTo,
    },
}

/// Which case somebody means.
#[derive(Clone, Debug, PartialEq)]
pub enum About {
    /// Pressed on a card; the version is the one the button was drawn from.
    Button { escalation: EscalationId, seen: u64 },
    /// As typed: "ESC-142", "142".
    Typed(String),
}

/// A page of the form for an escalation by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// A trigger's id; `None` follows the default plan.
    pub trigger: Option<String>,
    /// From 0.
    pub page: usize,
    /// By the field's id, as typed.
    pub typed: Vec<(String, String)>,
    /// Where it was escalated from.
    pub place: PlaceId,
    /// The message it is about, if it was escalated from one …
    pub about: Option<MessageId>,
    /// … and what it says with its author, where that could be read.
    pub message: Option<Message>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    Status(About),
    Why(About),
    Playbook(About),
    /// The text for the customer.
    Customer(About),
    Queue,
    Health,
    /// What a stretch of time came to, as typed.
    Digest(Option<String>),
    Help,
    /// Who is on call for a team, or for each, at a time as typed, or now.
    OnCall {
        team: Option<String>,
        at: Option<String>,
    },
    Sop,
    /// What the version in use would change about a case.
    Difference(About),
    /// A page of a form, from 0, with what its reader has typed into it before. `ticket` stands in it if nothing does.
    Form {
        purpose: Box<Purpose>,
        page: usize,
        ticket: String,
    },
    /// What somebody may mean who has typed this so far.
    Choices {
        what: Choosing,
        typed: String,
    },
}
