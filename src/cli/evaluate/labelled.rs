//! A message with what a person found in it.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, bail};
use rust_decimal::Decimal;

use crate::cli::table::{Row, Table};
use crate::sop::signal::Kind;

/// One line of a table of labelled messages.
pub(crate) struct Labelled {
    pub id: String,
    pub text: String,
    /// `None` where the table has no labels.
    pub labels: Option<Vec<Kind>>,
    /// What is claimed back, as a person read it.
    pub amount: Option<Decimal>,
    pub currency: String,
    pub note: String,
}

impl Labelled {
    pub fn has(&self, kind: &Kind) -> bool {
        self.labels.as_ref().is_some_and(|labels| labels.contains(kind))
    }

    /// Readers could differ about this label.
    pub fn is_borderline(&self, kind: &Kind) -> bool {
        self.notes("borderline").any(|noted| noted == kind.name())
    }

    /// Somebody noted that it only looks like trouble.
    pub fn is_hard(&self) -> bool {
        self.notes("hard").next().is_some()
    }

    fn notes<'n>(&'n self, what: &'n str) -> impl Iterator<Item = &'n str> {
        self.note.split_whitespace().filter_map(move |note| note.strip_prefix(what)?.strip_prefix(':'))
    }
}

/// Everything that could be read of a table.
pub(crate) struct Messages {
    pub messages: Vec<Labelled>,
    /// Every line could be read.
    pub is_complete: bool,
}

/// Reads a table with the columns `id` and `text`, and perhaps `labels`, `amount`, `currency`, `note`. What is wrong is
/// told on stderr.
pub(crate) fn read(path: &Path, kinds: &[Kind], mut progress: impl FnMut(u64)) -> anyhow::Result<Messages> {
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| format!("{name} cannot be read"))?;
    let mut table = Table::open(file, name)?;
    let mut read = Messages { messages: Vec::new(), is_complete: false };
    let (id, text) = match (table.need("id"), table.need("text")) {
        (Ok(id), Ok(text)) => (id, text),
        (id, text) => {
            [id, text].into_iter().filter_map(Result::err).take(1).for_each(|missing| eprintln!("{missing}"));
            return Ok(read);
        }
    };
    let [labels, amount, currency, note] = ["labels", "amount", "currency", "note"].map(|name| table.column(name));
    let needed: Vec<usize> = [Some(id), Some(text), labels].into_iter().flatten().collect();
    while let Some(row) = table.next(&needed)? {
        progress(row.bytes);
        let labelled = (|| {
            Ok(Labelled {
                id: row.cell(Some(id)).to_owned(),
                text: row.cell(Some(text)).to_owned(),
                labels: labels.map(|column| self::labels(&row, column, kinds)).transpose()?,
                amount: self::amount(row.cell(amount))?,
                currency: row.cell(currency).to_owned(),
                note: row.cell(note).to_owned(),
            })
        })();
        match labelled {
            Ok(labelled) => read.messages.push(labelled),
            Err(error) => table.complain(row.number, &anyhow::Error::to_string(&error)),
        }
    }
    if read.messages.is_empty() && table.left_out == 0 {
        eprintln!("{}: there is nothing below the first line", path.display());
        return Ok(read);
    }
    read.is_complete = table.left_out == 0;
    Ok(read)
}

/// "angry,legal", or "none".
fn labels(row: &Row, column: usize, kinds: &[Kind]) -> anyhow::Result<Vec<Kind>> {
    let mut labels = Vec::new();
    for name in row.cell(Some(column)).split(',').map(str::trim).filter(|name| !matches!(*name, "" | "none")) {
        let Some(kind) = kinds.iter().find(|kind| kind.name() == name) else {
            let known: Vec<&str> = kinds.iter().map(Kind::name).collect();
            bail!("there is no label \"{name}\"; there are {}, and none", known.join(", "));
        };
        labels.push(kind.clone());
    }
    Ok(labels)
}

fn amount(written: &str) -> anyhow::Result<Option<Decimal>> {
    if written.is_empty() {
        return Ok(None);
    }
    Ok(Some(written.parse().with_context(|| format!("\"{written}\" is not a decimal number"))?))
}
