//! Baselines against scikit-learn; `tests/oracles/baselines.py` makes the windows and says which calls made the
//! numbers.

use serde_json::Value;

use super::*;

/// Windows of one case of the oracle, and what scikit-learn says about those of test.
struct Case {
    train: Statistics,
    test: Statistics,
    /// Those of train.
    labels: Vec<u32>,
    classes: usize,
    json: Value,
}

fn cases() -> Vec<Case> {
    let json: Vec<Value> = serde_json::from_str(include_str!("../../../tests/oracles/baselines.json")).unwrap();
    json.into_iter().map(case).collect()
}

fn case(json: Value) -> Case {
    let size = |name: &str| json[name].as_u64().unwrap() as usize;
    let (width, dims, rows) = (size("width"), size("dims"), size("train"));
    let labels = numbers(&json["labels"]).iter().take(rows).map(|label| *label as u32).collect();
    let (mut train, mut test) = (Statistics::new(dims), Statistics::new(dims));
    let windows = json["sixty_fourths"].as_array().unwrap().iter().zip(numbers(&json["valid_len"]));
    for (row, (window, valid_len)) in windows.enumerate() {
        let features: Vec<f32> = numbers(window).iter().map(|x| (x / 64.0) as f32).collect();
        let side = if row < rows { &mut train } else { &mut test };
        side.push(&features, width, valid_len as usize);
    }
    Case { train, test, labels, classes: size("classes"), json }
}

/// An array of numbers; null is NaN.
fn numbers(array: &Value) -> Vec<f64> {
    array.as_array().unwrap().iter().map(|x| x.as_f64().unwrap_or(f64::NAN)).collect()
}

impl Case {
    /// Class and probabilities of each row of test.
    fn predict(&self, baseline: Baseline) -> Vec<(u32, Vec<f32>)> {
        let fitted = baseline.fit(&self.train, &self.labels, self.classes, &Interrupt::default()).unwrap().unwrap();
        assert!(fitted.converged());
        let row = |row: &[f64]| {
            let mut probabilities = vec![f32::NAN; self.classes];
            (fitted.predict(row, &mut probabilities), probabilities)
        };
        self.test.iter().map(row).collect()
    }
}

#[test]
fn statistics_are_those_of_numpy() {
    for case in cases() {
        let ours = case.test.iter().last().unwrap();
        let numpy = numbers(&case.json["statistics_of_last"]);
        let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12 || a.is_nan() && b.is_nan();
        assert!(ours.len() == numpy.len() && ours.iter().zip(&numpy).all(near), "{ours:?}, numpy {numpy:?}");
    }
}

#[test]
fn probabilities_are_those_of_scikit_learn() {
    for baseline in [Baseline::Majority, Baseline::Logistic] {
        for case in cases() {
            let expected = case.json[baseline.name()].as_array().unwrap();
            let ours = case.predict(baseline);
            assert_eq!(ours.len(), expected.len());
            for ((class, ours), expected) in ours.iter().zip(expected.iter().map(numbers)) {
                let near = |(p, e): (&f32, &f64)| (f64::from(*p) - e).abs() < 1e-6;
                assert!(ours.iter().zip(&expected).all(near), "{baseline:?}: {ours:?}, scikit-learn {expected:?}");
                assert_eq!(*class as usize, argmax(ours));
            }
        }
    }
}

#[test]
fn the_nearest_centroid_is_that_of_scikit_learn() {
    for case in cases() {
        let expected = numbers(&case.json[Baseline::NearestCentroid.name()]);
        let ours = case.predict(Baseline::NearestCentroid);
        assert_eq!(ours.iter().map(|(class, _)| f64::from(*class)).collect::<Vec<_>>(), expected);
        assert!(ours.iter().all(|(_, p)| (p.iter().sum::<f32>() - 1.0).abs() < 1e-6));
    }
}

/// Windows of one frame of one feature.
fn points(values: &[f32]) -> Statistics {
    let mut points = Statistics::new(1);
    values.iter().for_each(|value| points.push(&[*value], 1, 1));
    points
}

#[test]
fn centroids_turn_distance_into_probability() {
    // Mean, min and max are the value, standardised to -1 and 1; std is constant and there is no difference. At the
    // first centroid the squared distances are 0 and 3 * 2^2, so the second class gets 1 / (1 + e^6).
    let train = points(&[1.0, 3.0]);
    let mut p = [0.0; 3];
    let class = Baseline::NearestCentroid
        .fit(&train, &[0, 2], 3, &Interrupt::default())
        .unwrap()
        .unwrap()
        .predict(train.iter().next().unwrap(), &mut p);
    assert!(class == 0 && p[1] == 0.0 && (f64::from(p[2]) - 1.0 / (1.0 + 6f64.exp())).abs() < 1e-9, "{p:?}");
}

#[test]
fn equally_frequent_classes_come_in_the_order_of_the_labels() {
    let train = points(&[1.0, 2.0, 3.0, 4.0]);
    let mut p = [0.0; 3];
    let class = Baseline::Majority
        .fit(&train, &[2, 1, 2, 1], 3, &Interrupt::default())
        .unwrap()
        .unwrap()
        .predict(train.iter().next().unwrap(), &mut p);
    assert_eq!((class, p), (1, [0.0, 0.5, 0.5]));
}

#[test]
fn one_class_is_certain_and_no_rows_teach_nothing() {
    let train = points(&[1.0, 2.0]);
    for baseline in Baseline::ALL {
        let mut p = [0.5; 2];
        let fitted = baseline.fit(&train, &[1, 1], 2, &Interrupt::default()).unwrap().unwrap();
        assert_eq!(
            (fitted.predict(train.iter().next().unwrap(), &mut p), p, fitted.converged()),
            (1, [0.0, 1.0], true)
        );
        assert_eq!(baseline.fit(&points(&[]), &[], 2, &Interrupt::default()).unwrap(), None);
    }
}

#[test]
fn windows_without_any_value_are_predicted_from_the_intercepts() {
    let train = points(&[f32::NAN; 4]);
    let mut p = [0.0; 3];
    let fitted = Baseline::Logistic.fit(&train, &[0, 0, 2, 1], 3, &Interrupt::default()).unwrap().unwrap();
    assert_eq!(fitted.predict(train.iter().next().unwrap(), &mut p), 0);
    // Without statistics the least cross-entropy is that of the shares of train.
    assert!(p.iter().zip([0.5, 0.25, 0.25]).all(|(p, share)| (p - share).abs() < 1e-6), "{p:?}");
}

#[test]
fn an_end_that_was_asked_for_ends_a_fit() {
    let interrupt = Interrupt::default();
    interrupt.request();
    for baseline in Baseline::ALL {
        let ended = baseline.fit(&points(&[1.0, 2.0, 3.0]), &[0, 1, 1], 2, &interrupt);
        assert!(matches!(ended, Err(crate::error::Error::Interrupted(_))), "{ended:?}");
    }
}

#[test]
fn a_regression_of_too_many_classes_is_left_out_and_the_others_are_not() {
    // 10,000 rows of 5 statistics and an intercept: 60,000 numbers for each class.
    let train = points(&[1.0, 2.0].repeat(5000));
    let labels = |classes: u32| (0..10_000).map(|row| row % classes).collect::<Vec<_>>();
    assert!(Logistic::is_within_reach(5, &labels(1666)) && !Logistic::is_within_reach(5, &labels(1667)));
    for baseline in Baseline::ALL {
        let fitted = baseline.fit(&train, &labels(1667), 1667, &Interrupt::default()).unwrap();
        assert_eq!(fitted.is_none(), baseline == Baseline::Logistic, "{baseline:?}");
    }
}
