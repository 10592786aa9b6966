//! `bellhop digest`: what a stretch of time came to, from the log.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{anyhow, ensure};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use crate::cli::log::{LogFile, folded};
use crate::cli::oncall::teams;
use crate::cli::spreadsheet::harmless;
use crate::cli::{NO, moment, write_out};
use crate::config::Config;
use crate::sop::calendar::Span;
use crate::sop::digest::{Audience, PeriodRefusal, digest, period};
use crate::sop::notice::DigestFacts;
use crate::sop::procedure::Procedure;
use crate::words::{Language, Markup, Words};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Which stretch of time: "today", "yesterday", "last week", "last month", "24h", "7d", a month "2026-10", a day
    /// "2026-10-05", or days "2026-10-05..2026-10-11".
    #[arg(long, value_name = "PERIOD", default_value = "7d", conflicts_with_all = ["since", "until"])]
    period: String,
    /// From when: "2026-10-05", "2026-10-05 09:00", or with an offset.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Until when; without it, until now.
    #[arg(long, value_name = "TIME", requires = "since")]
    until: Option<String>,
    /// Times are by the clock of this zone; without it, that of the first digest in the config, or else UTC.
    #[arg(long, value_name = "ZONE")]
    zone: Option<Tz>,
    /// As this team reads it in its channel; without it, everything that is not confidential.
    #[arg(long = "for", value_name = "TEAM")]
    team: Option<String>,
    /// md for people, html as a page, csv for spreadsheets, json for programs, png for the picture.
    #[arg(short, long, value_name = "FORMAT", default_value = "md")]
    format: Format,
    /// Where it is written; without it, to stdout.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    log: LogFile,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Md,
    Html,
    Csv,
    Json,
    Png,
}

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (config, log) = arguments.log.find()?;
    let procedure = &config.procedure;
    let zone = arguments.zone.or_else(|| procedure.digests.first().map(|schedule| schedule.zone)).unwrap_or(Tz::UTC);
    let window = arguments.window(zone, Utc::now())?;
    let audience = arguments.audience(procedure)?;
    arguments.log.ensure_other(arguments.output.as_deref(), &log)?;
    let desk = folded(&log, &config.desk.id, Some(window.to))?;
    let digest = digest(&desk, procedure, &audience, window);
    let facts = DigestFacts { digest, team: audience.team, late_minutes: 0 };
    let Some(written) = arguments.format.written(&facts, zone, &config)? else {
        eprintln!("No page was answered in that time: there is nothing to draw.");
        return Ok(NO.into());
    };
    write_out(arguments.output.as_deref(), &written)?;
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    fn window(&self, zone: Tz, now: DateTime<Utc>) -> anyhow::Result<Span> {
        let Some(since) = &self.since else {
            return period(&self.period, zone, now).map_err(|why| anyhow!(refused(&self.period, why)));
        };
        let from = moment("since", since, zone)?;
        let to = self.until.as_deref().map_or(Ok(now), |until| moment("until", until, zone))?;
        ensure!(from < now, "--since {since} is in the future");
        ensure!(from < to, "--until is not after --since");
        Ok(Span { from, to: to.min(now) })
    }

    fn audience(&self, procedure: &Procedure) -> anyhow::Result<Audience> {
        let Some(wanted) = &self.team else { return Ok(Audience::everybody()) };
        let known = teams(procedure, Some(wanted))?;
        let team = known.first().and_then(|id| procedure.team(id));
        Ok(Audience::of_team(team.expect("a team that is known is in the procedure")))
    }
}

fn refused(period: &str, why: PeriodRefusal) -> String {
    match why {
        PeriodRefusal::Unknown => format!(
            "\"{period}\" is no stretch of time: write today, yesterday, \"last week\", \"last month\", 24h, 7d, 2026-10, \
             2026-10-05 or 2026-10-05..2026-10-11"
        ),
        PeriodRefusal::Future => format!("\"{period}\" has not begun"),
        PeriodRefusal::TooLong => format!("\"{period}\" is longer than ten years"),
    }
}

impl Format {
    /// `None`: there is nothing to draw.
    fn written(self, facts: &DigestFacts, zone: Tz, config: &Config) -> anyhow::Result<Option<Vec<u8>>> {
        Ok(Some(match self {
            Self::Json => {
                let mut json = serde_json::to_vec(facts)?;
                json.push(b'\n');
                json
            }
            Self::Csv => table(&serde_json::to_value(facts)?)?,
            Self::Md => document(config)?.report(facts, zone).into_bytes(),
            Self::Html => document(config)?.report_page(facts, zone).into_bytes(),
            Self::Png => match document(config)?.chart(facts) {
                Some(chart) => chart.png().map_err(|why| anyhow!("the picture cannot be drawn: {why}"))?,
                None => return Ok(None),
            },
        }))
    }
}

/// The words of the config for a document, in its language.
fn document(config: &Config) -> anyhow::Result<Words> {
    let language = config.desk.language.unwrap_or(Language::English);
    let loaded = Words::load(language, config.desk.templates.as_deref(), Markup::document(), &config.procedure.teams);
    loaded.map_err(|problems| anyhow!(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

/// Every figure on a line of its own: of which section, of whom, which measure, how much.
fn table(digest: &Value) -> anyhow::Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(["section", "of", "measure", "value"])?;
    for (section, value) in digest.as_object().into_iter().flatten() {
        match value {
            Value::Array(items) => {
                for (number, item) in (1..).zip(items) {
                    let named = ["id", "name", "team", "clock"].iter().find_map(|key| item[key].as_str());
                    let of = named.filter(|name| !name.is_empty()).map_or_else(|| number.to_string(), str::to_owned);
                    rows(&mut out, section, &of, "", item)?;
                }
            }
            value => rows(&mut out, section, "", "", value)?,
        }
    }
    out.into_inner().map_err(|error| anyhow!(error.to_string()))
}

fn rows(out: &mut csv::Writer<Vec<u8>>, section: &str, of: &str, measure: &str, value: &Value) -> anyhow::Result<()> {
    match value {
        Value::Object(parts) => {
            for (key, part) in parts {
                let measure = if measure.is_empty() { key.clone() } else { format!("{measure}.{key}") };
                rows(out, section, of, &measure, part)?;
            }
        }
        Value::Array(parts) => {
            let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
            out.write_record([section, of, measure, &harmless(&parts.join(" + "))])?;
        }
        Value::String(text) => out.write_record([section, &harmless(of), measure, &harmless(text)])?,
        Value::Null => out.write_record([section, of, measure, ""])?,
        number => out.write_record([section, &harmless(of), measure, &number.to_string()])?,
    }
    Ok(())
}
