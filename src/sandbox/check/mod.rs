//! What a request body may hold. Discord's limits, and stricter: an unknown field is an error too.
//! <https://github.com/discord/discord-api-docs> resources/message, components/reference,
//! interactions/application-commands

mod command;
mod component;
mod message;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

pub(crate) use command::{choices, commands};
pub(crate) use component::form;
pub(crate) use message::{Purpose, message};

use super::mentions::id;

/// Ids in a list of mentions.
const MENTION_IDS: usize = 100;

/// Everything that is wrong with a body, each with its path ("embeds.0.title").
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

#[derive(Debug)]
struct Problem {
    path: String,
    code: &'static str,
    message: String,
}

impl Problems {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The `errors` tree of a 50035 answer.
    pub fn tree(&self) -> Value {
        let mut tree = json!({});
        for problem in &self.0 {
            let mut node = &mut tree;
            for step in problem.path.split('.').filter(|step| !step.is_empty()) {
                node = &mut node[step];
            }
            let entry = json!({"code": problem.code, "message": problem.message});
            match &mut node["_errors"] {
                Value::Array(errors) => errors.push(entry),
                empty => *empty = json!([entry]),
            }
        }
        tree
    }

    /// One line for people.
    pub fn summary(&self) -> String {
        let lines: Vec<_> = self.0.iter().map(|one| format!("{}: {}", one.path, one.message)).collect();
        lines.join("; ")
    }

    fn add(&mut self, path: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push(Problem { path: path.into(), code, message: message.into() });
    }

    /// Only `known` keys may occur.
    fn keys(&mut self, path: &str, object: &Value, known: &[&str]) {
        let Some(object) = object.as_object() else {
            self.add(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType");
            return;
        };
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            self.add(join(path, key), "UNKNOWN_FIELD", "This field is unknown here.");
        }
    }

    /// The text at `key`, if present and not null, has so many characters.
    fn text(&mut self, path: &str, object: &Value, key: &str, length: RangeInclusive<usize>) -> usize {
        let Some(value) = object.get(key).filter(|value| !value.is_null()) else { return 0 };
        let Some(text) = value.as_str() else {
            self.add(join(path, key), "STRING_TYPE_CONVERT", "Could not interpret this value as string.");
            return 0;
        };
        // Discord trims before it counts: a text of spaces is an empty one.
        let count = text.trim().chars().count();
        if count > *length.end() {
            let message = format!("Must be {} or fewer in length.", length.end());
            self.add(join(path, key), "BASE_TYPE_MAX_LENGTH", message);
        } else if count < *length.start() {
            let message = format!("Must be between {} and {} in length.", length.start(), length.end());
            self.add(join(path, key), "BASE_TYPE_BAD_LENGTH", message);
        }
        count
    }

    /// Like [`text`](Self::text), and it has to be there.
    fn required_text(&mut self, path: &str, object: &Value, key: &str, length: RangeInclusive<usize>) -> usize {
        if object.get(key).is_none_or(Value::is_null) {
            self.add(join(path, key), "BASE_TYPE_REQUIRED", "This field is required");
        }
        self.text(path, object, key, length)
    }

    /// The list at `key`, empty if absent, with at most `max` entries.
    fn list<'v>(&mut self, path: &str, object: &'v Value, key: &str, max: usize) -> &'v [Value] {
        let list = match object.get(key) {
            None | Some(Value::Null) => return &[],
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.add(join(path, key), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
                return &[];
            }
        };
        if list.len() > max {
            let message = format!("Must be {max} or fewer in length.");
            self.add(join(path, key), "BASE_TYPE_MAX_LENGTH", message);
        }
        list
    }

    fn snowflakes(&mut self, path: &str, object: &Value, key: &str) -> usize {
        let list = self.list(path, object, key, MENTION_IDS);
        let mut seen = BTreeSet::new();
        for (at, value) in list.iter().enumerate() {
            match id(value) {
                None => self.add(format!("{path}.{key}.{at}"), "NUMBER_TYPE_COERCE", "Value is not snowflake."),
                Some(id) if !seen.insert(id) => {
                    self.add(join(path, key), "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value");
                }
                Some(_) => {}
            }
        }
        list.len()
    }
}

/// A body of a few fields that needs no more than to know them.
pub(super) fn fields(body: &Value, known: &[&str]) -> Problems {
    let mut problems = Problems::default();
    problems.keys("", body, known);
    problems
}

/// A thread: its name and when it goes quiet.
pub(crate) fn thread(body: &Value, known: &[&str], name_needed: bool) -> Problems {
    let mut problems = fields(body, known);
    if name_needed {
        problems.required_text("", body, "name", 1..=100);
    } else {
        problems.text("", body, "name", 1..=100);
    }
    if let Some(minutes) = body.get("auto_archive_duration").filter(|minutes| !minutes.is_null())
        && !matches!(minutes.as_u64(), Some(60 | 1440 | 4320 | 10080))
    {
        let message = "Value must be one of {60, 1440, 4320, 10080}.";
        problems.add("auto_archive_duration", "BASE_TYPE_CHOICES", message);
    }
    problems
}

/// A body, or a part of one, that is absent is an empty one.
pub(super) fn object_or_empty(value: Option<&Value>) -> Value {
    value.filter(|value| !value.is_null()).cloned().unwrap_or_else(|| Value::Object(Map::new()))
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
