//! Duty rosters, as people would pin them to a wall.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use expect_test::{Expect, expect};

use super::import::{self, Imported};
use super::{Away, Conflict, Every, Layer, Override, Participant, Rota, Rotation, Span, Window, instant};

const BERLIN: Tz = Tz::Europe__Berlin;
const NEW_YORK: Tz = Tz::America__New_York;
const LORD_HOWE: Tz = Tz::Australia__Lord_Howe;

fn wall(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a wall clock time")
}

fn span(zone: Tz, from: &str, to: &str) -> Span {
    Span { from: instant(zone, wall(from)), to: instant(zone, wall(to)) }
}

fn layer(people: &[&str], every: Every, start: &str) -> Layer {
    let people = people.iter().map(|name| (*name).into()).collect();
    Layer { rotation: Rotation { people, every, start: wall(start) }, only: Vec::new() }
}

fn window(first: Weekday, last: Weekday, from: &str, to: &str) -> Window {
    let time = |text| chrono::NaiveTime::parse_from_str(text, "%H:%M").expect("a time of day");
    Window { first, last, from: time(from), to: time(to) }
}

fn rota(zone: Tz, layers: Vec<Layer>) -> Rota {
    let (id, team) = ("duty".to_owned(), "duty".into());
    Rota { id, team, zone, layers, imported: Imported::default().into(), overrides: Vec::new(), away: Vec::new() }
}

fn give(zone: Tz, person: &str, from: &str, to: &str) -> Override {
    Override { person: person.into(), span: span(zone, from, to), covers: None }
}

fn cover(zone: Tz, person: &str, covers: &str, from: &str, to: &str) -> Override {
    Override { covers: Some(covers.into()), ..give(zone, person, from, to) }
}

fn away(zone: Tz, person: &str, from: &str, to: &str) -> Away {
    Away { person: person.into(), span: span(zone, from, to) }
}

fn shown(zone: Tz, at: DateTime<Utc>) -> String {
    at.with_timezone(&zone).format("%a %Y-%m-%d %H:%M %Z").to_string()
}

/// The roster of a span of wall clock time, in the rota's zone.
#[track_caller]
fn check(rota: &Rota, from: &str, to: &str, roster: &Expect) {
    let Span { from, to } = span(rota.zone, from, to);
    let lines = rota.shifts(from, to).map(|shift| {
        let person = shift.person.map_or("(nobody)", |person| person.as_str());
        let minutes = (shift.span.to - shift.span.from).num_minutes();
        let hours = format!("{}{}", minutes / 60, if minutes % 60 == 0 { "" } else { ".5" });
        let [from, to] = [shift.span.from, shift.span.to].map(|at| shown(rota.zone, at));
        format!("{from} to {to}  {person}, {hours} h\n")
    });
    roster.assert_eq(&lines.collect::<String>());
}

#[test]
fn a_week_is_as_long_as_the_clocks_make_it() {
    let weekly = |zone, start| rota(zone, vec![layer(&["ana", "ben", "cleo"], Every::WEEK, start)]);
    let berlin = weekly(BERLIN, "2026-01-05 09:00");
    check(
        &berlin,
        "2026-10-18 00:00",
        "2026-11-10 00:00",
        &expect![[r#"
        Sun 2026-10-18 00:00 CEST to Mon 2026-10-19 09:00 CEST  ben, 33 h
        Mon 2026-10-19 09:00 CEST to Mon 2026-10-26 09:00 CET  cleo, 169 h
        Mon 2026-10-26 09:00 CET to Mon 2026-11-02 09:00 CET  ana, 168 h
        Mon 2026-11-02 09:00 CET to Mon 2026-11-09 09:00 CET  ben, 168 h
        Mon 2026-11-09 09:00 CET to Tue 2026-11-10 00:00 CET  cleo, 15 h
    "#]],
    );
    check(
        &berlin,
        "2026-03-20 00:00",
        "2026-04-07 00:00",
        &expect![[r#"
        Fri 2026-03-20 00:00 CET to Mon 2026-03-23 09:00 CET  ben, 81 h
        Mon 2026-03-23 09:00 CET to Mon 2026-03-30 09:00 CEST  cleo, 167 h
        Mon 2026-03-30 09:00 CEST to Mon 2026-04-06 09:00 CEST  ana, 168 h
        Mon 2026-04-06 09:00 CEST to Tue 2026-04-07 00:00 CEST  ben, 15 h
    "#]],
    );
    check(
        &berlin,
        "2026-12-20 00:00",
        "2027-01-12 00:00",
        &expect![[r#"
        Sun 2026-12-20 00:00 CET to Mon 2026-12-21 09:00 CET  ben, 33 h
        Mon 2026-12-21 09:00 CET to Mon 2026-12-28 09:00 CET  cleo, 168 h
        Mon 2026-12-28 09:00 CET to Mon 2027-01-04 09:00 CET  ana, 168 h
        Mon 2027-01-04 09:00 CET to Mon 2027-01-11 09:00 CET  ben, 168 h
        Mon 2027-01-11 09:00 CET to Tue 2027-01-12 00:00 CET  cleo, 15 h
    "#]],
    );
    check(
        &weekly(NEW_YORK, "2026-01-05 09:00"),
        "2026-10-30 00:00",
        "2026-11-10 00:00",
        &expect![[r#"
        Fri 2026-10-30 00:00 EDT to Mon 2026-11-02 09:00 EST  ana, 82 h
        Mon 2026-11-02 09:00 EST to Mon 2026-11-09 09:00 EST  ben, 168 h
        Mon 2026-11-09 09:00 EST to Tue 2026-11-10 00:00 EST  cleo, 15 h
    "#]],
    );
    check(
        &weekly(LORD_HOWE, "2026-01-05 09:00"),
        "2026-10-01 00:00",
        "2026-10-13 00:00",
        &expect![[r#"
        Thu 2026-10-01 00:00 +1030 to Mon 2026-10-05 09:00 +11  cleo, 104.5 h
        Mon 2026-10-05 09:00 +11 to Mon 2026-10-12 09:00 +11  ana, 168 h
        Mon 2026-10-12 09:00 +11 to Tue 2026-10-13 00:00 +11  ben, 15 h
    "#]],
    );
}

/// In Berlin the clocks skip from 02:00 to 03:00 on 29 March and show 02:00 to 03:00 twice on 25 October.
#[test]
fn a_hand_over_that_is_skipped_or_shown_twice() {
    let daily = rota(BERLIN, vec![layer(&["ana", "ben"], Every::DAY, "2026-01-01 02:30")]);
    check(
        &daily,
        "2026-03-28 00:00",
        "2026-03-31 00:00",
        &expect![[r#"
        Sat 2026-03-28 00:00 CET to Sat 2026-03-28 02:30 CET  ben, 2.5 h
        Sat 2026-03-28 02:30 CET to Sun 2026-03-29 03:00 CEST  ana, 23.5 h
        Sun 2026-03-29 03:00 CEST to Mon 2026-03-30 02:30 CEST  ben, 23.5 h
        Mon 2026-03-30 02:30 CEST to Tue 2026-03-31 00:00 CEST  ana, 21.5 h
    "#]],
    );
    check(
        &daily,
        "2026-10-24 00:00",
        "2026-10-27 00:00",
        &expect![[r#"
        Sat 2026-10-24 00:00 CEST to Sat 2026-10-24 02:30 CEST  ben, 2.5 h
        Sat 2026-10-24 02:30 CEST to Sun 2026-10-25 02:30 CEST  ana, 24 h
        Sun 2026-10-25 02:30 CEST to Mon 2026-10-26 02:30 CET  ben, 25 h
        Mon 2026-10-26 02:30 CET to Tue 2026-10-27 00:00 CET  ana, 21.5 h
    "#]],
    );
}

/// The hour that does not exist is passed over with its turn; the hour that exists twice is one turn.
#[test]
fn hours_are_hours_of_the_wall_clock() {
    let hourly = rota(BERLIN, vec![layer(&["ana", "ben", "cleo"], Every::Hours(1), "2026-01-01 00:00")]);
    check(
        &hourly,
        "2026-03-29 00:00",
        "2026-03-29 05:00",
        &expect![[r#"
        Sun 2026-03-29 00:00 CET to Sun 2026-03-29 01:00 CET  ana, 1 h
        Sun 2026-03-29 01:00 CET to Sun 2026-03-29 03:00 CEST  ben, 1 h
        Sun 2026-03-29 03:00 CEST to Sun 2026-03-29 04:00 CEST  ana, 1 h
        Sun 2026-03-29 04:00 CEST to Sun 2026-03-29 05:00 CEST  ben, 1 h
    "#]],
    );
    check(
        &hourly,
        "2026-10-25 00:00",
        "2026-10-25 05:00",
        &expect![[r#"
        Sun 2026-10-25 00:00 CEST to Sun 2026-10-25 01:00 CEST  ana, 1 h
        Sun 2026-10-25 01:00 CEST to Sun 2026-10-25 02:00 CEST  ben, 1 h
        Sun 2026-10-25 02:00 CEST to Sun 2026-10-25 03:00 CET  cleo, 2 h
        Sun 2026-10-25 03:00 CET to Sun 2026-10-25 04:00 CET  ana, 1 h
        Sun 2026-10-25 04:00 CET to Sun 2026-10-25 05:00 CET  ben, 1 h
    "#]],
    );
    let half_hour = rota(LORD_HOWE, vec![layer(&["ana", "ben"], Every::Hours(1), "2026-01-01 00:00")]);
    check(
        &half_hour,
        "2026-10-04 00:00",
        "2026-10-04 05:00",
        &expect![[r#"
        Sun 2026-10-04 00:00 +1030 to Sun 2026-10-04 01:00 +1030  ana, 1 h
        Sun 2026-10-04 01:00 +1030 to Sun 2026-10-04 02:30 +11  ben, 1 h
        Sun 2026-10-04 02:30 +11 to Sun 2026-10-04 03:00 +11  ana, 0.5 h
        Sun 2026-10-04 03:00 +11 to Sun 2026-10-04 04:00 +11  ben, 1 h
        Sun 2026-10-04 04:00 +11 to Sun 2026-10-04 05:00 +11  ana, 1 h
    "#]],
    );
}

#[test]
fn a_month_from_the_31st_ends_on_the_last_day_of_a_shorter_one() {
    let monthly = rota(BERLIN, vec![layer(&["ana", "ben"], Every::Months(1), "2027-12-31 09:00")]);
    check(
        &monthly,
        "2027-12-30 00:00",
        "2028-06-10 00:00",
        &expect![[r#"
        Thu 2027-12-30 00:00 CET to Fri 2027-12-31 09:00 CET  (nobody), 33 h
        Fri 2027-12-31 09:00 CET to Mon 2028-01-31 09:00 CET  ana, 744 h
        Mon 2028-01-31 09:00 CET to Tue 2028-02-29 09:00 CET  ben, 696 h
        Tue 2028-02-29 09:00 CET to Fri 2028-03-31 09:00 CEST  ana, 743 h
        Fri 2028-03-31 09:00 CEST to Sun 2028-04-30 09:00 CEST  ben, 720 h
        Sun 2028-04-30 09:00 CEST to Wed 2028-05-31 09:00 CEST  ana, 744 h
        Wed 2028-05-31 09:00 CEST to Sat 2028-06-10 00:00 CEST  ben, 231 h
    "#]],
    );
}

#[test]
fn a_length_of_ones_own() {
    let every = |hours| rota(BERLIN, vec![layer(&["ana", "ben"], Every::Hours(hours), "2026-01-01 08:00")]);
    check(
        &every(36),
        "2026-01-01 00:00",
        "2026-01-06 00:00",
        &expect![[r#"
        Thu 2026-01-01 00:00 CET to Thu 2026-01-01 08:00 CET  (nobody), 8 h
        Thu 2026-01-01 08:00 CET to Fri 2026-01-02 20:00 CET  ana, 36 h
        Fri 2026-01-02 20:00 CET to Sun 2026-01-04 08:00 CET  ben, 36 h
        Sun 2026-01-04 08:00 CET to Mon 2026-01-05 20:00 CET  ana, 36 h
        Mon 2026-01-05 20:00 CET to Tue 2026-01-06 00:00 CET  ben, 4 h
    "#]],
    );
    check(
        &every(10 * 24),
        "2026-01-01 00:00",
        "2026-02-01 00:00",
        &expect![[r#"
        Thu 2026-01-01 00:00 CET to Thu 2026-01-01 08:00 CET  (nobody), 8 h
        Thu 2026-01-01 08:00 CET to Sun 2026-01-11 08:00 CET  ana, 240 h
        Sun 2026-01-11 08:00 CET to Wed 2026-01-21 08:00 CET  ben, 240 h
        Wed 2026-01-21 08:00 CET to Sat 2026-01-31 08:00 CET  ana, 240 h
        Sat 2026-01-31 08:00 CET to Sun 2026-02-01 00:00 CET  ben, 16 h
    "#]],
    );
}

#[test]
fn a_later_layer_wins_in_its_hours_and_hours_without_a_layer_are_a_gap() {
    let office = Layer {
        only: vec![window(Weekday::Mon, Weekday::Fri, "09:00", "17:00")],
        ..layer(&["ana", "ben"], Every::DAY, "2026-01-05 00:00")
    };
    let night = Layer {
        only: vec![window(Weekday::Fri, Weekday::Sat, "22:00", "06:00")],
        ..layer(&["cleo"], Every::WEEK, "2026-01-05 00:00")
    };
    let hours = rota(BERLIN, vec![office.clone(), night.clone()]);
    check(
        &hours,
        "2026-01-07 12:00",
        "2026-01-12 12:00",
        &expect![[r#"
        Wed 2026-01-07 12:00 CET to Wed 2026-01-07 17:00 CET  ana, 5 h
        Wed 2026-01-07 17:00 CET to Thu 2026-01-08 09:00 CET  (nobody), 16 h
        Thu 2026-01-08 09:00 CET to Thu 2026-01-08 17:00 CET  ben, 8 h
        Thu 2026-01-08 17:00 CET to Fri 2026-01-09 09:00 CET  (nobody), 16 h
        Fri 2026-01-09 09:00 CET to Fri 2026-01-09 17:00 CET  ana, 8 h
        Fri 2026-01-09 17:00 CET to Fri 2026-01-09 22:00 CET  (nobody), 5 h
        Fri 2026-01-09 22:00 CET to Sat 2026-01-10 06:00 CET  cleo, 8 h
        Sat 2026-01-10 06:00 CET to Sat 2026-01-10 22:00 CET  (nobody), 16 h
        Sat 2026-01-10 22:00 CET to Sun 2026-01-11 06:00 CET  cleo, 8 h
        Sun 2026-01-11 06:00 CET to Mon 2026-01-12 09:00 CET  (nobody), 27 h
        Mon 2026-01-12 09:00 CET to Mon 2026-01-12 12:00 CET  ben, 3 h
    "#]],
    );
    let always = layer(&["dora"], Every::WEEK, "2026-01-05 00:00");
    check(
        &rota(BERLIN, vec![always, office, night]),
        "2026-01-07 12:00",
        "2026-01-12 12:00",
        &expect![[r#"
        Wed 2026-01-07 12:00 CET to Wed 2026-01-07 17:00 CET  ana, 5 h
        Wed 2026-01-07 17:00 CET to Thu 2026-01-08 09:00 CET  dora, 16 h
        Thu 2026-01-08 09:00 CET to Thu 2026-01-08 17:00 CET  ben, 8 h
        Thu 2026-01-08 17:00 CET to Fri 2026-01-09 09:00 CET  dora, 16 h
        Fri 2026-01-09 09:00 CET to Fri 2026-01-09 17:00 CET  ana, 8 h
        Fri 2026-01-09 17:00 CET to Fri 2026-01-09 22:00 CET  dora, 5 h
        Fri 2026-01-09 22:00 CET to Sat 2026-01-10 06:00 CET  cleo, 8 h
        Sat 2026-01-10 06:00 CET to Sat 2026-01-10 22:00 CET  dora, 16 h
        Sat 2026-01-10 22:00 CET to Sun 2026-01-11 06:00 CET  cleo, 8 h
        Sun 2026-01-11 06:00 CET to Mon 2026-01-12 09:00 CET  dora, 27 h
        Mon 2026-01-12 09:00 CET to Mon 2026-01-12 12:00 CET  ben, 3 h
    "#]],
    );
}

#[test]
fn away_is_routed_around_and_nobody_else_moves() {
    let mut daily = rota(BERLIN, vec![layer(&["ana", "ben", "cleo"], Every::DAY, "2026-01-05 09:00")]);
    daily.away.push(away(BERLIN, "ben", "2026-01-06 00:00", "2026-01-09 12:00"));
    check(
        &daily,
        "2026-01-05 09:00",
        "2026-01-10 09:00",
        &expect![[r#"
        Mon 2026-01-05 09:00 CET to Tue 2026-01-06 09:00 CET  ana, 24 h
        Tue 2026-01-06 09:00 CET to Thu 2026-01-08 09:00 CET  cleo, 48 h
        Thu 2026-01-08 09:00 CET to Fri 2026-01-09 09:00 CET  ana, 24 h
        Fri 2026-01-09 09:00 CET to Fri 2026-01-09 12:00 CET  cleo, 3 h
        Fri 2026-01-09 12:00 CET to Sat 2026-01-10 09:00 CET  ben, 21 h
    "#]],
    );
    daily.away.push(away(BERLIN, "cleo", "2026-01-06 12:00", "2026-01-07 00:00"));
    daily.away.push(away(BERLIN, "ana", "2026-01-06 15:00", "2026-01-06 18:00"));
    check(
        &daily,
        "2026-01-05 09:00",
        "2026-01-08 09:00",
        &expect![[r#"
        Mon 2026-01-05 09:00 CET to Tue 2026-01-06 09:00 CET  ana, 24 h
        Tue 2026-01-06 09:00 CET to Tue 2026-01-06 12:00 CET  cleo, 3 h
        Tue 2026-01-06 12:00 CET to Tue 2026-01-06 15:00 CET  ana, 3 h
        Tue 2026-01-06 15:00 CET to Tue 2026-01-06 18:00 CET  (nobody), 3 h
        Tue 2026-01-06 18:00 CET to Wed 2026-01-07 00:00 CET  ana, 6 h
        Wed 2026-01-07 00:00 CET to Thu 2026-01-08 09:00 CET  cleo, 33 h
    "#]],
    );
}

#[test]
fn the_newest_override_wins_and_the_conflict_is_told() {
    let mut weekly = rota(BERLIN, vec![layer(&["ana", "ben"], Every::WEEK, "2026-01-05 09:00")]);
    weekly.overrides.push(give(BERLIN, "cleo", "2026-01-06 00:00", "2026-01-08 00:00"));
    weekly.overrides.push(give(BERLIN, "dora", "2026-01-07 12:00", "2026-01-09 00:00"));
    weekly.away.push(away(BERLIN, "dora", "2026-01-08 12:00", "2026-01-08 18:00"));
    check(
        &weekly,
        "2026-01-05 09:00",
        "2026-01-12 09:00",
        &expect![[r#"
        Mon 2026-01-05 09:00 CET to Tue 2026-01-06 00:00 CET  ana, 15 h
        Tue 2026-01-06 00:00 CET to Wed 2026-01-07 12:00 CET  cleo, 36 h
        Wed 2026-01-07 12:00 CET to Thu 2026-01-08 12:00 CET  dora, 24 h
        Thu 2026-01-08 12:00 CET to Thu 2026-01-08 18:00 CET  ana, 6 h
        Thu 2026-01-08 18:00 CET to Fri 2026-01-09 00:00 CET  dora, 6 h
        Fri 2026-01-09 00:00 CET to Mon 2026-01-12 09:00 CET  ana, 81 h
    "#]],
    );
    let told = weekly.conflicts().into_iter().map(|conflict| match conflict {
        Conflict::Overlap { wins, loses, span } => {
            let (from, to) = (shown(BERLIN, span.from), shown(BERLIN, span.to));
            format!("{} wins over {}, {from} to {to}\n", wins.person, loses.person)
        }
        Conflict::IsAway { left_out, span } => {
            let (from, to) = (shown(BERLIN, span.from), shown(BERLIN, span.to));
            format!("{} is away, {from} to {to}\n", left_out.person)
        }
    });
    expect![[r#"
        dora wins over cleo, Wed 2026-01-07 12:00 CET to Thu 2026-01-08 00:00 CET
        dora is away, Thu 2026-01-08 12:00 CET to Thu 2026-01-08 18:00 CET
    "#]]
    .assert_eq(&told.collect::<String>());
}

#[test]
fn a_cover_takes_the_time_of_one_person() {
    let mut daily = rota(BERLIN, vec![layer(&["ana", "ben"], Every::DAY, "2026-01-05 09:00")]);
    daily.overrides.push(cover(BERLIN, "cleo", "ben", "2026-01-06 12:00", "2026-01-09 00:00"));
    check(
        &daily,
        "2026-01-05 09:00",
        "2026-01-10 09:00",
        &expect![[r#"
        Mon 2026-01-05 09:00 CET to Tue 2026-01-06 09:00 CET  ana, 24 h
        Tue 2026-01-06 09:00 CET to Tue 2026-01-06 12:00 CET  ben, 3 h
        Tue 2026-01-06 12:00 CET to Wed 2026-01-07 09:00 CET  cleo, 21 h
        Wed 2026-01-07 09:00 CET to Thu 2026-01-08 09:00 CET  ana, 24 h
        Thu 2026-01-08 09:00 CET to Fri 2026-01-09 00:00 CET  cleo, 15 h
        Fri 2026-01-09 00:00 CET to Fri 2026-01-09 09:00 CET  ben, 9 h
        Fri 2026-01-09 09:00 CET to Sat 2026-01-10 09:00 CET  ana, 24 h
    "#]],
    );
    // Also where the person is away: otherwise ana would have it.
    daily.away.push(away(BERLIN, "ben", "2026-01-06 12:00", "2026-01-09 00:00"));
    check(
        &daily,
        "2026-01-05 09:00",
        "2026-01-10 09:00",
        &expect![[r#"
        Mon 2026-01-05 09:00 CET to Tue 2026-01-06 09:00 CET  ana, 24 h
        Tue 2026-01-06 09:00 CET to Tue 2026-01-06 12:00 CET  ben, 3 h
        Tue 2026-01-06 12:00 CET to Wed 2026-01-07 09:00 CET  cleo, 21 h
        Wed 2026-01-07 09:00 CET to Thu 2026-01-08 09:00 CET  ana, 24 h
        Thu 2026-01-08 09:00 CET to Fri 2026-01-09 00:00 CET  cleo, 15 h
        Fri 2026-01-09 00:00 CET to Fri 2026-01-09 09:00 CET  ben, 9 h
        Fri 2026-01-09 09:00 CET to Sat 2026-01-10 09:00 CET  ana, 24 h
    "#]],
    );
    // The one who covers is away too: on to the next of the rotation.
    daily.away.push(away(BERLIN, "cleo", "2026-01-06 20:00", "2026-01-06 22:00"));
    check(
        &daily,
        "2026-01-06 09:00",
        "2026-01-07 09:00",
        &expect![[r#"
        Tue 2026-01-06 09:00 CET to Tue 2026-01-06 12:00 CET  ben, 3 h
        Tue 2026-01-06 12:00 CET to Tue 2026-01-06 20:00 CET  cleo, 8 h
        Tue 2026-01-06 20:00 CET to Tue 2026-01-06 22:00 CET  ana, 2 h
        Tue 2026-01-06 22:00 CET to Wed 2026-01-07 09:00 CET  cleo, 11 h
    "#]],
    );
    // Whoever covers for the one who covers.
    daily.overrides.push(cover(BERLIN, "dora", "cleo", "2026-01-07 00:00", "2026-01-07 06:00"));
    check(
        &daily,
        "2026-01-06 09:00",
        "2026-01-07 09:00",
        &expect![[r#"
        Tue 2026-01-06 09:00 CET to Tue 2026-01-06 12:00 CET  ben, 3 h
        Tue 2026-01-06 12:00 CET to Tue 2026-01-06 20:00 CET  cleo, 8 h
        Tue 2026-01-06 20:00 CET to Tue 2026-01-06 22:00 CET  ana, 2 h
        Tue 2026-01-06 22:00 CET to Wed 2026-01-07 00:00 CET  cleo, 2 h
        Wed 2026-01-07 00:00 CET to Wed 2026-01-07 06:00 CET  dora, 6 h
        Wed 2026-01-07 06:00 CET to Wed 2026-01-07 09:00 CET  cleo, 3 h
    "#]],
    );
}

#[test]
fn what_comes_next() {
    let office = Layer {
        only: vec![window(Weekday::Mon, Weekday::Mon, "09:00", "17:00")],
        ..layer(&["ana"], Every::WEEK, "2026-01-05 00:00")
    };
    let rota = rota(BERLIN, vec![office]);
    let at = |text| instant(BERLIN, wall(text));
    let next = |text| {
        rota.next_handover(at(text)).map(|next| (shown(BERLIN, next.at), next.from.is_some(), next.to.is_some()))
    };
    assert_eq!(next("2026-01-05 12:00"), Some(("Mon 2026-01-05 17:00 CET".to_owned(), true, false)));
    assert_eq!(next("2026-01-05 17:00"), Some(("Mon 2026-01-12 09:00 CET".to_owned(), false, true)));
    let gap = rota.first_gap(at("2026-01-05 12:00"), at("2026-01-06 00:00"));
    assert_eq!(gap, Some(span(BERLIN, "2026-01-05 17:00", "2026-01-06 00:00")));
    assert_eq!(rota.first_gap(at("2026-01-05 12:00"), at("2026-01-05 17:00")), None);
    let alone = super::Rota { layers: vec![layer(&["ana"], Every::DAY, "2026-01-05 00:00")], ..rota };
    assert_eq!(alone.next_handover(at("2026-01-05 12:00")), None);
    let nobody = super::Rota { layers: Vec::new(), ..alone };
    assert_eq!((nobody.on_call(at("2026-01-05 12:00")), nobody.next_handover(at("2026-01-05 12:00"))), (None, None));
}

/// Samoa went without 30 December 2011: its hand-overs are all at the moment of the skip.
#[test]
fn a_day_that_does_not_exist() {
    let apia = rota(Tz::Pacific__Apia, vec![layer(&["ana", "ben", "cleo"], Every::DAY, "2011-12-27 09:00")]);
    check(
        &apia,
        "2011-12-28 09:00",
        "2012-01-02 09:00",
        &expect![[r#"
        Wed 2011-12-28 09:00 -10 to Thu 2011-12-29 09:00 -10  ben, 24 h
        Thu 2011-12-29 09:00 -10 to Sat 2011-12-31 00:00 +14  cleo, 15 h
        Sat 2011-12-31 00:00 +14 to Sat 2011-12-31 09:00 +14  ana, 9 h
        Sat 2011-12-31 09:00 +14 to Sun 2012-01-01 09:00 +14  ben, 24 h
        Sun 2012-01-01 09:00 +14 to Mon 2012-01-02 09:00 +14  cleo, 24 h
    "#]],
    );
}

fn people() -> Vec<Participant> {
    let person = |(id, name): (&str, &str)| Participant { id: id.into(), name: name.to_owned(), zone: Tz::UTC };
    [("ana", "Ana"), ("ben", "Ben"), ("ana-l", "Ana Lopez"), ("zoe", "Zoë")].map(person).to_vec()
}

/// A calendar with these events, each a few lines.
fn calendar(events: &[&str]) -> String {
    let event = |event: &&str| format!("BEGIN:VEVENT\r\n{}\r\nEND:VEVENT\r\n", event.replace('\n', "\r\n"));
    let events: String = events.iter().map(event).collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\n{events}END:VCALENDAR\r\n")
}

/// The roster of a calendar, then what was left out of it.
#[track_caller]
fn check_import(events: &[&str], from: &str, to: &str, roster: &Expect, left_out: &Expect) {
    let (imported, complaints) = import::read(&calendar(events), &people(), BERLIN).expect("a calendar");
    check(&Rota { imported: imported.into(), ..rota(BERLIN, Vec::new()) }, from, to, roster);
    left_out.assert_eq(&complaints.iter().map(|complaint| complaint.to_string() + "\n").collect::<String>());
}

#[test]
fn a_calendar_is_a_roster() {
    let events = [
        // Weekly in New York, over the end of its summer time, once moved and once dropped.
        "UID:week\nSUMMARY:On call: Ana\nDTSTART;TZID=America/New_York:20261019T090000\nDTEND;TZID=America/New_York:20261\n 020T090000\nRRULE:FREQ=WEEKLY;COUNT=5\nEXDATE;TZID=America/New_York:20261102T090000",
        "UID:week\nSUMMARY:Ben for Zoe\nRECURRENCE-ID;TZID=America/New_York:20261026T090000\nDTSTART:20261027T090000Z\nDURATION:PT6H",
        // Overlaps: the one that began last has it.
        "UID:short\nSUMMARY:Primary\nATTENDEE;CN=\"Zoë\":mailto:zoe@example.com\nDTSTART:20261019T180000\nDTEND:20261019T200000",
        // A whole day, and one that was called off.
        "UID:day\nSUMMARY:Ana Lopez\nDTSTART;VALUE=DATE:20261025",
        "UID:off\nSUMMARY:Ben\nSTATUS:CANCELLED\nDTSTART;VALUE=DATE:20261020",
    ];
    check_import(
        &events,
        "2026-10-18 00:00",
        "2026-11-18 00:00",
        &expect![[r#"
        Sun 2026-10-18 00:00 CEST to Mon 2026-10-19 15:00 CEST  (nobody), 39 h
        Mon 2026-10-19 15:00 CEST to Mon 2026-10-19 18:00 CEST  ana, 3 h
        Mon 2026-10-19 18:00 CEST to Mon 2026-10-19 20:00 CEST  zoe, 2 h
        Mon 2026-10-19 20:00 CEST to Tue 2026-10-20 15:00 CEST  ana, 19 h
        Tue 2026-10-20 15:00 CEST to Sun 2026-10-25 00:00 CEST  (nobody), 105 h
        Sun 2026-10-25 00:00 CEST to Mon 2026-10-26 00:00 CET  ana-l, 25 h
        Mon 2026-10-26 00:00 CET to Tue 2026-10-27 10:00 CET  (nobody), 34 h
        Tue 2026-10-27 10:00 CET to Tue 2026-10-27 16:00 CET  ben, 6 h
        Tue 2026-10-27 16:00 CET to Mon 2026-11-09 15:00 CET  (nobody), 311 h
        Mon 2026-11-09 15:00 CET to Tue 2026-11-10 15:00 CET  ana, 24 h
        Tue 2026-11-10 15:00 CET to Mon 2026-11-16 15:00 CET  (nobody), 144 h
        Mon 2026-11-16 15:00 CET to Tue 2026-11-17 15:00 CET  ana, 24 h
        Tue 2026-11-17 15:00 CET to Wed 2026-11-18 00:00 CET  (nobody), 9 h
    "#]],
        &expect![[r#""#]],
    );
}

#[test]
fn a_rule_ends_on_its_last_day() {
    let events = [
        "UID:date\nSUMMARY:Ana\nDTSTART;VALUE=DATE:20261024\nRRULE:FREQ=DAILY;UNTIL=20261025",
        "UID:time\nSUMMARY:Ben\nDTSTART;TZID=Europe/Berlin:20261026T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20261027T080000Z",
        "UID:more\nSUMMARY:Zoë\nDTSTART;TZID=Europe/Berlin:20261028T090000\nDURATION:PT1H\nRDATE;TZID=Europe/Berlin:20261029T120000",
    ];
    check_import(
        &events,
        "2026-10-24 00:00",
        "2026-10-30 00:00",
        &expect![[r#"
        Sat 2026-10-24 00:00 CEST to Mon 2026-10-26 00:00 CET  ana, 49 h
        Mon 2026-10-26 00:00 CET to Mon 2026-10-26 09:00 CET  (nobody), 9 h
        Mon 2026-10-26 09:00 CET to Mon 2026-10-26 10:00 CET  ben, 1 h
        Mon 2026-10-26 10:00 CET to Tue 2026-10-27 09:00 CET  (nobody), 23 h
        Tue 2026-10-27 09:00 CET to Tue 2026-10-27 10:00 CET  ben, 1 h
        Tue 2026-10-27 10:00 CET to Wed 2026-10-28 09:00 CET  (nobody), 23 h
        Wed 2026-10-28 09:00 CET to Wed 2026-10-28 10:00 CET  zoe, 1 h
        Wed 2026-10-28 10:00 CET to Thu 2026-10-29 12:00 CET  (nobody), 26 h
        Thu 2026-10-29 12:00 CET to Thu 2026-10-29 13:00 CET  zoe, 1 h
        Thu 2026-10-29 13:00 CET to Fri 2026-10-30 00:00 CET  (nobody), 11 h
    "#]],
        &expect![[r#""#]],
    );
}

#[test]
fn a_bad_event_is_told_and_the_rest_goes_on() {
    let events = [
        "UID:nobody\nSUMMARY:Carl\nDTSTART;VALUE=DATE:20260105",
        "UID:two\nSUMMARY:Ana and Ben\nDTSTART;VALUE=DATE:20260105",
        "UID:never\nSUMMARY:Ana",
        "SUMMARY:Ana\nDTSTART:yesterday",
        "UID:zone\nSUMMARY:Ana\nDTSTART;TZID=W. Europe Standard Time:20260105T090000\nDURATION:PT1H",
        "UID:back\nSUMMARY:Ana\nDTSTART:20260105T090000\nDTEND:20260105T080000",
        "UID:endless\nSUMMARY:Ana\nDTSTART:20260105T090000",
        "UID:long\nSUMMARY:Ana\nDTSTART:20260105T090000\nDURATION:P99999999W",
        "UID:length\nSUMMARY:Ana\nDTSTART:20260105T090000\nDURATION:8 hours",
        "UID:rule\nSUMMARY:Ana\nDTSTART:20260105T090000\nDURATION:PT1H\nRRULE:FREQ=SOMETIMES",
        "UID:until\nSUMMARY:Ana\nDTSTART:20260105T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=never",
        "UID:often\nSUMMARY:Ana\nDTSTART:20260105T090000\nDURATION:PT1H\nRRULE:FREQ=HOURLY",
        "UID:february\nSUMMARY:Ana\nDTSTART:20260105T090000\nDURATION:PT1H\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "UID:range\nSUMMARY:Ana\nDTSTART:20260105T090000\nDURATION:PT1H\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260105T090000",
        "UID:broken\nSUMMARY:Ana\nthis is not a property",
        "UID:good\nSUMMARY:Ben\nDTSTART;VALUE=DATE:20260106",
    ];
    check_import(
        &events,
        "2026-01-05 00:00",
        "2026-01-08 00:00",
        &expect![[r#"
        Mon 2026-01-05 00:00 CET to Tue 2026-01-06 00:00 CET  (nobody), 24 h
        Tue 2026-01-06 00:00 CET to Wed 2026-01-07 00:00 CET  ben, 24 h
        Wed 2026-01-07 00:00 CET to Thu 2026-01-08 00:00 CET  (nobody), 24 h
    "#]],
        &expect![[r#"
        4: event nobody: neither its summary "Carl" nor an attendee names one of the people
        9: event two: its summary "Ana and Ben" names both Ana and Ben
        14: event never: it has no DTSTART, so it never begins
        18: its DTSTART is not a time: "yesterday"
        22: event zone: there is no zone "W. Europe Standard Time": write one like "Europe/Berlin"
        28: event back: it ends before it begins
        34: event endless: it has neither DTEND nor DURATION, so it lasts no time
        39: event long: it lasts longer than ten years
        45: event length: its DURATION is not a length of time: "8 hours"
        51: event rule: its RRULE is not a rule: "FREQ=SOMETIMES"
        58: event until: its UNTIL is not a time: "never"
        65: event often: it repeats more than 20000 times: give its RRULE an end (UNTIL)
        72: event february: its RRULE never happens
        79: event range: it changes all later occurrences (RANGE): end the old event and begin a new one
        86: event broken: it is not written as an event of a calendar
    "#]],
    );
    let cut_off = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Ana";
    let (_, left_out) = import::read(cut_off, &people(), BERLIN).expect("a calendar");
    expect!["2: it has no END:VEVENT"].assert_eq(&left_out.iter().map(ToString::to_string).collect::<String>());
    assert_eq!(import::read("on call: Ana", &people(), BERLIN), None);
}

/// Half a century of weeks is read in no time.
#[test]
fn a_rule_without_an_end_reaches_far() {
    let event = "UID:weekly\nSUMMARY:Ana\nDTSTART;TZID=Europe/Berlin:20260105T090000\nDURATION:PT8H\nRRULE:FREQ=WEEKLY";
    let (imported, left_out) = import::read(&calendar(&[event]), &people(), BERLIN).expect("a calendar");
    let rota = Rota { imported: imported.into(), ..rota(BERLIN, Vec::new()) };
    assert!(left_out.is_empty(), "{left_out:?}");
    let late = instant(BERLIN, wall("2075-01-07 09:00"));
    assert_eq!(
        rota.next_handover(late).map(|next| shown(BERLIN, next.at)).as_deref(),
        Some("Mon 2075-01-07 17:00 CET")
    );
    assert!(rota.next_handover(late + TimeDelta::days(99 * 366)).is_none());
}
