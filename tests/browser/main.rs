//! The sandbox's page in a real browser, with the small Discord behind it.

mod bot;
mod chromium;
mod page;

use anyhow::{Result, ensure};
use bellhop::engine::clock::Clock;
use bellhop::sandbox::{Settings, SmallDiscord, World};
use page::Page;

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
async fn a_press_leads_through_a_form_to_an_answer() -> Result<()> {
    let discord = small_discord().await?;
    bot::connect(&discord).await?;
    bot::post_card(&discord, "tier-2").await?;
    let page = Page::open(&discord.url()).await?;
    page.speak_as("Sam").await?;
    page.open_channel("tier-2").await?;

    page.press("Resolve").await?;
    page.fill("How did it end?", "Sent a new one.").await?;
    page.press("Send").await?;
    page.wait_for_text("It says: Sent a new one.").await?;
    page.wait_for_text("Only you can see this").await?;
    page.press("Dismiss").await?;
    page.wait_for_no_text("Only you can see this").await?;

    page.no_console_errors().await
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_completed_and_answered() -> Result<()> {
    let discord = small_discord().await?;
    bot::connect(&discord).await?;
    discord.say(discord.user("Raul"), discord.channel("tier-1"), "Anything new?");
    let page = Page::open(&discord.url()).await?;
    page.speak_as("Rosa").await?;
    page.open_channel("tier-1").await?;

    page.say("/stat").await?;
    page.take_suggestion("case", "rou").await?;
    page.run_command().await?;
    page.wait_for_text("ESC-142 is open.").await?;
    page.press("Dismiss").await?;
    page.wait_for_no_text("ESC-142 is open.").await?;

    page.choose_from_menu("Escalate this").await?;
    page.wait_for_text("Escalate this was asked for.").await?;

    page.speak_as("Raul").await?;
    page.wait_for_no_text("Escalate this was asked for.").await?;
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
    bot::post_card(&discord, "tier-2").await?;
    let page = Page::open(&discord.url()).await?;
    page.speak_as("Sam").await?;
    page.open_channel("tier-2").await?;
    page.wait_for_text("A card").await?;
    page.fits(390).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_that_nobody_answers_says_so() -> Result<()> {
    let discord = small_discord().await?;
    bot::post_card(&discord, "tier-2").await?;
    let page = Page::open(&discord.url()).await?;
    page.speak_as("Sam").await?;
    page.open_channel("tier-2").await?;

    page.press("Resolve").await?;
    page.wait_for_text("This interaction failed").await
}
