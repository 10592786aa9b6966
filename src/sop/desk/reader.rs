//! Facts as the log has them.
//!
//! Nearly all of a log is of cases, and most of that are openings. Each names its plan anew, and what its teams have to
//! know; there are few of these, so that each is read once and then known by its text. serde copies everything that
//! stands beside a tag before it reads it, so that the tags of what every case has are looked for by themselves.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::sop::desk::Fact;
use crate::sop::escalation::{EscalationId, Event, Opened, PageReason};
use crate::sop::guidance::information::Field;
use crate::sop::instant;
use crate::sop::message::{MessageId, Person, PlaceId};
use crate::sop::team::{Plan, Step};

/// Reads a log from its beginning to its end.
#[derive(Debug, Default)]
pub struct Reader {
    plans: Known<Plan>,
    fields: Known<[Field]>,
}

/// By its text, the latest last.
type Known<T> = VecDeque<(Box<str>, Arc<T>)>;

/// How many of each are remembered.
const KNOWN_MAX: usize = 256;

/// A fact about a case, with what happened as `E`.
#[derive(Deserialize)]
struct OfCase<E> {
    id: EscalationId,
    event: E,
}

/// [`Event::Required`], with its fields as they are written.
#[derive(Deserialize)]
struct Required<'a> {
    #[serde(borrow)]
    fields: &'a RawValue,
    by: Option<Box<Person>>,
    #[serde(deserialize_with = "instant::read")]
    due: DateTime<Utc>,
}

/// [`Event::Paged`].
#[derive(Deserialize)]
struct Paged {
    step: Step,
    reason: PageReason,
    #[serde(default)]
    on_call: Vec<Person>,
}

/// [`Event::Delivered`].
#[derive(Deserialize)]
struct Delivered {
    page: usize,
    place: PlaceId,
    message: MessageId,
}

impl Reader {
    /// # Errors
    /// It is not one that this version wrote or understands.
    pub fn read(&mut self, json: &str) -> serde_json::Result<Fact> {
        let Some(of_case) = json.strip_prefix(r#"{"fact":"case","id":"#) else { return serde_json::from_str(json) };
        // What follows the number of the case is ours: the tag of what happened.
        let behind = of_case.trim_start_matches(|digit: char| digit.is_ascii_digit());
        let tag = behind.strip_prefix(r#","event":{"event":""#).and_then(|tag| tag.split('"').next());
        let (id, event) = match tag {
            Some("opened") => {
                let OfCase { id, event } = serde_json::from_str::<OfCase<Opened<&RawValue>>>(json)?;
                let plan = known(&mut self.plans, event.plan, |plan: Plan| Arc::new(plan))?;
                (id, Event::Opened(Box::new(event.with_plan(plan))))
            }
            Some("required") => {
                let OfCase { id, event: Required { fields, by, due } } = serde_json::from_str(json)?;
                let fields = known(&mut self.fields, fields, |fields: Vec<Field>| fields.into())?;
                (id, Event::Required { fields, by, due })
            }
            Some("paged") => {
                let OfCase { id, event: Paged { step, reason, on_call } } = serde_json::from_str(json)?;
                (id, Event::Paged { step, reason, on_call })
            }
            Some("delivered") => {
                let OfCase { id, event: Delivered { page, place, message } } = serde_json::from_str(json)?;
                (id, Event::Delivered { page, place, message })
            }
            _ => {
                let OfCase { id, event } = serde_json::from_str(json)?;
                (id, event)
            }
        };
        Ok(Fact::Case { id, event })
    }
}

impl Fact {
    /// Reads one by itself.
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub fn read(json: &str) -> serde_json::Result<Self> {
        Reader::default().read(json)
    }
}

fn known<T: ?Sized, R: DeserializeOwned>(
    known: &mut Known<T>,
    written: &RawValue,
    share: impl FnOnce(R) -> Arc<T>,
) -> serde_json::Result<Arc<T>> {
    if let Some((_, shared)) = known.iter().rev().find(|(text, _)| **text == *written.get()) {
        return Ok(Arc::clone(shared));
    }
    let shared = share(serde_json::from_str(written.get())?);
    if known.len() == KNOWN_MAX {
        known.pop_front();
    }
    known.push_back((written.get().into(), Arc::clone(&shared)));
    Ok(shared)
}
