//! `bellhop init`: a config from a server's channels and roles.

mod resemble;

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail, ensure};
use dialoguer::{Confirm, Select};

use crate::adapters::discord::{Named, StartProblem, Survey};
use crate::cli::init::resemble::{CUSTOMERS, names_of, resembling};
use crate::cli::run::{TOKEN_ADVICE, token};
use crate::cli::{EXAMPLE, NO, style};
use crate::config::{self, Blank, Config, Ids};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where the config is written.
    #[arg(short, long, value_name = "FILE", env = "BELLHOP_CONFIG", default_value = "config.toml")]
    config: PathBuf,
    /// A file that holds nothing but the bot's token; the config names it. Default: DISCORD_TOKEN.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The server, if the bot is on several.
    #[arg(long, value_name = "ID")]
    guild: Option<u64>,
    /// A channel in which customers write, by name or id; several may be named.
    #[arg(long, value_name = "CHANNEL")]
    watch: Vec<String>,
    /// A role that staff have; several may be named. Default: the roles of all teams.
    #[arg(long, value_name = "ROLE")]
    staff: Vec<String>,
    /// The channel of a team, where its name does not tell: legal=lawyers. Once a team.
    #[arg(long, value_name = "TEAM=CHANNEL", value_parser = pair)]
    channel: Vec<(String, String)>,
    /// The role of a team, where its name does not tell: legal=Lawyer. Once a team.
    #[arg(long, value_name = "TEAM=ROLE", value_parser = pair)]
    role: Vec<(String, String)>,
    /// Ask nothing: take what is clear, and stop where something is not.
    #[arg(short, long)]
    yes: bool,
    /// Write over a config that is there.
    #[arg(long)]
    force: bool,
    /// Where Discord is.
    #[arg(long, value_name = "URL", default_value = config::API_BASE, value_parser = config::checked_api_base)]
    api_base: String,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (team, name) = text.split_once('=').ok_or("write it as TEAM=NAME: legal=lawyers")?;
    Ok((team.trim().to_owned(), name.trim().to_owned()))
}

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let path = arguments.config.display();
    ensure!(arguments.force || !arguments.config.exists(), "{path} is there already: --force writes over it");
    let token = token(arguments.token_file.as_ref()).map_err(|says| anyhow!("{says}: {TOKEN_ADVICE}"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let seen = runtime.context("the runtime cannot be started")?.block_on(async {
        let survey = Survey::begin(&arguments.api_base, token).await?;
        Seen::of(&survey, arguments).await
    });
    let seen = match seen {
        Ok(seen) => seen,
        Err(NotSeen::Wrong(error)) => return Err(error),
        Err(NotSeen::Discord(problem)) => {
            style::complain(&problem.into());
            return Ok(NO.into());
        }
        Err(NotSeen::Nowhere { invitation }) => {
            println!(
                "The bot is on no server yet. Open this, choose your server, and run bellhop init again:\n{invitation}"
            );
            return Ok(NO.into());
        }
    };
    let ids = choose(&seen, arguments)?;
    let text = config::filled(EXAMPLE, &ids);
    Config::parse(&path.to_string(), &text).map_err(|report| anyhow!("{report}"))?;
    print!("{}", shown(&seen, &ids));
    if arguments.asks() && !Confirm::new().with_prompt(format!("Write this to {path}?")).default(true).interact()? {
        bail!("nothing was written");
    }
    std::fs::write(&arguments.config, text).with_context(|| format!("{path} cannot be written"))?;
    println!(
        "Written to {path}. Nobody is on a rota yet: a page pings the whole team.\nNow look at it, then: bellhop check \
         {path}, bellhop doctor --config {path}, bellhop run --config {path}"
    );
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    /// Whether somebody is there who can be asked.
    fn asks(&self) -> bool {
        !self.yes && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }
}

/// What the server has.
struct Seen {
    server: Named,
    channels: Vec<Named>,
    forums: Vec<Named>,
    roles: Vec<Named>,
}

enum NotSeen {
    Discord(StartProblem),
    /// The bot is on no server.
    Nowhere {
        invitation: String,
    },
    Wrong(anyhow::Error),
}

impl From<StartProblem> for NotSeen {
    fn from(problem: StartProblem) -> Self {
        Self::Discord(problem)
    }
}

impl Seen {
    async fn of(survey: &Survey, arguments: &Arguments) -> Result<Self, NotSeen> {
        let servers = survey.servers().await?;
        if servers.is_empty() {
            return Err(NotSeen::Nowhere { invitation: survey.invitation() });
        }
        let server = the_server(&servers, arguments).map_err(NotSeen::Wrong)?.clone();
        let (channels, forums) = survey.channels(server.id).await?;
        Ok(Self { channels, forums, roles: survey.roles(server.id).await?, server })
    }
}

fn the_server<'s>(servers: &'s [Named], arguments: &Arguments) -> anyhow::Result<&'s Named> {
    match (servers, arguments.guild) {
        (servers, Some(id)) => servers
            .iter()
            .find(|server| server.id == id)
            .with_context(|| format!("the bot is not on the server {id}, but on {}", list(servers))),
        ([only], None) => Ok(only),
        (servers, None) if arguments.asks() => Ok(&servers[ask("Which server?", servers)?]),
        (servers, None) => bail!("the bot is on several servers: choose one with --guild: {}", list(servers)),
    }
}

/// Finds what the config is to name, and asks where that is not clear; all that is left unclear at once.
fn choose(seen: &Seen, arguments: &Arguments) -> anyhow::Result<Ids> {
    let blanks = config::blanks(EXAMPLE);
    for (team, _) in arguments.channel.iter().chain(&arguments.role) {
        let teams: Vec<&str> = blanks.iter().map(|blank| blank.team.as_str()).collect();
        let flags = [&arguments.channel, &arguments.role];
        let is_twice = |flag: &&Vec<(String, String)>| flag.iter().filter(|(other, _)| other == team).count() > 1;
        ensure!(!flags.iter().any(is_twice), "{team} is named twice: name its channel and its role once each");
        ensure!(teams.contains(&team.as_str()), "there is no team \"{team}\": choose from {}", teams.join(", "));
    }
    let mut unclear = Vec::new();
    let customers = [&seen.channels[..], &seen.forums].concat();
    let watch = match &arguments.watch[..] {
        [] => {
            let names = CUSTOMERS.map(str::to_owned);
            let found = pick("--watch", "In which channel do customers write?", None, &names, &customers, arguments);
            found?.map_or_else(|flag| unclear_as(flag, &mut unclear), |id| vec![id])
        }
        named => named.iter().map(|name| called(name, "channel", &customers)).collect::<Result<_, _>>()?,
    };
    let mut teams = BTreeMap::new();
    for Blank { team, name } in &blanks {
        let names = names_of(team, name);
        let given = |flags: &[(String, String)]| flags.iter().find(|(it, _)| it == team).map(|(_, name)| name.clone());
        let (flag, asked) = (format!("--channel {team}"), format!("Which channel has {name}?"));
        let channel = pick(&flag, &asked, given(&arguments.channel), &names, &seen.channels, arguments)?;
        let (flag, asked) = (format!("--role {team}"), format!("Which role has {name}?"));
        let role = pick(&flag, &asked, given(&arguments.role), &names, &seen.roles, arguments)?;
        match (channel, role) {
            (Ok(channel), Ok(role)) => drop(teams.insert(team.clone(), (channel, role))),
            (channel, role) => unclear.extend([channel, role].into_iter().filter_map(Result::err)),
        }
    }
    ensure!(
        unclear.is_empty(),
        "it is not clear what these are, so name them: {}\nchannels: {}\nroles: {}",
        unclear.join(", "),
        list(&customers),
        list(&seen.roles)
    );
    let staff_roles = match &arguments.staff[..] {
        [] => blanks.iter().map(|blank| teams[&blank.team].1).fold(Vec::new(), with),
        named => named.iter().map(|name| called(name, "role", &seen.roles)).collect::<Result<_, _>>()?,
    };
    let api_base = (arguments.api_base != config::API_BASE).then(|| arguments.api_base.clone());
    let token_file = arguments.token_file.as_ref().map(|file| file.display().to_string());
    let (guild, name) = (seen.server.id, seen.server.name.clone());
    Ok(Ids { guild, name, watch, staff_roles, teams, token_file, api_base })
}

/// What was named, or what is called so, or what somebody says; otherwise the flag that would name it.
fn pick(
    flag: &str,
    asked: &str,
    given: Option<String>,
    names: &[String],
    there: &[Named],
    arguments: &Arguments,
) -> anyhow::Result<Result<u64, String>> {
    if let Some(given) = given {
        return called(&given, flag.trim_start_matches('-').split(' ').next().unwrap_or_default(), there).map(Ok);
    }
    match resembling(names, there) {
        Some(found) => Ok(Ok(found.id)),
        None if arguments.asks() && !there.is_empty() => Ok(Ok(there[ask(asked, there)?].id)),
        None => Ok(Err(flag.to_owned())),
    }
}

fn unclear_as(flag: String, unclear: &mut Vec<String>) -> Vec<u64> {
    unclear.push(flag);
    Vec::new()
}

/// By id or by name, with or without the sign before it.
fn called(name: &str, what: &str, there: &[Named]) -> anyhow::Result<u64> {
    let plain = name.trim_start_matches(['#', '@']);
    let is_meant = |one: &&Named| one.id.to_string() == plain || one.name.eq_ignore_ascii_case(plain);
    let mut found = there.iter().filter(is_meant);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.id),
        (Some(_), Some(_)) => bail!("there are several {what}s called \"{name}\": name its id: {}", list(there)),
        (None, _) => bail!("there is no {what} \"{name}\" on the server: choose from {}", list(there)),
    }
}

fn ask(prompt: &str, there: &[Named]) -> anyhow::Result<usize> {
    let names: Vec<&str> = there.iter().map(|named| named.name.as_str()).collect();
    Ok(Select::new().with_prompt(prompt).items(names).default(0).interact()?)
}

/// What will be written, for people.
fn shown(seen: &Seen, ids: &Ids) -> String {
    let name =
        |id: &u64, there: &[Named]| there.iter().find(|named| named.id == *id).map_or("?", |it| &it.name).to_owned();
    let all = [&seen.channels[..], &seen.forums].concat();
    let watch: Vec<String> = ids.watch.iter().map(|id| format!("#{}", name(id, &all))).collect();
    let line = |Blank { team, .. }: Blank| {
        let (channel, role) = &ids.teams[&team];
        format!("{team}: #{}, @{}\n", name(channel, &all), name(role, &seen.roles))
    };
    let teams: String = config::blanks(EXAMPLE).into_iter().map(line).collect();
    format!("{}\ncustomers write in {}\n{teams}", seen.server.name, watch.join(", "))
}

fn list(named: &[Named]) -> String {
    named.iter().map(|named| format!("{} ({})", named.name, named.id)).collect::<Vec<_>>().join(", ")
}

fn with(mut list: Vec<u64>, id: u64) -> Vec<u64> {
    if !list.contains(&id) {
        list.push(id);
    }
    list
}
