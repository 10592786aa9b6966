//! The whole procedure as the config gives it: who can be paged, and by what.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::sop::calendar::Calendar;
use crate::sop::digest::Schedule;
use crate::sop::guidance::Guidance;
use crate::sop::guidance::information::Field;
use crate::sop::message::{PersonId, TicketRef};
use crate::sop::rota::{Cover, Participant, Rota};
use crate::sop::signal::{Kind, Lexicon, Signals};
use crate::sop::team::{Plan, Team, TeamId};
use crate::sop::trigger::{Mode, Rates, Trigger};

/// One version of a team's procedure. Immutable once read.
#[derive(Debug)]
pub struct Procedure {
    /// Names this version on every event and every case: the first 12 hexadecimal digits of the config's SHA-256.
    pub version: String,
    pub teams: Vec<Team>,
    /// Everyone who can be on call.
    pub people: Vec<Participant>,
    /// A team may have none, one, or several: one person is on call for each.
    pub rotas: Vec<Rota>,
    /// Frozen into the plans that use them.
    pub calendars: Vec<Arc<Calendar>>,
    /// In the order of the config, which breaks ties.
    pub triggers: Vec<Trigger>,
    /// Followed by what a person escalates by hand without naming a trigger.
    pub default_plan: Arc<Plan>,
    /// Told in a line what becomes of cases: usually the first tier.
    pub front: TeamId,
    pub lexicon: Arc<Lexicon>,
    pub rates: Rates,
    /// From which strength on a kind counts as a label of the message, 0 to 1.
    pub label_thresholds: Vec<(Kind, f64)>,
    pub ticket_links: Vec<TicketLink>,
    /// Whether what happens to a case is written in a thread of its card.
    pub threads: bool,
    pub guidance: Guidance,
    /// Told to teams again and again.
    pub digests: Vec<Schedule>,
}

/// How links of one ticket system look.
#[derive(Clone, Debug)]
pub struct TicketLink {
    /// The system's name in the config.
    pub system: String,
    /// The first group is the ticket's id.
    pub pattern: regex::Regex,
    /// `None`: tickets are linked, and that is all.
    pub access: Option<TicketAccess>,
}

/// What is done with the tickets of a system that can be spoken with, besides reading them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TicketAccess {
    /// Whether notes for staff are written into them.
    pub notes: bool,
    /// Given to a ticket when a case about it opens.
    pub tag: Option<String>,
    /// What their system calls a team: a ticket goes where its case goes.
    pub groups: BTreeMap<TeamId, String>,
    /// What their system calls a person.
    pub agents: BTreeMap<PersonId, String>,
}

impl Procedure {
    pub fn team(&self, id: &TeamId) -> Option<&Team> {
        self.teams.iter().find(|team| team.id == *id)
    }

    /// Its id, where no team has that any more.
    pub fn team_name<'n>(&'n self, id: &'n TeamId) -> &'n str {
        self.team(id).map_or(id.0.as_str(), |team| team.name.as_str())
    }

    pub fn person(&self, id: &PersonId) -> Option<&Participant> {
        self.people.iter().find(|person| person.id == *id)
    }

    pub fn rotas_of(&self, team: &TeamId) -> impl Iterator<Item = &Rota> {
        self.rotas.iter().filter(move |rota| rota.team == *team)
    }

    /// Who is on call for a team, each person once. `None`: the team has no rota, so all of it is. Nobody: a gap.
    pub fn on_call(&self, team: &TeamId, covers: &[Cover], at: DateTime<Utc>) -> Option<Vec<PersonId>> {
        self.rotas_of(team).next()?;
        let mut people: Vec<PersonId> = Vec::new();
        for person in self.rotas_of(team).filter_map(|rota| rota.with_covers(covers).on_call(at).cloned()) {
            if !people.contains(&person) {
                people.push(person);
            }
        }
        Some(people)
    }

    pub fn trigger(&self, id: &str) -> Option<&Trigger> {
        self.triggers.iter().find(|trigger| trigger.id == id)
    }

    /// The plans that triggers follow, and what is escalated by hand; one for each, so a plan may come again.
    pub fn plans(&self) -> impl Iterator<Item = &Arc<Plan>> {
        self.triggers.iter().map(|trigger| &trigger.plan).chain([&self.default_plan])
    }

    /// A plan that a trigger follows, or what is escalated by hand.
    pub fn plan(&self, id: &str) -> Option<&Arc<Plan>> {
        self.plans().find(|plan| plan.id == id)
    }

    /// Whether a clock runs until staff have written to the customer.
    pub fn measures_replies(&self) -> bool {
        self.plans().any(|plan| plan.clocks.measures_replies())
    }

    /// What has to be known of a case of this trigger; `None` is one opened by hand without any.
    pub fn required<'p>(&'p self, trigger: Option<&'p Trigger>) -> &'p [Field] {
        trigger.map_or(&self.guidance.by_default, |trigger| &trigger.required)
    }

    /// How tickets of a system are dealt with; `None` where they are only linked.
    pub fn ticket_access(&self, system: &str) -> Option<&TicketAccess> {
        self.ticket_links.iter().filter(|link| link.system == system).find_map(|link| link.access.as_ref())
    }

    /// Whether a rule looks at fields of tickets.
    pub fn asks_for_tickets(&self) -> bool {
        let used = self.triggers.iter().filter(|trigger| trigger.mode != Mode::Off);
        used.into_iter().any(|trigger| trigger.condition.asks_for_tickets())
    }

    /// After which times of waiting a rule wants to be asked, the shortest first.
    pub fn waits(&self) -> Vec<TimeDelta> {
        let used = self.triggers.iter().filter(|trigger| trigger.mode != Mode::Off);
        let mut waits: Vec<TimeDelta> = used.flat_map(|trigger| trigger.condition.waits()).collect();
        waits.sort_unstable();
        waits.dedup();
        waits
    }

    /// The kinds that are strong enough to be called labels of a message.
    pub fn labels<'s>(&self, signals: &'s Signals) -> impl Iterator<Item = &'s Kind> {
        signals
            .signals
            .iter()
            .filter(|signal| signal.strength >= self.label_threshold(&signal.kind))
            .map(|signal| &signal.kind)
    }

    /// Whether a kind stands behind a confidential trigger: its words are not for everybody.
    pub fn is_confidential(&self, kind: &str) -> bool {
        self.triggers.iter().any(|trigger| trigger.confidential && trigger.condition.names(kind))
    }

    /// From which strength on a kind is a label, 0 to 1.
    pub fn label_threshold(&self, kind: &Kind) -> f64 {
        let configured = self.label_thresholds.iter().find(|(known, _)| known == kind);
        configured.map_or(LABEL_THRESHOLD, |(_, threshold)| *threshold)
    }

    /// The ticket that a person means: by its link, or by the name of its system and its id, "zendesk 42".
    pub fn ticket_named(&self, text: &str) -> Option<TicketRef> {
        let by_id = || {
            let (system, id) = text.trim().split_once(' ')?;
            self.ticket_access(system)?;
            let id = id.trim().trim_start_matches('#');
            let is_id =
                !id.is_empty() && id.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
            is_id.then(|| TicketRef { system: system.to_owned(), id: id.to_owned(), url: None })
        };
        self.ticket_in(text).or_else(by_id)
    }

    /// The first ticket link in a text, tried in the order of the config.
    pub fn ticket_in(&self, text: &str) -> Option<TicketRef> {
        // To see that there is none takes a fraction of what it takes to get ready for what would be found.
        self.ticket_links.iter().filter(|link| link.pattern.is_match(text)).find_map(|link| {
            let found = link.pattern.captures(text)?;
            let id = found.get(1)?.as_str().to_owned();
            Some(TicketRef { system: link.system.clone(), id, url: Some(found[0].to_owned()) })
        })
    }
}

/// The strength from which on a kind is a label, where the config names none.
const LABEL_THRESHOLD: f64 = 0.5;
