//! Reads the log back.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::pin::pin;
use std::thread;

use chrono::{DateTime, TimeZone, Utc};
use futures_util::{TryStreamExt, stream};
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use tokio::task::spawn_blocking;

use crate::engine::handled::REMEMBERED;
use crate::engine::input::{InputId, Position};
use crate::engine::store::sqlite::SqliteStore;
use crate::engine::store::{Entry, Past, Plan, Recorded, StoreError, ToTell};
use crate::sop::desk::{Desk, Fact, Fold, Reader, Unfounded};
use crate::sop::escalation::{EscalationId, Event};
use crate::sop::retention::Retention;

impl SqliteStore {
    /// Everything the desk remembers.
    pub async fn past(&mut self) -> Result<Past, StoreError> {
        let mut last = 0;
        let desk = self.fold(|entry| {
            last = entry.seq;
            true
        });
        Ok(Past {
            desk: desk.await?,
            last,
            to_tell: self.waiting().await?,
            inputs: self.inputs().await?,
            positions: self.positions().await?,
        })
    }

    /// The desk as its facts have it, without those that `is_wanted` does not want.
    pub async fn fold(&mut self, mut is_wanted: impl FnMut(&Entry) -> bool) -> Result<Desk, StoreError> {
        let (mut fold, mut unfounded) = (Fold::default(), None);
        let take = |entry: Entry| {
            if unfounded.is_none() && is_wanted(&entry) && fold.take(entry.fact, entry.at) == Err(Unfounded) {
                unfounded = Some(entry.seq);
            }
        };
        self.each(ENTRY, Page::entries, take).await?;
        unfounded.map_or_else(|| Ok(fold.done()), |seq| Err(StoreError::Unfounded { seq }))
    }

    /// Every fact, in order, with what it was recorded for.
    pub async fn facts(&mut self) -> Result<Vec<Recorded>, StoreError> {
        let mut facts = Vec::new();
        self.each(RECORDED, Page::recorded, |line| facts.push(line)).await?;
        Ok(facts)
    }

    /// Gives every line to `take`, in order: one look, in which what is recorded meanwhile is not. While pages are fetched
    /// and taken, others are read, on every core; a few wait to be, so that no core does.
    async fn each<T: Send + 'static>(
        &mut self,
        columns: &[&str],
        read: fn(&Page) -> Result<Vec<T>, StoreError>,
        mut take: impl FnMut(T),
    ) -> Result<(), StoreError> {
        let desk = self.desk.as_str();
        let look = self.connection.begin().await.map_err(StoreError::Read)?;
        let pages = stream::try_unfold((look, 0), |(mut look, after)| async move {
            let page = page(&mut look, columns, desk, after).await?;
            Ok(page.map(|page| {
                let last = page.last;
                (page, (look, last))
            }))
        });
        let reading = |page: Page| async move {
            let reading = spawn_blocking(move || read(&page)).await;
            reading.unwrap_or_else(|fault| resume_unwind(fault.into_panic()))
        };
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let mut read = pin!(pages.map_ok(reading).try_buffered(2 * cores));
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
/// What separates lines, as ASCII has it. JSON writes it otherwise, and no id has it in it.
const RECORD: char = '\u{1e}';

/// The columns of an [`Entry`]; those of a [`Recorded`] cost the database twice as much.
const ENTRY: &[&str] = &["seq", "at", "fact"];
const RECORDED: &[&str] = &["seq", "at", "fact", "procedure", "input"];

/// Some lines, a list for each column.
struct Page {
    /// The number of the last line.
    last: i64,
    lines: usize,
    columns: Vec<Vec<u8>>,
}

/// The lines that follow one, if there are any.
async fn page(
    look: &mut SqliteConnection,
    columns: &[&str],
    desk: &str,
    after: i64,
) -> Result<Option<Page>, StoreError> {
    let joined = |column| format!("group_concat({column}, char({}))", u32::from(RECORD));
    let query = format!(
        "SELECT MAX(seq), COUNT(*), {} FROM (SELECT {} FROM events WHERE desk = $1 AND seq > $2 ORDER BY seq LIMIT $3)",
        columns.iter().map(joined).collect::<Vec<_>>().join(", "),
        columns.join(", ")
    );
    let row = sqlx::query(AssertSqlSafe(query)).bind(desk).bind(after).bind(PAGE).fetch_one(look).await;
    let row = row.map_err(StoreError::Read)?;
    let read = || {
        let Some(last) = row.try_get::<Option<i64>, _>(0)? else { return Ok(None) };
        let columns = (2..row.len()).map(|column| row.try_get(column)).collect::<Result<_, _>>()?;
        Ok(Some(Page { last, lines: row.try_get::<u32, _>(1)? as usize, columns }))
    };
    read().map_err(|_: sqlx::Error| StoreError::Misshapen { seq: None })
}

impl Page {
    /// What a column says in each line. Only somebody else can have written a value that is none of ours.
    fn column(&self, number: usize) -> Result<Vec<&str>, StoreError> {
        let column = &self.columns[number];
        let text = str::from_utf8(column).map_err(|error| {
            let before = column[..error.valid_up_to()].iter().filter(|byte| **byte == RECORD as u8);
            StoreError::Misshapen { seq: self.seq(before.count()) }
        })?;
        let cells: Vec<_> = text.split(RECORD).collect();
        if cells.len() == self.lines { Ok(cells) } else { Err(StoreError::Misshapen { seq: None }) }
    }

    /// The number of a line, counted from 0 on this page.
    fn seq(&self, line: usize) -> Option<i64> {
        str::from_utf8(&self.columns[0]).ok()?.split(RECORD).nth(line)?.parse().ok()
    }

    fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        let (seqs, ats, facts) = (self.column(0)?, self.column(1)?, self.column(2)?);
        let mut reader = Reader::default();
        let lines = seqs.into_iter().zip(ats).zip(facts);
        lines.map(|((seq, at), fact)| entry(seq, at, fact, &mut reader)).collect()
    }

    fn recorded(&self) -> Result<Vec<Recorded>, StoreError> {
        let (procedures, inputs) = (self.column(3)?, self.column(4)?);
        let lines = self.entries()?.into_iter().zip(procedures).zip(inputs);
        let whole = |((Entry { seq, at, fact }, procedure), input): ((_, &str), &str)| {
            let (input, procedure) = (InputId(input.to_owned()), procedure.to_owned());
            Recorded { seq, at, input, procedure, fact }
        };
        Ok(lines.map(whole).collect())
    }
}

fn entry(seq: &str, at: &str, fact: &str, reader: &mut Reader) -> Result<Entry, StoreError> {
    // There is a number after each.
    let seq = seq.parse().ok().filter(|seq| *seq < i64::MAX).ok_or(StoreError::Misshapen { seq: None })?;
    let at = at.parse().ok().and_then(|at| Utc.timestamp_millis_opt(at).single());
    let at = at.ok_or(StoreError::Misshapen { seq: Some(seq) })?;
    let fact = reader.read(fact).map_err(|source| StoreError::Foreign { seq, source })?;
    Ok(Entry { seq, at, fact })
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
