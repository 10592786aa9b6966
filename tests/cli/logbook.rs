//! A log of one morning, written by the desk itself at fixed times.

use std::path::Path;

use anyhow::Result;
use bellhop::config::Config;
use bellhop::engine::input::InputId;
use bellhop::engine::store::{Batch, Recorded, SqliteStore};
use bellhop::sop::desk::{About, Desk, Fact, Request};
use bellhop::sop::escalation::{Act, Actor, EscalationId, Grade};
use bellhop::sop::message::{Message, Person, Standing};
use bellhop::sop::notice::{Notice, ReplyTo};
use bellhop::sop::procedure::Procedure;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};
use tempfile::TempDir;

use crate::desk;

/// A folder with the example config and its log, which is open.
pub struct Logbook {
    pub folder: TempDir,
    procedure: Procedure,
    desk: Desk,
    store: SqliteStore,
    seq: i64,
}

/// A minute of Monday, 2 March 2026, from 09:00 UTC on.
pub fn minute(minutes: i64) -> DateTime<Utc> {
    let start = DateTime::parse_from_rfc3339("2026-03-02T09:00:00Z").expect("an instant").to_utc();
    start + TimeDelta::minutes(minutes)
}

impl Logbook {
    pub async fn new() -> Result<Self> {
        let folder = desk(&[])?;
        let procedure = Config::read(&folder.path().join("config.toml"))?.procedure;
        let store = SqliteStore::open(&folder.path().join("bellhop.sqlite"), "harbor").await?;
        Ok(Self { folder, procedure, desk: Desk::default(), store, seq: 0 })
    }

    /// A refund that is taken and resolved, anger that nobody answers, and a threat that is confidential.
    pub async fn morning() -> Result<Self> {
        let mut book = Self::new().await?;
        book.says(0, ("500000000000000001", "Dana"), "I want my $700 back.").await?;
        book.says(1, ("500000000000000002", "=HYPERLINK(\"http://evil.example\")"), "You idiots! You LIARS!").await?;
        book.says(2, ("500000000000000003", "Fred"), "My lawyer will sue you.").await?;
        book.act(5, 1, Act::Acknowledge { next: None }).await?;
        book.act(6, 1, Act::Note { text: "Dana sent a photo, \"broken\"".to_owned() }).await?;
        book.act(20, 1, Act::Resolve { note: "paid back".to_owned() }).await?;
        book.act(21, 1, Act::Grade { grade: Grade::RightCall }).await?;
        book.pass_until(minute(62)).await?;
        Ok(book)
    }

    pub async fn says(&mut self, at: i64, (id, name): (&str, &str), text: &str) -> Result<()> {
        let author = Person { id: id.into(), name: name.into(), standing: Standing::Customer };
        let message = Message {
            id: format!("7000000000000000{at:02}").into(),
            place: "2001".into(),
            author,
            text: text.to_owned(),
            at: minute(at),
            edited: false,
            to: Vec::new(),
        };
        self.pass_until(minute(at)).await?;
        self.ask(minute(at), Request::Message(message)).await
    }

    async fn act(&mut self, at: i64, case: u32, act: Act) -> Result<()> {
        self.act_as("Mona", at, case, act).await
    }

    /// A manager of this name does something.
    pub async fn act_as(&mut self, name: &str, at: i64, case: u32, act: Act) -> Result<()> {
        let person = Person { id: "4005".into(), name: name.into(), standing: Standing::Staff };
        let actor = Actor { person, teams: vec!["managers".into()], manages: true };
        let (about, reply) = (About::Typed(EscalationId(case).to_string()), ReplyTo(String::new()));
        self.pass_until(minute(at)).await?;
        self.ask(minute(at), Request::Act { actor, about, act, reply }).await
    }

    /// What is due before then is seen to in its time, as the loop does.
    pub async fn pass_until(&mut self, now: DateTime<Utc>) -> Result<()> {
        while let Some(due) = self.desk.next_deadline().filter(|due| *due < now) {
            self.ask(due, Request::DeadlineReached).await?;
        }
        Ok(())
    }

    /// Asks the desk, and delivers the pages that follow within the second.
    async fn ask(&mut self, now: DateTime<Utc>, request: Request) -> Result<()> {
        let outcome = self.desk.handle(request, &self.procedure, now);
        self.record(now, outcome.facts).await?;
        for notice in outcome.notices {
            let Notice::Page { escalation, page } = notice else { continue };
            let (place, message) = ("2005".into(), format!("80000000000000{:02}{page:02}", escalation.0).into());
            let delivered = Request::PageDelivered { escalation, page, place, message };
            let now = now + TimeDelta::seconds(1);
            let facts = self.desk.handle(delivered, &self.procedure, now).facts;
            self.record(now, facts).await?;
        }
        Ok(())
    }

    pub async fn record(&mut self, at: DateTime<Utc>, facts: Vec<Fact>) -> Result<()> {
        let mut batch = Batch::default();
        for fact in facts {
            self.seq += 1;
            let (input, procedure) = (InputId(format!("input:{}", self.seq)), self.procedure.version.clone());
            batch.facts.push(Recorded { seq: self.seq, at, input, procedure, fact });
        }
        Ok(self.store.append(&batch).await?)
    }

    pub async fn facts(&mut self) -> Result<Vec<Recorded>> {
        Ok(self.store.facts().await?)
    }

    /// The version of its procedure.
    pub fn version(&self) -> &str {
        &self.procedure.version
    }

    /// Nobody writes it any more.
    pub async fn close(self) -> Result<TempDir> {
        self.store.close().await?;
        Ok(self.folder)
    }
}

/// Writes into a log as no bellhop does.
pub async fn sql(folder: &Path, statements: &str) -> Result<()> {
    let options = SqliteConnectOptions::new().filename(folder.join("bellhop.sqlite"));
    let mut connection = options.connect().await?;
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut connection).await?;
    Ok(sqlx::Connection::close(connection).await?)
}

/// What was printed, without what is another each time.
pub fn masked(printed: &str) -> String {
    let words = printed.split_inclusive([' ', '\n', '"', ',', '.']);
    let is_link = |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mask = |word: &str| {
        let bare = word.trim_end_matches([' ', '\n', '"', ',', '.']);
        if is_link(bare) { format!("LINK{}", &word[bare.len()..]) } else { word.to_owned() }
    };
    words.map(mask).collect()
}
