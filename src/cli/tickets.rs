//! `bellhop tickets test`: what becomes of a link.

use std::fmt::Write as _;
use std::io::{Write, stdout};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Subcommand;
use serde::Serialize;

use crate::adapters::tickets::{Account, Exchange, Patience, Settings, TicketError};
use crate::cli::{ConfigFile, NO};
use crate::config::Config;
use crate::sop::message::{TicketRef, cut};
use crate::sop::ticket::{Requester, Ticket};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what becomes of a link: what it names, what is asked, what is answered, and what is understood.
    ///
    /// Reads the ticket with the account of the config, and writes nothing. Shows no secret. Exits with 1 if the link
    /// names no ticket, or the ticket cannot be read.
    Test {
        /// A link to a ticket, or a text with one.
        link: String,
        /// One JSON object.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: ConfigFile,
    },
}

/// How far back the requester's tickets are counted, in days.
const DAYS_BACK: i64 = 30;
/// Of what the customer said last.
const SAID_CHARS_MAX: usize = 200;

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Command::Test { link, json, config } = &arguments.command;
    let config = config.read()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let tried = runtime.context("the runtime cannot be started")?.block_on(try_out(&config, link));
    let mut out = stdout().lock();
    if *json {
        serde_json::to_writer(&mut out, &tried)?;
        writeln!(out)?;
    } else {
        write!(out, "{}", told(&tried))?;
    }
    Ok(if tried.problem.is_some() { NO.into() } else { ExitCode::SUCCESS })
}

/// What became of a link.
#[derive(Default, Serialize)]
struct Tried {
    recognised: Option<TicketRef>,
    calls: Vec<Call>,
    ticket: Option<Ticket>,
    /// How many tickets the requester opened in [`DAYS_BACK`] days.
    recent: Option<u32>,
    /// What is good to know and no problem.
    remark: Option<String>,
    problem: Option<String>,
    /// What to do about the problem or the remark.
    todo: Option<String>,
}

#[derive(Clone, Serialize)]
struct Call {
    method: String,
    path: String,
    /// `None`: there was no answer.
    status: Option<u16>,
    bytes: usize,
    milliseconds: u128,
}

impl From<Exchange> for Call {
    fn from(exchange: Exchange) -> Self {
        let Exchange { method, path, status, bytes, took } = exchange;
        Self { method, path, status, bytes, milliseconds: took.as_millis() }
    }
}

async fn try_out(config: &Config, link: &str) -> Tried {
    let Some(recognised) = config.procedure.ticket_in(link) else {
        let problem = "no ticket is recognised in it".to_owned();
        return Tried { problem: Some(problem), todo: Some(where_links_are(config)), ..Tried::default() };
    };
    let account = config.tickets.iter().find(|account| account.name == recognised.system);
    let mut tried = Tried { recognised: Some(recognised), ..Tried::default() };
    match account {
        Some(settings) if settings.token.is_some() => read(settings, link, &mut tried).await,
        Some(settings) if settings.kind.interface.is_some() => {
            tried.remark = Some("it is linked and not read, for there is no token".to_owned());
            tried.todo = Some(format!("name one in [[tickets]] of {}: token_env or token_file", settings.name));
        }
        Some(settings) => {
            tried.remark = Some(format!("{} tickets are linked and not read", settings.kind.title));
        }
        None => {
            tried.remark = Some("it is linked and not read: a pattern of your own names no system".to_owned());
            tried.todo = Some("if the system is a known one, name it in [[tickets]]: kind = …, host = …".to_owned());
        }
    }
    tried
}

/// What the config recognises.
fn where_links_are(config: &Config) -> String {
    let hosts: Vec<&str> = config.tickets.iter().map(|account| account.host.as_str()).collect();
    match (hosts.is_empty(), config.procedure.ticket_links.is_empty()) {
        (true, true) => "add [[tickets]] with kind and host to the config".to_owned(),
        (true, false) => {
            "compare it with the patterns in [[tickets]], or name the system: kind = …, host = …".to_owned()
        }
        (false, _) => {
            format!("links to these are recognised: {}; see kind, host, account in [[tickets]]", hosts.join(", "))
        }
    }
}

async fn read(settings: &Settings, link: &str, tried: &mut Tried) {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let log = calls.clone();
    let watcher = move |exchange: Exchange| log.lock().expect("no panic while it is held").push(Call::from(exchange));
    let account = match Account::open(settings, Patience::default(), Some(Arc::new(watcher))) {
        Ok(account) => account,
        Err(error) => {
            tried.problem = Some(error.to_string());
            tried.todo =
                Some(format!("look at [[tickets]] of {}: token_env, token_file, webhook_secret_…", settings.name));
            return;
        }
    };
    let Some(id) = account.ticket_id(link) else {
        tried.problem = Some("the pattern that recognised it is not of this account's host".to_owned());
        tried.todo = Some("delete the pattern: the account knows its links".to_owned());
        return;
    };
    match account.fetch(&id).await {
        Ok(ticket) => {
            match account.recent_count(&ticket.requester, Utc::now() - TimeDelta::days(DAYS_BACK)).await {
                Ok(count) => tried.recent = Some(count),
                Err(error) => tried.remark = Some(format!("the requester's tickets are not counted: {error}")),
            }
            tried.ticket = Some(ticket);
        }
        Err(error) => {
            tried.todo = Some(advice(&error, settings));
            tried.problem = Some(format!("{}: {error}", settings.kind.title));
        }
    }
    tried.calls.clone_from(&calls.lock().expect("no panic while it is held"));
}

/// What to do about it.
pub(crate) fn advice(error: &TicketError, settings: &Settings) -> String {
    let api = &settings.api;
    match error {
        TicketError::NotFound => {
            "open the link as the account's user: it may be merged, deleted, or not theirs to see".to_owned()
        }
        TicketError::Unauthorised { .. } => {
            "look whether the token still holds and its account may read tickets; make a new one if not".to_owned()
        }
        TicketError::RateLimited { .. } => {
            "try again later; if this is usual, ask the vendor for a higher limit".to_owned()
        }
        TicketError::Unavailable { .. } => format!("look whether {api} can be reached from this machine"),
        TicketError::Refused { .. } => {
            format!("look whether {api} is the address of its interface; else see the reason")
        }
        TicketError::NotUnderstood { .. } => {
            format!("look whether {api} is the address of its interface, and its version")
        }
        TicketError::Impossible { .. } => "there is nothing to be done about it".to_owned(),
    }
}

fn told(tried: &Tried) -> String {
    let mut lines = Vec::new();
    if let Some(TicketRef { system, id, .. }) = &tried.recognised {
        lines.push(("recognised", format!("{system} ticket {id}")));
    }
    for Call { method, path, status, bytes, milliseconds } in &tried.calls {
        let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        lines.push(("called", format!("{method} {path}: {status}, {bytes} bytes, {milliseconds} ms")));
    }
    if let Some(ticket) = &tried.ticket {
        lines.extend(understood(ticket).into_iter().map(|line| ("understood", line)));
    }
    lines.extend(tried.recent.map(|count| ("understood", format!("the requester opened {count} in {DAYS_BACK} days"))));
    lines.extend(tried.remark.iter().map(|remark| ("note", remark.clone())));
    lines.extend(tried.problem.iter().map(|problem| ("problem", problem.clone())));
    lines.extend(tried.todo.iter().map(|todo| ("to do", todo.clone())));
    lines.iter().fold(String::new(), |mut text, (what, line)| {
        writeln!(text, "{what:<12}{line}").expect("a string takes it");
        text
    })
}

fn understood(ticket: &Ticket) -> Vec<String> {
    let Ticket { number, subject, status, priority, requester, assignee, group, tags, created, updated, .. } = ticket;
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "nobody".to_owned());
    let priority = priority.map_or("none", |priority| priority.word());
    let tags = if tags.is_empty() { "none".to_owned() } else { tags.join(", ") };
    let time = |at: &DateTime<Utc>| at.format("%Y-%m-%d %H:%M UTC").to_string();
    let more = if ticket.is_cut { " and more" } else { "" };
    let mut lines = vec![
        format!("#{number} {subject}"),
        format!("status {}, priority {priority}, tags {tags}", status.word()),
        format!("requester {}", who(requester)),
        format!("assigned to {}, in {}", or_none(assignee), group.as_deref().unwrap_or("no group")),
        format!("created {}, updated {}, comments {}{more}", time(created), time(updated), ticket.comments.len()),
    ];
    if let Some(said) = ticket.said_by_customer().next_back() {
        let text = said.text.split_whitespace().collect::<Vec<_>>().join(" ");
        lines.push(format!("the customer said last, {}: {}", time(&said.at), cut(&text, SAID_CHARS_MAX)));
    }
    lines
}

fn who(requester: &Requester) -> String {
    let Requester { id, name, email, organisation, plan, .. } = requester;
    let mut told = if name.is_empty() { id.clone() } else { name.clone() };
    for (before, what, after) in [(" <", email, ">"), (" of ", organisation, ""), (", plan ", plan, "")] {
        if let Some(what) = what {
            write!(told, "{before}{what}{after}").expect("a string takes it");
        }
    }
    told
}
