//! Floor 1: the procedure. Pure, synchronous, total.
//!
//! Nothing in here knows a clock, a network, a database or the name of a chat platform. Every function takes what
//! it needs, `now` included, and returns what follows. Read the files in this order:
//!
//! 1. [`message`]: what somebody wrote, where, and who they are to us
//! 2. [`signal`]: what the text says: kinds, strengths, evidence, claims of money
//! 3. [`conversation`]: what the same customer, and others, said before
//! 4. [`trigger`]: the rules of the procedure and which of them fire; [`ticket`]: what a ticket system knows
//!    [`waits`]: who waits for an answer, and since when
//!    [`team`]: who is paged, in which order; [`rota`]: who is on call; [`procedure`]: all of it together
//!    [`guidance`]: what people are asked, what they are to do and to say
//!    [`calendar`]: when a team works; [`clock`]: what that makes of its time
//! 5. [`triage`]: what a set of firings means beside what is already open
//! 6. [`escalation`]: the case: commands, events, deadlines
//! 7. [`notice`]: who is told what; [`desk`]: all cases of one team together
//! 8. [`prover`]: what the procedure comes to over a year, for its author; [`health`]: how right its triggers are,
//!    with the interval of each [`share`]; [`paths`]: how cases really went; [`chronicle`]: what happened; [`digest`]: what that comes to, for managers;
//!    [`typo`]: what was meant by what was typed
//! 9. [`audit`]: whether the log holds what the rules make of it; [`erasure`]: what is taken out of it, and
//!    [`retention`]: after how long
//! 10. [`overview`]: what is open, and how pressing it is; [`timeline`]: what happened to one case, and its clocks

pub mod audit;
pub mod calendar;
pub mod chronicle;
pub mod clock;
pub mod conversation;
pub mod desk;
pub mod digest;
pub mod erasure;
pub mod escalation;
#[cfg(test)]
pub(crate) mod fixture;
pub mod guidance;
pub mod guide;
pub mod health;
mod instant;
pub mod message;
pub mod notice;
pub mod overview;
pub mod paths;
pub mod procedure;
pub mod prover;
pub mod retention;
pub mod rota;
pub mod share;
pub mod signal;
pub mod team;
pub mod ticket;
pub mod timeline;
pub mod triage;
pub mod trigger;
pub mod typo;
pub mod waits;
