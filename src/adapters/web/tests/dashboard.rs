//! What people see of the desk, and what they do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::TimeDelta;

use super::super::Door;
use super::super::limit::Rate;
use super::super::listen::Limits;
use super::super::look::{NoAnswer, Shared, look};
use super::{Opening, Stage, TOKEN, with_token};
use crate::sop::escalation::{Act, EscalationId};
use crate::sop::fixture::staff;

const PAGES: [&str; 6] = ["/", "/cases/ESC-1", "/trends", "/triggers", "/rota", "/bot"];

#[tokio::test]
async fn without_a_way_in_there_is_no_dashboard() {
    let stage = Stage::start().await;
    for path in PAGES.into_iter().chain(["/login/discord", "/login/callback?code=a&state=b"]) {
        let answer = stage.get(path, &[("authorization", "Bearer "), ("cookie", "bellhop-session=a.b")]).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains("DISCORD_CLIENT_SECRET or client_secret_file"), "{}", answer.body);
    }
    assert_eq!(stage.get("/healthz", &[]).await.status, 200);
}

#[tokio::test]
async fn nothing_is_shown_to_whoever_does_not_prove_who_they_are() {
    let stage = Stage::with(with_token(&["managers", "legal"])).await;
    stage.hear("m1", "Annabel", "You idiots, I am furious!").await;
    let forged = ["bellhop-session=", "bellhop-session=e30.e30", "bellhop-session=a.b; __Host-bellhop-session=a.b"];
    let wrong = [format!("Bearer {TOKEN}x"), "Bearer ".to_owned(), format!("Basic {TOKEN}"), TOKEN.to_owned()];
    for path in PAGES {
        let mut answers = vec![stage.get(path, &[]).await];
        for cookie in forged {
            answers.push(stage.get(path, &[("cookie", cookie)]).await);
        }
        for authorization in &wrong {
            answers.push(stage.get(path, &[("authorization", authorization)]).await);
        }
        for answer in answers {
            assert_eq!(answer.status, 401, "{path}");
            assert!(!answer.body.contains("Annabel") && !answer.body.contains("ESC-"), "{path}: {}", answer.body);
        }
        assert_eq!(stage.page(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn what_is_confidential_is_a_codename_and_no_case() {
    for (teams, may_read) in [(&["managers"][..], false), (&["managers", "legal"], true), (&[], false)] {
        let stage = Stage::with(with_token(teams)).await;
        stage.hear("m1", "Annabel", "I will sue you, says my lawyer.").await;
        stage.act(staff("lena", &["legal"]), "1", Act::Note { text: "Called her.".to_owned() }).await;
        let now = stage.page("/").await.body;
        assert_eq!(now.contains("Annabel"), may_read, "{now}");
        assert_eq!(now.contains("Heron"), !may_read, "{now}");
        assert_eq!(now.contains("<dt>Open</dt><dd>1</dd>"), may_read, "{now}");
        let (case, none) = (stage.page("/cases/ESC-1").await, stage.page("/cases/ESC-7").await);
        assert_eq!(case.status == 200, may_read);
        assert_eq!(case.body.contains("Called her."), may_read);
        if !may_read {
            assert_eq!(
                (case.status, case.body),
                (none.status, none.body),
                "it cannot be told from one that is not there"
            );
        }
        for path in ["/trends", "/trends/chart.svg", "/triggers", "/rota", "/bot"] {
            let page = stage.page(path).await.body;
            assert!(!page.contains("Annabel") && (may_read || !page.contains("The legal rule")), "{path}: {page}");
        }
    }
}

/// A case remembers who has it and what was promised last; its page tells what was before.
#[tokio::test]
async fn a_case_is_told_from_its_beginning() {
    let stage = Stage::with(with_token(&["managers", "leads"])).await;
    stage.hear("m1", "Annabel", "You idiots, I am furious!").await;
    let max = || staff("max", &["leads", "managers"]);
    for act in [
        Act::Acknowledge { next: None },
        Act::Resolve { note: "Called her.".to_owned() },
        Act::Reopen { reason: "She called back.".to_owned() },
        Act::Acknowledge { next: None },
    ] {
        stage.act(max(), "1", act).await;
    }
    let case = stage.page("/cases/ESC-1").await.body;
    for (what, times) in [
        ("max took it", 2),
        ("Next step due by", 2),
        ("max resolved it: Called her.", 1),
        ("max opened it again: She called back.", 1),
        ("The page reached", 2),
    ] {
        assert_eq!(case.matches(what).count(), times, "{what}: {case}");
    }
}

#[tokio::test]
async fn what_customers_write_is_text_in_every_page() {
    let stage = Stage::with(with_token(&["managers", "legal", "leads"])).await;
    let hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u{202e}";
    stage.hear("m1", &format!("Eve {hostile}"), &format!("You idiots {hostile}, I am furious!")).await;
    stage.act(staff("max", &["leads", "managers"]), "1", Act::Acknowledge { next: None }).await;
    stage.act(staff("max", &["leads", "managers"]), "1", Act::Note { text: format!("note {hostile}") }).await;
    for path in PAGES {
        let page = stage.page(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        for raw in ["<script>alert", "<img", "onerror=alert(1)>", "\u{202e}", "style=\"", " onclick"] {
            assert!(!page.body.contains(raw), "{path} has {raw}: {}", page.body);
        }
    }
    let case = stage.page("/cases/esc-1").await.body;
    assert!(case.contains("Eve &lt;script&gt;alert(1)") && case.contains("note &lt;script&gt;"), "{case}");
}

#[tokio::test]
async fn every_answer_is_guarded() {
    let stage =
        Stage::with(Opening { url: Some("https://desk.example".to_owned()), ..with_token(&["managers"]) }).await;
    for path in PAGES.into_iter().chain(["/healthz", "/metrics", "/assets/style.css", "/nowhere"]) {
        let answer = stage.page(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self';"), "{path}: {policy}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(answer.header("strict-transport-security").starts_with("max-age="), "{path}");
        let is_kept = path.starts_with("/assets/");
        assert_eq!(answer.header("cache-control"), if is_kept { "no-cache" } else { "no-store" }, "{path}");
    }
}

#[tokio::test]
async fn how_right_triggers_are_is_for_managers() {
    let stage = Stage::with(with_token(&["leads"])).await;
    for path in ["/triggers", "/trends", "/trends/chart.svg"] {
        assert_eq!(stage.page(path).await.status, 403, "{path}");
    }
    assert!(!stage.page("/").await.body.contains("href=\"/triggers\""));
}

#[tokio::test]
async fn an_open_door_is_open_to_this_machine_only() {
    let stage = Stage::with(Opening { door: Door::Open(staff("mona", &["managers"])), ..Opening::default() }).await;
    assert_eq!(stage.get("/", &[]).await.status, 200);
    for host in ["evil.example", "127.0.0.1.evil.example:80", "localhost.evil.example"] {
        assert_eq!(stage.get("/", &[("host", host)]).await.status, 403, "{host}");
    }
}

#[tokio::test]
async fn whoever_asks_without_end_is_told_to_wait() {
    let pages = Rate { burst: 3.0, a_second: 0.0 };
    let stage = Stage::with(Opening { limits: Limits { pages, ..Limits::default() }, ..with_token(&[]) }).await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(stage.page("/bot").await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    assert_eq!(stage.get("/healthz", &[]).await.status, 200, "that the process answers is always said");
}

#[tokio::test]
async fn many_who_look_cost_one_look() {
    let stage = Stage::start().await;
    let (shared, looked) = (Shared::default(), Arc::new(AtomicU64::new(0)));
    let inbox = stage.engine.inbox();
    let looks = (0..50).map(|_| {
        let looked = looked.clone();
        shared.see((), &inbox, move |_, _, _| looked.fetch_add(1, Ordering::Relaxed))
    });
    let seen = futures_util::future::join_all(looks).await;
    assert!(seen.iter().all(|seen| seen.as_ref().is_ok_and(|seen| **seen == 0)), "{seen:?}");
    assert_eq!(looked.load(Ordering::Relaxed), 1);
}

/// Whoever looks cannot hurt the desk.
#[tokio::test]
async fn a_look_that_fails_leaves_the_desk_as_it_is() {
    let stage = Stage::start().await;
    let inbox = stage.engine.inbox();
    let failed: Result<(), _> = look(&inbox, |desk, _, _| assert!(desk.case(EscalationId(1)).is_some())).await;
    assert_eq!(failed, Err(NoAnswer::Ended));
    stage.hear("m1", "Annabel", "You idiots, I am furious!").await;
    assert_eq!(look(&inbox, |desk, _, _| desk.count_open()).await, Ok((1, 1)));
}

#[tokio::test]
async fn a_week_is_beside_the_one_before() {
    let stage = Stage::with(with_token(&["managers", "leads"])).await;
    stage.hear("m1", "Annabel", "You idiots, I am furious!").await;
    stage.clock.advance(TimeDelta::days(8));
    stage.hear("m2", "Bea", "You idiots, I am furious!").await;
    stage.hear("m3", "Cleo", "You idiots, I am furious!").await;
    stage.act(staff("max", &["leads", "managers"]), "2", Act::Acknowledge { next: None }).await;
    // What happens at the end of a window belongs to the next one.
    stage.clock.advance(TimeDelta::seconds(1));
    let page = stage.page("/trends").await.body;
    let row = "<tr><th scope=\"row\">Cases opened</th><td class=\"number\">2</td><td class=\"number\">1</td></tr>";
    assert!(page.contains(row), "{page}");
    assert!(
        stage.page("/trends?days=30").await.body.contains("<td class=\"number\">3</td><td class=\"number\">0</td>")
    );
    let chart = stage.page("/trends/chart.svg?days=7").await;
    assert_eq!((chart.status, chart.header("content-type")), (200, "image/svg+xml"), "{}", chart.body);
    assert!(chart.body.contains("<svg") && !chart.body.contains("<script"), "{}", chart.body);
    for wrong in ["0", "8", "x", "99999999999"] {
        assert_eq!(stage.page(&format!("/trends?days={wrong}")).await.status, 200, "{wrong} is a week");
    }
}
