//! Commands as they are registered, and what completes their options.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Problems, join};

const OPTIONS: usize = 25;
const CHOICES: usize = 25;
const COMMANDS_OF_A_KIND: usize = 100;
const MENU_COMMANDS_OF_A_KIND: usize = 15;

/// What a person may choose from while typing.
pub fn choices(data: &Value) -> Problems {
    let mut problems = Problems::default();
    problems.keys("data", data, &["choices"]);
    for (at, choice) in problems.list("data", data, "choices", CHOICES).iter().enumerate() {
        let path = format!("data.choices.{at}");
        problems.keys(&path, choice, &["name", "value", "name_localizations"]);
        problems.required_text(&path, choice, "name", 1..=100);
        localized(&mut problems, &path, choice, "name", |text| fits(text, 100));
        if choice["value"].is_string() {
            problems.text(&path, choice, "value", 0..=100);
        } else if !choice["value"].is_number() {
            problems.add(join(&path, "value"), "BASE_TYPE_REQUIRED", "This field is required");
        }
    }
    problems
}

/// The commands of an application in one scope.
pub fn commands(list: &[Value]) -> Problems {
    let mut problems = Problems::default();
    let mut names = BTreeSet::new();
    let mut count = [0; 4];
    for (at, command) in list.iter().enumerate() {
        let path = at.to_string();
        problems.keys(
            &path,
            command,
            &[
                "name",
                "name_localizations",
                "type",
                "description",
                "description_localizations",
                "options",
                "default_member_permissions",
                "dm_permission",
                "nsfw",
                "integration_types",
                "contexts",
                "handler",
            ],
        );
        let kind = command["type"].as_u64().unwrap_or(1);
        if kind == 1 {
            name(&mut problems, &path, command);
            description(&mut problems, &path, command);
            options(&mut problems, &path, command, 0);
        } else {
            problems.required_text(&path, command, "name", 1..=32);
            localized(&mut problems, &path, command, "name", |text| fits(text, 32));
            problems.text(&path, command, "description", 0..=0);
        }
        if !names.insert((kind, command["name"].as_str())) {
            problems.add(path, "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique");
        }
        if let Some(count) = usize::try_from(kind).ok().and_then(|kind| count.get_mut(kind)) {
            *count += 1;
        }
    }
    if count[1] > COMMANDS_OF_A_KIND || count[2].max(count[3]) > MENU_COMMANDS_OF_A_KIND {
        problems.add("", "MAX_APPLICATION_COMMANDS", "Maximum number of application commands reached");
    }
    problems
}

/// `depth`: 0 in a command, 1 in a group or subcommand, 2 in a subcommand of a group.
fn options(problems: &mut Problems, path: &str, parent: &Value, depth: usize) {
    let mut optional = false;
    for (at, option) in problems.list(path, parent, "options", OPTIONS).iter().enumerate() {
        let path = format!("{path}.options.{at}");
        problems.keys(
            &path,
            option,
            &[
                "type",
                "name",
                "name_localizations",
                "description",
                "description_localizations",
                "required",
                "choices",
                "options",
                "channel_types",
                "min_value",
                "max_value",
                "min_length",
                "max_length",
                "autocomplete",
            ],
        );
        name(problems, &path, option);
        description(problems, &path, option);
        match option["type"].as_u64() {
            Some(1 | 2) if depth < 2 => options(problems, &path, option, depth + 1),
            Some(3..=11) => {}
            _ => problems.add(join(&path, "type"), "BASE_TYPE_CHOICES", "This type is not allowed here."),
        }
        let required = option["required"] == true;
        if required && optional {
            let message = "Required options must be placed before non-required options";
            problems.add(&path, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message);
        }
        optional |= !required;
        let choices = problems.list(&path, option, "choices", CHOICES);
        if !choices.is_empty() && option["autocomplete"] == true {
            problems.add(&path, "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID", "Choices exclude autocomplete");
        }
    }
}

fn description(problems: &mut Problems, path: &str, described: &Value) {
    problems.required_text(path, described, "description", 1..=100);
    localized(problems, path, described, "description", |text| fits(text, 100));
}

fn name(problems: &mut Problems, path: &str, named: &Value) {
    problems.required_text(path, named, "name", 1..=32);
    if !is_name(named["name"].as_str().unwrap_or_default()) {
        problems.add(join(path, "name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
    }
    localized(problems, path, named, "name", |text| fits(text, 32) && is_name(text));
}

/// `^[-_'\p{L}\p{N}]{1,32}$`, in lower case where there is one.
fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '\'');
    name.chars().all(fits) && name.to_lowercase() == name
}

fn fits(text: &str, chars_max: usize) -> bool {
    (1..=chars_max).contains(&text.chars().count())
}

/// What a text is in the languages of those who read it, by Discord's names of these
/// (<https://discord.com/developers/docs/reference#locales>).
fn localized(problems: &mut Problems, path: &str, part: &Value, what: &str, is_fine: impl Fn(&str) -> bool) {
    let key = format!("{what}_localizations");
    for (locale, text) in part[&key].as_object().into_iter().flatten() {
        if !LOCALES.contains(&locale.as_str()) || !text.as_str().is_some_and(&is_fine) {
            let path = join(&join(path, &key), locale);
            problems.add(path, "APPLICATION_COMMAND_INVALID_LOCALIZATION", "The localization is invalid");
        }
    }
}

const LOCALES: [&str; 32] = [
    "id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl", "pt-BR",
    "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja", "zh-TW", "ko",
];
