//! The chain of the log: each line has a link that stands for it and for everything before it.
//!
//! A link is the SHA-256 of the link before it, of what the line is (desk, number, time, version of the procedure) and of
//! the digest of what it says. That digest is salted, so that it proves what a line said and yet betrays nothing once
//! the words and their salt are gone. Each part is preceded by its length, so that no two lines have the same bytes.
//!
//! Nobody needs a secret to compute a chain: whoever can write the file can also write a whole new one. The last link,
//! kept elsewhere, shows that.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// A link, or the digest of what a line says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link(pub [u8; 32]);

impl Link {
    /// What the first line follows.
    pub const NONE: Self = Self([0; 32]);

    /// As it is stored; `None` where something else is.
    pub(super) fn stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl Display for Link {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        out.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl FromStr for Link {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = HEXLOWER.decode(text.trim().to_lowercase().as_bytes()).ok();
        let link = bytes.and_then(|bytes| Self::stored(&bytes));
        link.ok_or_else(|| "a link has 64 hexadecimal digits: bellhop verify prints them".to_owned())
    }
}

/// Chance that is kept as long as what it salts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Salt(pub(super) [u8; 16]);

impl Salt {
    pub(super) fn draw() -> Self {
        Self(chance())
    }
}

/// Bytes that nobody can foresee.
pub(super) fn chance<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// What a line is, apart from what it says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'h> {
    pub(super) desk: &'h str,
    pub(super) seq: i64,
    /// Milliseconds since 1970 (UTC).
    pub(super) at: i64,
    pub(super) procedure: &'h str,
}

/// The digest of what a line says: of the input that led to it, which may name somebody, and of the fact.
pub(super) fn digest(salt: &[u8], input: &str, fact: &str) -> Link {
    hash([salt, input.as_bytes(), fact.as_bytes()])
}

/// The link of a line.
pub(super) fn link(before: Link, head: Head<'_>, digest: Link) -> Link {
    let Head { desk, seq, at, procedure } = head;
    let (seq, at) = (seq.to_be_bytes(), at.to_be_bytes());
    hash([&before.0, desk.as_bytes(), &seq, &at, procedure.as_bytes(), &digest.0])
}

fn hash<const PARTS: usize>(parts: [&[u8]; PARTS]) -> Link {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Link(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is stored can be checked for as long as logs live: these never change.
    #[test]
    fn a_chain_is_the_same_in_every_version() {
        let digest = digest(b"0123456789abcdef", "message:7", r#"{"fact":"hearing"}"#);
        let head = Head { desk: "harbor", seq: 1, at: 1_772_442_000_000, procedure: "0123456789ab" };
        let links = format!("{digest}\n{}\n", link(Link::NONE, head, digest));
        expect_test::expect![[r#"
            8f90d2f95b50a38c33daad682ccdb08d4f169d6799a1049bcefb92678e35ad15
            0351db176bb82a73dcc8d10df4215dae3dcce2f94e7830adb1b6c9bab0c9d700
        "#]]
        .assert_eq(&links);
    }

    #[test]
    fn words_cannot_move_from_one_part_to_the_next() {
        assert_ne!(digest(b"s", "ab", "c"), digest(b"s", "a", "bc"));
        assert_ne!(digest(b"s", "ab", "c"), digest(b"t", "ab", "c"));
    }

    #[test]
    fn a_link_is_read_as_it_is_written() {
        let link = digest(b"", "", "");
        assert_eq!(link.to_string().to_uppercase().parse(), Ok(link));
        assert!("abc".parse::<Link>().is_err());
    }
}
