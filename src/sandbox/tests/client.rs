//! serenity understands what the gateway says.

use std::sync::Arc;
use std::thread::JoinHandle;

use expect_test::expect;
use serde_json::{Map, json};
use serenity::all::{
    ActionRowComponent, Client, ClientBuilder, Context, EventHandler, GatewayIntents, Guild, HttpBuilder, Interaction,
    Message, MessageUpdateEvent, Ready, ShardManager,
};
use tokio::sync::mpsc;

use super::super::{Fault, GatewayFault, SmallDiscord};
use super::{TOKEN, call, message, start};

/// serenity's client on a runtime and thread of its own, as Bellhop runs it.
struct Bot {
    heard: mpsc::UnboundedReceiver<String>,
    shards: Arc<ShardManager>,
    thread: Option<JoinHandle<()>>,
}

/// Writes down what it hears, one line each.
struct Ear(mpsc::UnboundedSender<String>);

impl Ear {
    fn hear(&self, line: String) {
        // The test may have heard enough.
        let _ = self.0.send(line);
    }
}

#[serenity::async_trait]
impl EventHandler for Ear {
    async fn ready(&self, _: Context, ready: Ready) {
        self.hear(format!("ready {}", ready.user.name));
    }

    async fn guild_create(&self, _: Context, guild: Guild, _: Option<bool>) {
        self.hear(format!("guild {} with {} channels", guild.name, guild.channels.len()));
    }

    async fn message(&self, _: Context, message: Message) {
        let roles = message.member.map(|member| member.roles.len()).unwrap_or_default();
        self.hear(format!("message {:?} by {} ({roles} roles)", message.content, message.author.name));
    }

    async fn message_update(&self, _: Context, _: Option<Message>, new: Option<Message>, event: MessageUpdateEvent) {
        let text = new.map(|message| message.content).or(event.content).unwrap_or_default();
        self.hear(format!("edit {text:?}"));
    }

    async fn interaction_create(&self, _: Context, interaction: Interaction) {
        self.hear(match interaction {
            Interaction::Command(command) => format!(
                "command {} {:?} {:?}",
                command.data.name,
                command.data.options().iter().map(|option| option.name).collect::<Vec<_>>(),
                command.data.target(),
            ),
            Interaction::Component(pressed) => {
                format!("pressed {} on {:?}", pressed.data.custom_id, pressed.message.content)
            }
            Interaction::Autocomplete(typing) => {
                format!("typing {:?}", typing.data.autocomplete().map(|option| option.value))
            }
            Interaction::Modal(form) => format!(
                "form {} {:?} on a message: {}",
                form.data.custom_id,
                form.data.components.iter().flat_map(|row| &row.components).map(value).collect::<Vec<_>>(),
                form.message.is_some(),
            ),
            _ => "something else".to_owned(),
        });
    }
}

fn value(component: &ActionRowComponent) -> Option<&str> {
    match component {
        ActionRowComponent::InputText(input) => input.value.as_deref(),
        _ => None,
    }
}

impl Bot {
    async fn connect(discord: &SmallDiscord, intents: GatewayIntents) -> Self {
        let http = HttpBuilder::new(TOKEN).proxy(discord.url()).ratelimiter_disabled(true).build();
        let (ear, heard) = mpsc::unbounded_channel();
        let (give, take) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let client: Client =
                    ClientBuilder::new_with_http(http, intents).event_handler(Ear(ear)).await.expect("a client");
                let mut client = client;
                assert!(give.send(client.shard_manager.clone()).is_ok(), "the test waits");
                client.start().await.expect("it runs until it is told to stop");
            });
        });
        let bot = Self { heard, shards: take.await.expect("the thread is up"), thread: Some(thread) };
        discord.until(|discord| discord.gateway_sessions() == 1).await.expect("the bot connects");
        bot
    }

    async fn expect(&mut self, line: &str) {
        assert_eq!(self.heard.recv().await.as_deref(), Some(line));
    }

    async fn stop(mut self) {
        self.shards.shutdown_all().await;
        if let Some(thread) = self.thread.take() {
            tokio::task::spawn_blocking(|| thread.join()).await.expect("it joins").expect("it did not panic");
        }
    }
}

fn all() -> GatewayIntents {
    GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::MESSAGE_CONTENT
}

#[tokio::test]
async fn serenity_hears_the_guild_messages_and_edits() {
    let discord = start().await;
    let mut bot = Bot::connect(&discord, all()).await;
    bot.expect("ready Bellhop").await;
    bot.expect("guild Harbor Support with 8 channels").await;

    let (sam, tier_2) = (discord.user("Sam"), discord.channel("tier-2"));
    let said = discord.say(sam, tier_2, "on it");
    bot.expect(r#"message "on it" by Sam (1 roles)"#).await;
    discord.edit(sam, tier_2, said, "done");
    bot.expect(r#"edit "done""#).await;
    call(&discord, "POST", &format!("channels/{tier_2}/messages"), message("noted", "1")).await;
    bot.expect(r#"message "noted" by Bellhop (1 roles)"#).await;

    discord.every_event_twice(true);
    discord.say(sam, tier_2, "again");
    bot.expect(r#"message "again" by Sam (1 roles)"#).await;
    bot.expect(r#"message "again" by Sam (1 roles)"#).await;
    assert_eq!(discord.violations(), Vec::<String>::new());
    bot.stop().await;
}

#[tokio::test]
async fn serenity_understands_every_kind_of_interaction() {
    let discord = start().await;
    let mut bot = Bot::connect(&discord, all()).await;
    bot.expect("ready Bellhop").await;
    bot.expect("guild Harbor Support with 8 channels").await;
    let (rosa, dana) = (discord.user("Rosa"), discord.user("Dana"));
    let support = discord.channel("support");

    let commands = json!([
        {"name": "escalate", "description": "Escalate", "options": [
            {"type": 3, "name": "ticket", "description": "Link or id", "required": true, "autocomplete": true},
            {"type": 6, "name": "customer", "description": "Who"},
        ]},
        {"name": "Escalate this", "type": 3},
    ]);
    assert_eq!(call(&discord, "PUT", "applications/9000/guilds/1000/commands", commands).await.0, 200);

    let mut options = Map::new();
    options.insert("ticket".into(), json!("42"));
    options.insert("customer".into(), json!(dana.to_string()));
    let command = discord.slash(rosa, support, "escalate", options);
    bot.expect(r#"command escalate ["ticket", "customer"] None"#).await;
    discord.complete(rosa, support, "escalate", "ticket", "4", Map::new());
    bot.expect(r#"typing Some("4")"#).await;

    let said = discord.say(dana, support, "help");
    bot.expect(r#"message "help" by Dana (0 roles)"#).await;
    discord.menu(rosa, support, "Escalate this", said);
    assert!(bot.heard.recv().await.is_some_and(|line| line.starts_with("command Escalate this [] Some(Message(")));

    let form = json!({"type": 9, "data": {"custom_id": "esc:new", "title": "Escalate", "components": [
        {"type": 1, "components": [{"type": 4, "custom_id": "tried", "label": "Tried", "style": 2}]},
    ]}});
    let path = format!("interactions/{command}/interaction-token-{command}/callback");
    assert_eq!(call(&discord, "POST", &path, form).await.0, 204);
    discord.submit(rosa, support, "esc:new", &[("tried", "everything")], None);
    bot.expect(r#"form esc:new [Some("everything")] on a message: false"#).await;

    let mut card = message("card", "1");
    card["components"] =
        json!([{"type": 1, "components": [{"type": 2, "style": 1, "label": "Take", "custom_id": "esc:1:ack"}]}]);
    let (_, card) = call(&discord, "POST", &format!("channels/{support}/messages"), card).await;
    bot.expect(r#"message "card" by Bellhop (1 roles)"#).await;
    let card = card["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    discord.press(rosa, support, card, "esc:1:ack");
    bot.expect(r#"pressed esc:1:ack on "card""#).await;
    discord.submit(rosa, support, "esc:1:resolve", &[("note", "")], Some(card));
    bot.expect(r#"form esc:1:resolve [Some("")] on a message: true"#).await;
    assert_eq!(discord.violations(), Vec::<String>::new());
    bot.stop().await;
}

#[tokio::test]
async fn a_resumed_session_hears_what_it_missed() {
    let discord = start().await;
    let mut bot = Bot::connect(&discord, all()).await;
    bot.expect("ready Bellhop").await;
    bot.expect("guild Harbor Support with 8 channels").await;
    let (dana, support) = (discord.user("Dana"), discord.channel("support"));
    // What is said after the connection is told to end does not go out on it.
    discord.gateway_fault(GatewayFault::Close(Some(4000)));
    discord.say(dana, support, "anybody?");
    bot.expect(r#"message "anybody?" by Dana (0 roles)"#).await;
    bot.stop().await;
}

#[tokio::test]
async fn without_the_intent_a_message_is_empty_unless_it_mentions_the_bot() {
    let discord = start().await;
    let mut bot = Bot::connect(&discord, GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES).await;
    bot.expect("ready Bellhop").await;
    bot.expect("guild Harbor Support with 8 channels").await;
    let (dana, support) = (discord.user("Dana"), discord.channel("support"));
    discord.say(dana, support, "secret");
    bot.expect(r#"message "" by Dana (0 roles)"#).await;
    discord.say(dana, support, "<@9000> help");
    bot.expect(r#"message "<@9000> help" by Dana (0 roles)"#).await;
    bot.stop().await;
}

#[tokio::test]
async fn a_locked_out_bot_hears_nothing_of_a_channel() {
    let discord = start().await;
    discord.fault(Fault::ExpireTokens);
    let mut bot = Bot::connect(&discord, all()).await;
    bot.expect("ready Bellhop").await;
    bot.expect("guild Harbor Support with 8 channels").await;
    let (dana, rosa) = (discord.user("Dana"), discord.user("Rosa"));
    discord.lock_out_bot(discord.channel("support"));
    discord.say(dana, discord.channel("support"), "whisper");
    discord.say(rosa, discord.channel("tier-1"), "loud");
    bot.expect(r#"message "loud" by Rosa (1 roles)"#).await;
    bot.stop().await;
}

#[tokio::test]
async fn a_wrong_token_and_a_disallowed_intent_end_the_client() {
    let discord = start().await;
    let start = async |token: &str| {
        let http = HttpBuilder::new(token).proxy(discord.url()).ratelimiter_disabled(true).build();
        let mut client = ClientBuilder::new_with_http(http, all()).await.expect("a client");
        client.start().await.map_err(|error| error.to_string())
    };
    expect![[r#"Err("Sent invalid authentication")"#]].assert_eq(&format!("{:?}", start("some.other.token").await));
    discord.disallow_message_content(true);
    expect![[r#"Err("Disallowed gateway intents were provided")"#]].assert_eq(&format!("{:?}", start(TOKEN).await));
    expect![[r#"["gateway: closed with 4004", "gateway: closed with 4014"]"#]]
        .assert_eq(&format!("{:?}", discord.violations()));
}

#[tokio::test]
async fn a_bot_that_is_there_and_does_not_answer_is_to_blame() {
    let discord = start().await;
    let mut bot = Bot::connect(&discord, all()).await;
    bot.expect("ready Bellhop").await;
    let (dana, support) = (discord.user("Dana"), discord.channel("support"));
    let said = discord.say(dana, support, "hello");
    let id = discord.press(dana, support, said, "gone");
    discord.until(|discord| discord.pending_interactions() == 0).await.expect("it is given up");
    assert_eq!(discord.violations(), [format!("interaction {id} (Component) was not answered within 3s")]);
    bot.stop().await;
}
