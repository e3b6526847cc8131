// Drives Chromium over its debugging pipe with clicks, keys and files. The pipe needs no package: it
// is JSON on two file descriptors.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Browser {
  static async start(program) {
    const browser = new Browser();
    browser.folder = mkdtempSync(join(tmpdir(), "page-"));
    const options = ["--headless", "--hide-scrollbars", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe"];
    options.push(`--user-data-dir=${browser.folder}`);
    // The sandbox does not work for root, as in a container.
    if (process.getuid?.() === 0) options.push("--no-sandbox", "--disable-dev-shm-usage");
    browser.child = spawn(program, options, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    browser.waiting = new Map();
    browser.pages = new Map();
    browser.lastId = 0;
    browser.child.on("exit", () => browser.waiting.forEach(({ reject }) => reject(new Error("the browser has ended"))));
    let rest = "";
    browser.child.stdio[4].setEncoding("utf8").on("data", (chunk) => {
      const messages = (rest + chunk).split("\0");
      rest = messages.pop();
      messages.forEach((message) => browser.receive(JSON.parse(message)));
    });
    return browser;
  }

  send(method, params = {}, sessionId) {
    const id = ++this.lastId;
    this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  receive({ id, result, error, method, params, sessionId }) {
    if (id === undefined) return this.pages.get(sessionId)?.happened(method, params);
    const { resolve, reject } = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) reject(new Error(error.message));
    else resolve(result);
  }

  async open(url, { width = 1200, height = 900, dark = false } = {}) {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, sessionId, targetId);
    this.pages.set(sessionId, page);
    for (const domain of ["Page", "Runtime", "Log", "DOM", "Network"]) await page.send(`${domain}.enable`);
    await page.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
    await page.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }] });
    await page.send("Page.navigate", { url });
    return page;
  }

  async end() {
    const ended = new Promise((resolve) => this.child.on("exit", resolve));
    await this.send("Browser.close");
    await ended;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

class Page {
  constructor(browser, sessionId, targetId) {
    Object.assign(this, { browser, sessionId, targetId, complaints: [], requests: [] });
  }

  send(method, params) {
    return this.browser.send(method, params, this.sessionId);
  }

  happened(method, params) {
    const { exceptionDetails: thrown, entry } = params;
    if (method === "Runtime.exceptionThrown") this.complaints.push(thrown.exception?.description ?? thrown.text);
    if (method === "Log.entryAdded" && entry.level === "error") this.complaints.push(`${entry.text} ${entry.url ?? ""}`);
    if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
  }

  /** Returns the value of an expression, which may be a promise. */
  async evaluate(expression) {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails: thrown } = await this.send("Runtime.evaluate", options);
    if (thrown) throw new Error(thrown.exception?.description ?? thrown.text);
    return result.value;
  }

  /** Waits until an expression is true, and returns it. */
  async until(expression) {
    for (const begun = Date.now(); Date.now() - begun < 20_000; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const value = await this.evaluate(expression).catch(() => undefined);
      if (value) return value;
    }
    const text = await this.evaluate("document.body.innerText");
    throw new Error(`never true: ${expression}\n${this.complaints.join("\n")}\n${text}`);
  }

  async click(selector) {
    const found = `document.querySelector(${JSON.stringify(selector)})`;
    await this.until(`${found} !== null`);
    await this.evaluate(`${found}.scrollIntoView({ block: "center" })`);
    const place = await this.evaluate(`${found}.getBoundingClientRect().toJSON()`);
    const [x, y] = [place.x + place.width / 2, place.y + place.height / 2];
    for (const type of ["mousePressed", "mouseReleased"]) {
      await this.send("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
    }
  }

  /** Replaces the text in a field by typing. */
  async type(selector, text) {
    const found = `document.querySelector(${JSON.stringify(selector)})`;
    await this.until(`${found} !== null`);
    await this.evaluate(`${found}.focus(); ${found}.select()`);
    if (text) await this.send("Input.insertText", { text });
    else await this.key("Delete", 46);
  }

  async key(key, code, modifiers = 0, text) {
    const pressed = { key, code: key, windowsVirtualKeyCode: code, modifiers };
    await this.send("Input.dispatchKeyEvent", { ...pressed, type: "keyDown", text });
    await this.send("Input.dispatchKeyEvent", { ...pressed, type: "keyUp" });
  }

  async attach(selector, files) {
    const { root } = await this.send("DOM.getDocument");
    const { nodeId } = await this.send("DOM.querySelector", { nodeId: root.nodeId, selector });
    await this.send("DOM.setFileInputFiles", { nodeId, files });
  }

  async resize(width, height, dark) {
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
    await this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }] });
  }

  async screenshot(file) {
    const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true });
    writeFileSync(file, Buffer.from(data, "base64"));
  }
}
