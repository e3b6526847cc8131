//! Commands that are exports of their own names, for hosts that call them so.
//!
//! To Rust, a function's name in the linker and its name as an export are one, so that a command
//! called `log` would be what the compiler calls for a logarithm. The linker does not complain: the
//! module is broken. Such commands, and those whose names say something else to an engine or a
//! host, have a prefix. Names that begin with `__` cannot be commands at all: the macros refuse
//! them.

use crate::abi::COMMAND_EXPORT_PREFIX;

/// Makes the list of names that commands cannot have as exports, and the macro that goes by it.
/// `$d` is `$`, which a macro that makes a macro cannot write.
macro_rules! taken {
    ($d:tt $($name:tt)*) => {
        /// What the compiler calls for whatever has no instruction of its own, what its library
        /// defines, what every plugin exports, and what hosts look for.
        const TAKEN: &[&str] = &[$($name),*];

        /// The export of a command while a plugin is compiled, where only a literal will do.
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __exported_name {
            $(($name) => { ::core::concat!("command_", $name) };)*
            ($d name:tt) => { $d name };
        }
    };
}

taken! {
    $
    "_initialize" "_start" "acos" "acosf" "acosh" "acoshf" "asin" "asinf" "asinh" "asinhf" "atan"
    "atan2" "atan2f" "atanf" "atanh" "atanhf" "bcmp" "cbrt" "cbrtf" "ceil" "ceilf" "ceilf128"
    "ceilf16" "copysign" "copysignf" "copysignf128" "copysignf16" "cos" "cosf" "cosh" "coshf"
    "erf" "erfc" "erfcf" "erff" "exp" "exp10" "exp10f" "exp2" "exp2f" "expf" "expm1" "expm1f"
    "fabs" "fabsf" "fabsf128" "fabsf16" "fdim" "fdimf" "fdimf128" "fdimf16" "floor" "floorf"
    "floorf128" "floorf16" "fma" "fmaf" "fmaf128" "fmax" "fmaxf" "fmaxf128" "fmaxf16" "fmaximum"
    "fmaximum_num" "fmaximum_numf" "fmaximum_numf128" "fmaximum_numf16" "fmaximumf" "fmaximumf128"
    "fmaximumf16" "fmin" "fminf" "fminf128" "fminf16" "fminimum" "fminimum_num" "fminimum_numf"
    "fminimum_numf128" "fminimum_numf16" "fminimumf" "fminimumf128" "fminimumf16" "fmod" "fmodf"
    "fmodf128" "fmodf16" "hs_init" "hypot" "hypotf" "ldexp" "ldexpf" "lgamma" "lgamma_r" "lgammaf"
    "lgammaf_r" "log" "log10" "log10f" "log1p" "log1pf" "log2" "log2f" "logf" "main" "memcmp"
    "memcpy" "memmove" "memory" "memset" "plugin_cleanup" "plugin_event" "plugin_heap_1"
    "plugin_init" "plugin_panic_1" "plugin_start" "plugin_stop" "pow" "powf" "rint" "rintf"
    "rintf128" "rintf16" "round" "roundeven" "roundevenf" "roundevenf128" "roundevenf16" "roundf"
    "roundf128" "roundf16" "rust_eh_personality" "sin" "sinf" "sinh" "sinhf" "sqrt" "sqrtf"
    "sqrtf128" "sqrtf16" "strlen" "tan" "tanf" "tanh" "tanhf" "tgamma" "tgammaf" "trunc" "truncf"
    "truncf128" "truncf16"
}

/// The export of a command: its name, or with `command_` before it where that is taken.
///
/// ```
/// use plugin_sdk::hosts::names::exported;
///
/// assert_eq!(exported("greet"), "greet");
/// assert_eq!(exported("round"), "command_round");
/// ```
pub fn exported(command: &str) -> String {
    match TAKEN.contains(&command) {
        true => [COMMAND_EXPORT_PREFIX, command].concat(),
        false => command.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiler_and_the_harness_give_a_command_the_same_export() {
        macro_rules! both {
            ($($name:tt)*) => {
                [$(($name, __exported_name!($name))),*]
            };
        }
        for (name, export) in both!("log" "memory" "plugin_init" "fminimum_num" "main") {
            assert_eq!(exported(name), export);
            assert_eq!(export, ["command_", name].concat());
        }
        for (name, export) in both!("greet" "logs" "memory_bytes" "alloc" "free") {
            assert_eq!(export, name);
            assert_eq!(exported(name), name);
        }
    }
}
