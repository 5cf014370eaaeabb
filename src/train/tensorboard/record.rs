//! TFRecord: a length, bytes, and a checksum of each.
//!
//! ```text
//! u64 length | u32 masked CRC32C of the length | bytes | u32 masked CRC32C of the bytes     all little-endian
//! ```
//!
//! As in `tensorflow/core/lib/io/record_writer.h`, and in Python in `tensorboard/summary/writer/record_writer.py`.

use crc32c::crc32c;

/// The record of some bytes.
pub fn encode(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [&length[..], &masked(&length).to_le_bytes(), data, &masked(data).to_le_bytes()].concat()
}

/// The records from the start on that are whole and undamaged, each with the place where it ends.
pub fn decode(bytes: &[u8]) -> impl Iterator<Item = (&[u8], usize)> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (data, after) = first(rest)?;
        rest = after;
        Some((data, bytes.len() - after.len()))
    })
}

/// The first record and what follows it.
fn first(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (length_crc, rest) = rest.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*length_crc) != masked(length) {
        return None;
    }
    let (data, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let (data_crc, rest) = rest.split_first_chunk::<4>()?;
    (u32::from_le_bytes(*data_crc) == masked(data)).then_some((data, rest))
}

/// `masked_crc32c` of `tensorboard/compat/tensorflow_stub/pywrap_tensorflow.py`: a checksum that may itself be checked.
fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_rfc_3720() {
        // Appendix B.4, whose bytes are in the order of transmission, least significant first.
        let read = [
            0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0x14, 0, 0, 0,
            0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0,
        ];
        let rising: Vec<u8> = (0..32).collect();
        let falling: Vec<u8> = (0..32).rev().collect();
        let sums = [&[0; 32][..], &[0xff; 32], &rising, &falling, &read].map(|bytes| crc32c(bytes).to_le_bytes());
        let expected = [
            [0xaa, 0x36, 0x91, 0x8a],
            [0x43, 0xab, 0xa8, 0x62],
            [0x4e, 0x79, 0xdd, 0x46],
            [0x5c, 0xdb, 0x3f, 0x11],
            [0x56, 0x3a, 0x96, 0xd9],
        ];
        assert_eq!(sums, expected);
    }

    #[test]
    fn records_come_back_up_to_the_first_that_is_torn_or_damaged() {
        let bytes = [encode(b"one"), encode(b""), encode(b"three")].concat();
        let all = [(&b"one"[..], 19), (b"", 35), (b"three", 56)];
        let read = |bytes: &[u8]| decode(bytes).map(|(data, end)| (data.to_vec(), end)).collect::<Vec<_>>();
        for end in 0..=bytes.len() {
            let whole = all.iter().filter(|(_, e)| *e <= end).map(|(data, e)| (data.to_vec(), *e));
            assert_eq!(read(&bytes[..end]), whole.collect::<Vec<_>>(), "cut at {end}");
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x40;
            let before = all.iter().filter(|(_, e)| *e <= at).map(|(data, e)| (data.to_vec(), *e));
            assert_eq!(read(&damaged), before.collect::<Vec<_>>(), "damaged at {at}");
        }
    }
}
