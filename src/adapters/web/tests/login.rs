//! Signing in with the small Discord, over its real protocol.

use std::sync::Arc;

use reqwest::header::{LOCATION, SET_COOKIE};

use super::{Answer, Opening, Stage, reading};
use crate::adapters::discord::{Discord, Settings as DiscordSettings, SignIn};
use crate::engine::clock::Clock;
use crate::sandbox::{CLIENT_SECRET, Settings, SmallDiscord, World};
use crate::sop::fixture::at;
use crate::sop::procedure::Procedure;

const URL: &str = "http://desk.example";

/// Managers and Legal have the roles of the small Discord.
fn procedure(discord: &SmallDiscord) -> Procedure {
    let mut procedure = reading();
    for team in &mut procedure.teams {
        let role = match team.id.0.as_str() {
            "managers" => "Manager",
            "legal" => "Legal",
            _ => continue,
        };
        team.group = discord.role(role).to_string();
    }
    procedure
}

async fn small_discord() -> SmallDiscord {
    let (world, clock, token) = (World::example(), Clock::manual(at(0)), "a.bot.token".to_owned());
    let address = ([127, 0, 0, 1], 0).into();
    let discord = SmallDiscord::start(Settings { world, clock, address, token, next_deadline: None }).await;
    let discord = discord.expect("loopback is free");
    discord.allow_redirect(&format!("{URL}/login/callback"));
    discord
}

async fn sign_in(discord: &SmallDiscord, secret: &str) -> SignIn {
    let settings = DiscordSettings {
        api_base: discord.url(),
        guild: World::example().guild,
        watched: Vec::new(),
        staff_roles: Vec::new(),
        canary: None,
        language: None,
        templates: None,
    };
    let procedure = Arc::new(procedure(discord));
    let known = Discord::connect(settings, "a.bot.token".into(), procedure, "harbor".to_owned()).await;
    let known = known.unwrap_or_else(|problems| panic!("{problems:?}"));
    known.sign_in(secret.into()).expect("a client")
}

async fn stage(discord: &SmallDiscord) -> Stage {
    let sign_in = Some(sign_in(discord, CLIENT_SECRET).await);
    let url = Some(URL.to_owned());
    Stage::with(Opening { procedure: procedure(discord), sign_in, url, ..Opening::default() }).await
}

/// The cookies that an answer sets, as a browser brings them back.
fn cookies(answer: &Answer) -> String {
    let set = answer.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = set.filter_map(|value| value.split(';').next());
    pairs.filter(|pair| !pair.ends_with('=')).collect::<Vec<_>>().join("; ")
}

/// Agrees as somebody, and comes back: the path, and the cookies of the attempt.
async fn agree(stage: &Stage, discord: &SmallDiscord, who: &str, to: &str) -> (String, String) {
    let sent = stage.get(&format!("/login/discord?to={to}"), &[]).await;
    assert_eq!(sent.status, 303);
    let page = sent.header(LOCATION.as_str());
    assert!(page.starts_with(&format!("{}/oauth2/authorize?response_type=code", discord.url())), "{page}");
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let asked = Answer::of(client.get(page)).await;
    assert!(asked.body.contains(&format!("Authorize as {who}")), "{}", asked.body);
    let agreed = Answer::of(client.get(format!("{page}&as={}", discord.user(who)))).await;
    let back = agreed.header(LOCATION.as_str()).strip_prefix(URL).expect("it comes back to us").to_owned();
    (back, cookies(&sent))
}

/// The session of somebody who has signed in.
async fn session(stage: &Stage, discord: &SmallDiscord, who: &str) -> Answer {
    let (back, attempt) = agree(stage, discord, who, "/rota").await;
    stage.get(&back, &[("cookie", &attempt)]).await
}

#[tokio::test]
async fn people_are_who_they_are_in_the_chat() {
    let discord = small_discord().await;
    let stage = stage(&discord).await;
    stage.hear("m1", "Annabel", "I will sue you, says my lawyer.").await;
    for (who, may_read, manages) in [("Lena", true, false), ("Mona", false, true)] {
        let answer = session(&stage, &discord, who).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/rota"), "{who}");
        let page = stage.get("/", &[("cookie", &cookies(&answer))]).await;
        assert_eq!(page.status, 200, "{who}");
        assert_eq!(page.body.contains("Annabel"), may_read, "{who}: {}", page.body);
        assert_eq!(page.body.contains("href=\"/triggers\""), manages, "{who}");
        assert!(page.body.contains(&format!("<span>{who}</span>")), "{}", page.body);
    }
    let customer = session(&stage, &discord, "Dana").await;
    assert_eq!((customer.status, cookies(&customer)), (403, String::new()), "a customer gets in");
    assert_eq!(discord.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_session_is_guarded_and_ends_when_its_owner_says_so() {
    let discord = small_discord().await;
    let stage = stage(&discord).await;
    let answer = session(&stage, &discord, "Mona").await;
    let set: Vec<&str> = answer.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()).collect();
    assert!(set.iter().all(|cookie| cookie.contains("HttpOnly; SameSite=Lax")), "{set:?}");
    let mine = cookies(&answer);
    let page = stage.get("/", &[("cookie", &mine)]).await.body;
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token");
    let sign_out = async |csrf: &str| {
        let request = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let request = request.post(format!("http://{}/logout", stage.web.address())).header("cookie", &mine);
        Answer::of(request.form(&[("csrf", csrf)])).await.status
    };
    assert_eq!(sign_out("guessed").await, 403, "another site signs people out");
    assert_eq!(stage.get("/", &[("cookie", &mine)]).await.status, 200);
    assert_eq!(sign_out(csrf).await, 303);
    assert_eq!(stage.get("/", &[("cookie", &mine)]).await.status, 401, "whoever kept the cookie is still in");
}

#[tokio::test]
async fn a_code_does_only_in_the_browser_that_asked_for_it() {
    let discord = small_discord().await;
    let stage = stage(&discord).await;
    let (back, attempt) = agree(&stage, &discord, "Mona", "/").await;
    let (other, theirs) = agree(&stage, &discord, "Lena", "/").await;
    let code =
        |path: &str| path.split("code=").nth(1).and_then(|rest| rest.split('&').next()).expect("a code").to_owned();
    let mixed = back.replace(&code(&back), &code(&other)).replace("state=", "state=x");
    for (path, cookie) in [(&back, ""), (&back, theirs.as_str()), (&mixed, attempt.as_str())] {
        let answer = stage.get(path, &[("cookie", cookie)]).await;
        assert_eq!((answer.status, cookies(&answer)), (401, String::new()));
    }
    assert_eq!(stage.get(&back, &[("cookie", &attempt)]).await.status, 303);
    let again = stage.get(&back, &[("cookie", &attempt)]).await;
    assert_eq!((again.status, cookies(&again)), (503, String::new()), "a code does twice");
}

#[tokio::test]
async fn a_wrong_secret_lets_nobody_in_and_stands_nowhere() {
    let discord = small_discord().await;
    let sign_in = Some(sign_in(&discord, "a wrong secret").await);
    let url = Some(URL.to_owned());
    let stage = Stage::with(Opening { procedure: procedure(&discord), sign_in, url, ..Opening::default() }).await;
    let answer = session(&stage, &discord, "Mona").await;
    assert_eq!((answer.status, cookies(&answer)), (503, String::new()));
    assert!(!answer.body.contains("wrong secret"), "{}", answer.body);
}

#[tokio::test]
async fn whoever_loses_their_roles_is_out_within_a_minute() {
    let discord = small_discord().await;
    let stage = stage(&discord).await;
    discord.set_roles(discord.user("Mona"), &[]);
    let answer = session(&stage, &discord, "Mona").await;
    assert_eq!((answer.status, cookies(&answer)), (403, String::new()));
}
