//! Once a day, what has grown too old is looked for beside the loop, which then takes it out of its log.
//!
//! What the desk itself still remembers of it goes with the next start.

use chrono::{DateTime, TimeDelta, Utc};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::engine::clock::Clock;
use crate::engine::input::{Body, Input, InputId};
use crate::engine::store::{LogAt, Plan, StoreError};
use crate::sop::retention::Retention;

const EVERY: TimeDelta = TimeDelta::days(1);

/// Looks for it, as long as it is kept.
pub struct Forgetting(#[expect(dead_code, reason = "kept for its end")] AbortOnDropHandle<()>);

impl Forgetting {
    /// The first time a day from now: a start takes out what is too old by itself. `None` where everything is kept.
    pub fn start(retention: Retention, log: LogAt, inbox: mpsc::Sender<Input>, clock: Clock) -> Option<Self> {
        let mut next = clock.now() + EVERY;
        let run = async move {
            loop {
                clock.reached(next).await;
                let now = clock.now();
                next = now + EVERY;
                match outdated(retention, log.clone(), now).await {
                    Ok(plan) => {
                        let id = InputId(format!("forget:{}", now.timestamp_millis()));
                        if inbox.send(Input { id, body: Body::Forget(Box::new(plan)) }).await.is_err() {
                            // The desk has ended.
                            return;
                        }
                    }
                    Err(error) => tracing::warn!("log.kept what is too old, for it cannot be read now: {error}"),
                }
            }
        };
        (!retention.keeps_everything()).then(|| Self(AbortOnDropHandle::new(tokio::spawn(run))))
    }
}

/// Reads the whole log: on a thread that nobody else needs.
async fn outdated(retention: Retention, log: LogAt, now: DateTime<Utc>) -> Result<Plan, StoreError> {
    let runtime = Handle::current();
    let looking = tokio::task::spawn_blocking(move || runtime.block_on(log.outdated(&retention, now)));
    looking.await.unwrap_or_else(|fault| std::panic::resume_unwind(fault.into_panic()))
}
