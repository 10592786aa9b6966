//! The entries of a history: one of each kind, with and without what may be missing.

use crate::sop::escalation::{EscalationId, Grade, RaiseReason};
use crate::sop::message::Standing;
use crate::sop::notice::{Entry, HistoryFacts};
use crate::sop::team::Severity;
use crate::words::sample::{at, person};

pub(super) fn entries() -> Vec<HistoryFacts> {
    let facts = |(number, entry): (usize, Entry)| HistoryFacts {
        id: "ESC-1".to_owned(),
        triggers: if number % 2 == 0 { vec!["Refund".to_owned(), "Legal".to_owned()] } else { Vec::new() },
        drill: number % 3 == 0,
        at: 60,
        entry,
    };
    let raised = raise_reasons().into_iter().flat_map(|why| {
        ["first", "last"].map(|from| Entry::Raised { from: from.into(), to: "last".into(), why: why.clone() })
    });
    others().into_iter().chain(raised).enumerate().map(facts).collect()
}

fn raise_reasons() -> Vec<RaiseReason> {
    let (by, busy) = (person("Sam", Standing::Staff), "busy".to_owned());
    vec![
        RaiseReason::Silence,
        RaiseReason::Undeliverable,
        RaiseReason::ByHand { by: by.clone(), reason: busy.clone() },
        RaiseReason::ByHand { by: by.clone(), reason: String::new() },
        RaiseReason::Lapsed { responder: by.clone() },
        RaiseReason::Lowered { by, reason: busy },
        RaiseReason::Gap,
    ]
}

fn others() -> Vec<Entry> {
    let by = || person("Sam", Standing::Staff);
    let text = || "called them".to_owned();
    let graded = [Grade::RightCall, Grade::NotNeeded, Grade::WrongTeam, Grade::MissingInformation];
    let mut entries = vec![
        Entry::Acknowledged { by: by(), next: Some(at(9)) },
        Entry::Acknowledged { by: by(), next: None },
        Entry::Promised { by: by(), until: at(9) },
        Entry::Noted { by: by(), text: text() },
        Entry::HandedOff { to: by(), next: Some(at(9)) },
        Entry::HandedOff { to: by(), next: None },
        Entry::Waited { by: by(), reason: text() },
        Entry::Resumed { by: Some(by()) },
        Entry::Resumed { by: None },
        Entry::SeveritySet { by: by(), severity: Severity::Sev1, reason: text() },
        Entry::Bounced { by: by(), missing: text() },
        Entry::Informed { by: by(), labels: vec!["Steps tried".to_owned(), "Order number".to_owned()] },
        Entry::Reopened { by: by(), reason: text() },
        Entry::Resolved { by: by(), note: text() },
        Entry::Merged { by: by(), into: EscalationId(2) },
    ];
    entries.extend(graded.map(|grade| Entry::Graded { by: by(), grade }));
    entries
}
