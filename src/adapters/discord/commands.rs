//! The commands, as Discord offers them. Each only says what was asked: [`Call`]. What follows is decided elsewhere,
//! and answered from there.

use std::sync::Arc;

use poise::serenity_prelude as serenity;
use tokio::sync::mpsc;

pub(crate) use crate::adapters::discord::calls::{Asked, Call, Cover};
use crate::adapters::discord::completion::{
    Completions, any_cases, criteria, duties, open_cases, reasons, resolved_cases, tickets,
};
use crate::adapters::discord::locales;
use crate::sop::escalation::{Act, Grade};
use crate::sop::team::Severity;

/// What the commands are given to work with.
pub(crate) struct Ear {
    pub(crate) calls: mpsc::Sender<Call>,
    /// Id and name of each trigger, for completion.
    pub(crate) reasons: Vec<(String, String)>,
    /// Id and name of each team with a rota, for completion.
    pub(crate) duties: Vec<(String, String)>,
    /// Who waits for what the desk has to complete.
    pub(crate) completions: Arc<Completions>,
}

type Failure = std::convert::Infallible;
pub(crate) type Context<'a> = poise::ApplicationContext<'a, Ear, Failure>;

/// Every command of the bot.
pub(crate) fn all() -> Vec<poise::Command<Ear, Failure>> {
    vec![
        escalate(),
        escalate_this(),
        ack(),
        next(),
        note(),
        bounce(),
        wait(),
        handoff(),
        merge(),
        raise(),
        lower(),
        severity(),
        resolve(),
        confirm(),
        reopen(),
        grade(),
        status(),
        why(),
        playbook(),
        customer(),
        queue(),
        oncall(),
        cover(),
        digest(),
        help(),
        sop(),
        drill(),
    ]
}

/// The framework that hears them. Nothing it sends by itself may ping.
pub(crate) fn framework(ear: Ear) -> poise::Framework<Ear, Failure> {
    let options = poise::FrameworkOptions {
        commands: all(),
        allowed_mentions: Some(serenity::CreateAllowedMentions::new()),
        initialize_owners: false,
        ..Default::default()
    };
    poise::Framework::builder().options(options).setup(|_, _, _| Box::pin(async move { Ok(ear) })).build()
}

/// As Discord wants them registered.
pub(crate) fn registered() -> serde_json::Value {
    let commands = poise::builtins::create_application_commands(&all());
    locales::localize(serde_json::to_value(commands).expect("commands are plain data"))
}

async fn ask(ctx: Context<'_>, what: Asked) -> Result<(), Failure> {
    let heard = call(ctx.interaction, what);
    if ctx.data().calls.send(heard).await.is_err() {
        tracing::debug!("command.ignored the desk is closing");
    }
    Ok(())
}

pub(crate) fn call(interaction: &serenity::CommandInteraction, what: Asked) -> Call {
    Call {
        interaction: interaction.id.get(),
        token: interaction.token.clone(),
        user: interaction.user.clone(),
        roles: interaction.member.as_ref().map(|member| member.roles.clone()).unwrap_or_default(),
        channel: interaction.channel_id.get(),
        what,
    }
}

/// Escalate: asks for the ticket, the steps tried and the context.
#[poise::command(slash_command, guild_only)]
async fn escalate(
    ctx: Context<'_>,
    #[description = "Why, if one of the usual reasons fits"]
    #[autocomplete = "reasons"]
    #[max_length = 100]
    reason: Option<String>,
    #[description = "Its link, or what you know of it: what stands in it need not be typed"]
    #[autocomplete = "tickets"]
    #[max_length = 100]
    ticket: Option<String>,
) -> Result<(), Failure> {
    ask(ctx, Asked::EscalateForm { reason, ticket, message: None }).await
}

/// The same, from a message.
#[poise::command(context_menu_command = "Escalate this", guild_only)]
async fn escalate_this(ctx: Context<'_>, message: serenity::Message) -> Result<(), Failure> {
    ask(ctx, Asked::EscalateForm { reason: None, ticket: None, message: Some(Box::new(message)) }).await
}

/// Take an escalation.
#[poise::command(slash_command, guild_only)]
async fn ack(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[autocomplete = "open_cases"]
    #[max_length = 40]
    escalation: String,
    #[description = "When the next step comes, for example 45m or 2h; without it, as long as the team has to answer"]
    #[max_length = 20]
    next: Option<String>,
) -> Result<(), Failure> {
    ask(ctx, Asked::Ack { case: escalation, next }).await
}

/// Say by when the next step comes.
#[poise::command(slash_command, guild_only)]
async fn next(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[autocomplete = "open_cases"]
    #[max_length = 40]
    escalation: String,
    #[description = "From now, for example 45m or 2h; without it, as long as the team has to answer"]
    #[max_length = 20]
    within: Option<String>,
) -> Result<(), Failure> {
    ask(ctx, Asked::Next { case: escalation, within }).await
}

/// Write down what was done or found out.
#[poise::command(slash_command, guild_only)]
async fn note(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[autocomplete = "any_cases"]
    #[max_length = 40]
    escalation: String,
    #[description = "What was done or found out"]
    #[max_length = 1000]
    text: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::Act { case: escalation, act: Act::Note { text } }).await
}

/// Ask whoever reported it for what is missing.
#[poise::command(slash_command, guild_only)]
async fn bounce(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[autocomplete = "open_cases"]
    #[max_length = 40]
    escalation: String,
    #[description = "What you cannot work without"]
    #[max_length = 100]
    missing: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::Act { case: escalation, act: Act::Bounce { missing } }).await
}

/// Wait for the customer. It goes on when they write.
#[poise::command(slash_command, guild_only)]
async fn wait(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[autocomplete = "open_cases"]
    #[max_length = 40]
    escalation: String,
    #[description = "What the customer has to send or decide"]
    #[max_length = 1000]
    reason: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::Act { case: escalation, act: Act::Wait { reason } }).await
}

/// Ask somebody to take an escalation over. Until they do, it stays where it is.
#[poise::command(slash_command, guild_only)]
async fn handoff(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[autocomplete = "open_cases"]
    #[max_length = 40]
    escalation: String,
    #[description = "Who is to take it"] to: serenity::User,
) -> Result<(), Failure> {
    let roles = roles_of(ctx, &to);
    ask(ctx, Asked::HandOff { case: escalation, to: Box::new(to), roles }).await
}

/// Say that two escalations are one: the first goes on as part of the second.
#[poise::command(slash_command, guild_only)]
async fn merge(
    ctx: Context<'_>,
    #[description = "The one that becomes a part, for example ESC-143"]
    #[autocomplete = "open_cases"]
    #[max_length = 40]
    escalation: String,
    #[description = "The one that goes on, for example ESC-142"]
    #[autocomplete = "open_cases"]
    #[max_length = 40]
    into: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::Merge { case: escalation, into }).await
}

/// The roles of somebody whom an option names, as Discord sends them with it.
fn roles_of(ctx: Context<'_>, user: &serenity::User) -> Vec<serenity::RoleId> {
    let member = ctx.interaction.data.resolved.members.get(&user.id);
    member.map(|member| member.roles.clone()).unwrap_or_default()
}

/// Send an escalation back to the team before.
#[poise::command(slash_command, guild_only)]
async fn lower(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[autocomplete = "open_cases"]
    #[max_length = 40]
    escalation: String,
    #[description = "Why it needs this team no longer"]
    #[autocomplete = "criteria"]
    #[max_length = 1000]
    reason: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::Act { case: escalation, act: Act::Lower { reason } }).await
}

#[derive(Clone, Copy, Debug, poise::ChoiceParameter)]
enum Severities {
    #[name = "sev1, the most severe"]
    Sev1,
    #[name = "sev2"]
    Sev2,
    #[name = "sev3"]
    Sev3,
    #[name = "sev4"]
    Sev4,
}

/// Say how severe an escalation is.
#[poise::command(slash_command, guild_only)]
async fn severity(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[autocomplete = "open_cases"]
    #[max_length = 40]
    escalation: String,
    #[description = "How severe it is"] severity: Severities,
    #[description = "Why"]
    #[max_length = 1000]
    reason: String,
) -> Result<(), Failure> {
    let severity = match severity {
        Severities::Sev1 => Severity::Sev1,
        Severities::Sev2 => Severity::Sev2,
        Severities::Sev3 => Severity::Sev3,
        Severities::Sev4 => Severity::Sev4,
    };
    ask(ctx, Asked::Act { case: escalation, act: Act::SetSeverity { severity, reason } }).await
}

/// Say that an escalation you reported is solved.
#[poise::command(slash_command, guild_only)]
async fn confirm(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[autocomplete = "resolved_cases"]
    #[max_length = 40]
    escalation: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::Act { case: escalation, act: Act::Confirm }).await
}

/// Open a resolved escalation again.
#[poise::command(slash_command, guild_only)]
async fn reopen(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[autocomplete = "resolved_cases"]
    #[max_length = 40]
    escalation: String,
    #[description = "What is still to be done"]
    #[max_length = 1000]
    reason: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::Act { case: escalation, act: Act::Reopen { reason } }).await
}

#[derive(Clone, Copy, Debug, poise::ChoiceParameter)]
enum Grades {
    #[name = "right call"]
    RightCall,
    #[name = "not needed"]
    NotNeeded,
    #[name = "wrong team"]
    WrongTeam,
    #[name = "missing information"]
    MissingInformation,
}

/// Say whether it was right to open an escalation. Triggers are measured by it.
#[poise::command(slash_command, guild_only)]
async fn grade(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[autocomplete = "any_cases"]
    #[max_length = 40]
    escalation: String,
    #[description = "Your judgement"] grade: Grades,
) -> Result<(), Failure> {
    let grade = match grade {
        Grades::RightCall => Grade::RightCall,
        Grades::NotNeeded => Grade::NotNeeded,
        Grades::WrongTeam => Grade::WrongTeam,
        Grades::MissingInformation => Grade::MissingInformation,
    };
    ask(ctx, Asked::Act { case: escalation, act: Act::Grade { grade } }).await
}

/// Send an escalation on to the next team.
#[poise::command(slash_command, guild_only)]
async fn raise(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[autocomplete = "open_cases"]
    #[max_length = 40]
    escalation: String,
    #[description = "Why it has to go on"]
    #[max_length = 1000]
    reason: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::Act { case: escalation, act: Act::Raise { reason } }).await
}

/// Resolve an escalation with a note.
#[poise::command(slash_command, guild_only)]
async fn resolve(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[autocomplete = "open_cases"]
    #[max_length = 40]
    escalation: String,
    #[description = "What was done"]
    #[max_length = 1000]
    note: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::Act { case: escalation, act: Act::Resolve { note } }).await
}

/// Show one escalation.
#[poise::command(slash_command, guild_only)]
async fn status(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[autocomplete = "any_cases"]
    #[max_length = 40]
    escalation: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::Status { case: escalation }).await
}

/// Say why something was escalated, and what nearly was.
#[poise::command(slash_command, guild_only)]
async fn why(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[autocomplete = "any_cases"]
    #[max_length = 40]
    escalation: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::Why { case: escalation }).await
}

/// Show what to do about an escalation, step by step.
#[poise::command(slash_command, guild_only)]
async fn playbook(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[autocomplete = "any_cases"]
    #[max_length = 40]
    escalation: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::Playbook { case: escalation }).await
}

/// Get the message for the customer, with the time we promise.
#[poise::command(slash_command, guild_only)]
async fn customer(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[autocomplete = "open_cases"]
    #[max_length = 40]
    escalation: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::Customer { case: escalation }).await
}

/// List what is open.
#[poise::command(slash_command, guild_only)]
async fn queue(ctx: Context<'_>) -> Result<(), Failure> {
    ask(ctx, Asked::Queue).await
}

/// Say who is on call, until when, and who is next.
#[poise::command(slash_command, guild_only)]
async fn oncall(
    ctx: Context<'_>,
    #[description = "One team"]
    #[autocomplete = "duties"]
    #[max_length = 40]
    team: Option<String>,
    #[description = "Another time than now, for example 18:00 or 2026-12-24 18:00"]
    #[max_length = 40]
    at: Option<String>,
) -> Result<(), Failure> {
    ask(ctx, Asked::OnCall { team, at }).await
}

/// Take a team's duty for a while.
#[poise::command(slash_command, guild_only)]
async fn cover(
    ctx: Context<'_>,
    #[description = "Whose duty"]
    #[autocomplete = "duties"]
    #[max_length = 40]
    team: String,
    #[description = "Until when, for example 18:00 or 2026-12-24 18:00; a day alone: to its end"]
    #[max_length = 40]
    to: String,
    #[description = "From when; without it, from now on"]
    #[max_length = 40]
    from: Option<String>,
    #[description = "Only the time of this person"] instead_of: Option<serenity::User>,
    #[description = "Who takes it, if not you: only managers can say so"] who: Option<serenity::User>,
) -> Result<(), Failure> {
    let who = who.map(|who| {
        let roles = roles_of(ctx, &who);
        (who, roles)
    });
    ask(ctx, Asked::Cover(Box::new(Cover { team, from, to, instead_of, who }))).await
}

/// Say what a stretch of time came to. For managers.
#[poise::command(slash_command, guild_only)]
async fn digest(
    ctx: Context<'_>,
    #[description = "today, yesterday, last week, last month, 24h, 7d, 2026-10, 2026-10-05; without it, 7d"]
    #[max_length = 40]
    period: Option<String>,
) -> Result<(), Failure> {
    ask(ctx, Asked::Digest { period }).await
}

/// Say what I do and how to ask for it.
#[poise::command(slash_command, guild_only)]
async fn help(ctx: Context<'_>) -> Result<(), Failure> {
    ask(ctx, Asked::Help).await
}

/// The procedure itself.
#[poise::command(
    slash_command,
    guild_only,
    subcommands("sop_show", "sop_health", "sop_move", "sop_reload", "sop_doctor"),
    subcommand_required
)]
#[expect(clippy::unused_async, reason = "the framework awaits it")]
async fn sop(_: Context<'_>) -> Result<(), Failure> {
    Ok(())
}

/// Say which version is in use, and how many open escalations keep an older one.
#[poise::command(slash_command, guild_only, rename = "show")]
async fn sop_show(ctx: Context<'_>) -> Result<(), Failure> {
    ask(ctx, Asked::Sop).await
}

/// Say how right each trigger is, from the grades of its cases. For managers.
#[poise::command(slash_command, guild_only, rename = "health")]
async fn sop_health(ctx: Context<'_>) -> Result<(), Failure> {
    ask(ctx, Asked::Health).await
}

/// Show what the version in use would change about an open escalation, and move it over. For managers.
#[poise::command(slash_command, guild_only, rename = "move")]
async fn sop_move(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[autocomplete = "open_cases"]
    #[max_length = 40]
    escalation: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::MoveOver { case: escalation }).await
}

/// Read the config again. For managers.
#[poise::command(slash_command, guild_only, rename = "reload")]
async fn sop_reload(ctx: Context<'_>) -> Result<(), Failure> {
    ask(ctx, Asked::Reload).await
}

/// Say whether everything is there that I need, and what to do where it is not. For managers.
#[poise::command(slash_command, guild_only, rename = "doctor")]
async fn sop_doctor(ctx: Context<'_>) -> Result<(), Failure> {
    ask(ctx, Asked::Doctor).await
}

/// Practise: page a team for real about something that has not happened. For managers.
#[poise::command(slash_command, guild_only)]
async fn drill(
    ctx: Context<'_>,
    #[description = "What to practise"]
    #[autocomplete = "reasons"]
    #[max_length = 100]
    trigger: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::Drill { trigger }).await
}
