//! HubSpot tickets (<https://developers.hubspot.com/docs/api/crm/tickets>).

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use super::changes::{Changed, Changes};
use super::client::{Answer, Client, segment};
use super::error::{Result, TicketError};
use super::node::Node;
use super::sign_in::SignIn;
use super::signature::{Delivery, Event, Form, Hash, Signature, Signed};
use super::system::{Facts, Interface, NUMBER, System, Use, priority, visibility};
use super::{Assignee, InternalNote, PublicReply, TicketId};
use crate::sop::ticket::{Comment, Requester, Role, Ticket, TicketStatus};

pub(super) const FACTS: Facts = Facts {
    name: "hubspot",
    title: "HubSpot",
    id: NUMBER,
    link: r"(?:contacts/{account}/(?:record/0-5|ticket)/|help-desk/{account}/view/[0-9]+/ticket/)",
    account: Use::Needed("the portal's number, as it stands in its links after /contacts/"),
    interface: Some(Interface {
        api: "https://api.hubapi.com",
        user: Use::Never,
        client: Use::Never,
        notes: true,
        headers: &[],
        sign_in: |_, token| SignIn::Bearer(token),
        // The older ones can be made longer by who has seen one, and are not listened to.
        signatures: &[Signature::Hmac {
            header: "x-hubspot-signature-v3",
            hash: Hash::Sha256,
            form: Form::Base64,
            signed: Signed::RequestAndTime { header: "x-hubspot-request-timestamp" },
        }],
        events,
        open: |client, settings| Box::new(HubSpot { client, plan_field: settings.plan_field.clone() }),
    }),
};

/// HubSpot's number for "a note about a ticket".
const NOTE_TO_TICKET: u32 = 228;
/// Notes that are read, the newest: so many come in one answer.
const NOTES_MAX: usize = 100;

struct HubSpot {
    client: Client,
    plan_field: Option<String>,
}

#[async_trait]
impl System for HubSpot {
    async fn fetch(&self, id: &TicketId) -> Result<Ticket> {
        let properties =
            "subject,content,hs_pipeline_stage,hs_ticket_priority,hubspot_owner_id,createdate,hs_lastmodifieddate";
        let query = [("properties", properties), ("associations", "contacts,companies,notes")];
        let answer = self.client.get(&at(id), &query).await?;
        let (ticket, values) = (answer.node(), answer.node().at("properties"));
        let requester = self.requester(&ticket).await?;
        let mut ids = associated(&ticket, "notes")?;
        let is_cut = ids.len() > NOTES_MAX;
        ids = ids.split_off(ids.len().saturating_sub(NOTES_MAX));
        let mut comments = vec![Comment {
            id: "content".to_owned(),
            author: requester.name.clone(),
            role: Role::Customer,
            visibility: visibility(false),
            text: values.plain("content")?,
            at: values.time("createdate")?,
        }];
        if let Some(notes) = self.notes(&ids).await? {
            comments.extend(notes.node().list("results")?.iter().map(note).collect::<Result<Vec<_>>>()?);
        }
        comments.sort_by_key(|comment| comment.at);
        Ok(Ticket {
            id: ticket.id("id")?,
            number: ticket.id("id")?,
            subject: values.line("subject")?,
            status: status(values.word("hs_pipeline_stage")?),
            priority: priority(values.word("hs_ticket_priority")?),
            requester,
            assignee: values.maybe_line("hubspot_owner_id")?,
            group: None,
            tags: Vec::new(),
            created: values.time("createdate")?,
            updated: values.time("hs_lastmodifieddate")?,
            comments,
            is_cut,
        })
    }

    /// A note is an object of its own, which only users of the portal see.
    async fn internal_note(&self, id: &TicketId, note: &InternalNote) -> Result<()> {
        let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let kind = json!({"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": NOTE_TO_TICKET});
        let note = json!({"properties": {"hs_note_body": note.html(), "hs_timestamp": now},
            "associations": [{"to": {"id": id.as_str()}, "types": [kind]}]});
        self.client.post("/crm/v3/objects/notes", note).await.map(drop)
    }

    async fn public_reply(&self, _: &TicketId, _: &PublicReply) -> Result<()> {
        let why = "HubSpot sends replies in the thread of a conversation, which a ticket does not name: answer there";
        Err(TicketError::Impossible { why })
    }

    async fn assign(&self, id: &TicketId, to: &Assignee) -> Result<()> {
        match to {
            Assignee::Person(person) => {
                self.client.patch(&at(id), json!({"properties": {"hubspot_owner_id": person}})).await.map(drop)
            }
            Assignee::Group(_) => {
                Err(TicketError::Impossible { why: "HubSpot tickets belong to a person: name an owner" })
            }
        }
    }

    async fn add_tag(&self, _: &TicketId, _: &str) -> Result<()> {
        Err(TicketError::Impossible { why: "HubSpot tickets have no tags" })
    }

    async fn recent_count(&self, requester: &Requester, since: DateTime<Utc>) -> Result<u32> {
        let is = |name: &str, operator: &str, value: &str| json!({"propertyName": name, "operator": operator, "value": value});
        let since = since.timestamp_millis().to_string();
        let filters = [is("associations.contact", "EQ", &requester.id), is("createdate", "GTE", &since)];
        let question =
            json!({"filterGroups": [{"filters": filters}], "limit": 1, "properties": [], "sorts": [], "after": "0"});
        self.client.search("/crm/v3/objects/tickets/search", question).await?.node().count("total")
    }

    async fn changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Changed>> {
        let (modified, since_millis) = ("hs_lastmodifieddate", since.timestamp_millis().to_string());
        let later = json!({"propertyName": modified, "operator": "GTE", "value": since_millis});
        let sort = json!({"propertyName": modified, "direction": "ASCENDING"});
        let question = json!({"filterGroups": [{"filters": [later]}], "limit": 100, "properties": [modified],
            "sorts": [sort], "after": "0"});
        let changes = Changes::since(since, "results", |ticket| {
            Ok(Some(Changed::new(ticket.id("id")?, ticket.at("properties").time(modified)?)))
        });
        let next = changes.until_enough(|page, _| page.at("paging").at("next").maybe_id("after"));
        changes.of(&self.client.search_pages("/crm/v3/objects/tickets/search", question, "/after", next).await?)
    }
}

impl HubSpot {
    async fn requester(&self, ticket: &Node<'_>) -> Result<Requester> {
        let Some(id) = associated(ticket, "contacts")?.into_iter().next() else { return Ok(Requester::default()) };
        let mut properties = "email,firstname,lastname".to_owned();
        if let Some(field) = &self.plan_field {
            properties = format!("{properties},{field}");
        }
        let contact = self.object("contacts", &id, &properties).await?;
        let company = match associated(ticket, "companies")?.first() {
            Some(company) => self.object("companies", company, "name").await?,
            None => None,
        };
        let company = company.as_ref().map(|company| company.node().at("properties").maybe_line("name"));
        let organisation = company.transpose()?.flatten();
        let Some(contact) = contact else { return Ok(Requester { id, organisation, ..Requester::default() }) };
        let values = contact.node().at("properties");
        Ok(Requester {
            id,
            name: values.joined(&["firstname", "lastname"])?,
            email: values.maybe_line("email")?,
            organisation,
            plan: self.plan_field.as_ref().and_then(|field| values.chosen(field)),
            tags: Vec::new(),
        })
    }

    async fn object(&self, kind: &str, id: &str, properties: &str) -> Result<Option<Answer>> {
        let path = format!("/crm/v3/objects/{kind}/{}", segment(id));
        self.client.get_if_there(&path, &[("properties", properties)]).await
    }

    async fn notes(&self, ids: &[String]) -> Result<Option<Answer>> {
        if ids.is_empty() {
            return Ok(None);
        }
        let inputs: Vec<_> = ids.iter().map(|id| json!({"id": id})).collect();
        let question = json!({"properties": ["hs_note_body", "hs_timestamp"], "inputs": inputs});
        self.client.search("/crm/v3/objects/notes/batch/read", question).await.map(Some)
    }
}

fn at(id: &TicketId) -> String {
    format!("/crm/v3/objects/tickets/{id}")
}

/// The ids of what belongs to a ticket, each once.
fn associated(ticket: &Node<'_>, kind: &str) -> Result<Vec<String>> {
    let results = ticket.at("associations").at(kind).list("results")?;
    let mut ids = results.iter().map(|result| result.id("id")).collect::<Result<Vec<_>>>()?;
    ids.dedup();
    Ok(ids)
}

fn note(note: &Node<'_>) -> Result<Comment> {
    let values = note.at("properties");
    Ok(Comment {
        id: note.id("id")?,
        author: String::new(),
        role: Role::Agent,
        visibility: visibility(true),
        text: values.html("hs_note_body")?,
        at: values.time("hs_timestamp")?,
    })
}

/// The stages of the pipeline that a portal comes with. Those of its own have other numbers, and count as open.
fn status(stage: &str) -> TicketStatus {
    match stage {
        "2" => TicketStatus::Waiting,
        "4" => TicketStatus::Closed,
        _ => TicketStatus::Open,
    }
}

/// Up to a hundred at once, of other portals and other objects too.
fn events(body: &Node<'_>, _: &Delivery<'_>, portal: &str) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    for event in body.items()? {
        if event.word("subscriptionType")?.starts_with("ticket.") && event.id("portalId")? == portal {
            // An event's id alone may come again.
            let delivery =
                format!("{}-{}-{}", event.id("eventId")?, event.id("subscriptionId")?, event.id("occurredAt")?);
            events.push(Event { delivery, ticket: event.id("objectId")? });
        }
    }
    Ok(events)
}
