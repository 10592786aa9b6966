//! What could not be said where it belongs: a card that is gone, a place that is gone, a line that nobody will read.

use chrono::TimeDelta;

use crate::sop::desk::turn::Turn;
use crate::sop::desk::{Fact, Sop};
use crate::sop::escalation::{Command, Escalation, EscalationId, Fate};
use crate::sop::message::{MessageId, PlaceId};
use crate::sop::notice::{Line, Notice};
use crate::sop::team::TeamId;

/// That a team cannot be reached is told once in so long, however much it should have been told.
const TOLD_EVERY: TimeDelta = TimeDelta::hours(1);

impl Turn<'_> {
    /// Somebody deleted these messages: a card that is still of use is posted again.
    pub(super) fn restore(&mut self, messages: &[MessageId]) {
        let is_gone = |_: &PlaceId, message: &MessageId| messages.contains(message);
        self.redraw(is_gone);
    }

    /// A place is gone, and every card in it.
    pub(super) fn lose_place(&mut self, place: &PlaceId) {
        self.redraw(|there, _| there == place);
    }

    /// Draws the cards of open cases anew: the connector finds out what has become of them.
    fn redraw(&mut self, is_meant: impl Fn(&PlaceId, &MessageId) -> bool) {
        let meant = |case: &Escalation, page: usize| match &case.pages[page].fate {
            Fate::Delivered { place, message, .. } => is_meant(place, message),
            Fate::Asked | Fate::Undeliverable { .. } => false,
        };
        let open = self.desk.open.iter().filter_map(|id| self.desk.case(*id));
        let cards = open.flat_map(|case| {
            let pages = (0..case.pages.len()).filter(|page| meant(case, *page));
            pages.map(|page| Notice::Card { escalation: case.id, page }).collect::<Vec<_>>()
        });
        let cards: Vec<Notice> = cards.collect();
        self.outcome.notices.extend(cards);
    }

    /// The card of a page cannot be drawn any more. Where somebody was still to answer it, nobody will: the case goes
    /// on, as if it had never arrived.
    pub(super) fn lose_card(&mut self, id: EscalationId, page: usize, why: String) {
        let Some(case) = self.desk.case(id).filter(|case| case.resolution.is_none()) else { return };
        if case.awaiting == Some(page) {
            self.settle(id, &Command::PageUndeliverable { page, why });
        } else if let Some(page) = case.pages.get(page) {
            let team = page.team.clone();
            self.tell_out_of_reach(team, why);
        }
    }

    /// Nobody will read it there. Whoever has to act because of it is told where the last resort of the case is.
    pub(super) fn lose_line(&mut self, team: TeamId, id: EscalationId, line: Line, why: String) {
        let Some(case) = self.desk.case(id) else { return };
        let (last, version) = (case.opened.plan.catch_all.team.clone(), case.version);
        if team != last && line.calls().is_some() {
            self.outcome.notices.push(Notice::Line { team: last, escalation: id, version, line });
        }
        self.tell_out_of_reach(team, why);
    }

    fn tell_out_of_reach(&mut self, team: TeamId, why: String) {
        let told = self.desk.out_of_reach.get(&team);
        if told.is_some_and(|told| self.now - *told < TOLD_EVERY) {
            return;
        }
        self.record(Fact::OutOfReach { team: team.clone() });
        self.announce(Sop::OutOfReach { team, why });
    }
}
