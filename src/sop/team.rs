//! Who is paged, in which order, with how much time: teams, plans, the catch-all.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::sop::calendar::Calendar;
use crate::sop::clock::{self, Limits};
use crate::sop::message::PlaceId;

/// A team by its id in the config, for example `legal`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TeamId(pub CompactString);

impl From<&str> for TeamId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl std::fmt::Display for TeamId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

/// People who can be paged together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    pub id: TeamId,
    /// As written on cards: "Legal".
    pub name: String,
    /// Where the team's cards are posted.
    pub place: PlaceId,
    /// The group that a page pings, and whose members may acknowledge.
    pub group: String,
    /// The place is closed to everyone else, so that confidential escalations may be shown there.
    pub cleared: bool,
    /// Members may act on every escalation they may see.
    pub manages: bool,
}

/// How urgent a case is, from the trigger. Ordered: [`Severity::Sev1`] is the most severe and the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Sev4,
    Sev3,
    Sev2,
    Sev1,
}

impl Severity {
    pub const ALL: [Self; 4] = [Self::Sev1, Self::Sev2, Self::Sev3, Self::Sev4];

    pub fn name(self) -> &'static str {
        match self {
            Self::Sev1 => "sev1",
            Self::Sev2 => "sev2",
            Self::Sev3 => "sev3",
            Self::Sev4 => "sev4",
        }
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name())
    }
}

/// One step of a ladder: a team and the time it has to answer, counted from the delivery of its page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    pub team: TeamId,
    #[serde(with = "seconds")]
    pub respond_within: TimeDelta,
    /// Whose hours the time is counted in; around the clock without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Arc<Calendar>>,
    /// How many different people have to acknowledge a page before the case is taken: 1 to 9.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub required_acks: u32,
}

/// Where nothing else is said, one answer is enough.
fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands on a reference")]
fn is_one(count: &u32) -> bool {
    *count == 1
}

impl Rung {
    /// When the time of a page runs out that was delivered at `from`.
    pub fn due(&self, from: DateTime<Utc>) -> DateTime<Utc> {
        clock::due(self.calendar.as_deref(), from, self.respond_within, &[])
    }
}

/// The ladder a case climbs while nobody answers. It ends in the catch-all, so that a case is never silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub id: String,
    /// At least one.
    pub rungs: Vec<Rung>,
    /// How often the ladder is climbed again after its last rung, before the catch-all.
    pub repeat: u32,
    /// Paged after the last rung, and again each time its own time has passed without an answer.
    pub catch_all: Rung,
    /// How long the other clocks of a case may run.
    #[serde(default, skip_serializing_if = "Limits::is_empty")]
    pub clocks: Limits,
    /// How long whoever reported a case may say that its solution is none; zero asks nobody.
    #[serde(default = "TimeDelta::zero", skip_serializing_if = "TimeDelta::is_zero", with = "seconds")]
    pub confirm_within: TimeDelta,
    /// What has to be so for a case to go back to the team before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lower_when: Vec<String>,
}

/// Where on its ladder a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The rung with this index, on this round of the ladder; both count from 0.
    Rung {
        index: usize,
        round: u32,
    },
    CatchAll,
}

impl Step {
    pub const FIRST: Self = Self::Rung { index: 0, round: 0 };
}

impl Plan {
    /// The rung that a step stands for. A step beyond the ladder is the catch-all.
    pub fn rung(&self, step: Step) -> &Rung {
        match step {
            Step::Rung { index, .. } => self.rungs.get(index).unwrap_or(&self.catch_all),
            Step::CatchAll => &self.catch_all,
        }
    }

    /// Where a case goes when nobody answers on `step`.
    pub fn next(&self, step: Step) -> Step {
        match step {
            Step::Rung { index, round } if index + 1 < self.rungs.len() => Step::Rung { index: index + 1, round },
            Step::Rung { round, .. } if round < self.repeat => Step::Rung { index: 0, round: round + 1 },
            Step::Rung { .. } | Step::CatchAll => Step::CatchAll,
        }
    }

    /// The step of the team before, on the same round; `None` for the first team.
    pub fn before(&self, step: Step) -> Option<Step> {
        match step {
            Step::Rung { index, round } => Some(Step::Rung { index: index.checked_sub(1)?, round }),
            Step::CatchAll => Some(Step::Rung { index: self.rungs.len() - 1, round: self.repeat }),
        }
    }

    /// The criterion that a reason names, whatever its case.
    pub fn criterion(&self, reason: &str) -> Option<&String> {
        let reason = reason.trim().to_lowercase();
        self.lower_when.iter().find(|criterion| criterion.to_lowercase() == reason)
    }

    /// Every team the ladder can reach, the catch-all last.
    pub fn teams(&self) -> impl Iterator<Item = &TeamId> {
        self.rungs.iter().chain([&self.catch_all]).map(|rung| &rung.team)
    }
}

/// Durations are stored in whole seconds, the grain of the config.
pub(crate) mod seconds {
    use chrono::TimeDelta;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(span: &TimeDelta, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_i64(span.num_seconds())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<TimeDelta, D::Error> {
        let seconds = i64::deserialize(source)?;
        TimeDelta::try_seconds(seconds).ok_or_else(|| serde::de::Error::custom("a duration out of range"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::fixture::plan;

    /// The teams in the order in which silence reaches them.
    fn climbed(plan: &Plan, steps: usize) -> String {
        let climb = std::iter::successors(Some(Step::FIRST), |step| Some(plan.next(*step)));
        climb.take(steps).map(|step| plan.rung(step).team.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_ladder_is_climbed_in_order_and_ends_in_the_catch_all() {
        let rungs = [("leads", 15), ("managers", 30)];
        assert_eq!(climbed(&plan("p", &rungs, 0), 5), "leads managers duty duty duty");
        assert_eq!(climbed(&plan("p", &rungs, 1), 6), "leads managers leads managers duty duty");
        assert_eq!(climbed(&plan("p", &rungs[..1], 2), 5), "leads leads leads duty duty");
    }

    #[test]
    fn a_step_beyond_the_ladder_is_the_catch_all() {
        let plan = plan("p", &[("leads", 15)], 0);
        assert_eq!(plan.rung(Step::Rung { index: 7, round: 0 }), &plan.catch_all);
        assert_eq!(plan.next(Step::Rung { index: 7, round: 0 }), Step::CatchAll);
    }

    /// What a rung does not say is not in the log either.
    #[test]
    fn a_plain_rung_is_written_and_read_as_ever() {
        let written = r#"{"team":"leads","respond_within":900}"#;
        let rung = serde_json::from_str::<Rung>(written).expect("what was written");
        assert_eq!((&rung.calendar, rung.required_acks), (&None, 1));
        assert_eq!(serde_json::to_string(&rung).expect("plain fields are JSON"), written);
    }

    #[test]
    fn sev1_is_the_greatest() {
        assert!(Severity::ALL.is_sorted_by(|one, other| one > other));
    }
}
