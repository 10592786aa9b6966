//! What holds for any rota, against an oracle that looks at every wall clock time by itself.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::import::Imported;
use super::{Away, Every, Layer, Override, Rota, Rotation, Span, Window, instant};
use crate::sop::message::PersonId;

const ZONES: [Tz; 3] = [Tz::Europe__Berlin, Tz::America__New_York, Tz::Australia__Lord_Howe];

/// Days around which the clocks change in one of the zones, around a year's end and a leap day.
const DAYS: [(i32, u32, u32); 8] = [
    (2026, 3, 8),
    (2026, 3, 29),
    (2026, 4, 5),
    (2026, 10, 4),
    (2026, 10, 25),
    (2026, 11, 1),
    (2026, 12, 31),
    (2028, 2, 29),
];

/// What is looked at: this many days from two days before one of [`DAYS`].
const LOOKED_AT_DAYS: u64 = 5;

fn person() -> impl Strategy<Value = PersonId> {
    prop::sample::select(vec!["ana", "ben", "cleo", "dora"]).prop_map(PersonId::from)
}

fn time() -> impl Strategy<Value = NaiveTime> {
    (0..24_u32, prop::sample::select(vec![0, 15, 30]))
        .prop_map(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0).expect("a time of day"))
}

fn weekday() -> impl Strategy<Value = Weekday> {
    (0..7_u8).prop_map(|day| Weekday::try_from(day).expect("a day of the week"))
}

fn window() -> impl Strategy<Value = Window> {
    (weekday(), weekday(), time(), time()).prop_map(|(first, last, from, to)| Window { first, last, from, to })
}

fn layer(day: NaiveDate) -> impl Strategy<Value = Layer> {
    let every = prop_oneof![
        prop::sample::select(vec![1, 2, 3, 8, 12, 36, 24, 48, 24 * 7, 24 * 10]).prop_map(Every::Hours),
        (1..3_u32).prop_map(Every::Months),
    ];
    let people = prop::collection::vec(person(), 1..4);
    let only = prop::collection::vec(window(), 0..3);
    (people, every, 0..80_u64, time(), only).prop_map(move |(people, every, before, time, only)| {
        let start = (day + Days::new(3) - Days::new(before)).and_time(time);
        Layer { rotation: Rotation { people, every, start }, only }
    })
}

/// Quarters of an hour from the beginning of what is looked at.
fn span(start: DateTime<Utc>) -> impl Strategy<Value = Span> {
    (0..450_i64, 1..200_i64).prop_map(move |(from, length)| {
        let from = start + TimeDelta::minutes(15 * from);
        Span { from, to: from + TimeDelta::minutes(15 * length) }
    })
}

/// A rota, and the span to look at.
pub(crate) fn rota() -> impl Strategy<Value = (Rota, Span)> {
    let setting = (prop::sample::select(ZONES.to_vec()), prop::sample::select(DAYS.to_vec()));
    setting.prop_flat_map(|(zone, (year, month, day))| {
        let day = NaiveDate::from_ymd_opt(year, month, day).expect("a date") - Days::new(2);
        let from = instant(zone, day.and_time(NaiveTime::MIN));
        let looked_at = Span { from, to: instant(zone, (day + Days::new(LOOKED_AT_DAYS)).and_time(NaiveTime::MIN)) };
        let overrides = (person(), span(from), prop::option::of(person()))
            .prop_map(|(person, span, covers)| Override { person, span, covers });
        let parts = (
            prop::collection::vec(layer(day), 0..4),
            prop::collection::vec((span(from), person()), 0..4),
            prop::collection::vec(overrides, 0..4),
            prop::collection::vec((person(), span(from)).prop_map(|(person, span)| Away { person, span }), 0..4),
        );
        parts.prop_map(move |(layers, imported, overrides, away)| {
            let (id, team, imported) = ("duty".to_owned(), "duty".into(), Imported::new(imported));
            (Rota { id, team, zone, layers, imported: imported.into(), overrides, away }, looked_at)
        })
    })
}

/// The moment at which the clocks first show `wall` or later: quarter of an hour by quarter of an hour.
fn first_shown(zone: Tz, wall: NaiveDateTime) -> DateTime<Utc> {
    let offset = wall.and_utc().with_timezone(&zone).naive_local() - wall;
    let mut at = wall.and_utc() - offset - TimeDelta::hours(3);
    while at.with_timezone(&zone).naive_local() < wall {
        at += TimeDelta::minutes(15);
    }
    at
}

/// Whose turn it is: every hand-over from the first one on, by the calendar alone.
fn turn(rotation: &Rotation, zone: Tz, at: DateTime<Utc>) -> Option<usize> {
    let begins = |turn: u32| match rotation.every {
        Every::Hours(hours) => rotation.start + TimeDelta::hours(i64::from(hours * turn)),
        Every::Months(months) => rotation.start + Months::new(months * turn),
    };
    // Only near `at` does it matter what the clocks do.
    let has_begun = |turn: &u32| {
        let (wall, shown) = (begins(*turn), at.with_timezone(&zone).naive_local());
        if (wall - shown).abs() > TimeDelta::hours(3) { wall < shown } else { first_shown(zone, wall) <= at }
    };
    // Ten weeks of hours, and some.
    (0..3000).take_while(has_begun).last().map(|turn| turn as usize)
}

fn is_open(window: &Window, zone: Tz, at: DateTime<Utc>) -> bool {
    let today = at.with_timezone(&zone).date_naive();
    [today.pred_opt().expect("a day before"), today].into_iter().any(|date| {
        let mut days = std::iter::successors(Some(window.first), |day| (*day != window.last).then(|| day.succ()));
        let end = if window.to > window.from { date } else { date + Days::new(1) };
        let (from, to) = (date.and_time(window.from), end.and_time(window.to));
        days.any(|day| day == date.weekday()) && first_shown(zone, from) <= at && at < first_shown(zone, to)
    })
}

/// Who is on call at one moment, from the rules as they are told to people.
fn oracle(rota: &Rota, imported: &[(Span, PersonId)], at: DateTime<Utc>) -> Option<PersonId> {
    let is_away = |person: &PersonId| rota.away.iter().any(|away| away.person == *person && away.span.holds(at));
    let changes: Vec<&Override> =
        rota.overrides.iter().filter(|change| change.span.holds(at) && !is_away(&change.person)).collect();
    let mut order: Vec<PersonId> = imported.iter().filter(|(span, _)| span.holds(at)).map(|it| it.1.clone()).collect();
    order.reverse();
    for layer in rota.layers.iter().rev() {
        let is_active = layer.only.is_empty() || layer.only.iter().any(|window| is_open(window, rota.zone, at));
        if let Some(turn) = turn(&layer.rotation, rota.zone, at).filter(|_| is_active) {
            let people = &layer.rotation.people;
            order.extend((0..people.len()).map(|next| people[(turn + next) % people.len()].clone()));
        }
    }
    let has_cover = |person: &PersonId| changes.iter().any(|change| change.covers.as_ref() == Some(person));
    let mut on_call = order.into_iter().find(|person| !is_away(person) || has_cover(person));
    for change in changes {
        if change.covers.is_none() || change.covers == on_call {
            on_call = Some(change.person.clone());
        }
    }
    on_call
}

/// A line that a calendar might hold.
const LINE: &str = "(BEGIN|END):VEVENT|DTSTART(;TZID=[A-Z/]{0,9})?:[0-9TZ]{0,17}|RRULE:[A-Z=;0-9]{0,30}|\\PC{0,30}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Shifts follow each other without hole or overlap, and differ from their neighbours.
    #[test]
    fn shifts_tile_the_span((rota, span) in rota()) {
        let shifts: Vec<_> = rota.shifts(span.from, span.to).collect();
        prop_assert_eq!(shifts.first().map(|shift| shift.span.from), Some(span.from));
        prop_assert_eq!(shifts.last().map(|shift| shift.span.to), Some(span.to));
        for pair in shifts.windows(2) {
            prop_assert_eq!(pair[0].span.to, pair[1].span.from);
            prop_assert_ne!(pair[0].person, pair[1].person);
        }
        prop_assert!(shifts.iter().all(|shift| shift.span.from < shift.span.to));
        let gap = shifts.iter().find(|shift| shift.person.is_none()).map(|shift| shift.span);
        prop_assert_eq!(rota.first_gap(span.from, span.to), gap);
        prop_assert_eq!(rota.shifts(span.to, span.from).count(), 0);
    }

    /// Every quarter of an hour, and the moments around each hand-over: the roster, the answer and the oracle agree.
    #[test]
    fn every_moment_agrees_with_the_oracle((rota, span) in rota(), offset in 0..15_i64) {
        let imported: Vec<(Span, PersonId)> = rota.imported.shifts().to_vec();
        for shift in rota.shifts(span.from, span.to) {
            let quarters = (0..).map(|step| shift.span.from + TimeDelta::minutes(15 * step + offset));
            let inside = quarters.take_while(|at| *at < shift.span.to);
            for at in inside.chain([shift.span.from, shift.span.to - TimeDelta::minutes(1)]) {
                prop_assert_eq!(rota.on_call(at), shift.person, "on_call at {}", at.with_timezone(&rota.zone));
                let expected = oracle(&rota, &imported, at);
                prop_assert_eq!(shift.person, expected.as_ref(), "oracle at {}", at.with_timezone(&rota.zone));
            }
        }
    }

    /// The newest override has its time, a cover takes exactly the time of the one it covers, nobody away is on call.
    #[test]
    fn overrides_covers_and_absences_are_obeyed((rota, span) in rota(), newest in person(), covered in person()) {
        let part = Span { from: span.from + TimeDelta::hours(7), to: span.to - TimeDelta::hours(30) };
        let mut changed = rota.clone();
        changed.overrides.push(Override { person: newest.clone(), span: part, covers: None });
        let mut covering = rota.clone();
        covering.away.clear();
        let uncovered = covering.clone();
        covering.overrides.push(Override { person: newest.clone(), span: part, covers: Some(covered.clone()) });
        let mut at = span.from;
        while at < span.to {
            let is_away = |person: &PersonId| rota.away.iter().any(|it| it.person == *person && it.span.holds(at));
            prop_assert!(!rota.on_call(at).is_some_and(is_away), "{at}");
            let wins = part.holds(at) && !is_away(&newest);
            prop_assert_eq!(changed.on_call(at), if wins { Some(&newest) } else { rota.on_call(at) });
            let before = uncovered.on_call(at);
            let takes = part.holds(at) && before == Some(&covered);
            prop_assert_eq!(covering.on_call(at), if takes { Some(&newest) } else { before });
            at += TimeDelta::minutes(45);
        }
    }

    /// The next hand-over is where the person first changes.
    #[test]
    fn the_next_hand_over_ends_the_shift((rota, span) in rota()) {
        let mut shifts = rota.shifts(span.from, span.to);
        let (first, second) = (shifts.next(), shifts.next());
        if let (Some(first), Some(second)) = (first, second) {
            let next = rota.next_handover(span.from).map(|next| (next.at, next.from, next.to));
            prop_assert_eq!(next, Some((second.span.from, first.person, second.person)));
        }
    }

    /// A wall clock time is the first moment that shows it or a later one; a later one is never an earlier moment.
    #[test]
    fn wall_clocks_are_in_order(zone in prop::sample::select(ZONES.to_vec()), half in 0..35_000_i64, more in 0..200_i64) {
        let start = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a date").and_time(NaiveTime::MIN);
        let wall = start + TimeDelta::minutes(30 * half);
        prop_assert_eq!(instant(zone, wall), first_shown(zone, wall));
        prop_assert!(instant(zone, wall) <= instant(zone, wall + TimeDelta::minutes(more)));
    }

    /// Whatever stands in a file, reading it ends.
    #[test]
    fn any_text_is_read(lines in prop::collection::vec(LINE, 0..20)) {
        let text = format!("BEGIN:VCALENDAR\n{}", lines.join("\n"));
        prop_assert!(super::import::read(&text, &[], Tz::UTC).is_some());
    }
}
