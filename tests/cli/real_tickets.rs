//! What holds for every ticket system that is really there.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bellhop::adapters::tickets::{Account, Changed, Patience, TicketId};
use chrono::{TimeDelta, Utc};

/// The first requests take seconds. The pause doubles: all of them take 25 s.
pub const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(5),
    request: Duration::from_secs(30),
    repeats: 8,
    pause: Duration::from_millis(100),
};

/// `first` and then `second` were opened just now; `touch` changes the first one.
pub async fn what_changed_is_told(
    account: &Account,
    first: &TicketId,
    second: &TicketId,
    touch: impl AsyncFn() -> Result<()>,
) -> Result<()> {
    let changed = account.changed_since(Utc::now() - TimeDelta::minutes(10)).await?;
    let second_at = changed.iter().find(|it| it.id == *second).context("the second was opened")?.at;
    let mut changed = Vec::new();
    // Times are whole seconds: until they differ, both changed at once.
    while changed.last().is_none_or(|it: &Changed| it.at == second_at) {
        touch().await?;
        changed = account.changed_since(second_at).await?;
    }
    let told: Vec<_> = changed.iter().map(|it| &it.id).collect();
    ensure!(told.ends_with(&[second, first]), "the oldest change comes first: {told:?}");
    let first_at = changed.last().context("the first one")?.at;
    let newest = account.changed_since(first_at).await?;
    ensure!(newest.len() == 1 && newest[0].id == *first, "{newest:?}");
    ensure!(account.changed_since(first_at + TimeDelta::seconds(1)).await?.is_empty(), "nothing changed since");
    Ok(())
}
