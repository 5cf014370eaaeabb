//! Whether times of which nobody said the unit can be seconds. Pure.

/// Whether times that nobody told the unit of can be seconds, by the first steps of each recording.
#[derive(Debug, Default)]
pub struct Guess {
    steps: usize,
    /// Those in which more frames would be made up than a recording in seconds would ask for.
    absurd: usize,
    /// The refusal, in case that most are.
    refusal: String,
}

/// So many steps are looked at.
const GUESSED: usize = 16;
/// More frames than these between two rows are absurd: of times that are whole numbers, and of others.
const ABSURD: (f64, f64) = (5.0, 20.0);

impl Guess {
    /// A step of so many frames of the result; `name` gives the recording, and the column with its type.
    ///
    /// # Errors
    /// The words of a refusal, once most of the first steps are absurd.
    pub fn step(
        &mut self,
        frames: f64,
        hz: f64,
        is_whole: bool,
        name: impl FnOnce() -> (String, String),
    ) -> Result<(), String> {
        if self.steps >= GUESSED {
            return Ok(());
        }
        self.steps += 1;
        if frames > if is_whole { ABSURD.0 } else { ABSURD.1 } {
            self.absurd += 1;
            if self.refusal.is_empty() {
                let (recording, column) = name();
                self.refusal = format!(
                    "pose_resample: {recording}: nothing says the unit of {column}; taken for seconds, its frames come {} a second, and \
                     at hz => {hz} {frames:.0} frames would be made up between two of them: say time_unit => 'ms', 'us' or 'ns', \
                     or 's' if they are seconds",
                    (1e4 * hz / frames).round() / 1e4
                );
            }
        }
        if self.steps == GUESSED { self.decide() } else { Ok(()) }
    }

    /// A recording has ended, which may have had few steps.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn end(&mut self) -> Result<(), String> {
        let decided = if self.steps < GUESSED { self.decide() } else { Ok(()) };
        *self = Self::default();
        decided
    }

    fn decide(&self) -> Result<(), String> {
        if 2 * self.absurd > self.steps { Err(self.refusal.clone()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(steps: &[f64], is_whole: bool) -> bool {
        let (mut guess, name) = (Guess::default(), || ("video 'v'".to_owned(), "ms (Int64)".to_owned()));
        let taken: Result<Vec<()>, String> = steps.iter().map(|step| guess.step(*step, 25.0, is_whole, name)).collect();
        taken.and_then(|_| guess.end()).is_err()
    }

    #[test]
    fn milliseconds_are_no_seconds() {
        assert!(refused(&[1000.0; 40], true) && refused(&[1000.0; 40], false) && refused(&[1000.0], true));
        assert!(!refused(&[1.0; 40], true) && !refused(&[12.5; 40], false) && refused(&[12.5; 40], true));
    }

    #[test]
    fn a_pause_is_no_unit() {
        let pauses: Vec<f64> = (0..40).map(|n| if n % 5 == 0 { 1000.0 } else { 1.0 }).collect();
        assert!(!refused(&pauses, true) && !refused(&[], true));
        // A long pause after the first steps says nothing of the unit.
        assert!(!refused(&[[1.0; 16].as_slice(), &[1000.0; 40]].concat(), true));
    }
}
