use super::*;

#[test]
fn people_write_a_number_in_many_ways() {
    for text in ["ESC-142", "esc-142", "Esc-142", "#142", "142", " 142 ", "ESC-#142"] {
        assert_eq!(text.parse(), Ok(EscalationId(142)), "{text}");
    }
    for text in ["", "ESC-", "0", "ESC-0", "-1", "ESC142x", "1.5", "ESC-١٤٢", "ñ142", "18446744073709551616"] {
        assert_eq!(text.parse::<EscalationId>(), Err(()), "{text}");
    }
    assert_eq!(EscalationId(142).to_string(), "ESC-142");
}
