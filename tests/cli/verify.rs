//! `bellhop verify`: a log that is whole, and everything that can be wrong with one.

use anyhow::{Context, Result, ensure};
use bellhop::engine::store::Recorded;
use bellhop::sop::desk::Fact;
use bellhop::sop::escalation::Event;
use chrono::TimeDelta;
use expect_test::{Expect, expect};
use serde_json::Value;

use crate::desk;
use crate::logbook::{Logbook, masked, sql};
use crate::program::{bellhop, bellhop_unread};

/// What is said of a morning's log after somebody has written into it.
async fn check(statements: &str, arguments: &[&str], expected: Expect) -> Result<()> {
    let folder = Logbook::morning().await?.close().await?;
    sql(folder.path(), statements).await?;
    let arguments: Vec<&str> = ["verify"].iter().chain(arguments).copied().collect();
    expected.assert_eq(&masked(&bellhop(folder.path(), &arguments, b"").await?.to_string()));
    Ok(())
}

#[tokio::test]
async fn a_whole_log_is_called_whole() -> Result<()> {
    check(
        "",
        &[],
        expect![[r#"
            exit 0
            --- out
            ✓ The log is whole: 35 lines of the desk "harbor" from 2026-03-02 09:00:00Z to 2026-03-02 09:46:03Z, 3 cases.
              11 results of time worked out again: breached 3, paged 3, raised 3, reminded 2.
              Last link: LINK
              Kept elsewhere, it shows later that nothing was cut off: bellhop verify --head LINK
        "#]],
    )
    .await?;
    check(
        "",
        &["--json"],
        expect![[r#"
            exit 0
            --- out
            {"lines":35,"first":"2026-03-02T09:00:00.000Z","last":"2026-03-02T09:46:03.000Z","cases":3,"results":{"breached":3,"paged":3,"raised":3,"reminded":2},"erased":0,"head":"LINK","wrong":0}
        "#]],
    )
    .await
}

#[tokio::test]
async fn what_was_changed_is_named() -> Result<()> {
    let changed = "UPDATE events SET fact = replace(fact, 'idiots', 'friends') WHERE fact LIKE '%idiots%'";
    check(
        changed,
        &[],
        expect![[r#"
            exit 1
            --- out
            ✗ line 7 was changed: what it says is not what was recorded
            ✗ The log is not whole: 35 lines of the desk "harbor" from 2026-03-02 09:00:00Z to 2026-03-02 09:46:03Z, 3 cases.
              11 results of time worked out again: breached 3, paged 3, raised 3, reminded 2.
              Last link: LINK
              Kept elsewhere, it shows later that nothing was cut off: bellhop verify --head LINK
        "#]],
    )
    .await?;
    check(
        changed,
        &["--json"],
        expect![[r#"
            exit 1
            --- out
            {"line":7,"broken":"changed"}
            {"lines":35,"first":"2026-03-02T09:00:00.000Z","last":"2026-03-02T09:46:03.000Z","cases":3,"results":{"breached":3,"paged":3,"raised":3,"reminded":2},"erased":0,"head":"LINK","wrong":1}
        "#]],
    )
    .await?;
    check(
        "DELETE FROM events WHERE fact LIKE '%breached%'",
        &[],
        expect![[r#"
            exit 1
            --- out
            ✗ line 21 follows a line that is missing
            ✗ line 29 follows a line that is missing
            ✗ line 33 follows a line that is missing
            ✗ ESC-2, line 21: worked out is breached (page 1, due 2026-03-02T09:16:01Z, 0 s late), which is not recorded
            ✗ ESC-3, line 29: worked out is breached (page 1, due 2026-03-02T09:32:01Z, 0 s late), which is not recorded
            ✗ ESC-2, line 33: worked out is breached (page 2, due 2026-03-02T09:46:02Z, 0 s late), which is not recorded
            ✗ The log is not whole: 32 lines of the desk "harbor" from 2026-03-02 09:00:00Z to 2026-03-02 09:46:03Z, 3 cases.
              8 results of time worked out again: paged 3, raised 3, reminded 2.
              Last link: LINK
              Kept elsewhere, it shows later that nothing was cut off: bellhop verify --head LINK
        "#]],
    )
    .await?;
    let unreadable = "UPDATE events SET fact = '{\"fact\":\"nonsense\"}' WHERE seq = 6";
    check(
        unreadable,
        &[],
        expect![[r#"
            exit 1
            --- out
            ✗ line 6 was changed: what it says is not what was recorded
            ✗ line 6 is none that this version understands, from character 18 on
              From there on no result could be worked out.
            ✗ The log is not whole: 35 lines of the desk "harbor" from 2026-03-02 09:00:00Z to 2026-03-02 09:46:03Z, 1 case.
              0 results of time worked out again.
              Last link: LINK
              Kept elsewhere, it shows later that nothing was cut off: bellhop verify --head LINK
        "#]],
    )
    .await
}

/// What is said of a chain around changed lines; those that answer with "no" are left out.
async fn falsified(facts: &[Recorded], change: fn(&mut Recorded) -> bool) -> Result<String> {
    let mut book = Logbook::new().await?;
    for mut line in facts.iter().cloned() {
        if change(&mut line) {
            book.record(line.at, vec![line.fact]).await?;
        }
    }
    let folder = book.close().await?;
    Ok(masked(&bellhop(folder.path(), &["verify"], b"").await?.to_string()))
}

/// Somebody wrote a chain of their own around other results: their links are right, and their sums are not.
#[tokio::test]
async fn a_result_that_does_not_follow_is_named() -> Result<()> {
    let facts = Logbook::morning().await?.facts().await?;
    let earlier = falsified(&facts, |line| {
        if let Fact::Case { event: Event::Breached { due, .. }, .. } = &mut line.fact {
            *due -= TimeDelta::minutes(5);
        }
        true
    });
    expect![[r#"
        exit 1
        --- out
        ✗ ESC-2, line 20: recorded is breached (page 1, due 2026-03-02T09:11:01Z, 0 s late), worked out is breached (page 1, due 2026-03-02T09:16:01Z, 0 s late)
        ✗ ESC-3, line 28: recorded is breached (page 1, due 2026-03-02T09:27:01Z, 0 s late), worked out is breached (page 1, due 2026-03-02T09:32:01Z, 0 s late)
        ✗ ESC-2, line 32: recorded is breached (page 2, due 2026-03-02T09:41:02Z, 0 s late), worked out is breached (page 2, due 2026-03-02T09:46:02Z, 0 s late)
        ✗ The log is not whole: 35 lines of the desk "harbor" from 2026-03-02 09:00:00Z to 2026-03-02 09:46:03Z, 3 cases.
          11 results of time worked out again: breached 3, paged 3, raised 3, reminded 2.
          Last link: LINK
          Kept elsewhere, it shows later that nothing was cut off: bellhop verify --head LINK
    "#]]
    .assert_eq(&earlier.await?);
    let left_out = falsified(&facts, |line| !matches!(&line.fact, Fact::Case { event: Event::Breached { .. }, .. }));
    expect![[r#"
        exit 1
        --- out
        ✗ ESC-2, line 20: worked out is breached (page 1, due 2026-03-02T09:16:01Z, 0 s late), which is not recorded
        ✗ ESC-3, line 27: worked out is breached (page 1, due 2026-03-02T09:32:01Z, 0 s late), which is not recorded
        ✗ ESC-2, line 30: worked out is breached (page 2, due 2026-03-02T09:46:02Z, 0 s late), which is not recorded
        ✗ The log is not whole: 32 lines of the desk "harbor" from 2026-03-02 09:00:00Z to 2026-03-02 09:46:03Z, 3 cases.
          8 results of time worked out again: paged 3, raised 3, reminded 2.
          Last link: LINK
          Kept elsewhere, it shows later that nothing was cut off: bellhop verify --head LINK
    "#]]
    .assert_eq(&left_out.await?);
    Ok(())
}

#[tokio::test]
async fn a_link_that_was_kept_shows_what_was_cut_off() -> Result<()> {
    let folder = Logbook::morning().await?.close().await?;
    let done = bellhop(folder.path(), &["verify", "--json"], b"").await?;
    let all: Value = serde_json::from_str(done.out.trim())?;
    let head = all["head"].as_str().context("the last link is told")?;
    ensure!(bellhop(folder.path(), &["verify", "--head", head], b"").await?.code == Some(0));
    let cut = "DELETE FROM events WHERE seq > (SELECT seq FROM events WHERE fact LIKE '%\"graded\"%')";
    sql(folder.path(), cut).await?;
    ensure!(bellhop(folder.path(), &["verify"], b"").await?.code == Some(0), "without it nothing shows");
    let done = bellhop(folder.path(), &["verify", "--head", head], b"").await?;
    ensure!(done.code == Some(1) && done.out.contains("the link of --head is not in it"), "{done}");
    let done = bellhop(folder.path(), &["verify", "--head", "abc"], b"").await?;
    ensure!(done.code == Some(2) && done.err.contains("64 hexadecimal digits"), "{done}");
    Ok(())
}

/// The lock of whoever writes is not in the way.
#[tokio::test]
async fn a_log_can_be_checked_while_it_is_written() -> Result<()> {
    let book = Logbook::morning().await?;
    let done = bellhop(book.folder.path(), &["verify"], b"").await?;
    ensure!(done.code == Some(0), "{done}");
    Ok(())
}

#[tokio::test]
async fn without_a_log_it_says_where_one_is_named() -> Result<()> {
    let folder = desk(&[])?;
    for subcommand in [&["verify"][..], &["export", "--format", "csv"], &["erase", "--customer", "5", "--yes"]] {
        let done = bellhop(folder.path(), subcommand, b"").await?;
        expect![[r#"
            exit 2
            --- err
            error: there is no log bellhop.sqlite: name it with --log, or the config of its desk with --config
        "#]]
        .assert_eq(&done.to_string());
    }
    ensure!(!folder.path().join("bellhop.sqlite").exists(), "none is made");
    let folder = Logbook::morning().await?.close().await?;
    let config = std::fs::read_to_string(folder.path().join("config.toml"))?;
    std::fs::write(folder.path().join("config.toml"), config.replace("id = \"harbor\"", "id = \"other\""))?;
    let done = bellhop(folder.path(), &["verify"], b"").await?;
    expect![[r#"
        exit 2
        --- err
        error: there is nothing of the desk "other" in bellhop.sqlite
    "#]]
    .assert_eq(&done.to_string());
    Ok(())
}

/// Whatever somebody wrote there: it is found, and named.
#[tokio::test]
async fn a_line_that_holds_what_cannot_be_is_named() -> Result<()> {
    for change in ["fact = x'7bff'", "at = 'soon'", "at = 1.5", "input = x'ff'", "procedure = 7"] {
        let folder = Logbook::morning().await?.close().await?;
        sql(folder.path(), &format!("UPDATE events SET {change} WHERE seq = 20")).await?;
        let done = bellhop(folder.path(), &["verify"], b"").await?;
        ensure!(done.code == Some(1) && done.out.contains("✗ line 20 "), "{change}: {done}");
    }
    Ok(())
}

/// Whoever reads only the first line has the same answer.
#[tokio::test]
async fn a_broken_log_is_broken_for_whoever_reads_no_further() -> Result<()> {
    let folder = Logbook::morning().await?.close().await?;
    sql(folder.path(), "DELETE FROM events WHERE seq = 20").await?;
    for arguments in [&["verify"][..], &["verify", "--json"]] {
        let done = bellhop_unread(folder.path(), arguments, b"").await?;
        ensure!(done.code == Some(1), "{arguments:?}: {done}");
    }
    Ok(())
}
