//! Bellhop runs a customer-service **escalation procedure** inside team chat: it reads what customers write, notices
//! what the procedure says must go up, pages the right team with what that team needs, and does not let go until
//! somebody has taken it, in time.
//!
//! **One loop, one log, one timer, one trait.** The procedure is a pure library that knows no clock, no network and no
//! database ([`sop`]). A thin shell feeds it inputs and carries out what it says ([`engine`]).
//!
//! ```text
//!  Discord gateway ─┐                                                   ┌─► Discord REST
//!  commands, buttons┤                                                   │
//!  the one timer  ──┼─► Input ─► ENGINE LOOP ─► append(facts, notices) ─┘
//!  delivery results ┘            (one writer)      one transaction, then the outbox delivers;
//!                                    │   ▲         the result comes back as an input
//!                                    ▼   │
//!        ┌──────────────────────── sop (pure) ─────────────────────────┐
//!        │ Message ─► Signals ─► Firings ─► Decision ─► Command        │
//!        │ Command + Escalation + now ─► Events | Refusal              │
//!        │ Event + Escalation ─► Notices                               │
//!        │ State ─► next_deadline()                                    │
//!        └─────────────────────────────────────────────────────────────┘
//! ```
//!
//! # Floors
//! Imports only point down; `tests/tidy.rs` enforces it.
//!
//! | floor | modules | must never contain |
//! |---|---|---|
//! | 5 | [`cli`] | logic |
//! | 4 | [`config`] | I/O but reading the file |
//! | 3 | [`adapters`], [`sandbox`] | rules, retries, state worth saving |
//! | 2 | [`engine`], [`words`] | rules of the procedure, names of platforms |
//! | 1 | [`sop`] | async, I/O, `now()`, randomness, names of platforms |
//!
//! # What is deliberately absent
//! - **Stored timers.** A deadline is a function of state
//!   ([`Escalation::next_deadline`](sop::escalation::Escalation::next_deadline)): a restart computes it again.
//! - **Handles to a later step.** A step returns a value. What happens to it is somebody else's file.
//! - **Retries in adapters.** The [outbox](engine) alone decides when to try again. Reading a ticket is asked again at
//!   once or not at all: within seconds, and only what can do no harm.
//! - **Stored answers.** What a button's answer is addressed to is a secret for fifteen minutes and worthless after.
//! - **Message text in the log.** Facts hold the words that count as evidence and a sketch of the rest that can be
//!   compared but not read.
//!
//! # Where a decision lives
//! - What a text says: [`sop::signal::read`] · which rules fire: [`sop::trigger::fired`] · what that means beside what
//!   is open: [`sop::triage::triage`] · what a command leads to:
//!   [`Escalation::decide`](sop::escalation::Escalation::decide) · who is told: [`sop::notice::notices`] ·
//!   who is on call: [`Rota::on_call`](sop::rota::Rota::on_call)
//! - The whole river from top to bottom: [`sop::desk::Desk::handle`]
//!
//! # After a crash
//! A batch of inputs is recorded with everything that follows from it in one transaction, before anything is sent.
//! So after a restart: what was recorded and not yet told is told (with the same nonce, after a look whether it
//! already arrived), what was not recorded is read back from its source, what became due meanwhile happens at once,
//! with its lateness on record.
//!
//! # The log as evidence
//! Each line is a [link](engine::store::Link) of a chain, over a salted digest of what it says; `bellhop verify` finds
//! what was changed, and [works every result out again](sop::audit). Who is [erased](sop::erasure) is overwritten in the
//! file, and the chain holds, for it stands on the digests. Logs of versions without a chain get theirs when they are opened
//! for the first time: from then on they are proven.
//!
//! # Glossary
//! | word | meaning |
//! |---|---|
//! | message | what somebody wrote, in a place |
//! | customer / staff | who they are to the desk, from their roles |
//! | signal, strength, evidence | a kind of trouble in a text, how strong, and the words that say so |
//! | claim | money the writer wants back |
//! | trigger, firing, near miss | a rule of the procedure; that it holds for a message; that it nearly does |
//! | triage, decision | what firings mean beside what is open |
//! | escalation, case | the thing that is opened, raised, acknowledged, resolved; people see `ESC-142` |
//! | team, rung, plan, catch-all | who can be paged, one step of a ladder, the ladder, its end that never ends |
//! | rota, shift, hand-over, gap | who has a duty when: one person at a time; from when to when; the moment it changes; nobody |
//! | layer, override, cover, away | a rotation; who takes the duty instead; only one person's time; who cannot have it |
//! | calendar, holiday | when a team works; when it does not, though it usually would |
//! | clock, target, due | time that runs for a case, how much there is, when it is gone |
//! | page, card | the message that rings a team; the same message as it shows the case |
//! | responder, owner | who took it; whom the customer's trouble belongs to |
//! | fact, event | a line of the log; one about a case |
//! | link, chain, head | what stands for a line of the log and for everything before it; all of them; the last one |
//! | erasure, pseudonym, retention | words are taken out of lines; whose they were; after how long that happens |
//! | notice, outbox, receipt | something to be told; where it waits; proof that it arrived |
//! | ticket, requester, note, reply | what a ticket system has of a case; who asks for help there; what staff read; what the customer reads |
//! | breach, late | an answer that did not come in time; that this was noticed later than it happened |
//! | refusal | why a command changed nothing, in a sentence |
//! | desk | one team's procedure, log and loop |

pub mod sop;

pub mod engine;
pub mod words;

pub mod adapters;
pub mod sandbox;

pub mod config;

pub mod cli;
