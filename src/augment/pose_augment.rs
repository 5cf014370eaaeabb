//! `pose_augment((SELECT ...), policy => 'noise(0.02), speed(0.8, 1.25)', copies => 2, seed => 7)`

use arrow::datatypes::DataType;
use datafusion::common::{Column, DFSchema, JoinType, NullEquality, Result, ScalarValue};
use datafusion::functions::core::greatest;
use datafusion::functions::expr_fn::{concat, get_field};
use datafusion::functions::math::ceil;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::min_max::max_udaf;
use datafusion::functions_nested::range::range_udf;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{
    Expr, ExprFunctionExt, LogicalPlan, LogicalPlanBuilder, WindowFunctionDefinition, cast, lit, when,
};

use super::columns::Columns;
use super::feature_std;
use super::frame::Frame;
use super::policy::Policy;
use super::pose_augment_copy::PoseAugmentCopy;
use super::pose_mirror_label::{PoseMirrorLabel, twins};
use crate::args::{Arguments, Value};
use crate::error::{Error, query_err};
use crate::frames::skeletons::Skeletons;
use crate::options::{COPIES, MAX_COPIES, MOST_COPIES, SEED};
use crate::relation::{RelationFunction, column, key_name, over_all, with_windows};
use crate::scalar::arguments::STATE_SHAPE;
use crate::scalar::udf;
use crate::schema::{
    COPY, FEATURES, LABEL, OPERATIONS, SOURCE_WINDOW_ID, SPLIT, TRAIN, VALID_LEN, WINDOW_ID, check_axes, feature_names,
    label_hint, tensor_shape,
};

/// Every row of the input, and augmented copies of its train rows.
///
/// The plan gives each row its number of copies, unnests 0..=copies, and lets one scalar function make the copy from
/// (seed, window_id, copy): no order of rows can change a bit. Noise is scaled by the standard deviation of each feature
/// over train rows, an exact sum, joined to all rows.
#[derive(Debug)]
pub struct PoseAugment {
    /// Those of the session.
    pub skeletons: Skeletons,
}

const COPIES_OF_ROW: &str = "__copies";
const SCALE: &str = "__scale";
const MADE: &str = "__made";
const ORIGINAL: &str = "__original";

impl RelationFunction for PoseAugment {
    fn name(&self) -> &'static str {
        "pose_augment"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["policy", "copies", "seed", "balance", "max_copies", "skeleton", "rows", "mirror_labels"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "Every row of the input, and augmented copies of its train rows, with their lineage.",
            "SELECT window_id, copy, operations FROM pose_augment((SELECT * FROM split_windows), policy => 'noise(0.02), speed(0.8, 1.25)', copies => 2)",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        check_columns(&input)?;
        let field = input.schema().field_with_unqualified_name(FEATURES)?;
        check_axes("pose_augment", field)?;
        let names = feature_names(field);
        let Some(policy) = arguments.text("policy")? else {
            return Ok(query_err!(
                "pose_augment: policy is missing; say what to do: policy => 'noise(0.02), speed(0.8, 1.25)'"
            )?);
        };
        let skeleton = arguments.text("skeleton")?;
        let Some((_, dim)) = tensor_shape(field) else {
            return Ok(query_err!(
                "pose_augment: the type of features ({}) does not tell how many frames a window has; say it below: SELECT * \
                 EXCEPT (features), {STATE_SHAPE}",
                field.data_type()
            )?);
        };
        let frame = Columns::new(dim, &names).and_then(|of| Frame::new(of, skeleton, &self.skeletons));
        let parsed = frame.and_then(|frame| Policy::parse(policy, &frame));
        parsed.map_err(|e| Error::Query(format!("pose_augment: {e}")))?;
        let seed = arguments.whole("seed", 0)?.unwrap_or(SEED);
        let train = train_rows(&input, arguments)?;
        let columns: Vec<String> = input.schema().fields().iter().map(|f| f.name().clone()).collect();

        let scale = LogicalPlanBuilder::from(input.clone())
            .filter(train.clone())?
            .aggregate(Vec::<Expr>::new(), [feature_std::udaf().call(vec![column(FEATURES)]).alias(SCALE)])?
            .build()?;
        let input_schema = input.schema().clone();
        let numbered = copies_of_rows(input, train, arguments)?;
        let copies = range_udf().call(vec![lit(0i64), column(COPIES_OF_ROW) + lit(1i64)]).alias(COPY);
        // A name means one thing in the whole plan: optimizer rules of DataFusion 55.2 that push struct fields down confuse
        // a column that is made with a column of the same name that it is made from.
        let kept = |name: &String| match name.as_str() {
            WINDOW_ID => column(WINDOW_ID).alias(SOURCE_WINDOW_ID),
            FEATURES => column(FEATURES).alias(ORIGINAL),
            name => column(name),
        };
        let has_valid_len = columns.iter().any(|c| c == VALID_LEN);
        let valid_len = if has_valid_len { column(VALID_LEN) } else { lit(ScalarValue::Int32(None)) };
        let names = names.iter().map(|n| ScalarValue::from(n.as_str())).collect::<Vec<_>>();
        let made = udf(PoseAugmentCopy { skeletons: self.skeletons.clone() }).call(vec![
            column(ORIGINAL),
            valid_len,
            column(SOURCE_WINDOW_ID),
            column(COPY),
            column(SCALE),
            lit(policy),
            lit(seed as i64),
            lit(ScalarValue::Utf8(skeleton.map(str::to_owned))),
            lit(ScalarValue::List(ScalarValue::new_list_nullable(&names, &DataType::Utf8))),
        ]);
        let id = when(column(COPY).eq(lit(0i64)), column(SOURCE_WINDOW_ID)).otherwise(concat(vec![
            column(SOURCE_WINDOW_ID),
            lit("#"),
            cast(column(COPY), DataType::Utf8),
        ]))?;
        let kept_names = columns.iter().filter(|c| *c != FEATURES && *c != WINDOW_ID);
        let unchanged = kept_names.clone().map(|c| column(c));
        let lineage = [SOURCE_WINDOW_ID, COPY].map(column);
        let with_copies = LogicalPlanBuilder::from(numbered)
            .project(columns.iter().map(kept).chain([copies]))?
            .unnest_column(COPY)?
            .build()?;
        let mirrored = match arguments.text("mirror_labels")? {
            Some(_) if Balance::read(arguments)?.is_some() => {
                return Ok(query_err!(
                    "pose_augment: balance and mirror_labels do not go together: copies that fill up a class would become its \
                     twin's; leave one of them out"
                )?);
            }
            Some(pairs) => Some(mirrored_label(&input_schema, pairs)?),
            None => None,
        };
        let relabelled = |name: &String| match &mirrored {
            Some(label) if name == LABEL => label.clone().alias(LABEL),
            _ => column(name),
        };
        LogicalPlanBuilder::from(scale)
            .cross_join(with_copies)?
            .project(
                [id.alias(WINDOW_ID)].into_iter().chain(lineage.clone()).chain(unchanged).chain([made.alias(MADE)]),
            )?
            .project([column(WINDOW_ID)].into_iter().chain(lineage).chain(kept_names.map(relabelled)).chain([
                get_field(column(MADE), OPERATIONS).alias(OPERATIONS),
                get_field(column(MADE), FEATURES).alias(FEATURES),
            ]))?
            .build()
    }
}

/// The label of a copy: that of its twin where left and right have changed places.
fn mirrored_label(schema: &DFSchema, pairs: &str) -> Result<Expr> {
    let Ok(field) = schema.field_with_unqualified_name(LABEL) else {
        let hint = label_hint(schema.as_arrow());
        return Ok(query_err!("pose_augment: mirror_labels needs a column '{LABEL}'{hint}")?);
    };
    twins(field.data_type(), pairs).map_err(|e| Error::Query(format!("pose_augment: mirror_labels: {e}")))?;
    let operations = get_field(column(MADE), OPERATIONS);
    let label = udf(PoseMirrorLabel).call(vec![column(LABEL), lit(pairs), operations]);
    Ok(cast(label, field.data_type().clone()))
}

fn check_columns(input: &LogicalPlan) -> Result<()> {
    let has = |name: &str| input.schema().has_column_with_unqualified_name(name);
    for (name, meaning) in
        [(FEATURES, "the values of a window"), (WINDOW_ID, "the name of a window, from which all draws come")]
    {
        if !has(name) {
            return Ok(query_err!(
                "pose_augment: the input has no column '{name}' ({meaning}); put pose_windows below"
            )?);
        }
    }
    match [SOURCE_WINDOW_ID, COPY, OPERATIONS].into_iter().find(|name| has(name)) {
        Some(name) => Ok(query_err!(
            "pose_augment: the input already has a column '{name}': augment once, with all operations in one policy"
        )?),
        None => Ok(()),
    }
}

/// Which rows may be copied: those of train, else all if that is said.
fn train_rows(input: &LogicalPlan, arguments: &Arguments) -> Result<Expr> {
    let all = arguments.one_of("rows", &[("train", false), ("all", true)])?.unwrap_or(false);
    if all {
        return Ok(lit(true));
    }
    if !input.schema().has_column_with_unqualified_name(SPLIT) {
        return Ok(query_err!(
            "pose_augment: the input has no column 'split', so copies could land in validation or test; \
             put pose_split below, or copy every row with rows => 'all'"
        )?);
    }
    Ok(column(SPLIT).eq(lit(TRAIN)))
}

/// To how many rows every class of train is brought, copies included.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Balance {
    /// This share of the largest class with its copies: `'max'` is 1.
    Share(f64),
    /// So many.
    Rows(i64),
}

impl Balance {
    fn read(arguments: &Arguments) -> Result<Option<Self>> {
        let expected = "'none', 'max', a share of the largest class above 0 and up to 1, or a number of rows";
        match arguments.value("balance") {
            None => Ok(None),
            Some(Value::Text(word)) if word.eq_ignore_ascii_case("none") => Ok(None),
            Some(Value::Text(word)) if word.eq_ignore_ascii_case("max") => Ok(Some(Self::Share(1.0))),
            Some(Value::Float(share)) if *share > 0.0 && *share <= 1.0 => Ok(Some(Self::Share(*share))),
            Some(Value::Int(rows)) if *rows >= 1 => Ok(Some(Self::Rows(*rows))),
            Some(other) => Ok(arguments.wrong("balance", other, expected)?),
        }
    }
}

/// The input with the number of copies of each row.
///
/// With `balance` every class of train is brought to so many rows: a class of n rows shares out target - n copies, one more
/// to those first by window_id where they do not divide. A class that has as many has `copies`, as without it.
fn copies_of_rows(input: LogicalPlan, train: Expr, arguments: &Arguments) -> Result<LogicalPlan> {
    let copies = arguments.whole_at_most("copies", 0, MOST_COPIES)?.unwrap_or(COPIES) as i64;
    let balance = Balance::read(arguments)?;
    let most = arguments.whole_at_most("max_copies", 1, MOST_COPIES)?.unwrap_or(MAX_COPIES) as i64;
    let all = input.schema().columns().into_iter().map(Expr::Column).collect::<Vec<_>>();
    let Some(balance) = balance else {
        let number = when(train, lit(copies)).otherwise(lit(0i64))?;
        return LogicalPlanBuilder::from(input).project(all.into_iter().chain([number.alias(COPIES_OF_ROW)]))?.build();
    };
    let (rank, of_class, largest) = ("__rank", "__of_class", "__largest");
    let counted = over_all(WindowFunctionDefinition::AggregateUDF(count_udaf()), vec![lit(1i64)]);
    let counted = counted.partition_by(vec![column(LABEL)]).build()?;
    let ranked =
        row_number().partition_by(vec![column(LABEL)]).order_by(vec![column(WINDOW_ID).sort(true, false)]).build()?;
    let maximum = over_all(WindowFunctionDefinition::AggregateUDF(max_udaf()), vec![column(of_class)]);
    // Every class has its copies, and as many more as bring it to the target.
    let target = match balance {
        Balance::Share(share) => cast(
            // Less what rounding may have added: 0.55 of 100 are 55.
            ceil().call(vec![cast(column(largest) * lit(1 + copies), DataType::Float64) * lit(share) - lit(1e-9)]),
            DataType::Int64,
        ),
        Balance::Rows(rows) => lit(rows),
    };
    let missing = greatest().call(vec![target - column(of_class), column(of_class) * lit(copies)]);
    let share = (missing.clone() / column(of_class))
        + when(column(rank).lt_eq(cast(missing % column(of_class), DataType::UInt64)), lit(1i64))
            .otherwise(lit(0i64))?;
    // Copies that are asked for are not cut, only those beyond.
    let most = most.max(copies);
    let number = when(share.clone().gt(lit(most)), lit(most)).otherwise(share)?;
    let train =
        LogicalPlanBuilder::from(input.clone()).filter(train)?.project([column(WINDOW_ID), column(LABEL)])?.build()?;
    let ranked = with_windows(train, vec![(counted, of_class), (ranked, rank)])?;
    let small = LogicalPlanBuilder::from(with_windows(ranked, vec![(maximum, largest)])?)
        .project([column(WINDOW_ID).alias(key_name(WINDOW_ID)), number.alias(COPIES_OF_ROW)])?
        .build()?;
    let keys = (vec![Column::from_name(key_name(WINDOW_ID))], vec![Column::from_name(WINDOW_ID)]);
    let number = when(column(COPIES_OF_ROW).is_null(), lit(0i64)).otherwise(column(COPIES_OF_ROW))?;
    LogicalPlanBuilder::from(small)
        .join_detailed(input, JoinType::Right, keys, None, NullEquality::NullEqualsNothing)?
        .project(all.into_iter().chain([number.alias(COPIES_OF_ROW)]))?
        .build()
}
