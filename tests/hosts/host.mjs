// A host for plugins of ABI version 1 on Node's WebAssembly engine, written from docs/abi.md alone:
// node host.mjs <plugin.wasm> keep|free|describe
//
// With keep, the host uses one buffer for all arguments and frees no result. With free, it frees
// both after every call. It reads calls as lines of JSON, {"export": "command_greet", "json": {…}},
// or {"export": …, "in": file, "out": file} for a raw command, and answers each with a line. With
// describe, it prints the plugin's identity and the arguments of its commands, and runs no code.
//
// It offers a store, a log and a clock. An answer includes the lines that the call logged. During a
// call with {"within": "command_…"}, each log line makes the host call that export, which the
// plugin must refuse.
import { readFileSync, writeFileSync } from "node:fs";

const ABI = "plugin_abi_1";

class Plugin {
  constructor(wasm, frees) {
    const module = new WebAssembly.Module(wasm);
    const names = WebAssembly.Module.exports(module).map(({ name }) => name);
    const version = names.filter((name) => name.startsWith("plugin_abi_")).join();
    if (version !== ABI) throw new Error(`expected ${ABI}, found ${version || "no plugin"}`);
    Object.assign(this, { frees, address: 0, room: 0, dead: false, store: new Map(), lines: [] });
    this.exports = new WebAssembly.Instance(module, { plugin_host: this.services() }).exports;
  }

  services() {
    const text = (address, length) => new TextDecoder().decode(this.bytes(address >>> 0, length >>> 0));
    const nanoseconds = (out, number) => { new DataView(this.exports.memory.buffer).setBigUint64(out >>> 0, number, true); return 0n; };
    return {
      log_max_level: () => 3,
      log_write: (level, target, targetLen, message, messageLen) => {
        this.lines.push(`${level} ${text(target, targetLen)}: ${text(message, messageLen)}`);
        if (this.within) this.lines.push(this.take(this.exports[this.within](0, 0), parse));
      },
      kv_get: (key, keyLen) => this.give(this.store.get(text(key, keyLen))),
      kv_set: (key, keyLen, value, valueLen) => { this.store.set(text(key, keyLen), this.bytes(value >>> 0, valueLen >>> 0).slice()); return 0n; },
      time_now: (out) => nanoseconds(out, BigInt(Date.now()) * 1000000n),
      time_monotonic: (out) => nanoseconds(out, process.hrtime.bigint()),
      random_fill: (address, length) => { crypto.getRandomValues(this.bytes(address >>> 0, length >>> 0)); return 0n; },
    };
  }

  // Returns the answer of a host function: bytes in the guest's memory, or nothing.
  give(bytes) {
    if (!bytes) return 0n;
    const address = this.exports.alloc(bytes.length) >>> 0;
    if (address === 0) throw new Error("alloc has no room");
    this.bytes(address, bytes.length).set(bytes);
    return BigInt(address) << 32n | BigInt(bytes.length);
  }

  // Reads the answer of a call.
  take(packed, read) {
    const [address, failed, length] = [packed >> 32n & 0xffffffffn, packed & 0x80000000n, packed & 0x7fffffffn].map(Number);
    const result = this.bytes(address, length);
    const answer = failed ? { error: parse(result) } : read(result);
    if (this.lines.length > 0 && !this.running) answer.log = this.lines.splice(0);
    if (this.frees && !this.running) { this.run("free", address, length); this.release(); }
    return answer;
  }

  call(name, input, shift, read) {
    if (this.dead) return { refused: "the instance is dead" };
    if (!this.exports[name]) return { error: { code: "unknown_command", message: `there is no ${name}` } };
    try {
      this.put(input, shift);
      return this.take(this.run(name, this.address + shift, input.length), read);
    } catch (error) {
      this.dead = true; // also after an answer that breaks the ABI
      return error.answer ?? { refused: error.message };
    }
  }

  // Runs the guest's code. A trap becomes the contents of the panic record.
  run(name, ...args) {
    try {
      this.running = true;
      return this.exports[name](...args); // JavaScript ignores surplus arguments
    } catch (trap) {
      const record = new DataView(this.bytes(this.exports[ABI].value >>> 0, 24).slice().buffer);
      const [message, messageLen, file, fileLen, line, column] = [0, 4, 8, 12, 16, 20].map((at) => record.getUint32(at, true));
      const text = (address, length) => new TextDecoder().decode(this.bytes(address, length).slice(0, 1024));
      if (!message && !line) throw Object.assign(trap, { answer: { trap: trap.message } });
      throw Object.assign(trap, { answer: { panic: { message: text(message, messageLen), file: text(file, fileLen), line, column } } });
    } finally {
      this.running = false;
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

  // Returns a view of the current memory, which may have grown.
  bytes(address, length) {
    const memory = this.exports.memory.buffer;
    if (length > 0 && address + length > memory.byteLength) throw new Error(`${length} bytes at ${address} are not in the memory`);
    return length > 0 ? new Uint8Array(memory, address, length) : new Uint8Array();
  }
}

// Reads the lines of the section. A reference in a line is to the `$defs` of that line.
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
  plugin.within = call.within;
  const read = (result) => (call.in ? (writeFileSync(call.out, result), { bytes: result.length }) : { json: parse(result) });
  console.log(JSON.stringify(plugin.call(call.export, input, call.shift ?? 0, read)));
}
console.log(JSON.stringify({ memory: plugin.exports.memory.buffer.byteLength }));
