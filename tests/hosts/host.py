"""A host for plugins of ABI version 1 on the package wasmtime, written from docs/abi.md alone:
python host.py <plugin.wasm> keep|free|describe

With keep, the host uses one buffer for all arguments and frees no result. With free, it frees both
after every call. It reads calls as lines of JSON, {"export": "command_greet", "json": {…}}, or
{"export": …, "in": file, "out": file} for a raw command, and answers each with a line. With
describe, it prints the plugin's identity and the arguments of its commands, and runs no code.
"""
import json, struct, sys
from pathlib import Path
from wasmtime import Instance, Module, Store, Trap

ABI = "plugin_abi_1"
WITHOUT_ARGUMENTS = ("plugin_start", "plugin_stop")

class Trapped(Exception): pass

class Plugin:
    def __init__(self, wasm, frees):
        self.store = Store()
        module = Module(self.store.engine, wasm)
        version = ",".join(export.name for export in module.exports if export.name.startswith("plugin_abi_"))
        if version != ABI:
            raise ValueError(f"expected {ABI}, found {version or 'no plugin'}")
        self.exports = Instance(self.store, module, []).exports(self.store)
        self.frees, self.address, self.room, self.dead = frees, 0, 0, False

    def call(self, name, data, shift, read):
        if self.dead:
            return {"refused": "the instance is dead"}
        if name not in self.exports:
            return {"error": {"code": "unknown_command", "message": f"there is no {name}"}}
        try:
            self.put(data, shift)
            packed = self.run(name, *(() if name in WITHOUT_ARGUMENTS else (self.address + shift, len(data))))
            address, failed, length = packed >> 32 & 0xFFFFFFFF, packed & 0x80000000, packed & 0x7FFFFFFF
            result = bytes(self.view(address, length))
            answer = {"error": json.loads(result)} if failed else read(result)
            if self.frees:
                self.run("free", address, length)
                self.release()
            return answer
        except Exception as error:
            self.dead = True  # also after an answer that breaks the ABI
            return error.args[0] if isinstance(error, Trapped) else {"refused": str(error)}

    def run(self, name, *arguments):
        try:
            return self.exports[name](self.store, *arguments)
        except Trap as trap:
            record = bytes(self.view(self.exports[ABI].value(self.store) & 0xFFFFFFFF, 24))
            message, message_len, file, file_len, line, column = struct.unpack("<6I", record)
            text = lambda address, length: bytes(self.view(address, length)[:1024]).decode(errors="replace")
            panic = lambda: {"message": text(message, message_len), "file": text(file, file_len), "line": line, "column": column}
            raise Trapped({"panic": panic()} if any(record) else {"trap": str(trap)})

    def put(self, data, shift):
        if len(data) + shift > self.room:
            self.release()
            self.room = len(data) + shift
            self.address = self.run("alloc", self.room) & 0xFFFFFFFF
            if self.address == 0:
                raise ValueError("alloc has no room")
        self.view(self.address + shift, len(data))[:] = data

    def release(self):
        if self.room > 0:
            self.run("free", self.address, self.room)
        self.room = 0

    def view(self, address, length):
        """Returns a view of the current memory, which may have grown."""
        memory = self.exports["memory"]
        if length > 0 and address + length > memory.data_len(self.store):
            raise ValueError(f"{length} bytes at {address} are not in the memory")
        return memoryview(memory.get_buffer_ptr(self.store, length, address)).cast("B")

def custom_section(wasm, wanted):
    """Returns the contents of a custom section, or None. The package has no function for this."""
    def number(at):  # unsigned LEB128
        value = shift = 0
        while True:
            value, shift, byte, at = value | (wasm[at] & 0x7F) << shift, shift + 7, wasm[at], at + 1
            if byte < 0x80:
                return value, at
    at = 8  # after the magic number and the version
    while at < len(wasm):
        section, (size, start) = wasm[at], number(at + 1)
        at = start + size
        if section == 0:
            length, name = number(start)
            if wasm[name : name + length] == wanted:
                return wasm[name + length : at]

def describe(wasm):
    """Reads the lines of the section. A reference in a line is to the `$defs` of that line."""
    section = custom_section(wasm, b"plugin-sdk")
    if section is None:
        return None
    lines = [json.loads(line) for line in section.decode().split("\n") if line]
    plugin = next(line for line in lines if line.get("abi") == 1)
    resolve = lambda line, schema: line.get("$defs", {}).get(schema.get("$ref", "").removeprefix("#/$defs/"), schema)
    arguments = lambda line, command: list(resolve(line, command.get("arguments", {})).get("properties", {}))
    command = lambda line, command: {"description": command.get("description"), "arguments": arguments(line, command)}
    commands = {described["name"]: command(line, described) for line in lines for described in line.get("commands", [])}
    return {"id": plugin["id"], "version": plugin["version"], "commands": commands}

if sys.argv[2] == "describe":
    print(json.dumps(describe(Path(sys.argv[1]).read_bytes())))
    sys.exit()
plugin = Plugin(Path(sys.argv[1]).read_bytes(), sys.argv[2] == "free")
for call in map(json.loads, sys.stdin):
    data = Path(call["in"]).read_bytes() if "in" in call else json.dumps(call["json"]).encode() if "json" in call else b""
    read = lambda result: {"bytes": Path(call["out"]).write_bytes(result)} if "in" in call else {"json": json.loads(result)}
    print(json.dumps(plugin.call(call["export"], data, call.get("shift", 0), read)))
print(json.dumps({"memory": plugin.exports["memory"].data_len(plugin.store)}))
