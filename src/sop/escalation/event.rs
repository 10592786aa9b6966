//! What can happen to a case.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::sop::clock::ClockKind;
use crate::sop::escalation::{EscalationId, Moved, Opened, Part, Report};
use crate::sop::guidance::information::{Field, Information};
use crate::sop::message::{MessageId, Person, PlaceId};
use crate::sop::team::{Severity, Step, TeamId};

/// Why a team is paged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageReason {
    Opened,
    /// Nobody answered the page before it in time.
    Silence,
    /// The page before it could not be delivered to anybody.
    Undeliverable,
    /// Somebody raised it by hand.
    ByHand,
    /// A more severe trigger fired on the same issue.
    Stronger,
    /// The next step that was promised did not come.
    Lapsed,
    /// Somebody sent it back to a team before it on its ladder.
    Lowered,
    Reopened,
    /// It moved over to a version of the procedure that knows nothing of the team it was with.
    MovedOver,
}

impl PageReason {
    /// What came before came to nothing: a page was not answered, or a promise not kept.
    pub fn is_unanswered(self) -> bool {
        matches!(self, Self::Silence | Self::Lapsed)
    }
}

/// Why a case went on to another step of its ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum RaiseReason {
    /// Nobody answered in time.
    Silence,
    /// The page could not be delivered to anybody.
    Undeliverable,
    /// Somebody sent it on; the reason may be empty.
    ByHand { by: Person, reason: String },
    /// Whoever took it let the next step they promised pass, and the reminder too.
    Lapsed { responder: Person },
    /// Somebody sent it back, because it needs this team no longer.
    Lowered { by: Person, reason: String },
    /// Nobody is on call for the team.
    Gap,
}

/// A fact about a case. Past tense, recorded once, never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Opened(Box<Opened>),
    /// The same issue again, no more severe: joined quietly.
    Added {
        report: Box<Report>,
    },
    /// The same issue again, more severe than before.
    Strengthened {
        report: Box<Report>,
        severity: Severity,
    },
    /// A team is to be told. Its time starts when the page is delivered. `on_call` is who was on call at this moment; a
    /// team without anybody here is rung as a whole.
    Paged {
        step: Step,
        reason: PageReason,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        on_call: Vec<Person>,
    },
    Delivered {
        page: usize,
        place: PlaceId,
        message: MessageId,
    },
    /// The card of a delivered page stands elsewhere now: it was deleted, or could not be changed any more.
    Reposted {
        page: usize,
        place: PlaceId,
        message: MessageId,
    },
    /// The page did not get out, or nobody can read it any more.
    Undeliverable {
        page: usize,
        why: String,
    },
    /// Nobody answered in time. `late_seconds` is how long after the deadline that was noticed: 0 unless the program
    /// was down.
    Breached {
        page: usize,
        due: DateTime<Utc>,
        late_seconds: i64,
    },
    Raised {
        from: Step,
        to: Step,
        why: RaiseReason,
    },
    Acknowledged {
        by: Person,
    },
    /// The next step will come by then.
    Promised {
        by: Person,
        until: DateTime<Utc>,
    },
    /// The next step did not come in time: the responder is reminded. `late_seconds` as with [`Self::Breached`].
    Nudged {
        due: DateTime<Utc>,
        late_seconds: i64,
    },
    Noted {
        by: Person,
        text: String,
    },
    /// Nothing can be done until the customer answers.
    Waited {
        by: Person,
        reason: String,
    },
    /// It waits no longer: somebody says so, or else the customer has answered.
    Resumed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Person>,
    },
    /// Somebody is asked to take it over. Until they do, whoever has it keeps it.
    Offered {
        by: Person,
        to: Person,
    },
    HandedOff {
        to: Person,
    },
    SeveritySet {
        by: Person,
        severity: Severity,
        reason: String,
    },
    Resolved {
        by: Person,
        note: String,
    },
    Reopened {
        by: Person,
        reason: String,
    },
    /// It goes on as part of another case.
    Merged {
        by: Person,
        into: EscalationId,
    },
    /// Another case, with the parts that it had, goes on as part of this one, which is now as severe as both.
    Joined {
        by: Person,
        parts: Vec<Part>,
        severity: Severity,
    },
    /// A part of it was opened again and goes on by itself, with the parts that it had.
    Parted {
        parts: Vec<EscalationId>,
    },
    /// It follows another version of the procedure from now on.
    MovedOver(Box<Moved>),
    Graded {
        by: Person,
        grade: Grade,
    },
    /// One of several who have to acknowledge. The case is taken once enough have.
    Answered {
        by: Person,
    },
    /// A team was to be paged, and nobody is on call for it.
    GapFound {
        team: TeamId,
    },
    /// The customer waits for a reply since then.
    CustomerAsked {
        at: DateTime<Utc>,
    },
    /// Somebody on staff wrote to the customer then.
    Replied {
        by: Person,
        at: DateTime<Utc>,
    },
    /// So many percent of a clock's time are gone.
    Warned {
        clock: ClockKind,
        percent: u8,
        due: DateTime<Utc>,
    },
    /// The time of a clock is up. `late_seconds` as with [`Self::Breached`].
    RanOut {
        clock: ClockKind,
        due: DateTime<Utc>,
        late_seconds: i64,
    },
    /// The team has to know these, and somebody owes them: whoever escalated, or whoever looks after the customer.
    Required {
        fields: Arc<[Field]>,
        by: Option<Box<Person>>,
        due: DateTime<Utc>,
    },
    /// The team cannot work without this, and asks for it back from whoever escalated, or looks after the customer.
    Bounced {
        by: Person,
        field: Box<Field>,
        from: Option<Box<Person>>,
        due: DateTime<Utc>,
    },
    /// What was owed was told, or some of it.
    Informed {
        by: Person,
        answers: Vec<Information>,
    },
    /// What was owed did not come in time. `late_seconds` as with [`Self::Breached`].
    Reminded {
        due: DateTime<Utc>,
        late_seconds: i64,
    },
    /// A step of a playbook was done; it is named by its title.
    StepDone {
        by: Person,
        playbook: String,
        step: String,
    },
    /// Whoever reported it is asked whether it is solved, and counts as agreeing from then on.
    ConfirmationAsked {
        of: Person,
        until: DateTime<Utc>,
    },
    /// It is. `None`: nobody has said that it is not.
    Confirmed {
        by: Option<Person>,
    },
    /// A text for the customer was handed out that promises something by then.
    CustomerTold {
        by: Person,
        due: DateTime<Utc>,
    },
}

impl Event {
    /// The page that it is about, which has to be there: an index into those of the case.
    pub fn page(&self) -> Option<usize> {
        match self {
            Self::Delivered { page, .. }
            | Self::Reposted { page, .. }
            | Self::Undeliverable { page, .. }
            | Self::Breached { page, .. } => Some(*page),
            _ => None,
        }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened(_) => "opened",
            Self::Added { .. } => "added",
            Self::Strengthened { .. } => "strengthened",
            Self::Paged { .. } => "paged",
            Self::Delivered { .. } => "delivered",
            Self::Reposted { .. } => "reposted",
            Self::Undeliverable { .. } => "undeliverable",
            Self::Breached { .. } => "breached",
            Self::Raised { .. } => "raised",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Promised { .. } => "promised",
            Self::Nudged { .. } => "nudged",
            Self::Noted { .. } => "noted",
            Self::Waited { .. } => "waited",
            Self::Resumed { .. } => "resumed",
            Self::Offered { .. } => "offered",
            Self::HandedOff { .. } => "handed_off",
            Self::SeveritySet { .. } => "severity_set",
            Self::Resolved { .. } => "resolved",
            Self::Reopened { .. } => "reopened",
            Self::Merged { .. } => "merged",
            Self::Joined { .. } => "joined",
            Self::Parted { .. } => "parted",
            Self::MovedOver(_) => "moved_over",
            Self::Graded { .. } => "graded",
            Self::Answered { .. } => "answered",
            Self::GapFound { .. } => "gap_found",
            Self::CustomerAsked { .. } => "customer_asked",
            Self::Replied { .. } => "replied",
            Self::Warned { .. } => "warned",
            Self::RanOut { .. } => "ran_out",
            Self::Required { .. } => "required",
            Self::Bounced { .. } => "bounced",
            Self::Informed { .. } => "informed",
            Self::Reminded { .. } => "reminded",
            Self::StepDone { .. } => "step_done",
            Self::ConfirmationAsked { .. } => "confirmation_asked",
            Self::Confirmed { .. } => "confirmed",
            Self::CustomerTold { .. } => "customer_told",
        }
    }
}

/// Whether it was right to open a case: what triggers are measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    RightCall,
    NotNeeded,
    WrongTeam,
    MissingInformation,
}
