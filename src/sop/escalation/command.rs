//! What somebody can want of a case.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::sop::escalation::{Grade, Report};
use crate::sop::guidance::information::Field;
use crate::sop::message::{MessageId, Person, PlaceId, Standing};
use crate::sop::team::{Severity, TeamId};

/// Somebody who wants something of a case, with the teams they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub person: Person,
    pub teams: Vec<TeamId>,
    /// Belongs to a team that manages.
    pub manages: bool,
}

impl Actor {
    /// Somebody on staff of whom only the clearance counts.
    pub fn unnamed(teams: Vec<TeamId>, manages: bool) -> Self {
        let person = Person { id: "".into(), name: "".into(), standing: Standing::Staff };
        Self { person, teams, manages }
    }
}

/// What a person can do about a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Takes the case, or takes it over if it was offered, and promises the next step within this time; `None` is the
    /// time that the team has to answer.
    Acknowledge {
        next: Option<TimeDelta>,
    },
    /// Promises the next step within this time; `None` is the time that the team has to answer.
    Promise {
        within: Option<TimeDelta>,
    },
    /// Promises the next step before the day is over; `zone` is where the person lives.
    PromiseToday {
        zone: Tz,
    },
    Note {
        text: String,
    },
    Wait {
        reason: String,
    },
    /// Offers it to somebody, who takes it by acknowledging it.
    HandOff {
        to: Box<Actor>,
    },
    Raise {
        reason: String,
    },
    Lower {
        reason: String,
    },
    SetSeverity {
        severity: Severity,
        reason: String,
    },
    Resolve {
        note: String,
    },
    Reopen {
        reason: String,
    },
    Grade {
        grade: Grade,
    },
    /// Says what is owed: answers by the field's id, as typed.
    Inform {
        answers: Vec<(String, String)>,
    },
    /// Asks back for what the team cannot work without.
    Bounce {
        missing: String,
    },
    /// Ticks off a step of a playbook, by its title.
    DoStep {
        playbook: String,
        step: String,
    },
    /// Agrees that it is solved.
    Confirm,
    /// Has told the customer to expect something by then.
    TellCustomer {
        due: DateTime<Utc>,
    },
}

impl Act {
    /// The verb, for the words.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Acknowledge { .. } => "acknowledge",
            Self::Promise { .. } | Self::PromiseToday { .. } => "promise",
            Self::Note { .. } => "note",
            Self::Wait { .. } => "wait",
            Self::HandOff { .. } => "hand_off",
            Self::Raise { .. } => "raise",
            Self::Lower { .. } => "lower",
            Self::SetSeverity { .. } => "set_severity",
            Self::Resolve { .. } => "resolve",
            Self::Reopen { .. } => "reopen",
            Self::Grade { .. } => "grade",
            Self::Inform { .. } => "inform",
            Self::Bounce { .. } => "bounce",
            Self::DoStep { .. } => "do_step",
            Self::Confirm => "confirm",
            Self::TellCustomer { .. } => "tell_customer",
        }
    }
}

/// What somebody, the clock or the delivery wants of a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// A trigger fired again on the same issue.
    Report {
        report: Box<Report>,
        severity: Severity,
    },
    /// A person does something. `seen` is the version on the button that was pressed; `None` for a typed command.
    Act {
        by: Actor,
        act: Act,
        seen: Option<u64>,
    },
    /// The customer wrote something, whatever it says.
    CustomerWrote,
    PageDelivered {
        page: usize,
        place: PlaceId,
        message: MessageId,
    },
    /// Its card was posted again, as another message.
    CardReposted {
        page: usize,
        place: PlaceId,
        message: MessageId,
    },
    /// The page does not get out, or its place is gone since.
    PageUndeliverable {
        page: usize,
        why: String,
    },
    DeadlineReached,
    /// The customer wrote where the case is about, then.
    CustomerAsked {
        at: DateTime<Utc>,
    },
    /// Somebody on staff wrote to the customer there, then.
    Replied {
        by: Person,
        at: DateTime<Utc>,
    },
    /// The team has to know these, if it does not yet.
    Require {
        fields: Vec<Field>,
        by: Option<Person>,
    },
}
