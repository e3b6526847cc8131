// Runs hostile guests on Node's WebAssembly engine, in a host written from docs/abi.md:
// node hostile_node.mjs
//
// The lines that the program reads and writes are those of hostile_wasmtime.py. The engine has no
// limits of time and memory. The guest runs in a worker, which ends when a call takes too long.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Worker, isMainThread, parentPort } from "node:worker_threads";

if (isMainThread) await main();
else parentPort.on("message", (step) => parentPort.postMessage(take(step)));

// Tells the main thread that the guest's code runs from now on.
function begin() {
  parentPort.postMessage("begin");
}

async function main() {
  // The running worker, the limit of its calls, and the step that waits for an answer.
  let worker, timeout, timer, resolve;
  const end = (answer, dead) => {
    clearTimeout(timer);
    if (dead) {
      worker.removeAllListeners();
      worker.terminate();
      worker = undefined;
    }
    resolve(answer);
  };
  const start = () => new Worker(new URL(import.meta.url))
    .on("message", (message) => {
      clearTimeout(timer);
      if (message !== "begin") end(message);
      else timer = setTimeout(end, timeout, { outcome: "time_limit" }, true);
    })
    .on("error", () => end({ outcome: "memory_limit" }, true));
  for await (const line of createInterface({ input: process.stdin })) {
    const step = JSON.parse(line);
    timeout = step.limits?.timeout_ms ?? timeout;
    if (step.load) worker ??= start();
    const answer = new Promise((answered) => { resolve = answered; });
    worker ? worker.postMessage(step) : resolve({ outcome: "dead" });
    console.log(JSON.stringify(await answer));
  }
  worker?.terminate();
}

let guest;

function take(step) {
  try {
    if (step.load) {
      guest = undefined;
      guest = new Guest(readFileSync(step.load), step.limits);
      return { outcome: "answers" };
    }
    const output = guest.call(step.export, step.input === undefined ? undefined : Buffer.from(step.input, "base64"), step.read);
    return { outcome: "answers", output: Buffer.from(output).toString("base64") };
  } catch (error) {
    return { outcome: meaning(error), said: String(error.message).slice(0, 300) };
  }
}

function meaning(error) {
  if (error.outcome) return error.outcome;
  if (error instanceof WebAssembly.RuntimeError) return "trap";
  if (error instanceof RangeError && /call stack/.test(error.message)) return "stack_overflow";
  if (error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError) return guest ? "bad_result" : "refused";
  return "refused";
}

function fail(outcome) {
  throw Object.assign(new Error(outcome), { outcome });
}

class Guest {
  constructor(wasm, limits) {
    const module = new WebAssembly.Module(wasm);
    const kinds = Object.fromEntries(WebAssembly.Module.exports(module).map(({ name, kind }) => [name, kind]));
    const version = Object.keys(kinds).filter((name) => name.startsWith("plugin_abi_")).join();
    // The engine shows the kinds of exports, and not their types.
    const isFunction = (name) => kinds[name] === "function";
    const wanted = ["alloc", "free", "plugin_init", "plugin_cleanup", ...Object.keys(kinds).filter((name) => name.startsWith("command_"))];
    if (version !== "plugin_abi_1" || kinds[version] !== "global" || kinds.memory !== "memory" || !wanted.every(isFunction)) fail("refused");
    Object.assign(this, { most: limits.result_bytes, address: 0, room: 0, dead: false });
    begin();
    try {
      this.exports = new WebAssembly.Instance(module, {}).exports;
    } catch (error) {
      throw error instanceof WebAssembly.LinkError || error instanceof TypeError ? Object.assign(error, { outcome: "refused" }) : error;
    }
  }

  call(name, input, read) {
    if (this.dead) fail("dead");
    const packed = this.run(name, ...(input ? this.put(input) : []));
    if (packed === undefined) return "";
    const [address, failed, length] = [packed >> 32n & 0xffffffffn, packed & 0x80000000n, packed & 0x7fffffffn].map(Number);
    if ((failed || read === "json") && length > this.most) fail("bad_result");
    const result = this.bytes(address, length).slice();
    if (!failed && read !== "json") return result;
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(result));
    if (failed) fail(typeof value?.code === "string" ? "error_value" : "bad_result");
    return result;
  }

  run(name, ...args) {
    begin();
    try {
      return this.exports[name](...args);
    } catch (error) {
      this.dead = true;
      throw error;
    }
  }

  put(input) {
    if (input.length > this.room) {
      this.room = Math.max(input.length, 1024);
      this.address = this.run("alloc", this.room) >>> 0;
      if (this.address === 0 || this.address % 16 !== 0) fail("bad_result");
    }
    this.bytes(this.address, input.length).set(input);
    return [this.address, input.length];
  }

  bytes(address, length) {
    const memory = this.exports.memory.buffer;
    if (length > 0 && address + length > memory.byteLength) fail("bad_result");
    return length > 0 ? new Uint8Array(memory, address, length) : new Uint8Array();
  }
}
