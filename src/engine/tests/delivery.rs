//! From the outbox to the receiver.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::TimeDelta;
use expect_test::expect;

use super::*;
use crate::engine::connector::Undelivered;
use crate::engine::store::{Batch, ToTell, Told};
use crate::engine::tests::post::Hold;
use crate::sop::escalation::Status;
use crate::sop::notice::Notice;

fn retry() -> Undelivered {
    Undelivered::Retry { after: Some(Duration::from_millis(10)), why: "busy".to_owned() }
}

#[tokio::test]
async fn a_failed_page_is_tried_again_after_a_pause() {
    let stage = Stage::start().await;
    stage.post.fail("page/", retry());
    stage.post.fail("page/", retry());
    stage.ask("m1", angry("m1", "ann")).await;
    let tried = stage.post.attempts("page/1/0");
    let pauses: Vec<_> = tried.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    assert_eq!(tried.iter().map(|attempt| attempt.maybe_sent).collect::<Vec<_>>(), [false, true, true]);
    assert!(pauses[0] >= Duration::from_millis(500) && pauses[1] >= Duration::from_secs(1), "{pauses:?}");
}

#[tokio::test]
async fn a_page_that_cannot_be_delivered_goes_to_the_next_team() {
    let stage = Stage::start().await;
    stage.post.fail("page/", Undelivered::GiveUp { why: "no such place".to_owned() });
    stage.ask("m1", angry("m1", "ann")).await;
    assert_eq!(stage.post.keys("page/"), ["page/1/0", "page/1/1"]);
    let case = fold(&stage.end().await).remove(0);
    assert_eq!(case.team(), &"managers".into());
    assert!(case.next_deadline().is_some());
}

#[tokio::test]
async fn a_page_that_is_no_longer_wanted_is_not_sent() {
    let stage = Stage::start().await;
    stage.post.fail("page/", retry());
    stage.ask_only("m1", angry("m1", "ann")).await;
    stage.post.begun("page/", 1).await;
    stage.ask("ack", act("managers", 1, Act::Acknowledge { next: None })).await;
    assert_eq!(stage.post.keys("page/"), ["page/1/0"]);
    assert_eq!(stage.end().await.to_tell, []);
}

#[tokio::test]
async fn a_redraw_overtaken_on_its_way_is_drawn_again() {
    let stage = Stage::start().await;
    stage.ask("m1", angry("m1", "ann")).await;
    stage.post.hold("card/", Hold::BeforeItArrives);
    stage.ask_only("ack", act("leads", 1, Act::Acknowledge { next: None })).await;
    stage.post.begun("card/", 1).await;
    stage.ask_only("done", act("leads", 1, resolve())).await;
    stage.post.let_go();
    stage.until(|pulse| pulse.to_tell == 0).await;
    let drawn: Vec<_> = stage.post.attempts("card/1/0").into_iter().filter_map(|attempt| attempt.status).collect();
    assert_eq!(drawn, [Status::Acknowledged, Status::Resolved]);
}

#[tokio::test]
async fn a_card_that_was_overtaken_on_its_way_is_redrawn_once_it_is_there() {
    let stage = Stage::start().await;
    stage.post.hold("page/", Hold::BeforeItArrives);
    stage.ask_only("m1", angry("m1", "ann")).await;
    stage.post.begun("page/", 1).await;
    stage.ask_only("ack", act("managers", 1, Act::Acknowledge { next: None })).await;
    stage.post.let_go();
    stage.until(|pulse| pulse.to_tell == 0).await;
    let drawn: Vec<_> = stage.post.attempts("card/1/0").into_iter().filter_map(|attempt| attempt.status).collect();
    assert_eq!(drawn, [Status::Acknowledged]);
}

/// Only what is due fires, and not a millisecond early.
#[tokio::test]
async fn a_deadline_fires_when_it_is_due() {
    let stage = Stage::start().await;
    stage.ask("m1", angry("m1", "ann")).await;
    stage.advance(TimeDelta::minutes(15) - TimeDelta::milliseconds(1)).await;
    stage.ask("thanks", message("m2", "ann", "Hello?")).await;
    assert_eq!(stage.post.keys("page/"), ["page/1/0"]);
    stage.advance(TimeDelta::milliseconds(1)).await;
    assert_eq!(stage.post.keys("page/"), ["page/1/0", "page/1/1"]);
}

/// The whole time of each team, from the delivery of its page, whatever was overdue before.
#[tokio::test]
async fn everything_overdue_fires_on_return_the_most_severe_first() {
    let stage = Stage::start().await;
    stage.ask("m1", angry("m1", "ann")).await;
    stage.ask("m2", message("m2", "bob", "My lawyer will hear about this.")).await;
    stage.ask("m3", message("m3", "cleo", "Refund my $900, please.")).await;
    let Stage { folder, clock, post, engine } = stage;
    engine.stop().await.expect("it stops in order");
    clock.advance(TimeDelta::hours(2));
    let engine = self::engine(&folder, &clock, &post).await;
    let stage = Stage { folder, clock, post, engine };
    stage.advance(TimeDelta::zero()).await;
    assert_eq!(stage.post.keys("page/")[3..], ["page/3/1", "page/2/1", "page/1/1"]);

    let mut shown = String::new();
    for case in fold(&stage.end().await) {
        let due = case.next_deadline().map(|deadline| (deadline.at - at(0)).num_minutes());
        writeln!(shown, "{} {} late {} s, due {due:?}", case.id, case.team(), case.late_seconds)
            .expect("a string takes all");
    }
    expect![[r"
        ESC-1 managers late 6300 s, due Some(150)
        ESC-2 counsel late 5400 s, due Some(140)
        ESC-3 managers late 6300 s, due Some(150)
    "]]
    .assert_eq(&shown);
}

/// A new row is not deleted with the end of an older one of the same key.
#[tokio::test]
async fn a_batch_that_tells_again_what_was_told_keeps_the_new_row() {
    let folder = tempfile::tempdir().expect("a folder for the log");
    let notice = Notice::Card { escalation: EscalationId(1), page: 0 };
    let row = ToTell { key: "card/1/0".to_owned(), generation: 1, created: at(0), notice };
    let told = Told { key: row.key.clone(), generation: row.generation };
    let mut batch = Batch { told: vec![told], ..Batch::default() };
    batch.tell(row.clone());
    let mut store = open(&folder).await;
    store.append(&batch).await.expect("it is recorded");
    assert_eq!(store.past().await.expect("the log can be read").to_tell, [row]);
}
