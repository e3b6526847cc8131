//! Typst's one function that writes to memory without being told how much of it there is: it writes as many bytes as it has told the export that it is calling.

/// Has Typst write the bytes of the call that is running, of which there are `len`, to words that are aligned for any number.
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
    // SAFETY: the words have room for the bytes, any of which may have any value, and nobody else refers to them meanwhile.
    unsafe { wasm_minimal_protocol_write_args_to_buffer(words.as_mut_ptr().cast()) }
}

/// Natively nobody calls.
#[cfg(not(target_arch = "wasm32"))]
fn write_arguments(_: &mut [u64]) {}
