//! The whole stack over a few rows: forward, and the gradient by every parameter.

use pulp::Arch;

use super::layout::Layout;
use super::product::Products;
use super::recurrent::{self, Scratch, Trace};
use super::shape::Shape;
use super::tile::PANEL;
use super::{attention, dense, direction};
use crate::nn::config::ModelConfig;
use crate::nn::dropout::{Dropouts, input_name};

/// The net with its parameters.
pub struct Network<'a> {
    /// What computes.
    pub arch: Arch,
    /// What it multiplies.
    pub products: Products,
    /// Layers.
    pub config: &'a ModelConfig,
    /// Places.
    pub layout: &'a Layout,
    /// All parameters.
    pub parameters: &'a [f32],
    /// The transposes of their weights.
    pub transposed: &'a [f32],
    /// Weights and transposes as pairs, if they are multiplied.
    pub pairs: &'a [u32],
}

/// What goes through the net together.
pub struct Rows<'a> {
    /// Windows [rows, width, features].
    pub features: &'a [f32],
    /// Recorded frames of each row.
    pub valid_len: &'a [u32],
    /// With the epoch and the name of each row; `None` outside training.
    pub dropout: Option<(&'a Dropouts, u64, &'a [&'a str])>,
}

/// Buffers that are used again from step to step, one set for each thread.
#[derive(Default)]
pub struct Workspace {
    /// Of each recurrent layer.
    layers: Vec<Recurrent>,
    attention: attention::Trace,
    /// What each dense layer reads.
    inputs: Vec<Vec<f32>>,
    /// What each dense layer's input was multiplied by: dropout, and 0 or 1 by relu. Empty if by nothing.
    factors: Vec<Vec<f32>>,
    /// Logits [rows, padded classes].
    logits: Vec<f32>,
    /// d loss / d the output of the layer that is looked at, and the one below.
    d: Vec<f32>,
    dx: Vec<f32>,
    scratch: Scratch,
}

/// Buffers of a recurrent layer.
#[derive(Default)]
struct Recurrent {
    /// What it reads, time-major, as it is and turned round.
    x: [Vec<f32>; 2],
    /// What it read was multiplied by this: dropout of what lies below. Empty if by nothing.
    factors: Vec<f32>,
    /// And then, for each direction, each step by this: input dropout [rows, values]. Empty if by nothing.
    input_factors: [Vec<f32>; 2],
    traces: [Trace; 2],
    dh: [Vec<f32>; 2],
}

impl Network<'_> {
    /// Writes logits [rows, classes], of which a gradient can be taken if `keep`.
    pub fn logits(&self, rows: &Rows<'_>, keep: bool, work: &mut Workspace, logits: &mut [f32]) {
        let Self { arch, products, config, layout, parameters, pairs, .. } = *self;
        let (recurrent, dense) = (layout.recurrent.len(), layout.dense.len());
        let (count, valid_len) = (rows.valid_len.len(), rows.valid_len);
        // The pooled vector is what the first dense layer reads.
        work.layers.resize_with(recurrent + 1, Recurrent::default);
        work.inputs.resize_with(dense, Vec::new);
        work.factors.resize_with(dense, Vec::new);
        let mut lda = config.features;
        time_major(rows.features, config.width, count, &mut work.layers[0].x[0]);
        for (index, directions) in layout.recurrent.iter().enumerate() {
            let (below, above) = work.layers.split_at_mut(index + 1);
            let (layer, above) = (&mut below[index], &mut above[0]);
            if directions.len() == 2 {
                let [x, reversed] = &mut layer.x;
                direction::reverse(x, lda, valid_len, reversed);
            }
            for (k, shape) in directions.iter().enumerate() {
                let factors = &mut layer.input_factors[k];
                factors.clear();
                if let Some((dropouts, epoch, keys)) = rows.dropout {
                    let name = input_name(config, index, k);
                    dropouts.input.padded_mask(epoch, keys, &name, shape.inputs, lda, 1, factors);
                }
                multiply_steps(&mut layer.x[k], factors);
            }
            for (k, shape) in directions.iter().enumerate() {
                let (x, trace, scratch) = (&layer.x[k], &mut layer.traces[k], &mut work.scratch);
                let pass = recurrent::Forward { shape, parameters, pairs, x, lda, valid_len, keep, trace, scratch };
                products.dispatch(arch, pass);
            }
            let steps = if index + 1 < recurrent || layout.attention.is_some() { config.width } else { 1 };
            let (outputs, padded) = self.outputs(index);
            outputs_of(directions, layer, valid_len, (steps, padded), &mut above.x[0]);
            above.factors.clear();
            if let Some((dropouts, epoch, keys)) = rows.dropout {
                let name = format!("{}{}", config.cell.name(), index + 1);
                dropouts.recurrent[index].padded_mask(epoch, keys, &name, outputs, padded, steps, &mut above.factors);
            }
            multiply(&mut above.x[0], &above.factors);
            lda = padded;
        }
        let top = &work.layers[recurrent].x[0];
        match &layout.attention {
            None => work.inputs[0].clone_from(top),
            Some(shape) => {
                let (trace, output) = (&mut work.attention, &mut work.inputs[0]);
                arch.dispatch(attention::Forward { shape, parameters, x: top, valid_len, trace, output });
            }
        }
        for (index, shape) in layout.dense.iter().enumerate() {
            let (below, above) = work.inputs.split_at_mut(index + 1);
            let (x, output) = (&below[index], above.first_mut().unwrap_or(&mut work.logits));
            arch.dispatch(dense::Forward { shape, parameters, x, output });
            if index + 1 == dense {
                break;
            }
            let factors = &mut work.factors[index + 1];
            factors.clear();
            if let Some((dropouts, epoch, keys)) = rows.dropout {
                let name = format!("dense{}", index + 1);
                dropouts.dense.padded_mask(epoch, keys, &name, shape.outputs, shape.padded(), 1, factors);
            }
            factors.resize(output.len(), 1.0);
            factors.iter_mut().zip(&*output).filter(|(_, z)| **z <= 0.0).for_each(|(factor, _)| *factor = 0.0);
            multiply(output, factors);
        }
        let padded = config.classes.next_multiple_of(PANEL);
        for (row, padded) in logits.chunks_exact_mut(config.classes).zip(work.logits.chunks_exact(padded)) {
            row.copy_from_slice(&padded[..config.classes]);
        }
    }

    /// What attention weighs each frame with, [rows, width], into `weights`; there has to be attention.
    pub fn attention(&self, rows: &Rows<'_>, work: &mut Workspace, weights: &mut [f32]) {
        let (width, count) = (self.config.width, rows.valid_len.len());
        self.logits(rows, false, work, &mut vec![0.0; count * self.config.classes]);
        for (row, weights) in weights.chunks_exact_mut(width).enumerate() {
            let steps = work.attention.weights.iter().skip(row).step_by(count);
            weights.iter_mut().zip(steps).for_each(|(weight, step)| *weight = *step);
        }
    }

    /// Outputs of a recurrent layer, and with those that pad.
    fn outputs(&self, layer: usize) -> (usize, usize) {
        let outputs = self.config.units[layer] * self.config.directions();
        (outputs, outputs.next_multiple_of(PANEL))
    }

    /// Adds to the buffer of `gradients`, after [`Self::logits`] of the same rows and workspace.
    pub fn backward(&self, valid_len: &[u32], d_logits: &[f32], work: &mut Workspace, gradients: &mut [f32]) {
        let Self { arch, products, config, layout, parameters, transposed, pairs } = *self;
        let Workspace { layers, attention, inputs, factors, d, dx, scratch, .. } = work;
        let (recurrent, count) = (layout.recurrent.len(), valid_len.len());
        d.clear();
        for row in d_logits.chunks_exact(config.classes) {
            d.extend_from_slice(row);
            d.resize(d.len().next_multiple_of(PANEL), 0.0);
        }
        for (index, shape) in layout.dense.iter().enumerate().rev() {
            arch.dispatch(dense::Backward { shape, transposed, x: &inputs[index], d, gradients, dx });
            multiply(dx, &factors[index]);
            std::mem::swap(d, dx);
        }
        match &layout.attention {
            Some(shape) => {
                let (x, trace) = (&layers[recurrent].x[0], attention);
                arch.dispatch(attention::Backward {
                    shape,
                    parameters,
                    transposed,
                    x,
                    valid_len,
                    trace,
                    d,
                    gradients,
                    dx,
                });
                multiply(dx, &layers[recurrent].factors);
                std::mem::swap(d, dx);
            }
            None => multiply(d, &layers[recurrent].factors),
        }
        for (index, directions) in layout.recurrent.iter().enumerate().rev() {
            let (outputs, padded_inputs) =
                (self.outputs(index).1, if index > 0 { self.outputs(index - 1).1 } else { 0 });
            let lda = if index > 0 { padded_inputs } else { config.features };
            let layer = &mut layers[index];
            let last = index + 1 == recurrent && layout.attention.is_none();
            gradients_of(directions, layer, valid_len, (config.width, outputs), (d, last));
            for (k, shape) in directions.iter().enumerate() {
                let (x, trace, dh) = (&layer.x[k], &mut layer.traces[k], &mut layer.dh[k]);
                // The second direction's goes to d, which is used up, and is turned round from there.
                let target = if k == 0 { &mut *dx } else { &mut *d };
                target.clear();
                target.resize(config.width * count * padded_inputs, 0.0);
                let wanted = (index > 0).then_some(target.as_mut_slice());
                let pass = recurrent::Backward {
                    shape,
                    transposed,
                    pairs,
                    x,
                    lda,
                    valid_len,
                    trace,
                    dh,
                    gradients,
                    dx: wanted,
                    scratch,
                };
                products.dispatch(arch, pass);
            }
            if index > 0 {
                multiply_steps(dx, &layer.input_factors[0]);
                if directions.len() == 2 {
                    multiply_steps(d, &layer.input_factors[1]);
                    direction::add_reversed(dx, padded_inputs, valid_len, d);
                }
                multiply(dx, &layer.factors);
                std::mem::swap(d, dx);
            }
        }
    }
}

/// Hidden states of the last `steps` steps [steps * rows, padded], both directions side by side.
fn outputs_of(
    directions: &[Shape],
    layer: &Recurrent,
    valid_len: &[u32],
    (steps, padded): (usize, usize),
    output: &mut Vec<f32>,
) {
    let (rows, shape) = (valid_len.len(), &directions[0]);
    let [forward, backward] = layer.traces.each_ref().map(|trace| trace.h.get(rows * shape.padded()..).unwrap_or(&[]));
    if directions.len() == 2 {
        direction::join([forward, backward], (shape.units, shape.padded(), padded), valid_len, steps, output);
    } else {
        output.clear();
        output.extend_from_slice(&forward[forward.len() - steps * rows * padded..]);
    }
}

/// d loss / d hidden states of each direction, `layer.dh`, from that by the outputs: of all steps, or of the last.
fn gradients_of(
    directions: &[Shape],
    layer: &mut Recurrent,
    valid_len: &[u32],
    (width, padded): (usize, usize),
    (d, last): (&mut Vec<f32>, bool),
) {
    let (rows, shape) = (valid_len.len(), &directions[0]);
    let stride = shape.padded();
    let [forward, backward] = &mut layer.dh;
    if directions.len() == 1 && !last {
        std::mem::swap(forward, d);
    } else if last {
        for (k, dh) in [forward, backward].into_iter().enumerate().take(directions.len()) {
            dh.clear();
            dh.resize((width - 1) * rows * stride, 0.0);
            for d in d.chunks_exact(padded) {
                dh.extend_from_slice(&d[k * shape.units..][..shape.units]);
                dh.resize(dh.len().next_multiple_of(PANEL), 0.0);
            }
        }
    } else {
        direction::split(d, (shape.units, stride, padded), valid_len, [forward, backward]);
    }
}

/// [rows, width, features] as [width * rows, features].
fn time_major(features: &[f32], width: usize, rows: usize, steps: &mut Vec<f32>) {
    let dim = features.len() / (width * rows);
    steps.clear();
    for t in 0..width {
        for row in 0..rows {
            steps.extend_from_slice(&features[(row * width + t) * dim..][..dim]);
        }
    }
}

/// `values` times `factors`; no factors are ones.
fn multiply(values: &mut [f32], factors: &[f32]) {
    values.iter_mut().zip(factors).for_each(|(v, f)| *v *= f);
}

/// `values` of each step times `factors` of a step; no factors are ones.
fn multiply_steps(values: &mut [f32], factors: &[f32]) {
    if !factors.is_empty() {
        values.chunks_exact_mut(factors.len()).for_each(|step| multiply(step, factors));
    }
}
