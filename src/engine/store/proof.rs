//! Whether a log is what was recorded: each line against the one before it.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::engine::store::chain::{Head, digest, link};
use crate::engine::store::{Line, Link};
use crate::sop::erasure::Erased;

/// A line that is not as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Its number.
    pub line: i64,
    #[serde(flatten)]
    pub how: How,
}

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "broken", rename_all = "snake_case")]
pub enum How {
    /// What stands there is not what was recorded.
    Changed,
    /// Its time, or the version of the procedure, is not what was recorded; or its link was made anew.
    Redated,
    /// So many lines before it are missing.
    Missing { lines: i64 },
    /// It was not there when the next one was recorded.
    Inserted,
    /// It stood after the next one.
    Reordered,
    /// It does not follow the line before it: that one or this one was changed with its link.
    Unlinked,
    /// It has no link.
    Unchained,
    /// It was erased, and says what it said before.
    Restored,
}

impl How {
    /// As one says it of "line 7".
    pub fn told(&self) -> String {
        match self {
            Self::Changed => "was changed: what it says is not what was recorded".to_owned(),
            Self::Redated => "was changed: its time, its version of the procedure or its digest is another".to_owned(),
            Self::Missing { lines: 1 } => "follows a line that is missing".to_owned(),
            Self::Missing { lines } => format!("follows {lines} lines that are missing"),
            Self::Inserted => "was inserted: the next one was recorded right after the one before it".to_owned(),
            Self::Reordered => "was moved: it was recorded after the next one".to_owned(),
            Self::Unlinked => {
                "does not follow the line before it: one of the two was changed together with its link".to_owned()
            }
            Self::Unchained => "has no link".to_owned(),
            Self::Restored => "was erased, and yet says what it said before".to_owned(),
        }
    }
}

/// Lines that are looked at ahead, to say what happened to a broken one.
const AHEAD: usize = 64;
/// Missing lines that are counted where those after them were given new numbers.
const GAP_MAX: i64 = 1_000;

/// Checks line after line.
pub struct Proof {
    desk: String,
    before: Link,
    /// The number of the next line, as it was recorded …
    next: i64,
    /// … and how much more the numbers are now.
    shift: i64,
    ahead: VecDeque<Line>,
    /// Lines that say something else than at first: what they say now. An erasure that comes later may explain it.
    rewritten: BTreeMap<i64, Link>,
    /// What erasures say that the lines before them say now.
    erased: BTreeMap<i64, Link>,
    head_wanted: Option<Link>,
    /// Whether the link that was asked for came by.
    pub head_found: bool,
    pub broken: Vec<Broken>,
    /// Lines checked.
    pub lines: u64,
    /// The last link.
    pub head: Link,
}

impl Proof {
    /// `head` is a link that the log has to contain.
    pub fn new(desk: &str, head: Option<Link>) -> Self {
        Self {
            desk: desk.to_owned(),
            before: Link::NONE,
            next: 1,
            shift: 0,
            ahead: VecDeque::with_capacity(AHEAD + 1),
            rewritten: BTreeMap::new(),
            erased: BTreeMap::new(),
            head_wanted: head,
            head_found: head == Some(Link::NONE),
            broken: Vec::new(),
            lines: 0,
            head: Link::NONE,
        }
    }

    /// Takes the next line in.
    pub fn take(&mut self, line: Line) {
        self.lines += 1;
        self.head = line.link.unwrap_or(self.head);
        self.head_found |= line.link.is_some() && line.link == self.head_wanted;
        self.ahead.push_back(line);
        if self.ahead.len() > AHEAD {
            self.check();
        }
    }

    /// An erasure that stands in the line taken in last.
    pub fn erased(&mut self, erased: &Erased) {
        for (line, digest) in &erased.lines {
            if let Ok(digest) = digest.parse() {
                self.erased.insert(*line, digest);
            }
        }
    }

    /// The log ends here.
    pub fn end(&mut self) {
        while !self.ahead.is_empty() {
            self.check();
        }
        for (line, says) in &self.rewritten {
            if self.erased.get(line) != Some(says) {
                self.broken.push(Broken { line: *line, how: How::Changed });
            }
        }
        let restored = self.erased.keys().filter(|line| !self.rewritten.contains_key(line));
        self.broken.extend(restored.map(|line| Broken { line: *line, how: How::Restored }));
        self.broken.sort_by_key(|broken| broken.line);
        self.broken.dedup_by_key(|broken| broken.line);
    }

    fn check(&mut self) {
        let Some(line) = self.ahead.pop_front() else { return };
        let Some((written, said)) = line.link.zip(line.digest) else {
            self.broken.push(Broken { line: line.seq, how: How::Unchained });
            (self.before, self.next) = (line.link.unwrap_or(self.before), self.number(line.seq).saturating_add(1));
            return;
        };
        let says = digest(&line.salt, &line.input, &line.fact);
        if self.number(line.seq) == self.next && self.follows(self.before, self.next, &line) {
            if says != said {
                self.rewritten.insert(line.seq, says);
            }
            (self.before, self.next) = (written, self.next + 1);
            return;
        }
        let how = self.explain(&line, says == said);
        let seq = line.seq;
        match how {
            // What comes next follows what came before.
            How::Inserted => self.shift += 1,
            How::Reordered => {
                // The line after it was recorded before it, and this one is what the next one follows.
                self.ahead.pop_front();
                (self.before, self.next) = (written, self.next + 2);
            }
            How::Missing { lines } if self.number(line.seq) == self.next => {
                // Those that are left were given new numbers.
                self.shift = self.shift.saturating_sub(lines);
                (self.before, self.next) = (written, self.number(seq).saturating_add(1));
            }
            _ => (self.before, self.next) = (written, self.number(seq).saturating_add(1)),
        }
        self.broken.push(Broken { line: seq, how });
    }

    fn explain(&self, line: &Line, says_the_same: bool) -> How {
        if self.number(line.seq) > self.next {
            return How::Missing { lines: self.number(line.seq) - self.next };
        }
        let written = line.link.unwrap_or_default();
        if let Some(after) = self.ahead.front() {
            if self.follows(self.before, self.next, after) {
                let swapped = after.link.is_some_and(|after| self.follows(after, self.next + 1, line));
                return if swapped { How::Reordered } else { How::Inserted };
            }
            if self.follows(written, self.next + 1, after) {
                return if says_the_same { How::Redated } else { How::Changed };
            }
            let renumbered = (1..=GAP_MAX).find(|gap| self.follows(written, self.next + gap + 1, after));
            if let Some(lines) = renumbered {
                return How::Missing { lines };
            }
        }
        if says_the_same { How::Unlinked } else { How::Changed }
    }

    /// What a line's number is without the lines that were put in or taken out before it. A number may be any.
    fn number(&self, seq: i64) -> i64 {
        seq.saturating_sub(self.shift)
    }

    /// Whether a line was recorded under this number, after this link.
    fn follows(&self, before: Link, seq: i64, line: &Line) -> bool {
        let head = Head { desk: &self.desk, seq, at: line.at, procedure: &line.procedure };
        line.digest.is_some_and(|digest| line.link == Some(link(before, head, digest)))
    }
}
