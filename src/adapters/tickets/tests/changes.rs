//! What every system has to make of its list of tickets that changed.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::kit::{Case, HASTE, answered, places, since};
use super::server::{Asked, Reply, Server};
use crate::adapters::tickets::system::minutes_ago;
use crate::adapters::tickets::{CHANGED_MAX, Changed, TicketError};

/// A ticket by the number of which its id is made, and when it changed.
type Change = (usize, DateTime<Utc>);

/// A system whose tickets changed in this order.
pub(super) async fn changing(case: &'static Case, changes: Vec<Change>) -> Server {
    let ids = changes.into_iter().map(|(number, at)| (number_or_text(&(case.changes.id)(number)), at)).collect();
    listing(case, ids).await
}

async fn listing(case: &'static Case, changes: Vec<(Value, DateTime<Utc>)>) -> Server {
    let (listing, recorded) = (&case.changes, (case.recorded)());
    Server::start(move |asked: &Asked| {
        if asked.route() != listing.route {
            return answered(&recorded, asked);
        }
        let begin = (listing.asked)(asked) * listing.size;
        let items = changes.iter().skip(begin).take(listing.size).map(|(id, at)| (listing.item)(id, *at)).collect();
        let more = changes.len() > begin + listing.size;
        Reply::Json(200, (listing.page)(items, more.then_some(begin / listing.size + 1)))
    })
    .await
}

/// Ids that are numbers are sent as numbers.
fn number_or_text(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| id.into(), Value::from)
}

fn seconds(seconds: usize) -> DateTime<Utc> {
    since() + TimeDelta::seconds(i64::try_from(seconds).expect("few"))
}

async fn changed(case: &Case, server: &Server, since: DateTime<Utc>) -> Vec<Changed> {
    let changed = case.account(&server.url, HASTE).changed_since(since).await;
    changed.unwrap_or_else(|error| panic!("{}: {error}", case.kind))
}

/// The tickets by their numbers.
fn told(case: &Case, changed: &[Changed]) -> Vec<Change> {
    let number = |it: &Changed| (1..1000).find(|number| (case.changes.id)(*number) == it.id.as_str());
    changed.iter().map(|it| (number(it).expect("a ticket of ours"), it.at)).collect()
}

/// Oldest first, each once, and nothing of before even where a system rounds what it was asked for.
pub(super) async fn what_changed_is_told_in_order(case: &'static Case) {
    let before = since() - TimeDelta::minutes(2);
    let server = changing(case, vec![(9, before), (1, seconds(0)), (2, seconds(61)), (3, seconds(62))]).await;
    let changed_now = changed(case, &server, since()).await;
    assert!(changed_now.iter().all(|it| it.at >= since()), "{}: {changed_now:?}", case.kind);
    let mut numbers = told(case, &changed_now);
    // One list is of more changes than it tells times of; such a change counts as one at the time that was asked for.
    numbers.retain(|change| *change != (9, since()) || case.kind != "helpscout");
    assert_eq!(numbers, [(1, seconds(0)), (2, seconds(61)), (3, seconds(62))], "{}", case.kind);

    let server = changing(case, vec![(1, seconds(1)), (2, seconds(2)), (1, seconds(3))]).await;
    let twice = told(case, &changed(case, &server, since()).await);
    assert_eq!(twice, [(2, seconds(2)), (1, seconds(3))], "{}: it changed while pages were turned", case.kind);

    let server = changing(case, Vec::new()).await;
    assert_eq!(changed(case, &server, since()).await, [], "{}", case.kind);
}

/// Who goes on from the newest time is told of everything, a bounded part at a time.
pub(super) async fn what_changed_is_told_in_parts(case: &'static Case) {
    let all: Vec<Change> = (1..=CHANGED_MAX * 2 + 50).map(|number| (number, seconds(number))).collect();
    let (mut from, mut heard) = (since(), Vec::new());
    loop {
        let left = all.iter().copied().filter(|(_, at)| *at >= from).collect();
        let server = changing(case, left).await;
        let part = told(case, &changed(case, &server, from).await);
        assert!(part.len() <= CHANGED_MAX, "{}: {} at once", case.kind, part.len());
        let asked = server.asked().iter().filter(|asked| asked.route() == case.changes.route).count();
        assert!(asked <= CHANGED_MAX.div_ceil(case.changes.size), "{}: {asked} pages", case.kind);
        let is_full = part.len() == CHANGED_MAX;
        from = part.last().expect("at least the one that was told before").1;
        heard.extend(part);
        if !is_full {
            break;
        }
    }
    heard.dedup();
    assert_eq!(heard, all, "{}", case.kind);
}

/// More than a part at one moment: nobody could go on from there, so that more are told.
pub(super) async fn many_at_one_moment_are_passed(case: &'static Case) {
    let many = CHANGED_MAX * 2 + 50;
    let mut all: Vec<Change> = (1..=many).map(|number| (number, since())).collect();
    all.push((many + 1, seconds(1)));
    let server = changing(case, all).await;
    let heard = told(case, &changed(case, &server, since()).await);
    assert_eq!((heard.len(), heard.last()), (many + 1, Some(&(many + 1, seconds(1)))), "{}", case.kind);
}

/// An id stands in paths: one of another form is never believed.
pub(super) async fn an_id_of_another_form_is_refused(case: &'static Case) {
    let server = listing(case, vec![(json!("../admin"), seconds(1))]).await;
    let error = case.account(&server.url, HASTE).changed_since(since()).await;
    assert!(matches!(error, Err(TicketError::NotUnderstood { .. })), "{}: {error:?}", case.kind);
}

/// Each value of the list as something else.
pub(super) async fn wrong_types(case: &'static Case) {
    let (listing, recorded) = (&case.changes, (case.recorded)());
    let items = [1, 2].map(|number| (listing.item)(&number_or_text(&(listing.id)(number)), seconds(number)));
    let page = (listing.page)(items.to_vec(), None);
    let current = Arc::new(Mutex::new(Value::Null));
    let sent = current.clone();
    let server = Server::start(move |asked: &Asked| {
        if asked.route() != listing.route {
            return answered(&recorded, asked);
        }
        Reply::Json(200, sent.lock().expect("nobody panics with it").clone())
    })
    .await;
    let account = case.account(&server.url, HASTE);
    for place in places(&page, "") {
        for strange in [json!({"strange": ["Dana"]}), json!([7]), json!(true)] {
            let mut with = page.clone();
            *with.pointer_mut(&place).expect("a place in it") = strange;
            *current.lock().expect("nobody panics with it") = with;
            match account.changed_since(since()).await {
                Ok(_) | Err(TicketError::NotUnderstood { .. }) => {}
                Err(error) => panic!("{}, {place}: {error:?}", case.kind),
            }
        }
    }
}

#[test]
fn minutes_ago_is_before_whatever_the_other_clock_says() {
    let now = Utc::now();
    assert_eq!(minutes_ago(now - TimeDelta::seconds(90)), 17);
    assert_eq!(minutes_ago(now + TimeDelta::days(1)), 1, "a time to come is read as this minute");
}
