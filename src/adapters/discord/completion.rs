//! What somebody may mean who is still typing: from the procedure at once, from the desk in a moment.
//!
//! Discord waits three seconds for choices
//! (<https://discord.com/developers/docs/interactions/application-commands#autocomplete>). The desk is asked like for
//! any other answer, in its turn, and what it says goes back to whoever waits here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use poise::serenity_prelude as serenity;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::adapters::discord::commands::{Asked, Context, call};
use crate::sop::desk::Choosing;
use crate::sop::message::cut;

/// Choices offered at once.
pub(crate) const CHOICES_MAX: usize = 25;
/// Length of a choice, in characters.
pub(crate) const CHOICE_CHARS_MAX: usize = 100;
/// An answer after this is none: the rest of the three seconds is for its way.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// Who waits for choices, by their interaction. One that Discord sends twice waits twice.
#[derive(Debug, Default)]
pub(crate) struct Completions(Mutex<HashMap<u64, Vec<oneshot::Sender<Value>>>>);

impl Completions {
    fn wait(&self, interaction: u64) -> oneshot::Receiver<Value> {
        let (sender, answer) = oneshot::channel();
        self.waiting().entry(interaction).or_default().push(sender);
        answer
    }

    /// Nobody may be waiting any more.
    pub(crate) fn answer(&self, interaction: u64, choices: &Value) {
        for waiting in self.waiting().remove(&interaction).into_iter().flatten() {
            let _ = waiting.send(choices.clone());
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Vec<oneshot::Sender<Value>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the desk. Nothing, where it is closing or too busy to answer in time.
async fn ask(ctx: Context<'_>, what: Choosing, typed: &str) -> serenity::CreateAutocompleteResponse {
    let interaction = ctx.interaction.id.get();
    let answer = ctx.data().completions.wait(interaction);
    let heard = call(ctx.interaction, Asked::Complete { what, typed: typed.to_owned() });
    let choices = match ctx.data().calls.send(heard).await {
        Ok(()) => tokio::time::timeout(PATIENCE, answer).await.ok().and_then(Result::ok).unwrap_or_default(),
        Err(_) => Value::Null,
    };
    ctx.data().completions.waiting().remove(&interaction);
    let choice = |choice: &Value| {
        let (name, value) = (choice["name"].as_str()?, choice["value"].as_str()?);
        Some(serenity::AutocompleteChoice::new(name, value))
    };
    let choices = choices.as_array().into_iter().flatten().filter_map(choice).collect();
    serenity::CreateAutocompleteResponse::new().set_choices(choices)
}

/// Cases that something can be done about.
pub(crate) async fn open_cases(ctx: Context<'_>, typed: &str) -> serenity::CreateAutocompleteResponse {
    ask(ctx, Choosing::Open, typed).await
}

/// Cases that were settled.
pub(crate) async fn resolved_cases(ctx: Context<'_>, typed: &str) -> serenity::CreateAutocompleteResponse {
    ask(ctx, Choosing::Resolved, typed).await
}

/// Tickets that are known.
pub(crate) async fn tickets(ctx: Context<'_>, typed: &str) -> serenity::CreateAutocompleteResponse {
    ask(ctx, Choosing::Ticket, typed).await
}

/// Cases to look at.
pub(crate) async fn any_cases(ctx: Context<'_>, typed: &str) -> serenity::CreateAutocompleteResponse {
    ask(ctx, Choosing::Any, typed).await
}

/// What has to be so for the case to go back that stands in the option before.
pub(crate) async fn criteria(ctx: Context<'_>, typed: &str) -> serenity::CreateAutocompleteResponse {
    let named = ctx.args.iter().find(|option| option.name == "escalation");
    let case = match named.map(|option| &option.value) {
        Some(serenity::ResolvedValue::String(case)) => (*case).to_owned(),
        _ => String::new(),
    };
    ask(ctx, Choosing::Criteria { case }, typed).await
}

pub(crate) async fn reasons(ctx: Context<'_>, typed: &str) -> serenity::CreateAutocompleteResponse {
    known(&ctx.data().reasons, typed)
}

pub(crate) async fn duties(ctx: Context<'_>, typed: &str) -> serenity::CreateAutocompleteResponse {
    known(&ctx.data().duties, typed)
}

fn known(known: &[(String, String)], typed: &str) -> serenity::CreateAutocompleteResponse {
    let typed = typed.to_lowercase();
    let fits = |(id, name): &&(String, String)| id.contains(&typed) || name.to_lowercase().contains(&typed);
    let choice =
        |(id, name): &(String, String)| serenity::AutocompleteChoice::new(cut(name, CHOICE_CHARS_MAX), id.clone());
    let choices = known.iter().filter(fits).take(CHOICES_MAX).map(choice).collect();
    serenity::CreateAutocompleteResponse::new().set_choices(choices)
}
