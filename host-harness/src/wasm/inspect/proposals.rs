//! The proposals that extended the first version of WebAssembly.

use std::fmt;

use wasmparser::Operator;

macro_rules! proposals {
    ($($(#[$doc:meta])* $proposal:ident $name:literal)*) => {
        /// A part of WebAssembly that was added after its first version, and that a host may lack.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Proposal {
            $($(#[$doc])* $proposal,)*
        }

        impl Proposal {
            /// All proposals that are distinguished.
            pub const ALL: &[Proposal] = &[$(Proposal::$proposal),*];

            /// Returns the name that engines and compilers use: `bulk-memory`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Proposal::$proposal => $name,)*
                }
            }
        }
    };
}

proposals! {
    /// Imports and exports of mutable globals.
    MutableGlobal "mutable-global"
    /// `i32.extend8_s` and the like.
    SignExtension "sign-ext"
    /// Conversions from floats that do not trap.
    SaturatingFloatToInt "nontrapping-fptoint"
    /// `memory.copy`, `memory.fill` and the like.
    BulkMemory "bulk-memory"
    /// Blocks and functions with several results.
    MultiValue "multivalue"
    /// `externref`, `funcref` as values, several tables.
    ReferenceTypes "reference-types"
    /// References to the host's own values: the part of `reference-types` that needs an engine with
    /// a garbage collector.
    Externref "externref"
    /// Sums in constant expressions.
    ExtendedConst "extended-const"
    /// 128-bit vectors.
    Simd "simd128"
    /// Vectors whose results may depend on the machine.
    RelaxedSimd "relaxed-simd"
    /// Calls that replace their caller.
    TailCall "tail-call"
    /// Shared memories and atomic operations.
    Threads "atomics"
    /// Exceptions.
    Exceptions "exception-handling"
    /// The older form of exceptions.
    LegacyExceptions "legacy-exceptions"
    /// Typed references.
    FunctionReferences "function-references"
    /// Garbage-collected objects.
    Gc "gc"
    /// 64-bit addresses.
    Memory64 "memory64"
    /// Several memories.
    MultiMemory "multimemory"
    /// 128-bit arithmetic.
    WideArithmetic "wide-arithmetic"
    /// Any newer proposal.
    Other "an experimental proposal"
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! by_operator {
    ($(@$proposal:ident $operator:ident $({$($argument:ident: $type:ty),*})? => $visit:ident ($($ann:tt)*))*) => {
        /// Returns the proposal that introduced an instruction.
        pub(super) fn of_operator(operator: &Operator<'_>) -> Option<Proposal> {
            match operator {
                $(Operator::$operator { .. } => by_operator!(@one $proposal),)*
                _ => Some(Proposal::Other),
            }
        }
    };
    (@one mvp) => { None };
    (@one sign_extension) => { Some(Proposal::SignExtension) };
    (@one saturating_float_to_int) => { Some(Proposal::SaturatingFloatToInt) };
    (@one bulk_memory) => { Some(Proposal::BulkMemory) };
    (@one reference_types) => { Some(Proposal::ReferenceTypes) };
    (@one simd) => { Some(Proposal::Simd) };
    (@one relaxed_simd) => { Some(Proposal::RelaxedSimd) };
    (@one tail_call) => { Some(Proposal::TailCall) };
    (@one threads) => { Some(Proposal::Threads) };
    (@one exceptions) => { Some(Proposal::Exceptions) };
    (@one legacy_exceptions) => { Some(Proposal::LegacyExceptions) };
    (@one function_references) => { Some(Proposal::FunctionReferences) };
    (@one gc) => { Some(Proposal::Gc) };
    (@one wide_arithmetic) => { Some(Proposal::WideArithmetic) };
    (@one $other:ident) => { Some(Proposal::Other) };
}

wasmparser::for_each_operator!(by_operator);
