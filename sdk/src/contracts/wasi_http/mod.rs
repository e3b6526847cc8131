//! Platforms that send requests to components: `wasi:http/incoming-handler` of WASI 0.2.
//!
//! `cargo plugin build --host wasi-http` turns the module into [a component](crate::docs::wasi_http)
//! that answers the requests which `cargo plugin serve` answers for a plugin. The tool adds a
//! [description]: the commands' media types, the manifest, and the document that describes the
//! routes. A request passes through these files:
//!
//! | file | |
//! |---|---|
//! | `request` | reads the request, and sends the answer |
//! | `routing` | finds the route, calls the plugin, and makes the answer |
//! | `resources` | the host's resources behind both |
//!
//! The services are imports of WASI's interfaces (`services`).

#[doc(hidden)]
pub mod description;
mod environment;
mod request;
mod resources;
mod routing;
mod services;

use std::cell::Cell;

use crate::contracts::call::{self, Failed};
use crate::contracts::forms::Json;
use crate::contracts::terms::ContractTerms;
use crate::guest::Plugin;
use description::Description;

/// The export that handles a request. It takes the description, its length, and the numbers of the
/// request and of the place for the response.
pub const HANDLE_EXPORT: &str = "plugin_wasi_http_handle";

/// The interface that the component exports.
pub const INTERFACE: &str = "wasi:http/incoming-handler@0.2.0";

/// The function of the interface.
pub const FUNCTION: &str = "handle";

/// The packages of the interfaces, in the language WIT, each after those that it mentions.
pub const WIT: [(&str, &str); 6] = [
    ("io.wit", include_str!("wit/io.wit")),
    ("clocks.wit", include_str!("wit/clocks.wit")),
    ("random.wit", include_str!("wit/random.wit")),
    ("cli.wit", include_str!("wit/cli.wit")),
    ("keyvalue.wit", include_str!("wit/keyvalue.wit")),
    ("http.wit", include_str!("wit/http.wit")),
];

/// The contract of a plugin that answers requests.
#[doc(hidden)]
pub struct Contract;

impl ContractTerms for Contract {
    type Kept = Json;
    type Settings = Json;
    const REPORTS_PANICS: bool = true;

    fn report_panic(line: &str) {
        services::report_panic(line);
    }
}

/// Handles a request.
///
/// # Safety
/// The description must be readable for the life of the plugin.
#[doc(hidden)]
pub unsafe fn handle<P: Plugin>(description: *mut u8, len: u32, request: u32, response: u32) {
    // SAFETY: the caller guarantees it, and nothing writes to the description.
    let description = unsafe { crate::memory::contracts::lent(description, len) };
    let description = Description::read(description);
    request::handle(request, response, |request| {
        routing::answer(request, &description, &ready::<P>)
    });
}

/// Makes and starts the plugin before the first call of an instance.
fn ready<P: Plugin>() -> Result<(), Failed> {
    thread_local! {
        static READY: Cell<bool> = const { Cell::new(false) };
    }
    if READY.get() {
        return Ok(());
    }
    let mut config = match P::makes_itself() {
        true => Vec::new(),
        false => environment::configuration()?,
    };
    call::init::<P>(&mut config)?;
    call::start()?;
    READY.set(true);
    Ok(())
}

/// Defines the exports of every plugin.
#[doc(hidden)]
#[macro_export]
macro_rules! __wasi_http_plugin {
    ($plugin:ty, $identity:tt) => {
        $crate::__exports! {
            "plugin_wasi_http_handle" => wasi_http::handle<$plugin>(
                description: *mut u8, len: u32, request: u32, response: u32
            );
            "plugin_component_constants" => wasi_http::constants(len: usize) -> *mut u8;
            "cabi_realloc" => wasi_http::realloc(
                address: usize, old_size: usize, alignment: usize, size: usize
            ) -> *mut u8;
        }
    };
}

#[doc(hidden)]
pub use crate::memory::canonical::{constants, realloc};

#[doc(hidden)]
pub use crate::{
    __announce_hook as export_hook, __announce_undescribed_command as export_command,
    __not_exported as export_batch, __not_exported as export_state,
    __panic_record as export_record, __wasi_http_plugin as export_plugin,
};
