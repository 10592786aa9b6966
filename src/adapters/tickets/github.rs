//! GitHub issues (<https://docs.github.com/en/rest/issues>).

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::changes::{Changed, Changes};
use super::client::{Client, while_full};
use super::error::{Result, TicketError};
use super::node::Node;
use super::sign_in::SignIn;
use super::signature::{Delivery, Event, Form, Hash, Signature, Signed};
use super::system::{Facts, Interface, NUMBER, System, Use, instant, visibility};
use super::{Assignee, InternalNote, PublicReply, Settings, TicketId};
use crate::sop::ticket::{Comment, Requester, Role, Ticket, TicketStatus};

pub(super) const FACTS: Facts = Facts {
    name: "github",
    title: "GitHub",
    id: NUMBER,
    link: "{account}/issues/",
    account: Use::Needed("the repository: \"owner/name\""),
    interface: Some(Interface {
        api: "https://api.github.com",
        user: Use::Never,
        client: Use::Never,
        notes: false,
        headers: &[("accept", "application/vnd.github+json"), ("x-github-api-version", "2022-11-28")],
        sign_in: |_, token| SignIn::Bearer(token),
        signatures: &[Signature::Hmac {
            header: "x-hub-signature-256",
            hash: Hash::Sha256,
            form: Form::Hex("sha256="),
            signed: Signed::Body,
        }],
        events,
        open,
    }),
};

struct GitHub {
    client: Client,
    repository: String,
}

fn open(client: Client, settings: &Settings) -> Box<dyn System> {
    Box::new(GitHub { client, repository: settings.account.clone().unwrap_or_default() })
}

#[async_trait]
impl System for GitHub {
    async fn fetch(&self, id: &TicketId) -> Result<Ticket> {
        let answer = self.client.get(&self.at(id, ""), &[]).await?;
        let issue = answer.node();
        if !issue.at("pull_request").is_null() {
            return Err(TicketError::NotFound);
        }
        let (path, query) = (self.at(id, "/comments"), [("per_page", "100")]);
        let pages = self.client.pages(&path, &query, "page", while_full("", 100)).await?;
        let author = issue.at("user");
        let requester = Requester { id: author.id("login")?, name: author.line("login")?, ..Requester::default() };
        let mut comments = vec![comment(&issue, &requester)?];
        for said in pages.items("")? {
            comments.push(comment(&said, &requester)?);
        }
        let assignees = issue.list("assignees")?;
        let labels = issue.list("labels")?;
        Ok(Ticket {
            id: issue.id("number")?,
            number: issue.id("number")?,
            subject: issue.line("title")?,
            status: if issue.word("state")? == "closed" { TicketStatus::Closed } else { TicketStatus::Open },
            priority: None,
            requester,
            assignee: assignees.first().map(|assignee| assignee.line("login")).transpose()?,
            group: Some(self.repository.clone()),
            tags: labels.iter().map(|label| label.line("name")).collect::<Result<_>>()?,
            created: issue.time("created_at")?,
            updated: issue.time("updated_at")?,
            comments,
            is_cut: pages.is_cut,
        })
    }

    async fn internal_note(&self, _: &TicketId, _: &InternalNote) -> Result<()> {
        Err(TicketError::Impossible {
            why: "GitHub has no notes for staff: everyone who sees the issue reads all of it",
        })
    }

    async fn public_reply(&self, id: &TicketId, reply: &PublicReply) -> Result<()> {
        self.client.post(&self.at(id, "/comments"), json!({"body": reply.plain()})).await.map(drop)
    }

    /// Adds to those who are assigned.
    async fn assign(&self, id: &TicketId, to: &Assignee) -> Result<()> {
        match to {
            Assignee::Person(person) => {
                self.client.post(&self.at(id, "/assignees"), json!({"assignees": [person]})).await.map(drop)
            }
            Assignee::Group(_) => Err(TicketError::Impossible { why: "GitHub assigns issues to people only" }),
        }
    }

    async fn add_tag(&self, id: &TicketId, tag: &str) -> Result<()> {
        self.client.post(&self.at(id, "/labels"), json!({"labels": [tag]})).await.map(drop)
    }

    async fn recent_count(&self, requester: &Requester, since: DateTime<Utc>) -> Result<u32> {
        let since = instant(since);
        let question = format!("repo:{} type:issue author:{} created:>={since}", self.repository, requester.id);
        let query = [("q", question.as_str()), ("per_page", "1")];
        self.client.get("/search/issues", &query).await?.node().count("total_count")
    }

    /// What is told among the issues are pull requests, too.
    async fn changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Changed>> {
        let updated = instant(since);
        let query =
            [("since", &*updated), ("state", "all"), ("sort", "updated"), ("direction", "asc"), ("per_page", "100")];
        let changes = Changes::since(since, "", |issue| {
            let changed = Changed::new(issue.id("number")?, issue.time("updated_at")?);
            Ok(issue.at("pull_request").is_null().then_some(changed))
        });
        let path = format!("/repos/{}/issues", self.repository);
        let next = changes.until_enough(while_full("", 100));
        changes.of(&self.client.pages(&path, &query, "page", next).await?)
    }
}

impl GitHub {
    fn at(&self, id: &TicketId, what: &str) -> String {
        format!("/repos/{}/issues/{id}{what}", self.repository)
    }
}

/// Who belongs to the repository is staff, except for the one who asks.
fn comment(said: &Node<'_>, requester: &Requester) -> Result<Comment> {
    let author = said.at("user");
    let login = author.line("login")?;
    let belongs = ["OWNER", "MEMBER", "COLLABORATOR"].contains(&said.word("author_association")?);
    let role = match author.word("type")? {
        _ if login == requester.id => Role::Customer,
        "Bot" => Role::System,
        _ if belongs => Role::Agent,
        _ => Role::Customer,
    };
    Ok(Comment {
        id: said.id("id")?,
        author: login,
        role,
        visibility: visibility(false),
        text: said.plain("body")?,
        at: said.time("created_at")?,
    })
}

fn events(body: &Node<'_>, delivery: &Delivery<'_>, repository: &str) -> Result<Vec<Event>> {
    let issue = body.at("issue");
    if issue.is_null() || !body.at("repository").word("full_name")?.eq_ignore_ascii_case(repository) {
        return Ok(Vec::new());
    }
    let id = delivery.header("x-github-delivery").unwrap_or_else(|| delivery.digest());
    Ok(vec![Event { delivery: id, ticket: issue.id("number")? }])
}
