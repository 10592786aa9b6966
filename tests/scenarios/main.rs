//! Plays every transcript in this folder against the real bot, three ways, and through the procedure alone. `UPDATE_EXPECT=1` writes what was seen
//! into the files; a name after `--` plays only the scenarios whose file name contains it.

#[path = "../support/mod.rs"]
mod support;

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use bellhop::cli::simulate::{self, Setting};
use support::script::{self, EXAMPLE, Way};

datatest_stable::harness! {
    { test = as_written, root = "tests/scenarios", pattern = r".*\.md$" },
    { test = restarted_after_every_input, root = "tests/scenarios", pattern = r".*\.md$" },
    { test = every_event_twice, root = "tests/scenarios", pattern = r".*\.md$" },
    { test = simulated, root = "tests/scenarios", pattern = r".*\.md$" },
}

fn as_written(file: &Path) -> datatest_stable::Result<()> {
    Ok(play(file, Way::AsWritten)?)
}

fn restarted_after_every_input(file: &Path) -> datatest_stable::Result<()> {
    Ok(play(file, Way::Restarted)?)
}

fn every_event_twice(file: &Path) -> datatest_stable::Result<()> {
    Ok(play(file, Way::Twice)?)
}

/// `bellhop simulate` says the same words as the bot, but where a stage direction asks for what only a Discord has.
fn simulated(file: &Path) -> datatest_stable::Result<()> {
    let script = script::read(file)?;
    let setting = Setting::new(&script, "config.example.toml", EXAMPLE)?.map_err(|why| anyhow!(why))?;
    let played = simulate::play(&script, setting);
    if script.needs_discord().is_some() {
        return if played.is_err() { Ok(()) } else { Err("it plays without what it asks for".into()) };
    }
    let played: String = played?.iter().map(ToString::to_string).collect();
    if played == script.chat() { Ok(()) } else { Err(difference(script.chat(), &played).into()) }
}

fn play(file: &Path, way: Way) -> Result<()> {
    support::log::watch();
    let script = script::read(file)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let played = runtime.block_on(script::play(&script, way))?;
    let errors = support::log::errors();
    ensure!(errors.is_empty(), "errors were logged:\n{}", errors.join("\n"));
    if way == Way::AsWritten && std::env::var_os("UPDATE_EXPECT").is_some() {
        return std::fs::write(file, script.with_chat(&played)).context("the scenario cannot be written");
    }
    if played != script.chat() {
        bail!("{}", difference(script.chat(), &played));
    }
    Ok(())
}

/// The first lines that differ, with what stands before them.
fn difference(expected: &str, played: &str) -> String {
    let same = expected.lines().zip(played.lines()).take_while(|(ours, theirs)| ours == theirs).count();
    let part = |text: &str| text.lines().skip(same.saturating_sub(3)).take(12).collect::<Vec<_>>().join("\n");
    format!("from line {}\n--- expected\n{}\n--- seen\n{}", same + 1, part(expected), part(played))
}
