//! The dashboard's pages. What is seen of the desk is plain data, for any reader; what one of them may see is chosen
//! here, by the rules of the chat.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::adapters::cause;
use crate::adapters::web::access::Viewer;
use crate::adapters::web::drawing::{Drawing, draw};
use crate::adapters::web::house::House;
use crate::adapters::web::look::{NoAnswer, look};
use crate::adapters::web::show::Frame;
use crate::sop::desk::{Desk, Silences};
use crate::sop::escalation::{Escalation, EscalationId};
use crate::sop::health::{Health, health};
use crate::sop::notice::{self, Card, Duty};
use crate::sop::overview::{Due, OpenCase, Pressure, Shown, TeamLoad, dues, overview};
use crate::sop::procedure::Procedure;
use crate::sop::timeline::{Moment, Timeline, timeline};

impl House {
    pub(super) fn show(&self, page: &str, frame: &Frame, facts: &impl Serialize) -> Response {
        Html(self.pages.render(page, frame, facts)).into_response()
    }

    pub(super) fn unanswered(&self, why: NoAnswer) -> Response {
        self.say(StatusCode::SERVICE_UNAVAILABLE, &format!("Nothing can be shown: {why}."))
    }
}

// --- what is open ------------------------------------------------------------------------------------------------

#[derive(Serialize)]
struct Now<'o> {
    groups: Vec<Group<'o>>,
    unowned: usize,
    at_risk: usize,
    breached: usize,
    open: usize,
    more: usize,
    closed: &'o [String],
    teams: &'o [TeamLoad<'o>],
}

/// Cases that stand together: each in one group only.
#[derive(Serialize)]
struct Group<'o> {
    id: &'static str,
    cases: Vec<&'o OpenCase>,
}

impl<'o> Now<'o> {
    fn of(shown: &'o Shown<'o>) -> Self {
        let group = |id, is_in: fn(&OpenCase) -> bool| Group {
            id,
            cases: shown.cases.iter().copied().filter(|case| is_in(case)).collect(),
        };
        let count = |is_in: fn(&OpenCase) -> bool| shown.cases.iter().filter(|case| is_in(case)).count();
        let groups = vec![
            group("breached", |case| case.pressure == Pressure::Breached),
            group("at_risk", |case| case.pressure == Pressure::AtRisk),
            group("unowned", |case| case.pressure == Pressure::InTime && case.is_unowned()),
            group("taken", |case| case.pressure == Pressure::InTime && !case.is_unowned()),
        ];
        Self {
            groups,
            unowned: count(OpenCase::is_unowned),
            at_risk: count(|case| case.pressure == Pressure::AtRisk),
            breached: count(|case| case.pressure == Pressure::Breached),
            open: shown.cases.len(),
            more: shown.more,
            closed: &shown.closed,
            teams: &shown.teams,
        }
    }
}

/// What is open, the most pressing first.
pub(super) async fn now(State(house): State<Arc<House>>, viewer: Viewer) -> Response {
    let seen = match house.overview.see((), &house.inbox, overview).await {
        Ok(seen) => seen,
        Err(why) => return house.unanswered(why),
    };
    let shown = seen.to(&viewer.actor);
    house.show("now.html", &Frame::new("now", &viewer, house.clock.now()), &Now::of(&shown))
}

// --- one case ----------------------------------------------------------------------------------------------------

/// A case as it was seen, for any reader.
pub(super) struct CaseSeen {
    case: Box<Escalation>,
    card: Card,
    dues: Vec<Due>,
    timeline: Timeline,
}

impl CaseSeen {
    fn of(id: EscalationId, desk: &Desk, procedure: &Procedure, now: DateTime<Utc>) -> Option<Self> {
        let case = desk.case(id)?;
        Some(Self {
            case: Box::new(case.clone()),
            card: notice::card(case, desk, procedure, None),
            dues: dues(case, now),
            timeline: Timeline::default(),
        })
    }

    /// As it stands and as it came to that, which the log tells.
    async fn with_its_past(id: EscalationId, house: &House) -> Result<Option<Self>, NoAnswer> {
        let see = move |desk: &Desk, procedure: &Procedure, now| Self::of(id, desk, procedure, now);
        let Some(mut seen) = look(&house.inbox, see).await? else { return Ok(None) };
        let facts = house.log.case(id).await.map_err(|error| {
            let why = cause::innermost(&error).map(|why| format!(": {why}")).unwrap_or_default();
            tracing::error!("web.log_unreadable {error}{why}");
            NoAnswer::Unreadable
        })?;
        seen.timeline = timeline(id, facts, &house.procedure, house.clock.now());
        Ok(Some(seen))
    }
}

#[derive(Serialize)]
struct CaseShown<'c> {
    card: &'c Card,
    dues: &'c [Due],
    moments: &'c [Moment],
    drawing: Option<Drawing<'c>>,
    reasons: Vec<String>,
}

/// One case: what it is about, what happened, how its clocks ran.
pub(super) async fn case(State(house): State<Arc<House>>, viewer: Viewer, Path(typed): Path<String>) -> Response {
    // The same for one that there is not and for one that is not theirs to read.
    let none = || house.say(StatusCode::NOT_FOUND, "There is no such case, or it is not for you to read.");
    let Ok(id) = typed.parse::<EscalationId>() else { return none() };
    let seen = match house.cases.see_with(id, CaseSeen::with_its_past(id, &house)).await {
        Ok(seen) => seen,
        Err(why) => return house.unanswered(why),
    };
    let Some(seen) = seen.as_ref().as_ref().filter(|seen| seen.case.may_be_read_by(&viewer.actor)) else {
        return none();
    };
    let now = house.clock.now();
    let shown = CaseShown {
        card: &seen.card,
        dues: &seen.dues,
        moments: &seen.timeline.moments,
        drawing: draw(&seen.timeline.tracks, now.timestamp()),
        reasons: seen.card.reasons.iter().map(|finding| house.words.finding(finding)).collect(),
    };
    house.show("case.html", &Frame::new("case", &viewer, now), &shown)
}

// --- triggers ----------------------------------------------------------------------------------------------------

#[derive(Serialize)]
struct Triggers<'h> {
    health: &'h Health,
}

/// How right the triggers are, for managers, as in the chat.
pub(super) async fn triggers(State(house): State<Arc<House>>, viewer: Viewer) -> Response {
    if !viewer.actor.manages {
        return house.say(StatusCode::FORBIDDEN, "How right the triggers are is for managers.");
    }
    let reader = viewer.actor.clone();
    let see = move |desk: &Desk, procedure: &Procedure, now| health(desk, procedure, &reader, now);
    match house.triggers.see(viewer.actor.person.id.clone(), &house.inbox, see).await {
        Ok(seen) => {
            let frame = Frame::new("triggers", &viewer, house.clock.now());
            house.show("triggers.html", &frame, &Triggers { health: &seen })
        }
        Err(why) => house.unanswered(why),
    }
}

// --- duties ------------------------------------------------------------------------------------------------------

/// Who is on call, with the names of teams.
#[derive(Serialize)]
pub(super) struct Duties {
    duties: Vec<DutyShown>,
}

#[derive(Serialize)]
struct DutyShown {
    team: String,
    rota: Option<String>,
    whole: bool,
    who: Option<String>,
    until: Option<i64>,
    next: Option<String>,
    gaps: Vec<[i64; 2]>,
}

fn on_duty(desk: &Desk, procedure: &Procedure, now: DateTime<Utc>) -> Duties {
    let shown = |duty: Duty| DutyShown {
        team: procedure.team_name(&duty.team).to_owned(),
        rota: duty.rota,
        whole: duty.whole,
        who: duty.who.map(|person| person.name.to_string()),
        until: duty.until.map(|at| at.timestamp()),
        next: duty.next.map(|person| person.name.to_string()),
        gaps: duty.gaps.iter().map(|gap| [gap.from.timestamp(), gap.to.timestamp()]).collect(),
    };
    Duties { duties: desk.duties(procedure, now).into_iter().map(shown).collect() }
}

/// Who is on call, until when, who is next, and when nobody is.
pub(super) async fn rota(State(house): State<Arc<House>>, viewer: Viewer) -> Response {
    match house.duties.see((), &house.inbox, on_duty).await {
        Ok(seen) => house.show("rota.html", &Frame::new("rota", &viewer, house.clock.now()), &*seen),
        Err(why) => house.unanswered(why),
    }
}

// --- the bot itself ----------------------------------------------------------------------------------------------

/// What the desk knows of the bot.
pub(super) struct BotSeen {
    silences: Silences,
    version: String,
    open: usize,
}

#[derive(Serialize)]
struct BotShown<'b> {
    problems: Vec<String>,
    silences: Option<&'b Silences>,
    procedure: Option<&'b str>,
    open: Option<usize>,
    to_tell: usize,
    held_up: usize,
    inbox: usize,
    /// The latest that a deadline was noticed, in milliseconds.
    latest_ms: i64,
    handled: u64,
    /// In SOP time.
    next_deadline: Option<i64>,
    since: i64,
    version: &'static str,
}

fn of_bot(desk: &Desk, procedure: &Procedure, now: DateTime<Utc>) -> BotSeen {
    BotSeen { silences: desk.silences(now), version: procedure.version.clone(), open: desk.count_open().0 }
}

/// How the bot itself is. Shown also while the desk does not answer.
pub(super) async fn bot(State(house): State<Arc<House>>, viewer: Viewer) -> Response {
    let seen = house.bot.see((), &house.inbox, of_bot).await.ok();
    let (problems, _) = house.problems().await;
    let pulse = *house.pulse.borrow();
    let shown = BotShown {
        problems,
        silences: seen.as_deref().map(|seen| &seen.silences),
        procedure: seen.as_deref().map(|seen| seen.version.as_str()),
        // A number that counts what is confidential, too, is for managers.
        open: seen.as_deref().map(|seen| seen.open).filter(|_| viewer.actor.manages),
        to_tell: pulse.to_tell,
        held_up: pulse.held_up,
        inbox: house.waiting(),
        latest_ms: house.measured.latest().num_milliseconds(),
        handled: pulse.handled,
        next_deadline: pulse.next_deadline.map(|at| at.timestamp()),
        since: house.since.timestamp(),
        version: env!("CARGO_PKG_VERSION"),
    };
    house.show("bot.html", &Frame::new("bot", &viewer, house.clock.now()), &shown)
}
