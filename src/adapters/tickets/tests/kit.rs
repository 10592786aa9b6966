//! What every system has to pass: recorded shapes in, the understood ticket and the right requests out.

use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use expect_test::Expect;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::changes::changing;
use super::server::{Asked, Reply, Server, told};
use crate::adapters::tickets::{
    Account, Assignee, Facts, InternalNote, Noted, Patience, PublicReply, Settings, TicketError, TicketId,
};
use crate::sop::ticket::Ticket;

/// A system with what it answers.
pub(super) struct Case {
    pub kind: &'static str,
    pub host: &'static str,
    pub account: Option<&'static str>,
    pub user: Option<&'static str>,
    pub client: Option<&'static str>,
    pub plan_field: Option<&'static str>,
    /// A link to the ticket, and its id.
    pub link: &'static str,
    pub id: &'static str,
    /// The header that signs in.
    pub signed: (&'static str, &'static str),
    /// What is answered to a route: "GET /tickets/42 page=2" needs that in its query, too. The first that fits counts.
    pub recorded: fn() -> Vec<(&'static str, Value)>,
    /// The route whose answer has the internal notes, and that answer with one more of this text.
    pub with_note: fn(&str) -> (&'static str, Value),
    /// Whether a request would be read by staff only, or by the customer.
    pub is_internal: fn(&Asked) -> bool,
    pub is_public: fn(&Asked) -> bool,
    pub group: &'static str,
    pub person: &'static str,
    pub changes: Listing,
}

/// How a system tells what changed.
pub(super) struct Listing {
    pub route: &'static str,
    /// Tickets on a page.
    pub size: usize,
    /// An id that is as good as any, made of a number.
    pub id: fn(usize) -> String,
    pub item: fn(id: &Value, at: DateTime<Utc>) -> Value,
    /// A page of such items; `next` is the number of the next one, of which the first has 0.
    pub page: fn(items: Vec<Value>, next: Option<usize>) -> Value,
    /// The number of the page that is asked for.
    pub asked: fn(&Asked) -> usize,
}

/// Pages with numbers, where the first is 1.
pub(super) fn numbered(asked: &Asked) -> usize {
    asked.asks_for("page").map_or(0, |page| page.parse::<usize>().expect("a number") - 1)
}

/// Marks of pages as the kit makes them.
pub(super) fn mark(page: Option<usize>) -> Value {
    page.map_or(Value::Null, |page| format!("mark{page}").into())
}

pub(super) fn marked(mark: Option<&str>) -> usize {
    mark.map_or(0, |mark| mark.strip_prefix("mark").expect("a mark").parse().expect("a number"))
}

/// As systems write it: "2026-11-23T09:00:00Z".
pub(super) fn iso(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// What a system makes of it.
pub(super) struct Expected {
    pub ticket: Expect,
    pub read: Expect,
    pub note: Expect,
    pub reply: Expect,
    pub assign: Expect,
    pub tag: Expect,
    pub count: Expect,
    pub changed: Expect,
}

pub(super) const SECRET: &str = "s3cr3t-key";
pub(super) const TOKEN: &str = "t0ken-of-the-account";

/// The next answer comes soon or not at all.
pub(super) const HASTE: Patience = Patience {
    connect: Duration::from_secs(5),
    request: Duration::from_secs(10),
    repeats: 1,
    pause: Duration::from_millis(1),
};

/// For where no answer comes.
pub(super) const SHORT: Patience = Patience { request: Duration::from_secs(4), ..HASTE };

pub(super) fn since() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 10, 24, 0, 0, 0).single().expect("an instant")
}

impl Case {
    pub(super) fn settings(&self, api: &str) -> Settings {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Settings {
            name: self.kind.to_owned(),
            kind: Facts::of(self.kind).expect("a system that is known"),
            host: self.host.to_owned(),
            api: api.to_owned(),
            account: owned(self.account),
            user: owned(self.user),
            client: owned(self.client),
            plan_field: owned(self.plan_field),
            token: None,
            webhook: None,
            poll: None,
        }
    }

    pub(super) fn account(&self, api: &str, patience: Patience) -> Account {
        let secret = Some(SecretString::from(SECRET));
        let account = Account::with_secrets(&self.settings(api), SecretString::from(TOKEN), secret, patience, None);
        account.unwrap_or_else(|error| panic!("{}: {error}", self.kind))
    }

    fn ticket_id(&self, account: &Account) -> TicketId {
        let text = format!("Please look: {} (urgent)", self.link);
        account.ticket_id(&text).unwrap_or_else(|| panic!("{}: no ticket in {text:?}", self.kind))
    }

    /// The recorded answer, or 404.
    pub(super) fn answer(&self) -> impl Fn(&Asked) -> Reply + Send + Sync + use<> {
        let recorded = (self.recorded)();
        move |asked| answered(&recorded, asked)
    }
}

pub(super) fn answered(recorded: &[(&'static str, Value)], asked: &Asked) -> Reply {
    let fits = |wanted: &str| {
        let mut parts = wanted.splitn(3, ' ');
        let route = (parts.next() == Some(&*asked.method)) && parts.next() == Some(&*asked.path);
        let query = parts.next().and_then(|pair| pair.split_once('='));
        route && query.is_none_or(|(name, value)| asked.asks_for(name) == Some(value))
    };
    match recorded.iter().find(|(wanted, _)| fits(wanted)) {
        Some((_, Value::Null)) => Reply::Json(204, Value::Null),
        Some((_, answer)) => Reply::Json(if asked.method == "POST" { 201 } else { 200 }, answer.clone()),
        None => Reply::Json(404, json!({"error": "nothing here"})),
    }
}

pub(super) fn understood(ticket: &Ticket) -> String {
    let mut text = String::new();
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let Ticket { id, number, subject, status, priority, requester, assignee, group, tags, .. } = ticket;
    let priority = priority.map_or("-", |priority| priority.word());
    let time = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M:%S").to_string();
    writeln!(text, "{id} (#{number}) {subject:?}: {}, priority {priority}, tags {tags:?}", status.word())
        .expect("fits");
    writeln!(
        text,
        "from {} {:?} <{}>, organisation {}, plan {}, tags {:?}",
        requester.id,
        requester.name,
        or_none(&requester.email),
        or_none(&requester.organisation),
        or_none(&requester.plan),
        requester.tags
    )
    .expect("fits");
    writeln!(text, "assignee {}, group {}", or_none(assignee), or_none(group)).expect("fits");
    writeln!(text, "created {}, updated {}", time(ticket.created), time(ticket.updated)).expect("fits");
    for it in &ticket.comments {
        let (role, visibility) = (format!("{:?}", it.role), format!("{:?}", it.visibility));
        writeln!(text, "{} {} {role} {visibility} {:?}: {:?}", it.id, time(it.at), it.author, it.text).expect("fits");
    }
    if ticket.is_cut {
        writeln!(text, "and more").expect("fits");
    }
    text
}

/// The answers to every verb, and the requests that each one makes.
pub(super) async fn check(case: &'static Case, expected: Expected) {
    let server = Server::start(case.answer()).await;
    let account = case.account(&server.url, HASTE);
    let id = case.ticket_id(&account);
    assert_eq!(id.as_str(), case.id);
    assert_eq!(account.ticket_id(case.id), Some(id.clone()), "the id alone names it, too");

    let ticket = account.fetch(&id).await.unwrap_or_else(|error| panic!("{}: {error}", case.kind));
    expected.ticket.assert_eq(&understood(&ticket));
    expected.read.assert_eq(&told(&server.asked()));
    for asked in server.asked().iter().filter(|asked| !asked.path.contains("token")) {
        let (name, value) = case.signed;
        assert_eq!(asked.headers.get(name).map(|it| it.to_str().unwrap_or_default()), Some(value), "{}", asked.route());
    }

    let note = InternalNote::new("Taken by Sofia.\n<b>\"Tier 2\" & co</b>", "[ESC-12 #3]");
    wrote(
        &server,
        account.internal_note(&id, &note, false).await.map(|noted| assert_eq!(noted, Noted::Written)),
        &expected.note,
    );
    let reply = PublicReply::for_the_customer_to_read("We are on it.\n1 < 2");
    wrote(&server, account.public_reply(&id, &reply).await, &expected.reply);
    let (group, person) = (Assignee::Group(case.group.to_owned()), Assignee::Person(case.person.to_owned()));
    let assigned = [account.assign(&id, &group).await, account.assign(&id, &person).await];
    wrote(&server, assigned, &expected.assign);
    wrote(&server, account.add_tag(&id, "escalated").await, &expected.tag);
    server.forget();
    let count = account.recent_count(&ticket.requester, since()).await;
    expected.count.assert_eq(&format!("{}{count:?}\n", told(&server.asked())));
    let server = changing(case, vec![(1, since())]).await;
    let changed = case.account(&server.url, HASTE).changed_since(since()).await;
    let changed = changed.map(|changed| changed.iter().map(|it| format!("{} at {}", it.id, it.at)).collect::<Vec<_>>());
    let asked: Vec<Asked> = server.asked().into_iter().filter(|asked| !asked.path.contains("token")).collect();
    expected.changed.assert_eq(&format!("{}{changed:?}\n", told(&asked)));
}

/// What a verb sent, and what came of it where that is not success.
fn wrote(server: &Server, done: impl std::fmt::Debug, expected: &Expect) {
    let done = format!("{done:?}\n");
    let done = if done.contains("Err") { done } else { String::new() };
    expected.assert_eq(&format!("{}{done}", told(&server.written())));
    server.forget();
}

/// An internal note arrives as one, the reply by another call; nothing that is for staff is ever sent elsewhere.
pub(super) async fn internal_stays_internal(case: &Case) {
    let server = Server::start(case.answer()).await;
    let account = case.account(&server.url, HASTE);
    let id = case.ticket_id(&account);
    let text = "for staff only";
    let note = InternalNote::new(text, "[ESC-12 #3]");
    let with_text = |asked: &Asked| asked.body.to_string().contains(text);
    if account.has_internal_notes() {
        let done = account.internal_note(&id, &note, false).await;
        let written = server.written();
        let notes: Vec<&Asked> = written.iter().filter(|asked| with_text(asked)).collect();
        assert_eq!(notes.len(), 1, "{}: {done:?} {written:?}", case.kind);
        assert!((case.is_internal)(notes[0]) && !(case.is_public)(notes[0]), "{}: {:?}", case.kind, notes[0]);
    } else {
        for maybe_written in [false, true] {
            let done = account.internal_note(&id, &note, maybe_written).await;
            assert!(matches!(done, Err(TicketError::Impossible { .. })), "{}: {done:?}", case.kind);
            assert_eq!(told(&server.asked()), "", "{}", case.kind);
        }
    }
    server.forget();
    let reply = account.public_reply(&id, &PublicReply::for_the_customer_to_read(text)).await;
    let written = server.written();
    if let Err(TicketError::Impossible { .. }) = reply {
        assert!(written.is_empty(), "{}: {written:?}", case.kind);
    } else {
        let replies: Vec<&Asked> = written.iter().filter(|asked| with_text(asked)).collect();
        assert_eq!(replies.len(), 1, "{}: {reply:?} {written:?}", case.kind);
        assert!((case.is_public)(replies[0]) && !(case.is_internal)(replies[0]), "{}: {:?}", case.kind, replies[0]);
    }
}

/// A note whose answer was lost is not written twice; one that did not arrive is.
pub(super) async fn a_note_is_written_once(case: &Case) {
    let note = InternalNote::new("for staff only", "[ESC-12 #3]");
    for arrives in [true, false] {
        let answer = case.answer();
        let (route, with_it) = (case.with_note)(&note.plain());
        let (is_internal, later) = (case.is_internal, std::sync::atomic::AtomicBool::new(false));
        let server = Server::start(move |asked| {
            let was_noted = later.load(std::sync::atomic::Ordering::SeqCst);
            if is_internal(asked) && asked.before == 0 {
                later.store(true, std::sync::atomic::Ordering::SeqCst);
                return Reply::Never;
            }
            match answered(&[(route, with_it.clone())], asked) {
                reply @ Reply::Json(200 | 201, _) if was_noted && arrives => reply,
                _ => answer(asked),
            }
        })
        .await;
        let account = case.account(&server.url, SHORT);
        let id = case.ticket_id(&account);
        if !account.has_internal_notes() {
            return;
        }
        let done = account.internal_note(&id, &note, false).await;
        assert_eq!(done, Ok(Noted::Written), "{}", case.kind);
        let notes = || server.written().iter().filter(|asked| (case.is_internal)(asked)).count();
        assert_eq!(notes(), if arrives { 1 } else { 2 }, "{}", case.kind);
        if arrives {
            assert_eq!(account.internal_note(&id, &note, true).await, Ok(Noted::WasThere), "{}", case.kind);
            assert_eq!(notes(), 1, "{}: it was there", case.kind);
        }
    }
}

/// What is asked of a system that does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Fetch,
    ChangedSince,
}

/// Whatever goes wrong is told for what it is, without a secret and without what a customer wrote.
pub(super) async fn faults(case: &Case, verb: Verb) -> String {
    let echo = json!({"message": format!("no: {TOKEN} of dana@customer.test")});
    let text = |status, headers: &[(&'static str, &str)], body: &str| Reply::Text {
        status,
        headers: headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
        body: body.to_owned(),
    };
    let html = "<!DOCTYPE html><title>Sign in</title>";
    let faults = [
        ("401", Reply::Json(401, echo.clone())),
        ("403", Reply::Json(403, echo.clone())),
        ("404", Reply::Json(404, echo.clone())),
        ("409", Reply::Json(409, echo.clone())),
        ("422", Reply::Json(422, echo.clone())),
        ("429", text(429, &[("retry-after", "7")], "Too many")),
        ("500", Reply::Json(500, echo)),
        ("slow", Reply::Never),
        ("truncated", Reply::BrokenOff),
        ("wrong type", Reply::Json(200, json!(["Dana"]))),
        ("HTML", text(200, &[("content-type", "text/html")], html)),
        ("elsewhere", text(302, &[("location", "https://evil.example/")], "")),
        ("not JSON", text(200, &[("content-type", "application/json")], "{\"ticket\": Dana")),
        ("endless", text(200, &[("content-type", "application/json")], &"[".repeat(5 << 20))),
    ];
    let mut all = String::new();
    let current = Arc::new(Mutex::new(Reply::Never));
    let fault_now = current.clone();
    let server = Server::start(move |_| fault_now.lock().expect("nobody panics with it").clone()).await;
    let (hasty, short) = (case.account(&server.url, HASTE), case.account(&server.url, SHORT));
    for (name, fault) in faults {
        let account = if matches!(fault, Reply::Never) { &short } else { &hasty };
        *current.lock().expect("nobody panics with it") = fault;
        server.forget();
        let error = match verb {
            Verb::Fetch => account.fetch(&case.ticket_id(account)).await.map(drop),
            Verb::ChangedSince => account.changed_since(since()).await.map(drop),
        };
        let error = error.expect_err("a fault");
        let asked = server.asked().len();
        writeln!(all, "{name}: {error} [{asked} asked]").expect("a string takes it");
        for secret in [TOKEN, "dana@customer.test", "Dana"] {
            assert!(!format!("{error} {error:?}").contains(secret), "{}, {name}: {error:?}", case.kind);
        }
    }
    all
}

/// Each value of each recorded answer as something else: it is understood or refused, and never believed blindly.
pub(super) async fn wrong_types(case: &Case) {
    let recorded = (case.recorded)();
    let changed = Arc::new(Mutex::new(Vec::new()));
    let current = changed.clone();
    let server = Server::start(move |asked| answered(&current.lock().expect("nobody panics with it"), asked)).await;
    let account = case.account(&server.url, HASTE);
    let id = case.ticket_id(&account);
    for (at, (route, answer)) in recorded.iter().enumerate().filter(|(_, (route, _))| route.starts_with("GET")) {
        for place in places(answer, "") {
            for strange in [json!({"strange": ["Dana"]}), json!([7]), json!(true)] {
                let mut with = recorded.clone();
                *with[at].1.pointer_mut(&place).expect("a place in it") = strange;
                *changed.lock().expect("nobody panics with it") = with;
                match account.fetch(&id).await {
                    Ok(_) | Err(TicketError::NotUnderstood { .. } | TicketError::NotFound) => {}
                    Err(error) => panic!("{}, {route}, {place}: {error:?}", case.kind),
                }
            }
        }
    }
}

/// The pointers to all values that hold no others; of long lists, to the first few.
pub(super) fn places(value: &Value, path: &str) -> Vec<String> {
    match value {
        Value::Object(fields) => fields.iter().flat_map(|(name, it)| places(it, &format!("{path}/{name}"))).collect(),
        Value::Array(items) => {
            items.iter().enumerate().take(4).flat_map(|(index, it)| places(it, &format!("{path}/{index}"))).collect()
        }
        _ => vec![path.to_owned()],
    }
}
