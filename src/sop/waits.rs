//! Customers who wait for an answer: since their oldest message in a place that no member of staff has answered there.
//! Nothing is kept where no rule asks for it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::sop::message::{MessageId, Person, PersonId, PlaceId, TicketRef};

/// The fact that a customer begins to wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub message: MessageId,
    pub place: PlaceId,
    pub customer: Person,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketRef>,
    /// After how many seconds the rules want to know, the shortest first.
    pub after_seconds: Vec<i64>,
}

/// A customer who waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    pub asked: Asked,
    pub since: DateTime<Utc>,
    /// When the rules still want to know.
    wakes: VecDeque<DateTime<Utc>>,
}

/// Whoever waits, and where. Each customer waits once in a place.
#[derive(Clone, Debug, Default)]
pub struct Waits {
    by_place: BTreeMap<(PlaceId, PersonId), Wait>,
    due: BTreeSet<(DateTime<Utc>, PlaceId, PersonId)>,
}

/// Customers who are remembered as waiting. Who comes after that is not, until somebody is answered.
const WAITS_MAX: usize = 20_000;

impl Waits {
    pub fn ask(&mut self, asked: Asked, since: DateTime<Utc>) {
        let key = (asked.place.clone(), asked.customer.id.clone());
        if self.by_place.len() >= WAITS_MAX || self.by_place.contains_key(&key) {
            return;
        }
        let wakes = asked.after_seconds.iter().map(|seconds| since + TimeDelta::seconds(*seconds)).collect();
        let wait = Wait { asked, since, wakes };
        self.schedule(&wait);
        self.by_place.insert(key, wait);
    }

    /// Somebody on staff has written there.
    pub fn answer(&mut self, place: &PlaceId) {
        let here: Vec<_> = self.here(place).map(|wait| wait.asked.customer.id.clone()).collect();
        for customer in here {
            if let Some(wait) = self.by_place.remove(&(place.clone(), customer)) {
                self.unschedule(&wait);
            }
        }
    }

    /// The rules have been told that the time is up.
    pub fn told(&mut self, place: &PlaceId, customer: &PersonId) {
        if let Some(mut wait) = self.by_place.remove(&(place.clone(), customer.clone())) {
            self.unschedule(&wait);
            wait.wakes.pop_front();
            self.schedule(&wait);
            self.by_place.insert((place.clone(), customer.clone()), wait);
        }
    }

    pub fn is_waiting(&self, place: &PlaceId, customer: &PersonId) -> bool {
        self.by_place.contains_key(&(place.clone(), customer.clone()))
    }

    pub fn anybody(&self, place: &PlaceId) -> bool {
        self.here(place).next().is_some()
    }

    pub fn next(&self) -> Option<DateTime<Utc>> {
        self.due.first().map(|(at, ..)| *at)
    }

    /// Whose time is up, the longest overdue first.
    pub fn due(&self, now: DateTime<Utc>) -> Vec<Wait> {
        let due = self.due.iter().take_while(|(at, ..)| *at <= now);
        due.filter_map(|(_, place, customer)| self.by_place.get(&(place.clone(), customer.clone())).cloned()).collect()
    }

    pub fn is_due(&self, place: &PlaceId, customer: &PersonId, now: DateTime<Utc>) -> bool {
        let wait = self.by_place.get(&(place.clone(), customer.clone()));
        wait.and_then(|wait| wait.wakes.front()).is_some_and(|at| *at <= now)
    }

    fn here(&self, place: &PlaceId) -> impl Iterator<Item = &Wait> {
        let first = (place.clone(), PersonId::from(""));
        self.by_place.range(first..).take_while(move |((known, _), _)| known == place).map(|(_, wait)| wait)
    }

    fn schedule(&mut self, wait: &Wait) {
        if let Some(at) = wait.wakes.front() {
            self.due.insert((*at, wait.asked.place.clone(), wait.asked.customer.id.clone()));
        }
    }

    fn unschedule(&mut self, wait: &Wait) {
        if let Some(at) = wait.wakes.front() {
            self.due.remove(&(*at, wait.asked.place.clone(), wait.asked.customer.id.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::fixture::{at, person};
    use crate::sop::message::Standing;

    fn asked(place: &str, who: &str) -> Asked {
        let customer = person(who, Standing::Customer);
        Asked { message: "m".into(), place: place.into(), customer, ticket: None, after_seconds: vec![60, 120] }
    }

    #[test]
    fn a_wait_begins_with_the_oldest_message_and_is_told_once_for_each_time() {
        let mut waits = Waits::default();
        waits.ask(asked("support", "ann"), at(0));
        waits.ask(asked("support", "ann"), at(30));
        assert_eq!(waits.next(), Some(at(60)));
        assert_eq!(waits.due(at(59)), []);
        assert_eq!(waits.due(at(60)).len(), 1);
        waits.told(&"support".into(), &"ann".into());
        assert_eq!(waits.next(), Some(at(120)));
        waits.told(&"support".into(), &"ann".into());
        assert_eq!((waits.next(), waits.anybody(&"support".into())), (None, true));
    }

    #[test]
    fn an_answer_ends_the_waiting_of_everybody_there() {
        let mut waits = Waits::default();
        for (place, who) in [("support", "ann"), ("support", "bob"), ("thread", "ann")] {
            waits.ask(asked(place, who), at(0));
        }
        waits.answer(&"support".into());
        assert!(!waits.anybody(&"support".into()) && waits.is_waiting(&"thread".into(), &"ann".into()));
        assert_eq!(waits.due(at(60)).len(), 1);
    }
}
