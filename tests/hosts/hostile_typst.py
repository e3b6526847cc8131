"""Runs hostile guests in Typst: python hostile_typst.py

The lines that the program reads and writes are those of hostile_wasmtime.py. Each step compiles a
new document. Typst has no limits to set.
"""
import base64, json, shutil, sys, tempfile
from pathlib import Path
import typst

DOCUMENT = """
#let guest = plugin("plugin.wasm")
#metadata(CALL) <answer>
"""

def meaning(error):
    words = str(error)
    if "plugin errored with" in words:
        return "error_value"
    return "trap" if "plugin panicked" in words else "refused"

with tempfile.TemporaryDirectory() as folder:
    document = Path(folder) / "document.typ"
    for step in map(json.loads, sys.stdin):
        if "load" in step:
            shutil.copy(step["load"], Path(folder) / "plugin.wasm")
        call = f'array(guest.{step["export"]}(bytes("")))' if "export" in step else '"loaded"'
        document.write_text(DOCUMENT.replace("CALL", call), encoding="utf-8")
        answer = {"outcome": "answers"}
        try:
            output = json.loads(typst.query(str(document), "<answer>", field="value", one=True, root=folder, ignore_system_fonts=True))
            if "export" in step:
                answer["output"] = base64.b64encode(bytes(output)).decode()
        except RuntimeError as error:
            answer = {"outcome": meaning(error), "said": str(error)[:300]}
        print(json.dumps(answer), flush=True)
