//! The example with the ids of another server: what `bellhop init` writes. All else stays as it is, its comments too.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A team of an example, whose channel and role are yet to be named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blank {
    /// The team's id and its name.
    pub team: String,
    pub name: String,
}

/// What a server calls the things that a config names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    pub guild: u64,
    /// What people call the server.
    pub name: String,
    pub watch: Vec<u64>,
    pub staff_roles: Vec<u64>,
    /// The channel and the role of each team, by its id.
    pub teams: BTreeMap<String, (u64, u64)>,
    pub token_file: Option<String>,
    /// Where it is not the usual one.
    pub api_base: Option<String>,
}

/// The teams of an example, in its order.
pub fn blanks(example: &str) -> Vec<Blank> {
    let Ok(document) = DeTable::parse(example) else { return Vec::new() };
    let text =
        |table: &DeTable<'_>, key: &str| value(table, key).and_then(|it| it.get_ref().as_str().map(str::to_owned));
    let blank = |team: &DeTable<'_>| Some(Blank { team: text(team, "id")?, name: text(team, "name")? });
    teams(document.get_ref()).filter_map(blank).collect()
}

/// The example with these ids, and with nobody on a rota: whoever is in the example is not there.
pub fn filled(example: &str, ids: &Ids) -> String {
    let mut text = example.to_owned();
    for (span, written) in places(example, ids).into_iter().rev() {
        text.replace_range(span, &written);
    }
    for (key, value) in [("token_file", &ids.token_file), ("api_base", &ids.api_base)] {
        if let Some(value) = value {
            text = with_line(&text, &format!("# {key} = "), &format!("{key} = {}", quoted(value)));
        }
    }
    without(&text, &["[[people]]", "[[rotas]]"])
}

/// Where something else is to be written, from the beginning to the end.
fn places(example: &str, ids: &Ids) -> Vec<(Range<usize>, String)> {
    let Ok(document) = DeTable::parse(example) else { return Vec::new() };
    let root = document.get_ref();
    let mut places = Vec::new();
    let mut put = |table: &DeTable<'_>, key: &str, written: String| {
        places.extend(value(table, key).map(|value| (value.span(), written)));
    };
    if let Some(desk) = value(root, "desk").and_then(|it| it.get_ref().as_table()) {
        put(desk, "id", quoted(&slug(&ids.name)));
        put(desk, "name", quoted(&name(&ids.name)));
    }
    if let Some(discord) = value(root, "discord").and_then(|it| it.get_ref().as_table()) {
        put(discord, "guild", quoted(&ids.guild.to_string()));
        put(discord, "watch", list(&ids.watch));
        put(discord, "staff_roles", list(&ids.staff_roles));
    }
    for team in teams(root) {
        let id = value(team, "id").and_then(|id| id.get_ref().as_str());
        if let Some((channel, role)) = id.and_then(|id| ids.teams.get(id)) {
            put(team, "channel", quoted(&channel.to_string()));
            put(team, "role", quoted(&role.to_string()));
        }
    }
    places.sort_by_key(|(span, _)| span.start);
    places
}

fn teams<'t>(root: &'t DeTable<'t>) -> impl Iterator<Item = &'t DeTable<'t>> {
    let teams = value(root, "teams").and_then(|teams| teams.get_ref().as_array());
    teams.into_iter().flat_map(|teams| teams.iter()).filter_map(|team| team.get_ref().as_table())
}

fn value<'t>(table: &'t DeTable<'t>, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
    table.get(key)
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn list(ids: &[u64]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| quoted(&id.to_string())).collect();
    format!("[{}]", ids.join(", "))
}

/// A name for people as a config may have it.
fn name(text: &str) -> String {
    let text: String = text.chars().filter(|letter| !letter.is_control()).take(super::values::NAME_MAX_CHARS).collect();
    if text.trim().is_empty() { "Support".to_owned() } else { text.trim().to_owned() }
}

/// An id made of a name: "Harbor Support" is "harbor-support".
fn slug(name: &str) -> String {
    let letters: String = name
        .to_lowercase()
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { ' ' })
        .take(super::values::ID_MAX_CHARS)
        .collect();
    let slug = letters.split_whitespace().collect::<Vec<_>>().join("-");
    if slug.is_empty() { "desk".to_owned() } else { slug }
}

/// The text with this line in the place of the first one that begins so.
fn with_line(text: &str, beginning: &str, line: &str) -> String {
    let Some(start) = text.lines().find(|line| line.starts_with(beginning)) else { return text.to_owned() };
    text.replacen(start, line, 1)
}

/// The text with tables of these headings as comments, each up to an empty line.
fn without(text: &str, headings: &[&str]) -> String {
    let mut is_comment = false;
    let line = |line: &str| {
        is_comment = headings.contains(&line) || (is_comment && !line.is_empty());
        if is_comment { format!("# {line}\n") } else { format!("{line}\n") }
    };
    text.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::config::Config;

    const EXAMPLE: &str = include_str!("../../config.example.toml");

    fn ids(name: &str) -> Ids {
        let teams = blanks(EXAMPLE).into_iter().zip(1_u64..).map(|(it, at)| (it.team, (50 + at, 60 + at)));
        let (watch, staff_roles) = (vec![41, 42], vec![61, 62]);
        Ids { guild: 40, name: name.to_owned(), watch, staff_roles, teams: teams.collect(), ..Ids::default() }
    }

    #[test]
    fn nothing_but_the_ids_changes() {
        let mut ids = ids("Café \"Nord\" 2");
        ids.token_file = Some("C:\\token".to_owned());
        ids.api_base = Some("http://127.0.0.1:8321".to_owned());
        let written = filled(EXAMPLE, &ids);
        let changed = EXAMPLE.lines().zip(written.lines()).filter(|(before, after)| before != after);
        let changed: Vec<&str> = changed.map(|(_, after)| after).collect();
        assert_eq!(EXAMPLE.lines().count(), written.lines().count());
        expect![[r#"
            id = "caf-nord-2"
            name = 'Café "Nord" 2'
            guild = "40"
            watch = ["41", "42"]
            staff_roles = ["61", "62"]
            token_file = 'C:\token'
            api_base = "http://127.0.0.1:8321"
            channel = "51"
            role = "61"
            channel = "52"
            role = "62"
            channel = "53"
            role = "63"
            channel = "54"
            role = "64"
            channel = "55"
            role = "65"
            channel = "56"
            role = "66"
            channel = "57"
            role = "67"
            # [[people]]
            # id = "4002"
            # name = "Sam"
            # zone = "Europe/Berlin"
            # [[people]]
            # id = "4009"
            # name = "Sofia"
            # zone = "America/New_York"
            # [[people]]
            # id = "4003"
            # name = "Tess"
            # zone = "Europe/Berlin"
            # [[rotas]]
            # team = "tier-2"
            # id = "tier-2"
            # zone = "Europe/Berlin"
            # layers = [
            #     { people = ["Sam", "Sofia"], every = "1 week", handover = "mon 09:00", from = "2026-01-05" },
            #     { people = ["Tess"], every = "daily", handover = "00:00", from = "2026-01-05", only = ["sat-sun 10:00-16:00"] },
            # ]
            # overrides = [
            #     { person = "Tess", from = "2026-12-24 18:00", to = "2026-12-26" },
            #     { person = "Sofia", from = "2026-05-04", to = "2026-05-06", covers = "Sam" },
            # ]
            # away = [{ person = "Sofia", from = "2026-08-03", to = "2026-08-14" }]
            # # file = "tier-2.ics""#]].assert_eq(&changed.join("\n"));
        let config = Config::parse("written", &written).expect("it is right");
        assert_eq!((config.discord.guild, config.discord.watch), (40, vec![41, 42]));
        assert!(config.procedure.rotas.is_empty() && config.procedure.people.is_empty());
    }

    #[test]
    fn whatever_a_server_is_called_the_config_is_right() {
        for name in ["", "   ", "日本", "a\nb", &"x y ".repeat(50), "'\"\\", "-- --"] {
            let written = filled(EXAMPLE, &ids(name));
            assert!(Config::parse("written", &written).is_ok(), "{name:?}: {written}");
        }
    }
}
