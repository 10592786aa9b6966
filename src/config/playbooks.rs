//! `[[playbooks]]`: what to do about a kind of case, step by step.

use super::procedure::{Names, each_with_id_in, known};
use super::raw::{Item, Table, Wrong, wrong};
use super::values;
use crate::sop::guidance::playbook::{PlayStep, Playbook};

/// Steps of one playbook: what fits an answer that shows all of them.
const STEPS_MAX: usize = 12;
/// What to do, or to say, in characters.
const TEXT_CHARS_MAX: usize = 600;

/// The playbooks in the order of the config.
pub(super) fn playbooks(document: &Table<'_>, names: &Names) -> Vec<Playbook> {
    let Some(tables) = document.get("playbooks") else { return Vec::new() };
    each_with_id_in(&tables, "playbooks", |table, id| {
        let name = table.need("name", "what people call it: name = \"De-escalation\"");
        let name = name.and_then(|item| item.read(values::name));
        let triggers = table.need("triggers", "list the triggers whose cases it is for: triggers = [\"angry\"]");
        let triggers = triggers.and_then(|item| for_triggers(&item, names));
        let steps = table.need("steps", "list the steps in order: steps = [{ title = \"…\", do = \"…\" }]");
        let steps = steps.and_then(|item| steps_of(&item));
        table.close();
        Some(Playbook { id: id?, name: name?, triggers: triggers?, steps: steps? })
    })
}

/// Ids of triggers, at least one.
pub(super) fn for_triggers(item: &Item<'_>, names: &Names) -> Option<Vec<String>> {
    let ids = item.each(|item| item.read(|id| known("trigger", id, &names.triggers)))?;
    if ids.is_empty() {
        return item.refuse(wrong("for no trigger", "list at least one of [[triggers]]"));
    }
    Some(ids)
}

fn steps_of(item: &Item<'_>) -> Option<Vec<PlayStep>> {
    let steps = item.each(step)?;
    if steps.is_empty() || steps.len() > STEPS_MAX {
        let what = format!("a playbook of {} steps", steps.len());
        return item.refuse(wrong(what, format!("list 1 to {STEPS_MAX} steps")));
    }
    let titles: Vec<&str> = steps.iter().map(|step| step.title.as_str()).collect();
    if let Some((_, twice)) = titles.iter().enumerate().find(|(at, title)| titles[..*at].contains(title)) {
        let hint = "steps are told apart by their titles: give each its own";
        return item.refuse(wrong(format!("two steps are called \"{twice}\""), hint));
    }
    Some(steps)
}

fn step(item: &Item<'_>) -> Option<PlayStep> {
    let table = item.table()?;
    let title = table.need("title", "the step in a few words: title = \"Acknowledge\"");
    let title = title.and_then(|item| item.read(values::name));
    let how = table.need("do", "what to do, in a sentence or two").and_then(|item| item.read(text));
    let say = match table.get("say") {
        Some(item) => item.read(text).map(Some),
        None => Some(None),
    };
    table.close();
    Some(PlayStep { title: title?, how: how?, say: say? })
}

/// A text of some sentences.
fn text(text: &str) -> Result<String, Wrong> {
    let chars = text.trim().chars().count();
    if (1..=TEXT_CHARS_MAX).contains(&chars) {
        Ok(text.trim().to_owned())
    } else {
        Err(wrong(format!("a text of {chars} characters"), format!("write 1 to {TEXT_CHARS_MAX} characters")))
    }
}
