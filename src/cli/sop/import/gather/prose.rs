//! What a document says outside of its tables: lists of times, of what has to be known, of criteria and of steps, a text
//! for customers, and who owns a ticket.

use crate::cli::sop::import::document::{Document, List, Text, one_line};
use crate::cli::sop::import::draft::{Information, Message, PlayStep, Playbook, Trigger};
use crate::cli::sop::import::gather::{Gathering, NAME_MAX, slug, unique};
use crate::cli::sop::import::understand::{self, Subject};
use crate::sop::message::cut;

/// What a config takes of each.
const LABEL_MAX: usize = 45;
const TEXT_MAX: usize = 600;
const MESSAGE_MAX: usize = 1_500;
const STEPS_MAX: usize = 12;
const CRITERIA_MAX: usize = 6;
/// On one page of a form, besides the ticket.
const REQUIRED_MAX: usize = 4;

impl Gathering {
    /// Lists that say how long tiers have, what has to be known, and when a case goes down again.
    pub(super) fn lists(&mut self, document: &Document) {
        for list in &document.lists {
            match place_of(list) {
                Place::Times => self.times(list),
                Place::Criteria => self.criteria(list),
                Place::Information => self.information(list),
                Place::Playbook | Place::Nowhere => {}
            }
        }
    }

    fn times(&mut self, list: &List) {
        for item in &list.items {
            let said = item.says.split_once([':', '–', '—']).map_or(item.says.as_str(), |(name, _)| name);
            let found = self.teams.known(said);
            match (found.as_slice(), self.within(&item.says, item.line)) {
                ([team], Some(within)) => self.teams.all[*team].within = Some(within),
                (_, None) => {}
                (_, Some(_)) => {
                    self.open(item.line, format!("\"{}\": it is not clear whose time this is", cut(&item.says, 60)));
                }
            }
        }
    }

    fn criteria(&mut self, list: &List) {
        for item in &list.items {
            let text = one_line(&item.says);
            if self.draft.lower_when.len() == CRITERIA_MAX || text.is_empty() {
                self.open(
                    item.line,
                    format!("more than {CRITERIA_MAX} criteria for going down: \"{}\" is left out", cut(&text, 60)),
                );
                continue;
            }
            self.cut_note(&text, NAME_MAX, item.line);
            let text = cut(text.trim_end_matches('.'), NAME_MAX);
            if !self.draft.lower_when.contains(&text) {
                self.draft.lower_when.push(text);
            }
        }
    }

    fn information(&mut self, list: &List) {
        for item in &list.items {
            let label = item.says.split_once([':', '–', '—', '(']).map_or(item.says.as_str(), |(label, _)| label);
            let label = one_line(label);
            let words = label.to_lowercase();
            // The ticket is asked for on every form.
            if label.is_empty() || words.starts_with("ticket") {
                continue;
            }
            if self.draft.information.len() == REQUIRED_MAX {
                self.open(
                    item.line,
                    format!(
                        "more than {REQUIRED_MAX} things to know of each case: \"{}\" is left out",
                        cut(&label, 60)
                    ),
                );
                continue;
            }
            self.cut_note(&label, LABEL_MAX, item.line);
            let taken: Vec<&str> = self.draft.information.iter().map(|it| it.id.as_str()).collect();
            let id = unique(&slug(&label, "information"), &taken);
            self.draft.information.push(Information { id, label: cut(&label, LABEL_MAX), line: item.line });
        }
    }

    pub(super) fn playbooks(&mut self, document: &Document) {
        for list in &document.lists {
            match place_of(list) {
                Place::Playbook => self.playbook(list),
                Place::Nowhere => {
                    let section = if list.section.is_empty() {
                        "no heading".to_owned()
                    } else {
                        format!("\"{}\"", cut(&list.section, 60))
                    };
                    self.open(list.line, format!("the list below {section} has no place here"));
                }
                Place::Times | Place::Criteria | Place::Information => {}
            }
        }
    }

    /// For the triggers that its heading speaks of.
    fn playbook(&mut self, list: &List) {
        let name = list.section.rsplit(" / ").next().unwrap_or_default();
        let name = format!(
            "{}{}",
            name.chars().take(1).collect::<String>().to_uppercase(),
            name.chars().skip(1).collect::<String>()
        );
        let mut about = understand::condition(&list.section).kinds;
        about.extend(list.section.contains("refund").then_some(Subject::Money));
        if is_about_calming(&list.section) {
            about = vec![Subject::Angry];
        }
        let is_meant = |trigger: &&Trigger| trigger.kinds.iter().any(|kind| about.contains(kind));
        let triggers: Vec<String> =
            self.draft.triggers.iter().filter(is_meant).map(|trigger| trigger.id.clone()).collect();
        if triggers.is_empty() {
            self.open(list.line, format!("no trigger is about \"{}\": its steps are left out", cut(&name, 60)));
            return;
        }
        let mut steps: Vec<PlayStep> = Vec::new();
        for item in &list.items {
            if steps.len() == STEPS_MAX {
                self.open(item.line, format!("more than {STEPS_MAX} steps: the rest is left out"));
                break;
            }
            self.cut_note(&item.says, TEXT_MAX, item.line);
            let step = step(item);
            if step.title.is_empty() {
                continue;
            }
            let taken: Vec<&str> = steps.iter().map(|step| step.title.as_str()).collect();
            let title = unique_title(&step.title, &taken);
            steps.push(PlayStep { title, ..step });
        }
        if steps.is_empty() {
            return;
        }
        let taken: Vec<&str> = self.draft.playbooks.iter().map(|book| book.id.as_str()).collect();
        let id = unique(&slug(&name, "playbook"), &taken);
        self.draft.playbooks.push(Playbook { id, name: cut(&name, NAME_MAX), line: list.line, triggers, steps });
    }

    /// What customers are told, and who owns a ticket.
    pub(super) fn texts(&mut self, document: &Document) {
        let mut owner = None;
        for text in &document.texts {
            let section = text.section.as_str();
            if ["communication", "template", "tell the customer", "customer message"]
                .iter()
                .any(|it| section.contains(it))
            {
                if self.draft.messages.is_empty() {
                    self.message(text);
                } else {
                    self.open(
                        text.line,
                        "a second text for customers: which cases it is for has to be said".to_owned(),
                    );
                }
            } else if section.contains("owner") {
                let says = owner_in(&text.says);
                match (owner, says) {
                    (_, None) => self.open(
                        text.line,
                        format!(
                            "\"{}\": it is not clear who owns the ticket: whoever acknowledged is written",
                            cut(&one_line(&text.says), 60)
                        ),
                    ),
                    (Some(before), Some(now)) if before != now => {
                        self.open(text.line, "two owners of the ticket are named: the first is written".to_owned());
                    }
                    (None, Some(_)) => owner = says,
                    _ => {}
                }
            } else if text.is_quoted {
                let said = cut(&one_line(&text.says), 60);
                self.open(text.line, format!("\"{said}\": nothing is made of what is quoted here"));
            }
        }
        self.draft.reporter_owns = owner == Some(true);
    }

    fn message(&mut self, text: &Text) {
        let (text_, strange) = with_places(&text.says);
        if let Some(strange) = strange {
            self.open(
                text.line,
                format!(
                    "the text for customers names \"{}\", which nobody fills in: it is left as it stands",
                    cut(&strange, 40)
                ),
            );
        }
        self.cut_note(&text_, MESSAGE_MAX, text.line);
        let text_ = cut(&text_, MESSAGE_MAX);
        if !text_.is_empty() {
            self.draft.messages.push(Message { line: text.line, text: text_ });
        }
    }
}

/// What a list is there for, by its heading.
enum Place {
    Times,
    Criteria,
    Information,
    Playbook,
    Nowhere,
}

fn place_of(list: &List) -> Place {
    let section = list.section.as_str();
    let heading = section.rsplit(" / ").next().unwrap_or_default();
    let has = |words: &[&str]| words.iter().any(|word| heading.contains(word));
    match () {
        () if has(&["criteri", "going down", "step down", "lower when", "goes down"]) => Place::Criteria,
        () if has(&["playbook", "procedure", "steps", "checklist", "de-escalat", "deescalat"]) => Place::Playbook,
        () if has(&["response time", "expectation", "sla"]) => Place::Times,
        () if has(&["information", "what to include", "include", "have at hand", "needed"]) => Place::Information,
        () => Place::Nowhere,
    }
}

fn is_about_calming(section: &str) -> bool {
    ["de-escalat", "deescalat", "calm"].iter().any(|word| section.contains(word))
}

/// "**Acknowledge**: Answer by name. “I am sorry.”": a title, what to do, what to say.
fn step(item: &Text) -> PlayStep {
    let text = one_line(&item.says);
    let split = [": ", " – ", " — ", " - ", ". "].iter().filter_map(|mark| text.split_once(mark));
    let split = split.min_by_key(|(title, _)| title.len()).filter(|(title, _)| title.chars().count() <= NAME_MAX);
    let (title, rest) =
        split.map_or_else(|| (cut(&text, NAME_MAX), text.clone()), |(title, rest)| (title.to_owned(), rest.to_owned()));
    let said = [('“', '”'), ('"', '"'), ('«', '»')].iter().find_map(|(open, close)| {
        let (before, rest) = rest.split_once(*open)?;
        let (said, after) = rest.split_once(*close)?;
        Some((format!("{} {}", before.trim(), after.trim()), said.trim().to_owned()))
    });
    let (how, say) = said.unwrap_or((rest, String::new()));
    let how = how.trim();
    let how = how.strip_suffix("Say:").or_else(|| how.strip_suffix("say:")).unwrap_or(how).trim();
    let how = if how.trim_matches([' ', '.', ',', ':']).is_empty() { title.as_str() } else { how };
    PlayStep {
        how: cut(how, TEXT_MAX),
        say: cut(&say, TEXT_MAX),
        title: title.trim_end_matches(['.', ':']).trim().to_owned(),
    }
}

/// Whether the rep keeps the ticket; `None` where the text does not say, or says both.
fn owner_in(text: &str) -> Option<bool> {
    let text = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let keeps = has(&[
        "rep remains",
        "rep keeps",
        "rep stays",
        "agent remains",
        "agent keeps",
        "original rep",
        "original agent",
        "reporter",
        "tier 1 keeps",
        "tier 1 remains",
    ]);
    let moves = has(&[
        "new owner",
        "whoever acknowledges",
        "whoever takes",
        "receiving team",
        "escalated team",
        "becomes the owner",
        "takes ownership",
    ]);
    (keeps != moves).then_some(keeps)
}

/// A text for customers with the places to fill in as the config writes them, and the first that nobody knows.
fn with_places(text: &str) -> (String, Option<String>) {
    let (mut written, mut strange) = (String::new(), None);
    // What begins a template is none of the document's.
    let text =
        text.replace("{{", "{").replace("}}", "}").replace("{%", "{ %").replace("{#", "{ #").replace("```", "'''");
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['[', '{', '<']) {
        let close = match rest.as_bytes()[at] {
            b'[' => ']',
            b'{' => '}',
            _ => '>',
        };
        written.push_str(&rest[..at]);
        let inner = rest[at + 1..].split_once(close).filter(|(inner, _)| inner.len() <= 40 && !inner.contains('\n'));
        let Some((inner, after)) = inner else {
            written.push(if close == '}' { '(' } else { char::from(rest.as_bytes()[at]) });
            rest = &rest[at + 1..];
            continue;
        };
        let words = inner.to_lowercase();
        let has = |names: &[&str]| names.iter().any(|name| words.contains(name));
        match () {
            () if has(&["time", "date", "deadline", "when", "hours", "eta", "due"]) => written.push_str("{{ due }}"),
            () if has(&["ticket", "case", "reference"]) => written.push_str("{{ ticket }}"),
            () if has(&["name", "customer"]) => {
                // Nothing stands there where nobody knows it, not even a space.
                let is_after_space = written.ends_with(' ');
                written.truncate(written.trim_end_matches(' ').len());
                let space = if is_after_space { " " } else { "" };
                written.extend(["{% if customer %}", space, "{{ customer }}{% endif %}"]);
            }
            () => {
                written.extend(["(", &inner.replace(['{', '}'], ""), ")"]);
                strange.get_or_insert_with(|| inner.to_owned());
            }
        }
        rest = after;
    }
    written.push_str(rest);
    // No line may begin with a mark of the chat.
    let lines = written.lines().map(|line| line.trim().trim_start_matches(['#', '-', ' ']));
    (lines.collect::<Vec<_>>().join("\n").trim().to_owned(), strange)
}

fn unique_title(title: &str, taken: &[&str]) -> String {
    let numbered = (2..).map(|number: usize| format!("{} ({number})", cut(title, NAME_MAX - 6)));
    [cut(title, NAME_MAX)]
        .into_iter()
        .chain(numbered)
        .find(|title| !taken.contains(&title.as_str()))
        .unwrap_or_default()
}
