//! Texts from outside, and ours on their way out.

use std::time::{Duration, Instant};

use expect_test::expect;

use crate::adapters::tickets::text::{TEXT_CHARS_MAX, from_html, line, plain, reason, to_html};

#[test]
fn html_becomes_what_people_read() {
    let html = "<div>Hello <b>all</b>,<br>it drops: <ul><li>at 2</li><li>at 4</li></ul><table><tr><td>a</td><td>b</td>\
        </tr></table><a href='https://evil.example'>here</a> &lt;b&gt; <style>x{}</style><script>alert(1)</script>\
        <img src=x alt='pic'></div>";
    expect![[r#"
        Hello all,
        it drops:
        * at 2
        * at 4
        a b
        here <b>"#]]
    .assert_eq(&from_html(html));
    assert_eq!(from_html("no markup"), "no markup");
    assert_eq!(from_html("<p>unclosed <b>bold"), "unclosed bold");
    assert_eq!(from_html(""), "");
}

#[test]
fn what_nobody_may_send_is_gone() {
    assert_eq!(line("a\u{202e}b\u{7}\tc\n d"), "ab c d");
    assert_eq!(plain("one\r\ntwo\u{2066}\u{0}  "), "one\ntwo");
    assert_eq!(from_html("a&#8238;b&#7;"), "ab");
    assert_eq!(plain(&"x".repeat(TEXT_CHARS_MAX * 2)).chars().count(), TEXT_CHARS_MAX);
}

#[test]
fn ours_stays_what_it_is_on_both_ways() {
    let text = "1 < 2 & \"x\" 'y'\n<script>alert(1)</script> [ESC-12 #3]";
    assert!(!to_html(text).contains("<script"));
    assert_eq!(from_html(&to_html(text)), text);
}

#[test]
fn reasons_hold_no_secret_and_nobodys_address() {
    let secrets = ["k3y".to_owned()];
    assert_eq!(reason("bad k3y\nfor mailto:dana@customer.test", &secrets), "bad … for mailto:…@…");
}

/// Whoever writes the mail chooses its markup; the time is bounded, whatever it is.
#[test]
fn wicked_html_takes_no_time() {
    let wicked = [
        "<div>".repeat(100_000),
        "<b><i><a href=x>".repeat(40_000),
        "<table><tr><td>".repeat(40_000),
        "<ul><li>".repeat(40_000),
        "<blockquote>".repeat(40_000),
        "&".repeat(1_000_000),
        "<".repeat(1_000_000),
        "<p>x".repeat(200_000),
        "<a b='".repeat(100_000),
        format!("<p {}>", "a=b ".repeat(100_000)),
        "x".repeat(3_000_000),
    ];
    for html in wicked {
        let started = Instant::now();
        let text = from_html(&html);
        assert!(text.chars().count() <= TEXT_CHARS_MAX);
        let took = started.elapsed();
        assert!(took < Duration::from_secs(2), "{:?}: {took:?}", &html[..12]);
    }
}
