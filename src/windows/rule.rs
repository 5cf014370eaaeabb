//! Which label a window carries. Pure: label ids in, a row and a purity out.

/// How the label of a window follows from the labels of its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd)]
pub enum LabelRule {
    /// Windows never cross a change of label.
    Pure,
    /// The most frequent label; of several, the one that reaches that count first.
    Majority,
    /// The label of the last frame.
    Last,
    /// The label of the frame in the middle, number width / 2 from 0.
    Middle,
    /// The labels of all frames, as a list; its purity is that of the most frequent one.
    Every,
}

impl LabelRule {
    /// The row of the window whose label is the window's, and the share of rows that carry that label.
    ///
    /// `labels` are the ids of a window's recorded frames, at least one; equal ids are equal labels.
    pub fn decide(self, labels: &[u32]) -> (usize, f32) {
        let row = match self {
            Self::Pure => return (0, 1.0),
            Self::Majority | Self::Every => majority(labels),
            Self::Last => labels.len() - 1,
            Self::Middle => labels.len() / 2,
        };
        let same = labels.iter().filter(|l| **l == labels[row]).count();
        (row, same as f32 / labels.len() as f32)
    }
}

fn majority(labels: &[u32]) -> usize {
    let mut counts = std::collections::BTreeMap::new();
    let (mut winner, mut most) = (0, 0);
    for (row, label) in labels.iter().enumerate() {
        let count = counts.entry(label).or_insert(0);
        *count += 1;
        if *count > most {
            (winner, most) = (row, *count);
        }
    }
    winner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_counts_the_first_to_reach_it_wins() {
        let labels = [7, 9, 9, 7];
        let (row, purity) = LabelRule::Majority.decide(&labels);
        assert_eq!((labels[row], purity), (9, 0.5));
    }

    #[test]
    fn last_and_middle_are_rows() {
        assert_eq!(LabelRule::Last.decide(&[1, 1, 2]), (2, 1.0 / 3.0));
        assert_eq!(LabelRule::Middle.decide(&[1, 2, 2, 2]), (2, 0.75));
    }
}
