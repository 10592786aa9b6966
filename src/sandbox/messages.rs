//! Messages: posted, edited, deleted, and who is told.

use std::sync::Arc;

use serde_json::{Value, json};

use super::interactions::{Interaction, InteractionKind};
use super::mentions::{Allowed, Pings, mentioned};
use super::objects::{merge, texts};
use super::sessions::{self, Dispatch};
use super::state::{Kind, State};

/// What the small Discord remembers of a channel. Discord remembers everything.
const MESSAGES_KEPT: usize = 2_000;

/// The flag of a message that only one person sees.
pub(super) const EPHEMERAL: u64 = 1 << 6;
/// The flag of a deferred answer ("thinking…").
pub(super) const LOADING: u64 = 1 << 7;

pub(super) struct Message {
    /// As REST tells it.
    pub json: Arc<Value>,
    pub author: u64,
    /// Who sees it, if it is ephemeral.
    pub only_for: Option<u64>,
    pub pinged: Vec<u64>,
    /// The interaction whose token may change it.
    pub via: Option<u64>,
}

/// A message about to be posted.
pub(super) struct Draft<'a> {
    pub place: u64,
    pub author: u64,
    /// `content`, `embeds`, `components` and `flags` are taken from here.
    pub body: &'a Value,
    pub allowed: Allowed,
    pub only_for: Option<u64>,
    pub via: Option<u64>,
    /// Discord's message type: 0 is an ordinary one, 20 answers a slash command, 23 a menu command.
    pub kind: u8,
}

pub(super) struct Posted {
    pub id: u64,
    pub message: Arc<Value>,
    pub pings: Pings,
}

impl State {
    /// Stores a message and tells everybody who may see it. Panics if the place does not exist.
    pub fn post(&mut self, draft: &Draft) -> Posted {
        self.wake_thread(draft.place, draft.author);
        let id = self.new_id();
        let content = draft.body["content"].as_str().unwrap_or_default();
        let pings = self.pings(draft.author, draft.place, content, &draft.allowed);
        let mut message = json!({
            "id": id.to_string(), "channel_id": draft.place.to_string(), "author": self.user(draft.author),
            "content": content, "timestamp": self.timestamp(), "edited_timestamp": null, "tts": false,
            "embeds": embeds(draft.body), "components": list(draft.body, "components"),
            "attachments": list(draft.body, "attachments"), "pinned": false, "type": draft.kind,
            "flags": draft.body["flags"].as_u64().unwrap_or(0),
        });
        merge(&mut message, self.mentions(&pings));
        if draft.author == self.bot {
            message["application_id"] = json!(self.bot.to_string());
        }
        if let Some(reference) = draft.body.get("message_reference") {
            message["message_reference"] = reference.clone();
            message["type"] = json!(19);
        }
        if let Some(interaction) = draft.via.and_then(|via| self.interactions.get(&via)) {
            message["interaction_metadata"] = self.metadata(interaction);
            if let Some(command) = &interaction.command {
                // Deprecated by Discord and still sent: the only place that names the command.
                message["interaction"] = json!({
                    "id": interaction.id.to_string(), "type": interaction.kind.number(), "name": command,
                    "user": self.user(interaction.user),
                });
            }
        }
        let message = Arc::new(message);
        let place = self.places.get_mut(&draft.place).expect("the caller looked the place up");
        if place.messages.len() == MESSAGES_KEPT {
            place.messages.pop_first();
        }
        let stored = Message {
            json: message.clone(),
            author: draft.author,
            only_for: draft.only_for,
            pinged: pings.people.clone(),
            via: draft.via,
        };
        place.messages.insert(id, stored);
        let nonce = draft.body.get("nonce").cloned();
        self.tell_message("MESSAGE_CREATE", "message", draft.place, id, nonce);
        Posted { id, message, pings }
    }

    /// What a message tells of the interaction that it answers
    /// (<https://discord.com/developers/docs/resources/message#message-interaction-metadata-object>).
    fn metadata(&self, interaction: &Interaction) -> Value {
        let of = |kind: InteractionKind| {
            json!({
                "id": interaction.id.to_string(), "type": kind.number(), "user": self.user(interaction.user),
                "authorizing_integration_owners": {"0": self.guild.to_string()}, "original_response_message_id": null,
            })
        };
        let mut metadata = of(interaction.kind);
        let pressed = interaction.message.map(|message| message.to_string());
        match (interaction.kind, pressed) {
            (InteractionKind::Component, Some(message)) => metadata["interacted_message_id"] = message.into(),
            (InteractionKind::Form, Some(message)) => {
                let mut opened_by = of(InteractionKind::Component);
                opened_by["interacted_message_id"] = message.into();
                metadata["triggering_interaction_metadata"] = opened_by;
            }
            (InteractionKind::Form, None) => {
                metadata["triggering_interaction_metadata"] = of(InteractionKind::Command);
            }
            _ => {}
        }
        metadata
    }

    /// Changes what `change` names of a message and tells everybody. `silently`: without "(edited)".
    pub fn revise(
        &mut self,
        place: u64,
        id: u64,
        change: &Value,
        allowed: &Allowed,
        silently: bool,
    ) -> Option<Arc<Value>> {
        let timestamp = self.timestamp();
        let author = self.places.get(&place)?.messages.get(&id)?.author;
        let mentions = change["content"].as_str().map(|text| self.mentions(&self.pings(author, place, text, allowed)));
        let stored = self.places.get_mut(&place)?.messages.get_mut(&id)?;
        let message = Arc::make_mut(&mut stored.json);
        if let Some(flags) = change["flags"].as_u64() {
            // Whether only one person sees it is settled when it is posted.
            let kept = message["flags"].as_u64().unwrap_or(0) & EPHEMERAL;
            message["flags"] = json!(flags & !EPHEMERAL | kept);
        }
        for key in ["content", "components", "attachments"] {
            match change.get(key) {
                Some(Value::Null) => message[key] = if key == "content" { json!("") } else { json!([]) },
                Some(value) => message[key] = value.clone(),
                None => {}
            }
        }
        if change.get("embeds").is_some() {
            message["embeds"] = embeds(change);
        }
        if let Some(mentions) = mentions {
            merge(message, mentions);
        }
        if !silently {
            message["edited_timestamp"] = json!(timestamp);
        }
        let message = stored.json.clone();
        self.tell_message("MESSAGE_UPDATE", "edit", place, id, None);
        Some(message)
    }

    /// Deletes a message and tells everybody who saw it.
    pub fn remove(&mut self, place: u64, id: u64) -> bool {
        let Some(message) = self.places.get_mut(&place).and_then(|place| place.messages.remove(&id)) else {
            return false;
        };
        let gone = json!({
            "id": id.to_string(), "channel_id": place.to_string(), "guild_id": self.guild.to_string(),
        });
        if message.only_for.is_none() && self.sees(self.bot, place) {
            self.dispatch("MESSAGE_DELETE", sessions::GUILD_MESSAGES | sessions::DIRECT_MESSAGES, &gone);
        }
        self.show("delete", Some(place), message.only_for, || gone);
        true
    }

    pub fn message(&self, place: u64, id: u64) -> Option<&Message> {
        self.places.get(&place)?.messages.get(&id)
    }

    /// The message, if `user` may see it.
    pub fn message_for(&self, user: u64, place: u64, id: u64) -> Option<&Message> {
        let message = self.places.get(&place).filter(|_| self.sees(user, place))?.messages.get(&id)?;
        message.only_for.is_none_or(|only| only == user).then_some(message)
    }

    /// Everything that `user` sees in a place, oldest first.
    pub fn messages_for(&self, user: u64, place: u64) -> impl Iterator<Item = &Message> {
        let place = self.places.get(&place).filter(|_| self.sees(user, place));
        let messages = place.into_iter().flat_map(|place| place.messages.values());
        messages.filter(move |message| message.only_for.is_none_or(|only| only == user))
    }

    /// The message as the page draws it.
    pub fn page_message(message: &Message) -> Value {
        let mut json = message.json.as_ref().clone();
        json["pinged"] = json!(texts(&message.pinged));
        if let Some(user) = message.only_for {
            json["ephemeral_to"] = json!(user.to_string());
        }
        json
    }

    fn tell_message(&mut self, kind: &'static str, page: &'static str, place: u64, id: u64, nonce: Option<Value>) {
        let place = &self.places[&place];
        let message = &place.messages[&id];
        self.show(page, Some(place.id), message.only_for, || Self::page_message(message));
        // Nobody but the one person is told of an ephemeral message; the bot knows it from its own answer.
        if message.only_for.is_some() || !self.sees(self.bot, place.id) {
            return;
        }
        let direct = matches!(place.kind, Kind::Direct(_));
        let mut data = message.json.as_ref().clone();
        if !direct {
            data["guild_id"] = json!(self.guild.to_string());
            data["member"] = self.partial_member(message.author);
        }
        if let Some(nonce) = nonce {
            data["nonce"] = nonce;
        }
        let mentions_bot = || mentioned(data["content"].as_str().unwrap_or_default()).users.contains(&self.bot);
        let readable = direct || message.author == self.bot || mentions_bot();
        let redacted = (!readable && self.sessions.some_read_no_content()).then(|| {
            let mut redacted = data.clone();
            merge(&mut redacted, json!({"content": "", "embeds": [], "attachments": [], "components": []}));
            redacted
        });
        let intents = if direct { sessions::DIRECT_MESSAGES } else { sessions::GUILD_MESSAGES };
        self.sessions.dispatch(&Dispatch { kind, intents, data: &data, redacted });
    }

    fn mentions(&self, pings: &Pings) -> Value {
        json!({
            "mentions": pings.users.iter().map(|user| self.user(*user)).collect::<Vec<_>>(),
            "mention_roles": texts(&pings.roles),
            "mention_everyone": pings.everyone,
        })
    }
}

/// A list that may be absent or null.
fn list(body: &Value, key: &str) -> Value {
    body.get(key).filter(|list| list.is_array()).cloned().unwrap_or_else(|| json!([]))
}

/// Embeds as Discord stores them: each has a type.
fn embeds(body: &Value) -> Value {
    let mut embeds = list(body, "embeds");
    for embed in embeds.as_array_mut().into_iter().flatten() {
        embed["type"] = json!("rich");
    }
    embeds
}

/// Whether there would be nothing to see.
pub(super) fn is_empty(body: &Value) -> bool {
    let text = body["content"].as_str().is_some_and(|text| !text.trim().is_empty());
    let any = |key: &str| body[key].as_array().is_some_and(|list| !list.is_empty());
    !text && !any("embeds") && !any("attachments") && !any("sticker_ids")
}
