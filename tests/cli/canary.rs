//! The bot finds out that it hears nothing, says so, and hears again.

use anyhow::{Result, ensure};
use bellhop::sandbox::world::Channel;
use bellhop::sandbox::{GatewayFault, Seen, World};
use serde_json::Map;

use crate::program::Program;
use crate::run::{desk_at, pages, small_discord, token};

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_brings_nothing_is_noticed_and_made_anew() -> Result<()> {
    let mut world = World::example();
    let topic = "Nobody reads this".to_owned();
    world.channels.push(Channel { id: 2009, name: "canary".to_owned(), topic, overwrites: Vec::new() });
    let discord = small_discord(world).await?;
    let canary = [("# canary = ", "canary = "), ("# canary_every = \"5m\"", "canary_every = \"3s\"")];
    let desk = desk_at(&discord.url(), &canary)?;
    let (manager, managers) = (discord.user("Mona"), discord.channel("managers"));
    let told = |seen: &[Seen], words: &str| pages(seen, managers).iter().any(|message| message.contains(words));
    let bot = Program::start(desk.path(), &["run"], &[("DISCORD_TOKEN", &token())])?;
    bot.logs("bot.ready").await?;
    let sung = |seen: &Seen| matches!(seen, Seen::Deleted { channel: 2009, .. });
    discord.wait(|seen| seen.iter().any(sung)).await?;
    ensure!(!told(&discord.seen(), "heard nothing"), "it hears");

    discord.gateway_fault(GatewayFault::Silent);
    let claim = discord.say(discord.user("Dana"), discord.channel("support"), "I want my $700 back.");
    discord.wait(|seen| told(seen, "I have heard nothing of what is said since")).await?;
    discord.wait(|seen| told(seen, "I hear again, after")).await?;
    discord.wait(|seen| told(seen, &format!("/{claim})"))).await?;
    ensure!(discord.handshakes() > 1, "by a new session");

    let asked = discord.slash(manager, managers, "sop show", Map::new());
    let answer = |seen: &Seen| match seen {
        Seen::AnswerEdited { interaction, message, .. } => {
            *interaction == asked && message.to_string().contains("min in all")
        }
        _ => false,
    };
    discord.wait(|seen| seen.iter().any(answer)).await?;
    let done = bot.terminate().await?;
    ensure!(done.code == Some(0) && done.err.contains("desk.deaf"), "{done}");
    ensure!(discord.violations().is_empty(), "{:?}", discord.violations());
    Ok(())
}
