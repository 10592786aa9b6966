//! `[[messages]]`: what a rep tells the customer.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::playbooks::for_triggers;
use super::procedure::{Names, each_with_id_in};
use super::raw::{Item, Table, Wrong, wrong};
use super::values;
use crate::sop::guidance::message::Wording;
use crate::sop::message::{Person, Standing};

/// What a message of Discord can hold beside the words around it.
const TEXT_CHARS_MAX: usize = 1_500;

/// The texts in the order of the config.
pub(super) fn messages(document: &Table<'_>, names: &Names) -> Vec<Wording> {
    let Some(tables) = document.get("messages") else { return Vec::new() };
    each_with_id_in(&tables, "messages", |table, id| {
        let triggers = match table.get("triggers") {
            Some(item) => for_triggers(&item, names),
            None => Some(Vec::new()),
        };
        let zone = match table.get("zone") {
            Some(item) => item.read(values::zone),
            None => Some(Tz::UTC),
        };
        let text = table.need("text", "what to tell the customer: text = \"We answer by {{ due }}.\"");
        let text = text.and_then(|item| {
            let text = item.read(plain)?;
            tried_out(&item, text)
        });
        let apology = match table.get("apology") {
            Some(item) => item.read(plain).and_then(|text| tried_out(&item, text)).map(Some),
            None => Some(None),
        };
        table.close();
        Some(Wording { id: id?, triggers: triggers?, zone: zone?, text: text?, apology: apology? })
    })
}

/// It is shown in a block to copy, which nothing in it may end.
fn plain(text: &str) -> Result<String, Wrong> {
    let chars = text.trim().chars().count();
    if !(1..=TEXT_CHARS_MAX).contains(&chars) {
        return Err(wrong(format!("a text of {chars} characters"), format!("write 1 to {TEXT_CHARS_MAX} characters")));
    }
    if text.contains("```") || text.lines().any(|line| line.starts_with(['#', '-'])) {
        let what = "a text that cannot be shown as it is";
        return Err(wrong(what, "no line begins with \"#\" or \"-\", and nothing holds ```"));
    }
    Ok(text.trim().to_owned())
}

/// Written once with everything known and once with nothing, so that it cannot fail when it is needed.
fn tried_out(item: &Item<'_>, text: String) -> Option<String> {
    let wording = Wording { id: String::new(), triggers: Vec::new(), zone: Tz::UTC, text, apology: None };
    let ann = Person { id: "1".into(), name: "Ann".into(), standing: Standing::Customer };
    let known = wording.write(DateTime::<Utc>::UNIX_EPOCH, Some(&ann), Some("42"));
    let unknown = wording.write(DateTime::<Utc>::UNIX_EPOCH, None, None);
    match known.and(unknown) {
        Ok(_) => Some(wording.text),
        Err(error) => {
            let line = error.line().map(|line| format!("line {line} of the text: ")).unwrap_or_default();
            let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
            let what = format!("{line}{}{detail}", error.kind());
            item.refuse(wrong(what, "there are {{ due }}, {{ customer }} and {{ ticket }}; the last two may be empty"))
        }
    }
}
