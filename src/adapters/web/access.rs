//! Who may look at the dashboard, and as whom: whoever signs in with Discord is who they are in the chat; a proxy in
//! front brings a token instead.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{HeaderMap, StatusCode};
use chrono::Utc;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::adapters::discord::SignIn;
use crate::adapters::secret;
use crate::adapters::web::seal::{SESSION, Seal, Session, kept};
use crate::sop::escalation::Actor;
use crate::sop::message::{Person, PersonId, Standing};
use crate::sop::procedure::Procedure;
use crate::sop::team::TeamId;

/// The variable with the application's secret …
pub const CLIENT_SECRET: &str = "DISCORD_CLIENT_SECRET";
/// … and the one with the token of a proxy.
pub const TOKEN: &str = "BELLHOP_WEB_TOKEN";
/// Of what somebody made up, so that nobody guesses it.
const SECRET_BYTES_MIN: usize = 32;
/// How long roles are believed, and how long while Discord does not say them: a desk is looked at most when Discord
/// is away.
const ROLES_FRESH: Duration = Duration::from_mins(1);
const ROLES_STALE_MAX: Duration = Duration::from_mins(15);
/// Discord is asked again about somebody after this, whatever it said: a page must not wait for it each time.
const ASKED_AGAIN: Duration = Duration::from_secs(10);
/// People whose roles are kept.
const PEOPLE_MAX: usize = 1_024;

/// Who is let in.
#[derive(Clone, Debug, PartialEq)]
pub enum Door {
    /// Whoever reaches it from this machine, as this person: for trying out.
    Open(Actor),
    Login(Login),
}

/// How people sign in. Without any secret nobody can.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    pub client_secret_file: Option<PathBuf>,
    pub token_file: Option<PathBuf>,
    /// The teams whose eyes whoever brings the token has.
    pub token_teams: Vec<TeamId>,
    pub session_key_file: Option<PathBuf>,
}

/// What is secret about a login. Cannot be printed.
#[derive(Default)]
pub struct Secrets {
    pub(super) token: Option<SecretString>,
    pub(super) client_secret: Option<SecretString>,
    pub(super) session_key: Option<SecretString>,
}

impl Secrets {
    /// From the environment or from files; otherwise, a sentence.
    pub fn read(door: &Door) -> Result<Self, String> {
        let Door::Login(login) = door else { return Ok(Self::default()) };
        let secret = |variable: &str, file: &Option<PathBuf>| match (secret::in_environment(variable), file) {
            (None, Some(file)) => secret::in_file(file).map(Some),
            (found, _) => Ok(found),
        };
        let session_key = login.session_key_file.as_deref().map(secret::in_file).transpose()?;
        let (token, client_secret) =
            (secret(TOKEN, &login.token_file)?, secret(CLIENT_SECRET, &login.client_secret_file)?);
        for (secret, name) in
            [(&session_key, "session_key_file"), (&token, "the token (token_file, or BELLHOP_WEB_TOKEN)")]
        {
            if secret.as_ref().is_some_and(|secret| secret.expose_secret().len() < SECRET_BYTES_MIN) {
                let hint = "take what `openssl rand -hex 32` prints";
                return Err(format!("{name} in [web] holds fewer than {SECRET_BYTES_MIN} characters: {hint}"));
            }
        }
        Ok(Self { token, client_secret, session_key })
    }

    /// Whether there is one that people can come in with.
    pub fn let_somebody_in(&self) -> bool {
        self.token.is_some() || self.client_secret.is_some()
    }

    /// The application's secret, for whoever asks Discord.
    pub fn client_secret(&self) -> Option<&SecretString> {
        self.client_secret.as_ref()
    }
}

/// The door as it stands.
pub(super) enum Entrance {
    /// Nothing was configured that lets anybody in.
    Off,
    Open(Actor),
    Guarded(Box<Guard>),
}

/// Looks at who comes.
pub(super) struct Guard {
    /// A hash, so that all are compared in the same time, whatever their length.
    token: Option<([u8; 32], Actor)>,
    pub(super) sign_in: Option<SignIn>,
    pub(super) seal: Seal,
    people: Mutex<BTreeMap<PersonId, Known>>,
    /// Sessions that were ended before their time.
    ended: Mutex<BTreeMap<String, Instant>>,
}

/// What Discord said of somebody.
#[derive(Clone, Default)]
struct Known {
    /// And when. `None` in it: they are not on the server.
    said: Option<(Option<Actor>, Instant)>,
    /// When it was asked last.
    asked: Option<Instant>,
}

impl Known {
    fn is_to_be_asked(&self) -> bool {
        let is_fresh = self.said.as_ref().is_some_and(|(_, at)| at.elapsed() < ROLES_FRESH);
        let was_asked = self.asked.is_some_and(|at| at.elapsed() < ASKED_AGAIN);
        !is_fresh && !was_asked
    }
}

/// Somebody who looks.
#[derive(Clone, Debug)]
pub(super) struct Viewer {
    pub(super) actor: Actor,
    /// `None`: they did not sign in, so they cannot sign out.
    pub(super) session: Option<Session>,
}

/// Why nobody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turned {
    /// There is no way in.
    Off,
    /// They have to sign in first.
    SignedOut,
    /// A token that is not ours.
    WrongToken,
    /// Only staff get in.
    NotStaff,
    /// Discord does not say who they are.
    Unknown,
    /// From elsewhere, or by another name.
    Foreign,
}

impl Turned {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Off => StatusCode::NOT_FOUND,
            Self::SignedOut | Self::WrongToken => StatusCode::UNAUTHORIZED,
            Self::NotStaff | Self::Foreign => StatusCode::FORBIDDEN,
            Self::Unknown => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::Off => {
                "The dashboard is off. To let people sign in with Discord, set DISCORD_CLIENT_SECRET or \
                 client_secret_file in [web]; behind a proxy that knows its people, BELLHOP_WEB_TOKEN or token_file."
            }
            Self::SignedOut => "You are not signed in.",
            Self::WrongToken => "This token is not the one that this desk knows.",
            Self::NotStaff => "Only staff may look at this desk: you have none of its roles on the server.",
            Self::Unknown => "Discord does not say which roles you have. Try again in a minute.",
            Self::Foreign => "This dashboard answers to its loopback address only.",
        }
    }
}

impl Entrance {
    pub(super) fn new(
        door: &Door,
        secrets: Secrets,
        sign_in: Option<SignIn>,
        procedure: &Procedure,
    ) -> Result<Self, getrandom::Error> {
        let login = match door {
            Door::Open(actor) => return Ok(Self::Open(actor.clone())),
            Door::Login(login) => login,
        };
        if secrets.token.is_none() && sign_in.is_none() {
            return Ok(Self::Off);
        }
        let seal = match &secrets.session_key {
            Some(key) => Seal::new(key.expose_secret().as_bytes()),
            None => Seal::random()?,
        };
        let token = secrets.token.map(|token| (hash(token.expose_secret()), proxied(login, procedure)));
        let (people, ended) = (Mutex::default(), Mutex::default());
        Ok(Self::Guarded(Box::new(Guard { token, sign_in, seal, people, ended })))
    }

    pub(super) async fn viewer(&self, headers: &HeaderMap, is_secure: bool) -> Result<Viewer, Turned> {
        match self {
            Self::Off => Err(Turned::Off),
            Self::Open(actor) if is_loopback(headers) => Ok(Viewer { actor: actor.clone(), session: None }),
            Self::Open(_) => Err(Turned::Foreign),
            Self::Guarded(guard) => guard.viewer(headers, is_secure).await,
        }
    }
}

/// Whoever comes through the proxy.
fn proxied(login: &Login, procedure: &Procedure) -> Actor {
    let of_managers = |team: &TeamId| procedure.team(team).is_some_and(|team| team.manages);
    Actor {
        person: Person { id: "proxy".into(), name: "the proxy".into(), standing: Standing::Staff },
        manages: login.token_teams.iter().any(of_managers),
        teams: login.token_teams.clone(),
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// A foreign page can reach a loopback port through a name that it points here.
fn is_loopback(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

impl Guard {
    async fn viewer(&self, headers: &HeaderMap, is_secure: bool) -> Result<Viewer, Turned> {
        if let Some((token, actor)) = &self.token
            && let Some(brought) = bearer(headers)
        {
            let is_ours = bool::from(hash(brought).ct_eq(token));
            return is_ours.then(|| Viewer { actor: actor.clone(), session: None }).ok_or(Turned::WrongToken);
        }
        let session = kept::<Session>(headers, is_secure).and_then(|sealed| self.seal.open(sealed, Utc::now()));
        let session: Session = session.filter(|session| !self.is_ended(session)).ok_or(Turned::SignedOut)?;
        let actor = self.actor(&session.person).await?;
        Ok(Viewer { actor, session: Some(session) })
    }

    /// Somebody on staff, by the roles that they have now.
    pub(super) async fn actor(&self, person: &PersonId) -> Result<Actor, Turned> {
        let sign_in = self.sign_in.as_ref().ok_or(Turned::SignedOut)?;
        let mut known = self.known().get(person).cloned().unwrap_or_default();
        if known.is_to_be_asked() {
            known.asked = Some(Instant::now());
            match sign_in.actor(person).await {
                Ok(actor) => known.said = Some((actor, Instant::now())),
                Err(error) => tracing::warn!("web.roles_unknown {error}"),
            }
            let mut people = self.known();
            if people.len() >= PEOPLE_MAX {
                people.retain(|_, known| !known.is_to_be_asked());
            }
            people.insert(person.clone(), known.clone());
        }
        let (actor, _) = known.said.filter(|(_, at)| at.elapsed() < ROLES_STALE_MAX).ok_or(Turned::Unknown)?;
        actor.filter(|actor| actor.person.standing == Standing::Staff).ok_or(Turned::NotStaff)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<PersonId, Known>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session does no more, whoever has it.
    pub(super) fn end(&self, session: Session) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, at| at.elapsed() < SESSION);
        ended.insert(session.id, Instant::now());
    }

    fn is_ended(&self, session: &Session) -> bool {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&session.id)
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}
