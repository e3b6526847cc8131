// Services of a host: the plugin logs, and keeps values by key if it is granted.
import { GuestBook, MemoryLog, MemoryStore, PluginError } from "./clients/guest-book.ts";

function expect(found: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
  if (one !== other) throw new Error(`found ${one}, expected ${other}`);
}

const log = new MemoryLog();
const denied = await GuestBook.load("guest-book.wasm", { log });
try {
  denied.greet({ name: "Ada" });
  throw new Error("it is granted nothing");
} catch (error) {
  if (!(error instanceof PluginError)) throw error;
  expect([error.code, (error.details as { permission: string }).permission], ["permission_denied", "kv"]);
}
expect(log.lines[0]?.message, "greeting Ada");

const kv = new MemoryStore();
const book = await GuestBook.load("guest-book.wasm", { kv });
expect([book.last(), book.greet({ name: "Ödön" }), book.last()], [null, "Hello, Ödön!", "Ödön"]);
expect(kv.list(""), ["last"]);
// Another instance has the same store.
expect((await GuestBook.load("guest-book.wasm", { kv })).last(), "Ödön");

// An error of a service becomes the plugin's.
kv.get = () => {
  throw new PluginError("unavailable", "the disk is on fire");
};
try {
  book.last();
  throw new Error("it did not fail");
} catch (error) {
  if (!(error instanceof PluginError)) throw error;
  expect([error.code, error.message], ["unavailable", "the disk is on fire"]);
}
book.close();
