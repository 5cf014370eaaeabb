//! The files of a location, in the order of their names, and what is left aside.

mod aside;
mod columns;
mod folder;
mod pattern;
mod walk;

use std::collections::BTreeSet;

use datafusion::common::Result;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use self::aside::Aside;
use self::columns::partitioned;
use self::pattern::Pattern;
use self::walk::Walked;
use super::kind::Kind;
use super::location::Location;
use crate::error::{Error, query_err};
use crate::regular::regular;

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
    /// The values of the partitions, those that its folders have.
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
    /// folder, files of other endings are skipped; what somebody may miss is told in [`Listing::notes`].
    ///
    /// # Errors
    /// Two kinds of readable files where none is asked for; folders whose partitions have different names, or none of them the name of a declared one; no
    /// file, where no partitions were declared; what is neither file nor folder nor pattern; a store that does not answer.
    pub async fn of(store: &dyn ObjectStore, location: &Location, wanted: Wanted<'_>) -> Result<Self> {
        if !location.is_folder() {
            check_regular(location)?;
            match store.head(location.path()).await {
                Ok(meta) => return single(location, meta, wanted),
                Err(object_store::Error::NotFound { .. }) => {}
                Err(e) => return Err(e.into()),
            }
        }
        let below = walk::below(store, location, wanted.is_flat).await?;
        if below.is_there {
            return many(location, below, wanted, false);
        }
        match Pattern::of(store, location).await? {
            Some(pattern) => many(location, walk::matching(store, location, &pattern).await?, wanted, true),
            None if location.is_folder() => many(location, below, wanted, false),
            None => none(location, wanted, &Aside::default(), false),
        }
    }
}

/// Refuses what is neither file nor folder: to open a pipe waits until somebody writes into it.
fn check_regular(location: &Location) -> Result<()> {
    let path = std::path::PathBuf::from(format!("/{}", location.path()));
    match regular(&path) {
        Err(e) if location.is_local() && e.kind() == std::io::ErrorKind::InvalidInput && !path.is_dir() => {
            Ok(query_err!("'{location}' cannot be read: {e}; write what comes from it into a file first")?)
        }
        _ => Ok(()),
    }
}

/// A file that is named itself. It has the kind that is asked for, whatever its ending.
fn single(location: &Location, meta: ObjectMeta, wanted: Wanted<'_>) -> Result<Listing> {
    let name = meta.location.filename().unwrap_or_default();
    if Kind::is_compressed(name) {
        return Ok(query_err!("'{location}' is compressed, which is not read; unpack it first")?);
    }
    let Some(kind) = wanted.kind.or_else(|| Kind::of_file(name)) else {
        return Ok(query_err!(
            "there is no reader for '{location}'; readable: {}; for a file of another ending say of what kind it is: {}",
            Kind::readable(),
            aside::statement(name, location.text())
        )?);
    };
    if meta.size == 0 {
        return Err(Error::Data(format!("'{location}' is empty: 0 bytes")).into());
    }
    // Of a file that is named, what its folders say is for the statement to ask.
    let declared = Some(wanted.partitions.unwrap_or_default());
    let found = partitioned(location, vec![meta], 0, declared)?;
    Ok(Listing { files: found.files, kind: Some(kind), partitions: found.names, ..Listing::default() })
}

fn many(location: &Location, walked: Walked, wanted: Wanted<'_>, is_pattern: bool) -> Result<Listing> {
    let mut aside = Aside { closed: walked.closed, ..Aside::default() };
    let mut kept: Vec<(ObjectMeta, Option<Kind>)> = vec![];
    for (meta, path) in walked.objects {
        if let Some(kind) = aside.keep(location, &meta, &path, wanted, is_pattern) {
            kept.push((meta, kind));
        }
    }
    let kind = one_kind(location, &kept, is_pattern)?;
    // A folder is where its table begins; a pattern may name folders `key=value` itself.
    let unasked = if is_pattern { location.unwritten() } else { location.path().parts_count() };
    let metas = kept.into_iter().map(|(meta, _)| meta).collect();
    let found = partitioned(location, metas, unasked, wanted.partitions)?;
    aside.outside = found.outside;
    if found.files.is_empty() {
        let listing = none(location, wanted, &aside, is_pattern)?;
        return Ok(Listing { is_open: true, partitions: found.names, ..listing });
    }
    Ok(Listing {
        files: found.files,
        kind,
        partitions: found.names,
        is_open: true,
        notes: aside.notes(location, is_pattern),
    })
}

/// A listing without a file: an error where nobody said which partitions there are to be, for then somebody wants to read.
fn none(location: &Location, wanted: Wanted<'_>, aside: &Aside, is_pattern: bool) -> Result<Listing> {
    if wanted.partitions.is_some() {
        let partitions = wanted.partitions.unwrap_or_default().to_vec();
        return Ok(Listing { partitions, notes: aside.notes(location, is_pattern), ..Listing::default() });
    }
    let endings = wanted.kind.map_or_else(Kind::readable, |kind| format!(".{}", kind.endings().join(", .")));
    let what = match location.is_folder() && !is_pattern {
        true => format!("'{location}' holds no file that can be read ({endings})"),
        false => format!("there is no file '{location}'"),
    };
    let why = aside.all(location, is_pattern);
    Ok(query_err!("{}", std::iter::once(what).chain(why).collect::<Vec<_>>().join("; "))?)
}

/// The kind of all files.
fn one_kind(location: &Location, files: &[(ObjectMeta, Option<Kind>)], is_pattern: bool) -> Result<Option<Kind>> {
    let kinds: BTreeSet<Kind> = files.iter().filter_map(|(_, kind)| *kind).collect();
    let Some(first) = kinds.first().filter(|_| kinds.len() > 1) else { return Ok(kinds.first().copied()) };
    let names = kinds.iter().map(|kind| kind.names()[0]).collect::<Vec<_>>();
    let (text, ending) = (location.text(), first.endings()[0]);
    let advice = match is_pattern {
        false => format!("'{}*.{ending}'", location.text_of_folder()),
        true if text.ends_with("**") => format!("'{text}/*.{ending}'"),
        true if text.ends_with('*') => format!("'{text}.{ending}'"),
        true if text.ends_with('/') => format!("'{text}**/*.{ending}'"),
        true => format!("by a pattern that ends with .{ending}"),
    };
    Ok(query_err!("'{location}' holds files of several kinds ({}); name those of one: {advice}", names.join(", "))?)
}
