//! Help Scout, the Inbox API 2.0 (<https://developer.helpscout.com/mailbox-api/>).

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::json;
use tokio::sync::Mutex;

use super::changes::{Changed, Changes};
use super::client::Client;
use super::error::Result;
use super::node::Node;
use super::sign_in::{OauthClient, SignIn};
use super::signature::{Delivery, Event, Form, Hash, Signature, Signed};
use super::system::{Facts, Interface, NUMBER, System, Use, instant, visibility};
use super::{Assignee, InternalNote, PublicReply, Settings, TicketId};
use crate::sop::ticket::{Comment, Requester, Role, Ticket, TicketStatus};

pub(super) const FACTS: Facts = Facts {
    name: "helpscout",
    title: "Help Scout",
    id: NUMBER,
    // The first number is the id; the second is the one that people see.
    link: "conversation/",
    account: Use::Never,
    interface: Some(Interface {
        api: "https://api.helpscout.net",
        user: Use::Never,
        client: Use::Needed("the App ID of an OAuth2 application, whose App Secret the token is"),
        notes: true,
        headers: &[],
        sign_in,
        signatures: &[Signature::Hmac {
            header: "x-helpscout-signature",
            hash: Hash::Sha1,
            form: Form::Base64,
            signed: Signed::Body,
        }],
        events,
        open: |client, settings| Box::new(HelpScout { client, plan_field: settings.plan_field.clone() }),
    }),
};

fn sign_in(settings: &Settings, secret: secrecy::SecretString) -> SignIn {
    let id = settings.client.clone().unwrap_or_default();
    SignIn::Client(OauthClient { path: "/v2/oauth2/token", scope: None, id, secret, access: Mutex::default() })
}

struct HelpScout {
    client: Client,
    plan_field: Option<String>,
}

#[async_trait]
impl System for HelpScout {
    async fn fetch(&self, id: &TicketId) -> Result<Ticket> {
        let answer = self.client.get(&at(id, ""), &[("embed", "threads")]).await?;
        let conversation = answer.node();
        let requester = self.requester(&conversation).await?;
        let tags = conversation.list("tags")?;
        let assignee = conversation.at("assignee");
        // The newest comes first, and events without a text are among them.
        let threads = conversation.at("_embedded").list("threads")?;
        let said = threads.iter().rev().filter(|thread| !thread.at("body").is_null());
        Ok(Ticket {
            id: conversation.id("id")?,
            number: conversation.id("number")?,
            subject: conversation.line("subject")?,
            status: status(conversation.word("status")?),
            priority: None,
            requester,
            assignee: Some(assignee.joined(&["first", "last"])?).filter(|name| !name.is_empty()),
            group: conversation.maybe_id("mailboxId")?,
            tags: tags.iter().map(|tag| tag.line("tag")).collect::<Result<_>>()?,
            created: conversation.time("createdAt")?,
            updated: conversation.time("userUpdatedAt")?,
            comments: said.map(comment).collect::<Result<_>>()?,
            is_cut: false,
        })
    }

    async fn internal_note(&self, id: &TicketId, note: &InternalNote) -> Result<()> {
        self.client.post(&at(id, "/notes"), json!({"text": note.html()})).await.map(drop)
    }

    async fn public_reply(&self, id: &TicketId, reply: &PublicReply) -> Result<()> {
        let answer = self.client.get(&at(id, ""), &[]).await?;
        let customer = Assignee::number(&answer.node().at("primaryCustomer").id("id")?);
        let said = json!({"customer": {"id": customer}, "text": reply.html(), "draft": false});
        self.client.post(&at(id, "/reply"), said).await.map(drop)
    }

    /// A group is an inbox.
    async fn assign(&self, id: &TicketId, to: &Assignee) -> Result<()> {
        let change = match to {
            Assignee::Person(person) => {
                json!({"op": "replace", "path": "/assignTo", "value": Assignee::number(person)})
            }
            Assignee::Group(group) => json!({"op": "move", "path": "/mailboxId", "value": Assignee::number(group)}),
        };
        self.client.patch(&at(id, ""), change).await.map(drop)
    }

    /// Its list of tags can only be replaced.
    async fn add_tag(&self, id: &TicketId, tag: &str) -> Result<()> {
        let answer = self.client.get(&at(id, ""), &[]).await?;
        let there = answer.node().list("tags")?;
        let mut tags = there.iter().map(|tag| tag.line("tag")).collect::<Result<Vec<_>>>()?;
        if tags.iter().any(|there| there == tag) {
            return Ok(());
        }
        tags.push(tag.to_owned());
        self.client.put(&at(id, "/tags"), json!({"tags": tags})).await.map(drop)
    }

    async fn recent_count(&self, requester: &Requester, since: DateTime<Utc>) -> Result<u32> {
        let since = instant(since);
        let who = match &requester.email {
            Some(email) => format!("email:\"{}\"", email.replace(['"', '\\'], "")),
            None => format!("customerIds:{}", requester.id),
        };
        let query = format!("({who} AND createdAt:[{since} TO *])");
        let query = [("status", "all"), ("query", query.as_str())];
        self.client.get("/v2/conversations", &query).await?.node().at("page").count("totalElements")
    }

    /// The list is of what was modified, but tells only of the last change by an agent and of who waits. A conversation
    /// that was modified by something else is told at the time that was asked for.
    async fn changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Changed>> {
        let modified = instant(since);
        let query =
            [("status", "all"), ("modifiedSince", &*modified), ("sortField", "modifiedAt"), ("sortOrder", "asc")];
        let changes = Changes::since(since, "_embedded.conversations", |conversation| {
            let waiting = conversation.at("customerWaitingSince");
            let waits = if waiting.at("time").is_null() { since } else { waiting.time("time")? };
            let at = conversation.time("userUpdatedAt")?.max(waits).max(since);
            Ok(Some(Changed::new(conversation.id("id")?, at)))
        });
        let next = changes.until_enough(|page, _| {
            let page = page.at("page");
            let number = page.count("number")?;
            Ok((number < page.count("totalPages")?).then(|| (number + 1).to_string()))
        });
        changes.of(&self.client.pages("/v2/conversations", &query, "page", next).await?)
    }
}

impl HelpScout {
    async fn requester(&self, conversation: &Node<'_>) -> Result<Requester> {
        let customer = conversation.at("primaryCustomer");
        let id = customer.id("id")?;
        let path = format!("/v2/customers/{}", super::client::segment(&id));
        let answer = self.client.get_if_there(&path, &[]).await?;
        let known = answer.as_ref().map_or_else(|| customer.clone(), |answer| answer.node());
        let emails = known.at("_embedded").list("emails")?;
        let email = emails.first().map_or_else(|| customer.maybe_line("email"), |email| email.maybe_line("value"))?;
        let fields = conversation.list("customFields")?;
        let of_plan =
            |field: &Node<'_>| self.plan_field.is_some() && field.word("name").ok() == self.plan_field.as_deref();
        Ok(Requester {
            id,
            name: known.joined(&["firstName", "lastName", "first", "last"])?,
            email,
            organisation: known.maybe_line("organization")?,
            plan: fields.iter().find(|field| of_plan(field)).and_then(|field| field.chosen("value")),
            tags: Vec::new(),
        })
    }
}

fn at(id: &TicketId, what: &str) -> String {
    format!("/v2/conversations/{id}{what}")
}

fn comment(thread: &Node<'_>) -> Result<Comment> {
    let author = thread.at("createdBy");
    // A draft has been read by nobody yet.
    let is_draft = thread.word("state")? == "draft";
    let is_sent = ["customer", "message", "reply", "chat", "beaconchat", "phone"].contains(&thread.word("type")?);
    Ok(Comment {
        id: thread.id("id")?,
        author: author.joined(&["first", "last"])?,
        role: match (thread.word("type")?, author.word("type")?) {
            ("lineitem", _) => Role::System,
            (_, "customer") => Role::Customer,
            _ => Role::Agent,
        },
        visibility: visibility(is_draft || !is_sent),
        text: thread.html("body")?,
        at: thread.time("createdAt")?,
    })
}

fn status(word: &str) -> TicketStatus {
    match word {
        "pending" => TicketStatus::Waiting,
        "closed" | "spam" => TicketStatus::Closed,
        _ => TicketStatus::Open,
    }
}

/// The body is the conversation itself; what happened stands in a header.
fn events(body: &Node<'_>, delivery: &Delivery<'_>, _: &str) -> Result<Vec<Event>> {
    match delivery.header("x-helpscout-event") {
        Some(event) if event.starts_with("convo.") => {
            Ok(vec![Event { delivery: delivery.digest(), ticket: body.id("id")? }])
        }
        _ => Ok(Vec::new()),
    }
}
