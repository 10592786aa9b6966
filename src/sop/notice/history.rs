//! What happened to a case, in a line each: the history that stands in the thread of its card, so that the card itself
//! stays short. Nobody is pinged by it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::sop::escalation::{Escalation, EscalationId, Event, Fate, Grade, RaiseReason};
use crate::sop::message::Person;
use crate::sop::notice::{Notice, trigger_names};
use crate::sop::procedure::Procedure;
use crate::sop::team::{Severity, TeamId};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// `next`: by when they promised the next step. Where several have to, each of them is one entry.
    Acknowledged {
        by: Person,
        next: Option<DateTime<Utc>>,
    },
    Promised {
        by: Person,
        until: DateTime<Utc>,
    },
    Noted {
        by: Person,
        text: String,
    },
    HandedOff {
        to: Person,
        next: Option<DateTime<Utc>>,
    },
    /// Up or down its ladder, or to the same team again.
    Raised {
        from: TeamId,
        to: TeamId,
        why: RaiseReason,
    },
    Waited {
        by: Person,
        reason: String,
    },
    /// `None`: the customer has written.
    Resumed {
        by: Option<Person>,
    },
    SeveritySet {
        by: Person,
        severity: Severity,
        reason: String,
    },
    Bounced {
        by: Person,
        missing: String,
    },
    Informed {
        by: Person,
        labels: Vec<String>,
    },
    Reopened {
        by: Person,
        reason: String,
    },
    Resolved {
        by: Person,
        note: String,
    },
    Merged {
        by: Person,
        into: EscalationId,
    },
    Graded {
        by: Person,
        grade: Grade,
    },
}

impl Entry {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Acknowledged { .. } => "acknowledged",
            Self::Promised { .. } => "promised",
            Self::Noted { .. } => "noted",
            Self::HandedOff { .. } => "handed_off",
            Self::Raised { .. } => "raised",
            Self::Waited { .. } => "waited",
            Self::Resumed { .. } => "resumed",
            Self::SeveritySet { .. } => "severity_set",
            Self::Bounced { .. } => "bounced",
            Self::Informed { .. } => "informed",
            Self::Reopened { .. } => "reopened",
            Self::Resolved { .. } => "resolved",
            Self::Merged { .. } => "merged",
            Self::Graded { .. } => "graded",
        }
    }
}

/// An entry as its template sees it, with what the thread is named after.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HistoryFacts {
    pub id: String,
    /// Names of the triggers, the leading one first; empty for a case opened by hand without one.
    pub triggers: Vec<String>,
    pub drill: bool,
    /// Seconds since 1970 (UTC).
    pub at: i64,
    #[serde(flatten)]
    pub entry: Entry,
}

/// What of these events belongs in the history. They were decided together, and `case` has taken them in. Nothing,
/// before the card is there whose thread it stands in.
pub fn history(events: &[Event], case: &Escalation, procedure: &Procedure) -> Vec<Notice> {
    let is_delivered = |page: &usize| matches!(case.pages[*page].fate, Fate::Delivered { .. });
    let newest = (0..case.pages.len()).rev().find(is_delivered);
    let Some(page) = newest.filter(|_| procedure.threads) else { return Vec::new() };
    let first = case.facts.saturating_sub(u32::try_from(events.len()).unwrap_or(u32::MAX));
    let numbered = (first..).zip(events).filter_map(|(number, event)| Some((number, entry(event, events, case)?)));
    let notice = |(number, entry)| Notice::History { escalation: case.id, page, number, at: case.updated_at, entry };
    numbered.map(notice).collect()
}

pub fn history_facts(entry: &Entry, at: DateTime<Utc>, case: &Escalation) -> HistoryFacts {
    HistoryFacts {
        id: case.id.to_string(),
        triggers: trigger_names(case),
        drill: case.opened.drill,
        at: at.timestamp(),
        entry: entry.clone(),
    }
}

/// An event beside those it was decided with: a promise that only follows from another of them is told with that one.
fn entry(event: &Event, together: &[Event], case: &Escalation) -> Option<Entry> {
    let promised = || {
        let until = |event: &Event| if let Event::Promised { until, .. } = event { Some(*until) } else { None };
        together.iter().find_map(until)
    };
    // The last of several who have to, or the solution: either says it.
    let is_told = || together.iter().any(|event| matches!(event, Event::Answered { .. } | Event::Resolved { .. }));
    Some(match event.clone() {
        Event::Acknowledged { .. } if is_told() => return None,
        Event::Acknowledged { by } | Event::Answered { by } => Entry::Acknowledged { by, next: promised() },
        Event::HandedOff { to } => Entry::HandedOff { to, next: promised() },
        Event::Promised { by, until } if together.len() == 1 => Entry::Promised { by, until },
        Event::Noted { by, text } => Entry::Noted { by, text },
        Event::Raised { from, to, why } => {
            let team = |step| case.opened.plan.rung(step).team.clone();
            Entry::Raised { from: team(from), to: team(to), why }
        }
        Event::Waited { by, reason } => Entry::Waited { by, reason },
        Event::Resumed { by } => Entry::Resumed { by },
        Event::SeveritySet { by, severity, reason } => Entry::SeveritySet { by, severity, reason },
        Event::Bounced { by, field, .. } => Entry::Bounced { by, missing: field.label },
        Event::Informed { by, answers } => {
            Entry::Informed { by, labels: answers.into_iter().map(|answer| answer.label).collect() }
        }
        Event::Reopened { by, reason } => Entry::Reopened { by, reason },
        Event::Resolved { by, note } => Entry::Resolved { by, note },
        Event::Merged { by, into } => Entry::Merged { by, into },
        Event::Graded { by, grade } => Entry::Graded { by, grade },
        Event::Promised { .. }
        | Event::Opened(_)
        | Event::Added { .. }
        | Event::Strengthened { .. }
        | Event::Paged { .. }
        | Event::Delivered { .. }
        | Event::Reposted { .. }
        | Event::Undeliverable { .. }
        | Event::Breached { .. }
        | Event::Nudged { .. }
        | Event::Offered { .. }
        | Event::Joined { .. }
        | Event::Parted { .. }
        | Event::MovedOver(_)
        | Event::GapFound { .. }
        | Event::CustomerAsked { .. }
        | Event::Replied { .. }
        | Event::Warned { .. }
        | Event::RanOut { .. }
        | Event::Required { .. }
        | Event::Reminded { .. }
        | Event::StepDone { .. }
        | Event::ConfirmationAsked { .. }
        | Event::Confirmed { .. }
        | Event::CustomerTold { .. } => return None,
    })
}
