//! Front, the Core API (<https://dev.frontapp.com/reference/introduction>).

use std::sync::LazyLock;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use regex::Regex;
use reqwest::Url;
use serde_json::json;

use super::changes::{Changed, Changes};
use super::client::{Client, segment};
use super::error::{Result, TicketError};
use super::node::Node;
use super::sign_in::SignIn;
use super::signature::{Delivery, Event, Form, Hash, Signature, Signed};
use super::system::{Facts, Interface, System, Use, visibility};
use super::{Assignee, InternalNote, PublicReply, Settings, TicketId};
use crate::sop::ticket::{Comment, Requester, Role, Ticket, TicketStatus};

pub(super) const FACTS: Facts = Facts {
    name: "front",
    title: "Front",
    id: "(?:cnv|msg)_[a-z0-9]{1,40}",
    link: "open/",
    account: Use::Never,
    interface: Some(Interface {
        api: "https://api2.frontapp.com",
        user: Use::Needed("the id of the teammate who writes: tea_…"),
        client: Use::Never,
        notes: true,
        headers: &[],
        sign_in: |_, token| SignIn::Bearer(token),
        signatures: &[
            // Of an application …
            Signature::Hmac {
                header: "x-front-signature",
                hash: Hash::Sha256,
                form: Form::Base64,
                signed: Signed::TimeAndBody { header: "x-front-request-timestamp", then: ":" },
            },
            // … and of a rule.
            Signature::Hmac { header: "x-front-signature", hash: Hash::Sha1, form: Form::Base64, signed: Signed::Body },
        ],
        events,
        open,
    }),
};

struct Front {
    client: Client,
    teammate: String,
    plan_field: Option<String>,
}

fn open(client: Client, settings: &Settings) -> Box<dyn System> {
    let teammate = settings.user.clone().unwrap_or_default();
    Box::new(Front { client, teammate, plan_field: settings.plan_field.clone() })
}

#[async_trait]
impl System for Front {
    async fn fetch(&self, id: &TicketId) -> Result<Ticket> {
        let id = self.conversation(id).await?;
        let answer = self.client.get(&format!("/conversations/{id}"), &[]).await?;
        let turn = |what: &str| format!("/conversations/{id}/{what}");
        let query = [("limit", "100")];
        let (messages, comments) = (turn("messages"), turn("comments"));
        let messages = self.client.pages(&messages, &query, "page_token", next_page).await?;
        let notes = self.client.pages(&comments, &query, "page_token", next_page).await?;
        let mut comments = messages.items("_results")?.iter().map(message).collect::<Result<Vec<_>>>()?;
        comments.extend(notes.items("_results")?.iter().map(note).collect::<Result<Vec<_>>>()?);
        comments.sort_by_key(|comment| comment.at);
        let conversation = answer.node();
        let (created, tags) = (conversation.seconds("created_at")?, conversation.list("tags")?);
        Ok(Ticket {
            id: conversation.id("id")?,
            number: conversation.id("id")?,
            subject: conversation.line("subject")?,
            status: status(&conversation)?,
            priority: None,
            requester: self.requester(&conversation)?,
            assignee: Some(conversation.at("assignee").joined(&["first_name", "last_name"])?)
                .filter(|it| !it.is_empty()),
            group: None,
            tags: tags.iter().map(|tag| tag.line("name")).collect::<Result<_>>()?,
            created,
            // It does not tell; what was said last is the latest that is known.
            updated: comments.last().map_or(created, |comment| comment.at),
            comments,
            is_cut: messages.is_cut || notes.is_cut,
        })
    }

    /// What Front calls a comment is for teammates; what customers read is a message.
    async fn internal_note(&self, id: &TicketId, note: &InternalNote) -> Result<()> {
        let path = format!("/conversations/{}/comments", self.conversation(id).await?);
        self.client.post(&path, json!({"author_id": self.teammate, "body": note.plain()})).await.map(drop)
    }

    async fn public_reply(&self, id: &TicketId, reply: &PublicReply) -> Result<()> {
        let path = format!("/conversations/{}/messages", self.conversation(id).await?);
        self.client.post(&path, json!({"author_id": self.teammate, "body": reply.html()})).await.map(drop)
    }

    /// A group is an inbox.
    async fn assign(&self, id: &TicketId, to: &Assignee) -> Result<()> {
        let id = self.conversation(id).await?;
        let done = match to {
            Assignee::Person(person) => {
                self.client.put(&format!("/conversations/{id}/assignee"), json!({"assignee_id": person})).await
            }
            Assignee::Group(group) => {
                self.client.patch(&format!("/conversations/{id}"), json!({"inbox_id": group})).await
            }
        };
        done.map(drop)
    }

    /// By the tag's id: tag_…
    async fn add_tag(&self, id: &TicketId, tag: &str) -> Result<()> {
        let path = format!("/conversations/{}/tags", self.conversation(id).await?);
        self.client.post(&path, json!({"tag_ids": [tag]})).await.map(drop)
    }

    async fn recent_count(&self, requester: &Requester, since: DateTime<Utc>) -> Result<u32> {
        let path = format!("/contacts/{}/conversations", segment(&format!("alt:email:{}", requester.id)));
        let pages = self.client.pages(&path, &[("limit", "100")], "page_token", next_page).await?;
        let mut count = 0;
        for conversation in pages.items("_results")? {
            count += u32::from(conversation.seconds("created_at")? >= since);
        }
        Ok(count)
    }

    /// From the log of all that happens, which is the only list that goes by time; a page has fifteen events at most.
    async fn changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Changed>> {
        let after = (since.timestamp() - 1).to_string();
        let query = [("q[after]", &*after), ("sort_order", "asc"), ("limit", "15")];
        let changes = Changes::since(since, "_results", |event| {
            let (conversation, at) = (event.at("conversation"), event.seconds("emitted_at")?);
            Ok(conversation.maybe_id("id")?.map(|id| Changed::new(id, at)))
        });
        let next = changes.until_enough(|page, read| {
            let events = page.list("_results")?;
            let at = |event: Option<&Node<'_>>| event.map(|event| event.seconds("emitted_at")).transpose();
            // The newest first is what it tells unless asked: then the oldest would be cut off.
            if at(events.first())? > at(events.last())? {
                return Err(TicketError::not_understood("_results is not in the order that was asked for"));
            }
            next_page(page, read)
        });
        changes.of(&self.client.pages("/events", &query, "page_token", next).await?)
    }
}

/// A conversation's id wherever it stands in a link of an answer.
static CONVERSATION: LazyLock<Regex> = LazyLock::new(|| Regex::new("cnv_[a-z0-9]{1,40}").expect("written here"));

impl Front {
    /// The conversation of a message; links may name either.
    async fn conversation(&self, id: &TicketId) -> Result<String> {
        if id.as_str().starts_with("cnv_") {
            return Ok(id.as_str().to_owned());
        }
        let answer = self.client.get(&format!("/messages/{id}"), &[]).await?;
        let message = answer.node();
        let link = message.at("_links").at("related").word("conversation")?;
        let id = CONVERSATION.find(link).map(|id| id.as_str().to_owned());
        id.ok_or_else(|| TicketError::not_understood("_links.related.conversation names none"))
    }

    /// People are known by their address.
    fn requester(&self, conversation: &Node<'_>) -> Result<Requester> {
        let recipient = conversation.at("recipient");
        let handle = recipient.line("handle")?;
        let fields = conversation.at("custom_fields");
        Ok(Requester {
            name: recipient.line("name")?,
            email: Some(handle.clone()).filter(|handle| handle.contains('@')),
            id: handle,
            organisation: None,
            plan: self.plan_field.as_ref().and_then(|field| fields.chosen(field)),
            tags: Vec::new(),
        })
    }
}

/// The next page is told as an address; only its mark is taken from it.
fn next_page(page: &Node<'_>, _: usize) -> Result<Option<String>> {
    let pagination = page.at("_pagination");
    let Ok(next) = Url::parse(pagination.word("next")?) else { return Ok(None) };
    Ok(next.query_pairs().find(|(name, _)| name == "page_token").map(|(_, token)| token.into_owned()))
}

fn message(message: &Node<'_>) -> Result<Comment> {
    let by_customer = message.flag("is_inbound")?;
    let recipients = message.list("recipients")?;
    let mut sender = String::new();
    for recipient in &recipients {
        if recipient.word("role")? == "from" {
            sender = recipient.line("name")?;
        }
    }
    let author = message.at("author").joined(&["first_name", "last_name"])?;
    Ok(Comment {
        id: message.id("id")?,
        author: if by_customer { sender } else { author },
        role: if by_customer { Role::Customer } else { Role::Agent },
        visibility: visibility(message.maybe_flag("is_draft")?),
        text: if message.at("text").is_null() { message.html("body")? } else { message.plain("text")? },
        at: message.seconds("created_at")?,
    })
}

fn note(note: &Node<'_>) -> Result<Comment> {
    Ok(Comment {
        id: note.id("id")?,
        author: note.at("author").joined(&["first_name", "last_name"])?,
        role: Role::Agent,
        visibility: visibility(true),
        text: note.plain("body")?,
        at: note.seconds("posted_at")?,
    })
}

fn status(conversation: &Node<'_>) -> Result<TicketStatus> {
    Ok(match (conversation.word("status_category")?, conversation.word("status")?) {
        ("waiting", _) => TicketStatus::Waiting,
        ("resolved", _) | (_, "archived") => TicketStatus::Solved,
        (_, "deleted") => TicketStatus::Closed,
        _ => TicketStatus::Open,
    })
}

/// What comes is a preview, from a rule as it is or from an application in an envelope.
fn events(body: &Node<'_>, delivery: &Delivery<'_>, _: &str) -> Result<Vec<Event>> {
    let payload = if body.at("payload").is_null() { body.clone() } else { body.at("payload") };
    let conversation = payload.at("conversation");
    if conversation.is_null() {
        return Ok(Vec::new());
    }
    let id = payload.maybe_id("id")?.unwrap_or_else(|| delivery.digest());
    Ok(vec![Event { delivery: id, ticket: conversation.id("id")? }])
}
