//! `bellhop check`: everything that is wrong with a config, at once.

use anyhow::{Result, ensure};
use expect_test::expect;

use crate::desk;
use crate::program::bellhop;

#[tokio::test]
async fn the_example_is_fine() -> Result<()> {
    let folder = desk(&[])?;
    let done = bellhop(folder.path(), &["check", "--from", "2026-11-24"], b"").await?;
    expect![[r#"
        exit 0
        --- out
        config.toml is fine: 6 triggers, 7 teams, a year from 2026-11-24 on.

        sev1  Outage affecting several customers                     Engineering 10m, then Managers 15m
        sev1  Legal or compliance threat, confidential               Legal 30m, then Managers 30m
        sev1  Suspected breach or unauthorized access, confidential  IT security 15m, then Managers 15m
        sev2  Refund over 500 USD                                    Managers 30m, 2 times
        sev3  Third contact about the same issue                     Specialists on call 2h, then Team leads 1h, then Managers 1h
        sev3  Angry customer                                         Team leads 15m, then Managers 30m
        sev3  Escalated by hand                                      Specialists on call 2h, then Team leads 1h, then Managers 1h

        Whoever does not answer is not waited for: after the last comes Managers 30m, again and again.
    "#]]
    .assert_eq(&done.to_string());
    ensure!(bellhop(folder.path(), &["check", "--json", "config.toml"], b"").await?.out.is_empty());
    Ok(())
}

/// What the prover finds is told with an example; there are errors, so the answer is no.
#[tokio::test]
async fn what_would_go_wrong_is_told_with_an_example() -> Result<()> {
    let folder = desk(&[
        (LAYER, &LAYER.replace(" },", ", only = [\"mon-fri 09:00-17:00\"] },")),
        ("when = { signal = \"angry\", at_least = 0.6 }", "when = { language = \"ja\" }"),
    ])?;
    let done = bellhop(folder.path(), &["check", "--from", "2026-11-28"], b"").await?;
    expect![[r#"
        exit 1
        --- err
          x it never holds: there are no terms in the language ja, so nothing is read in it
             ,-[config.toml:280:8]
         279 | plan = "leads"
         280 | when = { language = "ja" }
             :        ^^^^^^^^^^^^^^^^^^^
         281 | 
             `----
          help: choose a language that has terms: en, es, de, fr, nl, pt
          ! nobody of tier-2 is on call 365 times in the year, 250d 10h in all
             ,-[config.toml:577:1]
         576 | 
         577 | [[rotas]]
             : ^^^^^^^^^
         578 | team = "tier-2"
             `----
          help: the next rung is paged at once then; add a layer below, or somebody who covers
                for example:
                  Sat 2026-11-28 01:00 CET  tier-2: nobody is on call
                  Sat 2026-11-28 10:00 CET  tier-2: Tess is on call
        1 error, 1 warning in config.toml
    "#]]
    .assert_eq(&done.to_string());
    let done = bellhop(folder.path(), &["check", "--json", "--from", "2026-11-28"], b"").await?;
    expect![[r#"
        exit 1
        --- out
        {"file":"config.toml","line":280,"column":8,"key":"triggers[4].when","severity":"error","what":"it never holds: there are no terms in the language ja, so nothing is read in it","hint":"choose a language that has terms: en, es, de, fr, nl, pt","excerpt":"when = { language = \"ja\" }","timeline":[]}
        {"file":"config.toml","line":577,"column":1,"key":"rotas[0]","severity":"warning","what":"nobody of tier-2 is on call 365 times in the year, 250d 10h in all","hint":"the next rung is paged at once then; add a layer below, or somebody who covers","excerpt":"[[rotas]]","timeline":["Sat 2026-11-28 01:00 CET  tier-2: nobody is on call","Sat 2026-11-28 10:00 CET  tier-2: Tess is on call"]}
    "#]].assert_eq(&done.to_string());
    let done = bellhop(folder.path(), &["check", "--from", "tomorrow"], b"").await?;
    expect![[r#"
        exit 2
        --- err
        error: --from "tomorrow" is not a day: write "2026-12-24"
    "#]]
    .assert_eq(&done.to_string());
    Ok(())
}

/// For editors; whether it is the one that the repository keeps is asked where it is made.
#[tokio::test]
async fn the_schema_is_printed() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let done = bellhop(folder.path(), &["check", "--schema"], b"").await?;
    ensure!(done.out == include_str!("../../.config.schema.json"));
    Ok(())
}

const LAYER: &str = r#"{ people = ["Sam", "Sofia"], every = "1 week", handover = "mon 09:00", from = "2026-01-05" },"#;

/// The rota has an answer all the same, but its author should know.
#[tokio::test]
async fn what_is_left_out_of_a_calendar_is_told() -> Result<()> {
    let folder = desk(&[("# file = \"tier-2.ics\"", "file = \"tier-2.ics\"")])?;
    let event = "BEGIN:VEVENT\nUID:1@example\nSUMMARY:Carl\nDTSTART:20260105T090000\nDURATION:PT1H\nEND:VEVENT\n";
    std::fs::write(folder.path().join("tier-2.ics"), format!("BEGIN:VCALENDAR\n{event}END:VCALENDAR\n"))?;
    let done = bellhop(folder.path(), &["check", "--from", "2026-11-24"], b"").await?;
    expect![[r#"
        exit 0
        --- err
          ! tier-2.ics:2: event 1@example: neither its summary "Carl" nor an attendee names one of the
          | people, left out
             ,-[config.toml:590:8]
         589 | away = [{ person = "Sofia", from = "2026-08-03", to = "2026-08-14" }]
         590 | file = "tier-2.ics"
             :        ^^^^^^^^^^^^
         591 | 
             `----
          help: change the event in its calendar and export it again
        1 warning in config.toml, which works all the same
    "#]]
    .assert_eq(&done.to_string());
    let done = bellhop(folder.path(), &["check", "--json", "--from", "2026-11-24"], b"").await?;
    expect![[r#"
        exit 0
        --- out
        {"file":"config.toml","line":590,"column":8,"key":"rotas[0].file","severity":"warning","what":"tier-2.ics:2: event 1@example: neither its summary \"Carl\" nor an attendee names one of the people, left out","hint":"change the event in its calendar and export it again","excerpt":"file = \"tier-2.ics\"","timeline":[]}
    "#]].assert_eq(&done.to_string());
    Ok(())
}

const MISTAKES: [(&str, &str); 4] = [
    ("severity = \"sev2\"", "severity = \"high\""),
    ("plan = \"engineering\"", "plan = \"enginering\""),
    ("respond_within = \"15m\"", "respond_within = \"15\""),
    ("signal = \"angry\"", "signl = \"angry\""),
];

#[tokio::test]
async fn all_mistakes_are_told_at_once() -> Result<()> {
    let folder = desk(&MISTAKES)?;
    let done = bellhop(folder.path(), &["check", "--from", "2026-11-24"], b"").await?;
    expect![[r#"
        exit 1
        --- err
          x "15" is not a duration
             ,-[config.toml:171:50]
         170 | lower_when = ["the customer is calm again", "a refund or a replacement is agreed"]
         171 | rungs = [{ team = "team-leads", respond_within = "15" }, { team = "managers", respond_within = "30m" }]
             :                                                  ^^^^
         172 | 
             `----
          help: write a number and a unit: "15m", "2h", "30d"
          x `severity` cannot be "high"
             ,-[config.toml:236:12]
         235 | name = "Refund over 500 USD"
         236 | severity = "high"
             :            ^^^^^^
         237 | plan = "managers"
             `----
          help: choose from `sev1`, `sev2`, `sev3`, `sev4`
          x there is no plan "enginering"
             ,-[config.toml:251:8]
         250 | severity = "sev1"
         251 | plan = "enginering"
             :        ^^^^^^^^^^^^
         252 | when = { customers = 3, of = "outage", within = "30m" }
             `----
          help: did you mean `engineering`?
          x no condition, so it would never fire
             ,-[config.toml:280:8]
         279 | plan = "leads"
         280 | when = { signl = "angry", at_least = 0.6 }
             :        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
         281 | 
             `----
          help: write one of signal, amount_over, contacts, customers, channel, language, ticket, tag,
                waits, all, any, not
          x unknown key `signl` in `triggers[4].when`
             ,-[config.toml:280:10]
         279 | plan = "leads"
         280 | when = { signl = "angry", at_least = 0.6 }
             :          ^^^^^
         281 | 
             `----
          help: did you mean `signal`?
          x unknown key `at_least` in `triggers[4].when`
             ,-[config.toml:280:27]
         279 | plan = "leads"
         280 | when = { signl = "angry", at_least = 0.6 }
             :                           ^^^^^^^^
         281 | 
             `----
          help: choose from `all`, `amount_over`, `any`, `channel`, `contacts`, `customers`, `language`,
                `not`, `signal`, `tag`, `ticket`, `waits`
        6 errors in config.toml
    "#]]
    .assert_eq(&done.to_string());
    let done = bellhop(folder.path(), &["check", "--json", "--from", "2026-11-24"], b"").await?;
    expect![[r#"
        exit 1
        --- out
        {"file":"config.toml","line":171,"column":50,"key":"plans[1].rungs[0].respond_within","severity":"error","what":"\"15\" is not a duration","hint":"write a number and a unit: \"15m\", \"2h\", \"30d\"","excerpt":"rungs = [{ team = \"team-leads\", respond_within = \"15\" }, { team = \"managers\", respond_within = \"30m\" }]","timeline":[]}
        {"file":"config.toml","line":236,"column":12,"key":"triggers[0].severity","severity":"error","what":"`severity` cannot be \"high\"","hint":"choose from `sev1`, `sev2`, `sev3`, `sev4`","excerpt":"severity = \"high\"","timeline":[]}
        {"file":"config.toml","line":251,"column":8,"key":"triggers[1].plan","severity":"error","what":"there is no plan \"enginering\"","hint":"did you mean `engineering`?","excerpt":"plan = \"enginering\"","timeline":[]}
        {"file":"config.toml","line":280,"column":8,"key":"triggers[4].when","severity":"error","what":"no condition, so it would never fire","hint":"write one of signal, amount_over, contacts, customers, channel, language, ticket, tag, waits, all, any, not","excerpt":"when = { signl = \"angry\", at_least = 0.6 }","timeline":[]}
        {"file":"config.toml","line":280,"column":10,"key":"triggers[4].when.signl","severity":"error","what":"unknown key `signl` in `triggers[4].when`","hint":"did you mean `signal`?","excerpt":"when = { signl = \"angry\", at_least = 0.6 }","timeline":[]}
        {"file":"config.toml","line":280,"column":27,"key":"triggers[4].when.at_least","severity":"error","what":"unknown key `at_least` in `triggers[4].when`","hint":"choose from `all`, `amount_over`, `any`, `channel`, `contacts`, `customers`, `language`, `not`, `signal`, `tag`, `ticket`, `waits`","excerpt":"when = { signl = \"angry\", at_least = 0.6 }","timeline":[]}
    "#]].assert_eq(&done.to_string());
    Ok(())
}

#[tokio::test]
async fn a_config_that_is_not_there_is_no_config_with_mistakes() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let done = bellhop(folder.path(), &["check", "--from", "2026-11-24"], b"").await?;
    expect![[r#"
        exit 2
        --- err
        error: there is no config.toml: copy config.example.toml to it and put in the ids of your server
    "#]]
    .assert_eq(&done.to_string());
    let done = bellhop(folder.path(), &["check", "."], b"").await?;
    expect![[r#"
        exit 2
        --- err
        error: cannot read the config .: Is a directory (os error 21)
    "#]]
    .assert_eq(&done.to_string());
    Ok(())
}

/// The words are tried out with sample facts, so that a slip shows now and not in the first escalation.
#[tokio::test]
async fn words_that_do_not_render_are_told_with_their_line() -> Result<()> {
    let folder = desk(&[("# templates =", "templates =")])?;
    let done = bellhop(folder.path(), &["check", "--from", "2026-11-24"], b"").await?;
    expect![[r#"
        exit 1
        --- err
          x templates cannot be read: No such file or directory (os error 2)
            ,-[config.toml:22:13]
         21 | # A folder with wording of your own, one file per template. Default: the built-in wording.
         22 | templates = "templates"
            :             ^^^^^^^^^^^
         23 | # Whether what happens to a case is written in a thread of its card, a line for each step, without a ping. Default: true
            `----
          help: mend the template, or delete its file: then the built-in one is used
        1 error in config.toml
    "#]]
    .assert_eq(&done.to_string());
    std::fs::create_dir(folder.path().join("templates"))?;
    std::fs::write(folder.path().join("templates/line.md"), "Hello\n{{ cse.id }}\n")?;
    let done = bellhop(folder.path(), &["check", "--from", "2026-11-24"], b"").await?;
    expect![[r#"
        exit 1
        --- err
          x templates/line.md: line 2: undefined value: `cse` is undefined
            ,-[config.toml:22:13]
         21 | # A folder with wording of your own, one file per template. Default: the built-in wording.
         22 | templates = "templates"
            :             ^^^^^^^^^^^
         23 | # Whether what happens to a case is written in a thread of its card, a line for each step, without a ping. Default: true
            `----
          help: mend the template, or delete its file: then the built-in one is used
        1 error in config.toml
    "#]]
    .assert_eq(&done.to_string());
    let done = bellhop(folder.path(), &["check", "--json", "--from", "2026-11-24"], b"").await?;
    expect![[r#"
        exit 1
        --- out
        {"file":"config.toml","line":22,"column":13,"key":"desk.templates","severity":"error","what":"templates/line.md: line 2: undefined value: `cse` is undefined","hint":"mend the template, or delete its file: then the built-in one is used","excerpt":"templates = \"templates\"","timeline":[]}
    "#]]
    .assert_eq(&done.to_string());
    Ok(())
}
