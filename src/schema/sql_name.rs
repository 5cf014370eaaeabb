//! Names of columns as SQL wants them, for advice that can be pasted.

/// The name of a column as SQL wants it: in quotes where it is not plain and lower case.
pub fn sql_name(name: &str) -> String {
    let is_plain = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// The names of columns as SQL wants them, `source, "Video"`.
pub fn sql_names(names: &[String]) -> String {
    names.iter().map(|name| sql_name(name)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_plain_stands_in_quotes() {
        let names = ["a_1", "A", "a b", "1a", "", "a\"b"];
        assert_eq!(names.map(sql_name), ["a_1", "\"A\"", "\"a b\"", "\"1a\"", "\"\"", "\"a\"\"b\""]);
        assert_eq!(sql_names(&["source".to_owned(), "Video".to_owned()]), "source, \"Video\"");
    }
}
