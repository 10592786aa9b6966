//! The teams of a document: what they are called in it, and which of the usual ones they are.

use std::sync::LazyLock;

use regex::Regex;

use crate::cli::sop::import::document::one_line;
use crate::cli::sop::import::draft::Team;
use crate::cli::sop::import::gather::{slug, unique};
use crate::cli::sop::import::understand;
use crate::sop::message::cut;

/// Id, name, channel and role in the sandbox, and what people call such a team.
const USUAL: [(&str, &str, u32, u32, &[&str]); 7] = [
    (
        "tier-1",
        "Front line",
        2002,
        3002,
        &[
            "tier 1",
            "t1",
            "l1",
            "level 1",
            "frontline",
            "front line",
            "first line",
            "rep",
            "agent",
            "support agent",
            "support rep",
        ],
    ),
    (
        "tier-2",
        "Specialists",
        2003,
        3003,
        &["tier 2", "t2", "l2", "level 2", "specialist", "senior support", "second line"],
    ),
    (
        "team-leads",
        "Team leads",
        2004,
        3004,
        &["team lead", "lead", "supervisor", "shift lead", "teamlead", "team leader"],
    ),
    ("managers", "Managers", 2005, 3005, &["manager", "management", "support manager", "duty manager"]),
    ("engineering", "Engineering", 2006, 3006, &["engineering", "engineer", "developer", "dev", "devop", "sre"]),
    ("legal", "Legal", 2007, 3007, &["legal", "legal compliance", "compliance", "counsel", "lawyer"]),
    ("security", "IT security", 2008, 3008, &["security", "it security", "infosec", "information security"]),
];

/// Where the ids of other teams begin.
const CHANNELS: u32 = 2101;
const ROLES: u32 = 3101;

#[derive(Debug, Default)]
pub(super) struct Teams {
    pub all: Vec<Team>,
    /// What the document calls a tier that is several teams.
    tiers: Vec<(String, Vec<usize>)>,
}

/// One after the other: "Team lead → Manager", "Legal, then managers".
pub(super) fn parts(target: &str) -> Vec<&str> {
    let arrows = target.split(['→', '➔', '⇒', '>']).flat_map(|part| part.split(" then "));
    arrows.map(|part| part.trim_matches([' ', ',', '-', '=', ';'])).filter(|part| !part.is_empty()).collect()
}

/// Whom a part of a cell names, and what else it says.
pub(super) struct Said<'t> {
    pub team: &'t str,
    /// How long that team has; after `is_after`, when it is its turn.
    pub time: Option<&'t str>,
    pub is_after: bool,
    /// Who is told as well, with the word for it.
    pub copies: &'t str,
}

/// "Managers after 1h", "Security (within 15 min)", "Security, cc: Legal".
pub(super) fn said(part: &str) -> Said<'_> {
    static COPIES: LazyLock<Regex> = LazyLock::new(|| pattern(r"[\s,;(+&]+(?:cc|cc'd|fyi)\b"));
    static TIME: LazyLock<Regex> = LazyLock::new(|| pattern(r"[\s,;(]+(?:within|in|(after))\s+"));
    const MARKS: [char; 7] = [' ', ',', ';', '(', ')', '+', '&'];
    let (rest, copies) = COPIES.find(part).map_or((part, ""), |found| part.split_at(found.start()));
    let found = TIME.captures(rest).and_then(|found| {
        let (whole, time) = (found.get(0)?, rest[found.get(0)?.end()..].trim_matches(MARKS));
        understand::is_time(time).then(|| (&rest[..whole.start()], time, found.get(1).is_some()))
    });
    let (team, time, is_after) =
        found.map_or((rest, None, false), |(team, time, is_after)| (team, Some(time), is_after));
    Said { team: team.trim_end_matches([' ', ',', ';']), time, is_after, copies: copies.trim_matches(MARKS) }
}

fn pattern(text: &str) -> Regex {
    Regex::new(&format!("(?i){text}")).expect("a pattern of ours is well written")
}

/// Small letters, single spaces, no endings of the plural, and no word that every team may have.
fn plain(text: &str) -> String {
    let text = text.to_lowercase();
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let words = words.filter(|word| !["team", "the", "department", "dept", "on", "call", "duty", "our"].contains(word));
    let single = words.map(|word| if word.len() > 3 { word.trim_end_matches('s') } else { word });
    let plain = single.collect::<Vec<_>>().join(" ");
    // "team lead" and "duty manager" are words of their own.
    if plain.is_empty() { text.trim().to_owned() } else { plain }
}

/// Whether plain words hold what a team is called, and besides that nothing which would make it another: an account
/// manager is none of the managers.
fn says_no_more(wanted: &str, called: &[String]) -> bool {
    const MORE: [&str; 9] = ["support", "customer", "service", "staff", "group", "tier", "level", "our", "of"];
    let mut rest = format!(" {wanted} ");
    for name in called.iter().filter(|name| !name.is_empty()) {
        rest = rest.replace(&format!(" {name} "), "  ");
    }
    rest.trim() != wanted && rest.split_whitespace().all(|word| MORE.contains(&word))
}

impl Teams {
    /// A row of a table of tiers: the teams it stands for.
    pub(super) fn declare(&mut self, tier: &str, who: &str, line: usize) -> Vec<usize> {
        let said = if who.is_empty() { tier } else { who };
        let names: Vec<&str> = said.split(['/', ',', ';']).flat_map(|part| part.split(" or ")).collect();
        let names: Vec<&str> = names.into_iter().map(str::trim).filter(|name| !name.is_empty()).collect();
        let mut teams: Vec<usize> = Vec::new();
        for name in names {
            // "Tier 2 (Specialists)" names one team twice.
            let team =
                self.usual(name, line).or_else(|| self.usual(tier, line)).unwrap_or_else(|| self.add(name, line));
            if !teams.contains(&team) {
                teams.push(team);
            }
        }
        self.tiers.push((plain(tier), teams.clone()));
        if let [team] = teams.as_slice() {
            let called = [plain(tier), plain(said)];
            self.all[*team].called.extend(called.into_iter().filter(|name| !name.is_empty()));
            // What the document calls it is what its people know.
            if !who.is_empty() {
                self.all[*team].name = cut(&one_line(who), 80);
            }
        }
        teams
    }

    /// The usual team that is called so.
    fn usual(&mut self, name: &str, line: usize) -> Option<usize> {
        let wanted = plain(name);
        let exact = USUAL.iter().find(|usual| usual.4.iter().any(|name| plain(name) == wanted));
        let is_it = |called: &[&str]| says_no_more(&wanted, &called.iter().map(|name| plain(name)).collect::<Vec<_>>());
        let within: Vec<_> = USUAL.iter().filter(|usual| is_it(usual.4)).collect();
        let (id, name, channel, role, _) = *exact.or_else(|| within.first().copied().filter(|_| within.len() == 1))?;
        if let Some(known) = self.all.iter().position(|team| team.id == id) {
            return Some(known);
        }
        let team = Team {
            id: id.to_owned(),
            name: name.to_owned(),
            channel,
            role,
            within: None,
            cleared: false,
            manages: id == "managers",
            keeps_secrets: ["legal", "security", "managers"].contains(&id),
            line,
            called: Vec::new(),
        };
        self.all.push(team);
        Some(self.all.len() - 1)
    }

    fn add(&mut self, name: &str, line: usize) -> usize {
        let taken: Vec<&str> = self.all.iter().map(|team| team.id.as_str()).chain(USUAL.map(|usual| usual.0)).collect();
        let id = unique(&slug(name, "team"), &taken);
        let number = u32::try_from(self.all.len()).unwrap_or_default();
        let name = one_line(name);
        let called = vec![plain(&name)];
        let name = cut(if name.is_empty() { "Team" } else { &name }, 80);
        let (channel, role) = (CHANNELS + number, ROLES + number);
        let (within, cleared, manages, keeps_secrets) = (None, false, false, false);
        self.all.push(Team { id, name, channel, role, within, cleared, manages, keeps_secrets, line, called });
        self.all.len() - 1
    }

    /// The teams that are known and called so.
    pub(super) fn known(&self, name: &str) -> Vec<usize> {
        let wanted = plain(name);
        if let Some((_, teams)) = self.tiers.iter().find(|(tier, _)| *tier == wanted) {
            return teams.clone();
        }
        let is_called = |team: &Team| plain(&team.name) == wanted || team.called.contains(&wanted);
        let exact: Vec<usize> = (0..self.all.len()).filter(|at| is_called(&self.all[*at])).collect();
        if !exact.is_empty() {
            return exact;
        }
        (0..self.all.len()).filter(|at| says_no_more(&wanted, &self.all[*at].called)).collect()
    }

    /// The teams that a row may mean. Where it is like none that there is: a new one if the document lists no teams;
    /// else it is `strange`.
    pub(super) fn meant(&mut self, name: &str, line: usize, strange: &mut Vec<String>) -> Vec<usize> {
        let alternatives = name.split(['/', ',']).flat_map(|part| part.split(" or "));
        let alternatives: Vec<&str> = alternatives.flat_map(|part| part.split(" and ")).collect();
        let mut teams: Vec<usize> = Vec::new();
        for name in alternatives.into_iter().map(str::trim).filter(|name| !name.is_empty()) {
            let mut found = self.known(name);
            if found.is_empty() {
                found.extend(self.usual(name, line));
            }
            if found.is_empty() && self.tiers.is_empty() {
                found.push(self.add(name, line));
            }
            if found.is_empty() {
                strange.push(name.to_owned());
            }
            teams.extend(found.into_iter().filter(|team| !teams.contains(team)).collect::<Vec<_>>());
        }
        teams
    }

    fn with_id(&self, id: &str) -> Option<usize> {
        self.all.iter().position(|team| team.id == id)
    }

    /// Managers, or else the last tier.
    fn named_last(&self) -> Option<usize> {
        self.with_id("managers").or_else(|| self.tiers.last().and_then(|(_, teams)| teams.first().copied()))
    }

    pub(super) fn has_last(&self) -> bool {
        self.named_last().is_some()
    }

    /// Who is paged at the end of each ladder.
    pub(super) fn last(&mut self, line: usize) -> usize {
        self.named_last().unwrap_or_else(|| self.usual("managers", line).expect("managers are usual"))
    }

    pub(super) fn front(&self) -> Option<usize> {
        self.with_id("tier-1").or_else(|| self.tiers.first().and_then(|(_, teams)| teams.first().copied()))
    }

    pub(super) fn front_or_new(&mut self) -> usize {
        self.front().unwrap_or_else(|| self.usual("tier 1", 1).expect("a first tier is usual"))
    }

    pub(super) fn second(&self) -> Option<usize> {
        self.with_id("tier-2").or_else(|| self.tiers.get(1).and_then(|(_, teams)| teams.first().copied()))
    }
}
