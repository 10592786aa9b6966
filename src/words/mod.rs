//! Floor 2: every word the bot says. Facts go in, text comes out; the words themselves are files in `templates/`
//! that a support lead can edit.
//!
//! A template is a page in a small markup: the line that begins with `# ` is the title, `## ` begins a field, `-# `
//! is the small print, everything before the first field is the body. [`Sheet`] is such a page taken apart.
//!
//! Facts are hostile: every value that a template writes is escaped by the platform's [`Markup`]; only the filters
//! below make mentions, times and links.

mod chart;
mod document;
mod filters;
pub mod guide;
mod language;
mod sample;
mod sheet;
pub(crate) mod shown;

use std::path::Path;

use chrono::{DateTime, Utc};
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use crate::sop::desk::Sop;
use crate::sop::guidance::form::ShownForm;
use crate::sop::notice::{Answer, Card, Choice, DigestFacts, HistoryFacts, Post, PostFacts, Section};
use crate::sop::team::Team;
use crate::sop::trigger::{Change, Finding};
pub use crate::words::chart::Chart;
pub use crate::words::language::Language;
pub use crate::words::sheet::{Field, Sheet};

/// How a chat platform writes things that are more than text.
#[derive(Clone)]
pub struct Markup {
    /// Makes a text from outside harmless: it can neither ping, link nor format.
    pub escape: fn(&str) -> String,
    /// Makes it harmless where no markup is read: a choice, a button.
    pub plain: fn(&str) -> String,
    pub person: fn(&str) -> String,
    pub place: fn(&str) -> String,
    /// Seconds since 1970 as date and time in the reader's zone.
    pub when: fn(i64) -> String,
    /// Seconds since 1970 as the time of a day that needs no naming, in the reader's zone.
    pub clock: fn(i64) -> String,
    /// Seconds since 1970 as a distance from now: "in 14 minutes", "3 minutes ago".
    pub countdown: fn(i64) -> String,
    /// The address of a message, from the desk's id on the platform, a place and a message.
    pub link: fn(&str, &str, &str) -> String,
    /// The desk's id on the platform, the first part of every link.
    pub home: String,
}

impl Markup {
    /// For a terminal, which knows none: text is text, and times are not shown.
    pub fn none() -> Self {
        Self {
            escape: str::to_owned,
            plain: str::to_owned,
            person: str::to_owned,
            place: str::to_owned,
            when: |at| at.to_string(),
            clock: |at| at.to_string(),
            countdown: |at| at.to_string(),
            link: |_, _, _| String::new(),
            home: String::new(),
        }
    }
}

/// A template that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WordsError {
    #[error("{file} cannot be read")]
    Unreadable { file: String, source: std::io::Error },
    /// The message of the template engine names file and line.
    #[error("{file}: {what}")]
    Broken { file: String, what: String },
}

/// The words of the bot, checked.
pub struct Words {
    env: Environment<'static>,
}

/// Steps one template may take: far more than any of ours, far less than a loop that never ends.
const FUEL: u64 = 50_000;

impl Words {
    /// Reads the templates of a language, those in `folder` instead of the built-in ones of the same name. Where there is
    /// a folder, each one is rendered with sample facts; what is shipped, the tests have tried. Every problem at once.
    pub fn load(
        language: Language,
        folder: Option<&Path>,
        markup: Markup,
        teams: &[Team],
    ) -> Result<Self, Vec<WordsError>> {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_fuel(Some(FUEL));
        filters::add(&mut env, language, markup, teams);
        let mut problems = Vec::new();
        if let Some((folder, Err(source))) = folder.map(|folder| (folder, std::fs::read_dir(folder))) {
            problems.push(WordsError::Unreadable { file: folder.display().to_string(), source });
        }
        for &(name, built_in) in language.templates() {
            let words = match folder.map(|folder| folder.join(name)).filter(|file| file.exists()) {
                None => built_in.to_owned(),
                Some(file) => match std::fs::read_to_string(&file) {
                    Ok(words) => words,
                    Err(source) => {
                        problems.push(WordsError::Unreadable { file: file.display().to_string(), source });
                        continue;
                    }
                },
            };
            if let Err(error) = env.add_template_owned(name, words) {
                problems.push(broken(name, &error));
            }
        }
        let words = Self { env };
        if problems.is_empty() && folder.is_some() {
            problems = words.try_out();
        }
        if problems.is_empty() { Ok(words) } else { Err(problems) }
    }

    pub fn card(&self, card: &Card) -> Sheet {
        Sheet::parse(&self.render("card.md", card))
    }

    /// One line of text; `facts` are those of [`crate::sop::notice::LineFacts`].
    pub fn line(&self, facts: &serde_json::Value) -> String {
        self.render("line.md", facts).trim().to_owned()
    }

    /// A note for staff in a ticket, about what happened then; `facts` are those of a line.
    pub fn ticket_note(&self, facts: &serde_json::Value, at: DateTime<Utc>) -> String {
        let facts = NoteFacts { at: at.timestamp(), facts };
        self.render("ticket_note.md", facts).trim().to_owned()
    }

    /// What happened to a case, as the body, below what its thread is called.
    pub fn history(&self, facts: &HistoryFacts) -> Sheet {
        Sheet::parse(&self.render("history.md", facts))
    }

    /// A few lines of text.
    pub fn post(&self, facts: &PostFacts) -> String {
        let template = match facts.post {
            Post::Covered { .. } => "covered.md",
            Post::HandedOver { .. } => "handover.md",
        };
        self.render(template, facts).trim().to_owned()
    }

    pub fn answer(&self, answer: &Answer) -> Sheet {
        let text = match answer {
            Answer::Done { .. } => self.render("done.md", answer),
            Answer::Escalated { .. } => self.render("escalated.md", answer),
            Answer::Status { case } => self.render("status.md", case),
            Answer::Why { why } => self.render("why.md", why),
            Answer::Playbook { page } => self.render("playbook.md", page),
            Answer::Customer { .. } => self.render("customer.md", answer),
            Answer::Queue(queue) => self.render("queue.md", queue),
            Answer::Help { .. } => self.render("help.md", answer),
            Answer::OnCall { .. } => self.render("oncall.md", answer),
            Answer::Covered { .. } => self.render("covered.md", answer),
            Answer::Choices { choices } => choices.iter().map(|choice| self.choice(choice) + "\n").collect(),
            Answer::Checkup(checkup) => self.render("doctor.md", checkup),
            Answer::Sop(sop) => self.render("sop.md", sop),
            Answer::Difference(difference) => self.render("terms.md", difference),
            Answer::Health(health) => self.render("health.md", health),
            Answer::Digest(facts) => self.render("digest.md", facts),
            Answer::Refused(refusal) => self.render("refusal.md", refusal),
            Answer::Form(shown) => return self.form_page(shown),
            Answer::Unfinished { .. } => self.render("unfinished.md", answer),
        };
        Sheet::parse(&text)
    }

    /// What a stretch of time came to, on one screen.
    pub fn digest(&self, facts: &DigestFacts) -> Sheet {
        Sheet::parse(&self.render("digest.md", facts))
    }

    /// What did not fit into it, a few lines.
    pub fn digest_section(&self, facts: &DigestFacts, section: Section) -> String {
        self.render("digest_section.md", SectionFacts { section, facts }).trim().to_owned()
    }

    /// What would have had to be otherwise for a decision to be, in one line.
    pub fn flip(&self, changes: &[Change]) -> String {
        self.render("flip.md", FlipFacts { changes }).trim().to_owned()
    }

    /// What was found, in one line: "angry 0.72 (needs 0.60)", "must not be: legal 0.90 (needs 0.50)".
    pub fn finding(&self, finding: &Finding) -> String {
        self.render("finding.md", FindingFacts { finding: &finding.told() }).trim().to_owned()
    }

    /// What is said of the procedure as a whole.
    pub fn sop(&self, sop: &Sop) -> Sheet {
        Sheet::parse(&self.render("sop.md", sop))
    }

    /// What a choice is shown as, while one types: plain text, on one line.
    pub fn choice(&self, choice: &Choice) -> String {
        match &choice.case {
            Some(case) => self.render("choice.md", case).trim().to_owned(),
            None => choice.shown.as_ref().unwrap_or(&choice.value).clone(),
        }
    }

    /// The label of a button: of a verb, or of a time for the next step.
    pub fn button(&self, verb: impl Serialize) -> String {
        self.render("button.md", ButtonFacts { verb }).trim().to_owned()
    }

    /// The title of a form with one field, and the label of that.
    pub fn sentence_form(&self, form: impl Serialize, id: &str) -> Sheet {
        Sheet::parse(&self.render("sentence.md", SentenceFacts { form, id }))
    }

    /// The title of a page of a form, and the labels of its fields.
    pub fn form_page(&self, shown: &ShownForm) -> Sheet {
        Sheet::parse(&self.render("form.md", shown))
    }

    /// Rendering was tried at the start with facts of every shape, so a failure here is rare; the reader still gets
    /// something true, and the operator a line in the log.
    fn render(&self, name: &str, facts: impl Serialize) -> String {
        self.try_render(name, facts).unwrap_or_else(|problem| {
            tracing::error!("words.broken {problem}");
            format!("(the words in `{name}` could not be rendered: please tell whoever looks after this bot)")
        })
    }

    fn try_render(&self, name: &str, facts: impl Serialize) -> Result<String, WordsError> {
        let template = self.env.get_template(name).map_err(|error| broken(name, &error))?;
        template.render(Serde(facts)).map_err(|error| broken(name, &error))
    }
}

/// A note, with when it was decided.
#[derive(Serialize)]
struct NoteFacts<F> {
    at: i64,
    #[serde(flatten)]
    facts: F,
}

#[derive(Serialize)]
struct SectionFacts<'a> {
    section: Section,
    #[serde(flatten)]
    facts: &'a DigestFacts,
}

#[derive(Serialize)]
struct ButtonFacts<V> {
    verb: V,
}

#[derive(Serialize)]
struct FindingFacts<'a> {
    finding: &'a Finding,
}

#[derive(Serialize)]
struct FlipFacts<'a> {
    changes: &'a [Change],
}

#[derive(Serialize)]
struct SentenceFacts<'a, F> {
    form: F,
    id: &'a str,
}

fn broken(name: &str, error: &minijinja::Error) -> WordsError {
    // A template that includes another fails because of that one: its place is what the author needs.
    let mut innermost = error;
    while let Some(cause) = std::error::Error::source(innermost).and_then(|cause| cause.downcast_ref()) {
        innermost = cause;
    }
    let file = format!("templates/{}", innermost.name().unwrap_or(name));
    let line = innermost.line().map(|line| format!("line {line}: ")).unwrap_or_default();
    let detail = innermost.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    WordsError::Broken { file, what: format!("{line}{}{detail}", innermost.kind()) }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::sop::notice::Verb;

    fn plain() -> Markup {
        Markup {
            escape: |text| text.replace(['*', '<'], "?"),
            plain: str::to_owned,
            person: |id| format!("@{id}"),
            place: |id| format!("#{id}"),
            when: |at| format!("[{at}]"),
            clock: |at| format!("[at {at}]"),
            countdown: |at| format!("[in {at}]"),
            link: |home, place, message| format!("link:{home}/{place}/{message}"),
            home: "home".to_owned(),
        }
    }

    fn words(language: Language) -> Words {
        Words::load(language, None, plain(), &[]).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    #[test]
    fn every_language_says_something_wherever_english_does() {
        let english = words(Language::English).rendered();
        for (code, language) in Language::ALL {
            let names = |language: Language| language.templates().iter().map(|(name, _)| *name).collect::<Vec<_>>();
            assert_eq!(names(language), names(Language::English));
            for (said, theirs) in english.iter().zip(words(language).rendered()) {
                let (said, theirs) = (said.as_deref().unwrap_or_default().trim(), theirs.unwrap_or_default());
                assert_eq!(said.is_empty(), theirs.trim().is_empty(), "{code}: {said:?} is {theirs:?}");
                // What a page is taken apart by, and what it shows of the case, are the same.
                let marks = |text: &str| text.lines().map(mark).filter(|mark| !mark.is_empty()).collect::<String>();
                assert_eq!(marks(said), marks(theirs.trim()), "{code}: {said}\n{theirs}");
            }
        }
    }

    /// What a line begins with that a page is taken apart by, or that catches the eye.
    fn mark(line: &str) -> &str {
        let (mark, _) = line.split_once(' ').unwrap_or_default();
        if mark.chars().any(char::is_alphanumeric) || mark == "«" { "" } else { mark }
    }

    #[test]
    fn a_translation_writes_only_what_english_does_and_as_guarded() {
        for (code, language) in Language::ALL {
            for ((file, theirs), (_, ours)) in language.templates().iter().zip(Language::English.templates()) {
                let ours = written(ours);
                for expression in written(theirs) {
                    let is_word = expression.split_once('|').is_some_and(|(_, filter)| filter.contains("plural"));
                    assert!(is_word || ours.contains(&expression), "{code}, {file}: {{{{ {expression} }}}}");
                }
            }
        }
    }

    /// What a template writes between its words: each expression with its filters, the words in those left out.
    fn written(template: &str) -> Vec<String> {
        let after = template.split("{{").skip(1);
        let inner = after.map(|rest| rest.split("}}").next().unwrap_or_default().trim_matches(['-', ' ']));
        inner.map(|expression| expression.split('"').step_by(2).collect::<Vec<_>>().join("…")).collect()
    }

    #[test]
    fn the_words_of_a_language_name_buttons_by_their_labels() {
        let (english, mut named) = (words(Language::English), 0);
        let labels = |words: &Words| {
            let verbs = Verb::ALL.iter().map(|verb| words.button(verb)).collect::<Vec<_>>();
            verbs.into_iter().chain(["correct", "continue"].map(|label| words.button(label))).collect::<Vec<_>>()
        };
        for (code, language) in Language::ALL {
            for (english, label) in labels(&english).iter().zip(labels(&words(language))) {
                for ((file, theirs), (_, ours)) in language.templates().iter().zip(Language::English.templates()) {
                    let count = |text: &str, label: &str| text.matches(&format!("**{label}**")).count();
                    assert_eq!(count(theirs, &label), count(ours, english), "{code}, {file}: {english} is {label}");
                    named += count(theirs, &label);
                }
            }
        }
        assert!(named > 0, "no button is named");
    }

    #[test]
    fn a_template_that_asks_for_what_is_not_there_stops_the_start() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("line.md"), "{{ case.id }}\n{{ cse.id }}").expect("written");
        std::fs::write(folder.path().join("why.md"), "\n\n{{ reason }}").expect("written");
        let problems = Words::load(Language::English, Some(folder.path()), plain(), &[]).err().unwrap_or_default();
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        expect![[r#"
            templates/line.md: line 1: undefined value: `case.id` is undefined
            templates/line.md: line 2: undefined value: `cse` is undefined
            templates/why.md: line 3: undefined value: `reason` is undefined"#]]
        .assert_eq(&said.join("\n"));
    }
}
