//! Everything that strangers and reps can write, everywhere they can, as Discord would get it: nothing of theirs
//! pings, links or formats, and nothing is refused for its length.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::*;
use crate::sandbox::check::{self, Problems, Purpose};
use crate::sandbox::mentions::mentioned;
use crate::sop::desk::{About, Choosing, CoverForm, Form, Question};
use crate::sop::escalation::{Act, Escalation, Grade, Status};
use crate::sop::guidance::form::Purpose as FormFor;
use crate::sop::notice::{Check, ReplyTo};
use crate::sop::team::Severity;

/// What markup would be about is called "grue", a word that no lexicon holds, or 666 where it takes a number.
const TEXTS: &[&str] = &[
    "@everyone @here <@666> <@!666> <@&666> <@&3002>",
    "@\u{200B}everyone @\u{2060}here <@\u{200B}666> <\u{200D}@666> @\u{202E}everyone",
    "<#666> </grue:666> <id:guide> <id:customize> <:grue:666> <a:grue:666> <t:666> <t:666:R> <t:666:F>",
    "**grue** __grue__ *grue* _grue_ ~~grue~~ ||grue|| `grue` ```grue``` ***grue***",
    "# grue\n## grue\n### grue\n-# grue\n> grue\n>>> grue\n- grue\n* grue\n+ grue\n1. grue\n  2. grue\n10) grue",
    "\n# grue\n\n-# grue\r\n# grue\r# grue\u{2028}# grue\u{2029}# grue\u{85}# grue\u{b}# grue",
    "[grue](https://grue.example) [grue](<https://grue.example> \"grue\") <https://grue.example> https://grue.example",
    "https:\u{200B}//grue.example http:\u{202E}//grue.example discord://grue mailto:grue@grue.example <tel:+666>",
    "\\**grue\\** \\\\**grue** \\<@666> \\\\<@666> \\[grue](https://grue.example) \\",
    "```\ngrue\n```\n**grue** <@666>\n```",
    "\u{202E}live\u{202C} \u{2066}grue\u{2069} \u{200F}grue\u{200E} \u{061C}grue",
    "g\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}\u{309}\u{30a}\u{30b}\u{30c}r\u{489}\u{489}\u{489}\u{489}ue",
    "\u{FDFA}\u{FDFA}\u{FDFA} \u{1242B} \u{A9C5} \u{2A6A5}",
    "👩‍👩‍👧‍👦👨🏿‍🦽‍➡️🏳️‍🌈👩‍❤️‍💋‍👨",
    "דנה כהן <@666> محمد **grue**",
    "\0\u{1}\u{7}\u{8}\u{1b}[31mgrue\u{7f}\u{9b}grue",
    "{{ grue }} {% for grue in grue %} {# grue #} {{ 7 * 7 }} ${grue} %n %s",
    "\u{AD}g\u{AD}rue \u{E0041}\u{E0042}\u{FEFF}\u{3164}\u{2800}",
    " ",
    "\n\t\r\n",
    "\u{202E}\u{202E}",
    "\u{200B}",
    "",
];

/// The texts above, and long ones.
fn texts() -> impl Iterator<Item = String> {
    let long = ["*", "<@666>", "\u{FDFA}", "\n# grue"];
    let filled = |part: &str| part.chars().cycle().take(4_000).collect::<String>();
    TEXTS.iter().map(ToString::to_string).chain(long.map(filled))
}

/// A day on which everybody writes `text` wherever they can.
fn day(text: &str) -> Vec<Sent> {
    let mut day = Day::new(text);
    day.customers_write();
    day.tickets_are_read();
    day.reps_escalate();
    day.teams_work();
    day.somebody_mistypes();
    day.machines_complain();
    day.stage.sent
}

struct Day<'t> {
    stage: Stage,
    text: &'t str,
    dana: Person,
    rep: Actor,
    lead: Actor,
    manager: Actor,
    lawyer: Actor,
}

impl<'t> Day<'t> {
    fn new(text: &'t str) -> Self {
        let staff = |id, team: &str| staff(id, text, &[team]);
        Self {
            stage: Stage::new(),
            text,
            dana: person(4_001, text, Standing::Customer),
            rep: staff(4_101, "support"),
            lead: staff(4_102, "leads"),
            manager: staff(4_103, "managers"),
            lawyer: staff(4_104, "legal"),
        }
    }

    fn said(&self) -> String {
        self.text.to_owned()
    }

    fn ask(&mut self, request: Request) {
        self.stage.ask("anybody", request);
    }

    fn question(&mut self, actor: &Actor, question: Question) {
        self.ask(Request::Ask { actor: actor.clone(), question, reply: reply() });
    }

    fn act(&mut self, actor: &Actor, case: &str, act: Act) {
        let about = About::Typed(case.to_owned());
        self.ask(Request::Act { actor: actor.clone(), about, act, reply: reply() });
    }

    fn customers_write(&mut self) {
        let dana = self.dana.clone();
        let claim = says(1, &dana, &format!("Refund my $700, you LIARS, what a scam. {}", self.text));
        self.stage.hear(claim.clone());
        self.stage.hear(Message { text: format!("Refund my $900. {}", self.text), edited: true, ..claim });
        self.stage.hear(says(
            2,
            &dana,
            &format!("https://desk.example/t/4711 my lawyer will hear of it. {}", self.text),
        ));
        for customer in 4_010..4_014 {
            let customer = person(customer, self.text, Standing::Customer);
            self.stage.hear(says(
                customer.id.as_str().parse().expect("a number"),
                &customer,
                "The whole site is down.",
            ));
        }
        self.stage.hear(says(3, &dana, self.text));
        self.stage.deliver();
    }

    /// What stands in a ticket, what is said in it, and what its system says of itself.
    fn tickets_are_read(&mut self) {
        let reading = Box::new(reading(self.text, &["Refund my $800, you LIARS."]));
        self.ask(Request::TicketRead { ticket: ticket("55"), reading, again: None });
        self.ask(Request::TicketLost { ticket: ticket("4711"), why: self.said() });
        let notes: Vec<EscalationId> = self.stage.desk.cases().map(|case| case.id).collect();
        for escalation in notes {
            self.ask(Request::NoteUndeliverable { escalation, why: self.said() });
        }
        self.stage.deliver();
        let by_hand = FormFor::Escalation {
            trigger: Some("refund".to_owned()),
            place: place("support").as_str().into(),
            message: None,
        };
        let (purpose, ticket) = (Box::new(by_hand), "desk 55".to_owned());
        self.question(&self.manager.clone(), Question::Form { purpose, page: 0, ticket });
        for typed in [String::new(), self.said()] {
            self.question(&self.manager.clone(), Question::Choices { what: Choosing::Ticket, typed });
        }
    }

    /// With and without a trigger, about a message and about none.
    fn reps_escalate(&mut self) {
        for (trigger, about) in [(None, false), (Some("refund"), true), (Some("legal"), true), (Some(self.text), false)]
        {
            let typed = ["ticket", "steps", "count", "link"].map(|id| (id.to_owned(), self.said())).to_vec();
            self.escalate(trigger, about, typed);
            let purpose = FormFor::Escalation {
                trigger: trigger.map(str::to_owned),
                place: place("support").as_str().into(),
                message: about.then(|| "9".into()),
            };
            let (purpose, ticket) = (Box::new(purpose), self.said());
            self.question(&self.rep.clone(), Question::Form { purpose, page: 0, ticket });
        }
        let steps = if self.text.trim().is_empty() { "none".to_owned() } else { cut(self.text, 1_000) };
        let typed = vec![("ticket".to_owned(), self.said()), ("steps".to_owned(), steps)];
        self.escalate(None, true, typed.clone());
        self.escalate(Some("refund"), true, typed);
        self.stage.deliver();
    }

    fn escalate(&mut self, trigger: Option<&str>, about: bool, typed: Vec<(String, String)>) {
        let form = Box::new(Form {
            trigger: trigger.map(str::to_owned),
            page: 0,
            typed,
            place: place("support").as_str().into(),
            about: about.then(|| "9".into()),
            message: about.then(|| says(9, &self.dana, self.text)),
        });
        self.ask(Request::Escalate { actor: self.rep.clone(), form, reply: reply() });
    }

    fn teams_work(&mut self) {
        let (rep, lead, manager) = (self.rep.clone(), self.lead.clone(), self.manager.clone());
        let has_work = |case: &&Escalation| case.id.0 <= 3 || case.opened.confidential;
        let cases: Vec<(String, Actor)> = self
            .stage
            .desk
            .cases()
            .filter(has_work)
            .map(|case| {
                let who = if case.opened.confidential { &self.lawyer } else { &manager };
                (case.id.to_string(), who.clone())
            })
            .collect();
        assert!(cases.len() >= 3, "{:?} opened only {} cases", cut(self.text, 40), cases.len());
        for (case, who) in &cases {
            let text = || self.text.to_owned();
            let acts = [
                Act::Acknowledge { next: None },
                Act::Note { text: text() },
                Act::Bounce { missing: text() },
                Act::Bounce { missing: cut(self.text, 10) },
                Act::Wait { reason: text() },
                Act::Promise { within: None },
                Act::HandOff { to: Box::new(who.clone()) },
                Act::SetSeverity { severity: Severity::Sev1, reason: text() },
                Act::Raise { reason: text() },
                Act::Lower { reason: text() },
                Act::Acknowledge { next: None },
            ];
            for act in acts {
                self.act(who, case, act);
                self.stage.deliver();
            }
            self.tell_what_is_owed(case, who);
            self.look(case, who);
            self.act(who, case, Act::Resolve { note: self.said() });
            self.act(who, case, Act::Grade { grade: Grade::WrongTeam });
            self.look(case, who);
            self.act(who, case, Act::Reopen { reason: self.said() });
            self.act(&rep, case, Act::Note { text: self.said() });
            self.stage.deliver();
            self.stage.pass(20);
        }
        for reader in [rep, lead, manager] {
            self.question(&reader, Question::Queue);
            self.question(&reader, Question::Health);
            self.question(&reader, Question::Digest(None));
        }
        self.merge(&cases[0].0, &cases[2].0);
        self.stage.pass(600);
    }

    fn tell_what_is_owed(&mut self, case: &str, who: &Actor) {
        let escalation: EscalationId = case.parse().expect("an id");
        let owed = self.stage.desk.case(escalation).and_then(|case| case.owed.clone());
        let purpose = Box::new(FormFor::Owed { case: escalation });
        self.question(who, Question::Form { purpose, page: 0, ticket: String::new() });
        let ids: Vec<String> = owed.iter().flat_map(|owed| owed.fields.iter()).map(|field| field.id.clone()).collect();
        for id in ids {
            let typed = vec![(id, cut(self.text, 1_000))];
            self.ask(Request::Inform { actor: who.clone(), escalation, typed, reply: reply() });
        }
    }

    fn look(&mut self, case: &str, who: &Actor) {
        let about = || About::Typed(case.to_owned());
        let questions = [
            Question::Status(about()),
            Question::Why(about()),
            Question::Customer(about()),
            Question::Playbook(about()),
            Question::Difference(about()),
        ];
        for question in questions {
            self.question(who, question);
        }
        let (escalation, due) = (case.parse().expect("an id"), self.stage.now + TimeDelta::hours(1));
        self.ask(Request::TellCustomer { actor: who.clone(), escalation, due, by_us: true, reply: reply() });
        for what in [Choosing::Any, Choosing::Criteria { case: case.to_owned() }] {
            self.question(who, Question::Choices { what, typed: String::new() });
        }
    }

    fn merge(&mut self, part: &str, whole: &str) {
        let (actor, about) = (self.manager.clone(), About::Typed(part.to_owned()));
        self.ask(Request::Merge { actor, about, into: whole.to_owned(), reply: reply() });
    }

    /// What stands in the place of a number, a name or a time comes back in a refusal.
    fn somebody_mistypes(&mut self) {
        let manager = self.manager.clone();
        let (some, about) = (self.said(), self.said());
        self.question(&manager, Question::OnCall { team: Some(some.clone()), at: None });
        self.question(&manager, Question::OnCall { team: Some("leads".to_owned()), at: Some(some.clone()) });
        self.question(&manager, Question::Status(About::Typed(about)));
        for what in [Choosing::Open, Choosing::Resolved, Choosing::Criteria { case: self.said() }] {
            self.question(&manager, Question::Choices { what, typed: self.said() });
        }
        self.merge("1", &some);
        let place = place("support").as_str().into();
        self.ask(Request::Drill { actor: manager.clone(), trigger: some.clone(), place, reply: reply() });
        let form = CoverForm {
            team: some.clone(),
            from: Some(some.clone()),
            to: some,
            instead_of: Some(self.dana.clone()),
            who: None,
        };
        self.ask(Request::Cover { actor: manager, form: Box::new(form), reply: reply() });
    }

    /// Discord's own words, and those of the config's author, are not ours either.
    fn machines_complain(&mut self) {
        let open: Vec<EscalationId> = self
            .stage
            .desk
            .cases()
            .filter(|case| case.status() != Status::Resolved && case.awaiting.is_some())
            .map(|case| case.id)
            .collect();
        for escalation in open {
            let page = self.stage.desk.case(escalation).expect("it is open").pages.len() - 1;
            self.ask(Request::PageUndeliverable { escalation, page, why: self.said() });
        }
        self.ask(Request::Keep { problems: vec![self.said(); 3] });
        let about = format!("Team {}", self.text);
        let checks = vec![Check::error(&about, self.text, self.text), Check::warning("x", self.text, "")];
        self.ask(Request::Examine { actor: self.manager.clone(), checks, reply: reply() });
    }
}

fn reply() -> ReplyTo {
    ReplyTo("waddress".to_owned())
}

/// What is wrong with a body: what Discord would refuse, what could ping, what of theirs is markup.
fn faults(sent: &Sent) -> Vec<String> {
    let body = &sent.body;
    if body.get("choices").is_some() {
        return refused(&check::choices(body));
    }
    if body.get("title").is_some() {
        let mut faults = refused(&check::form(body));
        faults.extend(shown_in_form(body).filter_map(turned));
        return faults;
    }
    let purpose = match sent.to {
        Destination::Place(_) | Destination::Thread { .. } => Purpose::Post,
        Destination::Message { .. } => Purpose::Edit,
        Destination::Asker(_) => Purpose::Answer,
        // Its own adapter writes there.
        Destination::Ticket(_) => return Vec::new(),
    };
    let mut faults = refused(&check::message(body, purpose));
    if let Destination::Thread { .. } = sent.to {
        faults.extend(refused(&check::thread(&json!({"name": sent.thread}), &["name"], true)));
        faults.extend(turned(&sent.thread));
    }
    if body["content"].as_str().unwrap_or_default().trim().is_empty() && body["embeds"].is_null() {
        faults.push("it is empty".to_owned());
    }
    faults.extend(pinged(sent));
    let mut texts = Vec::new();
    shown(body, &mut texts);
    faults.extend(texts.iter().flat_map(|text| live(text).into_iter().chain(turned(text))));
    faults
}

fn refused(problems: &Problems) -> Vec<String> {
    if problems.is_empty() { Vec::new() } else { vec![problems.summary()] }
}

/// Only whom the notice names is let through, and the text names nobody who is not there.
fn pinged(sent: &Sent) -> Option<String> {
    let allowed = &sent.body["allowed_mentions"];
    let ids = |key: &str| allowed[key].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    let let_through: BTreeSet<String> = ids("users").chain(ids("roles")).collect();
    let is_closed = allowed["parse"].as_array().is_some_and(Vec::is_empty);
    let named = mentioned(sent.body["content"].as_str().unwrap_or_default());
    let strangers = named.users.iter().chain(&named.roles).any(|id| *id == 666);
    let is_fine = is_closed && let_through == sent.rings && !strangers && !named.everyone;
    (!is_fine).then(|| format!("it may ping {let_through:?}: {allowed}, {named:?}"))
}

/// Everything in a message that Discord reads for markup.
fn shown<'v>(value: &'v Value, texts: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(list) => list.iter().for_each(|one| shown(one, texts)),
        Value::Object(object) => {
            let read = object.iter().filter(|(key, _)| *key != "components" && *key != "allowed_mentions");
            read.for_each(|(_, one)| shown(one, texts));
        }
        _ => {}
    }
}

/// What others read on a form: not what they have typed themselves.
fn shown_in_form(form: &Value) -> impl Iterator<Item = &str> {
    let rows = form["components"].as_array().into_iter().flatten();
    let inputs = rows.flat_map(|row| row["components"].as_array().into_iter().flatten());
    let said = inputs.flat_map(|input| [&input["label"], &input["placeholder"]]);
    said.chain([&form["title"]]).filter_map(Value::as_str)
}

/// The first thing of theirs in a text that Discord would not show as it was written.
fn live(text: &str) -> Option<String> {
    static ESCAPED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?s)\\.").expect("constant"));
    // What the customer is to be told stands in a block of code, which nothing in it may end.
    static BLOCK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?s)to copy:\n```.*?```").expect("constant"));
    static LIVE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"(?mx) <[@\#:a/ti][^>\n]*(666|grue|guide|customize) | \[grue\]\( | (:|&)//grue | <https
            | ^\s*(\#{1,3}|-\#|>{1,3}|[-*+]|\d+[.)])\s+grue | (\*|_|~~|\|\||`)grue
            | @everyone | @here | \x1b"#,
        )
        .expect("constant")
    });
    let text = BLOCK.replace(text, "");
    let text = ESCAPED.replace_all(&text, "·");
    LIVE.find(&text).map(|found| format!("{:?} is live", cut(found.as_str(), 40)))
}

/// A character that turns the line round, hides or controls.
fn turned(text: &str) -> Option<String> {
    let is_wrong = |character: &char| {
        matches!(*character, '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
            || matches!(*character, '\u{2028}' | '\u{2029}' | '\u{AD}' | '\u{E0000}'..='\u{E007F}')
            || (character.is_control() && *character != '\n')
    };
    text.chars().find(is_wrong).map(|character| format!("{} got through", character.escape_unicode()))
}

#[test]
fn whatever_is_written_pings_links_formats_and_overflows_nothing() {
    let mut wrong = BTreeSet::new();
    for text in texts() {
        let sent = day(&text);
        assert!(sent.len() > 100, "a day of {} sendings", sent.len());
        for sent in &sent {
            wrong.extend(faults(sent).into_iter().map(|fault| format!("{:?}: {fault}", cut(&text, 40))));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
