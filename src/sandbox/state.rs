//! The model of the other side: the guild as it is now, who may do what in it, and how it changes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::attachments::Files;
use super::faults::Faults;
use super::interactions::Interaction;
use super::messages::Message;
use super::oauth::Oauth;
use super::objects::timestamp;
use super::permissions::{self, Bits};
use super::seen::Record;
use super::sessions::{self, Dispatch, Sessions};
use super::world::{Member, Overwrite, Role, Standing, Who, World};
use crate::engine::clock::Clock;

/// 2015-01-01T00:00:00Z in Unix milliseconds: where snowflakes start counting.
const DISCORD_EPOCH: i64 = 1_420_070_400_000;
/// Page events a slow viewer may lag behind before it is told to reload.
const PAGE_EVENTS: usize = 4_096;

/// Everything that changes, behind one lock that is never held across an await.
pub(super) struct State {
    pub guild: u64,
    pub name: String,
    pub owner: u64,
    pub bot: u64,
    pub roles: BTreeMap<u64, Role>,
    pub members: BTreeMap<u64, Member>,
    pub places: BTreeMap<u64, Place>,
    /// As registered by the bot.
    pub commands: Vec<Value>,
    pub interactions: BTreeMap<u64, Interaction>,
    pub sessions: Sessions,
    pub record: Record,
    pub faults: Faults,
    pub files: Files,
    pub oauth: Oauth,
    /// The dashboard of the bot, if it has one.
    pub dashboard: Option<String>,
    /// What open pages are told.
    pub page: broadcast::Sender<PageEvent>,
    /// Where the bot finds the gateway.
    pub gateway_url: String,
    clock: Clock,
    last_id: u64,
}

/// Where people talk.
pub(super) struct Place {
    pub id: u64,
    pub name: String,
    pub topic: String,
    pub kind: Kind,
    pub overwrites: Vec<Overwrite>,
    pub messages: BTreeMap<u64, Message>,
    /// The newest `enforce_nonce`s: who, which, when, and the message that used it first.
    pub nonces: VecDeque<(u64, Value, Instant, u64)>,
}

pub(super) enum Kind {
    Text,
    Thread(Thread),
    /// A conversation of one person with the bot.
    Direct(u64),
}

pub(super) struct Thread {
    pub parent: u64,
    pub private: bool,
    pub archived: bool,
    pub locked: bool,
    pub owner: u64,
    /// Minutes: 60, 1440, 4320 or 10080.
    pub auto_archive: u64,
    pub created: DateTime<Utc>,
    pub members: BTreeSet<u64>,
}

/// Something an open page shows at once.
#[derive(Clone)]
pub(super) struct PageEvent {
    pub name: &'static str,
    /// Only people who may see this place are told.
    pub place: Option<u64>,
    /// Only this person is told.
    pub only_for: Option<u64>,
    pub data: std::sync::Arc<str>,
}

impl State {
    pub fn new(world: World, clock: Clock, gateway_url: String) -> Self {
        let places = world.channels.into_iter().map(|channel| {
            let mut place = Place::new(channel.id, channel.name, Kind::Text);
            place.topic = channel.topic;
            place.overwrites = channel.overwrites;
            (place.id, place)
        });
        Self {
            guild: world.guild,
            name: world.name,
            owner: world.owner,
            bot: world.bot,
            roles: world.roles.into_iter().map(|role| (role.id, role)).collect(),
            members: world.members.into_iter().map(|member| (member.id, member)).collect(),
            places: places.collect(),
            commands: Vec::new(),
            interactions: BTreeMap::new(),
            sessions: Sessions::new(),
            record: Record::default(),
            faults: Faults::default(),
            files: Files::default(),
            oauth: Oauth::default(),
            dashboard: None,
            page: broadcast::Sender::new(PAGE_EVENTS),
            gateway_url,
            clock,
            last_id: 0,
        }
    }

    /// A new snowflake: rises strictly, even while the clock stands still.
    pub fn new_id(&mut self) -> u64 {
        let millis = self.clock.now().timestamp_millis() - DISCORD_EPOCH;
        let now = u64::try_from(millis).unwrap_or(0) << 22;
        self.last_id = now.max(self.last_id + 1);
        self.last_id
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn timestamp(&self) -> String {
        timestamp(self.now())
    }

    /// The name of a person, for sentences.
    pub fn name_of(&self, user: u64) -> String {
        self.members.get(&user).map_or_else(|| user.to_string(), |member| member.name.clone())
    }

    // --- permissions ---------------------------------------------------------------------------------------------

    /// What `user` may do in `place`; nothing if either does not exist. In a thread SEND_MESSAGES says whether one
    /// may write in it.
    pub fn permissions(&self, user: u64, place: u64) -> Bits {
        let (Some(member), Some(place)) = (self.members.get(&user), self.places.get(&place)) else { return 0 };
        match &place.kind {
            Kind::Direct(with) if user == *with || user == self.bot => permissions::EVERYONE,
            Kind::Direct(_) => 0,
            Kind::Text => self.permissions_in_channel(member, place),
            Kind::Thread(thread) => {
                let Some(parent) = self.places.get(&thread.parent) else { return 0 };
                let bits = self.permissions_in_channel(member, parent);
                let outside =
                    thread.private && !thread.members.contains(&user) && bits & permissions::MANAGE_THREADS == 0;
                if outside {
                    return 0;
                }
                let may_write = bits & permissions::SEND_MESSAGES_IN_THREADS != 0;
                bits & !permissions::SEND_MESSAGES | if may_write { permissions::SEND_MESSAGES } else { 0 }
            }
        }
    }

    fn permissions_in_channel(&self, member: &Member, place: &Place) -> Bits {
        if member.id == self.owner {
            return permissions::ALL;
        }
        let base = std::iter::once(&self.guild)
            .chain(&member.roles)
            .filter_map(|role| self.roles.get(role))
            .fold(0, |bits, role| bits | role.permissions);
        permissions::in_channel(base, &place.overwrites, self.guild, &member.roles, member.id)
    }

    pub fn may(&self, user: u64, place: u64, wanted: Bits) -> bool {
        self.permissions(user, place) & wanted == wanted
    }

    // --- telling -------------------------------------------------------------------------------------------------

    /// Tells the bot, if a session asked for `intents`.
    pub fn dispatch(&mut self, kind: &'static str, intents: u64, data: &Value) {
        self.sessions.dispatch(&Dispatch { kind, intents, data, redacted: None });
    }

    /// Tells open pages.
    pub fn show(&self, name: &'static str, place: Option<u64>, only_for: Option<u64>, data: impl FnOnce() -> Value) {
        if self.page.receiver_count() > 0 {
            // Nobody listening any more is no error.
            let _ = self.page.send(PageEvent { name, place, only_for, data: data().to_string().into() });
        }
    }

    pub fn sees(&self, user: u64, place: u64) -> bool {
        self.may(user, place, permissions::VIEW_CHANNEL)
    }

    // --- the guild changes ---------------------------------------------------------------------------------------

    pub fn join(&mut self, name: &str, standing: Standing) -> u64 {
        let id = self.new_id();
        self.members.insert(id, Member { id, name: name.to_owned(), roles: Vec::new(), standing });
        self.tell_member("GUILD_MEMBER_ADD", id);
        id
    }

    pub fn set_roles(&mut self, user: u64, roles: &[u64]) {
        if let Some(member) = self.members.get_mut(&user) {
            member.roles = roles.to_vec();
            self.tell_member("GUILD_MEMBER_UPDATE", user);
        }
    }

    fn tell_member(&mut self, kind: &'static str, user: u64) {
        let mut member = self.member(user);
        member["guild_id"] = json!(self.guild.to_string());
        self.dispatch(kind, sessions::GUILD_MEMBERS, &member);
        self.show("channel", None, None, || json!({}));
    }

    pub fn remove_place(&mut self, id: u64) -> Option<Place> {
        let place = self.places.remove(&id)?;
        let kind = if matches!(place.kind, Kind::Thread(_)) { "THREAD_DELETE" } else { "CHANNEL_DELETE" };
        let channel = self.channel(&place);
        self.dispatch(kind, sessions::GUILDS, &channel);
        self.show("channel", None, None, || json!({"id": id.to_string(), "gone": true}));
        Some(place)
    }

    /// The bot may no longer do this in `place`.
    pub fn deny_bot(&mut self, place: u64, deny: permissions::Bits) {
        let who = Who::Member(self.bot);
        let Some(place) = self.places.get_mut(&place) else { return };
        match place.overwrites.iter_mut().find(|overwrite| overwrite.who == who) {
            Some(own) => (own.allow, own.deny) = (own.allow & !deny, own.deny | deny),
            None => place.overwrites.push(Overwrite { who, allow: 0, deny }),
        }
        let id = place.id;
        let channel = self.channel(&self.places[&id]);
        self.dispatch("CHANNEL_UPDATE", sessions::GUILDS, &channel);
    }

    /// Takes every overwrite from a channel: whoever is on the server can see it.
    pub fn open_to_all(&mut self, place: u64) {
        let Some(place) = self.places.get_mut(&place) else { return };
        place.overwrites.clear();
        let id = place.id;
        let channel = self.channel(&self.places[&id]);
        self.dispatch("CHANNEL_UPDATE", sessions::GUILDS, &channel);
    }

    /// The conversation of `user` with the bot, opened if there is none.
    pub fn direct(&mut self, user: u64) -> u64 {
        let open = self.places.values().find(|place| matches!(place.kind, Kind::Direct(with) if with == user));
        if let Some(place) = open {
            return place.id;
        }
        let id = self.new_id();
        let name = self.name_of(user);
        self.places.insert(id, Place::new(id, name, Kind::Direct(user)));
        self.show("channel", Some(id), None, || json!({"id": id.to_string()}));
        id
    }

    /// A message by `author` brings an archived thread back.
    pub fn wake_thread(&mut self, place: u64, author: u64) {
        let Some(Place { kind: Kind::Thread(thread), .. }) = self.places.get_mut(&place) else { return };
        thread.members.insert(author);
        if thread.archived {
            thread.archived = false;
            self.tell_thread("THREAD_UPDATE", place);
        }
    }

    /// Nothing was said in a thread for so long that it is out of sight.
    pub fn archive_thread(&mut self, place: u64) {
        let Some(Place { kind: Kind::Thread(thread), .. }) = self.places.get_mut(&place) else { return };
        thread.archived = true;
        self.tell_thread("THREAD_UPDATE", place);
    }

    /// Tells the bot, if it sees the thread, and open pages.
    pub fn tell_thread(&mut self, kind: &'static str, place: u64) {
        if self.sees(self.bot, place) {
            let mut channel = self.channel(&self.places[&place]);
            if kind == "THREAD_CREATE" {
                channel["newly_created"] = json!(true);
            }
            self.dispatch(kind, sessions::GUILDS, &channel);
        }
        self.show("channel", Some(place), None, || json!({"id": place.to_string()}));
    }

    /// Threads that are not archived.
    pub fn active_threads(&self) -> impl Iterator<Item = &Place> {
        let active = |place: &&Place| matches!(&place.kind, Kind::Thread(thread) if !thread.archived);
        self.places.values().filter(active)
    }

    /// Opens a thread with this `id` (its first message's, or a fresh one).
    pub fn open_thread(&mut self, id: u64, name: &str, parent: u64, owner: u64, private: bool, auto_archive: u64) {
        let thread = Thread {
            parent,
            private,
            archived: false,
            locked: false,
            owner,
            auto_archive,
            created: self.now(),
            members: BTreeSet::from([owner]),
        };
        self.places.insert(id, Place::new(id, name.to_owned(), Kind::Thread(thread)));
        self.tell_thread("THREAD_CREATE", id);
    }
}

impl Place {
    pub fn new(id: u64, name: String, kind: Kind) -> Self {
        let (overwrites, messages, nonces) = (Vec::new(), BTreeMap::new(), VecDeque::new());
        Self { id, name, topic: String::new(), kind, overwrites, messages, nonces }
    }

    /// Discord's number for the kind of channel.
    pub fn type_number(&self) -> u8 {
        match &self.kind {
            Kind::Text => 0,
            Kind::Direct(_) => 1,
            Kind::Thread(thread) if thread.private => 12,
            Kind::Thread(_) => 11,
        }
    }
}
