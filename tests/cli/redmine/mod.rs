//! A second ticket system as it is: every verb against a real Redmine.

mod instance;

use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use bellhop::adapters::tickets::{Account, Assignee, InternalNote, Noted, PublicReply, TicketError, TicketId};
use bellhop::sop::ticket::Visibility;
use chrono::{TimeDelta, Utc};
use expect_test::expect;
use reqwest::Method;
use serde_json::json;

use crate::real_tickets;
use instance::Redmine;

#[tokio::test(flavor = "multi_thread")]
async fn every_verb_does_what_it_says() -> Result<()> {
    let redmine = Redmine::start().await?;
    let account = redmine.account("bellhop")?;
    an_issue_is_understood(&redmine, &account).await?;
    a_note_is_for_staff_and_written_once(&redmine, &account).await?;
    a_note_that_would_be_public_is_not_written(&redmine).await?;
    an_issue_is_given_to_people(&redmine, &account).await?;
    what_changed_is_told(&redmine, &account).await?;
    who_may_not_is_told_so(&redmine, &account).await
}

async fn opened(redmine: &Redmine, account: &Account, subject: &str) -> Result<TicketId> {
    let issue =
        json!({"project_id": "support", "tracker_id": 3, "subject": subject, "description": "It drops every night."});
    let made = redmine.send("dana", Method::POST, "/issues.json", &json!({"issue": issue})).await?;
    account.ticket_id(&made["issue"]["id"].to_string()).context("an id of a ticket")
}

async fn said(redmine: &Redmine, login: &str, id: &TicketId, text: &str) -> Result<()> {
    let said = json!({"issue": {"notes": text}});
    redmine.send(login, Method::PUT, &format!("/issues/{id}.json"), &said).await.map(drop)
}

async fn an_issue_is_understood(redmine: &Redmine, account: &Account) -> Result<()> {
    let id = opened(redmine, account, "Router drops").await?;
    said(redmine, "dana", &id, "Still so.").await?;
    account.public_reply(&id, &PublicReply::for_the_customer_to_read("We look.")).await?;
    account.internal_note(&id, &InternalNote::new("A known fault.", "[ESC-11 #1]"), false).await?;
    let ticket = account.fetch(&id).await?;
    let mut text = format!("{:?} {}, group {:?}\n", ticket.subject, ticket.status.word(), ticket.group);
    for it in &ticket.comments {
        writeln!(text, "{:?} {:?} {}: {:?}", it.role, it.visibility, it.author, it.text)?;
    }
    expect![[r#"
        "Router drops" open, group Some("Support")
        Customer Public Dana Doe: "It drops every night."
        Customer Public Dana Doe: "Still so."
        Agent Public Bellhop Doe: "We look."
        Agent Internal Bellhop Doe: "A known fault.\n\n[ESC-11 #1]"
    "#]]
    .assert_eq(&text);
    ensure!(ticket.requester.id == redmine.id("dana")? && ticket.requester.name == "Dana Doe", "{ticket:?}");
    let since = Utc::now() - TimeDelta::days(1);
    ensure!(account.recent_count(&ticket.requester, since).await? == 1, "one issue was opened");
    Ok(())
}

async fn a_note_is_for_staff_and_written_once(redmine: &Redmine, account: &Account) -> Result<()> {
    let id = opened(redmine, account, "Notes").await?;
    let note = InternalNote::new("Taken by Sofia.\n<b>1 & 2</b>", "[ESC-12 #3]");
    for (maybe_written, noted) in [(false, Noted::Written), (true, Noted::WasThere)] {
        ensure!(account.internal_note(&id, &note, maybe_written).await? == noted);
    }
    let ticket = account.fetch(&id).await?;
    let notes: Vec<_> = ticket.comments.iter().filter(|comment| comment.text.contains("[ESC-12 #3]")).collect();
    ensure!(notes.len() == 1 && notes[0].visibility == Visibility::Internal, "{notes:?}");
    let seen = redmine.account("dana")?.fetch(&id).await?;
    ensure!(seen.comments.len() == 1, "the customer sees what she wrote, and no note: {seen:?}");
    Ok(())
}

/// Of an account without the permission Redmine takes a private note as a public one.
async fn a_note_that_would_be_public_is_not_written(redmine: &Redmine) -> Result<()> {
    let dana = redmine.account("dana")?;
    let id = opened(redmine, &dana, "Public").await?;
    for login in ["stranger", "dana"] {
        let noted =
            redmine.account(login)?.internal_note(&id, &InternalNote::new("Secret.", "[ESC-13 #1]"), false).await;
        ensure!(matches!(noted, Err(TicketError::Unauthorised { .. })), "{login}: {noted:?}");
    }
    let seen = dana.fetch(&id).await?;
    ensure!(seen.comments.len() == 1, "nothing was written: {seen:?}");
    Ok(())
}

async fn an_issue_is_given_to_people(redmine: &Redmine, account: &Account) -> Result<()> {
    let id = opened(redmine, account, "Given away").await?;
    let sofia = Assignee::Person(redmine.id("sofia")?.to_owned());
    let by_stranger = redmine.account("stranger")?.assign(&id, &sofia).await;
    ensure!(matches!(by_stranger, Err(TicketError::Refused { status: 204, .. })), "{by_stranger:?}");
    account.assign(&id, &sofia).await?;
    ensure!(account.fetch(&id).await?.assignee.as_deref() == Some("Sofia Doe"));
    let unknown = account.assign(&id, &Assignee::Person("999".to_owned())).await;
    expect![[r#"
        Err(Refused { status: 422, why: "Assignee is invalid" })
    "#]]
    .assert_eq(&format!("{unknown:?}\n"));
    Ok(())
}

async fn what_changed_is_told(redmine: &Redmine, account: &Account) -> Result<()> {
    let (first, second) = (opened(redmine, account, "First").await?, opened(redmine, account, "Second").await?);
    let touch = async || said(redmine, "sofia", &first, "Looked again.").await;
    real_tickets::what_changed_is_told(account, &first, &second, touch).await
}

async fn who_may_not_is_told_so(redmine: &Redmine, account: &Account) -> Result<()> {
    let id = opened(redmine, account, "Secret").await?;
    let project = json!({"project": {"is_public": false}});
    redmine.send("bellhop", Method::PUT, "/projects/support.json", &project).await?;
    let unknown = account.ticket_id("999").context("an id")?;
    let (stranger, wrong) = (redmine.account("stranger")?, redmine.account_with_key("wr0ng")?);
    let mut told = String::new();
    for (who, account, id) in
        [("a wrong key", &wrong, &id), ("without rights", &stranger, &id), ("an unknown id", account, &unknown)]
    {
        writeln!(told, "{who}: {:?}", account.fetch(id).await.map(drop))?;
    }
    expect![[r#"
        a wrong key: Err(Unauthorised { status: 401, why: "no reason given" })
        without rights: Err(Unauthorised { status: 403, why: "no reason given" })
        an unknown id: Err(NotFound)
    "#]]
    .assert_eq(&told);
    let changed = stranger.changed_since(Utc::now() - TimeDelta::hours(1)).await;
    ensure!(changed == Ok(Vec::new()), "a stranger is told of nothing: {changed:?}");
    Ok(())
}
