//! What Discord says, in the desk's terms.

use chrono::{DateTime, Utc};
use serde_json::Value;
use serenity::model::channel::Message as DiscordMessage;
use serenity::model::event::MessageUpdateEvent;
use serenity::model::guild::PartialMember;
use serenity::model::id::RoleId;
use serenity::model::user::User;

use crate::adapters::discord::guild::snowflake;
use crate::engine::input::{Body, Input, InputId, Position};
use crate::sop::desk::Request;
use crate::sop::escalation::Actor;
use crate::sop::message::{Message, Person, PersonId, Standing};
use crate::sop::procedure::Procedure;
use crate::sop::team::TeamId;

/// Which roles make somebody staff, and which team they belong to.
#[derive(Clone, Debug)]
pub(crate) struct Roles {
    staff: Vec<String>,
    teams: Vec<(String, TeamId, bool)>,
}

impl Roles {
    pub(crate) fn new(staff: &[u64], procedure: &Procedure) -> Self {
        let team = |team: &crate::sop::team::Team| (team.group.clone(), team.id.clone(), team.manages);
        Self {
            staff: staff.iter().map(ToString::to_string).collect(),
            teams: procedure.teams.iter().map(team).collect(),
        }
    }

    pub(crate) fn standing(&self, is_bot: bool, roles: &[String]) -> Standing {
        let is_team = |role: &String| self.teams.iter().any(|(group, _, _)| group == role);
        if is_bot {
            Standing::Bot
        } else if roles.iter().any(|role| self.staff.contains(role) || is_team(role)) {
            Standing::Staff
        } else {
            Standing::Customer
        }
    }

    /// Who gave a command, from the roles that Discord sent with it: asked anew each time.
    pub(crate) fn actor(&self, user: &User, roles: &[RoleId]) -> Actor {
        let roles: Vec<String> = roles.iter().map(ToString::to_string).collect();
        let teams: Vec<_> = self.teams.iter().filter(|(group, _, _)| roles.contains(group)).collect();
        Actor {
            person: person(user, self.standing(user.bot, &roles)),
            manages: teams.iter().any(|(_, _, manages)| *manages),
            teams: teams.into_iter().map(|(_, team, _)| team.clone()).collect(),
        }
    }
}

pub(crate) fn person(user: &User, standing: Standing) -> Person {
    Person { id: user.id.to_string().into(), name: user.display_name().into(), standing }
}

/// Whom a message names, and whose message it answers.
fn addressed(mentions: &[User], answered: Option<&DiscordMessage>) -> Vec<PersonId> {
    let users = mentions.iter().chain(answered.map(|message| &message.author));
    users.map(|user| user.id.to_string().into()).collect()
}

/// The same of a message as REST gives it.
fn addressed_in(message: &Value) -> Vec<PersonId> {
    let users = message["mentions"].as_array().into_iter().flatten().chain([&message["referenced_message"]["author"]]);
    users.filter_map(|user| user["id"].as_str()).map(PersonId::from).collect()
}

/// A message from the gateway. `member` comes with it inside a server; a message of a webhook has none.
pub(crate) fn posted(message: &DiscordMessage, roles: &Roles) -> Message {
    let is_bot = message.author.bot || message.webhook_id.is_some();
    Message {
        id: message.id.to_string().into(),
        place: message.channel_id.to_string().into(),
        author: person(&message.author, roles.standing(is_bot, &role_names(message.member.as_deref()))),
        text: message.content.clone(),
        at: *message.timestamp,
        edited: false,
        to: addressed(&message.mentions, message.referenced_message.as_deref()),
    }
}

/// An edit, if it changed what was said. Discord also sends updates when it has unfolded a link: those carry no time
/// of an edit.
pub(crate) fn edited(event: &MessageUpdateEvent, roles: &Roles) -> Option<(InputId, Message)> {
    let (at, text) = (event.edited_timestamp?, event.content.clone()?);
    let author = event.author.as_ref()?;
    let member = event.member.as_ref().and_then(|member| member.as_deref());
    let is_bot = author.bot || event.webhook_id.flatten().is_some();
    let message = Message {
        id: event.id.to_string().into(),
        place: event.channel_id.to_string().into(),
        author: person(author, roles.standing(is_bot, &role_names(member))),
        text,
        at: *at,
        edited: true,
        to: Vec::new(),
    };
    Some((InputId(format!("edit:{}:{}", event.id, at.timestamp_millis())), message))
}

fn role_names(member: Option<&PartialMember>) -> Vec<String> {
    member.map(|member| member.roles.iter().map(ToString::to_string).collect()).unwrap_or_default()
}

/// A message as REST gives it, or one that serenity could not read because of an unknown component: what is needed
/// of it, leniently. `roles_of` the author come from elsewhere where REST leaves them out.
pub(crate) fn salvaged(message: &Value, roles: &Roles, roles_of: &[String]) -> Option<Message> {
    let author = &message["author"];
    let id = author["id"].as_str()?;
    let is_bot = author["bot"].as_bool().unwrap_or(false) || message["webhook_id"].is_string();
    let name = author["global_name"].as_str().or_else(|| author["username"].as_str()).unwrap_or(id);
    let at = message["timestamp"].as_str().and_then(|at| DateTime::parse_from_rfc3339(at).ok())?;
    Some(Message {
        id: message["id"].as_str()?.into(),
        place: message["channel_id"].as_str()?.into(),
        author: Person { id: id.into(), name: name.into(), standing: roles.standing(is_bot, roles_of) },
        text: message["content"].as_str().unwrap_or_default().to_owned(),
        at: at.with_timezone(&Utc),
        edited: false,
        to: addressed_in(message),
    })
}

/// Ids of the roles in a member object.
pub(crate) fn roles_in(member: &Value) -> Vec<String> {
    let roles = member["roles"].as_array().into_iter().flatten();
    roles.filter_map(|role| snowflake(role).map(|id| id.to_string())).collect()
}

/// Somebody as REST gives a member of the server.
pub(crate) fn actor_in(member: &Value, roles: &Roles) -> Option<Actor> {
    let user: User = serde_json::from_value(member["user"].clone()).ok()?;
    let held: Vec<RoleId> = serde_json::from_value(member["roles"].clone()).ok()?;
    Some(roles.actor(&user, &held))
}

/// A posted message as an input: known by its own id, and how far its place has been read.
pub(crate) fn heard(message: Message) -> Input {
    let position = Position { place: message.place.clone(), message: message.id.clone() };
    let id = InputId(format!("message:{}", message.id));
    Input { id, body: Body::Request { request: Box::new(Request::Message(message)), position: Some(position) } }
}
