//! What a few words of a procedure ask for: conditions, times, severities.
//!
//! A condition is understood only as a whole: words that no rule accounts for are handed back, so that nothing which
//! somebody wrote down is dropped in silence.

use std::sync::LazyLock;

use chrono::TimeDelta;
use regex::Regex;
use rust_decimal::Decimal;

use crate::sop::signal;

/// What was made of a description.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Understood {
    /// As the config writes it, without `when =`; `None`: no rule looks for it.
    pub when: Option<String>,
    /// What kinds of rules were recognised.
    pub kinds: Vec<Subject>,
    /// What has to be decided by a person, as sentences without a full stop.
    pub doubts: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Money,
    Angry,
    Legal,
    Security,
    Outage,
    Repeat,
    Waits,
    Ticket,
}

impl Subject {
    /// How severe it usually is.
    pub(super) fn severity(self) -> &'static str {
        match self {
            Self::Legal | Self::Security | Self::Outage => "sev1",
            Self::Money => "sev2",
            Self::Angry | Self::Repeat | Self::Waits | Self::Ticket => "sev3",
        }
    }
}

/// A part of a description that a rule can be made of.
struct Part {
    subject: Subject,
    when: String,
    doubt: Option<String>,
}

fn regex(pattern: &str) -> Regex {
    Regex::new(&format!("(?i){pattern}")).expect("a pattern of ours is well written")
}

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| regex($pattern));
    };
}

pattern!(
    MONEY,
    r"(?:(?:us|ca|a)?[$€£¥]\s?\d[\d.,]*\s?k?\b|\b\d[\d.,]*\s?k?\s?(?:usd|eur|gbp|cad|aud|chf|jpy|inr|brl|mxn|dollars?|euros?|pounds?|bucks)\b|\b(?:usd|eur|gbp|cad|aud|chf|jpy|inr|brl|mxn)\s?\d[\d.,]*\s?k?\b)"
);
pattern!(
    OVER,
    r"(?:\b(?:over|more than|above|greater than|larger than|bigger than|exceed(?:s|ing)?|in excess of)\b|>(?:[^=]|$))"
);
pattern!(AT_LEAST, r"(?:\b(?:at least|or more|and up|from|starting at|minimum(?: of)?)\b|>=|≥|\+)");
pattern!(UNDER, r"(?:\b(?:under|below|less than|up to|at most|no more than|between)\b|<|≤)");
pattern!(REFUND, r"\b(?:refunds?|reimbursements?|chargebacks?|credits?|compensation|money back|claims?)\b");
pattern!(
    ANGRY,
    r"\b(?:angry|anger|furious|irate|hostile|abusive|abuse|rude|aggressive|enraged|livid|verbally|insult(?:s|ing)?|shout(?:s|ing)?|yell(?:s|ing)?)\b"
);
pattern!(
    LEGAL,
    r"\b(?:legal(?:ly)?|lawyers?|attorneys?|lawsuits?|sue|sues|suing|courts?|litigation|compliance|regulators?|regulatory|gdpr)\b"
);
pattern!(
    SECURITY,
    r"\b(?:security|breach(?:es)?|unauthori[sz]ed|hack(?:s|ed|ing)?|compromised?|phishing|account takeovers?|data leaks?|leaked|intrusions?|stolen credentials)\b"
);
pattern!(
    OUTAGE,
    r"\b(?:outages?|service (?:is )?down|site (?:is )?down|system(?:s)? (?:is |are )?down|downtime|service interruptions?|service disruptions?)\b"
);
pattern!(
    MANY,
    r"\b(?:(\d{1,3}|two|three|four|five|six|ten)\s?(?:\+|or more |different )?\s?(?:different )?(?:customers|users|clients|accounts)|(?:several|multiple|many|numerous) (?:customers|users|clients|accounts))\b"
);
pattern!(
    REPEAT,
    r"\b(?:(second|2nd|third|3rd|fourth|4th|fifth|5th|\d{1,2}(?:st|nd|rd|th)) (?:contact|time|message|complaint|request|attempt|ticket|call)|(two|three|four|five|\d{1,2})\s?(?:\+|or more )?\s?(?:contacts|times|messages|complaints|tickets|calls)|(?:repeat(?:ed)?|recurring|multiple) (?:contacts?|complaints?|requests?|issues?|tickets?))\b"
);
pattern!(
    WAITS,
    r"\b(?:wait(?:s|ed|ing)?|unanswered|no (?:reply|response|answer)|without (?:an? |any )?(?:reply|response|answer)|not (?:been )?(?:answered|replied to))\b"
);
pattern!(
    TIME,
    r"\b(\d{1,4}|an?|one|two|three|four|five)\s?-?\s?(?:business |working |office )?(minutes?|mins?|min|hours?|hrs?|hr|h|days?|d|weeks?|w|m)\b"
);
pattern!(
    PRIORITY,
    r#"\b(?:ticket )?priority(?: is| =|:)?\s*["“'`]?(urgent|highest|high|critical|blocker|p[1-4]|low|normal|medium)\b["”'`]?|\b(urgent|critical|high)[ -]priority\b|\b(p[1-4])\b"#
);
pattern!(
    PLAN,
    r#"\b(?:on (?:the |an? )?)?["“'`]?(enterprise|premium|gold|platinum|business|pro)["”'`]?[ -](?:plan|tier|customers?|accounts?|subscription)\b|\bplan(?: is| =|:)\s*["“'`]?([\w-]{1,30})["”'`]?"#
);
pattern!(TAG, r#"\b(?:tagged(?: as| with)?|tag(?: is| =|:)?|labell?ed(?: as)?)\s*["“'`]?([\w-]{1,30})["”'`]?"#);
pattern!(NOT, r"\b(?:not|no longer|unless|except|without|never)\b");
pattern!(BUSINESS, r"\b(?:business|working|office)[ -](?:hours?|days?|minutes?)\b|\bbusiness\b");

/// Words that say nothing by themselves, or say again what a rule says already.
const FILLERS: &[&str] = &[
    "a",
    "an",
    "about",
    "access",
    "account",
    "affecting",
    "affects",
    "an",
    "and",
    "any",
    "are",
    "as",
    "asks",
    "at",
    "by",
    "case",
    "cases",
    "client",
    "clients",
    "complaint",
    "complaints",
    "concern",
    "contact",
    "contacts",
    "customer",
    "customer's",
    "customers",
    "data",
    "demand",
    "demands",
    "detected",
    "escalated",
    "event",
    "for",
    "from",
    "has",
    "have",
    "if",
    "in",
    "incident",
    "incidents",
    "is",
    "issue",
    "issues",
    "it",
    "language",
    "matter",
    "mention",
    "mentions",
    "message",
    "of",
    "on",
    "or",
    "order",
    "possible",
    "potential",
    "problem",
    "raises",
    "report",
    "reported",
    "reports",
    "request",
    "requests",
    "requested",
    "same",
    "send",
    "sentiment",
    "service",
    "suspected",
    "suspicion",
    "system",
    "than",
    "that",
    "the",
    "their",
    "threat",
    "threatens",
    "threatening",
    "threats",
    "ticket",
    "tickets",
    "to",
    "type",
    "us",
    "very",
    "wants",
    "when",
    "which",
    "who",
    "with",
    "within",
    "writes",
    "action",
    "tone",
    "us",
    "user",
    "users",
    "amount",
    "value",
    "worth",
    "longer",
    "more",
    "been",
    "already",
    "still",
    "being",
    "our",
    "your",
    "they",
    "was",
];

/// What a description asks for.
pub(super) fn condition(text: &str) -> Understood {
    let mut left = text.to_lowercase();
    let mut parts: Vec<Part> = Vec::new();
    let mut doubts = Vec::new();
    money(&mut left, &mut parts, &mut doubts);
    if parts.is_empty() && REFUND.is_match(&left) && !LEGAL.is_match(&left) {
        doubts.push("money without an amount: from which sum on".to_owned());
    }
    customers(&mut left, &mut parts);
    repeat(&mut left, &mut parts);
    waits(&mut left, &mut parts, &mut doubts);
    ticket(&mut left, &mut parts);
    for (pattern, subject, when) in [
        (&LEGAL, Subject::Legal, "{ signal = \"legal\", at_least = 0.5 }"),
        (&SECURITY, Subject::Security, "{ signal = \"security\", at_least = 0.5 }"),
        (&ANGRY, Subject::Angry, "{ signal = \"angry\", at_least = 0.6 }"),
    ] {
        if take(&mut left, pattern) {
            parts.push(Part { subject, when: when.to_owned(), doubt: None });
        }
    }
    if NOT.is_match(&left) {
        doubts.push("it says what must not be so, which is not read".to_owned());
    }
    let strange = strange(&left);
    doubts.extend(parts.iter_mut().filter_map(|part| part.doubt.take()));
    if parts.is_empty() {
        return Understood { when: None, kinds: Vec::new(), doubts };
    }
    if !strange.is_empty() {
        doubts.push(format!("no rule looks for \"{}\"", strange.join(" ")));
    }
    let kinds: Vec<Subject> = parts.iter().map(|part| part.subject).collect();
    if kinds.contains(&Subject::Waits) && kinds.iter().any(|kind| !matches!(kind, Subject::Waits | Subject::Ticket)) {
        doubts.push("somebody who waits says nothing at that moment, so no message can show the rest".to_owned());
    }
    let when = joined(text, parts, &mut doubts);
    Understood { when: Some(when), kinds, doubts }
}

/// Several parts stand beside each other, or instead of each other, as the text says.
fn joined(text: &str, parts: Vec<Part>, doubts: &mut Vec<String>) -> String {
    static AND: LazyLock<Regex> = LazyLock::new(|| regex(r"\b(?:and|with|plus)\b|&|\+"));
    static OR: LazyLock<Regex> = LazyLock::new(|| regex(r"\bor\b|/|,|;"));
    let kinds: Vec<Subject> = parts.iter().map(|part| part.subject).collect();
    let mut conditions: Vec<String> = parts.into_iter().map(|part| part.when).collect();
    if conditions.len() == 1 {
        return conditions.remove(0);
    }
    let key = match (AND.is_match(text), OR.is_match(text)) {
        (true, false) => "all",
        (false, true) => "any",
        // What is said of a ticket says of which customers the rest is meant.
        (false, false) if kinds.contains(&Subject::Ticket) => "all",
        _ => {
            doubts.push(
                "several conditions, and it is not clear whether all of them or one of them: written as any".to_owned(),
            );
            "any"
        }
    };
    format!("{{ {key} = [{}] }}", conditions.join(", "))
}

/// Takes what a pattern finds out of a text.
fn take(left: &mut String, pattern: &Regex) -> bool {
    let is_there = pattern.is_match(left);
    if is_there {
        *left = pattern.replace_all(left, " ").into_owned();
    }
    is_there
}

fn money(left: &mut String, parts: &mut Vec<Part>, doubts: &mut Vec<String>) {
    let found: Vec<String> = MONEY.find_iter(left).map(|found| found.as_str().to_owned()).collect();
    let Some((amount, currency)) = found.first().and_then(|found| signal::amount(found)) else { return };
    let (over, at_least, under) = (OVER.is_match(left), AT_LEAST.is_match(left), UNDER.is_match(left));
    let doubt = match (over, at_least, under) {
        _ if found.len() > 1 => Some("several amounts".to_owned()),
        (_, _, true) => Some("an amount that must not be reached, which no rule looks for".to_owned()),
        (false, false, _) => Some(format!("it does not say whether it means more than {amount} {currency}")),
        (true, true, _) => Some(format!("it is not clear whether {amount} {currency} itself counts")),
        _ => None,
    };
    // Only more than a limit fires: "at least" is more than a hundredth below.
    let limit = if at_least && !over { amount.checked_sub(Decimal::new(1, 2)).unwrap_or(amount) } else { amount };
    let limit = if limit.is_sign_negative() { Decimal::ZERO } else { limit.normalize() };
    for pattern in [&MONEY, &OVER, &AT_LEAST, &UNDER, &REFUND] {
        take(left, pattern);
    }
    doubts.extend(doubt);
    parts.push(Part {
        subject: Subject::Money,
        when: format!("{{ amount_over = \"{limit} {currency}\" }}"),
        doubt: None,
    });
}

/// The same trouble at several customers.
fn customers(left: &mut String, parts: &mut Vec<Part>) {
    let many = MANY.captures(left).map(|found| found.get(1).map(|count| count.as_str().to_owned()));
    if !OUTAGE.is_match(left) {
        return;
    }
    let within = time(left).filter(|_| many.is_some());
    let count = match &many {
        Some(Some(count)) => number(count).unwrap_or(3).clamp(2, 100),
        _ => 3,
    };
    take(left, &OUTAGE);
    take(left, &MANY);
    if within.is_some() {
        take(left, &TIME);
    }
    let doubt = many.is_none().then(|| "an outage: it does not say at how many customers, 3 is written".to_owned());
    let within = written(within.unwrap_or(TimeDelta::minutes(30)));
    let when = format!("{{ customers = {count}, of = \"outage\", within = \"{within}\" }}");
    parts.push(Part { subject: Subject::Outage, when, doubt });
}

fn repeat(left: &mut String, parts: &mut Vec<Part>) {
    let Some(found) = REPEAT.captures(left) else { return };
    let count = found.get(1).or(found.get(2)).and_then(|count| number(count.as_str()));
    let doubt = match count {
        Some(2..) => None,
        _ => Some("repeated: it does not say how often, 3 is written".to_owned()),
    };
    let count = count.filter(|count| *count >= 2).unwrap_or(3);
    take(left, &REPEAT);
    let within = time(left);
    if within.is_some() {
        take(left, &TIME);
    }
    let within = written(within.unwrap_or(TimeDelta::days(30)));
    let signal = "{ signal = \"repeat\", at_least = 0.5 }";
    // That somebody says they have asked before shows a third contact at the earliest.
    let counted = format!("{{ contacts = {count}, within = \"{within}\" }}");
    let when = if count == 3 { format!("{{ any = [{signal}, {counted}] }}") } else { counted };
    parts.push(Part { subject: Subject::Repeat, when, doubt });
}

fn waits(left: &mut String, parts: &mut Vec<Part>, doubts: &mut Vec<String>) {
    if !WAITS.is_match(left) {
        return;
    }
    match time(left) {
        Some(time) => {
            if BUSINESS.is_match(left) {
                doubts.push("business hours: the wait is counted around the clock".to_owned());
            }
            for pattern in [&WAITS, &TIME, &OVER, &AT_LEAST, &BUSINESS] {
                take(left, pattern);
            }
            parts.push(Part {
                subject: Subject::Waits,
                when: format!("{{ waits = \"{}\" }}", written(time)),
                doubt: None,
            });
        }
        None => doubts.push("waiting: it does not say how long".to_owned()),
    }
}

fn ticket(left: &mut String, parts: &mut Vec<Part>) {
    let mut fields = Vec::new();
    for (pattern, field) in [(&PRIORITY, "priority"), (&PLAN, "plan"), (&TAG, "tag")] {
        if let Some(found) = pattern.captures(left) {
            let value = (1..found.len()).find_map(|group| found.get(group)).map_or("", |value| value.as_str());
            fields.push(format!("{{ ticket = \"{field}\", equals = \"{value}\" }}"));
            take(left, pattern);
        }
    }
    parts.extend(fields.into_iter().map(|when| Part { subject: Subject::Ticket, when, doubt: None }));
}

/// Words that no rule accounts for.
fn strange(left: &str) -> Vec<String> {
    let words = left.split(|letter: char| !letter.is_alphanumeric() && letter != '\'' && letter != '-');
    let words = words.map(|word| word.trim_matches(['\'', '-'])).filter(|word| !word.is_empty());
    words.filter(|word| !FILLERS.contains(word)).map(str::to_owned).collect()
}

/// "3", "third", "3rd", "three".
fn number(text: &str) -> Option<u32> {
    let word = match text {
        "second" | "two" => Some(2),
        "third" | "three" => Some(3),
        "fourth" | "four" => Some(4),
        "fifth" | "five" => Some(5),
        "six" => Some(6),
        "ten" => Some(10),
        "a" | "an" | "one" => Some(1),
        _ => None,
    };
    word.or_else(|| text.trim_end_matches(|letter: char| letter.is_alphabetic()).parse().ok())
}

/// The first length of time that a text names: more than nothing, at most a year.
pub(super) fn time(text: &str) -> Option<TimeDelta> {
    let text = text.to_lowercase();
    let found = TIME.captures(&text)?;
    let count = i64::from(number(&found[1])?);
    let length = match &found[2][..1] {
        "m" => TimeDelta::minutes(count),
        "h" => TimeDelta::hours(count),
        "d" => TimeDelta::days(count),
        _ => TimeDelta::weeks(count),
    };
    (length > TimeDelta::zero() && length <= TimeDelta::days(365)).then_some(length)
}

/// Whether a text is a length of time and nothing else.
pub(super) fn is_time(text: &str) -> bool {
    time(text).is_some() && !TIME.replace(text, "").contains(char::is_alphanumeric)
}

/// Whether a time is one of working hours.
pub(super) fn is_of_business(text: &str) -> bool {
    BUSINESS.is_match(text)
}

/// As the config writes it: "2h", "90m", "30d".
pub(super) fn written(time: TimeDelta) -> String {
    let minutes = time.num_minutes();
    match minutes {
        _ if minutes % 1_440 == 0 => format!("{}d", minutes / 1_440),
        _ if minutes % 60 == 0 => format!("{}h", minutes / 60),
        _ => format!("{minutes}m"),
    }
}

/// The severity that a cell names.
pub(super) fn severity(text: &str) -> Option<&'static str> {
    let word = text.trim().to_lowercase();
    let named = |names: &[&str]| names.iter().any(|name| word == *name || word.starts_with(&format!("{name} ")));
    match () {
        () if named(&["sev1", "sev 1", "sev-1", "s1", "p1", "p0", "1", "critical", "urgent", "highest"]) => {
            Some("sev1")
        }
        () if named(&["sev2", "sev 2", "sev-2", "s2", "p2", "2", "high", "major"]) => Some("sev2"),
        () if named(&["sev3", "sev 3", "sev-3", "s3", "p3", "3", "medium", "normal", "moderate"]) => Some("sev3"),
        () if named(&["sev4", "sev 4", "sev-4", "s4", "p4", "4", "low", "minor"]) => Some("sev4"),
        () => None,
    }
}

#[cfg(test)]
mod tests;
