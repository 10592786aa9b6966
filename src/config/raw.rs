//! TOML as it was written: each value still has its place in the text, and nothing has been decided about it.
//!
//! A reader takes what it needs with `Table::need` and `Table::get`, then calls `Table::close`: whatever was not
//! asked for is unknown, and what was asked for is what "did you mean" chooses from. A problem is noted on the `Page`
//! and answered with `None`, so that reading goes on and finds the next one.
//!
//! This walks the parsed document instead of deriving `Deserialize`, because serde stops at the first wrong value and
//! does not say where an unknown key stands.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::report::{Found, Severity};
use crate::sop::typo::closest;

/// The config being read, and what was found wrong so far.
#[derive(Debug, Default)]
pub(super) struct Page {
    found: RefCell<Vec<Found>>,
}

impl Page {
    pub(super) fn note(&self, span: Range<usize>, key: &str, wrong: Wrong) {
        let Wrong { what, hint } = wrong;
        let (key, severity, timeline) = (key.to_owned(), Severity::Error, Vec::new());
        self.found.borrow_mut().push(Found { span, key, severity, what, hint, timeline });
    }

    /// Notes a problem unless one is noted on the same line already.
    pub(super) fn note_once_a_line(&self, text: &str, span: Range<usize>, wrong: Wrong) {
        let line = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        let noted = self.found.borrow().iter().any(|found| line(found.span.start) == line(span.start));
        if !noted {
            self.note(span, "", wrong);
        }
    }

    pub(super) fn into_found(self) -> Vec<Found> {
        self.found.into_inner()
    }
}

/// What is wrong with a value, and what to do about it.
#[derive(Debug)]
pub(super) struct Wrong {
    what: String,
    hint: Option<String>,
}

impl Wrong {
    pub(super) fn sentence(&self) -> String {
        let hint = self.hint.iter().map(|hint| format!(": {hint}"));
        self.what.clone() + &hint.collect::<String>()
    }
}

/// A problem with advice.
pub(super) fn wrong(what: impl Into<String>, hint: impl Into<String>) -> Wrong {
    Wrong { what: what.into(), hint: Some(hint.into()) }
}

/// A table of the config.
#[derive(Debug)]
pub(super) struct Table<'t> {
    page: &'t Page,
    /// The path of the table, empty for the document.
    pub(super) key: String,
    span: Range<usize>,
    entries: &'t DeTable<'t>,
    asked: RefCell<BTreeSet<&'static str>>,
}

/// A value of the config, with its key.
#[derive(Clone, Debug)]
pub(super) struct Item<'t> {
    page: &'t Page,
    pub(super) key: String,
    value: &'t Spanned<DeValue<'t>>,
}

impl<'t> Table<'t> {
    pub(super) fn document(page: &'t Page, parsed: &'t Spanned<DeTable<'t>>) -> Self {
        // A missing table is reported at the first line.
        Self { page, key: String::new(), span: 0..0, entries: parsed.get_ref(), asked: RefCell::default() }
    }

    /// The value of a key that may be missing.
    pub(super) fn get(&self, name: &'static str) -> Option<Item<'t>> {
        self.asked.borrow_mut().insert(name);
        let value = self.entries.get(name)?;
        Some(Item { page: self.page, key: self.path(name), value })
    }

    /// The value of a key that must be there.
    pub(super) fn need(&self, name: &'static str, hint: &str) -> Option<Item<'t>> {
        let item = self.get(name);
        if item.is_none() {
            self.page.note(self.span.clone(), &self.path(name), wrong(format!("`{name}` is missing"), hint));
        }
        item
    }

    /// Every entry, for tables whose keys are the author's own names.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'t str, Item<'t>)> {
        self.entries.iter().map(|(name, value)| {
            let name = name.get_ref().as_ref();
            (name, Item { page: self.page, key: self.path(name), value })
        })
    }

    /// A switch, and what it is where the config does not say.
    pub(super) fn flag(&self, name: &'static str, default: bool) -> Option<bool> {
        self.get(name).map_or(Some(default), |item| item.flag())
    }

    /// One of a few words; without a default it must be there.
    pub(super) fn choice<T: Clone>(
        &self,
        name: &'static str,
        default: Option<T>,
        choices: &[(&'static str, T)],
    ) -> Option<T> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let item = match default {
            Some(_) => self.get(name),
            None => self.need(name, &format!("choose from {}", names.join(", "))),
        };
        let Some(item) = item else { return default };
        item.read(|text| {
            let chosen = choices.iter().find(|(name, _)| *name == text).map(|(_, choice)| choice.clone());
            chosen.ok_or_else(|| wrong(format!("`{name}` cannot be \"{text}\""), did_you_mean(text, names)))
        })
    }

    /// The texts at `key` in every table of `[[name]]`, without noting anything.
    pub(super) fn peek(&self, name: &str, key: &str) -> Vec<String> {
        let tables = self.entries.get(name).and_then(|value| value.get_ref().as_array());
        let texts = tables.into_iter().flat_map(|tables| tables.iter()).filter_map(|table| {
            let text = table.get_ref().as_table()?.get(key)?.get_ref().as_str()?;
            Some(text.to_owned())
        });
        texts.collect()
    }

    /// The keys of the table `name`, without noting anything.
    pub(super) fn peek_keys(&self, name: &str) -> Vec<String> {
        let table = self.entries.get(name).and_then(|value| value.get_ref().as_table());
        table.into_iter().flat_map(|table| table.keys()).map(|key| key.get_ref().to_string()).collect()
    }

    /// Notes every key that nobody asked for.
    pub(super) fn close(self) {
        let asked = self.asked.borrow();
        for (name, _) in self.entries.iter().filter(|(name, _)| !asked.contains(name.get_ref().as_ref())) {
            let path = self.path(name.get_ref());
            let is_secret = SECRETS.contains(&name.get_ref().as_ref());
            let wrong = if is_secret && self.key.starts_with("tickets") {
                wrong("a secret never goes into this file", TICKET_SECRET_HINT)
            } else if is_secret {
                wrong("a token never goes into this file", TOKEN_HINT)
            } else {
                let place = if self.key.is_empty() { "this file".to_owned() } else { format!("`{}`", self.key) };
                wrong(
                    format!("unknown key `{}` in {place}", name.get_ref()),
                    did_you_mean(name.get_ref(), asked.iter()),
                )
            };
            self.page.note(name.span(), &path, wrong);
        }
    }

    /// Notes a problem with the table as a whole.
    pub(super) fn note(&self, wrong: Wrong) {
        self.page.note(self.span.clone(), &self.key, wrong);
    }

    /// Notes a problem with the table as a whole, and answers that there is no value.
    pub(super) fn refuse<T>(&self, wrong: Wrong) -> Option<T> {
        self.note(wrong);
        None
    }

    fn path(&self, name: &str) -> String {
        if self.key.is_empty() { name.to_owned() } else { format!("{}.{name}", self.key) }
    }
}

/// Keys that people write when they have a secret at hand.
const SECRETS: [&str; 7] = ["token", "bot_token", "api_token", "api_key", "password", "secret", "webhook_secret"];

const TICKET_SECRET_HINT: &str = "delete it here, say where it is instead (token_env or token_file, webhook_secret_env \
    or webhook_secret_file), and make a new one if anyone has seen this file";

pub(super) const TOKEN_HINT: &str =
    "delete it here, set DISCORD_TOKEN or token_file instead, and reset the token if anyone has seen this file";

impl<'t> Item<'t> {
    pub(super) fn text(&self) -> Option<&'t str> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(text.as_ref()),
            _ => self.wrong_type("a text in quotes"),
        }
    }

    /// A text that `meaning` understands.
    pub(super) fn read<T>(&self, meaning: impl FnOnce(&str) -> Result<T, Wrong>) -> Option<T> {
        meaning(self.text()?).map_err(|wrong| self.note(wrong)).ok()
    }

    /// A whole number of at least 0.
    pub(super) fn count(&self) -> Option<u32> {
        match self.value.get_ref() {
            DeValue::Integer(number) => match u32::from_str_radix(number.as_str(), number.radix()) {
                Ok(count) => Some(count),
                Err(_) => self.refuse(wrong("not a number from 0 to 4294967295", "write a whole number, like 3")),
            },
            _ => self.wrong_type("a whole number without quotes"),
        }
    }

    /// A strength or threshold: 0 to 1.
    pub(super) fn share(&self) -> Option<f64> {
        match self.number()? {
            share if (0.0..=1.0).contains(&share) => Some(share),
            _ => {
                self.refuse(wrong("outside 0 to 1", "0 is nothing, 1 is as strong as can be; 0.5 is a usual threshold"))
            }
        }
    }

    /// A weight: -1 to 1.
    pub(super) fn signed_share(&self) -> Option<f64> {
        match self.number()? {
            share if (-1.0..=1.0).contains(&share) => Some(share),
            _ => self.refuse(wrong("outside -1 to 1", "1 is as strong as can be; below 0 speaks against the kind")),
        }
    }

    fn number(&self) -> Option<f64> {
        let number = match self.value.get_ref() {
            DeValue::Float(number) => number.as_str().parse::<f64>().ok(),
            DeValue::Integer(number) => number.as_str().parse::<f64>().ok(),
            _ => return self.wrong_type("a number without quotes"),
        };
        // TOML's "nan" is in no range.
        Some(number.unwrap_or(f64::NAN))
    }

    pub(super) fn flag(&self) -> Option<bool> {
        match self.value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.wrong_type("true or false without quotes"),
        }
    }

    pub(super) fn table(&self) -> Option<Table<'t>> {
        let DeValue::Table(entries) = self.value.get_ref() else { return self.wrong_type("a table") };
        let Self { page, key, value } = self;
        Some(Table { page, key: key.clone(), span: value.span(), entries, asked: RefCell::default() })
    }

    fn list(&self) -> Option<Vec<Self>> {
        let DeValue::Array(items) = self.value.get_ref() else { return self.wrong_type("a list in square brackets") };
        let item = |(index, value)| Self { page: self.page, key: format!("{}[{index}]", self.key), value };
        Some(items.iter().enumerate().map(item).collect())
    }

    /// Reads every item of a list, also after a wrong one.
    pub(super) fn each<T>(&self, read: impl Fn(&Self) -> Option<T>) -> Option<Vec<T>> {
        let read: Vec<Option<T>> = self.list()?.iter().map(read).collect();
        read.into_iter().collect()
    }

    /// The tables of `[[name]]`.
    pub(super) fn tables(&self) -> Vec<Table<'t>> {
        self.list().unwrap_or_default().iter().filter_map(Self::table).collect()
    }

    pub(super) fn note(&self, wrong: Wrong) {
        self.page.note(self.value.span(), &self.key, wrong);
    }

    /// Notes a problem and answers that there is no value.
    pub(super) fn refuse<T>(&self, wrong: Wrong) -> Option<T> {
        self.note(wrong);
        None
    }

    fn wrong_type<T>(&self, expected: &str) -> Option<T> {
        let found = match self.value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let name = self.key.rsplit('.').next().unwrap_or_default();
        self.refuse(wrong(format!("`{name}` is {found}"), format!("expected {expected}")))
    }
}

/// "did you mean `plan`?", or else what there is.
pub(super) fn did_you_mean<S: AsRef<str>>(typed: &str, known: impl IntoIterator<Item = S>) -> String {
    let mut names: Vec<String> = Vec::new();
    for name in known {
        if !names.iter().any(|listed| listed == name.as_ref()) {
            names.push(name.as_ref().to_owned());
        }
    }
    match closest(typed, names.iter().map(String::as_str)) {
        Some(name) => format!("did you mean `{name}`?"),
        None if names.is_empty() => "there is none yet".to_owned(),
        None => format!("choose from `{}`", names.join("`, `")),
    }
}
