//! Rankings against scikit-learn: `tests/oracles/ranking.py` made 200 sets and says which calls made the numbers.

use serde_json::Value;

use super::*;
use crate::error::Error;
use crate::evaluate::draws::{Draws, LANES};
use crate::random::Stream;

/// A set of the oracle.
struct Set {
    json: Value,
    k: usize,
    truth: Vec<u32>,
    scores: Vec<f32>,
    recording: Vec<u32>,
    weights: Vec<u64>,
}

impl Set {
    fn new(json: Value) -> Self {
        let whole =
            |field: &str| -> Vec<u64> { json[field].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect() };
        let groups = json["groups"].as_u64().unwrap() as usize;
        let truth: Vec<u32> = whole("truth").iter().map(|class| *class as u32).collect();
        Self {
            k: json["k"].as_u64().unwrap() as usize,
            scores: floats(&json["scores"]).iter().map(|score| score.unwrap() as f32).collect(),
            recording: (0..truth.len()).map(|row| (row % groups) as u32).collect(),
            weights: whole("weights"),
            truth,
            json,
        }
    }

    fn ranking(&self) -> Ranking<'_> {
        Ranking::new(self.k, &self.truth, &self.scores, &self.recording)
    }

    fn once(&self) -> Vec<u64> {
        vec![1; self.weights.len()]
    }
}

fn sets() -> Vec<Set> {
    let sets: Value = serde_json::from_str(include_str!("../../../tests/oracles/ranking.json")).unwrap();
    sets.as_array().unwrap().iter().cloned().map(Set::new).collect()
}

fn floats(json: &Value) -> Vec<Option<f64>> {
    json.as_array().unwrap().iter().map(Value::as_f64).collect()
}

fn near(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-12,
        (a, b) => a == b,
    }
}

#[test]
fn every_class_of_200_sets_equals_scikit_learn() {
    for (number, set) in sets().iter().enumerate() {
        let (auc, precision) = (floats(&set.json["roc_auc"]), floats(&set.json["average_precision"]));
        assert_eq!(auc.len(), set.k);
        for class in 0..set.k {
            let ranked = set.ranking().of_class(class, &set.once());
            assert!(near(ranked.roc_auc, auc[class]), "set {number}, class {class}: {ranked:?}");
            assert!(near(ranked.average_precision, precision[class]), "set {number}, class {class}: {ranked:?}");
        }
    }
}

#[test]
fn macro_means_equal_scikit_learn_also_when_recordings_come_often_or_never() {
    let sets = sets();
    assert_eq!(sets.len(), 200);
    for (number, set) in sets.iter().enumerate() {
        for (weights, expected) in [(&set.once(), "mean"), (&set.weights, "drawn")] {
            let (ranked, expected) = (set.ranking().macro_mean(weights), floats(&set.json[expected]));
            assert!(near(ranked.roc_auc, expected[0]), "set {number}: {ranked:?} {expected:?}");
            assert!(near(ranked.average_precision, expected[1]), "set {number}: {ranked:?} {expected:?}");
        }
    }
}

/// Points as (threshold, x, y), and the oracle's three columns.
fn assert_curve(points: &[(Option<f32>, f64, f64)], columns: &Value) {
    let columns: Vec<_> = columns.as_array().unwrap().iter().map(floats).collect();
    assert_eq!(points.len(), columns[0].len());
    for (i, (threshold, x, y)) in points.iter().enumerate() {
        assert_eq!(threshold.map(f64::from), columns[0][i]);
        assert!(near(Some(*x), columns[1][i]) && near(Some(*y), columns[2][i]), "point {i}");
    }
}

#[test]
fn curves_have_the_points_of_scikit_learn_in_its_order() {
    let mut curves = 0;
    for set in sets() {
        let ranking = set.ranking();
        for curve in set.json["curves"].as_array().unwrap() {
            let class = curve[0].as_u64().unwrap() as usize;
            let roc = ranking.roc(class);
            let roc: Vec<_> = roc.iter().map(|p| (p.threshold, p.false_positive_rate, p.true_positive_rate)).collect();
            assert_curve(&roc, &curve[1]);
            let precision = ranking.precision_recall(class);
            assert_curve(
                &precision.iter().map(|p| (p.threshold, p.precision, p.recall)).collect::<Vec<_>>(),
                &curve[2],
            );
            curves += 1;
        }
    }
    assert!(curves > 100);
}

#[test]
fn a_class_without_both_signs_has_no_auc() {
    // Class 0 is all there is; class 1 never comes.
    let ranking = Ranking::new(2, &[0, 0], &[0.5, 0.5, 0.25, 0.75], &[0, 0]);
    for class in 0..2 {
        assert_eq!(ranking.of_class(class, &[1]), Ranked::default());
        assert!(ranking.roc(class).is_empty() && ranking.precision_recall(class).is_empty());
    }
    assert_eq!(ranking.macro_mean(&[1]), Ranked::default());
}

#[test]
fn a_class_without_both_signs_is_left_out_of_the_mean() {
    // Classes 0 and 1 are perfectly apart, class 2 has no row.
    let ranking = Ranking::new(3, &[0, 1], &[0.75, 0.25, 0.0, 0.25, 0.75, 0.0], &[0, 0]);
    assert_eq!(ranking.macro_mean(&[1]), Ranked { roc_auc: Some(1.0), average_precision: Some(1.0) });
}

#[test]
fn a_score_that_is_no_number_leaves_its_class_and_the_mean_without_rank() {
    let ranking = Ranking::new(2, &[0, 1], &[0.75, f32::NAN, 0.25, 0.75], &[0, 1]);
    assert_eq!(ranking.of_class(0, &[1, 1]).roc_auc, Some(1.0));
    assert_eq!((ranking.of_class(1, &[1, 1]), ranking.macro_mean(&[1, 1])), (Ranked::default(), Ranked::default()));
    assert!(ranking.roc(1).is_empty());
}

#[test]
fn scores_that_are_all_the_same_are_chance() {
    // 3 of 4 rows are of class 0, and one threshold finds all: average precision is that share.
    let ranking = Ranking::new(2, &[0, 0, 0, 1], &[0.5; 8], &[0, 1, 1, 0]);
    let ranked = ranking.of_class(0, &[1, 1]);
    assert_eq!(ranked, Ranked { roc_auc: Some(0.5), average_precision: Some(0.75) });
}

#[test]
fn zeros_of_both_signs_tie() {
    let ranking = Ranking::new(2, &[0, 1], &[-0.0, 1.0, 0.0, 1.0], &[0, 0]);
    assert_eq!(ranking.of_class(0, &[1]).roc_auc, Some(0.5));
    assert_eq!(ranking.roc(0).len(), 2);
}

#[test]
fn nothing_and_no_scores_have_no_rank() {
    assert_eq!(Ranking::new(0, &[], &[], &[]).macro_mean(&[]), Ranked::default());
    assert_eq!(Ranking::new(2, &[], &[], &[]).macro_mean(&[]), Ranked::default());
    let without_scores = Ranking::new(2, &[0, 1], &[], &[0, 1]);
    assert_eq!(without_scores.macro_mean(&[1, 1]), Ranked::default());
    assert!(without_scores.roc(0).is_empty());
}

/// Rows of `classes` classes, recording by recording, with scores of `steps` values.
fn drawn_rows(rows: usize, classes: usize, recordings: u64, steps: u64, seed: u64) -> (Vec<u32>, Vec<f32>, Vec<u32>) {
    let mut stream = Stream::new(seed, &["ranking"]);
    let truth: Vec<u32> = (0..rows).map(|_| stream.below(classes as u64) as u32).collect();
    let scores = (0..rows * classes).map(|_| stream.below(steps) as f32 / steps as f32).collect();
    let recording = (0..rows as u64).map(|row| (row * recordings / rows as u64) as u32);
    (truth, scores, recording.collect())
}

#[test]
fn all_draws_at_once_are_as_exact_as_one_by_one() {
    // With many ties and few, classes that often miss, and more rows of one recording between two steps than a byte or two can count.
    for (rows, classes, recordings, steps) in
        [(60, 2, 6, 4), (90, 3, 40, 1000), (200, 40, 20, 9), (3000, 2, 5, 3), (70_000, 2, 300, 2)]
    {
        let (truth, scores, recording) = drawn_rows(rows, classes, recordings, steps, 1);
        let ranking = Ranking::new(classes, &truth, &scores, &recording);
        let draws = if rows > 10_000 { 70 } else { 130 };
        let blocks = Draws::new(recordings as usize, draws, 2).next(&Interrupt::default()).unwrap();
        let means = ranking.means(&blocks, &Interrupt::default()).unwrap();
        assert_eq!(means.len(), draws);
        for (draw, mean) in means.iter().enumerate() {
            let block = &blocks[draw / LANES];
            let weights: Vec<u64> = (0..recordings as usize).map(|r| u64::from(block.of(r)[draw % LANES])).collect();
            let plain = ranking.macro_mean(&weights);
            // Within a group of classes to the last bit; sums of groups may round otherwise.
            assert!(near(mean.roc_auc, plain.roc_auc), "{mean:?} {plain:?}");
            assert!(near(mean.average_precision, plain.average_precision), "{mean:?} {plain:?}");
            assert!(classes > GATHERED || *mean == plain, "{rows} rows, draw {draw}: {mean:?} {plain:?}");
        }
    }
}

#[test]
fn a_ranking_counts_pairs() {
    // Every pair of a row of the class and one of another, one by one.
    let (truth, scores, recording) = drawn_rows(80, 5, 9, 12, 3);
    let weights: Vec<u64> = (0..9).map(|r| r % 3).collect();
    let ranking = Ranking::new(5, &truth, &scores, &recording);
    for class in 0..5 {
        let (mut wins, mut pairs) = (0.0, 0.0);
        for own in (0..80).filter(|row| truth[*row] as usize == class) {
            for other in (0..80).filter(|row| truth[*row] as usize != class) {
                let weight = (weights[recording[own] as usize] * weights[recording[other] as usize]) as f64;
                let (ours, theirs) = (scores[own * 5 + class], scores[other * 5 + class]);
                wins += weight
                    * if ours > theirs {
                        1.0
                    } else if ours == theirs {
                        0.5
                    } else {
                        0.0
                    };
                pairs += weight;
            }
        }
        assert!(near(ranking.of_class(class, &weights).roc_auc, Some(wins / pairs)));
    }
}

#[test]
fn a_score_that_is_no_number_leaves_every_draw_without_a_mean() {
    let (truth, mut scores, recording) = drawn_rows(60, 40, 6, 9, 1);
    let blocks = Draws::new(6, 10, 2).next(&Interrupt::default()).unwrap();
    scores[39] = f32::NAN;
    let ranking = Ranking::new(40, &truth, &scores, &recording);
    assert_eq!(ranking.means(&blocks, &Interrupt::default()).unwrap(), [Ranked::default(); 10]);
    let (each, mean) = ranking.once(&Interrupt::default()).unwrap();
    assert!(
        mean == Ranked::default()
            && each[39] == Ranked::default()
            && each.iter().any(|ranked| ranked.roc_auc.is_some())
    );
}

#[test]
fn an_end_that_was_asked_for_ends_a_ranking() {
    let (truth, scores, recording) = drawn_rows(60, 2, 6, 4, 1);
    let ranking = Ranking::new(2, &truth, &scores, &recording);
    let blocks = Draws::new(6, 10, 2).next(&Interrupt::default()).unwrap();
    let interrupt = Interrupt::default();
    interrupt.request();
    assert!(matches!(ranking.means(&blocks, &interrupt), Err(Error::Interrupted(_))));
    assert!(matches!(ranking.once(&interrupt), Err(Error::Interrupted(_))));
    let class = Class::new(&[0.5, 0.25], &[0, 1], &[1], &interrupt);
    assert!(matches!(class, Err(Error::Interrupted(_))), "{class:?}");
}
