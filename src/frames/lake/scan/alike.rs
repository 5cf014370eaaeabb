//! Files of the same columns, which one scan reads.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::datasource::listing::PartitionedFile;

use super::fit;
use super::layout::{Columns, Layout, places_in_csv};
use super::place::places;
use crate::error::Result;
use crate::frames::lake::kind::Kind;
use crate::frames::lake::schema::lines::spans;

/// How files of one schema are read.
#[derive(Debug)]
pub struct Shape {
    /// What such a file says that it holds.
    pub own: SchemaRef,
    /// For each column that the table has of its files, its place there.
    pub places: Vec<Option<usize>>,
    /// Of [`Shapes::layouts`].
    layout: usize,
    /// Whether one reader must read such a file: a value may hold the end of a line, and then nothing tells where a line begins.
    is_whole: bool,
}

/// The shapes of the files of a query. Files that hold the same share one schema, which is looked at once.
#[derive(Debug)]
pub struct Shapes<'a> {
    kind: Kind,
    columns: Columns<'a>,
    /// Whether the first line of a file names its columns, where it is CSV.
    has_header: bool,
    /// Whether one reader must read each file, whatever it holds.
    is_whole: bool,
    /// By the addresses of their schemas, which they keep alive.
    known: HashMap<usize, Arc<Shape>>,
    layouts: Vec<Arc<Layout>>,
    places: HashMap<Arc<Layout>, usize>,
}

/// Files of one layout.
#[derive(Debug)]
pub struct Alike {
    /// How they are read.
    pub layout: Arc<Layout>,
    /// Whether each must be read by one reader, from its beginning to its end.
    pub is_whole: bool,
    /// In the order of their paths.
    pub files: Vec<PartitionedFile>,
}

impl<'a> Shapes<'a> {
    /// Of files of one kind.
    pub fn new(kind: Kind, columns: Columns<'a>, has_header: bool, is_whole: bool) -> Self {
        let (known, places) = (HashMap::new(), HashMap::new());
        Self { kind, columns, has_header, is_whole, known, layouts: vec![], places }
    }

    /// The shape of a file that holds columns `own`. Of files that share a schema, `file` is the first.
    ///
    /// # Errors
    /// Columns that are not those of the table, or of types that it does not hold.
    pub fn of(&mut self, own: &SchemaRef, file: &str) -> Result<Arc<Shape>> {
        let address = Arc::as_ptr(own) as usize;
        if let Some(shape) = self.known.get(&address) {
            return Ok(Arc::clone(shape));
        }
        let places = self.places(own, file)?;
        fit::check(self.kind, own, &places, self.columns, file)?;
        let layout = Arc::new(Layout::of(self.kind, own, &places, self.columns));
        let next = self.layouts.len();
        let place = *self.places.entry(Arc::clone(&layout)).or_insert(next);
        if place == next {
            self.layouts.push(layout);
        }
        let is_whole = self.is_whole || spans(own);
        let shape = Arc::new(Shape { own: Arc::clone(own), places, layout: place, is_whole });
        self.known.insert(address, Arc::clone(&shape));
        Ok(shape)
    }

    fn places(&self, own: &Schema, file: &str) -> Result<Vec<Option<usize>>> {
        let places = match self.kind {
            Kind::Csv => return places_in_csv(own, self.columns, self.has_header, file),
            _ => places(own, self.columns.files, self.columns.folders),
        };
        // Arrow has a type for nothing but NULL, of which there is nothing to read.
        let is_read = |place: &usize| self.kind != Kind::Arrow || own.field(*place).data_type() != &DataType::Null;
        Ok(places.into_iter().map(|place| place.filter(is_read)).collect())
    }

    /// Files of the same layout together, in the order in which each comes first. They come with their shapes.
    pub fn alike(&self, files: Vec<(PartitionedFile, Arc<Shape>)>) -> Vec<Alike> {
        let mut all: Vec<Alike> = vec![];
        let mut places: HashMap<(usize, bool), usize> = HashMap::new();
        for (file, shape) in files {
            let (layout, is_whole) = (shape.layout, shape.is_whole);
            let place = *places.entry((layout, is_whole)).or_insert(all.len());
            if place == all.len() {
                all.push(Alike { layout: Arc::clone(&self.layouts[layout]), is_whole, files: vec![] });
            }
            all[place].files.push(file);
        }
        all
    }
}
