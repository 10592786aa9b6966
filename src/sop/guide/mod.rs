//! The procedure as people read it: what each rule looks for, who gets it and how fast, what to have at hand, to do
//! and to say. It is made of what runs, so it says what the desk does and never grows old.
//!
//! [`Guide::of`] only puts together what belongs together; it has no words. Example wording is tried out: what stands
//! in the guide as an example does fire the rule.

mod example;
mod ladder;

#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};

use crate::sop::escalation::Actor;
use crate::sop::guidance::information::Field;
use crate::sop::guidance::message::Wording;
use crate::sop::guidance::playbook::Playbook;
use crate::sop::procedure::Procedure;
use crate::sop::team::{Plan, Rung, Severity, Team, TeamId};
use crate::sop::triage::BY_HAND;
use crate::sop::trigger::{Mode, Trigger};
pub use ladder::{Lane, Mark, Rail, Step, lanes, merged};

/// What a reader may know of a procedure, in the order in which it is read.
#[derive(Clone, Debug)]
pub struct Guide<'p> {
    pub procedure: &'p Procedure,
    /// In the order of the config; what is escalated by hand without a trigger comes last.
    pub rules: Vec<Rule<'p>>,
    /// Triggers that this reader may not know of.
    pub withheld: usize,
    /// What is over by then is left out.
    pub now: DateTime<Utc>,
}

/// One reason for a case, with all that is to be known of it.
#[derive(Clone, Debug)]
pub struct Rule<'p> {
    /// `None`: a person escalates without naming a trigger.
    pub trigger: Option<&'p Trigger>,
    pub severity: Severity,
    pub plan: &'p Plan,
    /// What customers may write: each fires it, or counts towards it where several have to; empty where no text does.
    pub examples: Vec<String>,
    /// What its team has to know.
    pub asks: &'p [Field],
    pub playbooks: Vec<&'p Playbook>,
    /// What the customer is told.
    pub message: Option<&'p Wording>,
}

impl Rule<'_> {
    /// `None` for what is escalated by hand without a trigger.
    pub fn id(&self) -> Option<&str> {
        self.trigger.map(|trigger| trigger.id.as_str())
    }

    /// What is escalated by hand cannot be switched off.
    pub fn mode(&self) -> Mode {
        self.trigger.map_or(Mode::Live, |trigger| trigger.mode)
    }

    pub fn is_confidential(&self) -> bool {
        self.trigger.is_some_and(|trigger| trigger.confidential)
    }
}

impl<'p> Guide<'p> {
    /// All of it. `now` is the moment at which examples are read.
    pub fn of(procedure: &'p Procedure, now: DateTime<Utc>) -> Self {
        Self::made(procedure, now, |_| true)
    }

    /// Without the confidential rules whose cases this reader may not read.
    pub fn for_reader(procedure: &'p Procedure, reader: &Actor, now: DateTime<Utc>) -> Self {
        Self::made(procedure, now, |trigger| may_be_known_by(trigger, reader))
    }

    fn made(procedure: &'p Procedure, now: DateTime<Utc>, is_shown: impl Fn(&Trigger) -> bool) -> Self {
        let shown: Vec<&Trigger> = procedure.triggers.iter().filter(|trigger| is_shown(trigger)).collect();
        let withheld = procedure.triggers.len() - shown.len();
        let rules = shown.into_iter().map(|trigger| Rule {
            trigger: Some(trigger),
            severity: trigger.severity,
            plan: &trigger.plan,
            examples: example::of(trigger, procedure, now),
            asks: &trigger.required,
            playbooks: procedure.guidance.playbooks.iter().filter(|book| book.triggers.contains(&trigger.id)).collect(),
            message: procedure.guidance.message_for(&[trigger.id.as_str()]),
        });
        let by_hand = Rule {
            trigger: None,
            severity: BY_HAND.0,
            plan: &procedure.default_plan,
            examples: Vec::new(),
            asks: &procedure.guidance.by_default,
            playbooks: Vec::new(),
            message: procedure.guidance.message_for(&[]),
        };
        Self { procedure, rules: rules.chain([by_hand]).collect(), withheld, now }
    }

    /// Teams that stand on a ladder of this guide, or that are told what becomes of cases, in the order of the config.
    pub fn teams(&self) -> impl Iterator<Item = &'p Team> {
        let front = &self.procedure.front;
        let is_named = move |team: &&Team| {
            team.id == *front || self.rules.iter().any(|rule| rule.plan.teams().any(|named| *named == team.id))
        };
        self.procedure.teams.iter().filter(is_named)
    }

    /// The times that a team has to answer, each with the names of the rules that give it.
    pub fn times_of(&self, team: &TeamId) -> Vec<(&'p Rung, Vec<&Rule<'p>>)> {
        let mut times: Vec<(&Rung, Vec<&Rule<'p>>)> = Vec::new();
        for rule in &self.rules {
            for rung in rule.plan.rungs.iter().filter(|rung| rung.team == *team) {
                match times.iter_mut().find(|(known, _)| *known == rung) {
                    Some((_, rules)) => rules.push(rule),
                    None => times.push((rung, vec![rule])),
                }
            }
        }
        times
    }
}

/// The rules of a confidential trigger are for those who may read its cases.
pub fn may_be_known_by(trigger: &Trigger, reader: &Actor) -> bool {
    !trigger.confidential || trigger.plan.teams().any(|team| reader.teams.contains(team))
}

/// How long silence takes from the opening of a case to the page of each rung of a plan, and of the last resort; `None`
/// from a rung on whose time is counted in the hours of a calendar, for then it depends on the day.
pub fn climb(plan: &Plan) -> Vec<Option<TimeDelta>> {
    let mut passed = Some(TimeDelta::zero());
    let mut times = Vec::with_capacity(plan.rungs.len() + 1);
    for rung in &plan.rungs {
        times.push(passed);
        passed = passed.filter(|_| rung.calendar.is_none()).map(|passed| passed + rung.respond_within);
    }
    let rounds = i32::try_from(plan.repeat).unwrap_or(i32::MAX - 1) + 1;
    times.push(passed.and_then(|passed| passed.checked_mul(rounds)));
    times
}
