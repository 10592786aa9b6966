//! `bellhop oncall`: who is on call, until when, who is next, when nobody is.

use anyhow::{Result, ensure};
use expect_test::{Expect, expect};

use crate::desk;
use crate::program::bellhop;

/// Two more rotas: one that is a gap at night, one from a calendar.
const MORE: &str = r#"
[[rotas]]
team = "tier-2"
id = "backup"
zone = "America/New_York"
layers = [{ people = ["Tess"], every = "daily", handover = "00:00", from = "2026-01-01", only = ["mon-fri 09:00-17:00"] }]

[[rotas]]
team = "legal"
zone = "Europe/Berlin"
file = "legal.ics"
"#;

const CALENDAR: &str = "BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1@example
SUMMARY:Legal: Sam
DTSTART;TZID=Europe/Berlin:20261001T090000
DTEND;TZID=Europe/Berlin:20261101T090000
END:VEVENT
BEGIN:VEVENT
UID:2@example
SUMMARY:Carl
DTSTART;VALUE=DATE:20261101
END:VEVENT
END:VCALENDAR
";

async fn check(arguments: &[&str], expected: Expect) -> Result<()> {
    let folder = desk(&[("# file = \"tier-2.ics\"\n", MORE)])?;
    std::fs::write(folder.path().join("legal.ics"), CALENDAR)?;
    let arguments: Vec<&str> = ["oncall"].iter().chain(arguments).copied().collect();
    expected.assert_eq(&bellhop(folder.path(), &arguments, b"").await?.to_string());
    Ok(())
}

#[tokio::test]
async fn people_get_a_table_and_the_gaps() -> Result<()> {
    check(&["--at", "2026-10-23 12:00", "--days", "4"], expect![[r#"
        exit 0
        --- out
        team         rota    on call   until                      next
        tier-2       tier-2  Sofia     Sat 2026-10-24 10:00 CEST  Tess
        tier-2       backup  Tess      Fri 2026-10-23 17:00 EDT   nobody
        legal        legal   Sam       Sun 2026-11-01 09:00 CET   nobody
        tier-1       none    everyone
        team-leads   none    everyone
        managers     none    everyone
        engineering  none    everyone
        security     none    everyone

        Nobody is on call in the next 4 days at these times:
          backup: Fri 2026-10-23 17:00 EDT to Mon 2026-10-26 09:00 EDT, 64h 00m
          backup: Mon 2026-10-26 17:00 EDT to Tue 2026-10-27 09:00 EDT, 16h 00m
        --- err
        warning: legal.ics:8: event 2@example: neither its summary "Carl" nor an attendee names one of the people, left out
    "#]]).await
}

#[tokio::test]
async fn nobody_on_call_is_a_no() -> Result<()> {
    check(&["--at", "2026-11-01T12:00:00Z", "--days", "1"], expect![[r#"
        exit 1
        --- out
        team         rota    on call   until                     next
        tier-2       tier-2  Tess      Sun 2026-11-01 16:00 CET  Sam
        tier-2       backup  nobody    Mon 2026-11-02 09:00 EST  Tess
        legal        legal   nobody    no end
        tier-1       none    everyone
        team-leads   none    everyone
        managers     none    everyone
        engineering  none    everyone
        security     none    everyone

        Nobody is on call in the next day at these times:
          backup: Sun 2026-11-01 07:00 EST to Mon 2026-11-02 07:00 EST, 24h 00m
          legal: Sun 2026-11-01 13:00 CET to Mon 2026-11-02 13:00 CET, 24h 00m
        --- err
        warning: legal.ics:8: event 2@example: neither its summary "Carl" nor an attendee names one of the people, left out
    "#]]).await
}

#[tokio::test]
async fn machines_get_one_object_a_rota() -> Result<()> {
    check(&["--json", "--at", "2026-10-23 16:00", "--days", "2"], expect![[r#"
        exit 0
        --- out
        {"team":"tier-2","rota":"tier-2","at":"2026-10-23T14:00:00Z","on_call":{"id":"4009","name":"Sofia"},"until":"2026-10-24T08:00:00Z","next":{"id":"4003","name":"Tess"},"gaps":[]}
        {"team":"tier-2","rota":"backup","at":"2026-10-23T20:00:00Z","on_call":{"id":"4003","name":"Tess"},"until":"2026-10-23T21:00:00Z","next":null,"gaps":[{"from":"2026-10-23T21:00:00Z","to":"2026-10-25T20:00:00Z"}]}
        {"team":"legal","rota":"legal","at":"2026-10-23T14:00:00Z","on_call":{"id":"4002","name":"Sam"},"until":"2026-11-01T08:00:00Z","next":null,"gaps":[]}
        --- err
        warning: legal.ics:8: event 2@example: neither its summary "Carl" nor an attendee names one of the people, left out
    "#]]).await?;
    check(&["--json", "--at", "2026-12-25", "--team", "tier-2", "--days", "1"], expect![[r#"
        exit 1
        --- out
        {"team":"tier-2","rota":"tier-2","at":"2026-12-24T23:00:00Z","on_call":{"id":"4003","name":"Tess"},"until":"2026-12-26T23:00:00Z","next":{"id":"4002","name":"Sam"},"gaps":[]}
        {"team":"tier-2","rota":"backup","at":"2026-12-25T05:00:00Z","on_call":null,"until":"2026-12-25T14:00:00Z","next":{"id":"4003","name":"Tess"},"gaps":[{"from":"2026-12-25T05:00:00Z","to":"2026-12-25T14:00:00Z"},{"from":"2026-12-25T22:00:00Z","to":"2026-12-26T05:00:00Z"}]}
        --- err
        warning: legal.ics:8: event 2@example: neither its summary "Carl" nor an attendee names one of the people, left out
    "#]]).await
}

#[tokio::test]
async fn a_team_without_a_rota_is_on_call_as_a_whole() -> Result<()> {
    check(&["--team", "security", "--at", "2026-10-23"], expect![[r#"
        exit 0
        --- out
        team      rota  on call   until  next
        security  none  everyone

        There is no rota: add [[rotas]] to the config.
        --- err
        warning: legal.ics:8: event 2@example: neither its summary "Carl" nor an attendee names one of the people, left out
    "#]]).await
}

#[tokio::test]
async fn wrong_usage_says_what_is_right() -> Result<()> {
    check(&["--team", "secutiry"], expect![[r#"
        exit 2
        --- err
        error: there is no team "secutiry": choose from tier-1, tier-2, team-leads, managers, engineering, legal, security
    "#]]).await?;
    check(
        &["--at", "tomorrow"],
        expect![[r#"
        exit 2
        --- err
        error: --at "tomorrow" is not a time: write "2026-12-24 18:00"
    "#]],
    )
    .await?;
    check(
        &["--days", "0"],
        expect![[r#"
        exit 2
        --- err
        error: invalid value '0' for '--days <N>': 0 is not in 1..=366

        For more information, try '--help'.
    "#]],
    )
    .await
}

/// Without a config and without a time: the built-in example, now.
#[tokio::test]
async fn nothing_needs_to_be_said() -> Result<()> {
    let done = bellhop(tempfile::tempdir()?.path(), &["oncall"], b"").await?;
    ensure!(done.code == Some(0) && done.err.is_empty() && done.out.contains("No gap in the next 14 days."), "{done}");
    Ok(())
}
