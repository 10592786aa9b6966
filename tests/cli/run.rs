//! `bellhop run` against a small Discord: what keeps it from starting, how it ends, what it never gives away.

use std::path::Path;

use anyhow::{Result, ensure};
use bellhop::engine::clock::Clock;
use bellhop::sandbox::{Seen, Settings, SmallDiscord, World};
use expect_test::{Expect, expect};
use serde_json::Value;
use tempfile::TempDir;

use crate::desk;
use crate::program::{Done, Program, bellhop};

/// Shaped like a real one (<https://discord.com/developers/docs/reference#authentication>); in parts, so that nobody
/// takes this file for a leak.
pub fn token() -> String {
    ["MTAwMDAwMDAwMDAwMDAwMDAwMA", "GaBcDe", "x".repeat(38).as_str()].join(".")
}

pub async fn small_discord(world: World) -> Result<SmallDiscord> {
    let address = ([127, 0, 0, 1], 0).into();
    let settings = Settings { world, clock: Clock::system(), address, token: token(), next_deadline: None };
    Ok(SmallDiscord::start(settings).await?)
}

/// A desk at this address, changed from → to.
pub fn desk_at(url: &str, changes: &[(&str, &str)]) -> Result<TempDir> {
    let api_base = format!("api_base = \"{url}\"");
    desk(&[&[("# api_base = \"http://127.0.0.1:8321\"", api_base.as_str())], changes].concat())
}

async fn run(desk: &Path, token: &str) -> Result<Done> {
    Program::start(desk, &["run"], &[("DISCORD_TOKEN", token)])?.finish().await
}

fn check(done: &Done, expected: &Expect) {
    expected.assert_eq(&done.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_config_or_a_token_it_says_where_they_come_from() -> Result<()> {
    let nothing = tempfile::tempdir()?;
    check(
        &bellhop(nothing.path(), &["run"], b"").await?,
        &expect![[r#"
            exit 2
            --- err
            error: there is no config.toml: copy config.example.toml to it and put in the ids of your server
        "#]],
    );
    let desk = desk_at("http://127.0.0.1:9", &[])?;
    check(
        &bellhop(desk.path(), &["run"], b"").await?,
        &expect![[r#"
        exit 2
        --- err
        error: there is no token: set DISCORD_TOKEN, or name a file with it as token_file in [discord]. The developer portal shows it on the page Bot. To try without one: bellhop sandbox
    "#]],
    );
    let desk = desk_at("http://127.0.0.1:9", &[("# token_file = \"/run/secrets/", "token_file = \"")])?;
    check(
        &bellhop(desk.path(), &["run"], b"").await?,
        &expect![[r#"
            exit 2
            --- err
            error: the secret file discord-token cannot be read (No such file or directory (os error 2)): set DISCORD_TOKEN, or name a file with it as token_file in [discord]. The developer portal shows it on the page Bot. To try without one: bellhop sandbox
        "#]],
    );
    std::fs::write(desk.path().join("discord-token"), "\n")?;
    check(
        &bellhop(desk.path(), &["run"], b"").await?,
        &expect![[r#"
            exit 2
            --- err
            error: the secret file discord-token is empty: set DISCORD_TOKEN, or name a file with it as token_file in [discord]. The developer portal shows it on the page Bot. To try without one: bellhop sandbox
        "#]],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_the_config_is_refused_and_not_repeated() -> Result<()> {
    let written = format!("guild = \"1000\"\ntoken = \"{}\"", token());
    let desk = desk_at("http://127.0.0.1:9", &[("guild = \"1000\"", &written)])?;
    for arguments in [&["run"][..], &["check"], &["check", "--json"]] {
        let done = bellhop(desk.path(), arguments, b"").await?;
        ensure!(done.code == Some(1), "{done}");
        ensure!(format!("{}{}", done.out, done.err).contains("a token never goes into this file"), "{done}");
        ensure!(!format!("{}{}", done.out, done.err).contains(&token()), "{done}");
    }
    Ok(())
}

/// Discord shuts out addresses that keep trying: <https://discord.com/developers/docs/topics/rate-limits>, "Invalid
/// Request Limit".
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_tried_once() -> Result<()> {
    let discord = small_discord(World::example()).await?;
    let desk = desk_at(&discord.url(), &[])?;
    check(
        &run(desk.path(), &token().to_lowercase()).await?,
        &expect![[r#"
        exit 1
        --- err
        error: Discord does not accept the token: copy it again from the developer portal, page Bot, into DISCORD_TOKEN
    "#]],
    );
    ensure!(discord.calls() <= 5 && discord.handshakes() == 0, "{} calls", discord.calls());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_the_address_is_said_at_once() -> Result<()> {
    let discord = small_discord(World::example()).await?;
    let desk = desk_at(&discord.url(), &[])?;
    discord.stop().await;
    let done = run(desk.path(), &token()).await?.to_string();
    expect![[r#"
        exit 1
        --- err
        error: http://127.0.0.1:PORT did not answer (error sending request: Connection refused (os error 111)): check this machine's network, and [discord] api_base in the config
    "#]]
    .assert_eq(&done.replace(&discord.url(), "http://127.0.0.1:PORT"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_switch_in_the_portal_is_named() -> Result<()> {
    let discord = small_discord(World::example()).await?;
    discord.disallow_message_content(true);
    let desk = desk_at(&discord.url(), &[])?;
    check(
        &run(desk.path(), &token()).await?,
        &expect![[r#"
            exit 1
            --- err
            error: the bot may not read what customers write: switch on the Message Content Intent in the developer portal, page Bot
        "#]],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_missing_on_the_server_is_told_at_once() -> Result<()> {
    let mut world = World::example();
    for channel in world.channels.iter_mut().filter(|channel| channel.name == "legal") {
        channel.overwrites.clear();
    }
    let discord = small_discord(world).await?;
    let changes = [
        ("watch = [\"2001\"]", "watch = [\"2001\", \"2991\"]"),
        ("\"2003\"", "\"2993\""),
        ("\"3008\"\n", "\"3998\"\n"),
    ];
    let desk = desk_at(&discord.url(), &changes)?;
    check(
        &run(desk.path(), &token()).await?,
        &expect![[r#"
            exit 1
            --- err
            error: there is no channel 2991 that the bot can see ([discord] watch): check the id and the bot's View Channel permission
            error: there is no channel 2993 that the bot can see (team tier-2): check the id and the bot's View Channel permission
            error: channel 2007 can be seen by everyone, so nothing confidential is posted there: close Legal's channel to everyone else, or take `cleared` from the team
            error: channel 2008 can be seen by the role 3008, so nothing confidential is posted there: close IT security's channel to everyone else, or take `cleared` from the team
            error: there is no role 3998 on the server (team security): check the id
        "#]],
    );
    let desk = desk_at(&discord.url(), &[("guild = \"1000\"", "guild = \"1999\"")])?;
    check(
        &run(desk.path(), &token()).await?,
        &expect![[r#"
        exit 1
        --- err
        error: the bot is not on the server 1999: check [discord] guild, and invite the bot with https://discord.com/oauth2/authorize?client_id=9000&scope=bot%20applications.commands&permissions=395137240064
    "#]],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_do_not_render_stop_the_start() -> Result<()> {
    let discord = small_discord(World::example()).await?;
    let desk = desk_at(&discord.url(), &[("# templates =", "templates =")])?;
    std::fs::create_dir(desk.path().join("templates"))?;
    std::fs::write(desk.path().join("templates/card.md"), "{% if %}\n")?;
    check(
        &run(desk.path(), &token()).await?,
        &expect![[r#"
        exit 1
        --- err
        error: templates/card.md: line 1: syntax error: unexpected end of block
    "#]],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_log_has_one_bot() -> Result<()> {
    let discord = small_discord(World::example()).await?;
    let desk = desk_at(&discord.url(), &[])?;
    let first = Program::start(desk.path(), &["run"], &[("DISCORD_TOKEN", &token())])?;
    first.logs("bot.ready").await?;
    check(
        &run(desk.path(), &token()).await?,
        &expect![[r#"
        exit 1
        --- err
        error: another bellhop is running on bellhop.sqlite: stop it first, or give this one a log of its own
    "#]],
    );
    let done = first.terminate().await?;
    ensure!(done.code == Some(0), "{}", done.err);
    Ok(())
}

/// What is said before the end, in its midst and while nobody is there leads to one page each.
#[tokio::test(flavor = "multi_thread")]
async fn told_to_end_it_ends_and_the_next_one_goes_on() -> Result<()> {
    let discord = small_discord(World::example()).await?;
    let desk = desk_at(&discord.url(), &[])?;
    let (support, managers) = (discord.channel("support"), discord.channel("managers"));
    let mut customers: Vec<u64> = (1..=24).map(|number| discord.join(&format!("Customer {number}"))).collect();
    let last = customers.split_off(16);
    let middle = customers.split_off(8);
    let claim = |customer: u64| discord.say(customer, support, "I want my $700 back.");

    let bot = Program::start(desk.path(), &["run"], &[("DISCORD_TOKEN", &token())])?;
    bot.logs("bot.ready").await?;
    let mut claims: Vec<u64> = customers.into_iter().map(claim).collect();
    discord.wait(|seen| pages(seen, managers).len() >= 8).await?;
    claims.extend(middle.into_iter().map(claim));
    let done = bot.terminate().await?;
    ensure!(done.code == Some(0) && done.out.is_empty() && done.complaints().is_empty(), "{done}");
    claims.extend(last.into_iter().map(claim));

    let bot = Program::start(desk.path(), &["run"], &[("DISCORD_TOKEN", &token())])?;
    bot.logs("bot.ready").await?;
    discord.wait(|seen| pages(seen, managers).len() >= 24).await?;
    let done = bot.terminate().await?;
    ensure!(done.code == Some(0), "{}", done.err);

    let pages = pages(&discord.seen(), managers).join("\n");
    for claim in claims {
        let count = pages.matches(&format!("/{claim})")).count();
        ensure!(count == 1, "{count} pages lead to message {claim}:\n{pages}");
    }
    ensure!(discord.violations().is_empty(), "{:?}", discord.violations());
    Ok(())
}

/// The cards of a channel as JSON.
pub fn pages(seen: &[Seen], channel: u64) -> Vec<String> {
    let card = |seen: &Seen| match seen {
        Seen::Posted { channel: place, message, .. } if *place == channel => Some(message.to_string()),
        _ => None,
    };
    seen.iter().filter_map(card).collect()
}

/// A wrong config changes nothing and is told; a right one takes over and is told; both without an end.
#[tokio::test(flavor = "multi_thread")]
async fn a_hang_up_has_the_config_read_again() -> Result<()> {
    let discord = small_discord(World::example()).await?;
    let desk = desk_at(&discord.url(), &[])?;
    let managers = discord.channel("managers");
    let path = desk.path().join("config.toml");
    let right = std::fs::read_to_string(&path)?;
    let told = |seen: &[Seen], words: &str| pages(seen, managers).iter().any(|message| message.contains(words));
    let bot = Program::start(desk.path(), &["run"], &[("DISCORD_TOKEN", &token())])?;
    bot.logs("bot.ready").await?;

    std::fs::write(&path, right.replace("front = \"tier-1\"", "front = \"tier-9\""))?;
    bot.signal("HUP")?;
    discord.wait(|seen| told(seen, "there is no team \\\"tier-9\\\"")).await?;
    std::fs::write(&path, right.replace("amount_over = \"500 USD\" }\n", "amount_over = \"300 USD\" }\n"))?;
    bot.signal("HUP")?;
    discord.wait(|seen| told(seen, "The procedure has changed")).await?;

    discord.say(discord.user("Dana"), discord.channel("support"), "I want my $400 back.");
    discord.wait(|seen| told(seen, "needs over 300 USD")).await?;
    let done = bot.terminate().await?;
    ensure!(done.code == Some(0) && discord.violations().is_empty(), "{done} {:?}", discord.violations());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_stays_where_it_was() -> Result<()> {
    let discord = small_discord(World::example()).await?;
    let desk = desk_at(&discord.url(), &[("# token_file = \"/run/secrets/", "token_file = \"")])?;
    std::fs::write(desk.path().join("discord-token"), token() + "\n")?;
    // The most talkative log there is, of every crate.
    let bot = Program::start(desk.path(), &["run"], &[("RUST_LOG", "trace")])?;
    bot.logs("bot.ready").await?;
    let words = "I will sue you, and my password is hunter2.";
    discord.say(discord.user("Dana"), discord.channel("support"), words);
    let legal = discord.channel("legal");
    discord.wait(|seen| !pages(seen, legal).is_empty()).await?;
    let done = bot.terminate().await?;
    ensure!(done.code == Some(0) && done.out.is_empty());
    // As it is, and as a list of bytes, which is how frames are logged.
    let bytes = format!("{:?}", token().as_bytes());
    let forms = [token(), bytes.trim_matches(['[', ']']).to_owned()];
    let told = done.err.lines().find(|line| forms.iter().any(|form| line.contains(form)));
    ensure!(told.is_none(), "the log holds the token: {}", told.unwrap_or_default());
    for entry in std::fs::read_dir(desk.path())? {
        let path = entry?.path();
        let is_where_it_was = path.ends_with("discord-token");
        let holds =
            |words: &str| std::fs::read(&path).map(|bytes| bytes.windows(words.len()).any(|at| at == words.as_bytes()));
        ensure!(is_where_it_was == holds(&token())?, "{}", path.display());
        ensure!(!holds("hunter2")?, "{} keeps more than the evidence", path.display());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_for_machines_and_names_nobody() -> Result<()> {
    let discord = small_discord(World::example()).await?;
    let desk = desk_at(&discord.url(), &[])?;
    let bot = Program::start(desk.path(), &["run"], &[("DISCORD_TOKEN", &token())])?;
    bot.logs("bot.ready").await?;
    discord.say(discord.user("Dana"), discord.channel("support"), "I will sue you.");
    let legal = discord.channel("legal");
    discord.wait(|seen| !pages(seen, legal).is_empty()).await?;
    let done = bot.terminate().await?;
    for line in done.err.lines() {
        let entry: Value = serde_json::from_str(line)?;
        ensure!(entry["level"] != "ERROR", "{line}");
        ensure!(!line.contains("Dana") && !line.contains("sue"), "{line}");
    }
    Ok(())
}
