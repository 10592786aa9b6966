//! What the procedure tells people to ask, to do and to say, beside whom to page.

pub mod form;
pub mod information;
pub mod message;
pub mod playbook;

use crate::sop::guidance::information::Field;
use crate::sop::guidance::message::Wording;
use crate::sop::guidance::playbook::Playbook;

/// What people are asked, and what they are to do. Empty where the config says nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guidance {
    /// Everything that can be asked for.
    pub information: Vec<Field>,
    /// What is asked for where the trigger does not say, and for cases opened by hand without one.
    pub by_default: Vec<Field>,
    pub playbooks: Vec<Playbook>,
    pub messages: Vec<Wording>,
}

impl Guidance {
    /// The text for the customer of a case of these triggers: the first that names one of them, else one for all.
    pub fn message_for(&self, triggers: &[&str]) -> Option<&Wording> {
        let named = self.messages.iter().find(|text| text.triggers.iter().any(|id| triggers.contains(&id.as_str())));
        named.or_else(|| self.messages.iter().find(|text| text.triggers.is_empty()))
    }

    /// The playbooks for a case of these triggers.
    pub fn playbooks_for<'g>(&'g self, triggers: &'g [&str]) -> impl Iterator<Item = &'g Playbook> {
        self.playbooks.iter().filter(|book| book.triggers.iter().any(|id| triggers.contains(&id.as_str())))
    }
}
