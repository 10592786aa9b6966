//! What serenity's and poise's builders send is understood: no field of theirs is unknown here.

use serde_json::Map;
use serenity::all::{
    AutoArchiveDuration, ButtonStyle, ChannelId, CommandOptionType, CommandType, CreateActionRow,
    CreateAllowedMentions, CreateAttachment, CreateAutocompleteResponse, CreateButton, CreateCommand,
    CreateCommandOption, CreateEmbed, CreateEmbedFooter, CreateInputText, CreateInteractionResponse as Response,
    CreateInteractionResponseFollowup, CreateInteractionResponseMessage, CreateMessage, CreateModal, CreateSelectMenu,
    CreateSelectMenuKind, CreateSelectMenuOption, CreateThread, EditInteractionResponse, EditMessage, EditThread,
    GetMessages, GuildId, Http, HttpBuilder, InputTextStyle, Nonce, UserId,
};

use super::super::SmallDiscord;
use super::{TOKEN, start};

fn closed() -> CreateAllowedMentions {
    CreateAllowedMentions::new()
}

fn http(discord: &SmallDiscord) -> Http {
    HttpBuilder::new(TOKEN).proxy(discord.url()).ratelimiter_disabled(true).application_id(9000.into()).build()
}

fn embed() -> CreateEmbed {
    CreateEmbed::new()
        .title("ESC-1")
        .url("https://example.invalid")
        .description("A refund over $500")
        .field("Due", "<t:1795427100:R>", true)
        .footer(CreateEmbedFooter::new("ticket 42"))
        .color(0x00FF_0000)
}

fn rows() -> Vec<CreateActionRow> {
    let option = CreateSelectMenuOption::new("One", "1").description("The first");
    let select = CreateSelectMenu::new("pick", CreateSelectMenuKind::String { options: vec![option] });
    vec![
        CreateActionRow::Buttons(vec![
            CreateButton::new("ack").label("Acknowledge").style(ButtonStyle::Success),
            CreateButton::new_link("https://example.invalid").label("Ticket"),
        ]),
        CreateActionRow::SelectMenu(select.placeholder("Pick one")),
    ]
}

#[tokio::test]
async fn messages_and_threads() -> anyhow::Result<()> {
    let discord = start().await;
    let (http, support) = (http(&discord), ChannelId::new(discord.channel("support")));
    let message = CreateMessage::new().content("card").embed(embed()).components(rows()).allowed_mentions(closed());
    let message = message.nonce(Nonce::String("n1".to_owned())).enforce_nonce(true);
    let mut card = support.send_message(&http, message).await?;
    card.edit(&http, EditMessage::new().content("edited").embed(embed()).components(rows()).allowed_mentions(closed()))
        .await?;
    assert_eq!(support.messages(&http, GetMessages::new().limit(5)).await?[0].content, "edited");
    let chart = CreateAttachment::bytes(&b"a chart"[..], "chart.png");
    let digest = CreateMessage::new().embed(embed().attachment("chart.png")).add_file(chart).allowed_mentions(closed());
    let digest = digest.nonce(Nonce::String("n2".to_owned())).enforce_nonce(true);
    let digest = support.send_message(&http, digest).await?;
    let url = digest.embeds[0].image.as_ref().map(|image| image.url.clone()).unwrap_or_default();
    assert_eq!(reqwest::get(url).await?.bytes().await?, &b"a chart"[..]);
    let thread = CreateThread::new("ESC-1").auto_archive_duration(AutoArchiveDuration::OneDay);
    let mut thread = support.create_thread_from_message(&http, card.id, thread).await?;
    thread.edit_thread(&http, EditThread::new().archived(true).locked(true)).await?;
    card.delete(&http).await?;

    let direct = UserId::new(discord.user("Dana")).create_dm_channel(&http).await?;
    assert_eq!(direct.recipient.name, "Dana");
    let guild = GuildId::new(1000);
    assert_eq!(guild.to_partial_guild(&http).await?.roles.len(), 9);
    assert_eq!(guild.channels(&http).await?.len(), 8);
    assert_eq!(guild.member(&http, 4001).await?.roles.len(), 1);
    assert!(guild.get_active_threads(&http).await?.threads.is_empty());
    assert_eq!(http.get_current_application_info().await?.name, "Bellhop");
    assert_eq!(discord.violations(), Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn answers_to_interactions() -> anyhow::Result<()> {
    let discord = start().await;
    let (http, rosa, support) = (http(&discord), discord.user("Rosa"), discord.channel("support"));
    let options = vec![CreateCommandOption::new(CommandOptionType::String, "ticket", "Link").set_autocomplete(true)];
    let commands = vec![
        CreateCommand::new("find").description("Find").set_options(options),
        CreateCommand::new("Escalate this").kind(CommandType::Message),
    ];
    assert_eq!(GuildId::new(1000).set_commands(&http, commands).await?.len(), 2);
    let slash = || discord.slash(rosa, support, "find", Map::new());
    let answer = async |id: u64, response: Response| {
        http.create_interaction_response(id.into(), &token(id), &response, Vec::new()).await.map(|()| id)
    };

    let text = CreateInteractionResponseMessage::new().content("hi").embed(embed()).components(rows());
    answer(slash(), Response::Message(text.ephemeral(true).allowed_mentions(closed()))).await?;
    let id = answer(slash(), Response::Defer(CreateInteractionResponseMessage::new().ephemeral(true))).await?;
    let edit = EditInteractionResponse::new().content("done").embed(embed()).components(rows());
    let edit = edit.allowed_mentions(closed());
    http.edit_original_interaction_response(&token(id), &edit, Vec::new()).await?;
    let more = CreateInteractionResponseFollowup::new().content("more").ephemeral(true).allowed_mentions(closed());
    http.create_followup_message(&token(id), &more, Vec::new()).await?;
    http.delete_original_interaction_response(&token(id)).await?;

    let input = CreateInputText::new(InputTextStyle::Paragraph, "Tried", "tried").placeholder("Steps").max_length(1000);
    let form = CreateModal::new("esc:new", "Escalate").components(vec![CreateActionRow::InputText(input)]);
    answer(slash(), Response::Modal(form)).await?;
    let typing = discord.complete(rosa, support, "find", "ticket", "4", Map::new());
    let choices = CreateAutocompleteResponse::new().add_string_choice("#42", "42");
    answer(typing, Response::Autocomplete(choices)).await?;

    let card = CreateMessage::new().content("card").components(rows()).allowed_mentions(closed());
    let card = card.nonce(Nonce::String("n1".to_owned())).enforce_nonce(true);
    let card = ChannelId::new(support).send_message(&http, card).await?;
    let press = || discord.press(rosa, support, card.id.get(), "ack");
    answer(press(), Response::Acknowledge).await?;
    let update = CreateInteractionResponseMessage::new().content("taken").components(Vec::new());
    answer(press(), Response::UpdateMessage(update.allowed_mentions(closed()))).await?;

    assert_eq!(discord.violations(), Vec::<String>::new());
    assert_eq!(discord.pending_interactions(), 0);
    Ok(())
}

fn token(interaction: u64) -> String {
    format!("interaction-token-{interaction}")
}
