//! SOP time. The only place that asks what time it is; everything else is told.
//!
//! Request time-outs, heartbeats and back-off are *I/O time*: they are tokio's and stay real. SOP time is what
//! deadlines are made of, and tests and the sandbox move it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

/// The clock of a desk. Cheap to clone; clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    hands: Arc<watch::Sender<Hands>>,
}

/// How the time shown follows from the system's.
#[derive(Clone, Copy, Debug)]
enum Hands {
    /// The system's time, plus what somebody jumped ahead.
    Running(TimeDelta),
    /// Stands still until moved.
    Stopped(DateTime<Utc>),
}

impl Clock {
    /// Shows the system's time, and can be [advanced](Self::advance).
    pub fn system() -> Self {
        Self { hands: Arc::new(watch::Sender::new(Hands::Running(TimeDelta::zero()))) }
    }

    /// Stands at `start` until it is [advanced](Self::advance).
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self { hands: Arc::new(watch::Sender::new(Hands::Stopped(start))) }
    }

    pub fn now(&self) -> DateTime<Utc> {
        Self::shown(*self.hands.borrow())
    }

    /// Moves the time shown ahead by `by` and wakes everyone who waits for it.
    pub fn advance(&self, by: TimeDelta) {
        self.hands.send_modify(|hands| match hands {
            Hands::Running(ahead) => *ahead += by,
            Hands::Stopped(at) => *at += by,
        });
    }

    /// Returns when the time shown has reached `at`, however it gets there.
    pub async fn reached(&self, at: DateTime<Utc>) {
        let mut moved = self.hands.subscribe();
        loop {
            let hands = *moved.borrow_and_update();
            let left = at - Self::shown(hands);
            if left <= TimeDelta::zero() {
                return;
            }
            let left = match hands {
                // A millisecond is the grain of the log: round up, so that nothing is ever early.
                Hands::Running(_) => left.to_std().unwrap_or(Duration::MAX).min(LONGEST_SLEEP),
                Hands::Stopped(_) => LONGEST_SLEEP,
            };
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                changed = moved.changed() => {
                    // The sender lives in `self`, so it cannot be gone.
                    debug_assert!(changed.is_ok());
                }
            }
        }
    }

    fn shown(hands: Hands) -> DateTime<Utc> {
        match hands {
            Hands::Running(ahead) => Utc::now() + ahead,
            Hands::Stopped(at) => at,
        }
    }
}

/// Sleeps are cut to this, so that a system clock set by hand is noticed within a minute.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);
