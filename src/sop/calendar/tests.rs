//! The hours of an office through a year, as tables.
#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use std::fmt::Write;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use expect_test::{Expect, expect};

use super::holiday_file::holidays;
use super::{Calendar, HORIZON, Holiday, Hours, Span, Window};

const BERLIN: Tz = Tz::Europe__Berlin;
const WEEKDAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

fn window(days: &[Weekday], from: u16, to: u16) -> Window {
    Window { days: days.to_vec(), from, to }
}

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// Monday to Friday 09:00–12:00 and 13:00–17:30; Christmas Eve from 14:00 and Christmas are off.
fn office(zone: Tz) -> Calendar {
    let windows = [window(&WEEKDAYS, 9 * 60, 12 * 60), window(&WEEKDAYS, 13 * 60, 17 * 60 + 30)];
    let holidays = [
        Holiday { on: date("2026-12-24"), hours: Hours { from: 14 * 60, to: 24 * 60 }, yearly: false },
        Holiday { yearly: true, ..Holiday::whole_day(date("2020-12-25")) },
    ];
    Calendar::new("office", zone, &windows, &holidays)
}

/// "2026-12-24 10:00" on the wall; the first of two where it shows it twice.
fn wall(zone: Tz, text: &str) -> DateTime<Utc> {
    let shown = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a time");
    zone.from_local_datetime(&shown).earliest().expect("the wall shows it").to_utc()
}

fn shown(zone: Tz, at: DateTime<Utc>) -> String {
    at.with_timezone(&zone).format("%a %Y-%m-%d %H:%M %z").to_string()
}

/// Each line: start, target; what is due when.
fn check_due(calendar: &Calendar, lines: &[(&str, i64)], expected: &Expect) {
    let mut table = String::new();
    for (start, minutes) in lines {
        let due = calendar.due(wall(calendar.zone, start), TimeDelta::minutes(*minutes), &[]);
        let due = due.map_or_else(|| "never".to_owned(), |due| shown(calendar.zone, due));
        writeln!(table, "{start} + {minutes:>4} min = {due}").expect("a string takes it");
    }
    expected.assert_eq(&table);
}

fn check_open(calendar: &Calendar, from: &str, to: &str, expected: &Expect) {
    let within = Span { from: wall(calendar.zone, from), to: wall(calendar.zone, to) };
    let mut table = String::new();
    for open in calendar.open(within) {
        let (from, to) = (shown(calendar.zone, open.from), shown(calendar.zone, open.to));
        writeln!(table, "{from} – {to} = {:>4} min", open.length().num_minutes()).expect("a string takes it");
    }
    expected.assert_eq(&table);
}

#[test]
fn an_office_goes_home_in_the_evening_and_for_christmas() {
    check_due(
        &office(BERLIN),
        &[
            ("2026-12-21 09:00", 0),
            ("2026-12-21 09:00", 180),
            ("2026-12-21 09:00", 181),
            ("2026-12-21 07:00", 30),
            ("2026-12-21 17:00", 30),
            ("2026-12-21 17:00", 31),
            ("2026-12-21 17:30", 1),
            ("2026-12-24 13:30", 30),
            ("2026-12-24 13:30", 31),
            ("2027-12-24 17:00", 60),
            ("2026-12-21 09:00", 6_000),
        ],
        &expect![[r#"
            2026-12-21 09:00 +    0 min = Mon 2026-12-21 09:00 +0100
            2026-12-21 09:00 +  180 min = Mon 2026-12-21 12:00 +0100
            2026-12-21 09:00 +  181 min = Mon 2026-12-21 13:01 +0100
            2026-12-21 07:00 +   30 min = Mon 2026-12-21 09:30 +0100
            2026-12-21 17:00 +   30 min = Mon 2026-12-21 17:30 +0100
            2026-12-21 17:00 +   31 min = Tue 2026-12-22 09:01 +0100
            2026-12-21 17:30 +    1 min = Tue 2026-12-22 09:01 +0100
            2026-12-24 13:30 +   30 min = Thu 2026-12-24 14:00 +0100
            2026-12-24 13:30 +   31 min = Mon 2026-12-28 09:01 +0100
            2027-12-24 17:00 +   60 min = Mon 2027-12-27 09:30 +0100
            2026-12-21 09:00 + 6000 min = Fri 2027-01-08 16:00 +0100
        "#]],
    );
}

#[test]
fn the_hour_that_is_skipped_is_nobodys_and_the_one_that_comes_twice_counts_twice() {
    let night = Calendar::new("night", BERLIN, &[window(&[Weekday::Sun], 2 * 60, 3 * 60)], &[]);
    check_open(
        &night,
        "2026-03-22 00:00",
        "2026-04-06 00:00",
        &expect![[r#"
        Sun 2026-03-22 02:00 +0100 – Sun 2026-03-22 03:00 +0100 =   60 min
        Sun 2026-04-05 02:00 +0200 – Sun 2026-04-05 03:00 +0200 =   60 min
    "#]],
    );
    check_open(
        &night,
        "2026-10-18 00:00",
        "2026-11-02 00:00",
        &expect![[r#"
        Sun 2026-10-18 02:00 +0200 – Sun 2026-10-18 03:00 +0200 =   60 min
        Sun 2026-10-25 02:00 +0200 – Sun 2026-10-25 03:00 +0100 =  120 min
        Sun 2026-11-01 02:00 +0100 – Sun 2026-11-01 03:00 +0100 =   60 min
    "#]],
    );
    // A window whose start comes twice: the wall leaves it once in between.
    let night = Calendar::new("night", BERLIN, &[window(&[Weekday::Sun], 2 * 60 + 30, 4 * 60)], &[]);
    check_open(
        &night,
        "2026-10-25 00:00",
        "2026-10-26 00:00",
        &expect![[r#"
        Sun 2026-10-25 02:30 +0200 – Sun 2026-10-25 02:00 +0100 =   30 min
        Sun 2026-10-25 02:30 +0100 – Sun 2026-10-25 04:00 +0100 =   90 min
    "#]],
    );
}

#[test]
fn thirty_minutes_on_lord_howe_and_a_friday_that_apia_never_had() {
    let all = |zone| Calendar::new("nights", zone, &[window(&[Weekday::Sun], 60, 3 * 60)], &[]);
    check_open(
        &all(Tz::Australia__Lord_Howe),
        "2026-04-05 00:00",
        "2026-04-06 00:00",
        &expect![[r#"
        Sun 2026-04-05 01:00 +1100 – Sun 2026-04-05 03:00 +1030 =  150 min
    "#]],
    );
    check_open(
        &all(Tz::Australia__Lord_Howe),
        "2026-10-04 00:00",
        "2026-10-05 00:00",
        &expect![[r#"
        Sun 2026-10-04 01:00 +1030 – Sun 2026-10-04 03:00 +1100 =   90 min
    "#]],
    );
    check_open(
        &office(Tz::Pacific__Apia),
        "2011-12-29 12:00",
        "2012-01-03 00:00",
        &expect![[r#"
        Thu 2011-12-29 13:00 -1000 – Thu 2011-12-29 17:30 -1000 =  270 min
        Mon 2012-01-02 09:00 +1400 – Mon 2012-01-02 12:00 +1400 =  180 min
        Mon 2012-01-02 13:00 +1400 – Mon 2012-01-02 17:30 +1400 =  270 min
    "#]],
    );
}

#[test]
fn a_night_shift_belongs_to_its_evening_and_a_holiday_ends_it_at_midnight() {
    let windows = [window(&[Weekday::Wed, Weekday::Thu], 22 * 60, 6 * 60)];
    let night = Calendar::new("night", BERLIN, &windows, &[Holiday::whole_day(date("2026-05-14"))]);
    check_open(
        &night,
        "2026-05-06 00:00",
        "2026-05-17 00:00",
        &expect![[r#"
        Wed 2026-05-06 22:00 +0200 – Thu 2026-05-07 06:00 +0200 =  480 min
        Thu 2026-05-07 22:00 +0200 – Fri 2026-05-08 06:00 +0200 =  480 min
        Wed 2026-05-13 22:00 +0200 – Thu 2026-05-14 00:00 +0200 =  120 min
        Fri 2026-05-15 00:00 +0200 – Fri 2026-05-15 06:00 +0200 =  360 min
    "#]],
    );
}

#[test]
fn pauses_stop_the_clock() {
    let office = office(BERLIN);
    let pause = |from: &str, to: &str| Span { from: wall(BERLIN, from), to: wall(BERLIN, to) };
    let pauses = [
        pause("2026-06-01 16:00", "2026-06-02 10:00"),
        pause("2026-06-01 10:00", "2026-06-01 11:00"),
        pause("2026-06-01 10:30", "2026-06-01 10:45"),
        pause("2026-06-01 20:00", "2026-06-01 21:00"),
    ];
    let start = wall(BERLIN, "2026-06-01 09:00");
    let mut table = String::new();
    for minutes in [60, 61, 120, 121, 300, 301] {
        let due = office.due(start, TimeDelta::minutes(minutes), &pauses).expect("the office opens");
        let elapsed = office.elapsed(start, due, &pauses).num_minutes();
        writeln!(table, "{minutes:>3} min: {} ({elapsed} elapsed)", shown(BERLIN, due)).expect("a string takes it");
    }
    expect![[r#"
         60 min: Mon 2026-06-01 10:00 +0200 (60 elapsed)
         61 min: Mon 2026-06-01 11:01 +0200 (61 elapsed)
        120 min: Mon 2026-06-01 12:00 +0200 (120 elapsed)
        121 min: Mon 2026-06-01 13:01 +0200 (121 elapsed)
        300 min: Mon 2026-06-01 16:00 +0200 (300 elapsed)
        301 min: Tue 2026-06-02 10:01 +0200 (301 elapsed)
    "#]]
    .assert_eq(&table);
}

#[test]
fn what_never_opens_and_what_never_closes() {
    let never = Calendar::new("never", BERLIN, &[], &[]);
    let start = wall(BERLIN, "2026-06-01 09:00");
    assert!(never.never_opens() && !never.is_open(start));
    assert_eq!((never.next_open(start), never.due(start, TimeDelta::minutes(1), &[])), (None, None));
    let always = Calendar::around_the_clock();
    assert!(always.is_always_open() && always.is_open(start));
    assert_eq!(always.next_open(start), Some(start));
    let year = Span::after(start, TimeDelta::days(365));
    assert_eq!(always.open(year).collect::<Vec<_>>(), [year]);
    assert_eq!(always.due(start, HORIZON + TimeDelta::seconds(1), &[]), None);
    // An end of time that no calendar has.
    assert_eq!(office(BERLIN).next_open(DateTime::<Utc>::MAX_UTC), None);
    assert_eq!(office(BERLIN).elapsed(start, start - TimeDelta::days(1), &[]), TimeDelta::zero());
}

#[test]
fn a_calendar_as_the_log_has_it() {
    let written = serde_json::to_string(&office(BERLIN)).expect("plain fields are JSON");
    expect![[r#"{"id":"office","zone":"Europe/Berlin","week":[[[540,720],[780,1050]],[[540,720],[780,1050]],[[540,720],[780,1050]],[[540,720],[780,1050]],[[540,720],[780,1050]],[],[]],"closed":{"2026-12-24":[[840,1440]]},"closed_yearly":[["2020-12-25",[0,1440]]]}"#]].assert_eq(&written);
}

/// One event of each kind that is read.
pub(super) const FILE: &str = "\u{feff}BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Harbor//Holidays//EN\r
BEGIN:VTIMEZONE\r
TZID:Europe/Berlin\r
BEGIN:STANDARD\r
DTSTART:19701025T030000\r
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r
TZOFFSETFROM:+0200\r
TZOFFSETTO:+0100\r
END:STANDARD\r
END:VTIMEZONE\r
BEGIN:VEVENT\r
SUMMARY:Good Friday\r
DTSTART;VALUE=DATE:20260403\r
END:VEVENT\r
BEGIN:VEVENT\r
SUMMARY:Company\r
  retreat\r
DTSTART;VALUE=DATE:20260615\r
DTEND;VALUE=DATE:20260617\r
TRANSP:TRANSPARENT\r
END:VEVENT\r
BEGIN:VEVENT\r
SUMMARY:New Year's Eve\r
DTSTART;TZID=Europe/Berlin:20261231T140000\r
DTEND;TZID=Europe/Berlin:20270101T000000\r
RRULE:FREQ=YEARLY;INTERVAL=1\r
BEGIN:VALARM\r
ACTION:DISPLAY\r
TRIGGER:-PT15M\r
END:VALARM\r
END:VEVENT\r
BEGIN:VEVENT\r
SUMMARY:Move of the server room\r
DTSTART:20260701T203030Z\r
DURATION:PT4H\r
END:VEVENT\r
BEGIN:VEVENT\r
SUMMARY:All hands\r
DTSTART;TZID=America/New_York:20260310T090000\r
DTEND;TZID=America/New_York:20260310T101510\r
END:VEVENT\r
BEGIN:VEVENT\r
SUMMARY:Floating\r
DTSTART:20260505T120000\r
DTEND:20260505T130000\r
END:VEVENT\r
BEGIN:VEVENT\r
SUMMARY:Called off\r
STATUS:CANCELLED\r
DTSTART;VALUE=DATE:20260909\r
END:VEVENT\r
END:VCALENDAR\r
";

#[test]
fn holidays_of_a_file() {
    let mut table = String::new();
    for Holiday { on, hours, yearly } in holidays(FILE, BERLIN).expect("every event is read") {
        let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let yearly = if yearly { " every year" } else { "" };
        writeln!(table, "{on} {}–{}{yearly}", time(hours.from), time(hours.to)).expect("a string takes it");
    }
    expect![[r#"
        2026-03-10 14:00–15:16
        2026-04-03 00:00–24:00
        2026-05-05 12:00–13:00
        2026-06-15 00:00–24:00
        2026-06-16 00:00–24:00
        2026-07-01 22:30–24:00
        2026-07-02 00:00–02:31
        2026-12-31 14:00–24:00 every year
    "#]]
    .assert_eq(&table);
}

#[test]
fn what_a_file_may_not_say() {
    let event = |lines: &str| {
        format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Founders' day\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n")
    };
    let files = [
        "on,from,to\n2026-12-24,,\n".to_owned(),
        String::new(),
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n".to_owned(),
        "BEGIN:VEVENT\nDTSTART:20260101\nEND:VEVENT\n".to_owned(),
        "BEGIN:A\n".repeat(100_000),
        "BEGIN:VCALENDAR\nEND:VCALENDAR\n".to_owned(),
        event("DTEND:20260101"),
        event("DTSTART:20260230"),
        event("DTSTART:2026-01-01"),
        event("DTSTART:20260101T100000"),
        event("DTSTART:20260101T100000\nDTEND:20260101T090000"),
        event("DTSTART:20260101T100000\nDURATION:1h"),
        event("DTSTART:20260101\nDTEND:20280101"),
        event("DTSTART;TZID=Central Standard Time:20260101T100000\nDURATION:PT1H"),
        event("DTSTART:20260101\nRRULE:FREQ=WEEKLY;COUNT=3"),
        event("DTSTART:20260101\nRRULE:FREQ=YEARLY;UNTIL=20300101"),
        event("DTSTART:20261126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"),
        event("DTSTART:20260101\nRDATE:20260102"),
        event("DTSTART:20260101\nRECURRENCE-ID:20260102"),
    ];
    let mut table = String::new();
    for file in files {
        let why = holidays(&file, BERLIN).expect_err("it cannot be read");
        writeln!(table, "{why}").expect("a string takes it");
    }
    expect![[r#"
        this is not an iCalendar file, or it is damaged
        this is not an iCalendar file, or it is damaged
        this is not an iCalendar file, or it is damaged
        this is not an iCalendar file, or it is damaged
        this is not an iCalendar file, or it is damaged
        there is no event in it
        the event "Founders' day" has no start
        the event "Founders' day" has a time that is not read: 20260230
        the event "Founders' day" has a time that is not read: 2026-01-01
        the event "Founders' day" takes no time: its end is not after its start
        the event "Founders' day" takes no time: its end is not after its start
        the event "Founders' day" has a duration that is not read: 1h
        the event "Founders' day" lasts longer than a year
        the event "Founders' day" is in the zone "Central Standard Time", which IANA does not know
        the event "Founders' day" repeats in a way that is not read (FREQ=WEEKLY;COUNT=3): only "every year on the same day" is; list its dates as events of their own
        the event "Founders' day" repeats in a way that is not read (FREQ=YEARLY;UNTIL=20300101): only "every year on the same day" is; list its dates as events of their own
        the event "Founders' day" repeats in a way that is not read (FREQ=YEARLY;BYMONTH=11;BYDAY=4TH): only "every year on the same day" is; list its dates as events of their own
        the event "Founders' day" has RDATE, which is not read: list its dates as events of their own
        the event "Founders' day" has RECURRENCE-ID, which is not read: list its dates as events of their own
    "#]].assert_eq(&table);
}

/// RFC 5545, section 3.3.5: its own examples, on a wall in UTC.
#[test]
fn times_that_a_wall_shows_twice_or_never() {
    let event = |start: &str| {
        let start = format!("DTSTART;TZID=America/New_York:{start}\nDURATION:PT1H");
        format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{start}\nEND:VEVENT\nEND:VCALENDAR\n")
    };
    let mut table = String::new();
    for start in ["20071104T013000", "20070311T023000"] {
        let [holiday] = holidays(&event(start), Tz::UTC).expect("it is read")[..] else { panic!("one date") };
        let Holiday { on, hours, .. } = holiday;
        writeln!(table, "{start} New York = {on} {:02}:{:02} UTC", hours.from / 60, hours.from % 60).expect("a string");
    }
    expect![[r#"
        20071104T013000 New York = 2007-11-04 05:30 UTC
        20070311T023000 New York = 2007-03-11 07:30 UTC
    "#]]
    .assert_eq(&table);
}
