"""PyTorch's and Keras' oracle of the nets: writes tests/oracles/recurrent.json, which src/nn/oracle_tests.rs reads.

What it says: for each kind of net ({LSTM, GRU} x {one direction, both} x {last, attention}) the probabilities of each
row, the loss, and its gradient by each parameter. PyTorch computes them in float64; that Keras in float32 says the
same is asserted before anything is written.

How to run, from the repository root (not part of any build or test), with torch 2.15, keras 3.15, tensorflow 2.21:

    python tests/oracles/recurrent.py

The rules, written again from their definition and not from the Rust code:

* Value n of a net is number(n), rounded to float32: first its parameters in the order of their names below, each in
  row-major order, then, times 2, the features of its windows [rows, width, features]. Frames after the recorded
  ones have such values, too, so a net that reads them is found out.
* Names and layouts are PyTorch's: each direction of a recurrent layer has weight_ih, weight_hh, bias_ih (and bias_hh in
  a GRU; PyTorch's second bias of an LSTM stays 0); then attention.hidden, attention.score, the dense layers with relu,
  the output.
* 'last' is the state after the last recorded frame beside the backward state after frame 0: h_n of a packed sequence.
  What output[:, -1] has is another thing: its backward half has read one frame alone. `misread` says what a net would
  answer that takes it.
* 'attention' is sum of a_t h_t, a the softmax over recorded frames of score . tanh(W h_t + b).
* loss is sum(weight * cross-entropy) over the rows; gradients are those of loss / rows.

Nets of units [5, 3] have whole gradients, as a unit and whole numbers of it. Those of units [20, 17], more than one
vector of 16 and not two whole ones, have a digest of each gradient: its largest absolute value, its first 3 values,
its sum, its sum of squares, and the sum of its values times number(0), number(1), ..., in which no two values can
change places unseen.
"""

import itertools
import json
import os

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"}

import keras
import numpy as np
import tensorflow as tf
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

WIDTH, FEATURES, CLASSES = 5, 3, 3
FULL = {"units": [5, 3], "dense": [5], "valid_len": [5, 3, 1, 4], "labels": [0, 2, 1, 0], "weights": [1, 2, 0.5, 1.5]}
WIDE = {
    "units": [20, 17],
    "dense": [18, 5],
    "valid_len": [2, 5, 1, 4, 3, 5, 1, 2, 4, 3, 5],  # More rows than the engines take at a time.
    "labels": [1, 0, 2, 2, 1, 0, 0, 1, 2, 0, 1],
    "weights": [1, 0.5, 2, 1, 1.5, 0.25, 1, 3, 1, 0.75, 1],
}


def number(n):
    """In [-1, 1], from integers: the same float32 in any language."""
    return np.float32((n * n * 7919 + n * 104729 + 17) % 1000003 / 500001.5 - 1)


def numbers(start, count):
    return np.array([number(n) for n in range(start, start + count)], dtype=np.float32)


# PyTorch


def build(cell, bidirectional, pooling, units, dense):
    """The net, and its trainable parameters by name, in order."""
    net, inputs = nn.ModuleDict(), FEATURES
    for layer, u in enumerate(units, 1):
        kind = {"lstm": nn.LSTM, "gru": nn.GRU}[cell]
        net[f"{cell}{layer}"] = kind(inputs, u, batch_first=True, bidirectional=bidirectional)
        inputs = u * (1 + bidirectional)
    if pooling == "attention":
        hidden, score = nn.Linear(inputs, inputs), nn.Linear(inputs, 1, bias=False)
        net["attention"] = nn.ModuleDict({"hidden": hidden, "score": score})
    for name, u in [(f"dense{k}", u) for k, u in enumerate(dense, 1)] + [("output", CLASSES)]:
        net[name] = nn.Linear(inputs, u)
        inputs = u
    net.double()
    parameters = {}
    for name, p in net.named_parameters():
        if cell == "lstm" and "bias_hh" in name:
            nn.init.zeros_(p).requires_grad_(False)
        else:
            parameters[name] = p
    start = 0
    for p in parameters.values():
        p.data = torch.from_numpy(numbers(start, p.numel()).astype(np.float64)).reshape(p.shape)
        start += p.numel()
    return net, parameters, start


def layers(net, prefix):
    return [net[name] for name in net if name.startswith(prefix)]


def head(net, h):
    for dense in layers(net, "dense"):
        h = torch.relu(dense(h))
    return net["output"](h)


def forward(net, cell, pooling, x, valid_len):
    """Logits, and those of the misreading of 'last'."""
    packed = pack_padded_sequence(x, valid_len, batch_first=True, enforce_sorted=False)
    for layer in layers(net, cell):
        packed, state = layer(packed)
    h, _ = pad_packed_sequence(packed, batch_first=True, total_length=WIDTH)
    if pooling == "last":
        h_n = state[0] if cell == "lstm" else state
        one_frame = h[torch.arange(len(valid_len)), valid_len - 1]
        return head(net, torch.cat(list(h_n), dim=1)), head(net, one_frame)
    scores = net["attention"]["score"](torch.tanh(net["attention"]["hidden"](h)))[..., 0]
    scores = scores.masked_fill(torch.arange(WIDTH) >= valid_len[:, None], -torch.inf)
    return head(net, (torch.softmax(scores, dim=1)[..., None] * h).sum(dim=1)), None


def pytorch(kind, size, x, parameters, net):
    x, valid_len = torch.from_numpy(x.astype(np.float64)), torch.tensor(size["valid_len"])
    logits, misread = forward(net, kind[0], kind[2], x, valid_len)
    ce = nn.functional.cross_entropy(logits, torch.tensor(size["labels"]), reduction="none")
    loss = (torch.tensor(size["weights"], dtype=torch.float64) * ce).sum()
    (loss / len(ce)).backward()
    gradients = {name: p.grad.numpy() for name, p in parameters.items()}
    misread = None if misread is None else torch.softmax(misread, dim=1).detach().numpy()
    return torch.softmax(logits, dim=1).detach().numpy(), loss.item(), gradients, misread


# Keras


def gates(cell, a):
    """PyTorch's rows of gates in Keras' order and back: i, f, g, o is i, f, c, o; r, z, n becomes z, r, h."""
    if cell == "lstm":
        return a
    r, z, n = np.split(a, 3)
    return np.concatenate([z, r, n])


def keras_names(cell, bidirectional, pooling, size):
    """PyTorch's names of what each Keras layer holds, in Keras' order; a tuple is one stacked weight."""
    held = []
    for layer in range(1, len(size["units"]) + 1):
        names = []
        for end in ["_l0", "_l0_reverse"][: 1 + bidirectional]:
            names += [f"{cell}{layer}.weight_ih{end}", f"{cell}{layer}.weight_hh{end}"]
            bias = f"{cell}{layer}.bias_ih{end}"
            names.append(bias if cell == "lstm" else (bias, f"{cell}{layer}.bias_hh{end}"))
        held.append(names)
    if pooling == "attention":
        held += [["attention.hidden.weight", "attention.hidden.bias"], ["attention.score.weight"]]
    heads = [f"dense{k}" for k in range(1, len(size["dense"]) + 1)] + ["output"]
    return held + [[f"{name}.weight", f"{name}.bias"] for name in heads]


def to_keras(cell, name, values):
    if isinstance(name, tuple):
        return np.stack([gates(cell, values[part]) for part in name])
    a = gates(cell, values[name]) if name.startswith(cell) else values[name]
    return a.T


def from_keras(cell, name, a):
    if isinstance(name, tuple):
        return {part: gates(cell, row) for part, row in zip(name, a)}
    return {name: gates(cell, a.T) if name.startswith(cell) else a.T}


def keras_says(kind, size, x, values):
    cell, bidirectional, pooling = kind
    mask = tf.sequence_mask(size["valid_len"], WIDTH)
    recurrent = []
    for k, units in enumerate(size["units"], 1):
        sequences = k < len(size["units"]) or pooling == "attention"
        of = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
        layer = of(units, return_sequences=sequences, **({"reset_after": True} if cell == "gru" else {}))
        recurrent.append(keras.layers.Bidirectional(layer) if bidirectional else layer)
    attention = []
    if pooling == "attention":
        outputs = size["units"][-1] * (1 + bidirectional)
        attention = [keras.layers.Dense(outputs, activation="tanh"), keras.layers.Dense(1, use_bias=False)]
    dense = [keras.layers.Dense(u, activation="relu") for u in size["dense"]] + [keras.layers.Dense(CLASSES)]

    def logits():
        h = tf.constant(x)
        for layer in recurrent:
            h = layer(h, mask=mask)
        if attention:
            scores = attention[1](attention[0](h))[..., 0]
            h = tf.reduce_sum(keras.layers.Softmax()(scores, mask)[..., None] * h, axis=1)
        for layer in dense:
            h = layer(h)
        return h

    logits()  # Builds the layers.
    held = list(zip(recurrent + attention + dense, keras_names(cell, bidirectional, pooling, size), strict=True))
    for layer, names in held:
        layer.set_weights([to_keras(cell, name, values) for name in names])
    ce_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum_over_batch_size")
    with tf.GradientTape() as tape:
        z = logits()
        loss = ce_of(np.array(size["labels"]), z, sample_weight=np.array(size["weights"], dtype=np.float32))
    names = [name for _, names in held for name in names]
    weights = [w.value for layer, _ in held for w in layer.trainable_weights]
    gradients = {}
    for name, g in zip(names, tape.gradient(loss, weights), strict=True):
        gradients |= from_keras(cell, name, g.numpy())
    return tf.nn.softmax(z).numpy(), float(loss) * len(size["labels"]), gradients


# Both


def short(a):
    return [float(f"{v:.6g}") for v in np.asarray(a).flatten()]


def whole(gradient):
    """A unit and how many of it each value is: to 1e-6 of the largest, or closer."""
    exponent = int(np.floor(np.log10(np.abs(gradient).max()))) - 6
    return [float(f"1e{exponent}"), [round(v) for v in (gradient.flatten() * 10.0**-exponent).tolist()]]


def digest(gradient):
    g = gradient.flatten()
    values = [np.abs(g).max(), *g[:3], g.sum(), (g * g).sum(), (g * numbers(0, g.size).astype(np.float64)).sum()]
    return [float(f"{v:.9g}") for v in values]


cases, worst = [], np.zeros(3)
for size, *kind in itertools.product([FULL, WIDE], ["lstm", "gru"], [False, True], ["last", "attention"]):
    cell, bidirectional, pooling = kind
    rows = len(size["labels"])
    net, parameters, count = build(cell, bidirectional, pooling, size["units"], size["dense"])
    x = (2 * numbers(count, rows * WIDTH * FEATURES)).reshape(rows, WIDTH, FEATURES)
    probabilities, loss, gradients, misread = pytorch(kind, size, x, parameters, net)
    values = {name: p.detach().numpy().astype(np.float32) for name, p in parameters.items()}
    theirs = keras_says(kind, size, x, values)
    differences = np.array([
        np.abs(theirs[0] - probabilities).max(),
        abs(theirs[1] - loss) / loss,
        max(np.abs(theirs[2][name] - g).max() / np.abs(g).max() for name, g in gradients.items()),
    ])
    assert set(theirs[2]) == set(gradients) and (differences < [1e-5, 1e-5, 1e-4]).all(), (kind, differences)
    worst = np.maximum(worst, differences)
    case = {"cell": cell, "bidirectional": bidirectional, "pooling": pooling, **size}
    case["probabilities"] = short(probabilities)
    if bidirectional and misread is not None:
        several = np.array(size["valid_len"]) > 1
        assert np.abs(misread - probabilities)[several].max(axis=1).min() > 1e-3
        case["misread"] = short(misread)
    else:
        assert misread is None or np.allclose(misread, probabilities, rtol=0, atol=1e-12)
    case |= {"loss": float(f"{loss:.9g}")}
    field, tell = ("gradients", whole) if size is FULL else ("digests", digest)
    case[field] = [[name, tell(g)] for name, g in gradients.items()]
    cases.append(case)
    print(cell, "both ways" if bidirectional else "one way", pooling, size["units"], f"loss {loss:.6f}", differences)

lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
with open("tests/oracles/recurrent.json", "w") as file:
    file.write(f'{{"width":{WIDTH},"features":{FEATURES},"classes":{CLASSES},"cases":[\n{lines}\n]}}\n')
print("largest difference of Keras: probabilities, loss (relative), gradients (relative to their largest)", worst)
