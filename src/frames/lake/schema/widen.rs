//! The type that holds the values of two types.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, TimeUnit};

/// The narrowest type to which values of both can be turned; `None` where there is none, such as for a number and a text.
///
/// They stay what they are but for two: beside floats, integers of more than 2^53 and decimals of more than 15 digits become the nearest float.
///
/// | | becomes |
/// |---|---|
/// | nothing but NULL, and any | the other |
/// | integers of different widths | the wider; signed and unsigned: the signed type that holds both |
/// | integer and float, decimal and float | Float64 |
/// | decimals | as many digits before and behind the point as either has |
/// | texts of any storage, categories (dictionaries) | Utf8View |
/// | date and timestamp without a time zone | the timestamp |
/// | timestamps, durations | the finer unit; time zones must be the same |
/// | lists, structs | of widened items, of the fields of both |
pub fn widen(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::{
        Binary, BinaryView, Date32, Date64, Duration, FixedSizeList, Float16, Float32, Float64, LargeBinary, LargeList,
        List, Null, Struct, Timestamp,
    };
    if a == b {
        return Some(a.clone());
    }
    match (a, b) {
        (Null, other) | (other, Null) => Some(other.clone()),
        (DataType::Dictionary(_, values), other) | (other, DataType::Dictionary(_, values)) => widen(values, other),
        _ if a.is_integer() && b.is_integer() => integers(a, b),
        (Float16, Float32) | (Float32, Float16) => Some(Float32),
        _ if a.is_numeric() && b.is_numeric() => Some(decimals(a, b).unwrap_or(Float64)),
        _ if is_text(a) && is_text(b) => Some(DataType::Utf8View),
        (Binary | LargeBinary | BinaryView, Binary | LargeBinary | BinaryView) => Some(BinaryView),
        (Date32, Date64) | (Date64, Date32) => Some(Date64),
        (Date32 | Date64, Timestamp(unit, None)) | (Timestamp(unit, None), Date32 | Date64) => {
            Some(Timestamp(*unit, None))
        }
        (Timestamp(one, zone), Timestamp(other, its)) if zone == its => {
            Some(Timestamp(finer(*one, *other), zone.clone()))
        }
        (Duration(one), Duration(other)) => Some(Duration(finer(*one, *other))),
        (List(one), List(other)) => items(one, other).map(List),
        (LargeList(one), List(other) | LargeList(other)) | (List(one), LargeList(other)) => {
            items(one, other).map(LargeList)
        }
        (FixedSizeList(one, n), FixedSizeList(other, m)) if n == m => {
            items(one, other).map(|item| FixedSizeList(item, *n))
        }
        (FixedSizeList(one, _), List(other)) | (List(one), FixedSizeList(other, _)) => items(one, other).map(List),
        (Struct(one), Struct(other)) => structs(one, other).map(Struct),
        _ => None,
    }
}

/// Whether values of the type are texts, in whatever storage.
pub fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// The type of a column that is read: categories as their values, since keys of several files overflow their narrow type; nothing but NULL as a
/// number that is missing. The same inside of lists and structs.
pub fn plain(data_type: &DataType) -> DataType {
    use DataType::{Dictionary, FixedSizeList, LargeList, List, Struct};
    let inner = |field: &FieldRef| Arc::new(field.as_ref().clone().with_data_type(plain(field.data_type())));
    match data_type {
        DataType::Null => DataType::Float64,
        Dictionary(_, values) if is_text(values) => DataType::Utf8View,
        Dictionary(_, values) => plain(values),
        List(item) => List(inner(item)),
        LargeList(item) => LargeList(inner(item)),
        FixedSizeList(item, width) => FixedSizeList(inner(item), *width),
        Struct(fields) => Struct(fields.iter().map(inner).collect()),
        other => other.clone(),
    }
}

/// The type that holds integers of both.
fn integers(a: &DataType, b: &DataType) -> Option<DataType> {
    let signed = |bits: usize| match bits {
        ..=8 => DataType::Int8,
        9..=16 => DataType::Int16,
        17..=32 => DataType::Int32,
        33..=64 => DataType::Int64,
        // Beyond i64: digits enough for u64.
        _ => DataType::Decimal128(20, 0),
    };
    let bits = |t: &DataType| t.primitive_width().map(|bytes| 8 * bytes);
    let (a_bits, b_bits) = (bits(a)?, bits(b)?);
    Some(match (a.is_signed_integer(), b.is_signed_integer()) {
        (true, true) => signed(a_bits.max(b_bits)),
        (false, false) => if a_bits > b_bits { a } else { b }.clone(),
        // A bit more for the sign.
        (true, false) => signed(a_bits.max(b_bits + 1)),
        (false, true) => signed(b_bits.max(a_bits + 1)),
    })
}

/// The decimal that holds both, if one does.
fn decimals(a: &DataType, b: &DataType) -> Option<DataType> {
    let digits = |t: &DataType| match t {
        DataType::Decimal32(p, s)
        | DataType::Decimal64(p, s)
        | DataType::Decimal128(p, s)
        | DataType::Decimal256(p, s) => Some((i32::from(*p) - i32::from(*s), i32::from(*s))),
        DataType::Int8 | DataType::UInt8 => Some((3, 0)),
        DataType::Int16 | DataType::UInt16 => Some((5, 0)),
        DataType::Int32 | DataType::UInt32 => Some((10, 0)),
        DataType::Int64 | DataType::UInt64 => Some((20, 0)),
        _ => None,
    };
    let ((a_whole, a_scale), (b_whole, b_scale)) = (digits(a)?, digits(b)?);
    let scale = a_scale.max(b_scale);
    let precision = u8::try_from(a_whole.max(b_whole) + scale).ok()?;
    let scale = i8::try_from(scale).ok()?;
    match precision {
        ..=38 => Some(DataType::Decimal128(precision, scale)),
        39..=76 => Some(DataType::Decimal256(precision, scale)),
        _ => None,
    }
}

fn finer(a: TimeUnit, b: TimeUnit) -> TimeUnit {
    a.max(b)
}

fn items(a: &FieldRef, b: &FieldRef) -> Option<FieldRef> {
    let item = Field::new(a.name(), widen(a.data_type(), b.data_type())?, a.is_nullable() || b.is_nullable());
    Some(Arc::new(item))
}

/// Fields of both by name; one that only one of them has may be NULL.
fn structs(a: &Fields, b: &Fields) -> Option<Fields> {
    let (_, more): (Vec<_>, Vec<_>) = b.iter().partition(|field| a.find(field.name()).is_some());
    let known = a.iter().map(|field| match b.find(field.name()) {
        Some((_, other)) => items(field, other),
        None => Some(Arc::new(field.as_ref().clone().with_nullable(true))),
    });
    let new = more.into_iter().map(|field| Some(Arc::new(field.as_ref().clone().with_nullable(true))));
    known.chain(new).collect()
}

#[cfg(test)]
mod tests {
    use DataType::*;

    use super::*;

    #[test]
    fn numbers_become_the_wider() {
        assert_eq!(widen(&Int32, &Int64), Some(Int64));
        assert_eq!(widen(&UInt8, &Int8), Some(Int16));
        assert_eq!(widen(&UInt32, &Int8), Some(Int64));
        // i64 does not hold u64, and f64 does not hold its last digits.
        assert_eq!(widen(&UInt64, &Int64), Some(Decimal128(20, 0)));
        assert_eq!(widen(&Float32, &Float64), Some(Float64));
        assert_eq!(widen(&Int16, &Float32), Some(Float64));
        assert_eq!(widen(&Decimal128(5, 2), &Decimal128(6, 4)), Some(Decimal128(7, 4)));
        assert_eq!(widen(&Decimal128(5, 2), &Int16), Some(Decimal128(7, 2)));
        assert_eq!(widen(&Decimal128(5, 2), &Float32), Some(Float64));
    }

    #[test]
    fn a_number_is_no_text_and_no_truth() {
        for other in [Utf8, Boolean, Date32, List(Arc::new(Field::new_list_field(Float64, true)))] {
            assert_eq!(widen(&Float64, &other), None, "{other}");
        }
        assert_eq!(widen(&Boolean, &Utf8), None);
    }

    #[test]
    fn texts_in_any_storage_are_texts() {
        let category = Dictionary(Box::new(Int8), Box::new(Utf8));
        assert_eq!(widen(&category, &Utf8View), Some(Utf8View));
        assert_eq!(widen(&Utf8, &LargeUtf8), Some(Utf8View));
        assert_eq!([plain(&category), plain(&Null), plain(&Int16)], [Utf8View, Float64, Int16]);
    }

    #[test]
    fn categories_inside_of_lists_and_structs_are_their_values() {
        let category = Dictionary(Box::new(Int8), Box::new(Utf8));
        let field = |data_type: DataType| Arc::new(Field::new("a", data_type, false));
        let nested = |inner: DataType| {
            Struct([field(List(field(inner.clone()))), field(FixedSizeList(field(inner), 2))].into_iter().collect())
        };
        assert_eq!(plain(&nested(category)), nested(Utf8View));
        assert_eq!(plain(&nested(Null)), nested(Float64));
        assert_eq!(plain(&nested(Float32)), nested(Float32));
    }

    #[test]
    fn times_get_the_finer_unit() {
        let (ms, ns) = (Timestamp(TimeUnit::Millisecond, None), Timestamp(TimeUnit::Nanosecond, None));
        assert_eq!(widen(&ms, &ns), Some(ns.clone()));
        assert_eq!(widen(&Date32, &ms), Some(ms.clone()));
        assert_eq!(widen(&ms, &Timestamp(TimeUnit::Millisecond, Some("UTC".into()))), None);
    }

    /// The order of the two files does not matter.
    #[test]
    fn both_ways_are_one() {
        let types = [
            Null,
            Boolean,
            Int8,
            UInt8,
            Int32,
            UInt32,
            Int64,
            UInt64,
            Float16,
            Float32,
            Float64,
            Decimal128(9, 3),
            Utf8,
            Utf8View,
            Date32,
            Date64,
            Binary,
            Timestamp(TimeUnit::Second, None),
            Dictionary(Box::new(Int8), Box::new(Utf8)),
            FixedSizeList(Arc::new(Field::new_list_field(Float32, true)), 2),
            List(Arc::new(Field::new_list_field(Float64, true))),
        ];
        for (a, b) in types.iter().flat_map(|a| types.iter().map(move |b| (a, b))) {
            assert_eq!(widen(a, b), widen(b, a), "{a} {b}");
        }
    }
}
