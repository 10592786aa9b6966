//! How well what was read agrees with what people found.

use serde::Serialize;

use crate::sop::share::Share;
use crate::sop::signal::Kind;

/// How often both, or only one of them, saw a kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub right: u32,
    pub false_alarms: u32,
    pub missed: u32,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    pub kind: Kind,
    pub labelled: u32,
    pub precision: Share,
    pub recall: Share,
    pub f1: Share,
    /// The same without the messages that readers could differ about.
    pub clear: Clear,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Clear {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
}

impl Tally {
    pub fn count(&mut self, labelled: bool, seen: bool) {
        match (labelled, seen) {
            (true, true) => self.right += 1,
            (false, true) => self.false_alarms += 1,
            (true, false) => self.missed += 1,
            (false, false) => {}
        }
    }

    fn precision(self) -> Share {
        Share::of(self.right, self.right + self.false_alarms)
    }

    fn recall(self) -> Share {
        Share::of(self.right, self.right + self.missed)
    }

    /// F1 is a function of one proportion, the share of the messages seen by either that were seen by both (the Jaccard
    /// index J): F1 = 2J / (1 + J). It only rises with J, so the ends of J's interval are those of F1's.
    fn f1(self) -> Share {
        let both = Share::of(self.right, self.right + self.false_alarms + self.missed);
        let f1 = |jaccard: f64| 2.0 * jaccard / (1.0 + jaccard);
        Share { is: f1(both.is), from: f1(both.from), to: f1(both.to) }
    }
}

impl Figures {
    pub fn of(kind: Kind, all: Tally, clear: Tally) -> Self {
        let clear = Clear { precision: clear.precision().is, recall: clear.recall().is, f1: clear.f1().is };
        let labelled = all.right + all.missed;
        Self { kind, labelled, precision: all.precision(), recall: all.recall(), f1: all.f1(), clear }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f1_is_what_the_textbook_says() {
        let tally = Tally { right: 8, false_alarms: 4, missed: 2 };
        let figures = Figures::of(Kind::Legal, tally, tally);
        let (precision, recall) = (8.0 / 12.0, 8.0 / 10.0);
        assert!((figures.f1.is - 2.0 * precision * recall / (precision + recall)).abs() < 1e-12);
        assert!(figures.f1.from < figures.f1.is && figures.f1.is < figures.f1.to);
    }
}
