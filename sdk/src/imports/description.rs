//! Descriptions of host functions, in terms of memory and numbers, from which any engine can link
//! them.

use std::any::Any;
use std::fmt;
#[cfg(not(target_arch = "wasm32"))]
use std::pin::Pin;

use crate::error::Error;
use crate::imports::wire::WasmType;
#[cfg(not(target_arch = "wasm32"))]
use crate::memory::{as_bytes, as_bytes_mut};

/// An implementation of host functions, ready to link: the result of `provide` next to a
/// [`#[host_functions]`](macro@crate::host_functions) trait.
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
    /// Combines an implementation with the functions that know its type.
    #[doc(hidden)]
    pub fn new<T: Send + 'static>(implementation: T, functions: &'static [HostFunction]) -> Self {
        HostFunctions {
            implementation: Box::new(implementation),
            functions,
        }
    }

    /// Returns the functions that guests can import.
    pub fn functions(&self) -> &'static [HostFunction] {
        self.functions
    }

    /// Returns the implementation, if it has this type.
    pub fn implementation<T: 'static>(&self) -> Option<&T> {
        self.implementation.downcast_ref()
    }

    /// Returns the implementation, if it has this type.
    pub fn implementation_mut<T: 'static>(&mut self) -> Option<&mut T> {
        self.implementation.downcast_mut()
    }

    /// Returns the implementation, for [`HostFunction::serve`].
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

/// A function of a host.
pub struct HostFunction {
    /// The module that guests import it from.
    pub module: &'static str,
    /// The name in that module.
    pub name: &'static str,
    /// The arguments, in order.
    pub parameters: &'static [Parameter],
    /// The parameters after the arguments: the place for a result, if the caller passes one.
    pub room: [Option<WasmType>; 2],
    /// The type of the result, if there is one.
    pub result: Option<WasmType>,
    /// The meaning of the result.
    pub form: Form,
    /// The permission that a guest needs to call it.
    pub permission: Option<&'static str>,
    /// The function that serves a call.
    pub serve: Serve,
    /// Returns the answer for a refused call; fails with the error if the function cannot return it
    /// to the guest.
    pub refuse: fn(Error) -> Result<Answer, Error>,
    /// The doc comment of the declaration, in Markdown; may be empty.
    pub documentation: &'static str,
}

/// A function that serves a call: it reads the arguments from the guest's memory, calls the
/// implementation, and returns the answer.
///
/// The implementation must belong to the function, and the numbers must be those that the guest
/// passed.
#[derive(Clone, Copy)]
pub enum Serve {
    /// Answers at once.
    Now(ServeNow),
    /// Answers once a future is done, which does not borrow the guest's memory.
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
    /// Returns whether a call may have to wait, which only an asynchronous host can do.
    pub fn is_async(&self) -> bool {
        !matches!(self, Serve::Now(_))
    }
}

impl HostFunction {
    /// Adds the doc comment of the declaration.
    #[doc(hidden)]
    pub const fn documented(self, documentation: &'static str) -> Self {
        HostFunction {
            documentation,
            ..self
        }
    }

    /// Returns the types of the parameters in WebAssembly.
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
    /// The name in the declaration.
    pub name: &'static str,
    /// The meaning of the numbers.
    pub kind: Kind,
    /// The types of the one or two numbers.
    pub types: [Option<WasmType>; 2],
    /// `true` if the host may change it.
    pub in_place: bool,
    /// `true` if the host only writes it, whatever it was before.
    pub only_written: bool,
}

/// The meaning of the numbers of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A boolean.
    Bool,
    /// A character.
    Char,
    /// An unsigned integer.
    Unsigned,
    /// A signed integer.
    Signed,
    /// A float.
    Float,
    /// Address and length of UTF-8 text; address 0 for `None`.
    Text,
    /// Address of NUL-terminated text.
    CText,
    /// Address and length of JSON text.
    Json,
    /// Address of some numbers, and their count.
    Numbers {
        /// The size of a number in bytes.
        size: u32,
    },
    /// Address of a number of bytes that both sides know.
    Fixed {
        /// The number of bytes.
        bytes: u32,
    },
}

/// The meaning of the result of a host function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// There is no result.
    Nothing,
    /// A number of this kind.
    Number(Kind),
    /// A packed `address << 32 | failed << 31 | length` of bytes in memory from the guest's
    /// `alloc`, which the guest frees; 0 for nothing.
    Packed,
    /// The address of NUL-terminated text in memory from the guest's `alloc`, which the guest
    /// frees; 0 for nothing.
    CString,
    /// A number for success or for an error.
    Status,
    /// The address of a block from the guest's `alloc` that holds exactly the bytes, and which the
    /// guest frees; 0 for nothing.
    Block,
    /// The number of bytes written to the caller's buffer, or needed for it.
    Buffer,
    /// A status; the bytes are in the caller's buffer, and their number replaces the buffer's size
    /// in memory.
    InOut,
}

/// The answer to a call of a host function.
///
/// Its tag fills a word. It is moved by words, and a processor waits before it reads a word of which
/// only a part was just written.
#[derive(Debug)]
#[repr(u64)]
pub enum Answer {
    /// A number, or nothing.
    Slot(u64),
    /// Bytes in memory from the guest's `alloc`, as a packed result.
    Packed {
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The bytes of an error, as a packed result.
    PackedError {
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// NUL-terminated bytes in memory from the guest's `alloc`; the result is their address.
    Terminated {
        /// The bytes, with the zero byte.
        bytes: Vec<u8>,
    },
    /// Bytes in a block of their length from the guest's `alloc`; the result is their address.
    Block {
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Bytes for the caller's buffer, and a number.
    Written {
        /// The bytes; they fit.
        bytes: Vec<u8>,
        /// The address of the buffer.
        address: u32,
        /// The number.
        slot: u64,
    },
    /// Bytes for the caller's buffer, if there is room, and their number in place of the buffer's
    /// size; the result is 0.
    InOut {
        /// The bytes.
        bytes: Vec<u8>,
        /// The address of the buffer.
        address: u32,
        /// The address of a `u32` with the size of the buffer in bytes, which the number of `bytes`
        /// replaces.
        size: u32,
        /// The result if there is too little room; then only the number is written.
        short: i32,
    },
}

/// The reason why a host function was not called, or could not be.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallError {
    /// An argument is outside the guest's memory.
    OutOfBounds {
        /// The address of the argument.
        address: u32,
        /// The length of the argument in bytes.
        bytes: u64,
        /// The size of the memory in bytes.
        memory: u64,
    },
    /// The address of numbers is misaligned.
    Misaligned {
        /// The address.
        address: u32,
        /// The alignment of the numbers.
        alignment: u32,
    },
    /// The host would change bytes that are part of another argument.
    Overlapping,
    /// Text has no terminating zero byte.
    Unterminated {
        /// The address of the text.
        address: u32,
    },
    /// A number is invalid for its type.
    NoSuchValue {
        /// The number.
        number: u64,
    },
    /// Bytes are invalid for their type.
    Value(Error),
    /// The implementation does not belong to the function, or the count of numbers is wrong.
    Implementation,
    /// Any of these errors in one argument.
    Argument {
        /// The name of the argument.
        name: &'static str,
        /// The error.
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
                "it has {bytes} bytes at address {address:#x}, but the memory has {memory} bytes"
            ),
            CallError::Misaligned { address, alignment } => {
                write!(
                    f,
                    "its address {address:#x} is not a multiple of {alignment}"
                )
            }
            CallError::Overlapping => {
                f.write_str("bytes that are to be changed overlap another argument")
            }
            CallError::Unterminated { address } => {
                write!(f, "the text at address {address:#x} never ends")
            }
            CallError::NoSuchValue { number } => {
                write!(f, "{number} is not a value of its type")
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

/// A call in progress: the future holds the implementation, and does not borrow from the guest.
#[cfg(not(target_arch = "wasm32"))]
pub type Serving<'a> = Pin<Box<dyn Future<Output = Result<Served, CallError>> + Send + 'a>>;

/// The outcome of a call that had to wait.
#[cfg(not(target_arch = "wasm32"))]
pub struct Served {
    /// The answer.
    pub answer: Answer,
    /// The arguments that the implementation may have changed. The host writes them back before it
    /// answers.
    pub changed: Vec<Changed>,
}

/// A copy of bytes that the implementation may change.
#[cfg(not(target_arch = "wasm32"))]
pub struct Changed {
    pub(super) address: u32,
    /// Whole words, aligned for numbers of every size.
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

    /// Returns the address of the bytes in the guest's memory.
    pub fn address(&self) -> u32 {
        self.address
    }

    /// Returns the current bytes.
    pub fn bytes(&self) -> &[u8] {
        as_bytes(&self.words).get(..self.len).unwrap_or_default()
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        as_bytes_mut(&mut self.words)
            .get_mut(..self.len)
            .unwrap_or_default()
    }
}
