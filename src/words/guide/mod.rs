//! The guide to a procedure, as Markdown, as a page of HTML and as a picture; the difference between two versions; and
//! how cases really went.
//!
//! These are pages of their own, in English, and not what the bot says in the chat: their templates are not replaced by
//! a folder of the config. What comes from a config or a log is escaped on its way into each of them.

mod difference;
mod facts;
mod measure;
mod paths;
mod picture;
mod sentences;

#[cfg(test)]
mod tests;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};
use serde::Serialize;

use crate::sop::guide::{Guide, lanes, merged};
use crate::sop::paths::Paths;
use crate::sop::procedure::Procedure;
use crate::words::document::escaped_markdown;
use facts::GuideFacts;

pub use difference::{ProcedureChange, changes};
pub use picture::LADDER_STYLE;

/// The style of a guide's page, without that of its picture ([`LADDER_STYLE`]).
pub const GUIDE_STYLE: &str = include_str!("../../../templates/guide.css");

/// The guide as Markdown (GitHub's).
pub fn markdown(guide: &Guide<'_>, title: &str) -> String {
    render("guide.md", GuideFacts::of(guide, title))
}

/// The guide as a page that needs nothing else.
pub fn page(guide: &Guide<'_>, title: &str) -> String {
    whole(title, &body(guide, title))
}

/// What stands in the body of such a page: no style, no script, no attribute with either, and links within itself only.
/// The page around it brings [`GUIDE_STYLE`] and [`LADDER_STYLE`].
pub fn body(guide: &Guide<'_>, title: &str) -> String {
    render("guide.html", GuideFacts::of(guide, title))
}

/// The ladders as a picture that stands alone.
pub fn svg(guide: &Guide<'_>, title: &str) -> String {
    picture::drawn(&lanes(guide), title, true)
}

/// What was changed from one version to the next, as Markdown.
pub fn difference_markdown(old: &Guide<'_>, new: &Guide<'_>, title: &str) -> String {
    render("guide_difference.md", DifferenceFacts::of(old, new, title))
}

/// The same as a page, with the picture of the ladders before and after.
pub fn difference_page(old: &Guide<'_>, new: &Guide<'_>, title: &str) -> String {
    whole(title, &render("guide_difference.html", DifferenceFacts::of(old, new, title)))
}

/// The ladders of both versions laid upon each other.
pub fn difference_svg(old: &Guide<'_>, new: &Guide<'_>, title: &str) -> String {
    picture::drawn(&merged(old, new), title, true)
}

/// How cases really went, as Markdown.
pub fn paths_markdown(paths: &Paths, procedure: &Procedure, span: &str) -> String {
    render("paths.md", paths::PathFacts::of(paths, procedure, span))
}

/// The same as a page.
pub fn paths_page(paths: &Paths, procedure: &Procedure, span: &str) -> String {
    whole("How cases went", &paths_body(paths, procedure, span))
}

/// What stands in the body of such a page, see [`body`].
pub fn paths_body(paths: &Paths, procedure: &Procedure, span: &str) -> String {
    render("paths.html", paths::PathFacts::of(paths, procedure, span))
}

#[derive(Serialize)]
struct DifferenceFacts {
    title: String,
    before: String,
    after: String,
    picture: String,
    changes: Vec<ChangeFacts>,
}

#[derive(Serialize)]
struct ChangeFacts {
    sign: &'static str,
    sentence: String,
    #[serde(flatten)]
    change: ProcedureChange,
}

impl DifferenceFacts {
    fn of(old: &Guide<'_>, new: &Guide<'_>, title: &str) -> Self {
        let told = |change: ProcedureChange| ChangeFacts { sign: change.sign(), sentence: change.sentence(), change };
        Self {
            title: title.to_owned(),
            before: old.procedure.version.clone(),
            after: new.procedure.version.clone(),
            picture: picture::drawn(&merged(old, new), title, false),
            changes: changes(old, new).into_iter().map(told).collect(),
        }
    }
}

#[derive(Serialize)]
struct PageFacts<'a> {
    title: &'a str,
    style: String,
    body: &'a str,
}

fn whole(title: &str, body: &str) -> String {
    render("guide_page.html", PageFacts { title, style: format!("{GUIDE_STYLE}{LADDER_STYLE}"), body })
}

const TEMPLATES: [(&str, &str); 7] = [
    ("guide.md", include_str!("../../../templates/guide.md")),
    ("guide.html", include_str!("../../../templates/guide.html")),
    ("guide_page.html", include_str!("../../../templates/guide_page.html")),
    ("guide_difference.md", include_str!("../../../templates/guide_difference.md")),
    ("guide_difference.html", include_str!("../../../templates/guide_difference.html")),
    ("paths.md", include_str!("../../../templates/paths.md")),
    ("paths.html", include_str!("../../../templates/paths.html")),
];

fn render(name: &str, facts: impl Serialize) -> String {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().expect("it is the usual one"));
    let markdown = name.strip_suffix(".md").is_some();
    env.set_auto_escape_callback(move |_| if markdown { AutoEscape::None } else { AutoEscape::Html });
    env.set_formatter(|out, state, value| write(out, state, value));
    for (name, text) in TEMPLATES {
        env.add_template(name, text).expect("a template of ours is well written");
    }
    let template = env.get_template(name).expect("a template of ours is there");
    template.render(Serde(facts)).expect("a template of ours asks for what is there") + "\n"
}

/// Writes what a template names, made harmless for its page.
fn write(out: &mut Output<'_>, state: &State<'_, '_>, value: &Value) -> Result<(), Error> {
    let written = match value.as_str() {
        _ if value.is_undefined() => return Err(Error::from(ErrorKind::UndefinedError)),
        Some(text) if value.is_safe() => out.write_str(text),
        Some(text) if *state.auto_escape() == AutoEscape::Html => out.write_str(&picture::escaped(text)),
        Some(text) => out.write_str(&escaped_markdown(text)),
        None if matches!(value.kind(), ValueKind::Number | ValueKind::Bool) => write!(out, "{value}"),
        None => return Err(Error::new(ErrorKind::InvalidOperation, "only texts and numbers are written")),
    };
    written.map_err(|_| Error::from(ErrorKind::WriteFailure))
}
