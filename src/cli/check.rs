//! `bellhop check`: what is wrong with a config, all at once, and what its procedure comes to over a year.

use std::fmt::Write as _;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;
use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;

use crate::cli::{NO, style, words, year};
use crate::config::{self, Config, ConfigError, Remark, Report, Severity};
use crate::sop::procedure::Procedure;
use crate::sop::team::{Plan, Rung};
use crate::sop::triage::BY_HAND;
use crate::sop::trigger::{Mode, Trigger};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The config.
    #[arg(value_name = "FILE", env = "BELLHOP_CONFIG", default_value = "config.toml")]
    file: PathBuf,
    /// One JSON object a problem, on stdout.
    #[arg(long)]
    json: bool,
    /// The day from which a year is looked at: "2026-12-24". Default: today.
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// Print the JSON Schema of configs instead, for editors: name it in a comment `#:schema FILE` on the first line.
    #[arg(long, exclusive = true)]
    schema: bool,
}

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if arguments.schema {
        write!(stdout(), "{}", config::schema())?;
        return Ok(ExitCode::SUCCESS);
    }
    let from = arguments.from()?;
    let (config, report) = match read(&arguments.file, from) {
        Ok((config, report)) => (Some(config), report),
        Err(ConfigError::Wrong(report)) => (None, report),
        Err(error) => return Err(error.into()),
    };
    let mut out = stdout().lock();
    if arguments.json {
        write!(out, "{}", report.to_json_lines())?;
    } else if report.problems.is_empty() {
        let procedure = config.iter().map(|config| summary(&config.procedure, from));
        write!(out, "{} is fine: {}", report.name, procedure.collect::<String>())?;
    } else {
        style::show(&report);
        eprintln!("{}", count(&report));
    }
    Ok(if report.count(Severity::Error) > 0 { NO.into() } else { ExitCode::SUCCESS })
}

impl Arguments {
    /// The beginning of the day, by the clocks of UTC.
    fn from(&self) -> anyhow::Result<DateTime<Utc>> {
        let Some(text) = &self.from else { return Ok(Utc::now().date_naive().and_time(NaiveTime::MIN).and_utc()) };
        config::moment(text, Tz::UTC).ok_or_else(|| anyhow!("--from \"{text}\" is not a day: write \"2026-12-24\""))
    }
}

/// The config, and what is to be said about it, its own words included.
fn read(file: &std::path::Path, from: DateTime<Utc>) -> Result<(Config, Report), ConfigError> {
    let (config, text) = (Config::read(file)?, config::text(file)?);
    let problems = words(&config).err().unwrap_or_default();
    let hint = "mend the template, or delete its file: then the built-in one is used";
    let error = |what: String| Remark { key: "desk.templates".to_owned(), what, hint };
    let errors: Vec<Remark> = problems.into_iter().map(|problem| error(style::sentence(&problem.into()))).collect();
    let report = config::judge(&file.display().to_string(), &text, &config, year(from), &errors);
    Ok((config, report))
}

/// "2 errors, 1 warning in config.toml".
fn count(report: &Report) -> String {
    let counted = [(Severity::Error, "error"), (Severity::Warning, "warning")].map(|(severity, name)| {
        let count = report.count(severity);
        (count > 0).then(|| format!("{count} {name}{}", if count == 1 { "" } else { "s" }))
    });
    let works = if report.count(Severity::Error) == 0 { ", which works all the same" } else { "" };
    format!("{} in {}{works}", counted.into_iter().flatten().collect::<Vec<_>>().join(", "), report.name)
}

/// The procedure on a page: what goes to whom, and within what time.
fn summary(procedure: &Procedure, from: DateTime<Utc>) -> String {
    let (triggers, teams) = (procedure.triggers.len(), procedure.teams.len());
    let mut page = format!("{triggers} triggers, {teams} teams, a year from {} on.\n\n", from.format("%Y-%m-%d"));
    let mut by_severity: Vec<&Trigger> = procedure.triggers.iter().collect();
    by_severity.sort_by_key(|trigger| std::cmp::Reverse(trigger.severity));
    let line = |trigger: &Trigger| {
        let notes = [
            (trigger.confidential, "confidential"),
            (trigger.mode == Mode::Watch, "only watched"),
            (trigger.mode == Mode::Off, "off"),
        ];
        let notes = notes.iter().filter(|note| note.0).map(|note| format!(", {}", note.1));
        let name = format!("{}{}", trigger.name, notes.collect::<String>());
        (trigger.severity.to_string(), name, ladder(&trigger.plan, procedure))
    };
    let mut lines: Vec<(String, String, String)> = by_severity.into_iter().map(line).collect();
    lines.push((BY_HAND.0.to_string(), "Escalated by hand".to_owned(), ladder(&procedure.default_plan, procedure)));
    let width = lines.iter().map(|(_, name, _)| name.chars().count()).max().unwrap_or_default();
    for (severity, name, ladder) in &lines {
        writeln!(page, "{severity}  {name:width$}  {ladder}").expect("a string takes it");
    }
    let last = rung(&procedure.default_plan.catch_all, procedure);
    page + &format!("\nWhoever does not answer is not waited for: after the last comes {last}, again and again.\n")
}

fn ladder(plan: &Plan, procedure: &Procedure) -> String {
    let rungs: Vec<String> = plan.rungs.iter().map(|it| rung(it, procedure)).collect();
    let again = if plan.repeat == 0 { String::new() } else { format!(", {} times", plan.repeat + 1) };
    rungs.join(", then ") + &again
}

/// "Specialists 2h", with whether one of them is on call and whose hours count.
fn rung(rung: &Rung, procedure: &Procedure) -> String {
    let name = procedure.team(&rung.team).map_or(rung.team.0.as_str(), |team| team.name.as_str());
    let on_call = if procedure.rotas_of(&rung.team).next().is_some() { " on call" } else { "" };
    let hours = rung.calendar.as_ref().map_or_else(String::new, |calendar| format!(" of {}", calendar.id));
    format!("{name}{on_call} {}{hours}", config::span(rung.respond_within))
}
