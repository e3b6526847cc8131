//! Commands that are exports of their own names, for hosts that call them so.
//!
//! To Rust, a function's name in the linker and its name as an export are one, so that a command called `log` would be what the compiler calls for a
//! logarithm. The linker does not complain: the module is broken. Such commands, and those whose names say something else to an engine or a host, have a prefix.

/// The names that commands cannot have as exports: what the compiler calls for whatever has no instruction of its own, and what hosts look for.
macro_rules! taken {
    ($then:ident) => {
        $then! {
            "__wasm_call_ctors" "_initialize" "_start" "acos" "acosf" "acosh" "acoshf" "asin" "asinf" "asinh" "asinhf" "atan" "atan2"
            "atan2f" "atanf" "atanh" "atanhf" "bcmp" "cbrt" "cbrtf" "ceil" "ceilf" "copysign" "copysignf" "cos" "cosf" "cosh" "coshf" "erf"
            "erfc" "erfcf" "erff" "exp" "exp10" "exp10f" "exp2" "exp2f" "expf" "expm1" "expm1f" "fabs" "fabsf" "fdim" "fdimf" "floor"
            "floorf" "fma" "fmaf" "fmax" "fmaxf" "fmin" "fminf" "fmod" "fmodf" "hs_init" "hypot" "hypotf" "ldexp" "ldexpf" "lgamma"
            "lgammaf" "log" "log10" "log10f" "log1p" "log1pf" "log2" "log2f" "logf" "memcmp" "memcpy" "memmove" "memory" "memset" "pow"
            "powf" "rint" "rintf" "round" "roundeven" "roundevenf" "roundf" "sin" "sinf" "sinh" "sinhf" "sqrt" "sqrtf" "strlen" "tan"
            "tanf" "tanh" "tanhf" "tgamma" "tgammaf" "trunc" "truncf"
        }
    };
}

macro_rules! listed {
    ($($name:literal)*) => {
        &[$($name),*]
    };
}

/// See `taken`.
const TAKEN: &[&str] = taken!(listed);

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
        true => ["command_", command].concat(),
        false => command.to_owned(),
    }
}

/// The same while a plugin is compiled, where only a literal will do.
#[doc(hidden)]
#[macro_export]
macro_rules! __exported_name {
    ("__wasm_call_ctors") => {
        "command___wasm_call_ctors"
    };
    ("_initialize") => {
        "command__initialize"
    };
    ("_start") => {
        "command__start"
    };
    ("acos") => {
        "command_acos"
    };
    ("acosf") => {
        "command_acosf"
    };
    ("acosh") => {
        "command_acosh"
    };
    ("acoshf") => {
        "command_acoshf"
    };
    ("asin") => {
        "command_asin"
    };
    ("asinf") => {
        "command_asinf"
    };
    ("asinh") => {
        "command_asinh"
    };
    ("asinhf") => {
        "command_asinhf"
    };
    ("atan") => {
        "command_atan"
    };
    ("atan2") => {
        "command_atan2"
    };
    ("atan2f") => {
        "command_atan2f"
    };
    ("atanf") => {
        "command_atanf"
    };
    ("atanh") => {
        "command_atanh"
    };
    ("atanhf") => {
        "command_atanhf"
    };
    ("bcmp") => {
        "command_bcmp"
    };
    ("cbrt") => {
        "command_cbrt"
    };
    ("cbrtf") => {
        "command_cbrtf"
    };
    ("ceil") => {
        "command_ceil"
    };
    ("ceilf") => {
        "command_ceilf"
    };
    ("copysign") => {
        "command_copysign"
    };
    ("copysignf") => {
        "command_copysignf"
    };
    ("cos") => {
        "command_cos"
    };
    ("cosf") => {
        "command_cosf"
    };
    ("cosh") => {
        "command_cosh"
    };
    ("coshf") => {
        "command_coshf"
    };
    ("erf") => {
        "command_erf"
    };
    ("erfc") => {
        "command_erfc"
    };
    ("erfcf") => {
        "command_erfcf"
    };
    ("erff") => {
        "command_erff"
    };
    ("exp") => {
        "command_exp"
    };
    ("exp10") => {
        "command_exp10"
    };
    ("exp10f") => {
        "command_exp10f"
    };
    ("exp2") => {
        "command_exp2"
    };
    ("exp2f") => {
        "command_exp2f"
    };
    ("expf") => {
        "command_expf"
    };
    ("expm1") => {
        "command_expm1"
    };
    ("expm1f") => {
        "command_expm1f"
    };
    ("fabs") => {
        "command_fabs"
    };
    ("fabsf") => {
        "command_fabsf"
    };
    ("fdim") => {
        "command_fdim"
    };
    ("fdimf") => {
        "command_fdimf"
    };
    ("floor") => {
        "command_floor"
    };
    ("floorf") => {
        "command_floorf"
    };
    ("fma") => {
        "command_fma"
    };
    ("fmaf") => {
        "command_fmaf"
    };
    ("fmax") => {
        "command_fmax"
    };
    ("fmaxf") => {
        "command_fmaxf"
    };
    ("fmin") => {
        "command_fmin"
    };
    ("fminf") => {
        "command_fminf"
    };
    ("fmod") => {
        "command_fmod"
    };
    ("fmodf") => {
        "command_fmodf"
    };
    ("hs_init") => {
        "command_hs_init"
    };
    ("hypot") => {
        "command_hypot"
    };
    ("hypotf") => {
        "command_hypotf"
    };
    ("ldexp") => {
        "command_ldexp"
    };
    ("ldexpf") => {
        "command_ldexpf"
    };
    ("lgamma") => {
        "command_lgamma"
    };
    ("lgammaf") => {
        "command_lgammaf"
    };
    ("log") => {
        "command_log"
    };
    ("log10") => {
        "command_log10"
    };
    ("log10f") => {
        "command_log10f"
    };
    ("log1p") => {
        "command_log1p"
    };
    ("log1pf") => {
        "command_log1pf"
    };
    ("log2") => {
        "command_log2"
    };
    ("log2f") => {
        "command_log2f"
    };
    ("logf") => {
        "command_logf"
    };
    ("memcmp") => {
        "command_memcmp"
    };
    ("memcpy") => {
        "command_memcpy"
    };
    ("memmove") => {
        "command_memmove"
    };
    ("memory") => {
        "command_memory"
    };
    ("memset") => {
        "command_memset"
    };
    ("pow") => {
        "command_pow"
    };
    ("powf") => {
        "command_powf"
    };
    ("rint") => {
        "command_rint"
    };
    ("rintf") => {
        "command_rintf"
    };
    ("round") => {
        "command_round"
    };
    ("roundeven") => {
        "command_roundeven"
    };
    ("roundevenf") => {
        "command_roundevenf"
    };
    ("roundf") => {
        "command_roundf"
    };
    ("sin") => {
        "command_sin"
    };
    ("sinf") => {
        "command_sinf"
    };
    ("sinh") => {
        "command_sinh"
    };
    ("sinhf") => {
        "command_sinhf"
    };
    ("sqrt") => {
        "command_sqrt"
    };
    ("sqrtf") => {
        "command_sqrtf"
    };
    ("strlen") => {
        "command_strlen"
    };
    ("tan") => {
        "command_tan"
    };
    ("tanf") => {
        "command_tanf"
    };
    ("tanh") => {
        "command_tanh"
    };
    ("tanhf") => {
        "command_tanhf"
    };
    ("tgamma") => {
        "command_tgamma"
    };
    ("tgammaf") => {
        "command_tgammaf"
    };
    ("trunc") => {
        "command_trunc"
    };
    ("truncf") => {
        "command_truncf"
    };
    ($name:tt) => {
        $name
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiler_and_the_harness_give_a_command_the_same_export() {
        macro_rules! both {
            ($($name:tt)*) => {
                [$(($name, $crate::__exported_name!($name))),*]
            };
        }
        for (name, export) in taken!(both) {
            assert_eq!(exported(name), export);
            assert_eq!(export, ["command_", name].concat());
        }
        for (name, export) in both!("greet" "logs" "memory_bytes" "alloc") {
            assert_eq!(export, name);
            assert_eq!(exported(name), name);
        }
    }
}
