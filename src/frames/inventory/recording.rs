//! One recording, frame by frame: how many there are, which are missing or twice, and which values never change.

use std::collections::BTreeSet;

use crate::frames::median::Median;
use crate::frames::scale::{Doubt, Scale, short, whole};
use crate::schema::sql_name;

/// What was seen of a recording so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Recording {
    /// Rows.
    pub rows: u64,
    /// Rows without a frame number.
    pub unnumbered: u64,
    /// The first frame and the last.
    pub frames: Option<(i64, i64)>,
    /// Places where at least one frame is missing.
    pub gaps: u64,
    /// Frames that are missing in them.
    pub missing: u64,
    /// Rows whose frame number was there before.
    pub duplicates: u64,
    /// The classes, sorted.
    pub labels: BTreeSet<String>,
    /// Rows without a class.
    pub unlabelled: u64,
    /// Of each feature.
    pub values: Vec<Values>,
    /// Seconds from one frame to the next.
    pub clock: Clock,
    /// How large the values of each feature are, with the frame of the largest; until the recording has ended.
    scales: Vec<Scale<Option<i64>>>,
    /// What is doubtful about that, by the place of the feature.
    pub doubts: Vec<(usize, Doubt<Option<i64>>)>,
}

/// The times of the frames of a recording.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock {
    /// Number and time of the last row that has both.
    last: Option<(i64, f64)>,
    /// Seconds from one frame's number to the next.
    steps: Median,
    /// Rows whose time is not later than that of a frame before.
    standing: u64,
    /// Whether all times are whole numbers, of which nobody said the unit.
    guess: Option<bool>,
    /// Whether the column is a clock by its name alone: then nothing is advised by it.
    by_name: bool,
}

impl Clock {
    /// That of a column which is one by its name alone, or not.
    pub fn of(by_name: bool) -> Self {
        Self { by_name, ..Self::default() }
    }

    /// Takes the time of the next row, in seconds; `guess` is whether it is a whole number where nobody knows its unit.
    /// Where it lies less than `least` behind the last, a later row tells the step.
    pub fn tick(&mut self, frame: Option<i64>, seconds: Option<f64>, guess: Option<bool>, least: f64) {
        let (Some(frame), Some(seconds)) = (frame, seconds.filter(|s| s.is_finite())) else { return };
        self.guess = guess.map(|is_whole| is_whole && self.guess.unwrap_or(true));
        if let Some((last, before)) = self.last
            && frame > last
        {
            let since = seconds - before;
            if (0.0..least).contains(&since) {
                return;
            }
            match since > 0.0 {
                true => self.steps.add(since / (frame - last) as f64),
                false => self.standing += 1,
            }
        }
        self.last = Some((frame, seconds));
    }

    /// The usual seconds from one frame to the next, whatever their unit is.
    pub fn interval(&self) -> Option<f64> {
        // What often stands still or goes back is no clock, whatever it is called.
        if self.by_name && 10 * self.standing > self.steps.count() { None } else { self.steps.mean_near() }
    }

    /// Rows whose time should be later; none of a column that may be no clock.
    fn standing(&self) -> u64 {
        if self.by_name { 0 } else { self.standing }
    }

    /// Whether nobody knows the unit of times that were meant to be read.
    fn lacks_unit(&self) -> bool {
        !self.by_name && self.hz().is_none() && self.interval().is_some()
    }

    /// Frames a second; none where times are in a unit that nobody knows, and cannot be seconds.
    pub fn hz(&self) -> Option<f64> {
        let least = match self.guess {
            None => 0.0,
            Some(true) => 0.5,
            Some(false) => 0.1,
        };
        self.interval().map(|interval| rounded(1.0 / interval)).filter(|hz| *hz >= least)
    }
}

/// To nine digits: times are decimals, and so are rates.
fn rounded(hz: f64) -> f64 {
    let scale = 10f64.powi(8 - libm::log10(hz).floor() as i32);
    (hz * scale).round() / scale
}

fn doubtful(feature: &str, doubt: &Doubt<Option<i64>>) -> String {
    let column = sql_name(feature);
    match doubt {
        Doubt::Offset { mean, spread } => format!(
            "{feature} lies around {} and spreads by {} alone, which the 32 bits of a window cannot hold: subtract an offset \
             first, {column} - {} AS {column}, or pose_center",
            short(*mean),
            short(*spread),
            whole(*mean)
        ),
        Doubt::Wild { value, at, others } => format!(
            "{feature} is {}{}, where the others stay below {}: read wrong? CASE WHEN abs({column}) < {} THEN {column} END AS \
             {column}, then nulls => 'interpolate', or leave such frames out",
            short(*value),
            at.map_or(String::new(), |frame| format!(" in frame {frame}")),
            short(*others),
            short(1e3 * others)
        ),
    }
}

/// What was seen of a feature.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Values {
    /// Rows in which it is NULL, NaN or infinite.
    pub missing: u64,
    /// Its first number.
    first: Option<f64>,
    /// Whether another number was seen.
    varies: bool,
}

impl Recording {
    /// One whose frames have the times of a clock.
    pub fn by(clock: Clock) -> Self {
        Self { clock, ..Self::default() }
    }

    /// Takes the number of the next row, in rising order.
    pub fn number(&mut self, frame: Option<i64>) {
        self.rows += 1;
        let Some(frame) = frame else {
            self.unnumbered += 1;
            return;
        };
        let Some((first, last)) = self.frames else {
            self.frames = Some((frame, frame));
            return;
        };
        match i128::from(frame) - i128::from(last) {
            ..=0 => self.duplicates += 1,
            1 => {}
            step => {
                self.gaps += 1;
                self.missing += u64::try_from(step - 1).unwrap_or(u64::MAX);
            }
        }
        self.frames = Some((first, last.max(frame)));
    }

    /// Takes the class of a row.
    pub fn label(&mut self, label: Option<&str>) {
        match label {
            None => self.unlabelled += 1,
            Some(label) if self.labels.contains(label) => {}
            Some(label) => drop(self.labels.insert(label.to_owned())),
        }
    }

    /// Takes a value of a feature in a frame.
    pub fn value(&mut self, feature: usize, frame: Option<i64>, value: Option<f64>) {
        if self.values.len() <= feature {
            self.values.resize(feature + 1, Values::default());
        }
        let values = &mut self.values[feature];
        match (value.filter(|x| x.is_finite()), values.first) {
            (None, _) => values.missing += 1,
            (Some(value), None) => values.first = Some(value),
            (Some(value), Some(first)) => values.varies |= value != first,
        }
        if let Some(value) = value.filter(|x| x.is_finite()) {
            if self.scales.len() <= feature {
                self.scales.resize_with(feature + 1, Scale::default);
            }
            self.scales[feature].add(value, || frame);
        }
    }

    /// The recording has ended: what only further rows would need goes.
    pub fn close(mut self) -> Self {
        let scales = std::mem::take(&mut self.scales);
        let doubts = scales.iter().enumerate().filter_map(|(feature, scale)| Some((feature, scale.doubt()?)));
        self.doubts = doubts.collect();
        self
    }

    /// Missing values of all features.
    pub fn nulls(&self) -> u64 {
        self.values.iter().map(|values| values.missing).sum()
    }

    /// The features with a missing value.
    pub fn with_nulls(&self) -> impl Iterator<Item = usize> {
        self.values.iter().enumerate().filter(|(_, values)| values.missing > 0).map(|(feature, _)| feature)
    }

    /// The features that never change, over at least two rows; one without any number is such a one, too.
    pub fn constant(&self) -> impl Iterator<Item = usize> {
        let several = self.rows > 1;
        self.values.iter().enumerate().filter(move |(_, values)| several && !values.varies).map(|(feature, _)| feature)
    }

    /// What to do before windows are made; nothing where nothing is wrong.
    pub fn advice(&self, constant: &[String], feature: impl Fn(usize) -> String) -> Option<String> {
        let mut advice = vec![];
        if self.unnumbered > 0 {
            advice.push(format!("{} rows have no frame number: number them, or filter them out", self.unnumbered));
        }
        if self.duplicates > 0 {
            advice.push("frames are there twice: duplicates => 'first', or SELECT DISTINCT".to_owned());
        }
        if self.nulls() > 0 {
            advice.push("values are missing: nulls => 'interpolate', or leave such frames out".to_owned());
        }
        match (self.gaps, self.rows) {
            (0, _) => {}
            (gaps, rows) if rows > 2 && gaps + 1 == rows => advice.push(
                "no frame follows another, so no window is cut: number the frames with row_number(), or read them by their times, \
                 pose_windows(..., hz => ...)"
                    .to_owned(),
            ),
            _ => advice.push("windows end at gaps: max_gap => ... reads across short ones".to_owned()),
        }
        if self.unlabelled > 0 {
            advice.push("rows without a label are refused by training: WHERE label IS NOT NULL".to_owned());
        }
        if !constant.is_empty() {
            let verb = if constant.len() == 1 { "changes" } else { "change" };
            advice.push(format!("{} never {verb}: a sensor that was off?", constant.join(", ")));
        }
        advice.extend(self.doubts.iter().map(|(place, doubt)| doubtful(&feature(*place), doubt)));
        if self.clock.standing() > 0 {
            advice.push(format!(
                "time does not rise with the frame in {} rows: order by it, or leave such rows out",
                self.clock.standing()
            ));
        }
        if self.clock.lacks_unit() {
            advice.push("nothing says the unit of the times, which are no seconds: time_unit => 'ms'".to_owned());
        }
        (!advice.is_empty()).then(|| advice.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(frames: &[Option<i64>]) -> Recording {
        let mut recording = Recording::default();
        frames.iter().for_each(|frame| recording.number(*frame));
        recording
    }

    #[test]
    fn gaps_duplicates_and_rows_without_a_number_are_counted_once() {
        // 3, 4 and 5 are missing in one gap, 8 in another; 6 is there three times.
        let recording = numbered(&[1, 2, 6, 6, 6, 7, 9].map(Some).into_iter().chain([None]).collect::<Vec<_>>());
        let Recording { rows, frames, gaps, missing, duplicates, unnumbered, .. } = recording;
        assert_eq!((rows, frames, gaps, missing), (8, Some((1, 9)), 2, 4));
        assert_eq!((duplicates, unnumbered), (2, 1));
    }

    #[test]
    fn numbers_at_the_ends_of_their_type_do_not_overflow() {
        assert_eq!(numbered(&[Some(i64::MIN), Some(i64::MAX)]).missing, u64::MAX - 1);
    }

    #[test]
    fn frames_a_second_are_those_of_the_usual_step() {
        let mut clock = Clock::default();
        // A frame is missing, and a pause is long.
        for (frame, seconds) in [(0, 0.0), (1, 0.04), (3, 0.12), (4, 0.16), (5, 9.0), (6, 9.04)] {
            clock.tick(Some(frame), Some(seconds), None, 0.0);
        }
        assert_eq!((clock.hz(), clock.standing), (Some(25.0), 0));
        clock.tick(Some(7), Some(9.0), None, 0.0);
        clock.tick(None, Some(10.0), None, 0.0);
        assert_eq!(clock.standing, 1);
        assert_eq!(rounded(1.0 / (1.0 / 29.97)), 29.97);
    }

    #[test]
    fn whole_numbers_that_cannot_be_seconds_tell_no_rate() {
        let mut clock = Clock::default();
        (0..9).for_each(|frame| clock.tick(Some(frame), Some(40.0 * frame as f64), Some(true), 0.0));
        assert_eq!((clock.interval(), clock.hz()), (Some(40.0), None));
    }

    #[test]
    fn a_coarse_clock_tells_a_rate_by_rows_that_lie_far_apart() {
        // 80 frames a second in whole milliseconds: steps of 12 and 13, and 100 from every eighth frame to the next.
        let mut clock = Clock::of(true);
        (0..99).for_each(|frame| clock.tick(Some(frame), Some((12.5 * frame as f64).floor()), Some(true), 100.0));
        assert_eq!(clock.interval(), Some(12.5));
        // 50 frames in each second are no time that stands still.
        let mut clock = Clock::of(true);
        (0..99).for_each(|frame| clock.tick(Some(frame), Some((frame / 50) as f64), Some(true), 100.0));
        assert_eq!((clock.interval(), clock.standing()), (None, 0));
    }

    #[test]
    fn what_goes_back_is_no_clock_by_its_name_alone() {
        let stride = |frame: i64| 1.0 + 0.1 * (frame % 3) as f64;
        let [called, asked] = [true, false].map(|by_name| {
            let mut clock = Clock::of(by_name);
            (0..99).for_each(|frame| clock.tick(Some(frame), Some(stride(frame)), None, 0.0));
            clock.interval().is_some()
        });
        // Somebody who names a column is told what stands still in it.
        assert_eq!((called, asked), (false, true));
    }

    #[test]
    fn a_feature_is_constant_when_no_two_of_its_numbers_differ() {
        let mut recording = numbered(&[Some(0), Some(1), Some(2)]);
        for row in [[Some(1.0), Some(2.0), None], [Some(1.0), Some(2.5), Some(f64::NAN)], [None, Some(2.0), None]] {
            row.into_iter().enumerate().for_each(|(feature, value)| recording.value(feature, None, value));
        }
        assert_eq!(recording.constant().collect::<Vec<_>>(), [0, 2]);
        assert_eq!((recording.nulls(), recording.with_nulls().collect::<Vec<_>>()), (4, vec![0, 2]));
    }
}
