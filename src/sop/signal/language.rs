//! Which language a text is in, as far as it matters: whether the lexicon can read it.
//!
//! Not a language detector. The script decides for scripts that one language mostly owns; for Latin letters the short
//! words every sentence needs are counted. Short texts, emoji and mixed chatter lean to English, the lingua franca of
//! team chat; only clear evidence of a language the lexicon does not cover closes the gate, because a missed legal
//! threat costs more than a look at a foreign sentence.

use super::lexicon::Lexicon;
use super::token::Tokens;

/// Fewer foreign words than this are a name, a greeting or a loan.
const CLEAR_MIN_WORDS: usize = 3;

/// Words that make up much of any text in a language and little of any other here. Spelled as normalised.
pub(crate) const FUNCTION_WORDS: [(&str, &[&str]); 8] = [
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
        "pl",
        &[
            "nie", "jest", "sie", "to", "na", "do", "ze", "co", "jak", "ale", "moje", "mam", "czy", "dla", "od", "po",
            "tak", "juz", "przez", "moj", "jestem", "prosze", "dlaczego",
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

/// The covered language of a text; `None` where it is in one the lexicon does not cover.
pub(crate) fn language(text: &str, tokens: &Tokens, lexicon: &Lexicon) -> Option<&'static str> {
    let language = by_script(text, tokens).unwrap_or_else(|| by_words(tokens, lexicon));
    lexicon.covers(language).then_some(language)
}

/// The language of the script that most letters are in, if that is not Latin.
fn by_script(text: &str, tokens: &Tokens) -> Option<&'static str> {
    // Letters beyond ASCII take two to four bytes each, and Latin text has some of them, too.
    if tokens.beyond_ascii * 2 <= tokens.word_bytes {
        return None;
    }
    // Greek and on, but for small capitals, letters in circles, full-width ones and those of mathematics, which spell
    // Latin words.
    let is_foreign = |c: char| {
        !matches!(c, ..'\u{370}' | '\u{1d00}'..='\u{1eff}' | '\u{2460}'..='\u{24ff}' | '\u{a720}'..='\u{a7ff}'
        | '\u{ff21}'..='\u{ff5a}' | '\u{1d400}'..='\u{1d7ff}' | '\u{1f100}'..='\u{1f1ff}')
    };
    let words = tokens.list.iter().map(|token| &text[token.start as usize..token.end as usize]);
    let letters = words.flat_map(str::chars).filter(|c| c.is_alphabetic()).take(LETTERS_LOOKED_AT);
    let (mut all, mut foreign) = (0, 0);
    let mut found = None;
    for letter in letters {
        all += 1;
        if is_foreign(letter) {
            foreign += 1;
            let language = language_of_script(letter);
            // Japanese is mostly Han with kana in between, so kana decides; otherwise the first known script.
            found = if language == Some("ja") { language } else { found.or(language) };
        }
    }
    (foreign * 2 > all).then_some(found.unwrap_or("und"))
}

/// As many letters tell the script.
const LETTERS_LOOKED_AT: usize = 400;

fn by_words(tokens: &Tokens, lexicon: &Lexicon) -> &'static str {
    // Of equals the first listed, which is English.
    let best = |covered: bool| {
        let mut best: Option<(usize, &'static str)> = None;
        for (number, (language, _)) in FUNCTION_WORDS.iter().enumerate() {
            let count = tokens.spread.count(number);
            if lexicon.covered[number] == covered && best.is_none_or(|(most, _)| count > most) {
                best = Some((count, language));
            }
        }
        best
    };
    let (known, language) = best(true).unwrap_or((0, "en"));
    match best(false) {
        Some((foreign, other)) if foreign >= CLEAR_MIN_WORDS && foreign > known + known / 2 => other,
        _ => language,
    }
}

#[cfg(test)]
mod tests {
    use super::super::token::tokens;
    use super::*;

    #[test]
    fn covered_languages_are_told_and_others_closed_out() {
        let lexicon = Lexicon::new(Vec::new()).expect("no problems");
        let check = |text: &str, want: Option<&str>| {
            assert_eq!(language(text, &tokens(text, &[], &lexicon.words), &lexicon), want, "{text}");
        };
        check("my order never came and I want to know why", Some("en"));
        check("mi pedido no llega y quiero saber por qué", Some("es"));
        check("refund?", Some("en"));
        check("😡😡", Some("en"));
        check("", Some("en"));
        check("Ich habe das nicht bestellt und möchte mein Geld", Some("de"));
        check("Je ne suis pas content, mon colis est perdu", Some("fr"));
        check("Het pakket is nog niet aangekomen en ik wil mijn geld", Some("nl"));
        check("Não recebi o meu pedido e quero uma resposta", Some("pt"));
        check("Non ho ricevuto il mio pacco e sono arrabbiato con voi", None);
        check("Nie dostałem paczki i nie wiem, co się z nią stało", None);
        check("Где мой заказ?", None);
        check("返金してください", None);
        check("the lawyer wrote: где мой заказ", Some("en"));
    }
}
