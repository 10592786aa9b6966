//! What was said before: by the same customer about the same thing (repeat contact), and by other customers about
//! the same failing thing (outage). Bounded memory, rebuilt from the log.
//!
//! What is kept of a message is a [`Noted`]: who, where, when, which kinds, and a sketch of its words that can be
//! compared but not read.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use crate::sop::escalation::Counted;
use crate::sop::message::{Message, MessageId, Person, PersonId, PlaceId, TicketRef};
use crate::sop::signal::Kind;

/// The fact that is recorded of a message that showed a signal or named a ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Noted {
    pub message: MessageId,
    pub place: PlaceId,
    pub customer: Person,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketRef>,
    /// The kinds that reached the strength of a label.
    pub kinds: Vec<Kind>,
    pub sketch: Sketch,
}

/// Messages of one customer closer together than this are one contact, not several.
pub const SAME_VISIT: TimeDelta = TimeDelta::hours(1);
/// Contacts kept per customer; the oldest is forgotten first.
const CONTACTS_PER_CUSTOMER: usize = 64;
/// Customers remembered; the one longest silent is forgotten first.
const CUSTOMERS: usize = 20_000;
/// Reports kept for counting different customers with the same trouble.
const REPORTS: usize = 4_096;

/// The memory of a desk. See the module's page.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    by_customer: HashMap<PersonId, VecDeque<Contact>>,
    /// Customers in the order in which they were last heard, for forgetting.
    heard: VecDeque<(DateTime<Utc>, PersonId)>,
    reports: VecDeque<Report>,
}

#[derive(Clone, Debug)]
struct Contact {
    said: Counted,
    ticket: Option<TicketRef>,
    sketch: Sketch,
}

#[derive(Clone, Debug)]
struct Report {
    said: Counted,
    kinds: Vec<Kind>,
}

impl Conversation {
    /// Remembers a message.
    pub fn note(&mut self, noted: &Noted, at: DateTime<Utc>) {
        let Noted { message, place, customer, ticket, kinds, sketch } = noted.clone();
        let said = Counted { customer, place, message, at };
        let contacts = self.by_customer.entry(said.customer.id.clone()).or_default();
        if let Some(before) = contacts.iter_mut().find(|before| before.said.message == said.message) {
            // An edit is no second contact: it keeps the time at which it was written.
            (before.ticket, before.sketch) = (ticket, sketch);
        } else {
            if contacts.len() == CONTACTS_PER_CUSTOMER {
                contacts.pop_front();
            }
            contacts.push_back(Contact { said: said.clone(), ticket, sketch });
        }
        self.heard.push_back((at, said.customer.id.clone()));
        self.forget_the_silent();
        if !kinds.is_empty() {
            if self.reports.len() == REPORTS {
                self.reports.pop_front();
            }
            self.reports.push_back(Report { said, kinds });
        }
    }

    /// Earlier contacts of this customer about the issue of this message within the time, the latest first: one
    /// message stands for each contact.
    ///
    /// The same issue is the same ticket, or, without a ticket on either side, words alike enough. Messages less than
    /// [`SAME_VISIT`] apart are one contact.
    pub fn contacts(
        &self,
        customer: &PersonId,
        ticket: Option<&TicketRef>,
        message: &Message,
        within: TimeDelta,
        now: DateTime<Utc>,
    ) -> Vec<&Counted> {
        let Some(contacts) = self.by_customer.get(customer) else { return Vec::new() };
        let sketch = Sketch::of(&message.text);
        let mut counted = Vec::new();
        let mut last = now;
        let others = contacts.iter().rev().filter(|contact| contact.said.message != message.id);
        for contact in others.take_while(|contact| now - contact.said.at <= within) {
            let same = match (ticket, &contact.ticket) {
                (Some(ours), Some(theirs)) => ours.is_same(theirs),
                (Some(_), None) | (None, Some(_)) => {
                    contact.said.place == message.place && sketch.is_like(&contact.sketch)
                }
                (None, None) => sketch.is_like(&contact.sketch),
            };
            if same && last - contact.said.at >= SAME_VISIT {
                counted.push(&contact.said);
                last = contact.said.at;
            }
        }
        counted
    }

    /// Earlier messages of other customers that showed this kind within the time, the latest of each, if this one
    /// shows it too.
    pub fn reports(&self, kind: &Kind, customer: &PersonId, within: TimeDelta, now: DateTime<Utc>) -> Vec<&Counted> {
        let mut counted: Vec<&Counted> = Vec::new();
        for report in self.reports.iter().rev().take_while(|report| now - report.said.at <= within) {
            let who = &report.said.customer.id;
            if report.kinds.contains(kind) && who != customer && !counted.iter().any(|known| known.customer.id == *who)
            {
                counted.push(&report.said);
            }
        }
        counted
    }

    fn forget_the_silent(&mut self) {
        while self.by_customer.len() > CUSTOMERS || self.heard.len() > CUSTOMERS * CONTACTS_PER_CUSTOMER {
            let Some((at, customer)) = self.heard.pop_front() else { return };
            let silent_since = self.by_customer.get(&customer).and_then(VecDeque::back).map(|contact| contact.said.at);
            if silent_since.is_some_and(|last| last <= at) {
                self.by_customer.remove(&customer);
            }
        }
    }
}

/// The longer words of a text as sorted 32-bit hashes: enough to tell whether two texts are about the same thing,
/// too little to read either.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sketch(Vec<u32>);

/// Hashes kept per text.
const SKETCH_WORDS: usize = 24;
/// Shorter words say nothing about the subject.
const SKETCH_WORD_CHARS: usize = 5;
/// Two texts are alike when they share this many words …
const ALIKE_SHARED: usize = 2;
/// … and this share of the shorter one's words.
const ALIKE_SHARE: f64 = 0.3;

impl Sketch {
    pub fn of(text: &str) -> Self {
        let mut words: Vec<u32> = text
            .unicode_words()
            .filter(|word| word.chars().count() >= SKETCH_WORD_CHARS)
            .map(hash)
            .take(SKETCH_WORDS * 4)
            .collect();
        words.sort_unstable();
        words.dedup();
        words.truncate(SKETCH_WORDS);
        Self(words)
    }

    pub fn is_like(&self, other: &Self) -> bool {
        let shared = self.0.iter().filter(|word| other.0.binary_search(word).is_ok()).count();
        let shorter = self.0.len().min(other.0.len());
        #[expect(clippy::cast_precision_loss, reason = "at most SKETCH_WORDS words")]
        let share = shared as f64 / shorter.max(1) as f64;
        shared >= ALIKE_SHARED && share >= ALIKE_SHARE
    }
}

/// FNV-1a over the lower-cased word: the same on every machine and in every version, because it is stored.
fn hash(word: &str) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    for character in word.chars().flat_map(char::to_lowercase) {
        hash = (hash ^ u32::from(character)).wrapping_mul(0x0100_0193);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::fixture::{at, person, procedure, says};
    use crate::sop::message::Standing;

    const ROUTER: &str = "The router keeps losing its connection every evening.";
    const HOUR: i64 = 3600;

    fn noted(id: &str, customer: &str, text: &str) -> Noted {
        Noted {
            message: id.into(),
            place: "support".into(),
            customer: person(customer, Standing::Customer),
            ticket: procedure().ticket_in(text),
            kinds: Vec::new(),
            sketch: Sketch::of(text),
        }
    }

    /// The earlier contacts that a message counts, after these: hours ago, id, text.
    fn contacts(past: &[(i64, &str, &str)], text: &str) -> usize {
        let mut conversation = Conversation::default();
        for (hours, id, text) in past {
            conversation.note(&noted(id, "ann", text), at(-hours * HOUR));
        }
        let (message, ticket) = (says("now", "ann", text), procedure().ticket_in(text));
        conversation.contacts(&"ann".into(), ticket.as_ref(), &message, TimeDelta::days(7), at(0)).len()
    }

    #[test]
    fn messages_of_one_visit_are_one_contact() {
        assert_eq!(contacts(&[], ROUTER), 0);
        assert_eq!(contacts(&[(5, "a", ROUTER), (2, "b", ROUTER)], ROUTER), 2);
        assert_eq!(contacts(&[(2, "a", ROUTER), (2, "b", ROUTER), (0, "c", ROUTER)], ROUTER), 1);
    }

    #[test]
    fn an_edit_is_no_second_contact() {
        assert_eq!(contacts(&[(5, "a", ROUTER), (2, "a", ROUTER)], ROUTER), 1);
        assert_eq!(contacts(&[(5, "now", ROUTER)], ROUTER), 0);
    }

    #[test]
    fn the_same_ticket_is_the_same_issue_whatever_the_words() {
        let (one, other) = ("https://desk.example/t/1 is slow", "https://desk.example/t/2 is slow");
        assert_eq!(contacts(&[(5, "a", one)], "https://desk.example/t/1 again"), 1);
        assert_eq!(contacts(&[(5, "a", other)], "https://desk.example/t/1 is slow"), 0);
    }

    #[test]
    fn without_a_ticket_the_words_decide() {
        assert_eq!(contacts(&[(5, "a", "My router is losing the connection again")], ROUTER), 1);
        assert_eq!(contacts(&[(5, "a", "Where is the invoice for March?")], ROUTER), 0);
    }

    #[test]
    fn other_customers_count_for_themselves() {
        let mut conversation = Conversation::default();
        conversation.note(&noted("a", "bob", ROUTER), at(-5 * HOUR));
        let message = says("now", "ann", ROUTER);
        assert!(conversation.contacts(&"ann".into(), None, &message, TimeDelta::days(7), at(0)).is_empty());
    }

    #[test]
    fn the_customer_longest_silent_is_forgotten_first() {
        let mut conversation = Conversation::default();
        let again = |conversation: &Conversation, customer: &str| {
            let message = says("now", customer, ROUTER);
            conversation.contacts(&customer.into(), None, &message, TimeDelta::days(30), at(0)).len()
        };
        let long_ago = -20 * 24 * HOUR;
        conversation.note(&noted("first", "first", ROUTER), at(long_ago));
        conversation.note(&noted("loyal", "loyal", ROUTER), at(long_ago));
        for number in 0..CUSTOMERS - 1 {
            let id = format!("c{number}");
            conversation.note(&noted(&id, &id, "Hello"), at(long_ago + 1));
            if number == 0 {
                conversation.note(&noted("loyal again", "loyal", ROUTER), at(long_ago + 2 * HOUR));
            }
        }
        assert_eq!(again(&conversation, "first"), 0);
        assert_eq!(again(&conversation, "loyal"), 2);
    }
}
