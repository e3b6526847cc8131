//! A host for plugins of ABI version 1 on the interpreter wasmi, written from `docs/abi.md` alone.
//! It runs within the test, and takes the same calls and returns the same answers as the programs
//! in `tests/hosts/`, in both of their styles.

use std::fmt::Display;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use wasmi::{Engine, Instance, Linker, Memory, Module, Store, WasmParams, WasmResults};

const ABI: &str = "plugin_abi_1";

/// Serves some calls, or describes the plugin.
pub fn run(wasm: &Path, style: &str, calls: &[Value]) -> Result<Vec<Value>, String> {
    let module = Module::new(&Engine::default(), fs::read(wasm).unwrap()).map_err(words)?;
    if style == "describe" {
        return Ok(vec![describe(&module)]);
    }
    let mut plugin = Plugin::new(&module, style == "free")?;
    let mut answers: Vec<Value> = calls.iter().map(|call| plugin.call(call)).collect();
    answers.push(json!({"memory": plugin.memory.data(&plugin.store).len()}));
    Ok(answers)
}

struct Plugin {
    store: Store<()>,
    instance: Instance,
    memory: Memory,
    /// `true` if the host frees both buffers after every call.
    frees: bool,
    address: u32,
    room: u32,
    dead: bool,
}

/// The result of a call; `Err` has the answer if the instance is dead afterwards.
type Alive<T> = Result<T, Value>;

impl Plugin {
    fn new(module: &Module, frees: bool) -> Result<Self, String> {
        let names = module.exports().map(|export| export.name());
        let versions: Vec<&str> = names
            .filter(|name| name.starts_with("plugin_abi_"))
            .collect();
        if versions != [ABI] {
            let found = versions.first().unwrap_or(&"no plugin");
            return Err(format!("expected {ABI}, found {found}"));
        }
        let mut store = Store::new(module.engine(), ());
        let linker = Linker::new(module.engine());
        let instance = linker
            .instantiate_and_start(&mut store, module)
            .map_err(words)?;
        let memory = instance.get_memory(&store, "memory").ok_or("no memory")?;
        Ok(Plugin {
            store,
            instance,
            memory,
            frees,
            address: 0,
            room: 0,
            dead: false,
        })
    }

    fn call(&mut self, call: &Value) -> Value {
        if self.dead {
            return refused("the instance is dead");
        }
        let export = call["export"].as_str().unwrap();
        let Some(function) = self.instance.get_func(&self.store, export) else {
            let message = format!("there is no {export}");
            return json!({"error": {"code": "unknown_command", "message": message}});
        };
        let has_arguments = !function.ty(&self.store).params().is_empty();
        self.serve(export, has_arguments, call)
            .unwrap_or_else(|last| {
                self.dead = true;
                last
            })
    }

    fn serve(&mut self, export: &str, has_arguments: bool, call: &Value) -> Alive<Value> {
        let file = call["in"].as_str();
        let input = match (file, call.get("json")) {
            (Some(file), _) => fs::read(file).unwrap(),
            (None, Some(json)) => json.to_string().into_bytes(),
            (None, None) => Vec::new(),
        };
        let (len, shift) = (
            input.len() as u32,
            call["shift"].as_u64().unwrap_or(0) as u32,
        );
        self.put(&input, shift)?;
        let packed: u64 = match has_arguments {
            true => self.run(export, (self.address + shift, len))?,
            false => self.run(export, ())?,
        };
        let (address, failed, len) = (
            (packed >> 32) as u32,
            packed & 1 << 31 != 0,
            packed as u32 & !(1 << 31),
        );
        let result = self.bytes(address, len)?;
        let answer = if failed {
            json!({"error": parsed(result)?})
        } else if file.is_some() {
            fs::write(call["out"].as_str().unwrap(), result).unwrap();
            json!({"bytes": len})
        } else {
            json!({"json": parsed(result)?})
        };
        if self.frees {
            self.run::<_, ()>("free", (address, len))?;
            self.release()?;
        }
        Ok(answer)
    }

    /// Runs the guest's code. A trap becomes the contents of the panic record.
    fn run<P: WasmParams, R: WasmResults>(&mut self, export: &str, parameters: P) -> Alive<R> {
        let function = self.instance.get_typed_func::<P, R>(&self.store, export);
        let called = function.map_err(refused)?.call(&mut self.store, parameters);
        called.map_err(|error| self.panic(&error).unwrap_or_else(|other| other))
    }

    fn panic(&self, trap: &wasmi::Error) -> Alive<Value> {
        let record = self.instance.get_global(&self.store, ABI);
        let address = record.and_then(|record| record.get(&self.store).i32());
        let record = self.bytes(address.unwrap_or_default() as u32, 24)?;
        let numbers: Vec<u32> = record
            .chunks_exact(4)
            .map(|number| u32::from_le_bytes(number.try_into().unwrap()))
            .collect();
        if numbers.iter().all(|number| *number == 0) {
            return Ok(json!({"trap": trap.to_string()}));
        }
        let text = |address, len: u32| -> Alive<String> {
            let bytes = self.bytes(address, len)?;
            let bytes = bytes.get(..1024).unwrap_or(bytes);
            Ok(String::from_utf8_lossy(bytes).into_owned())
        };
        let (message, file) = (text(numbers[0], numbers[1])?, text(numbers[2], numbers[3])?);
        Ok(
            json!({"panic": {"message": message, "file": file, "line": numbers[4], "column": numbers[5]}}),
        )
    }

    fn put(&mut self, input: &[u8], shift: u32) -> Alive<()> {
        let needed = input.len() as u32 + shift;
        if needed > self.room {
            self.release()?;
            self.address = self.run("alloc", needed)?;
            self.room = needed;
            if self.address == 0 {
                return Err(refused("alloc has no room"));
            }
        }
        let start = (self.address + shift) as usize;
        let memory = self.memory.data_mut(&mut self.store);
        let place = memory
            .get_mut(start..)
            .and_then(|rest| rest.get_mut(..input.len()));
        place
            .ok_or_else(|| refused("alloc gave what is not in the memory"))?
            .copy_from_slice(input);
        Ok(())
    }

    fn release(&mut self) -> Alive<()> {
        match std::mem::take(&mut self.room) {
            0 => Ok(()),
            room => self.run("free", (self.address, room)),
        }
    }

    /// Returns bytes of the current memory, which may have grown.
    fn bytes(&self, address: u32, len: u32) -> Alive<&[u8]> {
        if len == 0 {
            return Ok(&[]);
        }
        let rest = self.memory.data(&self.store).get(address as usize..);
        rest.and_then(|rest| rest.get(..len as usize))
            .ok_or_else(|| refused(format!("{len} bytes at {address} are not in the memory")))
    }
}

fn refused(why: impl Display) -> Value {
    json!({"refused": why.to_string()})
}

fn words(error: impl Display) -> String {
    error.to_string()
}

fn parsed(bytes: &[u8]) -> Alive<Value> {
    serde_json::from_slice(bytes).map_err(refused)
}

/// Returns the section's lines as one document. A reference in a line is to the `$defs` of that
/// line.
fn describe(module: &Module) -> Value {
    let mut sections = module.custom_sections();
    let Some(section) = sections.find(|section| section.name() == "plugin-sdk") else {
        return Value::Null;
    };
    let lines = section.data().split(|byte| *byte == b'\n');
    let lines: Vec<Value> = lines
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let plugin = lines.iter().find(|line| line["abi"] == 1).unwrap();
    let mut commands = Map::new();
    for line in &lines {
        for command in line["commands"].as_array().into_iter().flatten() {
            let schema = &command["arguments"];
            let name = schema["$ref"]
                .as_str()
                .and_then(|name| name.strip_prefix("#/$defs/"));
            let schema = name.map_or(schema, |name| &line["$defs"][name]);
            let properties = schema["properties"].as_object();
            let arguments: Vec<&String> = properties.into_iter().flat_map(Map::keys).collect();
            let described =
                json!({"description": command.get("description"), "arguments": arguments});
            commands.insert(command["name"].as_str().unwrap().to_owned(), described);
        }
    }
    json!({"id": plugin["id"], "version": plugin["version"], "commands": commands})
}
