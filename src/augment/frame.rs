//! What a policy knows of the D values of a frame: their names, and what each is where a skeleton tells.

use super::columns::Columns;
use super::mirror::Mirror;
use crate::error::{Result, query_err};
use crate::frames::skeletons::Skeletons;
use crate::frames::skeletons::body::{Body, Value};

/// The values of a frame.
#[derive(Debug, Clone)]
pub struct Frame<'a> {
    /// Their number and names.
    pub columns: Columns<'a>,
    /// How they are mirrored, where that is known.
    pub mirror: Option<Mirror>,
    /// What each of them is, where a skeleton tells.
    body: Option<Body>,
}

impl<'a> Frame<'a> {
    /// A frame of these columns, of which no more is known.
    pub fn plain(columns: Columns<'a>) -> Self {
        Self { columns, mirror: None, body: None }
    }

    /// A frame of these columns; `spec` is that of a [`Mirror`]: a skeleton, or the features that change.
    ///
    /// # Errors
    /// A spec that does not fit the columns.
    pub fn new(columns: Columns<'a>, spec: Option<&str>, skeletons: &Skeletons) -> Result<Self> {
        let mirror = spec.map(|spec| Mirror::parse(spec, &columns, skeletons)).transpose()?;
        let body = spec.filter(|spec| !Mirror::is_list(spec, skeletons));
        let body = body.map(|spec| Body::parse(spec, columns.dim, skeletons)).transpose()?;
        Ok(Self { columns, mirror, body })
    }

    /// Features that are a place per time: those of the skeleton, and those that are named.
    pub fn velocities(&self, named: &[&str]) -> Result<Vec<usize>> {
        let mut all = self.of_body(|value| matches!(value, Value::Velocity(_)));
        for name in named {
            let found = self.columns.find(name)?;
            if !all.contains(&found) {
                all.push(found);
            }
        }
        Ok(all)
    }

    /// The pairs (x, y) of features that are positions, and those that are velocities, of the skeleton.
    pub fn pairs(&self) -> [Vec<(usize, usize)>; 2] {
        [Value::Position, Value::Velocity].map(|of| self.along(of(0)).into_iter().zip(self.along(of(1))).collect())
    }

    /// The features of each axis of the skeleton that are positions.
    pub fn axes(&self) -> Vec<Vec<usize>> {
        (0..3).map(|axis| self.along(Value::Position(axis))).filter(|columns| !columns.is_empty()).collect()
    }

    /// The features of each joint but for its confidences; each feature by itself where no skeleton tells.
    pub fn joints(&self) -> Vec<Vec<usize>> {
        let Some(body) = &self.body else { return (0..self.columns.dim).map(|d| vec![d]).collect() };
        let values = body.values.len();
        let moves = |place: &usize| body.values[*place] != Value::Confidence;
        let joint = |joint: usize| (0..values).filter(moves).map(|place| joint * values + place).collect();
        (0..body.skeleton.joints.len()).map(joint).collect()
    }

    /// Whether a skeleton tells what the features are.
    pub fn has_body(&self) -> bool {
        self.body.is_some()
    }

    /// The pairs of features that are named one after the other.
    pub fn named_pairs(&self, names: &[&str]) -> Result<Vec<(usize, usize)>> {
        let found = names.iter().map(|name| self.columns.find(name)).collect::<Result<Vec<_>>>()?;
        if let Some((place, _)) = found.iter().enumerate().find(|(place, column)| found[..*place].contains(column)) {
            return query_err!("feature '{}' is named twice", names[place]);
        }
        if found.len() % 2 == 1 {
            return query_err!(
                "features are turned in pairs of x and y, and '{}' is left over",
                names[names.len() - 1]
            );
        }
        Ok(found.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
    }

    fn along(&self, value: Value) -> Vec<usize> {
        self.of_body(|v| v == value)
    }

    fn of_body(&self, is: impl Fn(Value) -> bool) -> Vec<usize> {
        let Some(body) = &self.body else { return vec![] };
        (0..body.dim()).filter(|d| is(body.values[d % body.values.len()])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::skeletons::skeleton::{Row, Skeleton};

    #[test]
    fn a_skeleton_tells_what_each_feature_is() {
        let rows = ["left_ear", "right_ear"].map(|joint| Row { joint, parent: None, pair: None });
        let skeletons = Skeletons::default();
        skeletons.add(vec![Skeleton::new("ears", "xyc", &rows).unwrap()]).unwrap();
        let frame = Frame::new(Columns::new(10, &[]).unwrap(), Some("ears:xyuvc"), &skeletons).unwrap();
        assert_eq!(frame.pairs(), [vec![(0, 1), (5, 6)], vec![(2, 3), (7, 8)]]);
        assert_eq!(frame.axes(), [vec![0, 5], vec![1, 6]]);
        assert_eq!(frame.joints(), [vec![0, 1, 2, 3], vec![5, 6, 7, 8]]);
        assert_eq!(frame.velocities(&["9", "2"]), Ok(vec![2, 3, 7, 8, 9]));
    }

    #[test]
    fn without_one_features_are_named() {
        let names = ["ax", "ay", "az"].map(str::to_owned);
        let frame = Frame::new(Columns::new(3, &names).unwrap(), Some("ax:-1"), &Skeletons::default()).unwrap();
        assert_eq!(frame.named_pairs(&["az", "ax"]), Ok(vec![(2, 0)]));
        assert_eq!((frame.joints(), frame.axes()), (vec![vec![0], vec![1], vec![2]], vec![]));
        for (names, expected) in
            [(&["ax"][..], "'ax' is left over"), (&["ax", "ax"], "named twice"), (&["a"], "unknown feature")]
        {
            assert!(frame.named_pairs(names).unwrap_err().to_string().contains(expected));
        }
    }
}
