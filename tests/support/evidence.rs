//! The log of every play proves itself, whatever happened in it.

use std::path::Path;

use anyhow::{Result, ensure};
use bellhop::engine::store::{Proof, SqliteStore, StoreError};
use bellhop::sop::audit::Audit;
use bellhop::sop::desk::Fact;
use chrono::DateTime;

/// Its chain is unbroken, and each of its results follows from what stands before it.
pub async fn prove(log: &Path, desk: &str) -> Result<()> {
    let mut store = SqliteStore::look(log, desk).await?;
    let (mut proof, mut audit, mut doubts) = (Proof::new(desk, None), Audit::default(), Vec::new());
    let each = store.each_line(|line| {
        let foreign = |source| StoreError::Foreign { seq: line.seq, source };
        let (fact, at) = (Fact::read(&line.fact).map_err(foreign)?, DateTime::from_timestamp_millis(line.at));
        doubts.extend(audit.take(line.seq, at.unwrap_or_default(), fact));
        proof.take(line);
        Ok::<(), StoreError>(())
    });
    each.await?;
    proof.end();
    doubts.extend(audit.end(0));
    ensure!(proof.lines > 0 && proof.broken.is_empty(), "the chain of the log is broken: {:?}", proof.broken);
    let told: Vec<String> = doubts.iter().map(|doubt| format!("line {}: {}", doubt.line, doubt.what)).collect();
    ensure!(told.is_empty(), "the log holds what does not follow:\n{}", told.join("\n"));
    Ok(())
}
