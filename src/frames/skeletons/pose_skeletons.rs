//! `pose_skeletons`: the skeletons of a session as a table, one row a joint; INSERT adds some.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, AsArray, Int32Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, not_impl_err};
use datafusion::datasource::TableType;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::sink::{DataSink, DataSinkExec};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan};
use futures::TryStreamExt;

use super::Skeletons;
use super::skeleton::{Row, Skeleton};
use crate::error::{self, Error, data_err};

/// The name of the table.
pub const NAME: &str = "pose_skeletons";

/// `pose_skeletons(name, joint, index, parent, side, pair)`.
///
/// Functions take a skeleton by its name. A skeleton of your own is inserted, whole:
///
/// ```sql
/// INSERT INTO pose_skeletons (name, joint, index, parent, pair) VALUES
///   ('mouse', 'nose', 0, NULL, NULL), ('mouse', 'left_ear', 1, 'nose', 'right_ear'), ('mouse', 'right_ear', 2, 'nose', 'left_ear')
/// ```
///
/// `pair` may be NULL where exchanging left and right in the name finds the twin; `side` is made from names and pairs.
#[derive(Debug)]
pub struct PoseSkeletons(pub Skeletons);

/// None of the first three is ever NULL; that an inserted row has one is for us to say.
fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("name", DataType::Utf8, true),
        Field::new("joint", DataType::Utf8, true),
        Field::new("index", DataType::Int32, true),
        Field::new("parent", DataType::Utf8, true),
        Field::new("side", DataType::Utf8, true),
        Field::new("pair", DataType::Utf8, true),
    ]))
}

#[async_trait]
impl TableProvider for PoseSkeletons {
    fn schema(&self) -> SchemaRef {
        schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let rows = rows(&self.0.all())?;
        Ok(MemorySourceConfig::try_new_exec(&[vec![rows]], schema(), projection.cloned())?)
    }

    async fn insert_into(
        &self,
        _: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        operation: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if operation != InsertOp::Append {
            return not_impl_err!("{NAME} cannot be overwritten: skeletons are only added");
        }
        Ok(Arc::new(DataSinkExec::new(input, Arc::new(Sink(self.0.clone())), None)))
    }
}

fn rows(skeletons: &[Arc<Skeleton>]) -> Result<RecordBatch> {
    let joints = skeletons.iter().flat_map(|s| (0..s.joints.len()).map(move |number| (s, number)));
    let joints: Vec<(&Arc<Skeleton>, usize)> = joints.collect();
    let joints = || joints.iter().copied();
    let joint = |number: usize, s: &Skeleton| s.joints[number].name.clone();
    let pair = |s: &Skeleton, number: usize| Some(s.joints[number].twin).filter(|twin| *twin != number);
    let columns: Vec<Arc<dyn Array>> = vec![
        Arc::new(StringArray::from_iter_values(joints().map(|(s, _)| s.name.as_str()))),
        Arc::new(StringArray::from_iter_values(joints().map(|(s, number)| joint(number, s)))),
        Arc::new(Int32Array::from_iter_values(joints().map(|(_, number)| number as i32))),
        Arc::new(joints().map(|(s, number)| Some(joint(s.joints[number].parent?, s))).collect::<StringArray>()),
        Arc::new(joints().map(|(s, number)| s.side(number)).collect::<StringArray>()),
        Arc::new(joints().map(|(s, number)| Some(joint(pair(s, number)?, s))).collect::<StringArray>()),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}

#[derive(Debug)]
struct Sink(Skeletons);

impl DisplayAs for Sink {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(NAME)
    }
}

#[async_trait]
impl DataSink for Sink {
    fn schema(&self) -> &SchemaRef {
        static SCHEMA: std::sync::LazyLock<SchemaRef> = std::sync::LazyLock::new(schema);
        &SCHEMA
    }

    async fn write_all(&self, data: SendableRecordBatchStream, _: &Arc<TaskContext>) -> Result<u64> {
        let batches: Vec<RecordBatch> = data.try_collect().await?;
        let read = batches.iter().map(read).collect::<error::Result<Vec<_>>>()?;
        let mut skeletons: BTreeMap<String, Vec<JointRow>> = BTreeMap::new();
        let count = read.iter().map(Vec::len).sum::<usize>();
        read.into_iter().flatten().for_each(|(name, joint)| skeletons.entry(name).or_default().push(joint));
        let new = skeletons.into_iter().map(|(name, joints)| skeleton(&name, joints));
        self.0.add(new.collect::<error::Result<_>>()?)?;
        Ok(count as u64)
    }
}

struct JointRow {
    index: i32,
    joint: String,
    parent: Option<String>,
    pair: Option<String>,
}

/// The rows of a batch, each with the name of its skeleton.
fn read(batch: &RecordBatch) -> error::Result<Vec<(String, JointRow)>> {
    let column =
        |place: usize, to: &DataType| cast(batch.column(place), to).map_err(|e| Error::Data(format!("{NAME}: {e}")));
    let text = |place| column(place, &DataType::Utf8);
    let (name, joint, index) = (text(0)?, text(1)?, column(2, &DataType::Int32)?);
    let (parent, pair) = (text(3)?, text(5)?);
    let (name, joint, index) = (name.as_string::<i32>(), joint.as_string::<i32>(), index.as_primitive::<Int32Type>());
    let at = |array: &StringArray, row: usize| array.is_valid(row).then(|| array.value(row).to_owned());
    let rows = (0..batch.num_rows()).map(|row| {
        let (Some(name), Some(joint), true) = (at(name, row), at(joint, row), index.is_valid(row)) else {
            return data_err!("{NAME}: name, joint and index of a row must not be NULL");
        };
        let (parent, pair) = (at(parent.as_string(), row), at(pair.as_string(), row));
        Ok((name, JointRow { index: index.value(row), joint, parent, pair }))
    });
    rows.collect()
}

fn skeleton(name: &str, mut joints: Vec<JointRow>) -> error::Result<Skeleton> {
    if name.is_empty() || name.trim() != name || name.contains([':', ',', '<']) {
        return data_err!(
            "{NAME}: a skeleton cannot be called '{name}': specs are read by ':', ',' and '<->'; give it a plain word"
        );
    }
    joints.sort_by_key(|joint| joint.index);
    if let Some((place, joint)) = joints.iter().enumerate().find(|(place, joint)| joint.index != *place as i32) {
        return data_err!(
            "{NAME}: skeleton '{name}' has joint '{}' as number {} where {place} is next; number its {} joints from 0, \
             in the order of their values, and insert all of them at once",
            joint.joint,
            joint.index,
            joints.len()
        );
    }
    let rows: Vec<_> = joints
        .iter()
        .map(|joint| Row { joint: &joint.joint, parent: joint.parent.as_deref(), pair: joint.pair.as_deref() })
        .collect();
    Skeleton::new(name, "xyc", &rows).map_err(|e| Error::Data(format!("{NAME}: {e}")))
}
