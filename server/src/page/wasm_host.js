// A host for plugins of ABI version 1 (docs/abi.md), in a worker so that a guest that never returns
// does not stop the page. Everything that comes from the guest is bounded and checked.
//
// The page sends `{load: bytes, config, settings}` once, then `{call, input, inPlace}`. Each is
// answered with `{done: outcome}`; log lines and events arrive before, as `{notice}`.
"use strict";

const LIMITS = { text: 8192, notices: 1000, event: 1 << 20, stored: 64 << 20, deliveries: 100 };

/** The reason why a call failed. If it `ends` the instance, the instance must not be called again. */
class Failure extends Error {
  constructor(code, message, { ends = true, ...more } = {}) {
    super(message);
    this.error = { code, message, ...more };
    this.ends = ends;
  }
}

class Host {
  constructor(config, settings) {
    this.config = config;
    this.settings = new Map(settings);
    this.store = new Map();
    this.stored = 0;
    this.patterns = new Set();
    this.emitted = [];
    this.notices = 0;
  }

  async load(wasm) {
    const module = await WebAssembly.compile(wasm);
    const marks = WebAssembly.Module.exports(module).map(({ name }) => name).filter((name) => name.startsWith("plugin_abi_"));
    if (marks.join() !== "plugin_abi_1") {
      throw new Failure("abi", `this page runs plugins of ABI version 1; the module has ${marks.join() || "no ABI version"}`);
    }
    const imports = { plugin_host: {} };
    const services = this.services();
    for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
      if (from !== "plugin_host" || kind !== "function") {
        throw new Failure("imports", `the module imports \`${from}.${name}\`, which this page does not have`);
      }
      const unavailable = () => this.refuse("unavailable", `\`${name}\` does not work in the browser`);
      imports.plugin_host[name] = Object.hasOwn(services, name) ? services[name] : unavailable;
    }
    const [section] = WebAssembly.Module.customSections(module, "plugin-sdk");
    const lines = section ? new TextDecoder().decode(section).split("\n").filter(Boolean) : [];
    lines.flatMap((line) => JSON.parse(line).handles ?? []).forEach(({ topic }) => this.patterns.add(topic));
    this.exports = (await WebAssembly.instantiate(module, imports)).exports;
    if (this.exports.plugin_init) this.call("plugin_init", new TextEncoder().encode(this.config));
    if (this.exports.plugin_start) this.call("plugin_start", new Uint8Array());
  }

  /** Returns a view of the current memory, which may have grown. */
  bytes(address, length) {
    const memory = this.exports.memory.buffer;
    if (length === 0) return new Uint8Array();
    if (address + length > memory.byteLength) {
      throw new Failure("bad_pointer", `${length} bytes at ${address} are not in the guest's memory`);
    }
    return new Uint8Array(memory, address, length);
  }

  text(address, length, most = Infinity) {
    return new TextDecoder().decode(this.bytes(address >>> 0, Math.min(length >>> 0, most)));
  }

  /** Puts bytes into memory that the guest allocates, and returns their address. */
  put(bytes) {
    const address = this.exports.alloc(bytes.length) >>> 0;
    if (address === 0) throw new Failure("out_of_memory", `the guest has no memory for ${bytes.length} bytes`);
    this.bytes(address, bytes.length).set(bytes);
    return address;
  }

  /** Calls an export, and returns a copy of its result; with `inPlace`, of its arguments. */
  call(name, input, inPlace) {
    const run = this.exports[name];
    if (typeof run !== "function") throw new Failure("unknown_command", `the module has no \`${name}\``, { ends: false });
    const address = this.put(input);
    const packed = BigInt.asUintN(64, run(address, input.length) ?? 0n);
    const [at, length] = [Number(packed >> 32n), Number(packed & 0x7fffffffn)];
    const result = this.bytes(at, length).slice();
    if (packed & 0x80000000n) throw this.pluginError(result);
    const answer = inPlace && length === 0 ? this.bytes(address, input.length).slice() : result;
    this.exports.free(address, input.length);
    return answer;
  }

  pluginError(bytes) {
    const text = new TextDecoder().decode(bytes);
    try {
      const { code, message, details, source } = JSON.parse(text);
      return new Failure(String(code), String(message), { details, source, ends: false });
    } catch {
      return new Failure("bad_error", "the plugin's error is not valid JSON", { details: text.slice(0, LIMITS.text) });
    }
  }

  /** Reads why the instance has trapped, without running guest code again. */
  trapped(trap) {
    const record = this.exports?.plugin_abi_1;
    if (!record) return new Failure("trap", trap.message);
    try {
      const fields = new Uint32Array(this.bytes(record.value >>> 0, 24).slice().buffer);
      const [message, length, file, fileLength, line, column] = fields;
      if (fields.every((field) => field === 0)) return new Failure("trap", trap.message);
      const place = fileLength ? `${this.text(file, fileLength, 1024)}:${line}:${column}` : undefined;
      return new Failure("panic", this.text(message, length, 1024), { place });
    } catch {
      return new Failure("trap", trap.message);
    }
  }

  /** Delivers the events that the call emitted to the plugin's handlers. */
  deliver() {
    for (let count = 0; this.emitted.length && this.exports.plugin_event && count < LIMITS.deliveries; count++) {
      const { topic, data } = this.emitted.shift();
      if ([...this.patterns].some((pattern) => matches(pattern, topic))) {
        this.call("plugin_event", new TextEncoder().encode(`{"topic":${JSON.stringify(topic)},"data":${data}}`));
      }
    }
    this.emitted = [];
  }

  notice(kind, data) {
    if (this.notices++ < LIMITS.notices) postMessage({ notice: { kind, data } });
  }

  /** Passes bytes to the guest as the packed result of a host function. */
  answer(bytes, failed) {
    if (!bytes) return 0n;
    return (BigInt(this.put(bytes)) << 32n) | (failed ? 0x80000000n : 0n) | BigInt(bytes.length);
  }

  json(value) {
    return this.answer(new TextEncoder().encode(JSON.stringify(value)));
  }

  refuse(code, message) {
    return this.answer(new TextEncoder().encode(JSON.stringify({ code, message })), true);
  }

  services() {
    const text = (address, length) => this.text(address, length);
    const time = (out, nanoseconds) => {
      new DataView(this.bytes(out >>> 0, 8).buffer, out >>> 0, 8).setBigUint64(0, nanoseconds, true);
      return 0n;
    };
    return {
      log_max_level: () => 4, // Debug: lines of the level trace would slow down what they trace.
      log_write: (level, target, targetLength, message, messageLength) => {
        const word = ["", "error", "warn", "info", "debug", "trace"][level] ?? "info";
        const short = (address, length) => this.text(address, length, LIMITS.text);
        this.notice("log", { line: { level: word, target: short(target, targetLength), message: short(message, messageLength) } });
      },
      config_get: (key, length) => this.answer(encoded(this.settings.get(text(key, length)))),
      kv_get: (key, length) => this.answer(this.store.get(text(key, length))),
      kv_set: (key, length, value, valueLength) => {
        const name = text(key, length);
        const bytes = this.bytes(value >>> 0, valueLength >>> 0).slice();
        const before = this.store.has(name) ? name.length + this.store.get(name).length : 0;
        const stored = this.stored - before + name.length + bytes.length;
        if (stored > LIMITS.stored) return this.refuse("quota_exceeded", `the store has room for ${LIMITS.stored} bytes`);
        this.stored = stored;
        this.store.set(name, bytes);
        return 0n;
      },
      kv_delete: (key, length) => {
        const name = text(key, length);
        if (this.store.has(name)) this.stored -= name.length + this.store.get(name).length;
        return this.json(this.store.delete(name));
      },
      kv_list: (prefix, length) => this.json([...this.store.keys()].filter((key) => key.startsWith(text(prefix, length))).sort()),
      events_emit: (topic, topicLength, data, dataLength) => {
        const event = { topic: text(topic, topicLength), data: text(data, dataLength) };
        if (event.data.length > LIMITS.event) return this.refuse("quota_exceeded", `an event has at most ${LIMITS.event} bytes`);
        if (this.emitted.length >= LIMITS.notices) return this.refuse("quota_exceeded", `a call emits at most ${LIMITS.notices} events`);
        this.emitted.push(event);
        this.notice("event", event);
        return 0n;
      },
      events_subscribe: (pattern, length) => {
        if (this.patterns.size < LIMITS.notices) this.patterns.add(text(pattern, length));
        return 0n;
      },
      events_unsubscribe: (pattern, length) => {
        this.patterns.delete(text(pattern, length));
        return 0n;
      },
      time_now: (out) => time(out, BigInt(Date.now()) * 1_000_000n),
      time_monotonic: (out) => time(out, BigInt(Math.round(performance.now() * 1000)) * 1000n),
      random_fill: (address, length) => {
        // The browser fills at most 65,536 bytes per call.
        const bytes = this.bytes(address >>> 0, length >>> 0);
        for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
        return 0n;
      },
    };
  }
}

const encoded = (text) => (text === undefined ? undefined : new TextEncoder().encode(text));

/** Returns whether a pattern of topics matches a topic. */
function matches(pattern, topic) {
  const [wanted, found] = [pattern.split("."), topic.split(".")];
  const open = wanted.at(-1) === "**";
  if (open) wanted.pop();
  const fits = open ? found.length >= wanted.length : found.length === wanted.length;
  return fits && wanted.every((part, index) => part === "*" || part === found[index]);
}

let host;

onmessage = async ({ data }) => {
  const begun = performance.now();
  let outcome;
  try {
    if (data.load) {
      host = new Host(data.config, data.settings);
      await host.load(data.load);
      outcome = {};
    } else {
      host.notices = 0;
      const bytes = host.call(data.call, data.input, data.inPlace);
      outcome = { bytes, time: performance.now() - begun };
      host.deliver();
    }
  } catch (failure) {
    const known = failure instanceof Failure ? failure : host.trapped(failure);
    outcome = { error: known.error, ended: known.ends, time: performance.now() - begun };
  }
  postMessage({ done: outcome });
};
