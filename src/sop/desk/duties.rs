//! Who is on call on this desk.

use chrono::{DateTime, Utc};

use crate::sop::escalation::OnCall;
use crate::sop::message::{Person, PersonId, Standing};
use crate::sop::procedure::Procedure;

/// Who is on call, for each team that has a rota.
pub(super) fn on_call(procedure: &Procedure, at: DateTime<Utc>) -> OnCall {
    let teams = procedure.teams.iter();
    let staffed = teams.filter_map(|team| Some((team.id.clone(), procedure.on_call(&team.id, at)?)));
    let named = |people: Vec<&PersonId>| people.into_iter().map(|id| person(id, procedure)).collect();
    OnCall(staffed.map(|(team, people)| (team, named(people))).collect())
}

/// Somebody on a rota, by the name they have there.
fn person(id: &PersonId, procedure: &Procedure) -> Person {
    let name = procedure.person(id).map_or_else(|| id.to_string(), |known| known.name.clone());
    Person { id: id.clone(), name, standing: Standing::Staff }
}
