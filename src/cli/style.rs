//! How the program speaks on a terminal.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use tracing_subscriber::EnvFilter;

use crate::config::Report;

/// Whether a stream may be coloured: a terminal, and nobody said NO_COLOR (<https://no-color.org>).
pub(crate) fn colored(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The crates whose most talkative log shows whole frames, the one with the token too: they only warn, whatever RUST_LOG
/// asks for.
const FRAMES: [&str; 2] = ["tungstenite=warn", "tokio_tungstenite=warn"];

/// Logs go to stderr: lines for people on a terminal, JSON for machines elsewhere.
pub(crate) fn log(default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let filter = FRAMES
        .iter()
        .fold(filter, |filter, frames| filter.add_directive(frames.parse().expect("a directive written here")));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    if std::io::stderr().is_terminal() {
        builder.with_ansi(colored(&std::io::stderr())).init();
    } else {
        builder.json().init();
    }
}

/// Everything that is wrong with a config.
pub(crate) fn show(report: &Report) {
    let terminal = std::io::stderr();
    eprint!("{}", report.draw(colored(&terminal), terminal.is_terminal()));
}

/// A line of what was asked for. Where nobody reads it any more what was done stays done.
pub(crate) fn say(line: impl Display) {
    // Nobody is left to tell.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Says what went wrong.
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("error: {}", sentence(error));
}

/// An error with its causes, each once.
pub(crate) fn sentence(error: &anyhow::Error) -> String {
    let mut said = format!("{error}");
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}
