//! `bellhop simulate`: a transcript in, the chat out, or where it differs.

use anyhow::Result;
use expect_test::{Expect, expect};

use crate::EXAMPLE;
use crate::program::bellhop;

async fn check(file: &str, arguments: &[&str], expected: Expect) -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("file"), file)?;
    let arguments: Vec<&str> = ["simulate"].iter().chain(arguments).copied().collect();
    expected.assert_eq(&bellhop(folder.path(), &arguments, b"").await?.to_string());
    Ok(())
}

const OVER_800: &str = "[[triggers]]\nid = \"refund\"\nwhen = { amount_over = \"800 USD\" }";

/// A transcript with this config, and what it expects.
fn transcript(config: &str, expected: &str) -> String {
    format!(
        "# A refund\n\nWhy.\n\n```toml\n{config}\n```\n\n```chat\n09:00 Dana in #support: I want my $700 back.\n{expected}```\n"
    )
}

#[tokio::test]
async fn what_happens_alone_is_played_to_the_end() -> Result<()> {
    let script = "09:00 Dana in #support: I want my $700 back.\n\
        09:01 Mona presses Acknowledge on ESC-1\n\
        09:02 Mona types /handoff escalation:ESC-1 to:@Sam in #managers\n\
        09:03 Dana types /status escalation:ESC-1 in #support\n";
    check(script, &["--script", "file"], expect![[r#"
        exit 0
        --- out
        09:00 Dana in #support: I want my $700 back.
            #tier-1:
                🔔 **ESC-1** · SEV2 · Refund over 500 USD → **Managers**, answer within 30 min. Customer @Dana in #support. Still needed by 09:30: Steps already tried, Order number.
                [Add information]
            #managers pings Mona:
                @Manager
                ESC-1 · SEV2 · Refund over 500 USD
                🔔 **Waiting for Managers**, answer due in 30 min (09:30).
                Why you: 700 USD claimed (needs over 500 USD)
                In the customer's words: __$700__ (financial)
                Customer: @Dana (Dana) in #support, now: [read it there](its place)
                Still needed: Steps already tried, Order number: from Front line by 09:30
                Playbook: Refund procedure: `/playbook`
                Step 1 of 1: Managers, within 30 min
                [Acknowledge] [Resolve] [Raise] [Why] [Add information]
        09:01 Mona presses Acknowledge on ESC-1
            only Mona sees:
                🟢 ESC-1 is yours. Next step by 09:31. Press **Resolve** on its card when it is done. Another time for the next step:
                [15 min] [1 h] [Today] [Another time]
            #tier-1: 🟢 **ESC-1** was taken by @Mona after 1 min. Owner: @Mona.
            #managers (edited):
                ESC-1 · SEV2 · Refund over 500 USD
                🟢 **Taken** by @Mona, now. Next step by 09:31.
                [Resolve] [Raise] [Why] [Add information] [Ask back]
            #managers › ESC-1: 09:01 Mona acknowledged, next step by 09:31.
        09:02 Mona types /handoff escalation:ESC-1 to:@Sam in #managers
            only Mona sees: @Sam cannot take ESC-1: only its teams and the managers can. `/raise` sends it to another team.
        09:03 Dana types /status escalation:ESC-1 in #support
            only Dana sees: Only the support team can use this. Write your question here and somebody will answer.
    "#]]).await
}

#[tokio::test]
async fn what_is_as_written_is_printed_and_what_is_not_is_shown() -> Result<()> {
    check(
        &transcript(OVER_800, ""),
        &["file"],
        expect![[r#"
        exit 0
        --- out
        09:00 Dana in #support: I want my $700 back.
    "#]],
    )
    .await?;
    check(
        &transcript(OVER_800, "    #tier-1: Something.\n"),
        &["file"],
        expect![[r#"
        exit 1
        --- out
        --- as written
        +++ as played
        @@ -1,2 +1 @@
         09:00 Dana in #support: I want my $700 back.
        -    #tier-1: Something.
    "#]],
    )
    .await
}

#[tokio::test]
async fn machines_get_an_object_a_line() -> Result<()> {
    let script = "09:00 Dana in #support: I want my $700 back.\n09:40 (time passes)\n";
    check(script, &["--script", "file", "--json"], expect![[r##"
        exit 0
        --- out
        {"line":1,"happens":"09:00 Dana in #support: I want my $700 back.","due":[],"seen":["#tier-1:","    🔔 **ESC-1** · SEV2 · Refund over 500 USD → **Managers**, answer within 30 min. Customer @Dana in #support. Still needed by 09:30: Steps already tried, Order number.","    [Add information]","#managers pings Mona:","    @Manager","    ESC-1 · SEV2 · Refund over 500 USD","    🔔 **Waiting for Managers**, answer due in 30 min (09:30).","    Why you: 700 USD claimed (needs over 500 USD)","    In the customer's words: __$700__ (financial)","    Customer: @Dana (Dana) in #support, now: [read it there](its place)","    Still needed: Steps already tried, Order number: from Front line by 09:30","    Playbook: Refund procedure: `/playbook`","    Step 1 of 1: Managers, within 30 min","    [Acknowledge] [Resolve] [Raise] [Why] [Add information]"]}
        {"line":2,"happens":"09:40 (time passes)","due":[{"at":"2026-03-02T09:30:00Z","seen":["#tier-1:","    ⏳ **ESC-1** is still without Steps already tried, Order number, due 09:30. **Add information** as soon as you know.","    [Add information]","#tier-1: ⬆️ **ESC-1** is still with **Managers**: Managers did not answer in time.","#managers pings Mona:","    @Manager","    ESC-1 · SEV2 · Refund over 500 USD","    🔔 **Waiting for Managers**, answer due in 30 min (10:00).","    ⬆️ Managers did not answer in time.","    Why you: 700 USD claimed (needs over 500 USD)","    In the customer's words: __$700__ (financial)","    Customer: @Dana (Dana) in #support, 30 min ago: [read it there](its place)","    Still needed: Steps already tried, Order number: from Front line by 09:30, **overdue**","    Playbook: Refund procedure: `/playbook`","    Step 1 of 1: Managers, within 30 min · page 2","    [Acknowledge] [Resolve] [Raise] [Why] [Add information]","#managers (edited):","    ESC-1 · SEV2 · Refund over 500 USD","    A newer card for ESC-1 stands below.","#managers › ESC-1: 09:30 Managers did not answer in time: paged again."]}],"seen":[]}
    "##]]).await
}

#[tokio::test]
async fn every_line_that_cannot_be_read_is_named() -> Result<()> {
    check(
        "09:00 Dana shouts\nyesterday Dana in #support: Hello.\n09:02 Dana in #support: Hello.\n",
        &["--script", "file"],
        expect![[r#"
            exit 2
            --- err
            error: file, line 1: nobody knows how to do this: Dana shouts
            error: file, line 2: "yesterday" is no time: a line begins with one, as 09:00, or is indented
        "#]],
    )
    .await?;
    check(
        "no title\n",
        &["file"],
        expect![[r#"
        exit 2
        --- err
        error: file, line 1: a transcript begins with a title: # What is claimed
    "#]],
    )
    .await?;
    check(
        "# A title\n\nWhy.\n",
        &["file"],
        expect![[r#"
        exit 2
        --- err
        error: file, line 3: there is no chat block: ```chat
    "#]],
    )
    .await?;
    check(
        "\n",
        &["--script", "file"],
        expect![[r#"
        exit 2
        --- err
        error: file, line 1: nothing happens: write "09:00 Dana in #support: …"
    "#]],
    )
    .await
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_its_line() -> Result<()> {
    for (line, expected) in [
        (
            "Zoe in #support: Hello.",
            expect![[r#"
            exit 2
            --- err
            error: file, line 1: nobody is called Zoe: there are Bellhop, Rosa, Sam, Tess, Mona, Igor, Lena, Ivy, Raul, Sofia, Dana, Emil, Farah, Goran
        "#]],
        ),
        (
            "Dana in #nowhere: Hello.",
            expect![[r#"
            exit 2
            --- err
            error: file, line 1: there is no #nowhere: there are #support, #tier-1, #tier-2, #team-leads, #managers, #engineering, #legal, #security
        "#]],
        ),
        (
            "Mona presses Acknowledge on ESC-1",
            expect![[r#"
            exit 2
            --- err
            error: file, line 1: there is no button Acknowledge on ESC-1
        "#]],
        ),
        (
            "Mona types /dance in #managers",
            expect![[r#"
            exit 2
            --- err
            error: file, line 1: there is no command /dance
        "#]],
        ),
        (
            "Mona types /ack in #managers",
            expect![[r#"
            exit 2
            --- err
            error: file, line 1: /ack needs escalation:
        "#]],
        ),
        (
            "Mona types /grade escalation:ESC-1 grade:fine in #managers",
            expect![[r#"
            exit 2
            --- err
            error: file, line 1: "fine" is not one of the choices
        "#]],
        ),
        (
            "Rosa fills in ticket: 42",
            expect![[r#"
            exit 2
            --- err
            error: file, line 1: nobody showed Rosa a form
        "#]],
        ),
        (
            "Dana deletes \"Hello.\"",
            expect![[r#"
            exit 2
            --- err
            error: file, line 1: nobody said "Hello."
        "#]],
        ),
        (
            "(the gateway drops)",
            expect![[r#"
            exit 2
            --- err
            error: file, line 1: (the gateway drops) needs more than the procedure: a simulation knows (time passes) and (the bot restarts) and (the config changes)
        "#]],
        ),
    ] {
        check(&format!("09:00 {line}\n"), &["--script", "file"], expected).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_config_that_is_wrong_stops_it() -> Result<()> {
    let nowhere = "[[triggers]]\nid = \"refund\"\nplan = \"mangers\"";
    check(
        &transcript(nowhere, ""),
        &["file"],
        expect![[r#"
            exit 2
            --- err
            error: file: its config cannot be used:
              x there is no plan "mangers"
                 ,-[config.example.toml with the tables of the transcript:326:8]
             325 | ownership = "responder"
             326 | plan = "mangers"
                 :        ^^^^^^^^^
             327 | required = ["steps", "order", "context"]
                 `----
              help: did you mean `managers`?

        "#]],
    )
    .await?;
    check(
        &transcript("[[triggers", ""),
        &["file"],
        expect![[r#"
        exit 2
        --- err
        error: file: its config cannot be used:
        unclosed array table, expected `]]`
    "#]],
    )
    .await?;
    check(
        "09:00 Dana in #support: Hello.\n",
        &["--script", "file", "--config", "file"],
        expect![[r#"
        exit 1
        --- err
          x this is not TOML: key with no value, expected `=`
           ,-[file:1:7]
         1 | 09:00 Dana in #support: Hello.
           :       ^
           `----
          help: put this right first, the rest is read after it; https://toml.io shows how it is written
    "#]],
    )
    .await?;
    check(
        "09:00 Dana in #support: Hello.\n",
        &["--script", "nothing"],
        expect![[r#"
        exit 2
        --- err
        error: nothing cannot be read: No such file or directory (os error 2)
    "#]],
    )
    .await
}

/// Ids of one's own: channels are called by their teams, people by the sandbox.
#[tokio::test]
async fn a_config_with_its_own_ids_is_played_too() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let config = EXAMPLE.replace("\"200", "\"77200").replace("\"300", "\"77300");
    std::fs::write(folder.path().join("config.toml"), config)?;
    std::fs::write(
        folder.path().join("file"),
        "09:00 Dana in #support: I want my $700 back.\n09:01 Mona presses Acknowledge on ESC-1\n",
    )?;
    let done = bellhop(folder.path(), &["simulate", "--script", "file"], b"").await?;
    expect![[r#"
        exit 0
        --- out
        09:00 Dana in #support: I want my $700 back.
            #tier-1:
                🔔 **ESC-1** · SEV2 · Refund over 500 USD → **Managers**, answer within 30 min. Customer @Dana in #support. Still needed by 09:30: Steps already tried, Order number.
                [Add information]
            #managers pings Mona:
                @Managers
                ESC-1 · SEV2 · Refund over 500 USD
                🔔 **Waiting for Managers**, answer due in 30 min (09:30).
                Why you: 700 USD claimed (needs over 500 USD)
                In the customer's words: __$700__ (financial)
                Customer: @Dana (Dana) in #support, now: [read it there](its place)
                Still needed: Steps already tried, Order number: from Front line by 09:30
                Playbook: Refund procedure: `/playbook`
                Step 1 of 1: Managers, within 30 min
                [Acknowledge] [Resolve] [Raise] [Why] [Add information]
        09:01 Mona presses Acknowledge on ESC-1
            only Mona sees:
                🟢 ESC-1 is yours. Next step by 09:31. Press **Resolve** on its card when it is done. Another time for the next step:
                [15 min] [1 h] [Today] [Another time]
            #tier-1: 🟢 **ESC-1** was taken by @Mona after 1 min. Owner: @Mona.
            #managers (edited):
                ESC-1 · SEV2 · Refund over 500 USD
                🟢 **Taken** by @Mona, now. Next step by 09:31.
                [Resolve] [Raise] [Why] [Add information] [Ask back]
            #managers › ESC-1: 09:01 Mona acknowledged, next step by 09:31.
    "#]]
    .assert_eq(&done.to_string());
    Ok(())
}
