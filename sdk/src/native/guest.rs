//! One instance of a plugin, with its state.

use super::registry::{Part, parts};
use crate::abi;
use crate::contracts::Contract;
use crate::error::Error;
use crate::guest::{self, Handler, Plugin};
use crate::memory::CallFrame;
use crate::services::logging;

/// The part of a guest that a host calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// A command, by its index in [`Guest::commands`].
    Command(usize),
    /// The same for many inputs.
    Batch(usize),
    /// The init hook, another hook or the state, by the name of its export: see
    /// [`abi`](crate::abi).
    Export(&'static str),
}

/// An instance of a plugin.
pub trait Guest {
    /// Returns the names of the commands in alphabetical order, and whether each takes batches.
    fn commands(&self) -> Vec<(&'static str, bool)>;

    /// Returns whether the plugin has a hook or a state, by the name of its export.
    fn has_export(&self, name: &str) -> bool;

    /// Returns the lines of the plugin's manifest, as they are in a module.
    fn manifest(&self) -> Vec<u8>;

    /// Calls a part of the plugin, which changes `arguments` if it works in place. `output` becomes
    /// the result, or the error as JSON. Returns whether the plugin succeeded.
    ///
    /// # Panics
    ///
    /// Panics if the author's function does, and for a part that the plugin does not have. After a
    /// panic, the instance must not be called again.
    fn call(&mut self, callee: Callee, arguments: &mut [u8], output: &mut Vec<u8>) -> bool;

    /// Ends the plugin's life, with its cleanup hook.
    ///
    /// # Panics
    ///
    /// Panics if the hook does.
    fn cleanup(&mut self);
}

/// Returns a new instance, which has not been made yet.
pub fn guest<P: Plugin + Send>() -> Box<dyn Guest + Send> {
    let mut commands: Vec<Command<P>> = Vec::new();
    let (mut exports, mut lines) = (Vec::new(), Vec::new());
    for part in parts::<P>() {
        match part {
            Part::Command { name, one, many } => commands.push(Command {
                name,
                one: *one,
                many: *many,
            }),
            Part::Export(name, handler) => exports.push((*name, *handler)),
            Part::Line(line) => lines.push(*line),
        }
    }
    commands.sort_unstable_by_key(|command| command.name);
    // The linker may run constructors in any order.
    lines.sort_by_key(|line| line.identity.is_none());
    Box::new(Instance::<P> {
        plugin: None,
        exports,
        manifest: lines.iter().flat_map(|line| line.bytes()).collect(),
        commands,
        is_prepared: false,
        log_level: None,
    })
}

struct Instance<P> {
    plugin: Option<P>,
    commands: Vec<Command<P>>,
    exports: Vec<(&'static str, Handler<P>)>,
    manifest: Vec<u8>,
    /// `true` once the plugin has prepared for log lines.
    is_prepared: bool,
    /// The level that the plugin logs at, once it has asked its host.
    log_level: Option<u32>,
}

/// The log level of the caller, which is set again also after a panic.
struct Before(Option<u32>);

impl Drop for Before {
    fn drop(&mut self) {
        logging::replace_level(self.0);
    }
}

struct Command<P> {
    name: &'static str,
    one: Handler<P>,
    many: Option<Handler<P>>,
}

impl<P: Plugin> Instance<P> {
    fn handler(&self, callee: Callee) -> Option<Handler<P>> {
        match callee {
            Callee::Command(number) => Some(self.commands.get(number)?.one),
            Callee::Batch(number) => self.commands.get(number)?.many,
            Callee::Export(name) => {
                let mut exports = self.exports.iter();
                exports.find_map(|(export, handler)| (*export == name).then_some(*handler))
            }
        }
    }

    /// Does what [`guest::Guest`] does in WebAssembly, without memory to share.
    fn run(
        &mut self,
        callee: Callee,
        arguments: &mut [u8],
        frame: &mut CallFrame<'_>,
    ) -> Result<(), Error> {
        let is_init = callee == Callee::Export(abi::INIT_EXPORT);
        if !std::mem::replace(&mut self.is_prepared, true) || is_init {
            P::prepare_logging();
        }
        if is_init {
            P::init(arguments, &mut self.plugin).map_err(guest::init_failed)?;
            frame.output.extend_from_slice(b"null");
            return Ok(());
        }
        let handler = self.handler(callee);
        let plugin = match &mut self.plugin {
            Some(plugin) => plugin,
            none => guest::Guest::<P, Contract>::make(none)?,
        };
        match handler {
            Some(handler) => handler(plugin, arguments, frame),
            None => panic!("the plugin has no such part: {callee:?}"),
        }
    }
}

impl<P: Plugin> Guest for Instance<P> {
    fn commands(&self) -> Vec<(&'static str, bool)> {
        let commands = self.commands.iter();
        commands
            .map(|command| (command.name, command.many.is_some()))
            .collect()
    }

    fn has_export(&self, name: &str) -> bool {
        self.exports.iter().any(|(export, _)| *export == name)
    }

    fn manifest(&self) -> Vec<u8> {
        self.manifest.clone()
    }

    fn call(&mut self, callee: Callee, arguments: &mut [u8], output: &mut Vec<u8>) -> bool {
        output.clear();
        let before = Before(logging::replace_level(self.log_level));
        let mut frame = CallFrame::new(output);
        let served = self.run(callee, arguments, &mut frame);
        self.log_level = logging::replace_level(before.0);
        let answer = frame.answer;
        match served {
            Ok(()) => {
                // SAFETY: the handler has just left the answer, and neither its input nor the
                // plugin has been touched since.
                unsafe { answer.gather(output) };
                true
            }
            Err(error) => {
                output.clear();
                error.write_json(output);
                false
            }
        }
    }

    fn cleanup(&mut self) {
        let _before = Before(logging::replace_level(self.log_level));
        if let Some(mut plugin) = self.plugin.take() {
            plugin.cleanup();
        }
    }
}
