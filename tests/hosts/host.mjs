// A host for plugins of ABI version 1 on node's own WebAssembly, written from docs/abi.md alone: node host.mjs <plugin.wasm> keep|free|describe
// With keep, one buffer serves all arguments and no result is given back; with free, both are given back after every call. Calls come in as
// lines of JSON, {"export": "command_greet", "json": {…}}, or {"export": …, "in": file, "out": file} for a raw command; each gets a line back.
// With describe, it says what the plugin is and what its commands take, without running anything.
import { readFileSync, writeFileSync } from "node:fs";

const ABI = "plugin_abi_1";

class Plugin {
  constructor(wasm, frees) {
    const module = new WebAssembly.Module(wasm);
    const names = WebAssembly.Module.exports(module).map(({ name }) => name);
    const version = names.filter((name) => name.startsWith("plugin_abi_")).join();
    if (version !== ABI) throw new Error(`expected ${ABI}, found ${version || "no plugin"}`);
    this.exports = new WebAssembly.Instance(module, {}).exports;
    Object.assign(this, { frees, address: 0, room: 0, dead: false });
  }

  call(name, input, shift, read) {
    if (this.dead) return { refused: "the instance is dead" };
    if (!this.exports[name]) return { error: { code: "unknown_command", message: `there is no ${name}` } };
    try {
      this.put(input, shift);
      const packed = this.run(name, this.address + shift, input.length);
      const [address, failed, length] = [packed >> 32n & 0xffffffffn, packed & 0x80000000n, packed & 0x7fffffffn].map(Number);
      const result = this.bytes(address, length);
      const answer = failed ? { error: parse(result) } : read(result);
      if (this.frees) { this.run("free", address, length); this.release(); }
      return answer;
    } catch (error) {
      this.dead = true; // also after an answer that no plugin may give
      return error.answer ?? { refused: error.message };
    }
  }

  // Runs the guest's code; a trap becomes what the panic record tells of it.
  run(name, ...args) {
    try {
      return this.exports[name](...args); // JavaScript drops arguments that a function does not take
    } catch (trap) {
      const record = new DataView(this.bytes(this.exports[ABI].value >>> 0, 24).slice().buffer);
      const [message, messageLen, file, fileLen, line, column] = [0, 4, 8, 12, 16, 20].map((at) => record.getUint32(at, true));
      const text = (address, length) => new TextDecoder().decode(this.bytes(address, length).slice(0, 1024));
      if (!message && !line) throw Object.assign(trap, { answer: { trap: trap.message } });
      throw Object.assign(trap, { answer: { panic: { message: text(message, messageLen), file: text(file, fileLen), line, column } } });
    }
  }

  put(input, shift) {
    if (input.length + shift > this.room) {
      this.release();
      this.room = input.length + shift;
      this.address = this.run("alloc", this.room) >>> 0;
      if (this.address === 0) throw new Error("alloc has no room");
    }
    this.bytes(this.address + shift, input.length).set(input);
  }

  release() {
    if (this.room > 0) this.run("free", this.address, this.room);
    this.room = 0;
  }

  // A view of the memory as it is now, for it may have grown.
  bytes(address, length) {
    const memory = this.exports.memory.buffer;
    if (length > 0 && address + length > memory.byteLength) throw new Error(`${length} bytes at ${address} are not in the memory`);
    return length > 0 ? new Uint8Array(memory, address, length) : new Uint8Array();
  }
}

// What the section's lines say; a reference in one of them is to the `$defs` of the same line.
function describe(wasm) {
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(wasm), "plugin-sdk");
  if (!section) return null;
  const lines = new TextDecoder().decode(section).split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const { id, version } = lines.find((line) => line.abi === 1);
  const resolve = (line, schema) => line.$defs?.[schema?.$ref?.replace("#/$defs/", "")] ?? schema;
  const command = (line, { name, description, arguments: schema }) => [name, { description, arguments: Object.keys(resolve(line, schema)?.properties ?? {}) }];
  return { id, version, commands: Object.fromEntries(lines.flatMap((line) => line.commands?.map((described) => command(line, described)) ?? [])) };
}

const parse = (bytes) => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
if (process.argv[3] === "describe") {
  console.log(JSON.stringify(describe(readFileSync(process.argv[2]))));
  process.exit();
}
const plugin = new Plugin(readFileSync(process.argv[2]), process.argv[3] === "free");
for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const call = JSON.parse(line);
  const input = call.in ? readFileSync(call.in) : Buffer.from("json" in call ? JSON.stringify(call.json) : "");
  const read = (result) => (call.in ? (writeFileSync(call.out, result), { bytes: result.length }) : { json: parse(result) });
  console.log(JSON.stringify(plugin.call(call.export, input, call.shift ?? 0, read)));
}
console.log(JSON.stringify({ memory: plugin.exports.memory.buffer.byteLength }));
