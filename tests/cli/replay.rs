//! `bellhop replay`: a history in, what would have been opened out.

use std::io::Write;

use anyhow::Result;
use expect_test::{Expect, expect};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::program::bellhop;

/// One brand's site fails, another's network as usual; one customer comes back twice.
const HISTORY: &str = r#"{"ts":"2026-03-01T09:00:00Z","author":"ann","brand":"harbor","text":"Your site is down for everyone here."}
{"ts":"2026-03-01T09:05:00Z","author":"bob","brand":"harbor","text":"The website is not working, is it only me?"}
{"ts":"2026-03-01T09:06:00Z","author":"cleo","brand":"lagoon","text":"Your site is down again."}
{"ts":"2026-03-01T09:07:00Z","author":"bob","brand":"harbor","text":"The website is still not working."}
{"ts":"2026-03-01T09:09:00Z","author":"dan","brand":"harbor","text":"The website is down, nothing loads."}
{"ts":"2026-03-01T09:12:00Z","author":"eve","brand":"harbor","text":"Site down at my office, too."}
{"ts":"2026-03-02T09:00:00Z","author":"fay","brand":"harbor","text":"My blue armchair arrived with a broken wooden leg, a refund of $700 please."}
{"ts":"2026-03-03T09:00:00Z","author":"fay","brand":"harbor","text":"The broken wooden leg of my blue armchair: where is the refund?"}
{"ts":"2026-03-04T09:00:00Z","author":"fay","brand":"harbor","text":"Nobody answers about the blue armchair with its broken wooden leg, I want the refund."}
"#;

async fn check(name: &str, history: &[u8], arguments: &[&str], want: Expect) -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join(name), history)?;
    let arguments: Vec<&str> = ["replay", name].iter().chain(arguments).copied().collect();
    let done = bellhop(folder.path(), &arguments, b"").await?;
    want.assert_eq(&done.to_string());
    Ok(())
}

#[tokio::test]
async fn a_history_opens_what_the_procedure_would() -> Result<()> {
    check("history.jsonl", HISTORY.as_bytes(), &[], expect![[r#"
        exit 0
        --- out
        opened               brand              case       triggers                  who joined  why
        2026-03-01 09:09:00Z harbor             ESC-1      outage                      4      1  outage reported by 3 customers (needs 3)
                             line 5: The website is down, nothing loads.
        2026-03-02 09:00:00Z harbor             ESC-2      refund                      1      0  700 USD claimed (needs over 500 USD)
                             line 7: My blue armchair arrived with a broken wooden leg, a refund of $700 please.
        2026-03-04 09:00:00Z harbor             ESC-3      third-contact               1      0  contact 3 about the same issue (needs 3)
                             line 9: Nobody answers about the blue armchair with its broken wooden leg, I want the refund.

        9 messages of 2 brands
          outage                        1 cases
          refund                        1 cases
          third-contact                 1 cases
    "#]]).await
}

#[tokio::test]
async fn machines_get_one_object_a_case_from_a_packed_history() -> Result<()> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(HISTORY.as_bytes())?;
    check("history.jsonl.gz", &packed.finish()?, &["--json", "--trigger", "outage"], expect![[r#"
        exit 0
        --- out
        {"at":"2026-03-01T09:09:00Z","brand":"harbor","case":1,"triggers":["outage"],"severity":"sev1","customer":"dan","line":5,"text":"The website is down, nothing loads.","why":["outage reported by 3 customers (needs 3)"],"counted":["1","4"],"joined":1,"customers":4}
        {"messages":9,"brands":2,"opened":{"outage":1}}
    "#]]).await
}

#[tokio::test]
async fn a_history_can_be_played_at_a_speed() -> Result<()> {
    check(
        "history.jsonl",
        HISTORY.as_bytes(),
        &["--speed", "100000000", "--trigger", "legal"],
        expect![[r#"
        exit 0
        --- out

        9 messages of 2 brands
    "#]],
    )
    .await
}

#[tokio::test]
async fn bad_lines_are_named_and_the_rest_goes_on() -> Result<()> {
    let history = b"{\"ts\":\"2026-03-01T09:00:00Z\",\"author\":\"ann\",\"text\":\"I will sue you.\"}\n\xff\nHello\n\
        {\"ts\":\"yesterday\",\"author\":\"ann\",\"text\":\"Hi\"}\n{\"ts\":\"2026-02-01T09:00:00Z\",\"author\":\"ann\",\"text\":\"Hi\"}\n";
    check("history.jsonl", history, &[], expect![[r#"
        exit 1
        --- out
        opened               brand              case       triggers                  who joined  why
        2026-03-01 09:00:00Z                    ESC-1      legal                       1      0  legal 0.82 (needs 0.50)
                             line 1: I will sue you.

        1 messages of 1 brands
          legal                         1 cases
        --- err
        history.jsonl:2: not valid UTF-8, left out
        history.jsonl:3: not a JSON object with `ts`, `author` and `text` (expected value at line 1 column 1), left out
        history.jsonl:4: not a JSON object with `ts`, `author` and `text` (input contains invalid characters at line 1 column 17), left out
        history.jsonl:5: earlier than the line before it: a history goes forward, left out
    "#]]).await
}

#[tokio::test]
async fn what_cannot_be_done_is_said() -> Result<()> {
    check(
        "history.jsonl",
        b"",
        &[],
        expect![[r#"
            exit 1
            --- err
            history.jsonl:1: the file is empty
        "#]],
    )
    .await?;
    check(
        "history.jsonl",
        HISTORY.as_bytes(),
        &["--trigger", "outrage"],
        expect![[r#"
        exit 2
        --- err
        error: there is no trigger "outrage"; there are refund, outage, third-contact, legal, angry, security
    "#]],
    )
    .await?;
    check(
        "history.jsonl",
        HISTORY.as_bytes(),
        &["--speed", "fast"],
        expect![[r#"
        exit 2
        --- err
        error: invalid value 'fast' for '--speed <SPEED>': write "max", or how many times as fast as it happened: 60

        For more information, try '--help'.
    "#]],
    )
    .await
}
