//! Whether the desk hears what is said. When it finds that it did not, people are told: what customers wrote meanwhile
//! comes late.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::sop::desk::turn::Turn;
use crate::sop::desk::{Desk, Fact, Sop};

/// How often the desk heard nothing, and for how long in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hearing {
    deaf_since: Option<DateTime<Utc>>,
    times: usize,
    silence: TimeDelta,
}

impl Hearing {
    pub(super) fn lose(&mut self, since: DateTime<Utc>) {
        self.deaf_since = Some(since);
        self.times += 1;
    }

    pub(super) fn regain(&mut self, at: DateTime<Utc>) {
        self.silence += self.deaf_since.take().map(|since| at - since).unwrap_or_default();
    }

    /// For people; times that have not ended count up to now.
    pub(super) fn shown(&self, now: DateTime<Utc>) -> Silences {
        let silence = self.silence + self.deaf_since.map(|since| now - since).unwrap_or_default();
        let since = self.deaf_since.map(|since| since.timestamp());
        Silences { times: self.times, minutes: minutes(silence), since }
    }
}

/// How often nothing was heard since the first day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silences {
    pub times: usize,
    /// In all, begun ones as whole.
    pub minutes: i64,
    /// In seconds since 1970; `None`: it hears.
    pub since: Option<i64>,
}

/// Nobody is told of "0 minutes".
fn minutes(silence: TimeDelta) -> i64 {
    (silence.num_seconds() + 59) / 60
}

impl Desk {
    /// How often it heard nothing, and whether it hears.
    pub fn silences(&self, now: DateTime<Utc>) -> Silences {
        self.hearing.shown(now)
    }
}

impl Turn<'_> {
    /// Nothing has been heard for so long.
    pub(super) fn find_deaf(&mut self, silence: TimeDelta) {
        if self.desk.hearing.deaf_since.is_none() {
            let since = self.now - silence;
            self.record(Fact::Deaf { since });
            self.announce(Sop::Deaf { since: since.timestamp() });
        }
    }

    /// Something said just now was heard.
    pub(super) fn find_hearing(&mut self) {
        if let Some(since) = self.desk.hearing.deaf_since {
            self.record(Fact::Hearing);
            self.announce(Sop::Hearing { since: since.timestamp(), minutes: minutes(self.now - since) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::desk::Request;
    use crate::sop::fixture::{at, procedure};
    use crate::sop::notice::Notice;

    /// What is announced, and that the log says the same.
    fn handle(desk: &mut Desk, request: Request, now: i64) -> Vec<Sop> {
        let before = desk.clone();
        let outcome = desk.handle(request, &procedure(), at(now));
        let mut folded = before;
        outcome.facts.iter().for_each(|fact| folded.apply(fact.clone(), at(now)));
        assert_eq!(folded.hearing, desk.hearing);
        let announced = outcome.notices.into_iter().filter_map(|notice| match notice {
            Notice::Sop { sop, .. } => Some(sop),
            _ => None,
        });
        announced.collect()
    }

    #[test]
    fn a_silence_is_told_when_it_is_found_and_when_it_ends() {
        let mut desk = Desk::default();
        let deaf = |minutes| Request::FindDeaf { silence: TimeDelta::minutes(minutes) };
        let since = at(600).timestamp();
        assert_eq!(handle(&mut desk, Request::FindHearing, 0), [], "it never was deaf");
        assert_eq!(handle(&mut desk, deaf(5), 900), [Sop::Deaf { since }]);
        assert_eq!(handle(&mut desk, deaf(6), 960), [], "that is known");
        assert_eq!(desk.hearing.shown(at(1200)), Silences { times: 1, minutes: 10, since: Some(since) });
        assert_eq!(handle(&mut desk, Request::FindHearing, 1201), [Sop::Hearing { since, minutes: 11 }]);
        assert_eq!(handle(&mut desk, Request::FindHearing, 1500), []);
        assert_eq!(handle(&mut desk, deaf(1), 3600).len(), 1);
        assert_eq!(handle(&mut desk, Request::FindHearing, 3660).len(), 1);
        assert_eq!(desk.hearing.shown(at(9999)), Silences { times: 2, minutes: 13, since: None });
    }
}
