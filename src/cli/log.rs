//! The log that a subcommand reads: the config's, or a copy of it.

use std::future::Future;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};

use crate::cli::progress::Progress;
use crate::cli::{ConfigFile, ensure_other};
use crate::config::Config;
use crate::engine::store::{Entry, SqliteStore};
use crate::sop::desk::Desk;

/// Whose log, and where it lies.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct LogFile {
    /// Another log than the one that the config names: a copy of it.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
}

impl LogFile {
    /// Refuses to write what comes of the log over it, or over the config.
    pub(crate) fn ensure_other(&self, output: Option<&Path>, log: &Path) -> anyhow::Result<()> {
        let config = self.config.path();
        ensure_other(output, &[Some(log), config.as_deref()].into_iter().flatten().collect::<Vec<_>>())
    }

    /// The config, and the log, which is there.
    pub(crate) fn find(&self) -> anyhow::Result<(Config, PathBuf)> {
        let config = self.config.read()?;
        let path = self.log.clone().unwrap_or_else(|| config.desk.log.clone());
        ensure!(
            path.is_file(),
            "there is no log {}: name it with --log, or the config of its desk with --config",
            path.display()
        );
        Ok((config, path))
    }
}

/// The desk as its log has it, or had it at an instant; also while the bot writes.
pub(crate) fn folded(log: &Path, desk: &str, until: Option<DateTime<Utc>>) -> anyhow::Result<Desk> {
    wait_for(async {
        let mut store = SqliteStore::look(log, desk).await?;
        let progress = Progress::items(usize::try_from(store.count().await?)?, "facts");
        let mut is_over = false;
        let is_wanted = |line: &Entry| {
            progress.advance(1);
            is_over |= until.is_some_and(|until| line.at >= until);
            !is_over
        };
        Ok(store.fold(is_wanted).await?)
    })
}

/// Runs to its end what has to wait for the disk.
pub(crate) fn wait_for<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("the runtime cannot be started")?.block_on(work)
}
