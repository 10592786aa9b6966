//! What people do: speak, press, type commands, send forms. The client's side of the rules is checked here.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::interactions::{InteractionKind, Request};
use super::mentions::{Allowed, id};
use super::messages::Draft;
use super::permissions;
use super::seen::Seen;
use super::state::{Kind, State};

/// The longest message that a person without a subscription can write, in characters.
const TEXT: usize = 2000;

/// One thing that one person (`as`) does in one channel. The fields are those of the control API.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Act {
    Say {
        r#as: Id,
        channel: Id,
        text: String,
    },
    Edit {
        r#as: Id,
        channel: Id,
        message: Id,
        text: String,
    },
    Delete {
        r#as: Id,
        channel: Id,
        message: Id,
    },
    /// Opens a thread and says the first thing in it.
    Thread {
        r#as: Id,
        channel: Id,
        name: String,
        text: String,
    },
    /// A button, or a select if there are `values`. It need not be on the message any more, as with a client that
    /// has not caught up.
    Press {
        r#as: Id,
        channel: Id,
        message: Id,
        custom_id: String,
        #[serde(default)]
        values: Option<Vec<String>>,
    },
    /// A slash command ("escalate", "oncall show"), or a message's menu command if there is a `message`.
    Command {
        r#as: Id,
        channel: Id,
        name: String,
        #[serde(default)]
        options: Map<String, Value>,
        #[serde(default)]
        message: Option<Id>,
    },
    /// A form, filled in. Without `interaction` it is the newest one with this `custom_id`.
    Submit {
        r#as: Id,
        channel: Id,
        custom_id: String,
        values: BTreeMap<String, String>,
        #[serde(default)]
        interaction: Option<Id>,
        #[serde(default)]
        message: Option<Id>,
    },
    /// Types in an option that the bot completes.
    Complete {
        r#as: Id,
        channel: Id,
        command: String,
        option: String,
        typed: String,
        #[serde(default)]
        options: Map<String, Value>,
    },
}

/// A snowflake that may be a JSON string.
#[derive(Clone, Copy, Debug)]
pub(super) struct Id(pub u64);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        id_in(deserializer).map(Self)
    }
}

/// Reads a snowflake that may be a string.
pub(super) fn id_in<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let value = Value::deserialize(deserializer)?;
    id(&value).ok_or_else(|| serde::de::Error::custom("an id is a number or a string of digits"))
}

/// Why a person cannot do that, as a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Impossible(pub String);

type Done = Result<u64, Impossible>;

fn no<T>(sentence: impl Into<String>) -> Result<T, Impossible> {
    Err(Impossible(sentence.into()))
}

impl State {
    /// Does it; the id is that of the new message, thread or interaction, or of what was changed.
    pub fn act(&mut self, act: &Act) -> Done {
        match act {
            Act::Say { r#as, channel, text } => self.say(r#as.0, channel.0, text),
            Act::Edit { r#as, channel, message, text } => self.edit(r#as.0, channel.0, message.0, text),
            Act::Delete { r#as, channel, message } => self.delete(r#as.0, channel.0, message.0),
            Act::Thread { r#as, channel, name, text } => self.start_thread(r#as.0, channel.0, name, text),
            Act::Press { r#as, channel, message, custom_id, values } => {
                self.press(r#as.0, channel.0, message.0, custom_id, values.as_deref())
            }
            Act::Command { r#as, channel, name, options, message: None } => {
                let data = self.command_data(r#as.0, channel.0, name, options, None)?;
                self.request(InteractionKind::Command, r#as.0, channel.0, None, data)
            }
            Act::Command { r#as, channel, name, message: Some(message), .. } => {
                self.choose_from_menu(r#as.0, channel.0, name, message.0)
            }
            Act::Submit { r#as, channel, custom_id, values, interaction, message } => {
                self.submit(r#as.0, channel.0, custom_id, values, interaction.map(|id| id.0), message.map(|id| id.0))
            }
            Act::Complete { r#as, channel, command, option, typed, options } => {
                let data = self.command_data(r#as.0, channel.0, command, options, Some((option, typed)))?;
                self.request(InteractionKind::Completion, r#as.0, channel.0, None, data)
            }
        }
    }

    fn say(&mut self, user: u64, place: u64, text: &str) -> Done {
        self.can(user, place, permissions::SEND_MESSAGES, "write")?;
        if matches!(&self.places[&place].kind, Kind::Thread(thread) if thread.locked) {
            return no("This thread is locked.");
        }
        check_text(text)?;
        let (body, allowed) = (json!({"content": text}), Allowed::everything());
        let draft = Draft { place, author: user, body: &body, allowed, only_for: None, via: None, kind: 0 };
        let posted = self.post(&draft);
        self.record.seen(Seen::Posted {
            channel: place,
            message: posted.message,
            pinged: posted.pings.people,
            pinged_roles: posted.pings.roles,
            at: Instant::now(),
        });
        Ok(posted.id)
    }

    fn edit(&mut self, user: u64, place: u64, message: u64, text: &str) -> Done {
        check_text(text)?;
        self.own(user, place, message)?;
        let change = json!({"content": text});
        if let Some(revised) = self.revise(place, message, &change, &Allowed::everything(), false) {
            self.record.seen(Seen::Edited { channel: place, message: revised, at: Instant::now() });
        }
        Ok(message)
    }

    /// Also dismisses what only this person sees.
    fn delete(&mut self, user: u64, place: u64, message: u64) -> Done {
        let dismissed = self.message_for(user, place, message).is_some_and(|message| message.only_for == Some(user));
        if !dismissed && !self.may(user, place, permissions::MANAGE_MESSAGES) {
            self.own(user, place, message)?;
        }
        if !self.remove(place, message) {
            return no("There is no such message.");
        }
        if !dismissed {
            self.record.seen(Seen::Deleted { channel: place, message, at: Instant::now() });
        }
        Ok(message)
    }

    fn start_thread(&mut self, user: u64, place: u64, name: &str, text: &str) -> Done {
        self.can(user, place, permissions::CREATE_PUBLIC_THREADS, "open a thread")?;
        check_text(text)?;
        if !(1..=100).contains(&name.trim().chars().count()) {
            return no("A thread's name has 1 to 100 characters.");
        }
        let thread = self.new_id();
        self.open_thread(thread, name, place, user, false, 1440);
        self.say(user, thread, text)?;
        Ok(thread)
    }

    fn press(&mut self, user: u64, place: u64, message: u64, custom_id: &str, values: Option<&[String]>) -> Done {
        if self.message_for(user, place, message).is_none() {
            return no(format!("{} sees no such message.", self.name_of(user)));
        }
        let data = match values {
            None => json!({"custom_id": custom_id, "component_type": 2, "id": 2}),
            Some(values) => json!({"custom_id": custom_id, "component_type": 3, "id": 2, "values": values}),
        };
        self.request(InteractionKind::Component, user, place, Some(message), data)
    }

    fn choose_from_menu(&mut self, user: u64, place: u64, name: &str, message: u64) -> Done {
        let Some(command) = self.commands.iter().find(|one| one["type"] == 3 && one["name"] == name) else {
            return no(format!("There is no menu command {name:?}."));
        };
        let command = command["id"].clone();
        let Some(target) = self.message_for(user, place, message) else {
            return no(format!("{} sees no such message.", self.name_of(user)));
        };
        let target = target.json.as_ref().clone();
        let id = message.to_string();
        let mut messages = Map::new();
        messages.insert(id.clone(), target);
        let data = json!({"id": command, "name": name, "type": 3, "target_id": id, "resolved": {"messages": messages}});
        let (kind, menu) = (InteractionKind::Command, true);
        self.can(user, place, permissions::USE_APPLICATION_COMMANDS, "use commands")?;
        Ok(self.interact(&Request { kind, user, place, message: Some(message), menu, data }))
    }

    fn submit(
        &mut self,
        user: u64,
        place: u64,
        custom_id: &str,
        values: &BTreeMap<String, String>,
        interaction: Option<u64>,
        message: Option<u64>,
    ) -> Done {
        let opened = match interaction {
            Some(id) => self.interactions.get(&id),
            None => self.open_form(user, custom_id),
        };
        let form = opened.and_then(|opened| opened.given.clone());
        let message = message.or_else(|| opened.filter(|opened| !opened.menu).and_then(|opened| opened.message));
        let filled: Vec<(String, String)> = match &form {
            Some(form) => fill_in(form, values)?,
            // A form from before the small Discord forgot: the client still has it.
            None => values.clone().into_iter().collect(),
        };
        let rows = filled.into_iter().map(|(id, value)| {
            json!({"type": 1, "id": 1, "components": [{"type": 4, "id": 2, "custom_id": id, "value": value}]})
        });
        let data = json!({"custom_id": custom_id, "components": rows.collect::<Vec<_>>()});
        self.request(InteractionKind::Form, user, place, message, data)
    }

    fn request(&mut self, kind: InteractionKind, user: u64, place: u64, message: Option<u64>, data: Value) -> Done {
        self.can(user, place, permissions::VIEW_CHANNEL, "do that")?;
        Ok(self.interact(&Request { kind, user, place, message, menu: false, data }))
    }

    fn own(&self, user: u64, place: u64, message: u64) -> Result<(), Impossible> {
        match self.message_for(user, place, message) {
            Some(message) if message.author == user => Ok(()),
            Some(_) => no(format!("That is not {}'s message.", self.name_of(user))),
            None => no("There is no such message."),
        }
    }

    fn can(&self, user: u64, place: u64, wanted: u64, what: &str) -> Result<(), Impossible> {
        if !self.members.contains_key(&user) {
            return no(format!("There is nobody with the id {user}."));
        }
        let Some(channel) = self.places.get(&place) else { return no(format!("There is no channel {place}.")) };
        if self.may(user, place, wanted) {
            return Ok(());
        }
        no(format!("{} may not {what} in #{}.", self.name_of(user), channel.name))
    }
}

fn check_text(text: &str) -> Result<(), Impossible> {
    match text.trim().chars().count() {
        0 => no("There is nothing to send."),
        count if count > TEXT => no(format!("A message has at most {TEXT} characters; this one has {count}.")),
        _ => Ok(()),
    }
}

/// Every input of the form with its value, as a client sends it: an empty one too.
fn fill_in(form: &Value, values: &BTreeMap<String, String>) -> Result<Vec<(String, String)>, Impossible> {
    let rows = form["components"].as_array().into_iter().flatten();
    let inputs: Vec<&Value> = rows.map(|row| &row["components"][0]).collect();
    for name in values.keys() {
        if !inputs.iter().any(|input| input["custom_id"] == name.as_str()) {
            return no(format!("The form has no input {name:?}."));
        }
    }
    let mut filled = Vec::new();
    for input in inputs {
        let id = input["custom_id"].as_str().unwrap_or_default();
        let value = values.get(id).map_or_else(|| input["value"].as_str().unwrap_or_default(), String::as_str);
        let label = input["label"].as_str().unwrap_or(id);
        let count = value.chars().count() as u64;
        if count == 0 && input["required"] != false {
            return no(format!("{label:?} is required."));
        }
        let min = input["min_length"].as_u64().unwrap_or(0);
        let max = input["max_length"].as_u64().unwrap_or(4000);
        if count > max || count > 0 && count < min {
            return no(format!("{label:?} takes {min} to {max} characters."));
        }
        filled.push((id.to_owned(), value.to_owned()));
    }
    Ok(filled)
}
