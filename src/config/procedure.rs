//! The tables of the config that make up the [`Procedure`]: teams, plans, words, money.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::beside::Beside;
use super::calendars::calendars;
use super::judge::Remark;
use super::raw::{Item, Table, Wrong, did_you_mean, wrong};
use super::{clocks, rotas, triggers, values};
use crate::sop::calendar::Calendar;
use crate::sop::clock::Limits;
use crate::sop::guidance::Guidance;
use crate::sop::procedure::Procedure;
use crate::sop::signal::{Entry, Kind, Lexicon, Mode};
use crate::sop::team::{Plan, Rung, Team, TeamId};
use crate::sop::trigger::Rates;

/// Every name the config declares, also in tables that have other problems: a reference to one of them is right.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) teams: Vec<String>,
    pub(super) plans: Vec<String>,
    pub(super) calendars: Vec<String>,
    pub(super) triggers: Vec<String>,
    pub(super) information: Vec<String>,
    /// The built-in ones, then the team's own.
    pub(super) kinds: Vec<String>,
    pub(super) currencies: Vec<String>,
    /// What people are called, and their ids.
    pub(super) people: Vec<String>,
    pub(super) people_ids: Vec<String>,
}

impl Names {
    pub(super) fn of(document: &Table<'_>) -> Self {
        let built_in = Kind::BUILT_IN.iter().map(|kind| kind.name().to_owned());
        Self {
            teams: document.peek("teams", "id"),
            plans: document.peek("plans", "id"),
            calendars: document.peek("calendars", "id"),
            triggers: document.peek("triggers", "id"),
            information: document.peek("information", "id"),
            kinds: built_in.chain(document.peek("terms", "kind")).collect(),
            currencies: document.peek_keys("rates"),
            people: document.peek("people", "name"),
            people_ids: document.peek("people", "id"),
        }
    }

    pub(super) fn team(&self, item: &Item<'_>) -> Option<TeamId> {
        item.read(|id| known("team", id, &self.teams)).map(|id| TeamId(id.into()))
    }

    pub(super) fn plan(&self, item: &Item<'_>) -> Option<String> {
        item.read(|id| known("plan", id, &self.plans))
    }

    fn calendar(&self, item: &Item<'_>) -> Option<String> {
        item.read(|id| known("calendar", id, &self.calendars))
    }

    pub(super) fn kind(&self, name: &str) -> Result<Kind, Wrong> {
        known("kind", name, &self.kinds).map(|name| Kind::from(name.as_str()))
    }
}

/// A reference to something that the config declares elsewhere.
pub(super) fn known(what: &str, name: &str, declared: &[String]) -> Result<String, Wrong> {
    if declared.iter().any(|declared| declared == name) {
        return Ok(name.to_owned());
    }
    Err(wrong(format!("there is no {what} \"{name}\""), did_you_mean(name, declared)))
}

/// The procedure, and what its author should know although it is valid. `None` only when a problem was noted.
pub(super) fn procedure(
    document: &Table<'_>,
    names: &Names,
    watched: &[u64],
    files: &Beside<'_>,
    front: Option<TeamId>,
    default_plan: Option<String>,
    guidance: Option<Guidance>,
) -> Option<(Procedure, Vec<Remark>)> {
    let teams = teams(document, watched);
    let calendars = calendars(document, files);
    let catch_all = document.need("catch_all", CATCH_ALL_HINT).and_then(|item| rung(&item, names, &calendars));
    let plans = plans(document, names, &calendars, catch_all.as_ref());
    let lexicon = lexicon(document);
    let rates = rates(document);
    let label_thresholds = label_thresholds(document, names);
    // Where the desk's table has problems, those are noted.
    let asked = guidance.clone().unwrap_or_default();
    let triggers = triggers::triggers(document, names, &teams, &plans, &asked);
    let people = rotas::people(document);
    let (rotas, warnings) = rotas::rotas(document, names, files, &people);
    let default_plan = default_plan.and_then(|id| plans.into_iter().find(|plan| plan.id == id));
    let (front, default_plan, lexicon, guidance) = (front?, default_plan?, lexicon?, guidance?);
    let procedure = Procedure {
        // Known once every file has been read.
        version: String::new(),
        teams,
        people,
        rotas,
        calendars,
        triggers,
        default_plan,
        front,
        lexicon,
        rates,
        label_thresholds,
        // Read with the accounts they belong to.
        ticket_links: Vec::new(),
        // Read with the desk's table.
        threads: true,
        // Read with the other tables.
        digests: Vec::new(),
        guidance,
    };
    Some((procedure, warnings))
}

const CATCH_ALL_HINT: &str =
    "nobody may be forgotten: add [catch_all] with team and respond_within, paged when a ladder has ended";

/// Reads the tables of `[[name]]` that may be missing.
fn each<'t, T>(document: &Table<'t>, name: &'static str, read: impl Fn(Table<'t>) -> Option<T>) -> Vec<T> {
    document.get(name).map_or_else(Vec::new, |item| item.tables().into_iter().filter_map(read).collect())
}

/// Reads the tables of `[[name]]`, of which there must be one, each with an `id` of its own.
pub(super) fn each_with_id<'t, T>(
    document: &Table<'t>,
    name: &'static str,
    read: impl FnMut(Table<'t>, Option<String>) -> Option<T>,
) -> Vec<T> {
    let item = document.need(name, &format!("add at least one table [[{name}]]"));
    item.map_or_else(Vec::new, |item| each_with_id_in(&item, name, read))
}

/// Reads the tables of `[[name]]`, each with an `id` of its own.
pub(super) fn each_with_id_in<'t, T>(
    tables: &Item<'t>,
    name: &str,
    mut read: impl FnMut(Table<'t>, Option<String>) -> Option<T>,
) -> Vec<T> {
    let mut seen = Vec::new();
    let mut read_once = |table: Table<'t>| {
        let item = table.need("id", "every table here is named by its id, used elsewhere");
        let id = item.as_ref().and_then(|item| item.read(values::id));
        if let (Some(item), Some(id)) = (&item, &id) {
            if seen.contains(id) {
                item.note(wrong(
                    format!("\"{id}\" is taken"),
                    format!("give every one of [[{name}]] an id of its own"),
                ));
            }
            seen.push(id.clone());
        }
        read(table, id)
    };
    tables.tables().into_iter().filter_map(&mut read_once).collect()
}

/// `watched` are the channels that customers write in.
fn teams(document: &Table<'_>, watched: &[u64]) -> Vec<Team> {
    // A channel and whether it was called cleared, to find one that is called both.
    let mut channels: BTreeMap<u64, bool> = BTreeMap::new();
    each_with_id(document, "teams", |table, id| {
        let name = table.need("name", "the name on cards: name = \"Legal\"").and_then(|item| item.read(values::name));
        let channel_item = table.need("channel", "the id of the channel in which this team gets its cards");
        let channel = channel_item.as_ref().and_then(|item| item.read(values::snowflake));
        let role = table.need("role", "the id of the role that a page pings");
        let role = role.and_then(|item| item.read(values::snowflake));
        let cleared = table.flag("cleared", false);
        let manages = table.flag("manages", false);
        table.close();
        let (channel, cleared) = (channel?, cleared?);
        if watched.contains(&channel) {
            let hint = "give the team a channel that customers cannot see";
            channel_item?
                .note(wrong("this channel is one of [discord] watch, so customers would read its cards", hint));
            return None;
        }
        if channels.insert(channel, cleared).is_some_and(|other| other != cleared) {
            let hint = "a cleared team needs a channel that only it can see";
            channel_item?.note(wrong("this channel belongs to a cleared team and to one that is not", hint));
        }
        let (place, group) = (channel.to_string().into(), role?.to_string());
        Some(Team { id: TeamId(id?.into()), name: name?, place, group, cleared, manages: manages? })
    })
}

fn plans(document: &Table<'_>, names: &Names, calendars: &[Arc<Calendar>], catch_all: Option<&Rung>) -> Vec<Arc<Plan>> {
    each_with_id(document, "plans", |table, id| {
        let rungs = table.need("rungs", "list who is paged, in order: rungs = [{ team = …, respond_within = … }]");
        let rungs = rungs.and_then(|item| {
            let rungs = item.each(|item| rung(item, names, calendars))?;
            if rungs.is_empty() {
                return item.refuse(wrong("a plan without rungs pages nobody", "list at least one team"));
            }
            Some(rungs)
        });
        let repeat = table.get("repeat").map_or(Some(0), |item| match item.count()? {
            repeat @ 0..=REPEAT_MAX => Some(repeat),
            _ => item.refuse(wrong("repeated too often", format!("at most {REPEAT_MAX}; then the catch-all is paged"))),
        });
        let confirm_within = table.get("confirm_within").map_or(Some(CONFIRM_WITHIN), |item| item.read(confirm_within));
        let limits = table.get("clocks").map(|item| clocks::limits(&item, names, calendars));
        let lower_when = table.get("lower_when").map_or(Some(Vec::new()), |item| criteria(&item));
        table.close();
        let clocks = limits.unwrap_or_else(|| Some(Limits::default()));
        Some(Arc::new(Plan {
            id: id?,
            rungs: rungs?,
            repeat: repeat?,
            catch_all: catch_all?.clone(),
            clocks: clocks?,
            confirm_within: confirm_within?,
            lower_when: lower_when?,
        }))
    })
}

/// Who reported a case has this long to say that it is not solved.
const CONFIRM_WITHIN: TimeDelta = TimeDelta::days(1);

/// A duration, or "none" where nobody is to be asked.
fn confirm_within(text: &str) -> Result<TimeDelta, Wrong> {
    if text == "none" { Ok(TimeDelta::zero()) } else { values::duration(text) }
}

/// What has to be so for a case to go back: shown on cards, and offered where a reason is typed.
fn criteria(item: &Item<'_>) -> Option<Vec<String>> {
    let criteria = item.each(|item| item.read(values::name))?;
    match criteria.len() {
        0..=CRITERIA_MAX => Some(criteria),
        many => item.refuse(wrong(format!("{many} criteria"), format!("a card shows at most {CRITERIA_MAX}"))),
    }
}

const CRITERIA_MAX: usize = 6;

/// Who did not answer after so many rounds will not answer the next one.
pub(super) const REPEAT_MAX: u32 = 10;

/// A team, its time, in whose hours the time is counted, and how many have to answer.
fn rung(item: &Item<'_>, names: &Names, calendars: &[Arc<Calendar>]) -> Option<Rung> {
    let table = item.table()?;
    let team = table.need("team", "name one of [[teams]]").and_then(|item| names.team(&item));
    let within = table.need("respond_within", "the time to answer, counted from the page's delivery: \"30m\"");
    let within = within.and_then(|item| item.read(values::duration));
    let calendar = calendar(&table, names, calendars);
    let required_acks = table.get("required_acks").map_or(Some(1), |item| match item.count()? {
        count @ 1..=ACKS_MAX => Some(count),
        _ => item.refuse(wrong("nobody, or a crowd", format!("1 to {ACKS_MAX} people who have to acknowledge"))),
    });
    table.close();
    Some(Rung { team: team?, respond_within: within?, calendar: calendar?, required_acks: required_acks? })
}

/// The calendar that a table names, if it names one.
#[expect(clippy::option_option, reason = "one that is wrong, none, or the one that is named")]
pub(super) fn calendar(table: &Table<'_>, names: &Names, calendars: &[Arc<Calendar>]) -> Option<Option<Arc<Calendar>>> {
    let Some(item) = table.get("calendar") else { return Some(None) };
    let id = names.calendar(&item)?;
    // One that has problems of its own is not here; those were noted.
    calendars.iter().find(|calendar| calendar.id == id).map(|calendar| Some(Arc::clone(calendar)))
}

/// More people will hardly be awake at once, and the card names them all.
const ACKS_MAX: u32 = 9;

/// The built-in terms and the team's own.
fn lexicon(document: &Table<'_>) -> Option<Arc<Lexicon>> {
    let own = each(document, "terms", |table| {
        let item = table.need("term", "the words to look for")?;
        let entry = entry(&table, &item);
        table.close();
        Some((item, entry?))
    });
    if own.is_empty() {
        return Some(Lexicon::built_in());
    }
    let problems = match Lexicon::new(own.iter().map(|(_, entry)| entry.clone()).collect()) {
        Ok(lexicon) => return Some(lexicon.into()),
        Err(problems) => problems,
    };
    for problem in problems {
        let wrong = wrong(problem.sentence, "see how terms are written in the comment above [[terms]]");
        match problem.index.and_then(|index| own.get(index)) {
            Some((item, _)) => item.note(wrong),
            None => document.note(wrong),
        }
    }
    None
}

fn entry(table: &Table<'_>, term: &Item<'_>) -> Option<Entry> {
    let term = term.text();
    let kind = table.need("kind", "one of angry, legal, security, financial, outage, repeat, or a name of your own");
    let kind = kind.and_then(|item| item.read(values::id)).map(|name| Kind::from(name.as_str()));
    let weight =
        table.need("weight", "0 to 1: how strongly one occurrence shows the kind; below 0 it speaks against it");
    let weight = weight.and_then(|item| item.signed_share());
    let language = match table.get("language") {
        Some(item) => item.read(values::language),
        None => Some("en".to_owned()),
    };
    let modes = [("off", Mode::Off), ("watch", Mode::Watch), ("live", Mode::Live)];
    let mode = table.choice("mode", Some(Mode::Live), &modes);
    Some(Entry { term: term?.to_owned(), kind: kind?, weight: weight?, language: language?, mode: mode? })
}

fn rates(document: &Table<'_>) -> Rates {
    let hint = "say what one unit of each currency is worth: [rates] USD = \"1\"";
    let Some(table) = document.need("rates", hint).and_then(|item| item.table()) else { return Rates::default() };
    let rate = |(code, item): (&str, Item<'_>)| {
        let code = values::currency(code).map_err(|wrong| item.note(wrong)).ok();
        let rate = item.read(values::rate);
        Some((code?, rate?))
    };
    Rates(table.entries().filter_map(rate).collect())
}

fn label_thresholds(document: &Table<'_>, names: &Names) -> Vec<(Kind, f64)> {
    let Some(reading) = document.get("reading").and_then(|item| item.table()) else { return Vec::new() };
    let labels = reading.get("labels").and_then(|item| item.table());
    reading.close();
    let threshold = |(name, item): (&str, Item<'_>)| {
        let kind = names.kind(name).map_err(|wrong| item.note(wrong)).ok();
        let threshold = item.share();
        Some((kind?, threshold?))
    };
    labels.map_or_else(Vec::new, |labels| labels.entries().filter_map(threshold).collect())
}
