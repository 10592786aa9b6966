use chrono::TimeDelta;

use super::*;
use crate::sop::fixture::{at, build, plan, procedure, signal, staff, trigger};
use crate::sop::signal::Kind;

#[test]
fn every_example_fires_its_rule() {
    let procedure = procedure();
    let guide = Guide::of(&procedure, at(0));
    let shown: Vec<(Option<&str>, &[String])> =
        guide.rules.iter().map(|rule| (rule.id(), rule.examples.as_slice())).collect();
    let of = |id: &str| shown.iter().find(|(known, _)| *known == Some(id)).map_or(&[][..], |(_, texts)| *texts);
    assert_eq!(of("refund"), ["I want my 501 USD back."]);
    assert_eq!(of("small_refund"), ["I want my 101 USD back."]);
    assert_eq!(of("angry")[0], "I am furious with you!");
    assert_eq!(of("legal")[0], "You will hear from my lawyer.");
    // Several customers have to say so.
    assert_eq!(of("outage")[0], "Your website is down.");
    assert_eq!(shown.last(), Some(&(None, &[][..])));
}

#[test]
fn an_example_of_the_config_goes_before() {
    let mut procedure = build();
    procedure.triggers[0].example = Some("Grr.".to_owned());
    let guide = Guide::of(&procedure, at(0));
    assert_eq!(guide.rules[0].examples, ["Grr."]);
}

#[test]
fn what_nothing_fires_has_no_example() {
    let mut procedure = build();
    let never = signal(Kind::from("leaving"), 0.5);
    procedure.triggers = vec![trigger("leaving", Severity::Sev4, never, plan("p", &[("leads", 5)], 0))];
    assert!(Guide::of(&procedure, at(0)).rules[0].examples.is_empty());
}

#[test]
fn a_confidential_rule_is_withheld_from_who_is_not_cleared() {
    let procedure = procedure();
    let ids = |teams: &[&str]| {
        let guide = Guide::for_reader(&procedure, &staff("max", teams), at(0));
        let has_legal = guide.rules.iter().any(|rule| rule.id() == Some("legal"));
        (has_legal, guide.withheld, guide.teams().any(|team| team.id == "legal".into()))
    };
    assert_eq!(ids(&["leads"]), (false, 1, false));
    assert_eq!(ids(&["counsel"]), (true, 0, true));
}

#[test]
fn silence_adds_up_on_its_way() {
    let minutes = |plan: &Plan| climb(plan).iter().map(|time| time.map(|it| it.num_minutes())).collect::<Vec<_>>();
    assert_eq!(minutes(&plan("p", &[("leads", 15), ("managers", 30)], 0)), [Some(0), Some(15), Some(45)]);
    assert_eq!(minutes(&plan("p", &[("leads", 15), ("managers", 30)], 2)), [Some(0), Some(15), Some(135)]);
    let mut office = plan("p", &[("leads", 15), ("managers", 30)], 0);
    office.rungs[0].calendar = Some(std::sync::Arc::new(crate::sop::calendar::Calendar::around_the_clock().clone()));
    assert_eq!(minutes(&office), [Some(0), None, None]);
}

/// The rows of a picture in a line each: "angry refund: leads 15, managers 30, duty 10".
fn drawn(lanes: &[Lane]) -> String {
    let mark = |mark: Mark| match mark {
        Mark::Same => "",
        Mark::Added => "+",
        Mark::Removed => "-",
        Mark::Changed => "~",
    };
    let line = |lane: &Lane| {
        let rails: Vec<String> = lane
            .rails
            .iter()
            .map(|rail| format!("{}{}", mark(rail.mark), rail.name.as_deref().unwrap_or("by hand")))
            .collect();
        let step = |step: &Step| {
            let before = step.within_before.map(|it| format!("{}→", it.num_minutes())).unwrap_or_default();
            format!("{}{} {before}{}", mark(step.mark), step.team, step.within.num_minutes())
        };
        let steps: Vec<String> = lane.steps.iter().map(step).collect();
        format!("{}: {}\n", rails.join(" & "), steps.join(", "))
    };
    lanes.iter().map(line).collect()
}

#[test]
fn rules_with_one_plan_share_a_lane() {
    let procedure = procedure();
    assert_eq!(
        drawn(&lanes(&Guide::of(&procedure, at(0)))),
        "The angry rule & The refund rule & The small_refund rule: Team leads 15, Team managers 30, Team duty 10\n\
         The legal rule: Team legal 30, Team counsel 20\n\
         The outage rule: Team engineering 5, Team duty 10\n\
         by hand: Team leads 60, Team duty 10\n"
    );
}

#[test]
fn two_versions_lie_upon_each_other() {
    let (old, mut new) = (build(), build());
    let mut leads = plan("leads", &[("engineering", 5), ("leads", 20), ("duty", 10)], 1);
    leads.catch_all.respond_within = TimeDelta::minutes(10);
    let leads = std::sync::Arc::new(leads);
    new.triggers[0].plan = leads.clone();
    new.triggers[1].plan = leads.clone();
    new.triggers[1].severity = Severity::Sev1;
    new.triggers[4].plan = leads;
    new.triggers.remove(3);
    new.triggers.push(trigger("sad", Severity::Sev3, signal(Kind::Angry, 0.9), plan("sad", &[("leads", 5)], 0)));
    let (old, new) = (Guide::of(&old, at(0)), Guide::of(&new, at(0)));
    assert_eq!(
        drawn(&merged(&old, &new)),
        "The angry rule & ~The refund rule & The small_refund rule: +Team engineering 5, ~Team leads 15→20, -Team managers 30, \
         +Team duty 10, Team duty 10\n\
         The legal rule: Team legal 30, Team counsel 20\n\
         +The sad rule: +Team leads 5, +Team duty 10\n\
         by hand: Team leads 60, Team duty 10\n\
         -The outage rule: -Team engineering 5, -Team duty 10\n"
    );
    assert_eq!(drawn(&merged(&old, &old)), drawn(&lanes(&old)));
}
