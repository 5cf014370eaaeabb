"""NumPy oracle of pose_windows on tests/data/watch.parquet.

What it says: for each (width, stride) the number of windows, the windows of each label, a BLAKE3 digest over
every byte of every window, and where each input frame went. tests/it quotes the printed table.

How to run, from the repository root (not part of any build or test):

    python3 -m venv /tmp/oracle && /tmp/oracle/bin/pip install numpy pyarrow blake3
    /tmp/oracle/bin/python tests/oracles/windows.py      # all recordings
    /tmp/oracle/bin/python tests/oracles/windows.py 6    # the first 6 in the order of their names

The rules, written again from their definition and not from the Rust code:

* A sequence is one (source, video), its frames in rising order.
* A segment is a maximal run of one label in a sequence in which consecutive frame numbers differ by 1.
* A window is rows start .. start + width - 1 of a segment, start = 0, stride, 2 * stride, ...; what is left at
  the end of a segment (the tail) makes no window. A segment shorter than width makes none.
* Windows are ordered by source, video (both as UTF-8 bytes), then frame_start.
* window_id is source/video:frame_start; '%', '/' and ':' inside source or video are written %25, %2F, %3A.

The digest takes, for each window in that order: window_id as UTF-8, one zero byte, label as UTF-8, one zero byte,
frame_start as i64, frame_end (the last frame of the window, inclusive) as i64, then width * 6 values as f32,
time-major; all integers and floats little-endian.
"""

import sys
from dataclasses import dataclass, field

import numpy as np
import pyarrow.parquet as pq
from blake3 import blake3

DATA = "tests/data/watch.parquet"
FEATURES = ["ax", "ay", "az", "wx", "wy", "wz"]
SETTINGS = [(30, 15), (100, 50), (7, 3), (2000, 1)]


@dataclass
class Segment:
    source: str
    video: str
    label: str
    frames: np.ndarray  # [rows] int64
    features: np.ndarray  # [rows, 6] float32, C-contiguous


@dataclass
class Count:
    """What one (width, stride) makes of the frames."""

    windows: int = 0
    labels: dict = field(default_factory=dict)
    digest: str = ""
    frames: int = 0
    covered: int = 0  # in at least one window
    tail: int = 0  # behind the last window of a segment
    skipped: int = 0  # between two windows, when stride > width
    short: int = 0  # in a segment shorter than width
    short_segments: int = 0


def escape(part):
    return part.replace("%", "%25").replace("/", "%2F").replace(":", "%3A")


def segments(path=DATA, max_gap=1):
    """Yields the segments of the file, ordered by source, video, first frame."""
    table = pq.read_table(path, columns=["source", "video", "frame", "label", *FEATURES])
    source = np.array(table["source"].to_pylist(), dtype=object)
    video = np.array(table["video"].to_pylist(), dtype=object)
    label = np.array(table["label"].to_pylist(), dtype=object)
    frame = table["frame"].to_numpy()
    features = np.stack([table[name].to_numpy() for name in FEATURES], axis=1).astype("<f4")
    # Python compares str by code point, which is the order of the UTF-8 bytes.
    keys = list(zip(source, video, frame.tolist()))
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__))
    source, video, label, frame, features = (a[order] for a in (source, video, label, frame, features))
    new = (source[1:] != source[:-1]) | (video[1:] != video[:-1]) | (label[1:] != label[:-1])
    new |= np.diff(frame) > max_gap
    starts = np.concatenate([[0], np.flatnonzero(new) + 1])
    ends = np.concatenate([starts[1:], [len(frame)]])
    for a, b in zip(starts.tolist(), ends.tolist()):
        yield Segment(source[a], video[a], label[a], frame[a:b], np.ascontiguousarray(features[a:b]))


def windows(segment, width, stride):
    """Yields (window_id, label, frame_start, frame_end, features [width, 6]) of one segment."""
    key = f"{escape(segment.source)}/{escape(segment.video)}"
    for start in range(0, len(segment.frames) - width + 1, stride):
        rows = slice(start, start + width)
        first, last = int(segment.frames[start]), int(segment.frames[start + width - 1])
        yield f"{key}:{first}", segment.label, first, last, segment.features[rows]


def measure(parts, width, stride):
    count, digest = Count(), blake3()
    for segment in parts:
        rows = len(segment.frames)
        count.frames += rows
        if rows < width:
            count.short += rows
            count.short_segments += 1
            continue
        seen = np.zeros(rows, dtype=bool)
        end = 0
        for i, (window_id, label, first, last, features) in enumerate(windows(segment, width, stride)):
            digest.update(window_id.encode() + b"\0" + label.encode() + b"\0")
            digest.update(np.array([first, last], dtype="<i8").tobytes())
            digest.update(np.ascontiguousarray(features, dtype="<f4").tobytes())
            count.windows += 1
            count.labels[label] = count.labels.get(label, 0) + 1
            end = i * stride + width
            seen[i * stride : end] = True
        count.covered += int(seen.sum())
        count.tail += rows - end
        count.skipped += end - int(seen[:end].sum())
    count.digest = digest.hexdigest()
    assert count.frames == count.covered + count.tail + count.skipped + count.short
    return count


def main():
    parts = list(segments())
    if len(sys.argv) > 1:
        recordings = sorted({(part.source, part.video) for part in parts})[: int(sys.argv[1])]
        parts = [part for part in parts if (part.source, part.video) in recordings]
    print(f"// {len(parts)} segments of {min(len(p.frames) for p in parts)} to {max(len(p.frames) for p in parts)} frames")
    print("// (width, stride, windows, windows of each label, BLAKE3 of all windows,")
    print("//  frames in, covered, tail, in short segments, short segments)")
    for width, stride in SETTINGS:
        c = measure(parts, width, stride)
        assert c.skipped == 0
        labels = ", ".join(f'("{name}", {n})' for name, n in sorted(c.labels.items()))
        print(f"({width}, {stride}, {c.windows}, &[{labels}],")
        print(f'    "{c.digest}",')
        print(f"    {c.frames}, {c.covered}, {c.tail}, {c.short}, {c.short_segments}),")


if __name__ == "__main__":
    main()
