//! How right the triggers are: what those who dealt with their cases said of them.
//!
//! A trigger is right where its cases were graded a right call. A case counts for every trigger that opened it; one
//! that a person opened counts for no trigger. Drills do not count, nor do cases that go on as part of another. What a
//! reader may not read is not counted for them, so the figures of two readers may differ.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::sop::desk::Desk;
use crate::sop::escalation::{Actor, Escalation, Grade, Quote};
use crate::sop::guide::may_be_known_by;
use crate::sop::procedure::Procedure;
use crate::sop::share::Share;
use crate::sop::trigger::{Mode, Trigger};

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Health {
    /// In the order of the config; those that are not in it any more come last.
    pub triggers: Vec<TriggerHealth>,
    /// Triggers that did not fit.
    pub more: usize,
    pub by_hand: Grades,
    /// Who was rung how often, the most often first.
    pub pages: Vec<Pages>,
    /// How many cases were looked at, the latest ones.
    pub cases: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TriggerHealth {
    pub name: String,
    /// It only watches: no case of its own can be graded.
    pub watched: bool,
    pub grades: Grades,
    /// Words of customers that most often stand in cases that were not needed, the worst first.
    pub terms: Vec<TermHealth>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TermHealth {
    pub words: String,
    pub grades: Grades,
}

/// How often somebody was rung: a person by name, or a team as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pages {
    pub name: String,
    pub last_day: u32,
    pub last_week: u32,
}

/// Cases, and what was said of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Grades {
    pub cases: u32,
    pub graded: u32,
    pub right: u32,
    pub not_needed: u32,
    pub wrong_team: u32,
    pub missing_information: u32,
    /// The share of the right ones among those graded; `None` where there are none.
    pub precision: Option<Share>,
}

/// Cases looked at: more than a busy desk has in a year, and few enough not to keep anybody waiting.
const CASES_MAX: usize = 10_000;
/// Triggers in one answer.
const TRIGGERS_SHOWN: usize = 15;
/// People and teams that were rung.
const RUNG_SHOWN: usize = 15;
/// Terms of one trigger.
const TERMS_SHOWN: usize = 3;

/// What one trigger's cases come to.
#[derive(Default)]
struct Record<'c> {
    /// As its cases call it.
    name: &'c str,
    grades: Grades,
    /// By their kind and their words in small letters.
    terms: BTreeMap<(&'c str, String), Grades>,
}

/// As this person may know it.
pub fn health(desk: &Desk, procedure: &Procedure, reader: &Actor, now: DateTime<Utc>) -> Health {
    let is_its_own = |case: &&Escalation| !case.opened.drill && case.merged_into().is_none();
    let known = desk.cases().rev().filter(is_its_own).filter(|case| case.may_be_read_by(reader));
    let cases: Vec<&Escalation> = known.take(CASES_MAX).collect();
    let mut records: BTreeMap<&str, Record<'_>> = BTreeMap::new();
    for case in cases.iter().filter(|case| case.opened.by.is_none()) {
        for trigger in case.opened.report.triggers.iter() {
            let record = records.entry(&trigger.id).or_default();
            record.name = &trigger.name;
            record.count(case, procedure.trigger(&trigger.id));
        }
    }
    let configured = procedure.triggers.iter().filter(|trigger| is_known_to(trigger, reader));
    let mut told = |trigger: &Trigger| {
        let record = records.remove(trigger.id.as_str()).unwrap_or_default();
        TriggerHealth { watched: trigger.mode == Mode::Watch, ..record.told(&trigger.name) }
    };
    let mut triggers: Vec<TriggerHealth> = configured.map(&mut told).collect();
    triggers.extend(records.into_values().map(|record| record.told(record.name)));
    let more = triggers.len().saturating_sub(TRIGGERS_SHOWN);
    triggers.truncate(TRIGGERS_SHOWN);
    let by_hand = cases.iter().filter(|case| case.opened.by.is_some());
    let by_hand = by_hand.fold(Grades::default(), |grades, case| grades.with(grade(case)));
    let pages = pages(&cases, procedure, now);
    Health { triggers, more, by_hand, pages, cases: cases.len() }
}

/// Who was rung in the last week.
fn pages(cases: &[&Escalation], procedure: &Procedure, now: DateTime<Utc>) -> Vec<Pages> {
    let mut rung: BTreeMap<String, Pages> = BTreeMap::new();
    for page in cases.iter().flat_map(|case| &case.pages).filter(|page| now - page.asked_at < TimeDelta::days(7)) {
        let people = page.on_call.iter().map(|person| (person.id.to_string(), person.name.to_string()));
        let whole = || (page.team.to_string(), procedure.team_name(&page.team).to_owned());
        let whole = page.on_call.is_empty().then(whole);
        for (id, name) in people.chain(whole) {
            let pages = rung.entry(id).or_insert(Pages { name, last_day: 0, last_week: 0 });
            pages.last_week += 1;
            pages.last_day += u32::from(now - page.asked_at < TimeDelta::days(1));
        }
    }
    let mut rung: Vec<Pages> = rung.into_values().collect();
    rung.sort_by_key(|pages| (Reverse(pages.last_day), Reverse(pages.last_week)));
    rung.truncate(RUNG_SHOWN);
    rung
}

/// The figures of a confidential trigger are for those who may read its cases; one that is off has none.
pub(super) fn is_known_to(trigger: &Trigger, reader: &Actor) -> bool {
    trigger.mode != Mode::Off && may_be_known_by(trigger, reader)
}

fn grade(case: &Escalation) -> Option<Grade> {
    case.grade.as_deref().map(|(_, grade)| *grade)
}

impl<'c> Record<'c> {
    fn count(&mut self, case: &'c Escalation, trigger: Option<&Trigger>) {
        self.grades = self.grades.with(grade(case));
        let is_its = |quote: &&Quote| trigger.is_none_or(|trigger| trigger.condition.names(quote.kind.name()));
        let mut terms: Vec<_> = case.opened.report.quotes.iter().filter(is_its).map(term).collect();
        terms.sort_unstable();
        terms.dedup();
        for term in terms {
            let grades = self.terms.entry(term).or_default();
            *grades = grades.with(grade(case));
        }
    }

    fn told(&self, name: &str) -> TriggerHealth {
        let mut wrong: Vec<_> = self.terms.iter().filter(|(_, grades)| grades.not_needed > 0).collect();
        wrong.sort_by_key(|(_, grades)| (Reverse(grades.not_needed), grades.right));
        let term =
            |((_, words), grades): (&(&str, String), &Grades)| TermHealth { words: words.clone(), grades: *grades };
        let terms = wrong.into_iter().take(TERMS_SHOWN).map(term).collect();
        TriggerHealth { name: name.to_owned(), watched: false, grades: self.grades, terms }
    }
}

fn term(quote: &Quote) -> (&str, String) {
    (quote.kind.name(), quote.words.as_str().to_lowercase())
}

impl Grades {
    pub(super) fn with(mut self, grade: Option<Grade>) -> Self {
        self.cases += 1;
        let Some(grade) = grade else { return self };
        self.graded += 1;
        match grade {
            Grade::RightCall => self.right += 1,
            Grade::NotNeeded => self.not_needed += 1,
            Grade::WrongTeam => self.wrong_team += 1,
            Grade::MissingInformation => self.missing_information += 1,
        }
        self.precision = Some(Share::of(self.right, self.graded));
        self
    }
}

#[cfg(test)]
mod tests;
