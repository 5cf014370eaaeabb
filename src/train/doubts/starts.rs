//! When the windows of recordings begin, and how many frames a second that gives.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

use crate::error::Result;
use crate::frames::inventory::beside::SAME_RATE;
use crate::frames::inventory::clock::ClockColumn;
use crate::frames::median::Median;
use crate::frames::times::Times;

/// First frame and seconds of each window of a recording.
type Recording = Vec<(i64, f64)>;

/// The first frames of windows, with their times.
pub struct Starts {
    clock: Option<ClockColumn>,
    /// Whether the unit of times is a guess, and whether they are all whole numbers.
    guess: (bool, bool),
    recordings: BTreeMap<String, Recording>,
    held: usize,
}

impl Starts {
    /// Of windows of this schema.
    pub fn of(schema: &Schema) -> Self {
        let clock = ClockColumn::find("training", schema, None, &[]);
        Self { clock, guess: (false, true), recordings: BTreeMap::new(), held: 0 }
    }

    /// The times of a batch, if it has any.
    ///
    /// # Errors
    /// A time beyond 64 bits.
    pub fn times(&self, batch: &RecordBatch) -> Result<Option<Times>> {
        let of = |clock: &ClockColumn| {
            let column = batch.column_by_name(&clock.time.name)?;
            Some(clock.time.read("training", column))
        };
        self.clock.as_ref().and_then(of).transpose()
    }

    /// Takes the first frame of a window, where it has a time.
    pub fn add(&mut self, recording: &str, frame: i64, times: &Times, row: usize) {
        if !times.has(row) {
            return;
        }
        self.guess = (times.is_guess(), self.guess.1 && times.is_whole(row));
        self.held += 32;
        let start = (frame, times.seconds(row, times.zero()));
        match self.recordings.get_mut(recording) {
            Some(starts) => starts.push(start),
            None => drop(self.recordings.insert(recording.to_owned(), vec![start])),
        }
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        self.held
    }

    /// The lowest and the highest rate, where they are not the same; of several the recording that sorts first.
    pub fn rates(self) -> Option<[(f64, String); 2]> {
        let (is_guess, is_whole) = self.guess;
        let least = self.clock.map_or(0.0, |clock| clock.least(is_whole));
        let mut found: Option<[(f64, String); 2]> = None;
        for (recording, starts) in self.recordings {
            let Some(hz) = interval(starts, least).map(|interval| 1.0 / interval) else { continue };
            let [slow, fast] = found.get_or_insert_with(|| [(hz, recording.clone()), (hz, recording.clone())]);
            if hz < slow.0 {
                *slow = (hz, recording.clone());
            }
            if hz > fast.0 {
                *fast = (hz, recording.clone());
            }
        }
        let rates = found.filter(|[slow, fast]| fast.0 > SAME_RATE * slow.0)?;
        let per_second = if is_guess { per_second(rates[0].0, is_whole) } else { 1.0 };
        Some(rates.map(|(hz, recording)| (per_second * hz, recording)))
    }
}

/// So many steps from window to window tell the rate of a recording.
const FEWEST: usize = 5;

/// The usual seconds from frame to frame, by windows that begin at least so many seconds after one another.
fn interval(mut starts: Recording, least: f64) -> Option<f64> {
    starts.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    starts.dedup_by_key(|start| start.0);
    let windows = starts.len();
    let (mut steps, mut back, mut before) = (Median::default(), 0, *starts.first()?);
    for start in starts.into_iter().skip(1) {
        let (frames, seconds) = ((start.0 - before.0) as f64, start.1 - before.1);
        if (0.0..least).contains(&seconds) {
            continue;
        }
        match seconds > 0.0 {
            true => steps.add(seconds / frames),
            false => back += 1,
        }
        before = start;
    }
    // Few steps may all lie over a pause, and what goes back is no clock.
    if windows > FEWEST && 10 * back <= steps.count() { steps.mean_near() } else { None }
}

/// So many units of times are a second, where nothing says it: 1, or the first thousandfold by which the slowest recording
/// can be one.
fn per_second(slowest: f64, is_whole: bool) -> f64 {
    let least = if is_whole { 0.5 } else { 0.1 };
    [1.0, 1e3, 1e6, 1e9].into_iter().find(|per_second| slowest * per_second >= least).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::times::{TimeColumn, Unit};

    fn of(recordings: &[(&str, Recording)], clock: Option<ClockColumn>, guess: (bool, bool)) -> Starts {
        let recordings = recordings.iter().map(|(name, starts)| ((*name).to_owned(), starts.clone())).collect();
        Starts { clock, guess, recordings, held: 0 }
    }

    /// Windows of 15 frames each, the last one first.
    fn at(hz: f64) -> Recording {
        (0..20).map(|n| (15 * n, 15.0 * n as f64 / hz)).rev().collect()
    }

    fn called(name: &str, unit: Option<Unit>) -> Option<ClockColumn> {
        Some(ClockColumn { time: TimeColumn { name: name.to_owned(), unit }, by_name: true })
    }

    #[test]
    fn recordings_of_different_rates_are_told_by_name() {
        let rates = |rates_of: &[(&str, f64)]| {
            let recordings: Vec<_> = rates_of.iter().map(|(name, hz)| (*name, at(*hz))).collect();
            of(&recordings, None, (false, false)).rates()
        };
        let [(slow, a), (fast, b)] = rates(&[("x", 50.0), ("y", 25.0), ("z", 25.0)]).unwrap();
        assert!((slow - 25.0).abs() < 1e-6 && (fast - 50.0).abs() < 1e-6 && (a, b) == ("y".into(), "x".into()));
        assert_eq!(rates(&[("x", 25.0), ("y", 25.5)]), None);
        assert_eq!(rates(&[("x", 25.0)]), None);
    }

    #[test]
    fn few_steps_and_times_that_go_back_tell_no_rate() {
        // Trials of 15 frames at 25 a second, numbered one behind the other, with 2 s between them: 3 steps, all over a pause.
        let trials: Recording = (0..4).map(|n| (15 * n, 2.6 * n as f64)).collect();
        let among = |other: Recording| of(&[("x", at(25.0)), ("y", other)], None, (false, false)).rates();
        assert_eq!(among(trials.clone()), None);
        // With a fifth and a sixth step it is a rate.
        assert!(among((0..7).map(|n| (15 * n, 2.6 * n as f64)).collect()).is_some());
        // The length of each stride is no clock, whatever it is called.
        assert_eq!(among((0..20).map(|n| (15 * n, 1.0 + 0.1 * (n % 3) as f64)).collect()), None);
    }

    #[test]
    fn a_unit_that_nobody_knows_is_the_one_that_gives_a_rate() {
        // 40 and 20 from frame to frame: milliseconds, or microseconds where they are 40,000 and 20,000.
        for (units, is_whole) in [(1e3, true), (1e6, true), (1.0, false)] {
            let recordings = [("x", at(25.0 / units)), ("y", at(50.0 / units))];
            let [(slow, _), (fast, _)] = of(&recordings, called("time", None), (true, is_whole)).rates().unwrap();
            assert!((slow - 25.0).abs() < 1e-6 && (fast - 50.0).abs() < 1e-6, "{units}: {slow} {fast}");
        }
    }

    #[test]
    fn whole_seconds_are_compared_over_hundreds_of_them() {
        // Every window begins 1.5 s after the one before; what is left of that is 1 or 2.
        let floored = |since: f64| (0..200).map(|n| (75 * n, (1.5 * n as f64 + since).floor())).collect::<Recording>();
        let recordings = [("x", floored(0.0)), ("y", floored(0.5))];
        assert_eq!(of(&recordings, called("time", Some(Unit::Seconds)), (false, true)).rates(), None);
        // At half of the rate 3 s, which is seen.
        let slow = (0..200).map(|n| (75 * n, 3.0 * n as f64)).collect();
        let [(slow, _), (fast, _)] =
            of(&[("x", floored(0.5)), ("y", slow)], called("time", None), (true, true)).rates().unwrap();
        assert!((slow - 25.0).abs() < 0.5 && (fast - 50.0).abs() < 1.0, "{slow} {fast}");
    }
}
