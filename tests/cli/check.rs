//! `bellhop check`: everything that is wrong with a config, at once.

use anyhow::{Result, ensure};
use expect_test::expect;

use crate::desk;
use crate::program::bellhop;

#[tokio::test]
async fn the_example_is_fine() -> Result<()> {
    let folder = desk(&[])?;
    let done = bellhop(folder.path(), &["check"], b"").await?;
    expect![[r#"
        exit 0
        --- out
        config.toml is fine: 6 triggers, 7 teams.
    "#]]
    .assert_eq(&done.to_string());
    ensure!(bellhop(folder.path(), &["check", "--json", "config.toml"], b"").await?.out.is_empty());
    Ok(())
}

/// The rota has an answer all the same, but its author should know.
#[tokio::test]
async fn what_is_left_out_of_a_calendar_is_told() -> Result<()> {
    let folder = desk(&[("# file = \"tier-2.ics\"", "file = \"tier-2.ics\"")])?;
    let event = "BEGIN:VEVENT\nUID:1@example\nSUMMARY:Carl\nDTSTART:20260105T090000\nDURATION:PT1H\nEND:VEVENT\n";
    std::fs::write(folder.path().join("tier-2.ics"), format!("BEGIN:VCALENDAR\n{event}END:VCALENDAR\n"))?;
    let done = bellhop(folder.path(), &["check"], b"").await?;
    expect![[r#"
        exit 1
        --- err
        warning: tier-2.ics:2: event 1@example: neither its summary "Carl" nor an attendee names one of the people, left out
    "#]].assert_eq(&done.to_string());
    let done = bellhop(folder.path(), &["check", "--json"], b"").await?;
    expect![[r#"
        exit 1
        --- out
        {"what":"tier-2.ics:2: event 1@example: neither its summary \"Carl\" nor an attendee names one of the people, left out"}
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
    let done = bellhop(folder.path(), &["check"], b"").await?;
    expect![[r#"
        exit 1
        --- err
          x "15" is not a duration
             ,-[config.toml:137:50]
         136 | id = "leads"
         137 | rungs = [{ team = "team-leads", respond_within = "15" }, { team = "managers", respond_within = "30m" }]
             :                                                  ^^^^
         138 | 
             `----
          help: write a number and a unit: "15m", "2h", "30d"
          x `severity` cannot be "high"
             ,-[config.toml:192:12]
         191 | name = "Refund over 500 USD"
         192 | severity = "high"
             :            ^^^^^^
         193 | plan = "managers"
             `----
          help: choose from `sev1`, `sev2`, `sev3`, `sev4`
          x there is no plan "enginering"
             ,-[config.toml:206:8]
         205 | severity = "sev1"
         206 | plan = "enginering"
             :        ^^^^^^^^^^^^
         207 | when = { customers = 3, of = "outage", within = "30m" }
             `----
          help: did you mean `engineering`?
          x no condition, so it would never fire
             ,-[config.toml:233:8]
         232 | plan = "leads"
         233 | when = { signl = "angry", at_least = 0.6 }
             :        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
         234 | 
             `----
          help: write one of signal, amount_over, contacts, customers, channel, language, all, any, not
          x unknown key `signl` in `triggers[4].when`
             ,-[config.toml:233:10]
         232 | plan = "leads"
         233 | when = { signl = "angry", at_least = 0.6 }
             :          ^^^^^
         234 | 
             `----
          help: did you mean `signal`?
          x unknown key `at_least` in `triggers[4].when`
             ,-[config.toml:233:27]
         232 | plan = "leads"
         233 | when = { signl = "angry", at_least = 0.6 }
             :                           ^^^^^^^^
         234 | 
             `----
          help: choose from `all`, `amount_over`, `any`, `channel`, `contacts`, `customers`, `language`,
                `not`, `signal`
    "#]]
    .assert_eq(&done.to_string());
    let done = bellhop(folder.path(), &["check", "--json"], b"").await?;
    expect![[r#"
        exit 1
        --- out
        {"line":137,"column":50,"key":"plans[1].rungs[0].respond_within","what":"\"15\" is not a duration","hint":"write a number and a unit: \"15m\", \"2h\", \"30d\""}
        {"line":192,"column":12,"key":"triggers[0].severity","what":"`severity` cannot be \"high\"","hint":"choose from `sev1`, `sev2`, `sev3`, `sev4`"}
        {"line":206,"column":8,"key":"triggers[1].plan","what":"there is no plan \"enginering\"","hint":"did you mean `engineering`?"}
        {"line":233,"column":8,"key":"triggers[4].when","what":"no condition, so it would never fire","hint":"write one of signal, amount_over, contacts, customers, channel, language, all, any, not"}
        {"line":233,"column":10,"key":"triggers[4].when.signl","what":"unknown key `signl` in `triggers[4].when`","hint":"did you mean `signal`?"}
        {"line":233,"column":27,"key":"triggers[4].when.at_least","what":"unknown key `at_least` in `triggers[4].when`","hint":"choose from `all`, `amount_over`, `any`, `channel`, `contacts`, `customers`, `language`, `not`, `signal`"}
    "#]].assert_eq(&done.to_string());
    Ok(())
}

#[tokio::test]
async fn a_config_that_is_not_there_is_no_config_with_mistakes() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let done = bellhop(folder.path(), &["check"], b"").await?;
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
    let done = bellhop(folder.path(), &["check"], b"").await?;
    expect![[r#"
        exit 1
        --- err
        error: templates cannot be read: No such file or directory (os error 2)
    "#]]
    .assert_eq(&done.to_string());
    std::fs::create_dir(folder.path().join("templates"))?;
    std::fs::write(folder.path().join("templates/line.md"), "Hello\n{{ cse.id }}\n")?;
    let done = bellhop(folder.path(), &["check"], b"").await?;
    expect![[r#"
        exit 1
        --- err
        error: templates/line.md: line 2: undefined value: `cse` is undefined
    "#]]
    .assert_eq(&done.to_string());
    let done = bellhop(folder.path(), &["check", "--json"], b"").await?;
    expect![[r#"
        exit 1
        --- out
        {"what":"templates/line.md: line 2: undefined value: `cse` is undefined"}
    "#]]
    .assert_eq(&done.to_string());
    Ok(())
}
