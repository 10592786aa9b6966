//! The program as its users meet it: a process with arguments, pipes, an exit code, and where it needs one a small
//! Discord; and the ticket systems that it speaks with, where one can be had.

mod canary;
mod check;
mod digest;
mod doctor;
mod erase;
mod evaluate;
mod explain;
mod export;
mod init;
mod logbook;
mod oncall;
mod program;
mod readme;
mod real_tickets;
mod redmine;
mod replay;
mod request_tracker;
mod run;
mod sandbox;
mod simulate;
mod sop;
mod terminal;
mod tickets;
mod verify;

use anyhow::{Context, Result};
use tempfile::TempDir;

/// The config that ships with the program.
const EXAMPLE: &str = include_str!("../../config.example.toml");

/// A folder with a `config.toml`: the example, changed from → to.
fn desk(changes: &[(&str, &str)]) -> Result<TempDir> {
    let mut config = EXAMPLE.to_owned();
    for (from, to) in changes {
        let (before, after) = config.split_once(from).with_context(|| format!("the example holds {from:?}"))?;
        config = format!("{before}{to}{after}");
    }
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("config.toml"), config)?;
    Ok(folder)
}
