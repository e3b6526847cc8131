//! The parts of all plugins in the process: commands, hooks and descriptions.
//!
//! No macro sees a whole plugin: it may have several impl blocks, and commands outside of them. So
//! each part registers itself, as it does in WebAssembly for some hosts (`contracts/registry.rs`):
//! its expansion makes a constructor, a function that the linker lists and that runs before `main`.

use std::any::Any;
use std::sync::{Mutex, PoisonError};

use crate::error::Error;
use crate::guest::{FreeCommand, Handler};
use crate::manifest::Line;
use crate::memory::CallFrame;

/// A part of the plugin `P`.
pub enum Part<P> {
    /// A command.
    Command {
        /// The name.
        name: &'static str,
        /// Runs the command.
        one: Handler<P>,
        /// Runs it for many inputs, if it has `#[command(batch)]`.
        many: Option<Handler<P>>,
    },
    /// A hook or the state, by the name of its export in ABI 1.
    Export(&'static str, Handler<P>),
    /// A line of the manifest.
    Line(&'static Line),
}

impl<P> Part<P> {
    /// Returns a free command as a part of the plugin that lists it.
    pub const fn free<C: FreeCommand>() -> Self {
        Part::Command {
            name: C::NAME,
            one: |_, arguments, frame| C::handle(arguments, frame),
            many: match C::TAKES_BATCHES {
                true => Some(many::<P, C>),
                false => None,
            },
        }
    }
}

fn many<P, C: FreeCommand>(
    _: &mut P,
    arguments: &mut [u8],
    frame: &mut CallFrame<'_>,
) -> Result<(), Error> {
    C::handle_many(arguments, frame)
}

/// The parts, each a `&'static Part<P>` of some plugin.
static PARTS: Mutex<Vec<&(dyn Any + Send + Sync)>> = Mutex::new(Vec::new());

/// Adds a part. Constructors call this.
pub fn register<P: 'static>(part: &'static Part<P>) {
    let mut parts = PARTS.lock().unwrap_or_else(PoisonError::into_inner);
    parts.push(part);
}

/// Returns the parts of a plugin.
pub(super) fn parts<P: 'static>() -> Vec<&'static Part<P>> {
    let parts = PARTS.lock().unwrap_or_else(PoisonError::into_inner);
    let of_plugin = parts.iter().filter_map(|part| part.downcast_ref());
    of_plugin.collect()
}

/// Registers a part of a plugin when the process starts.
#[doc(hidden)]
#[macro_export]
macro_rules! __register_native {
    ($plugin:ty, $part:expr) => {
        const _: () = {
            static PART: $crate::native::Part<$plugin> = $part;

            extern "C" fn register() {
                $crate::native::register(&PART)
            }

            #[used]
            #[cfg_attr(
                target_vendor = "apple",
                unsafe(link_section = "__DATA,__mod_init_func,mod_init_funcs")
            )]
            #[cfg_attr(windows, unsafe(link_section = ".CRT$XCU"))]
            #[cfg_attr(
                not(any(target_vendor = "apple", windows)),
                unsafe(link_section = ".init_array")
            )]
            static CONSTRUCTOR: extern "C" fn() = register;
        };
    };
}
