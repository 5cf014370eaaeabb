//! Files as tables: from the text of a location to a plan that reads every file of it.
//!
//! ```text
//! 'lake/*.csv'  location   the store, the folder, the pattern; a path that exists as it stands is no pattern
//!      │        listing    its files in the order of their names, what is left aside and why
//!      │        partitions values in the names of folders, `subject=s01`, and `filename`
//!      ▼        kind       by name or by ending: how such a file is read
//!  schema/      of each file, then of all of them: columns by name, types widened
//!      ▼
//!  table        a table provider: it lists anew for every query
//!      ▼
//!  scan/        one scan of files alike, columns by name; errors name the file
//! ```
//!
//! It has two doors: [`create`] for CREATE EXTERNAL TABLE, and [`url`] for `FROM 'path'`. DataFusion's own table of files cannot be wrapped instead: the values
//! in its folders' names are never NULL, its CSV is read by position, and its schema is that of the first thousand records.

pub mod create;
pub mod kind;
pub mod listing;
pub mod location;
pub mod partitions;
pub mod scan;
pub mod schema;
pub mod table;
pub mod url;
