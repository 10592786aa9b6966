//! Shares of small numbers, and how sure they are.

use serde::Serialize;

/// A share with its interval: what it would be on others of the same making, in 95 of 100 cases. All from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    pub is: f64,
    pub from: f64,
    pub to: f64,
}

impl Share {
    /// Wilson's interval (E. B. Wilson, "Probable inference", JASA 22, 1927): unlike the textbook's, it stays between 0
    /// and 1 and holds for small counts.
    pub fn of(some: u32, all: u32) -> Self {
        /// The normal distribution's 97.5 % quantile.
        const Z: f64 = 1.959_964;
        if all == 0 {
            return Self { is: 0.0, from: 0.0, to: 1.0 };
        }
        let (some, all) = (f64::from(some), f64::from(all));
        let is = some / all;
        let (z2, scale) = (Z * Z, 1.0 + Z * Z / all);
        let middle = (is + z2 / (2.0 * all)) / scale;
        let half = Z * (is * (1.0 - is) / all + z2 / (4.0 * all * all)).sqrt() / scale;
        Self { is, from: (middle - half).max(0.0), to: (middle + half).min(1.0) }
    }
}

/// ".82 [.74–.88]"
impl std::fmt::Display for Share {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:.2} [{:.2}–{:.2}]", self.is, self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_hold_for_small_counts() {
        let shown = |some, all| Share::of(some, all).to_string();
        // Compared with R's `binom::binom.wilson`.
        assert_eq!(shown(0, 10), "0.00 [0.00–0.28]");
        assert_eq!(shown(10, 10), "1.00 [0.72–1.00]");
        assert_eq!(shown(45, 60), "0.75 [0.63–0.84]");
        assert_eq!(shown(0, 0), "0.00 [0.00–1.00]");
    }
}
