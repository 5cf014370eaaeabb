//! The timeline against the obvious way: every frame asks every window, and short runs are looked for from the start
//! each time.

use super::*;

const CLASSES: usize = 3;

/// Numbers below n from a linear congruence; the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

struct Case {
    frames: Vec<i64>,
    windows: Vec<(i64, i64, u64, [f32; CLASSES])>,
    options: Options,
}

/// A recording with gaps, windows that overlap, repeat and leave frames out, and probabilities that tie.
fn case(seed: u64) -> Case {
    let mut draw = Draw(seed);
    let mut frames = vec![draw.below(20) as i64 - 10];
    for _ in 0..draw.below(80) {
        let gap = if draw.below(9) == 0 { 1 + draw.below(4) } else { 1 };
        frames.push(frames[frames.len() - 1] + gap as i64);
    }
    // Eighths make ties of classes; both kinds add up exactly in float64.
    let parts = if draw.below(2) == 0 { 8 } else { 1024 };
    let longest = 1 + draw.below(12);
    let count = draw.below(25);
    let window = |_| {
        let first = draw.below(frames.len() as u64) as usize;
        let valid = (1 + draw.below(longest) as usize).min(frames.len() - first);
        let a = draw.below(parts + 1);
        let b = draw.below(parts + 1 - a);
        let probabilities = [a, b, parts - a - b].map(|part| part as f32 / parts as f32);
        (frames[first], frames[first + valid - 1], valid as u64, probabilities)
    };
    let windows = (0..count).map(window).collect();
    let options = Options {
        max_gap: 1 + draw.below(3) as i64,
        min_length: draw.below(9),
        min_confidence: [0.0, 0.4, 0.5, 0.7][draw.below(4) as usize],
        unlabelled: draw.below(2) == 0,
    };
    Case { frames, windows, options }
}

fn told(case: &Case) -> Vec<Interval> {
    let mut timeline = Timeline::new(CLASSES, case.options);
    for (start, end, valid, probabilities) in &case.windows {
        timeline.window(*start, *end, *valid, probabilities).unwrap();
    }
    timeline.finish(&Frames::of(case.frames.iter().copied()).unwrap()).unwrap()
}

/// A predicted frame: its number, mean probabilities and class.
type Frame = (i64, [f64; CLASSES], Option<u32>);

fn obvious_frames(case: &Case) -> Vec<Frame> {
    let mut windows = case.windows.clone();
    windows.sort_by_key(|window| window.0);
    let of = |frame: i64| {
        let covering: Vec<_> = windows.iter().filter(|w| (w.0..=w.1).contains(&frame)).collect();
        let sum = |class: usize| covering.iter().map(|w| f64::from(w.3[class])).sum::<f64>();
        let mean = [0, 1, 2].map(|class| sum(class) / covering.len() as f64);
        let top = mean.iter().copied().fold(0.0, f64::max);
        let class = mean.iter().position(|p| *p == top).map(|class| class as u32);
        (!covering.is_empty()).then(|| (frame, mean, class.filter(|_| top >= case.options.min_confidence)))
    };
    case.frames.iter().filter_map(|frame| of(*frame)).collect()
}

/// The runs of frames: where each starts and ends, and whether it touches the one before.
fn obvious_runs(frames: &[Frame], max_gap: i64) -> Vec<(usize, usize, bool)> {
    let mut runs: Vec<(usize, usize, bool)> = vec![];
    for i in 0..frames.len() {
        let touches = i > 0 && frames[i].0 - frames[i - 1].0 <= max_gap;
        match runs.last_mut() {
            Some(run) if touches && frames[i].2 == frames[i - 1].2 => run.1 = i + 1,
            _ => runs.push((i, i + 1, touches)),
        }
    }
    runs
}

fn obvious(case: &Case) -> Vec<Interval> {
    let Options { max_gap, min_length, min_confidence, unlabelled } = case.options;
    let mut frames = obvious_frames(case);
    let mean = |frames: &[Frame], class: u32| {
        frames.iter().map(|frame| frame.1[class as usize]).sum::<f64>() / frames.len() as f64
    };
    loop {
        let runs = obvious_runs(&frames, max_gap);
        let follows = |r: usize| runs.get(r).is_some_and(|run| run.2);
        let short = |r: &usize| ((runs[*r].1 - runs[*r].0) as u64) < min_length && (runs[*r].2 || follows(r + 1));
        let Some(r) = (0..runs.len()).filter(short).min_by_key(|r| runs[*r].1 - runs[*r].0) else { break };
        let mine = &frames[runs[r].0..runs[r].1];
        let neighbours = [(runs[r].2, r.wrapping_sub(1)), (follows(r + 1), r + 1)];
        let classes = neighbours.iter().filter(|(touches, _)| *touches).map(|(_, r)| frames[runs[*r].0].2);
        let claims = classes.map(|class| (class, class.map_or(min_confidence, |class| mean(mine, class))));
        let better = |best: (Option<u32>, f64), next: (Option<u32>, f64)| {
            let wins = next.1 > best.1 || next.1 == best.1 && next.0.is_some() && best.0.is_none();
            if wins { next } else { best }
        };
        let (class, _) = claims.reduce(better).unwrap();
        frames[runs[r].0..runs[r].1].iter_mut().for_each(|frame| frame.2 = class);
    }
    let interval = |(start, end, _): (usize, usize, bool)| {
        let mine = &frames[start..end];
        let tops = mine.iter().map(|frame| frame.1.iter().copied().fold(0.0, f64::max));
        let confidence = mine[0].2.map_or_else(|| tops.sum::<f64>() / mine.len() as f64, |class| mean(mine, class));
        let (frame_start, frame_end, frames) = (mine[0].0, mine[mine.len() - 1].0, mine.len() as u64);
        Interval { class: mine[0].2, frame_start, frame_end, frames, confidence }
    };
    let all = obvious_runs(&frames, max_gap).into_iter().map(interval);
    all.filter(|interval| unlabelled || interval.class.is_some()).collect()
}

#[test]
fn random_recordings_are_told_as_the_obvious_way_tells_them() {
    let (mut intervals, mut abstained, mut merged) = (0, 0, 0);
    for seed in 0..4000 {
        let case = case(seed);
        let (ours, expected) = (told(&case), obvious(&case));
        let ends = |i: &Interval| (i.class, i.frame_start, i.frame_end, i.frames);
        let same = ours.iter().map(ends).eq(expected.iter().map(ends));
        let near = ours.iter().zip(&expected).all(|(a, b)| (a.confidence - b.confidence).abs() < 1e-12);
        assert!(same && near, "seed {seed}: {ours:?}, the obvious way {expected:?}");
        intervals += ours.len();
        abstained += ours.iter().filter(|i| i.class.is_none()).count();
        let unmerged = Case { options: Options { min_length: 1, ..case.options }, ..case };
        merged += usize::from(told(&unmerged).len() > ours.len());
    }
    assert!(intervals > 10_000 && abstained > 500 && merged > 1000, "{intervals} {abstained} {merged}");
}

#[test]
fn the_order_of_the_windows_changes_no_bit() {
    for seed in 0..300 {
        let mut case = case(seed);
        let (before, mut draw) = (told(&case), Draw(seed));
        let bits = |told: &[Interval]| told.iter().map(|i| i.confidence.to_bits()).collect::<Vec<_>>();
        (1..case.windows.len()).for_each(|i| case.windows.swap(i, draw.below(i as u64 + 1) as usize));
        assert_eq!((&before, bits(&before)), (&told(&case), bits(&told(&case))), "seed {seed}");
    }
}

#[test]
fn no_frame_is_lost_or_invented_and_no_short_interval_has_a_neighbour() {
    for seed in 0..2000 {
        let mut case = case(seed);
        case.options.unlabelled = true;
        let (told, covered) = (told(&case), obvious_frames(&case).len());
        assert_eq!(told.iter().map(|i| i.frames).sum::<u64>(), covered as u64, "seed {seed}");
        for pair in told.windows(2) {
            let apart = pair[1].frame_start - pair[0].frame_end > case.options.max_gap;
            let long = pair.iter().all(|i| i.frames >= case.options.min_length);
            assert!(apart || (long && pair[0].class != pair[1].class), "seed {seed}: {pair:?}");
        }
    }
}

/// The intervals of frames 0, 1, 2, ... with these probabilities of class 0 of 2, one window for each frame.
fn of_frames(probabilities: &[f32], options: Options) -> Vec<(Option<u32>, i64, i64)> {
    let mut timeline = Timeline::new(2, options);
    for (frame, p) in (0..).zip(probabilities) {
        timeline.window(frame, frame, 1, &[*p, 1.0 - *p]).unwrap();
    }
    let frames: Vec<i64> = (0..probabilities.len() as i64).collect();
    timeline
        .finish(&Frames::of(frames.iter().copied()).unwrap())
        .unwrap()
        .iter()
        .map(|i| (i.class, i.frame_start, i.frame_end))
        .collect()
}

#[test]
fn a_tie_goes_to_the_first_class() {
    assert_eq!(of_frames(&[0.5, 0.5], Options::default()), [(Some(0), 0, 1)]);
}

#[test]
fn a_short_interval_goes_to_its_neighbours_whichever_they_are() {
    let options = Options { min_length: 2, ..Options::default() };
    assert_eq!(of_frames(&[0.9, 0.9, 0.1, 0.9], options), [(Some(0), 0, 3)]);
    assert_eq!(of_frames(&[0.1, 0.9, 0.9], options), [(Some(0), 0, 2)]);
}

#[test]
fn an_unlabelled_neighbour_gives_way_to_a_class_that_is_credible() {
    // Frame 2 is class 1. Before it nothing is credible; after it comes class 0, which frame 2 has with 0.375.
    let (none, both, sure) = ([0.25, 0.25, 0.25], [0.375, 0.5, 0.125], [1.0, 0.0, 0.0]);
    let starts = |min_confidence| {
        let options = Options { min_length: 2, min_confidence, unlabelled: true, ..Options::default() };
        let mut timeline = Timeline::new(3, options);
        for (frame, p) in (0..).zip([none, none, both, sure, sure]) {
            timeline.window(frame, frame, 1, &p).unwrap();
        }
        let told = timeline.finish(&Frames::of([0, 1, 2, 3, 4]).unwrap()).unwrap();
        told.iter().map(|i| (i.class, i.frame_start)).collect::<Vec<_>>()
    };
    assert_eq!(starts(0.375), [(None, 0), (Some(0), 2)]);
    assert_eq!(starts(0.4), [(None, 0), (Some(0), 3)]);
}

#[test]
fn unlabelled_intervals_are_dropped_unless_asked_for() {
    let options = Options { min_confidence: 0.6, ..Options::default() };
    assert_eq!(of_frames(&[0.9, 0.5, 0.1], options), [(Some(0), 0, 0), (Some(1), 2, 2)]);
    let options = Options { unlabelled: true, ..options };
    assert_eq!(of_frames(&[0.9, 0.5, 0.1], options), [(Some(0), 0, 0), (None, 1, 1), (Some(1), 2, 2)]);
}

#[test]
fn a_short_interval_between_gaps_stays() {
    let mut timeline = Timeline::new(1, Options { min_length: 5, ..Options::default() });
    timeline.window(0, 1, 2, &[1.0]).unwrap();
    timeline.window(3, 9, 7, &[1.0]).unwrap();
    let told = timeline.finish(&Frames::of([0, 1, 3, 4, 5, 6, 7, 8, 9]).unwrap()).unwrap();
    assert_eq!(told.iter().map(|i| i.frames).collect::<Vec<_>>(), [2, 7]);
}

#[test]
fn frames_without_a_window_are_no_interval() {
    let mut timeline = Timeline::new(1, Options::default());
    timeline.window(0, 1, 2, &[1.0]).unwrap();
    timeline.window(4, 5, 2, &[1.0]).unwrap();
    let told = timeline.clone().finish(&Frames::of([0, 1, 2, 3, 4, 5, 6]).unwrap()).unwrap();
    assert_eq!(told.iter().map(|i| (i.frame_start, i.frame_end)).collect::<Vec<_>>(), [(0, 1), (4, 5)]);
    assert_eq!(Timeline::new(1, Options::default()).finish(&Frames::of([0, 1]).unwrap()).unwrap(), []);
    assert!(timeline.finish(&Frames::of([]).unwrap()).is_err());
}

#[test]
fn windows_of_other_frames_are_refused() {
    let mut timeline = Timeline::new(1, Options::default());
    timeline.window(0, 9, 8, &[1.0]).unwrap();
    let error = timeline.finish(&Frames::of(0..10).unwrap()).unwrap_err().to_string();
    assert!(error.starts_with("the window of frames 0 to 9 saw 8 frames, but the recording has 10 there"), "{error}");
}

#[test]
fn what_is_no_probability_is_refused() {
    let mut timeline = Timeline::new(2, Options::default());
    for p in [f32::NAN, f32::INFINITY, -0.1, 1.1] {
        assert!(matches!(timeline.window(0, 9, 10, &[0.5, p]), Err(Error::Data(_))), "{p}");
    }
    assert!(matches!(timeline.window(0, 9, 10, &[0.5]), Err(Error::Internal(_))));
    assert!(matches!(timeline.window(9, 0, 10, &[0.5, 0.5]), Err(Error::Internal(_))));
}
