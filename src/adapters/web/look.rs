//! Looking at the desk. The loop answers between two batches, so a look takes plain data and is shared: however many
//! people look at a page, the desk is asked once a second.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::engine::input::{Body, Input, InputId, Look};
use crate::sop::desk::Desk;
use crate::sop::procedure::Procedure;

/// A desk that takes longer to answer is not well.
pub(super) const ANSWERED_WITHIN: Duration = Duration::from_secs(2);
/// How long what was seen is shown.
const FRESH: Duration = Duration::from_secs(1);
/// What is kept at once by one [`Shared`].
const KEPT_MAX: usize = 256;

/// The loop does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("the desk has ended: what happens cannot be recorded")]
    Ended,
    #[error("the desk does not answer within {} s", ANSWERED_WITHIN.as_secs())]
    Slow,
    #[error("the log cannot be read: what went wrong is in the bot's own log")]
    Unreadable,
}

/// What `see` makes of the desk as it is recorded.
pub(super) async fn look<T: Send + 'static>(
    inbox: &mpsc::Sender<Input>,
    see: impl FnOnce(&Desk, &Procedure, DateTime<Utc>) -> T + Send + Sync + 'static,
) -> Result<T, NoAnswer> {
    let (seen, answer) = oneshot::channel();
    let look = Look(Box::new(move |desk, procedure, now| {
        // Whoever asked may have stopped waiting.
        let _ = seen.send(see(desk, procedure, now));
    }));
    let input = Input { id: InputId("look".to_owned()), body: Body::Look(look) };
    let answered = async {
        inbox.send(input).await.map_err(|_| NoAnswer::Ended)?;
        answer.await.map_err(|_| NoAnswer::Ended)
    };
    tokio::time::timeout(ANSWERED_WITHIN, answered).await.unwrap_or(Err(NoAnswer::Slow))
}

/// What was seen lately, by what it is about; that nothing was to be seen, too.
pub(super) struct Shared<K, T> {
    lasts: Duration,
    kept: Mutex<BTreeMap<K, Seen<T>>>,
}

/// What was seen, and when.
type Seen<T> = (Instant, Result<Arc<T>, NoAnswer>);

impl<K: Ord + Clone, T> Default for Shared<K, T> {
    fn default() -> Self {
        Self::lasting(FRESH)
    }
}

impl<K, T> Shared<K, T> {
    /// What is seen is shown for so long.
    pub(super) fn lasting(lasts: Duration) -> Self {
        Self { lasts, kept: Mutex::const_new(BTreeMap::new()) }
    }
}

impl<K: Ord + Clone, T: Send + 'static> Shared<K, T> {
    /// What was seen lately, or what is seen now. Whoever asks meanwhile waits for the same answer.
    pub(super) async fn see(
        &self,
        key: K,
        inbox: &mpsc::Sender<Input>,
        see: impl FnOnce(&Desk, &Procedure, DateTime<Utc>) -> T + Send + Sync + 'static,
    ) -> Result<Arc<T>, NoAnswer> {
        self.see_with(key, look(inbox, see)).await
    }

    /// The same for what takes more than a look.
    pub(super) async fn see_with(
        &self,
        key: K,
        look: impl Future<Output = Result<T, NoAnswer>>,
    ) -> Result<Arc<T>, NoAnswer> {
        let mut kept = self.kept.lock().await;
        kept.retain(|_, (at, _)| at.elapsed() < self.lasts);
        if let Some((_, seen)) = kept.get(&key) {
            return seen.clone();
        }
        let seen = look.await.map(Arc::new);
        if kept.len() < KEPT_MAX {
            kept.insert(key, (Instant::now(), seen.clone()));
        }
        seen
    }
}
