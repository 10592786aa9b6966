//! All cases of one team together: a request comes in, facts and notices come out.
//!
//! [`Desk::handle`] is the river of the procedure from top to bottom. It records nothing and sends nothing: the
//! shell appends the facts and the notices in one transaction and carries the notices out.

mod cases;
mod choices;
mod customer;
mod drill;
mod duties;
mod fold;
mod forms;
mod handover;
mod hearing;
mod meant;
mod reach;
mod reader;
mod reports;
mod request;
mod shared;
mod subjects;
mod tickets;
mod turn;
mod version;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::sop::chronicle::{self, Chronicle};
use crate::sop::conversation::{Conversation, Noted, Sketch};
use crate::sop::desk::cases::Cases;
pub use crate::sop::desk::choices::Choosing;
pub use crate::sop::desk::duties::CoverForm;
pub use crate::sop::desk::fold::{Fold, Unfounded};
use crate::sop::desk::handover::Handovers;
use crate::sop::desk::hearing::Hearing;
pub use crate::sop::desk::hearing::Silences;
pub use crate::sop::desk::reader::Reader;
use crate::sop::desk::reports::Reports;
pub use crate::sop::desk::request::{About, Form, Question, Request};
use crate::sop::desk::shared::Shared;
use crate::sop::desk::subjects::SubjectIndex;
pub use crate::sop::desk::tickets::{Seen, Tickets};
use crate::sop::desk::turn::Turn;
pub use crate::sop::desk::turn::managers_only;
use crate::sop::desk::version::Adopted;
pub use crate::sop::desk::version::{ShownRule, Sop};
use crate::sop::erasure::Erased;
use crate::sop::escalation::{Command, Escalation, EscalationId, Event, Report, Status, Subject};
use crate::sop::guidance::form::{Draft, Drafts};
use crate::sop::message::{Message, MessageId, Person, PersonId, PlaceId, Standing, TicketRef};
use crate::sop::notice::{Answer, Line, Notice};
use crate::sop::procedure::Procedure;
use crate::sop::rota::Cover;
use crate::sop::signal::{self, Kind, Signals, Speech};
use crate::sop::team::TeamId;
use crate::sop::ticket::Known;
use crate::sop::trigger::{Fired, Scene, fired};
use crate::sop::waits::{Asked, Wait, Waits};

/// What is recorded in the log. Most of it is about cases; what is longer than that takes a pointer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// A message showed a signal or named a ticket.
    Noted(Box<Noted>),
    /// A trigger in watch mode fired.
    Watched {
        trigger: String,
        message: MessageId,
        place: PlaceId,
    },
    Case {
        id: EscalationId,
        event: Event,
    },
    /// Somebody takes a duty for a while.
    Covered(Box<Cover>),
    /// A team's duty went from some people to others at a moment, and this was seen to.
    HandedOver {
        team: TeamId,
        at: DateTime<Utc>,
        from: Vec<Person>,
        to: Vec<Person>,
    },
    /// A customer begins to wait for an answer.
    Asked(Box<Asked>),
    /// Somebody on staff has written in a place where customers waited.
    Answered {
        place: PlaceId,
    },
    /// A customer has waited as long as a rule allows.
    WaitedLong {
        place: PlaceId,
        customer: PersonId,
    },
    /// Nothing that was said was heard since then.
    Deaf {
        since: DateTime<Utc>,
    },
    /// What is said is heard again.
    Hearing,
    /// Another version of the procedure is in use.
    Adopted {
        version: String,
    },
    /// Somebody has begun a form, or is done with it.
    Drafted(Draft),
    /// A team could not be told something, and the managers were told so.
    OutOfReach {
        team: TeamId,
    },
    /// A digest was due, about the time up to this instant, and is on its way.
    Reported {
        schedule: String,
        until: DateTime<Utc>,
    },
    /// A ticket was read, and is not as it was known before.
    TicketRead {
        ticket: TicketRef,
        known: Box<Known>,
    },
    /// A ticket cannot be read.
    TicketLost {
        ticket: TicketRef,
        why: String,
    },
    /// Lines of the log were rewritten without what had to go.
    Erased(Erased),
}

/// What a request leads to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Already applied to the desk, in this order.
    pub facts: Vec<Fact>,
    pub notices: Vec<Notice>,
    /// The config is to be read again.
    pub reload: bool,
}

/// One team's state: the fold of its log.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    cases: Cases,
    shared: Shared,
    subjects: SubjectIndex,
    /// Cases that are not resolved.
    open: BTreeSet<EscalationId>,
    /// Cases that wait for their customer, or that measure how long their customer waits.
    listening: BTreeSet<EscalationId>,
    deadlines: BTreeSet<(DateTime<Utc>, EscalationId)>,
    conversation: Conversation,
    /// In the order in which they were made.
    covers: Vec<Cover>,
    handovers: Handovers,
    waits: Waits,
    hearing: Hearing,
    /// The version of the procedure in use.
    adopted: Option<Adopted>,
    drafts: Drafts,
    tickets: Tickets,
    /// When it was last told of a team that it cannot be reached.
    out_of_reach: BTreeMap<TeamId, DateTime<Utc>>,
    chronicle: Chronicle,
    reports: Reports,
}

impl Desk {
    /// Takes a fact in, but not what cases are found by.
    fn take(&mut self, fact: Fact, at: DateTime<Utc>) {
        self.chronicle.see(&fact, at);
        match fact {
            Fact::Noted(noted) => self.conversation.note(*noted, at),
            Fact::Watched { .. } | Fact::Erased(_) => {}
            Fact::Covered(cover) => self.covers.push(*cover),
            Fact::HandedOver { team, .. } => self.handovers.see_to(team, at),
            Fact::Asked(asked) => self.waits.ask(*asked, at),
            Fact::Answered { place } => self.waits.answer(&place),
            Fact::WaitedLong { place, customer } => self.waits.told(&place, &customer),
            Fact::Deaf { since } => self.hearing.lose(since),
            Fact::Hearing => self.hearing.regain(at),
            Fact::Adopted { version } => self.adopted = Some(Adopted::new(&version, at)),
            Fact::Drafted(draft) => self.drafts.keep(draft, at),
            Fact::TicketRead { ticket, known } => self.tickets.read(&ticket, *known, at),
            Fact::TicketLost { ticket, why } => self.tickets.lose(&ticket, why, at),
            Fact::Reported { schedule, until } => self.reports.tell(schedule, until),
            Fact::OutOfReach { team } => {
                self.out_of_reach.insert(team, at);
            }
            Fact::Case { id, event } => self.follow(id, event, at),
        }
    }

    /// Takes in what happened to a case.
    fn follow(&mut self, id: EscalationId, mut event: Event, at: DateTime<Utc>) {
        self.shared.unify(&mut event);
        match (self.cases.get_mut(id), event) {
            (Some(case), event) => {
                let clocks = chronicle::clocks(case);
                self.chronicle.see_event(case, &event, at);
                case.apply(event, at);
                self.chronicle.see_clocks(case, &clocks, at);
            }
            (None, Event::Opened(opened)) => self.cases.insert(Escalation::open(id, *opened, at)),
            // The log begins every case with its opening; anything else is not a log of ours.
            (None, event) => panic!("{id} has no opening before {event:?}"),
        }
    }

    /// What a request leads to at this instant. The facts are applied; recording and sending are the caller's.
    pub fn handle(&mut self, request: Request, procedure: &Procedure, now: DateTime<Utc>) -> Outcome {
        let mut turn = Turn::new(self, procedure, now);
        let answered = match request {
            Request::Message(message) => {
                turn.hear(&message);
                None
            }
            Request::PageDelivered { escalation, page, place, message } => {
                turn.settle(escalation, &Command::PageDelivered { page, place, message });
                turn.redraw_late(escalation, page);
                None
            }
            Request::PageUndeliverable { escalation, page, why } => {
                turn.settle(escalation, &Command::PageUndeliverable { page, why });
                None
            }
            Request::CardReposted { escalation, page, place, message } => {
                turn.settle(escalation, &Command::CardReposted { page, place, message });
                None
            }
            Request::CardUndeliverable { escalation, page, why } => {
                turn.lose_card(escalation, page, why);
                None
            }
            Request::LineUndeliverable { team, escalation, line, why } => {
                turn.lose_line(team, escalation, line, why);
                None
            }
            Request::WordUndeliverable { escalation, to, why } => {
                turn.lose_word(escalation, Line::Unsent { to, why });
                None
            }
            Request::Deleted { messages } => {
                turn.restore(&messages);
                None
            }
            Request::PlaceGone { place } => {
                turn.lose_place(&place);
                None
            }
            Request::TicketChanged { ticket } => {
                turn.look_up(&ticket);
                None
            }
            Request::TicketRead { ticket, reading, again } => {
                turn.read_ticket(&ticket, &reading, again);
                None
            }
            Request::TicketGlanced { ticket, reading } => {
                turn.glance_at(&ticket, &reading);
                None
            }
            Request::TicketLost { ticket, why } => {
                turn.lose_ticket(&ticket, why);
                None
            }
            Request::NoteUndeliverable { escalation, why } => {
                turn.lose_note(escalation, why);
                None
            }
            Request::DigestPosted { team, window, place, message } => {
                turn.tell_details(&team, window, &place, &message);
                None
            }
            Request::DeadlineReached => {
                turn.pass_deadlines();
                None
            }
            Request::FindDeaf { silence } => {
                turn.find_deaf(silence);
                None
            }
            Request::FindHearing => {
                turn.find_hearing();
                None
            }
            Request::Adopt => {
                turn.adopt();
                None
            }
            Request::Keep { problems } => {
                turn.keep(problems);
                None
            }
            Request::Act { actor, about, act, reply } => Some((reply, turn.act(actor, &about, act))),
            Request::Merge { actor, about, into, reply } => Some((reply, turn.merge(&actor, &about, into))),
            Request::TellCustomer { actor, escalation, due, by_us, reply } => {
                Some((reply, turn.tell_customer(actor, escalation, due, by_us)))
            }
            Request::DoStep { actor, escalation, playbook, step, reply } => {
                Some((reply, turn.do_step(actor, escalation, playbook, step)))
            }
            Request::Escalate { actor, form, reply } => Some((reply, turn.escalate(&actor, *form))),
            Request::Inform { actor, escalation, typed, reply } => {
                Some((reply, turn.inform(&actor, escalation, &typed)))
            }
            Request::Ask { actor, question, reply } => {
                if let Question::Choices { what: Choosing::Ticket, typed } = &question
                    && actor.person.standing == Standing::Staff
                {
                    turn.look_up_typed(typed);
                }
                Some((reply, turn.ask(&actor, &question)))
            }
            Request::Cover { actor, form, reply } => Some((reply, turn.cover(&actor, &form))),
            Request::Drill { actor, trigger, place, reply } => Some((reply, turn.drill(&actor, &trigger, place))),
            Request::MoveOver { actor, escalation, procedure, reply } => {
                Some((reply, turn.move_over(&actor, escalation, &procedure)))
            }
            Request::Examine { actor, checks, reply } => Some((reply, turn.examine(&actor, checks))),
            Request::Reload { actor, reply } => Some((reply, turn.reload(&actor))),
        };
        if let Some((to, answer)) = answered {
            turn.answer(to, answer.unwrap_or_else(Answer::Refused));
        }
        let outcome = turn.outcome;
        self.look_ahead(procedure);
        outcome
    }

    /// The earliest instant at which a case wants to be woken, a duty changes hands that people are told of, a customer
    /// has waited as long as a rule allows, or a digest is due.
    pub fn next_deadline(&self) -> Option<DateTime<Utc>> {
        let case = self.deadlines.first().map(|(at, _)| *at);
        [case, self.handovers.next(), self.waits.next(), self.reports.next()].into_iter().flatten().min()
    }

    /// Cases whose time was up before this instant, the longest overdue first.
    pub fn overdue(&self, now: DateTime<Utc>) -> impl Iterator<Item = (DateTime<Utc>, EscalationId)> {
        self.deadlines.iter().copied().take_while(move |(at, _)| *at < now)
    }

    /// Whether this customer has waited there as long as a rule allows.
    pub fn has_waited(&self, place: &PlaceId, customer: &PersonId, now: DateTime<Utc>) -> bool {
        self.waits.is_due(place, customer, now)
    }

    pub fn case(&self, id: EscalationId) -> Option<&Escalation> {
        self.cases.get(id)
    }

    pub fn chronicle(&self) -> &Chronicle {
        &self.chronicle
    }

    pub fn tickets(&self) -> &Tickets {
        &self.tickets
    }

    /// Every case there ever was, by number.
    pub fn cases(&self) -> impl DoubleEndedIterator<Item = &Escalation> {
        self.cases.iter()
    }

    /// Cases that are not resolved, the most severe first, then the oldest.
    pub fn open_cases(&self) -> Vec<&Escalation> {
        let mut open: Vec<&Escalation> = self.open.iter().filter_map(|id| self.case(*id)).collect();
        open.sort_by_key(|case| (std::cmp::Reverse(case.severity), case.id));
        open
    }

    /// How many cases are open, and how many of them nobody has taken.
    pub fn count_open(&self) -> (usize, usize) {
        let open = self.open.iter().filter_map(|id| self.case(*id));
        let waiting = open.filter(|case| case.status() == Status::Unacknowledged);
        (self.open.len(), waiting.count())
    }

    /// The open case about the same issue with the same plan: of the same ticket, if there is one. What is
    /// confidential joins only a case that is, too.
    pub fn open_case(&self, subject: &Subject, plan: &str, confidential: bool) -> Option<&Escalation> {
        let open = self.same_issue(subject, plan).filter(|case| case.status() != Status::Resolved);
        let same = open.filter(|case| case.opened.confidential || !confidential);
        // Of equals the first, the latest case.
        same.min_by_key(|case| !case.opened.subject.is_same_ticket(subject))
    }

    /// The latest resolved case about the same issue with the same plan. One that is confidential is named only to
    /// a case that is, too.
    pub fn last_case(&self, subject: &Subject, plan: &str, confidential: bool) -> Option<&Escalation> {
        let mut same = self.same_issue(subject, plan);
        same.find(|case| case.status() == Status::Resolved && (confidential || !case.opened.confidential))
    }

    /// Whether a case about the same issue with the same plan already speaks of this message, as it now fires.
    pub fn has_heard(&self, subject: &Subject, plan: &str, report: &Report) -> bool {
        self.same_issue(subject, plan).any(|case| case.has_heard(report))
    }

    /// Cases about the same issue with the same plan, the latest first; a drill is about none.
    fn same_issue(&self, subject: &Subject, plan: &str) -> impl Iterator<Item = &Escalation> {
        let cases = self.subjects.about(subject, plan).filter_map(|id| self.case(id));
        cases.filter(move |case| !case.opened.drill && case.is_about(subject, plan))
    }

    /// The cases that a merged one is part of: what it was merged into may have been merged, too.
    fn wholes_of(&self, part: EscalationId) -> Vec<EscalationId> {
        let into = |id: &EscalationId| self.case(*id).and_then(Escalation::merged_into);
        std::iter::successors(into(&part), into).collect()
    }
}

/// What one text means to the rules, with what the desk knows: the same reading serves the bot, `explain` and a form.
pub fn read<'p>(
    message: &Message,
    desk: &Desk,
    procedure: &'p Procedure,
    now: DateTime<Utc>,
) -> (Signals, Option<TicketRef>, Fired<'p>) {
    let speech = speech(message.author.standing);
    let ticket = ticket_of(message, procedure);
    let fields = ticket.as_ref().and_then(|ticket| desk.tickets.known(ticket)).map(Known::fields);
    let signals = signal::read(&message.text, speech, &procedure.lexicon);
    let customer = (message.author.standing == Standing::Customer).then_some(&message.author.id);
    let labels: Vec<Kind> = procedure.labels(&signals).cloned().collect();
    let scene = Scene {
        message,
        customer,
        ticket: ticket.as_ref(),
        fields: fields.as_ref(),
        waited: None,
        signals: &signals,
        labels: &labels,
        lexicon: &procedure.lexicon,
        past: &desk.conversation,
        rates: &procedure.rates,
        now,
    };
    let fired = if speech == Speech::QuotesOnly && signals.is_silent() {
        Fired::default()
    } else {
        fired(&scene, &procedure.triggers)
    };
    (signals, ticket, fired)
}

/// What the rules that look at waiting make of a customer who waits. The words have been read already.
fn read_wait<'p>(
    message: &Message,
    wait: &Wait,
    desk: &Desk,
    procedure: &'p Procedure,
    now: DateTime<Utc>,
) -> Fired<'p> {
    let (ticket, waited) = (wait.asked.ticket.as_ref(), Some(now - wait.since));
    let mut fired = read_silence(message, ticket, waited, desk, procedure, now);
    fired.firings.retain(|firing| !firing.trigger.condition.waits().is_empty());
    fired
}

/// What the rules that look at tickets make of one whose fields have changed.
fn read_fields<'p>(message: &Message, desk: &Desk, procedure: &'p Procedure, now: DateTime<Utc>) -> Fired<'p> {
    let mut fired = read_silence(message, message.place.ticket().as_ref(), None, desk, procedure, now);
    fired.firings.retain(|firing| firing.trigger.condition.asks_for_tickets());
    fired
}

/// What the rules make of a moment at which nothing is said. What they nearly make of it is nothing to tell.
fn read_silence<'p>(
    message: &Message,
    ticket: Option<&TicketRef>,
    waited: Option<TimeDelta>,
    desk: &Desk,
    procedure: &'p Procedure,
    now: DateTime<Utc>,
) -> Fired<'p> {
    let fields = ticket.and_then(|ticket| desk.tickets.known(ticket)).map(Known::fields);
    let scene = Scene {
        message,
        customer: Some(&message.author.id),
        ticket,
        fields: fields.as_ref(),
        waited,
        signals: &Signals::default(),
        labels: &[],
        lexicon: &procedure.lexicon,
        past: &desk.conversation,
        rates: &procedure.rates,
        now,
    };
    let mut fired = fired(&scene, &procedure.triggers);
    fired.near.clear();
    fired
}

/// The ticket that a message is a comment of, or else names.
fn ticket_of(message: &Message, procedure: &Procedure) -> Option<TicketRef> {
    message.place.ticket().or_else(|| procedure.ticket_in(&message.text))
}

fn sketch(text: &str, procedure: &Procedure) -> Sketch {
    Sketch::of(&signal::subject_words(text, &procedure.lexicon))
}

/// Whether a text can lead to anything by itself, whoever wrote it. What cannot is not worth asking who that was. Where
/// replies are measured, any text may be one.
pub fn says_anything(message: &Message, procedure: &Procedure) -> bool {
    // Whoever writes may begin to wait, or answer somebody who does.
    if procedure.measures_replies() || !procedure.waits().is_empty() {
        return true;
    }
    let (signals, ticket, fired) = read(message, &Desk::default(), procedure, message.at);
    ticket.is_some() || !signals.is_silent() || !fired.firings.is_empty()
}

/// How much of a message is a customer's words.
fn speech(author: Standing) -> Speech {
    match author {
        Standing::Customer => Speech::Whole,
        Standing::Staff | Standing::Bot => Speech::QuotesOnly,
    }
}

#[cfg(test)]
mod tests;
