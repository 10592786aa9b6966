//! The arithmetic against somebody who stands before the clock on the wall and counts minutes.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, TimeZone, Timelike, Utc, Weekday};
use chrono_tz::Tz;
use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;

use super::{Calendar, Holiday, Hours, MINUTES_OF_A_DAY, Span, Window};

/// Days on which something happens to the clock or to the date, and what.
const DAYS: [(Tz, (i32, u32, u32)); 15] = [
    (Tz::Europe__Berlin, (2026, 3, 29)),       // 02:00 → 03:00
    (Tz::Europe__Berlin, (2026, 10, 25)),      // 03:00 → 02:00
    (Tz::Europe__Berlin, (2026, 12, 31)),      // the end of a year
    (Tz::America__New_York, (2026, 3, 8)),     // 02:00 → 03:00
    (Tz::America__New_York, (2026, 11, 1)),    // 02:00 → 01:00
    (Tz::America__New_York, (2028, 2, 29)),    // a leap day
    (Tz::America__Sao_Paulo, (2018, 11, 4)),   // 00:00 → 01:00: no midnight
    (Tz::America__Sao_Paulo, (2018, 2, 18)),   // 00:00 → 23:00 of the day before
    (Tz::Australia__Lord_Howe, (2026, 4, 5)),  // 02:00 → 01:30
    (Tz::Australia__Lord_Howe, (2026, 10, 4)), // 02:00 → 02:30
    (Tz::Asia__Kolkata, (2026, 12, 31)),       // never, and half an hour off
    (Tz::Pacific__Apia, (2011, 12, 30)),       // a date that never was
    (Tz::Pacific__Apia, (2012, 4, 1)),         // 04:00 → 03:00
    (Tz::America__St_Johns, (2006, 10, 29)),   // 00:01 → 23:01 of the day before
    (Tz::UTC, (2026, 6, 15)),
];

/// A calendar as it was written down, and as it counts.
#[derive(Clone, Debug)]
struct Case {
    zone: Tz,
    windows: Vec<Window>,
    holidays: Vec<Holiday>,
    calendar: Calendar,
    start: DateTime<Utc>,
    /// Minutes.
    length: i64,
    pauses: Vec<Span>,
}

impl Case {
    /// What the definition says of the minute that begins at `at`.
    fn counts(&self, at: DateTime<Utc>) -> bool {
        self.is_open(at) && !self.pauses.iter().any(|pause| pause.from <= at && at < pause.to)
    }

    fn is_open(&self, at: DateTime<Utc>) -> bool {
        let wall = at.with_timezone(&self.zone).naive_local();
        let minute = u16::try_from(wall.hour() * 60 + wall.minute()).expect("a day has 1440 minutes");
        let (today, yesterday) = (wall.weekday(), wall.weekday().pred());
        let in_window = self.windows.iter().any(|window| {
            let until = if window.from < window.to { window.to } else { MINUTES_OF_A_DAY };
            let from_today = window.days.contains(&today) && window.from <= minute && minute < until;
            let from_yesterday = window.days.contains(&yesterday) && window.to <= window.from && minute < window.to;
            from_today || from_yesterday
        });
        let is_closed = self.holidays.iter().any(|holiday| {
            let same_day = (holiday.on.month(), holiday.on.day()) == (wall.month(), wall.day());
            let on = if holiday.yearly { same_day && holiday.on <= wall.date() } else { holiday.on == wall.date() };
            on && (holiday.hours.from..holiday.hours.to).contains(&minute)
        });
        in_window && !is_closed
    }

    fn minutes(&self) -> impl Iterator<Item = DateTime<Utc>> {
        (0..self.length).map(|minute| self.start + TimeDelta::minutes(minute))
    }

    fn end(&self) -> DateTime<Utc> {
        self.start + TimeDelta::minutes(self.length)
    }
}

fn windows() -> impl Strategy<Value = Vec<Window>> {
    let days = prop::collection::vec((0_u8..7).prop_map(|day| Weekday::try_from(day).expect("a day")), 1..7);
    // The hours around midnight and around the changes of clocks more often than the rest.
    let minute = || prop_oneof![0_u16..240, (0_u16..96).prop_map(|quarter| quarter * 15), 1_380_u16..=1_440];
    let window = (days, minute(), minute()).prop_filter_map("open for no time", |(days, from, to)| {
        (from != to && from < MINUTES_OF_A_DAY).then_some(Window { days, from, to })
    });
    let all_week = Weekday::Mon.num_days_from_monday()..7;
    let all_week: Vec<Weekday> = all_week.filter_map(|day| Weekday::try_from(u8::try_from(day).ok()?).ok()).collect();
    let always = Window { days: all_week, from: 0, to: MINUTES_OF_A_DAY };
    prop_oneof![
        9 => prop::collection::vec(window, 1..5),
        1 => proptest::strategy::Just(vec![always]),
    ]
}

fn holidays(about: NaiveDate) -> impl Strategy<Value = Vec<Holiday>> {
    let hours = prop_oneof![
        proptest::strategy::Just(Hours::WHOLE_DAY),
        (0_u16..1_440, 1_u16..=1_440).prop_map(|(from, length)| Hours { from, to: (from + length).min(1_440) }),
    ];
    let holiday = (-3_i64..5, hours, any::<bool>(), 0_i32..3).prop_map(move |(day, hours, yearly, years)| {
        let on = about + TimeDelta::days(day);
        let earlier = if yearly { on.with_year(on.year() - years) } else { None };
        Holiday { on: earlier.unwrap_or(on), hours, yearly }
    });
    prop::collection::vec(holiday, 0..4)
}

fn case() -> impl Strategy<Value = Case> {
    let spans = prop::collection::vec((-500_i64..6_000, -10_i64..2_000), 0..4);
    select(DAYS.as_slice()).prop_flat_map(move |(zone, (year, month, day))| {
        let about = NaiveDate::from_ymd_opt(year, month, day).expect("a date");
        let midnight = about.and_hms_opt(0, 0, 0).expect("a time").and_utc();
        (windows(), holidays(about), -3_000_i64..1_500, 1_i64..6_000, spans.clone()).prop_map(
            move |(windows, holidays, offset, length, pauses)| {
                let start = midnight + TimeDelta::minutes(offset);
                let at = |minute: i64| start + TimeDelta::minutes(minute);
                let pauses = pauses.iter().map(|(from, length)| Span { from: at(*from), to: at(from + length) });
                let calendar = Calendar::new("office", zone, &windows, &holidays);
                Case { zone, windows, holidays, calendar, start, length, pauses: pauses.collect() }
            },
        )
    })
}

fn seconds(seconds: i64) -> TimeDelta {
    TimeDelta::seconds(seconds)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn elapsed_is_the_number_of_minutes_that_count(case in case()) {
        let counted = case.minutes().filter(|at| case.counts(*at)).count();
        let elapsed = case.calendar.elapsed(case.start, case.end(), &case.pauses);
        prop_assert_eq!(elapsed.num_seconds(), i64::try_from(counted).expect("few minutes") * 60);
    }

    #[test]
    fn open_spans_hold_the_open_minutes_in_order_and_apart(case in case()) {
        let within = Span { from: case.start, to: case.end() };
        let open: Vec<Span> = case.calendar.open(within).collect();
        prop_assert!(open.iter().all(|span| !span.is_empty() && span.from >= within.from && span.to <= within.to));
        prop_assert!(open.windows(2).all(|pair| pair[0].to < pair[1].from));
        for at in case.minutes() {
            prop_assert_eq!(open.iter().any(|span| span.from <= at && at < span.to), case.is_open(at), "{}", at);
            prop_assert_eq!(case.calendar.is_open(at), case.is_open(at), "{}", at);
        }
    }

    #[test]
    fn due_is_the_first_minute_by_which_enough_have_counted(case in case(), target in 1_i64..4_000) {
        let mut counted = 0;
        let reached = case.minutes().find_map(|at| {
            counted += i64::from(case.counts(at));
            (counted == target).then(|| at + TimeDelta::minutes(1))
        });
        let due = case.calendar.due(case.start, TimeDelta::minutes(target), &case.pauses);
        match reached {
            Some(reached) => prop_assert_eq!(due, Some(reached)),
            None => prop_assert!(due.is_none_or(|due| due > case.end())),
        }
    }

    /// Also for what is shorter than a minute, and starts within one.
    #[test]
    fn due_is_the_inverse_of_elapsed(case in case(), late in 0_i64..86_400, target in 1_i64..400_000) {
        let start = case.start + seconds(late) + TimeDelta::milliseconds(late % 1_000);
        let (calendar, target) = (&case.calendar, seconds(target));
        if let Some(due) = calendar.due(start, target, &case.pauses) {
            prop_assert_eq!(calendar.elapsed(start, due, &case.pauses), target);
            let just_before = due - TimeDelta::milliseconds(1);
            prop_assert_eq!(calendar.elapsed(start, just_before, &case.pauses), target - TimeDelta::milliseconds(1));
        }
    }

    #[test]
    fn more_time_is_never_due_earlier_and_later_never_counts_less(case in case(), one in 0_i64..9_000, other in 0_i64..9_000) {
        let (less, more) = (one.min(other), one.max(other));
        let at = |minute: i64| case.start + TimeDelta::minutes(minute);
        let elapsed = |minute: i64| case.calendar.elapsed(case.start, at(minute), &case.pauses);
        prop_assert!(elapsed(less) <= elapsed(more));
        prop_assert!(elapsed(more) - elapsed(less) <= TimeDelta::minutes(more - less));
        let due = |minutes: i64| case.calendar.due(case.start, TimeDelta::minutes(minutes), &case.pauses);
        match (due(less), due(more)) {
            (Some(sooner), Some(later)) => prop_assert!(sooner <= later),
            (sooner, later) => prop_assert!(later.is_none(), "{:?} {:?}", sooner, later),
        }
    }

    #[test]
    fn the_next_opening_is_open_and_nothing_before_it_is(case in case()) {
        let Some(next) = case.calendar.next_open(case.start) else {
            prop_assert!(!case.minutes().any(|at| case.is_open(at)));
            return Ok(());
        };
        prop_assert!(case.calendar.is_open(next));
        prop_assert!(next >= case.start);
        prop_assert!(!case.minutes().take_while(|at| *at < next).any(|at| case.is_open(at)));
    }

    #[test]
    fn what_is_written_down_is_read_back(case in case()) {
        let written = serde_json::to_string(&case.calendar).expect("plain fields are JSON");
        prop_assert_eq!(serde_json::from_str::<Calendar>(&written).expect("what was written"), case.calendar);
    }

    /// Whatever the file, it is read or refused.
    #[test]
    fn a_damaged_file_is_refused_or_read(
        at in 0..super::tests::FILE.len(), gone in 0..40_usize, put in "(BEGIN:|END:|DT|[;:\r\n é💥0-9TZ=,\"]){0,6}"
    ) {
        let file = super::tests::FILE;
        let (start, end) = (file.floor_char_boundary(at), file.ceil_char_boundary((at + gone).min(file.len())));
        let damaged = format!("{}{put}{}", &file[..start], &file[end..]);
        if let Ok(holidays) = super::holiday_file::holidays(&damaged, Tz::Europe__Berlin) {
            prop_assert!(holidays.iter().all(|holiday| !holiday.hours.is_empty() && holiday.hours.to <= MINUTES_OF_A_DAY));
        }
    }
}

/// Two years, day by day, against the sum of what the wall shows; no zone may lose a minute on the way.
#[test]
fn two_years_of_every_zone() {
    let windows = [Window { days: vec![Weekday::Sun, Weekday::Wed], from: 23 * 60, to: 4 * 60 }];
    let start = Utc.with_ymd_and_hms(2025, 1, 1, 0, 0, 0).single().expect("an instant");
    for zone in chrono_tz::TZ_VARIANTS.iter().filter(|zone| zone.name().contains('/')).step_by(40) {
        let (windows, holidays) = (windows.to_vec(), Vec::new());
        let calendar = Calendar::new("night", *zone, &windows, &holidays);
        let case = Case { zone: *zone, windows, holidays, calendar, start, length: 730 * 1_440, pauses: Vec::new() };
        let counted = case.minutes().filter(|at| case.counts(*at)).count();
        let elapsed = case.calendar.elapsed(start, case.end(), &[]).num_minutes();
        assert_eq!(elapsed, i64::try_from(counted).expect("few minutes"), "{zone}");
    }
}
