//! Freshdesk (<https://developers.freshdesk.com/api/>).

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::changes::{Changed, Changes};
use super::client::{Client, while_full};
use super::error::Result;
use super::node::Node;
use super::sign_in::SignIn;
use super::signature::{OWN, own_event};
use super::system::{Facts, Interface, NUMBER, System, Use, instant, visibility};
use super::{Assignee, InternalNote, PublicReply, TicketId};
use crate::sop::ticket::{Comment, Requester, Role, Ticket, TicketPriority, TicketStatus};

pub(super) const FACTS: Facts = Facts {
    name: "freshdesk",
    title: "Freshdesk",
    id: NUMBER,
    link: "(?:a|helpdesk|support)/tickets/",
    account: Use::Never,
    interface: Some(Interface {
        api: "https://{host}",
        user: Use::Never,
        client: Use::Never,
        notes: true,
        headers: &[],
        sign_in: |_, key| SignIn::Key(key),
        // Its webhooks come from rules, which sign nothing but can send a header.
        signatures: OWN,
        events: own_event,
        open: |client, settings| Box::new(Freshdesk { client, plan_field: settings.plan_field.clone() }),
    }),
};

struct Freshdesk {
    client: Client,
    plan_field: Option<String>,
}

#[async_trait]
impl System for Freshdesk {
    async fn fetch(&self, id: &TicketId) -> Result<Ticket> {
        let answer = self.client.get(&at(id, ""), &[("include", "requester,company")]).await?;
        let (path, query) = (at(id, "/conversations"), [("per_page", "100")]);
        let pages = self.client.pages(&path, &query, "page", while_full("", 100)).await?;
        let ticket = answer.node();
        let requester = self.requester(&ticket)?;
        let mut comments = vec![Comment {
            id: "description".to_owned(),
            author: requester.name.clone(),
            role: Role::Customer,
            visibility: visibility(false),
            text: ticket.plain("description_text")?,
            at: ticket.time("created_at")?,
        }];
        for said in pages.items("")? {
            comments.push(comment(&said, &requester)?);
        }
        let id = ticket.id("id")?;
        Ok(Ticket {
            number: id.clone(),
            id,
            subject: ticket.line("subject")?,
            status: status(ticket.count("status")?),
            priority: priority(ticket.count("priority")?),
            requester,
            assignee: ticket.maybe_id("responder_id")?,
            group: ticket.maybe_id("group_id")?,
            tags: ticket.lines("tags")?,
            created: ticket.time("created_at")?,
            updated: ticket.time("updated_at")?,
            comments,
            is_cut: pages.is_cut,
        })
    }

    async fn internal_note(&self, id: &TicketId, note: &InternalNote) -> Result<()> {
        let body = json!({"body": note.html(), "private": true});
        self.client.post(&at(id, "/notes"), body).await.map(drop)
    }

    async fn public_reply(&self, id: &TicketId, reply: &PublicReply) -> Result<()> {
        self.client.post(&at(id, "/reply"), json!({"body": reply.html()})).await.map(drop)
    }

    async fn assign(&self, id: &TicketId, to: &Assignee) -> Result<()> {
        let change = match to {
            Assignee::Person(person) => json!({"responder_id": Assignee::number(person)}),
            Assignee::Group(group) => json!({"group_id": Assignee::number(group)}),
        };
        self.update(id, change).await
    }

    /// Its list of tags can only be replaced.
    async fn add_tag(&self, id: &TicketId, tag: &str) -> Result<()> {
        let answer = self.client.get(&at(id, ""), &[]).await?;
        let mut tags = answer.node().lines("tags")?;
        if tags.iter().any(|there| there == tag) {
            return Ok(());
        }
        tags.push(tag.to_owned());
        self.update(id, json!({"tags": tags})).await
    }

    /// Its search does not know requesters; its list does.
    async fn recent_count(&self, requester: &Requester, since: DateTime<Utc>) -> Result<u32> {
        let updated = instant(since);
        let query = [("requester_id", requester.id.as_str()), ("updated_since", &updated), ("per_page", "100")];
        let pages = self.client.pages("/api/v2/tickets", &query, "page", while_full("", 100)).await?;
        let mut count = 0;
        for ticket in pages.items("")? {
            count += u32::from(ticket.time("created_at")? >= since);
        }
        Ok(count)
    }

    async fn changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Changed>> {
        let updated = instant(since);
        let query =
            [("updated_since", &*updated), ("order_by", "updated_at"), ("order_type", "asc"), ("per_page", "100")];
        let changes =
            Changes::since(since, "", |ticket| Ok(Some(Changed::new(ticket.id("id")?, ticket.time("updated_at")?))));
        let next = changes.until_enough(while_full("", 100));
        changes.of(&self.client.pages("/api/v2/tickets", &query, "page", next).await?)
    }
}

impl Freshdesk {
    async fn update(&self, id: &TicketId, change: Value) -> Result<()> {
        self.client.put(&at(id, ""), change).await.map(drop)
    }

    fn requester(&self, ticket: &Node<'_>) -> Result<Requester> {
        let requester = ticket.at("requester");
        let fields = ticket.at("custom_fields");
        Ok(Requester {
            id: ticket.id("requester_id")?,
            name: requester.line("name")?,
            email: requester.maybe_line("email")?,
            organisation: ticket.at("company").maybe_line("name")?,
            plan: self.plan_field.as_ref().and_then(|field| fields.chosen(field)),
            tags: Vec::new(),
        })
    }
}

fn at(id: &TicketId, what: &str) -> String {
    format!("/api/v2/tickets/{id}{what}")
}

/// Only ids of authors are told.
fn comment(said: &Node<'_>, requester: &Requester) -> Result<Comment> {
    let by_customer = said.maybe_flag("incoming")?;
    let is_requester = said.maybe_id("user_id")?.as_deref() == Some(&requester.id);
    Ok(Comment {
        id: said.id("id")?,
        author: if is_requester { requester.name.clone() } else { String::new() },
        role: if by_customer { Role::Customer } else { Role::Agent },
        visibility: visibility(said.flag("private")?),
        text: said.plain("body_text")?,
        at: said.time("created_at")?,
    })
}

fn status(number: u32) -> TicketStatus {
    match number {
        2 => TicketStatus::Open,
        3 => TicketStatus::Waiting,
        4 => TicketStatus::Solved,
        5 => TicketStatus::Closed,
        // Of the account's own.
        _ => TicketStatus::OnHold,
    }
}

fn priority(number: u32) -> Option<TicketPriority> {
    match number {
        4 => Some(TicketPriority::Urgent),
        3 => Some(TicketPriority::High),
        2 => Some(TicketPriority::Normal),
        1 => Some(TicketPriority::Low),
        _ => None,
    }
}
