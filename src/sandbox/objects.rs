//! Discord's objects, as JSON, made from the model.
//! What serenity needs to find in each is the least; nothing that a bot could rely on is left out.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::state::{Kind, Place, State};
use super::world::{Overwrite, Role, Who};

/// When everybody joined. Nothing depends on it.
const JOINED: &str = "2026-01-01T00:00:00.000000+00:00";

impl State {
    pub fn user(&self, id: u64) -> Value {
        let bot = id == self.bot;
        json!({
            "id": id.to_string(), "username": self.name_of(id), "discriminator": "0", "global_name": null,
            "avatar": null, "bot": bot, "public_flags": 0,
        })
    }

    /// A member without its user, as messages carry it.
    pub fn partial_member(&self, id: u64) -> Value {
        let roles = self.members.get(&id).map(|member| texts(&member.roles)).unwrap_or_default();
        json!({"roles": roles, "deaf": false, "mute": false, "flags": 0, "nick": null, "joined_at": JOINED})
    }

    pub fn member(&self, id: u64) -> Value {
        let mut member = self.partial_member(id);
        member["user"] = self.user(id);
        member
    }

    pub fn role(&self, role: &Role) -> Value {
        json!({
            "id": role.id.to_string(), "name": role.name, "color": role.color,
            "colors": {"primary_color": role.color, "secondary_color": null, "tertiary_color": null},
            "hoist": false, "managed": false, "mentionable": role.mentionable, "flags": 0,
            "permissions": role.permissions.to_string(), "position": u8::from(role.id != self.guild),
        })
    }

    pub fn channel(&self, place: &Place) -> Value {
        let mut channel = json!({
            "id": place.id.to_string(), "type": place.type_number(), "flags": 0,
            "last_message_id": place.messages.keys().next_back().map(u64::to_string),
        });
        let more = match &place.kind {
            Kind::Direct(with) => json!({"recipients": [self.user(*with)]}),
            Kind::Text => json!({
                "guild_id": self.guild.to_string(), "name": place.name, "topic": place.topic, "position": 0,
                "parent_id": null, "nsfw": false, "rate_limit_per_user": 0,
                "permission_overwrites": place.overwrites.iter().map(overwrite).collect::<Vec<_>>(),
            }),
            Kind::Thread(thread) => json!({
                "guild_id": self.guild.to_string(), "name": place.name, "parent_id": thread.parent.to_string(),
                "owner_id": thread.owner.to_string(), "rate_limit_per_user": 0,
                "message_count": place.messages.len(), "member_count": thread.members.len().max(1),
                "thread_metadata": {
                    "archived": thread.archived, "locked": thread.locked, "invitable": false,
                    "auto_archive_duration": thread.auto_archive,
                    "archive_timestamp": timestamp(thread.created), "create_timestamp": timestamp(thread.created),
                },
            }),
        };
        merge(&mut channel, more);
        channel
    }

    /// The guild as REST tells it.
    pub fn guild_object(&self) -> Value {
        json!({
            "id": self.guild.to_string(), "name": self.name, "owner_id": self.owner.to_string(),
            "verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0,
            "roles": self.roles.values().map(|role| self.role(role)).collect::<Vec<_>>(),
            "emojis": [], "features": [], "mfa_level": 0, "system_channel_flags": 0, "premium_tier": 0,
            "preferred_locale": "en-US", "nsfw_level": 0, "stickers": [], "premium_progress_bar_enabled": false,
        })
    }

    /// The guild as GUILD_CREATE tells it. Without GUILD_MEMBERS a bot hears only of itself.
    pub fn guild_create(&self) -> Value {
        let channels = self.places.values().filter(|place| matches!(place.kind, Kind::Text));
        let threads = self.active_threads().filter(|place| self.sees(self.bot, place.id));
        let mut guild = self.guild_object();
        let more = json!({
            "joined_at": JOINED, "large": false, "member_count": self.members.len(), "voice_states": [],
            "members": [self.member(self.bot)], "channels": channels.map(|place| self.channel(place)).collect::<Vec<_>>(),
            "threads": threads.map(|place| self.channel(place)).collect::<Vec<_>>(),
            "presences": [], "stage_instances": [], "guild_scheduled_events": [],
        });
        merge(&mut guild, more);
        guild
    }
}

fn overwrite(overwrite: &Overwrite) -> Value {
    let (kind, id) = match overwrite.who {
        Who::Role(id) => (0, id),
        Who::Member(id) => (1, id),
    };
    let (allow, deny) = (overwrite.allow.to_string(), overwrite.deny.to_string());
    json!({"id": id.to_string(), "type": kind, "allow": allow, "deny": deny})
}

/// Discord writes microseconds and an offset.
pub(super) fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, false)
}

/// Ids as JSON carries them: 64 bits are too many for a JavaScript number.
pub(super) fn texts(ids: &[u64]) -> Vec<String> {
    ids.iter().map(u64::to_string).collect()
}

/// Adds the keys of `more` to `object`.
pub(super) fn merge(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}
