//! Facts of every shape, so that a template that does not render stops the start and not a page at night.

mod digests;
mod history;
mod reasons;
mod refusals;
mod sops;
mod tickets;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use crate::sop::clock::{ClockKind, Limit, Limits};
use crate::sop::escalation::{
    Act, Actor, Command, Counted, Escalation, EscalationId, Grade, OnCall, Opened, Quote, Refusal, Report, Subject,
    TriggerName, open,
};
use crate::sop::guidance::Guidance;
use crate::sop::guidance::form::{Filled, FormPage, Purpose, ShownForm};
use crate::sop::guidance::information::{AnswerKind, Field, Information, Need};
use crate::sop::guidance::playbook::{PlayStep, Playbook};
use crate::sop::message::{Person, Standing};
use crate::sop::notice::{
    self, Answer, BookPage, BookStep, Card, Check, Checkup, Difference, Duty, Line, LineFacts, OpenItem, Post,
    PostFacts, Queue, Section, Shift, ShownClock, ShownRung, ShownTerms, Soon, Verb,
};
use crate::sop::procedure::Procedure;
use crate::sop::rota::{Cover, Span};
use crate::sop::signal::{Kind, Lexicon};
use crate::sop::team::{Plan, Rung, Severity};
use crate::sop::trigger::{Finding, Ownership, Rates, Scope, What};
use crate::words::{NoteFacts, Words, WordsError};

impl Words {
    /// Everything that does not render.
    pub(crate) fn try_out(&self) -> Vec<WordsError> {
        let mut problems: Vec<WordsError> = self.rendered().into_iter().filter_map(Result::err).collect();
        problems.sort_by_key(ToString::to_string);
        problems.dedup_by_key(|problem| problem.to_string());
        problems
    }

    /// Every template with facts of every shape, in the same order in every language.
    pub(crate) fn rendered(&self) -> Vec<Result<String, WordsError>> {
        let cards = cards();
        let mut rendered = Vec::new();
        let mut attempt = |result: Result<String, WordsError>| rendered.push(result);
        for card in &cards {
            attempt(self.try_render("card.md", card));
            attempt(self.try_render("status.md", card));
            attempt(self.try_render("choice.md", card));
            for line in lines() {
                for case in [Some(card.clone()), None] {
                    let facts = LineFacts {
                        line: line.name(),
                        detail: case.is_some().then_some(&line),
                        confidential: card.confidential,
                        drill: card.drill,
                        codename: card.codename.clone(),
                        case,
                    };
                    if facts.case.is_some() {
                        attempt(self.try_render("ticket_note.md", NoteFacts { at: 0, facts: &facts }));
                    }
                    attempt(self.try_render("line.md", facts));
                }
            }
            for command in [
                "acknowledge",
                "raise",
                "lower",
                "note",
                "set_severity",
                "resolve",
                "reopen",
                "inform",
                "confirm",
                "move_over",
            ] {
                attempt(self.try_render("done.md", Answer::Done { command, case: card.clone() }));
            }
            let shown_when = [
                ("promise", card.next_step_by.is_some()),
                ("wait", card.waiting.is_some()),
                ("hand_off", card.offered_to.is_some()),
                ("grade", card.grade.is_some()),
                ("merge", card.merged_into.is_some()),
            ];
            for (command, _) in shown_when.into_iter().filter(|(_, is_shown)| *is_shown) {
                attempt(self.try_render("done.md", Answer::Done { command, case: card.clone() }));
            }
            if card.owed.is_some() {
                let (codename, case, confidential) = (card.codename.clone(), Some(card.clone()), card.confidential);
                let facts = LineFacts {
                    line: Line::Owed.name(),
                    detail: Some(&Line::Owed),
                    confidential,
                    drill: confidential,
                    codename,
                    case,
                };
                attempt(self.try_render("line.md", facts));
            }
            if card.offered_to.is_some() {
                let (by, to) = (person("Sam", Standing::Staff), person("Lena", Standing::Staff));
                let line = Line::Offered { by, to };
                let (codename, case) = (card.codename.clone(), Some(card.clone()));
                let (name, confidential, drill) = (line.name(), card.confidential, card.drill);
                let facts = LineFacts { line: name, detail: Some(&line), confidential, drill, codename, case };
                attempt(self.try_render("line.md", facts));
            }
            for (joined, case) in [(true, Some(card.clone())), (false, Some(card.clone())), (true, None)] {
                let codename = card.codename.clone();
                attempt(self.try_render("escalated.md", Answer::Escalated { joined, codename, case }));
            }
        }
        let (case, text) = ("ESC-1".to_owned(), "By Tuesday.".to_owned());
        for (late, place) in [(true, Some("place".into())), (false, None)] {
            let (case, text) = (case.clone(), text.clone());
            attempt(self.try_render("customer.md", Answer::Customer { case, text, due: 60, late, place }));
        }
        for page in pages() {
            attempt(self.try_render("playbook.md", page));
        }
        for why in reasons::whys() {
            attempt(self.try_render("why.md", why));
        }
        for facts in history::entries() {
            attempt(self.try_render("history.md", facts));
        }
        for facts in handovers(&cards) {
            attempt(self.try_render("handover.md", facts));
        }
        for open in [Vec::new(), cards] {
            for closed in [Vec::new(), vec!["Heron".to_owned()]] {
                attempt(self.try_render("queue.md", Queue { open: open.clone(), more: 3, closed }));
            }
        }
        for staff in [true, false] {
            attempt(self.try_render("help.md", Answer::Help { staff }));
        }
        for difference in differences() {
            attempt(self.try_render("terms.md", difference));
        }
        for health in reasons::healths() {
            attempt(self.try_render("health.md", health));
        }
        for sop in sops::sops() {
            attempt(self.try_render("sop.md", sop));
        }
        for checkup in checkups() {
            attempt(self.try_render("doctor.md", checkup));
        }
        for facts in digests::digests() {
            for (template, facts) in [("digest.md", &facts), ("chart.md", &facts)] {
                attempt(self.try_render(template, facts));
            }
            attempt(
                self.try_render("report.md", super::document::ReportFacts { zone: "Europe/Berlin", facts: &facts }),
            );
            for section in Section::ALL {
                attempt(self.try_render("digest_section.md", super::SectionFacts { section, facts: &facts }));
            }
        }
        for refusal in refusals::all() {
            attempt(self.try_render("refusal.md", refusal));
        }
        for duties in [Vec::new(), duties()] {
            attempt(self.try_render("oncall.md", Answer::OnCall { asked_at: duties.is_empty(), duties }));
        }
        for relieved in [Vec::new(), vec![person("Sam", Standing::Staff)]] {
            attempt(self.try_render("covered.md", Answer::Covered { cover: cover(), relieved: relieved.clone() }));
            attempt(self.try_render("covered.md", Post::Covered { cover: cover(), relieved }));
        }
        for verb in Verb::ALL {
            attempt(self.try_render("button.md", super::ButtonFacts { verb }));
        }
        for verb in Soon::ALL {
            attempt(self.try_render("button.md", super::ButtonFacts { verb }));
        }
        for verb in ["correct", "continue"] {
            attempt(self.try_render("button.md", super::ButtonFacts { verb }));
        }
        for form in ["resolve", "promise", "reopen", "bounce"] {
            attempt(self.try_render("sentence.md", super::SentenceFacts { form, id: "ESC-1" }));
        }
        for form in forms() {
            for why in [None, Some(Refusal::Incomplete { field: "steps tried".to_owned() })] {
                attempt(self.try_render("unfinished.md", Answer::Unfinished { at: form.at.clone(), why }));
            }
            attempt(self.try_render("form.md", form));
        }
        rendered
    }
}

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn person(name: &str, standing: Standing) -> Person {
    Person { id: name.into(), name: name.into(), standing }
}

fn plan() -> Arc<Plan> {
    let rung = |team: &str| Rung {
        team: team.into(),
        respond_within: TimeDelta::minutes(30),
        calendar: None,
        required_acks: if team == "second" { 2 } else { 1 },
    };
    let limit = |clock| Limit { clock, within: TimeDelta::minutes(120) };
    let clocks = Limits { limits: ClockKind::ALL.map(limit).to_vec(), calendar: None, warn_at_percent: vec![50] };
    let rungs = vec![rung("first"), rung("second")];
    Arc::new(Plan {
        id: "sample".to_owned(),
        rungs,
        repeat: 0,
        catch_all: rung("last"),
        clocks,
        confirm_within: TimeDelta::days(1),
        lower_when: vec!["all is well".to_owned()],
    })
}

fn procedure() -> Procedure {
    Procedure {
        version: "sample".to_owned(),
        teams: Vec::new(),
        people: Vec::new(),
        rotas: Vec::new(),
        calendars: Vec::new(),
        triggers: Vec::new(),
        default_plan: plan(),
        front: "front".into(),
        lexicon: Lexicon::built_in(),
        rates: Rates::default(),
        label_thresholds: Vec::new(),
        ticket_links: vec![tickets::link()],
        threads: true,
        digests: Vec::new(),
        guidance: Guidance {
            playbooks: vec![Playbook {
                id: "calm".to_owned(),
                name: "Calm".to_owned(),
                triggers: vec!["refund".to_owned()],
                steps: vec![PlayStep { title: "Listen".to_owned(), how: "listen".to_owned(), say: None }],
            }],
            ..Guidance::default()
        },
    }
}

/// A case in each state a card can show, played through the real rules.
fn cards() -> Vec<Card> {
    let procedure = procedure();
    let mut cards = Vec::new();
    for full in [true, false] {
        let desk = tickets::desk(full);
        // Somebody is on call for the first team, or nobody.
        let people =
            if full { vec![person("Sam", Standing::Staff), person("Lena", Standing::Staff)] } else { Vec::new() };
        let on_call = OnCall([("first".into(), people)].into());
        let mut case = Escalation::open(EscalationId(1), opened(full), at(0));
        for event in open(opened(full), &on_call).into_iter().skip(1) {
            case.apply(event, at(0));
        }
        cards.extend(tickets::without(&procedure, &case));
        let mut play = |case: &mut Escalation, command: &Command, minute: i64| {
            for event in case.decide(command, &on_call, at(minute)).unwrap_or_default() {
                case.apply(event, at(minute));
            }
            let page = full.then_some(0).filter(|_| !case.pages.is_empty());
            cards.push(notice::card(case, &desk, &procedure, page));
        };
        let by = Actor { person: person("Sam", Standing::Staff), teams: vec!["first".into()], manages: true };
        let act = |act| Command::Act { by: by.clone(), act, seen: None };
        let delivered =
            |page| Command::PageDelivered { page, place: "place".into(), message: format!("card-{page}").into() };
        let rosa = full.then(|| person("Rosa", Standing::Staff));
        play(&mut case, &Command::Require { fields: fields(), by: rosa }, 0);
        play(&mut case, &delivered(0), 1);
        let report = Box::new(opened(full).report);
        play(&mut case, &Command::Report { report, severity: Severity::Sev4 }, 2);
        play(&mut case, &Command::DeadlineReached, 90);
        play(&mut case, &delivered(1), 91);
        play(&mut case, &act(Act::TellCustomer { due: at(120) }), 91);
        let (playbook, step) = ("calm".to_owned(), "Listen".to_owned());
        play(&mut case, &act(Act::DoStep { playbook, step }), 91);
        let second = Actor { person: person("Sofia", Standing::Staff), ..by.clone() };
        play(&mut case, &Command::Act { by: second, act: Act::Acknowledge { next: None }, seen: None }, 92);
        play(&mut case, &act(Act::Acknowledge { next: None }), 92);
        play(&mut case, &Command::Replied { by: by.person.clone(), at: at(92) }, 92);
        play(&mut case, &Command::CustomerAsked { at: at(93) }, 93);
        play(&mut case, &act(Act::Note { text: "called them".to_owned() }), 93);
        play(&mut case, &act(Act::Wait { reason: "a photo is missing".to_owned() }), 93);
        play(&mut case, &Command::CustomerWrote, 93);
        let to = Box::new(Actor { person: person("Lena", Standing::Staff), ..by.clone() });
        play(&mut case, &act(Act::HandOff { to }), 93);
        play(&mut case, &Command::DeadlineReached, 130);
        play(&mut case, &act(Act::Promise { within: None }), 131);
        play(&mut case, &act(Act::SetSeverity { severity: Severity::Sev3, reason: "calm".to_owned() }), 131);
        play(&mut case, &act(Act::Grade { grade: Grade::RightCall }), 131);
        let answers = vec![("number".to_owned(), "3".to_owned())];
        play(&mut case, &act(Act::Inform { answers }), 131);
        play(&mut case, &act(Act::Bounce { missing: "a photo".to_owned() }), 131);
        play(&mut case, &act(Act::Lower { reason: "simple after all".to_owned() }), 132);
        play(&mut case, &act(Act::Raise { reason: "busy".to_owned() }), 133);
        play(&mut case, &act(Act::Resolve { note: "done".to_owned() }), 134);
        play(&mut case, &act(Act::Confirm), 135);
    }
    cards
}

/// Everything that can be there, or nothing that need not.
fn opened(full: bool) -> Opened {
    let customer = full.then(|| Arc::new(person("Dana", Standing::Customer)));
    let ticket = Some(Box::new(tickets::ticket(full)));
    let findings = [Finding {
        held: true,
        negated: false,
        what: What::Amount {
            claimed: Decimal::new(700, 0),
            claimed_currency: "USD".parse().expect("a currency"),
            worth: Decimal::new(700, 0),
            over: Decimal::new(500, 0),
            currency: "USD".parse().expect("a currency"),
        },
    }];
    let quotes = [Quote { kind: Kind::Financial, words: "$700".into() }];
    let name = TriggerName { id: "refund".to_owned(), name: "Refund".to_owned() };
    let counted = [Counted {
        customer: person("Emil", Standing::Customer),
        place: "place".into(),
        message: "earlier".into(),
        at: at(-60),
    }];
    Opened {
        subject: Subject { customer: customer.clone(), place: "place".into(), ticket, scope: Scope::Customer },
        severity: Severity::Sev2,
        confidential: full,
        ownership: Ownership::Responder,
        plan: plan(),
        procedure: "sample".into(),
        by: (!full).then(|| Box::new(person("Rosa", Standing::Staff))),
        report: Report {
            customer,
            place: "place".into(),
            message: full.then(|| "message".into()),
            said_at: at(-10),
            counted: if full { counted.into() } else { Box::default() },
            triggers: if full { [name].into() } else { Arc::default() },
            findings: if full { findings.into() } else { Box::default() },
            flips: Box::default(),
            quotes: if full { quotes.into() } else { Box::default() },
            information: [Information {
                id: "steps".to_owned(),
                label: "Steps tried".to_owned(),
                answer: "restarted".to_owned(),
            }]
            .into(),
        },
        near: Box::default(),
        after: full.then_some(EscalationId(7)),
        drill: full,
    }
}

fn lines() -> Vec<Line> {
    let (by, rosa) = (person("Sam", Standing::Staff), person("Rosa", Standing::Staff));
    vec![
        Line::Opened,
        Line::Acknowledged { by: by.clone(), minutes: Some(3) },
        Line::Acknowledged { by: by.clone(), minutes: None },
        Line::Raised,
        Line::Nudge { to: by.clone() },
        Line::HandedOff { to: by.clone() },
        Line::Waiting { by: by.clone() },
        Line::Resumed { to: by.clone(), by: None },
        Line::Resumed { to: by.clone(), by: Some(rosa.clone()) },
        Line::Reopened { by: by.clone() },
        Line::Resolved { by: by.clone() },
        Line::Merged { by: by.clone() },
        Line::ConfirmationAsked { of: by.clone(), until: at(9) },
        Line::Warned { clock: ClockKind::Resolve, team: "first".into(), to: Some(by.clone()), due: at(9) },
        Line::Warned { clock: ClockKind::FirstReply, team: "first".into(), to: None, due: at(9) },
        Line::RanOut { clock: ClockKind::TimeInTier, team: "first".into(), to: None, due: at(9), late_minutes: 3 },
        Line::RanOut { clock: ClockKind::Update, team: "first".into(), to: Some(by), due: at(9), late_minutes: 0 },
        Line::Undeliverable { team: "first".into(), why: "unknown channel".to_owned() },
        Line::Overdue { to: Some(rosa.clone()), late_minutes: 3 },
        Line::Overdue { to: None, late_minutes: 0 },
        Line::NotNoted { why: "it does not accept the account (401)".to_owned() },
        Line::Unsent { to: rosa.clone(), why: "unknown channel".to_owned() },
        Line::Bounced { by: rosa.clone(), missing: "a photo".to_owned(), to: None },
        Line::Bounced { by: rosa.clone(), missing: "a photo".to_owned(), to: Some(rosa.clone()) },
        Line::Informed { by: rosa, labels: vec!["Steps tried".to_owned()] },
    ]
}

/// One of each kind.
fn fields() -> Vec<Field> {
    let choice = AnswerKind::Choice { choices: ["yes", "no"].map(str::to_owned).to_vec() };
    let kinds = [
        ("short", AnswerKind::Short),
        ("long", AnswerKind::Long),
        ("number", AnswerKind::Number),
        ("money", AnswerKind::Money),
        ("date", AnswerKind::Date),
        ("link", AnswerKind::Link),
        ("choice", choice),
    ];
    let field = |(id, kind): (&str, AnswerKind)| {
        let (id, label, owed_within) = (id.to_owned(), "Label".to_owned(), TimeDelta::minutes(30));
        Field { id, label, kind, chars_max: 100, need: Need::Owed, owed_within, prefill: None }
    };
    kinds.into_iter().map(field).collect()
}

/// A playbook before, amid and after its steps.
fn pages() -> Vec<BookPage> {
    let step = |title: &str, say: Option<&str>, is_done: bool| BookStep {
        step: PlayStep { title: title.to_owned(), how: "listen".to_owned(), say: say.map(str::to_owned) },
        done_by: is_done.then(|| person("Rosa", Standing::Staff)),
        done_at: is_done.then_some(60),
    };
    let page = |done: usize| BookPage {
        case: "ESC-1".to_owned(),
        id: "calm".to_owned(),
        name: "Calm".to_owned(),
        steps: vec![step("Listen", Some("I see."), done > 0), step("Offer", None, done > 1)],
        next: Some(done).filter(|done| *done < 2),
    };
    (0..3).map(page).collect()
}

/// A form for each purpose, on its first page.
fn forms() -> [ShownForm; 3] {
    let by_hand = |trigger: Option<&str>| {
        let (trigger, place, message) = (trigger.map(str::to_owned), "place".into(), Some("message".into()));
        Purpose::Escalation { trigger, place, message }
    };
    let form = |purpose: Purpose, reason: Option<&str>, ticket: Option<&str>, pages| ShownForm {
        at: FormPage { purpose, page: 0, pages },
        reason: reason.map(str::to_owned),
        ticket: ticket.map(str::to_owned),
        fields: fields().into_iter().map(|field| Filled { field, typed: "so far".to_owned(), needed: true }).collect(),
    };
    [
        form(by_hand(Some("refund")), Some("Refund"), Some("42"), 2),
        form(by_hand(None), None, Some(""), 1),
        form(Purpose::Owed { case: EscalationId(1) }, None, None, 1),
    ]
}

/// An answer that is none, for each kind of field.
fn span() -> Span {
    Span { from: at(0), to: at(60) }
}

fn duties() -> Vec<Duty> {
    let (who, next) = (Some(person("Sam", Standing::Staff)), Some(person("Lena", Standing::Staff)));
    let whole = Duty::whole("first".into());
    let gap = Duty { whole: false, at: Some(at(0)), until: Some(at(60)), gaps: vec![span()], ..whole.clone() };
    let full = Duty { rota: Some("backup".to_owned()), who, next, ..gap.clone() };
    vec![Duty { until: None, ..gap.clone() }, whole, gap, full]
}

fn cover() -> Cover {
    let (who, by) = (person("Lena", Standing::Staff), person("Mona", Standing::Staff));
    Cover { team: "first".into(), who, span: span(), instead_of: None, by }
}

fn handovers(cards: &[Card]) -> Vec<PostFacts> {
    let people = |name: &str| vec![person(name, Standing::Staff)];
    let of = |from: Vec<Person>, to: Vec<Person>, late_minutes| {
        let item = |case: Option<&Card>| OpenItem { codename: "Heron".to_owned(), case: case.cloned() };
        let open = cards.iter().map(Some).chain([None]).map(item).collect();
        let post = Post::HandedOver { team: "first".into(), at: at(0), from, to, late_minutes };
        let shift = (late_minutes == 0).then(|| Shift { since: at(0), taken: 2, breached: 1, resolved: 1 });
        PostFacts { post, open, more: 3, shift }
    };
    vec![of(Vec::new(), people("Sam"), 0), of(people("Sam"), Vec::new(), 40), of(people("Sam"), people("Lena"), 0)]
}

fn differences() -> Vec<Difference> {
    let rung = |team: &str, hours: bool| ShownRung {
        team: team.into(),
        within_minutes: 30,
        hours: hours.then(|| "office".to_owned()),
        required_acks: if hours { 2 } else { 1 },
    };
    let clocks = ClockKind::ALL.map(|clock| ShownClock { clock, within_minutes: 60 });
    let terms = |full: bool| ShownTerms {
        procedure: "0123456789ab".to_owned(),
        ladder: vec![rung("first", full), rung("last", full)],
        repeat: u32::from(full),
        ownership: if full { Ownership::Reporter } else { Ownership::Responder },
        clocks: if full { clocks.to_vec() } else { Vec::new() },
        confirm_minutes: if full { 60 } else { 0 },
        lower_when: if full { vec!["all is well".to_owned()] } else { Vec::new() },
        due: full.then_some(60),
    };
    let of = |before: bool, after: bool, paged: bool| Difference {
        id: "ESC-1".to_owned(),
        before: terms(before),
        after: terms(after),
        paged: paged.then(|| "first".into()),
    };
    vec![of(true, false, false), of(false, true, true), of(false, false, false)]
}

fn checkups() -> Vec<Checkup> {
    let fine = || Check::fine("token", "it is Bellhop's");
    let warning = || Check::warning("clock", "it is 9 s fast", "set it by a time server");
    let error = || Check::error("Legal's role", "there is no role 7", "check the id");
    let many = || (0..30).map(|_| error()).collect();
    vec![
        Checkup::new(vec![fine()], Vec::new()),
        Checkup::new(vec![warning()], duties()),
        Checkup::new(vec![fine(), error(), warning()], duties()),
        Checkup::new(many(), Vec::new()),
    ]
}
