//! Instants as the log has them.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Deserializer;
use serde::de::{Error, Visitor};

/// Reads what chrono writes, which is RFC 3339, where there are very many. What chrono reads by itself may be written in
/// more ways, and takes three times as long.
pub(super) fn read<'de, D: Deserializer<'de>>(written: D) -> Result<DateTime<Utc>, D::Error> {
    written.deserialize_str(Rfc3339)
}

struct Rfc3339;

impl Visitor<'_> for Rfc3339 {
    type Value = DateTime<Utc>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an instant as of RFC 3339")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<DateTime<Utc>, E> {
        DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).map_err(E::custom)
    }
}
