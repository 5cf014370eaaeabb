//! What is said beside the rows of a statement: a line for whoever runs it, where nothing is wrong but something should be known.
//!
//! A library does not print. Whoever plans or runs a statement says a line here, and the host of the session listens:
//! the command line writes it to stderr.
//!
//! ```
//! # fn main() -> datafusion::common::Result<()> {
//! use posequel::notes::Notes;
//!
//! let session = posequel::session()?;
//! let notes = session.copied_config().get_extension::<Notes>().expect("every session of ours has one");
//! notes.listen(|line| eprintln!("note: {line}"));
//! # Ok(()) }
//! ```

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

/// The most lines that are kept for a host that never takes them.
const MOST_KEPT: usize = 256;

/// The lines of a session; clones share them. It is a session extension, and what plans our functions holds it as well.
#[derive(Clone, Default)]
pub struct Notes(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// Of the statement that runs, each once.
    said: Vec<String>,
    listener: Option<Listener>,
}

type Listener = Arc<dyn Fn(&str) + Send + Sync>;

/// What was said for the whole process.
static SAID_ONCE: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

impl Notes {
    /// Calls `listener` with each line from now on, when it is said; it must not block.
    pub fn listen(&self, listener: impl Fn(&str) + Send + Sync + 'static) {
        self.inner().listener = Some(Arc::new(listener));
    }

    /// Says a line, unless this statement has said it: a relation is planned more than once.
    pub fn say(&self, line: impl Into<String>) {
        let line = line.into();
        let listener = {
            let mut inner = self.inner();
            if inner.said.contains(&line) {
                return;
            }
            if inner.said.len() >= MOST_KEPT {
                inner.said.remove(0);
            }
            inner.said.push(line.clone());
            inner.listener.clone()
        };
        if let Some(listener) = listener {
            listener(&line);
        }
    }

    /// Says a line, unless this process has said it.
    pub fn say_once(&self, line: impl Into<String>) {
        let line = line.into();
        if SAID_ONCE.lock().unwrap_or_else(PoisonError::into_inner).insert(line.clone()) {
            self.say(line);
        }
    }

    /// What was said since this was last asked. The next statement begins: it may say the same again.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.inner().said)
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is said beside rows changes none of them: functions that differ in it alone are the same function.
impl PartialEq for Notes {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Notes {}

impl Hash for Notes {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notes")
    }
}

/// The most names of a list that are written out.
const MOST_NAMES: usize = 12;

/// `a, b, c`; of more than twelve names the first eight and the last: `a, b, c, d, e, f, g, h, ..., z`.
pub fn shortened<S: AsRef<str>>(names: &[S]) -> String {
    let joined = |names: &[S]| names.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    match names {
        [first @ .., last] if names.len() > MOST_NAMES => format!("{}, ..., {}", joined(&first[..8]), last.as_ref()),
        _ => joined(names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_says_a_line_once_and_the_next_one_again() {
        let (notes, heard) = (Notes::default(), Arc::new(Mutex::new(vec![])));
        let ears = Arc::clone(&heard);
        notes.listen(move |line| ears.lock().unwrap().push(line.to_owned()));
        ["a", "a", "b"].into_iter().for_each(|line| notes.clone().say(line));
        assert_eq!(notes.take(), ["a", "b"]);
        notes.say("a");
        assert_eq!(*heard.lock().unwrap(), ["a", "b", "a"]);
        assert_eq!((notes.take(), notes.take()), (vec!["a".to_owned()], vec![]));
    }

    #[test]
    fn a_process_says_a_line_once() {
        let line = "a line of this test alone";
        for _ in 0..2 {
            Notes::default().say_once(line);
        }
        let notes = Notes::default();
        notes.say_once(line);
        assert_eq!(notes.take(), Vec::<String>::new());
    }

    #[test]
    fn what_nobody_takes_does_not_grow() {
        let notes = Notes::default();
        (0..10_000).for_each(|line| notes.say(line.to_string()));
        assert_eq!(notes.take().len(), MOST_KEPT);
    }

    #[test]
    fn a_long_list_has_its_first_names_and_its_last() {
        let names: Vec<String> = (0..75).map(|i| format!("x{i}")).collect();
        assert_eq!(shortened(&names[..3]), "x0, x1, x2");
        assert_eq!(shortened(&names[..12]).matches("x").count(), 12);
        assert_eq!(shortened(&names), "x0, x1, x2, x3, x4, x5, x6, x7, ..., x74");
        assert_eq!(shortened::<&str>(&[]), "");
    }
}
