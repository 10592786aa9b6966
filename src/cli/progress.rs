//! How far a long run has come, on a terminal only.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that goes when the run is done. Without a terminal there is none.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// So many things, and what has become of them.
    pub fn items(count: usize, done: &str) -> Self {
        Self::new(count as u64, &format!("{{bar:40}} {{pos}} of {{len}} {done}, {{eta}} left"))
    }

    /// So many bytes.
    pub fn bytes(count: u64, done: &str) -> Self {
        Self::new(count, &format!("{{bar:40}} {{bytes}} of {{total_bytes}} {done}, {{eta}} left"))
    }

    /// Nobody knows how many.
    pub fn unknown(done: &str) -> Self {
        let progress = Self::new(0, &format!("{{spinner}} {{pos}} {done}, {{per_sec}}"));
        progress.0.unset_length();
        progress
    }

    fn new(count: u64, template: &str) -> Self {
        let style = ProgressStyle::with_template(template).expect("the template is fine");
        Self(ProgressBar::new(count).with_style(style))
    }

    pub fn advance(&self, by: u64) {
        self.0.inc(by);
    }

    pub fn set(&self, to: u64) {
        self.0.set_position(to);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
