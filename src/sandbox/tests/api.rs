//! The REST API refuses what Discord refuses, and says who is pinged.
