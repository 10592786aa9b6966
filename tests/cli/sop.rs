//! `bellhop sop`: the guide, what is different in another version, how cases went, and a config from a document.

use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use bellhop::config::Config;
use bellhop::engine::input::InputId;
use bellhop::engine::store::{Batch, Recorded, SqliteStore};
use bellhop::sop::desk::{About, Desk, Request};
use bellhop::sop::escalation::{Act, Actor};
use bellhop::sop::message::{Message, Person, Standing};
use bellhop::sop::notice::{Notice, ReplyTo};
use chrono::{DateTime, TimeDelta, Utc};
use expect_test::{Expect, expect};

use crate::program::{bellhop, bellhop_unread};
use crate::{EXAMPLE, desk};

/// A procedure as a support team writes it down.
const DOCUMENT: &str = include_str!("sop_document.md");

#[tokio::test]
async fn the_guide_is_made_of_the_config() -> Result<()> {
    let folder = desk(&[])?;
    let guide = bellhop(folder.path(), &["sop"], b"").await?;
    ensure!(guide.code == Some(0) && guide.err.is_empty(), "{guide}");
    for told in [
        "| **Refund over 500 USD** (SEV2): more than 500 USD is claimed back (exactly 500 USD is not enough) |",
        "“I want my 501 USD back.”",
        "only Managers, Legal see who and why",
        "Next comes Team leads (after 2 h), then Managers (after 3 h), then the last resort Managers (after 4 h)",
        "Sam, Sofia in turn, a week each, handed over Mon 09:00",
        "1. **Verify eligibility**: Check the order",
        "- the customer is calm again",
    ] {
        ensure!(guide.out.contains(told), "it does not tell {told:?}: {}", guide.out);
    }
    let page = bellhop(folder.path(), &["sop", "--format", "html"], b"").await?.out;
    ensure!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"), "{page}");
    // It needs nothing from elsewhere, and nothing in it runs.
    for elsewhere in ["<script", "<link", "src=", "url(", "@import", " style=", "https://"] {
        ensure!(!page.contains(elsewhere), "the page holds {elsewhere}");
    }
    let picture = bellhop(folder.path(), &["sop", "--format", "svg", "-o", "ladder.svg"], b"").await?;
    ensure!(picture.code == Some(0) && picture.out.is_empty(), "{picture}");
    let picture = std::fs::read_to_string(folder.path().join("ladder.svg"))?;
    ensure!(picture.contains("<title id=\"ladder-title\">Harbor Support"), "{picture}");
    let json = bellhop(folder.path(), &["sop", "--json"], b"").await?;
    expect![[r#"
        exit 2
        --- err
        error: a guide is for people: choose --format md, html or svg
    "#]]
    .assert_eq(&json.to_string());
    Ok(())
}

/// What a config says is text, wherever it is shown.
#[tokio::test]
async fn hostile_names_are_text_on_every_page() -> Result<()> {
    const HOSTILE: &str = "</svg><script>alert(1)</script> | **x** [y](javascript:z) \u{202e}";
    let name = toml::Value::from(HOSTILE).to_string();
    let folder = desk(&[
        ("name = \"Angry customer\"", &format!("name = {name}")),
        ("name = \"Team leads\"", &format!("name = {name}")),
    ])?;
    std::fs::write(folder.path().join("old.toml"), EXAMPLE)?;
    for arguments in [vec!["sop"], vec!["sop", "--diff", "old.toml"]] {
        for format in ["html", "svg"] {
            let page = bellhop(folder.path(), &[arguments.as_slice(), &["--format", format]].concat(), b"").await?.out;
            ensure!(page.contains("&lt;/svg&gt;"), "the name is there: {page}");
            ensure!(!page.contains("<script") && !page.contains('\u{202e}'), "{page}");
        }
        let text = bellhop(folder.path(), &arguments, b"").await?.out;
        ensure!(text.contains("&lt;script>alert(1)&lt;/script> \\| \\*\\*x\\*\\* \\[y\\](javascript:z)"), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn a_difference_is_told_in_sentences() -> Result<()> {
    let folder = desk(&[
        ("when = { amount_over = \"500 USD\" }\nrequired", "when = { amount_over = \"300 USD\" }\nrequired"),
        (
            "rungs = [{ team = \"team-leads\", respond_within = \"15m\" }",
            "rungs = [{ team = \"team-leads\", respond_within = \"10m\" }",
        ),
        ("mode = \"live\"\nconfidential = false", "mode = \"watch\"\nconfidential = false"),
        (
            "[catch_all]\nteam = \"managers\"\nrespond_within = \"30m\"",
            "[catch_all]\nteam = \"legal\"\nrespond_within = \"30m\"",
        ),
    ])?;
    std::fs::write(folder.path().join("old.toml"), EXAMPLE)?;
    let told = bellhop(folder.path(), &["sop", "--diff", "old.toml"], b"").await?;
    let (_, changes) = told.out.split_once("\n- ").context("something has changed")?;
    expect![[r#"
        **\~ changed** The trigger "Refund over 500 USD", mode: was live; is now only watched.
        - **\~ changed** The trigger "Refund over 500 USD", looks for: was more than 500 USD is claimed back (exactly 500 USD is not enough); is now more than 300 USD is claimed back (exactly 300 USD is not enough).
        - **\~ changed** The plan "leads", ladder: was Team leads 15 min → Managers 30 min; is now Team leads 10 min → Managers 30 min.
        - **\~ changed** The last resort, team: was Managers; is now Legal.

    "#]].assert_eq(changes);
    let json = bellhop(folder.path(), &["sop", "--diff", "old.toml", "--json"], b"").await?;
    expect![[r#"
        {"part":"trigger","id":"refund","name":"\"Refund over 500 USD\"","change":"changed","what":"mode","before":"live","after":"only watched"}
        {"part":"trigger","id":"refund","name":"\"Refund over 500 USD\"","change":"changed","what":"looks for","before":"more than 500 USD is claimed back (exactly 500 USD is not enough)","after":"more than 300 USD is claimed back (exactly 300 USD is not enough)"}
        {"part":"plan","id":"leads","name":"\"leads\"","change":"changed","what":"ladder","before":"Team leads 15 min → Managers 30 min","after":"Team leads 10 min → Managers 30 min"}
        {"part":"last resort","id":"catch_all","name":"","change":"changed","what":"team","before":"Managers","after":"Legal"}
    "#]].assert_eq(&json.out);
    let picture = bellhop(folder.path(), &["sop", "--diff", "old.toml", "--format", "svg"], b"").await?.out;
    ensure!(picture.contains(">15 min → 10 min<") && picture.contains(">~ changed<"), "{picture}");
    let same = bellhop(folder.path(), &["sop", "--diff", "config.toml", "--json"], b"").await?;
    ensure!(same.code == Some(0) && same.out.is_empty(), "{same}");
    Ok(())
}

#[tokio::test]
async fn how_cases_went_needs_a_log() -> Result<()> {
    let folder = desk(&[])?;
    let told = bellhop(folder.path(), &["sop", "--paths"], b"").await?;
    expect![[r#"
        exit 2
        --- err
        error: there is no log bellhop.sqlite: start where the bot runs, for that is where its path begins
    "#]]
    .assert_eq(&told.to_string());
    let told =
        bellhop(folder.path(), &["sop", "--paths", "--since", "2026-11-02", "--until", "2026-11-01"], b"").await?;
    expect![[r#"
        exit 2
        --- err
        error: --since is not before --until: nothing lies between them
    "#]]
    .assert_eq(&told.to_string());
    Ok(())
}

/// A log in the folder: an angry customer whom the leads answer after 5 minutes, another whom nobody answers in time,
/// and a threat that legal takes. Pages are delivered at once.
async fn happened(folder: &Path) -> Result<()> {
    let Config { procedure, .. } = Config::parse("config.toml", EXAMPLE).map_err(|report| anyhow!("{report}"))?;
    let person = |id: &str, standing| Person { id: id.into(), name: id.into(), standing };
    let says = |id: &str, at: DateTime<Utc>, text: &str| {
        let (author, text) = (person(id, Standing::Customer), text.to_owned());
        let (id, place) = (format!("m-{id}").into(), "2001".into());
        Request::Message(Message { id, place, author, text, at, edited: false, to: Vec::new() })
    };
    let acts = |team: &str, case: u32| Request::Act {
        actor: Actor { person: person("Tess", Standing::Staff), teams: vec![team.into()], manages: false },
        about: About::Typed(case.to_string()),
        act: Act::Acknowledge { next: None },
        reply: ReplyTo(String::new()),
    };
    let start: DateTime<Utc> = "2026-11-02T09:00:00Z".parse()?;
    let at = |minutes| start + TimeDelta::minutes(minutes);
    let requests = [
        (0, says("Dana", at(0), "You idiots, I am furious!")),
        (5, acts("team-leads", 1)),
        (10, says("Emil", at(10), "You LIARS!")),
        (25, Request::DeadlineReached),
        (35, acts("managers", 2)),
        (40, says("Fay", at(40), "You will hear from my lawyer.")),
        (41, acts("legal", 3)),
    ];
    let (mut desk, mut batch) = (Desk::default(), Batch::default());
    for (minutes, request) in requests {
        let mut waiting = vec![request];
        while let Some(request) = waiting.pop() {
            let outcome = desk.handle(request, &procedure, at(minutes));
            for fact in outcome.facts {
                let (seq, version) = (i64::try_from(batch.facts.len())? + 1, procedure.version.clone());
                batch.facts.push(Recorded {
                    seq,
                    at: at(minutes),
                    input: InputId(seq.to_string()),
                    procedure: version,
                    fact,
                });
            }
            waiting.extend(outcome.notices.into_iter().filter_map(|notice| match notice {
                Notice::Page { escalation, page } => {
                    let (place, message) = ("2004".into(), format!("{escalation}-{page}").into());
                    Some(Request::PageDelivered { escalation, page, place, message })
                }
                _ => None,
            }));
        }
    }
    let mut store = SqliteStore::open(&folder.join("bellhop.sqlite"), "harbor").await?;
    store.append(&batch).await?;
    Ok(store.close().await?)
}

#[tokio::test]
async fn how_cases_went_is_told_from_the_log() -> Result<()> {
    let folder = desk(&[])?;
    happened(folder.path()).await?;
    let span = ["--since", "2026-11-01", "--until", "2026-12-01"];
    let told = async |more: &[&str]| {
        let arguments = [&["sop", "--paths"][..], &span, more].concat();
        bellhop(folder.path(), &arguments, b"").await
    };
    expect![[r#"
        exit 0
        --- out
        # How cases went

        Opened from 2026-11-01 00:00 to 2026-12-01 00:00 UTC, without confidential ones: 2 cases. As written, taken in time by the first team and sent nowhere else: 1 of 2 (50 %).

        ## Paths

        | cases | still open | plan | path | the ladder |
        |---:|---:|---|---|---|
        | 1 | 1 | leads | Team leads | Team leads 15 min → Managers 30 min → last resort Managers 30 min, again and again |
        | 1 | 1 | leads | Team leads → Managers (silence) | Team leads 15 min → Managers 30 min → last resort Managers 30 min, again and again |

        ## What the ladder does not ask for

        | times | cases | what |
        |---:|---:|---|
        | 1 | 1 | Team leads did not answer in time |

        ## Time to answer

        | plan | team | has | median | pages | answered | in time |
        |---|---|---|---|---:|---:|---:|
        | leads | Team leads | 15 min | 5 min | 2 | 1 | 1 |
        | leads | Managers | 30 min | 10 min | 1 | 1 | 1 |

    "#]].assert_eq(&told(&[]).await?.to_string());
    let page = told(&["--format", "html"]).await?.out;
    ensure!(page.contains("<td>Team leads → Managers (silence)</td>"), "{page}");
    // What is confidential is counted only for those who may read it.
    let json = told(&["--json"]).await?.out;
    ensure!(json.starts_with("{\"cases\":2,") && !json.contains("legal"), "{json}");
    let json = told(&["--json", "--cleared"]).await?.out;
    ensure!(json.starts_with("{\"cases\":3,") && json.contains("\"team\":\"legal\""), "{json}");
    let earlier = bellhop(folder.path(), &["sop", "--paths", "--until", "2026-11-01"], b"").await?;
    ensure!(earlier.out.contains(": 0 cases."), "{earlier}");
    let picture = told(&["--format", "svg"]).await?;
    expect![[r#"
        exit 2
        --- err
        error: how cases went is no picture: choose --format md, html or json
    "#]]
    .assert_eq(&picture.to_string());
    Ok(())
}

/// Writes a config from a document, and says what the program says of it.
async fn import(document: &str) -> Result<(Option<i32>, String, String)> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("sop.md"), document)?;
    let imported = bellhop(folder.path(), &["sop", "import", "sop.md", "-o", "config.toml"], b"").await?;
    ensure!(imported.out.is_empty(), "{imported}");
    let config = if Path::new(&folder.path().join("config.toml")).exists() {
        let checked = bellhop(folder.path(), &["check"], b"").await?;
        ensure!(checked.code == Some(0), "what was written is no config: {checked}");
        std::fs::read_to_string(folder.path().join("config.toml"))?
    } else {
        String::new()
    };
    Ok((imported.code, imported.err, config))
}

#[tokio::test]
async fn a_plain_document_is_decided_to_its_end() -> Result<()> {
    let (code, said, config) = import(DOCUMENT).await?;
    expect![[r#"
        exit Some(0)
        6 triggers written to config.toml; everything was decided. The ids are those of the sandbox: put in those of your server, then bellhop check and bellhop sop.
    "#]].assert_eq(&format!("exit {code:?}\n{said}"));
    for written in [
        "when = { amount_over = \"500 USD\" }",
        "when = { customers = 3, of = \"outage\", within = \"30m\" }",
        "when = { any = [{ signal = \"repeat\", at_least = 0.5 }, { contacts = 3, within = \"30d\" }] }",
        "rungs = [{ team = \"tier-2\", respond_within = \"2h\" }]",
        "lower_when = [\"The customer is calm again\", \"A refund is agreed\"]",
        "{ title = \"Acknowledge\", do = \"Answer within minutes.\", say = \"I am sorry that this has cost you so much time.\" }",
        "text = \"Hello{% if customer %} {{ customer }}{% endif %}, I have passed this on to a specialist. You hear from us by {{ due }}.\"",
        "# Line 15: Refund request over $500 |",
    ] {
        ensure!(config.contains(written), "{written} is not in: {config}");
    }
    Ok(())
}

/// The rest of a document with one table of triggers.
async fn check(document: &str, want: Expect) -> Result<()> {
    let (code, said, config) = import(document).await?;
    let triggers = config.lines().filter(|line| line.starts_with("when = ") || line.starts_with("mode = "));
    let plans = config.lines().filter(|line| line.starts_with("rungs = "));
    let lines: Vec<&str> = triggers.chain(plans).collect();
    want.assert_eq(&format!("exit {code:?}\n{said}{}\n", lines.join("\n")));
    Ok(())
}

#[tokio::test]
async fn what_it_cannot_decide_it_says_with_its_line() -> Result<()> {
    let columns_elsewhere = "\
# SOP
| Goes to | Severity | When | SLA |
|---|---|---|---|
| Legal / Compliance | P1 | VIP unhappy | 1 hour |
| Team lead → Manager | whatever | Angry customer | ASAP |
| | high | Refund of $200 | 2 business hours |
| The Board | low | Customer waits longer than 4 hours | 1 day |
| Account manager | low | Customer waits longer than 5 hours | 1 day |

## Lunch
- pizza
";
    check(columns_elsewhere, expect![[r#"
        exit Some(1)
        sop.md:1: no first tier is named: who is told what becomes of cases has to be said
        sop.md:4: "VIP unhappy": no rule I know looks for this: written as a trigger in mode off; say what it looks for
        sop.md:5: "ASAP" is no time that I know: write it as "30 min" or "2 hours"
        sop.md:5: "Angry customer": "whatever" is no severity that I know: sev3 is written
        sop.md:5: it does not say how quickly Managers answers: 30m is written
        sop.md:5: it does not say how quickly Team leads answers: 30m is written
        sop.md:6: "2 business hours": written around the clock; name a calendar with your hours
        sop.md:6: "Refund of $200": it does not say whether it means more than 200 USD: written in mode watch, nobody is paged until you say live
        sop.md:6: "Refund of $200": it does not say who gets it: the last resort is written
        sop.md:11: the list below "sop / lunch" has no place here
        5 triggers written to config.toml; 10 things are left to decide. The ids are those of the sandbox: put in those of your server, then bellhop check and bellhop sop.
        when = { tag = ["vip-unhappy"] }
        mode = "off"
        when = { signal = "angry", at_least = 0.6 }
        mode = "live"
        when = { amount_over = "200 USD" }
        mode = "watch"
        when = { waits = "4h" }
        mode = "live"
        when = { waits = "5h" }
        mode = "live"
        rungs = [{ team = "legal", respond_within = "1h" }]
        rungs = [{ team = "team-leads", respond_within = "30m" }, { team = "managers", respond_within = "30m" }]
        rungs = [{ team = "managers", respond_within = "2h" }]
        rungs = [{ team = "the-board", respond_within = "1d" }]
        rungs = [{ team = "account-manager", respond_within = "1d" }]
        rungs = [{ team = "managers", respond_within = "30m" }]
    "#]]).await
}

#[tokio::test]
async fn nobody_is_paged_whom_the_document_does_not_list() -> Result<()> {
    let document = "\
# SOP
| Tier | Team | Respond within | Handles |
|---|---|---|---|
| Tier 1 | Frontline | 15 min | everything |
| Tier 2 | Specialists | 2 hours | bugs |
| Tier 3 | Managers | 30 min | |
| Security | IT security | 10 min | |

> Note: Dont escalate on weekends!!

| Trigger | Escalate to |
|---|---|
| Angry customer | Team that doesn't exist |
| Refund over $500 | Tier 2, then managers after 1h |
| Third contact | managers after 1h |
| Suspected breach | Security, cc: Legal |
| Account hacked | Tier 2 (within 20 min) |
| Legal threat | The Board → Managers |

<table>
<tr><td>Outage</td><td>Engineering</td></tr>
</table>

<!-- A comment says nothing. -->

## Refund procedure
- [ ] Check the order
- [x] Start the refund
";
    check(document, expect![[r#"
        exit Some(1)
        sop.md:2: the column "handles" is not read
        sop.md:9: "Note: Dont escalate on weekends!!": nothing is made of what is quoted here
        sop.md:13: "Angry customer": no team is called "Team that doesn't exist": written in mode watch, nobody is paged until you say live
        sop.md:15: "Third contact": "managers after 1h": written as its time to answer
        sop.md:16: "Suspected breach": "cc: Legal" is not written: a page goes to one team
        sop.md:17: "Account hacked": confidential is written, as it is about lawyers or security: nobody else may then see the channel of Specialists
        sop.md:18: "Legal threat": no team is called "The Board": written in mode watch, nobody is paged until you say live
        sop.md:20: "<table> <tr><td>Outage</td><td>Engineering</td></tr> </tabl…": HTML is not read, write it as Markdown
        6 triggers written to config.toml; 8 things are left to decide. The ids are those of the sandbox: put in those of your server, then bellhop check and bellhop sop.
        when = { signal = "angry", at_least = 0.6 }
        mode = "watch"
        when = { amount_over = "500 USD" }
        mode = "live"
        when = { any = [{ signal = "repeat", at_least = 0.5 }, { contacts = 3, within = "30d" }] }
        mode = "live"
        when = { signal = "security", at_least = 0.5 }
        mode = "live"
        when = { signal = "security", at_least = 0.5 }
        mode = "live"
        when = { signal = "legal", at_least = 0.5 }
        mode = "watch"
        rungs = [{ team = "managers", respond_within = "30m" }]
        rungs = [{ team = "tier-2", respond_within = "1h" }, { team = "managers", respond_within = "30m" }]
        rungs = [{ team = "managers", respond_within = "1h" }]
        rungs = [{ team = "security", respond_within = "10m" }]
        rungs = [{ team = "tier-2", respond_within = "20m" }]
        rungs = [{ team = "tier-2", respond_within = "2h" }]
    "#]]).await?;
    let (_, _, config) = import(document).await?;
    for written in ["{ title = \"Check the order\"", "{ title = \"Start the refund\""] {
        ensure!(config.contains(written), "{written} is not in: {config}");
    }
    let confidential = config.split("[[triggers]]").filter(|trigger| trigger.contains("confidential = true")).count();
    ensure!(confidential == 3 && !config.contains("doesn't exist\"\nchannel"), "{config}");
    Ok(())
}

#[tokio::test]
async fn the_verdict_does_not_hang_on_a_reader() -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("sop.md"), DOCUMENT)?;
    let decided = bellhop_unread(folder.path(), &["sop", "import", "sop.md"], b"").await?;
    ensure!(decided.code == Some(0) && decided.err.contains("everything was decided"), "{decided}");
    std::fs::write(folder.path().join("sop.md"), DOCUMENT.replace("Angry customer", "VIP unhappy"))?;
    let open = bellhop_unread(folder.path(), &["sop", "import", "sop.md"], b"").await?;
    ensure!(open.code == Some(1) && open.err.contains("left to decide"), "{open}");
    Ok(())
}

#[tokio::test]
async fn hostile_and_empty_documents_do_no_harm() -> Result<()> {
    for nothing in ["", "# Only a heading\n", "| a | b |\n|---|---|\n| c | d |\n", "- a list\n"] {
        let (code, said, config) = import(nothing).await?;
        ensure!(code == Some(2) && said.contains("has no table of triggers") && config.is_empty(), "{said}");
    }
    let hostile = format!(
        "# \"\"\" [desk]\u{7}\n\n| Trigger | Example | Escalate to | Within |\n|---|---|---|---|\n\
         | \"]\\n[discord] = {{{{ }}}} <script> $$$ | ''' \\ \u{202e} | '''; rm -rf / | 99999999 hours |\n\
         | {long} | {long} | {long} | -1 min |\n| ticket | | ticket | |\n| ticket | | ticket | |\n\
         | Angry customer | `x` | @everyone | 5 min |\n\n\
         ## Communication\n\n{{{{ config }}}} {{% for x in y %}} [what] {long}\n\n## De-escalation\n\n1. {long}\n2. \n3. x: “\n",
        long = "長い \"text\" ".repeat(200),
    );
    let (code, said, config) = import(&hostile).await?;
    ensure!(code == Some(1) && !config.is_empty(), "{code:?} {said}");
    ensure!(
        !said.contains('\u{202e}')
            || said.lines().all(|line| line.starts_with("sop.md:") || line.contains("triggers written")),
        "{said}"
    );
    Ok(())
}

#[tokio::test]
async fn nothing_is_written_over() -> Result<()> {
    let folder = desk(&[])?;
    std::fs::write(folder.path().join("sop.md"), DOCUMENT)?;
    let refused = bellhop(folder.path(), &["sop", "import", "sop.md", "-o", "config.toml"], b"").await?;
    expect![[r#"
        exit 2
        --- err
        error: the file to write is there already: --force writes over it
    "#]]
    .assert_eq(&refused.to_string());
    let missing = bellhop(folder.path(), &["sop", "import", "no.md"], b"").await?;
    expect![[r#"
        exit 2
        --- err
        error: no.md cannot be read: No such file or directory (os error 2)
    "#]]
    .assert_eq(&missing.to_string());
    let shown = bellhop(folder.path(), &["sop", "import", "sop.md"], b"").await?;
    ensure!(shown.out.contains("[[triggers]]") && shown.code == Some(0), "{shown}");
    Ok(())
}
