//! Why frames gave no windows, in a sentence.

use super::spec::{Spec, Windowing};
use crate::frames::pass::pieces::Pieces;

const COUNTS: &str = "pose_window_stats, with the same arguments, counts the frames of each recording";

/// The reason why nothing is left of what a cutting was given.
pub fn reason(spec: &Spec, pieces: &Pieces) -> String {
    let function = spec.function();
    let Pieces { frames, recordings, stretches, segments, least_gap, found, made, .. } = *pieces;
    let width = spec.windowing().map_or(1, |Windowing { slicer, .. }| slicer.width as u64);
    if frames == 0 {
        return format!("{function} was given no frames; is the table empty, or does a WHERE leave nothing of it?");
    }
    if made > 0 {
        let windows = if made == 1 { "1 window".to_owned() } else { format!("{made} windows") };
        return format!("{function} makes {windows}, but what comes after it (WHERE, JOIN) leaves none");
    }
    if found > 0 {
        let least = spec.windowing().map_or(0.0, |windowing| windowing.min_purity.0);
        return format!(
            "{function} finds {found} windows, and none has min_purity => {least}; lower it, or take a shorter width (was \
             {width}); {COUNTS}"
        );
    }
    let plural = if recordings.count == 1 { "" } else { "s" };
    let longest =
        format!("the longest of {} recording{plural} has {}", recordings.count, frames_of(recordings.longest));
    if recordings.longest < width {
        return format!(
            "{function} cuts windows of width {width}, and {longest}; take a shorter width, or short => 'pad'; {COUNTS}"
        );
    }
    if stretches.longest < width {
        let step = least_gap.unwrap_or_default();
        return format!(
            "{function} cuts windows of width {width}, and {longest}, but frame numbers jump by {step} or more, a gap ends a \
             segment, and the longest of {} stretches without one has {}; raise max_gap (was {}), or number frames one by \
             one; {COUNTS}",
            stretches.count,
            frames_of(stretches.longest),
            spec.max_gap
        );
    }
    format!(
        "{function} cuts windows of width {width}, and {longest}, but a change of label ends a segment, and the longest of {} \
         has {}; take a shorter width, or label_rule => 'majority'; {COUNTS}",
        segments.count,
        frames_of(segments.longest)
    )
}

/// What is said of recordings of which no frame follows another, where there are some.
pub fn sparse(spec: &Spec, pieces: &Pieces) -> Option<String> {
    let (count, step) = pieces.sparse;
    (count > 0).then(|| {
        format!(
            "{}: of {count} of {} recordings no frame follows another (usually the next one is {step} further), so they give no window of \
             more than one frame; if frames were left out, say max_gap => {step}; else leave these recordings out with WHERE: {COUNTS}",
            spec.function(),
            pieces.recordings.count
        )
    })
}

/// `1 frame`, `20 frames`
fn frames_of(count: u64) -> String {
    if count == 1 { "1 frame".to_owned() } else { format!("{count} frames") }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;
    use crate::args::Arguments;
    use crate::frames::columns::FrameColumns;
    use crate::frames::pass::pieces::Runs;
    use crate::windows::rule::LabelRule;
    use crate::windows::slicer::{Short, Slicer, Tail};
    use crate::windows::spec::{Cut, Nulls, Purity};

    fn of(pieces: Pieces) -> String {
        let field = |name: &str, of| Field::new(name, of, true);
        let (text, number) = (DataType::Utf8, DataType::Float64);
        let schema = Schema::new(vec![field("video", text), field("frame", DataType::Int64), field("x", number)]);
        let columns = FrameColumns::find(&schema, &Arguments::new("pose_windows")).unwrap();
        let slicer = Slicer { width: 30, stride: 15, short: Short::Drop, tail: Tail::Drop };
        let windowing = Windowing { slicer, rule: LabelRule::Majority, min_purity: Purity(0.75), nulls: Nulls::Refuse };
        reason(&Spec { columns, max_gap: 1, cut: Cut::Windows(windowing) }, &pieces)
    }

    /// Runs of these lengths.
    fn runs(lengths: &[u64]) -> Runs {
        let (mut runs, mut row) = (Runs::default(), 0);
        for length in lengths {
            runs.begin(row);
            row += length;
            runs.end(row);
        }
        runs
    }

    #[test]
    fn what_took_the_frames_is_named() {
        let none = Pieces::default();
        assert!(of(none).starts_with("pose_windows was given no frames"));
        let short = Pieces {
            frames: 30,
            recordings: runs(&[20, 10]),
            stretches: runs(&[20, 10]),
            segments: runs(&[20, 10]),
            ..none
        };
        assert!(
            of(short)
                .starts_with("pose_windows cuts windows of width 30, and the longest of 2 recordings has 20 frames; ")
        );
        let gaps = Pieces {
            frames: 40,
            recordings: runs(&[40]),
            stretches: runs(&[1; 40]),
            segments: runs(&[1; 40]),
            least_gap: Some(2),
            ..none
        };
        assert!(of(gaps).contains("longest of 1 recording has 40 frames, but frame numbers jump by 2 or more"));
        let labels = Pieces { stretches: runs(&[40]), ..gaps };
        assert!(of(labels).contains("a change of label ends a segment, and the longest of 40 has 1 frame;"));
        assert!(of(Pieces { found: 3, ..labels }).contains("finds 3 windows, and none has min_purity => 0.75"));
        assert!(of(Pieces { found: 3, made: 1, ..labels }).starts_with("pose_windows makes 1 window, but"));
    }
}
