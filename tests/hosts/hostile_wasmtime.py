"""Runs hostile guests on the package wasmtime, in a host written from docs/abi.md and
docs/guide/embedding.md: python hostile_wasmtime.py

Reads steps as lines of JSON: {"load": file, "limits": {…}}, then {"export": …, "input": base64 or
nothing, "read": "json" or "bytes"}. Answers each with {"outcome": …} and the `output`.
"""
import base64, json, sys, threading
from pathlib import Path
from wasmtime import Config, Engine, FuncType, Instance, MemoryType, Module, Store, Trap, TrapCode, WasmtimeError

config = Config()
config.epoch_interruption = True
engine = Engine(config)
CODES = {TrapCode.INTERRUPT: "time_limit", TrapCode.STACK_OVERFLOW: "stack_overflow"}
BYTES = (["i32", "i32"], ["i64"])
REQUIRED = {"alloc": (["i32"], ["i32"]), "free": (["i32", "i32"], []), "plugin_init": BYTES, "plugin_cleanup": ([], [])}
HOOKS = {"plugin_start": ([], ["i64"]), "plugin_stop": ([], ["i64"]), "plugin_event": BYTES, "plugin_state_save": ([], ["i64"]), "plugin_state_load": BYTES}

class Outcome(Exception): pass

def check(module):
    """Refuses a module whose exports are not those of ABI version 1."""
    exports = {export.name: export.type for export in module.exports}
    versions = [name for name in exports if name.startswith("plugin_abi_")]
    wanted = {**REQUIRED, **{name: ty for name, ty in HOOKS.items() if name in exports}}
    wanted |= {name: BYTES for name in exports if name.startswith(("command_", "batch_"))}
    signature = lambda ty: isinstance(ty, FuncType) and ([str(one) for one in ty.params], [str(one) for one in ty.results])
    memory = exports.get("memory")
    if versions != ["plugin_abi_1"] or not isinstance(memory, MemoryType) or memory.is_64 or any(signature(exports.get(name)) != ty for name, ty in wanted.items()):
        raise Outcome("refused")
    marker = exports["plugin_abi_1"]
    if str(getattr(marker, "content", "")) != "i32" or marker.mutable:
        raise Outcome("refused")

class Guest:
    def __init__(self, wasm, limits):
        self.timeout, self.most, self.address, self.room, self.dead = limits["timeout_ms"] / 1000, limits["result_bytes"], 0, 0, False
        self.store = Store(engine)
        self.store.set_limits(memory_size=limits["memory_pages"] * 65536, table_elements=limits["table_elements"])
        module = Module(engine, wasm)
        check(module)
        if module.imports:
            raise Outcome("refused")
        self.exports = self.run(lambda store: Instance(store, module, []).exports(store))

    def run(self, code, *arguments):
        """Runs the guest's code for a limited time."""
        self.store.set_epoch_deadline(1)
        timer = threading.Timer(self.timeout, engine.increment_epoch)
        timer.start()
        try:
            return code(self.store, *arguments)
        except Trap as trap:
            self.dead = True
            raise Outcome(CODES.get(trap.trap_code, "trap")) from trap
        finally:
            timer.cancel()

    def view(self, address, length):
        memory = self.exports["memory"]
        if length > 0 and address + length > memory.data_len(self.store):
            raise Outcome("bad_result")
        return memoryview(memory.get_buffer_ptr(self.store, length, address)).cast("B") if length else b""

    def put(self, data):
        if len(data) > self.room:
            self.room = max(len(data), 1024)
            self.address = self.run(self.exports["alloc"], self.room) & 0xFFFFFFFF
            if self.address == 0 or self.address % 16 != 0:
                raise Outcome("bad_result")
        if data:
            self.view(self.address, len(data))[:] = data
        return self.address, len(data)

    def call(self, name, data, read):
        if self.dead:
            raise Outcome("dead")
        packed = self.run(self.exports[name], *(() if data is None else self.put(data)))
        if packed is None:
            return b""
        address, failed, length = packed >> 32 & 0xFFFFFFFF, packed & 0x80000000, packed & 0x7FFFFFFF
        if (failed or read == "json") and length > self.most:
            raise Outcome("bad_result")
        result = bytes(self.view(address, length))
        if failed or read == "json":
            value = json.loads(result.decode())
            if failed:
                raise Outcome("error_value" if isinstance(value, dict) and isinstance(value.get("code"), str) else "bad_result")
        return result

guest = None
for step in map(json.loads, sys.stdin):
    answer = {"outcome": "answers"}
    try:
        if "load" in step:
            guest = Guest(Path(step["load"]).read_bytes(), step["limits"])
        else:
            data = base64.b64decode(step["input"]) if "input" in step else None
            answer["output"] = base64.b64encode(guest.call(step["export"], data, step["read"])).decode()
    except Outcome as outcome:
        answer = {"outcome": str(outcome)}
    except (ValueError, RecursionError):  # UTF-8 or JSON
        answer = {"outcome": "bad_result"}
    except WasmtimeError:
        answer = {"outcome": "refused"}
    print(json.dumps(answer), flush=True)
