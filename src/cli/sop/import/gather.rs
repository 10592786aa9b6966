//! From a document to a draft: teams and their times, triggers and whom they go to.

mod prose;
mod teams;

use crate::cli::sop::import::document::{Document, Row, Table, one_line};
use crate::cli::sop::import::draft::{Draft, Open, Plan, Trigger};
use crate::cli::sop::import::understand::{self, Subject};
use crate::sop::message::cut;
use teams::Teams;

/// What a config takes of each.
const NAME_MAX: usize = 80;
const EXAMPLE_MAX: usize = 300;
/// More triggers than anybody keeps in mind.
const TRIGGERS_MAX: usize = 200;

const TRIGGER: [&str; 10] =
    ["trigger", "triggers", "condition", "situation", "scenario", "issue", "issue type", "when", "if", "reason"];
const TARGET: [&str; 10] =
    ["escalate to", "escalated to", "escalates to", "goes to", "route to", "to", "owner", "team", "tier", "who"];
const EXAMPLE: [&str; 6] = ["example", "examples", "example wording", "wording", "sounds like", "sample"];
const TIME: [&str; 9] =
    ["response time", "respond within", "within", "respond", "how fast", "sla", "time", "deadline", "response"];
const SEVERITY: [&str; 4] = ["severity", "priority", "urgency", "sev"];
const CONFIDENTIAL: [&str; 3] = ["confidential", "private", "visibility"];
const NUMBER: [&str; 4] = ["#", "no", "nr", "id"];
const TIER: [&str; 3] = ["tier", "level", "line"];
const WHO: [&str; 8] = ["who", "team", "role", "group", "staffed by", "owner", "name", "handled by"];

/// Reads all of it.
pub(super) fn draft(document: &Document) -> Draft {
    let mut gathering = Gathering { draft: Draft::default(), teams: Teams::default() };
    let title = cut(&document.title, NAME_MAX);
    gathering.draft.name = if title.is_empty() { "Support".to_owned() } else { title };
    let (triggers, others): (Vec<&Table>, Vec<&Table>) =
        document.tables.iter().partition(|table| is_of_triggers(table));
    for table in others {
        match table
            .column(&TIER)
            .or_else(|| table.column(&WHO))
            .filter(|_| table.column(&TIME).is_some() || is_of_tiers(table))
        {
            Some(_) => {
                gathering.strange_columns(table, &[&TIER, &WHO, &TIME, &NUMBER]);
                gathering.tiers(table);
            }
            None => gathering
                .open(table.line, format!("the table with the columns {} has no place here", quoted(&table.head))),
        }
    }
    for html in &document.html {
        gathering
            .open(html.line, format!("\"{}\": HTML is not read, write it as Markdown", cut(&one_line(&html.says), 60)));
    }
    gathering.lists(document);
    for table in triggers {
        gathering.strange_columns(table, &[&TRIGGER, &TARGET, &EXAMPLE, &TIME, &SEVERITY, &CONFIDENTIAL, &NUMBER]);
        for row in &table.rows {
            gathering.trigger(table, row);
        }
    }
    gathering.playbooks(document);
    gathering.texts(document);
    gathering.end();
    let mut draft = gathering.draft;
    draft.teams = gathering.teams.all;
    draft.open.sort();
    draft
}

fn is_of_triggers(table: &Table) -> bool {
    let (trigger, target) = (table.column(&TRIGGER), table.column(&TARGET));
    // A table that begins with tiers says when each is asked, not what fires.
    let begins_with_tiers = table.column(&["tier", "level"]) == Some(0);
    trigger.is_some() && target.is_some() && trigger != target && !begins_with_tiers
}

fn is_of_tiers(table: &Table) -> bool {
    table.column(&["tier", "level"]).is_some() || ["tier", "teams"].iter().any(|it| table.section.contains(it))
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("\"{}\"", cut(name, 30))).collect::<Vec<_>>().join(", ")
}

struct Gathering {
    draft: Draft,
    teams: Teams,
}

impl Gathering {
    fn open(&mut self, line: usize, what: String) {
        self.draft.open.push(Open { line, what });
    }

    /// Teams, and how long each has to answer.
    fn tiers(&mut self, table: &Table) {
        let (tier, time) = (table.column(&TIER), table.column(&TIME));
        let who = table.column(&WHO).filter(|who| Some(*who) != tier && Some(*who) != time);
        for row in &table.rows {
            let (tier, who) = (row.cell(tier), row.cell(who));
            if tier.is_empty() && who.is_empty() {
                continue;
            }
            let teams = self.teams.declare(tier, who, row.line);
            let said = row.cell(time);
            if let Some(within) = self.within(said, row.line) {
                for team in teams {
                    self.teams.all[team].within = Some(within.clone());
                }
            }
        }
    }

    /// A time to answer as the config writes it; `None` where there is none.
    fn within(&mut self, said: &str, line: usize) -> Option<String> {
        if said.trim().is_empty() {
            return None;
        }
        if understand::is_of_business(said) {
            self.open(
                line,
                format!("\"{}\": written around the clock; name a calendar with your hours", cut(said, 60)),
            );
        }
        let time = understand::time(said);
        if time.is_none() {
            self.open(
                line,
                format!("\"{}\" is no time that I know: write it as \"30 min\" or \"2 hours\"", cut(said, 60)),
            );
        }
        time.map(understand::written)
    }

    fn cut_note(&mut self, text: &str, chars_max: usize, line: usize) {
        if text.chars().count() > chars_max {
            self.open(line, format!("\"{}\" is longer than {chars_max} characters and was cut", cut(text, 40)));
        }
    }

    /// Columns that nothing is made of.
    fn strange_columns(&mut self, table: &Table, known: &[&[&str]]) {
        let known: Vec<usize> = known.iter().filter_map(|names| table.column(names)).collect();
        for (at, head) in table.head.iter().enumerate().filter(|(at, _)| !known.contains(at)) {
            if table.rows.iter().any(|row| !row.cell(Some(at)).is_empty()) {
                self.open(table.line, format!("the column \"{}\" is not read", cut(head, 40)));
            }
        }
    }

    fn trigger(&mut self, table: &Table, row: &Row) {
        let said = row.cell(table.column(&TRIGGER));
        if said.is_empty() {
            if row.cells.iter().any(|cell| !cell.is_empty()) {
                self.open(row.line, "a row without a trigger is left out".to_owned());
            }
            return;
        }
        if self.draft.triggers.len() == TRIGGERS_MAX {
            self.open(row.line, format!("more than {TRIGGERS_MAX} triggers: \"{}\" is left out", cut(said, 60)));
            return;
        }
        let called = format!("\"{}\"", cut(said, 60));
        let mut understood = understand::condition(said);
        if understood.when.is_none() && understood.doubts.is_empty() {
            understood.doubts.push("no rule I know looks for this".to_owned());
        }
        let rungs = self.rungs(table, row, &called, &mut understood.doubts);
        let taken: Vec<&str> = self.draft.triggers.iter().map(|it| it.id.as_str()).collect();
        let id = unique(&slug(said, "trigger"), &taken);
        let (when, mode) = match (understood.when, understood.doubts.as_slice()) {
            (Some(when), []) => (when, "live"),
            (Some(when), _) => (when, "watch"),
            // A tag that nobody gives by chance, and the trigger is off.
            (None, _) => (format!("{{ tag = [{}] }}", toml::Value::from(id.as_str())), "off"),
        };
        let how = match mode {
            "off" => "written as a trigger in mode off; say what it looks for",
            _ => "written in mode watch, nobody is paged until you say live",
        };
        if mode != "live" {
            self.open(row.line, format!("{called}: {}: {how}", understood.doubts.join("; ")));
        }
        let (severity, severity_is_given) = self.severity(table, row, &understood.kinds, &called);
        let plan = self.plan(rungs);
        let (confidential, confidential_is_given) = self.confidential(table, row, &understood.kinds, &plan, &called);
        let example = row.cell(table.column(&EXAMPLE));
        self.cut_note(example, EXAMPLE_MAX, row.line);
        let example = cut(example.trim_matches(['"', '“', '”', '\'', ' ']), EXAMPLE_MAX);
        self.cut_note(said, NAME_MAX, row.line);
        let for_everyone = understood.kinds == [Subject::Outage];
        self.draft.triggers.push(Trigger {
            id,
            name: cut(said, NAME_MAX),
            line: row.line,
            when,
            mode,
            severity,
            severity_is_given,
            plan,
            confidential,
            confidential_is_given,
            for_everyone,
            example,
            kinds: understood.kinds,
            source: row.cells.join(" | "),
        });
    }

    /// As the row says, else as such triggers usually are.
    fn severity(&mut self, table: &Table, row: &Row, kinds: &[Subject], called: &str) -> (&'static str, bool) {
        let usual = kinds.iter().map(|kind| kind.severity()).min().unwrap_or("sev3");
        let said = row.cell(table.column(&SEVERITY));
        match (said, understand::severity(said)) {
            ("", _) => (usual, false),
            (_, Some(severity)) => (severity, true),
            (said, None) => {
                self.open(
                    row.line,
                    format!("{called}: \"{}\" is no severity that I know: {usual} is written", cut(said, 30)),
                );
                (usual, false)
            }
        }
    }

    /// Whom the row names, in their order, each with its time. A team that nobody knows is a doubt.
    fn rungs(&mut self, table: &Table, row: &Row, called: &str, doubts: &mut Vec<String>) -> Vec<(usize, String)> {
        let target = row.cell(table.column(&TARGET).filter(|column| Some(*column) != table.column(&TRIGGER)));
        let mut rungs: Vec<(usize, Option<String>)> = Vec::new();
        let mut strange = Vec::new();
        for part in teams::parts(target) {
            let said = teams::said(part);
            let found = self.teams.meant(said.team, row.line, &mut strange);
            self.remarks(&said, &found, called, row.line);
            let mut within = said.time.and_then(|time| self.within(time, row.line));
            match rungs.last_mut() {
                // Its turn comes when the time of the one before is over.
                Some((_, before)) if said.is_after => *before = within.take().or(before.take()),
                None if said.is_after => {
                    let what = format!("{called}: \"{}\": written as its time to answer", cut(part, 40));
                    self.open(row.line, what);
                }
                _ => {}
            }
            rungs.extend(found.first().map(|team| (*team, within)));
        }
        if !strange.is_empty() {
            doubts.push(format!("no team is called {}", quoted(&strange)));
        } else if rungs.is_empty() {
            self.open(row.line, format!("{called}: it does not say who gets it: the last resort is written"));
        }
        if rungs.is_empty() {
            rungs.push((self.teams.last(row.line), None));
        }
        rungs.dedup_by_key(|(team, _)| *team);
        self.timed(rungs, row.cell(table.column(&TIME)), row.line)
    }

    /// What of a part of the cell is not written.
    fn remarks(&mut self, said: &teams::Said<'_>, found: &[usize], called: &str, line: usize) {
        if found.len() > 1 {
            let names: Vec<&str> = found.iter().map(|team| self.teams.all[*team].name.as_str()).collect();
            let (said, names) = (cut(said.team, 40), names.join(" or "));
            self.open(line, format!("{called}: \"{said}\" may be {names}: the first is written"));
        }
        if !said.copies.is_empty() {
            let copies = cut(said.copies, 40);
            self.open(line, format!("{called}: \"{copies}\" is not written: a page goes to one team"));
        }
    }

    /// Each team's own time in the cell, else that of the row for the first, else what the team has elsewhere.
    fn timed(&mut self, rungs: Vec<(usize, Option<String>)>, row: &str, line: usize) -> Vec<(usize, String)> {
        let mut given = self.within(row, line);
        let mut timed = Vec::new();
        for (team, own) in rungs {
            let row = given.take();
            if let (Some(own), Some(row)) = (&own, &row)
                && own != row
            {
                self.open(
                    line,
                    format!("{} has two times, {own} and {row}: the first is written", self.teams.all[team].name),
                );
            }
            let within = own.or(row).or_else(|| self.teams.all[team].within.clone());
            timed.push((team, within.unwrap_or_else(|| self.without_time(team, line))));
        }
        timed
    }

    /// Once for each team.
    fn without_time(&mut self, team: usize, line: usize) -> String {
        let what = format!("it does not say how quickly {} answers: 30m is written", self.teams.all[team].name);
        self.open(line, what);
        self.teams.all[team].within = Some("30m".to_owned());
        "30m".to_owned()
    }

    fn plan(&mut self, rungs: Vec<(usize, String)>) -> String {
        if let Some(known) = self.draft.plans.iter().find(|plan| plan.rungs == rungs) {
            return known.id.clone();
        }
        let taken: Vec<&str> = self.draft.plans.iter().map(|plan| plan.id.as_str()).collect();
        let id = unique(&self.teams.all[rungs[0].0].id, &taken);
        self.draft.plans.push(Plan { id: id.clone(), rungs });
        id
    }

    /// As the row says; else what is for lawyers and for security is kept to whom it goes to, for what was told cannot be
    /// taken back.
    fn confidential(&mut self, table: &Table, row: &Row, kinds: &[Subject], plan: &str, called: &str) -> (bool, bool) {
        let column = table.column(&CONFIDENTIAL);
        let said = row.cell(column).to_lowercase();
        let has = |words: &[&str]| words.contains(&said.as_str());
        let is_no = has(&["", "no", "n", "false", "-", "–", "—", "✗", "public"]);
        if !is_no && !has(&["yes", "y", "x", "true", "✓", "✔", "confidential", "private"]) {
            let what = format!("\"{}\": it is not clear who may read it: confidential is written", cut(&said, 40));
            self.open(row.line, what);
        }
        let is_yes = !is_no;
        let words = row.cells.join(" ").to_lowercase();
        let is_said = is_yes || (column.is_none() && words.contains("confidential"));
        let is_usual = column.is_none() && kinds.iter().any(|kind| matches!(kind, Subject::Legal | Subject::Security));
        let rungs = self.draft.plans.iter().filter(|known| known.id == plan).flat_map(|known| &known.rungs);
        let open: Vec<&str> = rungs
            .map(|(team, _)| &self.teams.all[*team])
            .filter(|team| !team.keeps_secrets)
            .map(|team| team.name.as_str())
            .collect();
        if is_usual && !is_said && !open.is_empty() {
            let what = format!(
                "{called}: confidential is written, as it is about lawyers or security: nobody else may then see the \
                 channel of {}",
                open.join(", ")
            );
            self.open(row.line, what);
        }
        (is_said || is_usual, is_said || column.is_some())
    }

    /// What every procedure has, whether the document says it or not.
    fn end(&mut self) {
        if self.draft.triggers.is_empty() {
            return;
        }
        let is_named = self.teams.has_last();
        self.draft.last = self.teams.last(1);
        if !is_named {
            self.open(
                1,
                "no managers and no tiers are named: who is paged at the end of each ladder has to be said".to_owned(),
            );
        }
        self.draft.last_within = self.teams.all[self.draft.last].within.clone().unwrap_or_else(|| "30m".to_owned());
        if self.teams.front().is_none() {
            self.open(1, "no first tier is named: who is told what becomes of cases has to be said".to_owned());
        }
        self.draft.front = self.teams.front_or_new();
        // By hand: to the second tier, or else to whoever comes last.
        let team = self.teams.second().unwrap_or(self.draft.last);
        let within = self.teams.all[team].within.clone().unwrap_or_else(|| "30m".to_owned());
        self.draft.default_plan = self.plan(vec![(team, within)]);
        let secret: Vec<String> = self
            .draft
            .triggers
            .iter()
            .filter(|trigger| trigger.confidential)
            .map(|trigger| trigger.plan.clone())
            .collect();
        if !secret.is_empty() {
            let plans = self.draft.plans.iter().filter(|plan| secret.contains(&plan.id));
            let teams: Vec<usize> =
                plans.flat_map(|plan| plan.rungs.iter().map(|rung| rung.0)).chain([self.draft.last]).collect();
            for team in teams {
                self.teams.all[team].cleared = true;
            }
        }
    }
}

/// An id made of a text: "Legal threat" is "legal-threat".
pub(super) fn slug(text: &str, otherwise: &str) -> String {
    let plain = text
        .to_lowercase()
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { ' ' })
        .collect::<String>();
    let mut slug = String::new();
    for word in plain.split_whitespace() {
        if slug.len() + word.len() + 1 > 32 {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    if slug.is_empty() { otherwise.to_owned() } else { slug }
}

/// The first of "id", "id-2", "id-3" … that is free.
pub(super) fn unique(id: &str, taken: &[&str]) -> String {
    // A form asks for the ticket under this id.
    let is_free = |id: &String| !taken.contains(&id.as_str()) && id != "ticket";
    let numbered = (2..).map(|number: usize| format!("{id}-{number}"));
    [id.to_owned()].into_iter().chain(numbered).find(is_free).unwrap_or_default()
}
