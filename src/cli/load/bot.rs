//! The bot in a process of its own: started, watched from outside, killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::cli::load::tickets;
use crate::cli::sandbox::TOKEN;

/// How long a start may take before the run is given up.
const READY_WITHIN: Duration = Duration::from_mins(1);
/// Errors kept; the first ones tell what went wrong.
const ERRORS_KEPT: usize = 20;

/// What the bots of this run wrote to their logs.
#[derive(Clone, Debug, Default)]
pub(super) struct Complaints {
    pub(super) warnings: usize,
    pub(super) errors: usize,
    /// The first ones as they were written.
    pub(super) first_errors: Vec<String>,
}

/// A running bot. Dropping it kills it.
pub(super) struct Bot {
    process: Child,
    listener: Option<JoinHandle<()>>,
    started: Instant,
    /// From the start of the process until it said that it was ready.
    pub(super) ready_after: Duration,
}

impl Bot {
    /// Starts this program's `run` and returns once it is ready.
    pub(super) async fn start(config: &Path, complaints: &Arc<Mutex<Complaints>>) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("this program cannot be found")?;
        let started = Instant::now();
        let mut process = Command::new(program)
            .arg("run")
            .arg("--config")
            .arg(config)
            .env("DISCORD_TOKEN", TOKEN)
            .env(tickets::TOKEN_ENV, TOKEN)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("the bot cannot be started")?;
        let log = process.stderr.take().context("the bot has no log")?;
        let (tell, told) = oneshot::channel();
        let heard = Arc::clone(complaints);
        let listener = std::thread::spawn(move || listen(log, tell, &heard));
        let mut bot = Self { process, listener: Some(listener), started, ready_after: Duration::ZERO };
        match tokio::time::timeout(READY_WITHIN, told).await {
            Ok(Ok(ready)) => bot.ready_after = ready.duration_since(started),
            Ok(Err(_)) => bail!("the bot ended before it was ready: {}", first_error(complaints)),
            Err(_) => bail!("the bot was not ready within {READY_WITHIN:?}: {}", first_error(complaints)),
        }
        Ok(bot)
    }

    /// Memory that it holds now, in bytes (`VmRSS`, <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>);
    /// `None` where there is no such file.
    pub(super) fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes * 1024)
    }

    /// Processor time that it has used, user and system, and the time since its start; `None` as above
    /// (`utime` and `stime`, <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>).
    pub(super) fn processor(&self) -> Option<(Duration, Duration)> {
        /// What Linux tells programs in, on every machine it runs on today.
        const TICKS_PER_SECOND: u32 = 100;
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).ok()?;
        // The name ends with the last bracket; the two are the 12th and 13th field after it.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks: u64 = fields.get(11..13)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
        Some((Duration::from_secs(ticks) / TICKS_PER_SECOND, self.started.elapsed()))
    }

    /// SIGKILL. Returns when the process is gone and its log has been read to the end.
    pub(super) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // It may have ended by itself, which its log tells.
        let _ = self.process.kill();
        let _ = self.process.wait();
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads the bot's log until it ends.
fn listen(log: ChildStderr, ready: oneshot::Sender<Instant>, complaints: &Mutex<Complaints>) {
    let mut ready = Some(ready);
    for line in BufReader::new(log).lines().map_while(Result::ok) {
        let entry: Value = serde_json::from_str(&line).unwrap_or_default();
        if entry["fields"]["message"] == "bot.ready" {
            // Whoever waited may have given up.
            let _ = ready.take().map(|ready| ready.send(Instant::now()));
        }
        let mut complaints = complaints.lock().unwrap_or_else(PoisonError::into_inner);
        match entry["level"].as_str() {
            Some("WARN") => complaints.warnings += 1,
            Some("ERROR") | None => {
                // What is not a line of the log is a panic, or the reason why it did not start.
                complaints.errors += 1;
                if complaints.first_errors.len() < ERRORS_KEPT {
                    complaints.first_errors.push(line);
                }
            }
            Some(_) => {}
        }
    }
}

fn first_error(complaints: &Mutex<Complaints>) -> String {
    let complaints = complaints.lock().unwrap_or_else(PoisonError::into_inner);
    complaints.first_errors.first().cloned().unwrap_or_else(|| "its log does not say why".to_owned())
}
