//! Request Tracker 5, REST 2 (<https://docs.bestpractical.com/rt/5.0.7/RT/REST2.html>).
//!
//! Its account needs the rights SeeQueue, ShowTicket, ShowTicketComments, CommentOnTicket, ReplyToTicket and ModifyTicket;
//! to give tickets away also ReassignTicket, and CreateTicket in the queue that gets them.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::changes::{Changed, Changes};
use super::client::Client;
use super::error::{Result, TicketError};
use super::node::Node;
use super::sign_in::SignIn;
use super::signature::{OWN, own_event};
use super::system::{Facts, Interface, NUMBER, System, Use, minutes_ago, visibility};
use super::text;
use super::{Assignee, InternalNote, PublicReply, Settings, TicketId};
use crate::sop::ticket::{Comment, Requester, Role, Ticket, TicketPriority, TicketStatus};

pub(super) const FACTS: Facts = Facts {
    name: "rt",
    title: "Request Tracker",
    id: NUMBER,
    link: r"(?:[\w.~-]+/)*(?:SelfService|Ticket|m/ticket)/[A-Za-z]+(?:\.html)?\?(?:[^\s#]*&)?id=",
    account: Use::Never,
    interface: Some(Interface {
        api: "https://{host}",
        user: Use::Optional("the login of the account; without, the token is one that RT made for it"),
        client: Use::Never,
        notes: true,
        headers: &[],
        sign_in,
        // It has no webhooks of its own, but its scrips can call.
        signatures: OWN,
        events: own_event,
        open: |client, settings| Box::new(RequestTracker { client, plan_field: settings.plan_field.clone() }),
    }),
};

fn sign_in(settings: &Settings, secret: secrecy::SecretString) -> SignIn {
    match &settings.user {
        Some(user) => SignIn::Basic { user: user.clone(), password: secret },
        None => SignIn::Header { name: "authorization", before: "token ", secret },
    }
}

struct RequestTracker {
    client: Client,
    plan_field: Option<String>,
}

/// What is asked of a ticket; lists tell more of what hangs on it than the ticket's own address does.
const FIELDS: &str = "Subject,Status,Priority,Queue,Owner,Requestor,Created,LastUpdated,CustomFields";

/// Which attachments are asked for: with files among them an answer may have any length.
const TEXTS: &str = r#"[{"field":"ContentType","operator":"STARTSWITH","value":"text/"}]"#;

#[async_trait]
impl System for RequestTracker {
    async fn fetch(&self, id: &TicketId) -> Result<Ticket> {
        let answer = self.find(id).await?;
        if answer.node().count("count")? == 0 {
            return Err(TicketError::NotFound);
        }
        let items = answer.node().list("items")?;
        let ticket = items.first().ok_or(TicketError::NotFound)?;
        let requesters = list(ticket, "Requestor")?;
        let requester = self.requester(ticket, requesters.first())?;
        let history = [("per_page", "100"), ("fields", "Type,Creator,Created")];
        let history = self.client.pages(&at(id, "/history"), &history, "page", next_page).await?;
        let attachments =
            [("query", TEXTS), ("per_page", "100"), ("fields", "Content,ContentType,TransactionId,Filename")];
        let attachments = self.client.pages(&at(id, "/attachments"), &attachments, "page", next_page).await?;
        let logins = requesters.iter().map(|it| it.id("id")).collect::<Result<Vec<_>>>()?;
        let (said, texts) = (history.items("items")?, attachments.items("items")?);
        let mut comments = Vec::new();
        for transaction in &said {
            comments.extend(comment(transaction, &texts, &logins)?);
        }
        Ok(Ticket {
            id: ticket.id("id")?,
            number: ticket.id("id")?,
            subject: ticket.line("Subject")?,
            status: status(ticket.word("Status")?),
            priority: priority(ticket)?,
            requester,
            assignee: Some(ticket.at("Owner").id("id")?).filter(|owner| owner != "Nobody"),
            group: ticket.at("Queue").maybe_line("Name")?,
            tags: Vec::new(),
            created: ticket.time("Created")?,
            updated: ticket.time("LastUpdated")?,
            comments,
            is_cut: history.is_cut || attachments.is_cut,
        })
    }

    async fn internal_note(&self, id: &TicketId, note: &InternalNote) -> Result<()> {
        let said = json!({"Content": note.plain(), "ContentType": "text/plain"});
        self.client.post(&at(id, "/comment"), said).await.map(drop)
    }

    async fn public_reply(&self, id: &TicketId, reply: &PublicReply) -> Result<()> {
        let said = json!({"Content": reply.plain(), "ContentType": "text/plain"});
        self.client.post(&at(id, "/correspond"), said).await.map(drop)
    }

    /// By login, or by the queue's name. It answers 200 even to what it did not do, so one looks.
    async fn assign(&self, id: &TicketId, to: &Assignee) -> Result<()> {
        let (field, name, wanted) = match to {
            Assignee::Person(person) => ("Owner", "id", person),
            Assignee::Group(queue) => ("Queue", "Name", queue),
        };
        let answer = self.client.put(&at(id, ""), json!({field: wanted})).await?;
        let found = self.find(id).await?;
        let items = found.node().list("items")?;
        let is = items.first().ok_or(TicketError::NotFound)?.at(field).maybe_id(name)?;
        if is.is_some_and(|is| is.eq_ignore_ascii_case(wanted)) {
            return Ok(());
        }
        let why = answer.node().items()?.first().map_or("", |message| message.here());
        Err(TicketError::Refused { status: 200, why: text::reason(why, &[]) })
    }

    async fn add_tag(&self, _: &TicketId, _: &str) -> Result<()> {
        Err(TicketError::Impossible { why: "Request Tracker has no tags" })
    }

    async fn recent_count(&self, requester: &Requester, since: DateTime<Utc>) -> Result<u32> {
        let who = requester.id.replace('\\', r"\\").replace('\'', r"\'");
        let query = format!("Requestor.Name = '{who}' AND Created >= '{}'", since.format("%Y-%m-%d %H:%M:%S"));
        let answer = self.client.get("/REST/2.0/tickets", &[("query", &query), ("per_page", "1")]).await?;
        if !answer.node().at("total").is_null() {
            return answer.node().count("total");
        }
        let query = [("query", query.as_str()), ("per_page", "100")];
        let pages = self.client.pages("/REST/2.0/tickets", &query, "page", next_page).await?;
        Ok(u32::try_from(pages.items("items")?.len()).unwrap_or(u32::MAX))
    }

    /// An instant would be read in the zone of the account. Times are whole seconds.
    async fn changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Changed>> {
        let question = format!("LastUpdated >= '{} minutes ago'", minutes_ago(since));
        let query = [
            ("query", &*question),
            ("fields", "LastUpdated"),
            ("orderby", "LastUpdated"),
            ("order", "ASC"),
            ("per_page", "100"),
        ];
        let changes = Changes::since(since, "items", |ticket| {
            Ok(Some(Changed::new(ticket.id("id")?, ticket.time("LastUpdated")?)))
        });
        let next = changes.until_enough(next_page);
        changes.of(&self.client.pages("/REST/2.0/tickets", &query, "page", next).await?)
    }
}

impl RequestTracker {
    async fn find(&self, id: &TicketId) -> Result<super::client::Answer> {
        let query = format!("id={id}");
        let query = [
            ("query", query.as_str()),
            ("fields", FIELDS),
            ("fields[Queue]", "Name"),
            ("fields[Requestor]", "EmailAddress,RealName,Organization"),
        ];
        self.client.get("/REST/2.0/tickets", &query).await
    }

    fn requester(&self, ticket: &Node<'_>, person: Option<&Node<'_>>) -> Result<Requester> {
        let Some(person) = person else { return Ok(Requester::default()) };
        let mut plan = None;
        for field in list(ticket, "CustomFields")? {
            if self.plan_field.is_some() && field.word("name").ok() == self.plan_field.as_deref() {
                plan = field.lines("values")?.into_iter().next();
            }
        }
        Ok(Requester {
            id: person.id("id")?,
            name: person.line("RealName")?,
            email: person.maybe_line("EmailAddress")?,
            organisation: person.maybe_line("Organization")?,
            plan,
            tags: Vec::new(),
        })
    }
}

fn at(id: &TicketId, what: &str) -> String {
    format!("/REST/2.0/ticket/{id}{what}")
}

/// How many pages there are is told only to who may see everything; to others, the first without items is the last.
fn next_page(page: &Node<'_>, read: usize) -> Result<Option<String>> {
    let is_last =
        if page.at("pages").is_null() { page.count("count")? == 0 } else { read >= page.count("pages")? as usize };
    Ok((!is_last).then(|| (read + 1).to_string()))
}

/// A list without items is written as an empty text.
fn list<'v>(node: &Node<'v>, key: &str) -> Result<Vec<Node<'v>>> {
    if node.word(key) == Ok("") { Ok(Vec::new()) } else { node.list(key) }
}

/// What was said, if a transaction is about that: its text is an attachment of it without a name, in the form that the
/// mail had. If it had two, one is plain.
fn comment(transaction: &Node<'_>, texts: &[Node<'_>], requesters: &[String]) -> Result<Option<Comment>> {
    let kind = transaction.word("Type")?;
    if !["Create", "Correspond", "Comment"].contains(&kind) {
        return Ok(None);
    }
    let id = transaction.id("id")?;
    let (mut plain, mut html) = (None, None);
    for text in texts {
        let of = text.at("TransactionId");
        let of = if of.at("id").is_null() { text.maybe_id("TransactionId")? } else { of.maybe_id("id")? };
        if of.as_deref() != Some(&id) || !text.word("Filename")?.is_empty() {
            continue;
        }
        match text.word("ContentType")? {
            kind if kind.starts_with("text/plain") && plain.is_none() => plain = Some(text.plain("Content")?),
            kind if kind.starts_with("text/html") && html.is_none() => html = Some(text.html("Content")?),
            _ => {}
        }
    }
    let author = transaction.at("Creator").id("id")?;
    Ok(Some(Comment {
        id,
        role: match author.as_str() {
            "RT_System" => Role::System,
            login if requesters.iter().any(|requester| requester == login) => Role::Customer,
            _ => Role::Agent,
        },
        author,
        visibility: visibility(kind == "Comment"),
        text: plain.or(html).unwrap_or_default(),
        at: transaction.time("Created")?,
    }))
}

fn status(word: &str) -> TicketStatus {
    match word {
        "stalled" => TicketStatus::Waiting,
        "resolved" => TicketStatus::Solved,
        "rejected" | "deleted" => TicketStatus::Closed,
        _ => TicketStatus::Open,
    }
}

/// 0 to 100: its own pages call 0 low, 50 medium and 100 high, where nobody named others.
fn priority(ticket: &Node<'_>) -> Result<Option<TicketPriority>> {
    let text = ticket.maybe_id("Priority")?.unwrap_or_default();
    Ok(match text.parse::<i64>() {
        Ok(91..) => Some(TicketPriority::Urgent),
        Ok(61..) => Some(TicketPriority::High),
        Ok(31..) => Some(TicketPriority::Normal),
        Ok(_) => Some(TicketPriority::Low),
        Err(_) => super::system::priority(&text),
    })
}
