//! Zendesk Support (<https://developer.zendesk.com/api-reference/ticketing/introduction/>).

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::changes::{Changed, Changes};
use super::client::{Client, while_full};
use super::error::Result;
use super::node::Node;
use super::sign_in::{OauthClient, SignIn};
use super::signature::{Delivery, Event, Form, Hash, Signature, Signed};
use super::system::{Facts, Interface, NUMBER, System, Use, instant, priority, visibility};
use super::{Assignee, InternalNote, PublicReply, Settings, TicketId};
use crate::sop::ticket::{Comment, Requester, Role, Ticket, TicketStatus};

pub(super) const FACTS: Facts = Facts {
    name: "zendesk",
    title: "Zendesk",
    id: NUMBER,
    link: r"(?:(?:agent/)?tickets|hc/[\w-]+/requests)/",
    account: Use::Never,
    interface: Some(Interface {
        api: "https://{host}",
        user: Use::Optional("the agent whose API token it is; those end on 2027-04-30"),
        client: Use::Optional("the id of an OAuth client, whose secret the token is"),
        notes: true,
        headers: &[],
        sign_in,
        signatures: &[Signature::Hmac {
            header: "x-zendesk-webhook-signature",
            hash: Hash::Sha256,
            form: Form::Base64,
            signed: Signed::TimeAndBody { header: "x-zendesk-webhook-signature-timestamp", then: "" },
        }],
        events,
        open: |client, settings| Box::new(Zendesk { client, plan_field: settings.plan_field.clone() }),
    }),
};

/// With a client: its tokens. With a user: an API token. With neither, the token is an OAuth token.
fn sign_in(settings: &Settings, token: secrecy::SecretString) -> SignIn {
    match (&settings.client, &settings.user) {
        (Some(id), _) => SignIn::Client(OauthClient {
            path: "/oauth/tokens",
            scope: Some("read write"),
            id: id.clone(),
            secret: token,
            access: Mutex::default(),
        }),
        (None, Some(user)) => SignIn::Basic { user: format!("{user}/token"), password: token },
        (None, None) => SignIn::Bearer(token),
    }
}

struct Zendesk {
    client: Client,
    plan_field: Option<String>,
}

#[async_trait]
impl System for Zendesk {
    async fn fetch(&self, id: &TicketId) -> Result<Ticket> {
        let include = [("include", "users,groups,organizations")];
        let answer = self.client.get(&format!("/api/v2/tickets/{id}.json"), &include).await?;
        let query = [("include", "users"), ("page[size]", "100")];
        let path = format!("/api/v2/tickets/{id}/comments.json");
        let pages = self.client.pages(&path, &query, "page[after]", next_page).await?;
        let mut comments = Vec::new();
        for page in pages.nodes() {
            for said in page.list("comments")? {
                comments.push(comment(&said, &page)?);
            }
        }
        self.ticket(&answer.node(), comments, pages.is_cut)
    }

    /// `public` is always sent: without it the first comment decides.
    async fn internal_note(&self, id: &TicketId, note: &InternalNote) -> Result<()> {
        self.update(id, json!({"comment": {"body": note.plain(), "public": false}})).await
    }

    async fn public_reply(&self, id: &TicketId, reply: &PublicReply) -> Result<()> {
        self.update(id, json!({"comment": {"body": reply.plain(), "public": true}})).await
    }

    async fn assign(&self, id: &TicketId, to: &Assignee) -> Result<()> {
        let change = match to {
            Assignee::Person(person) => json!({"assignee_id": Assignee::number(person)}),
            Assignee::Group(group) => json!({"group_id": Assignee::number(group)}),
        };
        self.update(id, change).await
    }

    /// This adds; the ticket's own field `tags` replaces.
    async fn add_tag(&self, id: &TicketId, tag: &str) -> Result<()> {
        self.client.put(&format!("/api/v2/tickets/{id}/tags.json"), json!({"tags": [tag]})).await.map(drop)
    }

    /// The index that counts is minutes behind.
    async fn recent_count(&self, requester: &Requester, since: DateTime<Utc>) -> Result<u32> {
        let query = format!("type:ticket requester:{} created>{}", requester.id, instant(since));
        self.client.get("/api/v2/search/count.json", &[("query", &query)]).await?.node().count("count")
    }

    /// The index that is searched is minutes behind.
    async fn changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Changed>> {
        let question = format!("type:ticket updated>={}", instant(since));
        let query = [("query", &*question), ("sort_by", "updated_at"), ("sort_order", "asc"), ("per_page", "100")];
        let changes = Changes::since(since, "results", |ticket| {
            Ok(Some(Changed::new(ticket.id("id")?, ticket.time("updated_at")?)))
        });
        let next = changes.until_enough(while_full("results", 100));
        changes.of(&self.client.pages("/api/v2/search.json", &query, "page", next).await?)
    }
}

impl Zendesk {
    async fn update(&self, id: &TicketId, change: Value) -> Result<()> {
        self.client.put(&format!("/api/v2/tickets/{id}.json"), json!({"ticket": change})).await.map(drop)
    }

    fn ticket(&self, answer: &Node<'_>, comments: Vec<Comment>, is_cut: bool) -> Result<Ticket> {
        let ticket = answer.at("ticket");
        let named = |list: &str, key: &str| match ticket.maybe_id(key)? {
            Some(id) => {
                let found = answer.with_id(list, Some(&id))?;
                Ok(Some(found.map(|found| found.line("name")).transpose()?.unwrap_or(id)))
            }
            None => Ok(None),
        };
        let id = ticket.id("id")?;
        Ok(Ticket {
            number: id.clone(),
            id,
            subject: ticket.line("subject")?,
            status: status(ticket.word("status")?),
            priority: priority(ticket.word("priority")?),
            requester: self.requester(answer)?,
            assignee: named("users", "assignee_id")?,
            group: named("groups", "group_id")?,
            tags: ticket.lines("tags")?,
            created: ticket.time("created_at")?,
            updated: ticket.time("updated_at")?,
            comments,
            is_cut,
        })
    }

    fn requester(&self, answer: &Node<'_>) -> Result<Requester> {
        let ticket = answer.at("ticket");
        let id = ticket.id("requester_id")?;
        let Some(user) = answer.with_id("users", Some(&id))? else {
            return Ok(Requester { id, ..Requester::default() });
        };
        let organisation = match ticket.maybe_id("organization_id")? {
            Some(id) => answer.with_id("organizations", Some(&id))?,
            None => None,
        };
        let of_organisation = |key: &str| organisation.as_ref().map(|organisation| organisation.at(key));
        let plan = self.plan_field.as_ref().and_then(|field| {
            let fields = [of_organisation("organization_fields"), Some(user.at("user_fields"))];
            fields.into_iter().flatten().find_map(|fields| fields.chosen(field))
        });
        let mut tags = user.lines("tags")?;
        if let Some(organisation) = &organisation {
            tags.extend(organisation.lines("tags")?);
        }
        Ok(Requester {
            id,
            name: user.line("name")?,
            email: user.maybe_line("email")?,
            organisation: organisation.as_ref().map(|organisation| organisation.line("name")).transpose()?,
            plan,
            tags,
        })
    }
}

fn next_page(page: &Node<'_>, _: usize) -> Result<Option<String>> {
    let meta = page.at("meta");
    if meta.maybe_flag("has_more")? { meta.maybe_id("after_cursor") } else { Ok(None) }
}

fn comment(comment: &Node<'_>, page: &Node<'_>) -> Result<Comment> {
    let author = page.with_id("users", comment.maybe_id("author_id")?.as_deref())?;
    let word = |key: &str| author.as_ref().map_or(Ok(""), |author| author.word(key));
    let role = match word("role")? {
        "end-user" => Role::Customer,
        "agent" | "admin" => Role::Agent,
        _ => Role::System,
    };
    let plain = if comment.at("plain_body").is_null() { "body" } else { "plain_body" };
    Ok(Comment {
        id: comment.id("id")?,
        author: author.map(|author| author.line("name")).transpose()?.unwrap_or_default(),
        role,
        visibility: visibility(!comment.flag("public")?),
        text: comment.plain(plain)?,
        at: comment.time("created_at")?,
    })
}

fn status(word: &str) -> TicketStatus {
    match word {
        "pending" => TicketStatus::Waiting,
        "hold" => TicketStatus::OnHold,
        "solved" => TicketStatus::Solved,
        "closed" => TicketStatus::Closed,
        _ => TicketStatus::Open,
    }
}

/// Either what an administrator wrote for a trigger, with `ticket_id`, or an event of Zendesk's own, where the ticket is
/// the `subject`: "zen:ticket:42". Each request has an id that its repetitions share.
fn events(body: &Node<'_>, delivery: &Delivery<'_>, _: &str) -> Result<Vec<Event>> {
    let invocation = delivery.header("x-zendesk-webhook-invocation-id");
    let delivery = invocation.unwrap_or_else(|| delivery.digest());
    let ticket = match body.word("subject")?.strip_prefix("zen:ticket:") {
        Some(id) => id.to_owned(),
        None => body.id("ticket_id")?,
    };
    Ok(vec![Event { delivery, ticket }])
}
