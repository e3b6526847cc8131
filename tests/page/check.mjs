// Checks the page in a browser: node check.mjs <chromium> served|token|file <address or folder> [token]
//
// With PLUGIN_SDK_SCREENSHOTS=folder, it also saves screenshots.
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { Browser } from "./browser.mjs";

const [program, part, place, token] = process.argv.slice(2);

/** A command's card on the page. */
class Card {
  constructor(page, plugin, command) {
    this.page = page;
    this.card = `[id="${plugin}/${command}"]`;
  }

  /** Opens this card and closes the others, so that none of them moves it while it is clicked. */
  static async open(page, plugin, command) {
    await page.click(`nav a[href="#${plugin}"], .embedded h1.title`);
    const card = new Card(page, plugin, command);
    await page.until(`document.querySelector(${JSON.stringify(card.card)})`);
    const alone = `(other) => (other.open = other.matches(${JSON.stringify(card.card)}))`;
    await page.evaluate(`document.querySelectorAll(".command").forEach(${alone})`);
    return card;
  }

  field(name) {
    const labels = `[...document.querySelectorAll('${this.card} .label label')]`;
    return this.page.evaluate(`${labels}.find((label) => label.textContent === ${JSON.stringify(name)}).htmlFor`);
  }

  async type(name, text) {
    await this.page.type(`#${await this.field(name)}`, text);
  }

  /** Returns the problem at a field, and checks that the field is marked accordingly. */
  async problem(name) {
    const id = await this.field(name);
    const text = await this.page.evaluate(`${id}.closest(".field, .fields").querySelector(".problem").textContent`);
    const marked = await this.page.evaluate(`${id}.hasAttribute("aria-invalid")`);
    assert.equal(marked, text !== "", `${name}: ${text}`);
    return text;
  }

  /** Calls the command by a click, unless given otherwise, and returns the text of the outcome. */
  async call(way = () => this.page.click(`${this.card} .primary`)) {
    await this.page.evaluate(`document.querySelector('${this.card} .outcome').replaceChildren()`);
    await way();
    return this.page.until(`document.querySelector('${this.card} .outcome').innerText`);
  }

  json() {
    return this.page.evaluate(`document.querySelector('${this.card} .outcome pre').textContent`);
  }

  async where(way) {
    await this.page.click(`main article .ways input[value=${way}]`);
  }
}

async function calls(page, ways) {
  for (const way of ways) {
    const greet = await Card.open(page, "greeter", "greet");
    if (ways.length > 1) await greet.where(way);
    await greet.type("name", "Ada");
    await greet.type("times", "1");
    assert.match(await greet.call(), /^Result · .*(server|browser) · \d+ bytes/);
    assert.equal(await greet.json(), '{\n  "message": "Hello, Ada!",\n  "greeted": 1\n}');

    // Input is validated while typing, and an error of the plugin or its host is marked as well.
    await greet.type("times", "300");
    assert.equal(await greet.problem("times"), "expected at most 255");
    assert.match(await greet.call(), /invalid_argument/);
    assert.match(await greet.problem("times"), /`times`: expected .*, found 300$/);
    assert.equal(await greet.problem("name"), "");
    await greet.type("times", "two");
    await page.click(`${greet.card} .primary`);
    assert.equal(await greet.problem("times"), "expected integer", "it is not sent");
    await greet.type("times", "2");
    assert.equal(await greet.problem("times"), "");
    // By keyboard: Enter in a field of one line, Ctrl+Enter anywhere.
    assert.match(await greet.call(() => page.key("Enter", 13, 0, "\r")), /Hello, Ada!\\nHello, Ada!/);
    await greet.type("name", "");
    assert.match(await greet.call(() => page.key("Enter", 13, 2)), /name_empty[^]*a name is needed/);

    // Numbers keep their digits, in fields, in JSON and in results.
    const anything = await Card.open(page, "contract", "anything");
    if (ways.length > 1) await anything.where(way);
    await anything.type("value", "[18446744073709551615, 0.10]");
    await anything.call();
    assert.match(await anything.json(), /18446744073709551615,\s+0\.10?/);
    await anything.type("value", "[1,");
    assert.match(await anything.problem("value"), /not valid JSON/);
    const order = await Card.open(page, "contract", "statistics");
    await page.click(`${order.card} .list > button`);
    await page.click(`${order.card} .list > button`);
    await page.type(`${order.card} li:nth-child(2) input`, "x");
    assert.equal(await page.evaluate(`document.querySelector('${order.card} .problem').textContent`), "at /1: expected number");
    assert.equal(await page.evaluate(`document.querySelectorAll('${order.card} [aria-invalid]').length`), 1);

    // Panics, traps, and calls that do not end.
    if (way === "http") {
      const exhaust = await Card.open(page, "contract", "exhaust");
      assert.match(await exhaust.call(), /out_of_memory[^]*Hint: .*memory_pages/);
    }
    const panic = await Card.open(page, "contract", "panic");
    await panic.type("message", "the end");
    assert.match(await panic.call(), way === "http" ? /panic[^]*the end/ : /panic[^]*the end[^]*lib\.rs:\d+[^]*instance has ended/);
    const after = await Card.open(page, "contract", "join");
    await after.type("left", "a");
    await after.type("right", "b");
    assert.match(await after.call(), /"a-b"/);
    const spin = await Card.open(page, "observed", "work");
    if (ways.length > 1) await spin.where(way);
    await spin.type("rounds", "18446744073709551615");
    await page.click(`${spin.card} .primary`);
    const stopped = await spin.call(() => page.click(`${spin.card} form button:nth-child(2)`));
    assert.match(stopped, /stopped/);

    await audio(page, ways.length > 1 ? way : undefined);

    // Log lines and events arrive, and the store remembers.
    const lines = await Card.open(page, "served", "lines");
    if (ways.length > 1) await lines.where(way);
    await page.click("#log-clear");
    await lines.type("name", way);
    await lines.call();
    await page.until(`document.getElementById("log").innerText.includes("error of ${way}")`);
    const announce = await Card.open(page, "served", "announce");
    await announce.type("name", way);
    await announce.call();
    await page.until(`document.getElementById("log").innerText.includes('user.greeted "${way}"')`);
    const remember = await Card.open(page, "served", "remember");
    await remember.type("name", way);
    assert.match(await remember.call(), /null/);
    assert.match(await remember.call(), new RegExp(`"${way}"`));
    if (way === "browser") {
      const fetched = await Card.open(page, "served", "fetch");
      await fetched.type("url", "http://localhost/");
      assert.match(await fetched.call(), /unavailable/);
    }
    const costs = () => page.evaluate(`document.getElementById("times").innerText`);
    assert.match(await costs(), way === "http" ? /calls on the server · median[^]*Fuel is not counted/ : /calls in this browser · median[^]*Browsers do not count fuel/);
    if (way === "http") {
      const counted = await Card.open(page, "greeter", "greet");
      await counted.type("name", "Ada");
      assert.match(await counted.call(), /^Result · .* · [\d,]+ fuel on the server/);
      assert.match(await costs(), /Fuel · median [\d,]+ fuel · most [\d,]+ fuel/);
    }
  }
}

/** Checks that a raw command takes a file of samples and returns samples. */
async function audio(page, way) {
  const filter = await Card.open(page, "audio-filter", "process_audio");
  if (way) await filter.where(way);
  const samples = Float32Array.from({ length: 2000 }, (_, index) => Math.sin(index) / 2);
  const file = join(tmpdir(), `samples-${process.pid}.f32`);
  writeFileSync(file, samples);
  await page.attach(`${filter.card} input[type=file]`, [file]);
  assert.match(await filter.call(), /Result · .* · 8000 bytes/);
  const first = (await filter.json()).split(" ").slice(0, 2).map(Number).map(Math.fround);
  // A low-pass at 1 kHz passes a share of a first sample: that of one pole at 44.1 kHz.
  assert.deepEqual(first, [0, Math.fround(samples[1] * Math.fround(1000 / 22050))]);
  assert.match(await page.evaluate(`document.querySelector('${filter.card} .outcome a').download`), /audio-filter-process_audio/);
}

/** Checks that every control has an accessible name, and that no content is wider than the page. */
async function isUsable(page) {
  const { nodes } = await page.send("Accessibility.getFullAXTree");
  const roles = ["textbox", "button", "combobox", "checkbox", "radio", "link", "DisclosureTriangle"];
  const named = nodes.filter((node) => !node.ignored && roles.includes(node.role.value));
  assert.ok(named.length > 5);
  for (const node of named) assert.notEqual(node.name?.value ?? "", "", JSON.stringify(node));
  for (const width of [1200, 800, 380]) {
    for (const dark of [false, true]) {
      await page.resize(width, 900, dark);
      assert.ok((await page.evaluate("document.documentElement.scrollWidth")) <= width, `${width} is too narrow`);
      const folder = process.env.PLUGIN_SDK_SCREENSHOTS;
      if (folder) await page.screenshot(join(folder, `${part}-${width}-${dark ? "dark" : "light"}.png`));
    }
  }
}

const parts = {
  async served(browser) {
    const page = await browser.open(place);
    await page.until(`document.querySelectorAll("nav li").length === 5`);
    const list = await page.evaluate(`document.querySelector("nav").innerText`);
    assert.match(list, /Greeter\s+running\s+0 calls\s*0 errors/);
    await page.until(`document.getElementById("connection").textContent === "Live"`);
    await calls(page, ["http", "browser"]);

    // A configuration with a number beyond 2^53 arrives as it was typed.
    const settings = await Card.open(page, "greeter", "configuration");
    await settings.where("http");
    await settings.type("limit", "18446744073709551615");
    assert.match(await settings.call(), /Applied/);
    const config = await page.evaluate(`fetch("/api/plugins/greeter/config").then((response) => response.text())`);
    assert.match(config, /"limit":18446744073709551615[,}]/);

    // A plugin that is stopped, here and in the list.
    const greet = await Card.open(page, "greeter", "greet");
    await greet.type("name", "Ada");
    await page.click("main .status .actions button");
    await page.until(`document.querySelector("nav a[aria-current]").innerText.includes("stopped")`);
    assert.match(await greet.call(), /not_running · status 503[^]*start it first/);
    await page.click("main .status .actions button");
    await page.until(`document.querySelector("nav a[aria-current]").innerText.includes("running")`);
    assert.match(await greet.call(), /Hello, Ada!/);

    // After a reload, the input is still there.
    await page.click("main .status .actions button:nth-child(2)");
    await page.until(`document.getElementById("log").innerText.includes("reloaded greeter")`);
    assert.match(await greet.call(), /Hello, Ada!/);
    await isUsable(page);
    return page;
  },

  async token(browser) {
    const page = await browser.open(place);
    for (const given of ["wrong", token]) {
      await page.until(`!document.getElementById("token").hidden`);
      await page.type("#token-value", given);
      await page.key("Enter", 13, 0, "\r");
    }
    await page.until(`document.getElementById("connection").textContent === "Live"`);
    const greet = await Card.open(page, "greeter", "greet");
    await greet.type("name", "Ada");
    assert.match(await greet.call(), /Hello, Ada!/);
    page.complaints = page.complaints.filter((complaint) => !complaint.includes("401"));
    return page;
  },

  async file(browser) {
    const url = (name) => pathToFileURL(join(place, `${name}.html`)).href;
    let page = await browser.open(url("hostile"));
    await page.until(`document.querySelector(".command")`);
    assert.equal(await page.evaluate(`document.querySelectorAll("img, b:not(.kind), main script").length`), 0);
    assert.match(await page.evaluate("document.body.innerText"), /<img src=x onerror=alert\(1\)><\/script>/);
    assert.deepEqual(page.complaints, []);
    // The policy makes the browser refuse to parse text as HTML.
    await assert.rejects(page.evaluate(`document.body.innerHTML = "<b>"`), /TrustedHTML/);

    page = await browser.open(`${url("greeter")}#%zz/%`);
    const greet = await Card.open(page, "greeter", "greet");
    await greet.type("name", "Ada");
    assert.match(await greet.call(), /Hello, Ada!/);
    await isUsable(page);
    const { complaints } = page;
    page = await browser.open(url("audio-filter"));
    await audio(page);
    page.complaints.push(...complaints);
    return page;
  },
};

const browser = await Browser.start(program);
const limit = setTimeout(() => {
  console.error("the checks took more than five minutes");
  browser.child.kill("SIGKILL");
  process.exit(1);
}, 300_000);
try {
  const page = await parts[part](browser);
  const expected = /the server responded with a status of (4|5)\d\d/;
  assert.deepEqual(page.complaints.filter((complaint) => !expected.test(complaint)), []);
  const origin = part === "file" ? "file:" : new URL(place).origin;
  for (const url of page.requests) assert.ok(url.startsWith(origin) || url.startsWith("blob:") || url.startsWith("data:"), url);
} finally {
  await browser.end();
  clearTimeout(limit);
}
