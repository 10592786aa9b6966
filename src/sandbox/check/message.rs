//! A message: its text, embeds and who it may ping.

use serde_json::Value;

use super::super::messages::EPHEMERAL;
use super::{Problems, component};

/// Characters are Unicode scalar values.
const CONTENT: usize = 2000;
const EMBEDS: usize = 10;
/// All titles, descriptions, field names and values, footers and author names of a message together.
const EMBED_TEXT: usize = 6000;
const EMBED_FIELDS: usize = 25;
const NONCE: usize = 25;

/// What a message body is for: each knows other fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// POST to a channel.
    Post,
    /// PATCH of a message, or of an answer.
    Edit,
    /// The `data` of a callback, or a follow-up.
    Answer,
}

/// A message as it is sent, edited or answered.
pub fn message(body: &Value, purpose: Purpose) -> Problems {
    let mut problems = Problems::default();
    let known: &[&str] = match purpose {
        Purpose::Post => &[
            "content",
            "embeds",
            "components",
            "flags",
            "allowed_mentions",
            "attachments",
            "tts",
            "sticker_ids",
            "nonce",
            "enforce_nonce",
            "message_reference",
        ],
        Purpose::Edit => &["content", "embeds", "components", "flags", "allowed_mentions", "attachments"],
        Purpose::Answer => &["content", "embeds", "components", "flags", "allowed_mentions", "attachments", "tts"],
    };
    problems.keys("", body, known);
    problems.text("", body, "content", 0..=CONTENT);
    embeds(&mut problems, body);
    component::rows(&mut problems, body);
    allowed_mentions(&mut problems, body);
    if let Some(nonce) = body.get("nonce").and_then(Value::as_str)
        && nonce.chars().count() > NONCE
    {
        problems.add("nonce", "NONCE_TYPE_TOO_LONG", format!("Must be {NONCE} or fewer in length."));
    }
    flags(&mut problems, body, purpose);
    problems
}

fn flags(problems: &mut Problems, body: &Value, purpose: Purpose) {
    const SUPPRESS_EMBEDS: u64 = 1 << 2;
    const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;
    let known = match purpose {
        Purpose::Post => SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS,
        Purpose::Edit => SUPPRESS_EMBEDS,
        Purpose::Answer => SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | EPHEMERAL,
    };
    let Some(flags) = body.get("flags").filter(|flags| !flags.is_null()) else { return };
    if flags.as_u64().is_none_or(|flags| flags & !known != 0) {
        problems.add("flags", "MESSAGE_FLAGS_INVALID", "These flags cannot be set here.");
    }
}

fn embeds(problems: &mut Problems, body: &Value) {
    let mut total = 0;
    for (at, embed) in problems.list("", body, "embeds", EMBEDS).iter().enumerate() {
        let path = format!("embeds.{at}");
        problems.keys(
            &path,
            embed,
            &[
                "title",
                "type",
                "description",
                "url",
                "timestamp",
                "color",
                "footer",
                "image",
                "thumbnail",
                "author",
                "fields",
            ],
        );
        total += problems.text(&path, embed, "title", 0..=256);
        total += problems.text(&path, embed, "description", 0..=4096);
        if embed.get("footer").is_some_and(Value::is_object) {
            problems.keys(&format!("{path}.footer"), &embed["footer"], &["text", "icon_url"]);
            total += problems.required_text(&format!("{path}.footer"), &embed["footer"], "text", 1..=2048);
        }
        if embed.get("author").is_some_and(Value::is_object) {
            problems.keys(&format!("{path}.author"), &embed["author"], &["name", "url", "icon_url"]);
            total += problems.required_text(&format!("{path}.author"), &embed["author"], "name", 1..=256);
        }
        for (at, field) in problems.list(&path, embed, "fields", EMBED_FIELDS).iter().enumerate() {
            let path = format!("{path}.fields.{at}");
            problems.keys(&path, field, &["name", "value", "inline"]);
            total += problems.required_text(&path, field, "name", 1..=256);
            total += problems.required_text(&path, field, "value", 1..=1024);
        }
    }
    if total > EMBED_TEXT {
        problems.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", format!("Embed size exceeds maximum size of {EMBED_TEXT}"));
    }
}

fn allowed_mentions(problems: &mut Problems, body: &Value) {
    let path = "allowed_mentions";
    let Some(allowed) = body.get(path).filter(|allowed| !allowed.is_null()) else { return };
    problems.keys(path, allowed, &["parse", "users", "roles", "replied_user"]);
    for (at, kind) in problems.list(path, allowed, "parse", 3).iter().enumerate() {
        if !["users", "roles", "everyone"].map(Value::from).contains(kind) {
            let message = "Value must be one of ('users', 'roles', 'everyone').";
            problems.add(format!("{path}.parse.{at}"), "BASE_TYPE_CHOICES", message);
        }
    }
    for key in ["users", "roles"] {
        let both = problems.snowflakes(path, allowed, key) > 0
            && allowed["parse"].as_array().is_some_and(|parse| parse.iter().any(|kind| kind == key));
        if both {
            let message = format!("parse:[\"{key}\"] and {key}: [ids...] are mutually exclusive.");
            problems.add(path, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use serde_json::json;

    fn check(body: &Value, expected: &Expect) {
        expected.assert_eq(&message(body, Purpose::Post).summary());
    }

    #[test]
    fn a_card_as_bellhop_sends_it_is_fine() {
        let button = json!({"type": 2, "style": 1, "label": "Acknowledge", "custom_id": "esc:1:ack"});
        let card = json!({
            "content": "<@&300>", "nonce": "e12s1", "enforce_nonce": true,
            "allowed_mentions": {"parse": [], "roles": ["300"]},
            "embeds": [{"title": "ESC-12", "fields": [{"name": "Due", "value": "soon", "inline": true}]}],
            "components": [{"type": 1, "components": [button]}],
        });
        check(&card, &expect![[""]]);
    }

    #[test]
    fn limits_name_their_path() {
        check(&json!({"content": "x".repeat(2001)}), &expect!["content: Must be 2000 or fewer in length."]);
        check(
            &json!({"embeds": [{"title": "x".repeat(257), "fields": [{"name": " ", "value": "v"}]}]}),
            &expect![
                "embeds.0.title: Must be 256 or fewer in length.; embeds.0.fields.0.name: Must be between 1 and 256 in length."
            ],
        );
        let long = json!({"description": "x".repeat(3001)});
        check(&json!({"embeds": [long, long]}), &expect!["embeds: Embed size exceeds maximum size of 6000"]);
        check(&json!({"contents": ""}), &expect!["contents: This field is unknown here."]);
    }

    #[test]
    fn allowed_mentions_take_a_kind_or_a_list_of_it() {
        check(
            &json!({"allowed_mentions": {"parse": ["roles", "all"], "roles": ["1"], "users": ["1", "1"]}}),
            &expect![[
                r#"allowed_mentions.parse.1: Value must be one of ('users', 'roles', 'everyone').; allowed_mentions.users: The set already contains this value; allowed_mentions: parse:["roles"] and roles: [ids...] are mutually exclusive."#
            ]],
        );
    }

    #[test]
    fn the_tree_is_discords() {
        let problems = message(&json!({"embeds": [{"description": "x".repeat(4097)}]}), Purpose::Post);
        expect![[r#"{"embeds":{"0":{"description":{"_errors":[{"code":"BASE_TYPE_MAX_LENGTH","message":"Must be 4096 or fewer in length."}]}}}}"#]]
        .assert_eq(&problems.tree().to_string());
    }
}
