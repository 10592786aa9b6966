//! Amounts as people type them: "$1.5k", "€ 1.200,50", "3 x $200", "between 400 and 600 dollars", "Rs 4,500".
//!
//! Reads a normalised text, so letters are lower case and full-width signs are plain. Numbers first, each with the
//! currency that touches it; then neighbours that make one amount together (a range, a product) are joined.

use rust_decimal::Decimal;

use super::Currency;

/// More digits than any amount of money has; also keeps every value inside a [`Decimal`].
const DIGITS_MAX: usize = 15;
/// "3 x $200": more pieces than this is arithmetic about something else.
const PIECES_MAX: u32 = 1_000;
/// "4 seats at $30 each": how many things with one price somebody buys.
const COUNT_MAX: u32 = 100;
/// Words between their number and their price.
const COUNTED_WORDS: usize = 4;
/// Letters in the longest word for a currency; a bound on how far to look back from a number.
const CURRENCY_WORD_MAX: usize = 10;

/// An amount of money in the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Amount {
    pub value: Decimal,
    pub currency: Currency,
    /// Bytes of the normalised text, currency included.
    pub start: usize,
    pub end: usize,
}

/// Every amount with a currency, in the order of the text.
pub(super) fn amounts(text: &str) -> Vec<Amount> {
    let mut joined: Vec<Number> = Vec::new();
    for next in numbers(text) {
        let together = joined.last().and_then(|last| last.join(&next, text));
        match (together, joined.last_mut()) {
            (Some(together), Some(last)) => *last = together,
            _ => joined.push(next),
        }
    }
    let amount = |number: Number| {
        let Number { value, currency, start, end } = number;
        let currency = currency?.parse().expect("the tables hold codes");
        Some(Amount { value: value.normalize(), currency, start, end })
    };
    joined.into_iter().filter_map(amount).filter(|amount| amount.value > Decimal::ZERO).collect()
}

/// A number, perhaps with a currency.
struct Number {
    value: Decimal,
    currency: Option<&'static str>,
    start: usize,
    end: usize,
}

impl Number {
    /// The one amount that two neighbours make: the upper end of a range, the product of pieces and price.
    fn join(&self, next: &Self, text: &str) -> Option<Self> {
        let currency = match (self.currency, next.currency) {
            (Some(one), Some(other)) if one != other => return None,
            (one, other) => one.or(other)?,
        };
        let value = match text[self.end..next.start].trim() {
            between if next.is_price_of_each(text) && self.counts(between) => next.value.checked_mul(self.value)?,
            "+" => self.value.checked_add(next.value)?,
            "-" | "–" | "—" | "to" | "a" => self.value.max(next.value),
            "and" | "y" if is_between(&text[..self.start]) => self.value.max(next.value),
            // In "* 2/3" there is no whole number of pieces.
            "x" | "×" | "*" if !text[next.end..].starts_with('/') => {
                let pieces = if self.currency.is_none() { self.value } else { next.value };
                let is_count = pieces.is_integer() && pieces <= Decimal::from(PIECES_MAX);
                let other = if self.currency.is_none() { next.value } else { self.value };
                other.checked_mul(pieces).filter(|_| is_count)?
            }
            _ => return None,
        };
        Some(Self { value, currency: Some(currency), start: self.start, end: next.end })
    }

    /// "$40 each".
    fn is_price_of_each(&self, text: &str) -> bool {
        let after = text[self.end..].trim_start_matches([' ', '/']);
        self.currency.is_some() && matches!(leading_letters(after), "each" | "apiece" | "ea")
    }

    /// "3 tickets at", before the price of each.
    fn counts(&self, between: &str) -> bool {
        let is_count = self.currency.is_none() && self.value.is_integer() && self.value <= Decimal::from(COUNT_MAX);
        let is_phrase = between.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '@'));
        is_count && is_phrase && between.split(' ').count() <= COUNTED_WORDS
    }
}

fn is_between(before: &str) -> bool {
    let before = before.trim_end();
    before.ends_with("between") || before.ends_with("entre")
}

fn numbers(text: &str) -> Vec<Number> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(offset) = bytes[at..].iter().position(u8::is_ascii_digit) {
        let start = at + offset;
        let end = digits_end(bytes, start);
        // What belongs to the number before does not belong to this one: in "5 usd6" there is one currency.
        let taken = found.last().map_or(0, |last: &Number| last.end);
        found.extend(number(text, taken, start, end));
        at = end;
    }
    found
}

/// The end of a run of digits with single separators inside.
fn digits_end(bytes: &[u8], start: usize) -> usize {
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut end = start;
    while digit(end) || (matches!(bytes.get(end), Some(b'.' | b',' | b'\'')) && digit(end + 1)) {
        end += 1;
    }
    end
}

/// The number at `start..end` with what belongs to it on both sides, from `taken` on; `None` where it is part of a word.
fn number(text: &str, taken: usize, start: usize, end: usize) -> Option<Number> {
    let value = parse(&text[start..end])?;
    let (factor, end) = multiplier(text, end);
    let value = value.checked_mul(factor)?;
    let left = currency_before(&text[taken..start]);
    let right = currency_after(&text[end..]);
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_alphabetic() && c != 'x');
    if (left.is_none() && letter(text[..start].chars().next_back()))
        || (right.is_none() && letter(text[end..].chars().next()))
    {
        return None;
    }
    let (start, currency) = left.map_or((start, None), |(length, currency)| (start - length, Some(currency)));
    let (end, currency) = match right {
        Some((length, right)) if currency.is_none_or(|left| left == right || (left == "USD" && is_dollar(right))) => {
            (end + length, Some(right))
        }
        _ => (end, currency),
    };
    Some(Number { value, currency, start, end })
}

/// "1,200.50", "1.200,50", "1,00,000", "1'200", "4,500", "1,5": a lone separator before exactly three digits groups
/// thousands, otherwise the last one of its kind is the decimal point.
fn parse(written: &str) -> Option<Decimal> {
    if written.bytes().filter(u8::is_ascii_digit).count() > DIGITS_MAX {
        return None;
    }
    let count = |separator: char| written.matches(separator).count();
    let point = written.rfind(['.', ',']).filter(|&at| {
        let separator = char::from(written.as_bytes()[at]);
        let has_other = count('.') > 0 && count(',') > 0;
        let groups_thousands = written.len() - at - 1 == 3 && !written.starts_with('0') && at <= 3;
        count(separator) == 1 && (has_other || !groups_thousands)
    });
    let digits = |part: &str| part.chars().filter(char::is_ascii_digit).collect::<String>();
    let plain = match point {
        Some(at) => format!("{}.{}", digits(&written[..at]), digits(&written[at + 1..])),
        None => digits(written),
    };
    Decimal::from_str_exact(&plain).ok()
}

/// "k", "thousand", "lakh" after the digits, and where they end.
fn multiplier(text: &str, end: usize) -> (Decimal, usize) {
    let rest = &text[end..];
    let word_start = rest.len() - rest.strip_prefix(' ').unwrap_or(rest).len();
    let word = leading_letters(&rest[word_start..]);
    let factor: u32 = match (word, word_start) {
        ("k", 0) | ("thousand" | "mil", _) => 1_000,
        ("m", 0) | ("million" | "millones", _) => 1_000_000,
        ("lakh" | "lakhs" | "lac", _) => 100_000,
        ("crore" | "crores", _) => 10_000_000,
        _ => return (Decimal::ONE, end),
    };
    (factor.into(), end + word_start + word.len())
}

fn leading_letters(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len())]
}

/// The currency right before a number, one space or "rs." between allowed, and its length in bytes.
fn currency_before(before: &str) -> Option<(usize, &'static str)> {
    let touching = before.strip_suffix(' ').unwrap_or(before);
    let sign = touching.chars().next_back()?;
    if let Some(currency) = currency_of_sign(sign) {
        let lead = touching.strip_suffix(sign)?;
        let (lead_length, currency) = dollar_lead(lead).filter(|_| sign == '$').unwrap_or((0, currency));
        return Some((before.len() - lead.len() + lead_length, currency));
    }
    let written = touching.strip_suffix('.').unwrap_or(touching);
    let letters = written.bytes().rev().take(CURRENCY_WORD_MAX).take_while(u8::is_ascii_alphabetic).count();
    let word = &written[written.len() - letters..];
    Some((before.len() - written.len() + letters, currency_of_word(word)?))
}

/// Which dollar: the letters before the sign, and how many.
fn dollar_lead(lead: &str) -> Option<(usize, &'static str)> {
    const LEADS: [(&str, &str); 9] = [
        ("us", "USD"),
        ("ca", "CAD"),
        ("c", "CAD"),
        ("au", "AUD"),
        ("a", "AUD"),
        ("nz", "NZD"),
        ("hk", "HKD"),
        ("mx", "MXN"),
        ("r", "BRL"),
    ];
    let letters = lead.bytes().rev().take(3).take_while(u8::is_ascii_alphabetic).count();
    let word = &lead[lead.len() - letters..];
    LEADS.iter().find(|(letters, _)| *letters == word).map(|(letters, currency)| (letters.len(), *currency))
}

/// What a bare "$" may turn out to be: "$200 CAD".
fn is_dollar(currency: &str) -> bool {
    matches!(currency, "CAD" | "AUD" | "NZD" | "SGD" | "HKD" | "MXN")
}

/// The currency right after a number, and how many bytes that takes.
fn currency_after(after: &str) -> Option<(usize, &'static str)> {
    if after.starts_with("/-") || after.starts_with("/=") {
        return Some((2, "INR"));
    }
    let touching = after.strip_prefix(' ').unwrap_or(after);
    let skipped = after.len() - touching.len();
    let sign = touching.chars().next()?;
    if let Some(currency) = currency_of_sign(sign) {
        let rest = &touching[sign.len_utf8()..];
        // In "400 $500" the sign belongs to what follows.
        let is_ours = !rest.starts_with(|c: char| c.is_ascii_digit());
        return is_ours.then_some((skipped + sign.len_utf8(), currency));
    }
    let word = leading_letters(touching);
    Some((skipped + word.len(), currency_of_word(word)?))
}

/// A bare "$" is the US dollar, as in most of team chat.
fn currency_of_sign(sign: char) -> Option<&'static str> {
    Some(match sign {
        '$' => "USD",
        '€' => "EUR",
        '£' => "GBP",
        '¥' => "JPY",
        '₹' => "INR",
        '₽' => "RUB",
        '₩' => "KRW",
        '₺' => "TRY",
        '₱' => "PHP",
        '₦' => "NGN",
        '₪' => "ILS",
        '₫' => "VND",
        '₴' => "UAH",
        '฿' => "THB",
        _ => return None,
    })
}

/// Codes and what people call a currency. A bare "peso" is the Mexican one, the most used.
const CURRENCY_WORDS: &[(&str, &[&str])] = &[
    ("USD", &["usd", "dollar", "dollars", "buck", "bucks", "dolar", "dolares"]),
    ("EUR", &["eur", "euro", "euros"]),
    ("GBP", &["gbp", "pound", "pounds", "quid", "libras"]),
    ("INR", &["inr", "rs", "rupee", "rupees", "rupies"]),
    ("MXN", &["mxn", "mxp", "peso", "pesos"]),
    ("JPY", &["jpy", "yen"]),
    ("CNY", &["cny", "rmb", "yuan"]),
    ("BRL", &["brl", "reais"]),
    ("CHF", &["chf", "francs"]),
    ("NGN", &["ngn", "naira"]),
    ("ZAR", &["zar", "rand"]),
    ("AED", &["aed", "dirham", "dirhams", "dhs"]),
    ("CAD", &["cad"]),
    ("AUD", &["aud"]),
    ("NZD", &["nzd"]),
    ("SGD", &["sgd"]),
    ("HKD", &["hkd"]),
    ("SEK", &["sek"]),
    ("NOK", &["nok"]),
    ("DKK", &["dkk"]),
    ("PLN", &["pln", "zl"]),
    ("PHP", &["php"]),
    ("PKR", &["pkr"]),
    ("ARS", &["ars"]),
    ("CLP", &["clp"]),
    ("COP", &["cop"]),
];

/// Every word for a currency.
pub(in crate::sop::signal) fn currency_words() -> impl Iterator<Item = &'static str> {
    CURRENCY_WORDS.iter().flat_map(|(_, words)| words.iter().copied())
}

fn currency_of_word(word: &str) -> Option<&'static str> {
    CURRENCY_WORDS.iter().find(|(_, words)| words.contains(&word)).map(|(currency, _)| *currency)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "expect! makes a value")]
    fn check(text: &str, want: Expect) {
        let shown = |a: &Amount| format!("{} {} from \"{}\"\n", a.value, a.currency, &text[a.start..a.end]);
        want.assert_eq(&amounts(text).iter().map(shown).collect::<String>());
    }

    #[test]
    fn written_in_many_ways() {
        check(
            "$1.5k, 500 bucks, € 1.200,50, rs 4,500, usd 700, rs. 2999/-, 20$",
            expect![[r#"
                1500 USD from "$1.5k"
                500 USD from "500 bucks"
                1200.5 EUR from "€ 1.200,50"
                4500 INR from "rs 4,500"
                700 USD from "usd 700"
                2999 INR from "rs. 2999/-"
                20 USD from "20$"
            "#]],
        );
        check(
            "1,00,000 inr, 2 lakh rupees, $1'200.50, ₹10000, 16.000 aed, 0.500 eur, us$ 12, a$9, $7 cad, 450/=",
            expect![[r#"
                100000 INR from "1,00,000 inr"
                200000 INR from "2 lakh rupees"
                1200.5 USD from "$1'200.50"
                10000 INR from "₹10000"
                16000 AED from "16.000 aed"
                0.5 EUR from "0.500 eur"
                12 USD from "us$ 12"
                9 AUD from "a$9"
                7 CAD from "$7 cad"
                450 INR from "450/="
            "#]],
        );
    }

    #[test]
    fn ranges_and_products() {
        check(
            "between 400 and 600 dollars; $400-$600; 400 to 600 usd; 40-60€",
            expect![[r#"
                600 USD from "400 and 600 dollars"
                600 USD from "$400-$600"
                600 USD from "400 to 600 usd"
                60 EUR from "40-60€"
            "#]],
        );
        check(
            "3 x $200, 3x200$, $50 x 4, 2 × 30 €, 700 inr * 2/3, $30 + $12.50",
            expect![[r#"
                600 USD from "3 x $200"
                600 USD from "3x200$"
                200 USD from "$50 x 4"
                60 EUR from "2 × 30 €"
                700 INR from "700 inr"
                42.5 USD from "$30 + $12.50"
            "#]],
        );
        check(
            "4 seats at $30 each; 2 bags, $15 each; $20 each; 3 tickets €7 apiece; 5 days for the $9",
            expect![[r#"
                120 USD from "4 seats at $30"
                15 USD from "$15"
                20 USD from "$20"
                21 EUR from "3 tickets €7"
                9 USD from "$9"
            "#]],
        );
        check(
            "$400 and $600 and 5 to 7 days, between 4 and 6 usd1,000",
            expect![[r#"
                400 USD from "$400"
                600 USD from "$600"
                6 USD from "4 and 6 usd"
            "#]],
        );
    }

    #[test]
    fn not_money() {
        check("4th of 12 emails, win10, b2b, 24h, 2024-01-02, order 12345678, 99%", expect![[""]]);
        check("$99999999999999999999999999, $0, 1.2.3.4, $", expect![[""]]);
    }
}
