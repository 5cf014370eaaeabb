//! What must not be told: passwords, keys and tokens in options and URLs.
//!
//! A name is a secret's by its last words, `aws.secret_access_key`, `session_token`: a column `token_count` is none.

use std::borrow::Cow;

/// What stands for a secret.
pub const HIDDEN: &str = "***";

/// Last words of names, without what parts words.
const WORDS: [&str; 20] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "credential",
    "credentials",
    "sas",
    "sastoken",
    "saskey",
    "accesskey",
    "accesskeyid",
    "secretkey",
    "apikey",
    "accountkey",
    "privatekey",
    "masterkey",
    "storagekey",
    "connectionstring",
];

/// Names of more than one meaning: in a query they are columns most likely.
const COMMON: [&str; 3] = ["token", "sas", "secret"];

/// Arguments of a signed URL.
const SIGNATURES: [&str; 3] = ["sig", "xamzsignature", "xamzcredential"];

/// Whether the value of an option of this name is nobody's business.
///
/// ```
/// use posequel::secrets::is_secret;
///
/// assert!(is_secret("aws.secret_access_key") && is_secret("PASSWORD") && is_secret("azure.sas-token"));
/// assert!(!is_secret("token_count") && !is_secret("passwords_per_day") && !is_secret("units"));
/// ```
pub fn is_secret(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let words: Vec<String> = words(last);
    // One word or two: `api_key` as well as `apikey`; the key of `access_key_id` is not its last word.
    let tail = |n: usize| words.len().checked_sub(n).map(|from| words[from..].concat());
    (1..=3).filter_map(tail).any(|tail| WORDS.contains(&tail.as_str()))
}

/// The words of a name in small letters: of `secretAccessKey` and `secret_access_key` the same.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && was_small) {
            words.push(String::new());
        }
        was_small = letter.is_lowercase();
        if let (true, Some(word)) = (letter.is_alphanumeric(), words.last_mut()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a line that somebody typed may hold a secret: it is not to be kept. In doubt it may.
pub fn may_hold_secret(line: &str) -> bool {
    const PARTS: [&str; 10] = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "access_key",
        "accesskey",
        "api_key",
        "apikey",
        "credential",
        "account_key",
    ];
    let small = line.to_lowercase();
    PARTS.iter().any(|part| small.contains(part)) || names(line).any(|(_, name)| is_secret(name)) || hides(line)
}

fn hides(text: &str) -> bool {
    matches!(without_secrets(text), Cow::Owned(_))
}

/// A message in which [`HIDDEN`] stands for secrets: the user of a URL (`s3://user:password@host`), arguments of a URL, and the values of options,
/// `'aws.secret_access_key' '...'`, `password = '...'`, `"api_key": "..."`.
///
/// A comparison with a column `token` stays.
pub fn without_secrets(text: &str) -> Cow<'_, str> {
    hidden(text, true)
}

/// As [`without_secrets`], of a text that is no message but a value: only what URLs hold.
pub fn without_secrets_of_urls(text: &str) -> Cow<'_, str> {
    hidden(text, false)
}

fn hidden(text: &str, has_options: bool) -> Cow<'_, str> {
    let mut secrets: Vec<(usize, usize)> = vec![];
    for (at, _) in text.match_indices("://") {
        secrets.extend(user_of(text, at + 3));
    }
    for (at, name) in names(text) {
        secrets.extend(value_of(text, at, name, has_options));
    }
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    secrets.sort_unstable();
    let (mut shown, mut end) = (String::with_capacity(text.len()), 0);
    for (from, to) in secrets {
        if from >= end {
            shown.push_str(&text[end..from]);
            shown.push_str(HIDDEN);
        }
        end = end.max(to);
    }
    shown.push_str(&text[end..]);
    if shown == text { Cow::Borrowed(text) } else { Cow::Owned(shown) }
}

/// Where the user and the password of a URL lie, whose host begins at `at` if it has neither.
fn user_of(text: &str, at: usize) -> Option<(usize, usize)> {
    let rest = &text[at..];
    let ends =
        |letter: char| letter.is_whitespace() || matches!(letter, '/' | '?' | '#' | '\'' | '"' | '`' | '>' | ')');
    let authority = &rest[..rest.find(ends).unwrap_or(rest.len())];
    authority.rfind('@').filter(|end| *end > 0).map(|end| (at, at + end))
}

/// Names in a text, where they begin.
fn names(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
    let pieces = text.split(move |letter| !is_part(letter)).filter(|name| !name.is_empty());
    pieces.map(|name| (name.as_ptr() as usize - text.as_ptr() as usize, name))
}

/// Where the value of a secret lies, behind its name.
fn value_of(text: &str, at: usize, name: &str, has_options: bool) -> Option<(usize, usize)> {
    let before = text[..at].chars().next_back();
    let is_argument = matches!(before, Some('?' | '&'));
    let is_signature = is_argument && SIGNATURES.contains(&words(name).concat().as_str());
    if !is_signature && !is_secret(name) {
        return None;
    }
    let rest = &text[at + name.len()..];
    let quote = before.filter(|letter| matches!(letter, '\'' | '"' | '`')).filter(|quote| rest.starts_with(*quote));
    let rest = rest[quote.map_or(0, char::len_utf8)..].trim_start();
    let sign = ["=>", "=", ":"].into_iter().find(|sign| rest.starts_with(sign)).unwrap_or_default();
    let value = rest[sign.len()..].trim_start();
    let from = text.len() - value.len();
    let is_quoted = value.starts_with(['\'', '"']);
    let is_common = COMMON.iter().any(|common| name.eq_ignore_ascii_case(common));
    let holds = match (is_argument, sign) {
        (true, "=") => true,
        _ if !has_options => false,
        // OPTIONS (password '...')
        (_, "") => value.starts_with('\'') && !(is_common && quote.is_none()),
        (_, ":") => is_quoted && (quote.is_some() || !is_common),
        // A column that is compared
        (_, _) => quote == Some('\'') || !is_common,
    };
    if !holds || value.is_empty() || value.starts_with(HIDDEN) {
        return None;
    }
    let (skipped, length) = length_of(value, is_argument);
    (length > 0).then_some((from + skipped, from + skipped + length))
}

/// How many bytes of a value are its quote, and how many what is in quotes, or up to a letter that ends a bare value.
fn length_of(value: &str, is_argument: bool) -> (usize, usize) {
    if let Some(quote) = value.chars().next().filter(|letter| matches!(letter, '\'' | '"') && !is_argument) {
        let inner = &value[1..];
        let mut at = 0;
        while let Some(end) = inner[at..].find(quote) {
            at += end;
            if !inner[at + 1..].starts_with(quote) {
                return (1, at);
            }
            at += 2;
        }
        return (1, inner.len());
    }
    let ends = |letter: char| letter.is_whitespace() || matches!(letter, ',' | ';' | ')' | '&' | '\'' | '"');
    (0, value.find(ends).unwrap_or(value.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_by_its_last_words() {
        for secret in [
            "password",
            "db.Password",
            "aws.secret_access_key",
            "aws.access_key_id",
            "aws.session_token",
            "secretAccessKey",
            "AZURE_STORAGE_SAS_KEY",
            "google.service_account_key",
            "api-key",
            "apikey",
            "client_secret",
            "credential",
            "connection_string",
        ] {
            assert!(is_secret(secret), "{secret}");
        }
        for other in ["token_count", "tokens", "passes", "key", "keys", "secretary", "units", "sash", "label", "", "."]
        {
            assert!(!is_secret(other), "{other}");
        }
    }

    #[test]
    fn values_of_options_are_hidden() {
        for (text, shown) in [
            (
                "OPTIONS ('aws.secret_access_key' 'a''b', 'units' '8')",
                "OPTIONS ('aws.secret_access_key' '***', 'units' '8')",
            ),
            ("OPTIONS (aws.session_token 'x')", "OPTIONS (aws.session_token '***')"),
            ("aws.secret_access_key = 'x y': no", "aws.secret_access_key = '***': no"),
            ("--set db.password=x,y", "--set db.password=***,y"),
            (r#"{"api_key": "x", "a": 1}"#, r#"{"api_key": "***", "a": 1}"#),
            ("password => 'x'", "password => '***'"),
            ("password: \"x\"", "password: \"***\""),
            ("'token' 'x'", "'token' '***'"),
        ] {
            assert_eq!(without_secrets(text), shown);
            assert!(may_hold_secret(text), "{text}");
            // What is hidden is so once.
            assert_eq!(without_secrets(shown), shown);
        }
    }

    #[test]
    fn what_urls_hold_is_hidden() {
        for (text, shown) in [
            ("no 's3://me:pass@bucket/a.csv'", "no 's3://***@bucket/a.csv'"),
            ("https://ghp@host/x?sig=a%2B&se=1", "https://***@host/x?sig=***&se=1"),
            ("https://h/x?X-Amz-Signature=ab&X-Amz-Expires=9", "https://h/x?X-Amz-Signature=***&X-Amz-Expires=9"),
            ("https://h/x?token=ab", "https://h/x?token=***"),
        ] {
            assert_eq!(without_secrets(text), shown);
            assert_eq!(without_secrets_of_urls(text), shown);
            assert!(may_hold_secret(text), "{text}");
        }
    }

    #[test]
    fn ordinary_texts_stay() {
        for text in [
            "SELECT token_count, token FROM frames WHERE token = 'walk' AND secret = 1",
            "No field named token. Valid fields are frames.token, frames.\"token\"",
            "Expected: end of statement, found: token at Line: 1, Column: 7",
            "'s3://bucket/a@b.csv' is no location",
            "there is no session option 'password'; SHOW ALL lists the session options",
            "https://host/x?y=1&z=2",
            "/data/a@b/c.parquet: cannot be read",
            "CASE token WHEN 'a' THEN 1 END",
            "",
            "://",
            "password =",
            "password '",
        ] {
            assert!(matches!(without_secrets(text), Cow::Borrowed(same) if same == text), "{}", without_secrets(text));
        }
        assert!(!may_hold_secret("SELECT token_count FROM frames WHERE label = 'walk'"));
        assert!(!may_hold_secret("SELECT * FROM 's3://bucket/a.csv'"));
    }
}
