//! A ticket system as it is: every verb against a real Request Tracker.

mod instance;
mod whole;

use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use bellhop::adapters::tickets::{Account, Assignee, InternalNote, Noted, PublicReply, TicketError, TicketId};
use bellhop::sop::ticket::{Ticket, Visibility};
use chrono::{TimeDelta, Utc};
use data_encoding::BASE64;
use expect_test::expect;
use serde_json::json;

use crate::desk;
use crate::program::Program;
use crate::real_tickets;
use instance::RequestTracker;

/// Starting one takes as long as all the rest.
#[tokio::test(flavor = "multi_thread")]
async fn every_verb_does_what_it_says() -> Result<()> {
    let tracker = RequestTracker::start().await?;
    let account = tracker.account("bellhop", "pass-of-bellhop")?;
    a_ticket_is_understood(&tracker, &account).await?;
    forms_of_what_is_said(&tracker, &account).await?;
    a_note_is_for_staff_and_written_once(&tracker, &account).await?;
    a_reply_reaches_the_customer(&tracker, &account).await?;
    a_ticket_is_given_to_queues_and_people(&tracker, &account).await?;
    what_changed_is_told(&tracker, &account).await?;
    who_may_not_is_told_so(&tracker, &account).await?;
    the_program_shows_it(&tracker).await?;
    whole::a_link_brings_the_ticket_and_its_customer_is_heard(&tracker, &account).await
}

async fn opened(tracker: &RequestTracker, account: &Account, subject: &str) -> Result<TicketId> {
    let ticket = json!({"Queue": "General", "Subject": subject, "Requestor": "dana@customer.test",
        "Content": "It drops every night.", "ContentType": "text/plain"});
    let made = tracker.post("root", "/ticket", &ticket).await?;
    account.ticket_id(made["id"].as_str().context("an id")?).context("an id of a ticket")
}

async fn said(tracker: &RequestTracker, login: &str, id: &TicketId, how: &str, text: &str) -> Result<()> {
    let said = json!({"Content": text, "ContentType": "text/plain"});
    tracker.post(login, &format!("/ticket/{id}/{how}"), &said).await.map(drop)
}

fn understood(ticket: &Ticket) -> Result<String> {
    let mut text = String::new();
    let Ticket { subject, status, requester, assignee, group, .. } = ticket;
    writeln!(text, "{subject:?} {}, assignee {assignee:?}, group {group:?}", status.word())?;
    let (name, email, organisation) = (&requester.name, &requester.email, &requester.organisation);
    writeln!(text, "from {} {name:?} {email:?} {organisation:?}", requester.id)?;
    for it in &ticket.comments {
        writeln!(text, "{:?} {:?} {}: {:?}", it.role, it.visibility, it.author, it.text)?;
    }
    Ok(text)
}

async fn a_ticket_is_understood(tracker: &RequestTracker, account: &Account) -> Result<()> {
    let id = opened(tracker, account, "Router drops").await?;
    said(tracker, "dana", &id, "correspond", "Still so.").await?;
    said(tracker, "sofia", &id, "correspond", "We look.").await?;
    said(tracker, "sofia", &id, "comment", "A known fault.").await?;
    let ticket = account.fetch(&id).await?;
    expect![[r#"
        "Router drops" open, assignee None, group Some("General")
        from dana "Dana Doe" Some("dana@customer.test") Some("Acme")
        Agent Public root: "It drops every night."
        Customer Public dana: "Still so."
        Agent Public sofia: "We look."
        Agent Internal sofia: "A known fault."
    "#]]
    .assert_eq(&understood(&ticket)?);
    let (with_token, since) = (tracker.account_with_token()?, Utc::now() - TimeDelta::days(2));
    ensure!(with_token.recent_count(&ticket.requester, since).await? == 1, "one ticket was opened");
    Ok(())
}

/// A mail of HTML only, and one with a file that is longer than all that is read.
async fn forms_of_what_is_said(tracker: &RequestTracker, account: &Account) -> Result<()> {
    let id = opened(tracker, account, "Forms").await?;
    let html = json!({"Content": "<p>It <b>drops</b> &amp; drops.</p><p>Dana</p>", "ContentType": "text/html"});
    tracker.post("dana", &format!("/ticket/{id}/correspond"), &html).await?;
    let file = |name: &str, kind: &str, content: &[u8]| json!({"FileName": name, "FileType": kind, "FileContent": BASE64.encode(content)});
    let files = [file("router.log", "text/plain", b"drop drop"), file("photo.png", "image/png", &vec![7; 3_300_000])];
    let with_files = json!({"Content": "See the photo.", "ContentType": "text/plain", "Attachments": files});
    tracker.post("dana", &format!("/ticket/{id}/correspond"), &with_files).await?;
    let ticket = account.fetch(&id).await?;
    let texts: Vec<&str> = ticket.comments.iter().map(|comment| comment.text.as_str()).collect();
    ensure!(texts == ["It drops every night.", "It drops & drops.\n\nDana", "See the photo."], "{texts:?}");
    Ok(())
}

async fn a_note_is_for_staff_and_written_once(tracker: &RequestTracker, account: &Account) -> Result<()> {
    let id = opened(tracker, account, "Notes").await?;
    let note = InternalNote::new("Taken by Sofia.\n<b>1 & 2</b>", "[ESC-12 #3]");
    for (maybe_written, noted) in [(false, Noted::Written), (true, Noted::WasThere)] {
        ensure!(account.internal_note(&id, &note, maybe_written).await? == noted);
    }
    let ticket = account.fetch(&id).await?;
    let notes: Vec<_> = ticket.comments.iter().filter(|comment| comment.text.contains("[ESC-12 #3]")).collect();
    ensure!(notes.len() == 1 && notes[0].visibility == Visibility::Internal, "{notes:?}");
    ensure!(notes[0].text == "Taken by Sofia.\n<b>1 & 2</b>\n\n[ESC-12 #3]", "{notes:?}");
    let seen = tracker.account("dana", "pass-of-dana")?.fetch(&id).await?;
    ensure!(seen.comments.len() == 1, "the customer sees what she wrote, and no note: {seen:?}");
    ensure!(!tracker.mails()?.contains("ESC-12"), "a note is mailed to nobody");
    Ok(())
}

async fn a_reply_reaches_the_customer(tracker: &RequestTracker, account: &Account) -> Result<()> {
    let id = opened(tracker, account, "Replies").await?;
    account.public_reply(&id, &PublicReply::for_the_customer_to_read("A new router is on its way.")).await?;
    let ticket = account.fetch(&id).await?;
    let reply = ticket.comments.last().context("a reply")?;
    ensure!(
        (reply.visibility, reply.text.as_str()) == (Visibility::Public, "A new router is on its way."),
        "{reply:?}"
    );
    let mails = tracker.mails()?;
    let mail = mails.split("\n===\n").find(|mail| mail.contains("A new router is on its way."));
    ensure!(mail.context("a mail")?.contains("\nto: dana@customer.test"), "{mails}");
    Ok(())
}

async fn a_ticket_is_given_to_queues_and_people(tracker: &RequestTracker, account: &Account) -> Result<()> {
    let id = opened(tracker, account, "Given away").await?;
    account.assign(&id, &Assignee::Group("Tier2".to_owned())).await?;
    account.assign(&id, &Assignee::Person("sofia".to_owned())).await?;
    let ticket = account.fetch(&id).await?;
    let given = (ticket.group.as_deref(), ticket.assignee.as_deref());
    ensure!(given == (Some("Tier2"), Some("sofia")), "{given:?}");
    let mut refusals = String::new();
    for to in [Assignee::Group("Tier9".to_owned()), Assignee::Person("nobody-there".to_owned())] {
        writeln!(refusals, "{:?}", account.assign(&id, &to).await)?;
    }
    expect![[r#"
        Err(Refused { status: 200, why: "Ticket (id): Queue Tier9 does not exist" })
        Err(Refused { status: 200, why: "Ticket (id): That user does not exist" })
    "#]]
    .assert_eq(&refusals.replace(id.as_str(), "(id)"));
    Ok(())
}

/// Though the account's zone is another one.
async fn what_changed_is_told(tracker: &RequestTracker, account: &Account) -> Result<()> {
    let (first, second) = (opened(tracker, account, "First").await?, opened(tracker, account, "Second").await?);
    let touch = async || said(tracker, "sofia", &first, "comment", "Looked again.").await;
    real_tickets::what_changed_is_told(account, &first, &second, touch).await
}

async fn who_may_not_is_told_so(tracker: &RequestTracker, account: &Account) -> Result<()> {
    let id = opened(tracker, account, "Secret").await?;
    let unknown = account.ticket_id("999").context("an id")?;
    let note = InternalNote::new("Taken.", "[ESC-13 #1]");
    let stranger = tracker.account("stranger", "pass-of-stranger")?;
    let wrong = tracker.account("bellhop", "wr0ng")?;
    let mut told = String::new();
    for (who, account, id) in
        [("a wrong password", &wrong, &id), ("without rights", &stranger, &id), ("an unknown id", account, &unknown)]
    {
        writeln!(told, "{who}, read: {:?}", account.fetch(id).await.map(drop))?;
        writeln!(told, "{who}, note: {:?}", account.internal_note(id, &note, false).await)?;
    }
    expect![[r#"
        a wrong password, read: Err(Unauthorised { status: 401, why: "Unauthorized" })
        a wrong password, note: Err(Unauthorised { status: 401, why: "Unauthorized" })
        without rights, read: Err(NotFound)
        without rights, note: Err(Refused { status: 400, why: "Permission Denied" })
        an unknown id, read: Err(NotFound)
        an unknown id, note: Err(Refused { status: 400, why: "Message could not be recorded" })
    "#]]
    .assert_eq(&told);
    let changed = stranger.changed_since(Utc::now() - TimeDelta::hours(1)).await;
    ensure!(changed == Ok(Vec::new()), "a stranger is told of nothing: {changed:?}");
    ensure!(matches!(account.add_tag(&id, "vip").await, Err(TicketError::Impossible { .. })), "it has no tags");
    Ok(())
}

/// `bellhop tickets test` with the link of a ticket.
async fn the_program_shows_it(tracker: &RequestTracker) -> Result<()> {
    let account = format!(
        "\n[[tickets]]\nkind = \"rt\"\nhost = \"support.test\"\napi = \"{}\"\nuser = \"bellhop\"\ntoken_env = \"RT\"\n\n[[tickets]]\n",
        tracker.url
    );
    let desk = desk(&[("\n[[tickets]]\n", account.as_str())])?;
    let link = "https://support.test/Ticket/Display.html?id=1";
    let program = Program::start(desk.path(), &["tickets", "test", link], &[("RT", "pass-of-bellhop")])?;
    let done = program.finish().await?;
    ensure!(done.code == Some(0) && done.out.contains("understood  #1 Router drops"), "{done}");
    ensure!(done.out.contains("understood  requester Dana Doe <dana@customer.test>"), "{done}");
    Ok(())
}
