//! What whole texts say.
#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use std::sync::LazyLock;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

static LEXICON: LazyLock<Lexicon> =
    LazyLock::new(|| Lexicon::new(Vec::new()).expect("the built-in lexicon has no problems"));

/// One line per kind and piece of evidence.
fn shown(signals: &Signals) -> String {
    use std::fmt::Write as _;
    let mut out = signals.language.as_deref().unwrap_or("no language").to_owned() + "\n";
    for signal in &signals.signals {
        writeln!(out, "{} {:.2}", signal.kind, signal.strength).expect("a string takes all");
        for Evidence { start, end, text, weight, why, .. } in &signal.evidence {
            let line = format!("  {start}..{end} {text:?} {weight:.2} {why}");
            writeln!(out, "{}", line.trim_end()).expect("a string takes all");
        }
    }
    for Claim { amount, currency, .. } in &signals.claims {
        writeln!(out, "claim {amount} {currency}").expect("a string takes all");
    }
    out
}

#[expect(clippy::needless_pass_by_value, reason = "expect! makes a value")]
fn check(text: &str, want: Expect) {
    want.assert_eq(&shown(&read(text, Speech::Whole, &LEXICON)));
}

#[test]
fn trouble_is_found_and_explained() {
    check(
        "This is the fourth time I write. Refund my $700 or my lawyer will.",
        expect![[r#"
            en
            financial 0.91
              33..39 "Refund" 0.06
              43..47 "$700" 0.90 claimed by "refund"
            legal 0.90
              51..60 "my lawyer" 0.90
            repeat 0.64
              0..23 "This is the fourth time" 0.64
            claim 700 USD
        "#]],
    );
    check(
        "You LIARS, the site is down!!",
        expect![[r#"
            en
            angry 0.92
              0..9 "You LIARS" 0.92 emphasis: !!
            outage 0.84
              15..27 "site is down" 0.84 emphasis: !!
        "#]],
    );
    check(
        "I've called you 5 times and I am STILL waiting",
        expect![[r#"
            en
            repeat 0.94
              5..23 "called you 5 times" 0.93
              33..46 "STILL waiting" 0.17
        "#]],
    );
    check(
        "somebody logged into my account",
        expect![[r#"
            en
            security 0.91
              0..23 "somebody logged into my" 0.91
        "#]],
    );
}

#[test]
fn words_inside_words_are_other_words() {
    check(
        "liability issue, learn more about the suede tissue",
        expect![[r#"
            en
        "#]],
    );
    check(
        "Sue from billing will pursue this",
        expect![[r#"
            en
            legal 0.00
              0..8 "Sue from" 0.00 harmless phrase
        "#]],
    );
    check(
        "your killer case paid back the security deposit",
        expect![[r#"
            en
            angry 0.00
              5..16 "killer case" 0.00 harmless phrase
            security 0.00
              31..47 "security deposit" 0.00 harmless phrase
        "#]],
    );
}

#[test]
fn surroundings_change_a_match() {
    check(
        "I'm not going to sue you",
        expect![[r#"
            en
            legal 0.00
              8..20 "going to sue" 0.00 negated by "not"
        "#]],
    );
    check(
        "What if a lawyer saw this?",
        expect![[r#"
            en
            legal 0.35
              8..16 "a lawyer" 0.35 hypothetical by "what if"
        "#]],
    );
    check(
        "my friend sued another shop",
        expect![[r#"
            en
            legal 0.17
              10..14 "sued" 0.17 reported by "my friend"
        "#]],
    );
    check(
        "thanks, and sorry for my furious message",
        expect![[r#"
            en
            angry 0.00
              25..32 "furious" 0.00 taken back by "sorry for my"
        "#]],
    );
    check(
        "My account was hacked last year. All good now.",
        expect![[r#"
            en
            security 0.23
              3..21 "account was hacked" 0.23 solved since
        "#]],
    );
    check(
        "I will not hesitate to call my lawyer",
        expect![[r#"
            en
            legal 0.90
              28..37 "my lawyer" 0.90
        "#]],
    );
}

#[test]
fn a_threat_under_condition_is_a_threat() {
    check(
        "if you don't refund me I will sue",
        expect![[r#"
            en
            legal 0.82
              25..33 "will sue" 0.82
            financial 0.06
              13..19 "refund" 0.06
        "#]],
    );
    check(
        "if not refunded I'll sue, no joke",
        expect![[r#"
            en
            legal 0.82
              16..24 "I'll sue" 0.82
            financial 0.06
              7..15 "refunded" 0.06
        "#]],
    );
    check(
        "don't make me call my lawyer",
        expect![[r#"
            en
            legal 0.90
              19..28 "my lawyer" 0.90
        "#]],
    );
    check(
        "I will not sue",
        expect![[r#"
            en
            legal 0.00
              11..14 "sue" 0.00 negated by "not"
        "#]],
    );
    check(
        "I don't want my money back",
        expect![[r#"
            en
            financial 0.00
              8..26 "want my money back" 0.00 negated by "don't want"
        "#]],
    );
}

#[test]
fn money_counts_where_it_is_claimed_back() {
    check(
        "I want a refund of € 1.200,50",
        expect![[r#"
            en
            financial 0.91
              9..15 "refund" 0.06
              19..29 "€ 1.200,50" 0.90 claimed by "refund"
            claim 1200.5 EUR
        "#]],
    );
    check(
        "You charged me 3 x $200 twice. Give me my money back",
        expect![[r#"
            en
            financial 0.92
              15..23 "3 x $200" 0.90 claimed by "give me my money"
              31..52 "Give me my money back" 0.17
            claim 600 USD
        "#]],
    );
    check(
        "I bought a $500 gift card, can I get a refund?",
        expect![[r#"
            en
            financial 0.06
              39..45 "refund" 0.06
        "#]],
    );
    check(
        "They refunded me $140 already, thanks",
        expect![[r#"
            en
            financial 0.06
              5..13 "refunded" 0.06
        "#]],
    );
    check(
        "The plan costs $20 per month",
        expect![[r#"
            en
        "#]],
    );
    check(
        "I don't want a refund for the $30",
        expect![[r#"
            en
            financial 0.00
              15..21 "refund" 0.00 negated by "don't want"
        "#]],
    );
}

#[test]
fn spanish_is_read() {
    check(
        "Es la tercera vez que llamo. Devuélvanme mis 500 pesos o voy a demandar",
        expect![[r#"
            es
            legal 0.90
              63..71 "demandar" 0.90
            financial 0.90
              45..54 "500 pesos" 0.90 claimed by "devuélvanme"
            repeat 0.90
              6..27 "tercera vez que llamo" 0.90
            claim 500 MXN
        "#]],
    );
}

#[test]
fn other_languages_have_no_score() {
    check(
        "Non ho ordinato questo, il mio avvocato vi scrive e sono una persona che non scherza, frode",
        expect![[r#"
            no language
        "#]],
    );
}

#[test]
fn spans_survive_hostile_text() {
    check(
        "\u{fdfa}\u{fdfa} my law\u{200b}yer, my l4wyer, my LAWYERRRR",
        expect![[r#"
            en
            legal 0.90
              3..13 "my law\u{200b}yer" 0.90
              15..24 "my l4wyer" 0.90
              26..38 "my LAWYERRRR" 0.90
        "#]],
    );
    check(
        "`my lawyer` https://x.test/my-lawyer my lаwyer",
        expect![[r#"
            en
            legal 0.90
              37..46 "my lаwyer" 0.90
        "#]],
    );
}

#[test]
fn only_what_a_customer_said_counts_in_a_quote() {
    let said = "he is an idiot\n> my lawyer will call\nfuck";
    let kinds = |speech| read(said, speech, &LEXICON).signals.into_iter().map(|signal| signal.kind).collect::<Vec<_>>();
    assert_eq!(kinds(Speech::QuotesOnly), [Kind::Legal]);
    assert!(kinds(Speech::Whole).contains(&Kind::Angry));
}

/// Masks may begin and end anywhere.
#[test]
fn the_shortest_texts_are_read() {
    for text in ["", "<", "@", "`", ">", "$", "*", "😡", "\u{200b}"] {
        for speech in [Speech::Whole, Speech::QuotesOnly] {
            assert!(read(text, speech, &LEXICON).claims.is_empty(), "{text}");
        }
    }
}

#[test]
fn a_teams_own_terms_and_modes() {
    let entry = |term: &str, mode| Entry {
        term: term.to_owned(),
        kind: Kind::from("churn"),
        weight: 0.8,
        language: "en".to_owned(),
        mode,
    };
    let entries = vec![entry("cancel … account", Mode::Live), entry("leaving", Mode::Watch), entry("bye", Mode::Off)];
    let lexicon = Lexicon::new(entries).expect("no problems");
    let signals = read("cancel my old account, I'm leaving, bye", Speech::Whole, &lexicon);
    expect![[r#"
        en
        churn 0.80
          0..21 "cancel my old account" 0.80
          27..34 "leaving" 0.00 watch only
    "#]]
    .assert_eq(&shown(&signals));
}

#[test]
fn watching_a_term_changes_nothing() {
    let entry = |term: &str, mode| Entry {
        term: term.to_owned(),
        kind: Kind::Legal,
        weight: 0.5,
        language: "en".to_owned(),
        mode,
    };
    let live = || entry("solicitor", Mode::Live);
    let strength = |entries| {
        let lexicon = Lexicon::new(entries).expect("no problems");
        read("I will ask my solicitor about this", Speech::Whole, &lexicon).strength(&Kind::Legal)
    };
    let watched = strength(vec![live(), entry("ask my solicitor", Mode::Watch)]);
    assert!((watched - strength(vec![live()])).abs() < f64::EPSILON);
}

#[test]
fn long_texts_are_read_up_to_the_limit() {
    let text = "a ".repeat(TEXT_MAX_CHARS / 2) + "lawyer";
    let signals = read(&text, Speech::Whole, &LEXICON);
    assert!(signals.truncated && signals.signals.is_empty());
}

/// The strength from which on a kind is a label, in the example config.
const LABEL: f64 = 0.5;

/// What fools a list of words: nobody in it is in trouble.
#[test]
fn innocent_texts_raise_no_alarm() {
    let lines = include_str!("../../../tests/corpus/innocent.txt").lines();
    let texts: Vec<&str> = lines.filter(|line| !line.is_empty() && !line.starts_with("# ")).collect();
    assert!(texts.len() >= 300);
    let alarms = texts.into_iter().flat_map(|text| {
        let signals = read(text, Speech::Whole, &LEXICON);
        let strong = signals.signals.into_iter().filter(|signal| signal.strength >= LABEL);
        strong.map(move |signal| format!("{text}\n  {} {:.2} {:?}\n", signal.kind, signal.strength, signal.evidence))
    });
    assert_eq!(alarms.collect::<String>(), "");
}

/// Trouble in disguise is found all the same.
#[test]
fn wicked_texts_are_seen_through() {
    let lines = include_str!("../../../tests/corpus/wicked.txt").lines();
    let missed = lines.filter_map(|line| {
        let (kind, text) = line.split_once('\t').expect("a kind, a tab, a text");
        let signals = read(text, Speech::Whole, &LEXICON);
        (signals.strength(&Kind::from(kind)) < LABEL).then(|| format!("{line}\n  {}\n", shown(&signals)))
    });
    assert_eq!(missed.collect::<String>(), "");
}

/// Every way to write a term is found where a customer writes it.
#[test]
fn the_lexicon_finds_its_own_words() {
    let single: Vec<&Entry> = LEXICON
        .entries()
        .iter()
        .filter(|entry| entry.weight > 0.0 && !entry.term.contains(['(', '{', '…', '~', '#']))
        .collect();
    assert!(single.len() > 400);
    for entry in single {
        let clues = clues(&format!("well {} there", entry.term), Speech::Whole, &LEXICON);
        let found = clues.iter().any(|clue| LEXICON.entries()[clue.entry].kind == entry.kind);
        assert!(found, "{entry:?}");
    }
}

proptest! {
    /// Any string has an answer, and all evidence is where it says.
    #[test]
    fn evidence_points_into_the_original(text in hostile_text(), quoted in any::<bool>()) {
        let speech = if quoted { Speech::QuotesOnly } else { Speech::Whole };
        let signals = read(&text, speech, &LEXICON);
        for evidence in signals.signals.iter().flat_map(|signal| &signal.evidence) {
            let span: String = text.chars().skip(evidence.start).take(evidence.end - evidence.start).collect();
            prop_assert_eq!(&span, &evidence.text);
            prop_assert!((0.0..=1.0).contains(&evidence.weight));
        }
        prop_assert!(signals.claims.iter().all(|claim| claim.start < claim.end && claim.end <= text.chars().count()));
        prop_assert!(signals.signals.iter().all(|signal| (0.0..=1.0).contains(&signal.strength)));
    }

    /// Masks part the text between characters.
    #[test]
    fn masks_stand_in_order(text in hostile_text(), quoted in any::<bool>()) {
        let mut at = 0;
        for mask in mask::masks(&text, if quoted { Speech::QuotesOnly } else { Speech::Whole }) {
            prop_assert!(at <= mask.start && mask.start < mask.end && text.get(mask.clone()).is_some());
            at = mask.end;
        }
    }
}

/// Words that matter between signs that break careless readers.
fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(vec![
            "lawyer",
            "refund",
            "$1.5k",
            "not",
            "hacked",
            "fuuuck",
            "l4wyer",
            "refund my $500",
            "3 x $200",
            "\u{fdfa}",
            "\u{200b}",
            "a\u{301}\u{302}\u{303}",
            "```",
            "`",
            "<@1>",
            "<",
            "https://",
            "www.",
            "@",
            "> ",
            ">>> ",
            "\n",
            ". ",
            "called you 5 times",
            "the site is down",
            "€",
            "Rs. ",
            "1,000,000.00",
            "İ",
            "ß",
            "ﬁ",
            "between 4 and 6 usd",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
        Just(" ".to_owned()),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}
