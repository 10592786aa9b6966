//! What of a text from outside may be shown at all, wherever it goes.

use unicode_normalization::char::is_combining_mark;

/// Combining marks that may follow each other: enough for every living script, too few to climb over other lines.
pub(crate) const MARKS_MAX: usize = 3;

/// The characters of a text without those that nobody may send: none turns the line around or climbs over others, and
/// there is one way to end a line (Unicode has three).
pub(crate) fn shown(text: &str) -> impl Iterator<Item = char> {
    let mut marks = 0;
    let ended = |character| if matches!(character, '\u{2028}' | '\u{2029}') { '\n' } else { character };
    text.chars().map(ended).filter(|character| !is_invisible(*character)).filter(move |character| {
        marks = if is_combining_mark(*character) { marks + 1 } else { 0 };
        marks <= MARKS_MAX
    })
}

/// Control characters and what turns the direction of writing (Unicode TR #9) or hides (soft hyphen, tags).
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{00AD}' | '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
            | '\u{E0000}'..='\u{E007F}'
    ) || (character.is_control() && character != '\n')
}
