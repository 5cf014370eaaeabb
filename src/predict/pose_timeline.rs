//! `pose_timeline('gait', (SELECT * FROM frames))`

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, lit};

use super::pose_predict::PosePredict;
use super::timeline::Options;
use super::timeline::pass::{Intervals, PROBABILITIES};
use crate::args::{Arguments, Value};
use crate::error::{self, query_err};
use crate::frames::columns::{Features, FrameColumns};
use crate::frames::pass::node::PassNode;
use crate::options::MAX_GAP;
use crate::relation::{RelationFunction, column};
use crate::scalar::udf;
use crate::schema::{FEATURES, FRAME_END, FRAME_START, LABEL, UNIT, VALID_LEN};
use crate::store::models::{Model, Models};
use crate::store::replay::Replay;
use crate::windows::pose_windows::{rows, windows_of};
use crate::windows::spec::Cut;

/// What a model sees in raw frames: labelled intervals, from overlapping windows cut as those that it was trained on.
#[derive(Debug)]
pub struct PoseTimeline {
    /// Those of the session.
    pub models: Arc<Models>,
}

impl RelationFunction for PoseTimeline {
    fn name(&self) -> &'static str {
        "pose_timeline"
    }

    fn takes_model(&self) -> bool {
        true
    }

    fn parameters(&self) -> &'static [&'static str] {
        &[
            "model",
            "stride",
            "min_length",
            "min_confidence",
            "unlabelled",
            "by",
            "order_by",
            "features",
            "max_gap",
            "hz",
            "time",
            "rate",
            "nulls",
            "max_fill",
            "skeleton",
            "time_unit",
        ]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "What a model sees in raw frames: labelled intervals, from overlapping windows cut as those that it was trained on.",
            "SELECT video, frame_start, frame_end, label, confidence FROM pose_timeline('gait', (SELECT video, frame, ax, ay FROM frames), min_length => 10)",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        let function = self.name();
        let Some(name) = arguments.text("model")? else {
            return Ok(query_err!("{function}: model is missing: {function}('gait', (SELECT * FROM frames))")?);
        };
        let model = self.models.load_now(name)?;
        // A label would end windows where the truth ends, which nobody knows of new frames.
        let input = without_label(input)?;
        let replayed = replayed(&model, &input, arguments)?;
        let hz = replayed.number("hz", 0.0, f64::INFINITY)?;
        let options = options(arguments, hz)?;
        let windows = windows_of(input, &replayed, Cut::Windows)?;
        let by = windows_by(&windows, &replayed)?;
        let version = format!("{}@{}", model.name, model.version);
        let predict = udf(PosePredict { models: Arc::clone(&self.models) });
        let asked = predict.call(vec![lit(version), column(FEATURES), column(VALID_LEN)]);
        let keys = by.iter().map(String::as_str).chain([FRAME_START, FRAME_END]).map(column);
        let told = LogicalPlanBuilder::from(windows)
            .project(keys.chain([get_field(asked, PROBABILITIES).alias(PROBABILITIES)]))?
            .build()?;
        let columns = FrameColumns {
            by,
            order_by: FRAME_START.to_owned(),
            label: None,
            features: Features::Columns(vec![]),
            guess: None,
            carried: vec![FRAME_END.to_owned(), PROBABILITIES.to_owned()],
        };
        let labels = model.recipe.labels.clone();
        Ok(PassNode::new(Intervals { columns, labels, options, hz }, told)?.into_plan())
    }
}

fn options(arguments: &Arguments, hz: Option<f64>) -> Result<Options> {
    let unlabelled = match arguments.value("unlabelled") {
        None => false,
        Some(Value::Bool(unlabelled)) => *unlabelled,
        Some(other) => return Ok(arguments.wrong("unlabelled", other, "true or false")?),
    };
    Ok(Options {
        max_gap: arguments.whole("max_gap", 1)?.map_or(MAX_GAP, |gap| gap as i64),
        min_length: match arguments.value("min_length") {
            Some(Value::Interval(_)) => rows(arguments, "min_length", hz)?.unwrap_or(1) as u64,
            _ => arguments.whole("min_length", 0)?.unwrap_or(1),
        },
        min_confidence: arguments.number("min_confidence", 0.0, 1.0)?.unwrap_or(0.0),
        unlabelled,
    })
}

fn without_label(input: LogicalPlan) -> Result<LogicalPlan> {
    if !input.schema().has_column_with_unqualified_name(LABEL) {
        return Ok(input);
    }
    let names: Vec<String> = input.schema().fields().iter().map(|field| field.name().clone()).collect();
    LogicalPlanBuilder::from(input)
        .project(names.iter().filter(|name| *name != LABEL).map(|name| column(name)))?
        .build()
}

fn windows_by(windows: &LogicalPlan, replayed: &Arguments) -> Result<Vec<String>> {
    let schema = windows.schema().as_arrow().clone();
    Ok(match replayed.columns("by")? {
        Some(by) => by,
        None => {
            let keys = crate::options::SEQUENCE_KEYS.iter().filter(|key| schema.index_of(key).is_ok());
            keys.map(|key| (*key).to_owned()).collect()
        }
    })
}

/// The arguments of `pose_windows` that cut windows as the model knows them: what it was trained with, and what the caller
/// says beside that.
///
/// # Errors
/// Frames that are not what the model reads: both sides are named.
fn replayed(model: &Model, input: &LogicalPlan, given: &Arguments) -> error::Result<Arguments> {
    let (function, reads) = (given.function(), format!("model '{}' (version {})", model.name, model.version));
    let replay = model.recipe.replay.as_ref();
    check_rate(&reads, replay, given)?;
    check_skeleton(&reads, model.recipe.options.skeleton.as_deref(), given)?;
    let features = features(&reads, model, input, given)?;
    check_units(&reads, replay, &features, input, given)?;
    let width = model.recipe.architecture.width;
    let mut arguments = Arguments::new(function);
    let mut say = |name: &'static str, value: Value| arguments.insert(&[name], name, value);
    say("width", Value::Int(width as i64))?;
    let stride = match given.value("stride") {
        Some(interval @ Value::Interval(_)) => interval.clone(),
        _ => Value::Int(given.whole("stride", 1)?.map_or((width / 4).max(1) as i64, |stride| stride as i64)),
    };
    say("stride", stride)?;
    say("features", Value::List(features.into_iter().map(Value::Text).collect()))?;
    // A recording, or what lies between two gaps, may be shorter than a window: the net is told how much of it is there.
    say("short", Value::Text("pad".to_owned()))?;
    // With a stride up to the width every frame is in a window, the last ones too.
    say("tail", Value::Text("overlap".to_owned()))?;
    let texts = |names: &[String]| Value::List(names.iter().cloned().map(Value::Text).collect());
    let recorded: [(&'static str, Option<Value>); 9] = [
        ("by", replay.map(|r| texts(&r.by)).filter(|_| replay.is_some_and(|r| r.by.iter().all(|key| has(input, key))))),
        ("order_by", replay.map(|r| Value::Text(r.order_by.clone()))),
        ("max_gap", replay.map(|r| Value::Int(r.max_gap))),
        ("hz", replay.and_then(|r| r.hz).map(Value::Float)),
        ("time", replay.and_then(|r| r.time.clone()).filter(|_| !given.is_given("rate")).map(Value::Text)),
        ("time_unit", replay.and_then(|r| r.time_unit.clone()).filter(|_| !given.is_given("rate")).map(Value::Text)),
        ("rate", replay.and_then(|r| r.rate).filter(|_| !given.is_given("time")).map(Value::Float)),
        ("nulls", replay.map(|r| Value::Text(r.nulls.clone()))),
        ("max_fill", replay.and_then(|r| r.max_fill).map(|most| Value::Int(most as i64))),
    ];
    for (name, recorded) in recorded {
        if let Some(value) = given.value(name).cloned().or(recorded) {
            say(name, value)?;
        }
    }
    Ok(arguments)
}

fn has(input: &LogicalPlan, name: &str) -> bool {
    input.schema().has_column_with_unqualified_name(name)
}

/// Refuses another rate than that of the model's windows.
fn check_rate(reads: &str, replay: Option<&Replay>, given: &Arguments) -> error::Result<()> {
    let (asked, function) = (given.number("hz", 1e-6, 1e6)?, given.function());
    let is_time = |name: &&str| matches!(given.value(name), Some(Value::Interval(_)));
    if let Some(name) = ["stride", "min_length"].into_iter().find(is_time)
        && replay.and_then(|replay| replay.hz).or(asked).is_none()
    {
        return query_err!(
            "{function}: {name} is a length of time, but {reads} was trained at no certain rate; say it in frames, or train with \
             pose_windows(..., hz => ...)"
        );
    }
    match (replay.and_then(|replay| replay.hz), asked) {
        (Some(hz), Some(asked)) if hz != asked => query_err!(
            "{function}: {reads} was trained at {hz} frames a second, but hz is {asked}; leave hz out: frames are read at the \
             model's rate, by their column of seconds or by rate => frames a second"
        ),
        (None, Some(_)) if replay.is_some() => query_err!(
            "{function}: {reads} was trained on frames as they came, at no certain rate; leave hz out, and give it frames of the \
             same rate"
        ),
        (None, None) if given.is_given("rate") || given.is_given("time") => query_err!(
            "{function}: {reads} was trained on frames as they came, at no certain rate, so rate and time have no meaning; \
             resample the frames with pose_resample, or train with pose_windows(..., hz => ...)"
        ),
        _ => Ok(()),
    }
}

/// Refuses another skeleton than the one that the model was trained with.
fn check_skeleton(reads: &str, trained: Option<&str>, given: &Arguments) -> error::Result<()> {
    let (function, asked) = (given.function(), given.text("skeleton")?);
    match (trained, asked) {
        (Some(trained), Some(asked)) if trained != asked => query_err!(
            "{function}: {reads} was trained on the skeleton {trained}, but the frames have {asked}; make the same joints in \
             the same order, or train a model on {asked}"
        ),
        (None, Some(_)) => query_err!(
            "{function}: nothing tells the skeleton of {reads}; train it with OPTIONS ('skeleton' '...'), or leave skeleton out"
        ),
        _ => Ok(()),
    }
}

/// Refuses values in other units than those that the model was trained with, where both are told.
fn check_units(
    reads: &str,
    replay: Option<&Replay>,
    features: &[String],
    input: &LogicalPlan,
    given: &Arguments,
) -> error::Result<()> {
    for (place, name) in features.iter().enumerate() {
        let field = input.schema().field_with_unqualified_name(name).ok();
        let here = field.and_then(|field| field.metadata().get(UNIT));
        let (Some(trained), Some(here)) = (replay.and_then(|replay| replay.unit(place)), here) else { continue };
        if trained != here {
            return query_err!(
                "{}: {reads} reads '{name}' in {trained}, but the frames have it in {here}; convert it in the subquery, \
                 and say so: with_metadata({name} * ..., '{UNIT}', '{trained}') AS {name}",
                given.function()
            );
        }
    }
    Ok(())
}

/// The columns of a frame's values, in the order in which the model reads them.
fn features(reads: &str, model: &Model, input: &LogicalPlan, given: &Arguments) -> error::Result<Vec<String>> {
    let function = given.function();
    if let Some(features) = given.columns("features")? {
        return Ok(features);
    }
    let recorded = model.recipe.replay.as_ref().map(|replay| replay.features.clone());
    let features = match recorded.or_else(|| model.recipe.features.clone()) {
        Some(features) => features,
        None if has(input, FEATURES) => vec![FEATURES.to_owned()],
        None => {
            return query_err!(
                "{function}: nothing tells the names of the features of {reads}; name its {} columns in the order in which it \
                 was trained: features => ['...', '...']",
                model.recipe.architecture.features
            );
        }
    };
    let missing: Vec<&str> = features.iter().filter(|name| !has(input, name)).map(String::as_str).collect();
    if missing.is_empty() {
        return Ok(features);
    }
    let there: Vec<&str> = input.schema().fields().iter().map(|field| field.name().as_str()).collect();
    query_err!(
        "{function}: {reads} reads {}, but the frames have {}: {} missing; make the same columns, or name them in this order: \
         features => ['...', '...']",
        features.join(", "),
        there.join(", "),
        missing.join(", ") + if missing.len() == 1 { " is" } else { " are" }
    )
}
