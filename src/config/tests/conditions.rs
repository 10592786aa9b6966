//! Conditions that ask for more than the words of a message.

use expect_test::expect;

use super::check;

#[test]
fn conditions_of_tickets_and_waits() {
    let when = r#"when = { amount_over = "500 USD" }"#;
    check(
        &[
            (when, r#"when = { ticket = "priority", equals = "urgent" }"#),
            (when, r#"when = { any = [{ tag = ["billing", "vip"] }, { waits = "2h" }] }"#),
            (when, r#"when = { ticket = "priorty", equals = "urgent" }"#),
            (when, r#"when = { ticket = "priority" }"#),
            (when, r#"when = { ticket = "priority", equals = "urgent", contains = "u" }"#),
            (when, "when = { tag = [] }"),
            (when, r#"when = { waits = "long" }"#),
        ],
        &expect![[r#"
            fine

            fine

            112: when = { ticket = "priorty", equals = "urgent" }
              triggers[0].when.ticket: tickets have no field "priorty"
              did you mean `priority`?

            112: when = { ticket = "priority" }
              triggers[0].when: what is the field to be?
              write either equals = "…" or contains = "…"

            112: when = { ticket = "priority", equals = "urgent", contains = "u" }
              triggers[0].when: what is the field to be?
              write either equals = "…" or contains = "…"

            112: when = { tag = [] }
              triggers[0].when.tag: no tag, so it would never fire
              list at least one: tag = ["billing"]

            112: when = { waits = "long" }
              triggers[0].when.waits: "long" is not a duration
              write a number and a unit: "15m", "2h", "30d"
        "#]],
    );
}
