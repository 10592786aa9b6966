//! What a browser keeps for us and cannot change: a text with a keyed hash of it, in a cookie.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::sop::message::PersonId;

/// How long somebody stays signed in.
pub(super) const SESSION: Duration = Duration::from_hours(12);
/// How long signing in may take.
pub(super) const ATTEMPT: Duration = Duration::from_mins(10);

/// What it is sealed with. Different uses have different seals.
pub(super) struct Seal {
    key: [u8; 32],
}

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    /// Tells sessions apart, so that one can be ended.
    pub(super) id: String,
    pub(super) person: PersonId,
    /// Goes with every form, so that no other site can send one.
    pub(super) csrf: String,
}

/// Somebody who was sent to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) state: String,
    /// The page they wanted.
    pub(super) to: String,
}

#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    /// In seconds since 1970; from then on it is nothing.
    until: i64,
    what: T,
}

/// What is kept in a browser, each under a name of its own, which its seal covers.
pub(super) trait Kept: Serialize + DeserializeOwned {
    const NAME: &'static str;
    const LASTS: Duration;
}

impl Kept for Session {
    const NAME: &'static str = "bellhop-session";
    const LASTS: Duration = SESSION;
}

impl Kept for Attempt {
    const NAME: &'static str = "bellhop-attempt";
    const LASTS: Duration = ATTEMPT;
}

impl Seal {
    /// From a secret of any length.
    pub(super) fn new(secret: &[u8]) -> Self {
        Self { key: Sha256::digest(secret).into() }
    }

    /// One that nobody knows, gone with this process.
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self { key })
    }

    pub(super) fn close<T: Kept>(&self, what: T, now: DateTime<Utc>) -> String {
        let until = (now + TimeDelta::from_std(T::LASTS).unwrap_or_default()).timestamp();
        let text = serde_json::to_vec(&Sealed { until, what }).expect("what is kept is plain data");
        let tag = self.keyed(T::NAME, &text).finalize().into_bytes();
        format!("{}.{}", BASE64URL_NOPAD.encode(&text), BASE64URL_NOPAD.encode(&tag))
    }

    /// `None`: forged, from another start, or too old.
    pub(super) fn open<T: Kept>(&self, sealed: &str, now: DateTime<Utc>) -> Option<T> {
        let (text, tag) = sealed.split_once('.')?;
        let [text, tag] = [text, tag].map(|part| BASE64URL_NOPAD.decode(part.as_bytes()).ok());
        let (text, tag) = (text?, tag?);
        // In constant time.
        self.keyed(T::NAME, &text).verify_slice(&tag).ok()?;
        let Sealed { until, what } = serde_json::from_slice(&text).ok()?;
        (now.timestamp() < until).then_some(what)
    }

    fn keyed(&self, name: &str, text: &[u8]) -> Hmac<Sha256> {
        let mut keyed = Hmac::<Sha256>::new_from_slice(&self.key).expect("any key will do");
        keyed.update(name.as_bytes());
        keyed.update(&[0]);
        keyed.update(text);
        keyed
    }
}

/// 128 bits that nobody can guess, as text.
pub(super) fn unguessable() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(BASE64URL_NOPAD.encode(&bytes))
}

/// The names of cookies over TLS say that nobody but this host has set them
/// (<https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie-prefixes>).
fn name<T: Kept>(is_secure: bool) -> String {
    if is_secure { format!("__Host-{}", T::NAME) } else { T::NAME.to_owned() }
}

/// What the browser has kept.
pub(super) fn kept<T: Kept>(headers: &HeaderMap, is_secure: bool) -> Option<&str> {
    let name = name::<T>(is_secure);
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// A header that has the browser keep it. `None` takes it away.
pub(super) fn keep<T: Kept>(sealed: Option<&str>, is_secure: bool) -> String {
    let secure = if is_secure { "; Secure" } else { "" };
    let (value, age) = sealed.map_or(("", 0), |sealed| (sealed, T::LASTS.as_secs()));
    format!("{}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}", name::<T>(is_secure))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::fixture::at;

    fn session() -> Session {
        Session { id: "1".to_owned(), person: "4003".into(), csrf: "c".to_owned() }
    }

    #[test]
    fn a_session_is_believed_until_it_is_old() {
        let seal = Seal::new(b"a key");
        let sealed = seal.close(session(), at(0));
        assert_eq!(seal.open::<Session>(&sealed, at(12 * 3_600 - 1)), Some(session()));
        assert_eq!(seal.open::<Session>(&sealed, at(12 * 3_600)), None);
    }

    #[test]
    fn what_was_changed_or_sealed_elsewhere_is_nothing() {
        let seal = Seal::new(b"a key");
        let sealed = seal.close(session(), at(0));
        assert_eq!(Seal::new(b"another").open::<Session>(&sealed, at(0)), None);
        assert_eq!(Seal::random().expect("chance").open::<Session>(&sealed, at(0)), None);
        // Nobody may change anything, not even the last letter.
        for position in 0..sealed.len() {
            let mut forged = sealed.clone().into_bytes();
            forged[position] = if forged[position] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).expect("letters");
            assert_eq!(seal.open::<Session>(&forged, at(0)), None, "{forged}");
        }
        for nothing in ["", ".", "a.b", "e30.e30"] {
            assert_eq!(seal.open::<Session>(nothing, at(0)), None);
        }
    }

    #[test]
    fn one_use_does_not_stand_for_another() {
        let seal = Seal::new(b"a key");
        let attempt = Attempt { state: "s".to_owned(), to: "/".to_owned() };
        let sealed = seal.close(attempt, at(0));
        assert_eq!(seal.open::<Session>(&sealed, at(0)), None);
    }

    #[test]
    fn cookies_are_guarded() {
        assert_eq!(
            keep::<Session>(Some("x"), true),
            "__Host-bellhop-session=x; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure"
        );
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, "a=b; bellhop-session=mine; c=d".parse().expect("a header"));
        assert_eq!((kept::<Session>(&headers, false), kept::<Session>(&headers, true)), (Some("mine"), None));
    }
}
