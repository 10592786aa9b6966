//! A rendered page, taken apart.

/// Title, body, fields and small print of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    pub title: String,
    pub body: String,
    pub fields: Vec<Field>,
    pub footer: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub value: String,
}

impl Sheet {
    /// Takes a page apart by the marks at the beginning of its lines; empty lines mean nothing. Escaped text cannot begin a line with one.
    pub(crate) fn parse(page: &str) -> Self {
        let mut sheet = Self::default();
        for line in page.lines().map(str::trim_end) {
            if let Some(name) = line.strip_prefix("## ") {
                sheet.fields.push(Field { name: name.to_owned(), value: String::new() });
            } else if let Some(title) = line.strip_prefix("# ") {
                title.clone_into(&mut sheet.title);
            } else if let Some(small) = line.strip_prefix("-# ") {
                small.clone_into(&mut sheet.footer);
            } else if !line.is_empty() {
                let text = sheet.fields.last_mut().map_or(&mut sheet.body, |field| &mut field.value);
                text.push_str(line);
                text.push('\n');
            }
        }
        sheet.body = sheet.body.trim().to_owned();
        for field in &mut sheet.fields {
            field.value = field.value.trim().to_owned();
        }
        // A field without a value says nothing, and Discord refuses it.
        sheet.fields.retain(|field| !field.value.is_empty());
        sheet
    }

    /// The page as plain text, for places that know no fields.
    pub fn text(&self) -> String {
        let mut parts = Vec::new();
        if !self.title.is_empty() {
            parts.push(format!("**{}**", self.title));
        }
        parts.extend((!self.body.is_empty()).then(|| self.body.clone()));
        parts.extend(self.fields.iter().map(|field| format!("**{}**\n{}", field.name, field.value)));
        parts.extend((!self.footer.is_empty()).then(|| format!("-# {}", self.footer)));
        parts.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_taken_apart() {
        let sheet = Sheet::parse("# Title\n\nbody\n\n## One\nvalue\nmore\n## Empty\n\n-# small\n");
        let one = Field { name: "One".to_owned(), value: "value\nmore".to_owned() };
        let expected =
            Sheet { title: "Title".to_owned(), body: "body".to_owned(), fields: vec![one], footer: "small".to_owned() };
        assert_eq!(sheet, expected);
    }
}
