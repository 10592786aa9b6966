//! What somebody probably meant who typed something else: in chat and in the config alike.

/// Names closer than this are what somebody meant to type (Jaro-Winkler, 0 to 1).
const MEANT: f64 = 0.75;

/// The name that somebody probably meant.
pub fn closest<'n>(typed: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    closest_of(typed, names.into_iter().map(|name| (name, name)))
}

/// What is called by the name that somebody probably meant.
pub fn closest_of<'n, T>(typed: &str, named: impl IntoIterator<Item = (&'n str, T)>) -> Option<T> {
    let typed = typed.to_lowercase();
    let rated = named.into_iter().map(|(name, thing)| (strsim::jaro_winkler(&typed, &name.to_lowercase()), thing));
    let best = rated.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(closeness, _)| *closeness >= MEANT).map(|(_, thing)| thing)
}

/// How a number was mistyped, the likeliest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slip {
    /// It is right; something around it is not.
    None,
    Swapped,
    WrongDigit,
    MissedOrAdded,
}

/// Digits looked at: more than any number here has.
const DIGITS_MAX: usize = 10;

/// What may have been meant by these digits: each number that is one slip away and shares a digit with them.
pub fn slips(digits: &str) -> Vec<(Slip, u32)> {
    let digits: Vec<char> = digits.chars().collect();
    if digits.is_empty() || digits.len() > DIGITS_MAX {
        return Vec::new();
    }
    let mut meant = vec![(Slip::None, digits.clone())];
    let with = |change: &dyn Fn(&mut Vec<char>)| {
        let mut changed = digits.clone();
        change(&mut changed);
        changed
    };
    for at in 1..digits.len() {
        meant.push((Slip::Swapped, with(&|digits| digits.swap(at - 1, at))));
    }
    for at in 0..=digits.len() {
        for digit in '0'..='9' {
            meant.push((Slip::MissedOrAdded, with(&|digits| digits.insert(at, digit))));
            if digits.len() > 1 && at < digits.len() {
                meant.push((Slip::WrongDigit, with(&|digits| digits[at] = digit)));
            }
        }
        if digits.len() > 1 && at < digits.len() {
            meant.push((Slip::MissedOrAdded, with(&|digits| _ = digits.remove(at))));
        }
    }
    // Nobody writes a number with a nought in front of it.
    let is_written = |(slip, digits): &(Slip, Vec<char>)| *slip == Slip::None || digits.first() != Some(&'0');
    let number = |(slip, digits): (Slip, Vec<char>)| Some((slip, digits.iter().collect::<String>().parse().ok()?));
    meant.into_iter().filter(is_written).filter_map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_name_is_meant_if_it_is_close() {
        let names = ["refund", "legal", "angry"];
        let meant = ["refnd", "Leagl", "ANGRY", "nonsense", ""].map(|typed| closest(typed, names));
        assert_eq!(meant, [Some("refund"), Some("legal"), Some("angry"), None, None]);
        assert_eq!(closest_of("heron 2", [("Heron", 1), ("Heron 2", 2)]), Some(2));
    }

    #[test]
    fn a_number_is_mistyped_by_one_slip() {
        let slip = |typed: &str, meant: u32| {
            slips(typed).into_iter().filter(|(_, number)| *number == meant).map(|(slip, _)| slip).min()
        };
        assert_eq!(slip("21", 21), Some(Slip::None));
        assert_eq!(slip("21", 12), Some(Slip::Swapped));
        assert_eq!(slip("21", 24), Some(Slip::WrongDigit));
        for meant in [2, 1, 121, 210] {
            assert_eq!(slip("21", meant), Some(Slip::MissedOrAdded), "{meant}");
        }
        assert_eq!([slip("21", 33), slip("21", 2100), slip("9", 1), slip("", 1)], [None; 4]);
        assert_eq!(slips(&"9".repeat(4_000)), []);
    }
}
