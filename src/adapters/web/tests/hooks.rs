//! Webhooks: what is taken, what is refused, and what of it is on disk.

use chrono::{SecondsFormat, TimeDelta};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{SECRET, Stage};

impl Stage {
    /// The status of the answer.
    async fn post(&self, to: &str, delivery: Delivery<'_>) -> u16 {
        let Delivery { body, kind, secret, id, age } = delivery;
        let sent = (self.clock.now() - age).to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut request = reqwest::Client::new().post(format!("http://{}/hooks/{to}", self.web.address()));
        request = request.header("content-type", kind).header("x-zendesk-webhook-invocation-id", id);
        if let Some(secret) = secret {
            request = request
                .header("x-zendesk-webhook-signature", signature(secret, &sent, body))
                .header("x-zendesk-webhook-signature-timestamp", sent);
        }
        request.body(body.to_owned()).send().await.expect("it answers").status().as_u16()
    }
}

fn signature(secret: &str, sent: &str, body: &str) -> String {
    let mut keyed = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key will do");
    keyed.update(sent.as_bytes());
    keyed.update(body.as_bytes());
    BASE64.encode(&keyed.finalize().into_bytes())
}

#[derive(Clone, Copy)]
struct Delivery<'a> {
    body: &'a str,
    kind: &'a str,
    /// `None`: it is not signed.
    secret: Option<&'a str>,
    id: &'a str,
    age: TimeDelta,
}

const GOOD: Delivery<'_> = Delivery {
    body: r#"{"ticket_id": "42"}"#,
    kind: "application/json",
    secret: Some(SECRET),
    id: "one",
    age: TimeDelta::zero(),
};

#[tokio::test]
async fn a_delivery_is_taken_once_and_survives_a_crash() {
    let stage = Stage::start().await;
    assert_eq!(stage.post("zendesk", GOOD).await, 202);
    assert_eq!(stage.post("zendesk", GOOD).await, 409, "delivered before");
    assert_eq!(stage.post("zendesk", Delivery { id: "two", ..GOOD }).await, 202, "another about the same ticket");
    let stage = stage.crash().await;
    assert_eq!(stage.post("zendesk", GOOD).await, 409, "what was answered is remembered");
    // The ticket is still to be read, once.
    assert_eq!(stage.asked(), ["ticket/zendesk/42/"]);
}

#[tokio::test]
async fn what_is_not_to_be_believed_changes_nothing() {
    let stage = Stage::start().await;
    let large = format!(r#"{{"ticket_id": "42", "text": "{}"}}"#, "x".repeat(1 << 20));
    let elsewhere = r#"{"ticket_id": "../../users/1"}"#;
    for (delivery, to, expected, why) in [
        (Delivery { secret: None, ..GOOD }, "zendesk", 401, "not signed"),
        (Delivery { secret: Some("guessed"), ..GOOD }, "zendesk", 401, "forged"),
        (Delivery { age: TimeDelta::minutes(6), ..GOOD }, "zendesk", 401, "stale"),
        (Delivery { age: TimeDelta::minutes(-6), ..GOOD }, "zendesk", 401, "from the future"),
        (Delivery { body: &large, ..GOOD }, "zendesk", 413, "too large"),
        (Delivery { body: "ticket 42", ..GOOD }, "zendesk", 400, "not JSON"),
        (Delivery { body: r#"{"ticket": 42}"#, ..GOOD }, "zendesk", 400, "no ticket in it"),
        (
            Delivery { body: "ticket_id=42", kind: "application/x-www-form-urlencoded", ..GOOD },
            "zendesk",
            415,
            "a form",
        ),
        (GOOD, "deaf", 404, "an account without webhooks"),
        (GOOD, "nobody", 404, "no account"),
        (Delivery { body: elsewhere, ..GOOD }, "zendesk", 202, "no ticket of ours, as when a webhook is tried out"),
    ] {
        assert_eq!(stage.post(to, delivery).await, expected, "{why}");
    }
    assert_eq!(stage.asked(), Vec::<String>::new());
    assert_eq!(stage.post("zendesk", GOOD).await, 202, "it still works");
}
