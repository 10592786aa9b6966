//! What somebody probably meant who typed something that there is not. Only what they may know of is named, so that a
//! refusal tells nobody of a case that is not for them.

use std::cmp::Reverse;

use crate::sop::desk::turn::Turn;
use crate::sop::escalation::{Actor, Escalation, EscalationId, Refusal, Status};
use crate::sop::message::cut;
use crate::sop::trigger::Mode;
use crate::sop::typo::{closest_of, slips};

/// Characters of what was typed that are shown again.
const ASKED_CHARS_MAX: usize = 40;

impl Turn<'_> {
    /// There is no such case for the actor; with the one they mean, where they may read it.
    pub(super) fn unknown_case(&self, actor: &Actor, typed: &str) -> Refusal {
        let asked = cut(typed.trim(), ASKED_CHARS_MAX);
        let letters = asked.chars().filter(|letter| letter.is_alphabetic()).count();
        let is_number = letters <= "ESC".len() && asked.contains(|letter: char| letter.is_ascii_digit());
        let meant = if is_number { self.by_number(actor, &asked) } else { self.by_codename(actor, &asked) };
        Refusal::Unknown { asked, meant }
    }

    /// The likeliest slip first; then an open case before a resolved one, then the newer one.
    fn by_number(&self, actor: &Actor, asked: &str) -> Option<EscalationId> {
        let digits: String = asked.chars().filter(char::is_ascii_digit).collect();
        let cases = slips(&digits).into_iter().filter_map(|(slip, number)| {
            let case = self.desk.case(EscalationId(number)).filter(|case| case.may_be_read_by(actor))?;
            Some((slip, case.status() == Status::Resolved, Reverse(case.id)))
        });
        cases.min().map(|(_, _, Reverse(id))| id)
    }

    fn by_codename(&self, actor: &Actor, asked: &str) -> Option<EscalationId> {
        let readable = |case: &&Escalation| case.opened.confidential && case.may_be_read_by(actor);
        let named: Vec<_> = self.desk.cases().filter(readable).map(|case| (case.codename(), case.id)).collect();
        closest_of(asked, named.iter().map(|(name, id)| (name.as_str(), *id)))
    }

    /// No trigger has this id; with the id of the one meant, by that or by its name.
    pub(super) fn unknown_trigger(&self, typed: &str) -> Refusal {
        let usable = self.procedure.triggers.iter().filter(|trigger| trigger.mode != Mode::Off);
        let named = usable.flat_map(|trigger| [(trigger.id.as_str(), trigger), (trigger.name.as_str(), trigger)]);
        let meant = closest_of(typed, named).map(|trigger| trigger.id.clone());
        Refusal::UnknownTrigger { asked: cut(typed, ASKED_CHARS_MAX), meant }
    }
}
