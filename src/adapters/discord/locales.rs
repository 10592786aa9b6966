//! What the commands are described as in the languages of those who type them. Discord shows each person their own
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
pub(crate) fn describe(mut commands: Value) -> Value {
    let words = words();
    for command in commands.as_array_mut().into_iter().flatten() {
        describe_one(command, &words);
    }
    commands
}

fn describe_one(part: &mut Value, words: &Words) {
    if let Some(others) = in_other_words(&part["description"], words) {
        part["description_localizations"] = others;
    }
    // Looked up by `get_mut`: an index would put what is missing there.
    for choice in part.get_mut("choices").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(others) = in_other_words(&choice["name"], words) {
            choice["name_localizations"] = others;
        }
    }
    for option in part.get_mut("options").and_then(Value::as_array_mut).into_iter().flatten() {
        describe_one(option, words);
    }
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

    /// Every text that Discord shows of commands, but those that are the same in every language.
    fn shown(part: &Value, into: &mut BTreeSet<String>) {
        let texts = [&part["description"]].into_iter();
        let choices = part["choices"].as_array().into_iter().flatten().map(|choice| &choice["name"]);
        let texts = texts.chain(choices).filter_map(Value::as_str).filter(|text| !text.is_empty());
        into.extend(texts.filter(|text| !matches!(*text, "sev2" | "sev3" | "sev4")).map(str::to_owned));
        for option in part["options"].as_array().into_iter().flatten() {
            shown(option, into);
        }
    }

    #[test]
    fn every_text_is_there_in_every_language_and_none_is_left_over() {
        let mut texts = BTreeSet::new();
        registered().as_array().into_iter().flatten().for_each(|command| shown(command, &mut texts));
        let words = words();
        let known: BTreeSet<String> = words.keys().cloned().collect();
        assert_eq!(known, texts);
        for (english, others) in &words {
            let languages: Vec<&str> = others.keys().map(String::as_str).collect();
            assert_eq!(languages, LOCALES.map(|(language, _)| language), "{english}");
            assert!(others.values().all(|text| (1..=100).contains(&text.chars().count())), "{english}: too long");
        }
    }
}
