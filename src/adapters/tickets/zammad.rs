//! Zammad (<https://docs.zammad.org/en/latest/api/intro.html>).

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::changes::{Changed, Changes};
use super::client::{Client, while_full};
use super::error::{Result, TicketError};
use super::node::Node;
use super::sign_in::SignIn;
use super::signature::{Delivery, Event, Form, Hash, Signature, Signed};
use super::system::{Facts, Interface, NUMBER, System, Use, instant, priority, visibility};
use super::{Assignee, InternalNote, PublicReply, TicketId};
use crate::sop::ticket::{Comment, Requester, Role, Ticket, TicketStatus};

pub(super) const FACTS: Facts = Facts {
    name: "zammad",
    title: "Zammad",
    id: NUMBER,
    link: "(?:desktop/)?#?(?:ticket/zoom|tickets)/",
    account: Use::Never,
    interface: Some(Interface {
        api: "https://{host}",
        user: Use::Never,
        client: Use::Never,
        notes: true,
        headers: &[],
        sign_in: |_, secret| SignIn::Header { name: "authorization", before: "Token token=", secret },
        signatures: &[Signature::Hmac {
            header: "x-hub-signature",
            hash: Hash::Sha1,
            form: Form::Hex("sha1="),
            signed: Signed::Body,
        }],
        events,
        open: |client, settings| Box::new(Zammad { client, plan_field: settings.plan_field.clone() }),
    }),
};

struct Zammad {
    client: Client,
    plan_field: Option<String>,
}

#[async_trait]
impl System for Zammad {
    async fn fetch(&self, id: &TicketId) -> Result<Ticket> {
        let answer = self.client.get(&at(id), &[("expand", "true")]).await?;
        let articles = self.client.get(&format!("/api/v1/ticket_articles/by_ticket/{id}"), &[]).await?;
        let tags = self.client.get("/api/v1/tags", &[("object", "Ticket"), ("o_id", id.as_str())]).await?;
        let ticket = answer.node();
        let requester = self.requester(&ticket).await?;
        let said = articles.node().items()?;
        Ok(Ticket {
            id: ticket.id("id")?,
            number: ticket.id("number")?,
            subject: ticket.line("title")?,
            status: status(ticket.word("state")?),
            priority: priority(ticket.word("priority")?),
            requester,
            assignee: ticket.maybe_line("owner")?.filter(|owner| owner != "-"),
            group: ticket.maybe_line("group")?,
            tags: tags.node().lines("tags")?,
            created: ticket.time("created_at")?,
            updated: ticket.time("updated_at")?,
            comments: said.iter().map(comment).collect::<Result<_>>()?,
            is_cut: false,
        })
    }

    /// A note is never sent, whatever else is said about it.
    async fn internal_note(&self, id: &TicketId, note: &InternalNote) -> Result<()> {
        let article = json!({"ticket_id": Assignee::number(id.as_str()), "body": note.plain(),
            "content_type": "text/plain", "type": "note", "internal": true});
        self.client.post("/api/v1/ticket_articles", article).await.map(drop)
    }

    async fn public_reply(&self, id: &TicketId, reply: &PublicReply) -> Result<()> {
        let answer = self.client.get(&at(id), &[("expand", "true")]).await?;
        let requester = self.requester(&answer.node()).await?;
        let why = "Zammad replies by mail, and the customer has no address";
        let to = requester.email.ok_or(TicketError::Impossible { why })?;
        let article = json!({"ticket_id": Assignee::number(id.as_str()), "body": reply.plain(),
            "content_type": "text/plain", "type": "email", "to": to, "internal": false});
        self.client.post("/api/v1/ticket_articles", article).await.map(drop)
    }

    /// By name: of the group, or of the agent.
    async fn assign(&self, id: &TicketId, to: &Assignee) -> Result<()> {
        let change = match to {
            Assignee::Person(person) => json!({"owner": person}),
            Assignee::Group(group) => json!({"group": group}),
        };
        self.client.put(&at(id), change).await.map(drop)
    }

    async fn add_tag(&self, id: &TicketId, tag: &str) -> Result<()> {
        let tag = json!({"object": "Ticket", "o_id": Assignee::number(id.as_str()), "item": tag});
        self.client.post("/api/v1/tags/add", tag).await.map(drop)
    }

    /// It needs Elasticsearch for this.
    async fn recent_count(&self, requester: &Requester, since: DateTime<Utc>) -> Result<u32> {
        let query = format!("customer_id:{} AND created_at:[{} TO *]", requester.id, since.format("%Y-%m-%d"));
        let query = [("query", query.as_str()), ("only_total_count", "true")];
        self.client.get("/api/v1/tickets/search", &query).await?.node().count("total_count")
    }

    /// It needs Elasticsearch for this, which is seconds behind.
    async fn changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Changed>> {
        let question = format!("updated_at:[{} TO *]", instant(since));
        let query = [
            ("query", &*question),
            ("sort_by", "updated_at"),
            ("order_by", "asc"),
            ("expand", "true"),
            ("per_page", "100"),
        ];
        let changes =
            Changes::since(since, "", |ticket| Ok(Some(Changed::new(ticket.id("id")?, ticket.time("updated_at")?))));
        let next = changes.until_enough(while_full("", 100));
        changes.of(&self.client.pages("/api/v1/tickets/search", &query, "page", next).await?)
    }
}

impl Zammad {
    async fn requester(&self, ticket: &Node<'_>) -> Result<Requester> {
        let id = ticket.id("customer_id")?;
        let path = format!("/api/v1/users/{}", super::client::segment(&id));
        let answer = self.client.get_if_there(&path, &[("expand", "true")]).await?;
        let organisation = ticket.maybe_line("organization")?;
        let Some(answer) = answer else { return Ok(Requester { id, organisation, ..Requester::default() }) };
        let user = answer.node();
        Ok(Requester {
            id,
            name: user.joined(&["firstname", "lastname"])?,
            email: user.maybe_line("email")?,
            organisation,
            plan: self.plan_field.as_ref().and_then(|field| user.chosen(field)),
            tags: if user.maybe_flag("vip")? { vec!["vip".to_owned()] } else { Vec::new() },
        })
    }
}

fn at(id: &TicketId) -> String {
    format!("/api/v1/tickets/{id}")
}

fn comment(article: &Node<'_>) -> Result<Comment> {
    let is_html = article.word("content_type")?.starts_with("text/html");
    Ok(Comment {
        id: article.id("id")?,
        author: article.line("from")?,
        role: match article.word("sender")? {
            "Customer" => Role::Customer,
            "Agent" => Role::Agent,
            _ => Role::System,
        },
        visibility: visibility(article.flag("internal")?),
        text: if is_html { article.html("body")? } else { article.plain("body")? },
        at: article.time("created_at")?,
    })
}

fn status(name: &str) -> TicketStatus {
    match name {
        "pending reminder" => TicketStatus::Waiting,
        "pending close" => TicketStatus::Solved,
        "closed" | "merged" | "removed" => TicketStatus::Closed,
        _ => TicketStatus::Open,
    }
}

fn events(body: &Node<'_>, delivery: &Delivery<'_>, _: &str) -> Result<Vec<Event>> {
    let id = delivery.header("x-zammad-delivery").unwrap_or_else(|| delivery.digest());
    Ok(vec![Event { delivery: id, ticket: body.at("ticket").id("id")? }])
}
