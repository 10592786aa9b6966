//! `bellhop sop import`: a config from a procedure that is written as Markdown.
//!
//! `document` takes the Markdown apart into tables, lists and texts below their headings; `understand` knows what a
//! sentence of such a document asks for; `gather` makes a `draft` of the whole, with everything that it could not decide;
//! `write` makes a config of the draft.

mod document;
mod draft;
mod gather;
mod understand;
mod write;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow, ensure};

use crate::cli::{NO, read_or_not, write_out};
use crate::config::Config;
use document::Document;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The procedure, as Markdown.
    #[arg(value_name = "TABLE.md")]
    file: PathBuf,
    /// Where the config is written. Default: stdout.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write over a file that is there.
    #[arg(long)]
    force: bool,
}

/// Longest document, in bytes: a procedure that people read is far shorter.
const DOCUMENT_MAX: usize = 1 << 20;

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let name = arguments.file.display().to_string();
    let is_free = arguments.output.as_ref().is_none_or(|path| arguments.force || !path.exists());
    ensure!(is_free, "the file to write is there already: --force writes over it");
    let text = std::fs::read_to_string(&arguments.file).with_context(|| format!("{name} cannot be read"))?;
    ensure!(text.len() <= DOCUMENT_MAX, "{name} is longer than 1 MiB: that is no procedure");
    let draft = gather::draft(&Document::read(&text));
    ensure!(
        !draft.triggers.is_empty(),
        "{name} has no table of triggers: give it one, in Markdown, with a column \"Trigger\" and a column \"Escalate to\""
    );
    let config = write::written(&draft, &name);
    Config::parse(&name, &config).map_err(|report| anyhow!("what came of {name} is no config: {report}"))?;
    read_or_not(write_out(arguments.output.as_deref(), config.as_bytes()))?;
    for open in &draft.open {
        eprintln!("{name}:{}: {}", open.line, open.what);
    }
    let triggers = draft.triggers.len();
    let to = arguments.output.as_ref().map_or_else(|| "stdout".to_owned(), |path| path.display().to_string());
    let left = match draft.open.len() {
        0 => "everything was decided".to_owned(),
        1 => "1 thing is left to decide".to_owned(),
        count => format!("{count} things are left to decide"),
    };
    eprintln!(
        "{triggers} triggers written to {to}; {left}. The ids are those of the sandbox: put in those of your server, then \
         bellhop check and bellhop sop."
    );
    Ok(if draft.open.is_empty() { ExitCode::SUCCESS } else { NO.into() })
}
