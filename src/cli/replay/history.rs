//! A history: one JSON object a line. What cannot be read is told with its line and left out; the rest goes on.

use std::io::BufRead;
use std::path::Path;

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::cli::packed;

/// One message of it.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    pub ts: DateTime<Utc>,
    pub author: String,
    pub text: String,
    /// Whose customers these are: each brand is a desk of its own.
    #[serde(default)]
    pub brand: String,
    #[serde(default)]
    pub channel: String,
    /// A ticket's link or id.
    #[serde(default)]
    pub ticket: Option<String>,
    /// From 1, in the file.
    #[serde(skip)]
    pub line: usize,
}

/// Reads a history line by line, gzipped if its name ends in `.gz`.
pub(super) struct History {
    name: String,
    lines: Box<dyn BufRead>,
    line: usize,
    buffer: Vec<u8>,
    last: Option<DateTime<Utc>>,
    /// Lines left out so far.
    pub left_out: usize,
}

impl History {
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        Ok(Self { name, lines: packed::open(path)?, line: 0, buffer: Vec::new(), last: None, left_out: 0 })
    }

    /// The next message that can be read.
    pub fn next(&mut self) -> anyhow::Result<Option<Said>> {
        loop {
            self.buffer.clear();
            let read = self.lines.read_until(b'\n', &mut self.buffer);
            let bytes = read.with_context(|| format!("{}:{} cannot be read", self.name, self.line + 1))?;
            if bytes == 0 {
                return Ok(None);
            }
            self.line += 1;
            let line = self.buffer.trim_ascii();
            if line.is_empty() {
                continue;
            }
            match self.said(line) {
                Ok(said) => {
                    self.last = Some(said.ts);
                    return Ok(Some(said));
                }
                Err(why) => {
                    eprintln!("{}:{}: {why}, left out", self.name, self.line);
                    self.left_out += 1;
                }
            }
        }
    }

    fn said(&self, line: &[u8]) -> Result<Said, String> {
        let text = std::str::from_utf8(line).map_err(|_| "not valid UTF-8".to_owned())?;
        let said: Said = serde_json::from_str(text)
            .map_err(|error| format!("not a JSON object with `ts`, `author` and `text` ({error})"))?;
        if self.last.is_some_and(|last| said.ts < last) {
            return Err("earlier than the line before it: a history goes forward".to_owned());
        }
        Ok(Said { line: self.line, ..said })
    }
}
