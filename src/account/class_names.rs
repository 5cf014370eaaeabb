//! Names of classes that may be typing errors of each other.

use std::collections::BTreeMap;

use super::classes::number_text;

/// What is doubtful about these names and what to do about it, by name; nothing where no doubt is.
///
/// Doubtful are an empty name, one with a space or another invisible character at an end, and names that differ in nothing
/// but letter case, spaces, `_` and `-`, or in how a number is written.
pub fn doubts<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, String> {
    let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in names {
        let names = alike.entry(folded(name)).or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut doubts = BTreeMap::new();
    for names in alike.values() {
        for name in names {
            let others: Vec<String> = names.iter().filter(|other| other != &name).map(|other| shown(other)).collect();
            if let Some(doubt) = doubt(name, &others) {
                doubts.insert(*name, doubt);
            }
        }
    }
    doubts
}

fn doubt(name: &str, others: &[String]) -> Option<String> {
    if name.is_empty() {
        return Some("'' is a class of its own: nullif(label, '') AS label says that there is none".to_owned());
    }
    let beside = if others.is_empty() { String::new() } else { format!(" beside {}", others.join(", ")) };
    let shown = shown(name);
    if trimmed(name) != name {
        let trim = if name.trim_matches(' ') == trimmed(name) { "trim(label)" } else { TRIM };
        return Some(format!("{shown}{beside} begins or ends with what nobody sees: {trim} AS label"));
    }
    match others {
        [] => None,
        // The other one says what to do.
        _ => Some(format!(
            "{shown}{beside}: one class under two names? lower(trim(label)) AS label, or CASE label WHEN ... END"
        )),
    }
}

/// All that is white or invisible at both ends.
const TRIM: &str = r"regexp_replace(label, '^[\s\x{200b}\x{feff}]+|[\s\x{200b}\x{feff}]+$', '', 'g')";

fn is_invisible(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || ['\u{200b}', '\u{feff}'].contains(&letter)
}

fn trimmed(name: &str) -> &str {
    name.trim_matches(is_invisible)
}

fn folded(name: &str) -> String {
    let name = trimmed(name);
    if let Some(number) = number_text(name) {
        return number;
    }
    let lower = name.to_lowercase().replace(['_', '-'], " ");
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// In quotes, with what nobody sees written out.
fn shown(name: &str) -> String {
    let letter = |letter: char| match letter {
        ' ' => " ".to_owned(),
        letter if is_invisible(letter) => letter.escape_default().to_string(),
        letter => letter.to_string(),
    };
    format!("'{}'", name.chars().map(letter).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_not_doubted() {
        assert!(doubts(["walk", "run", "walk fast", "1", "2", "10", "sit-up", "up"]).is_empty());
        assert!(doubts(["walk", "walk"]).is_empty());
    }

    #[test]
    fn names_that_differ_in_what_nobody_sees_are_named() {
        let found =
            doubts(["walk", "walk ", "Run", "run", "", "sit_down", "sit down", "1", "1.0", "\u{feff}jump", "ok"]);
        let names: Vec<&str> = found.keys().copied().collect();
        assert_eq!(names, ["", "1", "1.0", "Run", "run", "sit down", "sit_down", "walk", "walk ", "\u{feff}jump"]);
        assert!(found["walk "].starts_with("'walk ' beside 'walk' begins or ends with"), "{}", found["walk "]);
        assert!(found["walk "].contains(" trim(label) AS label"), "{}", found["walk "]);
        assert!(found["walk"].starts_with("'walk' beside 'walk ': one class under two names?"), "{}", found["walk"]);
        assert!(found["Run"].starts_with("'Run' beside 'run'"), "{}", found["Run"]);
        assert!(found[""].contains("nullif(label, '')"), "{}", found[""]);
        let jump = &found["\u{feff}jump"];
        assert!(jump.starts_with(r"'\u{feff}jump' begins or ends") && jump.contains("regexp_replace"), "{jump}");
    }
}
