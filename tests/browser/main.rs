//! Our pages in a real browser: the sandbox's with the small Discord behind it, in [`product`] with the bot as well;
//! in [`dashboard`] what the bot itself shows.

mod chromium;
mod dashboard;
mod page;
mod product;

use anyhow::{Result, ensure};
use bellhop::engine::clock::Clock;
use bellhop::sandbox::{Settings, SmallDiscord, World};
use page::Page;
use serde_json::json;

const TOKEN: &str = "sandbox.bot.token";

async fn small_discord() -> Result<SmallDiscord> {
    let settings = Settings {
        world: World::example(),
        clock: Clock::system(),
        address: ([127, 0, 0, 1], 0).into(),
        token: TOKEN.to_owned(),
        next_deadline: None,
    };
    Ok(SmallDiscord::start(settings).await?)
}

/// Posts a card with one button. No bot is connected.
async fn post_card(discord: &SmallDiscord, channel: &str) -> Result<()> {
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

#[tokio::test(flavor = "multi_thread")]
async fn what_one_person_says_the_next_one_reads() -> Result<()> {
    let discord = small_discord().await?;
    let page = Page::open(&discord.url()).await?;

    page.speak_as("Dana").await?;
    ensure!(page.channels().await? == ["support"], "a customer sees the public channel only");
    page.say("The parcel never came.").await?;
    page.wait_for_text("The parcel never came.").await?;

    page.speak_as("Lena").await?;
    page.open_channel("legal").await?;
    ensure!(!page.shows("The parcel never came.").await?);
    page.open_channel("support").await?;
    page.wait_for_text("The parcel never came.").await?;

    let (emil, support) = (discord.user("Emil"), discord.channel("support"));
    let message = discord.say(emil, support, "Nor did mine, <@4006>.");
    page.wait_for_text("Nor did mine, @Lena.").await?;
    discord.edit(emil, support, message, "It is here now.");
    page.wait_for_text("It is here now. (edited)").await?;

    page.no_console_errors().await
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_text_stays_text() -> Result<()> {
    let discord = small_discord().await?;
    let page = Page::open(&discord.url()).await?;
    page.speak_as("Rosa").await?;
    page.open_channel("support").await?;

    let hostile =
        r"<img src=x onerror=alert(1)> [your bank](https://evil.example) \*plain\* **loud** javascript:alert(1)";
    discord.say(discord.user("Dana"), discord.channel("support"), hostile);
    page.wait_for_text("<img src=x onerror=alert(1)> [your bank](https://evil.example) *plain* loud").await?;

    ensure!(page.count("#messages img, #messages script").await? == 0);
    ensure!(page.count("#messages a:not([href^='https://'])").await? == 0);
    ensure!(page.count("#messages strong").await? == 1);
    page.no_console_errors().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_is_a_channel_below_its_channel() -> Result<()> {
    let discord = small_discord().await?;
    let page = Page::open(&discord.url()).await?;
    page.speak_as("Farah").await?;

    page.press("New thread").await?;
    page.fill("What it is about", "Invoice 12").await?;
    page.fill("First message", "It is wrong.").await?;
    page.press("Send").await?;
    page.wait_for_text("It is wrong.").await?;
    ensure!(page.channels().await? == ["support", "Invoice 12"]);
    page.no_console_errors().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_is_wide_enough() -> Result<()> {
    let discord = small_discord().await?;
    post_card(&discord, "tier-2").await?;
    let page = Page::open(&discord.url()).await?;
    page.speak_as("Sam").await?;
    page.open_channel("tier-2").await?;
    page.wait_for_text("A card").await?;
    page.fits(390).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_that_nobody_answers_says_so() -> Result<()> {
    let discord = small_discord().await?;
    post_card(&discord, "tier-2").await?;
    let page = Page::open(&discord.url()).await?;
    page.speak_as("Sam").await?;
    page.open_channel("tier-2").await?;

    page.press("Resolve").await?;
    page.wait_for_text("This interaction failed").await
}
