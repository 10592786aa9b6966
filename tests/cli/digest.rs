//! `bellhop digest`: the same figures in every format, from a log that the bot may be writing.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use bellhop::sop::escalation::{Act, Grade};
use serde_json::Value;
use tempfile::TempDir;

use crate::logbook::{Logbook, minute};
use crate::program::bellhop;

/// A desk in a folder, with four cases in its log, one of them Legal's.
async fn monday() -> Result<TempDir> {
    let mut book = Logbook::new().await?;
    let who = |id| (id, "=SUM(A1)|*x*");
    book.says(0, who("500000000000000011"), "You are useless idiots!").await?;
    book.act_as("Tess|<i>", 3, 1, Act::Acknowledge { next: None }).await?;
    let note = "=cmd|' /C calc'!A0 | **done** <b>".to_owned();
    book.act_as("Tess|<i>", 20, 1, Act::Resolve { note }).await?;
    book.act_as("Tess|<i>", 21, 1, Act::Grade { grade: Grade::NotNeeded }).await?;
    book.says(30, who("500000000000000012"), "My lawyer will sue you.").await?;
    book.says(40, who("500000000000000013"), "I want a refund of $900.").await?;
    book.act_as("Tess|<i>", 49, 3, Act::Acknowledge { next: None }).await?;
    book.says(50, who("500000000000000014"), "I want a refund of $700.").await?;
    book.pass_until(minute(201)).await?;
    book.close().await
}

const DAY: [&str; 3] = ["digest", "--period", "2026-03-02"];

async fn written(folder: &Path, more: &[&str]) -> Result<String> {
    let arguments: Vec<&str> = DAY.iter().chain(more).copied().collect();
    let done = bellhop(folder, &arguments, b"").await?;
    ensure!(done.code == Some(0), "{}", done.err);
    ensure!(done.err.is_empty(), "{}", done.err);
    Ok(done.out)
}

/// Every number of the digest by its path, as the CSV names them.
fn figures(value: &Value) -> BTreeMap<String, String> {
    fn walk(value: &Value, path: &str, out: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(parts) => parts.iter().for_each(|(key, part)| walk(part, &format!("{path}.{key}"), out)),
            Value::Number(number) => {
                out.insert(path.trim_start_matches('.').to_owned(), number.to_string());
            }
            _ => {}
        }
    }
    let mut out = BTreeMap::new();
    for (section, value) in value.as_object().into_iter().flatten() {
        match value {
            Value::Array(items) => items.iter().enumerate().for_each(|(number, item)| {
                let named = ["id", "name", "team", "clock"].iter().find_map(|key| item[key].as_str());
                let of = named.filter(|name| !name.is_empty()).map_or_else(|| (number + 1).to_string(), str::to_owned);
                walk(item, &format!("{section}/{of}/"), &mut out);
            }),
            value => walk(value, &format!("{section}//"), &mut out),
        }
    }
    out.into_iter().map(|(path, number)| (path.replace("/.", "/"), number)).collect()
}

#[tokio::test]
async fn every_format_has_the_same_figures() -> Result<()> {
    let folder = monday().await?;
    let json: Value = serde_json::from_str(&written(folder.path(), &["--format", "json"]).await?)?;
    assert_eq!((&json["figures"]["opened"], &json["figures"]["resolved"]), (&3.into(), &1.into()));
    let mut wanted = figures(&json);
    assert!(wanted.len() > 60, "{wanted:#?}");

    let csv = written(folder.path(), &["--format", "csv"]).await?;
    let mut read = csv::Reader::from_reader(csv.as_bytes());
    for row in read.records() {
        let row = row?;
        let path = format!("{}/{}/{}", &row[0], row[1].trim_start_matches('\''), &row[2]);
        if let Some(number) = wanted.remove(&path) {
            assert_eq!(number, row[3], "{path}");
        }
        assert!(row.iter().all(|cell| !cell.starts_with(['=', '@', '+'])), "a formula: {row:?}");
    }
    assert!(wanted.is_empty(), "not in the table: {wanted:#?}");

    let md = written(folder.path(), &["--format", "md"]).await?;
    let row = |name: &str| -> Result<Vec<String>> {
        let line = md.lines().find(|line| line.starts_with(&format!("| {name} |"))).context(name.to_owned())?;
        Ok(line.split(" | ").skip(1).map(|cell| cell.trim_end_matches('|').trim().to_owned()).collect())
    };
    assert_eq!(row("cases opened")?, [json["figures"]["opened"].to_string(), json["before"]["opened"].to_string()]);
    assert_eq!(row("pages not answered in time")?[0], json["figures"]["breached"].to_string());
    let answered = &json["figures"]["acknowledge"];
    // To the nearest minute: pages arrive a second after they are asked for.
    let median = (answered["wall"]["median_seconds"].as_i64().context("a number")? + 30) / 60;
    assert_eq!(row("a page was answered")?[..2], [answered["count"].to_string(), format!("{median} min")]);
    assert_eq!(row("Angry customer")?[0], "1");

    // The page is the report: each of its rows is there.
    let html = written(folder.path(), &["--format", "html"]).await?;
    assert_eq!(html.matches("<tr>").count(), md.lines().filter(|line| is_row(line)).count());
    assert!(html.contains("<svg"), "its picture");
    for hostile in ["<b>", "<i>", "<script", "<em>"] {
        assert!(!html.contains(hostile), "{hostile} came through");
    }
    Ok(())
}

/// A row of a table with figures in it, or its heading.
fn is_row(line: &str) -> bool {
    line.starts_with('|') && !line.starts_with("|---")
}

#[tokio::test]
async fn a_picture_is_one() -> Result<()> {
    let folder = monday().await?;
    written(folder.path(), &["--format", "png", "--output", "digest.png"]).await?;
    let picture = std::fs::read(folder.path().join("digest.png"))?;
    assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n") && picture.ends_with(b"IEND\xaeB`\x82"), "no picture");
    let empty = bellhop(folder.path(), &["digest", "--period", "2026-01", "--format", "png"], b"").await?;
    assert_eq!((empty.code, empty.out.as_str()), (Some(1), ""), "{}", empty.err);
    Ok(())
}

/// Whoever is not cleared reads the same, whatever became of Legal's case.
#[tokio::test]
async fn what_is_confidential_is_for_the_team_that_may_read_it() -> Result<()> {
    let folder = monday().await?;
    let opened = |text: &str| -> Result<i64> {
        serde_json::from_str::<Value>(text)?["figures"]["opened"].as_i64().context("a number")
    };
    let (everybody, legal) = (
        written(folder.path(), &["-f", "json"]).await?,
        written(folder.path(), &["-f", "json", "--for", "legal"]).await?,
    );
    assert_eq!((opened(&everybody)?, opened(&legal)?), (3, 1));
    assert!(!everybody.contains("legal") && !everybody.contains("ESC-2"), "{everybody}");
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_answered_says_what_to_do() -> Result<()> {
    let folder = monday().await?;
    let cases: [(&[&str], &str); 6] = [
        (&["digest", "--period", "soon"], "is no stretch of time: write today"),
        (&["digest", "--period", "2090-01"], "has not begun"),
        (&["digest", "--since", "2090-01-01"], "is in the future"),
        (&["digest", "--since", "2026-03-02", "--until", "2026-03-01"], "--until is not after --since"),
        (&["digest", "--for", "leagl"], "there is no team \"leagl\": choose from"),
        (&["digest", "--log", "nowhere.sqlite"], "there is no log nowhere.sqlite"),
    ];
    for (arguments, says) in cases {
        let done = bellhop(folder.path(), arguments, b"").await?;
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{arguments:?}: {}", done.err);
        assert!(done.err.contains(says), "{arguments:?}: {}", done.err);
    }
    Ok(())
}

/// What a log comes to is never written over that log, nor over the config.
#[tokio::test]
async fn nothing_is_written_over_what_it_is_made_of() -> Result<()> {
    let folder = monday().await?;
    for file in ["bellhop.sqlite", "config.toml"] {
        let before = std::fs::read(folder.path().join(file))?;
        for command in [&["digest", "--period", "2026-03-02"][..], &["export", "--format", "csv"]] {
            let arguments: Vec<&str> = command.iter().copied().chain(["--output", file]).collect();
            let done = bellhop(folder.path(), &arguments, b"").await?;
            assert_eq!(done.code, Some(2), "{arguments:?}: {}", done.err);
            assert!(done.err.contains("is what this is made of"), "{}", done.err);
        }
        assert_eq!(std::fs::read(folder.path().join(file))?, before, "{file}");
    }
    Ok(())
}
