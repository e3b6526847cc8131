//! The export names of commands, for hosts that call each command by an export of its own name.
//!
//! In Rust, a function's symbol and its export have the same name. A command called `log` would
//! replace the function that the compiler calls for logarithms: the linker does not complain, and
//! the module is broken. Such commands get a prefix, and so do commands whose names mean something
//! else to an engine or a host. The macros refuse names that begin with `__`.

use crate::abi::COMMAND_EXPORT_PREFIX;

/// Makes the list of names that commands cannot have as exports, and a macro that looks a name up.
/// `$d` is `$`, which a macro that defines a macro cannot write.
macro_rules! taken {
    ($d:tt $($name:tt)*) => {
        /// The functions that the compiler calls for operations without an instruction, the
        /// functions of its library, the exports of every plugin, and the names that hosts look
        /// for.
        const TAKEN: &[&str] = &[$($name),*];

        /// Expands to the export of a command as a literal.
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

/// Returns the export of a command: its name, with the prefix `command_` if the name is taken.
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
    fn macro_and_function_name_the_same_export() {
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
