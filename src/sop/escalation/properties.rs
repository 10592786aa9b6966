//! Random walks of a case: whatever people, the clock and the deliveries do in whatever order, these hold.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::sop::calendar::{Calendar, Window};
use crate::sop::clock::{ClockKind, Limit, Limits};
use crate::sop::fixture::{at, confidential_plan, field, person, plan, staff};
use crate::sop::guidance::information::Need;
use crate::sop::message::Standing;

/// One thing that happens. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Move {
    Act {
        who: usize,
        act: Act,
        button: Option<u64>,
    },
    HandOff {
        who: usize,
        to: usize,
    },
    CustomerWrites,
    /// So many seconds ago.
    CustomerAsks {
        ago: i64,
    },
    Replies {
        ago: i64,
    },
    Report {
        severity: Severity,
    },
    Require {
        field: usize,
    },
    Delivered {
        page: usize,
    },
    Reposted {
        page: usize,
    },
    Undeliverable {
        page: usize,
    },
    Pass {
        seconds: i64,
    },
    RingOnTime,
    Ring,
    /// Duties change hands.
    HandOver {
        on_call: OnCall,
    },
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let who = 0_usize..8;
    let button = proptest::option::of(0_u64..12);
    let one = prop_oneof![
        5 => (who, acts(), button).prop_map(|(who, act, button)| Move::Act { who, act, button }),
        1 => (0_usize..8, 0_usize..8).prop_map(|(who, to)| Move::HandOff { who, to }),
        1 => Just(Move::CustomerWrites),
        2 => (0_i64..1_000).prop_map(|ago| Move::CustomerAsks { ago }),
        2 => (0_i64..1_000).prop_map(|ago| Move::Replies { ago }),
        2 => proptest::sample::select(&Severity::ALL[..]).prop_map(|severity| Move::Report { severity }),
        1 => (0..FIELDS.len()).prop_map(|field| Move::Require { field }),
        6 => any::<usize>().prop_map(|page| Move::Delivered { page }),
        1 => any::<usize>().prop_map(|page| Move::Reposted { page }),
        2 => any::<usize>().prop_map(|page| Move::Undeliverable { page }),
        2 => prop_oneof![0_i64..120, 0_i64..1_000_000].prop_map(|seconds| Move::Pass { seconds }),
        6 => Just(Move::RingOnTime),
        2 => Just(Move::Ring),
        1 => rotas().prop_map(|on_call| Move::HandOver { on_call }),
    ];
    proptest::collection::vec(one, 1..60)
}

/// Some teams have a rota, with nobody, one or two of its people on call.
fn rotas() -> impl Strategy<Value = OnCall> {
    let people = proptest::collection::vec(0_usize..8, 0..3);
    let teams = proptest::sample::select(vec!["support", "leads", "managers", "engineering", "legal", "duty"]);
    proptest::collection::vec((teams, people), 0..5).prop_map(|rotas| {
        let people = |numbers: Vec<usize>| numbers.into_iter().map(|number| actors()[number].person.clone()).collect();
        OnCall(rotas.into_iter().map(|(team, numbers)| (team.into(), people(numbers))).collect())
    })
}
/// What can be owed.
const FIELDS: [&str; 3] = ["steps", "order", "photo"];

fn acts() -> impl Strategy<Value = Act> {
    let note = prop_oneof![Just(""), Just(" \n"), Just("done")].prop_map(str::to_owned);
    let severity = proptest::sample::select(&Severity::ALL[..]);
    let within = proptest::option::of((1_i64..20_000).prop_map(TimeDelta::minutes));
    let grade = prop_oneof![Just(Grade::RightCall), Just(Grade::NotNeeded)];
    prop_oneof![
        4 => within.clone().prop_map(|next| Act::Acknowledge { next }),
        1 => within.prop_map(|within| Act::Promise { within }),
        1 => zones().prop_map(|zone| Act::PromiseToday { zone }),
        1 => note.clone().prop_map(|text| Act::Note { text }),
        1 => note.clone().prop_map(|reason| Act::Wait { reason }),
        1 => note.clone().prop_map(|reason| Act::Lower { reason }),
        1 => (severity, note.clone()).prop_map(|(severity, reason)| Act::SetSeverity { severity, reason }),
        1 => note.clone().prop_map(|reason| Act::Reopen { reason }),
        1 => grade.prop_map(|grade| Act::Grade { grade }),
        1 => (proptest::sample::select(&FIELDS[..]), note.clone()).prop_map(|(field, answer)| Act::Inform {
            answers: vec![(field.to_owned(), answer)],
        }),
        1 => note.clone().prop_map(|missing| Act::Bounce { missing }),
        1 => (0_i64..10_000).prop_map(|after| Act::TellCustomer { due: at(after) }),
        1 => Just(Act::DoStep { playbook: "calm".to_owned(), step: "Listen".to_owned() }),
        1 => Just(Act::Confirm),
        2 => Just(Act::Raise { reason: "stuck".to_owned() }),
        1 => note.prop_map(|note| Act::Resolve { note }),
    ]
}

fn zones() -> impl Strategy<Value = chrono_tz::Tz> {
    proptest::sample::select(vec![chrono_tz::Tz::UTC, chrono_tz::Tz::Asia__Kolkata, chrono_tz::Tz::America__New_York])
}

fn openings() -> impl Strategy<Value = Opened> {
    let ladder = proptest::sample::subsequence(vec!["support", "leads", "managers", "engineering"], 1..=4);
    let open = (proptest::collection::vec(1_i64..90, 4), limits()).prop_flat_map(move |(minutes, clocks)| {
        let clocks = clocks.clone();
        (ladder.clone(), 0_u32..3, any::<bool>(), 1_u32..4).prop_map(move |(teams, repeat, in_hours, acks)| {
            let rungs: Vec<_> = teams.into_iter().zip(minutes.iter().copied()).collect();
            let mut plan = plan("ladder", &rungs, repeat);
            plan.rungs[0].calendar = in_hours.then(office);
            plan.rungs[0].required_acks = acks;
            plan.clocks = clocks.clone();
            plan.confirm_within = TimeDelta::minutes(90);
            // One of those in no team has reported some of them.
            let by = (acks == 2).then(|| Box::new(person("staff7", Standing::Staff)));
            Opened { by, ..opened(plan, false) }
        })
    });
    prop_oneof![4 => open, 1 => Just(opened(confidential_plan(), true))]
}

/// Some of the clocks, in the office's hours or around the clock, with or without warnings.
fn limits() -> impl Strategy<Value = Limits> {
    let minutes = proptest::collection::vec(1_i64..5_000, 4);
    let clocks = proptest::sample::subsequence(ClockKind::ALL[1..].to_vec(), 0..=4);
    let percents = proptest::sample::subsequence(vec![1_u8, 50, 80, 99], 0..=4);
    (clocks, minutes, any::<bool>(), percents)
        .prop_map(|(clocks, minutes, in_hours, warn_at_percent)| Limits {
            limits: clocks
                .into_iter()
                .zip(minutes)
                .map(|(clock, minutes)| Limit { clock, within: TimeDelta::minutes(minutes) })
                .collect(),
            calendar: in_hours.then(office),
            warn_at_percent,
        })
        .prop_map(|limits| if limits.is_empty() { Limits::default() } else { limits })
}

/// Monday to Friday, 09:00 to 17:30.
fn office() -> Arc<Calendar> {
    use chrono::Weekday::{Fri, Mon, Thu, Tue, Wed};
    let window = Window { days: vec![Mon, Tue, Wed, Thu, Fri], from: 9 * 60, to: 17 * 60 + 30 };
    Arc::new(Calendar::new("office", chrono_tz::Tz::Europe__Berlin, &[window], &[]))
}

fn opened(plan: Plan, confidential: bool) -> Opened {
    let report = report("m1");
    Opened {
        subject: Subject {
            customer: report.customer.clone(),
            place: "support".into(),
            ticket: None,
            scope: Scope::Customer,
        },
        severity: Severity::Sev3,
        confidential,
        ownership: Ownership::Responder,
        plan: Arc::new(plan),
        procedure: "0123456789ab".into(),
        by: None,
        report,
        near: Box::default(),
        after: None,
        drill: false,
    }
}

fn report(message: &str) -> Report {
    Report {
        customer: Some(Arc::new(person("ann", Standing::Customer))),
        place: "support".into(),
        message: Some(message.into()),
        said_at: at(0),
        counted: Box::default(),
        triggers: Arc::default(),
        findings: Box::default(),
        flips: Box::default(),
        quotes: Box::default(),
        information: Box::default(),
    }
}

fn actors() -> Vec<Actor> {
    let teams: [&[&str]; 8] =
        [&["support"], &["leads"], &["managers"], &["engineering"], &["duty"], &["legal"], &["counsel"], &[]];
    teams.iter().enumerate().map(|(number, teams)| staff(&format!("staff{number}"), teams)).collect()
}

/// A case on its way, with everything that was ever recorded of it.
struct Walk {
    case: Escalation,
    log: Vec<(Event, DateTime<Utc>)>,
    now: DateTime<Utc>,
    people: Vec<Actor>,
    on_call: OnCall,
}

impl Walk {
    fn start(opened: Opened) -> Self {
        Self::start_with(opened, OnCall::default())
    }

    fn start_with(opened: Opened, on_call: OnCall) -> Self {
        let (id, now) = (EscalationId(1), at(0));
        let mut events = open(opened.clone(), &on_call).into_iter();
        let first = events.next().expect("a case begins with its opening");
        assert_eq!(first, Event::Opened(Box::new(opened.clone())));
        let case = Escalation::open(id, opened, now);
        let mut walk = Self { case, log: vec![(first, now)], now, people: actors(), on_call };
        for event in events {
            walk.record(&event);
        }
        walk
    }

    fn go(&mut self, step: &Move) {
        let page = |number: &usize| number % (self.case.pages.len() + 1);
        let command = match step {
            Move::Pass { seconds } => {
                self.now += TimeDelta::seconds(*seconds);
                return;
            }
            Move::RingOnTime => {
                if let Some(deadline) = self.case.next_deadline() {
                    self.rings_early_for_nothing(&deadline);
                    self.now = self.now.max(deadline.at);
                }
                Command::DeadlineReached
            }
            Move::Ring => Command::DeadlineReached,
            Move::HandOver { on_call } => {
                self.on_call = on_call.clone();
                return;
            }
            Move::Act { who, act, button } => {
                Command::Act { by: self.people[*who].clone(), act: act.clone(), seen: *button }
            }
            Move::HandOff { who, to } => {
                let to = Box::new(self.people[*to].clone());
                Command::Act { by: self.people[*who].clone(), act: Act::HandOff { to }, seen: None }
            }
            Move::CustomerWrites => Command::CustomerWrote,
            Move::CustomerAsks { ago } => Command::CustomerAsked { at: self.now - TimeDelta::seconds(*ago) },
            Move::Replies { ago } => {
                Command::Replied { by: person("sam", Standing::Staff), at: self.now - TimeDelta::seconds(*ago) }
            }
            Move::Require { field: which } => {
                Command::Require { fields: vec![field(FIELDS[*which], Need::Owed)], by: None }
            }
            Move::Report { severity } => {
                Command::Report { report: Box::new(report(&format!("m{}", self.log.len()))), severity: *severity }
            }
            Move::Delivered { page: number } => {
                let page = page(number);
                Command::PageDelivered { page, place: "there".into(), message: format!("card{page}").into() }
            }
            Move::Reposted { page: number } => {
                let page = page(number);
                Command::CardReposted { page, place: "there".into(), message: format!("again{page}").into() }
            }
            Move::Undeliverable { page: number } => {
                Command::PageUndeliverable { page: page(number), why: "no such place".to_owned() }
            }
        };
        let _ = self.take(&command);
    }

    /// Decides and applies, and looks at every rule that speaks of one command.
    fn take(&mut self, command: &Command) -> Result<Vec<Event>, Refusal> {
        let before = self.case.clone();
        let decided = before.decide(command, &self.on_call, self.now);
        assert_eq!(decided, before.decide(command, &self.on_call, self.now), "the same question has the same answer");
        if let Ok(events) = &decided {
            for event in events {
                self.record(event);
            }
        }
        let changed = before != self.case;
        check_permission(&before, command, &decided);
        match command {
            Command::Act { seen, act: Act::Acknowledge { .. } | Act::Raise { .. }, .. } => {
                assert_eq!(changed, decided.is_ok());
                assert!(!changed || seen.is_none_or(|seen| seen >= before.version), "an old button changed something");
            }
            Command::PageDelivered { .. }
            | Command::CardReposted { .. }
            | Command::PageUndeliverable { .. }
            | Command::CustomerWrote => {
                let again = self.case.decide(command, &self.on_call, self.now);
                assert_eq!(again, Ok(Vec::new()), "the same delivery was taken in twice");
            }
            _ => {}
        }
        if before.resolution.is_some() {
            self.resolved_stays_resolved(&before, command, &decided);
        }
        decided
    }

    fn record(&mut self, event: &Event) {
        let before = self.case.clone();
        let stored: Event = serde_json::from_str(&serde_json::to_string(event).expect("plain data")).expect("ours");
        assert_eq!(&stored, event, "an event reads back as it was written");
        self.case.apply(event.clone(), self.now);
        self.log.push((event.clone(), self.now));
        check_effect(&before, event, &self.case, self.now);
    }

    fn rings_early_for_nothing(&self, deadline: &Deadline) {
        let early = deadline.at - TimeDelta::milliseconds(1);
        if self.now <= early {
            assert_eq!(self.case.decide(&Command::DeadlineReached, &self.on_call, early), Ok(Vec::new()), "rang early");
        }
    }

    /// Nothing but the late news of its own deliveries is taken in, and what people write and judge afterwards; only
    /// reopening goes back.
    fn resolved_stays_resolved(&self, before: &Escalation, command: &Command, decided: &Result<Vec<Event>, Refusal>) {
        if let Command::Act { act: Act::Reopen { .. }, .. } = command {
            assert_eq!(self.case.resolution.is_none(), decided.is_ok());
            return;
        }
        assert_eq!(self.case.next_deadline(), self.case.confirmation_deadline());
        assert_eq!(self.case.resolution, before.resolution);
        match command {
            Command::PageDelivered { .. }
            | Command::CardReposted { .. }
            | Command::PageUndeliverable { .. }
            | Command::Act { act: Act::Note { .. } | Act::Grade { .. } | Act::Confirm, .. } => {
                assert_eq!(self.case.pages.len(), before.pages.len(), "a resolved case paged somebody");
            }
            Command::CustomerWrote | Command::CustomerAsked { .. } | Command::Replied { .. } => {
                assert_eq!(decided, &Ok(Vec::new()));
            }
            Command::DeadlineReached => {
                let due = before.confirmation_deadline().filter(|deadline| deadline.at <= self.now);
                let confirmed = due.map(|_| Event::Confirmed { by: None });
                assert_eq!(decided, &Ok(confirmed.into_iter().collect()));
            }
            _ => assert!(matches!(decided, Err(Refusal::AlreadyResolved { .. })), "{decided:?}"),
        }
    }

    /// What is true of a case at every moment.
    fn check(&self) {
        let ((Event::Opened(opened), opened_at), rest) = self.log.split_first().expect("begun") else {
            panic!("a case begins with its opening")
        };
        let mut folded = Escalation::open(self.case.id, (**opened).clone(), *opened_at);
        for (event, at) in rest {
            folded.apply(event.clone(), *at);
        }
        assert_eq!(folded, self.case, "state is the fold of the events");
        self.check_never_silent();
        self.check_ladder();
        self.check_breaches();
        self.check_answers();
        self.check_clocks();
    }

    fn check_never_silent(&self) {
        let case = &self.case;
        let Some(page) = case.awaiting else {
            assert!(case.resolution.is_some() || case.responder.is_some(), "nobody is asked and nobody has it");
            let confirmed = case.resolution.is_some() && case.confirmation_deadline().is_none();
            let waits = confirmed || case.waiting.is_some();
            assert_eq!(
                case.step_deadline().is_none(),
                waits,
                "whoever has it is reminded, unless the customer is to act"
            );
            return;
        };
        let page = &case.pages[page];
        let rung = case.opened.plan.rung(page.step);
        let within = rung.respond_within;
        let due = case.answer_due();
        match &page.fate {
            Fate::Asked => assert_eq!(due, None, "time runs for a page that nobody has"),
            Fate::Delivered { at, .. } => {
                let calendar = rung.calendar.as_deref().unwrap_or(Calendar::around_the_clock());
                let elapsed = calendar.elapsed(*at, due.expect("a delivered page is due"), &[]);
                assert_eq!(elapsed, within, "the team has its full time, in its own hours");
            }
            Fate::Undeliverable { at, .. } => {
                assert_eq!(page.step, Step::CatchAll, "only the catch-all is waited for when it cannot be reached");
                assert_eq!(due, Some(*at + within));
            }
        }
    }

    /// After the timer has rung nothing that is due is left unsaid, so nothing is missed. That nothing is said twice is
    /// looked at with each event. It may ring again at once: another team can have other hours for its warnings.
    fn check_clocks(&self) {
        let mut rung = self.case.clone();
        for _ in 0..2 {
            let follows = rung.decide(&Command::DeadlineReached, &self.on_call, self.now);
            for event in follows.expect("the timer is never refused") {
                rung.apply(event, self.now);
            }
        }
        assert!(rung.clock_deadline().is_none_or(|deadline| deadline.at > self.now), "something due was left unsaid");
    }

    /// Nobody counts twice, and nobody is asked any more once enough have answered.
    fn check_answers(&self) {
        let case = &self.case;
        let mut answered: Vec<&PersonId> = case.answered.iter().map(|person| &person.id).collect();
        answered.sort();
        answered.dedup();
        assert_eq!(answered.len(), case.answered.len());
        assert!(case.awaiting.is_none() || answered.len() < case.rung().required_acks as usize);
    }

    /// Each page is one step after the one before it, or the same step paged again because the case got worse; or it
    /// is further on, past teams that nobody was on call for.
    fn check_ladder(&self) {
        let plan = &self.case.opened.plan;
        self.check_gaps(Step::FIRST, &self.case.pages[0]);
        for pair in self.case.pages.windows(2) {
            let want = match pair[1].reason {
                PageReason::Stronger | PageReason::Reopened => pair[0].step,
                PageReason::Lowered => plan.before(pair[0].step).expect("there is a team before"),
                _ => plan.next(pair[0].step),
            };
            self.check_gaps(want, &pair[1]);
            assert_eq!(pair[1].team, plan.rung(pair[1].step).team);
        }
    }

    /// Whatever lies between the step that was wanted and the page is on record as a gap of that moment.
    fn check_gaps(&self, mut wanted: Step, page: &Page) {
        while wanted != page.step {
            assert_ne!(wanted, Step::CatchAll, "the last resort was passed over");
            let gap = Event::GapFound { team: self.case.opened.plan.rung(wanted).team.clone() };
            assert!(self.log.contains(&(gap, page.asked_at)), "{wanted:?} was passed over without a word");
            wanted = self.case.opened.plan.next(wanted);
        }
        assert!(page.step != Step::CatchAll || page.on_call.is_empty(), "the last resort is rung as a whole");
    }

    fn check_breaches(&self) {
        let mut breached: Vec<usize> = Vec::new();
        for (event, at) in &self.log {
            if let Event::Breached { page, due, late_seconds } = event {
                assert!(!breached.contains(page), "page {page} breached twice");
                assert!(due <= at && *late_seconds == (*at - *due).num_seconds());
                assert!(matches!(self.case.pages[*page].fate, Fate::Delivered { .. }), "breached without a delivery");
                breached.push(*page);
            }
        }
        assert_eq!(breached.len(), self.case.breaches as usize);
    }
}

/// Who may do what: the rules as a reader of the procedure would say them.
fn check_permission(before: &Escalation, command: &Command, decided: &Result<Vec<Event>, Refusal>) {
    let Command::Act { by, act, .. } = command else { return };
    let was_rung = before.pages.iter().any(|page| page.on_call.contains(&by.person));
    let was_paged = was_rung || by.teams.iter().any(|team| before.pages.iter().any(|page| page.team == *team));
    let owns = before.owner() == Some(&by.person) || before.offered.as_deref() == Some(&by.person);
    let owns = owns || before.opened.by.as_deref() == Some(&by.person);
    let owns = owns || before.responder.as_deref().is_some_and(|(person, _)| *person == by.person);
    let may = match act {
        Act::Raise { .. } | Act::Inform { .. } | Act::DoStep { .. } | Act::TellCustomer { .. } => {
            before.may_be_read_by(by)
        }
        Act::Acknowledge { .. } => was_paged || (by.manages && before.may_be_read_by(by)),
        _ => was_paged || owns || (by.manages && before.may_be_read_by(by)),
    };
    assert!(may || decided.is_err(), "{} may not {command:?}", by.person.id);
    let is_on_ladder = by.teams.iter().any(|team| before.opened.plan.teams().any(|paged| paged == team));
    if before.opened.confidential && !is_on_ladder && !was_rung {
        assert!(decided.is_err(), "an outsider changed a confidential case");
    }
}

/// Every event can be seen in the case afterwards.
fn check_effect(before: &Escalation, event: &Event, after: &Escalation, now: DateTime<Utc>) {
    let counts = matches!(
        event,
        Event::Paged { .. }
            | Event::Acknowledged { .. }
            | Event::HandedOff { .. }
            | Event::Offered { .. }
            | Event::Nudged { .. }
            | Event::Waited { .. }
            | Event::Resumed { .. }
            | Event::MovedOver(_)
            | Event::Resolved { .. }
    );
    assert_eq!(after.version, before.version + u64::from(counts), "the version counts what changes the buttons");
    assert_eq!(after.updated_at, now);
    // What became due by moving over was not due before.
    let late = |due: DateTime<Utc>| (now - before.moved_at.map_or(due, |moved| moved.max(due))).num_seconds();
    match event {
        Event::Opened(_) => unreachable!("a case is opened once"),
        Event::Added { report } => assert_eq!(after.added.last(), Some(&**report)),
        Event::Strengthened { report, severity } => {
            assert!(*severity > before.severity);
            assert_eq!((after.severity, after.added.last()), (*severity, Some(&**report)));
        }
        Event::Paged { step, on_call, .. } => {
            assert_eq!(after.pages.last().map(|page| &*page.on_call), Some(&**on_call));
            assert_eq!(after.pages.len(), before.pages.len() + 1);
            assert_eq!((after.step, after.awaiting), (*step, Some(before.pages.len())));
        }
        Event::Delivered { page, place, message } => {
            let fate = Fate::Delivered { at: now, place: place.clone(), message: message.clone() };
            assert_eq!(after.pages[*page].fate, fate);
        }
        Event::Reposted { page, place, message } => {
            let Fate::Delivered { at, .. } = before.pages[*page].fate else { panic!("posted again, never posted") };
            let fate = Fate::Delivered { at, place: place.clone(), message: message.clone() };
            assert_eq!((&after.pages[*page].fate, after.next_deadline()), (&fate, before.next_deadline()));
        }
        Event::Undeliverable { page, why } => {
            assert_eq!(after.pages[*page].fate, Fate::Undeliverable { at: now, why: why.clone() });
        }
        Event::Breached { late_seconds, .. } => {
            assert_eq!((after.breaches, after.late_seconds), (before.breaches + 1, *late_seconds));
        }
        Event::Raised { from, to, why } => {
            let from = before.opened.plan.rung(*from).team.clone();
            assert_eq!(
                (after.step, after.raised.as_deref()),
                (*to, Some(&Raise { at: now, from, why: why.clone(), gaps: before.gaps.clone() }))
            );
        }
        Event::Acknowledged { by } | Event::HandedOff { to: by } => {
            assert_eq!((after.awaiting, after.responder.as_deref()), (None, Some(&(by.clone(), now))));
        }
        Event::Promised { until, .. } => {
            assert_eq!(after.promise, Some(Box::new(Promise { until: *until, nudged_at: None })));
            assert!(*until > now, "a promise for the past");
        }
        Event::Nudged { due, late_seconds } => {
            assert_eq!(before.promise.as_ref().map(|promise| (promise.until, promise.nudged_at)), Some((*due, None)));
            assert_eq!(*late_seconds, late(before.when_read(*due)));
        }
        Event::Noted { text, .. } => assert_eq!(after.notes.last().map(|note| &note.text), Some(text)),
        Event::Waited { reason, .. } => {
            assert_eq!(after.waiting.as_ref().map(|waiting| &waiting.reason), Some(reason));
            assert_eq!(after.step_deadline(), None, "time runs while the customer is to act");
            assert!(after.running(ClockKind::Resolve).is_none_or(|running| running.clock.paused_since == Some(now)));
        }
        Event::Resumed { .. } => assert!(before.waiting.is_some() && after.waiting.is_none()),
        Event::Offered { to, .. } => {
            assert_eq!((after.offered.as_deref(), &after.responder), (Some(to), &before.responder));
        }
        Event::SeveritySet { severity, .. } => assert!(after.severity == *severity && before.severity != *severity),
        Event::Required { due, .. } => {
            assert_eq!(after.owed.as_ref().map(|owed| (owed.due, owed.reminded_at)), Some((*due, None)));
        }
        Event::Bounced { field, due, .. } => {
            let owed = after.owed.as_ref().expect("it is owed");
            assert_eq!((owed.fields.last(), owed.due, owed.reminded_at), (Some(&**field), *due, None));
            let asked = before.owed.iter().flat_map(|owed| &*owed.fields).map(|field| &field.id);
            assert!(!asked.chain(before.information().map(|told| &told.id)).any(|id| *id == field.id));
        }
        Event::Informed { answers, .. } => {
            assert!(after.informed.ends_with(answers) && !answers.is_empty());
            assert!(
                after.owed.as_ref().map_or(0, |owed| owed.fields.len())
                    < before.owed.as_ref().map_or(0, |owed| owed.fields.len())
            );
        }
        Event::Reminded { due, late_seconds } => {
            assert_eq!(before.owed.as_ref().map(|owed| (owed.due, owed.reminded_at)), Some((*due, None)));
            assert!(*due <= now && *late_seconds == (now - *due).num_seconds());
        }
        Event::StepDone { playbook, step, .. } => {
            assert!(before.step_done(playbook, step).is_none() && after.step_done(playbook, step).is_some());
        }
        Event::CustomerTold { due, .. } => {
            assert!(*due > now && after.told.as_ref().is_some_and(|told| told.due == *due));
        }
        Event::Reopened { .. } => assert_eq!(after.status(), Status::Unacknowledged),
        Event::Answered { by } => assert_eq!(after.answered.last(), Some(by)),
        Event::GapFound { team } => assert_eq!(after.gaps.last(), Some(team)),
        Event::ConfirmationAsked { of, until } => {
            assert!(after.opened.by.as_deref() == Some(of) && after.status() == Status::Resolved && *until > now);
        }
        Event::Confirmed { .. } => assert!(before.confirmation_deadline().is_some() && after.next_deadline().is_none()),
        Event::CustomerAsked { at } => {
            assert!(before.running(ClockKind::FirstReply).is_none(), "a customer waits once");
            assert_eq!(after.running(ClockKind::FirstReply).map(|running| running.clock.started_at), Some(*at));
        }
        Event::Replied { at, .. } => {
            assert!(after.running(ClockKind::FirstReply).is_none());
            // What was promised only just now runs on.
            let is_promised = after.told.is_some();
            let update = after.running(ClockKind::Update);
            assert!(is_promised || update.is_none_or(|running| running.clock.started_at == *at));
        }
        Event::Warned { clock, percent, due } => {
            let (was, is) = (before.running(*clock).expect("it runs"), after.running(*clock).expect("it runs on"));
            assert!(was.warned_percent < *percent && is.warned_percent == *percent && !was.is_late && now < *due);
        }
        Event::RanOut { clock, due, late_seconds } => {
            let (was, is) = (before.running(*clock).expect("it runs"), after.running(*clock).expect("it runs on"));
            assert!(!was.is_late && is.is_late && is.late_seconds == *late_seconds);
            assert_eq!((was.clock.due(), *late_seconds), (Some(*due), late(*due)));
        }
        Event::Merged { into, .. } => assert_eq!((after.merged_into(), after.next_deadline()), (Some(*into), None)),
        Event::MovedOver(moved) => {
            assert_eq!((&after.opened.plan, after.step), (&moved.plan, moved.step));
            assert_eq!((&after.responder, &after.promise), (&before.responder, &before.promise));
            assert_eq!(after.moved_at, Some(now));
        }
        Event::Joined { .. } | Event::Parted { .. } => unreachable!("it takes two"),
        Event::Graded { grade, .. } => assert_eq!(after.grade.as_deref().map(|(_, grade)| grade), Some(grade)),
        Event::Resolved { by, .. } => {
            assert_eq!(after.resolution.as_ref().map(|done| &done.by), Some(by));
            assert_eq!(after.status(), Status::Resolved);
        }
    }
}

proptest! {
    #[test]
    fn every_walk_keeps_the_rules(opened in openings(), on_call in rotas(), moves in moves()) {
        let mut walk = Walk::start_with(opened, on_call);
        walk.check();
        for step in &moves {
            walk.go(step);
            walk.check();
        }
    }

    #[test]
    fn of_two_who_acknowledge_one_wins(mut opened in openings(), moves in moves()) {
        Arc::make_mut(&mut opened.plan).rungs[0].required_acks = 1;
        let mut walk = Walk::start(opened);
        for step in &moves {
            walk.go(step);
        }
        let member = |team: &TeamId, id: &str| Actor { teams: vec![team.clone()], ..staff(id, &[]) };
        let team = walk.case.team().clone();
        let (one, two) = (member(&team, "one"), member(&team, "two"));
        let first = walk.take(&Command::Act { by: one, act: Act::Acknowledge { next: None }, seen: None });
        let second = walk.take(&Command::Act { by: two, act: Act::Acknowledge { next: None }, seen: None });
        match (first, second) {
            (Ok(_), Err(Refusal::AlreadyAcknowledged { by, since, .. })) => {
                prop_assert_eq!((by.id.as_str(), since), ("one", walk.now));
            }
            (Err(first), Err(second)) => prop_assert_eq!(first, second),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn silence_climbs_every_rung_and_ends_in_the_catch_all(opened in openings(), lateness in 0_i64..100_000) {
        let ladder = opened.plan.clone();
        let rungs = |round| (0..ladder.rungs.len()).map(move |index| Step::Rung { index, round });
        let mut want: Vec<Step> = (0..=ladder.repeat).flat_map(rungs).collect();
        want.extend([Step::CatchAll; 4]);
        let mut walk = Walk::start(opened);
        while walk.case.pages.len() < want.len() {
            let page = walk.case.pages.len() - 1;
            walk.go(&Move::Delivered { page });
            walk.go(&Move::RingOnTime);
            walk.now += TimeDelta::seconds(lateness);
            walk.go(&Move::Ring);
            walk.check();
        }
        let climbed: Vec<Step> = walk.case.pages.iter().map(|page| page.step).collect();
        prop_assert_eq!(climbed, want);
        prop_assert_eq!(walk.case.breaches as usize, walk.case.pages.len() - 1);
    }

    /// Whoever has it keeps it, a page that is out stays where its team still is, and from there on the new ladder is
    /// climbed.
    #[test]
    fn a_case_that_moves_over_follows_the_new_ladder(opened in openings(), moves in moves(), new in openings()) {
        let mut walk = Walk::start(opened);
        for step in &moves {
            walk.go(step);
        }
        let before = walk.case.clone();
        let by = staff("mona", &["managers"]);
        let (procedure, plan, ownership) = ("another".into(), new.plan, new.ownership);
        let terms = Terms { procedure, plan: plan.clone(), ownership, confidential: new.confidential };
        let moved = walk.case.move_over(&by, terms.clone(), &walk.on_call, walk.now);
        let Ok(events) = moved else {
            prop_assert!(before.resolution.is_some() || before.opened.confidential != new.confidential);
            return Ok(());
        };
        for event in &events {
            walk.record(event);
        }
        let team = before.team();
        let is_known = walk.case.team() == team;
        prop_assert_eq!(is_known, plan.rungs.iter().any(|rung| rung.team == *team) || before.step == Step::CatchAll);
        let is_paged = !is_known;
        prop_assert_eq!(walk.case.pages.len(), before.pages.len() + usize::from(is_paged));
        // What was promised to the customer runs on, whatever the plan measures.
        let is_promised = |kind| kind == ClockKind::Update && walk.case.told.is_some();
        let kinds = || walk.case.clocks.iter().map(|running| running.clock.target.clock);
        prop_assert!(kinds().all(|kind| plan.clocks.target(kind).is_some() || is_promised(kind)));
        if let Some(Fate::Delivered { at, .. }) = walk.case.awaiting.map(|page| walk.case.pages[page].fate.clone()) {
            prop_assert_eq!(walk.case.answer_due(), Some(plan.rung(walk.case.step).due(at)));
        }
        let mut folded = Escalation::open(walk.case.id, before.opened.clone(), before.opened_at);
        walk.log.iter().for_each(|(event, at)| folded.apply(event.clone(), *at));
        prop_assert_eq!(&folded, &walk.case);
        let again = walk.case.move_over(&by, terms, &walk.on_call, walk.now);
        prop_assert_eq!(again, Err(Refusal::AlreadySo { id: walk.case.id }));
        if let Some(page) = walk.case.awaiting {
            walk.on_call = OnCall::default();
            let climb = std::iter::successors(Some(walk.case.step), |step| Some(plan.next(*step)));
            let want: Vec<Step> = climb.take(4).collect();
            let first = page;
            while walk.case.pages.len() < first + 4 {
                walk.go(&Move::Delivered { page: walk.case.pages.len() - 1 });
                walk.now += TimeDelta::days(40);
                walk.go(&Move::Ring);
            }
            let climbed: Vec<Step> = walk.case.pages[first..].iter().map(|page| page.step).collect();
            prop_assert_eq!(climbed, want);
        }
    }

    /// No delivery works: every team is tried once a round without waiting, and the catch-all after each of its times.
    #[test]
    fn undeliverable_pages_go_round_at_once(mut opened in openings()) {
        Arc::make_mut(&mut opened.plan).clocks = Limits::default();
        let ladder = opened.plan.clone();
        let steps = ladder.rungs.len() * (ladder.repeat as usize + 1);
        let mut walk = Walk::start(opened);
        for page in 0..=steps {
            prop_assert_eq!(walk.case.pages.len(), page + 1);
            walk.go(&Move::Undeliverable { page });
            walk.check();
        }
        prop_assert_eq!(walk.case.pages.len(), steps + 1);
        prop_assert_eq!(walk.case.step, Step::CatchAll);
        walk.go(&Move::RingOnTime);
        walk.check();
        prop_assert_eq!(walk.case.pages.len(), steps + 2);
        prop_assert_eq!(walk.case.breaches, 0);
    }
}
