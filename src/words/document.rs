//! A digest as a document: in Markdown, and as a page that needs nothing beside it.

use chrono_tz::Tz;
use minijinja::Environment;
use pulldown_cmark::{Options, Parser, html};
use serde::Serialize;

use crate::sop::notice::DigestFacts;
use crate::words::shown::shown;
use crate::words::{Markup, Words};

impl Markup {
    /// For documents in Markdown (CommonMark, with tables).
    pub fn document() -> Self {
        Self { escape: escaped_markdown, plain: escaped_markdown, ..Self::none() }
    }
}

/// Text that neither formats nor links nor ends the row of a table.
pub(super) fn escaped_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in shown(text) {
        match letter {
            '\n' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' => out.extend(['\\', letter]),
            letter => out.push(letter),
        }
    }
    // Addresses link themselves.
    out.replace("://", "\\://").replace("www.", "www\\.")
}

#[derive(Serialize)]
pub(super) struct ReportFacts<'a> {
    /// As IANA names it.
    pub(super) zone: &'a str,
    #[serde(flatten)]
    pub(super) facts: &'a DigestFacts,
}

#[derive(Serialize)]
struct PageFacts<'a> {
    title: &'a str,
    /// What stands above the picture …
    head: &'a str,
    /// … and below it.
    body: &'a str,
    chart: String,
    alt: &'a str,
}

/// The page around a report. Its words are in the report.
const PAGE: &str = include_str!("../../templates/report.html");

impl Words {
    /// All of a digest, in Markdown. These words have to have been loaded for documents.
    pub fn report(&self, facts: &DigestFacts, zone: Tz) -> String {
        let report = self.render("report.md", ReportFacts { zone: zone.name(), facts });
        format!("{}\n", report.trim())
    }

    /// The same as a page, with its picture.
    pub fn report_page(&self, facts: &DigestFacts, zone: Tz) -> String {
        let report = self.report(facts, zone);
        let title = report.lines().next().unwrap_or_default().trim_start_matches("# ");
        let chart = self.chart(facts);
        let (svg, alt) = chart.as_ref().map(|chart| (chart.svg(), chart.alt.as_str())).unwrap_or_default();
        let html = as_html(&report);
        let (head, body) = html.split_at(html.find("<h2>").unwrap_or_default());
        page(&PageFacts { title, head, body, chart: svg, alt })
    }
}

/// Markdown of ours as HTML. What stands in it of others is escaped, so that no tag of theirs comes through.
fn as_html(markdown: &str) -> String {
    let mut body = String::with_capacity(markdown.len() * 2);
    html::push_html(&mut body, Parser::new_ext(markdown, Options::ENABLE_TABLES));
    body
}

fn page(facts: &PageFacts<'_>) -> String {
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    env.render_str(PAGE, minijinja::value::Serde(facts)).expect("the page of a report renders with any facts")
}
