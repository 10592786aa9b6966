//! The tables of `[[tickets]]`: a pattern of somebody's own for links, or an account of a system that is known.

use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;

use super::procedure::{Names, known};
use super::raw::{Item, Table, Wrong, wrong};
use super::values;
use crate::adapters::secret::SecretPlace;
use crate::adapters::tickets::{Facts, Interface, KINDS, Settings, Use};
use crate::sop::procedure::{TicketAccess, TicketLink};
use crate::sop::team::TeamId;

/// The systems by their names in the config.
pub(super) fn kinds() -> [(&'static str, Option<&'static Facts>); KINDS.len()] {
    KINDS.map(|facts| (facts.name, Some(facts)))
}

/// How all links look, in the order of the config, and the accounts among them.
pub(super) fn tickets(document: &Table<'_>, names: &Names) -> (Vec<TicketLink>, Vec<Settings>) {
    let listens = document.get("web").is_some();
    let kept = account_names(document);
    let (mut links, mut accounts) = (Vec::new(), Vec::<Settings>::new());
    let mut patterns = Vec::new();
    for table in document.get("tickets").map(|item| item.tables()).unwrap_or_default() {
        match table.choice("kind", Some(None), &kinds()) {
            Some(Some(kind)) => {
                let Some((account, access)) = account(table, kind, &accounts, names, listens) else { continue };
                let pattern = kind.links(&account.host, account.account.as_deref());
                links.push(TicketLink { system: account.name.clone(), pattern, access });
                accounts.push(account);
            }
            Some(None) => patterns.extend(own_pattern(table, &kept)),
            None => read_over(table),
        }
    }
    // An account knows its links better than a pattern that may fit others, too.
    links.extend(patterns);
    (links, accounts)
}

/// What accounts are called, wherever they stand.
fn account_names(document: &Table<'_>) -> Vec<String> {
    let tables = document.get("tickets").map(|item| item.tables()).unwrap_or_default();
    let name = |table: Table<'_>| {
        let kind = table.get("kind")?.text()?.to_owned();
        Some(table.get("system").and_then(|item| item.text().map(str::to_owned)).unwrap_or(kind))
    };
    tables.into_iter().filter_map(name).collect()
}

/// What only an account has.
const OF_ACCOUNT: [&str; 15] = [
    "host",
    "api",
    "account",
    "user",
    "client",
    "plan_field",
    "token_env",
    "token_file",
    "webhook_secret_env",
    "webhook_secret_file",
    "poll",
    "notes",
    "tag",
    "groups",
    "agents",
];

/// The kind is wrong, so nothing can be said of the rest.
fn read_over(table: Table<'_>) {
    for name in OF_ACCOUNT.into_iter().chain(["system", "link"]) {
        table.get(name);
    }
    table.close();
}

fn own_pattern(table: Table<'_>, accounts: &[String]) -> Option<TicketLink> {
    let item = table.need("system", "the ticket system's name: \"zendesk\"");
    let system = item.as_ref().and_then(|item| item.read(values::id));
    if let (Some(item), Some(name)) = (&item, system.as_ref().filter(|name| accounts.contains(name))) {
        let hint = "delete this table, for the account knows its links, or give one of them another name";
        item.note(wrong(
            format!("\"{name}\" is an account, and this would link to tickets of others as its own"),
            hint,
        ));
    }
    let link = table.need("link", "how its links look, as a regular expression with the ticket's id in a group");
    let link = link.and_then(|item| item.read(pattern));
    for name in OF_ACCOUNT {
        if let Some(item) = table.get(name) {
            item.note(wrong(format!("`{name}` is for systems that are known"), "name one: kind = \"zendesk\""));
        }
    }
    table.close();
    Some(TicketLink { system: system?, pattern: link?, access: None })
}

/// What is wrong is noted, so that nothing comes of the rest.
fn account(
    table: Table<'_>,
    kind: &'static Facts,
    others: &[Settings],
    names: &Names,
    listens: bool,
) -> Option<(Settings, Option<TicketAccess>)> {
    if let Some(item) = table.get("link") {
        let hint = "delete it, or delete `kind` and all that goes with it";
        item.note(wrong("`link` and `kind` exclude each other: a kind knows its links", hint));
    }
    let name = table.get("system").map_or(Some(kind.name.to_owned()), |item| item.read(values::id));
    if let Some(other) = others.iter().find(|other| name.as_ref() == Some(&other.name)) {
        let hint = format!("give each account a name of its own: system = \"{}-2\"", other.name);
        table.note(wrong(format!("there is an account \"{}\" already", other.name), hint));
    }
    let host = table.need("host", "the host of its links: host = \"harbor.zendesk.com\"");
    let host = host.and_then(|item| item.read(self::host));
    let account = used(&table, "account", kind.account, kind, path);
    let plan_field = table.get("plan_field").and_then(|item| item.read(values::name));
    let Spoken { api, user, client, token, webhook } = match &kind.interface {
        Some(interface) => spoken_with(&table, kind, interface, host.as_deref()),
        None => not_spoken_with(&table, kind),
    };
    if webhook.is_some() && !listens {
        table.note(wrong("nothing listens for its webhooks", "add a table: [web] listen = \"127.0.0.1:8322\""));
    }
    let poll = polls(&table, token.is_some(), webhook.is_some());
    let access = kind.interface.as_ref().and_then(|_| access(&table, kind, names));
    let access = access.filter(|_| token.is_some());
    table.close();
    Some((
        Settings { name: name?, kind, host: host?, api, account, user, client, plan_field, token, webhook, poll },
        access,
    ))
}

/// How often an account is asked what has changed: only where nobody tells, unless the config says otherwise. What is
/// wrong is noted.
fn polls(table: &Table<'_>, is_read: bool, tells: bool) -> Option<Duration> {
    let by_default = (is_read && !tells).then_some(POLL_EVERY);
    let Some(item) = table.get("poll") else { return by_default };
    if item.text()? == NEVER {
        return None;
    }
    if !is_read {
        let what = "an account is asked only with a token";
        return item.refuse(wrong(what, "add token_env or token_file, or delete `poll`"));
    }
    let every = item.read(values::duration)?.to_std().ok()?;
    if every < POLL_MIN {
        let hint = format!("the shortest is \"{}s\"; webhooks are faster", POLL_MIN.as_secs());
        return item.refuse(wrong("vendors limit how often they are asked", hint));
    }
    Some(every)
}

/// How often an account is asked that sends no webhooks.
const POLL_EVERY: Duration = Duration::from_mins(1);
const POLL_MIN: Duration = Duration::from_secs(1);
const NEVER: &str = "never";

/// What becomes of its tickets.
fn access(table: &Table<'_>, kind: &Facts, names: &Names) -> Option<TicketAccess> {
    let tag = table.get("tag").and_then(|item| item.read(values::name));
    let mut access = TicketAccess {
        notes: table.flag("notes", kind.interface.as_ref().is_some_and(|interface| interface.notes))?,
        tag,
        ..TicketAccess::default()
    };
    for (team, item) in entries(table, "groups") {
        if let Err(wrong) = known("team", team, &names.teams) {
            item.note(wrong);
        }
        access.groups.extend(item.read(values::name).map(|group| (TeamId(team.into()), group)));
    }
    for (person, item) in entries(table, "agents") {
        if let Err(wrong) = values::snowflake(person) {
            item.note(wrong);
        }
        access.agents.extend(item.read(values::name).map(|agent| (person.into(), agent)));
    }
    Some(access)
}

fn entries<'t>(table: &Table<'t>, name: &'static str) -> Vec<(&'t str, Item<'t>)> {
    table.get(name).and_then(|item| item.table()).map(|table| table.entries().collect()).unwrap_or_default()
}

/// What only a system with an interface has.
#[derive(Default)]
struct Spoken {
    api: String,
    user: Option<String>,
    client: Option<String>,
    token: Option<SecretPlace>,
    webhook: Option<SecretPlace>,
}

fn spoken_with(table: &Table<'_>, kind: &Facts, interface: &Interface, host: Option<&str>) -> Spoken {
    let api = match table.get("api") {
        Some(item) => item.read(super::api_base),
        None => host.map(|host| interface.api.replace("{host}", host)),
    };
    let token = secret(table, "token_env", "token_file");
    let is_read = ["token_env", "token_file"].into_iter().any(|name| table.get(name).is_some());
    // Links alone need nobody who signs in.
    let then = |used: Use| match used {
        Use::Needed(what) if !is_read => Use::Optional(what),
        used => used,
    };
    let user = used(table, "user", then(interface.user), kind, values::name);
    let client = used(table, "client", then(interface.client), kind, values::name);
    let webhook = secret(table, "webhook_secret_env", "webhook_secret_file");
    if webhook.is_some() && !is_read {
        let what = "a webhook says which ticket to read, and there is no token to read it with";
        table.note(wrong(what, "add token_env or token_file"));
    }
    Spoken { api: api.unwrap_or_default(), user, client, token, webhook }
}

fn not_spoken_with(table: &Table<'_>, kind: &Facts) -> Spoken {
    for name in OF_ACCOUNT.into_iter().filter(|name| !["host", "account"].contains(name)) {
        if let Some(item) = table.get(name) {
            let what = format!("{} tickets are linked and not read, so there is no `{name}`", kind.title);
            item.note(wrong(what, "delete it"));
        }
    }
    Spoken::default()
}

/// A key that some systems have and others have not.
fn used(
    table: &Table<'_>,
    name: &'static str,
    used: Use,
    kind: &Facts,
    meaning: impl Fn(&str) -> Result<String, Wrong>,
) -> Option<String> {
    match used {
        Use::Needed(what) => table.need(name, &format!("for {}: {what}", kind.title))?.read(meaning),
        Use::Optional(_) => table.get(name)?.read(meaning),
        Use::Never => table.get(name)?.refuse(wrong(format!("{} has no `{name}`", kind.title), "delete it")),
    }
}

/// Where a secret is: in a variable or in a file.
fn secret(table: &Table<'_>, variable: &'static str, file: &'static str) -> Option<SecretPlace> {
    match (table.get(variable), table.get(file)) {
        (None, None) => None,
        (Some(item), None) => item.read(self::variable).map(SecretPlace::Variable),
        (None, Some(item)) => item.read(super::file).map(SecretPlace::File),
        (Some(_), Some(item)) => {
            item.refuse(wrong(format!("`{variable}` and `{file}` exclude each other"), "delete one of them"))
        }
    }
}

/// What stands between `https://` and the first slash: in small letters, as browsers write it.
pub(super) const HOST: &str = "^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:[0-9]{1,5})?$";
/// Parts with a slash between them, none of which leads upwards.
pub(super) const PATH: &str = "^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){0,9}$";
/// As POSIX has it, but for small letters: those are more often the secret itself.
pub(super) const VARIABLE: &str = "^[A-Z_][A-Z0-9_]{0,99}$";

fn fits(pattern: &'static LazyLock<Regex>, text: &str, what: &str, hint: &str) -> Result<String, Wrong> {
    if pattern.is_match(text) { Ok(text.to_owned()) } else { Err(wrong(format!("\"{text}\" is not {what}"), hint)) }
}

fn host(text: &str) -> Result<String, Wrong> {
    static FORM: LazyLock<Regex> = LazyLock::new(|| Regex::new(HOST).expect("written here"));
    fits(&FORM, text, "a host", "write it in small letters, without https:// and path: \"harbor.zendesk.com\"")
}

fn path(text: &str) -> Result<String, Wrong> {
    static FORM: LazyLock<Regex> = LazyLock::new(|| Regex::new(PATH).expect("written here"));
    fits(&FORM, text, "a part of links", "copy it from a link, without slashes around it: \"harbor/router\"")
}

/// What does not fit is not repeated: it may be the secret.
fn variable(text: &str) -> Result<String, Wrong> {
    static FORM: LazyLock<Regex> = LazyLock::new(|| Regex::new(VARIABLE).expect("written here"));
    let hint = "write the name of an environment variable, in capital letters, never the secret: \"ZENDESK_TOKEN\"";
    fits(&FORM, text, "", hint).map_err(|_| wrong("not the name of a variable", hint))
}

/// A regular expression whose first group is the ticket's id.
fn pattern(text: &str) -> Result<Regex, Wrong> {
    let pattern = Regex::new(text).map_err(|error| {
        let error = error.to_string();
        let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        wrong(format!("not a regular expression: {reason}"), "write it in single quotes, with \\. for a dot")
    })?;
    if pattern.captures_len() < 2 {
        let hint = "put the part that is the ticket's id in round brackets: (\\d+)";
        return Err(wrong("a link without a group has no ticket id", hint));
    }
    Ok(pattern)
}
