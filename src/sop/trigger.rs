//! The rules of the procedure: which conditions, on what somebody wrote, send it where.
//!
//! Every trigger is looked at for every message, and every leaf of every condition leaves a [`Finding`]: the same
//! findings explain a firing on the card, a near miss in `/why`, and a silence in `bellhop explain`.

mod flip;
mod ticket;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::sop::conversation::{Conversation, Sketch};
use crate::sop::escalation::Counted;
use crate::sop::guidance::information::Field;
use crate::sop::message::{Message, PersonId, PlaceId, TicketRef};
use crate::sop::signal::{self, Currency, Kind, Lexicon, Signals};
use crate::sop::team::{Plan, Severity};
pub use crate::sop::trigger::flip::{Change, Flip};
pub use crate::sop::trigger::ticket::{TicketField, TicketFields, TicketTest};

/// One rule of the procedure.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// Its id in the config, for example `refund`.
    pub id: String,
    /// As written on cards: "Refund over 500 USD".
    pub name: String,
    pub mode: Mode,
    pub severity: Severity,
    pub condition: Condition,
    pub plan: Arc<Plan>,
    /// Only cleared teams may see who and why.
    pub confidential: bool,
    pub ownership: Ownership,
    /// One case for one customer, or one case that every customer with the same trouble joins.
    pub scope: Scope,
    /// Ids of triggers that stay silent when this one fires.
    pub exclusive_with: Vec<String>,
    /// What its team has to know.
    pub required: Vec<Field>,
    /// What a customer would write, for drills.
    pub example: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Off,
    /// Recorded and counted; nobody is paged.
    Watch,
    Live,
}

/// Who owns the ticket after the acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ownership {
    /// Whoever acknowledged.
    Responder,
    /// The rep stays the owner towards the customer.
    Reporter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    Customer,
    Everyone,
}

/// What must be true for a trigger to fire.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The message shows this kind of trouble at least this strongly, 0 to 1.
    Signal {
        kind: Kind,
        at_least: f64,
    },
    /// The message claims back strictly more than this.
    Amount {
        over: Decimal,
        currency: Currency,
    },
    /// The customer wrote about the same issue at least so often, this message included.
    Contacts {
        at_least: u32,
        within: TimeDelta,
    },
    /// So many different customers showed this kind of trouble, this one included.
    Customers {
        kind: Kind,
        at_least: u32,
        within: TimeDelta,
        /// They must also be more than is usual here (see [`Conversation::reports`]).
        unusual: bool,
    },
    /// It was written in one of these places.
    Places(Vec<PlaceId>),
    /// It was read in this language (ISO 639-1).
    Language(String),
    /// A field of its ticket.
    Ticket {
        field: TicketField,
        test: TicketTest,
    },
    /// The customer has waited for an answer as long as this.
    Waits(TimeDelta),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

/// What one leaf of a condition found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// It spoke for the trigger.
    pub held: bool,
    /// The rule asks that this be not so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub negated: bool,
    pub what: What,
}

/// The fact behind a finding: what was seen against what was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Signal {
        kind: Kind,
        strength: f64,
        at_least: f64,
    },
    Amount {
        claimed: Decimal,
        claimed_currency: Currency,
        /// In the currency of the limit.
        worth: Decimal,
        over: Decimal,
        currency: Currency,
    },
    NoAmount {
        over: Decimal,
        currency: Currency,
    },
    /// The table of rates in the config does not know the currency.
    NotComparable {
        claimed: Decimal,
        claimed_currency: Currency,
        currency: Currency,
    },
    Contacts {
        count: u32,
        at_least: u32,
    },
    Customers {
        kind: Kind,
        count: u32,
        at_least: u32,
        /// So many are more than is usual here; 0 where the rule does not ask for that.
        #[serde(default, skip_serializing_if = "is_zero")]
        unusual: u32,
    },
    Place,
    Language {
        language: Option<String>,
        asked: String,
    },
    Ticket {
        field: TicketField,
        /// What stands there, joined by commas.
        found: String,
        asked: String,
    },
    /// A ticket is named, but nobody has told what stands in it; or none is named.
    TicketNotKnown {
        field: TicketField,
        named: bool,
        asked: String,
    },
    Waits {
        /// `None` where nobody waits.
        minutes: Option<i64>,
        at_least: i64,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands on a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A trigger that fired, with its reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct Firing<'t> {
    pub trigger: &'t Trigger,
    /// Every finding of its condition, in the order of its leaves.
    pub trace: Vec<Finding>,
    /// The earlier messages that were counted, oldest first.
    pub counted: Vec<Counted>,
}

impl Firing<'_> {
    /// The findings that held: its reasons.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.trace.iter().filter(|finding| finding.held)
    }

    /// What would have kept it quiet.
    pub fn flip(&self) -> Vec<Change> {
        self.trigger.condition.flip(&self.trace)
    }
}

/// What the leaves of one trigger's condition leave behind.
#[derive(Debug, Default)]
pub struct Trace {
    pub findings: Vec<Finding>,
    pub counted: Vec<Counted>,
}

/// A trigger that did not fire though it nearly did, or could not decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NearMiss {
    pub trigger: String,
    pub finding: Finding,
    /// What would have made the trigger fire; empty where that is not on record.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub flip: Box<[Change]>,
}

/// What the triggers made of one message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fired<'t> {
    /// In the order of the config.
    pub firings: Vec<Firing<'t>>,
    pub near: Vec<Near<'t>>,
}

/// A trigger that nearly fired.
#[derive(Clone, Debug, PartialEq)]
pub struct Near<'t> {
    pub trigger: &'t Trigger,
    pub finding: Finding,
    /// Every finding of its condition, in the order of its leaves.
    pub trace: Arc<[Finding]>,
}

impl Near<'_> {
    /// What would have made it fire.
    pub fn flip(&self) -> Vec<Change> {
        self.trigger.condition.flip(&self.trace)
    }

    /// As it is recorded.
    pub fn to_record(&self) -> NearMiss {
        NearMiss { trigger: self.trigger.id.clone(), finding: self.finding.clone(), flip: self.flip().into() }
    }
}

/// What one unit of each currency is worth in a common unit. Decimal, from the config, never fetched.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates(pub BTreeMap<Currency, Decimal>);

impl Rates {
    /// `amount` in another currency; `None` where the table does not know both.
    pub fn convert(&self, amount: Decimal, from: Currency, to: Currency) -> Option<Decimal> {
        if from == to {
            return Some(amount);
        }
        let (from, to) = (self.0.get(&from)?, self.0.get(&to)?);
        amount.checked_mul(*from)?.checked_div(*to)
    }
}

/// Everything a condition may look at.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    pub message: &'a Message,
    /// `None` where a rep quotes a customer that nobody named.
    pub customer: Option<&'a PersonId>,
    pub ticket: Option<&'a TicketRef>,
    /// What is known of the ticket.
    pub fields: Option<&'a TicketFields>,
    /// How long the customer has waited, where that is what the rules are asked about.
    pub waited: Option<TimeDelta>,
    pub signals: &'a Signals,
    /// The kinds that are strong enough to be called labels of the message.
    pub labels: &'a [Kind],
    pub lexicon: &'a Lexicon,
    pub past: &'a Conversation,
    pub rates: &'a Rates,
    pub now: DateTime<Utc>,
}

/// Looks at every trigger that is not off.
pub fn fired<'t>(scene: &Scene<'_>, triggers: &'t [Trigger]) -> Fired<'t> {
    let mut fired = Fired::default();
    // One trace serves all triggers: what is not told is not kept.
    let mut trace = Trace::default();
    for trigger in triggers.iter().filter(|trigger| trigger.mode != Mode::Off) {
        if trigger.condition.is_out_of_the_question(scene) {
            continue;
        }
        if trigger.condition.holds(scene, &mut trace) {
            let findings = std::mem::take(&mut trace.findings);
            let mut counted = std::mem::take(&mut trace.counted);
            counted.sort_by_key(|counted| counted.at);
            fired.firings.push(Firing { trigger, trace: findings, counted });
        } else {
            if trace.findings.iter().any(Finding::is_near) {
                let trace: Arc<[Finding]> = std::mem::take(&mut trace.findings).into();
                let near = trace.iter().filter(|finding| finding.is_near()).cloned();
                fired.near.extend(near.map(|finding| Near { trigger, finding, trace: Arc::clone(&trace) }));
            }
            trace.findings.clear();
            trace.counted.clear();
        }
    }
    silence_excluded(&mut fired.firings);
    fired
}

/// Drops the live firings that another live firing excludes by name. The most severe has the first word, then the
/// order of the config; what was dropped excludes nothing, so that never all of them fall silent.
fn silence_excluded(firings: &mut Vec<Firing<'_>>) {
    if firings.iter().all(|firing| firing.trigger.exclusive_with.is_empty()) {
        return;
    }
    let mut live: Vec<&Firing<'_>> = firings.iter().filter(|firing| firing.trigger.mode == Mode::Live).collect();
    live.sort_by_key(|firing| std::cmp::Reverse(firing.trigger.severity));
    let mut excluded: Vec<String> = Vec::new();
    for firing in live {
        if !excluded.contains(&firing.trigger.id) {
            excluded.extend(firing.trigger.exclusive_with.iter().cloned());
        }
    }
    firings.retain(|firing| !excluded.contains(&firing.trigger.id));
}

impl Condition {
    /// Whether it neither holds nor nearly does, as far as can be told at a glance: most rules have nothing to say about
    /// most messages.
    fn is_out_of_the_question(&self, scene: &Scene<'_>) -> bool {
        match self {
            Self::Signal { kind, at_least } => {
                let strength = scene.signals.strength(kind);
                strength <= 0.0 || strength < at_least * NEAR_SIGNAL
            }
            Self::Amount { .. } => scene.signals.claims.is_empty(),
            Self::Customers { kind, .. } => !scene.labels.contains(kind),
            Self::Waits(_) => scene.waited.is_none(),
            Self::Ticket { .. } => scene.ticket.is_none(),
            Self::All(parts) | Self::Any(parts) => parts.iter().all(|part| part.is_out_of_the_question(scene)),
            Self::Contacts { .. } | Self::Places(_) | Self::Language(_) | Self::Not(_) => false,
        }
    }

    /// Whether the condition holds; every leaf is looked at and leaves a finding.
    pub fn holds(&self, scene: &Scene<'_>, trace: &mut Trace) -> bool {
        let (held, what) = match self {
            Self::All(parts) => return count_held(parts, scene, trace) == parts.len(),
            Self::Any(parts) => return count_held(parts, scene, trace) > 0,
            Self::Not(part) => {
                let first = trace.findings.len();
                let held = !part.holds(scene, trace);
                for finding in &mut trace.findings[first..] {
                    finding.held = !finding.held;
                    finding.negated = !finding.negated;
                }
                return held;
            }
            Self::Signal { kind, at_least } => {
                let strength = scene.signals.strength(kind);
                (strength >= *at_least, What::Signal { kind: kind.clone(), strength, at_least: *at_least })
            }
            Self::Amount { over, currency } => amount_over(scene, *over, *currency),
            Self::Contacts { at_least, within } => {
                let earlier = scene.customer.map(|customer| {
                    let sketch = || Sketch::of(&signal::subject_words(&scene.message.text, scene.lexicon));
                    scene.past.contacts(customer, scene.ticket, scene.message, sketch, *within, scene.now)
                });
                let (held, count) = count(&earlier.unwrap_or_default(), *at_least, trace);
                (held, What::Contacts { count, at_least: *at_least })
            }
            Self::Customers { kind, at_least, within, unusual } => {
                let customer = scene.customer.filter(|_| scene.labels.contains(kind));
                let (failing, now) = (&scene.signals.failing, scene.now);
                let reports = customer.map(|customer| scene.past.reports(kind, failing, customer, *within, now));
                let reports = reports.unwrap_or_default();
                let unusual = if *unusual { reports.unusual } else { 0 };
                let at_least = unusual.max(*at_least);
                let (held, count) = match customer {
                    Some(_) => count(&reports.counted, at_least, trace),
                    None => (false, 0),
                };
                (held, What::Customers { kind: kind.clone(), count, at_least, unusual })
            }
            Self::Places(places) => (places.contains(&scene.message.place), What::Place),
            Self::Ticket { field, test } => ticket_field(scene, *field, test),
            Self::Waits(at_least) => {
                let minutes = scene.waited.map(|waited| waited.num_minutes());
                let held = scene.waited.is_some_and(|waited| waited >= *at_least);
                (held, What::Waits { minutes, at_least: at_least.num_minutes() })
            }
            Self::Language(asked) => {
                let language = scene.signals.language.as_deref().map(str::to_owned);
                (language.as_ref() == Some(asked), What::Language { language, asked: asked.clone() })
            }
        };
        trace.findings.push(Finding { held, negated: false, what });
        held
    }
}

impl Condition {
    /// Whether a kind of trouble is looked for anywhere in it.
    pub fn names(&self, wanted: &str) -> bool {
        match self {
            Self::Signal { kind, .. } | Self::Customers { kind, .. } => kind.name() == wanted,
            Self::Amount { .. } => wanted == Kind::Financial.name(),
            Self::Contacts { .. } => wanted == Kind::Repeat.name(),
            Self::Places(_) | Self::Language(_) | Self::Ticket { .. } | Self::Waits(_) => false,
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.names(wanted)),
            Self::Not(part) => part.names(wanted),
        }
    }

    /// Whether it looks at a field of a ticket anywhere.
    pub fn asks_for_tickets(&self) -> bool {
        match self {
            Self::Ticket { .. } => true,
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::asks_for_tickets),
            Self::Not(part) => part.asks_for_tickets(),
            _ => false,
        }
    }

    /// After which times of waiting it wants to be asked again.
    pub fn waits(&self) -> Vec<TimeDelta> {
        match self {
            Self::Waits(at_least) => vec![*at_least],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::waits).collect(),
            Self::Not(part) => part.waits(),
            _ => Vec::new(),
        }
    }
}

/// How many parts hold. None is skipped, for each leaves its findings.
fn count_held(parts: &[Condition], scene: &Scene<'_>, trace: &mut Trace) -> usize {
    parts.iter().map(|part| part.holds(scene, trace)).filter(|held| *held).count()
}

/// This message and the earlier ones; they are kept as evidence where there are enough.
fn count(earlier: &[&Counted], at_least: u32, trace: &mut Trace) -> (bool, u32) {
    let count = u32::try_from(earlier.len() + 1).unwrap_or(u32::MAX);
    let held = count >= at_least;
    if held {
        trace.counted.extend(earlier.iter().copied().cloned());
    }
    (held, count)
}

/// One value that passes is enough.
fn ticket_field(scene: &Scene<'_>, field: TicketField, test: &TicketTest) -> (bool, What) {
    let asked = test.to_string();
    let Some(fields) = scene.fields else {
        return (false, What::TicketNotKnown { field, named: scene.ticket.is_some(), asked });
    };
    let values = fields.values(field);
    (values.iter().any(|value| test.holds(value)), What::Ticket { field, found: values.join(", "), asked })
}

/// The largest comparable claim decides. Strictly over: a claim of exactly the limit does not hold.
fn amount_over(scene: &Scene<'_>, over: Decimal, currency: Currency) -> (bool, What) {
    let mut largest: Option<(Decimal, Currency, Decimal)> = None;
    let mut strange = None;
    for claim in &scene.signals.claims {
        match scene.rates.convert(claim.amount, claim.currency, currency) {
            Some(worth) if largest.is_none_or(|(_, _, so_far)| worth > so_far) => {
                largest = Some((claim.amount, claim.currency, worth));
            }
            Some(_) => {}
            None => strange = Some(claim),
        }
    }
    match (largest, strange) {
        (Some((claimed, claimed_currency, worth)), _) => {
            (worth > over, What::Amount { claimed, claimed_currency, worth, over, currency })
        }
        (None, Some(claim)) => {
            let (claimed, claimed_currency) = (claim.amount, claim.currency);
            (false, What::NotComparable { claimed, claimed_currency, currency })
        }
        (None, None) => (false, What::NoAmount { over, currency }),
    }
}

/// A signal this share of its threshold away is worth telling.
const NEAR_SIGNAL: f64 = 0.6;
/// An amount this close under its limit is worth telling, in per cent.
const NEAR_AMOUNT_PERCENT: i64 = 80;

impl Finding {
    /// As exact as people are told, so that what reads alike is alike: strengths and worths have two decimals.
    #[must_use]
    pub fn told(&self) -> Self {
        let mut told = self.clone();
        let rounded = |number: f64| (number * 100.0).round() / 100.0;
        match &mut told.what {
            What::Signal { strength, at_least, .. } => {
                (*strength, *at_least) = (rounded(*strength), rounded(*at_least));
            }
            What::Amount { worth, .. } => *worth = worth.round_dp(2),
            _ => {}
        }
        told
    }

    /// A miss that a person would want to know about.
    fn is_near(&self) -> bool {
        !self.held
            && !self.negated
            && match &self.what {
                What::Signal { strength, at_least, .. } => *strength > 0.0 && *strength >= at_least * NEAR_SIGNAL,
                What::Amount { worth, over, .. } => {
                    *worth >= over.checked_mul(Decimal::new(NEAR_AMOUNT_PERCENT, 2)).unwrap_or(*over)
                }
                What::NotComparable { .. } => true,
                What::TicketNotKnown { named, .. } => *named,
                What::Contacts { count, at_least } | What::Customers { count, at_least, .. } => {
                    *count > 1 && count + 1 >= *at_least
                }
                What::NoAmount { .. }
                | What::Place
                | What::Language { .. }
                | What::Ticket { .. }
                | What::Waits { .. } => false,
            }
    }
}

#[cfg(test)]
mod tests;
