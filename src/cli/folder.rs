//! A place for what nobody keeps.

use std::path::{Path, PathBuf};

use anyhow::Context;

/// A folder of this run's own, gone when it ends.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// `purpose` stands in its name.
    pub(crate) fn new(purpose: &str) -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("bellhop-{purpose}-{}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| format!("{} cannot be made", path.display()))?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean: it lies in its folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
