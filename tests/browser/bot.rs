//! The least of a bot: it posts a card, opens a form when its button is pressed, and repeats what the form says.

use anyhow::Result;
use bellhop::sandbox::SmallDiscord;
use serde_json::json;
use serenity::all::{
    ActionRowComponent, ClientBuilder, ComponentInteraction, Context, CreateActionRow, CreateAllowedMentions,
    CreateInputText, CreateInteractionResponse, CreateInteractionResponseMessage, CreateModal, EventHandler,
    GatewayIntents, HttpBuilder, InputTextStyle, Interaction, ModalInteraction,
};
use serenity::async_trait;

use crate::TOKEN;

/// Posts a card with one button. It needs no connection.
pub async fn post_card(discord: &SmallDiscord, channel: &str) -> Result<()> {
    let url = format!("{}/api/v10/channels/{}/messages", discord.url(), discord.channel(channel));
    let button = json!({ "type": 2, "style": 1, "label": "Resolve", "custom_id": "resolve" });
    let card = json!({
        "content": "",
        "nonce": "card",
        "enforce_nonce": true,
        "allowed_mentions": { "parse": [] },
        "embeds": [{ "title": "A card", "color": 0x00C0_413E, "fields": [{ "name": "Due", "value": "<t:0:R>" }] }],
        "components": [{ "type": 1, "components": [button] }],
    });
    let request = reqwest::Client::new()
        .post(url)
        .header("authorization", format!("Bot {TOKEN}"))
        .header("user-agent", "DiscordBot (https://example.com, 1)");
    request.json(&card).send().await?.error_for_status()?;
    Ok(())
}

/// Connects the bot, which answers for as long as the test runs.
pub async fn connect(discord: &SmallDiscord) -> Result<()> {
    let http = HttpBuilder::new(TOKEN)
        .proxy(discord.url())
        .ratelimiter_disabled(true)
        .default_allowed_mentions(CreateAllowedMentions::new())
        .build();
    let mut client = ClientBuilder::new_with_http(http, GatewayIntents::GUILDS).event_handler(Bot).await?;
    tokio::spawn(async move { client.start().await });
    discord.until(|discord| discord.gateway_sessions() == 1).await?;
    Ok(())
}

struct Bot;

#[async_trait]
impl EventHandler for Bot {
    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        let answered = match interaction {
            Interaction::Component(pressed) => open_form(&context, &pressed).await,
            Interaction::Modal(form) => repeat(&context, &form).await,
            _ => Ok(()),
        };
        answered.expect("the small Discord takes the answer");
    }
}

async fn open_form(context: &Context, pressed: &ComponentInteraction) -> serenity::Result<()> {
    let note = CreateInputText::new(InputTextStyle::Paragraph, "How did it end?", "note");
    let form = CreateModal::new("form", "Resolve the card").components(vec![CreateActionRow::InputText(note)]);
    pressed.create_response(context, CreateInteractionResponse::Modal(form)).await
}

async fn repeat(context: &Context, form: &ModalInteraction) -> serenity::Result<()> {
    let inputs = form.data.components.iter().flat_map(|row| &row.components);
    let texts = inputs.filter_map(|input| match input {
        ActionRowComponent::InputText(text) => text.value.clone(),
        _ => None,
    });
    let message = CreateInteractionResponseMessage::new()
        .content(format!("It says: {}", texts.collect::<String>()))
        .allowed_mentions(CreateAllowedMentions::new())
        .ephemeral(true);
    form.create_response(context, CreateInteractionResponse::Message(message)).await
}
