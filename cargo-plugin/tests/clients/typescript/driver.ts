// Makes the calls of a table with the client of the guest `typed`: node driver.js typed.wasm
import { PluginError, Typed } from "./clients/typed.ts";

interface Call {
  command?: string;
  arguments?: object;
  not_a_number?: boolean;
  input?: { element: string; values: (number | bigint | string)[]; repeat: number };
  output?: object | null;
  hook?: "start" | "stop" | "event";
  topic?: string;
  data?: never;
}

interface Scenario {
  config?: object;
  limits?: { result_bytes: number };
  calls: Call[];
}

declare const process: {
  argv: string[];
  stdin: AsyncIterable<Uint8Array>;
  stdout: { write(text: string): void };
};

// Numbers that do not fit the type `number` are `bigint`, as in the client.
function parse(text: string): unknown {
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) => (/^-?\d{16,}$/.test(token) ? `"#${token}"` : token));
  return JSON.parse(marked, (_, value: unknown) => (typeof value === "string" && /^#-?\d{16,}$/.test(value) ? BigInt(value.slice(1)) : value));
}

function show(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" && !Number.isFinite(value)) return `"${value}"`;
  if (Array.isArray(value)) return `[${value.map(show).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  return `{${Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${show(member)}`).join()}}`;
}

const arrays: Record<string, (values: never[]) => ArrayLike<unknown>> = {
  u8: (values) => Uint8Array.from(values),
  i16: (values) => Int16Array.from(values),
  u64: (values) => BigUint64Array.from(values, BigInt),
  f32: (values) => Float32Array.from(values, Number),
};

function raw({ element, values, repeat }: NonNullable<Call["input"]>): unknown {
  if (element === "text") return values.join("").repeat(repeat);
  const one = arrays[element]?.(values as never[]) ?? [];
  const all = new (one.constructor as new (length: number) => { set(part: ArrayLike<unknown>, at: number): void })(one.length * repeat);
  for (let nth = 0; nth < repeat; nth++) all.set(one, nth * one.length);
  return all;
}

function outcome(client: Typed, call: Call): object {
  if (call.hook === "event") client.event(call.topic ?? "", call.data ?? null);
  else if (call.hook) client[call.hook]();
  if (call.hook) return { result: null };
  const name = call.command === "load" ? "load_" : (call.command ?? "");
  const method = (client as unknown as Record<string, (input?: unknown) => unknown>)[name]?.bind(client);
  if (!method) throw new Error(`there is no method ${name}`);
  if (call.not_a_number) return { result: method({ value: NaN }) };
  if (call.input === undefined && call.output === undefined) return { result: call.arguments ? method(call.arguments) : method() };
  const answer = call.input ? method(raw(call.input)) : method();
  if (answer === undefined) return { result: null };
  if (typeof answer === "string") return { elements: { values: [answer], count: 1 } };
  const elements = answer as { slice(from: number, to: number): Iterable<unknown>; length: number };
  return { elements: { values: [...elements.slice(0, 4)], count: elements.length } };
}

function failed(error: unknown): object {
  if (!(error instanceof PluginError)) throw error;
  const { code, message, panic } = error;
  return { error: { code, message, panic: panic?.message ?? null, file: panic?.file ?? null } };
}

const chunks: Uint8Array[] = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const table = parse(await new Blob(chunks as BlobPart[]).text()) as Scenario[];
for (const { config, limits, calls } of table) {
  try {
    const options = { ...(config && { config }), ...(limits && { limits: { resultBytes: limits.result_bytes } }) };
    const client = await Typed.load(process.argv[2] ?? "", options);
    for (const call of calls) {
      let shown;
      try {
        shown = outcome(client, call);
      } catch (error) {
        shown = failed(error);
      }
      process.stdout.write(`${show(shown)}\n`);
    }
  } catch (error) {
    process.stdout.write(`${show(failed(error))}\n`);
  }
}
