//! What the bot knows of its server: who it is itself, which places there are, and who can see them.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use serde_json::Value;

use crate::sop::message::PlaceId;

/// The bit of VIEW_CHANNEL (<https://discord.com/developers/docs/topics/permissions>).
pub(crate) const VIEW_CHANNEL: u64 = 1 << 10;
const ADMINISTRATOR: u64 = 1 << 3;

/// The bot's server. Read at the start, kept current from the gateway.
pub(crate) struct Guild {
    id: u64,
    me: u64,
    application: u64,
    /// Roles that may see confidential cases.
    cleared: Vec<u64>,
    seen: RwLock<Seen>,
}

#[derive(Default)]
struct Seen {
    channels: HashMap<u64, Channel>,
    roles: HashMap<u64, Role>,
    /// The bot's own roles, but for @everyone.
    mine: Vec<u64>,
}

#[derive(Clone, Debug)]
struct Role {
    name: String,
    /// In the whole server.
    permissions: u64,
    /// The role that came with the bot and has no other member.
    is_own: bool,
    /// Whether everybody may ping it.
    is_mentionable: bool,
}

#[derive(Clone, Debug)]
struct Channel {
    name: String,
    /// Of a thread: the channel it hangs on.
    parent: Option<u64>,
    is_thread: bool,
    overwrites: Vec<Overwrite>,
}

#[derive(Clone, Copy, Debug)]
struct Overwrite {
    id: u64,
    is_role: bool,
    allow: u64,
    deny: u64,
}

impl Guild {
    pub(crate) fn new(id: u64, me: u64, application: u64, cleared: Vec<u64>) -> Self {
        Self { id, me, application, cleared, seen: RwLock::default() }
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn application(&self) -> u64 {
        self.application
    }

    pub(crate) fn is_me(&self, id: &Value) -> bool {
        id.as_str().and_then(|id| id.parse().ok()) == Some(self.me)
    }

    /// Everything anew, at once, but for threads: Discord lists those elsewhere.
    pub(crate) fn relearn(&self, channels: &Value, roles: &Value) {
        let fresh = Self::new(self.id, self.me, self.application, Vec::new());
        fresh.learn_channels(channels);
        fresh.learn_roles(roles);
        let Seen { mut channels, roles, .. } = fresh.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut seen = self.write();
        channels.extend(seen.channels.drain().filter(|(_, channel)| channel.is_thread));
        (seen.channels, seen.roles) = (channels, roles);
    }

    pub(crate) fn learn_channels(&self, channels: &Value) {
        for channel in channels.as_array().into_iter().flatten() {
            self.learn_channel(channel);
        }
    }

    pub(crate) fn learn_channel(&self, channel: &Value) {
        let Some(id) = snowflake(&channel["id"]) else { return };
        let overwrites = channel["permission_overwrites"].as_array().into_iter().flatten().filter_map(overwrite);
        let learned = Channel {
            name: shown_name(&channel["name"]),
            parent: snowflake(&channel["parent_id"]),
            // Announcement, public and private threads
            // (<https://discord.com/developers/docs/resources/channel#channel-object-channel-types>).
            is_thread: matches!(channel["type"].as_u64(), Some(10..=12)),
            overwrites: overwrites.collect(),
        };
        self.write().channels.insert(id, learned);
    }

    pub(crate) fn forget_channel(&self, id: u64) {
        self.write().channels.remove(&id);
    }

    pub(crate) fn learn_roles(&self, roles: &Value) {
        for role in roles.as_array().into_iter().flatten() {
            self.learn_role(role);
        }
    }

    pub(crate) fn learn_role(&self, role: &Value) {
        if let (Some(id), Some(permissions)) = (snowflake(&role["id"]), bits(&role["permissions"])) {
            let is_own = self.is_me(&role["tags"]["bot_id"]);
            let is_mentionable = role["mentionable"].as_bool().unwrap_or_default();
            self.write()
                .roles
                .insert(id, Role { name: shown_name(&role["name"]), permissions, is_own, is_mentionable });
        }
    }

    /// The bot as a member.
    pub(crate) fn learn_me(&self, member: &Value) {
        let roles = member["roles"].as_array().into_iter().flatten();
        self.write().mine = roles.filter_map(snowflake).collect();
    }

    pub(crate) fn me(&self) -> u64 {
        self.me
    }

    pub(crate) fn channel_name(&self, id: u64) -> Option<String> {
        self.read().channels.get(&id).map(|channel| channel.name.clone())
    }

    pub(crate) fn role_name(&self, id: u64) -> Option<String> {
        self.read().roles.get(&id).map(|role| role.name.clone())
    }

    /// Whether everybody may ping a role.
    pub(crate) fn is_mentionable(&self, role: u64) -> bool {
        self.read().roles.get(&role).is_some_and(|role| role.is_mentionable)
    }

    /// What the bot may do in a channel, one bit for each permission, in Discord's order of overwrites
    /// (<https://discord.com/developers/docs/topics/permissions#permission-overwrites>).
    pub(crate) fn may(&self, channel: u64) -> u64 {
        let seen = self.read();
        let Some(channel) = seen.channels.get(&channel) else { return 0 };
        let is_mine = |id: &u64| *id == self.id || seen.mine.contains(id);
        let base = seen.roles.iter().filter(|(id, _)| is_mine(id)).fold(0, |bits, (_, role)| bits | role.permissions);
        if base & ADMINISTRATOR != 0 {
            return u64::MAX;
        }
        let overwrites = |applies: &dyn Fn(&Overwrite) -> bool| {
            let (allow, deny) = channel
                .overwrites
                .iter()
                .filter(|over| applies(over))
                .fold((0, 0), |(allow, deny), over| (allow | over.allow, deny | over.deny));
            Overwrite { id: 0, is_role: true, allow, deny }
        };
        let everyone = overwrites(&|over| over.is_role && over.id == self.id);
        let roles = overwrites(&|over| over.is_role && over.id != self.id && is_mine(&over.id));
        let own = overwrites(&|over| !over.is_role && over.id == self.me);
        after(after(after(base, Some(&everyone)), Some(&roles)), Some(&own))
    }

    pub(crate) fn has_channel(&self, id: u64) -> bool {
        self.read().channels.contains_key(&id)
    }

    pub(crate) fn has_role(&self, id: u64) -> bool {
        self.read().roles.contains_key(&id)
    }

    /// The channel that a thread hangs on; `None` for a place that is no thread.
    pub(crate) fn parent(&self, id: u64) -> Option<u64> {
        self.read().channels.get(&id).filter(|channel| channel.is_thread).and_then(|channel| channel.parent)
    }

    /// Threads known to hang on one of these channels.
    pub(crate) fn threads_of(&self, parents: &[u64]) -> Vec<u64> {
        let seen = self.read();
        let hangs = |channel: &Channel| channel.is_thread && channel.parent.is_some_and(|id| parents.contains(&id));
        let mut threads: Vec<u64> =
            seen.channels.iter().filter(|(_, channel)| hangs(channel)).map(|(id, _)| *id).collect();
        threads.sort_unstable();
        threads
    }

    /// Whether only cleared roles, administrators and the bot can see a place. The error is a sentence for a person,
    /// in a terminal or in the chat, so it names ids and makes no mentions.
    pub(crate) fn is_closed(&self, place: &PlaceId) -> Result<(), String> {
        let open = |who: &str| format!("channel {place} can be seen by {who}, so nothing confidential is posted there");
        let Ok(id) = place.as_str().parse::<u64>() else {
            return Err("the team has no place for confidential cases".to_owned());
        };
        let seen = self.read();
        let Some(channel) = seen.channels.get(&id) else { return Err(format!("there is no channel {id}")) };
        let everyone = seen.roles.get(&self.id).map_or(VIEW_CHANNEL, |role| role.permissions);
        let role_overwrite = |id: u64| channel.overwrites.iter().find(|over| over.is_role && over.id == id);
        if after(everyone, role_overwrite(self.id)) & VIEW_CHANNEL != 0 {
            return Err(open("everyone"));
        }
        let mut roles: Vec<(u64, &Role)> = seen.roles.iter().map(|(id, role)| (*id, role)).collect();
        roles.sort_unstable_by_key(|(id, _)| *id);
        for (id, role) in roles {
            let is_cleared = id == self.id || role.is_own || self.cleared.contains(&id);
            let is_administrator = role.permissions & ADMINISTRATOR != 0;
            let base = after(everyone | role.permissions, role_overwrite(self.id));
            let can_see = after(base, role_overwrite(id)) & VIEW_CHANNEL != 0;
            if can_see && !is_cleared && !is_administrator {
                return Err(open(&format!("the role {id}")));
            }
        }
        let member = channel
            .overwrites
            .iter()
            .find(|over| !over.is_role && over.id != self.me && over.allow & VIEW_CHANNEL != 0);
        match member {
            Some(over) => Err(open(&format!("the member {}, who has a permission of their own", over.id))),
            None => Ok(()),
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Seen> {
        self.seen.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Seen> {
        self.seen.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn after(permissions: u64, overwrite: Option<&Overwrite>) -> u64 {
    overwrite.map_or(permissions, |over| permissions & !over.deny | over.allow)
}

fn overwrite(value: &Value) -> Option<Overwrite> {
    Some(Overwrite {
        id: snowflake(&value["id"])?,
        is_role: value["type"].as_u64() == Some(0) || value["type"].as_str() == Some("0"),
        allow: bits(&value["allow"])?,
        deny: bits(&value["deny"])?,
    })
}

pub(crate) fn snowflake(value: &Value) -> Option<u64> {
    value.as_str()?.parse().ok()
}

/// A name as a terminal may show it.
pub(crate) fn shown_name(value: &Value) -> String {
    value.as_str().unwrap_or_default().chars().filter(|letter| !letter.is_control()).collect()
}

fn bits(value: &Value) -> Option<u64> {
    value.as_str()?.parse().ok()
}
