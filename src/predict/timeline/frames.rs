//! The frame numbers of a recording, of which a million in a row take no more room than two.

use std::ops::Range;

use crate::error::{Result, data_err};

/// Rising frame numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frames(Vec<Stretch>);

/// Numbers in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stretch {
    /// How many come before.
    place: usize,
    first: i64,
    last: i64,
}

impl Stretch {
    /// How many they are; all numbers that there are would be one more than can be told.
    fn count(self) -> usize {
        (self.last.abs_diff(self.first) as usize).saturating_add(1)
    }

    fn end(self) -> usize {
        self.place.saturating_add(self.count())
    }
}

impl Frames {
    /// Adds the numbers from `first` to `last` that come behind all that are there.
    pub fn add(&mut self, first: i64, last: i64) {
        let (first, place) = match self.0.last_mut() {
            Some(before) if last <= before.last => return,
            Some(before) if first <= before.last.saturating_add(1) => {
                before.last = last;
                return;
            }
            Some(before) => (first, before.end()),
            None => (first, 0),
        };
        if first <= last {
            self.0.push(Stretch { place, first, last });
        }
    }

    /// These numbers.
    ///
    /// # Errors
    /// [`Error::Data`](crate::error::Error::Data) for one that is not greater than the one before.
    pub fn of(numbers: impl IntoIterator<Item = i64>) -> Result<Self> {
        let mut frames = Self::default();
        for number in numbers {
            if let Some(before) = frames.0.last().filter(|before| number <= before.last) {
                return data_err!("frame {number} comes after frame {}; frame numbers rise", before.last);
            }
            frames.add(number, number);
        }
        Ok(frames)
    }

    /// How many stretches without a hole they are.
    pub fn stretches(&self) -> usize {
        self.0.len()
    }

    /// The places of the numbers from `first` to `last`, inclusive.
    pub(super) fn places(&self, first: i64, last: i64) -> Range<usize> {
        // How many numbers come before `number`.
        let before = |number: i64| {
            let at = self.0.partition_point(|stretch| stretch.last < number);
            match self.0.get(at) {
                Some(stretch) if stretch.first < number => {
                    stretch.place.saturating_add(number.abs_diff(stretch.first) as usize)
                }
                Some(stretch) => stretch.place,
                None => self.0.last().map_or(0, |stretch| stretch.end()),
            }
        };
        let all = self.0.last().map_or(0, |stretch| stretch.end());
        before(first)..last.checked_add(1).map_or(all, before)
    }

    /// The numbers at these places: the first and the last of each stretch.
    pub(super) fn at(&self, places: Range<usize>) -> impl Iterator<Item = (i64, i64)> {
        let from = self.0.partition_point(|stretch| stretch.end() <= places.start);
        let stretches = self.0[from..].iter().take_while({
            let end = places.end;
            move |stretch| stretch.place < end
        });
        stretches.map(move |stretch| {
            let number = |place: usize| stretch.first.saturating_add_unsigned((place - stretch.place) as u64);
            (number(places.start.max(stretch.place)), number(places.end.min(stretch.end()) - 1))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_numbers_are_those_of_the_list() {
        let numbers = [-3, -2, -1, 4, 6, 7, 8, 20];
        let frames = Frames::of(numbers).unwrap();
        assert!(Frames::of([3, 3]).is_err() && Frames::of([5, 3]).is_err());
        assert_eq!(frames.stretches(), 4);
        for first in -5..23 {
            for last in first..23 {
                let of = |number: i64| numbers.partition_point(|n| *n < number);
                assert_eq!(frames.places(first, last), of(first)..of(last + 1));
            }
        }
        for start in 0..8 {
            for end in start..=8 {
                let told: Vec<i64> = frames.at(start..end).flat_map(|(first, last)| first..=last).collect();
                assert_eq!(told, numbers[start..end]);
            }
        }
    }

    #[test]
    fn overlapping_windows_add_what_is_new() {
        let mut frames = Frames::default();
        for (first, last) in [(0, 9), (5, 14), (5, 12), (15, 20), (30, 31)] {
            frames.add(first, last);
        }
        assert_eq!(frames.at(0..23).collect::<Vec<_>>(), [(0, 20), (30, 31)]);
    }

    #[test]
    fn the_ends_of_all_numbers_are_numbers_too() {
        let mut frames = Frames::default();
        frames.add(i64::MIN, i64::MIN + 1);
        frames.add(i64::MAX - 1, i64::MAX);
        frames.add(i64::MAX, i64::MAX);
        assert_eq!(frames.places(i64::MIN, i64::MAX), 0..4);
        assert_eq!(frames.at(1..4).collect::<Vec<_>>(), [(i64::MIN + 1, i64::MIN + 1), (i64::MAX - 1, i64::MAX)]);
    }
}
