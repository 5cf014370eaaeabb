//! What the reader of CSV says of a record that it cannot read.

/// A record, and what is wrong with it.
#[derive(Debug, PartialEq)]
pub struct Failure {
    /// From 0, in the part of the file that was read. The first line is one, where it is in that part.
    pub record: u64,
    /// The place of the column, where it is one that is wrong.
    pub column: Option<usize>,
    /// In words.
    pub what: String,
}

impl Failure {
    /// Reads a message of arrow-csv; `None` where it is about no record.
    pub fn of(message: &str) -> Option<Self> {
        value(message).or_else(|| time(message)).or_else(|| length(message)).or_else(|| encoding(message))
    }

    /// Of a record that is counted from 1.
    fn numbered(number: &str, column: Option<usize>, what: String) -> Option<Self> {
        let record = number.parse::<u64>().ok()?.checked_sub(1)?;
        Some(Self { record, column, what })
    }
}

/// `Error while parsing value '4.x4' as type 'Float32' for column 1 at line 4. Row data: ...`
fn value(message: &str) -> Option<Failure> {
    let (_, rest) = message.split_once("while parsing value '")?;
    let (text, rest) = rest.split_once("' as type '")?;
    let (data_type, rest) = rest.split_once("' for column ")?;
    let (column, rest) = rest.split_once(" at line ")?;
    let (record, _) = rest.split_once('.')?;
    let what = format!("'{text}' is no {data_type}");
    Some(Failure { record: record.parse().ok()?, column: Some(column.parse().ok()?), what })
}

/// `Error parsing column 0 at line 2: Parser error: Error parsing timestamp from 'x': error parsing date`
fn time(message: &str) -> Option<Failure> {
    let (_, rest) = message.split_once("Error parsing column ")?;
    let (column, rest) = rest.split_once(" at line ")?;
    let (record, what) = rest.split_once(": ")?;
    Some(Failure { record: record.parse().ok()?, column: Some(column.parse().ok()?), what: what.to_owned() })
}

/// `incorrect number of fields for line 3, expected 2 got 1`
fn length(message: &str) -> Option<Failure> {
    let (_, rest) = message.split_once("incorrect number of fields for line ")?;
    let (number, rest) = rest.split_once(", expected ")?;
    let (expected, got) = rest.split_once(" got ")?;
    Failure::numbered(number, None, format!("{got} values, expected {expected}"))
}

/// `Encountered invalid UTF-8 data for line 2 and field 1`
fn encoding(message: &str) -> Option<Failure> {
    let (_, rest) = message.split_once("invalid UTF-8 data for line ")?;
    let (number, field) = rest.split_once(" and field ")?;
    Failure::numbered(number, field.trim().parse::<usize>().ok()?.checked_sub(1), "no text in UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(record: u64, column: Option<usize>, what: &str) -> Option<Failure> {
        Some(Failure { record, column, what: what.to_owned() })
    }

    #[test]
    fn what_arrow_says_of_a_record_is_understood() {
        let of = Failure::of;
        let error = "Parser error: Error while parsing value '4.x4' as type 'Float32' for column 1 at line 4. Row data: '[4,4.x4,,false]'";
        assert_eq!(of(error), failure(4, Some(1), "'4.x4' is no Float32"));
        let error = "Parser error: Error parsing column 0 at line 2: Parser error: Error parsing timestamp from 'x': error parsing date";
        assert_eq!(
            of(error),
            failure(2, Some(0), "Parser error: Error parsing timestamp from 'x': error parsing date")
        );
        let error = "Csv error: incorrect number of fields for line 3, expected 2 got more than 2";
        assert_eq!(of(error), failure(2, None, "more than 2 values, expected 2"));
        let error = "Csv error: Encountered invalid UTF-8 data for line 2 and field 1";
        assert_eq!(of(error), failure(1, Some(0), "no text in UTF-8"));
        assert_eq!(of("Csv error: Cannot flush part way through record"), None);
    }
}
