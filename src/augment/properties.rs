//! What holds for every kernel, over random windows.

use super::joint_drop::JointDrop;
use super::magnitude_warp::MagnitudeWarp;
use super::permutation::Permutation;
use super::time_mask::TimeMask;
use super::time_warp::TimeWarp;
use super::window_slice::WindowSlice;
use super::{drawn, rotate, scale, speed};
use crate::random::Stream;

/// Changes a window of [frames, D] values into another one.
type Kernel = Box<dyn Fn(&[f32], &mut [f32])>;

/// Frames and features of the windows that are tried, the smallest ones among them.
const SHAPES: [(usize, usize); 8] = [(0, 1), (0, 5), (1, 1), (1, 6), (2, 1), (2, 4), (7, 3), (30, 8)];

/// How much the kernels do: nothing, something or far too much.
#[derive(Debug, Clone, Copy)]
struct Strength {
    degrees: f64,
    factor: f64,
    sigma: f64,
    share: f64,
    segments: usize,
}

const NOTHING: Strength = Strength { degrees: 0.0, factor: 1.0, sigma: 0.0, share: 0.0, segments: 1 };
const SOMETHING: Strength = Strength { degrees: 27.0, factor: 1.2, sigma: 0.3, share: 0.3, segments: 3 };
const TOO_MUCH: Strength = Strength { degrees: 1e9, factor: 1e3, sigma: 1e300, share: 1.0, segments: 1000 };

/// Every kernel, drawn for a window: its features are x, y, x, y ... and the last one a velocity as well.
fn kernels(frames: usize, dim: usize, strength: Strength, stream: &mut Stream) -> Vec<(&'static str, Kernel)> {
    let Strength { degrees, factor, sigma, share, segments } = strength;
    let points: Vec<(usize, usize)> = (0..dim / 4).map(|p| (2 * p, 2 * p + 1)).collect();
    let vectors: Vec<(usize, usize)> = (dim / 4..dim / 2).map(|p| (2 * p, 2 * p + 1)).collect();
    let axes = vec![(0..dim / 2).collect(), vec![]];
    let magnitudes: Vec<usize> = (dim / 2..dim).collect();
    let joints: Vec<Vec<usize>> = (0..dim).map(|d| vec![d]).collect();
    let (last, also_last, still_last) = (vec![dim - 1], vec![dim - 1], vec![dim - 1]);
    let time_warp = TimeWarp::draw(3, sigma, stream);
    let magnitude_warp = MagnitudeWarp::draw(dim, 3, sigma, stream);
    let slice = WindowSlice::draw(frames, 1.0 - share, stream);
    let mask = TimeMask::draw(frames, share, stream);
    let drop = JointDrop::draw(joints.len(), share, stream);
    let permutation = Permutation::draw(frames, segments, stream);
    vec![
        ("rotate", Box::new(move |old, new| rotate::rotate(old, dim, &points, &vectors, degrees, new))),
        ("scale", Box::new(move |old, new| scale::scale(old, dim, &axes, &magnitudes, factor, new))),
        ("speed", Box::new(move |old, new| speed::resample(old, dim, frames, factor, &still_last, new))),
        ("time_warp", Box::new(move |old, new| time_warp.apply(old, dim, &last, new))),
        ("magnitude_warp", Box::new(move |old, new| magnitude_warp.apply(old, dim, new))),
        ("window_slice", Box::new(move |old, new| slice.apply(old, dim, &also_last, new))),
        ("time_mask", Box::new(move |old, new| mask.apply(old, dim, new))),
        ("joint_drop", Box::new(move |old, new| drop.apply(old, dim, &joints, new))),
        ("permutation", Box::new(move |old, new| permutation.apply(old, dim, new))),
    ]
}

/// Normal numbers, of which a share is missing: NaNs that each have bits of their own, quiet and signalling ones.
fn window(frames: usize, dim: usize, missing: f64, stream: &mut Stream) -> Vec<f32> {
    let value = |i: usize| match stream.uniform() < missing {
        true => f32::from_bits([0x7fc0_0000, 0xffc0_0000, 0x7fa0_0000][i % 3] | (i as u32 + 1)),
        false => stream.normal_pair().0 as f32,
    };
    (0..frames * dim).map(value).collect()
}

fn bits(window: &[f32]) -> Vec<u32> {
    window.iter().map(|x| x.to_bits()).collect()
}

/// Calls `check` with what each kernel makes of random windows: its name, the window, and the result.
fn each(strength: Strength, missing: &[f64], largest: f32, check: impl Fn(&str, usize, &[f32], &[f32])) {
    let mut stream = Stream::new(11, &["properties"]);
    for (frames, dim) in SHAPES {
        for &missing in missing.iter().cycle().take(60) {
            let mut old = window(frames, dim, missing, &mut stream);
            old.iter_mut().filter(|x| x.is_finite()).for_each(|x| *x = (*x * largest).clamp(-f32::MAX, f32::MAX));
            for (name, kernel) in kernels(frames, dim, strength, &mut stream) {
                let mut new = vec![f32::from_bits(0x7fff_ffff); old.len()];
                kernel(&old, &mut new);
                check(name, dim, &old, &new);
            }
        }
    }
}

#[test]
fn nothing_changes_no_bit() {
    each(NOTHING, &[0.0, 0.3, 1.0], 1.0, |name, _, old, new| assert_eq!(bits(new), bits(old), "{name}"));
    each(NOTHING, &[0.3], f32::MAX, |name, _, old, new| assert_eq!(bits(new), bits(old), "{name}"));
    each(NOTHING, &[0.3], 1e-45, |name, _, old, new| assert_eq!(bits(new), bits(old), "{name}"));
}

#[test]
fn missing_values_keep_their_bits() {
    for (strength, largest) in [(SOMETHING, 1.0), (TOO_MUCH, 1.0), (SOMETHING, f32::MAX)] {
        each(strength, &[0.0, 0.1, 0.5, 1.0], largest, |name, dim, old, new| {
            let in_place = ["scale", "magnitude_warp", "time_mask", "joint_drop"].contains(&name);
            for (i, value) in new.iter().enumerate() {
                let d = i % dim;
                // Rotation takes the bits of a feature or of the other one of its pair, time those of any frame.
                let sources = old.iter().enumerate().filter(|(j, _)| match name {
                    "rotate" => *j == i || (j / dim == i / dim && j % dim == d ^ 1),
                    _ if in_place => *j == i,
                    _ => j % dim == d,
                });
                let mut missing = sources.filter(|(_, x)| x.is_nan());
                if value.is_nan() {
                    assert!(missing.any(|(_, x)| x.to_bits() == value.to_bits()), "{name} made {:x}", value.to_bits());
                } else if in_place {
                    assert_eq!(missing.next(), None, "{name} filled a missing value");
                }
            }
        });
    }
}

#[test]
fn where_a_mean_or_a_place_is_finite_so_is_the_result() {
    each(SOMETHING, &[0.0], f32::MAX, |name, _, _, new| {
        let may_be_infinite = ["rotate", "scale", "speed", "time_warp", "magnitude_warp"].contains(&name);
        assert!(may_be_infinite || new.iter().all(|x| x.is_finite()), "{name}");
        assert!(new.iter().all(|x| !x.is_nan()), "{name}");
    });
}

#[test]
fn infinite_values_make_no_missing_ones() {
    let mut stream = Stream::new(13, &["properties"]);
    for (frames, dim) in SHAPES {
        let infinite = |x: f32| {
            if x > 1.0 {
                f32::INFINITY
            } else if x < -1.0 {
                f32::NEG_INFINITY
            } else {
                x
            }
        };
        let old: Vec<f32> = window(frames, dim, 0.0, &mut stream).into_iter().map(infinite).collect();
        for (name, kernel) in kernels(frames, dim, SOMETHING, &mut stream) {
            let mut new = vec![f32::NAN; old.len()];
            kernel(&old, &mut new);
            assert!(new.iter().all(|x| !x.is_nan()), "{name} {old:?} {new:?}");
        }
    }
}

#[test]
fn the_opposite_angle_turns_back() {
    let mut stream = Stream::new(12, &["properties"]);
    for _ in 0..200 {
        let (old, degrees) = (window(20, 7, 0.1, &mut stream), drawn::between(-720.0, 720.0, &mut stream));
        let (mut there, mut back) = (vec![0.0; old.len()], vec![0.0; old.len()]);
        rotate::rotate(&old, 7, &[(0, 1), (4, 2)], &[(5, 6)], degrees, &mut there);
        rotate::rotate(&there, 7, &[(0, 1), (4, 2)], &[(5, 6)], -degrees, &mut back);
        for ((was, is), once) in old.iter().zip(&back).zip(&there) {
            assert!(once.is_nan() && is.is_nan() || (was - is).abs() < 1e-5, "{degrees} {was} {is}");
        }
    }
}
