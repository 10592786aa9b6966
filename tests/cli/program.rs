//! The program as a process of its own: what it is told, what it says, how it ends.

use std::fmt::{Display, Formatter};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::sync::watch;

/// Longest wait for anything, in real time.
const PATIENCE: Duration = Duration::from_mins(1);

/// A process that has ended.
pub struct Done {
    /// None: ended by a signal.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Runs the program in a folder to its end; `stdin` is all that it reads.
pub async fn bellhop(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Result<Done> {
    let mut program = Program::start(folder, arguments, &[])?;
    program.give(stdin)?;
    program.finish().await
}

/// The same with nobody who reads the output: `bellhop … | true`.
pub async fn bellhop_unread(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Result<Done> {
    let (reader, writer) = std::io::pipe()?;
    drop(reader);
    let mut program = Program::start_into(writer.into(), folder, arguments, &[])?;
    program.give(stdin)?;
    program.finish().await
}

/// A process that runs. Dropping it kills it.
pub struct Program {
    process: Child,
    /// None: into a pipe that nobody reads.
    out: Option<Heard>,
    err: Heard,
}

impl Program {
    /// Nothing of this process' environment is handed on.
    pub fn start(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Self> {
        Self::start_into(Stdio::piped(), folder, arguments, environment)
    }

    fn start_into(out: Stdio, folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Self> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_bellhop"))
            .current_dir(folder)
            .args(arguments)
            .env_clear()
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(out)
            .stderr(Stdio::piped())
            .spawn()
            .context("the program can be started")?;
        let out = process.stdout.take().map(Heard::of);
        let err = Heard::of(process.stderr.take().context("its errors are piped")?);
        Ok(Self { process, out, err })
    }

    /// All that the program reads.
    fn give(&mut self, stdin: &[u8]) -> Result<()> {
        let mut pipe = self.process.stdin.take().context("its input is piped")?;
        let given = stdin.to_vec();
        // On a thread: a program that does not read must not hold up the test. It may have ended, which its exit
        // code tells.
        std::thread::spawn(move || drop(pipe.write_all(&given)));
        Ok(())
    }

    /// Waits until the log holds this.
    pub async fn logs(&self, words: &str) -> Result<()> {
        self.says(words, &self.err).await
    }

    /// Waits until this was printed; all that was.
    pub async fn prints(&self, words: &str) -> Result<String> {
        let out = self.out.as_ref().context("its output is read")?;
        self.says(words, out).await?;
        Ok(out.to_string())
    }

    async fn says(&self, words: &str, heard: &Heard) -> Result<()> {
        let mut text = heard.text.clone();
        let heard = text.wait_for(|text| String::from_utf8_lossy(text).contains(words));
        match tokio::time::timeout(PATIENCE, heard).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => bail!("the program ended before it said {words:?}: {}", self.err),
            Err(_) => bail!("the program did not say {words:?} in time: {}", self.err),
        }
    }

    /// What a supervisor sends (SIGTERM).
    pub async fn terminate(self) -> Result<Done> {
        self.signal("TERM")?;
        self.finish().await
    }

    /// Sends a signal, by its name.
    pub fn signal(&self, name: &str) -> Result<()> {
        let told = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.process.id())).status()?;
        anyhow::ensure!(told.success(), "the process was not there any more");
        Ok(())
    }

    /// Waits until the program has ended by itself.
    pub async fn finish(mut self) -> Result<Done> {
        let silent = async {
            if let Some(out) = &mut self.out {
                out.end().await;
            }
            self.err.end().await;
        };
        if tokio::time::timeout(PATIENCE, silent).await.is_err() {
            bail!("the program did not end in time: {}", self.err);
        }
        // It closed its output, so it is ending.
        let code = self.process.wait()?.code();
        let out = self.out.as_ref().map(ToString::to_string).unwrap_or_default();
        Ok(Done { code, out, err: self.err.to_string() })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Done {
    /// What was said to people: stderr without the lines of the log.
    pub fn complaints(&self) -> String {
        self.err.split_inclusive('\n').filter(|line| !line.starts_with('{')).collect()
    }
}

/// The exit code, then what was said where.
impl Display for Done {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        match self.code {
            Some(code) => writeln!(out, "exit {code}")?,
            None => writeln!(out, "killed")?,
        }
        for (name, text) in [("out", &self.out), ("err", &self.complaints())] {
            if !text.is_empty() {
                write!(out, "--- {name}\n{text}")?;
            }
        }
        Ok(())
    }
}

/// What came out of a pipe so far, whole once the sender is gone.
struct Heard {
    text: watch::Receiver<Vec<u8>>,
    _reader: JoinHandle<()>,
}

impl Heard {
    fn of(mut pipe: impl Read + Send + 'static) -> Self {
        let (hear, text) = watch::channel(Vec::new());
        let reader = std::thread::spawn(move || {
            let mut chunk = [0; 8192];
            while let Ok(length @ 1..) = pipe.read(&mut chunk) {
                hear.send_modify(|text| text.extend_from_slice(&chunk[..length]));
            }
        });
        Self { text, _reader: reader }
    }

    async fn end(&mut self) {
        while self.text.changed().await.is_ok() {}
    }
}

impl Display for Heard {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        out.write_str(&String::from_utf8_lossy(&self.text.borrow()))
    }
}
