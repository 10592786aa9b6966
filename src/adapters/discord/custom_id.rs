//! What our buttons and forms carry. It must still be understood after a restart, so it is all in the id.

use serde::Serialize;

use crate::sop::escalation::EscalationId;
use crate::sop::guidance::form::{FormPage, Purpose};
use crate::sop::notice::{Soon, Verb};

/// Marks an id as ours, and the version of this grammar.
const PREFIX: &str = "bh1";

/// The id of a button or a form. At most 100 characters
/// (<https://discord.com/developers/docs/components/reference#anatomy-of-a-component>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CustomId {
    /// A button on the card of a page, drawn from this version of the case.
    Button { verb: Verb, case: EscalationId, version: u64, page: usize },
    /// A form with one field.
    Sentence { form: Sentence, case: EscalationId, version: u64 },
    /// The button that promises the next step.
    Soon { case: EscalationId, version: u64, soon: Soon },
    /// A page, from 0, of the form for an escalation by hand, and the button that opens it: for which trigger, from
    /// where, about which message.
    Escalate { trigger: Option<String>, place: String, message: Option<String>, page: usize },
    /// The button and the form for what a case owes.
    Inform { case: EscalationId },
    /// The button below the text for a customer: it promises something by then, in seconds since 1970, and is posted by
    /// us or was sent by whoever presses.
    Tell { case: EscalationId, due: i64, by_us: bool },
    /// The button that moves a case over to this version of the procedure.
    MoveOver { case: EscalationId, procedure: String },
    /// The button below a digest that shows a case.
    Look { case: EscalationId },
    /// The button for a step of a playbook, from 0.
    Step { case: EscalationId, playbook: String, step: usize },
}

/// What a form with one field asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sentence {
    /// What was done.
    Resolve,
    /// How long until the next step.
    Promise,
    /// What is still to be done.
    Reopen,
    /// What the team cannot work without.
    Bounce,
}

impl Sentence {
    pub(crate) const ALL: [Self; 4] = [Self::Resolve, Self::Promise, Self::Reopen, Self::Bounce];

    fn word(self) -> &'static str {
        match self {
            Self::Resolve => "note",
            Self::Promise => "by",
            Self::Reopen => "reopen",
            Self::Bounce => "missing",
        }
    }

    /// The id of its input.
    pub(crate) fn input(self) -> &'static str {
        match self {
            Self::Resolve => "note",
            Self::Promise => "within",
            Self::Reopen => "reason",
            Self::Bounce => "missing",
        }
    }
}

impl From<&FormPage> for CustomId {
    fn from(FormPage { purpose, page, .. }: &FormPage) -> Self {
        match purpose {
            Purpose::Escalation { trigger, place, message } => Self::Escalate {
                trigger: trigger.clone(),
                place: place.to_string(),
                message: message.as_ref().map(ToString::to_string),
                page: *page,
            },
            Purpose::Owed { case } => Self::Inform { case: *case },
        }
    }
}

impl std::fmt::Display for CustomId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Button { verb, case, version, page } => {
                write!(out, "{PREFIX}:{}:{}:{version}:{page}", verb.name(), case.0)
            }
            Self::Look { case } => write!(out, "{PREFIX}:look:{}", case.0),
            Self::Inform { case } => write!(out, "{PREFIX}:add:{}", case.0),
            Self::Step { case, playbook, step } => write!(out, "{PREFIX}:step:{}:{playbook}:{step}", case.0),
            Self::Tell { case, due, by_us } => {
                write!(out, "{PREFIX}:{}:{}:{due}", if *by_us { "post" } else { "sent" }, case.0)
            }
            Self::MoveOver { case, procedure } => write!(out, "{PREFIX}:move:{}:{procedure}", case.0),
            Self::Sentence { form, case, version } => {
                write!(out, "{PREFIX}:{}:{}:{version}", form.word(), case.0)
            }
            Self::Soon { case, version, soon } => {
                write!(out, "{PREFIX}:soon:{}:{version}:{}", case.0, soon.name())
            }
            Self::Escalate { trigger, place, message, page } => {
                let (trigger, message) = (trigger.as_deref().unwrap_or(""), message.as_deref().unwrap_or(""));
                write!(out, "{PREFIX}:form{}:{place}:{message}:{trigger}", page + 1)
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
        match word {
            "look" => Ok(Self::Look { case: EscalationId(number(next()?)?) }),
            "add" => Ok(Self::Inform { case: EscalationId(number(next()?)?) }),
            "step" => {
                let (case, playbook) = (EscalationId(number(next()?)?), next()?.to_owned());
                Ok(Self::Step { case, playbook, step: next()?.parse().map_err(|_| ())? })
            }
            "post" | "sent" => {
                let (case, due) = (EscalationId(number(next()?)?), next()?.parse().map_err(|_| ())?);
                Ok(Self::Tell { case, due, by_us: word == "post" })
            }
            "move" => Ok(Self::MoveOver { case: EscalationId(number(next()?)?), procedure: next()?.to_owned() }),
            "soon" => {
                let (case, version, name) = (EscalationId(number(next()?)?), number(next()?)?, next()?);
                let soon = Soon::ALL.into_iter().find(|soon| soon.name() == name).ok_or(())?;
                Ok(Self::Soon { case, version, soon })
            }
            word if word.starts_with("form") => {
                let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
                let page = word["form".len()..].parse::<usize>().ok().and_then(|page| page.checked_sub(1)).ok_or(())?;
                let (place, message, trigger) = (next()?, next()?, next()?);
                Ok(Self::Escalate { trigger: some(trigger), place: place.to_owned(), message: some(message), page })
            }
            word => {
                if let Some(form) = Sentence::ALL.into_iter().find(|form| form.word() == word) {
                    let (case, version) = (EscalationId(number(next()?)?), number(next()?)?);
                    return Ok(Self::Sentence { form, case, version });
                }
                let verb = Verb::ALL.into_iter().find(|verb| verb.name() == word).ok_or(())?;
                let (case, version) = (EscalationId(number(next()?)?), number(next()?)?);
                Ok(Self::Button { verb, case, version, page: next()?.parse().map_err(|_| ())? })
            }
        }
    }
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, ()> {
    text.parse().map_err(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back_as_they_were_written() {
        let ids = [
            CustomId::Button { verb: Verb::Raise, case: EscalationId(142), version: 7, page: 1 },
            CustomId::Button { verb: Verb::NotSolved, case: EscalationId(1), version: 1, page: 0 },
            CustomId::Button { verb: Verb::Bounce, case: EscalationId(1), version: 1, page: 0 },
            CustomId::Sentence { form: Sentence::Resolve, case: EscalationId(1), version: 3 },
            CustomId::Sentence { form: Sentence::Bounce, case: EscalationId(12), version: 0 },
            CustomId::Soon { case: EscalationId(12), version: 3, soon: Soon::Today },
            CustomId::MoveOver { case: EscalationId(12), procedure: "0123456789ab".into() },
            CustomId::Escalate { trigger: Some("refund".into()), place: "2001".into(), message: None, page: 0 },
            CustomId::Inform { case: EscalationId(7) },
            CustomId::Tell { case: EscalationId(7), due: 1_772_442_000, by_us: true },
            CustomId::Tell { case: EscalationId(7), due: 0, by_us: false },
            CustomId::Step { case: EscalationId(7), playbook: "calm-down".into(), step: 2 },
            CustomId::Escalate { trigger: None, place: "2001".into(), message: Some("9".into()), page: 2 },
        ];
        for id in ids {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn the_longest_form_still_has_an_id() {
        let id = "9".repeat(20);
        let trigger = Some("a".repeat(40));
        let id = CustomId::Escalate { trigger, place: id.clone(), message: Some(id), page: 9 };
        assert!(id.to_string().len() <= 100, "{id}");
    }

    /// Buttons of an earlier grammar named the fields they ask for.
    #[test]
    fn an_old_button_still_asks_for_what_is_owed() {
        assert_eq!("bh1:add:7:steps,order".parse(), Ok(CustomId::Inform { case: EscalationId(7) }));
    }

    #[test]
    fn foreign_ids_are_left_alone() {
        for id in [
            "",
            "bh1",
            "bh1:form0:1::",
            "bh1:form:1::",
            "bh1:ack",
            "bh1:raise:x:1:0",
            "bh1:raise:1:1",
            "other:raise:1:1:0",
            "bh1:dance:1:1:0",
        ] {
            assert_eq!(id.parse::<CustomId>(), Err(()), "{id}");
        }
    }
}
