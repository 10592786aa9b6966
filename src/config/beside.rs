//! Files that a config names: holidays and rosters as other programs export them.

use std::cell::RefCell;
use std::io;
use std::path::Path;

use super::raw::{Wrong, wrong};

/// Where relative paths start, and what was read from there.
pub(super) struct Beside<'f> {
    folder: &'f Path,
    texts: RefCell<Vec<String>>,
}

/// A larger file is a diary, or none of ours.
const FILE_BYTES_MAX: u64 = 1_000_000;

impl<'f> Beside<'f> {
    pub(super) fn new(folder: &'f Path) -> Self {
        Self { folder, texts: RefCell::default() }
    }

    /// The text of an iCalendar file.
    pub(super) fn read(&self, name: &str) -> Result<String, Wrong> {
        let path = self.folder.join(super::file(name)?);
        let size = std::fs::metadata(&path).map(|file| file.len());
        if size.is_ok_and(|bytes| bytes > FILE_BYTES_MAX) {
            let hint = "export what is asked for alone, without other appointments";
            return Err(wrong(format!("the file \"{name}\" is larger than 1 MB"), hint));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                wrong(format!("there is no file \"{name}\""), "its path starts at the folder of this config")
            }
            io::ErrorKind::InvalidData => {
                wrong(format!("the file \"{name}\" is not text"), "export it as iCalendar, in UTF-8")
            }
            _ => wrong(format!("cannot read the file \"{name}\": {error}"), "it must be a file that the bot may read"),
        })?;
        self.texts.borrow_mut().push(text.clone());
        Ok(text)
    }

    /// Everything that was read, in this order: a changed file is a changed procedure.
    pub(super) fn into_texts(self) -> Vec<String> {
        self.texts.into_inner()
    }
}
