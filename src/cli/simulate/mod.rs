//! `bellhop simulate`: a transcript played through the procedure alone, in the time it takes to read the file.

mod cast;
pub mod chat;
mod play;
pub mod script;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use serde::Serialize;
use similar::TextDiff;

use crate::adapters::discord::markup;
pub use crate::cli::simulate::play::{Step, play};
use crate::cli::simulate::script::{Mistake, Script};
use crate::cli::{ConfigFile, NO, UNUSABLE};
use crate::config::{Config, ConfigError};
use crate::words::Words;

#[derive(Debug, clap::Args)]
#[group(id = "source", required = true, multiple = false, args = ["file", "script"])]
pub(crate) struct Arguments {
    /// A transcript in Markdown: a title, perhaps a `toml` block of config, a `chat` block.
    file: Option<PathBuf>,
    /// Only the chat, with nothing around it.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// One JSON object for each line that happens, with what was seen because of it.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFile,
}

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let path = arguments.file.as_ref().or(arguments.script.as_ref()).context("clap asks for one of them")?;
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| format!("{name} cannot be read"))?;
    let script = if arguments.script.is_some() { Script::bare(&text) } else { Script::parse(&text) };
    let script = match script {
        Ok(script) => script,
        Err(mistakes) => return Ok(complain(&name, &mistakes)),
    };
    let (config_name, config) = arguments.config.text()?;
    let config = match stage(&script, &config_name, &config)? {
        Ok(config) => config,
        Err(why) => return Err(anyhow!("{name}: its config cannot be used:\n{why}")),
    };
    let words = words(&config)?;
    let steps = match play(&script, &config, &words) {
        Ok(steps) => steps,
        Err(mistake) => return Ok(complain(&name, &[mistake])),
    };
    let played: String = steps.iter().map(ToString::to_string).collect();
    let differs = script.expects() && played != script.chat();
    let mut out = std::io::stdout().lock();
    if arguments.json {
        for step in &steps {
            serde_json::to_writer(&mut out, &Shown::of(step))?;
            writeln!(out)?;
        }
    } else if differs {
        let difference = TextDiff::from_lines(script.chat(), &played);
        write!(out, "{}", difference.unified_diff().header("as written", "as played"))?;
    } else {
        write!(out, "{played}")?;
    }
    Ok(if differs { NO.into() } else { ExitCode::SUCCESS })
}

/// The config that a script is played with; the inner error is what is wrong with the script's own.
fn stage(script: &Script, name: &str, config: &str) -> anyhow::Result<Result<Config, String>> {
    let folder = Path::new(name).parent().unwrap_or(Path::new(""));
    // The config as it stands is checked first, so that a report shows the lines of its file.
    let plain = Config::parse_in(folder, name, config).map_err(ConfigError::Wrong)?;
    if script.config.is_empty() {
        return Ok(Ok(plain));
    }
    let merged = match script.config_over(config) {
        Ok(merged) => merged,
        Err(error) => return Ok(Err(error.message().to_owned())),
    };
    let name = format!("{name} with the tables of the transcript");
    Ok(Config::parse_in(folder, &name, &merged).map_err(|report| report.draw(false, false)))
}

/// The words of a desk with this config.
pub fn words(config: &Config) -> anyhow::Result<Words> {
    let loaded = Words::load(config.desk.templates.as_deref(), markup(config.discord.guild), &config.procedure.teams);
    loaded.map_err(|problems| {
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow!(said.join("\n"))
    })
}

fn complain(name: &str, mistakes: &[Mistake]) -> ExitCode {
    for Mistake { line, why } in mistakes {
        eprintln!("error: {name}, line {line}: {why}");
    }
    UNUSABLE.into()
}

/// What `--json` prints of a line.
#[derive(Serialize)]
struct Shown<'a> {
    line: usize,
    happens: &'a str,
    due: Vec<Due<'a>>,
    seen: Vec<&'a str>,
}

/// What became due on the way to the line's time.
#[derive(Serialize)]
struct Due<'a> {
    at: chrono::DateTime<chrono::Utc>,
    seen: Vec<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(step: &'a Step<'_>) -> Self {
        let lines = |text: &'a str| text.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
        Self {
            line: step.line.number,
            happens: &step.line.text,
            due: step.before.iter().map(|(at, seen)| Due { at: *at, seen: lines(seen) }).collect(),
            seen: lines(&step.seen),
        }
    }
}
