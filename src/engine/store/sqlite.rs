//! The log in one SQLite file, for one machine.

use std::fs::File;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeZone, Utc};
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Arguments, AssertSqlSafe, ConnectOptions, Connection, Encode, Row, SqliteConnection, Type};

use crate::engine::handled::REMEMBERED;
use crate::engine::input::{InputId, Position};
use crate::engine::store::{Batch, Past, Recorded, StoreError, ToTell};
use crate::sop::desk::Reader;

/// The log of one desk in a SQLite file, held by one process at a time.
#[derive(Debug)]
pub struct SqliteStore {
    desk: String,
    connection: SqliteConnection,
    /// Held as long as the store lives: a second writer is refused instead of writing between our lines.
    _lock: Option<File>,
}

impl SqliteStore {
    /// Opens the log, and makes it if there is none.
    ///
    /// Write-ahead log with `synchronous = FULL`: a batch that was committed survives the loss of power
    /// (<https://www.sqlite.org/pragma.html#pragma_synchronous>).
    pub async fn open(path: &Path, desk: &str) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging();
        let open = |error: Box<dyn std::error::Error + Send + Sync>| StoreError::Open {
            path: path.display().to_string(),
            source: error,
        };
        let mut connection = options.connect().await.map_err(|error| open(error.into()))?;
        sqlx::migrate!("migrations/sqlite").run(&mut connection).await.map_err(|error| open(error.into()))?;
        // A loop killed within this process leaves its connection to a thread that may still be committing. To begin
        // a write is to wait for its end, so that what is read next is all there is.
        let write = connection.begin_with("BEGIN IMMEDIATE").await.map_err(|error| open(error.into()))?;
        write.rollback().await.map_err(|error| open(error.into()))?;
        Ok(Self { desk: desk.to_owned(), connection, _lock: Some(lock) })
    }

    /// Looks into a log that another process may be writing. Nothing can be recorded with it.
    pub async fn look(path: &Path, desk: &str) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new().filename(path).read_only(true).disable_statement_logging();
        let connection = options.connect().await;
        let connection =
            connection.map_err(|error| StoreError::Open { path: path.display().to_string(), source: error.into() })?;
        Ok(Self { desk: desk.to_owned(), connection, _lock: None })
    }

    /// Whether a log can be written here. Changes nothing in one that is there, and leaves none behind.
    pub async fn try_out(path: &Path) -> Result<(), StoreError> {
        let is_there = path.exists();
        let locked = lock(path)?;
        if !is_there {
            drop(locked);
            // Somebody else may have begun with it.
            let _ = std::fs::remove_file(lock_beside(path));
            return Ok(());
        }
        let open = |error: sqlx::Error| StoreError::Open { path: path.display().to_string(), source: error.into() };
        let mut connection =
            SqliteConnectOptions::new().filename(path).disable_statement_logging().connect().await.map_err(open)?;
        let write = connection.begin_with("BEGIN IMMEDIATE").await.map_err(open)?;
        write.rollback().await.map_err(open)?;
        connection.close().await.map_err(open)
    }

    /// Whether nothing has ever happened on the desk; that it was started is nothing yet.
    pub async fn is_new(&mut self) -> Result<bool, StoreError> {
        let query = "SELECT EXISTS (SELECT 1 FROM events WHERE desk = $1 AND fact NOT LIKE '{\"fact\":\"adopted\"%')";
        let row = sqlx::query(query).bind(&self.desk).fetch_one(&mut self.connection).await;
        row.map(|row| !row.get::<bool, _>(0)).map_err(StoreError::Read)
    }

    /// Everything the desk remembers.
    pub async fn past(&mut self) -> Result<Past, StoreError> {
        Ok(Past {
            facts: self.facts().await?,
            to_tell: self.waiting().await?,
            inputs: self.inputs().await?,
            positions: self.positions().await?,
        })
    }

    /// Records a batch: all of it is on the disk when this returns, or none of it.
    pub async fn append(&mut self, batch: &Batch) -> Result<(), StoreError> {
        write(&mut self.connection, &self.desk, batch).await.map_err(StoreError::Write)
    }

    /// Ends the connection in order, so that the write-ahead log is folded into the file.
    pub async fn close(self) -> Result<(), StoreError> {
        self.connection.close().await.map_err(StoreError::Write)
    }

    async fn facts(&mut self) -> Result<Vec<Recorded>, StoreError> {
        let rows = sqlx::query("SELECT seq, at, input, procedure, fact FROM events WHERE desk = $1 ORDER BY seq")
            .bind(&self.desk)
            .fetch_all(&mut self.connection)
            .await
            .map_err(StoreError::Read)?;
        let mut reader = Reader::default();
        let recorded = rows.iter().map(|row| {
            let seq = row.get("seq");
            Ok(Recorded {
                seq,
                at: instant(row.get("at")),
                input: InputId(row.get("input")),
                procedure: row.get("procedure"),
                fact: reader.read(row.get("fact")).map_err(|source| StoreError::Foreign { seq, source })?,
            })
        });
        recorded.collect()
    }

    async fn waiting(&mut self) -> Result<Vec<ToTell>, StoreError> {
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

/// The batch as one script: SQLite has a thread of its own, and each statement by itself would be a trip there and
/// back.
async fn write(connection: &mut SqliteConnection, desk: &str, batch: &Batch) -> Result<(), sqlx::Error> {
    let mut script = Script::default();
    // IMMEDIATE: a transaction that reads first and writes later is refused at once when another one writes.
    script.add("BEGIN IMMEDIATE");
    for line in &batch.facts {
        script
            .add("INSERT INTO events (desk, seq, at, input, procedure, fact) VALUES (?, ?, ?, ?, ?, ?)")
            .with(desk)?
            .with(line.seq)?
            .with(line.at.timestamp_millis())?
            .with(&line.input.0)?
            .with(&line.procedure)?
            .with(json(&line.fact))?;
    }
    for (id, at) in &batch.inputs {
        script
            .add("INSERT INTO inputs (desk, id, at) VALUES (?, ?, ?) ON CONFLICT (desk, id) DO NOTHING")
            .with(desk)?
            .with(&id.0)?
            .with(at.timestamp_millis())?;
    }
    for row in &batch.to_tell {
        script
            .add(
                "INSERT INTO outbox (desk, key, generation, created, notice) VALUES (?, ?, ?, ?, ?) ON CONFLICT \
                 (desk, key) DO UPDATE SET generation = excluded.generation, notice = excluded.notice",
            )
            .with(desk)?
            .with(&row.key)?
            .with(row.generation)?
            .with(row.created.timestamp_millis())?
            .with(json(&row.notice))?;
    }
    for told in &batch.told {
        script
            .add("DELETE FROM outbox WHERE desk = ? AND key = ? AND generation = ?")
            .with(desk)?
            .with(&told.key)?
            .with(told.generation)?;
    }
    for position in &batch.positions {
        script
            .add(
                "INSERT INTO positions (desk, place, message) VALUES (?, ?, ?) ON CONFLICT (desk, place) DO UPDATE \
                 SET message = excluded.message",
            )
            .with(desk)?
            .with(position.place.as_str())?
            .with(position.message.as_str())?;
    }
    script.add("COMMIT");
    let written = script.run(connection).await;
    if written.is_err() {
        // What the failed script left open; if it left nothing open, there is nothing to roll back.
        let _ = sqlx::raw_sql("ROLLBACK").execute(connection).await;
    }
    written
}

/// Scripts up to this length, in bytes, are kept ready: about twenty statements.
const SCRIPT_KEPT_MAX: usize = 2_048;

/// Statements that run one after the other. Nothing but the statements written above gets into its text.
#[derive(Default)]
struct Script {
    text: String,
    values: SqliteArguments,
}

impl Script {
    fn add(&mut self, statement: &'static str) -> &mut Self {
        self.text.push_str(statement);
        self.text.push(';');
        self
    }

    /// The value of the next `?`.
    fn with<'v>(&mut self, value: impl Encode<'v, Sqlite> + Type<Sqlite>) -> Result<&mut Self, sqlx::Error> {
        self.values.add(value).map_err(sqlx::Error::Encode)?;
        Ok(self)
    }

    async fn run(self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        // Batches of one message are alike, and SQLite need not read the same script again; large ones hardly are.
        let keep = self.text.len() <= SCRIPT_KEPT_MAX;
        let script = sqlx::query_with(AssertSqlSafe(self.text), self.values).persistent(keep);
        script.execute(connection).await.map(|_| ())
    }
}

/// Takes the lock beside the log, or says who should be stopped.
fn lock(path: &Path) -> Result<File, StoreError> {
    let open = |source: std::io::Error| StoreError::Open { path: path.display().to_string(), source: source.into() };
    let file = File::options().create(true).truncate(false).write(true).open(lock_beside(path)).map_err(open)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.display().to_string() }),
        Err(std::fs::TryLockError::Error(error)) => Err(open(error)),
    }
}

fn lock_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("facts and notices are plain data")
}

/// Instants in the log were written by us; one out of range cannot be there.
fn instant(millis: i64) -> DateTime<Utc> {
    Utc.timestamp_millis_opt(millis).single().expect("an instant of the log is in range")
}
