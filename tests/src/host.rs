//! A minimal host, written from `docs/abi.md`, which shows a test everything that crosses the call
//! boundary.

use plugin_sdk::abi::Packed;
use serde_json::Value;
use wasmtime::{Instance, Linker, Memory, Module, Store, TypedFunc};

/// The size of a page of linear memory, in bytes.
pub const PAGE: u64 = 64 * 1024;

/// An export that takes arguments.
pub type Command = TypedFunc<(u32, u32), u64>;

/// One instance of a guest.
pub struct Host<T: 'static = ()> {
    /// The store of the instance.
    pub store: Store<T>,
    /// The instance.
    pub instance: Instance,
    memory: Memory,
    alloc: TypedFunc<u32, u32>,
    free: TypedFunc<(u32, u32), ()>,
}

/// The answer of a call, and its place in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The answer as it crossed the call boundary.
    pub packed: Packed,
    /// The bytes that it refers to.
    pub bytes: Vec<u8>,
}

/// The contents of the panic record.
#[derive(Clone, Debug, PartialEq)]
pub struct Panic {
    /// The message.
    pub message: String,
    /// The source file.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// The column, counted from 1.
    pub column: u32,
}

impl Host {
    /// Creates an instance without imports.
    pub fn new(module: &Module) -> Self {
        Host::with(module, (), |_| {})
    }
}

impl<T: 'static> Host<T> {
    /// Creates an instance with imports.
    pub fn with(module: &Module, data: T, define: impl FnOnce(&mut Linker<T>)) -> Self {
        let mut linker = Linker::new(module.engine());
        define(&mut linker);
        let mut store = Store::new(module.engine(), data);
        let instance = linker
            .instantiate(&mut store, module)
            .expect("all imports of the guest are defined");
        Host {
            memory: instance
                .get_memory(&mut store, "memory")
                .expect("`memory` is exported"),
            alloc: instance
                .get_typed_func(&mut store, "alloc")
                .expect("`alloc` is exported"),
            free: instance
                .get_typed_func(&mut store, "free")
                .expect("`free` is exported"),
            store,
            instance,
        }
    }

    /// Calls `alloc`.
    pub fn alloc(&mut self, size: u32) -> u32 {
        self.alloc
            .call(&mut self.store, size)
            .expect("`alloc` never traps")
    }

    /// Calls `free`.
    pub fn free(&mut self, address: u32, size: u32) {
        self.free
            .call(&mut self.store, (address, size))
            .expect("`free` never traps");
    }

    /// Writes bytes into memory from `alloc`, and returns their address.
    pub fn place(&mut self, bytes: &[u8]) -> u32 {
        let address = self.alloc(bytes.len() as u32);
        assert_ne!(address, 0, "there is room for {} bytes", bytes.len());
        self.write(address, bytes);
        address
    }

    /// Writes bytes into memory.
    pub fn write(&mut self, address: u32, bytes: &[u8]) {
        let start = address as usize;
        self.memory.data_mut(&mut self.store)[start..start + bytes.len()].copy_from_slice(bytes);
    }

    /// Returns bytes of memory.
    pub fn read(&self, address: u32, len: u32) -> &[u8] {
        let start = address as usize;
        &self.memory.data(&self.store)[start..start + len as usize]
    }

    /// Returns the bytes of an answer: no bytes if its length is 0, whatever its address.
    pub fn bytes(&self, packed: Packed) -> &[u8] {
        match packed.len {
            0 => &[],
            len => self.read(packed.address, len),
        }
    }

    /// Returns the size of the memory in pages.
    pub fn pages(&self) -> u64 {
        self.memory.size(&self.store)
    }

    /// Looks up an export that takes arguments.
    pub fn command(&mut self, export: &str) -> Command {
        self.instance
            .get_typed_func(&mut self.store, export)
            .unwrap_or_else(|error| panic!("{export}: {error:#}"))
    }

    /// Calls an export with arguments that are already in memory.
    pub fn call(&mut self, export: &str, address: u32, len: u32) -> wasmtime::Result<Packed> {
        let command = self.command(export);
        let bits = command.call(&mut self.store, (address, len))?;
        Ok(Packed::from_bits(bits))
    }

    /// Calls an export with bytes, copies its answer, and frees the bytes.
    pub fn answer(&mut self, export: &str, arguments: &[u8]) -> Answer {
        let address = self.place(arguments);
        let packed = self
            .call(export, address, arguments.len() as u32)
            .unwrap_or_else(|error| panic!("{export} trapped: {error:#}, {:?}", self.panic()));
        let bytes = self.bytes(packed).to_vec();
        self.free(address, arguments.len() as u32);
        Answer { packed, bytes }
    }

    /// Calls a command with JSON.
    pub fn json(&mut self, command: &str, arguments: Value) -> Answer {
        self.answer(
            &format!("command_{command}"),
            arguments.to_string().as_bytes(),
        )
    }

    /// Calls an export without arguments, such as `plugin_start`.
    pub fn hook(&mut self, export: &str) -> Answer {
        let bits = self
            .instance
            .get_typed_func::<(), u64>(&mut self.store, export)
            .unwrap_or_else(|error| panic!("{export}: {error:#}"))
            .call(&mut self.store, ())
            .unwrap_or_else(|error| panic!("{export} trapped: {error:#}"));
        let packed = Packed::from_bits(bits);
        Answer {
            packed,
            bytes: self.bytes(packed).to_vec(),
        }
    }

    /// Calls `plugin_cleanup`.
    pub fn cleanup(&mut self) {
        self.instance
            .get_typed_func::<(), ()>(&mut self.store, "plugin_cleanup")
            .and_then(|cleanup| cleanup.call(&mut self.store, ()))
            .expect("`plugin_cleanup` is exported and does not trap");
    }

    /// Calls an export that must trap.
    pub fn trap(&mut self, export: &str, arguments: &[u8]) -> wasmtime::Trap {
        let address = self.place(arguments);
        match self.call(export, address, arguments.len() as u32) {
            Ok(packed) => panic!("{export} answered {packed:?}"),
            Err(error) => *error
                .downcast_ref()
                .unwrap_or_else(|| panic!("{export}: no trap, but {error:#}")),
        }
    }

    /// Reads the panic record from memory. Returns `None` if it is all zero.
    pub fn panic(&mut self) -> Option<Panic> {
        let address = self
            .instance
            .get_global(&mut self.store, "plugin_abi_1")
            .and_then(|global| global.get(&mut self.store).i32())
            .expect("`plugin_abi_1` is an i32") as u32;
        let record = self.read(address, 24);
        if record.iter().all(|byte| *byte == 0) {
            return None;
        }
        let mut numbers = record.chunks_exact(4).map(|bytes| {
            bytes
                .iter()
                .rev()
                .fold(0, |sum, byte| sum << 8 | u32::from(*byte))
        });
        let mut number = || numbers.next().unwrap_or_default();
        let (message, message_len) = (number(), number());
        let (file, file_len) = (number(), number());
        let (line, column) = (number(), number());
        let text = |address, len| {
            String::from_utf8(self.read(address, len).to_vec())
                .expect("the record's texts are UTF-8")
        };
        Some(Panic {
            message: text(message, message_len),
            file: text(file, file_len),
            line,
            column,
        })
    }
}

impl Answer {
    /// Returns the result as JSON. Panics if the call failed.
    pub fn value(&self) -> Value {
        assert!(
            !self.packed.failed,
            "{}",
            String::from_utf8_lossy(&self.bytes)
        );
        serde_json::from_slice(&self.bytes).expect("a result is JSON")
    }

    /// Returns the bytes of the result. Panics if the call failed.
    pub fn result(&self) -> &[u8] {
        assert!(
            !self.packed.failed,
            "{}",
            String::from_utf8_lossy(&self.bytes)
        );
        &self.bytes
    }

    /// Returns the error. Panics if the call succeeded.
    pub fn error(&self) -> Value {
        assert!(
            self.packed.failed,
            "{}",
            String::from_utf8_lossy(&self.bytes)
        );
        serde_json::from_slice(&self.bytes).expect("an error is JSON")
    }

    /// Returns the code of the error.
    pub fn code(&self) -> String {
        self.error()["code"].as_str().unwrap_or_default().to_owned()
    }
}
