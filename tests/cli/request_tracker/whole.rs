//! The whole bot between a small Discord and a real Request Tracker: a link is pasted, what stands in the ticket is on
//! the card, a note is in the ticket, and what its customer writes there is heard.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bellhop::adapters::tickets::{Account, TicketId};
use bellhop::sandbox::{Seen, SmallDiscord, World};
use bellhop::sop::ticket::{Comment, Ticket, Visibility};

use super::instance::RequestTracker;
use super::{opened, said};
use crate::program::Program;
use crate::run::{desk_at, small_discord, token};

/// Longest wait for a note, in real time.
const PATIENCE: Duration = Duration::from_secs(30);

pub async fn a_link_brings_the_ticket_and_its_customer_is_heard(
    tracker: &RequestTracker,
    account: &Account,
) -> Result<()> {
    let discord = small_discord(World::example()).await?;
    let system = format!(
        "\n[[tickets]]\nkind = \"rt\"\nhost = \"support.test\"\napi = \"{}\"\nuser = \"bellhop\"\ntoken_env = \"RT\"\n\
         poll = \"5s\"\ngroups = {{ managers = \"Tier2\" }}\n\n[[tickets]]\n",
        tracker.url
    );
    let desk = desk_at(&discord.url(), &[("\n[[tickets]]\n", system.as_str())])?;
    let secrets = [("DISCORD_TOKEN", token()), ("RT", "pass-of-bellhop".to_owned())];
    let secrets = secrets.each_ref().map(|(name, secret)| (*name, secret.as_str()));
    let bot = Program::start(desk.path(), &["run"], &secrets)?;
    bot.logs("bot.ready").await?;

    let id = opened(tracker, account, "Overcharged again").await?;
    said(tracker, "dana", &id, "correspond", "I want my $700 back.").await?;
    let rep = discord.user("Rosa");
    let link = format!("see https://support.test/Ticket/Display.html?id={id}");
    discord.say(rep, discord.channel("support"), &link);
    // A Request Tracker serves one at a time, and may take seconds for each page that a ticket is read from.
    if shown(&discord, "managers", "Overcharged again").await.is_err() {
        shown(&discord, "managers", "Overcharged again").await?;
    }
    shown(&discord, "managers", "Dana Doe of Acme").await?;

    said(tracker, "dana", &id, "correspond", "My lawyer will call you tomorrow.").await?;
    shown(&discord, "legal", "My lawyer will").await?;

    let waited = tokio::time::timeout(PATIENCE, noted(account, &id)).await;
    let notes = waited.context("no note in time")??;
    ensure!(notes.len() == 1 && notes[0].visibility == Visibility::Internal, "{notes:?}");
    ensure!(!tracker.mails()?.contains("ESC-"), "a note is mailed to nobody");
    let done = bot.terminate().await?;
    ensure!(done.code == Some(0) && !done.err.contains("ERROR"), "{done}");
    let violations = discord.violations();
    ensure!(violations.is_empty(), "{violations:?}");
    Ok(())
}

/// The notes about the opening, once the ticket is with the team.
async fn noted(account: &Account, id: &TicketId) -> Result<Vec<Comment>> {
    loop {
        let Ticket { group, comments, .. } = account.fetch(id).await?;
        let is_note = |comment: &Comment| comment.text.contains("[ESC-1 opened #");
        let notes: Vec<Comment> = comments.into_iter().filter(is_note).collect();
        if !notes.is_empty() && group.as_deref() == Some("Tier2") {
            return Ok(notes);
        }
    }
}

/// Waits until a card in a channel says this.
async fn shown(discord: &SmallDiscord, channel: &str, text: &str) -> Result<()> {
    let place = discord.channel(channel);
    let says = |seen: &Seen| match seen {
        Seen::Posted { channel, message, .. } | Seen::Edited { channel, message, .. } => {
            *channel == place && message.to_string().contains(text)
        }
        _ => false,
    };
    let waited = discord.wait(|seen| seen.iter().any(says)).await;
    waited.with_context(|| format!("nothing in #{channel} says {text:?}"))
}
