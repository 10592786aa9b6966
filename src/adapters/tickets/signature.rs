//! Whether a webhook comes from whom it says: over the bytes as they came, in a time that tells nothing, before anything
//! is read.

use std::time::Duration;

use chrono::{DateTime, Utc};
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::error::TicketError;
use super::node::Node;
use crate::adapters::tickets::text;

/// A webhook as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    /// The address it was sent to, as its sender knows it: with scheme and host, without a query.
    pub url: &'a str,
}

/// What a webhook says: look at this ticket again. All else in it may be out of date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The same for a repetition of the same event.
    pub delivery: String,
    /// As [`Account::ticket_id`](super::Account::ticket_id) reads it.
    pub ticket: String,
}

/// Why a webhook is not listened to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotHeard {
    #[error("no secret for its webhooks is configured")]
    NoSecret,
    #[error("the header {header} is missing")]
    NotSigned { header: &'static str },
    #[error("the signature is wrong")]
    Forged,
    #[error("it is older than {} min, or from the future", AGE_MAX.as_secs() / 60)]
    Stale,
    #[error("it cannot be understood: {what}")]
    NotUnderstood { what: String },
}

/// How a system signs.
#[derive(Debug)]
pub(super) enum Signature {
    /// A keyed hash of the body and more.
    Hmac { header: &'static str, hash: Hash, form: Form, signed: Signed },
    /// The header is the secret itself.
    Secret { header: &'static str },
}

#[derive(Debug)]
pub(super) enum Hash {
    Sha1,
    Sha256,
}

#[derive(Debug)]
pub(super) enum Form {
    Base64,
    /// In small letters, after these.
    Hex(&'static str),
}

/// What is hashed.
#[derive(Debug)]
pub(super) enum Signed {
    Body,
    /// The time in this header, these characters, the body.
    TimeAndBody {
        header: &'static str,
        then: &'static str,
    },
    /// "POST", the address, the body, the time in this header.
    RequestAndTime {
        header: &'static str,
    },
}

/// Where a system has nothing of its own, its administrator puts the secret here.
pub(super) const OWN: &[Signature] = &[Signature::Secret { header: "x-escalation-secret" }];

/// How much older or younger than now a signed time may be.
const AGE_MAX: Duration = Duration::from_mins(5);

impl Signature {
    /// All headers without which it is none.
    fn headers(&self) -> impl Iterator<Item = &'static str> {
        let (own, time) = match self {
            Self::Secret { header } => (*header, None),
            Self::Hmac { header, signed, .. } => match signed {
                Signed::Body => (*header, None),
                Signed::TimeAndBody { header: time, .. } | Signed::RequestAndTime { header: time } => {
                    (*header, Some(*time))
                }
            },
        };
        std::iter::once(own).chain(time)
    }

    fn check(&self, delivery: &Delivery<'_>, secret: &[u8], now: DateTime<Utc>) -> Result<(), NotHeard> {
        let header = |name: &str| delivery.headers.get(name).map_or(&[][..], |value| value.as_bytes());
        let (own, expected) = match self {
            Self::Secret { header } => (*header, secret.to_vec()),
            Self::Hmac { header: own, hash, form, signed } => {
                let parts: Vec<&[u8]> = match signed {
                    Signed::Body => vec![delivery.body],
                    Signed::TimeAndBody { header: time, then } => vec![header(time), then.as_bytes(), delivery.body],
                    Signed::RequestAndTime { header: time } => {
                        vec![b"POST", delivery.url.as_bytes(), delivery.body, header(time)]
                    }
                };
                (*own, form.write(&hash.keyed(secret, &parts)).into_bytes())
            }
        };
        if !bool::from(expected.ct_eq(header(own))) {
            return Err(NotHeard::Forged);
        }
        // Only now is the time known to be the sender's.
        match self.headers().nth(1).map(|time| age(header(time), now)) {
            None => Ok(()),
            Some(Some(age)) if age <= AGE_MAX => Ok(()),
            Some(_) => Err(NotHeard::Stale),
        }
    }
}

impl Hash {
    fn keyed(&self, secret: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        fn keyed<M: Mac + KeyInit>(secret: &[u8], parts: &[&[u8]]) -> Vec<u8> {
            let mut mac = <M as KeyInit>::new_from_slice(secret).expect("a key of any length");
            for part in parts {
                mac.update(part);
            }
            mac.finalize().into_bytes().to_vec()
        }
        match self {
            Self::Sha1 => keyed::<Hmac<sha1::Sha1>>(secret, parts),
            Self::Sha256 => keyed::<Hmac<Sha256>>(secret, parts),
        }
    }
}

impl Form {
    fn write(&self, bytes: &[u8]) -> String {
        match self {
            Self::Base64 => BASE64.encode(bytes),
            Self::Hex(before) => format!("{before}{}", HEXLOWER.encode(bytes)),
        }
    }
}

/// How far a time is from now: milliseconds since 1970, or as RFC 3339 writes it.
fn age(time: &[u8], now: DateTime<Utc>) -> Option<Duration> {
    let text = std::str::from_utf8(time).ok()?;
    let millis = text.parse::<i64>().ok().and_then(DateTime::from_timestamp_millis);
    let time = millis.or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()))?;
    (now - time).abs().to_std().ok()
}

/// Whether one of these signatures is good. The first whose headers are all there counts.
pub(super) fn verify(
    signatures: &[Signature],
    delivery: &Delivery<'_>,
    secret: Option<&SecretString>,
    now: DateTime<Utc>,
) -> Result<(), NotHeard> {
    let secret = secret.ok_or(NotHeard::NoSecret)?.expose_secret();
    is_there(signatures, delivery.headers)?.check(delivery, secret.as_bytes(), now)
}

/// The first signature whose headers are all there.
pub(super) fn is_there<'s>(signatures: &'s [Signature], headers: &HeaderMap) -> Result<&'s Signature, NotHeard> {
    let is_there = |signature: &&Signature| signature.headers().all(|header| headers.contains_key(header));
    let missing = || {
        let mut all = signatures.iter().flat_map(Signature::headers);
        NotHeard::NotSigned { header: all.find(|header| !headers.contains_key(*header)).unwrap_or_default() }
    };
    signatures.iter().find(is_there).ok_or_else(missing)
}

impl From<TicketError> for NotHeard {
    fn from(error: TicketError) -> Self {
        match error {
            TicketError::NotUnderstood { what } => Self::NotUnderstood { what },
            error => Self::NotUnderstood { what: error.to_string() },
        }
    }
}

impl Delivery<'_> {
    /// A header that holds an id.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let value = self.headers.get(name)?.to_str().ok()?;
        Some(text::line(value)).filter(|value| !value.is_empty())
    }

    /// What tells a body from others, where its system gives no id to a delivery. The same event again is the same
    /// body; another one has another time in it.
    pub(super) fn digest(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(self.body))
    }
}

/// The event of a webhook whose body its administrator wrote: `{"ticket_id": …, "updated_at": …}`. Without a time two
/// events of one ticket would be the same.
pub(super) fn own_event(body: &Node<'_>, delivery: &Delivery<'_>, _: &str) -> super::error::Result<Vec<Event>> {
    body.id("updated_at")?;
    Ok(vec![Event { delivery: delivery.digest(), ticket: body.id("ticket_id")? }])
}
