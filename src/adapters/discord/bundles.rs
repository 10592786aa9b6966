//! Lines that nobody has to act on, said close together, are one message: the third within two minutes is written
//! below the second instead of making the channel ring again, and so on.
//!
//! What was said is known only as long as the program runs: after a restart the next line is a message of its own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::sop::message::{MessageId, PlaceId};

/// From the first of them on, in SOP time.
const WINDOW: TimeDelta = TimeDelta::minutes(2);
/// So many stay apart.
const APART: usize = 2;

/// The latest lines of each place.
#[derive(Debug, Default)]
pub(crate) struct Bundles(Mutex<HashMap<PlaceId, Bundle>>);

/// The lines of one place since `began`; all but the first ones stand in `message`.
#[derive(Clone, Debug)]
struct Bundle {
    began: DateTime<Utc>,
    lines: usize,
    message: MessageId,
    text: String,
}

impl Bundles {
    /// The message that a line is to be written below, and what that says then; `None` where it is a message of its own.
    pub(crate) fn joins(
        &self,
        place: &PlaceId,
        line: &str,
        at: DateTime<Utc>,
        chars_max: usize,
    ) -> Option<(MessageId, String)> {
        let bundles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bundle = bundles.get(place)?;
        let text = format!("{}\n{line}", bundle.text);
        let fits = text.chars().count() <= chars_max;
        let is_close = (TimeDelta::zero()..WINDOW).contains(&(at - bundle.began));
        (bundle.lines >= APART && is_close && fits).then(|| (bundle.message.clone(), text))
    }

    /// A line was said: as a message of its own, or below others.
    pub(crate) fn said(&self, place: &PlaceId, message: &MessageId, text: String, at: DateTime<Utc>) {
        let mut bundles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = bundles.remove(place).filter(|bundle| at - bundle.began < WINDOW);
        let (began, lines) = known.map_or((at, 0), |bundle| (bundle.began, bundle.lines));
        bundles.insert(place.clone(), Bundle { began, lines: lines + 1, message: message.clone(), text });
    }

    /// It cannot be written below that message any more.
    pub(crate) fn forget(&self, place: &PlaceId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    /// Says lines at these seconds; what is asked of the chat each time.
    fn say(seconds: &[i64], chars_max: usize) -> Vec<String> {
        let (bundles, place) = (Bundles::default(), PlaceId::from("here"));
        let say = |(number, second): (usize, &i64)| {
            let line = format!("line {number}");
            let joined = bundles.joins(&place, &line, at(*second), chars_max);
            let (message, text) = joined.clone().unwrap_or_else(|| (format!("m{number}").as_str().into(), line));
            bundles.said(&place, &message, text.clone(), at(*second));
            format!("{} {message}: {}", if joined.is_some() { "edit" } else { "post" }, text.replace('\n', " / "))
        };
        seconds.iter().enumerate().map(say).collect()
    }

    #[test]
    fn the_third_line_within_two_minutes_stands_below_the_second() {
        let said = say(&[0, 30, 60, 119, 120, 130], 2_000);
        let wanted = [
            "post m0: line 0",
            "post m1: line 1",
            "edit m1: line 1 / line 2",
            "edit m1: line 1 / line 2 / line 3",
            "post m4: line 4",
            "post m5: line 5",
        ];
        assert_eq!(said, wanted);
    }

    #[test]
    fn what_does_not_fit_is_a_message_of_its_own() {
        assert_eq!(
            say(&[0, 0, 0, 0], 13),
            ["post m0: line 0", "post m1: line 1", "edit m1: line 1 / line 2", "post m3: line 3"]
        );
    }

    #[test]
    fn a_forgotten_message_is_left_alone() {
        let (bundles, place) = (Bundles::default(), PlaceId::from("here"));
        for number in 0..2 {
            bundles.said(&place, &"m".into(), format!("line {number}"), at(0));
        }
        bundles.forget(&place);
        assert_eq!(bundles.joins(&place, "line 2", at(1), 2_000), None);
    }
}
