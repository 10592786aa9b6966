//! Buttons, forms and commands: answered at once, then handed to the desk.
//!
//! Discord wants the first answer within three seconds, whatever the desk is doing; so it is given before anything is
//! decided. What was decided travels as an ordinary notice.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::adapters::discord::Settings;
use crate::adapters::discord::api::Api;
use crate::adapters::discord::checkup;
use crate::adapters::discord::commands::{Asked, Call, Cover};
use crate::adapters::discord::compose::{self, EPHEMERAL};
use crate::adapters::discord::convert::{self, Roles};
use crate::adapters::discord::custom_id::{CustomId, Sentence};
use crate::adapters::discord::deliver::respond;
use crate::adapters::discord::guild::Guild;
use crate::adapters::discord::reply::{FORM, MESSAGE, NOTHING_YET, Reply, ReplyKind, THINKING};
use crate::engine::input::Input;
use crate::sop::desk::{About, CoverForm, Form, Question, Request, managers_only};
use crate::sop::escalation::{Act, Actor, EscalationId, Grade, Refusal};
use crate::sop::guidance::form::{self, Purpose};
use crate::sop::message::{Standing, cut};
use crate::sop::notice::{Answer, Soon, Verb};
use crate::sop::procedure::Procedure;
use crate::words::Words;

/// Answers calls and hands them on.
pub(crate) struct Counter {
    pub(crate) api: Arc<Api>,
    pub(crate) words: Arc<Words>,
    pub(crate) guild: Arc<Guild>,
    pub(crate) roles: Arc<Roles>,
    pub(crate) procedure: Arc<Procedure>,
    pub(crate) inbox: mpsc::Sender<Input>,
    pub(crate) settings: Settings,
}

/// Says what is to be done about a call, and does nothing.
#[derive(Clone, Copy)]
pub(crate) struct Clerk<'a> {
    pub(crate) words: &'a Words,
    pub(crate) roles: &'a Roles,
    pub(crate) procedure: &'a Procedure,
}

/// What is to be done about a call.
pub(crate) enum Plan {
    /// Answer with this form; nothing else happens yet.
    Show(Value),
    /// Refuse at once.
    Refuse(Refusal),
    /// Promise an answer and ask the desk.
    Ask(ReplyKind, Box<dyn FnOnce(Actor, crate::sop::notice::ReplyTo) -> Request + Send>),
    /// Like `Ask`, but the message the form is about has to be fetched first.
    Escalate { form: Box<Form>, about: Option<(String, String)> },
    /// Promise an answer, see whether everything is there, and tell the desk.
    Examine,
    /// Not one of ours.
    Ignore,
}

impl Counter {
    /// Serves one call to its end.
    pub(crate) async fn serve(&self, call: Call) {
        let actor = self.roles.actor(&call.user, &call.roles);
        let clerk = Clerk { words: &self.words, roles: &self.roles, procedure: &self.procedure };
        match clerk.plan(&call, &actor) {
            Plan::Ignore => {}
            Plan::Show(form) => self.first_answer(&call, FORM, form).await,
            Plan::Refuse(refusal) => {
                self.first_answer(&call, MESSAGE, clerk.refusal(refusal)).await;
            }
            Plan::Ask(kind, request) => {
                match kind {
                    ReplyKind::Waiting => self.first_answer(&call, THINKING, json!({"flags": EPHEMERAL})).await,
                    ReplyKind::Button | ReplyKind::Turned => self.first_answer(&call, NOTHING_YET, Value::Null).await,
                    // These can only be the first answer themselves: the desk knows what stands in them.
                    ReplyKind::Choices | ReplyKind::Form => {}
                }
                let address = match kind {
                    ReplyKind::Waiting | ReplyKind::Button | ReplyKind::Turned => call.token.clone(),
                    ReplyKind::Choices => call.interaction.to_string(),
                    ReplyKind::Form => format!("{}.{}", call.interaction, call.token),
                };
                self.hand_on(&call, request(actor, Reply::address(kind, &address))).await;
            }
            Plan::Examine => {
                self.first_answer(&call, THINKING, json!({"flags": EPHEMERAL})).await;
                let checks = checkup::examine(&self.api, &self.settings, &self.procedure).await;
                let reply = Reply::address(ReplyKind::Waiting, &call.token);
                self.hand_on(&call, Request::Examine { actor, checks, reply }).await;
            }
            Plan::Escalate { mut form, about } => {
                self.first_answer(&call, THINKING, json!({"flags": EPHEMERAL})).await;
                if let Some((place, message)) = about {
                    form.message = self.fetch(&place, &message).await;
                }
                let reply = Reply::address(ReplyKind::Waiting, &call.token);
                self.hand_on(&call, Request::Escalate { actor, form, reply }).await;
            }
        }
    }

    async fn first_answer(&self, call: &Call, kind: u8, data: Value) {
        if let Err(error) = respond(&self.api, &call.interaction.to_string(), &call.token, kind, &data).await {
            // Too late, or answered already: the work is done all the same.
            tracing::warn!("interaction.unanswered {error}");
        }
    }

    async fn hand_on(&self, call: &Call, request: Request) {
        let input = Input::request(format!("interaction:{}", call.interaction), request);
        if self.inbox.send(input).await.is_err() {
            tracing::debug!("interaction.ignored the desk is closing");
        }
    }

    /// The message a form is about. Without it the escalation goes on: a person has written what matters.
    async fn fetch(&self, place: &str, message: &str) -> Option<crate::sop::message::Message> {
        let found = self.api.get(&format!("channels/{place}/messages/{message}")).await;
        let found = found.inspect_err(|error| tracing::warn!("form.message_not_found {error}")).ok()?;
        // REST leaves the roles of an author out. Somebody who has left the server has none.
        let author = found["author"]["id"].as_str()?;
        let member = self.api.get(&format!("guilds/{}/members/{author}", self.guild.id())).await.unwrap_or_default();
        convert::salvaged(&found, &self.roles, &convert::roles_in(&member))
    }
}

impl Clerk<'_> {
    pub(crate) fn plan(self, call: &Call, actor: &Actor) -> Plan {
        let is_staff = actor.person.standing == Standing::Staff;
        let ask = |question: fn(About) -> Question, case: &String| {
            let about = About::Typed(case.clone());
            let request = move |actor, reply| Request::Ask { actor, question: question(about), reply };
            Plan::Ask(ReplyKind::Waiting, Box::new(request))
        };
        let typed = |case: &String| About::Typed(case.clone());
        match &call.what {
            Asked::EscalateForm { reason, ticket, message } => {
                self.escalate_form(call, reason.as_ref(), ticket.as_ref(), message.as_deref())
            }
            Asked::Act { case, act: asked } => act(asked.clone(), typed(case), ReplyKind::Waiting),
            Asked::Ack { case, next } => match next.as_deref().map(time).transpose() {
                Ok(next) => act(Act::Acknowledge { next }, typed(case), ReplyKind::Waiting),
                Err(refusal) => Plan::Refuse(refusal),
            },
            Asked::Next { case, within } => match within.as_deref().map(time).transpose() {
                Ok(within) => act(Act::Promise { within }, typed(case), ReplyKind::Waiting),
                Err(refusal) => Plan::Refuse(refusal),
            },
            Asked::HandOff { case, to, roles } => {
                let to = Box::new(self.roles.actor(to, roles));
                act(Act::HandOff { to }, typed(case), ReplyKind::Waiting)
            }
            Asked::Merge { case, into } => {
                let (about, into) = (typed(case), into.clone());
                let request = move |actor, reply| Request::Merge { actor, about, into, reply };
                Plan::Ask(ReplyKind::Waiting, Box::new(request))
            }
            Asked::Status { case } => ask(Question::Status, case),
            Asked::Why { case } => ask(Question::Why, case),
            Asked::Customer { case } => ask(Question::Customer, case),
            Asked::Playbook { case } => ask(Question::Playbook, case),
            Asked::Queue => plain(Question::Queue),
            Asked::OnCall { team, at } => plain(Question::OnCall { team: team.clone(), at: at.clone() }),
            Asked::Cover(cover) => {
                let form = Box::new(self.cover_form(cover));
                Plan::Ask(ReplyKind::Waiting, Box::new(move |actor, reply| Request::Cover { actor, form, reply }))
            }
            Asked::Drill { trigger } => {
                let (trigger, place) = (trigger.clone(), call.channel.to_string().into());
                let request = move |actor, reply| Request::Drill { actor, trigger, place, reply };
                Plan::Ask(ReplyKind::Waiting, Box::new(request))
            }
            Asked::Complete { what, typed } => {
                let question = Question::Choices { what: what.clone(), typed: typed.clone() };
                Plan::Ask(ReplyKind::Choices, Box::new(move |actor, reply| Request::Ask { actor, question, reply }))
            }
            Asked::MoveOver { case } => ask(Question::Difference, case),
            Asked::Sop => plain(Question::Sop),
            Asked::Health => plain(Question::Health),
            Asked::Digest { period } => plain(Question::Digest(period.clone())),
            // Asking Discord so much is for those who may have the answer.
            Asked::Doctor => match managers_only(actor) {
                Ok(()) => Plan::Examine,
                Err(refusal) => Plan::Refuse(refusal),
            },
            Asked::Reload => Plan::Ask(ReplyKind::Waiting, Box::new(|actor, reply| Request::Reload { actor, reply })),
            Asked::Help => plain(Question::Help),
            Asked::Pressed { id } => match id.parse() {
                Ok(CustomId::Button { verb, case, version, .. }) => {
                    let about = About::Button { escalation: case, seen: version };
                    match verb {
                        Verb::Acknowledge => act(Act::Acknowledge { next: None }, about, ReplyKind::Button),
                        Verb::Extend => act(Act::Promise { within: None }, about, ReplyKind::Button),
                        Verb::Raise => act(Act::Raise { reason: String::new() }, about, ReplyKind::Button),
                        Verb::Why => Plan::Ask(
                            ReplyKind::Button,
                            Box::new(move |actor, reply| Request::Ask { actor, question: Question::Why(about), reply }),
                        ),
                        // Their buttons carry ids of their own.
                        Verb::Inform | Verb::Done | Verb::MoveOver => Plan::Ignore,
                        // No card shows what these do: they are answered in words.
                        Verb::Confirm => act(Act::Confirm, about, ReplyKind::Waiting),
                        Verb::Resolve | Verb::NotSolved | Verb::Bounce if !is_staff => Plan::Refuse(Refusal::NotStaff),
                        Verb::Resolve => self.sentence_form(Sentence::Resolve, case, version),
                        Verb::NotSolved => self.sentence_form(Sentence::Reopen, case, version),
                        Verb::Bounce => self.sentence_form(Sentence::Bounce, case, version),
                        Verb::RightCall => act(Act::Grade { grade: Grade::RightCall }, about, ReplyKind::Button),
                        Verb::NotNeeded => act(Act::Grade { grade: Grade::NotNeeded }, about, ReplyKind::Button),
                        Verb::WrongTeam => act(Act::Grade { grade: Grade::WrongTeam }, about, ReplyKind::Button),
                        Verb::MissingInformation => {
                            act(Act::Grade { grade: Grade::MissingInformation }, about, ReplyKind::Button)
                        }
                    }
                }
                Ok(CustomId::Soon { soon: Soon::Other, .. }) if !is_staff => Plan::Refuse(Refusal::NotStaff),
                Ok(CustomId::Soon { case, version, soon }) => {
                    let within = |time| Act::Promise { within: Some(time) };
                    let promise = match soon {
                        Soon::QuarterHour => within(TimeDelta::minutes(15)),
                        Soon::Hour => within(TimeDelta::hours(1)),
                        Soon::Today => Act::PromiseToday { zone: self.zone_of(actor) },
                        Soon::Other => return self.sentence_form(Sentence::Promise, case, version),
                    };
                    act(promise, About::Button { escalation: case, seen: version }, ReplyKind::Turned)
                }
                Ok(CustomId::Look { case }) => ask(Question::Status, &case.to_string()),
                Ok(CustomId::Inform { case }) => form_page(Purpose::Owed { case }, 0, String::new()),
                Ok(CustomId::Escalate { trigger, place, message, page }) => {
                    form_page(by_hand(trigger, place, message), page, String::new())
                }
                Ok(CustomId::Step { case: escalation, playbook, step }) => Plan::Ask(
                    ReplyKind::Turned,
                    Box::new(move |actor, reply| Request::DoStep { actor, escalation, playbook, step, reply }),
                ),
                Ok(CustomId::Tell { case: escalation, due, by_us }) => {
                    let Some(due) = DateTime::from_timestamp(due, 0) else { return Plan::Ignore };
                    let request = move |actor, reply| Request::TellCustomer { actor, escalation, due, by_us, reply };
                    Plan::Ask(ReplyKind::Turned, Box::new(request))
                }
                Ok(CustomId::MoveOver { case: escalation, procedure }) => Plan::Ask(
                    ReplyKind::Turned,
                    Box::new(move |actor, reply| Request::MoveOver { actor, escalation, procedure, reply }),
                ),
                _ => Plan::Ignore,
            },
            Asked::Submitted { id, answers } => self.submitted(id, answers),
        }
    }

    fn escalate_form(
        self,
        call: &Call,
        reason: Option<&String>,
        ticket: Option<&String>,
        message: Option<&serenity::model::channel::Message>,
    ) -> Plan {
        let in_message = || self.procedure.ticket_in(&message?.content)?.url;
        let ticket = ticket.cloned().or_else(in_message).unwrap_or_default();
        let place = message.map_or(call.channel, |message| message.channel_id.get()).to_string();
        let message = message.map(|message| message.id.to_string());
        form_page(by_hand(reason.cloned(), place, message), 0, ticket)
    }

    fn cover_form(self, cover: &Cover) -> CoverForm {
        CoverForm {
            team: cover.team.clone(),
            from: cover.from.clone(),
            to: cover.to.clone(),
            // Whoever had a duty is on staff, whatever roles they have now.
            instead_of: cover.instead_of.as_ref().map(|user| convert::person(user, Standing::Staff)),
            who: cover.who.as_ref().map(|(user, roles)| self.roles.actor(user, roles)),
        }
    }

    fn sentence_form(self, asked: Sentence, case: EscalationId, version: u64) -> Plan {
        Plan::Show(compose::sentence_form(self.words, asked, case, version))
    }

    /// A refusal, for the eyes of whoever asked.
    pub(crate) fn refusal(self, refusal: Refusal) -> Value {
        let mut body = compose::answer(&self.words.answer(&Answer::Refused(refusal)));
        body["flags"] = EPHEMERAL.into();
        body
    }

    /// Where somebody lives, as far as the roster knows.
    fn zone_of(self, actor: &Actor) -> Tz {
        self.procedure.person(&actor.person.id).map_or(Tz::UTC, |person| person.zone)
    }

    fn submitted(self, id: &str, answers: &[(String, String)]) -> Plan {
        match id.parse() {
            Ok(CustomId::Sentence { form, case, version }) => {
                let found = answers.iter().find(|(known, _)| known == form.input());
                let said = found.map(|(_, said)| said.clone()).unwrap_or_default();
                sentence(form, case, version, said)
            }
            Ok(CustomId::Inform { case: escalation }) => {
                let typed = answers.to_vec();
                let request = move |actor, reply| Request::Inform { actor, escalation, typed, reply };
                Plan::Ask(ReplyKind::Waiting, Box::new(request))
            }
            Ok(CustomId::Escalate { trigger, place, message, page }) => {
                let asked = trigger.as_deref().and_then(|id| self.procedure.trigger(id));
                let is_last = page + 1 >= form::pages(self.procedure.required(asked)).len();
                // What the message says counts when the case opens.
                let about = message.clone().filter(|_| is_last).map(|message| (place.clone(), message));
                let (typed, about_id) = (answers.to_vec(), message.map(Into::into));
                let form = Form { trigger, page, typed, place: place.into(), about: about_id, message: None };
                Plan::Escalate { form: Box::new(form), about }
            }
            _ => Plan::Ignore,
        }
    }
}

/// A time as people type it: "45m", "2h".
fn time(typed: &str) -> Result<TimeDelta, Refusal> {
    let time = humantime::parse_duration(typed.trim()).ok().and_then(|time| TimeDelta::from_std(time).ok());
    let time = time.filter(|time| *time >= TimeDelta::minutes(1));
    time.ok_or_else(|| Refusal::NotATime { typed: cut(typed, 20) })
}

fn by_hand(trigger: Option<String>, place: String, message: Option<String>) -> Purpose {
    Purpose::Escalation { trigger, place: place.into(), message: message.map(Into::into) }
}

/// Asks the desk for a page of a form.
fn form_page(purpose: Purpose, page: usize, ticket: String) -> Plan {
    let question = Question::Form { purpose: Box::new(purpose), page, ticket };
    Plan::Ask(ReplyKind::Form, Box::new(move |actor, reply| Request::Ask { actor, question, reply }))
}

/// What follows from the one field of a form.
fn sentence(form: Sentence, case: EscalationId, version: u64, said: String) -> Plan {
    let typed = || About::Typed(case.to_string());
    match form {
        Sentence::Resolve => act(Act::Resolve { note: said }, typed(), ReplyKind::Button),
        Sentence::Reopen => act(Act::Reopen { reason: said }, typed(), ReplyKind::Waiting),
        Sentence::Bounce => act(Act::Bounce { missing: said }, typed(), ReplyKind::Button),
        Sentence::Promise => match time(&said) {
            Ok(within) => {
                let about = About::Button { escalation: case, seen: version };
                act(Act::Promise { within: Some(within) }, about, ReplyKind::Turned)
            }
            Err(refusal) => Plan::Refuse(refusal),
        },
    }
}

fn act(act: Act, about: About, kind: ReplyKind) -> Plan {
    Plan::Ask(kind, Box::new(move |actor, reply| Request::Act { actor, about, act, reply }))
}

fn plain(question: Question) -> Plan {
    Plan::Ask(ReplyKind::Waiting, Box::new(move |actor, reply| Request::Ask { actor, question, reply }))
}
