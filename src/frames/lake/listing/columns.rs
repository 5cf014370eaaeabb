//! Which columns the folders of files make.

use datafusion::common::Result;
use object_store::ObjectMeta;

use super::Found;
use crate::error::query_err;
use crate::frames::lake::location::{Location, name_of};
use crate::frames::lake::partitions::{FILENAME, of_columns, of_path};
use crate::notes::shortened;

/// Names and values of folders, outermost first.
type Folders = Vec<(String, Option<String>)>;

/// Files by what their folders say.
#[derive(Debug)]
pub struct Partitioned {
    /// The names of the columns.
    pub names: Vec<String>,
    /// Files that lie in a folder of each name.
    pub files: Vec<Found>,
    /// The names of the others.
    pub outside: Vec<String>,
}

/// Which columns folders make, and their values.
///
/// Columns that are declared are found on the whole way to a file, also above the location. Where the folders tell, the first `unasked` parts of a path do not
/// count: a script is not to have other columns where its folder is moved to.
///
/// # Errors
/// Folders of different names, where nobody says which are meant; a declared column that is on no way to a file.
pub fn partitioned(
    location: &Location,
    metas: Vec<ObjectMeta>,
    unasked: usize,
    declared: Option<&[String]>,
) -> Result<Partitioned> {
    let from = if declared.is_some() { 0 } else { unasked };
    let folders = |meta: &ObjectMeta| {
        of_path(&meta.location.parts().skip(from).map(|part| part.as_ref().to_owned()).collect::<Vec<_>>())
    };
    let named = metas.into_iter().map(|meta| (name_of(&location.store(), &meta.location), folders(&meta), meta));
    let each: Vec<(String, Folders, ObjectMeta)> = named.collect();
    let names = declared.map_or_else(|| told(location, &each), |names| Ok(names.to_vec()))?;
    let own = names.iter().filter(|name| *name != FILENAME).count();
    let (mut files, mut outside) = (vec![], vec![]);
    let mut found = vec![false; names.len()];
    for (name, folders, meta) in &each {
        let values = of_columns(folders, &names);
        for (found, column) in found.iter_mut().zip(&names) {
            *found |= values.iter().any(|(has, _)| has == column);
        }
        match values.iter().filter(|(has, _)| has != FILENAME).count() == own {
            true => files.push(Found { meta: meta.clone(), name: name.clone(), values }),
            false => outside.push(name.clone()),
        }
    }
    let lacking = names.iter().zip(found).find(|(name, found)| !found && *name != FILENAME);
    match lacking {
        Some((name, _)) if !each.is_empty() => Err(nowhere(location, name, &each)),
        _ => Ok(Partitioned { names, files, outside }),
    }
}

/// The names that all files in folders of any have.
fn told(location: &Location, each: &[(String, Folders, ObjectMeta)]) -> Result<Vec<String>> {
    let names = |folders: &Folders| folders.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let mut inside = each.iter().filter(|(_, folders, _)| !folders.is_empty());
    let Some((first, folders, _)) = inside.next() else { return Ok(vec![]) };
    let partitions = names(folders);
    match inside.find(|(_, folders, _)| names(folders) != partitions) {
        None => Ok(partitions),
        Some((other, its, _)) => Ok(query_err!(
            "'{location}': {first} lies in folders of {}, {other} in folders of {}; say which are meant: PARTITIONED BY (...)",
            partitions.join(", "),
            names(its).join(", ")
        )?),
    }
}

fn nowhere(
    location: &Location,
    name: &str,
    each: &[(String, Folders, ObjectMeta)],
) -> datafusion::common::DataFusionError {
    let mut others: Vec<&str> = vec![];
    for (other, _) in each.iter().flat_map(|(_, folders, _)| folders) {
        if !others.contains(&other.as_str()) {
            others.push(other);
        }
    }
    let known = if others.is_empty() {
        "none has a name like key=value".to_owned()
    } else {
        format!("there are {}", shortened(&others))
    };
    crate::error::Error::Query(format!(
        "'{location}': PARTITIONED BY ({name}): no folder on the way to a file is called {name}=...; {known}; a column that the files have themselves is left out \
         of PARTITIONED BY"
    ))
    .into()
}

#[cfg(test)]
mod tests {
    use object_store::path::Path;

    use super::*;

    /// The names of the columns, then of each file its values; of a lake at `/data/run=3/l`.
    fn of(paths: &[&str], unasked: usize, declared: Option<&[&str]>) -> std::result::Result<String, String> {
        let meta = |path: &&str| ObjectMeta {
            location: Path::parse(format!("data/run=3/l/{path}")).unwrap(),
            last_modified: Default::default(),
            size: 1,
            e_tag: None,
            version: None,
        };
        let declared: Option<Vec<String>> = declared.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        let location = Location::parse("/data/run=3/l/").unwrap();
        let found = partitioned(&location, paths.iter().map(meta).collect(), unasked, declared.as_deref());
        let found = found.map_err(|e| e.to_string())?;
        let values = |found: &Found| {
            found.values.iter().map(|(_, value)| value.clone().unwrap_or_default()).collect::<Vec<_>>().join("/")
        };
        let files = found.files.iter().map(values).collect::<Vec<_>>().join(" ");
        Ok(format!("{}: {files}, {} outside", found.names.join("/"), found.outside.len()))
    }

    #[test]
    fn what_is_above_a_location_counts_where_it_is_declared() {
        let paths = ["subject=s1/a.csv", "subject=s2/b.csv", "c.csv"];
        assert_eq!(of(&paths, 3, None).unwrap(), "subject: s1 s2, 1 outside");
        assert_eq!(of(&paths[..2], 0, None).unwrap(), "run/subject: 3/s1 3/s2, 0 outside");
        assert_eq!(of(&paths, 3, Some(&["run"])).unwrap(), "run: 3 3 3, 0 outside");
        assert_eq!(of(&paths, 3, Some(&["filename", "subject"])).unwrap(), "filename/subject: s1 s2, 1 outside");
    }

    #[test]
    fn a_declared_column_that_no_folder_has_is_refused() {
        let error = of(&["label=walk/a.csv"], 3, Some(&["subject"])).unwrap_err();
        assert!(
            error.contains(
                "PARTITIONED BY (subject): no folder on the way to a file is called subject=...; there are run, label;"
            ),
            "{error}"
        );
        // Where there is no file yet, there may be such folders later.
        assert_eq!(of(&[], 3, Some(&["subject"])).unwrap(), "subject: , 0 outside");
    }

    #[test]
    fn folders_of_different_names_are_refused() {
        let error = of(&["a=1/x.csv", "b=1/y.csv"], 3, None).unwrap_err();
        assert!(error.contains("l/a=1/x.csv lies in folders of a, ") && error.contains("in folders of b;"), "{error}");
    }
}
