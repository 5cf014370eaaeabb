//! Short runs go to a neighbour.
//!
//! The shortest run below `min_length` goes first, the earliest of several. All its frames go to the run before or
//! after it, with no gap between, whichever explains them better:
//!
//! * a class explains frames by its mean probability on them;
//! * an unlabelled neighbour explains them by `min_confidence`: the bound below which frames are unlabelled, so that
//!   a class wins exactly where it is credible enough to be named, ties included;
//! * of two that explain them equally well, the run before.
//!
//! Where the other neighbour then has the same class, it is joined too. Then the shortest is looked for again, among
//! runs as they are now: five frames of chatter become one run before any of them can disturb a long neighbour.
//!
//! Each turn leaves at least one run fewer, so it ends; and it ends only when no short run has a neighbour. A short run
//! between gaps has none, and stays: nothing else is known of that time. `frames < min_length` tells it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Options;
use super::run::Run;

/// Runs in the order of time, in which a neighbour is found, and one taken out, at once.
struct Chain {
    runs: Vec<Option<Run>>,
    before: Vec<Option<usize>>,
    after: Vec<Option<usize>>,
}

/// The runs without those that are shorter than `min_length` and have a neighbour, in the order of time.
pub(super) fn merge(runs: Vec<Run>, options: &Options) -> Vec<Run> {
    let short = |place: usize, run: &Run| (run.frames < options.min_length).then_some(Reverse((run.frames, place)));
    let mut queue: BinaryHeap<_> = runs.iter().enumerate().filter_map(|(i, run)| short(i, run)).collect();
    let mut chain = Chain::new(runs);
    while let Some(Reverse((frames, place))) = queue.pop() {
        // Runs that grew, or went to a neighbour, are still queued as they were.
        let Some(run) = chain.runs[place].as_ref().filter(|run| run.frames == frames) else { continue };
        let Some(into) = chain.heir(place, run, options.min_confidence) else { continue };
        queue.extend(chain.hand_over(place, into).and_then(|grown| short(into, grown)));
    }
    chain.runs.into_iter().flatten().collect()
}

impl Chain {
    fn new(runs: Vec<Run>) -> Self {
        let follows = |place: usize| runs.get(place).is_some_and(|run| run.follows);
        let before = (0..runs.len()).map(|i| follows(i).then(|| i - 1)).collect();
        let after = (0..runs.len()).map(|i| follows(i + 1).then_some(i + 1)).collect();
        Self { before, after, runs: runs.into_iter().map(Some).collect() }
    }

    /// The neighbour that the frames of a run go to.
    fn heir(&self, place: usize, run: &Run, min_confidence: f64) -> Option<usize> {
        let class = |at: usize| self.runs[at].as_ref().and_then(|neighbour| neighbour.class);
        let claim = |at: usize| class(at).map_or(min_confidence, |class| run.mean(class));
        match (self.before[place], self.after[place]) {
            (Some(before), Some(after)) => {
                let order = claim(before).total_cmp(&claim(after));
                let order = order.then_with(|| class(before).is_some().cmp(&class(after).is_some()));
                Some(if order.is_ge() { before } else { after })
            }
            (before, after) => before.or(after),
        }
    }

    /// Gives the frames of the run at `place` to its neighbour at `into`, and with them the other neighbour if its
    /// class is the same. The run that grew, for which `into` still is the place.
    fn hand_over(&mut self, place: usize, into: usize) -> Option<&Run> {
        let other = [self.before[place], self.after[place]].into_iter().flatten().find(|at| *at != into);
        self.take_in(place, into);
        let class = |at: usize| self.runs[at].as_ref().map(|run| run.class);
        if let Some(other) = other.filter(|other| class(*other) == class(into)) {
            self.take_in(other, into);
        }
        self.runs[into].as_ref()
    }

    /// Takes a run out of the chain, its frames into another.
    fn take_in(&mut self, place: usize, into: usize) {
        let (before, after) = (self.before[place], self.after[place]);
        before.into_iter().for_each(|at| self.after[at] = after);
        after.into_iter().for_each(|at| self.before[at] = before);
        if let (Some(gone), Some(grown)) = (self.runs[place].take(), self.runs[into].as_mut()) {
            grown.absorb(&gone);
        }
    }
}
