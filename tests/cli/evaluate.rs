//! `bellhop evaluate`: labelled messages in, figures and mistakes out.

use anyhow::Result;
use expect_test::{Expect, expect};

use crate::program::bellhop;

const LABELLED: &[u8] = b"id\ttext\tlabels\tamount\tcurrency\tnote\n\
    1\tI will sue you, my lawyer has your letter.\tlegal\t\t\t\n\
    2\tI want my $700 back, give me a refund.\tfinancial\t700\tUSD\t\n\
    3\tRefund me 3 x $20 please.\tfinancial\t61\tUSD\t\n\
    4\tMy attorney will be in touch.\tnone\t\t\thard:legal\n\
    5\tWhat a lovely day.\tnone\t\t\t\n\
    6\tYou will regret this, people.\tangry\t\t\tborderline:angry\n";

async fn check(table: &[u8], arguments: &[&str], want: Expect) -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("labelled.tsv"), table)?;
    let arguments: Vec<&str> = ["evaluate", "labelled.tsv"].iter().chain(arguments).copied().collect();
    let done = bellhop(folder.path(), &arguments, b"").await?;
    want.assert_eq(&done.to_string());
    Ok(folder)
}

#[tokio::test]
async fn people_get_figures_with_their_intervals_and_the_worst_mistakes() -> Result<()> {
    check(
        LABELLED,
        &["--worst", "1"],
        expect![[r#"
        exit 0
        --- out
        6 messages

        kind         labelled  precision            recall               F1                   without borderline
        angry               1  0.00 [0.00–1.00]     0.00 [0.00–0.79]     0.00 [0.00–0.88]     P 0.00 R 0.00 F1 0.00
        legal               1  0.50 [0.09–0.91]     1.00 [0.21–1.00]     0.67 [0.17–0.95]     P 0.50 R 1.00 F1 0.67
        financial           2  1.00 [0.34–1.00]     1.00 [0.34–1.00]     1.00 [0.51–1.00]     P 1.00 R 1.00 F1 1.00

        In brackets: what other messages of the same making would show, in 95 of 100 cases.
        exact amounts          1 of 2 (50.0 %)
        false alarms on none   1 of 2 (50.0 %)
        false alarms on hard   1 of 1 (100.0 %)

        angry missed 6 (0.00, borderline): You will regret this, people.

        legal false alarm 4 (0.90): My attorney will be in touch.
            "My attorney" 0.90
    "#]],
    )
    .await
    .map(drop)
}

#[tokio::test]
async fn machines_get_one_object_a_line() -> Result<()> {
    check(LABELLED, &["--json", "--worst", "1"], expect![[r#"
        exit 0
        --- out
        {"messages":6,"seen":{"financial":2,"legal":2},"exact_amounts":[1,2],"false_alarms_on_none":[1,2],"false_alarms_on_hard":[1,1]}
        {"kind":"angry","labelled":1,"precision":{"is":0.0,"from":0.0,"to":1.0},"recall":{"is":0.0,"from":0.0,"to":0.7934506882081973},"f1":{"is":0.0,"from":0.0,"to":0.8848313404155193},"clear":{"precision":0.0,"recall":0.0,"f1":0.0}}
        {"kind":"legal","labelled":1,"precision":{"is":0.5,"from":0.09453120463920084,"to":0.9054687953607992},"recall":{"is":1.0,"from":0.2065493117918027,"to":1.0},"f1":{"is":0.6666666666666666,"from":0.17273368587122542,"to":0.9503895288816308},"clear":{"precision":0.5,"recall":1.0,"f1":0.6666666666666666}}
        {"kind":"financial","labelled":2,"precision":{"is":1.0,"from":0.3423802239546494,"to":1.0},"recall":{"is":1.0,"from":0.3423802239546494,"to":1.0},"f1":{"is":1.0,"from":0.5101091596030787,"to":1.0},"clear":{"precision":1.0,"recall":1.0,"f1":1.0}}
        {"kind":"angry","error":"missed","id":"6","strength":0.0,"borderline":true,"text":"You will regret this, people.","evidence":[]}
        {"kind":"legal","error":"false alarm","id":"4","strength":0.9,"borderline":false,"text":"My attorney will be in touch.","evidence":[{"text":"My attorney","weight":0.9,"why":""}]}
    "#]]).await.map(drop)
}

#[tokio::test]
async fn what_was_read_of_each_message_can_be_written() -> Result<()> {
    let unlabelled = b"id\ttext\na\tI will sue you.\nb\tHello.\nc\tRefund my 500 euros.\n";
    let folder = check(
        unlabelled,
        &["--predictions", "out.tsv"],
        expect![[r#"
            exit 0
            --- out
            3 messages without labels; seen in them:
              legal             1
              financial         1
        "#]],
    )
    .await?;
    let written = std::fs::read_to_string(folder.path().join("out.tsv"))?;
    expect![[r#"
        id	labels	amount	currency
        a	legal		
        b	none		
        c	financial	500	EUR
    "#]]
    .assert_eq(&written);
    Ok(())
}

#[tokio::test]
async fn bad_lines_are_named_and_the_rest_goes_on() -> Result<()> {
    let table = b"id\ttext\tlabels\tamount\n1\tI will sue you.\tlegal\t\n2\t\xff\tlegal\t\n3\tHello.\tcross\t\n4\n\
        5\tRefund my $5.\tfinancial\tfive\n";
    check(table, &["--worst", "0"], expect![[r#"
        exit 1
        --- out
        1 messages

        kind         labelled  precision            recall               F1                   without borderline
        legal               1  1.00 [0.21–1.00]     1.00 [0.21–1.00]     1.00 [0.34–1.00]     P 1.00 R 1.00 F1 1.00

        In brackets: what other messages of the same making would show, in 95 of 100 cases.
        exact amounts          none to count
        false alarms on none   none to count
        false alarms on hard   none to count
        --- err
        labelled.tsv:3: not valid UTF-8, left out
        labelled.tsv:4: there is no label "cross"; there are angry, legal, security, financial, outage, repeat, and none, left out
        labelled.tsv:5: fewer columns than the first line names, left out
        labelled.tsv:6: "five" is not a decimal number, left out
    "#]]).await.map(drop)
}

#[tokio::test]
async fn a_table_without_what_is_needed_says_so() -> Result<()> {
    check(
        b"",
        &[],
        expect![[r#"
            exit 1
            --- err
            labelled.tsv:1: the file is empty: its first line names the columns `id` and `text`
        "#]],
    )
    .await?;
    check(
        b"id\tbody\n1\tHello.\n",
        &[],
        expect![[r#"
            exit 1
            --- err
            labelled.tsv has no column `text`: its first line names ["id", "body"]
        "#]],
    )
    .await?;
    check(
        b"id\ttext\tlabels\n",
        &[],
        expect![[r#"
            exit 1
            --- err
            labelled.tsv: there is nothing below the first line
        "#]],
    )
    .await?;
    Ok(())
}
