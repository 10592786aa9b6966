//! What the procedure tells people to ask, beside whom to page.

pub mod information;

use crate::sop::guidance::information::Field;

/// What people are asked. Empty where the config says nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guidance {
    /// Everything that can be asked for.
    pub information: Vec<Field>,
    /// What is asked for where the trigger does not say, and for cases opened by hand without one.
    pub by_default: Vec<Field>,
}

impl Guidance {
    /// A field that can be asked for, by its id.
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.information.iter().find(|field| field.id == id)
    }
}
