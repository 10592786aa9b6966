//! What a server has, for a config that is yet to be written.

use secrecy::SecretString;
use serde_json::Value;

use crate::adapters::discord::StartProblem;
use crate::adapters::discord::api::Api;
use crate::adapters::discord::checkup::{invitation, known};
use crate::adapters::discord::guild::{shown_name, snowflake};

/// Kinds of channels that messages are written in: text, announcements
/// (<https://discord.com/developers/docs/resources/channel#channel-object-channel-types>) …
const TEXT: [u64; 2] = [0, 5];
/// … and those that have posts, which are threads.
const FORUM: u64 = 15;

/// A Discord that accepted the token.
pub(crate) struct Survey {
    api: Api,
    api_base: String,
    application: u64,
}

/// A server, a channel or a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) id: u64,
    pub(crate) name: String,
}

impl Survey {
    pub(crate) async fn begin(api_base: &str, token: SecretString) -> Result<Self, StartProblem> {
        let api = Api::new(api_base, token).map_err(|error| StartProblem::Local(Box::new(error)))?;
        let application = known(api.get("oauth2/applications/@me").await, api_base)?;
        let application = snowflake(&application["id"]).unwrap_or_default();
        Ok(Self { api, api_base: api_base.to_owned(), application })
    }

    /// The address that invites the bot.
    pub(crate) fn invitation(&self) -> String {
        invitation(self.application)
    }

    /// The servers that the bot is on: the first 200 of them.
    pub(crate) async fn servers(&self) -> Result<Vec<Named>, StartProblem> {
        Ok(named(&self.ask("users/@me/guilds").await?, |_| true))
    }

    /// The channels of a server in which messages are written, and those that have posts.
    pub(crate) async fn channels(&self, server: u64) -> Result<(Vec<Named>, Vec<Named>), StartProblem> {
        let channels = self.ask(&format!("guilds/{server}/channels")).await?;
        let kind = |channel: &Value| channel["type"].as_u64().unwrap_or(u64::MAX);
        let text = named(&channels, |channel| TEXT.contains(&kind(channel)));
        Ok((text, named(&channels, |channel| kind(channel) == FORUM)))
    }

    /// The roles that people can be given: neither @everyone nor what came with another bot.
    pub(crate) async fn roles(&self, server: u64) -> Result<Vec<Named>, StartProblem> {
        let roles = self.ask(&format!("guilds/{server}/roles")).await?;
        let is_given = |role: &Value| snowflake(&role["id"]) != Some(server) && role["managed"] != true;
        Ok(named(&roles, is_given))
    }

    async fn ask(&self, path: &str) -> Result<Value, StartProblem> {
        known(self.api.get(path).await, &self.api_base)
    }
}

fn named(list: &Value, keep: impl Fn(&Value) -> bool) -> Vec<Named> {
    let list = list.as_array().into_iter().flatten().filter(|one| keep(one));
    let named = list.filter_map(|one| Some(Named { id: snowflake(&one["id"])?, name: shown_name(&one["name"]) }));
    named.collect()
}
