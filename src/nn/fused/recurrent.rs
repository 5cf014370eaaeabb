//! A recurrent layer over whole windows, forward and backward through time.
//!
//! Sequences are time-major, [width * rows, values]: all rows of a time step lie together. A tile holds the four numbers
//! of 16 units for some rows, so a step is finished before anything is stored.

use pulp::{Simd, WithSimd};

use super::cell::{Cell, Four};
use super::gru::Gru;
use super::lstm::Lstm;
use super::packed::{Packed, Segments, multiply, multiply_transposed};
use super::tile::{PANEL, add_product, most_rows, parts, tiles, vectors, vectors_mut, with_rows};
use crate::options::training::CellKind;

/// Where the parameters of a layer lie, and their transposes.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// What it is made of.
    pub cell: CellKind,
    /// Values of a frame.
    pub inputs: usize,
    /// Units.
    pub units: usize,
    /// Weights of inputs and of hidden states, in panels of 16 units with all their gates.
    pub weight_x: Packed,
    /// Weights of hidden states.
    pub weight_h: Packed,
    /// Biases: [panels][biases][16].
    pub bias: usize,
    /// Transposes, in a buffer of their own.
    pub transposed_x: Packed,
    /// Transpose of the weights of hidden states.
    pub transposed_h: Packed,
}

impl Shape {
    /// A layer whose parameters begin at `offset`, their transposes at `transposed`.
    pub fn new(cell: CellKind, inputs: usize, units: usize, offset: usize, transposed: usize) -> Self {
        let gates = gates_and_biases(cell).0;
        let columns = units.next_multiple_of(PANEL) * gates;
        let weight = |offset, inner| Packed { offset, inner, columns, group: gates * PANEL };
        let weight_x = weight(offset, inputs);
        let weight_h = weight(weight_x.end(), units);
        let transposed_x = Packed::wide(transposed, columns, inputs);
        let transposed_h = Packed::wide(transposed_x.end(), columns, units);
        Self { cell, inputs, units, weight_x, weight_h, bias: weight_h.end(), transposed_x, transposed_h }
    }

    /// Units, with those that pad.
    pub fn padded(&self) -> usize {
        self.units.next_multiple_of(PANEL)
    }

    /// Where the next parameter begins.
    pub fn end(&self) -> usize {
        self.bias + self.padded() * gates_and_biases(self.cell).1
    }
}

/// Weights of a unit for each input, and biases of a unit.
pub fn gates_and_biases(cell: CellKind) -> (usize, usize) {
    match cell {
        CellKind::Lstm => (Lstm::GATES, Lstm::BIASES.len()),
        CellKind::Gru => (Gru::GATES, Gru::BIASES.len()),
    }
}

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

/// The forward pass of a layer.
pub struct Forward<'a> {
    /// The layer.
    pub shape: &'a Shape,
    /// Buffer of parameters.
    pub parameters: &'a [f32],
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
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.shape.cell {
            CellKind::Lstm => self.run::<S, Lstm>(simd),
            CellKind::Gru => self.run::<S, Gru>(simd),
        }
    }
}

impl Forward<'_> {
    #[inline(always)]
    fn run<S: Simd, C: Cell>(self, simd: S) {
        let Self { shape, parameters, x, lda, valid_len, keep, trace } = self;
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
        for t in 0..steps {
            let (h, h_next) = trace.h[t * block..(t + 2) * block].split_at_mut(block);
            let here = if keep { t } else { 0 };
            let (state, state_next) = trace.state[here * block..(here + 2) * block].split_at_mut(block);
            let tanh = &mut trace.tanh[here * block..(here + 1) * block];
            for panel in 0..padded / PANEL {
                let saved = &mut trace.saved[(panel * kept + here) * rows * 4 * PANEL..][..rows * 4 * PANEL];
                for (row, count) in tiles(rows, most_rows::<S>()) {
                    with_rows!(S, count, R => {
                        for s in 0..parts::<S>() {
                            let (mut of_x, mut of_h): ([&[f32]; R], [&[f32]; R]) = ([&[]; R], [&[]; R]);
                            for r in 0..R {
                                of_x[r] = &x[(t * rows + row + r) * lda..][..shape.inputs];
                                of_h[r] = &h[(row + r) * padded..][..shape.units];
                            }
                            let z = gates::<S, C, R>(simd, shape, parameters, panel, s, of_x, of_h);
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

/// The four numbers of a vector of units, for some rows.
#[inline(always)]
fn gates<S: Simd, C: Cell, const R: usize>(
    simd: S,
    shape: &Shape,
    parameters: &[f32],
    panel: usize,
    s: usize,
    x: [&[f32]; R],
    h: [&[f32]; R],
) -> [Four<S>; R] {
    let q = parts::<S>();
    let biases = C::BIASES.len() * PANEL;
    let bias = vectors::<S>(&parameters[shape.bias + panel * biases..][..biases]);
    let mut start = [simd.splat_f32s(0.0); 4];
    for (b, &k) in C::BIASES.iter().enumerate() {
        start[k] = simd.add_f32s(start[k], bias[b * q + s]);
    }
    let of_panel = |weight: &Packed| {
        let size = weight.inner * weight.group;
        vectors::<S>(&parameters[weight.offset + panel * size..][..size])
    };
    let mut z = [start; R];
    for (weight, a, numbers) in [(&shape.weight_x, x, C::X), (&shape.weight_h, h, C::H)] {
        if C::GATES == 4 {
            add_product(simd, &mut z, a, of_panel(weight), 4 * q, s, q);
        } else {
            let mut three = [[simd.splat_f32s(0.0); 3]; R];
            for r in 0..R {
                for k in 0..3 {
                    three[r][k] = z[r][numbers[k]];
                }
            }
            add_product(simd, &mut three, a, of_panel(weight), 3 * q, s, q);
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
    /// Memory for [rows, padded units].
    pub carry: &'a mut Vec<f32>,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.shape.cell {
            CellKind::Lstm => self.run::<S, Lstm>(simd),
            CellKind::Gru => self.run::<S, Gru>(simd),
        }
    }
}

impl Backward<'_> {
    #[inline(always)]
    fn run<S: Simd, C: Cell>(self, simd: S) {
        let Self { shape, transposed, x, lda, valid_len, trace, dh, gradients, dx, carry } = self;
        let (rows, padded, panels) = (valid_len.len(), shape.padded(), shape.padded() / PANEL);
        let (block, q) = (rows * padded, parts::<S>());
        let steps = dh.len() / block;
        let Trace { saved, state, tanh, h } = trace;
        let size = steps * rows * 4 * PANEL;
        carry.clear();
        carry.resize(block, 0.0);
        let transposed_h = shape.transposed_h.of(transposed);
        for t in (0..steps).rev() {
            let (earlier, dh) = dh[..(t + 1) * block].split_at_mut(t * block);
            for panel in 0..panels {
                let saved = &mut saved[panel * size + t * rows * 4 * PANEL..][..rows * 4 * PANEL];
                for (row, saved) in saved.chunks_exact_mut(4 * PANEL).enumerate() {
                    if t >= valid_len[row] as usize {
                        saved.fill(0.0);
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
                    }
                }
            }
            if t > 0 {
                let before = &mut earlier[(t - 1) * block..];
                let a = Numbers { values: saved, size, first: t * rows, runs: runs(C::H) };
                multiply(simd, before, rows, shape.transposed_h, transposed_h, panels * a.runs.0, a);
                for row in (0..rows).filter(|&row| t >= valid_len[row] as usize) {
                    let of = row * padded..(row + 1) * padded;
                    before[of.clone()].iter_mut().zip(&dh[of]).for_each(|(before, d)| *before += d);
                }
            }
        }
        for panel in 0..panels {
            let d = &saved[panel * size..][..size];
            for (weight, a, lda, numbers) in
                [(&shape.weight_x, x, lda, C::X), (&shape.weight_h, &h[..steps * block], padded, C::H)]
            {
                let group = weight.inner * weight.group;
                let sum = &mut gradients[weight.offset + panel * group..][..group];
                if C::GATES == 4 {
                    multiply_transposed::<S, 4>(simd, sum, 4, 0, weight.inner, a, lda, d, 4, [0, 1, 2, 3]);
                } else {
                    let numbers = [numbers[0], numbers[1], numbers[2]];
                    multiply_transposed::<S, 3>(simd, sum, 3, 0, weight.inner, a, lda, d, 4, numbers);
                }
            }
            let biases = C::BIASES.len() * PANEL;
            let sum = vectors_mut::<S>(&mut gradients[shape.bias + panel * biases..][..biases]);
            for s in 0..q {
                let mut four = [simd.splat_f32s(0.0); 4];
                for d in vectors::<S>(d).chunks_exact(4 * q) {
                    for k in 0..4 {
                        four[k] = simd.add_f32s(four[k], d[k * q + s]);
                    }
                }
                for (b, &k) in C::BIASES.iter().enumerate() {
                    sum[b * q + s] = simd.add_f32s(sum[b * q + s], four[k]);
                }
            }
        }
        if let Some(dx) = dx {
            let a = Numbers { values: saved, size, first: 0, runs: runs(C::X) };
            let weight = shape.transposed_x.of(transposed);
            multiply(simd, dx, steps * rows, shape.transposed_x, weight, panels * a.runs.0, a);
        }
    }
}

/// The saved numbers as rows of a product, from row `first` on.
#[derive(Clone, Copy)]
struct Numbers<'a> {
    /// [panels][rows][4][16]
    values: &'a [f32],
    /// Values of a panel.
    size: usize,
    first: usize,
    /// Those that count.
    runs: (usize, [(usize, usize); 2]),
}

impl<'a> Segments<'a> for Numbers<'a> {
    #[inline(always)]
    fn segment(&self, row: usize, segment: usize) -> &'a [f32] {
        let (count, runs) = self.runs;
        let (panel, run) = if count == 1 { (segment, 0) } else { (segment / 2, segment % 2) };
        let (from, to) = runs[run];
        &self.values[panel * self.size + (self.first + row) * 4 * PANEL..][from * PANEL..to * PANEL]
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
