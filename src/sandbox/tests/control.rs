//! The control API: what a page or `curl` can do and see.

use expect_test::expect;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::super::SmallDiscord;
use super::{call, message, start};

async fn send(discord: &SmallDiscord, method: Method, path: &str, header: (&str, &str), body: &Value) -> Response {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client.request(method, format!("{}/sandbox/api/{path}", discord.url())).header(header.0, header.1);
    let request = if body.is_null() { request } else { request.json(body) };
    request.send().await.expect("it answers")
}

async fn control(discord: &SmallDiscord, method: Method, path: &str, body: Value) -> (u16, Value) {
    let response = send(discord, method, path, ("accept", "*/*"), &body).await;
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

async fn get(discord: &SmallDiscord, path: &str) -> Value {
    control(discord, Method::GET, path, Value::Null).await.1
}

#[tokio::test]
async fn people_see_what_their_roles_show_them() {
    let discord = start().await;
    let names = async |path: &str| {
        let world = get(&discord, path).await;
        let channels = world["channels"].as_array().into_iter().flatten();
        channels.map(|channel| channel["name"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>().join(" ")
    };
    expect!["support tier-1 tier-2 team-leads managers engineering legal security"].assert_eq(&names("world").await);
    expect!["support"].assert_eq(&names("world?as=4101").await);
    expect!["support tier-1 tier-2 team-leads engineering legal"].assert_eq(&names("world?as=4006").await);
    let world = get(&discord, "world").await;
    expect![[r#"{"color":1752220,"id":"4001","name":"Rosa","roles":["Rep"],"standing":"rep"}"#]]
        .assert_eq(&world["users"][0].to_string());
    let (status, error) = control(&discord, Method::GET, "channels/2007/messages?as=4101", Value::Null).await;
    assert_eq!((status, error["error"].as_str()), (403, Some("Dana may not look into #legal.")));
}

#[tokio::test]
async fn people_speak_and_are_told_why_they_cannot() {
    let discord = start().await;
    let say = json!({"as": "4101", "channel": 2001, "text": "<@4001> hello"});
    let (status, said) = control(&discord, Method::POST, "messages", say).await;
    assert_eq!(status, 200);
    let edit = json!({"as": "4101", "channel": "2001", "message": said["message"], "text": "<@4001> hi"});
    assert_eq!(control(&discord, Method::PATCH, "messages", edit).await.0, 200);
    let messages = get(&discord, "channels/2001/messages?as=4102").await;
    assert_eq!((&messages[0]["content"], &messages[0]["pinged"]), (&json!("<@4001> hi"), &json!(["4001"])));

    let (status, seen) = control(&discord, Method::GET, "seen?since=1", Value::Null).await;
    assert_eq!((status, &seen["next"], &seen["seen"][0]["edited"]["channel"]), (200, &json!(2), &json!("2001")));

    let refusals = [
        ("messages", json!({"as": 4101, "channel": 2005, "text": "hi"})),
        ("messages", json!({"as": 4101, "channel": 2001, "text": " "})),
        ("messages", json!({"as": 4101, "channel": 2001})),
        ("command", json!({"as": 4101, "channel": 2001, "name": "escalate"})),
        ("press", json!({"as": 4101, "channel": 2001, "message": 1, "custom_id": "x"})),
        ("clock", json!({"to": "next deadline"})),
        ("clock", json!({"advance_seconds": -1})),
        ("nonsense", json!({})),
    ];
    let mut sentences = Vec::new();
    for (path, body) in refusals {
        let (status, error) = control(&discord, Method::POST, path, body).await;
        sentences.push(format!("{status} {}", error["error"].as_str().unwrap_or_default()));
    }
    expect![[r#"
        400 Dana may not write in #managers.
        400 There is nothing to send.
        400 missing field `text`
        400 There is no command /escalate.
        400 Dana sees no such message.
        400 Nothing is due.
        400 Expected {"advance_seconds": 0 to 31622400} or {"to": "next deadline"}.
        404 The sandbox has no such call."#]]
    .assert_eq(&sentences.join("\n"));
}

#[tokio::test]
async fn a_page_hears_what_its_person_may_see() {
    let discord = start().await;
    let mut stream = send(&discord, Method::GET, "events?as=4101", ("accept", "*/*"), &Value::Null).await;
    discord.say(discord.user("Lena"), discord.channel("legal"), "confidential");
    discord.say(discord.user("Emil"), discord.channel("support"), "public");
    control(&discord, Method::POST, "clock", json!({"advance_seconds": 60})).await;
    let mut heard = String::new();
    while !heard.contains("event: clock") || !heard.ends_with("\n\n") {
        let chunk = stream.chunk().await.expect("it streams").expect("it goes on");
        heard += &String::from_utf8_lossy(&chunk);
    }
    assert!(heard.contains("public") && !heard.contains("confidential"), "{heard}");
    assert!(heard.contains(r#"{"next_deadline":null,"now":"2026-11-23T09:31:00.000Z"}"#), "{heard}");
}

#[tokio::test]
async fn other_sites_are_kept_out() {
    let discord = start().await;
    let status = async |header| send(&discord, Method::GET, "world", header, &Value::Null).await.status().as_u16();
    assert_eq!(status(("host", "rebound.example:80")).await, 403);
    assert_eq!(status(("origin", "https://evil.example")).await, 403);
    assert_eq!(status(("origin", "null")).await, 403);
    assert_eq!(status(("origin", discord.url().as_str())).await, 200);
}

#[tokio::test]
async fn completion_waits_for_the_bot() {
    let discord = start().await;
    let option = json!({"type": 3, "name": "ticket", "description": "Link", "autocomplete": true});
    let commands = json!([{"name": "find", "description": "Find", "options": [option]}]);
    call(&discord, "PUT", "applications/9000/guilds/1000/commands", commands).await;
    let typing = json!({"as": 4001, "channel": 2001, "command": "find", "option": "ticket", "typed": "4"});
    let asked = control(&discord, Method::POST, "complete", typing);
    let answered = async {
        discord.until(|discord| discord.pending_interactions() == 1).await.expect("it is asked");
        let id = discord.shared.read(|state| *state.interactions.keys().next_back().expect("it is pending"));
        let data = json!({"choices": [{"name": "#42", "value": "42"}]});
        let path = format!("interactions/{id}/interaction-token-{id}/callback");
        call(&discord, "POST", &path, json!({"type": 8, "data": data})).await
    };
    let (asked, answered) = tokio::join!(asked, answered);
    assert_eq!(answered.0, 204);
    assert_eq!(asked.1, json!({"choices": [{"name": "#42", "value": "42"}]}));
}

#[tokio::test]
async fn faults_can_be_ordered_over_http() {
    let discord = start().await;
    let orders = [
        json!({"rest": {"path_contains": "messages", "times": 1, "answer": {"status": 500}}}),
        json!({"rest": {"method": "GET", "path_contains": "x", "times": 1, "answer": {"hang": 250}}}),
        json!({"rest": {"path_contains": "x", "times": 1,
            "answer": {"too_many_requests": {"retry_after": 1.5, "scope": "global"}}}}),
        json!("expire_tokens"),
        json!({"close_direct_messages": {"user": 4101}}),
        json!({"gateway": "reconnect"}),
        json!({"gateway": {"close": 4000}}),
        json!({"gateway": {"invalid_session": true}}),
        json!({"every_event_twice": true}),
        json!({"lock_out_bot": "2008"}),
    ];
    for order in orders {
        assert_eq!(control(&discord, Method::POST, "fault", order.clone()).await, (200, json!({})), "{order}");
    }
    let (status, _) = call(&discord, "POST", "channels/2001/messages", message("hi", "1")).await;
    assert_eq!(status, 500);
}
