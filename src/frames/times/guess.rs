//! Whether times of which nobody said the unit can be seconds. Pure.

/// Whether times that nobody told the unit of can be seconds, by the first steps of each recording.
#[derive(Debug, Default)]
pub struct UnitGuess {
    steps: usize,
    /// Those in which more frames would be made up than a recording in seconds would ask for.
    long: Odd,
    /// Those of hardly any part of a frame.
    tiny: Odd,
    /// Those that may be minutes.
    close: Odd,
}

/// So many steps are looked at.
const GUESSED: usize = 16;
/// More frames than these between two rows are absurd: of times that are whole numbers, and of others.
const LONG: (f64, f64) = (5.0, 20.0);
/// Rows that lie closer than a thousandth of a frame (and a little less, since times are rounded) are not of seconds.
const TINY: f64 = 0.999e-3;
/// Minutes that are taken for seconds lie a 60th of a frame apart where the rate stays, but so may the rows of a fast sensor:
/// those of 1 kHz are a 40th apart at 25 frames a second, those of 2 kHz an 80th.
const CLOSE: f64 = 1.0 / 55.0;

/// What to do with times of a longer unit.
const LONGER: &str = "if they are minutes, hours or days, multiply them by 60, 3600 or 86400 in the subquery; if they are seconds, \
                      say time_unit => 's'";

/// Steps of one kind that those of seconds hardly are, and what is said if most are so.
#[derive(Debug, Default)]
struct Odd {
    steps: usize,
    line: String,
}

impl Odd {
    fn add(&mut self, line: impl FnOnce() -> String) {
        self.steps += 1;
        if self.line.is_empty() {
            self.line = line();
        }
    }
}

impl UnitGuess {
    /// A step of so many frames of the result; `name` gives the recording, and the column with its type. What it returns is to
    /// be said to whoever runs the statement.
    ///
    /// # Errors
    /// The words of a refusal, once most of the first steps are absurd.
    pub fn step(
        &mut self,
        frames: f64,
        hz: f64,
        is_whole: bool,
        name: impl Fn() -> (String, String),
    ) -> Result<Option<String>, String> {
        if self.steps >= GUESSED {
            return Ok(None);
        }
        self.steps += 1;
        if frames > if is_whole { LONG.0 } else { LONG.1 } {
            self.long.add(|| long(frames, hz, name()));
        } else if frames < CLOSE {
            self.close.add(|| close(hz, &name().1));
            if frames < TINY {
                self.tiny.add(|| tiny(frames, hz, name()));
            }
        }
        if self.steps == GUESSED { self.decide() } else { Ok(None) }
    }

    /// A recording has ended, which may have had few steps.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn end(&mut self) -> Result<Option<String>, String> {
        let decided = if self.steps < GUESSED { self.decide() } else { Ok(None) };
        *self = Self::default();
        decided
    }

    fn decide(&self) -> Result<Option<String>, String> {
        let most = |odd: &&Odd| 2 * odd.steps > self.steps;
        match [&self.long, &self.tiny].into_iter().find(most) {
            Some(odd) => Err(odd.line.clone()),
            None => Ok(Some(&self.close).filter(most).map(|odd| odd.line.clone())),
        }
    }
}

fn long(frames: f64, hz: f64, (recording, column): (String, String)) -> String {
    format!(
        "{recording}: nothing says the unit of {column}; taken for seconds, its frames come {} a second, and at hz => {hz} {frames:.0} \
         frames would be made up between two of them: say time_unit => 'ms', 'us' or 'ns', or 's' if they are seconds",
        (1e4 * hz / frames).round() / 1e4
    )
}

fn tiny(frames: f64, hz: f64, (recording, column): (String, String)) -> String {
    format!(
        "{recording}: nothing says the unit of {column}; taken for seconds, its frames come {:.0} a second, and at hz => {hz} one of \
         {:.0} would be kept: {LONGER}",
        hz / frames,
        1.0 / frames
    )
}

/// The same words for every recording: they are said once.
fn close(hz: f64, column: &str) -> String {
    format!(
        "nothing says the unit of {column}; taken for seconds, its frames come so fast that at hz => {hz} not one of {:.0} is kept: \
         {LONGER}",
        1.0 / CLOSE
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(steps: &[f64], is_whole: bool) -> bool {
        let (mut guess, name) = (UnitGuess::default(), || ("video 'v'".to_owned(), "ms (Int64)".to_owned()));
        let taken: Result<Vec<_>, String> = steps.iter().map(|step| guess.step(*step, 25.0, is_whole, name)).collect();
        taken.and_then(|_| guess.end()).is_err()
    }

    /// What is said of steps that are not refused.
    fn said(steps: &[f64]) -> Vec<String> {
        let (mut guess, name) = (UnitGuess::default(), || ("video 'v'".to_owned(), "t (Float64)".to_owned()));
        let mut said: Vec<_> =
            steps.iter().filter_map(|step| guess.step(*step, 25.0, false, name).expect("no refusal")).collect();
        said.extend(guess.end().expect("no refusal"));
        said
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

    #[test]
    fn hours_and_days_are_no_seconds() {
        // 25 frames a second at 25: a 3,600th of a frame in hours, an 86,400th in days.
        assert!(refused(&[1.0 / 3600.0; 40], false) && refused(&[1.0 / 86400.0], false));
        // What is made of the times of two rows is rounded: 1 kHz at one frame a second stays.
        assert!(!refused(&[0.999_999_9e-3; 40], false));
    }

    #[test]
    fn minutes_are_said_once_and_fast_sensors_stay() {
        let lines = said(&[1.0 / 60.0; 40]);
        assert!(lines[0].starts_with("nothing says the unit of t (Float64); taken for seconds"), "{lines:?}");
        assert!(lines.len() == 1 && lines[0].contains("multiply them by 60"), "{lines:?}");
        assert_eq!((said(&[1.0 / 60.0; 3]).len(), said(&[1.0 / 40.0; 40]).len(), said(&[]).len()), (1, 0, 0));
        // 2 kHz at 25 may be minutes; it is not refused.
        assert_eq!(said(&[1.0 / 80.0; 40]).len(), 1);
    }
}
