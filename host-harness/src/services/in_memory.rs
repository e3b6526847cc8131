//! Which implementation of each service an instance has.

use std::any::{Any, type_name};
use std::sync::OnceLock;

use plugin_sdk::imports::{HostFunction, HostFunctions};
use plugin_sdk::services;

use crate::failure::FailureKind;

use super::{
    EventBus, ManualClock, MapConfig, MemoryFiles, MemoryKv, RecordedLog, ScriptedAi, ScriptedHttp,
    SeededRandom,
};

/// The services in memory that a plugin has: what [`Plugin::host`](crate::Plugin::host) returns.
///
/// Each method returns the one that the plugin was built with, be it one that the builder was given or the one that every builder starts with. They are handles:
/// what is changed through them, the plugin sees.
///
/// # Panics
///
/// Where the plugin was built with another implementation of the service: look at that one instead.
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

/// The implementation in memory, made when it is first needed, or the name of the one in its stead.
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
    /// What an implementation leaves of the one in memory, which it may be itself.
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
                    "the service `{service}` of this plugin is not in memory, but a `{by}`: look at that one"
                )
            }
        }
    }
}

/// What a builder was given in the stead of services in memory.
#[derive(Debug, Default)]
pub(crate) struct Provided {
    services: Services,
    given: Vec<HostFunctions>,
}

impl Provided {
    /// All there are, those given after those in memory, so that they count; none for a module without imports, which needs none.
    pub(crate) fn finish(self, imports: bool) -> (Vec<HostFunctions>, Services) {
        let mut functions = Vec::new();
        if imports {
            functions = self.services.provide();
            functions.extend(self.given);
        }
        (functions, self.services)
    }

    /// The services for a host that is played, which must all be in memory.
    pub(crate) fn in_memory(self) -> Result<Services, FailureKind> {
        self.services.all_in_memory()?;
        Ok(self.services)
    }

    /// Gives the configuration to look up by key, unless there is one.
    pub(crate) fn set_config(&self, text: &[u8]) {
        if let Place::InMemory(made) = &self.services.config {
            made.get_or_init(|| MapConfig::from_json(text));
        }
    }
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

            /// Their functions, for plugins of the SDK's own ABI.
            pub(crate) fn provide(&self) -> Vec<HostFunctions> {
                let mut provided = Vec::new();
                $(
                    provided.extend(self.$name.get().cloned().map(services::$module::provide));
                )*
                provided
            }

            /// The services, if all of them are in memory: a host that is played answers from there, in types of its own.
            pub(crate) fn all_in_memory(&self) -> Result<(), FailureKind> {
                $(
                    if let Place::Replaced(by) = &self.$name {
                        return Err(FailureKind::Service {
                            service: stringify!($name),
                            reason: format!("a host that is played answers from what is in memory, and this is a `{by}`"),
                        });
                    }
                )*
                Ok(())
            }

            /// The functions of all services.
            pub(crate) fn functions() -> impl Iterator<Item = &'static HostFunction> {
                let provided = Services::default().provide();
                provided.into_iter().flat_map(|provided| provided.functions())
            }
        }

        impl Provided {
            $(
                pub(crate) fn $name<I: services::$module::$trait + Send + 'static>(&mut self, implementation: I) {
                    self.services.$name = Place::of(&implementation);
                    self.given.push(services::$module::provide(implementation));
                }
            )*
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

impl Services {
    /// The configuration to look up, if it is the one in memory.
    pub(crate) fn configuration(&self) -> Option<MapConfig> {
        self.config.get().cloned()
    }
}
