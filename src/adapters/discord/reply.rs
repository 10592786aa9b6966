//! Where the answer to a command or a button goes.

use crate::sop::notice::ReplyTo;

// Kinds of first answers (<https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-interaction-callback-type>).
pub(crate) const MESSAGE: u8 = 4;
pub(crate) const THINKING: u8 = 5;
pub(crate) const NOTHING_YET: u8 = 6;
pub(crate) const FORM: u8 = 9;

/// An interaction that waits for its answer. Its token is good for 15 minutes
/// (<https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages>) and is a secret:
/// it is never stored or logged.
pub(crate) struct Reply {
    pub(crate) kind: ReplyKind,
    pub(crate) token: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplyKind {
    /// The asker sees "thinking …": it is replaced.
    Waiting,
    /// A button was pressed: words only if there is something to say.
    Button,
    /// A button was pressed on an answer, which is to show what comes next.
    Turned,
    /// Somebody is still typing; the address is the interaction itself.
    Choices,
    /// Nothing was answered yet: a form is the first answer, or none. The address is the interaction, a dot, its token.
    Form,
}

impl Reply {
    pub(crate) fn address(kind: ReplyKind, token: &str) -> ReplyTo {
        let kind = match kind {
            ReplyKind::Waiting => 'w',
            ReplyKind::Button => 'b',
            ReplyKind::Turned => 't',
            ReplyKind::Choices => 'c',
            ReplyKind::Form => 'f',
        };
        ReplyTo(format!("{kind}{token}"))
    }

    pub(crate) fn read(to: &ReplyTo) -> Self {
        let kind = match to.0.chars().next() {
            Some('w') => ReplyKind::Waiting,
            Some('t') => ReplyKind::Turned,
            Some('c') => ReplyKind::Choices,
            Some('f') => ReplyKind::Form,
            _ => ReplyKind::Button,
        };
        Self { kind, token: to.0.get(1..).unwrap_or_default().to_owned() }
    }
}
