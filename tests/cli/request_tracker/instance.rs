//! A Request Tracker of one's own: its packages are there, its data is in a folder that ends with the test.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use anyhow::{Context, Result, ensure};
use bellhop::adapters::tickets::{Account, Facts, Settings};
use chrono::Utc;
use serde_json::Value;
use tempfile::TempDir;

use crate::real_tickets::PATIENCE;

const INSTALL: &str = "the test of Request Tracker needs its packages: \
    apt-get install --no-install-recommends request-tracker5 rt5-db-sqlite rt5-standalone dbconfig-sqlite3";
const SETUP: &str = "/usr/sbin/rt-setup-database-5";
const SERVER: &str = "/usr/share/request-tracker5/libexec/rt-server";

/// It runs until it is dropped.
pub struct RequestTracker {
    pub url: String,
    http: reqwest::Client,
    folder: TempDir,
    server: Child,
}

impl RequestTracker {
    pub async fn start() -> Result<Self> {
        ensure!(Path::new(SETUP).exists() && Path::new(SERVER).exists(), "{INSTALL}");
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let at = |name: &str| folder.path().join(name);
        let put = |text: &str| {
            text.replace("{folder}", &folder.path().display().to_string()).replace("{port}", &port.to_string())
        };
        fs::create_dir(at("conf.d"))?;
        fs::create_dir(at("session"))?;
        fs::write(at("site.pm"), put(include_str!("site.pm")))?;
        fs::write(at("people.pm"), put(include_str!("people.pm")))?;
        set_up(folder.path(), &["--action", "init", "--skip-create"])?;
        set_up(folder.path(), &["--action", "insert", "--datafile", &at("people.pm").display().to_string()])?;
        let said = fs::File::create(at("said"))?;
        let server = command(folder.path(), SERVER)
            .args(["--server", "Standalone", "--host", "127.0.0.1", "--port", &port.to_string()])
            .stdout(said.try_clone()?)
            .stderr(said)
            .spawn()
            .context(INSTALL)?;
        let tracker = Self { url: format!("http://127.0.0.1:{port}"), http: reqwest::Client::new(), folder, server };
        // The first answer is waited for as the bot would.
        let first = tracker.account("bellhop", "pass-of-bellhop")?.changed_since(Utc::now()).await;
        first.with_context(|| format!("Request Tracker does not answer; it said: {}", tracker.said()))?;
        Ok(tracker)
    }

    /// An account that signs in with a login and a password.
    pub fn account(&self, login: &str, password: &str) -> Result<Account> {
        self.open(Some(login), password)
    }

    /// The bot's account, signed in with a token.
    pub fn account_with_token(&self) -> Result<Account> {
        self.open(None, &fs::read_to_string(self.file("token"))?)
    }

    fn open(&self, login: Option<&str>, secret: &str) -> Result<Account> {
        let settings = Settings {
            name: "rt".to_owned(),
            kind: Facts::of("rt").context("it is known")?,
            host: "support.test".to_owned(),
            api: self.url.clone(),
            account: None,
            user: login.map(str::to_owned),
            client: None,
            plan_field: None,
            token: None,
            webhook: None,
            poll: None,
        };
        Ok(Account::with_secrets(&settings, secret.into(), None, PATIENCE, None)?)
    }

    /// What somebody does without the bot: posts to a path of the interface.
    pub async fn post(&self, login: &str, path: &str, body: &Value) -> Result<Value> {
        let password = if login == "root" { "password".to_owned() } else { format!("pass-of-{login}") };
        let request = self.http.post(format!("{}/REST/2.0{path}", self.url));
        let answer = request.basic_auth(login, Some(password)).json(body).send().await?;
        let (status, answer) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{login} at {path}: {status} {answer}");
        Ok(serde_json::from_str(&answer)?)
    }

    /// All mails that it sent so far.
    pub fn mails(&self) -> Result<String> {
        Ok(fs::read_to_string(self.file("mails"))?)
    }

    fn said(&self) -> String {
        fs::read_to_string(self.file("said")).unwrap_or_default()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for RequestTracker {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// One of its programs, for the instance in this folder only.
fn command(folder: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("RT_SITE_CONFIG", folder.join("site.pm")).env("RT_SITE_CONFIG_DIR", folder.join("conf.d"));
    command
}

fn set_up(folder: &Path, arguments: &[&str]) -> Result<()> {
    let done = command(folder, SETUP).args(arguments).output().context(INSTALL)?;
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    ensure!(done.status.success(), "{SETUP} {arguments:?}: {out}\n{err}");
    Ok(())
}
