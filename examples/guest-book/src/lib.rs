//! Remembers who was greeted: services of the host's, and the permission that one of them needs.

#![forbid(unsafe_code)]

use plugin_sdk::prelude::*;

/// Greets people, and remembers the last of them.
#[plugin(type = "tool", log, permissions(kv = "remembers who was greeted"))]
#[derive(Default)]
pub struct GuestBook;

#[plugin]
impl GuestBook {
    /// Greets someone by name.
    #[command]
    pub fn greet(name: &str) -> Result<String> {
        log::info!("greeting {name}");
        kv::set("last", name)?;
        Ok(format!("Hello, {name}!"))
    }

    /// Who was greeted last, perhaps by an instance that is long gone.
    #[command]
    pub fn last() -> Result<Option<String>> {
        kv::get("last")
    }
}
