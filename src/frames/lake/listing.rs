//! The files of a location, in the order of their names, and what is left aside.

use std::collections::BTreeSet;

use datafusion::common::{DataFusionError, Result};
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::kind::Kind;
use super::location::{Location, name_of};
use super::partitions::of_path;
use crate::error::{Error, query_err};
use crate::notes::shortened;

/// What is at a location.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Files of one kind, sorted by their paths.
    pub files: Vec<Found>,
    /// Their kind; `None` where there are none.
    pub kind: Option<Kind>,
    /// The names of the partitions, outermost folder first.
    pub partitions: Vec<String>,
    /// Whether the location is a folder or a pattern: there may be more files tomorrow.
    pub is_open: bool,
    /// What is left aside, in words.
    pub notes: Vec<String>,
}

/// A file.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where it is, how large, since when.
    pub meta: ObjectMeta,
    /// Its name as one would write it.
    pub name: String,
    /// The values in its folders' names, by the names of partitions that they have there.
    pub values: Vec<(String, Option<String>)>,
}

/// What somebody wants of the files.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Their kind; the endings tell where it is `None`.
    pub kind: Option<Kind>,
    /// The partitions that are declared; `None` where the folders tell.
    pub partitions: Option<&'a [String]>,
    /// Whether plain folders below a folder are left aside, `datafusion.execution.listing_table_ignore_subdirectory`.
    pub is_flat: bool,
}

impl Listing {
    /// Lists a location.
    ///
    /// A path that exists as it stands is that file or folder, whatever characters it has; else it is tried as a pattern. Hidden files (`.x`, `_x`) and, in a
    /// folder, files of other endings are skipped; what somebody may miss is told in [`Listing::notes`]. No file at all is no error.
    ///
    /// # Errors
    /// Two kinds of readable files where none is asked for; folders whose partitions have different names; a store that does not answer.
    pub async fn of(store: &dyn ObjectStore, location: &Location, wanted: Wanted<'_>) -> Result<Self> {
        if !location.is_folder() {
            match store.head(location.path()).await {
                Ok(meta) => return single(location, meta, wanted),
                Err(object_store::Error::NotFound { .. }) => {}
                Err(e) => return Err(e.into()),
            }
        }
        let objects = below(store, location.path()).await?;
        if !objects.is_empty() || location.is_folder() {
            return many(location, objects, wanted, false);
        }
        match location.pattern_folder() {
            Some(folder) => {
                let objects = below(store, folder).await?.into_iter();
                let matching = objects.filter(|(_, segments)| location.matches(&texts(segments)));
                many(location, matching.collect(), wanted, true)
            }
            None => Ok(Self { partitions: wanted.partitions.unwrap_or_default().to_vec(), ..Self::default() }),
        }
    }
}

/// An object, and the parts of its path below the folder that was listed.
type Object = (ObjectMeta, Vec<String>);

fn texts(segments: &[String]) -> Vec<&str> {
    segments.iter().map(String::as_str).collect()
}

async fn below(store: &dyn ObjectStore, folder: &Path) -> Result<Vec<Object>> {
    let prefix = Some(folder).filter(|path| !path.as_ref().is_empty());
    let listed = store.list(prefix).try_collect::<Vec<_>>().await;
    let metas = match listed {
        Ok(metas) => metas,
        Err(object_store::Error::NotFound { .. }) => vec![],
        Err(e) => return Err(DataFusionError::from(e)),
    };
    let segments = |meta: ObjectMeta| {
        let parts = meta.location.prefix_match(folder)?.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>();
        (!parts.is_empty()).then_some((meta, parts))
    };
    let mut objects: Vec<Object> = metas.into_iter().filter_map(segments).collect();
    objects.sort_by(|(a, _), (b, _)| a.location.cmp(&b.location));
    Ok(objects)
}

/// A file that is named itself. It has the kind that is asked for, whatever its ending.
fn single(location: &Location, meta: ObjectMeta, wanted: Wanted<'_>) -> Result<Listing> {
    let name = meta.location.filename().unwrap_or_default();
    let Some(kind) = wanted.kind.or_else(|| Kind::of_file(name)) else {
        return Ok(query_err!(
            "there is no reader for '{location}'; readable: {}; for a file of another ending say of what kind it is: \
             CREATE EXTERNAL TABLE frames STORED AS CSV LOCATION '{location}'",
            Kind::readable()
        )?);
    };
    if meta.size == 0 {
        return Err(Error::Data(format!("'{location}' is empty: 0 bytes")).into());
    }
    let found = Found { name: name_of(&location.store(), &meta.location), meta, values: vec![] };
    let partitions = wanted.partitions.unwrap_or_default().to_vec();
    Ok(Listing { files: vec![found], kind: Some(kind), partitions, ..Listing::default() })
}

fn many(location: &Location, objects: Vec<Object>, wanted: Wanted<'_>, is_pattern: bool) -> Result<Listing> {
    let mut aside = Aside::default();
    let is_hidden = |segment: &String| segment.starts_with(['.', '_']) && !segment.contains('=');
    let mut kept: Vec<(Object, Option<Kind>)> = vec![];
    for object in objects {
        let (meta, segments) = &object;
        let Some((name, folders)) = segments.split_last() else { continue };
        if segments.iter().any(is_hidden) {
            continue;
        }
        let (kind, full) = (Kind::of_file(name), name_of(&location.store(), &meta.location));
        // Whoever writes a pattern names the files.
        let is_named = is_pattern && wanted.kind.is_some();
        if !is_named && (kind.is_none() || wanted.kind.is_some_and(|wanted| kind != Some(wanted))) {
            aside.compressed.extend(Kind::is_compressed(name).then_some(full));
            aside.other += 1;
        } else if meta.size == 0 {
            aside.empty.push(full);
        } else if !is_pattern && wanted.is_flat && folders.iter().any(|folder| !folder.contains('=')) {
            aside.deep.push(full);
        } else {
            kept.push((object, wanted.kind.or(kind)));
        }
    }
    let kinds: BTreeSet<Kind> = kept.iter().filter_map(|(_, kind)| *kind).collect();
    if kinds.len() > 1 {
        let names = kinds.iter().map(|kind| kind.names()[0]).collect::<Vec<_>>();
        return Ok(query_err!(
            "'{location}' holds files of several kinds ({}); name those of one: '{}*.{}'",
            names.join(", "),
            if location.is_folder() { location.text() } else { "" },
            kinds.first().map_or("csv", |kind| kind.endings()[0])
        )?);
    }
    let kind = kinds.first().copied();
    let found = kept.into_iter().map(|((meta, segments), _)| {
        let values = of_path(&texts(&segments)).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Found { name: name_of(&location.store(), &meta.location), meta, values }
    });
    let (partitions, files) = aside.partitioned(location, found.collect(), wanted.partitions)?;
    Ok(Listing { files, kind, partitions, is_open: true, notes: aside.notes(location) })
}

/// Files that are not read, by what is the matter with them.
#[derive(Debug, Default)]
struct Aside {
    compressed: Vec<String>,
    empty: Vec<String>,
    deep: Vec<String>,
    outside: Vec<String>,
    /// Of other kinds.
    other: usize,
}

impl Aside {
    /// The names of the partitions, and the files that lie in a folder of each.
    fn partitioned(
        &mut self,
        location: &Location,
        files: Vec<Found>,
        declared: Option<&[String]>,
    ) -> Result<(Vec<String>, Vec<Found>)> {
        let names = |found: &Found| found.values.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let partitions = match declared {
            Some(declared) => declared.to_vec(),
            None => {
                let mut inside = files.iter().filter(|found| !found.values.is_empty());
                let first = inside.next();
                let partitions = first.map(names).unwrap_or_default();
                if let Some((first, other)) = first.zip(inside.find(|found| names(found) != partitions)) {
                    return Ok(query_err!(
                        "'{location}': {} lies in folders of {}, {} in folders of {}; say which are meant: PARTITIONED BY (...)",
                        first.name,
                        partitions.join(", "),
                        other.name,
                        names(other).join(", ")
                    )?);
                }
                partitions
            }
        };
        let own = |name: &&String| *name != super::partitions::FILENAME;
        let (inside, outside): (Vec<_>, Vec<_>) = files.into_iter().partition(|found| {
            partitions.iter().filter(own).all(|name| found.values.iter().any(|(has, _)| has == name))
        });
        self.outside = outside.into_iter().map(|found| found.name).collect();
        Ok((partitions, inside))
    }

    fn notes(self, location: &Location) -> Vec<String> {
        let some = |files: Vec<String>, what: &str| {
            (!files.is_empty())
                .then(|| format!("{location}: not read, {what}: {} ({})", files.len(), shortened(&files)))
        };
        let pattern = format!("in folders below it ('{}**/*' reads them)", location.text());
        let notes = [
            some(self.outside, "outside the folders of the partitions"),
            some(self.empty, "0 bytes long"),
            some(self.compressed, "compressed (unpack them first)"),
            some(self.deep, &pattern),
        ];
        notes.into_iter().flatten().collect()
    }
}
