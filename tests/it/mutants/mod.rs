//! Texts and files that were changed at random, drawn from a seed: an error that names what is wrong, or an answer that is right; never a panic, a wait without an end, or
//! memory out of proportion.
//!
//! Every mutant is found again by its number. `POSEQUEL_MUTANTS=10000 cargo test --release --test it mutants` tries ten thousand of each instead of some hundred.

mod stored;
mod text;

use std::fmt::Display;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::time::Duration;

use posequel::frames::lake::scan::damaged::hush;
use posequel::random::Stream;

use crate::allocations::largest;
pub use crate::damaged::mutant as of_bytes;

/// How many mutants of each thing, where the tests have time for `some`.
fn tries(some: u64) -> u64 {
    std::env::var("POSEQUEL_MUTANTS").map_or(some, |n| n.parse().unwrap())
}

/// Pieces that parsers meet seldom.
const PIECES: [&str; 34] = [
    "99999999999999999999",
    "-1",
    "0",
    "1e999",
    "NaN",
    "inf",
    "-0.0",
    "1e-400",
    "9223372036854775808",
    "'",
    "\"",
    "''",
    "(",
    ")",
    "((((((((",
    "))))))))",
    "[",
    "]",
    "{",
    "}",
    "=",
    "=>",
    "@",
    "|",
    ",",
    ";",
    "\0",
    "\u{1b}[31m",
    "\u{202e}",
    "\u{e9}",
    "\u{1f600}",
    "--",
    "/*",
    "${",
];

/// A text with other bytes, pieces put in or taken for numbers, or a part many times.
fn of_text(text: &str, seed: u64) -> String {
    let mut draw = Stream::new(seed, &["text"]);
    let mut below = |n: usize| draw.below(n.max(1) as u64) as usize;
    let place = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
    let piece = PIECES[below(PIECES.len())];
    match below(5) {
        0 => String::from_utf8_lossy(&of_bytes(text.as_bytes(), seed)).into_owned(),
        1 => {
            let at = place(below(text.len() + 1));
            format!("{}{piece}{}", &text[..at], &text[at..])
        }
        2 => {
            let numbers: Vec<(usize, &str)> = text.match_indices(|letter: char| letter.is_ascii_digit()).collect();
            if numbers.is_empty() {
                return piece.to_owned();
            }
            let at = numbers[below(numbers.len())].0;
            format!("{}{piece}{}", &text[..at], &text[at + 1..])
        }
        3 => {
            let (from, length) = (below(text.len() + 1), below(30));
            let (from, to) = (place(from), place(from + length));
            let part = text[from..to].repeat(1 + below(200));
            format!("{}{part}{}", &text[..from], &text[to..])
        }
        _ => {
            let (one, other) = (place(below(text.len() + 1)), place(below(text.len() + 1)));
            let (from, to) = (one.min(other), one.max(other));
            format!("{}{piece}{}", &text[..from], &text[to..])
        }
    }
}

/// Memory that a mutant of so many bytes may ask for at once.
fn most(bytes: usize) -> usize {
    (32 << 20) + 256 * bytes
}

/// Tries mutants, each with `check`, which says what is wrong; all faults are told, each with the number of its mutant.
fn hold<M: AsRef<[u8]> + Send + 'static>(
    what: &'static str,
    tries: u64,
    mutant: impl Fn(u64) -> M + Send + 'static,
    check: impl Fn(&M) -> Result<(), String> + Send + 'static,
) {
    // What is made into an error of a file need not be told twice.
    hush();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for seed in 0..tries {
            let mutant = mutant(seed);
            let (checked, memory) = largest(|| catch_unwind(AssertUnwindSafe(|| check(&mutant))));
            let most = most(mutant.as_ref().len());
            let fault = match checked {
                Err(_) => Some("a panic".to_owned()),
                Ok(Err(fault)) => Some(fault),
                Ok(Ok(())) => (memory > most).then(|| format!("{memory} bytes of memory, and {most} are enough")),
            };
            let shown = |fault| format!("{what} {seed}: {fault}; {}", shown(mutant.as_ref()));
            if sender.send((seed, fault.map(shown))).is_err() {
                return;
            }
        }
    });
    let mut faults = vec![];
    for seed in 0..tries {
        match receiver.recv_timeout(Duration::from_secs(120)) {
            Ok((_, fault)) => faults.extend(fault),
            Err(e) => panic!("{what} {seed} has not ended: {e}"),
        }
    }
    count(format_args!("{what}: {tries} mutants, {} faults", faults.len()));
    // The first ones tell enough.
    assert!(faults.is_empty(), "{} of {tries} {what}:\n{}", faults.len(), faults[..faults.len().min(10)].join("\n"));
}

/// Tells a number to whoever asked for many.
fn count(line: std::fmt::Arguments) {
    if std::env::var("POSEQUEL_MUTANTS").is_ok() {
        // What is printed a test keeps to itself.
        std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

/// The beginning of a mutant, to be read by people.
fn shown(mutant: &[u8]) -> String {
    format!("{} bytes: {}", mutant.len(), mutant[..mutant.len().min(300)].escape_ascii())
}

/// An error is as it should be where it says one of these.
fn told<T>(result: Result<T, impl Display>, parts: &[&str]) -> Result<Option<T>, String> {
    match result {
        Ok(answer) => Ok(Some(answer)),
        Err(error) => {
            let error = error.to_string();
            let is_told = parts.iter().any(|part| error.contains(part)) && !error.contains("is wrong here");
            if is_told { Ok(None) } else { Err(format!("an error without {parts:?}: {error}")) }
        }
    }
}
