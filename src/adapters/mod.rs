//! Floor 3: translators between the desk and the world. No rules, no scheduling, no state worth saving.

pub(crate) mod cause;
pub mod discord;
mod routes;
pub mod secret;
pub mod tickets;
pub mod web;

pub use routes::Routes;
