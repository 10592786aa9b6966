//! `bellhop check`: what is wrong with a config, all at once.

use std::io::{IsTerminal, stderr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use crate::adapters::discord::markup;
use crate::cli::style::colored;
use crate::cli::{ConfigFile, NO};
use crate::config::{Config, ConfigError};
use crate::words::Words;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The config; without it, `config.toml` here.
    #[arg(value_name = "FILE", default_value = "config.toml")]
    file: PathBuf,
    /// One JSON object a problem, on stdout.
    #[arg(long)]
    json: bool,
}

/// The procedure that ships with the program.
const EXAMPLE: &str = include_str!("../../config.example.toml");

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = match Config::read(&arguments.file) {
        Ok(config) => config,
        Err(ConfigError::Wrong(report)) => {
            if arguments.json {
                print!("{}", report.to_json_lines());
            } else {
                eprint!("{}", report.draw(colored(&stderr()), stderr().is_terminal()));
            }
            return Ok(NO.into());
        }
        Err(error) => return Err(error.into()),
    };
    let words = Words::load(config.desk.templates.as_deref(), markup(config.discord.guild), &config.procedure.teams);
    if let Err(problems) = words {
        for problem in problems {
            if arguments.json {
                println!("{}", serde_json::json!({"what": problem.to_string()}));
            } else {
                eprintln!("error: {problem}");
            }
        }
        return Ok(NO.into());
    }
    if !arguments.json {
        let (teams, triggers) = (config.procedure.teams.len(), config.procedure.triggers.len());
        println!("{} is fine: {triggers} triggers, {teams} teams.", arguments.file.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// The config that a subcommand works with; `None` if it is wrong, which has then been said.
pub(crate) fn read(file: &ConfigFile) -> anyhow::Result<Option<Config>> {
    let parsed = text(file).and_then(|(name, text)| Config::parse(&name, &text).map_err(ConfigError::Wrong));
    match parsed {
        Ok(config) => Ok(Some(config)),
        Err(ConfigError::Wrong(report)) => {
            eprint!("{}", report.draw(colored(&stderr()), stderr().is_terminal()));
            Ok(None)
        }
        Err(error) => Err(error).context("the config cannot be read"),
    }
}

/// The config's text as it was written, and what a report calls it.
pub(crate) fn text(file: &ConfigFile) -> Result<(String, String), ConfigError> {
    let default = PathBuf::from("config.toml");
    let Some(path) = file.config.clone().or_else(|| default.exists().then_some(default)) else {
        return Ok(("config.example.toml".to_owned(), EXAMPLE.to_owned()));
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok((path.display().to_string(), text)),
        Err(source) => Err(ConfigError::Unreadable { path, source }),
    }
}
