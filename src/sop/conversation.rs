//! What was said before: by the same customer about the same thing (repeat contact), and by other customers about
//! the same failing thing (outage). Bounded memory, rebuilt from the log.
//!
//! What is kept of a message is a [`Noted`]: who, where, when, which kinds, and a sketch of its words that can be
//! compared but not read.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

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
    /// What is said to fail, for an outage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<String>,
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
    failing: Vec<String>,
}

/// Different customers with the same trouble.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reports<'c> {
    /// The latest message of each other customer.
    pub counted: Vec<&'c Counted>,
    /// How many customers there have to be, with this one, to be more than usual here.
    pub unusual: u32,
}

impl Conversation {
    /// Remembers a message.
    pub fn note(&mut self, noted: Noted, at: DateTime<Utc>) {
        let Noted { message, place, customer, ticket, kinds, failing, sketch } = noted;
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
            self.reports.push_back(Report { said, kinds, failing });
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
        sketch: impl Fn() -> Sketch,
        within: TimeDelta,
        now: DateTime<Utc>,
    ) -> Vec<&Counted> {
        let Some(contacts) = self.by_customer.get(customer) else { return Vec::new() };
        let sketch = sketch();
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

    /// Earlier messages of other customers that showed this kind within the time, the latest of each. Of an outage only
    /// those count that say the same thing fails, or do not say what.
    pub fn reports(
        &self,
        kind: &Kind,
        failing: &[String],
        customer: &PersonId,
        within: TimeDelta,
        now: DateTime<Utc>,
    ) -> Reports<'_> {
        let mut counted: Vec<&Counted> = Vec::new();
        let of_kind = || self.reports.iter().rev().filter(|report| report.kinds.contains(kind));
        for report in of_kind().take_while(|report| now - report.said.at <= within) {
            let who = &report.said.customer.id;
            if is_same_thing(failing, &report.failing)
                && who != customer
                && !counted.iter().any(|known| known.customer.id == *who)
            {
                counted.push(&report.said);
            }
        }
        let earlier = of_kind().map(|report| now - report.said.at).skip_while(|age| *age <= within);
        Reports { counted, unusual: unusual(earlier, within) }
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

/// Both name a thing of one kind, or one of them names none.
fn is_same_thing(one: &[String], other: &[String]) -> bool {
    one.is_empty() || other.is_empty() || one.iter().any(|thing| other.contains(thing))
}

/// What is usual is counted over a day and over two weeks; the busier of the two says what to expect, so that neither a
/// bad day nor a quiet one in a bad month is mistaken for news.
const USUAL_WITHIN: [TimeDelta; 2] = [TimeDelta::hours(24), TimeDelta::days(14)];
/// So rarely may chance alone bring as many reports as are called unusual.
const CHANCE_MAX: f64 = 0.001;
/// More at once are unusual anywhere.
const UNUSUAL_MAX: u32 = 1_000;

/// How many reports within a time are more than chance brings where reports of these ages came before: the smallest
/// number that a Poisson process of the usual rate reaches less often than once in a thousand such times.
fn unusual(earlier: impl Iterator<Item = TimeDelta>, within: TimeDelta) -> u32 {
    let mut counts = [0.0_f64; 2];
    for age in earlier.take_while(|age| *age - within <= USUAL_WITHIN[1]) {
        for (count, span) in counts.iter_mut().zip(USUAL_WITHIN) {
            *count += if age - within <= span { 1.0 } else { 0.0 };
        }
    }
    let share = |span: TimeDelta| within.as_seconds_f64() / span.as_seconds_f64();
    let expected = counts.iter().zip(USUAL_WITHIN).map(|(count, span)| count * share(span)).fold(0.0, f64::max);
    // What chance leaves for this number and more.
    let (mut left, mut exactly) = (1.0, (-expected).exp());
    for number in 0..UNUSUAL_MAX {
        if left < CHANCE_MAX {
            return number;
        }
        left -= exactly;
        exactly *= expected / f64::from(number + 1);
    }
    UNUSUAL_MAX
}

/// What a text is about, as sorted 32-bit hashes of its words and of its pairs of neighbouring words (shingles): enough
/// to tell whether two texts are about the same thing, too little to read either.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sketch(Vec<u32>);

/// Hashes kept per text.
const SKETCH_HASHES: usize = 48;
/// Two texts are alike when they share this many hashes …
const ALIKE_SHARED: usize = 3;
/// … and this share of the shorter one's.
const ALIKE_SHARE: f64 = 0.2;

impl Sketch {
    /// Of the words that say what a text is about, as [`signal::subject_words`] finds them.
    ///
    /// [`signal::subject_words`]: crate::sop::signal::subject_words
    pub fn of<W: AsRef<str>>(words: &[W]) -> Self {
        let single = words.iter().map(|word| hash([word.as_ref()].into_iter()));
        let pairs = words.windows(2).map(|pair| hash([pair[0].as_ref(), pair[1].as_ref()].into_iter()));
        let mut hashes: Vec<u32> = single.chain(pairs).collect();
        hashes.sort_unstable();
        hashes.dedup();
        // The smallest hashes of two texts are the same where the texts are (Broder, "On the resemblance and
        // containment of documents", 1997).
        hashes.truncate(SKETCH_HASHES);
        Self(hashes)
    }

    pub fn is_like(&self, other: &Self) -> bool {
        let shared = self.0.iter().filter(|hash| other.0.binary_search(hash).is_ok()).count();
        let shorter = self.0.len().min(other.0.len());
        #[expect(clippy::cast_precision_loss, reason = "at most SKETCH_HASHES")]
        let share = shared as f64 / shorter.max(1) as f64;
        // What says little can be said again: all of it is enough.
        shared >= ALIKE_SHARED.min(shorter.max(1)) && share >= ALIKE_SHARE
    }
}

/// FNV-1a over words in their one spelling: the same on every machine and in every version, because it is stored.
fn hash<'w>(words: impl Iterator<Item = &'w str>) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    for byte in words.flat_map(|word| word.bytes().chain([0])) {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::fixture::{at, person, procedure, says};
    use crate::sop::message::Standing;
    use crate::sop::signal::subject_words;

    const ROUTER: &str = "The router keeps losing its connection every evening.";
    const HOUR: i64 = 3600;

    fn noted(id: &str, customer: &str, text: &str) -> Noted {
        Noted {
            message: id.into(),
            place: "support".into(),
            customer: person(customer, Standing::Customer),
            ticket: procedure().ticket_in(text),
            kinds: Vec::new(),
            failing: Vec::new(),
            sketch: sketch(text),
        }
    }

    fn sketch(text: &str) -> Sketch {
        Sketch::of(&subject_words(text, &procedure().lexicon))
    }

    /// The earlier contacts that a message counts, after these: hours ago, id, text.
    fn contacts(past: &[(i64, &str, &str)], text: &str) -> usize {
        let mut conversation = Conversation::default();
        for (hours, id, text) in past {
            conversation.note(noted(id, "ann", text), at(-hours * HOUR));
        }
        let (message, ticket) = (says("now", "ann", text), procedure().ticket_in(text));
        conversation
            .contacts(&"ann".into(), ticket.as_ref(), &message, || sketch(text), TimeDelta::days(7), at(0))
            .len()
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
        conversation.note(noted("a", "bob", ROUTER), at(-5 * HOUR));
        let message = says("now", "ann", ROUTER);
        assert!(
            conversation
                .contacts(&"ann".into(), None, &message, || sketch(ROUTER), TimeDelta::days(7), at(0))
                .is_empty()
        );
    }

    /// How many customers are unusual within half an hour, after reports these minutes ago.
    #[test]
    fn what_is_usual_depends_on_the_desk() {
        let needed =
            |minutes: &mut dyn Iterator<Item = i64>| unusual(minutes.map(TimeDelta::minutes), TimeDelta::minutes(30));
        assert_eq!(needed(&mut std::iter::empty()), 1);
        // One an hour: half a report within half an hour.
        assert_eq!(needed(&mut (1..=24).map(|hour| hour * 60)), 5);
        assert_eq!(needed(&mut (1..=24 * 14).map(|hour| hour * 60)), 5);
        // One a minute.
        assert_eq!(needed(&mut (31..=24 * 60)), 48);
        // One a week, and a long time ago.
        assert_eq!(needed(&mut [7, 14].into_iter().map(|day| day * 24 * 60)), 2);
        assert_eq!(needed(&mut [60, 61].into_iter().map(|day| day * 24 * 60)), 1);
    }

    #[test]
    fn reports_of_different_things_are_not_one_outage() {
        let mut conversation = Conversation::default();
        let report = |id: &str, failing: &[&str]| Noted {
            kinds: vec![Kind::Outage],
            failing: failing.iter().map(|thing| (*thing).to_owned()).collect(),
            ..noted(id, id, ROUTER)
        };
        conversation.note(report("bob", &["network"]), at(-60));
        conversation.note(report("cleo", &["site", "payments"]), at(-50));
        conversation.note(report("dan", &[]), at(-40));
        let counted = |failing: &[&str]| {
            let failing: Vec<String> = failing.iter().map(|thing| (*thing).to_owned()).collect();
            let reports = conversation.reports(&Kind::Outage, &failing, &"ann".into(), TimeDelta::hours(1), at(0));
            reports.counted.iter().map(|report| report.customer.name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(counted(&["network"]), ["dan", "bob"]);
        assert_eq!(counted(&["payments"]), ["dan", "cleo"]);
        assert_eq!(counted(&["power"]), ["dan"]);
        assert_eq!(counted(&[]), ["dan", "cleo", "bob"]);
    }

    #[test]
    fn the_customer_longest_silent_is_forgotten_first() {
        let mut conversation = Conversation::default();
        let again = |conversation: &Conversation, customer: &str| {
            let message = says("now", customer, ROUTER);
            conversation.contacts(&customer.into(), None, &message, || sketch(ROUTER), TimeDelta::days(30), at(0)).len()
        };
        let long_ago = -20 * 24 * HOUR;
        conversation.note(noted("first", "first", ROUTER), at(long_ago));
        conversation.note(noted("loyal", "loyal", ROUTER), at(long_ago));
        for number in 0..CUSTOMERS - 1 {
            let id = format!("c{number}");
            conversation.note(noted(&id, &id, "Hello"), at(long_ago + 1));
            if number == 0 {
                conversation.note(noted("loyal again", "loyal", ROUTER), at(long_ago + 2 * HOUR));
            }
        }
        assert_eq!(again(&conversation, "first"), 0);
        assert_eq!(again(&conversation, "loyal"), 2);
    }
}
