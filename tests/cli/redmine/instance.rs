//! A Redmine of one's own: its packages are there, its data is in a folder that ends with the test.

use std::collections::HashMap;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command};

use anyhow::{Context, Result, ensure};
use bellhop::adapters::tickets::{Account, Facts, Settings};
use chrono::Utc;
use serde_json::Value;
use tempfile::TempDir;

use crate::real_tickets::PATIENCE;

const INSTALL: &str = "the test of Redmine needs its packages: \
    apt-get install --no-install-recommends redmine redmine-sqlite dbconfig-sqlite3 puma";
const PROGRAM: &str = "/usr/share/redmine";

/// It runs until it is dropped.
pub struct Redmine {
    url: String,
    http: reqwest::Client,
    /// Of each login the id and the key.
    people: HashMap<String, (String, String)>,
    folder: TempDir,
    server: Child,
}

impl Redmine {
    pub async fn start() -> Result<Self> {
        ensure!(Path::new(PROGRAM).exists() && Path::new("/usr/bin/puma").exists(), "{INSTALL}");
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        for part in ["config", "log", "tmp", "files", "public"] {
            fs::create_dir(at(part))?;
        }
        let database = format!("production:\n  adapter: sqlite3\n  database: {}\n", at("redmine.db").display());
        fs::write(at("config/database.yml"), database)?;
        fs::write(at("config/secret_key.txt"), "nobody signs in on this instance's pages")?;
        fs::write(at("people.rb"), include_str!("people.rb"))?;
        let people = set_up(folder.path())?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let said = fs::File::create(at("said"))?;
        let server = command(folder.path(), "puma")?
            .args(["--dir", PROGRAM, "-b", &format!("tcp://127.0.0.1:{port}"), "-t", "1:2", "-e", "production"])
            .stdout(said.try_clone()?)
            .stderr(said)
            .spawn()
            .context(INSTALL)?;
        let url = format!("http://127.0.0.1:{port}");
        let redmine = Self { url, http: reqwest::Client::new(), people, folder, server };
        // The first answer is waited for as the bot would.
        let first = redmine.account("bellhop")?.changed_since(Utc::now()).await;
        first.with_context(|| format!("Redmine does not answer; it said: {}", redmine.said()))?;
        Ok(redmine)
    }

    pub fn id(&self, login: &str) -> Result<&str> {
        self.people.get(login).map(|(id, _)| id.as_str()).context("somebody who is there")
    }

    fn key(&self, login: &str) -> Result<&str> {
        self.people.get(login).map(|(_, key)| key.as_str()).context("somebody who is there")
    }

    pub fn account(&self, login: &str) -> Result<Account> {
        self.account_with_key(self.key(login)?)
    }

    pub fn account_with_key(&self, key: &str) -> Result<Account> {
        let settings = Settings {
            name: "redmine".to_owned(),
            kind: Facts::of("redmine").context("it is known")?,
            host: "support.test".to_owned(),
            api: self.url.clone(),
            account: None,
            user: None,
            client: None,
            plan_field: None,
            token: None,
            webhook: None,
            poll: None,
        };
        Ok(Account::with_secrets(&settings, key.into(), None, PATIENCE, None)?)
    }

    /// What somebody does without the bot; the answer, or null where there is none.
    pub async fn send(&self, login: &str, method: reqwest::Method, path: &str, body: &Value) -> Result<Value> {
        let request = self.http.request(method, format!("{}{path}", self.url));
        let answer = request.header("x-redmine-api-key", self.key(login)?).json(body).send().await?;
        let (status, answer) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{login} at {path}: {status} {answer}");
        Ok(serde_json::from_str(&answer).unwrap_or_default())
    }

    fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("said")).unwrap_or_default()
    }
}

impl Drop for Redmine {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// One of its programs, for the instance in this folder only: what an instance is called is a path below Debian's own
/// instances, and out of there again.
fn command(folder: &Path, program: &str) -> Result<Command> {
    let below_root = folder.strip_prefix("/").context("a folder with its whole path")?;
    let mut command = Command::new(program);
    command
        .current_dir(PROGRAM)
        .env("REDMINE_INSTANCE", Path::new("../../../..").join(below_root))
        .env("RAILS_ENV", "production")
        .env("HOME", folder);
    Ok(command)
}

/// Makes the database, and reads whom it holds.
fn set_up(folder: &Path) -> Result<HashMap<String, (String, String)>> {
    let script = folder.join("people.rb");
    let done = command(folder, "bundle")?.args(["exec", "rails", "runner"]).arg(script).output().context(INSTALL)?;
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    ensure!(done.status.success(), "the database cannot be made: {out}\n{err}");
    let person = |line: &str| match line.split(' ').collect::<Vec<_>>()[..] {
        ["key", login, id, key] => Some((login.to_owned(), (id.to_owned(), key.to_owned()))),
        _ => None,
    };
    Ok(out.lines().filter_map(person).collect())
}
