//! `bellhop erase`: who is erased is gone from the files, and the bot goes on.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use bellhop::sandbox::World;
use expect_test::{Expect, expect};

use crate::logbook::{Logbook, masked};
use crate::program::{Program, bellhop};
use crate::run::{desk_at, pages, small_discord, token};

/// Whether any file but the config holds these words.
fn holds(folder: &Path, words: &str) -> Result<bool> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let bytes = std::fs::read(&path)?;
        if !path.ends_with("config.toml") && bytes.windows(words.len()).any(|window| window == words.as_bytes()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The pseudonym is another each time.
fn without_pseudonym(printed: &str) -> String {
    let Some((before, after)) = masked(printed).split_once("ticket/erased/").map(|(a, b)| (a.to_owned(), b.to_owned()))
    else {
        return masked(printed);
    };
    format!("{before}ticket/erased/PSEUDONYM{}", &after[8..])
}

async fn check(arguments: &[&str], expected: Expect) -> Result<()> {
    let folder = Logbook::morning().await?.close().await?;
    let arguments: Vec<&str> = ["erase"].iter().chain(arguments).copied().collect();
    expected.assert_eq(&without_pseudonym(&bellhop(folder.path(), &arguments, b"").await?.to_string()));
    Ok(())
}

const DANA: &str = "500000000000000001";

#[tokio::test]
async fn it_says_what_goes() -> Result<()> {
    check(
        &["--customer", DANA, "--dry-run"],
        expect![[r#"
            exit 0
            --- out
            "Dana" (500000000000000001) is in 1 case (ESC-1) of their own, 1 message and 0 tickets.
            They become ticket/erased/PSEUDONYM. 4 lines of the log lose their words.
            Nothing was erased: this was only a look.
        "#]],
    )
    .await?;
    check(
        &["--customer", DANA, "--yes"],
        expect![[r#"
            exit 0
            --- out
            "Dana" (500000000000000001) is in 1 case (ESC-1) of their own, 1 message and 0 tickets.
            They become ticket/erased/PSEUDONYM. 4 lines of the log lose their words.
            Erased. The log's last link is now LINK
            What Discord and ticket systems still have of it, and what backups and exports hold, is not for this program to erase.
        "#]],
    )
    .await?;
    check(
        &["--older-than", "1day", "--yes"],
        expect![[r#"
            exit 0
            --- out
            Too old: 1 case (ESC-1), and what was kept of messages and tickets.
            6 lines of the log lose their words.
            Erased. The log's last link is now LINK
            What Discord and ticket systems still have of it, and what backups and exports hold, is not for this program to erase.
        "#]],
    )
    .await
}

#[tokio::test]
async fn it_asks_for_somebody_it_knows_and_for_a_yes() -> Result<()> {
    check(
        &["--customer", "12"],
        expect![[r#"
            exit 1
            --- out
            Nothing in bellhop.sqlite is about the customer "12".
        "#]],
    )
    .await?;
    check(
        &["--customer", DANA],
        expect![[r#"
            exit 2
            --- out
            "Dana" (500000000000000001) is in 1 case (ESC-1) of their own, 1 message and 0 tickets.
            They become ticket/erased/PSEUDONYM. 4 lines of the log lose their words.
            --- err
            error: nothing was erased, for nobody can be asked here: --yes erases, --dry-run only looks
        "#]],
    )
    .await?;
    let folder = Logbook::morning().await?.close().await?;
    let done = bellhop(folder.path(), &["erase"], b"").await?;
    ensure!(done.code == Some(2) && done.err.contains("--customer <ID>|--older-than <TIME>"), "{done}");
    Ok(())
}

#[tokio::test]
async fn while_somebody_writes_it_only_looks() -> Result<()> {
    let book = Logbook::morning().await?;
    let folder = book.folder.path();
    expect![[r#"
        exit 1
        --- err
        error: another bellhop is running on bellhop.sqlite: stop it first, or give this one a log of its own
    "#]]
    .assert_eq(&bellhop(folder, &["erase", "--customer", DANA, "--yes"], b"").await?.to_string());
    let done = bellhop(folder, &["erase", "--customer", DANA, "--dry-run"], b"").await?;
    ensure!(done.code == Some(0), "{done}");
    Ok(())
}

/// A whole life: a bot that heard and noted it all, an erasure, and the same bot on the same log again.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_erased_is_gone_and_the_bot_goes_on() -> Result<()> {
    let discord = small_discord(World::example()).await?;
    let desk = desk_at(&discord.url(), &[])?;
    let folder = desk.path();
    let (support, managers, tier_1) =
        (discord.channel("support"), discord.channel("managers"), discord.channel("tier-1"));
    let (dana, eve, mona) = (discord.user("Dana"), discord.join("Evelyn Wachowski"), discord.user("Mona"));
    let bot = Program::start(folder, &["run"], &[("DISCORD_TOKEN", &token())])?;
    bot.logs("bot.ready").await?;
    let said = discord.say(eve, support, "You LIARS! I want my $712 back.");
    discord.say(dana, support, "I want my $713 back.");
    discord.wait(|seen| pages(seen, managers).len() >= 2).await?;
    let note = serde_json::json!({"escalation": "ESC-1", "text": "Evelyn Wachowski phoned about 4417"});
    let note = note.as_object().context("options")?.clone();
    discord.slash(mona, managers, "note", note);
    bot.logs("case.noted").await?;
    bot.terminate().await?;

    let (id, message) = (eve.to_string(), said.to_string());
    let words = ["Wachowski", "LIARS", "$712", "4417", &id, &message];
    for words in words {
        ensure!(holds(folder, words)?, "{words} was recorded");
    }
    let done = bellhop(folder, &["erase", "--customer", &id, "--yes"], b"").await?;
    ensure!(done.code == Some(0), "{done}");
    for words in words {
        ensure!(!holds(folder, words)?, "{words} is still there");
    }
    ensure!(holds(folder, "$713")? && holds(folder, &dana.to_string())?, "others are not erased");
    let done = bellhop(folder, &["verify"], b"").await?;
    ensure!(done.code == Some(0), "{done}");
    ensure!(bellhop(folder, &["erase", "--customer", &id, "--yes"], b"").await?.code == Some(1), "nothing is left");

    let bot = Program::start(folder, &["run"], &[("DISCORD_TOKEN", &token())])?;
    bot.logs("bot.ready").await?;
    let seen = discord.seen_count();
    discord.slash(mona, tier_1, "queue", serde_json::Map::new());
    discord.slash(
        mona,
        managers,
        "ack",
        serde_json::json!({"escalation": "ESC-1"}).as_object().context("options")?.clone(),
    );
    bot.logs("case.acknowledged").await?;
    discord.wait(|all| all.len() > seen).await?;
    let done = bot.terminate().await?;
    ensure!(done.code == Some(0) && discord.violations().is_empty(), "{done} {:?}", discord.violations());
    ensure!(!holds(folder, "Wachowski")?, "nothing comes back by itself");
    ensure!(bellhop(folder, &["verify"], b"").await?.code == Some(0));
    Ok(())
}

/// What the config says is too old goes when the bot starts.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_old_goes_when_the_bot_starts() -> Result<()> {
    let discord = small_discord(World::example()).await?;
    let folder = Logbook::morning().await?.close().await?;
    let config = std::fs::read_to_string(folder.path().join("config.toml"))?;
    let config = config.replace("# api_base = \"http://127.0.0.1:8321\"", &format!("api_base = \"{}\"", discord.url()));
    let retention = "\n[retention]\nresolved_cases = \"30d\"\n";
    std::fs::write(folder.path().join("config.toml"), config.clone() + retention)?;
    ensure!(holds(folder.path(), "paid back")? && holds(folder.path(), "sent a photo")?);
    let bot = Program::start(folder.path(), &["run"], &[("DISCORD_TOKEN", &token())])?;
    bot.logs("log.forgot").await?;
    bot.logs("bot.ready").await?;
    bot.terminate().await?;
    ensure!(!holds(folder.path(), "paid back")? && !holds(folder.path(), "sent a photo")?);
    ensure!(holds(folder.path(), "idiots")?, "what is open stays");
    let done = bellhop(folder.path(), &["verify"], b"").await?;
    ensure!(done.code == Some(0), "{done}");
    Ok(())
}
