//! The README keeps its word: what it shows is what is.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use expect_test::expect_file;

use crate::program::bellhop;

const README: &str = include_str!("../../README.md");

#[test]
fn its_excerpt_is_played_by_the_tests() -> Result<()> {
    let excerpt = README.split("```chat\n").nth(1).and_then(|rest| rest.split("```").next());
    let excerpt = excerpt.context("the README holds a transcript")?;
    let scenario = std::fs::read_to_string("tests/scenarios/refund.md")?;
    ensure!(scenario.contains(excerpt), "refund.md does not hold:\n{excerpt}");
    Ok(())
}

/// With UPDATE_EXPECT=1 the README gets what the program says today.
#[tokio::test]
async fn its_example_says_what_the_program_says() -> Result<()> {
    let (before, rest) = README.split_once("$ bellhop explain '").context("the README explains a text")?;
    let (text, rest) = rest.split_once("'\n").context("the text is quoted")?;
    let (_, after) = rest.split_once("```").context("the example ends")?;
    let folder = tempfile::tempdir()?;
    let done = bellhop(folder.path(), &["explain", text], b"").await?;
    let shown = format!("{before}$ bellhop explain '{text}'\n{}```{after}", done.out);
    expect_file!["../../README.md"].assert_eq(&shown);
    Ok(())
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
