//! How a request says on whose behalf it comes.

use std::time::{Duration, Instant};

use data_encoding::BASE64;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

pub(super) enum SignIn {
    /// `Authorization: Bearer …`
    Bearer(SecretString),
    /// `Authorization: Basic …`
    Basic { user: String, password: SecretString },
    /// The same, where the user is the secret and the password is nothing.
    Key(SecretString),
    /// A header of the system's own; `before` stands in front of the secret.
    Header { name: &'static str, before: &'static str, secret: SecretString },
    /// A bearer token that is fetched with a secret and lasts for a while (OAuth 2.0, RFC 6749 section 4.4).
    Client(OauthClient),
}

pub(super) struct OauthClient {
    /// Where tokens are, below the address of the interface.
    pub(super) path: &'static str,
    /// What the token is to be good for, where the system wants to know.
    pub(super) scope: Option<&'static str>,
    pub(super) id: String,
    pub(super) secret: SecretString,
    pub(super) access: Mutex<Option<Access>>,
}

/// A token that was fetched.
pub(super) struct Access {
    pub(super) token: SecretString,
    pub(super) until: Instant,
}

/// A token is fetched anew so long before it ends: it must last for the request.
const SPARE: Duration = Duration::from_mins(1);
/// How long a token lasts whose answer does not say.
const LIFE: Duration = Duration::from_hours(1);
/// No token is trusted for longer than a day …
const LIFE_MAX: Duration = Duration::from_hours(24);

impl Access {
    pub(super) fn new(token: String, seconds: Option<u64>) -> Self {
        let life = seconds.map_or(LIFE, Duration::from_secs).min(LIFE_MAX);
        Self { token: token.into(), until: Instant::now() + life.saturating_sub(SPARE) }
    }
}

impl SignIn {
    /// `fetched` is the token of an OAuth client, which has no other.
    pub(super) fn sign(&self, request: RequestBuilder, fetched: Option<&SecretString>) -> RequestBuilder {
        match self {
            Self::Bearer(token) => request.bearer_auth(token.expose_secret()),
            Self::Basic { user, password } => request.basic_auth(user, Some(password.expose_secret())),
            Self::Key(key) => request.basic_auth(key.expose_secret(), Some("X")),
            Self::Header { name, before, secret } => {
                request.header(*name, format!("{before}{}", secret.expose_secret()))
            }
            Self::Client(_) => match fetched {
                Some(token) => request.bearer_auth(token.expose_secret()),
                None => request,
            },
        }
    }

    /// Everything that must not be repeated, in each form in which it travels.
    pub(super) fn secrets(&self) -> Vec<String> {
        let (secret, encoded) = match self {
            Self::Bearer(secret) | Self::Header { secret, .. } => (secret, None),
            Self::Client(client) => (&client.secret, None),
            Self::Key(key) => (key, Some(BASE64.encode(format!("{}:X", key.expose_secret()).as_bytes()))),
            Self::Basic { user, password } => {
                (password, Some(BASE64.encode(format!("{user}:{}", password.expose_secret()).as_bytes())))
            }
        };
        std::iter::once(secret.expose_secret().to_owned()).chain(encoded).filter(|text| !text.is_empty()).collect()
    }
}
