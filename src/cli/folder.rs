//! A place for what nobody keeps.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// A folder of this run's own, gone when it ends.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// `purpose` stands in its name.
    pub(crate) fn new(purpose: &str) -> anyhow::Result<Self> {
        let mut number = std::process::id();
        loop {
            let path = std::env::temp_dir().join(format!("bellhop-{purpose}-{number}"));
            match std::fs::create_dir(&path) {
                // Another run's, or what a killed one has left.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number = number.wrapping_add(1),
                made => return made.map(|()| Self(path.clone())).with_context(|| cannot_be_made(&path)),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

fn cannot_be_made(path: &Path) -> String {
    format!("the folder {} cannot be made", path.display())
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean: it lies in its folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
