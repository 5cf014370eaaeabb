//! One name of several keys: the one place that joins them, so that no two lists of keys share a name.

use std::borrow::Cow;

/// What stands for an empty text: a `%` that nothing follows, which no other key is written as.
const EMPTY: &str = "%";

/// A key as it stands in a name of several: `%`, `/` and `:` are written %25, %2F and %3A, an empty text as `%`, and NULL
/// as nothing at all.
pub fn escaped(key: Option<&str>) -> Cow<'_, str> {
    match key {
        None => Cow::Borrowed(""),
        Some("") => Cow::Borrowed(EMPTY),
        Some(key) if key.contains(['%', '/', ':']) => {
            Cow::Owned(key.replace('%', "%25").replace('/', "%2F").replace(':', "%3A"))
        }
        Some(key) => Cow::Borrowed(key),
    }
}

/// `source/video`, each key [`escaped`]: lists of keys of one length share a name only where they are equal.
///
/// ```
/// use posequel::account::key::joined;
/// assert_eq!(joined([Some("lab"), Some("walk1")]), "lab/walk1");
/// assert_eq!(joined([Some("a"), Some("b/c")]), "a/b%2Fc");
/// assert_eq!(joined([Some("a/b"), Some("c")]), "a%2Fb/c");
/// ```
pub fn joined<'a>(keys: impl IntoIterator<Item = Option<&'a str>>) -> String {
    let mut name = String::new();
    for (place, key) in keys.into_iter().enumerate() {
        if place > 0 {
            name.push('/');
        }
        name.push_str(&escaped(key));
    }
    name
}

/// A key that is a name by itself: as it is, but for what could be taken for NULL (nothing) or for an empty text (`%`).
pub fn alone(key: Option<&str>) -> Cow<'_, str> {
    match key {
        Some(key) if !key.is_empty() && !key.starts_with('%') => Cow::Borrowed(key),
        key => escaped(key),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Every text of up to two of the characters that could make names ambiguous, NULL, and the word NULL.
    fn keys() -> Vec<Option<String>> {
        let letters = ['%', '/', ':', 'a', '2', '5', 'F'];
        let mut texts = vec![String::new(), "NULL".to_owned(), "%2F".to_owned(), "%25".to_owned(), "%%".to_owned()];
        for first in letters {
            texts.push(first.to_string());
            texts.extend(letters.iter().map(|second| format!("{first}{second}")));
        }
        texts.sort();
        texts.dedup();
        texts.into_iter().map(Some).chain([None]).collect()
    }

    #[test]
    fn no_two_lists_of_keys_share_a_name() {
        let (mut names, keys) = (BTreeMap::new(), keys());
        for first in &keys {
            for second in &keys {
                let list = [first.as_deref(), second.as_deref()];
                let name = joined(list);
                assert_eq!(name.matches('/').count(), 1, "{list:?} as {name}");
                assert!(!name.contains(':'), "{list:?} as {name}");
                if let Some(other) = names.insert(name.clone(), list) {
                    panic!("{other:?} and {list:?} are both {name}");
                }
            }
        }
        assert_eq!(names.len(), keys.len() * keys.len());
        let alone: std::collections::BTreeSet<_> = keys.iter().map(|key| alone(key.as_deref())).collect();
        assert_eq!(alone.len(), keys.len());
    }

    #[test]
    fn ordinary_keys_stay_as_they_are() {
        assert_eq!(joined([Some("watch"), Some("sub 3_run-1.csv")]), "watch/sub 3_run-1.csv");
        assert_eq!(joined([None, Some("v")]), "/v");
        assert_eq!(joined([Some(""), Some("v")]), "%/v");
        assert_eq!(joined([Some("NULL"), Some("v")]), "NULL/v");
        assert_eq!(joined([]), "");
        assert_eq!(alone(Some("day1/walk: 50%.mp4")), "day1/walk: 50%.mp4");
    }
}
