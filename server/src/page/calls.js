// The two ways to call a plugin: over HTTP, and in this browser.
//
// An outcome has `bytes` or an `error` (`code`, `message` and more), the time in milliseconds if the
// plugin ran, and the fuel if it was counted. After `ended`, the instance in this browser is gone.

const byId = (id) => document.getElementById(id);

/** The module, if this page is a file with a plugin inside. There is no server then. */
const embedded = byId("module");

// The page requires trusted types, so the browser itself refuses to parse text as HTML or code. The
// one exception is the worker, whose source is in this page.
const policy = { createScriptURL: (url) => url };
const trusted = globalThis.trustedTypes?.createPolicy("worker", policy) ?? policy;

const bytesOf = (text) => new TextEncoder().encode(text);
const stopped = { error: { code: "stopped", message: "you have stopped the call" } };

/** The server that this page comes from. */
const server = {
  token: embedded ? null : sessionStorage.getItem("token"),

  async send(method, path, body, signal) {
    for (;;) {
      const headers = this.token ? { authorization: `Bearer ${this.token}` } : {};
      const response = await fetch(path, { method, body, headers, signal, cache: "no-store" });
      if (response.status !== 401) return response;
      this.asked ??= this.askForToken();
      await this.asked;
    }
  },

  async askForToken() {
    const form = byId("token");
    form.querySelector("label").textContent = this.token ? "The token is wrong. Another one:" : "This server requires its token:";
    form.hidden = false;
    byId("token-value").focus();
    await new Promise((resolve) => {
      form.onsubmit = (event) => {
        event.preventDefault();
        resolve();
      };
    });
    form.hidden = true;
    this.token = byId("token-value").value;
    sessionStorage.setItem("token", this.token);
    this.asked = undefined;
  },

  /** Returns the data of an answer in its envelope. */
  async data(method, path) {
    const response = await this.send(method, path);
    const text = await response.text();
    if (!response.ok) throw new Error(errorOf(response, text).message);
    return parse(text).data;
  },

  /**
   * Passes the server's events to `handle`, for as long as the page is open. It reads the stream
   * itself, because an `EventSource` cannot send the token.
   */
  async watch(handle, connected) {
    for (;; await new Promise((resolve) => setTimeout(resolve, 2000))) {
      try {
        const response = await this.send("GET", "/api/events");
        connected(true);
        let rest = "";
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        for (let part = await reader.read(); !part.done; part = await reader.read()) {
          const blocks = (rest + part.value).split("\n\n");
          rest = blocks.pop();
          for (const block of blocks) {
            const kind = /^event: (.*)$/m.exec(block);
            const data = /^data: (.*)$/m.exec(block);
            if (kind && data) handle(kind[1], parse(data[1]));
          }
        }
      } catch { /* The loop tries again. */ }
      connected(false);
    }
  },
};

function errorOf(response, text) {
  try {
    const { code, reason, ...error } = parse(text).error;
    return { ...error, code: reason ?? code, status: response.status };
  } catch {
    return { code: String(response.status), message: text.slice(0, 1000) || response.statusText };
  }
}

async function moduleOf(path) {
  if (embedded) return Uint8Array.from(atob(embedded.textContent.trim()), (character) => character.charCodeAt(0));
  const response = await server.send("GET", `${path}/module`);
  if (!response.ok) throw new Error(errorOf(response, await response.text()).message);
  return new Uint8Array(await response.arrayBuffer());
}

/** An instance in a worker, which the page can end at any time. It takes one message at a time. */
class Instance {
  constructor(notice) {
    const url = URL.createObjectURL(new Blob([byId("worker").textContent]));
    this.worker = new Worker(trusted.createScriptURL(url));
    URL.revokeObjectURL(url);
    this.worker.onmessage = ({ data }) => (data.notice ? notice(data.notice.kind, data.notice.data) : this.answer(data.done));
    this.worker.onerror = ({ message }) => this.answer({ error: { code: "worker", message }, ended: true });
  }

  ask(message) {
    return new Promise((resolve) => {
      this.answer = resolve;
      this.worker.postMessage(message);
    });
  }

  end() {
    this.worker.terminate();
    this.answer?.({ ...stopped, ended: true });
  }
}

/** Makes the calls of one plugin. A call of the command `isConfig` replaces the configuration. */
class Caller {
  constructor(path, config, notice) {
    Object.assign(this, { path, config, notice, way: embedded ? "browser" : "http", last: Promise.resolve() });
  }

  async call(command, body, signal) {
    try {
      return await (this.way === "http" ? this.overHttp(command, body, signal) : this.inBrowser(command, body, signal));
    } catch (error) {
      return signal.aborted ? stopped : { error: { code: "unreachable", message: error.message } };
    }
  }

  async overHttp(command, body, signal) {
    const begun = performance.now();
    const [method, path] = command.isConfig ? ["PUT", "config"] : ["POST", `commands/${encodeURIComponent(command.name)}`];
    const response = await server.send(method, `${this.path}/${path}`, body, signal);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const time = performance.now() - begun;
    const counted = response.headers.get("x-plugin-fuel");
    const fuel = counted === null ? undefined : Number(counted);
    if (!response.ok) return { error: errorOf(response, new TextDecoder().decode(bytes)), time, fuel };
    if (command.isConfig) this.configure(body);
    return { bytes, time, fuel };
  }

  /** Runs a call after those before it have ended. */
  inBrowser(command, body, signal) {
    this.last = this.last.catch(() => {}).then(() => this.inInstance(command, body, signal));
    return this.last;
  }

  async inInstance(command, body, signal) {
    if (signal.aborted) return stopped;
    if (command.codec === "binary") {
      return { error: { code: "unsupported", message: "commands with the binary codec run on the server only" } };
    }
    if (command.isConfig) this.configure(body);
    signal.onabort = () => this.instance?.end();
    let outcome = this.instance ? {} : await this.start();
    // The user may have stopped it before there was an instance.
    if (signal.aborted) outcome = { ...stopped, ended: true };
    if (!outcome.error && !command.isConfig) {
      const input = typeof body === "string" ? bytesOf(body) : body;
      // The result of a command that only changes its input is the changed input.
      const inPlace = command.in_place && !command.output;
      outcome = await this.instance.ask({ call: `command_${command.name}`, input, inPlace });
    }
    if (outcome.ended) this.endInstance();
    return outcome.error || !command.isConfig ? outcome : { ...outcome, bytes: new Uint8Array() };
  }

  /** Creates an instance and runs its init and start hooks. If one fails, the instance is not used. */
  async start() {
    const load = await moduleOf(this.path);
    const settings = Object.entries(parse(this.config)).map(([key, value]) => [key, JSON.stringify(value)]);
    this.instance = new Instance(this.notice);
    const outcome = await this.instance.ask({ load, config: this.config, settings });
    return outcome.error ? { ...outcome, ended: true } : outcome;
  }

  configure(config) {
    this.config = config;
    this.endInstance();
  }

  endInstance() {
    this.instance?.end();
    this.instance = undefined;
  }
}
