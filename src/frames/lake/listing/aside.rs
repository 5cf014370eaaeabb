//! Files that are not read, and what is said of them.

use std::collections::BTreeMap;

use object_store::ObjectMeta;

use super::Wanted;
use super::walk::is_hidden;
use crate::frames::lake::kind::Kind;
use crate::frames::lake::location::{Location, name_of};
use crate::notes::shortened;

/// Names of files and folders that are not read, by what is the matter with them.
#[derive(Debug, Default)]
pub struct Aside {
    /// In no folder of the partitions.
    pub outside: Vec<String>,
    /// Folders that could not be entered.
    pub closed: Vec<String>,
    /// Ones that somebody compressed.
    pub compressed: Vec<String>,
    /// Of 0 bytes.
    pub empty: Vec<String>,
    /// In plain folders below the one that is read.
    pub deep: Vec<String>,
    /// Of a kind that is read, under an ending that is not, by that.
    pub renamed: BTreeMap<String, Vec<String>>,
    /// Of other kinds.
    pub other: Vec<String>,
}

impl Aside {
    /// The kind of a file that is read, which somebody who writes a pattern and a kind may leave open; `None` where it is not read.
    pub fn keep(
        &mut self,
        location: &Location,
        meta: &ObjectMeta,
        path: &[String],
        wanted: Wanted<'_>,
        is_pattern: bool,
    ) -> Option<Option<Kind>> {
        let (file, folders) = path.split_last()?;
        if path.iter().any(|part| is_hidden(part)) {
            return None;
        }
        let kind = Kind::of_file(file);
        // Whoever writes a pattern names the files.
        let is_named = is_pattern && wanted.kind.is_some() && !Kind::is_compressed(file);
        let is_deep = !is_pattern && wanted.is_flat && folders.iter().any(|folder| !folder.contains('='));
        let list = if !is_named && (kind.is_none() || wanted.kind.is_some_and(|wanted| kind != Some(wanted))) {
            match Kind::under_other_ending(file) {
                _ if Kind::is_compressed(file) => &mut self.compressed,
                Some(its) if wanted.kind.is_none_or(|wanted| wanted == its) && !is_deep => {
                    self.renamed.entry(ending(file).to_owned()).or_default()
                }
                _ => &mut self.other,
            }
        } else if meta.size == 0 {
            &mut self.empty
        } else if is_deep {
            &mut self.deep
        } else {
            return Some(wanted.kind.or(kind));
        };
        list.push(name_of(&location.store(), &meta.location));
        None
    }

    /// What is said beside the files that are read.
    pub fn notes(&self, location: &Location, is_pattern: bool) -> Vec<String> {
        self.lines(location, is_pattern).into_iter().map(|line| format!("{location}: {line}")).collect()
    }

    /// What is said where no file is read: then what else is there may be what was meant.
    pub fn all(&self, location: &Location, is_pattern: bool) -> Vec<String> {
        let other = line(&self.other, "of other kinds");
        self.lines(location, is_pattern).into_iter().chain(other).collect()
    }

    fn lines(&self, location: &Location, is_pattern: bool) -> Vec<String> {
        let folder = location.text_of_folder();
        let below = format!("in folders below it ('{folder}**/*' reads them)");
        let lines = [
            line(&self.outside, "outside the folders of the partitions"),
            line(&self.empty, "0 bytes long"),
            line(&self.compressed, "compressed (unpack them first)"),
            line(&self.deep, &below),
            line(&self.closed, "folders that cannot be entered, or links that lead back"),
        ];
        let renamed = self.renamed.iter().map(|(ending, files)| {
            let location = if is_pattern { location.text().to_owned() } else { format!("{folder}*.{ending}") };
            line(files, &format!("of an ending that is not known; {} reads them", statement(files.first()?, &location)))
        });
        lines.into_iter().chain(renamed).flatten().collect()
    }
}

fn line(files: &[String], what: &str) -> Option<String> {
    (!files.is_empty()).then(|| format!("not read, {what}: {} ({})", files.len(), shortened(files)))
}

/// The statement that reads a file of such a name.
pub fn statement(name: &str, location: &str) -> String {
    let kind = Kind::under_other_ending(name).unwrap_or(Kind::Csv);
    let is_tabbed = ["tsv", "tab"].contains(&ending(name).to_lowercase().as_str());
    let options = if is_tabbed { r" OPTIONS ('format.delimiter' E'\t')" } else { "" };
    format!("CREATE EXTERNAL TABLE frames STORED AS {} LOCATION '{location}'{options}", kind.names()[0])
}

fn ending(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}
