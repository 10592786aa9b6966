//! The schema against the reader: the same keys, the same types, and the file that the repository keeps.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use expect_test::expect_file;
use jsonschema::Validator;
use serde_json::Value;

use super::schema;
use crate::config::{Config, Report};

const EXAMPLE: &str = include_str!("../../../config.example.toml");

static SCHEMA: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(&schema()).expect("the schema is JSON"));
static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| jsonschema::validator_for(&SCHEMA).expect("it is a schema"));

/// What the schema has against a config, a line each.
fn complaints(text: &str) -> Vec<String> {
    let config: Value = toml::from_str(text).expect("TOML");
    VALIDATOR.iter_errors(&config).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Whatever the reader takes, the schema takes; where the reader finds a wrong type, a word that is none of a list, or a
/// key too many or too few, so does the schema.
#[track_caller]
pub(in crate::config) fn agrees(text: &str, read: &Result<Config, Report>) {
    if toml::from_str::<Value>(text).is_err() {
        return;
    }
    let complaints = complaints(text);
    let Err(report) = read else {
        assert!(complaints.is_empty(), "the schema refuses what the reader takes: {complaints:#?}\n{text}");
        return;
    };
    let is_about_types = |problem: &&crate::config::Problem| {
        let hint = problem.hint.as_deref().unwrap_or_default();
        let what = &problem.what;
        let of_key =
            what.starts_with("unknown key") || what.ends_with("` is missing") || what.contains("` cannot be \"");
        of_key || hint.starts_with("expected ")
    };
    if let Some(problem) = report.problems.iter().find(is_about_types) {
        assert!(!complaints.is_empty(), "the schema takes what the reader refuses: {}\n{text}", problem.what);
    }
}

/// The example with everything that stands in its comments as TOML.
fn everything() -> String {
    let mut text = String::new();
    let mut is_shown = false;
    for line in EXAMPLE.lines() {
        is_shown = line.starts_with("# [[") || is_shown && line.starts_with("# ");
        text += if is_shown { &line[2..] } else { line };
        text += "\n";
    }
    text
}

/// Conditions that the example does not have.
const CONDITIONS: &str = r#"
[[triggers]]
id = "more"
name = "More"
severity = "sev4"
plan = "leads"
when = { all = [{ channel = ["2001"] }, { language = "es" }, { not = { customers = 2, of = "outage", within = "1h" } }] }
"#;

#[test]
fn the_file_is_current() {
    expect_file!["../../../.config.schema.json"].assert_eq(&schema());
}

#[test]
fn the_example_validates_with_all_that_its_comments_show() {
    assert_eq!(complaints(EXAMPLE), [""; 0]);
    assert_eq!(complaints(&(everything() + CONDITIONS)), [""; 0]);
}

/// Two keys that tell of one condition, which is exactly one table.
#[test]
fn a_condition_is_exactly_one_table() {
    let with = |when: &str| EXAMPLE.replacen(r#"{ signal = "angry", at_least = 0.6 }"#, when, 1);
    assert!(complaints(&with(r#"{ language = "es" }"#)).is_empty());
    for wrong in
        [r#"{ signal = "angry", at_least = 0.6, language = "es" }"#, "{}", r#"{ not = [{ language = "es" }] }"#]
    {
        assert!(!complaints(&with(wrong)).is_empty(), "{wrong}");
    }
}

/// A key that nothing is called, put into every table. The reader answers each with the keys it asked for.
const STRANGE: &str = "qqqq";

#[test]
fn the_keys_are_those_that_the_reader_asks_for() {
    let mut document: toml::Value = toml::from_str(&(everything() + CONDITIONS)).expect("TOML");
    put_strange(&mut document);
    let text = toml::to_string(&document).expect("TOML is written");
    let report = Config::parse("config.toml", &text).expect_err("strange keys");
    let mut tables = BTreeSet::new();
    for problem in report.problems.iter().filter(|problem| problem.what.starts_with("unknown key")) {
        let path = problem.key.strip_suffix(STRANGE).expect("the strange key").trim_end_matches('.');
        let hint = problem.hint.as_deref().unwrap_or_default();
        let asked: BTreeSet<&str> = hint.split('`').skip(1).step_by(2).collect();
        let table = at(&SCHEMA, path, &document).unwrap_or_else(|| panic!("the schema has no table {path}"));
        let known: BTreeSet<&str> = table.keys().map(String::as_str).collect();
        // A condition asks for all keys that make one, to tell of two.
        let is_other = |key: &&&str| crate::config::triggers::CONDITIONS.contains(*key) && path.contains(".when");
        let asked: BTreeSet<&str> =
            asked.iter().filter(|key| known.contains(**key) || !is_other(key)).copied().collect();
        assert_eq!(known, asked, "{path}");
        tables.insert(known.into_iter().collect::<Vec<_>>().join(" "));
    }
    // So many tables have keys of their own, the nine of conditions among them; the catch-all has those of a rung.
    assert_eq!(tables.len(), 32, "{tables:#?}");
}

fn put_strange(value: &mut toml::Value) {
    match value {
        toml::Value::Table(table) => {
            table
                .iter_mut()
                .filter(|(key, _)| !["labels", "rates"].contains(&key.as_str()))
                .for_each(|it| put_strange(it.1));
            table.insert(STRANGE.to_owned(), 1.into());
        }
        toml::Value::Array(items) => items.iter_mut().for_each(put_strange),
        _ => {}
    }
}

/// The properties that the schema gives the table at a path of the document.
fn at<'s>(schema: &'s Value, path: &str, document: &toml::Value) -> Option<&'s serde_json::Map<String, Value>> {
    let (mut node, mut value) = (schema, document);
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let (name, index) = part.trim_end_matches(']').split_once('[').unwrap_or((part, ""));
        node = node.get("properties")?.get(name)?;
        value = value.get(name)?;
        if let Ok(index) = index.parse::<usize>() {
            node = node.get("items")?;
            value = value.get(index)?;
        }
        if [node.pointer("/$ref"), node.pointer("/allOf/0/$ref")].iter().any(Option::is_some) {
            let conditions = schema.pointer("/definitions/condition/oneOf")?.as_array()?;
            let is_meant = |condition: &&Value| {
                let needed = condition["required"].as_array().and_then(|keys| keys.first()?.as_str());
                needed.is_some_and(|key| value.get(key).is_some())
            };
            node = conditions.iter().find(is_meant)?;
        }
    }
    node.get("properties")?.as_object()
}

/// Every key says what it is for.
#[test]
fn every_key_has_a_description() {
    fn undescribed(node: &Value, path: &str, found: &mut Vec<String>) {
        if let Some(properties) = node.get("properties").and_then(Value::as_object) {
            for (name, key) in properties {
                if key["description"].as_str().is_none_or(|text| text.len() < 5) {
                    found.push(format!("{path}.{name}"));
                }
            }
        }
        let inner = node.as_object().into_iter().flatten().map(|(name, node)| (name.as_str(), node));
        let items = node.as_array().into_iter().flatten().map(|node| ("[]", node));
        for (name, node) in inner.chain(items) {
            undescribed(node, &format!("{path}.{name}"), found);
        }
    }
    let mut found = Vec::new();
    undescribed(&SCHEMA, "", &mut found);
    assert_eq!(found, [""; 0]);
}
