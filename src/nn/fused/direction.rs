//! Sequences in both orders of time: rows of ragged length, each turned round within its own recorded frames.
//!
//! All are time-major, [width * rows, values].

/// The step that stands at `t` when a row of `valid` recorded frames is turned round; what lies behind them stays.
fn turned(t: usize, valid: u32) -> usize {
    if t < valid as usize { valid as usize - 1 - t } else { t }
}

/// `x` with each row turned round.
pub fn reverse(x: &[f32], values: usize, valid_len: &[u32], reversed: &mut Vec<f32>) {
    let rows = valid_len.len();
    reversed.clear();
    for t in 0..x.len() / (rows * values) {
        for (row, &valid) in valid_len.iter().enumerate() {
            reversed.extend_from_slice(&x[(turned(t, valid) * rows + row) * values..][..values]);
        }
    }
}

/// Adds `reversed`, each row turned round, to `x`.
pub fn add_reversed(x: &mut [f32], values: usize, valid_len: &[u32], reversed: &[f32]) {
    let rows = valid_len.len();
    for (n, x) in x.chunks_exact_mut(values).enumerate() {
        let at = turned(n / rows, valid_len[n % rows]) * rows + n % rows;
        x.iter_mut().zip(&reversed[at * values..][..values]).for_each(|(x, r)| *x += r);
    }
}

/// The outputs of the last `steps` steps of both directions side by side, [steps * rows, padded]: `units` of the first
/// from `forward` [.., stride], then those of the second, turned round if all steps are wanted.
pub fn join(
    [forward, backward]: [&[f32]; 2],
    (units, stride, padded): (usize, usize, usize),
    valid_len: &[u32],
    steps: usize,
    joined: &mut Vec<f32>,
) {
    let rows = valid_len.len();
    let last = forward.len() / (rows * stride) - 1;
    joined.clear();
    joined.resize(steps * rows * padded, 0.0);
    for (n, joined) in joined.chunks_exact_mut(padded).enumerate() {
        let (t, row) = (n / rows, n % rows);
        // Of one step only the last states are wanted: the second direction has read frame 0 in its last one.
        let (at, back) = if steps == 1 { (last, last) } else { (t, turned(t, valid_len[row])) };
        joined[..units].copy_from_slice(&forward[(at * rows + row) * stride..][..units]);
        joined[units..2 * units].copy_from_slice(&backward[(back * rows + row) * stride..][..units]);
    }
}

/// The gradient of [`join`] for all steps: `d` [width * rows, padded] by the outputs of each direction.
pub fn split(
    d: &[f32],
    (units, stride, padded): (usize, usize, usize),
    valid_len: &[u32],
    [forward, backward]: [&mut Vec<f32>; 2],
) {
    let rows = valid_len.len();
    let size = d.len() / padded * stride;
    for part in [&mut *forward, &mut *backward] {
        part.clear();
        part.resize(size, 0.0);
    }
    for (n, d) in d.chunks_exact(padded).enumerate() {
        let back = turned(n / rows, valid_len[n % rows]) * rows + n % rows;
        forward[n * stride..][..units].copy_from_slice(&d[..units]);
        backward[back * stride..][..units].copy_from_slice(&d[units..2 * units]);
    }
}
