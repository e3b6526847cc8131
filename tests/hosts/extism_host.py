"""Runs a plugin in Extism's Python package: python extism_host.py <plugin.wasm> <manifest>

The manifest is JSON with the members of an Extism manifest other than the module, such as
{"config": {"greeting": "Hi"}}. The program reads and writes the same lines as the host in
tests/extism, which uses Extism's Rust crate.
"""
import json, os, sys
from pathlib import Path
import extism

os.environ["EXTISM_CACHE_CONFIG"] = ""  # no cache: it would be the user's

def serve(plugin, call):
    data = Path(call["in"]).read_bytes() if "in" in call else json.dumps(call["json"]).encode() if "json" in call else b""
    try:
        output = plugin.call(call["export"], data)
    except extism.Error as error:
        return refused(str(error))
    return {"bytes": Path(call["out"]).write_bytes(output)} if "out" in call else {"json": json.loads(output or b"null")}

def refused(words):
    """Distinguishes errors that a plugin set, in the form of docs/abi.md, from all other text."""
    try:
        error = json.loads(words)
    except ValueError:
        error = None
    return {"error": error} if isinstance(error, dict) and "code" in error else {"trap": words}

log = []
logger = extism.set_log_custom(log.append, "extism::pdk=trace")
plugin = extism.Plugin({**json.loads(sys.argv[2]), "wasm": [{"path": sys.argv[1]}]})
for call in map(json.loads, sys.stdin):
    print(json.dumps(serve(plugin, call)))
logger.drain()
print(json.dumps({"log": [line.rstrip() for line in log]}))
