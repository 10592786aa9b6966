//! What was looked at to see whether everything that the procedure needs is there, and what came of it.

use serde::Serialize;

use crate::sop::notice::duty::Duty;

/// One thing that was looked at. Its sentences are made where the thing is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at: "token", "Legal's channel".
    #[serde(rename = "check")]
    pub about: String,
    pub outcome: Outcome,
    /// How it is.
    pub says: String,
    /// What to do about it. `None` where it is fine.
    pub todo: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Ok,
    /// It works, but somebody should know.
    Warning,
    /// Something does not work.
    Error,
}

impl Check {
    pub fn fine(about: impl Into<String>, says: impl Into<String>) -> Self {
        Self { about: about.into(), outcome: Outcome::Ok, says: says.into(), todo: None }
    }

    pub fn warning(about: impl Into<String>, says: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { about: about.into(), outcome: Outcome::Warning, says: says.into(), todo: Some(todo.into()) }
    }

    pub fn error(about: impl Into<String>, says: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { outcome: Outcome::Error, ..Self::warning(about, says, todo) }
    }
}

/// In one line.
impl std::fmt::Display for Check {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.about, self.says)?;
        self.todo.iter().try_for_each(|todo| write!(out, ": {todo}"))
    }
}

/// All of it, as it is told in the chat: what is not well in full, the rest by name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checkup {
    pub errors: usize,
    pub warnings: usize,
    /// Errors first.
    pub problems: Vec<Check>,
    /// Problems that did not fit.
    pub more: usize,
    pub fine: Vec<String>,
    /// Duties that nobody has now, or that nobody will have soon.
    pub gaps: Vec<Duty>,
}

/// Problems told at once: at their longest they just fit into one message.
const PROBLEMS_TOLD: usize = 10;

impl Checkup {
    /// `duties` are all there are.
    pub fn new(checks: Vec<Check>, duties: Vec<Duty>) -> Self {
        let count = |outcome: Outcome| checks.iter().filter(|check| check.outcome == outcome).count();
        let (errors, warnings) = (count(Outcome::Error), count(Outcome::Warning));
        let (fine, mut problems): (Vec<Check>, Vec<Check>) =
            checks.into_iter().partition(|check| check.outcome == Outcome::Ok);
        problems.sort_by_key(|check| std::cmp::Reverse(check.outcome));
        let more = problems.len().saturating_sub(PROBLEMS_TOLD);
        problems.truncate(PROBLEMS_TOLD);
        let (gaps, filled): (Vec<Duty>, Vec<Duty>) =
            duties.into_iter().partition(|duty| duty.who.is_none() || !duty.gaps.is_empty());
        let mut fine: Vec<String> = fine.into_iter().map(|check| check.about).collect();
        fine.extend((!filled.is_empty()).then(|| "duties".to_owned()));
        Self { errors, warnings: warnings + gaps.len(), problems, more, fine, gaps }
    }
}
