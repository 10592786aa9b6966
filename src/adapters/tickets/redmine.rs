//! Redmine 5 (<https://www.redmine.org/projects/redmine/wiki/Rest_api>).
//!
//! The account's role in a project needs the permissions to view and edit issues, to add notes, to view private notes and
//! to set notes as private.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::changes::{Changed, Changes};
use super::client::Client;
use super::error::{Result, TicketError};
use super::node::Node;
use super::sign_in::SignIn;
use super::signature::{OWN, own_event};
use super::system::{Facts, Interface, NUMBER, System, Use, instant, priority, visibility};
use super::{Assignee, InternalNote, PublicReply, TicketId};
use crate::sop::ticket::{Comment, Requester, Role, Ticket, TicketStatus};

pub(super) const FACTS: Facts = Facts {
    name: "redmine",
    title: "Redmine",
    id: NUMBER,
    link: r"(?:[\w.~-]+/)*issues/",
    account: Use::Never,
    interface: Some(Interface {
        api: "https://{host}",
        user: Use::Never,
        client: Use::Never,
        notes: true,
        headers: &[],
        sign_in: |_, secret| SignIn::Header { name: "x-redmine-api-key", before: "", secret },
        // Webhooks come with plug-ins.
        signatures: OWN,
        events: own_event,
        open: |client, settings| Box::new(Redmine { client, plan_field: settings.plan_field.clone() }),
    }),
};

struct Redmine {
    client: Client,
    plan_field: Option<String>,
}

#[async_trait]
impl System for Redmine {
    async fn fetch(&self, id: &TicketId) -> Result<Ticket> {
        let answer = self.client.get(&at(id), &[("include", "journals")]).await?;
        let issue = answer.node().at("issue");
        let requester = self.requester(&issue).await?;
        let mut comments = vec![Comment {
            id: "description".to_owned(),
            author: requester.name.clone(),
            role: Role::Customer,
            visibility: visibility(issue.maybe_flag("is_private")?),
            text: issue.plain("description")?,
            at: issue.time("created_on")?,
        }];
        for journal in issue.list("journals")? {
            comments.extend(comment(&journal, &requester)?);
        }
        Ok(Ticket {
            id: issue.id("id")?,
            number: issue.id("id")?,
            subject: issue.line("subject")?,
            status: status(&issue.at("status"))?,
            priority: priority(issue.at("priority").word("name")?),
            requester,
            assignee: issue.at("assigned_to").maybe_line("name")?,
            group: issue.at("project").maybe_line("name")?,
            tags: Vec::new(),
            created: issue.time("created_on")?,
            updated: issue.time("updated_on")?,
            comments,
            is_cut: false,
        })
    }

    /// Without `private_notes` everyone who sees the issue reads it. From who may not write private notes Redmine takes
    /// the note all the same, as a public one, so that this is asked first.
    async fn internal_note(&self, id: &TicketId, note: &InternalNote) -> Result<()> {
        if !self.may_write_private_notes(id).await? {
            let why = "its role in the project lacks the permission \"Set notes as private\"".to_owned();
            return Err(TicketError::Unauthorised { status: 403, why });
        }
        self.update(id, json!({"notes": note.plain(), "private_notes": true})).await
    }

    async fn public_reply(&self, id: &TicketId, reply: &PublicReply) -> Result<()> {
        self.update(id, json!({"notes": reply.plain(), "private_notes": false})).await
    }

    /// Groups have ids among the people's; whether they can have issues is a setting. It answers 204 even where the account
    /// may not edit the issue, so one looks.
    async fn assign(&self, id: &TicketId, to: &Assignee) -> Result<()> {
        let (Assignee::Person(assignee) | Assignee::Group(assignee)) = to;
        self.update(id, json!({"assigned_to_id": Assignee::number(assignee)})).await?;
        let answer = self.client.get(&at(id), &[]).await?;
        if answer.node().at("issue").at("assigned_to").maybe_id("id")?.as_ref() == Some(assignee) {
            return Ok(());
        }
        let why = "it says nothing, and did not do it: may the account edit the issue?".to_owned();
        Err(TicketError::Refused { status: 204, why })
    }

    async fn add_tag(&self, _: &TicketId, _: &str) -> Result<()> {
        Err(TicketError::Impossible { why: "Redmine has no tags" })
    }

    async fn recent_count(&self, requester: &Requester, since: DateTime<Utc>) -> Result<u32> {
        let since = format!(">={}", instant(since));
        let query = [("author_id", requester.id.as_str()), ("status_id", "*"), ("created_on", &since), ("limit", "1")];
        self.client.get("/issues.json", &query).await?.node().count("total_count")
    }

    async fn changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Changed>> {
        let updated = format!(">={}", instant(since));
        let query = [("status_id", "*"), ("updated_on", &*updated), ("sort", "updated_on:asc"), ("limit", "100")];
        let changes =
            Changes::since(since, "issues", |issue| Ok(Some(Changed::new(issue.id("id")?, issue.time("updated_on")?))));
        let next = changes.until_enough(|page, read| {
            let is_full = page.list("issues")?.len() >= 100;
            Ok(is_full.then(|| (read * 100).to_string()))
        });
        changes.of(&self.client.pages("/issues.json", &query, "offset", next).await?)
    }
}

impl Redmine {
    async fn update(&self, id: &TicketId, change: Value) -> Result<()> {
        self.client.put(&at(id), json!({"issue": change})).await.map(drop)
    }

    async fn may_write_private_notes(&self, id: &TicketId) -> Result<bool> {
        let issue = self.client.get(&at(id), &[]).await?;
        let project = issue.node().at("issue").at("project").id("id")?;
        let answer = self.client.get("/users/current.json", &[("include", "memberships")]).await?;
        let user = answer.node().at("user");
        if user.maybe_flag("admin")? {
            return Ok(true);
        }
        for membership in user.list("memberships")? {
            if membership.at("project").id("id")? != project {
                continue;
            }
            for role in membership.list("roles")? {
                let path = format!("/roles/{}.json", super::client::segment(&role.id("id")?));
                let role = self.client.get(&path, &[]).await?;
                if role.node().at("role").lines("permissions")?.iter().any(|it| it == "set_notes_private") {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Only an administrator's key is told the address.
    async fn requester(&self, issue: &Node<'_>) -> Result<Requester> {
        let author = issue.at("author");
        let id = author.id("id")?;
        let path = format!("/users/{}.json", super::client::segment(&id));
        let known = self.client.get_if_there(&path, &[]).await?;
        let email = known.as_ref().map(|known| known.node().at("user").maybe_line("mail")).transpose()?.flatten();
        let fields = issue.list("custom_fields")?;
        let is_plan =
            |field: &Node<'_>| self.plan_field.is_some() && field.word("name").ok() == self.plan_field.as_deref();
        Ok(Requester {
            id,
            name: author.line("name")?,
            email,
            organisation: None,
            plan: fields.iter().find(|field| is_plan(field)).and_then(|field| field.chosen("value")),
            tags: Vec::new(),
        })
    }
}

fn at(id: &TicketId) -> String {
    format!("/issues/{id}.json")
}

/// What was said, if anything was: most journals tell of changes only.
fn comment(journal: &Node<'_>, requester: &Requester) -> Result<Option<Comment>> {
    let text = journal.plain("notes")?;
    if text.is_empty() {
        return Ok(None);
    }
    let user = journal.at("user");
    let by_requester = user.maybe_id("id")?.as_deref() == Some(&requester.id);
    Ok(Some(Comment {
        id: journal.id("id")?,
        author: user.line("name")?,
        role: if by_requester { Role::Customer } else { Role::Agent },
        visibility: visibility(journal.flag("private_notes")?),
        text,
        at: journal.time("created_on")?,
    }))
}

/// Names are each installation's own; these two are what it comes with.
fn status(status: &Node<'_>) -> Result<TicketStatus> {
    Ok(match (status.maybe_flag("is_closed")?, status.word("name")?) {
        (true, _) => TicketStatus::Closed,
        (_, "Feedback") => TicketStatus::Waiting,
        (_, "Resolved") => TicketStatus::Solved,
        _ => TicketStatus::Open,
    })
}
