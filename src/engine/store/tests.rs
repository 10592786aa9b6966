//! The chain on a real file: whatever is done to a line is found, and an erasure is no break.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use expect_test::{Expect, expect};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::TempDir;

use super::*;
use crate::sop::desk::{About, Desk, Request};
use crate::sop::escalation::{Act, EscalationId, Event};
use crate::sop::fixture::{at, procedure, says, staff};
use crate::sop::notice::ReplyTo;
use crate::sop::retention::Retention;

/// A log in a folder of its own, and the desk that writes it.
struct Book {
    folder: TempDir,
    desk: Desk,
    seq: i64,
}

impl Book {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), desk: Desk::default(), seq: 0 }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("log.sqlite")
    }

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path(), "desk").await.expect("the log opens")
    }

    async fn open_beside(&self) -> SqliteStore {
        SqliteStore::look(&self.path(), "desk").await.expect("the log opens")
    }

    async fn sql(&self, statements: &str) {
        let options = SqliteConnectOptions::new().filename(self.path());
        let mut connection: SqliteConnection = options.connect().await.expect("the file opens");
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements.to_owned())).execute(&mut connection).await.expect("SQL");
    }

    /// Asks the desk and records what follows, as the loop does.
    async fn ask(&mut self, store: &mut SqliteStore, id: &str, request: Request, now: DateTime<Utc>) {
        let mut batch = Batch::default();
        let input = InputId(id.to_owned());
        for fact in self.desk.handle(request, &procedure(), now).facts {
            self.seq += 1;
            let (input, procedure) = (input.clone(), "0123456789ab".to_owned());
            batch.facts.push(Recorded { seq: self.seq, at: now, input, procedure, fact });
        }
        batch.inputs.push((input, now));
        store.append(&batch).await.expect("it is recorded");
    }

    /// Two customers, one of whom is answered.
    async fn two_cases(&mut self) {
        let mut store = self.open().await;
        for (id, who, text) in
            [("m1", "Anneliese", "You LIARS, what a scam!!"), ("m2", "Bartholomew", "Refund my $900!")]
        {
            self.ask(&mut store, &format!("message:{id}"), Request::Message(says(id, who, text)), at(0)).await;
        }
        let note = Act::Note { text: "Anneliese phoned".to_owned() };
        let resolve = Act::Resolve { note: "sent flowers".to_owned() };
        for (seconds, act) in [(60, note), (120, resolve)] {
            let (about, reply) = (About::Typed(EscalationId(1).to_string()), ReplyTo("asker".to_owned()));
            let request = Request::Act { actor: staff("lea", &["leads"]), about, act, reply };
            self.ask(&mut store, &format!("interaction:{seconds}"), request, at(seconds)).await;
        }
        store.close().await.expect("it ends in order");
    }

    async fn prove(&self, head: Option<Link>) -> Proof {
        let mut store = SqliteStore::look(&self.path(), "desk").await.expect("it can be looked at");
        let mut proof = Proof::new("desk", head);
        let each = store.each_line(|line| {
            if let Ok(Fact::Erased(erased)) = Fact::read(&line.fact) {
                proof.erased(&erased);
            }
            proof.take(line);
            Ok::<(), StoreError>(())
        });
        each.await.expect("it can be read");
        proof.end();
        proof
    }

    async fn erase_anneliese(&self) -> Rewrote {
        let mut store = self.open().await;
        let plan = store.plan_erasure(&"Anneliese".into()).await.expect("it reads").expect("she is known");
        let done = store.erase(&plan, at(600), "0123456789ab").await.expect("it is erased");
        store.close().await.expect("it ends in order");
        done
    }

    /// What is found wrong.
    async fn check(&self, expected: Expect) {
        let proof = self.prove(None).await;
        let told = proof.broken.iter().map(|Broken { line, how }| format!("line {line} {}\n", how.told()));
        expected.assert_eq(&told.collect::<String>());
    }

    /// Whether these words lie anywhere in the files.
    fn holds(&self, words: &str) -> bool {
        let files = std::fs::read_dir(self.folder.path()).expect("the folder");
        files
            .map(|file| std::fs::read(file.expect("a file").path()).expect("its bytes"))
            .any(|bytes| bytes.windows(words.len()).any(|window| window.eq_ignore_ascii_case(words.as_bytes())))
    }
}

async fn after(statements: &str, expected: Expect) {
    let mut book = Book::new();
    book.two_cases().await;
    let head = book.prove(None).await;
    assert!(head.lines > 8 && head.broken.is_empty(), "{} lines: {:?}", head.lines, head.broken);
    book.sql(statements).await;
    book.check(expected).await;
}

#[tokio::test]
async fn a_change_is_found_and_named() {
    after(
        "UPDATE events SET fact = replace(fact, 'LIARS', 'LAIRS') WHERE seq = 2",
        expect![[r#"
            line 2 was changed: what it says is not what was recorded
        "#]],
    )
    .await;
    after(
        "UPDATE events SET at = at - 1 WHERE seq = 4",
        expect![[r#"
            line 4 was changed: its time, its version of the procedure or its digest is another
        "#]],
    )
    .await;
    after(
        "UPDATE events SET at = at + 1, link = randomblob(32) WHERE seq = 4",
        expect![[r#"
            line 4 does not follow the line before it: one of the two was changed together with its link
            line 5 was changed: its time, its version of the procedure or its digest is another
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_line_that_is_missing_is_found() {
    after(
        "DELETE FROM events WHERE seq IN (4, 5)",
        expect![[r#"
            line 6 follows 2 lines that are missing
        "#]],
    )
    .await;
    after(
        "DELETE FROM events WHERE seq = 4; UPDATE events SET seq = seq - 1 WHERE seq > 4",
        expect![[r#"
            line 4 follows a line that is missing
        "#]],
    )
    .await;
    after(
        "DELETE FROM events WHERE seq < 3",
        expect![[r#"
            line 3 follows 2 lines that are missing
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_line_too_many_and_a_line_elsewhere_are_found() {
    let insert = "UPDATE events SET seq = -seq WHERE seq >= 4; UPDATE events SET seq = 1 - seq WHERE seq < 0;
        INSERT INTO events SELECT desk, 4, at, input, procedure, fact, salt, digest, randomblob(32) FROM events WHERE seq = 3";
    after(
        insert,
        expect![[r#"
            line 4 was inserted: the next one was recorded right after the one before it
        "#]],
    )
    .await;
    let swap = "UPDATE events SET seq = -4 WHERE seq = 5; UPDATE events SET seq = 5 WHERE seq = 4;
        UPDATE events SET seq = 4 WHERE seq = -4";
    after(
        swap,
        expect![[r#"
            line 4 was moved: it was recorded after the next one
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_log_that_was_cut_off_lacks_a_link_that_it_had() {
    let mut book = Book::new();
    book.two_cases().await;
    let head = book.prove(None).await.head;
    assert!(book.prove(Some(head)).await.head_found);
    book.sql("DELETE FROM events WHERE seq = (SELECT MAX(seq) FROM events)").await;
    let cut = book.prove(Some(head)).await;
    assert!(!cut.head_found && cut.broken.is_empty(), "only the link tells");
}

/// What an older version has written gets its links when it is opened, once, and the log goes on.
#[tokio::test]
async fn an_older_log_is_chained_when_it_is_opened() {
    let mut book = Book::new();
    book.two_cases().await;
    book.sql(
        "ALTER TABLE events DROP COLUMN salt; ALTER TABLE events DROP COLUMN digest;
        ALTER TABLE events DROP COLUMN link; DELETE FROM _sqlx_migrations WHERE version = 2",
    )
    .await;
    let mut older = SqliteStore::look(&book.path(), "desk").await.expect("it can be looked at");
    let refused = older.each_line(|_| Ok::<(), StoreError>(())).await;
    assert!(matches!(refused, Err(StoreError::Unchained { .. })), "{refused:?}");
    drop(older);
    let mut store = book.open().await;
    book.ask(&mut store, "message:m3", Request::Message(says("m3", "Cleopatra", "Refund my $800!")), at(300)).await;
    let head = store.head();
    store.close().await.expect("it ends in order");
    let proof = book.prove(None).await;
    assert!(proof.broken.is_empty() && proof.lines > 8 && proof.head == head, "{:?}", proof.broken);
    let store = book.open().await;
    assert_eq!(store.head(), head, "it is chained once");
}

#[tokio::test]
async fn whoever_is_erased_is_gone_from_the_file_and_the_chain_holds() {
    let mut book = Book::new();
    book.two_cases().await;
    assert!(["Anneliese", "LIARS", "flowers", "message:m1"].iter().all(|words| book.holds(words)));
    let mut store = book.open().await;
    assert!(store.plan_erasure(&"Nobody".into()).await.expect("it reads").is_none());
    let plan = store.plan_erasure(&"Anneliese".into()).await.expect("it reads").expect("she is known");
    assert_eq!((plan.cases.len(), plan.messages, plan.named_in.len()), (1, 1, 0));
    store.erase(&plan, at(600), "0123456789ab").await.expect("it is erased");
    store.sweep().await.expect("it is swept");
    for words in ["Anneliese", "LIARS", "scam", "phoned", "flowers", "message:m1"] {
        assert!(!book.holds(words), "{words}");
    }
    assert!(book.holds("Bartholomew") && book.holds("message:m2"));
    assert!(store.plan_erasure(&"Anneliese".into()).await.expect("it reads").is_none(), "nothing is left of her");
    store.close().await.expect("it ends in order");
    book.check(expect![""]).await;
    let mut store = book.open().await;
    let facts = store.facts().await.expect("it reads");
    let desk: Desk = facts.into_iter().map(|line| (line.at, line.fact)).collect();
    let statuses = |desk: &Desk| desk.cases().map(|case| (case.id, case.status())).collect::<Vec<_>>();
    assert_eq!(statuses(&desk), statuses(&book.desk));
}

#[tokio::test]
async fn an_erasure_vouches_for_nothing_that_was_changed_before() {
    let mut book = Book::new();
    book.two_cases().await;
    book.sql("UPDATE events SET fact = replace(fact, 'support', 'suppert') WHERE seq = 2").await;
    assert_eq!(book.erase_anneliese().await.changed_before, [2]);
    assert!(!book.holds("Anneliese") && !book.holds("LIARS"));
    book.check(expect![[r#"
        line 2 was changed: what it says is not what was recorded
    "#]])
        .await;
}

/// Where a line is missing, or was changed, is said; nothing is taken for what it is not.
#[tokio::test]
async fn a_log_that_cannot_have_been_is_no_past() {
    let changes = [
        "DELETE FROM events WHERE fact LIKE '%\"opened\"%' AND seq < 4",
        "UPDATE events SET fact = replace(fact, '\"id\":2,', '\"id\":4294967295,')",
        "UPDATE events SET seq = 9223372036854775807 WHERE seq = (SELECT MAX(seq) FROM events)",
        "UPDATE events SET procedure = 'a' || char(30) || 'b' WHERE seq = 2",
    ];
    let mut told = Vec::new();
    for change in changes {
        let mut book = Book::new();
        book.two_cases().await;
        book.sql(change).await;
        let mut store = SqliteStore::look(&book.path(), "desk").await.expect("it is a log");
        let past = store.past().await.map_or_else(|error| error.to_string(), |past| format!("{} facts", past.last));
        let facts =
            store.facts().await.map_or_else(|error| error.to_string(), |facts| format!("{} facts", facts.len()));
        told.push(format!("{change}\n    {past}\n    {facts}\n"));
    }
    expect![[r#"
        DELETE FROM events WHERE fact LIKE '%"opened"%' AND seq < 4
            entry 6 of the log cannot have happened after those before it: `bellhop verify` says more
            8 facts
        UPDATE events SET fact = replace(fact, '"id":2,', '"id":4294967295,')
            entry 6 of the log cannot have happened after those before it: `bellhop verify` says more
            10 facts
        UPDATE events SET seq = 9223372036854775807 WHERE seq = (SELECT MAX(seq) FROM events)
            an entry of the log holds what this program does not write: `bellhop verify` says more
            an entry of the log holds what this program does not write: `bellhop verify` says more
        UPDATE events SET procedure = 'a' || char(30) || 'b' WHERE seq = 2
            10 facts
            an entry of the log holds what this program does not write: `bellhop verify` says more
    "#]]
    .assert_eq(&told.concat());
}

#[tokio::test]
async fn what_an_erasure_left_cannot_be_changed_either() {
    let mut book = Book::new();
    book.two_cases().await;
    book.sql("CREATE TABLE kept AS SELECT * FROM events").await;
    assert!(book.erase_anneliese().await.changed_before.is_empty());
    book.sql("UPDATE events SET fact = replace(fact, 'support', 'suppert') WHERE seq = 2").await;
    book.check(expect![[r#"
        line 2 was changed: what it says is not what was recorded
    "#]])
        .await;
    let back =
        "UPDATE events SET (input, fact, salt) = (SELECT input, fact, salt FROM kept WHERE kept.seq = events.seq)
        WHERE seq = 2";
    book.sql(back).await;
    book.check(expect![[r#"
        line 2 was erased, and yet says what it said before
    "#]])
        .await;
}

/// Nothing is lost, nothing is half done: what was planned is either all there or not at all.
#[tokio::test]
async fn an_erasure_that_fails_changes_nothing() {
    let mut book = Book::new();
    book.two_cases().await;
    let mut store = book.open().await;
    let plan = store.plan_erasure(&"Anneliese".into()).await.expect("it reads").expect("she is known");
    book.sql("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'the disk is full'); END").await;
    assert!(store.erase(&plan, at(600), "0123456789ab").await.is_err());
    book.sql("DROP TRIGGER full").await;
    let again = store.plan_erasure(&"Anneliese".into()).await.expect("it reads").expect("she is still there");
    assert_eq!(again.lines(), plan.lines());
    book.check(expect![""]).await;
    store.erase(&again, at(601), "0123456789ab").await.expect("it is erased");
    book.check(expect![""]).await;
}

#[tokio::test]
async fn what_is_too_old_goes_once() {
    let mut book = Book::new();
    book.two_cases().await;
    let mut store = book.open().await;
    let retention = Retention { resolved_cases: Some(TimeDelta::days(30)), ..Retention::default() };
    store.forget(&retention, at(0) + TimeDelta::days(29), "0123456789ab").await.expect("nothing is old");
    let before = store.head();
    store.forget(&retention, at(0) + TimeDelta::days(31), "0123456789ab").await.expect("it is forgotten");
    let after = store.head();
    assert_ne!(before, after);
    store.forget(&retention, at(0) + TimeDelta::days(32), "0123456789ab").await.expect("it was forgotten");
    assert_eq!(store.head(), after);
    assert!(!book.holds("flowers") && book.holds("Bartholomew"));
    book.check(expect![""]).await;
}

/// A log has one lock, by whichever name it is reached.
#[cfg(unix)]
/// Beside the loop that writes it, too.
#[tokio::test]
async fn the_lines_of_one_case_are_found() {
    let mut book = Book::new();
    book.two_cases().await;
    let store = book.open().await;
    let names = |events: Vec<(DateTime<Utc>, Event)>| {
        events.iter().map(|(at, event)| format!("{} {}", at.timestamp(), event.name())).collect::<Vec<_>>()
    };
    let mut all = book.open_beside().await;
    for id in [1, 2, 3, 12].map(EscalationId) {
        let of_it = |line: Recorded| match line.fact {
            Fact::Case { id: case, event } if case == id => Some((line.at, event)),
            _ => None,
        };
        let expected = all.facts().await.expect("a log").into_iter().filter_map(of_it).collect();
        let found = store.lies_at().case(id).await.expect("a log");
        assert_eq!(found.is_empty(), id.0 > 2, "{id}");
        assert_eq!(names(found), names(expected), "{id}");
    }
}

#[tokio::test]
async fn another_name_of_a_log_in_use_opens_nothing() {
    let book = Book::new();
    let _held = book.open().await;
    let link = book.folder.path().join("link.sqlite");
    std::os::unix::fs::symlink(book.path(), &link).expect("a link");
    assert!(matches!(SqliteStore::open(&link, "desk").await, Err(StoreError::InUse { .. })));
}

/// Nothing of ours goes into a file of somebody else's.
#[tokio::test]
async fn a_foreign_file_is_no_log() {
    let book = Book::new();
    let options = SqliteConnectOptions::new().filename(book.path()).create_if_missing(true);
    let mut connection: SqliteConnection = options.connect().await.expect("a file");
    sqlx::raw_sql("CREATE TABLE theirs (a)").execute(&mut connection).await.expect("SQL");
    drop(connection);
    assert!(matches!(SqliteStore::open(&book.path(), "desk").await, Err(StoreError::NoLog { .. })));
    assert!(matches!(SqliteStore::look(&book.path(), "desk").await, Err(StoreError::NoLog { .. })));
}

/// What a column cannot hold is named, and stops nobody with a panic.
#[tokio::test]
async fn a_value_that_is_none_of_ours_is_named() {
    for change in ["fact = x'ff00'", "at = 'soon'", "at = 9223372036854775807", "input = x'ff'"] {
        let mut book = Book::new();
        book.two_cases().await;
        book.sql(&format!("UPDATE events SET {change} WHERE seq = 2")).await;
        let mut store = SqliteStore::look(&book.path(), "desk").await.expect("it is a log");
        assert!(matches!(store.facts().await, Err(StoreError::Misshapen { seq: Some(2) })), "{change}");
        let mut lines = 0;
        let read = store.each_line(|_| {
            lines += 1;
            Ok::<(), StoreError>(())
        });
        read.await.expect("all that is there");
        assert!(lines > 2, "{change}");
    }
}
