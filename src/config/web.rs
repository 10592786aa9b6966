//! The table `[web]`: where other programs and browsers reach the desk.

use std::net::SocketAddr;

use super::procedure::Names;
use super::raw::{Table, Wrong, wrong};
use crate::adapters::web::{Door, Login, Settings};

/// `None` where nothing listens, or where a problem was noted.
pub(super) fn web(document: &Table<'_>, names: &Names) -> Option<Settings> {
    let table = document.get("web")?.table()?;
    let listen = table.need("listen", "say where: listen = \"127.0.0.1:8322\"").and_then(|item| item.read(address));
    let url = table.get("url").map(|item| item.read(super::api_base));
    let file = |name| table.get(name).map_or(Some(None), |item| item.read(super::file).map(Some));
    let [client_secret_file, token_file] = ["client_secret_file", "token_file"].map(file);
    let token_teams = table.get("token_teams").map_or(Some(Vec::new()), |item| item.each(|team| names.team(team)));
    let session_key_file = file("session_key_file");
    table.close();
    let url = url.map_or(Some(None), |url| url.map(Some))?;
    let door = Door::Login(Login {
        client_secret_file: client_secret_file?,
        token_file: token_file?,
        token_teams: token_teams?,
        session_key_file: session_key_file?,
    });
    Some(Settings { listen: listen?, url: url.map(|url| url.trim_end_matches('/').to_owned()), door })
}

fn address(text: &str) -> Result<SocketAddr, Wrong> {
    let hint = "write an address of this machine and a port: \"127.0.0.1:8322\", or \"0.0.0.0:8322\" for all of them";
    text.parse().map_err(|_| wrong(format!("\"{text}\" is not an address with a port"), hint))
}
