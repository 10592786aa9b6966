//! GitLab issues, the Service Desk's too (<https://docs.gitlab.com/api/issues/>).

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::changes::{Changed, Changes};
use super::client::{Client, segment, while_full};
use super::error::{Result, TicketError};
use super::node::Node;
use super::sign_in::SignIn;
use super::signature::{Delivery, Event, Signature};
use super::system::{Facts, Interface, NUMBER, System, Use, instant, visibility};
use super::{Assignee, InternalNote, PublicReply, Settings, TicketId};
use crate::sop::ticket::{Comment, Requester, Role, Ticket, TicketStatus};

pub(super) const FACTS: Facts = Facts {
    name: "gitlab",
    title: "GitLab",
    id: NUMBER,
    link: "{account}/-/(?:issues|work_items)/",
    account: Use::Needed("the project with its groups: \"group/project\""),
    interface: Some(Interface {
        api: "https://{host}",
        user: Use::Never,
        client: Use::Never,
        notes: true,
        headers: &[],
        sign_in: |_, secret| SignIn::Header { name: "private-token", before: "", secret },
        signatures: &[Signature::Secret { header: "x-gitlab-token" }],
        events,
        open,
    }),
};

/// Writes what customers send to the Service Desk by mail.
const SUPPORT_BOT: &str = "support-bot";

struct GitLab {
    client: Client,
    project: String,
}

fn open(client: Client, settings: &Settings) -> Box<dyn System> {
    Box::new(GitLab { client, project: settings.account.clone().unwrap_or_default() })
}

#[async_trait]
impl System for GitLab {
    async fn fetch(&self, id: &TicketId) -> Result<Ticket> {
        let answer = self.client.get(&self.at(id, ""), &[]).await?;
        let query = [("sort", "asc"), ("order_by", "created_at"), ("per_page", "100")];
        let pages = self.client.pages(&self.at(id, "/notes"), &query, "page", while_full("", 100)).await?;
        let issue = answer.node();
        let author = issue.at("author");
        let requester = Requester {
            id: author.id("username")?,
            name: author.line("name")?,
            email: issue.maybe_line("service_desk_reply_to")?,
            ..Requester::default()
        };
        let mut comments = vec![Comment {
            id: "description".to_owned(),
            author: requester.name.clone(),
            role: Role::Customer,
            visibility: visibility(false),
            text: issue.plain("description")?,
            at: issue.time("created_at")?,
        }];
        for note in pages.items("")? {
            comments.push(comment(&note, &requester)?);
        }
        let assignees = issue.list("assignees")?;
        Ok(Ticket {
            id: issue.id("iid")?,
            number: issue.id("iid")?,
            subject: issue.line("title")?,
            status: if issue.word("state")? == "closed" { TicketStatus::Closed } else { TicketStatus::Open },
            priority: None,
            requester,
            assignee: assignees.first().map(|assignee| assignee.line("name")).transpose()?,
            group: Some(self.project.clone()),
            tags: issue.lines("labels")?,
            created: issue.time("created_at")?,
            updated: issue.time("updated_at")?,
            comments,
            is_cut: pages.is_cut,
        })
    }

    /// Without `internal` everyone who sees the issue reads it, and who wrote by mail gets it by mail. From who may not
    /// write internal notes GitLab takes the note all the same, as a public one (`Notes::BuildService` drops the word), so
    /// that this is asked first.
    async fn internal_note(&self, id: &TicketId, note: &InternalNote) -> Result<()> {
        if !self.may_write_internally().await? {
            let why = "internal notes take at least the role Planner in the project".to_owned();
            return Err(TicketError::Unauthorised { status: 403, why });
        }
        let note = json!({"body": note.plain(), "internal": true});
        self.client.post(&self.at(id, "/notes"), note).await.map(drop)
    }

    async fn public_reply(&self, id: &TicketId, reply: &PublicReply) -> Result<()> {
        let note = json!({"body": reply.plain(), "internal": false});
        self.client.post(&self.at(id, "/notes"), note).await.map(drop)
    }

    /// By the person's number.
    async fn assign(&self, id: &TicketId, to: &Assignee) -> Result<()> {
        match to {
            Assignee::Person(person) => self.update(id, json!({"assignee_ids": [Assignee::number(person)]})).await,
            Assignee::Group(_) => Err(TicketError::Impossible { why: "GitLab assigns issues to people only" }),
        }
    }

    async fn add_tag(&self, id: &TicketId, tag: &str) -> Result<()> {
        self.update(id, json!({"add_labels": tag})).await
    }

    /// The number stands in a header, as long as it is below 10,000.
    async fn recent_count(&self, requester: &Requester, since: DateTime<Utc>) -> Result<u32> {
        if requester.id == SUPPORT_BOT {
            return Err(TicketError::Impossible { why: "GitLab does not count the issues of who writes by mail" });
        }
        let since = instant(since);
        let query = [("author_username", requester.id.as_str()), ("created_after", &since), ("per_page", "1")];
        let path = format!("/api/v4/projects/{}/issues", segment(&self.project));
        let answer = self.client.get(&path, &query).await?;
        let total = answer.headers.get("x-total").and_then(|total| total.to_str().ok()?.parse().ok());
        total.ok_or_else(|| TicketError::not_understood("the header X-Total is missing"))
    }

    async fn changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Changed>> {
        let updated = instant(since);
        let query = [
            ("updated_after", &*updated),
            ("scope", "all"),
            ("order_by", "updated_at"),
            ("sort", "asc"),
            ("per_page", "100"),
        ];
        let changes =
            Changes::since(since, "", |issue| Ok(Some(Changed::new(issue.id("iid")?, issue.time("updated_at")?))));
        let path = format!("/api/v4/projects/{}/issues", segment(&self.project));
        let next = changes.until_enough(while_full("", 100));
        changes.of(&self.client.pages(&path, &query, "page", next).await?)
    }
}

impl GitLab {
    fn at(&self, id: &TicketId, what: &str) -> String {
        format!("/api/v4/projects/{}/issues/{id}{what}", segment(&self.project))
    }

    async fn may_write_internally(&self) -> Result<bool> {
        let user = self.client.get("/api/v4/user", &[]).await?.node().id("id")?;
        let path = format!("/api/v4/projects/{}/members/all/{}", segment(&self.project), segment(&user));
        let member = self.client.get_if_there(&path, &[]).await?;
        Ok(member.map(|member| member.node().count("access_level")).transpose()?.is_some_and(|level| level >= PLANNER))
    }

    async fn update(&self, id: &TicketId, change: Value) -> Result<()> {
        self.client.put(&self.at(id, ""), change).await.map(drop)
    }
}

/// The lowest role that writes internal notes, as a number (<https://docs.gitlab.com/api/access_requests/>).
const PLANNER: u32 = 15;

fn comment(note: &Node<'_>, requester: &Requester) -> Result<Comment> {
    let author = note.at("author");
    let login = author.word("username")?;
    Ok(Comment {
        id: note.id("id")?,
        author: author.line("name")?,
        role: match login {
            _ if note.flag("system")? => Role::System,
            login if login == requester.id || login == SUPPORT_BOT => Role::Customer,
            _ => Role::Agent,
        },
        visibility: visibility(note.flag("internal")?),
        text: note.plain("body")?,
        at: note.time("created_at")?,
    })
}

/// Of an issue, or of a note on one.
fn events(body: &Node<'_>, delivery: &Delivery<'_>, project: &str) -> Result<Vec<Event>> {
    let issue = if body.word("object_kind")? == "issue" { body.at("object_attributes") } else { body.at("issue") };
    if issue.is_null() || !body.at("project").word("path_with_namespace")?.eq_ignore_ascii_case(project) {
        return Ok(Vec::new());
    }
    let id = delivery.header("x-gitlab-event-uuid").unwrap_or_else(|| delivery.digest());
    Ok(vec![Event { delivery: id, ticket: issue.id("iid")? }])
}
