//! A slash command as a person typed it, in the form in which the bot is told.

use serde_json::{Map, Value, json};

use super::mentions::id;
use super::people::Impossible;
use super::permissions;
use super::state::State;

impl State {
    /// The `data` of a command, or of a completion if an option is being typed.
    /// `name` is the whole path: "escalate", "oncall show".
    pub fn command_data(
        &self,
        user: u64,
        place: u64,
        name: &str,
        options: &Map<String, Value>,
        typing: Option<(&str, &str)>,
    ) -> Result<Value, Impossible> {
        let mut path = name.split_whitespace();
        let first = path.next().unwrap_or_default();
        let kind = |command: &Value| command["type"].as_u64().unwrap_or(1);
        let found = self.commands.iter().find(|command| kind(command) == 1 && command["name"] == first);
        let command = found.ok_or_else(|| Impossible(format!("There is no command /{first}.")))?;
        self.may_use(user, place, command)?;

        let mut steps = Vec::new();
        let mut leaf = command;
        for step in path {
            let children = leaf["options"].as_array().into_iter().flatten();
            let found = children
                .into_iter()
                .find(|child| child["name"] == step && matches!(child["type"].as_u64(), Some(1 | 2)));
            leaf = found.ok_or_else(|| Impossible(format!("/{name} does not exist.")))?;
            steps.push(leaf);
        }
        let known: Vec<&Value> = leaf["options"].as_array().into_iter().flatten().collect();
        if known.iter().any(|option| matches!(option["type"].as_u64(), Some(1 | 2))) {
            return Err(Impossible(format!("/{name} needs a subcommand.")));
        }

        let mut typed = given(name, &known, options, typing)?;
        let resolved = self.resolved(&typed);
        for step in steps.iter().rev() {
            typed = vec![json!({"name": step["name"], "type": step["type"], "options": typed})];
        }
        let mut data = json!({"id": command["id"], "name": first, "type": 1, "options": typed});
        if resolved.as_object().is_some_and(|resolved| !resolved.is_empty()) {
            data["resolved"] = resolved;
        }
        Ok(data)
    }

    fn may_use(&self, user: u64, place: u64, command: &Value) -> Result<(), Impossible> {
        let wanted = command["default_member_permissions"].as_str().and_then(|bits| bits.parse::<u64>().ok());
        let wanted = match wanted {
            Some(0) => permissions::ADMINISTRATOR,
            Some(bits) => bits,
            None => 0,
        };
        if self.may(user, place, wanted | permissions::USE_APPLICATION_COMMANDS) {
            return Ok(());
        }
        Err(Impossible(format!("{} may not use {} here.", self.name_of(user), command["name"])))
    }

    /// The objects behind options that name a person, a channel or a role.
    fn resolved(&self, options: &[Value]) -> Value {
        let mut resolved = json!({});
        for option in options {
            let Some(id) = id(&option["value"]) else { continue };
            let key = id.to_string();
            if matches!(option["type"].as_u64(), Some(6 | 9)) && self.members.contains_key(&id) {
                resolved["users"][&key] = self.user(id);
                resolved["members"][&key] = self.partial_member(id);
            } else if option["type"] == 7
                && let Some(place) = self.places.get(&id)
            {
                resolved["channels"][&key] = self.channel(place);
            } else if matches!(option["type"].as_u64(), Some(8 | 9))
                && let Some(role) = self.roles.get(&id)
            {
                resolved["roles"][&key] = self.role(role);
            }
        }
        resolved
    }
}

/// The options as the bot gets them, in the order of the command's definition.
fn given(
    name: &str,
    known: &[&Value],
    options: &Map<String, Value>,
    typing: Option<(&str, &str)>,
) -> Result<Vec<Value>, Impossible> {
    let names = options.keys().map(String::as_str).chain(typing.map(|(option, _)| option));
    for option in names {
        if !known.iter().any(|one| one["name"] == option) {
            return Err(Impossible(format!("/{name} has no option {option:?}.")));
        }
    }
    let mut given = Vec::new();
    for option in known {
        let key = option["name"].as_str().unwrap_or_default();
        let value = options.get(key).filter(|value| !value.is_null() && *value != "");
        if let Some((_, text)) = typing.filter(|(being_typed, _)| *being_typed == key) {
            given.push(json!({"name": key, "type": option["type"], "value": text, "focused": true}));
        } else if let Some(value) = value {
            let value = coerced(option, value)
                .ok_or_else(|| Impossible(format!("{value} is not what {key:?} of /{name} takes.")))?;
            given.push(json!({"name": key, "type": option["type"], "value": value}));
        } else if option["required"] == true && typing.is_none() {
            return Err(Impossible(format!("/{name} needs {key:?}.")));
        }
    }
    Ok(given)
}

/// The value in the type of its option; pages send everything as text, and a person picks a choice by its name.
fn coerced(option: &Value, value: &Value) -> Option<Value> {
    let choice = option["choices"].as_array().into_iter().flatten().find(|choice| choice["name"] == *value);
    let value = choice.map_or(value, |choice| &choice["value"]);
    let text = value.as_str();
    let value = match option["type"].as_u64()? {
        3 => json!(text?),
        4 => json!(value.as_i64().or_else(|| text?.trim().parse().ok())?),
        5 => json!(value.as_bool().or_else(|| text?.parse().ok())?),
        6..=9 => json!(id(value)?.to_string()),
        10 => json!(value.as_f64().or_else(|| text?.trim().parse().ok())?),
        _ => return None,
    };
    let length = value.as_str().map_or(0, |text| text.chars().count() as u64);
    let short = option["min_length"].as_u64().is_some_and(|min| length < min);
    let long = option["max_length"].as_u64().is_some_and(|max| length > max);
    let amount = value.as_f64();
    let low = option["min_value"].as_f64().is_some_and(|min| amount.is_some_and(|amount| amount < min));
    let high = option["max_value"].as_f64().is_some_and(|max| amount.is_some_and(|amount| amount > max));
    let choices = option["choices"].as_array().filter(|choices| !choices.is_empty());
    let offered = choices.is_none_or(|choices| choices.iter().any(|choice| choice["value"] == value));
    (!short && !long && !low && !high && offered).then_some(value)
}
