//! A digest as a picture: how long each team took to answer its pages.
//!
//! The colours are two of Okabe and Ito's (<https://jfly.uni-koeln.de/color/>), which people who see fewer colours tell
//! apart; they differ in brightness, too. The picture has a background of its own, so that it reads the same on dark and
//! on light pages.

use kuva::plot::BarPlot;
use kuva::plot::legend::LegendPosition;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use crate::sop::message::cut;
use crate::sop::notice::DigestFacts;
use crate::words::{Sheet, Words};

const BLUE: &str = "#0072B2";
const ORANGE: &str = "#E69F00";
/// Teams in one picture.
const TEAMS_MAX: usize = 8;
/// Characters of a team's name below its bars.
const NAME_MAX: usize = 16;
/// In points: as wide as Discord shows a picture.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 340.0;
/// Sharp on a dense screen.
const SCALE: f32 = 2.0;

/// What a picture shows, and the same in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    title: String,
    legend: [String; 2],
    /// Of each team: its name, and in how many minutes half, and 90 of 100, were answered.
    bars: Vec<(String, f64, f64)>,
    /// For whoever does not see it.
    pub alt: String,
}

impl Words {
    /// The picture of a digest; `None` where no page was answered.
    pub fn chart(&self, facts: &DigestFacts) -> Option<Chart> {
        let teams = facts.digest.teams.iter();
        let answered = teams.filter_map(|team| Some((&team.name, team.acknowledge.wall?))).take(TEAMS_MAX);
        #[expect(clippy::cast_precision_loss, reason = "minutes, to be looked at")]
        let minutes = |seconds: i64| seconds as f64 / 60.0;
        let bars: Vec<_> = answered
            .map(|(name, spread)| {
                (text(&cut(name, NAME_MAX)), minutes(spread.median_seconds), minutes(spread.p90_seconds))
            })
            .collect();
        if bars.is_empty() {
            return None;
        }
        let sheet = Sheet::parse(&self.render("chart.md", facts));
        let field = |name: &str| {
            let found = sheet.fields.iter().find(|field| field.name == name);
            found.map(|field| field.value.clone()).unwrap_or_default()
        };
        let legend = [text(&field("half")), text(&field("most"))];
        Some(Chart { title: text(&sheet.title), legend, bars, alt: field("alt") })
    }
}

/// What the chart crate would read as mathematics is text.
fn text(text: &str) -> String {
    text.replace('$', "\\$")
}

impl Chart {
    /// As a picture of pixels. Takes some hundredths of a second.
    ///
    /// # Errors
    /// What the chart crate says, in words: nothing that is known to happen.
    pub fn png(&self) -> Result<Vec<u8>, String> {
        let (plots, layout) = self.drawn();
        kuva::render_to_raster(plots, layout, SCALE)
    }

    /// As a drawing.
    pub fn svg(&self) -> String {
        let (plots, layout) = self.drawn();
        kuva::render_to_svg(plots, layout)
    }

    /// In minutes, with a little room; where everybody answered at once there still is an axis.
    fn highest(&self) -> f64 {
        self.bars.iter().map(|(_, half, most)| half.max(*most)).fold(1.0, f64::max) * 1.05
    }

    fn drawn(&self) -> (Vec<Plot>, Layout) {
        let bars = self.bars.iter().fold(BarPlot::new(), |plot, (name, half, most)| {
            plot.with_group(name.clone(), [(*half, BLUE), (*most, ORANGE)])
        });
        let plots: Vec<Plot> = vec![bars.with_legend(self.legend.iter().map(String::as_str).collect()).into()];
        let layout = Layout::auto_from_plots(&plots)
            .with_title(self.title.clone())
            .with_width(WIDTH)
            .with_height(HEIGHT)
            .with_y_axis_min(0.0)
            .with_y_axis_max(self.highest())
            .with_legend_position(LegendPosition::OutsideRightTop);
        (plots, layout)
    }
}
