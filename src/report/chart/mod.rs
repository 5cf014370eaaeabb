//! Charts as SVG inside the page: colours come from its style sheet, so they follow light, dark and paper.

pub mod bars;
pub mod confusion;
pub mod lines;
pub mod reliability;
pub mod roc;
pub mod scale;
pub mod svg;
