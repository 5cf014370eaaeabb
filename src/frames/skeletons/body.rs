//! What the values of a frame of joints are: `body25`, `body25:xyc`, `coco17:xyuv:1920`.

use std::sync::Arc;

use super::Skeletons;
use super::skeleton::Skeleton;
use crate::error::{Result, nearest, query_err};

/// What one value of a joint is; it decides what a mirror, a speed, a rotation do to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A coordinate along x, y or z (0, 1, 2): letters `x`, `y`, `z`.
    Position(usize),
    /// A velocity along x, y or z: letters `u`, `v`, `w`.
    Velocity(usize),
    /// A signed angle, which changes its sign in a mirror: letter `a`.
    Angle,
    /// How sure the detector is: letter `c`.
    Confidence,
}

/// Where x = 0 lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Image {
    /// On the body's midline: `centred`, which is also the default.
    Centred,
    /// At the left border of an image of this width: `1920`, or `fraction` for a width of 1.
    Width(f32),
}

/// A skeleton, with what each value of a joint is. All values of a joint lie together: x0 y0 c0 x1 y1 c1 ...
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// The joints.
    pub skeleton: Arc<Skeleton>,
    /// What each value of a joint is.
    pub values: Vec<Value>,
    /// Where x = 0 lies.
    pub image: Image,
}

impl Body {
    /// Reads a spec: the name of a skeleton, then, after colons and in any order, what the values of a joint are
    /// ([`Value`]'s letters) and where x = 0 lies ([`Image`]).
    ///
    /// Without letters, a frame of `dim` values has x, y; or what the skeleton's detector writes as three values; or
    /// x, y, z, confidence; or x, y, z and two of confidence, as MediaPipe's visibility and presence.
    ///
    /// # Errors
    /// An unknown skeleton or word, or values that do not fill the joints.
    pub fn parse(spec: &str, dim: usize, skeletons: &Skeletons) -> Result<Self> {
        let mut parts = spec.split(':').map(str::trim);
        let skeleton = skeletons.find(parts.next().unwrap_or_default())?;
        let (mut values, mut image) = (None, None);
        for part in parts {
            let (letters, place) = (letters(part), place(part));
            match (letters, place) {
                (Some(letters), _) if values.is_none() => values = Some(letters),
                (None, Some(place)) if image.is_none() => image = Some(place),
                (None, None) => {
                    return query_err!(
                        "'{spec}': '{part}' is neither what the values of a joint are (letters of x y z for a place, u v w \
                         for a velocity, a for a signed angle, c for a confidence, as in '{0}:xyc') nor where x is 0 \
                         ('{0}:centred', '{0}:fraction', or the image's width in pixels, '{0}:1920'){1}",
                        skeleton.name,
                        nearest(part, ["centred", "fraction"])
                            .map_or(String::new(), |near| format!("; did you mean '{near}'?"))
                    );
                }
                _ => return query_err!("'{spec}': '{part}' says twice what the values are, or where x is 0"),
            }
        }
        let joints = skeleton.joints.len();
        let values = match values {
            Some(values) => values,
            None => usual(&skeleton, dim)?,
        };
        if values.len() * joints != dim {
            return query_err!(
                "skeleton '{}' has {joints} joints of {} values, so a frame has {}; this one has {dim}",
                skeleton.name,
                values.len(),
                values.len() * joints
            );
        }
        Ok(Self { skeleton, values, image: image.unwrap_or(Image::Centred) })
    }

    /// Values in a frame.
    pub fn dim(&self) -> usize {
        self.skeleton.joints.len() * self.values.len()
    }

    /// The places in a joint that are coordinates, in the order of the axes x, y, z that are there.
    pub fn axes(&self) -> Vec<usize> {
        self.along(Value::Position)
    }

    /// The places in a joint that are velocities, in the order of the axes that are there.
    pub fn velocities(&self) -> Vec<usize> {
        self.along(Value::Velocity)
    }

    /// The place in a joint of the first confidence.
    pub fn confidence(&self) -> Option<usize> {
        self.values.iter().position(|value| *value == Value::Confidence)
    }

    /// The column of each joint that has this place in it.
    pub fn columns(&self, place: usize) -> impl Iterator<Item = usize> {
        (place..self.dim()).step_by(self.values.len().max(1))
    }

    fn along(&self, value: impl Fn(usize) -> Value) -> Vec<usize> {
        (0..3).filter_map(|axis| self.values.iter().position(|v| *v == value(axis))).collect()
    }
}

fn letters(part: &str) -> Option<Vec<Value>> {
    let value = |letter| {
        Some(match letter {
            'x' | 'y' | 'z' => Value::Position(letter as usize - 'x' as usize),
            'u' | 'v' | 'w' => Value::Velocity(letter as usize - 'u' as usize),
            'a' => Value::Angle,
            'c' => Value::Confidence,
            _ => return None,
        })
    };
    part.chars().map(value).collect::<Option<Vec<_>>>().filter(|values| !values.is_empty())
}

fn place(part: &str) -> Option<Image> {
    match part {
        "centred" => Some(Image::Centred),
        "fraction" => Some(Image::Width(1.0)),
        width => width.parse().ok().filter(|w: &f32| w.is_finite() && *w > 0.0).map(Image::Width),
    }
}

fn usual(skeleton: &Skeleton, dim: usize) -> Result<Vec<Value>> {
    let joints = skeleton.joints.len();
    let usual = [(2, "xy"), (3, skeleton.three), (4, "xyzc"), (5, "xyzcc")];
    match usual.iter().find(|(values, _)| values * joints == dim).and_then(|(_, text)| letters(text)) {
        Some(values) => Ok(values),
        None => query_err!(
            "skeleton '{}' has {joints} joints, so a frame has {}, {}, {} or {} values (x, y and perhaps z and scores for \
             each joint); this one has {dim}; of other values, say what they are, as in '{}:xyuv'",
            skeleton.name,
            2 * joints,
            3 * joints,
            4 * joints,
            5 * joints,
            skeleton.name
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(spec: &str, dim: usize) -> Result<Body> {
        Body::parse(spec, dim, &Skeletons::default())
    }

    #[test]
    fn values_are_those_of_the_detector_unless_said() {
        use Value::{Confidence, Position, Velocity};
        let values = |spec, dim| parse(spec, dim).unwrap().values;
        assert_eq!(values("coco17", 34), [Position(0), Position(1)]);
        assert_eq!(values("coco17", 51), [Position(0), Position(1), Confidence]);
        assert_eq!(values("mediapipe33", 99), [Position(0), Position(1), Position(2)]);
        assert_eq!(values("coco17:xyz", 51), [Position(0), Position(1), Position(2)]);
        assert_eq!(values("coco17:xyuv", 68), [Position(0), Position(1), Velocity(0), Velocity(1)]);
    }

    #[test]
    fn parts_may_come_in_any_order() {
        for spec in ["coco17:xyc:1920", "coco17:1920:xyc", " coco17 : 1920 "] {
            let body = parse(spec, 51).unwrap();
            assert_eq!((body.image, body.axes(), body.confidence()), (Image::Width(1920.0), vec![0, 1], Some(2)));
        }
        assert_eq!(parse("coco17:fraction", 34).unwrap().image, Image::Width(1.0));
        assert_eq!(parse("coco17:cyx", 51).unwrap().axes(), [2, 1]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (spec, dim, expected) in [
            ("body52", 50, "did you mean 'body25'"),
            ("body25", 51, "25 joints, so a frame has 50, 75, 100 or 125 values"),
            ("body25:xy", 75, "25 joints of 2 values, so a frame has 50; this one has 75"),
            ("body25:xy:xy", 50, "says twice"),
            ("body25:1:2", 50, "says twice"),
            ("body25:fractoin", 50, "'fractoin' is neither"),
            ("body25:-1", 50, "'-1' is neither"),
            ("body25:", 50, "'' is neither"),
        ] {
            let message = parse(spec, dim).unwrap_err().to_string();
            assert!(message.contains(expected), "{spec}: {message}");
        }
        for dim in [0, 25, 36, 51, 1500] {
            assert!(parse("body25", dim).unwrap_err().to_string().contains(&format!("has {dim}")));
        }
    }
}
