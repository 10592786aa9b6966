//! The dashboard in a real browser: a bot with a day behind it, every page in both colour schemes, by keyboard, and
//! signing in with the small Discord. What makes a page hard to use for somebody is found by axe-core
//! (<https://github.com/dequelabs/axe-core>).

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use bellhop::adapters::web;
use bellhop::cli::bot::{Bot, Start};
use bellhop::config::Config;
use bellhop::engine::clock::Clock;
use bellhop::engine::input::InputId;
use bellhop::sandbox::{CLIENT_SECRET, Settings, SmallDiscord, World};
use chrono::TimeDelta;
use fantoccini::Locator;
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::TOKEN;
use crate::chromium::Chromium;

const EXAMPLE: &str = include_str!("../../config.example.toml");
const AXE: &str = "target/npm/node_modules/axe-core/axe.min.js";
/// Longest wait for the bot, in real time.
const PATIENCE: Duration = Duration::from_secs(20);
const PAGES: [&str; 8] = ["/", "/cases/ESC-2", "/trends", "/triggers", "/rota", "/guide", "/guide/paths", "/bot"];

/// Sections of a page that take no room on it.
const HIDDEN: &str = "return [...document.querySelectorAll('main section, main [role=region]')]
    .filter((part) => !part.offsetHeight).map((part) => part.outerHTML.slice(0, 80));";

/// Tables that are wider than their section, and cannot be scrolled.
const OUTSIDE: &str = "const right = (part) => Math.floor(part.getBoundingClientRect().right);
    return [...document.querySelectorAll('main table')]
        .filter((table) => !table.closest('.scroll, .wide') && right(table) > right(table.parentElement))
        .map((table) => table.outerHTML.slice(0, 80));";

/// WebDriver's codes for keys: <https://www.w3.org/TR/webdriver2/#keyboard-actions>.
const TAB: &str = "\u{E004}";
const ENTER: &str = "\u{E007}";

/// A bot with its small Discord, and its dashboard.
struct Desk {
    discord: SmallDiscord,
    clock: Clock,
    bot: Bot,
    url: String,
    _folder: TempDir,
}

impl Desk {
    async fn start() -> Result<Self> {
        let clock = Clock::system();
        let settings = Settings {
            world: World::example(),
            clock: clock.clone(),
            address: ([127, 0, 0, 1], 0).into(),
            token: TOKEN.to_owned(),
            next_deadline: None,
        };
        let discord = SmallDiscord::start(settings).await?;
        let folder = tempfile::tempdir()?;
        let secret = folder.path().join("client-secret");
        std::fs::write(&secret, CLIENT_SECRET)?;
        let mut config = Config::parse("example", EXAMPLE).map_err(|report| anyhow!("{report}"))?;
        let login = web::Login { client_secret_file: Some(secret), ..web::Login::default() };
        let settings = web::Settings::at(([127, 0, 0, 1], 0).into());
        config.web = Some(web::Settings { door: web::Door::Login(login), ..settings });
        let start = Start {
            config,
            clock: clock.clone(),
            token: SecretString::from(TOKEN),
            api_base: Some(discord.url()),
            log: Some(folder.path().join("desk.sqlite")),
        };
        let bot = Bot::start(start).await?;
        bot.ready().wait_for(|ready| *ready).await?;
        let url = format!("http://{}", bot.web().context("it listens")?);
        discord.allow_redirect(&format!("{url}/login/callback"));
        Ok(Self { discord, clock, bot, url, _folder: folder })
    }

    /// Customers who are angry, who want money, who threaten; one case is taken, one has breached, two are new.
    async fn live_a_day(&self) -> Result<()> {
        self.say("Dana", "You are useless and I am absolutely FURIOUS.").await?;
        self.pass(TimeDelta::minutes(16)).await?;
        self.say("Emil", "I want my $700 back. <b>Now</b>!").await?;
        self.say("Farah", "You will hear from my lawyer.").await?;
        self.run("Mona", "managers", "ack", json!({ "escalation": "ESC-2" })).await?;
        self.run("Mona", "managers", "note", json!({ "escalation": "ESC-2", "text": "Asked accounting." })).await?;
        self.pass(TimeDelta::minutes(2)).await?;
        self.say("Goran", "I was charged twice, I want a refund of $900.").await?;
        self.pass(TimeDelta::minutes(24)).await
    }

    async fn say(&self, who: &str, text: &str) -> Result<()> {
        let message = self.discord.say(self.discord.user(who), self.discord.channel("support"), text);
        self.settle(&format!("message:{message}")).await
    }

    async fn run(&self, who: &str, channel: &str, command: &str, options: Value) -> Result<()> {
        let Value::Object(options) = options else { return Err(anyhow!("options are an object")) };
        let (user, channel) = (self.discord.user(who), self.discord.channel(channel));
        let interaction = self.discord.slash(user, channel, command, options);
        self.settle(&format!("interaction:{interaction}")).await
    }

    /// Waits until an input is handled, everything is told, and nothing is due.
    async fn settle(&self, input: &str) -> Result<()> {
        let (engine, input) = (self.bot.engine(), InputId(input.to_owned()));
        let mut pulse = engine.pulse();
        let quiet = pulse.wait_for(|pulse| {
            let is_done = input.0.is_empty() || engine.has_settled(&input);
            is_done && pulse.to_tell == 0 && pulse.next_deadline.is_none_or(|due| due > self.clock.now())
        });
        tokio::time::timeout(PATIENCE, quiet).await.with_context(|| format!("{input:?} is not handled in time"))??;
        Ok(())
    }

    async fn pass(&self, time: TimeDelta) -> Result<()> {
        self.clock.advance(time);
        self.settle("").await
    }

    async fn close(self) -> Result<()> {
        self.bot.stop().await?;
        let violations = self.discord.violations();
        ensure!(violations.is_empty(), "the small Discord saw what must not be: {violations:?}");
        self.discord.stop().await;
        Ok(())
    }
}

/// A browser on the dashboard.
struct Visitor {
    chromium: Chromium,
    url: String,
}

impl Visitor {
    async fn new(desk: &Desk) -> Result<Self> {
        Ok(Self { chromium: Chromium::start(1280, 900).await?, url: desk.url.clone() })
    }

    /// Signs in as somebody, on the small Discord's own page.
    async fn sign_in(&self, name: &str) -> Result<()> {
        self.go("/").await?;
        self.click("#sign-in").await?;
        let agree = format!("//button[.='Authorize as {name}']");
        self.chromium.client.wait().for_element(Locator::XPath(&agree)).await?.click().await?;
        self.chromium.client.wait().for_element(Locator::Css("footer")).await?;
        // A page that says "sign in first" is an error to the browser's console, and meant to be one here.
        let _ = self.chromium.console_errors().await?;
        Ok(())
    }

    async fn go(&self, path: &str) -> Result<()> {
        Ok(self.chromium.client.goto(&format!("{}{path}", self.url)).await?)
    }

    /// Nothing of the desk is shown there, only how to sign in.
    async fn is_turned_away(&self, path: &str) -> Result<()> {
        self.go(path).await?;
        let text = self.text().await?;
        ensure!(text.contains("You are not signed in.") && !text.contains("ESC-"), "{path} shows {text}");
        // That it is an error to the browser's console is meant.
        self.chromium.console_errors().await?;
        Ok(())
    }

    async fn click(&self, css: &str) -> Result<()> {
        Ok(self.chromium.client.find(Locator::Css(css)).await?.click().await?)
    }

    async fn text(&self) -> Result<String> {
        Ok(self.chromium.client.find(Locator::Css("body")).await?.text().await?)
    }

    async fn path(&self) -> Result<String> {
        Ok(self.chromium.client.current_url().await?.path().to_owned())
    }

    async fn evaluate(&self, script: &str) -> Result<Value> {
        Ok(self.chromium.client.execute(script, vec![]).await?)
    }

    async fn press(&self, key: &str) -> Result<()> {
        Ok(self.chromium.client.active_element().await?.send_keys(key).await?)
    }

    async fn no_console_errors(&self) -> Result<()> {
        let errors = self.chromium.console_errors().await?;
        ensure!(errors.is_empty(), "the console says: {errors:?}");
        Ok(())
    }

    /// What the reader's machine prefers.
    async fn prefer(&self, scheme: &str) -> Result<()> {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.chromium.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await
    }

    /// Fails if the page is harder to use for somebody than it need be (WCAG 2.2 A and AA, and good practice).
    async fn is_accessible(&self, what: &str) -> Result<()> {
        let axe = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(AXE));
        let axe = axe.with_context(|| format!("there is no {AXE}: tests/all.sh installs it"))?;
        // By the driver, which the page's own policy does not bind.
        self.chromium.client.execute(&axe, vec![]).await?;
        let look = "const done = arguments[arguments.length - 1];
            axe.run().then((found) => done(found.violations.map(
                (rule) => `${rule.id}: ${rule.nodes.map((node) => node.html + ' ' + node.failureSummary).join(' | ')}`)));";
        let found = self.chromium.client.execute_async(look, vec![]).await?;
        let found: Vec<String> = serde_json::from_value(found)?;
        ensure!(found.is_empty(), "{what}:\n{}", found.join("\n"));
        Ok(())
    }

    /// Saves what a page looks like, for people who want to see it, into the folder of BELLHOP_SCREENSHOTS.
    async fn picture(&self, name: &str) -> Result<()> {
        if let Some(folder) = std::env::var_os("BELLHOP_SCREENSHOTS") {
            std::fs::write(Path::new(&folder).join(format!("{name}.png")), self.chromium.client.screenshot().await?)?;
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_use_every_page() -> Result<()> {
    let desk = Desk::start().await?;
    desk.live_a_day().await?;
    let visitor = Visitor::new(&desk).await?;
    visitor.is_turned_away("/").await?;
    visitor.is_accessible("the page that asks to sign in").await?;
    visitor.picture("sign-in").await?;
    visitor.sign_in("Mona").await?;
    for scheme in ["light", "dark"] {
        visitor.prefer(scheme).await?;
        for path in PAGES {
            visitor.go(path).await?;
            visitor.is_accessible(&format!("{path}, {scheme}")).await?;
            let name = path.trim_matches('/').replace('/', "-");
            visitor.picture(&format!("{scheme}-{}", if name.is_empty() { "now" } else { &name })).await?;
            visitor.no_console_errors().await.with_context(|| format!("{path}, {scheme}"))?;
        }
    }
    visitor.chromium.client.set_window_size(390, 844).await?;
    for path in PAGES {
        visitor.go(path).await?;
        let width = visitor.evaluate("return document.documentElement.scrollWidth <= innerWidth").await?;
        ensure!(width == true, "{path} is wider than a phone");
        let outside = visitor.evaluate(OUTSIDE).await?;
        ensure!(outside == json!([]), "{path} sticks out: {outside}");
        let hidden = visitor.evaluate(HIDDEN).await?;
        ensure!(hidden == json!([]), "{path} hides on a phone: {hidden}");
        visitor.is_accessible(&format!("{path}, on a phone")).await?;
        visitor.picture(&format!("phone-{}", path.trim_matches('/').replace('/', "-"))).await?;
    }
    visitor.no_console_errors().await?;
    desk.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_reached_by_keyboard() -> Result<()> {
    let desk = Desk::start().await?;
    desk.live_a_day().await?;
    let visitor = Visitor::new(&desk).await?;
    visitor.sign_in("Mona").await?;
    visitor.go("/").await?;
    let text = visitor.text().await?;
    for wanted in ["Breached", "At risk", "ESC-1", "ESC-2", "By team"] {
        ensure!(text.contains(wanted), "{wanted} is not in {text}");
    }
    visitor.press(TAB).await?;
    let first = visitor.evaluate("return document.activeElement.textContent").await?;
    ensure!(first == "Skip to the content", "the first stop is {first}");
    visitor.press(ENTER).await?;
    for _ in 0..20 {
        visitor.press(TAB).await?;
        if visitor.evaluate("return document.activeElement.id").await? == "ESC-2" {
            break;
        }
    }
    // It stays where it is when the page is brought up to date.
    let script = "const done = arguments[arguments.length - 1];
        new MutationObserver((_, watcher) => { watcher.disconnect(); setTimeout(() => done(document.activeElement.id)); })
            .observe(document.getElementById('main'), { childList: true });";
    let focused = visitor.chromium.client.execute_async(script, vec![]).await?;
    ensure!(focused == "ESC-2", "the focus is on {focused}");
    visitor.press(ENTER).await?;
    visitor.chromium.client.wait().for_element(Locator::Css(".timeline")).await?;
    ensure!(visitor.path().await? == "/cases/ESC-2");
    let text = visitor.text().await?;
    for wanted in ["Refund over 500 USD", "Mona took it", "Mona noted: Asked accounting.", "Page to Managers", "Emil"] {
        ensure!(text.contains(wanted), "{wanted} is not in {text}");
    }
    visitor.no_console_errors().await?;
    desk.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_counts_down_and_keeps_itself_up_to_date() -> Result<()> {
    let desk = Desk::start().await?;
    desk.live_a_day().await?;
    let visitor = Visitor::new(&desk).await?;
    visitor.sign_in("Mona").await?;
    let due = "return document.querySelector('[data-due]').textContent";
    let before = visitor.evaluate(due).await?;
    desk.pass(TimeDelta::minutes(3)).await?;
    desk.discord.say(desk.discord.user("Dana"), desk.discord.channel("support"), "The refund of $800, you thieves!");
    let script = "const [before, done] = arguments;
        const look = () => document.body.innerText.includes('ESC-5')
            && document.querySelector('[data-due]').textContent !== before;
        const watcher = new MutationObserver(() => { if (look()) { watcher.disconnect(); done(true); } });
        watcher.observe(document, { subtree: true, childList: true, characterData: true });
        if (look()) done(true);";
    let changed = visitor.chromium.client.execute_async(script, vec![before]).await?;
    ensure!(changed == true);
    let said = visitor.evaluate("return document.getElementById('status').textContent").await?;
    ensure!(said.as_str().is_some_and(|said| said.contains("open,")), "who cannot see hears {said}");
    visitor.no_console_errors().await?;
    desk.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_forges_a_session_sees_nothing() -> Result<()> {
    let desk = Desk::start().await?;
    desk.live_a_day().await?;
    let visitor = Visitor::new(&desk).await?;
    visitor.sign_in("Mona").await?;
    let client = &visitor.chromium.client;
    let mut cookie = client.get_named_cookie("bellhop-session").await?;
    ensure!(cookie.http_only() == Some(true), "a script can read the session");
    let forged = cookie.value().replacen('e', "f", 1);
    cookie.set_value(forged);
    client.delete_all_cookies().await?;
    client.add_cookie(cookie.into_owned()).await?;
    for path in PAGES {
        visitor.is_turned_away(path).await?;
    }
    // A customer is known to Discord, and not let in.
    client.delete_all_cookies().await?;
    visitor.go("/").await?;
    visitor.click("#sign-in").await?;
    let agree = Locator::XPath("//button[.='Authorize as Dana']");
    client.wait().for_element(agree).await?.click().await?;
    client.wait().for_element(Locator::XPath("//p[contains(., 'Only staff')]")).await?;
    visitor.is_turned_away("/").await?;
    desk.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_out_is_out() -> Result<()> {
    let desk = Desk::start().await?;
    desk.live_a_day().await?;
    let visitor = Visitor::new(&desk).await?;
    visitor.sign_in("Rosa").await?;
    let text = visitor.text().await?;
    ensure!(text.contains("for the eyes of others: Plover") && text.contains("Emil"), "{text}");
    ensure!(!text.contains("Farah") && !text.contains("ESC-3"), "a rep reads what is for Legal: {text}");
    visitor.go("/cases/Plover").await?;
    let title = visitor.chromium.client.title().await?;
    ensure!(title == "Not Found · Bellhop", "{title}");
    visitor.click("#home").await?;
    visitor.click(".viewer button").await?;
    visitor.chromium.client.wait().for_element(Locator::Css("#sign-in")).await?;
    visitor.is_turned_away("/rota").await?;
    desk.close().await
}

/// Without a script a page shows how things stood.
#[tokio::test(flavor = "multi_thread")]
async fn pages_work_without_a_script() -> Result<()> {
    let desk = Desk::start().await?;
    desk.live_a_day().await?;
    let visitor = Visitor::new(&desk).await?;
    visitor.sign_in("Mona").await?;
    visitor.chromium.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await?;
    visitor.go("/").await?;
    ensure!(visitor.text().await?.contains("Load the page anew"));
    visitor.click("#ESC-2").await?;
    visitor.chromium.client.wait().for_element(Locator::Css(".timeline")).await?;
    ensure!(visitor.text().await?.contains("Mona took it"));
    desk.close().await
}
