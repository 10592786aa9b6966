//! Every wrong config with the exact words and the line its author gets, and the example that has nothing wrong.
#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

mod conditions;
mod information;
mod messages;
mod playbooks;
mod retention;
mod tickets;

use std::fmt::Write;

use expect_test::{Expect, expect};
use proptest::prelude::{ProptestConfig, prop_assert, proptest};

use super::schema::tests::agrees;
use super::{Config, ConfigError, Report};
use crate::sop::team::TeamId;
use crate::sop::trigger::Condition;
use crate::words::Language;

const EXAMPLE: &str = include_str!("../../config.example.toml");

/// The example without its comments.
fn bare() -> String {
    EXAMPLE.lines().filter(|line| !line.starts_with('#')).flat_map(|line| [line, "\n"]).collect()
}

/// The example with one text replaced by another must give exactly this report, for each pair of texts.
#[track_caller]
fn check(changes: &[(&str, &str)], expected: &Expect) {
    let bare = bare();
    let told = changes.iter().map(|(from, to)| {
        assert!(bare.contains(from), "the example has no {from:?}");
        told(&bare.replacen(from, to, 1))
    });
    expected.assert_eq(&told.collect::<Vec<_>>().join("\n"));
}

/// Every problem of a config: the line it is shown at, its key, what is wrong, what to do.
fn told(text: &str) -> String {
    let read = Config::parse("config.toml", text);
    agrees(text, &read);
    match read {
        Ok(_) => "fine\n".to_owned(),
        Err(report) => problems(&report, text),
    }
}

fn problems(report: &Report, text: &str) -> String {
    let mut told = String::new();
    for problem in &report.problems {
        let line = text.lines().nth(problem.line - 1).unwrap_or_default().trim();
        writeln!(told, "{}: {line}\n  {}: {}", problem.line, problem.key, problem.what).expect("a string takes it");
        writeln!(told, "  {}", problem.hint.as_deref().unwrap_or("no hint")).expect("a string takes it");
    }
    told
}

#[test]
fn the_example_is_fine() {
    let config = Config::parse("config.example.toml", EXAMPLE).unwrap_or_else(|report| panic!("{report}"));
    let procedure = config.procedure;
    let ids: Vec<&str> = procedure.triggers.iter().map(|trigger| trigger.id.as_str()).collect();
    assert_eq!(ids, ["refund", "outage", "third-contact", "legal", "angry", "security"]);
    assert_eq!(procedure.version.len(), 12);
    assert_eq!(procedure.default_plan.id, "tier-2");
    assert_eq!(procedure.front, TeamId::from("tier-1"));
    assert!(
        matches!(&procedure.triggers[0].condition, Condition::Amount { currency, .. } if currency.as_str() == "USD")
    );
    let ticket = procedure.ticket_in("see https://harbor.zendesk.com/agent/tickets/4711 please").map(|it| it.id);
    assert_eq!(ticket.as_deref(), Some("4711"));
    assert_eq!(config.discord.api_base, "https://discord.com");
    assert_eq!(config.discord.guild, 1000);
}

#[test]
fn the_example_has_a_rota() {
    let config = Config::parse("config.example.toml", EXAMPLE).unwrap_or_else(|report| panic!("{report}"));
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    let procedure = config.procedure;
    let on_call = |time| {
        let at = super::moment(time, chrono_tz::Tz::Europe__Berlin).expect("a time");
        let people = procedure.on_call(&TeamId::from("tier-2"), &[], at).expect("a rota");
        people.into_iter().map(|id| procedure.person(&id).expect("a person").name.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(on_call("2026-01-01"), [""; 0]);
    assert_eq!(on_call("2026-01-05 09:00"), ["Sam"]);
    assert_eq!(on_call("2026-01-17 12:00"), ["Tess"]);
    assert_eq!(on_call("2026-05-04 12:00"), ["Sofia"]);
    assert_eq!(on_call("2026-08-14 23:59"), ["Sam"]);
    assert_eq!(on_call("2026-12-26 23:59"), ["Tess"]);
    assert_eq!(procedure.on_call(&TeamId::from("legal"), &[], chrono::DateTime::UNIX_EPOCH), None);
}

#[test]
fn people() {
    check(
        &[
            (r#"id = "4009""#, r#"id = "4002""#),
            (r#"name = "Sofia""#, r#"name = "Sam""#),
            (r#"zone = "America/New_York""#, r#"zone = "America/NewYork""#),
            (r#"zone = "America/New_York""#, r#"zone = "+01:00""#),
            (r#"id = "4009""#, r#"id = "@sofia""#),
            (r#"name = "Sofia""#, r#"nickname = "Sofia""#),
        ],
        &expect![[r#"
            285: id = "4002"
              people[1].id: "4002" is taken
              give everyone in [[people]] an id and a name of their own
            305: { person = "Sofia", from = "2026-05-04", to = "2026-05-06", covers = "Sam" },
              rotas[0].overrides[1].covers: nobody covers for themselves
              name whose time it is

            286: name = "Sam"
              people[1].name: "Sam" is taken
              give everyone in [[people]] an id and a name of their own
            300: { people = ["Sam", "Sofia"], every = "1 week", handover = "mon 09:00", from = "2026-01-05" },
              rotas[0].layers[0].people[1]: there is no person "Sofia"
              choose from `Sam`, `Tess`
            305: { person = "Sofia", from = "2026-05-04", to = "2026-05-06", covers = "Sam" },
              rotas[0].overrides[1].person: there is no person "Sofia"
              choose from `Sam`, `Tess`
            307: away = [{ person = "Sofia", from = "2026-08-03", to = "2026-08-14" }]
              rotas[0].away[0].person: there is no person "Sofia"
              choose from `Sam`, `Tess`

            287: zone = "America/NewYork"
              people[1].zone: there is no zone "America/NewYork"
              did you mean `America/New_York`?

            287: zone = "+01:00"
              people[1].zone: there is no zone "+01:00"
              write a name of the IANA database: "Europe/Berlin"

            285: id = "@sofia"
              people[1].id: "@sofia" is not a Discord id
              switch on Developer Mode in Discord, right-click the channel, role or server, "Copy ID"

            284: [[people]]
              people[1].name: `name` is missing
              what rotas call the person: name = "Lena"
            286: nickname = "Sofia"
              people[1].nickname: unknown key `nickname` in `people[1]`
              choose from `id`, `name`, `zone`
            300: { people = ["Sam", "Sofia"], every = "1 week", handover = "mon 09:00", from = "2026-01-05" },
              rotas[0].layers[0].people[1]: there is no person "Sofia"
              choose from `Sam`, `Tess`
            305: { person = "Sofia", from = "2026-05-04", to = "2026-05-06", covers = "Sam" },
              rotas[0].overrides[1].person: there is no person "Sofia"
              choose from `Sam`, `Tess`
            307: away = [{ person = "Sofia", from = "2026-08-03", to = "2026-08-14" }]
              rotas[0].away[0].person: there is no person "Sofia"
              choose from `Sam`, `Tess`
        "#]],
    );
}

#[test]
fn rotas() {
    check(
        &[
            ("team = \"tier-2\"\nid =", "team = \"teir-2\"\nid ="),
            ("team = \"tier-2\"\nid =", "id ="),
            ("id = \"tier-2\"\nzone", "id = \"Tier 2\"\nzone"),
            ("id = \"tier-2\"\nzone = \"Europe/Berlin\"", ""),
            ("[[rotas]]", "[[rotas]]\nteam = \"tier-2\"\nzone = \"UTC\"\nlayers = []\n[[rotas]]"),
            ("[[rotas]]", "[[rotas]]\nteam = \"legal\"\nzone = \"UTC\"\n[[rotas]]"),
            ("[[rotas]]", "[[rotas]]\nteam = \"legal\"\nzone = \"UTC\"\nfile = \"no/such.ics\"\n[[rotas]]"),
            ("[[rotas]]", "[[rotas]]\nteam = \"legal\"\nzone = \"UTC\"\nfile = \"Cargo.toml\"\n[[rotas]]"),
            ("[[rotas]]", "[[rotas]]\nteam = \"legal\"\nzone = \"UTC\"\nfile = \" \"\n[[rotas]]"),
            ("away = [", "holiday = ["),
        ],
        &expect![[r#"
            296: team = "teir-2"
              rotas[0].team: there is no team "teir-2"
              did you mean `tier-2`?

            295: [[rotas]]
              rotas[0].team: `team` is missing
              name one of [[teams]]

            297: id = "Tier 2"
              rotas[0].id: "Tier 2" is not an id
              an id has small letters, digits and "-" only, at most 40: "tier-2"

            295: [[rotas]]
              rotas[0].zone: `zone` is missing
              the zone of its wall clock times: zone = "Europe/Berlin"

            299: [[rotas]]
              rotas[1]: there is a rota "tier-2" already
              a second rota of a team needs an id of its own: id = "legal-backup"

            295: [[rotas]]
              rotas[0]: a rota without layers and without a file has nobody on call
              add layers = [{ people = […], every = "1 week", handover = "mon 09:00", from = … }], or a file

            298: file = "no/such.ics"
              rotas[0].file: there is no file "no/such.ics"
              its path starts at the folder of this config

            298: file = "Cargo.toml"
              rotas[0].file: Cargo.toml is not an iCalendar file
              export the calendar as .ics; it begins with BEGIN:VCALENDAR

            298: file = " "
              rotas[0].file: an empty path
              write the path of a file, or delete the key

            307: holiday = [{ person = "Sofia", from = "2026-08-03", to = "2026-08-14" }]
              rotas[0].holiday: unknown key `holiday` in `rotas[0]`
              choose from `away`, `file`, `id`, `layers`, `overrides`, `team`, `zone`
        "#]],
    );
}

#[test]
fn layers() {
    check(
        &[
            (r#"people = ["Sam", "Sofia"]"#, r#"people = ["Sam", "Sofie", "4003", "zzz"]"#),
            (r#"people = ["Sam", "Sofia"]"#, "people = []"),
            (r#"{ people = ["Sam", "Sofia"], every = "1 week", handover = "mon 09:00", from = "2026-01-05" }"#, "{}"),
            (r#"every = "1 week""#, r#"every = "1 fortnight""#),
            (r#"every = "1 week""#, r#"every = "week""#),
            (r#"every = "1 week""#, r#"every = "0 weeks""#),
            (r#"every = "1 week""#, r#"every = "53 weeks""#),
            (r#"every = "1 week""#, r#"every = "10 days""#),
            (r#"handover = "mon 09:00""#, r#"handover = "moonday 9:00""#),
            (r#"handover = "mon 09:00""#, r#"handover = "24:30""#),
            (r#"handover = "mon 09:00""#, r#"handover = "Tuesday 09:00""#),
            (r#"handover = "mon 09:00", from = "2026-01-05""#, r#"handover = "mon 09:00", from = 2026-01-05"#),
            (r#"handover = "mon 09:00", from = "2026-01-05""#, r#"handover = "mon 09:00", from = "2026-02-30""#),
            (r#"only = ["sat-sun 10:00-16:00"]"#, r#"only = ["weekend 10:00-16:00", "sat 10-16"]"#),
            (r#"only = ["sat-sun 10:00-16:00"]"#, r#"only = "sat-sun 10:00-16:00""#),
            (r#"only = ["sat-sun 10:00-16:00"]"#, r#"hours = ["sat-sun 10:00-16:00"]"#),
        ],
        &expect![[r#"
            300: { people = ["Sam", "Sofie", "4003", "zzz"], every = "1 week", handover = "mon 09:00", from = "2026-01-05" },
              rotas[0].layers[0].people[1]: there is no person "Sofie"
              did you mean `Sofia`?
            300: { people = ["Sam", "Sofie", "4003", "zzz"], every = "1 week", handover = "mon 09:00", from = "2026-01-05" },
              rotas[0].layers[0].people[3]: there is no person "zzz"
              choose from `Sam`, `Sofia`, `Tess`

            300: { people = [], every = "1 week", handover = "mon 09:00", from = "2026-01-05" },
              rotas[0].layers[0].people: a rotation of nobody
              list at least one person

            300: {},
              rotas[0].layers[0].every: `every` is missing
              how long a turn lasts: every = "1 week"
            300: {},
              rotas[0].layers[0].from: `from` is missing
              the day of the first hand-over: from = "2026-01-05"
            300: {},
              rotas[0].layers[0].handover: `handover` is missing
              when turns begin: handover = "mon 09:00", or "09:00" for days
            300: {},
              rotas[0].layers[0].people: `people` is missing
              list who takes turns, in order: people = ["Lena", "Ivy"]

            300: { people = ["Sam", "Sofia"], every = "1 fortnight", handover = "mon 09:00", from = "2026-01-05" },
              rotas[0].layers[0].every: "1 fortnight" is not the length of a turn
              write a number and hours, days, weeks or months: "1 week", "12 hours"

            300: { people = ["Sam", "Sofia"], every = "week", handover = "mon 09:00", from = "2026-01-05" },
              rotas[0].layers[0].every: "week" is not the length of a turn
              write a number and hours, days, weeks or months: "1 week", "12 hours"

            300: { people = ["Sam", "Sofia"], every = "0 weeks", handover = "mon 09:00", from = "2026-01-05" },
              rotas[0].layers[0].every: "0 weeks" is no time at all
              the shortest turn is "1 hour"

            300: { people = ["Sam", "Sofia"], every = "53 weeks", handover = "mon 09:00", from = "2026-01-05" },
              rotas[0].layers[0].every: "53 weeks" is more than a year
              the longest turn is a year

            300: { people = ["Sam", "Sofia"], every = "10 days", handover = "mon 09:00", from = "2026-01-05" },
              rotas[0].layers[0].handover: only turns of whole weeks are handed over on a weekday
              write the time alone: handover = "09:00"; from says the first day

            300: { people = ["Sam", "Sofia"], every = "1 week", handover = "moonday 9:00", from = "2026-01-05" },
              rotas[0].layers[0].handover: "moonday 9:00" is not a hand-over
              write it like "mon 09:00", or "09:00" for days

            300: { people = ["Sam", "Sofia"], every = "1 week", handover = "24:30", from = "2026-01-05" },
              rotas[0].layers[0].handover: "24:30" is not a hand-over
              write it like "mon 09:00", or "09:00" for days

            300: { people = ["Sam", "Sofia"], every = "1 week", handover = "Tuesday 09:00", from = "2026-01-05" },
              rotas[0].layers[0].from: 2026-01-05 is a Monday, and turns begin on a Tuesday
              write 2025-12-30 or 2026-01-06

            300: { people = ["Sam", "Sofia"], every = "1 week", handover = "mon 09:00", from = 2026-01-05 },
              rotas[0].layers[0].from: `from` is a date
              expected a text in quotes

            300: { people = ["Sam", "Sofia"], every = "1 week", handover = "mon 09:00", from = "2026-02-30" },
              rotas[0].layers[0].from: "2026-02-30" is not a day
              write year, month and day: "2026-01-05"

            301: { people = ["Tess"], every = "daily", handover = "00:00", from = "2026-01-05", only = ["weekend 10:00-16:00", "sat 10-16"] },
              rotas[0].layers[1].only[0]: "weekend 10:00-16:00" are no hours of a week
              write days and hours: "mon-fri 09:00-17:00", "sat 22:00-06:00"
            301: { people = ["Tess"], every = "daily", handover = "00:00", from = "2026-01-05", only = ["weekend 10:00-16:00", "sat 10-16"] },
              rotas[0].layers[1].only[1]: "sat 10-16" are no hours of a week
              write days and hours: "mon-fri 09:00-17:00", "sat 22:00-06:00"

            301: { people = ["Tess"], every = "daily", handover = "00:00", from = "2026-01-05", only = "sat-sun 10:00-16:00" },
              rotas[0].layers[1].only: `only` is a text
              expected a list in square brackets

            301: { people = ["Tess"], every = "daily", handover = "00:00", from = "2026-01-05", hours = ["sat-sun 10:00-16:00"] },
              rotas[0].layers[1].hours: unknown key `hours` in `rotas[0].layers[1]`
              choose from `every`, `from`, `handover`, `only`, `people`
        "#]],
    );
}

#[test]
fn overrides_and_absences() {
    check(
        &[
            (r#"from = "2026-12-24 18:00""#, r#"from = "24.12.2026""#),
            (r#"from = "2026-12-24 18:00""#, r#"from = "2026-12-27""#),
            (r#"from = "2026-12-24 18:00""#, r#"from = "9999-12-27""#),
            (r#"from = "2026-12-24 18:00""#, r#"from = "2026-12-24T18:00:00+01:00""#),
            (r#"from = "2026-12-24 18:00", "#, ""),
            (r#"covers = "Sam""#, r#"covers = "Sofia""#),
            (r#"covers = "Sam""#, r#"instead = "Sam""#),
            (r#"away = [{ person = "Sofia""#, r#"away = [{ person = "Sofa""#),
            (r#"{ person = "Sofia", from = "2026-08-03", to"#, r#"{ person = "Sofia", from = "2026-08-03", until"#),
        ],
        &expect![[r#"
            304: { person = "Tess", from = "24.12.2026", to = "2026-12-26" },
              rotas[0].overrides[0].from: "24.12.2026" is not a time
              write a day or a time: "2026-12-24", "2026-12-24 18:00", "2026-12-24T18:00:00+01:00"

            304: { person = "Tess", from = "2026-12-27", to = "2026-12-26" },
              rotas[0].overrides[0].to: it ends before it begins
              `to` is later than `from`; a day alone ends at midnight

            304: { person = "Tess", from = "9999-12-27", to = "2026-12-26" },
              rotas[0].overrides[0].from: "9999-12-27" is not a time
              write a day or a time: "2026-12-24", "2026-12-24 18:00", "2026-12-24T18:00:00+01:00"

            fine

            304: { person = "Tess", to = "2026-12-26" },
              rotas[0].overrides[0].from: `from` is missing
              a day or a time: "2026-12-24", "2026-12-24 18:00"

            305: { person = "Sofia", from = "2026-05-04", to = "2026-05-06", covers = "Sofia" },
              rotas[0].overrides[1].covers: nobody covers for themselves
              name whose time it is

            305: { person = "Sofia", from = "2026-05-04", to = "2026-05-06", instead = "Sam" },
              rotas[0].overrides[1].instead: unknown key `instead` in `rotas[0].overrides[1]`
              choose from `covers`, `from`, `person`, `to`

            307: away = [{ person = "Sofa", from = "2026-08-03", to = "2026-08-14" }]
              rotas[0].away[0].person: there is no person "Sofa"
              did you mean `Sofia`?

            307: away = [{ person = "Sofia", from = "2026-08-03", until = "2026-08-14" }]
              rotas[0].away[0].to: `to` is missing
              a day or a time: "2026-12-24", "2026-12-24 18:00"
            307: away = [{ person = "Sofia", from = "2026-08-03", until = "2026-08-14" }]
              rotas[0].away[0].until: unknown key `until` in `rotas[0].away[0]`
              choose from `from`, `person`, `to`
        "#]],
    );
}

/// The config is valid all the same.
#[test]
fn contradictions_are_told() {
    let changed = bare()
        .replacen(
            "covers = \"Sam\" },",
            "covers = \"Sam\" },\n{ person = \"Sam\", from = \"2026-12-26\", to = \"2026-12-30\" },",
            1,
        )
        .replacen("away = [", "away = [{ person = \"Tess\", from = \"2026-12-24\", to = \"2026-12-24\" },", 1);
    let config = Config::parse("config.toml", &changed).unwrap_or_else(|report| panic!("{report}"));
    expect![[r#"
        rota tier-2, 2026-12-24 18:00 CET to 2026-12-25 00:00 CET: an override for Tess, who is away then; it does not count
        rota tier-2, 2026-12-26 00:00 CET to 2026-12-27 00:00 CET: two overrides, for Tess and for Sam; the later one in the file counts: Sam
    "#]].assert_eq(&(config.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n") + "\n"));
}

#[test]
fn the_terms_of_the_example_are_fine() {
    let (terms, rest) = EXAMPLE.split_once("\n# Ticket systems.").expect("what comes after the terms");
    let terms = terms.replace("# [[terms]]", "[[terms]]").replace("# term = ", "term = ");
    let terms = terms.replace("# kind = ", "kind = ").replace("# weight = ", "weight = ");
    let uncommented = format!("{terms}\n#{rest}");
    expect![[r#"
        fine
    "#]]
    .assert_eq(&told(&uncommented));
}

#[test]
fn an_empty_file_tells_all_that_is_missing() {
    expect![[r#"
        1: 
          catch_all: `catch_all` is missing
          nobody may be forgotten: add [catch_all] with team and respond_within, paged when a ladder has ended
        1: 
          desk: `desk` is missing
          add a table [desk] with id, name, front, default_plan
        1: 
          discord: `discord` is missing
          add a table [discord] with guild, watch, staff_roles
        1: 
          plans: `plans` is missing
          add at least one table [[plans]]
        1: 
          rates: `rates` is missing
          say what one unit of each currency is worth: [rates] USD = "1"
        1: 
          teams: `teams` is missing
          add at least one table [[teams]]
        1: 
          triggers: `triggers` is missing
          add at least one table [[triggers]]
    "#]]
    .assert_eq(&told(""));
}

#[test]
fn broken_toml_is_one_problem() {
    check(
        &[(r#"guild = "1000""#, r#"guild = "1000"#), (r#"guild = "1000""#, "guild = \"1000\"\nguild = \"1000\"")],
        &expect![[r#"
            13: guild = "1000
              : this is not TOML: invalid basic string, expected `"`
              put this right first, the rest is read after it; https://toml.io shows how it is written

            14: guild = "1000"
              : this is not TOML: duplicate key
              put this right first, the rest is read after it; https://toml.io shows how it is written
        "#]],
    );
}

#[test]
fn unknown_keys() {
    check(
        &[
            (r#"respond_within = "2h""#, r#"respond_witin = "2h""#),
            ("[catch_all]", "[catchall]"),
            (r#"severity = "sev2""#, "severity = \"sev2\"\ncolour = \"red\"\nmod = \"live\""),
            (r#"{ amount_over = "500 USD" }"#, r#"{ amount_over = "500 USD", at_least = 0.5 }"#),
        ],
        &expect![[r#"
            72: { team = "tier-2", respond_witin = "2h" },
              plans[0].rungs[0].respond_within: `respond_within` is missing
              the time to answer, counted from the page's delivery: "30m"
            72: { team = "tier-2", respond_witin = "2h" },
              plans[0].rungs[0].respond_witin: unknown key `respond_witin` in `plans[0].rungs[0]`
              did you mean `respond_within`?

            1: 
              catch_all: `catch_all` is missing
              nobody may be forgotten: add [catch_all] with team and respond_within, paged when a ladder has ended
            101: [catchall]
              catchall: unknown key `catchall` in this file
              did you mean `catch_all`?

            111: colour = "red"
              triggers[0].colour: unknown key `colour` in `triggers[0]`
              choose from `confidential`, `example`, `exclusive_with`, `id`, `mode`, `name`, `ownership`, `plan`, `required`, `scope`, `severity`, `when`
            112: mod = "live"
              triggers[0].mod: unknown key `mod` in `triggers[0]`
              did you mean `mode`?

            112: when = { amount_over = "500 USD", at_least = 0.5 }
              triggers[0].when.at_least: unknown key `at_least` in `triggers[0].when`
              choose from `all`, `amount_over`, `any`, `channel`, `contacts`, `customers`, `language`, `not`, `signal`, `tag`, `ticket`, `waits`
        "#]],
    );
}

#[test]
fn wrong_types() {
    check(
        &[
            (r#"guild = "1000""#, "guild = 1000"),
            (r#"watch = ["2001"]"#, r#"watch = "2001""#),
            ("cleared = true", r#"cleared = "yes""#),
            ("repeat = 0", "repeat = -1"),
            ("repeat = 0", "repeat = 11"),
            ("at_least = 0.5", r#"at_least = "0.5""#),
            ("[catch_all]\nteam = \"managers\"\nrespond_within = \"30m\"", "[[catch_all]]\nteam = \"managers\""),
        ],
        &expect![[r#"
            13: guild = 1000
              discord.guild: `guild` is a number
              expected a text in quotes

            14: watch = "2001"
              discord.watch: `watch` is a text
              expected a list in square brackets

            42: cleared = "yes"
              teams[3].cleared: `cleared` is a text
              expected true or false without quotes

            76: repeat = -1
              plans[0].repeat: not a number from 0 to 4294967295
              write a whole number, like 3

            76: repeat = 11
              plans[0].repeat: repeated too often
              at most 10; then the catch-all is paged

            134: when = { any = [{ signal = "repeat", at_least = "0.5" }, { contacts = 3, within = "30d" }] }
              triggers[2].when.any[0].at_least: `at_least` is a text
              expected a number without quotes

            101: [[catch_all]]
              catch_all: `catch_all` is a list
              expected a table
        "#]],
    );
}

#[test]
fn the_canary() {
    let guild = "guild = \"1000\"";
    let with = |keys: &str| format!("{guild}\n{keys}");
    let wrong =
        [with("canary = \"birds\""), with("canary_every = \"0s\""), with("canary = \"2009\"\ncanary_evry = \"5m\"")];
    check(
        &[(guild, &wrong[0]), (guild, &wrong[1]), (guild, &wrong[2])],
        &expect![[r#"
        14: canary = "birds"
          discord.canary: "birds" is not a Discord id
          switch on Developer Mode in Discord, right-click the channel, role or server, "Copy ID"

        14: canary_every = "0s"
          discord.canary_every: "0s" is no time at all
          the shortest duration is "1s"

        15: canary_evry = "5m"
          discord.canary_evry: unknown key `canary_evry` in `discord`
          did you mean `canary_every`?
    "#]],
    );
    let canary = |keys: &str| {
        let config = Config::parse("config.toml", &bare().replacen(guild, &with(keys), 1)).expect("it is right");
        config.discord.canary.map(|canary| (canary.channel, canary.every.as_secs()))
    };
    assert_eq!(canary("canary_every = \"1m\""), None);
    assert_eq!(canary("canary = \"2009\""), Some((2009, 300)));
    assert_eq!(canary("canary = \"2009\"\ncanary_every = \"1m\""), Some((2009, 60)));
}

#[test]
fn durations() {
    check(
        &[
            (r#""2h""#, r#""0s""#),
            (r#""2h""#, r#""-5m""#),
            (r#""2h""#, r#""2 fortnights""#),
            (r#""2h""#, r#""366d""#),
            (r#""2h""#, r#""99999999999999999999y""#),
        ],
        &expect![[r#"
            72: { team = "tier-2", respond_within = "0s" },
              plans[0].rungs[0].respond_within: "0s" is no time at all
              the shortest duration is "1s"

            72: { team = "tier-2", respond_within = "-5m" },
              plans[0].rungs[0].respond_within: "-5m" is not a duration
              write a number and a unit: "15m", "2h", "30d"

            72: { team = "tier-2", respond_within = "2 fortnights" },
              plans[0].rungs[0].respond_within: "2 fortnights" is not a duration
              write a number and a unit: "15m", "2h", "30d"

            72: { team = "tier-2", respond_within = "366d" },
              plans[0].rungs[0].respond_within: "366d" is more than a year
              the longest duration is "365d"

            72: { team = "tier-2", respond_within = "99999999999999999999y" },
              plans[0].rungs[0].respond_within: "99999999999999999999y" is not a duration
              write a number and a unit: "15m", "2h", "30d"
        "#]],
    );
}

#[test]
fn ids() {
    check(
        &[
            (r#"guild = "1000""#, r#"guild = "harbor""#),
            (r#"channel = "2003""#, r#"channel = "specialists""#),
            (r#"role = "3003""#, r#"role = "+3003""#),
            (r#"watch = ["2001"]"#, "watch = []"),
            (r#"id = "harbor""#, r#"id = "Harbor Support""#),
            (r#"name = "Legal""#, r#"name = " ""#),
        ],
        &expect![[r#"
            13: guild = "harbor"
              discord.guild: "harbor" is not a Discord id
              switch on Developer Mode in Discord, right-click the channel, role or server, "Copy ID"

            28: channel = "specialists"
              teams[1].channel: "specialists" is not a Discord id
              switch on Developer Mode in Discord, right-click the channel, role or server, "Copy ID"

            29: role = "+3003"
              teams[1].role: "+3003" is not a Discord id
              switch on Developer Mode in Discord, right-click the channel, role or server, "Copy ID"

            14: watch = []
              discord.watch: an empty list
              list at least one id, in quotes: ["2001"]

            4: id = "Harbor Support"
              desk.id: "Harbor Support" is not an id
              an id has small letters, digits and "-" only, at most 40: "tier-2"

            53: name = " "
              teams[5].name: not a name
              a name is one line of 1 to 80 characters
        "#]],
    );
}

#[test]
fn references() {
    check(
        &[
            (r#"front = "tier-1""#, r#"front = "tier1""#),
            (r#"default_plan = "tier-2""#, r#"default_plan = "zzz""#),
            (r#"{ team = "tier-2""#, r#"{ team = "teir-2""#),
            (r#"plan = "leads""#, r#"plan = "team-leads""#),
            ("exclusive_with = []", r#"exclusive_with = ["angri", "refund"]"#),
            ("exclusive_with = []", "example = \" \""),
            ("mode = \"live\"\nconf", "mode = \"on\"\nconf"),
            (r#"severity = "sev2""#, r#"severity = "P1""#),
        ],
        &expect![[r#"
            7: front = "tier1"
              desk.front: there is no team "tier1"
              did you mean `tier-1`?

            8: default_plan = "zzz"
              desk.default_plan: there is no plan "zzz"
              choose from `tier-2`, `leads`, `managers`, `engineering`, `legal`, `security`

            72: { team = "teir-2", respond_within = "2h" },
              plans[0].rungs[0].team: there is no team "teir-2"
              did you mean `tier-2`?

            149: plan = "team-leads"
              triggers[4].plan: there is no plan "team-leads"
              choose from `tier-2`, `leads`, `managers`, `engineering`, `legal`, `security`

            118: exclusive_with = ["angri", "refund"]
              triggers[0].exclusive_with[0]: there is no trigger "angri"
              did you mean `angry`?
            118: exclusive_with = ["angri", "refund"]
              triggers[0].exclusive_with[1]: a trigger cannot exclude itself
              name another trigger

            118: example = " "
              triggers[0].example: not an example
              write what a customer would, in 1 to 300 characters, or delete the key

            114: mode = "on"
              triggers[0].mode: `mode` cannot be "on"
              choose from `off`, `watch`, `live`

            110: severity = "P1"
              triggers[0].severity: `severity` cannot be "P1"
              choose from `sev1`, `sev2`, `sev3`, `sev4`
        "#]],
    );
}

#[test]
fn what_is_taken_missing_or_empty() {
    check(
        &[
            (r#"id = "team-leads""#, r#"id = "tier-2""#),
            ("front = \"tier-1\"\n", ""),
            (r#"rungs = [{ team = "managers", respond_within = "30m" }]"#, "rungs = []"),
            (r#"when = { signal = "angry", at_least = 0.6 }"#, ""),
        ],
        &expect![[r#"
            32: id = "tier-2"
              teams[2].id: "tier-2" is taken
              give every one of [[teams]] an id of its own
            73: { team = "team-leads", respond_within = "1h" },
              plans[0].rungs[1].team: there is no team "team-leads"
              choose from `tier-1`, `tier-2`, `managers`, `engineering`, `legal`, `security`
            82: rungs = [{ team = "team-leads", respond_within = "15m" }, { team = "managers", respond_within = "30m" }]
              plans[1].rungs[0].team: there is no team "team-leads"
              choose from `tier-1`, `tier-2`, `managers`, `engineering`, `legal`, `security`

            3: [desk]
              desk.front: `front` is missing
              name the team that is told what becomes of cases: front = "tier-1"

            86: rungs = []
              plans[2].rungs: a plan without rungs pages nobody
              list at least one team

            145: [[triggers]]
              triggers[4].when: `when` is missing
              say when it fires: when = { signal = "legal", at_least = 0.5 }
        "#]],
    );
}

#[test]
fn languages() {
    let with = |line: &str| format!("front = \"tier-1\"\n{line}");
    let wrong = [r#"language = "deutsch""#, r#"language = "it""#, "language = 1"].map(with);
    check(
        &wrong.each_ref().map(|desk| (r#"front = "tier-1""#, desk.as_str())),
        &expect![[r#"
        8: language = "deutsch"
          desk.language: `language` cannot be "deutsch"
          did you mean `de`?

        8: language = "it"
          desk.language: `language` cannot be "it"
          choose from `en`, `de`, `es`, `fr`

        8: language = 1
          desk.language: `language` is a number
          expected a text in quotes
    "#]],
    );
    let spoken = |text: &str| Config::parse("config.toml", text).expect("it is fine").desk.language;
    let german = bare().replacen(r#"front = "tier-1""#, &with(r#"language = "de""#), 1);
    assert_eq!((spoken(EXAMPLE), spoken(&german)), (None, Some(Language::German)));
}

#[test]
fn conditions() {
    check(
        &[
            (r#"{ amount_over = "500 USD" }"#, "{}"),
            (r#"{ amount_over = "500 USD" }"#, r#"{ signal = "legal", language = "es" }"#),
            (r#"{ amount_over = "500 USD" }"#, "{ not = { any = [] } }"),
            (r#""500 USD""#, r#""500 SEK""#),
            (r#""500 USD""#, r#""$500""#),
            (r#""500 USD""#, r#""lots USD""#),
            ("at_least = 0.6", "at_least = 60"),
            ("at_least = 0.6", "at_least = nan"),
            ("at_least = 0.6", "at_least = 0"),
            (r#"of = "outage""#, r#"of = "outages""#),
            (r#"contacts = 3, within = "30d""#, "contacts = 1"),
        ],
        &expect![[r#"
            112: when = {}
              triggers[0].when: no condition, so it would never fire
              write one of signal, amount_over, contacts, customers, channel, language, ticket, tag, waits, all, any, not

            112: when = { signal = "legal", language = "es" }
              triggers[0].when: `signal` and `language` in one condition
              put each in brackets of its own: all = [{ … }, { … }] or any = [{ … }, { … }]

            112: when = { not = { any = [] } }
              triggers[0].when.not.any: nothing to combine
              list at least one condition in its own brackets: [{ … }]

            112: when = { amount_over = "500 SEK" }
              triggers[0].when.amount_over: SEK has no rate
              add it to [rates]: SEK = "…"

            112: when = { amount_over = "$500" }
              triggers[0].when.amount_over: "$500" is not an amount with a currency
              write a number, a space and a currency: "500 USD"

            112: when = { amount_over = "lots USD" }
              triggers[0].when.amount_over: "lots" is not a decimal number
              write a number, a space and a currency: "500 USD"

            150: when = { signal = "angry", at_least = 60 }
              triggers[4].when.at_least: outside 0 to 1
              0 is nothing, 1 is as strong as can be; 0.5 is a usual threshold

            150: when = { signal = "angry", at_least = nan }
              triggers[4].when.at_least: outside 0 to 1
              0 is nothing, 1 is as strong as can be; 0.5 is a usual threshold

            150: when = { signal = "angry", at_least = 0 }
              triggers[4].when.at_least: every message is at least 0
              write a threshold above 0: 0.5 is a usual one

            125: when = { customers = 3, of = "outages", within = "30m" }
              triggers[1].when.of: there is no kind "outages"
              did you mean `outage`?

            134: when = { any = [{ signal = "repeat", at_least = 0.5 }, { contacts = 1 }] }
              triggers[2].when.any[1].within: `within` is missing
              the time that is looked back: within = "30d"
            134: when = { any = [{ signal = "repeat", at_least = 0.5 }, { contacts = 1 }] }
              triggers[2].when.any[1].contacts: fewer than 2 is every message
              count from 2 on; 3 is usual
        "#]],
    );
}

/// The calendar of the example, used by its first rung, without its file.
const CALENDAR: &str = r#"[[calendars]]
id = "office"
zone = "Europe/Berlin"
open = [{ days = "mon-fri", from = "09:00", to = "17:30" }]
holidays = [{ on = "2026-12-24", from = "14:00" }, { on = "2026-12-25", yearly = true }]
"#;

/// The example with [`CALENDAR`], changed, at its end.
fn with_calendar(changes: &[(&str, &str)]) -> String {
    let rung = bare().replacen(r#"respond_within = "2h""#, r#"respond_within = "2h", calendar = "office""#, 1);
    let calendar = changes.iter().fold(CALENDAR.to_owned(), |calendar, (from, to)| {
        assert!(calendar.contains(from), "the calendar has no {from:?}");
        calendar.replacen(from, to, 1)
    });
    rung + &calendar
}

#[track_caller]
fn check_calendar(changes: &[(&str, &str)], expected: &Expect) {
    let told: Vec<String> = changes.iter().map(|change| told(&with_calendar(&[*change]))).collect();
    expected.assert_eq(&told.join("\n"));
}

#[test]
fn the_calendar_of_the_example_is_fine() {
    let start = EXAMPLE.find("# [[calendars]]").expect("the example shows a calendar");
    let calendar: String = EXAMPLE[start..]
        .lines()
        .take_while(|line| line.starts_with('#'))
        .filter(|line| !line.contains("holiday_file"))
        .flat_map(|line| [line.trim_start_matches("# "), "\n"])
        .collect();
    expect!["fine\n"].assert_eq(&told(&(bare() + &calendar)));
}

#[test]
fn a_rung_is_counted_in_its_calendar() {
    let config = Config::parse("config.toml", &with_calendar(&[])).unwrap_or_else(|report| panic!("{report}"));
    let [first, second, ..] = &config.procedure.default_plan.rungs[..] else { panic!("the plan has rungs") };
    assert_eq!(first.calendar.as_ref(), config.procedure.calendars.first());
    assert_eq!(second.calendar, None);
    let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().expect("an instant");
    // 13:00 in Berlin on Christmas Eve: an hour until the holiday, another on Monday the 28th.
    assert_eq!(first.due(at("2026-12-24T12:00:00Z")), at("2026-12-28T09:00:00Z"));
    assert_eq!(second.due(at("2026-12-24T12:00:00Z")), at("2026-12-24T13:00:00Z"));
}

#[test]
fn calendars() {
    check_calendar(
        &[
            ("Europe/Berlin", "Europe/Berln"),
            ("Europe/Berlin", "MEZ!"),
            ("zone = \"Europe/Berlin\"\n", ""),
            (r#"open = [{ days = "mon-fri", from = "09:00", to = "17:30" }]"#, "open = []"),
            (r#"open = [{ days = "mon-fri", from = "09:00", to = "17:30" }]"#, ""),
            (r#""mon-fri""#, r#""weekdays""#),
            (r#""mon-fri""#, r#""mon-""#),
            (r#"from = "09:00""#, r#"from = "9am""#),
            (r#"from = "09:00""#, r#"from = "24:00""#),
            (r#"to = "17:30""#, r#"to = "25:00""#),
            (r#"to = "17:30""#, r#"to = "09:00""#),
            (r#", to = "17:30""#, ""),
            (r#"id = "office""#, r#"id = "ofice""#),
            ("[[calendars]]", "[[calendars]]\nid = \"office\"\nzone = \"UTC\"\nopen = []\n[[calendars]]"),
        ],
        &expect![[r#"
            321: zone = "Europe/Berln"
              calendars[0].zone: there is no zone "Europe/Berln"
              did you mean `Europe/Berlin`?

            321: zone = "MEZ!"
              calendars[0].zone: there is no zone "MEZ!"
              did you mean `MET`?

            319: [[calendars]]
              calendars[0].zone: `zone` is missing
              where the team's clocks are: zone = "Europe/Berlin"

            322: open = []
              calendars[0].open: a calendar that never opens
              say when the team works: open = [{ days = "mon-fri", from = "09:00", to = "17:30" }]

            319: [[calendars]]
              calendars[0].open: `open` is missing
              say when the team works: open = [{ days = "mon-fri", from = "09:00", to = "17:30" }]

            322: open = [{ days = "weekdays", from = "09:00", to = "17:30" }]
              calendars[0].open[0].days: "weekdays" is not a day of the week
              write mon, tue, wed, thu, fri, sat, sun; "mon-fri" is a range, "mon, wed" a list

            322: open = [{ days = "mon-", from = "09:00", to = "17:30" }]
              calendars[0].open[0].days: a day of the week is missing
              write mon, tue, wed, thu, fri, sat, sun; "mon-fri" is a range, "mon, wed" a list

            322: open = [{ days = "mon-fri", from = "9am", to = "17:30" }]
              calendars[0].open[0].from: "9am" is not a time of day
              write hours and minutes: "09:00" to "24:00"

            322: open = [{ days = "mon-fri", from = "24:00", to = "17:30" }]
              calendars[0].open[0].from: nothing starts at "24:00"
              write "00:00" and the day after

            322: open = [{ days = "mon-fri", from = "09:00", to = "25:00" }]
              calendars[0].open[0].to: "25:00" is not a time of day
              write hours and minutes: "09:00" to "24:00"

            322: open = [{ days = "mon-fri", from = "09:00", to = "09:00" }]
              calendars[0].open[0].to: open from and to the same time
              a whole day is from = "00:00", to = "24:00"; a `to` before `from` is on the next day

            322: open = [{ days = "mon-fri", from = "09:00" }]
              calendars[0].open[0].to: `to` is missing
              when the team goes: to = "17:30"

            72: { team = "tier-2", respond_within = "2h", calendar = "office" },
              plans[0].rungs[0].calendar: there is no calendar "office"
              did you mean `ofice`?

            322: open = []
              calendars[0].open: a calendar that never opens
              say when the team works: open = [{ days = "mon-fri", from = "09:00", to = "17:30" }]
            324: id = "office"
              calendars[1].id: "office" is taken
              give every one of [[calendars]] an id of its own
        "#]],
    );
}

#[test]
fn holidays() {
    check_calendar(
        &[
            (r#""2026-12-24""#, r#""2026-02-30""#),
            (r#""2026-12-24""#, r#""24.12.2026""#),
            (r#""2026-12-24""#, "2026-12-24"),
            (r#"on = "2026-12-24", "#, ""),
            (r#"from = "14:00""#, r#"from = "14:00", to = "13:00""#),
            (r#"from = "14:00""#, r#"form = "14:00""#),
            ("yearly = true", "yearly = 1"),
        ],
        &expect![[r#"
            323: holidays = [{ on = "2026-02-30", from = "14:00" }, { on = "2026-12-25", yearly = true }]
              calendars[0].holidays[0].on: "2026-02-30" is not a date
              write year, month and day: "2026-12-24"

            323: holidays = [{ on = "24.12.2026", from = "14:00" }, { on = "2026-12-25", yearly = true }]
              calendars[0].holidays[0].on: "24.12.2026" is not a date
              write year, month and day: "2026-12-24"

            323: holidays = [{ on = 2026-12-24, from = "14:00" }, { on = "2026-12-25", yearly = true }]
              calendars[0].holidays[0].on: `on` is a date
              expected a text in quotes

            323: holidays = [{ from = "14:00" }, { on = "2026-12-25", yearly = true }]
              calendars[0].holidays[0].on: `on` is missing
              the date: on = "2026-12-24"

            323: holidays = [{ on = "2026-12-24", from = "14:00", to = "13:00" }, { on = "2026-12-25", yearly = true }]
              calendars[0].holidays[0].to: a holiday that ends before it starts
              it ends on its own date, "24:00" at the latest; list the next date as a holiday of its own

            323: holidays = [{ on = "2026-12-24", form = "14:00" }, { on = "2026-12-25", yearly = true }]
              calendars[0].holidays[0].form: unknown key `form` in `calendars[0].holidays[0]`
              did you mean `from`?

            323: holidays = [{ on = "2026-12-24", from = "14:00" }, { on = "2026-12-25", yearly = 1 }]
              calendars[0].holidays[1].yearly: `yearly` is a number
              expected true or false without quotes
        "#]],
    );
}

#[test]
fn holiday_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let event = |lines: &str| format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n");
    let files = [
        ("fine.ics", event("SUMMARY:Retreat\nDTSTART:20261228")),
        ("weekly.ics", event("SUMMARY:Stand-up\nDTSTART:20261228\nRRULE:FREQ=WEEKLY")),
        ("table.csv", "2026-12-28;Retreat\n".to_owned()),
        ("large.ics", " ".repeat(1_000_001)),
        (
            "long.ics",
            event("DTSTART:20260101\nDTEND:20261231\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:20270101\nDTEND:20271231"),
        ),
    ];
    for (name, text) in &files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    std::fs::write(folder.path().join("latin-1.ics"), b"SUMMARY:Tag der Arb\xe9it").expect("a file");
    let read = |name: &str| {
        let text = with_calendar(&[("holidays = ", &format!("holiday_file = \"{name}\"\nholidays = "))]);
        (Config::parse_in(folder.path(), "config.toml", &text), text)
    };
    let mut told = String::new();
    for name in ["none.ics", "", "weekly.ics", "table.csv", "large.ics", "long.ics", "latin-1.ics"] {
        let (Err(report), text) = read(name) else { panic!("{name} is wrong") };
        told += &problems(&report, &text);
    }
    expect![[r#"
        323: holiday_file = "none.ics"
          calendars[0].holiday_file: there is no file "none.ics"
          its path starts at the folder of this config
        323: holiday_file = ""
          calendars[0].holiday_file: an empty path
          write the path of a file, or delete the key
        323: holiday_file = "weekly.ics"
          calendars[0].holiday_file: the event "Stand-up" repeats in a way that is not read (FREQ=WEEKLY): only "every year on the same day" is; list its dates as events of their own
          change the file, or write the holidays here: holidays = [{ on = "2026-12-24" }]
        323: holiday_file = "table.csv"
          calendars[0].holiday_file: this is not an iCalendar file, or it is damaged
          change the file, or write the holidays here: holidays = [{ on = "2026-12-24" }]
        323: holiday_file = "large.ics"
          calendars[0].holiday_file: the file "large.ics" is larger than 1 MB
          export what is asked for alone, without other appointments
        323: holiday_file = "long.ics"
          calendars[0].holiday_file: it closes 728 dates, more than 500
          export the years to come only, and nothing but holidays
        323: holiday_file = "latin-1.ics"
          calendars[0].holiday_file: the file "latin-1.ics" is not text
          export it as iCalendar, in UTF-8
    "#]].assert_eq(&told);
    let procedure = read("fine.ics").0.unwrap_or_else(|report| panic!("{report}")).procedure;
    let rung = &procedure.default_plan.rungs[0];
    let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().expect("an instant");
    assert_eq!(rung.due(at("2026-12-24T12:00:00Z")), at("2026-12-29T09:00:00Z"), "Monday is a holiday of the file");
    std::fs::write(folder.path().join("fine.ics"), event("DTSTART:20261229")).expect("a file");
    let changed = read("fine.ics").0.unwrap_or_else(|report| panic!("{report}")).procedure;
    assert_ne!(changed.version, procedure.version, "another file is another procedure");
}

#[test]
fn words_money_and_tickets() {
    check(
        &[
            ("labels = { angry = 0.6", "labels = { agnry = 1.6"),
            (r#"EUR = "1.08""#, r#"eur = "0""#),
            (r"link = 'https://[a-z0-9-]+\.zendesk", r"link = 'https://[a-z0-9-+\.zendesk"),
            (r"agent/tickets/(\d+)", r"agent/tickets/\d+"),
            ("[rates]", "[[terms]]\nterm = \"\"\nkind = \"leaving\"\nweight = 0.5\n[rates]"),
        ],
        &expect![[r#"
            247: labels = { agnry = 1.6, legal = 0.5, security = 0.5, financial = 0.5, outage = 0.5, repeat = 0.5 }
              reading.labels.agnry: there is no kind "agnry"
              did you mean `angry`?
            247: labels = { agnry = 1.6, legal = 0.5, security = 0.5, financial = 0.5, outage = 0.5, repeat = 0.5 }
              reading.labels.agnry: outside 0 to 1
              0 is nothing, 1 is as strong as can be; 0.5 is a usual threshold

            251: eur = "0"
              rates.eur: "eur" is not a currency
              write the three capital letters of ISO 4217: USD, EUR
            251: eur = "0"
              rates.eur: "0" is not a rate
              write a decimal above 0 in quotes: "1.08"

            265: link = 'https://[a-z0-9-+\.zendesk\.com/agent/tickets/(\d+)'
              tickets[0].link: not a regular expression: unclosed character class
              write it in single quotes, with \. for a dot

            265: link = 'https://[a-z0-9-]+\.zendesk\.com/agent/tickets/\d+'
              tickets[0].link: a link without a group has no ticket id
              put the part that is the ticket's id in round brackets: (\d+)

            250: term = ""
              terms[0].term: the term "": it can stand for nothing at all; every way to read it needs a word
              see how terms are written in the comment above [[terms]]
        "#]],
    );
}

/// A term that nothing could ever match, because another one of the team's own reads the same.
#[test]
fn a_term_that_is_never_heard_is_an_error() {
    let term = |term: &str, rest: &str| format!("[[terms]]\nterm = \"{term}\"\nkind = \"legal\"\nweight = 0.5\n{rest}");
    let terms = [
        term("(my|our) notary", ""),
        term("our notary", ""),
        term("MY  Notary", "mode = \"watch\"\n"),
        term("notary … (bill|note)", ""),
        term("notary … (note|bill)", ""),
        // Built in, and switched off here: that is what it is for.
        term("class action", "mode = \"off\"\n"),
    ];
    check(
        &[("[rates]", &(terms.concat() + "[rates]"))],
        &expect![[r#"
            254: term = "our notary"
              terms[1].term: the term "our notary": whatever it reads, "(my|our) notary" reads already; remove one
              see how terms are written in the comment above [[terms]]
            267: term = "notary … (note|bill)"
              terms[4].term: the term "notary … (note|bill)": whatever it reads, "notary … (bill|note)" reads already; remove one
              see how terms are written in the comment above [[terms]]
        "#]],
    );
}

#[test]
fn no_team_has_its_cards_where_customers_write() {
    check(
        &[(r#"channel = "2003""#, r#"channel = "2001""#)],
        &expect![[r#"
        28: channel = "2001"
          teams[1].channel: this channel is one of [discord] watch, so customers would read its cards
          give the team a channel that customers cannot see
    "#]],
    );
}

#[test]
fn confidential_cases_reach_cleared_teams_only() {
    check(
        &[
            ("cleared = true\nmanages", "cleared = false\nmanages"),
            ("[catch_all]\nteam = \"managers\"", "[catch_all]\nteam = \"tier-1\""),
            (r#"channel = "2007""#, r#"channel = "2003""#),
        ],
        &expect![[r#"
            140: plan = "legal"
              triggers[3].plan: confidential, but the plan reaches teams that are not cleared: managers
              close the team's channel and set cleared = true, or choose another plan or catch-all
            156: plan = "security"
              triggers[5].plan: confidential, but the plan reaches teams that are not cleared: managers
              close the team's channel and set cleared = true, or choose another plan or catch-all

            140: plan = "legal"
              triggers[3].plan: confidential, but the plan reaches teams that are not cleared: tier-1
              close the team's channel and set cleared = true, or choose another plan or catch-all
            156: plan = "security"
              triggers[5].plan: confidential, but the plan reaches teams that are not cleared: tier-1
              close the team's channel and set cleared = true, or choose another plan or catch-all

            54: channel = "2003"
              teams[5].channel: this channel belongs to a cleared team and to one that is not
              a cleared team needs a channel that only it can see
        "#]],
    );
}

#[test]
fn a_token_is_refused_and_not_shown() {
    // Put together here so that nothing in this file looks like a token.
    let token = ["MTAwMDAwMDAwMDAwMDAwMDAwMA", "GabcDe", "0123456789012345678901234567890123456789"].join(".");
    check(
        &[("[rates]", "token = \"hunter2\"\n[rates]"), ("[rates]", &format!("# {token}\n[rates]"))],
        &expect![[r#"
            249: token = "hunter2"
              reading.token: a token never goes into this file
              delete it here, set DISCORD_TOKEN or token_file instead, and reset the token if anyone has seen this file

            249: # MTAwMDAwMDAwMDAwMDAwMDAwMA.GabcDe.0123456789012345678901234567890123456789
              : this looks like a token
              delete it here, set DISCORD_TOKEN or token_file instead, and reset the token if anyone has seen this file
        "#]],
    );
    let given = EXAMPLE.replacen("\"1000\"", &format!("\"{token}\"\ntoken = \"hunter2\""), 1);
    let report = Config::parse("config.toml", &given).expect_err("a token is refused");
    for told in [report.to_string(), report.to_json_lines()] {
        assert!(!told.contains(&token) && !told.contains("hunter2"), "{told}");
    }
}

#[test]
fn the_token_travels_with_tls_only() {
    check(
        &[
            ("[discord]", "[discord]\napi_base = \"http://discord.example\""),
            ("[discord]", "[discord]\napi_base = \"http://127.0.0.1:80@discord.example\""),
            ("[discord]", "[discord]\napi_base = \"http://127.0.0.1:8321/\""),
        ],
        &expect![[r#"
            13: api_base = "http://discord.example"
              discord.api_base: "http://discord.example" is not an address the token may be sent to
              write https://…; http:// only for this machine: http://127.0.0.1:8321

            13: api_base = "http://127.0.0.1:80@discord.example"
              discord.api_base: "http://127.0.0.1:80@discord.example" is not an address the token may be sent to
              write https://…; http:// only for this machine: http://127.0.0.1:8321

            fine
        "#]],
    );
}

#[test]
fn a_report_is_drawn_and_written_as_json() {
    let text = bare().replacen("front = \"tier-1\"", "front = \"tier1\"\nlogs = \"\"", 1);
    let report = Config::parse("config.toml", &text).expect_err("there is no such team");
    expect![[r#"
        report
          × there is no team "tier1"
           ╭─[config.toml:7:9]
         6 │ log = "bellhop.sqlite"
         7 │ front = "tier1"
           ·         ───────
         8 │ logs = ""
           ╰────
          help: did you mean `tier-1`?
          × unknown key `logs` in `desk`
           ╭─[config.toml:8:1]
         7 │ front = "tier1"
         8 │ logs = ""
           · ────
         9 │ default_plan = "tier-2"
           ╰────
          help: did you mean `log`?
    "#]]
    .assert_eq(&format!("report\n{}", report.draw(false, true)));
    expect![[r#"
        report
          x there is no team "tier1"
           ,-[config.toml:7:9]
         6 | log = "bellhop.sqlite"
         7 | front = "tier1"
           :         ^^^^^^^
         8 | logs = ""
           `----
          help: did you mean `tier-1`?
          x unknown key `logs` in `desk`
           ,-[config.toml:8:1]
         7 | front = "tier1"
         8 | logs = ""
           : ^^^^
         9 | default_plan = "tier-2"
           `----
          help: did you mean `log`?
    "#]]
    .assert_eq(&format!("report\n{}", report.draw(false, false)));
    expect![[r#"
        {"file":"config.toml","line":7,"column":9,"key":"desk.front","severity":"error","what":"there is no team \"tier1\"","hint":"did you mean `tier-1`?","excerpt":"front = \"tier1\"","timeline":[]}
        {"file":"config.toml","line":8,"column":1,"key":"desk.logs","severity":"error","what":"unknown key `logs` in `desk`","hint":"did you mean `log`?","excerpt":"logs = \"\"","timeline":[]}
    "#]]
    .assert_eq(&report.to_json_lines());
    assert!(report.draw(true, true).contains('\u{1b}'));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Whatever somebody does to the file, it is read or reported.
    #[test]
    fn a_damaged_file_is_reported(at in 0..EXAMPLE.len(), gone in 0..40_usize, put in "[\\[\\]{}=\"'.é💥\n a]{0,6}") {
        let bare = bare();
        let start = bare.floor_char_boundary(at % bare.len());
        let end = bare.ceil_char_boundary((start + gone).min(bare.len()));
        let damaged = format!("{}{put}{}", &bare[..start], &bare[end..]);
        if let Err(report) = Config::parse("config.toml", &damaged) {
            prop_assert!(!report.problems.is_empty());
            prop_assert!(report.problems.iter().all(|problem| problem.line <= damaged.lines().count() + 1));
            prop_assert!(!report.to_string().is_empty());
        }
    }
}

#[test]
fn a_file_that_is_not_there() {
    let error = Config::read("no/such.toml".as_ref()).expect_err("there is no file");
    assert!(matches!(error, ConfigError::Missing { .. }));
    expect!["there is no no/such.toml: copy config.example.toml to it and put in the ids of your server"]
        .assert_eq(&error.to_string());
}

#[test]
fn required_acks() {
    let rung = |acks: &str| format!("respond_within = \"2h\", required_acks = {acks} }}");
    let [none, crowd, text] = ["0", "10", "\"two\""].map(rung);
    let change = |to| ("respond_within = \"2h\" }", to);
    check(
        &[change(none.as_str()), change(crowd.as_str()), change(text.as_str())],
        &expect![[r#"
            72: { team = "tier-2", respond_within = "2h", required_acks = 0 },
              plans[0].rungs[0].required_acks: nobody, or a crowd
              1 to 9 people who have to acknowledge

            72: { team = "tier-2", respond_within = "2h", required_acks = 10 },
              plans[0].rungs[0].required_acks: nobody, or a crowd
              1 to 9 people who have to acknowledge

            72: { team = "tier-2", respond_within = "2h", required_acks = "two" },
              plans[0].rungs[0].required_acks: `required_acks` is a text
              expected a whole number without quotes
        "#]],
    );
}

/// The clocks of the example, used by its first plan, in the hours of [`CALENDAR`].
fn with_clocks(from: &str, to: &str) -> String {
    let start = EXAMPLE.find("# clocks = ").expect("the example shows clocks") + 2;
    let clocks = EXAMPLE[start..].lines().next().expect("a line");
    assert!(clocks.contains(from), "the clocks have no {from:?}");
    let clocks = clocks.replacen(from, to, 1);
    bare().replacen("repeat = 0", &format!("repeat = 0\n{clocks}"), 1) + CALENDAR
}

#[test]
fn the_clocks_of_the_example_are_fine() {
    let config = Config::parse("config.toml", &with_clocks("", "")).unwrap_or_else(|report| panic!("{report}"));
    let clocks = &config.procedure.default_plan.clocks;
    assert_eq!(clocks.limits.len(), 4);
    let resolve = clocks.target(crate::sop::clock::ClockKind::Resolve).expect("it is limited");
    assert_eq!((resolve.within, resolve.warn_at_percent), (chrono::TimeDelta::days(2), vec![50, 80]));
    assert_eq!(resolve.calendar.as_ref(), config.procedure.calendars.first());
}

#[test]
fn clocks() {
    let changes = [
        ("first_reply", "first_replay"),
        ("\"4h\"", "\"4 fortnights\""),
        ("\"2d\"", "2"),
        ("\"office\"", "\"ofice\""),
        ("[50, 80]", "[80, 50]"),
        ("[50, 80]", "[50, 100]"),
        ("[50, 80]", "[0]"),
        ("[50, 80]", "80"),
        ("first_reply = \"1h\", update = \"4h\", resolve = \"2d\", time_in_tier = \"8h\", ", ""),
    ];
    let told: Vec<String> = changes.iter().map(|(from, to)| told(&with_clocks(from, to))).collect();
    expect![[r#"
        77: clocks = { first_replay = "1h", update = "4h", resolve = "2d", time_in_tier = "8h", calendar = "office", warn_at = [50, 80] }
          plans[0].clocks.first_replay: unknown key `first_replay` in `plans[0].clocks`
          did you mean `first_reply`?

        77: clocks = { first_reply = "1h", update = "4 fortnights", resolve = "2d", time_in_tier = "8h", calendar = "office", warn_at = [50, 80] }
          plans[0].clocks.update: "4 fortnights" is not a duration
          write a number and a unit: "15m", "2h", "30d"

        77: clocks = { first_reply = "1h", update = "4h", resolve = 2, time_in_tier = "8h", calendar = "office", warn_at = [50, 80] }
          plans[0].clocks.resolve: `resolve` is a number
          expected a text in quotes

        77: clocks = { first_reply = "1h", update = "4h", resolve = "2d", time_in_tier = "8h", calendar = "ofice", warn_at = [50, 80] }
          plans[0].clocks.calendar: there is no calendar "ofice"
          did you mean `office`?

        77: clocks = { first_reply = "1h", update = "4h", resolve = "2d", time_in_tier = "8h", calendar = "office", warn_at = [80, 50] }
          plans[0].clocks.warn_at: not in order
          write each share once, the smallest first: warn_at = [50, 80]

        77: clocks = { first_reply = "1h", update = "4h", resolve = "2d", time_in_tier = "8h", calendar = "office", warn_at = [50, 100] }
          plans[0].clocks.warn_at[1]: not a share of the time
          write percent without quotes, 1 to 99: warn_at = [50, 80]

        77: clocks = { first_reply = "1h", update = "4h", resolve = "2d", time_in_tier = "8h", calendar = "office", warn_at = [0] }
          plans[0].clocks.warn_at[0]: not a share of the time
          write percent without quotes, 1 to 99: warn_at = [50, 80]

        77: clocks = { first_reply = "1h", update = "4h", resolve = "2d", time_in_tier = "8h", calendar = "office", warn_at = 80 }
          plans[0].clocks.warn_at: `warn_at` is a number
          expected a list in square brackets

        77: clocks = { calendar = "office", warn_at = [50, 80] }
          plans[0].clocks: no clock, so nothing is measured
          give a time to one of first_reply, update, resolve, time_in_tier: { update = "4h" }
    "#]].assert_eq(&told.join("\n"));
}

#[test]
fn confirm_within() {
    let config = |text| bare().replacen(r#"confirm_within = "1d""#, text, 1);
    expect![[r#"
        77: confirm_within = "never"
          plans[0].confirm_within: "never" is not a duration
          write a number and a unit: "15m", "2h", "30d"
    "#]]
    .assert_eq(&told(&config(r#"confirm_within = "never""#)));
    let within = |text| {
        let config = Config::parse("config.toml", &config(text)).unwrap_or_else(|report| panic!("{report}"));
        config.procedure.default_plan.confirm_within
    };
    assert_eq!(within(""), chrono::TimeDelta::days(1));
    assert_eq!(within(r#"confirm_within = "2h""#), chrono::TimeDelta::hours(2));
    assert_eq!(within(r#"confirm_within = "none""#), chrono::TimeDelta::zero());
}
