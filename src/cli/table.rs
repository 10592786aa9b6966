//! Tables of texts: tab-separated, without quoting, the first line names the columns. What cannot be read is told with
//! its line and left out; the rest goes on.

use std::io::{BufRead, BufReader, Read, Split};

/// A table, line by line.
pub(crate) struct Table<R> {
    /// What complaints call it.
    name: String,
    columns: Vec<String>,
    lines: Split<BufReader<R>>,
    number: usize,
    /// Lines left out so far.
    pub left_out: usize,
}

/// One line of it.
pub(crate) struct Row {
    /// From 1, the line of the headings.
    pub number: usize,
    /// Bytes that were read for it, lines left out before it included.
    pub bytes: u64,
    cells: Vec<String>,
}

impl Row {
    /// What stands in a column, empty where the table or the line does not go so far.
    pub fn cell(&self, column: Option<usize>) -> &str {
        column.and_then(|column| self.cells.get(column)).map_or("", String::as_str)
    }
}

impl<R: Read> Table<R> {
    /// Reads the headings.
    pub fn open(source: R, name: String) -> std::io::Result<Self> {
        let mut lines = BufReader::new(source).split(b'\n');
        let heading = lines.next().transpose()?.unwrap_or_default();
        // A spreadsheet may mark its export as UTF-8.
        let heading =
            String::from_utf8_lossy(&heading).trim_start_matches('\u{feff}').trim_end_matches('\r').to_owned();
        let columns = heading.split('\t').filter(|column| !column.is_empty()).map(str::to_owned).collect();
        Ok(Self { name, columns, lines, number: 1, left_out: 0 })
    }

    /// Where a column is.
    pub fn column(&self, wanted: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == wanted)
    }

    /// Where a column is that the table must have; otherwise a sentence about what is missing.
    pub fn need(&self, wanted: &str) -> Result<usize, String> {
        self.column(wanted).ok_or_else(|| {
            let Self { name, columns, .. } = self;
            if columns.is_empty() {
                return format!("{name}:1: the file is empty: its first line names the columns `id` and `text`");
            }
            format!("{name} has no column `{wanted}`: its first line names {columns:?}")
        })
    }

    /// Tells that a line is left out, and why.
    pub fn complain(&mut self, number: usize, why: &str) {
        eprintln!("{}:{number}: {why}, left out", self.name);
        self.left_out += 1;
    }

    /// The next line that is long enough to hold these columns.
    pub fn next(&mut self, needed: &[usize]) -> std::io::Result<Option<Row>> {
        let mut bytes = 0;
        while let Some(line) = self.lines.next().transpose()? {
            self.number += 1;
            bytes += line.len() as u64 + 1;
            if line.is_empty() || line == b"\r" {
                continue;
            }
            let Ok(line) = String::from_utf8(line) else {
                self.complain(self.number, "not valid UTF-8");
                continue;
            };
            let cells: Vec<String> = line.trim_end_matches('\r').split('\t').map(str::to_owned).collect();
            if needed.iter().any(|column| *column >= cells.len()) {
                self.complain(self.number, "fewer columns than the first line names");
                continue;
            }
            return Ok(Some(Row { number: self.number, bytes, cells }));
        }
        Ok(None)
    }
}
