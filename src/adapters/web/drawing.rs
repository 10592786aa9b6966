//! The clocks of a case as bars on one scale.

use serde::Serialize;

use crate::sop::timeline::{StretchKind, Track, TrackOf};

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

#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Bar<'t> {
    #[serde(flatten)]
    pub(super) of: &'t TrackOf,
    pub(super) parts: Vec<Part>,
    /// Where its time runs out.
    pub(super) due_x: Option<i64>,
    pub(super) due: Option<i64>,
    pub(super) is_late: bool,
    pub(super) is_over: bool,
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
pub(super) fn draw(tracks: &[Track], now: i64) -> Option<Drawing<'_>> {
    let stretches = || tracks.iter().flat_map(|track| &track.stretches);
    let from = stretches().map(|stretch| stretch.from).min()?;
    let to = stretches().map(|stretch| stretch.to).max()?.max(from + 1);
    let x = |at: i64| (at - from) * WIDTH / (to - from);
    let bar = |track: &'_ Track| {
        let part = |stretch: &crate::sop::timeline::Stretch| {
            let (begins, ends) = (x(stretch.from), x(stretch.to));
            let width = (ends - begins).max(PART_MIN);
            Part { x: begins.min(WIDTH - width), width, kind: stretch.kind }
        };
        let is = |kind| track.stretches.iter().any(|stretch| stretch.kind == kind);
        let last = track.stretches.iter().filter(|stretch| stretch.kind != StretchKind::Left).map(|it| it.to).max();
        (
            track.stretches.iter().map(part).collect::<Vec<_>>(),
            track.due.filter(|due| (from..=to).contains(due)).map(x),
            is(StretchKind::Late),
            last.is_some_and(|last| last < now),
        )
    };
    let mut bars = Vec::new();
    for track in tracks.iter().filter(|track| !track.stretches.is_empty()) {
        let (parts, due_x, is_late, is_over) = bar(track);
        bars.push(Bar { of: &track.of, parts, due_x, due: track.due, is_late, is_over });
    }
    Some(Drawing { from, to, now: (from..=to).contains(&now).then(|| x(now)), bars })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::timeline::Stretch;

    #[test]
    fn bars_share_a_scale() {
        let of = || TrackOf::Page { team: "Leads".to_owned() };
        let stretch = |from, to, kind| Stretch { from, to, kind };
        let tracks = [
            Track {
                of: of(),
                due: Some(150),
                stretches: vec![stretch(100, 150, StretchKind::Ran), stretch(150, 200, StretchKind::Late)],
            },
            Track {
                of: of(),
                due: Some(300),
                stretches: vec![stretch(200, 201, StretchKind::Ran), stretch(201, 300, StretchKind::Left)],
            },
        ];
        let drawing = draw(&tracks, 201).expect("something ran");
        let parts = |bar: &Bar<'_>| bar.parts.iter().map(|part| (part.x, part.width)).collect::<Vec<_>>();
        assert_eq!((drawing.from, drawing.to, drawing.now), (100, 300, Some(505)));
        assert_eq!(parts(&drawing.bars[0]), [(0, 250), (250, 250)]);
        assert_eq!((drawing.bars[0].due_x, drawing.bars[0].is_late, drawing.bars[0].is_over), (Some(250), true, true));
        assert_eq!(parts(&drawing.bars[1]), [(500, 5), (505, 495)]);
        assert_eq!(
            (drawing.bars[1].due_x, drawing.bars[1].is_late, drawing.bars[1].is_over),
            (Some(1_000), false, false)
        );
    }

    #[test]
    fn nothing_that_ran_is_nothing_to_draw() {
        assert_eq!(draw(&[], 5), None);
    }
}
