//! The grammar of a transcript.
//!
//! A transcript is a Markdown file: a title that is a claim, a paragraph that says why, optionally a `toml` block that
//! is added to the config, further ones for when it changes, and a `chat` block. In the chat, lines at the margin are what happens; indented lines are
//! everything that anybody could see of the bot because of it. An extra line is as wrong as a missing one.
//!
//! ```text
//! 09:00 Dana in #support: I want my $700 back
//!     #managers pings Mona: …
//! 09:05 Mona presses Acknowledge on ESC-1
//! ```
//!
//! | what happens | |
//! |---|---|
//! | `Dana in #support: text` | says; `\n` breaks the line. `Dana in #support/Broken router: …` opens a thread of that name or writes in it |
//! | `Dana edits "old" to "new"` · `Dana deletes "text"` | her latest message that reads so |
//! | `Dana in ticket 42: text` | writes in the ticket: its requester as the customer, anybody else as an agent |
//! | `Mona presses Acknowledge on ESC-1 [in #managers]` | the newest card of the case with that button, in that channel |
//! | `Rosa presses Continue` | the newest button of that name, on whatever it stands |
//! | `Mona presses the old Acknowledge on ESC-1` | the button as it was first drawn |
//! | `Rosa types /ack escalation:ESC-1 in #tier-1` | options are `name:value`, a value goes on to the next `name:`; `@Sam` is a person |
//! | `Rosa is typing /ack escalation:dan in #tier-1` | what she is offered for the last option |
//! | `Rosa uses "Escalate this" on "text"` | the menu of the latest message that reads so |
//! | `Rosa fills in ticket: 42; steps: tried` | the form she was shown last |
//! | `(time passes)` | up to the time in front |
//! | `(it is 2026-12-31)` | up to the time in front on that day |
//! | `(the config changes)` | the next `toml` block is added to it, and it is read again |
//! | `(the bot restarts)` · `(the bot stops)` · `(the bot starts)` | a stop is a crash |
//! | `(Discord answers 429 to the next post)` · `(Discord answers 500 to the next 2 posts)` · `(Discord loses the answer to the next post)` · `(Discord asks to wait 10 minutes before posting in #team-leads)` | |
//! | `(the gateway drops)` · `(the gateway asks to reconnect)` · `(the gateway forgets the session)` | |
//! | `(ticket 42 "It drops" by Dana of Acme, plan gold, priority high, tags vip beta)` | is opened, or is so from now on |
//! | `(the ticket system is down)` · `(the ticket system is back)` | |
//! | `(#legal is deleted)` · `(#legal is opened to all)` · `(the bot may not see #legal)` | |

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use regex::{Captures, Regex};

/// A transcript, taken apart.
#[derive(Debug)]
pub struct Script {
    /// Everything before the chat.
    head: String,
    /// Added to the config, as TOML.
    pub config: String,
    /// Added to the config one after the other, each time that it changes.
    pub changes: Vec<String>,
    chat: String,
    /// Everything after the chat.
    tail: String,
    /// What happens, in order.
    pub lines: Vec<Line>,
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// In the file, from 1.
    pub number: usize,
    /// As written.
    pub text: String,
    pub time: NaiveTime,
    pub what: Happening,
}

/// What somebody does, or what the stage directions ask for. Names are those that people see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    Say {
        who: String,
        channel: String,
        thread: Option<String>,
        text: String,
    },
    /// Writes in a ticket.
    Comment {
        who: String,
        ticket: u64,
        text: String,
    },
    Edit {
        who: String,
        old: String,
        new: String,
    },
    Delete {
        who: String,
        old: String,
    },
    Press {
        who: String,
        label: String,
        /// `None`: on whatever it stands.
        case: Option<String>,
        place: Option<String>,
        first: bool,
    },
    Type {
        who: String,
        command: String,
        options: Vec<(String, String)>,
        place: String,
    },
    /// Somebody is still typing the last of the options.
    Typing {
        who: String,
        command: String,
        options: Vec<(String, String)>,
        place: String,
    },
    Menu {
        who: String,
        name: String,
        old: String,
    },
    Fill {
        who: String,
        answers: Vec<(String, String)>,
    },
    /// Without its brackets.
    Direction(String),
}

/// What is wrong with a line of a transcript.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Mistake {
    /// In the file, from 1.
    pub line: usize,
    pub why: String,
}

impl Mistake {
    pub fn new(line: usize, why: impl Into<String>) -> Self {
        Self { line, why: why.into() }
    }
}

impl Script {
    /// Takes a Markdown file apart. Every mistake at once.
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        let one = |line, why: &str| Err(vec![Mistake::new(line, why)]);
        if !text.starts_with("# ") {
            return one(1, "a transcript begins with a title: # What is claimed");
        }
        let Some((head, rest)) = text.split_once("```chat\n") else {
            return one(text.lines().count(), "there is no chat block: ```chat");
        };
        let first = head.lines().count() + 2;
        let Some((chat, tail)) = rest.split_once("\n```\n") else {
            return one(first - 1, "the chat block has no end: ```");
        };
        let mut script = Self::of_chat(&format!("{chat}\n"), first)?;
        let blocks = head.split("```toml\n").skip(1).filter_map(|rest| rest.split_once("```"));
        script.changes = blocks.map(|(config, _)| config.to_owned()).collect();
        let times = script.lines.iter().filter(|line| line.what == Happening::changes()).count();
        match script.changes.len().checked_sub(times) {
            Some(0) => {}
            Some(1) => script.config = script.changes.remove(0),
            _ => return one(1, "each time that the config changes takes one block of toml, and its begin at most one"),
        }
        (script.head, script.tail) = (head.to_owned(), tail.to_owned());
        Ok(script)
    }

    /// A chat with nothing around it. Every mistake at once.
    pub fn bare(chat: &str) -> Result<Self, Vec<Mistake>> {
        Self::of_chat(chat, 1)
    }

    fn of_chat(chat: &str, first: usize) -> Result<Self, Vec<Mistake>> {
        let is_input = |(_, line): &(usize, &str)| !line.starts_with(' ') && !line.trim().is_empty();
        let (mut lines, mut mistakes) = (Vec::new(), Vec::new());
        for (number, line) in (first..).zip(chat.lines()).filter(is_input) {
            match read(number, line) {
                Ok(line) => lines.push(line),
                Err(why) => mistakes.push(Mistake::new(number, why)),
            }
        }
        if lines.is_empty() && mistakes.is_empty() {
            mistakes.push(Mistake::new(first, "nothing happens: write \"09:00 Dana in #support: …\""));
        }
        let (head, config, tail) = (String::new(), String::new(), String::new());
        let script = Self { head, config, changes: Vec::new(), chat: chat.to_owned(), tail, lines };
        if mistakes.is_empty() { Ok(script) } else { Err(mistakes) }
    }

    /// The file with this chat in it.
    pub fn with_chat(&self, chat: &str) -> String {
        format!("{}```chat\n{chat}```\n{}", self.head, self.tail)
    }

    pub fn chat(&self) -> &str {
        &self.chat
    }

    /// Whether it says what is to be seen, too, and not only what happens.
    pub fn expects(&self) -> bool {
        self.chat.lines().any(|line| line.starts_with(' ') && !line.trim().is_empty())
    }

    /// The first line that the procedure alone cannot follow.
    pub fn needs_discord(&self) -> Option<&Line> {
        self.lines.iter().find(|line| match &line.what {
            Happening::Direction(direction) => !is_plain(direction),
            Happening::Type { command, .. } => command == "sop doctor",
            Happening::Comment { .. } => true,
            _ => false,
        })
    }

    /// Every transcript begins at 09:00 UTC on this Monday.
    pub fn start() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).single().expect("a time that there is")
    }
}

impl Happening {
    fn changes() -> Self {
        Self::Direction(CONFIG_CHANGES.to_owned())
    }
}

pub const CONFIG_CHANGES: &str = "the config changes";

/// The config that a transcript is played with: its tables are in the place of the config's own. Digests are told in those
/// that ask for some: at 17:00 they would stand in every longer one.
pub fn config_for(config: &str, tables: &str) -> Result<String, toml::de::Error> {
    let mut config: toml::Table = config.parse()?;
    config.remove("digests");
    config_over(&config.to_string(), tables)
}

/// A config with these tables in the place of its own.
pub fn config_over(config: &str, tables: &str) -> Result<String, toml::de::Error> {
    let mut config: toml::Table = config.parse()?;
    for (key, value) in tables.parse::<toml::Table>()? {
        merge(&mut config, key, value);
    }
    Ok(config.to_string())
}

impl Line {
    /// The next instant that a clock shows its time, on the day that it names if it does.
    pub fn moment(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        if let Happening::Direction(direction) = &self.what
            && let Some(day) = day(direction)
        {
            return day.and_time(self.time).and_utc();
        }
        let at = now.date_naive().and_time(self.time).and_utc();
        if at < now { at + TimeDelta::days(1) } else { at }
    }
}

/// Stage directions that the procedure alone can follow.
pub const PLAIN_DIRECTIONS: [&str; 3] = ["time passes", "the bot restarts", CONFIG_CHANGES];

/// All state is the fold of what happened, so a restart changes nothing.
pub(super) fn is_plain(direction: &str) -> bool {
    PLAIN_DIRECTIONS.contains(&direction) || day(direction).is_some()
}

/// "it is 2026-12-31".
pub fn day(direction: &str) -> Option<NaiveDate> {
    direction.strip_prefix("it is ")?.parse().ok()
}

/// Tables are merged key by key; entries of a list of tables by their id.
fn merge(config: &mut toml::Table, key: String, value: toml::Value) {
    match (config.get_mut(&key), value) {
        (Some(toml::Value::Table(ours)), toml::Value::Table(theirs)) => {
            for (key, value) in theirs {
                merge(ours, key, value);
            }
        }
        (Some(toml::Value::Array(ours)), toml::Value::Array(theirs)) if theirs.iter().all(toml::Value::is_table) => {
            for entry in theirs {
                let same = |known: &&mut toml::Value| known.get("id").is_some() && known.get("id") == entry.get("id");
                match (ours.iter_mut().find(same), entry) {
                    (Some(toml::Value::Table(known)), toml::Value::Table(entry)) => {
                        for (key, value) in entry {
                            known.insert(key, value);
                        }
                    }
                    (_, entry) => ours.push(entry),
                }
            }
        }
        (_, value) => {
            config.insert(key, value);
        }
    }
}

fn read(number: usize, line: &str) -> Result<Line, String> {
    let (time, what) = line.split_once(' ').unwrap_or((line, ""));
    let no_time = || format!("{time:?} is no time: a line begins with one, as 09:00, or is indented");
    let time = NaiveTime::parse_from_str(time, "%H:%M").map_err(|_| no_time())?;
    let what = happening(what).ok_or_else(|| format!("nobody knows how to do this: {what}"))?;
    Ok(Line { number, text: line.to_owned(), time, what })
}

fn happening(what: &str) -> Option<Happening> {
    if let Some(direction) = what.strip_prefix('(').and_then(|what| what.strip_suffix(')')) {
        return Some(Happening::Direction(direction.to_owned()));
    }
    ACTS.iter().find_map(|(pattern, act)| pattern.captures(what).map(|found| act(&found)))
}

type Act = fn(&Captures<'_>) -> Happening;

/// How what people do is written; tried in this order.
static ACTS: LazyLock<Vec<(Regex, Act)>> = LazyLock::new(|| {
    let acts: [(&str, Act); 9] = [
        (r"^(?<who>\w+) in #(?<place>[^:]+): (?<text>.*)$", say),
        (r"^(?<who>\w+) in ticket (?<ticket>\d{1,9}): (?<text>.*)$", |found| Happening::Comment {
            who: part(found, "who"),
            ticket: found["ticket"].parse().expect("at most nine digits"),
            text: part(found, "text"),
        }),
        (r#"^(?<who>\w+) edits "(?<old>.*)" to "(?<new>.*)"$"#, |found| Happening::Edit {
            who: part(found, "who"),
            old: part(found, "old"),
            new: part(found, "new"),
        }),
        (r#"^(?<who>\w+) deletes "(?<old>.*)"$"#, |found| Happening::Delete {
            who: part(found, "who"),
            old: part(found, "old"),
        }),
        (
            r"^(?<who>\w+) presses (?<first>the old )?(?<label>\w+(?: \w+)??)(?: on (?<case>ESC-\d+))?(?: in #(?<place>\S+))?$",
            |found| Happening::Press {
                who: part(found, "who"),
                label: part(found, "label"),
                case: found.name("case").map(|case| case.as_str().to_owned()),
                place: found.name("place").map(|place| place.as_str().to_owned()),
                first: found.name("first").is_some(),
            },
        ),
        (r"^(?<who>\w+) types /(?<name>[a-z]+(?: [a-z]+)*?)(?: (?<options>[a-z_]+:.*))? in #(?<place>\S+)$", |found| {
            Happening::Type {
                who: part(found, "who"),
                command: part(found, "name"),
                options: named(&OPTION, found.name("options").map_or("", |options| options.as_str())),
                place: part(found, "place"),
            }
        }),
        (
            r"^(?<who>\w+) is typing /(?<name>[a-z]+(?: [a-z]+)*?)(?: (?<options>[a-z_]+:.*))? in #(?<place>\S+)$",
            |found| Happening::Typing {
                who: part(found, "who"),
                command: part(found, "name"),
                options: named(&OPTION, found.name("options").map_or("", |options| options.as_str())),
                place: part(found, "place"),
            },
        ),
        (r#"^(?<who>\w+) uses "(?<name>[^"]+)" on "(?<old>.*)"$"#, |found| Happening::Menu {
            who: part(found, "who"),
            name: part(found, "name"),
            old: part(found, "old"),
        }),
        (r"^(?<who>\w+) fills in (?<answers>.*)$", |found| {
            let answers = named(&FIELD, &found["answers"]).into_iter();
            let answers = answers.map(|(name, value)| (name, unquoted(&value))).collect();
            Happening::Fill { who: part(found, "who"), answers }
        }),
    ];
    acts.map(|(pattern, act)| (Regex::new(pattern).expect("a pattern written here"), act)).into()
});

static OPTION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?:^| )([a-z_]+):").expect("a pattern written here"));
static FIELD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:^|; )([a-z0-9_-]+):").expect("a pattern written here"));

fn say(found: &Captures<'_>) -> Happening {
    let place = part(found, "place");
    let (channel, thread) = match place.split_once('/') {
        Some((channel, thread)) => (channel.to_owned(), Some(thread.to_owned())),
        None => (place, None),
    };
    Happening::Say { who: part(found, "who"), channel, thread, text: part(found, "text") }
}

fn part(found: &Captures<'_>, name: &str) -> String {
    unquoted(&found[name])
}

fn unquoted(text: &str) -> String {
    text.replace("\\n", "\n")
}

/// "name: value" pairs; a value goes on to the next name. The pattern's first group is a name.
fn named(pattern: &Regex, text: &str) -> Vec<(String, String)> {
    let starts: Vec<(usize, usize, &str)> = pattern
        .captures_iter(text)
        .filter_map(|found| Some((found.get(0)?.start(), found.get(0)?.end(), found.get(1)?.as_str())))
        .collect();
    let end = |index: usize| starts.get(index + 1).map_or(text.len(), |next| next.0);
    let pair = |(index, (_, from, name)): (usize, &(usize, usize, &str))| {
        ((*name).to_owned(), text[*from..end(index)].trim().to_owned())
    };
    starts.iter().enumerate().map(pair).collect()
}
