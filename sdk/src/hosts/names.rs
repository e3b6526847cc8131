//! Commands that are exports of their own names, for hosts that call them so.
//!
//! A function's name in the linker and its name as an export are one and the same to Rust, so that a command called `log` would be what the compiler calls for a
//! logarithm. The linker does not say so: the module is broken.

/// What the compiler calls, with or without an `f` behind it, for whatever has no instruction of its own.
const COMPILERS: [&str; 49] = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "bcmp",
    "cbrt",
    "ceil",
    "copysign",
    "cos",
    "cosh",
    "erf",
    "erfc",
    "exp",
    "exp10",
    "exp2",
    "expm1",
    "fabs",
    "fdim",
    "floor",
    "fma",
    "fmax",
    "fmin",
    "fmod",
    "hypot",
    "ldexp",
    "lgamma",
    "log",
    "log10",
    "log1p",
    "log2",
    "memcmp",
    "memcpy",
    "memmove",
    "memset",
    "pow",
    "rint",
    "round",
    "roundeven",
    "sin",
    "sinh",
    "sqrt",
    "strlen",
    "tan",
    "tanh",
    "tgamma",
    "trunc",
];

/// What hosts or the linker give a meaning of its own.
const OTHERS: [&str; 5] = [
    "__wasm_call_ctors",
    "_initialize",
    "_start",
    "hs_init",
    "memory",
];

/// Whether an export can have a command's name.
pub const fn can_be_exported(name: &str) -> bool {
    !is_among(name, &COMPILERS, true) && !is_among(name, &OTHERS, false)
}

const fn is_among(name: &str, names: &[&str], single_precision: bool) -> bool {
    let mut nth = 0;
    while nth < names.len() {
        let known = names[nth].as_bytes();
        let name = name.as_bytes();
        if begins_with(name, known)
            && (name.len() == known.len()
                || single_precision && name.len() == known.len() + 1 && name[known.len()] == b'f')
        {
            return true;
        }
        nth += 1;
    }
    false
}

const fn begins_with(name: &[u8], known: &[u8]) -> bool {
    if name.len() < known.len() {
        return false;
    }
    let mut at = 0;
    while at < known.len() {
        if name[at] != known[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// Refuses a command that cannot be exported by its name, while the plugin is compiled.
#[doc(hidden)]
#[macro_export]
macro_rules! __expect_exportable {
    ($name:literal) => {
        const _: () = ::core::assert!(
            $crate::hosts::names::can_be_exported($name),
            ::core::concat!(
                "the plugin's host calls commands by exports of their own names, and `",
                $name,
                "` is taken there: give the command another name, #[command(rename = \"…\")]"
            )
        );
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_compiler_calls_is_no_commands_name() {
        for taken in [
            "log", "logf", "log2", "fminf", "memcpy", "truncf", "_start", "memory",
        ] {
            assert!(!can_be_exported(taken), "{taken}");
        }
        for free in [
            "greet", "logs", "logff", "", "lo", "login", "rounds", "truncate", "alloc",
        ] {
            assert!(can_be_exported(free), "{free}");
        }
    }
}
