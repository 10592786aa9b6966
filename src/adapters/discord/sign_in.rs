//! Who somebody is who signs in with Discord in a browser: OAuth2's authorization code
//! (<https://discord.com/developers/docs/topics/oauth2#authorization-code-grant>). Only the id is asked of them; their
//! roles are looked up by the bot, so that they are the same person here as in the chat.

use std::sync::Arc;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::adapters::discord::Discord;
use crate::adapters::discord::api::{Api, ApiError, unavailable};
use crate::adapters::discord::convert::{Roles, actor_in};
use crate::sop::escalation::Actor;
use crate::sop::message::PersonId;

const PATIENCE: Duration = Duration::from_secs(10);
/// Discord's code for somebody who is not on the server.
const UNKNOWN_MEMBER: i64 = 10_007;
const UNKNOWN_USER: i64 = 10_013;

/// Asks Discord who somebody is.
pub struct SignIn {
    api: Arc<Api>,
    http: reqwest::Client,
    base: String,
    guild: u64,
    application: u64,
    roles: Roles,
    secret: SecretString,
}

/// Discord does not say who it was.
#[derive(Debug, thiserror::Error)]
pub enum NotSignedIn {
    /// The text names no address and no secret.
    #[error("Discord did not answer: {why}")]
    Unavailable { why: String },
    /// What was brought is forged, used before, or too old; or the secret is wrong.
    #[error("Discord refused ({status}: {error})")]
    Refused { status: u16, error: String },
}

impl Discord {
    /// With the application's secret, from the page *OAuth2* of the developer portal.
    pub fn sign_in(&self, secret: SecretString) -> Result<SignIn, reqwest::Error> {
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("bellhop/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(SignIn {
            api: Arc::clone(&self.api),
            http,
            base: self.settings.api_base.trim_end_matches('/').to_owned(),
            guild: self.guild.id(),
            application: self.guild.application(),
            roles: Roles::new(&self.settings.staff_roles, &self.procedure),
            secret,
        })
    }
}

impl SignIn {
    /// Where a browser is sent to. `back` is where it comes back to, as the developer portal knows it; `state` comes
    /// back with it.
    pub fn page(&self, back: &str, state: &str) -> String {
        let (base, application) = (&self.base, self.application);
        let [back, state] = [back, state].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string());
        format!(
            "{base}/oauth2/authorize?response_type=code&client_id={application}&scope=identify&prompt=none\
             &redirect_uri={back}&state={state}"
        )
    }

    /// Whose code it is. A code does once.
    pub async fn who(&self, code: &str, back: &str) -> Result<PersonId, NotSignedIn> {
        let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", back)];
        let request = self
            .http
            .post(format!("{}/api/v10/oauth2/token", self.base))
            .basic_auth(self.application, Some(self.secret.expose_secret()))
            .form(&form);
        let answer = answered(request).await?;
        let token = answer["access_token"].as_str().map(|token| SecretString::from(token.to_owned()));
        let token = token.ok_or_else(|| unexpected("it gave no token"))?;
        let me = format!("{}/api/v10/users/@me", self.base);
        let answer = answered(self.http.get(me).bearer_auth(token.expose_secret())).await?;
        answer["id"].as_str().map(PersonId::from).ok_or_else(|| unexpected("it gave no id"))
    }

    /// Somebody as the chat knows them now; `None`: they are not on the server.
    pub async fn actor(&self, person: &PersonId) -> Result<Option<Actor>, ApiError> {
        match self.api.get(&format!("guilds/{}/members/{person}", self.guild)).await {
            Ok(member) => Ok(actor_in(&member, &self.roles)),
            Err(error) if matches!(error.code(), Some(UNKNOWN_MEMBER | UNKNOWN_USER)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

async fn answered(request: reqwest::RequestBuilder) -> Result<Value, NotSignedIn> {
    let away = |error| match unavailable(error) {
        ApiError::Unavailable { why } => NotSignedIn::Unavailable { why },
        other => NotSignedIn::Unavailable { why: other.to_string() },
    };
    let response = request.send().await.map_err(away)?;
    let status = response.status();
    let body = response.text().await.map_err(away)?;
    let answer: Value = serde_json::from_str(&body).unwrap_or_default();
    if status.is_success() {
        return Ok(answer);
    }
    if status.is_server_error() {
        return Err(unexpected(&format!("status {}", status.as_u16())));
    }
    let error = answer["error"].as_str().or(answer["message"].as_str()).unwrap_or("no reason given");
    Err(NotSignedIn::Refused { status: status.as_u16(), error: error.to_owned() })
}

fn unexpected(why: &str) -> NotSignedIn {
    NotSignedIn::Unavailable { why: why.to_owned() }
}
