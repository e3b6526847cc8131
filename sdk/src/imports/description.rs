//! What a host must know of its functions to link them, in terms of memory and numbers: no engine is named.

use std::any::Any;
use std::fmt;
#[cfg(not(target_arch = "wasm32"))]
use std::pin::Pin;

use crate::error::Error;
use crate::imports::wire::WasmType;
#[cfg(not(target_arch = "wasm32"))]
use crate::memory::{as_bytes, as_bytes_mut};

/// An implementation of host functions, ready to be linked: what the `provide` beside a [`#[host_functions]`](macro@crate::host_functions) trait
/// returns.
///
/// ```
/// use plugin_sdk::host_functions;
///
/// #[host_functions(module = "my_plugin")]
/// pub trait Text {
///     fn reverse_string(text: &mut [u8]);
/// }
///
/// struct Reverser;
///
/// impl Text for Reverser {
///     fn reverse_string(&mut self, text: &mut [u8]) {
///         text.reverse();
///     }
/// }
///
/// let provided = text::provide(Reverser);
/// let function = &provided.functions()[0];
/// assert_eq!((function.module, function.name), ("my_plugin", "reverse_string"));
/// assert!(provided.implementation::<Reverser>().is_some());
/// ```
pub struct HostFunctions {
    implementation: Box<dyn Any + Send>,
    functions: &'static [HostFunction],
}

impl HostFunctions {
    /// An implementation and the functions that know its type.
    #[doc(hidden)]
    pub fn new<T: Send + 'static>(implementation: T, functions: &'static [HostFunction]) -> Self {
        HostFunctions {
            implementation: Box::new(implementation),
            functions,
        }
    }

    /// What can be imported.
    pub fn functions(&self) -> &'static [HostFunction] {
        self.functions
    }

    /// The implementation, if it is of this type.
    pub fn implementation<T: 'static>(&self) -> Option<&T> {
        self.implementation.downcast_ref()
    }

    /// The implementation, if it is of this type.
    pub fn implementation_mut<T: 'static>(&mut self) -> Option<&mut T> {
        self.implementation.downcast_mut()
    }

    /// The implementation, for [`HostFunction::serve`].
    pub fn erased(&mut self) -> &mut (dyn Any + Send) {
        &mut *self.implementation
    }
}

impl fmt::Debug for HostFunctions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.functions.iter().map(|function| function.name))
            .finish()
    }
}

/// One function of a host's.
pub struct HostFunction {
    /// The module that guests import it from.
    pub module: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// The arguments, in their order.
    pub parameters: &'static [Parameter],
    /// What follows the arguments: where a result is to be written, if the caller says that.
    pub room: [Option<WasmType>; 2],
    /// The type of its result, if it has one.
    pub result: Option<WasmType>,
    /// What that result means.
    pub form: Form,
    /// What a guest must be granted to call it.
    pub permission: Option<&'static str>,
    /// How a host serves a call of it.
    pub serve: Serve,
    /// What to answer instead of calling the implementation; the error, if the function has no way to tell the guest of one.
    pub refuse: fn(Error) -> Result<Answer, Error>,
    /// What its declaration says of it, in Markdown; empty if that is nothing.
    pub documentation: &'static str,
}

/// Serves a call: reads the arguments out of the guest's memory, calls the implementation, and says what to answer.
///
/// The implementation must be the one that the function came with; the numbers are those that the guest passed.
#[derive(Clone, Copy)]
pub enum Serve {
    /// At once.
    Now(ServeNow),
    /// Once a future is done, which needs the guest's memory no more.
    #[cfg(not(target_arch = "wasm32"))]
    Later(ServeLater),
}

/// See [`Serve::Now`].
pub type ServeNow = fn(&mut (dyn Any + Send), &mut [u8], &[u64]) -> Result<Answer, CallError>;

/// See [`Serve::Later`].
#[cfg(not(target_arch = "wasm32"))]
pub type ServeLater =
    for<'a> fn(&'a mut (dyn Any + Send), &mut [u8], &'a [u64]) -> Result<Serving<'a>, CallError>;

impl Serve {
    /// Whether a call of it may have to be waited for, which only a host that is itself asynchronous can do.
    pub fn is_async(&self) -> bool {
        !matches!(self, Serve::Now(_))
    }
}

impl HostFunction {
    /// The same function, with what its declaration says of it.
    #[doc(hidden)]
    pub const fn documented(self, documentation: &'static str) -> Self {
        HostFunction {
            documentation,
            ..self
        }
    }

    /// The types of its parameters in WebAssembly.
    pub fn wasm_parameters(&self) -> impl Iterator<Item = WasmType> {
        let arguments = self.parameters.iter().flat_map(|parameter| parameter.types);
        arguments.chain(self.room).flatten()
    }
}

impl fmt::Debug for HostFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.module, self.name)
    }
}

/// An argument of a host function.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name in the declaration.
    pub name: &'static str,
    /// How it is shown.
    pub kind: Kind,
    /// The one or two numbers that it crosses as.
    pub types: [Option<WasmType>; 2],
    /// Whether the host may change it.
    pub in_place: bool,
}

/// What the numbers of an argument mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A truth value.
    Bool,
    /// A character.
    Char,
    /// An unsigned integer.
    Unsigned,
    /// A signed integer.
    Signed,
    /// A float.
    Float,
    /// Address and length of UTF-8 text; address 0 for none.
    Text,
    /// Address of text that ends with a zero byte.
    CText,
    /// Address and length of JSON text.
    Json,
    /// Address of some numbers, and how many there are.
    Numbers {
        /// The size of one, in bytes.
        size: u32,
    },
    /// Address of as many bytes as both sides know.
    Fixed {
        /// How many.
        bytes: u32,
    },
}

/// What the result of a host function's import means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// There is none.
    Nothing,
    /// A number of this kind.
    Number(Kind),
    /// A packed `address << 32 | failed << 31 | length` of bytes in memory from the guest's `alloc`, which the guest frees; 0 is nothing.
    Packed,
    /// The address of text that ends with a zero byte, in memory from the guest's `alloc`, which the guest frees; 0 is nothing.
    CString,
    /// A number that says whether it succeeded, or what went wrong.
    Status,
    /// The address of memory from the guest's `alloc`, all of which are the bytes, and which the guest frees; 0 is nothing.
    Block,
    /// How many bytes were written to the room that the caller gave, or would have been.
    Buffer,
    /// Whether bytes were written to the room that the caller gave; how many there are stands where the caller had said how much room there was.
    InOut,
}

/// What a host function comes to.
#[derive(Debug)]
pub enum Answer {
    /// A number, or nothing.
    Slot(u64),
    /// Bytes in memory from the guest's `alloc`, as a packed result.
    Packed {
        /// The bytes.
        bytes: Vec<u8>,
        /// Whether they are an error.
        failed: bool,
    },
    /// Bytes in memory from the guest's `alloc`, which end with a zero byte; the result is their address.
    Terminated {
        /// The bytes, with the zero byte.
        bytes: Vec<u8>,
    },
    /// Bytes in memory from the guest's `alloc`, which are all of their block; the result is their address.
    Block {
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Bytes written to where the caller said, and a number.
    Written {
        /// The bytes; they fit.
        bytes: Vec<u8>,
        /// Where they go.
        address: u32,
        /// The number.
        slot: u64,
    },
    /// Bytes written to where the caller said, if there is room, and how many there are to where it said how much room there is; the result is 0.
    InOut {
        /// The bytes.
        bytes: Vec<u8>,
        /// Where they go.
        address: u32,
        /// Where a `u32` says how many bytes there is room for; that of `bytes` takes its place.
        size: u32,
        /// The result if there is too little room, and nothing was written but the number.
        short: i32,
    },
}

/// Why a host function was not, or could not be, called.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallError {
    /// An argument does not lie within the guest's memory.
    OutOfBounds {
        /// Where it would begin.
        address: u32,
        /// How many bytes it would have.
        bytes: u64,
        /// The size of the memory in bytes.
        memory: u64,
    },
    /// Numbers at an address that does not suit them.
    Misaligned {
        /// The address.
        address: u32,
        /// What it should be a multiple of.
        alignment: u32,
    },
    /// The host was to change bytes that are another argument as well.
    Overlapping,
    /// Text without the zero byte that it should end with.
    Unterminated {
        /// Where it begins.
        address: u32,
    },
    /// A number that stands for no value of the argument's type.
    NoSuchValue {
        /// The number.
        number: u64,
    },
    /// Bytes that are not what the argument's type needs.
    Value(Error),
    /// The implementation is of another type than the function, or the numbers are not as many as it takes.
    Implementation,
    /// Any of these, of one argument.
    Argument {
        /// The argument's name.
        name: &'static str,
        /// What is wrong with it.
        fault: Box<CallError>,
    },
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::OutOfBounds {
                address,
                bytes,
                memory,
            } => write!(
                f,
                "it would be {bytes} bytes at address {address:#x}, but the memory has {memory} bytes"
            ),
            CallError::Misaligned { address, alignment } => {
                write!(f, "its address {address:#x} is no multiple of {alignment}")
            }
            CallError::Overlapping => {
                f.write_str("bytes that are to be changed overlap another argument")
            }
            CallError::Unterminated { address } => {
                write!(f, "the text at address {address:#x} never ends")
            }
            CallError::NoSuchValue { number } => {
                write!(f, "{number} stands for no value of its type")
            }
            CallError::Value(error) => fmt::Display::fmt(error, f),
            CallError::Implementation => {
                f.write_str("the host linked it with another function's implementation")
            }
            CallError::Argument { name, fault } => write!(f, "the argument `{name}`: {fault}"),
        }
    }
}

impl std::error::Error for CallError {}

impl CallError {
    /// Returns the error as one of the argument `name`.
    pub(super) fn of(self, name: &'static str) -> Self {
        CallError::Argument {
            name,
            fault: Box::new(self),
        }
    }
}

/// A call that is being served: the future holds the implementation, and nothing of the guest.
#[cfg(not(target_arch = "wasm32"))]
pub type Serving<'a> = Pin<Box<dyn Future<Output = Result<Served, CallError>> + Send + 'a>>;

/// What a call came to that had to be waited for.
#[cfg(not(target_arch = "wasm32"))]
pub struct Served {
    /// The answer.
    pub answer: Answer,
    /// The arguments that the implementation may have changed, to be written back before the answer is given.
    pub changed: Vec<Changed>,
}

/// A copy of bytes that the implementation may change.
#[cfg(not(target_arch = "wasm32"))]
pub struct Changed {
    pub(super) address: u32,
    /// Whole words, which are aligned for numbers of every size.
    pub(super) words: Vec<u64>,
    pub(super) len: usize,
}

#[cfg(not(target_arch = "wasm32"))]
impl Changed {
    pub(super) const NOTHING: Self = Changed {
        address: 0,
        words: Vec::new(),
        len: 0,
    };

    /// Where the bytes lie in the guest's memory.
    pub fn address(&self) -> u32 {
        self.address
    }

    /// The bytes as they are now.
    pub fn bytes(&self) -> &[u8] {
        as_bytes(&self.words).get(..self.len).unwrap_or_default()
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        as_bytes_mut(&mut self.words)
            .get_mut(..self.len)
            .unwrap_or_default()
    }
}
