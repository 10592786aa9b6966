//! Texts of others in tables for spreadsheets.

/// Spreadsheets take a cell that begins like a formula for one
/// (<https://owasp.org/www-community/attacks/CSV_Injection>); an apostrophe before it makes it a text.
pub(crate) fn harmless(text: &str) -> String {
    let begins_one = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if begins_one { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn a_cell_is_never_a_formula() {
        let cells = ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "Dana", "a=b"];
        let shown = cells.map(harmless);
        assert_eq!(shown, ["'=HYPERLINK(1)", "'+1", "'-1", "'@SUM(1)", "'\t=1", "Dana", "a=b"]);
    }
}
