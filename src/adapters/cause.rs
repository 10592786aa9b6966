//! Why a request over HTTP failed, for people.

/// What happened in the end: "Connection refused". What lies between it and the error itself names libraries.
pub(crate) fn innermost(error: &reqwest::Error) -> Option<String> {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.last().map(ToString::to_string)
}
