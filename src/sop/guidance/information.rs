//! Required information: what a team has to know before it can work, and whether what was typed is an answer.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::sop::message::{Person, cut};
use crate::sop::signal;
use crate::sop::ticket::TicketPart;

/// One thing to be asked for. Frozen into the case that owes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its id in the config.
    pub id: String,
    /// As written on forms and cards: "Steps already tried".
    pub label: String,
    #[serde(flatten)]
    pub kind: AnswerKind,
    /// Longest answer, in characters.
    pub chars_max: u16,
    pub need: Need,
    /// How long it may be owed.
    #[serde(with = "crate::sop::team::seconds")]
    pub owed_within: TimeDelta,
    /// What of the ticket stands in it before anybody types, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefill: Option<TicketPart>,
}

/// What an answer has to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AnswerKind {
    /// Text on one line.
    Short,
    Long,
    /// A decimal number.
    Number,
    /// An amount with its currency.
    Money,
    /// A day of the calendar.
    Date,
    /// An address on the web.
    Link,
    /// One of these.
    Choice {
        choices: Vec<String>,
    },
}

/// How much an answer is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// No form is taken without it. A case that opens by itself does not wait: there it is owed.
    Now,
    /// It may come later.
    Owed,
    /// Good to know.
    Optional,
}

/// Inputs of one page of a form: what a chat shows at once.
pub const FIELDS_MAX: usize = 5;

/// The id of the input for the ticket, on every form for an escalation by hand; no field has it.
pub const TICKET: &str = "ticket";

/// What is kept of an answer that is none.
const TYPED_CHARS_MAX: usize = 80;

/// What is missing on a case, from whom, and by when.
#[derive(Clone, Debug, PartialEq)]
pub struct Owed {
    pub fields: Arc<[Field]>,
    /// The person who escalated by hand; `None` is whoever looks after the customer.
    pub by: Option<Box<Person>>,
    pub due: DateTime<Utc>,
    pub reminded_at: Option<DateTime<Utc>>,
}

/// An answer, with the label it was asked under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Information {
    /// The field's id.
    #[serde(default)]
    pub id: String,
    pub label: String,
    pub answer: String,
}

/// What was typed is no answer to the field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WrongAnswer {
    pub field: Field,
    pub typed: String,
    pub too_long: bool,
}

/// How long what a team asks back for may be owed: it waits for it.
pub const BOUNCED_WITHIN: TimeDelta = TimeDelta::minutes(30);
/// What it asks for, in characters: it is shown in the input that it is told in.
pub const BOUNCED_CHARS_MAX: usize = 100;
/// Longest answer to it, in characters: what a card shows of one.
const ANSWER_CHARS_MAX: u16 = 1_000;

impl Field {
    /// What a team asks back for, in its own words; a label has one line.
    pub fn bounced(id: String, missing: &str) -> Self {
        let words: Vec<&str> = missing.split_whitespace().collect();
        let (label, kind) = (cut(&words.join(" "), BOUNCED_CHARS_MAX), AnswerKind::Long);
        let (need, owed_within) = (Need::Owed, BOUNCED_WITHIN);
        Self { id, label, kind, chars_max: ANSWER_CHARS_MAX, need, owed_within, prefill: None }
    }

    /// What was typed as an answer, `None` where nothing was, or why it is none.
    pub fn answer(&self, typed: &str) -> Result<Option<Information>, Box<WrongAnswer>> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok(None);
        }
        let too_long = typed.chars().count() > usize::from(self.chars_max);
        let Some(answer) = self.kind.read(typed).filter(|_| !too_long) else {
            let (field, typed) = (self.clone(), cut(typed, TYPED_CHARS_MAX));
            return Err(Box::new(WrongAnswer { field, typed, too_long }));
        };
        Ok(Some(Information { id: self.id.clone(), label: self.label.clone(), answer }))
    }
}

impl AnswerKind {
    /// The answer in its usual spelling.
    fn read(&self, typed: &str) -> Option<String> {
        match self {
            Self::Short | Self::Long => Some(typed.to_owned()),
            Self::Number => typed.parse::<Decimal>().ok().map(|number| number.to_string()),
            Self::Money => signal::amount(typed).map(|(amount, currency)| format!("{amount} {currency}")),
            Self::Date => typed.parse::<NaiveDate>().ok().map(|day| day.to_string()),
            Self::Link => is_link(typed).then(|| typed.to_owned()),
            Self::Choice { choices } => {
                choices.iter().find(|choice| choice.to_lowercase() == typed.to_lowercase()).cloned()
            }
        }
    }
}

fn is_link(typed: &str) -> bool {
    let rest = typed.strip_prefix("https://").or_else(|| typed.strip_prefix("http://"));
    rest.is_some_and(|rest| rest.contains('.') && !rest.starts_with('.') && !rest.contains(char::is_whitespace))
}

/// The answers to these fields among what was typed, by field id. The first wrong one stops it.
pub fn answers(fields: &[Field], typed: &[(String, String)]) -> Result<Vec<Information>, Box<WrongAnswer>> {
    let typed_in = |field: &Field| {
        let found = typed.iter().find(|(id, _)| *id == field.id);
        found.map_or("", |(_, answer)| answer.as_str())
    };
    let read: Result<Vec<_>, Box<WrongAnswer>> = fields.iter().map(|field| field.answer(typed_in(field))).collect();
    Ok(read?.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn field(kind: AnswerKind) -> Field {
        let owed_within = TimeDelta::minutes(30);
        Field {
            id: "x".to_owned(),
            label: "X".to_owned(),
            kind,
            chars_max: 20,
            need: Need::Now,
            owed_within,
            prefill: None,
        }
    }

    /// What each typed text is kept as.
    fn check(kind: AnswerKind, typed: &[&str], expected: &Expect) {
        let field = field(kind);
        let told = typed.iter().map(|typed| match field.answer(typed) {
            Ok(Some(answer)) => format!("{typed:?}: {}\n", answer.answer),
            Ok(None) => format!("{typed:?}: nothing\n"),
            Err(wrong) if wrong.too_long => format!("{typed:?}: too long\n"),
            Err(_) => format!("{typed:?}: no answer\n"),
        });
        expected.assert_eq(&told.collect::<String>());
    }

    #[test]
    fn texts_are_kept_as_they_were_typed() {
        check(
            AnswerKind::Short,
            &["", " \n", " changed the bulb ", "changed the bulb and the lamp"],
            &expect![[r#"
                "": nothing
                " \n": nothing
                " changed the bulb ": changed the bulb
                "changed the bulb and the lamp": too long
            "#]],
        );
    }

    #[test]
    fn numbers_money_days_and_links_are_checked() {
        let numbers = expect![[r#"
            "3": 3
            "2.50": 2.50
            "three": no answer
            "3 or 4": no answer
        "#]];
        check(AnswerKind::Number, &["3", "2.50", "three", "3 or 4"], &numbers);
        let money = expect![[r#"
            "500 USD": 500 USD
            "$1.5k": 1500 USD
            "€ 1.200,50": 1200.5 EUR
            "500": no answer
            "$5 and $700": no answer
        "#]];
        check(AnswerKind::Money, &["500 USD", "$1.5k", "€ 1.200,50", "500", "$5 and $700"], &money);
        let days = expect![[r#"
            "2026-03-02": 2026-03-02
            "2026-02-30": no answer
            "yesterday": no answer
        "#]];
        check(AnswerKind::Date, &["2026-03-02", "2026-02-30", "yesterday"], &days);
        let links = expect![[r#"
            "https://a.example/1": https://a.example/1
            "a.example": no answer
            "javascript:alert(1)": no answer
            "https://a.b c": no answer
        "#]];
        check(AnswerKind::Link, &["https://a.example/1", "a.example", "javascript:alert(1)", "https://a.b c"], &links);
    }

    #[test]
    fn a_choice_is_one_of_those_that_there_are() {
        let choices = ["Yes", "No"].map(str::to_owned).to_vec();
        let expected = expect![[r#"
            "yes": Yes
            "NO": No
            "perhaps": no answer
        "#]];
        check(AnswerKind::Choice { choices }, &["yes", "NO", "perhaps"], &expected);
    }
}
