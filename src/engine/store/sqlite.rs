//! The log in one SQLite file, for one machine.
//!
//! What is overwritten or deleted in it is overwritten on the disk, too (`secure_delete`): the outbox holds words, and
//! whoever asks to be erased means all of them.

use std::fs::File;
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{Arguments, AssertSqlSafe, ConnectOptions, Connection, Encode, Row, SqliteConnection, Type};

use crate::engine::store::chain::{Head, Salt, digest, link};
use crate::engine::store::{Batch, Line, Link, LogAt, Recorded, StoreError};

/// The log of one desk in a SQLite file, held by one process at a time.
#[derive(Debug)]
pub struct SqliteStore {
    pub(super) desk: String,
    pub(super) connection: SqliteConnection,
    path: PathBuf,
    /// The link of the last line.
    pub(super) head: Link,
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
            .pragma("secure_delete", "ON")
            .disable_statement_logging();
        let open = |error: Box<dyn std::error::Error + Send + Sync>| StoreError::Open {
            path: path.display().to_string(),
            source: error,
        };
        let mut connection = options.connect().await.map_err(|error| open(error.into()))?;
        // Nothing of ours goes into somebody else's file.
        let found = tables(&mut connection).await?;
        if !found.is_log && !found.is_empty {
            return Err(StoreError::NoLog { path: path.display().to_string() });
        }
        sqlx::migrate!("migrations/sqlite").run(&mut connection).await.map_err(|error| open(error.into()))?;
        // A loop killed within this process leaves its connection to a thread that may still be committing. To begin
        // a write is to wait for its end, so that what is read next is all there is.
        let write = connection.begin_with("BEGIN IMMEDIATE").await.map_err(|error| open(error.into()))?;
        write.rollback().await.map_err(|error| open(error.into()))?;
        let (desk, path, head) = (desk.to_owned(), path.to_owned(), Link::NONE);
        let mut store = Self { desk, connection, path, head, _lock: Some(lock) };
        store.head = match store.last().await {
            Err(StoreError::Unchained { .. }) => store.chain_older().await?,
            last => last?.map_or(Link::NONE, |(_, link)| link),
        };
        Ok(store)
    }

    /// Looks into a log that another process may be writing. Nothing can be recorded with it.
    pub async fn look(path: &Path, desk: &str) -> Result<Self, StoreError> {
        // Where a log lies that nobody writes there is nothing beside it, and whoever may only read could not put there
        // what a look at one in use needs.
        let is_idle = !beside(path, "-wal").exists();
        let options =
            SqliteConnectOptions::new().filename(path).read_only(true).immutable(is_idle).disable_statement_logging();
        let connection = options.connect().await;
        let mut connection =
            connection.map_err(|error| StoreError::Open { path: path.display().to_string(), source: error.into() })?;
        if !tables(&mut connection).await?.is_log {
            return Err(StoreError::NoLog { path: path.display().to_string() });
        }
        Ok(Self { desk: desk.to_owned(), connection, path: path.to_owned(), head: Link::NONE, _lock: None })
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

    /// Records a batch: all of it is on the disk when this returns, or none of it.
    pub async fn append(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.head = write(&mut self.connection, &self.desk, batch, self.head).await.map_err(StoreError::Write)?;
        Ok(())
    }

    /// The link of the last line.
    pub fn head(&self) -> Link {
        self.head
    }

    /// Every line in order, as it lies on the disk. One look: what is recorded meanwhile is not among them.
    pub async fn each_line<E: From<StoreError>>(
        &mut self,
        mut take: impl FnMut(Line) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.is_chained().await? {
            return Err(StoreError::Unchained { path: self.path.display().to_string() }.into());
        }
        let query = format!("SELECT {LINE} FROM events WHERE desk = $1 ORDER BY seq");
        let mut rows = sqlx::query(AssertSqlSafe(query)).bind(&self.desk).fetch(&mut self.connection);
        while let Some(row) = rows.try_next().await.map_err(StoreError::Read)? {
            take(line(&row))?;
        }
        Ok(())
    }

    /// For whoever reads the log beside the loop that writes it.
    pub fn lies_at(&self) -> LogAt {
        LogAt { path: self.path.clone(), desk: self.desk.clone() }
    }

    /// How many lines there are.
    pub async fn count(&mut self) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT COUNT(*) FROM events WHERE desk = $1").bind(&self.desk);
        let row = row.fetch_one(&mut self.connection).await.map_err(StoreError::Read)?;
        Ok(u64::try_from(row.get::<i64, _>(0)).unwrap_or_default())
    }

    /// Whether the file knows of links: one that was written by an older version does not.
    async fn is_chained(&mut self) -> Result<bool, StoreError> {
        let query = "SELECT EXISTS (SELECT 1 FROM pragma_table_info('events') WHERE name = 'link')";
        let row = sqlx::query(query).fetch_one(&mut self.connection).await.map_err(StoreError::Read)?;
        Ok(row.get(0))
    }

    /// The number of the last line, and its link.
    pub(super) async fn last(&mut self) -> Result<Option<(i64, Link)>, StoreError> {
        let query = "SELECT seq, link FROM events WHERE desk = $1 ORDER BY seq DESC LIMIT 1";
        let row = sqlx::query(query).bind(&self.desk).fetch_optional(&mut self.connection).await;
        let Some(row) = row.map_err(StoreError::Read)? else { return Ok(None) };
        match row.get::<Option<&[u8]>, _>("link").and_then(Link::stored) {
            Some(link) => Ok(Some((row.get("seq"), link))),
            None => Err(StoreError::Unchained { path: self.path.display().to_string() }),
        }
    }

    /// Gives the lines of an older version their links, once, all of them or none. From then on they are proven, not from
    /// when they were recorded. Returns the last link.
    async fn chain_older(&mut self) -> Result<Link, StoreError> {
        let desk = self.desk.clone();
        let chain = async {
            let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
            let query = "SELECT seq, link FROM events WHERE desk = $1 AND link IS NOT NULL ORDER BY seq DESC LIMIT 1";
            let last = sqlx::query(query).bind(&desk).fetch_optional(&mut *transaction).await?;
            let mut seq = last.as_ref().map_or(0, |row| row.get("seq"));
            let mut head = last.and_then(|row| Link::stored(row.get("link"))).unwrap_or(Link::NONE);
            loop {
                let query = "SELECT seq, at, input, procedure, fact FROM events WHERE desk = $1 AND seq > $2 \
                    ORDER BY seq LIMIT $3";
                let rows = sqlx::query(query).bind(&desk).bind(seq).bind(CHAINED_AT_ONCE);
                let rows = rows.fetch_all(&mut *transaction).await?;
                for row in &rows {
                    seq = row.get("seq");
                    let salt = Salt::draw();
                    let says = digest(&salt.0, row.get("input"), row.get("fact"));
                    head =
                        link(head, Head { desk: &desk, seq, at: row.get("at"), procedure: row.get("procedure") }, says);
                    sqlx::query("UPDATE events SET salt = $1, digest = $2, link = $3 WHERE desk = $4 AND seq = $5")
                        .bind(&salt.0[..])
                        .bind(&says.0[..])
                        .bind(&head.0[..])
                        .bind(&desk)
                        .bind(seq)
                        .execute(&mut *transaction)
                        .await?;
                }
                if rows.is_empty() {
                    break;
                }
            }
            transaction.commit().await?;
            Ok(head)
        };
        let head = chain.await.map_err(StoreError::Write)?;
        tracing::info!("log.chained the lines of an older version have links from now on");
        Ok(head)
    }

    /// Ends the connection in order, so that the write-ahead log is folded into the file.
    pub async fn close(self) -> Result<(), StoreError> {
        self.connection.close().await.map_err(StoreError::Write)
    }
}

/// The batch as one script: SQLite has a thread of its own, and each statement by itself would be a trip there and
/// back. Returns the link of its last line.
async fn write(
    connection: &mut SqliteConnection,
    desk: &str,
    batch: &Batch,
    mut head: Link,
) -> Result<Link, sqlx::Error> {
    let mut script = Script::default();
    // IMMEDIATE: a transaction that reads first and writes later is refused at once when another one writes.
    script.add("BEGIN IMMEDIATE");
    for line in &batch.facts {
        head = script.add_line(desk, line, head)?;
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
    written.map(|()| head)
}

/// The columns of a [`Line`].
const LINE: &str = "CAST(seq AS INTEGER) AS seq, CAST(at AS INTEGER) AS at, CAST(input AS BLOB) AS input, \
                    CAST(procedure AS BLOB) AS procedure, CAST(fact AS BLOB) AS fact, CAST(salt AS BLOB) AS salt, \
                    CAST(digest AS BLOB) AS digest, CAST(link AS BLOB) AS link";

/// One line as it lies on the disk, which is there.
pub(super) async fn line_of(look: &mut SqliteConnection, desk: &str, seq: i64) -> Result<Line, sqlx::Error> {
    let query = format!("SELECT {LINE} FROM events WHERE desk = $1 AND seq = $2");
    Ok(line(&sqlx::query(AssertSqlSafe(query)).bind(desk).bind(seq).fetch_one(look).await?))
}

fn line(row: &SqliteRow) -> Line {
    let link = |column: &str| row.get::<Option<&[u8]>, _>(column).and_then(Link::stored);
    // What is no text was changed, and its digest says so.
    let text = |column: &str| String::from_utf8_lossy(row.get(column)).into_owned();
    Line {
        seq: row.get("seq"),
        at: row.get("at"),
        input: text("input"),
        procedure: text("procedure"),
        fact: text("fact"),
        salt: row.get::<Option<Vec<u8>>, _>("salt").unwrap_or_default(),
        digest: link("digest"),
        link: link("link"),
    }
}

/// Adds one line to the log, in a transaction that is open. Returns its link.
pub(super) async fn record(
    connection: &mut SqliteConnection,
    desk: &str,
    line: &Recorded,
    before: Link,
) -> Result<Link, sqlx::Error> {
    let mut script = Script::default();
    let head = script.add_line(desk, line, before)?;
    script.run(connection).await.map(|()| head)
}

/// Lines of an older version that are read at once.
const CHAINED_AT_ONCE: i64 = 1_000;

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

    /// A line of the log that follows this link. Returns its own.
    fn add_line(&mut self, desk: &str, line: &Recorded, before: Link) -> Result<Link, sqlx::Error> {
        let Recorded { seq, at, input, procedure, fact } = line;
        let (at, fact, salt) = (at.timestamp_millis(), json(fact), Salt::draw());
        let says = digest(&salt.0, &input.0, &fact);
        let own = link(before, Head { desk, seq: *seq, at, procedure }, says);
        self.add(
            "INSERT INTO events (desk, seq, at, input, procedure, fact, salt, digest, link) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .with(desk)?
        .with(*seq)?
        .with(at)?
        .with(&input.0)?
        .with(procedure)?
        .with(fact)?
        .with(&salt.0[..])?
        .with(&says.0[..])?
        .with(&own.0[..])?;
        Ok(own)
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

/// What a file holds.
struct Tables {
    is_log: bool,
    is_empty: bool,
}

async fn tables(connection: &mut SqliteConnection) -> Result<Tables, StoreError> {
    let query = "SELECT COUNT(*) AS tables, COALESCE(SUM(name = 'events'), 0) AS events FROM sqlite_master \
                 WHERE type = 'table'";
    let row = sqlx::query(query).fetch_one(connection).await.map_err(StoreError::Read)?;
    Ok(Tables { is_log: row.get::<i64, _>("events") > 0, is_empty: row.get::<i64, _>("tables") == 0 })
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
    beside(path, ".lock")
}

/// Beside the file itself, by whichever name it was reached: one log has one lock.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.canonicalize().unwrap_or_else(|_| path.to_owned()).into_os_string();
    name.push(ending);
    name.into()
}

pub(super) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("facts and notices are plain data")
}
