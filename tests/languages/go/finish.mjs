// Turns the merged module into a plugin: removes the exports that only its two halves needed, and
// appends the lines of the manifest. Checks that no Go data is where wasi.wat has its own.
// node finish.mjs <in.wasm> <out.wasm> <file of lines>…
import { readFileSync, writeFileSync } from "node:fs";

const EXPORTS = /^(memory|alloc|free|plugin_.*|command_.*|batch_.*)$/;
const [CUSTOM_SECTION, EXPORT_SECTION, DATA_SECTION] = [0, 7, 11];
const [I32_CONST, END] = [0x41, 0x0b];
const OWN_END = 4128 + 1024;

const [from, to, ...lines] = process.argv.slice(2);
const wasm = readFileSync(from);

// Reads an unsigned number in LEB128.
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

function checkData(start) {
  let [count, at] = number(start);
  for (; count > 0; count--) {
    // Active segments, in the form that Go's linker writes.
    const [address, end] = wasm[at] === 0 && wasm[at + 1] === I32_CONST ? number(at + 2) : [0, at];
    if (address < OWN_END || wasm[end] !== END) throw new Error("the module has data where wasi.wat has its own, or in a form that this program does not know");
    const [size, contents] = number(end + 1);
    at = contents + size;
  }
}

const sections = [wasm.subarray(0, 8)];
for (let at = 8; at < wasm.length; ) {
  const [size, start] = number(at + 1);
  if (wasm[at] === DATA_SECTION) checkData(start);
  sections.push(wasm[at] === EXPORT_SECTION ? exportsOf(start) : wasm.subarray(at, start + size));
  at = start + size;
}
const name = Buffer.from("plugin-sdk");
sections.push(section(CUSTOM_SECTION, bytes(name.length), name, ...lines.map((file) => readFileSync(file))));
writeFileSync(to, Buffer.concat(sections));
