//! Accounts: a whole relation in, a few rows out. What leaks, metrics and balances share.

pub mod class_names;
pub mod classes;
pub mod columns;
pub mod exec;
pub mod key;
pub mod node;
pub mod parts;
pub mod recording;

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use crate::interrupt::Interrupt;

/// What is counted over all rows of a relation, in whatever order they come.
///
/// Two accounts of one name and description over one input are taken for the same: everything that the result depends on
/// belongs into the description.
pub trait Account: Debug + Send + Sync {
    /// The SQL name.
    fn name(&self) -> &'static str;

    /// Its arguments, as EXPLAIN shows them.
    fn describe(&self) -> String;

    /// The columns of the input that are read.
    fn reads(&self) -> &[String];

    /// The columns of the result.
    fn output(&self) -> SchemaRef;

    /// An empty ledger for batches of this schema, which holds what [`Account::reads`] names.
    ///
    /// # Errors
    /// A column of a type that cannot be read.
    fn ledger(&self, input: &SchemaRef) -> crate::error::Result<Box<dyn Ledger>>;
}

/// An account at work.
pub trait Ledger: Send {
    /// Takes rows.
    ///
    /// # Errors
    /// Data that is refused.
    fn add(&mut self, batch: &RecordBatch) -> crate::error::Result<()>;

    /// Bytes held, to be accounted for.
    fn bytes(&self) -> usize;

    /// The result: rows of [`Account::output`], the same whatever the order in which rows came.
    ///
    /// # Errors
    /// Data that is refused; [`crate::error::Error::Interrupted`], which whatever takes long has to look for.
    fn finish(self: Box<Self>, interrupt: &Interrupt) -> crate::error::Result<RecordBatch>;
}

/// The plan of an account over `input`.
///
/// # Errors
/// As DataFusion's of a schema.
pub fn over(account: Arc<dyn Account>, input: LogicalPlan) -> Result<LogicalPlan> {
    Ok(node::AccountNode::new(account, input)?.into_plan())
}
