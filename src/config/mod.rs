//! Floor 4: the config. One TOML file says who is paged, by what, and where; `config.example.toml` is its manual.
//!
//! `raw` keeps the text and its places, `procedure`, `calendars` and `triggers` make the [`Procedure`] of it, `values` knows what
//! single values mean, and [`Report`] tells the author everything that is wrong, at once.

mod beside;
mod calendars;
mod clocks;
mod digests;
mod fill;
mod information;
mod judge;
mod messages;
mod playbooks;
mod procedure;
mod raw;
mod report;
mod retention;
mod rotas;
mod schema;
mod tickets;
mod triggers;
mod values;
mod web;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};
use toml::de::DeTable;

use crate::adapters::discord::CanarySettings;
use crate::adapters::tickets::Settings as TicketSettings;
use crate::adapters::web::Settings as WebSettings;
use crate::sop::guidance::Guidance;
use crate::sop::guidance::information::Field;
use crate::sop::procedure::Procedure;
use crate::sop::retention::Retention;
use crate::sop::team::TeamId;
use crate::words::Language;
use beside::Beside;
pub use fill::{Blank, Ids, blanks, filled};
pub(crate) use judge::span;
pub use judge::{Remark, judge, weigh};
use procedure::Names;
use raw::{Item, Page, TOKEN_HINT, Table, Wrong, wrong};
pub use report::{Problem, Report, Severity};
pub use schema::schema;

/// A config without a problem.
#[derive(Debug)]
pub struct Config {
    pub procedure: Procedure,
    pub desk: DeskSettings,
    pub discord: DiscordSettings,
    /// The ticket systems that are known by kind, also those that are only linked.
    pub tickets: Vec<TicketSettings>,
    /// Where other programs and browsers reach the desk; `None`: nowhere.
    pub web: Option<WebSettings>,
    /// How long the log keeps what people wrote.
    pub retention: Retention,
    /// What was read otherwise than it was written: events of a calendar that are left out, overrides that contradict
    /// each other. [`judge()`] says more.
    pub warnings: Vec<Remark>,
}

/// The desk as a place of work: its names and its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskSettings {
    /// Stands in every key of the log, so it never changes.
    pub id: String,
    pub name: String,
    /// The SQLite file with everything that happened. Relative paths start at the working directory.
    pub log: PathBuf,
    /// What the bot speaks; `None`: what the server does.
    pub language: Option<Language>,
    /// A folder whose templates replace the built-in ones.
    pub templates: Option<PathBuf>,
}

/// Where the desk is on Discord. The token is not here: it comes from `DISCORD_TOKEN` or [`Self::token_file`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscordSettings {
    /// Without a slash at its end.
    pub api_base: String,
    pub guild: u64,
    /// The channels in which customers write; their threads are read too.
    pub watch: Vec<u64>,
    /// Who has one of these roles is staff; everyone else is a customer.
    pub staff_roles: Vec<u64>,
    pub token_file: Option<PathBuf>,
    /// Where the bot finds out whether it still hears.
    pub canary: Option<CanarySettings>,
}

/// Why there is no config.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("there is no {path}: copy config.example.toml to it and put in the ids of your server", path = path.display())]
    Missing { path: PathBuf },
    #[error("cannot read the config {path}: {source}", path = path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{0}")]
    Wrong(Report),
}

impl Config {
    /// Reads a config from a file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse_in(folder, &path.display().to_string(), &text(path)?).map_err(ConfigError::Wrong)
    }

    /// Reads a config from a text; `name` is what the report calls it. Files it names are looked for in the working
    /// directory.
    pub fn parse(name: &str, text: &str) -> Result<Self, Report> {
        Self::parse_in(Path::new(""), name, text)
    }

    /// Reads a config from a text; the files it names are looked for in `folder`.
    pub fn parse_in(folder: &Path, name: &str, text: &str) -> Result<Self, Report> {
        let page = Page::default();
        let config = match DeTable::parse(text) {
            Ok(parsed) => config(Table::document(&page, &parsed), text, folder),
            Err(error) => {
                let what = format!("this is not TOML: {}", error.message());
                page.note(error.span().unwrap_or(0..0), "", wrong(what, SYNTAX_HINT));
                None
            }
        };
        note_tokens(&page, text);
        let found = page.into_found();
        match config {
            Some(config) if found.is_empty() => Ok(config),
            _ => Err(Report::new(name, text, found)),
        }
    }
}

/// The text of a config, as it was written.
pub fn text(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => ConfigError::Missing { path: path.to_owned() },
        _ => ConfigError::Unreadable { path: path.to_owned(), source },
    })
}

/// A time as the config writes it: by the wall clock of a zone, or with an offset; a day is its first moment.
pub fn moment(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    crate::sop::rota::moment(text, zone, crate::sop::rota::End::First)
}

const SYNTAX_HINT: &str = "put this right first, the rest is read after it; https://toml.io shows how it is written";

/// The whole document. `None` only when a problem was noted.
fn config(document: Table<'_>, text: &str, folder: &Path) -> Option<Config> {
    let names = Names::of(&document);
    let desk = document.need("desk", "add a table [desk] with id, name, front, default_plan").and_then(|it| it.table());
    let fields = information::information(&document);
    let threads = desk.as_ref().map_or(Some(true), |desk| desk.flag("threads", true));
    let (settings, front, default_plan, by_default) = match desk {
        Some(desk) => desk_settings(desk, &names, &fields),
        None => (None, None, None, None),
    };
    let playbooks = playbooks::playbooks(&document, &names);
    let messages = messages::messages(&document, &names);
    let guidance = by_default.map(|by_default| Guidance { information: fields, by_default, playbooks, messages });
    let discord = document.need("discord", "add a table [discord] with guild, watch, staff_roles");
    let discord = discord.and_then(|item| item.table()).and_then(discord_settings);
    let files = Beside::new(folder);
    let watched = discord.as_ref().map_or(&[][..], |discord| &discord.watch);
    let procedure = procedure::procedure(&document, &names, watched, &files, front, default_plan, guidance);
    let (ticket_links, tickets) = tickets::tickets(&document, &names);
    let digests = digests::digests(&document, &names);
    let web = web::web(&document, &names);
    let retention = retention::retention(&document);
    document.close();
    let (mut procedure, warnings) = procedure?;
    procedure.ticket_links = ticket_links;
    procedure.threads = threads?;
    procedure.digests = digests?;
    procedure.version = version(text, &files.into_texts());
    Some(Config { procedure, desk: settings?, discord: discord?, tickets, web, retention: retention?, warnings })
}

/// The settings, the front team, the id of the default plan, and what is asked for by default.
type DeskTable = (Option<DeskSettings>, Option<TeamId>, Option<String>, Option<Vec<Field>>);

fn desk_settings(desk: Table<'_>, names: &Names, fields: &[Field]) -> DeskTable {
    let id = desk.need("id", "name the desk once and for all: id = \"harbor\"").and_then(|it| it.read(values::id));
    let name = desk.need("name", "say what people call the desk").and_then(|item| item.read(values::name));
    let log = match desk.get("log") {
        Some(item) => item.read(file),
        None => Some(PathBuf::from(LOG)),
    };
    let languages = Language::ALL.map(|(code, language)| (code, Some(language)));
    let language = desk.choice("language", Some(None), &languages);
    let templates = desk.get("templates").and_then(|item| item.read(file));
    let front = desk.need("front", "name the team that is told what becomes of cases: front = \"tier-1\"");
    let front = front.and_then(|item| names.team(&item));
    let plan = desk.need("default_plan", "name the plan for escalations by hand: default_plan = \"tier-2\"");
    let plan = plan.and_then(|item| names.plan(&item));
    let required = match desk.get("required") {
        Some(item) => information::required(&item, names, fields),
        None => Some(Vec::new()),
    };
    desk.close();
    let settings = || Some(DeskSettings { id: id?, name: name?, log: log?, language: language?, templates });
    (settings(), front, plan, required)
}

/// Where the log is when the config does not say.
const LOG: &str = "bellhop.sqlite";
/// The real Discord.
pub const API_BASE: &str = "https://discord.com";

fn discord_settings(discord: Table<'_>) -> Option<DiscordSettings> {
    let api_base = match discord.get("api_base") {
        Some(item) => item.read(api_base),
        None => Some(API_BASE.to_owned()),
    };
    let guild = discord.need("guild", "the id of your Discord server").and_then(|item| item.read(values::snowflake));
    let watch = discord.need("watch", "list the ids of the channels in which customers write");
    let watch = watch.and_then(|item| snowflakes(&item));
    let staff_roles = discord.need("staff_roles", "list the ids of the roles that your staff have");
    let staff_roles = staff_roles.and_then(|item| snowflakes(&item));
    let token_file = discord.get("token_file").and_then(|item| item.read(file));
    let channel = discord.get("canary").map(|item| item.read(values::snowflake));
    let every =
        discord.get("canary_every").map_or(Some(CANARY_EVERY), |item| item.read(values::duration)?.to_std().ok());
    discord.close();
    let canary = match channel {
        Some(channel) => Some(CanarySettings { channel: channel?, every: every? }),
        None => every.and(None),
    };
    let (api_base, guild, watch) = (api_base?, guild?, watch?);
    Some(DiscordSettings { api_base, guild, watch, staff_roles: staff_roles?, token_file, canary })
}

/// How often the bot finds out whether it still hears, where the config does not say.
const CANARY_EVERY: Duration = Duration::from_mins(5);

/// A list of ids, at least one.
fn snowflakes(item: &Item<'_>) -> Option<Vec<u64>> {
    let ids = item.each(|item| item.read(values::snowflake))?;
    if ids.is_empty() {
        return item.refuse(wrong("an empty list", "list at least one id, in quotes: [\"2001\"]"));
    }
    Some(ids)
}

fn file(text: &str) -> Result<PathBuf, Wrong> {
    if text.trim().is_empty() {
        return Err(wrong("an empty path", "write the path of a file, or delete the key"));
    }
    Ok(PathBuf::from(text))
}

/// The address as a config may have it, without a slash at its end; otherwise a sentence.
pub fn checked_api_base(text: &str) -> Result<String, String> {
    api_base(text).map_err(|wrong| wrong.sentence())
}

/// The token travels with every request, so only this machine may be spoken to without TLS.
fn api_base(text: &str) -> Result<String, Wrong> {
    const OPEN: [&str; 3] = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    let closed = text.starts_with("https://") || OPEN.iter().any(|start| text.starts_with(start));
    // What stands before an @ is a user's name, and the host comes after it.
    if closed && !text.contains('@') {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    let hint = "write https://…; http:// only for this machine: http://127.0.0.1:8321";
    Err(wrong(format!("\"{text}\" is not an address the token may be sent to"), hint))
}

/// The first 12 hexadecimal digits of the SHA-256 of the text and of the files it names.
fn version(text: &str, files: &[String]) -> String {
    let digest = files.iter().fold(Sha256::new_with_prefix(text), Sha256::chain_update).finalize();
    digest.iter().take(6).fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}

/// Tokens anywhere in the file, in comments too.
fn note_tokens(page: &Page, text: &str) {
    for token in report::TOKEN.find_iter(text) {
        page.note_once_a_line(text, token.range(), wrong("this looks like a token", TOKEN_HINT));
    }
}
