//! Which language a text is in, as far as it matters: whether the lexicon can read it.
//!
//! Not a language detector. The script decides for scripts that one language mostly owns; for Latin letters the short
//! words every sentence needs are counted. Short texts, emoji and mixed chatter lean to English, the lingua franca of
//! team chat; only clear evidence of a language the lexicon does not cover closes the gate, because a missed legal
//! threat costs more than a look at a foreign sentence.

use std::collections::HashMap;

use super::lexicon::Lexicon;

/// Fewer foreign words than this are a name, a greeting or a loan.
const CLEAR_MIN_WORDS: usize = 3;

/// Words that make up much of any text in a language and little of any other here. Spelled as normalised.
const FUNCTION_WORDS: &[(&str, &[&str])] = &[
    (
        "en",
        &[
            "the", "and", "to", "of", "is", "it", "my", "you", "your", "i", "for", "this", "that", "have", "was",
            "not", "with", "are", "on", "they", "been", "has", "be", "but", "we", "can", "will", "from", "please",
            "at", "just", "why", "what", "when", "how", "get", "would", "their", "our",
        ],
    ),
    (
        "es",
        &[
            "que", "el", "los", "las", "una", "por", "para", "con", "del", "mi", "su", "esta", "pero", "como", "ya",
            "yo", "les", "hola", "gracias", "muy", "hace", "tengo", "porque", "cuando", "sin", "nos", "son", "hay",
            "eso", "esto", "y", "es", "lo", "mis", "usted", "ustedes",
        ],
    ),
    (
        "pt",
        &[
            "nao", "uma", "voces", "voce", "com", "meu", "minha", "dos", "das", "os", "ao", "mas", "isso", "foi",
            "muito", "estou", "tem", "obrigado", "pra", "ja", "sao", "em", "um", "eu", "ate",
        ],
    ),
    (
        "fr",
        &[
            "le", "les", "des", "et", "une", "pas", "je", "vous", "nous", "est", "pour", "que", "dans", "sur", "mon",
            "avec", "votre", "sont", "mais", "plus", "ce", "qui", "du", "au", "bonjour", "merci", "ai", "ne",
        ],
    ),
    (
        "de",
        &[
            "der", "die", "das", "und", "ich", "nicht", "ist", "ein", "eine", "mit", "auf", "sie", "es", "wir", "fur",
            "den", "dem", "von", "zu", "aber", "auch", "wie", "mein", "meine", "habe", "kann", "bei", "noch", "wird",
        ],
    ),
    (
        "nl",
        &[
            "het", "een", "ik", "niet", "van", "voor", "met", "mijn", "zijn", "maar", "ook", "dat", "op", "te", "naar",
            "wat", "jullie", "geen", "heb", "er", "nog", "om", "deze", "bij", "en", "de",
        ],
    ),
    (
        "it",
        &[
            "il", "che", "non", "di", "per", "una", "sono", "mi", "della", "con", "ho", "gli", "alla", "questo",
            "anche", "come", "piu", "grazie", "nel", "ma", "vostro", "ancora",
        ],
    ),
];

/// Scripts that mostly one language of customers uses.
fn language_of_script(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{370}'..='\u{3ff}' => "el",
        '\u{400}'..='\u{52f}' => "ru",
        '\u{590}'..='\u{5ff}' => "he",
        '\u{600}'..='\u{6ff}' => "ar",
        '\u{900}'..='\u{97f}' => "hi",
        '\u{e00}'..='\u{e7f}' => "th",
        '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7af}' => "ko",
        '\u{3040}'..='\u{30ff}' => "ja",
        '\u{4e00}'..='\u{9fff}' => "zh",
        _ => return None,
    })
}

/// The covered language of a text, given as masked and as normalised; `None` where it is in one the lexicon does not
/// cover.
pub(crate) fn language(masked: &[char], normal: &str, lexicon: &Lexicon) -> Option<&'static str> {
    let language = by_script(masked).unwrap_or_else(|| by_words(normal, lexicon));
    lexicon.covers(language).then_some(language)
}

/// The language of the script that most letters are in, if that is not Latin. Counts what was written, because one
/// ligature can normalise to a whole phrase.
fn by_script(masked: &[char]) -> Option<&'static str> {
    // Greek and on, but for small capitals, full-width letters and those of mathematics, which spell Latin words.
    let is_foreign = |c| {
        !matches!(c, ..'\u{370}' | '\u{1d00}'..='\u{1eff}' | '\u{a720}'..='\u{a7ff}'
        | '\u{ff21}'..='\u{ff5a}' | '\u{1d400}'..='\u{1d7ff}')
    };
    let letters = || masked.iter().copied().filter(|c| c.is_alphabetic());
    let foreign = letters().filter(|&c| is_foreign(c)).count();
    if foreign == 0 || foreign * 2 <= letters().count() {
        return None;
    }
    // Japanese is mostly Han with kana in between, so kana decides; otherwise the first known script.
    let mut languages = letters().filter_map(language_of_script);
    let first = languages.clone().next().unwrap_or("und");
    Some(if languages.any(|language| language == "ja") { "ja" } else { first })
}

/// The languages of each function word, as bits in the order of [`FUNCTION_WORDS`]: one look-up a word.
pub(crate) type FunctionWords = HashMap<&'static str, u8>;

pub(crate) fn function_words() -> FunctionWords {
    let mut languages = HashMap::new();
    for (row, (_, words)) in FUNCTION_WORDS.iter().enumerate() {
        words.iter().for_each(|word| *languages.entry(*word).or_default() |= 1 << row);
    }
    languages
}

fn by_words(text: &str, lexicon: &Lexicon) -> &'static str {
    let mut counts = [0; FUNCTION_WORDS.len()];
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let rows = lexicon.function_words.get(word).copied().unwrap_or(0);
        counts.iter_mut().enumerate().for_each(|(row, count)| *count += usize::from(rows >> row & 1));
    }
    let languages = || counts.iter().zip(FUNCTION_WORDS).map(|(count, (language, _))| (*count, *language));
    // Of equals the first listed, which is English.
    let best = |covered: bool| {
        languages().rev().filter(|(_, language)| lexicon.covers(language) == covered).max_by_key(|(count, _)| *count)
    };
    let (known, language) = best(true).unwrap_or((0, "en"));
    match best(false) {
        Some((foreign, other)) if foreign >= CLEAR_MIN_WORDS && foreign > known + known / 2 => other,
        _ => language,
    }
}

#[cfg(test)]
mod tests {
    use super::super::normalize::normalize;
    use super::*;

    #[test]
    fn covered_languages_are_told_and_others_closed_out() {
        let lexicon = Lexicon::new(Lexicon::built_in()).expect("no problems");
        let check = |text: &str, want: Option<&str>| {
            let chars: Vec<char> = text.chars().collect();
            let normal = normalize(&chars, None);
            assert_eq!(language(&chars, &normal.text, &lexicon), want, "{text}");
        };
        check("my order never came and I want to know why", Some("en"));
        check("mi pedido no llega y quiero saber por qué", Some("es"));
        check("refund?", Some("en"));
        check("😡😡", Some("en"));
        check("", Some("en"));
        check("Ich habe das nicht bestellt und möchte mein Geld", None);
        check("Je ne suis pas content, mon colis est perdu", None);
        check("Где мой заказ?", None);
        check("返金してください", None);
        check("the lawyer wrote: где мой заказ", Some("en"));
    }
}
