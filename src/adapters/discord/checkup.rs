//! Whether everything is there on Discord's side that the procedure needs: asked when the bot starts, by
//! `bellhop doctor`, and by `/sop doctor` while the bot runs.

use chrono::TimeDelta;
use serde_json::Value;

use crate::adapters::discord::api::{Api, ApiError};
use crate::adapters::discord::guild::{Guild, VIEW_CHANNEL, snowflake};
use crate::adapters::discord::{Settings, StartProblem, commands, markup};
use crate::sop::notice::Check;
use crate::sop::procedure::Procedure;
use crate::sop::team::Team;
use crate::words::{Language, Words, WordsError};

/// The permissions the bot asks for: view, send, embed, attach, history, mention roles, threads
/// (<https://discord.com/developers/docs/topics/permissions>).
const INVITED: u64 = 395_137_240_064;
/// Without it a role that not everybody may ping is not pinged.
const MENTION_ROLES: u64 = 1 << 17;
/// What is needed where customers write: to hear them, and to read back what was said while the bot was away.
const READ: [(u64, &str); 2] = [(VIEW_CHANNEL, "View Channel"), (1 << 16, "Read Message History")];
/// What is needed where a team's cards stand; the history, to find a card again that a crash left there.
const POST: [(u64, &str); 4] = [READ[0], (1 << 11, "Send Messages"), (1 << 14, "Embed Links"), READ[1]];
/// What is needed where a history stands below a team's cards.
const THREADS: [(u64, &str); 2] = [(1 << 35, "Create Public Threads"), (1 << 38, "Send Messages in Threads")];
/// Flags of an application that may read messages: with more than a hundred servers, and with fewer
/// (<https://discord.com/developers/docs/resources/application#application-object-application-flags>).
const READS_MESSAGES: u64 = 1 << 18 | 1 << 19;

/// From here on people see it in the times that Discord shows …
const CLOCK_OFF: TimeDelta = TimeDelta::seconds(5);
/// … and from here on the bot no longer finds its own cards after a crash.
const CLOCK_FAR_OFF: TimeDelta = TimeDelta::seconds(60);

/// A Discord that knows us.
pub(crate) struct Introduced {
    pub(crate) guild: Guild,
    /// The switch in the developer portal is on.
    pub(crate) reads_messages: bool,
    /// What is spoken on the server. Only Community servers can say so; of the others Discord says English
    /// (<https://discord.com/developers/docs/resources/guild#guild-object-guild-structure>).
    pub(crate) language: Language,
}

/// The address that invites an application with the permissions it needs.
pub(crate) fn invitation(application: u64) -> String {
    format!(
        "https://discord.com/oauth2/authorize?client_id={application}&scope=bot%20applications.commands&permissions={INVITED}"
    )
}

/// Who we are, and what is there.
pub(crate) async fn introduce(
    api: &Api,
    settings: &Settings,
    procedure: &Procedure,
) -> Result<Introduced, StartProblem> {
    let id = settings.guild;
    let (server, channels, roles) =
        (format!("guilds/{id}"), format!("guilds/{id}/channels"), format!("guilds/{id}/roles"));
    let (me, application, server, channels, roles) = tokio::join!(
        api.get("users/@me"),
        api.get("oauth2/applications/@me"),
        api.get(&server),
        api.get(&channels),
        api.get(&roles)
    );
    let (me, application) = (known(me, &settings.api_base)?, known(application, &settings.api_base)?);
    let (me, application_id) = (number(&me["id"]), number(&application["id"]));
    let invited = |answer: Result<Value, ApiError>| match answer {
        Err(error) if matches!(error.status(), Some(403 | 404)) => Err(not_invited(id, application_id)),
        answer => Ok(answer?),
    };
    let (server, channels, roles) = (invited(server)?, invited(channels)?, invited(roles)?);
    let member = invited(api.get(&format!("guilds/{id}/members/{me}")).await)?;
    let cleared = procedure.teams.iter().filter(|team| team.cleared).filter_map(|team| team.group.parse().ok());
    let guild = Guild::new(id, me, application_id, cleared.collect());
    guild.learn_channels(&channels);
    guild.learn_roles(&roles);
    guild.learn_me(&member);
    let reads_messages = application["flags"].as_u64().unwrap_or_default() & READS_MESSAGES != 0;
    let language = Language::of_locale(server["preferred_locale"].as_str().unwrap_or_default());
    Ok(Introduced { guild, reads_messages, language })
}

/// What Discord says of somebody who holds the token.
pub(crate) fn known(answer: Result<Value, ApiError>, api_base: &str) -> Result<Value, StartProblem> {
    match answer {
        Err(ApiError::Unavailable { why }) => Err(no_answer(api_base, &why)),
        Err(error) if error.status() == Some(401) => Err(wrong_token()),
        answer => Ok(answer?),
    }
}

fn no_answer(base: &str, why: &str) -> StartProblem {
    let todo = "check this machine's network, and [discord] api_base in the config";
    StartProblem::Check(Check::error("Discord", format!("{base} did not answer ({why})"), todo))
}

pub(crate) fn wrong_token() -> StartProblem {
    let todo = "copy it again from the developer portal, page Bot, into DISCORD_TOKEN";
    StartProblem::Check(Check::error("token", "Discord does not accept the token", todo))
}

fn not_invited(guild: u64, application: u64) -> StartProblem {
    let todo = format!("check [discord] guild, and invite the bot with {}", invitation(application));
    StartProblem::Check(Check::error("server", format!("the bot is not on the server {guild}"), todo))
}

pub(crate) fn content_off() -> Check {
    let todo = "switch on the Message Content Intent in the developer portal, page Bot";
    Check::error("message content", "the bot may not read what customers write", todo)
}

/// Everything there is to look at. Where Discord lets nobody in, that is the last of it.
pub(crate) async fn examine(api: &Api, settings: &Settings, procedure: &Procedure) -> Vec<Check> {
    let mut checks = vec![templates(settings, procedure)];
    let met = match introduce(api, settings, procedure).await {
        Ok(met) => met,
        Err(StartProblem::Check(check)) => return [checks, vec![check]].concat(),
        Err(problem) => {
            let todo = "try again later; https://discordstatus.com says how Discord is";
            return [checks, vec![Check::error("Discord", problem.to_string(), todo)]].concat();
        }
    };
    checks.push(Check::fine("token", "Discord accepts the token, and the bot is on the server"));
    checks.push(if met.reads_messages {
        Check::fine("message content", "the bot may read what customers write")
    } else {
        content_off()
    });
    checks.push(registered(api, &met.guild).await);
    checks.extend(clock(api).await);
    checks.extend(look_around(&met.guild, settings, procedure));
    checks
}

/// The words of the language that the config names, else of the server's.
pub(crate) fn words(settings: &Settings, spoken: Language, procedure: &Procedure) -> Result<Words, Vec<WordsError>> {
    let language = settings.language.unwrap_or(spoken);
    Words::load(language, settings.templates.as_deref(), markup(settings.guild), &procedure.teams)
}

/// Looked at before Discord answers: whether they render is the same in every language.
fn templates(settings: &Settings, procedure: &Procedure) -> Check {
    let words = words(settings, Language::default(), procedure);
    let Err(problems) = words else { return Check::fine("templates", "all of them render") };
    let says: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let todo = "mend the template, or delete its file: then the built-in one is used";
    Check::error("templates", says.join("; "), todo)
}

/// Whether commands can be shown on the server. The bot registers them when it starts.
async fn registered(api: &Api, guild: &Guild) -> Check {
    let about = "commands";
    match api.get(&format!("applications/{}/guilds/{}/commands", guild.application(), guild.id())).await {
        Err(error) => {
            let todo = format!("invite the bot again, with {}", invitation(guild.application()));
            Check::error(about, format!("the bot may offer no commands on the server ({error})"), todo)
        }
        Ok(known) => {
            let is_known = |wanted: &&Value| known.as_array().is_some_and(|it| it.iter().any(|it| is_same(it, wanted)));
            let ours = commands::registered();
            let ours = ours.as_array().map(Vec::as_slice).unwrap_or_default();
            match ours.iter().filter(is_known).count() {
                count if count == ours.len() => Check::fine(about, format!("all {count} are registered")),
                count => Check::warning(
                    about,
                    format!("{count} of {} are registered", ours.len()),
                    "start the bot with bellhop run: it registers them",
                ),
            }
        }
    }
}

fn is_same(known: &Value, wanted: &Value) -> bool {
    known["name"] == wanted["name"] && known["type"].as_u64().unwrap_or(1) == wanted["type"].as_u64().unwrap_or(1)
}

/// `None` where Discord does not say what time it is; that it does not answer is told elsewhere.
async fn clock(api: &Api) -> Option<Check> {
    let ahead = api.clock_ahead().await.ok()?;
    let off = ahead.abs();
    if off < CLOCK_OFF {
        return Some(Check::fine("clock", "it agrees with Discord's"));
    }
    let side = if ahead < TimeDelta::zero() { "ahead of" } else { "behind" };
    let says = format!("this machine's clock is {} s {side} Discord's", off.num_seconds());
    let todo = "have it set by a time server (NTP)";
    let is_far = off >= CLOCK_FAR_OFF;
    Some(if is_far { Check::error("clock", says, todo) } else { Check::warning("clock", says, todo) })
}

/// Everything that the procedure names on the server: whether it is there, and as the bot needs it.
pub(crate) fn look_around(guild: &Guild, settings: &Settings, procedure: &Procedure) -> Vec<Check> {
    let watched = settings.watched.iter().map(|id| channel(guild, &id.to_string(), "[discord] watch", &READ));
    let staff = staff(guild, &settings.staff_roles);
    let teams = procedure.teams.iter().flat_map(|team| team_checks(guild, team, procedure));
    let canary = settings.canary.map(|canary| channel(guild, &canary.channel.to_string(), "[discord] canary", &POST));
    watched.chain(canary).chain(staff).chain(teams).collect()
}

/// One check where all of them are there.
fn staff(guild: &Guild, roles: &[u64]) -> Vec<Check> {
    let missing = roles.iter().filter(|id| !guild.has_role(**id));
    let missing: Vec<Check> = missing.map(|id| role(guild, &id.to_string(), "[discord] staff_roles")).collect();
    if missing.is_empty() { vec![Check::fine("staff roles", "all of them are there")] } else { missing }
}

fn team_checks(guild: &Guild, team: &Team, procedure: &Procedure) -> Vec<Check> {
    let whose = format!("team {}", team.id);
    let mut checks = vec![channel(guild, team.place.as_str(), &whose, &POST)];
    let place = team.place.as_str().parse().ok().filter(|id| guild.has_channel(*id));
    checks.extend(place.filter(|_| procedure.threads).and_then(|id| threads(guild, id)));
    checks.extend(place.filter(|_| team.cleared).map(|id| closed(guild, team, id)));
    let mut its_role = role(guild, &team.group, &whose);
    if let (Some(place), Some(id)) = (place, team.group.parse().ok().filter(|id| guild.has_role(*id))) {
        its_role = pinged(guild, id, place, team, procedure).unwrap_or(its_role);
    }
    checks.push(its_role);
    checks
}

fn channel(guild: &Guild, id: &str, whose: &str, needed: &[(u64, &str)]) -> Check {
    let Some(name) = id.parse().ok().and_then(|id| guild.channel_name(id)) else {
        let todo = "check the id and the bot's View Channel permission";
        let says = format!("there is no channel {id} that the bot can see ({whose})");
        return Check::error(format!("channel {id}"), says, todo);
    };
    let about = format!("#{name}");
    let lacks = lacking(guild, id.parse().unwrap_or_default(), needed);
    if lacks.is_empty() {
        return Check::fine(about, format!("the bot may do there what it has to ({whose})"));
    }
    let says = format!("the bot lacks permissions in channel {id} ({whose}): {}", lacks.join(", "));
    Check::error(about, says, "allow the bot these in the settings of the channel, page Permissions")
}

/// What is wrong where nothing can be written below a card. The rest goes on without.
fn threads(guild: &Guild, place: u64) -> Option<Check> {
    let lacks = lacking(guild, place, &THREADS);
    let about = format!("threads in #{}", guild.channel_name(place).unwrap_or_default());
    let says = format!("nothing is written below the cards in channel {place}, without {}", lacks.join(" and "));
    let todo = "allow the bot these in the settings of the channel, page Permissions, or set `threads = false`";
    (!lacks.is_empty()).then(|| Check::warning(about, says, todo))
}

/// The names of the permissions that the bot needs in a channel and has not.
fn lacking<'n>(guild: &Guild, channel: u64, needed: &[(u64, &'n str)]) -> Vec<&'n str> {
    let may = guild.may(channel);
    needed.iter().filter(|(bit, _)| may & bit == 0).map(|(_, name)| *name).collect()
}

fn role(guild: &Guild, id: &str, whose: &str) -> Check {
    match id.parse().ok().and_then(|id| guild.role_name(id)) {
        Some(name) => Check::fine(format!("@{name}"), format!("the role is there ({whose})")),
        None => {
            Check::error(format!("role {id}"), format!("there is no role {id} on the server ({whose})"), "check the id")
        }
    }
}

fn closed(guild: &Guild, team: &Team, place: u64) -> Check {
    let about = format!("secrecy of #{}", guild.channel_name(place).unwrap_or_default());
    match guild.is_closed(&team.place) {
        Ok(()) => Check::fine(about, "only cleared roles, administrators and the bot can see it"),
        Err(why) => {
            let todo = format!("close {}'s channel to everyone else, or take `cleared` from the team", team.name);
            Check::error(about, why, todo)
        }
    }
}

/// What is wrong where a page would not ping its role.
fn pinged(guild: &Guild, role: u64, place: u64, team: &Team, procedure: &Procedure) -> Option<Check> {
    let is_paged = procedure.plans().flat_map(|plan| plan.teams()).any(|paged| *paged == team.id);
    if !is_paged || guild.is_mentionable(role) || guild.may(place) & MENTION_ROLES != 0 {
        return None;
    }
    let name = guild.role_name(role).unwrap_or_default();
    let says = format!("a page would not ping the role {role} (team {})", team.id);
    let todo = "let everybody mention the role, or give the bot Mention @everyone, @here and All Roles in its channel";
    // Of a team with a rota people are pinged, but as the last resort it is the whole team.
    let is_last = procedure.default_plan.catch_all.team == team.id;
    let has_rota = procedure.rotas_of(&team.id).next().is_some();
    let about = format!("@{name}");
    Some(if has_rota && !is_last { Check::warning(about, says, todo) } else { Check::error(about, says, todo) })
}

fn number(id: &Value) -> u64 {
    snowflake(id).unwrap_or_default()
}
