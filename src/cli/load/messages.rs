//! What customers say: messages from a file, or made up.

use std::io::BufRead;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

use crate::cli::packed;
use crate::sop::message::cut;

/// One message to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) author: String,
    pub(super) text: String,
}

/// The longest message that a person can write on Discord, in characters
/// (<https://discord.com/developers/docs/resources/message#create-message>).
const TEXT_CHARS_MAX: usize = 2_000;

/// A line of the file. Other fields are left alone.
#[derive(Deserialize)]
struct Row {
    author: String,
    text: String,
}

/// The first `count` messages of a file with one JSON object a line; gzipped if its name ends in `.gz`. A line that
/// cannot be read stops it: a load test over half a file would mislead.
pub(super) fn from_file(path: &Path, count: usize) -> anyhow::Result<Vec<Line>> {
    let name = path.display();
    let mut lines = Vec::new();
    for (number, row) in (1..).zip(packed::open(path)?.lines()) {
        let row = row.with_context(|| format!("{name}:{number} cannot be read"))?;
        let row: Row = serde_json::from_str(&row)
            .with_context(|| format!("{name}:{number} is no JSON object with the texts `author` and `text`"))?;
        let text = cut(row.text.trim(), TEXT_CHARS_MAX);
        if !text.is_empty() {
            lines.push(Line { author: row.author, text });
        }
        if lines.len() == count {
            break;
        }
    }
    Ok(lines)
}

/// About so many made-up messages fire each second, whatever the rate: each leads to a handful of requests, and
/// Discord allows 50 requests a second (<https://discord.com/developers/docs/topics/rate-limits>). More would
/// measure Discord's limit.
const FIRING_PER_SECOND: usize = 5;
/// Different people who write made-up messages.
const AUTHORS: usize = 2_000;
/// Where the made-up mix begins: the same every time.
const SEED: u64 = 0x00be_1140;

/// Made-up messages for this many a second, the same every time. The last one fires: the delay of its page tells how
/// far behind the bot was at the end.
pub(super) fn made_up(count: usize, rate: usize) -> Vec<Line> {
    let one_in = (rate / FIRING_PER_SECOND).max(1);
    let mut dice = Dice(SEED);
    let line = |number: usize| {
        let fires = dice.roll(one_in) == 0 || number + 1 == count;
        let texts = if fires { FIRING } else { HARMLESS };
        let text = texts[dice.roll(texts.len())].to_owned();
        Line { author: format!("customer-{}", number % AUTHORS), text }
    };
    (0..count).map(line).collect()
}

/// Numbers without a pattern, the same every time: SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
struct Dice(u64);

impl Dice {
    /// 0 up to, but not including, `sides`.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).unwrap_or(0)
    }
}

const HARMLESS: &[&str] = &[
    "Hello! Where do I find my invoices?",
    "How do I change the address on my account?",
    "Thanks, that worked right away.",
    "Is there a way to export the report as a spreadsheet?",
    "Could you tell me when the new version comes out?",
    "I would like to add a colleague to our workspace, what do I do?",
    "The blue theme looks great, well done",
    "Which plan includes the calendar?",
    "Good morning, my order number is 48213, when will it ship?",
    "Can I switch from monthly to yearly billing in the middle of a month?",
    "The button for saving is hard to find on my phone, maybe move it up a little. Otherwise I like the new layout.",
    "Do you have a guide for setting up the printer?",
    "my package says delivered but I was at work, how do I see who signed for it?",
    "ok, will try that tonight and come back to you",
    "Is the office open on Friday?",
    "What is the difference between an owner and an admin?",
    "Please send me the link to the webinar from Tuesday.",
    "👍",
    "I forgot which mail address I signed up with. Can you look it up by my phone number?",
    "Can I read my messages on a plane?",
];

const FIRING: &[&str] = &[
    "My lawyer will contact you about this on Monday.",
    "I am going to sue you.",
    "I want my $900 back, please refund it.",
    "Please refund the 1,250 USD you charged me twice.",
    "Someone hacked my account and changed the password!",
    "There is a login on my account that was not me, somebody got unauthorized access.",
    "You people are incompetent idiots, I am furious.",
    "This is the fourth time I contact you about the same problem.",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::load::account::fires;
    use crate::config::Config;
    use crate::sop::signal::{self, Speech};

    #[test]
    fn made_up_messages_are_what_they_are_meant_to_be() {
        let example = include_str!("../../../config.example.toml");
        let procedure = Config::parse("config.example.toml", example).expect("the example is fine").procedure;
        for text in HARMLESS {
            let signals = signal::read(text, Speech::Whole, &procedure.lexicon);
            assert!(signals.is_silent(), "shows something: {text}");
        }
        for text in FIRING {
            assert!(fires(text, &procedure), "does not fire: {text}");
        }
    }

    #[test]
    fn a_handful_of_made_up_messages_fires_each_second() {
        for rate in [50, 3_000] {
            let lines = made_up(60 * rate, rate);
            let firing = lines.iter().filter(|line| FIRING.contains(&line.text.as_str())).count();
            assert!((200..400).contains(&firing), "{firing} in a minute at {rate}/s");
        }
    }
}
