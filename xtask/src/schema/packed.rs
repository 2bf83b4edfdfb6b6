//! The texts that `build.rs` has compressed.

use std::iter::once;

use miniz_oxide::inflate::decompress_slice_iter_to_slice;

/// A text: its length, in four bytes with the lowest first, and the text, compressed. It lives as long
/// as the program, since what is read of it points into it.
pub(super) fn text(packed: &'static [u8]) -> &'static str {
    let (length, compressed) = packed.split_first_chunk().expect("build.rs has written a length");
    let length = usize::try_from(u32::from_le_bytes(*length)).expect("it is in memory already");
    let mut bytes = vec![0; length];
    let written = decompress_slice_iter_to_slice(&mut bytes, once(compressed), false, true);
    assert_eq!(written, Ok(length), "build.rs has compressed it");
    String::from_utf8(bytes).expect("build.rs has written a text").leak()
}
