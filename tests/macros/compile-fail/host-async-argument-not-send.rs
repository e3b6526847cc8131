use std::rc::Rc;

use plugin_sdk::host_functions;
use serde::{Deserialize, Deserializer, Serialize};

#[derive(Serialize)]
struct Note {
    #[serde(skip)]
    seen: Rc<u32>,
}

impl<'de> Deserialize<'de> for Note {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Ok(Note { seen: Rc::new(1) })
    }
}

#[host_functions(module = "notes")]
trait Notes {
    fn keep(#[json] note: Note) -> plugin_sdk::Result<u32>;
}

struct Kept;

impl AsyncNotes for Kept {
    fn keep(&mut self, note: Note) -> impl Future<Output = plugin_sdk::Result<u32>> + Send {
        std::future::ready(Ok(*note.seen))
    }
}

fn main() {
    notes::provide_async(Kept);
}
