//! A command as it is typed, where no Discord takes it apart: its name, its options by name, choices as they are
//! called.

use serde::de::DeserializeOwned;

use crate::adapters::discord::commands::{Asked, Cover};
use crate::sop::desk::Choosing;
use crate::sop::escalation::Act;

/// What a typed command asks for; the error is a sentence.
pub(crate) fn asked(
    command: &str,
    options: &[(String, String)],
    person: impl Fn(&str) -> Result<Person, String>,
) -> Result<Asked, String> {
    let may = |name: &str| options.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let need = |name: &str| may(name).ok_or_else(|| format!("/{command} needs {name}:"));
    let case = || need("escalation");
    let act = |act: Act| Ok(Asked::Act { case: case()?, act });
    match command {
        "escalate" => Ok(Asked::EscalateForm { reason: may("reason"), ticket: may("ticket"), message: None }),
        "ack" => Ok(Asked::Ack { case: case()?, next: may("next") }),
        "next" => Ok(Asked::Next { case: case()?, within: may("within") }),
        "note" => act(Act::Note { text: need("text")? }),
        "bounce" => act(Act::Bounce { missing: need("missing")? }),
        "wait" => act(Act::Wait { reason: need("reason")? }),
        "handoff" => {
            let (to, roles) = person(&need("to")?)?;
            Ok(Asked::HandOff { case: case()?, to: Box::new(to), roles })
        }
        "merge" => Ok(Asked::Merge { case: case()?, into: need("into")? }),
        "raise" => act(Act::Raise { reason: need("reason")? }),
        "lower" => act(Act::Lower { reason: need("reason")? }),
        "severity" => act(Act::SetSeverity { severity: choice(&need("severity")?)?, reason: need("reason")? }),
        "resolve" => act(Act::Resolve { note: need("note")? }),
        "confirm" => act(Act::Confirm),
        "reopen" => act(Act::Reopen { reason: need("reason")? }),
        "grade" => act(Act::Grade { grade: choice(&need("grade")?)? }),
        "status" => Ok(Asked::Status { case: case()? }),
        "why" => Ok(Asked::Why { case: case()? }),
        "playbook" => Ok(Asked::Playbook { case: case()? }),
        "customer" => Ok(Asked::Customer { case: case()? }),
        "queue" => Ok(Asked::Queue),
        "oncall" => Ok(Asked::OnCall { team: may("team"), at: may("at") }),
        "cover" => {
            let named = |option: &str| may(option).map(|name| person(&name)).transpose();
            let (instead_of, who) = (named("instead_of")?.map(|(user, _)| user), named("who")?);
            Ok(Asked::Cover(Box::new(Cover {
                team: need("team")?,
                from: may("from"),
                to: need("to")?,
                instead_of,
                who,
            })))
        }
        "drill" => Ok(Asked::Drill { trigger: need("trigger")? }),
        "sop show" => Ok(Asked::Sop),
        "sop move" => Ok(Asked::MoveOver { case: case()? }),
        "digest" => Ok(Asked::Digest { period: may("period") }),
        "sop health" => Ok(Asked::Health),
        "sop doctor" => Ok(Asked::Doctor),
        "sop reload" => Ok(Asked::Reload),
        "help" => Ok(Asked::Help),
        _ => Err(format!("there is no command /{command}")),
    }
}

/// What is asked of the desk while somebody is typing the last of the options; `None` where it is not asked.
pub(crate) fn completing(command: &str, options: &[(String, String)]) -> Option<Asked> {
    let (option, typed) = options.last()?;
    let what = match (command, option.as_str()) {
        ("escalate", "ticket") => Choosing::Ticket,
        ("confirm" | "reopen", "escalation") => Choosing::Resolved,
        ("note" | "grade" | "status" | "why" | "playbook", "escalation") => Choosing::Any,
        (_, "escalation") | ("merge", "into") => Choosing::Open,
        ("lower", "reason") => {
            let case = options.iter().find(|(name, _)| name == "escalation");
            Choosing::Criteria { case: case.map(|(_, case)| case.clone()).unwrap_or_default() }
        }
        _ => return None,
    };
    Some(Asked::Complete { what, typed: typed.clone() })
}

type Person = (serenity::model::user::User, Vec<serenity::model::id::RoleId>);

/// A choice by what it is called; what stands behind a comma explains it.
fn choice<T: DeserializeOwned>(called: &str) -> Result<T, String> {
    let name = called.split(',').next().unwrap_or_default().trim().replace(' ', "_");
    serde_json::from_value(name.into()).map_err(|_| format!("{called:?} is not one of the choices"))
}
