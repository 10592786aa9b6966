//! The draft of a procedure: everything that a document says, and everything that it leaves open.

use crate::cli::sop::import::understand::Subject;

/// What becomes of a document.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub name: String,
    pub teams: Vec<Team>,
    pub plans: Vec<Plan>,
    pub triggers: Vec<Trigger>,
    pub information: Vec<Information>,
    pub playbooks: Vec<Playbook>,
    pub messages: Vec<Message>,
    pub lower_when: Vec<String>,
    pub reporter_owns: bool,
    /// Indexes into the teams.
    pub front: usize,
    pub last: usize,
    pub last_within: String,
    pub default_plan: String,
    /// In the order of the document.
    pub open: Vec<Open>,
}

/// Something that a person has to decide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Open {
    pub line: usize,
    pub what: String,
}

#[derive(Debug)]
pub(super) struct Plan {
    pub id: String,
    /// Index of the team, and its time.
    pub rungs: Vec<(usize, String)>,
}

#[derive(Debug)]
pub(super) struct Trigger {
    pub id: String,
    pub name: String,
    pub line: usize,
    pub when: String,
    pub mode: &'static str,
    pub severity: &'static str,
    /// The document says so.
    pub severity_is_given: bool,
    pub plan: String,
    pub confidential: bool,
    pub confidential_is_given: bool,
    pub for_everyone: bool,
    pub example: String,
    pub kinds: Vec<Subject>,
    /// The row it was made of.
    pub source: String,
}

#[derive(Debug)]
pub(super) struct Information {
    pub id: String,
    pub label: String,
    pub line: usize,
}

#[derive(Debug)]
pub(super) struct Playbook {
    pub id: String,
    pub name: String,
    pub line: usize,
    pub triggers: Vec<String>,
    pub steps: Vec<PlayStep>,
}

#[derive(Debug)]
pub(super) struct PlayStep {
    pub title: String,
    pub how: String,
    pub say: String,
}

#[derive(Debug)]
pub(super) struct Message {
    pub line: usize,
    pub text: String,
}

#[derive(Clone, Debug)]
pub(super) struct Team {
    pub id: String,
    pub name: String,
    /// Discord ids, those of the sandbox where there is such a team.
    pub channel: u32,
    pub role: u32,
    /// As the config writes it.
    pub within: Option<String>,
    pub cleared: bool,
    pub manages: bool,
    /// Confidential cases usually go there.
    pub keeps_secrets: bool,
    /// Where it was first named.
    pub line: usize,
    /// What else it is called, as plain words.
    pub called: Vec<String>,
}
