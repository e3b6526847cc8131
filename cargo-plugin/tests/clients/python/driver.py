"""Makes the calls of a table with the client of the guest `typed`: python driver.py typed.wasm

Arguments are read into the client's types, and results are written from them, by the client's own
functions.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from array import array
from enum import Enum

sys.path.insert(0, "clients")

import typed  # noqa: E402

TYPECODES = {"i16": "h", "u64": "Q", "f32": "f"}


def written(value: object) -> object:
    if dataclasses.is_dataclass(value):
        return getattr(typed, f"_write_{type(value).__name__}")(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [written(item) for item in value]
    return value


def raw(spec: dict) -> object:
    if spec["element"] == "text":
        return "".join(spec["values"]) * spec["repeat"]
    if spec["element"] == "u8":
        return bytes(spec["values"]) * spec["repeat"]
    code = TYPECODES[spec["element"]]
    return array(code, [float(value) if code == "f" else value for value in spec["values"]] * spec["repeat"])


def element(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def outcome(client: typed.Typed, call: dict) -> dict:
    if "hook" in call:
        if call["hook"] == "event":
            client.event(call["topic"], call["data"])
        else:
            getattr(client, call["hook"])()
        return {"result": None}
    name = call["command"]
    method = getattr(client, {"load": "load_", "import": "import_"}.get(name, name))
    if call.get("not_a_number"):
        return {"result": method(value=math.nan)}
    if "input" in call or "output" in call:
        answer = method(raw(call["input"])) if "input" in call else method()
        if answer is None:
            return {"result": None}
        if isinstance(answer, str):
            return {"elements": {"values": [answer], "count": 1}}
        return {"elements": {"values": [element(value) for value in answer[:4]], "count": len(answer)}}
    read = getattr(typed, f"_read_{name.capitalize()}Arguments", None)
    arguments = dataclasses.asdict if read is None else read(call["arguments"])
    fields = [] if read is None else dataclasses.fields(arguments)
    given = {field.name: getattr(arguments, field.name) for field in fields}
    result = method(**given)
    write = getattr(typed, f"_write_{method.__annotations__['return']}", written)
    return {"result": write(result)}


def failed(error: typed.PluginError) -> dict:
    panic = error.panic
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "panic": panic and panic.message,
            "file": panic and panic.file,
        }
    }


for scenario in json.load(sys.stdin):
    config = typed._read_Config(scenario.get("config", {}))
    limits = typed.Limits(**scenario.get("limits", {}))
    try:
        client = typed.Typed.load(sys.argv[1], config, limits=limits)
    except typed.PluginError as error:
        print(json.dumps(failed(error)))
        continue
    for call in scenario["calls"]:
        try:
            shown = outcome(client, call)
        except typed.PluginError as error:
            shown = failed(error)
        print(json.dumps(shown))
