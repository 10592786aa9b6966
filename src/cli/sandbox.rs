//! `bellhop sandbox`: a small Discord, the bot with the example procedure, and a page to play with both. Needs no
//! token, no account and no network.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow};
use secrecy::SecretString;
use tokio::sync::watch;

use crate::adapters::web;
use crate::cli::bot::{Bot, Start};
use crate::cli::folder::Folder;
use crate::cli::run::told_to_end;
use crate::cli::{ConfigFile, style, warn_of_findings};
use crate::config::Config;
use crate::engine::clock::Clock;
use crate::sandbox::{Settings, SmallDiscord, World};
use crate::sop::escalation::Actor;
use crate::sop::message::{Person, Standing};
use crate::sop::procedure::Procedure;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The page's port on this machine.
    #[arg(long, default_value_t = 8321, value_name = "PORT")]
    port: u16,
    #[command(flatten)]
    config: ConfigFile,
}

/// Good for the small Discord only.
pub(crate) const TOKEN: &str = "sandbox.bot.token";

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    style::log("warn");
    let config = arguments.config.read()?;
    warn_of_findings(&config);
    let runtime = tokio::runtime::Runtime::new().context("the runtime cannot be started")?;
    runtime.block_on(run(arguments.port, config))
}

async fn run(port: u16, config: Config) -> anyhow::Result<ExitCode> {
    let mut sandbox = Sandbox::start(port, config).await?;
    println!("The sandbox is ready: {}", sandbox.discord.url());
    println!("Its dashboard, as managers see it: {}", sandbox.dashboard());
    println!("Write as a customer, answer as a specialist, move the clock. Ctrl-C ends it.");
    tokio::select! {
        ended = sandbox.bot.ended() => Err(anyhow!("the bot ended: {ended}")),
        () = told_to_end() => sandbox.stop().await.map(|()| ExitCode::SUCCESS),
    }
}

/// A small Discord and a bot that is ready. A play leaves nothing behind.
pub struct Sandbox {
    pub discord: SmallDiscord,
    bot: Bot,
    _folder: Folder,
}

/// How long the bot may take to hang up, in real time.
const GOODBYE: Duration = Duration::from_secs(1);

impl Sandbox {
    /// Starts both; port 0 takes any that is free.
    pub async fn start(port: u16, mut config: Config) -> anyhow::Result<Self> {
        let clock = Clock::system();
        let (deadline_in, next_deadline) = watch::channel(None);
        let settings = Settings {
            world: World::example(),
            clock: clock.clone(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            token: TOKEN.to_owned(),
            next_deadline: Some(next_deadline),
        };
        let discord = SmallDiscord::start(settings).await.with_context(|| {
            // The port behind it is the other one's dashboard.
            let other = port.checked_add(2).unwrap_or(8321);
            format!("port {port} cannot be used: is another sandbox running? Try: bellhop sandbox --port {other}")
        })?;
        let folder = Folder::new("sandbox")?;
        let door = web::Door::Open(manager(&config.procedure));
        config.web = Some(web::Settings { door, ..web::Settings::at(next_to(port).await) });
        let start = Start {
            config,
            clock,
            token: SecretString::from(TOKEN),
            api_base: Some(discord.url()),
            log: Some(folder.path().join("sandbox.sqlite")),
        };
        let bot = Bot::start(start).await.map_err(|problem| anyhow!("{problem}"))?;
        if let Some(address) = bot.web() {
            discord.show_dashboard(&format!("http://{address}/"));
        }
        let mut deadline = bot.next_deadline();
        tokio::spawn(async move {
            loop {
                deadline_in.send_replace(*deadline.borrow_and_update());
                if deadline.changed().await.is_err() {
                    return;
                }
            }
        });
        let mut ready = bot.ready();
        let is_ready = ready.wait_for(|ready| *ready);
        is_ready.await.context("the bot stopped before it was ready")?;
        Ok(Self { discord, bot, _folder: folder })
    }

    /// Where its dashboard is.
    pub fn dashboard(&self) -> String {
        self.bot.web().map(|address| format!("http://{address}/")).unwrap_or_default()
    }

    /// Ends the bot, then the small Discord.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.bot.stop().await?;
        // A bot that finds nobody to say goodbye to would complain.
        let gone = self.discord.until(|discord| discord.gateway_sessions() == 0);
        let _ = tokio::time::timeout(GOODBYE, gone).await;
        self.discord.stop().await;
        Ok(())
    }
}

/// Who looks at the dashboard: nobody of the server, with the eyes of the teams that manage.
fn manager(procedure: &Procedure) -> Actor {
    let teams = procedure.teams.iter().filter(|team| team.manages).map(|team| team.id.clone());
    let person = Person { id: "visitor".into(), name: "a manager".into(), standing: Standing::Staff };
    Actor { person, teams: teams.collect(), manages: true }
}

/// The next port where it is free, or else any.
async fn next_to(port: u16) -> SocketAddr {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let next = port.checked_add(1).filter(|_| port != 0).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    match next {
        Some(next) if tokio::net::TcpListener::bind(next).await.is_ok() => next,
        _ => any,
    }
}
