"""Runs a plugin in Typst: python typst_host.py <plugin.wasm> [<configuration>]

Reads lines of JSON, {"export": "greet", "json": {…}}. For each, a new document calls the plugin,
configured by plugin.transition if a configuration is given. Answers each with a line: the `json` that
the document decoded, the text of an `error`, or the message of a `trap`.
"""
import json, shutil, sys, tempfile
from pathlib import Path
import typst

DOCUMENT = """
#let made = plugin("plugin.wasm")
#let made = if "config" in sys.inputs { plugin.transition(made.plugin_init, bytes(sys.inputs.config)) } else { made }
#metadata(json(made.EXPORT(bytes(sys.inputs.argument)))) <answer>
"""

def serve(folder, config, call):
    document = folder / "document.typ"
    document.write_text(DOCUMENT.replace("EXPORT", call["export"]), encoding="utf-8")
    inputs = {"argument": json.dumps(call["json"]) if "json" in call else "", **config}
    try:
        answer = typst.query(str(document), "<answer>", field="value", one=True, root=str(folder), sys_inputs=inputs)
    except RuntimeError as error:
        words = str(error).removeprefix("failed to compile document: ")
        errored = words.removeprefix("plugin errored with: ")
        return {"error": errored} if errored != words else {"trap": words}
    return {"json": json.loads(answer)}

config = {"config": sys.argv[2]} if len(sys.argv) > 2 else {}
with tempfile.TemporaryDirectory() as folder:
    shutil.copy(sys.argv[1], Path(folder) / "plugin.wasm")
    for call in map(json.loads, sys.stdin):
        print(json.dumps(serve(Path(folder), config, call)))
