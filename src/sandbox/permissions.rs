//! Who may do what where.
//! <https://github.com/discord/discord-api-docs> topics/permissions

use super::world::{Overwrite, Who};

/// A set of permissions, one bit each.
pub type Bits = u64;

pub const ADMINISTRATOR: Bits = 1 << 3;
pub const VIEW_CHANNEL: Bits = 1 << 10;
pub const SEND_MESSAGES: Bits = 1 << 11;
pub const MANAGE_MESSAGES: Bits = 1 << 13;
pub const EMBED_LINKS: Bits = 1 << 14;
pub const ATTACH_FILES: Bits = 1 << 15;
pub const READ_MESSAGE_HISTORY: Bits = 1 << 16;
pub const MENTION_EVERYONE: Bits = 1 << 17;
pub const USE_APPLICATION_COMMANDS: Bits = 1 << 31;
pub const MANAGE_THREADS: Bits = 1 << 34;
pub const CREATE_PUBLIC_THREADS: Bits = 1 << 35;
pub const CREATE_PRIVATE_THREADS: Bits = 1 << 36;
pub const SEND_MESSAGES_IN_THREADS: Bits = 1 << 38;

pub const ALL: Bits = (1 << 53) - 1;

/// What a member may do in a fresh server, as far as the small Discord knows it.
pub const EVERYONE: Bits = VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | USE_APPLICATION_COMMANDS
    | CREATE_PUBLIC_THREADS
    | SEND_MESSAGES_IN_THREADS;

/// What Bellhop's invitation link asks for (395137240064).
pub const INVITED: Bits = VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | MENTION_EVERYONE
    | MANAGE_THREADS
    | CREATE_PUBLIC_THREADS
    | CREATE_PRIVATE_THREADS
    | SEND_MESSAGES_IN_THREADS;

/// What is left of `base` (@everyone and all roles together) under a channel's `overwrites`, in Discord's order:
/// @everyone, then all roles' denials, then all roles' allowances, then the member's own.
pub fn in_channel(base: Bits, overwrites: &[Overwrite], guild: u64, roles: &[u64], member: u64) -> Bits {
    if base & ADMINISTRATOR != 0 {
        return ALL;
    }
    let everyone = |who| who == Who::Role(guild);
    let role = |who| matches!(who, Who::Role(id) if id != guild && roles.contains(&id));
    let own = |who| who == Who::Member(member);
    let after = |bits, applies: &dyn Fn(Who) -> bool| {
        let (deny, allow) = overwrites
            .iter()
            .filter(|overwrite| applies(overwrite.who))
            .fold((0, 0), |(deny, allow), overwrite| (deny | overwrite.deny, allow | overwrite.allow));
        bits & !deny | allow
    };
    let bits = after(after(after(base, &everyone), &role), &own);
    if bits & VIEW_CHANNEL == 0 { 0 } else { bits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_invitation_is_the_documented_number() {
        assert_eq!(INVITED, 395_137_240_064);
    }

    #[test]
    fn a_role_opens_what_everyone_is_denied_and_the_member_has_the_last_word() {
        let overwrite = |who, allow, deny| Overwrite { who, allow, deny };
        let mut overwrites = vec![
            overwrite(Who::Role(1), 0, VIEW_CHANNEL),
            overwrite(Who::Role(2), VIEW_CHANNEL, 0),
            overwrite(Who::Role(3), 0, SEND_MESSAGES),
        ];
        assert_eq!(in_channel(EVERYONE, &overwrites, 1, &[], 7), 0);
        assert_eq!(in_channel(EVERYONE, &overwrites, 1, &[2], 7), EVERYONE);
        assert_eq!(in_channel(EVERYONE, &overwrites, 1, &[2, 3], 7) & SEND_MESSAGES, 0);
        overwrites.push(overwrite(Who::Member(7), SEND_MESSAGES, 0));
        assert_eq!(in_channel(EVERYONE, &overwrites, 1, &[2, 3], 7), EVERYONE);
    }
}
