//! The small Discord against the clients it is for: serenity on the gateway, plain HTTP on REST.

mod api;
mod builders;
mod client;
mod control;

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Settings, SmallDiscord, World};
use crate::engine::clock::Clock;

const TOKEN: &str = "small.discord.token";

fn monday() -> DateTime<Utc> {
    "2026-11-23T09:30:00Z".parse().expect("a constant")
}

async fn start() -> SmallDiscord {
    let (world, clock, token) = (World::example(), Clock::manual(monday()), TOKEN.to_owned());
    let address = ([127, 0, 0, 1], 0).into();
    SmallDiscord::start(Settings { world, clock, address, token, next_deadline: None }).await.expect("loopback is free")
}

/// One REST call of the bot: the status and the body, null if there is none.
async fn call(discord: &SmallDiscord, method: &str, path: &str, body: Value) -> (u16, Value) {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client
        .request(method, format!("{}/api/v10/{path}", discord.url()))
        .header("user-agent", "DiscordBot (https://example.invalid, 0)")
        .header("authorization", format!("Bot {TOKEN}"));
    let request = if body.is_null() { request } else { request.json(&body) };
    let response = request.send().await.expect("it answers");
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.bytes().await.expect("a body")).unwrap_or_default())
}

/// A message as the bot should send it.
fn message(content: &str, nonce: &str) -> Value {
    json!({"content": content, "nonce": nonce, "enforce_nonce": true, "allowed_mentions": {"parse": []}})
}
