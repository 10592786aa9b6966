//! What is shown of a playbook.

use serde::Serialize;

use crate::sop::escalation::Escalation;
use crate::sop::guidance::playbook::PlayStep;
use crate::sop::message::Person;
use crate::sop::procedure::Procedure;

/// How far the playbooks of a case are, as its card says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BookLine {
    pub name: String,
    pub done: usize,
    pub steps: usize,
}

/// A playbook with what was done of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BookPage {
    pub case: String,
    /// Its id in the config.
    pub id: String,
    pub name: String,
    pub steps: Vec<BookStep>,
    /// The first step that nobody has done, from 0.
    pub next: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BookStep {
    #[serde(flatten)]
    pub step: PlayStep,
    pub done_by: Option<Person>,
    pub done_at: Option<i64>,
}

/// How far each playbook of a case is.
pub fn books(case: &Escalation, procedure: &Procedure) -> Vec<BookLine> {
    let is_done = |page: &BookPage| page.steps.iter().filter(|step| step.done_by.is_some()).count();
    let line = |page: BookPage| BookLine { done: is_done(&page), steps: page.steps.len(), name: page.name };
    pages(case, procedure).into_iter().map(line).collect()
}

/// The first playbook of a case that is not done, else the last; `None` where the procedure has none for it.
pub fn book(case: &Escalation, procedure: &Procedure) -> Option<BookPage> {
    let mut pages = pages(case, procedure);
    let open = pages.iter().position(|page| page.next.is_some());
    let shown = open.or_else(|| pages.len().checked_sub(1))?;
    Some(pages.swap_remove(shown))
}

fn pages(case: &Escalation, procedure: &Procedure) -> Vec<BookPage> {
    let triggers = case.trigger_ids();
    let books = procedure.guidance.playbooks_for(&triggers);
    let page = |book: &crate::sop::guidance::playbook::Playbook| {
        let steps: Vec<BookStep> = book
            .steps
            .iter()
            .map(|step| {
                let done = case.step_done(&book.id, &step.title);
                BookStep {
                    step: step.clone(),
                    done_by: done.map(|done| done.by.clone()),
                    done_at: done.map(|done| done.at.timestamp()),
                }
            })
            .collect();
        let next = steps.iter().position(|step| step.done_by.is_none());
        BookPage { case: case.id.to_string(), id: book.id.clone(), name: book.name.clone(), steps, next }
    };
    books.map(page).collect()
}
