//! The README keeps its word: what it shows is what is.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use expect_test::expect_file;

use crate::program::bellhop;

const README: &str = include_str!("../../README.md");

/// With UPDATE_EXPECT=1 the README gets what is so today.
#[tokio::test]
async fn its_examples_are_played_by_the_tests() -> Result<()> {
    let scenario = std::fs::read_to_string("tests/scenarios/refund.md")?;
    let begin = scenario.find("09:01 ").context("somebody claims a refund")?;
    let end = scenario.find("09:30 ").context("it is settled later")?;
    let shown = with_block(README, "```chat\n", &scenario[begin..end])?;

    let (_, rest) = README.split_once("$ bellhop explain '").context("the README explains a text")?;
    let (text, _) = rest.split_once("'\n").context("the text is quoted")?;
    let folder = tempfile::tempdir()?;
    let explained = bellhop(folder.path(), &["explain", text], b"").await?.out;
    let shown = with_block(&shown, &format!("$ bellhop explain '{text}'\n"), &explained)?;

    let (_, rest) = README.split_once("with its time.").context("the README plays a script")?;
    let script = rest.split("```").nth(1).and_then(|block| block.strip_prefix("text\n")).context("a script")?;
    std::fs::write(folder.path().join("monday.txt"), script)?;
    let played = bellhop(folder.path(), &["simulate", "--script", "monday.txt"], b"").await?.out;
    let shown = with_block(&shown, "$ bellhop simulate --script monday.txt\n", &played)?;
    expect_file!["../../README.md"].assert_eq(&shown);
    Ok(())
}

/// The text with something else between `start` and the end of the block of code.
fn with_block(text: &str, start: &str, block: &str) -> Result<String> {
    let (before, rest) = text.split_once(start).with_context(|| format!("the README holds {start:?}"))?;
    let (_, after) = rest.split_once("```").context("a block of code ends")?;
    Ok(format!("{before}{start}{block}```{after}"))
}

#[test]
fn its_links_lead_somewhere() -> Result<()> {
    // Every second part is a block of code, in which nothing is a link.
    let prose: String = README.split("```").step_by(2).collect();
    for link in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        ensure!(link.starts_with("https://") || Path::new(link).exists(), "{link} is not there");
    }
    Ok(())
}

#[tokio::test]
async fn its_commands_are_all_there_are() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let help = bellhop(folder.path(), &["--help"], b"").await?.out;
    let list = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).context("a list")?;
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    for name in names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        ensure!(README.contains(&format!("| `bellhop {name}` |")), "the README does not tell of `bellhop {name}`");
    }
    Ok(())
}
