//! What a restart and a crash must not change.

use super::*;
use crate::engine::Forgetting;
use crate::engine::input::{Body, Position};
use crate::engine::store::StoreError;
use crate::engine::tests::post::Hold;
use crate::sop::desk::Fact;
use crate::sop::retention::Retention;

/// A day of a desk, an input or a pause at a time.
#[derive(Clone)]
enum Step {
    Ask(&'static str, Request),
    Pass(i64),
}

fn day() -> Vec<Step> {
    vec![
        Step::Ask("m1", angry("m1", "ann")),
        Step::Ask("m2", message("m2", "bob", "My lawyer will hear about this.")),
        Step::Ask("m3", message("m3", "ann", "Refund my $900, please.")),
        Step::Pass(16),
        Step::Ask("ack1", act("managers", 1, Act::Acknowledge { next: None })),
        Step::Ask("m4", message("m4", "cleo", "The site is down for me.")),
        Step::Ask("m5", message("m5", "dan", "The whole site is down, I cannot log in.")),
        Step::Pass(20),
        Step::Ask("ack2", act("legal", 2, Act::Acknowledge { next: None })),
        Step::Ask("raise", act("engineering", 3, Act::Raise { reason: "stuck".to_owned() })),
        Step::Ask("done", act("managers", 1, resolve())),
        Step::Ask("m6", angry("m6", "ann")),
        Step::Pass(200),
    ]
}

async fn play(stage: &Stage, step: Step) {
    match step {
        Step::Ask(id, request) => stage.ask(id, request).await,
        Step::Pass(minutes) => stage.advance(TimeDelta::minutes(minutes)).await,
    }
}

#[tokio::test]
async fn a_restart_after_every_input_changes_nothing() {
    let plain = Stage::start().await;
    let mut restarted = Stage::start().await;
    for step in day() {
        play(&plain, step.clone()).await;
        play(&restarted, step).await;
        restarted = restarted.restart().await;
        restarted.advance(TimeDelta::zero()).await;
    }
    assert_eq!(restarted.post.posted(), plain.post.posted());
    assert!(plain.post.posted().values().all(|times| *times == 1), "something was posted twice");
    assert_eq!(fold(&restarted.end().await), fold(&plain.end().await));
}

/// Killed somewhere in the work on each input, which its source then sends again.
#[tokio::test]
async fn a_crash_at_any_moment_changes_nothing() {
    let plain = Stage::start().await;
    for step in day() {
        play(&plain, step).await;
    }
    let (posted, cases) = (plain.post.posted(), fold(&plain.end().await));
    for moment in 0..12 {
        let mut stage = Stage::start().await;
        for (number, step) in day().into_iter().enumerate() {
            if let Step::Ask(id, request) = step.clone() {
                stage.send(Input::request(id, request)).await;
                for _ in 0..(moment * 7 + number * 5) % 24 {
                    tokio::task::yield_now().await;
                }
                stage = stage.crash().await;
            }
            play(&stage, step).await;
        }
        assert_eq!(stage.post.posted(), posted, "moment {moment}");
        assert_eq!(fold(&stage.end().await), cases, "moment {moment}");
    }
}

#[tokio::test]
async fn a_page_that_was_decided_is_sent_after_a_crash() {
    for moment in [Hold::BeforeItArrives, Hold::AfterItArrived] {
        let stage = Stage::start().await;
        stage.post.hold("page/", moment);
        stage.ask_only("m1", angry("m1", "ann")).await;
        stage.post.begun("page/", 1).await;
        let stage = stage.crash().await;
        stage.until(|pulse| pulse.to_tell == 0).await;
        let tried: Vec<_> =
            stage.post.attempts("page/").into_iter().map(|attempt| (attempt.key, attempt.maybe_sent)).collect();
        assert_eq!(tried, [("page/1/0".to_owned(), false), ("page/1/0".to_owned(), true)]);
        assert_eq!(stage.post.posted()["page/1/0"], 1);
        assert!(fold(&stage.end().await)[0].next_deadline().is_some());
    }
}

#[tokio::test]
async fn an_input_heard_again_after_a_restart_changes_nothing() {
    let stage = Stage::start().await;
    stage.ask("m1", angry("m1", "ann")).await;
    let stage = stage.restart().await;
    stage.ask("m1", angry("m9", "bob")).await;
    assert_eq!(fold(&stage.end().await).len(), 1);
}

#[tokio::test]
async fn positions_survive_and_only_grow() {
    let stage = Stage::start().await;
    let position = |place: &str, message: &str| Position { place: place.into(), message: message.into() };
    let hello = |id: &str, position| Input {
        id: InputId(id.to_owned()),
        body: Body::Request { request: Box::new(message(id, "ann", "Hello?")), position: Some(position) },
    };
    stage.send(Input { id: InputId("follow".to_owned()), body: Body::Follow(position("support", "7")) }).await;
    stage.send(Input { id: InputId("again".to_owned()), body: Body::Follow(position("support", "8")) }).await;
    stage.send(hello("12", position("support", "12"))).await;
    stage.send(hello("9", position("support", "9"))).await;
    stage.send(hello("3", position("billing", "3"))).await;
    let stage = stage.restart().await;
    let read: Vec<_> = stage.engine.positions().iter().map(|(place, last)| (place.as_str(), last.as_str())).collect();
    assert_eq!(read, [("billing", "3"), ("support", "12")]);
}

#[tokio::test]
async fn a_second_process_is_refused() {
    let stage = Stage::start().await;
    let second = SqliteStore::open(&stage.folder.path().join("log.sqlite"), "desk").await;
    assert!(matches!(second, Err(StoreError::InUse { .. })), "{second:?}");
}

/// What a running desk takes out of its log is gone from the lines, and the desk goes on recording behind them.
#[tokio::test]
async fn what_is_too_old_goes_daily() {
    let stage = Stage::start().await;
    let retention = Retention { resolved_cases: Some(TimeDelta::hours(12)), ..Retention::default() };
    let (log, inbox) = (stage.engine.log(), stage.engine.inbox());
    let forgetting = Forgetting::start(retention, log, inbox, stage.clock.clone());
    stage.ask("m1", message("m1", "ann", "You LIARS, what a scam!!")).await;
    stage.ask("m2", message("m2", "bob", "You IDIOTS, what a scam!!")).await;
    stage.ask("a1", act("leads", 1, resolve())).await;
    stage.advance(TimeDelta::days(1)).await;
    let looked = InputId(format!("forget:{}", stage.clock.now().timestamp_millis()));
    stage.until(|_| stage.engine.has_settled(&looked)).await;
    stage.ask("m3", message("m3", "cleo", "You CROOKS, what a scam!!")).await;
    drop(forgetting);
    let left = stage.end().await;
    let written = serde_json::to_string(&left.facts.iter().map(|line| &line.fact).collect::<Vec<_>>()).expect("data");
    let holds = ["LIARS", "IDIOTS", "CROOKS"].map(|word| written.contains(word));
    assert_eq!(holds, [false, true, true], "{written}");
    assert!(left.facts.iter().zip(1..).all(|(line, seq)| line.seq == seq));
    assert!(left.facts.iter().any(|line| matches!(line.fact, Fact::Erased(_))));
    assert_eq!(fold(&left).len(), 3);
}
