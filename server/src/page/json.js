// JSON and JSON Schema without loss of digits. JavaScript's numbers are inexact beyond 2^53, so a
// number is kept as its source text (`JSON.rawJSON`).

/** Parses JSON text. */
function parse(text) {
  return JSON.parse(text, (_, value, { source }) => (typeof value === "number" ? JSON.rawJSON(source) : value));
}

/** Returns a member of an object, ignoring inherited ones: a plugin may use names like `constructor`. */
function member(object, name) {
  return object && Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Splits JSON text into `[kind, token]` pairs, with line breaks and indents between the tokens. */
function* pretty(text) {
  const string = String.raw`"(?:[^"\\]|\\.)*"`;
  const kinds = String.raw`(?<name>${string}(?=\s*:))|(?<string>${string})|(?<mark>[[\]{},:])|(?<number>-?\d[^\s,\]}]*)|(?<word>[a-z]+)`;
  let depth = 0;
  let last = "";
  for (const { 0: token, groups } of text.matchAll(new RegExp(kinds, "g"))) {
    const closes = token === "}" || token === "]";
    const opened = last === "{" || last === "[";
    if (closes) depth--;
    if (last === "," || opened !== closes && (opened || closes)) yield ["space", "\n" + "  ".repeat(depth)];
    if (token === "{" || token === "[") depth++;
    yield [Object.keys(groups).find((kind) => groups[kind] !== undefined), token];
    if (token === ":") yield ["space", " "];
    last = token;
  }
}

function typeOf(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (JSON.isRawJSON(value)) return isInteger(value.rawJSON) ? "integer" : "number";
  return typeof value;
}

const isInteger = (text) => /^-?\d+$/.test(text);

/** Compares two numbers like a sorting function does; integers exactly. */
function compare(left, right) {
  if (isInteger(left) && isInteger(right)) return Number(BigInt(left) > BigInt(right)) - Number(BigInt(left) < BigInt(right));
  return Number(left) - Number(right);
}

/** The types of keywords. A keyword whose value has another type is ignored. */
const KEYWORDS = {
  object: ["properties"],
  array: ["required", "anyOf", "oneOf", "enum", "prefixItems"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems"],
  string: ["description", "$ref"],
};

/** Returns a schema without the keywords that are ignored. */
function sound(schema) {
  if (typeOf(schema) !== "object") return {};
  const wanted = (name) => Object.keys(KEYWORDS).find((type) => KEYWORDS[type].includes(name));
  const fits = ([name, value]) => name !== "type" && (!wanted(name) || wanted(name) === typeOf(value).replace("integer", "number"));
  const kept = Object.fromEntries(Object.entries(schema).filter(fits));
  const types = [schema.type].flat().filter((type) => typeof type === "string");
  if (types.length) kept.type = types.length > 1 ? types : types[0];
  return kept;
}

/** Returns the name of the definition that a reference leads to: a JSON Pointer, percent-encoded. */
function target($ref) {
  const decoded = (bytes) => {
    try {
      return decodeURIComponent(bytes);
    } catch {
      return bytes;
    }
  };
  const pointer = $ref.replace(/^#\/\$defs\//, "").replace(/(?:%[0-9a-f]{2})+/gi, decoded);
  return pointer.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** The schemas of a plugin. They are untrusted: references may be circular or dangling. */
class Schemas {
  constructor(definitions) {
    this.definitions = definitions;
  }

  /** Follows references. Returns the schema without `null`, and whether `null` is valid. */
  resolve(schema) {
    let nullable = false;
    for (let steps = 0; steps < 32; steps++) {
      schema = sound(schema);
      const { $ref, ...own } = schema;
      const { type } = schema;
      const choices = schema.anyOf ?? schema.oneOf;
      const others = choices?.filter((choice) => choice?.type !== "null");
      if ($ref !== undefined) {
        schema = { ...member(this.definitions, target($ref)), ...own };
      } else if (others?.length === 1 && choices.length === 2) {
        const { anyOf, oneOf, ...rest } = schema;
        [schema, nullable] = [{ ...others[0], ...rest }, true];
      } else if (Array.isArray(type) && type.includes("null")) {
        [schema, nullable] = [{ ...schema, type: type.filter((one) => one !== "null") }, true];
      } else {
        return { schema, nullable: nullable || type === "null" };
      }
    }
    return { schema: {}, nullable };
  }

  /** Returns the values of an enumeration, with descriptions; `null` for any other schema. */
  choices(schema) {
    const all = schema.enum?.map((value) => ({ const: value })) ?? schema.oneOf ?? schema.anyOf ?? [];
    if (!all.length || !all.every((choice) => choice && Object.hasOwn(choice, "const"))) return null;
    return all.map((choice) => ({ text: JSON.stringify(choice.const), description: sound(choice).description }));
  }

  /** Describes a type in a few words. */
  words(given, depth = 0) {
    const { schema, nullable } = this.resolve(given);
    const inner = (of) => (depth > 3 ? "…" : this.words(of, depth + 1));
    const choices = this.choices(schema);
    const several = schema.oneOf ?? schema.anyOf;
    let words = Array.isArray(schema.type) ? schema.type.join(" or ") : schema.type ?? "any";
    if (choices) words = choices.map(({ text }) => text).join(" | ");
    else if (several) words = several.map(inner).join(" | ");
    else if (schema.type === "array") words = schema.items ? `[${inner(schema.items)}]` : "array";
    else if (schema.type === "object" && schema.properties) {
      const property = ([name, of]) => `${name}${schema.required?.includes(name) ? "" : "?"}: ${inner(of)}`;
      words = `{${Object.entries(schema.properties).map(property).join(", ")}}`;
    }
    return nullable && words !== "null" ? `${words} or null` : words;
  }

  /** Returns a value to start from: the default, or the simplest of its type. */
  example(given, depth = 0) {
    const { schema, nullable } = this.resolve(given);
    if (schema.default !== undefined) return schema.default;
    const choices = this.choices(schema);
    if (choices) return parse(choices[0].text);
    const several = schema.oneOf ?? schema.anyOf;
    if (depth < 5 && several?.length) return this.example(several[0], depth + 1);
    if (nullable) return null;
    if (schema.type === "object") {
      const names = depth < 5 ? schema.required ?? [] : [];
      return Object.fromEntries(names.map((name) => [name, this.example(member(schema.properties, name), depth + 1)]));
    }
    if (schema.type === "array") return [];
    if (schema.type === "boolean") return false;
    if (schema.type === "string") return "";
    const zero = JSON.rawJSON("0");
    return this.problems(schema, zero).length ? schema.minimum ?? schema.maximum ?? zero : zero;
  }

  /** Validates a value. Returns `{pointer, message}` for each problem. */
  problems(schema, value, pointer = "") {
    // Bounded, because a hostile schema can ask for endless work. The plugin validates anyway.
    this.steps = 20_000;
    return this.check(schema, value, pointer, 0);
  }

  check(given, value, pointer, depth) {
    const { schema, nullable } = this.resolve(given);
    const type = typeOf(value);
    if (this.steps-- < 0 || depth > 64 || (nullable && type === "null")) return [];
    const wrong = (message, at = pointer) => [{ pointer: at, message }];
    const choices = this.choices(schema);
    if (choices) {
      const texts = choices.map((choice) => choice.text);
      return texts.includes(JSON.stringify(value)) ? [] : wrong(`expected one of ${texts.join(", ")}`);
    }
    const several = schema.oneOf ?? schema.anyOf;
    if (several?.length) {
      const found = several.map((choice) => this.check(choice, value, pointer, depth + 1));
      const fits = found.some((problems) => problems.length === 0);
      if (!fits) return found.length === 1 ? found[0] : wrong(`expected ${this.words(given)}`);
    }
    const types = [schema.type ?? type].flat();
    const fits = types.includes(type) || (type === "integer" && types.includes("number"));
    if (!fits) return wrong(`expected ${this.words(given, 3)}, found ${type}`);
    const inner = (of, part, key) => this.check(of, part, `${pointer}/${escaped(String(key))}`, depth + 1);
    if (type === "integer" || type === "number") return bounds(value.rawJSON, schema, wrong);
    if (type === "string") return lengths([...value].length, schema.minLength, schema.maxLength, "character", wrong);
    if (type === "array") {
      const items = (index) => schema.prefixItems?.[index] ?? schema.items;
      const size = lengths(value.length, schema.minItems, schema.maxItems, "element", wrong);
      return [...size, ...value.flatMap((item, index) => inner(items(index), item, index))];
    }
    if (type !== "object") return [];
    const missing = (schema.required ?? []).filter((name) => !Object.hasOwn(value, name));
    return [
      ...missing.map((name) => ({ pointer, message: `\`${name}\` is missing` })),
      ...Object.entries(value).flatMap(([name, part]) => {
        const known = member(schema.properties, name);
        if (known !== undefined) return inner(known, part, name);
        const others = schema.additionalProperties;
        return others === false ? wrong(`\`${name}\` is unknown`) : inner(others, part, name);
      }),
    ];
  }
}

/** Escapes a name for a JSON Pointer. */
function escaped(name) {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

function bounds(text, schema, wrong) {
  const of = (name) => (schema[name] === undefined ? undefined : JSON.stringify(schema[name]));
  const [least, most, above, below] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"].map(of);
  if (least !== undefined && compare(text, least) < 0) return wrong(`expected at least ${least}`);
  if (most !== undefined && compare(text, most) > 0) return wrong(`expected at most ${most}`);
  if (above !== undefined && compare(text, above) <= 0) return wrong(`expected more than ${above}`);
  if (below !== undefined && compare(text, below) >= 0) return wrong(`expected less than ${below}`);
  return [];
}

function lengths(count, least, most, thing, wrong) {
  const plural = (limit) => `${JSON.stringify(limit)} ${thing}${JSON.stringify(limit) === "1" ? "" : "s"}`;
  if (least !== undefined && compare(String(count), JSON.stringify(least)) < 0) return wrong(`expected at least ${plural(least)}`);
  if (most !== undefined && compare(String(count), JSON.stringify(most)) > 0) return wrong(`expected at most ${plural(most)}`);
  return [];
}
