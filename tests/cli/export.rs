//! `bellhop export`: the same log gives the same bytes, and nobody gets what they may not read.

use anyhow::{Result, ensure};
use expect_test::{Expect, expect};

use crate::logbook::Logbook;
use crate::program::bellhop;

async fn export(arguments: &[&str]) -> Result<String> {
    let book = Logbook::morning().await?;
    let arguments: Vec<&str> = ["export"].iter().chain(arguments).copied().collect();
    let first = bellhop(book.folder.path(), &arguments, b"").await?.to_string();
    ensure!(first == bellhop(book.folder.path(), &arguments, b"").await?.to_string(), "another time, other bytes");
    Ok(first.replace(book.version(), "VERSION"))
}

async fn check(arguments: &[&str], expected: Expect) -> Result<()> {
    let told = export(arguments).await?;
    expected.assert_eq(&told.replace("\r\n", "\n"));
    Ok(())
}

#[tokio::test]
async fn cases_are_a_table_without_what_is_confidential() -> Result<()> {
    check(
        &["--format", "csv"],
        expect![[r#"
            exit 0
            --- out
            case,status,severity,drill,confidential,triggers,plan,team,opened,opened_by,customer,ticket,messages,paged,pages,acknowledged,acknowledged_by,resolved,resolved_by,merged_into,breaches,grade,graded_by,procedure
            ESC-1,resolved,sev2,false,false,refund,managers,managers,2026-03-02T09:00:00.000Z,,Dana,,1,2026-03-02T09:00:01.000Z,1,2026-03-02T09:05:00.000Z,Mona,2026-03-02T09:20:00.000Z,Mona,,0,right_call,Mona,VERSION
            ESC-2,unacknowledged,sev3,false,false,angry,leads,managers,2026-03-02T09:01:00.000Z,,"'=HYPERLINK(""http://evil.example"")",,1,2026-03-02T09:01:01.000Z,3,,,,,,2,,,VERSION
        "#]],
    )
    .await
}

#[tokio::test]
async fn a_team_gets_its_confidential_cases_too() -> Result<()> {
    check(
        &["--format", "csv", "--for", "legal", "--since", "2026-03-02 09:02"],
        expect![[r#"
            exit 0
            --- out
            case,status,severity,drill,confidential,triggers,plan,team,opened,opened_by,customer,ticket,messages,paged,pages,acknowledged,acknowledged_by,resolved,resolved_by,merged_into,breaches,grade,graded_by,procedure
            ESC-3,unacknowledged,sev1,false,true,legal,legal,managers,2026-03-02T09:02:00.000Z,,Fred,,1,2026-03-02T09:02:01.000Z,2,,,,,,1,,,VERSION
        "#]],
    )
    .await?;
    check(
        &["--format", "csv", "--for", "tier-2", "--since", "2026-03-02 09:02"],
        expect![[r#"
            exit 0
            --- out
            case,status,severity,drill,confidential,triggers,plan,team,opened,opened_by,customer,ticket,messages,paged,pages,acknowledged,acknowledged_by,resolved,resolved_by,merged_into,breaches,grade,graded_by,procedure
        "#]],
    )
    .await
}

#[tokio::test]
async fn what_happened_is_a_line_each() -> Result<()> {
    check(
        &["--format", "jsonl", "--since", "2026-03-02 09:20", "--until", "2026-03-02 09:40"],
        expect![[r#"
            exit 0
            --- out
            {"line":24,"at":"2026-03-02T09:20:00.000Z","procedure":"VERSION","fact":"case","id":1,"event":{"event":"resolved","by":{"id":"4005","name":"Mona","standing":"staff"},"note":"paid back"}}
            {"line":25,"at":"2026-03-02T09:21:00.000Z","procedure":"VERSION","fact":"case","id":1,"event":{"event":"graded","by":{"id":"4005","name":"Mona","standing":"staff"},"grade":"right_call"}}
            {"line":26,"at":"2026-03-02T09:31:00.000Z","procedure":"VERSION","fact":"case","id":2,"event":{"event":"reminded","due":"2026-03-02T09:31:00Z","late_seconds":0}}
        "#]],
    )
    .await?;
    let (all, legal) = (["--format", "jsonl"], ["--format", "jsonl", "--for", "legal"]);
    let (all, legal) = (export(&all).await?, export(&legal).await?);
    ensure!(!all.contains("lawyer") && !all.contains("Fred") && legal.contains("lawyer"), "{all}");
    Ok(())
}

#[tokio::test]
async fn a_file_holds_what_would_be_printed() -> Result<()> {
    let folder = Logbook::morning().await?.close().await?;
    let printed = bellhop(folder.path(), &["export", "--format", "csv"], b"").await?;
    let done = bellhop(folder.path(), &["export", "--format", "csv", "-o", "cases.csv"], b"").await?;
    ensure!(done.code == Some(0) && done.out.is_empty() && done.err.is_empty(), "{done}");
    ensure!(std::fs::read_to_string(folder.path().join("cases.csv"))? == printed.out);
    Ok(())
}

#[tokio::test]
async fn wrong_usage_says_what_is_right() -> Result<()> {
    check(
        &["--format", "csv", "--for", "legla"],
        expect![[r#"
            exit 2
            --- err
            error: there is no team "legla": choose from tier-1, tier-2, team-leads, managers, engineering, legal, security
        "#]],
    )
    .await?;
    check(
        &["--format", "csv", "--since", "yesterday"],
        expect![[r#"
            exit 2
            --- err
            error: --since "yesterday" is not a time: write "2026-12-24 18:00"
        "#]],
    )
    .await
}
