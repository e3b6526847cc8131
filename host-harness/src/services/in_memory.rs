//! The implementation of each service that an instance uses.

use std::any::{Any, type_name};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use plugin_sdk::imports::{HostFunction, HostFunctions};
use plugin_sdk::services;

use super::{
    EventBus, ManualClock, MapConfig, MemoryFiles, MemoryKv, RecordedLog, ScriptedAi, ScriptedHttp,
    SeededRandom,
};

/// The in-memory services of a plugin; [`Plugin::services`](crate::Plugin::services) returns them.
///
/// Each method returns the service that the plugin was built with: either the one given to the
/// builder or the one that every builder starts with. They are handles: the plugin sees every
/// change made through them.
///
/// # Panics
///
/// Each method panics if the plugin was built with another implementation of the service. Inspect
/// that one instead.
#[derive(Debug, Default)]
pub struct Services {
    kv: Place<MemoryKv>,
    files: Place<MemoryFiles>,
    http: Place<ScriptedHttp>,
    ai: Place<ScriptedAi>,
    events: Place<EventBus>,
    config: Place<MapConfig>,
    logs: Place<RecordedLog>,
    clock: Place<ManualClock>,
    random: Place<SeededRandom>,
}

/// The in-memory implementation, created when first needed, or the name of the one that replaces
/// it.
#[derive(Debug)]
enum Place<T> {
    InMemory(OnceLock<T>),
    Replaced(&'static str),
}

impl<T> Default for Place<T> {
    fn default() -> Self {
        Place::InMemory(OnceLock::new())
    }
}

impl<T: Default + Clone + Send + 'static> Place<T> {
    /// Returns the place for an implementation, which may be the in-memory one itself.
    fn of<I: Any>(implementation: &I) -> Self {
        match (implementation as &dyn Any).downcast_ref::<T>() {
            Some(in_memory) => Place::InMemory(OnceLock::from(in_memory.clone())),
            None => Place::Replaced(type_name::<I>()),
        }
    }

    fn get(&self) -> Option<&T> {
        match self {
            Place::InMemory(made) => Some(made.get_or_init(T::default)),
            Place::Replaced(_) => None,
        }
    }

    #[track_caller]
    fn expect(&self, service: &str) -> &T {
        match self {
            Place::InMemory(made) => made.get_or_init(T::default),
            Place::Replaced(by) => {
                panic!(
                    "the service `{service}` of this plugin is not in memory, but a `{by}`: inspect that one instead"
                )
            }
        }
    }
}

/// A service that a builder was given in place of one in memory.
trait Given<T: ?Sized>: Send {
    /// Returns its functions for plugins of the SDK's own ABI.
    fn provide(self: Box<Self>) -> HostFunctions;

    /// Returns a handle that an emulated host shares.
    fn share(self: Box<Self>) -> Arc<Mutex<T>>;
}

macro_rules! services {
    ($($name:ident: $trait:ident of $module:ident, $in_memory:ident, $what:literal;)*) => {
        impl Services {
            $(
                #[doc = concat!("The service for ", $what, ".")]
                #[track_caller]
                pub fn $name(&self) -> &$in_memory {
                    self.$name.expect(stringify!($name))
                }
            )*

            /// Returns the functions of the services, for plugins with the SDK's own ABI.
            pub(crate) fn provide(&self) -> Vec<HostFunctions> {
                let mut provided = Vec::new();
                $(
                    provided.extend(self.$name.get().cloned().map(services::$module::provide));
                )*
                provided
            }

            /// Returns the descriptions of the functions of all services.
            pub(crate) fn functions() -> &'static [&'static HostFunction] {
                static FUNCTIONS: LazyLock<Vec<&HostFunction>> = LazyLock::new(|| {
                    let provided = Services::default().provide();
                    provided.iter().flat_map(HostFunctions::functions).collect()
                });
                &FUNCTIONS
            }
        }

        /// The services that a builder was given.
        #[derive(Default)]
        pub(crate) struct Provided {
            services: Services,
            $(
                $name: Option<Box<dyn Given<dyn services::$module::$trait + Send>>>,
            )*
        }

        /// The services of an emulated host, whatever implements them. Clones share their state.
        #[derive(Clone)]
        pub(crate) struct Handles {
            $(
                pub(crate) $name: Arc<Mutex<dyn services::$module::$trait + Send>>,
            )*
            /// The configuration in memory, unless another service is in its place.
            pub(crate) settings: Option<MapConfig>,
            /// The bus in memory, unless another service is in its place.
            pub(crate) bus: Option<EventBus>,
        }

        $(
            impl<I: services::$module::$trait + Send + 'static>
                Given<dyn services::$module::$trait + Send> for I
            {
                fn provide(self: Box<Self>) -> HostFunctions {
                    services::$module::provide(*self)
                }

                fn share(self: Box<Self>) -> Arc<Mutex<dyn services::$module::$trait + Send>> {
                    Arc::new(Mutex::new(*self))
                }
            }
        )*

        impl Provided {
            $(
                pub(crate) fn $name<I: services::$module::$trait + Send + 'static>(&mut self, implementation: I) {
                    self.services.$name = Place::of(&implementation);
                    self.$name = Some(Box::new(implementation));
                }
            )*

            /// Returns all functions, those given after those in memory, so that they count; none
            /// for a module without imports.
            pub(crate) fn finish(self, imports: bool) -> (Vec<HostFunctions>, Services) {
                let mut functions = Vec::new();
                if imports {
                    functions = self.services.provide();
                    $(
                        functions.extend(self.$name.map(Given::provide));
                    )*
                }
                (functions, self.services)
            }

            /// Returns handles for an emulated host, which answers from them in types of its own.
            pub(crate) fn share(self) -> (Handles, Services) {
                let services = self.services;
                let handles = Handles {
                    $(
                        $name: match self.$name {
                            Some(given) => given.share(),
                            None => Arc::new(Mutex::new(services.$name().clone())),
                        },
                    )*
                    settings: services.config.get().cloned(),
                    bus: services.events.get().cloned(),
                };
                (handles, services)
            }
        }

        impl Handles {
            /// Creates handles of the services in memory.
            pub(crate) fn in_memory() -> Self {
                Provided::default().share().0
            }

            /// Returns their functions for plugins of the SDK's own ABI.
            pub(crate) fn provide(&self) -> Vec<HostFunctions> {
                vec![$(services::$module::provide(Arc::clone(&self.$name)),)*]
            }
        }
    };
}

services! {
    kv: Kv of kv, MemoryKv, "values by key";
    files: Files of files, MemoryFiles, "files";
    http: Http of http, ScriptedHttp, "HTTP";
    ai: Ai of ai, ScriptedAi, "language models";
    events: Events of events, EventBus, "events";
    config: Config of config, MapConfig, "configuration";
    logs: Log of logging, RecordedLog, "log lines";
    clock: Time of time, ManualClock, "clocks";
    random: Random of random, SeededRandom, "random bytes";
}

impl Provided {
    /// Sets the configuration to look up by key, unless there is one.
    pub(crate) fn set_config(&self, text: &[u8]) {
        if let Place::InMemory(made) = &self.services.config {
            made.get_or_init(|| MapConfig::from_json(text));
        }
    }
}

impl std::fmt::Debug for Provided {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.services.fmt(f)
    }
}

impl Services {
    /// Returns the recorded log, if that is where lines go.
    pub(crate) fn recorded_log(&self) -> Option<&RecordedLog> {
        self.logs.get()
    }

    /// Returns the seed of the random numbers, if they are in memory.
    pub(crate) fn seed(&self) -> Option<u64> {
        self.random.get().map(SeededRandom::current_seed)
    }

    /// Returns the hands of the clock, if it is in memory.
    pub(crate) fn hands(&self) -> Option<(u64, u64, u64)> {
        self.clock.get().map(ManualClock::hands)
    }

    /// Returns the configuration to look up, if it is the in-memory one.
    pub(crate) fn configuration(&self) -> Option<MapConfig> {
        self.config.get().cloned()
    }
}
