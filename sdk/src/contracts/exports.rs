//! Macros for exports, shared by the contracts. Their expansions are in the plugin's crate.

/// Defines exports that pass their arguments on to functions of one contract.
///
/// Each function asks of its caller what the contract asks of the host.
#[doc(hidden)]
#[macro_export]
macro_rules! __exports {
    ($($export:expr => $contract:ident::$function:ident $(<$plugin:ty>)? ($($name:ident: $ty:ty),*) $(-> $result:ty)?;)*) => {$(
        const _: () = {
            // An author's own type may have one of these names.
            #[allow(unused_imports)]
            use ::core::primitive::{i32, u8, u32, u64, usize};

            #[unsafe(export_name = $export)]
            extern "C" fn export($($name: $ty),*) $(-> $result)? {
                // SAFETY: the host keeps the contract, which asks for what the function asks for.
                #[allow(unused_unsafe)]
                unsafe {
                    $crate::contracts::$contract::$function$(::<$plugin>)?($($name),*)
                }
            }
        };
    )*};
}

/// Defines the exports by which a host allocates and frees memory of the guest. Some hosts pass the
/// size to `free`, which does not need it.
#[doc(hidden)]
#[macro_export]
macro_rules! __memory_exports {
    ($plugin:ty, $alloc:expr, $free:expr $(, $size:ident)?) => {
        #[unsafe(export_name = $alloc)]
        extern "C" fn alloc(size: ::core::primitive::u32) -> *mut ::core::primitive::u8 {
            <$plugin as $crate::__private::Plugin>::guest().boundary().alloc(size)
        }

        #[unsafe(export_name = $free)]
        extern "C" fn free(address: ::core::primitive::usize $(, $size: ::core::primitive::u32)?) {
            <$plugin as $crate::__private::Plugin>::guest().boundary().free(address)
        }
    };
}

/// Defines the export that prepares the plugin for a snapshot.
#[doc(hidden)]
#[macro_export]
macro_rules! __prepare_export {
    ($plugin:ty, $ahead:expr, $log_all:expr) => {
        #[unsafe(export_name = $crate::__abi_name!(PREPARE_EXPORT))]
        extern "C" fn prepare() {
            <$plugin as $crate::__private::Plugin>::guest().prepare($ahead, $log_all)
        }
    };
}

/// Expands to text that the compiler renders, `&'static str`: `__rendered!(|sink| write(sink))`.
#[doc(hidden)]
#[macro_export]
macro_rules! __rendered {
    (|$sink:ident| $write:expr) => {{
        const LEN: ::core::primitive::usize = {
            let $sink = &mut $crate::schema::Sink::measuring();
            $write;
            $sink.len()
        };
        const BYTES: &[::core::primitive::u8] = &{
            let mut bytes = [0; LEN];
            let $sink = &mut $crate::schema::Sink::writing(&mut bytes);
            $write;
            bytes
        };
        const TEXT: &::core::primitive::str = match ::core::str::from_utf8(BYTES) {
            ::core::result::Result::Ok(text) => text,
            ::core::result::Result::Err(_) => ::core::panic!("what is written as text is text"),
        };
        TEXT
    }};
}

/// Announces a command to a contract whose host calls every command through one export. The
/// contract renders `$described` for its host.
#[doc(hidden)]
#[macro_export]
macro_rules! __announce_command {
    ($name:literal, $codec:ident, $described:expr, $export:item) => {
        $export
        $crate::__announce! {
            $crate::contracts::registry::Entry::command(
                $name,
                $crate::contracts::registry::Codec::$codec,
                $described,
                export,
            )
        }
    };
}

/// Announces a command to a contract that does not describe commands.
#[doc(hidden)]
#[macro_export]
macro_rules! __announce_undescribed_command {
    ($name:literal, $codec:ident, $described:tt, $export:item) => {
        $crate::__announce_command! { $name, $codec, "", $export }
    };
}

/// Announces a hook.
#[doc(hidden)]
#[macro_export]
macro_rules! __announce_hook {
    ("start", $export:item) => {
        $crate::__announce_hook! { Start $export }
    };
    ("stop", $export:item) => {
        $crate::__announce_hook! { Stop $export }
    };
    ("event", $export:item) => {
        $crate::__announce_hook! { Event $export }
    };
    ($kind:ident $export:item) => {
        $export
        $crate::__announce! {
            $crate::contracts::registry::Entry::hook($crate::contracts::registry::Kind::$kind(export))
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __announce {
    ($entry:expr) => {
        const _: () = {
            static ENTRY: $crate::contracts::registry::Entry = $entry;

            extern "C" fn announce() {
                $crate::contracts::registry::announce(&ENTRY)
            }

            #[used]
            #[unsafe(link_section = ".init_array")]
            static CONSTRUCTOR: extern "C" fn() = announce;
        };
    };
}

/// Keeps the entry point of a hook, of a batch or for the state, which the contract's host never
/// calls.
#[doc(hidden)]
#[macro_export]
macro_rules! __not_exported {
    ($name:literal, $export:item) => {
        #[allow(dead_code)]
        $export
    };
}

/// Exports the panic record of a plugin for another host. Its layout is that of ABI 1, which the
/// plugin does not follow otherwise.
#[doc(hidden)]
#[macro_export]
macro_rules! __panic_record {
    ($record:item) => {
        #[unsafe(export_name = $crate::__abi_name!(PANIC_EXPORT))]
        $record
    };
}

/// Defines and exports the room for short answers of host functions, which only hosts of the SDK's
/// own ABI use.
#[cfg(not(feature = "_contract"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __room {
    () => {
        fn room() -> ::core::option::Option<&'static $crate::__private::Room> {
            #[unsafe(export_name = $crate::__abi_name!(ROOM_EXPORT))]
            static ROOM: $crate::__private::Room = $crate::__private::Room::new();
            ::core::option::Option::Some(&ROOM)
        }
    };
}

#[cfg(feature = "_contract")]
#[doc(hidden)]
#[macro_export]
macro_rules! __room {
    () => {};
}

/// Defines how a plugin with `#[plugin(log)]` prepares for log lines.
#[cfg(feature = "log")]
#[doc(hidden)]
#[macro_export]
macro_rules! __prepare_logging {
    () => {
        fn prepare_logging() {
            $crate::__private::prepare_logging()
        }
    };
}

/// Reports the missing feature.
#[cfg(not(feature = "log"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __prepare_logging {
    () => {
        ::core::compile_error! {
            "log lines need the feature `log` of `plugin-sdk`: write `plugin-sdk = { version = \"0.1\", features = [\"log\"] }` in Cargo.toml, or run `cargo add plugin-sdk --features log`"
        }
    };
}
