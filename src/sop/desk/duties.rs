//! Who is on call on this desk, and who takes a duty for a while.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::sop::desk::turn::{Turn, managers_only};
use crate::sop::desk::{Desk, Fact};
use crate::sop::escalation::{Actor, OnCall, Refusal};
use crate::sop::message::{Person, PersonId, Standing, cut};
use crate::sop::notice::{Answer, Check, Checkup, Duty, Notice, Post};
use crate::sop::procedure::Procedure;
use crate::sop::rota::{Cover, DutyRefusal, End, Rota, Span, moment_after};
use crate::sop::team::{Team, TeamId};
use crate::sop::typo::closest;

/// Somebody wants to take a duty, as typed.
#[derive(Clone, Debug, PartialEq)]
pub struct CoverForm {
    pub team: String,
    /// `None`: now.
    pub from: Option<String>,
    pub to: String,
    /// Whose time; `None`: whoever has it.
    pub instead_of: Option<Person>,
    /// Who takes it; `None`: whoever asks.
    pub who: Option<Actor>,
}

/// A longer one belongs in the config, where it can be seen and changed.
const COVER_MAX: TimeDelta = TimeDelta::days(92);
/// How far ahead gaps are looked for, and how many are told of one rota.
const GAPS_AHEAD: TimeDelta = TimeDelta::days(14);
const GAPS_SHOWN: usize = 3;

impl Desk {
    /// Who is on call, for each team that has a rota.
    pub fn on_call(&self, procedure: &Procedure, at: DateTime<Utc>) -> OnCall {
        let teams = procedure.teams.iter().map(|team| &team.id);
        OnCall(teams.filter_map(|team| Some((team.clone(), self.people_on_call(team, procedure, at)?))).collect())
    }

    /// Who is on call for a team. `None`: it has no rota.
    pub(super) fn people_on_call(
        &self,
        team: &TeamId,
        procedure: &Procedure,
        at: DateTime<Utc>,
    ) -> Option<Vec<Person>> {
        let people = procedure.on_call(team, &self.covers, at)?;
        Some(people.iter().map(|id| self.on_rota(id, procedure)).collect())
    }

    /// Who has which duty, for every team in the order of the config.
    pub fn duties(&self, procedure: &Procedure, at: DateTime<Utc>) -> Vec<Duty> {
        let of_team = |team: &Team| {
            let rotas: Vec<&Rota> = procedure.rotas_of(&team.id).collect();
            let name = |rota: &Rota| (rotas.len() > 1).then(|| rota.id.clone());
            let duties: Vec<Duty> = rotas.iter().map(|rota| self.duty(rota, name(rota), procedure, at)).collect();
            if duties.is_empty() { vec![Duty::whole(team.id.clone())] } else { duties }
        };
        procedure.teams.iter().flat_map(of_team).collect()
    }

    fn duty(&self, rota: &Rota, name: Option<String>, procedure: &Procedure, at: DateTime<Utc>) -> Duty {
        let rota = rota.with_covers(&self.covers);
        let person = |id: &PersonId| self.on_rota(id, procedure);
        let next = rota.next_handover(at);
        let gaps = rota.shifts(at, at + GAPS_AHEAD).filter(|shift| shift.person.is_none() && shift.span.from > at);
        Duty {
            team: rota.team.clone(),
            rota: name,
            whole: false,
            at: Some(at),
            who: rota.on_call(at).map(person),
            until: next.map(|next| next.at),
            next: next.and_then(|next| next.to).map(person),
            gaps: gaps.map(|gap| gap.span).take(GAPS_SHOWN).collect(),
        }
    }

    /// Somebody on a rota, by the name they have there.
    fn on_rota(&self, id: &PersonId, procedure: &Procedure) -> Person {
        let covering = self.covers.iter().rev().map(|cover| &cover.who).find(|who| who.id == *id);
        let known = procedure.person(id).map(|known| known.name.as_str());
        let name = known.or_else(|| covering.map(|who| who.name.as_str())).unwrap_or(id.as_str());
        Person { id: id.clone(), name: name.into(), standing: Standing::Staff }
    }
}

impl Turn<'_> {
    pub(super) fn who_is_on_call(
        &self,
        actor: &Actor,
        team: Option<&str>,
        at: Option<&str>,
    ) -> Result<Answer, Refusal> {
        let asked = team.map(|typed| self.typed_team(typed)).transpose()?;
        let zone = |rota: &Rota| self.zone_of(&actor.person, rota.zone);
        let mut duties = Vec::new();
        for team in self.procedure.teams.iter().filter(|team| asked.is_none_or(|asked| asked.id == team.id)) {
            let rotas: Vec<&Rota> = self.procedure.rotas_of(&team.id).collect();
            if rotas.is_empty() {
                duties.push(Duty::whole(team.id.clone()));
            }
            for rota in &rotas {
                let at = at.map(|typed| typed_moment(typed, zone(rota), End::First, self.now)).transpose()?;
                let name = (rotas.len() > 1).then(|| rota.id.clone());
                duties.push(self.duty(rota, name, at.unwrap_or(self.now)));
            }
        }
        Ok(Answer::OnCall { asked_at: at.is_some(), duties })
    }

    /// What was looked at outside, and the duties, which are known here.
    pub(super) fn examine(&self, actor: &Actor, checks: Vec<Check>) -> Result<Answer, Refusal> {
        managers_only(actor)?;
        let rotas = self.procedure.teams.iter().flat_map(|team| self.procedure.rotas_of(&team.id));
        let duties = rotas.map(|rota| self.duty(rota, None, self.now)).collect();
        Ok(Answer::Checkup(Box::new(Checkup::new(checks, duties))))
    }

    fn duty(&self, rota: &Rota, name: Option<String>, at: DateTime<Utc>) -> Duty {
        self.desk.duty(rota, name, self.procedure, at)
    }

    /// Somebody takes a duty for a while. Whoever has it until then, and whoever takes it, are told.
    pub(super) fn cover(&mut self, actor: &Actor, form: &CoverForm) -> Result<Answer, Refusal> {
        if actor.person.standing != Standing::Staff {
            return Err(Refusal::NotStaff);
        }
        let team = self.typed_team(&form.team)?;
        let zone = self.procedure.rotas_of(&team.id).next().map(|rota| self.zone_of(&actor.person, rota.zone));
        let span = self.typed_span(form, zone.ok_or_else(|| DutyRefusal::NoRota { team: team.id.clone() })?)?;
        let taker = form.who.as_ref().unwrap_or(actor);
        may_cover(actor, taker, team)?;
        let cover = Cover {
            team: team.id.clone(),
            who: taker.person.clone(),
            span,
            instead_of: form.instead_of.clone(),
            by: actor.person.clone(),
        };
        if let Some(other) = self.desk.covers.iter().find(|other| cover.contradicts(other)) {
            return Err(DutyRefusal::Overlaps { who: other.who.clone(), span: other.span }.into());
        }
        let relieved = self.relieved(&cover)?;
        let told = relieved.iter().chain([&cover.who]).filter(|person| person.id != actor.person.id).cloned().collect();
        let post = Post::Covered { cover: cover.clone(), relieved: relieved.clone() };
        self.record(Fact::Covered(Box::new(cover.clone())));
        self.outcome.notices.push(Notice::Post { team: cover.team.clone(), made_at: self.now, post, calls: told });
        Ok(Answer::Covered { cover, relieved })
    }

    /// Whose time a cover takes: nobody's where it fills a gap. Refused where it would take nothing.
    fn relieved(&self, cover: &Cover) -> Result<Vec<Person>, DutyRefusal> {
        let (who, team) = (cover.who.clone(), cover.team.clone());
        let rotas = || self.procedure.rotas_of(&cover.team);
        let mut away = rotas().flat_map(|rota| &rota.away).filter(|away| away.person == who.id);
        if let Some(away) = away.find(|away| away.span.common(cover.span).is_some()) {
            return Err(DutyRefusal::IsAway { who, span: away.span });
        }
        let mut had: Vec<Option<PersonId>> = Vec::new();
        for rota in rotas() {
            let rota = rota.with_covers(&self.desk.covers);
            for shift in rota.shifts(cover.span.from, cover.span.to).map(|shift| shift.person.cloned()) {
                if !had.contains(&shift) {
                    had.push(shift);
                }
            }
        }
        match &cover.instead_of {
            Some(person) if person.id == who.id => return Err(DutyRefusal::Themselves { who }),
            Some(person) if !had.contains(&Some(person.id.clone())) => {
                return Err(DutyRefusal::NothingToCover { who: person.clone(), team });
            }
            Some(person) => return Ok(vec![person.clone()]),
            None => {}
        }
        had.retain(|person| person.as_ref() != Some(&who.id));
        if had.is_empty() {
            return Err(DutyRefusal::AlreadyTheirs { who, team });
        }
        Ok(had.iter().flatten().map(|id| self.desk.on_rota(id, self.procedure)).collect())
    }

    /// By id or by name, whatever the case.
    fn typed_team(&self, typed: &str) -> Result<&Team, DutyRefusal> {
        let wanted = typed.trim().to_lowercase();
        let is_meant = |team: &&Team| team.id.0.to_lowercase() == wanted || team.name.to_lowercase() == wanted;
        let found = self.procedure.teams.iter().find(is_meant);
        found.ok_or_else(|| {
            let named = self.procedure.teams.iter().flat_map(|team| [team.id.0.as_str(), &team.name]);
            let asked = cut(typed.trim(), TYPED_SHOWN);
            let meant = closest(&asked, named).map(str::to_owned);
            DutyRefusal::UnknownTeam { asked, meant }
        })
    }

    fn typed_span(&self, form: &CoverForm, zone: Tz) -> Result<Span, DutyRefusal> {
        let from = form.from.as_ref().map(|typed| typed_moment(typed, zone, End::First, self.now)).transpose()?;
        // What has begun is taken from now on.
        let from = from.unwrap_or(self.now).max(self.now);
        let to = typed_moment(&form.to, zone, End::Last, from)?;
        if to <= self.now {
            return Err(DutyRefusal::InThePast { to });
        }
        if to <= from {
            return Err(DutyRefusal::EndsBeforeItBegins { span: Span { from, to } });
        }
        if to - from > COVER_MAX {
            return Err(DutyRefusal::TooLong { days: COVER_MAX.num_days() });
        }
        Ok(Span { from, to })
    }

    /// People write times by their own clock, where it is known.
    fn zone_of(&self, person: &Person, otherwise: Tz) -> Tz {
        self.procedure.person(&person.id).map_or(otherwise, |known| known.zone)
    }
}

/// Characters of what was typed that are shown again.
const TYPED_SHOWN: usize = 40;

fn typed_moment(typed: &str, zone: Tz, end: End, after: DateTime<Utc>) -> Result<DateTime<Utc>, DutyRefusal> {
    let at = moment_after(typed.trim(), zone, end, after);
    at.ok_or_else(|| DutyRefusal::NotATime { typed: cut(typed.trim(), TYPED_SHOWN) })
}

/// People take duties of their own teams themselves; a manager gives them to anybody on staff. A team with
/// confidential cases keeps them among its members.
fn may_cover(actor: &Actor, taker: &Actor, team: &Team) -> Result<(), DutyRefusal> {
    if taker.person.standing != Standing::Staff {
        return Err(DutyRefusal::UnknownPerson { who: taker.person.clone() });
    }
    if taker.person.id != actor.person.id && !actor.manages {
        return Err(DutyRefusal::OnlyManagers);
    }
    if !taker.teams.contains(&team.id) && (team.cleared || !actor.manages) {
        return Err(DutyRefusal::NotAMember { who: taker.person.clone(), team: team.id.clone() });
    }
    Ok(())
}
