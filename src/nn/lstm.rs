//! The LSTM cell, forward and backward, for one row at one time step.
//!
//! Hochreiter and Schmidhuber 1997 with forget gates (Gers 2000), gates in the order i, f, g, o:
//! `c' = f * c + i * g`, `h' = o * tanh(c')`, with i, f, o by sigmoid and g by tanh of `z = x W_ih^T + h W_hh^T + b`.
//! Initial h and c are zero.

use super::activation::{sigmoid, tanh};

/// One step. `z` [4 * units] holds pre-activations and leaves as activated gates; `c` and `h` leave as the new state.
pub fn step(z: &mut [f32], c: &mut [f32], tanh_c: &mut [f32], h: &mut [f32]) {
    let units = c.len();
    let (i, rest) = z.split_at_mut(units);
    let (f, rest) = rest.split_at_mut(units);
    let (g, o) = rest.split_at_mut(units);
    let (o, tanh_c, h) = (&mut o[..units], &mut tanh_c[..units], &mut h[..units]);
    for j in 0..units {
        i[j] = sigmoid(i[j]);
        f[j] = sigmoid(f[j]);
        g[j] = tanh(g[j]);
        o[j] = sigmoid(o[j]);
        c[j] = f[j] * c[j] + i[j] * g[j];
        tanh_c[j] = tanh(c[j]);
        h[j] = o[j] * tanh_c[j];
    }
}

/// The gradient of [`step`]. `gates` [4 * units] enters as [`step`] left it and leaves as d loss / d z; `dc` enters as
/// d loss / d c' and leaves as d loss / d c. `c_before` is the cell state before the step; `None` is zero.
pub fn step_gradient(gates: &mut [f32], tanh_c: &[f32], c_before: Option<&[f32]>, dh: &[f32], dc: &mut [f32]) {
    let units = dc.len();
    let (i, rest) = gates.split_at_mut(units);
    let (f, rest) = rest.split_at_mut(units);
    let (g, o) = rest.split_at_mut(units);
    let (o, tanh_c, dh) = (&mut o[..units], &tanh_c[..units], &dh[..units]);
    for j in 0..units {
        let dcj = dc[j] + dh[j] * o[j] * (1.0 - tanh_c[j] * tanh_c[j]);
        let (ij, fj, gj) = (i[j], f[j], g[j]);
        i[j] = dcj * gj * ij * (1.0 - ij);
        f[j] = dcj * fj * (1.0 - fj);
        g[j] = dcj * ij * (1.0 - gj * gj);
        o[j] = dh[j] * tanh_c[j] * o[j] * (1.0 - o[j]);
        dc[j] = dcj * fj;
    }
    match c_before {
        Some(c) => f.iter_mut().zip(c).for_each(|(f, c)| *f *= c),
        None => f.fill(0.0),
    }
}
