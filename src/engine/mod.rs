//! Floor 2: the shell around the procedure. One loop, one log, one timer, one trait.
//!
//! The loop takes the inputs that wait, hands them to the procedure one by one, records what follows in one
//! transaction, and only then lets the outbox deliver. A crash at any line leaves all of a batch or nothing of it:
//! what was recorded is delivered after the restart, what was not is heard again from its source.
//!
//! No rule of the procedure and no name of a platform lives on this floor.

pub mod clock;
pub mod connector;
mod forgetting;
mod handled;
pub mod input;
mod measured;
mod outbox;
mod run;
pub mod store;
#[cfg(test)]
mod tests;

pub use crate::engine::forgetting::Forgetting;
pub(crate) use crate::engine::handled::Handled;
pub use crate::engine::measured::{Figures, Measured};
pub(crate) use crate::engine::outbox::{Sending, sending};
pub use crate::engine::run::{Engine, Failure, Pulse, Settings};
