//! What a recurrent cell is to the layer around it: four numbers for each unit, and how they make the new state.

use pulp::Simd;

/// Four numbers for each of a vector of units: what goes in before a step, what is saved of it, its gradients.
pub type Four<S> = [<S as Simd>::f32s; 4];

/// A step that was taken, for a vector of units.
pub struct Step<S: Simd> {
    /// What the gradient needs again.
    pub saved: Four<S>,
    /// Cell state, which the next step starts from (that of a GRU is `h`).
    pub state: S::f32s,
    /// tanh of the cell state (0 in a GRU).
    pub tanh: S::f32s,
    /// Hidden state.
    pub h: S::f32s,
}

/// A recurrent cell.
pub trait Cell: Copy + Send + Sync + 'static {
    /// Weights of a unit for each input: 4 or 3.
    const GATES: usize;
    /// Numbers among the [`Four`] that inputs add to, and that hidden states add to.
    const X: &'static [usize];
    /// Likewise for hidden states.
    const H: &'static [usize];
    /// Biases of a unit, by the number that each is added to.
    const BIASES: &'static [usize];

    /// One step from the pre-activations and the state before it.
    fn step<S: Simd>(simd: S, z: Four<S>, before: S::f32s) -> Step<S>;

    /// The gradients by the pre-activations of a step, and the new `carry`.
    ///
    /// `carry` is d loss / d state as far as it does not go through the weights.
    fn gradient<S: Simd>(
        simd: S,
        saved: Four<S>,
        before: S::f32s,
        tanh: S::f32s,
        dh: S::f32s,
        carry: S::f32s,
    ) -> (Four<S>, S::f32s);
}
