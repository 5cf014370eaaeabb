//! The one list of what posequel adds to a session.

use std::sync::Arc;

use datafusion::catalog::{MemoryCatalogProviderList, TableFunction, TableProviderFactory};
use datafusion::common::Result;
use datafusion::common::config::MaxRowGroupBytes;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::catalog;
use super::config::PosequelOptions;
use super::declared_order::DeclaredOrder;
use super::float_bounds;
use super::limits::{self, Limits};
use super::planner::PoseQueryPlanner;
use super::relations::Relations;
use super::stores::Stores;
use super::table_function::{PositionalFunction, PositionalSource};
use super::training::TrainingFormatFactory;
use crate::augment::pose_augment::PoseAugment;
use crate::augment::pose_policy::PosePolicy;
use crate::augment::{self, feature_std};
use crate::error::query_err;
use crate::evaluate::{
    PoseClassMetrics, PoseCompare, PoseConfusion, PoseEventMetrics, PoseMetrics, PosePrecisionRecall, PoseReliability,
    PoseRoc,
};
use crate::frames;
use crate::frames::inventory::pose_inventory::PoseInventory;
use crate::frames::lake::create::LakeTableFactory;
use crate::frames::lake::kind::Kind;
use crate::frames::lake::url::{CurrentSession, WithLocations};
use crate::frames::pose_resample::PoseResample;
use crate::frames::skeletons::Skeletons;
use crate::frames::skeletons::pose_skeletons::{self, PoseSkeletons};
use crate::frames::walkers::pose_walkers::PoseWalkers;
use crate::frames::{joints, motion};
use crate::notes::Notes;
use crate::predict;
use crate::predict::pose_diagnose::PoseDiagnose;
use crate::predict::pose_timeline::PoseTimeline;
use crate::relation::{RelationFunction, SourceFunction};
use crate::roots::Roots;
use crate::split::pose_balance::PoseBalance;
use crate::split::pose_folds::PoseFolds;
use crate::split::pose_leaks::PoseLeaks;
use crate::split::pose_split::PoseSplit;
use crate::store::models::Models;
use crate::weigh::pose_class_weight;
use crate::weigh::pose_weigh::PoseWeigh;
use crate::windows;
use crate::windows::pose_segments::PoseSegments;
use crate::windows::pose_window_stats::PoseWindowStats;
use crate::windows::pose_windows::PoseWindows;

/// The relation functions, in the order a batch meets them.
pub fn relations(skeletons: &Skeletons, models: &Arc<Models>) -> Vec<Arc<dyn RelationFunction>> {
    vec![
        Arc::new(PoseInventory),
        Arc::new(PoseResample),
        Arc::new(PoseSegments),
        Arc::new(PoseWindows),
        Arc::new(PoseWindowStats),
        Arc::new(PoseBalance),
        Arc::new(PoseSplit),
        Arc::new(PoseFolds),
        Arc::new(PoseLeaks),
        Arc::new(PoseAugment { skeletons: skeletons.clone() }),
        Arc::new(PoseWeigh),
        Arc::new(PoseMetrics),
        Arc::new(PoseClassMetrics),
        Arc::new(PoseConfusion),
        Arc::new(PoseReliability),
        Arc::new(PoseRoc),
        Arc::new(PosePrecisionRecall),
        Arc::new(PoseEventMetrics),
        Arc::new(PoseCompare),
        Arc::new(PoseTimeline { models: Arc::clone(models) }),
    ]
}

/// The functions that make a relation of their arguments alone.
pub fn sources(models: &Arc<Models>) -> Vec<Arc<dyn SourceFunction>> {
    vec![Arc::new(PoseWalkers), Arc::new(PosePolicy), Arc::new(PoseDiagnose { models: Arc::clone(models) })]
}

/// Adds posequel to a session that is being built: functions, planners, catalog, file formats and session defaults.
///
/// ```
/// use datafusion::execution::session_state::SessionStateBuilder;
/// use datafusion::prelude::SessionContext;
///
/// # fn main() -> datafusion::common::Result<()> {
/// let state = posequel::register(SessionStateBuilder::new().with_default_features())?.build();
/// let context = SessionContext::new_with_state(state);
/// posequel::register_tables(&context)?;
/// # Ok(()) }
/// ```
pub fn register(builder: SessionStateBuilder) -> Result<SessionStateBuilder> {
    let (skeletons, mut builder) = (Skeletons::default(), builder);
    let roots = builder.config().as_ref().and_then(|config| config.get_extension::<Roots>());
    let options =
        roots.map_or_else(PosequelOptions::default, |roots| PosequelOptions::with_roots(roots.as_ref().clone()));
    let runtime = Arc::clone(builder.runtime_env().get_or_insert_with(|| Arc::new(RuntimeEnv::default())));
    let notes = Notes::default();
    let models = Arc::new(Models::new(options.models_location.clone(), runtime).with_notes(notes.clone()));
    let planner =
        Relations { relations: relations(&skeletons, &models), sources: sources(&models), notes: notes.clone() };
    let mut builder =
        builder.with_query_planner(Arc::new(PoseQueryPlanner)).with_relation_planners(vec![Arc::new(planner)]);
    let tables = builder.table_functions().get_or_insert_default();
    for function in relations(&skeletons, &models) {
        let name = function.name().to_owned();
        tables.insert(
            name.clone(),
            Arc::new(TableFunction::new(name, Arc::new(PositionalFunction(function, notes.clone())))),
        );
    }
    for source in sources(&models) {
        let name = source.name().to_owned();
        tables.insert(name.clone(), Arc::new(TableFunction::new(name, Arc::new(PositionalSource(source)))));
    }
    builder.aggregate_functions().get_or_insert_default().push(Arc::new(feature_std::udaf()));
    let of_windows = motion::functions().into_iter().chain([pose_class_weight::udwf()]);
    builder.window_functions().get_or_insert_default().extend(of_windows.map(Arc::new));
    builder.config().get_or_insert_default().set_extension(Arc::new(skeletons.clone()));
    builder.config().get_or_insert_default().set_extension(Arc::new(notes));
    let config = builder.config().get_or_insert_default().options_mut();
    config.extensions.insert(options);
    // The rule moves `p['label']` below any node that has a column of the same name beneath it. Our relations make new
    // columns under old names, so it fails on them: https://github.com/apache/datafusion/issues/25446
    config.optimizer.enable_leaf_expression_pushdown = false;
    let scalars = frames::functions().into_iter().chain(joints::functions(&skeletons));
    let scalars = scalars.chain(windows::functions());
    let scalars = scalars.chain(augment::functions(&skeletons)).chain(predict::functions(&models));
    builder.scalar_functions().get_or_insert_default().extend(scalars.map(Arc::new));
    for kind in Kind::ALL {
        let factories = kind.names().iter().map(|name| {
            let factory: Arc<dyn TableProviderFactory> = Arc::new(LakeTableFactory { kind });
            ((*name).to_owned(), factory)
        });
        builder.table_factories().get_or_insert_default().extend(factories);
    }
    let optimizer = builder.physical_optimizers().get_or_insert_with(PhysicalOptimizer::new);
    float_bounds::add(optimizer);
    optimizer.rules.push(Arc::new(DeclaredOrder));
    let catalogs = builder.catalog_list().get_or_insert_with(|| Arc::new(MemoryCatalogProviderList::new()));
    catalogs.register_catalog(catalog::NAME.to_owned(), catalog::catalog(models));
    let formats = builder.file_formats().get_or_insert_default();
    formats.push(Arc::new(TrainingFormatFactory::lstm()));
    formats.push(Arc::new(TrainingFormatFactory::gru()));
    formats.push(Arc::new(TrainingFormatFactory::ensemble()));
    Ok(builder)
}

/// Adds the tables of posequel to a session that is built: `pose_skeletons`.
///
/// # Errors
/// The session was not built by [`register`], or has a table of that name.
pub fn register_tables(context: &SessionContext) -> Result<()> {
    let config = context.copied_config();
    let Some(skeletons) = config.get_extension::<Skeletons>() else {
        return Ok(query_err!("posequel::register was not called for this session; build it with that first")?);
    };
    context.register_table(pose_skeletons::NAME, Arc::new(PoseSkeletons(skeletons.as_ref().clone())))?;
    Ok(())
}

/// Makes `SELECT * FROM 'lake/'` read files: see [`crate::frames::lake`]. In place of DataFusion's `enable_url_table`, and as that, it lets SQL read what the process can.
pub fn register_locations(context: &SessionContext) {
    let state = context.state_weak_ref();
    let session: CurrentSession = Arc::new(move || Some(state.upgrade()?.read().clone()));
    let catalogs = Arc::clone(context.state_ref().read().catalog_list());
    context.register_catalog_list(Arc::new(WithLocations::new(catalogs, session)));
}

/// Bytes of a row group of Parquet before it is compressed: see [`limits::row_groups`].
const ROW_GROUP_BYTES: usize = 128 << 20;

/// A session that is ready to use, with limits of memory and disk: see [`limits`].
pub fn session() -> Result<SessionContext> {
    session_with(SessionConfig::new())
}

/// A session with settings of the host; ours are added where they are needed. It has limits of memory and disk: see [`limits`].
pub fn session_with(config: SessionConfig) -> Result<SessionContext> {
    let limits = Limits::below(&std::env::temp_dir())?;
    let mut config = config
        .with_information_schema(true)
        // The tensor type of `features` is field metadata: a Parquet scan must not drop it.
        .set_bool("datafusion.execution.parquet.skip_metadata", false);
    let roots = Roots::default();
    let parquet = &mut config.options_mut().execution.parquet;
    if parquet.max_row_group_bytes.is_none() {
        parquet.max_row_group_bytes = Some(MaxRowGroupBytes::try_new(ROW_GROUP_BYTES)?);
    }
    // A list of files that is kept does not see new ones.
    let runtime = RuntimeEnvBuilder::new()
        .with_object_list_cache_limit(0)
        .with_object_store_registry(Arc::new(Stores::new(roots.clone())))
        .with_memory_pool(limits::pool(limits::memory::limit()))
        .with_disk_manager_builder(limits.disk_manager())
        .build_arc()?;
    let config = config.with_extension(Arc::new(limits)).with_extension(Arc::new(roots));
    let builder = SessionStateBuilder::new().with_config(config).with_runtime_env(runtime).with_default_features();
    let context = SessionContext::new_with_state(register(builder)?.build());
    register_tables(&context)?;
    register_locations(&context);
    Ok(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_field_of_a_struct_over_windows_is_taken_from_windows() {
        let session = session().unwrap();
        let frames = "CREATE TABLE frames AS SELECT 'v' AS video, column1 AS frame, 'walk' AS label, column2 AS x \
                      FROM (VALUES (0, 1.5), (1, 2.5), (2, 3.5), (3, 4.5))";
        session.sql(frames).await.unwrap().collect().await.unwrap();
        let field = "SELECT p['label'] AS label FROM (SELECT named_struct('label', label) AS p \
                     FROM pose_windows((SELECT video, frame, label, x FROM frames), width => 2, stride => 2))";
        assert_eq!(session.sql(field).await.unwrap().count().await.unwrap(), 2);
    }
}
