//! Where the parameters of a recurrent layer lie: as they are learned, transposed, and as pairs.

use super::cell::Cell;
use super::gru::Gru;
use super::lstm::Lstm;
use super::packed::Packed;
use super::pairs::Pairing;
use super::tile::PANEL;
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
    /// Both weights and both transposes as pairs, in a buffer of their own.
    pub pairs: [Packed; 4],
}

impl Shape {
    /// A layer whose parameters begin at `offset`, their transposes at `transposed`, their pairs at `pairs`.
    pub fn new(
        cell: CellKind,
        inputs: usize,
        units: usize,
        offset: usize,
        transposed: usize,
        mut pairs: usize,
    ) -> Self {
        let gates = gates_and_biases(cell).0;
        let columns = units.next_multiple_of(PANEL) * gates;
        let weight = |offset, inner| Packed { offset, inner, columns, group: gates * PANEL };
        let weight_x = weight(offset, inputs);
        let weight_h = weight(weight_x.end(), units);
        let transposed_x = Packed::wide(transposed, columns, inputs);
        let transposed_h = Packed::wide(transposed_x.end(), columns, units);
        let numbers = 4 * units.next_multiple_of(PANEL);
        let pairs = [(weight_x, inputs), (weight_h, units), (transposed_x, numbers), (transposed_h, numbers)].map(
            |(like, inner)| {
                let matrix = Packed { offset: pairs, inner: inner.div_ceil(2), ..like };
                pairs = matrix.end();
                matrix
            },
        );
        Self { cell, inputs, units, weight_x, weight_h, bias: weight_h.end(), transposed_x, transposed_h, pairs }
    }

    /// How the rows of [`Self::pairs`] are made of those of the matrices: of weights, neighbours; of transposes, the
    /// numbers 0 and 1, and 2 and 3, of a unit, one of which may be nothing that this matrix multiplies.
    pub fn pairings(&self) -> Vec<Pairing> {
        let neighbours = |inner| {
            let row = |k| (k < inner).then_some(k);
            (0..inner).step_by(2).map(|k| [row(k), row(k + 1)]).collect::<Vec<_>>()
        };
        let numbers = |of: &[usize]| {
            let place = |n, panel, unit| {
                of.iter().position(|&number| number == n).map(|gate| (panel * of.len() + gate) * PANEL + unit)
            };
            let panel = |panel| {
                let pair = move |first, unit| [place(first, panel, unit), place(first + 1, panel, unit)];
                [0, 2].into_iter().flat_map(move |first| (0..PANEL).map(move |unit| pair(first, unit)))
            };
            (0..self.padded() / PANEL).flat_map(panel).collect()
        };
        let (of_x, of_h) = match self.cell {
            CellKind::Lstm => (Lstm::X, Lstm::H),
            CellKind::Gru => (Gru::X, Gru::H),
        };
        let rows = [neighbours(self.inputs), neighbours(self.units), numbers(of_x), numbers(of_h)];
        let from =
            [(self.weight_x, false), (self.weight_h, false), (self.transposed_x, true), (self.transposed_h, true)];
        let all = from.into_iter().zip(self.pairs).zip(rows);
        all.map(|(((from, is_transposed), to), rows)| Pairing { from, is_transposed, to, rows }).collect()
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
