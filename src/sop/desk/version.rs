//! Which version of the procedure the desk works under, who hears that it has changed, and what moves over to it.

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::sop::desk::turn::{Turn, managers_only};
use crate::sop::desk::{About, Desk, Fact, Silences};
use crate::sop::escalation::{Actor, Escalation, EscalationId, Opened, Refusal, Terms};
use crate::sop::guide::may_be_known_by;
use crate::sop::notice::{self, Answer, Notice, ShownRung};
use crate::sop::procedure::Procedure;
use crate::sop::team::{Severity, TeamId};
use crate::sop::triage::BY_HAND;
use crate::sop::trigger::{Mode, Trigger};

/// The version in use, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Adopted {
    version: String,
    since: DateTime<Utc>,
}

impl Adopted {
    pub(super) fn new(version: &str, since: DateTime<Utc>) -> Self {
        Self { version: version.to_owned(), since }
    }

    pub(super) fn since(&self) -> DateTime<Utc> {
        self.since
    }
}

/// What is said of the procedure as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "sop", rename_all = "snake_case")]
pub enum Sop {
    /// `since` is in seconds since 1970; `older` of the open cases opened under another version; `more` rules are not
    /// among those shown.
    Shown {
        version: String,
        since: i64,
        open: usize,
        older: usize,
        silences: Silences,
        #[serde(default)]
        rules: Vec<ShownRule>,
        #[serde(default)]
        more: usize,
        /// The end of every ladder.
        last: Option<ShownRung>,
    },
    /// Nothing was heard since then, in seconds since 1970.
    Deaf { since: i64 },
    /// It is heard again, after so many minutes.
    Hearing { since: i64, minutes: i64 },
    /// A team cannot be told what it should know.
    OutOfReach { team: TeamId, why: String },
    /// The config is being read again.
    Reading,
    /// Another version is in use now.
    Adopted { version: String, before: String, older: usize },
    /// The config was read again and the version stays: because of these problems, or because nothing has changed.
    Kept { version: String, problems: Vec<String>, more: usize },
}

/// Who gets what, in which order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownRule {
    /// `None`: escalated by hand, without a trigger.
    pub name: Option<String>,
    pub severity: Severity,
    /// It only watches.
    pub watched: bool,
    pub confidential: bool,
    /// Without the last resort.
    pub rungs: Vec<ShownRung>,
    /// How often all of them are climbed again.
    pub repeat: u32,
}

impl Sop {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Shown { .. } => "shown",
            Self::Deaf { .. } => "deaf",
            Self::Hearing { .. } => "hearing",
            Self::OutOfReach { .. } => "out_of_reach",
            Self::Reading => "reading",
            Self::Adopted { .. } => "adopted",
            Self::Kept { .. } => "kept",
        }
    }
}

/// Problems told in the chat: the first ones. `bellhop check` shows all of them.
const PROBLEMS_TOLD: usize = 3;
/// Rules told in the chat, the most severe ones: one answer shows no more. `bellhop sop` shows all of them.
const RULES_TOLD: usize = 12;

/// What is not off, the most severe first, then in the order of the config.
fn rules(procedure: &Procedure, reader: &Actor) -> Vec<ShownRule> {
    let shown = procedure.triggers.iter().filter(|it| it.mode != Mode::Off && may_be_known_by(it, reader));
    let rule = |trigger: &Trigger| ShownRule {
        name: Some(trigger.name.clone()),
        severity: trigger.severity,
        watched: trigger.mode == Mode::Watch,
        confidential: trigger.confidential,
        rungs: trigger.plan.rungs.iter().map(notice::rung).collect(),
        repeat: trigger.plan.repeat,
    };
    let plan = &procedure.default_plan;
    let by_hand = ShownRule {
        name: None,
        severity: BY_HAND.0,
        watched: false,
        confidential: false,
        rungs: plan.rungs.iter().map(notice::rung).collect(),
        repeat: plan.repeat,
    };
    let mut rules: Vec<ShownRule> = shown.map(rule).chain([by_hand]).collect();
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.severity));
    rules
}

impl Turn<'_> {
    /// The procedure of this turn is in use from now on. Said at each start, so it may well be known.
    pub(super) fn adopt(&mut self) {
        let version = self.procedure.version.clone();
        let before = self.desk.adopted.as_ref().map(|adopted| adopted.version.clone());
        if before.as_ref() == Some(&version) {
            return;
        }
        self.record(Fact::Adopted { version: version.clone() });
        if let Some(before) = before {
            let older = older(self.desk, self.procedure);
            self.announce(Sop::Adopted { version, before, older });
        }
    }

    /// The config was read again, and what runs goes on.
    pub(super) fn keep(&mut self, mut problems: Vec<String>) {
        let more = problems.len().saturating_sub(PROBLEMS_TOLD);
        problems.truncate(PROBLEMS_TOLD);
        self.announce(Sop::Kept { version: self.procedure.version.clone(), problems, more });
    }

    /// Reading the config is the shell's; whether it may be asked for is decided here.
    pub(super) fn reload(&mut self, actor: &Actor) -> Result<Answer, Refusal> {
        managers_only(actor)?;
        self.outcome.reload = true;
        Ok(Answer::Sop(Sop::Reading))
    }

    /// As this person may know it.
    pub(super) fn sop(&self, actor: &Actor) -> Sop {
        let mut rules = rules(self.procedure, actor);
        let more = rules.len().saturating_sub(RULES_TOLD);
        rules.truncate(RULES_TOLD);
        let since = self.desk.adopted.as_ref().map_or(self.now, |adopted| adopted.since);
        Sop::Shown {
            version: self.procedure.version.clone(),
            since: since.timestamp(),
            open: self.desk.open.len(),
            older: older(self.desk, self.procedure),
            silences: self.desk.hearing.shown(self.now),
            rules,
            more,
            last: Some(notice::rung(&self.procedure.default_plan.catch_all)),
        }
    }

    /// What the version in use would change about a case.
    pub(super) fn difference(&self, actor: &Actor, about: &About) -> Result<Answer, Refusal> {
        managers_only(actor)?;
        let case = self.find(actor, about)?;
        let mut moved = case.clone();
        for event in case.move_over(actor, self.terms(case)?, self.on_call(), self.now)? {
            moved.apply(event, self.now);
        }
        Ok(Answer::Difference(Box::new(notice::difference(case, &moved))))
    }

    pub(super) fn move_over(&mut self, actor: &Actor, id: EscalationId, shown: &str) -> Result<Answer, Refusal> {
        managers_only(actor)?;
        let case = self.find(actor, &About::Typed(id.to_string()))?;
        if shown != self.procedure.version {
            return Err(Refusal::OldDifference { id });
        }
        let events = case.move_over(actor, self.terms(case)?, self.on_call(), self.now)?;
        self.take_in(id, events);
        Ok(self.done("move_over", id))
    }

    /// What the version in use says of a case: its first trigger that there still is, else its plan.
    fn terms(&self, case: &Escalation) -> Result<Terms, Refusal> {
        let version = CompactString::from(&self.procedure.version);
        // Those of its parts are not its own.
        let mut triggers = [&case.opened.report].into_iter().chain(&case.added).flat_map(|report| &*report.triggers);
        if let Some(trigger) = triggers.find_map(|name| self.procedure.trigger(&name.id)) {
            let Trigger { plan, ownership, confidential, .. } = trigger;
            let (plan, ownership, confidential) = (plan.clone(), *ownership, *confidential);
            return Ok(Terms { procedure: version, plan, ownership, confidential });
        }
        let Opened { plan, ownership, confidential, .. } = &case.opened;
        let plan = self.procedure.plan(&plan.id).ok_or(Refusal::NoTerms { id: case.id })?.clone();
        Ok(Terms { procedure: version, plan, ownership: *ownership, confidential: *confidential })
    }

    pub(super) fn announce(&mut self, sop: Sop) {
        self.outcome.notices.push(Notice::Sop { team: managers(self.procedure), sop });
    }
}

/// Open cases that keep a version from before.
fn older(desk: &Desk, procedure: &Procedure) -> usize {
    desk.open.iter().filter(|id| desk.cases[**id].opened.procedure != procedure.version).count()
}

/// The first team that manages; where there is none, whoever is told of cases.
fn managers(procedure: &Procedure) -> TeamId {
    let managers = procedure.teams.iter().find(|team| team.manages);
    managers.map_or_else(|| procedure.front.clone(), |team| team.id.clone())
}
