// Serves a component for wasi:http with jco's translation and its server for Node, as `jco serve`
// does, at a free port.
//
//     node serve.mjs COMPONENT FOLDER
//
// FOLDER gets the files that jco writes.

import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [component, folder] = process.argv.slice(2);
const jco = pathToFileURL(resolve(process.env.PLUGIN_SDK_JCO));
const { transpile } = await import(jco);
const shim = dirname(createRequire(jco).resolve('@bytecodealliance/preview2-shim'));
const part = (name) => `${pathToFileURL(join(shim, `${name}.js`))}#*`;

// Node's part of jco has no wasi:keyvalue; this one is in memory.
const keyvalue = `
const values = new Map();
class Bucket {
  get(key) { return values.get(key); }
  set(key, value) { values.set(key, Uint8Array.from(value)); }
  delete(key) { values.delete(key); }
  exists(key) { return values.has(key); }
  listKeys(cursor) {
    // Two parts, so that the caller needs both.
    const keys = [...values.keys()].sort();
    return cursor === undefined && keys.length > 1
      ? { keys: keys.slice(0, 1), cursor: 1n }
      : { keys: keys.slice(Number(cursor ?? 0n)) };
  }
}
export const store = { Bucket, open(name) {
  if (name !== 'default') throw { tag: 'no-such-store' };
  return new Bucket();
} };
`;

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'keyvalue.js'), keyvalue);
writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
const { files } = await transpile(component, {
  name: 'plugin',
  map: {
    'wasi:cli/*': part('cli'),
    'wasi:clocks/*': part('clocks'),
    'wasi:http/*': part('http'),
    'wasi:io/*': part('io'),
    'wasi:random/*': part('random'),
    'wasi:keyvalue/*': './keyvalue.js#*',
  },
});
for (const [name, contents] of Object.entries(files)) {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}

const { incomingHandler } = await import(pathToFileURL(resolve(folder, 'plugin.js')));
const { HTTPServer } = await import(pathToFileURL(join(shim, 'http.js')));
const server = new HTTPServer(incomingHandler);
server.listen(0, '127.0.0.1');
console.error(`serving at http://127.0.0.1:${server.address().port}`);
