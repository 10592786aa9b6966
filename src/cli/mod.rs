//! Floor 5: one file per subcommand, thin. Data goes to stdout, everything else to stderr.
//!
//! Exit codes: 0 fine · 1 the answer is no · 2 wrong usage or unreadable input.

pub mod bot;
mod check;
mod digest;
mod doctor;
mod erase;
mod evaluate;
mod explain;
mod export;
mod folder;
mod init;
mod load;
mod log;
mod oncall;
mod packed;
mod progress;
pub mod reload;
mod replay;
mod run;
pub mod sandbox;
pub mod simulate;
mod sop;
mod spreadsheet;
mod style;
mod table;
mod tickets;
mod train;
mod verify;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use clap::{CommandFactory, Parser, Subcommand};

use crate::adapters::discord::markup;
use crate::config::{self, Config, ConfigError};
use crate::sop::calendar::Span;
use crate::words::{Language, Markup, Words, WordsError};

/// Runs a customer-service escalation procedure inside team chat.
///
/// Bellhop reads what customers write, notices what the procedure says must go up, pages the right team with all it
/// needs, and does not let go until somebody has taken it, in time.
///
/// Start with `bellhop sandbox`: it needs no account and no token.
#[derive(Debug, Parser)]
#[command(name = "bellhop", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 fine, 1 the answer is no, 2 wrong usage or unreadable input.\n\
    Colours only on a terminal, and never with NO_COLOR set. Logs go to stderr; RUST_LOG chooses them.")]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the bot.
    ///
    /// The token comes from the environment variable DISCORD_TOKEN, or from the file that `token_file` in the config
    /// names. It never stands in the config itself.
    Run(run::Arguments),
    /// Try everything on this machine: a small Discord, the bot, and a page to play with them.
    ///
    /// Needs no token and no account, and leaves nothing behind. Open the address it prints in a browser; Ctrl-C ends it.
    /// A config of your own has to name the server, channels and roles of the example: there are no others here.
    Sandbox(sandbox::Arguments),
    /// Check a config: everything that is wrong with it, and what its procedure would come to over a year.
    ///
    /// Looks for hours in which a page finds nobody, answers that are due after weeks, and rules that can never fire,
    /// and shows each at its line with an example. Exits with 1 if there are errors; warnings may be meant so.
    Check(check::Arguments),
    /// Say what the procedure makes of a text, and why.
    Explain(explain::Arguments),
    /// Say who is on call, until when, who is next, and when nobody is.
    ///
    /// Exits with 1 if a rota has nobody on call at that time.
    Oncall(oncall::Arguments),
    /// Say what a stretch of time came to: what is open and late, how fast, which clocks were kept, how right the triggers.
    ///
    /// From the log, which the bot may be writing. The same figures in every format, each beside those of as long a time
    /// before.
    Digest(digest::Arguments),
    /// Write a config from the channels and roles of a Discord server.
    ///
    /// Looks which of them the teams of the example mean, by their names, and asks where that is not clear. What is
    /// written is the example, which is its own manual, with the ids of your server; change it as you like. Where the bot
    /// is on no server yet it prints the address that invites it.
    Init(init::Arguments),
    /// Look whether everything is there that the bot needs, and say what to do where it is not.
    ///
    /// The token, the server with its channels, roles and permissions, what must be closed, who is on call, the words,
    /// the clock, and the log. Changes nothing. Exits with 1 if there are errors; warnings may be meant so.
    Doctor(doctor::Arguments),
    /// Measure how well the procedure reads, on messages that people labelled.
    ///
    /// Label a few hundred of your own tickets, and see what would have been missed and what would have been a false
    /// alarm, each with the words that led to it.
    Evaluate(evaluate::Arguments),
    /// Run a history through the procedure and say what it would have opened.
    ///
    /// Reading, triggers and triage work on the history's own clock; nobody is paged.
    Replay(replay::Arguments),
    /// Play a transcript through the procedure and print the chat, or where it differs from what is written.
    ///
    /// Nothing is connected and nothing is kept: try a rule, a word or a time before it is live. People and places are
    /// those of the sandbox; a transcript begins on a Monday at 09:00 UTC.
    Simulate(simulate::Arguments),
    /// The procedure as a guide for people: a picture of the ladders, a card for reps, what to do about each trigger.
    ///
    /// It is made of the config, so it says what the bot does. --diff tells what is different from an older version,
    /// --paths how cases really went, and `bellhop sop import` writes a config from a procedure in Markdown.
    Sop(sop::Arguments),
    /// Try out the ticket systems of the config.
    Tickets(tickets::Arguments),
    /// Check the log: that nothing in it was changed, and that its results follow from what happened.
    ///
    /// Every line is held against the one before it, and every breach, warning, reminder and page after silence is worked
    /// out again from what stands before it. Changes nothing, and may run while the bot does. Exits with 1 if something is
    /// wrong.
    Verify(verify::Arguments),
    /// Write the cases as a table, or what happened as lines of JSON.
    ///
    /// Without --for it holds what everybody on staff may read: confidential cases are left out. The same log gives the
    /// same bytes.
    Export(export::Arguments),
    /// Take a customer, or what is too old, out of the log. The bot has to be stopped.
    ///
    /// Words, names and tickets go from the file, and so do notes of staff on the customer's cases; times, teams and
    /// results stay, under a pseudonym. The log can still be verified. Exits with 1 if it has never heard of the customer.
    Erase(erase::Arguments),
    /// Learn the weights of the lexicon's terms from labelled messages.
    #[command(hide = true)]
    Train(train::Arguments),
    /// Measure how fast the bot is, and whether it loses anything when it is killed.
    #[command(hide = true)]
    Load(load::Arguments),
    /// Print completions for a shell: `source <(bellhop completions bash)`.
    Completions { shell: clap_complete::Shell },
}

/// The procedure, where any will do to try something out.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ConfigFile {
    /// The procedure; without it, `config.toml` here, or else the built-in example.
    #[arg(short, long, value_name = "FILE", env = "BELLHOP_CONFIG")]
    config: Option<PathBuf>,
}

/// The procedure that ships with the program.
const EXAMPLE: &str = include_str!("../../config.example.toml");

impl ConfigFile {
    pub(crate) fn read(&self) -> Result<Config, ConfigError> {
        let (name, text) = self.text()?;
        // The files a config names lie beside it; the built-in one names none.
        let folder = Path::new(&name).parent().unwrap_or(Path::new(""));
        Config::parse_in(folder, &name, &text).map_err(ConfigError::Wrong)
    }

    /// The file that it is read from; `None`: it is built in.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        let here = Path::new("config.toml");
        self.config.clone().or_else(|| here.exists().then(|| here.to_owned()))
    }

    /// What a report calls the config, and its text as it was written.
    pub(crate) fn text(&self) -> Result<(String, String), ConfigError> {
        match self.path() {
            Some(path) => Ok((path.display().to_string(), config::text(&path)?)),
            None => Ok(("config.example.toml".to_owned(), EXAMPLE.to_owned())),
        }
    }
}

/// Carries out what was asked for.
pub fn main(arguments: Arguments) -> ExitCode {
    let done = match arguments.command {
        Command::Run(arguments) => run::main(&arguments),
        Command::Sandbox(arguments) => sandbox::main(&arguments),
        Command::Check(arguments) => check::main(&arguments),
        Command::Explain(arguments) => explain::main(&arguments),
        Command::Oncall(arguments) => oncall::main(&arguments),
        Command::Digest(arguments) => digest::main(&arguments),
        Command::Init(arguments) => init::main(&arguments),
        Command::Doctor(arguments) => doctor::main(&arguments),
        Command::Evaluate(arguments) => evaluate::main(&arguments),
        Command::Replay(arguments) => replay::main(&arguments),
        Command::Simulate(arguments) => simulate::main(&arguments),
        Command::Sop(arguments) => sop::main(&arguments),
        Command::Tickets(arguments) => tickets::main(&arguments),
        Command::Verify(arguments) => verify::main(&arguments),
        Command::Export(arguments) => export::main(&arguments),
        Command::Erase(arguments) => erase::main(&arguments),
        Command::Train(arguments) => train::main(&arguments),
        Command::Load(arguments) => load::main(&arguments),
        Command::Completions { shell } => completions(shell),
    };
    done.unwrap_or_else(|error| give_up(&error))
}

fn completions(shell: clap_complete::Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "bellhop", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// A year from an instant on.
fn year(from: DateTime<Utc>) -> Span {
    Span::after(from, TimeDelta::days(365))
}

/// The words of the config, as its chat shows them. Where it names no language the server's is spoken there, which is
/// not asked here: whether the templates can be used is the same in all.
fn words(config: &Config) -> Result<Words, Vec<WordsError>> {
    let Config { desk, discord, procedure, .. } = config;
    let (language, markup) = (desk.language.unwrap_or_default(), markup(discord.guild));
    Words::load(language, desk.templates.as_deref(), markup, &procedure.teams)
}

/// The words of the config, as a terminal shows them: in English, like all around them.
fn english(config: &Config) -> anyhow::Result<Words> {
    let folder = config.desk.templates.as_deref();
    let loaded = Words::load(Language::English, folder, Markup::none(), &config.procedure.teams);
    loaded.map_err(|problems| anyhow!(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

/// Logs how many findings there are, not which: they may hold names.
fn warn_of_findings(config: &Config) {
    let (errors, warnings) = config::weigh(config, year(Utc::now()));
    if errors + warnings > 0 {
        tracing::warn!(errors, warnings, "config.findings: run bellhop check");
    }
}

/// Whoever reads what we print has seen enough.
fn is_unread(error: &anyhow::Error) -> bool {
    let kinds = error.chain().filter_map(|cause| {
        let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        io.or_else(|| cause.downcast_ref::<serde_json::Error>()?.io_error_kind())
    });
    kinds.into_iter().any(|kind| kind == std::io::ErrorKind::BrokenPipe)
}

/// What was found stands, whether or not all of it was read.
fn read_or_not(told: anyhow::Result<()>) -> anyhow::Result<()> {
    told.or_else(|error| if is_unread(&error) { Ok(()) } else { Err(error) })
}

/// Refuses to write what comes of a file over that file.
fn ensure_other(output: Option<&Path>, sources: &[&Path]) -> anyhow::Result<()> {
    let there = |path: &Path| path.canonicalize().ok();
    let Some((output, target)) = output.and_then(|output| Some((output, there(output)?))) else { return Ok(()) };
    let is_source = sources.iter().any(|source| there(source).is_some_and(|source| source == target));
    ensure!(!is_source, "{} is what this is made of: name another file with --output", output.display());
    Ok(())
}

/// To the file, or to stdout.
fn write_out(output: Option<&Path>, written: &[u8]) -> anyhow::Result<()> {
    match output {
        Some(file) => std::fs::write(file, written).with_context(|| format!("{} cannot be written", file.display())),
        None => Ok(std::io::stdout().lock().write_all(written)?),
    }
}

/// A time that was given with a flag: by the clock of the zone, or with an offset.
fn moment(flag: &str, text: &str, zone: Tz) -> anyhow::Result<DateTime<Utc>> {
    config::moment(text, zone).ok_or_else(|| anyhow!("--{flag} \"{text}\" is not a time: write \"2026-12-24 18:00\""))
}

/// Says why a subcommand could not do its work.
fn give_up(error: &anyhow::Error) -> ExitCode {
    if is_unread(error) {
        return ExitCode::SUCCESS;
    }
    if let Some(ConfigError::Wrong(report)) = error.downcast_ref() {
        style::show(report);
        return NO.into();
    }
    style::complain(error);
    UNUSABLE.into()
}

/// The answer is no.
pub(crate) const NO: u8 = 1;
/// Wrong usage or unreadable input.
const UNUSABLE: u8 = 2;
