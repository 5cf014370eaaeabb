//! Metrics of events against a count of frames in NumPy, tests/oracles/events.py, and against cases derived by hand.

use serde_json::Value;

use super::*;
use crate::random::Stream;

fn evaluate_events(recordings: &[Recorded], seed: u64) -> Result<Vec<MetricRow>> {
    super::evaluate_events(recordings, seed, &Interrupt::default())
}

const ORACLE: &str = include_str!("../../../tests/oracles/events.json");

fn segment(class: u32, frame_start: i64, frame_end: i64) -> Segment {
    Segment { frame_start, frame_end, class }
}

fn recorded(name: &str, truth: &[Segment], predicted: &[Segment]) -> Recorded {
    Recorded { name: name.into(), hz: None, truth: truth.to_vec(), predicted: predicted.to_vec() }
}

fn row(rows: &[MetricRow], name: &str) -> MetricRow {
    rows.iter().find(|row| row.metric == name).unwrap().clone()
}

fn value(recordings: &[Recorded], name: &str) -> Option<f64> {
    row(&evaluate_events(recordings, 0).unwrap(), name).value
}

/// The runs of one letter, background left out; frame numbers start below 0.
fn segments(letters: &str) -> Vec<Segment> {
    let mut segments: Vec<Segment> = vec![];
    let mut before = '.';
    for (frame, letter) in (-5..).zip(letters.chars()) {
        match segments.last_mut() {
            Some(segment) if letter == before && letter != '.' => segment.frame_end = frame,
            _ if letter != '.' => segments.push(segment(letter as u32, frame, frame)),
            _ => {}
        }
        before = letter;
    }
    segments
}

fn oracle() -> (Value, Vec<Recorded>) {
    let oracle: Value = serde_json::from_str(ORACLE).unwrap();
    let recording = |(i, case): (usize, &Value)| Recorded {
        name: format!("video{i:02}").into(),
        hz: case[2].as_f64(),
        truth: segments(case[0].as_str().unwrap()),
        predicted: segments(case[1].as_str().unwrap()),
    };
    let recordings = oracle["recordings"].as_array().unwrap().iter().enumerate().map(recording).collect();
    (oracle, recordings)
}

fn assert_equal(recordings: &[Recorded], expected: &Value) {
    let rows = evaluate_events(recordings, 0).unwrap();
    let expected = expected.as_array().unwrap();
    assert_eq!(rows.len(), expected.len());
    for (row, expected) in rows.iter().zip(expected) {
        let same = match (row.value, expected.as_f64()) {
            (Some(ours), Some(theirs)) => (ours - theirs).abs() < 1e-12 * theirs.abs().max(1.0),
            (ours, theirs) => ours == theirs,
        };
        assert!(same, "{}: {:?}, oracle {expected} for {recordings:?}", row.metric, row.value);
    }
}

#[test]
fn every_metric_equals_the_count_of_frames() {
    let (oracle, recordings) = oracle();
    for (recording, case) in recordings.iter().zip(oracle["recordings"].as_array().unwrap()) {
        assert_equal(std::slice::from_ref(recording), &case[3]);
    }
    for pool in oracle["pools"].as_array().unwrap() {
        let [from, to] = [0, 1].map(|i| pool[i].as_u64().unwrap() as usize);
        assert_equal(&recordings[from..to], &pool[2]);
    }
    assert_eq!(recordings.len(), 80);
}

#[test]
fn values_lie_in_their_ranges_and_in_their_intervals() {
    for row in evaluate_events(&oracle().1, 3).unwrap() {
        let EventMetric { metric, .. } =
            EVENT_METRICS.into_iter().find(|event| event.metric.name == row.metric).unwrap();
        let (value, low, high) = (row.value.unwrap(), row.low.unwrap(), row.high.unwrap());
        assert!(metric.range.0 <= low && low <= value && value <= high && high <= metric.range.1, "{row:?}");
        assert_eq!((row.interval, row.groups), (Some(BOOTSTRAP), 80));
    }
}

#[test]
fn neither_the_order_of_recordings_nor_of_segments_changes_a_row() {
    let (_, mut recordings) = oracle();
    let rows = evaluate_events(&recordings, 3).unwrap();
    recordings.reverse();
    recordings.iter_mut().for_each(|recording| recording.truth.reverse());
    recordings.iter_mut().for_each(|recording| recording.predicted.reverse());
    assert_eq!(rows, evaluate_events(&recordings, 3).unwrap());
    assert_ne!(rows, evaluate_events(&recordings, 4).unwrap());
}

#[test]
fn a_second_finding_may_find_the_next_event() {
    // 3..8 shares 3 of 9 frames with 0..5, which 0..1 has matched, and 2 of 8 with 7..10, which is free.
    let recordings = [recorded("v", &[segment(0, 0, 5), segment(0, 7, 10)], &[segment(0, 0, 1), segment(0, 3, 8)])];
    assert_eq!(value(&recordings, "segment_f1_25"), Some(1.0));
    // At 50 % neither 2 of 6 nor 2 of 8 is enough.
    assert_eq!(value(&recordings, "segment_f1_50"), Some(0.0));
}

#[test]
fn an_overlap_of_exactly_the_threshold_matches() {
    for (name, shared) in [("segment_f1_10", 10), ("segment_f1_25", 25), ("segment_f1_50", 50)] {
        let of = |shared| value(&[recorded("v", &[segment(0, 1, 100)], &[segment(0, 1, shared)])], name);
        assert_eq!((of(shared), of(shared - 1)), (Some(1.0), Some(0.0)), "{name}");
    }
}

#[test]
fn fragments_find_an_event_once() {
    // One hit of three predictions and one event: 2 / (3 + 1). One of three symbols is right: 100 (1 - 2/3).
    let predicted = [segment(0, 0, 5), segment(0, 7, 8), segment(0, 9, 10)];
    let recordings = [recorded("v", &[segment(0, 0, 10)], &predicted)];
    assert_eq!(value(&recordings, "segment_f1_50"), Some(0.5));
    assert!((value(&recordings, "edit_score").unwrap() - 100.0 / 3.0).abs() < 1e-12);
}

#[test]
fn a_delay_is_positive_when_late() {
    let truth = [segment(0, 10, 19), segment(1, 30, 39), segment(2, 50, 59)];
    let predicted = [segment(0, 12, 22), segment(1, 29, 39), segment(3, 50, 59)];
    let mut recording = recorded("v", &truth, &predicted);
    let of = |recording: &Recorded, name| value(std::slice::from_ref(recording), name);
    let delays = ["start_delay_median", "start_delay_mean_absolute", "end_delay_median", "end_delay_mean_absolute"];
    assert_eq!(delays.map(|name| of(&recording, name)), [Some(0.5), Some(1.5), Some(1.5), Some(1.5)]);
    assert_eq!(of(&recording, "start_delay_median_seconds"), None);
    recording.hz = Some(25.0);
    assert_eq!(of(&recording, "start_delay_median_seconds"), Some(0.02));
    assert_eq!(row(&evaluate_events(&[recording], 0).unwrap(), "end_delay_median").n, 2);
}

#[test]
fn nothing_true_and_nothing_predicted_is_null() {
    let silent = recorded("silent", &[], &[]);
    for recordings in [&[][..], std::slice::from_ref(&silent)] {
        let rows = evaluate_events(recordings, 0).unwrap();
        assert!(rows.iter().all(|row| row.value.is_none() && row.interval.is_none() && row.n == 0), "{rows:?}");
    }
    // A recording in which nothing happened, and nothing was said to, has no edit score; one with a false alarm has 0.
    let found = recorded("found", &[segment(0, 0, 9)], &[segment(0, 0, 9)]);
    assert_eq!(value(&[silent, found.clone()], "edit_score"), Some(100.0));
    assert_eq!(value(&[recorded("alarm", &[], &[segment(0, 0, 9)]), found], "edit_score"), Some(50.0));
}

#[test]
fn recordings_that_are_all_perfect_have_no_interval_of_width_0() {
    let perfect = |name| recorded(name, &[segment(0, 0, 9)], &[segment(0, 0, 9)]);
    let found = row(&evaluate_events(&[perfect("a"), perfect("b"), perfect("c")], 0).unwrap(), "segment_f1_50");
    assert_eq!((found.value, found.interval, found.low, found.n), (Some(1.0), None, None, 3));
}

#[test]
fn segments_that_overlap_or_run_backwards_are_refused() {
    let error = |truth: &[Segment]| evaluate_events(&[recorded("v", truth, &[])], 0).unwrap_err().to_string();
    let overlap = error(&[segment(1, 5, 12), segment(0, 3, 9)]);
    assert!(overlap.starts_with("true segments of recording 'v' overlap: frames 3 to 9 and 5 to 12"), "{overlap}");
    assert_eq!(error(&[segment(0, 9, 3)]), "a true segment of recording 'v' starts at frame 9 and ends at 3");
    let standing = Recorded { hz: Some(0.0), ..recorded("v", &[], &[]) };
    assert!(matches!(evaluate_events(&[standing], 0), Err(Error::Data(_))));
}

#[test]
fn frame_numbers_may_be_as_large_as_they_get() {
    let (all, one) = (segment(0, i64::MIN, i64::MAX), segment(0, i64::MAX, i64::MAX));
    assert_eq!(value(&[recorded("v", &[all], &[all])], "segment_f1_50"), Some(1.0));
    assert_eq!(value(&[recorded("v", &[all], &[one])], "segment_f1_10"), Some(0.0));
    let late = |by: i64| segment(0, 1_700_000_000_000_000_000 + by, 1_700_000_000_000_001_000);
    assert_eq!(value(&[recorded("v", &[late(0)], &[late(3)])], "start_delay_median"), Some(3.0));
}

/// The middle of the delays of these recordings, one after another, and the mean without signs; NULL of nothing, or where one is.
fn plain(recordings: &[&Eventful], of: fn(&delay::Delay) -> Option<f64>) -> Option<(f64, f64)> {
    let delays = recordings.iter().flat_map(|recording| &recording.delays);
    let mut delays = delays.map(of).collect::<Option<Vec<f64>>>()?;
    delays.sort_by(f64::total_cmp);
    let (n, mean) = (delays.len(), delays.iter().map(|d| d.abs()).sum::<f64>() / delays.len() as f64);
    (n > 0).then(|| ((delays[(n - 1) / 2] + delays[n / 2]) / 2.0, mean))
}

#[test]
fn delays_of_a_draw_are_those_of_its_recordings_one_after_another() {
    let mut stream = Stream::new(1, &["delays"]);
    let mut delay = || {
        let (start, end) = (stream.below(40) as f64 - 20.0, stream.below(9) as f64 - 4.0);
        delay::Delay { start, end, hz: (stream.below(25) > 0).then_some(25.0) }
    };
    let mut sizes = Stream::new(2, &["sizes"]);
    let recordings: Vec<Eventful> = (0..30)
        .map(|_| Eventful { delays: (0..sizes.below(4)).map(|_| delay()).collect(), ..Eventful::default() })
        .collect();
    let blocks = super::super::draws::Draws::new(30, 150, 4).next(&Interrupt::default()).unwrap();
    let events = Events::new(&recordings);
    let (mut odd, mut unknown) = (0, 0);
    for block in &blocks {
        for (lane, tally) in events.tallies(block, &Interrupt::default()).unwrap().iter().enumerate() {
            let times = |number: usize| std::iter::repeat_n(&recordings[number], usize::from(block.of(number)[lane]));
            let drawn: Vec<&Eventful> = (0..30).flat_map(times).collect();
            let same = |ours: Option<delay::Spread>, of: fn(&delay::Delay) -> Option<f64>| {
                let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
                match (ours, plain(&drawn, of)) {
                    (Some(ours), Some((median, mean))) => near(ours.median, median) && near(ours.mean_absolute, mean),
                    (ours, plain) => ours.is_none() && plain.is_none(),
                }
            };
            let late = &tally.late;
            assert_eq!(late.n as usize, drawn.iter().map(|recording| recording.delays.len()).sum::<usize>());
            assert!(same(late.start, |d| Some(d.start)) && same(late.end, |d| Some(d.end)), "{late:?}");
            assert!(same(late.start_seconds, |d| Some(d.start / d.hz?)), "{late:?}");
            assert!(same(late.end_seconds, |d| Some(d.end / d.hz?)), "{late:?}");
            odd += late.n % 2;
            unknown += u64::from(late.end_seconds.is_none());
        }
    }
    assert!((1..150).contains(&odd) && (1..150).contains(&unknown), "{odd} {unknown}");
}

#[test]
fn an_end_that_was_asked_for_ends_the_evaluation_of_events() {
    let interrupt = Interrupt::default();
    interrupt.request();
    let ended = super::evaluate_events(&oracle().1, 1, &interrupt);
    assert!(matches!(ended, Err(Error::Interrupted(_))), "{ended:?}");
}
