//! Buttons, selects and forms, as far as they come back: serenity 0.12 knows the component types 1 to 8.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Problems, join};

const ROWS: usize = 5;
const BUTTONS_IN_ROW: usize = 5;
const SELECT_OPTIONS: usize = 25;
/// Characters in a text input.
const INPUT_TEXT: u64 = 4000;

/// Action rows of buttons or of one select.
pub(super) fn rows(problems: &mut Problems, body: &Value) {
    let mut ids = BTreeSet::new();
    for (at, row) in problems.list("", body, "components", ROWS).iter().enumerate() {
        let path = format!("components.{at}");
        if row["type"] != 1 {
            problems.add(&path, "COMPONENT_TYPE_INVALID", "Only action rows of buttons and selects are understood.");
            continue;
        }
        problems.keys(&path, row, &["type", "id", "components"]);
        let cells = problems.list(&path, row, "components", BUTTONS_IN_ROW);
        if cells.is_empty() {
            problems.add(&path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.");
        }
        for (at, cell) in cells.iter().enumerate() {
            let path = format!("{path}.components.{at}");
            match cell["type"].as_u64() {
                Some(2) => button(problems, &path, cell),
                Some(3 | 5..=8) => {
                    select(problems, &path, cell);
                    if cells.len() > 1 {
                        let message = "The specified component exceeds the maximum width";
                        problems.add(&path, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", message);
                    }
                }
                _ => problems.add(&path, "COMPONENT_TYPE_INVALID", "This component is not understood in a message."),
            }
            if let Some(id) = cell["custom_id"].as_str()
                && !ids.insert(id)
            {
                let message = "Component custom id cannot be duplicated";
                problems.add(join(&path, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", message);
            }
        }
    }
}

fn button(problems: &mut Problems, path: &str, button: &Value) {
    problems.keys(path, button, &["type", "id", "style", "label", "emoji", "custom_id", "url", "disabled"]);
    problems.text(path, button, "label", 0..=80);
    if button.get("label").is_none_or(Value::is_null) && button.get("emoji").is_none_or(Value::is_null) {
        problems.add(path, "BUTTON_COMPONENT_INVALID_EMOJI", "A button must have a label or an emoji");
    }
    match button["style"].as_u64() {
        Some(1..=4) => {
            problems.required_text(path, button, "custom_id", 1..=100);
            if button.get("url").is_some() {
                problems.add(path, "BUTTON_COMPONENT_URL_NOT_ALLOWED", "Only link buttons have a url");
            }
        }
        Some(5) => {
            problems.required_text(path, button, "url", 1..=512);
            if button.get("custom_id").is_some() {
                let message = "A custom id and url cannot both be specified";
                problems.add(path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", message);
            }
        }
        _ => problems.add(join(path, "style"), "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3, 4, 5)."),
    }
}

fn select(problems: &mut Problems, path: &str, select: &Value) {
    problems.keys(
        path,
        select,
        &[
            "type",
            "id",
            "custom_id",
            "placeholder",
            "min_values",
            "max_values",
            "disabled",
            "options",
            "default_values",
            "channel_types",
        ],
    );
    problems.required_text(path, select, "custom_id", 1..=100);
    problems.text(path, select, "placeholder", 0..=150);
    let options = problems.list(path, select, "options", SELECT_OPTIONS);
    if select["type"] == 3 && options.is_empty() {
        problems.add(join(path, "options"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length.");
    }
    for (at, option) in options.iter().enumerate() {
        let path = format!("{path}.options.{at}");
        problems.keys(&path, option, &["label", "value", "description", "emoji", "default"]);
        problems.required_text(&path, option, "label", 1..=100);
        problems.required_text(&path, option, "value", 1..=100);
        problems.text(&path, option, "description", 0..=100);
    }
}

/// A form, as action rows of one text input each: serenity 0.12 loses the values of anything newer.
pub fn form(data: &Value) -> Problems {
    let mut problems = Problems::default();
    problems.keys("data", data, &["custom_id", "title", "components"]);
    problems.required_text("data", data, "custom_id", 1..=100);
    problems.required_text("data", data, "title", 1..=45);
    let rows = problems.list("data", data, "components", ROWS);
    if rows.is_empty() {
        problems.add("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.");
    }
    let mut ids = BTreeSet::new();
    for (at, row) in rows.iter().enumerate() {
        let path = format!("data.components.{at}");
        problems.keys(&path, row, &["type", "id", "components"]);
        let cells = problems.list(&path, row, "components", 1);
        let [input] = cells else {
            problems.add(&path, "BASE_TYPE_BAD_LENGTH", "Must be 1 in length.");
            continue;
        };
        let path = format!("{path}.components.0");
        if row["type"] != 1 || input["type"] != 4 {
            problems.add(&path, "COMPONENT_TYPE_INVALID", "Only text inputs in action rows come back.");
        }
        text_input(&mut problems, &path, input);
        if !ids.insert(input["custom_id"].as_str()) {
            let message = "Component custom id cannot be duplicated";
            problems.add(join(&path, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", message);
        }
    }
    problems
}

fn text_input(problems: &mut Problems, path: &str, input: &Value) {
    problems.keys(
        path,
        input,
        &["type", "id", "custom_id", "style", "label", "min_length", "max_length", "required", "value", "placeholder"],
    );
    problems.required_text(path, input, "custom_id", 1..=100);
    problems.required_text(path, input, "label", 1..=45);
    problems.text(path, input, "placeholder", 0..=100);
    let bound = |key: &str, or: u64| input[key].as_u64().unwrap_or(or).min(INPUT_TEXT);
    let max = usize::try_from(bound("max_length", INPUT_TEXT)).expect("the limit fits");
    problems.text(path, input, "value", 0..=max);
    if bound("min_length", 0) > bound("max_length", INPUT_TEXT) {
        problems.add(join(path, "min_length"), "BASE_TYPE_MAX", "min_length is over max_length.");
    }
    if !matches!(input["style"].as_u64(), Some(1 | 2)) {
        problems.add(join(path, "style"), "BASE_TYPE_CHOICES", "Value must be one of (1, 2).");
    }
}
