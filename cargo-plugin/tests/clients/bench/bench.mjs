// Compares clients in TypeScript with code written by hand. Run it in the folder of the modules and
// of the compiled clients; see README.md.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const client = async (name) => import(pathToFileURL(`${process.cwd()}/${name}.js`));

/** A plugin, called as an author of a host would by hand. */
class ByHand {
  constructor(file) {
    const module = new WebAssembly.Module(readFileSync(file));
    this.exports = new WebAssembly.Instance(module, { plugin_host: {} }).exports;
    this.encoder = new TextEncoder();
    this.decoder = new TextDecoder();
    this.exports.plugin_init(0, 0);
  }

  call(name, input) {
    const address = this.exports.alloc(input.length) >>> 0;
    new Uint8Array(this.exports.memory.buffer).set(input, address);
    const packed = BigInt.asUintN(64, this.exports[name](address, input.length));
    const [start, length] = [Number(packed >> 32n), Number(packed & 0x7fffffffn)];
    const result = new Uint8Array(this.exports.memory.buffer, start, length).slice();
    this.exports.free(address, input.length);
    if (packed & 0x80000000n) throw new Error(this.decoder.decode(result));
    return result;
  }

  json(name, value) {
    return JSON.parse(this.decoder.decode(this.call(name, this.encoder.encode(JSON.stringify(value)))));
  }
}

const { Greeter } = await client("greeter");
const { Typed } = await client("typed");
const [greeter, typed] = [await Greeter.load("greeter.wasm"), await Typed.load("typed.wasm")];
const [greeterByHand, typedByHand] = [new ByHand("greeter.wasm"), new ByHand("typed.wasm")];
const bytes = (count) => new Uint8Array(count).fill(7);
const [small, large] = [bytes(1 << 10), bytes(1 << 20)];

const jobs = {
  greet: [() => greeter.greet({ name: "Ada" }), () => greeterByHand.json("command_greet", { name: "Ada" })],
  "echo 1 KiB": [() => typed.echo(small), () => typedByHand.call("command_echo", small)],
  "echo 1 MiB": [() => typed.echo(large), () => typedByHand.call("command_echo", large)],
};

const median = (numbers) => numbers.sort((one, other) => one - other)[numbers.length >> 1];

function time(job, count) {
  const start = process.hrtime.bigint();
  for (let nth = 0; nth < count; nth++) job();
  return Number(process.hrtime.bigint() - start) / count;
}

for (const [name, [ours, byHand]] of Object.entries(jobs)) {
  const count = Math.ceil(3e6 / time(byHand, 200));
  const rounds = Array.from({ length: 200 }, () => [time(ours, count), time(byHand, count)]).slice(50);
  const [us, them] = [0, 1].map((nth) => median(rounds.map((round) => round[nth])));
  const ratio = median(rounds.map(([ours, byHand]) => ours / byHand));
  console.log(`${name}: ${(us / 1000).toFixed(2)} µs, by hand ${(them / 1000).toFixed(2)} µs, ratio ${ratio.toFixed(2)}`);
}
