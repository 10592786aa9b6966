//! What others reach the desk by, over HTTP.
//!
//! - `hooks`: ticket systems say that a ticket has changed
//! - `health`: monitoring asks how the bot is
//! - `pages`, `trends`: people look at the desk · `guide`: the procedure as people read it
//! - `drawing`: clocks as bars · `show`: how a page is made
//! - `access`: who may look · `login`: how they sign in · `seal`: what a browser keeps for us
//! - `look`: how the desk is seen · `house`: what all requests share
//! - `listen`, `limit`: how many connections and requests there may be

mod access;
mod drawing;
mod guide;
mod health;
mod hooks;
mod house;
mod limit;
mod listen;
mod login;
mod look;
mod pages;
mod seal;
mod show;
mod trends;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use chrono::Utc;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_util::task::AbortOnDropHandle;

use crate::adapters::discord::SignIn;
use crate::adapters::tickets::Account;
use crate::adapters::web::access::Entrance;
pub use crate::adapters::web::access::{CLIENT_SECRET, Door, Login, Secrets, TOKEN};
pub use crate::adapters::web::health::ALIVE;
use crate::adapters::web::house::House;
use crate::adapters::web::limit::Buckets;
use crate::adapters::web::listen::Limits;
use crate::engine::Engine;
use crate::engine::clock::Clock;
use crate::sop::procedure::Procedure;
use crate::words::Words;

/// Where it listens, and who is let in.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub listen: SocketAddr,
    /// Its address as others know it, without a slash at its end: some sign it, and Discord sends people back to it.
    /// `None`: that of [`Self::listen`].
    pub url: Option<String>,
    pub door: Door,
}

impl Settings {
    /// At this address, and nobody is let in.
    pub fn at(listen: SocketAddr) -> Self {
        Self { listen, url: None, door: Door::Login(Login::default()) }
    }
}

/// A listener. Dropping it closes it.
pub struct Web {
    address: SocketAddr,
    serving: AbortOnDropHandle<()>,
}

/// A socket that is bound, with nobody behind it yet.
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

/// What stands behind a listener.
pub struct Behind<'e> {
    pub engine: &'e Engine,
    pub clock: Clock,
    pub procedure: Arc<Procedure>,
    /// Those whose webhooks are heard.
    pub accounts: Vec<Arc<Account>>,
    /// Without markup.
    pub words: Words,
    pub secrets: Secrets,
    /// Where people can sign in with Discord.
    pub sign_in: Option<SignIn>,
    /// What has to be so for everything that is said to be heard, each with the sentence for when it is not.
    pub hears: Vec<(&'static str, watch::Receiver<bool>)>,
}

/// Nobody can listen there.
#[derive(Debug, thiserror::Error)]
pub enum NotListening {
    #[error("nothing can listen on {address}, which is `listen` in [web]: {source}")]
    Taken { address: SocketAddr, source: io::Error },
    #[error("{0}")]
    Secret(String),
    #[error("this machine has no chance to make keys of: {0}")]
    NoChance(#[from] getrandom::Error),
}

impl Bound {
    pub async fn to(listen: SocketAddr) -> Result<Self, NotListening> {
        let wrong = |source| NotListening::Taken { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(wrong)?;
        let address = listener.local_addr().map_err(wrong)?;
        Ok(Self { listener, address })
    }

    /// Answers from now on.
    pub fn serve(self, settings: &Settings, behind: Behind<'_>) -> Result<Web, NotListening> {
        self.serve_within(settings, behind, Limits::default())
    }

    fn serve_within(self, settings: &Settings, behind: Behind<'_>, limits: Limits) -> Result<Web, NotListening> {
        let Self { listener, address } = self;
        let Behind { engine, clock, procedure, accounts, words, secrets, sign_in, hears } = behind;
        let url = settings.url.clone().unwrap_or_else(|| format!("http://{address}"));
        let house = House {
            inbox: engine.inbox(),
            clock: clock.clone(),
            pulse: engine.pulse(),
            measured: engine.measured(),
            log: engine.log(),
            hears,
            entrance: Entrance::new(&settings.door, secrets, sign_in, &procedure)?,
            url: url.clone(),
            since: Utc::now(),
            procedure,
            words,
            pages: show::Pages::new(),
            asked: Buckets::new(limits.pages),
            sign_ins: Buckets::new(limits.sign_ins),
            overview: look::Shared::default(),
            cases: look::Shared::default(),
            duties: look::Shared::default(),
            bot: look::Shared::default(),
            triggers: look::Shared::default(),
            trends: look::Shared::lasting(trends::LASTS),
            ways: look::Shared::lasting(trends::LASTS),
        };
        let hooks =
            hooks::Hooks { accounts, inbox: engine.inbox(), clock, url, places: Semaphore::new(hooks::AT_ONCE_MAX) };
        let service = Arc::new(house).routes(hooks::routes(hooks));
        let serving = tokio::spawn(listen::serve(listener, service, limits));
        Ok(Web { address, serving: AbortOnDropHandle::new(serving) })
    }
}

impl Web {
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

#[cfg(test)]
mod tests;
