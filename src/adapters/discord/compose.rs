//! A notice in Discord's form: content, embed, buttons, and who may be pinged.

use serde_json::{Value, json};

use crate::adapters::discord::completion::CHOICE_CHARS_MAX;
use crate::adapters::discord::custom_id::{CustomId, Sentence};
use crate::adapters::discord::markup::plain;
use crate::engine::connector::{Ping, Telling};
use crate::sop::escalation::{EscalationId, NOTE_CHARS_MAX};
use crate::sop::guidance::form::{Filled, FormPage, ShownForm};
use crate::sop::guidance::information::{AnswerKind, BOUNCED_CHARS_MAX, TICKET};
use crate::sop::message::{PersonId, cut};
use crate::sop::notice::{Answer, BookPage, Card, Choice, Difference, DigestFacts, Soon, Verb};
use crate::sop::team::Severity;
use crate::words::{Chart, Sheet, Words};

// Limits of Discord, in characters (<https://discord.com/developers/docs/resources/message#embed-object-embed-limits>).
pub(crate) const CONTENT_MAX: usize = 2_000;
const TITLE_MAX: usize = 256;
const DESCRIPTION_MAX: usize = 4_096;
const FIELDS_MAX: usize = 25;
const FIELD_NAME_MAX: usize = 256;
const FIELD_VALUE_MAX: usize = 1_024;
const FOOTER_MAX: usize = 2_048;
const EMBED_MAX: usize = 6_000;
/// Buttons side by side (<https://discord.com/developers/docs/components/reference#action-row>).
const ROW_BUTTONS_MAX: usize = 5;
const LABEL_MAX: usize = 80;
const FORM_TITLE_MAX: usize = 45;
const INPUT_LABEL_MAX: usize = 45;
const PLACEHOLDER_MAX: usize = 100;
/// <https://discord.com/developers/docs/resources/channel#start-thread-from-message>
const THREAD_NAME_MAX: usize = 100;
/// A link or a number, in characters.
/// What stands in for a picture (<https://discord.com/developers/docs/resources/message#attachment-object>).
const ALT_MAX: usize = 1_024;
pub(crate) const CHART: &str = "digest.png";
const TICKET_CHARS_MAX: u16 = 1_000;
/// A time as people type it, in characters.
const TIME_CHARS_MAX: usize = 20;

/// Only whoever asked sees it (<https://discord.com/developers/docs/resources/message#message-object-message-flags>).
pub(crate) const EPHEMERAL: u32 = 1 << 6;
/// Links in it are not unfolded.
const SUPPRESS_EMBEDS: u32 = 1 << 2;
/// It is unread, and makes no sound.
const SUPPRESS_NOTIFICATIONS: u32 = 1 << 12;

/// Nobody is pinged, whatever the text says.
pub(crate) fn no_mentions() -> Value {
    json!({"parse": []})
}

/// What a card's buttons act on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    pub(crate) case: EscalationId,
    pub(crate) version: u64,
    pub(crate) page: usize,
}

/// Whatever is told, in Discord's form.
pub(crate) fn telling(words: &Words, telling: &Telling) -> Value {
    match telling {
        Telling::Card { card: shown, case, page, buttons, version, ping } => {
            let acts_on = Shown { case: *case, version: *version, page: *page };
            card(words, shown, acts_on, buttons, ping.as_ref())
        }
        Telling::Line { facts, ping, asks, buttons, case, version, .. } => {
            let below = below(words, *asks, buttons, *case, *version);
            line(&words.line(facts), ping.as_slice(), &below)
        }
        Telling::Post { facts, ping } => line(&words.post(facts), ping, &[]),
        Telling::Answer(told) => {
            if let Answer::Choices { choices } = &**told {
                return json!({"choices": choices.iter().map(|choice| offered(words, choice)).collect::<Vec<_>>()});
            }
            if let Answer::Form(shown) = &**told {
                return form_page(words, shown);
            }
            let mut body = answer(&words.answer(told));
            match &**told {
                Answer::Unfinished { at, why } => body["components"] = form_button(words, at, why.is_some()),
                Answer::Done { command: "inform", case } => body["components"] = inform_button(words, case),
                Answer::Playbook { page } => body["components"] = done_button(words, page),
                Answer::Done { .. } => body["components"] = soon_buttons(words, told.promised()),
                Answer::Customer { case, due, place, .. } => {
                    body["components"] = tell_buttons(words, case, *due, place.is_some());
                }
                Answer::Difference(difference) => body["components"] = move_button(words, difference),
                Answer::Digest(facts) => return digest(words, facts),
                _ => {}
            }
            body
        }
        Telling::Word(text) => line(text, &[], &[]),
        // For a ticket system, not for the chat.
        Telling::Reading | Telling::TicketNote(_) => Value::Null,
        Telling::Sop(sop) => line(&words.sop(sop).text(), &[], &[]),
        Telling::Digest(facts) => digest(words, facts),
        Telling::DigestSection(facts, section) => quiet_line(&words.digest_section(facts, *section)),
        Telling::History(facts) => quiet_line(&words.history(facts).body),
    }
}

/// What the thread is called that something is told in.
pub(crate) fn thread_name(words: &Words, telling: &Telling) -> String {
    let name = match telling {
        Telling::History(facts) => words.history(facts).title,
        Telling::DigestSection(facts, _) => words.digest(facts).title,
        _ => String::new(),
    };
    cut(&name, THREAD_NAME_MAX)
}

/// A digest: its picture is a file that goes with it, where there is one.
fn digest(words: &Words, facts: &DigestFacts) -> Value {
    let mut embed = embed(&words.digest(facts), Some(if facts.digest.breached.is_empty() { CALM } else { ALARM }));
    let mut body = json!({"allowed_mentions": no_mentions()});
    if let Some(chart) = words.chart(facts) {
        embed["image"] = json!({"url": format!("attachment://{CHART}")});
        body["attachments"] = json!([{"id": 0, "filename": CHART, "description": cut(&chart.alt, ALT_MAX)}]);
    }
    body["embeds"] = json!([embed]);
    let cases = facts.worst().into_iter().filter_map(|id| id.parse().ok());
    let buttons: Vec<Value> =
        cases.map(|case: EscalationId| labelled(&case.to_string(), 2, &CustomId::Look { case })).collect();
    if !buttons.is_empty() {
        body["components"] = json!([row(&buttons)]);
    }
    body
}

/// A line in a thread: nobody is called to it.
fn quiet_line(text: &str) -> Value {
    let mut body = line(text, &[], &[]);
    body["flags"] = (SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS).into();
    body
}

/// The picture that goes with a message, if one does.
pub(crate) fn picture(words: &Words, telling: &Telling) -> Option<Chart> {
    match telling {
        Telling::Digest(facts) => words.chart(facts),
        Telling::Answer(answer) => match &**answer {
            Answer::Digest(facts) => words.chart(facts),
            _ => None,
        },
        _ => None,
    }
}

/// A card: the embed and its buttons. Pings exactly whom it names.
pub(crate) fn card(words: &Words, card: &Card, shown: Shown, buttons: &[Verb], ping: Option<&Ping>) -> Value {
    let (content, mentions) = match ping {
        None => (String::new(), no_mentions()),
        Some(Ping::Group(role)) => (format!("<@&{role}>"), json!({"parse": [], "roles": [role]})),
        Some(Ping::People(people)) => (mentioned(people), only(people)),
    };
    json!({
        "content": content,
        "embeds": [embed(&words.card(card), Some(color(card)))],
        "components": rows(words, shown, buttons),
        "allowed_mentions": mentions,
    })
}

fn mentioned(people: &[PersonId]) -> String {
    people.iter().map(|person| format!("<@{person}>")).collect::<Vec<_>>().join(" ")
}

/// These people are pinged and nobody else, whatever the text says.
fn only(people: &[PersonId]) -> Value {
    let people: Vec<&str> = people.iter().map(PersonId::as_str).collect();
    json!({"parse": [], "users": people})
}

/// One line of text, or a few, and the buttons below. Pings nobody but the people it calls.
pub(crate) fn line(text: &str, calls: &[PersonId], buttons: &[Value]) -> Value {
    let mentions = if calls.is_empty() { no_mentions() } else { only(calls) };
    let mut body = json!({"content": cut(text, CONTENT_MAX), "flags": SUPPRESS_EMBEDS, "allowed_mentions": mentions});
    if !buttons.is_empty() {
        body["components"] = json!([row(buttons)]);
    }
    body
}

/// What can be told and done below a line.
fn below(words: &Words, asks: bool, verbs: &[Verb], case: EscalationId, version: u64) -> Vec<Value> {
    let asked = asks.then(|| button(words, Verb::Inform, &CustomId::Inform { case }));
    let id = |verb: Verb| CustomId::Button { verb, case, version, page: 0 };
    asked.into_iter().chain(verbs.iter().map(|verb| button(words, *verb, &id(*verb)))).collect()
}

/// An answer to one person: a page with a title as an embed, anything shorter as text.
pub(crate) fn answer(sheet: &Sheet) -> Value {
    let mut body = json!({"allowed_mentions": no_mentions()});
    if sheet.title.is_empty() && sheet.fields.is_empty() {
        body["content"] = cut(&sheet.text(), CONTENT_MAX).into();
    } else {
        body["embeds"] = json!([embed(sheet, None)]);
    }
    body
}

/// A page of a form, filled in as far as its reader had come.
fn form_page(words: &Words, shown: &ShownForm) -> Value {
    let ticket = shown.ticket.as_ref().map(|value| Input {
        id: TICKET,
        long: false,
        required: false,
        chars_max: TICKET_CHARS_MAX,
        value: value.clone(),
    });
    let inputs: Vec<Input<'_>> = ticket.into_iter().chain(shown.fields.iter().map(input)).collect();
    form(&(&shown.at).into(), &words.form_page(shown), &inputs)
}

fn input(Filled { field, typed, needed }: &Filled) -> Input<'_> {
    let long = field.kind == AnswerKind::Long;
    Input { id: &field.id, long, required: *needed, chars_max: field.chars_max, value: typed.clone() }
}

/// A form with one field.
pub(crate) fn sentence_form(words: &Words, asked: Sentence, case: EscalationId, version: u64) -> Value {
    let (long, chars_max) = match asked {
        Sentence::Promise => (false, TIME_CHARS_MAX),
        Sentence::Bounce => (false, BOUNCED_CHARS_MAX),
        Sentence::Resolve | Sentence::Reopen => (true, NOTE_CHARS_MAX),
    };
    let chars_max = u16::try_from(chars_max).unwrap_or(u16::MAX);
    let field = Input { id: asked.input(), long, required: true, chars_max, value: String::new() };
    form(&CustomId::Sentence { form: asked, case, version }, &words.sentence_form(asked, &case.to_string()), &[field])
}

/// A form with one row per field: its name is the input's id, its value the label and, on the next line, what an
/// answer looks like.
///
/// Text inputs in action rows: the newer labels do not survive serenity 0.12's parser.
fn form(id: &CustomId, sheet: &Sheet, fields: &[Input<'_>]) -> Value {
    let rows: Vec<Value> = fields
        .iter()
        .map(|input| {
            let said = sheet.fields.iter().find(|field| field.name == input.id).map_or(input.id, |field| &field.value);
            let (label, placeholder) = said.split_once('\n').unwrap_or((said, ""));
            let style = if input.long { 2 } else { 1 };
            let mut text = json!({
                "type": 4, "custom_id": input.id, "label": cut(label, INPUT_LABEL_MAX), "style": style,
                "required": input.required, "max_length": input.chars_max,
            });
            if !placeholder.is_empty() {
                text["placeholder"] = cut(placeholder, PLACEHOLDER_MAX).into();
            }
            if !input.value.is_empty() {
                text["value"] = cut(&input.value, usize::from(input.chars_max)).into();
            }
            json!({"type": 1, "components": [text]})
        })
        .collect();
    json!({"custom_id": id.to_string(), "title": cut(&sheet.title, FORM_TITLE_MAX), "components": rows})
}

/// A field of a form.
struct Input<'a> {
    id: &'a str,
    long: bool,
    required: bool,
    /// At most 4,000 (<https://discord.com/developers/docs/components/reference#text-input>).
    chars_max: u16,
    /// What stands in it already.
    value: String,
}

fn embed(sheet: &Sheet, color: Option<u32>) -> Value {
    let mut left = EMBED_MAX;
    let mut take = |text: &str, max: usize| {
        let taken = cut(text, max.min(left));
        left -= taken.chars().count();
        taken
    };
    let mut embed = json!({});
    let mut set = |key: &str, value: Value| embed[key] = value;
    // What identifies the card comes first: if something must be cut, it is the end of the text.
    if !sheet.title.is_empty() {
        set("title", take(&sheet.title, TITLE_MAX).into());
    }
    if !sheet.footer.is_empty() {
        set("footer", json!({"text": take(&sheet.footer, FOOTER_MAX)}));
    }
    if !sheet.body.is_empty() {
        set("description", take(&sheet.body, DESCRIPTION_MAX).into());
    }
    let fields: Vec<Value> = sheet
        .fields
        .iter()
        .take(FIELDS_MAX)
        .map(|field| (take(&field.name, FIELD_NAME_MAX), take(&field.value, FIELD_VALUE_MAX)))
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    if !fields.is_empty() {
        set("fields", fields.into());
    }
    if let Some(color) = color {
        set("color", color.into());
    }
    embed
}

fn rows(words: &Words, shown: Shown, buttons: &[Verb]) -> Value {
    let Shown { case, version, page } = shown;
    let id = |verb: Verb| match verb {
        Verb::Inform => CustomId::Inform { case },
        verb => CustomId::Button { verb, case, version, page },
    };
    let buttons: Vec<Value> = buttons.iter().map(|verb| button(words, *verb, &id(*verb))).collect();
    buttons.chunks(ROW_BUTTONS_MAX).map(row).collect()
}

/// The button under a playbook, for its next step.
pub(crate) fn done_button(words: &Words, page: &BookPage) -> Value {
    let id = page.case.parse().ok().zip(page.next);
    let id = id.map(|(case, step)| CustomId::Step { case, playbook: page.id.clone(), step });
    id.map(|id| row(&[button(words, Verb::Done, &id)])).into_iter().collect()
}

/// Below what was typed so far: goes on with the form, or back to what is wrong in it.
fn form_button(words: &Words, at: &FormPage, is_wrong: bool) -> Value {
    let label = if is_wrong { "correct" } else { "continue" };
    json!([row(&[labelled(&words.button(label), 1, &at.into())])])
}

/// Below what was told: the rest.
fn inform_button(words: &Words, case: &Card) -> Value {
    let id = case.owed.as_ref().and_then(|_| case.id.parse().ok()).map(|case| CustomId::Inform { case });
    id.map(|id| row(&[button(words, Verb::Inform, &id)])).into_iter().collect()
}

/// Below what a case promises: other times for its next step.
fn soon_buttons(words: &Words, promised: Option<&Card>) -> Value {
    let shown = promised.and_then(|card| Some((card.id.parse().ok()?, card.version)));
    let Some((case, version)) = shown else { return json!([]) };
    let button = |soon: Soon| labelled(&words.button(soon), 2, &CustomId::Soon { case, version, soon });
    json!([row(&Soon::ALL.map(button))])
}

/// Below the text for a customer: posts it where they wrote, or says that it was sent elsewhere.
fn tell_buttons(words: &Words, case: &str, due: i64, can_post: bool) -> Value {
    let Ok(case) = case.parse() else { return json!([]) };
    let button = |by_us: bool| {
        let label = words.button(if by_us { "post_it" } else { "sent_it" });
        labelled(&label, if by_us { 1 } else { 2 }, &CustomId::Tell { case, due, by_us })
    };
    let buttons: Vec<Value> = [true, false].into_iter().filter(|by_us| can_post || !by_us).map(button).collect();
    json!([row(&buttons)])
}

/// A choice, while one types. Its name is shown as it is: nothing in it is markup.
fn offered(words: &Words, choice: &Choice) -> Value {
    json!({"name": cut(&plain(&words.choice(choice)), CHOICE_CHARS_MAX), "value": choice.value})
}

/// The button below what moving a case over would change.
fn move_button(words: &Words, difference: &Difference) -> Value {
    let procedure = difference.after.procedure.clone();
    let id = difference.id.parse().ok().map(|case| CustomId::MoveOver { case, procedure });
    id.map(|id| row(&[button(words, Verb::MoveOver, &id)])).into_iter().collect()
}

fn button(words: &Words, verb: Verb, id: &CustomId) -> Value {
    labelled(&words.button(verb), style(verb), id)
}

fn labelled(label: &str, style: u8, id: &CustomId) -> Value {
    json!({"type": 2, "style": style, "label": cut(label, LABEL_MAX), "custom_id": id.to_string()})
}

/// Buttons side by side.
fn row(buttons: &[Value]) -> Value {
    json!({"type": 1, "components": buttons})
}

/// Primary 1, secondary 2, success 3. Nothing here destroys anything, so nothing is red.
fn style(verb: Verb) -> u8 {
    match verb {
        Verb::Acknowledge | Verb::MoveOver => 1,
        Verb::Resolve | Verb::Confirm => 3,
        Verb::Extend
        | Verb::Raise
        | Verb::Why
        | Verb::NotSolved
        | Verb::Inform
        | Verb::Bounce
        | Verb::Done
        | Verb::RightCall
        | Verb::NotNeeded
        | Verb::WrongTeam
        | Verb::MissingInformation => 2,
    }
}

/// The bar of a digest: something is late, or nothing is. The words say so, too.
const ALARM: u32 = 0x00D9_2D20;
const CALM: u32 = 0x0098_A2B3;

/// The bar of a card: loud only while somebody is waited for. The word stands in the title as well: colour is never
/// alone.
fn color(card: &Card) -> u32 {
    if !card.awaited || card.superseded {
        return 0x0098_A2B3;
    }
    match card.severity {
        Severity::Sev1 => 0x00D9_2D20,
        Severity::Sev2 => 0x00F7_9009,
        Severity::Sev3 => 0x002E_90FA,
        Severity::Sev4 => 0x0066_7085,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::discord::markup;
    use crate::sop::guidance::form::Purpose;
    use crate::sop::guidance::information::{Field, Need};
    use crate::words::Language;

    /// A form with a field for each kind of answer that is described below its label.
    fn shown(purpose: Purpose) -> ShownForm {
        let kinds = [AnswerKind::Short, AnswerKind::Number, AnswerKind::Money, AnswerKind::Date, AnswerKind::Link];
        let filled = |(at, kind): (usize, AnswerKind)| {
            let (id, label) = (at.to_string(), "Order number".to_owned());
            let owed_within = chrono::TimeDelta::minutes(30);
            let field = Field { id, label, kind, chars_max: 100, need: Need::Owed, owed_within, prefill: None };
            Filled { field, typed: String::new(), needed: true }
        };
        ShownForm {
            at: FormPage { purpose, page: 1, pages: 2 },
            reason: Some("Refund over 500 USD".to_owned()),
            ticket: Some(String::new()),
            fields: kinds.into_iter().enumerate().map(filled).collect(),
        }
    }

    /// What is longer would be cut.
    #[test]
    fn buttons_and_forms_fit_in_every_language() {
        for (code, language) in Language::ALL {
            let words = Words::load(language, None, markup(1000), &[]);
            let words = words.unwrap_or_else(|problems| panic!("{problems:?}"));
            let fits = |text: &str, max: usize| {
                assert!((1..=max).contains(&text.chars().count()), "{code}: {text:?} has not 1 to {max} characters");
            };
            let verbs = Verb::ALL.iter().map(|verb| words.button(verb));
            let soon = Soon::ALL.iter().map(|soon| words.button(soon));
            let on_forms = ["correct", "continue"].map(|label| words.button(label));
            verbs.chain(soon).chain(on_forms).for_each(|label| fits(&label, LABEL_MAX));
            let (place, message) = ("2001".into(), None);
            let by_hand = Purpose::Escalation { trigger: None, place, message };
            let owed = Purpose::Owed { case: EscalationId(142) };
            let pages = [by_hand, owed].map(|purpose| words.form_page(&shown(purpose)));
            let sentences = Sentence::ALL.map(|asked| (asked, words.sentence_form(asked, "ESC-142")));
            for (asked, form) in &sentences {
                let ids: Vec<&str> = form.fields.iter().map(|field| field.name.as_str()).collect();
                assert_eq!(ids, [asked.input()], "{code}");
            }
            for form in pages.iter().chain(sentences.iter().map(|(_, form)| form)) {
                fits(&form.title, FORM_TITLE_MAX);
                for field in &form.fields {
                    let (label, placeholder) = field.value.split_once('\n').unwrap_or((&field.value, "-"));
                    fits(label, INPUT_LABEL_MAX);
                    fits(placeholder, PLACEHOLDER_MAX);
                }
            }
        }
    }
}
