//! Bellhop runs a customer-service escalation procedure inside team chat.

pub mod adapters;
pub mod cli;
pub mod config;
pub mod engine;
pub mod sandbox;
pub mod sop;
pub mod words;
