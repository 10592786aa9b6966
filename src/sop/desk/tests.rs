//! Random days of a desk: what is heard, said, pressed, delivered and waited for, in any order.

mod evidence;

use proptest::prelude::*;

use super::*;
use crate::sop::escalation::{Act, Actor, Fate};
use crate::sop::fixture::{at, build, person, procedure, says, staff};
use crate::sop::notice::ReplyTo;
use crate::sop::notice::line_facts;
use crate::sop::rota::{Every, Layer, Rota, Rotation, Window};
use chrono::TimeDelta;

const TEXTS: [&str; 8] = [
    "You LIARS, this is the worst service, what a scam!!",
    "Refund my $700, please.",
    "Please refund my $150.",
    "The site is down for me.",
    "The whole site is down, I cannot log in.",
    "My lawyer will hear about this.",
    "Ticket https://desk.example/t/4711 again: refund my $900 or my lawyer will.",
    "Thanks, that helped a lot.",
];

/// One thing that happens. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Move {
    Say {
        customer: usize,
        text: usize,
    },
    /// The last message reads differently now.
    Edit {
        text: usize,
    },
    Act {
        who: usize,
        case: u32,
        button: Option<u64>,
        act: Act,
    },
    Escalate {
        who: usize,
        trigger: Option<&'static str>,
        about_last: bool,
    },
    Ask {
        who: usize,
        case: u32,
    },
    Merge {
        who: usize,
        part: u32,
        whole: u32,
    },
    Deliver {
        page: usize,
    },
    Fail {
        page: usize,
    },
    Pass {
        seconds: i64,
    },
    Ring,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let who = || 0_usize..7;
    let case = || 0_u32..6;
    let act = prop_oneof![
        3 => Just(Act::Acknowledge { next: None }),
        2 => Just(Act::Raise { reason: "stuck".to_owned() }),
        2 => Just(Act::Resolve { note: "done".to_owned() }),
        2 => Just(Act::Wait { reason: "a photo is missing".to_owned() }),
        1 => Just(Act::Promise { within: None }),
        1 => Just(Act::Note { text: "called them".to_owned() }),
        1 => Just(Act::Lower { reason: "simple after all".to_owned() }),
        1 => Just(Act::Reopen { reason: "not done".to_owned() }),
        1 => Just(Act::Resolve { note: " ".to_owned() }),
    ];
    let trigger = proptest::option::of(proptest::sample::select(vec!["legal", "refund", "outage", "nonsense"]));
    let one = prop_oneof![
        6 => (0_usize..3, 0..TEXTS.len()).prop_map(|(customer, text)| Move::Say { customer, text }),
        1 => (0..TEXTS.len()).prop_map(|text| Move::Edit { text }),
        4 => (who(), case(), proptest::option::of(0_u64..8), act)
            .prop_map(|(who, case, button, act)| Move::Act { who, case, button, act }),
        2 => (who(), trigger, any::<bool>())
            .prop_map(|(who, trigger, about_last)| Move::Escalate { who, trigger, about_last }),
        1 => (who(), case()).prop_map(|(who, case)| Move::Ask { who, case }),
        2 => (who(), case(), case()).prop_map(|(who, part, whole)| Move::Merge { who, part, whole }),
        6 => any::<usize>().prop_map(|page| Move::Deliver { page }),
        1 => any::<usize>().prop_map(|page| Move::Fail { page }),
        2 => prop_oneof![0_i64..600, 0_i64..200_000].prop_map(|seconds| Move::Pass { seconds }),
        4 => Just(Move::Ring),
    ];
    proptest::collection::vec(one, 1..40)
}

/// The support rep, one of each team, and a customer who found the commands.
fn people() -> Vec<Actor> {
    let teams = ["support", "leads", "managers", "legal", "engineering", "duty"];
    let customer = Actor { person: person("ann", Standing::Customer), teams: Vec::new(), manages: false };
    teams.iter().map(|team| staff(&format!("of {team}"), &[team])).chain([customer]).collect()
}

/// The leads' duty changes hands every hour and the lawyers' every day, for half of which nobody has it.
fn on_duty() -> std::sync::Arc<Procedure> {
    let rota = |team: &str, hours, only: &[Window]| {
        let people = vec!["of leads".into(), "of managers".into(), "of legal".into()];
        let rotation = Rotation { people, every: Every::Hours(hours), start: at(-86_400).naive_utc() };
        let layers = vec![Layer { rotation, only: only.to_vec() }];
        let (id, team, zone) = (team.to_owned(), team.into(), chrono_tz::Tz::UTC);
        Rota { id, team, zone, layers, imported: std::sync::Arc::default(), overrides: Vec::new(), away: Vec::new() }
    };
    let noon = chrono::NaiveTime::from_hms_opt(12, 0, 0).expect("a time");
    let mornings =
        Window { first: chrono::Weekday::Mon, last: chrono::Weekday::Sun, from: chrono::NaiveTime::MIN, to: noon };
    std::sync::Arc::new(Procedure { rotas: vec![rota("leads", 1, &[]), rota("legal", 24, &[mornings])], ..build() })
}

/// A desk on its way: everything it recorded, and the pages that are out.
struct Day {
    desk: Desk,
    procedure: std::sync::Arc<Procedure>,
    now: DateTime<Utc>,
    log: Vec<(String, DateTime<Utc>)>,
    out: Vec<(EscalationId, usize)>,
    last: Option<Message>,
    heard: usize,
    people: Vec<Actor>,
    /// What was told where only the public may look, as its facts were at that moment.
    public: Vec<String>,
}

impl Day {
    fn new() -> Self {
        Self {
            desk: Desk::default(),
            procedure: on_duty(),
            now: at(0),
            log: Vec::new(),
            out: Vec::new(),
            last: None,
            heard: 0,
            people: people(),
            public: Vec::new(),
        }
    }

    fn go(&mut self, step: &Move) {
        match step {
            Move::Pass { seconds } => self.now += TimeDelta::seconds(*seconds),
            Move::Say { customer, text } => {
                self.heard += 1;
                let author = ["ann", "bob", "cleo"][*customer];
                self.hear(says(&format!("m{}", self.heard), author, TEXTS[*text]));
            }
            Move::Edit { text } => {
                if let Some(last) = self.last.clone() {
                    self.hear(Message { text: TEXTS[*text].to_owned(), edited: true, ..last });
                }
            }
            Move::Deliver { .. } | Move::Fail { .. } if self.out.is_empty() => {}
            Move::Deliver { page } => {
                let (escalation, page) = self.out.remove(page % self.out.len());
                let team = &self.desk.cases[escalation].pages[page].team;
                let (place, message) = (team.0.as_str().into(), format!("card {escalation}/{page}").into());
                self.ask(Request::PageDelivered { escalation, page, place, message });
            }
            Move::Fail { page } => {
                let (escalation, page) = self.out.remove(page % self.out.len());
                self.ask(Request::PageUndeliverable { escalation, page, why: "gone".to_owned() });
            }
            Move::Ring => self.ring(),
            Move::Act { .. } | Move::Merge { .. } | Move::Escalate { .. } | Move::Ask { .. } => self.command(step),
        }
    }

    fn hear(&mut self, message: Message) {
        self.last = Some(message.clone());
        self.ask(Request::Message(message.clone()));
        let cases = self.log.len();
        let again = self.ask(Request::Message(message));
        assert_eq!(again.notices, [], "a message that was heard twice told somebody something");
        let joined = self.log[cases..].iter().any(|(fact, _)| fact.contains(r#""fact":"case""#));
        assert!(!joined, "a message that was heard twice changed a case");
    }

    fn ring(&mut self) {
        if let Some(at) = self.desk.next_deadline() {
            assert!(self.desk.cases().filter_map(Escalation::next_deadline).all(|other| other.at >= at));
            let case = self.desk.deadlines.first().map(|(at, _)| *at);
            let due = [case, self.desk.handovers.next(), self.desk.waits.next()].into_iter().flatten().min();
            assert_eq!(due, Some(at));
            self.now = self.now.max(at);
        }
        self.ask(Request::DeadlineReached);
        assert!(self.desk.next_deadline().is_none_or(|at| at > self.now), "one ring sees to everything due");
    }

    fn command(&mut self, step: &Move) {
        let reply = ReplyTo("asker".to_owned());
        let before: Vec<Escalation> = self.desk.cases().cloned().collect();
        let (actor, request) = match step.clone() {
            Move::Act { who, case, button, act } => {
                let id = EscalationId(case);
                let about =
                    button.map_or_else(|| About::Typed(id.to_string()), |seen| About::Button { escalation: id, seen });
                let actor = self.people[who].clone();
                (actor.clone(), Request::Act { actor, about, act, reply })
            }
            Move::Merge { who, part, whole } => {
                let actor = self.people[who].clone();
                let (about, into) = (About::Typed(part.to_string()), whole.to_string());
                (actor.clone(), Request::Merge { actor, about, into, reply })
            }
            Move::Ask { who, case } => {
                let actor = self.people[who].clone();
                let question = Question::Why(About::Typed(case.to_string()));
                (actor.clone(), Request::Ask { actor, question, reply })
            }
            Move::Escalate { who, trigger, about_last } => {
                let actor = self.people[who].clone();
                let form = Box::new(Form {
                    trigger: trigger.map(str::to_owned),
                    page: 0,
                    typed: vec![("steps".to_owned(), "turned it off and on".to_owned())],
                    place: "support".into(),
                    about: self.last.as_ref().filter(|_| about_last).map(|message| message.id.clone()),
                    message: self.last.clone().filter(|_| about_last),
                });
                (actor.clone(), Request::Escalate { actor, form, reply })
            }
            other => unreachable!("{other:?} is not a command"),
        };
        let logged = self.log.len();
        let outcome = self.ask(request);
        let [.., Notice::Reply { answer, .. }] = outcome.notices.as_slice() else { panic!("a command has an answer") };
        if let Answer::Refused(_) = **answer {
            assert_eq!(self.log.len(), logged, "a refusal was recorded");
            assert!(before.iter().eq(self.desk.cases()), "a refusal changed something");
        }
        self.check_reader(&actor, answer);
    }

    /// Nobody is shown a case that they may not read.
    fn check_reader(&self, actor: &Actor, answer: &Answer) {
        let shown = match answer {
            Answer::Done { case, .. } | Answer::Status { case } | Answer::Escalated { case: Some(case), .. } => {
                &case.id
            }
            Answer::Why { why } => &why.id,
            _ => return,
        };
        let id: EscalationId = shown.parse().expect("cards carry ids");
        assert!(self.desk.cases[id].may_be_read_by(actor), "{} was shown {id}", actor.person.id);
    }

    fn ask(&mut self, request: Request) -> Outcome {
        let outcome = self.desk.handle(request, &self.procedure, self.now);
        for fact in &outcome.facts {
            self.log.push((serde_json::to_string(fact).expect("plain data"), self.now));
        }
        for notice in &outcome.notices {
            match notice {
                Notice::Page { escalation, page } => self.out.push((*escalation, *page)),
                Notice::Line { team, escalation, line, .. } if *team == self.procedure.front => {
                    let facts = line_facts(line, team, &self.desk.cases[*escalation], &self.desk, &self.procedure);
                    self.public.push(serde_json::to_string(&facts).expect("plain data"));
                }
                _ => {}
            }
        }
        outcome
    }

    /// What is true of a desk at every moment.
    fn check(&self) {
        let (mut folded, mut at_once, mut reader) = (Desk::default(), Fold::default(), Reader::default());
        for (fact, at) in &self.log {
            let read = reader.read(fact).expect("ours");
            assert_eq!(read, serde_json::from_str(fact).expect("ours"), "there is one way to read a fact");
            at_once.take(read.clone(), *at).expect("it follows those before it");
            folded.apply(read, *at);
        }
        let at_once = at_once.done();
        for folded in [&folded, &at_once] {
            assert_eq!(folded.cases, self.desk.cases);
            assert_eq!(folded.deadlines, self.desk.deadlines);
            assert_eq!((&folded.open, &folded.listening), (&self.desk.open, &self.desk.listening));
            assert_eq!(folded.handovers.held, self.desk.handovers.held);
        }
        for (subject, plan) in self.desk.cases().flat_map(Escalation::issues) {
            let about = |desk: &Desk| desk.same_issue(subject, plan).map(|case| case.id).collect::<Vec<_>>();
            assert_eq!(about(&at_once), about(&self.desk));
        }
        folded.look_ahead(&self.procedure);
        assert_eq!(folded.next_deadline(), self.desk.next_deadline(), "a restart forgets nothing that is due");
        let due = |case: &Escalation| case.next_deadline().map(|deadline| (deadline.at, case.id));
        assert!(self.desk.deadlines.iter().copied().eq(self.desk.cases().filter_map(due).collect::<BTreeSet<_>>()));
        for case in self.desk.cases() {
            let is_open = case.resolution.is_none();
            assert_eq!(self.desk.open.contains(&case.id), is_open);
            let is_asked = |page: usize| case.pages[page].fate == Fate::Asked && self.out.contains(&(case.id, page));
            let awaited = case.awaiting.is_some_and(is_asked) || due(case).is_some();
            assert!(!is_open || awaited || case.responder.is_some(), "{} was forgotten", case.id);
            self.check_parts(case);
        }
    }
}

impl Day {
    /// What was merged is part of each case that it goes on in, and nothing else is.
    fn check_parts(&self, case: &Escalation) {
        for whole in self.desk.wholes_of(case.id) {
            assert!(self.desk.cases[whole].parts.iter().any(|part| part.case == case.id));
        }
        for part in &case.parts {
            assert!(self.desk.wholes_of(part.case).contains(&case.id), "{} is no part of {}", part.case, case.id);
        }
        // A rep's case without a customer is about nothing that could be said again.
        for (subject, plan) in case.issues().filter(|(subject, _)| subject.is_same_issue(subject)) {
            let about = self.desk.same_issue(subject, plan).any(|known| known.id == case.id);
            assert_eq!(about, case.merged_into().is_none(), "{} is about its issues as long as it goes on", case.id);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_day_can_be_folded_again_and_forgets_nobody(moves in moves()) {
        let mut day = Day::new();
        for step in &moves {
            day.go(step);
            day.check();
        }
    }

    /// Two days that differ only in what one customer said in confidence look the same from outside.
    #[test]
    fn the_public_learns_nothing_of_what_is_confidential(moves in moves()) {
        let day = |secret: &str| {
            let mut day = Day::new();
            day.hear(says("secret", "dora", secret));
            assert!(day.desk.cases().all(|case| case.opened.confidential) && day.desk.cases().next().is_some());
            for step in &moves {
                day.go(step);
            }
            let queue = crate::sop::notice::queue(&day.desk, &day.people[0], &day.procedure);
            day.public.push(serde_json::to_string(&queue).expect("plain data"));
            day.public
        };
        prop_assert_eq!(day("My lawyer will hear of it."), day("We will sue you in court over my broken tooth."));
    }
}

#[test]
fn what_is_confidential_does_not_join_a_case_that_everybody_reads() {
    let mut desk = Desk::default();
    let procedure = procedure();
    let subject = |desk: &Desk| desk.cases().next().expect("one case").opened.subject.clone();
    desk.handle(Request::Message(says("m1", "ann", "Refund my $700, please.")), &procedure, at(0));
    assert!(desk.open_case(&subject(&desk), "leads", false).is_some());
    assert!(desk.open_case(&subject(&desk), "leads", true).is_none());
}

#[test]
fn a_rep_who_adds_to_a_confidential_case_is_told_its_codename_only() {
    let mut desk = Desk::default();
    let procedure = procedure();
    let message = says("m1", "ann", "My lawyer will hear about this.");
    desk.handle(Request::Message(message.clone()), &procedure, at(0));
    let form = Box::new(Form {
        trigger: Some("legal".to_owned()),
        page: 0,
        typed: vec![("steps".to_owned(), "said sorry".to_owned())],
        place: "support".into(),
        about: Some(message.id.clone()),
        message: Some(message),
    });
    let reply = ReplyTo("rep".to_owned());
    let request = Request::Escalate { actor: staff("rep", &["support"]), form, reply: reply.clone() };
    let outcome = desk.handle(request, &procedure, at(1));
    let answer = Box::new(Answer::Escalated { joined: true, codename: "Heron".to_owned(), case: None });
    assert_eq!(outcome.notices.last(), Some(&Notice::Reply { to: reply, answer }));
}
