//! The draft as a config: each part with a comment that says where it came from.

use std::fmt::Write as _;

use crate::cli::sop::import::document::one_line;
use crate::cli::sop::import::draft::{Draft, Team, Trigger};
use crate::cli::sop::import::gather::slug;
use crate::sop::message::cut;

/// What one unit of each currency is worth, as the example has it.
const RATES: [(&str, &str); 10] = [
    ("USD", "1"),
    ("EUR", "1.08"),
    ("GBP", "1.27"),
    ("CAD", "0.73"),
    ("AUD", "0.66"),
    ("CHF", "1.12"),
    ("JPY", "0.0067"),
    ("INR", "0.012"),
    ("BRL", "0.18"),
    ("MXN", "0.055"),
];

/// The config of a draft; `name` is the document's.
pub(super) fn written(draft: &Draft, name: &str) -> String {
    let mut out = String::new();
    let from = comment(name);
    put(
        &mut out,
        &format!(
            "# An escalation procedure, made of {from} by `bellhop sop import`. Every key is explained in\n# config.example.toml; `bellhop check` says what is wrong, `bellhop sop` shows what it comes to.\n"
        ),
    );
    if !draft.open.is_empty() {
        put(&mut out, "#\n# Left to decide:\n");
        for open in &draft.open {
            put(&mut out, &format!("# - line {}: {}\n", open.line, comment(&open.what)));
        }
    }
    put(&mut out, "\n");
    desk(&mut out, draft);
    teams(&mut out, draft);
    plans(&mut out, draft);
    for trigger in &draft.triggers {
        self::trigger(&mut out, trigger, draft);
    }
    guidance(&mut out, draft);
    put(&mut out, "[rates]\n");
    for (code, rate) in RATES {
        put(&mut out, &format!("{code} = \"{rate}\"\n"));
    }
    out
}

fn put(out: &mut String, text: &str) {
    out.write_str(text).expect("a string takes it");
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn list<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    format!("[{}]", texts.map(quoted).collect::<Vec<_>>().join(", "))
}

/// Words of the document on the line of a comment.
fn comment(text: &str) -> String {
    cut(&one_line(text), COMMENT_MAX)
}

const COMMENT_MAX: usize = 160;

fn desk(out: &mut String, draft: &Draft) {
    let front = &draft.teams[draft.front].id;
    put(out, "[desk]\n");
    put(out, &format!("id = {}\nname = {}\n", quoted(&slug(&draft.name, "desk")), quoted(&draft.name)));
    put(out, "# The team that is told in a line what becomes of cases.\n");
    put(out, &format!("front = {}\n", quoted(front)));
    put(
        out,
        &format!(
            "# The plan for what a person escalates by hand without naming a trigger.\ndefault_plan = {}\n",
            quoted(&draft.default_plan)
        ),
    );
    if !draft.information.is_empty() {
        put(out, &format!("required = {}\n", list(draft.information.iter().map(|it| it.id.as_str()))));
    }
    put(out, "\n# Ids of the sandbox: put in those of your server.\n[discord]\nguild = \"1000\"\nwatch = [\"2001\"]\n");
    let roles: Vec<String> = draft.teams.iter().map(|team| team.role.to_string()).collect();
    put(out, &format!("staff_roles = {}\n\n", list(roles.iter().map(String::as_str))));
}

fn teams(out: &mut String, draft: &Draft) {
    let is_last = |team: &Team| team.id == draft.teams[draft.last].id;
    for team in &draft.teams {
        put(
            out,
            &format!("# Line {}.\n[[teams]]\nid = {}\nname = {}\n", team.line, quoted(&team.id), quoted(&team.name)),
        );
        put(out, &format!("channel = \"{}\"\nrole = \"{}\"\n", team.channel, team.role));
        if team.cleared {
            put(out, "# Confidential cases go there: nobody else may see its channel.\ncleared = true\n");
        }
        if team.manages || is_last(team) {
            put(out, "manages = true\n");
        }
        put(out, "\n");
    }
}

fn plans(out: &mut String, draft: &Draft) {
    for plan in &draft.plans {
        let rung = |(team, within): &(usize, String)| {
            format!("{{ team = {}, respond_within = {} }}", quoted(&draft.teams[*team].id), quoted(within))
        };
        let rungs: Vec<String> = plan.rungs.iter().map(rung).collect();
        put(out, &format!("[[plans]]\nid = {}\nrungs = [{}]\n", quoted(&plan.id), rungs.join(", ")));
        if !draft.lower_when.is_empty() {
            put(out, &format!("lower_when = {}\n", list(draft.lower_when.iter().map(String::as_str))));
        }
        put(out, "\n");
    }
    let last = &draft.teams[draft.last].id;
    put(out, "# The end of every ladder, paged again and again.\n[catch_all]\n");
    put(out, &format!("team = {}\nrespond_within = {}\n\n", quoted(last), quoted(&draft.last_within)));
}

fn trigger(out: &mut String, trigger: &Trigger, draft: &Draft) {
    put(out, &format!("# Line {}: {}\n", trigger.line, comment(&trigger.source)));
    for open in draft.open.iter().filter(|open| open.line == trigger.line) {
        put(out, &format!("# To decide: {}\n", comment(&open.what)));
    }
    put(out, &format!("[[triggers]]\nid = {}\nname = {}\n", quoted(&trigger.id), quoted(&trigger.name)));
    if !trigger.severity_is_given {
        put(out, "# The document does not say how severe it is; this is usual.\n");
    }
    put(
        out,
        &format!(
            "severity = {}\nplan = {}\nwhen = {}\n",
            quoted(trigger.severity),
            quoted(&trigger.plan),
            trigger.when
        ),
    );
    put(out, &format!("mode = {}\n", quoted(trigger.mode)));
    if trigger.confidential {
        if !trigger.confidential_is_given {
            put(out, "# The document does not say so, but what was told cannot be taken back.\n");
        }
        put(out, "confidential = true\n");
    }
    if trigger.for_everyone {
        put(out, "scope = \"everyone\"\n");
    }
    if draft.reporter_owns {
        put(out, "ownership = \"reporter\"\n");
    }
    if !trigger.example.trim().is_empty() {
        put(out, &format!("example = {}\n", quoted(&trigger.example)));
    }
    put(out, "\n");
}

fn guidance(out: &mut String, draft: &Draft) {
    for information in &draft.information {
        let (line, id, label) = (information.line, quoted(&information.id), quoted(&information.label));
        put(out, &format!("# Line {line}.\n[[information]]\nid = {id}\nlabel = {label}\nkind = \"long\"\n\n"));
    }
    for book in &draft.playbooks {
        put(
            out,
            &format!(
                "# Line {}.\n[[playbooks]]\nid = {}\nname = {}\n",
                book.line,
                quoted(&book.id),
                quoted(&book.name)
            ),
        );
        put(out, &format!("triggers = {}\nsteps = [\n", list(book.triggers.iter().map(String::as_str))));
        for step in &book.steps {
            let say = if step.say.is_empty() { String::new() } else { format!(", say = {}", quoted(&step.say)) };
            put(out, &format!("    {{ title = {}, do = {}{say} }},\n", quoted(&step.title), quoted(&step.how)));
        }
        put(out, "]\n\n");
    }
    for message in &draft.messages {
        let line = message.line;
        put(out, &format!("# Line {line}.\n[[messages]]\nid = \"customer\"\ntext = {}\n\n", quoted(&message.text)));
    }
}
