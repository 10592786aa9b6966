//! The table `[web]`: where other programs reach the desk.

use std::net::SocketAddr;

use super::raw::{Table, Wrong, wrong};
use crate::adapters::web::Settings;

/// `None` where nothing listens, or where a problem was noted.
pub(super) fn web(document: &Table<'_>) -> Option<Settings> {
    let table = document.get("web")?.table()?;
    let listen = table.need("listen", "say where: listen = \"127.0.0.1:8322\"").and_then(|item| item.read(address));
    let url = table.get("url").map(|item| item.read(super::api_base));
    table.close();
    let url = url.map_or(Some(None), |url| url.map(Some))?;
    Some(Settings { listen: listen?, url: url.map(|url| url.trim_end_matches('/').to_owned()) })
}

fn address(text: &str) -> Result<SocketAddr, Wrong> {
    let hint = "write an address of this machine and a port: \"127.0.0.1:8322\", or \"0.0.0.0:8322\" for all of them";
    text.parse().map_err(|_| wrong(format!("\"{text}\" is not an address with a port"), hint))
}
