//! Floor 3: a small Discord on loopback.
