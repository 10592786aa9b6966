//! Who a text really pings: what it mentions, cut by `allowed_mentions`, by permissions and by who can see it.
//! <https://github.com/discord/discord-api-docs> resources/message, "Allowed Mentions Object"

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::permissions;
use super::state::State;
use super::world::Standing;

/// What a text mentions, whether or not it may ping.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Mentioned {
    pub users: BTreeSet<u64>,
    pub roles: BTreeSet<u64>,
    /// `@everyone` or `@here`.
    pub everyone: bool,
}

/// What a request lets its text ping.
#[derive(Clone, Debug)]
pub(super) struct Allowed {
    users: Which,
    roles: Which,
    everyone: bool,
}

#[derive(Clone, Debug)]
enum Which {
    All,
    Only(BTreeSet<u64>),
}

/// Who is pinged, and what the message object says of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Pings {
    /// Everybody who gets a notification, roles expanded.
    pub people: Vec<u64>,
    /// Users named one by one (`mentions`).
    pub users: Vec<u64>,
    /// Roles that ping (`mention_roles`).
    pub roles: Vec<u64>,
    pub everyone: bool,
}

impl Allowed {
    /// What people may do, and what a bot's message does if it says nothing.
    pub fn everything() -> Self {
        Self { users: Which::All, roles: Which::All, everyone: true }
    }

    /// What an answer to an interaction does if it says nothing.
    pub fn users_only() -> Self {
        Self { users: Which::All, roles: Which::Only(BTreeSet::new()), everyone: false }
    }

    /// Reads an `allowed_mentions` object that has been checked.
    pub fn read(object: &Value) -> Self {
        let parses = |kind: &str| object["parse"].as_array().is_some_and(|parse| parse.iter().any(|one| one == kind));
        let which = |kind: &str| {
            if parses(kind) {
                return Which::All;
            }
            let ids = object[kind].as_array().into_iter().flatten();
            Which::Only(ids.filter_map(id).collect())
        };
        Self { users: which("users"), roles: which("roles"), everyone: parses("everyone") }
    }
}

impl Which {
    fn contains(&self, id: u64) -> bool {
        match self {
            Self::All => true,
            Self::Only(ids) => ids.contains(&id),
        }
    }
}

impl State {
    pub fn pings(&self, author: u64, place: u64, text: &str, allowed: &Allowed) -> Pings {
        // Most messages mention nobody.
        if !text.contains('@') {
            return Pings::default();
        }
        let mentioned = mentioned(text);
        let may_ping_all = self.may(author, place, permissions::MENTION_EVERYONE);
        let users: Vec<u64> = mentioned
            .users
            .into_iter()
            .filter(|user| allowed.users.contains(*user) && self.members.contains_key(user))
            .collect();
        let pings = |role: u64| self.roles.get(&role).is_some_and(|role| role.mentionable || may_ping_all);
        let roles: Vec<u64> =
            mentioned.roles.into_iter().filter(|role| allowed.roles.contains(*role) && pings(*role)).collect();
        let everyone = mentioned.everyone && allowed.everyone && may_ping_all;
        let hit = |id: u64, own: &[u64]| everyone || users.contains(&id) || own.iter().any(|role| roles.contains(role));
        let people = self
            .members
            .values()
            .filter(|member| member.id != author && member.standing != Standing::Bot)
            .filter(|member| hit(member.id, &member.roles) && self.sees(member.id, place))
            .map(|member| member.id)
            .collect();
        Pings { people, users, roles, everyone }
    }
}

/// Everything `text` mentions outside code, where Discord shows it as it is written.
pub(crate) fn mentioned(text: &str) -> Mentioned {
    static MENTION: LazyLock<Regex> = LazyLock::new(|| {
        // Code first: what it swallows is no mention.
        Regex::new(
            r"(?s)```.*?```|``.*?``|`[^`]*`|<@!?(?<user>\d{1,20})>|<@&(?<role>\d{1,20})>|(?<all>@everyone|@here)",
        )
        .expect("the pattern is constant")
    });
    let mut mentioned = Mentioned::default();
    for found in MENTION.captures_iter(text) {
        let id = |name| found.name(name).and_then(|id| id.as_str().parse::<u64>().ok());
        mentioned.users.extend(id("user"));
        mentioned.roles.extend(id("role"));
        mentioned.everyone |= found.name("all").is_some();
    }
    mentioned
}

/// A snowflake in JSON: Discord takes strings, and numbers too.
pub(super) fn id(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: &Expect) {
        let Mentioned { users, roles, everyone } = mentioned(text);
        expected.assert_eq(&format!("users {users:?} roles {roles:?} everyone {everyone}"));
    }

    #[test]
    fn mentions_are_found_outside_code_only() {
        check("<@5> <@!6> <@&7> hi", &expect!["users {5, 6} roles {7} everyone false"]);
        check("@here", &expect!["users {} roles {} everyone true"]);
        check("`<@5>` ```\n@everyone <@&7>``` <@8>", &expect!["users {8} roles {} everyone false"]);
        check("an ` alone hides nothing <@5>", &expect!["users {5} roles {} everyone false"]);
        check("<@> <@99999999999999999999999> <#5>", &expect!["users {} roles {} everyone false"]);
    }
}
