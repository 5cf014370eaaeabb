//! Names and numbers inside messages.

/// `1 row`, `2 rows`, `2 classes`.
pub(crate) fn counted(n: u64, noun: &str) -> String {
    let plural = match (n, noun.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{n} {noun}{plural}")
}

/// `3 groups ('a', 'b', 'c')`: how many, and the first five by name.
pub(crate) fn quote<S: AsRef<str>>(
    names: impl IntoIterator<Item = S, IntoIter: ExactSizeIterator>,
    noun: &str,
) -> String {
    let names = names.into_iter();
    let n = names.len();
    let first: Vec<String> = names.take(5).map(|name| format!("'{}'", name.as_ref())).collect();
    let more = if n > first.len() { ", ..." } else { "" };
    format!("{} ({}{more})", counted(n as u64, noun), first.join(", "))
}
