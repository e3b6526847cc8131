//! What a host must know of its functions to link them, in terms of memory and numbers: no engine is named.

use std::any::Any;
use std::ffi::CStr;
use std::fmt;
use std::ops::Range;

use crate::error::Error;
use crate::imports::argument::{Crosses, Lent, LentMut, Passed};
use crate::imports::returned::Returned;
use crate::imports::wire::{WasmType, Wire};

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
pub type ServeNow = fn(&mut (dyn Any + Send), &mut [u8], &[u64]) -> Result<Answer, Fault>;

/// See [`Serve::Later`].
#[cfg(not(target_arch = "wasm32"))]
pub type ServeLater = for<'a> fn(
    &'a mut (dyn Any + Send),
    &mut [u8],
    &'a [u64],
) -> Result<super::asynchronous::Serving<'a>, Fault>;

impl Serve {
    /// Whether a call of it may have to be waited for, which only a host that is itself asynchronous can do.
    pub fn is_async(&self) -> bool {
        !matches!(self, Serve::Now(_))
    }
}

impl HostFunction {
    /// A function that answers with an `R`.
    #[doc(hidden)]
    pub const fn new<C, R: Returned<C>>(
        module: &'static str,
        name: &'static str,
        parameters: &'static [Parameter],
        permission: Option<&'static str>,
        serve: Serve,
    ) -> Self {
        HostFunction {
            module,
            name,
            parameters,
            room: [R::Room::TYPE, R::Size::TYPE],
            result: R::Wire::TYPE,
            form: R::FORM,
            permission,
            serve,
            refuse: R::refusal,
            documentation: "",
        }
    }

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

impl Parameter {
    /// An argument by shared reference.
    pub const fn lent<C, T: Lent<C> + ?Sized>(name: &'static str) -> Self {
        Parameter {
            name,
            kind: T::KIND,
            types: [T::First::TYPE, T::Second::TYPE],
            in_place: false,
        }
    }

    /// An argument by exclusive reference.
    pub const fn lent_mut<T: LentMut + ?Sized>(name: &'static str) -> Self {
        Parameter {
            name,
            kind: T::KIND,
            types: [T::First::TYPE, T::Second::TYPE],
            in_place: true,
        }
    }

    /// An argument by value.
    pub const fn passed<T: Crosses>(name: &'static str) -> Self {
        Parameter {
            name,
            kind: T::KIND,
            types: [T::First::TYPE, T::Second::TYPE],
            in_place: false,
        }
    }
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
    Terminated,
    /// A number that says whether it succeeded, or what went wrong.
    Status,
    /// The address of memory from the guest's `alloc`, all of which are the bytes, and which the guest frees; 0 is nothing.
    Block,
    /// How many bytes were written to the room that the caller gave, or would have been.
    Written,
    /// Whether bytes were written to the room that the caller gave; how many there are stands where the caller had said how much room there was.
    Told,
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
pub enum Fault {
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
        fault: Box<Fault>,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::OutOfBounds {
                address,
                bytes,
                memory,
            } => write!(
                f,
                "it would be {bytes} bytes at address {address:#x}, but the memory has {memory} bytes"
            ),
            Fault::Misaligned { address, alignment } => {
                write!(f, "its address {address:#x} is no multiple of {alignment}")
            }
            Fault::Overlapping => {
                f.write_str("bytes that are to be changed overlap another argument")
            }
            Fault::Unterminated { address } => {
                write!(f, "the text at address {address:#x} never ends")
            }
            Fault::NoSuchValue { number } => {
                write!(f, "{number} stands for no value of its type")
            }
            Fault::Value(error) => fmt::Display::fmt(error, f),
            Fault::Implementation => {
                f.write_str("the host linked it with another function's implementation")
            }
            Fault::Argument { name, fault } => write!(f, "the argument `{name}`: {fault}"),
        }
    }
}

impl std::error::Error for Fault {}

/// Bytes in a guest's memory that have not been looked at.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    address: u32,
    bytes: u64,
    alignment: u32,
}

impl Region {
    /// So many things of a size.
    pub fn new(address: u64, count: u64, size: usize) -> Self {
        Region {
            address: address as u32,
            // Two numbers of 32 bits.
            bytes: u64::from(count as u32) * size as u64,
            // Numbers are as large as they are aligned.
            alignment: size as u32,
        }
    }

    /// Where it lies in a memory of that many bytes. No bytes lie anywhere.
    fn within(self, memory: usize) -> Result<Range<usize>, Fault> {
        if self.bytes == 0 {
            return Ok(0..0);
        }
        let end = u64::from(self.address) + self.bytes;
        if end > memory as u64 {
            return Err(Fault::OutOfBounds {
                address: self.address,
                bytes: self.bytes,
                memory: memory as u64,
            });
        }
        Ok(self.address as usize..end as usize)
    }
}

/// What a copy of an argument is made of.
#[cfg(not(target_arch = "wasm32"))]
impl Region {
    pub(super) fn address(self) -> u32 {
        self.address
    }

    /// Whether the numbers could be used where they are.
    pub(super) fn check_alignment(self, name: &'static str) -> Result<(), Fault> {
        if self.bytes == 0 || self.address.is_multiple_of(self.alignment) {
            return Ok(());
        }
        Err(Fault::Misaligned {
            address: self.address,
            alignment: self.alignment,
        }
        .of(name))
    }
}

/// The bytes of an argument.
#[inline]
pub fn region(memory: &[u8], address: u64, count: u64, size: usize) -> Result<&[u8], Fault> {
    let range = Region::new(address, count, size).within(memory.len())?;
    Ok(memory.get(range).unwrap_or_default())
}

/// Bytes that are text.
#[inline]
pub fn text(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|error| {
        Fault::Value(Error::new(
            crate::code::INVALID_ARGUMENT,
            format!("the text is not UTF-8 after byte {}", error.valid_up_to()),
        ))
    })
}

/// Text that ends with a zero byte.
pub fn c_text(memory: &[u8], address: u64) -> Result<&CStr, Fault> {
    let address = address as u32;
    let from = memory.get(address as usize..).unwrap_or_default();
    if from.is_empty() {
        return Err(Fault::OutOfBounds {
            address,
            bytes: 1,
            memory: memory.len() as u64,
        });
    }
    CStr::from_bytes_until_nul(from).map_err(|_| Fault::Unterminated { address })
}

/// Several arguments that the host may change, at once.
pub fn disjoint<'m, const N: usize>(
    memory: &'m mut [u8],
    regions: [(&'static str, Region); N],
) -> Result<[&'m mut [u8]; N], Fault> {
    let mut ranges = [const { 0..0 }; N];
    for (range, (name, region)) in ranges.iter_mut().zip(regions) {
        *range = region
            .within(memory.len())
            .map_err(|fault| fault.of(name))?;
    }
    memory
        .get_disjoint_mut(ranges)
        .map_err(|_| Fault::Overlapping)
}

impl Fault {
    fn of(self, name: &'static str) -> Self {
        Fault::Argument {
            name,
            fault: Box::new(self),
        }
    }
}

/// The numbers of a call, taken one argument at a time.
pub struct Call<'s> {
    slots: &'s [u64],
}

impl<'s> Call<'s> {
    /// The numbers that the guest passed.
    pub fn new(slots: &'s [u64]) -> Self {
        Call { slots }
    }

    /// The next number, if there is one of this type.
    #[inline]
    pub fn slot<W: Wire>(&mut self) -> u64 {
        if W::TYPE.is_none() {
            return 0;
        }
        let Some((first, rest)) = self.slots.split_first() else {
            return 0;
        };
        self.slots = rest;
        *first
    }

    /// An argument by shared reference.
    #[inline]
    pub fn lent<'m, C, T: Lent<C> + ?Sized>(
        &mut self,
        memory: &'m [u8],
        name: &'static str,
    ) -> Result<T::Read<'m>, Fault> {
        let (first, second) = (self.slot::<T::First>(), self.slot::<T::Second>());
        T::read(memory, first, second).map_err(|fault| fault.of(name))
    }

    /// An argument by value.
    #[inline]
    pub fn passed<'m, 'r, T: Passed<'r>>(
        &mut self,
        memory: &'m [u8],
        name: &'static str,
    ) -> Result<T::Read<'m>, Fault> {
        let (first, second) = (self.slot::<T::First>(), self.slot::<T::Second>());
        T::read(memory, first, second).map_err(|fault| fault.of(name))
    }

    /// Where an argument by exclusive reference lies.
    #[inline]
    pub fn place<T: LentMut + ?Sized>(&mut self, name: &'static str) -> (&'static str, Region) {
        let (first, second) = (self.slot::<T::First>(), self.slot::<T::Second>());
        (name, T::region(first, second))
    }
}

/// An argument by exclusive reference. What the host only writes begins as zeros.
#[inline]
pub fn lend_mut<'m, T: LentMut + ?Sized>(
    bytes: &'m mut [u8],
    (name, region): (&'static str, Region),
    only_written: bool,
) -> Result<&'m mut T, Fault> {
    if only_written {
        bytes.fill(0);
    }
    let misaligned = Fault::Misaligned {
        address: region.address,
        alignment: region.alignment,
    };
    T::lend(bytes).ok_or_else(|| misaligned.of(name))
}

/// The implementation as its own type.
#[inline]
pub fn implementation<T: 'static>(erased: &mut (dyn Any + Send)) -> Result<&mut T, Fault> {
    erased.downcast_mut().ok_or(Fault::Implementation)
}
