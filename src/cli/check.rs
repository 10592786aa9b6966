//! `bellhop check`: what is wrong with a config, all at once.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::adapters::discord::markup;
use crate::cli::{NO, style};
use crate::config::{Config, ConfigError};
use crate::words::Words;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The config.
    #[arg(value_name = "FILE", env = "BELLHOP_CONFIG", default_value = "config.toml")]
    file: PathBuf,
    /// One JSON object a problem, on stdout.
    #[arg(long)]
    json: bool,
}

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut out = stdout().lock();
    let config = match Config::read(&arguments.file) {
        Ok(config) => config,
        Err(ConfigError::Wrong(report)) if arguments.json => {
            write!(out, "{}", report.to_json_lines())?;
            return Ok(NO.into());
        }
        Err(error) => return Err(error.into()),
    };
    let words = Words::load(config.desk.templates.as_deref(), markup(config.discord.guild), &config.procedure.teams);
    if let Err(problems) = words {
        for problem in problems {
            if arguments.json {
                writeln!(out, "{}", serde_json::json!({"what": problem.to_string()}))?;
            } else {
                style::complain(&problem.into());
            }
        }
        return Ok(NO.into());
    }
    if !config.warnings.is_empty() {
        for warning in &config.warnings {
            if arguments.json {
                writeln!(out, "{}", serde_json::json!({"what": warning}))?;
            } else {
                eprintln!("warning: {warning}");
            }
        }
        return Ok(NO.into());
    }
    if !arguments.json {
        let (teams, triggers) = (config.procedure.teams.len(), config.procedure.triggers.len());
        writeln!(out, "{} is fine: {triggers} triggers, {teams} teams.", arguments.file.display())?;
    }
    Ok(ExitCode::SUCCESS)
}
