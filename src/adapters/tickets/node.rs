//! Reads what ticket systems answer. A value that is not what it should be is told by its place, never by itself: it
//! may be what a customer wrote.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::error::{Result, TicketError};
use super::text;

/// A value somewhere in an answer.
#[derive(Clone, Debug)]
pub(super) struct Node<'v> {
    value: &'v Value,
    path: String,
}

impl<'v> Node<'v> {
    pub(super) fn root(value: &'v Value) -> Self {
        Self { value, path: String::new() }
    }

    /// The value of a key; null if there is none.
    pub(super) fn at(&self, key: &str) -> Self {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Self { value: self.value.get(key).unwrap_or(&Value::Null), path }
    }

    pub(super) fn is_null(&self) -> bool {
        self.value.is_null()
    }

    fn wrong<T>(&self, expected: &str) -> Result<T> {
        let found = match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        let place = if self.path.is_empty() { "the answer" } else { &self.path };
        Err(TicketError::not_understood(format!("{place} is {found} instead of {expected}")))
    }

    /// The items of a list; no list has none.
    pub(super) fn list(&self, key: &str) -> Result<Vec<Self>> {
        self.at(key).items()
    }

    pub(super) fn items(&self) -> Result<Vec<Self>> {
        match self.value {
            Value::Null => Ok(Vec::new()),
            Value::Array(items) => {
                let item = |(index, value)| Self { value, path: format!("{}[{index}]", self.path) };
                Ok(items.iter().enumerate().map(item).collect())
            }
            _ => self.wrong("a list"),
        }
    }

    /// The item of a list that has this id.
    pub(super) fn with_id(&self, key: &str, id: Option<&str>) -> Result<Option<Self>> {
        let items = self.list(key)?;
        Ok(items.into_iter().find(|item| id.is_some() && item.at("id").id_here().ok().flatten().as_deref() == id))
    }

    /// A text, where the value itself is one; otherwise nothing.
    pub(super) fn here(&self) -> &'v str {
        self.value.as_str().unwrap_or_default()
    }

    fn id_here(&self) -> Result<Option<String>> {
        match self.value {
            Value::Null => Ok(None),
            Value::Number(number) => Ok(Some(number.to_string())),
            Value::String(text) if text.is_empty() => Ok(None),
            Value::String(text) => Ok(Some(text::line(text))),
            _ => self.wrong("an id"),
        }
    }

    /// A number or a text, as a text.
    pub(super) fn maybe_id(&self, key: &str) -> Result<Option<String>> {
        self.at(key).id_here()
    }

    pub(super) fn id(&self, key: &str) -> Result<String> {
        match self.maybe_id(key)? {
            Some(id) => Ok(id),
            None => self.at(key).wrong("an id"),
        }
    }

    /// The texts of a list.
    pub(super) fn lines(&self, key: &str) -> Result<Vec<String>> {
        self.list(key)?.iter().map(|item| item.id_here().map(Option::unwrap_or_default)).collect()
    }

    /// A text as it was sent, for comparing; empty if there is none.
    pub(super) fn word(&self, key: &str) -> Result<&'v str> {
        let node = self.at(key);
        match node.value {
            Value::Null => Ok(""),
            Value::String(text) => Ok(text),
            _ => node.wrong("a text"),
        }
    }

    /// A text on one line, without what nobody may send; empty if there is none.
    pub(super) fn line(&self, key: &str) -> Result<String> {
        self.word(key).map(text::line)
    }

    /// The same, where nothing and an empty text mean that there is none.
    pub(super) fn maybe_line(&self, key: &str) -> Result<Option<String>> {
        Ok(Some(self.line(key)?).filter(|line| !line.is_empty()))
    }

    /// The parts of a name, with spaces between them.
    pub(super) fn joined(&self, keys: &[&str]) -> Result<String> {
        let parts: Vec<String> = keys.iter().map(|key| self.line(key)).collect::<Result<_>>()?;
        Ok(text::line(&parts.join(" ")))
    }

    /// A plain text of several lines.
    pub(super) fn plain(&self, key: &str) -> Result<String> {
        self.word(key).map(text::plain)
    }

    /// The text of what is sent as HTML.
    pub(super) fn html(&self, key: &str) -> Result<String> {
        self.word(key).map(text::from_html)
    }

    /// A value that people chose or typed, whatever its type: a text, a number, or an object with a name for it.
    pub(super) fn chosen(&self, key: &str) -> Option<String> {
        let node = self.at(key);
        let named = ["value", "name", "label"].into_iter().find_map(|name| node.value.get(name));
        let text = match named.unwrap_or(node.value) {
            Value::String(text) => text::line(text),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    }

    /// Who can read something hangs on this: it has to be there.
    pub(super) fn flag(&self, key: &str) -> Result<bool> {
        let node = self.at(key);
        node.value.as_bool().map_or_else(|| node.wrong("true or false"), Ok)
    }

    pub(super) fn maybe_flag(&self, key: &str) -> Result<bool> {
        if self.at(key).is_null() { Ok(false) } else { self.flag(key) }
    }

    pub(super) fn count(&self, key: &str) -> Result<u32> {
        let node = self.at(key);
        let count = match node.value {
            // Perl writes 0.0.
            Value::Number(number) => number.as_u64().or_else(|| (number.as_f64() == Some(0.0)).then_some(0)),
            // Some count in texts.
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        count.and_then(|count| u32::try_from(count).ok()).map_or_else(|| node.wrong("a whole number"), Ok)
    }

    /// "2026-11-23T09:00:00Z", also with "+0000" for the zone.
    pub(super) fn time(&self, key: &str) -> Result<DateTime<Utc>> {
        let node = self.at(key);
        let text = node.value.as_str().unwrap_or_default();
        let time =
            DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
        time.map_or_else(|_| node.wrong("a time"), |time| Ok(time.to_utc()))
    }

    /// Milliseconds since 1970.
    pub(super) fn millis(&self, key: &str) -> Result<DateTime<Utc>> {
        let node = self.at(key);
        let time = node.value.as_i64().and_then(DateTime::from_timestamp_millis);
        time.map_or_else(|| node.wrong("a time in milliseconds"), Ok)
    }

    /// Seconds since 1970, with or without a fraction.
    pub(super) fn seconds(&self, key: &str) -> Result<DateTime<Utc>> {
        let node = self.at(key);
        #[expect(clippy::cast_possible_truncation, reason = "years of milliseconds fit, all others saturate")]
        let millis = node.value.as_f64().map(|seconds| (seconds * 1000.0).round() as i64);
        millis.and_then(DateTime::from_timestamp_millis).map_or_else(|| node.wrong("a time in seconds"), Ok)
    }
}
