//! What a newcomer does with `bellhop sandbox`: the page, the small Discord and the real bot.

use anyhow::{Result, anyhow, ensure};
use bellhop::cli::sandbox::Sandbox;
use bellhop::config::Config;

use crate::page::Page;

/// The sandbox on a free port, and its page.
async fn open() -> Result<(Sandbox, Page)> {
    open_with(EXAMPLE).await
}

const EXAMPLE: &str = include_str!("../../config.example.toml");

async fn open_with(config: &str) -> Result<(Sandbox, Page)> {
    let config = Config::parse("config.example.toml", config);
    let sandbox = Sandbox::start(0, config.map_err(|report| anyhow!("{report}"))?).await?;
    let page = Page::open(&sandbox.discord.url()).await?;
    Ok((sandbox, page))
}

async fn close(sandbox: Sandbox, page: Page) -> Result<()> {
    page.no_console_errors().await?;
    let violations = sandbox.discord.violations();
    ensure!(violations.is_empty(), "the small Discord saw what must not be: {violations:?}");
    sandbox.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_changes_before_ones_eyes() -> Result<()> {
    let (sandbox, page) = open().await?;
    page.mark().await?;
    page.speak_as("Dana").await?;
    page.say("You will hear from my lawyer.").await?;

    page.speak_as("Rosa").await?;
    page.open_channel("tier-1").await?;
    page.wait_for_text("A confidential escalation was opened").await?;
    ensure!(!page.shows("Dana").await? && !page.shows("Legal").await?, "a rep reads of a confidential case");

    page.speak_as("Lena").await?;
    page.open_channel("legal").await?;
    page.wait_for_text("Waiting for Legal, answer due in 30 minutes").await?;
    page.wait_for_text("hear from my lawyer").await?;
    page.press("Acknowledge").await?;
    page.wait_for_text("Taken by @Lena").await?;
    page.wait_for_no_text("Acknowledge").await?;

    page.press("Resolve").await?;
    page.fill("What was done?", "Called her.").await?;
    page.press("Send").await?;
    page.wait_for_text("Resolved by @Lena").await?;
    page.wait_for_text("Called her.").await?;

    page.press("Why").await?;
    page.wait_for_text("Why ESC-1").await?;
    page.press("Dismiss").await?;
    page.wait_for_no_text("Why ESC-1").await?;
    page.was_not_reloaded().await?;
    close(sandbox, page).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_stands_below_the_card() -> Result<()> {
    let (sandbox, page) = open().await?;
    page.speak_as("Dana").await?;
    page.say("I want a refund of $700.").await?;

    page.speak_as("Mona").await?;
    page.open_channel("managers").await?;
    page.wait_for_text("Waiting for Managers").await?;
    page.press("Acknowledge").await?;
    page.wait_for_text("Taken by @Mona").await?;
    page.wait_for_text("ESC-1 \u{b7} Refund over 500 USD").await?;
    page.press("ESC-1 \u{b7} Refund over 500 USD").await?;
    page.wait_for_text("Mona acknowledged, next step by").await?;
    page.wait_for_text("This is where ESC-1 \u{b7} Refund over 500 USD begins.").await?;
    close(sandbox, page).await
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_taken_by_the_names_that_a_german_desk_uses() -> Result<()> {
    let (sandbox, page) = open_with(&EXAMPLE.replacen("# language = \"en\"", "language = \"de\"", 1)).await?;
    page.speak_as("Mona").await?;
    page.open_channel("managers").await?;
    page.say("/offen").await?;
    page.run_command().await?;
    page.wait_for_text("Mona used /queue").await?;
    page.wait_for_text("Nichts ist offen").await?;
    close(sandbox, page).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rep_escalates_with_a_form() -> Result<()> {
    let (sandbox, page) = open().await?;
    page.speak_as("Rosa").await?;
    page.open_channel("tier-1").await?;

    page.say("/escalate").await?;
    page.take_suggestion("reason", "refu").await?;
    page.run_command().await?;
    page.fill("Ticket (link or number)", "4711").await?;
    page.fill("Steps already tried", "Offered a voucher.").await?;
    page.press("Send").await?;
    page.wait_for_text("ESC-1 went to Managers").await?;
    page.wait_for_text("Only you can see this").await?;
    page.wait_for_text("Refund over 500 USD \u{2192} Managers").await?;

    page.speak_as("Raul").await?;
    page.wait_for_text("Refund over 500 USD \u{2192} Managers").await?;
    ensure!(!page.shows("Only you can see this").await?, "an answer for Rosa is shown to Raul");

    page.speak_as("Mona").await?;
    page.open_channel("managers").await?;
    page.wait_for_text("Offered a voucher.").await?;
    close(sandbox, page).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_escalated_from_its_menu() -> Result<()> {
    let (sandbox, page) = open().await?;
    page.speak_as("Emil").await?;
    page.say("Where do I find my invoices?").await?;

    page.speak_as("Rosa").await?;
    page.wait_for_text("Where do I find my invoices?").await?;
    page.choose_from_menu("Escalate this").await?;
    page.fill("Steps already tried", "Looked everywhere.").await?;
    page.press("Send").await?;
    page.wait_for_text("ESC-1 went to Specialists").await?;

    page.speak_as("Sam").await?;
    page.open_channel("tier-2").await?;
    page.wait_for_text("@Emil").await?;
    page.press("read it there").await?;
    page.wait_for_text("Where do I find my invoices?").await?;
    close(sandbox, page).await
}

#[tokio::test(flavor = "multi_thread")]
async fn time_jumps_and_the_case_climbs() -> Result<()> {
    let (sandbox, page) = open().await?;
    page.speak_as("Dana").await?;
    page.say("You are useless and I am absolutely FURIOUS.").await?;

    page.speak_as("Mona").await?;
    page.open_channel("managers").await?;
    page.jump_to_the_next_deadline().await?;
    page.wait_for_text("Team leads did not answer in time.").await?;
    page.wait_for_text("Waiting for Managers, answer due in 30 minutes").await?;

    page.say("/queue").await?;
    page.run_command().await?;
    page.wait_for_text("Mona used /queue").await?;
    page.wait_for_text("Open: 1").await?;
    close(sandbox, page).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_is_a_day() -> Result<()> {
    let (sandbox, page) = open().await?;
    page.take_the_tour().await?;
    page.wait_for_text("Open: 2").await?;
    close(sandbox, page).await
}
