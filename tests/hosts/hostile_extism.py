"""Runs hostile guests in Extism's Python package: python hostile_extism.py

The lines that the program reads and writes are those of hostile_wasmtime.py.
"""
import base64, json, os, sys
import extism

os.environ["EXTISM_CACHE_CONFIG"] = ""  # no cache: it would be the user's

# Words of Extism's messages, and what they mean. The first that occurs decides.
WORDS = {
    "timeout": "time_limit",
    "oom": "memory_limit",
    "call stack exhausted": "stack_overflow",
    "wasm trap": "trap",
    "wasm `unreachable`": "trap",
    "unreachable": "trap",
    "wasm backtrace": "trap",
    "error while executing": "trap",
}

def meaning(error):
    return next((outcome for words, outcome in WORDS.items() if words in str(error)), "refused")

plugin = None
for step in map(json.loads, sys.stdin):
    answer = {"outcome": "answers"}
    try:
        if "load" in step:
            limits = step["limits"]
            manifest = {"wasm": [{"path": step["load"]}], "timeout_ms": limits["timeout_ms"], "memory": {"max_pages": limits["memory_pages"]}}
            plugin = extism.Plugin(manifest)
        else:
            output = plugin.call(step["export"], base64.b64decode(step.get("input", "")))
            answer["output"] = base64.b64encode(output).decode()
    except extism.Error as error:
        answer = {"outcome": meaning(error), "said": str(error)}
    print(json.dumps(answer), flush=True)
