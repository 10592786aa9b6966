//! What other programs reach the desk by, over HTTP: the webhooks of ticket systems.

mod hooks;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::task::AbortOnDropHandle;

use crate::adapters::tickets::Account;
use crate::engine::clock::Clock;
use crate::engine::input::Input;

/// Where it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub listen: SocketAddr,
    /// Its address as others know it, without a slash at its end: some sign it. `None`: that of [`Self::listen`].
    pub url: Option<String>,
}

/// A listener. Dropping it closes it.
pub struct Web {
    address: SocketAddr,
    serving: AbortOnDropHandle<io::Result<()>>,
}

/// Nobody can listen there.
#[derive(Debug, thiserror::Error)]
#[error("nothing can listen on {address}, which is `listen` in [web]: {source}")]
pub struct NotListening {
    address: SocketAddr,
    source: io::Error,
}

impl Web {
    pub async fn start(
        settings: &Settings,
        accounts: Vec<Arc<Account>>,
        inbox: mpsc::Sender<Input>,
        clock: Clock,
    ) -> Result<Self, NotListening> {
        let wrong = |source| NotListening { address: settings.listen, source };
        let listener = TcpListener::bind(settings.listen).await.map_err(wrong)?;
        let address = listener.local_addr().map_err(wrong)?;
        let url = settings.url.clone().unwrap_or_else(|| format!("http://{address}"));
        let service =
            hooks::routes(hooks::Hooks { accounts, inbox, clock, url, places: Semaphore::new(hooks::AT_ONCE_MAX) });
        Ok(Self { address, serving: AbortOnDropHandle::new(tokio::spawn(serve(listener, service))) })
    }

    /// Returns once the port is free again. What was accepted is recorded; whoever has no answer yet delivers again.
    pub async fn close(self) {
        self.serving.abort();
        let _ = self.serving.await;
    }

    /// Where it really listens, when it was told to choose a port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(listener: TcpListener, service: Router) -> io::Result<()> {
    axum::serve(listener, service).await
}

#[cfg(test)]
mod tests;
