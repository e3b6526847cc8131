// Runs a plugin in Extism's JavaScript library, which is a host of its own on the platform's engine:
// node extism_host.mjs <plugin.wasm> <manifest>
//
// The manifest is JSON with the members of an Extism manifest other than the module, such as
// {"config": {"greeting": "Hi"}}.
//
// Reads calls as lines of JSON: {"export": "greet", "json": {…}}, or {"export": …, "in": file,
// "out": file} for plain bytes. Answers each with a line: `json` or `bytes`, the `error` that the
// plugin set, or the message of a `trap`. A last line has the levels and lines that the plugin
// logged.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const { createPlugin } = createRequire(join(process.env.PLUGIN_SDK_NODE_MODULES, "extism"))("@extism/extism");

const log = [];
const at = (level) => (line) => log.push([level, line]);
const logger = { trace: at("TRACE"), debug: at("DEBUG"), info: at("INFO"), warn: at("WARN"), error: at("ERROR") };

const [wasm, manifest] = process.argv.slice(2);
const { config } = JSON.parse(manifest);
const plugin = await createPlugin({ wasm: [{ data: readFileSync(wasm) }] }, { config, logger, logLevel: "trace" });
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await serve(JSON.parse(line))));
}
console.log(JSON.stringify({ log }));

async function serve(call) {
  const input = call.in ? readFileSync(call.in) : "json" in call ? JSON.stringify(call.json) : "";
  let output;
  try {
    output = (await plugin.call(call.export, input))?.bytes() ?? new Uint8Array();
  } catch (error) {
    return refused(error.message);
  }
  if (call.out) {
    writeFileSync(call.out, output);
    return { bytes: output.length };
  }
  return { json: output.length === 0 ? null : JSON.parse(new TextDecoder().decode(output)) };
}

// Distinguishes errors that a plugin set, in the form of docs/abi.md, from all other text.
function refused(words) {
  try {
    const error = JSON.parse(words.replace("Plugin-originated error: ", ""));
    if (error?.code) return { error };
  } catch {
    // Not JSON.
  }
  return { trap: words };
}
