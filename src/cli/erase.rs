//! `bellhop erase`: takes a customer, or what is too old, out of the log.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::ensure;
use chrono::{SubsecRound, TimeDelta, Utc};
use dialoguer::Confirm;

use crate::cli::log::{LogFile, wait_for};
use crate::cli::{NO, style};
use crate::engine::store::{Plan, SqliteStore, StoreError};
use crate::sop::escalation::EscalationId;
use crate::sop::message::PersonId;
use crate::sop::retention::Retention;

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["customer", "older_than"])))]
pub(crate) struct Arguments {
    /// The customer, by their Discord id. Whoever is known from tickets only: "ticket/" with the system and their id.
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Everybody's content that is older: of cases resolved before then, of messages, and of tickets without an open case.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    older_than: Option<Duration>,
    /// Only say what would be erased.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    log: LogFile,
}

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (config, path) = arguments.log.find()?;
    wait_for(async {
        // One that only looks may do so while the bot writes.
        let looked = SqliteStore::look(&path, &config.desk.id).await;
        let opened = match looked {
            Ok(_) if !arguments.dry_run => SqliteStore::open(&path, &config.desk.id).await,
            looked => looked,
        };
        let mut store = match opened {
            Err(problem @ StoreError::InUse { .. }) => {
                style::complain(&problem.into());
                return Ok(NO.into());
            }
            opened => opened?,
        };
        let done = arguments.erase(&mut store, &path, &config.procedure.version).await;
        store.close().await?;
        done
    })
}

impl Arguments {
    async fn erase(&self, store: &mut SqliteStore, path: &Path, procedure: &str) -> anyhow::Result<ExitCode> {
        let plan = match (&self.customer, self.older_than) {
            (Some(customer), _) => store.plan_erasure(&PersonId::from(customer.as_str())).await?,
            (None, Some(age)) => {
                let retention = Retention::of_all(TimeDelta::from_std(age)?);
                Some(store.plan_retention(&retention, Utc::now()).await?)
            }
            (None, None) => None,
        };
        let Some(plan) = plan else {
            let customer = self.customer.as_deref().unwrap_or_default();
            style::say(format!("Nothing in {} is about the customer {customer:?}.", path.display()));
            return Ok(NO.into());
        };
        style::say(told(&plan).trim_end());
        if plan.lines() == 0 {
            return Ok(ExitCode::SUCCESS);
        }
        if self.dry_run {
            style::say("Nothing was erased: this was only a look.");
            return Ok(ExitCode::SUCCESS);
        }
        if !self.is_agreed()? {
            style::say("Nothing was erased.");
            return Ok(NO.into());
        }
        let done = store.erase(&plan, Utc::now().trunc_subsecs(3), procedure).await?;
        store.sweep().await?;
        style::say(format!("Erased. The log's last link is now {}", store.head()));
        if !done.changed_before.is_empty() {
            let lines: Vec<String> = done.changed_before.iter().map(ToString::to_string).collect();
            let lines = lines.join(", ");
            style::say(format!("Somebody had changed these lines before: {lines}. bellhop verify goes on to say so."));
        }
        style::say(
            "What Discord and ticket systems still have of it, and what backups and exports hold, is not for this \
             program to erase.",
        );
        Ok(ExitCode::SUCCESS)
    }

    fn is_agreed(&self) -> anyhow::Result<bool> {
        if self.yes {
            return Ok(true);
        }
        let is_asked = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        ensure!(is_asked, "nothing was erased, for nobody can be asked here: --yes erases, --dry-run only looks");
        Ok(Confirm::new().with_prompt("This cannot be undone. Erase it?").default(false).interact()?)
    }
}

/// What would go. Names are quoted, so that they can do nothing to a terminal.
fn told(plan: &Plan) -> String {
    let cases: Vec<String> = plan.cases.iter().map(ToString::to_string).collect();
    let listed = match cases.len() {
        0 => String::new(),
        1..=CASES_TOLD => format!(" ({})", cases.join(", ")),
        _ => format!(" ({}, …)", cases[..CASES_TOLD].join(", ")),
    };
    let cases = counted(cases.len(), "case");
    let whose = match (&plan.customer, &plan.pseudonym) {
        (Some(customer), Some(pseudonym)) => format!(
            "{:?} ({}) is in {cases}{listed} of their own, {} and {}.\nThey become {pseudonym}. ",
            customer.name.as_str(),
            customer.id,
            counted(plan.messages, "message"),
            counted(plan.tickets, "ticket"),
        ),
        _ => format!("Too old: {cases}{listed}, and what was kept of messages and tickets.\n"),
    };
    let beside = match plan.beside() {
        0 => String::new(),
        waiting => format!(", and {} that wait to be told", counted(waiting, "notice")),
    };
    let lines = counted(plan.lines(), "line");
    format!("{whose}{lines} of the log lose their words{beside}.\n{}", told_of_others(plan))
}

fn told_of_others(plan: &Plan) -> String {
    if plan.named_in.is_empty() {
        return String::new();
    }
    let line = |(line, case): &(i64, Option<EscalationId>)| match case {
        Some(case) => format!("{line} of {case}"),
        None => line.to_string(),
    };
    let lines: Vec<String> = plan.named_in.iter().take(CASES_TOLD).map(line).collect();
    let (count, lines) = (counted(plan.named_in.len(), "line"), lines.join(", "));
    format!("Their name or id also stands in what is about others, which stays: {count} ({lines}).\n")
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Cases, or lines, named one by one.
const CASES_TOLD: usize = 20;
