//! One defect at a time, put into the example: it is found, with these words, and nothing else is.

use std::fmt::Write;

use chrono::{TimeDelta, TimeZone, Utc};
use expect_test::{Expect, expect};

use super::{judge, weigh};
use crate::config::{Config, Severity};
use crate::sop::calendar::Span;

const EXAMPLE: &str = include_str!("../../../config.example.toml");

fn year() -> Span {
    let from = Utc.with_ymd_and_hms(2026, 11, 24, 0, 0, 0).single().expect("an instant");
    Span::after(from, TimeDelta::days(365))
}

/// The example with each text replaced by another has exactly these findings.
#[track_caller]
fn check(changes: &[(&str, &str)], expected: &Expect) {
    let mut text = EXAMPLE.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "the example has no {from:?}");
        text = text.replacen(from, to, 1);
    }
    let config = Config::parse("config.toml", &text).unwrap_or_else(|report| panic!("{report}"));
    let report = judge("config.toml", &text, &config, year(), &[]);
    let count = |severity| report.count(severity);
    assert_eq!(weigh(&config, year()), (count(Severity::Error), count(Severity::Warning)));
    let mut told = String::new();
    for problem in &report.problems {
        let severity = if problem.severity == Severity::Error { "error" } else { "warning" };
        let hint = problem.hint.as_deref().unwrap_or("no hint");
        let (key, what, excerpt) = (&problem.key, &problem.what, &problem.excerpt);
        write!(told, "{excerpt}\n  {severity} {key}: {what}\n  {hint}\n").expect("a string takes it");
        for line in &problem.timeline {
            writeln!(told, "    {line}").expect("a string takes it");
        }
    }
    expected.assert_eq(&told);
}

const TIER_2_ROTATION: &str =
    r#"{ people = ["Sam", "Sofia"], every = "1 week", handover = "mon 09:00", from = "2026-01-05" },"#;
const TIER_2_BY_DAY: &str = r#"{ people = ["Sam", "Sofia"], every = "1 week", handover = "mon 09:00", from = "2026-01-05", only = ["mon-fri 09:00-17:00"] },"#;
const TIER_2_RUNGS: &str = r#"    { team = "tier-2", respond_within = "2h" },
    { team = "team-leads", respond_within = "1h" },
    { team = "managers", respond_within = "1h" },
"#;

/// A rota of the managers that ends on a day.
const MANAGERS: &str = r#"

[[rotas]]
team = "managers"
zone = "Europe/Berlin"
layers = [{ people = ["Tess"], every = "weekly", handover = "mon 09:00", from = "2026-01-05", only = ["mon-fri 08:00-18:00"] }]
"#;
const END: &str = r#"# file = "tier-2.ics""#;

/// The office of the example's comment.
const CALENDARS: &str = "# [[calendars]]\n";
const OFFICE: &str = r#"[[calendars]]
id = "office"
zone = "Europe/Berlin"
open = [{ days = "mon-fri", from = "09:00", to = "17:30" }]
holidays = [{ on = "2026-12-25", yearly = true }]
"#;

#[test]
fn the_example_has_nothing_to_be_told() {
    check(&[], &expect![""]);
}

#[test]
fn hours_without_anybody_on_call() {
    check(
        &[(TIER_2_ROTATION, TIER_2_BY_DAY)],
        &expect![[r#"
        [[rotas]]
          warning rotas[0]: nobody of tier-2 is on call 365 times in the year, 250d 8h in all
          the next rung is paged at once then; add a layer below, or somebody who covers
            Tue 2026-11-24 01:00 CET  tier-2: nobody is on call
            Tue 2026-11-24 09:00 CET  tier-2: Sam is on call
    "#]],
    );
}

#[test]
fn a_team_with_two_rotas_has_a_gap_where_both_have_one() {
    let night = r#"

[[rotas]]
team = "tier-2"
id = "night"
zone = "Europe/Berlin"
layers = [{ people = ["Sofia"], every = "weekly", handover = "mon 09:00", from = "2026-01-05", only = ["mon-sun 17:00-09:00"] }]
"#;
    check(
        &[(TIER_2_ROTATION, TIER_2_BY_DAY), (END, night)],
        &expect![[r#"
        [[rotas]]
          warning rotas[0]: nobody of tier-2 is on call 206 times in the year, 8d 14h in all
          the next rung is paged at once then; add a layer below, or somebody who covers
            Sat 2026-11-28 09:00 CET  tier-2: nobody is on call
            Sat 2026-11-28 10:00 CET  tier-2: Tess is on call
    "#]],
    );
}

#[test]
fn a_ladder_without_anybody_on_call() {
    let only_tier_2 = "    { team = \"tier-2\", respond_within = \"2h\" },\n";
    let by_day = [(TIER_2_ROTATION, TIER_2_BY_DAY), (TIER_2_RUNGS, only_tier_2)];
    check(
        &by_day,
        &expect![[r#"
        rungs = [
          warning plans[0].rungs: the plan tier-2 finds nobody on call 365 times in the year, and pages the last resort at once
          close the gaps of one of its rotas, or add a rung whose team has none
            Tue 2026-11-24 01:00 CET  a case comes up
            Tue 2026-11-24 01:00 CET  tier-2: nobody is on call
            Tue 2026-11-24 01:00 CET  managers, the last resort, is paged
            Tue 2026-11-24 09:00 CET  tier-2: Sam is on call
        [[rotas]]
          warning rotas[0]: nobody of tier-2 is on call 365 times in the year, 250d 8h in all
          the next rung is paged at once then; add a layer below, or somebody who covers
            Tue 2026-11-24 01:00 CET  tier-2: nobody is on call
            Tue 2026-11-24 09:00 CET  tier-2: Sam is on call
    "#]],
    );
    check(
        &[by_day[0], by_day[1], (END, MANAGERS)],
        &expect![[r#"
        rungs = [
          error plans[0].rungs: the plan tier-2 finds nobody on call 364 times in the year, not even in the last resort
          close the gaps of the catch-all's rota, or name a team without a rota as catch_all
            Tue 2026-11-24 01:00 CET  a case comes up
            Tue 2026-11-24 01:00 CET  tier-2: nobody is on call
            Tue 2026-11-24 01:00 CET  managers, the last resort, is paged as a whole: nobody of it is on call
            Tue 2026-11-24 08:00 CET  managers: Tess is on call
        rungs = [
          warning plans[0].rungs: the plan tier-2 finds nobody on call 520 times in the year, and pages the last resort at once
          close the gaps of one of its rotas, or add a rung whose team has none
            Tue 2026-11-24 08:00 CET  a case comes up
            Tue 2026-11-24 08:00 CET  tier-2: nobody is on call
            Tue 2026-11-24 08:00 CET  managers, the last resort, is paged
            Tue 2026-11-24 09:00 CET  tier-2: Sam is on call
        rungs = [{ team = "managers", respond_within = "30m" }]
          error plans[2].rungs: the plan managers finds nobody on call 262 times in the year, not even in the last resort
          close the gaps of the catch-all's rota, or name a team without a rota as catch_all
            Tue 2026-11-24 01:00 CET  a case comes up
            Tue 2026-11-24 01:00 CET  managers: nobody is on call
            Tue 2026-11-24 01:00 CET  managers, the last resort, is paged as a whole: nobody of it is on call
            Tue 2026-11-24 08:00 CET  managers: Tess is on call
        [[rotas]]
          warning rotas[0]: nobody of tier-2 is on call 365 times in the year, 250d 8h in all
          the next rung is paged at once then; add a layer below, or somebody who covers
            Tue 2026-11-24 01:00 CET  tier-2: nobody is on call
            Tue 2026-11-24 09:00 CET  tier-2: Sam is on call
        [[rotas]]
          warning rotas[1]: nobody of managers, the last resort, is on call 262 times in the year, 256d 6h in all
          all of it is paged then; add a layer without `only`, or a catch_all team without a rota
            Tue 2026-11-24 01:00 CET  managers: nobody is on call
            Tue 2026-11-24 08:00 CET  managers: Tess is on call
    "#]],
    );
}

#[test]
fn a_severe_case_that_waits_for_the_office() {
    let rung = r#"{ team = "engineering", respond_within = "10m" }"#;
    let in_office = r#"{ team = "engineering", respond_within = "10m", calendar = "office" }"#;
    check(
        &[(CALENDARS, OFFICE), (rung, in_office)],
        &expect![[r#"
        plan = "engineering"
          warning triggers[1].plan: a sev1 case can wait 3d 15h 30m for the hours of office
          nobody else is paged meanwhile; take the calendar off the rung, or put a team with a rota before it
            Thu 2026-12-24 17:30 CET  a case comes up
            Thu 2026-12-24 17:30 CET  engineering is paged: office is closed
            Mon 2026-12-28 09:00 CET  office opens
            Mon 2026-12-28 09:10 CET  the answer of engineering is due
    "#]],
    );
}

#[test]
fn a_case_that_is_not_severe_may_wait() {
    let in_office = r#"{ team = "tier-2", respond_within = "2h", calendar = "office" },"#;
    check(&[(CALENDARS, OFFICE), (r#"{ team = "tier-2", respond_within = "2h" },"#, in_office)], &expect![""]);
}

#[test]
fn times_that_no_calendar_meets() {
    let rung = r#"{ team = "team-leads", respond_within = "1h" },"#;
    let in_weeks = r#"{ team = "team-leads", respond_within = "200h", calendar = "office" },"#;
    check(
        &[(CALENDARS, OFFICE), (rung, in_weeks)],
        &expect![[r#"
        { team = "team-leads", respond_within = "200h", calendar = "office" },
          warning plans[0].rungs[1].respond_within: an answer within 8d 8h can be due after 34d 20h
          shorten the time, add hours to the calendar, or count the time around the clock
            Fri 2026-11-27 17:30 CET  team-leads is paged
            Fri 2027-01-01 13:30 CET  the answer of team-leads is due
    "#]],
    );
    let never = r#"{ team = "team-leads", respond_within = "200d", calendar = "office" },"#;
    let hours = r#"open = [{ days = "mon-fri", from = "09:00", to = "17:30" }]"#;
    let few = r#"open = [{ days = "sun", from = "03:00", to = "04:00" }]"#;
    check(
        &[(CALENDARS, OFFICE), (rung, never), (hours, few)],
        &expect![[r#"
        { team = "team-leads", respond_within = "200d", calendar = "office" },
          error plans[0].rungs[1].respond_within: the calendar does not open for 200d in ten years
          the time would be counted around the clock; shorten it, or add hours to the calendar
            Tue 2026-11-24 01:00 CET  team-leads is paged
    "#]],
    );
    let catch_all = "team = \"managers\"\nrespond_within = \"30m\"";
    let late_catch_all = "team = \"managers\"\nrespond_within = \"400h\"\ncalendar = \"office\"";
    check(
        &[(CALENDARS, OFFICE), (catch_all, late_catch_all)],
        &expect![[r#"
        respond_within = "400h"
          warning catch_all.respond_within: an answer within 16d 16h can be due after 68d 16h
          shorten the time, add hours to the calendar, or count the time around the clock
            Fri 2026-11-27 17:30 CET  managers is paged
            Thu 2027-02-04 09:30 CET  the answer of managers is due
    "#]],
    );
}

/// Every day on which it would be open is a holiday.
#[test]
fn a_calendar_without_a_minute_of_work() {
    let hours = r#"open = [{ days = "mon-fri", from = "09:00", to = "17:30" }]"#;
    let one_day = r#"open = [{ days = "sat", from = "09:00", to = "17:30" }]"#;
    let holidays = r#"holidays = [{ on = "2026-12-25", yearly = true }]"#;
    let saturdays: Vec<String> = (0..54)
        .map(|week| {
            let day = year().from + TimeDelta::days(4 + 7 * week);
            format!("{{ on = \"{}\" }}", day.format("%Y-%m-%d"))
        })
        .collect();
    let all = format!("holidays = [{}]", saturdays.join(", "));
    check(
        &[(CALENDARS, OFFICE), (hours, one_day), (holidays, &all)],
        &expect![[r#"
        [[calendars]]
          error calendars[0]: the calendar office has no minute of work in a year
          its clocks would stand still; look at its days and its holidays
    "#]],
    );
}

const ANGRY: &str = r#"when = { signal = "angry", at_least = 0.6 }"#;

#[test]
fn rules_that_never_fire() {
    let with = |when: &'static str, expected: &Expect| check(&[(ANGRY, when)], expected);
    with(
        r#"when = { all = [{ signal = "angry", at_least = 0.6 }, { not = { signal = "angry", at_least = 0.3 } }] }"#,
        &expect![[r#"
            when = { all = [{ signal = "angry", at_least = 0.6 }, { not = { signal = "angry", at_least = 0.3 } }] }
              error triggers[4].when: it never holds: `signal = "angry", at_least = 0.6` excludes not `signal = "angry", at_least = 0.3`
              one of the two has to go, or both go into `any`
        "#]],
    );
    with(
        r#"when = { all = [{ amount_over = "500 USD" }, { not = { amount_over = "100 EUR" } }] }"#,
        &expect![[r#"
            when = { all = [{ amount_over = "500 USD" }, { not = { amount_over = "100 EUR" } }] }
              error triggers[4].when: it never holds: `amount_over = "500 USD"` excludes not `amount_over = "100 EUR"`
              one of the two has to go, or both go into `any`
        "#]],
    );
    with(
        r#"when = { all = [{ contacts = 4, within = "2d" }, { not = { contacts = 3, within = "30d" } }] }"#,
        &expect![[r#"
            when = { all = [{ contacts = 4, within = "2d" }, { not = { contacts = 3, within = "30d" } }] }
              error triggers[4].when: it never holds: `contacts = 4, within = "2d"` excludes not `contacts = 3, within = "30d"`
              one of the two has to go, or both go into `any`
        "#]],
    );
    with(
        r#"when = { all = [{ customers = 4, of = "outage", within = "1h" }, { not = { signal = "outage", at_least = 0.2 } }] }"#,
        &expect![[r#"
            when = { all = [{ customers = 4, of = "outage", within = "1h" }, { not = { signal = "outage", at_least = 0.2 } }] }
              error triggers[4].when: it never holds: `customers = 4, of = "outage", within = "1h"` excludes not `signal = "outage", at_least = 0.2`
              one of the two has to go, or both go into `any`
        "#]],
    );
    with(
        r#"when = { all = [{ language = "en" }, { language = "es" }] }"#,
        &expect![[r#"
            when = { all = [{ language = "en" }, { language = "es" }] }
              error triggers[4].when: it never holds: `language = "en"` excludes `language = "es"`
              one of the two has to go, or both go into `any`
        "#]],
    );
    with(
        r#"when = { language = "ja" }"#,
        &expect![[r#"
        when = { language = "ja" }
          error triggers[4].when: it never holds: there are no terms in the language ja, so nothing is read in it
          choose a language that has terms: en, es, de, fr, nl, pt
    "#]],
    );
}

#[test]
fn a_kind_that_no_term_shows() {
    let leaving = "\n[[terms]]\nterm = \"I am moving to another provider\"\nkind = \"leaving\"\nweight = 0.7\nmode = \"watch\"\n\n[[tickets]]";
    check(
        &[(ANGRY, r#"when = { signal = "leaving", at_least = 0.6 }"#), ("\n[[tickets]]", leaving)],
        &expect![[r#"
        when = { signal = "leaving", at_least = 0.6 }
          error triggers[4].when: it never holds: no term shows leaving
          add one that is live: [[terms]] term = "…", kind = "leaving", weight = 0.8
    "#]],
    );
    check(
        &[
            (
                ANGRY,
                r#"when = { any = [{ signal = "leaving", at_least = 0.6 }, { signal = "angry", at_least = 0.6 }] }"#,
            ),
            ("\n[[tickets]]", leaving),
        ],
        &expect![[r#"
            when = { any = [{ signal = "leaving", at_least = 0.6 }, { signal = "angry", at_least = 0.6 }] }
              warning triggers[4].when.any[0]: it never holds: no term shows leaving
              add one that is live: [[terms]] term = "…", kind = "leaving", weight = 0.8
        "#]],
    );
}

#[test]
fn a_rule_that_always_fires() {
    check(
        &[(
            ANGRY,
            r#"when = { any = [{ signal = "angry", at_least = 0.4 }, { not = { signal = "angry", at_least = 0.6 } }] }"#,
        )],
        &expect![[r#"
            when = { any = [{ signal = "angry", at_least = 0.4 }, { not = { signal = "angry", at_least = 0.6 } }] }
              error triggers[4].when: this holds for every message
              ask for something that not every message has
        "#]],
    );
}

#[test]
fn rules_that_are_silenced() {
    let legal = "when = { signal = \"legal\", at_least = 0.5 }\n";
    let silencing = "when = { any = [{ signal = \"legal\", at_least = 0.5 }, { signal = \"angry\", at_least = 0.5 }] }\nexclusive_with = [\"angry\"]\n";
    check(
        &[(legal, silencing)],
        &expect![[r#"
        when = { signal = "angry", at_least = 0.6 }
          error triggers[4].when: it never fires: legal fires whenever this holds, and silences it
          take it out of the other's exclusive_with, or ask for something that the other does not
    "#]],
    );
}

#[test]
fn rules_that_change_nothing() {
    let again = r#"[[triggers]]
id = "furious"
name = "Furious customer"
severity = "sev3"
plan = "leads"
when = { all = [{ signal = "angry", at_least = 0.9 }, { channel = ["2001"] }] }

[reading]"#;
    check(
        &[("[reading]", again)],
        &expect![[r#"
        when = { all = [{ signal = "angry", at_least = 0.9 }, { channel = ["2001"] }] }
          warning triggers[6].when: it changes nothing: angry fires whenever this holds, with the same plan, and leads the case
          delete it, give it a plan of its own, or make it more severe
    "#]],
    );
}

#[test]
fn channels_that_are_not_read() {
    check(
        &[(ANGRY, r#"when = { all = [{ channel = ["2001", "2099"] }, { signal = "angry", at_least = 0.6 }] }"#)],
        &expect![[r#"
            when = { all = [{ channel = ["2001", "2099"] }, { signal = "angry", at_least = 0.6 }] }
              warning triggers[4].when: the channel 2099 is not in discord.watch
              what is written there is not read, unless it is a thread in a watched channel; add it to watch
        "#]],
    );
}

/// Nobody counts on a rule in watch mode, and nobody asks what is off.
#[test]
fn rules_that_are_not_live_are_told_more_quietly() {
    let never = r#"when = { all = [{ language = "en" }, { language = "es" }] }"#;
    check(
        &[(ANGRY, &format!("{never}\nmode = \"watch\""))],
        &expect![[r#"
            when = { all = [{ language = "en" }, { language = "es" }] }
              warning triggers[4].when: it never holds: `language = "en"` excludes `language = "es"`
              one of the two has to go, or both go into `any`
        "#]],
    );
    check(&[(ANGRY, &format!("{never}\nmode = \"off\""))], &expect![""]);
}

#[test]
fn overrides_that_contradict_each_other() {
    let other = r#"covers = "Sam" },
    { person = "Sam", from = "2026-12-26", to = "2026-12-30" },"#;
    check(
        &[(r#"covers = "Sam" },"#, other)],
        &expect![[r#"
            overrides = [
              warning rotas[0].overrides: rota tier-2, 2026-12-26 00:00 CET to 2026-12-27 00:00 CET: two overrides, for Tess and for Sam; the later one in the file counts: Sam
              shorten one of them, or delete it
        "#]],
    );
}
