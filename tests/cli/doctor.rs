//! `bellhop doctor` against a small Discord: a healthy desk, and one defect at a time.

use std::path::Path;

use anyhow::{Result, ensure};
use bellhop::sandbox::world::{Overwrite, Who};
use bellhop::sandbox::{BadAnswer, Fault, SmallDiscord, World, permissions};
use expect_test::{Expect, expect};
use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};
use tokio::sync::OnceCell;

use crate::program::{Done, Program, bellhop};
use crate::run::{desk_at, small_discord, token};

async fn doctor(desk: &Path, arguments: &[&str], token: &str) -> Result<Done> {
    let arguments = [&["doctor"], arguments].concat();
    Program::start(desk, &arguments, &[("DISCORD_TOKEN", token)])?.finish().await
}

/// What is not well, and the sum.
fn problems(done: &Done) -> String {
    let problems = done.out.split_inclusive('\n').filter(|line| !line.starts_with('✓'));
    format!("exit {}\n", done.code.unwrap_or(-1)) + &problems.collect::<String>() + &done.err
}

/// The commands as a bot registers them.
static COMMANDS: OnceCell<Vec<Value>> = OnceCell::const_new();

async fn commands() -> Result<Vec<Value>> {
    let discord = small_discord(World::example()).await?;
    let desk = desk_at(&discord.url(), &[])?;
    let bot = Program::start(desk.path(), &["run"], &[("DISCORD_TOKEN", &token())])?;
    bot.logs("bot.ready").await?;
    bot.terminate().await?;
    Ok(discord.registered())
}

/// A desk on a server that has met the bot once.
async fn desk(world: World, changes: &[(&str, &str)]) -> Result<(SmallDiscord, TempDir)> {
    let discord = small_discord(world).await?;
    discord.register(COMMANDS.get_or_try_init(commands).await?.clone());
    let desk = desk_at(&discord.url(), changes)?;
    Ok((discord, desk))
}

async fn found(world: World, changes: &[(&str, &str)], expected: &Expect) -> Result<()> {
    let (discord, desk) = desk(world, changes).await?;
    expected.assert_eq(&problems(&doctor(desk.path(), &[], &token()).await?));
    ensure!(discord.violations().is_empty(), "{:?}", discord.violations());
    Ok(())
}

fn with_channel(name: &str, change: impl Fn(&mut Vec<Overwrite>)) -> World {
    let mut world = World::example();
    world.channels.iter_mut().filter(|channel| channel.name == name).for_each(|it| change(&mut it.overwrites));
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_is_well_it_says_so_of_each() -> Result<()> {
    let (discord, desk) = desk(World::example(), &[]).await?;
    let done = doctor(desk.path(), &[], &token()).await?;
    // Whose turn it is changes by the week, and at weekends by the hour.
    let out = done.out.replace("Sofia is on call", "Sam is on call").replace("Tess is on call", "Sam is on call");
    expect![[r#"
        ✓ config: it and the files it names can be read, and bellhop check finds nothing
        ✓ log: it can be written
        ✓ rota tier-2: Sam is on call, and there is no gap in 14 days
        ✓ templates: all of them render
        ✓ token: Discord accepts the token, and the bot is on the server
        ✓ message content: the bot may read what customers write
        ✓ commands: all 27 are registered
        ✓ clock: it agrees with Discord's
        ✓ #support: the bot may do there what it has to ([discord] watch)
        ✓ staff roles: all of them are there
        ✓ #tier-1: the bot may do there what it has to (team tier-1)
        ✓ @Rep: the role is there (team tier-1)
        ✓ #tier-2: the bot may do there what it has to (team tier-2)
        ✓ @Tier 2: the role is there (team tier-2)
        ✓ #team-leads: the bot may do there what it has to (team team-leads)
        ✓ @Team Lead: the role is there (team team-leads)
        ✓ #managers: the bot may do there what it has to (team managers)
        ✓ secrecy of #managers: only cleared roles, administrators and the bot can see it
        ✓ @Manager: the role is there (team managers)
        ✓ #engineering: the bot may do there what it has to (team engineering)
        ✓ @Engineering: the role is there (team engineering)
        ✓ #legal: the bot may do there what it has to (team legal)
        ✓ secrecy of #legal: only cleared roles, administrators and the bot can see it
        ✓ @Legal: the role is there (team legal)
        ✓ #security: the bot may do there what it has to (team security)
        ✓ secrecy of #security: only cleared roles, administrators and the bot can see it
        ✓ @IT Security: the role is there (team security)
        0 errors, 0 warnings, 27 fine
    "#]]
    .assert_eq(&out);
    ensure!(done.code == Some(0) && done.err.is_empty(), "{done}");
    let left: Vec<_> =
        std::fs::read_dir(desk.path())?.map(|it| it.map(|it| it.file_name())).collect::<Result<_, _>>()?;
    ensure!(left == ["config.toml"], "it leaves nothing behind: {left:?}");
    ensure!(discord.violations().is_empty() && discord.handshakes() == 0, "{:?}", discord.violations());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn as_json_a_check_is_an_object() -> Result<()> {
    let (_discord, desk) = desk(with_channel("legal", Vec::clear), &[]).await?;
    let done = doctor(desk.path(), &["--json"], &token()).await?;
    let checks: Vec<Value> = done.out.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(done.code == Some(1) && checks.len() > 20, "{done}");
    let bad: Vec<String> = checks.iter().filter(|it| it["outcome"] != "ok").map(ToString::to_string).collect();
    expect![[r#"{"check":"secrecy of #legal","outcome":"error","says":"channel 2007 can be seen by everyone, so nothing confidential is posted there","todo":"close Legal's channel to everyone else, or take `cleared` from the team"}"#]].assert_eq(&bad.join("\n"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_token_is_told() -> Result<()> {
    let (_discord, desk) = desk(World::example(), &[]).await?;
    expect![[r#"
        exit 1
        ✗ token: Discord does not accept the token
          → copy it again from the developer portal, page Bot, into DISCORD_TOKEN
        1 error, 0 warnings, 4 fine
    "#]]
    .assert_eq(&problems(&doctor(desk.path(), &[], &token().to_lowercase()).await?));
    expect![[r#"
        exit 1
        ✗ token: there is no token
          → set DISCORD_TOKEN, or name a file with it as token_file in [discord]. The developer portal shows it on the page Bot. To try without one: bellhop sandbox
        1 error, 0 warnings, 3 fine
    "#]].assert_eq(&problems(&bellhop(desk.path(), &["doctor"], b"").await?));
    Ok(())
}

/// A dashboard that nobody gets into.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_secrets_of_the_dashboard_is_told() -> Result<()> {
    let web = |line: &str| format!("[web]\nlisten = \"127.0.0.1:0\"\n{line}\n[desk]");
    let expected = expect![[r#"
        exit 0
        ! dashboard: nobody can sign in: it has no client secret and no token
          → see [web]: client_secret_file, token_file, session_key_file
        0 errors, 1 warning, 28 fine
    "#]];
    found(World::example(), &[("[desk]", &web(""))], &expected).await?;
    let expected = expect![[r#"
        exit 1
        ✗ dashboard: the secret file nowhere cannot be read (No such file or directory (os error 2))
          → see [web]: client_secret_file, token_file, session_key_file
        1 error, 0 warnings, 28 fine
    "#]];
    found(World::example(), &[("[desk]", &web("client_secret_file = \"nowhere\""))], &expected).await?;
    let guessed = NamedTempFile::new()?;
    std::fs::write(guessed.path(), "secret")?;
    let line = format!("token_file = {:?}", guessed.path());
    let expected = expect![[r#"
        exit 1
        ✗ dashboard: the token (token_file, or BELLHOP_WEB_TOKEN) in [web] holds fewer than 32 characters: take what `openssl rand -hex 32` prints
          → see [web]: client_secret_file, token_file, session_key_file
        1 error, 0 warnings, 28 fine
    "#]];
    found(World::example(), &[("[desk]", &web(&line))], &expected).await
}

/// A port that somebody else has.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_taken_is_told() -> Result<()> {
    let other = std::net::TcpListener::bind("127.0.0.1:0")?;
    let taken = other.local_addr()?;
    let desk = desk_at("http://127.0.0.1:9", &[("[desk]", &format!("[web]\nlisten = \"{taken}\"\n[desk]"))])?;
    let told = problems(&bellhop(desk.path(), &["doctor"], b"").await?);
    expect![[r#"
        exit 1
        ✗ web: it cannot listen on ADDRESS (Address already in use (os error 98))
          → name an address of this machine and a free port as listen in [web]
        ! dashboard: nobody can sign in: it has no client secret and no token
          → see [web]: client_secret_file, token_file, session_key_file
        ✗ token: there is no token
          → set DISCORD_TOKEN, or name a file with it as token_file in [discord]. The developer portal shows it on the page Bot. To try without one: bellhop sandbox
        2 errors, 1 warning, 3 fine
    "#]].assert_eq(&told.replace(&taken.to_string(), "ADDRESS"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_was_not_invited_gets_the_link() -> Result<()> {
    found(World::example(), &[("guild = \"1000\"", "guild = \"1999\"")], &expect![[r#"
        exit 1
        ✗ server: the bot is not on the server 1999
          → check [discord] guild, and invite the bot with https://discord.com/oauth2/authorize?client_id=9000&scope=bot%20applications.commands&permissions=395137240064
        1 error, 0 warnings, 4 fine
    "#]]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discord_that_does_not_answer_is_told() -> Result<()> {
    let (discord, desk) = desk(World::example(), &[]).await?;
    let url = discord.url();
    discord.stop().await;
    let told = problems(&doctor(desk.path(), &[], &token()).await?);
    expect![[r#"
        exit 1
        ✗ Discord: http://127.0.0.1:PORT did not answer (error sending request: Connection refused (os error 111))
          → check this machine's network, and [discord] api_base in the config
        1 error, 0 warnings, 4 fine
    "#]]
    .assert_eq(&told.replace(&url, "http://127.0.0.1:PORT"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_switch_for_messages_is_looked_at() -> Result<()> {
    let (discord, desk) = desk(World::example(), &[]).await?;
    discord.disallow_message_content(true);
    expect![[r#"
        exit 1
        ✗ message content: the bot may not read what customers write
          → switch on the Message Content Intent in the developer portal, page Bot
        1 error, 0 warnings, 26 fine
    "#]]
    .assert_eq(&problems(&doctor(desk.path(), &[], &token()).await?));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_may_not_be_there_or_are_not_yet_are_told() -> Result<()> {
    let (discord, desk) = desk(World::example(), &[]).await?;
    discord.register(Vec::new());
    expect![[r#"
        exit 0
        ! commands: 0 of 27 are registered
          → start the bot with bellhop run: it registers them
        0 errors, 1 warning, 26 fine
    "#]]
    .assert_eq(&problems(&doctor(desk.path(), &[], &token()).await?));
    let forbidden = Fault::Rest {
        method: Some("GET".to_owned()),
        path_contains: "/commands".to_owned(),
        times: 1,
        answer: BadAnswer::Status(403),
    };
    discord.fault(forbidden);
    expect![[r#"
        exit 1
        ✗ commands: the bot may offer no commands on the server (Discord refused (403, code 0): no reason given)
          → invite the bot again, with https://discord.com/oauth2/authorize?client_id=9000&scope=bot%20applications.commands&permissions=395137240064
        1 error, 0 warnings, 26 fine
    "#]].assert_eq(&problems(&doctor(desk.path(), &[], &token()).await?));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_told() -> Result<()> {
    let (discord, desk) = desk(World::example(), &[]).await?;
    for (seconds, health) in [(3, "✓"), (-3, "✓"), (30, "!"), (-30, "!"), (90, "✗"), (-90, "✗")] {
        discord.fault(Fault::ClockAhead { seconds });
        let done = doctor(desk.path(), &[], &token()).await?;
        let clock = done.out.lines().find(|line| line.contains(" clock: ")).unwrap_or_default();
        ensure!(clock.starts_with(health), "{seconds}: {done}");
        let side = if seconds > 0 { "s behind" } else { "s ahead of" };
        ensure!(health == "✓" || clock.contains(side), "{seconds}: {clock}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_and_roles_that_are_not_there_are_told() -> Result<()> {
    let changes = [
        ("watch = [\"2001\"]", "watch = [\"2001\", \"2991\"]"),
        ("\"2003\"", "\"2993\""),
        ("\"3008\"]", "\"3008\", \"3999\"]"),
        ("role = \"3008\"", "role = \"3998\""),
    ];
    found(
        World::example(),
        &changes,
        &expect![[r#"
        exit 1
        ✗ channel 2991: there is no channel 2991 that the bot can see ([discord] watch)
          → check the id and the bot's View Channel permission
        ✗ role 3999: there is no role 3999 on the server ([discord] staff_roles)
          → check the id
        ✗ channel 2993: there is no channel 2993 that the bot can see (team tier-2)
          → check the id and the bot's View Channel permission
        ✗ secrecy of #security: channel 2008 can be seen by the role 3008, so nothing confidential is posted there
          → close IT security's channel to everyone else, or take `cleared` from the team
        ✗ role 3998: there is no role 3998 on the server (team security)
          → check the id
        5 errors, 0 warnings, 23 fine
    "#]],
    )
    .await
}

/// The bot's own overwrite is gone from one closed channel, and another one takes away what it needs there.
#[tokio::test(flavor = "multi_thread")]
async fn permissions_that_the_bot_lacks_are_named() -> Result<()> {
    let lacking = |name: &str, denied| {
        with_channel(name, |overwrites| {
            overwrites.retain(|over| over.who != Who::Member(9000));
            overwrites.push(Overwrite { who: Who::Role(3900), allow: permissions::VIEW_CHANNEL, deny: denied });
        })
    };
    found(
        with_channel("engineering", |overwrites| overwrites.retain(|over| over.who != Who::Member(9000))),
        &[],
        &expect![[r#"
            exit 1
            ✗ #engineering: the bot lacks permissions in channel 2006 (team engineering): View Channel
              → allow the bot these in the settings of the channel, page Permissions
            1 error, 0 warnings, 26 fine
        "#]],
    )
    .await?;
    let denied = permissions::EMBED_LINKS | permissions::READ_MESSAGE_HISTORY;
    found(
        lacking("tier-1", denied),
        &[],
        &expect![[r#"
        exit 1
        ✗ #tier-1: the bot lacks permissions in channel 2002 (team tier-1): Embed Links, Read Message History
          → allow the bot these in the settings of the channel, page Permissions
        1 error, 0 warnings, 26 fine
    "#]],
    )
    .await?;
    found(
        lacking("support", permissions::READ_MESSAGE_HISTORY),
        &[],
        &expect![[r#"
        exit 1
        ✗ #support: the bot lacks permissions in channel 2001 ([discord] watch): Read Message History
          → allow the bot these in the settings of the channel, page Permissions
        1 error, 0 warnings, 26 fine
    "#]],
    )
    .await
}

/// Pages go on without; the team can do without, too.
#[tokio::test(flavor = "multi_thread")]
async fn where_no_history_can_be_written_it_warns() -> Result<()> {
    let world = with_channel("managers", |overwrites| {
        let deny = permissions::CREATE_PUBLIC_THREADS | permissions::SEND_MESSAGES_IN_THREADS;
        overwrites.push(Overwrite { who: Who::Role(3900), allow: 0, deny });
    });
    found(world.clone(), &[], &expect![[r#"
        exit 0
        ! threads in #managers: nothing is written below the cards in channel 2005, without Create Public Threads and Send Messages in Threads
          → allow the bot these in the settings of the channel, page Permissions, or set `threads = false`
        0 errors, 1 warning, 27 fine
    "#]]).await?;
    found(
        world,
        &[("[desk]", "[desk]\nthreads = false")],
        &expect![[r#"
        exit 0
        0 errors, 0 warnings, 27 fine
    "#]],
    )
    .await
}

/// One team has a rota, so that people are pinged; the other one has none.
#[tokio::test(flavor = "multi_thread")]
async fn roles_that_a_page_would_not_ping_are_told() -> Result<()> {
    let mut world = World::example();
    for role in &mut world.roles {
        role.permissions &= !permissions::MENTION_EVERYONE;
        role.mentionable &= role.name != "Tier 2" && role.name != "Engineering";
    }
    found(
        world,
        &[],
        &expect![[r#"
            exit 1
            ! @Tier 2: a page would not ping the role 3003 (team tier-2)
              → let everybody mention the role, or give the bot Mention @everyone, @here and All Roles in its channel
            ✗ @Engineering: a page would not ping the role 3006 (team engineering)
              → let everybody mention the role, or give the bot Mention @everyone, @here and All Roles in its channel
            1 error, 1 warning, 25 fine
        "#]],
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn confidential_places_that_are_open_are_told() -> Result<()> {
    found(
        with_channel("legal", Vec::clear),
        &[],
        &expect![[r#"
        exit 1
        ✗ secrecy of #legal: channel 2007 can be seen by everyone, so nothing confidential is posted there
          → close Legal's channel to everyone else, or take `cleared` from the team
        1 error, 0 warnings, 26 fine
    "#]],
    )
    .await?;
    let world = with_channel("security", |overwrites| {
        overwrites.push(Overwrite { who: Who::Role(3002), allow: permissions::VIEW_CHANNEL, deny: 0 });
    });
    found(
        world,
        &[],
        &expect![[r#"
        exit 1
        ✗ secrecy of #security: channel 2008 can be seen by the role 3002, so nothing confidential is posted there
          → close IT security's channel to everyone else, or take `cleared` from the team
        1 error, 0 warnings, 26 fine
    "#]],
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rota_with_nobody_on_it_is_told() -> Result<()> {
    let never = (
        "every = \"1 week\", handover = \"mon 09:00\", from = \"2026-01-05\"",
        "every = \"1 week\", handover = \"mon 09:00\", from = \"2099-01-05\"",
    );
    let neither = (
        "every = \"daily\", handover = \"00:00\", from = \"2026-01-05\"",
        "every = \"daily\", handover = \"00:00\", from = \"2099-01-05\"",
    );
    found(
        World::example(),
        &[never, neither],
        &expect![[r#"
        exit 0
        ! config: it can be used, but bellhop check has 1 warning
          → run bellhop check
        ! rota tier-2: nobody is on call now
          → add a layer below, or somebody who covers; see bellhop oncall
        0 errors, 2 warnings, 25 fine
    "#]],
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_do_not_render_are_told() -> Result<()> {
    let (_discord, desk) = desk(World::example(), &[("# templates =", "templates =")]).await?;
    std::fs::create_dir(desk.path().join("templates"))?;
    std::fs::write(desk.path().join("templates/card.md"), "{% if %}\n")?;
    expect![[r#"
        exit 1
        ✗ templates: templates/card.md: line 1: syntax error: unexpected end of block
          → mend the template, or delete its file: then the built-in one is used
        1 error, 0 warnings, 26 fine
    "#]]
    .assert_eq(&problems(&doctor(desk.path(), &[], &token()).await?));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_the_config_names_and_are_not_there_are_told() -> Result<()> {
    let (_discord, desk) = desk(World::example(), &[("# file = \"tier-2.ics\"", "file = \"tier-2.ics\"")]).await?;
    expect![[r#"
        exit 1
        {"check":"config","outcome":"error","says":"line 590, rotas[0].file: there is no file \"tier-2.ics\" (its path starts at the folder of this config)","todo":"run bellhop check, which shows each problem with its line and what to do"}
    "#]].assert_eq(&problems(&doctor(desk.path(), &["--json"], &token()).await?));
    let done = doctor(desk.path(), &[], &token()).await?;
    ensure!(done.code == Some(1) && done.err.contains("tier-2.ics"), "{done}");
    Ok(())
}

/// A SQLite file whose write version is unknown may only be read (<https://www.sqlite.org/fileformat.html>, 1.3.3): the
/// same to an administrator, who may write to any file.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_written_is_told() -> Result<()> {
    let (discord, desk) = desk(World::example(), &[]).await?;
    let bot = Program::start(desk.path(), &["run"], &[("DISCORD_TOKEN", &token())])?;
    bot.logs("bot.ready").await?;
    let done = doctor(desk.path(), &[], &token()).await?;
    ensure!(done.code == Some(0) && done.out.contains("✓ log: a bot that runs writes to it"), "{done}");
    bot.terminate().await?;
    let path = desk.path().join("bellhop.sqlite");
    let mut log = std::fs::read(&path)?;
    log[18] = 3;
    std::fs::write(&path, &log)?;
    expect![[r#"
        exit 1
        ✗ log: the log bellhop.sqlite cannot be opened: error returned from database: (code: 8) attempt to write a readonly database
          → give the bot a folder that it may write to, and name it as log in [desk]
        1 error, 0 warnings, 26 fine
    "#]].assert_eq(&problems(&doctor(desk.path(), &[], &token()).await?));
    ensure!(std::fs::read(&path)? == log, "it changes nothing");

    let nowhere = desk_at(&discord.url(), &[("log = \"bellhop.sqlite\"", "log = \"nowhere/bellhop.sqlite\"")])?;
    expect![[r#"
        exit 1
        ✗ log: the log nowhere/bellhop.sqlite cannot be opened: No such file or directory (os error 2)
          → give the bot a folder that it may write to, and name it as log in [desk]
        1 error, 0 warnings, 26 fine
    "#]]
    .assert_eq(&problems(&doctor(nowhere.path(), &[], &token()).await?));
    Ok(())
}
