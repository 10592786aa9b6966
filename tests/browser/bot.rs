//! The least of a bot: a card whose button opens a form, a slash command that completes, a command for messages.

use anyhow::Result;
use bellhop::sandbox::SmallDiscord;
use serde_json::json;
use serenity::all::{
    ActionRowComponent, ClientBuilder, CommandInteraction, CommandOptionType, CommandType, ComponentInteraction,
    Context, CreateActionRow, CreateAllowedMentions, CreateAutocompleteResponse, CreateCommand, CreateCommandOption,
    CreateInputText, CreateInteractionResponse, CreateInteractionResponseMessage, CreateModal, EditInteractionResponse,
    EventHandler, GatewayIntents, GuildId, HttpBuilder, InputTextStyle, Interaction, ModalInteraction, Ready,
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

/// Connects the bot, which answers for as long as the test runs, and waits until its commands are known.
pub async fn connect(discord: &SmallDiscord) -> Result<()> {
    let http = HttpBuilder::new(TOKEN)
        .proxy(discord.url())
        .ratelimiter_disabled(true)
        .default_allowed_mentions(CreateAllowedMentions::new())
        .build();
    let mut client = ClientBuilder::new_with_http(http, GatewayIntents::GUILDS).event_handler(Bot).await?;
    tokio::spawn(async move { client.start().await });
    discord.until(|discord| !discord.commands().is_empty()).await?;
    Ok(())
}

struct Bot;

#[async_trait]
impl EventHandler for Bot {
    async fn ready(&self, context: Context, ready: Ready) {
        let case = CreateCommandOption::new(CommandOptionType::String, "case", "Which one");
        let commands = vec![
            CreateCommand::new("status")
                .description("Where a case stands")
                .add_option(case.required(true).set_autocomplete(true)),
            CreateCommand::new("Escalate this").kind(CommandType::Message),
        ];
        let guild: GuildId = ready.guilds[0].id;
        guild.set_commands(&context, commands).await.expect("the small Discord takes the commands");
    }

    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        let answered = match interaction {
            Interaction::Component(pressed) => open_form(&context, &pressed).await,
            Interaction::Modal(form) => repeat(&context, &form).await,
            Interaction::Autocomplete(typing) => complete(&context, &typing).await,
            Interaction::Command(command) => look_up(&context, &command).await,
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

async fn complete(context: &Context, typing: &CommandInteraction) -> serenity::Result<()> {
    let choices = CreateAutocompleteResponse::new().add_string_choice("ESC-142 · Router", "ESC-142");
    typing.create_response(context, CreateInteractionResponse::Autocomplete(choices)).await
}

/// Answers late, as a bot does that has to look something up.
async fn look_up(context: &Context, command: &CommandInteraction) -> serenity::Result<()> {
    let later = CreateInteractionResponseMessage::new().ephemeral(true);
    command.create_response(context, CreateInteractionResponse::Defer(later)).await?;
    let about = match command.data.options.first().and_then(|option| option.value.as_str()) {
        Some(case) => format!("{case} is open."),
        None => format!("{} was asked for.", command.data.name),
    };
    let answer = EditInteractionResponse::new().content(about).allowed_mentions(CreateAllowedMentions::new());
    command.edit_response(context, answer).await.map(drop)
}
