//! The config as a JSON Schema, for editors that complete and check TOML while it is typed.
//!
//! It says of every key what it is for, of what type, from which range or list, and what it is where it is left out. What
//! needs more than the value itself (that a team exists, that a zone does) only the program knows. The tests see to it
//! that the schema has exactly the keys that the reader asks for, and judges types as the reader does.
//!
//! Draft 7, the latest that editors of TOML understand (<https://json-schema.org/draft-07>).

use serde_json::{Map, Value, json};

use super::information::{KINDS, LENGTH_MAX, NEEDS, PREFILLS};
use super::procedure::REPEAT_MAX;
use super::tickets;
use super::triggers::{MODES, OWNERSHIPS, SCOPES};
use crate::adapters::tickets::{self as systems, Facts, Interface, Use};
use crate::sop::signal::Kind;
use crate::sop::team::Severity;
use crate::sop::trigger::TicketField;
use crate::words::Language;

/// The schema, as text that ends in a line break.
pub fn schema() -> String {
    let document = table(&[
        key("desk", "The desk: its names and its files.", desk()).needed(),
        key("discord", "Where the desk is on Discord. The bot's token never goes into this file.", discord()).needed(),
        key("teams", "Who can be paged.", list(&team())).needed(),
        key("calendars", "When teams work. Default: around the clock.", list(&calendar())),
        key("plans", "In which order teams are paged, with how much time.", list(&plan())).needed(),
        key(
            "catch_all",
            "The end of every ladder: paged after the last rung, and again each time its time has passed.",
            rung(),
        )
        .needed(),
        key("triggers", "What fires, and whom it goes to.", list(&trigger())).needed(),
        key("information", "What a team has to know: asked for by forms, or owed.", list(&information())),
        key("playbooks", "What to do about a kind of case, step by step.", list(&playbook())),
        key("messages", "What a rep tells the customer.", list(&message())),
        key("reading", "How messages are read.", reading()),
        key("rates", "What one unit of each currency is worth, as decimals in quotes. Only ratios matter.", rates())
            .needed(),
        key("terms", "Words of your own, beside the built-in ones.", list(&term())),
        key(
            "tickets",
            "Ticket systems: how their links look, tried in this order, and how to read them.",
            list(&ticket()),
        ),
        key("web", "Where other programs and browsers reach the desk: webhooks, health, the dashboard.", web()),
        key("retention", "How long the log keeps what people wrote. Default: for ever.", retention()),
        key("people", "Everyone who can be on call.", list(&person())),
        key("rotas", "Who has a duty when: one person at a time.", list(&rota())),
        key("digests", "What a stretch of time came to, told to teams again and again.", list(&digest())),
    ]);
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".to_owned(), json!("Bellhop's config: the escalation procedure of one support team"));
    schema.insert("definitions".to_owned(), json!({"condition": condition()}));
    schema.extend(document.as_object().cloned().unwrap_or_default());
    serde_json::to_string_pretty(&Value::Object(schema)).expect("JSON is written") + "\n"
}

/// One key of a table.
struct Key {
    name: &'static str,
    shape: Value,
    is_needed: bool,
}

fn key(name: &'static str, description: &str, mut shape: Value) -> Key {
    // Next to a reference nothing else counts.
    if shape.get("$ref").is_some() {
        shape = json!({"allOf": [shape]});
    }
    shape["description"] = json!(description);
    Key { name, shape, is_needed: false }
}

impl Key {
    /// It cannot be left out.
    fn needed(self) -> Self {
        Self { is_needed: true, ..self }
    }

    /// What it is where it is left out.
    fn or(mut self, default: impl Into<Value>) -> Self {
        self.shape["default"] = default.into();
        self
    }
}

/// A table with these keys and no others.
fn table(keys: &[Key]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.to_owned(), key.shape.clone())).collect();
    let needed: Vec<&str> = keys.iter().filter(|key| key.is_needed).map(|key| key.name).collect();
    json!({"type": "object", "properties": properties, "required": needed, "additionalProperties": false})
}

fn list(of: &Value) -> Value {
    json!({"type": "array", "items": of})
}

/// A list with something in it.
fn some(of: &Value) -> Value {
    json!({"type": "array", "items": of, "minItems": 1})
}

fn text() -> Value {
    json!({"type": "string"})
}

fn like(pattern: &str, examples: &[&str]) -> Value {
    json!({"type": "string", "pattern": pattern, "examples": examples})
}

fn name() -> Value {
    json!({"type": "string", "minLength": 1})
}

fn id() -> Value {
    like("^[a-z0-9-]{1,40}$", &["tier-2"])
}

fn snowflake() -> Value {
    like("^[0-9]{1,20}$", &["2001"])
}

fn duration() -> Value {
    json!({"type": "string", "examples": ["15m", "2h", "1h 30m", "30d"]})
}

fn retention() -> Value {
    let age = || json!({"type": "string", "examples": ["90d", "365d", "3years"]});
    table(&[
        key("resolved_cases", "What is in a case, counted from when it was resolved. Default: for ever.", age()),
        key("heard", "What is kept of single messages. Default: for ever.", age()),
        key("tickets", "What a ticket says, unless an open case is about it. Default: for ever.", age()),
    ])
}

fn language() -> Value {
    like("^[a-z]{2}$", &["en", "es"])
}

fn zone() -> Value {
    json!({"type": "string", "examples": ["Europe/Berlin", "America/New_York"]})
}

fn time() -> Value {
    like("^[0-9]{1,2}:[0-9]{2}$", &["09:00"])
}

fn flag() -> Value {
    json!({"type": "boolean"})
}

/// 0 to 1.
fn share() -> Value {
    json!({"type": "number", "minimum": 0, "maximum": 1})
}

/// Above 0, to 1.
fn threshold() -> Value {
    json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1})
}

/// 2 and more.
fn several() -> Value {
    json!({"type": "integer", "minimum": 2, "maximum": u32::MAX})
}

fn one_of<T>(choices: &[(&'static str, T)]) -> Value {
    json!({"type": "string", "enum": choices.iter().map(|choice| choice.0).collect::<Vec<_>>()})
}

fn kind() -> Value {
    json!({"type": "string", "examples": Kind::BUILT_IN.iter().map(Kind::name).collect::<Vec<_>>()})
}

fn desk() -> Value {
    table(&[
        key("id", "Stands in every record of the log: small letters, digits, \"-\". Never change it.", id()).needed(),
        key("name", "What people call the desk, at most 80 characters.", name()).needed(),
        key("log", "The SQLite file with everything that happened.", text()).or(super::LOG),
        key("language", "What the bot speaks. Default: what the server does.", one_of(&Language::ALL)),
        key("templates", "A folder with wording of your own, one file per template.", text()),
        key("threads", "Whether what happens to a case is written in a thread of its card.", flag()).or(true),
        key("front", "The team that is told in a line what becomes of cases.", id()).needed(),
        key("default_plan", "The plan for what a person escalates by hand without naming a trigger.", id()).needed(),
        key("required", "Ids of [[information]] for every case whose trigger names none, at most 14.", list(&id()))
            .or(json!([])),
    ])
}

fn discord() -> Value {
    table(&[
        key("guild", "The id of your server.", snowflake()).needed(),
        key("watch", "The channels in which customers write; threads in them are read too.", some(&snowflake()))
            .needed(),
        key("staff_roles", "Who has one of these roles is staff.", some(&snowflake())).needed(),
        key("token_file", "A file that holds nothing but the token. Default: DISCORD_TOKEN is used.", text()),
        key(
            "canary",
            "A channel in which the bot finds out whether it still hears. Default: it does not.",
            snowflake(),
        ),
        key("canary_every", "How often it does.", duration()).or("5m"),
        key("api_base", "Where Discord is; http:// is allowed for this machine only.", text()).or(super::API_BASE),
    ])
}

fn team() -> Value {
    table(&[
        key("id", "What the rest of this file calls the team.", id()).needed(),
        key("name", "As written on cards.", name()).needed(),
        key("channel", "Where the team's cards are posted.", snowflake()).needed(),
        key("role", "What a page pings; who has it may acknowledge.", snowflake()).needed(),
        key("cleared", "Only this team can see the channel, so confidential cases may be shown in it.", flag())
            .or(false),
        key("manages", "Members may act on every case they may see.", flag()).or(false),
    ])
}

fn calendar() -> Value {
    let window = table(&[
        key("days", "Days of the week.", json!({"type": "string", "examples": ["mon-fri", "sat", "mon, wed"]}))
            .needed(),
        key("from", "When the team comes, \"00:00\" to \"23:59\".", time()).needed(),
        key("to", "When the team goes, to \"24:00\"; before `from` it is on the next day.", time()).needed(),
    ]);
    let holiday = table(&[
        key("on", "The date.", json!({"type": "string", "examples": ["2026-12-24"]})).needed(),
        key("from", "From this time of the day on.", time()).or("00:00"),
        key("to", "Until this time of the day.", time()).or("24:00"),
        key("yearly", "Again each year.", flag()).or(false),
    ]);
    table(&[
        key("id", "What rungs call the calendar.", id()).needed(),
        key("zone", "Where the team's clocks are, as IANA names it.", zone()).needed(),
        key("open", "When the team works; several windows a day may be listed.", some(&window)).needed(),
        key("holidays", "When it does not.", list(&holiday)).or(json!([])),
        key("holiday_file", "An iCalendar file with more of them; its path starts at the folder of this file.", text()),
    ])
}

fn plan() -> Value {
    let repeat = json!({"type": "integer", "minimum": 0, "maximum": REPEAT_MAX});
    table(&[
        key("id", "What triggers call the plan.", id()).needed(),
        key("rungs", "Who is paged, in this order.", some(&rung())).needed(),
        key("repeat", "How often the ladder is climbed again after its last rung.", repeat).or(0),
        key("clocks", "How long else a case may take.", clocks()),
        key(
            "confirm_within",
            "How long whoever reported a case may say that it is not solved; \"none\" asks nobody.",
            json!({"type": "string", "examples": ["1d", "none"]}),
        )
        .or("1d"),
        key("lower_when", "What has to be so for a case to go back to the team before, at most 6.", list(&name()))
            .or(json!([])),
    ])
}

fn clocks() -> Value {
    let percent = json!({"type": "integer", "minimum": 1, "maximum": 99});
    table(&[
        key("first_reply", "From the customer's oldest unanswered message to a reply they can see.", duration()),
        key("update", "The longest silence towards the customer.", duration()),
        key(
            "resolve",
            "From the opening to the solution, without the time spent waiting for the customer.",
            duration(),
        ),
        key("time_in_tier", "How long one team may have it.", duration()),
        key("calendar", "In whose hours these are counted: one of [[calendars]]. Default: around the clock.", id()),
        key("warn_at", "Shares of the time, in percent, at which somebody is warned.", list(&percent)).or(json!([])),
    ])
}

fn rung() -> Value {
    table(&[
        key("team", "Who is paged: one of [[teams]].", id()).needed(),
        key("respond_within", "The time to answer, counted from the delivery of the page.", duration()).needed(),
        key("calendar", "In whose hours the time is counted: one of [[calendars]]. Default: around the clock.", id()),
        key(
            "required_acks",
            "How many different people have to acknowledge.",
            json!({"type": "integer", "minimum": 1, "maximum": 9}),
        )
        .or(1),
    ])
}

fn trigger() -> Value {
    table(&[
        key("id", "What commands and reports call the trigger.", id()).needed(),
        key("name", "As written on cards.", name()).needed(),
        key(
            "severity",
            "sev1 is the most severe. The most severe trigger that fires leads.",
            one_of(&Severity::ALL.map(|severity| (severity.name(), ()))),
        )
        .needed(),
        key("plan", "Whom it goes to: one of [[plans]].", id()).needed(),
        key("when", "What must be true.", json!({"$ref": "#/definitions/condition"})).needed(),
        key("mode", "\"watch\" is recorded and counted, nobody is paged.", one_of(&MODES)).or("live"),
        key("confidential", "Only cleared teams see who and why.", flag()).or(false),
        key("ownership", "Who owns the ticket after the acknowledgement.", one_of(&OWNERSHIPS)).or("responder"),
        key("scope", "\"everyone\": one case that every customer with the same trouble joins.", one_of(&SCOPES))
            .or("customer"),
        key("exclusive_with", "Ids of triggers that stay silent when this one fires live.", list(&id())).or(json!([])),
        key(
            "required",
            "Ids of [[information]] that its team has to know, at most 14. Default: the desk's.",
            list(&id()),
        ),
        key("example", "What a customer would write, for drills.", text()),
    ])
}

fn information() -> Value {
    let choices = json!({"type": "array", "items": name(), "minItems": 2});
    let length = json!({"type": "integer", "minimum": 1, "maximum": LENGTH_MAX});
    let mut information = table(&[
        key("id", "What triggers call it.", id()).needed(),
        key("label", "What the form asks, at most 45 characters.", name()).needed(),
        key("kind", "What an answer is.", one_of(&KINDS)).or("short"),
        key("choices", "What there is to choose from, for a choice.", choices),
        key("length", "The longest answer, in characters.", length).or(LENGTH_MAX),
        key("when", "\"now\": nobody escalates without it; \"owed\": it may come later.", one_of(&NEEDS)).or("owed"),
        key("owed_within", "How much later.", duration()).or("30m"),
        key("prefill", "What of the ticket stands in it before anybody types.", one_of(&PREFILLS)),
    ]);
    information["if"] =
        json!({"properties": {"kind": {"const": "choice", "description": "A choice."}}, "required": ["kind"]});
    information["then"] = json!({"required": ["choices"]});
    information
}

fn playbook() -> Value {
    let step = table(&[
        key("title", "The step in a few words.", name()).needed(),
        key("do", "What to do, in a sentence or two.", text()).needed(),
        key("say", "What to say to the customer.", text()),
    ]);
    table(&[
        key("id", "Stands in the log.", id()).needed(),
        key("name", "What people call it.", name()).needed(),
        key("triggers", "The triggers whose cases it is for.", some(&id())).needed(),
        key("steps", "In their order, at most 12.", some(&step)).needed(),
    ])
}

fn message() -> Value {
    table(&[
        key("id", "The name of the text.", id()).needed(),
        key("triggers", "The triggers whose customers it is for. Default: all others.", some(&id())),
        key("zone", "The zone in which times are told.", zone()).or("UTC"),
        key("text", "What to tell the customer; {{ due }} is the time that the bot really watches.", text()).needed(),
        key("apology", "What to tell them after a promise that was not kept. Default: the text.", text()),
    ])
}

/// Exactly one of the tables that make a condition.
fn condition() -> Value {
    let within = || key("within", "The time that is looked back.", duration()).needed();
    let part = || json!({"$ref": "#/definitions/condition"});
    let any_of = [
        vec![
            key("signal", "The message shows this kind of trouble …", kind()).needed(),
            key("at_least", "… at least this strongly, above 0 to 1.", threshold()).needed(),
        ],
        vec![key("amount_over", "It claims back strictly more.", like("^[^ ]+ +[A-Z]{3} *$", &["500 USD"])).needed()],
        vec![key("contacts", "The customer's n-th contact about the same issue.", several()).needed(), within()],
        vec![
            key("customers", "So many different customers …", several()).needed(),
            key("of", "… showed this kind.", kind()).needed(),
            within(),
            key("unusual", "They must be more than is usual here.", flag()).or(true),
        ],
        vec![key("channel", "Written in one of these channels.", some(&snowflake())).needed()],
        vec![key("language", "Read in this language (ISO 639-1).", language()).needed()],
        vec![
            key("ticket", "A field of its ticket …", one_of(&TicketField::ALL.map(|field| (field.name(), ()))))
                .needed(),
            key("equals", "… is this, whatever its case.", name()).needed(),
        ],
        vec![
            key("ticket", "A field of its ticket …", one_of(&TicketField::ALL.map(|field| (field.name(), ()))))
                .needed(),
            key("contains", "… holds this, whatever its case.", name()).needed(),
        ],
        vec![key("tag", "Its ticket has one of these tags.", some(&name())).needed()],
        vec![key("waits", "The customer has waited this long for an answer.", duration()).needed()],
        vec![key("all", "All of these hold.", some(&part())).needed()],
        vec![key("any", "At least one of these holds.", some(&part())).needed()],
        vec![key("not", "This does not hold.", part()).needed()],
    ];
    json!({"oneOf": any_of.iter().map(|keys| table(keys)).collect::<Vec<_>>()})
}

fn reading() -> Value {
    let labels = json!({"type": "object", "additionalProperties": share()});
    table(&[key(
        "labels",
        "From which strength on a kind counts as a label of the message. Default for each: 0.5.",
        labels,
    )])
}

fn rates() -> Value {
    json!({"type": "object", "additionalProperties": text(), "propertyNames": {"pattern": "^[A-Z]{3}$"}})
}

fn named(keys: &str) -> Value {
    json!({"type": "object", "additionalProperties": name(), "propertyNames": {"pattern": keys}})
}

fn term() -> Value {
    let weight = json!({"type": "number", "minimum": -1, "maximum": 1});
    table(&[
        key("term", "Words as people type them; (a|b) is any one of these, … up to six words.", text()).needed(),
        key("kind", "A built-in kind, or one of your own for use in triggers.", kind()).needed(),
        key("weight", "How strongly one occurrence shows the kind; below 0 it speaks against it.", weight).needed(),
        key("language", "ISO 639-1.", language()).or("en"),
        key("mode", "\"watch\" is shown and counts nothing.", one_of(&MODES)).or("live"),
    ])
}

/// A pattern of one's own, or an account of a system that is known.
fn ticket() -> Value {
    let variable = |example: &str| like(tickets::VARIABLE, &[example]);
    let mut ticket = table(&[
        key("system", "The ticket system's name, as shown on cards. Default for a kind: its name.", id()),
        key("link", "A regular expression; its first group is the ticket's id. Not for a kind.", text()),
        key("kind", "A system that is known; its links are, too.", one_of(&tickets::kinds())),
        key("host", "The host of its links.", like(tickets::HOST, &["harbor.zendesk.com"])),
        key("api", "Where its interface is. Default: where the vendor has it; http:// for this machine only.", text()),
        key("account", "What stands in its links besides.", like(tickets::PATH, &["harbor/router", "62515"])),
        key("user", "The account's own user, for kinds that ask for one.", name()),
        key("client", "The id of an OAuth client, whose secret the token is.", name()),
        key("plan_field", "The field of a ticket or a customer that says what they have bought.", name()),
        key("token_env", "The environment variable with the token.", variable("ZENDESK_TOKEN")),
        key("token_file", "A file that holds nothing but the token.", text()),
        key("webhook_secret_env", "The one with the secret of its webhooks.", variable("ZENDESK_WEBHOOK_SECRET")),
        key("webhook_secret_file", "A file that holds nothing but that secret.", text()),
        key(
            "poll",
            "How often it is asked what changed, or \"never\". Default: 1m where it sends no webhooks.",
            text(),
        ),
        key("notes", "Whether notes for staff about a case are written into its ticket.", flag()).or(true),
        key("tag", "Given to a ticket when a case about it opens.", name()),
        key("groups", "By a team's id: the group that a ticket goes to when its case is with the team.", named("^.+$")),
        key("agents", "By a person's Discord id: who gets a ticket that the person takes.", named("^[0-9]+$")),
    ]);
    ticket["anyOf"] = json!([{"required": ["kind", "host"]}, {"required": ["system", "link"]}]);
    let is_needed = |used: Use| matches!(used, Use::Needed(_));
    let of_interface = |facts: &Facts, used: fn(&Interface) -> Use| facts.interface.as_ref().map_or(Use::Never, used);
    ticket["allOf"] = json!([
        json!({"if": kind_is(|_| true), "then": {"required": ["host"]}}),
        json!({"if": kind_is(|facts| is_needed(facts.account)), "then": {"required": ["account"]}}),
        json!({"if": read_with_token(kind_is(|facts| is_needed(of_interface(facts, |it| it.user)))),
            "then": {"required": ["user"]}}),
        json!({"if": read_with_token(kind_is(|facts| is_needed(of_interface(facts, |it| it.client)))),
            "then": {"required": ["client"]}}),
    ]);
    ticket
}

fn web() -> Value {
    table(&[
        key("listen", "An address of this machine and a port.", like("^.+:[0-9]+$", &["127.0.0.1:8322"])).needed(),
        key("url", "Its address as others know it. Default: that of `listen`.", text()),
        key("client_secret_file", "A file that holds nothing but the secret of the Discord application.", text()),
        key("token_file", "A file that holds nothing but the token of a proxy.", text()),
        key("token_teams", "The teams whose eyes the proxy has.", list(&text())).or(json!([])),
        key("session_key_file", "A file with at least 32 characters that nobody can guess.", text()),
    ])
}

/// Whether a table's kind is one of those.
fn kind_is(which: impl Fn(&Facts) -> bool) -> Value {
    let names: Vec<&str> = systems::KINDS.into_iter().filter(|facts| which(facts)).map(|facts| facts.name).collect();
    json!({"properties": {"kind": {"enum": names, "description": "The kind."}}, "required": ["kind"]})
}

fn read_with_token(mut condition: Value) -> Value {
    condition["anyOf"] = json!([{"required": ["token_env"]}, {"required": ["token_file"]}]);
    condition
}

fn digest() -> Value {
    let at = json!({"type": "string", "examples": ["0 17 * * MON-FRI", "30 8 * * MON"]});
    table(&[
        key("team", "Who is told: one of [[teams]].", id()).needed(),
        key("at", "Minute, hour, day, month, weekday (cron), at most once an hour.", at).needed(),
        key("zone", "By the clock of this zone.", zone()).or("UTC"),
    ])
}

fn person() -> Value {
    table(&[
        key("id", "The person's Discord id.", snowflake()).needed(),
        key("name", "What rotas call the person; everyone has one of their own.", name()).needed(),
        key("zone", "Where the person lives, a name of the IANA database.", zone()).or("UTC"),
    ])
}

fn rota() -> Value {
    let moment = || json!({"type": "string", "examples": ["2026-12-24", "2026-12-24 18:00"]});
    let from = || key("from", "A time, or a day: from its first moment.", moment()).needed();
    let to = || key("to", "A time, or a day: to its last moment.", moment()).needed();
    let turns = json!({"type": "string", "examples": ["1 week", "12 hours", "10 days", "1 month", "weekly"]});
    let hours = json!({"type": "string", "examples": ["mon-fri 09:00-17:00", "sun 00:00-24:00"]});
    let layer = table(&[
        key("people", "Who takes turns, by name or id, in this order.", some(&text())).needed(),
        key("every", "How long a turn lasts, at most a year.", turns).needed(),
        key("handover", "When a turn begins: \"mon 09:00\" for weeks, \"09:00\" for others.", text()).needed(),
        key("from", "The day of the first hand-over.", json!({"type": "string", "examples": ["2026-01-05"]})).needed(),
        key("only", "The hours of the week in which the layer counts. Default: always.", list(&hours)).or(json!([])),
    ]);
    let change = table(&[
        key("person", "Who takes it, by name or id.", text()).needed(),
        from(),
        to(),
        key("covers", "Only the time that this person would have had. Default: whoever had it.", text()),
    ]);
    let away = table(&[key("person", "Who is away, by name or id.", text()).needed(), from(), to()]);
    table(&[
        key("team", "Whose duty it is: one of [[teams]].", id()).needed(),
        key("id", "What commands call the rota. Default: the team's id.", id()),
        key("zone", "The zone of all times of the rota.", zone()).needed(),
        key("layers", "Rotations; a later one wins in its hours. Without any there is a file.", list(&layer))
            .or(json!([])),
        key("overrides", "Somebody takes the duty for a while; the later one wins.", list(&change)).or(json!([])),
        key("away", "Who cannot be on call: the next of the rotation takes over.", list(&away)).or(json!([])),
        key("file", "An iCalendar file above all layers: each event is a shift.", text()),
    ])
}

#[cfg(test)]
pub(crate) mod tests;
