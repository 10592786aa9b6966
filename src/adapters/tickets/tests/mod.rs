//! The kit that every system has to pass, and what the systems share.

mod kit;
mod server;

mod zendesk;

use expect_test::expect;

use kit::Case;

const CASES: [&Case; 1] = [&zendesk::CASE];

#[test]
fn every_system_that_can_be_spoken_with_has_a_case() {
    let can = super::KINDS.iter().filter(|facts| facts.interface.is_some()).map(|facts| facts.name);
    assert_eq!(can.collect::<Vec<_>>(), CASES.map(|case| case.kind));
}

#[tokio::test]
async fn internal_stays_internal() {
    for case in CASES {
        kit::internal_stays_internal(case).await;
    }
}

#[tokio::test]
async fn a_note_is_written_once() {
    for case in CASES {
        kit::a_note_is_written_once(case).await;
    }
}

#[tokio::test]
async fn values_of_another_type() {
    for case in CASES {
        kit::wrong_types(case).await;
    }
}

#[tokio::test]
async fn faults_are_told_for_what_they_are() {
    for case in CASES {
        expect![[r#"
            401: it does not accept the account (401): no: … of …@… [1 asked]
            403: it does not accept the account (403): no: … of …@… [1 asked]
            404: there is no such ticket, or the account may not see it [1 asked]
            409: it refused (409): no: … of …@… [1 asked]
            422: it refused (422): no: … of …@… [1 asked]
            429: it asks to wait 7 s [1 asked]
            500: it did not answer: status 500 [2 asked]
            slow: it did not answer: no answer in time [2 asked]
            truncated: it did not answer: connection closed before message completed [2 asked]
            wrong type: its answer cannot be understood: ticket.id is nothing instead of an id [2 asked]
            HTML: its answer cannot be understood: a web page instead of data; is there a login page or a proxy in between? [1 asked]
            elsewhere: it refused (302): it sends us elsewhere, where nobody goes: put the right address into the config as `api` [1 asked]
            not JSON: its answer cannot be understood: it is not JSON [1 asked]
            endless: its answer cannot be understood: it has more than 4 MiB [1 asked]
        "#]].assert_eq(&kit::faults(case).await);
    }
}
