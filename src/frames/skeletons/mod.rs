//! Skeletons by name: those that everybody uses, and those that a session was told of.

pub mod body;
pub mod known;
pub mod pose_skeletons;
pub mod skeleton;

use std::hash::{Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

use crate::error::{Result, query_err, suggest};
use known::KNOWN;
use skeleton::{Row, Skeleton};

/// The skeletons of a session. Copies share what one of them learns; none is ever changed or forgotten, so what a
/// function answers by a name stays what it is.
#[derive(Debug, Clone)]
pub struct Skeletons(Arc<RwLock<Vec<Arc<Skeleton>>>>);

impl Default for Skeletons {
    fn default() -> Self {
        let known = KNOWN.iter().map(|known| {
            let rows: Vec<_> = known
                .joints
                .iter()
                .map(|&(joint, parent)| Row { joint, parent: Some(parent).filter(|p| !p.is_empty()), pair: None })
                .collect();
            Skeleton::new(known.name, known.three, &rows).map(Arc::new)
        });
        // A test holds that every one of them is a skeleton.
        Self(Arc::new(RwLock::new(known.filter_map(Result::ok).collect())))
    }
}

impl Skeletons {
    /// The skeleton of this name.
    ///
    /// # Errors
    /// There is none; the error names the nearest.
    ///
    /// ```
    /// use posequel::frames::skeletons::Skeletons;
    /// let skeletons = Skeletons::default();
    /// let body = skeletons.find("body25").unwrap();
    /// assert_eq!(body.joints[body.joints[4].twin].name, "left_wrist");
    /// assert!(skeletons.find("body52").unwrap_err().to_string().contains("did you mean 'body25'"));
    /// ```
    pub fn find(&self, name: &str) -> Result<Arc<Skeleton>> {
        let all = self.all();
        match all.iter().find(|s| s.name == name) {
            Some(skeleton) => Ok(Arc::clone(skeleton)),
            None => query_err!("unknown skeleton '{name}'{}", suggest(name, all.iter().map(|s| s.name.as_str()))),
        }
    }

    /// All of them, the known ones first.
    pub fn all(&self) -> Vec<Arc<Skeleton>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds skeletons, all or none. One that is there already is left as it is.
    ///
    /// # Errors
    /// There is another one of the same name.
    pub fn add(&self, new: Vec<Skeleton>) -> Result<()> {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut added = vec![];
        for skeleton in new {
            match all.iter().find(|s| s.name == skeleton.name) {
                None => added.push(Arc::new(skeleton)),
                Some(old) if old.joints == skeleton.joints => {}
                Some(_) => {
                    return query_err!(
                        "there is a skeleton '{}' with other joints already; give yours another name",
                        skeleton.name
                    );
                }
            }
        }
        all.extend(added);
        Ok(())
    }
}

/// Functions over the same skeletons are the same.
impl PartialEq for Skeletons {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Skeletons {}

impl Hash for Skeletons {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_skeleton_is_one_and_has_the_joints_of_its_name() {
        let counts: Vec<_> = Skeletons::default().all().iter().map(|s| (s.name.clone(), s.joints.len())).collect();
        let expected = KNOWN.iter().map(|known| {
            let name = known.name.trim_end_matches(|c: char| c.is_ascii_digit());
            (known.name.to_owned(), known.name[name.len()..].parse().unwrap())
        });
        assert_eq!(counts, expected.collect::<Vec<_>>());
    }

    #[test]
    fn every_known_skeleton_has_one_root() {
        for skeleton in Skeletons::default().all() {
            let roots = skeleton.joints.iter().filter(|joint| joint.parent.is_none()).count();
            assert_eq!(roots, 1, "{}", skeleton.name);
        }
    }

    #[test]
    fn only_joints_on_the_midline_are_their_own_twin() {
        for skeleton in Skeletons::default().all() {
            for (number, joint) in skeleton.joints.iter().enumerate() {
                let has_side = joint.name.contains("left") || joint.name.contains("right");
                assert_eq!(joint.twin != number, has_side, "{} of {}", joint.name, skeleton.name);
            }
        }
    }

    #[test]
    fn bones_are_those_of_the_sources() {
        // h36m17: VideoPose3D's parents of 32 joints, less those that it removes, with the shoulders hung on the thorax.
        // ntu25: connecting_joint of NTURGB-D's show_skeleton_on_RGB_frames.m, less 1, cut at the base of the spine.
        let h36m17 = [-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15];
        let ntu25 = [-1, 0, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18, 1, 7, 7, 11, 11];
        for (name, expected) in [("h36m17", &h36m17[..]), ("ntu25", &ntu25)] {
            let parents = Skeletons::default().find(name).unwrap().parents();
            let parents: Vec<i32> = parents.iter().map(|parent| parent.map_or(-1, |p| p as i32)).collect();
            assert_eq!(parents, expected, "{name}");
        }
    }

    #[test]
    fn pairs_are_those_that_coco_flips() {
        // COCO's flip pairs, as in the annotations' names: odd numbers are left, the next even one its right twin.
        let twins: Vec<_> = Skeletons::default().find("coco17").unwrap().joints.iter().map(|j| j.twin).collect();
        let expected: Vec<_> = (0..17)
            .map(|j| {
                if j == 0 {
                    0
                } else if j % 2 == 1 {
                    j + 1
                } else {
                    j - 1
                }
            })
            .collect();
        assert_eq!(twins, expected);
    }

    #[test]
    fn skeletons_are_added_all_or_none() {
        let of = |name: &str, joint| Skeleton::new(name, "xyc", &[Row { joint, parent: None, pair: None }]).unwrap();
        let skeletons = Skeletons::default();
        skeletons.add(vec![of("point", "nose")]).unwrap();
        skeletons.clone().add(vec![of("point", "nose"), of("dot", "tail")]).unwrap();
        let message = skeletons.add(vec![of("mark", "x"), of("point", "tail")]).unwrap_err().to_string();
        assert!(message.contains("a skeleton 'point' with other joints"), "{message}");
        assert!(skeletons.find("dot").is_ok() && skeletons.find("mark").is_err());
    }
}
