//! Metrics against scikit-learn; `python tests/oracles/metrics.py` prints the constants and says which calls made them.

use super::metric::METRICS;
use super::report::{BOOTSTRAP, WILSON};
use super::*;

fn evaluate(predictions: &Predictions, seed: u64) -> Result<Report> {
    super::evaluate(predictions, seed, &Interrupt::default())
}

/// The rows of `case` in the oracle: the same arithmetic.
fn case(rows: usize, k: usize, missing: &[usize]) -> Predictions {
    let mut state = (rows * 1000 + k) as u64;
    let mut draw = |n: usize| {
        state = (state * 1_103_515_245 + 12_345) % (1 << 31);
        (state >> 12) as usize % n
    };
    let classes: Vec<usize> = (0..k).filter(|c| !missing.contains(c)).collect();
    let mut made = Predictions { labels: (0..k).map(|c| format!("class{c}")).collect(), ..Default::default() };
    for _ in 0..rows {
        let truth = classes[draw(classes.len())];
        let mut parts: Vec<usize> = vec![];
        (1..k).for_each(|_| parts.push(draw(1025 - parts.iter().sum::<usize>())));
        parts.push(1024 - parts.iter().sum::<usize>());
        parts.rotate_right(draw(k));
        if draw(2) == 0 {
            let top = argmax(&parts);
            parts.swap(truth, top);
        }
        made.truth.push(truth as u32);
        made.predicted.push(argmax(&parts) as u32);
        made.probabilities.extend(parts.iter().map(|part| *part as f32 / 1024.0));
    }
    made
}

/// The first of the largest, as `numpy.argmax`.
fn argmax(parts: &[usize]) -> usize {
    (0..parts.len()).rev().max_by_key(|i| parts[*i]).unwrap_or(0)
}

fn values(predictions: &Predictions) -> Vec<Option<f64>> {
    evaluate(predictions, 0).unwrap().metrics.into_iter().map(|row| row.value).collect()
}

fn row<'a>(report: &'a Report, name: &str) -> &'a MetricRow {
    report.metrics.iter().find(|row| row.metric == name).unwrap()
}

#[test]
fn every_metric_equals_scikit_learn() {
    #[rustfmt::skip]
    let cases: [(Predictions, [f64; 14]); 3] = [
        (case(50, 3, &[]), [0.64, 0.6449992502624081, 0.6379084967320261, 0.6422745098039215, 0.6449992502624081, 0.64, 0.64002574002574, 0.639915057915058, 0.45684972842486427, 0.45768370911467054, 1.0394817488743164, 0.59174072265625, 1.0, 0.15296875]),
        (case(200, 7, &[4]), [0.555, 0.5516090935849001, 0.5099223641996657, 0.6066925836259606, 0.4728077945013429, 0.555, 0.486725964358867, 0.5746246039552656, 0.47276443233316556, 0.47579108042715457, 4.058671964691283, 0.7755568790435791, 0.68, 0.174140625]),
        (case(31, 5, &[0, 3]), [0.6774193548387096, 0.6565656565656566, 0.46940170940170944, 0.7802040253653157, 0.3939393939393939, 0.6774193548387096, 0.4230769230769231, 0.7168734491315136, 0.5345345345345345, 0.5438468430962458, 1.4078293204887447, 0.6214250133883569, 0.7741935483870968, 0.23216985887096772]),
    ];
    for (predictions, expected) in cases {
        for ((metric, value), expected) in METRICS.iter().zip(values(&predictions)).zip(expected) {
            let value = value.unwrap();
            assert!((value - expected).abs() < 1e-12, "{}: {value}, scikit-learn {expected}", metric.name);
            assert!((metric.range.0..=metric.range.1).contains(&value), "{}: {value}", metric.name);
        }
    }
}

#[test]
fn every_class_equals_scikit_learn_and_undefined_is_null() {
    let expected = [
        ("class0", Some(0.0), None, Some(0.0), 0),
        ("class1", Some(0.8), Some(0.5), Some(0.6153846153846154), 8),
        ("class2", Some(0.7777777777777778), Some(0.6363636363636364), Some(0.7), 11),
        ("class3", Some(0.0), None, Some(0.0), 0),
        ("class4", Some(0.7692307692307693), Some(0.8333333333333334), Some(0.8), 12),
    ];
    let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-12,
        (a, b) => a == b,
    };
    let classes = evaluate(&case(31, 5, &[0, 3]), 0).unwrap().classes;
    for (class, (label, precision, recall, f1, support)) in classes.iter().zip(expected) {
        assert!(class.label == label && class.support == support, "{class:?}");
        assert!(near(class.precision, precision) && near(class.recall, recall) && near(class.f1, f1), "{class:?}");
    }
}

fn of(labels: &[&str], truth: &[u32], predicted: &[u32]) -> Predictions {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    Predictions { labels, truth: truth.to_vec(), predicted: predicted.to_vec(), ..Default::default() }
}

#[test]
fn a_class_nobody_met_is_null_and_leaves_the_means_alone() {
    let report = evaluate(&of(&["a", "b", "never"], &[0, 0, 1], &[0, 1, 1]), 0).unwrap();
    let never = &report.classes[2];
    assert_eq!((never.precision, never.recall, never.f1, never.support), (None, None, None, 0));
    // F1 is 2/3 for a (tp 1, fn 1) and 2/3 for b (tp 1, fp 1).
    assert!((row(&report, "f1_macro").value.unwrap() - 2.0 / 3.0).abs() < 1e-15);
    assert_eq!(report.confusion.len(), 9);
    assert_eq!(report.confusion[1], CellRow { label: "a".into(), predicted: "b".into(), count: 1 });
    assert_eq!(report.confusion[8], CellRow { label: "never".into(), predicted: "never".into(), count: 0 });
}

#[test]
fn without_probabilities_their_metrics_are_null() {
    let report = evaluate(&of(&["a", "b"], &[0, 1], &[0, 1]), 0).unwrap();
    for name in ["log_loss", "brier", "top_3_accuracy", "ece", "roc_auc", "average_precision"] {
        let row = row(&report, name);
        assert_eq!((row.value, row.low, row.high, row.interval), (None, None, None, None), "{name}");
    }
    assert!(report.reliability.is_empty());
}

#[test]
fn no_rows_give_null_metrics() {
    let report = evaluate(&of(&["a", "b"], &[], &[]), 0).unwrap();
    assert_eq!(report.metrics.len(), METRICS.len());
    assert!(report.metrics.iter().all(|row| row.value.is_none() && row.low.is_none() && row.n == 0 && row.groups == 0));
    assert!(evaluate(&Predictions::default(), 0).unwrap().classes.is_empty());
}

#[test]
fn one_class_alone_has_no_kappa_and_no_correlation() {
    let report = evaluate(&of(&["a", "b"], &[0, 0], &[0, 0]), 0).unwrap();
    assert_eq!((row(&report, "kappa").value, row(&report, "mcc").value), (None, Some(0.0)));
}

#[test]
fn a_probability_that_is_not_a_number_makes_its_metrics_null() {
    let predictions = Predictions { probabilities: vec![f32::NAN, 1.0, 0.0, 1.0], ..of(&["a", "b"], &[0, 1], &[1, 1]) };
    let report = evaluate(&predictions, 0).unwrap();
    let of_probabilities = ["log_loss", "brier", "ece", "roc_auc", "average_precision"];
    assert!(of_probabilities.iter().all(|name| row(&report, name).value.is_none()));
}

#[test]
fn a_certain_error_is_not_infinite() {
    let predictions = Predictions { probabilities: vec![0.0, 1.0], ..of(&["a", "b"], &[0], &[1]) };
    let report = evaluate(&predictions, 0).unwrap();
    // -ln(2^-52) = 52 ln 2; Brier 1 + 1; confidence 1 and accuracy 0.
    assert!((row(&report, "log_loss").value.unwrap() - 52.0 * std::f64::consts::LN_2).abs() < 1e-12);
    assert_eq!((row(&report, "brier").value, row(&report, "ece").value), (Some(2.0), Some(1.0)));
}

#[test]
fn bins_of_confidence_include_their_upper_end() {
    let probabilities = vec![0.5, 0.5, 0.75, 0.25, 1.0, 0.0];
    let predictions = Predictions { probabilities, ..of(&["a", "b"], &[0, 1, 0], &[0, 0, 0]) };
    let bins = evaluate(&predictions, 0).unwrap().reliability;
    let filled: Vec<_> = bins.iter().filter(|b| b.count > 0).map(|b| (b.high, b.confidence, b.accuracy)).collect();
    let expected = [(0.5, Some(0.5), Some(1.0)), (0.8, Some(0.75), Some(0.0)), (1.0, Some(1.0), Some(1.0))];
    assert_eq!(filled, expected);
    assert!(bins.len() == 10 && bins[0].confidence.is_none() && bins[0].accuracy.is_none());
}

#[test]
fn with_recordings_every_defined_metric_has_a_bootstrap_interval() {
    let mut predictions = case(200, 7, &[4]);
    predictions.recording = (0..200).map(|row| format!("v{}", row % 20).into()).collect();
    let report = evaluate(&predictions, 3).unwrap();
    for row in &report.metrics {
        assert_eq!((row.interval, row.n, row.groups), (Some(BOOTSTRAP), 200, 20), "{}", row.metric);
        assert!(row.low < row.high, "{row:?}");
    }
    assert_eq!(report, evaluate(&predictions, 3).unwrap());
    assert_ne!(report.metrics, evaluate(&predictions, 4).unwrap().metrics);
}

#[test]
fn the_interval_of_roc_auc_is_that_of_drawn_recordings() {
    // Three videos rank their rows the wrong way round, three the right way, and rows of one of each tie. So k right ones
    // of six have (k^2 + k (6 - k)) / 36 = k / 6. A draw has k = 0 in 1/64 and k <= 1 in 7/64: 2.5 % lies between.
    let probabilities = [[0.25, 0.75, 0.75, 0.25].repeat(3), [0.75, 0.25, 0.25, 0.75].repeat(3)].concat();
    let (truth, predicted) = ([0, 1].repeat(6), [[1, 0].repeat(3), [0, 1].repeat(3)].concat());
    let mut predictions = Predictions { probabilities, ..of(&["x", "y"], &truth, &predicted) };
    predictions.recording = (0..12).map(|row| format!("v{}", row / 2).into()).collect();
    let report = evaluate(&predictions, 1).unwrap();
    let auc = row(&report, "roc_auc");
    assert_eq!((auc.value, auc.interval), (Some(0.5), Some(BOOTSTRAP)));
    assert!((auc.low.unwrap() - 1.0 / 6.0).abs() < 1e-12 && (auc.high.unwrap() - 5.0 / 6.0).abs() < 1e-12, "{auc:?}");
}

#[test]
fn a_recording_drawn_twice_ranks_twice() {
    let mut predictions = case(50, 3, &[]);
    predictions.recording = (0..50).map(|row| format!("v{}", row % 3).into()).collect();
    let index = predictions.recording_of_rows();
    let ranking = Ranking::new(3, &predictions.truth, &predictions.probabilities, &index);
    let drawn = ranking.macro_mean(&[1, 0, 2]);
    let rows: Vec<usize> = [2, 0, 2].iter().flat_map(|v| (0..50).filter(move |row| row % 3 == *v)).collect();
    let truth: Vec<u32> = rows.iter().map(|row| predictions.truth[*row]).collect();
    let probabilities: Vec<f32> = rows.iter().flat_map(|r| predictions.probabilities[r * 3..][..3].to_vec()).collect();
    let repeated = Ranking::new(3, &truth, &probabilities, &vec![0; rows.len()]).macro_mean(&[1]);
    let near = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs() < 1e-14;
    assert!(near(drawn.roc_auc, repeated.roc_auc) && near(drawn.average_precision, repeated.average_precision));
}

#[test]
fn a_class_has_its_own_ranking_and_an_interval_of_recall() {
    let probabilities = vec![0.5, 0.25, 0.25, 0.75, 0.0, 0.25, 0.25, 0.5, 0.25];
    let predictions = Predictions { probabilities, ..of(&["a", "b", "never"], &[0, 0, 1], &[0, 1, 1]) };
    let classes = evaluate(&predictions, 0).unwrap().classes;
    assert_eq!((classes[0].roc_auc, classes[0].average_precision), (Some(1.0), Some(1.0)));
    assert_eq!((classes[2].roc_auc, classes[2].average_precision), (None, None));
    assert_eq!(classes[0].recall_low.zip(classes[0].recall_high), interval::wilson(1, 2));
    assert_eq!((classes[2].recall_low, classes[2].recall_high), (None, None));
}

#[test]
fn a_row_says_what_its_metric_is_counted_in_and_which_way_is_better() {
    let report = evaluate(&of(&["a", "b"], &[0], &[0]), 0).unwrap();
    let says = |name| (row(&report, name).unit, row(&report, name).better);
    assert_eq!(says("accuracy"), ("share", "higher"));
    assert_eq!(says("log_loss"), ("nats", "lower"));
    assert!(report.metrics.iter().all(|row| ["share", "nats", "1"].contains(&row.unit)));
}

#[test]
fn equal_recordings_have_no_interval() {
    // Each recording holds the same rows, so every draw of recordings has the same metrics.
    let mut predictions = of(&["a", "b"], &[0, 1, 1].repeat(5), &[0, 1, 0].repeat(5));
    predictions.recording = (0..15).map(|row| format!("v{}", row / 3).into()).collect();
    let report = evaluate(&predictions, 0).unwrap();
    // One of width 0 would claim that other recordings were just like them.
    assert!(report.metrics.iter().all(|row| row.interval.is_none() && row.low.is_none()), "{:?}", report.metrics);
}

#[test]
fn without_recordings_only_accuracy_has_an_interval_and_beside_a_few_nothing_has() {
    let mut predictions = case(50, 3, &[]);
    let intervals = |predictions: &Predictions| {
        let report = evaluate(predictions, 0).unwrap();
        let with = report.metrics.iter().filter(|row| row.interval.is_some());
        with.map(|row| (row.metric, row.interval, row.groups)).collect::<Vec<_>>()
    };
    assert_eq!(intervals(&predictions), [("accuracy", Some(WILSON), 0)]);
    for few in [1, 2, 4] {
        predictions.recording = (0..50).map(|row| format!("v{}", row % few).into()).collect();
        assert_eq!(intervals(&predictions), []);
    }
}

#[test]
fn none_right_of_34_gets_wilson_even_over_recordings() {
    let mut predictions = of(&["a", "b"], &[0; 34], &[1; 34]);
    predictions.recording = (0..34).map(|row| format!("v{}", row % 2).into()).collect();
    let report = evaluate(&predictions, 0).unwrap();
    let accuracy = row(&report, "accuracy");
    assert_eq!((accuracy.value, accuracy.low, accuracy.interval), (Some(0.0), Some(0.0), Some(WILSON)));
    assert!((accuracy.high.unwrap() - 0.1015).abs() < 1e-4);
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let mut predictions = of(&["a", "b", "c"], &[0, 1, 2, 1, 0, 2], &[0, 1, 1, 1, 2, 2]);
    // Whole eighths, so that sums have no rounding.
    predictions.probabilities =
        [5, 2, 1, 2, 4, 2, 1, 4, 3, 0, 8, 0, 2, 2, 4, 1, 1, 6].map(|p: u8| f32::from(p) / 8.0).to_vec();
    predictions.recording = ["x", "y", "z", "x", "y", "z"].map(Into::into).to_vec();
    let report = evaluate(&predictions, 9).unwrap();
    predictions.truth.reverse();
    predictions.predicted.reverse();
    predictions.recording.reverse();
    let rows = predictions.probabilities.chunks(3).rev();
    predictions.probabilities = rows.flatten().copied().collect();
    assert_eq!(evaluate(&predictions, 9).unwrap(), report);
}

#[test]
fn arrays_that_do_not_fit_are_our_fault() {
    let short = of(&["a", "b"], &[0, 1], &[0]);
    assert!(matches!(evaluate(&short, 0), Err(Error::Internal(_))));
    let unknown = of(&["a", "b"], &[0, 2], &[0, 1]);
    assert!(evaluate(&unknown, 0).unwrap_err().to_string().contains("a class out of range"));
}

#[test]
fn many_classes_have_no_cell_for_pairs_that_never_occur() {
    let labels: Vec<String> = (0..1000).map(|class| format!("c{class:03}")).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let report = evaluate(&of(&labels, &[3, 3, 999], &[3, 7, 0]), 0).unwrap();
    assert_eq!((report.classes.len(), report.confusion.len()), (1000, 1002));
    let cell = |label: &str, predicted: &str| {
        report.confusion.iter().find(|cell| cell.label == label && cell.predicted == predicted).map(|cell| cell.count)
    };
    assert_eq!([cell("c003", "c003"), cell("c003", "c007"), cell("c999", "c000")], [Some(1); 3]);
    assert_eq!([cell("c999", "c999"), cell("c000", "c999")], [Some(0), None]);
}

#[test]
fn an_end_that_was_asked_for_ends_an_evaluation() {
    let interrupt = Interrupt::default();
    interrupt.request();
    let ended = super::evaluate(&case(50, 3, &[]), 0, &interrupt);
    assert!(matches!(ended, Err(Error::Interrupted(_))), "{ended:?}");
}
