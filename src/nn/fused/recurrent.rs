//! A recurrent layer over whole windows, forward and backward through time.
//!
//! Sequences are time-major, [width * rows, values]: all rows of a time step lie together. A tile holds the four numbers
//! of 16 units for some rows, so a step is finished before anything is stored.

use pulp::Simd;

use super::cell::{Cell, Four};
use super::gru::Gru;
use super::lstm::Lstm;
use super::packed::{Matrix, Segments, multiply, multiply_transposed};
use super::pairs::pair_vectors;
use super::product::{Multiply, Product};
use super::shape::Shape;
use super::tile::{PANEL, add_product, most_rows, parts, tiles, vectors, vectors_mut, with_rows};
use crate::options::training::CellKind;

/// What the forward pass leaves behind for the gradient.
#[derive(Debug, Default)]
pub struct Trace {
    /// The saved numbers of each step, [panels][width * rows][4][16]; their gradients after the backward pass.
    pub saved: Vec<f32>,
    /// States before each step and after the last, [(width + 1) * rows, padded units].
    pub state: Vec<f32>,
    /// tanh of the states after each step.
    pub tanh: Vec<f32>,
    /// Hidden states before each step and after the last.
    pub h: Vec<f32>,
}

/// Memory that every layer uses again.
#[derive(Debug, Default)]
pub struct Scratch {
    /// [rows, padded units]
    carry: Vec<f32>,
    /// Pairs of what goes into a product.
    x: Vec<u32>,
    h: Vec<u32>,
    /// Pairs of gradients, [panels][width * rows][2][16].
    d: Vec<u32>,
}

/// The forward pass of a layer.
pub struct Forward<'a> {
    /// The layer.
    pub shape: &'a Shape,
    /// Buffer of parameters.
    pub parameters: &'a [f32],
    /// Buffer of pairs, if products are of pairs.
    pub pairs: &'a [u32],
    /// Inputs [width * rows, lda].
    pub x: &'a [f32],
    /// Values from one input row to the next.
    pub lda: usize,
    /// Recorded frames of each row: later steps carry the state.
    pub valid_len: &'a [u32],
    /// Whether a gradient is wanted; else only the hidden states are left behind.
    pub keep: bool,
    /// What is left behind.
    pub trace: &'a mut Trace,
    /// Memory.
    pub scratch: &'a mut Scratch,
}

impl Multiply for Forward<'_> {
    #[inline(always)]
    fn run<S: Simd, P: Product>(self, simd: S, product: P) {
        match self.shape.cell {
            CellKind::Lstm => self.cells::<S, P, Lstm>(simd, product),
            CellKind::Gru => self.cells::<S, P, Gru>(simd, product),
        }
    }
}

impl Forward<'_> {
    #[inline(always)]
    fn cells<S: Simd, P: Product, C: Cell>(self, simd: S, product: P) {
        let Self { shape, parameters, pairs, x, lda, valid_len, keep, trace, scratch } = self;
        let (rows, padded) = (valid_len.len(), shape.padded());
        let steps = x.len() / (rows * lda);
        let block = rows * padded;
        let kept = if keep { steps } else { 1 };
        trace.saved.resize(kept * block * 4, 0.0);
        trace.tanh.resize(kept * block, 0.0);
        for (state, steps) in [(&mut trace.state, kept), (&mut trace.h, steps)] {
            state.resize((steps + 1) * block, 0.0);
            state[..block].fill(0.0);
        }
        let shortest = valid_len.iter().copied().min().unwrap_or(0) as usize;
        let weight_x = P::choose((shape.weight_x, parameters), (shape.pairs[0], pairs));
        let weight_h = P::choose((shape.weight_h, parameters), (shape.pairs[1], pairs));
        let x = P::along(simd, x, lda, shape.inputs, &mut scratch.x);
        for t in 0..steps {
            let (h, h_next) = trace.h[t * block..(t + 2) * block].split_at_mut(block);
            let before = P::along(simd, h, padded, shape.units, &mut scratch.h);
            let here = if keep { t } else { 0 };
            let (state, state_next) = trace.state[here * block..(here + 2) * block].split_at_mut(block);
            let tanh = &mut trace.tanh[here * block..(here + 1) * block];
            for panel in 0..padded / PANEL {
                let saved = &mut trace.saved[(panel * kept + here) * rows * 4 * PANEL..][..rows * 4 * PANEL];
                for (row, count) in tiles(rows, most_rows::<S>()) {
                    with_rows!(S, count, R => {
                        for s in 0..parts::<S>() {
                            let mut of_x: [&[P::Item]; R] = [&[]; R];
                            let mut of_h = of_x;
                            for r in 0..R {
                                of_x[r] = x.segment(t * rows + row + r, 0);
                                of_h[r] = before.segment(row + r, 0);
                            }
                            let bias = &parameters[shape.bias..];
                            let sides = [(weight_x, of_x), (weight_h, of_h)];
                            let z = gates::<S, P, C, R>(simd, product, bias, panel, s, sides);
                            for r in 0..R {
                                let at = (row + r) * padded + panel * PANEL + s * S::F32_LANES;
                                let of = at..at + S::F32_LANES;
                                let step = C::step(simd, z[r], vectors::<S>(&state[of.clone()])[0]);
                                vectors_mut::<S>(&mut state_next[of.clone()])[0] = step.state;
                                vectors_mut::<S>(&mut h_next[of.clone()])[0] = step.h;
                                if !keep {
                                    continue;
                                }
                                vectors_mut::<S>(&mut tanh[of])[0] = step.tanh;
                                let saved = vectors_mut::<S>(&mut saved[(row + r) * 4 * PANEL..][..4 * PANEL]);
                                for k in 0..4 {
                                    saved[k * parts::<S>() + s] = step.saved[k];
                                }
                            }
                        }
                    });
                }
            }
            if t >= shortest {
                for row in (0..rows).filter(|&row| t >= valid_len[row] as usize) {
                    let of = row * padded..(row + 1) * padded;
                    h_next[of.clone()].copy_from_slice(&h[of.clone()]);
                    state_next[of.clone()].copy_from_slice(&state[of]);
                }
            }
            if !keep {
                state.copy_from_slice(state_next);
            }
        }
    }
}

/// Weights, and what they multiply of each row.
type Side<'a, T, const R: usize> = (Matrix<'a, T>, [&'a [T]; R]);

/// The four numbers of a vector of units, for some rows.
#[inline(always)]
fn gates<S: Simd, P: Product, C: Cell, const R: usize>(
    simd: S,
    product: P,
    bias: &[f32],
    panel: usize,
    s: usize,
    [x, h]: [Side<'_, P::Item, R>; 2],
) -> [Four<S>; R] {
    let q = parts::<S>();
    let biases = C::BIASES.len() * PANEL;
    let bias = vectors::<S>(&bias[panel * biases..][..biases]);
    let mut start = [simd.splat_f32s(0.0); 4];
    for (b, &k) in C::BIASES.iter().enumerate() {
        start[k] = simd.add_f32s(start[k], bias[b * q + s]);
    }
    let mut z = [start; R];
    for ((weight, a), numbers) in [(x, C::X), (h, C::H)] {
        let size = weight.shape.inner * weight.shape.group;
        let of_panel = P::vectors::<S>(&weight.values[panel * size..][..size]);
        if C::GATES == 4 {
            add_product(simd, product, &mut z, a, of_panel, 4 * q, s, q);
        } else {
            let mut three = [[simd.splat_f32s(0.0); 3]; R];
            for r in 0..R {
                for k in 0..3 {
                    three[r][k] = z[r][numbers[k]];
                }
            }
            add_product(simd, product, &mut three, a, of_panel, 3 * q, s, q);
            for r in 0..R {
                for k in 0..3 {
                    z[r][numbers[k]] = three[r][k];
                }
            }
        }
    }
    z
}

/// The backward pass of a layer, after its [`Forward`].
pub struct Backward<'a> {
    /// The layer.
    pub shape: &'a Shape,
    /// Buffer of transposes.
    pub transposed: &'a [f32],
    /// Buffer of pairs, if products are of pairs.
    pub pairs: &'a [u32],
    /// Inputs [width * rows, lda].
    pub x: &'a [f32],
    /// Values from one input row to the next.
    pub lda: usize,
    /// Recorded frames of each row.
    pub valid_len: &'a [u32],
    /// What the forward pass left.
    pub trace: &'a mut Trace,
    /// d loss / d h after each step [width * rows, padded units]; used up.
    pub dh: &'a mut [f32],
    /// Buffer of gradients: added to.
    pub gradients: &'a mut [f32],
    /// d loss / d x [width * rows, padded inputs], if wanted: added to.
    pub dx: Option<&'a mut [f32]>,
    /// Memory.
    pub scratch: &'a mut Scratch,
}

impl Multiply for Backward<'_> {
    #[inline(always)]
    fn run<S: Simd, P: Product>(self, simd: S, product: P) {
        match self.shape.cell {
            CellKind::Lstm => self.cells::<S, P, Lstm>(simd, product),
            CellKind::Gru => self.cells::<S, P, Gru>(simd, product),
        }
    }
}

impl Backward<'_> {
    #[inline(always)]
    fn cells<S: Simd, P: Product, C: Cell>(self, simd: S, product: P) {
        let Self { shape, transposed, pairs, x, lda, valid_len, trace, dh, gradients, dx, scratch } = self;
        let Scratch { carry, x: of_x, h: of_h, d: of_d } = scratch;
        let (rows, padded, panels) = (valid_len.len(), shape.padded(), shape.padded() / PANEL);
        let (block, q) = (rows * padded, parts::<S>());
        let steps = dh.len() / block;
        let Trace { saved, state, tanh, h } = trace;
        let size = steps * rows * 4 * PANEL;
        carry.clear();
        carry.resize(block, 0.0);
        let transposed_x = P::choose((shape.transposed_x, transposed), (shape.pairs[2], pairs));
        let transposed_h = P::choose((shape.transposed_h, transposed), (shape.pairs[3], pairs));
        if P::DEPTH == 2 {
            of_d.resize(panels * size / 2, 0);
        }
        for t in (0..steps).rev() {
            let (earlier, dh) = dh[..(t + 1) * block].split_at_mut(t * block);
            for panel in 0..panels {
                let saved = &mut saved[panel * size + t * rows * 4 * PANEL..][..rows * 4 * PANEL];
                for (row, saved) in saved.chunks_exact_mut(4 * PANEL).enumerate() {
                    if t >= valid_len[row] as usize {
                        saved.fill(0.0);
                        if P::DEPTH == 2 {
                            of_d[panel * size / 2 + (t * rows + row) * 2 * PANEL..][..2 * PANEL].fill(0);
                        }
                        continue;
                    }
                    let saved = vectors_mut::<S>(saved);
                    let of = row * padded + panel * PANEL..row * padded + (panel + 1) * PANEL;
                    let before = vectors::<S>(&state[t * block..][of.clone()]);
                    let tanh = vectors::<S>(&tanh[t * block..][of.clone()]);
                    let dh = vectors::<S>(&dh[of.clone()]);
                    let carry = vectors_mut::<S>(&mut carry[of]);
                    for s in 0..q {
                        let four = [saved[s], saved[q + s], saved[2 * q + s], saved[3 * q + s]];
                        let (d, on) = C::gradient(simd, four, before[s], tanh[s], dh[s], carry[s]);
                        carry[s] = on;
                        for k in 0..4 {
                            saved[k * q + s] = d[k];
                        }
                        if P::DEPTH == 2 {
                            let at = panel * size / 2 + (t * rows + row) * 2 * PANEL;
                            let pairs = S::as_mut_simd_u32s(&mut of_d[at..][..2 * PANEL]).0;
                            for k in 0..2 {
                                pairs[k * q + s] = pair_vectors(simd, d[2 * k], d[2 * k + 1]);
                            }
                        }
                    }
                }
            }
            if t > 0 {
                let before = &mut earlier[(t - 1) * block..];
                let a = Numbers::new::<P>(P::items(saved, of_d), size, t * rows, C::H);
                multiply(simd, product, before, rows, transposed_h, panels * a.runs.0, a);
                for row in (0..rows).filter(|&row| t >= valid_len[row] as usize) {
                    let of = row * padded..(row + 1) * padded;
                    before[of.clone()].iter_mut().zip(&dh[of]).for_each(|(before, d)| *before += d);
                }
            }
        }
        if let Some(dx) = dx {
            let a = Numbers::new::<P>(P::items(saved, of_d), size, 0, C::X);
            multiply(simd, product, dx, steps * rows, transposed_x, panels * a.runs.0, a);
        }
        let x = P::across(simd, x, lda, of_x);
        let h = P::across(simd, &h[..steps * block], padded, of_h);
        for panel in 0..panels {
            let saved = &saved[panel * size..][..size];
            let d = P::across(simd, saved, 4 * PANEL, of_d);
            for (weight, a, lda, numbers) in [(&shape.weight_x, x, lda, C::X), (&shape.weight_h, h, padded, C::H)] {
                let group = weight.inner * weight.group;
                let sum = &mut gradients[weight.offset + panel * group..][..group];
                if C::GATES == 4 {
                    multiply_transposed::<S, P, 4>(simd, product, sum, 4, 0, weight.inner, a, lda, d, 4, [0, 1, 2, 3]);
                } else {
                    let numbers = [numbers[0], numbers[1], numbers[2]];
                    multiply_transposed::<S, P, 3>(simd, product, sum, 3, 0, weight.inner, a, lda, d, 4, numbers);
                }
            }
            let biases = C::BIASES.len() * PANEL;
            let sum = vectors_mut::<S>(&mut gradients[shape.bias + panel * biases..][..biases]);
            for s in 0..q {
                let mut four = [simd.splat_f32s(0.0); 4];
                for d in vectors::<S>(saved).chunks_exact(4 * q) {
                    for k in 0..4 {
                        four[k] = simd.add_f32s(four[k], d[k * q + s]);
                    }
                }
                for (b, &k) in C::BIASES.iter().enumerate() {
                    sum[b * q + s] = simd.add_f32s(sum[b * q + s], four[k]);
                }
            }
        }
    }
}

/// The saved numbers as rows of a product, from row `first` on.
#[derive(Clone, Copy)]
struct Numbers<'a, T> {
    /// [panels][rows][4][16], or [panels][rows][2][16] pairs.
    values: &'a [T],
    /// Of a panel, and of a row of it.
    size: usize,
    row: usize,
    first: usize,
    /// Those that count.
    runs: (usize, [(usize, usize); 2]),
}

impl<'a, T> Numbers<'a, T> {
    /// `size` values of a panel, of which the `numbers` count; pairs count always, for weights that do not are 0.
    #[inline(always)]
    fn new<P: Product<Item = T>>(values: &'a [T], size: usize, first: usize, numbers: &[usize]) -> Self {
        let runs = if P::DEPTH == 2 { (1, [(0, 2), (0, 0)]) } else { runs(numbers) };
        Self { values, size: size / P::DEPTH, row: 4 * PANEL / P::DEPTH, first, runs }
    }
}

impl<'a, T: Copy> Segments<'a, T> for Numbers<'a, T> {
    #[inline(always)]
    fn segment(&self, row: usize, segment: usize) -> &'a [T] {
        let (count, runs) = self.runs;
        let (panel, run) = if count == 1 { (segment, 0) } else { (segment / 2, segment % 2) };
        let (from, to) = runs[run];
        &self.values[panel * self.size + (self.first + row) * self.row..][from * PANEL..to * PANEL]
    }
}

/// The numbers of a panel as runs without a gap: how many, and (from, to) of each.
#[inline(always)]
fn runs(numbers: &[usize]) -> (usize, [(usize, usize); 2]) {
    match *numbers {
        [0, 1, 3] => (2, [(0, 2), (3, 4)]),
        _ => (1, [(0, numbers.len()), (0, 0)]),
    }
}
