//! What a request body may hold. Discord's limits, and stricter: an unknown field is an error too.
//! <https://github.com/discord/discord-api-docs> resources/message, components/reference,
//! interactions/application-commands

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use super::mentions::id;

/// Characters are Unicode scalar values.
const CONTENT: usize = 2000;
const EMBEDS: usize = 10;
/// All titles, descriptions, field names and values, footers and author names of a message together.
const EMBED_TEXT: usize = 6000;
const EMBED_FIELDS: usize = 25;
const ROWS: usize = 5;
const BUTTONS_IN_ROW: usize = 5;
const SELECT_OPTIONS: usize = 25;
const CHOICES: usize = 25;
const MENTION_IDS: usize = 100;
const NONCE: usize = 25;
const COMMANDS_OF_A_KIND: usize = 100;
const MENU_COMMANDS_OF_A_KIND: usize = 15;

/// Everything that is wrong with a body, each with its path ("embeds.0.title").
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

#[derive(Debug)]
struct Problem {
    path: String,
    code: &'static str,
    message: String,
}

/// What a message body is for: each knows other fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// POST to a channel.
    Post,
    /// PATCH of a message, or of an answer.
    Edit,
    /// The `data` of a callback, or a follow-up.
    Answer,
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

/// A message as it is sent, edited or answered.
pub(super) fn message(body: &Value, purpose: Purpose) -> Problems {
    let mut problems = Problems::default();
    let known: &[&str] = match purpose {
        Purpose::Post => &[
            "content",
            "embeds",
            "components",
            "flags",
            "allowed_mentions",
            "attachments",
            "tts",
            "sticker_ids",
            "nonce",
            "enforce_nonce",
            "message_reference",
        ],
        Purpose::Edit => &["content", "embeds", "components", "flags", "allowed_mentions", "attachments"],
        Purpose::Answer => &["content", "embeds", "components", "flags", "allowed_mentions", "attachments", "tts"],
    };
    problems.keys("", body, known);
    problems.text("", body, "content", 0..=CONTENT);
    embeds(&mut problems, body);
    rows(&mut problems, body);
    allowed_mentions(&mut problems, body);
    if let Some(nonce) = body.get("nonce").and_then(Value::as_str)
        && nonce.chars().count() > NONCE
    {
        problems.add("nonce", "NONCE_TYPE_TOO_LONG", format!("Must be {NONCE} or fewer in length."));
    }
    problems
}

fn embeds(problems: &mut Problems, body: &Value) {
    let mut total = 0;
    for (at, embed) in problems.list("", body, "embeds", EMBEDS).iter().enumerate() {
        let path = format!("embeds.{at}");
        problems.keys(
            &path,
            embed,
            &[
                "title",
                "type",
                "description",
                "url",
                "timestamp",
                "color",
                "footer",
                "image",
                "thumbnail",
                "author",
                "fields",
            ],
        );
        total += problems.text(&path, embed, "title", 0..=256);
        total += problems.text(&path, embed, "description", 0..=4096);
        if embed.get("footer").is_some_and(Value::is_object) {
            problems.keys(&format!("{path}.footer"), &embed["footer"], &["text", "icon_url"]);
            total += problems.required_text(&format!("{path}.footer"), &embed["footer"], "text", 1..=2048);
        }
        if embed.get("author").is_some_and(Value::is_object) {
            problems.keys(&format!("{path}.author"), &embed["author"], &["name", "url", "icon_url"]);
            total += problems.required_text(&format!("{path}.author"), &embed["author"], "name", 1..=256);
        }
        for (at, field) in problems.list(&path, embed, "fields", EMBED_FIELDS).iter().enumerate() {
            let path = format!("{path}.fields.{at}");
            problems.keys(&path, field, &["name", "value", "inline"]);
            total += problems.required_text(&path, field, "name", 1..=256);
            total += problems.required_text(&path, field, "value", 1..=1024);
        }
    }
    if total > EMBED_TEXT {
        problems.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", format!("Embed size exceeds maximum size of {EMBED_TEXT}"));
    }
}

/// Action rows of buttons or one select: what serenity 0.12 understands when it comes back (types 1 to 8).
fn rows(problems: &mut Problems, body: &Value) {
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

fn allowed_mentions(problems: &mut Problems, body: &Value) {
    let path = "allowed_mentions";
    let Some(allowed) = body.get(path).filter(|allowed| !allowed.is_null()) else { return };
    problems.keys(path, allowed, &["parse", "users", "roles", "replied_user"]);
    for (at, kind) in problems.list(path, allowed, "parse", 3).iter().enumerate() {
        if !["users", "roles", "everyone"].map(Value::from).contains(kind) {
            let message = "Value must be one of ('users', 'roles', 'everyone').";
            problems.add(format!("{path}.parse.{at}"), "BASE_TYPE_CHOICES", message);
        }
    }
    for key in ["users", "roles"] {
        let both = problems.snowflakes(path, allowed, key) > 0
            && allowed["parse"].as_array().is_some_and(|parse| parse.iter().any(|kind| kind == key));
        if both {
            let message = format!("parse:[\"{key}\"] and {key}: [ids...] are mutually exclusive.");
            problems.add(path, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message);
        }
    }
}

/// A form, as action rows of one text input each: serenity 0.12 loses the values of anything newer.
pub(super) fn modal(data: &Value) -> Problems {
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
    let bound = |key: &str, or: u64| input[key].as_u64().unwrap_or(or).min(4000);
    let max = usize::try_from(bound("max_length", 4000)).expect("4000 fits");
    problems.text(path, input, "value", 0..=max);
    if bound("min_length", 0) > bound("max_length", 4000) {
        problems.add(join(path, "min_length"), "BASE_TYPE_MAX", "min_length is over max_length.");
    }
    if !matches!(input["style"].as_u64(), Some(1 | 2)) {
        problems.add(join(path, "style"), "BASE_TYPE_CHOICES", "Value must be one of (1, 2).");
    }
}

/// What a person may choose from while typing.
pub(super) fn choices(data: &Value) -> Problems {
    let mut problems = Problems::default();
    problems.keys("data", data, &["choices"]);
    for (at, choice) in problems.list("data", data, "choices", CHOICES).iter().enumerate() {
        let path = format!("data.choices.{at}");
        problems.keys(&path, choice, &["name", "value", "name_localizations"]);
        problems.required_text(&path, choice, "name", 1..=100);
        if choice["value"].is_string() {
            problems.text(&path, choice, "value", 0..=100);
        } else if !choice["value"].is_number() {
            problems.add(join(&path, "value"), "BASE_TYPE_REQUIRED", "This field is required");
        }
    }
    problems
}

/// The commands of an application in one scope.
pub(super) fn commands(list: &[Value]) -> Problems {
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
            problems.required_text(&path, command, "description", 1..=100);
            options(&mut problems, &path, command, 0);
        } else {
            problems.required_text(&path, command, "name", 1..=32);
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
    for (at, option) in problems.list(path, parent, "options", SELECT_OPTIONS).iter().enumerate() {
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
        problems.required_text(&path, option, "description", 1..=100);
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

/// `^[-_'\p{L}\p{N}]{1,32}$`, in lower case where there is one.
fn name(problems: &mut Problems, path: &str, named: &Value) {
    problems.required_text(path, named, "name", 1..=32);
    let name = named["name"].as_str().unwrap_or_default();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '\'');
    if !name.chars().all(fits) || name.to_lowercase() != name {
        problems.add(join(path, "name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
    }
}

/// A body of a few fields that needs no more than to know them.
pub(super) fn fields(body: &Value, known: &[&str]) -> Problems {
    let mut problems = Problems::default();
    problems.keys("", body, known);
    problems
}

/// A thread: its name and when it goes quiet.
pub(super) fn thread(body: &Value, known: &[&str], name_needed: bool) -> Problems {
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

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(body: &Value, expected: Expect) {
        expected.assert_eq(&message(body, Purpose::Post).summary());
    }

    #[test]
    fn a_card_as_bellhop_sends_it_is_fine() {
        let button = json!({"type": 2, "style": 1, "label": "Acknowledge", "custom_id": "esc:1:ack"});
        let card = json!({
            "content": "<@&300>", "nonce": "e12s1", "enforce_nonce": true,
            "allowed_mentions": {"parse": [], "roles": ["300"]},
            "embeds": [{"title": "ESC-12", "fields": [{"name": "Due", "value": "soon", "inline": true}]}],
            "components": [{"type": 1, "components": [button]}],
        });
        check(&card, expect![[""]]);
    }

    #[test]
    fn limits_name_their_path() {
        check(&json!({"content": "x".repeat(2001)}), expect!["content: Must be 2000 or fewer in length."]);
        check(
            &json!({"embeds": [{"title": "x".repeat(257), "fields": [{"name": " ", "value": "v"}]}]}),
            expect![
                "embeds.0.title: Must be 256 or fewer in length.; embeds.0.fields.0.name: Must be between 1 and 256 in length."
            ],
        );
        let long = json!({"description": "x".repeat(3001)});
        check(&json!({"embeds": [long, long]}), expect!["embeds: Embed size exceeds maximum size of 6000"]);
        check(&json!({"contents": ""}), expect!["contents: This field is unknown here."]);
    }

    #[test]
    fn allowed_mentions_take_a_kind_or_a_list_of_it() {
        check(
            &json!({"allowed_mentions": {"parse": ["roles", "all"], "roles": ["1"], "users": ["1", "1"]}}),
            expect![[
                r#"allowed_mentions.parse.1: Value must be one of ('users', 'roles', 'everyone').; allowed_mentions.users: The set already contains this value; allowed_mentions: parse:["roles"] and roles: [ids...] are mutually exclusive."#
            ]],
        );
    }

    #[test]
    fn the_tree_is_discords() {
        let problems = message(&json!({"embeds": [{"description": "x".repeat(4097)}]}), Purpose::Post);
        expect![[r#"{"embeds":{"0":{"description":{"_errors":[{"code":"BASE_TYPE_MAX_LENGTH","message":"Must be 4096 or fewer in length."}]}}}}"#]]
        .assert_eq(&problems.tree().to_string());
    }
}
