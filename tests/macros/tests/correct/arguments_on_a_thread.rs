//! JSON values need not be `Send` or `Sync` for the plain trait, and a host can ignore the async
//! trait.

use std::cell::Cell;
use std::rc::Rc;

use plugin_sdk::host_functions;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Note {
    seen: Cell<u32>,
}

#[host_functions(module = "notes")]
trait Notes {
    fn keep(#[json] note: &Note, #[json] other: Note) -> plugin_sdk::Result<u32>;
}

struct Kept(#[allow(dead_code)] Rc<()>);

impl Notes for Kept {
    fn keep(&mut self, note: &Note, other: Note) -> plugin_sdk::Result<u32> {
        Ok(note.seen.get() + other.seen.get())
    }
}

#[host_functions(module = "numbers")]
trait Numbers {
    fn double(number: u32) -> u32;
}

struct Doubling;

impl AsyncNumbers for Doubling {
    async fn double(&mut self, number: u32) -> u32 {
        number * 2
    }
}

#[test]
fn values_on_one_thread_are_arguments() {
    let _kept = notes::install(Kept(Rc::new(())));
    let note = || Note { seen: Cell::new(1) };
    assert_eq!(notes::keep(&note(), note()).unwrap(), 2);
    assert_eq!(numbers::provide_async(Doubling).functions().len(), 1);
}
