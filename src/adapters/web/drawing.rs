//! The clocks of a case as bars on one scale.

use serde::Serialize;

use crate::sop::timeline::{Outcome, Run, Stretch, StretchKind, Track, TrackOf};

/// Everything that is drawn: one bar a clock, below each other. Lengths are in thousandths of the width.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Drawing<'t> {
    /// The ends of the scale, in seconds since 1970.
    pub(super) from: i64,
    pub(super) to: i64,
    /// Where the present stands; `None`: beyond it.
    pub(super) now: Option<i64>,
    pub(super) bars: Vec<Bar<'t>>,
}

/// All that one clock ever ran.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Bar<'t> {
    #[serde(flatten)]
    pub(super) of: &'t TrackOf,
    pub(super) parts: Vec<Part>,
    /// Where its time ran out, or will.
    pub(super) limits: Vec<i64>,
    /// How often it ran, how often that came to its end in time, and how often out of its time.
    pub(super) runs: usize,
    pub(super) kept: usize,
    pub(super) late: usize,
    /// The last of its runs.
    pub(super) last: &'t Run,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Part {
    pub(super) x: i64,
    pub(super) width: i64,
    pub(super) kind: StretchKind,
}

const WIDTH: i64 = 1_000;
/// Narrower than this nobody sees it.
const PART_MIN: i64 = 4;

/// `None`: nothing has run.
pub(super) fn draw<'t>(tracks: &'t [Track], now: i64) -> Option<Drawing<'t>> {
    let stretches = || tracks.iter().flat_map(Track::stretches);
    let from = stretches().map(|stretch| stretch.from).min()?;
    let to = stretches().map(|stretch| stretch.to).max()?.max(from + 1);
    let x = |at: i64| (at - from) * WIDTH / (to - from);
    let part = |stretch: &Stretch| {
        let (begins, ends) = (x(stretch.from), x(stretch.to));
        let width = (ends - begins).max(PART_MIN);
        Part { x: begins.min(WIDTH - width), width, kind: stretch.kind }
    };
    let bar = |track: &'t Track| {
        let mut parts: Vec<_> = track.stretches().map(part).collect();
        // Above what follows it, so that it is seen however short it was.
        parts.sort_by_key(|part| part.kind == StretchKind::Late);
        let dues = track.runs.iter().filter_map(|run| run.due);
        Some(Bar {
            of: &track.of,
            limits: dues.filter(|due| (from..=to).contains(due)).map(x).collect(),
            runs: track.runs.len(),
            kept: track.runs.iter().filter(|run| run.outcome == Outcome::Kept).count(),
            late: track.runs.iter().filter(|run| run.outcome.is_late()).count(),
            last: track.runs.last().filter(|_| !parts.is_empty())?,
            parts,
        })
    };
    let bars = tracks.iter().filter_map(bar).collect();
    Some(Drawing { from, to, now: (from..=to).contains(&now).then(|| x(now)), bars })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_share_a_scale() {
        let of = |team: &str| TrackOf::Page { team: team.to_owned() };
        let stretch = |from, to, kind| Stretch { from, to, kind };
        let late = Run {
            stretches: vec![stretch(100, 150, StretchKind::Ran), stretch(150, 200, StretchKind::Late)],
            due: Some(150),
            outcome: Outcome::TooLate,
        };
        let going = Run {
            stretches: vec![stretch(200, 201, StretchKind::Ran), stretch(201, 300, StretchKind::Left)],
            due: Some(300),
            outcome: Outcome::InTime,
        };
        let tracks = [
            Track { of: of("Leads"), runs: vec![late, going.clone()] },
            Track { of: of("Legal"), runs: vec![going.clone()] },
            Track { of: of("Nobody"), runs: Vec::new() },
        ];
        let drawing = draw(&tracks, 201).expect("something ran");
        let parts = |bar: &Bar<'_>| bar.parts.iter().map(|part| (part.x, part.width)).collect::<Vec<_>>();
        assert_eq!((drawing.from, drawing.to, drawing.now), (100, 300, Some(505)));
        let [leads, legal] = &drawing.bars[..] else { panic!("what has not run is not drawn") };
        assert_eq!(parts(leads), [(0, 250), (500, 5), (505, 495), (250, 250)]);
        assert_eq!((leads.runs, leads.kept, leads.late, leads.last), (2, 0, 1, &going));
        assert_eq!(leads.limits, [250, 1_000]);
        assert_eq!(parts(legal), [(500, 5), (505, 495)]);
        assert_eq!((&legal.limits[..], legal.runs, legal.late), (&[1_000][..], 1, 0));
    }

    #[test]
    fn nothing_that_ran_is_nothing_to_draw() {
        assert_eq!(draw(&[], 5), None);
    }
}
