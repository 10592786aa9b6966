//! Why something failed, for people.

/// What happened in the end: "Connection refused". What lies between it and the error itself names libraries.
pub(crate) fn innermost(error: &dyn std::error::Error) -> Option<String> {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.last().map(ToString::to_string)
}
