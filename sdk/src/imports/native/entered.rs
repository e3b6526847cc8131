//! The host of a native plugin. It serves the plugin's host calls as it serves those of a guest in
//! WebAssembly: it gets numbers, and a memory that these refer to.

use std::any::Any;
use std::cell::RefCell;
use std::panic::resume_unwind;
use std::rc::Rc;

use crate::abi::Packed;
use crate::error::{Error, code};
use crate::imports::description::{Answer, Kind, Parameter};
use crate::imports::returned::Returned;
use crate::imports::wire::{Address, WasmType, Wire};
use crate::memory::native::{Scratch, deliver, terminated_len};

/// A function that a native plugin calls, as its declaration describes it.
pub struct Import {
    /// The module of the import.
    pub module: &'static str,
    /// The name in that module.
    pub name: &'static str,
    parameters: &'static [Parameter],
    room: [Option<WasmType>; 2],
    /// The type of the result, if there is one.
    pub result: Option<WasmType>,
}

impl Import {
    /// Describes an import with a result of type `R`.
    pub const fn new<C, R: Returned<C>>(
        module: &'static str,
        name: &'static str,
        parameters: &'static [Parameter],
    ) -> Self {
        Import {
            module,
            name,
            parameters,
            room: [R::Room::TYPE, R::Size::TYPE],
            result: R::Wire::TYPE,
        }
    }

    /// Returns the types of the parameters in WebAssembly.
    pub fn wasm_parameters(&self) -> impl Iterator<Item = WasmType> {
        let arguments = self.parameters.iter().flat_map(|parameter| parameter.types);
        arguments.chain(self.room).flatten()
    }
}

/// The reason why a host ends the plugin's call: the payload of the panic that does so.
pub type Ending = Box<dyn Any + Send>;

/// A host that serves a native plugin.
pub trait Host {
    /// Serves a call with these numbers, whose addresses are those of `memory`.
    ///
    /// # Errors
    ///
    /// Fails if the plugin's call must end. The failure unwinds the plugin's stack, without a call
    /// of the panic hook.
    fn call(
        &mut self,
        import: &'static Import,
        memory: &mut [u8],
        slots: &[u64],
    ) -> Result<Answer, Ending>;
}

thread_local! {
    /// The hosts of the plugins that run on this thread, the innermost last.
    static HOSTS: RefCell<Vec<Rc<RefCell<dyn Host>>>> = const { RefCell::new(Vec::new()) };
}

/// Runs a call of a plugin, whose host calls `host` serves meanwhile.
pub fn within<H: Host + Default + 'static, R>(host: &mut H, call: impl FnOnce() -> R) -> R {
    /// Returns the host to its place, also when the call panics.
    struct Entered<'a, H: Default> {
        place: &'a mut H,
        host: Rc<RefCell<H>>,
    }
    impl<H: Default> Drop for Entered<'_, H> {
        fn drop(&mut self) {
            HOSTS.with_borrow_mut(Vec::pop);
            if let Ok(mut host) = self.host.try_borrow_mut() {
                *self.place = std::mem::take(&mut *host);
            }
        }
    }
    let shared = Rc::new(RefCell::new(std::mem::take(host)));
    let erased: Rc<RefCell<dyn Host>> = Rc::<RefCell<H>>::clone(&shared);
    HOSTS.with_borrow_mut(|hosts| hosts.push(erased));
    let _entered = Entered {
        place: host,
        host: shared,
    };
    call()
}

fn innermost() -> Option<Rc<RefCell<dyn Host>>> {
    HOSTS.with_borrow(|hosts| hosts.last().cloned())
}

/// Returns whether a plugin runs on this thread, and not one of its host functions.
pub fn is_entered() -> bool {
    innermost().is_some_and(|host| host.try_borrow_mut().is_ok())
}

/// A number of a call, before the arguments are copied.
pub enum Sent {
    /// A number, or nothing.
    Number(u64),
    /// The address of an argument, or of room for the result.
    Address(Address),
}

impl Sent {
    /// Returns a number on its way to the host.
    pub fn of<W: Wire>(number: W) -> Self {
        match number.address() {
            Some(address) => Sent::Address(address),
            None => Sent::Number(number.to_slot()),
        }
    }

    fn number(&self) -> u64 {
        match self {
            Sent::Number(number) => *number,
            Sent::Address(_) => 0,
        }
    }
}

/// Calls a host function of the innermost host. `sent` holds two numbers for each parameter, and
/// two for the room.
///
/// # Safety
/// The addresses must be those of values that `lower` returned for the parameters, and of the room;
/// the values must live until the call returns.
pub unsafe fn call<W: Wire>(import: &'static Import, sent: &[Sent]) -> W {
    let mut scratch = Scratch::empty();
    // SAFETY: the caller guarantees it.
    let slots = unsafe { lower(import, sent, &mut scratch) };
    let answered = match innermost() {
        Some(host) => match host.try_borrow_mut() {
            Ok(mut host) => host.call(import, scratch.bytes_mut(), &slots),
            Err(_) => Err(not_entered(import)),
        },
        None => Err(not_entered(import)),
    };
    match answered {
        Ok(answer) => {
            let slot = lift(answer, scratch.bytes_mut());
            scratch.give_back();
            W::from_slot(slot)
        }
        Err(ending) => resume_unwind(ending),
    }
}

/// Generated code asks [`is_entered`] first, so this needs a host that leaves in between.
#[cold]
fn not_entered(import: &Import) -> Ending {
    let message = format!("`{}` was called without a host", import.name);
    Box::new(Error::new(code::UNSUPPORTED, message))
}

/// Copies the arguments and the room into the memory, and returns the numbers that the host sees.
///
/// # Safety
/// The same as for [`call`].
unsafe fn lower(import: &Import, sent: &[Sent], scratch: &mut Scratch) -> Vec<u64> {
    let mut slots = Vec::with_capacity(sent.len());
    let mut push = |ty: Option<WasmType>, slot: u64| {
        if ty.is_some() {
            slots.push(slot);
        }
    };
    let mut pairs = sent.chunks_exact(2);
    for parameter in import.parameters {
        let Some([first, second]) = pairs.next() else {
            break;
        };
        let [first_type, second_type] = parameter.types;
        let (slot, count) = match first {
            Sent::Number(number) => (*number, second.number()),
            Sent::Address(address) if address.is_null() => (0, second.number()),
            Sent::Address(address) => {
                // SAFETY: the caller guarantees that there is such a value.
                let len = unsafe { bytes_of(parameter.kind, *address, second.number()) };
                // SAFETY: the same; only arguments in place are mutable references.
                let at = unsafe { scratch.lend(*address, len, parameter.in_place) };
                (u64::from(at), second.number())
            }
        };
        push(first_type, slot);
        push(second_type, count);
    }
    let [room_type, size_type] = import.room;
    match pairs.next() {
        Some([Sent::Address(room), Sent::Address(size)]) => {
            // SAFETY: the guest passes the address of a `u32` that it owns.
            let size_at = unsafe { scratch.lend(*size, size_of::<u32>(), true) };
            let len = read_u32(scratch.bytes_mut(), size_at) as usize;
            // SAFETY: that is the size of the room, which the guest owns.
            let room_at = unsafe { scratch.lend(*room, len, true) };
            push(room_type, room_at.into());
            push(size_type, size_at.into());
        }
        Some([Sent::Address(room), size]) => {
            // SAFETY: the guest passes the address and the size of a room that it owns.
            let room_at = unsafe { scratch.lend(*room, size.number() as usize, true) };
            push(room_type, room_at.into());
            push(size_type, size.number());
        }
        _ => {}
    }
    slots
}

/// Returns the number of bytes of an argument.
///
/// # Safety
/// There must be such an argument at the address.
unsafe fn bytes_of(kind: Kind, address: Address, count: u64) -> usize {
    let count = count as usize;
    match kind {
        Kind::Numbers { size } => count.saturating_mul(size as usize),
        Kind::Fixed { bytes } => bytes as usize,
        // SAFETY: the caller guarantees it.
        Kind::CText => unsafe { terminated_len(address) },
        _ => count,
    }
}

/// Delivers bytes, and returns the packed result.
fn packed(bytes: Vec<u8>, failed: bool) -> u64 {
    Packed {
        len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        address: deliver(bytes),
        failed,
    }
    .to_bits()
}

/// Writes an answer where the plugin finds it, and returns the number that the import returns.
fn lift(answer: Answer, memory: &mut [u8]) -> u64 {
    match answer {
        Answer::Slot(slot) => slot,
        Answer::Packed { bytes } => packed(bytes, false),
        Answer::PackedError { bytes } => packed(bytes, true),
        Answer::Terminated { bytes } | Answer::Block { bytes } => deliver(bytes).into(),
        Answer::Written {
            bytes,
            address,
            slot,
        } => {
            write(memory, address, &bytes);
            slot
        }
        Answer::InOut {
            bytes,
            address,
            size,
            short,
        } => {
            let room = read_u32(memory, size);
            let needed = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            write(memory, size, &needed.to_le_bytes());
            if needed > room {
                return u64::from(short.cast_unsigned());
            }
            write(memory, address, &bytes);
            0
        }
    }
}

fn write(memory: &mut [u8], address: u32, bytes: &[u8]) {
    let start = address as usize;
    if let Some(place) = memory.get_mut(start..start.saturating_add(bytes.len())) {
        place.copy_from_slice(bytes);
    }
}

fn read_u32(memory: &[u8], address: u32) -> u32 {
    let bytes = memory.get(address as usize..).unwrap_or_default();
    bytes.first_chunk().copied().map_or(0, u32::from_le_bytes)
}
