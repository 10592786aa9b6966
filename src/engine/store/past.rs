//! Reads the log back.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::pin::pin;
use std::thread;

use chrono::{DateTime, TimeZone, Utc};
use futures_util::{TryStreamExt, stream};
use sqlx::{Connection, Row, SqliteConnection};
use tokio::task::spawn_blocking;

use crate::engine::handled::REMEMBERED;
use crate::engine::input::{InputId, Position};
use crate::engine::store::sqlite::SqliteStore;
use crate::engine::store::{Past, Plan, Recorded, StoreError, ToTell};
use crate::sop::desk::{Fact, Reader};
use crate::sop::escalation::{EscalationId, Event};
use crate::sop::retention::Retention;

impl SqliteStore {
    /// Everything the desk remembers: `take` gets its facts, in order.
    pub async fn past(&mut self, take: impl FnMut(Recorded)) -> Result<Past, StoreError> {
        self.each_fact(take).await?;
        Ok(Past { to_tell: self.waiting().await?, inputs: self.inputs().await?, positions: self.positions().await? })
    }

    /// Every fact, in order.
    pub async fn facts(&mut self) -> Result<Vec<Recorded>, StoreError> {
        let mut facts = Vec::new();
        self.each_fact(|line| facts.push(line)).await?;
        Ok(facts)
    }

    /// Gives every fact to `take`, in order: one look, in which what is recorded meanwhile is not. While pages are fetched
    /// and taken, others are read, as many at once as there are cores.
    async fn each_fact(&mut self, mut take: impl FnMut(Recorded)) -> Result<(), StoreError> {
        let desk = self.desk.as_str();
        let look = self.connection.begin().await.map_err(StoreError::Read)?;
        let pages = stream::try_unfold((look, 0), |(mut look, after)| async move {
            let page = page(&mut look, desk, after).await?;
            Ok(page.map(|page| (page.lines, (look, page.last))))
        });
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let reading = |lines: Vec<u8>| async move {
            let reading = spawn_blocking(move || read(&lines)).await;
            reading.unwrap_or_else(|fault| resume_unwind(fault.into_panic()))
        };
        let mut read = pin!(pages.map_ok(reading).try_buffered(cores));
        while let Some(lines) = read.try_next().await? {
            lines.into_iter().for_each(&mut take);
        }
        Ok(())
    }

    /// What is recorded of one case, in order.
    pub(super) async fn case(&mut self, id: EscalationId) -> Result<Vec<(DateTime<Utc>, Event)>, StoreError> {
        let query = "SELECT seq, at, fact FROM events WHERE desk = $1 AND escalation = $2 ORDER BY seq";
        let rows = sqlx::query(query).bind(&self.desk).bind(id.0).fetch_all(&mut self.connection).await;
        let mut reader = Reader::default();
        let mut events = Vec::new();
        for row in rows.map_err(StoreError::Read)? {
            let seq = row.get("seq");
            let fact = reader.read(row.get("fact")).map_err(|source| StoreError::Foreign { seq, source })?;
            if let Fact::Case { event, .. } = fact {
                events.push((instant(row.get("at")), event));
            }
        }
        Ok(events)
    }

    /// What waits to be told, in the order in which it was decided.
    pub(super) async fn waiting(&mut self) -> Result<Vec<ToTell>, StoreError> {
        let query = "SELECT key, generation, created, notice FROM outbox WHERE desk = $1 ORDER BY created, key";
        let rows =
            sqlx::query(query).bind(&self.desk).fetch_all(&mut self.connection).await.map_err(StoreError::Read)?;
        let to_tell = rows.iter().map(|row| {
            Ok(ToTell {
                key: row.get("key"),
                generation: row.get("generation"),
                created: instant(row.get("created")),
                notice: serde_json::from_str(row.get("notice"))
                    .map_err(|source| StoreError::Foreign { seq: 0, source })?,
            })
        });
        to_tell.collect()
    }

    async fn inputs(&mut self) -> Result<Vec<InputId>, StoreError> {
        let query = "SELECT id FROM inputs WHERE desk = $1 ORDER BY at DESC LIMIT $2";
        let limit = i64::try_from(REMEMBERED).unwrap_or(i64::MAX);
        let rows = sqlx::query(query).bind(&self.desk).bind(limit).fetch_all(&mut self.connection).await;
        let rows = rows.map_err(StoreError::Read)?;
        Ok(rows.iter().rev().map(|row| InputId(row.get("id"))).collect())
    }

    /// The ids of all inputs on record.
    pub(super) async fn all_inputs(&mut self) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query("SELECT id FROM inputs WHERE desk = $1 ORDER BY id").bind(&self.desk);
        let rows = rows.fetch_all(&mut self.connection).await.map_err(StoreError::Read)?;
        Ok(rows.iter().map(|row| row.get("id")).collect())
    }

    async fn positions(&mut self) -> Result<Vec<Position>, StoreError> {
        let query = "SELECT place, message FROM positions WHERE desk = $1 ORDER BY place";
        let rows =
            sqlx::query(query).bind(&self.desk).fetch_all(&mut self.connection).await.map_err(StoreError::Read)?;
        let position = |row: &sqlx::sqlite::SqliteRow| Position {
            place: row.get::<String, _>("place").into(),
            message: row.get::<String, _>("message").into(),
        };
        Ok(rows.iter().map(position).collect())
    }
}

/// Lines that come as one row of the database: a row costs as much as what is in a dozen of them.
const PAGE: i64 = 8_192;
/// What separates lines, and the parts of a line, as ASCII has it. JSON writes both otherwise, and no id has them in it.
const RECORD: u8 = 0x1e;
const UNIT: u8 = 0x1f;

struct Page {
    lines: Vec<u8>,
    /// The number of its last line.
    last: i64,
}

/// The lines that follow one, if there are any.
async fn page(look: &mut SqliteConnection, desk: &str, after: i64) -> Result<Option<Page>, StoreError> {
    let query = "SELECT CAST(group_concat(seq || char(31) || at || char(31) || procedure || char(31) || input || char(31) \
                 || fact, char(30)) AS BLOB) AS lines, MAX(seq) AS last FROM (SELECT seq, at, procedure, input, fact \
                 FROM events WHERE desk = $1 AND seq > $2 ORDER BY seq LIMIT $3)";
    let row = sqlx::query(query).bind(desk).bind(after).bind(PAGE).fetch_one(look).await.map_err(StoreError::Read)?;
    let lines = row.try_get::<Option<Vec<u8>>, _>("lines").map_err(StoreError::Read)?;
    let last = row.try_get::<Option<i64>, _>("last").map_err(|_| StoreError::Misshapen { seq: None })?;
    Ok(lines.zip(last).map(|(lines, last)| Page { lines, last }))
}

fn read(page: &[u8]) -> Result<Vec<Recorded>, StoreError> {
    let mut reader = Reader::default();
    page.split(|byte| *byte == RECORD).map(|line| recorded(line, &mut reader)).collect()
}

/// Only somebody else can have written a value that is none of ours.
fn recorded(line: &[u8], reader: &mut Reader) -> Result<Recorded, StoreError> {
    let mut parts = line.splitn(5, |byte| *byte == UNIT);
    let mut part = || str::from_utf8(parts.next()?).ok();
    let seq = part().and_then(|seq| seq.parse().ok()).ok_or(StoreError::Misshapen { seq: None })?;
    let wrong = || StoreError::Misshapen { seq: Some(seq) };
    let at = part().and_then(|at| Utc.timestamp_millis_opt(at.parse().ok()?).single());
    let (at, procedure) = (at.ok_or_else(wrong)?, part().ok_or_else(wrong)?.to_owned());
    let (input, fact) = (InputId(part().ok_or_else(wrong)?.to_owned()), part().ok_or_else(wrong)?);
    let fact = reader.read(fact).map_err(|source| StoreError::Foreign { seq, source })?;
    Ok(Recorded { seq, at, input, procedure, fact })
}

/// Where a log lies. It is opened for each look at it, and nothing of it is kept open.
#[derive(Clone, Debug)]
pub struct LogAt {
    pub(super) path: PathBuf,
    pub(super) desk: String,
}

impl LogAt {
    /// What is recorded of one case, in order; nothing, if there is none of that number.
    pub async fn case(&self, id: EscalationId) -> Result<Vec<(DateTime<Utc>, Event)>, StoreError> {
        let mut store = SqliteStore::look(&self.path, &self.desk).await?;
        let events = store.case(id).await;
        store.close().await?;
        events
    }

    /// What is too old by now, to be taken out by whoever writes the log.
    pub async fn outdated(&self, retention: &Retention, now: DateTime<Utc>) -> Result<Plan, StoreError> {
        let mut store = SqliteStore::look(&self.path, &self.desk).await?;
        let plan = store.plan_retention(retention, now).await;
        store.close().await?;
        plan
    }
}

/// Instants in the log were written by us; one out of range cannot be there.
fn instant(millis: i64) -> DateTime<Utc> {
    Utc.timestamp_millis_opt(millis).single().expect("an instant of the log is in range")
}
