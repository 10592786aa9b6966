//! What the pages of a guide are filled with: everything in words, nothing escaped yet.

use minijinja::{Environment, context};
use serde::Serialize;

use crate::sop::guidance::information::{Field, Need};
use crate::sop::guidance::message::Wording;
use crate::sop::guide::{Guide, Rule, climb, lanes};
use crate::sop::rota::Rota;
use crate::sop::team::{Severity, Team};
use crate::sop::trigger::{Mode, Ownership, Scope};
use crate::words::guide::{picture, sentences};

/// A whole guide.
#[derive(Serialize)]
pub(super) struct GuideFacts {
    title: String,
    version: String,
    withheld: usize,
    front: String,
    /// Markup of its own.
    picture: String,
    rules: Vec<RuleFacts>,
    teams: Vec<TeamFacts>,
    rotas: Vec<RotaFacts>,
    calendars: Vec<CalendarFacts>,
    severities: Vec<SeverityFacts>,
    last: String,
}

#[derive(Serialize)]
struct RuleFacts {
    /// Made of letters, digits and "-".
    anchor: String,
    name: String,
    severity: &'static str,
    /// "live", "only watched" or "off".
    mode: &'static str,
    is_live: bool,
    confidential: bool,
    /// In plain words, and with everything that is counted.
    looks_for: String,
    exactly: String,
    examples: Vec<String>,
    first: String,
    within: String,
    ladder: String,
    at_hand: Vec<AskFacts>,
    /// Labels of what is needed, joined.
    at_hand_short: String,
    steps: Vec<StepFacts>,
    message: Vec<String>,
    apology: Vec<String>,
    playbooks: Vec<BookFacts>,
    lower_when: Vec<String>,
    readers: String,
}

#[derive(Serialize)]
struct StepFacts {
    title: &'static str,
    text: String,
}

#[derive(Serialize)]
struct AskFacts {
    label: String,
    need: String,
    answer: String,
}

#[derive(Serialize)]
struct BookFacts {
    name: String,
    steps: Vec<PlayFacts>,
}

#[derive(Serialize)]
struct PlayFacts {
    title: String,
    how: String,
    say: String,
}

#[derive(Serialize)]
struct TeamFacts {
    name: String,
    what: String,
    /// Each a time, and the rules that give it.
    times: Vec<String>,
    rings: String,
}

#[derive(Serialize)]
struct RotaFacts {
    team: String,
    id: String,
    zone: String,
    layers: Vec<String>,
    changes: Vec<String>,
}

#[derive(Serialize)]
struct CalendarFacts {
    id: String,
    zone: String,
    week: String,
    closed: Vec<String>,
}

#[derive(Serialize)]
struct SeverityFacts {
    name: String,
    meaning: &'static str,
    rules: String,
}

/// Dates on which a calendar is closed that are listed.
const CLOSED_SHOWN: usize = 8;

impl GuideFacts {
    pub(super) fn of(guide: &Guide<'_>, title: &str) -> Self {
        let procedure = guide.procedure;
        let front = procedure.team(&procedure.front);
        let name_of = |rule: &Rule<'_>| name(rule).to_owned();
        let last = &procedure.default_plan.catch_all;
        let severity = |severity: Severity| {
            let rules: Vec<String> = guide.rules.iter().filter(|it| it.severity == severity).map(name_of).collect();
            SeverityFacts {
                name: severity.name().to_uppercase(), meaning: meaning(severity), rules: rules.join(" · ")
            }
        };
        let calendar = |calendar: &std::sync::Arc<crate::sop::calendar::Calendar>| CalendarFacts {
            id: calendar.id.clone(),
            zone: calendar.zone.name().to_owned(),
            week: sentences::week(calendar),
            closed: sentences::closed(calendar, guide.now, CLOSED_SHOWN),
        };
        let is_shown = |rota: &&Rota| guide.teams().any(|team| team.id == rota.team);
        Self {
            title: title.to_owned(),
            version: procedure.version.clone(),
            withheld: guide.withheld,
            front: front.map_or_else(|| procedure.front.to_string(), |team| team.name.clone()),
            picture: picture::drawn(&lanes(guide), title, false),
            rules: guide.rules.iter().map(|rule| RuleFacts::of(rule, guide)).collect(),
            teams: guide.teams().map(|team| TeamFacts::of(team, guide)).collect(),
            rotas: procedure.rotas.iter().filter(is_shown).map(|rota| RotaFacts::of(rota, guide)).collect(),
            calendars: procedure.calendars.iter().map(calendar).collect(),
            severities: Severity::ALL.map(severity).into_iter().filter(|it| !it.rules.is_empty()).collect(),
            last: format!("{} within {}", sentences::team(last, procedure), sentences::within(last)),
        }
    }
}

pub(super) fn name<'p>(rule: &Rule<'p>) -> &'p str {
    rule.trigger.map_or("Escalated by hand", |trigger| trigger.name.as_str())
}

fn meaning(severity: Severity) -> &'static str {
    match severity {
        Severity::Sev1 => "the most severe: never bundled, never held back for anybody's hours",
        Severity::Sev2 => "severe: a warning does not wait for anybody's hours",
        Severity::Sev3 => "usual",
        Severity::Sev4 => "the least severe",
    }
}

impl RuleFacts {
    fn of(rule: &Rule<'_>, guide: &Guide<'_>) -> Self {
        let procedure = guide.procedure;
        let first = &rule.plan.rungs[0];
        let ask = |field: &Field| AskFacts {
            label: field.label.clone(),
            need: sentences::need(field),
            answer: sentences::answer(&field.kind),
        };
        let needed = rule.asks.iter().filter(|field| field.need != Need::Optional);
        let message = rule.message.map(|message| (filled(message, &message.text), message.apology.as_ref()));
        let readers: Vec<&str> = procedure
            .teams
            .iter()
            .filter(|team| rule.is_confidential() && rule.plan.teams().any(|named| *named == team.id))
            .map(|team| team.name.as_str())
            .collect();
        let play = |book: &&crate::sop::guidance::playbook::Playbook| BookFacts {
            name: book.name.clone(),
            steps: book
                .steps
                .iter()
                .map(|step| PlayFacts {
                    title: step.title.clone(),
                    how: step.how.clone(),
                    say: step.say.clone().unwrap_or_default(),
                })
                .collect(),
        };
        let by_hand = || "a rep thinks that it should go up, and no trigger names it".to_owned();
        let looks_for = rule.trigger.map_or_else(by_hand, |trigger| sentences::plainly(&trigger.condition));
        let exactly = rule.trigger.map_or_else(by_hand, |trigger| sentences::condition(&trigger.condition));
        Self {
            anchor: format!("guide-{}", rule.id().unwrap_or("by-hand")),
            name: name(rule).to_owned(),
            severity: rule.severity.name(),
            mode: sentences::mode(rule.mode()),
            is_live: rule.mode() == Mode::Live,
            confidential: rule.is_confidential(),
            looks_for,
            exactly,
            examples: rule.examples.clone(),
            first: sentences::team(first, procedure).to_owned(),
            within: sentences::within(first),
            ladder: sentences::ladder(rule.plan, procedure),
            at_hand: rule.asks.iter().map(ask).collect(),
            at_hand_short: needed.map(|field| field.label.as_str()).collect::<Vec<_>>().join(", "),
            steps: steps(rule, guide),
            message: message.iter().flat_map(|(text, _)| text.lines()).map(str::to_owned).collect(),
            apology: message
                .and_then(|(_, apology)| Some(filled(rule.message?, apology?)))
                .iter()
                .flat_map(|text| text.lines())
                .map(str::to_owned)
                .collect(),
            playbooks: rule.playbooks.iter().map(play).collect(),
            lower_when: rule.plan.lower_when.clone(),
            readers: readers.join(", "),
        }
    }
}

/// A text for customers with placeholders in it; as it is written, where it cannot be filled in.
fn filled(message: &Wording, text: &str) -> String {
    let mut env = Environment::new();
    env.set_fuel(Some(10_000));
    let facts =
        context! { due => format!("[time in {}]", message.zone.name()), customer => "[name]", ticket => "[ticket]" };
    env.render_str(text, facts).map_or_else(|_| text.to_owned(), |text| text.trim().to_owned())
}

/// What to do about a case, in order.
fn steps(rule: &Rule<'_>, guide: &Guide<'_>) -> Vec<StepFacts> {
    let (procedure, plan) = (guide.procedure, rule.plan);
    let first = &plan.rungs[0];
    let team = sentences::team(first, procedure);
    let mut steps: Vec<StepFacts> = Vec::new();
    let mut add = |title: &'static str, text: String| steps.push(StepFacts { title, text });
    add("See it", match (rule.trigger, rule.mode()) {
        (None, _) => "Type /escalate, or use Apps → Escalate this on what the customer wrote.".to_owned(),
        (_, Mode::Live) => "A message that fits opens the case by itself. If it has not: /escalate with this reason, or Apps → Escalate this on the message.".to_owned(),
        (_, Mode::Watch) => "It is only watched: a message that fits is counted and nobody is paged. Where it matters: /escalate with this reason.".to_owned(),
        (_, Mode::Off) => "It is off: no message opens a case. Where it matters: /escalate with this reason.".to_owned(),
    });
    if !rule.asks.is_empty() {
        let owing =
            if rule.is_confidential() { "the team that has the case" } else { "whoever escalated, or the front team" };
        add(
            "Say what is known",
            format!("The form asks for what stands below. What is missing is owed by {owing}: press Add information."),
        );
    }
    let rings = if procedure.rotas_of(&first.team).next().is_some() {
        "whoever is on call is rung"
    } else {
        "the whole team is rung"
    };
    let acks =
        if first.required_acks > 1 { format!(" {} people have to.", first.required_acks) } else { String::new() };
    let hours = first.calendar.as_ref().map(|it| format!(", in the hours of {}", it.id)).unwrap_or_default();
    add(
        "Acknowledge",
        format!("{team}: {rings}. Press Acknowledge within {}{hours}.{acks}", sentences::length(first.respond_within)),
    );
    add("If nobody does", silence(rule, guide));
    add("Promise the next step", "Whoever acknowledged says by when the next step comes: one press, or /next. A promise that passes is reminded of once; then the next team is paged.".to_owned());
    if rule.message.is_some() {
        add(
            "Tell the customer",
            "/customer writes the message below with the time that counts. Once sent, it is a promise.".to_owned(),
        );
    }
    if !rule.playbooks.is_empty() {
        add("Work through the playbook", "/playbook shows it step by step.".to_owned());
    }
    let higher = "Needs more than your team can give? /raise sends it on at once.".to_owned();
    let lower = if plan.lower_when.is_empty() {
        " /lower sends it back to the team before, with a reason."
    } else {
        " It goes down again with /lower when one of the criteria below is met."
    };
    add("Raise or lower", higher + lower);
    let confirmed = if plan.confirm_within.is_zero() {
        String::new()
    } else {
        format!(" Whoever reported it can say for {} that it is not solved.", sentences::length(plan.confirm_within))
    };
    add("Resolve", format!("/resolve, with a note of what was done.{confirmed}"));
    if let Some(trigger) = rule.trigger {
        let mut own = vec![format!("The ticket belongs to {}", sentences::owner(trigger.ownership))];
        own.extend((trigger.scope == Scope::Everyone).then(|| sentences::scope(trigger.scope).to_owned()));
        if trigger.ownership == Ownership::Reporter
            || trigger.scope == Scope::Everyone
            || !trigger.exclusive_with.is_empty()
        {
            let silent: Vec<&str> = trigger
                .exclusive_with
                .iter()
                .map(|id| procedure.trigger(id).map_or(id.as_str(), |it| it.name.as_str()))
                .collect();
            own.extend(
                (!silent.is_empty()).then(|| format!("when it fires, these stay silent: {}", silent.join(", "))),
            );
        }
        add("Who owns it", format!("{}.", own.join("; ")));
    }
    if !plan.clocks.is_empty() {
        add("What else is measured", format!("{}.", sentences::clocks(&plan.clocks)));
    }
    steps
}

/// Who is paged after whom.
fn silence(rule: &Rule<'_>, guide: &Guide<'_>) -> String {
    let (procedure, plan) = (guide.procedure, rule.plan);
    let times = climb(plan);
    let after = |at: usize| times[at].map(|time| format!(" (after {})", sentences::length(time))).unwrap_or_default();
    let next = plan.rungs.iter().enumerate().skip(1);
    let mut next: Vec<String> =
        next.map(|(at, rung)| format!("{}{}", sentences::team(rung, procedure), after(at))).collect();
    next.extend((plan.repeat > 0).then(|| format!("all of it again, {} ×", plan.repeat)));
    let (last, every) = (&plan.catch_all, sentences::length(plan.catch_all.respond_within));
    let last = sentences::team(last, procedure);
    next.push(format!("the last resort {last}{}, again and again every {every}", after(plan.rungs.len())));
    format!("Next comes {}.", next.join(", then "))
}

impl TeamFacts {
    fn of(team: &Team, guide: &Guide<'_>) -> Self {
        let procedure = guide.procedure;
        let what = [
            (team.id == procedure.front, "is told in a line what becomes of cases"),
            (team.manages, "may act on every case that it may see"),
            (team.cleared, "its channel is closed, so confidential cases are shown in it"),
            (team.id == procedure.default_plan.catch_all.team, "the last resort"),
        ];
        let what: Vec<&str> = what.iter().filter(|it| it.0).map(|it| it.1).collect();
        let times = guide.times_of(&team.id).into_iter().map(|(rung, rules)| {
            let rules: Vec<&str> = rules.into_iter().map(name).collect();
            format!("{}: {}", sentences::within(rung), rules.join(" · "))
        });
        let has_rota = procedure.rotas_of(&team.id).next().is_some();
        let rings = if has_rota { "whoever is on call" } else { "the whole team" };
        Self { name: team.name.clone(), what: what.join("; "), times: times.collect(), rings: rings.to_owned() }
    }
}

impl RotaFacts {
    fn of(rota: &Rota, guide: &Guide<'_>) -> Self {
        let procedure = guide.procedure;
        let team = procedure.team_name(&rota.team).to_owned();
        let layer = |(at, layer): (usize, &crate::sop::rota::Layer)| {
            let before = if at == 0 { "" } else { "instead, in its hours: " };
            format!("{before}{}", sentences::layer(layer, procedure))
        };
        Self {
            team,
            id: rota.id.clone(),
            zone: rota.zone.name().to_owned(),
            layers: rota.layers.iter().enumerate().map(layer).collect(),
            changes: sentences::changes(rota, procedure, guide.now),
        }
    }
}
