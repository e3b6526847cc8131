//! A plugin whose allocator fails on request, once: the n-th allocation after `arm`. Its commands
//! allocate in every way in which a call can.

use plugin_sdk::prelude::*;

/// The allocator of the module.
mod allocator {
    use std::sync::atomic::{AtomicU32, Ordering};

    /// The number of allocations up to the one that fails; 0 if none will.
    static LEFT: AtomicU32 = AtomicU32::new(0);
    /// 1 once an allocation has failed.
    static FAILED: AtomicU32 = AtomicU32::new(0);

    /// Lets the n-th allocation from now on fail.
    pub(super) fn arm(nth: u32) {
        LEFT.store(nth, Ordering::Relaxed);
        FAILED.store(0, Ordering::Relaxed);
    }

    /// Lets no allocation fail, and returns 1 if one has failed since it was armed.
    pub(super) fn disarm() -> u32 {
        LEFT.store(0, Ordering::Relaxed);
        FAILED.load(Ordering::Relaxed)
    }

    #[cfg(target_arch = "wasm32")]
    mod module {
        use std::alloc::{GlobalAlloc, Layout, System};

        use super::*;

        struct Failing;

        #[global_allocator]
        static ALLOCATOR: Failing = Failing;

        fn fails() -> bool {
            let left = LEFT.load(Ordering::Relaxed);
            if left > 0 {
                LEFT.store(left - 1, Ordering::Relaxed);
            }
            if left == 1 {
                FAILED.store(1, Ordering::Relaxed);
            }
            left == 1
        }

        // SAFETY: passes every call on to the system's allocator, or returns null, which means that
        // there is no memory.
        unsafe impl GlobalAlloc for Failing {
            unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
                match fails() {
                    true => std::ptr::null_mut(),
                    // SAFETY: the caller's promise is the same.
                    false => unsafe { System.alloc(layout) },
                }
            }

            unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
                // SAFETY: the caller's promise is the same.
                unsafe { System.dealloc(block, layout) }
            }

            unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
                match fails() {
                    true => std::ptr::null_mut(),
                    // SAFETY: the caller's promise is the same.
                    false => unsafe { System.alloc_zeroed(layout) },
                }
            }

            unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
                match fails() {
                    true => std::ptr::null_mut(),
                    // SAFETY: the caller's promise is the same.
                    false => unsafe { System.realloc(block, layout, size) },
                }
            }
        }
    }
}

/// The plugin.
#[plugin(
    log,
    permissions(kv = "remembers names", http = "expects to be denied")
)]
#[derive(Default)]
pub struct Starving {
    /// Names in the order of their first call. A call that fails leaves it as it was.
    names: Vec<String>,
}

/// A person with friends.
#[derive(Debug, Clone, Serialize, Deserialize, Schema)]
pub struct Person {
    name: String,
    #[serde(default)]
    friends: Vec<Person>,
}

#[plugin]
impl Starving {
    /// Lets the n-th allocation from now on fail. Its answer allocates nothing.
    #[command(raw)]
    pub fn arm(&self, nth: &[u8]) {
        allocator::arm(
            nth.iter()
                .fold(0, |number, byte| number << 8 | u32::from(*byte)),
        );
    }

    /// Lets no allocation fail, and returns whether one has failed.
    #[command(raw)]
    pub fn disarm(&self) -> [u8; 1] {
        [allocator::disarm() as u8]
    }

    /// Returns a person, with one more friend.
    #[command]
    pub fn befriend(&mut self, person: Person, friend: &str) -> Person {
        let mut person = person;
        person.friends.push(Person {
            name: friend.to_owned(),
            friends: Vec::new(),
        });
        self.names.push(person.name.clone());
        person
    }

    /// Like `befriend`, in the binary codec.
    #[command(codec = "binary")]
    pub fn befriend_binary(&mut self, person: Person, friend: &str) -> Person {
        self.befriend(person, friend)
    }

    /// Greets, one or many.
    #[command(batch)]
    pub fn greet(&self, name: &str) -> String {
        format!("Hello, {name}!")
    }

    /// Returns a copy of its argument.
    #[command(raw)]
    pub fn copy(&self, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }

    /// Fails with an error that has every optional member.
    #[command]
    pub fn refuse(&self, items: Vec<String>) -> Result<()> {
        let cause = Error::new("not_enough", format!("{} items", items.len()));
        Err(cause.with_details(&items).context("the order was refused"))
    }

    /// Stores names, and returns all that are stored.
    #[command]
    pub fn remember(&self, names: Vec<String>) -> Result<Vec<String>> {
        for (place, name) in names.iter().enumerate() {
            log::info!("remembering {name}");
            kv::set(&format!("name/{place}"), name)?;
        }
        let mut stored = Vec::new();
        for key in kv::list("name/")? {
            stored.extend(kv::get::<String>(&key)?);
        }
        Ok(stored)
    }

    /// Makes a host call that is refused, and returns its error.
    #[command]
    pub fn fetch(&self) -> Result<u16> {
        Ok(plugin_sdk::http::get("http://localhost/")?.status)
    }

    /// Returns how many people have been befriended.
    #[command]
    pub fn befriended(&self) -> usize {
        self.names.len()
    }
}
