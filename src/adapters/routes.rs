//! Which way a notice goes: to the chat, or to a ticket system.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::engine::connector::{Connector, Destination, Outgoing, Receipt, Undelivered};

/// All ways out together.
pub struct Routes {
    pub chat: Arc<dyn Connector>,
    pub tickets: Arc<dyn Connector>,
}

impl Connector for Routes {
    fn deliver(&self, outgoing: Outgoing) -> BoxFuture<'_, Result<Receipt, Undelivered>> {
        match &outgoing.to {
            Destination::Ticket(_) => self.tickets.deliver(outgoing),
            _ => self.chat.deliver(outgoing),
        }
    }
}
