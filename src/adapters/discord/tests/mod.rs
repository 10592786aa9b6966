//! What Discord would get, without one: a desk, and each notice as the body that is sent for it.

mod confidential;
mod hostile;
mod limits;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use crate::adapters::discord::compose;
use crate::adapters::discord::markup;
use crate::engine::connector::{Destination, Ping, Telling};
use crate::engine::sending;
use crate::sop::desk::{Desk, Outcome, Request};
use crate::sop::digest::Schedule;
use crate::sop::escalation::{Actor, EscalationId};
use crate::sop::fixture::{at, build, field};
use crate::sop::guidance::Guidance;
use crate::sop::guidance::information::{AnswerKind, Field, Need};
use crate::sop::guidance::message::Wording;
use crate::sop::guidance::playbook::{PlayStep, Playbook};
use crate::sop::message::{Message, Person, Standing, TicketRef, cut};
use crate::sop::notice::Notice;
use crate::sop::procedure::{Procedure, TicketAccess, TicketLink};
use crate::sop::rota::{Every, Layer, Rota, Rotation};
use crate::sop::team::{Plan, Team};
use crate::sop::ticket::{
    Comment, Reading, Requester, Role, Ticket, TicketPart, TicketPriority, TicketStatus, Visibility,
};
use crate::sop::trigger::Trigger;
use crate::words::{Language, Words};

/// One request to Discord.
#[derive(Clone, Debug, PartialEq)]
struct Sent {
    to: Destination,
    body: Value,
    /// Ids of the people and roles that may be pinged by it.
    rings: BTreeSet<String>,
    /// What the thread is called; empty where it goes to none.
    thread: String,
    /// Who reads an answer; empty where a place does.
    asker: String,
}

/// A desk whose notices are composed at once.
struct Stage {
    desk: Desk,
    now: DateTime<Utc>,
    /// Pages that are on their way.
    out: Vec<(EscalationId, usize)>,
    sent: Vec<Sent>,
}

impl Stage {
    fn new() -> Self {
        let mut stage = Self { desk: Desk::default(), now: at(0), out: Vec::new(), sent: Vec::new() };
        stage.ask("", Request::Adopt);
        stage
    }

    /// What one request leads to, as it is sent; `asker` reads the answer.
    fn ask(&mut self, asker: &str, request: Request) -> Outcome {
        let outcome = self.desk.handle(request, procedure(), self.now);
        for notice in &outcome.notices {
            if let Notice::Page { escalation, page } = notice {
                self.out.push((*escalation, *page));
            }
            let Some(told) = sending(notice, &self.desk, procedure(), self.now) else { continue };
            let body = match &told.telling {
                // Nobody reads anything by it.
                Telling::Reading => continue,
                Telling::TicketNote(note) => json!({"marker": note.marker, "facts": note.facts}),
                telling => compose::telling(words(), telling),
            };
            let is_answer = matches!(told.to, Destination::Asker(_));
            let asker = if is_answer { asker.to_owned() } else { String::new() };
            let thread = compose::thread_name(words(), &told.telling);
            self.sent.push(Sent { rings: rings(&told.telling), to: told.to, body, thread, asker });
        }
        for notice in &outcome.notices {
            if let Notice::Digest { team, window, .. } = notice {
                let place = place(&team.0).as_str().into();
                let (team, window, message) = (team.clone(), *window, "7000".into());
                self.ask("", Request::DigestPosted { team, window, place, message });
            }
        }
        outcome
    }

    fn hear(&mut self, message: Message) {
        self.ask("", Request::Message(message));
    }

    /// Every page that is on its way arrives.
    fn deliver(&mut self) {
        for (escalation, page) in std::mem::take(&mut self.out) {
            let place = place(&self.desk.case(escalation).expect("it was paged").pages[page].team.0);
            let message = format!("{}{page}", escalation.0).into();
            self.ask("", Request::PageDelivered { escalation, page, place: place.as_str().into(), message });
        }
    }

    fn pass(&mut self, minutes: i64) {
        self.now += TimeDelta::minutes(minutes);
        self.ask("", Request::DeadlineReached);
    }
}

/// Whom a telling names to be pinged.
fn rings(telling: &Telling) -> BTreeSet<String> {
    match telling {
        Telling::Card { ping: Some(Ping::Group(role)), .. } => [role.clone()].into(),
        Telling::Card { ping: Some(Ping::People(people)), .. } | Telling::Post { ping: people, .. } => {
            people.iter().map(ToString::to_string).collect()
        }
        Telling::Line { ping, .. } => ping.iter().map(ToString::to_string).collect(),
        _ => BTreeSet::new(),
    }
}

const TEAMS: [&str; 7] = ["support", "leads", "managers", "legal", "counsel", "engineering", "duty"];

/// The id of a team's channel: Discord's ids are numbers.
fn place(team: &str) -> String {
    let number = TEAMS.iter().position(|known| *known == team).expect("a team of the fixture");
    (2_001 + number).to_string()
}

/// Its role.
fn role(team: &str) -> String {
    format!("3{}", &place(team)[1..])
}

fn person(id: u64, name: &str, standing: Standing) -> Person {
    Person { id: id.to_string().into(), name: name.into(), standing }
}

fn staff(id: u64, name: &str, teams: &[&str]) -> Actor {
    Actor {
        person: person(id, name, Standing::Staff),
        teams: teams.iter().map(|team| (*team).into()).collect(),
        manages: teams.contains(&"managers"),
    }
}

fn says(id: u64, author: &Person, text: &str) -> Message {
    Message {
        id: id.to_string().into(),
        place: place("support").as_str().into(),
        author: author.clone(),
        text: text.to_owned(),
        at: at(0),
        edited: false,
        to: Vec::new(),
    }
}

fn procedure() -> &'static Procedure {
    static PROCEDURE: LazyLock<Procedure> = LazyLock::new(numbered);
    &PROCEDURE
}

fn words() -> &'static Words {
    static WORDS: LazyLock<Words> = LazyLock::new(|| {
        Words::load(Language::English, None, markup(1_000), &procedure().teams)
            .unwrap_or_else(|problems| panic!("{problems:?}"))
    });
    &WORDS
}

/// A ticket as its system tells of it, with this text wherever a text can be; the customer says these.
fn reading(text: &str, said: &[&str]) -> Reading {
    let line = text.replace('\n', " ");
    let comment = |id: &str, role, visibility, text: &str| Comment {
        id: id.to_owned(),
        author: line.clone(),
        role,
        visibility,
        text: text.to_owned(),
        at: at(0),
    };
    let requester = Requester {
        id: "7".to_owned(),
        name: line.clone(),
        email: Some(line.clone()),
        organisation: Some(line.clone()),
        plan: Some(line.clone()),
        tags: vec![line.clone()],
    };
    let mut ticket = Ticket {
        id: "55".to_owned(),
        number: line.clone(),
        subject: line.clone(),
        status: TicketStatus::Open,
        priority: Some(TicketPriority::High),
        requester,
        assignee: None,
        group: Some(line.clone()),
        tags: vec![line.clone(); 12],
        created: at(0),
        updated: at(0),
        comments: vec![
            comment("1", Role::Agent, Visibility::Internal, text),
            comment("2", Role::Customer, Visibility::Public, text),
        ],
        is_cut: false,
    };
    let said = (3..).zip(said).map(|(id, said)| comment(&id.to_string(), Role::Customer, Visibility::Public, said));
    ticket.comments.extend(said);
    Reading { ticket, recent: Some(3) }
}

fn ticket(id: &str) -> TicketRef {
    TicketRef { system: "desk".to_owned(), id: id.to_owned(), url: None }
}

/// Duties that change hands every so many hours.
fn rota(team: &str, hours: u32, people: &[&str]) -> Rota {
    let people = people.iter().map(|id| (*id).into()).collect();
    let rotation = Rotation { people, every: Every::Hours(hours), start: at(-86_400).naive_utc() };
    let (id, layers) = (team.to_owned(), vec![Layer { rotation, only: Vec::new() }]);
    Rota {
        id,
        team: team.into(),
        zone: Tz::UTC,
        layers,
        imported: Arc::default(),
        overrides: Vec::new(),
        away: Vec::new(),
    }
}

/// A digest once an hour.
fn hourly(team: &str) -> Schedule {
    Schedule::new(team.into(), "30 * * * *", chrono_tz::UTC).expect("a schedule")
}

/// The fixture's procedure with Discord's kind of ids, and with everything that forms, playbooks and messages can be.
fn numbered() -> Procedure {
    let procedure = build();
    let team = |team: &Team| Team { place: place(&team.id.0).as_str().into(), group: role(&team.id.0), ..team.clone() };
    let asked = vec![
        field("steps", Need::Now),
        Field { kind: AnswerKind::Number, ..field("count", Need::Owed) },
        Field { kind: AnswerKind::Link, ..field("link", Need::Owed) },
        Field { prefill: Some(TicketPart::Customer), ..field("context", Need::Optional) },
    ];
    let access = Some(TicketAccess { notes: true, ..TicketAccess::default() });
    let links = procedure.ticket_links.iter().map(|link| TicketLink { access: access.clone(), ..link.clone() });

    let plan = |plan: &Plan| {
        let lower_when = vec!["The receipt is there".to_owned()];
        Arc::new(Plan { confirm_within: TimeDelta::hours(1), lower_when, ..plan.clone() })
    };
    let trigger = |trigger: &Trigger| {
        let required = if trigger.id == "refund" { asked.clone() } else { Vec::new() };
        Trigger { plan: plan(&trigger.plan), required, ..trigger.clone() }
    };
    let wording = Wording {
        id: "all".to_owned(),
        triggers: Vec::new(),
        zone: Tz::UTC,
        text: "Dear {{ customer }}, about {{ ticket }}: you hear from us by {{ due }}.".to_owned(),
        apology: None,
    };
    let step = |title: &str| PlayStep { title: title.to_owned(), how: "Listen.".to_owned(), say: None };
    let book = Playbook {
        id: "calm".to_owned(),
        name: "Calm".to_owned(),
        triggers: vec!["refund".to_owned(), "legal".to_owned()],
        steps: vec![step("Listen"), step("Offer")],
    };
    Procedure {
        rotas: vec![rota("leads", 1, &["4102", "4103"]), rota("legal", 24, &["4104", "4105"])],
        teams: procedure.teams.iter().map(team).collect(),
        triggers: procedure.triggers.iter().map(trigger).collect(),
        default_plan: plan(&procedure.default_plan),
        ticket_links: links.collect(),
        guidance: Guidance {
            by_default: vec![field("steps", Need::Now)],
            information: asked,
            playbooks: vec![book],
            messages: vec![wording],
        },
        digests: ["managers", "leads", "legal"].map(hourly).to_vec(),
        ..procedure
    }
}
