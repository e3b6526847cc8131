//! Twin tests: one body, run natively and in WebAssembly, with equal transcripts.
//!
//! [`#[plugin_sdk_harness::test]`](macro@crate::test) makes the tests. [`compare`] does the same
//! for any two builders.

mod divergence;
mod hint;
mod members;

use std::any::Any;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use crate::capsule::Capsule;
use crate::observe::transcript::{Transcript, recorded};
use crate::plugin::{Plugin, PluginBuilder};
use crate::source::Source;

pub use divergence::Divergence;

/// The variable that names a [capsule](crate::capsule). The test `native` replays it instead of
/// running its body: `cargo plugin replay --native` prints the command.
const REPLAY: &str = "PLUGIN_SDK_REPLAY";

/// The body of a twin test: a function of `&mut Plugin` or of [`PluginBuilder`], which returns
/// nothing or a `Result<(), E>`.
#[diagnostic::on_unimplemented(
    message = "this is not the body of a twin test",
    label = "a twin test takes `plugin: &mut Plugin`, or `builder: PluginBuilder`",
    note = "it returns nothing, or `Result<(), E>` with any `E: Debug`"
)]
pub trait Body<Argument> {
    /// Runs the body with a plugin.
    #[doc(hidden)]
    fn run(&self, builder: PluginBuilder);
}

#[diagnostic::do_not_recommend]
impl<F: Fn(&mut Plugin) -> R, R: Outcome> Body<fn(&mut Plugin) -> R> for F {
    fn run(&self, builder: PluginBuilder) {
        match builder.build() {
            Ok(mut plugin) => self(&mut plugin).settle(),
            Err(failure) => panic!("{failure}"),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<F: Fn(PluginBuilder) -> R, R: Outcome> Body<fn(PluginBuilder) -> R> for F {
    fn run(&self, builder: PluginBuilder) {
        self(builder).settle();
    }
}

/// The result of a body.
pub trait Outcome {
    /// Panics if the body failed.
    #[doc(hidden)]
    fn settle(self);
}

impl Outcome for () {
    fn settle(self) {}
}

impl<E: Debug> Outcome for Result<(), E> {
    fn settle(self) {
        if let Err(error) = self {
            panic!("the test returned an error: {error:?}");
        }
    }
}

/// Returns a body as a function. Code of the macro names the type of the argument only here.
#[doc(hidden)]
pub fn body<A, B: Body<A>>(body: B) -> impl Fn(PluginBuilder) {
    move |builder| body.run(builder)
}

/// Runs the test `native`.
#[doc(hidden)]
pub fn native<P: plugin_sdk::native::Plugin + Send>(body: impl Fn(PluginBuilder)) {
    let builder = PluginBuilder::native::<P>();
    match std::env::var_os(REPLAY) {
        Some(file) => replay(builder, Path::new(&file)),
        None => body(builder),
    }
}

/// Replays a capsule natively, and panics if it departs from its record.
fn replay(builder: PluginBuilder, file: &Path) {
    let replayed = Capsule::read(file).and_then(|capsule| capsule.replay_with(builder));
    let replayed = match replayed {
        Ok(replayed) => replayed,
        Err(error) => panic!("{REPLAY}={}: {error}", file.display()),
    };
    if let Some(failure) = &replayed.failure {
        eprintln!("{failure}");
    }
    // The place of a panic has another path natively, so the steps decide.
    let transcript = members::ordered_as(&replayed.recorded, &replayed.transcript);
    let difference = replayed.recorded.first_difference(&transcript);
    assert!(difference.is_none(), "{replayed}");
}

/// Runs the test `wasm` of a body that does not run natively.
#[doc(hidden)]
pub fn wasm(dir: &str, body: impl Fn(PluginBuilder)) {
    body(Plugin::builder(Source::crate_dir(dir)));
}

/// Runs the test `wasm`, and compares it with a native run. `name` is the name of the body.
#[doc(hidden)]
pub fn both<P: plugin_sdk::native::Plugin + Send>(
    name: &str,
    dir: &str,
    body: impl Fn(PluginBuilder),
) {
    let runs = Runs::of(
        PluginBuilder::native::<P>(),
        Plugin::builder(Source::crate_dir(dir)),
        body,
    );
    match (runs.wasm.panic, runs.native.panic, runs.divergence) {
        (None, None, None) => {}
        (None, None, Some(divergence)) => panic!("{divergence}"),
        (None, Some(_), divergence) => {
            let why = divergence.map_or_else(String::new, |it| format!("\n{it}"));
            panic!("the body passes in WebAssembly, and fails in `{name}::native`{why}");
        }
        (Some(panic), _, divergence) => {
            if let Some(divergence) = divergence {
                eprintln!("\n{divergence}");
            }
            resume_unwind(panic);
        }
    }
}

/// Runs a body twice, and compares everything that happened to its plugins: calls with their
/// results and errors, and host calls, among them log lines and events, with their arguments and
/// answers. The order of members in JSON objects does not count.
///
/// The two builders can be of any kind, such as two builds of a plugin that should do the same. For
/// the native and the WebAssembly side of one plugin,
/// [`#[plugin_sdk_harness::test]`](macro@crate::test) is shorter.
///
/// ```
/// use plugin_sdk_harness::{Plugin, Source, twin};
///
/// # const WAT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/commands.wat"));
/// let [one, other] = [WAT, WAT].map(|wat| Plugin::builder(Source::wat(wat)));
/// let compared = twin::compare(one, other, |builder| {
///     let mut plugin = builder.build().unwrap();
///     assert_eq!(plugin.call_raw("echo", b"abc").unwrap(), b"abc");
/// });
/// assert!(compared.is_ok());
/// ```
///
/// # Errors
///
/// Fails with the first step that differs, also if the body panicked after it. Plugins are compared
/// in the order in which the body created them; those that it created on other threads are not.
///
/// # Panics
///
/// Panics if the body does, and the transcripts do not differ.
pub fn compare(
    native: PluginBuilder,
    wasm: PluginBuilder,
    body: impl Fn(PluginBuilder),
) -> Result<(), Divergence> {
    let Runs {
        native,
        wasm,
        divergence,
    } = Runs::of(native, wasm, body);
    match (divergence, wasm.panic.or(native.panic)) {
        (Some(divergence), _) => Err(divergence),
        (None, Some(panic)) => resume_unwind(panic),
        (None, None) => Ok(()),
    }
}

/// Both runs of a body.
struct Runs {
    native: Run,
    wasm: Run,
    divergence: Option<Divergence>,
}

/// One run of a body.
struct Run {
    panic: Option<Box<dyn Any + Send>>,
    transcripts: Vec<Transcript>,
}

impl Runs {
    fn of(native: PluginBuilder, wasm: PluginBuilder, body: impl Fn(PluginBuilder)) -> Self {
        let wasm = Run::of(wasm, &body);
        if wasm.panic.is_some() {
            // Else the message of a second panic would seem to be of this run.
            eprintln!("note: that was the run `wasm`; `native` follows, to compare the two");
        }
        let native = Run::of(native, &body);
        let divergence = Divergence::between(&native.transcripts, &wasm.transcripts);
        Runs {
            native,
            wasm,
            divergence,
        }
    }
}

impl Run {
    fn of(builder: PluginBuilder, body: impl Fn(PluginBuilder)) -> Self {
        let (outcome, transcripts) = recorded(|| catch_unwind(AssertUnwindSafe(|| body(builder))));
        Run {
            panic: outcome.err(),
            transcripts,
        }
    }
}
