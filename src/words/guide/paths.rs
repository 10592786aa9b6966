//! How cases really went, in words.

use chrono::TimeDelta;
use serde::Serialize;

use crate::sop::paths::{Deviation, Paths, Route, StepTime, Stop, What, Why};
use crate::sop::procedure::Procedure;
use crate::words::guide::sentences;

#[derive(Serialize)]
pub(super) struct PathFacts {
    span: String,
    cases: u32,
    as_written: String,
    routes: Vec<RouteFacts>,
    more_routes: usize,
    deviations: Vec<DeviationFacts>,
    steps: Vec<StepTimeFacts>,
}

#[derive(Serialize)]
struct RouteFacts {
    cases: u32,
    open: u32,
    plan: String,
    path: String,
    /// What the procedure has for the plan today.
    ladder: String,
}

#[derive(Serialize)]
struct DeviationFacts {
    times: u32,
    cases: u32,
    sentence: String,
}

#[derive(Serialize)]
struct StepTimeFacts {
    plan: String,
    team: String,
    within: String,
    median: String,
    pages: u32,
    answered: u32,
    in_time: u32,
}

impl PathFacts {
    pub(super) fn of(paths: &Paths, procedure: &Procedure, span: &str) -> Self {
        let percent = (paths.as_written * 100 + paths.cases / 2).checked_div(paths.cases).unwrap_or_default();
        Self {
            span: span.to_owned(),
            cases: paths.cases,
            as_written: format!("{} of {} ({percent} %)", paths.as_written, paths.cases),
            routes: paths.routes.iter().map(|route| RouteFacts::of(route, procedure)).collect(),
            more_routes: paths.more_routes,
            deviations: paths.deviations.iter().map(|it| DeviationFacts::of(it, procedure)).collect(),
            steps: paths.steps.iter().map(|step| StepTimeFacts::of(step, procedure)).collect(),
        }
    }
}

impl RouteFacts {
    fn of(route: &Route, procedure: &Procedure) -> Self {
        let stop = |(at, stop): (usize, &Stop)| {
            let last = if stop.last_resort { "last resort " } else { "" };
            let why = if at == 0 { String::new() } else { format!(" ({})", because(stop.why)) };
            format!("{last}{}{why}", procedure.team_name(&stop.team))
        };
        let plan = procedure.plan(&route.plan);
        let ladder = plan.map_or_else(|| "not in today's procedure".to_owned(), |it| sentences::ladder(it, procedure));
        Self {
            cases: route.cases,
            open: route.open,
            plan: route.plan.clone(),
            path: route.stops.iter().enumerate().map(stop).collect::<Vec<_>>().join(" → "),
            ladder,
        }
    }
}

fn because(why: Why) -> &'static str {
    match why {
        Why::Opened => "opened",
        Why::Silence => "silence",
        Why::Undeliverable => "could not be delivered",
        Why::ByHand => "by hand",
        Why::Stronger => "more severe",
        Why::Lapsed => "the next step did not come",
        Why::Lowered => "sent back",
        Why::Reopened => "opened again",
        Why::MovedOver => "another version",
    }
}

impl DeviationFacts {
    fn of(deviation: &Deviation, procedure: &Procedure) -> Self {
        let team = procedure.team_name(&deviation.team).to_owned();
        let sentence = match deviation.what {
            What::Silence => format!("{team} did not answer in time"),
            What::ByHand => format!("somebody sent it on from {team} by hand"),
            What::Lowered => format!("somebody sent it back from {team}"),
            What::Undeliverable => format!("the page of {team} could not be delivered"),
            What::Gap => format!("nobody of {team} was on call, and it was passed over"),
            What::Lapsed => format!("{team} took it and let the next step pass"),
            What::Stronger => format!("{team} was paged again, for something more severe was said"),
            What::Reopened => format!("it was opened again and came to {team}"),
            What::MovedOver => format!("it came to {team} with another version of the procedure"),
            What::LastResort => format!("it reached the last resort, {team}"),
            What::Untaken => format!("it was resolved with {team} and nobody had taken it"),
        };
        Self { times: deviation.times, cases: deviation.cases, sentence }
    }
}

impl StepTimeFacts {
    fn of(step: &StepTime, procedure: &Procedure) -> Self {
        let team = procedure.team_name(&step.team).to_owned();
        let time = |seconds: i64| sentences::length(TimeDelta::seconds(seconds));
        let median = |seconds: i64| if seconds == 0 { "at once".to_owned() } else { time(seconds) };
        Self {
            plan: step.plan.clone(),
            team: if step.last_resort { format!("{team} (last resort)") } else { team },
            within: time(step.within_seconds),
            median: step.median_seconds.map_or_else(|| "never".to_owned(), median),
            pages: step.pages,
            answered: step.answered,
            in_time: step.in_time,
        }
    }
}
