//! A real Chromium over WebDriver: <https://developer.chrome.com/docs/chromedriver>.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

const INSTALL: &str = "the browser tests need Chromium and its driver: apt-get install chromium chromium-driver";

/// Keeps the browser to itself: no first-run pages, nothing fetched in the background, no sandbox inside a container.
const FLAGS: [&str; 8] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// A browser with an empty profile. It ends when this is dropped, after a failed test too.
pub struct Chromium {
    pub client: Client,
    driver: Driver,
    _profile: TempDir,
}

impl Chromium {
    /// Starts a driver on a free port, and a browser of `width` × `height` pixels.
    pub async fn start(width: u32, height: u32) -> Result<Self> {
        let driver = Driver::start()?;
        let profile = TempDir::new()?;
        let mut flags = FLAGS.map(str::to_owned).to_vec();
        flags.push(format!("--window-size={width},{height}"));
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        let wanted = json!({ "goog:chromeOptions": { "args": flags }, "goog:loggingPrefs": { "browser": "ALL" } });
        let Value::Object(wanted) = wanted else { unreachable!("written as an object") };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted)
            .connect(&driver.url())
            .await
            .context(INSTALL)?;
        Ok(Self { client, driver, _profile: profile })
    }

    /// A command of Chromium's own (<https://chromedevtools.github.io/devtools-protocol/>).
    pub async fn devtools(&self, command: &str, parameters: Value) -> Result<()> {
        let body = json!({ "cmd": command, "params": parameters });
        self.driver_call("goog/cdp/execute", &body).await?;
        Ok(())
    }

    /// What the console holds since it was last asked: errors of scripts, refused loads, breaches of the content policy.
    pub async fn console_errors(&self) -> Result<Vec<String>> {
        let log = self.driver_call("se/log", &json!({ "type": "browser" })).await?;
        let entries = log["value"].as_array().context("the driver answers with a log")?;
        let errors = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        Ok(errors.map(|entry| entry["message"].to_string()).collect())
    }

    /// Chromium's own commands are unknown to the WebDriver client.
    async fn driver_call(&self, command: &str, body: &Value) -> Result<Value> {
        let session = self.client.session_id().await?.context("the browser has a session")?;
        let url = format!("{}/session/{session}/{command}", self.driver.url());
        Ok(reqwest::Client::new().post(url).json(body).send().await?.error_for_status()?.json().await?)
    }
}

/// The process between us and the browser.
struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    fn start() -> Result<Self> {
        let mut process =
            Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).spawn().context(INSTALL)?;
        let said = process.stdout.take().context("its output is piped")?;
        let mut lines = BufReader::new(said).lines();
        // "ChromeDriver was started successfully on port 41523."
        let port = lines
            .find_map(|line| line.ok()?.trim_end_matches('.').rsplit_once("successfully on port ")?.1.parse().ok());
        // Whatever else it says has to be taken off its hands.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { process, port: port.context("chromedriver names its port")? })
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Driver {
    /// Asks the driver to end, which ends its browsers; a killed driver would leave them behind.
    fn drop(&mut self) {
        if let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) {
            let asked = write!(stream, "GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", self.port);
            if asked.is_ok() {
                let _ = stream.read(&mut [0; 64]);
            }
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
