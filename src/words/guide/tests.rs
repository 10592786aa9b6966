use chrono::{TimeDelta, Weekday};
use expect_test::expect;

use super::*;
use crate::sop::calendar::{Calendar, Window};
use crate::sop::fixture::{at, build, over_usd, plan, procedure, signal, trigger};
use crate::sop::signal::Kind;
use crate::sop::team::Severity;
use crate::sop::trigger::{Condition, TicketField, TicketTest};

#[test]
fn conditions_are_said_in_plain_words() {
    let ticket = |test| Condition::Ticket { field: TicketField::Priority, test };
    let conditions = [
        signal(Kind::Angry, 0.6),
        over_usd(500),
        Condition::Contacts { at_least: 3, within: TimeDelta::days(30) },
        Condition::Customers { kind: Kind::Outage, at_least: 3, within: TimeDelta::minutes(30), unusual: true },
        Condition::Places(vec!["2001".into(), "2002".into()]),
        Condition::Language("es".to_owned()),
        ticket(TicketTest::Equals("urgent".to_owned())),
        ticket(TicketTest::Contains("urg".to_owned())),
        Condition::Waits(TimeDelta::seconds(5_430)),
        Condition::All(vec![
            signal(Kind::from("leaving"), 0.5),
            Condition::Not(Box::new(Condition::Any(vec![over_usd(1), signal(Kind::Legal, 0.5)]))),
        ]),
    ];
    let said: Vec<String> = conditions.iter().map(sentences::plainly).collect();
    expect![[r#"
        the customer is angry
        more than 500 USD is claimed back (exactly 500 USD is not enough)
        the customer writes for the 3rd time about the same issue within 30 d
        3 different customers write within 30 min that something is down, which is more than is usual
        it is written in the channel 2001 or 2002
        it is written in the language "es"
        the priority of the ticket is "urgent"
        the priority of the ticket holds "urg"
        the customer has waited 1 h 30 min 30 s for an answer
        there are words for "leaving" and it is not so that (more than 1 USD is claimed back (exactly 1 USD is not enough), or a lawyer, a court or a regulator is brought up)"#]].assert_eq(&said.join("\n"));
    assert_eq!(sentences::condition(&conditions[0]), "the customer is angry (strength 0.6 or more)");
}

#[test]
fn hours_of_a_week_are_said_together() {
    let window = |days: &[Weekday], from: u16, to: u16| Window { days: days.to_vec(), from: from * 60, to: to * 60 };
    let week = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu];
    let windows = [window(&week, 9, 17), window(&[Weekday::Fri], 9, 12), window(&[Weekday::Fri], 13, 16)];
    let said = |windows: &[Window]| sentences::week(&Calendar::new("office", chrono_tz::Tz::UTC, windows, &[]));
    assert_eq!(said(&windows), "Mon–Thu 09:00–17:00 · Fri 09:00–12:00, 13:00–16:00");
    assert_eq!(said(&[]), "never");
    assert_eq!(sentences::week(Calendar::around_the_clock()), "around the clock");
}

/// Names may be of any length and of any letters: in the picture they end within their box, and are whole in its words.
#[test]
fn no_text_of_the_picture_leaves_its_box() {
    let mut procedure = build();
    let long = "WWWWW MMMMM 長い名前の担当 <b>&amp;\" ".repeat(6);
    for team in &mut procedure.teams {
        team.name.clone_from(&long);
    }
    procedure.triggers[0].name.clone_from(&long);
    let picture = svg(&Guide::of(&procedure, at(0)), &long);
    assert!(!picture.contains("<b>") && picture.contains("<title>WWWWW MMMMM 長い名前の担当 &lt;b&gt;"));
    let texts = picture.split("<text ").skip(1).filter(|text| !text.contains("Silence climbs"));
    for text in texts {
        let (attributes, rest) = text.split_once('>').expect("a tag ends");
        let written = rest.split("</text>").next().unwrap_or_default();
        let written = written.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
        let number = |name: &str| {
            let value = attributes.split_once(&format!(" {name}=\"")).expect("it has it").1;
            value.split('"').next().and_then(|value| value.parse::<u32>().ok()).expect("a number")
        };
        let is_bold = attributes.contains("font-weight");
        let wide = measure::measured(&written, number("font-size"), is_bold);
        let is_middle = attributes.contains("middle");
        // Triggers are the widest boxes, and arrows have less room than rungs.
        assert!(wide <= if is_middle { 118 } else { 236 }, "{written} is {wide} wide");
    }
}

#[test]
fn a_version_differs_from_another_in_what_it_says() {
    let (old, mut new) = (build(), build());
    new.triggers[0].condition = signal(Kind::Angry, 0.65);
    new.triggers.remove(3);
    new.triggers.push(trigger("sad", Severity::Sev3, signal(Kind::Angry, 0.9), plan("sad", &[("leads", 5)], 2)));
    new.teams[1].name = "Leaders".to_owned();
    new.rates.0.clear();
    let (before, after) = (Guide::of(&old, at(0)), Guide::of(&new, at(0)));
    let said: Vec<String> =
        changes(&before, &after).iter().map(|it| format!("{} {}", it.sign(), it.sentence())).collect();
    expect![[r#"
        ~ The trigger "The angry rule", looks for: was the customer is angry (strength 0.6 or more); is now the customer is angry (strength 0.65 or more).
        + New trigger "The sad rule": mode: live; looks for: the customer is angry (strength 0.9 or more); severity: sev3; goes to: sad; confidential: no; owner of the ticket: whoever acknowledged; makes: one case for each customer.
        − The trigger "The outage rule" is gone. It was: mode: live; looks for: 2 different customers write within 1 h that something is down; severity: sev1; goes to: engineering; confidential: no; owner of the ticket: whoever acknowledged; makes: one case that everybody with the same trouble joins.
        ~ The plan "leads", ladder: was Team leads 15 min → Team managers 30 min; is now Leaders 15 min → Team managers 30 min.
        + New plan "sad": ladder: Leaders 5 min; climbed again: 2 ×; asks whoever reported it for: not at all.
        ~ The plan "by_hand", ladder: was Team leads 1 h; is now Leaders 1 h.
        − The plan "engineering" is gone. It was: ladder: Team engineering 5 min; climbed again: never; asks whoever reported it for: not at all.
        ~ The team "Leaders", name: was Team leads; is now Leaders.
        − The rate EUR is gone. It was: worth: 1.10.
        − The rate USD is gone. It was: worth: 1."#]].assert_eq(&said.join("\n"));
    assert_eq!(changes(&before, &before), []);
}

/// What stands in a table neither ends its cell nor formats.
#[test]
fn text_in_markdown_is_text() {
    assert_eq!(
        escaped_markdown("a|b *c* _d_ `e`\n# <f> & ![g](h) \u{202e}"),
        r"a\|b \*c\* \_d\_ \`e\` \# &lt;f> &amp; \!\[g\](h) "
    );
    assert_eq!(
        escaped_markdown("see https://x.example and www.x.example"),
        r"see https\://x.example and www\.x.example"
    );
}

#[test]
fn the_body_of_a_page_has_no_style_of_its_own() {
    let procedure = procedure();
    let body = body(&Guide::of(&procedure, at(0)), "Guide");
    for forbidden in ["<style", "style=", "<script", "onclick", "<html"] {
        assert!(!body.contains(forbidden), "{forbidden}");
    }
    assert!(page(&Guide::of(&procedure, at(0)), "Guide").contains(&body));
}
