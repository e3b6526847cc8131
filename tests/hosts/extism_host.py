"""Runs a plugin in Extism's Python package: python extism_host.py <plugin.wasm> <manifest>, the second being what an Extism manifest may say beside
the module, as JSON ({"config": {"greeting": "Hi"}}). Takes the same lines as the host in tests/extism, which is Extism's Rust crate, and answers as it does.
"""
import json, os, sys
from pathlib import Path
import extism

os.environ["EXTISM_CACHE_CONFIG"] = ""  # no cache: it would be the user's own

def serve(plugin, call):
    data = Path(call["in"]).read_bytes() if "in" in call else json.dumps(call["json"]).encode() if "json" in call else b""
    try:
        output = plugin.call(call["export"], data)
    except extism.Error as error:
        return refused(str(error))
    return {"bytes": Path(call["out"]).write_bytes(output)} if "out" in call else {"json": json.loads(output or b"null")}

def refused(words):
    """What a plugin sets is an error as docs/abi.md has them; all else that can go wrong has other words."""
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
