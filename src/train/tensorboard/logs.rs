//! The two event files of a training, written while it runs.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{OURS, file_name, kept, scalars, scalars_record, step, version_record};
use crate::error::{Error, Result, query_err};
use crate::train::fit::Epoch;

/// The runs `train` and `validation` in a local folder.
///
/// Each epoch is one write to each file, so that a running TensorBoard sees it at once. Nothing is synced: what a
/// crash of the machine takes away, [`RunLogs::resume`] writes again.
#[derive(Debug)]
pub struct RunLogs {
    train: RunLog,
    validation: RunLog,
}

impl RunLogs {
    /// Begins the files of a new training.
    ///
    /// # Errors
    /// If the folder has event files already, since TensorBoard would draw both trainings as one line; if it cannot be
    /// written.
    pub fn create(folder: &Path, wall_time: f64) -> Result<Self> {
        for run in ["train", "validation"] {
            if let Some(name) = event_files(&folder.join(run))?.first() {
                let other = folder.join(run).join(name);
                return query_err!(
                    "tensorboard: {} is of another training, which TensorBoard would draw as one line with this one: \
                     name another folder, such as one for each training, or remove the file",
                    other.display()
                );
            }
        }
        Self::resume(folder, &[], wall_time)
    }

    /// Goes on with the files of a training of which the epochs of `history` were done: what is torn or of later epochs
    /// is cut off, and epochs that are missing are written again.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn resume(folder: &Path, history: &[Epoch], wall_time: f64) -> Result<Self> {
        let (mut train, mut validation) =
            (RunLog::new(folder.join("train"), wall_time)?, RunLog::new(folder.join("validation"), wall_time)?);
        let steps = history.last().map_or(0, |epoch| step(epoch) + 1);
        train.cut(steps)?;
        validation.cut(steps)?;
        // Here, so that a folder in which nothing can be written is found before anything is trained. A validation
        // without rows leaves no file: TensorBoard would show an empty run.
        train.begin(wall_time)?;
        let mut logs = Self { train, validation };
        history.iter().try_for_each(|epoch| logs.epoch(epoch, wall_time))?;
        Ok(logs)
    }

    /// Appends an epoch that was just done; one that is in the files already changes nothing.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn epoch(&mut self, epoch: &Epoch, wall_time: f64) -> Result<()> {
        let (train, validation) = scalars(epoch);
        self.train.append(step(epoch), wall_time, &train)?;
        validation.map_or(Ok(()), |validation| self.validation.append(step(epoch), wall_time, &validation))
    }
}

/// One event file.
#[derive(Debug)]
struct RunLog {
    path: PathBuf,
    /// Open once something was written.
    file: Option<File>,
    next_step: i64,
}

impl RunLog {
    /// Our newest file of the folder, or the name of one to be made there.
    fn new(folder: PathBuf, wall_time: f64) -> Result<Self> {
        fs::create_dir_all(&folder).map_err(|e| failed("make", &folder, &e))?;
        let ours = event_files(&folder)?.into_iter().rfind(|name| name.ends_with(OURS));
        let path = folder.join(ours.unwrap_or_else(|| file_name(wall_time)));
        Ok(Self { path, file: None, next_step: 0 })
    }

    /// Shortens the file to the records of so many steps.
    fn cut(&mut self, steps: i64) -> Result<()> {
        let bytes = match fs::read(&self.path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            bytes => bytes.map_err(|e| failed("read", &self.path, &e))?,
        };
        let kept = kept(&bytes, steps);
        let file = File::options().write(true).open(&self.path);
        file.and_then(|file| file.set_len(kept.length as u64)).map_err(|e| failed("shorten", &self.path, &e))?;
        self.next_step = kept.next_step;
        Ok(())
    }

    /// Opens the file at its end, and begins it if it is new.
    fn begin(&mut self, wall_time: f64) -> Result<&mut File> {
        let opened = match self.file.take() {
            Some(file) => Ok(file),
            None => open(&self.path, wall_time).map_err(|e| failed("write", &self.path, &e)),
        };
        Ok(self.file.insert(opened?))
    }

    fn append(&mut self, step: i64, wall_time: f64, scalars: &[(&str, f32)]) -> Result<()> {
        if step >= self.next_step {
            let written = self.begin(wall_time)?.write_all(&scalars_record(step, wall_time, scalars));
            written.map_err(|e| failed("write", &self.path, &e))?;
            self.next_step = step + 1;
        }
        Ok(())
    }
}

fn open(path: &Path, wall_time: f64) -> io::Result<File> {
    let mut file = File::options().create(true).append(true).open(path)?;
    if file.metadata()?.len() == 0 {
        file.write_all(&version_record(wall_time))?;
    }
    Ok(file)
}

/// The names of all event files of a folder, in TensorBoard's order; none if there is no folder.
fn event_files(folder: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        entries => entries.and_then(Iterator::collect::<io::Result<Vec<_>>>),
    };
    let entries = entries.map_err(|e| failed("read", folder, &e))?;
    let names = entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.contains("tfevents")).collect();
    names.sort();
    Ok(names)
}

fn failed(act: &str, path: &Path, error: &io::Error) -> Error {
    Error::of_io(format!("tensorboard: cannot {act} {}", path.display()), error, Error::Model)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epochs(count: usize) -> Vec<Epoch> {
        let epoch = |epoch| Epoch {
            epoch,
            loss: 1.0 / epoch as f64,
            accuracy: 0.5,
            val_loss: Some(2.0 / epoch as f64),
            val_accuracy: Some(0.25),
            val_loss_weighted: Some(0.0),
            learning_rate: 1e-3,
            seconds: 1.0,
            best: true,
        };
        (1..=count).map(epoch).collect()
    }

    /// The wall time of an epoch.
    fn at(epoch: &Epoch) -> f64 {
        1_700_000_000.0 + epoch.epoch as f64
    }

    fn write(folder: &Path, history: &[Epoch]) {
        let mut logs = RunLogs::create(folder, 1_700_000_000.5).unwrap();
        history.iter().for_each(|epoch| logs.epoch(epoch, at(epoch)).unwrap());
    }

    fn files(folder: &Path) -> [PathBuf; 2] {
        ["train", "validation"].map(|run| folder.join(run).join("events.out.tfevents.1700000000.posequel"))
    }

    fn bytes(folder: &Path) -> [Vec<u8>; 2] {
        files(folder).map(|file| fs::read(file).unwrap())
    }

    #[test]
    fn a_training_that_was_killed_anywhere_goes_on_to_the_same_bytes() {
        let (root, history) = (tempfile::tempdir().unwrap(), epochs(3));
        write(root.path(), &history);
        let whole = bytes(root.path());
        // The checkpoint is of epoch 1; the files may end within epoch 2 or 3, or at their end.
        let first = kept(&whole[0], 1).length;
        for end in first..=whole[0].len() {
            files(root.path()).iter().zip(&whole).for_each(|(file, whole)| fs::write(file, &whole[..end]).unwrap());
            let mut logs = RunLogs::resume(root.path(), &history[..1], 1.8e9).unwrap();
            history[1..].iter().for_each(|epoch| logs.epoch(epoch, at(epoch)).unwrap());
            assert_eq!(bytes(root.path()), whole, "cut at {end}");
        }
    }

    #[test]
    fn what_is_lost_is_written_again() {
        let (root, history) = (tempfile::tempdir().unwrap(), epochs(3));
        write(root.path(), &history);
        let whole = bytes(root.path());
        let [train, validation] = files(root.path());
        fs::write(&train, &whole[0][..5]).unwrap();
        fs::remove_file(&validation).unwrap();
        RunLogs::resume(root.path(), &history, 1_700_000_000.0).unwrap();
        let restored = bytes(root.path());
        assert_eq!(restored.each_ref().map(Vec::len), whole.each_ref().map(Vec::len));
        assert_eq!(restored.map(|bytes| kept(&bytes, 9).next_step), [3, 3]);
    }

    #[test]
    fn without_validation_there_is_no_run_of_it() {
        let root = tempfile::tempdir().unwrap();
        let none = |epoch| Epoch { val_loss: None, val_accuracy: None, val_loss_weighted: None, ..epoch };
        write(root.path(), &epochs(2).into_iter().map(none).collect::<Vec<_>>());
        assert_eq!(files(root.path()).map(|file| file.exists()), [true, false]);
    }

    #[test]
    fn a_new_training_does_not_mix_with_an_old_one() {
        let root = tempfile::tempdir().unwrap();
        let other = root.path().join("validation/events.out.tfevents.1.host.v2");
        fs::create_dir(root.path().join("validation")).unwrap();
        fs::write(&other, "").unwrap();
        let refused = RunLogs::create(root.path(), 2.0).unwrap_err().to_string();
        assert!(refused.contains(&format!("{} is of another training", other.display())), "{refused}");
        assert!(!root.path().join("train").exists());
    }
}
