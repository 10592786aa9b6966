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

use crate::cli;
use crate::cli::reload::Running;
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
    let setting = match Setting::new(&script, &config_name, &config)? {
        Ok(setting) => setting,
        Err(why) => return Err(anyhow!("{name}: its config cannot be used:\n{why}")),
    };
    let steps = match play(&script, setting) {
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

/// What a script is played with.
pub struct Setting {
    folder: PathBuf,
    /// The config as it is written now.
    text: String,
    config: Config,
    words: Words,
}

impl Setting {
    /// A config with the tables of the script; the inner error is what is wrong with those.
    pub fn new(script: &Script, name: &str, config: &str) -> anyhow::Result<Result<Self, String>> {
        let folder = Path::new(name).parent().unwrap_or(Path::new(""));
        // The config as it stands is checked first, so that a report shows the lines of its file.
        let plain = Config::parse_in(folder, name, config).map_err(ConfigError::Wrong)?;
        let (config, text) = if script.config.is_empty() && plain.procedure.digests.is_empty() {
            (plain, config.to_owned())
        } else {
            let merged = match script::config_for(config, &script.config) {
                Ok(merged) => merged,
                Err(error) => return Ok(Err(error.message().to_owned())),
            };
            let name = format!("{name} with the tables of the transcript");
            match Config::parse_in(folder, &name, &merged) {
                Ok(config) => (config, merged),
                Err(report) => return Ok(Err(report.draw(false, false))),
            }
        };
        let words = words(&config).map_err(|problems| anyhow!(problems.join("\n")))?;
        Ok(Ok(Self { folder: folder.to_owned(), text, config, words }))
    }

    /// Adds tables to the config and reads it again, as a running bot would; the error is every reason against it.
    fn change(&mut self, tables: &str) -> Result<(), Vec<String>> {
        let text = script::config_over(&self.text, tables).map_err(|error| vec![error.message().to_owned()])?;
        let read = Config::parse_in(&self.folder, "config", &text).map_err(ConfigError::Wrong);
        let config = Running::of(&self.config).check(read)?;
        self.words = words(&config)?;
        (self.text, self.config) = (text, config);
        Ok(())
    }
}

fn words(config: &Config) -> Result<Words, Vec<String>> {
    cli::words(config).map_err(|problems| problems.iter().map(ToString::to_string).collect())
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
