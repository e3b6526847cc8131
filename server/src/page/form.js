// Forms made from schemas.

/** Creates a text area that is as high as its text, even in browsers without `field-sizing`. */
function area(id, changed, attributes) {
  const input = () => {
    fit(element);
    changed();
  };
  const element = make("textarea", { id, rows: 1, spellcheck: "false", autocomplete: "off", input, ...attributes });
  return element;
}

function fit(element) {
  element.rows = Math.min(20, element.value.split("\n").length);
}

function fill(element, text) {
  element.value = text;
  fit(element);
}

// Creates the control for a schema. `element` is its HTML, `read` returns its value as JSON text, and
// `write` sets its value. The `parts` of a list are the controls of its elements.
const controls = {
  choice(schemas, schema, id, changed) {
    const choices = schemas.choices(schema);
    const option = ({ text, description }, index) => {
      const value = parse(text);
      const name = typeof value === "string" ? value : text;
      return make("option", { value: index }, description ? `${name} – ${description}` : name);
    };
    const element = make("select", { id, change: changed }, choices.map(option));
    return {
      element,
      read: () => choices[element.value].text,
      write(value) {
        element.value = Math.max(0, choices.findIndex(({ text }) => text === JSON.stringify(value)));
      },
    };
  },

  boolean(_, __, id, changed) {
    const element = make("input", { id, type: "checkbox", change: changed });
    return { element, read: () => String(element.checked), write: (value) => (element.checked = value === true) };
  },

  // A text input, because browsers round the value of one for numbers.
  number(_, schema, id, changed) {
    const inputmode = schema.type === "integer" ? "numeric" : "decimal";
    const element = make("input", { id, type: "text", inputmode, autocomplete: "off", input: changed });
    return { element, read: () => element.value.trim(), write: (value) => (element.value = JSON.stringify(value)) };
  },

  string(_, __, id, changed) {
    const element = area(id, changed);
    const write = (value) => fill(element, typeof value === "string" ? value : "");
    return { element, read: () => JSON.stringify(element.value), write };
  },

  json(_, __, id, changed) {
    const element = area(id, changed, { class: "json" });
    return { element, read: () => element.value, write: (value) => fill(element, JSON.stringify(value, null, 2)) };
  },

  list(schemas, schema, id, changed) {
    const { schema: item } = schemas.resolve(schema.items);
    const rows = make("ol", {});
    const parts = [];
    const add = (value) => {
      const part = controlFor(schemas, item, nextId(), changed);
      part.element.setAttribute("aria-label", "element");
      const out = { type: "button", "aria-label": "Remove this element", click: () => remove(part, row) };
      const row = make("li", {}, part.element, make("button", out, "×"));
      part.write(value);
      parts.push(part);
      rows.append(row);
      return part;
    };
    const remove = (part, row) => {
      parts.splice(parts.indexOf(part), 1);
      row.remove();
      more.focus();
      changed();
    };
    const click = () => {
      add(schemas.example(item)).element.focus();
      changed();
    };
    const more = make("button", { type: "button", click }, "Add an element");
    return {
      element: make("div", { class: "list", role: "group", "aria-labelledby": id }, rows, more),
      read: () => `[${parts.map((part) => part.read()).join(",")}]`,
      write(value) {
        parts.length = 0;
        rows.replaceChildren();
        if (Array.isArray(value)) value.forEach(add);
      },
      parts,
    };
  },
};

function controlFor(schemas, schema, id, changed) {
  const scalars = ["string", "boolean", "integer", "number"];
  const items = schema.type === "array" && schema.items && schemas.resolve(schema.items);
  let kind = "json";
  if (schemas.choices(schema)) kind = "choice";
  else if (schema.type === "integer" || schema.type === "number") kind = "number";
  else if (scalars.includes(schema.type)) kind = schema.type;
  else if (items && !items.nullable && (scalars.includes(items.schema.type) || schemas.choices(items.schema))) kind = "list";
  return controls[kind](schemas, schema, id, changed);
}

/** A named value in a form, which may be left out or `null` if its schema allows that. */
class Field {
  constructor(schemas, name, given, required, changed) {
    const { schema, nullable } = schemas.resolve(given);
    const id = nextId();
    Object.assign(this, { schemas, name, given, pointer: `/${escaped(name)}` });
    const touched = () => {
      this.touched = true;
      changed();
    };
    const edited = () => {
      if (this.presence) this.presence.value = "given";
      touched();
    };
    this.control = controlFor(schemas, schema, id, edited);
    // The value to start from if the user gives one: the default, or an example if that is `null`.
    const { default: preset, ...undecided } = schema;
    const initial = preset ?? schemas.example(undecided);
    // A required number starts empty, because no example is a good guess.
    if (!(required && ["integer", "number"].includes(schema.type) && preset === undefined)) this.control.write(initial);
    const states = [!required && ["out", "left out"], nullable && ["null", "null"], ["given", "given"]].filter(Boolean);
    if (states.length > 1) {
      const options = states.map(([value, text]) => make("option", { value }, text));
      this.presence = make("select", { class: "presence", "aria-label": `${name}: is it given?`, change: touched }, options);
    }
    const about = [schemas.words(given), limits(schema), preset !== undefined && `default ${JSON.stringify(preset)}`];
    this.message = make("p", { class: "problem", id: `${id}-problem`, "aria-live": "polite" });
    // A list has no single control that its label could be for.
    const label = this.control.parts ? make("span", { class: "label-text", id }, name) : make("label", { for: id }, name);
    this.element = make("div", { class: "field" },
      make("div", { class: "label" }, label, make("span", { class: "type" }, about.filter(Boolean).join(", ")), this.presence),
      prose(paragraphs(schema.description)), this.control.element, this.message);
    this.control.element.setAttribute("aria-describedby", this.message.id);
  }

  /** Returns the value as JSON text, or `undefined` if it is left out. */
  read() {
    return { out: undefined, null: "null", given: this.control.read() }[this.presence?.value ?? "given"];
  }

  write(value) {
    if (this.presence) this.presence.value = value === undefined ? "out" : value === null ? "null" : "given";
    if (value !== undefined && value !== null) this.control.write(value);
  }

  /** Returns the problems of the value; none before the user has edited the field. */
  problems() {
    const text = this.read();
    if (text === undefined || !this.touched) return [];
    const { items } = this.schemas.resolve(this.given).schema;
    const ofPart = (part, index) => problemsOf(this.schemas, items, part.read(), `${this.pointer}/${index}`);
    const broken = (this.control.parts ?? []).flatMap(ofPart).filter((problem) => problem.broken);
    return broken.length ? broken : problemsOf(this.schemas, this.given, text, this.pointer);
  }

  /** Shows problems whose pointers are within this field. */
  mark(problems) {
    const rest = (problem) => problem.pointer.slice(this.pointer.length);
    this.message.textContent = listed(problems.map((problem) => ({ ...problem, pointer: rest(problem) })));
    this.element.classList.toggle("absent", (this.presence?.value ?? "given") !== "given");
    const marked = problems.map((problem) => this.control.parts?.[rest(problem).split("/")[1]]?.element ?? this.control.element);
    this.element.querySelectorAll("[aria-invalid]").forEach((element) => element.removeAttribute("aria-invalid"));
    marked.forEach((element) => element.setAttribute("aria-invalid", "true"));
  }
}

function listed(problems) {
  return problems.map(({ pointer, message }) => (pointer ? `at ${pointer}: ${message}` : message)).join("\n");
}

function limits(schema) {
  const [least, most] = [schema.minimum, schema.maximum].map((limit) => limit !== undefined && JSON.stringify(limit));
  return least && most ? `${least} to ${most}` : least ? `at least ${least}` : most ? `at most ${most}` : "";
}

function problemsOf(schemas, schema, text, pointer) {
  let value;
  try {
    value = parse(text);
  } catch (error) {
    const numeric = ["integer", "number"].includes(schemas.resolve(schema).schema.type);
    const message = numeric || !text.trim() ? `expected ${schemas.words(schema, 3)}` : `not valid JSON: ${error.message}`;
    return [{ pointer, message, broken: true }];
  }
  return schemas.problems(schema, value, pointer);
}

/** Thrown if a form has text that cannot be sent, such as letters where a number is expected. */
class NotSent extends Error {}

/** The form of an object's members, or of the whole value as JSON. */
class Form {
  constructor(schemas, given) {
    const { schema } = schemas.resolve(given);
    Object.assign(this, { schemas, given, fields: [], shownAsJson: false });
    const edited = () => {
      this.touched = true;
      this.changed();
    };
    this.whole = { control: controls.json(schemas, schema, nextId(), edited), pointer: "" };
    this.element = make("div", { class: "fields" });
    try {
      for (const [name, property] of Object.entries(schema.properties ?? {})) {
        this.fields.push(new Field(schemas, name, property, (schema.required ?? []).includes(name), () => this.changed()));
      }
    } catch {
      this.shownAsJson = true; // The schema is invalid, but the command can still be called.
    }
    // Without named members there are no fields.
    if (schema.type !== "object" || (this.fields.length === 0 && schema.additionalProperties !== false)) this.shownAsJson = true;
    this.whole.control.write(schemas.example(given));
    this.show();
  }

  show() {
    const { element } = this.whole.control;
    const type = make("span", { class: "type" }, this.schemas.words(this.given));
    const json = [make("div", { class: "label" }, make("label", { for: element.id }, "JSON"), type), element];
    const fields = this.fields.length ? this.fields.map((field) => field.element) : [make("p", { class: "quiet" }, "No arguments.")];
    this.message = make("p", { class: "problem", "aria-live": "polite" });
    this.element.replaceChildren(...(this.shownAsJson ? json : fields), this.message);
    this.changed();
  }

  /** Switches between fields and JSON, and carries the value over if it is valid JSON. */
  toggle() {
    const text = this.read();
    this.shownAsJson = !this.shownAsJson;
    try {
      this.write(parse(text));
    } catch { /* The other view keeps its value. */ }
    this.show();
  }

  read() {
    if (this.shownAsJson) return this.whole.control.read();
    const members = this.fields.map((field) => [field.name, field.read()]).filter(([, text]) => text !== undefined);
    return `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
  }

  write(value) {
    if (typeOf(value) !== "object") return;
    this.whole.control.write(value);
    this.fields.forEach((field) => field.write(member(value, field.name)));
    this.changed();
  }

  changed() {
    this.mark(this.problems());
  }

  problems() {
    if (this.shownAsJson) return this.touched ? problemsOf(this.schemas, this.given, this.read(), "") : [];
    return this.fields.flatMap((field) => field.problems());
  }

  /** Shows problems, each at its field. */
  mark(problems) {
    const within = (field) => (problem) => problem.pointer === field.pointer || problem.pointer.startsWith(`${field.pointer}/`);
    const fields = this.shownAsJson ? [] : this.fields;
    fields.forEach((field) => field.mark(problems.filter(within(field))));
    const others = problems.filter((problem) => !fields.some((field) => within(field)(problem)));
    this.message.textContent = listed(others);
    if (this.shownAsJson) this.whole.control.element.toggleAttribute("aria-invalid", problems.length > 0);
  }

  /** Returns the body of a call. Throws `NotSent` if a field is not valid JSON. */
  async body() {
    [this, ...this.fields].forEach((part) => (part.touched = true));
    const problems = this.problems();
    this.mark(problems);
    if (problems.some((problem) => problem.broken) && !this.shownAsJson) {
      this.element.querySelector("[aria-invalid]")?.focus();
      throw new NotSent();
    }
    return this.read();
  }
}

/** The form of a raw command: bytes from a file, or entered as text or numbers. */
class RawForm {
  constructor(kind) {
    const id = nextId();
    this.kind = kind;
    const change = () => {
      this.area.disabled = this.file.files.length > 0;
      remove.hidden = !this.area.disabled;
    };
    const click = () => {
      this.file.value = "";
      change();
    };
    this.file = make("input", { type: "file", "aria-label": "A file with the bytes", change });
    const remove = make("button", { type: "button", hidden: true, click }, "Remove the file");
    this.area = area(id, () => (this.message.textContent = ""));
    this.message = make("p", { class: "problem", "aria-live": "polite" });
    const numbers = kind !== "u8" && member(NUMBERS, kind);
    this.typed = numbers ? (text) => encode(numbers, text) : (text) => new TextEncoder().encode(text);
    const hint = numbers ? `numbers, separated by spaces; as ${kind}, little-endian` : "text, as UTF-8";
    const input = make("div", { class: "field" },
      make("div", { class: "label" }, make("label", { for: id }, "bytes"), make("span", { class: "type" }, `${hint}; or a file:`)),
      this.area, make("div", { class: "row" }, this.file, remove), this.message);
    this.element = make("div", { class: "fields" }, kind ? input : make("p", { class: "quiet" }, "No bytes."));
  }

  async body() {
    const [file] = this.file.files;
    if (file) return new Uint8Array(await file.arrayBuffer());
    try {
      return this.typed(this.area.value);
    } catch (error) {
      this.message.textContent = error.message;
      throw new NotSent();
    }
  }

  problems() {
    return [];
  }

  mark(problems) {
    this.message.textContent = problems.map(({ message }) => message).join("\n");
  }
}

function encode(Numbers, text) {
  const words = text.split(/[\s,]+/).filter(Boolean);
  const exact = Numbers.name.startsWith("Big");
  const numbers = Numbers.from(words, exact ? BigInt : Number);
  const fits = (word, index) => Numbers.name.startsWith("Float") ? !Number.isNaN(numbers[index]) : String(numbers[index]) === word;
  const wrong = words.find((word, index) => !fits(word, index));
  if (wrong !== undefined) throw new Error(`\`${wrong}\` is not a number of this type`);
  return new Uint8Array(numbers.buffer);
}
