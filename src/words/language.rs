//! The languages the bot speaks: the words shipped for each, and what of a sentence depends on a number.

/// What the bot's words are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    German,
    Spanish,
    French,
}

/// Every template of a folder: its name and its words as shipped.
macro_rules! templates {
    ($folder:literal) => {
        templates! { $folder:
            "card.md" "quotes.md" "raised.md" "clock.md" "grade.md" "line.md" "done.md" "escalated.md" "status.md"
            "why.md" "sum.md" "finding.md" "flip.md" "playbook.md" "customer.md" "queue.md" "help.md" "refusal.md"
            "duty_refusal.md" "oncall.md" "covered.md" "handover.md" "button.md" "sop.md" "terms.md" "choice.md"
            "grades.md" "health.md" "doctor.md" "form.md" "sentence.md" "unfinished.md" "ticket_note.md"
            "history.md" "digest.md" "digest_times.md" "digest_item.md" "digest_section.md" "digest_part.md" "clock_name.md"
            "chart.md" "report.md" "report_item.md" "report_times.md" "report_trigger.md"
        }
    };
    ($folder:literal: $($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../templates/", $folder, $name)))),*]
    };
}

impl Language {
    /// With their codes (ISO 639-1).
    pub const ALL: [(&'static str, Self); 4] =
        [("en", Self::English), ("de", Self::German), ("es", Self::Spanish), ("fr", Self::French)];

    /// That of a locale such as "de" or "es-419" (BCP 47); English where the bot does not speak it.
    pub fn of_locale(locale: &str) -> Self {
        let code = locale.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|(known, _)| *known == code).map(|(_, language)| language).unwrap_or_default()
    }

    /// Each template's name and words.
    pub(crate) fn templates(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::English => templates!(""),
            Self::German => templates!("de/"),
            Self::Spanish => templates!("es/"),
            Self::French => templates!("fr/"),
        }
    }

    /// Whether so many things are named as one is. French counts nothing so, too.
    pub(crate) fn is_singular(self, count: i64) -> bool {
        count == 1 || (count == 0 && self == Self::French)
    }

    /// Minutes as people say them: "45 min", "2 h", "1 h 30 min", "3 d". Units are signs, which no case bends.
    pub(crate) fn span(self, minutes: i64) -> String {
        let (day, nothing) = match self {
            Self::English => ("d", "less than a minute"),
            Self::German => ("d", "weniger als 1 min"),
            Self::Spanish => ("d", "menos de 1 min"),
            Self::French => ("j", "moins de 1 min"),
        };
        let (days, hours, rest) = (minutes / 1440, minutes % 1440 / 60, minutes % 60);
        let parts = [(days, day), (hours, "h"), (rest, "min")];
        let said: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}")).collect();
        if said.is_empty() { nothing.to_owned() } else { said.join(" ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_said_as_people_say_them() {
        let said = [0, 1, 45, 60, 90, 120, 1440, 1501].map(|minutes| Language::English.span(minutes));
        assert_eq!(said, ["less than a minute", "1 min", "45 min", "1 h", "1 h 30 min", "2 h", "1 d", "1 d 1 h 1 min"]);
        let said = [0, 1501].map(|minutes| Language::French.span(minutes));
        assert_eq!(said, ["moins de 1 min", "1 j 1 h 1 min"]);
    }

    #[test]
    fn a_locale_is_read_by_its_language() {
        let read = ["en-US", "de", "es-ES", "es-419", "fr", "pt-BR", ""].map(Language::of_locale);
        let expected = [
            Language::English,
            Language::German,
            Language::Spanish,
            Language::Spanish,
            Language::French,
            Language::English,
            Language::English,
        ];
        assert_eq!(read, expected);
    }
}
