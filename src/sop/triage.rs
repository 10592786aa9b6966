//! What a set of firings means beside what is already open: a new case, a word to an open one, or nothing.

use std::sync::Arc;

use crate::sop::desk::Desk;
use crate::sop::escalation::{Command, Counted, EscalationId, Opened, Quote, Report, Subject, TriggerName};
use crate::sop::message::{Message, Person, TicketRef, cut};
use crate::sop::procedure::Procedure;
use crate::sop::signal::Signals;
use crate::sop::team::Severity;
use crate::sop::trigger::{Fired, Firing, Flip, Mode, Near, NearMiss, Scope, What};

/// What is to be done about one message.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    Open(Box<Opened>),
    /// The same issue is already with the same team.
    Join {
        escalation: EscalationId,
        command: Command,
    },
    /// A trigger in watch mode fired: recorded, nobody is told.
    Watch {
        trigger: String,
    },
}

/// What a message was and what was read in it.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    pub message: &'a Message,
    /// `None` where a rep quotes a customer that nobody named.
    pub customer: Option<&'a Person>,
    pub ticket: Option<&'a TicketRef>,
    pub signals: &'a Signals,
}

/// Decides for every plan that a firing names; the most severe firing leads, the order in the config breaks ties.
pub fn triage(heard: Heard<'_>, fired: &Fired<'_>, desk: &Desk, procedure: &Procedure) -> Vec<Decision> {
    let watched = fired.firings.iter().filter(|firing| firing.trigger.mode == Mode::Watch);
    let mut decisions: Vec<Decision> =
        watched.map(|firing| Decision::Watch { trigger: firing.trigger.id.clone() }).collect();
    for group in by_plan(&fired.firings) {
        let lead = group[0].trigger;
        let report = report(heard, &group);
        let subject = Subject {
            customer: report.customer.clone(),
            place: report.place.clone(),
            ticket: heard.ticket.cloned().map(Box::new),
            scope: lead.scope,
        };
        let confidential = group.iter().any(|firing| firing.trigger.confidential);
        // An edit of a message that was dealt with, or is, brings nothing new.
        let open = desk.open_case(&subject, &lead.plan.id, confidential);
        if open.is_some_and(|open| open.has_heard(&report)) || desk.has_heard(&subject, &lead.plan.id, &report) {
            continue;
        }
        let Some(open) = open else {
            decisions.push(Decision::Open(Box::new(Opened {
                after: desk.last_case(&subject, &lead.plan.id, confidential).map(|case| case.id),
                subject,
                severity: lead.severity,
                confidential,
                ownership: lead.ownership,
                plan: lead.plan.clone(),
                procedure: procedure.version.as_str().into(),
                by: None,
                report,
                near: near(fired, confidential),
                drill: false,
            })));
            continue;
        };
        let command = Command::Report { report: Box::new(report), severity: lead.severity };
        decisions.push(Decision::Join { escalation: open.id, command });
    }
    decisions
}

/// The live firings of each plan, the leading one first; plans in the order in which they are first named.
fn by_plan<'f, 't>(firings: &'f [Firing<'t>]) -> Vec<Vec<&'f Firing<'t>>> {
    let mut groups: Vec<Vec<&Firing<'t>>> = Vec::new();
    for firing in firings.iter().filter(|firing| firing.trigger.mode == Mode::Live) {
        let same_plan = |group: &&mut Vec<&Firing<'t>>| group[0].trigger.plan.id == firing.trigger.plan.id;
        match groups.iter_mut().find(same_plan) {
            Some(group) => group.push(firing),
            None => groups.push(vec![firing]),
        }
    }
    for group in &mut groups {
        // Stable: the order of the config breaks ties.
        group.sort_by_key(|firing| std::cmp::Reverse(firing.trigger.severity));
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group[0].trigger.severity));
    groups
}

/// Near misses, without those of confidential triggers where the case itself may be read by everybody.
fn near(fired: &Fired<'_>, confidential: bool) -> Box<[NearMiss]> {
    let may_tell = |miss: &&Near<'_>| confidential || !miss.trigger.confidential;
    fired.near.iter().filter(may_tell).map(Near::to_record).collect()
}

fn report(heard: Heard<'_>, group: &[&Firing<'_>]) -> Report {
    let name = |firing: &&Firing<'_>| TriggerName { id: firing.trigger.id.clone(), name: firing.trigger.name.clone() };
    let flip = |firing: &&Firing<'_>| Flip { trigger: firing.trigger.id.clone(), changes: firing.flip().into() };
    let findings: Box<[_]> = group.iter().flat_map(|firing| firing.findings().cloned()).collect();
    let asked_for = findings.iter().filter(|finding| !finding.negated);
    let kinds: Vec<&str> = asked_for.filter_map(|finding| kind_of(&finding.what)).collect();
    Report {
        customer: heard.customer.cloned().map(Arc::new),
        place: heard.message.place.clone(),
        message: Some(heard.message.id.clone()),
        said_at: heard.message.at,
        counted: counted(group).into(),
        triggers: group.iter().map(name).collect(),
        information: Box::default(),
        quotes: quotes(heard.signals, |kind| kinds.contains(&kind)),
        findings,
        flips: group.iter().map(flip).collect(),
    }
}

/// What the firings of a group counted, each message once.
fn counted(group: &[&Firing<'_>]) -> Vec<Counted> {
    let mut counted: Vec<Counted> = Vec::new();
    // The latest of each firing: in a large outage every report counts all before it.
    let latest = |firing: &'_ &Firing<'_>| firing.counted.len().saturating_sub(COUNTED_MAX);
    for message in group.iter().flat_map(|firing| &firing.counted[latest(firing)..]) {
        if !counted.contains(message) {
            counted.push(message.clone());
        }
    }
    counted
}

/// Counted messages kept as evidence of one report.
const COUNTED_MAX: usize = 10;

/// The kind of signal whose words stand behind a finding.
fn kind_of(what: &What) -> Option<&str> {
    match what {
        What::Signal { kind, .. } | What::Customers { kind, .. } => Some(kind.name()),
        What::Amount { .. } => Some("financial"),
        What::Contacts { .. } => Some("repeat"),
        _ => None,
    }
}

/// Quotes on a card.
const QUOTES_MAX: usize = 6;
/// Characters of one quote.
const QUOTE_CHARS_MAX: usize = 80;

/// The words that count for the kinds asked for, each once, in the order of the text.
pub fn quotes(signals: &Signals, wanted: impl Fn(&str) -> bool) -> Box<[Quote]> {
    let mut found: Vec<(usize, Quote)> = Vec::new();
    for signal in signals.signals.iter().filter(|signal| wanted(signal.kind.name())) {
        for evidence in signal.evidence.iter().filter(|evidence| evidence.weight > 0.0) {
            let quote = Quote { kind: signal.kind.clone(), words: cut(&evidence.text, QUOTE_CHARS_MAX).into() };
            if !found.iter().any(|(_, known)| *known == quote) {
                found.push((evidence.start, quote));
            }
        }
    }
    found.sort_by_key(|(start, _)| *start);
    found.into_iter().map(|(_, quote)| quote).take(QUOTES_MAX).collect()
}

/// How urgent a case is that a person escalates without naming a trigger.
pub const BY_HAND: (Severity, Scope) = (Severity::Sev3, Scope::Customer);

#[cfg(test)]
mod tests;
