//! `[[playbooks]]`.

use expect_test::expect;

use super::check;

#[test]
fn playbooks() {
    let steps = "steps = [\n    { title = \"Acknowledge\"";
    check(
        &[
            (r#"id = "de-escalation""#, r#"id = "refund""#),
            (r#"name = "De-escalation""#, ""),
            (r#"triggers = ["angry"]"#, r#"triggers = ["angri"]"#),
            (r#"triggers = ["angry"]"#, "triggers = []"),
            (r#"triggers = ["angry"]"#, ""),
            (r#"title = "Empathize""#, r#"title = "Acknowledge""#),
            (r#"title = "Empathize", "#, ""),
            (steps, "steps = []\nother = [\n    { title = \"Acknowledge\""),
            (
                r#"do = "Check the order, the date of purchase and earlier refunds against the refund policy.""#,
                r#"do = " ""#,
            ),
        ],
        &expect![[r#"
            219: id = "refund"
              playbooks[1].id: "refund" is taken
              give every one of [[playbooks]] an id of its own

            207: [[playbooks]]
              playbooks[0].name: `name` is missing
              what people call it: name = "De-escalation"

            210: triggers = ["angri"]
              playbooks[0].triggers[0]: there is no trigger "angri"
              did you mean `angry`?

            210: triggers = []
              playbooks[0].triggers: for no trigger
              list at least one of [[triggers]]

            207: [[playbooks]]
              playbooks[0].triggers: `triggers` is missing
              list the triggers whose cases it is for: triggers = ["angry"]

            211: steps = [
              playbooks[0].steps: two steps are called "Acknowledge"
              steps are told apart by their titles: give each its own

            213: { do = "Name the feeling and its reason. No \"but\".", say = "I would be angry as well if this had happened to me for the third time." },
              playbooks[0].steps[1].title: `title` is missing
              the step in a few words: title = "Acknowledge"

            211: steps = []
              playbooks[0].steps: a playbook of 0 steps
              list 1 to 12 steps
            212: other = [
              playbooks[0].other: unknown key `other` in `playbooks[0]`
              choose from `id`, `name`, `steps`, `triggers`

            223: { title = "Verify eligibility", do = " " },
              playbooks[1].steps[0].do: a text of 0 characters
              write 1 to 600 characters
        "#]],
    );
}
