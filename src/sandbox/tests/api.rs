//! The REST API refuses what Discord refuses, and says who is pinged.

use std::time::Duration;

use expect_test::{Expect, expect};
use serde_json::{Map, Value, json};

use super::super::{AnswerKind, BadAnswer, Fault, Scope, Seen, SmallDiscord};
use super::{call, message, start};

/// Posts as the bot into the named channel.
async fn post(discord: &SmallDiscord, channel: &str, body: Value) -> (u16, Value) {
    call(discord, "POST", &format!("channels/{}/messages", discord.channel(channel)), body).await
}

/// Who the last post pinged, by name.
fn pinged(discord: &SmallDiscord) -> String {
    let Some(Seen::Posted { pinged, .. }) = discord.seen().pop() else { panic!("nothing was posted") };
    pinged.iter().map(|user| discord.name_of(*user)).collect::<Vec<_>>().join(", ")
}

/// The status, Discord's code and its words.
fn check((status, body): &(u16, Value), expected: &Expect) {
    let errors = body.get("errors").map(|errors| format!(" {errors}")).unwrap_or_default();
    expected.assert_eq(&format!("{status} {} {}{errors}", body["code"], body["message"]));
}

async fn card(discord: &SmallDiscord) -> u64 {
    let mut card = message("card", "card");
    let button = json!({"type": 2, "style": 1, "label": "Take", "custom_id": "take"});
    card["components"] = json!([{"type": 1, "components": [button]}]);
    id(&post(discord, "support", card).await.1)
}

fn id(message: &Value) -> u64 {
    message["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

/// Rosa presses the card's button; the path of its callback and of its webhook.
async fn press(discord: &SmallDiscord) -> (u64, String, String) {
    let id = discord.press(discord.user("Rosa"), discord.channel("support"), card(discord).await, "take");
    let token = format!("interaction-token-{id}");
    (id, format!("interactions/{id}/{token}/callback"), format!("webhooks/9000/{token}"))
}

fn no_violations() -> Vec<String> {
    Vec::new()
}

#[tokio::test]
async fn only_what_is_allowed_pings_and_only_who_can_see_it() {
    let discord = start().await;
    let text = "<@&3003> <@4101> <@4001> @everyone";
    let allowing = |allowed: Value, nonce: &str| {
        let mut body = message(text, nonce);
        body["allowed_mentions"] = allowed;
        body
    };
    post(&discord, "tier-2", allowing(json!({"parse": []}), "1")).await;
    assert_eq!(pinged(&discord), "");
    post(&discord, "tier-2", allowing(json!({"parse": [], "roles": ["3003"], "users": ["4101"]}), "2")).await;
    assert_eq!(pinged(&discord), "Sam, Sofia", "Dana cannot see the channel");
    post(&discord, "support", allowing(json!({"parse": ["users"]}), "3")).await;
    assert_eq!(pinged(&discord), "Rosa, Dana");
    assert_eq!(discord.violations(), no_violations());

    discord.say(discord.user("Dana"), discord.channel("support"), "@everyone <@&3002> <@&3003> <@4001>");
    assert_eq!(pinged(&discord), "Rosa, Sam, Sofia", "Rep is not mentionable, and a customer may not ping all");
}

#[tokio::test]
async fn dangers_are_on_the_record() {
    let discord = start().await;
    assert_eq!(post(&discord, "support", json!({"content": "hi"})).await.0, 200);
    expect![[r#"
        [
            "POST channels/2001/messages: without nonce and enforce_nonce it may be posted twice",
            "POST channels/2001/messages: without allowed_mentions anything may ping",
        ]"#]]
    .assert_eq(&format!("{:#?}", discord.violations()));
}

#[tokio::test]
async fn limits_unknown_fields_and_unknown_routes_are_refused_and_recorded() {
    let discord = start().await;
    check(
        &post(&discord, "support", message(&"x".repeat(2001), "1")).await,
        &expect![[
            r#"400 50035 "Invalid Form Body" {"content":{"_errors":[{"code":"BASE_TYPE_MAX_LENGTH","message":"Must be 2000 or fewer in length."}]}}"#
        ]],
    );
    let mut odd = message("hi", "2");
    odd["embed"] = json!({});
    check(
        &post(&discord, "support", odd).await,
        &expect![[
            r#"400 50035 "Invalid Form Body" {"embed":{"_errors":[{"code":"UNKNOWN_FIELD","message":"This field is unknown here."}]}}"#
        ]],
    );
    check(
        &post(&discord, "support", message(" ", "3")).await,
        &expect![[r#"400 50006 "Cannot send an empty message""#]],
    );
    check(&call(&discord, "GET", "channels/2001/pins", Value::Null).await, &expect![[r#"400 0 "404: Not Found""#]]);
    assert_eq!(discord.violations().len(), 4);
}

#[tokio::test]
async fn the_same_nonce_is_the_same_message() {
    let discord = start().await;
    let first = post(&discord, "support", message("one", "n")).await.1;
    let again = post(&discord, "support", message("two", "n")).await.1;
    assert_eq!((&first["id"], &again["content"]), (&again["id"], &json!("one")));
    assert_ne!(post(&discord, "tier-1", message("one", "n")).await.1["id"], first["id"]);
    assert_eq!(discord.seen().len(), 2);
}

#[tokio::test]
async fn the_bot_may_do_what_its_permissions_say() {
    let discord = start().await;
    let support = discord.channel("support");
    let said = discord.say(discord.user("Dana"), support, "hello");
    let theirs = format!("channels/{support}/messages/{said}");
    let change = json!({"content": "x", "allowed_mentions": {"parse": []}});
    check(
        &call(&discord, "PATCH", &theirs, change).await,
        &expect![[r#"403 50005 "Cannot edit a message authored by another user""#]],
    );
    check(&call(&discord, "DELETE", &theirs, Value::Null).await, &expect![[r#"403 50013 "Missing Permissions""#]]);
    assert_eq!(call(&discord, "GET", &theirs, Value::Null).await.1["content"], "hello");
    discord.lock_out_bot(support);
    check(&call(&discord, "GET", &theirs, Value::Null).await, &expect![[r#"403 50001 "Missing Access""#]]);
    check(&post(&discord, "support", message("hi", "1")).await, &expect![[r#"403 50001 "Missing Access""#]]);
    discord.remove_channel(support);
    check(&call(&discord, "GET", &theirs, Value::Null).await, &expect![[r#"404 10003 "Unknown Channel""#]]);
    assert_eq!(discord.violations(), no_violations());
}

#[tokio::test]
async fn history_is_read_newest_first_from_either_side() {
    let discord = start().await;
    let (dana, support) = (discord.user("Dana"), discord.channel("support"));
    let ids: Vec<u64> = (0..5).map(|n| discord.say(dana, support, &n.to_string())).collect();
    let read = async |query: String| {
        let page = call(&discord, "GET", &format!("channels/{support}/messages?{query}"), Value::Null).await.1;
        let texts = page.as_array().into_iter().flatten().filter_map(|message| message["content"].as_str());
        texts.collect::<String>()
    };
    assert_eq!(read(String::new()).await, "43210");
    assert_eq!(read("limit=2".to_owned()).await, "43");
    assert_eq!(read(format!("limit=2&after={}", ids[1])).await, "32");
    assert_eq!(read(format!("limit=2&before={}", ids[3])).await, "21");
    assert_eq!(read(format!("limit=4&around={}", ids[2])).await, "3210");
}

#[tokio::test]
async fn an_interaction_is_answered_once() {
    let discord = start().await;
    let (_, callback, webhook) = press(&discord).await;
    let early = json!({"content": "x", "allowed_mentions": {"parse": []}});
    check(&call(&discord, "POST", &webhook, early.clone()).await, &expect![[r#"404 10015 "Unknown Webhook""#]]);
    assert_eq!(discord.pending_interactions(), 1);
    assert_eq!(call(&discord, "POST", &callback, json!({"type": 6})).await.0, 204);
    assert_eq!(discord.pending_interactions(), 0);
    check(
        &call(&discord, "POST", &callback, json!({"type": 6})).await,
        &expect![[r#"400 40060 "Interaction has already been acknowledged.""#]],
    );
    discord.fault(Fault::ExpireTokens);
    check(&call(&discord, "POST", &webhook, early).await, &expect![[r#"401 50027 "Invalid Webhook Token""#]]);
    assert_eq!(discord.violations(), no_violations());
}

#[tokio::test]
async fn an_interaction_left_alone_is_dead_after_three_seconds() {
    let discord = start().await;
    let (id, callback, _) = press(&discord).await;
    discord.until(|discord| discord.pending_interactions() == 0).await.expect("it is given up");
    check(
        &call(&discord, "POST", &callback, json!({"type": 6})).await,
        &expect![[r#"404 10062 "Unknown interaction""#]],
    );
    assert_eq!(discord.violations(), no_violations(), "interaction {id}: there was no bot to answer");
}

#[tokio::test]
async fn a_deferred_answer_is_kept_and_only_its_person_sees_it() {
    let discord = start().await;
    let (_, callback, webhook) = press(&discord).await;
    let (rosa, support) = (discord.user("Rosa"), discord.channel("support"));
    assert_eq!(call(&discord, "POST", &callback, json!({"type": 5, "data": {"flags": 64}})).await.0, 204);
    assert_eq!(discord.pending_interactions(), 1, "a message is still owed");
    let answer = json!({"content": "taken", "allowed_mentions": {"parse": []}});
    let (status, kept) = call(&discord, "PATCH", &format!("{webhook}/messages/@original"), answer).await;
    assert_eq!((status, &kept["flags"], discord.pending_interactions()), (200, &json!(64), 0));

    let path = format!("channels/{support}/messages/{}", id(&kept));
    check(&call(&discord, "GET", &path, Value::Null).await, &expect![[r#"404 10008 "Unknown Message""#]]);
    assert_eq!(discord.messages(rosa, support).len(), 2);
    assert_eq!(discord.messages(discord.user("Dana"), support).len(), 1);
    let kinds = discord.seen().into_iter().map(|seen| match seen {
        Seen::Answer { kind, ephemeral, .. } => format!("{kind:?} {ephemeral}"),
        Seen::AnswerEdited { message, ephemeral, .. } => format!("{} {ephemeral}", message["content"]),
        Seen::Posted { message, .. } => message["content"].to_string(),
        other => format!("{other:?}"),
    });
    expect![[r#"["\"card\"", "Deferred true", "\"taken\" true"]"#]]
        .assert_eq(&format!("{:?}", kinds.collect::<Vec<_>>()));
}

#[tokio::test]
async fn an_update_changes_the_message_under_the_button() {
    let discord = start().await;
    let (_, callback, webhook) = press(&discord).await;
    let data = json!({"content": "done", "components": [], "allowed_mentions": {"parse": []}});
    let (status, body) =
        call(&discord, "POST", &format!("{callback}?with_response=true"), json!({"type": 7, "data": data})).await;
    assert_eq!((status, &body["resource"]["message"]["content"]), (200, &json!("done")));
    let more = json!({"content": "only you", "flags": 64, "allowed_mentions": {"parse": []}});
    assert_eq!(call(&discord, "POST", &webhook, more).await.0, 200);
    let shown = discord.messages(discord.user("Rosa"), discord.channel("support"));
    assert_eq!(shown.iter().map(|message| &message["content"]).collect::<Vec<_>>(), ["done", "only you"]);
    assert!(matches!(discord.seen()[1], Seen::Answer { kind: AnswerKind::Update, .. }));
    assert_eq!(discord.violations(), no_violations());
}

#[tokio::test]
async fn a_form_cannot_follow_a_form_and_completions_are_few() {
    let discord = start().await;
    let (_, callback, _) = press(&discord).await;
    let input = json!({"type": 4, "custom_id": "note", "label": "Note", "style": 2});
    let data = json!({"custom_id": "f", "title": "Note", "components": [{"type": 1, "components": [input]}]});
    let form = json!({"type": 9, "data": data});
    assert_eq!(call(&discord, "POST", &callback, form.clone()).await.0, 204);
    let (rosa, support) = (discord.user("Rosa"), discord.channel("support"));
    let sent = discord.submit(rosa, support, "f", &[("note", "n")], None);
    let path = format!("interactions/{sent}/interaction-token-{sent}/callback");
    assert_eq!(call(&discord, "POST", &path, form).await.0, 400);

    let option = json!({"type": 3, "name": "ticket", "description": "Link", "autocomplete": true});
    let commands = json!([{"name": "find", "description": "Find", "options": [option]}]);
    call(&discord, "PUT", "applications/9000/guilds/1000/commands", commands).await;
    let typing = discord.complete(rosa, support, "find", "ticket", "4", Map::new());
    let path = format!("interactions/{typing}/interaction-token-{typing}/callback");
    let choices: Vec<_> = (0..26).map(|n| json!({"name": n.to_string(), "value": n.to_string()})).collect();
    let (status, _) = call(&discord, "POST", &path, json!({"type": 8, "data": {"choices": choices}})).await;
    assert_eq!((status, discord.violations().len()), (400, 2));
    discord.slash(rosa, support, "find", Map::new());
}

#[tokio::test]
async fn commands_are_named_in_languages_that_there_are() {
    let discord = start().await;
    let put = async |names: Value| {
        let commands = json!([{"name": "ack", "name_localizations": names, "description": "Take it"}]);
        call(&discord, "PUT", "applications/9000/guilds/1000/commands", commands).await.0
    };
    assert_eq!(put(json!({"de": "übernehmen", "es-419": "tomar"})).await, 200);
    for wrong in [json!({"de": "Übernehmen"}), json!({"de": "über nehmen"}), json!({"fr": ""}), json!({"es": "tomar"})]
    {
        assert_eq!(put(wrong.clone()).await, 400, "{wrong}");
    }
}

#[tokio::test]
async fn faults_come_as_ordered() {
    let discord = start().await;
    let rest = |times, answer| {
        let path_contains = "messages".to_owned();
        Fault::Rest { method: Some("POST".to_owned()), path_contains, times, answer }
    };
    discord.fault(rest(1, BadAnswer::TooManyRequests { retry_after: 0.5, scope: Scope::Shared }));
    discord.fault(rest(1, BadAnswer::Status(502)));
    let (status, body) = post(&discord, "support", message("a", "1")).await;
    assert_eq!((status, &body["retry_after"]), (429, &json!(0.5)));
    assert_eq!(post(&discord, "support", message("a", "1")).await.0, 502);
    assert_eq!(discord.seen().len(), 0);

    for (answer, posted) in [(BadAnswer::Reset, 0), (BadAnswer::Hang(Duration::ZERO), 0), (BadAnswer::Lost, 1)] {
        discord.fault(rest(1, answer));
        let url = format!("{}/api/v10/channels/2001/messages", discord.url());
        let request = reqwest::Client::builder().no_proxy().build().expect("a client").post(url);
        let request =
            request.header("user-agent", "DiscordBot (x, 0)").header("authorization", "Bot small.discord.token");
        assert!(request.json(&message("a", "1")).send().await.is_err());
        assert_eq!(discord.seen().len(), posted);
    }
}

#[tokio::test]
async fn a_thread_opens_archives_and_wakes_up() {
    let discord = start().await;
    let support = discord.channel("support");
    let card = card(&discord).await;
    let path = format!("channels/{support}/messages/{card}/threads");
    let (status, thread) = call(&discord, "POST", &path, json!({"name": "ESC-1", "auto_archive_duration": 1440})).await;
    assert_eq!((status, id(&thread)), (201, card), "a thread has its message's id");
    check(
        &call(&discord, "POST", &path, json!({"name": "ESC-1"})).await,
        &expect![[r#"400 160004 "A thread has already been created for this message""#]],
    );
    let thread = format!("channels/{card}");
    assert_eq!(call(&discord, "PATCH", &thread, json!({"archived": true})).await.0, 200);
    check(
        &call(&discord, "PATCH", &thread, json!({"name": "x"})).await,
        &expect![[r#"400 50083 "Thread is archived""#]],
    );
    assert_eq!(call(&discord, "POST", &format!("{thread}/messages"), message("awake", "t")).await.0, 200);
    let active = call(&discord, "GET", "guilds/1000/threads/active", Value::Null).await.1;
    assert_eq!(active["threads"][0]["name"], "ESC-1");
}

#[tokio::test]
async fn a_stopped_discord_frees_its_port() {
    let discord = start().await;
    let url = discord.url();
    let page = reqwest::get(format!("{url}/sandbox/api/events?as=4101")).await.expect("it answers");
    discord.stop().await;
    assert_eq!(page.bytes().await.expect("the stream ends in good order"), "");
    assert!(reqwest::get(format!("{url}/api/v10/gateway")).await.is_err());
}
