//! The commands, as Discord offers them. Each only says what was asked: [`Call`]. What follows is decided elsewhere,
//! and answered from there.

use poise::serenity_prelude as serenity;
use tokio::sync::mpsc;

/// What the commands are given to work with.
pub(crate) struct Ear {
    pub(crate) calls: mpsc::Sender<Call>,
    /// Id and name of each trigger, for completion.
    pub(crate) reasons: Vec<(String, String)>,
}

/// Something a person asked for, with what is needed to answer.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) interaction: u64,
    pub(crate) token: String,
    pub(crate) user: serenity::User,
    pub(crate) roles: Vec<serenity::RoleId>,
    pub(crate) channel: u64,
    pub(crate) what: Asked,
}

#[derive(Clone, Debug)]
pub(crate) enum Asked {
    EscalateForm {
        reason: Option<String>,
        message: Option<Box<serenity::Message>>,
    },
    Acknowledge {
        case: String,
    },
    Raise {
        case: String,
        reason: String,
    },
    Resolve {
        case: String,
        note: String,
    },
    Status {
        case: String,
    },
    Why {
        case: String,
    },
    Queue,
    Help,
    /// A button, by its id.
    Pressed {
        id: String,
    },
    /// A form, by its id, with its answers by name.
    Submitted {
        id: String,
        answers: Vec<(String, String)>,
    },
}

type Failure = std::convert::Infallible;
type Context<'a> = poise::ApplicationContext<'a, Ear, Failure>;

/// Every command of the bot.
pub(crate) fn all() -> Vec<poise::Command<Ear, Failure>> {
    vec![escalate(), escalate_this(), ack(), raise(), resolve(), status(), why(), queue(), help()]
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
    serde_json::to_value(commands).expect("commands are plain data")
}

async fn ask(ctx: Context<'_>, what: Asked) -> Result<(), Failure> {
    let heard = call(ctx.interaction, what);
    if ctx.data().calls.send(heard).await.is_err() {
        tracing::debug!("command.ignored the desk is closing");
    }
    Ok(())
}

fn call(interaction: &serenity::CommandInteraction, what: Asked) -> Call {
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
) -> Result<(), Failure> {
    ask(ctx, Asked::EscalateForm { reason, message: None }).await
}

/// The same, from a message.
#[poise::command(context_menu_command = "Escalate this", guild_only)]
async fn escalate_this(ctx: Context<'_>, message: serenity::Message) -> Result<(), Failure> {
    ask(ctx, Asked::EscalateForm { reason: None, message: Some(Box::new(message)) }).await
}

/// Take an escalation.
#[poise::command(slash_command, guild_only)]
async fn ack(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[max_length = 40]
    escalation: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::Acknowledge { case: escalation }).await
}

/// Send an escalation on to the next team.
#[poise::command(slash_command, guild_only)]
async fn raise(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[max_length = 40]
    escalation: String,
    #[description = "Why it has to go on"]
    #[max_length = 1000]
    reason: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::Raise { case: escalation, reason }).await
}

/// Resolve an escalation with a note.
#[poise::command(slash_command, guild_only)]
async fn resolve(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
    #[max_length = 40]
    escalation: String,
    #[description = "What was done"]
    #[max_length = 1000]
    note: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::Resolve { case: escalation, note }).await
}

/// Show one escalation.
#[poise::command(slash_command, guild_only)]
async fn status(
    ctx: Context<'_>,
    #[description = "For example ESC-142"]
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
    #[max_length = 40]
    escalation: String,
) -> Result<(), Failure> {
    ask(ctx, Asked::Why { case: escalation }).await
}

/// List what is open.
#[poise::command(slash_command, guild_only)]
async fn queue(ctx: Context<'_>) -> Result<(), Failure> {
    ask(ctx, Asked::Queue).await
}

/// Say what I do and how to ask for it.
#[poise::command(slash_command, guild_only)]
async fn help(ctx: Context<'_>) -> Result<(), Failure> {
    ask(ctx, Asked::Help).await
}

/// Choices offered at once (<https://discord.com/developers/docs/interactions/application-commands#autocomplete>).
const CHOICES_MAX: usize = 25;
const CHOICE_CHARS_MAX: usize = 100;

#[expect(clippy::unused_async, reason = "the framework awaits it")]
async fn reasons(ctx: Context<'_>, typed: &str) -> serenity::CreateAutocompleteResponse {
    let typed = typed.to_lowercase();
    let fits = |(id, name): &&(String, String)| id.contains(&typed) || name.to_lowercase().contains(&typed);
    let choice = |(id, name): &(String, String)| {
        serenity::AutocompleteChoice::new(crate::sop::message::cut(name, CHOICE_CHARS_MAX), id.clone())
    };
    let choices = ctx.data().reasons.iter().filter(fits).take(CHOICES_MAX).map(choice).collect();
    serenity::CreateAutocompleteResponse::new().set_choices(choices)
}
