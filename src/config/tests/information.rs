//! `[[information]]`, and what triggers and the desk require of it.

use expect_test::expect;

use super::check;

#[test]
fn information() {
    check(
        &[
            (r#"id = "steps""#, r#"id = "ticket""#),
            (r#"label = "Customer context""#, ""),
            (r#"label = "Customer context""#, r#"label = "What the customer has told us about themselves so far""#),
            (r#"kind = "long""#, r#"kind = "lnog""#),
            (r#"kind = "long""#, "kind = \"long\"\nchoices = [\"yes\", \"no\"]"),
            (r#"kind = "long""#, r#"kind = "choice""#),
            (r#"kind = "long""#, "kind = \"choice\"\nchoices = [\"yes\"]"),
            (
                r#"kind = "long""#,
                "kind = \"choice\"\nchoices = [\"the customer said yes, and would like it at once, please\", \"the customer said no, and would not like it\"]",
            ),
            ("length = 1000", "length = 4000"),
            (r#"when = "optional""#, r#"when = "later""#),
            (r#"owed_within = "30m""#, r#"owed_within = "soon""#),
        ],
        &expect![[r#"
            9: required = ["steps", "context"]
              desk.required[0]: there is no information "steps"
              choose from `ticket`, `context`, `order`, `since`, `deadline`, `access`
            113: required = ["steps", "order", "context"]
              triggers[0].required[0]: there is no information "steps"
              choose from `ticket`, `context`, `order`, `since`, `deadline`, `access`
            142: required = ["steps", "deadline"]
              triggers[3].required[0]: there is no information "steps"
              choose from `ticket`, `context`, `order`, `since`, `deadline`, `access`
            164: id = "ticket"
              information[0].id: the ticket is asked for on every form
              delete this table, or give it another id

            171: [[information]]
              information[1].label: `label` is missing
              what the form asks: label = "Steps already tried"

            173: label = "What the customer has told us about themselves so far"
              information[1].label: a label of 53 characters
              forms show at most 45

            166: kind = "lnog"
              information[0].kind: `kind` cannot be "lnog"
              did you mean `long`?

            167: choices = ["yes", "no"]
              information[0].choices: choices, but the kind is another
              write kind = "choice"

            163: [[information]]
              information[0].choices: `choices` is missing
              list what there is to choose from: choices = ["yes", "no"]

            167: choices = ["yes"]
              information[0].choices: nothing to choose
              list at least two choices

            167: choices = ["the customer said yes, and would like it at once, please", "the customer said no, and would not like it"]
              information[0].choices: more choices than a form can show
              at most 25, and 100 characters together

            167: length = 4000
              information[0].length: a length that no answer has
              write a number from 1 to 1000

            175: when = "later"
              information[1].when: `when` cannot be "later"
              choose from `now`, `owed`, `optional`

            169: owed_within = "soon"
              information[0].owed_within: "soon" is not a duration
              write a number and a unit: "15m", "2h", "30d"
        "#]],
    );
}

#[test]
fn required() {
    check(
        &[
            (r#"required = ["steps", "context"]"#, r#"required = ["step"]"#),
            (
                r#"required = ["steps", "context"]"#,
                r#"required = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"]"#,
            ),
            ("exclusive_with = []", "exclusive_with = []\nrequired = [\"colour\"]"),
        ],
        &expect![[r#"
            9: required = ["step"]
              desk.required[0]: there is no information "step"
              did you mean `steps`?

            9: required = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"]
              desk.required[0]: there is no information "a"
              did you mean `access`?
            9: required = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"]
              desk.required[1]: there is no information "b"
              choose from `steps`, `context`, `order`, `since`, `deadline`, `access`
            9: required = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"]
              desk.required[2]: there is no information "c"
              choose from `steps`, `context`, `order`, `since`, `deadline`, `access`
            9: required = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"]
              desk.required[3]: there is no information "d"
              choose from `steps`, `context`, `order`, `since`, `deadline`, `access`
            9: required = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"]
              desk.required[4]: there is no information "e"
              choose from `steps`, `context`, `order`, `since`, `deadline`, `access`
            9: required = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"]
              desk.required[5]: there is no information "f"
              choose from `steps`, `context`, `order`, `since`, `deadline`, `access`
            9: required = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"]
              desk.required[6]: there is no information "g"
              choose from `steps`, `context`, `order`, `since`, `deadline`, `access`
            9: required = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"]
              desk.required[7]: there is no information "h"
              choose from `steps`, `context`, `order`, `since`, `deadline`, `access`
            9: required = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"]
              desk.required[8]: there is no information "i"
              choose from `steps`, `context`, `order`, `since`, `deadline`, `access`
            9: required = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"]
              desk.required[9]: there is no information "j"
              choose from `steps`, `context`, `order`, `since`, `deadline`, `access`
            9: required = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"]
              desk.required[10]: there is no information "k"
              choose from `steps`, `context`, `order`, `since`, `deadline`, `access`
            9: required = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"]
              desk.required[11]: there is no information "l"
              choose from `steps`, `context`, `order`, `since`, `deadline`, `access`
            9: required = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"]
              desk.required[12]: there is no information "m"
              choose from `steps`, `context`, `order`, `since`, `deadline`, `access`
            9: required = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"]
              desk.required[13]: there is no information "n"
              choose from `steps`, `context`, `order`, `since`, `deadline`, `access`
            9: required = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"]
              desk.required[14]: there is no information "o"
              did you mean `order`?

            119: required = ["colour"]
              : this is not TOML: duplicate key
              put this right first, the rest is read after it; https://toml.io shows how it is written
        "#]],
    );
}
