//! What the bot's own log says about the run, compared with what was said and what was seen.
//!
//! Everything is told by message ids: the log names the message that led to each fact, so it does not matter in which
//! life of the bot, in which order, or how often a message reached it.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::Utc;

use crate::cli::load::crowd::{Card, Said};
use crate::cli::load::messages::Line;
use crate::cli::load::tickets;
use crate::engine::store::{Past, Recorded};
use crate::sop::desk::{self, Desk, Fact};
use crate::sop::escalation::Event;
use crate::sop::message::{Message, MessageId, Person, PlaceId, Standing};
use crate::sop::procedure::Procedure;
use crate::sop::trigger::Mode;

/// What came of the messages.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// Messages up to the position that the bot recorded. It hands messages on in their order and without gaps, so
    /// all of them were read.
    pub(super) read: usize,
    /// Messages that fire a live trigger by themselves, whatever was said before.
    pub(super) expected: usize,
    /// Cases by the trigger that led them.
    pub(super) escalations: BTreeMap<String, usize>,
    /// Cards of the same page of the same case, and cases with the same plan for the same message, beyond the first.
    pub(super) duplicates: usize,
    /// Messages that fire by themselves and that no case knows of, and cases that wait for an answer to a page that
    /// nobody posted.
    pub(super) lost: usize,
    /// Notices still in the outbox.
    pub(super) untold: usize,
    /// The message that led to each page, by case and page.
    pub(super) causes: HashMap<(u32, usize), u64>,
}

impl Account {
    pub(super) fn of(
        facts: &[Recorded],
        past: &Past,
        place: &PlaceId,
        lines: &[Line],
        said: &[Said],
        cards: &[Card],
        procedure: &Procedure,
    ) -> Self {
        let position = read_to(past, place).unwrap_or(0);
        let mut account = Self {
            read: said.iter().filter(|said| said.id <= position).count(),
            untold: past.to_tell.iter().filter(|row| !tickets::is_for_them(&row.notice)).count(),
            causes: causes(facts),
            ..Self::default()
        };
        for case in past.desk.cases() {
            let lead = case.opened.report.triggers.first().map_or("by hand", |trigger| trigger.id.as_str());
            *account.escalations.entry(lead.to_owned()).or_default() += 1;
        }
        account.count_duplicates(&past.desk, cards);
        account.count_lost(&past.desk, lines, said, cards, procedure);
        account
    }

    fn count_duplicates(&mut self, desk: &Desk, cards: &[Card]) {
        let pages: HashSet<_> = cards.iter().map(|card| (card.case, card.page)).collect();
        let of_message = |case: &crate::sop::escalation::Escalation| {
            Some((case.opened.report.message.clone()?, case.opened.plan.id.clone()))
        };
        let opened: Vec<_> = desk.cases().filter_map(of_message).collect();
        let distinct: HashSet<_> = opened.iter().collect();
        self.duplicates = cards.len() - pages.len() + opened.len() - distinct.len();
    }

    fn count_lost(&mut self, desk: &Desk, lines: &[Line], said: &[Said], cards: &[Card], procedure: &Procedure) {
        let reports = desk.cases().flat_map(crate::sop::escalation::Escalation::reports);
        let known: HashSet<u64> = reports.filter_map(|report| number(report.message.as_ref()?)).collect();
        let firing = said.iter().zip(lines).filter(|(_, line)| fires(&line.text, procedure));
        let firing: Vec<u64> = firing.map(|(said, _)| said.id).collect();
        self.expected = firing.len();
        let posted: HashSet<_> = cards.iter().map(|card| (card.case, card.page)).collect();
        let waits_for_nothing = |case: &&crate::sop::escalation::Escalation| {
            case.awaiting.is_some_and(|page| !posted.contains(&(case.id.0, page)))
        };
        let unheard = firing.iter().filter(|message| !known.contains(message)).count();
        self.lost = unheard + desk.cases().filter(waits_for_nothing).count();
    }
}

/// Whether a customer's message fires a live trigger by itself.
pub(super) fn fires(text: &str, procedure: &Procedure) -> bool {
    let now = Utc::now();
    let message = Message {
        id: "".into(),
        place: "".into(),
        author: Person { id: "customer".into(), name: "a customer".into(), standing: Standing::Customer },
        text: text.to_owned(),
        at: now,
        edited: false,
        to: Vec::new(),
    };
    let (_, _, fired) = desk::read(&message, &Desk::default(), procedure, now);
    fired.firings.iter().any(|firing| firing.trigger.mode == Mode::Live)
}

/// The last message of a place that was handled.
pub(super) fn read_to(past: &Past, place: &PlaceId) -> Option<u64> {
    let position = past.positions.iter().find(|position| position.place == *place)?;
    number(&position.message)
}

fn number(message: &MessageId) -> Option<u64> {
    message.as_str().parse().ok()
}

/// Pages that a message led to. Those that a deadline led to are in nobody's way.
fn causes(facts: &[Recorded]) -> HashMap<(u32, usize), u64> {
    let mut pages: HashMap<u32, usize> = HashMap::new();
    let mut causes = HashMap::new();
    for recorded in facts {
        let Fact::Case { id, event: Event::Paged { .. } } = &recorded.fact else { continue };
        let page = pages.entry(id.0).or_default();
        if let Some(message) = recorded.input.0.strip_prefix("message:").and_then(|id| id.parse().ok()) {
            causes.insert((id.0, *page), message);
        }
        *page += 1;
    }
    causes
}
