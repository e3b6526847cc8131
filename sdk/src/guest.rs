//! The life of a plugin: made, called, ended; one call at a time.

use std::cell::{Cell, RefCell, RefMut};
use std::marker::PhantomData;

use serde::de::IgnoredAny;

use crate::codec::{Codec, EncodedArguments, Json};
use crate::contracts::terms::ContractTerms;
use crate::convert::Argument;
use crate::error::{Error, code};
use crate::json::Arena;
use crate::manifest::Command;
use crate::memory::{Boundary, CallFrame, busy};
use crate::panic::PanicRecord;
use crate::topics;

/// The one instance of a plugin and its memory, behind the exports.
pub struct Guest<P, C> {
    plugin: RefCell<Option<P>>,
    #[cfg(not(target_arch = "wasm32"))]
    boundary: Boundary,
    #[cfg(target_arch = "wasm32")]
    panics: &'static PanicRecord,
    progress: Cell<Progress>,
    contract: PhantomData<C>,
}

/// The progress of a guest towards its first call.
#[derive(Clone, Copy, PartialEq)]
enum Progress {
    /// Nothing.
    New,
    /// Everything that [`Guest::prepare`] does.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        expect(dead_code, reason = "a native plugin has no snapshot")
    )]
    Prepared,
    /// A call.
    Called,
}

/// The plugin in a snapshot, made ahead of the first call or the first `plugin_init`.
#[cfg(target_arch = "wasm32")]
pub struct Ahead<P>(Cell<Option<P>>);

// SAFETY: wasm32 without `atomics`, which the lines below refuse, has one thread only.
#[cfg(target_arch = "wasm32")]
unsafe impl<P> Sync for Ahead<P> {}

#[cfg(target_arch = "wasm32")]
impl<P> Ahead<P> {
    /// Creates a place without a plugin.
    #[allow(clippy::new_without_default, reason = "only ever a static")]
    pub const fn new() -> Self {
        Ahead(Cell::new(None))
    }

    /// Moves the plugin to its place; returns `false` without one.
    pub fn take(&self, place: &mut Option<P>) -> bool {
        let made = self.0.take();
        let is_made = made.is_some();
        if is_made {
            *place = made;
        }
        is_made
    }
}

/// A command behind an export: a function from the arguments' bytes to an answer in the frame.
pub type Handler<P> = fn(&mut P, &mut [u8], &mut CallFrame<'_>) -> Result<(), Error>;

/// A plugin, implemented by `#[plugin]` on its struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a plugin",
    label = "there is no #[plugin] at this type's struct"
)]
pub trait Plugin: Sized + 'static {
    /// The contract that the plugin is built for.
    type Contract: ContractTerms;

    /// Returns whether the plugin makes itself at the first call, because it has no init hook.
    fn makes_itself() -> bool;

    /// Makes the plugin from the bytes of a configuration, directly in its place. A stack frame
    /// with a copy would limit the size of a plugin.
    fn init(config: &mut [u8], place: &mut Option<Self>) -> Result<(), Error>;

    /// Runs the cleanup hook, if there is one.
    fn cleanup(&mut self);

    /// Prepares for log lines, before the first call and at every `plugin_init`. Does nothing in
    /// plugins that write no log.
    fn prepare_logging() {}

    /// Returns the room that the plugin exports, if it does.
    #[cfg(all(target_arch = "wasm32", not(feature = "_contract")))]
    fn room() -> Option<&'static crate::memory::room::Room> {
        None
    }

    /// Returns the plugin's one instance.
    #[cfg(target_arch = "wasm32")]
    fn guest() -> &'static Guest<Self, Self::Contract>;
}

#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
compile_error!("a plugin runs on one thread: build it without the target feature `atomics`");

// SAFETY: wasm32 without `atomics`, which the lines above refuse, has one thread only.
#[cfg(target_arch = "wasm32")]
unsafe impl<P, C> Sync for Guest<P, C> {}

// SAFETY: as above.
#[cfg(target_arch = "wasm32")]
unsafe impl Sync for PanicRecord {}

#[cfg(target_arch = "wasm32")]
impl<P: Plugin> crate::panic::Noted for P {
    type Contract = P::Contract;

    fn record() -> &'static PanicRecord {
        P::guest().panics
    }
}

/// Does what comes before the author's code, constructors included.
#[cfg(target_arch = "wasm32")]
fn begin<P: Plugin>() {
    crate::panic::install::<P>();
    #[cfg(not(feature = "_contract"))]
    if let Some(room) = P::room() {
        crate::memory::room::open(room);
    }
}

impl<P: Plugin, C: ContractTerms> Guest<P, C> {
    /// Creates a guest whose plugin has not been made yet.
    pub const fn new(
        #[allow(unused, reason = "wasm32 has panic hooks of its own")] panics: &'static PanicRecord,
    ) -> Self {
        Guest {
            plugin: RefCell::new(None),
            #[cfg(not(target_arch = "wasm32"))]
            boundary: Boundary::new(),
            #[cfg(target_arch = "wasm32")]
            panics,
            progress: Cell::new(Progress::New),
            contract: PhantomData,
        }
    }

    /// Returns the memory that the guest shares with its host.
    pub fn boundary(&self) -> &Boundary {
        // A module has one plugin, so the results of host functions are found without knowing its
        // type.
        #[cfg(target_arch = "wasm32")]
        return crate::memory::boundary();
        #[cfg(not(target_arch = "wasm32"))]
        &self.boundary
    }

    /// Runs a command.
    ///
    /// # Safety
    /// The same as for [`Boundary::serve`].
    pub unsafe fn command(&self, address: *mut u8, len: u32, handler: Handler<P>) -> u64 {
        // SAFETY: passed on to the caller.
        unsafe { self.run(address, len, Some(handler)) }
    }

    /// Runs a command, or makes the plugin anew: one function, so that a plugin contains one copy
    /// of the code around both.
    ///
    /// # Safety
    /// The same as for [`Boundary::serve`].
    unsafe fn run(&self, address: *mut u8, len: u32, handler: Option<Handler<P>>) -> u64 {
        let Some(mut plugin) = self.enter(handler.is_none()) else {
            return busy();
        };
        // SAFETY: the caller guarantees it for the arguments; `enter` shows that no other call is
        // running.
        unsafe {
            self.boundary().serve(address, len, |arguments, frame| {
                let Some(handler) = handler else {
                    P::init(arguments, &mut plugin).map_err(init_failed)?;
                    frame.output.extend_from_slice(b"null");
                    return Ok(());
                };
                let plugin = match &mut *plugin {
                    Some(plugin) => plugin,
                    none => Self::make(none)?,
                };
                handler(plugin, arguments, frame)
            })
        }
    }

    /// Makes a plugin that is called before its host has initialised it.
    #[cold]
    pub(crate) fn make(place: &mut Option<P>) -> Result<&mut P, Error> {
        if P::makes_itself() {
            P::init(&mut [], place)?;
        } else if let Some(mut config) = C::configuration() {
            P::init(&mut config, place).map_err(init_failed)?;
        }
        place.as_mut().ok_or_else(|| {
            Error::new(
                code::NOT_INITIALIZED,
                "the plugin is not initialised: call `plugin_init` with its configuration first",
            )
        })
    }

    /// Makes the plugin anew; the old one stays if that fails.
    ///
    /// # Safety
    /// The same as for [`Boundary::serve`].
    pub unsafe fn init(&self, address: *mut u8, len: u32) -> u64 {
        // SAFETY: passed on to the caller.
        unsafe { self.run(address, len, None) }
    }

    /// Returns the plugin, if it has been made; `None` during a call.
    #[inline]
    fn enter(&self, anew: bool) -> Option<RefMut<'_, Option<P>>> {
        let plugin = self.plugin.try_borrow_mut().ok()?;
        let before = self.progress.replace(Progress::Called);
        #[cfg(target_arch = "wasm32")]
        if before == Progress::New {
            begin::<P>();
        }
        if before != Progress::Called || anew {
            P::prepare_logging();
        }
        #[cfg(target_arch = "wasm32")]
        if before == Progress::New {
            crate::constructors::run();
        }
        Some(plugin)
    }

    /// Does everything that a first call does and that needs neither the host nor a configuration,
    /// and makes a plugin without an init hook: the state for a snapshot. `log_all` lets log lines
    /// reach the host, which then refuses the snapshot: each instance should write them.
    #[cfg(target_arch = "wasm32")]
    pub fn prepare(&self, ahead: &Ahead<P>, log_all: fn()) {
        /// The argument buffer of most hosts, in bytes.
        const BUFFER: u32 = 1024;

        if self.progress.get() != Progress::New {
            return;
        }
        begin::<P>();
        log_all();
        crate::constructors::run();
        self.progress.set(Progress::Prepared);
        if P::makes_itself() {
            let mut made = None;
            if P::init(&mut [], &mut made).is_ok() {
                ahead.0.set(made);
            }
        }
        // So that the heap has grown.
        let boundary = self.boundary();
        boundary.free(boundary.alloc(BUFFER).addr());
    }

    /// Ends the plugin's life. Does nothing during a call.
    pub fn cleanup(&self) {
        if let Ok(mut plugin) = self.plugin.try_borrow_mut()
            && let Some(made) = &mut *plugin
        {
            made.cleanup();
            *plugin = None;
        }
    }
}

/// Gives an error without a code of its own the code `init_failed`.
#[cold]
pub(crate) fn init_failed(error: Error) -> Error {
    match error.code() {
        code::FAILED => error.with_code(code::INIT_FAILED),
        _ => error,
    }
}

/// A type whose struct has `#[plugin]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a plugin",
    label = "there is no #[plugin] at this type's struct",
    note = "put #[plugin] on the struct as well as on the impl block"
)]
pub trait PluginType {
    #[doc(hidden)]
    const CHECKED: () = ();
}

/// The author's init hook. Two of them are conflicting implementations, in whichever blocks they
/// are.
pub trait InitHook: Sized {
    /// Makes the plugin from the bytes of a configuration.
    fn init(config: &mut [u8], place: &mut Option<Self>) -> Result<(), Error>;
}

/// The author's cleanup hook.
pub trait CleanupHook {
    /// Runs the hook.
    fn cleanup(&mut self);
}

/// An author's hook that the host calls like a command.
pub trait Hook<Kind> {
    /// Runs the hook.
    fn handle(
        plugin: &mut Self,
        arguments: &mut [u8],
        frame: &mut CallFrame<'_>,
    ) -> Result<(), Error>;
}

/// The hook that starts the plugin.
pub enum Start {}

/// The hook that stops the plugin.
pub enum Stop {}

/// The hook for the host's events.
pub enum Event {}

/// An event handler of the plugin.
pub struct EventHandler<P> {
    /// The pattern of the topics that it handles.
    pub pattern: &'static str,
    /// The function that handles an event.
    pub handle: Handler<P>,
}

/// Passes an event to each handler that matches its topic, in order, until one fails. Successful
/// results are dropped.
pub fn handle_event<P>(
    plugin: &mut P,
    event: &mut [u8],
    frame: &mut CallFrame<'_>,
    handlers: &[EventHandler<P>],
) -> Result<(), Error> {
    let output = &mut *frame.output;
    let topic = topic(event)?;
    for handler in handlers {
        if topics::matches(handler.pattern, &topic) {
            (handler.handle)(plugin, event, &mut CallFrame::new(output))?;
            output.clear();
        }
    }
    output.extend_from_slice(b"null");
    Ok(())
}

/// Returns the topic of an event. Inlined, so that plugins without event handlers do not pay for
/// it.
#[inline]
fn topic(event: &[u8]) -> Result<String, Error> {
    let event = EncodedArguments {
        bytes: event,
        arena: &Arena::new(),
        names: &["topic", "data"],
        required: 1,
    };
    let mut topic = String::new();
    Json::arguments(&event, &mut |member, source| {
        if member == 0 {
            topic = String::read(source)?;
            return Ok(());
        }
        IgnoredAny::read(source).map(drop)
    })?;
    Ok(topic)
}

/// The optional hooks of a plugin. Method lookup finds the author's hook, which takes one more
/// reference, before the default.
pub struct Hooks<P>(PhantomData<P>);

impl<P> Hooks<P> {
    /// The hooks of a plugin.
    pub const OF: Self = Hooks(PhantomData);
}

/// The beginning of a plugin with an init hook.
pub trait InitByHook<P> {
    /// Returns whether the plugin can be made without a configuration.
    fn makes_itself(&self) -> bool {
        false
    }

    /// Makes the plugin.
    fn init_plugin(&self, config: &mut [u8], place: &mut Option<P>) -> Result<Made, Error>;
}

impl<P: InitHook> InitByHook<P> for &Hooks<P> {
    fn init_plugin(&self, config: &mut [u8], place: &mut Option<P>) -> Result<Made, Error> {
        P::init(config, place)?;
        Ok(Made)
    }
}

/// The beginning of a plugin without an init hook.
pub trait InitByDefault<P> {
    /// Returns whether the plugin can be made without a configuration.
    fn makes_itself(&self) -> bool {
        true
    }

    /// Leaves the work to [`Beginning`], whose compile error is at the plugin's name.
    fn init_plugin(&self, _: &mut [u8], _: &mut Option<P>) -> Result<ByDefault<P>, Error> {
        Ok(ByDefault(PhantomData))
    }
}

impl<P> InitByDefault<P> for Hooks<P> {}

/// A plugin that is in its place.
pub struct Made;

/// A plugin that has yet to be made.
pub struct ByDefault<P>(PhantomData<P>);

/// A plugin's beginning.
#[diagnostic::on_unimplemented(
    message = "the plugin `{P}` cannot be made: it has no #[init] function and no `Default`",
    label = "needs `Default` or an #[init] function",
    note = "derive `Default` for it, or write `#[init] fn new(config: Config) -> Result<Self>` in its #[plugin] impl block"
)]
pub trait Beginning<P> {
    /// Puts the plugin into its place, unless it is there already.
    fn finish(self, place: &mut Option<P>);
}

#[diagnostic::do_not_recommend]
impl<P> Beginning<P> for Made {
    fn finish(self, _: &mut Option<P>) {}
}

#[diagnostic::do_not_recommend]
impl<P: Default> Beginning<P> for ByDefault<P> {
    fn finish(self, place: &mut Option<P>) {
        let made = P::default();
        InitResult::place(made, place);
    }
}

/// The result of an init or migrate hook, after success.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the plugin `{P}`",
    label = "this hook returns the plugin",
    note = "write `-> Self` or `-> Result<Self>`"
)]
pub trait InitResult<P> {
    /// Puts the plugin into its place.
    fn place(self, place: &mut Option<P>);
}

#[diagnostic::do_not_recommend]
impl<P> InitResult<P> for P {
    fn place(self, place: &mut Option<P>) {
        *place = Some(self);
    }
}

/// The end of a plugin with a cleanup hook.
pub trait CleanupByHook<P> {
    /// Runs the cleanup hook.
    fn clean_up_plugin(&self, plugin: &mut P);
}

impl<P: CleanupHook> CleanupByHook<P> for &Hooks<P> {
    fn clean_up_plugin(&self, plugin: &mut P) {
        plugin.cleanup();
    }
}

/// The end of a plugin without a cleanup hook.
pub trait CleanupByDefault<P> {
    /// Does nothing.
    fn clean_up_plugin(&self, _: &mut P) {}
}

impl<P> CleanupByDefault<P> for Hooks<P> {}

/// A function outside the plugin's impl block that is a command.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command",
    label = "only functions with #[command] can be listed",
    note = "put #[command] on the function, and list it with the path of its module"
)]
pub trait FreeCommand {
    #[doc(hidden)]
    const CHECKED: () = ();

    /// The description for the plugin's manifest.
    const DESCRIBED: Command = Command::UNDESCRIBED;

    /// Runs the command.
    fn handle(arguments: &mut [u8], frame: &mut CallFrame<'_>) -> Result<(), Error>;

    /// The name.
    #[cfg(not(target_arch = "wasm32"))]
    const NAME: &'static str = "";

    /// `true` if it has `#[command(batch)]`.
    #[cfg(not(target_arch = "wasm32"))]
    const TAKES_BATCHES: bool = false;

    /// Runs the command for many inputs.
    #[cfg(not(target_arch = "wasm32"))]
    fn handle_many(arguments: &mut [u8], frame: &mut CallFrame<'_>) -> Result<(), Error> {
        Self::handle(arguments, frame)
    }
}

/// A free command that its plugin lists.
#[diagnostic::on_unimplemented(
    message = "no plugin lists the command `{Self}`",
    label = "this command would never be exported",
    note = "list it at the plugin's struct: `#[plugin(commands({Self}))]`",
    note = "in a crate without a plugin, a macro makes the commands that several plugins share: see \"Commands that several plugins share\" in the documentation of `plugin-sdk`"
)]
pub trait ListedCommand {
    #[doc(hidden)]
    const CHECKED: () = ();

    /// Runs the command, or a batch of it, within the plugin that lists it. The function does not
    /// name the plugin, which may be more private than the command.
    ///
    /// # Safety
    /// The same as for [`Boundary::serve`].
    #[cfg(target_arch = "wasm32")]
    unsafe fn serve<C: FreeCommand>(address: *mut u8, len: u32) -> u64;
}

/// Runs a free command within a plugin.
///
/// # Safety
/// The same as for [`Boundary::serve`].
#[cfg(target_arch = "wasm32")]
pub unsafe fn serve_free<P: Plugin, C: FreeCommand>(address: *mut u8, len: u32) -> u64 {
    // SAFETY: the caller guarantees it.
    unsafe {
        P::guest().command(address, len, |_, arguments, frame| {
            C::handle(arguments, frame)
        })
    }
}
