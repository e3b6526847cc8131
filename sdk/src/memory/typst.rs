//! Typst's function that writes to memory without a length: it writes as many bytes as it announced
//! to the export that it is calling.

/// Returns the `len` bytes of the running call's arguments, in words aligned for any number.
#[inline]
pub fn arguments(len: u32) -> Vec<u64> {
    let mut words = vec![0; (len as usize).div_ceil(size_of::<u64>())];
    write_arguments(&mut words);
    words
}

#[cfg(target_arch = "wasm32")]
fn write_arguments(words: &mut [u64]) {
    #[link(wasm_import_module = "typst_env")]
    unsafe extern "C" {
        fn wasm_minimal_protocol_write_args_to_buffer(buffer: *mut u8);
    }
    // SAFETY: the words have room for the bytes, any values are valid, and no other reference to
    // them exists.
    unsafe { wasm_minimal_protocol_write_args_to_buffer(words.as_mut_ptr().cast()) }
}

/// Does nothing: native builds have no host.
#[cfg(not(target_arch = "wasm32"))]
fn write_arguments(_: &mut [u64]) {}
