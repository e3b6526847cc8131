// A plugin on the page: its state, its commands, and the outcomes of calls.

/** The part of the page that shows a plugin. */
class PluginView {
  constructor(id, manifest, config, changed) {
    this.path = `/api/plugins/${encodeURIComponent(id)}`;
    const notice = (kind, data) => changed.happened(kind, { plugin_id: id, ...data });
    this.caller = new Caller(this.path, JSON.stringify(config ?? {}), notice);
    Object.assign(this, { id, manifest, changed, schemas: new Schemas(manifest?.$defs), times: { http: [], browser: [] } });
    this.status = make("div", { class: "status" });
    this.cards = (manifest?.commands ?? []).map((command) => new Card(this, command));
    if (manifest?.config) this.cards.push(this.configuration(manifest.config));
    const none = this.cards.length === 0 && make("p", { class: "quiet" }, "This plugin does not describe any commands.");
    const cards = this.cards.map((card) => card.element);
    this.element = make("article", {}, this.status, this.ways(), make("h3", {}, "Commands"), none, cards);
  }

  static async of(id, changed) {
    if (embedded) return new PluginView(id, parse(byId("manifest").textContent), {}, changed);
    const path = `/api/plugins/${encodeURIComponent(id)}`;
    const get = (what) => server.data("GET", `${path}/${what}`);
    const [manifest, { config }] = await Promise.all([get("manifest"), get("config")]);
    return new PluginView(id, manifest, config, changed);
  }

  configuration(schema) {
    const description = "What the plugin is created with. A new one takes effect at once.";
    const card = new Card(this, { name: "configuration", title: "Configuration", description, arguments: schema, isConfig: true });
    card.form.write(parse(this.caller.config));
    return card;
  }

  ways() {
    if (embedded) return make("p", { class: "quiet" }, "Calls run in this browser; nothing is sent anywhere.");
    const choose = (value) => () => {
      this.caller.way = value;
      this.drawTimes();
    };
    const way = (value, text) => {
      const radio = { type: "radio", name: `way-${this.id}`, value, checked: value === this.caller.way, change: choose(value) };
      return make("label", {}, make("input", radio), text);
    };
    const legend = make("legend", {}, "Calls run");
    return make("fieldset", { class: "ways" }, legend, way("http", "on the server"), way("browser", "in this browser"));
  }

  get where() {
    return this.caller.way === "http" ? "on the server" : "in this browser";
  }

  /** Copies the user's input and the last results from the view of an earlier module. */
  continue(earlier) {
    earlier.caller.endInstance();
    this.times = earlier.times;
    this.element.querySelector(`.ways input[value=${earlier.caller.way}]`).click();
    for (const before of earlier.cards) {
      this.cards.find((card) => card.command.name === before.command.name)?.continue(before);
    }
  }

  showStatus(plugin) {
    const { name, version, type, license, homepage, description, permissions } = { ...plugin, ...this.manifest };
    const facts = [version && `version ${version}`, type, license, homepage].filter(Boolean);
    const buttons = embedded ? [] : [plugin?.running ? "stop" : "start", "reload"].map((verb) => this.button(verb));
    const asked = ({ name, reason }) => make("p", { class: "quiet" }, "Asks for ", make("code", {}, name), `: ${reason}`);
    const title = make(embedded ? "h1" : "h2", { class: "title" }, name || this.id);
    redraw(this.status,
      make("div", { class: "row" }, title, plugin?.state && badge(plugin.state), make("div", { class: "actions" }, buttons)),
      make("p", { class: "quiet" }, make("code", {}, this.id), facts.map((fact) => ` · ${fact}`)),
      prose(paragraphs(description)),
      [plugin?.error, plugin?.reload_error].map((error) => error && make("p", { class: "banner" }, error)),
      (permissions ?? []).map(asked));
  }

  button(verb) {
    const act = async () => {
      const failed = ({ message }) => this.changed.happened("failed", { plugin_id: this.id, message });
      await server.data("POST", `${this.path}/${verb}`).catch(failed);
      this.changed.refresh();
    };
    return make("button", { type: "button", click: act }, verb[0].toUpperCase() + verb.slice(1));
  }

  async call(command, body, signal) {
    const { way } = this.caller;
    const outcome = await this.caller.call(command, body, signal);
    if (outcome.time !== undefined && !command.isConfig) {
      const { time, fuel, error } = outcome;
      this.times[way] = [...this.times[way], { time, fuel, failed: Boolean(error) }].slice(-100);
      this.drawTimes();
    }
    if (!embedded) this.changed.refresh();
    return outcome;
  }

  drawTimes() {
    if (!this.element.isConnected) return;
    const { way } = this.caller;
    byId("times").replaceChildren(...drawnCosts(this.times[way], this.where, way));
  }
}

const badge = (state) => make("span", { class: `badge ${state}` }, state);

/** A command: its documentation, its form, and the outcome of its last call. */
class Card {
  constructor(view, command) {
    Object.assign(this, { view, command, raw: command.codec === "raw" });
    this.form = this.raw ? new RawForm(command.input) : new Form(view.schemas, command.arguments ?? true);
    this.outcome = make("div", { class: "outcome", role: "status" });
    this.run = make("button", { class: "primary" }, command.isConfig ? "Apply" : "Call");
    this.stop = make("button", { type: "button", hidden: true, click: () => this.abort.abort() }, "Stop");
    const id = `${view.id}/${command.name}`;
    const opened = () => this.element.open && history.replaceState(null, "", `#${id.split("/").map(encodeURIComponent).join("/")}`);
    const [first, ...rest] = paragraphs(command.description);
    const name = make("span", { class: "name" }, command.title ?? command.name);
    this.element = make("details", { class: "command", id, toggle: opened },
      make("summary", {}, name, make("span", { class: "quiet" }, line(first ?? ""))),
      make("div", { class: "inside" }, prose(rest), this.inputs(), this.outcome, this.facts()));
  }

  inputs() {
    const submit = (event) => {
      event.preventDefault();
      this.call();
    };
    // Enter submits from one-line fields. In a text area it adds a line, and Ctrl+Enter submits.
    const keydown = (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && submit(event);
    const words = () => (this.form.shownAsJson ? "As fields" : "As JSON");
    const click = () => {
      this.form.toggle();
      toggle.textContent = words();
    };
    const toggle = make("button", { type: "button", click }, words());
    const keys = make("span", { class: "quiet keys" }, "Ctrl+Enter");
    const actions = make("div", { class: "actions" }, this.run, this.stop, !this.raw && toggle, keys);
    return make("form", { submit, keydown, autocomplete: "off", novalidate: true }, this.form.element, actions);
  }

  /** Creates the list of the command's result type and errors. */
  facts() {
    const { output, input, in_place: inPlace, result, errors } = this.command;
    const bytes = output ? `bytes (${output})` : inPlace ? `the bytes that it took, changed (${input})` : "nothing";
    const returns = this.raw ? bytes : result !== undefined && this.view.schemas.words(result);
    const meaning = ({ code, description }) => [make("dt", {}, make("code", {}, code)), make("dd", {}, line(description ?? ""))];
    const known = (errors ?? []).map(meaning);
    return make("dl", { class: "facts" },
      returns && [make("dt", {}, "Returns"), make("dd", { class: "type" }, returns)],
      known.length > 0 && [make("dt", {}, "Errors"), make("dd", {}, make("dl", {}, known))]);
  }

  continue(earlier) {
    this.element.open = earlier.element.open;
    this.outcome.replaceChildren(...earlier.outcome.childNodes);
    try {
      this.form.write(parse(earlier.form.read()));
    } catch { /* Bytes, or incomplete input: the form starts empty. */ }
  }

  async call() {
    if (this.run.disabled) return;
    this.abort = new AbortController();
    [this.run.disabled, this.stop.hidden] = [true, false];
    try {
      const outcome = await this.view.call(this.command, await this.form.body(), this.abort.signal);
      const places = outcome.error ? pointersOf(outcome.error) : [];
      const others = this.form.problems().filter(({ pointer }) => !places.some((place) => place.pointer === pointer));
      this.form.mark([...places, ...others]);
      this.show(outcome);
    } catch (error) {
      if (!(error instanceof NotSent)) throw error; // The form shows why.
    } finally {
      [this.run.disabled, this.stop.hidden] = [false, true];
    }
  }

  show({ bytes, error, time, fuel, ended }) {
    const costs = [time !== undefined && milliseconds(time), fuel !== undefined && `${grouped(fuel)} fuel`].filter(Boolean);
    const took = [costs.join(" · "), this.view.where].filter(Boolean).join(" ");
    redraw(this.outcome, error ? this.shownError(error, took, ended) : this.shownResult(bytes, took));
    this.outcome.scrollIntoView({ block: "nearest" });
  }

  shownError({ code, message, details, hint, place, source, status }, took, ended) {
    return [
      make("p", { class: "headline bad" }, make("strong", {}, code), status ? ` · status ${status}` : "", ` · ${took}`),
      make("p", { class: "message" }, message),
      place && make("p", {}, "at ", make("code", {}, place)),
      hint && make("p", { class: "hint" }, `Hint: ${hint}`),
      Array.isArray(source) && make("p", {}, `Because: ${source.join("; ")}`),
      details !== undefined && shownJson(JSON.stringify(details)),
      ended && make("p", { class: "quiet" }, "The instance has ended. The next call starts a new one, without its state."),
    ];
  }

  shownResult(bytes, took) {
    if (this.command.isConfig) return make("p", { class: "headline good" }, make("strong", {}, "Applied"), ` · ${took}`);
    const headline = make("p", { class: "headline good" }, make("strong", {}, "Result"), ` · ${took} · ${bytes.length} bytes`);
    if (!this.raw) return [headline, shownJson(new TextDecoder().decode(bytes))];
    if (this.saved) URL.revokeObjectURL(this.saved);
    this.saved = URL.createObjectURL(new Blob([bytes]));
    const save = { class: "button", href: this.saved, download: `${this.view.id}-${this.command.name}.bin` };
    return [headline, shownBytes(bytes, this.command.output ?? this.command.input), make("a", save, "Save")];
  }
}

/** Returns the places of an error: a host reports JSON Pointers, a plugin a path (`items[2].price`). */
function pointersOf({ message, details }) {
  const text = (value) => (typeof value === "string" ? value : undefined);
  if (Array.isArray(details?.problems)) {
    return details.problems.map((problem) => ({ pointer: text(problem.pointer) ?? "", message: text(problem.message) ?? message }));
  }
  const path = text(details?.path) ?? text(details?.argument);
  const pointer = text(details?.pointer) ?? (path && `/${path.replace(/\[(\d+)\]/g, ".$1").replaceAll(".", "/")}`);
  return pointer === undefined ? [] : [{ pointer, message }];
}
