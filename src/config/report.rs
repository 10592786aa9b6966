//! What is wrong with a config, for the person who wrote it: every problem at once, each at its line, with what to do.

use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource};
use regex::Regex;
use serde::Serialize;

/// Every problem of one config, in the order of its lines. Never holds a token, also where the config did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The config's name, as the reader knows it: usually its path.
    pub name: String,
    pub problems: Vec<Problem>,
    /// The config with secrets blanked out.
    text: String,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The procedure cannot be used, or does not do what it is there for.
    Error,
    /// It may be meant so.
    Warning,
}

/// One thing to put right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The place in the text, in bytes.
    #[serde(skip)]
    pub span: Range<usize>,
    /// Counts from 1.
    pub line: usize,
    /// In characters, counts from 1.
    pub column: usize,
    /// The path of the key, `triggers[2].plan`; empty where the whole file is meant.
    pub key: String,
    pub severity: Severity,
    /// The fact, as a sentence without a full stop.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The line of the config, without what it is indented by.
    pub excerpt: String,
    /// How it would show, a line an event in the order of time. Empty where the words alone say it.
    pub timeline: Vec<String>,
}

/// A problem before its line is known.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) span: Range<usize>,
    pub(super) key: String,
    pub(super) severity: Severity,
    pub(super) what: String,
    pub(super) hint: Option<String>,
    pub(super) timeline: Vec<String>,
}

/// A problem as a machine reads it.
#[derive(Serialize)]
struct Line<'r> {
    file: &'r str,
    #[serde(flatten)]
    problem: &'r Problem,
}

/// In one line, for places that show no more.
impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, key, what, hint, .. } = self;
        write!(out, "line {line}")?;
        if !key.is_empty() {
            write!(out, ", {key}")?;
        }
        write!(out, ": {what}")?;
        hint.iter().try_for_each(|hint| write!(out, " ({hint})"))
    }
}

impl Report {
    pub(super) fn new(name: &str, text: &str, found: Vec<Found>) -> Self {
        let mut problems: Vec<Problem> = found.into_iter().map(|found| located(text, found)).collect();
        problems.sort_by(|a, b| (a.span.start, &a.key).cmp(&(b.span.start, &b.key)));
        Self { name: name.to_owned(), problems, text: without_secrets(text) }
    }

    /// Each problem under its line of the config, for a terminal.
    pub fn draw(&self, colour: bool, unicode: bool) -> String {
        let theme = match (colour, unicode) {
            (true, true) => GraphicalTheme::unicode(),
            (true, false) => GraphicalTheme { styles: miette::ThemeStyles::ansi(), ..GraphicalTheme::ascii() },
            (false, true) => GraphicalTheme::unicode_nocolor(),
            (false, false) => GraphicalTheme::none(),
        };
        let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(DRAWING_COLUMNS);
        let mut drawing = String::new();
        for problem in &self.problems {
            let severity = match problem.severity {
                Severity::Error => miette::Severity::Error,
                Severity::Warning => miette::Severity::Warning,
            };
            let mut diagnostic = MietteDiagnostic::new(&problem.what).with_severity(severity);
            diagnostic.help = problem.advice();
            diagnostic.labels = Some(vec![LabeledSpan::new_with_span(None, problem.span.clone())]);
            let source = NamedSource::new(&self.name, self.text.clone());
            let drawn = miette::Report::from(diagnostic).with_source_code(source);
            handler.render_report(&mut drawing, drawn.as_ref()).expect("writing to a string cannot fail");
        }
        drawing
    }

    /// One JSON object a line: `file`, `line`, `column`, `key`, `severity`, `what`, `hint`, `excerpt`, `timeline`.
    pub fn to_json_lines(&self) -> String {
        let line = |problem| Line { file: &self.name, problem };
        let json = |problem| serde_json::to_string(&line(problem)).expect("plain fields are JSON") + "\n";
        self.problems.iter().map(json).collect()
    }

    /// How many problems of a severity there are.
    pub fn count(&self, severity: Severity) -> usize {
        self.problems.iter().filter(|problem| problem.severity == severity).count()
    }
}

impl Problem {
    /// What to do, then how it would show.
    fn advice(&self) -> Option<String> {
        if self.timeline.is_empty() {
            return self.hint.clone();
        }
        let timeline = self.timeline.iter().map(|line| format!("\n  {line}"));
        let example = format!("for example:{}", timeline.collect::<String>());
        Some(self.hint.iter().cloned().chain([example]).collect::<Vec<_>>().join("\n"))
    }
}

/// Terminals are at least this wide; a sentence longer than this is wrapped.
const DRAWING_COLUMNS: usize = 100;

/// The drawing without colour.
impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.draw(false, true))
    }
}

impl std::error::Error for Report {}

fn located(text: &str, found: Found) -> Problem {
    let before = text.get(..found.span.start).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    Problem {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        span: found.span,
        key: found.key,
        severity: found.severity,
        what: without_secrets(&found.what),
        hint: found.hint,
        excerpt: without_secrets(line.trim()),
        timeline: found.timeline,
    }
}

/// Stars in the place of whatever looks like a token, so that a report can be pasted into a chat.
fn without_secrets(text: &str) -> String {
    let hide = |secret: &regex::Captures<'_>| {
        let kept = secret.name("kept").map_or("", |kept| kept.as_str());
        format!("{kept}{}", "*".repeat(secret[0].len() - kept.len()))
    };
    TOKEN_KEY.replace_all(&TOKEN.replace_all(text, hide), hide).into_owned()
}

/// The value of a key that is called `token`.
static TOKEN_KEY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?P<kept>\b(?:bot_)?token["']?[ \t]*=[ \t]*)(?:"[^"\n]*"?|'[^'\n]*'?|[^\s,}]+)"#)
        .expect("a regular expression written here")
});

/// Three parts of base64: an id, a time stamp and a signature
/// (<https://docs.discord.com/developers/reference#authentication>). ASCII letters only: counted repetitions of every
/// letter there is would take 9 MB.
pub(super) static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,})").expect("a regular expression written here")
});
