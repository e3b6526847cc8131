// Makes a plugin of the merged module: takes away the exports that only its two halves needed, and puts the manifest's lines behind it.
// node finish.mjs <in.wasm> <out.wasm> <file of lines>…
import { readFileSync, writeFileSync } from "node:fs";

const EXPORTS = /^(memory|alloc|free|plugin_.*|command_.*|batch_.*)$/;
const [EXPORT_SECTION, CUSTOM_SECTION] = [7, 0];

const [from, to, ...lines] = process.argv.slice(2);
const wasm = readFileSync(from);

// Unsigned numbers as the format has them.
function number(at) {
  for (let value = 0, shift = 0; ; shift += 7, at++) {
    value += (wasm[at] & 0x7f) * 2 ** shift;
    if (wasm[at] < 0x80) return [value, at + 1];
  }
}

function bytes(value) {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...bytes(Math.floor(value / 0x80))];
}

function section(id, ...parts) {
  const contents = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([id, ...bytes(contents.length)]), contents]);
}

function exportsOf(start) {
  let [count, at] = number(start);
  const kept = [];
  for (; count > 0; count--) {
    const entry = at;
    const [len, name] = number(at);
    [, at] = number(name + len + 1);
    if (EXPORTS.test(wasm.toString("utf8", name, name + len))) kept.push(wasm.subarray(entry, at));
  }
  return section(EXPORT_SECTION, bytes(kept.length), ...kept);
}

const sections = [wasm.subarray(0, 8)];
for (let at = 8; at < wasm.length; ) {
  const [size, start] = number(at + 1);
  sections.push(wasm[at] === EXPORT_SECTION ? exportsOf(start) : wasm.subarray(at, start + size));
  at = start + size;
}
const name = Buffer.from("plugin-sdk");
sections.push(section(CUSTOM_SECTION, bytes(name.length), name, ...lines.map((file) => readFileSync(file))));
writeFileSync(to, Buffer.concat(sections));
