//! A small ROC curve: a page shows one for each class, side by side.

use super::scale::Scale;
use super::svg::Svg;
use crate::report::rows::CurvePoint;

const SIDE: f64 = 112.0;

/// The curve through points in their order, with the diagonal that guessing gives; None without points.
pub fn chart(label: &str, points: &[&CurvePoint]) -> Option<String> {
    if points.is_empty() {
        return None;
    }
    let x = Scale { values: (0.0, 1.0), pixels: (2.0, SIDE - 2.0) };
    let y = Scale { values: (0.0, 1.0), pixels: (SIDE - 2.0, 2.0) };
    let mut svg = Svg::new(SIDE, SIDE);
    svg.rect("frame", (x.at(0.0), y.at(1.0)), (SIDE - 4.0, SIDE - 4.0), 0.0);
    svg.line("chance", (x.at(0.0), y.at(0.0)), (x.at(1.0), y.at(1.0)));
    let at = |point: &&CurvePoint| (x.at(point.false_positive_rate), y.at(point.true_positive_rate));
    svg.path("a", &points.iter().map(at).collect::<Vec<_>>());
    Some(svg.finish("roc", label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_goes_from_the_lower_left_to_the_upper_right() {
        let point = |false_positive_rate, true_positive_rate| CurvePoint {
            false_positive_rate,
            true_positive_rate,
            ..CurvePoint::default()
        };
        let points = [point(0.0, 0.0), point(0.0, 1.0), point(1.0, 1.0)];
        assert!(chart("roc", &points.each_ref()).unwrap().contains(r#"d="M2 110L2 2L110 2""#));
        assert_eq!(chart("roc", &[]), None);
    }
}
