//! What is shown of duties: in `/oncall`, and to a team whose duty somebody takes or hands over.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::sop::desk::Desk;
use crate::sop::digest::{Audience, Figures, digest};
use crate::sop::escalation::Escalation;
use crate::sop::message::Person;
use crate::sop::notice::card::{Card, card};
use crate::sop::procedure::Procedure;
use crate::sop::rota::{Cover, Span};
use crate::sop::team::TeamId;

/// Who has one duty, and who is next.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Duty {
    pub team: TeamId,
    /// Where a team has several.
    pub rota: Option<String>,
    /// It has no rota: all of the team is on call.
    pub whole: bool,
    /// The moment this is about.
    pub at: Option<DateTime<Utc>>,
    /// `None`: nobody, a gap.
    pub who: Option<Person>,
    /// `None`: nothing changes.
    pub until: Option<DateTime<Utc>>,
    pub next: Option<Person>,
    /// Gaps that begin soon.
    pub gaps: Vec<Span>,
}

impl Duty {
    pub fn whole(team: TeamId) -> Self {
        Self { team, rota: None, whole: true, at: None, who: None, until: None, next: None, gaps: Vec::new() }
    }
}

/// What a team's place is told about its duty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "post", rename_all = "snake_case")]
pub enum Post {
    /// Somebody takes it for a while; `relieved` had it.
    Covered { cover: Cover, relieved: Vec<Person> },
    /// It changed hands at a moment; nobody on either side is a gap. `late_minutes`: how long after it that was noticed.
    HandedOver { team: TeamId, at: DateTime<Utc>, from: Vec<Person>, to: Vec<Person>, late_minutes: i64 },
}

impl Post {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Covered { .. } => "covered",
            Self::HandedOver { .. } => "handed_over",
        }
    }
}

/// A post as its team reads it, with what is open at the moment it is sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PostFacts {
    #[serde(flatten)]
    pub post: Post,
    /// What a hand-over leaves to whoever takes over.
    pub open: Vec<OpenItem>,
    /// Open cases that did not fit.
    pub more: usize,
    /// What the shift came to that a hand-over ends; `None` where nobody had one.
    pub shift: Option<Shift>,
}

/// What a team did in a shift, as its place may know it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shift {
    pub since: DateTime<Utc>,
    /// Pages answered, and those that were not in time.
    pub taken: u32,
    pub breached: u32,
    pub resolved: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OpenItem {
    pub codename: String,
    /// `None` where the team may not know.
    pub case: Option<Card>,
}

/// Open cases in one post.
const OPEN_SHOWN: usize = 12;

impl PostFacts {
    /// Only cleared people may read it.
    pub fn is_confidential(&self) -> bool {
        self.open.iter().any(|item| item.case.as_ref().is_some_and(|case| case.confidential))
    }
}

pub fn post_facts(post: &Post, desk: &Desk, procedure: &Procedure) -> PostFacts {
    let (held, shift) = match post {
        Post::Covered { .. } => (Vec::new(), None),
        Post::HandedOver { team, at, .. } => (desk.held_by(team), shift(team, *at, desk, procedure)),
    };
    let is_cleared = |case: &Escalation| procedure.team(case.team()).is_some_and(|team| team.cleared);
    let item = |case: &&Escalation| {
        let may_know = !case.opened.confidential || is_cleared(case);
        OpenItem { codename: case.codename(), case: may_know.then(|| card(case, desk, procedure, None)) }
    };
    PostFacts {
        post: post.clone(),
        open: held.iter().take(OPEN_SHOWN).map(item).collect(),
        more: held.len().saturating_sub(OPEN_SHOWN),
        shift,
    }
}

fn shift(team: &TeamId, until: DateTime<Utc>, desk: &Desk, procedure: &Procedure) -> Option<Shift> {
    let since = desk.shift_before(team, until, procedure)?;
    let Audience { reader, .. } = Audience::of_team(procedure.team(team)?);
    let audience = Audience { reader, team: Some(team.clone()) };
    let Figures { taken, breached, resolved, .. } =
        digest(desk, procedure, &audience, Span { from: since, to: until }).figures;
    Some(Shift { since, taken, breached, resolved })
}
