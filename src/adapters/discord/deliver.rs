//! Carries a notice out over REST: the connector of Discord.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::adapters::discord::api::{Api, ApiError};
use crate::adapters::discord::bundles::Bundles;
use crate::adapters::discord::completion::Completions;
use crate::adapters::discord::compose::{self, EPHEMERAL};
use crate::adapters::discord::custom_id::CustomId;
use crate::adapters::discord::guild::Guild;
use crate::adapters::discord::reply::{FORM, MESSAGE, Reply, ReplyKind};
use crate::engine::connector::{Connector, Destination, Outgoing, Posted, Receipt, Telling, Undelivered};
use crate::sop::escalation::Status;
use crate::sop::message::{MessageId, PlaceId};
use crate::sop::notice::Answer;
use crate::words::{Chart, Words};

/// Sends what a desk has to tell.
pub(crate) struct Postman {
    pub(crate) api: Arc<Api>,
    pub(crate) words: Arc<Words>,
    pub(crate) guild: Arc<Guild>,
    pub(crate) completions: Arc<Completions>,
    pub(crate) bundles: Bundles,
    /// Places in which Discord refused a thread, and the log says so.
    pub(crate) without_threads: Mutex<Vec<PlaceId>>,
    pub(crate) desk: String,
}

// Codes of Discord (<https://discord.com/developers/docs/topics/opcodes-and-status-codes#json-json-error-codes>).
/// It was deleted, or never opened.
const UNKNOWN_CHANNEL: i64 = 10_003;
/// It was deleted.
const UNKNOWN_MESSAGE: i64 = 10_008;
/// Messages older than an hour may be edited only so often.
const TOO_MANY_OLD_EDITS: i64 = 30_046;
const THREAD_EXISTS: i64 = 160_004;
/// A thread in which nothing was said for so long is archived, which takes it from the list of channels.
const QUIET_MINUTES: u32 = 1_440;
/// Messages looked through for one that a lost attempt may have left (Discord's page size).
const LOOK_BACK: usize = 100;
/// Discord's clock and ours may differ by this much.
const CLOCK_SKEW_MS: i64 = 60_000;

impl Connector for Postman {
    fn deliver(&self, outgoing: Outgoing) -> BoxFuture<'_, Result<Receipt, Undelivered>> {
        let body = compose::telling(&self.words, &outgoing.telling);
        let chart = compose::picture(&self.words, &outgoing.telling);
        Box::pin(async move {
            let (body, file) = with_picture(body, chart).await;
            if let Err(why) = self.may_show(&outgoing) {
                return Err(Undelivered::GiveUp { why });
            }
            match &outgoing.to {
                Destination::Place(place) if outgoing.telling.is_quiet() => {
                    self.say(place, &outgoing, body).await.map(Receipt::Posted)
                }
                Destination::Place(place) => self.post(place, &outgoing, body, file).await.map(Receipt::Posted),
                Destination::Message { place, message } => {
                    self.edit(place, message, &outgoing, body).await.map(Receipt::Posted)
                }
                Destination::Ticket(_) => {
                    Err(Undelivered::GiveUp { why: "a ticket is no place in Discord".to_owned() })
                }
                Destination::Thread { place, message } => {
                    self.tell_below(place, message, &outgoing, body).await.map(|()| Receipt::Done)
                }
                Destination::Asker(to) => {
                    self.answer(&Reply::read(to), &outgoing.telling, body, file).await.map_err(undelivered)?;
                    Ok(Receipt::Done)
                }
            }
        })
    }
}

impl Postman {
    /// A card that cannot be changed is posted again, if it is still of use, and pings nobody.
    async fn edit(
        &self,
        place: &PlaceId,
        message: &MessageId,
        outgoing: &Outgoing,
        body: Value,
    ) -> Result<Posted, Undelivered> {
        let path = format!("channels/{place}/messages/{message}");
        let Err(error) = self.api.patch(&path, &body).await else {
            return Ok(Posted { place: place.clone(), message: message.clone() });
        };
        let is_gone = error.code() == Some(UNKNOWN_MESSAGE);
        if !is_gone && error.code() != Some(TOO_MANY_OLD_EDITS) {
            return Err(undelivered(error));
        }
        let (has_buttons, is_open) = match &outgoing.telling {
            Telling::Card { card, buttons, .. } => (!buttons.is_empty(), card.status != Status::Resolved),
            _ => (false, false),
        };
        if !has_buttons || (is_gone && !is_open) {
            // Nobody misses it.
            return Ok(Posted { place: place.clone(), message: message.clone() });
        }
        let receipt = self.post(place, outgoing, body, None).await?;
        if !is_gone && let Err(error) = self.api.delete(&path).await {
            tracing::info!("card.left an old card could not be taken away: {error}");
        }
        Ok(receipt)
    }

    /// A line that nobody has to act on: below others, where enough were said just now.
    async fn say(&self, place: &PlaceId, outgoing: &Outgoing, body: Value) -> Result<Posted, Undelivered> {
        let line = body["content"].as_str().unwrap_or_default().to_owned();
        if let Some((message, text)) = self.bundles.joins(place, &line, outgoing.created, compose::CONTENT_MAX) {
            let below = json!({"content": text, "allowed_mentions": compose::no_mentions()});
            match self.api.patch(&format!("channels/{place}/messages/{message}"), &below).await {
                Ok(_) => {
                    self.bundles.said(place, &message, text, outgoing.created);
                    return Ok(Posted { place: place.clone(), message });
                }
                // Whatever became of that message, the line is worth one of its own.
                Err(ApiError::Refused { .. }) => self.bundles.forget(place),
                Err(error) => return Err(undelivered(error)),
            }
        }
        let receipt = self.post(place, outgoing, body, None).await?;
        self.bundles.said(place, &receipt.message, line, outgoing.created);
        Ok(receipt)
    }

    async fn post(
        &self,
        place: &PlaceId,
        outgoing: &Outgoing,
        body: Value,
        file: Option<Vec<u8>>,
    ) -> Result<Posted, Undelivered> {
        self.post_once(place, outgoing, body, file).await.map_err(undelivered)
    }

    /// A message that arrives once, however often it is tried.
    async fn post_once(
        &self,
        place: &PlaceId,
        outgoing: &Outgoing,
        mut body: Value,
        file: Option<Vec<u8>>,
    ) -> Result<Posted, ApiError> {
        if outgoing.maybe_sent
            && let Some(known) = self.find_sent(place, &body, outgoing).await?
        {
            return Ok(known);
        }
        body["nonce"] = self.nonce(outgoing).into();
        body["enforce_nonce"] = true.into();
        let posted = self.api.post_with(&format!("channels/{place}/messages"), &body, file).await?;
        match posted["id"].as_str() {
            Some(id) => Ok(Posted { place: place.clone(), message: id.into() }),
            None => Err(ApiError::Unavailable { why: "its answer names no message".to_owned() }),
        }
    }

    /// A line in the thread of a message. Nobody waits for it: where Discord refuses it there is none, and the log says
    /// so once for each place.
    async fn tell_below(
        &self,
        place: &PlaceId,
        message: &MessageId,
        outgoing: &Outgoing,
        body: Value,
    ) -> Result<(), Undelivered> {
        match self.post_below(place, message, outgoing, body).await {
            Ok(()) => self.without_threads().retain(|silent| silent != place),
            Err(error @ ApiError::Refused { .. }) if !error.is_passing() => {
                let is_news = !self.without_threads().contains(place);
                if is_news {
                    tracing::warn!("history.refused in channel {place}: {error}");
                    self.without_threads().push(place.clone());
                }
            }
            Err(error) => return Err(undelivered(error)),
        }
        Ok(())
    }

    /// A thread has the id of the message that it hangs on. One that is archived comes back with the line.
    async fn post_below(
        &self,
        place: &PlaceId,
        message: &MessageId,
        outgoing: &Outgoing,
        body: Value,
    ) -> Result<(), ApiError> {
        let thread = PlaceId::from(message.as_str());
        let is_known = thread.as_str().parse().is_ok_and(|id| self.guild.has_channel(id));
        if is_known {
            match self.post_once(&thread, outgoing, body.clone(), None).await {
                Err(error) if error.code() == Some(UNKNOWN_CHANNEL) => {}
                posted => return posted.map(drop),
            }
        }
        let name = compose::thread_name(&self.words, &outgoing.telling);
        let opening = json!({"name": name, "auto_archive_duration": QUIET_MINUTES});
        match self.api.post(&format!("channels/{place}/messages/{message}/threads"), &opening).await {
            Ok(opened) => self.guild.learn_channel(&opened),
            Err(error) if error.code() == Some(THREAD_EXISTS) => {}
            Err(error) => return Err(error),
        }
        self.post_once(&thread, outgoing, body, None).await.map(drop)
    }

    fn without_threads(&self) -> MutexGuard<'_, Vec<PlaceId>> {
        self.without_threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looked at before each sending, redraws too: a channel can be opened to others at any time.
    fn may_show(&self, outgoing: &Outgoing) -> Result<(), String> {
        match &outgoing.to {
            Destination::Place(place) if place.as_str().is_empty() => {
                Err("the team is not in the config any more".to_owned())
            }
            Destination::Place(place) | Destination::Message { place, .. } | Destination::Thread { place, .. }
                if outgoing.confidential =>
            {
                self.guild.is_closed(place)
            }
            _ => Ok(()),
        }
    }

    /// The same for every attempt at the same sending, and for no other: Discord answers a repetition within a few
    /// minutes with the first message. At most 25 characters
    /// (<https://discord.com/developers/docs/resources/message#create-message>).
    fn nonce(&self, outgoing: &Outgoing) -> String {
        let created = outgoing.created.timestamp_millis();
        let digest = Sha256::digest(format!("{}/{created}/{}", self.desk, outgoing.key));
        let [first, second, third, ..] = digest.as_chunks::<4>().0 else { return outgoing.key.clone() };
        [first, second, third].map(|part| format!("{:08x}", u32::from_be_bytes(*part))).concat()
    }

    /// Looks for the message that an attempt before a restart may have left: a card by what its buttons act on, a
    /// line by its words.
    async fn find_sent(&self, place: &PlaceId, body: &Value, outgoing: &Outgoing) -> Result<Option<Posted>, ApiError> {
        let after = snowflake_before(outgoing.created);
        let page = self.api.get(&format!("channels/{place}/messages?after={after}&limit={LOOK_BACK}")).await?;
        let ours = page.as_array().into_iter().flatten().filter(|message| self.guild.is_me(&message["author"]["id"]));
        let same = |message: &&Value| match &outgoing.telling {
            Telling::Card { case, page, .. } => acts_on(message).is_some_and(|shown| shown == (case.0, *page)),
            Telling::Reading | Telling::TicketNote(_) => false,
            // Of one team's digests no two have the same times in them.
            Telling::Digest(_) => message["embeds"][0]["description"] == body["embeds"][0]["description"],
            Telling::Line { .. }
            | Telling::DigestSection(..)
            | Telling::Post { .. }
            | Telling::Sop(_)
            | Telling::Word(_)
            | Telling::History(_)
            | Telling::Answer(_) => {
                let (said, line) = (message["content"].as_str(), body["content"].as_str().unwrap_or_default());
                said.is_some_and(|said| said == line || said.lines().any(|said| said == line))
            }
        };
        let found = ours.into_iter().find(same).and_then(|message| message["id"].as_str());
        Ok(found.map(|id| Posted { place: place.clone(), message: id.into() }))
    }

    async fn answer(
        &self,
        reply: &Reply,
        telling: &Telling,
        mut body: Value,
        file: Option<Vec<u8>>,
    ) -> Result<(), ApiError> {
        let Telling::Answer(answer) = telling else { return Ok(()) };
        let webhook = format!("webhooks/{}/{}", self.guild.application(), reply.token);
        match reply.kind {
            ReplyKind::Form => {
                let (interaction, token) = reply.token.split_once('.').unwrap_or_default();
                let kind = if let Answer::Form(_) = **answer { FORM } else { MESSAGE };
                if kind == MESSAGE {
                    body["flags"] = EPHEMERAL.into();
                }
                respond(&self.api, interaction, token, kind, &body).await?;
                Value::Null
            }
            ReplyKind::Choices => {
                self.completions.answer(reply.token.parse().unwrap_or_default(), &body["choices"]);
                Value::Null
            }
            ReplyKind::Turned if !matches!(**answer, Answer::Refused(_)) => {
                // What turns to words alone keeps neither its page nor its buttons.
                for shown in ["content", "embeds", "components"] {
                    if body[shown].is_null() {
                        body[shown] = if shown == "content" { "".into() } else { json!([]) };
                    }
                }
                self.api.patch(&format!("{webhook}/messages/@original"), &body).await?
            }
            ReplyKind::Waiting => self.api.patch_with(&format!("{webhook}/messages/@original"), &body, file).await?,
            // The card shows what the button did; only what it did not do needs words.
            ReplyKind::Button if answer.is_on_card() => Value::Null,
            ReplyKind::Button | ReplyKind::Turned => {
                body["flags"] = EPHEMERAL.into();
                self.api.post(&webhook, &body).await?
            }
        };
        Ok(())
    }
}

/// A message with its picture drawn, which takes a moment. One that cannot be drawn is left out: the words say it all.
async fn with_picture(mut body: Value, chart: Option<Chart>) -> (Value, Option<Vec<u8>>) {
    let Some(chart) = chart else { return (body, None) };
    let drawn = tokio::task::spawn_blocking(move || chart.png()).await;
    match drawn.map_err(|error| error.to_string()).and_then(|drawn| drawn) {
        Ok(drawn) => (body, Some(drawn)),
        Err(why) => {
            tracing::warn!("chart.not_drawn {why}");
            if let Some(message) = body.as_object_mut() {
                message.remove("attachments");
            }
            if let Some(embed) = body["embeds"][0].as_object_mut() {
                embed.remove("image");
            }
            (body, None)
        }
    }
}

/// The case and page that a message's buttons act on.
fn acts_on(message: &Value) -> Option<(u32, usize)> {
    let rows = message["components"].as_array()?;
    let buttons = rows.iter().filter_map(|row| row["components"].as_array()).flatten();
    let mut ids = buttons.filter_map(|button| button["custom_id"].as_str()?.parse().ok());
    ids.find_map(|id| match id {
        CustomId::Button { case, page, .. } => Some((case.0, page)),
        CustomId::Sentence { .. }
        | CustomId::Escalate { .. }
        | CustomId::Inform { .. }
        | CustomId::Look { .. }
        | CustomId::Tell { .. }
        | CustomId::MoveOver { .. }
        | CustomId::Soon { .. }
        | CustomId::Step { .. } => None,
    })
}

/// The smallest message id that can have been given at this instant, with room for skewed clocks
/// (<https://discord.com/developers/docs/reference#snowflakes>).
fn snowflake_before(at: DateTime<Utc>) -> i64 {
    const DISCORD_EPOCH_MS: i64 = 1_420_070_400_000;
    (at.timestamp_millis() - CLOCK_SKEW_MS - DISCORD_EPOCH_MS).max(0) << 22
}

/// Whether trying again makes sense.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn undelivered(error: ApiError) -> Undelivered {
    let why = error.to_string();
    match error {
        ApiError::RateLimited { after } => Undelivered::Retry { after: Some(after), why },
        _ if error.is_passing() => Undelivered::Retry { after: None, why },
        _ => Undelivered::GiveUp { why },
    }
}

/// The first answer to an interaction: exactly one, within three seconds
/// (<https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-callback>).
pub(crate) async fn respond(api: &Api, interaction: &str, token: &str, kind: u8, data: &Value) -> Result<(), ApiError> {
    let body = if data.is_null() { json!({"type": kind}) } else { json!({"type": kind, "data": data}) };
    api.post(&format!("interactions/{interaction}/{token}/callback"), &body).await.map(|_| ())
}
