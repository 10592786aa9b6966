//! What the commands are called and described as in the languages of those who type them. Discord shows each person
//! their own, and tells the bot the English names whatever was typed
//! (<https://discord.com/developers/docs/interactions/application-commands#localization>).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// By the English words, then by language.
const WORDS: &str = include_str!("../../../templates/commands.toml");
/// Discord's names for each language of the file.
const LOCALES: [(&str, &[&str]); 3] = [("de", &["de"]), ("es", &["es-ES", "es-419"]), ("fr", &["fr"])];

type Words = BTreeMap<String, BTreeMap<String, String>>;

fn words() -> Words {
    toml::from_str(WORDS).expect("the tests read the built-in words")
}

/// Adds every language to commands as they are registered.
pub(crate) fn localize(mut commands: Value) -> Value {
    let words = words();
    for command in commands.as_array_mut().into_iter().flatten() {
        localize_one(command, None, &words);
    }
    commands
}

/// A command, a command of a command or an option, and everything in it.
fn localize_one(part: &mut Value, of: Option<&str>, words: &Words) {
    let key = key(part, of, words);
    let texts = [("name", Value::from(key.as_str())), ("description", part["description"].clone())];
    for (what, english) in texts {
        if let Some(others) = in_other_words(&english, words) {
            part[format!("{what}_localizations")] = others;
        }
    }
    // Looked up by `get_mut`: an index would put what is missing there.
    for choice in part.get_mut("choices").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(others) = in_other_words(&choice["name"], words) {
            choice["name_localizations"] = others;
        }
    }
    for option in part.get_mut("options").and_then(Value::as_array_mut).into_iter().flatten() {
        localize_one(option, Some(&key), words);
    }
}

/// What the name of a part stands under in the file.
fn key(part: &Value, of: Option<&str>, words: &Words) -> String {
    let name = part["name"].as_str().unwrap_or_default();
    match (of, is_command(part)) {
        (None, true) => format!("/{name}"),
        (None, false) => name.to_owned(),
        (Some(of), true) => format!("{of} {name}"),
        (Some(of), false) => {
            let only_here = format!("{of} {name}:");
            if words.contains_key(&only_here) { only_here } else { format!("{name}:") }
        }
    }
}

/// A command that is typed, or an option that is a command itself: their kind has the same number, and is not written
/// where it goes without saying.
fn is_command(part: &Value) -> bool {
    part["type"].as_u64().unwrap_or(1) == 1
}

fn in_other_words(english: &Value, words: &Words) -> Option<Value> {
    let known = words.get(english.as_str()?)?;
    let mut others = Map::new();
    for (language, locales) in LOCALES {
        let text = known.get(language)?;
        others.extend(locales.iter().map(|locale| ((*locale).to_owned(), Value::from(text.as_str()))));
    }
    Some(others.into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::adapters::discord::commands::registered;
    use crate::words::Language;

    /// What Discord shows of a part that is the same in every language.
    const SAME: [&str; 3] = ["sev2", "sev3", "sev4"];

    fn list<'v>(part: &'v Value, what: &str) -> impl Iterator<Item = &'v Value> {
        part[what].as_array().into_iter().flatten()
    }

    /// The keys of every text that Discord shows of a part.
    fn shown(part: &Value, of: Option<&str>, into: &mut BTreeSet<String>) {
        let key = key(part, of, &words());
        let texts = [&part["description"]].into_iter().chain(list(part, "choices").map(|choice| &choice["name"]));
        let texts = texts.filter_map(Value::as_str).filter(|text| !text.is_empty() && !SAME.contains(text));
        into.extend(texts.map(str::to_owned));
        list(part, "options").for_each(|option| shown(option, Some(&key), into));
        into.insert(key);
    }

    #[test]
    fn every_text_is_there_in_every_language_and_none_is_left_over() {
        let mut texts = BTreeSet::new();
        list(&serde_json::json!({ "all": registered() }), "all").for_each(|command| shown(command, None, &mut texts));
        let words = words();
        let known: BTreeSet<String> = words.keys().cloned().collect();
        assert_eq!(known, texts);
        for (english, others) in &words {
            let languages: Vec<&str> = others.keys().map(String::as_str).collect();
            assert_eq!(languages, LOCALES.map(|(language, _)| language), "{english}");
            assert!(others.values().all(|text| (1..=100).contains(&text.chars().count())), "{english}: too long");
        }
    }

    /// What a part is called in a language: by the first of Discord's names for it.
    fn name<'v>(part: &'v Value, language: &str) -> &'v str {
        let locale = LOCALES.iter().find(|(known, _)| *known == language).map(|(_, locales)| locales[0]);
        let name = locale.map_or(&part["name"], |locale| &part["name_localizations"][locale]);
        name.as_str().expect("every part has a name in every language")
    }

    /// `/command` and `/command part`, for each that can be typed.
    fn typed(language: &str) -> BTreeSet<String> {
        let commands = registered();
        let typed = commands.as_array().into_iter().flatten().filter(|command| is_command(command));
        let paths = typed.flat_map(|command| {
            let name_of = |part| name(part, language).to_owned();
            let parts = list(command, "options").filter(|option| is_command(option));
            let parts = parts.map(move |part| format!("/{} {}", name_of(command), name_of(part)));
            parts.chain([format!("/{}", name(command, language))]).collect::<Vec<_>>()
        });
        paths.collect()
    }

    #[test]
    fn the_words_of_a_language_name_commands_as_they_are_called_in_it() {
        for (code, language) in Language::ALL {
            let commands = typed(code);
            for (file, template) in language.templates() {
                let named = template.split('`').skip(1).step_by(2).filter(|quoted| quoted.starts_with('/'));
                for named in named {
                    assert!(commands.contains(named), "{code}, {file}: there is no {named}");
                }
            }
            let commands = registered();
            let menu = commands.as_array().into_iter().flatten().find(|command| !is_command(command));
            let menu = name(menu.expect("a message has a menu"), code);
            let help = language.templates().iter().find(|(file, _)| *file == "help.md").expect("there is help").1;
            assert!(help.contains(menu), "{code}: the help does not name {menu}");
        }
    }

    /// Names of what stands side by side differ, or one of it could not be used.
    fn unlike(parts: &[&Value], language: &str) {
        let mut names = BTreeSet::new();
        for part in parts {
            let name = name(part, language);
            assert!(names.insert(name), "{language}: {name} stands there twice");
            unlike(&list(part, "options").collect::<Vec<_>>(), language);
        }
    }

    #[test]
    fn no_two_things_side_by_side_are_called_the_same() {
        let commands = registered();
        let commands: Vec<&Value> = commands.as_array().into_iter().flatten().collect();
        for (language, _) in &LOCALES {
            unlike(&commands, language);
        }
    }
}
