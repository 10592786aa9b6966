//! The ladders as a picture (SVG 1.1): a row for each plan, from the triggers on the left to the last resort on the
//! right.
//!
//! What became of a part is said by its colour, by its outline and by a word, so that no reader depends on colours. The
//! picture brings no style of its own unless it stands alone: a page that forbids inline style has `ladder.css`.

use std::fmt::Write as _;

use crate::sop::guide::{Lane, Mark, Rail, Step};
use crate::sop::trigger::Mode;
use crate::words::guide::measure::{fitted, measured, wrapped};
use crate::words::guide::sentences;
use crate::words::shown::shown;

/// The style of the picture, for pages that it stands in.
pub const LADDER_STYLE: &str = include_str!("../../../templates/ladder.css");

const MARGIN: u32 = 16;
/// Triggers: width, height of one whose name takes one line, room between two.
const RAIL: (u32, u32, u32) = (264, 46, 8);
/// A name may take so many lines of this height.
const NAME_LINES: (usize, u32) = (2, 17);
/// Rungs: width, and the height of what every one has.
const BOX: (u32, u32) = (206, 58);
/// A line more in a rung.
const LINE: u32 = 16;
/// Between two rungs there is room for an arrow and its words.
const GAP: u32 = 128;
/// Between triggers and the first rung.
const BRACKET: u32 = 52;
/// Below the rungs for the arrow back.
const LOOP: u32 = 34;
const LANE_GAP: u32 = 22;
const PAD: u32 = 12;
const LEGEND: u32 = 30;
/// Sizes of type: names, and what stands below them.
const NAME: u32 = 14;
const SMALL: u32 = 12;

/// A picture as text: one `svg` element. `alone` gives it its style.
pub(super) fn drawn(lanes: &[Lane], title: &str, alone: bool) -> String {
    let steps = lanes.iter().map(|lane| lane.steps.len()).max().unwrap_or_default();
    let columns = u32::try_from(steps).unwrap_or(1).max(1);
    let width = MARGIN * 2 + PAD * 2 + RAIL.0 + BRACKET + columns * BOX.0 + (columns - 1) * GAP;
    let mut body = String::new();
    let mut top = MARGIN;
    for lane in lanes {
        let height = height(lane);
        draw_lane(&mut body, lane, top, width, height);
        top += height + LANE_GAP;
    }
    draw_legend(&mut body, lanes, top);
    let height = top + LEGEND;
    let style = if alone { format!("<style>{LADDER_STYLE}</style>") } else { String::new() };
    let described: Vec<String> = lanes.iter().map(described).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ladder\" role=\"img\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\" \
         aria-labelledby=\"ladder-title ladder-desc\"><title id=\"ladder-title\">{}</title>\
         <desc id=\"ladder-desc\">{}</desc>{style}<rect class=\"ladder-ground\" width=\"{width}\" height=\"{height}\" \
         fill=\"none\"/>{body}</svg>\n",
        escaped(title),
        escaped(&described.join(" ")),
    )
}

/// Lines that a rung has besides its team and its time.
fn lines(step: &Step) -> Vec<String> {
    let hours = step.calendar.as_ref().map(|calendar| format!("in the hours of {calendar}"));
    let rung = step.on_call.then(|| "rings who is on call".to_owned());
    let acks = (step.required_acks > 1).then(|| format!("{} people have to answer", step.required_acks));
    let last = step.is_last.then(|| "last resort".to_owned());
    last.into_iter().chain(hours).chain(rung).chain(acks).chain(word(step.mark).map(str::to_owned)).collect()
}

fn box_height(step: &Step) -> u32 {
    BOX.1 + LINE * u32::try_from(lines(step).len()).unwrap_or_default()
}

/// The name of a trigger, in as many lines as it takes.
fn name_lines(rail: &Rail) -> Vec<String> {
    wrapped(name(rail), RAIL.0 - 28, NAME, NAME_LINES.0)
}

fn rail_height(rail: &Rail) -> u32 {
    let more = u32::try_from(name_lines(rail).len()).unwrap_or(1).saturating_sub(1);
    RAIL.1 + more * NAME_LINES.1
}

fn name(rail: &Rail) -> &str {
    rail.name.as_deref().unwrap_or("Escalated by hand")
}

fn boxes_height(lane: &Lane) -> u32 {
    lane.steps.iter().map(box_height).max().unwrap_or(BOX.1)
}

fn rails_height(lane: &Lane) -> u32 {
    lane.rails.iter().map(|rail| rail_height(rail) + RAIL.2).sum::<u32>().saturating_sub(RAIL.2)
}

/// How often it is climbed again is drawn where it is more than never, or was.
fn repeats(lane: &Lane) -> bool {
    lane.repeat > 0 || lane.repeat_before.is_some_and(|before| before > 0)
}

fn height(lane: &Lane) -> u32 {
    let back = if repeats(lane) { LOOP } else { 0 };
    PAD * 2 + (boxes_height(lane) + back).max(rails_height(lane))
}

fn draw_lane(out: &mut String, lane: &Lane, top: u32, width: u32, height: u32) {
    let ground = width - MARGIN * 2;
    put(
        out,
        format_args!(
            "<rect class=\"lane\" x=\"{MARGIN}\" y=\"{top}\" width=\"{ground}\" height=\"{height}\" rx=\"8\" fill=\"#f4f5f7\"/>"
        ),
    );
    let left = MARGIN + PAD;
    let first = left + RAIL.0 + BRACKET;
    let boxes = boxes_height(lane);
    // Few triggers stand beside the middle of the rungs, and rungs beside the middle of many triggers.
    let back = if repeats(lane) { LOOP } else { 0 };
    let rails_top = top + PAD + (boxes.saturating_sub(rails_height(lane))) / 2;
    let boxes_top = top + PAD + rails_height(lane).saturating_sub(boxes + back) / 2;
    let middle = boxes_top + boxes / 2;
    let spine = left + RAIL.0 + BRACKET / 2 - 6;
    let mut joins: Vec<u32> = vec![middle];
    let mut y = rails_top;
    for rail in &lane.rails {
        draw_rail(out, rail, left, y);
        if rail.mode != Mode::Off && rail.mark != Mark::Removed {
            let (from, own) = (left + RAIL.0, y + rail_height(rail) / 2);
            // What halves have left over makes no kink.
            let middle = if own.abs_diff(middle) <= 1 { middle } else { own };
            let watched = if rail.mode == Mode::Watch { " watch\" stroke-dasharray=\"5 4" } else { "" };
            put(
                out,
                format_args!(
                    "<path class=\"arrow{watched}\" fill=\"none\" stroke=\"#555\" d=\"M{from} {middle}H{spine}\"/>"
                ),
            );
            joins.push(middle);
        }
        y += rail_height(rail) + RAIL.2;
    }
    if joins.len() > 1 {
        let (highest, lowest) = (joins.iter().min().unwrap_or(&middle), joins.iter().max().unwrap_or(&middle));
        put(
            out,
            format_args!(
                "<path class=\"arrow\" fill=\"none\" stroke=\"#555\" d=\"M{spine} {highest}V{lowest}M{spine} {middle}H{}\"/>",
                first - 6
            ),
        );
        draw_head(out, first, middle);
    }
    let mut x = first;
    let bottom = |step: &Step| boxes_top + boxes.midpoint(box_height(step));
    let mut last_rung = (first, bottom(&lane.steps[0]));
    for (at, step) in lane.steps.iter().enumerate() {
        if at > 0 {
            draw_arrow(out, x - GAP, x, middle, step);
        }
        draw_step(out, step, x, boxes_top, boxes);
        if !step.is_last {
            last_rung = (x, bottom(step));
        }
        x += BOX.0 + GAP;
    }
    if repeats(lane) {
        let first_rung = (first, bottom(&lane.steps[0]));
        draw_back(out, lane, first_rung, last_rung, boxes_top + boxes);
    }
}

/// A trigger: its name, and what kind of one it is.
fn draw_rail(out: &mut String, rail: &Rail, x: u32, y: u32) {
    let (width, height) = (RAIL.0, rail_height(rail));
    let outline = match (rail.mode, rail.mark) {
        (_, Mark::Removed) => " stroke-dasharray=\"2 3\"",
        (Mode::Live, _) => "",
        (Mode::Watch, _) => " stroke-dasharray=\"6 4\"",
        (Mode::Off, _) => " stroke-dasharray=\"1 4\"",
    };
    let severity = rail.severity.name();
    let about = [
        Some(severity.to_uppercase()),
        word(rail.mark).map(str::to_owned),
        rail.confidential.then(|| "confidential".to_owned()),
        (rail.mode != Mode::Live).then(|| sentences::mode(rail.mode).to_owned()),
    ];
    let about = about.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    put(
        out,
        format_args!(
            "<g class=\"rail {} {severity}\"><title>{}</title>",
            class(rail.mark),
            escaped(&format!("{}: {about}", name(rail)))
        ),
    );
    put(
        out,
        format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"#fff\" stroke=\"#555\"{outline}/>"
        ),
    );
    put(
        out,
        format_args!(
            "<rect class=\"strip\" x=\"{x}\" y=\"{y}\" width=\"6\" height=\"{height}\" rx=\"3\" fill=\"#555\"/>"
        ),
    );
    let mut text = x + 16;
    let room = width - 28;
    let mut line = y + 20;
    for (at, name) in name_lines(rail).iter().enumerate() {
        line += if at == 0 { 0 } else { NAME_LINES.1 };
        write_text(out, "name", text, line, NAME, name, room, rail.mark == Mark::Removed);
    }
    line += 17;
    if rail.confidential {
        draw_lock(out, text, line - 11);
        text += 15;
    }
    write_text(out, "small", text, line, SMALL, &about, room - 15, false);
    out.push_str("</g>");
}

/// A padlock, twelve units high.
fn draw_lock(out: &mut String, x: u32, y: u32) {
    put(
        out,
        format_args!(
            "<g class=\"lock\" fill=\"#555\"><rect x=\"{x}\" y=\"{}\" width=\"10\" height=\"7\" rx=\"1\"/>",
            y + 5
        ),
    );
    put(
        out,
        format_args!(
            "<path fill=\"none\" stroke=\"#555\" stroke-width=\"1.6\" d=\"M{} {}v-2a3 3 0 0 1 6 0v2\"/></g>",
            x + 2,
            y + 5
        ),
    );
}

fn draw_step(out: &mut String, step: &Step, x: u32, top: u32, room: u32) {
    let height = box_height(step);
    let y = top + (room - height) / 2;
    let kind = if step.is_last { "step last" } else { "step" };
    let outline = if step.mark == Mark::Removed { " stroke-dasharray=\"2 3\"" } else { "" };
    let more = lines(step);
    let said = format!("{}: within {}", step.team, sentences::length(step.within));
    let said = [vec![said], more.clone()].concat().join(", ");
    put(out, format_args!("<g class=\"{kind} {}\"><title>{}</title>", class(step.mark), escaped(&said)));
    put(
        out,
        format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{height}\" rx=\"8\" fill=\"#fff\" stroke=\"#555\"{outline}/>",
            BOX.0
        ),
    );
    if step.is_last {
        put(
            out,
            format_args!(
                "<rect class=\"inner\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"5\" fill=\"none\" stroke=\"#555\"/>",
                x + 4,
                y + 4,
                BOX.0 - 8,
                height - 8
            ),
        );
    }
    let (text, wide) = (x + 14, BOX.0 - 28);
    let mut line = y + 24;
    write_text(out, "name", text, line, NAME, &step.team, wide, step.mark == Mark::Removed);
    line += 18;
    let time = match step.within_before {
        Some(before) => format!("{} → {}", sentences::length(before), sentences::length(step.within)),
        None => format!("answer within {}", sentences::length(step.within)),
    };
    write_text(out, "small", text, line, SMALL, &time, wide, false);
    for said in more {
        line += LINE;
        write_text(out, "small", text, line, SMALL, &said, wide, false);
    }
    out.push_str("</g>");
}

/// From a rung to the next, with what has to pass.
fn draw_arrow(out: &mut String, from: u32, to: u32, y: u32, step: &Step) {
    let gone = if step.mark == Mark::Removed { " gone\" stroke-dasharray=\"2 3" } else { "" };
    put(out, format_args!("<path class=\"arrow{gone}\" fill=\"none\" stroke=\"#555\" d=\"M{from} {y}H{}\"/>", to - 6));
    draw_head(out, to, y);
    let x = from + GAP / 2;
    let room = GAP - 10;
    middle_text(out, x, y - 8, "no answer", room);
    if let Some(after) = step.after.filter(|_| step.mark != Mark::Removed) {
        middle_text(out, x, y + 17, &format!("after {}", sentences::length(after)), room);
    }
}

fn draw_head(out: &mut String, x: u32, y: u32) {
    put(out, format_args!("<path class=\"head\" fill=\"#555\" d=\"M{x} {y}l-8 -4v8z\"/>"));
}

/// The arrow back to the first rung. Of both rungs the left edge and the bottom; `bottom` is that of all.
fn draw_back(out: &mut String, lane: &Lane, first: (u32, u32), last: (u32, u32), bottom: u32) {
    let (from, to, y) = (last.0 + BOX.0 / 2 + 14, first.0 + BOX.0 / 2 - 14, bottom + LOOP - 16);
    put(
        out,
        format_args!(
            "<path class=\"arrow\" fill=\"none\" stroke=\"#555\" d=\"M{from} {}V{y}H{to}V{}\"/>",
            last.1 + 1,
            first.1 + 8
        ),
    );
    put(out, format_args!("<path class=\"head\" fill=\"#555\" d=\"M{to} {}l-4 8h8z\"/>", first.1 + 1));
    let times = |times: u32| if times == 1 { "once".to_owned() } else { format!("{times} times") };
    let said = match lane.repeat_before {
        Some(before) => format!("again: {before} → {}, changed", lane.repeat),
        None => format!("again, {}", times(lane.repeat)),
    };
    // Where there is one rung, the words stand beside the arrow.
    let wide = measured(&said, SMALL, false);
    if from - to > wide + 16 {
        put(
            out,
            format_args!(
                "<text class=\"small\" font-size=\"{SMALL}\" text-anchor=\"middle\" x=\"{}\" y=\"{}\">{}</text>",
                from.midpoint(to),
                y - 4,
                escaped(&said)
            ),
        );
    } else {
        put(
            out,
            format_args!(
                "<text class=\"small\" font-size=\"{SMALL}\" x=\"{}\" y=\"{}\">{}</text>",
                from + 8,
                y,
                escaped(&said)
            ),
        );
    }
}

/// What the outlines mean, as far as they are there.
fn draw_legend(out: &mut String, lanes: &[Lane], y: u32) {
    let rails = || lanes.iter().flat_map(|lane| &lane.rails);
    let marks =
        || rails().map(|rail| rail.mark).chain(lanes.iter().flat_map(|lane| lane.steps.iter().map(|step| step.mark)));
    let has = |mark: Mark| marks().any(|there| there == mark);
    let parts = [
        Some("Silence climbs from left to right; a double outline is the last resort, paged again and again."),
        rails().any(|rail| rail.mode == Mode::Watch).then_some("Dashed: only watched, nobody is paged."),
        rails().any(|rail| rail.mode == Mode::Off).then_some("Dotted, without an arrow: off."),
        rails().any(|rail| rail.confidential).then_some("Padlock: confidential."),
        has(Mark::Added).then_some("+ new."),
        has(Mark::Removed).then_some("− gone."),
        has(Mark::Changed).then_some("~ changed."),
    ];
    let said = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    put(
        out,
        format_args!(
            "<text class=\"small\" font-size=\"{SMALL}\" x=\"{MARGIN}\" y=\"{}\">{}</text>",
            y + 6,
            escaped(&said)
        ),
    );
}

#[expect(clippy::too_many_arguments, reason = "a text has a place, a look and a room")]
fn write_text(out: &mut String, class: &str, x: u32, y: u32, size: u32, text: &str, room: u32, is_struck: bool) {
    let is_bold = class == "name";
    let weight = if is_bold { " font-weight=\"600\"" } else { "" };
    let struck = if is_struck { " text-decoration=\"line-through\"" } else { "" };
    let shown = fitted(text, room, size, is_bold);
    put(
        out,
        format_args!(
            "<text class=\"{class}\" font-size=\"{size}\"{weight}{struck} x=\"{x}\" y=\"{y}\">{}</text>",
            escaped(&shown)
        ),
    );
}

fn middle_text(out: &mut String, x: u32, y: u32, text: &str, room: u32) {
    let shown = fitted(text, room, SMALL, false);
    put(
        out,
        format_args!(
            "<text class=\"small\" font-size=\"{SMALL}\" text-anchor=\"middle\" x=\"{x}\" y=\"{y}\">{}</text>",
            escaped(&shown)
        ),
    );
}

fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Same => "same",
        Mark::Added => "added",
        Mark::Removed => "removed",
        Mark::Changed => "changed",
    }
}

fn word(mark: Mark) -> Option<&'static str> {
    match mark {
        Mark::Same => None,
        Mark::Added => Some("+ new"),
        Mark::Removed => Some("− gone"),
        Mark::Changed => Some("~ changed"),
    }
}

/// A lane for whoever cannot see it.
fn described(lane: &Lane) -> String {
    let marked = |mark: Mark| word(mark).map(|word| format!(" ({word})")).unwrap_or_default();
    let rail = |rail: &Rail| {
        let name = name(rail);
        let confidential = if rail.confidential { ", confidential" } else { "" };
        let mode = if rail.mode == Mode::Live { String::new() } else { format!(", {}", sentences::mode(rail.mode)) };
        format!("{name}, {}{confidential}{mode}{}", rail.severity.name(), marked(rail.mark))
    };
    let rails: Vec<String> = lane.rails.iter().map(rail).collect();
    let step = |step: &Step| {
        let last = if step.is_last { "last resort " } else { "" };
        format!("{last}{} within {}{}", step.team, sentences::length(step.within), marked(step.mark))
    };
    let steps: Vec<String> = lane.steps.iter().map(step).collect();
    let again = if lane.repeat > 0 { format!(" Climbed again: {}.", lane.repeat) } else { String::new() };
    format!("{} → {}.{again}", rails.join("; "), steps.join(", then "))
}

fn put(out: &mut String, written: std::fmt::Arguments<'_>) {
    out.write_fmt(written).expect("a string takes it");
}

/// Text of a config as text of a picture. What no document may hold is left out.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in shown(text) {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push(' '),
            '\u{FFFE}' | '\u{FFFF}' => {}
            letter => out.push(letter),
        }
    }
    out
}
