//! What a person does with the sandbox's page, in the person's words.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use fantoccini::Locator;
use fantoccini::elements::Element;
use serde_json::{Value, json};

use crate::chromium::Chromium;

/// How long the page may take to show something, in milliseconds; far more than it ever needs.
const PATIENCE: u32 = 20_000;

/// WebDriver's code for the key: <https://www.w3.org/TR/webdriver2/#keyboard-actions>.
const ENTER: &str = "\u{E007}";

/// The page in a browser of its own.
pub struct Page {
    chromium: Chromium,
}

impl Page {
    /// Opens the page of the sandbox at `url` and waits until it is in touch with it.
    pub async fn open(url: &str) -> Result<Self> {
        let page = Self { chromium: Chromium::start(1280, 900).await? };
        page.chromium.client.goto(url).await?;
        page.wait_until("document.querySelector('#steps li')", Value::Null).await?;
        Ok(page)
    }

    /// Goes on as the person of this name.
    pub async fn speak_as(&self, name: &str) -> Result<()> {
        let option = format!("//select[@id='speak-as']//option[starts-with(., '{name}')]");
        let option = self.find(&option).await?;
        let person = option.attr("value").await?;
        option.click().await?;
        self.wait_until("document.body.dataset.speaker === wanted", json!(person)).await
    }

    /// The names of the channels the person can see, from the top.
    pub async fn channels(&self) -> Result<Vec<String>> {
        let names =
            "return [...document.querySelectorAll('#channels button > span:first-of-type')].map(n => n.textContent)";
        Ok(serde_json::from_value(self.chromium.client.execute(names, vec![]).await?)?)
    }

    pub async fn open_channel(&self, name: &str) -> Result<()> {
        self.find(&format!("//ul[@id='channels']//button[span[1]='{name}']")).await?.click().await?;
        self.wait_until("document.getElementById('channel-name').textContent === wanted", json!(format!("#{name}")))
            .await
    }

    /// Types `text` into the message box and sends it. A text like "/queue" picks that command, ready to be run.
    pub async fn say(&self, text: &str) -> Result<()> {
        self.find("//textarea[@id='text']").await?.send_keys(&format!("{text}{ENTER}")).await?;
        Ok(())
    }

    /// Types `text` into an option of the command being filled in, and takes what is suggested.
    pub async fn take_suggestion(&self, option: &str, text: &str) -> Result<()> {
        let field = self.find(&format!("//div[@id='command']//input[@name='{option}']")).await?;
        field.send_keys(text).await?;
        self.wait_until("document.querySelector('#command [role=option][aria-selected=true]')", Value::Null).await?;
        Ok(field.send_keys(ENTER).await?)
    }

    /// Runs the command that is filled in.
    pub async fn run_command(&self) -> Result<()> {
        Ok(self.find("//button[@id='send']").await?.click().await?)
    }

    /// Chooses an entry of the menu of the newest message.
    pub async fn choose_from_menu(&self, entry: &str) -> Result<()> {
        let menu = "(//ol[@id='messages']//details)[last()]";
        self.find(&format!("{menu}/summary")).await?.click().await?;
        Ok(self.find(&format!("{menu}//button[.='{entry}']")).await?.click().await?)
    }

    /// Presses the newest button or link with this label in the channel's view or, while a form is open, in the form.
    pub async fn press(&self, label: &str) -> Result<()> {
        let button = format!(
            "(//dialog[@open]//button[.='{label}'] \
             | //main[not(//dialog[@open])]//*[self::button or self::a][.='{label}'])[last()]"
        );
        // What it stands on may be drawn anew between finding and pressing it.
        loop {
            match self.find(&button).await?.click().await {
                Err(error) if error.is_stale_element_reference() => {}
                pressed => return Ok(pressed?),
            }
        }
    }

    /// Waits for a form and writes `text` into the field of this label.
    pub async fn fill(&self, label: &str, text: &str) -> Result<()> {
        self.wait_until("document.getElementById('form').open", Value::Null).await?;
        let field = format!(
            "//dialog[@open]//label[starts-with(., '{label}')]/following-sibling::*[self::input or self::textarea]"
        );
        self.find(&field).await?.send_keys(text).await?;
        Ok(())
    }

    /// Moves the clock to the next deadline, once there is one.
    pub async fn jump_to_the_next_deadline(&self) -> Result<()> {
        self.wait_until("!document.getElementById('to-deadline').disabled", Value::Null).await?;
        Ok(self.find("//button[@id='to-deadline']").await?.click().await?)
    }

    /// Plays the guided tour to its end, a step at a time.
    pub async fn take_the_tour(&self) -> Result<()> {
        let steps = self.count("#steps li").await?;
        for step in 0..steps {
            self.find(&format!("//li[@id='step-{step}']//button")).await?.click().await?;
            let passed = "document.querySelector('#steps li.past:nth-child(' + wanted + ')')";
            self.wait_until(passed, json!(step + 1)).await?;
        }
        Ok(())
    }

    /// Leaves a mark that a reload would wipe off.
    pub async fn mark(&self) -> Result<()> {
        self.chromium.client.execute("document.body.dataset.mark = 'mine'", vec![]).await?;
        Ok(())
    }

    /// Fails if the page was loaded anew since it was marked.
    pub async fn was_not_reloaded(&self) -> Result<()> {
        ensure!(self.count("body[data-mark=mine]").await? == 1, "the page was loaded anew");
        Ok(())
    }

    /// Waits until the open channel shows `text`.
    pub async fn wait_for_text(&self, text: &str) -> Result<()> {
        self.wait_until("document.getElementById('messages').innerText.includes(wanted)", json!(text)).await
    }

    /// Waits until the open channel does not show `text`.
    pub async fn wait_for_no_text(&self, text: &str) -> Result<()> {
        self.wait_until("!document.getElementById('messages').innerText.includes(wanted)", json!(text)).await
    }

    /// Whether the open channel shows `text` now.
    pub async fn shows(&self, text: &str) -> Result<bool> {
        let look = "return document.getElementById('messages').innerText.includes(arguments[0])";
        let shown = self.chromium.client.execute(look, vec![json!(text)]).await?;
        shown.as_bool().context("the page answers yes or no")
    }

    /// The page on a screen of this width, in pixels. Fails if it does not fit.
    pub async fn fits(&self, width: u32) -> Result<()> {
        self.chromium.client.set_window_size(width, 844).await?;
        let sizes = "return [innerWidth, document.documentElement.scrollWidth, document.body.scrollWidth]";
        let sizes: Vec<u32> = serde_json::from_value(self.chromium.client.execute(sizes, vec![]).await?)?;
        ensure!(sizes == [width; 3], "at {width} px the page has {sizes:?}");
        Ok(())
    }

    /// How many elements there are for a CSS selector.
    pub async fn count(&self, selector: &str) -> Result<usize> {
        Ok(self.chromium.client.find_all(Locator::Css(selector)).await?.len())
    }

    /// Fails if the browser's console has complained since it was last asked.
    pub async fn no_console_errors(&self) -> Result<()> {
        let errors = self.chromium.console_errors().await?;
        ensure!(errors.is_empty(), "the console says: {errors:?}");
        Ok(())
    }

    /// Saves what the page looks like as a PNG file.
    pub async fn screenshot(&self, path: impl AsRef<Path>) -> Result<()> {
        Ok(std::fs::write(path, self.chromium.client.screenshot().await?)?)
    }

    async fn find(&self, xpath: &str) -> Result<Element> {
        let found = self.chromium.client.find(Locator::XPath(xpath)).await;
        found.with_context(|| format!("the page has no {xpath}"))
    }

    /// Waits for a condition of the page, looked at whenever the page changes.
    async fn wait_until(&self, condition: &str, wanted: Value) -> Result<()> {
        let script = format!(
            "const [wanted, patience, done] = arguments;
             const look = () => {{ if ({condition}) {{ changes.disconnect(); done(true); }} }};
             const changes = new MutationObserver(look);
             changes.observe(document, {{ subtree: true, childList: true, characterData: true, attributes: true }});
             setTimeout(() => done(false), patience);
             look();"
        );
        let met = self.chromium.client.execute_async(&script, vec![wanted.clone(), json!(PATIENCE)]).await?;
        if met == true {
            return Ok(());
        }
        let picture = std::env::temp_dir().join("bellhop-page.png");
        self.screenshot(&picture).await?;
        bail!("the page never met {condition} with {wanted}; {} shows it", picture.display())
    }
}
