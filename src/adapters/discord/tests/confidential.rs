//! Two days that differ only in what is confidential give the same bytes to everybody who is not cleared.

use proptest::prelude::*;

use super::*;
use crate::sop::desk::{About, Choosing, Form, Question};
use crate::sop::escalation::Act;
use crate::sop::guidance::form::Purpose;
use crate::sop::notice::ReplyTo;

/// What only the cleared may know.
#[derive(Clone, Copy)]
struct Secret {
    name: &'static str,
    said: [&'static str; 2],
    ticket: &'static str,
    /// Whatever the cleared write about it: notes, reasons, answers, what they ask back for.
    words: &'static str,
}

const ONE: Secret = Secret {
    name: "Dora",
    said: ["My lawyer will hear of it.", "My lawyer will hear of my broken tooth."],
    ticket: "4711",
    words: "the tooth",
};
const OTHER: Secret = Secret {
    name: "Zacharias of the Press",
    said: ["We will sue you in court over the fire in Hall 7!", "I shall sue you, see you in court."],
    ticket: "https://desk.example/t/99",
    words: "A fire broke out in hall 7, and **nobody** answered for three days.",
};

const PUBLIC: [&str; 4] = [
    "You LIARS, this is the worst service, what a scam!!",
    "Refund my $700, please.",
    "The whole site is down, I cannot log in.",
    "Thanks, that helped a lot.",
];

#[derive(Clone, Debug)]
enum Step {
    Say { customer: u64, text: usize },
    Confide { edited: bool },
    Report { about: bool },
    Read { lost: bool },
    Act { who: usize, case: u32, act: usize, pressed: Option<u64> },
    Merge { who: usize, part: u32, whole: u32 },
    Inform { who: usize, case: u32 },
    Tell { who: usize, case: u32 },
    Deliver,
    Fail,
    Pass { minutes: i64 },
}

const ACTS: usize = 9;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (who, case) = (|| 0_usize..READERS, || 1_u32..6);
    let step = prop_oneof![
        3 => (4_001_u64..4_004, 0..PUBLIC.len()).prop_map(|(customer, text)| Step::Say { customer, text }),
        2 => any::<bool>().prop_map(|edited| Step::Confide { edited }),
        1 => any::<bool>().prop_map(|about| Step::Report { about }),
        1 => any::<bool>().prop_map(|lost| Step::Read { lost }),
        8 => (who(), case(), 0..ACTS, proptest::option::of(0_u64..8))
            .prop_map(|(who, case, act, pressed)| Step::Act { who, case, act, pressed }),
        1 => (who(), case(), case()).prop_map(|(who, part, whole)| Step::Merge { who, part, whole }),
        2 => (who(), case()).prop_map(|(who, case)| Step::Inform { who, case }),
        1 => (who(), case()).prop_map(|(who, case)| Step::Tell { who, case }),
        5 => Just(Step::Deliver),
        1 => Just(Step::Fail),
        4 => prop_oneof![0_i64..60, 0_i64..3_000].prop_map(|minutes| Step::Pass { minutes }),
    ];
    proptest::collection::vec(step, 1..30)
}

const READERS: usize = 8;
/// The first of the readers that are cleared: they, and whoever reported something in confidence.
const CLEARED: usize = 5;

/// One of each team, and last a rep who reports what is confidential.
fn readers() -> [Actor; READERS] {
    [
        staff(4_101, "Rosa", &["support"]),
        staff(4_102, "Lena", &["leads"]),
        staff(4_103, "Mona", &["managers"]),
        staff(4_106, "Egon", &["engineering"]),
        staff(4_107, "Dirk", &["duty"]),
        staff(4_104, "Lars", &["legal"]),
        staff(4_105, "Cora", &["counsel"]),
        staff(4_108, "Raul", &["support"]),
    ]
}

struct Day {
    stage: Stage,
    secret: Secret,
    readers: [Actor; READERS],
    heard: u64,
}

/// Everything that the uncleared got to see of a day, as the bytes that Discord gets.
fn public(steps: &[Step], secret: Secret) -> Vec<String> {
    let mut day = Day { stage: Stage::new(), secret, readers: readers(), heard: 0 };
    day.go(&Step::Confide { edited: false });
    for step in steps {
        day.go(step);
    }
    assert!(day.stage.desk.cases().any(|case| case.opened.confidential), "nothing is confidential");
    day.pry();
    let uncleared: Vec<String> = day.readers[..CLEARED].iter().map(|one| one.person.id.to_string()).collect();
    let is_closed = |place: &str| [self::place("legal"), self::place("counsel")].contains(&place.to_owned());
    let is_public = |sent: &&Sent| match &sent.to {
        Destination::Place(place) | Destination::Message { place, .. } | Destination::Thread { place, .. } => {
            !is_closed(place.as_str())
        }
        Destination::Asker(_) => uncleared.contains(&sent.asker),
        // Whoever works with the tickets may be anybody.
        Destination::Ticket(_) => true,
    };
    let written = |sent: &Sent| format!("{:?} {} {} {}", sent.to, sent.thread, sent.asker, sent.body);
    day.stage.sent.iter().filter(is_public).map(written).collect()
}

impl Day {
    fn ask(&mut self, who: usize, request: impl FnOnce(Actor, ReplyTo) -> Request) {
        let actor = self.readers[who].clone();
        let asker = actor.person.id.to_string();
        self.stage.ask(&asker, request(actor, ReplyTo("waddress".to_owned())));
    }

    /// What somebody writes about a case: those who may read it, of what it is about.
    fn words(&self, who: usize, case: u32) -> String {
        let case = self.stage.desk.case(EscalationId(case));
        let may_tell = case.is_some_and(|case| case.opened.confidential && case.may_be_read_by(&self.readers[who]));
        if may_tell { self.secret.words.to_owned() } else { "as agreed".to_owned() }
    }

    fn go(&mut self, step: &Step) {
        match step {
            Step::Say { customer, text } => {
                self.heard += 1;
                let author = person(*customer, "Ann", Standing::Customer);
                self.stage.hear(says(self.heard, &author, PUBLIC[*text]));
            }
            Step::Confide { edited } => {
                let message = self.confided(*edited);
                self.stage.hear(message);
            }
            Step::Report { about } => {
                let (words, ticket) = (self.secret.words.to_owned(), self.secret.ticket.to_owned());
                let form = Box::new(Form {
                    trigger: Some("legal".to_owned()),
                    page: 0,
                    typed: vec![("steps".to_owned(), words), ("ticket".to_owned(), ticket)],
                    place: place("support").as_str().into(),
                    about: about.then(|| "900".into()),
                    message: about.then(|| self.confided(false)),
                });
                self.ask(READERS - 1, |actor, reply| Request::Escalate { actor, form, reply });
            }
            // A ticket with a public case, whose customer confides then: what they say is for those who may read that.
            Step::Read { lost: false } => {
                for said in [&[PUBLIC[0]][..], &[PUBLIC[0], self.secret.said[0]]] {
                    let reading = Box::new(reading("Ann", said));
                    self.stage.ask("", Request::TicketRead { ticket: ticket("55"), reading, again: None });
                    self.stage.deliver();
                }
            }
            Step::Read { lost: true } => {
                self.stage.ask("", Request::TicketLost { ticket: ticket("55"), why: "it is gone".to_owned() });
            }
            Step::Act { who, case, act, pressed } => {
                let id = EscalationId(*case);
                let about =
                    pressed.map_or_else(|| About::Typed(id.to_string()), |seen| About::Button { escalation: id, seen });
                let act = self.act(*who, *case, *act);
                self.ask(*who, |actor, reply| Request::Act { actor, about, act, reply });
            }
            Step::Merge { who, part, whole } => {
                let (about, into) = (About::Typed(part.to_string()), whole.to_string());
                self.ask(*who, |actor, reply| Request::Merge { actor, about, into, reply });
            }
            Step::Inform { who, case } => {
                let words = self.words(*who, *case);
                let ids = ["steps".to_owned(), format!("missing-{case}-1")];
                let typed = ids.map(|id| (id, words.clone())).to_vec();
                let escalation = EscalationId(*case);
                self.ask(*who, |actor, reply| Request::Inform { actor, escalation, typed, reply });
            }
            Step::Tell { who, case } => {
                self.question(*who, Question::Customer(About::Typed(case.to_string())));
                let (escalation, due) = (EscalationId(*case), self.stage.now + TimeDelta::hours(1));
                self.ask(*who, |actor, reply| Request::TellCustomer { actor, escalation, due, by_us: true, reply });
            }
            Step::Deliver => self.stage.deliver(),
            Step::Fail => {
                if let Some((escalation, page)) = self.stage.out.pop() {
                    let why = "unknown channel".to_owned();
                    self.stage.ask("", Request::PageUndeliverable { escalation, page, why });
                }
            }
            Step::Pass { minutes } => self.stage.pass(*minutes),
        }
    }

    fn confided(&self, edited: bool) -> Message {
        let author = person(4_009, self.secret.name, Standing::Customer);
        Message { edited, ..says(900, &author, self.secret.said[usize::from(edited)]) }
    }

    fn act(&self, who: usize, case: u32, act: usize) -> Act {
        let words = self.words(who, case);
        match act {
            0 | 1 => Act::Acknowledge { next: None },
            2 => Act::Note { text: words },
            3 => Act::Wait { reason: words },
            4 => Act::Raise { reason: words },
            5 => Act::Lower { reason: words },
            6 => Act::Resolve { note: words },
            7 => Act::Reopen { reason: words },
            _ => Act::Bounce { missing: words },
        }
    }

    /// Everybody asks for everything there is, by number and by what it may be called.
    fn pry(&mut self) {
        for who in 0..READERS {
            let digests = ["24h", "7d"].map(|period| Question::Digest(Some(period.to_owned())));
            for question in
                [Question::Queue, Question::Health, Question::Sop, Question::OnCall { team: None, at: None }]
                    .into_iter()
                    .chain(digests)
            {
                self.question(who, question);
            }
            for typed in ["", "esc", "legal", "dora", "zacharias", "4711", "tooth", "fire"] {
                for what in [Choosing::Open, Choosing::Resolved, Choosing::Any, Choosing::Ticket] {
                    self.question(who, Question::Choices { what, typed: typed.to_owned() });
                }
            }
            for ticket in ["desk 55", "desk 99", "4711"] {
                let (trigger, place) = (Some("refund".to_owned()), place("support").as_str().into());
                let purpose = Box::new(Purpose::Escalation { trigger, place, message: None });
                self.question(who, Question::Form { purpose, page: 0, ticket: ticket.to_owned() });
            }
            for case in 1..6_u32 {
                let about = || About::Typed(case.to_string());
                let purpose = Box::new(Purpose::Owed { case: EscalationId(case) });
                let questions = [
                    Question::Status(about()),
                    Question::Why(about()),
                    Question::Playbook(about()),
                    Question::Difference(about()),
                    Question::Form { purpose, page: 0, ticket: String::new() },
                    Question::Choices { what: Choosing::Criteria { case: case.to_string() }, typed: String::new() },
                ];
                for question in questions {
                    self.question(who, question);
                }
            }
        }
    }

    fn question(&mut self, who: usize, question: Question) {
        self.ask(who, |actor, reply| Request::Ask { actor, question, reply });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn nobody_uncleared_can_tell_two_confidential_days_apart(steps in steps()) {
        let (one, other) = (public(&steps, ONE), public(&steps, OTHER));
        let different = one.iter().zip(&other).find(|(one, other)| one != other);
        prop_assert_eq!(different, None);
        prop_assert_eq!(one.len(), other.len());
    }
}
