//! Digests of a time in which nothing happened, and of one in which everything did.

use crate::sop::clock::ClockKind;
use crate::sop::digest::{
    BotFigures, ClockFigures, Digest, Failures, Figures, GapFigures, Item, Kept, Part, PersonFigures, Spread, State,
    Suggestion, TeamFigures, Times, TriggerFigures,
};
use crate::sop::health::Grades;
use crate::sop::notice::DigestFacts;
use crate::sop::share::Share;
use crate::sop::signal::Kind;
use crate::sop::team::Severity;
use crate::sop::trigger::Change;
use crate::words::sample::at;

pub(super) fn digests() -> [DigestFacts; 2] {
    [
        DigestFacts { digest: quiet(), team: None, late_minutes: 0 },
        DigestFacts { digest: busy(), team: Some("first".into()), late_minutes: 5 },
    ]
}

fn quiet() -> Digest {
    Digest {
        since: at(0),
        until: at(1440),
        procedure: "0123456789ab".to_owned(),
        open: 0,
        unowned: Vec::new(),
        at_risk: Vec::new(),
        breached: Vec::new(),
        closed: Vec::new(),
        figures: Figures::default(),
        before: Figures::default(),
        clocks: Vec::new(),
        triggers: Vec::new(),
        by_hand: TriggerFigures::default(),
        teams: Vec::new(),
        people: Vec::new(),
        failures: Failures::default(),
        gaps: Vec::new(),
        bot: BotFigures::default(),
        suggestion: None,
    }
}

fn busy() -> Digest {
    let share = Share::of(3, 4);
    let (wall, business) = (spread(90, 3_600), spread(60, 1_800));
    let times = Times { count: 4, wall: Some(wall), business: Some(business) };
    let clocks = Kept { kept: 3, late: 1, share: Some(share) };
    let figures = Figures {
        opened: 5,
        resolved: 4,
        reopened: 1,
        taken: 4,
        breached: 1,
        acknowledge: times,
        first_action: times,
        resolve: times,
        clocks,
    };
    let part = Part { some: 3, of: 4, share: Some(share) };
    let trigger = TriggerFigures {
        id: "angry".to_owned(),
        name: "Angry customer".to_owned(),
        opened: 3,
        grades: Grades { cases: 4, graded: 4, right: 3, not_needed: 1, precision: Some(share), ..Grades::default() },
        ..TriggerFigures::default()
    };
    let change = Change::Strength { kind: Kind::Angry, was: 0.6, at_least: 0.8 };
    let person = |number| PersonFigures { name: format!("Person {number}"), taken: 2, resolved: 1 };
    Digest {
        open: 3,
        unowned: vec![item(None, None), item(Some(ClockKind::Acknowledge), None)],
        at_risk: vec![item(Some(ClockKind::Update), Some("Sam"))],
        breached: vec![Item { lapsed: true, waits_for_customer: true, ..item(None, Some("Sam")) }; 7],
        closed: vec!["Heron".to_owned()],
        figures: figures.clone(),
        before: figures,
        clocks: ClockKind::ALL.map(|clock| ClockFigures { clock, kept: clocks }).to_vec(),
        triggers: vec![TriggerFigures { watched: true, firings: 3, ..trigger.clone() }, trigger.clone()],
        by_hand: TriggerFigures { name: String::new(), ..trigger },
        teams: vec![TeamFigures {
            id: "first".into(),
            name: "First".to_owned(),
            pages: 6,
            answered: 4,
            breached: 1,
            resolved: 4,
            acknowledge: times,
        }],
        people: (0..20).map(person).collect(),
        failures: Failures {
            not_needed: part,
            missed: part,
            wrong_team: part,
            missing: part,
            lapsed: part,
            unanswered: part,
        },
        gaps: vec![GapFigures { team: "first".into(), times: 1 }, GapFigures { team: "second".into(), times: 2 }],
        bot: BotFigures { late: 2, latest_seconds: 90, deaf: 1, deaf_seconds: 600, undeliverable: 2 },
        suggestion: Some(Suggestion {
            trigger: "angry".to_owned(),
            name: "Angry customer".to_owned(),
            change,
            spared: 3,
            not_needed: 4,
            ungraded: 2,
            kept: 5,
        }),
        ..quiet()
    }
}

fn spread(median_seconds: i64, p90_seconds: i64) -> Spread {
    Spread { median_seconds, p90_seconds }
}

fn item(clock: Option<ClockKind>, responder: Option<&str>) -> Item {
    Item {
        id: "ESC-1".to_owned(),
        triggers: clock.iter().map(|_| "Angry customer".to_owned()).collect(),
        severity: Severity::Sev2,
        team: "first".into(),
        responder: responder.map(str::to_owned),
        opened_at: at(3),
        state: if clock.is_some() { State::Late } else { State::Fine },
        due: clock.map(|_| at(30)),
        clock,
        lapsed: false,
        waits_for_customer: false,
    }
}
