//! The connector: a ticket is read, a note for staff is written into it, a word goes to its customer.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;

use super::error::TicketError;
use super::{Account, Assignee, InternalNote, NotOpen, Patience, PublicReply, Settings, TicketId};
use crate::engine::connector::{Connector, Destination, Outgoing, Receipt, Telling, TicketNote, Undelivered};
use crate::sop::message::TicketRef;
use crate::sop::ticket::{Comment, RECENT_DAYS, Reading, Role, Visibility};
use crate::words::{Markup, Words};

/// A ticket system's clock and ours may differ by this much.
const CLOCKS_APART: TimeDelta = TimeDelta::minutes(5);

/// Every account that can be spoken with.
pub struct Accounts {
    accounts: Vec<Arc<Account>>,
    words: Words,
}

impl Accounts {
    /// Reads the secrets of all accounts that have one. Nothing is asked yet.
    pub fn open(settings: &[Settings], words: Words) -> std::result::Result<Self, Vec<NotOpen>> {
        // Nothing is asked again within one attempt: the outbox decides when to try again.
        let patience = Patience { repeats: 0, ..Patience::default() };
        let (mut accounts, mut problems) = (Vec::new(), Vec::new());
        for settings in settings.iter().filter(|settings| settings.token.is_some()) {
            match Account::open(settings, patience, None) {
                Ok(account) => accounts.push(Arc::new(account)),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(Self { accounts, words }) } else { Err(problems) }
    }

    pub fn all(&self) -> &[Arc<Account>] {
        &self.accounts
    }

    /// The account of a ticket, and what its interface calls it.
    fn account(&self, ticket: &TicketRef) -> Result<(&Account, TicketId), Undelivered> {
        let gone = |why: &str| Undelivered::GiveUp { why: why.to_owned() };
        let account = self.accounts.iter().find(|account| account.settings().name == ticket.system);
        let account = account.ok_or_else(|| gone("its ticket system is not in the config any more"))?;
        let id = account.ticket_id(&ticket.id).ok_or_else(|| gone("it is no ticket of this system"))?;
        Ok((account, id))
    }

    async fn write(
        &self,
        ticket: &TicketRef,
        note: &TicketNote,
        at: DateTime<Utc>,
        maybe_sent: bool,
    ) -> Result<Receipt, Undelivered> {
        let (account, id) = self.account(ticket)?;
        let note_text = InternalNote::new(
            &self.words.ticket_note(&note.facts, at),
            &format!("[{} {:x}]", note.marker, at.timestamp()),
        );
        account.internal_note(&id, &note_text, maybe_sent).await?;
        // To do these again changes nothing, so they may follow a note that was there.
        if let Some(tag) = &note.tag {
            account.add_tag(&id, tag).await?;
        }
        if let Some(group) = &note.group {
            account.assign(&id, &Assignee::Group(group.clone())).await?;
        }
        if let Some(agent) = &note.agent {
            account.assign(&id, &Assignee::Person(agent.clone())).await?;
        }
        Ok(Receipt::Done)
    }
}

impl Connector for Accounts {
    fn deliver(&self, outgoing: Outgoing) -> BoxFuture<'_, Result<Receipt, Undelivered>> {
        Box::pin(async move {
            let Outgoing { to: Destination::Ticket(ticket), telling, maybe_sent, created, .. } = outgoing else {
                return Err(Undelivered::GiveUp { why: "it is for no ticket".to_owned() });
            };
            match telling {
                Telling::Reading => read(self.account(&ticket)?, created).await,
                Telling::TicketNote(note) => self.write(&ticket, &note, created, maybe_sent).await,
                Telling::Word(text) => say(self.account(&ticket)?, &text, maybe_sent.then_some(created)).await,
                _ => Err(Undelivered::GiveUp { why: "it is not for tickets".to_owned() }),
            }
        })
    }
}

async fn read((account, id): (&Account, TicketId), now: DateTime<Utc>) -> Result<Receipt, Undelivered> {
    let ticket = account.fetch(&id).await?;
    let since = now - TimeDelta::days(RECENT_DAYS);
    // It is worth telling, and not worth waiting for.
    let recent = account.recent_count(&ticket.requester, since).await.ok();
    Ok(Receipt::Ticket(Box::new(Reading { ticket, recent })))
}

/// Writes to the customer. Where an earlier attempt may have arrived, it is looked for first.
async fn say(
    (account, id): (&Account, TicketId),
    text: &str,
    maybe_sent_since: Option<DateTime<Utc>>,
) -> Result<Receipt, Undelivered> {
    let reply = PublicReply::for_the_customer_to_read(text);
    if let Some(since) = maybe_sent_since {
        let ticket = account.fetch(&id).await?;
        let is_public = |comment: &&Comment| comment.role == Role::Agent && comment.visibility == Visibility::Public;
        let is_late = |comment: &&Comment| comment.at >= since - CLOCKS_APART;
        if ticket.comments.iter().filter(is_public).filter(is_late).any(|comment| comment.says(&reply.plain())) {
            return Ok(Receipt::Done);
        }
        if ticket.is_cut {
            let why = "it may be there already: the ticket has too many comments to look through".to_owned();
            return Err(Undelivered::GiveUp { why });
        }
    }
    account.public_reply(&id, &reply).await?;
    Ok(Receipt::Done)
}

impl From<TicketError> for Undelivered {
    fn from(error: TicketError) -> Self {
        let why = error.to_string();
        match error {
            TicketError::RateLimited { after } => Self::Retry { after: Some(after), why },
            TicketError::Unavailable { .. } => Self::Retry { after: None, why },
            _ => Self::GiveUp { why },
        }
    }
}

/// How a ticket writes: names as they are, times in UTC, for its readers are everywhere.
pub fn markup() -> Markup {
    let time = |at: i64| DateTime::from_timestamp(at, 0).unwrap_or_default().format("%Y-%m-%d %H:%M UTC").to_string();
    Markup { when: time, clock: time, countdown: time, ..Markup::none() }
}
