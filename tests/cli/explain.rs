//! `bellhop explain`: texts in, signals and decisions out.

use anyhow::{Result, ensure};
use expect_test::{Expect, expect};
use serde_json::Value;

use crate::program::bellhop;

async fn check(arguments: &[&str], stdin: &[u8], expected: Expect) -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(
        folder.path().join("table.tsv"),
        b"when\ttext\tid\r\nMonday\tI want \"my\" $700 back.\ta-1\r\nTuesday\t\xff\ta-2\n\nWednesday\n\tFine, thanks.\ta-4\n",
    )?;
    std::fs::write(folder.path().join("no-text.tsv"), "id\tbody\n1\tI will sue.\n")?;
    let arguments: Vec<&str> = ["explain"].iter().chain(arguments).copied().collect();
    let done = bellhop(folder.path(), &arguments, stdin).await?;
    expected.assert_eq(&done.to_string());
    Ok(())
}

#[tokio::test]
async fn a_text_is_explained_to_people() -> Result<()> {
    let text = "You idiots! I want a refund of 2 x $300, or I will sue you.";
    check(
        &[text],
        b"",
        expect![[r#"
            exit 0
            --- out
            1: page managers (refund), page legal (legal), page team-leads (angry)
              financial 0.91
                "refund" as "refund(s|ed|ing|)": 0.06
                "2 x $300" as "amount claimed": 0.90, claimed by "refund"
              angry 0.90
                "You idiots" as "you (cheats|cheaters|crooks|liars|thieves|frauds|clowns|idi…": 0.90
              legal 0.82
                "will sue" as "(will|going to|gonna|about to|to|can|should|might|just|shal…": 0.82
              claims 600 USD
              fires: Refund over 500 USD (sev2): 600 USD claimed (needs over 500 USD)
                quiet with `amount_over = "600 USD"` instead of 500 USD
              fires: Legal or compliance threat (sev1): legal 0.82 (needs 0.50)
                quiet with `at_least = 0.83` for legal instead of 0.5
              fires: Angry customer (sev3): angry 0.90 (needs 0.60)
                quiet with `at_least = 0.91` for angry instead of 0.6
        "#]],
    )
    .await?;
    check(
        &["I want my $450 back, this is outrageous."],
        b"",
        expect![[r#"
        exit 0
        --- out
        1: nothing: no trigger fires
          financial 0.90
            "$450" as "amount claimed": 0.90, claimed by "back"
          angry 0.31
            "outrageous" as "outrageous": 0.31
          claims 450 USD
          nearly: refund: 450 USD claimed (needs over 500 USD)
            fires with `amount_over = "449.99 USD"` instead of 500 USD
    "#]],
    )
    .await?;
    check(
        &["Thank", "you,", "all", "good."],
        b"",
        expect![[r#"
        exit 0
        --- out
        1: nothing: no trigger fires
    "#]],
    )
    .await?;
    check(
        &["Vorrei indietro i miei soldi, altrimenti chiamo il mio avvocato per questo."],
        b"",
        expect![[r#"
            exit 0
            --- out
            1: no score: the lexicon does not cover this language
        "#]],
    )
    .await
}

#[tokio::test]
async fn every_line_of_the_input_is_a_text() -> Result<()> {
    check(
        &[],
        b"Fine, thanks.\nI will sue you.\r\nThird time I ask",
        expect![[r#"
            exit 0
            --- out
            1: nothing: no trigger fires
            2: page legal (legal)
              legal 0.82
                "will sue" as "(will|going to|gonna|about to|to|can|should|might|just|shal…": 0.82
              fires: Legal or compliance threat (sev1): legal 0.82 (needs 0.50)
                quiet with `at_least = 0.83` for legal instead of 0.5
            3: page tier-2 (third-contact)
              repeat 0.90
                "Third time I ask" as "{nth} time (i|that i|we|i'm|i am|i've|i have|we've|we're) (…": 0.90
              fires: Third contact about the same issue (sev3): repeat 0.90 (needs 0.50)
                quiet with `at_least = 0.91` for repeat instead of 0.5
        "#]],
    )
    .await
}

#[tokio::test]
async fn a_line_that_is_no_text_is_named_and_left_out() -> Result<()> {
    check(
        &[],
        b"Fine, thanks.\n\xff\xfe\nStill fine.\n",
        expect![[r#"
        exit 1
        --- out
        1: nothing: no trigger fires
        3: nothing: no trigger fires
        --- err
        line 2: not valid UTF-8, left out
    "#]],
    )
    .await
}

#[tokio::test]
async fn a_table_is_read_by_the_names_of_its_columns() -> Result<()> {
    check(
        &["--tsv", "table.tsv"],
        b"",
        expect![[r#"
            exit 1
            --- out
            a-1: page managers (refund)
              financial 0.90
                "$700" as "amount claimed": 0.90, claimed by "back"
              claims 700 USD
              fires: Refund over 500 USD (sev2): 700 USD claimed (needs over 500 USD)
                quiet with `amount_over = "700 USD"` instead of 500 USD
            a-4: nothing: no trigger fires
            --- err
            table.tsv:3: not valid UTF-8, left out
            table.tsv:5: fewer columns than the first line names, left out
        "#]],
    )
    .await?;
    check(
        &["--tsv", "no-text.tsv"],
        b"",
        expect![[r#"
        exit 2
        --- err
        error: no-text.tsv has no column `text`: its first line names ["id", "body"]
    "#]],
    )
    .await?;
    check(
        &["--tsv", "nowhere.tsv"],
        b"",
        expect![[r#"
        exit 2
        --- err
        error: nowhere.tsv cannot be read: No such file or directory (os error 2)
    "#]],
    )
    .await
}

#[tokio::test]
async fn machines_get_one_object_a_text() -> Result<()> {
    check(&["--json"], "🙂 I want $1,200.50 back, I’m furious.\n".as_bytes(), expect![[r#"
        exit 0
        --- out
        {"id":"1","text_chars":37,"language":"en","labels":["financial","angry"],"signals":[{"kind":"financial","strength":0.9,"evidence":[{"start":9,"end":18,"text":"$1,200.50","term":"amount claimed","weight":0.9,"why":"claimed by \"back\""}]},{"kind":"angry","strength":0.84,"evidence":[{"start":25,"end":36,"text":"I’m furious","term":"(i'm|i am|im|we are|we're) (so |absolutely |beyond |extremely |really |very |)(furious|livid|enraged|fuming|outraged|seething|irate|infuriated|pissed)","weight":0.84,"why":""}]}],"claims":[{"amount":"1200.5","currency":"USD","start":9,"end":18}],"failing":[],"firings":[{"trigger":"refund","mode":"live","severity":"sev2","teams":["managers"],"flip":[{"change":"amount","was":"500","over":"1200.5","currency":"USD"}]},{"trigger":"angry","mode":"live","severity":"sev3","teams":["team-leads","managers"],"flip":[{"change":"strength","kind":"angry","was":0.6,"at_least":0.85}]}],"near":[],"decision":"page managers (refund), page team-leads (angry)"}
    "#]]).await
}

/// Positions count characters (Unicode scalar values), so that any language can cut the evidence out of its text.
#[tokio::test]
async fn evidence_can_be_cut_out_of_the_text() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let texts =
        ["🙂🙂 ünïcödé: you are IDIOTS!!!", "e\u{301}t… I want a refund of €700", "my lаwyer will hear this 👩‍👩‍👧"];
    let done = bellhop(folder.path(), &["explain", "--json"], texts.join("\n").as_bytes()).await?;
    let mut cut = Vec::new();
    for (line, text) in done.out.lines().zip(texts) {
        let explained: Value = serde_json::from_str(line)?;
        ensure!(explained["text_chars"] == text.chars().count(), "{line}");
        let signals = explained["signals"].as_array().into_iter().flatten();
        for evidence in signals.flat_map(|signal| signal["evidence"].as_array().into_iter().flatten()) {
            let place = |key: &str| usize::try_from(evidence[key].as_u64().unwrap_or_default());
            let (start, end) = (place("start")?, place("end")?);
            let words: String = text.chars().skip(start).take(end - start).collect();
            ensure!(evidence["text"] == words.as_str(), "{evidence} is not {words:?}");
            cut.push(words);
        }
    }
    expect!["you are IDIOTS / refund / €700 / my lаwyer"].assert_eq(&cut.join(" / "));
    Ok(())
}
