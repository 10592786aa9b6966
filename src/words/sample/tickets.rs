//! What is known of the ticket of a case, or why it is not.

use super::at;
use crate::sop::desk::{Desk, Fact};
use crate::sop::escalation::Escalation;
use crate::sop::message::TicketRef;
use crate::sop::notice::{self, Card};
use crate::sop::procedure::{Procedure, TicketAccess, TicketLink};
use crate::sop::ticket::{Known, Requester, Said, TicketPriority, TicketStatus};

/// A system whose tickets are read.
pub(super) fn link() -> TicketLink {
    let pattern = regex::Regex::new(r"https://desk\.example/(\d+)").expect("written here");
    TicketLink { system: "desk".to_owned(), pattern, access: Some(TicketAccess::default()) }
}

/// Before the ticket is read, and where it cannot be.
pub(super) fn without(procedure: &Procedure, case: &Escalation) -> [Card; 2] {
    let mut lost = Desk::default();
    lost.apply(Fact::TicketLost { ticket: ticket(false), why: "there is no such ticket".to_owned() }, at(0));
    [Desk::default(), lost].map(|desk| notice::card(case, &desk, procedure, None))
}

/// Knows the ticket of the case.
pub(super) fn desk(full: bool) -> Desk {
    let word = |text: &str| full.then(|| text.to_owned());
    let requester = Requester {
        id: "7".to_owned(),
        name: word("Dana").unwrap_or_default(),
        email: None,
        organisation: word("Acme"),
        plan: word("gold"),
        tags: Vec::new(),
    };
    let known = Known {
        number: "42".to_owned(),
        subject: "It drops".to_owned(),
        status: TicketStatus::Open,
        priority: full.then_some(TicketPriority::High),
        requester,
        assignee: None,
        group: word("Tier 2"),
        tags: word("vip").into_iter().collect(),
        created: at(0),
        updated: at(0),
        said: word("It drops again").map(|text| Said { at: at(0), text }).into_iter().collect(),
        recent: full.then_some(3),
        is_glance: false,
        read_to: None,
    };
    let mut desk = Desk::default();
    desk.apply(Fact::TicketRead { ticket: ticket(full), known: Box::new(known) }, at(0));
    if full {
        desk.apply(Fact::TicketLost { ticket: ticket(full), why: "there is no such ticket".to_owned() }, at(0));
    }
    desk
}

pub(super) fn ticket(full: bool) -> TicketRef {
    let url = full.then(|| "https://desk.example/42".to_owned());
    TicketRef { system: "desk".to_owned(), id: "42".to_owned(), url }
}
