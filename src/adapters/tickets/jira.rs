//! Jira Service Management, in the cloud and on machines of one's own
//! (<https://developer.atlassian.com/cloud/jira/service-desk/rest/>).

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::changes::{Changed, Changes};
use super::client::Client;
use super::error::{Result, TicketError};
use super::node::Node;
use super::sign_in::SignIn;
use super::signature::{Delivery, Event, Form, Hash, Signature, Signed};
use super::system::{Facts, Interface, System, Use, minutes_ago, priority, visibility};
use super::{Assignee, InternalNote, PublicReply, Settings, TicketId};
use crate::sop::ticket::{Comment, Requester, Role, Ticket, TicketStatus};

pub(super) const FACTS: Facts = Facts {
    name: "jira",
    title: "Jira Service Management",
    id: r"[A-Z][A-Z0-9_]{1,40}-[1-9][0-9]{0,9}",
    link: concat!(
        r"(?:browse/|jira/servicedesk/projects/\w+/queues/(?:custom|issue)/[0-9]+/|servicedesk/customer/portal/[0-9]+/",
        r"|[^\s?#]*\?(?:[^\s#]*&)?selectedIssue=)"
    ),
    account: Use::Never,
    interface: Some(Interface {
        api: "https://{host}",
        user: Use::Optional("the mail address of the account whose API token it is; without, the token is a bearer's"),
        client: Use::Never,
        notes: true,
        headers: &[("accept", "application/json")],
        sign_in,
        signatures: &[Signature::Hmac {
            header: "x-hub-signature",
            hash: Hash::Sha256,
            form: Form::Hex("sha256="),
            signed: Signed::Body,
        }],
        events,
        open: |client, settings| Box::new(Jira { client, plan_field: settings.plan_field.clone() }),
    }),
};

fn sign_in(settings: &Settings, token: secrecy::SecretString) -> SignIn {
    match &settings.user {
        Some(user) => SignIn::Basic { user: user.clone(), password: token },
        None => SignIn::Bearer(token),
    }
}

struct Jira {
    client: Client,
    plan_field: Option<String>,
}

#[async_trait]
impl System for Jira {
    /// Version 2 tells descriptions as text; version 3 tells them as documents.
    async fn fetch(&self, id: &TicketId) -> Result<Ticket> {
        let mut fields = "summary,status,priority,reporter,assignee,labels,created,updated,description".to_owned();
        if let Some(field) = &self.plan_field {
            fields = format!("{fields},{field}");
        }
        let answer = self.client.get(&format!("/rest/api/2/issue/{id}"), &[("fields", &fields)]).await?;
        let query = [("public", "true"), ("internal", "true"), ("limit", "50")];
        let pages = self.client.pages(&comments_of(id), &query, "start", next_page).await?;
        let (issue, fields) = (answer.node(), answer.node().at("fields"));
        let requester = self.requester(&fields)?;
        let mut comments = vec![Comment {
            id: "description".to_owned(),
            author: requester.name.clone(),
            role: Role::Customer,
            visibility: visibility(false),
            text: fields.plain("description")?,
            at: fields.time("created")?,
        }];
        for said in pages.items("values")? {
            comments.push(comment(&said, &requester)?);
        }
        Ok(Ticket {
            id: issue.id("key")?,
            number: issue.id("key")?,
            subject: fields.line("summary")?,
            status: status(&fields.at("status"))?,
            priority: priority(fields.at("priority").word("name")?),
            requester,
            assignee: fields.at("assignee").maybe_line("displayName")?,
            group: None,
            tags: fields.lines("labels")?,
            created: fields.time("created")?,
            updated: fields.time("updated")?,
            comments,
            is_cut: pages.is_cut,
        })
    }

    /// Only the service desk's own interface has comments for staff; `public` is always sent, for without it they are not.
    async fn internal_note(&self, id: &TicketId, note: &InternalNote) -> Result<()> {
        self.client.post(&comments_of(id), json!({"body": note.plain(), "public": false})).await.map(drop)
    }

    async fn public_reply(&self, id: &TicketId, reply: &PublicReply) -> Result<()> {
        self.client.post(&comments_of(id), json!({"body": reply.plain(), "public": true})).await.map(drop)
    }

    async fn assign(&self, id: &TicketId, to: &Assignee) -> Result<()> {
        match to {
            Assignee::Person(person) => {
                let path = format!("/rest/api/2/issue/{id}/assignee");
                self.client.put(&path, json!({"accountId": person})).await.map(drop)
            }
            Assignee::Group(_) => Err(TicketError::Impossible {
                why: "Jira has no groups to assign to: its queues are searches; add a tag that the queue looks for",
            }),
        }
    }

    /// Its labels have no spaces.
    async fn add_tag(&self, id: &TicketId, tag: &str) -> Result<()> {
        let change = json!({"update": {"labels": [{"add": tag.replace(char::is_whitespace, "-")}]}});
        self.client.put(&format!("/rest/api/2/issue/{id}"), change).await.map(drop)
    }

    async fn recent_count(&self, requester: &Requester, since: DateTime<Utc>) -> Result<u32> {
        let reporter = requester.id.replace('\\', r"\\").replace('"', "\\\"");
        let question = format!("reporter = \"{reporter}\" AND created >= \"{}\"", since.format("%Y-%m-%d %H:%M"));
        let path = "/rest/api/3/search/approximate-count";
        self.client.search(path, json!({"jql": question})).await?.node().count("count")
    }

    /// An instant would be read in the zone of the account. In the cloud only.
    async fn changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Changed>> {
        let question = format!("updated >= \"-{}m\" ORDER BY updated ASC", minutes_ago(since));
        let query = [("jql", &*question), ("fields", "updated"), ("maxResults", "100")];
        let changes = Changes::since(since, "issues", |issue| {
            Ok(Some(Changed::new(issue.id("key")?, issue.at("fields").time("updated")?)))
        });
        let next = changes.until_enough(|page, _| page.maybe_id("nextPageToken"));
        changes.of(&self.client.pages("/rest/api/3/search/jql", &query, "nextPageToken", next).await?)
    }
}

impl Jira {
    /// The mail address is told only if the person lets it be.
    fn requester(&self, fields: &Node<'_>) -> Result<Requester> {
        let reporter = fields.at("reporter");
        let id = if reporter.at("accountId").is_null() { "name" } else { "accountId" };
        Ok(Requester {
            id: reporter.maybe_id(id)?.unwrap_or_default(),
            name: reporter.line("displayName")?,
            email: reporter.maybe_line("emailAddress")?,
            organisation: None,
            plan: self.plan_field.as_ref().and_then(|field| fields.chosen(field)),
            tags: Vec::new(),
        })
    }
}

fn comments_of(id: &TicketId) -> String {
    format!("/rest/servicedeskapi/request/{id}/comment")
}

fn next_page(page: &Node<'_>, read: usize) -> Result<Option<String>> {
    let is_last = page.flag("isLastPage")? || page.list("values")?.is_empty();
    Ok((!is_last).then(|| (read * 50).to_string()))
}

fn comment(said: &Node<'_>, requester: &Requester) -> Result<Comment> {
    let author = said.at("author");
    let id = if author.at("accountId").is_null() { "name" } else { "accountId" };
    let by_requester = author.maybe_id(id)?.is_some_and(|id| id == requester.id);
    Ok(Comment {
        id: said.id("id")?,
        author: author.line("displayName")?,
        role: if by_requester { Role::Customer } else { Role::Agent },
        visibility: visibility(!said.flag("public")?),
        text: said.plain("body")?,
        at: said.at("created").millis("epochMillis")?,
    })
}

/// Names of its statuses are each team's own, their categories are not. Service projects come with this one name.
fn status(status: &Node<'_>) -> Result<TicketStatus> {
    Ok(match (status.at("statusCategory").word("key")?, status.word("name")?.to_lowercase().as_str()) {
        ("done", "closed") => TicketStatus::Closed,
        ("done", _) => TicketStatus::Solved,
        (_, "waiting for customer") => TicketStatus::Waiting,
        _ => TicketStatus::Open,
    })
}

fn events(body: &Node<'_>, delivery: &Delivery<'_>, _: &str) -> Result<Vec<Event>> {
    let issue = body.at("issue");
    if issue.is_null() {
        return Ok(Vec::new());
    }
    let id = delivery.header("x-atlassian-webhook-identifier").unwrap_or_else(|| delivery.digest());
    Ok(vec![Event { delivery: id, ticket: issue.id("key")? }])
}
