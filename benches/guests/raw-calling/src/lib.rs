//! A hand-written guest that calls its host: the host allocates with the guest's `alloc` and
//! returns address and length in one number, which the guest turns into a `String`.

use std::mem::ManuallyDrop;

#[link(wasm_import_module = "greetings")]
unsafe extern "C" {
    #[link_name = "greet"]
    fn host_greet(ptr: *const u8, len: usize) -> u64;
}

fn greet(name: &str) -> Result<String, std::string::FromUtf8Error> {
    // SAFETY: the host reads `len` bytes at `ptr`.
    let packed = unsafe { host_greet(name.as_ptr(), name.len()) };
    let (ptr, len) = ((packed >> 32) as usize as *mut u8, packed as u32 as usize);
    // SAFETY: the host got the memory from `alloc` for this many bytes, and has written them all.
    String::from_utf8(unsafe { Vec::from_raw_parts(ptr, len, len) })
}

/// Calls the host `times` times and returns the total length of its answers.
#[unsafe(no_mangle)]
extern "C" fn calls(times: u32) -> u32 {
    (0..times)
        .map(|_| greet("Ada").map_or(0, |greeting| greeting.len() as u32))
        .sum()
}

#[unsafe(no_mangle)]
extern "C" fn alloc(len: usize) -> *mut u8 {
    ManuallyDrop::new(Vec::with_capacity(len)).as_mut_ptr()
}
