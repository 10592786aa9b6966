//! `bellhop oncall`: who is on call, until when, who is next, and when nobody is.

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::bail;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use crate::cli::{ConfigFile, NO, moment};
use crate::config::Config;
use crate::sop::message::PersonId;
use crate::sop::procedure::Procedure;
use crate::sop::rota::{Rota, Span};
use crate::sop::team::TeamId;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Another time than now: "2026-12-24 18:00" by the clock of each rota, or with an offset.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Only this team.
    #[arg(long, value_name = "TEAM")]
    team: Option<String>,
    /// How far ahead to look for gaps, in days.
    #[arg(long, value_name = "N", default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
    /// One JSON object a rota; times are UTC.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFile,
}

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Config { procedure, warnings, .. } = arguments.config.read()?;
    let teams = teams(&procedure, arguments.team.as_deref())?;
    let now = Utc::now();
    let mut duties = Vec::new();
    for team in &teams {
        for rota in procedure.rotas_of(team) {
            duties.push(Duty::of(rota, &procedure, arguments.time(now, rota.zone)?, arguments.days));
        }
    }
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
    let mut out = stdout().lock();
    if arguments.json {
        for duty in &duties {
            serde_json::to_writer(&mut out, duty)?;
            writeln!(out)?;
        }
    } else {
        let everyone = teams.iter().filter(|team| procedure.rotas_of(team).next().is_none());
        write!(out, "{}", table(&duties, everyone))?;
        write!(out, "{}", gaps(&duties, arguments.days))?;
    }
    let is_gap = duties.iter().any(|duty| duty.on_call.is_none());
    Ok(if is_gap { NO.into() } else { ExitCode::SUCCESS })
}

impl Arguments {
    fn time(&self, now: DateTime<Utc>, zone: Tz) -> anyhow::Result<DateTime<Utc>> {
        let Some(text) = &self.at else { return Ok(now) };
        moment("at", text, zone)
    }
}

/// The team that was asked for, or all of them.
pub(crate) fn teams(procedure: &Procedure, wanted: Option<&str>) -> anyhow::Result<Vec<TeamId>> {
    let all: Vec<TeamId> = procedure.teams.iter().map(|team| team.id.clone()).collect();
    match wanted.map(TeamId::from) {
        None => Ok(all),
        Some(team) if all.contains(&team) => Ok(vec![team]),
        Some(team) => {
            let all: Vec<&str> = all.iter().map(|team| team.0.as_str()).collect();
            bail!("there is no team \"{team}\": choose from {}", all.join(", "))
        }
    }
}

/// What one rota says.
#[derive(Serialize)]
pub(crate) struct Duty<'p> {
    team: &'p str,
    rota: &'p str,
    at: DateTime<Utc>,
    /// `None`: a gap.
    pub(crate) on_call: Option<Who<'p>>,
    /// `None`: nothing changes in the next two years.
    until: Option<DateTime<Utc>>,
    next: Option<Who<'p>>,
    pub(crate) gaps: Vec<Span>,
    #[serde(skip)]
    zone: Tz,
}

#[derive(Serialize)]
pub(crate) struct Who<'p> {
    id: &'p str,
    pub(crate) name: &'p str,
}

impl<'p> Duty<'p> {
    pub(crate) fn of(rota: &'p Rota, procedure: &'p Procedure, at: DateTime<Utc>, days: u16) -> Self {
        let who = |id: &'p PersonId| Who { id: id.as_str(), name: procedure.person(id).map_or("?", |it| &it.name) };
        let next = rota.next_handover(at);
        let shifts = rota.shifts(at, at + TimeDelta::days(i64::from(days)));
        let gaps = shifts.filter(|shift| shift.person.is_none()).map(|shift| shift.span);
        Self {
            team: &rota.team.0,
            rota: &rota.id,
            at,
            on_call: rota.on_call(at).map(who),
            until: next.map(|next| next.at),
            next: next.and_then(|next| next.to).map(who),
            gaps: gaps.collect(),
            zone: rota.zone,
        }
    }

    pub(crate) fn time(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.zone).format("%a %Y-%m-%d %H:%M %Z").to_string()
    }

    fn row(&self) -> [String; 5] {
        let name = |who: &Option<Who<'_>>| who.as_ref().map_or("nobody", |who| who.name).to_owned();
        let until = self.until.map_or_else(|| "no end".to_owned(), |until| self.time(until));
        let next = if self.until.is_some() { name(&self.next) } else { String::new() };
        [self.team.to_owned(), self.rota.to_owned(), name(&self.on_call), until, next]
    }
}

/// One line a rota, one a team without a rota.
fn table<'t>(duties: &[Duty<'_>], everyone: impl Iterator<Item = &'t TeamId>) -> String {
    let heading = ["team", "rota", "on call", "until", "next"].map(str::to_owned);
    let whole_team = |team: &TeamId| [team.0.as_str(), "none", "everyone", "", ""].map(str::to_owned);
    let rows: Vec<[String; 5]> =
        [heading].into_iter().chain(duties.iter().map(Duty::row)).chain(everyone.map(whole_team)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 5] = std::array::from_fn(width);
    let line = |row: &[String; 5]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// When nobody is on call.
fn gaps(duties: &[Duty<'_>], days: u16) -> String {
    let gap = |duty: &Duty<'_>, gap: &Span| {
        let length = gap.length().num_minutes();
        let (from, to) = (duty.time(gap.from), duty.time(gap.to));
        format!("  {}: {from} to {to}, {}h {:02}m\n", duty.rota, length / 60, length % 60)
    };
    let lines: String = duties.iter().flat_map(|duty| duty.gaps.iter().map(move |it| gap(duty, it))).collect();
    let days = if days == 1 { "day".to_owned() } else { format!("{days} days") };
    match (duties.is_empty(), lines.is_empty()) {
        (true, _) => "\nThere is no rota: add [[rotas]] to the config.\n".to_owned(),
        (false, true) => format!("\nNo gap in the next {days}.\n"),
        (false, false) => format!("\nNobody is on call in the next {days} at these times:\n{lines}"),
    }
}
