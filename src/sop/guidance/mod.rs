//! What the procedure tells people to ask and to do, beside whom to page.

pub mod information;
pub mod playbook;

use crate::sop::guidance::information::Field;
use crate::sop::guidance::playbook::Playbook;

/// What people are asked, and what they are to do. Empty where the config says nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guidance {
    /// Everything that can be asked for.
    pub information: Vec<Field>,
    /// What is asked for where the trigger does not say, and for cases opened by hand without one.
    pub by_default: Vec<Field>,
    pub playbooks: Vec<Playbook>,
}

impl Guidance {
    /// A field that can be asked for, by its id.
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.information.iter().find(|field| field.id == id)
    }

    /// The playbooks for a case of these triggers.
    pub fn playbooks_for<'g>(&'g self, triggers: &'g [&str]) -> impl Iterator<Item = &'g Playbook> {
        self.playbooks.iter().filter(|book| book.triggers.iter().any(|id| triggers.contains(&id.as_str())))
    }
}
