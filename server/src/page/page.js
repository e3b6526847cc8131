// The page: the list of plugins, the selected one, and the log.

/** The views of plugins, as promises. After a reload, the old view moves to `outdated`. */
const views = new Map();
const outdated = new Map();
let plugins = [];
let shown;
let turn = 0;
let refreshing;

function log(kind, plugin, text) {
  const entry = make("p", { "data-plugin": plugin },
    make("time", {}, new Date().toTimeString().slice(0, 8)), " ", make("b", { class: `kind ${kind}` }, kind), " ",
    make("span", {}, plugin && make("i", {}, `${plugin} `), text));
  const list = byId("log");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  list.append(entry);
  while (list.childElementCount > 500) list.firstChild.remove();
  filterLog();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function filterLog() {
  const all = byId("log-all").checked;
  for (const entry of byId("log").children) {
    entry.hidden = !all && entry.dataset.plugin !== undefined && entry.dataset.plugin !== shown?.id;
  }
}

function happened(kind, data) {
  const id = data.plugin_id;
  if (kind === "log") return log(data.line.level, id, `${data.line.target}: ${data.line.message}`);
  // An event of an instance in this browser has its data as JSON text.
  if (kind === "event") return log("event", id, `${data.topic} ${id ? data.data : JSON.stringify(data.data)}`);
  if (kind === "reloaded" && views.has(id)) {
    outdated.set(id, views.get(id));
    views.delete(id);
  }
  log(kind, id, data.message ?? data.state ?? "");
  clearTimeout(refreshing);
  refreshing = setTimeout(refresh, 100);
}

function connected(isLive) {
  byId("connection").textContent = isLive ? "Live" : "The server does not answer";
  byId("connection").classList.toggle("bad", !isLive);
}

function pluginRow({ id, name, state, stats }) {
  const number = (value) => Number(JSON.stringify(value));
  const counted = (count, thing) => `${count} ${thing}${count === 1 ? "" : "s"}`;
  const figures = stats && [
    counted(number(stats.call_count), "call"), counted(number(stats.error_count), "error"),
    `mean ${milliseconds(number(stats.avg_response_time_ms))}`, `p99 ${milliseconds(number(stats.p99_response_time_ms))}`,
    kibibytes(number(stats.memory_bytes)),
  ];
  return make("li", {}, make("a", { href: `#${encodeURIComponent(id)}`, "aria-current": id === shown?.id && "page" },
    make("span", { class: "row" }, make("strong", {}, name), state && badge(state)),
    make("span", { class: "figures quiet" }, (figures ?? []).map((figure) => make("span", {}, figure)))));
}

/** Returns the view of a plugin; if it cannot be loaded, one that shows the error. */
async function viewOf(plugin) {
  const { id } = plugin;
  if (!views.has(id)) views.set(id, PluginView.of(id, { happened, refresh }));
  try {
    const view = await views.get(id);
    const earlier = await outdated.get(id);
    if (outdated.delete(id)) view.continue(earlier);
    return view;
  } catch (error) {
    views.delete(id);
    const why = make("p", { class: "banner" }, plugin.error ?? error.message);
    const element = make("article", {}, make("h2", { class: "title" }, plugin.name), why);
    return { id, cards: [], element, showStatus() {}, drawTimes: () => byId("times").replaceChildren() };
  }
}

/** Returns a part of the URL as text; one that is not valid names nothing. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** Shows the plugin that the URL's fragment names, or the first one. */
async function select() {
  const own = ++turn;
  const [id, command] = location.hash.slice(1).split("/").map(decoded);
  const plugin = plugins.find((known) => known.id === id) ?? plugins[0];
  const view = plugin && (await viewOf(plugin));
  if (own !== turn) return; // The user has selected another one in the meantime.
  if (view !== shown) {
    byId("plugin").replaceChildren(view?.element ?? make("p", { class: "quiet" }, "There are no plugins."));
    shown = view;
    const card = view?.cards.find((card) => card.command.name === command) ?? view?.cards[0];
    if (card && !view.cards.some(({ element }) => element.open)) card.element.open = true;
  }
  redraw(byId("plugins"), plugins.map(pluginRow));
  view?.showStatus(plugin);
  view?.drawTimes();
  filterLog();
}

async function refresh() {
  if (!embedded) {
    try {
      ({ plugins } = await server.data("GET", "/api/plugins"));
    } catch {
      return connected(false);
    }
  }
  await select();
}

byId("log-clear").addEventListener("click", () => byId("log").replaceChildren());
byId("log-all").addEventListener("change", filterLog);
byId("refresh").addEventListener("click", refresh);
addEventListener("hashchange", select);

if (embedded) {
  const { id, name } = parse(byId("manifest").textContent) ?? {};
  plugins = [{ id: id ?? "plugin", name: name ?? "Plugin" }];
  document.title = plugins[0].name;
  document.body.classList.add("embedded");
} else {
  server.watch(happened, connected);
}
refresh();
