//! Properties of augmentation over random poses, which shrink to the smallest one that breaks them.

use posequel::augment::columns::Columns;
use posequel::augment::mirror::Mirror;
use posequel::augment::noise::add_noise;
use posequel::augment::rotate::rotate;
use posequel::augment::speed::resample;
use posequel::frames::resample::{Grid, NEAR, Place};
use posequel::frames::skeletons::Skeletons;
use posequel::random::Stream;
use proptest::collection::vec;
use proptest::num::f32::{ANY, NEGATIVE, NORMAL, POSITIVE, ZERO};
use proptest::prelude::*;

/// Any value of a window, missing ones among them.
fn any_value() -> impl Strategy<Value = f32> {
    prop_oneof![4 => POSITIVE | NEGATIVE | NORMAL | ZERO, 1 => ANY]
}

fn bits(window: &[f32]) -> Vec<u32> {
    window.iter().map(|x| x.to_bits()).collect()
}

/// Frames of any skeleton with 2 to 5 values for each joint.
fn poses() -> impl Strategy<Value = (String, usize, Vec<f32>)> {
    let skeletons = Skeletons::default().all();
    (0..skeletons.len(), 2..=5_usize, 1..4_usize).prop_flat_map(move |(skeleton, values, frames)| {
        let dim = skeletons[skeleton].joints.len() * values;
        (Just(skeletons[skeleton].name.clone()), Just(dim), vec(any_value(), dim * frames))
    })
}

proptest! {
    #[test]
    fn mirrored_twice_is_the_same_pose((skeleton, dim, pose) in poses()) {
        let columns = Columns::new(dim, &[]).expect("features");
        let mirror = Mirror::parse(&skeleton, &columns, &Skeletons::default()).expect("a skeleton");
        let (mut once, mut twice) = (vec![0.0; pose.len()], vec![0.0; pose.len()]);
        mirror.apply(&pose, &mut once);
        mirror.apply(&once, &mut twice);
        prop_assert_eq!(bits(&twice), bits(&pose));
    }

    #[test]
    fn speed_1_and_noise_0_change_no_bit(dim in 1..5_usize, frames in vec(any_value(), 0..60)) {
        let window = &frames[..frames.len() / dim * dim];
        let mut played = vec![0.0; window.len()];
        resample(window, dim, window.len() / dim, 1.0, &[0], &mut played);
        prop_assert_eq!(bits(&played), bits(window));
        let mut noisy = window.to_vec();
        add_noise(&mut noisy, 0.0, &[1.0], &mut Stream::new(1, &["noise"]));
        prop_assert_eq!(bits(&noisy), bits(window));
    }

    #[test]
    fn the_opposite_angle_turns_back(degrees in -720.0..720.0_f64, window in vec(-10.0..10.0_f32, 4..80)) {
        let window = &window[..window.len() / 4 * 4];
        let (mut there, mut back) = (vec![0.0; window.len()], vec![0.0; window.len()]);
        rotate(window, 4, &[(0, 1)], &[(2, 3)], degrees, &mut there);
        rotate(&there, 4, &[(0, 1)], &[(2, 3)], -degrees, &mut back);
        for (x, was) in back.iter().zip(window) {
            prop_assert!((x - was).abs() < 1e-5, "{} came back as {}", was, x);
        }
    }

    #[test]
    fn numbers_of_resampled_frames_rise_and_lie_between_their_rows(
        steps in vec(0.001..3.0_f64, 1..50), begin in -100.0..100.0_f64, gap in 0..60_usize,
    ) {
        let (mut grid, mut places, mut at, mut times) = (Grid::default(), vec![], begin, vec![]);
        for (row, step) in steps.iter().enumerate() {
            if row == gap {
                grid.gap();
            }
            grid.row(row, at, NEAR, &mut places);
            times.push(at);
            at += step;
        }
        prop_assert!(places.windows(2).all(|pair| pair[0].number < pair[1].number));
        for Place { number, row, share } in places {
            prop_assert!((0.0..=1.0).contains(&share));
            let before = if row == 0 || row == gap { times[row] } else { times[row - 1] };
            prop_assert!(before - 1e-6 <= number as f64 && number as f64 <= times[row] + 1e-6);
        }
    }
}
