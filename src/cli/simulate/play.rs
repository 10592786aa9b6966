//! A transcript played through the procedure alone: no Discord, no socket, no log. What is told arrives at once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use regex::Regex;
use serde_json::Value;
use serenity::model::channel::Message as Quoted;

use crate::adapters::discord::{Asked, Bundles, Call, Clerk, Plan, Reply, ReplyKind, asked, completing, compose};
use crate::cli::simulate::Setting;
use crate::cli::simulate::cast::Cast;
use crate::cli::simulate::chat::View;
use crate::cli::simulate::script::{CONFIG_CHANGES, Happening, Line, Mistake, PLAIN_DIRECTIONS, Script, is_plain};
use crate::engine::connector::{Destination, Ping, Telling};
use crate::engine::{Sending, sending};
use crate::sop::desk::{Desk, Request};
use crate::sop::message::{Message, MessageId, PlaceId};
use crate::sop::notice::{Answer, Notice, is_still_wanted};

/// What was seen because of one line.
#[derive(Debug)]
pub struct Step<'s> {
    pub line: &'s Line,
    /// What became due on the way to the line's time, and when.
    pub before: Vec<(DateTime<Utc>, String)>,
    pub seen: String,
}

/// Written as in a transcript.
impl std::fmt::Display for Step<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(out, "{}", self.line.text)?;
        for (at, seen) in &self.before {
            write!(out, "  {}\n{seen}", at.format("%H:%M"))?;
        }
        write!(out, "{}", self.seen)
    }
}

/// Plays a script from its start.
pub fn play(script: &Script, setting: Setting) -> Result<Vec<Step<'_>>, Mistake> {
    let mut play = Play {
        cast: Cast::new(&setting.config),
        setting,
        changes: script.changes.iter(),
        desk: Desk::default(),
        now: Script::start(),
        untold: Vec::new(),
        happened: Vec::new(),
        said: Vec::new(),
        drawn: Vec::new(),
        forms: BTreeMap::new(),
        bundles: Bundles::default(),
        last_id: FIRST_ID,
    };
    play.ask(Request::Adopt);
    script.lines.iter().map(|line| play.line(line).map_err(|why| Mistake::new(line.number, why))).collect()
}

/// Ids of what happens in the play are beyond those of people, places and roles.
const FIRST_ID: u64 = 1 << 60;

struct Play<'a> {
    setting: Setting,
    /// What will yet be added to the config.
    changes: std::slice::Iter<'a, String>,
    cast: Cast,
    desk: Desk,
    now: DateTime<Utc>,
    untold: Vec<Notice>,
    /// Not yet shown.
    happened: Vec<Happened>,
    /// What people wrote, as it reads now.
    said: Vec<Message>,
    /// Every card that was posted or drawn anew: its place, its message, what it looks like.
    drawn: Vec<(u64, u64, Value)>,
    /// The form each person was shown last: its id and the place.
    forms: BTreeMap<u64, (String, u64)>,
    bundles: Bundles,
    last_id: u64,
}

/// A person as Discord writes them in a text.
static MENTION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"<@!?(\d+)>").expect("a pattern written here"));

enum Happened {
    Posted { place: u64, id: u64, body: Value, pinged: Vec<u64> },
    Edited { place: u64, id: u64, body: Value },
    Told { user: u64, place: u64, body: Value },
    Form { user: u64, place: u64, form: Value },
    Offered { user: u64, place: u64, choices: Value },
}

impl Play<'_> {
    fn line<'s>(&mut self, line: &'s Line) -> Result<Step<'s>, String> {
        let at = line.moment(self.now);
        let mut before = Vec::new();
        while let Some(due) = self.desk.next_deadline().filter(|due| *due <= at) {
            self.now = due.max(self.now);
            self.ask(Request::DeadlineReached);
            let seen = self.show();
            before.extend((!seen.is_empty()).then_some((self.now, seen)));
        }
        self.now = at;
        self.happen(&line.what)?;
        Ok(Step { line, before, seen: self.show() })
    }

    fn happen(&mut self, what: &Happening) -> Result<(), String> {
        match what {
            Happening::Say { who, channel, thread, text } => self.say(who, channel, thread.as_deref(), text),
            Happening::Comment { ticket, .. } => {
                Err(format!("ticket {ticket} needs more than the procedure: no ticket system is connected"))
            }
            Happening::Edit { who, old, new } => self.edit(who, old, new),
            // What was deleted keeps its evidence: nothing follows.
            Happening::Delete { who, old } => self.cast.id(who).and_then(|_| self.find(old)).map(drop),
            Happening::Press { who, label, case, place, first } => {
                let user = self.cast.id(who)?;
                let place = place.as_deref().map(|place| self.cast.place(place)).transpose()?;
                let (place, id) = self.button(label, case.as_deref(), place, *first)?;
                self.call(user, place, Asked::Pressed { id })
            }
            Happening::Typing { who, command, options, place } => {
                let (user, place) = (self.cast.id(who)?, self.cast.place(place)?);
                let asked = completing(command, options).ok_or("nothing is offered for this")?;
                self.call(user, place, asked)
            }
            Happening::Type { who, command, options, place } => {
                let (user, place) = (self.cast.id(who)?, self.cast.place(place)?);
                let person = |typed: &str| {
                    let id = self.cast.id(typed.trim_start_matches('@'))?;
                    Ok((self.cast.user(id), self.cast.roles_of(id)))
                };
                let asked = asked(command, options, person)?;
                self.call(user, place, asked)
            }
            Happening::Menu { who, old, .. } => {
                let (user, message) = (self.cast.id(who)?, self.find(old)?);
                let (place, id) = (number(message.place.as_str()), number(message.id.as_str()));
                let mut quoted = Quoted::default();
                (quoted.id, quoted.channel_id) = (id.into(), place.into());
                quoted.content.clone_from(&message.text);
                self.call(
                    user,
                    place,
                    Asked::EscalateForm { reason: None, ticket: None, message: Some(Box::new(quoted)) },
                )
            }
            Happening::Fill { who, answers } => {
                let user = self.cast.id(who)?;
                let (id, place) =
                    self.forms.get(&user).cloned().ok_or_else(|| format!("nobody showed {who} a form"))?;
                self.call(user, place, Asked::Submitted { id, answers: answers.clone() })
            }
            Happening::Direction(direction) if direction == CONFIG_CHANGES => self.change(),
            Happening::Direction(direction) if is_plain(direction) => Ok(()),
            Happening::Direction(direction) => {
                let known = PLAIN_DIRECTIONS.map(|known| format!("({known})")).join(" and ");
                Err(format!("({direction}) needs more than the procedure: a simulation knows {known}"))
            }
        }
    }

    fn say(&mut self, who: &str, channel: &str, thread: Option<&str>, text: &str) -> Result<(), String> {
        let author = self.cast.author(self.cast.id(who)?);
        let parent = self.cast.place(channel)?;
        let place = match thread.map(|name| (name, self.cast.place(name))) {
            None => parent,
            Some((_, Ok(known))) => known,
            Some((name, Err(_))) => {
                let thread = self.next_id();
                self.cast.open_thread(parent, thread, name);
                thread
            }
        };
        let message = Message {
            id: MessageId::from(self.next_id().to_string()),
            place: PlaceId::from(place.to_string()),
            author,
            text: text.to_owned(),
            at: self.now,
            edited: false,
            to: MENTION.captures_iter(text).map(|found| found[1].into()).collect(),
        };
        self.said.push(message.clone());
        if self.setting.config.discord.watch.contains(&parent) {
            self.ask(Request::Message(message));
        }
        Ok(())
    }

    fn edit(&mut self, who: &str, old: &str, new: &str) -> Result<(), String> {
        self.cast.id(who)?;
        let id = self.find(old)?.id.clone();
        let Some(message) = self.said.iter_mut().find(|message| message.id == id) else { return Ok(()) };
        new.clone_into(&mut message.text);
        let edited = Message { edited: true, at: self.now, ..message.clone() };
        self.ask(Request::Message(edited));
        Ok(())
    }

    /// The latest message that reads so.
    fn find(&self, text: &str) -> Result<&Message, String> {
        self.said.iter().rev().find(|message| message.text == text).ok_or_else(|| format!("nobody said {text:?}"))
    }

    /// The place and the id of a button: the newest drawn one, or the first.
    fn button(
        &self,
        label: &str,
        case: Option<&str>,
        place: Option<u64>,
        first: bool,
    ) -> Result<(u64, String), String> {
        let number = case.map(|case| case.trim_start_matches("ESC-"));
        let its_id = |button: &Value| {
            let is_of = |id: &&str| number.is_none_or(|number| id.split(':').nth(2) == Some(number));
            let id = button["custom_id"].as_str().filter(is_of);
            id.filter(|_| button["label"] == label).map(str::to_owned)
        };
        let mut found =
            self.drawn.iter().filter(|(at, ..)| place.is_none_or(|place| place == *at)).filter_map(|drawn| {
                let rows = drawn.2["components"].as_array()?.iter();
                let mut ids = rows.flat_map(|row| row["components"].as_array().into_iter().flatten());
                Some((drawn.0, ids.find_map(its_id)?))
            });
        let button = if first { found.next() } else { found.next_back() };
        button.ok_or_else(|| match case {
            Some(case) => format!("there is no button {label} on {case}"),
            None => format!("there is no button {label}"),
        })
    }

    /// Somebody presses, types or sends a form: as the bot's own counter would serve it.
    fn call(&mut self, user: u64, place: u64, what: Asked) -> Result<(), String> {
        let actor = self.cast.actor(user);
        let id = self.next_id();
        let call = Call {
            interaction: id,
            token: format!("{user}/{place}"),
            user: self.cast.user(user),
            roles: self.cast.roles_of(user),
            channel: place,
            what,
        };
        let clerk = Clerk {
            words: &self.setting.words,
            roles: self.cast.standings(),
            procedure: &self.setting.config.procedure,
        };
        match clerk.plan(&call, &actor) {
            Plan::Show(form) => self.show_form(user, place, form),
            Plan::Refuse(refusal) => {
                let body = clerk.refusal(refusal);
                self.happened.push(Happened::Told { user, place, body });
            }
            Plan::Ask(kind, request) => self.ask(request(actor, Reply::address(kind, &call.token))),
            Plan::Escalate { mut form, about } => {
                let is_it = |message: &&Message| about.as_ref().is_some_and(|(_, id)| message.id.as_str() == id);
                form.message = self.said.iter().find(is_it).cloned();
                let reply = Reply::address(ReplyKind::Waiting, &call.token);
                self.ask(Request::Escalate { actor, form, reply });
            }
            Plan::Examine => return Err("/sop doctor needs more than the procedure: nothing is connected".to_owned()),
            Plan::Ignore => return Err("the bot does not know what this is".to_owned()),
        }
        Ok(())
    }

    fn show_form(&mut self, user: u64, place: u64, form: Value) {
        let id = form["custom_id"].as_str().unwrap_or_default().to_owned();
        self.forms.insert(user, (id, place));
        self.happened.push(Happened::Form { user, place, form });
    }

    /// The config is read again.
    fn change(&mut self) -> Result<(), String> {
        let tables = self.changes.next().ok_or("there is no block of toml for it")?;
        let request = match self.setting.change(tables) {
            Ok(()) => {
                self.cast.follow(&self.setting.config);
                Request::Adopt
            }
            Err(problems) => Request::Keep { problems },
        };
        self.ask(request);
        Ok(())
    }

    /// Asks the desk, and tells everything that follows until there is nothing left to tell.
    fn ask(&mut self, request: Request) {
        let outcome = self.desk.handle(request, &self.setting.config.procedure, self.now);
        self.untold.extend(outcome.notices);
        if outcome.reload {
            // Between changes the config says what it said.
            let outcome =
                self.desk.handle(Request::Keep { problems: Vec::new() }, &self.setting.config.procedure, self.now);
            self.untold.extend(outcome.notices);
        }
        while !self.untold.is_empty() {
            let untold = std::mem::take(&mut self.untold);
            // All of it says what is so now; what follows from its arrival is told after it.
            let sendings: Vec<(Notice, Sending)> = untold
                .into_iter()
                .filter(|notice| is_still_wanted(notice, &self.desk))
                .filter_map(|notice| {
                    let sending = sending(&notice, &self.desk, &self.setting.config.procedure, self.now)?;
                    Some((notice, sending))
                })
                .collect();
            for (notice, sending) in sendings {
                self.deliver(&notice, sending);
            }
        }
    }

    fn deliver(&mut self, notice: &Notice, Sending { to, telling, .. }: Sending) {
        let body = compose::telling(&self.setting.words, &telling);
        match to {
            Destination::Place(at) if telling.is_quiet() => self.post_line(&at, body),
            Destination::Place(at) => {
                let (place, id) = (number(at.as_str()), self.next_id());
                let pinged = self.pinged(&telling);
                self.drawn.push((place, id, body.clone()));
                self.happened.push(Happened::Posted { place, id, body, pinged });
                let message = MessageId::from(id.to_string());
                let arrived = match notice {
                    Notice::Page { escalation, page } => {
                        Some(Request::PageDelivered { escalation: *escalation, page: *page, place: at, message })
                    }
                    Notice::Digest { team, window, .. } => {
                        Some(Request::DigestPosted { team: team.clone(), window: *window, place: at, message })
                    }
                    _ => None,
                };
                if let Some(arrived) = arrived {
                    let outcome = self.desk.handle(arrived, &self.setting.config.procedure, self.now);
                    self.untold.extend(outcome.notices);
                }
            }
            Destination::Message { place, message } => {
                let (place, id) = (number(place.as_str()), number(message.as_str()));
                self.drawn.push((place, id, body.clone()));
                self.happened.push(Happened::Edited { place, id, body });
            }
            // Nothing is connected, so no ticket system answers.
            Destination::Ticket(_) => {}
            Destination::Thread { place, message } => {
                let (place, thread) = (number(place.as_str()), number(message.as_str()));
                self.cast.open_thread(place, thread, &compose::thread_name(&self.setting.words, &telling));
                let id = self.next_id();
                self.happened.push(Happened::Posted { place: thread, id, body, pinged: Vec::new() });
            }
            Destination::Asker(to) => {
                let reply = Reply::read(&to);
                let card_shows_it = matches!(&telling, Telling::Answer(answer) if answer.is_on_card());
                let (user, place) = reply.token.split_once('/').unwrap_or_default();
                self.drawn.push((number(place), self.last_id, body.clone()));
                if matches!(&telling, Telling::Answer(answer) if matches!(**answer, Answer::Form(_))) {
                    self.show_form(number(user), number(place), body);
                } else if reply.kind == ReplyKind::Choices {
                    let choices = body["choices"].clone();
                    self.happened.push(Happened::Offered { user: number(user), place: number(place), choices });
                } else if reply.kind != ReplyKind::Button || !card_shows_it {
                    self.happened.push(Happened::Told { user: number(user), place: number(place), body });
                }
            }
        }
    }

    /// A line that nobody has to act on: below others, where enough were said just now.
    fn post_line(&mut self, at: &PlaceId, mut body: Value) {
        let line = body["content"].as_str().unwrap_or_default().to_owned();
        let place = number(at.as_str());
        if let Some((message, text)) = self.bundles.joins(at, &line, self.now, compose::CONTENT_MAX) {
            body["content"] = text.as_str().into();
            self.bundles.said(at, &message, text, self.now);
            self.happened.push(Happened::Edited { place, id: number(message.as_str()), body });
            return;
        }
        let id = self.next_id();
        self.bundles.said(at, &id.to_string().into(), line, self.now);
        self.happened.push(Happened::Posted { place, id, body, pinged: Vec::new() });
    }

    fn pinged(&self, telling: &Telling) -> Vec<u64> {
        match telling {
            Telling::Card { ping: Some(Ping::Group(role)), .. } => self.cast.members(number(role)).collect(),
            Telling::Card { ping: Some(Ping::People(people)), .. } => {
                people.iter().map(|person| number(person.as_str())).collect()
            }
            Telling::Line { ping: Some(person), .. } => vec![number(person.as_str())],
            Telling::Post { ping, .. } => ping.iter().map(|person| number(person.as_str())).collect(),
            _ => Vec::new(),
        }
    }

    fn show(&mut self) -> String {
        let mut view = View::new(&self.cast, self.now);
        for happened in self.happened.drain(..) {
            match happened {
                Happened::Posted { place, id, body, pinged } => view.posted(place, &body, id, &pinged),
                Happened::Edited { place, id, body } => view.edited(place, &body, id),
                Happened::Told { user, place, body } => view.told(user, place, true, &body),
                Happened::Form { user, place, form } => view.form(user, place, &form),
                Happened::Offered { user, place, choices } => view.offered(user, place, &choices),
            }
        }
        view.into_text()
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}

/// An id of Discord's, where everything comes from it.
fn number(id: &str) -> u64 {
    id.parse().unwrap_or_default()
}
