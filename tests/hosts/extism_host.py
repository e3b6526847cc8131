"""Runs a plugin in Extism's Python package, whose native library is Extism's Rust crate:
python extism_host.py <plugin.wasm> <manifest>

The arguments, and the lines that the program reads and writes, are those of extism_host.mjs.
"""
import json, os, re, sys
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
# A line: `<time>  INFO extism::pdk: <text> plugin="<id>"`.
lines = (re.match(r"\S+ +(\w+) extism::pdk: (.*) plugin=\S*$", line.rstrip(), re.DOTALL) for line in log)
print(json.dumps({"log": [line.groups() for line in lines]}))
