// Elements of the page, and results drawn with them.

const DRAWN = ["svg", "rect", "polyline", "title"];

/** Creates an element. Strings become text nodes, so the text of a plugin is never parsed as HTML. */
function make(tag, attributes, ...children) {
  const namespace = DRAWN.includes(tag) ? "http://www.w3.org/2000/svg" : "http://www.w3.org/1999/xhtml";
  const element = document.createElementNS(namespace, tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** Returns the nodes of a line of Markdown, of which only code spans are recognised. */
function line(text) {
  return text.split("`").map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

/** Returns the paragraphs of a description. */
function paragraphs(text) {
  return (text ?? "").split(/\n\s*\n/).filter((part) => part.trim());
}

const prose = (parts) => parts.map((part) => make("p", { class: "prose" }, line(part)));

let lastId = 0;
const nextId = () => `e${++lastId}`;

/** Replaces the children of an element, and keeps the focus at the same position. */
function redraw(element, ...children) {
  const active = [...element.querySelectorAll("a, button")].indexOf(document.activeElement);
  element.replaceChildren(...children.flat(Infinity).filter(Boolean));
  if (active >= 0) element.querySelectorAll("a, button")[active]?.focus();
}

function milliseconds(time) {
  if (time < 1) return `${Math.round(time * 1000)} µs`;
  if (time >= 10_000) return `${(time / 1000).toFixed(1)} s`;
  return `${time.toFixed(time < 10 ? 2 : time < 100 ? 1 : 0)} ms`;
}

/** Returns a whole number with commas between thousands. */
const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");

function kibibytes(bytes) {
  return bytes < 1 << 20 ? `${Math.round(bytes / 1024)} KiB` : `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}

/** Shows JSON text, indented and coloured. Its tokens are unchanged, so numbers keep their digits. */
function shownJson(text) {
  const most = 200_000;
  const pre = make("pre", { class: "json", tabindex: 0 });
  for (const [kind, token] of pretty(text.slice(0, most))) {
    pre.append(kind === "space" || kind === "mark" ? token : make("span", { class: kind }, token));
  }
  if (text.length > most) pre.append(`\n… (${text.length} characters)`);
  return pre;
}

/** The kinds of numbers that raw commands take and return, little-endian. */
const NUMBERS = {
  u8: Uint8Array, i8: Int8Array, u16: Uint16Array, i16: Int16Array, u32: Uint32Array, i32: Int32Array,
  u64: BigUint64Array, i64: BigInt64Array, f32: Float32Array, f64: Float64Array,
};

/** Shows bytes as text, as numbers of their kind, or in hexadecimal. */
function shownBytes(bytes, kind) {
  const show = (text, looks) => make("pre", { class: looks, tabindex: 0 }, text);
  if (kind === "text") return [show(new TextDecoder().decode(bytes.subarray(0, 100_000)))];
  const Numbers = kind !== "u8" && member(NUMBERS, kind);
  if (!Numbers || bytes.length % Numbers.BYTES_PER_ELEMENT) return [show(hex(bytes), "hex")];
  const numbers = new Numbers(bytes.slice().buffer);
  const more = numbers.length > 200 ? ` … (${numbers.length} numbers)` : "";
  const list = show(Array.from(numbers.subarray(0, 200), kind === "f32" ? shortest : String).join(" ") + more, "numbers");
  return kind.startsWith("f") && numbers.length > 16 ? [wave(numbers), list] : [list];
}

/** Returns the shortest text that denotes this 32-bit number. */
function shortest(number) {
  const digits = [6, 7, 8].map((count) => String(Number(number.toPrecision(count))));
  return digits.find((text) => Math.fround(Number(text)) === number) ?? String(Number(number.toPrecision(9)));
}

function hex(bytes) {
  const rows = [];
  for (let at = 0; at < Math.min(bytes.length, 512); at += 16) {
    const part = [...bytes.subarray(at, at + 16)];
    const digits = part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const letters = part.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "."));
    rows.push(`${at.toString(16).padStart(6, "0")}  ${digits.padEnd(47)}  ${letters.join("")}`);
  }
  if (bytes.length > 512) rows.push(`… (${bytes.length} bytes)`);
  return rows.join("\n");
}

/** Draws samples as a wave: the highest and the lowest in each of 300 intervals. */
function wave(numbers) {
  const highest = numbers.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0) || 1;
  const stretch = Math.ceil(numbers.length / 300);
  const points = [];
  for (let at = 0; at < numbers.length; at += stretch) {
    const part = numbers.subarray(at, at + stretch);
    const x = ((at / numbers.length) * 300).toFixed(1);
    const y = (value) => (30 - (28 * (value || 0)) / highest).toFixed(1);
    points.push(`${x},${y(part.reduce((a, b) => Math.max(a, b)))}`, `${x},${y(part.reduce((a, b) => Math.min(a, b)))}`);
  }
  const label = `${numbers.length} samples, of at most ${highest}`;
  const picture = { class: "wave", viewBox: "0 0 300 60", preserveAspectRatio: "none", role: "img", "aria-label": label };
  return make("svg", picture, make("polyline", { points: points.join(" ") }));
}

const NO_FUEL = {
  http: "Fuel is not counted. It is if the plugin asks for a limit, or the server has `--fuel`.",
  browser: "Browsers do not count fuel.",
};

/** Draws the times and the fuel of calls as bars, each with a summary in words. */
function drawnCosts(calls, where, way) {
  const count = `${calls.length} ${calls.length === 1 ? "call" : "calls"} ${where}`;
  if (calls.length === 0) return drawn("time", calls, milliseconds, "No calls yet.");
  const times = drawn("time", calls, milliseconds, count);
  const counted = calls.some(({ fuel }) => fuel !== undefined);
  const fuel = counted ? drawn("fuel", calls, (fuel) => `${grouped(fuel)} fuel`, "Fuel") : [make("p", { class: "quiet" }, line(NO_FUEL[way]))];
  return [...times, ...fuel];
}

/** Draws one cost of calls. A call without it leaves a gap. */
function drawn(cost, calls, words, title) {
  const known = calls.map((call) => call[cost]).filter((value) => value !== undefined);
  const sorted = known.sort((left, right) => left - right);
  const most = sorted.at(-1);
  const bars = calls.map(({ [cost]: value, failed }, index) => {
    if (value === undefined) return undefined;
    const height = Math.max(1, (value / most) * 60 || 0);
    const bar = { x: index * 3, y: 60 - height, width: 2, height, class: failed ? "failed" : cost };
    return make("rect", bar, make("title", {}, words(value) + (failed ? ", an error" : "")));
  });
  const text = sorted.length ? `${title} · median ${words(sorted[sorted.length >> 1])} · most ${words(most)}` : title;
  const picture = { viewBox: "0 0 300 60", preserveAspectRatio: "none", role: "img", "aria-label": text };
  return [make("svg", picture, bars), make("p", { class: "quiet" }, text)];
}
