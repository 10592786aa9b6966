//! Why a ticket system did not do what it was asked.

use std::time::Duration;

/// None of these holds a secret, an address with a query, or what a customer wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    #[error("there is no such ticket, or the account may not see it")]
    NotFound,
    /// Asking again does not help: a person has to look after the account.
    #[error("it does not accept the account ({status}): {why}")]
    Unauthorised { status: u16, why: String },
    #[error("it asks to wait {} s", after.as_secs())]
    RateLimited { after: Duration },
    #[error("it did not answer: {why}")]
    Unavailable {
        why: String,
        /// What was asked for may have been done all the same.
        maybe_done: bool,
    },
    #[error("it refused ({status}): {why}")]
    Refused { status: u16, why: String },
    /// An answer in a shape that nobody knows; `what` names the place in it.
    #[error("its answer cannot be understood: {what}")]
    NotUnderstood { what: String },
    /// The system has no such thing. Nothing was asked.
    #[error("{why}")]
    Impossible { why: &'static str },
}

pub type Result<T> = std::result::Result<T, TicketError>;

impl TicketError {
    pub(crate) fn not_understood(what: impl Into<String>) -> Self {
        Self::NotUnderstood { what: what.into() }
    }

    /// Whether the same request may be answered in a while.
    pub fn passes(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Unavailable { .. })
    }
}
