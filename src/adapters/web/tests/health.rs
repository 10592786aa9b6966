//! What monitoring sees: whether the bot works, and what is measured of it.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::Duration;

use chrono::TimeDelta;
use expect_test::expect;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::listen::Limits;
use super::{Opening, Stage, with_token};
use crate::sop::desk::Request;

#[tokio::test]
async fn it_is_ready_until_something_is_wrong() {
    let stage = Stage::start().await;
    let ready = async || {
        let answer = stage.get("/readyz", &[]).await;
        format!("{} {}", answer.status, answer.body.trim_end())
    };
    assert_eq!(ready().await, "200 ready");
    stage.connected.send_replace(false);
    assert_eq!(ready().await, "503 the gateway is not connected");
    stage.connected.send_replace(true);
    stage.handle(Request::FindDeaf { silence: TimeDelta::minutes(5) }).await;
    assert_eq!(ready().await, "503 what is said in the chat is not heard");
    stage.handle(Request::FindHearing).await;
    assert_eq!(ready().await, "200 ready");
}

#[tokio::test]
async fn a_desk_that_has_ended_is_alive_and_not_ready() {
    let stage = Stage::start().await;
    let Stage { engine, web, .. } = stage;
    engine.kill().await;
    let get = async |path: &str| {
        let answer = reqwest::get(format!("http://{}{path}", web.address())).await.expect("it answers");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    };
    assert_eq!(get("/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(get("/readyz").await, (503, "the desk has ended: what happens cannot be recorded\n".to_owned()));
    let (status, metrics) = get("/metrics").await;
    assert_eq!(status, 200);
    assert!(metrics.contains("bellhop_ready 0\n"), "{metrics}");
}

/// One metric, as the format describes it.
#[derive(Default)]
struct Family {
    kind: String,
    /// Suffix and labels of a sample, with its value.
    samples: Vec<(String, f64)>,
}

/// Reads the text format, by its rules: <https://prometheus.io/docs/specs/om/open_metrics_spec/>.
fn parse(text: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let body = text.strip_suffix("# EOF\n").expect("it ends with its mark");
    let mut last = String::new();
    for line in body.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let (word, rest) = comment.split_once(' ').expect("a keyword");
            let (name, what) = rest.split_once(' ').expect("a name");
            assert!(name.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'_'), "{line}");
            let family = families.entry(name.to_owned()).or_default();
            assert!(family.samples.is_empty(), "what describes {name} comes first");
            match word {
                "HELP" => assert!(!what.is_empty() && !what.ends_with(".."), "{line}"),
                "TYPE" => {
                    assert!(matches!(what, "counter" | "gauge" | "histogram" | "info"), "{line}");
                    what.clone_into(&mut family.kind);
                }
                other => panic!("{other} is not a keyword"),
            }
            name.clone_into(&mut last);
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').expect("a sample has a value");
        let rest = sample.strip_prefix(last.as_str()).unwrap_or_else(|| panic!("{line} stands below {last}"));
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line} has no number"));
        let (suffix, labels) = rest.split_once('{').map_or((rest, ""), |(suffix, labels)| (suffix, labels));
        assert!(labels.is_empty() || labels.ends_with('}'), "{line}");
        let family = families.get_mut(&last).expect("it was described");
        let allowed: &[&str] = match family.kind.as_str() {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_sum", "_count"],
            "info" => &["_info"],
            _ => &[""],
        };
        assert!(allowed.contains(&suffix), "{line} in a {}", family.kind);
        assert!(family.kind != "counter" || value >= 0.0, "{line}");
        assert!(family.samples.iter().all(|(known, _)| known != rest), "{line} comes twice");
        family.samples.push((rest.to_owned(), value));
    }
    for (name, family) in families.iter().filter(|(_, family)| family.kind == "histogram") {
        let of = |suffix: &'static str| family.samples.iter().filter(move |(rest, _)| rest.starts_with(suffix));
        let buckets: Vec<f64> = of("_bucket").map(|(_, value)| *value).collect();
        assert!(
            buckets.is_sorted() && of("_bucket").next_back().is_some_and(|(rest, _)| rest.contains("+Inf")),
            "{name}"
        );
        assert_eq!(of("_count").map(|(_, value)| *value).next_back(), buckets.last().copied(), "{name}");
    }
    families
}

#[tokio::test]
async fn what_is_measured_can_be_read_and_names_nobody() {
    let stage = Stage::start().await;
    stage.hear("m1", "Hostile\"} 1\nbellhop_evil{a=\"b", "You idiots, I am furious!").await;
    stage.hear("m2", "Lea", "I will sue you, says my lawyer.").await;
    let due = stage.engine.pulse().borrow().next_deadline.expect("a page waits");
    stage.clock.advance(due - stage.clock.now());
    let mut pulse = stage.engine.pulse();
    pulse.wait_for(|pulse| pulse.next_deadline.is_some_and(|next| next > due)).await.expect("the desk runs");
    let answer = stage.get("/metrics", &[]).await;
    assert_eq!(answer.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let families = parse(&answer.body);
    for name in ["Hostile", "evil", "Lea", "support", "legal"] {
        assert!(!answer.body.contains(name), "{name} in {}", answer.body);
    }
    let sum = |name: &str, suffix: &str| -> f64 {
        let family = families.get(name).unwrap_or_else(|| panic!("there is no {name} in {}", answer.body));
        family.samples.iter().filter(|(rest, _)| rest.starts_with(suffix)).map(|(_, value)| value).sum()
    };
    assert_eq!((sum("bellhop_cases_open", ""), sum("bellhop_cases_unacknowledged", "")), (2.0, 2.0));
    assert_eq!((sum("bellhop_breaches", "_total"), sum("bellhop_deadline_lateness_seconds", "_count")), (1.0, 1.0));
    assert!(sum("bellhop_facts", "_total{kind=\"opened\"}") >= 2.0);
    assert!(sum("bellhop_delivery_seconds", "_count") > 0.0 && sum("bellhop_recording_seconds", "_count") > 0.0);
    let list: Vec<String> = families.iter().map(|(name, family)| format!("{} {name}", family.kind)).collect();
    expect![[r#"
        counter bellhop_breaches
        info bellhop_build
        gauge bellhop_cases_open
        gauge bellhop_cases_unacknowledged
        histogram bellhop_deadline_lateness_seconds
        histogram bellhop_decision_seconds
        histogram bellhop_delivery_seconds
        counter bellhop_facts
        gauge bellhop_inbox_waiting
        counter bellhop_inputs
        counter bellhop_notices
        gauge bellhop_outbox_held_up
        gauge bellhop_outbox_waiting
        gauge bellhop_ready
        histogram bellhop_recording_seconds
        counter bellhop_undeliverable"#]]
    .assert_eq(&list.join("\n"));
}

/// The board and the alarms that come with the program ask for what there is.
#[tokio::test]
async fn boards_and_alarms_name_only_what_is_measured() {
    let stage = Stage::start().await;
    stage.hear("m1", "Ann", "You idiots, I am furious!").await;
    let families = parse(&stage.get("/metrics", &[]).await.body);
    let files = [
        ("bellhop.json", include_str!("../../../../.grafana/bellhop.json")),
        ("alerts.yml", include_str!("../../../../.grafana/alerts.yml")),
    ];
    for (file, text) in files {
        let mut named = 0;
        for (at, _) in text.match_indices("bellhop_") {
            let name = text[at..].split(|end: char| !(end.is_ascii_alphanumeric() || end == '_')).next();
            let name = name.unwrap_or_default();
            let is_so = families.iter().any(|(family, of)| {
                let suffixes: &[&str] = match of.kind.as_str() {
                    "counter" => &["_total"],
                    "histogram" => &["_bucket", "_sum", "_count"],
                    "info" => &["_info"],
                    _ => &[""],
                };
                suffixes.iter().any(|suffix| format!("{family}{suffix}") == name)
            });
            assert!(is_so, "{file} asks for {name}");
            named += 1;
        }
        assert!(named >= 6, "{file} asks for {named} only");
    }
    let board: serde_json::Value = serde_json::from_str(files[0].1).expect("the board is JSON");
    assert!(board["panels"].as_array().is_some_and(|panels| panels.len() >= 8));
}

/// Who is slow to say what they want, or says nothing, is hung up on.
#[tokio::test]
async fn a_connection_that_asks_nothing_is_closed() {
    let limits = Limits { headers_within: Duration::from_millis(100), ..Limits::default() };
    let stage = Stage::with(Opening { limits, ..with_token(&[]) }).await;
    for begun in ["", "GET /healthz HTTP/1.1\r\nHost: desk\r\nX-Slow: ", "GET /healthz HTTP/1.1\r\nHost: desk\r\n\r\n"]
    {
        let mut stream = TcpStream::connect(stage.web.address()).await.expect("it is let in");
        stream.write_all(begun.as_bytes()).await.expect("it is heard");
        let mut answer = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
        let closed = closed.unwrap_or_else(|_| panic!("{begun:?} is kept open"));
        assert!(closed.is_ok() || closed.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset), "{begun:?}");
        let is_answered = String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 200");
        assert_eq!(is_answered, begun.ends_with("\r\n\r\n"), "{begun:?}");
    }
}

/// Whoever holds all the places of an address open keeps others out, and no longer.
#[tokio::test]
async fn there_are_only_so_many_connections() {
    let limits = Limits { connections: 8, of_one: 2, ..Limits::default() };
    let stage = Stage::with(Opening { limits, ..Opening::default() }).await;
    let connect = async || {
        let mut stream = TcpStream::connect(stage.web.address()).await.expect("the system lets it in");
        // A connection that was closed at once may not take it.
        let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: desk\r\n\r\n").await;
        let mut first = [0; 12];
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read_exact(&mut first)).await;
        (read.expect("it is answered or closed").is_ok(), stream)
    };
    let (first, one) = connect().await;
    let (second, _other) = connect().await;
    let (third, _) = connect().await;
    assert_eq!([first, second, third], [true, true, false]);
    drop(one);
    let mut again = false;
    // Its end is noticed a moment later.
    for _ in 0..1_000 {
        again |= connect().await.0;
        if again {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(again, "the place stays taken");
}
