//! A skeleton: which joint is which number, what it hangs on, and who its left or right twin is.

use crate::error::{Result, query_err, suggest};

/// A joint of a skeleton.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joint {
    /// Name such as `left_knee`, with the person's own left.
    pub name: String,
    /// The number of the joint it hangs on; the root has none.
    pub parent: Option<usize>,
    /// The number of the joint that takes its place in a mirror: its left or right twin, or itself.
    pub twin: usize,
}

/// The joints of one pose format, in the order in which its detector writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skeleton {
    /// Name such as `body25`.
    pub name: String,
    /// Joints in the detector's order.
    pub joints: Vec<Joint>,
    /// What three values of a joint are: `xyc` or `xyz`.
    pub three: &'static str,
}

/// A joint as a table names it: its parent and its twin by name.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Its name.
    pub joint: &'a str,
    /// The joint it hangs on.
    pub parent: Option<&'a str>,
    /// Its twin; where there is none, the joint of the same name with left and right exchanged, else itself.
    pub pair: Option<&'a str>,
}

impl Skeleton {
    /// A skeleton of these joints.
    ///
    /// # Errors
    /// No joint, or a name twice; a parent or a twin that is not there; a twin whose twin is another; joints that
    /// hang on one another in a circle.
    pub fn new(name: &str, three: &'static str, rows: &[Row]) -> Result<Self> {
        let find = |of: &str, what: &str, joint: &str| match rows.iter().position(|row| row.joint == joint) {
            Some(number) => Ok(number),
            None => {
                let known = rows.iter().map(|row| row.joint);
                query_err!(
                    "skeleton '{name}': {what} of joint '{of}' is '{joint}', which is no joint{}",
                    suggest(joint, known)
                )
            }
        };
        let mut joints = Vec::with_capacity(rows.len());
        for (number, row) in rows.iter().enumerate() {
            if find(row.joint, "name", row.joint)? != number {
                return query_err!(
                    "skeleton '{name}' has joint '{}' twice; every joint needs a name of its own",
                    row.joint
                );
            }
            let twin = match row.pair {
                Some(pair) => find(row.joint, "pair", pair)?,
                None => rows.iter().position(|other| other.joint == mirrored(row.joint)).unwrap_or(number),
            };
            let parent = row.parent.map(|parent| find(row.joint, "parent", parent)).transpose()?;
            joints.push(Joint { name: row.joint.to_owned(), parent, twin });
        }
        let skeleton = Self { name: name.to_owned(), joints, three };
        skeleton.check()?;
        Ok(skeleton)
    }

    fn check(&self) -> Result<()> {
        let Self { name, joints, .. } = self;
        if joints.is_empty() {
            return query_err!("skeleton '{name}' has no joint");
        }
        for (number, joint) in joints.iter().enumerate() {
            if joints[joint.twin].twin != number {
                return query_err!(
                    "skeleton '{name}': the pair of '{}' is '{}', but not the other way round",
                    joint.name,
                    joints[joint.twin].name
                );
            }
            let top = (0..joints.len()).try_fold(number, |at, _| joints[at].parent);
            if top.is_some() {
                return query_err!("skeleton '{name}': joint '{}' hangs on itself, by its parents", joint.name);
            }
        }
        Ok(())
    }

    /// The number of the joint of this name.
    ///
    /// # Errors
    /// There is none; the error names the nearest.
    pub fn joint(&self, joint: &str) -> Result<usize> {
        match self.joints.iter().position(|j| j.name == joint) {
            Some(number) => Ok(number),
            None => {
                let known = self.joints.iter().map(|j| j.name.as_str());
                query_err!("skeleton '{}' has no joint '{joint}'{}", self.name, suggest(joint, known))
            }
        }
    }

    /// For each joint, the number of the joint it hangs on; None for a root.
    pub fn parents(&self) -> Vec<Option<usize>> {
        self.joints.iter().map(|joint| joint.parent).collect()
    }

    /// `left` or `right`, as the name or that of the twin tells; None for a joint on the midline.
    pub fn side(&self, joint: usize) -> Option<&'static str> {
        let Joint { name, twin, .. } = &self.joints[joint];
        if *twin == joint {
            return None;
        }
        ["left", "right"].into_iter().find(|side| name.contains(side))
    }
}

/// The name with left and right exchanged.
fn mirrored(name: &str) -> String {
    if name.contains("left") { name.replace("left", "right") } else { name.replace("right", "left") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skeleton(rows: &[(&str, &str, &str)]) -> Result<Skeleton> {
        let given = |text| Some(text).filter(|text: &&str| !text.is_empty());
        let rows: Vec<_> =
            rows.iter().map(|(joint, parent, pair)| Row { joint, parent: given(parent), pair: given(pair) }).collect();
        Skeleton::new("mouse", "xyc", &rows)
    }

    #[test]
    fn twins_are_found_by_name_or_named() {
        let mouse = skeleton(&[("nose", "", ""), ("left_ear", "nose", ""), ("right_ear", "nose", "")]).unwrap();
        assert_eq!(mouse.joints.iter().map(|j| j.twin).collect::<Vec<_>>(), [0, 2, 1]);
        assert_eq!((mouse.side(0), mouse.side(1), mouse.side(2)), (None, Some("left"), Some("right")));
        let named = skeleton(&[("nose", "", ""), ("pl", "nose", "pr"), ("pr", "nose", "pl")]).unwrap();
        assert_eq!((named.joints[1].twin, named.side(1)), (2, None));
    }

    #[test]
    fn what_is_no_skeleton_is_refused() {
        for (rows, expected) in [
            (&[][..], "has no joint"),
            (&[("a", "", ""), ("a", "", "")], "has joint 'a' twice"),
            (
                &[("nose", "", ""), ("tail", "nos", "")],
                "parent of joint 'tail' is 'nos', which is no joint; did you mean 'nose'",
            ),
            (&[("a", "", "b"), ("b", "", "c"), ("c", "", "b")], "the pair of 'a' is 'b', but not the other way round"),
            (&[("a", "b", ""), ("b", "a", "")], "joint 'a' hangs on itself"),
        ] {
            let message = skeleton(rows).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
