//! `[retention]`.

use chrono::TimeDelta;
use expect_test::expect;

use super::{EXAMPLE, check};
use crate::config::Config;
use crate::sop::retention::Retention;

const TABLE: &str = "# [retention]\n# resolved_cases = \"365d\"\n# heard = \"90d\"\n# tickets = \"90d\"\n";

/// What the example without its comments begins with.
const DESK: &str = "[desk]\n";

fn read(table: &str) -> Retention {
    Config::parse("config.toml", &EXAMPLE.replace(TABLE, table)).expect("it is fine").retention
}

#[test]
fn without_a_word_of_it_everything_is_kept() {
    assert!(read("").keeps_everything());
    let expected = Retention { heard: Some(TimeDelta::days(90)), ..Retention::default() };
    assert_eq!(read("[retention]\nheard = \"90d\"\n"), expected);
}

#[test]
fn ages_are_those_that_one_can_mean() {
    check(
        &[
            (DESK, "[retention]\nresolved_cases = \"3d\"\n[desk]\n"),
            (DESK, "[retention]\nheard = \"30years\"\n[desk]\n"),
            (DESK, "[retention]\ntickets = \"long\"\n[desk]\n"),
            (DESK, "[retention]\nnotes = \"90d\"\n[desk]\n"),
        ],
        &expect![[r#"
            4: resolved_cases = "3d"
              retention.resolved_cases: "3d" is too short
              the desk still works with that: at least "14d"

            4: heard = "30years"
              retention.heard: "30years" is more than 20 years
              leave the key out to keep it for ever

            4: tickets = "long"
              retention.tickets: "long" is not a duration
              write a number and a unit: "90d", "365d", "3years"

            4: notes = "90d"
              retention.notes: unknown key `notes` in `retention`
              choose from `heard`, `resolved_cases`, `tickets`
        "#]],
    );
}
