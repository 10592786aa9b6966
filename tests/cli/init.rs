//! `bellhop init` against a small Discord: a config that works, or what is missing for one.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use bellhop::config::Config;
use bellhop::sandbox::World;
use bellhop::sandbox::world::Standing;
use expect_test::expect;

use crate::EXAMPLE;
use crate::program::{Done, Program, bellhop};
use crate::run::{small_discord, token};

async fn init(folder: &Path, url: &str, arguments: &[&str]) -> Result<Done> {
    let arguments = [&["init", "--api-base", url], arguments].concat();
    Program::start(folder, &arguments, &[("DISCORD_TOKEN", &token())])?.finish().await
}

/// The example's server, with another name for a channel and its role.
fn renamed(channel: (&str, &str), role: (&str, &str)) -> World {
    let mut world = World::example();
    world.channels.iter_mut().filter(|it| it.name == channel.0).for_each(|it| channel.1.clone_into(&mut it.name));
    world.roles.iter_mut().filter(|it| it.name == role.0).for_each(|it| role.1.clone_into(&mut it.name));
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_writes_works_at_once() -> Result<()> {
    let discord = small_discord(World::example()).await?;
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("token"), token())?;
    let done = init(folder.path(), &discord.url(), &["--yes", "--token-file", "token"]).await?;
    expect![[r#"
        exit 0
        --- out
        Harbor Support
        customers write in #support
        tier-1: #tier-1, @Rep
        tier-2: #tier-2, @Tier 2
        team-leads: #team-leads, @Team Lead
        managers: #managers, @Manager
        engineering: #engineering, @Engineering
        legal: #legal, @Legal
        security: #security, @IT Security
        Written to config.toml. Nobody is on a rota yet: a page pings the whole team.
        Now look at it, then: bellhop check config.toml, bellhop doctor --config config.toml, bellhop run --config config.toml
    "#]].assert_eq(&done.to_string());

    let written = Config::read(&folder.path().join("config.toml"))?;
    let example = Config::parse("config.example.toml", EXAMPLE).ok().context("the example is right")?;
    ensure!(written.procedure.teams == example.procedure.teams && written.discord.watch == example.discord.watch);
    ensure!(written.discord.staff_roles == example.discord.staff_roles && written.desk.id == "harbor-support");
    let checked = bellhop(folder.path(), &["check"], b"").await?;
    ensure!(checked.code == Some(0) && checked.err.is_empty(), "{checked}");
    // The token comes from the file that it names.
    let bot = Program::start(folder.path(), &["run"], &[])?;
    bot.logs("bot.ready").await?;
    bot.terminate().await?;
    let doctor = bellhop(folder.path(), &["doctor"], b"").await?;
    ensure!(doctor.code == Some(0) && doctor.out.contains("0 errors, 0 warnings"), "{doctor}");
    ensure!(discord.violations().is_empty(), "{:?}", discord.violations());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_not_written_over() -> Result<()> {
    let discord = small_discord(World::example()).await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("config.toml");
    std::fs::write(&path, "mine")?;
    let done = init(folder.path(), &discord.url(), &["--yes"]).await?;
    expect![[r#"
        exit 2
        --- err
        error: config.toml is there already: --force writes over it
    "#]]
    .assert_eq(&done.to_string());
    ensure!(std::fs::read_to_string(&path)? == "mine" && discord.calls() == 0);
    let done = init(folder.path(), &discord.url(), &["--yes", "--force"]).await?;
    ensure!(done.code == Some(0) && std::fs::read_to_string(&path)?.contains("guild = \"1000\""), "{done}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_on_no_server_gets_the_link_that_invites_it() -> Result<()> {
    let mut world = World::example();
    world.members.retain(|member| member.standing != Standing::Bot);
    let discord = small_discord(world).await?;
    let folder = tempfile::tempdir()?;
    let done = init(folder.path(), &discord.url(), &["--yes"]).await?;
    expect![[r#"
        exit 1
        --- out
        The bot is on no server yet. Open this, choose your server, and run bellhop init again:
        https://discord.com/oauth2/authorize?client_id=9000&scope=bot%20applications.commands&permissions=395137240064
    "#]]
    .assert_eq(&done.to_string());
    ensure!(!folder.path().join("config.toml").exists());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_clear_can_be_named() -> Result<()> {
    let discord = small_discord(renamed(("legal", "paragraphs"), ("Rep", "Crew"))).await?;
    let folder = tempfile::tempdir()?;
    let done = init(folder.path(), &discord.url(), &["--yes"]).await?;
    expect![[r#"
        exit 2
        --- err
        error: it is not clear what these are, so name them: --role tier-1, --channel legal
        channels: support (2001), tier-1 (2002), tier-2 (2003), team-leads (2004), managers (2005), engineering (2006), paragraphs (2007), security (2008)
        roles: Crew (3002), Tier 2 (3003), Team Lead (3004), Manager (3005), Engineering (3006), Legal (3007), IT Security (3008), Bellhop (3900)
    "#]].assert_eq(&done.to_string());
    let named = ["--yes", "--channel", "legal=#Paragraphs", "--role", "tier-1=3002", "--watch", "support"];
    let done = init(folder.path(), &discord.url(), &named).await?;
    ensure!(done.code == Some(0), "{done}");
    let written = Config::read(&folder.path().join("config.toml"))?;
    let example = Config::parse("config.example.toml", EXAMPLE).ok().context("the example is right")?;
    ensure!(written.procedure.teams == example.procedure.teams);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_cannot_be_named() -> Result<()> {
    let discord = small_discord(World::example()).await?;
    let folder = tempfile::tempdir()?;
    let wrong: [&[&str]; 5] = [
        &["--channel", "legal=nowhere"],
        &["--role", "lawyers=Legal"],
        &["--role", "legal"],
        &["--guild", "7"],
        &["--watch", "2999"],
    ];
    let mut said = Vec::new();
    for arguments in wrong {
        let done = init(folder.path(), &discord.url(), &[&["--yes"], arguments].concat()).await?;
        said.push(format!("{} {done}", arguments.join(" ")));
    }
    expect![[r#"
        --channel legal=nowhere exit 2
        --- err
        error: there is no channel "nowhere" on the server: choose from support (2001), tier-1 (2002), tier-2 (2003), team-leads (2004), managers (2005), engineering (2006), legal (2007), security (2008)
        --role lawyers=Legal exit 2
        --- err
        error: there is no team "lawyers": choose from tier-1, tier-2, team-leads, managers, engineering, legal, security
        --role legal exit 2
        --- err
        error: invalid value 'legal' for '--role <TEAM=ROLE>': write it as TEAM=NAME: legal=lawyers

        For more information, try '--help'.
        --guild 7 exit 2
        --- err
        error: the bot is not on the server 7, but on Harbor Support (1000)
        --watch 2999 exit 2
        --- err
        error: there is no channel "2999" on the server: choose from support (2001), tier-1 (2002), tier-2 (2003), team-leads (2004), managers (2005), engineering (2006), legal (2007), security (2008)
    "#]].assert_eq(&said.concat());
    let mut done = init(folder.path(), "http://example.org", &["--yes"]).await?;
    ensure!(done.code == Some(2) && done.err.contains("is not an address the token may be sent to"), "{done}");
    done = Program::start(folder.path(), &["init", "--api-base", &discord.url()], &[("DISCORD_TOKEN", "x")])?
        .finish()
        .await?;
    ensure!(done.code == Some(1) && done.err.contains("Discord does not accept the token"), "{done}");
    ensure!(!folder.path().join("config.toml").exists());
    Ok(())
}

/// util-linux' `script` provides the terminal. Each question is answered when it has been put.
#[tokio::test(flavor = "multi_thread")]
async fn on_a_terminal_it_asks() -> Result<()> {
    let discord = small_discord(renamed(("legal", "paragraphs"), ("Rep", "Crew"))).await?;
    let folder = tempfile::tempdir()?;
    let command = format!("{} init --api-base {}", env!("CARGO_BIN_EXE_bellhop"), discord.url());
    let mut script = std::process::Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .current_dir(folder.path())
        .env("TERM", "xterm-256color")
        .env("DISCORD_TOKEN", token())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut keys = script.stdin.take().context("its input is piped")?;
    let mut shown = script.stdout.take().context("its output is piped")?;
    // The first of the roles, the sixth of the channels, yes.
    let answers =
        [("Which role has Front line?", "\r"), ("Which channel has Legal?", "jjjjjj\r"), ("Write this to", "y")];
    let screen = tokio::task::spawn_blocking(move || -> Result<String> {
        let (mut screen, mut chunk) = (String::new(), [0; 4096]);
        let mut answers = answers.into_iter().peekable();
        while let Ok(length @ 1..) = shown.read(&mut chunk) {
            screen += &String::from_utf8_lossy(&chunk[..length]);
            if let Some((_, answer)) = answers.next_if(|(question, _)| screen.contains(question)) {
                keys.write_all(answer.as_bytes())?;
            }
        }
        Ok(screen)
    });
    let screen = screen.await??;
    ensure!(script.wait()?.success(), "{screen}");
    let written = Config::read(&folder.path().join("config.toml")).with_context(|| screen.clone())?;
    let example = Config::parse("config.example.toml", EXAMPLE).ok().context("the example is right")?;
    ensure!(written.procedure.teams == example.procedure.teams, "{screen}");
    Ok(())
}
