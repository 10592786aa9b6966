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
    let default = PathBuf::from("config.toml");
    let file = file.config.clone().or_else(|| default.exists().then_some(default));
    let read = match &file {
        Some(file) => Config::read(file),
        None => Config::parse("config.example.toml", EXAMPLE).map_err(ConfigError::Wrong),
    };
    match read {
        Ok(config) => Ok(Some(config)),
        Err(ConfigError::Wrong(report)) => {
            eprint!("{}", report.draw(colored(&stderr()), stderr().is_terminal()));
            Ok(None)
        }
        Err(error) => Err(error).context("the config cannot be read"),
    }
}
