//! Which tickets changed: how one hears of what happens in a system that calls nobody.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::TicketId;
use super::client::Pages;
use super::error::{Result, TicketError};
use super::node::Node;

/// Tickets of one answer: about a page, for tickets that change while pages are turned move to another.
pub const CHANGED_MAX: usize = 100;

/// A ticket that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub id: TicketId,
    /// When it changed last, as exactly as the system tells: most tell whole seconds.
    pub at: DateTime<Utc>,
}

impl Changed {
    pub(super) fn new(id: String, at: DateTime<Utc>) -> Self {
        Self { id: TicketId(id), at }
    }
}

/// Reads the lists in which systems tell what changed, the oldest change first.
pub(super) struct Changes<R> {
    since: DateTime<Utc>,
    list: &'static str,
    read: R,
}

impl<R: Fn(&Node<'_>) -> Result<Option<Changed>>> Changes<R> {
    /// `list` is where a page has its items: nothing where the page is the list, "issues", or "_embedded.conversations",
    /// which an empty page may lack.
    /// `read` understands one of them, which may be no ticket.
    pub(super) fn since(since: DateTime<Utc>, list: &'static str, read: R) -> Self {
        Self { since, list, read }
    }

    /// Says where the next page is, as `next` does, until there are enough. There never are before one that is newer than
    /// `since`: nobody could go on from there.
    pub(super) fn until_enough(
        &self,
        next: impl Fn(&Node<'_>, usize) -> Result<Option<String>>,
    ) -> impl FnMut(&Node<'_>, usize) -> Result<Option<String>> {
        let (mut found, mut goes_on) = (0, false);
        move |page, read| {
            let changes = self.of_page(page)?;
            found += changes.len();
            goes_on |= changes.iter().any(|change| change.at > self.since);
            if goes_on && found >= CHANGED_MAX { Ok(None) } else { next(page, read) }
        }
    }

    /// Each ticket once, with its last change, the oldest first.
    pub(super) fn of(&self, pages: &Pages) -> Result<Vec<Changed>> {
        let mut all: Vec<Changed> = Vec::new();
        for page in pages.nodes() {
            all.extend(self.of_page(&page)?);
        }
        if pages.is_cut && all.is_empty() {
            return Err(TicketError::not_understood("more tickets changed just before than are read at once"));
        }
        all.sort_by_key(|change| change.at);
        all.reverse();
        let mut known = HashSet::new();
        all.retain(|change| known.insert(change.id.as_str().to_owned()));
        all.reverse();
        // What is left out begins with a new moment, after one from which it can be asked for.
        if let Some(end) = all.get(CHANGED_MAX - 1).map(|last| last.at)
            && end > self.since
        {
            all.truncate(all.partition_point(|change| change.at <= end));
        }
        Ok(all)
    }

    /// What was asked for is often rounded, so that older ones come along.
    fn of_page(&self, page: &Node<'_>) -> Result<Vec<Changed>> {
        let items = match self.list.rsplit_once('.') {
            Some((outer, key)) => page.at(outer).list(key)?,
            None if self.list.is_empty() => page.items()?,
            None if page.at(self.list).is_null() => {
                return Err(TicketError::not_understood(format!("{} is missing", self.list)));
            }
            None => page.list(self.list)?,
        };
        let changes = items.iter().map(&self.read).filter_map(Result::transpose);
        changes.filter(|change| !matches!(change, Ok(change) if change.at < self.since)).collect()
    }
}
