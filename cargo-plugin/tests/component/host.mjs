// Runs calls of a component that jco has turned into a module for Node.
//
//     node host.mjs COMPONENT CALLS FOLDER
//
// FOLDER gets the files that jco writes. For the rest, see `host.py`, which prints the same. In
// addition, `["$memory", []]` returns the size of the plugin's memory in bytes.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [component, calls, folder] = process.argv.slice(2);

const camel = (name) => name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
const kebab = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const ARRAYS = {
  $u8: Uint8Array, $s8: Int8Array, $u16: Uint16Array, $s16: Int16Array, $u32: Uint32Array,
  $s32: Int32Array, $u64: BigUint64Array, $s64: BigInt64Array, $f32: Float32Array,
  $f64: Float64Array,
};

/** Converts a value of the table to one of jco's. */
function toHost(value) {
  if (value === null) return undefined;
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(toHost);
  if ('$wide' in value) return BigInt(value.$wide);
  for (const [mark, Numbers] of Object.entries(ARRAYS)) {
    if (!(mark in value)) continue;
    const wide = mark.endsWith('64') && !mark.startsWith('$f');
    return Numbers.from(value[mark].map((number) => (wide ? BigInt(number) : Number(number))));
  }
  if ('$case' in value) return { tag: value.$case, val: toHost(value.value) };
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [camel(name), toHost(part)]));
}

/** Converts a value of jco's to one of the table. */
function fromHost(value) {
  if (value === undefined || value === null) return null;
  if (typeof value === 'bigint') return { $wide: value.toString() };
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(fromHost);
  for (const [mark, Numbers] of Object.entries(ARRAYS)) {
    if (value instanceof Numbers) {
      return { [mark]: Array.from(value, (n) => (typeof n === 'bigint' ? n.toString() : n)) };
    }
  }
  if ('tag' in value) return { $case: value.tag, value: fromHost(value.val) };
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [kebab(name), fromHost(part)]));
}

/** The services, in memory; an error is thrown. */
function services() {
  const values = new Map();
  const lines = [];
  const refused = () => {
    throw { code: 'permission_denied', message: 'not granted', details: '{"a":1}' };
  };
  const bytes = (text) => new TextEncoder().encode(text);
  const text = (array) => new TextDecoder().decode(array);
  const functions = {
    ai: {
      chat: ({ messages }) => ({ content: messages.map((m) => `${m.role}:${m.content}`).join('|') }),
    },
    config: { get: (key) => (key === 'key' ? '"set"' : undefined) },
    events: {
      emit: (topic, data) => void lines.push(`emit ${topic} ${data}`),
      subscribe: refused,
      unsubscribe: () => {},
    },
    files: {
      read: (path) => bytes(`contents of ${path}`),
      write: () => {},
      remove: refused,
      entries: () => [
        { name: 'a', folder: false, bytes: 1n },
        { name: 'b', folder: false, bytes: 1n << 40n },
      ],
    },
    http: {
      send: (request) => ({
        status: 200,
        headers: request.headers,
        body: bytes(
          `${request.method} ${request.url} ${request.timeoutMs ?? 'None'} ${text(request.body)}`,
        ),
      }),
    },
    kv: {
      get: (key) => values.get(key),
      // The array is a view of the component's memory.
      set: (key, value) => void values.set(key, Uint8Array.from(value)),
      delete: (key) => values.delete(key),
      keys: (prefix) => [...values.keys()].filter((key) => key.startsWith(prefix)).sort(),
    },
    log: {
      maxLevel: () => 'debug',
      write: (level, target, message) => void lines.push(`${level} ${target}: ${message}`),
    },
    random: { bytes: (count) => Uint8Array.from({ length: count }, (_, nth) => nth) },
    time: { now: () => (1n << 60n) + 1n, monotonic: () => 7n },
  };
  const imports = Object.fromEntries(
    Object.entries(functions).flatMap(([name, members]) => [
      [`plugin-sdk:host/${name}`, members],
      [`plugin-sdk:host/${name}@0.1.0`, members],
    ]),
  );
  return { imports, lines };
}

async function transpiled() {
  const entry = pathToFileURL(resolve(process.env.PLUGIN_SDK_JCO));
  const { transpile } = await import(entry);
  const { files } = await transpile(component, { name: 'plugin', instantiation: 'async' });
  for (const [name, contents] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  return import(pathToFileURL(resolve(folder, 'plugin.js')));
}

const { instantiate } = await transpiled();

async function begin() {
  const { imports, lines } = services();
  const compile = (path) => WebAssembly.compile(readFileSync(join(folder, path)));
  let memory;
  const note = async (module, imported) => {
    const core = await WebAssembly.instantiate(module, imported);
    memory ??= core.exports.memory;
    return core;
  };
  const instance = await instantiate(compile, imports, note);
  return { commands: instance.commands, lines, bytes: () => memory.buffer.byteLength };
}

let plugin = await begin();

async function call(name, parameters) {
  if (name === '$lines') return { ok: plugin.lines.splice(0) };
  if (name === '$memory') return { ok: plugin.bytes() };
  if (name === '$restart') {
    plugin = await begin();
    return { ok: null };
  }
  const command = plugin.commands[camel(name)];
  if (!command) throw new Error(`there is no function \`${name}\``);
  try {
    return { ok: fromHost(await command(...parameters.map(toHost))) };
  } catch (error) {
    // jco throws the error of a result as it is.
    if (!(error instanceof Error)) return { err: fromHost(error) };
    return { trap: String(error) };
  }
}

for (const [name, parameters] of JSON.parse(readFileSync(calls, 'utf8'))) {
  let outcome;
  if (name === '$repeat') {
    const [count, inner, innerParameters] = parameters;
    const command = plugin.commands[camel(inner)];
    const values = innerParameters.map(toHost);
    for (let nth = 1; nth < count; nth += 1) {
      try {
        command(...values);
      } catch {
        // The last call reports it.
      }
    }
    outcome = await call(inner, innerParameters);
  } else {
    outcome = await call(name, parameters);
  }
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
