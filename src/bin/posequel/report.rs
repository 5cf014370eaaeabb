//! `posequel report`: a model on one page.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write, stderr, stdout};
use std::path::{Path, PathBuf};

use datafusion::common::Result;
use posequel::error::Error;
use posequel::report::{html, of_session};

use crate::args::ReportArgs;
use crate::session;

pub async fn run(args: ReportArgs) -> Result<()> {
    let ReportArgs { name, output, set } = args;
    // Before anything is read: a slip in the path should not wait for it.
    let file = if output == Path::new("-") { None } else { Some(File::check(output)?) };
    let ctx = session::open(&set, None).await?;
    let text = html(&of_session(&ctx, &name).await?)?;
    match file {
        None => {
            stdout().write_all(text.as_bytes())?;
            stdout().flush()?;
        }
        Some(file) => {
            file.write(&text)?;
            writeln!(stderr(), "{}", file.path.display())?;
        }
    }
    Ok(())
}

/// A file that is there whole or not at all.
struct File {
    path: PathBuf,
    /// Beside it, so that renaming it is one step.
    temporary: PathBuf,
}

impl File {
    /// Refuses a path that cannot be written to, and says why.
    fn check(path: PathBuf) -> Result<Self> {
        let refuse = |why: String| Err(Error::Query(format!("cannot write {}: {why}", path.display())).into());
        let Some(name) = path.file_name().filter(|_| !path.is_dir()) else {
            return refuse("it is a folder; name a file in it, such as report.html".to_owned());
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return refuse(format!("there is no folder {}; make it first", folder.display()));
        }
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}.tmp", std::process::id()));
        Ok(Self { temporary: folder.join(temporary), path })
    }

    fn write(&self, text: &str) -> Result<()> {
        let written = fs::write(&self.temporary, text).and_then(|()| fs::rename(&self.temporary, &self.path));
        written.map_err(|error: io::Error| {
            // What is left of a failed attempt is of no use to anybody.
            let _ = fs::remove_file(&self.temporary);
            let hint = "; choose another place with -o FILE";
            let other = |message| Error::Query(format!("{message}{hint}"));
            Error::of_io(format!("cannot write {}", self.path.display()), &error, other).into()
        })
    }
}
