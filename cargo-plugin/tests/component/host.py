"""Runs calls of components in wasmtime's component API.

    python host.py COMPONENT CALLS

CALLS is a file with a JSON array of `[function, [parameter, ...]]`. One line of JSON for each goes to
standard output: `{"ok": ...}`, `{"err": ...}` or `{"trap": ...}`. Besides the component's functions
there are

- `["$repeat", [COUNT, FUNCTION, PARAMETERS]]`, which makes a call COUNT times,
- `["$lines", []]`, which returns the lines that the plugin has logged and the events it has emitted,
- `["$restart", []]`, which makes a new instance.

Values are in JSON: records and texts as they are, none as null, a case of a variant as `{"$case":
name, "value": ...}`, a 64-bit integer as `{"$wide": "1"}`, and a list of numbers as `{"$u8": [...]}`.
"""

import json
import sys

import wasmtime
from wasmtime import Config, Engine, Store, Trap, WasmtimeError
from wasmtime.component import Component, Linker, Record, Variant, _types as types

NUMBERS = {
    types.U8: "u8", types.S8: "s8", types.U16: "u16", types.S16: "s16", types.U32: "u32",
    types.S32: "s32", types.U64: "u64", types.S64: "s64", types.F32: "f32", types.F64: "f64",
}


def to_host(ty, value):
    """Converts a value of the table to one of wasmtime's."""
    if isinstance(value, dict):
        for marked in [*NUMBERS.values(), "wide"]:
            if "$" + marked in value:
                return to_host(ty, value["$" + marked])
    if type(ty) in (types.U64, types.S64):
        return int(value)
    if type(ty) in (types.F32, types.F64):
        return float(value)
    if isinstance(ty, types.ListType):
        items = [to_host(ty.element, item) for item in value]
        return bytes(items) if isinstance(ty.element, types.U8) else items
    if isinstance(ty, types.TupleType):
        return tuple(to_host(part, item) for part, item in zip(ty.elements, value))
    if isinstance(ty, types.RecordType):
        record = Record()
        for name, part in ty.fields:
            setattr(record, name, to_host(part, value.get(name)))
        return record
    if isinstance(ty, types.OptionType):
        if value is None:
            return Variant("none") if ty._tagged() else None
        payload = to_host(ty.payload, value)
        return Variant("some", payload) if ty._tagged() else payload
    if isinstance(ty, types.VariantType):
        case, payload = value["$case"], value.get("value")
        inner = dict(ty.cases)[case]
        payload = None if inner is None else to_host(inner, payload)
        return Variant(case, payload) if ty._tagged() else payload
    return value


def chosen(ty, value):
    """Returns the case that a value of a variant has, and its payload."""
    if ty._tagged():
        return value.tag, value.payload
    for name, inner in ty._cases():
        if inner is None:
            if value is None:
                return name, None
            continue
        classes = set()
        inner.add_classes(classes)
        if isinstance(value, tuple(classes)):
            return name, value
    raise ValueError(f"{value!r} is no case")


def number(value):
    """Returns a number as JavaScript writes it: without a fraction if it is whole."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def from_host(ty, value):
    """Converts a value of wasmtime's to one of the table."""
    if ty is None:
        return None
    if type(ty) in (types.U64, types.S64):
        return {"$wide": str(value)}
    if isinstance(ty, types.ListType):
        element = type(ty.element)
        if element in NUMBERS:
            wide = element in (types.U64, types.S64)
            return {"$" + NUMBERS[element]: [str(item) if wide else number(item) for item in value]}
        return [from_host(ty.element, item) for item in value]
    if isinstance(ty, types.TupleType):
        return [from_host(part, item) for part, item in zip(ty.elements, value)]
    if isinstance(ty, types.RecordType):
        return {name: from_host(part, getattr(value, name)) for name, part in ty.fields}
    if isinstance(ty, types.OptionType):
        case, payload = chosen(ty, value)
        return None if case == "none" else from_host(ty.payload, payload)
    if isinstance(ty, types.VariantType):
        case, payload = chosen(ty, value)
        inner = dict(ty.cases)[case]
        return {"$case": case, "value": from_host(inner, payload)}
    return value


class Services:
    """The services, in memory."""

    def __init__(self):
        self.values = {}
        self.lines = []

    def offer(self, linker):
        refused = Record()
        refused.code, refused.message, refused.details = "permission_denied", "not granted", '{"a":1}'

        def entry(name, size):
            record = Record()
            record.name, record.folder, record.bytes = name, False, size
            return record

        def response(request):
            record = Record()
            record.status = 200
            record.headers = list(request.headers)
            timeout = getattr(request, "timeout-ms")
            record.body = f"{request.method} {request.url} {timeout} ".encode() + request.body
            return record

        def reply(conversation):
            record = Record()
            record.content = "|".join(f"{m.role}:{m.content}" for m in conversation.messages)
            record.model = None
            return record

        def deleted(key):
            return self.values.pop(key, None) is not None

        # Results whose cases have different classes are passed as the value alone.
        functions = {
            "ai": {"chat": lambda _, conversation: Variant("ok", reply(conversation))},
            "config": {"get": lambda _, key: '"set"' if key == "key" else None},
            "events": {
                "emit": lambda _, topic, data: self.lines.append(f"emit {topic} {data}"),
                "subscribe": lambda _, pattern: refused,
                "unsubscribe": lambda _, pattern: None,
            },
            "files": {
                "read": lambda _, path: b"contents of " + path.encode(),
                "write": lambda _, path, contents: None,
                "remove": lambda _, path: refused,
                "entries": lambda _, path: [entry("a", 1), entry("b", 1 << 40)],
            },
            "http": {"send": lambda _, request: Variant("ok", response(request))},
            "kv": {
                "get": lambda _, key: self.values.get(key),
                "set": lambda _, key, value: self.values.__setitem__(key, value),
                "delete": lambda _, key: deleted(key),
                "keys": lambda _, prefix: sorted(k for k in self.values if k.startswith(prefix)),
            },
            "log": {
                "max-level": lambda _: "debug",
                "write": lambda _, level, target, message: self.lines.append(
                    f"{level} {target}: {message}"
                ),
            },
            "random": {"bytes": lambda _, count: bytes(range(count))},
            "time": {"now": lambda _: (1 << 60) + 1, "monotonic": lambda _: 7},
        }
        with linker.root() as root:
            for interface, members in functions.items():
                with root.add_instance(f"plugin-sdk:host/{interface}@0.1.0") as instance:
                    for name, function in members.items():
                        instance.add_func(name, function)


class Plugin:
    def __init__(self, path):
        self.engine = Engine(Config())
        self.component = Component.from_file(self.engine, path)
        self.restart()

    def restart(self):
        self.store = Store(self.engine)
        self.services = Services()
        linker = Linker(self.engine)
        self.services.offer(linker)
        self.instance = linker.instantiate(self.store, self.component)
        exports = self.component.type.exports(self.engine)
        [name] = [name for name in exports if "/commands" in name]
        self.index = self.instance.get_export_index(self.store, name)

    def function(self, name):
        index = self.instance.get_export_index(self.store, name, self.index)
        function = self.instance.get_func(self.store, index)
        if function is None:
            raise SystemExit(f"there is no function `{name}`")
        return function, function.type(self.store)

    def call(self, name, parameters):
        if name == "$lines":
            lines, self.services.lines = self.services.lines, []
            return {"ok": lines}
        if name == "$restart":
            self.restart()
            return {"ok": None}
        function, ty = self.function(name)
        values = [to_host(part, value) for (_, part), value in zip(ty.params, parameters)]
        try:
            result = function(self.store, *values)
            function.post_return(self.store)
        except (Trap, WasmtimeError) as error:
            return {"trap": str(error)}
        case, payload = chosen(ty.result, result)
        inner = ty.result.ok if case == "ok" else ty.result.err
        return {case: from_host(inner, payload)}


def main():
    plugin = Plugin(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as file:
        calls = json.load(file)
    for name, parameters in calls:
        if name == "$repeat":
            count, inner, inner_parameters = parameters
            for _ in range(count):
                outcome = plugin.call(inner, inner_parameters)
        else:
            outcome = plugin.call(name, parameters)
        print(json.dumps(outcome, ensure_ascii=True), flush=True)


main()
