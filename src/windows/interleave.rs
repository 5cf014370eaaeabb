//! Columns to rows: values of one row after the other. Pure.

/// Writes columns, all as long as the first, as rows [rows, columns].
pub fn interleave(columns: &[&[f32]], rows: &mut [f32]) {
    let stride = columns.len();
    for (group, columns) in columns.chunks(8).enumerate() {
        let place = group * 8;
        match *columns {
            [a] => write([a], rows, place, stride),
            [a, b] => write([a, b], rows, place, stride),
            [a, b, c] => write([a, b, c], rows, place, stride),
            [a, b, c, d] => write([a, b, c, d], rows, place, stride),
            [a, b, c, d, e] => write([a, b, c, d, e], rows, place, stride),
            [a, b, c, d, e, f] => write([a, b, c, d, e, f], rows, place, stride),
            [a, b, c, d, e, f, g] => write([a, b, c, d, e, f, g], rows, place, stride),
            [a, b, c, d, e, f, g, h] => write([a, b, c, d, e, f, g, h], rows, place, stride),
            _ => {}
        }
    }
}

/// A constant number of columns: all values of a row are read and written without a loop or a check.
#[inline(always)]
fn write<const C: usize>(columns: [&[f32]; C], rows: &mut [f32], place: usize, stride: usize) {
    let count = rows.len() / stride;
    let columns = columns.map(|column| &column[..count]);
    for (row, cells) in rows.chunks_exact_mut(stride).enumerate() {
        let cells = &mut cells[place..place + C];
        for column in 0..C {
            cells[column] = columns[column][row];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_columns_becomes_rows() {
        for count in 1..=20 {
            let columns: Vec<Vec<f32>> =
                (0..count).map(|c| (0..5).map(|row| (row * count + c) as f32).collect()).collect();
            let mut rows = vec![-1.0; 5 * count];
            interleave(&columns.iter().map(Vec::as_slice).collect::<Vec<_>>(), &mut rows);
            assert_eq!(rows, (0..5 * count).map(|k| k as f32).collect::<Vec<_>>());
        }
    }
}
