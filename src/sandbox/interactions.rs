//! Interactions: a person pressed, typed a command or sent a form, and the bot has three seconds.
//! <https://github.com/discord/discord-api-docs> interactions/receiving-and-responding

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::messages::{EPHEMERAL, LOADING, Message};
use super::objects::merge;
use super::sessions;
use super::state::{Kind, State};

/// The first response is due within this, in real time.
pub(super) const FIRST_RESPONSE: Duration = Duration::from_secs(3);
/// A token works for this long after its interaction, in real time.
pub(super) const TOKEN_LIFE: Duration = Duration::from_mins(15);
/// Tokens are this and the interaction's id.
const TOKEN: &str = "interaction-token-";
/// Interactions remembered; the oldest are forgotten.
const INTERACTIONS_KEPT: usize = 5_000;

pub(super) struct Interaction {
    pub id: u64,
    pub token: String,
    pub kind: InteractionKind,
    pub user: u64,
    pub place: u64,
    /// The message of the pressed component, or of the component that opened the form.
    pub message: Option<u64>,
    /// The command's name, of a command.
    pub command: Option<String>,
    /// A command chosen from a message's menu.
    pub menu: bool,
    pub opened: Instant,
    /// How often the bot had connected when it was told; none if nobody was there to hear.
    told: Option<u64>,
    pub expired: bool,
    pub stage: Stage,
    /// The message that answered it, or that it updated.
    pub original: Option<u64>,
    /// The form it opened, or the choices it gave.
    pub given: Option<Arc<Value>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InteractionKind {
    Command,
    Component,
    Completion,
    Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// No response yet.
    Waiting,
    /// "Thinking…": a message is still owed.
    Deferred,
    Answered,
    /// Not answered in time.
    Dead,
}

impl InteractionKind {
    /// Discord's number for it.
    pub fn number(self) -> u8 {
        match self {
            Self::Command => 2,
            Self::Component => 3,
            Self::Completion => 4,
            Self::Form => 5,
        }
    }
}

/// What a person does, ready to be told to the bot.
pub(super) struct Request {
    pub kind: InteractionKind,
    pub user: u64,
    pub place: u64,
    pub message: Option<u64>,
    pub menu: bool,
    pub data: Value,
}

impl State {
    /// Tells the bot of an interaction. The caller sees to it that [`give_up`](Self::give_up) is called in time.
    pub fn interact(&mut self, request: &Request) -> u64 {
        let id = self.new_id();
        let token = format!("{TOKEN}{id}");
        let interaction = self.interaction_create(id, &token, request);
        let Request { kind, user, place, message, menu, .. } = *request;
        while self.interactions.len() >= INTERACTIONS_KEPT {
            self.interactions.pop_first();
        }
        let named = kind == InteractionKind::Command;
        let command = named.then(|| request.data["name"].as_str().unwrap_or_default().to_owned());
        let told = (self.sessions.connected() > 0).then(|| self.sessions.handshakes());
        let (opened, stage) = (Instant::now(), Stage::Waiting);
        self.interactions.insert(
            id,
            Interaction {
                id,
                token,
                kind,
                user,
                place,
                message,
                command,
                menu,
                opened,
                told,
                expired: false,
                stage,
                original: None,
                given: None,
            },
        );
        self.dispatch("INTERACTION_CREATE", sessions::ANY, &interaction);
        id
    }

    fn interaction_create(&self, id: u64, token: &str, request: &Request) -> Value {
        let mut interaction = json!({
            "id": id.to_string(), "application_id": self.bot.to_string(), "type": request.kind.number(),
            "token": token, "version": 1, "locale": "en-US", "entitlements": [], "attachment_size_limit": 10_485_760,
            "channel_id": request.place.to_string(), "data": request.data,
            "app_permissions": self.permissions(self.bot, request.place).to_string(),
            "authorizing_integration_owners": {"0": self.guild.to_string()},
        });
        let place = &self.places[&request.place];
        interaction["channel"] = self.channel(place);
        if matches!(place.kind, Kind::Direct(_)) {
            merge(&mut interaction, json!({"user": self.user(request.user), "context": 1}));
        } else {
            let mut member = self.member(request.user);
            member["permissions"] = json!(self.permissions(request.user, request.place).to_string());
            let guild = self.guild.to_string();
            let more = json!({"guild_id": guild, "guild_locale": "en-US", "context": 0, "member": member});
            merge(&mut interaction, more);
        }
        if let Some(message) = request.message.filter(|_| !request.menu).and_then(|id| place.messages.get(&id)) {
            interaction["message"] = message.json.as_ref().clone();
        }
        interaction
    }

    /// Kills the token if there is no response yet.
    pub fn give_up(&mut self, id: u64) {
        let Some(interaction) = self.interactions.get_mut(&id) else { return };
        if interaction.stage != Stage::Waiting {
            return;
        }
        interaction.stage = Stage::Dead;
        let Interaction { user, kind, place, told, .. } = *interaction;
        // A bot that was away, or has come back since, is not to blame.
        if told == Some(self.sessions.handshakes()) {
            self.record.violation(format!("interaction {id} ({kind:?}) was not answered within {FIRST_RESPONSE:?}"));
        }
        let refused = || json!({"interaction": id.to_string(), "reason": "The application did not respond"});
        self.show("refused", Some(place), Some(user), refused);
    }

    /// The interaction of a token.
    pub fn interaction_of(&self, token: &str) -> Option<&Interaction> {
        self.interactions.get(&token.strip_prefix(TOKEN)?.parse().ok()?)
    }

    /// Interactions that still owe somebody something: a first response, or the message a deferral promised.
    pub fn pending_interactions(&self) -> usize {
        let owed = |one: &&Interaction| matches!(one.stage, Stage::Waiting | Stage::Deferred);
        self.interactions.values().filter(owed).count()
    }

    pub fn expire_tokens(&mut self) {
        for interaction in self.interactions.values_mut() {
            interaction.expired = true;
        }
    }

    /// The newest form with this `custom_id` that was opened for `user`.
    pub fn open_form(&self, user: u64, custom_id: &str) -> Option<&Interaction> {
        let opened = |one: &&Interaction| {
            one.user == user && one.given.as_ref().is_some_and(|given| given["custom_id"] == custom_id)
        };
        self.interactions.values().rev().find(opened)
    }
}

impl Message {
    pub fn flags(&self) -> u64 {
        self.json["flags"].as_u64().unwrap_or(0)
    }
}

/// The flags of a message once it has its content.
pub(super) fn loaded(flags: u64) -> u64 {
    flags & !LOADING
}

/// Whether a body asks for a message that only one person sees.
pub(super) fn is_ephemeral(body: &Value) -> bool {
    body["flags"].as_u64().unwrap_or(0) & EPHEMERAL != 0
}

/// Tokens never get on the record.
pub(super) fn without_token(path: &str) -> String {
    let hide = |segment| if str::starts_with(segment, TOKEN) { "{token}" } else { segment };
    path.split('/').map(hide).collect::<Vec<_>>().join("/")
}
