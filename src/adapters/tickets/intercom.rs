//! Intercom conversations, version 2.15 of its interface (<https://github.com/intercom/Intercom-OpenAPI>).

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::changes::{Changed, Changes};
use super::client::Client;
use super::error::{Result, TicketError};
use super::node::Node;
use super::sign_in::SignIn;
use super::signature::{Delivery, Event, Form, Hash, Signature, Signed};
use super::system::{Facts, Interface, NUMBER, System, Use, visibility};
use super::{Assignee, InternalNote, PublicReply, Settings, TicketId};
use crate::sop::ticket::{Comment, Requester, Role, Ticket, TicketPriority, TicketStatus};

pub(super) const FACTS: Facts = Facts {
    name: "intercom",
    title: "Intercom",
    id: NUMBER,
    link: r"a/(?:inbox|apps)/{account}/(?:[\w/-]+/)?conversations?/",
    account: Use::Needed("the workspace's id, as it stands in its links after /a/inbox/"),
    interface: Some(Interface {
        // Elsewhere https://api.eu.intercom.io and https://api.au.intercom.io.
        api: "https://api.intercom.io",
        user: Use::Needed("the id of the admin who writes the notes"),
        client: Use::Never,
        notes: true,
        headers: &[("intercom-version", "2.15")],
        sign_in: |_, token| SignIn::Bearer(token),
        signatures: &[Signature::Hmac {
            header: "x-hub-signature",
            hash: Hash::Sha1,
            form: Form::Hex("sha1="),
            signed: Signed::Body,
        }],
        events,
        open,
    }),
};

struct Intercom {
    client: Client,
    admin: String,
    plan_field: Option<String>,
}

fn open(client: Client, settings: &Settings) -> Box<dyn System> {
    let admin = settings.user.clone().unwrap_or_default();
    Box::new(Intercom { client, admin, plan_field: settings.plan_field.clone() })
}

#[async_trait]
impl System for Intercom {
    async fn fetch(&self, id: &TicketId) -> Result<Ticket> {
        let answer = self.client.get(&format!("/conversations/{id}"), &[("display_as", "plaintext")]).await?;
        let conversation = answer.node();
        let contact = conversation.at("contacts").list("contacts")?.first().map(|it| it.id("id")).transpose()?;
        let contact = match contact {
            Some(contact) => contact,
            None => conversation.at("source").at("author").id("id")?,
        };
        let known = self.client.get_if_there(&format!("/contacts/{}", super::client::segment(&contact)), &[]).await?;
        let requester = self.requester(contact, &conversation, known.as_ref().map(|it| it.node()))?;
        let parts = conversation.at("conversation_parts");
        let said = parts.list("conversation_parts")?;
        let is_cut = !parts.at("total_count").is_null() && parts.count("total_count")? as usize > said.len();
        let mut comments = vec![first(&conversation)?];
        for part in said.iter().filter(|part| !part.at("body").is_null()) {
            comments.push(comment(part)?);
        }
        let tags = conversation.at("tags").list("tags")?;
        let id = conversation.id("id")?;
        Ok(Ticket {
            number: id.clone(),
            id,
            subject: subject(&conversation)?,
            status: status(conversation.word("state")?),
            priority: priority(conversation.word("priority")?),
            requester,
            assignee: conversation.maybe_id("admin_assignee_id")?.filter(|id| id != "0"),
            group: conversation.maybe_id("team_assignee_id")?.filter(|id| id != "0"),
            tags: tags.iter().map(|tag| tag.line("name")).collect::<Result<_>>()?,
            created: conversation.seconds("created_at")?,
            updated: conversation.seconds("updated_at")?,
            comments,
            is_cut,
        })
    }

    async fn internal_note(&self, id: &TicketId, note: &InternalNote) -> Result<()> {
        let said = json!({"message_type": "note", "type": "admin", "admin_id": self.admin, "body": note.html()});
        self.client.post(&format!("/conversations/{id}/reply"), said).await.map(drop)
    }

    async fn public_reply(&self, id: &TicketId, reply: &PublicReply) -> Result<()> {
        let said = json!({"message_type": "comment", "type": "admin", "admin_id": self.admin, "body": reply.html()});
        self.client.post(&format!("/conversations/{id}/reply"), said).await.map(drop)
    }

    async fn assign(&self, id: &TicketId, to: &Assignee) -> Result<()> {
        let (kind, assignee) = match to {
            Assignee::Person(person) => ("admin", person),
            Assignee::Group(group) => ("team", group),
        };
        let part = json!({"message_type": "assignment", "type": kind, "admin_id": self.admin, "assignee_id": assignee});
        self.client.post(&format!("/conversations/{id}/parts"), part).await.map(drop)
    }

    /// A tag is made, or found if there is one of that name; then it is put on.
    async fn add_tag(&self, id: &TicketId, tag: &str) -> Result<()> {
        let made = self.client.post("/tags", json!({"name": tag})).await?.node().id("id")?;
        let tagged = json!({"id": made, "admin_id": self.admin});
        self.client.post(&format!("/conversations/{id}/tags"), tagged).await.map(drop)
    }

    async fn recent_count(&self, requester: &Requester, since: DateTime<Utc>) -> Result<u32> {
        let is = |field: &str, operator: &str, value: serde_json::Value| json!({"field": field, "operator": operator, "value": value});
        let both =
            [is("contact_ids", "=", requester.id.as_str().into()), is("created_at", ">", since.timestamp().into())];
        let question = json!({"query": {"operator": "AND", "value": both}, "pagination": {"per_page": 1}});
        self.client.search("/conversations/search", question).await?.node().count("total_count")
    }

    async fn changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Changed>> {
        let later = json!({"field": "updated_at", "operator": ">", "value": since.timestamp() - 1});
        let question = json!({"query": later, "sort": {"field": "updated_at", "order": "ascending"},
            "pagination": {"per_page": 100, "starting_after": null}});
        let changes = Changes::since(since, "conversations", |conversation| {
            Ok(Some(Changed::new(conversation.id("id")?, conversation.seconds("updated_at")?)))
        });
        let next = changes.until_enough(|page, _| page.at("pages").at("next").maybe_id("starting_after"));
        let mark = "/pagination/starting_after";
        changes.of(&self.client.search_pages("/conversations/search", question, mark, next).await?)
    }
}

impl Intercom {
    fn requester(&self, id: String, conversation: &Node<'_>, contact: Option<Node<'_>>) -> Result<Requester> {
        let author = conversation.at("source").at("author");
        let company = conversation.at("company");
        let attributes = contact.as_ref().map(|contact| contact.at("custom_attributes"));
        let of_contact = self.plan_field.as_ref().and_then(|field| attributes?.chosen(field));
        let person = contact.unwrap_or(author);
        Ok(Requester {
            id,
            name: person.line("name")?,
            email: person.maybe_line("email")?,
            organisation: company.maybe_line("name")?,
            plan: of_contact.or_else(|| company.chosen("plan")),
            tags: Vec::new(),
        })
    }
}

/// Chats have none: then it is the beginning of what was said.
fn subject(conversation: &Node<'_>) -> Result<String> {
    let titles = [conversation.line("title")?, conversation.at("source").html("subject")?];
    let source = || conversation.at("source").line("body");
    titles.into_iter().find(|title| !title.is_empty()).map_or_else(source, Ok)
}

fn first(conversation: &Node<'_>) -> Result<Comment> {
    let source = conversation.at("source");
    let author = source.at("author");
    Ok(Comment {
        id: source.maybe_id("id")?.unwrap_or_else(|| "source".to_owned()),
        author: author.line("name")?,
        role: role(author.word("type")?),
        visibility: visibility(false),
        text: source.plain("body")?,
        at: conversation.seconds("created_at")?,
    })
}

fn comment(part: &Node<'_>) -> Result<Comment> {
    let author = part.at("author");
    let kind = part.word("part_type")?;
    if kind.is_empty() {
        return Err(TicketError::not_understood("a part of the conversation without part_type"));
    }
    Ok(Comment {
        id: part.id("id")?,
        author: author.line("name")?,
        role: role(author.word("type")?),
        // What is said while closing or opening reaches the customer; all else with a text is among staff.
        visibility: visibility(!["comment", "close", "open"].contains(&kind)),
        text: part.plain("body")?,
        at: part.seconds("created_at")?,
    })
}

fn role(kind: &str) -> Role {
    match kind {
        "user" | "lead" | "contact" => Role::Customer,
        "admin" | "team" => Role::Agent,
        _ => Role::System,
    }
}

fn status(state: &str) -> TicketStatus {
    match state {
        "snoozed" => TicketStatus::Waiting,
        "closed" => TicketStatus::Closed,
        _ => TicketStatus::Open,
    }
}

fn priority(word: &str) -> Option<TicketPriority> {
    match word {
        "priority" => Some(TicketPriority::High),
        "not_priority" => Some(TicketPriority::Normal),
        _ => None,
    }
}

/// The topic "ping" and others are about no conversation.
fn events(body: &Node<'_>, _: &Delivery<'_>, _: &str) -> Result<Vec<Event>> {
    let item = body.at("data").at("item");
    if item.word("type")? != "conversation" {
        return Ok(Vec::new());
    }
    Ok(vec![Event { delivery: body.id("id")?, ticket: item.id("id")? }])
}
