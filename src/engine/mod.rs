//! Floor 2: the shell around the procedure.

pub mod clock;
