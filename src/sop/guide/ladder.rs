//! The ladders as lanes of a picture: which rules lead to which teams, in which order; and those of two versions of a
//! procedure laid upon each other, each part with what became of it.

use chrono::TimeDelta;

use crate::sop::guide::{Guide, Rule, climb};
use crate::sop::team::{Rung, Severity};
use crate::sop::trigger::Mode;

/// What became of a part from one version to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    #[default]
    Same,
    Added,
    Removed,
    Changed,
}

/// One plan: what leads to it, and whom it pages.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// The plan's id in the config.
    pub plan: String,
    pub rails: Vec<Rail>,
    /// In their order; the last resort is the last one.
    pub steps: Vec<Step>,
    /// How often the ladder is climbed again, and how often it was where that has changed.
    pub repeat: u32,
    pub repeat_before: Option<u32>,
}

/// A rule that leads to a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Rail {
    /// `None`: by hand, without a trigger.
    pub name: Option<String>,
    pub severity: Severity,
    pub mode: Mode,
    pub confidential: bool,
    pub mark: Mark,
}

/// A rung, with what is shown of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub team: String,
    pub within: TimeDelta,
    /// What it was before.
    pub within_before: Option<TimeDelta>,
    /// In whose hours.
    pub calendar: Option<String>,
    pub required_acks: u32,
    /// Only whoever is on call is rung.
    pub on_call: bool,
    /// The end of the ladder.
    pub is_last: bool,
    /// How much silence comes before its page; `None` where that depends on the day.
    pub after: Option<TimeDelta>,
    pub mark: Mark,
}

/// A lane for each plan, in the order in which rules name them.
pub fn lanes(guide: &Guide<'_>) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for rule in &guide.rules {
        match lanes.iter_mut().find(|lane| lane.plan == rule.plan.id) {
            Some(lane) => lane.rails.push(rail(rule)),
            None => lanes.push(lane(rule, guide)),
        }
    }
    lanes
}

fn rail(rule: &Rule<'_>) -> Rail {
    Rail {
        name: rule.trigger.map(|trigger| trigger.name.clone()),
        severity: rule.severity,
        mode: rule.mode(),
        confidential: rule.is_confidential(),
        mark: Mark::Same,
    }
}

fn lane(rule: &Rule<'_>, guide: &Guide<'_>) -> Lane {
    let plan = rule.plan;
    let times = climb(plan);
    let rungs = plan.rungs.iter().chain([&plan.catch_all]);
    let steps =
        rungs.zip(&times).enumerate().map(|(at, (rung, after))| step(rung, *after, at == plan.rungs.len(), guide));
    let (plan, rails) = (plan.id.clone(), vec![rail(rule)]);
    Lane { plan, rails, steps: steps.collect(), repeat: rule.plan.repeat, repeat_before: None }
}

fn step(rung: &Rung, after: Option<TimeDelta>, is_last: bool, guide: &Guide<'_>) -> Step {
    let procedure = guide.procedure;
    let team = procedure.team_name(&rung.team).to_owned();
    Step {
        team,
        within: rung.respond_within,
        within_before: None,
        calendar: rung.calendar.as_ref().map(|calendar| calendar.id.clone()),
        required_acks: rung.required_acks,
        // The last resort is always rung as a whole.
        on_call: !is_last && procedure.rotas_of(&rung.team).next().is_some(),
        is_last,
        after,
        mark: Mark::Same,
    }
}

/// The lanes of a new version, with what was otherwise in the old one.
pub fn merged(old: &Guide<'_>, new: &Guide<'_>) -> Vec<Lane> {
    let (before, mut after) = (lanes(old), lanes(new));
    for lane in &mut after {
        let was = before.iter().find(|was| was.plan == lane.plan);
        lane.steps = match was {
            Some(was) => aligned(&was.steps, &lane.steps),
            None => marked(&lane.steps, Mark::Added),
        };
        lane.repeat_before = was.map(|was| was.repeat).filter(|repeat| *repeat != lane.repeat);
        // What was in no lane before is new; what was in another, or had another name, severity or mode, has changed.
        for (rail, rule) in lane.rails.iter_mut().zip(rules_of(new, &lane.plan)) {
            let known = old.rules.iter().find(|was| was.id() == rule.id());
            rail.mark = match known {
                None => Mark::Added,
                Some(was) if is_alike(was, rule) => Mark::Same,
                Some(_) => Mark::Changed,
            };
        }
        let gone = |rule: &&Rule<'_>| !new.rules.iter().any(|now| now.id() == rule.id());
        let gone = rules_of(old, &lane.plan).filter(gone).map(|rule| Rail { mark: Mark::Removed, ..rail(rule) });
        lane.rails.extend(gone);
    }
    let gone = before.into_iter().filter(|was| !after.iter().any(|lane| lane.plan == was.plan));
    let gone: Vec<Lane> = gone
        .map(|was| {
            let left = rules_of(old, &was.plan).filter(|rule| !new.rules.iter().any(|now| now.id() == rule.id()));
            let rails = left.map(|rule| Rail { mark: Mark::Removed, ..rail(rule) }).collect();
            Lane { steps: marked(&was.steps, Mark::Removed), rails, ..was }
        })
        .collect();
    after.into_iter().chain(gone).collect()
}

fn rules_of<'g, 'p>(guide: &'g Guide<'p>, plan: &str) -> impl Iterator<Item = &'g Rule<'p>> {
    guide.rules.iter().filter(move |rule| rule.plan.id == plan)
}

/// The same as far as the rule itself goes; its ladder is looked at by itself.
fn is_alike(was: &Rule<'_>, now: &Rule<'_>) -> bool {
    let own = |rule: &Rule<'_>| {
        let trigger = rule.trigger.map(|trigger| (trigger.name.clone(), trigger.mode, trigger.confidential));
        (trigger, rule.severity, rule.plan.id.clone())
    };
    let condition = |rule: &Rule<'_>| rule.trigger.map(|trigger| trigger.condition.clone());
    own(was) == own(now) && condition(was) == condition(now)
}

fn marked(steps: &[Step], mark: Mark) -> Vec<Step> {
    steps.iter().map(|step| Step { mark, ..step.clone() }).collect()
}

/// The steps of both, in an order that keeps that of each: the longest common row of teams is what stayed.
fn aligned(old: &[Step], new: &[Step]) -> Vec<Step> {
    let is_same = |one: &Step, other: &Step| one.team == other.team && one.is_last == other.is_last;
    // How many stay of what is left of both from a place on.
    let mut stay = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for (i, was) in old.iter().enumerate().rev() {
        for (j, now) in new.iter().enumerate().rev() {
            stay[i][j] = if is_same(was, now) { stay[i + 1][j + 1] + 1 } else { stay[i + 1][j].max(stay[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut steps) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        match (old.get(i), new.get(j)) {
            (Some(was), Some(now)) if is_same(was, now) => {
                steps.push(changed(was, now));
                (i, j) = (i + 1, j + 1);
            }
            (Some(was), now) if now.is_none() || stay[i + 1][j] >= stay[i][j + 1] => {
                steps.push(Step { mark: Mark::Removed, ..was.clone() });
                i += 1;
            }
            (_, Some(now)) => {
                steps.push(Step { mark: Mark::Added, ..now.clone() });
                j += 1;
            }
            (_, None) => break,
        }
    }
    steps
}

/// The same team, as it is now.
fn changed(was: &Step, now: &Step) -> Step {
    let own = |step: &Step| (step.within, step.calendar.clone(), step.required_acks, step.on_call);
    let mark = if own(was) == own(now) { Mark::Same } else { Mark::Changed };
    Step { mark, within_before: Some(was.within).filter(|within| *within != now.within), ..now.clone() }
}
