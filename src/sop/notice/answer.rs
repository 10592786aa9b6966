//! What one person is answered who gave a command or pressed a button.

use serde::Serialize;

use crate::sop::desk::Sop;
use crate::sop::escalation::Refusal;
use crate::sop::guidance::form::{FormPage, ShownForm};
use crate::sop::health::Health;
use crate::sop::message::{Person, PlaceId};
use crate::sop::notice::{BookPage, Card, Checkup, Difference, DigestFacts, Duty, Queue, Why};
use crate::sop::rota::Cover;

/// Where an answer goes. Opaque; the connector that heard the question can read it.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyTo(pub String);

impl std::fmt::Debug for ReplyTo {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("ReplyTo(…)")
    }
}

/// The answer to one person.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    Done {
        command: &'static str,
        case: Card,
    },
    /// `case` is `None` where it joined a confidential case that the rep may not read.
    Escalated {
        joined: bool,
        codename: String,
        case: Option<Card>,
    },
    Status {
        case: Card,
    },
    Why {
        why: Why,
    },
    Queue(Queue),
    Playbook {
        page: BookPage,
    },
    /// The text for the customer of a case, what it promises, and where it can be posted; `late`: what was promised
    /// before has not come.
    Customer {
        case: String,
        text: String,
        due: i64,
        late: bool,
        place: Option<PlaceId>,
    },
    Help {
        staff: bool,
    },
    Refused(Refusal),
    /// A form to fill in.
    Form(Box<ShownForm>),
    /// What was typed is kept, and goes on or is put right on this page: `why` says what is wrong.
    Unfinished {
        #[serde(flatten)]
        at: FormPage,
        #[serde(flatten)]
        why: Option<Refusal>,
    },
    /// `asked_at`: about another time than now.
    OnCall {
        asked_at: bool,
        duties: Vec<Duty>,
    },
    Covered {
        cover: Cover,
        relieved: Vec<Person>,
    },
    Sop(Sop),
    Health(Health),
    Digest(Box<DigestFacts>),
    /// What somebody may mean who is still typing.
    Choices {
        choices: Vec<Choice>,
    },
    /// What moving a case over would change.
    Difference(Box<Difference>),
    Checkup(Box<Checkup>),
}

/// By when the next step comes, at one press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Soon {
    QuarterHour,
    Hour,
    Today,
    /// Asks for a time.
    Other,
}

impl Soon {
    pub const ALL: [Self; 4] = [Self::QuarterHour, Self::Hour, Self::Today, Self::Other];

    pub fn name(self) -> &'static str {
        match self {
            Self::QuarterHour => "quarter_hour",
            Self::Hour => "hour",
            Self::Today => "today",
            Self::Other => "other",
        }
    }
}

impl Answer {
    /// The card shows all that it says.
    pub fn is_on_card(&self) -> bool {
        matches!(self, Self::Done { command, .. } if *command != "acknowledge")
    }

    /// The case whose next step whoever is answered has just promised, or is about to.
    pub fn promised(&self) -> Option<&Card> {
        match self {
            Self::Done { command: "acknowledge" | "promise", case } if !case.awaited => Some(case),
            _ => None,
        }
    }
}

/// One thing that somebody may mean.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// What is typed in their place.
    pub value: String,
    /// The case that it is …
    pub case: Option<Box<Card>>,
    /// … or else what it is shown as; without either the value speaks for itself.
    pub shown: Option<String>,
}
