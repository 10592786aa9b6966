//! Events on their way from the gateway to the intake: in order, bounded, and after a gap nothing.
//!
//! The gateway must not wait, so an event that finds no room is dropped. Whatever comes after it is dropped as well,
//! until the intake has heard of the gap: it reads back from the last message it was handed, and that must not be one
//! from behind the gap.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

/// Where the gateway puts events of this kind.
#[derive(Debug)]
pub(crate) struct EventsIn<E> {
    queue: mpsc::Sender<E>,
    /// Whether something was dropped that has not been read back.
    gap: Arc<watch::Sender<bool>>,
}

/// Where the intake takes them.
#[derive(Debug)]
pub(crate) struct EventsOut<E> {
    queue: mpsc::Receiver<E>,
    gap: Arc<watch::Sender<bool>>,
    heard: watch::Receiver<bool>,
}

/// What the intake is to do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next<E> {
    Event(E),
    /// Events were dropped here: what was said has to be read back.
    Gap,
}

/// Room for so many events.
pub(crate) fn events<E>(room: usize) -> (EventsIn<E>, EventsOut<E>) {
    let (sender, queue) = mpsc::channel(room);
    let (gap, heard) = watch::channel(false);
    let gap = Arc::new(gap);
    (EventsIn { queue: sender, gap: Arc::clone(&gap) }, EventsOut { queue, gap, heard })
}

impl<E> EventsIn<E> {
    /// Never waits.
    pub(crate) fn hand_on(&self, event: E) {
        if *self.gap.borrow() || self.queue.try_send(event).is_err() {
            self.gap.send_replace(true);
        }
    }
}

impl<E> EventsOut<E> {
    /// Everything from before the gap, then the gap; `None` once the gateway is gone.
    pub(crate) async fn next(&mut self) -> Option<Next<E>> {
        tokio::select! {
            biased;
            event = self.queue.recv() => event.map(Next::Event),
            // The reading lock must be gone before the gap is closed.
            true = async { self.heard.wait_for(|gap| *gap).await.is_ok() } => {
                // Open again before it is read back: what is said from here on is kept, and known twice at worst.
                self.gap.send_replace(false);
                Some(Next::Gap)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_from_behind_a_gap_comes_before_it() {
        let (events_in, mut events_out) = events(2);
        for event in 1..=3 {
            events_in.hand_on(event);
        }
        assert_eq!(events_out.next().await, Some(Next::Event(1)));
        events_in.hand_on(4);
        assert_eq!(events_out.next().await, Some(Next::Event(2)));
        assert_eq!(events_out.next().await, Some(Next::Gap));
        events_in.hand_on(5);
        assert_eq!(events_out.next().await, Some(Next::Event(5)));
        drop(events_in);
        assert_eq!(events_out.next().await, None);
    }
}
