//! Two versions of a procedure: what was added, removed and changed, in sentences.
//!
//! Each version is written out as facts: of which part, which fact, in words. What differs in these words has changed, so
//! nothing that the guide says can change unseen.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::sop::guidance::information::{Field, Need};
use crate::sop::guide::{Guide, Mark};
use crate::sop::procedure::Procedure;
use crate::sop::signal::{Lexicon, Mode as TermMode};
use crate::sop::team::Plan;
use crate::words::guide::sentences;

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcedureChange {
    /// "trigger", "plan", "team" …
    pub part: &'static str,
    pub id: String,
    /// As people call it.
    pub name: String,
    /// "added", "removed" or "changed".
    pub change: &'static str,
    /// Which fact of it; empty where all of it was added or removed.
    pub what: &'static str,
    pub before: String,
    pub after: String,
}

/// Something that a procedure has, with its facts.
struct Part {
    kind: &'static str,
    id: String,
    name: String,
    facts: Vec<(&'static str, String)>,
}

/// What differs, in the order of the new version; what is gone comes last of its kind.
pub fn changes(old: &Guide<'_>, new: &Guide<'_>) -> Vec<ProcedureChange> {
    let (old, new) = (parts(old), parts(new));
    let is_same = |one: &Part, other: &Part| one.kind == other.kind && one.id == other.id;
    let kinds: BTreeSet<usize> = old.iter().chain(&new).map(|part| rank(part.kind)).collect();
    let mut changes = Vec::new();
    for kind in kinds {
        for now in new.iter().filter(|part| rank(part.kind) == kind) {
            match old.iter().find(|was| is_same(was, now)) {
                None => changes.push(whole(now, "added")),
                Some(was) => changes.extend(within(was, now)),
            }
        }
        let gone = old.iter().filter(|was| rank(was.kind) == kind && !new.iter().any(|now| is_same(was, now)));
        changes.extend(gone.map(|was| whole(was, "removed")));
    }
    changes
}

/// Kinds of parts in the order in which people ask for them.
const KINDS: [&str; 14] = [
    "trigger",
    "plan",
    "last resort",
    "team",
    "desk",
    "calendar",
    "rota",
    "information",
    "playbook",
    "message",
    "term",
    "reading",
    "rate",
    "ticket link",
];

fn rank(part: &str) -> usize {
    KINDS.iter().position(|kind| *kind == part).unwrap_or(KINDS.len())
}

fn whole(part: &Part, change: &'static str) -> ProcedureChange {
    let facts: Vec<String> = part
        .facts
        .iter()
        .filter(|(what, said)| *what != "name" && !said.is_empty())
        .map(|(what, said)| format!("{what}: {said}"))
        .collect();
    let said = facts.join("; ");
    let (before, after) = if change == "added" { (String::new(), said) } else { (said, String::new()) };
    ProcedureChange { part: part.kind, id: part.id.clone(), name: part.name.clone(), change, what: "", before, after }
}

fn within(was: &Part, now: &Part) -> Vec<ProcedureChange> {
    let changed = now.facts.iter().filter_map(|(what, after)| {
        let before = was.facts.iter().find(|(known, _)| known == what).map_or("", |(_, said)| said.as_str());
        (before != after).then(|| ProcedureChange {
            part: now.kind,
            id: now.id.clone(),
            name: now.name.clone(),
            change: "changed",
            what,
            before: before.to_owned(),
            after: after.clone(),
        })
    });
    changed.collect()
}

impl ProcedureChange {
    /// In a sentence.
    pub fn sentence(&self) -> String {
        let Self { part, name, what, before, after, .. } = self;
        // There is one last resort and one desk, which have no name of their own.
        let named = || if name.is_empty() { (*part).to_owned() } else { format!("{part} {name}") };
        let nothing = |said: &str| if said.is_empty() { "nothing".to_owned() } else { said.to_owned() };
        match self.change {
            "added" => format!("New {}: {after}.", named()),
            "removed" => format!("The {} is gone. It was: {before}.", named()),
            _ => format!("The {}, {what}: was {}; is now {}.", named(), nothing(before), nothing(after)),
        }
    }

    /// The sign that pictures have for it.
    pub fn sign(&self) -> &'static str {
        match self.mark() {
            Mark::Added => "+",
            Mark::Removed => "−",
            Mark::Changed | Mark::Same => "~",
        }
    }

    fn mark(&self) -> Mark {
        match self.change {
            "added" => Mark::Added,
            "removed" => Mark::Removed,
            _ => Mark::Changed,
        }
    }
}

/// All that a procedure says.
fn parts(guide: &Guide<'_>) -> Vec<Part> {
    let procedure = guide.procedure;
    let all = [triggers(guide), plans(guide), teams(procedure), time(guide), guidance(procedure), reading(procedure)];
    all.into_iter().flatten().collect()
}

fn triggers(guide: &Guide<'_>) -> Vec<Part> {
    let triggers = guide.rules.iter().filter_map(|rule| rule.trigger);
    let part = |trigger: &crate::sop::trigger::Trigger| Part {
        kind: "trigger",
        id: trigger.id.clone(),
        name: format!("\"{}\"", trigger.name),
        facts: vec![
            ("name", trigger.name.clone()),
            ("mode", sentences::mode(trigger.mode).to_owned()),
            ("looks for", sentences::condition(&trigger.condition)),
            ("severity", trigger.severity.to_string()),
            ("goes to", trigger.plan.id.clone()),
            ("confidential", yes(trigger.confidential)),
            ("owner of the ticket", sentences::owner(trigger.ownership).to_owned()),
            ("makes", sentences::scope(trigger.scope).to_owned()),
            ("silences", trigger.exclusive_with.join(", ")),
            ("asks for", labels(&trigger.required)),
            ("example", trigger.example.clone().unwrap_or_default()),
        ],
    };
    triggers.map(part).collect()
}

fn plans(guide: &Guide<'_>) -> Vec<Part> {
    let procedure = guide.procedure;
    let mut plans: Vec<&Plan> = Vec::new();
    for rule in &guide.rules {
        if !plans.iter().any(|plan| plan.id == rule.plan.id) {
            plans.push(rule.plan);
        }
    }
    let ladder = |plan: &Plan| {
        let rungs =
            plan.rungs.iter().map(|rung| format!("{} {}", sentences::team(rung, procedure), sentences::within(rung)));
        rungs.collect::<Vec<_>>().join(" → ")
    };
    let part = |plan: &&Plan| Part {
        kind: "plan",
        id: plan.id.clone(),
        name: format!("\"{}\"", plan.id),
        facts: vec![
            ("ladder", ladder(plan)),
            ("climbed again", if plan.repeat == 0 { "never".to_owned() } else { format!("{} ×", plan.repeat) }),
            ("also measures", if plan.clocks.is_empty() { String::new() } else { sentences::clocks(&plan.clocks) }),
            (
                "asks whoever reported it for",
                if plan.confirm_within.is_zero() {
                    "not at all".to_owned()
                } else {
                    sentences::length(plan.confirm_within)
                },
            ),
            ("goes back when", plan.lower_when.join(" · ")),
        ],
    };
    let last = &procedure.default_plan.catch_all;
    let last = Part {
        kind: "last resort",
        id: "catch_all".to_owned(),
        name: String::new(),
        facts: vec![("team", sentences::team(last, procedure).to_owned()), ("time", sentences::within(last))],
    };
    plans.iter().map(part).chain([last]).collect()
}

fn teams(procedure: &Procedure) -> Vec<Part> {
    let team = |team: &crate::sop::team::Team| Part {
        kind: "team",
        id: team.id.to_string(),
        name: format!("\"{}\"", team.name),
        facts: vec![
            ("name", team.name.clone()),
            ("channel", team.place.to_string()),
            ("role", team.group.clone()),
            ("cleared for confidential cases", yes(team.cleared)),
            ("may act on every case", yes(team.manages)),
        ],
    };
    let desk = Part {
        kind: "desk",
        id: "desk".to_owned(),
        name: String::new(),
        facts: vec![
            ("front team", procedure.front.to_string()),
            ("plan for escalations by hand", procedure.default_plan.id.clone()),
            ("asks for", labels(&procedure.guidance.by_default)),
            ("threads below cards", yes(procedure.threads)),
        ],
    };
    procedure.teams.iter().map(team).chain([desk]).collect()
}

fn time(guide: &Guide<'_>) -> Vec<Part> {
    let procedure = guide.procedure;
    let calendars = procedure.calendars.iter().map(|calendar| Part {
        kind: "calendar",
        id: calendar.id.clone(),
        name: format!("\"{}\"", calendar.id),
        facts: vec![
            ("hours", sentences::week(calendar)),
            ("zone", calendar.zone.name().to_owned()),
            ("closed", sentences::closed(calendar, guide.now, usize::MAX).join(", ")),
        ],
    });
    let rotas = procedure.rotas.iter().map(|rota| Part {
        kind: "rota",
        id: rota.id.clone(),
        name: format!("\"{}\"", rota.id),
        facts: vec![
            ("team", rota.team.to_string()),
            ("zone", rota.zone.name().to_owned()),
            (
                "turns",
                rota.layers.iter().map(|layer| sentences::layer(layer, procedure)).collect::<Vec<_>>().join("; "),
            ),
            ("for a while", sentences::changes(rota, procedure, guide.now).join("; ")),
        ],
    });
    calendars.chain(rotas).collect()
}

fn guidance(procedure: &Procedure) -> Vec<Part> {
    let guidance = &procedure.guidance;
    let information = guidance.information.iter().map(|field| Part {
        kind: "information",
        id: field.id.clone(),
        name: format!("\"{}\"", field.label),
        facts: vec![
            ("label", field.label.clone()),
            ("answer", sentences::answer(&field.kind)),
            ("longest answer", format!("{} characters", field.chars_max)),
            ("needed", sentences::need(field)),
        ],
    });
    let playbooks = guidance.playbooks.iter().map(|book| {
        let step = |step: &crate::sop::guidance::playbook::PlayStep| {
            let say = step.say.as_ref().map(|say| format!(" say “{say}”")).unwrap_or_default();
            format!("{}: {}{say}", step.title, step.how)
        };
        let steps: Vec<String> = book.steps.iter().map(step).collect();
        Part {
            kind: "playbook",
            id: book.id.clone(),
            name: format!("\"{}\"", book.name),
            facts: vec![("name", book.name.clone()), ("for", book.triggers.join(", ")), ("steps", steps.join(" / "))],
        }
    });
    let messages = guidance.messages.iter().map(|message| Part {
        kind: "message",
        id: message.id.clone(),
        name: format!("\"{}\"", message.id),
        facts: vec![
            ("for", if message.triggers.is_empty() { "all others".to_owned() } else { message.triggers.join(", ") }),
            ("zone", message.zone.name().to_owned()),
            ("text", message.text.clone()),
            ("apology", message.apology.clone().unwrap_or_default()),
        ],
    });
    information.chain(playbooks).chain(messages).collect()
}

/// Words of the desk's own, from which strength on a kind counts, rates, and how links of tickets look.
fn reading(procedure: &Procedure) -> Vec<Part> {
    let own = procedure.lexicon.entries().iter().skip(Lexicon::built_in().entries().len());
    let terms = own.map(|entry| Part {
        kind: "term",
        id: format!("{}/{}/{}", entry.language, entry.kind, entry.term),
        name: format!("\"{}\"", entry.term),
        facts: vec![
            ("shows", entry.kind.to_string()),
            ("weight", entry.weight.to_string()),
            (
                "mode",
                match entry.mode {
                    TermMode::Off => "off",
                    TermMode::Watch => "only watched",
                    TermMode::Live => "live",
                }
                .to_owned(),
            ),
        ],
    });
    let rates = procedure.rates.0.iter().map(|(currency, worth)| Part {
        kind: "rate",
        id: currency.to_string(),
        name: currency.to_string(),
        facts: vec![("worth", worth.to_string())],
    });
    let labels = procedure.label_thresholds.iter().map(|(kind, threshold)| Part {
        kind: "reading",
        id: kind.to_string(),
        name: format!("of {kind}"),
        facts: vec![("counts from", threshold.to_string())],
    });
    let links = procedure.ticket_links.iter().map(|link| Part {
        kind: "ticket link",
        id: format!("{} {}", link.system, link.pattern),
        name: format!("of {}", link.system),
        facts: vec![("link", link.pattern.to_string())],
    });
    terms.chain(rates).chain(labels).chain(links).collect()
}

fn yes(it: bool) -> String {
    if it { "yes" } else { "no" }.to_owned()
}

fn labels(fields: &[Field]) -> String {
    let label = |field: &Field| {
        if field.need == Need::Optional { format!("{} (if known)", field.label) } else { field.label.clone() }
    };
    fields.iter().map(label).collect::<Vec<_>>().join(", ")
}
