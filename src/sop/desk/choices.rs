//! What somebody may mean who is still typing: cases they may read, criteria of a case.

use crate::sop::desk::turn::Turn;
use crate::sop::escalation::{Actor, Escalation, Status};
use crate::sop::message::{Standing, TicketRef};
use crate::sop::notice::{self, Answer, Choice};
use crate::sop::ticket::{Known, Requester, TicketPart};

/// What is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choosing {
    /// A case that is not resolved.
    Open,
    /// A resolved case, the latest first.
    Resolved,
    /// Either, open ones first.
    Any,
    /// A ticket that is known.
    Ticket,
    /// A reason for sending a case back; the case is as typed so far.
    Criteria { case: String },
}

/// Choices in one answer: as many as a chat platform shows.
const CHOICES_MAX: usize = 25;

impl Turn<'_> {
    /// Nothing, for whoever may not know.
    pub(super) fn choices(&self, actor: &Actor, what: &Choosing, typed: &str) -> Answer {
        let typed = typed.trim().trim_start_matches('#').to_lowercase();
        let choices = match what {
            _ if actor.person.standing != Standing::Staff => Vec::new(),
            Choosing::Criteria { case } => self.criteria(actor, case, &typed),
            Choosing::Ticket => self.tickets(actor, &typed),
            Choosing::Open => self.matching(actor, &typed, self.desk.open_cases()),
            Choosing::Resolved => self.matching(actor, &typed, self.resolved()),
            Choosing::Any => self.matching(actor, &typed, self.desk.open_cases().into_iter().chain(self.resolved())),
        };
        Answer::Choices { choices }
    }

    fn resolved(&self) -> impl Iterator<Item = &Escalation> {
        let latest_first = self.desk.cases.iter().rev();
        latest_first.filter(|case| case.status() == Status::Resolved)
    }

    /// Those of the cases that the typed text is about, by number, trigger, customer or team.
    fn matching<'c>(&self, actor: &Actor, typed: &str, cases: impl IntoIterator<Item = &'c Escalation>) -> Vec<Choice> {
        let readable = cases.into_iter().filter(|case| case.may_be_read_by(actor));
        let about = readable.filter(|case| typed.is_empty() || self.named(case).any(|name| name.contains(typed)));
        let choice = |case: &Escalation| {
            let card = notice::card(case, self.desk, self.procedure, None);
            Choice { value: card.id.clone(), case: Some(Box::new(card)), shown: None }
        };
        about.take(CHOICES_MAX).map(choice).collect()
    }

    /// What people call a case, in small letters.
    fn named<'c>(&'c self, case: &'c Escalation) -> impl Iterator<Item = String> + 'c {
        let triggers = case.reports().flat_map(|report| &*report.triggers).map(|trigger| trigger.name.to_lowercase());
        let customers = case.reports().filter_map(|report| report.customer.as_ref());
        let team = self.procedure.team(case.team()).map(|team| team.name.to_lowercase());
        let customers = customers.map(|customer| customer.name.as_str().to_lowercase());
        [case.id.to_string().to_lowercase()].into_iter().chain(triggers).chain(customers).chain(team)
    }

    /// The latest first, by number, subject, requester or organisation.
    fn tickets(&self, actor: &Actor, typed: &str) -> Vec<Choice> {
        let named = self.procedure.ticket_in(typed);
        let found = self.desk.tickets.latest().filter(|(ticket, known)| {
            let Known { number, subject, requester: Requester { name, organisation, .. }, .. } = known;
            let is_named = named.as_ref().is_some_and(|named| named.is_same(ticket));
            let mut texts = [&ticket.id, number, subject, name].into_iter().chain(organisation);
            is_named || named.is_none() && texts.any(|text| text.to_lowercase().contains(typed))
        });
        let choice = |(TicketRef { system, id, .. }, known): (TicketRef, &Known)| {
            let who = known.part(TicketPart::Customer);
            let shown = [format!("{system} {}", known.number), known.subject.clone(), who].join(" · ");
            Choice { value: format!("{system} {id}"), case: None, shown: Some(shown) }
        };
        found.filter(|(ticket, _)| self.may_name(actor, ticket)).map(choice).take(CHOICES_MAX).collect()
    }

    fn criteria(&self, actor: &Actor, case: &str, typed: &str) -> Vec<Choice> {
        let case = case.parse().ok().and_then(|id| self.desk.case(id)).filter(|case| case.may_be_read_by(actor));
        let criteria = case.into_iter().flat_map(|case| &case.opened.plan.lower_when);
        let about = criteria.filter(|criterion| criterion.to_lowercase().contains(typed));
        about.take(CHOICES_MAX).map(|criterion| Choice { value: criterion.clone(), case: None, shown: None }).collect()
    }
}
