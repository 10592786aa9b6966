//! `[[messages]]`.

use expect_test::expect;

use super::check;

#[test]
fn messages() {
    let text = "You hear from us by {{ due }}.";
    check(
        &[
            (text, "You hear from us by {{ deu }}."),
            (text, "You hear from us by {{ due."),
            (text, "# You hear from us by {{ due }}."),
            ("id = \"escalated\"\nzone = \"Europe/Berlin\"", "id = \"escalated\"\nzone = \"Berlin\""),
            ("id = \"escalated\"\nzone", "id = \"escalated\"\ntriggers = []\nzone"),
            ("id = \"escalated\"\nzone", "id = \"escalated\"\ntrigger = \"refund\"\nzone"),
            ("id = \"refund\"\ntriggers = [\"refund\"]\nzone", "id = \"escalated\"\ntriggers = [\"refunds\"]\nzone"),
        ],
        &expect![[r##"
            234: text = """
              messages[0].text: line 2 of the text: undefined value: `deu` is undefined
              there are {{ due }}, {{ customer }} and {{ ticket }}; the last two may be empty

            234: text = """
              messages[0].text: line 2 of the text: syntax error: unexpected end of input, expected identifier or integer
              there are {{ due }}, {{ customer }} and {{ ticket }}; the last two may be empty

            234: text = """
              messages[0].text: a text that cannot be shown as it is
              no line begins with "#" or "-", and nothing holds ```

            233: zone = "Berlin"
              messages[0].zone: there is no zone "Berlin"
              did you mean `Brazil/DeNoronha`?

            233: triggers = []
              messages[0].triggers: for no trigger
              list at least one of [[triggers]]

            233: trigger = "refund"
              messages[0].trigger: unknown key `trigger` in `messages[0]`
              did you mean `triggers`?

            240: id = "escalated"
              messages[1].id: "escalated" is taken
              give every one of [[messages]] an id of its own
            241: triggers = ["refunds"]
              messages[1].triggers[0]: there is no trigger "refunds"
              did you mean `refund`?
        "##]],
    );
}

#[test]
fn criteria() {
    let criteria = r#"lower_when = ["the customer is calm again", "a refund or a replacement is agreed"]"#;
    check(
        &[
            (criteria, r#"lower_when = "calm""#),
            (criteria, r#"lower_when = [""]"#),
            (criteria, r#"lower_when = ["a", "b", "c", "d", "e", "f", "g"]"#),
        ],
        &expect![[r#"
            81: lower_when = "calm"
              plans[1].lower_when: `lower_when` is a text
              expected a list in square brackets

            81: lower_when = [""]
              plans[1].lower_when[0]: not a name
              a name is one line of 1 to 80 characters

            81: lower_when = ["a", "b", "c", "d", "e", "f", "g"]
              plans[1].lower_when: 7 criteria
              a card shows at most 6
        "#]],
    );
}
