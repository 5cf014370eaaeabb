//! Where everything lies: all parameters in one flat buffer, in the order in which the tiles read them.
//!
//! Gradients and the optimizer's moments have the same layout, so that one pass over flat slices is a step. Values that
//! pad a layer to whole panels are 0, have gradient 0, and stay 0.

use std::ops::Range;

use super::packed::Packed;
use super::pairs::Pairing;
use super::shape::{Shape, gates_and_biases};
use super::tile::PANEL;
use super::{attention, dense};
use crate::nn::config::ModelConfig;
use crate::nn::engine::NamedTensor;
use crate::options::training::Pooling;

/// The places of a net's parameters and of the transposes of its weights.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Recurrent layers, from the windows up, each in one or two directions.
    pub recurrent: Vec<Vec<Shape>>,
    /// What weighs the steps of the last of them, if anything does.
    pub attention: Option<attention::Shape>,
    /// Dense layers; the last gives the logits.
    pub dense: Vec<dense::Shape>,
    /// Values in the buffer of parameters.
    pub parameters: usize,
    /// Values in the buffer of transposes.
    pub transposed: usize,
    /// Items in the buffer of pairs.
    pub pairs: usize,
    /// How those are made.
    pub pairings: Vec<Pairing>,
    /// Name, shape, and the place of each value of each tensor, in the order of [`ModelConfig::parameters`].
    tensors: Vec<(String, Vec<usize>, Vec<u32>)>,
}

impl Layout {
    /// The layout of a net.
    pub fn new(config: &ModelConfig) -> Self {
        let (mut offset, mut transposed, mut pairs, mut inputs) = (0, 0, 0, config.features);
        let mut pairings = vec![];
        let mut places = vec![];
        let mut recurrent_layers = vec![];
        for &units in &config.units {
            let mut layer = vec![];
            for _ in 0..config.directions() {
                let shape = Shape::new(config.cell, inputs, units, offset, transposed, pairs);
                places.extend(recurrent_places(&shape));
                (offset, transposed, pairs) = (shape.end(), shape.transposed_h.end(), shape.pairs[3].end());
                pairings.extend(shape.pairings());
                layer.push(shape);
            }
            inputs = units * config.directions();
            recurrent_layers.push(layer);
        }
        let attention =
            (config.pooling == Pooling::Attention).then(|| attention::Shape::new(inputs, offset, transposed));
        if let Some(shape) = &attention {
            places.extend(dense_places(&shape.hidden));
            places.push((0..inputs).map(|k| (shape.score + k) as u32).collect());
            (offset, transposed) = (shape.end(), shape.hidden.transposed.end());
        }
        let mut dense_layers = vec![];
        for &outputs in config.dense.iter().chain([&config.classes]) {
            let shape = dense::Shape::new(inputs, outputs, offset, transposed);
            places.extend(dense_places(&shape));
            (offset, transposed, inputs) = (shape.end(), shape.transposed.end(), outputs);
            dense_layers.push(shape);
        }
        let tensors =
            config.parameters().into_iter().zip(places).map(|((name, shape), at)| (name, shape, at)).collect();
        let (recurrent, dense) = (recurrent_layers, dense_layers);
        Self { recurrent, attention, dense, parameters: offset, transposed, pairs, pairings, tensors }
    }

    /// The values of a buffer as named tensors.
    pub fn unpack(&self, buffer: &[f32]) -> Vec<NamedTensor> {
        let tensor = |(name, shape, places): &(String, Vec<usize>, Vec<u32>)| NamedTensor {
            name: name.clone(),
            shape: shape.clone(),
            data: places.iter().map(|&at| buffer[at as usize]).collect(),
        };
        self.tensors.iter().map(tensor).collect()
    }

    /// Named tensors, of the names and shapes of [`ModelConfig::parameters`], as a buffer.
    pub fn pack(&self, tensors: &[NamedTensor]) -> Vec<f32> {
        let mut buffer = vec![0.0; self.parameters];
        for (tensor, (_, _, places)) in tensors.iter().zip(&self.tensors) {
            tensor.data.iter().zip(places).for_each(|(&value, &at)| buffer[at as usize] = value);
        }
        buffer
    }

    /// The values that are learned, in pieces of at most `size`: all but those of parameters that are `frozen`.
    pub fn trainable(&self, frozen: &[bool], size: usize) -> Vec<Range<usize>> {
        let mut fixed = vec![false; self.parameters];
        for (_, (_, _, places)) in frozen.iter().zip(&self.tensors).filter(|(frozen, _)| **frozen) {
            // What pads a parameter lies between its values.
            if let (Some(first), Some(last)) = (places.iter().min(), places.iter().max()) {
                fixed[*first as usize..=*last as usize].fill(true);
            }
        }
        let mut pieces: Vec<Range<usize>> = vec![];
        for at in (0..self.parameters).filter(|at| !fixed[*at]) {
            match pieces.last_mut() {
                Some(piece) if piece.end == at && piece.len() < size => piece.end += 1,
                _ => pieces.push(at..at + 1),
            }
        }
        pieces
    }

    /// The matrices that are kept transposed, and where: one behind the other.
    pub fn transposes(&self) -> impl Iterator<Item = (Packed, Packed)> {
        let recurrent = self.recurrent.iter().flatten();
        let recurrent = recurrent.flat_map(|s| [(s.weight_x, s.transposed_x), (s.weight_h, s.transposed_h)]);
        let dense = self.attention.iter().map(|attention| &attention.hidden).chain(&self.dense);
        recurrent.chain(dense.map(|s| (s.weight, s.transposed)))
    }

    /// The values of a buffer, tensor by tensor.
    pub fn values(&self, buffer: &[f32]) -> Vec<Vec<f32>> {
        self.tensors.iter().map(|(_, _, places)| places.iter().map(|&at| buffer[at as usize]).collect()).collect()
    }
}

/// Pieces of a buffer, which rise and do not overlap.
pub fn pieces<'a>(buffer: &'a mut [f32], of: &[Range<usize>]) -> Vec<&'a mut [f32]> {
    let (mut rest, mut begin) = (buffer, 0);
    let mut pieces = Vec::with_capacity(of.len());
    for piece in of {
        let (_, behind) = rest.split_at_mut(piece.start - begin);
        let (own, others) = behind.split_at_mut(piece.len());
        pieces.push(own);
        (rest, begin) = (others, piece.end);
    }
    pieces
}

/// The places of weight [outputs, inputs] and bias [outputs].
fn dense_places(shape: &dense::Shape) -> [Vec<u32>; 2] {
    let weight = |output| (0..shape.inputs).map(move |input| shape.weight.at(input, output) as u32);
    [(0..shape.outputs).flat_map(weight).collect(), (0..shape.outputs).map(|k| (shape.bias + k) as u32).collect()]
}

/// The places of weight_ih [gates * units, inputs], weight_hh [gates * units, units] and the biases [gates * units].
fn recurrent_places(shape: &Shape) -> Vec<Vec<u32>> {
    let (gates, biases) = gates_and_biases(shape.cell);
    let rows = || (0..gates).flat_map(|gate| (0..shape.units).map(move |unit| (gate, unit)));
    let column = |gate, unit| (unit / PANEL * gates + gate) * PANEL + unit % PANEL;
    let weight = |weight: Packed| {
        let row = |(gate, unit)| (0..weight.inner).map(move |k| weight.at(k, column(gate, unit)) as u32);
        rows().flat_map(row).collect()
    };
    let bias = |first: usize| {
        let at = |(gate, unit)| shape.bias + (unit / PANEL * biases + first + gate) * PANEL + unit % PANEL;
        rows().map(|place| at(place) as u32).collect()
    };
    let mut places = vec![weight(shape.weight_x), weight(shape.weight_h)];
    places.extend((0..biases).step_by(gates).map(bias));
    places
}
