//! What a rep tells the customer: a text of the procedure with the time that the desk really works towards.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use minijinja::value::Serde;
use minijinja::{Environment, Error, UndefinedBehavior};
use serde::{Deserialize, Serialize};

use crate::sop::message::{Person, cut};

/// A text for the customers of some cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    pub id: String,
    /// Ids of the triggers whose cases it is for; empty where it is for all that no other is for.
    pub triggers: Vec<String>,
    /// The zone in which it names times.
    pub zone: Tz,
    /// A template; see [`Facts`].
    pub text: String,
    /// The same for a customer who was promised something that did not come; `None`: the text serves.
    pub apology: Option<String>,
}

/// What the text may speak of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// "Tue 3 Mar, 14:30 CET".
    pub due: String,
    /// The customer's name in letters, empty where nobody knows it.
    pub customer: String,
    /// The ticket's id, empty where there is none.
    pub ticket: String,
}

/// What the customer was promised last, and waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub by: Person,
    pub due: DateTime<Utc>,
    /// When they were told.
    #[serde(default)]
    pub at: DateTime<Utc>,
}

/// Steps one text may take: far more than any needs, far less than a loop that never ends.
const FUEL: u64 = 10_000;
const NAME_CHARS_MAX: usize = 40;

impl Wording {
    /// The text with a time and a customer in it.
    pub fn write(&self, due: DateTime<Utc>, customer: Option<&Person>, ticket: Option<&str>) -> Result<String, Error> {
        self.fill(&self.text, due, customer, ticket)
    }

    /// The same after a promise that was not kept.
    pub fn apologize(
        &self,
        due: DateTime<Utc>,
        customer: Option<&Person>,
        ticket: Option<&str>,
    ) -> Result<String, Error> {
        self.fill(self.apology.as_ref().unwrap_or(&self.text), due, customer, ticket)
    }

    fn fill(
        &self,
        text: &str,
        due: DateTime<Utc>,
        customer: Option<&Person>,
        ticket: Option<&str>,
    ) -> Result<String, Error> {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_fuel(Some(FUEL));
        let facts = Facts {
            due: due.with_timezone(&self.zone).format("%a %-d %b, %H:%M %Z").to_string(),
            customer: customer.map(|customer| harmless(&customer.name)).unwrap_or_default(),
            ticket: ticket.map(harmless).unwrap_or_default(),
        };
        env.render_str(text, Serde(facts)).map(|text| text.trim().to_owned())
    }
}

/// What a name may hold that a rep copies into a public place: nothing that pings, links or formats.
fn harmless(name: &str) -> String {
    let fits = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '.' | '\'' | '-');
    cut(name.chars().filter(fits).collect::<String>().trim(), NAME_CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::fixture::{at, person};
    use crate::sop::message::Standing;

    fn wording(text: &str) -> Wording {
        let (id, zone) = ("all".to_owned(), Tz::Europe__Berlin);
        Wording { id, triggers: Vec::new(), zone, text: text.to_owned(), apology: None }
    }

    #[test]
    fn a_text_names_the_time_in_its_zone() {
        let text =
            wording("Dear {{ customer }}, by {{ due }}.").write(at(0), Some(&person("Ann", Standing::Customer)), None);
        assert_eq!(text.expect("it is fine"), "Dear Ann, by Mon 2 Mar, 10:00 CET.");
    }

    #[test]
    fn a_hostile_name_is_harmless() {
        let name = "@everyone <@&1> `[x](http://y)`";
        let text = wording("{{ customer }}").write(at(0), Some(&person(name, Standing::Customer)), None);
        assert_eq!(text.expect("it is fine"), "everyone 1 xhttpy");
    }

    #[test]
    fn a_text_that_asks_for_what_is_not_there_is_none() {
        assert!(wording("{{ deu }}").write(at(0), None, None).is_err());
    }
}
