//! The server (guild) that the small Discord starts with: who is there, who may see what.

use serde::Serialize;

use super::permissions::{self, Bits};

/// A whole guild as it is before anybody speaks.
#[derive(Clone, Debug)]
pub struct World {
    pub guild: u64,
    pub name: String,
    /// May do everything.
    pub owner: u64,
    /// The application and its bot user share this id, which is also in [`members`](Self::members).
    pub bot: u64,
    /// The role with the guild's own id is @everyone.
    pub roles: Vec<Role>,
    pub members: Vec<Member>,
    pub channels: Vec<Channel>,
}

#[derive(Clone, Debug)]
pub struct Role {
    pub id: u64,
    pub name: String,
    pub permissions: Bits,
    /// `0xRRGGBB`; 0 is "no colour".
    pub color: u32,
    /// Whether everybody may ping it, or only those with MENTION_EVERYONE.
    pub mentionable: bool,
}

#[derive(Clone, Debug)]
pub struct Member {
    pub id: u64,
    pub name: String,
    pub roles: Vec<u64>,
    pub standing: Standing,
}

/// What a member is to the support team. The page groups people by it; Discord itself knows only roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    Customer,
    Rep,
    Specialist,
    Manager,
    Bot,
}

#[derive(Clone, Debug)]
pub struct Channel {
    pub id: u64,
    pub name: String,
    pub topic: String,
    pub overwrites: Vec<Overwrite>,
}

/// An exception to a channel's permissions for one role or one member.
#[derive(Clone, Copy, Debug)]
pub struct Overwrite {
    pub who: Who,
    pub allow: Bits,
    pub deny: Bits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Role(u64),
    Member(u64),
}

impl World {
    /// "Harbor Support": the ids that `config.example.toml` names.
    pub fn example() -> Self {
        Self {
            guild: GUILD,
            name: "Harbor Support".into(),
            // Nobody here: an owner sees everything, which would make every closed channel open to one person.
            owner: 1,
            bot: BOT,
            roles: vec![
                role(GUILD, "@everyone", permissions::EVERYONE, 0, false),
                role(3900, "Bellhop", permissions::INVITED, 0x58_65_F2, false),
                role(3002, "Rep", 0, 0x1A_BC_9C, false),
                role(3003, "Tier 2", 0, 0x34_98_DB, true),
                role(3004, "Team Lead", 0, 0x9B_59_B6, true),
                role(3005, "Manager", 0, 0xE6_7E_22, true),
                role(3006, "Engineering", 0, 0x2E_CC_71, true),
                role(3007, "Legal", 0, 0xF1_C4_0F, true),
                role(3008, "IT Security", 0, 0xE7_4C_3C, true),
            ],
            members: vec![
                member(BOT, "Bellhop", &[3900], Standing::Bot),
                member(4001, "Rosa", &[3002], Standing::Rep),
                member(4002, "Sam", &[3003], Standing::Specialist),
                member(4003, "Tess", &[3004], Standing::Specialist),
                member(4004, "Mona", &[3005], Standing::Manager),
                member(4005, "Igor", &[3006], Standing::Specialist),
                member(4006, "Lena", &[3007], Standing::Specialist),
                member(4007, "Ivy", &[3008], Standing::Specialist),
                member(4008, "Raul", &[3002], Standing::Rep),
                member(4009, "Sofia", &[3003], Standing::Specialist),
                member(4101, "Dana", &[], Standing::Customer),
                member(4102, "Emil", &[], Standing::Customer),
                member(4103, "Farah", &[], Standing::Customer),
                member(4104, "Goran", &[], Standing::Customer),
            ],
            channels: vec![
                channel(2001, "support", "Customers ask, reps answer", &[]),
                channel(2002, "tier-1", "Reps among themselves", STAFF),
                channel(2003, "tier-2", "Specialists", STAFF),
                channel(2004, "team-leads", "Upset customers", STAFF),
                channel(2005, "managers", "Refunds, digests, the last rung", &[3005]),
                channel(2006, "engineering", "Outages", STAFF),
                channel(2007, "legal", "Confidential", &[3007]),
                channel(2008, "security", "Confidential", &[3008]),
            ],
        }
    }
}

const GUILD: u64 = 1000;
const BOT: u64 = 9000;
const STAFF: &[u64] = &[3002, 3003, 3004, 3005, 3006, 3007, 3008];

fn role(id: u64, name: &str, permissions: Bits, color: u32, mentionable: bool) -> Role {
    Role { id, name: name.into(), permissions, color, mentionable }
}

fn member(id: u64, name: &str, roles: &[u64], standing: Standing) -> Member {
    Member { id, name: name.into(), roles: roles.to_vec(), standing }
}

/// A channel for `roles` and the bot; for everybody if there are none.
fn channel(id: u64, name: &str, topic: &str, roles: &[u64]) -> Channel {
    let mut overwrites = Vec::new();
    if !roles.is_empty() {
        let view = permissions::VIEW_CHANNEL;
        overwrites.push(Overwrite { who: Who::Role(GUILD), allow: 0, deny: view });
        overwrites.extend(roles.iter().map(|role| Overwrite { who: Who::Role(*role), allow: view, deny: 0 }));
        overwrites.push(Overwrite { who: Who::Member(BOT), allow: view, deny: 0 });
    }
    Channel { id, name: name.into(), topic: topic.into(), overwrites }
}
