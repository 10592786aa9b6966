//! Rewrites lines of the log without what has to go, so that its bytes are gone from the file as well.
//!
//! Each line keeps its link and the digest of what it said at first, which the chain stands on. Its words and their salt are
//! overwritten; what stands there now has a salt of its own, and its digest is recorded in a line at the end.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, SubsecRound, Utc};
use data_encoding::HEXLOWER;
use sqlx::{Connection, SqliteConnection};

use crate::engine::input::InputId;
use crate::engine::store::chain::{Salt, chance, digest};
use crate::engine::store::sqlite::{SqliteStore, json, line_of, record};
use crate::engine::store::{Link, Recorded, StoreError, ToTell};
use crate::sop::desk::Fact;
use crate::sop::erasure::{Erased, Erasure, Theirs};
use crate::sop::escalation::EscalationId;
use crate::sop::message::{Person, PersonId};
use crate::sop::retention::Retention;

/// Lines named in one fact about an erasure.
const LINES_MAX: usize = 500;

/// What an erasure would change; nothing has happened yet.
#[derive(Debug)]
pub struct Plan {
    /// Whose content it is; `None`: what is too old.
    pub customer: Option<Person>,
    pub pseudonym: Option<PersonId>,
    /// Cases that are about nobody else.
    pub cases: BTreeSet<EscalationId>,
    pub messages: usize,
    pub tickets: usize,
    /// Lines about others that have the customer's name or id in them; they stay.
    pub named_in: Vec<(i64, Option<EscalationId>)>,
    lines: Vec<Rewritten>,
    inputs: Vec<String>,
    outbox: Vec<Held>,
    /// Inputs older than this are not needed any more.
    inputs_before: Option<DateTime<Utc>>,
}

#[derive(Debug)]
struct Rewritten {
    seq: i64,
    input: String,
    fact: String,
}

/// A notice that waits, and what becomes of it; `None`: it goes.
#[derive(Debug)]
struct Held {
    key: String,
    notice: Option<String>,
}

impl Plan {
    /// Lines of the log that are rewritten.
    pub fn lines(&self) -> usize {
        self.lines.len()
    }

    /// Notices that wait to be told, and lose their words or go.
    pub fn beside(&self) -> usize {
        self.outbox.len()
    }

    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.inputs.is_empty() && self.outbox.is_empty()
    }
}

/// A pseudonym that nobody can work out.
fn token() -> String {
    HEXLOWER.encode(&chance::<4>())
}

impl SqliteStore {
    /// What erasing a customer would change; `None` where the log has never heard of them.
    pub async fn plan_erasure(&mut self, customer: &PersonId) -> Result<Option<Plan>, StoreError> {
        let facts = self.facts().await?;
        let theirs = Theirs::find(facts.iter().map(|line| &line.fact), customer);
        if theirs.is_nothing() {
            return Ok(None);
        }
        let (cases, messages, tickets) = (theirs.cases.clone(), theirs.messages.len(), theirs.tickets.len());
        let customer = theirs.customer.clone();
        let mut erasure = Erasure::of(theirs, &token());
        let pseudonym = erasure.pseudonym();
        let mut inputs = Inputs::default();
        let mut lines = Vec::new();
        for line in &facts {
            let fact = erasure.fact(&line.fact);
            let input = inputs.of(&line.input, &erasure);
            if fact.is_some() || input.is_some() {
                let fact = json(fact.as_ref().unwrap_or(&line.fact));
                lines.push(Rewritten { seq: line.seq, input: input.unwrap_or_else(|| line.input.0.clone()), fact });
            }
        }
        let named_in = named_in(&facts, &lines, customer.as_ref());
        let ids = self.all_inputs().await?;
        let gone = ids.into_iter().filter(|id| Inputs::names(id, &erasure)).collect();
        let outbox = self.waiting().await?.iter().filter_map(|row| held(row, &erasure)).collect();
        let inputs_before = None;
        Ok(Some(Plan {
            customer,
            pseudonym,
            cases,
            messages,
            tickets,
            named_in,
            lines,
            inputs: gone,
            outbox,
            inputs_before,
        }))
    }

    /// What is too old by now.
    pub async fn plan_retention(&mut self, retention: &Retention, now: DateTime<Utc>) -> Result<Plan, StoreError> {
        let facts = self.facts().await?;
        let outdated = retention.outdated(facts.iter().map(|line| (line.seq, line.at, &line.fact)), now);
        let mut erasure = Erasure::of_everybody(&token());
        let (mut inputs, mut lines, mut cases) = (Inputs::default(), Vec::new(), BTreeSet::new());
        for line in facts.iter().filter(|line| outdated.contains(&line.seq)) {
            let (fact, input) = (erasure.fact(&line.fact), inputs.of(&line.input, &erasure));
            if fact.is_none() && input.is_none() {
                continue;
            }
            if let Fact::Case { id, .. } = &line.fact {
                cases.insert(*id);
            }
            let fact = json(fact.as_ref().unwrap_or(&line.fact));
            lines.push(Rewritten { seq: line.seq, input: input.unwrap_or_else(|| line.input.0.clone()), fact });
        }
        Ok(Plan {
            customer: None,
            pseudonym: None,
            cases,
            messages: 0,
            tickets: 0,
            named_in: Vec::new(),
            lines,
            inputs: Vec::new(),
            outbox: Vec::new(),
            inputs_before: retention.heard.and_then(|age| now.checked_sub_signed(age)),
        })
    }

    /// Takes out what is too old by now; `procedure` is the version in use. Nothing is read where everything is kept.
    pub async fn forget(
        &mut self,
        retention: &Retention,
        now: DateTime<Utc>,
        procedure: &str,
    ) -> Result<(), StoreError> {
        if retention.keeps_everything() {
            return Ok(());
        }
        let now = now.trunc_subsecs(3);
        let plan = self.plan_retention(retention, now).await?;
        self.take_out(&plan, now, procedure).await?;
        Ok(())
    }

    /// Carries out a plan of [`Self::plan_retention`]; otherwise as [`Self::erase`].
    pub async fn take_out(&mut self, plan: &Plan, at: DateTime<Utc>, procedure: &str) -> Result<i64, StoreError> {
        let Rewrote { next, changed_before } = self.erase(plan, at, procedure).await?;
        if plan.lines() > 0 {
            tracing::info!(lines = plan.lines(), "log.forgot what was too old");
        }
        if !changed_before.is_empty() {
            tracing::warn!(lines = ?changed_before, "log.had been changed: bellhop verify says more");
        }
        Ok(next)
    }

    /// Carries a plan out, all of it or nothing: `at` and `procedure` are for the lines that record it. The bytes are
    /// overwritten in the file and in the write-ahead log.
    ///
    /// A line that somebody had changed before loses its words too, but nothing vouches for what it says now: a proof finds
    /// it changed as before.
    pub async fn erase(&mut self, plan: &Plan, at: DateTime<Utc>, procedure: &str) -> Result<Rewrote, StoreError> {
        let last = self.last().await?;
        let mut head = last.as_ref().map_or(Link::NONE, |(_, link)| *link);
        let mut next = last.map_or(1, |(seq, _)| seq + 1);
        if plan.is_empty() && plan.inputs_before.is_none() {
            return Ok(Rewrote { next, changed_before: Vec::new() });
        }
        let (desk, mut changed_before) = (self.desk.clone(), Vec::new());
        let write = async {
            let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
            let (mut erased, mut vouched) = (Vec::new(), Vouched::default());
            for line in &plan.lines {
                let is_whole = vouched.for_line(&mut transaction, &desk, line.seq).await?;
                let says = rewrite(&mut transaction, &desk, line).await?;
                if is_whole {
                    erased.push((line.seq, says.to_string()));
                } else {
                    changed_before.push(line.seq);
                }
            }
            clear_beside(&mut transaction, &desk, plan).await?;
            for lines in erased.chunks(LINES_MAX) {
                let fact = Fact::Erased(Erased { customer: plan.pseudonym.clone(), lines: lines.to_vec() });
                let input = InputId(format!("erase:{}", at.timestamp_millis()));
                let line = Recorded { seq: next, at, input, procedure: procedure.to_owned(), fact };
                head = record(&mut transaction, &desk, &line, head).await?;
                next += 1;
            }
            transaction.commit().await
        };
        write.await.map_err(StoreError::Write)?;
        self.head = head;
        self.flush().await?;
        Ok(Rewrote { next, changed_before })
    }

    /// Rewrites the whole file, for what was freed in it before this version overwrote what it frees.
    pub async fn sweep(&mut self) -> Result<(), StoreError> {
        sqlx::raw_sql("VACUUM").execute(&mut self.connection).await.map_err(StoreError::Write)?;
        self.flush().await
    }

    /// Folds the write-ahead log into the file and empties it.
    async fn flush(&mut self) -> Result<(), StoreError> {
        let done = sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut self.connection).await;
        done.map(|_| ()).map_err(StoreError::Write)
    }
}

/// What came of a plan.
#[derive(Debug)]
pub struct Rewrote {
    /// The number of the log's next line.
    pub next: i64,
    /// Lines that no longer said what they were recorded with.
    pub changed_before: Vec<i64>,
}

/// What earlier erasures left, by line; looked up once it is asked for.
#[derive(Default)]
struct Vouched(Option<HashMap<i64, String>>);

impl Vouched {
    /// Whether a line says what it said at first, or what an erasure left of it.
    async fn for_line(&mut self, look: &mut SqliteConnection, desk: &str, seq: i64) -> Result<bool, sqlx::Error> {
        let line = line_of(look, desk, seq).await?;
        let says = digest(&line.salt, &line.input, &line.fact);
        if line.digest == Some(says) {
            return Ok(true);
        }
        if self.0.is_none() {
            self.0 = Some(left_by_erasures(look, desk).await?);
        }
        let left = self.0.as_ref().and_then(|left| left.get(&seq));
        Ok(left.is_some_and(|left| *left == says.to_string()))
    }
}

async fn left_by_erasures(look: &mut SqliteConnection, desk: &str) -> Result<HashMap<i64, String>, sqlx::Error> {
    let query = r#"SELECT fact FROM events WHERE desk = $1 AND fact LIKE '{"fact":"erased"%' ORDER BY seq"#;
    let facts: Vec<String> = sqlx::query_scalar(query).bind(desk).fetch_all(look).await?;
    let mut left = HashMap::new();
    for fact in facts {
        if let Ok(Fact::Erased(erased)) = Fact::read(&fact) {
            left.extend(erased.lines);
        }
    }
    Ok(left)
}

async fn rewrite(connection: &mut SqliteConnection, desk: &str, line: &Rewritten) -> Result<Link, sqlx::Error> {
    let salt = Salt::draw();
    sqlx::query("UPDATE events SET input = $1, salt = $2, fact = $3 WHERE desk = $4 AND seq = $5")
        .bind(&line.input)
        .bind(&salt.0[..])
        .bind(&line.fact)
        .bind(desk)
        .bind(line.seq)
        .execute(connection)
        .await?;
    Ok(digest(&salt.0, &line.input, &line.fact))
}

/// Notices and inputs.
async fn clear_beside(connection: &mut SqliteConnection, desk: &str, plan: &Plan) -> Result<(), sqlx::Error> {
    for held in &plan.outbox {
        let query = match &held.notice {
            Some(notice) => sqlx::query("UPDATE outbox SET notice = $3 WHERE desk = $1 AND key = $2")
                .bind(desk)
                .bind(&held.key)
                .bind(notice),
            None => sqlx::query("DELETE FROM outbox WHERE desk = $1 AND key = $2").bind(desk).bind(&held.key),
        };
        query.execute(&mut *connection).await?;
    }
    for id in &plan.inputs {
        let query = sqlx::query("DELETE FROM inputs WHERE desk = $1 AND id = $2").bind(desk).bind(id);
        query.execute(&mut *connection).await?;
    }
    if let Some(before) = plan.inputs_before {
        let query = sqlx::query("DELETE FROM inputs WHERE desk = $1 AND at < $2");
        query.bind(desk).bind(before.timestamp_millis()).execute(&mut *connection).await?;
    }
    Ok(())
}

fn held(row: &ToTell, erasure: &Erasure) -> Option<Held> {
    let notice = erasure.notice(&row.notice);
    let is_changed = notice.as_ref() != Some(&row.notice);
    is_changed.then(|| Held { key: row.key.clone(), notice: notice.as_ref().map(json) })
}

/// Lines that still have the name or the id in them: in words about somebody else.
fn named_in(facts: &[Recorded], lines: &[Rewritten], customer: Option<&Person>) -> Vec<(i64, Option<EscalationId>)> {
    let Some(customer) = customer else { return Vec::new() };
    let is_told = |name: &&str| name.chars().count() >= NAME_CHARS_MIN;
    let names: Vec<&str> = [customer.name.as_str(), customer.id.as_str()].into_iter().filter(is_told).collect();
    let rewritten: BTreeMap<i64, &str> = lines.iter().map(|line| (line.seq, line.fact.as_str())).collect();
    let has_name = |line: &&Recorded| {
        let text = rewritten.get(&line.seq).map_or_else(|| json(&line.fact), |fact| (*fact).to_owned());
        names.iter().any(|name| text.contains(name))
    };
    let case = |fact: &Fact| if let Fact::Case { id, .. } = fact { Some(*id) } else { None };
    facts.iter().filter(has_name).map(|line| (line.seq, case(&line.fact))).collect()
}

/// Shorter names stand in many words.
const NAME_CHARS_MIN: usize = 3;

/// What inputs are called instead, each the same wherever it stands.
#[derive(Default)]
struct Inputs(BTreeMap<String, String>);

impl Inputs {
    /// `None`: it may stay.
    fn of(&mut self, input: &InputId, erasure: &Erasure) -> Option<String> {
        if !Self::names(&input.0, erasure) {
            return None;
        }
        let next = format!("erased:{}:{}", token(), self.0.len() + 1);
        Some(self.0.entry(input.0.clone()).or_insert(next).clone())
    }

    /// Whether an input's id has the id of a message or a ticket in it, or words for a customer.
    fn names(input: &str, erasure: &Erasure) -> bool {
        let mut parts = input.split([':', '/']);
        match (parts.next(), parts.next()) {
            (Some("message" | "edit"), Some(message)) => erasure.is_theirs_by_id(message),
            (Some("changed" | "webhook"), Some(_)) => parts.any(|part| erasure.is_theirs_by_id(part)),
            (Some("delivery"), Some("ticket" | "glance")) => parts.any(|part| erasure.is_theirs_by_id(part)),
            (Some("delivery"), Some("word")) => {
                let case = parts.next().and_then(|case| case.parse().ok());
                case.is_some_and(|case| erasure.is_their_case(EscalationId(case)))
            }
            _ => false,
        }
    }
}
