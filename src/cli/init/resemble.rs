//! Which of a server's channels or roles is meant by a name.

use crate::adapters::discord::Named;

/// What people call these teams, beside their ids and names in the example. Of several the first counts most.
const CALLED: [(&str, &[&str]); 7] = [
    ("tier-1", &["tier 1", "frontline", "reps", "agents", "support team", "support staff"]),
    ("tier-2", &["tier 2", "specialists", "senior support", "escalations"]),
    ("team-leads", &["team leads", "leads", "supervisors"]),
    ("managers", &["managers", "management", "support managers"]),
    ("engineering", &["engineering", "engineers", "developers", "devs"]),
    ("legal", &["legal", "compliance"]),
    ("security", &["security", "it security", "infosec"]),
];
/// What people call a channel that customers write in.
pub(super) const CUSTOMERS: [&str; 7] =
    ["support", "customer support", "help", "help desk", "tickets", "questions", "ask"];

/// How alike two names have to be that are not the same, from 0 to 1: one letter may be mistaken in a long word.
const ALIKE: f64 = 0.93;

/// Names for a team, the likeliest first.
pub(super) fn names_of(team: &str, name: &str) -> Vec<String> {
    let known = CALLED.iter().find(|(id, _)| *id == team).map(|(_, names)| *names).unwrap_or_default();
    [team, name].into_iter().chain(known.iter().copied()).map(str::to_owned).collect()
}

/// The one that is called so; `None` where none is, or where several are equally likely.
pub(super) fn resembling<'n>(wanted: &[String], there: &'n [Named]) -> Option<&'n Named> {
    let rated = there.iter().filter_map(|named| Some((likeness(wanted, &named.name)?, named)));
    let best = rated.clone().map(|(likeness, _)| likeness).max()?;
    let mut best = rated.filter(|(likeness, _)| *likeness == best).map(|(_, named)| named);
    best.next().filter(|_| best.next().is_none())
}

/// First how alike, then how near to the first of the names wanted.
fn likeness(wanted: &[String], name: &str) -> Option<(u8, std::cmp::Reverse<usize>)> {
    let name = plain(name);
    let rate = |(at, wanted): (usize, &String)| {
        let wanted = plain(wanted);
        let is_part = || wanted.iter().all(|word| name.contains(word));
        let rate = match (name.concat(), wanted.concat()) {
            (one, other) if one == other => 3,
            _ if is_part() => 2,
            (one, other) if strsim::jaro_winkler(&one, &other) >= ALIKE => 1,
            _ => return None,
        };
        Some((rate, std::cmp::Reverse(at)))
    };
    wanted.iter().enumerate().filter_map(rate).max()
}

/// The words of a name in small letters, without a plural's ending and without what only decorates it.
fn plain(name: &str) -> Vec<String> {
    let name = name.to_lowercase();
    let words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| if word.len() > 3 { word.trim_end_matches('s') } else { word }.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(team: &str, name: &str, there: &[&str]) -> Option<String> {
        let there: Vec<Named> =
            there.iter().zip(1..).map(|(name, id)| Named { id, name: (*name).to_owned() }).collect();
        resembling(&names_of(team, name), &there).map(|named| named.name.clone())
    }

    #[test]
    fn names_are_known_however_they_are_written() {
        for written in ["legal", "Legal", "⚖️┃legal", "legal-team", "Legal Department", "leggal"] {
            assert_eq!(found("legal", "Legal", &["general", written, "random"]).as_deref(), Some(written));
        }
        assert_eq!(found("tier-1", "Front line", &["Reps", "Tier 2"]).as_deref(), Some("Reps"));
        assert_eq!(found("security", "IT security", &["IT Security", "Social"]).as_deref(), Some("IT Security"));
    }

    #[test]
    fn the_same_name_comes_before_a_part_of_one() {
        assert_eq!(found("managers", "Managers", &["community-managers", "managers"]).as_deref(), Some("managers"));
    }

    #[test]
    fn where_it_is_not_clear_nothing_is_guessed() {
        assert_eq!(found("legal", "Legal", &["general", "random", "illegal-trades"]), None);
        assert_eq!(found("legal", "Legal", &["legal-eu", "legal-us"]), None);
        assert_eq!(found("tier-2", "Specialists", &["tier-1", "tier-3"]), None);
    }
}
