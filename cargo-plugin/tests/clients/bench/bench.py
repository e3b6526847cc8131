"""Compares clients in Python with code written by hand. Run it in the folder of the modules and of the
clients; see README.md."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

import wasmtime
from greeter import Greeter
from typed import Typed


class ByHand:
    """A plugin, called as an author of a host would by hand."""

    def __init__(self, file: str) -> None:
        self.store = wasmtime.Store()
        module = wasmtime.Module.from_file(self.store.engine, file)
        self.exports = wasmtime.Instance(self.store, module, []).exports(self.store)
        self.memory = self.exports["memory"]
        self.exports["plugin_init"](self.store, 0, 0)

    def call(self, name: str, data: bytes) -> bytes:
        address = self.exports["alloc"](self.store, len(data)) & 0xFFFFFFFF
        self.memory.write(self.store, data, address)
        packed = self.exports[name](self.store, address, len(data))
        start, length = packed >> 32 & 0xFFFFFFFF, packed & 0x7FFFFFFF
        result = bytes(self.memory.read(self.store, start, start + length))
        self.exports["free"](self.store, address, len(data))
        if packed & 0x80000000:
            raise ValueError(result.decode())
        return result

    def json(self, name: str, value: object) -> object:
        return json.loads(self.call(name, json.dumps(value).encode()))


def seconds(job: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        job()
    return (time.perf_counter() - start) / count


greeter, typed = Greeter.load("greeter.wasm"), Typed.load("typed.wasm")
greeter_by_hand, typed_by_hand = ByHand("greeter.wasm"), ByHand("typed.wasm")
small, large = bytes(1 << 10), bytes(1 << 20)
jobs = {
    "greet": (lambda: greeter.greet(name="Ada"), lambda: greeter_by_hand.json("command_greet", {"name": "Ada"})),
    "echo 1 KiB": (lambda: typed.echo(small), lambda: typed_by_hand.call("command_echo", small)),
    "echo 1 MiB": (lambda: typed.echo(large), lambda: typed_by_hand.call("command_echo", large)),
}
for name, (ours, by_hand) in jobs.items():
    count = int(5e-3 / seconds(by_hand, 100)) + 1
    rounds = [(seconds(ours, count), seconds(by_hand, count)) for _ in range(100)]
    us, them = (statistics.median(column) * 1e6 for column in zip(*rounds))
    ratio = statistics.median(one / other for one, other in rounds)
    print(f"{name}: {us:.1f} µs, by hand {them:.1f} µs, ratio {ratio:.2f}")
