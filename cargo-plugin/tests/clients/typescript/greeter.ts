import { Greeter } from "./clients/greeter.ts";

const greeter = await Greeter.load("greeter.wasm", { config: { greeting: "Hi" } });
const { message } = greeter.greet({ name: "Ada" });
if (message !== "Hi, Ada!") throw new Error(message);
