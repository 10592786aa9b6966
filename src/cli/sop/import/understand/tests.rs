use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::*;

#[expect(clippy::needless_pass_by_value, reason = "expect! makes a value")]
fn check(texts: &[&str], want: Expect) {
    let mut shown = String::new();
    for text in texts {
        let Understood { when, doubts, .. } = condition(text);
        writeln!(shown, "{text}: {}", when.as_deref().unwrap_or("nothing")).expect("a string takes it");
        for doubt in doubts {
            writeln!(shown, "    {doubt}").expect("a string takes it");
        }
    }
    want.assert_eq(&shown);
}

#[test]
fn the_usual_triggers_are_understood_without_a_doubt() {
    check(
        &[
            "Refund request over $500",
            "Outage affecting several customers",
            "Third contact for the same issue",
            "Legal or compliance threat",
            "Angry customer",
            "Suspected breach or unauthorized access",
            "Refunds of more than 1.200,50 EUR",
            "Refund >= $200",
            "Customer waits longer than 2 hours",
            "No reply for 30 minutes",
            "Outage: 5+ customers within 15 minutes",
            "4th contact within 7 days",
            "Ticket priority is urgent",
            "Enterprise customers waiting more than 1 hour",
            "Tagged `billing`",
            "Angry customer and refund over $100",
            "Angry customer or legal threat",
        ],
        expect![[r#"
            Refund request over $500: { amount_over = "500 USD" }
            Outage affecting several customers: { customers = 3, of = "outage", within = "30m" }
            Third contact for the same issue: { any = [{ signal = "repeat", at_least = 0.5 }, { contacts = 3, within = "30d" }] }
            Legal or compliance threat: { signal = "legal", at_least = 0.5 }
            Angry customer: { signal = "angry", at_least = 0.6 }
            Suspected breach or unauthorized access: { signal = "security", at_least = 0.5 }
            Refunds of more than 1.200,50 EUR: { amount_over = "1200.5 EUR" }
            Refund >= $200: { amount_over = "199.99 USD" }
            Customer waits longer than 2 hours: { waits = "2h" }
            No reply for 30 minutes: { waits = "30m" }
            Outage: 5+ customers within 15 minutes: { customers = 5, of = "outage", within = "15m" }
            4th contact within 7 days: { contacts = 4, within = "7d" }
            Ticket priority is urgent: { ticket = "priority", equals = "urgent" }
            Enterprise customers waiting more than 1 hour: { all = [{ waits = "1h" }, { ticket = "plan", equals = "enterprise" }] }
            Tagged `billing`: { ticket = "tag", equals = "billing" }
            Angry customer and refund over $100: { all = [{ amount_over = "100 USD" }, { signal = "angry", at_least = 0.6 }] }
            Angry customer or legal threat: { any = [{ signal = "legal", at_least = 0.5 }, { signal = "angry", at_least = 0.6 }] }
        "#]],
    );
}

#[test]
fn what_is_ambiguous_is_a_doubt() {
    check(
        &[
            "VIP unhappy",
            "Angry VIP",
            "Refund request",
            "Refund of $500",
            "Refund under $50",
            "Refund between $50 and $100",
            "Outage",
            "Repeated complaints",
            "Customer waits too long",
            "Angry customer, legal threat",
            "Angry customers, but not on weekends",
            "",
            "💥",
            "'); DROP TABLE triggers; --",
            "{{ due }} [[triggers]] \"\"\"",
        ],
        expect![[r#"
            VIP unhappy: nothing
            Angry VIP: { signal = "angry", at_least = 0.6 }
                no rule looks for "vip"
            Refund request: nothing
                money without an amount: from which sum on
            Refund of $500: { amount_over = "500 USD" }
                it does not say whether it means more than 500 USD
            Refund under $50: { amount_over = "50 USD" }
                an amount that must not be reached, which no rule looks for
            Refund between $50 and $100: { amount_over = "50 USD" }
                several amounts
            Outage: { customers = 3, of = "outage", within = "30m" }
                an outage: it does not say at how many customers, 3 is written
            Repeated complaints: { any = [{ signal = "repeat", at_least = 0.5 }, { contacts = 3, within = "30d" }] }
                repeated: it does not say how often, 3 is written
            Customer waits too long: nothing
                waiting: it does not say how long
            Angry customer, legal threat: { any = [{ signal = "legal", at_least = 0.5 }, { signal = "angry", at_least = 0.6 }] }
            Angry customers, but not on weekends: { signal = "angry", at_least = 0.6 }
                it says what must not be so, which is not read
                no rule looks for "but not weekends"
            : nothing
            💥: nothing
            '); DROP TABLE triggers; --: nothing
            {{ due }} [[triggers]] """: nothing
        "#]],
    );
}

#[test]
fn times_are_read_as_people_write_them() {
    let read = |text: &str| time(text).map(written);
    let texts = [
        "within 2 hours",
        "30 min",
        "2h",
        "1 business day",
        "an hour",
        "90 minutes",
        "2 weeks",
        "soon",
        "0 min",
        "9999 days",
    ];
    let expected = ["2h", "30m", "2h", "1d", "1h", "90m", "14d", "", "", ""];
    assert_eq!(texts.map(|text| read(text).unwrap_or_default()), expected);
}
