//! The features of a frame by name or number, as specs of mirrors and policies call them.

use crate::error::{Result, query_err, suggest};

/// The D features of a frame: how many, and their names where those are known.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    /// Features of a frame, D.
    pub dim: usize,
    names: &'a [String],
}

impl<'a> Columns<'a> {
    /// `dim` features called `names`; none if the names are not known.
    pub fn new(dim: usize, names: &'a [String]) -> Result<Self> {
        if dim == 0 {
            return query_err!("a frame has no features; expected at least one");
        }
        if !names.is_empty() && names.len() != dim {
            return query_err!("there are {} names for {dim} features of a frame; expected one for each", names.len());
        }
        Ok(Self { dim, names })
    }

    /// The number of the feature that a spec calls by name, or by number counted from 0.
    pub fn find(&self, feature: &str) -> Result<usize> {
        if let Some(index) = self.names.iter().position(|n| n == feature) {
            return Ok(index);
        }
        match feature.parse() {
            Ok(index) if index < self.dim => Ok(index),
            Ok(index) => query_err!("no feature {index}: a frame has {} features, numbered from 0", self.dim),
            Err(_) if self.names.is_empty() => query_err!(
                "unknown feature '{feature}': the names of the {} features are not known here; call them by number \
                 from 0, or pass the names",
                self.dim
            ),
            Err(_) => query_err!("unknown feature '{feature}'{}", suggest(feature, self.names.iter().map(|n| &**n))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_found_by_name_or_number() {
        let names = ["ax".to_owned(), "ay".to_owned()];
        let columns = Columns::new(2, &names).unwrap();
        assert_eq!((columns.find("ay"), columns.find("0")), (Ok(1), Ok(0)));
        assert!(columns.find("ayy").unwrap_err().to_string().contains("did you mean 'ay'"));
        assert!(columns.find("2").unwrap_err().to_string().contains("2 features"));
    }

    #[test]
    fn names_are_asked_for_where_none_are_known() {
        let message = Columns::new(2, &[]).unwrap().find("ax").unwrap_err().to_string();
        assert!(message.contains("pass the names"), "{message}");
        assert!(Columns::new(3, &["ax".to_owned()]).is_err());
    }
}
