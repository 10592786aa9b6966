//! Help, completions, colours, and what every subcommand does alike.

use anyhow::{Result, ensure};
use expect_test::expect;

use crate::desk;
use crate::program::{bellhop, bellhop_unread};

#[tokio::test]
async fn every_subcommand_explains_itself() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for subcommand in [
        "run",
        "sandbox",
        "check",
        "init",
        "doctor",
        "explain",
        "oncall",
        "load",
        "verify",
        "export",
        "erase",
        "completions",
    ] {
        let done = bellhop(folder.path(), &[subcommand, "--help"], b"").await?;
        let usage = format!("Usage: bellhop {subcommand}");
        ensure!(done.code == Some(0) && done.err.is_empty() && done.out.contains(&usage), "{subcommand}: {done}");
        ensure!(done.out.lines().all(|line| line.chars().count() <= 100), "{subcommand}: too wide\n{done}");
    }
    Ok(())
}

#[tokio::test]
async fn wrong_usage_says_what_there_is() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let done = bellhop(folder.path(), &["chekc"], b"").await?;
    expect![[r#"
        exit 2
        --- err
        error: unrecognized subcommand 'chekc'

          tip: a similar subcommand exists: 'check'

        Usage: bellhop <COMMAND>

        For more information, try '--help'.
    "#]]
    .assert_eq(&done.to_string());
    ensure!(bellhop(folder.path(), &[], b"").await?.code == Some(2));
    ensure!(bellhop(folder.path(), &["explain", "--tsv", "a", "b"], b"").await?.code == Some(2));
    Ok(())
}

#[tokio::test]
async fn completions_fit_the_shell() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (shell, first) in [("bash", "_bellhop() {"), ("zsh", "#compdef bellhop"), ("fish", "# Print an optspec")] {
        let done = bellhop(folder.path(), &["completions", shell], b"").await?;
        ensure!(done.code == Some(0) && done.err.is_empty() && done.out.starts_with(first), "{shell}: {done}");
        ensure!(done.out.contains("explain"), "{shell} knows the subcommands");
    }
    Ok(())
}

/// A pipe is no terminal, so nothing is coloured there; on a terminal NO_COLOR is obeyed (<https://no-color.org>).
#[tokio::test]
async fn colours_are_for_terminals_and_for_who_likes_them() -> Result<()> {
    let folder = desk(&[("severity = \"sev2\"", "severity = \"sev9\"")])?;
    let colored = |text: &str| text.contains("\u{1b}[3");
    for arguments in [&["check"][..], &["--help"], &["nonsense"]] {
        let done = bellhop(folder.path(), arguments, b"").await?;
        ensure!(!colored(&done.out) && !colored(&done.err), "{arguments:?}: {done}");
    }
    ensure!(colored(&on_a_terminal(&folder, &[])?), "on a terminal there are colours");
    ensure!(!colored(&on_a_terminal(&folder, &[("NO_COLOR", "1")])?), "NO_COLOR is obeyed");
    Ok(())
}

/// What `bellhop check` writes to a terminal, which util-linux' `script` provides.
fn on_a_terminal(folder: &tempfile::TempDir, environment: &[(&str, &str)]) -> Result<String> {
    let shown = std::process::Command::new("script")
        .args(["--quiet", "--command", concat!(env!("CARGO_BIN_EXE_bellhop"), " check"), "/dev/null"])
        .current_dir(folder.path())
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR")
        .envs(environment.iter().copied())
        .stdin(std::process::Stdio::null())
        .output()?;
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    ensure!(shown.contains("sev9"), "the config was read: {shown}");
    Ok(shown)
}

#[tokio::test]
async fn a_closed_pipe_ends_it_quietly() -> Result<()> {
    let folder = desk(&[])?;
    for arguments in [&["explain", "--json"][..], &["completions", "bash"], &["check", "config.toml"]] {
        let done = bellhop_unread(folder.path(), arguments, b"I will sue you.\n").await?;
        ensure!(done.code == Some(0) && done.err.is_empty(), "{arguments:?}: {done}");
    }
    Ok(())
}
