//! A digest as it is told.

use serde::{Deserialize, Serialize};

use crate::sop::digest::Digest;
use crate::sop::team::TeamId;

/// What a digest says on one screen, and in the sections below it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DigestFacts {
    #[serde(flatten)]
    pub digest: Digest,
    /// Whose it is, where it is about what they were paged for.
    pub team: Option<TeamId>,
    /// How long after it was due it is told: more than 0 only if the program was down.
    pub late_minutes: i64,
}

/// What is told below a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// How right each trigger was, and which threshold might be moved.
    Triggers,
    /// Who answered what, and how fast.
    Teams,
    /// The ways in which escalating fails, clock by clock; and the desk's own shortcomings.
    Failures,
}

impl Section {
    pub const ALL: [Self; 3] = [Self::Triggers, Self::Teams, Self::Failures];

    pub fn name(self) -> &'static str {
        match self {
            Self::Triggers => "triggers",
            Self::Teams => "teams",
            Self::Failures => "failures",
        }
    }
}

/// Cases below which a button stands that opens them: what is late, then what nobody has.
const BUTTONS_MAX: usize = 5;

impl DigestFacts {
    /// Cases that somebody should look at, by their ids.
    pub fn worst(&self) -> Vec<&str> {
        let Digest { breached, unowned, at_risk, .. } = &self.digest;
        let mut worst: Vec<&str> = Vec::new();
        for item in breached.iter().chain(unowned).chain(at_risk) {
            if !worst.contains(&item.id.as_str()) {
                worst.push(&item.id);
            }
        }
        worst.truncate(BUTTONS_MAX);
        worst
    }
}
