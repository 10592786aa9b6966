//! Where secrets come from. They never stand in the config, only the name of where they are.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// A variable of the environment.
    Variable(String),
    /// A file that holds nothing else.
    File(PathBuf),
}

impl SecretPlace {
    /// The secret without the spaces around it; otherwise, why there is none.
    pub fn read(&self) -> Result<SecretString, String> {
        match self {
            Self::Variable(name) => {
                in_environment(name).ok_or_else(|| format!("the environment variable {name} is not set"))
            }
            Self::File(path) => in_file(path),
        }
    }
}

/// A variable that is set to something.
pub fn in_environment(name: &str) -> Option<SecretString> {
    let value = std::env::var(name).ok()?;
    (!value.trim().is_empty()).then(|| SecretString::from(value.trim().to_owned()))
}

/// What stands in a file; otherwise, why there is nothing.
pub fn in_file(path: &Path) -> Result<SecretString, String> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| format!("the secret file {} cannot be read ({error})", path.display()))?;
    if text.trim().is_empty() {
        return Err(format!("the secret file {} is empty", path.display()));
    }
    Ok(SecretString::from(text.trim().to_owned()))
}
