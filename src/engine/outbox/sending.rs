//! What a notice comes to when it is sent: where it goes and what it tells, from the desk as it stands then.

use chrono::{DateTime, Utc};

use crate::engine::connector::{Destination, Ping, Telling, TicketNote};
use crate::sop::calendar::Span;
use crate::sop::desk::Desk;
use crate::sop::digest::{self, Audience};
use crate::sop::escalation::{Escalation, Fate};
use crate::sop::message::PlaceId;
use crate::sop::notice::{self, DigestFacts, Line, Notice};
use crate::sop::procedure::{Procedure, TicketAccess};
use crate::sop::team::{Team, TeamId};

/// Where a notice goes and what it tells.
#[derive(Debug)]
pub(crate) struct Sending {
    pub(crate) to: Destination,
    pub(crate) telling: Telling,
    /// Only cleared people may read it.
    pub(super) confidential: bool,
}

/// What a notice comes to, from the case as it stands now; `None` where there is nobody left to tell.
pub(crate) fn sending(notice: &Notice, desk: &Desk, procedure: &Procedure, now: DateTime<Utc>) -> Option<Sending> {
    let (to, telling, confidential) = match notice {
        Notice::Page { escalation, page } => {
            let case = desk.case(*escalation)?;
            // A team that is gone from the config cannot be reached: the connector says so, and the case goes on.
            let asked = case.pages.get(*page)?;
            let team = procedure.team(&asked.team);
            let place = team.map_or_else(|| "".into(), |team| team.place.clone());
            let people = || Ping::People(asked.on_call.iter().map(|person| person.id.clone()).collect());
            let whole = |team: &Team| Ping::Group(team.group.clone());
            let ping = team.map(|team| if asked.on_call.is_empty() { whole(team) } else { people() });
            (Destination::Place(place), card(case, *page, desk, procedure, now, ping), case.opened.confidential)
        }
        Notice::Card { escalation, page } => {
            let case = desk.case(*escalation)?;
            let Fate::Delivered { place, message, .. } = &case.pages.get(*page)?.fate else { return None };
            let to = Destination::Message { place: place.clone(), message: message.clone() };
            (to, card(case, *page, desk, procedure, now, None), case.opened.confidential)
        }
        Notice::Line { team, escalation, line, version } => {
            let case = desk.case(*escalation)?;
            let facts = notice::line_facts(line, team, case, desk, procedure);
            let place = procedure.team(team)?.place.clone();
            (
                Destination::Place(place),
                Telling::line(&facts, line, *escalation, *version),
                facts.confidential && facts.case.is_some(),
            )
        }
        Notice::Post { team, post, calls, .. } => {
            let place = procedure.team(team)?.place.clone();
            let ping = calls.iter().map(|person| person.id.clone()).collect();
            let facts = Box::new(notice::post_facts(post, desk, procedure));
            let confidential = facts.is_confidential();
            (Destination::Place(place), Telling::Post { facts, ping }, confidential)
        }
        Notice::Sop { team, sop } => {
            (Destination::Place(procedure.team(team)?.place.clone()), Telling::Sop(sop.clone()), false)
        }
        Notice::History { escalation, page, at, entry, .. } => {
            let case = desk.case(*escalation)?;
            let Fate::Delivered { place, message, .. } = &case.pages.get(*page)?.fate else { return None };
            let facts = Box::new(notice::history_facts(entry, *at, case));
            let to = Destination::Thread { place: place.clone(), message: message.clone() };
            (to, Telling::History(facts), case.opened.confidential)
        }
        Notice::Digest { team, window, late_minutes } => {
            let (place, facts, confidential) = digest(team, *window, *late_minutes, desk, procedure)?;
            (Destination::Place(place), Telling::Digest(facts), confidential)
        }
        Notice::DigestSection { team, window, section, place, message } => {
            let (_, facts, confidential) = digest(team, *window, 0, desk, procedure)?;
            let to = Destination::Thread { place: place.clone(), message: message.clone() };
            (to, Telling::DigestSection(facts, *section), confidential)
        }
        Notice::Word { place, text, .. } => {
            let to = place.ticket().map_or_else(|| Destination::Place(place.clone()), Destination::Ticket);
            (to, Telling::Word(text.clone()), false)
        }
        Notice::ReadTicket { ticket, .. } => {
            procedure.ticket_access(&ticket.system)?;
            (Destination::Ticket(ticket.clone()), Telling::Reading, false)
        }
        Notice::TicketNote { escalation, ticket, version, line } => {
            let access = procedure.ticket_access(&ticket.system)?;
            let note = ticket_note(desk.case(*escalation)?, line, *version, access, desk, procedure);
            (Destination::Ticket(ticket.clone()), Telling::TicketNote(Box::new(note)), false)
        }
        Notice::Reply { to, answer } => (Destination::Asker(to.clone()), Telling::Answer(answer.clone()), false),
    };
    Some(Sending { to, telling, confidential })
}

/// A team's digest, where it goes, and whether only cleared people may read it.
fn digest(
    team: &TeamId,
    window: Span,
    late_minutes: i64,
    desk: &Desk,
    procedure: &Procedure,
) -> Option<(PlaceId, Box<DigestFacts>, bool)> {
    let team = procedure.team(team)?;
    let audience = Audience::of_team(team);
    let digest = digest::digest(desk, procedure, &audience, window);
    Some((team.place.clone(), Box::new(DigestFacts { digest, team: audience.team, late_minutes }), team.cleared))
}

fn ticket_note(
    case: &Escalation,
    line: &Line,
    version: u64,
    access: &TicketAccess,
    desk: &Desk,
    procedure: &Procedure,
) -> TicketNote {
    let TicketAccess { tag, groups, agents, .. } = access;
    let facts = notice::line_facts(line, case.team(), case, desk, procedure);
    let has_it = match line {
        Line::Acknowledged { by, .. } => Some(by),
        Line::HandedOff { to } => Some(to),
        _ => None,
    };
    let moves = matches!(line, Line::Opened | Line::Raised | Line::Reopened { .. });
    TicketNote {
        facts: serde_json::to_value(facts).expect("facts of a line are plain data"),
        marker: format!("{} {} #{version}", case.id, line.name()),
        tag: tag.clone().filter(|_| matches!(line, Line::Opened)),
        group: groups.get(case.team()).cloned().filter(|_| moves),
        agent: has_it.and_then(|person| agents.get(&person.id)).cloned(),
    }
}

fn card(
    case: &Escalation,
    page: usize,
    desk: &Desk,
    procedure: &Procedure,
    now: DateTime<Utc>,
    ping: Option<Ping>,
) -> Telling {
    let mut card = notice::card(case, desk, procedure, Some(page));
    if let Some(due) = notice::page_due(case, page, now) {
        card.due = Some(due.timestamp());
    }
    Telling::Card {
        card: Box::new(card),
        buttons: notice::buttons(case, page),
        case: case.id,
        page,
        version: case.version,
        ping,
    }
}
