//! How wide a text is, without a font: never less than it will be, so that what fits here fits everywhere.

/// The width of a letter in hundredths of the size of the type, in the widest sans serif that is common (DejaVu Sans).
fn width(letter: char) -> u32 {
    match letter {
        'i' | 'j' | 'l' | '\'' | '|' | '.' | ',' | ':' | ';' | '!' | ' ' | 'I' => 40,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '-' | '/' | '·' => 46,
        'm' | 'w' => 98,
        'M' | 'W' | '@' | '%' | '→' | '—' | '…' => 105,
        'A'..='Z' => 80,
        'a'..='z' | '0'..='9' => 65,
        _ if letter.is_ascii() => 85,
        // Accents that are letters of their own have no width; counted all the same.
        '\u{80}'..='\u{24F}' => 80,
        _ => 110,
    }
}

/// In units of the picture.
pub(super) fn measured(text: &str, size: u32, is_bold: bool) -> u32 {
    let hundredths: u32 = text.chars().map(width).sum();
    let hundredths = if is_bold { hundredths * 112 / 100 } else { hundredths };
    (hundredths * size).div_ceil(100)
}

/// As much of a text as fits, with an ellipsis where it was cut.
pub(super) fn fitted(text: &str, room: u32, size: u32, is_bold: bool) -> String {
    if measured(text, size, is_bold) <= room {
        return text.to_owned();
    }
    let mut fitted = String::new();
    for letter in text.chars() {
        let longer = format!("{fitted}{letter}");
        if measured(&format!("{longer}…"), size, is_bold) > room {
            break;
        }
        fitted = longer;
    }
    format!("{}…", fitted.trim_end())
}

/// A bold text in at most so many lines, broken between words; what does not fit the last one is cut.
pub(super) fn wrapped(text: &str, room: u32, size: u32, lines_max: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut rest = text.trim();
    while lines.len() + 1 < lines_max && measured(rest, size, true) > room {
        let fits = |(at, _): &(usize, char)| measured(&rest[..*at], size, true) <= room;
        let Some((at, _)) = rest.char_indices().filter(|(_, letter)| *letter == ' ').take_while(fits).last() else {
            break;
        };
        lines.push(rest[..at].to_owned());
        rest = rest[at..].trim_start();
    }
    lines.push(fitted(rest, room, size, true));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_fits() {
        for text in [
            "short",
            "WWWWWWWWWWWWWWWWWWWWWWWWW",
            "a rather long name of a team that nobody can read",
            "日本語の長い名前日本語の長い名前",
        ] {
            for room in [40, 90, 200] {
                let fitted = fitted(text, room, 13, true);
                assert!(measured(&fitted, 13, true) <= room, "{fitted} in {room}");
                assert_eq!(fitted == text, measured(text, 13, true) <= room);
                let lines = wrapped(text, room, 13, 2);
                assert!(lines.len() <= 2 && lines.iter().all(|line| measured(line, 13, true) <= room), "{lines:?}");
            }
        }
    }
}
