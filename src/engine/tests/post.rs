//! A connector that delivers to a board in memory, and can be told to be slow or to fail.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::engine::connector::{Connector, Destination, Outgoing, Posted, Receipt, Telling, Undelivered};
use crate::engine::tests::PATIENCE;
use crate::sop::escalation::Status;

#[derive(Default)]
pub(super) struct Post {
    board: Mutex<Board>,
    /// Counts what changes on the board, and what is let go.
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct Board {
    attempts: Vec<Attempt>,
    /// New messages by the key they were sent under, with how often that happened.
    posted: BTreeMap<String, usize>,
    /// What begins with this stays under way.
    held: Option<(String, Hold)>,
    faults: Vec<(String, Undelivered)>,
}

/// One call of the connector.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) key: String,
    pub(super) maybe_sent: bool,
    /// What a card said.
    pub(super) status: Option<Status>,
    pub(super) at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    BeforeItArrives,
    AfterItArrived,
}

impl Post {
    /// The next sending whose key begins like this fails.
    pub(super) fn fail(&self, key: &str, how: Undelivered) {
        self.board().faults.push((key.to_owned(), how));
    }

    pub(super) fn hold(&self, key: &str, when: Hold) {
        self.board().held = Some((key.to_owned(), when));
    }

    pub(super) fn let_go(&self) {
        self.board().held = None;
        self.changes.send_modify(|changes| *changes += 1);
    }

    pub(super) fn attempts(&self, key: &str) -> Vec<Attempt> {
        self.board().attempts.iter().filter(|attempt| attempt.key.starts_with(key)).cloned().collect()
    }

    /// The keys of all attempts whose key begins like this, in order.
    pub(super) fn keys(&self, key: &str) -> Vec<String> {
        self.attempts(key).into_iter().map(|attempt| attempt.key).collect()
    }

    /// How many new messages there are of each key.
    pub(super) fn posted(&self) -> BTreeMap<String, usize> {
        self.board().posted.clone()
    }

    /// Returns when this many sendings whose key begins like this were begun.
    pub(super) async fn begun(&self, key: &str, count: usize) {
        let mut changes = self.changes.subscribe();
        let begun = changes.wait_for(|_| self.attempts(key).len() >= count);
        tokio::time::timeout(PATIENCE, begun).await.expect("it is begun in time").expect("the post is open");
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn pass(&self, key: &str, when: Hold) {
        let is_held = || self.board().held.as_ref().is_some_and(|(held, at)| *at == when && key.starts_with(held));
        let mut changes = self.changes.subscribe();
        changes.wait_for(|_| !is_held()).await.expect("the post is open");
    }

    async fn carry(&self, outgoing: Outgoing) -> Result<Receipt, Undelivered> {
        let Outgoing { key, to, telling, maybe_sent, .. } = outgoing;
        let status = match telling {
            Telling::Card { card, .. } => Some(card.status),
            _ => None,
        };
        self.board().attempts.push(Attempt { key: key.clone(), maybe_sent, status, at: Instant::now() });
        self.changes.send_modify(|changes| *changes += 1);
        self.pass(&key, Hold::BeforeItArrives).await;
        let receipt = self.arrive(&key, to, maybe_sent);
        self.pass(&key, Hold::AfterItArrived).await;
        receipt
    }

    fn arrive(&self, key: &str, to: Destination, maybe_sent: bool) -> Result<Receipt, Undelivered> {
        let mut board = self.board();
        if let Some(fault) = board.faults.iter().position(|(faulty, _)| key.starts_with(faulty)) {
            return Err(board.faults.remove(fault).1);
        }
        Ok(match to {
            Destination::Place(place) => {
                if !(maybe_sent && board.posted.contains_key(key)) {
                    *board.posted.entry(key.to_owned()).or_default() += 1;
                }
                Receipt::Posted(Posted { place, message: format!("message of {key}").into() })
            }
            Destination::Message { place, message } => Receipt::Posted(Posted { place, message }),
            Destination::Thread { .. } | Destination::Asker(_) | Destination::Ticket(_) => Receipt::Done,
        })
    }
}

impl Connector for Post {
    fn deliver(&self, outgoing: Outgoing) -> BoxFuture<'_, Result<Receipt, Undelivered>> {
        self.carry(outgoing).boxed()
    }
}
