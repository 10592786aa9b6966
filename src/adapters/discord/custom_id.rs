//! What our buttons and forms carry. It must still be understood after a restart, so it is all in the id.

use crate::engine::connector::Asks;
use crate::sop::escalation::EscalationId;
use crate::sop::notice::{Soon, Verb};

/// Marks an id as ours, and the version of this grammar.
const PREFIX: &str = "bh1";

/// The id of a button or a form. At most 100 characters
/// (<https://discord.com/developers/docs/components/reference#anatomy-of-a-component>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CustomId {
    /// A button on the card of a page, drawn from this version of the case.
    Button { verb: Verb, case: EscalationId, version: u64, page: usize },
    /// The form that asks for a note.
    Resolve { case: EscalationId, version: u64 },
    /// The button that promises the next step.
    Soon { case: EscalationId, version: u64, soon: Soon },
    /// The form that asks for its time.
    Promise { case: EscalationId, version: u64 },
    /// The form that asks what is still to be done.
    Reopen { case: EscalationId },
    /// The form for an escalation by hand: for which trigger, from where, about which message.
    Escalate { trigger: Option<String>, place: String, message: Option<String> },
    /// The button and the form for what a case owes: the ids of its fields.
    Inform { case: EscalationId, fields: Vec<String> },
    /// The button that moves a case over to this version of the procedure.
    MoveOver { case: EscalationId, procedure: String },
    /// The button for a step of a playbook, from 0.
    Step { case: EscalationId, playbook: String, step: usize },
}

impl From<Asks> for CustomId {
    fn from(Asks { case, fields }: Asks) -> Self {
        Self::Inform { case, fields }
    }
}

impl std::fmt::Display for CustomId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Button { verb, case, version, page } => {
                write!(out, "{PREFIX}:{}:{}:{version}:{page}", verb.name(), case.0)
            }
            Self::Inform { case, fields } => write!(out, "{PREFIX}:add:{}:{}", case.0, fields.join(",")),
            Self::Step { case, playbook, step } => write!(out, "{PREFIX}:step:{}:{playbook}:{step}", case.0),
            Self::MoveOver { case, procedure } => write!(out, "{PREFIX}:move:{}:{procedure}", case.0),
            Self::Resolve { case, version } => write!(out, "{PREFIX}:note:{}:{version}", case.0),
            Self::Soon { case, version, soon } => {
                write!(out, "{PREFIX}:soon:{}:{version}:{}", case.0, soon.name())
            }
            Self::Promise { case, version } => write!(out, "{PREFIX}:by:{}:{version}", case.0),
            Self::Reopen { case } => write!(out, "{PREFIX}:reopen:{}", case.0),
            Self::Escalate { trigger, place, message } => {
                let (trigger, message) = (trigger.as_deref().unwrap_or(""), message.as_deref().unwrap_or(""));
                write!(out, "{PREFIX}:form:{place}:{message}:{trigger}")
            }
        }
    }
}

impl std::str::FromStr for CustomId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(5, ':');
        let mut next = || parts.next().ok_or(());
        if next()? != PREFIX {
            return Err(());
        }
        let word = next()?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| ());
        match word {
            "note" => Ok(Self::Resolve { case: EscalationId(number(next()?)?), version: number(next()?)? }),
            "add" => {
                let (case, fields) = (EscalationId(number(next()?)?), next()?.split(',').map(str::to_owned).collect());
                Ok(Self::Inform { case, fields })
            }
            "step" => {
                let (case, playbook) = (EscalationId(number(next()?)?), next()?.to_owned());
                Ok(Self::Step { case, playbook, step: next()?.parse().map_err(|_| ())? })
            }
            "move" => Ok(Self::MoveOver { case: EscalationId(number(next()?)?), procedure: next()?.to_owned() }),
            "soon" => {
                let (case, version, name) = (EscalationId(number(next()?)?), number(next()?)?, next()?);
                let soon = Soon::ALL.into_iter().find(|soon| soon.name() == name).ok_or(())?;
                Ok(Self::Soon { case, version, soon })
            }
            "by" => Ok(Self::Promise { case: EscalationId(number(next()?)?), version: number(next()?)? }),
            "reopen" => Ok(Self::Reopen { case: EscalationId(number(next()?)?) }),
            "form" => {
                let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
                let (place, message, trigger) = (next()?, next()?, next()?);
                Ok(Self::Escalate { trigger: some(trigger), place: place.to_owned(), message: some(message) })
            }
            word => {
                let verb = Verb::ALL.into_iter().find(|verb| verb.name() == word).ok_or(())?;
                let (case, version) = (EscalationId(number(next()?)?), number(next()?)?);
                Ok(Self::Button { verb, case, version, page: next()?.parse().map_err(|_| ())? })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::guidance::information::{FIELDS_MAX, ID_CHARS_MAX};

    #[test]
    fn ids_are_read_back_as_they_were_written() {
        let ids = [
            CustomId::Button { verb: Verb::Raise, case: EscalationId(142), version: 7, page: 1 },
            CustomId::Button { verb: Verb::NotSolved, case: EscalationId(1), version: 1, page: 0 },
            CustomId::Resolve { case: EscalationId(1), version: 3 },
            CustomId::Reopen { case: EscalationId(12) },
            CustomId::Soon { case: EscalationId(12), version: 3, soon: Soon::Today },
            CustomId::Promise { case: EscalationId(12), version: 3 },
            CustomId::MoveOver { case: EscalationId(12), procedure: "0123456789ab".into() },
            CustomId::Escalate { trigger: Some("refund".into()), place: "2001".into(), message: None },
            CustomId::Inform { case: EscalationId(7), fields: vec!["steps".into(), "order".into()] },
            CustomId::Step { case: EscalationId(7), playbook: "calm-down".into(), step: 2 },
            CustomId::Escalate { trigger: None, place: "2001".into(), message: Some("9".into()) },
        ];
        for id in ids {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn a_form_of_the_longest_fields_still_has_an_id() {
        let fields = vec!["a".repeat(ID_CHARS_MAX); FIELDS_MAX];
        let id = CustomId::Inform { case: EscalationId(999_999_999_999), fields };
        assert!(id.to_string().len() <= 100, "{id}");
    }

    #[test]
    fn foreign_ids_are_left_alone() {
        for id in ["", "bh1", "bh1:ack", "bh1:raise:x:1:0", "bh1:raise:1:1", "other:raise:1:1:0", "bh1:dance:1:1:0"] {
            assert_eq!(id.parse::<CustomId>(), Err(()), "{id}");
        }
    }
}
