//! A ticket system that takes every connection and never answers: whoever waited for it would wait long.

use std::net::SocketAddr;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use crate::cli::load::messages::Line;
use crate::sop::notice::Notice;

/// Where the bot finds the token of its account.
pub(super) const TOKEN_ENV: &str = "BELLHOP_LOAD_TICKETS";
const HOST: &str = "tickets.load.test";
/// How many messages come to one that names a ticket.
const LINES_A_TICKET: usize = 10;

pub(super) struct Hanging {
    address: SocketAddr,
    _taking: AbortOnDropHandle<()>,
}

impl Hanging {
    pub(super) async fn listen() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no port is free")?;
        let address = listener.local_addr()?;
        let taking = tokio::spawn(async move {
            let mut taken = Vec::new();
            while let Ok((connection, _)) = listener.accept().await {
                taken.push(connection);
            }
        });
        Ok(Self { address, _taking: AbortOnDropHandle::new(taking) })
    }

    /// As the config has it.
    pub(super) fn account(&self) -> toml::Value {
        let entry = |(key, value): (&str, String)| (key.to_owned(), toml::Value::from(value));
        let api = format!("http://{}", self.address);
        let account = [
            ("kind", "zendesk".to_owned()),
            ("system", "load".to_owned()),
            ("host", HOST.to_owned()),
            ("api", api),
            ("token_env", TOKEN_ENV.to_owned()),
            ("poll", "1s".to_owned()),
        ];
        toml::Value::Table(account.map(entry).into_iter().collect())
    }
}

pub(super) fn link(number: usize) -> String {
    format!("https://{HOST}/agent/tickets/{}", number + 1)
}

/// Every tenth message names a ticket of its own.
pub(super) fn name_in(lines: &mut [Line]) {
    for (number, line) in lines.iter_mut().enumerate().step_by(LINES_A_TICKET) {
        line.text = format!("{} {}", line.text, link(number));
    }
}

/// What can only wait for the ticket system.
pub(super) fn is_for_them(notice: &Notice) -> bool {
    matches!(notice, Notice::ReadTicket { .. } | Notice::TicketNote { .. })
}
