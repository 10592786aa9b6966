//! The kit that every system has to pass, and what the systems share.

mod changes;
mod client;
mod kit;
mod links;
mod server;
mod signature;
mod text;

mod freshdesk;
mod front;
mod github;
mod gitlab;
mod help_scout;
mod hubspot;
mod intercom;
mod jira;
mod redmine;
mod request_tracker;
mod zammad;
mod zendesk;

use expect_test::expect;
use futures_util::future::join_all;

use kit::{Case, Verb};

const CASES: [&Case; 12] = [
    &zendesk::CASE,
    &freshdesk::CASE,
    &intercom::CASE,
    &jira::CASE,
    &zammad::CASE,
    &help_scout::CASE,
    &front::CASE,
    &hubspot::CASE,
    &request_tracker::CASE,
    &redmine::CASE,
    &github::CASE,
    &gitlab::CASE,
];

#[test]
fn every_system_that_can_be_spoken_with_has_a_case() {
    let can = super::KINDS.iter().filter(|facts| facts.interface.is_some()).map(|facts| facts.name);
    assert_eq!(can.collect::<Vec<_>>(), CASES.map(|case| case.kind));
}

#[tokio::test]
async fn internal_stays_internal() {
    join_all(CASES.map(kit::internal_stays_internal)).await;
}

#[tokio::test]
async fn a_note_is_written_once() {
    join_all(CASES.map(kit::a_note_is_written_once)).await;
}

#[tokio::test]
async fn values_of_another_type() {
    for case in CASES {
        kit::wrong_types(case).await;
        changes::wrong_types(case).await;
    }
}

#[tokio::test]
async fn what_changed_is_told_in_order() {
    join_all(CASES.map(changes::what_changed_is_told_in_order)).await;
}

#[tokio::test]
async fn what_changed_is_told_in_parts() {
    join_all(CASES.map(changes::what_changed_is_told_in_parts)).await;
}

#[tokio::test]
async fn many_changes_at_one_moment() {
    join_all(CASES.map(changes::many_at_one_moment_are_passed)).await;
    join_all(CASES.map(changes::an_id_of_another_form_is_refused)).await;
}

/// Where exactly a strange answer is strange is each system's own; all else is the same for all.
#[tokio::test]
async fn faults_are_told_for_what_they_are() {
    let expected = expect![[r#"
        401: it does not accept the account (401): no: … of …@… [1 asked]
        403: it does not accept the account (403): no: … of …@… [1 asked]
        404: there is no such ticket, or the account may not see it [1 asked]
        409: it refused (409): no: … of …@… [1 asked]
        422: it refused (422): no: … of …@… [1 asked]
        429: it asks to wait 7 s [1 asked]
        500: it did not answer: status 500 [2 asked]
        slow: it did not answer: no answer in time [2 asked]
        truncated: it did not answer: its answer broke off [2 asked]
        HTML: its answer cannot be understood: a web page instead of data; is there a login page or a proxy in between? [1 asked]
        elsewhere: it refused (302): it sends us elsewhere, where nobody goes: put the right address into the config as `api` [1 asked]
        not JSON: its answer cannot be understood: it is not JSON [1 asked]
        endless: its answer cannot be understood: it has more than 4 MiB [1 asked]
    "#]];
    let mut of_first = String::new();
    let asked = CASES.into_iter().flat_map(|case| [(case, Verb::Fetch), (case, Verb::ChangedSince)]);
    let told = join_all(asked.clone().map(|(case, verb)| kit::faults(case, verb))).await;
    for ((case, verb), told) in asked.zip(told) {
        let (strange, same): (Vec<&str>, Vec<&str>) = told.lines().partition(|line| line.starts_with("wrong type"));
        assert!(strange.len() == 1 && strange[0].contains("cannot be understood"), "{}: {strange:?}", case.kind);
        let same = same.join("\n") + "\n";
        if of_first.is_empty() {
            of_first = same;
        } else {
            assert_eq!(same, of_first, "{}, {verb:?}", case.kind);
        }
    }
    expected.assert_eq(&of_first);
}
