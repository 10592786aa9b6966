//! Who is told of each event, and what stands on the cards then.

#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::*;
use crate::sop::desk::{About, Request};
use crate::sop::escalation::Act;
use crate::sop::fixture::{at, build, procedure, says, staff};

/// A desk with one case, and what it told since it was last looked at.
struct Told {
    desk: Desk,
    minute: i64,
    shown: String,
    /// What was told for the history, all of it.
    histories: Vec<Notice>,
}

impl Told {
    fn of(text: &str) -> Self {
        let mut told = Self { desk: Desk::default(), minute: 0, shown: String::new(), histories: Vec::new() };
        told.ask(Request::Message(says("m1", "ann", text)));
        told
    }

    fn ask(&mut self, request: Request) {
        let notices = self.desk.handle(request, &procedure(), at(self.minute * 60)).notices;
        self.histories.extend(notices.iter().filter(|notice| matches!(notice, Notice::History { .. })).cloned());
        for notice in notices {
            let line = match notice {
                Notice::Page { page, .. } => format!("page {page}"),
                Notice::Post { team, post, .. } => format!("{team} reads: {}", post.name()),
                Notice::Card { page, .. } => {
                    let case = self.desk.cases().next().expect("one case");
                    let buttons: Vec<_> = buttons(case, page).into_iter().map(Verb::name).collect();
                    format!("card {page}: {}", buttons.join(" "))
                }
                Notice::Line { team, line, .. } => format!("{team} reads: {}", line.name()),
                Notice::Sop { team, sop } => format!("{team} reads: {}", sop.name()),
                Notice::History { page, entry, .. } => format!("below card {page}: {}", entry.name()),
                Notice::Word { .. } => "the customer reads a word".to_owned(),
                Notice::ReadTicket { .. } => "the ticket is read".to_owned(),
                Notice::TicketNote { line, .. } => format!("the ticket reads: {}", line.name()),
                Notice::Digest { team, .. } => format!("{team} reads a digest"),
                Notice::DigestSection { section, .. } => format!("below the digest: {}", section.name()),
                Notice::Reply { .. } => "reply".to_owned(),
            };
            writeln!(self.shown, "{line}").expect("a string takes all");
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "expect! makes a value")]
    fn check(&mut self, want: Expect) {
        want.assert_eq(&std::mem::take(&mut self.shown));
    }

    fn delivered(&mut self, page: usize, place: &str) {
        let (escalation, message) = (EscalationId(1), format!("card{page}").into());
        self.ask(Request::PageDelivered { escalation, page, place: place.into(), message });
    }

    fn ring_after(&mut self, minutes: i64) {
        self.minute += minutes;
        self.ask(Request::DeadlineReached);
    }

    fn act(&mut self, team: &str, act: Act) {
        let about = About::Typed("1".to_owned());
        self.ask(Request::Act { actor: staff("sam", &[team]), about, act, reply: ReplyTo(String::new()) });
    }
}

#[test]
fn the_front_reads_a_line_and_the_team_is_paged() {
    let mut told = Told::of("You LIARS!");
    told.check(expect![[r#"
        support reads: opened
        page 0
    "#]]);
    told.delivered(0, "leads");
    told.check(expect![[""]]);
}

#[test]
fn more_of_the_same_redraws_the_card() {
    let mut told = Told::of("You LIARS!");
    told.delivered(0, "leads");
    told.shown.clear();
    told.ask(Request::Message(says("m2", "ann", "LIARS, all of you!")));
    told.check(expect![[r#"
        card 0: acknowledge resolve raise why
    "#]]);
    told.ask(Request::Message(says("m3", "ann", "Refund my $700.")));
    told.check(expect![[r#"
        page 1
    "#]]);
    told.delivered(1, "leads");
    told.check(expect![[r#"
        card 0: 
    "#]]);
}

#[test]
fn silence_pages_the_next_team() {
    let mut told = Told::of("You LIARS!");
    told.delivered(0, "leads");
    told.shown.clear();
    told.ring_after(15);
    told.check(expect![[r#"
        support reads: raised
        page 1
        below card 0: raised
    "#]]);
    told.delivered(1, "managers");
    told.check(expect![[r#"
        card 0: acknowledge resolve raise why
    "#]]);
}

#[test]
fn taking_and_resolving_are_told_to_the_front_and_on_the_cards() {
    let mut told = Told::of("You LIARS!");
    told.delivered(0, "leads");
    told.shown.clear();
    told.act("leads", Act::Acknowledge { next: None });
    told.check(expect![[r#"
        support reads: acknowledged
        card 0: resolve raise why bounce
        below card 0: acknowledged
        reply
    "#]]);
    told.act("leads", Act::Resolve { note: "done".to_owned() });
    told.check(expect![[r#"
        support reads: resolved
        card 0: why right_call not_needed wrong_team missing_information
        below card 0: resolved
        reply
    "#]]);
    told.act("leads", Act::Acknowledge { next: None });
    told.check(expect![[r#"
        reply
    "#]]);
}

/// The lateness of an earlier silence is not told of a later step.
#[test]
fn only_silence_is_noticed_late() {
    let mut told = Told::of("You LIARS!");
    told.delivered(0, "leads");
    told.ring_after(15 + 40);
    let late = |told: &Told| told.desk.cases().next().map(|case| case.late_seconds / 60);
    assert_eq!(late(&told), Some(40));
    told.act("managers", Act::Raise { reason: "stuck".to_owned() });
    assert_eq!(late(&told), Some(0));
}

#[test]
fn raising_by_hand_pages_the_next_team() {
    let mut told = Told::of("You LIARS!");
    told.delivered(0, "leads");
    told.shown.clear();
    told.act("support", Act::Raise { reason: "stuck".to_owned() });
    told.check(expect![[r#"
        support reads: raised
        page 1
        below card 0: raised
        reply
    "#]]);
}

#[test]
fn a_page_that_arrives_late_shows_at_once_what_happened_meanwhile() {
    let mut told = Told::of("You LIARS!");
    told.act("managers", Act::Acknowledge { next: None });
    told.shown.clear();
    told.delivered(0, "leads");
    told.check(expect![[r#"
        card 0: resolve raise why bounce
    "#]]);
}

#[test]
fn a_page_that_arrives_late_shows_what_joined_meanwhile() {
    let mut told = Told::of("You LIARS!");
    told.ask(Request::Message(says("m2", "ann", "LIARS, all of you!")));
    told.shown.clear();
    told.delivered(0, "leads");
    told.check(expect![[r#"
        card 0: acknowledge resolve raise why
    "#]]);
}

#[test]
fn the_catch_all_reads_what_could_not_be_delivered() {
    let mut told = Told::of("You LIARS!");
    told.shown.clear();
    told.ask(Request::PageUndeliverable { escalation: EscalationId(1), page: 0, why: "gone".to_owned() });
    told.check(expect![[r#"
        duty reads: undeliverable
        support reads: raised
        page 1
    "#]]);
}

#[test]
fn of_a_confidential_case_the_public_reads_a_codename() {
    let told = Told::of("My lawyer will hear about this.");
    let case = told.desk.cases().next().expect("one case");
    let shown = |team: &str| {
        let facts = line_facts(&Line::Opened, &team.into(), case, &Desk::default(), &procedure());
        (facts.codename.clone(), facts.detail.is_some(), facts.case.is_some())
    };
    assert_eq!(shown("support"), ("Heron".to_owned(), false, false));
    assert_eq!(shown("managers"), ("Heron".to_owned(), false, false));
    assert_eq!(shown("counsel"), ("Heron".to_owned(), true, true));
}

#[test]
fn a_page_is_wanted_until_somebody_has_it() {
    let mut told = Told::of("You LIARS!");
    let page = Notice::Page { escalation: EscalationId(1), page: 0 };
    let card = Notice::Card { escalation: EscalationId(1), page: 0 };
    assert!(is_still_wanted(&page, &told.desk) && !is_still_wanted(&card, &told.desk));
    told.act("leads", Act::Acknowledge { next: None });
    assert!(!is_still_wanted(&page, &told.desk));
    told.delivered(0, "leads");
    assert!(is_still_wanted(&card, &told.desk));
}

#[test]
fn a_hand_over_names_what_its_team_may_know() {
    let told = Told::of("My lawyer will hear about this.");
    let (team, at) = (TeamId::from("legal"), at(0));
    let post = Post::HandedOver { team: team.clone(), at, from: Vec::new(), to: Vec::new(), late_minutes: 0 };
    let shown = |cleared: bool| {
        let mut procedure = crate::sop::fixture::build();
        for known in procedure.teams.iter_mut().filter(|known| known.id == team) {
            known.cleared = cleared;
        }
        let facts = post_facts(&post, &told.desk, &procedure);
        let [item] = facts.open.as_slice() else { panic!("one case is open") };
        (item.codename.clone(), item.case.is_some(), facts.is_confidential())
    };
    assert_eq!(shown(true), ("Heron".to_owned(), true, true));
    assert_eq!(shown(false), ("Heron".to_owned(), false, false));
}

#[test]
fn every_step_is_one_line_of_the_history_and_none_comes_before_the_card() {
    let mut told = Told::of("You LIARS!");
    told.act("leads", Act::Note { text: "Too early.".to_owned() });
    told.delivered(0, "leads");
    for text in ["Called her.", "Called her."] {
        told.act("leads", Act::Note { text: text.to_owned() });
    }
    told.act("leads", Act::Acknowledge { next: None });
    told.act("leads", Act::Raise { reason: "Wants a manager.".to_owned() });
    told.delivered(1, "managers");
    told.act("managers", Act::Resolve { note: "All is well.".to_owned() });
    let histories = std::mem::take(&mut told.histories);
    let shown = |notice: &Notice| {
        let Notice::History { page, number, entry, .. } = notice else { return String::new() };
        format!("fact {number} below card {page}: {}\n", entry.name())
    };
    expect![[r#"
        fact 4 below card 0: noted
        fact 5 below card 0: noted
        fact 6 below card 0: acknowledged
        fact 8 below card 0: raised
        fact 11 below card 1: resolved
    "#]]
    .assert_eq(&histories.iter().map(shown).collect::<String>());
    let stored = serde_json::to_string(&histories).expect("notices are plain data");
    assert_eq!(serde_json::from_str::<Vec<Notice>>(&stored).expect("they are read back"), histories);
}

#[test]
fn where_the_procedure_wants_no_threads_there_is_no_history() {
    let mut told = Told::of("You LIARS!");
    told.delivered(0, "leads");
    let without = Procedure { threads: false, ..build() };
    let case = told.desk.cases().next().expect("one case");
    let noted = Event::Noted { by: staff("sam", &["leads"]).person, text: "Called her.".to_owned() };
    assert_eq!(history(std::slice::from_ref(&noted), case, &build()).len(), 1);
    assert_eq!(history(&[noted], case, &without), []);
}
