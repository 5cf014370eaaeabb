//! The columns of a table, from its files and the statement.

use std::sync::Arc;

use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::datasource::file_format::FileFormat;

use super::Definition;
use crate::frames::lake::listing::Found;
use crate::frames::lake::partitions;
use crate::frames::lake::schema::file::{Schemas, union};

/// The columns that are found in files, and lines on what some of these lack.
///
/// # Errors
/// Files that cannot be read, or whose columns cannot be one.
pub async fn found(
    session: &dyn Session,
    definition: &Definition,
    format: &Arc<dyn FileFormat>,
    schemas: &Schemas,
    files: &[Found],
) -> Result<(SchemaRef, Vec<String>)> {
    let metas: Vec<_> = files.iter().map(|found| (found.name.clone(), found.meta.clone())).collect();
    let each = schemas.of(session, &definition.store(session)?, format, &metas).await?;
    let (schema, lacking) = union(&metas, &each)?;
    let texts = definition.texts();
    Ok((schema, lacking.into_iter().map(|line| format!("{texts}: {line}")).collect()))
}

/// The columns of files, and those of folders, which are `names`.
pub fn parted(
    definition: &Definition,
    all: &Schema,
    names: &[String],
    notes: &mut Vec<String>,
) -> (SchemaRef, Vec<FieldRef>) {
    let declared = |name: &str| {
        let declared = definition.declared.as_ref()?;
        declared.field_with_name(name).ok().map(|field| field.data_type().clone())
    };
    let folders = names.iter().map(|name| partitions::field(name, declared(name))).collect();
    let (own, twice): (Vec<_>, Vec<_>) = all.fields().iter().partition(|field| !names.contains(field.name()));
    if definition.declared.is_none() {
        let texts = definition.texts();
        notes.extend(twice.iter().map(|field| {
            let name = field.name();
            format!("{texts}: column '{name}' is in the files and in the names of their folders; that of the folders is read")
        }));
    }
    let own = own.into_iter().map(|field| field.as_ref().clone().with_nullable(true));
    (Arc::new(Schema::new(own.collect::<Vec<_>>())), folders)
}
