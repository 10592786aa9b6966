//! How Discord writes things (<https://discord.com/developers/docs/reference#message-formatting>).

use crate::words::Markup;
use crate::words::shown::shown;

/// Discord's markup for the words of a desk in this guild.
pub fn markup(guild: u64) -> Markup {
    Markup {
        escape,
        plain,
        person: |id| format!("<@{id}>"),
        place: |id| format!("<#{id}>"),
        when: |at| format!("<t:{at}:f>"),
        clock: |at| format!("<t:{at}:t>"),
        countdown: |at| format!("<t:{at}:R>"),
        link: |home, place, message| format!("https://discord.com/channels/{home}/{place}/{message}"),
        home: guild.to_string(),
    }
}

/// Makes a text from outside harmless: it cannot ping, link, format, turn the line around or paint over others.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut line_start = true;
    // "1. " and "1) " begin a list: only digits stand between the line's start and here.
    let mut line_number = false;
    // What is dropped goes first: it must not stand between a colon and the slashes that make it a link.
    let mut rest = shown(text).peekable();
    while let Some(character) = rest.next() {
        match character {
            '\\' | '*' | '_' | '~' | '|' | '[' | ']' | '<' | '>' | '`' => out.extend(['\\', character]),
            // A word joiner keeps "@everyone" readable and dead, whatever `allowed_mentions` says.
            '@' => out.extend(['@', '\u{2060}']),
            // No scheme, no link.
            ':' if rest.peek() == Some(&'/') => out.extend(['\\', ':']),
            '#' | '-' | '+' if line_start => out.extend(['\\', character]),
            '.' | ')' if line_number && rest.peek().is_none_or(|next| next.is_whitespace()) => {
                out.extend(['\\', character]);
            }
            _ => out.push(character),
        }
        line_number = character.is_ascii_digit() && (line_start || line_number);
        line_start = character == '\n' || (line_start && character.is_whitespace());
    }
    out
}

/// Makes a text from outside harmless where nothing is markup: on one line, in its direction.
pub(crate) fn plain(text: &str) -> String {
    shown(text).map(|character| if character == '\n' { ' ' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::words::shown::MARKS_MAX;

    fn check(text: &str, expected: &Expect) {
        expected.assert_eq(&escape(text).escape_unicode().to_string().replace("\\u{5c}", "\\"));
    }

    #[test]
    fn text_can_neither_ping_link_nor_format() {
        let plain = |text: &str| escape(text).replace('\u{2060}', "¦");
        expect![[r"@¦everyone \<@¦1\> \<@¦&2\> \*\*b\*\* \[x\](https\://evil.example) \`c\` \|\|s\|\|"]]
            .assert_eq(&plain("@everyone <@1> <@&2> **b** [x](https://evil.example) `c` ||s||"));
        expect![[r"
            \# title
            \-# small
            a - b # c
            1\. one
             22\) two 3. three
            \# four"]]
        .assert_eq(&plain("# title\n-# small\na - b # c\n1. one\n 22) two 3. three\u{2028}# four"));
    }

    #[test]
    fn where_nothing_is_markup_it_stands_as_it_is() {
        assert_eq!(plain("Ann_B *\n<@1>\u{202E}x"), "Ann_B * <@1>x");
        assert_eq!(plain(&format!("z{}", "\u{0301}".repeat(50))).chars().count(), 1 + MARKS_MAX);
    }

    #[test]
    fn text_can_neither_turn_round_nor_climb() {
        check("a\u{202E}b\u{2066}c\u{0007}", &expect![[r"\u{61}\u{62}\u{63}"]]);
        check("x:\u{202E}//y", &expect![[r"\u{78}\\u{3a}\u{2f}\u{2f}\u{79}"]]);
        assert_eq!(escape(&format!("z{}", "\u{0301}".repeat(50))).chars().count(), 1 + MARKS_MAX);
    }
}
