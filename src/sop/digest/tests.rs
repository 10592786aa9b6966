//! What a few days on a desk come to.

use std::fmt::Write as _;

use expect_test::expect;
use proptest::prelude::*;

use super::*;
use crate::sop::desk::{About, Fact, Form, Request};
use crate::sop::escalation::{Act, EscalationId, Grade, Status};
use crate::sop::fixture::{at, procedure, says, staff};
use crate::sop::notice::{Notice, ReplyTo};
use crate::sop::overview::{OpenCase, Pressure, overview};
use crate::sop::trigger::Change;

/// A desk on which things happen at the minutes named, with the deadlines and deliveries in between.
struct Story {
    desk: Desk,
    facts: Vec<(DateTime<Utc>, Fact)>,
    now: i64,
    messages: u32,
}

impl Story {
    fn new() -> Self {
        Self { desk: Desk::default(), facts: Vec::new(), now: 0, messages: 0 }
    }

    fn handle(&mut self, request: Request) {
        let outcome = self.desk.handle(request, &procedure(), at(self.now));
        self.facts.extend(outcome.facts.into_iter().map(|fact| (at(self.now), fact)));
        // Pages arrive a second later.
        for notice in outcome.notices {
            if let Notice::Page { escalation, page } = notice {
                self.now += 1;
                let (place, message) = ("place".into(), format!("card-{escalation}-{page}").as_str().into());
                self.handle(Request::PageDelivered { escalation, page, place, message });
            }
        }
    }

    /// Deadlines are seen to as they come.
    fn until(&mut self, minute: i64) -> &mut Self {
        while let Some(due) = self.desk.next_deadline().filter(|due| *due <= at(minute * 60)) {
            self.now = self.now.max((due - at(0)).num_seconds());
            self.handle(Request::DeadlineReached);
        }
        self.now = self.now.max(minute * 60);
        self
    }

    fn says(&mut self, customer: &str, text: &str) -> &mut Self {
        self.messages += 1;
        self.handle(Request::Message(says(&format!("m{}", self.messages), customer, text)));
        self
    }

    fn does(&mut self, who: &str, teams: &[&str], case: u32, act: Act) -> &mut Self {
        let about = About::Typed(EscalationId(case).to_string());
        self.handle(Request::Act { actor: staff(who, teams), about, act, reply: ReplyTo(who.to_owned()) });
        self
    }

    fn by_hand(&mut self, who: &str) -> &mut Self {
        let typed = [("ticket", "T-1"), ("steps", "none")].map(|(id, text)| (id.to_owned(), text.to_owned()));
        let (typed, place) = (typed.to_vec(), "support".into());
        let form = Form { trigger: None, page: 0, typed, place, about: None, message: None };
        let (actor, reply) = (staff(who, &["leads"]), ReplyTo(who.to_owned()));
        self.handle(Request::Escalate { actor, form: Box::new(form), reply });
        self
    }

    /// From a minute to another.
    fn digest(&self, teams: &[&str], from: i64, to: i64) -> Digest {
        self.digest_of(teams, Span { from: at(from * 60), to: at(to * 60) })
    }

    fn digest_of(&self, teams: &[&str], window: Span) -> Digest {
        digest(&self.desk, &procedure(), &Audience::person(&staff("reader", teams)), window)
    }
}

const LEAD: &[&str] = &["leads"];
const ACKNOWLEDGE: Act = Act::Acknowledge { next: None };

fn resolve() -> Act {
    Act::Resolve { note: "Done.".to_owned() }
}

fn grade(grade: Grade) -> Act {
    Act::Grade { grade }
}

/// A day: one case handled well, one that nobody answers, one of legal's, one by hand, one that was not needed.
fn day() -> Story {
    let mut story = Story::new();
    story.until(5).says("dana", "You LIARS!").until(11).does("lena", LEAD, 1, ACKNOWLEDGE);
    story.until(20).does("lena", LEAD, 1, Act::Note { text: "Called.".to_owned() });
    story.until(65).does("lena", LEAD, 1, resolve()).does("lena", LEAD, 1, grade(Grade::NotNeeded));
    story.until(70).says("carl", "I want a refund of $900.").until(120);
    story.says("eve", "My lawyer will sue you.").until(130).does("lou", &["legal"], 3, ACKNOWLEDGE);
    story.until(140).by_hand("max").until(150).does("mia", LEAD, 4, ACKNOWLEDGE);
    story.until(151).does("mia", LEAD, 4, Act::Wait { reason: "asked".to_owned() });
    story.until(160).says("fred", "A refund of $150, please.").until(180);
    story
}

fn shown(digest: &Digest) -> String {
    let mut shown = String::new();
    let lines = [("unowned", &digest.unowned), ("at risk", &digest.at_risk), ("breached", &digest.breached)];
    for (list, items) in lines {
        for item in items {
            let due = item.due.map(|due| (due - at(0)).num_minutes());
            let who = item.responder.as_deref().unwrap_or("nobody");
            writeln!(shown, "{list}: {} with {}, {who}, due {due:?} {:?}", item.id, item.team, item.clock)
                .expect("a string takes all");
        }
    }
    let of = |times: &Times| {
        let wall = times.wall.map(|wall| format!("{} to {} s", wall.median_seconds, wall.p90_seconds));
        format!("{}x {}", times.count, wall.unwrap_or_default())
    };
    let Figures { acknowledge, first_action, resolve, .. } = &digest.figures;
    writeln!(
        shown,
        "open {}, closed {:?}; opened {} (before {}), resolved {}, breached {}, clocks {}/{}\nanswer {}, first action {}, \
         resolved {}",
        digest.open,
        digest.closed,
        digest.figures.opened,
        digest.before.opened,
        digest.figures.resolved,
        digest.figures.breached,
        digest.figures.clocks.kept,
        digest.figures.clocks.late,
        of(acknowledge),
        of(first_action),
        of(resolve),
    )
    .expect("a string takes all");
    for it in digest.triggers.iter().chain([&digest.by_hand]).filter(|it| it.opened + it.firings > 0) {
        let (id, grades) = (if it.id.is_empty() { "by hand" } else { &it.id }, &it.grades);
        let firings = if it.watched { format!(", fired {}", it.firings) } else { String::new() };
        writeln!(shown, "{id}: {}, {}/{} right{firings}", it.opened, grades.right, grades.graded)
            .expect("a string takes all");
    }
    for it in &digest.teams {
        writeln!(shown, "{}: {} pages, {} answered, {} not in time", it.id, it.pages, it.answered, it.breached)
            .expect("a string takes all");
    }
    for it in &digest.people {
        writeln!(shown, "{}: {} taken, {} resolved", it.name, it.taken, it.resolved).expect("a string takes all");
    }
    let part = |part: &Part| format!("{}/{}", part.some, part.of);
    let Failures { not_needed, missed, wrong_team, missing, lapsed, unanswered } = &digest.failures;
    let failures = [not_needed, missed, wrong_team, missing, lapsed, unanswered].map(part).join(" ");
    writeln!(shown, "failures {failures}").expect("a string takes all");
    shown
}

#[test]
fn a_day_comes_to_this() {
    expect![[r#"
        unowned: ESC-2 with duty, nobody, due Some(180) Some(Acknowledge)
        breached: ESC-2 with duty, nobody, due Some(180) Some(Acknowledge)
        open 2, closed ["Plover"]; opened 3 (before 0), resolved 1, breached 5, clocks 2/5
        answer 2x 359 to 599 s, first action 2x 660 to 900 s, resolved 1x 3600 to 3600 s
        angry: 1, 0/1 right
        refund: 1, 0/0 right
        small_refund: 0, 0/0 right, fired 2
        by hand: 1, 0/0 right
        leads: 4 pages, 2 answered, 2 not in time
        managers: 3 pages, 0 answered, 2 not in time
        duty: 2 pages, 0 answered, 1 not in time
        lena: 1 taken, 1 resolved
        mia: 1 taken, 0 resolved
        failures 1/1 1/3 0/3 0/3 1/2 1/3
    "#]]
    .assert_eq(&shown(&day().digest(LEAD, 0, 180)));
}

/// Whoever may read the confidential case counts it; the others read its codename while it is open.
#[test]
fn a_confidential_case_counts_for_those_who_may_read_it() {
    let mut quiet = day();
    let cleared = quiet.digest(&["leads", "legal"], 0, 180);
    let others = quiet.digest(LEAD, 0, 180);
    assert_eq!((cleared.figures.opened, others.figures.opened), (4, 3));
    assert!(cleared.closed.is_empty() && others.closed.len() == 1);
    // Whatever happens to it, everybody else reads the same.
    quiet.until(200).does("lou", &["legal"], 3, Act::Note { text: "Secret.".to_owned() });
    let before = quiet.until(210).digest(LEAD, 0, 210);
    quiet.does("lou", &["legal"], 3, grade(Grade::NotNeeded));
    assert_eq!(quiet.digest(LEAD, 0, 210), before);
}

/// How things stood does not depend on what came later.
#[test]
fn a_window_that_is_over_is_told_the_same_for_ever() {
    let mut story = day();
    let told = story.digest(LEAD, 0, 100);
    story.until(300).does("lena", LEAD, 2, ACKNOWLEDGE).does("lena", LEAD, 2, resolve());
    story.until(3_000);
    let again = story.digest(LEAD, 0, 100);
    assert_eq!(shown(&again), shown(&told));
    assert_eq!(again, told);
}

/// What the log says, folded anew, comes to the same.
#[test]
fn a_digest_survives_a_restart() {
    let story = day();
    let again = Story { desk: story.facts.iter().cloned().collect(), facts: Vec::new(), now: story.now, messages: 0 };
    assert_eq!(again.digest(LEAD, 0, 180), story.digest(LEAD, 0, 180));
}

#[test]
fn the_threshold_that_would_have_spared_most_is_suggested() {
    let mut story = Story::new();
    for (number, text) in (1..).zip(["$510", "$520", "$530", "$900", "$525"]) {
        story.until(i64::from(number) * 10).says(&format!("c{number}"), &format!("I want a refund of {text}."));
        let judged = if number == 4 { Grade::RightCall } else { Grade::NotNeeded };
        story.does("lena", LEAD, number, ACKNOWLEDGE).does("lena", LEAD, number, resolve());
        if number < 5 {
            story.does("lena", LEAD, number, grade(judged));
        }
    }
    let found = story.digest(LEAD, 0, 60).suggestion.expect("a pattern");
    let Change::Amount { was, over, .. } = &found.change else { panic!("{:?}", found.change) };
    assert_eq!((was.to_string(), over.to_string()), ("500".to_owned(), "530".to_owned()));
    assert_eq!((found.spared, found.not_needed, found.ungraded, found.kept), (3, 3, 1, 1));
    assert_eq!(story.digest(LEAD, 0, 25).suggestion, None, "two are no pattern");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However a desk got there: what stands in a digest that ends now is what the cases themselves say, and what
    /// happened in two windows is what happened in both together.
    #[test]
    fn a_digest_says_what_the_cases_say(steps in proptest::collection::vec((0_u8..9, 1_u32..6, 1_i64..40), 1..40)) {
        let mut story = Story::new();
        let mut minute = 0;
        for (step, case, later) in steps {
            minute += later;
            story.until(minute);
            let raise = Act::Raise { reason: "Not ours.".to_owned() };
            match step {
                0 => story.says(&format!("c{case}"), "You LIARS!"),
                1 => story.says(&format!("c{case}"), "I want a refund of $900."),
                2 => story.by_hand("max"),
                3 | 4 => story.does("lena", &["leads", "managers"], case, ACKNOWLEDGE),
                5 => story.does("mia", &["leads", "managers"], case, raise),
                6 => story.does("lena", LEAD, case, Act::Wait { reason: "asked".to_owned() }),
                7 => story.does("lena", LEAD, case, resolve()),
                _ => story.does("mia", LEAD, case, Act::Reopen { reason: "Not solved.".to_owned() }),
            };
        }
        story.until(minute + 2);
        // What happened at the last instant belongs to it, too.
        let (start, middle, end) = (at(0), at(minute / 2 * 60), at(story.now + 1));
        let all = story.digest_of(LEAD, Span { from: start, to: end });
        let open: Vec<_> = story.desk.cases().filter(|case| case.status() != Status::Resolved).collect();
        prop_assert_eq!(all.open as usize, open.len());
        let mut unowned: Vec<String> =
            open.iter().filter(|case| case.awaiting.is_some()).map(|case| case.id.to_string()).collect();
        let mut told: Vec<String> = all.unowned.iter().map(|item| item.id.clone()).collect();
        unowned.sort();
        told.sort();
        prop_assert_eq!(told, unowned);
        // The dashboard says the same, in its own words.
        let now = overview(&story.desk, &procedure(), end);
        let shown = now.to(&staff("reader", LEAD));
        let ids = |is_in: &dyn Fn(&OpenCase) -> bool| {
            let mut ids: Vec<String> = shown.cases.iter().filter(|case| is_in(case)).map(|case| case.id.clone()).collect();
            ids.sort();
            ids
        };
        let of = |items: &[Item]| {
            let mut ids: Vec<String> = items.iter().map(|item| item.id.clone()).collect();
            ids.sort();
            ids
        };
        prop_assert_eq!(of(&all.unowned), ids(&|case| case.is_unowned()));
        prop_assert_eq!(of(&all.breached), ids(&|case| case.pressure == Pressure::Breached));
        prop_assert_eq!(of(&all.at_risk), ids(&|case| case.pressure == Pressure::AtRisk));
        let parts = [(start, middle), (middle, end)].map(|(from, to)| story.digest_of(LEAD, Span { from, to }));
        let sum = |figure: fn(&Figures) -> u32| parts.iter().map(|part| figure(&part.figures)).sum::<u32>();
        prop_assert_eq!(sum(|it| it.opened), all.figures.opened);
        prop_assert_eq!(sum(|it| it.resolved), all.figures.resolved);
        prop_assert_eq!(sum(|it| it.taken), all.figures.taken);
        prop_assert_eq!(sum(|it| it.clocks.kept + it.clocks.late), all.figures.clocks.kept + all.figures.clocks.late);
        let answered: u32 = all.teams.iter().map(|team| team.answered).sum();
        prop_assert_eq!(answered, all.figures.taken);
        let breaches: u32 = story.desk.cases().map(|case| case.breaches).sum();
        prop_assert_eq!(breaches, all.figures.breached);
    }
}
