//! A plugin with a bug in each command. With `FIXED`, there are none.

use plugin_sdk::prelude::*;

/// `true` if the bugs are fixed.
const FIXED: bool = false;

/// Has bugs.
#[plugin(permissions(kv = "reads a note"))]
#[derive(Default)]
pub struct Planted {
    calls: u8,
}

/// A share of a whole.
#[derive(Serialize, Schema)]
pub struct Share {
    /// The share in percent.
    #[schema(maximum = 100)]
    pub percent: u32,
}

#[plugin]
impl Planted {
    /// Overflows.
    #[command]
    pub fn add(a: u8, b: u8) -> u8 {
        if FIXED { a.saturating_add(b) } else { a + b }
    }

    /// Is out of bounds for an empty list.
    #[command]
    pub fn first(numbers: Vec<i32>) -> Option<i32> {
        if FIXED { numbers.first().copied() } else { Some(numbers[0]) }
    }

    /// Leaks.
    #[command]
    pub fn remember(note: String) {
        if !FIXED {
            note.leak();
        }
    }

    /// Returns what its description does not allow.
    #[command]
    pub fn share(part: u16) -> Share {
        let percent = u32::from(part);
        Share { percent: if FIXED { percent.min(100) } else { percent } }
    }

    /// Panics if the first character has more than one byte.
    #[command]
    pub fn initial(name: &str) -> &str {
        match FIXED || name.is_empty() {
            true => name,
            false => &name[..1],
        }
    }

    /// Panics at the fourth call.
    #[command]
    pub fn count(&mut self) -> u8 {
        self.calls = match FIXED {
            true => self.calls.wrapping_add(70),
            false => self.calls + 70,
        };
        self.calls
    }

    /// Panics if the host denies or fails.
    #[command]
    pub fn note() -> Result<Option<String>> {
        let note = kv::get("note");
        if FIXED { note } else { Ok(note.unwrap()) }
    }

    /// Fails with a code that it does not declare.
    #[command]
    pub fn refuse(strictly: bool) -> Result<()> {
        match strictly && !FIXED {
            true => Err(Error::new("strict", "refused")),
            false => Ok(()),
        }
    }

    /// Takes samples, and panics if there are three.
    #[command(raw)]
    pub fn samples(samples: &[f32]) -> &[f32] {
        assert!(FIXED || samples.len() != 3, "three samples");
        samples
    }

    /// Panics for a full bin.
    #[event("bin.*")]
    pub fn on_bin(&mut self, data: u8) {
        assert!(FIXED || data < 250, "full");
    }
}
