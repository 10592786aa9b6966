//! Why commands changed nothing: every reason once.

use crate::sop::digest::PeriodRefusal;
use crate::sop::escalation::{EscalationId, Refusal};
use crate::sop::guidance::information::WrongAnswer;
use crate::sop::message::Standing;
use crate::sop::rota::DutyRefusal;
use crate::sop::team::TeamId;
use crate::words::sample::{at, fields, person, span};

pub(super) fn all() -> impl Iterator<Item = Refusal> {
    plain().into_iter().chain(wrong_answers()).chain(duty_refusals().into_iter().map(Refusal::from))
}

fn wrong_answers() -> impl Iterator<Item = Refusal> {
    fields().into_iter().flat_map(|field| {
        let wrong = |too_long| WrongAnswer { field: field.clone(), typed: "much".to_owned(), too_long };
        [true, false].map(|too_long| Refusal::WrongAnswer(Box::new(wrong(too_long))))
    })
}

fn duty_refusals() -> Vec<DutyRefusal> {
    let (who, team, span) = (person("Sam", Standing::Staff), TeamId::from("first"), span());
    vec![
        DutyRefusal::UnknownTeam { asked: "frist".to_owned(), meant: Some("First".to_owned()) },
        DutyRefusal::UnknownTeam { asked: "nobody".to_owned(), meant: None },
        DutyRefusal::NoRota { team: team.clone() },
        DutyRefusal::NotATime { typed: "soon".to_owned() },
        DutyRefusal::InThePast { to: at(0) },
        DutyRefusal::EndsBeforeItBegins { span },
        DutyRefusal::TooLong { days: 92 },
        DutyRefusal::UnknownPerson { who: who.clone() },
        DutyRefusal::OnlyManagers,
        DutyRefusal::NotAMember { who: who.clone(), team: team.clone() },
        DutyRefusal::Themselves { who: who.clone() },
        DutyRefusal::IsAway { who: who.clone(), span },
        DutyRefusal::NothingToCover { who: who.clone(), team: team.clone() },
        DutyRefusal::AlreadyTheirs { who: who.clone(), team },
        DutyRefusal::Overlaps { who, span },
    ]
}

/// Everything has changed, or nothing.
fn plain() -> Vec<Refusal> {
    let (id, by, since) = (EscalationId(1), person("Sam", Standing::Staff), at(5));
    vec![
        Refusal::AlreadyAcknowledged { id, by: by.clone(), since },
        Refusal::AlreadyResolved { id, by: by.clone(), since },
        Refusal::OtherReaders { id },
        Refusal::NoTerms { id },
        Refusal::OldDifference { id },
        Refusal::AlreadyMerged { id, into: EscalationId(2) },
        Refusal::CannotMerge { id, into: EscalationId(2) },
        Refusal::AlreadyAnswered { id, answered: 1, required: 2 },
        Refusal::AlreadyRaised { id, team: "first".into(), since },
        Refusal::EndOfLadder { id, team: "first".into() },
        Refusal::StartOfLadder { id, team: "first".into() },
        Refusal::NotTaken { id },
        Refusal::NotResolved { id },
        Refusal::AlreadyWaiting { id, by: by.clone(), since },
        Refusal::PromiseTooFar { id, hours: 168 },
        Refusal::AlreadySo { id },
        Refusal::CannotTake { id, who: by.clone() },
        Refusal::ReasonMissing { id },
        Refusal::NotATime { typed: "soon".to_owned() },
        Refusal::NoPeriod { typed: "soon".to_owned(), why: PeriodRefusal::Unknown },
        Refusal::NoPeriod { typed: "2027".to_owned(), why: PeriodRefusal::Future },
        Refusal::NoPeriod { typed: "9999d".to_owned(), why: PeriodRefusal::TooLong },
        Refusal::NotYourTeam { id, teams: vec!["first".into(), "second".into()] },
        Refusal::NoteMissing { id },
        Refusal::Unknown { asked: "ESC-9".to_owned(), meant: None },
        Refusal::Unknown { asked: "ESC-21".to_owned(), meant: Some(EscalationId(12)) },
        Refusal::NotStaff,
        Refusal::PromiseOver { id: EscalationId(1) },
        Refusal::Incomplete { field: "steps tried".to_owned() },
        Refusal::UnknownTrigger { asked: "refunds".to_owned(), meant: Some("refund".to_owned()) },
        Refusal::UnknownTrigger { asked: "nothing".to_owned(), meant: None },
        Refusal::NobodyOnCall { id, team: "first".into() },
        Refusal::NothingOwed { id },
        Refusal::NoPlaybook { id },
        Refusal::NoMessage { id },
        Refusal::ManagersOnly,
    ]
}
