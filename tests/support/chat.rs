//! What people see, as lines of a transcript.

use bellhop::cli::simulate::chat::{Names, View};
use bellhop::sandbox::{AnswerKind, Seen, SmallDiscord};
use chrono::{DateTime, Utc};
use serde_json::Value;

/// Writes what was seen at one moment.
pub fn render(seen: &[Seen], discord: &SmallDiscord, now: DateTime<Utc>) -> String {
    let names = Known(discord);
    let mut view = View::new(&names, now);
    for seen in seen {
        show(seen, &mut view);
    }
    view.into_text()
}

fn show(seen: &Seen, view: &mut View<'_>) {
    match seen {
        Seen::Posted { channel, message, pinged, .. } if is_bots(message) => {
            view.posted(*channel, message, id(message), pinged);
        }
        Seen::Edited { channel, message, .. } if is_bots(message) => view.edited(*channel, message, id(message)),
        Seen::Answer { user, channel, kind, body, ephemeral, .. } => match kind {
            AnswerKind::Deferred | AnswerKind::DeferredUpdate => {}
            AnswerKind::Choices => view.offered(*user, *channel, body),
            AnswerKind::Modal => view.form(*user, *channel, body),
            _ => view.told(*user, *channel, *ephemeral, body),
        },
        Seen::FollowUp { user, channel, message, ephemeral, .. }
        | Seen::AnswerEdited { user, channel, message, ephemeral, .. } => {
            view.told(*user, *channel, *ephemeral, message);
        }
        Seen::Posted { .. } | Seen::Edited { .. } | Seen::Deleted { .. } | Seen::AnswerDeleted { .. } => {}
    }
}

fn is_bots(message: &Value) -> bool {
    message["author"]["bot"].as_bool().unwrap_or(false)
}

fn id(message: &Value) -> u64 {
    message["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default()
}

struct Known<'a>(&'a SmallDiscord);

impl Names for Known<'_> {
    fn person(&self, id: u64) -> String {
        self.0.name_of(id)
    }

    fn channel(&self, id: u64) -> String {
        self.0.channel_name(id)
    }

    fn parent(&self, id: u64) -> Option<u64> {
        self.0.parent(id)
    }

    fn role(&self, id: u64) -> String {
        self.0.role_name(id)
    }
}
