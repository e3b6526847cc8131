// A plugin in AssemblyScript that greets people and counts them. It follows docs/abi.md.
import { Json, quoted } from "./json";

export { plugin_abi_1 } from "./panic";

@external("plugin_host", "log_max_level")
declare function logMaxLevel(): u32;
@external("plugin_host", "log_write")
declare function logWrite(level: u32, target: usize, targetLen: u32, message: usize, messageLen: u32): void;
@external("plugin_host", "kv_get")
declare function kvGet(key: usize, keyLen: u32): u64;
@external("plugin_host", "kv_set")
declare function kvSet(key: usize, keyLen: u32, value: usize, valueLen: u32): u64;

const FAILED: u64 = 1 << 31;
const MAX_LEN: u64 = 0x7fffffff;
/** The largest block that the language's heap can allocate. */
const MAX_BLOCK: u32 = (1 << 30) - 64;
const INFO: u32 = 3;

// ---- Memory: `free` must know what `alloc` returned.

const blocks = new Set<usize>();

export function alloc(size: u32): usize {
  if (size > MAX_BLOCK) return 0;
  const block = heap.alloc(size);
  blocks.add(block);
  return block;
}

/** Results are objects of the language, which its garbage collector frees. */
export function free(address: usize, size: u32): void {
  if (blocks.delete(address)) heap.free(address);
}

// ---- Calls

/** True during a call: the host must not make another call then. */
let busy: bool = false;

/** The results of the last two calls; the earlier one may be the arguments of the later call. */
let result: ArrayBuffer = new ArrayBuffer(0);
let before: ArrayBuffer = result;

const REFUSED = String.UTF8.encode('{"code":"busy","message":"the plugin is in the middle of a call"}');

function packed(address: usize, len: u32): u64 {
  return ((<u64>address) << 32) | len;
}

/** Ends a call. */
function answer(json: string): u64 {
  before = result;
  result = String.UTF8.encode(json);
  busy = false;
  return packed(changetype<usize>(result), result.byteLength);
}

function fail(code: string, message: string, details: string = ""): u64 {
  const end = details.length > 0 ? ',"details":{' + details + "}}" : "}";
  return answer('{"code":' + quoted(code) + ',"message":' + quoted(message) + end) | FAILED;
}

function refused(): u64 {
  return packed(changetype<usize>(REFUSED), REFUSED.byteLength) | FAILED;
}

/** Bytes from the host, in a block from our `alloc`. */
function taken(bits: u64): string {
  const address = <usize>(bits >> 32);
  const text = String.UTF8.decodeUnsafe(address, <usize>(bits & MAX_LEN));
  free(address, 0);
  return text;
}

// ---- Arguments

class Arguments {
  private texts: Map<string, string> = new Map();
  private numbers: Map<string, i32> = new Map();

  /** The names in `counts` are integers from 0 to 255, all others are texts. */
  constructor(private names: string[], private counts: string[], private required: string[], private config: bool = false) {}

  /** Reads the members of an object. A result other than 0 is the answer of the call. */
  read(address: usize, len: u32): u64 {
    const json = new Json(address, len);
    let name: string | null = json.object() ? json.member() : null;
    while (name !== null) {
      if (!this.names.includes(name)) return this.unknown(name);
      const fits = this.counts.includes(name) ? this.number(name, json.unsigned(255)) : this.string(name, json.text());
      if (json.broken) break;
      if (!fits) {
        const expected = this.counts.includes(name) ? "an integer from 0 to 255" : "a string";
        return fail("invalid_argument", "it must be " + expected, '"path":' + quoted(name) + ',"expected":' + quoted(expected));
      }
      name = json.member();
    }
    if (json.broken) return fail("invalid_json", "the arguments are not a JSON object", '"offset":' + json.offset.toString());
    for (let nth = 0; nth < this.required.length; nth++) {
      const name = this.required[nth];
      if (!this.texts.has(name)) return fail("missing_argument", "an argument is missing", '"argument":' + quoted(name));
    }
    return 0;
  }

  text(name: string, otherwise: string = ""): string {
    return this.texts.has(name) ? this.texts.get(name) : otherwise;
  }

  count(name: string, otherwise: i32): i32 {
    return this.numbers.has(name) ? this.numbers.get(name) : otherwise;
  }

  private number(name: string, value: i32): bool {
    if (value < 0) return false;
    this.numbers.set(name, value);
    return true;
  }

  private string(name: string, value: string | null): bool {
    if (value === null) return false;
    this.texts.set(name, value);
    return true;
  }

  private unknown(name: string): u64 {
    const expected = ',"expected":[' + this.names.map<string>((name) => quoted(name)).join() + "]";
    if (this.config) return fail("invalid_argument", "nothing here has this name", '"path":' + quoted(name) + expected);
    return fail("unknown_argument", "nothing here has this name", '"argument":' + quoted(name) + expected);
  }
}

// ---- The plugin

let greeting: string = "Hello";
let greeted: u64 = 0;
/** The most detailed log level that the host wants; -1 before the plugin has asked. */
let level: i32 = -1;

/** Begins a call. Returns false if another call is running. */
function begin(): bool {
  if (busy) return false;
  busy = true;
  if (level < 0) level = logMaxLevel();
  return true;
}

export function plugin_init(config: usize, len: u32): u64 {
  if (!begin()) return refused();
  const given = new Arguments(["greeting"], [], [], true);
  const failure = given.read(config, len);
  if (failure != 0) return failure;
  const chosen = given.text("greeting", "Hello");
  if (chosen.length == 0) return fail("init_failed", "the greeting must not be empty");
  greeting = chosen;
  greeted = 0;
  level = logMaxLevel();
  return answer("null");
}

export function plugin_cleanup(): void {
  if (busy) return;
  greeting = "Hello";
  greeted = 0;
  level = -1;
}

export function command_greet(address: usize, len: u32): u64 {
  if (!begin()) return refused();
  const given = new Arguments(["name", "times"], ["times"], ["name"]);
  const failure = given.read(address, len);
  if (failure != 0) return failure;
  const name = given.text("name");
  if (name.length == 0) return fail("name_empty", "a name is needed to greet somebody");
  if (level >= <i32>INFO) {
    const target = String.UTF8.encode("greeter");
    const line = String.UTF8.encode("greeting " + name);
    logWrite(INFO, changetype<usize>(target), target.byteLength, changetype<usize>(line), line.byteLength);
  }
  const lines = new Array<string>(given.count("times", 1)).fill(greeting + ", " + name + "!");
  greeted++;
  return answer('{"message":' + quoted(lines.join("\n")) + ',"greeted":' + greeted.toString() + "}");
}

export function command_greeted(address: usize, len: u32): u64 {
  if (!begin()) return refused();
  const failure = new Arguments([], [], []).read(address, len);
  return failure != 0 ? failure : answer(greeted.toString());
}

/** A raw command that works in place: its result is its arguments. */
export function command_halve(address: usize, len: u32): u64 {
  if (!begin()) return refused();
  if (len % 4 != 0 || (len > 0 && address % 4 != 0)) return fail("invalid_argument", "the bytes are not whole, aligned 32-bit floats");
  for (let at: usize = address; at < address + len; at += 4) store<f32>(at, load<f32>(at) / 2);
  busy = false;
  return packed(address, len);
}

export function command_remember(address: usize, len: u32): u64 {
  if (!begin()) return refused();
  const given = new Arguments(["name"], [], ["name"]);
  const failure = given.read(address, len);
  if (failure != 0) return failure;
  const key = String.UTF8.encode("last");
  const value = String.UTF8.encode(given.text("name"));
  const bits = kvSet(changetype<usize>(key), key.byteLength, changetype<usize>(value), value.byteLength);
  return bits & FAILED ? answer(taken(bits)) | FAILED : answer("null");
}

export function command_last(address: usize, len: u32): u64 {
  if (!begin()) return refused();
  const failure = new Arguments([], [], []).read(address, len);
  if (failure != 0) return failure;
  const key = String.UTF8.encode("last");
  const bits = kvGet(changetype<usize>(key), key.byteLength);
  if (bits & FAILED) return answer(taken(bits)) | FAILED;
  return answer(bits == 0 ? "null" : quoted(taken(bits)));
}

export function command_panic(address: usize, len: u32): u64 {
  if (!begin()) return refused();
  const given = new Arguments(["message"], [], ["message"]);
  const failure = given.read(address, len);
  if (failure != 0) return failure;
  throw new Error(given.text("message")); // the line of the panic
}
