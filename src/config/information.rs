//! `[[information]]`: what can be asked for, and which of it a case needs.

use chrono::TimeDelta;

use super::procedure::{Names, each_with_id_in, known};
use super::raw::{Item, Table, Wrong, wrong};
use super::values;
use crate::sop::guidance::information::{AnswerKind, Field, Need, TICKET};
use crate::sop::ticket::TicketPart;

pub(super) const KINDS: [(&str, AnswerKind); 7] = [
    ("short", AnswerKind::Short),
    ("long", AnswerKind::Long),
    ("number", AnswerKind::Number),
    ("money", AnswerKind::Money),
    ("date", AnswerKind::Date),
    ("link", AnswerKind::Link),
    ("choice", AnswerKind::Choice { choices: Vec::new() }),
];
pub(super) const NEEDS: [(&str, Need); 3] = [("now", Need::Now), ("owed", Need::Owed), ("optional", Need::Optional)];

pub(super) const PREFILLS: [(&str, Option<TicketPart>); 4] = [
    ("subject", Some(TicketPart::Subject)),
    ("customer", Some(TicketPart::Customer)),
    ("priority", Some(TicketPart::Priority)),
    ("tags", Some(TicketPart::Tags)),
];

/// How long an answer may be owed where the config does not say.
const OWED_WITHIN: TimeDelta = TimeDelta::minutes(30);
/// Longest answer: what a card shows of one (Discord's embed fields).
pub(super) const LENGTH_MAX: u16 = 1_000;
/// Longest label (Discord's text inputs).
const LABEL_CHARS_MAX: usize = 45;
/// Three pages of a form: more than that nobody fills in while a customer waits.
pub(super) const REQUIRED_MAX: usize = 14;
/// Choices of one field, and what they take together, so that all of them can be shown in its input.
const CHOICES_MAX: usize = 25;
const CHOICES_CHARS_MAX: usize = 100;

/// Everything that can be asked for.
pub(super) fn information(document: &Table<'_>) -> Vec<Field> {
    let Some(tables) = document.get("information") else { return Vec::new() };
    each_with_id_in(&tables, "information", |table, id| {
        let id = id.and_then(|id| table.get("id")?.read(|_| field_id(&id)));
        let label = table.need("label", "what the form asks: label = \"Steps already tried\"");
        let label = label.and_then(|item| item.read(label_text));
        let kind = table.choice("kind", Some(AnswerKind::Short), &KINDS).and_then(|kind| with_choices(&table, kind));
        let chars_max = match table.get("length") {
            Some(item) => length(&item),
            None => Some(LENGTH_MAX),
        };
        let need = table.choice("when", Some(Need::Owed), &NEEDS);
        let owed_within = match table.get("owed_within") {
            Some(item) => item.read(values::duration),
            None => Some(OWED_WITHIN),
        };
        let prefill = table.choice("prefill", Some(None), &PREFILLS);
        table.close();
        let (kind, chars_max, need) = (kind?, chars_max?, need?);
        Some(Field { id: id?, label: label?, kind, chars_max, need, owed_within: owed_within?, prefill: prefill? })
    })
}

/// The fields that a list of ids names, in its order.
pub(super) fn required(item: &Item<'_>, names: &Names, fields: &[Field]) -> Option<Vec<Field>> {
    let ids = item.each(|item| item.read(|id| known("information", id, &names.information)))?;
    if ids.len() > REQUIRED_MAX {
        let what = format!("{} fields are more than anybody fills in", ids.len());
        return item.refuse(wrong(what, format!("ask for at most {REQUIRED_MAX}, on three pages")));
    }
    if let Some(twice) = ids.iter().enumerate().find(|(at, id)| ids[..*at].contains(id)) {
        return item.refuse(wrong(format!("\"{}\" is listed twice", twice.1), "delete one of them"));
    }
    // One that has problems of its own is not here; those were noted.
    ids.iter().map(|id| fields.iter().find(|field| field.id == *id).cloned()).collect()
}

fn field_id(id: &str) -> Result<String, Wrong> {
    if id == TICKET {
        return Err(wrong("the ticket is asked for on every form", "delete this table, or give it another id"));
    }
    Ok(id.to_owned())
}

fn label_text(text: &str) -> Result<String, Wrong> {
    let label = values::name(text)?;
    if label.chars().count() > LABEL_CHARS_MAX {
        let what = format!("a label of {} characters", label.chars().count());
        return Err(wrong(what, format!("forms show at most {LABEL_CHARS_MAX}")));
    }
    Ok(label)
}

fn length(item: &Item<'_>) -> Option<u16> {
    match item.count().map(u16::try_from)? {
        Ok(length @ 1..=LENGTH_MAX) => Some(length),
        _ => item.refuse(wrong("a length that no answer has", format!("write a number from 1 to {LENGTH_MAX}"))),
    }
}

/// A choice needs something to choose from, anything else has nothing.
fn with_choices(table: &Table<'_>, kind: AnswerKind) -> Option<AnswerKind> {
    let AnswerKind::Choice { .. } = kind else {
        return match table.get("choices") {
            None => Some(kind),
            Some(item) => item.refuse(wrong("choices, but the kind is another", "write kind = \"choice\"")),
        };
    };
    let item = table.need("choices", "list what there is to choose from: choices = [\"yes\", \"no\"]")?;
    let choices = item.each(|item| item.read(values::name))?;
    let shown = choices.join(", ").chars().count();
    match choices.len() {
        0 | 1 => item.refuse(wrong("nothing to choose", "list at least two choices")),
        2..=CHOICES_MAX if shown <= CHOICES_CHARS_MAX => Some(AnswerKind::Choice { choices }),
        _ => item.refuse(wrong(
            "more choices than a form can show",
            format!("at most {CHOICES_MAX}, and {CHOICES_CHARS_MAX} characters together"),
        )),
    }
}
