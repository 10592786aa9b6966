//! `bellhop sandbox` and `bellhop load`: everything in one go, with nothing prepared and nothing left behind.

use anyhow::{Context, Result, ensure};
use expect_test::expect;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Program, bellhop};

fn is_empty(folder: &TempDir) -> Result<bool> {
    Ok(std::fs::read_dir(folder.path())?.next().is_none())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_needs_nothing_and_leaves_nothing() -> Result<()> {
    let (folder, scratch) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let tmpdir = scratch.path().to_str().context("a path in UTF-8")?;
    let sandbox = Program::start(folder.path(), &["sandbox", "--port", "0"], &[("TMPDIR", tmpdir)])?;
    let printed = sandbox.prints("Ctrl-C").await?;
    let url = printed.lines().find_map(|line| line.split_once("ready: ")).context("it names the page")?.1.to_owned();

    let page = reqwest::get(&url).await?.error_for_status()?.text().await?;
    ensure!(page.contains("<!doctype html>"), "{page}");
    let words = json!({ "as": "4101", "channel": "2001", "text": "I want my $700 back." });
    let said = reqwest::Client::new().post(format!("{url}/sandbox/api/messages")).json(&words).send().await?;
    ensure!(said.status().is_success(), "{}", said.text().await?);
    let port = url.rsplit(':').next().unwrap_or_default();
    let second = bellhop(folder.path(), &["sandbox", "--port", port], b"").await?.to_string();
    let next = (port.parse::<u32>()? + 2).to_string();
    expect![[r#"
        exit 2
        --- err
        error: port PORT cannot be used: is another sandbox running? Try: bellhop sandbox --port NEXT: Address already in use (os error 98)
    "#]].assert_eq(&second.replace(port, "PORT").replace(&next, "NEXT"));

    let done = sandbox.terminate().await?;
    ensure!(done.code == Some(0) && done.complaints().is_empty(), "{done}");
    ensure!(is_empty(&folder)? && is_empty(&scratch)?, "something was left behind");
    Ok(())
}

/// A bot that is killed and started again has neither lost nor repeated anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_measured_run_with_a_kill_loses_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let load = ["load", "--rate", "30", "--count", "60", "--kill", "1", "--json"];
    let done = bellhop(folder.path(), &load, b"").await?;
    ensure!(done.code == Some(0), "{done}");
    let report: Value = serde_json::from_str(&done.out)?;
    let figures = [&report["said"], &report["read"], &report["must_be_none"]].map(ToString::to_string);
    expect![[r#"60 60 {"duplicates":0,"errors":0,"examples":[],"lost":0,"unread":0,"untold":0,"violations":0}"#]]
        .assert_eq(&figures.join(" "));
    Ok(())
}

/// Times that run out while the bot is killed are noticed once each, none early.
#[tokio::test(flavor = "multi_thread")]
async fn deadlines_are_noticed_once_across_a_kill() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let load = ["load", "--deadlines", "60", "--over", "2", "--kill", "1", "--json"];
    let done = bellhop(folder.path(), &load, b"").await?;
    ensure!(done.code == Some(0), "{done}");
    let report: Value = serde_json::from_str(&done.out)?;
    let figures = [&report["deadlines"], &report["must_be_none"]].map(ToString::to_string);
    expect![[r#"60 {"early":0,"errors":0,"examples":[],"missed":0,"twice":0,"violations":0}"#]]
        .assert_eq(&figures.join(" "));
    Ok(())
}
