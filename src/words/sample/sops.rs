//! What is said of the procedure as a whole.

use crate::sop::desk::{ShownRule, Silences, Sop};
use crate::sop::notice::ShownRung;
use crate::sop::team::Severity;

pub(super) fn sops() -> Vec<Sop> {
    let version = || "0123456789ab".to_owned();
    let (team, why) = ("first".into(), "unknown channel".to_owned());
    let mut sops = vec![
        Sop::OutOfReach { team, why },
        Sop::Reading,
        Sop::Deaf { since: 0 },
        Sop::Hearing { since: 0, minutes: 1 },
    ];
    for older in 0..3 {
        let since = (older == 2).then_some(0);
        let silences = Silences { times: older, minutes: 5, since };
        let rung = || ShownRung {
            team: "first".into(),
            within_minutes: 30,
            hours: Some("office".to_owned()),
            required_acks: 1,
        };
        let rule = |name: Option<&str>, marked: bool| ShownRule {
            name: name.map(str::to_owned),
            severity: Severity::Sev2,
            watched: marked,
            confidential: marked,
            rungs: vec![rung(), rung()],
            repeat: u32::from(marked),
        };
        let (rules, last) =
            (vec![rule(Some("Refund"), false), rule(Some("Breach"), true), rule(None, false)], Some(rung()));
        sops.push(Sop::Shown { version: version(), since: 0, open: older, older, silences, rules, more: older, last });
        sops.push(Sop::Adopted { version: version(), before: version(), older });
    }
    for (problems, more) in [(Vec::new(), 0), (vec!["line 3: no".to_owned()], 0), (vec!["line 3: no".to_owned()], 2)] {
        sops.push(Sop::Kept { version: version(), problems, more });
    }
    sops
}
